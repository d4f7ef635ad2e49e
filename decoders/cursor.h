#ifndef DECODERS_CURSOR_H
#define DECODERS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_USE __attribute__((warn_unused_result))

/*
 * A read-only window on octets that someone else owns.  All wire input is
 * read through one of these; cur_take is the one place that compares.
 *
 * Each read returns true and advances, or returns false and changes nothing:
 * neither the cursor nor *out.  Integers are big-endian.  vec8, vec16 and
 * vec24 read a length of that many bits and give the octets it counts as a new
 * window.
 */
struct cursor {
	const uint8_t *at;
	size_t left;
};

static inline struct cursor
cur_of(const void *octets, size_t len)
{
	return (struct cursor){ octets, len };
}

/* The next `len` octets as a window of their own. */
MUST_USE static inline bool
cur_take(struct cursor *c, size_t len, struct cursor *out)
{
	if (len > c->left)
		return false;
	*out = (struct cursor){ c->at, len };
	/* A cursor on nothing may be (NULL, 0): NULL + 0 is undefined in C. */
	if (len > 0) {
		c->at += len;
		c->left -= len;
	}
	return true;
}

MUST_USE static inline bool
cur_skip(struct cursor *c, size_t len)
{
	struct cursor skipped;

	return cur_take(c, len, &skipped);
}

/* Copies `len` octets to `to`. */
MUST_USE static inline bool
cur_copy(struct cursor *c, void *to, size_t len)
{
	struct cursor from;

	if (!cur_take(c, len, &from))
		return false;
	if (len > 0)
		memcpy(to, from.at, len);
	return true;
}

MUST_USE static inline bool
cur_u8(struct cursor *c, uint8_t *out)
{
	struct cursor w;

	if (!cur_take(c, 1, &w))
		return false;
	*out = w.at[0];
	return true;
}

MUST_USE static inline bool
cur_u16(struct cursor *c, uint16_t *out)
{
	struct cursor w;

	if (!cur_take(c, 2, &w))
		return false;
	*out = (uint16_t)(w.at[0] << 8 | w.at[1]);
	return true;
}

MUST_USE static inline bool
cur_u24(struct cursor *c, uint32_t *out)
{
	struct cursor w;

	if (!cur_take(c, 3, &w))
		return false;
	*out = (uint32_t)w.at[0] << 16 | (uint32_t)w.at[1] << 8 | w.at[2];
	return true;
}

MUST_USE static inline bool
cur_u32(struct cursor *c, uint32_t *out)
{
	struct cursor w;

	if (!cur_take(c, 4, &w))
		return false;
	*out = (uint32_t)w.at[0] << 24 | (uint32_t)w.at[1] << 16 |
	       (uint32_t)w.at[2] << 8 | w.at[3];
	return true;
}

MUST_USE static inline bool
cur_vec8(struct cursor *c, struct cursor *out)
{
	struct cursor rest = *c;
	uint8_t len;

	if (!cur_u8(&rest, &len) || !cur_take(&rest, len, out))
		return false;
	*c = rest;
	return true;
}

MUST_USE static inline bool
cur_vec16(struct cursor *c, struct cursor *out)
{
	struct cursor rest = *c;
	uint16_t len;

	if (!cur_u16(&rest, &len) || !cur_take(&rest, len, out))
		return false;
	*c = rest;
	return true;
}

MUST_USE static inline bool
cur_vec24(struct cursor *c, struct cursor *out)
{
	struct cursor rest = *c;
	uint32_t len;

	if (!cur_u24(&rest, &len) || !cur_take(&rest, len, out))
		return false;
	*c = rest;
	return true;
}

#endif
