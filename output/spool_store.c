#include "output/spool_store.h"

#include <assert.h>
#include <inttypes.h>

#include "output/spool_room.h"

#define DISK_SEGMENT_MIN   (64U << 10)
#define DISK_SEGMENT       (1U << 20)
#define DISK_SEGMENT_MAX   (1U << 30)
#define MEMORY_SEGMENT     (256U << 10)
#define MEMORY_SEGMENT_MIN 1024

/*
 * A bound is met to within a segment, so it holds at least so many; and a
 * large one not many thousands, each of them a mapping.
 */
#define DISK_SEGMENTS_MIN   32
#define DISK_SEGMENTS_MAX   1024
#define MEMORY_SEGMENTS_MIN 8

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* --- a file that lost pages --- */

static struct spool_segment *
save_untaken(struct spool_store *store, const struct spool_segment *segment)
{
	const struct spool_chain *chain = spool_chain_of(store, segment);
	bool peeked = chain->reading == segment && chain->peeked;
	size_t at = peeked ? chain->peek.offset : segment->read;
	size_t size = SPOOL_SEGMENT_HEADER + segment->used - at;
	struct spool_segment *copy;

	if (spool_make_room(store, false, size, segment->severity, true) !=
		SPOOL_KEPT ||
	    (copy = spool_segment_new(segment->severity, segment->run, size)) ==
		NULL)
		return NULL;
	spool_copy_records(copy, segment, at);
	copy->closed = true;
	if (copy->pending > 0)
		return copy;
	spool_segment_free(copy);
	return NULL;
}

/*
 * Pages of the file are gone.  Lines that were taken stay where they are, or
 * what is left of them; those that are still good are kept in memory.
 */
static void
give_up(struct spool_store *store, struct spool_segment *segment)
{
	struct spool_chain *chain = spool_chain_of(store, segment);
	uint32_t untaken = segment->pending - segment->taken, kept = 0;
	struct spool_segment *copy = untaken > 0 ? save_untaken(store, segment)
	                                         : NULL;

	segment->closed = segment->given_up = true;
	if (copy != NULL) {
		kept = copy->pending < untaken ? copy->pending : untaken;
		copy->pending = kept;
		segment->pending -= kept;
		store->memory_octets += copy->size;
		spool_chain_insert(chain, segment, copy);
	}
	spool_lose_lines(store, segment, untaken - kept);
	segment->pending_octets = 0;
	segment->read = segment->used;
	spool_disk_failed(store, segment->name, "its pages are gone");
	spool_store_tell(store,
	    "%" PRIu32 " lines in it are lost, %" PRIu32 " kept in memory",
	    untaken - kept, kept);
	spool_chain_pass(chain, segment);
	if (segment->pending == 0)
		spool_retire(store, segment);
}

/* --- putting --- */

static bool
wants_disk(const struct spool_store *store, uint8_t severity)
{
	return store->folder.fd != -1 && severity < LINE_SEVERITY_NONE &&
	       spool_disk_is_due(store);
}

/* Becomes the last of its chain. */
static void
add_segment(struct spool_store *store, struct spool_segment *segment)
{
	struct spool_chain *chain = spool_chain_of(store, segment);
	struct spool_segment *last = chain->last;

	if (last != NULL && !last->dead && last->pending == 0)
		spool_recycle(store, last);
	spool_chain_insert(chain, chain->last, segment);
}

/* SPOOL_KEPT and *out NULL: there is room, but not on the disk. */
static enum spool_put
add_file(struct spool_store *store, uint8_t severity, size_t octets,
    bool may_drop, struct spool_segment **out)
{
	size_t size = larger(store->disk_segment,
	    SPOOL_SEGMENT_HEADER + octets);
	enum spool_put put;

	*out = spool_recycled_file(store, severity, size);
	if (*out != NULL) {
		add_segment(store, *out);
		return SPOOL_KEPT;
	}
	put = spool_make_room(store, true, size, severity, may_drop);
	if (put != SPOOL_KEPT)
		return put;
	*out = spool_create_file(store, severity, store->folder.run, size);
	if (*out == NULL)
		return SPOOL_KEPT;
	store->disk_octets += (*out)->size;
	store->files++;
	store->folder_dirty = true;
	add_segment(store, *out);
	return SPOOL_KEPT;
}

