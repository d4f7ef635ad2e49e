#include "output/latency.h"

/*
 * Below four each number has a bucket of its own.  From there on, a bucket is
 * told by the highest bit and the two that follow it.
 */
#define EXACT 4

static unsigned
bucket_of(uint64_t us)
{
	unsigned highest, bucket;

	if (us < EXACT)
		return (unsigned)us;
	highest = 63 - (unsigned)__builtin_clzll(us);
	bucket = EXACT * (highest - 1) + (unsigned)(us >> (highest - 2) & 3);
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The greatest number that falls into it. */
static uint64_t
bucket_edge(unsigned bucket)
{
	unsigned width = bucket / EXACT - 1; /* of the rest, in bits */

	if (bucket < EXACT)
		return bucket;
	if (bucket == LATENCY_BUCKETS - 1)
		return UINT64_MAX;
	return ((uint64_t)(EXACT + bucket % EXACT + 1) << width) - 1;
}

void
latency_add(struct latency *latency, uint64_t us)
{
	latency->count++;
	latency->buckets[bucket_of(us)]++;
	if (us > latency->max_us)
		latency->max_us = us;
}

void
latency_merge(struct latency *sum, const struct latency *one)
{
	sum->count += one->count;
	if (one->max_us > sum->max_us)
		sum->max_us = one->max_us;
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		sum->buckets[i] += one->buckets[i];
}

/* ceil(count * percent / 100), without an overflow. */
static uint64_t
rank_of(uint64_t count, unsigned percent)
{
	return count / 100 * percent + (count % 100 * percent + 99) / 100;
}

uint64_t
latency_percentile(const struct latency *latency, unsigned percent)
{
	uint64_t rank = rank_of(latency->count, percent < 100 ? percent : 100);
	uint64_t below = 0;

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		below += latency->buckets[i];
		if (below >= rank && below > 0)
			return bucket_edge(i) < latency->max_us
			           ? bucket_edge(i)
			           : latency->max_us;
	}
	return 0;
}
