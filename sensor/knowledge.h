#ifndef SENSOR_KNOWLEDGE_H
#define SENSOR_KNOWLEDGE_H

#include "iocs/ioc_load.h"
#include "iocs/profile_load.h"
#include "sensor/config.h"
#include "sensor/geo_files.h"
#include "sensor/policy_set.h"
#include "sensor/services.h"

/*
 * What is known beside the indicators: how implants behave, which services may
 * poll, which hide, and what may leave, read once, at the start; and where
 * addresses are, which may be read again.
 */
struct knowledge {
	struct profile_set *profiles;
	struct ioc_set *allowed;     /* services that may poll */
	struct services *services;   /* kinds that hide; NULL: by protocol */
	struct policy_set *policies; /* borrows from the configuration */
	struct geo_files *geo;
};

/*
 * Configured paths, else what is bundled; where that is missing the sensor can
 * do without, and tells `report` or `say`.  0, or -1 with the reason in
 * `error`; knowledge_fini is to be called in any case.
 */
int knowledge_load(struct knowledge *knowledge, const struct config *config,
    ioc_report report, void (*say)(const char *message), char *error,
    size_t error_size);
void knowledge_fini(struct knowledge *knowledge);

#endif
