#ifndef IOCS_CSV_LAYOUT_H
#define IOCS_CSV_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "iocs/csv.h"
#include "iocs/normalise.h"

/*
 * Which columns of a CSV file hold what.  No two publishers agree, so the
 * header is read; abuse.ch writes it as a comment.
 */
enum csv_role {
	CSV_NONE,
	CSV_VALUE, /* of a type that another column names, or of any */
	CSV_TYPED, /* of the kind that the column's name says */
	CSV_TYPE,
	CSV_PORT,
	CSV_CONFIDENCE,
	CSV_CAMPAIGN,
	CSV_DESCRIPTION,
	CSV_REFERENCE,
	CSV_SOURCE,
	CSV_VALID_FROM,
	CSV_VALID_UNTIL,
	CSV_TO_IDS,
	CSV_COUNT,
};

/* What a header said about the columns. */
struct csv_layout {
	char separator;
	bool has_header;
	size_t known_count;       /* of columns whose name we know */
	size_t column[CSV_COUNT]; /* from 1; 0: there is none */
	size_t typed_count;
	struct {
		size_t column; /* from 1 */
		enum value_kind kind;
	} typed[CSV_FIELDS_MAX];
	const char *publisher; /* told by its columns; or NULL */
};

/*
 * The layout of a file that begins with `head`; false where it is no CSV.
 * Without a header it is one if its first rows have equally many fields.
 * `record` is for scratch.
 */
bool csv_layout_find(struct cursor head, struct csv_record *record,
    struct csv_layout *out);

/* Whether a record names columns, a column of values among them. */
bool csv_layout_read(const struct csv_record *record, char separator,
    struct csv_layout *out);

/* A comment's text, behind '#' and white space; false where it is none. */
bool csv_comment(struct cursor line, struct cursor *text);

#endif
