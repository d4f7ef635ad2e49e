#include "iocs/csv.h"

/* Where the reader is, and where what it keeps goes. */
struct reading {
	struct cursor rest;
	char separator;
	size_t used; /* of the record's text */
	unsigned lines;
};

static int
peek(const struct reading *r)
{
	return r->rest.left > 0 ? r->rest.at[0] : -1;
}

static void
skip(struct reading *r)
{
	r->rest = (struct cursor){ r->rest.at + 1, r->rest.left - 1 };
}

static bool
is_blank(const struct reading *r, int octet)
{
	return octet != r->separator &&
	       (octet == ' ' || octet == '\t' || octet == '\r');
}

static bool
ends_field(const struct reading *r)
{
	return peek(r) == -1 || peek(r) == '\n' || peek(r) == r->separator;
}

static bool
keep(struct reading *r, struct csv_record *out)
{
	if (r->used == sizeof out->text)
		return false;
	out->text[r->used++] = (char)peek(r);
	skip(r);
	return true;
}

/* From behind the opening quote to behind the closing one and blanks. */
static bool
read_quoted(struct reading *r, struct csv_record *out)
{
	for (;;) {
		if (peek(r) == -1)
			return false;
		if (peek(r) == '"') {
			skip(r);
			if (peek(r) != '"')
				break;
		}
		if (peek(r) == '\n' && ++r->lines > CSV_RECORD_LINES_MAX)
			return false;
		if (!keep(r, out))
			return false;
	}
	while (is_blank(r, peek(r)))
		skip(r);
	return ends_field(r);
}

static bool
read_field(struct reading *r, struct csv_record *out)
{
	size_t begin = r->used;

	while (is_blank(r, peek(r)))
		skip(r);
	if (peek(r) == '"') {
		skip(r);
		if (!read_quoted(r, out))
			return false;
	} else {
		while (!ends_field(r))
			if (!keep(r, out))
				return false;
		while (r->used > begin && is_blank(r, out->text[r->used - 1]))
			r->used--;
	}
	if (out->count < CSV_FIELDS_MAX)
		out->field[out->count++] = cur_of(out->text + begin,
		    r->used - begin);
	return true;
}

static size_t
first_line(struct cursor text)
{
	const uint8_t *end = text.left > 0 ? memchr(text.at, '\n', text.left)
	                                   : NULL;

	return end != NULL ? (size_t)(end - text.at) + 1 : text.left;
}

bool
csv_read(struct cursor text, char separator, struct csv_record *out,
    size_t *taken)
{
	struct reading r = { text, separator, 0, 0 };

	out->count = 0;
	for (;;) {
		if (!read_field(&r, out)) {
			*taken = first_line(text);
			return false;
		}
		if (peek(&r) != separator)
			break;
		skip(&r);
	}
	if (peek(&r) == '\n')
		skip(&r);
	*taken = text.left - r.rest.left;
	return true;
}
