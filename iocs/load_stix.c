#include "iocs/feed_json.h"

#include <string.h>

#include "iocs/stix_pattern.h"
#include "iocs/stix_versions.h"

/*
 * STIX 2.1 bundles: indicators, and observables that no indicator is based on.
 * What an indicator "indicates" is its campaign; its first external reference,
 * or else who created it, is the source.
 */

/* An observable is an observation: nobody said that it is bad. */
#define CONFIDENCE_OBSERVABLE 30

/* A bundle with what its objects say of one another, by id. */
struct bundle {
	struct feed_file *file;
	const json_t *objects;
	json_t *names;      /* of identities and of what can be indicated */
	json_t *campaigns;  /* indicator -> name */
	json_t *spoken_for; /* observables that are not to be taken alone */
	bool failed;
};

static bool
has_type(const json_t *object, const char *type)
{
	const char *text = feed_json_text(object, "type");

	return text != NULL && strcmp(text, type) == 0;
}

static const json_t *
objects_of(const json_t *root)
{
	const json_t *objects = json_object_get(root, "objects");

	return json_is_array(root) ? root : objects;
}

bool
stix_recognise(const json_t *root)
{
	const json_t *first = json_array_get(root, 0);

	if (json_is_array(root))
		return feed_json_text(first, "type") != NULL &&
		       feed_json_text(first, "id") != NULL;
	return has_type(root, "bundle") ||
	       json_is_array(json_object_get(root, "objects"));
}

/* map[key] = value; where `keep`, only if there is none. */
static void
put(struct bundle *bundle, json_t *map, const char *key, const json_t *value,
    bool keep)
{
	if (key == NULL || value == NULL ||
	    (keep && json_object_get(map, key) != NULL))
		return;
	/* The map holds its own reference; the object itself is not changed. */
	if (json_object_set(map, key, (json_t *)value) == -1)
		bundle->failed = true;
}

static void
note_names(struct bundle *bundle)
{
	const json_t *object;
	size_t i;

	json_array_foreach(bundle->objects, i, object)
	    put(bundle, bundle->names, feed_json_text(object, "id"),
		json_object_get(object, "name"), false);
}

/* indicator "indicates" an object of the type. */
static void
note_campaigns(struct bundle *bundle, const char *target_type)
{
	const json_t *object;
	const char *target, *kind;
	size_t i, len = strlen(target_type);

	json_array_foreach(bundle->objects, i, object)
	{
		kind = feed_json_text(object, "relationship_type");
		target = feed_json_text(object, "target_ref");
		if (kind == NULL || strcmp(kind, "indicates") != 0 ||
		    target == NULL || strncmp(target, target_type, len) != 0)
			continue;
		put(bundle, bundle->campaigns,
		    feed_json_text(object, "source_ref"),
		    json_object_get(bundle->names, target), true);
	}
}

/*
 * Observables that an indicator is based on (its pattern and its revocation
 * count), and sources of traffic, which are rather the victims.
 */
static void
note_spoken_for(struct bundle *bundle)
{
	const json_t *object;
	const char *kind;
	size_t i;

	json_array_foreach(bundle->objects, i, object)
	{
		kind = feed_json_text(object, "relationship_type");
		if (kind != NULL && strcmp(kind, "based-on") == 0)
			put(bundle, bundle->spoken_for,
			    feed_json_text(object, "target_ref"), object, true);
		if (has_type(object, "network-traffic"))
			put(bundle, bundle->spoken_for,
			    feed_json_text(object, "src_ref"), object, true);
	}
}

static struct feed
feed_of(const struct bundle *bundle, const json_t *object)
{
	const json_t *references = json_object_get(object,
	    "external_references");
	const char *creator = feed_json_text(object, "created_by_ref");
	const char *id = feed_json_text(object, "id");
	struct feed feed = { 0 };
	const json_t *reference;
	size_t i;

	json_array_foreach(references, i, reference)
	{
		if (feed.source == NULL)
			feed.source = feed_json_text(reference, "source_name");
		if (feed.reference == NULL)
			feed.reference = feed_json_text(reference, "url");
	}
	if (feed.source == NULL && creator != NULL)
		feed.source = feed_json_text(bundle->names, creator);
	if (id != NULL)
		feed.campaign = feed_json_text(bundle->campaigns, id);
	return feed;
}

static int
confidence_of(const json_t *object)
{
	const json_t *confidence = json_object_get(object, "confidence");
	json_int_t value = json_integer_value(confidence);

	return json_is_integer(confidence) && value >= 0 && value <= 100
	           ? (int)value
	           : -1;
}

/* An indicator's alternatives, all alike but for the value. */
struct alternatives {
	struct bundle *bundle;
	struct feed_entry entry;
	bool versioned; /* it has an id */
};

