#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/stream.h"

/*
 * A reader that writes down what it is told.  `got` is a text in which a hole
 * is written as "<lost>", so that one comparison tells order and content.
 */
struct reading {
	struct stream stream;
	struct stream_memory memory;
	struct stream_counts counts;
	struct stream_reader reader;
	char got[256 * 1024];
	size_t got_len;
	unsigned gaps, closed;

	size_t appetite;    /* used up of each offer; 0: all */
	size_t want;        /* nothing is used up until this much is there */
	size_t need;        /* set with each refusal */
	size_t ended_after; /* the reader ends the stream; 0: never */
	uint64_t skip_next; /* set once, with the next offer */
	unsigned offers, last_offers;
	size_t smallest_offer;

	unsigned reclaims;     /* asked for */
	size_t reclaim_octets; /* freed each time, until... */
	size_t reclaimable;    /* ...this is used up */
};

static size_t
read_octets(void *arg, struct cursor octets, bool last)
{
	struct reading *r = arg;
	size_t n = octets.left;

	r->offers++;
	r->last_offers += last;
	assert_true(octets.left > 0);
	if (octets.left < r->smallest_offer)
		r->smallest_offer = octets.left;
	if (octets.left < r->want && !last) {
		if (r->need > 0)
			r->stream.need = r->need;
		return 0;
	}
	if (r->appetite > 0 && n > r->appetite)
		n = r->appetite;
	assert_true(r->got_len + n < sizeof r->got);
	memcpy(r->got + r->got_len, octets.at, n);
	r->got_len += n;
	r->got[r->got_len] = '\0';
	if (r->skip_next > 0) {
		r->stream.skip = r->skip_next;
		r->skip_next = 0;
	}
	if (r->ended_after > 0 && r->got_len >= r->ended_after)
		r->stream.ended = true;
	return n;
}

static void
read_gap(void *arg, uint32_t lost)
{
	struct reading *r = arg;

	r->gaps++;
	r->got_len += (size_t)snprintf(r->got + r->got_len, 16, "<%u>", lost);
}

static void
read_closed(void *arg)
{
	struct reading *r = arg;

	r->closed++;
}

static bool
reclaim(void *arg)
{
	struct reading *r = arg;

	r->reclaims++;
	if (r->reclaimable < r->reclaim_octets || r->reclaim_octets == 0)
		return false;
	r->reclaimable -= r->reclaim_octets;
	r->memory.used -= r->reclaim_octets;
	return true;
}

static int
setup(void **state)
{
	struct reading *r = calloc(1, sizeof *r);

	if (r == NULL)
		return -1;
	r->memory = (struct stream_memory){ .max = 1 << 20,
		.ahead_max = 64 * 1024,
		.reclaim = reclaim,
		.reclaim_arg = r };
	r->reader = (struct stream_reader){ read_octets, read_gap, read_closed,
		r, &r->memory, &r->counts };
	r->smallest_offer = SIZE_MAX;
	*state = r;
	return 0;
}

/* Whatever happened: nothing is held in the end. */
static int
teardown(void **state)
{
	struct reading *r = *state;

	stream_fini(&r->stream, &r->memory);
	if (r->memory.used != r->reclaimable)
		return -1;
	free(r);
	return 0;
}

/* The segment's octets alone in their block, so that no overread is silent. */
static void
input(struct reading *r, uint32_t seq, const char *octets, size_t len,
    size_t wire_len, const char *flags)
{
	char *block = malloc(len + 1);
	struct stream_segment segment = { .seq = seq,
		.syn = strchr(flags, 'S') != NULL,
		.fin = strchr(flags, 'F') != NULL,
		.one_sided = strchr(flags, '1') != NULL,
		.octets = cur_of(block + 1, len),
		.wire_len = (uint32_t)wire_len };

	assert_non_null(block);
	memcpy(block + 1, octets, len);
	stream_input(&r->stream, &segment, &r->reader);
	free(block);
}

static void
say(struct reading *r, uint32_t seq, const char *text)
{
	input(r, seq, text, strlen(text), strlen(text), "");
}

