#ifndef SENSOR_DNS_MEMORY_H
#define SENSOR_DNS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "sensor/siphash.h"

/*
 * Which name an address was answered for, by client: what a flow without a
 * name of its own was looking for.  An entry lives as long as its TTL and some
 * grace, since programs keep addresses for longer than they are told to.
 *
 * A fixed number of entries in sets of eight; where a set is full the entry
 * that ends first makes room, one that was marked as listed last of all.
 */
struct dns_memory;

#define DNS_MEMORY_NAME_MAX 255

/* What was learnt, borrowed: good until the next call of dns_memory_learn. */
struct dns_memory_answer {
	const char *name; /* presentation form, not terminated */
	uint8_t len;
	uint64_t learnt_us; /* first, if it was answered again in time */
};

/*
 * NULL where memory is short.  Which entries share a set is up to `key`: a
 * secret one, or a fixed one where a run must forget the same in each run.
 */
struct dns_memory *dns_memory_new(uint32_t entries_max,
    const struct siphash_key *key);
void dns_memory_free(struct dns_memory *memory);

/* `name` is presentation form, at most 255 octets; longer is not kept. */
void dns_memory_learn(struct dns_memory *memory, const struct addr *client,
    const struct addr *address, const char *name, size_t len, bool listed,
    uint64_t now_us, uint64_t until_us);

/* False: none, or not (not yet, no longer) in force at that time. */
bool dns_memory_find(const struct dns_memory *memory, const struct addr *client,
    const struct addr *address, uint64_t now_us, struct dns_memory_answer *out);

uint64_t dns_memory_evicted(const struct dns_memory *memory);

#endif
