#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/dns.h"
#include "decoders/dns_wire.h"

/*
 * The data of records, by type.  It is whole when it gets here, so whatever
 * ends too soon is malformed.
 */

#define SVCB_IPV4HINT 4 /* RFC 9460 section 14.3.2 */
#define SVCB_IPV6HINT 6

/*
 * A name within data, of which *rest is not read yet.  It is spelled from the
 * message, for its pointers, and stepped over in the data, where it must end.
 */
static enum decode
take_name(struct cursor message, const struct dns_record *record,
    struct cursor *rest, struct dns_name *out)
{
	size_t at = record->rdata_at + record->rdata.left - rest->left;

	if (dns_name_read(message, at, out) != DECODE_OK ||
	    dns_name_skip(rest) != DECODE_OK)
		return DECODE_MALFORMED;
	return DECODE_OK;
}

/* The same, with nothing after it. */
static enum decode
take_last_name(struct cursor message, const struct dns_record *record,
    struct cursor *rest, struct dns_name *out)
{
	if (take_name(message, record, rest, out) != DECODE_OK ||
	    rest->left != 0)
		return DECODE_MALFORMED;
	return DECODE_OK;
}

/* RFC 1035 sections 3.3.1, 3.3.11 and 3.3.12, RFC 6672 section 2.1. */
enum decode
dns_name_rdata(struct cursor message, const struct dns_record *record,
    struct dns_name *out)
{
	struct cursor rest = record->rdata;

	return take_last_name(message, record, &rest, out);
}

/* RFC 1035 section 3.4.1, RFC 3596 section 2.2. */
enum decode
dns_addr_rdata(const struct dns_record *record, struct addr *out)
{
	struct cursor rest = record->rdata;
	uint8_t octets[16];
	bool v4 = rest.left == 4;

	if (!cur_copy(&rest, octets, v4 ? 4 : 16) || rest.left != 0)
		return DECODE_MALFORMED;
	*out = v4 ? addr_v4(octets) : addr_v6(octets);
	return DECODE_OK;
}

/* RFC 1035 section 3.3.9. */
enum decode
dns_mx_rdata(struct cursor message, const struct dns_record *record,
    struct dns_mx *out)
{
	struct cursor rest = record->rdata;

	if (!cur_u16(&rest, &out->preference))
		return DECODE_MALFORMED;
	return take_last_name(message, record, &rest, &out->exchange);
}

/* RFC 2782, page 3. */
enum decode
dns_srv_rdata(struct cursor message, const struct dns_record *record,
    struct dns_srv *out)
{
	struct cursor rest = record->rdata;

	if (!cur_u16(&rest, &out->priority) || !cur_u16(&rest, &out->weight) ||
	    !cur_u16(&rest, &out->port))
		return DECODE_MALFORMED;
	return take_last_name(message, record, &rest, &out->target);
}

/* RFC 1035 section 3.3.13. */
enum decode
dns_soa_rdata(struct cursor message, const struct dns_record *record,
    struct dns_soa *out)
{
	struct cursor rest = record->rdata;

	if (take_name(message, record, &rest, &out->mname) != DECODE_OK ||
	    take_name(message, record, &rest, &out->rname) != DECODE_OK ||
	    !cur_u32(&rest, &out->serial) || !cur_u32(&rest, &out->refresh) ||
	    !cur_u32(&rest, &out->retry) || !cur_u32(&rest, &out->expire) ||
	    !cur_u32(&rest, &out->minimum) || rest.left != 0)
		return DECODE_MALFORMED;
	return DECODE_OK;
}

bool
dns_svcb_param_next(struct cursor *params, uint16_t *key, struct cursor *value)
{
	struct cursor rest = *params;

	if (!cur_u16(&rest, key) || !cur_vec16(&rest, value))
		return false;
	*params = rest;
	return true;
}

/* Octets of one address in a hint, or 0: the param is not a hint. */
static uint8_t
hint_addr_len(uint16_t key)
{
	if (key == SVCB_IPV4HINT)
		return 4;
	return key == SVCB_IPV6HINT ? 16 : 0;
}

/*
 * SvcParams, RFC 9460 section 2.2: keys in strictly increasing order, and
 * section 7.3: a hint is one address or more.
 */
static bool
params_are_good(struct cursor params)
{
	int32_t previous = -1;
	struct cursor value;
	uint8_t addr_len;
	uint16_t key;

	while (dns_svcb_param_next(&params, &key, &value)) {
		if (key <= previous)
			return false;
		previous = key;
		addr_len = hint_addr_len(key);
		if (addr_len > 0 &&
		    (value.left == 0 || value.left % addr_len != 0))
			return false;
	}
	return params.left == 0;
}

enum decode
dns_svcb_rdata(struct cursor message, const struct dns_record *record,
    struct dns_svcb *out)
{
	struct cursor rest = record->rdata;

	if (!cur_u16(&rest, &out->priority) ||
	    take_name(message, record, &rest, &out->target) != DECODE_OK ||
	    !params_are_good(rest))
		return DECODE_MALFORMED;
	out->params = rest;
	return DECODE_OK;
}

bool
dns_svcb_hint_next(struct dns_svcb_hints *hints, struct addr *out)
{
	uint8_t octets[16];
	uint16_t key;

	while (hints->addrs.left == 0) {
		if (!dns_svcb_param_next(&hints->params, &key, &hints->addrs))
			return false;
		hints->addr_len = hint_addr_len(key);
		if (hints->addr_len == 0)
			hints->addrs.left = 0;
	}
	if (!cur_copy(&hints->addrs, octets, hints->addr_len))
		return false;
	*out = hints->addr_len == 4 ? addr_v4(octets) : addr_v6(octets);
	return true;
}

/* RFC 6891 sections 6.1.2 and 6.1.3. */
enum decode
dns_opt_rdata(const struct dns_record *record, struct dns_opt *out)
{
	struct cursor rest = record->rdata, option;

	while (rest.left > 0)
		if (!cur_skip(&rest, 2) || !cur_vec16(&rest, &option))
			return DECODE_MALFORMED;
	out->udp_size = record->rclass;
	out->rcode_high = (uint16_t)(record->ttl >> 24 << 4);
	out->version = record->ttl >> 16 & 0xff;
	out->dnssec_ok = record->ttl & 0x8000;
	out->options = record->rdata;
	return DECODE_OK;
}