static void
say_cut(struct reading *r, uint32_t seq, const char *text, size_t wire_len)
{
	input(r, seq, text, strlen(text), wire_len, "");
}

static void
fin(struct reading *r, uint32_t seq, const char *text)
{
	input(r, seq, text, strlen(text), strlen(text), "F");
}

static void
ack(struct reading *r, uint32_t number)
{
	stream_acked(&r->stream, number, &r->reader);
}

static void
flush(struct reading *r)
{
	stream_flush(&r->stream, &r->reader);
}

static void
assert_got(struct reading *r, const char *expected)
{
	r->got[r->got_len] = '\0';
	assert_string_equal(r->got, expected);
}

/* A stream whose SYN was seen: its first octet is number 1. */
static void
begin(struct reading *r)
{
	input(r, 0, "", 0, 0, "S");
}

/* ---- order ---- */

static void
octets_in_order_come_as_they_are(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 1, "abc");
	say(r, 4, "d");
	say(r, 5, "efgh");
	assert_got(r, "abcdefgh");
	assert_int_equal(r->counts.in_order, 3);
	assert_int_equal(r->counts.early, 0);
	assert_int_equal(r->memory.used, 0);
}

static void
what_comes_again_is_not_read_again(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 1, "abc");
	say(r, 1, "abc");
	say(r, 2, "b");
	say(r, 4, "def");
	say(r, 1, "xxxxxx");
	assert_got(r, "abcdef");
	assert_int_equal(r->counts.repeated, 3);
}

static void
a_repetition_with_more_brings_the_new_part(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 1, "abc");
	say(r, 2, "XXdef");
	assert_got(r, "abcdef");
}

static void
a_stream_begun_in_the_middle_starts_with_what_comes_first(void **state)
{
	struct reading *r = *state;

	say(r, 4000000000u, "mid");
	say(r, 4000000003u, "dle");
	say(r, 3999999990u, "before...."); /* came late: nothing to put it to */
	assert_got(r, "middle");
}

static void
octets_in_a_syn_are_the_first(void **state)
{
	struct reading *r = *state;

	input(r, 99, "fast", 4, 4, "S"); /* RFC 7413 */
	say(r, 104, " open");
	assert_got(r, "fast open");
}

static void
sequence_numbers_wrap_around(void **state)
{
	struct reading *r = *state;

	input(r, 0xfffffffc, "", 0, 0, "S"); /* first octet: 0xfffffffd */
	say(r, 0xfffffffd, "ab");
	say(r, 3, "gh"); /* early, behind the wrap */
	say(r, 0xffffffff, "cdef");
	say(r, 0xfffffffd, "abcdefghi");
	assert_got(r, "abcdefghi");
	assert_int_equal(r->gaps, 0);
}

/* ---- property: whatever the order, the stream comes out ---- */

#define STREAM_LEN 4000

struct piece {
	uint32_t at, len;
};

static uint32_t
below(uint32_t bound)
{
	return (uint32_t)rand() % bound;
}

static int
compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Five segments that make the stream, split anywhere. */
static void
split(struct piece pieces[5])
{
	uint32_t cuts[6];

	cuts[0] = 0;
	cuts[5] = STREAM_LEN;
	for (int i = 1; i < 5; i++)
		cuts[i] = below(STREAM_LEN + 1);
	qsort(cuts, 6, sizeof cuts[0], compare_u32);
	for (int i = 0; i < 5; i++)
		pieces[i] = (struct piece){ cuts[i], cuts[i + 1] - cuts[i] };
}

static void
send_piece(struct reading *r, uint32_t first, const char *stream,
    struct piece piece)
{
	input(r, first + piece.at, stream + piece.at, piece.len, piece.len, "");
}

/* The n-th of the 120 permutations. */
static void
permute(const struct piece in[5], unsigned n, struct piece out[5])
{
	struct piece left[5];

	memcpy(left, in, sizeof left);
	for (unsigned count = 5; count > 0; count--) {
		unsigned pick = n % count;

		n /= count;
		out[5 - count] = left[pick];
		left[pick] = left[count - 1];
	}
}

