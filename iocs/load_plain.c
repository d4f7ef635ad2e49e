#include "iocs/feed_format.h"

#include <string.h>

#include "iocs/canonical_address.h"

/*
 * Plain lists: one value a line, in the variants that are about (hosts files,
 * netsets, Maltrail's trails).
 *
 *	# Reference: https://...      kept for the lines that follow
 *	sfrclak[.]com                 # a comment
 *	0.0.0.0 evil.example other.example
 *	192.0.2.1:8000
 *	evil.example/path             a URL
 *	/path                         on any host
 */

#define WORD_MAX      256
#define REFERENCE_MAX 512

/* The file as far as it was read. */
struct plain {
	struct feed_file *file;
	unsigned line;
	char reference[REFERENCE_MAX]; /* "" where none was given */
	bool in_references;            /* the line before was one, too */
};

static bool
starts(struct cursor text, const char *word)
{
	size_t len = strlen(word);

	return text.left >= len && memcmp(text.at, word, len) == 0;
}

static struct cursor
from(struct cursor c, size_t len)
{
	return (struct cursor){ c.at + len, c.left - len };
}

/* Up to a comment: '#', ';' or "//" at the start or after white space. */
static struct cursor
without_comment(struct cursor line)
{
	for (size_t i = 0; i < line.left; i++) {
		struct cursor rest = from(line, i);

		if (i > 0 && line.at[i - 1] != ' ' && line.at[i - 1] != '\t')
			continue;
		if (rest.at[0] == '#' || rest.at[0] == ';' ||
		    starts(rest, "//"))
			line.left = i;
	}
	return feed_trim(line);
}

/* Words are separated by white space; false after the last. */
static bool
take_word(struct cursor *line, struct cursor *word)
{
	size_t len = 0;

	*line = feed_trim(*line);
	while (
	    len < line->left && line->at[len] != ' ' && line->at[len] != '\t')
		len++;
	*word = (struct cursor){ line->at, len };
	*line = from(*line, len);
	return len > 0;
}

static void
add(struct plain *plain, enum value_kind kind, struct cursor value)
{
	struct feed_entry entry = FEED_ENTRY_NONE;

	entry.kind = kind;
	entry.value = value;
	entry.line = plain->line;
	if (plain->reference[0] != '\0')
		entry.feed.reference = plain->reference;
	feed_file_add(plain->file, &entry);
}

/* Names that every hosts file has for the machine itself. */
static bool
is_own_name(struct cursor name)
{
	static const char *const names[] = { "localhost",
		"localhost.localdomain", "local", "broadcasthost", "0.0.0.0",
		"ip6-localhost", "ip6-loopback", "ip6-localnet",
		"ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters",
		"ip6-allhosts" };
	char text[WORD_MAX];

	feed_string(name, text, sizeof text);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(text, names[i]) == 0)
			return true;
	return false;
}

/* What hosts files point the names at that shall not be reached. */
static bool
is_nowhere(const char *address)
{
	static const char *const addresses[] = { "0.0.0.0", "127.0.0.1",
		"127.0.1.1", "0", "::", "::1" };

	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		if (strcmp(address, addresses[i]) == 0)
			return true;
	return false;
}

/* "0.0.0.0 name name"; false where the line is no such thing. */
static bool
add_hosts_line(struct plain *plain, struct cursor line)
{
	struct cursor address, name, rest = line;
	char text[WORD_MAX];
	bool nowhere;

	if (!take_word(&rest, &address) || !take_word(&rest, &name))
		return false;
	nowhere = is_nowhere(feed_string(address, text, sizeof text));
	if (!nowhere && !(address_is_meant(text) && is_own_name(name)))
		return false;
	do {
		if (nowhere && !is_own_name(name))
			add(plain, VALUE_DOMAIN, name);
	} while (take_word(&rest, &name));
	return true;
}

/* The first of several in a row is the one that is shown. */
static bool
note_reference(struct plain *plain, struct cursor line)
{
	static const char word[] = "# Reference:";

	if (!starts(line, word)) {
		plain->in_references = false;
		return false;
	}
	if (!plain->in_references)
		feed_string(feed_trim(from(line, sizeof word - 1)),
		    plain->reference, sizeof plain->reference);
	plain->in_references = true;
	return true;
}

static void
read_line(struct plain *plain, struct cursor line)
{
	line = feed_trim(line);
	if (note_reference(plain, line))
		return;
	line = without_comment(line);
	if (starts(line, "- ") || starts(line, "* "))
		line = feed_trim(from(line, 2));
	if (line.left == 0 || add_hosts_line(plain, line))
		return;
	add(plain, VALUE_ANY, line);
}

bool
plain_recognise(struct cursor head)
{
	head = feed_trim(head);
	/* HTML or XML: a page about indicators, or an error page. */
	return head.left == 0 || head.at[0] != '<';
}

void
plain_load(struct feed_file *file, struct feed_text *text)
{
	struct plain plain = { .file = file };
	struct cursor line;
	bool too_long;

	while (feed_text_line(text, &line, &plain.line, &too_long)) {
		if (too_long)
			feed_file_reject(file, plain.line, line,
			    "the line is longer than 64 KiB");
		else
			read_line(&plain, line);
	}
}
