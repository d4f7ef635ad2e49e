#include "output/redis_command.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/redis_out.h"
#include "output/redis_slot.h"

/* Keys whose command is kept: a few types of a few dozen segments. */
#define HEADS 256 /* a power of two */

/* What the key of a line is made of; what the template does not use is 0. */
struct key_facts {
	uint8_t type, severity, segment_len;
	char segment[LINE_SEGMENT_OCTETS];
};

struct cached_head {
	struct key_facts facts;
	struct redis_head head; /* octets NULL: none yet */
};

struct redis_commands {
	const struct sink_url *url;
	bool uses_type, uses_segment, uses_severity;
	struct cached_head heads[HEADS];
};

struct redis_commands *
redis_commands_new(const struct sink_url *url)
{
	struct redis_commands *commands;

	if ((commands = calloc(1, sizeof *commands)) == NULL)
		return NULL;
	commands->url = url;
	for (unsigned i = 0; i < url->key_count; i++) {
		switch (url->key[i].kind) {
		case KEY_TEXT:
			break;
		case KEY_TYPE:
			commands->uses_type = true;
			break;
		case KEY_SEGMENT:
			commands->uses_segment = true;
			break;
		case KEY_SEVERITY:
			commands->uses_severity = true;
			break;
		}
	}
	return commands;
}

void
redis_commands_free(struct redis_commands *commands)
{
	if (commands == NULL)
		return;
	for (size_t i = 0; i < HEADS; i++)
		free(commands->heads[i].head.octets);
	free(commands);
}

enum redis_kind
redis_commands_reply(const struct redis_commands *commands)
{
	/* XADD: the entry's ID.  Else how many there are, or have heard it. */
	return commands->url->mode == REDIS_STREAM ? REPLY_STRING
	                                           : REPLY_INTEGER;
}

static bool
is_for(const struct redis_commands *commands, const struct cached_head *cached,
    const struct sink_line *line)
{
	const struct key_facts *facts = &cached->facts;

	return cached->head.octets != NULL &&
	       (!commands->uses_type || facts->type == line->type) &&
	       (!commands->uses_severity ||
		   facts->severity == line->severity) &&
	       (!commands->uses_segment ||
		   (facts->segment_len == line->segment_len &&
		       memcmp(facts->segment, line->segment,
			   line->segment_len) == 0));
}

/* FNV-1a over what the template uses. */
static size_t
place_of(const struct redis_commands *commands, const struct sink_line *line)
{
	uint32_t hash = 2166136261U;

	if (commands->uses_type)
		hash = (hash ^ line->type) * 16777619U;
	if (commands->uses_severity)
		hash = (hash ^ line->severity) * 16777619U;
	for (size_t i = 0; commands->uses_segment && i < line->segment_len; i++)
		hash = (hash ^ (uint8_t)line->segment[i]) * 16777619U;
	return (hash ^ hash >> 16) % HEADS;
}

struct text {
	const char *octets;
	size_t len;
};

static struct text
text_of(const char *string)
{
	return (struct text){ string, strlen(string) };
}

static struct text
spell_severity(const struct sink_line *line)
{
	static const char digits[] = "0123456789";

	if (line->severity == 0 || line->severity >= LINE_SEVERITY_NONE)
		return text_of("none");
	return (struct text){ &digits[line->severity], 1 };
}

static struct text
spell_part(const struct key_part *part, const struct sink_line *line)
{
	switch (part->kind) {
	case KEY_TEXT:
		return text_of(part->text);
	case KEY_TYPE:
		return text_of(event_type_name((enum event_type)line->type));
	case KEY_SEGMENT:
		if (line->segment_len == 0)
			return text_of("none");
		return (struct text){ line->segment, line->segment_len };
	case KEY_SEVERITY:
		return spell_severity(line);
	}
	return text_of("");
}

static size_t
key_len(const struct sink_url *url, const struct sink_line *line)
{
	size_t len = 0;

	for (unsigned i = 0; i < url->key_count; i++)
		len += spell_part(&url->key[i], line).len;
	return len;
}

static char *
append(char *at, const char *octets, size_t len)
{
	memcpy(at, octets, len);
	return at + len;
}

static char *
append_argument(char *at, const char *argument)
{
	size_t len = strlen(argument);

	at += redis_out_number(at, '$', len);
	at = append(at, argument, len);
	return append(at, "\r\n", 2);
}

static char *
append_key(char *at, const struct sink_url *url, const struct sink_line *line,
    uint16_t *slot)
{
	size_t len = key_len(url, line);
	char *key;

	at += redis_out_number(at, '$', len);
	key = at;
	for (unsigned i = 0; i < url->key_count; i++) {
		struct text part = spell_part(&url->key[i], line);

		at = append(at, part.octets, part.len);
	}
	*slot = redis_key_slot(key, len);
	return append(at, "\r\n", 2);
}

/* What stands around the key; at most six arguments, all short. */
#define AROUND_MAX 5
struct command {
	const char *name;
	const char *after[AROUND_MAX];
	unsigned after_count;
};

static struct command
command_of(const struct sink_url *url, const char *maxlen)
{
	switch (url->mode) {
	case REDIS_LIST:
		return (struct command){ url->push_left ? "LPUSH" : "RPUSH",
			{ NULL }, 0 };
	case REDIS_CHANNEL:
		return (struct command){ "PUBLISH", { NULL }, 0 };
	case REDIS_STREAM:
		break;
	}
	if (url->maxlen == 0)
		return (struct command){ "XADD", { "*", "eve" }, 2 };
	return (
	    struct command){ "XADD", { "MAXLEN", "~", maxlen, "*", "eve" }, 5 };
}

#define ARGUMENT_MAX (REDIS_LENGTH_MAX + sizeof "18446744073709551615\r\n")

static bool
make_head(const struct sink_url *url, const struct sink_line *line,
    struct redis_head *head)
{
	char maxlen[sizeof "18446744073709551615"], *at;
	struct command command;
	size_t size = (AROUND_MAX + 3) * ARGUMENT_MAX + key_len(url, line);

	snprintf(maxlen, sizeof maxlen, "%" PRIu64, url->maxlen);
	command = command_of(url, maxlen);
	if ((head->octets = malloc(size)) == NULL)
		return false;
	at = head->octets;
	at += redis_out_number(at, '*', command.after_count + 3);
	at = append_argument(at, command.name);
	at = append_key(at, url, line, &head->slot);
	for (unsigned i = 0; i < command.after_count; i++)
		at = append_argument(at, command.after[i]);
	head->len = (size_t)(at - head->octets);
	return true;
}

const struct redis_head *
redis_commands_head(struct redis_commands *commands,
    const struct sink_line *line)
{
	struct cached_head *cached = &commands->heads[place_of(commands, line)];

	if (is_for(commands, cached, line))
		return &cached->head;
	free(cached->head.octets);
	cached->head.octets = NULL;
	if (!make_head(commands->url, line, &cached->head))
		return NULL;
	cached->facts.type = line->type;
	cached->facts.severity = line->severity;
	cached->facts.segment_len = line->segment_len;
	memcpy(cached->facts.segment, line->segment, line->segment_len);
	return &cached->head;
}