static void
fill_stream(char *stream)
{
	for (int i = 0; i < STREAM_LEN; i++)
		stream[i] = (char)('!' + rand() % 90);
}

static void
reset(struct reading *r)
{
	stream_fini(&r->stream, &r->memory);
	assert_int_equal(r->memory.used, 0);
	memset(&r->stream, 0, sizeof r->stream);
	r->got_len = 0;
	r->gaps = r->closed = 0;
}

static void
every_order_of_five_segments_gives_the_stream(void **state)
{
	struct reading *r = *state;
	char stream[STREAM_LEN];
	struct piece pieces[5], order[5];

	srand(1);
	for (unsigned round = 0; round < 40; round++) {
		uint32_t first = below(2) ? 0u - below(STREAM_LEN) : below(9);

		fill_stream(stream);
		split(pieces);
		for (unsigned n = 0; n < 120; n++) {
			permute(pieces, n, order);
			reset(r);
			r->appetite = below(3) * 333;
			input(r, first - 1, "", 0, 0, "S");
			for (int i = 0; i < 5; i++)
				send_piece(r, first, stream, order[i]);
			flush(r);
			assert_int_equal(r->gaps, 0);
			assert_int_equal(r->closed, 1);
			assert_int_equal(r->got_len, STREAM_LEN);
			assert_memory_equal(r->got, stream, STREAM_LEN);
			assert_int_equal(r->memory.used, 0);
		}
	}
}

/*
 * Copies that differ: the naive model is an array in which an octet is set
 * once, by the first segment that brings it.
 */
static void
of_any_overlap_the_first_copy_counts(void **state)
{
	struct reading *r = *state;
	char model[200], octets[200];

	srand(2);
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t first = below(2) ? 0u - below(200) : below(9);

		reset(r);
		memset(model, 0, sizeof model);
		input(r, first - 1, "", 0, 0, "S");
		for (int i = 0; i < 8; i++) {
			uint32_t at = below(sizeof model);
			uint32_t len = below(sizeof model + 1 - at);

			memset(octets, 'a' + i, len);
			for (uint32_t k = at; k < at + len; k++)
				if (model[k] == 0)
					model[k] = (char)('a' + i);
			input(r, first + at, octets, len, len, "");
		}
		/* The rest comes last, so that all is there. */
		memset(octets, 'z', sizeof octets);
		for (size_t k = 0; k < sizeof model; k++)
			if (model[k] == 0)
				model[k] = 'z';
		input(r, first, octets, sizeof octets, sizeof octets, "");
		assert_int_equal(r->got_len, sizeof model);
		assert_memory_equal(r->got, model, sizeof model);
		assert_int_equal(r->gaps, 0);
		assert_int_equal(r->memory.used, 0);
	}
}

static void
an_early_copy_counts_before_the_one_that_fills_the_hole(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 4, "DEF");
	say(r, 1, "abcxxxghi");
	assert_got(r, "abcDEFghi");
}

static void
an_early_copy_counts_before_later_early_ones(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 5, "EE");
	say(r, 9, "II");
	say(r, 3, "cccccccccc"); /* around both and between */
	say(r, 5, "xxxxxxxxxxxx");
	say(r, 1, "aa");
	assert_got(r, "aaccEEccIIccxxxx");
	assert_int_equal(r->memory.used, 0);
}

/* ---- holes ---- */

static void
a_hole_is_believed_after_three_acknowledgements(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 1, "ab");
	say(r, 6, "fg");
	ack(r, 8);
	ack(r, 8);
	assert_got(r, "ab");
	ack(r, 8);
	assert_got(r, "ab<3>fg");
	assert_int_equal(r->counts.gaps, 1);
	assert_int_equal(r->counts.gap_octets, 3);
	assert_int_equal(r->memory.used, 0);
}

static void
acknowledgements_of_what_is_before_the_hole_mean_nothing(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 1, "ab");
	say(r, 6, "fg");
	for (int i = 0; i < 10; i++)
		ack(r, 3);
	assert_got(r, "ab");
	say(r, 3, "cde");
	assert_got(r, "abcdefg");
}

