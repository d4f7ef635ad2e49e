#include "decoders/tunnel.h"

#include <stdbool.h>

#include "decoders/ethertype.h"
#include "decoders/ip.h"

static enum decode
carries(struct tunnelled *out, enum tunnel_kind kind, uint16_t ethertype,
    struct cursor packet)
{
	*out = (struct tunnelled){ (uint8_t)kind, ethertype, packet };
	return DECODE_OK;
}

/* Where nothing else tells IPv4 from IPv6, the version nibble does. */
static enum decode
carries_ip(struct tunnelled *out, enum tunnel_kind kind, struct cursor packet)
{
	struct cursor peek = packet;
	uint8_t first;

	if (!cur_u8(&peek, &first))
		return DECODE_SHORT;
	switch (first >> 4) {
	case 4:
		return carries(out, kind, ETHER_IPV4, packet);
	case 6:
		return carries(out, kind, ETHER_IPV6, packet);
	default:
		return DECODE_UNSUPPORTED;
	}
}

/*
 * ERSPAN type II, draft-foschiano-erspan-03 section 4.2:
 *
 *  |Ver=1| VLAN | COS |En|T| Session |  four octets
 *  | reserved   |      Index         |  four octets, then an Ethernet frame
 *
 * Type I has no header at all and no GRE sequence number either, which is
 * how they are told apart.
 */
static enum decode
decode_erspan_2(struct cursor rest, struct tunnelled *out)
{
	uint32_t word;

	if (!cur_u32(&rest, &word) || !cur_skip(&rest, 4))
		return DECODE_SHORT;
	if (word >> 28 != 1)
		return DECODE_UNSUPPORTED;
	return carries(out, TUNNEL_ERSPAN, ETHER_BRIDGED, rest);
}

/*
 * Type III, section 4.3: twelve octets, whose last sixteen bits are
 *
 *  |P|   FT    |   Hw ID   |D|Gra|O|
 *
 * FT 0 is Ethernet, 2 is IP; O announces eight octets more.
 */
static enum decode
decode_erspan_3(struct cursor rest, struct tunnelled *out)
{
	uint32_t word;
	uint16_t flags;

	if (!cur_u32(&rest, &word) || !cur_skip(&rest, 6) ||
	    !cur_u16(&rest, &flags) || !cur_skip(&rest, flags & 1 ? 8 : 0))
		return DECODE_SHORT;
	if (word >> 28 != 2)
		return DECODE_UNSUPPORTED;
	switch (flags >> 10 & 0x1f) {
	case 0:
		return carries(out, TUNNEL_ERSPAN, ETHER_BRIDGED, rest);
	case 2:
		return carries_ip(out, TUNNEL_ERSPAN, rest);
	default:
		return DECODE_UNSUPPORTED;
	}
}

/* WCCP 2 puts four octets before the IP packet, WCCP 1 nothing. */
static enum decode
decode_wccp(struct cursor rest, struct tunnelled *out)
{
	struct cursor peek = rest;
	uint8_t first;

	if (!cur_u8(&peek, &first))
		return DECODE_SHORT;
	if (first >> 4 != 4 && !cur_skip(&rest, 4))
		return DECODE_SHORT;
	return carries(out, TUNNEL_GRE, ETHER_IPV4, rest);
}

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING  0x4000
#define GRE_KEY      0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACK      0x0080 /* version 1 */
#define GRE_VERSION  0x0007

enum gre_protocol { /* beside EtherTypes */
	GRE_ERSPAN_3 = 0x22eb,
	GRE_WCCP = 0x883e,
	GRE_ERSPAN = 0x88be, /* I and II */
};

/* RFC 2784 and RFC 2890. */
static enum decode
decode_gre_0(uint16_t flags, struct cursor rest, struct tunnelled *out)
{
	uint16_t protocol;
	size_t options = 0;

	if (flags & GRE_ROUTING) /* RFC 1701's, deprecated since 2000 */
		return DECODE_UNSUPPORTED;
	options += flags & GRE_CHECKSUM ? 4 : 0;
	options += flags & GRE_KEY ? 4 : 0;
	options += flags & GRE_SEQUENCE ? 4 : 0;
	if (!cur_u16(&rest, &protocol) || !cur_skip(&rest, options))
		return DECODE_SHORT;
	switch (protocol) {
	case GRE_ERSPAN:
		if (flags & GRE_SEQUENCE)
			return decode_erspan_2(rest, out);
		return carries(out, TUNNEL_ERSPAN, ETHER_BRIDGED, rest);
	case GRE_ERSPAN_3:
		return decode_erspan_3(rest, out);
	case GRE_WCCP:
		return decode_wccp(rest, out);
	default:
		return carries(out, TUNNEL_GRE, protocol, rest);
	}
}

