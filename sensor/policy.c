#include "sensor/policy.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/signatures.h"

/* Flows whose finding is remembered for their end; a power of two. */
#define NOTES_MAX 8192
/* Departures that are remembered to be allowed; a power of two. */
#define PASSED_MAX 8192
#define REASON_MAX 96
#define NOTE_MAX   256

struct note {
	uint64_t flow_id;
	uint32_t policy;
	char reason[REASON_MAX];
};

struct policy_detector {
	struct policy_options options;
	bool *applies; /* [policy * SEGMENT_MAX + segment] */
	bool any[SEGMENT_MAX];
	struct note *notes;
	uint64_t passed[PASSED_MAX]; /* hashes; 0: none */
	char noted[NOTE_MAX];
	struct policy_counts counts;
};

/* ---- whose policy it is ---- */

static bool
has_text(const struct text_list *list, const char *text)
{
	for (unsigned i = 0; i < list->count; i++) {
		if (strcmp(list->text[i], text) == 0)
			return true;
	}
	return false;
}

static bool
applies_to(const struct config_policy *policy, const struct segments *segments,
    uint16_t segment)
{
	const char *name = "internal", *role = "";

	if (!segment_is_internal(segment))
		return false;
	if (policy->roles.count == 0 && policy->segments.count == 0)
		return true;
	if (segments != NULL) {
		name = segment_name(segments, segment);
		role = segment_role(segments, segment);
	}
	return has_text(&policy->roles, "") ||
	       (role[0] != '\0' && has_text(&policy->roles, role)) ||
	       (name[0] != '\0' && has_text(&policy->segments, name));
}

/* ---- life ---- */

struct policy_detector *
policy_detector_new(const struct policy_options *options)
{
	struct policy_detector *d = calloc(1, sizeof *d);
	unsigned count = options->set->count;

	if (d == NULL)
		return NULL;
	d->options = *options;
	d->applies = calloc((size_t)count * SEGMENT_MAX + 1,
	    sizeof d->applies[0]);
	d->notes = calloc(NOTES_MAX, sizeof d->notes[0]);
	if (d->applies == NULL || d->notes == NULL) {
		policy_detector_free(d);
		return NULL;
	}
	for (unsigned i = 0; i < count; i++) {
		for (uint16_t s = 0; s < SEGMENT_MAX; s++) {
			bool applies = applies_to(options->set->policies[i]
						      .config,
			    options->segments, s);

			d->applies[i * SEGMENT_MAX + s] = applies;
			d->any[s] = d->any[s] || applies;
		}
	}
	return d;
}

void
policy_detector_free(struct policy_detector *d)
{
	if (d == NULL)
		return;
	free(d->applies);
	free(d->notes);
	free(d);
}

void
policy_detector_use_geo(struct policy_detector *d, const struct geo *geo)
{
	d->options.geo = geo;
	memset(d->passed, 0, sizeof d->passed);
}

const struct policy_counts *
policy_get_counts(const struct policy_detector *d)
{
	return &d->counts;
}

/* ---- judging ---- */

/* One departure, and what was looked up of it so far. */
struct judging {
	const struct departure *departure;
	service_set services;
	bool place_known; /* looked up; it may be empty */
	struct place place;
};

static const struct place *
place_of(const struct policy_detector *d, struct judging *j)
{
	if (!j->place_known && j->departure->has_addr)
		geo_find(d->options.geo, &j->departure->addr, &j->place);
	j->place_known = true;
	return &j->place;
}

static bool
asks_places(const struct places *places)
{
	return places->countries->count > 0 || places->asn_count > 0;
}

static bool
in_country(const struct places *places, const struct place *place)
{
	return place->country[0] != '\0' &&
	       has_text(places->countries, place->country);
}

static bool
in_asn(const struct places *places, const struct place *place)
{
	for (unsigned i = 0; i < places->asn_count; i++) {
		if (place->asn == places->asns[i])
			return true;
	}
	return false;
}

/* Writes the reason; false where nothing is denied. */
static bool
is_denied(const struct policy_detector *d, const struct policy *policy,
    struct judging *j, char reason[REASON_MAX])
{
	service_set denied = j->services & policy->denied_services;
	const struct place *place;

	if (denied != 0) {
		snprintf(reason, REASON_MAX, "%s is denied",
		    service_name(denied));
		return true;
	}
	if (!asks_places(&policy->denied_places))
		return false;
	place = place_of(d, j);
	if (in_country(&policy->denied_places, place))
		snprintf(reason, REASON_MAX, "country %s is denied",
		    place->country);
	else if (in_asn(&policy->denied_places, place))
		snprintf(reason, REASON_MAX, "AS%lu is denied",
		    (unsigned long)place->asn);
	else
		return false;
	return true;
}

static bool
is_allowed_port(const struct policy *policy, const struct departure *departure)
{
	for (unsigned i = 0; i < policy->port_count; i++) {
		const struct port_range *range = &policy->ports[i];

		if (departure->port >= range->first &&
		    departure->port <= range->last &&
		    (range->ip_proto == 0 ||
			range->ip_proto == departure->ip_proto))
			return true;
	}
	return false;
}

static bool
is_allowed(const struct policy_detector *d, const struct policy *policy,
    struct judging *j)
{
	const struct departure *departure = j->departure;
	const struct place *place;

	if (destinations_have(policy->allowed, departure->name,
		departure->name_len,
		departure->has_addr ? &departure->addr : NULL,
		departure->port) ||
	    is_allowed_port(policy, departure))
		return true;
	if (!asks_places(&policy->allowed_places))
		return false;
	place = place_of(d, j);
	return in_country(&policy->allowed_places, place) ||
	       in_asn(&policy->allowed_places, place);
}

