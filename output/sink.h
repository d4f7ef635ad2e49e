#ifndef OUTPUT_SINK_H
#define OUTPUT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/latency.h"
#include "output/sink_line.h"
#include "output/spool.h"

/*
 * Where events go.  A sink has a spool and a thread of its own, so that a slow
 * or absent consumer never slows the caller, and each has its own progress.
 */
struct sink;

typedef void (*sink_report)(void *arg, const char *message);

struct sink_options {
	/* What a sink takes whose URL names no events; 0: all. */
	event_set events;
	size_t queue_octets_max; /* lines waiting in memory */
	/*
	 * Stored captures: sink_put waits for room rather than lose a line, as
	 * long as the sink makes progress or is down for less than wait_ms.
	 */
	bool wait;
	uint32_t wait_ms;
	uint32_t connect_timeout_ms, command_timeout_ms;
	uint32_t drain_ms; /* what sink_close waits at most */
	/*
	 * Hits for sinks on the network wait on disk, in a folder of their own
	 * below it; NULL: in memory.
	 */
	const char *spool_directory;
	uint64_t spool_octets_max;
	enum spool_sync spool_sync;
	uint32_t spool_sync_ms;
	/* Down, up again, lost; from any thread; must not call the sink. */
	sink_report report;
	void *report_arg;
};

struct sink_counts {
	uint64_t written;        /* taken by the other side */
	uint64_t lost;           /* dropped, or refused for good */
	uint64_t retried;        /* sent again: they may have arrived twice */
	uint64_t filtered;       /* not what this sink asked for */
	uint64_t pending;        /* waiting, on disk and in memory */
	uint64_t spooled;        /* of them, on disk */
	uint64_t recovered;      /* found on disk from a run that had ended */
	uint64_t damaged_octets; /* of such a run, unreadable */
	uint64_t disk_failures;  /* hits had to wait in memory, or unsynced */
	struct latency latency;  /* from sink_put until written */
};

/*
 * `url`: as output/sink_url.h says.  0, or -1 with the reason in `error` (a bad
 * URL, a file that cannot be made, a spool that cannot be written); it says
 * which sink, but never the URL as it was given, with its password.  A server
 * that is not there is no error: it is retried.
 */
int sink_open(const char *url, const struct sink_options *options,
    struct sink **out, char *error, size_t error_size);

/* Only checks the URL. */
int sink_check(const char *url, char *error, size_t error_size);

/*
 * The event types that a sink asks for in its URL; `standard` where it names
 * none or is no valid URL.
 */
event_set sink_events(const char *url, event_set standard);

/* Whether its hits wait on disk, where options say in which directory. */
bool sink_has_spool(const char *url);

/* Copies what the sink has asked for; put_us is set here. */
void sink_put(struct sink *sink, const struct sink_line *line);

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

/*
 * What sink_close begins with; where several sinks end, each is told first, so
 * that they drain side by side.  Nothing may be put afterwards.
 */
void sink_begin_close(struct sink *sink);

/*
 * Writes what waits (for drain_ms at most).  What is not written by then stays
 * in the spool, if it is on disk, and is counted as pending; the rest as lost.
 * Frees.
 */
void sink_close(struct sink *sink, struct sink_counts *out);

#endif
