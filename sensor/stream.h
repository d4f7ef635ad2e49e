#ifndef SENSOR_STREAM_H
#define SENSOR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/cursor.h"

/*
 * TCP reassembly (RFC 9293) of one direction.  What comes in order goes to the
 * reader where it lies in the packet; only what comes early, or what the
 * reader cannot use yet, is copied.
 *
 * Of octets that come twice the first copy counts.  A hole is given up when
 * the other end acknowledged what is behind it (so it was lost on the way to
 * us, not to the receiver), when too much waits behind it, or at the end.
 */

/* Octets held for a reader that wants more at once. */
#define STREAM_PENDING_MAX (72 * 1024)
/* Early segments held, where their octets do not reach the limit before. */
#define STREAM_AHEAD_COUNT_MAX 512

/* What all streams of a worker may hold, in octets. */
struct stream_memory {
	size_t used, max;
	size_t ahead_max; /* of one stream */
	/*
	 * Asked to free something when `max` is reached; false: nothing can
	 * be.  Never frees the stream that is being worked on.
	 */
	bool (*reclaim)(void *arg);
	void *reclaim_arg;
};

/* Accounts for octets to be held, after freeing others where it must. */
bool stream_memory_take(struct stream_memory *memory, size_t octets);
void stream_memory_give(struct stream_memory *memory, size_t octets);

struct stream_counts {
	uint64_t in_order, early, repeated; /* segments with payload */
	uint64_t strays;           /* segments too far ahead for any window */
	uint64_t gaps, gap_octets; /* holes given up */
	uint64_t overflows;        /* streams given up: nothing could be held */
};

struct ahead;

struct stream {
	uint32_t next_seq; /* of the next octet in order */
	uint32_t fin_seq;  /* behind the last octet, where `fin` */
	bool synced;       /* next_seq is known */
	bool fin;
	bool ended;          /* nothing more is read */
	uint8_t acked_holes; /* acknowledgements from behind the hole */
	uint64_t skip;       /* octets that the reader does not want to see */
	size_t need; /* octets to hold before it is worth asking again */
	uint8_t *pending;
	uint32_t pending_len, pending_size;
	uint32_t ahead_octets, ahead_count;
	struct ahead *ahead; /* by sequence number, without overlaps */
};

/* Skips all that follows: for bodies that end with the stream. */
#define STREAM_SKIP_ALL UINT64_MAX

/*
 * `octets` is offered what is next in order and returns how much of it is
 * used up; the rest is offered again, with more behind it.  It may set skip,
 * need and ended of its stream.  `last`: nothing will come right behind it
 * (end, hole, or no room), so that waiting is of no use, and what is not used
 * up then is dropped.  `need` is about the next offer only.
 * `gap` is told that `lost` octets are missing before the next offer.
 * `closed` is told once that the sender sends no more (or that we stop
 * listening), unless the reader set `ended` itself.
 */
struct stream_reader {
	size_t (*octets)(void *arg, struct cursor octets, bool last);
	void (*gap)(void *arg, uint32_t lost);
	void (*closed)(void *arg);
	void *arg;
	struct stream_memory *memory;
	struct stream_counts *counts;
};

/* One segment's payload, and what of it the capture cut off. */
struct stream_segment {
	uint32_t seq;
	bool syn, fin;
	bool one_sided; /* the other direction was never seen */
	struct cursor octets;
	uint32_t wire_len; /* >= octets.left */
};

void stream_input(struct stream *stream, const struct stream_segment *segment,
    const struct stream_reader *reader);

/* The other end acknowledged all before `ack`. */
void stream_acked(struct stream *stream, uint32_t ack,
    const struct stream_reader *reader);

/* Hands on what is held, holes or not, and ends the stream. */
void stream_flush(struct stream *stream, const struct stream_reader *reader);

/* Frees what is held. */
void stream_fini(struct stream *stream, struct stream_memory *memory);

static inline bool
stream_holds(const struct stream *stream)
{
	return stream->pending != NULL || stream->ahead != NULL;
}

#endif
