#include "sensor/pair_table.h"

#include <stdlib.h>
#include <string.h>

#include "sensor/pair_history.h"
#include "sensor/prevalence.h"
#include "sensor/reserve.h"

#define NONE      PAIR_NONE
#define SECOND_US UINT64_C(1000000)
/* So that the index of a cell fits 32 bits. */
#define PAIRS_LIMIT (UINT32_C(1) << 31)
#define WAYS        8
#define CROWD       3 /* cells of one source that make it a crowd */

/* ---- what is kept ---- */

/*
 * One cache line says of eight cells who they may be, and which has to go.
 * `level` is 0 where empty, else the moments in the cell, else GROWN.
 */
#define GROWN (PAIR_CELL_SAMPLES + 1)

struct set {
	_Alignas(64) uint32_t last_s[WAYS]; /* capture clock, since 1970 */
	uint16_t tag[WAYS];                 /* of the pair's hash */
	uint8_t source[WAYS];               /* of the source's hash */
	uint8_t level[WAYS];
};
_Static_assert(sizeof(struct set) == 64, "one cache line");

/* The first moment in full, the others by their distance from it. */
struct cell {
	uint64_t hash;
	uint32_t first_s;
	uint16_t first_ms;
	uint16_t count; /* transactions, saturating */
	union {
		uint32_t distance_ms[PAIR_CELL_SAMPLES - 1];
		uint32_t history; /* index, where GROWN */
	};
	uint16_t out[PAIR_CELL_SAMPLES], in[PAIR_CELL_SAMPLES];
};
_Static_assert(sizeof(struct cell) == 40, "five cells in 200 octets");

struct pair_table {
	struct pair_table_options options;
	pair_evicted *evicted;
	void *evicted_arg;
	uint32_t set_count;
	struct set *sets;
	struct cell *cells; /* WAYS for each set */
	struct pair_histories histories;
	struct prevalence *prevalence;
	struct pair_table_stats stats;
};

/* ---- memory ---- */

static uint64_t
cell_count(const struct pair_table *table)
{
	return (uint64_t)table->set_count * WAYS;
}

static int
table_reserve(struct pair_table *t)
{
	const struct pair_table_options *o = &t->options;
	uint64_t set_octets = t->set_count * sizeof t->sets[0];
	uint64_t cell_octets = cell_count(t) * sizeof t->cells[0];

	t->sets = reserve(set_octets);
	t->cells = reserve(cell_octets);
	t->prevalence = prevalence_new(o->destinations_max);
	if (pair_histories_init(&t->histories, o->histories_max, o->long_max,
		o->key.k0 ^ o->key.k1) == -1 ||
	    t->sets == NULL || t->cells == NULL || t->prevalence == NULL)
		return -1;
	t->stats.octets_reserved = set_octets + cell_octets +
	                           t->histories.octets_reserved +
	                           prevalence_octets(t->prevalence);
	return 0;
}

static uint32_t
sets_for(uint32_t entries)
{
	return entries / WAYS + (entries % WAYS != 0);
}

struct pair_table *
pair_table_new(const struct pair_table_options *options, pair_evicted *evicted,
    void *arg)
{
	struct pair_table *table;

	if (options->pairs_max == 0 || options->pairs_max > PAIRS_LIMIT ||
	    options->histories_max == 0 || options->long_max == 0 ||
	    options->destinations_max == 0)
		return NULL;
	if ((table = calloc(1, sizeof *table)) == NULL)
		return NULL;
	table->options = *options;
	table->evicted = evicted;
	table->evicted_arg = arg;
	table->set_count = sets_for(options->pairs_max);
	if (table_reserve(table) == -1) {
		pair_table_free(table);
		return NULL;
	}
	return table;
}

void
pair_table_free(struct pair_table *t)
{
	if (t == NULL)
		return;
	unreserve(t->sets, t->set_count * sizeof t->sets[0]);
	unreserve(t->cells, cell_count(t) * sizeof t->cells[0]);
	pair_histories_fini(&t->histories);
	prevalence_free(t->prevalence);
	free(t);
}

/* ---- names for things ---- */

struct key {
	uint64_t pair, destination, source;
};

