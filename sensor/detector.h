#ifndef SENSOR_DETECTOR_H
#define SENSOR_DETECTOR_H

#include "iocs/ioc_set.h"
#include "iocs/profile_load.h"
#include "sensor/beacon.h"
#include "sensor/behaviour.h"
#include "sensor/facts.h"
#include "sensor/geo.h"
#include "sensor/learn.h"
#include "sensor/observation.h"
#include "sensor/policy.h"
#include "sensor/profile_detector.h"
#include "sensor/segments.h"
#include "sensor/siphash.h"

/*
 * Observations in, hits out: single-threaded, on the capture's clock.  Here
 * the DNS look-up, the flow and the request that belong together meet, and
 * each kind of detector sees them in turn; and each hit that
 * leaves has its context (sensor/hit_context.h).
 */
struct detector;

/* Timing of a pair that was evaluated, whether it is a hit or not. */
typedef void (*beacon_event)(void *arg, const struct hit *hit);

struct detector_options {
	uint64_t dns_grace_us; /* past its TTL an address is remembered */
	uint32_t dns_memory_max;
	struct facts_options facts;           /* where hits go, among others */
	const struct profile_set *profiles;   /* NULL: none; the caller's */
	const struct beacon_options *beacons; /* NULL: no timing */
	const struct ioc_set *allowed;        /* trusted services; NULL: none */
	const struct services *services;      /* kinds; NULL: by protocol */
	const struct policy_set *policies;    /* NULL: none */
	struct learn *learn; /* told of all that leaves; NULL: none */
	/* Which of them to look for. */
	bool plain_post_to_address, executable_download, dead_user_agent;
	const struct segments *segments; /* NULL: as configured nowhere */
	const struct geo *geo;           /* NULL: no country, no ASN */
	/* Of hash tables that forget; 0: the same in every run. */
	struct siphash_key key;
	beacon_event evaluated; /* its hit has no id; NULL: not asked */
	void *evaluated_arg;
};

struct detector_counts {
	struct facts_counts facts;
	uint64_t dns_memory_evicted;
	struct profile_detector_counts profiles;
	struct beacon_stats beacons;
	struct policy_counts policies;
};

/* The set stays the caller's.  NULL where memory is short. */
struct detector *detector_new(const struct detector_options *options,
    const struct ioc_set *set);
void detector_free(struct detector *detector);

/* From the next observation on; the old set may be freed after it. */
void detector_use(struct detector *detector, const struct ioc_set *set);
void detector_use_geo(struct detector *detector, const struct geo *geo);

void detector_observe(struct detector *detector, const struct observation *o);

/*
 * What a policy in mode observe found of this flow, as far as it is remembered:
 * "NAME: reason"; NULL: nothing.  Good until the next call.
 */
const char *detector_policy_of(struct detector *detector, uint64_t flow_id);

/* The capture is over: reports what was counted since its last report. */
void detector_finish(struct detector *detector);

void detector_get_counts(const struct detector *detector,
    struct detector_counts *out);

#endif
