#ifndef OUTPUT_URL_TEXT_H
#define OUTPUT_URL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The pieces that a sink's URL is cut into (RFC 3986), while it is parsed. */

/* A part of the URL's text. */
struct span {
	const char *at;
	size_t len;
};

struct reason {
	char *text;
	size_t size;
};

/* Says why; false, so that a parser can return it. */
bool url_refuse(struct reason *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool span_is(struct span span, const char *text);

/* Splits at the first `separator`: what is before it; *rest is after it. */
bool span_split(struct span span, char separator, struct span *before,
    struct span *rest);

/*
 * A copy with %XX decoded (RFC 3986 section 2.1), for the caller to free;
 * `what` names it where it is refused.
 */
bool url_decode(struct span from, const char *what, char **out,
    struct reason *why);

bool url_number(struct span from, const char *what, uint64_t min, uint64_t max,
    uint64_t *out, struct reason *why);

#endif
