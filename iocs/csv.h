#ifndef IOCS_CSV_H
#define IOCS_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/cursor.h"

/* Fields past this are read and not kept. */
#define CSV_FIELDS_MAX 64
/* A quoted field that goes on for longer has lost its quote. */
#define CSV_RECORD_LINES_MAX 32
/* Octets of a record; its fields lie in `text`. */
#define CSV_RECORD_MAX ((size_t)64 * 1024)

struct csv_record {
	size_t count;
	struct cursor field[CSV_FIELDS_MAX]; /* without quotes and blanks */
	char text[CSV_RECORD_MAX];
};

/*
 * Reads the record that `text` begins with (RFC 4180; any separator, blanks
 * around fields allowed, CR LF or LF).  *taken is its length with its end.
 * False where a quoted field has no end: *taken is then the first line's.
 */
bool csv_read(struct cursor text, char separator, struct csv_record *out,
    size_t *taken);

#endif
