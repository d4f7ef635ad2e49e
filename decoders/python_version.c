#include "decoders/python_version.h"

/* The version as far as it was read and written. */
struct spelling {
	struct cursor rest;
	char *out;
	size_t len;
	bool full;
};

/* The markers that a number may follow, and how they are spelled normally. */
struct marker {
	const char *word, *normal;
};

/* Of two that begin alike, the longer first. */
static const struct marker pre[] = { { "alpha", "a" }, { "a", "a" },
	{ "beta", "b" }, { "b", "b" }, { "preview", "rc" }, { "pre", "rc" },
	{ "rc", "rc" }, { "c", "rc" }, { NULL, NULL } };
static const struct marker post[] = { { "post", ".post" }, { "rev", ".post" },
	{ "r", ".post" }, { NULL, NULL } };
static const struct marker dev[] = { { "dev", ".dev" }, { NULL, NULL } };

/* In lower case; -1 at the end. */
static int
peek(struct cursor c)
{
	if (c.left == 0)
		return -1;
	return c.at[0] >= 'A' && c.at[0] <= 'Z' ? c.at[0] | 0x20 : c.at[0];
}

static bool
is_digit(int octet)
{
	return octet >= '0' && octet <= '9';
}

static bool
is_separator(int octet)
{
	return octet == '-' || octet == '_' || octet == '.';
}

static void
skip(struct cursor *c)
{
	*c = (struct cursor){ c->at + 1, c->left - 1 };
}

static void
put(struct spelling *s, char octet)
{
	if (s->len == PYTHON_VERSION_LEN_MAX)
		s->full = true;
	else
		s->out[s->len++] = octet;
}

static void
put_text(struct spelling *s, const char *text)
{
	for (; *text != '\0'; text++)
		put(s, *text);
}

/* Digits without the zeros in front. */
static bool
take_number(struct spelling *s)
{
	if (!is_digit(peek(s->rest)))
		return false;
	while (
	    peek(s->rest) == '0' && s->rest.left > 1 && is_digit(s->rest.at[1]))
		skip(&s->rest);
	for (; is_digit(peek(s->rest)); skip(&s->rest))
		put(s, (char)peek(s->rest));
	return true;
}

static bool
take_word(struct cursor *c, const char *word)
{
	struct cursor rest = *c;

	for (; *word != '\0'; word++) {
		if (peek(rest) != *word)
			return false;
		skip(&rest);
	}
	*c = rest;
	return true;
}

/* [-_.]?WORD[-_.]?N? where N is 0 if it is missing. */
static bool
take_marker(struct spelling *s, const struct marker *markers)
{
	struct cursor rest = s->rest, number;

	if (is_separator(peek(rest)))
		skip(&rest);
	while (markers->word != NULL && !take_word(&rest, markers->word))
		markers++;
	if (markers->word == NULL)
		return false;
	put_text(s, markers->normal);
	number = rest;
	if (is_separator(peek(number)))
		skip(&number);
	s->rest = is_digit(peek(number)) ? number : rest;
	if (!take_number(s))
		put(s, '0');
	return true;
}

/* "1.0-1" is 1.0.post1. */
static bool
take_post(struct spelling *s)
{
	if (peek(s->rest) != '-' || s->rest.left < 2 ||
	    !is_digit(s->rest.at[1]))
		return take_marker(s, post);
	skip(&s->rest);
	put_text(s, ".post");
	return take_number(s);
}

static bool
take_release(struct spelling *s)
{
	if (peek(s->rest) == 'v')
		skip(&s->rest);
	if (!take_number(s))
		return false;
	if (peek(s->rest) == '!') {
		skip(&s->rest);
		/* Epoch 0 is the one that is not written. */
		if (s->len == 1 && s->out[0] == '0')
			s->len = 0;
		else
			put(s, '!');
		if (!take_number(s))
			return false;
	}
	while (peek(s->rest) == '.' && s->rest.left > 1 &&
	       is_digit(s->rest.at[1])) {
		skip(&s->rest);
		put(s, '.');
		(void)take_number(s);
	}
	return true;
}

/* One part of a local version; a number where it has digits only. */
static bool
take_local_part(struct spelling *s)
{
	struct cursor part = s->rest;
	bool number = true;
	int octet;

	while ((octet = peek(part)) >= 0 && !is_separator(octet)) {
		if (!is_digit(octet) && (octet < 'a' || octet > 'z'))
			return false;
		number &= is_digit(octet);
		skip(&part);
	}
	if (part.left == s->rest.left)
		return false;
	if (number)
		return take_number(s);
	for (; s->rest.left > part.left; skip(&s->rest))
		put(s, (char)peek(s->rest));
	return true;
}

static bool
take_local(struct spelling *s)
{
	char before = '+';

	do {
		skip(&s->rest);
		put(s, before);
		if (!take_local_part(s))
			return false;
		before = '.';
	} while (is_separator(peek(s->rest)));
	return true;
}

bool
python_version_normal(struct cursor text, char out[PYTHON_VERSION_LEN_MAX + 1],
    size_t *out_len)
{
	struct spelling s = { text, out, 0, false };

	if (!take_release(&s))
		return false;
	(void)take_marker(&s, pre);
	(void)take_post(&s);
	(void)take_marker(&s, dev);
	if (peek(s.rest) == '+' && !take_local(&s))
		return false;
	if (s.rest.left > 0 || s.full)
		return false;
	out[s.len] = '\0';
	*out_len = s.len;
	return true;
}
