#ifndef SENSOR_FACTS_H
#define SENSOR_FACTS_H

#include <stdint.h>

#include "sensor/hit.h"

/*
 * One fact is one hit.  A fact is that a source met an indicator, somewhere,
 * in one kind of place; or, without an indicator, that it broke a rule in one
 * way, which is what `matched` says: destination, port, value.  It is reported when it is met first; then it counts,
 * and is reported again at most once in each interval, and once at the end
 * where it was met since.
 *
 * Facts are copies: they outlive the observation and the indicator set.
 */
struct facts;

/* Borrowed: the hit is dead when the call returns. */
typedef void (*hit_emit)(void *arg, const struct hit *hit);

struct facts_options {
	uint32_t facts_max;
	uint64_t octets_max; /* of the copies */
	uint64_t repeat_us;
	hit_emit emit;
	void *emit_arg;
};

struct facts_counts {
	uint64_t hits;    /* facts reported for the first time */
	uint64_t repeats; /* times that known facts were met again */
	uint64_t updates; /* reports of known facts */
	uint64_t evicted;
	uint64_t lost; /* not reported: no memory for the fact */
};

struct facts *facts_new(const struct facts_options *options);
void facts_free(struct facts *facts);

/*
 * The fact that `hit` states was met in its observation.  Of the hit, all but
 * id, count and the times is the caller's to fill in.
 */
void facts_meet(struct facts *facts, const struct hit *hit);

/* Whether facts_meet would only count. */
bool facts_knows(const struct facts *facts, const struct hit *hit);

/* Reports what was met since it was reported last. */
void facts_finish(struct facts *facts);

const struct facts_counts *facts_get_counts(const struct facts *facts);

#endif
