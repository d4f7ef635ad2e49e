#include "iocs/feed_format.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "iocs/canonical_address.h"
#include "iocs/csv_layout.h"
#include "iocs/feed_time.h"

/*
 * Comma, semicolon, bar or tab separated values.  Columns are known by the
 * header; without one, the first field of a row that is an indicator is it.
 */

#define TEXT_MAX 1024
/* The file as far as it was read. */
struct csv_file {
	struct feed_file *file;
	unsigned line;
	struct csv_layout layout;
	struct csv_record record; /* the current row */
};

bool
csv_recognise(struct cursor head)
{
	struct csv_record *record = malloc(sizeof *record);
	struct csv_layout layout;
	bool is_csv = record != NULL && csv_layout_find(head, record, &layout);

	free(record);
	return is_csv;
}

/* How feeds write "nothing". */
static bool
is_nothing(struct cursor text)
{
	static const char *const words[] = { "", "-", "none", "null", "n/a",
		"nan", "unknown" };
	char word[FEED_WORD_MAX];

	feed_string(text, word, sizeof word);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(word, words[i]) == 0)
			return true;
	return false;
}

/* Empty where the row has no such column. */
static struct cursor
field_at(const struct csv_file *csv, size_t column)
{
	if (column == 0 || column > csv->record.count)
		return cur_of("", 0);
	return csv->record.field[column - 1];
}

/* NUL-terminated in `out`; NULL where there is nothing. */
static const char *
text_of(const struct csv_file *csv, enum csv_role role, char out[TEXT_MAX])
{
	struct cursor field = field_at(csv, csv->layout.column[role]);

	return is_nothing(field) ? NULL : feed_string(field, out, TEXT_MAX);
}

static uint64_t
time_of(struct csv_file *csv, enum csv_role role)
{
	struct cursor field = field_at(csv, csv->layout.column[role]);
	uint64_t us = 0;

	if (!is_nothing(field) && !feed_time_read(field, &us))
		feed_file_doubt(csv->file, csv->line, field,
		    "no time that is understood; the row is taken without it");
	return us;
}

/* A number from 0 to 100, or STIX's words for it (appendix A). */
static int
confidence_of(struct csv_file *csv)
{
	struct cursor field = field_at(csv, csv->layout.column[CSV_CONFIDENCE]);
	char word[FEED_WORD_MAX];
	int value = 0;

	if (is_nothing(field))
		return -1;
	feed_word(field, word);
	if (strcmp(word, "high") == 0)
		return 85;
	if (strcmp(word, "medium") == 0)
		return 50;
	if (strcmp(word, "low") == 0)
		return 15;
	for (size_t i = 0; i < field.left && value <= 100; i++) {
		if (field.at[i] < '0' || field.at[i] > '9') {
			value = 101;
			break;
		}
		value = value * 10 + (field.at[i] - '0');
	}
	if (value <= 100)
		return value;
	feed_file_doubt(csv->file, csv->line, field,
	    "no confidence from 0 to 100; the row is taken without it");
	return -1;
}

/* False, and reported, where it is none: any port would be too many. */
static bool
port_of(struct csv_file *csv, uint16_t *out)
{
	struct cursor field = field_at(csv, csv->layout.column[CSV_PORT]);

	if (is_nothing(field) ||
	    port_read((const char *)field.at, field.left, out))
		return true;
	feed_file_reject(csv->file, csv->line, field,
	    "the port is no number from 1 to 65535");
	return false;
}

/* Whoever gives a link as the source means where to read on. */
static void
put_source(struct feed_entry *entry, const char *source)
{
	if (source == NULL)
		return;
	if (strncmp(source, "http://", 7) != 0 &&
	    strncmp(source, "https://", 8) != 0)
		entry->feed.source = source;
	else if (entry->feed.reference == NULL)
		entry->feed.reference = source;
}

/* Each value of the row that the header tells of. */
static void
add_values(struct csv_file *csv, struct feed_entry *entry)
{
	const struct csv_layout *layout = &csv->layout;
	size_t type = layout->column[CSV_TYPE];

	if (layout->column[CSV_VALUE] != 0) {
		entry->value = field_at(csv, layout->column[CSV_VALUE]);
		if (type != 0)
			feed_file_add_typed(csv->file, field_at(csv, type),
			    true, entry);
		else
			feed_file_add(csv->file, entry);
		return;
	}
	for (size_t i = 0; i < layout->typed_count; i++) {
		entry->kind = layout->typed[i].kind;
		entry->value = field_at(csv, layout->typed[i].column);
		if (!is_nothing(entry->value))
			feed_file_add(csv->file, entry);
	}
}

