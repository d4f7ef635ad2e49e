#include "output/url_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
url_refuse(struct reason *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why->text, why->size, format, arguments);
	va_end(arguments);
	return false;
}

bool
span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

bool
span_split(struct span span, char separator, struct span *before,
    struct span *rest)
{
	const char *at = memchr(span.at, separator, span.len);

	if (at == NULL)
		return false;
	*before = (struct span){ span.at, (size_t)(at - span.at) };
	*rest = (struct span){ at + 1, span.len - before->len - 1 };
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
url_decode(struct span from, const char *what, char **out, struct reason *why)
{
	size_t len = 0;
	char *text;

	if ((text = malloc(from.len + 1)) == NULL)
		return url_refuse(why, "out of memory");
	for (size_t i = 0; i < from.len; i++) {
		int high, low;

		if (from.at[i] != '%') {
			text[len++] = from.at[i];
			continue;
		}
		high = from.len - i > 2 ? hex_value(from.at[i + 1]) : -1;
		low = from.len - i > 2 ? hex_value(from.at[i + 2]) : -1;
		if (high == -1 || low == -1 || high + low == 0) {
			free(text);
			return url_refuse(why,
			    "%s: a '%%' without two "
			    "hexadecimal digits, or %%00",
			    what);
		}
		text[len++] = (char)(high * 16 + low);
		i += 2;
	}
	text[len] = '\0';
	*out = text;
	return true;
}

bool
url_number(struct span from, const char *what, uint64_t min, uint64_t max,
    uint64_t *out, struct reason *why)
{
	uint64_t value = 0;
	bool good = from.len > 0;

	for (size_t i = 0; i < from.len && good; i++) {
		unsigned digit = (unsigned)(unsigned char)from.at[i] - '0';

		good = digit <= 9 && digit <= max &&
		       value <= (max - digit) / 10;
		value = value * 10 + digit;
	}
	if (!good || value < min)
		return url_refuse(why,
		    "%s: not a number from %" PRIu64 " to %" PRIu64, what, min,
		    max);
	*out = value;
	return true;
}
