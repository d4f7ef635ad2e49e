#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/stored.h"

/* Handed on in one call of capture_poll; the contract says about 10,000. */
#define POLL_PACKETS_MAX 8192
/* Looking into or opening a file counts as so many packets. */
#define OPEN_COST 512
/* Captures that overlap in time and are open together; below RLIMIT_NOFILE. */
#define OPEN_MAX 256

static void
hand_on(struct stored *stored)
{
	size_t count = stored->batch_count;

	stored->batch_count = 0;
	if (count > 0)
		stored->handle(stored->handle_arg, stored->batch, count);
}

void
stored_fail(struct stored *stored, const char *name, const char *why)
{
	capture_tell(&stored->reporter, "%s: %s", name, why);
	stored->counts.failed_files++;
}

void
stored_fail_packet(struct stored *stored, struct source *source,
    const char *why)
{
	capture_tell(&stored->reporter, "%s: packet %llu: %s", source->name,
	    (unsigned long long)source->content->packets + 1, why);
	stored_finish(stored, source, false);
}

void
stored_queue(struct stored *stored, struct source *source)
{
	if (source_heap_add(&stored->heap, source) == 0)
		return;
	if (source->content != NULL) {
		stored_fail_packet(stored, source, "out of memory");
		return;
	}
	stored_fail(stored, source->name, "out of memory");
	if (!source->known)
		source_free(source);
}

static void
park(struct stored *stored, const struct path *path,
    struct archive_reader *archive)
{
	archive_reader_free(stored->parked.archive);
	stored->parked = (struct parked_archive){ path, archive };
}

void
stored_finish(struct stored *stored, struct source *source, bool good)
{
	struct source *whole = source->whole;
	struct archive_reader *archive;

	if (good)
		stored->counts.files++;
	else
		stored->counts.failed_files++;
	stored->octets_done += source->member == 0 ? source->path->octets
	                                           : source_position(source);
	stored->open_count--;
	archive = source_close(source);
	if (whole != NULL) {
		whole->archive = archive;
		source->whole = NULL;
		stored_queue(stored, whole);
	} else if (archive != NULL && good) {
		park(stored, source->path, archive);
	} else {
		archive_reader_free(archive);
	}
	if (stored->waiting.count > 0) {
		stored_queue(stored, source_heap_top(&stored->waiting));
		source_heap_remove_top(&stored->waiting);
	}
}

enum taken {
	TAKEN_FULL,  /* the batch is to be handed on */
	TAKEN_LATER, /* the source's next packet is later than another's */
	TAKEN_WAIT,  /* the source has nothing yet */
	TAKEN_END,
	TAKEN_ERROR, /* `error` */
};

/* Up to which packet a source comes before all others. */
struct limit {
	uint64_t time_us;
	uint64_t order;
};

static struct limit
limit_of(const struct stored *stored)
{
	const struct source *second = source_heap_second(&stored->heap);

	if (second == NULL)
		return (struct limit){ UINT64_MAX, UINT64_MAX };
	return (struct limit){ second->key_us, second->order };
}

static bool
passes(struct stored *stored, const struct packet *packet)
{
	switch (packet_filter_match(stored->filter, packet)) {
	case FILTER_PASS:
		return true;
	case FILTER_DROP_NEWS:
		capture_tell(&stored->reporter, "%s: packet %llu: %s",
		    stored->sources[packet->source]->name,
		    (unsigned long long)packet->number,
		    packet_filter_error(stored->filter));
		break;
	case FILTER_DROP:
		break;
	}
	stored->counts.filtered++;
	return false;
}

/* The packet was put behind the batch; it becomes part of it. */
static void
accept(struct stored *stored, const struct packet *packet)
{
	stored->batch_count++;
	stored->counts.packets++;
	stored->counts.octets += packet->caplen;
	if (packet->time_us < stored->last_us)
		stored->counts.time_reversals++;
	stored->last_us = packet->time_us;
}

static enum taken
taken_of(enum source_step step)
{
	switch (step) {
	case SOURCE_PACKET:
	case SOURCE_FULL:
		return TAKEN_FULL;
	case SOURCE_WAIT:
		return TAKEN_WAIT;
	case SOURCE_END:
		return TAKEN_END;
	case SOURCE_ERROR:
		return TAKEN_ERROR;
	}
	return TAKEN_ERROR;
}

/*
 * Moves packets from the source to the batch, in the order of the file, at
 * most *budget of them including those that the filter drops.
 */
