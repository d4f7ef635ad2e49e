#ifndef OUTPUT_STATISTICS_H
#define OUTPUT_STATISTICS_H

#include <stdio.h>

#include "output/eve.h"
#include "output/publisher.h"
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
	struct publisher_counts sinks;
	uint64_t ring_dropped; /* observations that found the ring full */
};

void statistics_add_capture(struct statistics *sum,
    const struct capture_counts *one);
void statistics_add_tracker(struct statistics *sum,
    const struct tracker_counts *one);

/* Of each sink and of all together: "sink.1.written", "sink.written", ... */
#define STATISTICS_OF_SINK 13
#define STATISTICS_MAX     (96 + (1 + PUBLISHER_SINKS_MAX) * STATISTICS_OF_SINK)

/* All of them; owns the names of the groups that are numbered. */
struct statistics_list {
	size_t count;
	struct eve_stat stats[STATISTICS_MAX];
	size_t sink_count;
	struct eve_text sinks[PUBLISHER_SINKS_MAX]; /* "sink.1": its name */
	char groups[PUBLISHER_SINKS_MAX][sizeof "sink.64"];
};

void statistics_list(const struct statistics *statistics,
    struct statistics_list *out);

/* For people: one number a line, those of the sinks in a table. */
void statistics_print(FILE *to, const struct statistics *statistics);
void statistics_print_sinks(FILE *to, const struct publisher_counts *sinks);

#endif
