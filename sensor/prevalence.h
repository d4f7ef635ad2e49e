#ifndef SENSOR_PREVALENCE_H
#define SENSOR_PREVALENCE_H

#include <stdint.h>

/*
 * How many hosts of a segment talk to the same destination service, today and
 * yesterday by the capture clock: what everyone polls is not an implant.
 *
 * A fixed number of destinations, in sets of eight; where a set is full the one
 * with few hosts that was asked for long ago goes.  Sources and destinations
 * are hashes under a key, the segment's index part of the destination's.
 */
struct prevalence;

#define PREVALENCE_SEGMENTS_MAX                                                \
	64 /* more of them share the last one's hosts                          \
	    */

/* NULL where memory is short.  48 octets for each destination. */
struct prevalence *prevalence_new(uint32_t destinations_max);
void prevalence_free(struct prevalence *prevalence);

/* `destination` is not 0. */
void prevalence_note(struct prevalence *prevalence, uint64_t destination,
    uint64_t source, uint16_t segment, uint32_t now_s);

/* Estimates, see host_count.h; 0 where the destination is not known. */
uint32_t prevalence_peers(const struct prevalence *prevalence,
    uint64_t destination);
uint32_t prevalence_hosts(const struct prevalence *prevalence,
    uint16_t segment);

uint64_t prevalence_evicted(const struct prevalence *prevalence);
uint64_t prevalence_octets(const struct prevalence *prevalence);

#endif