static void
acknowledgements_count_for_one_hole_only(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 3, "c");
	ack(r, 4);
	ack(r, 4);
	say(r, 1, "ab"); /* was only out of step */
	say(r, 6, "f");
	ack(r, 7);
	assert_got(r, "abc");
	say(r, 4, "de");
	assert_got(r, "abcdef");
}

static void
what_comes_for_a_hole_that_was_given_up_is_late(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 4, "d");
	for (int i = 0; i < 3; i++)
		ack(r, 5);
	say(r, 1, "abc");
	say(r, 5, "e");
	assert_got(r, "<3>de");
}

static void
a_hole_is_given_up_when_too_much_waits_behind_it(void **state)
{
	struct reading *r = *state;

	r->memory.ahead_max = 10;
	begin(r);
	say(r, 3, "34567890");
	assert_got(r, "");
	say(r, 13, "345");
	/* Only the first hole: the second is not yet too much. */
	assert_got(r, "<2>34567890");
	flush(r);
	assert_got(r, "<2>34567890<2>345");
}

static void
a_hole_is_given_up_when_too_many_segments_wait_behind_it(void **state)
{
	struct reading *r = *state;

	begin(r);
	for (uint32_t i = 0; i < STREAM_AHEAD_COUNT_MAX; i++)
		say(r, 2 + i, "x");
	assert_int_equal(r->gaps, 0);
	assert_int_equal(r->stream.ahead_count, STREAM_AHEAD_COUNT_MAX);
	say(r, 2 + STREAM_AHEAD_COUNT_MAX, "x");
	assert_int_equal(r->gaps, 1);
	assert_int_equal(r->stream.ahead_count, 0);
	assert_int_equal(r->memory.used, 0);
}

static void
without_the_other_direction_a_hole_is_believed_sooner(void **state)
{
	struct reading *r = *state;

	say(r, 1, "a");
	for (uint32_t i = 0; i < 16; i++)
		input(r, 3 + i, "x", 1, 1, "1");
	assert_int_equal(r->gaps, 0);
	input(r, 19, "x", 1, 1, "1");
	assert_got(r, "a<1>xxxxxxxxxxxxxxxxx");
}

static void
holes_are_given_up_at_the_end(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 3, "cd");
	say(r, 8, "hi");
	assert_int_equal(r->counts.early, 2);
	flush(r);
	assert_got(r, "<2>cd<3>hi");
	assert_int_equal(r->closed, 1);
	assert_true(r->stream.ended);
	say(r, 10, "j");
	flush(r);
	assert_got(r, "<2>cd<3>hi");
	assert_int_equal(r->closed, 1);
}

static void
what_the_capture_cut_off_is_a_hole(void **state)
{
	struct reading *r = *state;

	begin(r);
	say_cut(r, 1, "ab", 10);
	say(r, 11, "kl");
	assert_got(r, "ab<8>kl");
	assert_int_equal(r->counts.gap_octets, 8);
}

static void
what_the_capture_cut_off_an_early_segment_is_a_hole(void **state)
{
	struct reading *r = *state;

	begin(r);
	say_cut(r, 6, "fg", 10);
	say_cut(r, 16, "", 4);
	say(r, 20, "t");
	say(r, 1, "abcde");
	assert_got(r, "abcdefg<8><4>t");
}

static void
a_later_copy_does_not_mend_a_cut_one(void **state)
{
	struct reading *r = *state;

	begin(r);
	say_cut(r, 3, "c", 3);
	say(r, 1, "abxyzf");
	assert_got(r, "abc<2>f");
}

/* ---- readers ---- */

static void
a_reader_may_use_up_little_by_little(void **state)
{
	struct reading *r = *state;

	r->appetite = 3;
	begin(r);
	say(r, 1, "abcdefgh");
	say(r, 9, "ij");
	assert_got(r, "abcdefghij");
	assert_int_equal(r->offers, 4);
}

static void
what_the_reader_cannot_use_yet_is_offered_again_with_more(void **state)
{
	struct reading *r = *state;

	r->want = 6;
	begin(r);
	say(r, 1, "ab");
	say(r, 3, "cd");
	assert_got(r, "");
	assert_true(stream_holds(&r->stream));
	assert_true(r->memory.used > 0);
	say(r, 5, "efg");
	assert_got(r, "abcdefg");
	assert_int_equal(r->memory.used, 0);
	assert_false(stream_holds(&r->stream));
}

