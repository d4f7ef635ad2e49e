#ifndef SENSOR_DEFRAG_H
#define SENSOR_DEFRAG_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/link.h"

/*
 * Fragments become datagrams again, in memory that is reserved once and
 * touched only as far as it is used.
 *
 * Where fragments of one datagram overlap, receivers differ.  IPv6 forbids it:
 * the datagram is discarded (RFC 8200 section 4.5, RFC 5722).  IPv4 does not
 * say; here the octets that came first stay, as BSD and Windows mostly do, so
 * that a datagram which some receiver would accept is still seen.  In both, a
 * fragment whose octets are all there already and the same is a repeat, which
 * spans deliver often, and no overlap.  A datagram whose fragments disagree
 * about its end is discarded, and so is what else comes of it.
 */

struct fragment_limits;
struct layers_counts;

/* Which datagram.  Compared and hashed as octets: set all of them. */
struct fragment_key {
	struct addr src, dst;
	uint32_t id;
	uint16_t vlan[VLAN_MAX]; /* of the outermost frame */
	uint8_t version;         /* 4 or 6 */
	uint8_t proto; /* IPv4; IPv6 has 0, as fragments may differ in it */
	uint8_t depth; /* tunnels around it */
	uint8_t zero[3];
};
_Static_assert(sizeof(struct fragment_key) == 48, "no padding to hash");

struct fragment {
	struct cursor octets; /* captured whole */
	uint32_t offset;      /* of the octets in the datagram's payload */
	bool more;            /* others come behind */
	uint8_t proto;        /* of the payload, where offset is 0 */
	uint32_t wire_len;    /* of the frame(s) that it came in */
	uint64_t time_us;
};

struct datagram {
	struct cursor payload; /* lives until defrag_release */
	uint8_t proto;
	uint32_t wire_len; /* of all frames together */
};

enum defrag {
	DEFRAG_HELD,    /* kept, or a repeat, or evicted at once */
	DEFRAG_WHOLE,   /* *out is the datagram */
	DEFRAG_REFUSED, /* no valid fragment, or its datagram was discarded */
};

/*
 * NULL where memory is short.  Timeouts, evictions and overlaps are counted
 * in *counts, which must live as long.  Fragments of a datagram that was
 * already discarded are counted by the caller alone.
 */
struct defragmenter;
struct defragmenter *defrag_new(const struct fragment_limits *limits,
    struct layers_counts *counts);
void defrag_free(struct defragmenter *defragmenter);

enum defrag defrag_insert(struct defragmenter *defragmenter,
    const struct fragment_key *key, const struct fragment *fragment,
    struct datagram *out);

/* Every payload that was given is dead. */
void defrag_release(struct defragmenter *defragmenter);

#endif
