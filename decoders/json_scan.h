#ifndef DECODERS_JSON_SCAN_H
#define DECODERS_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"

/*
 * The members of a JSON object (RFC 8259 section 4), of which perhaps only the
 * beginning is there.  Nested values are stepped over: their strings and
 * brackets must be well-formed, their grammar is not looked at.  One pass, no
 * recursion, no memory.
 */

#define JSON_MEMBERS_MAX 16
#define JSON_DEPTH_MAX   64 /* brackets inside a member's value */

/* Windows are on the text between the quotes, escapes as they stand. */
struct json_member {
	struct cursor key;
	struct cursor string; /* the value where it is a whole string; else
	                         at is NULL */
};

struct json_object {
	struct json_member members[JSON_MEMBERS_MAX]; /* key is whole */
	size_t member_count;
	bool member_more; /* there were more than fit */
};

/*
 * DECODE_OK: one object and nothing else but white space; DECODE_SHORT: it
 * ends before the object does; DECODE_MALFORMED: no object.  What was read up
 * to there is in *object.
 */
MUST_USE enum decode json_object_scan(struct cursor text,
    struct json_object *object);

#endif
