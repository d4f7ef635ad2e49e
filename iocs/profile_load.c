#include "iocs/profile_load.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "iocs/arena.h"
#include "iocs/profile_pattern.h"

#define TEXT_LEN_MAX  512
#define VALUES_MAX    64
#define PERIOD_S_MAX  604800.0 /* a week */
#define INTERVALS_MAX 16
#define SECOND_US     1e6

struct profile_set {
	struct arena arena;
	struct profile profiles[PROFILES_MAX];
	size_t count;
};

/* One file, as it is read; after the first error nothing more is. */
struct reader {
	struct profile_set *set;
	const char *name;
	char *error;
	size_t error_size;
	bool failed;
};

static __attribute__((format(printf, 2, 3))) void
fail(struct reader *r, const char *format, ...)
{
	va_list ap;
	int n;

	if (r->failed)
		return;
	r->failed = true;
	n = snprintf(r->error, r->error_size, "%s: ", r->name);
	if (n < 0 || (size_t)n >= r->error_size)
		return;
	va_start(ap, format);
	vsnprintf(r->error + n, r->error_size - (size_t)n, format, ap);
	va_end(ap);
}

static void *
take(struct reader *r, size_t size)
{
	void *memory = arena_alloc(&r->set->arena, size > 0 ? size : 1, 16);

	if (memory == NULL)
		fail(r, "out of memory");
	return memory;
}

/* ---- tests ---- */

enum wants {
	WANTS_NOTHING,
	WANTS_TEXTS,
	WANTS_PATTERNS,
	WANTS_NUMBERS,
	WANTS_MIN,
	WANTS_RANGE
};

static const struct {
	const char *name;
	enum wants wants;
} tests[PROFILE_TEST_COUNT] = {
	[PROFILE_PORT_IN] = { "port.in", WANTS_NUMBERS },
	[PROFILE_PORT_NOT_IN] = { "port.not_in", WANTS_NUMBERS },
	[PROFILE_HOST_ADDRESS] = { "host.address", WANTS_NOTHING },
	[PROFILE_PATH_LIKE] = { "path.like", WANTS_PATTERNS },
	[PROFILE_AGENT_IS] = { "user_agent.is", WANTS_TEXTS },
	[PROFILE_AGENT_HAS] = { "user_agent.has", WANTS_TEXTS },
	[PROFILE_AGENT_NONE] = { "user_agent.none", WANTS_NOTHING },
	[PROFILE_CONTENT_IS] = { "content_type.is", WANTS_TEXTS },
	[PROFILE_CONTENT_NONE] = { "content_type.none", WANTS_NOTHING },
	[PROFILE_BODY_JSON_TYPE] = { "body.base64_json_type", WANTS_TEXTS },
	[PROFILE_BODY_JSON_KEYS] = { "body.base64_json_keys", WANTS_TEXTS },
	[PROFILE_BODY_JSON] = { "body.base64_json", WANTS_NOTHING },
	[PROFILE_BODY_BASE64] = { "body.base64", WANTS_MIN },
	[PROFILE_BODY_TOKEN] = { "body.token", WANTS_MIN },
	[PROFILE_BODY_FIELDS] = { "body.form_fields", WANTS_TEXTS },
	[PROFILE_BODY_LIKE] = { "body.like", WANTS_PATTERNS },
	[PROFILE_BODY_CLEAR] = { "body.clear", WANTS_NOTHING },
	[PROFILE_CLAIMED_TYPE] = { "claim.base64_json_type", WANTS_TEXTS },
	[PROFILE_CONNECTION_NEW] = { "connection.new", WANTS_NOTHING },
	[PROFILE_RESPONSE_OCTETS] = { "response.octets", WANTS_RANGE },
};

const char *
profile_test_name(enum profile_test test)
{
	return tests[test].name;
}

/* ---- members ---- */

/* Every key of the object is one of `keys`, which a NULL ends. */
static void
check_keys(struct reader *r, const json_t *object, const char *where,
    const char *const *keys)
{
	void *at = json_object_iter((json_t *)object);

	for (; at != NULL; at = json_object_iter_next((json_t *)object, at)) {
		const char *key = json_object_iter_key(at);
		size_t i = 0;

		while (keys[i] != NULL && strcmp(keys[i], key) != 0)
			i++;
		if (keys[i] == NULL) {
			fail(r, "%s: unknown key \"%.60s\"", where, key);
			return;
		}
	}
}

