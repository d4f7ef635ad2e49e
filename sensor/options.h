#ifndef SENSOR_OPTIONS_H
#define SENSOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sensor/event_types.h"

/* The command line; docs/egress-sensor.1 is its description. */

#define SENSOR_VERSION "0.1.0"

enum options_action {
	ACTION_RUN,
	ACTION_CHECK,
	ACTION_HELP,
	ACTION_VERSION,
};

/* Arguments of one repeatable option, in order; they borrow from argv. */
struct argument_list {
	const char **text;
	size_t count;
};

struct options {
	enum options_action action;
	const char *config_path;         /* NULL: not given */
	const char *filter;              /* NULL: not given */
	const char *zip_password;        /* NULL: not given */
	const char *learn_path;          /* NULL: not given */
	struct argument_list captures;   /* -r; excludes -i */
	struct argument_list interfaces; /* -i */
	struct argument_list iocs;
	struct argument_list sinks;
	bool has_events, has_workers;
	event_set events;
	uint32_t workers; /* 0..OPTIONS_WORKERS_MAX; 0: one for each core */
	bool fail_on_hit;
};

#define OPTIONS_WORKERS_MAX 256

/*
 * Parses into *options, which needs no initialisation and has to be given to
 * options_fini in any case.  0, or -1 with one line for people in `error`
 * that names the option: exit status 2.  Whether there is anything to capture
 * from is config_apply_options' question, since the file may say it.
 */
int options_parse(struct options *options, int argc, char *argv[], char *error,
    size_t error_size);
void options_fini(struct options *options);

void options_print_help(FILE *to);
void options_print_version(FILE *to);

/*
 * Long name of the index-th option, without dashes, and its letter (0: none)
 * in *letter; NULL past the last one.
 */
const char *options_name(size_t index, char *letter);

#endif
