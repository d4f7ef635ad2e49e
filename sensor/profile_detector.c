#include "sensor/profile_detector.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sensor/profile_request.h"
#include "sensor/segments.h"
#include "sensor/siphash.h"

#define BUCKETS         4096 /* a power of two */
#define FLOWS           1024 /* a power of two */
#define KEPT_OCTETS_MAX 4096
/* From its first packet to its request a connection takes less than this. */
#define CONNECT_US        UINT64_C(30000000)
#define ALONE_CONFIDENCE  90
#define RHYTHM_CONFIDENCE 100

/* Compared and hashed as octets. */
struct pair_key {
	struct addr source, destination;
	uint64_t host;    /* hash; many services share a proxy's address */
	uint32_t profile; /* index */
	uint32_t port;
};

enum worth { WORTH_NEW, WORTH_BEAT, WORTH_FINDING, WORTH_COUNT };

struct pair {
	struct pair_key key;
	struct pair *chain;
	struct pair *older, *newer; /* of the same worth */
	enum worth worth;
	uint64_t path; /* hash; the loop goes to one */
	uint64_t flow_id;
	uint32_t flow_requests; /* on the last flow */
	uint32_t features;      /* of the best request */
	int score;              /* ... theirs */
	uint64_t count, first_us, last_us;
	struct profile_rhythm rhythm;
	bool reused;      /* two came on one connection */
	bool timed;       /* the rhythm holds, or did */
	int timing_score; /* the most that it added */

	bool reported;
	uint8_t reported_confidence;
	uint64_t reported_us, reported_count;
	struct observation *kept;
};

/* Which pair a flow's response belongs to; newer flows take the place. */
struct flow_place {
	uint64_t flow_id;
	struct pair *pair;
};

struct pair_list {
	struct pair *oldest, *newest;
	uint32_t count;
};

struct profile_detector {
	struct profile_detector_options options;
	struct siphash_key key;
	struct pair *pairs;
	uint32_t used; /* of the places */
	struct pair *buckets[BUCKETS];
	struct pair_list lists[WORTH_COUNT];
	struct flow_place flows[FLOWS];
	struct profile_detector_counts counts;
};

struct profile_detector *
profile_detector_new(const struct profile_detector_options *options)
{
	struct profile_detector *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->options = *options;
	if (d->options.pairs_max < 4)
		d->options.pairs_max = 4;
	d->pairs = calloc(d->options.pairs_max, sizeof *d->pairs);
	if (d->pairs == NULL ||
	    getrandom(&d->key, sizeof d->key, 0) != (ssize_t)sizeof d->key) {
		profile_detector_free(d);
		return NULL;
	}
	return d;
}

void
profile_detector_free(struct profile_detector *d)
{
	if (d == NULL)
		return;
	for (uint32_t i = 0; i < d->used; i++)
		free(d->pairs[i].kept);
	free(d->pairs);
	free(d);
}

static const struct profile *
profile_of(const struct profile_detector *d, const struct pair *pair)
{
	return profile_set_at(d->options.profiles, pair->key.profile);
}

/* ---- the lists ---- */

static void
list_append(struct pair_list *list, struct pair *pair)
{
	pair->newer = NULL;
	pair->older = list->newest;
	if (list->newest != NULL)
		list->newest->newer = pair;
	else
		list->oldest = pair;
	list->newest = pair;
	list->count++;
}

static void
list_remove(struct pair_list *list, struct pair *pair)
{
	if (pair->older != NULL)
		pair->older->newer = pair->newer;
	else
		list->oldest = pair->newer;
	if (pair->newer != NULL)
		pair->newer->older = pair->older;
	else
		list->newest = pair->older;
	list->count--;
}

static void
move(struct profile_detector *d, struct pair *pair, enum worth worth)
{
	list_remove(&d->lists[pair->worth], pair);
	pair->worth = worth;
	list_append(&d->lists[worth], pair);
}

