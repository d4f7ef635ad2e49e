#include "sensor/stream.h"

#include <stdlib.h>
#include <string.h>

/* Acknowledgements from behind a hole before it is believed to be one: the
 * two directions of a tap may come a little out of step. */
#define HOLE_ACKS 3
/* Early segments that make a hole where no acknowledgements are to be seen. */
#define HOLE_AHEAD 16
/* The largest window, RFC 7323 section 2.3: nothing is sent further ahead.
 * It also keeps what is held within half of the number space, where
 * comparisons hold. */
#define WINDOW_MAX (1 << 30)

/* An early segment. */
struct ahead {
	struct ahead *next;
	uint32_t seq;
	uint32_t len;      /* captured, at octets[] */
	uint32_t wire_len; /* >= len */
	uint8_t octets[];
};

/* a - b in sequence space: negative where a is before b (RFC 9293, 3.4). */
static int32_t
seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* ---- memory ---- */

bool
stream_memory_take(struct stream_memory *memory, size_t octets)
{
	while (memory->used + octets > memory->max) {
		if (!memory->reclaim(memory->reclaim_arg))
			return false;
	}
	memory->used += octets;
	return true;
}

void
stream_memory_give(struct stream_memory *memory, size_t octets)
{
	memory->used -= octets;
}

static void
pending_free(struct stream *s, struct stream_memory *memory)
{
	stream_memory_give(memory, s->pending_size);
	free(s->pending);
	s->pending = NULL;
	s->pending_len = s->pending_size = 0;
	s->need = 0;
}

static void
ahead_free_first(struct stream *s, struct stream_memory *memory)
{
	struct ahead *first = s->ahead;

	s->ahead = first->next;
	s->ahead_octets -= first->len;
	s->ahead_count--;
	stream_memory_give(memory, sizeof *first + first->len);
	free(first);
}

void
stream_fini(struct stream *s, struct stream_memory *memory)
{
	while (s->ahead != NULL)
		ahead_free_first(s, memory);
	pending_free(s, memory);
}

/* What it holds is freed when this input is done with (settle). */
static void
stream_give_up(struct stream *s, const struct stream_reader *reader)
{
	reader->counts->overflows++;
	reader->closed(reader->arg);
	s->ended = true;
}

/* ---- what the reader could not use yet ---- */

static bool
pending_append(struct stream *s, struct cursor octets,
    const struct stream_reader *reader)
{
	size_t len = s->pending_len + octets.left;
	size_t size = s->pending_size > 0 ? s->pending_size : 2048;
	uint8_t *grown;

	while (size < len)
		size *= 2;
	if (size > s->pending_size) {
		size_t more = size - s->pending_size;

		if (!stream_memory_take(reader->memory, more))
			return false;
		grown = realloc(s->pending, size);
		if (grown == NULL) {
			stream_memory_give(reader->memory, more);
			return false;
		}
		s->pending = grown;
		s->pending_size = (uint32_t)size;
	}
	memcpy(s->pending + s->pending_len, octets.at, octets.left);
	s->pending_len = (uint32_t)len;
	return true;
}

/* Drops what the reader does not want to see; true: something is left. */
static bool
skip_from(struct stream *s, struct cursor *octets)
{
	size_t n = s->skip < octets->left ? (size_t)s->skip : octets->left;

	if (s->skip != STREAM_SKIP_ALL)
		s->skip -= n;
	return cur_skip(octets, n) && octets->left > 0;
}

/* Offers until the reader wants more; what is left stays in *octets. */
static void
offer(struct stream *s, struct cursor *octets, bool last,
    const struct stream_reader *reader)
{
	while (!s->ended && skip_from(s, octets)) {
		size_t used;

		s->need = 0;
		used = reader->octets(reader->arg, *octets, last);
		if (used == 0 && s->skip == 0)
			return;
		if (!cur_skip(octets, used))
			return;
	}
}

/* Offers what is held; with `last` the rest of it is dropped. */
static void
offer_pending(struct stream *s, bool last, const struct stream_reader *reader)
{
	struct cursor rest = cur_of(s->pending, s->pending_len);

	if (s->pending_len == 0 || (s->pending_len < s->need && !last))
		return;
	offer(s, &rest, last, reader);
	if (last || s->ended || rest.left == 0) {
		pending_free(s, reader->memory);
		return;
	}
	memmove(s->pending, rest.at, rest.left);
	s->pending_len = (uint32_t)rest.left;
}

