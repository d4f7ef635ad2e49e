#include "iocs/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Blocks double from the first to the second: little waste at either end. */
#define BLOCK_MIN ((size_t)4 * 1024)
#define BLOCK_MAX ((size_t)256 * 1024)

struct arena_block {
	struct arena_block *older;
	size_t size, used; /* of octets[] */
	_Alignas(16) char octets[];
};

static struct arena_block *
block_new(struct arena *arena, size_t at_least)
{
	size_t size = BLOCK_MIN;
	struct arena_block *block;

	if (arena->newest != NULL)
		size = arena->newest->size * 2;
	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < at_least)
		size = at_least;
	if (size > SIZE_MAX - sizeof *block ||
	    (block = malloc(sizeof *block + size)) == NULL)
		return NULL;
	block->older = arena->newest;
	block->size = size;
	block->used = 0;
	arena->newest = block;
	arena->octets += sizeof *block + size;
	return block;
}

void *
arena_alloc(struct arena *arena, size_t size, size_t align)
{
	struct arena_block *block = arena->newest;
	size_t at = 0;

	if (block != NULL)
		at = (block->used + align - 1) & ~(align - 1);
	if (block == NULL || at > block->size || size > block->size - at) {
		if ((block = block_new(arena, size)) == NULL)
			return NULL;
		at = 0;
	}
	block->used = at + size;
	return block->octets + at;
}

char *
arena_text(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1, 1);

	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

void
arena_fini(struct arena *arena)
{
	struct arena_block *block, *older;

	for (block = arena->newest; block != NULL; block = older) {
		older = block->older;
		free(block);
	}
	*arena = (struct arena){ 0 };
}
