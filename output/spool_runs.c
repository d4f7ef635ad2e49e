#include "output/spool_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "output/spool_room.h"

/* What passes from one run to the next. */

/* By run, then by sequence; files are found almost in that order. */
static void
insert_adopted(struct spool_store *store, struct spool_segment *segment)
{
	struct spool_chain *chain = spool_chain_of(store, segment);
	struct spool_segment *before = NULL, *at = chain->last;

	if (at == NULL || at->run < segment->run ||
	    (at->run == segment->run &&
		at->first_sequence <= segment->first_sequence)) {
		before = at;
	} else {
		for (at = chain->first;
		     at->run < segment->run ||
		     (at->run == segment->run &&
			 at->first_sequence <= segment->first_sequence);
		     at = at->next)
			before = at;
	}
	spool_chain_insert(chain, before, segment);
	chain->reading = chain->first;
}

static void
put_aside(struct spool_store *store, const char *name)
{
	char aside[SPOOL_FILE_NAME_SIZE + sizeof ".damaged"];

	snprintf(aside, sizeof aside, "%s.damaged", name);
	if (renameat(store->folder.fd, name, store->folder.fd, aside) == 0)
		spool_store_tell(store, "%s is no segment: now %s", name,
		    aside);
	else
		spool_store_tell(store, "%s is no segment", name);
}

/* Why a file could not be opened decides what becomes of it. */
static void
refuse(struct spool_store *store, const char *name, int why)
{
	switch (why) {
	case ENOENT: /* someone else's now */
		break;
	case ENODATA:
		unlinkat(store->folder.fd, name, 0);
		break;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		spool_store_tell(store, "%s is left for later: %s", name,
		    strerror(why));
		break;
	default:
		put_aside(store, name);
		break;
	}
}

void
spool_store_adopt(struct spool_store *store, const char *name)
{
	struct spool_segment *segment = spool_segment_open(store->folder.fd,
	    name, &store->counts.damaged_octets);
	char ours[SPOOL_FILE_NAME_SIZE];

	store->folder_dirty = true;
	if (segment == NULL) {
		refuse(store, name, errno);
		return;
	}
	if (segment->pending == 0) {
		unlinkat(store->folder.fd, name, 0);
		spool_segment_free(segment);
		return;
	}
	spool_folder_name(&store->folder, segment->severity, ours);
	if (renameat(store->folder.fd, name, store->folder.fd, ours) == -1) {
		spool_segment_free(segment);
		return;
	}
	memcpy(segment->name, ours, sizeof ours);
	spool_segment_trim(segment, store->folder.fd);
	insert_adopted(store, segment);
	store->disk_octets += segment->size;
	store->files++;
	store->untaken += segment->pending;
	store->counts.recovered += segment->pending;
}

static void
move_segment(struct spool_store *store, struct spool_segment *segment)
{
	size_t size = segment->used;
	struct spool_segment *file;

	if (spool_make_room(store, true, size, segment->severity, false) !=
		SPOOL_KEPT ||
	    (file = spool_create_file(store, segment->severity, segment->run,
		 size)) == NULL)
		return;
	spool_copy_records(file, segment, spool_segment_begin(segment));
	file->closed = true;
	store->disk_octets += file->size;
	store->files++;
	store->untaken += file->pending;
	spool_chain_insert(spool_chain_of(store, segment), segment, file);
	store->untaken -= segment->pending - segment->taken;
	segment->pending = segment->taken = 0;
	spool_retire(store, segment);
}

void
spool_store_move_hits(struct spool_store *store)
{
	spool_retire_settled(store, true);
	for (int severity = 1; severity < LINE_SEVERITY_NONE; severity++) {
		struct spool_segment *segment = store->chains[severity].first;

		while (segment != NULL && store->folder.fd != -1) {
			struct spool_segment *next = segment->next;

			if (spool_is_in_use(segment, false) &&
			    segment->pending > 0)
				move_segment(store, segment);
			segment = next;
		}
	}
}

void
spool_store_trim(struct spool_store *store)
{
	spool_retire_settled(store, true);
	for (int severity = 1; severity < LINE_SEVERITY_NONE; severity++) {
		struct spool_segment *segment = store->chains[severity].first;

		for (; segment != NULL; segment = segment->next) {
			size_t before = segment->size;

			if (!spool_is_in_use(segment, true))
				continue;
			spool_segment_trim(segment, store->folder.fd);
			store->disk_octets -= before - segment->size;
		}
	}
}
