#include "decoders/ip.h"

static void
set_payload(struct ip *ip, struct cursor rest, size_t len)
{
	if (len < rest.left)
		rest.left = len; /* what follows is the link's padding */
	ip->payload = rest;
	ip->payload_len = (uint32_t)len;
}

static void
set_fragment(struct ip *ip, uint32_t id, uint16_t offset, bool more)
{
	ip->fragment = more || offset > 0;
	ip->more_fragments = more;
	ip->fragment_offset = offset;
	ip->fragment_id = id;
}

/* `len` octets of an extension are not there: cut, or never sent? */
static enum decode
missing(const struct ip *ip, size_t len)
{
	return len > ip->payload_len ? DECODE_MALFORMED : DECODE_SHORT;
}

/* Takes `len` octets, all of them an extension's, off the payload. */
static enum decode
drop_extension(struct ip *ip, size_t len)
{
	if (len > ip->payload_len || !cur_skip(&ip->payload, len))
		return missing(ip, len);
	ip->payload_len -= (uint32_t)len;
	return DECODE_OK;
}

/*
 * RFC 8200 section 4: next header, then the length in units of eight octets
 * without the first; AH (RFC 4302 section 2.2) counts in fours, without two.
 */
static enum decode
skip_extension(struct ip *ip)
{
	struct cursor peek = ip->payload;
	uint8_t next, len;
	enum decode result;

	if (!cur_u8(&peek, &next) || !cur_u8(&peek, &len))
		return missing(ip, 2);
	result = drop_extension(ip,
	    ip->proto == IP_PROTO_AH ? (len + 2u) * 4 : (len + 1u) * 8);
	if (result == DECODE_OK)
		ip->proto = next;
	return result;
}

/* RFC 8200 section 4.5. */
static enum decode
read_fragment(struct ip *ip)
{
	struct cursor peek = ip->payload;
	uint8_t next, reserved;
	uint16_t offset;
	uint32_t id;
	enum decode result;

	if (!cur_u8(&peek, &next) || !cur_u8(&peek, &reserved) ||
	    !cur_u16(&peek, &offset) || !cur_u32(&peek, &id))
		return missing(ip, 8);
	result = drop_extension(ip, 8);
	if (result != DECODE_OK)
		return result;
	ip->proto = next;
	set_fragment(ip, id, offset & 0xfff8, offset & 1);
	return DECODE_OK;
}

/* IPv4 has options instead, and of these headers only AH. */
static bool
is_extension(const struct ip *ip)
{
	switch (ip->proto) {
	case IP_PROTO_AH:
		return true;
	case IP_PROTO_HOP_BY_HOP:
	case IP_PROTO_ROUTING:
	case IP_PROTO_FRAGMENT:
	case IP_PROTO_DESTINATION:
	case IP_PROTO_MOBILITY:
	case IP_PROTO_HIP:
	case IP_PROTO_SHIM6:
		return ip->version == 6;
	default:
		return false;
	}
}

enum decode
ip_decode_extensions(struct ip *ip)
{
	enum decode result;

	for (unsigned i = 0; is_extension(ip); i++) {
		if (i == IP_EXTENSIONS_MAX)
			return DECODE_MALFORMED;
		result = ip->proto == IP_PROTO_FRAGMENT ? read_fragment(ip)
		                                        : skip_extension(ip);
		if (result != DECODE_OK || ip->fragment)
			return result;
	}
	return DECODE_OK;
}

/* RFC 791 section 3.1. */
static enum decode
decode_ipv4(struct cursor packet, size_t cut, struct ip *out)
{
	size_t wire_len = packet.left + cut, header_len, total;
	struct cursor header, src, dst;
	uint8_t version_ihl, tos, ttl;
	uint16_t total_len, id, flags_offset, checksum;

	if (!cur_take(&packet, 20, &header))
		return cut > 0 ? DECODE_SHORT : DECODE_MALFORMED;
	/* The window has 20 octets: none of these can fail. */
	if (!cur_u8(&header, &version_ihl) || !cur_u8(&header, &tos) ||
	    !cur_u16(&header, &total_len) || !cur_u16(&header, &id) ||
	    !cur_u16(&header, &flags_offset) || !cur_u8(&header, &ttl) ||
	    !cur_u8(&header, &out->proto) || !cur_u16(&header, &checksum) ||
	    !cur_take(&header, 4, &src) || !cur_take(&header, 4, &dst))
		return DECODE_MALFORMED;
	header_len = (version_ihl & 0x0f) * 4u;
	total = total_len == 0 ? wire_len : total_len;
	if (version_ihl >> 4 != 4 || header_len < 20 || total < header_len)
		return DECODE_MALFORMED;
	if (!cur_skip(&packet, header_len - 20))
		return DECODE_SHORT;
	out->src = src.at;
	out->dst = dst.at;
	out->version = 4;
	set_payload(out, packet, total - header_len);
	set_fragment(out, id, (uint16_t)(flags_offset << 3),
	    flags_offset & 0x2000);
	/* Part of an AH is none: wait for the whole. */
	return out->fragment ? DECODE_OK : ip_decode_extensions(out);
}

/* RFC 8200 section 3. */
static enum decode
decode_ipv6(struct cursor packet, size_t cut, struct ip *out)
{
	struct cursor header, src, dst;
	uint32_t version_flow;
	uint16_t len;
	uint8_t hops;

	if (!cur_take(&packet, 40, &header))
		return cut > 0 ? DECODE_SHORT : DECODE_MALFORMED;
	if (!cur_u32(&header, &version_flow) || !cur_u16(&header, &len) ||
	    !cur_u8(&header, &out->proto) || !cur_u8(&header, &hops) ||
	    !cur_take(&header, 16, &src) || !cur_take(&header, 16, &dst))
		return DECODE_MALFORMED;
	if (version_flow >> 28 != 6)
		return DECODE_MALFORMED;
	out->src = src.at;
	out->dst = dst.at;
	out->version = 6;
	set_payload(out, packet, len == 0 ? packet.left + cut : len);
	set_fragment(out, 0, 0, false);
	return ip_decode_extensions(out);
}

enum decode
ip_decode(struct cursor packet, uint8_t version, size_t cut, struct ip *out)
{
	return version == 4 ? decode_ipv4(packet, cut, out)
	                    : decode_ipv6(packet, cut, out);
}
