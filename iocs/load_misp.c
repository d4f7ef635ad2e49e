#include "iocs/feed_json.h"

#include <string.h>

#include "decoders/purl.h"
#include "iocs/canonical_code.h"

/*
 * MISP events (github.com/MISP/misp-rfc, misp-core-format): one event, several
 * in "response" or in an array, or a list of attributes alone.  The event's
 * title is the campaign, its organisation the source, its first link the
 * reference.
 */

/* What an event says of all its attributes. */
struct event {
	struct feed_file *file;
	struct feed feed;
	uint64_t date_us;
};

static const json_t *
attributes_of(const json_t *object)
{
	return json_object_get(object, "Attribute");
}

/* {"Event": {...}} or {...}; NULL where it is neither. */
static const json_t *
event_of(const json_t *wrapped)
{
	const json_t *event = json_object_get(wrapped, "Event");

	if (event != NULL)
		return event;
	return attributes_of(wrapped) != NULL ||
	               json_object_get(wrapped, "Object") != NULL
	           ? wrapped
	           : NULL;
}

bool
misp_recognise(const json_t *root)
{
	const json_t *response = json_object_get(root, "response");

	if (json_is_array(root))
		return event_of(json_array_get(root, 0)) != NULL;
	if (response != NULL)
		return json_is_array(response) ||
		       attributes_of(response) != NULL;
	return event_of(root) != NULL;
}

/* Some exports write booleans as numbers or strings. */
static bool
is_false(const json_t *value)
{
	const char *text = json_string_value(value);

	return json_is_false(value) ||
	       (json_is_integer(value) && json_integer_value(value) == 0) ||
	       (text != NULL &&
		   (strcmp(text, "0") == 0 || strcmp(text, "false") == 0));
}

static bool
is_true(const json_t *value)
{
	return value != NULL && !json_is_null(value) && !is_false(value);
}

/*
 * MISP has no type for a package URL: its objects (malicious-package-report)
 * have it as "text" with this relation.  Without a version it only names the
 * package whose bad versions other attributes list.
 */
static bool
is_package(const json_t *attribute, struct cursor value)
{
	struct cursor relation = feed_json_string(attribute, "object_relation");
	char word[FEED_WORD_MAX];
	struct purl_text purl;

	feed_word(relation, word);
	return (strcmp(word, "packagepurl") == 0 || strcmp(word, "purl") == 0 ||
		   strcmp(word, "packageurl") == 0) &&
	       purl_read(value, &purl) == NULL &&
	       purl_version_mark(purl.text, purl.len) > 0;
}

/*
 * MISP's type for JA3 stands for JA3S, too, and there is none for JA4: in its
 * objects (ja3s, ja4-plus) the relation tells.
 */
static bool
is_code(const json_t *attribute, struct cursor value, enum value_kind *kind)
{
	struct cursor relation = feed_json_string(attribute, "object_relation");
	char word[FEED_WORD_MAX];

	feed_word(relation, word);
	if (strcmp(word, "ja3sfingerprintmd5") == 0)
		*kind = VALUE_JA3S;
	else if (strcmp(word, "ja4fingerprint") == 0 && ja4_is_meant(value))
		*kind = VALUE_JA4;
	else
		return false;
	return true;
}

static void
add_attribute(const struct event *event, const json_t *attribute)
{
	struct cursor type = feed_json_string(attribute, "type");
	const json_t *to_ids = json_object_get(attribute, "to_ids");
	struct feed_entry entry = FEED_ENTRY_NONE;

	if ((to_ids != NULL && is_false(to_ids)) ||
	    is_true(json_object_get(attribute, "deleted"))) {
		feed_file_skip_benign(event->file);
		return;
	}
	entry.value = feed_json_string(attribute, "value");
	entry.description = feed_json_text(attribute, "comment");
	entry.feed = event->feed;
	entry.valid_from_us = feed_json_time(event->file, attribute,
	    "first_seen");
	if (entry.valid_from_us == 0)
		entry.valid_from_us = event->date_us;
	entry.kind = VALUE_PACKAGE;
	if (is_package(attribute, entry.value) ||
	    is_code(attribute, entry.value, &entry.kind))
		feed_file_add(event->file, &entry);
	else if (type.left == 0)
		feed_file_reject(event->file, 0, entry.value,
		    "an attribute without a type");
	else
		feed_file_add_typed(event->file, type, false, &entry);
}

static void
add_attributes(const struct event *event, const json_t *attributes)
{
	const json_t *attribute;
	size_t i;

	json_array_foreach(attributes, i, attribute)
	    add_attribute(event, attribute);
}

static const char *
first_link(const json_t *attributes)
{
	const json_t *attribute;
	const char *type, *value;
	size_t i;

	json_array_foreach(attributes, i, attribute)
	{
		type = feed_json_text(attribute, "type");
		value = feed_json_text(attribute, "value");
		if (type != NULL && strcmp(type, "link") == 0 && value != NULL)
			return value;
	}
	return NULL;
}

static void
add_event(struct feed_file *file, const json_t *wrapped)
{
	const json_t *json = event_of(wrapped), *object;
	struct event event = { .file = file };
	size_t i;

	if (json == NULL) {
		feed_file_reject(file, 0, cur_of(NULL, 0),
		    "an element that is no event");
		return;
	}
	event.feed.source = feed_json_text(json_object_get(json, "Orgc"),
	    "name");
	event.feed.campaign = feed_json_text(json, "info");
	event.feed.reference = first_link(attributes_of(json));
	event.date_us = feed_json_time(file, json, "date");
	add_attributes(&event, attributes_of(json));
	json_array_foreach(json_object_get(json, "Object"), i, object)
	{
		if (is_true(json_object_get(object, "deleted")))
			feed_file_skip_benign(file);
		else
			add_attributes(&event, attributes_of(object));
	}
}

void
misp_load(struct feed_file *file, const json_t *root)
{
	const json_t *response = json_object_get(root, "response");
	const json_t *events = json_is_array(root) ? root : response, *event;
	size_t i;

	if (!json_is_array(events)) {
		add_event(file, events != NULL ? events : root);
		return;
	}
	json_array_foreach(events, i, event) add_event(file, event);
}
