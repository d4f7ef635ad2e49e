#include "sensor/observation_builder.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (OBS_SIZE_MAX - sizeof(struct observation))

int
observation_builder_init(struct observation_builder *b)
{
	b->used = 0;
	b->o = malloc(OBS_SIZE_MAX);
	return b->o == NULL ? -1 : 0;
}

void
observation_builder_fini(struct observation_builder *b)
{
	free(b->o);
	b->o = NULL;
}

static char *
text_of(struct observation_builder *b)
{
	return (char *)(b->o + 1);
}

struct observation *
observation_begin(struct observation_builder *b, enum obs_kind kind)
{
	memset(b->o, 0, sizeof *b->o);
	b->o->kind = (uint8_t)kind;
	b->used = 0;
	return b->o;
}

struct observation *
observation_resume(struct observation_builder *b,
    const struct observation *from)
{
	memcpy(b->o, from, from->size);
	b->used = from->size - (uint32_t)sizeof *b->o;
	return b->o;
}

size_t
observation_room(const struct observation_builder *b)
{
	return TEXT_MAX - b->used;
}

struct obs_text
observation_add(struct observation_builder *b, struct cursor octets)
{
	struct obs_text text = { b->used, (uint32_t)octets.left };

	if (octets.left == 0)
		return (struct obs_text){ 0, 0 };
	if (octets.left > observation_room(b)) {
		b->o->cut = true;
		return (struct obs_text){ 0, 0 };
	}
	memcpy(text_of(b) + b->used, octets.at, octets.left);
	b->used += text.len;
	return text;
}

struct obs_text
observation_add_shared(struct observation_builder *b, struct cursor octets,
    struct obs_text text)
{
	if (octets.left > 0 && octets.left == text.len &&
	    memcmp(octets.at, text_of(b) + text.at, text.len) == 0)
		return text;
	return observation_add(b, octets);
}

void *
observation_add_array(struct observation_builder *b, size_t size,
    uint32_t *count, struct obs_array *array)
{
	uint32_t start = (b->used + 7) & ~7u;
	size_t room = start < TEXT_MAX ? (TEXT_MAX - start) / size : 0;

	if (*count > room) {
		*count = (uint32_t)room;
		b->o->cut = true;
	}
	array->count = *count;
	array->at = *count > 0 ? start : 0;
	if (*count == 0)
		return NULL;
	/* With the octets in front that align it: all of a block is known. */
	memset(text_of(b) + b->used, 0, start - b->used + *count * size);
	b->used = start + *count * (uint32_t)size;
	return text_of(b) + start;
}

struct observation *
observation_finish(struct observation_builder *b)
{
	uint32_t end = (b->used + 7) & ~7u;

	memset(text_of(b) + b->used, 0, end - b->used);
	b->used = end;
	b->o->size = (uint32_t)sizeof *b->o + end;
	return b->o;
}