static enum spool_put
add_memory(struct spool_store *store, uint8_t severity, size_t octets,
    bool may_drop, struct spool_segment **out)
{
	size_t size = larger(store->memory_segment,
	    SPOOL_SEGMENT_HEADER + octets);
	enum spool_put put = spool_make_room(store, false, size, severity,
	    may_drop);

	if (put != SPOOL_KEPT)
		return put;
	*out = spool_memory_segment(store, severity, store->folder.run, size);
	if (*out == NULL)
		return may_drop ? SPOOL_LOST : SPOOL_FULL;
	store->memory_octets += (*out)->size;
	add_segment(store, *out);
	return SPOOL_KEPT;
}

static bool
has_room(const struct spool_segment *segment, size_t octets)
{
	return segment != NULL && !segment->closed &&
	       octets <= segment->size - segment->used;
}

/* The segment that a line is to be appended to. */
static enum spool_put
find_segment(struct spool_store *store, uint8_t severity, size_t octets,
    bool may_drop, struct spool_segment **out)
{
	struct spool_chain *chain = &store->chains[severity];
	enum spool_put put;

	*out = chain->last;
	if (has_room(*out, octets) &&
	    (spool_segment_is_file(*out) || !wants_disk(store, severity)))
		return SPOOL_KEPT;
	if (wants_disk(store, severity)) {
		put = add_file(store, severity, octets, may_drop, out);
		if (put != SPOOL_KEPT || *out != NULL)
			return put;
	}
	/* Making room may have dropped the last one: not before. */
	*out = chain->last;
	if (has_room(*out, octets))
		return SPOOL_KEPT;
	return add_memory(store, severity, octets, may_drop, out);
}

static void
count_line(struct spool_store *store, struct spool_segment *segment,
    const struct sink_line *line)
{
	if (segment->pending++ == 0)
		segment->first_sequence = store->sequence;
	segment->pending_octets += line->len;
	segment->dirty = true;
	store->untaken++;
}

enum spool_put
spool_store_put(struct spool_store *store, const struct sink_line *line,
    bool may_drop, struct spool_segment **where, size_t *offset)
{
	size_t octets = spool_record_octets(line);
	enum spool_put put = SPOOL_LOST;

	assert(line->severity >= 1 && line->severity <= LINE_SEVERITY_NONE);
	store->sequence++;
	/* Again where the file's pages turn out to be gone: then in memory. */
	for (int attempt = 0; octets > 0 && attempt < 2; attempt++) {
		put = find_segment(store, line->severity, octets, may_drop,
		    where);
		if (put != SPOOL_KEPT)
			break;
		*offset = spool_segment_append(*where, line, store->sequence);
		if (!spool_segment_is_lost(*where)) {
			count_line(store, *where, line);
			return SPOOL_KEPT;
		}
		(*where)->used = *offset;
		give_up(store, *where);
		put = SPOOL_LOST;
	}
	if (put == SPOOL_LOST)
		store->counts.dropped[line->severity]++;
	return put;
}

/* --- taking --- */

/*
 * All records were read: lines that were counted and did not come are damaged,
 * in a file that someone has written to.
 */
static void
pass_segment(struct spool_store *store, struct spool_segment *segment)
{
	spool_lose_lines(store, segment, segment->pending - segment->taken);
	if (segment->next == NULL)
		return;
	spool_chain_pass(spool_chain_of(store, segment), segment);
	if (segment->pending == 0 && !segment->dead)
		spool_recycle(store, segment);
}

/* Its lines were put by this run, and only by it. */
static bool
is_ours(const struct spool_store *store, const struct spool_segment *segment)
{
	return segment->run == store->folder.run;
}

/* Finds the next line of one chain. */
static bool
chain_peek(struct spool_store *store, struct spool_chain *chain)
{
	while (!chain->peeked && chain->reading != NULL) {
		struct spool_segment *segment = chain->reading;
		size_t before = segment->read;
		bool found = is_ours(store, segment)
		                 ? spool_segment_next_header(segment,
				       &segment->read, &chain->peek)
		                 : spool_segment_next(segment, &segment->read,
				       &chain->peek);

		if (spool_segment_is_lost(segment) && !segment->given_up) {
			segment->read = before;
			give_up(store, segment);
		} else if (found) {
			/* More than were counted: not written by us. */
			chain->peeked = !chain->peek.settled &&
			                segment->pending > segment->taken;
		} else {
			bool last = segment->next == NULL;

			pass_segment(store, segment);
			if (last)
				break;
		}
	}
	return chain->peeked;
}

static bool
is_earlier(const struct spool_chain *a, const struct spool_chain *b)
{
	if (a->reading->run != b->reading->run)
		return a->reading->run < b->reading->run;
	return a->peek.sequence < b->peek.sequence;
}