static struct key
key_of(const struct pair_table *table, const struct transaction *t)
{
	struct {
		uint64_t service;
		struct addr addr;
		uint16_t port, segment;
		uint8_t ip_proto, named, zero[2];
	} part = { .port = t->port,
		.segment = t->segment,
		.ip_proto = t->ip_proto,
		.named = t->name_len > 0 };
	const struct siphash_key *k = &table->options.key;
	struct key key;

	if (t->name_len > 0)
		part.service = siphash(k, t->name, t->name_len);
	else
		part.addr = t->destination;
	/* 0 marks an empty place. */
	key.destination = siphash(k, &part, sizeof part) | 1;
	key.source = siphash(k, &t->source, sizeof t->source);
	part.service = key.destination;
	part.addr = t->source;
	key.pair = siphash(k, &part, sizeof part);
	return key;
}

static uint32_t
place_of(uint64_t hash, uint32_t sets)
{
	return (uint32_t)((hash >> 32) * sets >> 32);
}

/* ---- histories ---- */

static void
pair_drop(struct pair_table *table, struct pair *pair)
{
	table->evicted(pair, table->evicted_arg);
	table->sets[pair->cell / WAYS].level[pair->cell % WAYS] = 0;
	pair_history_give(&table->histories, pair);
	table->stats.cells--;
	table->stats.histories_evicted++;
}

static void
pair_identify(struct pair *pair, const struct key *key,
    const struct transaction *t)
{
	pair->hash = key->pair;
	pair->destination_hash = key->destination;
	pair->source = t->source;
	pair->port = t->port;
	pair->segment = t->segment;
	pair->ip_proto = t->ip_proto;
	pair->name_len = t->name_len;
	memcpy(pair->name, t->name_len > 0 ? t->name : "", t->name_len);
	pair->name[t->name_len] = '\0';
}

static uint64_t
cell_time(const struct cell *cell, uint8_t i)
{
	uint64_t ms = (uint64_t)cell->first_s * 1000 + cell->first_ms;

	return (ms + (i > 0 ? cell->distance_ms[i - 1] : 0)) * 1000;
}

/* The cell's moments become the history's first. */
static struct pair *
grow(struct pair_table *table, uint32_t index, const struct key *key,
    const struct transaction *t)
{
	struct pair_histories *h = &table->histories;
	struct cell *cell = &table->cells[index];
	uint64_t first_us = cell_time(cell, 0);
	struct pair *pair;

	while ((pair = pair_history_take(h, first_us)) == NULL)
		pair_drop(table,
		    pair_history_victim(h, pair_seconds(t->time_us)));
	pair->cell = index;
	pair_identify(pair, key, t);
	pair->first_us = first_us;
	pair->count = cell->count;
	for (uint8_t i = 0; i < PAIR_CELL_SAMPLES; i++)
		pair_history_push(h, pair, cell_time(cell, i), cell->out[i],
		    cell->in[i]);
	cell->history = (uint32_t)(pair - h->pairs);
	table->sets[index / WAYS].level[index % WAYS] = GROWN;
	return pair;
}

/* ---- cells ---- */

/* Each pair may be in two sets: so both are full only where the table is. */
static uint32_t
set_of(const struct pair_table *table, uint64_t hash, int choice)
{
	return place_of(choice == 0 ? hash : hash * 0x9e3779b97f4a7c15,
	    table->set_count);
}

static uint32_t
cell_find(const struct pair_table *table, uint64_t hash)
{
	for (int choice = 0; choice < 2; choice++) {
		uint32_t first = set_of(table, hash, choice) * WAYS;
		const struct set *set = &table->sets[first / WAYS];

		for (uint32_t way = 0; way < WAYS; way++) {
			if (set->level[way] != 0 &&
			    set->tag[way] == (uint16_t)hash &&
			    table->cells[first + way].hash == hash)
				return first + way;
		}
	}
	return NONE;
}

static unsigned
set_room(const struct set *set)
{
	unsigned room = 0;

	for (int way = 0; way < WAYS; way++)
		room += set->level[way] == 0;
	return room;
}

