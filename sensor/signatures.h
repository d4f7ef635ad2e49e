#ifndef SENSOR_SIGNATURES_H
#define SENSOR_SIGNATURES_H

#include "sensor/beacon.h"
#include "sensor/hit.h"
#include "sensor/profile_detector.h"

/*
 * The kinds of hit: EVE's signature_id and its words, by what was met and
 * where (docs/events.md).  Severity 1 from a confidence of 80 on, 2 from 50.
 */
struct signature signature_for(const struct indicator *indicator,
    enum hit_where where);

/* As the profile's file says. */
struct signature signature_for_profile(const struct profile_finding *finding);
/* By the rhythm alone: severity 2 where it is beyond doubt, else 3. */
struct signature signature_for_beacon(const struct beacon_report *report);

/* Denied, or only not allowed. */
struct signature signature_for_policy(bool denied);

/* sensor/behaviour.h */
enum behaviour {
	BEHAVIOUR_PLAIN_POST, /* to a bare address */
	BEHAVIOUR_EXECUTABLE, /* downloaded over HTTP */
	BEHAVIOUR_DEAD_USER_AGENT,
	BEHAVIOUR_COUNT,
};
struct signature signature_for_behaviour(enum behaviour behaviour,
    uint8_t severity);

#endif
