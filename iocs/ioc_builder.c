#include "iocs/ioc_builder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "iocs/ioc_set_state.h"

#define ROOM_MIN 64

struct ioc_builder {
	struct ioc_set *set;

	/* What was copied once, found by its octets. */
	struct key_table text_table, feed_table;
	const char **texts;
	const struct feed **feeds;
	size_t text_count, feed_count;
};

struct ioc_builder *
ioc_builder_new(void)
{
	struct ioc_builder *builder = calloc(1, sizeof *builder);
	struct siphash_key *secret;

	if (builder == NULL)
		return NULL;
	if ((builder->set = calloc(1, sizeof *builder->set)) == NULL)
		goto fail;
	secret = &builder->set->secret;
	if (getrandom(secret, sizeof *secret, 0) != (ssize_t)sizeof *secret)
		goto fail;
	return builder;
fail:
	ioc_builder_free(builder);
	return NULL;
}

void
ioc_builder_free(struct ioc_builder *builder)
{
	if (builder == NULL)
		return;
	ioc_set_free(builder->set);
	key_table_fini(&builder->text_table);
	key_table_fini(&builder->feed_table);
	free(builder->texts);
	free(builder->feeds);
	free(builder);
}

/* Room for one element more, by doubling when `count` is a power of two. */
static void *
grow(void *array, size_t count, size_t size)
{
	size_t room = count == 0 ? ROOM_MIN : count * 2;

	if (count != 0 && (count < ROOM_MIN || (count & (count - 1)) != 0))
		return array;
	if (room > SIZE_MAX / size)
		return NULL;
	return realloc(array, room * size);
}

const char *
ioc_builder_text(struct ioc_builder *builder, const char *text, size_t len)
{
	uint64_t key = key_octets(&builder->set->secret, text, len);
	struct key_probe probe;
	const char **texts;
	char *copy;
	size_t i;

	probe = key_probe_start(&builder->text_table, key);
	while (key_probe_next(&builder->text_table, &probe, &i))
		if (strlen(builder->texts[i]) == len &&
		    memcmp(builder->texts[i], text, len) == 0)
			return builder->texts[i];
	texts = grow(builder->texts, builder->text_count, sizeof *texts);
	if (texts == NULL)
		return NULL;
	builder->texts = texts;
	if ((copy = arena_text(&builder->set->texts, text, len)) == NULL ||
	    key_table_add(&builder->text_table, key, builder->text_count) == -1)
		return NULL;
	texts[builder->text_count++] = copy;
	return copy;
}

/* The feed's members as copies; -1 where memory is short. */
static int
intern_members(struct ioc_builder *builder, const struct feed *feed,
    struct feed *out)
{
	const char *const from[] = { feed->source, feed->campaign,
		feed->reference };
	const char **const to[] = { &out->source, &out->campaign,
		&out->reference };

	for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
		*to[i] = NULL;
		if (from[i] == NULL)
			continue;
		*to[i] = ioc_builder_text(builder, from[i], strlen(from[i]));
		if (*to[i] == NULL)
			return -1;
	}
	return 0;
}

const struct feed *
ioc_builder_feed(struct ioc_builder *builder, const struct feed *feed)
{
	struct feed interned, *copy;
	const struct feed **feeds;
	struct key_probe probe;
	uint64_t key;
	size_t i;

	if (intern_members(builder, feed, &interned) == -1)
		return NULL;
	/* Equal texts are one text: pointers are compared. */
	key = key_octets(&builder->set->secret, &interned, sizeof interned);
	probe = key_probe_start(&builder->feed_table, key);
	while (key_probe_next(&builder->feed_table, &probe, &i))
		if (memcmp(builder->feeds[i], &interned, sizeof interned) == 0)
			return builder->feeds[i];
	feeds = grow(builder->feeds, builder->feed_count, sizeof *feeds);
	if (feeds == NULL)
		return NULL;
	builder->feeds = feeds;
	copy = arena_alloc(&builder->set->texts, sizeof *copy,
	    _Alignof(struct feed));
	if (copy == NULL ||
	    key_table_add(&builder->feed_table, key, builder->feed_count) == -1)
		return NULL;
	*copy = interned;
	feeds[builder->feed_count++] = copy;
	return copy;
}