static void
deliver(struct stream *s, struct cursor octets,
    const struct stream_reader *reader)
{
	while (octets.left > 0 && !s->ended) {
		struct cursor part;
		size_t room = STREAM_PENDING_MAX - s->pending_len;

		if (s->pending_len == 0) {
			offer(s, &octets, false, reader);
			if (octets.left == 0 || s->ended)
				return;
		}
		part.left = 0;
		if (!cur_take(&octets, octets.left < room ? octets.left : room,
			&part) ||
		    !pending_append(s, part, reader)) {
			stream_give_up(s, reader);
			return;
		}
		offer_pending(s, s->pending_len == STREAM_PENDING_MAX, reader);
	}
}

static void
declare_gap(struct stream *s, uint32_t lost, const struct stream_reader *reader)
{
	offer_pending(s, true, reader);
	reader->counts->gaps++;
	reader->counts->gap_octets += lost;
	if (s->skip >= lost) {
		if (s->skip != STREAM_SKIP_ALL)
			s->skip -= lost;
		return;
	}
	s->skip = 0;
	if (!s->ended)
		reader->gap(reader->arg, lost);
}

/* Octets in order, and what the capture cut off behind them. */
static void
advance(struct stream *s, struct cursor octets, uint32_t wire_len,
    const struct stream_reader *reader)
{
	s->next_seq += wire_len;
	s->acked_holes = 0;
	deliver(s, octets, reader);
	if (wire_len > octets.left && !s->ended)
		declare_gap(s, wire_len - (uint32_t)octets.left, reader);
}

/* ---- early segments ---- */

static struct ahead *
ahead_new(uint32_t seq, struct cursor octets, uint32_t wire_len,
    struct stream_memory *memory)
{
	struct ahead *a;

	if (!stream_memory_take(memory, sizeof *a + octets.left))
		return NULL;
	if ((a = malloc(sizeof *a + octets.left)) == NULL) {
		stream_memory_give(memory, sizeof *a + octets.left);
		return NULL;
	}
	a->next = NULL;
	a->seq = seq;
	a->len = (uint32_t)octets.left;
	a->wire_len = wire_len;
	if (octets.left > 0)
		memcpy(a->octets, octets.at, octets.left);
	return a;
}

/* Keeps those octets of the segment that no earlier segment brought. */
static bool
ahead_insert(struct stream *s, uint32_t seq, struct cursor octets,
    uint32_t wire_len, const struct stream_reader *reader)
{
	struct ahead **at = &s->ahead, *new;

	while (wire_len > 0) {
		uint32_t part_len = wire_len, covered;
		struct cursor part;

		while (*at != NULL &&
		       seq_diff((*at)->seq + (*at)->wire_len, seq) <= 0)
			at = &(*at)->next;
		if (*at != NULL && seq_diff((*at)->seq, seq) <= 0) {
			/* The beginning is there already. */
			covered = (*at)->seq + (*at)->wire_len - seq;
			if (covered >= wire_len)
				return true;
			if (!cur_skip(&octets, covered))
				octets.left = 0;
			seq += covered;
			wire_len -= covered;
			continue;
		}
		if (*at != NULL && (*at)->seq - seq < part_len)
			part_len = (*at)->seq - seq;
		if (!cur_take(&octets,
			octets.left < part_len ? octets.left : part_len, &part))
			return false;
		new = ahead_new(seq, part, part_len, reader->memory);
		if (new == NULL)
			return false;
		new->next = *at;
		*at = new;
		s->ahead_octets += new->len;
		s->ahead_count++;
		seq += part_len;
		wire_len -= part_len;
	}
	return true;
}