/* PPTP's, RFC 2637 section 4.1; without a sequence number there is no data. */
static enum decode
decode_gre_1(uint16_t flags, struct cursor rest, struct tunnelled *out)
{
	uint16_t protocol, len, call;

	if (!cur_u16(&rest, &protocol) || !cur_u16(&rest, &len) ||
	    !cur_u16(&rest, &call))
		return DECODE_SHORT;
	if (protocol != ETHER_PPP || (flags & GRE_KEY) == 0 ||
	    (flags & GRE_SEQUENCE) == 0)
		return DECODE_UNSUPPORTED;
	if (!cur_skip(&rest, flags & GRE_ACK ? 8 : 4))
		return DECODE_SHORT;
	if (len < rest.left)
		rest.left = len;
	return carries(out, TUNNEL_GRE, ETHER_PPP, rest);
}

static enum decode
decode_gre(struct cursor rest, struct tunnelled *out)
{
	uint16_t flags;

	if (!cur_u16(&rest, &flags))
		return DECODE_SHORT;
	switch (flags & GRE_VERSION) {
	case 0:
		return decode_gre_0(flags, rest, out);
	case 1:
		return decode_gre_1(flags, rest, out);
	default:
		return DECODE_UNSUPPORTED;
	}
}

/* RFC 3378 section 3: a version of 3, reserved bits, an Ethernet frame. */
static enum decode
decode_etherip(struct cursor rest, struct tunnelled *out)
{
	uint16_t header;

	if (!cur_u16(&rest, &header))
		return DECODE_SHORT;
	if (header >> 12 != 3)
		return DECODE_UNSUPPORTED;
	return carries(out, TUNNEL_ETHERIP, ETHER_BRIDGED, rest);
}

enum decode
tunnel_decode_ip(uint8_t ip_proto, struct cursor payload, struct tunnelled *out)
{
	switch (ip_proto) {
	case IP_PROTO_IPV4: /* RFC 2003 */
		return carries(out, TUNNEL_IPIP, ETHER_IPV4, payload);
	case IP_PROTO_IPV6: /* RFC 2473, RFC 4213 */
		return carries(out, TUNNEL_IPIP, ETHER_IPV6, payload);
	case IP_PROTO_GRE:
		return decode_gre(payload, out);
	case IP_PROTO_ETHERIP:
		return decode_etherip(payload, out);
	default:
		return DECODE_UNSUPPORTED;
	}
}

#define VXLAN_NETWORK  0x08 /* I: the network identifier is valid */
#define VXLAN_PROTOCOL 0x04 /* P: GPE's next protocol is */
#define GENEVE_CONTROL 0x80

/*
 * RFC 7348 section 5: flags, of which I must be set, and a network identifier
 * between reserved octets, which receivers ignore and extensions use.
 */
static enum decode
decode_vxlan(struct cursor rest, struct tunnelled *out)
{
	uint8_t flags;

	if (!cur_u8(&rest, &flags) || !cur_skip(&rest, 7) ||
	    (flags & VXLAN_NETWORK) == 0)
		return DECODE_UNSUPPORTED;
	return carries(out, TUNNEL_VXLAN, ETHER_BRIDGED, rest);
}

/* draft-ietf-nvo3-vxlan-gpe-13 section 3: flags I and P, a next protocol. */
static enum decode
decode_vxlan_gpe(struct cursor rest, struct tunnelled *out)
{
	uint8_t flags, next;

	if (!cur_u8(&rest, &flags) || !cur_skip(&rest, 2) ||
	    !cur_u8(&rest, &next) || !cur_skip(&rest, 4))
		return DECODE_UNSUPPORTED;
	if ((flags & VXLAN_NETWORK) == 0 || (flags & VXLAN_PROTOCOL) == 0)
		return DECODE_UNSUPPORTED;
	switch (next) {
	case 1:
		return carries(out, TUNNEL_VXLAN, ETHER_IPV4, rest);
	case 2:
		return carries(out, TUNNEL_VXLAN, ETHER_IPV6, rest);
	case 3:
		return carries(out, TUNNEL_VXLAN, ETHER_BRIDGED, rest);
	default:
		return DECODE_UNSUPPORTED;
	}
}

/*
 * RFC 8926 section 3.4: version 0 and a count of option words, flags O
 * (control: no payload) and C, the payload's EtherType.
 */
static enum decode
decode_geneve(struct cursor rest, struct tunnelled *out)
{
	uint8_t version_len, flags;
	uint16_t protocol;

	if (!cur_u8(&rest, &version_len) || !cur_u8(&rest, &flags) ||
	    !cur_u16(&rest, &protocol) || !cur_skip(&rest, 4) ||
	    !cur_skip(&rest, (version_len & 0x3f) * 4u))
		return DECODE_UNSUPPORTED;
	if (version_len >> 6 != 0 || (flags & GENEVE_CONTROL))
		return DECODE_UNSUPPORTED;
	return carries(out, TUNNEL_GENEVE, protocol, rest);
}

