#ifndef OUTPUT_SPOOL_SEGMENT_H
#define OUTPUT_SPOOL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/sink_line.h"

/*
 * A block of records, appended one after the other: memory, or a mapped file
 * whose blocks are allocated when it is made, so that a full disk is an error
 * then and no SIGBUS later.  What is stored in a mapped file outlives the
 * process, however it ends.
 *
 * A file, in the byte order of its host:
 *
 *     0       4       8      12      16      20      24
 *     +-------+-------+-------+-------+-------+-------+
 *   0 |  "egspool1"   |  run  | sever.| seed  | check |
 *     +-------+-------+-------+-------+-------+-------+
 *  24 | record, record ...; zeros up to the end       |
 *     +-----------------------------------------------+
 *
 * and a record, at a multiple of 8 octets:
 *
 *     0       4       8      12      16      20      24      28      32
 *     +-------+-------+-------+-------+-------+-------+-------+-------+
 *   0 | magic | len   |   sequence    |    put_us     |t|s|n|d|content|
 *     +-------+-------+-------+-------+-------+-------+-------+-------+
 *  32 | check | 0     | segment name (n octets), 0, text (len), '\n'  |
 *     +-------+-------+-----------------------------------------------+
 *
 * t: event type, s: severity, n: length of the name, d: 1 when it is settled.
 * `content` is the CRC-32C of name, text and what ends them, `check` that of
 * the header before it with d as 0; both begin with the segment's random seed,
 * so that neither a text nor an old block of the disk looks like a record.
 * As a header has its own sum, a record with damaged content is skipped as a
 * whole: reading is linear in the file's size, whatever it contains.
 *
 * Records in memory have no sums.
 */

/* Octets that its record takes; 0 where no segment can hold it. */
size_t spool_record_octets(const struct sink_line *line);

#define SPOOL_SEGMENT_HEADER 24

/* "RUN-SEVERITY-NUMBER.segment" in hexadecimal, as spool_folder.h says. */
#define SPOOL_FILE_NAME_SIZE 40

struct spool_segment {
	uint8_t *octets;
	size_t size;   /* what records may fill, and the header */
	size_t used;   /* records end here */
	size_t mapped; /* octets of the mapping */
	int guard;     /* -1: in memory */
	uint32_t run;  /* that the lines were put in */
	uint32_t seed;
	uint8_t severity;
	char name[SPOOL_FILE_NAME_SIZE]; /* of the file */

	/* Kept by the spool. */
	struct spool_segment *next; /* the younger one */
	size_t read;                /* the next record to be taken */
	uint64_t first_sequence;    /* once it has a record */
	uint32_t pending;           /* lines that are not settled */
	uint32_t taken;             /* of them, those that were taken */
	uint64_t pending_octets;    /* of their texts */
	unsigned pins;              /* who syncs it: not to be unmapped */
	bool dirty;                 /* not synced */
	bool closed;                /* nothing more is appended */
	bool given_up;              /* pages were lost, lines were saved */
	bool dead;                  /* to be freed by the last pin */
};

static inline bool
spool_segment_is_file(const struct spool_segment *segment)
{
	return segment->guard != -1;
}

/* NULL: no memory. */
struct spool_segment *spool_segment_new(uint8_t severity, uint32_t run,
    size_t size);

/*
 * All lines are settled: it is written again from its beginning.  Its pages
 * are there already, which makes a line several times cheaper.
 */
void spool_segment_rewind(struct spool_segment *segment);

/* The same for another chain; of one in memory. */
void spool_segment_reuse(struct spool_segment *segment, uint8_t severity,
    uint32_t run);

/*
 * A new file in the folder.  NULL with errno, and no file, where there is no
 * room for all of it.
 */
struct spool_segment *spool_segment_create(int folder, const char *name,
    uint8_t severity, uint32_t run, size_t size);

/*
 * A file that is there, with its lines counted.  NULL with errno: EBADMSG
 * where it is no segment, ENODATA where it is one that never held a line.
 * Adds what had to be skipped to *damaged_octets.
 */
struct spool_segment *spool_segment_open(int folder, const char *name,
    uint64_t *damaged_octets);

/* Gives back the file's unused end. */
void spool_segment_trim(struct spool_segment *segment, int folder);

/* Unmaps; a file stays. */
void spool_segment_free(struct spool_segment *segment);

/* Offset of its record, or 0 where it does not fit. */
size_t spool_segment_append(struct spool_segment *segment,
    const struct sink_line *line, uint64_t sequence);

struct spool_record {
	struct sink_line line; /* borrows from the segment */
	uint64_t sequence;
	size_t offset;
	size_t end; /* where the next one begins */
	bool settled;
};

/*
 * The first good record at *at or behind; moves *at to its end.  False, and
 * *at is the segment's end: there is none.  To begin with, *at is
 * spool_segment_begin.
 */
bool spool_segment_next(const struct spool_segment *segment, size_t *at,
    struct spool_record *out);

/* The same, but only its header and what ends its content were read. */
bool spool_segment_next_header(const struct spool_segment *segment, size_t *at,
    struct spool_record *out);

/* Whether the record that was found at `offset` is good as a whole. */
bool spool_segment_is_good(const struct spool_segment *segment, size_t offset);

size_t spool_segment_begin(const struct spool_segment *segment);

/* Makes it one that comes back no more; the length of its text. */
uint32_t spool_segment_settle(struct spool_segment *segment, size_t offset);

/* Of the octets [from, to): 0, or -1 with errno. */
int spool_segment_sync(const struct spool_segment *segment, size_t from,
    size_t to);

/* A page of the file could not be read or written. */
bool spool_segment_is_lost(const struct spool_segment *segment);

#endif
