#ifndef SENSOR_PROFILE_DETECTOR_H
#define SENSOR_PROFILE_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "iocs/profile_load.h"
#include "sensor/observation.h"
#include "sensor/profile_rhythm.h"
#include "sensor/segments.h"

/*
 * Requests that look like a known implant's (iocs/profiles/README.md), alone
 * or by their rhythm.  Judged is what leaves: from an internal initiator to an
 * external responder, or by way of a proxy to a name with a dot.  Takes
 * OBS_HTTP_REQUEST and OBS_FLOW_END; ignores the rest.
 *
 * Only pairs with a request that could reach a profile's threshold, were its
 * rhythm right, are remembered, so there are few.  Where the table is full the
 * newcomer takes the place of the one that was silent longest, of those that
 * are worth least: without a beat, with one, with a finding.  The better two
 * are given at most three quarters of the places, so that a flood neither
 * drives out what is known nor, gone stale, keeps what is new from growing.
 */
struct profile_detector;

/*
 * Borrowed: dead when the call returns.  `observation` is the request that
 * raised the finding first, also in updates; one of more than 4096 octets has
 * lost its text (and is an OBS_FLOW_APP, cut).
 */
struct profile_finding {
	const struct profile *profile;
	const struct observation *observation;
	uint64_t time_us;   /* of this report, capture clock */
	bool update;        /* reported before */
	bool timed;         /* the rhythm holds, or did */
	uint8_t confidence; /* 1..100; without the rhythm at most 90 */
	int score;          /* what the weights add up to */
	int timing_score;   /* ... the rhythm's part of it */
	uint32_t features;  /* a bit for each that matched, of
	                       profile->features */
	uint64_t count;     /* requests that looked so */
	uint64_t first_us, last_us;
	uint64_t interval_us, jitter_us; /* medians; 0: none yet */
	unsigned recent_count;
	uint32_t recent_us[RHYTHM_INTERVALS_MAX]; /* intervals, oldest first */
};

typedef void (*profile_emit)(void *arg, const struct profile_finding *finding);

struct profile_detector_options {
	const struct profile_set *profiles; /* stay the caller's */
	uint32_t pairs_max; /* at least 4; each takes about 300 octets, with a
	                       finding up to 4 KiB more */
	uint64_t repeat_us; /* between updates that only count */
	const struct segments *segments; /* which pairs are egress; or NULL */
	profile_emit emit;
	void *emit_arg;
};

struct profile_detector_counts {
	uint64_t requests; /* that could be some profile's */
	uint64_t findings; /* reported for the first time */
	uint64_t updates;
	uint64_t evicted; /* pairs that made room */
};

/* NULL where memory is short. */
struct profile_detector *profile_detector_new(
    const struct profile_detector_options *options);
void profile_detector_free(struct profile_detector *detector);

void profile_detector_observe(struct profile_detector *detector,
    const struct observation *o);

/* The capture is over: reports what was counted since its last report. */
void profile_detector_finish(struct profile_detector *detector);

const struct profile_detector_counts *profile_detector_get_counts(
    const struct profile_detector *detector);

#endif
