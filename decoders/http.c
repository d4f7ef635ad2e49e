#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/http.h"
#include "decoders/http_start.h"
#include "decoders/http_text.h"

/*
 * Heads of HTTP/1.x messages: the field section, and all of it together.
 * Start lines: http_start.c; bodies: http_body.c; names: http_target.c.
 */

/* RFC 9110 section 5.6.1: the next element of a list that is not empty. */
static bool
take_element(struct cursor *list, struct cursor *element)
{
	size_t len;

	do {
		if (list->left == 0)
			return false;
		len = text_find(*list, ',');
		*element = text_trim(text_first(*list, len));
		*list = text_from(*list, len + 1);
	} while (element->left == 0);
	return true;
}

static void
note_host(struct http_head *head, struct cursor value)
{
	if (head->host.at != value.at)
		head->host_repeated = true;
}

/* RFC 9112 section 6.2; a list of the same length comes from proxies. */
static void
note_content_length(struct http_head *head, struct cursor value)
{
	struct cursor element;
	uint64_t len;

	if (value.left == 0)
		head->length_invalid = true;
	while (take_element(&value, &element)) {
		if (!text_take_number(&element, UINT64_MAX, &len)) {
			head->length_invalid = true;
			continue;
		}
		if (element.left > 0)
			head->length_invalid = true;
		if (head->has_body_len && len != head->body_len)
			head->length_conflict = true;
		if (!head->has_body_len)
			head->body_len = len;
		head->has_body_len = true;
	}
}

/* RFC 9112 section 6.1. */
static void
note_transfer_encoding(struct http_head *head, struct cursor value)
{
	struct cursor element, coding;

	while (take_element(&value, &element)) {
		coding = text_first(element, text_find(element, ';'));
		coding = text_trim(coding);
		/* Of RFC 2616; it never meant anything. */
		if (text_is(coding, TEXT("identity")))
			continue;
		head->coded = true;
		head->chunked = text_is(coding, TEXT("chunked"));
	}
}

#define SHORTCUT(name, member) TEXT(name), offsetof(struct http_head, member)

/* The named fields: where the first value goes, and who sees every one. */
static const struct shortcut {
	const char *name; /* lower case */
	size_t len;
	size_t window_at;
	void (*note)(struct http_head *head, struct cursor value);
} shortcuts[] = {
	{ SHORTCUT("host", host), note_host },
	{ SHORTCUT("user-agent", user_agent), NULL },
	{ SHORTCUT("referer", referer), NULL },
	{ SHORTCUT("expect", expect), NULL },
	{ SHORTCUT("server", server), NULL },
	{ SHORTCUT("location", location), NULL },
	{ SHORTCUT("content-type", content_type), NULL },
	{ SHORTCUT("content-length", content_length), note_content_length },
	{ SHORTCUT("transfer-encoding", transfer_encoding),
	    note_transfer_encoding },
	{ SHORTCUT("connection", connection), NULL },
	{ SHORTCUT("upgrade", upgrade), NULL },
};

static void
note_shortcut(struct http_head *head, const struct http_field *field)
{
	const struct shortcut *s;
	struct cursor *window;
	size_t i;

	for (i = 0; i < sizeof(shortcuts) / sizeof(shortcuts[0]); i++) {
		s = &shortcuts[i];
		if (!text_is(field->name, s->name, s->len))
			continue;
		window = (struct cursor *)((char *)head + s->window_at);
		if (window->at == NULL)
			*window = field->value;
		if (s->note != NULL)
			s->note(head, field->value);
		return;
	}
}

/* One field line with its folds; `whole` unless it is cut before its LF. */
static void
take_field_line(struct cursor *section, struct cursor *line, size_t *first_len,
    bool *whole)
{
	size_t len = text_find(*section, '\n');

	*first_len = len;
	while (len < section->left && text_is_ows(text_at(*section, len + 1)))
		len += 1 + text_find(text_from(*section, len + 1), '\n');
	*whole = len < section->left;
	*line = text_first(*section, len);
	*section = text_from(*section, len + 1);
}

/* The field section, RFC 9112 section 5, without the empty line. */
static void
decode_fields(struct cursor section, struct http_head *head)
{
	struct cursor line;
	struct http_field field;
	size_t first_len, colon;
	bool whole = true;

	while (section.left > 0) {
		take_field_line(&section, &line, &first_len, &whole);
		colon = text_find(text_first(line, first_len), ':');
		field.name = text_trim(text_first(line, colon));
		if (colon == first_len || field.name.left == 0 ||
		    text_is_ows(text_at(line, 0))) {
			head->bad_line_count++;
			continue;
		}
		field.value = text_trim(text_from(line, colon + 1));
		if (whole)
			note_shortcut(head, &field);
		if (head->field_count < HTTP_FIELDS_MAX)
			head->fields[head->field_count++] = field;
		else
			head->fields_more = true;
	}
	if (!whole)
		head->cut_line = true;
}