/* RFC 4380 section 5.1.1: what may come before the IPv6 packet. */
static bool
skip_teredo_indications(struct cursor *rest, uint32_t *len)
{
	struct cursor peek;
	size_t left = rest->left;
	uint16_t kind;
	uint8_t id_len, auth_len;

	peek = *rest;
	if (cur_u16(&peek, &kind) && kind == 0x0001) { /* authentication */
		if (!cur_u8(&peek, &id_len) || !cur_u8(&peek, &auth_len) ||
		    !cur_skip(&peek, id_len + auth_len + 9u))
			return false; /* nonce 8, confirmation 1 */
		*rest = peek;
	}
	peek = *rest;
	if (cur_u16(&peek, &kind) && kind == 0x0000) { /* origin */
		if (!cur_skip(&peek, 6))
			return false;
		*rest = peek;
	}
	*len -= (uint32_t)(left - rest->left);
	return true;
}

/* Only an IPv6 packet that fills the datagram is Teredo. */
static enum decode
decode_teredo(struct cursor rest, uint32_t len, struct tunnelled *out)
{
	struct cursor peek;
	uint32_t version_flow;
	uint16_t packet_len;

	if (!skip_teredo_indications(&rest, &len))
		return DECODE_UNSUPPORTED;
	peek = rest;
	if (!cur_u32(&peek, &version_flow) || !cur_u16(&peek, &packet_len))
		return DECODE_UNSUPPORTED;
	if (version_flow >> 28 != 6 || packet_len + 40u != len)
		return DECODE_UNSUPPORTED;
	return carries(out, TUNNEL_TEREDO, ETHER_IPV6, rest);
}

#define GTP_HAS_OPTIONS   0x07 /* any of E, S, PN: four octets more */
#define GTP_HAS_EXTENSION 0x04

/* 3GPP TS 29.281 section 5.2: length in words first, next type last. */
static enum decode
skip_gtp_extensions(struct cursor *rest, uint8_t next)
{
	uint8_t words;

	while (next != 0) {
		if (!cur_u8(rest, &words) || words == 0 ||
		    !cur_skip(rest, words * 4u - 2) || !cur_u8(rest, &next))
			return DECODE_UNSUPPORTED;
	}
	return DECODE_OK;
}

/*
 * GTP-U, 3GPP TS 29.281 section 5.1: version 1, protocol type 1, message 255
 * (G-PDU); the length counts what follows the first eight octets.
 */
static enum decode
decode_gtp(struct cursor rest, uint32_t len, struct tunnelled *out)
{
	uint8_t flags, message, next = 0;
	uint16_t gtp_len;
	uint32_t endpoint;

	if (!cur_u8(&rest, &flags) || !cur_u8(&rest, &message) ||
	    !cur_u16(&rest, &gtp_len) || !cur_u32(&rest, &endpoint))
		return DECODE_UNSUPPORTED;
	if ((flags & 0xf8) != 0x30 || message != 255 || gtp_len + 8u != len)
		return DECODE_UNSUPPORTED;
	if (flags & GTP_HAS_OPTIONS) {
		if (!cur_skip(&rest, 3) || !cur_u8(&rest, &next))
			return DECODE_UNSUPPORTED;
		if ((flags & GTP_HAS_EXTENSION) == 0)
			next = 0;
	}
	if (skip_gtp_extensions(&rest, next) != DECODE_OK)
		return DECODE_UNSUPPORTED;
	return carries_ip(out, TUNNEL_GTP, rest);
}

#define PORT_GTP_U        2152
#define PORT_TEREDO       3544
#define PORT_VXLAN        4789
#define PORT_VXLAN_GPE    4790
#define PORT_GENEVE       6081
#define PORT_VXLAN_BEFORE 8472 /* Linux's, before IANA gave one */

enum decode
tunnel_decode_udp(uint16_t src_port, uint16_t dst_port, struct cursor payload,
    uint32_t len, struct tunnelled *out)
{
	switch (dst_port) {
	case PORT_VXLAN:
	case PORT_VXLAN_BEFORE:
		return decode_vxlan(payload, out);
	case PORT_VXLAN_GPE:
		return decode_vxlan_gpe(payload, out);
	case PORT_GENEVE:
		return decode_geneve(payload, out);
	default:
		break;
	}
	/* These answer from their port to any other. */
	if (dst_port == PORT_GTP_U || src_port == PORT_GTP_U)
		return decode_gtp(payload, len, out);
	if (dst_port == PORT_TEREDO || src_port == PORT_TEREDO)
		return decode_teredo(payload, len, out);
	return DECODE_UNSUPPORTED;
}
