#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/cursor.h"
#include "sensor/stream.h"

/*
 * The input is what happens to one stream: segments, acknowledgements, and
 * whims of its reader.  The naive model is an array of what the wire showed,
 * each octet set once; whatever the reader is told must agree with it.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SPAN 8192 /* octets of the stream that the model knows */

enum { NEVER_SEEN, SEEN, CUT_OFF, GIVEN_UP };

struct model {
	struct stream stream;
	struct stream_memory memory;
	struct stream_counts counts;
	uint32_t first; /* sequence number of position 0 */
	uint8_t state[SPAN], value[SPAN];
	uint32_t held_end; /* behind the last position that was seen */

	uint64_t at;      /* position of the next offer */
	uint64_t skipped; /* asked for with the last one */
	bool skip_all;
	unsigned closed;
	bool reader_ended;

	/* The reader's whims. */
	size_t appetite, want, need;
	uint64_t skip;
	bool refuse, end;
};

/* Not with NDEBUG either. */
static void
require(bool holds)
{
	if (!holds)
		abort();
}

static uint32_t
position(const struct model *m)
{
	return m->stream.next_seq - m->first;
}

/* ---- the reader ---- */

static void
check_offer(struct model *m, struct cursor octets)
{
	require(octets.left > 0 && !m->skip_all && m->closed == 0);
	m->at += m->skipped;
	m->skipped = 0;
	require(m->at + octets.left <= SPAN);
	for (size_t i = 0; i < octets.left; i++) {
		require(m->state[m->at + i] == SEEN);
		require(m->value[m->at + i] == octets.at[i]);
	}
}

static size_t
read_octets(void *arg, struct cursor octets, bool last)
{
	struct model *m = arg;
	size_t used = octets.left;

	check_offer(m, octets);
	if (!last && octets.left < m->want) {
		m->stream.need = m->need;
		return 0;
	}
	if (last && m->refuse)
		return 0;
	if (m->appetite > 0 && used > m->appetite)
		used = m->appetite;
	m->at += used;
	if (m->skip > 0) {
		m->stream.skip = m->skipped = m->skip;
		m->skip_all = m->skip == STREAM_SKIP_ALL;
		m->skip = 0;
	}
	if (m->end)
		m->stream.ended = m->reader_ended = true;
	return used;
}

static void
read_gap(void *arg, uint32_t lost)
{
	struct model *m = arg;
	uint32_t end = position(m);

	require(lost > 0 && lost <= end && end <= SPAN);
	require(m->closed == 0 && !m->skip_all);
	for (uint32_t i = end - lost; i < end; i++)
		require(m->state[i] == NEVER_SEEN || m->state[i] == CUT_OFF);
	m->at = end;
	m->skipped = 0;
}

static void
read_closed(void *arg)
{
	struct model *m = arg;

	m->closed++;
}

static bool
reclaim(void *arg)
{
	(void)arg;
	return false;
}

/* ---- what happens ---- */

static bool
read_whims(struct model *m, struct cursor *in)
{
	uint8_t which, number;

	if (!cur_u8(in, &which) || !cur_u8(in, &number))
		return false;
	m->appetite = which & 1 ? number : 0;
	m->want = which & 2 ? number * 4u : 0;
	m->need = which & 4 ? number * 3u : 0;
	if (which & 8)
		m->skip = which & 16 && number == 255 ? STREAM_SKIP_ALL
		                                      : number * 16u;
	m->refuse = which & 32;
	m->end = (which & 192) == 192;
	return true;
}

static void
note_segment(struct model *m, uint32_t at, struct cursor octets,
    uint32_t wire_len)
{
	uint32_t next = position(m);

	for (uint32_t i = 0; i < wire_len; i++) {
		if (at + i < next || m->state[at + i] != NEVER_SEEN)
			continue;
		m->state[at + i] = i < octets.left ? SEEN : CUT_OFF;
		if (i < octets.left)
			m->value[at + i] = octets.at[i];
		if (at + i >= m->held_end)
			m->held_end = at + i + 1;
	}
}