static unsigned
crowd_of(const struct set *set, uint8_t source)
{
	unsigned count = 0;

	for (int way = 0; way < WAYS; way++)
		count += set->level[way] == 1 && set->source[way] == source;
	return count;
}

/*
 * Who was seen once goes first, and there first who is of a source that
 * fills the set: a flood from one host displaces its own.  A second or third
 * moment counts for sixteen times the age, a history for more than any.
 */
static uint64_t
cell_worth(const struct pair_table *table, uint32_t index, uint32_t now_s)
{
	const struct set *set = &table->sets[index / WAYS];
	uint32_t way = index % WAYS;
	uint64_t level = set->level[way];
	uint64_t old = (uint64_t)pair_age(now_s, set->last_s[way]) + 1;

	if (level == GROWN)
		return UINT64_C(1) << 48 |
		       pair_history_worth(
			   &table->histories.pairs[table->cells[index].history],
			   now_s);
	if (level == 1 && crowd_of(set, set->source[way]) >= CROWD)
		return UINT32_MAX / old;
	return (UINT64_C(1) << (28 + 4 * level)) / old;
}

/* Empties the cell of the two sets that is worth the least. */
static uint32_t
cell_evict(struct pair_table *table, uint64_t hash, uint32_t now_s)
{
	uint64_t least = UINT64_MAX, value;
	uint32_t victim = set_of(table, hash, 0) * WAYS;

	for (int choice = 0; choice < 2; choice++) {
		uint32_t first = set_of(table, hash, choice) * WAYS;

		for (uint32_t at = first; at < first + WAYS; at++) {
			if ((value = cell_worth(table, at, now_s)) < least) {
				least = value;
				victim = at;
			}
		}
	}
	table->stats.cells_evicted++;
	if (table->sets[victim / WAYS].level[victim % WAYS] == GROWN)
		pair_drop(table,
		    &table->histories.pairs[table->cells[victim].history]);
	else
		table->stats.cells--;
	return victim;
}

static uint32_t
cell_choose(struct pair_table *table, uint64_t hash, uint32_t now_s)
{
	uint32_t one = set_of(table, hash, 0), other = set_of(table, hash, 1);
	unsigned one_room = set_room(&table->sets[one]);
	unsigned other_room = set_room(&table->sets[other]);
	uint32_t roomy = other_room > one_room ? other : one;

	if (one_room == 0 && other_room == 0)
		return cell_evict(table, hash, now_s);
	for (uint32_t way = 0; way < WAYS - 1; way++) {
		if (table->sets[roomy].level[way] == 0)
			return roomy * WAYS + way;
	}
	return roomy * WAYS + WAYS - 1;
}

static void
cell_begin(struct pair_table *table, const struct key *key,
    const struct transaction *t)
{
	uint32_t now_s = pair_seconds(t->time_us);
	uint32_t index = cell_choose(table, key->pair, now_s);
	uint32_t way = index % WAYS;
	struct set *set = &table->sets[index / WAYS];

	set->tag[way] = (uint16_t)key->pair;
	set->source[way] = (uint8_t)key->source;
	set->last_s[way] = now_s;
	set->level[way] = 1;
	table->cells[index] = (struct cell){ .hash = key->pair,
		.first_s = now_s,
		.first_ms = (uint16_t)(t->time_us % SECOND_US / 1000),
		.count = 1,
		.out = { pair_size_pack(t->octets_out) },
		.in = { pair_size_pack(t->octets_in) } };
	table->stats.cells++;
}

/* False: it is the fourth moment, and the cell is full. */
static bool
cell_add(uint8_t *moments, struct cell *cell, const struct transaction *t)
{
	uint64_t first = cell_time(cell, 0) / 1000, now = t->time_us / 1000;
	uint64_t distance, last;
	uint8_t level = *moments;

	/* Before the first, or 49 days after it: begin anew. */
	if (now + PAIR_SPACING_MS < first || now > first + UINT32_MAX) {
		cell->first_s = pair_seconds(t->time_us);
		cell->first_ms = (uint16_t)(t->time_us % SECOND_US / 1000);
		cell->count = 0;
		level = 0;
	} else {
		distance = now > first ? now - first : 0;
		last = level > 1 ? cell->distance_ms[level - 2] : 0;
		if (distance < last + PAIR_SPACING_MS) {
			cell->count += cell->count < UINT16_MAX;
			return true;
		}
		if (level == PAIR_CELL_SAMPLES)
			return false;
		cell->distance_ms[level - 1] = (uint32_t)distance;
	}
	cell->out[level] = pair_size_pack(t->octets_out);
	cell->in[level] = pair_size_pack(t->octets_in);
	cell->count += cell->count < UINT16_MAX;
	*moments = (uint8_t)(level + 1);
	return true;
}

