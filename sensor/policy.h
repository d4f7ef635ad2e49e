#ifndef SENSOR_POLICY_H
#define SENSOR_POLICY_H

#include "sensor/departure.h"
#include "sensor/facts.h"
#include "sensor/geo.h"
#include "sensor/siphash.h"
#include "sensor/policy_set.h"
#include "sensor/segments.h"
#include "sensor/services.h"

/*
 * What may leave a segment.  Each departure is judged by every policy of its
 * segment: what is denied is a finding, else what is allowed is none, else it
 * is one.  In mode alert a finding is a hit; in mode observe it is counted, and
 * the flow remembers it.
 */
struct policy_detector;

struct policy_options {
	const struct policy_set *set;
	const struct segments *segments; /* NULL: external and internal only */
	const struct services *services; /* NULL: kinds by protocol alone */
	const struct geo *geo;           /* NULL: no country, no ASN */
	struct facts *facts;
	struct siphash_key key; /* of what is remembered to be allowed */
};

struct policy_counts {
	uint64_t judged;   /* departures of segments with a policy */
	uint64_t findings; /* in mode alert; repeats too */
	uint64_t observed; /* in mode observe */
};

/* NULL where memory is short. */
struct policy_detector *policy_detector_new(const struct policy_options *o);
void policy_detector_free(struct policy_detector *d);

void policy_detector_use_geo(struct policy_detector *d, const struct geo *geo);

void policy_judge(struct policy_detector *d, const struct departure *departure);

/*
 * What only the whole of a flow shows (Tor, by nDPI): a kind of service that is
 * denied.
 */
void policy_flow_end(struct policy_detector *d, const struct observation *o);

/*
 * What a policy in mode observe found of this flow: "NAME: reason", or NULL.
 * A later flow may have taken its place.  Good until the next call.
 */
const char *policy_observed(struct policy_detector *d, uint64_t flow_id);

const struct policy_counts *policy_get_counts(const struct policy_detector *d);

#endif
