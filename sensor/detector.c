#include "sensor/detector.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/fingerprint_memory.h"
#include "sensor/hit_context.h"
#include "sensor/host_names.h"
#include "sensor/indicator_detector.h"
#include "sensor/signatures.h"
#include "sensor/siphash.h"
#include "sensor/transactions.h"

/* Pairs with a request that could be a profile's. */
#define PROFILE_PAIRS_MAX 16384

struct detector {
	struct detector_options options;
	struct dns_memory *memory;
	struct host_names *hosts;
	struct fingerprint_memory *fingerprints;
	struct facts *facts;
	struct indicator_detector indicators;
	struct profile_detector *profiles; /* NULL: none */
	struct beacon_detector *beacons;   /* NULL: none */
	struct transactions *transactions; /* NULL: none */
	struct behaviour_options behaviours;
	struct policy_detector *policies; /* NULL: none */
	struct departures departures;
	const struct observation *current; /* being observed; else NULL */
};

/* ---- the way out ---- */

/* Every hit passes here, facts' among them. */
static void
emit_hit(void *arg, const struct hit *hit)
{
	struct detector *d = arg;
	struct hit_context_sources sources = { d->options.geo, d->hosts,
		d->memory, d->fingerprints, d->options.services };
	struct hit_context context;
	struct hit told = *hit;

	hit_context_fill(&sources, hit, &context);
	told.context = &context;
	d->options.facts.emit(d->options.facts.emit_arg, &told);
}

/* ---- hits that are no indicator's ---- */

/* What makes two reports the same fact. */
struct hit_identity {
	struct addr source, destination;
	uint64_t first_us, service;
	uint32_t signature;
	uint16_t port, ip_proto;
};

static void
make_hit_id(const struct hit_identity *identity, char id[33])
{
	static const struct siphash_key keys[2] = {
		{ 0x686974, 0x69642d31 },
		{ 0x686974, 0x69642d32 },
	};

	snprintf(id, 33, "%016" PRIx64 "%016" PRIx64,
	    siphash(&keys[0], identity, sizeof *identity),
	    siphash(&keys[1], identity, sizeof *identity));
}

static uint64_t
service_hash(const char *name, size_t len)
{
	static const struct siphash_key key = { 0x73657276, 0x696365 };

	return siphash(&key, name, len);
}

static void
on_finding(void *arg, const struct profile_finding *finding)
{
	struct detector *d = arg;
	const struct observation *o = finding->observation;
	const struct profile *profile = finding->profile;
	struct signature signature = signature_for_profile(finding);
	struct hit_identity identity;
	struct hit hit = {
		.detector = "rat_profile",
		.signature = &signature,
		.observation = o,
		.update = finding->update,
		.time_us = finding->time_us,
		.count = finding->count,
		.first_us = finding->first_us,
		.last_us = finding->last_us,
		.source = DIR_OUT,
		.profile = finding,
	};

	memset(&identity, 0, sizeof identity);
	identity.source = o->addr[DIR_OUT];
	identity.destination = o->addr[DIR_IN];
	identity.first_us = finding->first_us;
	identity.service = service_hash(profile->id, strlen(profile->id));
	identity.signature = profile->signature_id;
	identity.port = o->port[DIR_IN];
	make_hit_id(&identity, hit.id);
	emit_hit(d, &hit);
}

/* Where no observation is at hand: the pair's addresses are all there is. */
static struct observation
observation_of_pair(const struct detector *d, const struct pair *pair,
    uint64_t time_us)
{
	struct observation o;

	memset(&o, 0, sizeof o);
	o.size = sizeof o;
	o.kind = OBS_FLOW_APP;
	o.ip_proto = pair->ip_proto;
	o.time_us = time_us;
	o.addr[DIR_OUT] = pair->source;
	o.addr[DIR_IN] = pair->destination;
	o.port[DIR_IN] = pair->port;
	o.segment[DIR_OUT] = pair->segment;
	if (d->options.segments != NULL) /* a proxy is one of ours */
		o.segment[DIR_IN] = segments_find(d->options.segments,
		    &pair->destination, NULL, 0);
	o.flow_first_us = pair->first_us;
	o.flow_last_us = pair->last_us;
	return o;
}