static const char *
copy_text(struct reader *r, const json_t *value, const char *where)
{
	size_t len = json_string_length(value);
	char *copy;

	if (!json_is_string(value) || len == 0 || len > TEXT_LEN_MAX) {
		fail(r, "%s: must be a text of 1 to %d octets", where,
		    TEXT_LEN_MAX);
		return NULL;
	}
	copy = arena_text(&r->set->arena, json_string_value(value), len);
	if (copy == NULL)
		fail(r, "out of memory");
	return copy;
}

static const char *
member_text(struct reader *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL) {
		fail(r, "%s: is missing", key);
		return NULL;
	}
	return copy_text(r, value, key);
}

/* At least one; a NULL ends the list. */
static const char *const *
member_texts(struct reader *r, const json_t *object, const char *key)
{
	const json_t *list = json_object_get(object, key);
	size_t n = json_array_size(list);
	const char **texts;

	if (n == 0 || n > VALUES_MAX) {
		fail(r, "%s: must be a list of 1 to %d texts", key, VALUES_MAX);
		return NULL;
	}
	if ((texts = take(r, (n + 1) * sizeof *texts)) == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		texts[i] = copy_text(r, json_array_get(list, i), key);
	texts[n] = NULL;
	return texts;
}

static long long
integer(struct reader *r, const json_t *value, const char *where, long long min,
    long long max)
{
	long long number = json_integer_value(value);

	if (json_is_integer(value) && number >= min && number <= max)
		return number;
	fail(r, "%s: must be a whole number, %lld to %lld", where, min, max);
	return min;
}

/* Written in seconds; where it is not given, `missing`. */
static uint64_t
member_seconds(struct reader *r, const json_t *object, const char *key,
    double missing)
{
	const json_t *value = json_object_get(object, key);
	double s = value == NULL ? missing : json_number_value(value);

	if ((value != NULL && !json_is_number(value)) || s < 0 ||
	    s > PERIOD_S_MAX) {
		fail(r, "timing: %s: must be a number of seconds, 0 to %.0f",
		    key, PERIOD_S_MAX);
		return 0;
	}
	return (uint64_t)llround(s * SECOND_US);
}

static int8_t
weight(struct reader *r, const json_t *object, const char *key,
    const char *where)
{
	return (int8_t)integer(r, json_object_get(object, key), where,
	    -PROFILE_WEIGHT_MAX, PROFILE_WEIGHT_MAX);
}

/* ---- features ---- */

static void
read_values(struct reader *r, const json_t *list, enum wants wants,
    const char *where, struct profile_feature *feature)
{
	size_t n = json_array_size(list);
	struct profile_value *values;

	if (n == 0 || n > VALUES_MAX) {
		fail(r, "%s: any: must be a list of 1 to %d values", where,
		    VALUES_MAX);
		return;
	}
	if ((values = take(r, n * sizeof *values)) == NULL)
		return;
	memset(values, 0, n * sizeof *values);
	for (size_t i = 0; i < n && !r->failed; i++) {
		const json_t *value = json_array_get(list, i);

		if (wants == WANTS_NUMBERS) {
			values[i].number = (uint32_t)integer(r, value, where, 0,
			    UINT16_MAX);
			continue;
		}
		values[i].text = copy_text(r, value, where);
		values[i].len = (uint32_t)json_string_length(value);
		if (wants == WANTS_PATTERNS && values[i].text != NULL &&
		    !profile_pattern_valid(values[i].text))
			fail(r, "%s: \"%.60s\" is no pattern", where,
			    values[i].text);
	}
	feature->values = values;
	feature->value_count = (uint16_t)n;
}

static void
read_bounds(struct reader *r, const json_t *object, bool has_max,
    const char *where, struct profile_feature *feature)
{
	feature->min = (uint64_t)integer(r, json_object_get(object, "min"),
	    where, 0, INT32_MAX);
	if (!has_max)
		return;
	feature->max = (uint64_t)integer(r, json_object_get(object, "max"),
	    where, 0, INT32_MAX);
	if (feature->max < feature->min)
		fail(r, "%s: max is below min", where);
}

static bool
find_test(const char *name, uint8_t *test)
{
	for (uint8_t i = 0; name != NULL && i < PROFILE_TEST_COUNT; i++) {
		if (strcmp(tests[i].name, name) == 0) {
			*test = i;
			return true;
		}
	}
	return false;
}

static void
read_feature(struct reader *r, const json_t *object, size_t index,
    struct profile_feature *feature)
{
	static const char *const plain[] = { "when", "weight", NULL },
				 *const any[] = { "when", "weight", "any",
					 NULL },
				 *const min[] = { "when", "weight", "min",
					 NULL },
				 *const range[] = { "when", "weight", "min",
					 "max", NULL };
	static const char *const *const keys[] = { plain, any, any, any, min,
		range };
	const char *name = json_string_value(json_object_get(object, "when"));
	char where[64];
	enum wants wants;

	memset(feature, 0, sizeof *feature);
	snprintf(where, sizeof where, "features[%zu]", index);
	if (!find_test(name, &feature->test)) {
		fail(r, "%s: when: %.60s is no test", where,
		    name != NULL ? name : "nothing");
		return;
	}
	snprintf(where, sizeof where, "features[%zu] (%s)", index, name);
	wants = tests[feature->test].wants;
	check_keys(r, object, where, keys[wants]);
	feature->weight = weight(r, object, "weight", where);
	if (keys[wants] == any)
		read_values(r, json_object_get(object, "any"), wants, where,
		    feature);
	if (wants == WANTS_MIN || wants == WANTS_RANGE)
		read_bounds(r, object, wants == WANTS_RANGE, where, feature);
}

static void
read_features(struct reader *r, const json_t *list, struct profile *profile)
{
	struct profile_feature *features;
	size_t n = json_array_size(list);

	if (n == 0 || n > PROFILE_FEATURES_MAX) {
		fail(r, "features: must be a list of 1 to %d",
		    PROFILE_FEATURES_MAX);
		return;
	}
	if ((features = take(r, n * sizeof *features)) == NULL)
		return;
	for (size_t i = 0; i < n && !r->failed; i++)
		read_feature(r, json_array_get(list, i), i, &features[i]);
	profile->features = features;
	profile->feature_count = (uint32_t)n;
}

/* ---- profiles ---- */

static void
read_timing(struct reader *r, const json_t *object,
    struct profile_timing *timing)
{
	static const char *const keys[] = { "period_s", "early_s", "late_s",
		"retry_s", "spread_s", "intervals_min", "weight",
		"aligned_weight", NULL };

	if (object == NULL)
		return;
	if (!json_is_object(object)) {
		fail(r, "timing: must be an object");
		return;
	}
	check_keys(r, object, "timing", keys);
	timing->period_us = member_seconds(r, object, "period_s", 0);
	timing->early_us = member_seconds(r, object, "early_s", 0);
	timing->late_us = member_seconds(r, object, "late_s", 0);
	timing->retry_us = member_seconds(r, object, "retry_s", 0);
	timing->spread_us = member_seconds(r, object, "spread_s", PERIOD_S_MAX);
	timing->intervals_min = (uint32_t)integer(r,
	    json_object_get(object, "intervals_min"), "timing: intervals_min",
	    1, INTERVALS_MAX);
	timing->weight = weight(r, object, "weight", "timing: weight");
	if (json_object_get(object, "aligned_weight") != NULL)
		timing->aligned_weight = weight(r, object, "aligned_weight",
		    "timing: aligned_weight");
	/* What was found stays found when its rhythm is seen. */
	if (timing->weight < 0 || timing->aligned_weight > 0 ||
	    timing->weight + timing->aligned_weight < 0)
		fail(r, "timing: aligned_weight takes from weight, and at most "
			"all of it");
	/* Shorter intervals belong to one turn of the loop. */
	if (!r->failed && (timing->period_us < SECOND_US ||
			      timing->early_us > timing->period_us / 2 ||
			      timing->late_us > timing->period_us))
		fail(r, "timing: period_s is at least 1, early_s at most half "
			"of it, late_s at most all of it");
}

static bool
is_id(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] ==
	       '\0';
}

