#include "decoders/link.h"

#include "decoders/ethertype.h"

/*
 * Every header is read by one function of this shape: it takes its octets off
 * *rest and says in *type what the remaining ones begin with.
 */
typedef enum decode (*header_reader)(struct cursor *rest, uint16_t *type);

/* Octets past a length field's reach are padding. */
static void
cut_padding(struct cursor *rest, size_t len)
{
	if (len < rest->left)
		rest->left = len;
}

static inline enum decode
skip_to_type(struct cursor *rest, size_t len, uint16_t *type)
{
	if (!cur_skip(rest, len) || !cur_u16(rest, type))
		return DECODE_SHORT;
	return DECODE_OK;
}

static inline enum decode
read_ethernet(struct cursor *rest, uint16_t *type)
{
	return skip_to_type(rest, 12, type);
}

/* IEEE 802.2 and SNAP, RFC 1042. */
static enum decode
read_llc(struct cursor *rest, uint16_t *type)
{
	uint32_t saps_control, oui;

	if (!cur_u24(rest, &saps_control))
		return DECODE_SHORT;
	if (saps_control == 0x060603) { /* the SAP of IP */
		*type = ETHER_IPV4;
		return DECODE_OK;
	}
	if (saps_control != 0xaaaa03)
		return DECODE_UNSUPPORTED;
	if (!cur_u24(rest, &oui) || !cur_u16(rest, type))
		return DECODE_SHORT;
	if (oui != 0 || *type <= ETHER_LENGTH_MAX)
		return DECODE_UNSUPPORTED;
	return DECODE_OK;
}

static enum decode
read_vlan_tag(struct cursor *rest, uint16_t *type, struct link *out)
{
	uint16_t tag, id;

	if (!cur_u16(rest, &tag) || !cur_u16(rest, type))
		return DECODE_SHORT;
	id = tag & 0x0fff;
	if (id != 0 && out->vlan_count < VLAN_MAX)
		out->vlan[out->vlan_count++] = id;
	return DECODE_OK;
}

/* Would an Ethernet frame that starts here be one that leads to IP? */
static bool
looks_like_ethernet(struct cursor frame)
{
	uint16_t type;

	if (read_ethernet(&frame, &type) != DECODE_OK)
		return false;
	return type == ETHER_IPV4 || type == ETHER_IPV6 || type == ETHER_CTAG ||
	       type == ETHER_STAG || type == ETHER_MPLS ||
	       type == ETHER_PPPOE_SESSION;
}

#define CONTROL_WORD_LEN 4
#define ETHERNET_LEN     14

/*
 * Nothing in an MPLS label stack (RFC 3032) says what it carries.  By
 * convention (RFC 4928) a first nibble of 4 or 6 is IP.  Else it is the MAC
 * address of an Ethernet pseudowire (RFC 4448), or, where the nibble is 0,
 * perhaps a control word in front of one; what the EtherType then would be
 * tells these apart.
 */
static enum decode
read_mpls(struct cursor *rest, uint16_t *type)
{
	struct cursor past_control_word, peek;
	uint32_t label;
	uint8_t first;

	do {
		if (!cur_u32(rest, &label))
			return DECODE_SHORT;
	} while ((label & 0x100) == 0); /* bottom of stack */
	peek = past_control_word = *rest;
	if (!cur_u8(&peek, &first))
		return DECODE_SHORT;
	if (first >> 4 == 4 || first >> 4 == 6) {
		*type = first >> 4 == 4 ? ETHER_IPV4 : ETHER_IPV6;
		return DECODE_OK;
	}
	if (rest->left < CONTROL_WORD_LEN + ETHERNET_LEN)
		return DECODE_SHORT; /* to tell */
	*type = ETHER_BRIDGED;
	if (first >> 4 == 0 && cur_skip(&past_control_word, CONTROL_WORD_LEN) &&
	    looks_like_ethernet(past_control_word)) {
		*rest = past_control_word;
		return DECODE_OK;
	}
	return looks_like_ethernet(*rest) ? DECODE_OK : DECODE_UNSUPPORTED;
}

