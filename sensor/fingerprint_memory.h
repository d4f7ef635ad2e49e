#ifndef SENSOR_FINGERPRINT_MEMORY_H
#define SENSOR_FINGERPRINT_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "sensor/fingerprint.h"
#include "sensor/observation.h"
#include "sensor/siphash.h"

/*
 * Which TLS programs were seen in which segment, by JA4, or JA3 where there is
 * no JA4; and which one a flow belongs to, so that a hit that comes later on
 * it can say so.
 *
 * Both are of fixed size.  Programs are in sets of eight, where the one that
 * was seen last so long ago makes room: should it come back, it is new.  Flows
 * are direct-mapped: a later one takes the place of an earlier one.
 */
struct fingerprint_memory;

#define FINGERPRINT_PROGRAMS_MAX 32768
#define FINGERPRINT_FLOWS_MAX    32768

/* Of a flow; "" where it has none. */
struct fingerprint_seen {
	char ja3[JA3_LEN + 1], ja4[JA4_LEN + 1];
	uint64_t first_us; /* in the segment, by any flow; capture clock */
	bool is_new;       /* this flow was the first */
};

/* The key is for the hash: with the same one, the same are forgotten. */
struct fingerprint_memory *fingerprint_memory_new(
    const struct siphash_key *key);
void fingerprint_memory_free(struct fingerprint_memory *memory);

/* OBS_TLS_HELLO and OBS_QUIC; passes over all else. */
void fingerprint_memory_observe(struct fingerprint_memory *memory,
    const struct observation *o);

/* False: no hello was seen, or it was forgotten. */
bool fingerprint_memory_find(const struct fingerprint_memory *memory,
    uint64_t flow_id, struct fingerprint_seen *out);

#endif
