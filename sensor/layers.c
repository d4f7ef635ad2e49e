#include "sensor/layers.h"

#include <stdlib.h>

#include "decoders/ip.h"
#include "decoders/transport.h"
#include "sensor/defrag.h"

struct dissector {
	struct defragmenter *defragmenter;
	struct layers_counts counts;
};

struct dissector *
dissector_new(const struct fragment_limits *limits)
{
	struct dissector *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	if ((d->defragmenter = defrag_new(limits, &d->counts)) == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void
dissector_free(struct dissector *d)
{
	if (d == NULL)
		return;
	defrag_free(d->defragmenter);
	free(d);
}

void
dissector_release(struct dissector *d)
{
	defrag_release(d->defragmenter);
}

const struct layers_counts *
dissector_counts(const struct dissector *d)
{
	return &d->counts;
}

static enum layers_result
result_of(enum decode decode)
{
	switch (decode) {
	case DECODE_OK:
		return LAYERS_OK;
	case DECODE_SHORT:
		return LAYERS_TRUNCATED;
	case DECODE_MALFORMED:
		return LAYERS_MALFORMED;
	case DECODE_UNSUPPORTED:
		return LAYERS_NOT_IP;
	}
	return LAYERS_MALFORMED;
}

/* Headers without a length of their own end early where nothing was cut. */
static enum decode
cut_or_malformed(enum decode decode, size_t cut)
{
	return decode == DECODE_SHORT && cut == 0 ? DECODE_MALFORMED : decode;
}

static size_t
cut_octets(const struct ip *ip)
{
	return ip->payload_len - ip->payload.left;
}

static void
start(struct layers *out, const struct packet *packet, const struct link *link)
{
	out->wire_len = packet->wire_len;
	out->vlan_count = link->vlan_count;
	memcpy(out->vlan, link->vlan, sizeof out->vlan);
	out->tunnel = (struct tunnel){ 0 };
}

static struct fragment_key
key_of(const struct ip *ip, const struct layers *out)
{
	struct fragment_key key = { .src = ip_addr(ip, ip->src),
		.dst = ip_addr(ip, ip->dst),
		.id = ip->fragment_id,
		.version = ip->version,
		.proto = ip->version == 4 ? ip->proto : 0,
		.depth = out->tunnel.depth };

	memcpy(key.vlan, out->vlan, sizeof key.vlan);
	return key;
}

/* LAYERS_OK: *ip is the whole datagram now. */
static enum layers_result
reassemble(struct dissector *d, uint64_t time_us, struct ip *ip,
    struct layers *out)
{
	const struct fragment_key key = key_of(ip, out);
	const struct fragment fragment = { .octets = ip->payload,
		.offset = ip->fragment_offset,
		.more = ip->more_fragments,
		.proto = ip->proto,
		.wire_len = out->wire_len,
		.time_us = time_us };
	struct datagram whole;

	d->counts.fragments++;
	if (cut_octets(ip) > 0)
		return LAYERS_TRUNCATED;
	switch (defrag_insert(d->defragmenter, &key, &fragment, &whole)) {
	case DEFRAG_HELD:
		return LAYERS_HELD;
	case DEFRAG_REFUSED:
		return LAYERS_MALFORMED;
	case DEFRAG_WHOLE:
		break;
	}
	out->wire_len = whole.wire_len;
	ip->proto = whole.proto;
	ip->payload = whole.payload;
	ip->payload_len = (uint32_t)whole.payload.left;
	ip->fragment = false;
	if (ip_decode_extensions(ip) != DECODE_OK || ip->fragment)
		return LAYERS_MALFORMED;
	return LAYERS_OK;
}

/* The packet as if it were the innermost. */
static enum layers_result
fill(struct layers *out, const struct ip *ip)
{
	struct transport t;
	enum decode decode;

	decode = transport_decode(ip->proto, ip->payload, ip->payload_len, &t);
	if (decode != DECODE_OK)
		return result_of(decode);
	out->src = ip_addr(ip, ip->src);
	out->dst = ip_addr(ip, ip->dst);
	out->ip_proto = ip->proto;
	out->src_port = t.src_port;
	out->dst_port = t.dst_port;
	out->tcp_flags = t.tcp_flags;
	out->seq = t.seq;
	out->ack = t.ack;
	out->payload = t.payload;
	out->payload_len = t.payload_len;
	return LAYERS_OK;
}

/*
 * The outermost tunnel's endpoints are in *out as the packet that was taken
 * for the innermost until now.
 */
static void
note_tunnel(struct layers *out, uint8_t kind)
{
	if (out->tunnel.depth++ > 0)
		return;
	out->tunnel.kind = kind;
	out->tunnel.ip_proto = out->ip_proto;
	out->tunnel.src_port = out->src_port;
	out->tunnel.dst_port = out->dst_port;
	out->tunnel.src = out->src;
	out->tunnel.dst = out->dst;
}

static enum decode
tunnel_decode(const struct layers *outer, struct tunnelled *out)
{
	if (outer->ip_proto == IP_PROTO_UDP)
		return tunnel_decode_udp(outer->src_port, outer->dst_port,
		    outer->payload, outer->payload_len, out);
	return tunnel_decode_ip(outer->ip_proto, outer->payload, out);
}

/*
 * Does the packet that *out describes carry another?  If it does, *ip becomes
 * that one; else *result is final.  On a UDP port anything may be, so there
 * whatever does not make sense as a tunnel is LAYERS_OK as it stands.
 */
static bool
enter_tunnel(struct layers *out, struct ip *ip, enum layers_result *result)
{
	const size_t cut = out->payload_len - out->payload.left;
	struct tunnelled inner;
	struct link link;
	struct ip inner_ip;
	enum decode decode;

	decode = tunnel_decode(out, &inner);
	if (decode == DECODE_OK)
		decode = link_decode_ethertype(inner.ethertype, inner.packet,
		    &link);
	decode = cut_or_malformed(decode, cut);
	if (decode == DECODE_OK)
		decode = ip_decode(link.packet, link.ip_version, cut,
		    &inner_ip);
	if (decode != DECODE_OK) {
		*result = result_of(decode);
		if (*result == LAYERS_NOT_IP ||
		    (*result == LAYERS_MALFORMED &&
			out->ip_proto == IP_PROTO_UDP))
			*result = LAYERS_OK;
		return false;
	}
	if (out->tunnel.depth == TUNNEL_DEPTH_MAX) {
		*result = LAYERS_MALFORMED;
		return false;
	}
	note_tunnel(out, inner.kind);
	*ip = inner_ip;
	return true;
}

static enum layers_result
dissect_frame(struct dissector *d, const struct packet *packet,
    struct layers *out)
{
	const size_t cut = packet->wire_len > packet->caplen
	                       ? packet->wire_len - packet->caplen
	                       : 0;
	struct link link;
	struct ip ip;
	enum layers_result result;
	enum decode decode;

	decode = link_decode(packet->link_type,
	    cur_of(packet->octets, packet->caplen), &link);
	if (decode == DECODE_UNSUPPORTED && !link_known(packet->link_type))
		return LAYERS_UNKNOWN_LINK;
	decode = cut_or_malformed(decode, cut);
	if (decode == DECODE_OK)
		decode = ip_decode(link.packet, link.ip_version, cut, &ip);
	if (decode != DECODE_OK)
		return result_of(decode);
	start(out, packet, &link);
	do {
		if (ip.fragment)
			result = reassemble(d, packet->time_us, &ip, out);
		else
			result = LAYERS_OK;
		if (result == LAYERS_OK)
			result = fill(out, &ip);
		if (result != LAYERS_OK)
			return result;
	} while (
	    out->ip_proto != IP_PROTO_TCP && enter_tunnel(out, &ip, &result));
	return result;
}

enum layers_result
dissect(struct dissector *d, const struct packet *packet, struct layers *out)
{
	enum layers_result result = dissect_frame(d, packet, out);

	d->counts.results[result]++;
	if (result == LAYERS_OK) {
		d->counts.cut_packets += out->payload.left < out->payload_len;
		d->counts.tunnelled += out->tunnel.depth > 0;
	}
	return result;
}