static enum decode
read_chdlc(struct cursor *rest, uint16_t *type)
{
	if (skip_to_type(rest, 2, type) != DECODE_OK)
		return DECODE_SHORT;
	return *type > ETHER_LENGTH_MAX ? DECODE_OK : DECODE_UNSUPPORTED;
}

static enum decode
ppp_protocol_type(uint16_t protocol, uint16_t *type)
{
	switch (protocol) {
	case 0x0021:
		*type = ETHER_IPV4;
		return DECODE_OK;
	case 0x0057:
		*type = ETHER_IPV6;
		return DECODE_OK;
	case 0x0281:
	case 0x0283:
		*type = ETHER_MPLS;
		return DECODE_OK;
	default: /* control protocols, or compressed */
		return DECODE_UNSUPPORTED;
	}
}

/*
 * PPP, RFC 1661 section 2, with or without RFC 1662's address and control;
 * a protocol number whose first octet is odd was compressed to that octet
 * (RFC 1661 section 6.5).
 */
static enum decode
read_ppp(struct cursor *rest, uint16_t *type)
{
	struct cursor peek = *rest;
	uint16_t address_control;
	uint8_t first, second;

	if (!cur_u16(&peek, &address_control))
		return DECODE_SHORT;
	if (address_control == 0xff03)
		*rest = peek;
	if (!cur_u8(rest, &first))
		return DECODE_SHORT;
	if (first & 1)
		return ppp_protocol_type(first, type);
	if (!cur_u8(rest, &second))
		return DECODE_SHORT;
	return ppp_protocol_type((uint16_t)(first << 8 | second), type);
}

/* PPP in HDLC-like framing, RFC 1662, or Cisco's HDLC on the same wire. */
static enum decode
read_ppp_or_chdlc(struct cursor *rest, uint16_t *type)
{
	struct cursor peek = *rest;
	uint8_t address;

	if (cur_u8(&peek, &address) && (address == 0x0f || address == 0x8f))
		return read_chdlc(rest, type);
	return read_ppp(rest, type);
}

/* RFC 2516 section 4; code 0 is a session, the others are discovery. */
static enum decode
read_pppoe(struct cursor *rest, uint16_t *type)
{
	uint8_t version_type, code;
	uint16_t session, len;

	if (!cur_u8(rest, &version_type) || !cur_u8(rest, &code) ||
	    !cur_u16(rest, &session) || !cur_u16(rest, &len))
		return DECODE_SHORT;
	if (version_type != 0x11)
		return DECODE_MALFORMED;
	if (code != 0)
		return DECODE_UNSUPPORTED;
	cut_padding(rest, len);
	return read_ppp(rest, type);
}

/* A provider's tag of `len` octets in front of the customer's whole frame. */
static enum decode
read_mac_in_mac(struct cursor *rest, size_t len, uint16_t *type)
{
	*type = ETHER_BRIDGED;
	return cur_skip(rest, len) ? DECODE_OK : DECODE_SHORT;
}

static enum decode
read_802_3(struct cursor *rest, uint16_t *type)
{
	if (*type > ETHER_LENGTH_MAX)
		return DECODE_UNSUPPORTED;
	cut_padding(rest, *type);
	return read_llc(rest, type);
}

static enum decode
read_header(struct cursor *rest, uint16_t *type, struct link *out)
{
	switch (*type) {
	case ETHER_CTAG:
	case ETHER_STAG:
	case ETHER_STAG_9100:
	case ETHER_STAG_9200:
		return read_vlan_tag(rest, type, out);
	case ETHER_BRIDGED:
		return read_ethernet(rest, type);
	case ETHER_MPLS:
	case ETHER_MPLS_UPSTREAM:
		return read_mpls(rest, type);
	case ETHER_PPPOE_SESSION:
		return read_pppoe(rest, type);
	case ETHER_PPP:
		return read_ppp(rest, type);
	case ETHER_ITAG:
		return read_mac_in_mac(rest, 4, type);
	case ETHER_FABRICPATH:
		return read_mac_in_mac(rest, 2, type);
	case ETHER_VNTAG:
		return skip_to_type(rest, 4, type);
	case ETHER_ETAG:
	case ETHER_CISCO_METADATA:
		return skip_to_type(rest, 6, type);
	default:
		return read_802_3(rest, type);
	}
}