static void
check_identity(struct reader *r, const struct profile *profile)
{
	const struct profile_set *set = r->set;

	if (!is_id(profile->id))
		fail(r, "id: lower-case letters, digits and '-' only");
	for (size_t i = 0; i < set->count && !r->failed; i++) {
		if (strcmp(set->profiles[i].id, profile->id) == 0)
			fail(r, "id: \"%s\" is another profile's, too",
			    profile->id);
		if (set->profiles[i].signature_id == profile->signature_id)
			fail(r, "signature_id: %u is that of \"%s\", too",
			    profile->signature_id, set->profiles[i].id);
	}
}

static void
read_profile(struct reader *r, const json_t *root, struct profile *profile)
{
	static const char *const keys[] = { "id", "name", "campaign",
		"signature", "signature_id", "severity", "references",
		"attack_ids", "threshold", "methods", "features", "timing",
		NULL };

	memset(profile, 0, sizeof *profile);
	check_keys(r, root, "profile", keys);
	profile->id = member_text(r, root, "id");
	profile->name = member_text(r, root, "name");
	profile->campaign = member_text(r, root, "campaign");
	profile->signature = member_text(r, root, "signature");
	profile->references = member_texts(r, root, "references");
	profile->attack_ids = member_texts(r, root, "attack_ids");
	profile->methods = member_texts(r, root, "methods");
	profile->signature_id = (uint32_t)integer(r,
	    json_object_get(root, "signature_id"), "signature_id", 1,
	    INT32_MAX);
	profile->severity = (uint8_t)integer(r,
	    json_object_get(root, "severity"), "severity", 1, 3);
	profile->threshold = (uint8_t)integer(r,
	    json_object_get(root, "threshold"), "threshold", 1, 100);
	read_features(r, json_object_get(root, "features"), profile);
	read_timing(r, json_object_get(root, "timing"), &profile->timing);
	if (!r->failed)
		check_identity(r, profile);
}

