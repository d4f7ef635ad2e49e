#ifndef IOCS_FEED_TEXT_H
#define IOCS_FEED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "decoders/cursor.h"

/*
 * A feed's octets, read front to back in a buffer of fixed size.  A UTF-8 byte
 * order mark is skipped.  What is not text (UTF-16, a NUL) ends the reading,
 * with the reason in `error`.
 */

/* A longer line or record is not read, but reported and passed over. */
#define FEED_LINE_MAX ((size_t)64 * 1024)

struct feed_text {
	FILE *in;          /* the caller's */
	char *octets;      /* owned */
	size_t at, end;    /* what was read and not yet taken */
	bool at_end;       /* nothing more is to come from `in` */
	unsigned line;     /* number of the line that begins at `at` */
	const char *error; /* NULL: none; static */
};

/* -1 where memory is short; `error` may be set even when it is 0. */
int feed_text_init(struct feed_text *text, FILE *in);
void feed_text_fini(struct feed_text *text);

/*
 * What comes next: more than FEED_LINE_MAX octets, or all that is left.
 * Dead at the next call of one of these functions.
 */
struct cursor feed_text_window(struct feed_text *text);

/* Takes octets that the window showed. */
void feed_text_take(struct feed_text *text, size_t len);

/*
 * The next line without its end (LF or CR LF); false after the last, or after
 * an error.  *number is its number, from 1.  *too_long: it is longer than
 * FEED_LINE_MAX and was passed over; *line is empty.
 */
bool feed_text_line(struct feed_text *text, struct cursor *line,
    unsigned *number, bool *too_long);

#endif
