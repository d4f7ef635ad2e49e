#include "iocs/feed_text.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE (2 * FEED_LINE_MAX)

static void
fill(struct feed_text *text)
{
	size_t got, room;

	if (text->at_end || text->error != NULL)
		return;
	memmove(text->octets, text->octets + text->at, text->end - text->at);
	text->end -= text->at;
	text->at = 0;
	room = BUFFER_SIZE - text->end;
	got = fread(text->octets + text->end, 1, room, text->in);
	if (got < room) {
		text->at_end = true;
		if (ferror(text->in))
			text->error = "could not be read to its end";
	}
	if (memchr(text->octets + text->end, '\0', got) != NULL)
		text->error = "not text: there is a NUL in it";
	text->end += got;
}

static bool
begins(const struct feed_text *text, const char *octets, size_t len)
{
	return text->end >= len && memcmp(text->octets, octets, len) == 0;
}

int
feed_text_init(struct feed_text *text, FILE *in)
{
	*text = (struct feed_text){ .in = in, .line = 1 };
	if ((text->octets = malloc(BUFFER_SIZE)) == NULL)
		return -1;
	fill(text);
	if (begins(text, "\xff\xfe", 2) || begins(text, "\xfe\xff", 2))
		text->error = "UTF-16, which is not read: convert it to UTF-8";
	else if (begins(text, "\x1f\x8b", 2))
		text->error = "compressed: decompress it first";
	else if (begins(text, "\xef\xbb\xbf", 3))
		text->at = 3;
	return 0;
}

void
feed_text_fini(struct feed_text *text)
{
	free(text->octets);
	text->octets = NULL;
}

struct cursor
feed_text_window(struct feed_text *text)
{
	if (text->end - text->at <= FEED_LINE_MAX)
		fill(text);
	if (text->error != NULL)
		return cur_of(text->octets, 0);
	return cur_of(text->octets + text->at, text->end - text->at);
}

void
feed_text_take(struct feed_text *text, size_t len)
{
	const char *at = text->octets + text->at, *end = at + len, *newline;

	while (at < end &&
	       (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		text->line++;
		at = newline + 1;
	}
	text->at += len;
}

/* Up to and with the next line's end, however far that is. */
static void
pass_line(struct feed_text *text)
{
	struct cursor window;
	const uint8_t *newline;

	while ((window = feed_text_window(text)).left > 0) {
		newline = memchr(window.at, '\n', window.left);
		if (newline != NULL) {
			feed_text_take(text, (size_t)(newline - window.at) + 1);
			return;
		}
		feed_text_take(text, window.left);
	}
}

bool
feed_text_line(struct feed_text *text, struct cursor *line, unsigned *number,
    bool *too_long)
{
	struct cursor window = feed_text_window(text);
	const uint8_t *newline;
	size_t len;

	*number = text->line;
	*too_long = false;
	if (window.left == 0)
		return false;
	newline = memchr(window.at, '\n', window.left);
	len = newline != NULL ? (size_t)(newline - window.at) : window.left;
	if (len > FEED_LINE_MAX) {
		/* The buffer moves: only the fact is left. */
		pass_line(text);
		*line = cur_of(text->octets, 0);
		*too_long = true;
		return true;
	}
	feed_text_take(text, newline != NULL ? len + 1 : len);
	*line = cur_of(window.at, len);
	if (len > 0 && window.at[len - 1] == '\r')
		line->left--;
	return true;
}
