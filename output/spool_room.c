#include "output/spool_room.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 1000

/* --- people --- */

void
spool_store_tell(struct spool_store *store, const char *format, ...)
{
	size_t len = strlen(store->news);
	va_list arguments;

	if (len > 0)
		len += (size_t)snprintf(store->news + len,
		    sizeof store->news - len, "; ");
	if (len >= sizeof store->news)
		return;
	va_start(arguments, format);
	vsnprintf(store->news + len, sizeof store->news - len, format,
	    arguments);
	va_end(arguments);
}

static uint64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Once an outage; each failure is counted. */
void
spool_disk_failed(struct spool_store *store, const char *what, const char *why)
{
	store->counts.disk_failures++;
	store->retry_ms = clock_ms() + RETRY_MS;
	if (!store->disk_down)
		spool_store_tell(store, "%s: %s; hits wait in memory", what,
		    why);
	store->disk_down = true;
}

bool
spool_disk_is_due(const struct spool_store *store)
{
	return !store->disk_down || clock_ms() >= store->retry_ms;
}

static void
disk_works(struct spool_store *store)
{
	if (store->disk_down)
		spool_store_tell(store, "hits wait on disk again");
	store->disk_down = false;
}

/* --- chains --- */

struct spool_chain *
spool_chain_of(struct spool_store *store, const struct spool_segment *segment)
{
	return &store->chains[segment->severity];
}

void
spool_chain_insert(struct spool_chain *chain, struct spool_segment *before,
    struct spool_segment *segment)
{
	struct spool_segment **link = before != NULL ? &before->next
	                                             : &chain->first;

	segment->next = *link;
	*link = segment;
	if (chain->last == before)
		chain->last = segment;
	if (chain->reading == NULL)
		chain->reading = segment;
}

static void
chain_remove(struct spool_chain *chain, struct spool_segment *segment)
{
	struct spool_segment *before = NULL, **link = &chain->first;

	while (*link != segment) {
		before = *link;
		link = &before->next;
	}
	*link = segment->next;
	if (chain->last == segment)
		chain->last = before;
}

/* The next line is looked for behind this segment. */
void
spool_chain_pass(struct spool_chain *chain, const struct spool_segment *segment)
{
	if (chain->reading != segment)
		return;
	chain->reading = segment->next;
	chain->peeked = false;
}

/* --- segments --- */

static void
dispose(struct spool_store *store, struct spool_segment *segment)
{
	if (!spool_segment_is_file(segment) &&
	    segment->size == store->memory_segment) {
		for (int i = 0; i < SPOOL_SPARES; i++) {
			if (store->spares[i] != NULL)
				continue;
			store->spares[i] = segment;
			return;
		}
	}
	spool_segment_free(segment);
}

/* Its file goes, too. */
static void
remove_file(struct spool_store *store, const struct spool_segment *segment)
{
	unlinkat(store->folder.fd, segment->name, 0);
	store->folder_dirty = true;
	store->disk_octets -= segment->size;
	store->files--;
}

/* A place for a file that can be written on again; NULL: it has to go. */
static struct spool_segment **
place_for_file(struct spool_store *store, const struct spool_segment *segment)
{
	if (segment->closed || segment->pins > 0 ||
	    segment->size != store->disk_segment || store->disk_down ||
	    spool_segment_is_lost(segment))
		return NULL;
	for (int i = 0; i < SPOOL_FILE_SPARES; i++) {
		if (store->file_spares[i] == NULL)
			return &store->file_spares[i];
	}
	return NULL;
}

void
spool_recycle(struct spool_store *store, struct spool_segment *segment)
{
	struct spool_chain *chain = spool_chain_of(store, segment);
	struct spool_segment **place = spool_segment_is_file(segment)
	                                   ? place_for_file(store, segment)
	                                   : NULL;

	if (place == NULL) {
		spool_retire(store, segment);
		return;
	}
	spool_chain_pass(chain, segment);
	chain_remove(chain, segment);
	spool_segment_rewind(segment);
	segment->next = NULL;
	*place = segment;
}

struct spool_segment *
spool_recycled_file(struct spool_store *store, uint8_t severity, size_t size)
{
	for (int i = 0; i < SPOOL_FILE_SPARES; i++) {
		struct spool_segment *segment = store->file_spares[i];

		if (segment == NULL || segment->severity != severity ||
		    segment->size != size)
			continue;
		store->file_spares[i] = NULL;
		if (!spool_segment_is_lost(segment))
			return segment;
		remove_file(store, segment);
		spool_segment_free(segment);
	}
	return NULL;
}

static void
remove_file_spares(struct spool_store *store)
{
	for (int i = 0; i < SPOOL_FILE_SPARES; i++) {
		if (store->file_spares[i] == NULL)
			continue;
		remove_file(store, store->file_spares[i]);
		spool_segment_free(store->file_spares[i]);
		store->file_spares[i] = NULL;
	}
}

/* Out of the spool, and its file out of the folder. */
void
spool_retire(struct spool_store *store, struct spool_segment *segment)
{
	struct spool_chain *chain = spool_chain_of(store, segment);

	spool_chain_pass(chain, segment);
	if (spool_segment_is_file(segment))
		remove_file(store, segment);
	else
		store->memory_octets -= segment->size;
	segment->read = segment->used;
	segment->pending_octets = 0;
	segment->closed = true;
	segment->dead = segment->pins > 0;
	if (segment->dead)
		return;
	chain_remove(chain, segment);
	dispose(store, segment);
}