static void
add_row(struct csv_file *csv)
{
	char source[TEXT_MAX], campaign[TEXT_MAX], reference[TEXT_MAX],
	    description[TEXT_MAX], to_ids[TEXT_MAX];
	struct feed_entry entry = FEED_ENTRY_NONE;
	const char *detect = text_of(csv, CSV_TO_IDS, to_ids);

	if (detect != NULL &&
	    (detect[0] == '0' || detect[0] == 'F' || detect[0] == 'f')) {
		feed_file_skip_benign(csv->file);
		return;
	}
	if (!port_of(csv, &entry.port))
		return;
	entry.line = csv->line;
	entry.confidence = confidence_of(csv);
	entry.valid_from_us = time_of(csv, CSV_VALID_FROM);
	entry.valid_until_us = time_of(csv, CSV_VALID_UNTIL);
	entry.description = text_of(csv, CSV_DESCRIPTION, description);
	entry.feed.campaign = text_of(csv, CSV_CAMPAIGN, campaign);
	entry.feed.reference = text_of(csv, CSV_REFERENCE, reference);
	put_source(&entry, text_of(csv, CSV_SOURCE, source));
	if (entry.feed.source == NULL)
		entry.feed.source = csv->layout.publisher;
	add_values(csv, &entry);
}

/*
 * Without a header: the first field that is an indicator.  An autonomous system
 * in a row is rather where the others of it are.
 */
static void
add_row_by_look(struct csv_file *csv)
{
	struct feed_entry entry = FEED_ENTRY_NONE;
	struct normal normal;

	entry.line = csv->line;
	for (size_t i = 0; i < csv->record.count; i++) {
		entry.value = csv->record.field[i];
		if (normalise(csv->file->suffixes, VALUE_ANY, entry.value,
			&normal) == NULL &&
		    normal.type != INDICATOR_ASN) {
			feed_file_add(csv->file, &entry);
			return;
		}
	}
	entry.value = csv->record.count > 0 ? csv->record.field[0]
	                                    : cur_of("", 0);
	feed_file_reject(csv->file, csv->line, entry.value,
	    "no field of the row is an indicator, nor is there a header");
}

/* A line that is no record: a comment or empty. */
static bool
pass_comment(struct csv_file *csv, struct feed_text *text, struct cursor window)
{
	struct cursor line, comment;
	bool too_long;

	if (!feed_take_line(&window, &line) ||
	    (feed_trim(line).left > 0 && !csv_comment(line, &comment)))
		return false;
	return feed_text_line(text, &line, &csv->line, &too_long);
}

static void
reject_line(struct csv_file *csv, struct feed_text *text)
{
	struct cursor line;
	bool too_long;

	if (feed_text_line(text, &line, &csv->line, &too_long))
		feed_file_reject(csv->file, csv->line, line,
		    too_long ? "the line is longer than 64 KiB"
			     : "a quoted field has no end");
}

static void
read_rows(struct csv_file *csv, struct feed_text *text)
{
	struct cursor window;
	struct csv_layout again;
	bool first = true;
	size_t taken;

	while ((window = feed_text_window(text)).left > 0) {
		if (pass_comment(csv, text, window))
			continue;
		csv->line = text->line;
		if (!csv_read(window, csv->layout.separator, &csv->record,
			&taken)) {
			reject_line(csv, text);
			continue;
		}
		feed_text_take(text, taken);
		/* The header itself, where it stood in no comment.  A row may
		 * have one of its words, such as "domain", but not all. */
		if (first && csv->layout.has_header &&
		    csv_layout_read(&csv->record, csv->layout.separator,
			&again) &&
		    again.known_count == csv->layout.known_count) {
			first = false;
			continue;
		}
		first = false;
		if (csv->layout.has_header)
			add_row(csv);
		else
			add_row_by_look(csv);
	}
}

void
csv_load(struct feed_file *file, struct feed_text *text)
{
	struct csv_file *csv = malloc(sizeof *csv);

	if (csv == NULL) {
		file->no_memory = true;
		return;
	}
	csv->file = file;
	csv->line = 1;
	if (csv_layout_find(feed_text_window(text), &csv->record, &csv->layout))
		read_rows(csv, text);
	free(csv);
}
