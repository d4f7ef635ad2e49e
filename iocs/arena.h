#ifndef IOCS_ARENA_H
#define IOCS_ARENA_H

#include <stddef.h>

/*
 * Memory that is given out piece by piece and freed as a whole.  All zero is
 * an arena with nothing in it.
 */
struct arena {
	struct arena_block *newest;
	size_t octets; /* taken from the heap */
};

/* NULL where memory is short.  `align` is a power of two, at most 16. */
void *arena_alloc(struct arena *arena, size_t size, size_t align);

/* A copy with a NUL behind it. */
char *arena_text(struct arena *arena, const char *text, size_t len);

void arena_fini(struct arena *arena);

#endif
