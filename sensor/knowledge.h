#ifndef SENSOR_KNOWLEDGE_H
#define SENSOR_KNOWLEDGE_H

#include "iocs/ioc_load.h"
#include "iocs/profile_load.h"
#include "sensor/config.h"

/*
 * What is known beside the indicators: how implants behave, and which services
 * may poll.  Read once, at the start.
 */
struct knowledge {
	struct profile_set *profiles;
	struct ioc_set *allowed;
};

/*
 * Configured paths, else what is bundled; where that is missing the sensor can
 * do without, and says so.  0, or -1 with the reason in `error`; knowledge_fini
 * is to be called in any case.
 */
int knowledge_load(struct knowledge *knowledge, const struct config *config,
    ioc_report report, char *error, size_t error_size);
void knowledge_fini(struct knowledge *knowledge);

#endif