void
spool_store_unpin(struct spool_store *store, struct spool_segment *segment)
{
	if (--segment->pins > 0 || !segment->dead)
		return;
	spool_chain_pass(spool_chain_of(store, segment), segment);
	chain_remove(spool_chain_of(store, segment), segment);
	spool_segment_free(segment);
}

/* So many lines of those that were never taken will not be delivered. */
void
spool_lose_lines(struct spool_store *store, struct spool_segment *segment,
    uint32_t lines)
{
	store->counts.dropped[segment->severity] += lines;
	store->untaken -= lines;
	segment->pending -= lines;
}

static void
drop(struct spool_store *store, struct spool_segment *segment)
{
	spool_lose_lines(store, segment, segment->pending);
	spool_retire(store, segment);
}

struct spool_segment *
spool_memory_segment(struct spool_store *store, uint8_t severity, uint32_t run,
    size_t size)
{
	struct spool_segment *segment = NULL;

	for (int i = 0; i < SPOOL_SPARES && size == store->memory_segment;
	     i++) {
		if ((segment = store->spares[i]) == NULL)
			continue;
		store->spares[i] = NULL;
		spool_segment_reuse(segment, severity, run);
		return segment;
	}
	return spool_segment_new(severity, run, size);
}

/* --- room --- */

bool
spool_is_in_use(const struct spool_segment *segment, bool file)
{
	return !segment->dead && spool_segment_is_file(segment) == file;
}

/* Segments in which no line waits; they are there to be written on. */
void
spool_retire_settled(struct spool_store *store, bool file)
{
	if (file)
		remove_file_spares(store);
	for (int severity = 1; severity <= LINE_SEVERITY_NONE; severity++) {
		struct spool_segment *segment = store->chains[severity].first;

		while (segment != NULL) {
			struct spool_segment *next = segment->next;

			if (spool_is_in_use(segment, file) &&
			    segment->pending == 0)
				spool_retire(store, segment);
			segment = next;
		}
	}
}

/* The next to be dropped for a line of this severity; NULL: none. */
static struct spool_segment *
find_victim(const struct spool_store *store, bool file, uint8_t severity)
{
	for (int s = LINE_SEVERITY_NONE; s >= severity; s--) {
		struct spool_segment *segment = store->chains[s].first;

		for (; segment != NULL; segment = segment->next) {
			if (spool_is_in_use(segment, file) &&
			    segment->taken == 0)
				return segment;
		}
	}
	return NULL;
}

static uint64_t
droppable_octets(const struct spool_store *store, bool file, uint8_t severity)
{
	uint64_t octets = 0;

	for (int s = severity; s <= LINE_SEVERITY_NONE; s++) {
		const struct spool_segment *segment = store->chains[s].first;

		for (; segment != NULL; segment = segment->next) {
			if (spool_is_in_use(segment, file) &&
			    segment->taken == 0)
				octets += segment->size;
		}
	}
	return octets;
}

/* An empty spool takes anything. */
static bool
fits(uint64_t used, size_t size, uint64_t max)
{
	return used == 0 || (used <= max && size <= max - used);
}

/* For a new segment.  Nothing is dropped in vain. */
enum spool_put
spool_make_room(struct spool_store *store, bool file, size_t size,
    uint8_t severity, bool may_drop)
{
	const uint64_t *used = file ? &store->disk_octets
	                            : &store->memory_octets;
	uint64_t max = file ? store->disk_octets_max : store->memory_octets_max;

	if (!fits(*used, size, max))
		spool_retire_settled(store, file);
	if (fits(*used, size, max))
		return SPOOL_KEPT;
	if (!may_drop)
		return SPOOL_FULL;
	if (!fits(*used - droppable_octets(store, file, severity), size, max))
		return SPOOL_LOST;
	while (!fits(*used, size, max))
		drop(store, find_victim(store, file, severity));
	return SPOOL_KEPT;
}

struct spool_segment *
spool_create_file(struct spool_store *store, uint8_t severity, uint32_t run,
    size_t size)
{
	char name[SPOOL_FILE_NAME_SIZE];
	struct spool_segment *segment;

	spool_folder_name(&store->folder, severity, name);
	segment = spool_segment_create(store->folder.fd, name, severity, run,
	    size);
	if (segment == NULL && (errno == ENOSPC || errno == EDQUOT)) {
		spool_retire_settled(store, true);
		segment = spool_segment_create(store->folder.fd, name, severity,
		    run, size);
	}
	if (segment != NULL)
		disk_works(store);
	else
		spool_disk_failed(store, "no file for hits", strerror(errno));
	return segment;
}

/* --- lines --- */

static void
copy_record(struct spool_segment *to, const struct spool_record *record)
{
	if (spool_segment_append(to, &record->line, record->sequence) == 0)
		return;
	if (to->pending++ == 0)
		to->first_sequence = record->sequence;
	to->pending_octets += record->line.len;
}

/* Lines from `at` on that are not settled. */
void
spool_copy_records(struct spool_segment *to, const struct spool_segment *from,
    size_t at)
{
	struct spool_record record;

	while (spool_segment_next(from, &at, &record)) {
		if (!record.settled)
			copy_record(to, &record);
	}
}
