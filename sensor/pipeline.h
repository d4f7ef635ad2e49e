#ifndef SENSOR_PIPELINE_H
#define SENSOR_PIPELINE_H

#include "sensor/config.h"
#include "sensor/indicators.h"
#include "sensor/knowledge.h"
#include "sensor/options.h"

/*
 * The whole way, wired: capture, trackers, detector, sinks.  Stored captures
 * go through it in one thread; live, each worker has a thread, and the
 * detector merges what they saw by time.
 */

struct pipeline_result {
	uint64_t hits;
	bool incomplete; /* a capture failed, a sink lost events or has some
	                    left */
};

/* From here on signals are remembered until pipeline_run acts on them. */
void pipeline_catch_signals(void);

/*
 * Runs to the end of the captures or until SIGTERM or SIGINT.  0, or -1 with
 * the reason in `error`: it could not start.
 */
int pipeline_run(const struct config *config, const struct options *options,
    struct indicators *indicators, const struct knowledge *knowledge,
    struct pipeline_result *result, char *error, size_t error_size);

/* A line for people, on standard error; from any thread. */
void pipeline_say(const char *message);

#endif
