#include "sensor/pair_history.h"
#include "sensor/reserve.h"

#include <string.h>

#define NONE      PAIR_NONE
#define SECOND_US UINT64_C(1000000)
/* A sample may be this much older than the first that was seen. */
#define HEADROOM_US (3600 * SECOND_US)
/* History that a leap of the clock would strand. */
#define HISTORY_US (7 * 86400 * SECOND_US)
#define CANDIDATES 8 /* looked at for the one that goes */

static int
pool_init(struct pool *pool)
{
	pool->free = reserve(pool->max * sizeof pool->free[0]);
	return pool->free == NULL ? -1 : 0;
}

static uint32_t
pool_take(struct pool *pool)
{
	if (pool->free_count > 0)
		return pool->free[--pool->free_count];
	return pool->top < pool->max ? pool->top++ : NONE;
}

static void
pool_give(struct pool *pool, uint32_t index)
{
	pool->free[pool->free_count++] = index;
}

int
pair_histories_init(struct pair_histories *h, uint32_t pairs_max,
    uint32_t longs_max, uint64_t seed)
{
	uint64_t pair_octets = pairs_max * sizeof h->pairs[0];
	uint64_t long_octets = longs_max * sizeof h->longs[0];
	uint64_t free_octets = ((uint64_t)pairs_max + longs_max) *
	                       sizeof h->pair_pool.free[0];

	*h = (struct pair_histories){ .pair_pool.max = pairs_max,
		.long_pool.max = longs_max,
		.random = seed != 0 ? seed : 1,
		.octets_reserved = pair_octets + long_octets + free_octets };
	h->pairs = reserve(pair_octets);
	h->longs = reserve(long_octets);
	if (pool_init(&h->pair_pool) == -1 || pool_init(&h->long_pool) == -1 ||
	    h->pairs == NULL || h->longs == NULL)
		return -1;
	return 0;
}

void
pair_histories_fini(struct pair_histories *h)
{
	unreserve(h->pairs, h->pair_pool.max * sizeof h->pairs[0]);
	unreserve(h->longs, h->long_pool.max * sizeof h->longs[0]);
	unreserve(h->pair_pool.free,
	    h->pair_pool.max * sizeof h->pair_pool.free[0]);
	unreserve(h->long_pool.free,
	    h->long_pool.max * sizeof h->long_pool.free[0]);
}

/* An index below `count`. */
static uint32_t
pick(struct pair_histories *h, uint32_t count)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return (uint32_t)((h->random >> 32) * count >> 32);
}

uint16_t
pair_size_pack(uint32_t octets)
{
	if (octets < 0x8000)
		return (uint16_t)octets;
	octets >>= 16;
	return (uint16_t)(0x8000 | (octets < 0x7fff ? octets : 0x7fff));
}

static uint32_t
size_unpack(uint16_t size)
{
	return size < 0x8000 ? size
	                     : ((uint32_t)(size & 0x7fff) << 16) + 0x8000;
}

/* ---- samples ---- */

static struct pair_sample *
ring_of(const struct pair_histories *h, const struct pair *pair, uint16_t *size)
{
	*size = pair->longer == NONE ? PAIR_SHORT : BEACON_SAMPLES_MAX;
	if (pair->longer == NONE)
		return h->pairs[pair - h->pairs].samples;
	return h->longs[pair->longer].samples;
}

/* The i-th of the ring's samples, oldest first. */
static uint16_t
ring_index(const struct pair *pair, uint16_t size, uint16_t i)
{
	return (uint16_t)((pair->sample_next + size - pair->sample_count + i) %
			  size);
}

static void
restart(struct pair *pair, uint64_t time_us)
{
	pair->base_us = time_us > HEADROOM_US ? time_us - HEADROOM_US : 0;
	pair->sample_count = pair->sample_next = 0;
}

/* Moves the base on to a week before now; what is older goes. */
static void
rebase(const struct pair_histories *h, struct pair *pair, uint64_t time_us)
{
	uint64_t base = time_us - HISTORY_US;
	uint64_t shift = (base - pair->base_us) / 1000;
	struct pair_sample kept[BEACON_SAMPLES_MAX], *ring;
	uint16_t size, count = 0;

	ring = ring_of(h, pair, &size);
	for (uint16_t i = 0; i < pair->sample_count; i++) {
		struct pair_sample s = ring[ring_index(pair, size, i)];

		if (s.ms < shift)
			continue;
		s.ms -= (uint32_t)shift;
		kept[count++] = s;
	}
	memcpy(ring, kept, count * sizeof kept[0]);
	pair->base_us += shift * 1000;
	pair->sample_count = count;
	pair->sample_next = count % size;
}

static uint32_t
sample_time(const struct pair_histories *h, struct pair *pair, uint64_t time_us)
{
	if (time_us < pair->base_us)
		restart(pair, time_us);
	else if ((time_us - pair->base_us) / 1000 > UINT32_MAX)
		rebase(h, pair, time_us);
	return (uint32_t)((time_us - pair->base_us) / 1000);
}

static void lengthen(struct pair_histories *h, struct pair *pair,
    uint32_t now_s);