/* It has just been met: it is the newest, of what it is worth by now. */
static void
freshen(struct profile_detector *d, struct pair *pair)
{
	const struct pair_list *beats = &d->lists[WORTH_BEAT],
			       *findings = &d->lists[WORTH_FINDING];

	move(d, pair,
	    pair->reported              ? WORTH_FINDING
	    : pair->rhythm.on_beat != 0 ? WORTH_BEAT
					: WORTH_NEW);
	if (beats->count + findings->count >
	    d->options.pairs_max - d->options.pairs_max / 4)
		move(d, beats->count > 0 ? beats->oldest : findings->oldest,
		    WORTH_NEW);
}

/* ---- reports ---- */

/* The observation for later reports; a large one without its text. */
static void
keep(struct pair *pair, const struct observation *o)
{
	size_t size = o->size <= KEPT_OCTETS_MAX ? o->size : sizeof *o;

	free(pair->kept);
	if ((pair->kept = malloc(size)) == NULL)
		return;
	memcpy(pair->kept, o, size);
	if (size == o->size)
		return;
	pair->kept->size = sizeof *o;
	pair->kept->kind = OBS_FLOW_APP;
	pair->kept->cut = true;
	memset(&pair->kept->flow, 0, sizeof pair->kept->flow);
}

static uint8_t
confidence_of(const struct pair *pair)
{
	int score = pair->score + pair->timing_score;
	int most = pair->timed ? RHYTHM_CONFIDENCE : ALONE_CONFIDENCE;

	return (uint8_t)(score < most ? score : most);
}

static void
report(struct profile_detector *d, struct pair *pair, uint64_t now_us)
{
	const struct profile *profile = profile_of(d, pair);
	struct profile_finding finding = {
		.profile = profile,
		.observation = pair->kept,
		.time_us = now_us,
		.update = pair->reported,
		.timed = pair->timed,
		.confidence = confidence_of(pair),
		.score = pair->score + pair->timing_score,
		.timing_score = pair->timing_score,
		.features = pair->features,
		.count = pair->count,
		.first_us = pair->first_us,
		.last_us = pair->last_us,
	};

	if (pair->kept == NULL)
		return; /* no memory: the next request tries again */
	profile_rhythm_measure(&pair->rhythm, &finding.interval_us,
	    &finding.jitter_us);
	finding.recent_count = profile_rhythm_recent(&pair->rhythm,
	    finding.recent_us);
	if (pair->reported)
		d->counts.updates++;
	else
		d->counts.findings++;
	pair->reported = true;
	pair->reported_confidence = finding.confidence;
	pair->reported_us = now_us;
	pair->reported_count = pair->count;
	d->options.emit(d->options.emit_arg, &finding);
}

static void
report_rest(struct profile_detector *d, struct pair *pair)
{
	if (pair->reported && pair->count > pair->reported_count)
		report(d, pair, pair->last_us);
}

/* A rhythm that is lost again does not take back what it has shown. */
static void
take_rhythm(struct pair *pair, const struct profile_timing *timing)
{
	int score = profile_rhythm_score(&pair->rhythm, timing);

	if (!profile_rhythm_holds(&pair->rhythm, timing))
		return;
	if (!pair->timed || score > pair->timing_score)
		pair->timing_score = score;
	pair->timed = true;
}

/* `o` is the request that came last; NULL: the kept one is it. */
static void
judge(struct profile_detector *d, struct pair *pair,
    const struct observation *o, uint64_t now_us)
{
	if (pair->reported) {
		if (confidence_of(pair) > pair->reported_confidence ||
		    (now_us >= pair->reported_us &&
			now_us - pair->reported_us >= d->options.repeat_us))
			report(d, pair, now_us);
		return;
	}
	if (pair->score + pair->timing_score < profile_of(d, pair)->threshold)
		return;
	if (o != NULL)
		keep(pair, o);
	report(d, pair, now_us);
}

/* ---- the table ---- */