static void
what_waits_is_offered_for_the_last_time_before_a_hole(void **state)
{
	struct reading *r = *state;

	r->want = 6;
	begin(r);
	say(r, 1, "abc");
	say_cut(r, 4, "d", 3);
	assert_got(r, "abcd<2>");
	assert_int_equal(r->last_offers, 1);
	assert_int_equal(r->memory.used, 0);
}

static void
what_waits_is_offered_for_the_last_time_at_the_end(void **state)
{
	struct reading *r = *state;

	r->want = 6;
	begin(r);
	fin(r, 1, "abc");
	assert_got(r, "abc");
	assert_int_equal(r->last_offers, 1);
	assert_int_equal(r->closed, 1);
}

static void
a_reader_is_not_asked_before_what_it_needs_is_there(void **state)
{
	struct reading *r = *state;

	r->want = r->need = 5;
	begin(r);
	for (uint32_t i = 0; i < 4; i++)
		say(r, 1 + i, "x");
	/* Once from the packet, once when it was copied. */
	assert_in_range(r->offers, 1, 2);
	say(r, 5, "x");
	assert_got(r, "xxxxx");
}

/* As DNS over TCP: a long message, then the beginning of a short one. */
static void
a_need_is_forgotten_when_it_is_met(void **state)
{
	struct reading *r = *state;
	char text[100];

	memset(text, 'a', sizeof text);
	r->want = r->need = 100;
	r->appetite = 100;
	begin(r);
	input(r, 1, text, 99, 99, "");
	r->need = 0;
	say(r, 100, "ab"); /* one octet of what comes next */
	assert_int_equal(r->got_len, 100);
	r->want = 3;
	say(r, 102, "cd");
	assert_int_equal(r->got_len, 103);
	assert_string_equal(r->got + 100, "bcd");
}

static void
a_reader_may_end_the_stream(void **state)
{
	struct reading *r = *state;

	r->ended_after = 3;
	begin(r);
	say(r, 6, "fgh"); /* held */
	say(r, 1, "abc");
	say(r, 4, "de");
	fin(r, 9, "");
	flush(r);
	assert_got(r, "abc");
	assert_int_equal(r->closed, 0);
	assert_int_equal(r->memory.used, 0);
}

static void
a_reader_that_ends_the_stream_leaves_nothing_held(void **state)
{
	struct reading *r = *state;

	r->ended_after = 3;
	begin(r);
	say(r, 6, "fgh");
	say(r, 1, "abc");
	assert_int_equal(r->memory.used, 0);
}

static void
skipped_octets_are_not_shown_across_segments(void **state)
{
	struct reading *r = *state;

	r->skip_next = 5;
	r->appetite = 1;
	begin(r);
	say(r, 1, "abc");
	say(r, 4, "de");
	say(r, 6, "fgh");
	assert_got(r, "agh");
}

static void
a_hole_in_skipped_octets_is_not_told(void **state)
{
	struct reading *r = *state;

	r->skip_next = 6;
	r->appetite = 1;
	begin(r);
	say(r, 1, "ab");
	say(r, 7, "ghi"); /* 3..6 are lost */
	for (int i = 0; i < 3; i++)
		ack(r, 9);
	assert_got(r, "ahi");
	assert_int_equal(r->gaps, 0);
	assert_int_equal(r->counts.gap_octets, 4);
}

static void
a_hole_that_reaches_past_skipped_octets_is_told(void **state)
{
	struct reading *r = *state;

	r->skip_next = 3;
	r->appetite = 1;
	begin(r);
	say(r, 1, "ab");
	say(r, 7, "ghi");
	for (int i = 0; i < 3; i++)
		ack(r, 9);
	assert_got(r, "a<4>ghi");
}