void
pair_history_push(struct pair_histories *h, struct pair *pair, uint64_t time_us,
    uint16_t out, uint16_t in)
{
	uint32_t ms = sample_time(h, pair, time_us), last;
	struct pair_sample *ring;
	uint16_t size;

	if (pair->sample_count == PAIR_SHORT && pair->longer == NONE)
		lengthen(h, pair, pair_seconds(time_us));
	ring = ring_of(h, pair, &size);
	if (pair->sample_count > 0) {
		last = ring[(pair->sample_next + size - 1) % size].ms;
		if (ms >= last ? ms - last < PAIR_SPACING_MS
			       : last - ms < PAIR_SPACING_MS)
			return;
	}
	ring[pair->sample_next] = (struct pair_sample){ ms, out, in };
	pair->sample_next = (uint16_t)((pair->sample_next + 1) % size);
	if (pair->sample_count < size)
		pair->sample_count++;
	pair->moments++;
}

size_t
pair_history_samples(const struct pair_histories *h, const struct pair *pair,
    struct beacon_sample *out)
{
	uint16_t size;
	const struct pair_sample *ring = ring_of(h, pair, &size);

	for (uint16_t i = 0; i < pair->sample_count; i++) {
		const struct pair_sample *s = &ring[ring_index(pair, size, i)];

		out[i].time_us = pair->base_us + (uint64_t)s->ms * 1000;
		out[i].octets_out = size_unpack(s->size_out);
		out[i].octets_in = size_unpack(s->size_in);
	}
	return pair->sample_count;
}

struct pair_sample *
pair_history_latest(struct pair_histories *h, struct pair *pair,
    uint64_t time_us)
{
	struct pair_sample *last;
	uint16_t size;

	if (pair->sample_count == 0 || time_us < pair->base_us)
		return NULL;
	last = ring_of(h, pair, &size);
	last += (pair->sample_next + size - 1) % size;
	return last->ms == (time_us - pair->base_us) / 1000 ? last : NULL;
}

/* ---- long histories ---- */

/* What a pair with a history is worth: its rank, and less with each STALE_S. */
uint64_t
pair_history_worth(const struct pair *pair, uint32_t now_s)
{
	return ((uint64_t)pair->rank + 1) * 65536 /
	       (1 +
		   pair_age(now_s, pair_seconds(pair->last_us)) / PAIR_STALE_S);
}

/* Back to the latest PAIR_SHORT moments. */
static void
shorten(struct pair_histories *h, struct pair *pair)
{
	const struct pair_sample *ring = h->longs[pair->longer].samples;
	uint16_t skip = 0;

	if (pair->sample_count > PAIR_SHORT)
		skip = (uint16_t)(pair->sample_count - PAIR_SHORT);
	for (uint16_t i = skip; i < pair->sample_count; i++)
		pair->samples[i - skip] =
		    ring[ring_index(pair, BEACON_SAMPLES_MAX, i)];
	pair->sample_count = (uint16_t)(pair->sample_count - skip);
	pair->sample_next = pair->sample_count % PAIR_SHORT;
	h->longs[pair->longer].owner = NONE;
	pool_give(&h->long_pool, pair->longer);
	h->long_count--;
	pair->longer = NONE;
}

/* Makes room for a long history, unless `pair` itself is worth the least. */
static void
evict_long(struct pair_histories *h, const struct pair *pair, uint32_t now_s)
{
	uint64_t least = pair_history_worth(pair, now_s);
	struct pair *victim = NULL;

	for (int i = 0; i < CANDIDATES; i++) {
		uint32_t at = pick(h, h->long_pool.top);
		struct pair *other = &h->pairs[h->longs[at].owner];

		if (pair_history_worth(other, now_s) < least) {
			least = pair_history_worth(other, now_s);
			victim = other;
		}
	}
	if (victim == NULL)
		return;
	shorten(h, victim);
	h->longs_evicted++;
}

static void
lengthen(struct pair_histories *h, struct pair *pair, uint32_t now_s)
{
	struct long_history *history;
	uint32_t at;

	if (h->long_count == h->long_pool.max)
		evict_long(h, pair, now_s);
	if ((at = pool_take(&h->long_pool)) == NONE)
		return;
	history = &h->longs[at];
	history->owner = (uint32_t)(pair - h->pairs);
	for (uint16_t i = 0; i < pair->sample_count; i++)
		history->samples[i] =
		    pair->samples[ring_index(pair, PAIR_SHORT, i)];
	pair->sample_next = pair->sample_count;
	pair->longer = at;
	h->long_count++;
}

struct pair *
pair_history_victim(struct pair_histories *h, uint32_t now_s)
{
	uint64_t least = UINT64_MAX, value;
	struct pair *victim = NULL;

	for (int i = 0; i < CANDIDATES; i++) {
		struct pair *pair = &h->pairs[pick(h, h->pair_pool.top)];

		if ((value = pair_history_worth(pair, now_s)) < least) {
			least = value;
			victim = pair;
		}
	}
	return victim;
}

/* ---- coming and going ---- */

struct pair *
pair_history_take(struct pair_histories *h, uint64_t first_us)
{
	uint32_t at = pool_take(&h->pair_pool);
	struct pair *pair;

	if (at == NONE)
		return NULL;
	pair = &h->pairs[at];
	memset(pair, 0, offsetof(struct pair, samples));
	pair->used = true;
	pair->longer = NONE;
	restart(pair, first_us);
	h->count++;
	return pair;
}

void
pair_history_give(struct pair_histories *h, struct pair *pair)
{
	if (pair->longer != NONE)
		shorten(h, pair);
	pair->used = false;
	pool_give(&h->pair_pool, (uint32_t)(pair - h->pairs));
	h->count--;
}