static void
on_report(const struct beacon_report *report, void *arg)
{
	struct detector *d = arg;
	const struct pair *pair = report->pair;
	struct signature signature = signature_for_beacon(report);
	struct observation alone = observation_of_pair(d, pair,
	    report->time_us);
	bool caused = d->current != NULL && report->news != BEACON_EVALUATED;
	struct hit_identity identity;
	struct hit hit = {
		.detector = "beacon",
		.signature = &signature,
		.observation = caused ? d->current : &alone,
		.update = report->news == BEACON_UPDATE,
		.count = pair->count,
		.first_us = pair->first_us,
		.last_us = pair->last_us,
		.source = DIR_OUT,
		.beacon = report,
	};

	hit.time_us = hit.observation->time_us;
	memset(&identity, 0, sizeof identity);
	identity.source = pair->source;
	identity.first_us = pair->first_us;
	identity.service = service_hash(pair->name, pair->name_len);
	if (pair->name_len == 0)
		identity.destination = pair->destination;
	identity.signature = signature.id;
	identity.port = pair->port;
	identity.ip_proto = pair->ip_proto;
	make_hit_id(&identity, hit.id);
	if (report->news != BEACON_EVALUATED)
		emit_hit(d, &hit);
	else if (d->options.evaluated != NULL)
		d->options.evaluated(d->options.evaluated_arg, &hit);
}

static void
depart(struct detector *d, const struct transaction *t)
{
	struct departure departure;

	if (d->policies == NULL && d->options.learn == NULL)
		return;
	if (!departure_of(&d->departures, t, d->current, &departure))
		return;
	if (d->policies != NULL)
		policy_judge(d->policies, &departure);
	if (d->options.learn != NULL)
		learn_departure(d->options.learn, &departure,
		    d->indicators.set);
}

static void
on_transaction(void *arg, const struct transaction *t)
{
	struct detector *d = arg;

	if (d->beacons != NULL)
		beacon_transaction(d->beacons, t);
	depart(d, t);
}

static void
on_rest(void *arg, const struct transaction *t)
{
	depart(arg, t);
}

static void
on_sizes(void *arg, const struct transaction *t)
{
	struct detector *d = arg;

	if (d->beacons != NULL)
		beacon_sizes(d->beacons, t);
}

/* ---- life ---- */

static int
open_profiles(struct detector *d)
{
	struct profile_detector_options options = {
		.profiles = d->options.profiles,
		.pairs_max = PROFILE_PAIRS_MAX,
		.repeat_us = d->options.facts.repeat_us,
		.segments = d->options.segments,
		.emit = on_finding,
		.emit_arg = d,
	};

	if (d->options.profiles == NULL)
		return 0;
	d->profiles = profile_detector_new(&options);
	return d->profiles == NULL ? -1 : 0;
}

static int
open_beacons(struct detector *d)
{
	if (d->options.beacons == NULL)
		return 0;
	d->beacons = beacon_new(d->options.beacons, on_report, d);
	return d->beacons == NULL ? -1 : 0;
}

static int
open_policies(struct detector *d)
{
	struct policy_options options = {
		.set = d->options.policies,
		.segments = d->options.segments,
		.services = d->options.services,
		.geo = d->options.geo,
		.facts = d->facts,
		.key = d->options.key,
	};

	d->departures.segments = d->options.segments;
	d->departures.memory = d->memory;
	if (d->options.policies == NULL || d->options.policies->count == 0)
		return 0;
	d->policies = policy_detector_new(&options);
	return d->policies == NULL ? -1 : 0;
}

