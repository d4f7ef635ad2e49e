#ifndef DECODERS_LINK_H
#define DECODERS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"

/*
 * From a frame to its IP packet: Ethernet, 802.2, VLAN and provider tags, MPLS
 * and its pseudowires, PPPoE, PPP, Cisco HDLC, Linux cooked, BSD loopback,
 * packet filter logs.  However many headers there are, each takes octets off
 * the frame, so the frame's length bounds the work.
 */

#define VLAN_MAX 3

struct link {
	struct cursor packet; /* the IP packet and what trails it (padding) */
	uint8_t ip_version;   /* 4 or 6, as the layer above it says */
	uint8_t vlan_count;
	uint16_t vlan[VLAN_MAX]; /* ids, outermost first; 0 beyond the count */
};

/* Is this LINKTYPE_ value one that link_decode reads? */
bool link_known(uint32_t link_type);

/*
 * DECODE_UNSUPPORTED: the frame carries no IP, or the link type is unknown.
 * The null VLAN id of a priority tag (IEEE 802.1Q clause 9.6) names no VLAN
 * and is not kept; nor are ids past VLAN_MAX.
 */
enum decode link_decode(uint32_t link_type, struct cursor frame,
    struct link *out);

/* The same from the middle: for what a tunnel's EtherType announces. */
enum decode link_decode_ethertype(uint16_t ethertype, struct cursor rest,
    struct link *out);

#endif
