#ifndef OUTPUT_JSON_WRITER_H
#define OUTPUT_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Writes one JSON text (RFC 8259) front to back into a buffer that grows and
 * is used again for the next text.
 *
 * Strings may be any octets; what comes out is always valid UTF-8 (RFC 3629):
 *   - well-formed UTF-8 passes as it is;
 *   - an octet that is no part of well-formed UTF-8 is written as \u00XX, XX
 *     being the octet: the character that it is in Latin-1.  The raw line so
 *     tells the octet E9 (\u00e9) from the UTF-8 character (c3 a9);
 *   - '"', '\' and control characters are escaped, DEL and the C1 controls
 *     (U+007F..U+009F) too: a terminal that shows the line must not obey it.
 *
 * `key` is NULL inside an array and for the outermost value; else it is one of
 * our own words, in ASCII, with nothing to escape, JW_KEY_MAX octets at most.
 *
 * Where memory is short the text is given up: jw_end says NULL.  (The functions
 * are jw_, since jansson has json_ for its own.)
 */
#define JW_KEY_MAX 96

struct json_writer {
	char *text;
	size_t len, size;
	bool comma;  /* the next value needs one before it */
	bool failed; /* memory was short */
};

void jw_init(struct json_writer *json);
void jw_fini(struct json_writer *json);

/* Begins a new text; the one before is gone. */
void jw_begin(struct json_writer *json);

/*
 * The text, which lives until the next jw_begin; *len is its length, without
 * the NUL that follows it.  NULL where memory was short.
 */
const char *jw_end(struct json_writer *json, size_t *len);

void jw_object_close(struct json_writer *json);
void jw_array_close(struct json_writer *json);

/* What the functions below are made of. */
void jw_put_bracket(struct json_writer *json, const char *key, size_t key_len,
    char bracket);
void jw_put_string(struct json_writer *json, const char *key, size_t key_len,
    const char *octets, size_t len);
void jw_put_uint(struct json_writer *json, const char *key, size_t key_len,
    uint64_t value);

/* Inline, so that the compiler counts a key's octets where it is spelled. */
static inline size_t
jw_key_len(const char *key)
{
	return key != NULL ? strlen(key) : 0;
}

static inline void
jw_object_open(struct json_writer *json, const char *key)
{
	jw_put_bracket(json, key, jw_key_len(key), '{');
}

static inline void
jw_array_open(struct json_writer *json, const char *key)
{
	jw_put_bracket(json, key, jw_key_len(key), '[');
}

static inline void
jw_string(struct json_writer *json, const char *key, const char *octets,
    size_t len)
{
	jw_put_string(json, key, jw_key_len(key), octets, len);
}

/* A string of our own, NUL-terminated; escaped all the same. */
static inline void
jw_text(struct json_writer *json, const char *key, const char *text)
{
	jw_put_string(json, key, jw_key_len(key), text, strlen(text));
}

static inline void
jw_uint(struct json_writer *json, const char *key, uint64_t value)
{
	jw_put_uint(json, key, jw_key_len(key), value);
}

void jw_bool(struct json_writer *json, const char *key, bool value);
/* Up to 10 significant digits; null where the value is no finite number. */
void jw_real(struct json_writer *json, const char *key, double value);

#endif
