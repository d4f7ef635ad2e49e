#include "iocs/feed_format.h"

#include <string.h>

bool
feed_take_line(struct cursor *window, struct cursor *line)
{
	const uint8_t *newline;
	size_t len;

	if (window->left == 0)
		return false;
	newline = memchr(window->at, '\n', window->left);
	len = newline != NULL ? (size_t)(newline - window->at) : window->left;
	return cur_take(window, len, line) &&
	       (newline == NULL || cur_skip(window, 1));
}

static bool
is_blank(uint8_t octet)
{
	return octet == ' ' || octet == '\t' || octet == '\r';
}

struct cursor
feed_trim(struct cursor text)
{
	while (text.left > 0 && is_blank(text.at[0]))
		text = (struct cursor){ text.at + 1, text.left - 1 };
	while (text.left > 0 && is_blank(text.at[text.left - 1]))
		text.left--;
	return text;
}

char *
feed_string(struct cursor text, char *out, size_t size)
{
	size_t len = text.left < size ? text.left : size - 1;

	if (len > 0)
		memcpy(out, text.at, len);
	out[len] = '\0';
	return out;
}
