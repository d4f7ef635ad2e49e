#ifndef SENSOR_PAIR_HISTORY_H
#define SENSOR_PAIR_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/pair_table.h"

/*
 * The pairs with a history, and their moments: the part of pair_table.c that
 * the many pairs without one never touch.  Nobody else uses it.
 */

#define PAIR_NONE    UINT32_MAX
#define PAIR_STALE_S 600 /* in which a pair loses half of its worth */
/* Closer is the same moment. */
#define PAIR_SPACING_MS 1000

struct long_history {
	uint32_t owner; /* index of the pair, or PAIR_NONE */
	struct pair_sample samples[BEACON_SAMPLES_MAX];
};

/* A fixed number of places; those never used yet are the ones from `top`. */
struct pool {
	uint32_t max, top, free_count;
	uint32_t *free;
};

struct pair_histories {
	struct pair *pairs;
	struct long_history *longs;
	struct pool pair_pool, long_pool;
	uint64_t random; /* xorshift state */
	uint64_t count, long_count, longs_evicted;
	uint64_t octets_reserved;
};

/* Capture clock in seconds since 1970, up to 2106. */
static inline uint32_t
pair_seconds(uint64_t time_us)
{
	uint64_t s = time_us / 1000000;

	return s < UINT32_MAX ? (uint32_t)s : UINT32_MAX;
}

/* A clock that stepped back makes nothing old. */
static inline uint32_t
pair_age(uint32_t now_s, uint32_t last_s)
{
	return now_s > last_s ? now_s - last_s : 0;
}

/* 0, or -1 where memory is short; _fini is good after either. */
int pair_histories_init(struct pair_histories *h, uint32_t pairs_max,
    uint32_t longs_max, uint64_t seed);
void pair_histories_fini(struct pair_histories *h);

/* A pair without moments, all 0 but what says so; NULL where all are used. */
struct pair *pair_history_take(struct pair_histories *h, uint64_t first_us);
void pair_history_give(struct pair_histories *h, struct pair *pair);

/* Where all are used: the one to give up, of a few at random. */
struct pair *pair_history_victim(struct pair_histories *h, uint32_t now_s);

/* What a pair is worth: its rank, and less with each PAIR_STALE_S of silence.
 */
uint64_t pair_history_worth(const struct pair *pair, uint32_t now_s);

/* Sizes as pair_size_pack gives them. */
void pair_history_push(struct pair_histories *h, struct pair *pair,
    uint64_t time_us, uint16_t size_out, uint16_t size_in);

/* The sample of the latest moment, where that is of `time_us`; else NULL. */
struct pair_sample *pair_history_latest(struct pair_histories *h,
    struct pair *pair, uint64_t time_us);

size_t pair_history_samples(const struct pair_histories *h,
    const struct pair *pair, struct beacon_sample *out);

/* Exact up to 32 KiB, then in steps of 64 KiB. */
uint16_t pair_size_pack(uint32_t octets);

#endif
