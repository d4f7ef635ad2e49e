#include "decoders/transport.h"

#include "decoders/ip.h"

static enum decode
too_short(struct cursor packet, uint32_t len)
{
	return packet.left < len ? DECODE_SHORT : DECODE_MALFORMED;
}

/* `packet` still holds what is captured of `header_len` octets of header. */
static enum decode
set_payload(struct transport *out, struct cursor packet, size_t header_len,
    size_t len)
{
	if (header_len > len)
		return DECODE_MALFORMED;
	if (len < packet.left)
		packet.left = len;
	if (!cur_skip(&packet, header_len))
		packet.left = 0;
	out->payload = packet;
	out->payload_len = (uint32_t)(len - header_len);
	return DECODE_OK;
}

/* RFC 9293 section 3.1. */
static enum decode
decode_tcp(struct cursor packet, uint32_t len, struct transport *out)
{
	struct cursor rest = packet, header;
	uint8_t offset;
	size_t header_len;

	if (!cur_take(&rest, 14, &header))
		return too_short(packet, len);
	/* The window has 14 octets: none of these can fail. */
	if (!cur_u16(&header, &out->src_port) ||
	    !cur_u16(&header, &out->dst_port) || !cur_u32(&header, &out->seq) ||
	    !cur_u32(&header, &out->ack) || !cur_u8(&header, &offset) ||
	    !cur_u8(&header, &out->tcp_flags))
		return DECODE_MALFORMED;
	header_len = (offset >> 4) * 4u;
	if (header_len < 20)
		return DECODE_MALFORMED;
	return set_payload(out, packet, header_len, len);
}

static bool
read_ports(struct cursor *packet, struct transport *out)
{
	return cur_u16(packet, &out->src_port) &&
	       cur_u16(packet, &out->dst_port);
}

/*
 * RFC 768.  A length of 0 is what segmentation offload and jumbograms
 * (RFC 2675) leave; one past IP's end is wrong, and receivers differ on it:
 * either way IP's length holds.
 */
static enum decode
decode_udp(struct cursor packet, uint32_t len, struct transport *out)
{
	struct cursor rest = packet;
	uint16_t udp_len;

	if (!read_ports(&rest, out))
		return too_short(packet, len);
	if (!cur_u16(&rest, &udp_len) || udp_len == 0 || udp_len > len)
		return set_payload(out, packet, 8, len);
	return set_payload(out, packet, 8, udp_len);
}

/* Ports first, and a header of fixed length. */
static enum decode
decode_simple(struct cursor packet, size_t header_len, uint32_t len,
    struct transport *out)
{
	struct cursor rest = packet;

	if (!read_ports(&rest, out))
		return too_short(packet, len);
	return set_payload(out, packet, header_len, len);
}

/* RFC 4340 section 5.1: the data offset counts words of four octets. */
static enum decode
decode_dccp(struct cursor packet, uint32_t len, struct transport *out)
{
	struct cursor rest = packet;
	uint8_t offset;

	if (!read_ports(&rest, out))
		return too_short(packet, len);
	if (!cur_u8(&rest, &offset))
		return set_payload(out, packet, 12, len);
	if (offset < 3)
		return DECODE_MALFORMED;
	return set_payload(out, packet, offset * 4u, len);
}

enum decode
transport_decode(uint8_t ip_proto, struct cursor packet, uint32_t len,
    struct transport *out)
{
	out->src_port = out->dst_port = 0;
	out->tcp_flags = 0;
	out->seq = out->ack = 0;
	switch (ip_proto) {
	case IP_PROTO_TCP:
		return decode_tcp(packet, len, out);
	case IP_PROTO_UDP:
		return decode_udp(packet, len, out);
	case IP_PROTO_UDPLITE: /* RFC 3828 */
		return decode_simple(packet, 8, len, out);
	case IP_PROTO_SCTP: /* RFC 9260 section 3.1 */
		return decode_simple(packet, 12, len, out);
	case IP_PROTO_DCCP:
		return decode_dccp(packet, len, out);
	default:
		return set_payload(out, packet, 0, len);
	}
}