/* ---- findings ---- */

static struct note *
note_of(const struct policy_detector *d, uint64_t flow_id)
{
	return &d->notes[(flow_id ^ flow_id >> 20) & (NOTES_MAX - 1)];
}

static void
observe_only(struct policy_detector *d, unsigned index,
    const struct departure *departure, const char *reason)
{
	struct note *note = note_of(d, departure->o->flow_id);

	d->counts.observed++;
	note->flow_id = departure->o->flow_id;
	note->policy = index;
	snprintf(note->reason, sizeof note->reason, "%s", reason);
}

static void
raise_hit(struct policy_detector *d, const struct policy *policy,
    const struct departure *departure, bool denied, const char *reason)
{
	struct signature signature = signature_for_policy(denied);
	char place[DEPARTURE_PLACE_MAX];
	struct hit hit = {
		.detector = "policy",
		.signature = &signature,
		.observation = departure->o,
		.source = DIR_OUT,
		.rule = policy->config->name,
		.reason = reason,
		.matched = place,
	};

	departure_place(departure, place);
	hit.matched_len = (uint32_t)strlen(place);
	d->counts.findings++;
	facts_meet(d->options.facts, &hit);
}

static void
tell(struct policy_detector *d, unsigned index,
    const struct departure *departure, bool denied, const char *reason)
{
	const struct policy *policy = &d->options.set->policies[index];

	if (policy->alert)
		raise_hit(d, policy, departure, denied, reason);
	else
		observe_only(d, index, departure, reason);
}

/*
 * Builds ask for the same things over and over.  What is judged depends on this
 * alone, so a departure that all policies let out need not be judged again.
 */
static uint64_t
passed_hash(const struct policy_detector *d, const struct judging *j)
{
	const struct departure *departure = j->departure;
	struct {
		struct addr addr;
		uint32_t spoken;
		uint16_t segment, port;
		uint8_t ip_proto, has_addr;
		char name[DNS_MEMORY_NAME_MAX + 1];
	} what;
	size_t len = departure->name_len;

	if (len > sizeof what.name)
		return 0;
	memset(&what, 0, offsetof(__typeof__(what), name));
	if (departure->has_addr)
		what.addr = departure->addr;
	what.spoken = j->services;
	what.segment = departure->o->segment[DIR_OUT];
	what.port = departure->port;
	what.ip_proto = departure->ip_proto;
	what.has_addr = departure->has_addr;
	if (len > 0)
		memcpy(what.name, departure->name, len);
	return siphash(&d->options.key, &what,
	    offsetof(__typeof__(what), name) + len);
}

/* Whether the policy lets it out. */
static bool
judge_by(struct policy_detector *d, unsigned index, struct judging *j)
{
	const struct policy *policy = &d->options.set->policies[index];
	char reason[REASON_MAX] = "not on the list of what may leave";
	bool denied = is_denied(d, policy, j, reason);

	if (!denied && is_allowed(d, policy, j))
		return true;
	tell(d, index, j->departure, denied, reason);
	return false;
}

void
policy_judge(struct policy_detector *d, const struct departure *departure)
{
	const struct observation *o = departure->o;
	uint16_t segment = o->segment[DIR_OUT];
	struct judging j = { .departure = departure };
	bool passed = true;
	uint64_t hash;

	if (segment >= SEGMENT_MAX || !d->any[segment])
		return;
	d->counts.judged++;
	if (!segment_is_internal(o->segment[DIR_IN]))
		j.services = services_spoken(o, departure->name,
		    departure->name_len);
	hash = passed_hash(d, &j);
	if (hash != 0 && d->passed[hash & (PASSED_MAX - 1)] == hash)
		return;
	j.services |= services_find(d->options.services, departure->name,
	    departure->name_len, departure->has_addr ? &departure->addr : NULL,
	    departure->port);
	for (unsigned i = 0; i < d->options.set->count; i++) {
		if (d->applies[i * SEGMENT_MAX + segment])
			passed = judge_by(d, i, &j) && passed;
	}
	if (passed)
		d->passed[hash & (PASSED_MAX - 1)] = hash;
}

void
policy_flow_end(struct policy_detector *d, const struct observation *o)
{
	struct departures none = { .segments = d->options.segments };
	struct transaction flow = { .port = o->port[DIR_IN], .name = "" };
	struct judging j = { .services = services_spoken(o, "", 0) &
		                         1u << SERVICE_TOR };
	uint16_t segment = o->segment[DIR_OUT];
	struct departure departure;
	char reason[REASON_MAX];

	if (j.services == 0 || segment >= SEGMENT_MAX || !d->any[segment] ||
	    segment_is_internal(o->segment[DIR_IN]) ||
	    !departure_of(&none, &flow, o, &departure))
		return;
	j.departure = &departure;
	for (unsigned i = 0; i < d->options.set->count; i++) {
		const struct policy *policy = &d->options.set->policies[i];

		if (d->applies[i * SEGMENT_MAX + segment] &&
		    (policy->denied_services & j.services) != 0 &&
		    is_denied(d, policy, &j, reason))
			tell(d, i, &departure, true, reason);
	}
}

const char *
policy_observed(struct policy_detector *d, uint64_t flow_id)
{
	const struct note *note = note_of(d, flow_id);

	if (flow_id == 0 || note->flow_id != flow_id)
		return NULL;
	snprintf(d->noted, sizeof d->noted, "%s: %s",
	    d->options.set->policies[note->policy].config->name, note->reason);
	return d->noted;
}