static void
all_that_follows_may_be_skipped(void **state)
{
	struct reading *r = *state;

	r->skip_next = STREAM_SKIP_ALL;
	r->appetite = 1;
	begin(r);
	say(r, 1, "abc");
	say_cut(r, 4, "d", 1000);
	say(r, 2000, "xyz");
	fin(r, 2003, "");
	flush(r);
	assert_got(r, "a");
	assert_int_equal(r->gaps, 0);
	assert_int_equal(r->closed, 1);
}

/* ---- the end ---- */

static void
a_fin_ends_the_stream_when_all_before_it_is_there(void **state)
{
	struct reading *r = *state;

	begin(r);
	fin(r, 4, "def");
	assert_int_equal(r->closed, 0);
	say(r, 1, "abc");
	assert_got(r, "abcdef");
	assert_int_equal(r->closed, 1);
}

static void
a_repetition_that_adds_the_fin_ends_the_stream(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 1, "abc");
	fin(r, 1, "abc");
	assert_got(r, "abc");
	assert_int_equal(r->closed, 1);
}

static void
a_bare_fin_that_comes_early_waits(void **state)
{
	struct reading *r = *state;

	begin(r);
	fin(r, 4, "");
	assert_int_equal(r->closed, 0);
	say(r, 1, "abc");
	assert_got(r, "abc");
	assert_int_equal(r->closed, 1);
}

static void
a_fin_before_what_was_sent_is_none_of_the_streams(void **state)
{
	struct reading *r = *state;

	begin(r);
	say(r, 1, "abcdef");
	fin(r, 2, "");
	fin(r, 1, "ab");
	say(r, 7, "g");
	assert_got(r, "abcdefg");
	assert_int_equal(r->closed, 0);
	fin(r, 8, "");
	assert_int_equal(r->closed, 1);
}

static void
a_fin_far_ahead_does_not_stop_the_reading(void **state)
{
	struct reading *r = *state;

	begin(r);
	fin(r, 100000, "");
	say(r, 1, "abc");
	fin(r, 4, "def");
	assert_got(r, "abcdef");
	flush(r);
	assert_int_equal(r->closed, 1);
}

static void
nothing_is_read_behind_the_fin(void **state)
{
	struct reading *r = *state;

	begin(r);
	fin(r, 1, "abc");
	say(r, 4, "def");
	assert_got(r, "abc");
	assert_int_equal(r->closed, 1);
}

static void
acknowledgements_past_a_hole_reach_the_fin_behind_it(void **state)
{
	struct reading *r = *state;

	begin(r);
	fin(r, 4, "def");
	for (int i = 0; i < 3; i++)
		ack(r, 8);
	assert_got(r, "<3>def");
	assert_int_equal(r->closed, 1);
}

/* ---- limits ---- */

static void
no_more_is_held_for_a_reader_than_the_bound(void **state)
{
	struct reading *r = *state;
	char text[1000];
	uint32_t at = 1;

	memset(text, 'x', sizeof text);
	r->want = SIZE_MAX;
	begin(r);
	while (r->got_len == 0 && at < 2 * STREAM_PENDING_MAX) {
		input(r, at, text, sizeof text, sizeof text, "");
		at += sizeof text;
		assert_true(r->stream.pending_len <= STREAM_PENDING_MAX);
	}
	/* Then it is shown for the last time, as nothing can be behind it. */
	assert_int_equal(r->got_len, STREAM_PENDING_MAX);
	assert_int_equal(r->last_offers, 1);
	assert_false(r->stream.ended);
}

static void
a_stream_is_given_up_when_nothing_can_be_held(void **state)
{
	struct reading *r = *state;

	r->memory.max = 100;
	r->want = 1000;
	begin(r);
	say(r, 1, "abc");
	assert_true(r->stream.ended);
	assert_int_equal(r->counts.overflows, 1);
	assert_int_equal(r->closed, 1); /* we stopped listening */
	assert_true(r->reclaims > 0);
	assert_int_equal(r->memory.used, 0);
}

