#ifndef SENSOR_PROFILE_RHYTHM_H
#define SENSOR_PROFILE_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

#include "iocs/profile.h"

/*
 * Whether requests come as a profile's loop sends them.  Memory of the last
 * few intervals, all zero at first.
 *
 * Requests that follow one another closely (within a quarter of the period)
 * are one turn of the loop: the sleep begins after the last of them.  An
 * interval that is several turns long, for lost packets, failed attempts or a
 * laptop that slept, says nothing for or against.
 */
#define RHYTHM_INTERVALS_MAX 16

struct profile_rhythm {
	bool started;
	uint8_t count;    /* of intervals_us */
	uint8_t next;     /* where the next one goes */
	uint16_t on_beat; /* a bit for each of intervals_us */
	uint16_t aligned; /* its end is in a minute's first seconds */
	uint64_t last_us; /* of the last request */
	uint32_t intervals_us[RHYTHM_INTERVALS_MAX]; /* a ring; longer ones
	                                                are at their bound */
};

void profile_rhythm_add(struct profile_rhythm *rhythm,
    const struct profile_timing *timing, uint64_t at_us);

/*
 * Enough intervals are as the profile says and like one another, and at most
 * one in four is not.
 */
bool profile_rhythm_holds(const struct profile_rhythm *rhythm,
    const struct profile_timing *timing);

/* What the rhythm adds to the score; 0 where it does not hold. */
int profile_rhythm_score(const struct profile_rhythm *rhythm,
    const struct profile_timing *timing);

/*
 * Median of the intervals on the beat, and the median of their distances from
 * it; 0 where there are none.
 */
void profile_rhythm_measure(const struct profile_rhythm *rhythm,
    uint64_t *interval_us, uint64_t *jitter_us);

/* The intervals, oldest first; how many. */
unsigned profile_rhythm_recent(const struct profile_rhythm *rhythm,
    uint32_t out[RHYTHM_INTERVALS_MAX]);

#endif
