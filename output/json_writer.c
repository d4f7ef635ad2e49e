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
 * Keys and values are many and short: a few copies of a fixed length, which
 * may overlap, cost less than a call of memcpy or a loop over the octets.
 */
static inline void
copy_short(char *to, const char *from, size_t len)
{
	if (len > 16) {
		memcpy(to, from, len);
	} else if (len >= 8) {
		memcpy(to, from, 8);
		memcpy(to + len - 8, from + len - 8, 8);
	} else if (len >= 4) {
		memcpy(to, from, 4);
		memcpy(to + len - 4, from + len - 4, 4);
	} else {
		for (size_t i = 0; i < len; i++)
			to[i] = from[i];
	}
}

/*
 * What comes before a value: the comma, and the key in an object.  Reserves
 * what these need and `value_max` for the value.
 */
static inline bool
value_open(struct json_writer *json, const char *key, size_t key_len,
    size_t value_max)
{
	char *at;

	if (!reserve(json, JW_KEY_MAX + 4 + value_max))
		return false;
	at = json->text + json->len;
	if (json->comma)
		*at++ = ',';
	json->comma = true;
	if (key != NULL) {
		if (key_len > JW_KEY_MAX)
			key_len = JW_KEY_MAX;
		*at++ = '"';
		copy_short(at, key, key_len);
		at += key_len;
		*at++ = '"';
		*at++ = ':';
	}
	json->len = (size_t)(at - json->text);
	return true;
}

void
jw_put_bracket(struct json_writer *json, const char *key, size_t key_len,
    char bracket)
{
	if (!value_open(json, key, key_len, 1))
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
jw_object_close(struct json_writer *json)
{
	close_with(json, '}');
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

typedef uint8_t octets16 __attribute__((vector_size(16)));

static inline bool
are_plain(octets16 octets)
{
	uint64_t odd[2];
	octets16 is_odd = (octets16)((octets - 0x20 > 0x7e - 0x20) |
				     (octets == '"') | (octets == '\\'));

	memcpy(odd, &is_odd, sizeof odd);
	return (odd[0] | odd[1]) == 0;
}

/*
 * The last octets of a string, fewer than sixteen: together with plain ones
 * before them, or as halves that overlap, they are one comparison as well.
 * False: not all are plain, or they are too few for that.
 */
static inline bool
put_plain_end(char *to, const uint8_t *from, size_t len, bool has_before)
{
	octets16 octets;
	uint64_t halves[2];
	uint32_t quarters[4];

	if (has_before) {
		memcpy(&octets, from + len - sizeof octets, sizeof octets);
		if (!are_plain(octets))
			return false;
		memcpy(to + len - sizeof octets, &octets, sizeof octets);
		return true;
	}
	if (len >= 8) {
		memcpy(&halves[0], from, 8);
		memcpy(&halves[1], from + len - 8, 8);
		memcpy(&octets, halves, sizeof octets);
		if (!are_plain(octets))
			return false;
		memcpy(to, &halves[0], 8);
		memcpy(to + len - 8, &halves[1], 8);
		return true;
	}
	if (len < 4)
		return false;
	memcpy(&quarters[0], from, 4);
	memcpy(&quarters[1], from + len - 4, 4);
	memcpy(&quarters[2], quarters, 8);
	memcpy(&octets, quarters, sizeof octets);
	if (!are_plain(octets))
		return false;
	memcpy(to, &quarters[0], 4);
	memcpy(to + len - 4, &quarters[1], 4);
	return true;
}

/*
 * Puts the plain octets that `at` begins with.  Most strings are short: to
 * copy them while looking costs less than to look and then to copy.
 */
static inline void
put_plain(struct json_writer *json, struct cursor *at)
{
	char *begin = json->text + json->len, *to = begin;
	struct cursor ahead = *at;
	octets16 octets;
	uint8_t octet;

	while (cur_copy(&ahead, &octets, sizeof octets) && are_plain(octets)) {
		memcpy(to, &octets, sizeof octets);
		to += sizeof octets;
		*at = ahead;
	}
	if (at->left > 0 && at->left < sizeof octets &&
	    put_plain_end(to, at->at, at->left, to > begin)) {
		to += at->left;
		(void)!cur_skip(at, at->left);
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
jw_put_string(struct json_writer *json, const char *key, size_t key_len,
    const char *octets, size_t len)
{
	struct cursor at = cur_of(octets, len);

	if (len > (SIZE_MAX - 4096) / ESCAPED_MAX) {
		json->failed = true;
		return;
	}
	if (!value_open(json, key, key_len, len * ESCAPED_MAX + 2))
		return;
	put_char(json, '"');
	put_plain(json, &at);
	while (at.left > 0) {
		put_other(json, &at);
		put_plain(json, &at);
	}
	put_char(json, '"');
}

/* Two digits at a time: there is a division for each step. */
void
jw_put_uint(struct json_writer *json, const char *key, size_t key_len,
    uint64_t value)
{
	static const char pairs[] = "00010203040506070809"
				    "10111213141516171819"
				    "20212223242526272829"
				    "30313233343536373839"
				    "40414243444546474849"
				    "50515253545556575859"
				    "60616263646566676869"
				    "70717273747576777879"
				    "80818283848586878889"
				    "90919293949596979899";
	char digits[UINT_MAX_LEN], *at = digits + sizeof digits;

	if (!value_open(json, key, key_len, sizeof digits))
		return;
	for (; value >= 10; value /= 100) {
		at -= 2;
		memcpy(at, pairs + value % 100 * 2, 2);
	}
	if (value > 0 || at == digits + sizeof digits)
		*--at = (char)('0' + value);
	copy_short(json->text + json->len, at,
	    (size_t)(digits + sizeof digits - at));
	json->len += (size_t)(digits + sizeof digits - at);
}

void
jw_bool(struct json_writer *json, const char *key, bool value)
{
	if (!value_open(json, key, jw_key_len(key), 5))
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
	if (value_open(json, key, jw_key_len(key), sizeof digits))
		put(json, digits, strlen(digits));
}
