#ifndef DECODERS_IP_H
#define DECODERS_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/decode.h"

/* IANA protocol numbers that decide how to go on. */
enum ip_proto {
	IP_PROTO_HOP_BY_HOP = 0,
	IP_PROTO_ICMP = 1,
	IP_PROTO_IPV4 = 4,
	IP_PROTO_TCP = 6,
	IP_PROTO_UDP = 17,
	IP_PROTO_DCCP = 33,
	IP_PROTO_IPV6 = 41,
	IP_PROTO_ROUTING = 43,
	IP_PROTO_FRAGMENT = 44,
	IP_PROTO_GRE = 47,
	IP_PROTO_AH = 51,
	IP_PROTO_ICMPV6 = 58,
	IP_PROTO_NONE = 59,
	IP_PROTO_DESTINATION = 60,
	IP_PROTO_ETHERIP = 97,
	IP_PROTO_SCTP = 132,
	IP_PROTO_MOBILITY = 135,
	IP_PROTO_UDPLITE = 136,
	IP_PROTO_HIP = 139,
	IP_PROTO_SHIM6 = 140,
};

/* No sane sender needs more; RFC 8504 section 5.3 allows such a limit. */
#define IP_EXTENSIONS_MAX 16

/* An IPv4 (RFC 791) or IPv6 (RFC 8200) packet. */
struct ip {
	const uint8_t *src, *dst; /* ip_addr reads them; in the packet */
	uint8_t version;          /* 4 or 6 */
	uint8_t proto; /* of the payload; of IPv6: past the extensions */
	/*
	 * A fragment: the payload is part of a larger one, from
	 * fragment_offset octets on; more_fragments: others come after it.
	 */
	bool fragment, more_fragments;
	uint16_t fragment_offset;
	uint32_t fragment_id;
	uint32_t payload_len;  /* as the header counts it */
	struct cursor payload; /* as captured: at most payload_len octets */
};

/*
 * An address is made where it is kept: copying one that was just written in
 * parts stalls the processor for longer than the header takes to read.
 */
static inline struct addr
ip_addr(const struct ip *ip, const uint8_t *octets)
{
	return ip->version == 4 ? addr_v4(octets) : addr_v6(octets);
}

/*
 * Reads the header and its extensions (IPv6's; AH in both), up to and with a
 * fragment header.  `cut` is how many octets the link layer had behind
 * `packet` that were not captured; it only matters where the header says
 * length 0, as packets do that are handed to segmentation offload.  A length
 * past the end of what there is means that the packet was cut, which mirrors
 * (ERSPAN) and converted captures do without saying it elsewhere.
 *
 * DECODE_SHORT: a header was cut; where it merely ends early the result is
 * DECODE_MALFORMED.
 */
enum decode ip_decode(struct cursor packet, uint8_t version, size_t cut,
    struct ip *out);

/*
 * Goes on with the extensions when a reassembled payload has been put in
 * place of a fragment's.
 */
enum decode ip_decode_extensions(struct ip *ip);

#endif
