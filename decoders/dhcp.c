#include "decoders/dhcp.h"

/*
 * RFC 2131 section 2:
 *
 *	op (1)  htype (1)  hlen (1)  hops (1)
 *	xid (4)
 *	secs (2)           flags (2)
 *	ciaddr (4) yiaddr (4) siaddr (4) giaddr (4)
 *	chaddr (16) sname (64) file (128)
 *	magic cookie (4), options
 */
#define BOOTREQUEST 1
#define BOOTREPLY   2
#define COOKIE      0x63825363u

enum option {
	OPTION_PAD = 0,
	OPTION_HOST_NAME = 12,
	OPTION_REQUESTED = 50,
	OPTION_TYPE = 53,
	OPTION_FQDN = 81,
	OPTION_END = 255,
};

/* RFC 4702 section 2.1: the name is in wire form, not in text. */
#define FQDN_WIRE_FORM 0x04

static bool
read_v4(struct cursor *c, struct addr *out)
{
	uint8_t octets[4];

	if (!cur_copy(c, octets, sizeof octets))
		return false;
	*out = addr_v4(octets);
	return true;
}

/* Some clients send a NUL at the end (RFC 2132 section 2 forbids it). */
static struct cursor
without_nuls(struct cursor text)
{
	while (text.left > 0 && text.at[text.left - 1] == 0)
		text.left--;
	return text;
}

static void
read_fqdn(struct cursor value, struct cursor *out)
{
	uint8_t flags;

	if (cur_u8(&value, &flags) && cur_skip(&value, 2) &&
	    !(flags & FQDN_WIRE_FORM))
		*out = without_nuls(value);
}

/* Options of lengths that they cannot have are passed over. */
static void
take_option(uint8_t code, struct cursor value, struct dhcp_message *out)
{
	switch (code) {
	case OPTION_HOST_NAME:
		out->host_name = without_nuls(value);
		break;
	case OPTION_REQUESTED:
		if (value.left == 4)
			(void)!read_v4(&value, &out->requested);
		break;
	case OPTION_TYPE:
		if (value.left == 1)
			(void)!cur_u8(&value, &out->type);
		break;
	case OPTION_FQDN:
		read_fqdn(value, &out->full_name);
		break;
	}
}

static enum decode
decode_options(struct cursor options, struct dhcp_message *out)
{
	struct cursor value;
	uint8_t code;

	while (cur_u8(&options, &code) && code != OPTION_END) {
		if (code == OPTION_PAD)
			continue;
		if (!cur_vec8(&options, &value))
			return DECODE_SHORT;
		take_option(code, value, out);
	}
	return DECODE_OK;
}

enum decode
dhcp_decode(struct cursor datagram, struct dhcp_message *out)
{
	static const uint8_t unspecified[4];
	struct cursor c = datagram;
	uint8_t op;
	uint32_t cookie;

	*out = (struct dhcp_message){ .client = addr_v4(unspecified),
		.yours = addr_v4(unspecified),
		.requested = addr_v4(unspecified) };
	if (!cur_u8(&c, &op))
		return DECODE_SHORT;
	if (op != BOOTREQUEST && op != BOOTREPLY)
		return DECODE_MALFORMED;
	out->reply = op == BOOTREPLY;
	if (!cur_skip(&c, 3) || !cur_u32(&c, &out->transaction) ||
	    !cur_skip(&c, 4) || !read_v4(&c, &out->client) ||
	    !read_v4(&c, &out->yours) || !cur_skip(&c, 8) ||
	    !cur_copy(&c, out->hardware, sizeof out->hardware) ||
	    !cur_skip(&c, 64 + 128) || !cur_u32(&c, &cookie))
		return DECODE_SHORT;
	if (cookie != COOKIE)
		return DECODE_MALFORMED;
	return decode_options(c, out);
}
