#ifndef OUTPUT_SPOOL_H
#define OUTPUT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/sink_line.h"

/*
 * What waits for one sink, in the order it came.
 *
 * Lines are kept in segments: append-only blocks, one chain of them for each
 * severity, read back as one sequence.  Hits (severity 1 to 3) are in mapped
 * files where there is a directory, everything else in memory.  A hit is in the
 * file when spool_put returns, so a process that is killed loses none; what a
 * power cut may take is what was not yet synced.  A line leaves the spool when
 * it is settled; a segment whose lines are all settled is unlinked, or kept for
 * further lines.
 *
 * DIRECTORY/NAME/ holds RUN.lock, held with flock(2) by the process that
 * writes run RUN, and RUN-SEVERITY-NUMBER.segment.  A run whose lock is free
 * has ended or crashed: who opens the spool next adopts its lines, before its
 * own.  Any bytes may be found there: a damaged record is skipped and counted,
 * never fatal; what is no segment at all is renamed to NAME.damaged, once.
 *
 * Who takes lines, puts or settles them must not block SIGBUS: a file that is
 * cut short or fails raises it, and the spool's handler saves what is left.
 *
 * When a bound is reached, the oldest segment of the lowest severity goes
 * first, never one of a higher severity than the new line's, nor one with
 * lines that are taken.
 *
 * All functions may be called from any thread.
 */
struct spool;

enum spool_sync {
	SPOOL_SYNC_INTERVAL, /* every sync_ms, by a thread of the spool's */
	SPOOL_SYNC_ALWAYS,   /* before spool_put of a hit returns */
	SPOOL_SYNC_NEVER,    /* when the kernel does */
};

/* For people; from any thread, with no lock held. */
typedef void (*spool_report)(void *arg, const char *message);

struct spool_options {
	const char *directory; /* NULL: memory only */
	const char *name;      /* of the sink: [A-Za-z0-9._-]+; its folder */
	uint64_t disk_octets_max;
	size_t memory_octets_max;
	enum spool_sync sync;
	uint32_t sync_ms;
	spool_report report;
	void *report_arg;
};

struct spool_counts {
	uint64_t pending; /* lines that wait, in memory and on disk */
	uint64_t pending_octets;
	uint64_t spooled;   /* of them, on disk */
	uint64_t recovered; /* lines adopted from runs that had ended */
	uint64_t dropped[LINE_SEVERITY_NONE + 1]; /* by severity, 1 .. 4 */
	uint64_t damaged_octets; /* skipped in adopted segments */
	uint64_t disk_failures;  /* segments that could not be made or synced */
};

/*
 * 0, or -1 with the reason in `error`: only where the folder can not be made,
 * read or written.  Adopts what ended runs have left.
 */
int spool_open(const struct spool_options *options, struct spool **out,
    char *error, size_t error_size);

enum spool_put {
	SPOOL_KEPT,
	SPOOL_FULL, /* nothing changed: it has no room but by dropping */
	SPOOL_LOST, /* it is the one that is dropped, and counted */
};

/*
 * Copies.  With `may_drop` room is made by dropping; else SPOOL_FULL.  Where
 * the disk is full or fails, a hit is kept in memory, which is reported.
 */
enum spool_put spool_put(struct spool *spool, const struct sink_line *line,
    bool may_drop);

/* A line that was taken: what its settling needs. */
struct spool_ticket {
	void *segment;
	uint32_t offset;
};

/*
 * The next lines in order that were never taken, at most `max` and about
 * octets_max of text, into `lines` and `tickets`.  Their texts stay where they
 * are until they are settled.
 */
size_t spool_take(struct spool *spool, struct sink_line *lines,
    struct spool_ticket *tickets, size_t max, size_t octets_max);

/* The line is delivered or refused for good: it leaves the spool. */
void spool_settle(struct spool *spool, struct spool_ticket ticket);
/* Many: the lock is let go of between some and others. */
void spool_settle_all(struct spool *spool, const struct spool_ticket *tickets,
    size_t count);

/* Lines that wait and were not taken. */
bool spool_has_more(struct spool *spool);

void spool_get_counts(struct spool *spool, struct spool_counts *out);

/* What waits of hits stays on disk, synced; the rest is gone. */
void spool_close(struct spool *spool);

#endif