static struct spool_chain *
earliest_chain(struct spool_store *store)
{
	struct spool_chain *earliest = NULL;

	for (int severity = 1; severity <= LINE_SEVERITY_NONE; severity++) {
		struct spool_chain *chain = &store->chains[severity];

		if (chain_peek(store, chain) &&
		    (earliest == NULL || is_earlier(chain, earliest)))
			earliest = chain;
	}
	return earliest;
}

bool
spool_store_take(struct spool_store *store, struct sink_line *line,
    struct spool_ticket *ticket)
{
	struct spool_chain *chain = earliest_chain(store);

	if (chain == NULL)
		return false;
	*line = chain->peek.line;
	*ticket = (struct spool_ticket){ chain->reading,
		(uint32_t)chain->peek.offset };
	chain->reading->taken++;
	chain->peeked = false;
	store->untaken--;
	return true;
}

bool
spool_store_is_good(const struct spool_store *store, struct spool_ticket ticket)
{
	const struct spool_segment *segment = ticket.segment;

	return !is_ours(store, segment) ||
	       spool_segment_is_good(segment, ticket.offset);
}

void
spool_store_lose(struct spool_store *store, struct spool_ticket ticket)
{
	const struct spool_segment *segment = ticket.segment;

	store->counts.dropped[segment->severity]++;
	spool_store_settle(store, ticket);
}

void
spool_store_settle(struct spool_store *store, struct spool_ticket ticket)
{
	struct spool_segment *segment = ticket.segment;
	uint32_t len = spool_segment_settle(segment, ticket.offset);

	segment->taken--;
	segment->pending--;
	/* Of a file that others have changed, the length may be any. */
	segment->pending_octets -= len < segment->pending_octets
	                               ? len
	                               : segment->pending_octets;
	if (segment->pending > 0)
		return;
	segment->pending_octets = 0;
	if (segment->closed || segment != spool_chain_of(store, segment)->last)
		spool_recycle(store, segment);
	else
		spool_segment_rewind(segment);
}

/* --- the whole --- */

static size_t
disk_segment_size(uint64_t bound)
{
	uint64_t size = bound / DISK_SEGMENTS_MIN;

	if (size < DISK_SEGMENT_MIN)
		return DISK_SEGMENT_MIN;
	if (size < DISK_SEGMENT)
		return (size_t)size;
	size = bound / DISK_SEGMENTS_MAX;
	if (size < DISK_SEGMENT)
		return DISK_SEGMENT;
	return size < DISK_SEGMENT_MAX ? (size_t)size : DISK_SEGMENT_MAX;
}

static size_t
memory_segment_size(size_t bound)
{
	size_t size = bound / MEMORY_SEGMENTS_MIN;

	if (size > MEMORY_SEGMENT)
		return MEMORY_SEGMENT;
	return larger(size, MEMORY_SEGMENT_MIN);
}

void
spool_store_init(struct spool_store *store, const struct spool_folder *folder,
    uint64_t disk_octets_max, size_t memory_octets_max)
{
	*store = (struct spool_store){
		.folder = *folder,
		.disk_octets_max = disk_octets_max,
		.memory_octets_max = memory_octets_max,
		.disk_segment = disk_segment_size(disk_octets_max),
		.memory_segment = memory_segment_size(memory_octets_max),
	};
}

void
spool_store_fini(struct spool_store *store)
{
	for (int severity = 1; severity <= LINE_SEVERITY_NONE; severity++) {
		struct spool_segment *segment = store->chains[severity].first;

		while (segment != NULL) {
			struct spool_segment *next = segment->next;

			spool_segment_free(segment);
			segment = next;
		}
	}
	for (int i = 0; i < SPOOL_SPARES; i++)
		spool_segment_free(store->spares[i]);
	for (int i = 0; i < SPOOL_FILE_SPARES; i++)
		spool_segment_free(store->file_spares[i]);
}

void
spool_store_count(const struct spool_store *store, struct spool_counts *out)
{
	*out = store->counts;
	for (int severity = 1; severity <= LINE_SEVERITY_NONE; severity++) {
		const struct spool_segment *segment = store->chains[severity]
		                                          .first;

		for (; segment != NULL; segment = segment->next) {
			out->pending += segment->pending;
			out->pending_octets += segment->pending_octets;
			if (spool_segment_is_file(segment) &&
			    !segment->given_up)
				out->spooled += segment->pending;
		}
	}
}