static inline bool
is_ip(uint16_t type)
{
	return type == ETHER_IPV4 || type == ETHER_IPV6;
}

static inline enum decode
found(struct link *out, uint16_t type, struct cursor packet)
{
	out->packet = packet;
	out->ip_version = type == ETHER_IPV4 ? 4 : 6;
	return DECODE_OK;
}

static enum decode
walk(struct cursor rest, uint16_t type, struct link *out)
{
	enum decode result;

	while (!is_ip(type)) {
		result = read_header(&rest, &type, out);
		if (result != DECODE_OK)
			return result;
	}
	return found(out, type, rest);
}

/* No link header at all: the version nibble of IP is the first thing. */
static enum decode
read_raw(struct cursor *rest, uint16_t *type)
{
	struct cursor peek = *rest;
	uint8_t first;

	if (!cur_u8(&peek, &first))
		return DECODE_SHORT;
	if (first >> 4 != 4 && first >> 4 != 6)
		return DECODE_MALFORMED;
	*type = first >> 4 == 4 ? ETHER_IPV4 : ETHER_IPV6;
	return DECODE_OK;
}

/* AF_INET is 2 everywhere; AF_INET6 has as many values as there are systems. */
static enum decode
address_family_type(uint32_t family, uint16_t *type)
{
	switch (family) {
	case 2:
		*type = ETHER_IPV4;
		return DECODE_OK;
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		*type = ETHER_IPV6;
		return DECODE_OK;
	default:
		return DECODE_UNSUPPORTED;
	}
}

/*
 * LINKTYPE_NULL has the address family in the capturing host's byte order,
 * LINKTYPE_LOOP in network order.  Families are small: the order shows.
 */
static enum decode
read_null(struct cursor *rest, uint16_t *type)
{
	uint32_t family;

	if (!cur_u32(rest, &family))
		return DECODE_SHORT;
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	return address_family_type(family, type);
}

/* ARPHRD_NETLINK: the protocol field is a netlink family, not an EtherType. */
#define ARPHRD_NETLINK 824

/* LINKTYPE_LINUX_SLL and _SLL2 once the protocol is read. */
static enum decode
cooked_type(struct cursor *rest, uint16_t arphrd, uint16_t *type)
{
	if (arphrd == ARPHRD_NETLINK)
		return DECODE_UNSUPPORTED;
	if (*type == 0x0004) /* LINUX_SLL_P_802_2 */
		return read_llc(rest, type);
	return *type > ETHER_LENGTH_MAX ? DECODE_OK : DECODE_UNSUPPORTED;
}

/* packet type 2, ARPHRD 2, address length 2, address 8, protocol 2 */
static enum decode
read_sll(struct cursor *rest, uint16_t *type)
{
	uint16_t arphrd;

	if (!cur_skip(rest, 2) || !cur_u16(rest, &arphrd) ||
	    !cur_skip(rest, 10) || !cur_u16(rest, type))
		return DECODE_SHORT;
	return cooked_type(rest, arphrd, type);
}

/*
 * protocol 2, reserved 2, interface 4, ARPHRD 2, packet type 1,
 * address length 1, address 8
 */
static enum decode
read_sll2(struct cursor *rest, uint16_t *type)
{
	uint16_t arphrd;

	if (!cur_u16(rest, type) || !cur_skip(rest, 6) ||
	    !cur_u16(rest, &arphrd) || !cur_skip(rest, 10))
		return DECODE_SHORT;
	return cooked_type(rest, arphrd, type);
}

/*
 * LINKTYPE_PFLOG: the header's own length, then the address family; padded
 * to four octets, which the length does not count.
 */
static enum decode
read_pflog(struct cursor *rest, uint16_t *type)
{
	struct cursor peek = *rest;
	uint8_t len, family;

	if (!cur_u8(&peek, &len) || !cur_u8(&peek, &family))
		return DECODE_SHORT;
	if (len < 2)
		return DECODE_MALFORMED;
	if (!cur_skip(rest, (len + 3u) & ~3u))
		return DECODE_SHORT;
	return address_family_type(family, type);
}

#define NFULA_PAYLOAD 9

/*
 * One TLV of LINKTYPE_NFLOG: length and type, in the capturing host's byte
 * order, the length counting both; then the value, padded to four octets.
 * Types are below 256, so the octet that is zero shows the order.
 */
