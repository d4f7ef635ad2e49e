#ifndef SENSOR_INDICATOR_DETECTOR_H
#define SENSOR_INDICATOR_DETECTOR_H

#include "iocs/ioc_set.h"
#include "sensor/dns_memory.h"
#include "sensor/facts.h"
#include "sensor/geo.h"
#include "sensor/observation.h"

/*
 * Known-bad values: in names, addresses, URLs, User-Agents, bodies and TLS
 * fingerprints, in the names that an address was answered for, and countries
 * and networks.  Fills the DNS memory on the
 * way.  All members are the caller's.
 */
struct indicator_detector {
	const struct ioc_set *set;
	struct dns_memory *memory;
	struct facts *facts;
	uint64_t dns_grace_us; /* past its TTL an address is remembered */
	const struct geo *geo; /* NULL: countries and networks are not known */
};

void indicator_detector_observe(struct indicator_detector *detector,
    const struct observation *o);

#endif
