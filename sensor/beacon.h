#ifndef SENSOR_BEACON_H
#define SENSOR_BEACON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/beacon_score.h"
#include "sensor/pair_table.h"
#include "sensor/transaction.h"

/*
 * Finds sleep loops among transactions: remembers every pair, scores those
 * that are seen often enough, and reports.  One thread, the capture's clock.
 */

#define BEACON_INTERVALS_MAX 16 /* recent ones that a report shows */

/* When a score is an alert.  All of them must be reached. */
struct beacon_thresholds {
	float score_min;     /* 0..1; above 1 there are no alerts */
	uint32_t count_min;  /* moments */
	uint32_t span_min_s; /* from the first to the last */
};

struct beacon_options {
	struct pair_table_options table;
	/* By segment index; borrowed for as long as the detector lives. */
	const struct beacon_thresholds *segments;
	size_t segment_count;
	struct beacon_thresholds otherwise; /* of any other segment */
	uint64_t repeat_us;   /* an alert's updates are at least so far apart */
	uint64_t evaluate_us; /* plain reports of a pair are; 0: only at its
	                       * eviction and at the end */
};

/*
 * For build servers, where little happens that is not known and jobs are
 * short; and for the rest, where harmless programs poll, too: there a rhythm
 * has to hold for an hour, so that it is known by then who else does the same.
 */
extern const struct beacon_thresholds beacon_thresholds_strict;
extern const struct beacon_thresholds beacon_thresholds_default;

/* Sizes and times that need no tuning; about 145 MiB where all is used. */
void beacon_options_default(struct beacon_options *options);

enum beacon_news {
	BEACON_ALERT,     /* the pair's first */
	BEACON_UPDATE,    /* the alert goes on */
	BEACON_EVALUATED, /* how it stands */
};

/* Borrows from the detector: good during the call that gives it. */
struct beacon_report {
	enum beacon_news news;
	const struct pair *pair;
	const struct beacon_score *score; /* of the latest moments */
	/* The clearest of the pair's life where that was beyond doubt, else
	 * the latest; weighed as of now.  The one to publish and to rank by. */
	const struct beacon_score *best;
	struct beacon_context context;
	uint64_t time_us;   /* of the transaction that gave rise to it; at the
	                     * end and at an eviction the pair's last */
	uint64_t window_us; /* that the score looked at */
	uint32_t interval_count;
	float intervals_s[BEACON_INTERVALS_MAX]; /* latest last */
};

typedef void beacon_tell(const struct beacon_report *report, void *arg);

struct beacon_detector;

/* NULL where memory is short.  `tell` must not call the detector. */
struct beacon_detector *beacon_new(const struct beacon_options *options,
    beacon_tell *tell, void *arg);
void beacon_free(struct beacon_detector *detector);

void beacon_transaction(struct beacon_detector *detector,
    const struct transaction *t);

/* The sizes of a transaction that was given before, now that it is over. */
void beacon_sizes(struct beacon_detector *detector,
    const struct transaction *t);

/* Scores and tells every pair with a history.  More may follow. */
void beacon_finish(struct beacon_detector *detector);

struct beacon_stats {
	struct pair_table_stats table;
	uint64_t transactions, evaluations, alerts;
};

void beacon_stats(const struct beacon_detector *detector,
    struct beacon_stats *out);

#endif
