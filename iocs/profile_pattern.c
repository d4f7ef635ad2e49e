#include "iocs/profile_pattern.h"

#include <stddef.h>
#include <string.h>

static bool
is_digit(uint8_t octet)
{
	return octet >= '0' && octet <= '9';
}

static bool
is_letter(uint8_t octet)
{
	return (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
}

static bool
is_hex(uint8_t octet)
{
	return is_digit(octet) || (octet >= 'a' && octet <= 'f');
}

static bool
is_name(uint8_t octet)
{
	return is_digit(octet) || is_letter(octet) || octet == '-' ||
	       octet == '_' || octet == '.';
}

static const struct {
	const char *word;
	bool (*is)(uint8_t octet);
} classes[] = {
	{ "{digits}", is_digit },
	{ "{letters}", is_letter },
	{ "{name}", is_name },
};

/* What a pattern begins with. */
struct element {
	bool (*is)(uint8_t octet); /* NULL: the octet itself */
	size_t len;                /* of the pattern */
	size_t count;              /* exactly so many; 0: one or more */
};

/* "{hex" and one or two digits and "}". */
static bool
read_hex(const char *at, struct element *element)
{
	size_t n;

	if (strncmp(at, "{hex", 4) != 0)
		return false;
	n = strspn(at + 4, "0123456789");
	if (n < 1 || n > 2 || at[4 + n] != '}')
		return false;
	element->is = is_hex;
	element->count = (size_t)(at[4] - '0');
	if (n == 2)
		element->count = element->count * 10 + (size_t)(at[5] - '0');
	element->len = n + 5;
	return element->count > 0;
}

static bool
read_element(const char *at, struct element *element)
{
	*element = (struct element){ .len = 1 };
	if (*at != '{')
		return *at != '}';
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		size_t len = strlen(classes[i].word);

		if (strncmp(at, classes[i].word, len) == 0) {
			element->is = classes[i].is;
			element->len = len;
			return true;
		}
	}
	return read_hex(at, element);
}

bool
profile_pattern_valid(const char *pattern)
{
	struct element element;

	while (*pattern != '\0') {
		if (!read_element(pattern, &element))
			return false;
		pattern += element.len;
	}
	return true;
}

static bool
match_class(const struct element *element, struct cursor *text)
{
	struct cursor run = *text, rest = *text;
	size_t n = 0;
	uint8_t octet;

	while ((element->count == 0 || n < element->count) &&
	       cur_u8(&rest, &octet) && element->is(octet))
		n++;
	if (n == 0 || (element->count > 0 && n < element->count) ||
	    !cur_take(text, n, &run))
		return false;
	return element->is != is_name || memchr(run.at, '.', n) != NULL;
}

bool
profile_pattern_match(const char *pattern, struct cursor text)
{
	struct element element;
	uint8_t octet;

	for (; *pattern != '\0'; pattern += element.len) {
		if (!read_element(pattern, &element))
			return false;
		if (element.is != NULL) {
			if (!match_class(&element, &text))
				return false;
		} else if (!cur_u8(&text, &octet) ||
			   octet != (uint8_t)*pattern) {
			return false;
		}
	}
	return text.left == 0;
}
