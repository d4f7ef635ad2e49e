#include "sensor/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sensor/siphash.h"

/* A larger observation is kept without its text. */
#define KEPT_OCTETS_MAX 4096
#define BUCKETS         16384 /* a power of two */

/*
 * What makes two hits the same fact; compared and hashed as octets.  A hit
 * without an indicator says all of its destination in `matched`: a service has
 * many addresses.
 */
struct fact_key {
	struct addr source, destination; /* the latter: of indicators */
	uint64_t what[2]; /* fixed hash: indicator; or rule and matched */
	uint64_t where;   /* enum hit_where; or the signature's id */
};

struct fact {
	struct fact_key key;
	struct fact *chain;
	struct fact *older, *newer; /* in order of the last meeting */
	size_t octets;
	uint64_t reported_us, reported_count;
	struct hit hit; /* points at what follows */
	struct signature signature;
	struct indicator indicator;
	struct feed feed;
};

struct facts {
	struct facts_options options;
	struct siphash_key key;
	struct fact *buckets[BUCKETS];
	struct fact *oldest, *newest;
	uint32_t count;
	uint64_t octets;
	struct facts_counts counts;
};

struct facts *
facts_new(const struct facts_options *options)
{
	struct facts *facts = calloc(1, sizeof *facts);

	if (facts == NULL)
		return NULL;
	facts->options = *options;
	if (getrandom(&facts->key, sizeof facts->key, 0) !=
	    (ssize_t)sizeof facts->key) {
		free(facts);
		return NULL;
	}
	return facts;
}

/* ---- the key ---- */

static const struct siphash_key fixed_keys[2] = {
	{ 0x66616374, 0x69642d31 },
	{ 0x66616374, 0x69642d32 },
};

static struct fact_key
key_of_rule(const struct hit *hit)
{
	struct fact_key key;
	uint64_t parts[2];

	memset(&key, 0, sizeof key);
	key.source = hit->observation->addr[hit->source];
	key.where = hit->signature->id;
	for (int i = 0; i < 2; i++) {
		parts[0] = siphash(&fixed_keys[i], hit->rule,
		    strlen(hit->rule));
		parts[1] = siphash(&fixed_keys[i], hit->matched,
		    hit->matched_len);
		key.what[i] = siphash(&fixed_keys[i], parts, sizeof parts);
	}
	return key;
}

static struct fact_key
key_of_indicator(const struct hit *hit)
{
	const struct observation *o = hit->observation;
	const struct indicator *indicator = hit->indicator;
	uint64_t parts[3];
	struct fact_key key;

	memset(&key, 0, sizeof key);
	key.source = o->addr[hit->source];
	key.destination = o->addr[!hit->source];
	key.where = hit->where;
	parts[1] = indicator->type;
	parts[2] = indicator->port;
	for (int i = 0; i < 2; i++) {
		parts[0] = siphash(&fixed_keys[i], indicator->value,
		    indicator->value_len);
		key.what[i] = siphash(&fixed_keys[i], parts, sizeof parts);
	}
	return key;
}

static struct fact_key
key_of(const struct hit *hit)
{
	return hit->indicator != NULL ? key_of_indicator(hit)
	                              : key_of_rule(hit);
}

static struct fact **
bucket_of(struct facts *facts, const struct fact_key *key)
{
	return &facts->buckets[siphash(&facts->key, key, sizeof *key) &
			       (BUCKETS - 1)];
}

static struct fact *
find(const struct facts *facts, const struct fact_key *key)
{
	struct fact
	    *fact = facts->buckets[siphash(&facts->key, key, sizeof *key) &
				   (BUCKETS - 1)];

	while (fact != NULL && memcmp(&fact->key, key, sizeof *key) != 0)
		fact = fact->chain;
	return fact;
}

