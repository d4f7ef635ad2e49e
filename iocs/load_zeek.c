#include "iocs/feed_format.h"

#include <string.h>

/*
 * Zeek's Intel framework: fields separated by tabs, named by a line that
 * begins with "#fields"; "-" is a value that is not there.  What is matched
 * by name here is matched as Zeek does it: DOMAIN is that name only.
 */

#define COLUMNS_MAX 32
#define TEXT_MAX    512

enum column {
	COLUMN_OTHER,
	COLUMN_INDICATOR,
	COLUMN_TYPE,
	COLUMN_SOURCE,
	COLUMN_DESCRIPTION,
	COLUMN_URL,
	COLUMN_WHITELIST, /* T: not for detection; meta.remove likewise */
};

static const struct {
	const char *name;
	enum column column;
} columns[] = {
	{ "indicator", COLUMN_INDICATOR },
	{ "indicator_type", COLUMN_TYPE },
	{ "meta.source", COLUMN_SOURCE },
	{ "meta.desc", COLUMN_DESCRIPTION },
	{ "meta.url", COLUMN_URL },
	{ "meta.whitelist", COLUMN_WHITELIST },
	{ "meta.remove", COLUMN_WHITELIST },
};

static const struct {
	const char *name;
	enum value_kind kind;
} types[] = {
	{ "Intel::ADDR", VALUE_ADDRESS }, { "Intel::SUBNET", VALUE_ADDRESS },
	{ "Intel::URL", VALUE_URL }, { "Intel::SOFTWARE", VALUE_USER_AGENT },
	{ "Intel::DOMAIN", VALUE_HOST },
	{ "Intel::JA3", VALUE_JA3 }, /* of the package of that name */
};

/* The file as far as it was read. */
struct zeek {
	struct feed_file *file;
	unsigned line;
	size_t column_count;
	enum column columns[COLUMNS_MAX];
};

/* Cuts off what stands before the next tab; false after the last. */
static bool
take_field(struct cursor *line, bool *more, struct cursor *field)
{
	const uint8_t *tab;

	if (!*more)
		return false;
	tab = line->left > 0 ? memchr(line->at, '\t', line->left) : NULL;
	*more = tab != NULL;
	return cur_take(line,
		   tab != NULL ? (size_t)(tab - line->at) : line->left,
		   field) &&
	       (tab == NULL || cur_skip(line, 1));
}

static bool
is(struct cursor text, const char *word)
{
	return text.left == strlen(word) &&
	       memcmp(text.at, word, text.left) == 0;
}

static bool
is_fields_line(struct cursor line)
{
	static const char word[] = "#fields\t";

	return line.left >= sizeof word - 1 &&
	       memcmp(line.at, word, sizeof word - 1) == 0;
}

static void
read_fields_line(struct zeek *zeek, struct cursor line)
{
	struct cursor name;
	bool more = true;

	zeek->column_count = 0;
	(void)take_field(&line, &more, &name);
	while (zeek->column_count < COLUMNS_MAX &&
	       take_field(&line, &more, &name)) {
		enum column column = COLUMN_OTHER;

		for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
			if (is(name, columns[i].name))
				column = columns[i].column;
		zeek->columns[zeek->column_count++] = column;
	}
}

/* One line, taken apart. */
struct row {
	struct cursor indicator, type, source, description, url;
	bool whitelisted;
};

static void
read_row(const struct zeek *zeek, struct cursor line, struct row *row)
{
	struct cursor field;
	bool more = true;

	for (size_t i = 0; i < zeek->column_count; i++) {
		if (!take_field(&line, &more, &field))
			break;
		if (is(field, "-"))
			continue;
		switch (zeek->columns[i]) {
		case COLUMN_OTHER:
			break;
		case COLUMN_INDICATOR:
			row->indicator = field;
			break;
		case COLUMN_TYPE:
			row->type = field;
			break;
		case COLUMN_SOURCE:
			row->source = field;
			break;
		case COLUMN_DESCRIPTION:
			row->description = field;
			break;
		case COLUMN_URL:
			row->url = field;
			break;
		case COLUMN_WHITELIST:
			row->whitelisted |= is(field, "T");
			break;
		}
	}
}

/* "Intel::" */
static bool
take_prefix(struct cursor *type)
{
	static const char prefix[] = "Intel::";
	struct cursor rest = *type, head;

	if (!cur_take(&rest, sizeof prefix - 1, &head) || !is(head, prefix))
		return false;
	*type = rest;
	return true;
}

static void
add_row(struct zeek *zeek, const struct row *row)
{
	char source[TEXT_MAX], url[TEXT_MAX], description[TEXT_MAX];
	struct feed_entry entry = FEED_ENTRY_NONE;
	struct cursor type = row->type;

	entry.value = row->indicator;
	entry.line = zeek->line;
	if (row->source.left > 0)
		entry.feed.source = feed_string(row->source, source,
		    sizeof source);
	if (row->url.left > 0)
		entry.feed.reference = feed_string(row->url, url, sizeof url);
	entry.description = feed_string(row->description, description,
	    sizeof description);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (is(type, types[i].name)) {
			entry.kind = types[i].kind;
			feed_file_add(zeek->file, &entry);
			return;
		}
	}
	if (take_prefix(&type))
		feed_file_add_typed(zeek->file, type, true, &entry);
	else
		feed_file_reject(zeek->file, zeek->line, row->type,
		    "no indicator_type of Zeek's");
}

static void
read_line(struct zeek *zeek, struct cursor line)
{
	struct row row = { 0 };

	if (is_fields_line(line)) {
		read_fields_line(zeek, line);
		return;
	}
	if (line.left == 0 || line.at[0] == '#')
		return;
	read_row(zeek, line, &row);
	if (row.whitelisted)
		feed_file_skip_benign(zeek->file);
	else if (row.indicator.left == 0 || row.type.left == 0)
		feed_file_reject(zeek->file, zeek->line, line,
		    "no indicator or no indicator_type in it");
	else
		add_row(zeek, &row);
}

bool
zeek_recognise(struct cursor head)
{
	struct cursor line;

	while (feed_take_line(&head, &line) &&
	       (line.left == 0 || line.at[0] == '#' || line.at[0] == '\r'))
		if (is_fields_line(line))
			return true;
	return false;
}

void
zeek_load(struct feed_file *file, struct feed_text *text)
{
	struct zeek zeek = { .file = file };
	struct cursor line;
	bool too_long;

	while (feed_text_line(text, &line, &zeek.line, &too_long)) {
		if (too_long)
			feed_file_reject(file, zeek.line, line,
			    "the line is longer than 64 KiB");
		else
			read_line(&zeek, line);
	}
}
