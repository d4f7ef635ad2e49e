#ifndef DECODERS_HTTP_START_H
#define DECODERS_HTTP_START_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/http.h"

/* Start lines, RFC 9112 sections 3 and 4; for the HTTP decoder itself. */

/* What a start line says, as in struct http_head. */
struct http_start {
	struct cursor version, method, target, reason;
	struct cursor dropped; /* words between target and version */
	uint16_t status;
	uint8_t minor;
	bool version_odd;
	bool alone; /* HTTP/0.9: no field section follows, not even empty */
};

/* RFC 9112 section 2.2; false where there are more than HTTP_BLANK_LEN_MAX. */
MUST_USE bool http_skip_blank_lines(struct cursor *c);

/*
 * `line` is without its LF; not `whole`: its end is not there.  What a request
 * line without a version is depends on `after`, the octets behind the LF:
 * DECODE_SHORT where they do not tell yet, never with `at_end`.
 */
MUST_USE enum decode http_start_decode(struct cursor line, enum http_kind kind,
    bool whole, struct cursor after, bool at_end, struct http_start *start);

/* Whether more octets after the line may change what the line is. */
bool http_start_is_open(struct cursor line, struct cursor after);

/* Whether more octets could make a start line of this. */
bool http_start_is_prefix(struct cursor line, enum http_kind kind);

#endif
