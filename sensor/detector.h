#ifndef SENSOR_DETECTOR_H
#define SENSOR_DETECTOR_H

#include "iocs/ioc_set.h"
#include "iocs/profile_load.h"
#include "sensor/beacon.h"
#include "sensor/facts.h"
#include "sensor/observation.h"
#include "sensor/profile_detector.h"

/*
 * Observations in, hits out: single-threaded, on the capture's clock.  Here
 * the DNS look-up, the flow and the request that belong together meet, and
 * each kind of detector sees them in turn.
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
	beacon_event evaluated; /* its hit has no id; NULL: not asked */
	void *evaluated_arg;
};

struct detector_counts {
	struct facts_counts facts;
	uint64_t dns_memory_evicted;
	struct profile_detector_counts profiles;
	struct beacon_stats beacons;
};

/* The set stays the caller's.  NULL where memory is short. */
struct detector *detector_new(const struct detector_options *options,
    const struct ioc_set *set);
void detector_free(struct detector *detector);

/* From the next observation on; the old set may be freed after it. */
void detector_use(struct detector *detector, const struct ioc_set *set);

void detector_observe(struct detector *detector, const struct observation *o);

/* The capture is over: reports what was counted since its last report. */
void detector_finish(struct detector *detector);

void detector_get_counts(const struct detector *detector,
    struct detector_counts *out);

#endif
