#include "iocs/feed_file.h"

#include <stdio.h>
#include <string.h>

#include "iocs/canonical_address.h"

#define QUOTED_MAX      80
#define DESCRIPTION_MAX 512
#define MESSAGE_MAX     512

/* What a feed has in it may be anything; a terminal must not obey it. */
static void
quote(struct cursor value, char out[QUOTED_MAX + 4])
{
	size_t len = value.left < QUOTED_MAX ? value.left : QUOTED_MAX;
	uint8_t octet;

	for (size_t i = 0; i < len; i++) {
		octet = value.at[i];
		out[i] = octet >= ' ' && octet < 0x7f ? (char)octet : '?';
	}
	strcpy(out + len, value.left > len ? "..." : "");
}

static void
tell(struct feed_file *file, unsigned line, struct cursor value,
    const char *reason)
{
	char message[MESSAGE_MAX], quoted[QUOTED_MAX + 4];

	if (file->report == NULL)
		return;
	quote(value, quoted);
	if (value.left > 0)
		snprintf(message, sizeof message, "'%s': %s", quoted, reason);
	else
		snprintf(message, sizeof message, "%s", reason);
	file->report(file->report_arg, file->path, line, message);
}

void
feed_file_reject(struct feed_file *file, unsigned line, struct cursor value,
    const char *reason)
{
	file->counts->rejected++;
	tell(file, line, value, reason);
}

void
feed_file_doubt(struct feed_file *file, unsigned line, struct cursor value,
    const char *reason)
{
	tell(file, line, value, reason);
}

void
feed_file_skip_fingerprint(struct feed_file *file)
{
	file->fingerprints++;
	file->counts->skipped++;
}

void
feed_file_skip_other(struct feed_file *file, struct cursor type)
{
	if (file->other_types++ == 0)
		feed_word(type, file->other_type);
	file->counts->skipped++;
}

void
feed_file_skip_benign(struct feed_file *file)
{
	file->benign++;
	file->counts->withdrawn++;
}

/* Its first octets, no character cut in two; NULL where there is nothing. */
static const char *
intern_description(struct feed_file *file, const char *text)
{
	size_t len = strlen(text);
	const char *interned;

	if (len > DESCRIPTION_MAX) {
		len = DESCRIPTION_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	interned = ioc_builder_text(file->builder, text, len);
	if (interned == NULL)
		file->no_memory = true;
	return interned;
}

/* The port that the feed has in a field of its own. */
static void
put_port(struct normal *normal, uint16_t port)
{
	struct network_value network = { normal->addr, normal->prefix_bits,
		port };

	if (normal->type != INDICATOR_ADDRESS || normal->port != 0 || port == 0)
		return;
	normal->port = port;
	address_write(&network, normal->value);
	normal->value_len = strlen(normal->value);
}

bool
feed_file_make(struct feed_file *file, const struct feed_entry *entry,
    struct normal *normal, struct indicator *out)
{
	struct feed feed = entry->feed;
	const char *reason;

	reason = normalise(file->suffixes, entry->kind, entry->value, normal);
	if (reason != NULL) {
		feed_file_reject(file, entry->line, entry->value, reason);
		return false;
	}
	put_port(normal, entry->port);
	*out = (struct indicator){
		.type = (uint8_t)normal->type,
		.confidence = (uint8_t)(entry->confidence >= 0
					    ? entry->confidence
					    : FEED_CONFIDENCE_DEFAULT),
		.prefix_bits = normal->prefix_bits,
		.port = normal->port,
		.value_len = (uint16_t)normal->value_len,
		.value = normal->value,
		.addr = normal->addr,
		.valid_from_us = entry->valid_from_us,
		.valid_until_us = entry->valid_until_us,
	};
	if (entry->description != NULL && entry->description[0] != '\0')
		out->description = intern_description(file, entry->description);
	if (feed.source == NULL)
		feed.source = file->source;
	out->feed = ioc_builder_feed(file->builder, &feed);
	if (out->feed == NULL)
		file->no_memory = true;
	return !file->no_memory;
}

void
feed_file_insert(struct feed_file *file, const struct indicator *indicator)
{
	switch (ioc_builder_add(file->builder, indicator)) {
	case IOC_ADDED:
		file->counts->indicators++;
		break;
	case IOC_DUPLICATE:
		file->counts->duplicates++;
		break;
	case IOC_NO_MEMORY:
		file->no_memory = true;
		break;
	}
}

void
feed_file_add(struct feed_file *file, const struct feed_entry *entry)
{
	struct indicator indicator;
	struct normal normal;

	if (feed_file_make(file, entry, &normal, &indicator))
		feed_file_insert(file, &indicator);
}

/* "name|address" */
static void
add_pair(struct feed_file *file, const struct feed_entry *entry)
{
	const uint8_t *bar = entry->value.left > 0 ? memchr(entry->value.at,
							 '|', entry->value.left)
	                                           : NULL;
	struct feed_entry part = *entry;

	if (bar == NULL) {
		feed_file_reject(file, entry->line, entry->value,
		    "not two values with '|' between them");
		return;
	}
	part.kind = VALUE_DOMAIN;
	part.value.left = (size_t)(bar - entry->value.at);
	feed_file_add(file, &part);
	part.kind = VALUE_ADDRESS;
	part.value = cur_of(bar + 1, entry->value.left - part.value.left - 1);
	feed_file_add(file, &part);
}

void
feed_file_add_typed(struct feed_file *file, struct cursor type,
    bool report_unknown, const struct feed_entry *entry)
{
	struct feed_entry typed = *entry;

	switch (feed_type_find(type, &typed.kind)) {
	case FEED_TYPE_VALUE:
		feed_file_add(file, &typed);
		break;
	case FEED_TYPE_PAIR:
		add_pair(file, &typed);
		break;
	case FEED_TYPE_FINGERPRINT:
		feed_file_skip_fingerprint(file);
		break;
	case FEED_TYPE_OTHER:
		feed_file_skip_other(file, type);
		break;
	case FEED_TYPE_UNKNOWN:
		if (report_unknown)
			feed_file_reject(file, entry->line, type,
			    "not a type of indicator that is known");
		else
			feed_file_skip_other(file, type);
		break;
	}
}

void
feed_file_end(struct feed_file *file)
{
	const struct cursor nothing = { NULL, 0 };
	char message[MESSAGE_MAX];

	if (file->fingerprints > 0) {
		snprintf(message, sizeof message,
		    "fingerprints (JARM, HASSH and the like), which are not "
		    "matched: %zu",
		    file->fingerprints);
		tell(file, 0, nothing, message);
	}
	if (file->other_types > 0) {
		snprintf(message, sizeof message,
		    "entries of types that are not matched: %zu (%s%s)",
		    file->other_types, file->other_type,
		    file->other_types > 1 ? ", ..." : "");
		tell(file, 0, nothing, message);
	}
	if (file->benign > 0) {
		snprintf(message, sizeof message,
		    "entries that are not for detection, by their own "
		    "word: %zu",
		    file->benign);
		tell(file, 0, nothing, message);
	}
}
