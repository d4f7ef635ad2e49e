#ifndef OUTPUT_SINK_H
#define OUTPUT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where events go.  A sink has a bounded queue and a thread of its own, so
 * that a slow or absent consumer never slows the caller.
 */
struct sink;

/* One event: a JSON text without '\n'.  Shared by all sinks, counted. */
struct event_line;
/* Copies; NULL where memory is short.  The caller holds one reference. */
struct event_line *event_line_new(const char *text, size_t len);
void event_line_release(struct event_line *line);

typedef void (*sink_report)(void *arg, const char *message);

struct sink_options {
	size_t queue_octets_max; /* lines waiting; more are lost and counted */
	/*
	 * Stored captures: sink_put waits for room rather than lose a line, as
	 * long as the sink makes progress or is down for less than wait_ms.
	 */
	bool wait;
	uint32_t wait_ms;
	uint32_t connect_timeout_ms, command_timeout_ms; /* Redis */
	uint32_t drain_ms;  /* what sink_close waits at most */
	sink_report report; /* down, up again, lost; from any thread */
	void *report_arg;
};

struct sink_counts {
	uint64_t written, lost, retried, pending;
};

/*
 * `url`: "-", a file path, redis://[user:password@]host[:port][/db],
 * redis+unix:///path, each with ?mode=stream|list|channel&key=NAME...
 * 0, or -1 with the reason in `error` (a bad URL, a file that cannot be made);
 * it says which sink, but never the URL as it was given, with its password.
 * A Redis that is not there is no error: it is retried.
 */
int sink_open(const char *url, const struct sink_options *options,
    struct sink **out, char *error, size_t error_size);

/* Only checks the URL. */
int sink_check(const char *url, char *error, size_t error_size);

/* Takes a reference of its own where it keeps the line. */
void sink_put(struct sink *sink, struct event_line *line);

/* SIGHUP: opens a file anew (logrotate). */
void sink_reopen(struct sink *sink);

void sink_get_counts(struct sink *sink, struct sink_counts *out);

/*
 * Whether nobody will ever read what is put any more: the reader of standard
 * output is gone.  Lines are still counted as lost; said once through report.
 */
bool sink_failed(struct sink *sink);

/* For people: the URL without its password. */
const char *sink_name(const struct sink *sink);

/* Writes what waits (for drain_ms at most), counts the rest as lost, frees. */
void sink_close(struct sink *sink, struct sink_counts *out);

#endif
