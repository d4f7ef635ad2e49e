#ifndef SENSOR_INDICATORS_H
#define SENSOR_INDICATORS_H

#include <stdbool.h>
#include <stddef.h>

#include "iocs/ioc_load.h"

/*
 * The indicator set in force, and its replacement while the sensor runs: a new
 * one is loaded aside, in a thread of its own, and only then takes over.  What
 * is empty, broken or less than half as large leaves the old one in force.
 */
struct indicators;

struct indicators_options {
	const char *const *paths; /* the caller keeps them */
	size_t path_count;
	bool accept_shrink; /* a reload may be less than half as large */
	ioc_report report;  /* from the loading thread, too */
	void *report_arg;
	/* Told how a load ended; one line, from the loading thread, too. */
	void (*say)(const char *message);
};

/* Loads the first set: 0, or -1 with the reason in `error`. */
int indicators_open(const struct indicators_options *options,
    struct indicators **out, char *error, size_t error_size);
void indicators_close(struct indicators *indicators);

const struct ioc_set *indicators_set(const struct indicators *indicators);

/* Begins to load the files again; returns at once. */
void indicators_reload(struct indicators *indicators);

/*
 * To be asked now and then by the set's only user: the new set where one has
 * been loaded since, else NULL.  The old one is freed by the next call of
 * indicators_release, when nobody uses it any more.
 */
const struct ioc_set *indicators_take_new(struct indicators *indicators);
void indicators_release(struct indicators *indicators);

#endif