static enum taken
take(struct stored *stored, struct source *source, struct limit limit,
    unsigned *budget, char *error)
{
	struct source_content *content = source->content;
	enum source_step step;

	while (*budget > 0 && stored->batch_count < CAPTURE_BATCH_MAX) {
		struct packet *next = &stored->batch[stored->batch_count];

		if (content->has_head) {
			*next = content->head;
			content->has_head = false;
		} else {
			step = source_next(source, next,
			    stored->batch_count > 0, error);
			if (step != SOURCE_PACKET)
				return taken_of(step);
		}
		if (next->time_us > limit.time_us ||
		    (next->time_us == limit.time_us &&
			source->order > limit.order)) {
			content->head = *next;
			content->has_head = true;
			source->key_us = next->time_us;
			return TAKEN_LATER;
		}
		--*budget;
		if (stored->filter == NULL || passes(stored, next))
			accept(stored, next);
	}
	return TAKEN_FULL;
}

/*
 * Where a file was cut short while it was read, the packets that this call
 * took from behind its new end are zeros: take them back.
 */
static enum taken
take_back(struct stored *stored, struct source *source, size_t batch_count,
    char *error)
{
	const uint8_t *damage = input_damage(source->content->input);
	size_t keep = batch_count;

	while (
	    keep < stored->batch_count &&
	    stored->batch[keep].octets + stored->batch[keep].caplen <= damage)
		keep++;
	for (size_t i = keep; i < stored->batch_count; i++) {
		stored->counts.packets--;
		stored->counts.octets -= stored->batch[i].caplen;
	}
	source->content->packets -= stored->batch_count - keep;
	stored->batch_count = keep;
	snprintf(error, SOURCE_ERROR_MAX,
	    "the file was cut short while it was read, or its disk failed");
	return TAKEN_ERROR;
}

/* False where the source at the top has nothing yet. */
static bool
read_top(struct stored *stored, struct source *source, unsigned *budget)
{
	char error[SOURCE_ERROR_MAX];
	size_t batch_count = stored->batch_count;
	enum taken taken;

	input_advance(source->content->input);
	taken = take(stored, source, limit_of(stored), budget, error);
	if (input_damage(source->content->input) != NULL)
		taken = take_back(stored, source, batch_count, error);
	switch (taken) {
	case TAKEN_FULL:
		hand_on(stored);
		return true;
	case TAKEN_LATER:
		source_heap_sink(&stored->heap);
		if (stored->batch_count == CAPTURE_BATCH_MAX)
			hand_on(stored);
		return true;
	case TAKEN_WAIT:
		hand_on(stored);
		return false;
	case TAKEN_END:
	case TAKEN_ERROR:
		break;
	}
	hand_on(stored);
	source_heap_remove_top(&stored->heap);
	if (taken == TAKEN_END)
		stored_finish(stored, source, true);
	else
		stored_fail_packet(stored, source, error);
	return true;
}

/* The top is a capture that is closed, and its time has come. */
static void
open_top(struct stored *stored, struct source *source)
{
	char error[SOURCE_ERROR_MAX];

	if (stored->open_count < OPEN_MAX) {
		if (stored_reopen(stored, source, error)) {
			stored->open_count++;
			return;
		}
		source_heap_remove_top(&stored->heap);
		stored_fail(stored, source->name, error);
		return;
	}
	if (!stored->overlap_told)
		capture_tell(&stored->reporter,
		    "%s: more than %d captures overlap in time: "
		    "some are read late",
		    source->name, OPEN_MAX);
	stored->overlap_told = true;
	source_heap_remove_top(&stored->heap);
	if (source_heap_add(&stored->waiting, source) == -1)
		stored_fail(stored, source->name, "out of memory");
}

/* One step with the source that is earliest; false where it has to wait. */
static bool
step(struct stored *stored, struct source *source, unsigned *budget)
{
	if (source->content != NULL)
		return read_top(stored, source, budget);
	*budget -= *budget < OPEN_COST ? *budget : OPEN_COST;
	if (source->known) {
		open_top(stored, source);
		return true;
	}
	source_heap_remove_top(&stored->heap);
	return stored_look_into(stored, source);
}

static enum capture_state
end(struct stored *stored)
{
	if (!stored->ended)
		stored_look_back(stored);
	stored->ended = true;
	return CAPTURE_END;
}