/* The same for the same fact and capture; not for another incident. */
static void
make_id(const struct fact_key *key, uint64_t first_us, char id[33])
{
	struct {
		struct fact_key key;
		uint64_t first_us;
	} identity;

	memset(&identity, 0, sizeof identity);
	identity.key = *key;
	identity.first_us = first_us;
	snprintf(id, 33, "%016" PRIx64 "%016" PRIx64,
	    siphash(&fixed_keys[0], &identity, sizeof identity),
	    siphash(&fixed_keys[1], &identity, sizeof identity));
}

/* ---- the list ---- */

static void
list_append(struct facts *facts, struct fact *fact)
{
	fact->newer = NULL;
	fact->older = facts->newest;
	if (facts->newest != NULL)
		facts->newest->newer = fact;
	else
		facts->oldest = fact;
	facts->newest = fact;
}

static void
list_remove(struct facts *facts, struct fact *fact)
{
	if (fact->older != NULL)
		fact->older->newer = fact->newer;
	else
		facts->oldest = fact->newer;
	if (fact->newer != NULL)
		fact->newer->older = fact->older;
	else
		facts->newest = fact->older;
}

/* ---- reports ---- */

static void
report(struct facts *facts, struct fact *fact, uint64_t now_us)
{
	fact->hit.time_us = now_us;
	fact->reported_us = now_us;
	fact->reported_count = fact->hit.count;
	facts->options.emit(facts->options.emit_arg, &fact->hit);
}

/* With the observation as it came; what is kept of it may be less. */
static void
report_first(struct facts *facts, struct fact *fact,
    const struct observation *o)
{
	const struct observation *kept = fact->hit.observation;

	fact->hit.observation = o;
	report(facts, fact, o->time_us);
	fact->hit.observation = kept;
	fact->hit.update = true;
}

static void
report_rest(struct facts *facts, struct fact *fact)
{
	if (fact->hit.count > fact->reported_count) {
		facts->counts.updates++;
		report(facts, fact, fact->hit.last_us);
	}
}

static void
drop(struct facts *facts, struct fact *fact)
{
	struct fact **at = bucket_of(facts, &fact->key);

	while (*at != fact)
		at = &(*at)->chain;
	*at = fact->chain;
	list_remove(facts, fact);
	facts->count--;
	facts->octets -= fact->octets;
	free(fact);
}

/* ---- copies ---- */

/* Copies `len` octets and a NUL to *to, which moves on. */
static const char *
copy_text(char **to, const char *text, size_t len)
{
	char *copy = *to;

	if (text == NULL)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*to += len + 1;
	return copy;
}

static size_t
text_size(const char *text)
{
	return text == NULL ? 0 : strlen(text) + 1;
}

static const char *
copy_string(char **to, const char *text)
{
	return text == NULL ? NULL : copy_text(to, text, strlen(text));
}

/* A large observation loses its text: what it was about is in `matched`. */
static size_t
kept_size(const struct observation *o)
{
	return o->size <= KEPT_OCTETS_MAX ? o->size : sizeof *o;
}

static const struct observation *
copy_observation(char **to, const struct observation *o)
{
	struct observation *copy = (struct observation *)(void *)*to;
	size_t size = kept_size(o);

	memcpy(copy, o, size);
	if (size != o->size) {
		copy->size = sizeof *copy;
		copy->kind = OBS_FLOW_APP;
		copy->cut = true;
		memset(&copy->flow, 0, sizeof copy->flow);
	}
	*to += size;
	return copy;
}

/* Octets of the texts of an indicator; NULL has none. */
static size_t
indicator_size(const struct indicator *i)
{
	if (i == NULL)
		return 0;
	return i->value_len + 1 + text_size(i->description) +
	       text_size(i->feed->source) + text_size(i->feed->campaign) +
	       text_size(i->feed->reference);
}