static enum decode
read_nflog_tlv(struct cursor *rest, uint8_t *tlv_type, struct cursor *value)
{
	uint8_t len[2], type[2];
	size_t value_len, padding;

	if (!cur_copy(rest, len, 2) || !cur_copy(rest, type, 2))
		return DECODE_SHORT;
	if (type[1] == 0) {
		*tlv_type = type[0];
		value_len = (size_t)len[1] << 8 | len[0];
	} else {
		*tlv_type = type[1];
		value_len = (size_t)len[0] << 8 | len[1];
	}
	if (value_len < 4)
		return DECODE_MALFORMED;
	value_len -= 4;
	if (*tlv_type == NFULA_PAYLOAD) { /* the last, and may be cut */
		*value = *rest;
		cut_padding(value, value_len);
		return DECODE_OK;
	}
	padding = (4 - value_len % 4) % 4;
	if (!cur_take(rest, value_len, value) || !cur_skip(rest, padding))
		return DECODE_SHORT;
	return DECODE_OK;
}

/* family 1, version 1, resource 2, TLVs */
static enum decode
read_nflog(struct cursor *rest, uint16_t *type)
{
	struct cursor value;
	enum decode result;
	uint8_t family, tlv_type;

	if (!cur_u8(rest, &family) || !cur_skip(rest, 3))
		return DECODE_SHORT;
	do {
		result = read_nflog_tlv(rest, &tlv_type, &value);
		if (result != DECODE_OK)
			return result;
	} while (tlv_type != NFULA_PAYLOAD);
	*rest = value;
	return address_family_type(family, type);
}

#define LINKTYPE_ETHERNET 1

static const struct {
	uint32_t link_type; /* www.tcpdump.org/linktypes.html */
	header_reader read;
} links[] = {
	{ LINKTYPE_ETHERNET, read_ethernet }, { 0, read_null }, /* NULL */
	{ 9, read_ppp_or_chdlc },                               /* PPP */
	{ 12, read_raw },          /* DLT_RAW as BSD numbers it */
	{ 14, read_raw },          /* DLT_RAW as OpenBSD numbers it */
	{ 50, read_ppp_or_chdlc }, /* PPP_HDLC */
	{ 51, read_pppoe },        /* PPP_ETHER */
	{ 101, read_raw },         /* RAW */
	{ 104, read_chdlc },       /* C_HDLC */
	{ 108, read_null },        /* LOOP */
	{ 113, read_sll },         /* LINUX_SLL */
	{ 117, read_pflog },       /* PFLOG */
	{ 228, read_raw },         /* IPV4 */
	{ 229, read_raw },         /* IPV6 */
	{ 239, read_nflog },       /* NFLOG */
	{ 276, read_sll2 },        /* LINUX_SLL2 */
};

static header_reader
link_reader(uint32_t link_type)
{
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		if (links[i].link_type == link_type)
			return links[i].read;
	}
	return NULL;
}

bool
link_known(uint32_t link_type)
{
	return link_reader(link_type) != NULL;
}

static void
link_init(struct link *out)
{
	out->vlan_count = 0;
	memset(out->vlan, 0, sizeof out->vlan);
}

enum decode
link_decode(uint32_t link_type, struct cursor frame, struct link *out)
{
	header_reader read;
	enum decode result;
	uint16_t type;

	link_init(out);
	/* Nearly every frame is Ethernet with IP: spare it table and loop. */
	if (link_type == LINKTYPE_ETHERNET) {
		if (read_ethernet(&frame, &type) != DECODE_OK)
			return DECODE_SHORT;
		return is_ip(type) ? found(out, type, frame)
		                   : walk(frame, type, out);
	}
	if ((read = link_reader(link_type)) == NULL)
		return DECODE_UNSUPPORTED;
	result = read(&frame, &type);
	return result == DECODE_OK ? walk(frame, type, out) : result;
}

enum decode
link_decode_ethertype(uint16_t ethertype, struct cursor rest, struct link *out)
{
	link_init(out);
	if (ethertype <= ETHER_LENGTH_MAX)
		return DECODE_UNSUPPORTED;
	return walk(rest, ethertype, out);
}