/* Past all whole lines that are not empty; true where an empty one is next. */
static bool
skip_field_lines(struct cursor *c)
{
	size_t len;

	while ((len = text_find(*c, '\n')) < c->left) {
		if (len == 0 || (len == 1 && text_at(*c, 0) == '\r'))
			return true;
		*c = text_from(*c, len + 1);
	}
	return false;
}

/* The field section; false, and nothing changed, where its end is not there. */
static bool
take_section(struct cursor *c, struct cursor *section)
{
	struct cursor rest = *c, empty;

	if (!skip_field_lines(&rest))
		return false;
	*section = text_first(*c, c->left - rest.left);
	if (!text_take_line(&rest, &empty))
		return false;
	*c = rest;
	return true;
}

static void
head_fill(struct http_head *head, enum http_kind kind,
    const struct http_start *start)
{
	/* Not 2 KiB of fields that field_count says are not there. */
	memset(head, 0, offsetof(struct http_head, fields));
	head->kind = kind;
	head->version = start->version;
	head->minor = start->minor;
	head->version_odd = start->version_odd;
	head->method = start->method;
	head->target = start->target;
	head->words_dropped = start->dropped.left > 0;
	head->status = start->status;
	head->reason = start->reason;
}

enum decode
http_head_decode(struct cursor stream, enum http_kind kind, bool at_end,
    struct http_head *out)
{
	struct cursor rest, line, section = { 0 };
	struct http_start start;
	enum decode rc;
	bool whole, cut = false;

	at_end = at_end || stream.left >= HTTP_HEAD_MAX;
	stream = text_first(stream, HTTP_HEAD_MAX);
	rest = stream;
	if (!http_skip_blank_lines(&rest))
		return DECODE_MALFORMED;
	whole = text_take_line(&rest, &line);
	if (!whole && !at_end)
		return http_start_is_prefix(rest, kind) ? DECODE_SHORT
		                                        : DECODE_MALFORMED;
	if (!whole) {
		line = rest;
		rest = text_from(rest, rest.left);
	}
	rc = http_start_decode(line, kind, whole, rest, at_end, &start);
	if (rc != DECODE_OK)
		return rc;
	if (!start.alone && !take_section(&rest, &section)) {
		if (!at_end)
			return DECODE_SHORT;
		cut = true;
		section = rest;
		rest = text_from(rest, rest.left);
	}
	head_fill(out, kind, &start);
	out->head_len = stream.left - rest.left;
	out->cut = cut;
	out->cut_line = !whole;
	decode_fields(section, out);
	out->coding_invalid = out->coded && (!out->chunked || out->minor == 0);
	out->length_and_coding = out->coded && out->content_length.at != NULL;
	return DECODE_OK;
}

bool
http_head_ready(struct cursor stream, size_t *scanned)
{
	struct cursor rest = stream, line;
	bool found;

	if (stream.left >= HTTP_HEAD_MAX)
		return true;
	if (*scanned == 0) {
		/* The start line, or what comes after it, may decide. */
		if (http_skip_blank_lines(&rest) &&
		    text_take_line(&rest, &line) &&
		    !http_start_is_open(line, rest))
			*scanned = stream.left - rest.left;
		return true;
	}
	rest = text_from(stream, *scanned);
	found = skip_field_lines(&rest);
	*scanned = stream.left - rest.left;
	return found;
}

static size_t
append(char *to, size_t len, size_t max, struct cursor octets)
{
	octets = text_first(octets, max - len);
	if (octets.left > 0)
		memcpy(to + len, octets.at, octets.left);
	return len + octets.left;
}

size_t
http_value_unfold(struct cursor value, char *to, size_t max)
{
	struct cursor part;
	size_t len = 0, lf;

	while ((lf = text_find(value, '\n')) < value.left) {
		if (!text_is_ows(text_at(value, lf + 1))) {
			part = text_first(value, lf + 1);
			len = append(to, len, max, part);
			value = text_from(value, lf + 1);
			continue;
		}
		part = text_trim_end(text_first(value, lf));
		len = append(to, len, max, part);
		len = append(to, len, max, cur_of(" ", 1));
		value = text_trim_start(text_from(value, lf + 1));
	}
	return append(to, len, max, value);
}