/* After those that go by what leaves. */
static int
open_transactions(struct detector *d)
{
	struct transactions_options options = {
		.memory = d->memory,
		.allowed = d->options.allowed,
		.segments = d->options.segments,
		.begin = on_transaction,
		.sizes = on_sizes,
		.rest = on_rest,
		.arg = d,
	};

	if (d->beacons == NULL && d->policies == NULL &&
	    d->options.learn == NULL)
		return 0;
	d->transactions = transactions_new(&options);
	return d->transactions == NULL ? -1 : 0;
}

struct detector *
detector_new(const struct detector_options *options, const struct ioc_set *set)
{
	struct detector *d = calloc(1, sizeof *d);
	struct facts_options facts = options->facts;

	if (d == NULL)
		return NULL;
	facts.emit = emit_hit;
	facts.emit_arg = d;
	d->options = *options;
	d->memory = dns_memory_new(options->dns_memory_max, &options->key);
	d->hosts = host_names_new(options->segments, &options->key);
	d->fingerprints = fingerprint_memory_new(&options->key);
	d->facts = facts_new(&facts);
	d->indicators = (struct indicator_detector){ set, d->memory, d->facts,
		options->dns_grace_us, options->geo };
	d->behaviours = (struct behaviour_options){
		.plain_post_to_address = options->plain_post_to_address,
		.executable_download = options->executable_download,
		.dead_user_agent = options->dead_user_agent,
		.segments = options->segments,
		.memory = d->memory,
		.trusted = options->allowed,
		.facts = d->facts,
	};
	if (d->memory == NULL || d->hosts == NULL || d->fingerprints == NULL ||
	    d->facts == NULL || open_profiles(d) == -1 ||
	    open_beacons(d) == -1 || open_policies(d) == -1 ||
	    open_transactions(d) == -1) {
		detector_free(d);
		return NULL;
	}
	return d;
}

void
detector_free(struct detector *d)
{
	if (d == NULL)
		return;
	transactions_free(d->transactions);
	policy_detector_free(d->policies);
	beacon_free(d->beacons);
	profile_detector_free(d->profiles);
	dns_memory_free(d->memory);
	host_names_free(d->hosts);
	fingerprint_memory_free(d->fingerprints);
	facts_free(d->facts);
	free(d);
}

void
detector_use(struct detector *d, const struct ioc_set *set)
{
	d->indicators.set = set;
}

void
detector_use_geo(struct detector *d, const struct geo *geo)
{
	d->options.geo = geo;
	d->indicators.geo = geo;
	if (d->policies != NULL)
		policy_detector_use_geo(d->policies, geo);
}

void
detector_observe(struct detector *d, const struct observation *o)
{
	d->current = o;
	host_names_observe(d->hosts, o);
	fingerprint_memory_observe(d->fingerprints, o);
	indicator_detector_observe(&d->indicators, o);
	if (d->profiles != NULL)
		profile_detector_observe(d->profiles, o);
	if (d->transactions != NULL)
		transactions_observe(d->transactions, o);
	if (d->policies != NULL && o->kind == OBS_FLOW_END)
		policy_flow_end(d->policies, o);
	behaviour_observe(&d->behaviours, o);
	d->current = NULL;
}

const char *
detector_policy_of(struct detector *d, uint64_t flow_id)
{
	return d->policies != NULL ? policy_observed(d->policies, flow_id)
	                           : NULL;
}

void
detector_finish(struct detector *d)
{
	facts_finish(d->facts);
	if (d->profiles != NULL)
		profile_detector_finish(d->profiles);
	if (d->beacons != NULL)
		beacon_finish(d->beacons);
}

void
detector_get_counts(const struct detector *d, struct detector_counts *out)
{
	memset(out, 0, sizeof *out);
	out->facts = *facts_get_counts(d->facts);
	out->dns_memory_evicted = dns_memory_evicted(d->memory);
	if (d->profiles != NULL)
		out->profiles = *profile_detector_get_counts(d->profiles);
	if (d->beacons != NULL)
		beacon_stats(d->beacons, &out->beacons);
	if (d->policies != NULL)
		out->policies = *policy_get_counts(d->policies);
}
