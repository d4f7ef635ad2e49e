#ifndef SENSOR_PAIR_TABLE_H
#define SENSOR_PAIR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/beacon_score.h"
#include "sensor/siphash.h"
#include "sensor/transaction.h"

/*
 * What is remembered of every pair: a source in a segment, and a destination
 * service, which is a name (else an address), a port and a protocol.
 *
 * Three sizes.  A cell of 48 octets holds a pair's first three moments; most
 * pairs never have more.  At the fourth it gets a `struct pair` with the latest
 * PAIR_SHORT moments, and when those are full a long history, where one is to
 * be had.  A moment is whatever happens within one second.
 *
 * All memory is reserved at start, and touched only when used.  Where something
 * is full the least promising of a few candidates goes: who was seen seldom and
 * long ago, of a source that fills the place with many; and of pairs with a
 * history those that rank low.  Ranks are the caller's.
 *
 * Time is the capture's.  It may jump: a pair whose clock jumps back by more
 * than an hour, or on by more than a month, begins a new history.
 */

#define PAIR_CELL_SAMPLES 3
#define PAIR_SHORT        32
#define PAIR_NAME_MAX     255

struct pair_table_options {
	uint32_t pairs_max;        /* 48 octets each; at most 2^31 */
	uint32_t histories_max;    /* about 830 octets each */
	uint32_t long_max;         /* 2 KiB each, on top */
	uint32_t destinations_max; /* 48 octets each */
	/* Random where an attacker could see what is forgotten; fixed where
	 * runs must be the same. */
	struct siphash_key key;
};

/* Times are in ms after the pair's base; sizes are rounded past 32 KiB. */
struct pair_sample {
	uint32_t ms;
	uint16_t size_out, size_in;
};

/* A pair with a history.  The first part is the table's to write. */
struct pair {
	uint64_t hash, destination_hash;
	struct addr source, destination; /* destination: the latest address */
	uint16_t port, segment;
	uint8_t ip_proto, kind; /* kind: of the latest transaction */
	uint8_t name_len;
	bool allow_listed;
	uint64_t first_us, last_us;
	uint64_t count;   /* transactions */
	uint64_t moments; /* distinct by a second or more */

	/* The caller's own. */
	uint8_t rank; /* how much it is worth to keep */
	bool alerted;
	uint64_t scored_moments; /* at the latest evaluation */
	uint64_t alerted_us, reported_us;
	struct beacon_score score, best; /* now; the clearest so far */

	/* The table's own. */
	bool used;
	uint16_t sample_count, sample_next; /* a ring */
	uint32_t cell, longer;              /* index, or UINT32_MAX */
	uint64_t base_us;
	struct pair_sample samples[PAIR_SHORT];
	char name[PAIR_NAME_MAX + 1]; /* terminated for convenience */
};

struct pair_table_stats {
	uint64_t cells, histories, longs; /* in use */
	uint64_t cells_evicted, histories_evicted, longs_evicted;
	uint64_t destinations_evicted;
	uint64_t octets_reserved;
};

struct pair_table;

/* Called with a pair that loses its history; it may read, not add. */
typedef void pair_evicted(const struct pair *pair, void *arg);

/* NULL where memory is short or a maximum is 0. */
struct pair_table *pair_table_new(const struct pair_table_options *options,
    pair_evicted *evicted, void *arg);
void pair_table_free(struct pair_table *table);

/*
 * Remembers a transaction.  The pair where it has a history, else NULL; good
 * until the next call.
 */
struct pair *pair_table_add(struct pair_table *table,
    const struct transaction *t);

/*
 * Sizes of the pair's latest moment where that is `t`'s, which became known
 * only later.  False: forgotten meanwhile, or no longer the latest.
 */
bool pair_table_sizes(struct pair_table *table, const struct transaction *t);

/* At most BEACON_SAMPLES_MAX, oldest first as they came.  Returns how many. */
size_t pair_table_samples(const struct pair_table *table,
    const struct pair *pair, struct beacon_sample *out);

/* What other hosts do, see prevalence.h; at least the pair's own. */
void pair_table_context(const struct pair_table *table, const struct pair *pair,
    struct beacon_context *out);

/* Every pair with a history, in the order of their places: NULL ends. */
struct pair *pair_table_next(struct pair_table *table, uint32_t *place);

void pair_table_stats(const struct pair_table *table,
    struct pair_table_stats *out);

#endif
