#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/dns.h"

/*
 * Is it DNS?  Asked of datagrams on ports that say nothing, millions of which
 * are something else: the header alone refuses nearly all of them, so it is
 * looked at first, and what passes is read through to its last octet.
 */

#define QUESTION_LEN_MIN 5  /* root, type, class */
#define RECORD_LEN_MIN   11 /* root, type, class, TTL, length */
#define RCODE_MAX        10 /* NOTZONE, RFC 2136; more only with OPT, TSIG */
/* OPT, and TSIG or SIG(0). */
#define QUERY_ADDITIONAL_MAX 2

/* The type number that NetBIOS (RFC 1002 section 4.2.1.3) calls NB. */
#define NETBIOS_TYPE_NB 32
/* And NBSTAT, which is SRV to DNS. */
#define NETBIOS_TYPE_NBSTAT 33
#define NETBIOS_NAME_LEN    32 /* half-octets as 'A' to 'P' */

#define PRIVATE_TYPE_MIN 65280 /* RFC 6895 section 3.1 */
#define PRIVATE_TYPE_MAX 65534

/*
 * Multicast DNS says nothing in its header but QR, AA and TC, and no id (RFC
 * 6762 section 18), though some ask with one.  It may ask several questions,
 * know some of the answers, or answer without repeating the question.
 */
static bool
is_multicast(const struct dns_header *h)
{
	if (h->flags & DNS_QR)
		return h->id == 0 &&
		       (h->flags & ~DNS_TC) == (DNS_QR | DNS_AA) &&
		       h->count[DNS_SECTION_ANSWER] > 0;
	return (h->flags & ~DNS_TC) == 0 &&
	       (h->count[DNS_SECTION_QUESTION] > 0 ||
		   (h->id == 0 && h->count[DNS_SECTION_ANSWER] > 0));
}

/*
 * Servers may stop anywhere once they set TC.  Multicast DNS means something
 * else by it (RFC 6762 section 7.2), and has no question to be known by.
 */
static bool
may_be_cut(const struct dns_header *h)
{
	return h->flags & DNS_QR && h->flags & DNS_TC && !is_multicast(h);
}

static bool
query_counts_are_plausible(const struct dns_header *h)
{
	/* The one record of authority is IXFR's SOA, RFC 1995 section 3. */
	return h->count[DNS_SECTION_ANSWER] == 0 &&
	       h->count[DNS_SECTION_AUTHORITY] <= 1 &&
	       h->count[DNS_SECTION_ADDITIONAL] <= QUERY_ADDITIONAL_MAX;
}

static bool
request_is_plausible(const struct dns_header *h)
{
	if (h->flags & (DNS_RA | DNS_TC) || dns_rcode(h->flags) != 0)
		return false;
	switch (dns_opcode(h->flags)) {
	case DNS_OPCODE_QUERY:
		return !(h->flags & DNS_AA) && query_counts_are_plausible(h);
	case DNS_OPCODE_NOTIFY: /* RFC 1996 section 3.7: AA, perhaps the SOA */
		return h->count[DNS_SECTION_ANSWER] <= 1;
	case DNS_OPCODE_UPDATE:
		return !(h->flags & (DNS_AA | DNS_RD));
	}
	return false;
}

static bool
header_is_plausible(const struct dns_header *h, size_t message_len)
{
	size_t records = (size_t)h->count[DNS_SECTION_ANSWER] +
	                 h->count[DNS_SECTION_AUTHORITY] +
	                 h->count[DNS_SECTION_ADDITIONAL];
	size_t len_min = (size_t)h->count[DNS_SECTION_QUESTION] *
	                     QUESTION_LEN_MIN +
	                 records * RECORD_LEN_MIN;

	if (h->flags & DNS_Z || (len_min > message_len && !may_be_cut(h)))
		return false;
	if (is_multicast(h))
		return true;
	if (h->count[DNS_SECTION_QUESTION] != 1)
		return false;
	if (!(h->flags & DNS_QR))
		return request_is_plausible(h);
	switch (dns_opcode(h->flags)) {
	case DNS_OPCODE_QUERY:
	case DNS_OPCODE_NOTIFY:
	case DNS_OPCODE_UPDATE:
		return dns_rcode(h->flags) <= RCODE_MAX;
	}
	return false;
}

static bool
type_is_known(uint16_t type)
{
	return type != NETBIOS_TYPE_NB &&
	       (dns_type_name(type) != NULL ||
		   (type >= PRIVATE_TYPE_MIN && type <= PRIVATE_TYPE_MAX));
}

static bool
class_is_known(const struct dns_header *h, uint16_t rclass)
{
	if (is_multicast(h))
		rclass &= (uint16_t)~DNS_CLASS_MDNS_TOP;
	switch (rclass) {
	case DNS_CLASS_IN:
	case DNS_CLASS_CH:
	case DNS_CLASS_HS:
	case DNS_CLASS_NONE:
	case DNS_CLASS_ANY:
		return true;
	}
	return false;
}

