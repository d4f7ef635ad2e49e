#include "sensor/fingerprint_memory.h"

#include <stdlib.h>
#include <string.h>

#define SET_WAYS 8
#define SETS     (FINGERPRINT_PROGRAMS_MAX / SET_WAYS)

/* Compared and hashed as octets; what is behind the name is 0. */
struct program_key {
	uint16_t segment;
	char name[FINGERPRINT_SIZE + 1]; /* JA4, else JA3 */
};

struct program {
	struct program_key key;
	uint64_t first_us, last_us; /* last_us 0: the entry is free */
	uint64_t first_flow;
};

struct flow_seen {
	uint64_t flow_id; /* 0: the entry is free */
	struct fingerprint_seen seen;
};

struct fingerprint_memory {
	struct siphash_key key;
	struct program programs[SETS][SET_WAYS];
	struct flow_seen flows[FINGERPRINT_FLOWS_MAX];
};

struct fingerprint_memory *
fingerprint_memory_new(const struct siphash_key *key)
{
	struct fingerprint_memory *memory = calloc(1, sizeof *memory);

	if (memory == NULL)
		return NULL;
	memory->key = *key;
	return memory;
}

void
fingerprint_memory_free(struct fingerprint_memory *memory)
{
	free(memory);
}

static size_t
slot_of(uint64_t flow_id)
{
	return (flow_id ^ flow_id >> 20) % FINGERPRINT_FLOWS_MAX;
}

/* The program's entry, or the one that it is to have. */
static struct program *
entry_of(struct fingerprint_memory *memory, const struct program_key *key)
{
	struct program *set =
	    memory->programs[siphash(&memory->key, key, sizeof *key) % SETS];
	struct program *oldest = &set[0];

	for (size_t i = 0; i < SET_WAYS; i++) {
		if (memcmp(&set[i].key, key, sizeof *key) == 0 &&
		    set[i].last_us != 0)
			return &set[i];
		if (set[i].last_us < oldest->last_us)
			oldest = &set[i];
	}
	memset(oldest, 0, sizeof *oldest);
	return oldest;
}

/* A capture's clock may begin at 0, which is the mark of a free entry. */
static uint64_t
mark_us(uint64_t time_us)
{
	return time_us > 0 ? time_us : 1;
}

static const struct program *
meet_program(struct fingerprint_memory *memory, const struct program_key *key,
    const struct observation *o)
{
	struct program *program = entry_of(memory, key);

	if (program->last_us == 0) {
		program->key = *key;
		program->first_us = o->time_us;
		program->first_flow = o->flow_id;
	}
	if (mark_us(o->time_us) > program->last_us)
		program->last_us = mark_us(o->time_us);
	return program;
}

static void
copy_text(char *out, size_t size, const struct observation *o,
    struct obs_text text)
{
	if (text.len >= size)
		return;
	memcpy(out, obs_octets(o, text), text.len);
	out[text.len] = '\0';
}

void
fingerprint_memory_observe(struct fingerprint_memory *memory,
    const struct observation *o)
{
	struct fingerprint_seen seen;
	const struct program *program;
	struct flow_seen *flow;
	struct program_key key;

	if (o->kind != OBS_TLS_HELLO && o->kind != OBS_QUIC)
		return;
	memset(&seen, 0, sizeof seen);
	copy_text(seen.ja3, sizeof seen.ja3, o, o->tls.ja3);
	copy_text(seen.ja4, sizeof seen.ja4, o, o->tls.ja4);
	if (seen.ja3[0] == '\0' && seen.ja4[0] == '\0')
		return;
	memset(&key, 0, sizeof key);
	key.segment = o->segment[DIR_OUT];
	strcpy(key.name, seen.ja4[0] != '\0' ? seen.ja4 : seen.ja3);
	program = meet_program(memory, &key, o);
	seen.first_us = program->first_us;
	seen.is_new = program->first_flow == o->flow_id;
	flow = &memory->flows[slot_of(o->flow_id)];
	flow->flow_id = o->flow_id;
	flow->seen = seen;
}

bool
fingerprint_memory_find(const struct fingerprint_memory *memory,
    uint64_t flow_id, struct fingerprint_seen *out)
{
	const struct flow_seen *flow = &memory->flows[slot_of(flow_id)];

	if (flow_id == 0 || flow->flow_id != flow_id)
		return false;
	*out = flow->seen;
	return true;
}
