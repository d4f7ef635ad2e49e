#ifndef DECODERS_DNS_H
#define DECODERS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/decode.h"

/*
 * DNS messages, RFC 1035, with what RFC 2136, 2782, 6672, 6762, 6891 and 9460
 * added to them.  All windows borrow from the message, and every function
 * that asks for the message wants the same window that dns_open was given.
 * RFC 9267 lists what such decoders got wrong before.
 *
 *	if (dns_open(message, &header, &reader) != DECODE_OK)
 *		return;
 *	while (dns_next(&reader, &record))
 *		...
 *	reader.verdict says whether that was all
 */

/* No transport carries a longer one. */
#define DNS_MESSAGE_MAX 65535
/*
 * A name in text, with three labels of 63 octets and one of 61, all of them
 * escaped: the most that 255 octets on the wire can hold.
 */
#define DNS_NAME_TEXT_MAX 1003

/* Bits of dns_header.flags. */
#define DNS_QR 0x8000
#define DNS_AA 0x0400
#define DNS_TC 0x0200
#define DNS_RD 0x0100
#define DNS_RA 0x0080
#define DNS_Z  0x0040
#define DNS_AD 0x0020
#define DNS_CD 0x0010

static inline unsigned
dns_opcode(uint16_t flags)
{
	return flags >> 11 & 15;
}

/* Without the extended bits, see struct dns_opt. */
static inline unsigned
dns_rcode(uint16_t flags)
{
	return flags & 15;
}

/* What this decoder knows of the IANA registry "DNS Parameters". */
enum dns_opcode {
	DNS_OPCODE_QUERY = 0,
	DNS_OPCODE_NOTIFY = 4,
	DNS_OPCODE_UPDATE = 5,
};

enum dns_class {
	DNS_CLASS_IN = 1,
	DNS_CLASS_CH = 3,
	DNS_CLASS_HS = 4,
	DNS_CLASS_NONE = 254,
	DNS_CLASS_ANY = 255,
};

/* RFC 6762: unicast response wanted (question); cache flush (record). */
#define DNS_CLASS_MDNS_TOP 0x8000

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_SIG = 24,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_DNAME = 39,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_SVCB = 64,
	DNS_TYPE_HTTPS = 65,
	DNS_TYPE_TSIG = 250,
	DNS_TYPE_IXFR = 251,
};

/* The registry's mnemonic, or NULL: "HTTPS"; "ANY" for 255. */
const char *dns_type_name(uint16_t type);
/* In capitals, or NULL: "NXDOMAIN"; 16 is "BADVERS". */
const char *dns_rcode_name(uint16_t rcode);

/* In a message's order; an update (RFC 2136) calls them by other names. */
enum dns_message_section {
	DNS_SECTION_QUESTION,
	DNS_SECTION_ANSWER,
	DNS_SECTION_AUTHORITY,
	DNS_SECTION_ADDITIONAL,
	DNS_SECTIONS,
};

struct dns_header {
	uint16_t id, flags;
	uint16_t count[DNS_SECTIONS]; /* announced */
};

struct dns_record {
	uint8_t section; /* enum dns_message_section */
	/*
	 * Offset of the owner name in the message, leading compression
	 * pointers already followed: an answer whose owner is the question's
	 * name has, as servers write it, the question's name_at.
	 */
	uint16_t name_at;
	uint16_t type, rclass; /* as sent, mDNS top bit included */
	uint32_t ttl;          /* 0 for a question */
	uint16_t rdata_at;     /* offset in the message */
	struct cursor rdata;   /* empty for a question */
};

struct dns_reader {
	struct cursor message;
	struct cursor rest; /* not read yet; at the end: trailing octets */
	uint16_t left[DNS_SECTIONS]; /* records still to come */
	uint8_t section;
	/*
	 * Once dns_next said false.  OK: every announced record was read.
	 * SHORT: the message ends before that, as a truncated one does (TC, or
	 * the capture's snaplen).  MALFORMED: the next record is.
	 */
	enum decode verdict;
};

/*
 * The header.  DECODE_SHORT under 12 octets, DECODE_MALFORMED above
 * DNS_MESSAGE_MAX; nothing else is refused, and nothing is changed then.
 */
MUST_USE enum decode dns_open(struct cursor message, struct dns_header *header,
    struct dns_reader *reader);

/*
 * The next question or record, section by section.  False at the end, see
 * reader->verdict, and *out is unchanged; what was given before stays good.
 * The owner name was stepped over, not checked beyond where it begins.
 */
MUST_USE bool dns_next(struct dns_reader *reader, struct dns_record *out);