/* First-level encoding, RFC 1001 section 14.1. */
static bool
is_netbios_name(const struct dns_name *name)
{
	size_t i;

	if (name->len < NETBIOS_NAME_LEN ||
	    (name->len > NETBIOS_NAME_LEN &&
		name->text[NETBIOS_NAME_LEN] != '.'))
		return false;
	for (i = 0; i < NETBIOS_NAME_LEN; i++)
		if (name->text[i] < 'A' || name->text[i] > 'P')
			return false;
	return true;
}

static bool
question_is_plausible(const struct dns_header *h,
    const struct dns_record *question, const struct dns_name *name)
{
	if (question->type == DNS_TYPE_OPT || question->type == DNS_TYPE_TSIG)
		return false;
	if (question->type == NETBIOS_TYPE_NBSTAT && is_netbios_name(name))
		return false;
	if (dns_opcode(h->flags) != DNS_OPCODE_QUERY)
		return question->type == DNS_TYPE_SOA; /* a zone */
	return true;
}

static bool
rdata_is_right(struct cursor message, const struct dns_record *record)
{
	union {
		struct dns_name name;
		struct dns_mx mx;
		struct dns_srv srv;
		struct dns_soa soa;
		struct dns_svcb svcb;
	} data;
	struct addr addr;

	switch (record->type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		return record->rdata.left ==
		           (record->type == DNS_TYPE_A ? 4 : 16) &&
		       dns_addr_rdata(record, &addr) == DECODE_OK;
	case DNS_TYPE_NS:
	case DNS_TYPE_CNAME:
	case DNS_TYPE_PTR:
	case DNS_TYPE_DNAME:
		return dns_name_rdata(message, record, &data.name) == DECODE_OK;
	case DNS_TYPE_SOA:
		return dns_soa_rdata(message, record, &data.soa) == DECODE_OK;
	case DNS_TYPE_MX:
		return dns_mx_rdata(message, record, &data.mx) == DECODE_OK;
	case DNS_TYPE_SRV:
		return dns_srv_rdata(message, record, &data.srv) == DECODE_OK;
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		return dns_svcb_rdata(message, record, &data.svcb) == DECODE_OK;
	}
	return true;
}

static bool
opt_is_plausible(const struct dns_record *record, const struct dns_name *name)
{
	struct dns_opt opt;

	return name->len == 0 && record->section == DNS_SECTION_ADDITIONAL &&
	       dns_opt_rdata(record, &opt) == DECODE_OK;
}

/* What a plain query may carry besides its question. */
static bool
query_record_is_plausible(const struct dns_record *record)
{
	if (record->section == DNS_SECTION_AUTHORITY)
		return record->type == DNS_TYPE_SOA;
	return record->type == DNS_TYPE_OPT || record->type == DNS_TYPE_TSIG ||
	       record->type == DNS_TYPE_SIG;
}

static bool
record_is_plausible(struct cursor message, const struct dns_header *h,
    const struct dns_record *record)
{
	struct dns_name name;

	if (!type_is_known(record->type) ||
	    dns_name_read(message, record->name_at, &name) != DECODE_OK)
		return false;
	if (record->type == DNS_TYPE_OPT &&
	    record->section != DNS_SECTION_QUESTION)
		return opt_is_plausible(record, &name);
	if (!class_is_known(h, record->rclass))
		return false;
	if (record->section == DNS_SECTION_QUESTION)
		return question_is_plausible(h, record, &name);
	if (!(h->flags & DNS_QR) && !is_multicast(h) &&
	    dns_opcode(h->flags) == DNS_OPCODE_QUERY &&
	    !query_record_is_plausible(record))
		return false;
	/* RFC 2136 section 2.4: "is in use", without saying with what. */
	if (dns_opcode(h->flags) == DNS_OPCODE_UPDATE &&
	    record->rdata.left == 0)
		return true;
	return rdata_is_right(message, record);
}

bool
dns_plausible(struct cursor datagram)
{
	struct dns_reader reader;
	struct dns_header header;
	struct dns_record record = { 0 };

	if (dns_open(datagram, &header, &reader) != DECODE_OK ||
	    !header_is_plausible(&header, reader.rest.left))
		return false;
	while (dns_next(&reader, &record))
		if (!record_is_plausible(datagram, &header, &record))
			return false;
	/* With a record more than the question, or it is too little to go by.
	 */
	if (reader.verdict == DECODE_SHORT)
		return may_be_cut(&header) &&
		       record.section != DNS_SECTION_QUESTION;
	return reader.verdict == DECODE_OK && reader.rest.left == 0;
}
