#ifndef SENSOR_BEACON_SCORE_H
#define SENSOR_BEACON_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How much one pair's timeline looks like a sleep loop.  A pure function of
 * its arguments: no clock, no allocation, no state.  The model, its sources
 * and its assumptions are in docs/beacons.md.
 */

/* More than these are not looked at: the latest count. */
#define BEACON_SAMPLES_MAX    256
#define BEACON_HISTOGRAM_BINS 16

struct beacon_sample {
	uint64_t time_us; /* capture clock */
	uint32_t octets_out, octets_in;
};

/* What is known of the pair besides its own timeline. */
struct beacon_context {
	uint32_t peers;         /* hosts of the segment that talk to the same
	                         * destination, this one among them */
	uint32_t segment_hosts; /* hosts of the segment that were seen at all */
	bool allow_listed;
};

/* What lowered the score; any number of them. */
enum {
	BEACON_LOW_FEW = 1 << 0,       /* too few transactions to be sure */
	BEACON_LOW_IRREGULAR = 1 << 1, /* gaps as irregular as chance makes */
	BEACON_LOW_SIZES = 1 << 2,     /* sizes vary */
	BEACON_LOW_COVERAGE = 1 << 3,  /* most of the gaps are of other kinds */
	BEACON_LOW_PREVALENT = 1 << 4, /* many hosts do the same */
	BEACON_LOW_ALLOWED = 1 << 5,   /* an allow-listed service */
};

/* Every number is finite; shares and sub-scores are within 0..1. */
struct beacon_score {
	float score;        /* all together */
	float own;          /* by the timeline alone: without prevalence and
	                     * allow-list */
	float periodicity;  /* how strong the rhythm is, whatever the count */
	float confidence;   /* how sure the count makes it that there is one */
	float sizes;        /* share of the beacons with the commonest size */
	float coverage;     /* share of the pair's active time in rhythm */
	float prevalence;   /* 0: its own destination; 1: everyone's */
	float evidence;     /* nats for a loop and against chance, after the
	                     * price of having searched; may be negative */
	float interval_s;   /* 0 where none could be estimated */
	float jitter;       /* half range of the interval over its middle */
	uint32_t samples;   /* looked at: distinct moments */
	uint32_t in_rhythm; /* gaps within the range of the interval */
	uint8_t streams;    /* loops that seem to share the pair; at least 1 */
	uint8_t lowered;    /* BEACON_LOW_... */
	bool allow_listed;
	/* Gaps by length, a quarter interval each and rounded, so that element
	 * 4 is one interval; the last counts longer ones too. */
	uint16_t histogram[BEACON_HISTOGRAM_BINS];
};

/*
 * `samples` in any order; equal times are one moment.  Fewer than three
 * distinct moments score 0.
 */
void beacon_score(const struct beacon_sample *samples, size_t count,
    const struct beacon_context *context, struct beacon_score *out);

/* The same timeline's score where what is known besides it has changed. */
void beacon_score_weigh(struct beacon_score *score,
    const struct beacon_context *context);

#endif
