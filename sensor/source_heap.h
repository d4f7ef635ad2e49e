#ifndef SENSOR_SOURCE_HEAP_H
#define SENSOR_SOURCE_HEAP_H

#include <stddef.h>

#include "sensor/source.h"

/*
 * Sources by the time of their next packet, the earliest first; equal times in
 * the order in which the sources were given.
 */
struct source_heap {
	struct source **sources;
	size_t count, capacity;
};

/* -1: out of memory, and the source is not in the heap. */
int source_heap_add(struct source_heap *heap, struct source *source);

/* The earliest, or NULL. */
struct source *source_heap_top(const struct source_heap *heap);

/* The earliest of all others, or NULL. */
const struct source *source_heap_second(const struct source_heap *heap);

/* To be called when the time of the top has changed. */
void source_heap_sink(struct source_heap *heap);

void source_heap_remove_top(struct source_heap *heap);
void source_heap_fini(struct source_heap *heap); /* not the sources */

#endif
