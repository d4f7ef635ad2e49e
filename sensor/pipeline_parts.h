#ifndef SENSOR_PIPELINE_PARTS_H
#define SENSOR_PIPELINE_PARTS_H

#include "output/publisher.h"
#include "output/statistics.h"
#include "output/summary.h"
#include "sensor/pipeline.h"

/* What pipeline.c shares with pipeline_stored.c and pipeline_live.c. */
struct pipeline {
	const struct config *config;
	const struct options *options;
	struct indicators *indicators;
	const struct knowledge *knowledge;
	struct beacon_options beacons;
	struct beacon_thresholds beacon_segments[SEGMENT_MAX];
	struct segments *segments;
	struct detector *detector;
	struct publisher *publisher;
	struct summary *summary;
	struct learn *learn; /* NULL: not asked for */
	struct eve_options eve;
	const struct classifier *classifier; /* for names; NULL: none */
	event_set events;   /* that any sink asks for */
	uint64_t started_s; /* monotonic */
};

/*
 * Makes what all runs have: segments, detector, summary, a list to learn.  0,
 * or -1 with the reason; pipeline_end is to be called in any case.
 */
int pipeline_begin(struct pipeline *p, bool live, char *error,
    size_t error_size);
void pipeline_end(struct pipeline *p);

/* Options for a tracker; emit and emit_arg are the caller's to set. */
struct tracker_options pipeline_tracker_options(const struct pipeline *p);

/*
 * nDPI for one of so many trackers, where somebody will read what it says, else
 * NULL.  -1: out of memory.  Not from two threads at once.
 */
int pipeline_new_verdicts(const struct pipeline *p, unsigned workers,
    struct verdicts **out);

/* 0, or -1 with the reason: the sinks are opened when the names are known. */
int pipeline_open_publisher(struct pipeline *p, eve_source_name name,
    void *name_arg, bool live, char *error, size_t error_size);

/*
 * Where hits wait on disk, the folders above it made: out.  "" where nothing
 * is to wait there, or where the standard directory cannot be made, which is
 * said.  -1 with the reason: a configured one cannot.
 */
int pipeline_spool_directory(const struct config_outputs *outputs, char *out,
    size_t size, char *error, size_t error_size);

/* An observation for the detector and, where asked for, as an event. */
void pipeline_observe(struct pipeline *p, const struct observation *o);

/* What signals asked for; `gather` fills in what is counted so far. */
typedef void (*pipeline_gather)(void *arg, struct statistics *out);
void pipeline_attend(struct pipeline *p, uint64_t now_us,
    pipeline_gather gather, void *arg);

/* SIGTERM or SIGINT came, or nobody reads what is written. */
bool pipeline_stopped(const struct pipeline *p);

/* Adds what only the pipeline knows to what a gather has filled in. */
void pipeline_add_statistics(struct pipeline *p, struct statistics *s);
void pipeline_publish_stats(struct pipeline *p, uint64_t now_us,
    pipeline_gather gather, void *arg);

int pipeline_run_stored(struct pipeline *p, struct statistics *total,
    char *error, size_t error_size);
int pipeline_run_live(struct pipeline *p, struct statistics *total, char *error,
    size_t error_size);

uint64_t pipeline_clock_ms(void); /* monotonic */

#endif