/* jansson's message has the offending text in it: only its place is told. */
static void
fail_syntax(struct reader *r, const json_error_t *error)
{
	fail(r, "line %d: no JSON, or a key is there twice",
	    error->line > 0 ? error->line : 1);
}

static int
add_root(struct reader *r, json_t *root, const json_error_t *error)
{
	struct profile profile;

	if (root == NULL)
		fail_syntax(r, error);
	else if (!json_is_object(root))
		fail(r, "must be an object");
	else if (r->set->count == PROFILES_MAX)
		fail(r, "there are more than %d profiles", PROFILES_MAX);
	else
		read_profile(r, root, &profile);
	json_decref(root);
	if (r->failed)
		return -1;
	r->set->profiles[r->set->count++] = profile;
	return 0;
}

int
profile_set_add(struct profile_set *set, const char *name, const char *text,
    size_t len, char *error, size_t error_size)
{
	struct reader r = { set, name, error, error_size, false };
	json_error_t where;

	return add_root(&r,
	    json_loadb(text, len, JSON_REJECT_DUPLICATES, &where), &where);
}

/* ---- files ---- */

static int
load_file(struct profile_set *set, const char *path, char *error,
    size_t error_size)
{
	struct reader r = { set, path, error, error_size, false };
	json_error_t where;
	FILE *file = fopen(path, "r");
	int rc;

	if (file == NULL) {
		fail(&r, "%s", strerror(errno));
		return -1;
	}
	rc = add_root(&r, json_loadf(file, JSON_REJECT_DUPLICATES, &where),
	    &where);
	fclose(file);
	return rc;
}

static int
is_profile(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       strcmp(entry->d_name + len - 5, ".json") == 0;
}

static int
load_folder(struct profile_set *set, const char *path, char *error,
    size_t error_size)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_profile, alphasort), rc = 0;
	char file[PATH_MAX];

	if (n == -1) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	for (int i = 0; i < n; i++) {
		if (rc == 0) {
			snprintf(file, sizeof file, "%s/%s", path,
			    entries[i]->d_name);
			rc = load_file(set, file, error, error_size);
		}
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int
profile_set_load(struct profile_set *set, const char *path, char *error,
    size_t error_size)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return load_folder(set, path, error, error_size);
	return load_file(set, path, error, error_size);
}

/* ---- the set ---- */

struct profile_set *
profile_set_new(void)
{
	return calloc(1, sizeof(struct profile_set));
}

void
profile_set_free(struct profile_set *set)
{
	if (set == NULL)
		return;
	arena_fini(&set->arena);
	free(set);
}

size_t
profile_set_count(const struct profile_set *set)
{
	return set->count;
}

const struct profile *
profile_set_at(const struct profile_set *set, size_t index)
{
	return &set->profiles[index];
}
