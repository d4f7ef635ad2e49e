#ifndef OUTPUT_SPOOL_ROOM_H
#define OUTPUT_SPOOL_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/spool_store.h"

/*
 * Segments come and go: their chains, the bounds they count against, what is
 * dropped for others, and whether the disk takes new ones.  Private to
 * output/spool_store.c and spool_runs.c.
 */

struct spool_chain *spool_chain_of(struct spool_store *store,
    const struct spool_segment *segment);
/* Behind `before`; NULL: as the first. */
void spool_chain_insert(struct spool_chain *chain, struct spool_segment *before,
    struct spool_segment *segment);
/* The next line is looked for behind this segment. */
void spool_chain_pass(struct spool_chain *chain,
    const struct spool_segment *segment);

/* Of this kind, and counted. */
bool spool_is_in_use(const struct spool_segment *segment, bool file);

/* One for any chain, in memory; NULL: there is none. */
struct spool_segment *spool_memory_segment(struct spool_store *store,
    uint8_t severity, uint32_t run, size_t size);
/* NULL where the disk fails, which is counted and told. */
struct spool_segment *spool_create_file(struct spool_store *store,
    uint8_t severity, uint32_t run, size_t size);
/* Appends copies of the lines from `at` on that are not settled. */
void spool_copy_records(struct spool_segment *to,
    const struct spool_segment *from, size_t at);

/* Out of the spool, and its file out of the folder. */
void spool_retire(struct spool_store *store, struct spool_segment *segment);
/*
 * The same, where no line waits in it; but a file may be kept, to be written
 * on again: a new one costs more than all of its lines.
 */
void spool_recycle(struct spool_store *store, struct spool_segment *segment);
/* Such a file, in no chain, but counted; NULL: there is none. */
struct spool_segment *spool_recycled_file(struct spool_store *store,
    uint8_t severity, size_t size);
/* Those in which no line waits; they are there to be written on. */
void spool_retire_settled(struct spool_store *store, bool file);
/* So many lines of those that were never taken will not be delivered. */
void spool_lose_lines(struct spool_store *store, struct spool_segment *segment,
    uint32_t lines);

/* For a new segment.  Nothing is dropped in vain. */
enum spool_put spool_make_room(struct spool_store *store, bool file,
    size_t size, uint8_t severity, bool may_drop);

/* Counted; told once an outage. */
void spool_disk_failed(struct spool_store *store, const char *what,
    const char *why);
/* Whether a hit is to be tried there. */
bool spool_disk_is_due(const struct spool_store *store);

#endif
