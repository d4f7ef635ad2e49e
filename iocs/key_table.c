#include "iocs/key_table.h"

#include <stdlib.h>

#define SIZE_MIN 64
/* A slot's place comes from the half of the hash that it keeps. */
#define SIZE_LIMIT ((size_t)1 << 31)

static void
slot_put(struct key_table *table, uint32_t hash, uint32_t index)
{
	size_t at = hash & (table->size - 1);

	while (table->slots[at].index != 0)
		at = (at + 1) & (table->size - 1);
	table->slots[at] = (struct key_slot){ hash, index };
}

static int
table_grow(struct key_table *table)
{
	struct key_table bigger = { .used = table->used };

	bigger.size = table->size == 0 ? SIZE_MIN : table->size * 2;
	if (bigger.size > SIZE_LIMIT)
		return -1;
	bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return -1;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i].index != 0)
			slot_put(&bigger, table->slots[i].hash,
			    table->slots[i].index);
	free(table->slots);
	*table = bigger;
	return 0;
}

int
key_table_add(struct key_table *table, uint64_t key, size_t index)
{
	if (table->used >= table->size / 4 * 3 && table_grow(table) == -1)
		return -1;
	slot_put(table, (uint32_t)key, (uint32_t)index + 1);
	table->used++;
	return 0;
}

void
key_table_fini(struct key_table *table)
{
	free(table->slots);
	*table = (struct key_table){ 0 };
}