static enum capture_state
poll_stored(struct capture *capture, packet_handler handle, void *arg)
{
	struct stored *stored = (struct stored *)capture;
	uint64_t packets_before = stored->counts.packets;
	unsigned budget = POLL_PACKETS_MAX;
	struct source *source;
	bool waits = false;

	if (stored->ended)
		return CAPTURE_END;
	stored->handle = handle;
	stored->handle_arg = arg;
	while (budget > 0 && !waits &&
	       (source = source_heap_top(&stored->heap)) != NULL)
		waits = !step(stored, source, &budget);
	hand_on(stored);
	if (stored->heap.count == 0)
		return end(stored);
	return waits && stored->counts.packets == packets_before ? CAPTURE_IDLE
	                                                         : CAPTURE_MORE;
}

static void
stop_stored(struct capture *capture)
{
	((struct stored *)capture)->ended = true;
}

static void
get_counts_stored(struct capture *capture, struct capture_counts *out)
{
	*out = ((struct stored *)capture)->counts;
}

static const char *
source_name_stored(const struct capture *capture, uint16_t source)
{
	const struct stored *stored = (const struct stored *)capture;

	return source < stored->source_count ? stored->sources[source]->name
	                                     : "";
}

static void
progress_stored(const struct capture *capture, uint64_t *done, uint64_t *total)
{
	const struct stored *stored = (const struct stored *)capture;

	*total = stored->octets_total;
	*done = stored->octets_done;
	for (size_t i = 0; i < stored->heap.count; i++)
		*done += source_position(stored->heap.sources[i]);
	if (stored->heap.count == 0 || (*total > 0 && *done > *total))
		*done = *total;
}

/* Captures are found by their number, all others are in the heap. */
static void
free_stored(struct capture *capture)
{
	struct stored *stored = (struct stored *)capture;

	for (size_t i = 0; i < stored->heap.count; i++)
		if (!stored->heap.sources[i]->known)
			source_free(stored->heap.sources[i]);
	for (size_t i = 0; i < stored->source_count; i++) {
		source_free(stored->sources[i]->whole);
		source_free(stored->sources[i]);
	}
	archive_reader_free(stored->parked.archive);
	source_heap_fini(&stored->heap);
	source_heap_fini(&stored->waiting);
	path_list_fini(&stored->list);
	packet_filter_free(stored->filter);
	free(stored->zip_password);
	free(stored);
}

static const struct capture_ops stored_ops = {
	.poll = poll_stored,
	.stop = stop_stored,
	.get_counts = get_counts_stored,
	.source_name = source_name_stored,
	.progress = progress_stored,
	.free = free_stored,
};

static int
out_of_memory(char *error, size_t error_size)
{
	snprintf(error, error_size, "out of memory");
	return -1;
}

static int
set_options(struct stored *stored, const struct stored_options *options,
    char *error, size_t error_size)
{
	char why[512];

	stored->reporter.report = options->report;
	stored->reporter.arg = options->report_arg;
	if (options->zip_password != NULL &&
	    (stored->zip_password = strdup(options->zip_password)) == NULL)
		return out_of_memory(error, error_size);
	if (options->filter == NULL)
		return 0;
	stored->filter = packet_filter_new(options->filter, why, sizeof(why));
	if (stored->filter != NULL)
		return 0;
	snprintf(error, error_size, "filter \"%s\": %s", options->filter, why);
	return -1;
}

/* Each path once, to be looked into. */
static int
queue_paths(struct stored *stored, char *error, size_t error_size)
{
	bool all_known = true;
	uint64_t octets = 0;

	for (size_t i = 0; i < stored->list.count; i++) {
		const struct path *path = &stored->list.paths[i];
		struct source *source = source_new(path, (uint64_t)i << 32, 0,
		    NULL);

		if (source == NULL ||
		    source_heap_add(&stored->heap, source) == -1) {
			source_free(source);
			return out_of_memory(error, error_size);
		}
		octets += path->octets;
		all_known = all_known && !path->once;
	}
	stored->octets_total = all_known ? octets : 0;
	return 0;
}

int
capture_open_stored(const struct stored_options *options, struct capture **out,
    char *error, size_t error_size)
{
	struct stored *stored;

	if ((stored = calloc(1, sizeof(*stored))) == NULL)
		return out_of_memory(error, error_size);
	stored->capture.ops = &stored_ops;
	if (set_options(stored, options, error, error_size) == -1)
		goto fail;
	for (size_t i = 0; i < options->path_count; i++)
		if (path_list_add(&stored->list, options->paths[i], error,
			error_size) == -1)
			goto fail;
	if (queue_paths(stored, error, error_size) == -1)
		goto fail;
	*out = &stored->capture;
	return 0;
fail:
	free_stored(&stored->capture);
	return -1;
}
