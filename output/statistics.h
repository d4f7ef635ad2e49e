#ifndef OUTPUT_STATISTICS_H
#define OUTPUT_STATISTICS_H

#include <stdio.h>

#include "output/eve.h"
#include "output/sink.h"
#include "sensor/capture.h"
#include "sensor/detector.h"
#include "sensor/tracker.h"

/*
 * All that is counted, by name.  What came in adds up: captured packets are
 * decoded, held as fragments, not IP, or dropped by a named cause.
 */
struct statistics {
	uint64_t uptime_s;
	struct capture_counts capture; /* of all workers */
	struct tracker_counts tracker; /* of all workers */
	struct detector_counts detector;
	struct sink_counts sinks;
	uint64_t ring_dropped; /* observations that found the ring full */
};

void statistics_add_capture(struct statistics *sum,
    const struct capture_counts *one);
void statistics_add_tracker(struct statistics *sum,
    const struct tracker_counts *one);

#define STATISTICS_MAX 80
/* Fills `out` (STATISTICS_MAX elements) and returns how many there are. */
size_t statistics_list(const struct statistics *statistics,
    struct eve_stat *out);

/* For people: one number a line. */
void statistics_print(FILE *to, const struct statistics *statistics);

#endif