static void
add_alternative(void *arg, const struct stix_term *term)
{
	struct alternatives *all = arg;
	struct feed_file *file = all->bundle->file;
	struct feed_entry *entry = &all->entry;
	struct indicator indicator;
	struct normal normal;

	entry->kind = term->kind;
	entry->value = term->value;
	entry->port = term->port;
	if (!feed_file_make(file, entry, &normal, &indicator))
		return;
	if (all->versioned)
		stix_versions_add(file->versions, file, &indicator);
	else
		feed_file_insert(file, &indicator);
}

/* "benign" among its types, and nothing that says otherwise. */
static bool
is_benign(const json_t *object)
{
	const json_t *types = json_object_get(object, "indicator_types"), *type;
	bool benign = false;
	const char *text;
	size_t i;

	json_array_foreach(types, i, type)
	{
		if ((text = json_string_value(type)) == NULL)
			continue;
		if (strcmp(text, "malicious-activity") == 0)
			return false;
		benign |= strcmp(text, "benign") == 0;
	}
	return benign;
}

static void
add_pattern(struct bundle *bundle, const json_t *object, bool versioned)
{
	struct cursor pattern = feed_json_string(object, "pattern");
	struct alternatives all = { bundle, FEED_ENTRY_NONE, versioned };
	const char *description = feed_json_text(object, "description");
	const char *reason;

	all.entry.confidence = confidence_of(object);
	all.entry.valid_from_us = feed_json_time(bundle->file, object,
	    "valid_from");
	all.entry.valid_until_us = feed_json_time(bundle->file, object,
	    "valid_until");
	all.entry.description = description != NULL
	                            ? description
	                            : feed_json_text(object, "name");
	all.entry.feed = feed_of(bundle, object);
	reason = stix_pattern_read(pattern, add_alternative, &all);
	if (reason != NULL)
		feed_file_reject(bundle->file, 0, pattern, reason);
}

static void
add_indicator(struct bundle *bundle, const json_t *object)
{
	struct cursor type = feed_json_string(object, "pattern_type");
	struct cursor id = feed_json_string(object, "id");
	bool revoked = json_is_true(json_object_get(object, "revoked"));
	uint64_t modified_us = feed_json_time(bundle->file, object, "modified");

	if (id.left > 0 && !stix_versions_begin(bundle->file->versions,
			       bundle->file, id, modified_us, revoked))
		return;
	if (revoked) {
		if (id.left == 0)
			feed_file_skip_benign(bundle->file);
		return;
	}
	if (is_benign(object))
		feed_file_skip_benign(bundle->file);
	else if (type.left > 0 && strcmp((const char *)type.at, "stix") != 0)
		feed_file_skip_other(bundle->file, type);
	else
		add_pattern(bundle, object, id.left > 0);
}

static void
add_observable(struct bundle *bundle, const json_t *object,
    enum value_kind kind)
{
	const char *id = feed_json_text(object, "id");
	struct feed_entry entry = FEED_ENTRY_NONE;

	if (id != NULL && json_object_get(bundle->spoken_for, id) != NULL)
		return;
	entry.kind = kind;
	entry.value = feed_json_string(object, "value");
	entry.confidence = CONFIDENCE_OBSERVABLE;
	entry.feed = feed_of(bundle, object);
	feed_file_add(bundle->file, &entry);
}

static void
add_object(struct bundle *bundle, const json_t *object)
{
	static const struct {
		const char *type;
		enum value_kind kind;
	} observables[] = { { "domain-name", VALUE_DOMAIN },
		{ "ipv4-addr", VALUE_ADDRESS }, { "ipv6-addr", VALUE_ADDRESS },
		{ "url", VALUE_URL } };

	if (has_type(object, "indicator")) {
		add_indicator(bundle, object);
		return;
	}
	for (size_t i = 0; i < sizeof observables / sizeof observables[0]; i++)
		if (has_type(object, observables[i].type))
			add_observable(bundle, object, observables[i].kind);
}

void
stix_load(struct feed_file *file, const json_t *root)
{
	struct bundle bundle = { file, objects_of(root), json_object(),
		json_object(), json_object(), false };
	const json_t *object;
	size_t i;

	if (bundle.names == NULL || bundle.campaigns == NULL ||
	    bundle.spoken_for == NULL)
		bundle.failed = true;
	note_names(&bundle);
	note_campaigns(&bundle, "campaign--");
	note_campaigns(&bundle, "intrusion-set--");
	note_campaigns(&bundle, "threat-actor--");
	note_campaigns(&bundle, "malware--");
	note_spoken_for(&bundle);
	json_array_foreach(bundle.objects, i, object)
	    add_object(&bundle, object);
	file->no_memory |= bundle.failed;
	json_decref(bundle.names);
	json_decref(bundle.campaigns);
	json_decref(bundle.spoken_for);
}
