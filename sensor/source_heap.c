#include <stdbool.h>
#include <stdlib.h>

#include "sensor/source_heap.h"

static bool
before(const struct source *a, const struct source *b)
{
	if (a->key_us != b->key_us)
		return a->key_us < b->key_us;
	return a->order < b->order;
}

static void
swap(struct source_heap *heap, size_t a, size_t b)
{
	struct source *was = heap->sources[a];

	heap->sources[a] = heap->sources[b];
	heap->sources[b] = was;
}

int
source_heap_add(struct source_heap *heap, struct source *source)
{
	struct source **grown;
	size_t capacity = heap->capacity, i;

	if (heap->count == capacity) {
		capacity = capacity == 0 ? 16 : capacity * 2;
		grown = reallocarray(heap->sources, capacity, sizeof(*grown));
		if (grown == NULL)
			return -1;
		heap->sources = grown;
		heap->capacity = capacity;
	}
	i = heap->count++;
	heap->sources[i] = source;
	for (; i > 0 && before(source, heap->sources[(i - 1) / 2]);
	     i = (i - 1) / 2)
		swap(heap, i, (i - 1) / 2);
	return 0;
}

struct source *
source_heap_top(const struct source_heap *heap)
{
	return heap->count > 0 ? heap->sources[0] : NULL;
}

const struct source *
source_heap_second(const struct source_heap *heap)
{
	if (heap->count < 2)
		return NULL;
	if (heap->count == 2 || before(heap->sources[1], heap->sources[2]))
		return heap->sources[1];
	return heap->sources[2];
}

void
source_heap_sink(struct source_heap *heap)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    before(heap->sources[child + 1], heap->sources[child]))
			child++;
		if (!before(heap->sources[child], heap->sources[i]))
			break;
		swap(heap, i, child);
		i = child;
	}
}

void
source_heap_remove_top(struct source_heap *heap)
{
	heap->sources[0] = heap->sources[--heap->count];
	source_heap_sink(heap);
}

void
source_heap_fini(struct source_heap *heap)
{
	free(heap->sources);
}
