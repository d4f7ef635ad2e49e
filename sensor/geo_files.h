#ifndef SENSOR_GEO_FILES_H
#define SENSOR_GEO_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "sensor/geo.h"

/*
 * The databases of countries and networks in force, and their replacement while
 * the sensor runs: new ones are read aside, in a thread of their own, and only
 * then take over.  What cannot be read leaves the old ones in force.
 *
 * Without configured paths they are looked for: where `make geoip` puts one,
 * and where the system's packages do.  What is found and broken is told and
 * left out; what is configured and broken is an error.
 */
struct geo_files;

struct geo_files_options {
	/* Configured; the caller keeps them.  0: looked for; "none" alone:
	 * there shall be none. */
	const char *const *paths;
	size_t path_count;
	/* One line for people, from the loading thread, too. */
	void (*say)(const char *message);
};

/* 0, though there be none; or -1 with the reason in `error`. */
int geo_files_open(const struct geo_files_options *options,
    struct geo_files **out, char *error, size_t error_size);
void geo_files_close(struct geo_files *files);

/* NULL: there are none. */
const struct geo *geo_files_geo(const struct geo_files *files);

/* Begins to read the files again; returns at once.  `files` may be NULL. */
void geo_files_reload(struct geo_files *files);

/*
 * To be asked now and then by their only user: new ones where they have been
 * read since, else NULL.  The old ones are freed by geo_files_release, when
 * nobody uses them any more.  `files` may be NULL.
 */
const struct geo *geo_files_take_new(struct geo_files *files);
void geo_files_release(struct geo_files *files);

#endif