/* ---- the table ---- */

static void
pair_touch(struct pair_table *table, struct pair *pair,
    const struct transaction *t)
{
	pair->destination = t->destination;
	pair->kind = t->kind;
	pair->allow_listed = t->allow_listed;
	pair->last_us = t->time_us;
	pair->count++;
	pair_history_push(&table->histories, pair, t->time_us,
	    pair_size_pack(t->octets_out), pair_size_pack(t->octets_in));
}

struct pair *
pair_table_add(struct pair_table *table, const struct transaction *t)
{
	struct key key = key_of(table, t);
	uint32_t index = cell_find(table, key.pair);
	struct pair *pair;
	uint8_t *level;

	prevalence_note(table->prevalence, key.destination, key.source,
	    t->segment, pair_seconds(t->time_us));
	if (index == NONE) {
		cell_begin(table, &key, t);
		return NULL;
	}
	table->sets[index / WAYS].last_s[index % WAYS] = pair_seconds(
	    t->time_us);
	level = &table->sets[index / WAYS].level[index % WAYS];
	if (*level == GROWN)
		pair = &table->histories.pairs[table->cells[index].history];
	else if (cell_add(level, &table->cells[index], t))
		return NULL;
	else
		pair = grow(table, index, &key, t);
	pair_touch(table, pair, t);
	return pair;
}

static bool
cell_sizes(uint8_t level, struct cell *cell, const struct transaction *t)
{
	uint8_t last = (uint8_t)(level - 1);

	if (cell_time(cell, last) / 1000 != t->time_us / 1000)
		return false;
	cell->out[last] = pair_size_pack(t->octets_out);
	cell->in[last] = pair_size_pack(t->octets_in);
	return true;
}

bool
pair_table_sizes(struct pair_table *table, const struct transaction *t)
{
	struct key key = key_of(table, t);
	uint32_t index = cell_find(table, key.pair);
	struct pair_sample *last;
	uint8_t level;

	if (index == NONE)
		return false;
	level = table->sets[index / WAYS].level[index % WAYS];
	if (level != GROWN)
		return cell_sizes(level, &table->cells[index], t);
	last = pair_history_latest(&table->histories,
	    &table->histories.pairs[table->cells[index].history], t->time_us);
	if (last == NULL)
		return false;
	last->size_out = pair_size_pack(t->octets_out);
	last->size_in = pair_size_pack(t->octets_in);
	return true;
}

size_t
pair_table_samples(const struct pair_table *table, const struct pair *pair,
    struct beacon_sample *out)
{
	return pair_history_samples(&table->histories, pair, out);
}

struct pair *
pair_table_next(struct pair_table *table, uint32_t *place)
{
	while (*place < table->histories.pair_pool.top) {
		struct pair *pair = &table->histories.pairs[(*place)++];

		if (pair->used)
			return pair;
	}
	return NULL;
}

void
pair_table_context(const struct pair_table *table, const struct pair *pair,
    struct beacon_context *out)
{
	const struct prevalence *p = table->prevalence;
	uint32_t peers = prevalence_peers(p, pair->destination_hash);

	*out = (struct beacon_context){ .peers = peers > 0 ? peers : 1,
		.segment_hosts = prevalence_hosts(p, pair->segment),
		.allow_listed = pair->allow_listed };
}

void
pair_table_stats(const struct pair_table *table, struct pair_table_stats *out)
{
	*out = table->stats;
	out->histories = table->histories.count;
	out->longs = table->histories.long_count;
	out->longs_evicted = table->histories.longs_evicted;
	out->destinations_evicted = prevalence_evicted(table->prevalence);
}
