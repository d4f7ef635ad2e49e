#ifndef DECODERS_HTTP_TEXT_H
#define DECODERS_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decoders/cursor.h"

/*
 * Windows on text, for the HTTP decoder: the one place of it that looks at
 * octets by position.  A length past the end of a window means its end.
 */

/* The octet at `i`, or -1 past the end. */
static inline int
text_at(struct cursor c, size_t i)
{
	return i < c.left ? c.at[i] : -1;
}

static inline struct cursor
text_first(struct cursor c, size_t len)
{
	return (struct cursor){ c.at, len < c.left ? len : c.left };
}

/* What follows the first `len` octets. */
static inline struct cursor
text_from(struct cursor c, size_t len)
{
	if (len > c.left)
		len = c.left;
	/* NULL + 0 is undefined in C. */
	return len == 0 ? c : (struct cursor){ c.at + len, c.left - len };
}

/* Where `octet` is first, or c.left. */
static inline size_t
text_find(struct cursor c, uint8_t octet)
{
	const uint8_t *found = c.left > 0 ? memchr(c.at, octet, c.left) : NULL;

	return found != NULL ? (size_t)(found - c.at) : c.left;
}

/* SP and HTAB: OWS, RFC 9110 section 5.6.3. */
static inline bool
text_is_ows(int octet)
{
	return octet == ' ' || octet == '\t';
}

/* OWS and what line ends are made of. */
static inline bool
text_is_blank(int octet)
{
	return text_is_ows(octet) || octet == '\r' || octet == '\n';
}

static inline struct cursor
text_trim_start(struct cursor c)
{
	while (text_is_blank(text_at(c, 0)))
		c = text_from(c, 1);
	return c;
}

static inline struct cursor
text_trim_end(struct cursor c)
{
	while (c.left > 0 && text_is_blank(text_at(c, c.left - 1)))
		c.left--;
	return c;
}

static inline struct cursor
text_trim(struct cursor c)
{
	return text_trim_end(text_trim_start(c));
}

static inline bool
text_is_digit(int octet)
{
	return octet >= '0' && octet <= '9';
}

/* ASCII only: a locale must not change what is on the wire. */
static inline int
text_lower(int octet)
{
	return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

/* A literal and its length, for the comparisons below. */
#define TEXT(literal) (literal), sizeof(literal) - 1

/* `word` is lower case; case is ignored. */
static inline bool
text_starts(struct cursor c, const char *word, size_t len)
{
	size_t i;

	if (c.left < len)
		return false;
	for (i = 0; i < len; i++)
		if (text_lower(text_at(c, i)) != word[i])
			return false;
	return true;
}

static inline bool
text_is(struct cursor c, const char *word, size_t len)
{
	return c.left == len && text_starts(c, word, len);
}

/* As it is, case and all. */
static inline bool
text_is_exactly(struct cursor c, const char *word, size_t len)
{
	return c.left == len && memcmp(c.at, word, len) == 0;
}

/* A line without its LF; false, and nothing changed, where there is no LF. */
MUST_USE static inline bool
text_take_line(struct cursor *c, struct cursor *line)
{
	size_t len = text_find(*c, '\n');

	if (len == c->left)
		return false;
	*line = text_first(*c, len);
	*c = text_from(*c, len + 1);
	return true;
}

/* 1*DIGIT; false, and nothing changed, where there is none or above `max`. */
MUST_USE static inline bool
text_take_number(struct cursor *c, uint64_t max, uint64_t *out)
{
	struct cursor rest = *c;
	uint64_t number = 0, digit;

	while (text_is_digit(text_at(rest, 0))) {
		digit = (uint64_t)(text_at(rest, 0) - '0');
		if (digit > max || number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
		rest = text_from(rest, 1);
	}
	if (rest.left == c->left)
		return false;
	*c = rest;
	*out = number;
	return true;
}

#endif
