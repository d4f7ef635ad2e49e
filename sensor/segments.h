#ifndef SENSOR_SEGMENTS_H
#define SENSOR_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"

/*
 * Named parts of the network, each with a role.  An address belongs to the
 * segment with the longest network that holds it; where a segment names VLANs
 * the packet must also be on one of them, or the next shorter network decides.
 * Of equal networks the one whose segment names the VLAN wins.  A segment with
 * VLANs and without networks holds the private space on them, but comes after
 * one that has the same network by name.
 */
struct segments;

#define SEGMENT_EXTERNAL 0 /* none of ours */
#define SEGMENT_INTERNAL                                                       \
	1 /* private space (RFC 1918, 6598, 4193, link-local)                  \
	     that no configured segment names */
#define SEGMENT_MAX 1024

struct segments *segments_new(void); /* external and internal only */
void segments_free(struct segments *segments);

/* Adds a segment; the strings are copied.  Its index, or -1: full, no memory.
 */
int segments_add(struct segments *segments, const char *name, const char *role);
/* prefix_bits of 128; bits of `network` past them do not count. */
int segments_add_network(struct segments *segments, uint16_t segment,
    const struct addr *network, unsigned prefix_bits);
/* vlan 1..4094; restricts the segment to the VLANs that were added. */
int segments_add_vlan(struct segments *segments, uint16_t segment,
    uint16_t vlan);
/* After the last add, before the first find. */
int segments_compile(struct segments *segments);

/*
 * Which pairs count as egress, by the initiator's segment and the responder's.
 * Until the first call these are from each segment of ours to the external
 * one; then those that were added, and no others.
 */
#define SEGMENT_EVERY_INTERNAL UINT16_MAX /* each segment but the external */
/* After the last segments_add.  -1: no such segment. */
int segments_add_egress(struct segments *segments, uint16_t from, uint16_t to);
/* Of NULL, as without any segments_add_egress.  One bit is looked up. */
bool segments_is_egress(const struct segments *segments, uint16_t from,
    uint16_t to);

/* By its name, "internal" among them; -1: none has it. */
int segments_named(const struct segments *segments, const char *name);

/* Thread-safe after segments_compile; allocates nothing. */
uint16_t segments_find(const struct segments *segments, const struct addr *addr,
    const uint16_t *vlans, unsigned vlan_count);

/* "" for SEGMENT_EXTERNAL; role "" where none is known. */
const char *segment_name(const struct segments *segments, uint16_t segment);
const char *segment_role(const struct segments *segments, uint16_t segment);
static inline bool
segment_is_internal(uint16_t segment)
{
	return segment != SEGMENT_EXTERNAL;
}

/*
 * "egress" where the pair counts as such; "ingress" where it comes from the
 * external segment or its opposite counts; else "internal" where both are
 * ours, and "external".
 */
const char *segments_direction(const struct segments *segments, uint16_t from,
    uint16_t to);

#endif