/*
 * A name in presentation form (RFC 1035 section 5.1): labels joined by '.',
 * no final dot, the root is "".  Case as sent.  '.' and '\' in a label and
 * what is not printable ASCII (space is) become \DDD.  Not terminated.
 */
struct dns_name {
	uint16_t len;
	char text[DNS_NAME_TEXT_MAX];
};

/*
 * The name that begins `at` octets into the message.  A compression pointer
 * must lead to before the run of labels that it ends, and not into the header;
 * so there is no loop.  DECODE_SHORT where the message ends first.  Without
 * DECODE_OK *out is the empty name.
 */
MUST_USE enum decode dns_name_read(struct cursor message, size_t at,
    struct dns_name *out);

/*
 * The data of records by type.  DECODE_MALFORMED where it is not what the
 * type says, as in an update (RFC 2136 section 2.4), where data may be absent;
 * *out has no meaning then.  None looks at record->type: the caller has.
 */

/* CNAME, DNAME, NS, PTR: a name and nothing else. */
MUST_USE enum decode dns_name_rdata(struct cursor message,
    const struct dns_record *record, struct dns_name *out);

/* A and AAAA, by the length of their data. */
MUST_USE enum decode dns_addr_rdata(const struct dns_record *record,
    struct addr *out);

struct dns_mx {
	uint16_t preference;
	struct dns_name exchange;
};
MUST_USE enum decode dns_mx_rdata(struct cursor message,
    const struct dns_record *record, struct dns_mx *out);

/* RFC 2782. */
struct dns_srv {
	uint16_t priority, weight, port;
	struct dns_name target;
};
MUST_USE enum decode dns_srv_rdata(struct cursor message,
    const struct dns_record *record, struct dns_srv *out);

struct dns_soa {
	struct dns_name mname, rname;
	uint32_t serial, refresh, retry, expire, minimum;
};
MUST_USE enum decode dns_soa_rdata(struct cursor message,
    const struct dns_record *record, struct dns_soa *out);

/*
 * SVCB and HTTPS, RFC 9460 section 2.2.  Priority 0 is AliasMode; a target
 * of "" is the owner name (ServiceMode) or none (AliasMode).
 */
struct dns_svcb {
	uint16_t priority;
	struct dns_name target;
	struct cursor params; /* whole, in order; hints of a good length */
};
MUST_USE enum decode dns_svcb_rdata(struct cursor message,
    const struct dns_record *record, struct dns_svcb *out);

/* The next SvcParam out of dns_svcb.params; false at the end. */
MUST_USE bool dns_svcb_param_next(struct cursor *params, uint16_t *key,
    struct cursor *value);

/* The addresses in ipv4hint and ipv6hint: begin with { svcb.params }. */
struct dns_svcb_hints {
	struct cursor params;
	struct cursor addrs;
	uint8_t addr_len;
};
MUST_USE bool dns_svcb_hint_next(struct dns_svcb_hints *hints,
    struct addr *out);

/*
 * The next character-string of TXT data (RFC 1035 section 3.3.14).  False at
 * the end; where *rdata is not empty then, that rest is malformed.
 */
MUST_USE static inline bool
dns_txt_next(struct cursor *rdata, struct cursor *string)
{
	return cur_vec8(rdata, string);
}

/* EDNS, RFC 6891 section 6.1: what an OPT record's fields mean. */
struct dns_opt {
	uint16_t udp_size;
	uint16_t rcode_high; /* or this with the header's rcode */
	uint8_t version;
	bool dnssec_ok;        /* DO, RFC 3225 */
	struct cursor options; /* code, length, octets; whole */
};
MUST_USE enum decode dns_opt_rdata(const struct dns_record *record,
    struct dns_opt *out);

/*
 * Whether a UDP datagram to or from any port is a DNS message, by content
 * alone: for ports that say nothing.  Strict, as other payload must not pass.
 * It is a whole message to its last octet, with opcode QUERY, NOTIFY or
 * UPDATE, flags and counts as these have them, one question, known types and
 * classes, and records whose data is right.  A response with TC may end
 * anywhere behind its first record.  Multicast DNS passes, with several
 * questions or none.
 *
 * An error response without a question is too little to know it by; NetBIOS
 * name service, whose messages have the same form, is not DNS; a datagram
 * that the capture cut is neither.
 */
bool dns_plausible(struct cursor datagram);

/*
 * The next message of a DNS over TCP stream, RFC 1035 section 4.2.2 and
 * RFC 7766 section 8.  DECODE_SHORT, and the stream unchanged, until it is
 * whole.  DECODE_MALFORMED: a length that no header fits in.
 */
MUST_USE enum decode dns_tcp_next(struct cursor *stream,
    struct cursor *message);

#endif