/* Hands on the early segments that are no longer early. */
static void
ahead_drain(struct stream *s, const struct stream_reader *reader)
{
	while (s->ahead != NULL && !s->ended) {
		struct ahead *a = s->ahead;
		uint32_t old = s->next_seq - a->seq;
		struct cursor octets = cur_of(a->octets, a->len);

		if (seq_diff(a->seq, s->next_seq) > 0)
			return;
		if (old < a->wire_len) {
			if (!cur_skip(&octets, old))
				octets.left = 0;
			advance(s, octets, a->wire_len - old, reader);
		}
		ahead_free_first(s, reader->memory);
	}
}

static void
jump_hole(struct stream *s, const struct stream_reader *reader)
{
	uint32_t lost = s->ahead->seq - s->next_seq;

	s->next_seq = s->ahead->seq;
	declare_gap(s, lost, reader);
	ahead_drain(s, reader);
}

static void
hold(struct stream *s, uint32_t seq, struct cursor octets, uint32_t wire_len,
    bool one_sided, const struct stream_reader *reader)
{
	uint32_t count_max = one_sided ? HOLE_AHEAD : STREAM_AHEAD_COUNT_MAX;

	reader->counts->early++;
	if (!ahead_insert(s, seq, octets, wire_len, reader)) {
		stream_give_up(s, reader);
		return;
	}
	while (!s->ended && s->ahead != NULL &&
	       (s->ahead_octets > reader->memory->ahead_max ||
		   s->ahead_count > count_max))
		jump_hole(s, reader);
}

/* ---- input ---- */

/* A segment that is not early; of what is held already, that copy counts. */
static void
take_in_order(struct stream *s, uint32_t seq, struct cursor octets,
    uint32_t wire_len, const struct stream_reader *reader)
{
	uint32_t old = s->next_seq - seq;

	if (old >= wire_len) {
		reader->counts->repeated++;
		return;
	}
	reader->counts->in_order++;
	for (; old < wire_len && !s->ended; old = s->next_seq - seq) {
		uint32_t len = wire_len - old;
		struct cursor part = octets;

		if (s->ahead != NULL && s->ahead->seq - s->next_seq < len)
			len = s->ahead->seq - s->next_seq;
		if (!cur_skip(&part, old))
			part.left = 0;
		if (part.left > len)
			part.left = len;
		advance(s, part, len, reader);
		ahead_drain(s, reader);
	}
}

/* The stream's end, where all before it is there, or the reader's. */
static void
settle(struct stream *s, const struct stream_reader *reader)
{
	if (s->fin && !s->ended && seq_diff(s->next_seq, s->fin_seq) >= 0)
		stream_flush(s, reader);
	if (s->ended)
		stream_fini(s, reader->memory);
}

void
stream_input(struct stream *s, const struct stream_segment *segment,
    const struct stream_reader *reader)
{
	uint32_t seq = segment->seq + segment->syn;
	uint32_t wire_len = segment->wire_len;

	if (s->ended)
		return;
	if (!s->synced) {
		s->synced = true;
		s->next_seq = seq;
	}
	if (seq_diff(seq, s->next_seq) > WINDOW_MAX) {
		reader->counts->strays++;
		return;
	}
	/* A FIN that claims less than was sent is none of this stream's. */
	if (segment->fin && !s->fin &&
	    seq_diff(seq + wire_len, s->next_seq) >= 0) {
		s->fin = true;
		s->fin_seq = seq + wire_len;
	}
	if (wire_len > 0 && seq_diff(seq, s->next_seq) > 0)
		hold(s, seq, segment->octets, wire_len, segment->one_sided,
		    reader);
	else if (wire_len > 0)
		take_in_order(s, seq, segment->octets, wire_len, reader);
	settle(s, reader);
}

void
stream_acked(struct stream *s, uint32_t ack, const struct stream_reader *reader)
{
	if (s->ahead == NULL || s->ended || seq_diff(ack, s->ahead->seq) < 0)
		return;
	if (++s->acked_holes >= HOLE_ACKS) {
		jump_hole(s, reader);
		settle(s, reader);
	}
}

void
stream_flush(struct stream *s, const struct stream_reader *reader)
{
	while (s->ahead != NULL && !s->ended)
		jump_hole(s, reader);
	if (!s->ended)
		offer_pending(s, true, reader);
	if (!s->ended)
		reader->closed(reader->arg);
	s->ended = true;
	stream_fini(s, reader->memory);
}