static void
copy_indicator(struct fact *fact, const struct indicator *i, char **to)
{
	fact->indicator = *i;
	fact->hit.indicator = &fact->indicator;
	fact->indicator.feed = &fact->feed;
	fact->indicator.value = copy_text(to, i->value, i->value_len);
	fact->indicator.description = copy_string(to, i->description);
	fact->feed.source = copy_string(to, i->feed->source);
	fact->feed.campaign = copy_string(to, i->feed->campaign);
	fact->feed.reference = copy_string(to, i->feed->reference);
}

static struct fact *
fact_new(const struct hit *hit)
{
	size_t size = sizeof(struct fact) + kept_size(hit->observation) +
	              hit->matched_len + 1 + text_size(hit->learnt_name) +
	              text_size(hit->rule) + text_size(hit->reason) +
	              indicator_size(hit->indicator);
	struct fact *fact = malloc(size);
	char *to;

	if (fact == NULL)
		return NULL;
	memset(fact, 0, sizeof *fact);
	to = (char *)(fact + 1);
	fact->octets = size;
	fact->hit = *hit;
	fact->signature = *hit->signature;
	fact->hit.observation = copy_observation(&to, hit->observation);
	fact->hit.signature = &fact->signature;
	fact->hit.matched = copy_text(&to, hit->matched, hit->matched_len);
	fact->hit.learnt_name = copy_string(&to, hit->learnt_name);
	fact->hit.rule = copy_string(&to, hit->rule);
	fact->hit.reason = copy_string(&to, hit->reason);
	if (hit->indicator != NULL)
		copy_indicator(fact, hit->indicator, &to);
	return fact;
}

_Static_assert(sizeof(struct fact) % _Alignof(struct observation) == 0,
    "an observation may follow a fact");

/* ---- meeting ---- */

static void
meet_first(struct facts *facts, const struct hit *hit,
    const struct fact_key *key)
{
	struct fact *fact = fact_new(hit), **bucket;

	if (fact == NULL) {
		facts->counts.lost++;
		return;
	}
	while (facts->oldest != NULL &&
	       (facts->count >= facts->options.facts_max ||
		   facts->octets + fact->octets > facts->options.octets_max)) {
		facts->counts.evicted++;
		report_rest(facts, facts->oldest);
		drop(facts, facts->oldest);
	}
	fact->key = *key;
	fact->hit.first_us = fact->hit.last_us = hit->observation->time_us;
	fact->hit.count = 1;
	make_id(key, fact->hit.first_us, fact->hit.id);
	bucket = bucket_of(facts, key);
	fact->chain = *bucket;
	*bucket = fact;
	list_append(facts, fact);
	facts->count++;
	facts->octets += fact->octets;
	facts->counts.hits++;
	report_first(facts, fact, hit->observation);
}

static void
meet_again(struct facts *facts, struct fact *fact, uint64_t now_us)
{
	fact->hit.count++;
	if (now_us > fact->hit.last_us)
		fact->hit.last_us = now_us;
	facts->counts.repeats++;
	list_remove(facts, fact);
	list_append(facts, fact);
	if (now_us >= fact->reported_us &&
	    now_us - fact->reported_us >= facts->options.repeat_us) {
		facts->counts.updates++;
		report(facts, fact, now_us);
	}
}

void
facts_meet(struct facts *facts, const struct hit *hit)
{
	struct fact_key key = key_of(hit);
	struct fact *fact = find(facts, &key);

	if (fact == NULL)
		meet_first(facts, hit, &key);
	else
		meet_again(facts, fact, hit->observation->time_us);
}

bool
facts_knows(const struct facts *facts, const struct hit *hit)
{
	struct fact_key key = key_of(hit);

	return find(facts, &key) != NULL;
}

void
facts_finish(struct facts *facts)
{
	for (struct fact *f = facts->oldest; f != NULL; f = f->newer)
		report_rest(facts, f);
}

void
facts_free(struct facts *facts)
{
	if (facts == NULL)
		return;
	while (facts->oldest != NULL)
		drop(facts, facts->oldest);
	free(facts);
}

const struct facts_counts *
facts_get_counts(const struct facts *facts)
{
	return &facts->counts;
}
