#ifndef IOCS_FEED_FORMAT_H
#define IOCS_FEED_FORMAT_H

#include <stdbool.h>

#include "iocs/feed_file.h"
#include "iocs/feed_text.h"

/*
 * The formats.  Those of lines: whether a file that begins with `head` (a
 * window of feed_text) is in it, and reading it to its end.
 */
struct feed_text_format {
	bool (*recognise)(struct cursor head);
	void (*load)(struct feed_file *file, struct feed_text *text);
};

bool zeek_recognise(struct cursor head);
void zeek_load(struct feed_file *file, struct feed_text *text);

bool csv_recognise(struct cursor head);
void csv_load(struct feed_file *file, struct feed_text *text);

/* What is nothing else. */
bool plain_recognise(struct cursor head);
void plain_load(struct feed_file *file, struct feed_text *text);

/*
 * JSON: STIX and MISP.  NULL, or the reason why nothing could be read, and the
 * line if there is one to tell.
 */
bool feed_json_recognise(struct cursor head);
const char *feed_json_load(struct feed_file *file, struct feed_text *text,
    unsigned *line);

/* Lines, for recognition and for reading. */

/* The next line of a window, without its end; false after the last. */
bool feed_take_line(struct cursor *window, struct cursor *line);
/* Without white space at its ends. */
struct cursor feed_trim(struct cursor text);
/* NUL-terminated, cut where it does not fit; returns `out`. */
char *feed_string(struct cursor text, char *out, size_t size);

#endif
