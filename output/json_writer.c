#include "output/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/cursor.h"

#define FIRST_SIZE   4096
#define ESCAPED_MAX  6  /* \u00XX */
#define UINT_MAX_LEN 20 /* digits of 2^64 */
#define REAL_MAX_LEN 32

void
jw_init(struct json_writer *json)
{
	*json = (struct json_writer){ 0 };
}

void
jw_fini(struct json_writer *json)
{
	free(json->text);
	*json = (struct json_writer){ 0 };
}

void
jw_begin(struct json_writer *json)
{
	json->len = 0;
	json->comma = false;
	json->failed = false;
}

static bool
grow(struct json_writer *json, size_t more)
{
	size_t size = json->size > 0 ? json->size : FIRST_SIZE;
	char *text;

	if (json->failed)
		return false;
	while (size - json->len < more) {
		if (size > SIZE_MAX / 2) {
			json->failed = true;
			return false;
		}
		size *= 2;
	}
	if ((text = realloc(json->text, size)) == NULL) {
		json->failed = true;
		return false;
	}
	json->text = text;
	json->size = size;
	return true;
}

/* Room for `more` octets; false where there is none or was none before. */
static inline bool
reserve(struct json_writer *json, size_t more)
{
	return (json->size - json->len >= more && !json->failed) ||
	       grow(json, more);
}

/* The caller has reserved the room of all that follow. */
static void
put_char(struct json_writer *json, char c)
{
	json->text[json->len++] = c;
}

static void
put(struct json_writer *json, const char *octets, size_t len)
{
	if (len > 0)
		memcpy(json->text + json->len, octets, len);
	json->len += len;
}

/*
 * What comes before a value: the comma, and the key in an object.  Reserves
 * what these need and `value_max` for the value.  Keys are short and many:
 * one pass is cheaper than strlen and memcpy.
 */
static inline bool
value_open(struct json_writer *json, const char *key, size_t value_max)
{
	char *at;

	if (!reserve(json, JW_KEY_MAX + 4 + value_max))
		return false;
	at = json->text + json->len;
	if (json->comma)
		*at++ = ',';
	json->comma = true;
	if (key != NULL) {
		const char *end = key + JW_KEY_MAX;

		*at++ = '"';
		while (*key != '\0' && key < end)
			*at++ = *key++;
		*at++ = '"';
		*at++ = ':';
	}
	json->len = (size_t)(at - json->text);
	return true;
}

static void
open_with(struct json_writer *json, const char *key, char bracket)
{
	if (!value_open(json, key, 1))
		return;
	put_char(json, bracket);
	json->comma = false;
}

static void
close_with(struct json_writer *json, char bracket)
{
	if (!reserve(json, 1))
		return;
	put_char(json, bracket);
	json->comma = true;
}

void
jw_object_open(struct json_writer *json, const char *key)
{
	open_with(json, key, '{');
}

void
jw_object_close(struct json_writer *json)
{
	close_with(json, '}');
}

void
jw_array_open(struct json_writer *json, const char *key)
{
	open_with(json, key, '[');
}

void
jw_array_close(struct json_writer *json)
{
	close_with(json, ']');
}

const char *
jw_end(struct json_writer *json, size_t *len)
{
	if (!reserve(json, 1))
		return NULL;
	json->text[json->len] = '\0';
	*len = json->len;
	return json->text;
}

/*
 * RFC 3629 section 4, the table of UTF8-2 to UTF8-4: the octet after the first
 * has a narrower range after some, which shuts out overlong forms, surrogates
 * and what is beyond U+10FFFF.
 */