static void
a_stream_is_given_up_when_early_octets_cannot_be_held(void **state)
{
	struct reading *r = *state;

	r->memory.max = 100;
	begin(r);
	say(r, 1, "ab");
	say(r, 4, "x");
	input(r, 6, (char[200]){ 0 }, 200, 200, "");
	assert_true(r->stream.ended);
	assert_got(r, "ab");
	assert_int_equal(r->counts.overflows, 1);
	assert_int_equal(r->closed, 1);
	assert_int_equal(r->memory.used, 0);
}

static void
others_make_room_where_they_can(void **state)
{
	struct reading *r = *state;

	r->memory.max = 3000;
	r->memory.used = r->reclaimable = 2500;
	r->reclaim_octets = 500;
	r->want = 1000;
	begin(r);
	say(r, 1, "abc");
	assert_false(r->stream.ended);
	assert_true(r->memory.used <= r->memory.max);
	assert_int_equal(r->reclaims, 4); /* 2048 octets are wanted */
	flush(r);
	assert_got(r, "abc");
	assert_int_equal(r->memory.used, r->reclaimable);
}

static void
a_far_jump_does_not_disorder_what_is_held(void **state)
{
	struct reading *r = *state;

	begin(r);
	/* Ends more than half the number space ahead: no window allows it. */
	say(r, 0x7ffffffe, "far away");
	say(r, 3, "cd");
	say(r, 1, "ab");
	assert_got(r, "abcd");
	say(r, 5, "ef");
	assert_got(r, "abcdef");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(octets_in_order_come_as_they_are),
		T(what_comes_again_is_not_read_again),
		T(a_repetition_with_more_brings_the_new_part),
		T(a_stream_begun_in_the_middle_starts_with_what_comes_first),
		T(octets_in_a_syn_are_the_first),
		T(sequence_numbers_wrap_around),
		T(every_order_of_five_segments_gives_the_stream),
		T(of_any_overlap_the_first_copy_counts),
		T(an_early_copy_counts_before_the_one_that_fills_the_hole),
		T(an_early_copy_counts_before_later_early_ones),
		T(a_hole_is_believed_after_three_acknowledgements),
		T(acknowledgements_of_what_is_before_the_hole_mean_nothing),
		T(acknowledgements_count_for_one_hole_only),
		T(what_comes_for_a_hole_that_was_given_up_is_late),
		T(a_hole_is_given_up_when_too_much_waits_behind_it),
		T(a_hole_is_given_up_when_too_many_segments_wait_behind_it),
		T(without_the_other_direction_a_hole_is_believed_sooner),
		T(holes_are_given_up_at_the_end),
		T(what_the_capture_cut_off_is_a_hole),
		T(what_the_capture_cut_off_an_early_segment_is_a_hole),
		T(a_later_copy_does_not_mend_a_cut_one),
		T(a_reader_may_use_up_little_by_little),
		T(what_the_reader_cannot_use_yet_is_offered_again_with_more),
		T(what_waits_is_offered_for_the_last_time_before_a_hole),
		T(what_waits_is_offered_for_the_last_time_at_the_end),
		T(a_reader_is_not_asked_before_what_it_needs_is_there),
		T(a_need_is_forgotten_when_it_is_met),
		T(a_reader_may_end_the_stream),
		T(a_reader_that_ends_the_stream_leaves_nothing_held),
		T(skipped_octets_are_not_shown_across_segments),
		T(a_hole_in_skipped_octets_is_not_told),
		T(a_hole_that_reaches_past_skipped_octets_is_told),
		T(all_that_follows_may_be_skipped),
		T(a_fin_ends_the_stream_when_all_before_it_is_there),
		T(a_repetition_that_adds_the_fin_ends_the_stream),
		T(a_bare_fin_that_comes_early_waits),
		T(a_fin_before_what_was_sent_is_none_of_the_streams),
		T(a_fin_far_ahead_does_not_stop_the_reading),
		T(nothing_is_read_behind_the_fin),
		T(acknowledgements_past_a_hole_reach_the_fin_behind_it),
		T(no_more_is_held_for_a_reader_than_the_bound),
		T(a_stream_is_given_up_when_nothing_can_be_held),
		T(a_stream_is_given_up_when_early_octets_cannot_be_held),
		T(others_make_room_where_they_can),
		T(a_far_jump_does_not_disorder_what_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
