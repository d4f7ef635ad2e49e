#include "iocs/refang.h"

#include <string.h>

/* A scheme longer than this is none that anybody feeds. */
#define SCHEME_LEN_MAX 8

static int
at(struct cursor c, size_t i)
{
	return i < c.left ? c.at[i] : -1;
}

static struct cursor
from(struct cursor c, size_t len)
{
	return len == 0 ? c : (struct cursor){ c.at + len, c.left - len };
}

static int
lower(int octet)
{
	return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

static bool
is_blank(int octet)
{
	return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

/* `word` is lower case. */
static bool
starts(struct cursor c, const char *word)
{
	size_t i;

	for (i = 0; word[i] != '\0'; i++)
		if (lower(at(c, i)) != word[i])
			return false;
	return true;
}

static struct cursor
trim_blanks(struct cursor c)
{
	while (is_blank(at(c, 0)))
		c = from(c, 1);
	while (c.left > 0 && is_blank(c.at[c.left - 1]))
		c.left--;
	return c;
}

struct cursor
refang_trim(struct cursor text)
{
	static const char pairs[][2] = { { '"', '"' }, { '\'', '\'' },
		{ '`', '`' }, { '<', '>' } };
	size_t before;

	do {
		text = trim_blanks(text);
		before = text.left;
		while (text.left > 0 && (text.at[text.left - 1] == ',' ||
					    text.at[text.left - 1] == ';'))
			text.left--;
		for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
			if (text.left < 2 || text.at[0] != pairs[i][0] ||
			    text.at[text.left - 1] != pairs[i][1])
				continue;
			text = from(text, 1);
			text.left--;
		}
	} while (text.left != before);
	return text;
}

/* hxxp and h**p are http, fxp is ftp. */
static enum refang_scheme
scheme_of(struct cursor word)
{
	static const struct {
		const char *word;
		enum refang_scheme scheme;
	} schemes[] = {
		{ "http", SCHEME_HTTP },
		{ "https", SCHEME_HTTPS },
		/* RFC 6455 section 4.1: it begins as an HTTP request. */
		{ "ws", SCHEME_HTTP },
		{ "wss", SCHEME_HTTPS },
		{ "tcp", SCHEME_TRANSPORT },
		{ "udp", SCHEME_TRANSPORT },
		{ "tls", SCHEME_TRANSPORT },
		{ "ssl", SCHEME_TRANSPORT },
	};
	char plain[SCHEME_LEN_MAX + 1] = { 0 };
	int octet;

	for (size_t i = 0; i < word.left; i++) {
		octet = lower(word.at[i]);
		plain[i] = (char)(octet == 'x' || octet == '*' ? 't' : octet);
	}
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strcmp(plain, schemes[i].word) == 0)
			return schemes[i].scheme;
	return SCHEME_OTHER;
}

static enum refang_scheme
take_scheme(struct cursor *text)
{
	static const char *const ends[] = { "://", "[://]", "[:]//", "(:)//",
		"[:]\\/\\/", ":\\/\\/", ":__" };
	struct cursor rest = *text;
	size_t len = 0;
	int octet;

	while ((octet = lower(at(rest, len))) == '*' ||
	       (octet >= 'a' && octet <= 'z'))
		len++;
	if (len == 0 || len > SCHEME_LEN_MAX)
		return SCHEME_NONE;
	rest = from(rest, len);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		if (!starts(rest, ends[i]))
			continue;
		rest = from(rest, strlen(ends[i]));
		*text = rest;
		return scheme_of(
		    (struct cursor){ rest.at - strlen(ends[i]) - len, len });
	}
	return SCHEME_NONE;
}

/*
 * A bracketed '.', "dot", ':', '/' or '@', its closing bracket perhaps lost:
 * how many octets it takes, and what it means.  0 where there is none.
 */
static size_t
bracketed(struct cursor text, char *meaning)
{
	static const struct {
		const char *inside;
		char meaning;
	} kinds[] = { { ".", '.' }, { "dot", '.' }, { ":", ':' }, { "/", '/' },
		{ "@", '@' } };
	static const char open[] = "[({", shut[] = "])}";
	const char *kind = at(text, 0) > 0 ? strchr(open, at(text, 0)) : NULL;
	size_t len;

	if (kind == NULL)
		return 0;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!starts(from(text, 1), kinds[i].inside))
			continue;
		len = 1 + strlen(kinds[i].inside);
		*meaning = kinds[i].meaning;
		if (at(text, len) == shut[kind - open])
			return len + 1;
		/* "[.com" lost its end; "[::1]" and "[dotted]" did not. */
		return kinds[i].meaning == '.' && len == 2 ? len : 0;
	}
	return 0;
}

/* The same for forms without an opening bracket. */
static size_t
bare(struct cursor text, char *meaning)
{
	static const char *const dots[] = { ".]", ".)", ".}", "\\.", " .",
		" dot ", " [dot] ", " (dot) ", " [.] " };

	*meaning = '.';
	for (size_t i = 0; i < sizeof dots / sizeof dots[0]; i++)
		if (starts(text, dots[i]))
			return strlen(dots[i]);
	return 0;
}

bool
refang(struct cursor text, struct refanged *out)
{
	size_t len;
	char octet;

	out->scheme = take_scheme(&text);
	out->authority_len = 0;
	out->delimiter = '\0';
	while (text.left > 0) {
		if ((len = bracketed(text, &octet)) == 0 &&
		    (len = bare(text, &octet)) == 0) {
			octet = (char)text.at[0];
			len = 1;
		}
		text = from(text, len);
		if (octet == '/' || octet == '?' || octet == '#') {
			out->delimiter = octet;
			break;
		}
		if (out->authority_len == REFANG_AUTHORITY_MAX)
			return false;
		out->authority[out->authority_len++] = octet;
	}
	out->authority[out->authority_len] = '\0';
	out->rest = text;
	return true;
}
