#ifndef IOCS_KEY_TABLE_H
#define IOCS_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From a 64-bit keyed hash to indexes of an array that the caller keeps; open
 * addressing, linear probing, never more than three quarters full.  The slot
 * keeps half of the hash, so whoever asks compares the value itself:
 *
 *	struct key_probe probe = key_probe_start(&table, key);
 *	while (key_probe_next(&table, &probe, &index))
 *		... is it array[index]? ...
 */
struct key_slot {
	uint32_t hash;
	uint32_t index; /* from 1; 0 is an empty slot */
};

struct key_table {
	struct key_slot *slots;
	size_t size; /* 0, or a power of two */
	size_t used;
};

struct key_probe {
	size_t at;
	uint32_t hash;
};

/* 0, or -1 where memory is short or 2^31 indexes are in it. */
int key_table_add(struct key_table *table, uint64_t key, size_t index);
void key_table_fini(struct key_table *table);

static inline struct key_probe
key_probe_start(const struct key_table *table, uint64_t key)
{
	return (struct key_probe){ (uint32_t)key & (table->size - 1),
		(uint32_t)key };
}

static inline bool
key_probe_next(const struct key_table *table, struct key_probe *probe,
    size_t *index)
{
	const struct key_slot *slot;

	if (table->size == 0)
		return false;
	for (;;) {
		slot = &table->slots[probe->at];
		if (slot->index == 0)
			return false;
		probe->at = (probe->at + 1) & (table->size - 1);
		if (slot->hash == probe->hash) {
			*index = slot->index - 1;
			return true;
		}
	}
}

#endif
