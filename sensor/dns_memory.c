#include "sensor/dns_memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sensor/reserve.h"

#define SET_WAYS  8
#define SECOND_US UINT64_C(1000000)
/* Most names are shorter, and lie in the entry itself. */
#define NAME_INSIDE 76

struct entry {
	struct addr client, address;
	uint64_t learnt_us;
	uint8_t len;
	uint8_t listed;
	bool outside; /* the name is at `heap`, owned */
	union {
		char inside[NAME_INSIDE];
		char *heap;
	};
};
_Static_assert(sizeof(struct entry) == 128, "two cache lines");

/*
 * One cache line says of eight entries which pair they may be of, and until
 * when they are in force: most look-ups end here, and so does the choice of
 * which entry has to go.
 */
struct set {
	_Alignas(64)
	    uint32_t until_s[SET_WAYS]; /* capture clock, seconds; 0: empty */
	uint16_t tag[SET_WAYS];         /* of the pair's hash */
	uint8_t listed[SET_WAYS];
};

struct dns_memory {
	struct siphash_key key;
	struct set *sets;
	struct entry *entries; /* SET_WAYS for each set */
	size_t set_mask;
	uint64_t evicted;
};

static size_t
set_count(const struct dns_memory *memory)
{
	return memory->set_mask + 1;
}

static size_t
entry_count(const struct dns_memory *memory)
{
	return set_count(memory) * SET_WAYS;
}

struct dns_memory *
dns_memory_new(uint32_t entries_max, const struct siphash_key *key)
{
	struct dns_memory *memory = calloc(1, sizeof *memory);
	size_t sets = 1;

	if (memory == NULL)
		return NULL;
	while (sets * 2 * SET_WAYS <= entries_max)
		sets *= 2;
	memory->key = *key;
	memory->set_mask = sets - 1;
	memory->sets = reserve(sets * sizeof memory->sets[0]);
	memory->entries = reserve(sets * SET_WAYS * sizeof memory->entries[0]);
	if (memory->sets == NULL || memory->entries == NULL) {
		dns_memory_free(memory);
		return NULL;
	}
	return memory;
}

static void
entry_clear(struct entry *entry)
{
	if (entry->outside)
		free(entry->heap);
	entry->outside = false;
}

void
dns_memory_free(struct dns_memory *memory)
{
	if (memory == NULL)
		return;
	for (size_t i = 0; memory->sets != NULL && memory->entries != NULL &&
			   i < entry_count(memory);
	     i++) {
		/* Pages that were never used stay untouched. */
		if (memory->sets[i / SET_WAYS].until_s[i % SET_WAYS] != 0)
			entry_clear(&memory->entries[i]);
	}
	unreserve(memory->sets, set_count(memory) * sizeof memory->sets[0]);
	unreserve(memory->entries,
	    entry_count(memory) * sizeof memory->entries[0]);
	free(memory);
}

/* ---- places ---- */

struct place {
	size_t set;
	uint16_t tag;
};

static struct place
place_of(const struct dns_memory *memory, const struct addr *client,
    const struct addr *address)
{
	struct addr pair[2] = { *client, *address };
	uint64_t hash = siphash(&memory->key, pair, sizeof pair);

	return (
	    struct place){ hash & memory->set_mask, (uint16_t)(hash >> 48) };
}

/* Seconds, rounded up; in force through 2106. */
static uint32_t
seconds(uint64_t time_us)
{
	uint64_t s = time_us / SECOND_US + 1;

	return s < UINT32_MAX ? (uint32_t)s : UINT32_MAX;
}

/* The way that holds the pair, or -1. */
static int
find_way(const struct dns_memory *memory, struct place place,
    const struct addr *client, const struct addr *address)
{
	const struct set *set = &memory->sets[place.set];

	for (int way = 0; way < SET_WAYS; way++) {
		const struct entry *entry =
		    &memory->entries[place.set * SET_WAYS + (size_t)way];

		if (set->until_s[way] != 0 && set->tag[way] == place.tag &&
		    addr_equal(&entry->client, client) &&
		    addr_equal(&entry->address, address))
			return way;
	}
	return -1;
}

/* Empty or over first, then the one that ends first; listed ones last. */
static int
choose_way(struct dns_memory *memory, const struct set *set, uint32_t now_s)
{
	int worst = 0;

	for (int way = 0; way < SET_WAYS; way++) {
		if (set->until_s[way] < now_s)
			return way;
		if (set->listed[way] != set->listed[worst]
			? !set->listed[way]
			: set->until_s[way] < set->until_s[worst])
			worst = way;
	}
	memory->evicted++;
	return worst;
}

/* ---- learning and finding ---- */

static bool
name_set(struct entry *entry, const char *name, size_t len)
{
	char *heap;

	if (len <= NAME_INSIDE) {
		entry_clear(entry);
		memcpy(entry->inside, name, len);
	} else {
		if ((heap = malloc(len)) == NULL)
			return false;
		entry_clear(entry);
		entry->heap = memcpy(heap, name, len);
		entry->outside = true;
	}
	entry->len = (uint8_t)len;
	return true;
}

/* The same answer again, while the one before is still in force. */
static bool
is_repeated(const struct entry *entry, const char *name, size_t len)
{
	return entry->len == len &&
	       strncasecmp(entry->outside ? entry->heap : entry->inside, name,
		   len) == 0;
}

void
dns_memory_learn(struct dns_memory *memory, const struct addr *client,
    const struct addr *address, const char *name, size_t len, bool listed,
    uint64_t now_us, uint64_t until_us)
{
	struct place place = place_of(memory, client, address);
	struct set *set = &memory->sets[place.set];
	uint32_t now_s = seconds(now_us);
	struct entry *entry;
	bool in_force, repeated;
	int way;

	if (len == 0 || len > DNS_MEMORY_NAME_MAX)
		return;
	way = find_way(memory, place, client, address);
	in_force = way >= 0 && set->until_s[way] >= now_s;
	/* A name that is not listed does not hide one that is. */
	if (in_force && set->listed[way] && !listed)
		return;
	if (way < 0)
		way = choose_way(memory, set, now_s);
	entry = &memory->entries[place.set * SET_WAYS + (size_t)way];
	repeated = in_force && is_repeated(entry, name, len);
	if (!name_set(entry, name, len))
		return;
	entry->client = *client;
	entry->address = *address;
	if (!repeated || now_us < entry->learnt_us)
		entry->learnt_us = now_us;
	set->tag[way] = place.tag;
	set->listed[way] = listed;
	set->until_s[way] = seconds(until_us);
}

bool
dns_memory_find(const struct dns_memory *memory, const struct addr *client,
    const struct addr *address, uint64_t now_us, struct dns_memory_answer *out)
{
	struct place place = place_of(memory, client, address);
	int way = find_way(memory, place, client, address);
	const struct entry *entry;

	if (way < 0 || memory->sets[place.set].until_s[way] < seconds(now_us))
		return false;
	entry = &memory->entries[place.set * SET_WAYS + (size_t)way];
	if (entry->learnt_us > now_us)
		return false;
	out->name = entry->outside ? entry->heap : entry->inside;
	out->len = entry->len;
	out->learnt_us = entry->learnt_us;
	return true;
}

uint64_t
dns_memory_evicted(const struct dns_memory *memory)
{
	return memory->evicted;
}
