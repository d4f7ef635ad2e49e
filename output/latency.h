#ifndef OUTPUT_LATENCY_H
#define OUTPUT_LATENCY_H

#include <stdint.h>

/*
 * How long things took, as counts in buckets that grow by a quarter of a power
 * of two: a percentile is right to within 25 %, whatever the range.  Plain
 * numbers: may be copied and added.
 */
#define LATENCY_BUCKETS 160 /* up to 2^40 us, twelve days */

struct latency {
	uint64_t count, max_us;
	uint64_t buckets[LATENCY_BUCKETS];
};

void latency_add(struct latency *latency, uint64_t us);
void latency_merge(struct latency *sum, const struct latency *one);

/* The upper edge of the bucket that `percent` (1 .. 100) of all fall below,
   at most max_us; 0 where there are none. */
uint64_t latency_percentile(const struct latency *latency, unsigned percent);

#endif