static size_t
utf8_length(struct cursor at)
{
	uint8_t first, next, low = 0x80, high = 0xbf;
	size_t len;

	if (!cur_u8(&at, &first) || first < 0xc2 || first > 0xf4)
		return 0;
	len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < len; i++) {
		if (!cur_u8(&at, &next) || next < low || next > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

static void
put_escaped(struct json_writer *json, uint8_t octet)
{
	static const char hex[] = "0123456789abcdef";
	/* RFC 8259 section 7: those with a short form. */
	static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	put_char(json, '\\');
	for (const char *form = short_forms; *form != '\0'; form += 2) {
		if ((uint8_t)*form == octet) {
			put_char(json, form[1]);
			return;
		}
	}
	put(json, "u00", 3);
	put_char(json, hex[octet >> 4]);
	put_char(json, hex[octet & 15]);
}

/* Printable ASCII that stands for itself in a JSON string. */
static bool
is_plain(uint8_t octet)
{
	return octet >= 0x20 && octet < 0x7f && octet != '"' && octet != '\\';
}

/*
 * Whether eight octets are all plain.  Per octet, the high bit of the sum is
 * set where: x < 0x20; x == 0 after the xor; x + 1 >= 0x80.  A borrow may set
 * it for an octet above a true one, which changes nothing in the answer.
 */
static bool
are_plain(uint64_t x)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t quote = x ^ ones * '"', backslash = x ^ ones * '\\';
	uint64_t odd = x | (x - ones * 0x20) | (quote - ones) |
	               (backslash - ones) | (x + ones);

	return (odd & high) == 0;
}

/*
 * Puts the plain octets that `at` begins with.  Most strings are short: to
 * copy them while looking costs less than to look and then to copy.
 */
static void
put_plain(struct json_writer *json, struct cursor *at)
{
	char *to = json->text + json->len;
	struct cursor ahead = *at;
	uint64_t word;
	uint8_t octet;

	while (cur_copy(&ahead, &word, sizeof word) && are_plain(word)) {
		memcpy(to, &word, sizeof word);
		to += sizeof word;
		*at = ahead;
	}
	ahead = *at;
	while (cur_u8(&ahead, &octet) && is_plain(octet)) {
		*to++ = (char)octet;
		*at = ahead;
	}
	json->len = (size_t)(to - json->text);
}

/* What is not plain: one escape, or one character of UTF-8. */
static void
put_other(struct json_writer *json, struct cursor *at)
{
	size_t len = utf8_length(*at);
	struct cursor character;

	/* C2 80..9F are the C1 controls. */
	if (len == 2 && at->at[0] == 0xc2 && at->at[1] < 0xa0) {
		put_escaped(json, at->at[1]);
		(void)!cur_skip(at, len);
	} else if (cur_take(at, len > 0 ? len : 1, &character)) {
		if (len > 0)
			put(json, (const char *)character.at, len);
		else
			put_escaped(json, character.at[0]);
	}
}

void
jw_string(struct json_writer *json, const char *key, const char *octets,
    size_t len)
{
	struct cursor at = cur_of(octets, len);

	if (len > (SIZE_MAX - 4096) / ESCAPED_MAX) {
		json->failed = true;
		return;
	}
	if (!value_open(json, key, len * ESCAPED_MAX + 2))
		return;
	put_char(json, '"');
	put_plain(json, &at);
	while (at.left > 0) {
		put_other(json, &at);
		put_plain(json, &at);
	}
	put_char(json, '"');
}

void
jw_text(struct json_writer *json, const char *key, const char *text)
{
	jw_string(json, key, text, strlen(text));
}

void
jw_uint(struct json_writer *json, const char *key, uint64_t value)
{
	char digits[UINT_MAX_LEN], *at = digits + sizeof digits;

	if (!value_open(json, key, sizeof digits))
		return;
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	put(json, at, (size_t)(digits + sizeof digits - at));
}

void
jw_bool(struct json_writer *json, const char *key, bool value)
{
	if (!value_open(json, key, 5))
		return;
	if (value)
		put(json, "true", 4);
	else
		put(json, "false", 5);
}

void
jw_real(struct json_writer *json, const char *key, double value)
{
	char digits[REAL_MAX_LEN] = "null", *comma;

	if (isfinite(value))
		snprintf(digits, sizeof digits, "%.10g", value);
	/* A library may have set a locale that writes 0,5. */
	if ((comma = strchr(digits, ',')) != NULL)
		*comma = '.';
	if (value_open(json, key, sizeof digits))
		put(json, digits, strlen(digits));
}