static uint64_t
url_chain(const struct siphash_key *secret, const struct indicator *indicator)
{
	struct cursor host, path;
	struct key_path walk;
	uint64_t chain = 0;
	size_t len;

	key_url_split(indicator->value, indicator->value_len, &host, &path);
	key_path_start(secret, host, path, &walk);
	while (key_path_next(&walk, &len, &chain))
		;
	return chain;
}

uint64_t
ioc_indicator_key(const struct siphash_key *secret,
    const struct indicator *indicator)
{
	enum indicator_type type = (enum indicator_type)indicator->type;
	struct key_name name;
	uint64_t chain = 0;

	switch (type) {
	case INDICATOR_DOMAIN:
	case INDICATOR_HOST:
		key_name_walk(secret, indicator->value, indicator->value_len,
		    KEY_LABELS_MAX, &name);
		chain = name.chain[name.count - 1];
		break;
	case INDICATOR_ADDRESS:
		chain = key_address(secret, &indicator->addr,
		    indicator->prefix_bits);
		break;
	case INDICATOR_URL:
		chain = url_chain(secret, indicator);
		break;
	case INDICATOR_PATH:
	case INDICATOR_USER_AGENT:
	case INDICATOR_HTTP_BODY:
	case INDICATOR_PACKAGE:
	case INDICATOR_JA3:
	case INDICATOR_JA3S:
	case INDICATOR_JA4:
	case INDICATOR_COUNTRY:
	case INDICATOR_ASN:
		chain = key_octets(secret, indicator->value,
		    indicator->value_len);
		break;
	case INDICATOR_TYPE_COUNT:
		break;
	}
	return key_of(chain, type, indicator->port);
}

/* Text after the scheme: http and https say the same to a matcher. */
static const char *
compared_text(const struct indicator *indicator)
{
	const char *scheme_end;

	if (indicator->type != INDICATOR_URL)
		return indicator->value;
	scheme_end = strstr(indicator->value, "://");
	return scheme_end != NULL ? scheme_end : indicator->value;
}

static bool
same_value(const struct indicator *a, const struct indicator *b)
{
	const char *a_text = compared_text(a), *b_text = compared_text(b);
	size_t a_len = a->value_len - (size_t)(a_text - a->value);
	size_t b_len = b->value_len - (size_t)(b_text - b->value);

	if (a->type != b->type || a->port != b->port)
		return false;
	if (a->type == INDICATOR_ADDRESS)
		return a->prefix_bits == b->prefix_bits &&
		       addr_equal(&a->addr, &b->addr);
	return a_len == b_len && memcmp(a_text, b_text, a_len) == 0;
}

static void
merge(struct indicator *kept, const struct indicator *other)
{
	if (kept->valid_until_us != 0 &&
	    (other->valid_until_us == 0 ||
		other->valid_until_us > kept->valid_until_us))
		kept->valid_until_us = other->valid_until_us;
	if (other->confidence <= kept->confidence)
		return;
	kept->confidence = other->confidence;
	kept->description = other->description;
	kept->feed = other->feed;
	kept->valid_from_us = other->valid_from_us;
}

enum ioc_added
ioc_builder_add(struct ioc_builder *builder, const struct indicator *indicator)
{
	struct ioc_set *set = builder->set;
	uint64_t key = ioc_indicator_key(&set->secret, indicator);
	struct indicator *indicators;
	struct key_probe probe;
	char *value;
	size_t i;

	probe = key_probe_start(&set->table, key);
	while (key_probe_next(&set->table, &probe, &i)) {
		if (same_value(&set->indicators[i], indicator)) {
			merge(&set->indicators[i], indicator);
			return IOC_DUPLICATE;
		}
	}
	indicators = grow(set->indicators, set->count, sizeof *indicators);
	if (indicators == NULL)
		return IOC_NO_MEMORY;
	set->indicators = indicators;
	value = arena_text(&set->texts, indicator->value, indicator->value_len);
	if (value == NULL || key_table_add(&set->table, key, set->count) == -1)
		return IOC_NO_MEMORY;
	indicators[set->count] = *indicator;
	indicators[set->count++].value = value;
	return IOC_ADDED;
}

size_t
ioc_builder_count(const struct ioc_builder *builder)
{
	return builder->set->count;
}

struct ioc_set *
ioc_builder_compile(struct ioc_builder *builder)
{
	struct ioc_set *set = builder->set;

	if (ioc_set_compile(set) == -1)
		return NULL;
	builder->set = NULL;
	return set;
}