static struct pair **
bucket_of(struct profile_detector *d, const struct pair_key *key)
{
	return &d->buckets[siphash(&d->key, key, sizeof *key) & (BUCKETS - 1)];
}

static struct pair *
find(struct profile_detector *d, const struct pair_key *key)
{
	struct pair *pair = *bucket_of(d, key);

	while (pair != NULL && memcmp(&pair->key, key, sizeof *key) != 0)
		pair = pair->chain;
	return pair;
}

/* Empties the place of the pair that is worth least. */
static struct pair *
evict(struct profile_detector *d)
{
	struct pair *pair = NULL, **at;

	for (int i = 0; i < WORTH_COUNT && pair == NULL; i++)
		pair = d->lists[i].oldest;
	d->counts.evicted++;
	report_rest(d, pair);
	at = bucket_of(d, &pair->key);
	while (*at != pair)
		at = &(*at)->chain;
	*at = pair->chain;
	list_remove(&d->lists[pair->worth], pair);
	free(pair->kept);
	return pair;
}

static struct pair *
add(struct profile_detector *d, const struct pair_key *key, uint64_t now_us)
{
	struct pair *pair = d->used < d->options.pairs_max
	                        ? &d->pairs[d->used++]
	                        : evict(d);
	struct pair **bucket = bucket_of(d, key);

	memset(pair, 0, sizeof *pair);
	pair->key = *key;
	pair->first_us = now_us;
	pair->chain = *bucket;
	*bucket = pair;
	list_append(&d->lists[WORTH_NEW], pair);
	return pair;
}

/* ---- requests ---- */

/* Through a proxy the name is all that tells where it goes. */
static bool
is_egress(const struct profile_detector *d, const struct observation *o)
{
	const char *host = obs_octets(o, o->http.host);

	if (segments_is_egress(d->options.segments, o->segment[DIR_OUT],
		o->segment[DIR_IN]))
		return true;
	return segment_is_internal(o->segment[DIR_OUT]) &&
	       segment_is_internal(o->segment[DIR_IN]) && o->http.tunnelled &&
	       o->http.host.len > 0 &&
	       memchr(host, '.', o->http.host.len) != NULL;
}

static bool
has_response_features(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->feature_count; i++) {
		if (profile->features[i].test == PROFILE_RESPONSE_OCTETS)
			return true;
	}
	return false;
}

/* The score that is still possible, were all else as it is published. */
static bool
is_plausible(const struct profile *profile, uint32_t features)
{
	for (uint32_t i = 0; i < profile->feature_count; i++) {
		const struct profile_feature *f = &profile->features[i];

		if (f->test == PROFILE_RESPONSE_OCTETS && f->weight > 0)
			features |= UINT32_C(1) << i;
	}
	return profile_score(profile, features) +
	           (profile->timing.period_us > 0 ? profile->timing.weight
						  : 0) >=
	       profile->threshold;
}

static struct pair_key
key_of(const struct profile_detector *d, const struct observation *o,
    const struct profile_request *r, size_t profile)
{
	struct pair_key key;

	memset(&key, 0, sizeof key);
	key.source = o->addr[DIR_OUT];
	key.destination = o->addr[DIR_IN];
	key.host = siphash(&d->key, r->host.at, r->host.left);
	key.profile = (uint32_t)profile;
	key.port = r->port;
	return key;
}

/* When the loop's turn began: of a new connection, its first packet. */
static uint64_t
turn_us(const struct observation *o, bool connection_new)
{
	if (connection_new && !o->midstream &&
	    o->flow_first_us <= o->http.request_us &&
	    o->http.request_us - o->flow_first_us < CONNECT_US)
		return o->flow_first_us;
	return o->http.request_us;
}

static void
take_path(const struct profile_detector *d, struct pair *pair,
    const struct profile_request *r)
{
	uint64_t path = siphash(&d->key, r->path.at, r->path.left);

	if (pair->count > 0 && pair->path != path)
		memset(&pair->rhythm, 0, sizeof pair->rhythm);
	pair->path = path;
}

