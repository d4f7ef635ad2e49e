#ifndef SENSOR_STORED_H
#define SENSOR_STORED_H

#include "sensor/capture_ops.h"
#include "sensor/packet_filter.h"
#include "sensor/source_heap.h"

/*
 * Stored captures as one stream in the order of time: the inside, which
 * capture_stored.c (reading and merging) and stored_look.c (finding out what
 * the files are) share.
 *
 * A heap holds every source by the time of its next packet.  At first that is
 * not known, so each file comes to the top once and is looked into.  Then it
 * is closed until it is at the top again.  The source at the top is read in
 * batches up to the time of the second.
 */

/* packet.source has 16 bits. */
#define SOURCES_MAX 65536

/* The archive whose member was read last, to go on from there. */
struct parked_archive {
	const struct path *path;
	struct archive_reader *archive; /* NULL: none */
};

struct stored {
	struct capture capture;
	struct capture_reporter reporter;
	char *zip_password;           /* or NULL */
	struct packet_filter *filter; /* or NULL */

	struct path_list list;
	struct source_heap heap;
	struct source_heap waiting; /* their time came, but too many are open */
	struct source *sources[SOURCES_MAX]; /* captures, by packet.source */
	size_t source_count, open_count;
	struct parked_archive parked;

	struct packet batch[CAPTURE_BATCH_MAX];
	size_t batch_count;
	packet_handler handle;
	void *handle_arg;
	uint64_t last_us; /* of the packet before */

	struct capture_counts counts;
	uint64_t octets_total; /* of all files; 0: not known */
	uint64_t octets_done;  /* of sources that are through */
	size_t skipped_count;  /* files that are no captures */
	bool too_many_told, overlap_told;
	bool ended;
};

/* Reports and counts a file that cannot be read. */
void stored_fail(struct stored *stored, const char *name, const char *why);
/* The same at the packet behind the last; the source is finished then. */
void stored_fail_packet(struct stored *stored, struct source *source,
    const char *why);

/* Puts a source into the heap.  Where that fails, it is finished. */
void stored_queue(struct stored *stored, struct source *source);

/* Closes a source that is read to its end, or, not `good`, as far as it goes.
 */
void stored_finish(struct stored *stored, struct source *source, bool good);

/*
 * Finds out what the file of a source is, which has been taken from the heap:
 * captures go into the heap with the time of their first packet.  False where
 * it has to wait for the file's first octets; the source is in the heap again.
 */
bool stored_look_into(struct stored *stored, struct source *source);

/*
 * Opens a source that was looked into before.  False with `error` where that
 * fails.
 */
bool stored_reopen(struct stored *stored, struct source *source, char *error);

/* The summary of what was skipped, and directories without captures. */
void stored_look_back(struct stored *stored);

#endif
