#ifndef OUTPUT_SPOOL_STORE_H
#define OUTPUT_SPOOL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/spool.h"
#include "output/spool_folder.h"
#include "output/spool_segment.h"

/*
 * The segments of a spool: a chain for each severity, what they may take up,
 * and what becomes of them when there is no room or a disk fails.  Private to
 * output/spool*.c; the caller holds the spool's lock.
 */

/* Oldest segment first; its own segments may be memory and files in turns. */
struct spool_chain {
	struct spool_segment *first, *last;
	struct spool_segment *reading; /* has the next line to be taken */
	struct spool_record peek;      /* that line, from `reading` */
	bool peeked;
};

#define SPOOL_SPARES 2
/* Files: what is under way to a consumer that keeps up, and some more. */
#define SPOOL_FILE_SPARES 64
#define SPOOL_NEWS        512

struct spool_store {
	struct spool_folder folder;
	uint64_t disk_octets_max;
	size_t memory_octets_max;
	size_t disk_segment, memory_segment; /* octets of one */

	struct spool_chain chains[LINE_SEVERITY_NONE + 1]; /* by severity */
	uint64_t disk_octets, memory_octets; /* of segments in use */
	size_t files;
	uint64_t sequence; /* of the last line */
	uint64_t untaken;
	struct spool_segment *spares[SPOOL_SPARES];
	/* All zeros behind their headers; counted as files in use. */
	struct spool_segment *file_spares[SPOOL_FILE_SPARES];
	bool folder_dirty; /* names have come or gone since it was synced */

	bool disk_down; /* hits wait in memory */
	uint64_t retry_ms;
	struct spool_counts counts; /* what no segment tells */
	char news[SPOOL_NEWS];      /* to be reported once the lock is free */
};

/* `folder`: fd -1 for none. */
void spool_store_init(struct spool_store *store,
    const struct spool_folder *folder, uint64_t disk_octets_max,
    size_t memory_octets_max);
/* What waits is gone, but files stay. */
void spool_store_fini(struct spool_store *store);

/* *where is the segment it is kept in, and *offset where in it. */
enum spool_put spool_store_put(struct spool_store *store,
    const struct sink_line *line, bool may_drop, struct spool_segment **where,
    size_t *offset);

/*
 * The next line, which is now taken; false: there is none.  Only what an
 * earlier run has left was checked as a whole; else spool_store_is_good tells.
 */
bool spool_store_take(struct spool_store *store, struct sink_line *line,
    struct spool_ticket *ticket);

/* Whether a line that was taken is what was put.  Needs no lock. */
bool spool_store_is_good(const struct spool_store *store,
    struct spool_ticket ticket);
/* It was taken, and is no good. */
void spool_store_lose(struct spool_store *store, struct spool_ticket ticket);

void spool_store_settle(struct spool_store *store, struct spool_ticket ticket);

/* A file of a run that has ended: its lines, or what is to be done with it. */
void spool_store_adopt(struct spool_store *store, const char *name);

/* Hits that wait in memory are moved to disk, as far as it has room. */
void spool_store_move_hits(struct spool_store *store);

/* Files without a line that waits go, others lose their unused end. */
void spool_store_trim(struct spool_store *store);

/* A pinned segment stays mapped and in its chain. */
void spool_store_unpin(struct spool_store *store,
    struct spool_segment *segment);

void spool_store_count(const struct spool_store *store,
    struct spool_counts *out);

void spool_store_tell(struct spool_store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
