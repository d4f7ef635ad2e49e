#ifndef SENSOR_LAYERS_H
#define SENSOR_LAYERS_H

#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/link.h"   /* VLAN_MAX */
#include "decoders/tunnel.h" /* enum tunnel_kind */
#include "sensor/packet.h"

/*
 * From a frame to its transport segment: link layer, tags, tunnels, IP and its
 * fragments, TCP/UDP/... header.  Where packets are nested the innermost IP
 * packet decides; the VLAN tags are the outermost frame's, and tags of frames
 * inside a tunnel are not kept even where that one had none: they are
 * another network's.  A tunnel that carries no IP (ARP, STP, a control
 * message) is an ordinary packet between its endpoints, and what ICMP errors
 * quote is payload.  Checksums are not verified: offload leaves them unset.
 */

#define TUNNEL_DEPTH_MAX 8

/* The outermost tunnel that a packet came through. */
struct tunnel {
	uint8_t kind;  /* enum tunnel_kind */
	uint8_t depth; /* tunnels inside one another; 0: none */
	uint8_t ip_proto;
	uint16_t src_port, dst_port;
	struct addr src, dst;
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10

struct layers {
	struct addr src, dst;
	uint16_t src_port, dst_port; /* 0 for protocols without ports */
	uint8_t ip_proto;            /* IANA protocol number */
	uint8_t tcp_flags;           /* TCP_..., all eight as sent */
	uint32_t seq, ack;           /* TCP */
	struct cursor payload;       /* transport payload, as captured */
	uint32_t payload_len;        /* as the headers count it, >= payload */
	uint32_t wire_len;           /* of the frame(s) this came in */
	uint8_t vlan_count;
	uint16_t vlan[VLAN_MAX]; /* ids, outermost first */
	struct tunnel tunnel;
};

enum layers_result {
	LAYERS_OK,     /* *out is filled: an unfragmented or whole datagram */
	LAYERS_HELD,   /* a fragment; its datagram is not whole, or evicted */
	LAYERS_NOT_IP, /* valid, but carries no IP: ARP, STP, LLDP ... */
	LAYERS_UNKNOWN_LINK, /* a link type that we do not read */
	/*
	 * Cut (snaplen) before the end of the transport header; of TCP's the
	 * options may be missing.  Or a fragment that was cut anywhere: no
	 * whole datagram can come of it.
	 */
	LAYERS_TRUNCATED,
	LAYERS_MALFORMED, /* lengths, versions or fragments contradict */
	LAYERS_RESULT_COUNT,
};

/*
 * All of it is address space at first and memory as it is used.  Beside
 * octets_max a dissector needs up to 4 MiB for whole datagrams and less than
 * half a KiB for each of datagrams_max.  What limits leave no room for is
 * evicted; 0 means that nothing is reassembled.
 */
struct fragment_limits {
	uint32_t datagrams_max; /* incomplete at once; the oldest is evicted */
	uint32_t octets_max;    /* held by all of them, in blocks of 2 KiB */
	uint64_t timeout_us;    /* RFC 8200 section 4.5 says 60 s */
};

struct layers_counts {
	uint64_t results[LAYERS_RESULT_COUNT];
	uint64_t cut_packets; /* LAYERS_OK, payload not captured whole */
	uint64_t tunnelled;   /* LAYERS_OK out of a tunnel */
	uint64_t fragments;   /* seen */
	uint64_t reassembled; /* datagrams made of fragments */
	/* Datagrams that were never whole: too old, or limits were reached. */
	uint64_t fragment_timeouts, fragment_evictions;
	uint64_t fragment_overlaps; /* fragments that contradict others */
};

/* One worker's dissector; holds the fragments.  NULL where memory is short. */
struct dissector;
struct dissector *dissector_new(const struct fragment_limits *limits);
void dissector_free(struct dissector *dissector);

/*
 * Dissects one frame; *out holds for LAYERS_OK only.  out->payload borrows
 * from the frame or, for a reassembled datagram, from the dissector, where it
 * lives until the next dissector_release (at least every 32 packets, or room
 * for whole datagrams runs out and they are evicted).  Each result is counted.
 */
enum layers_result dissect(struct dissector *dissector,
    const struct packet *packet, struct layers *out);

/* The caller is done with every payload that it was given. */
void dissector_release(struct dissector *dissector);

const struct layers_counts *dissector_counts(const struct dissector *d);

#endif