static bool
read_segment(struct model *m, uint8_t op, struct cursor *in,
    const struct stream_reader *reader)
{
	struct stream_segment segment = { .fin = op & 4, .one_sided = op & 8 };
	uint16_t at;
	uint8_t len, cut = 0;

	if (!cur_u16(in, &at) || !cur_u8(in, &len) ||
	    ((op & 16) && !cur_u8(in, &cut)) ||
	    !cur_take(in, len < in->left ? len : in->left, &segment.octets))
		return false;
	at %= SPAN - 2 * UINT8_MAX;
	segment.seq = m->first + at;
	segment.wire_len = (uint32_t)segment.octets.left + cut;
	if (!m->stream.ended)
		note_segment(m, at, segment.octets, segment.wire_len);
	stream_input(&m->stream, &segment, reader);
	return true;
}

/* Where no model can follow: numbers from anywhere. */
static bool
read_stray(struct model *m, struct cursor *in,
    const struct stream_reader *reader)
{
	struct stream_segment segment = { .octets = cur_of("stray", 5),
		.wire_len = 5 };

	if (!cur_u32(in, &segment.seq))
		return false;
	/* Neither what the model knows nor what may be early. */
	if (segment.seq - m->first + 5 < SPAN ||
	    segment.seq - m->stream.next_seq <= 1u << 30)
		return true;
	stream_input(&m->stream, &segment, reader);
	return true;
}

static bool
read_ack(struct model *m, struct cursor *in, const struct stream_reader *reader)
{
	uint16_t at;

	if (!cur_u16(in, &at))
		return false;
	stream_acked(&m->stream, m->first + at, reader);
	return true;
}

/* What was passed over cannot come any more. */
static void
settle(struct model *m)
{
	for (uint32_t i = 0; i < position(m) && i < SPAN; i++)
		if (m->state[i] == NEVER_SEEN)
			m->state[i] = GIVEN_UP;
	require(m->closed <= 1);
	require(m->closed == 0 || m->stream.ended);
	require(!m->stream.ended || !stream_holds(&m->stream));
	require(m->memory.used <= m->memory.max);
}

static bool
step(struct model *m, struct cursor *in, const struct stream_reader *reader)
{
	uint8_t op;

	if (!cur_u8(in, &op))
		return false;
	switch (op & 3) {
	case 0:
		if (op & 128)
			return read_stray(m, in, reader);
		return read_whims(m, in);
	case 1:
		return read_ack(m, in, reader);
	default:
		return read_segment(m, op, in, reader);
	}
}

/* Holes or not, the end is reached; unless somebody stopped before. */
static void
check_end(const struct model *m, bool ended_before)
{
	uint64_t lost = 0;

	require(m->stream.ended && !stream_holds(&m->stream));
	require(m->memory.used == 0);
	require(m->closed == !m->reader_ended);
	if (ended_before || m->reader_ended || m->counts.overflows > 0)
		return;
	require(position(m) >= m->held_end);
	for (uint32_t i = 0; i < position(m); i++)
		lost += m->state[i] != SEEN;
	require(lost == m->counts.gap_octets);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model m;
	struct cursor in = cur_of(data, size);
	const struct stream_reader reader = { read_octets, read_gap,
		read_closed, &m, &m.memory, &m.counts };
	struct stream_segment syn = { .syn = true };
	uint8_t memory, ahead;
	bool ended;

	memset(&m, 0, sizeof m);
	if (!cur_u32(&in, &m.first) || !cur_u8(&in, &memory) ||
	    !cur_u8(&in, &ahead))
		return 0;
	m.memory.max = memory < 200 ? 1 << 20 : (memory - 199u) * 512;
	m.memory.ahead_max = ahead * 16u;
	m.memory.reclaim = reclaim;
	syn.seq = m.first - 1;
	stream_input(&m.stream, &syn, &reader);
	while (step(&m, &in, &reader))
		settle(&m);
	ended = m.stream.ended;
	stream_flush(&m.stream, &reader);
	settle(&m);
	check_end(&m, ended);
	stream_fini(&m.stream, &m.memory);
	return 0;
}