/* What comes back is known when the flow ends. */
static void
await_response(struct profile_detector *d, struct pair *pair,
    const struct observation *o)
{
	d->flows[o->flow_id & (FLOWS - 1)] = (struct flow_place){ o->flow_id,
		pair };
	if (!pair->reported)
		keep(pair, o);
}

static void
take_features(struct pair *pair, const struct profile *profile,
    uint32_t features)
{
	int score = profile_score(profile, features);

	if (pair->count > 0 && score <= pair->score)
		return;
	pair->features = features;
	pair->score = score;
}

/* Whether it is the pair's first on its connection. */
static bool
take_flow(struct pair *pair, uint64_t flow_id)
{
	bool is_new = pair->count == 0 || pair->flow_id != flow_id;

	pair->flow_requests = is_new ? 1 : pair->flow_requests + 1;
	pair->reused |= !is_new;
	pair->flow_id = flow_id;
	return is_new;
}

static void
take_request(struct profile_detector *d, const struct observation *o,
    const struct profile_request *r, size_t index, uint32_t features)
{
	const struct profile *profile = profile_set_at(d->options.profiles,
	    index);
	struct pair_key key = key_of(d, o, r, index);
	struct pair *pair = find(d, &key);
	bool is_new;

	d->counts.requests++;
	if (pair == NULL)
		pair = add(d, &key, o->time_us);
	is_new = take_flow(pair, o->flow_id);
	/* One alone does not show that each has a connection of its own. */
	if (pair->count == 0 || pair->reused)
		features = profile_features_of_old(profile, features);
	take_features(pair, profile, features);
	take_path(d, pair, r);
	profile_rhythm_add(&pair->rhythm, &profile->timing, turn_us(o, is_new));
	take_rhythm(pair, &profile->timing);
	pair->count++;
	if (o->time_us > pair->last_us)
		pair->last_us = o->time_us;
	if (has_response_features(profile))
		await_response(d, pair, o);
	judge(d, pair, o, o->time_us);
	freshen(d, pair);
}

static void
observe_request(struct profile_detector *d, const struct observation *o)
{
	size_t n = profile_set_count(d->options.profiles);
	struct profile_request r;

	if (!is_egress(d, o))
		return;
	profile_request_read(o, &r);
	for (size_t i = 0; i < n; i++) {
		const struct profile
		    *profile = profile_set_at(d->options.profiles, i);
		uint32_t features;

		if (!profile_method_matches(profile, &r))
			continue;
		features = profile_features_match(profile, &r);
		if (is_plausible(profile, features))
			take_request(d, o, &r, i, features);
	}
}

/* What came back, where the flow had but the one request. */
static void
observe_end(struct profile_detector *d, const struct observation *o)
{
	struct flow_place *place = &d->flows[o->flow_id & (FLOWS - 1)];
	struct pair *pair = place->pair;
	const struct profile *profile;
	uint32_t features;

	if (pair == NULL || place->flow_id != o->flow_id)
		return;
	place->pair = NULL;
	/* The place may be another pair's by now. */
	if (pair->flow_id != o->flow_id || pair->flow_requests != 1)
		return;
	profile = profile_of(d, pair);
	features = profile_response_match(profile, o->octets[DIR_IN]);
	if ((features & ~pair->features) == 0)
		return;
	take_features(pair, profile, pair->features | features);
	judge(d, pair, NULL, o->time_us);
	freshen(d, pair);
}

void
profile_detector_observe(struct profile_detector *d,
    const struct observation *o)
{
	if (o->kind == OBS_HTTP_REQUEST)
		observe_request(d, o);
	else if (o->kind == OBS_FLOW_END)
		observe_end(d, o);
}

void
profile_detector_finish(struct profile_detector *d)
{
	for (uint32_t i = 0; i < d->used; i++)
		report_rest(d, &d->pairs[i]);
}

const struct profile_detector_counts *
profile_detector_get_counts(const struct profile_detector *d)
{
	return &d->counts;
}
