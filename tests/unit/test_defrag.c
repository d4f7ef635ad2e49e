#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/defrag.h"
#include "sensor/layers.h"

#define SECOND 1000000u

struct fixture {
	struct layers_counts counts;
	struct defragmenter *defragmenter;
	struct fragment_key key;
	struct datagram whole;
	uint64_t now_us;
	uint8_t original[65535];
};

static void
fixture_init(struct fixture *x, const struct fragment_limits *limits)
{
	memset(&x->counts, 0, sizeof x->counts);
	x->defragmenter = defrag_new(limits, &x->counts);
	assert_non_null(x->defragmenter);
	x->key = (struct fragment_key){ .id = 1, .version = 4, .proto = 17 };
	x->now_us = 1000 * (uint64_t)SECOND;
	/* No stretch of it looks like another. */
	for (size_t i = 0; i < sizeof x->original; i++)
		x->original[i] = (uint8_t)(i * 7 + i / 251);
}

static void
restart(struct fixture *x, const struct fragment_limits *limits)
{
	defrag_free(x->defragmenter);
	fixture_init(x, limits);
}

static int
setup(void **state)
{
	static const struct fragment_limits limits = { 16, 1 << 20,
		60 * SECOND };
	struct fixture *x = malloc(sizeof *x);

	fixture_init(x, &limits);
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *x = *state;

	defrag_free(x->defragmenter);
	free(x);
	return 0;
}

/* Octets at `offset`, in a block that ends with them. */
static enum defrag
insert_octets(struct fixture *x, const void *octets, size_t len,
    uint32_t offset, bool more)
{
	uint8_t *block = malloc(len + 1);
	struct fragment fragment = { .octets = { block + 1, len },
		.offset = offset,
		.more = more,
		.proto = x->key.proto,
		.wire_len = 100,
		.time_us = x->now_us };
	enum defrag result;

	memcpy(block + 1, octets, len);
	result = defrag_insert(x->defragmenter, &x->key, &fragment, &x->whole);
	free(block);
	return result;
}

/* The original from `from` to before `to`. */
static enum defrag
insert(struct fixture *x, uint32_t from, uint32_t to, bool more)
{
	return insert_octets(x, x->original + from, to - from, from, more);
}

static void
assert_original(const struct fixture *x, size_t len)
{
	assert_int_equal(x->whole.payload.left, len);
	assert_memory_equal(x->whole.payload.at, x->original, len);
}

static void
any_order_gives_the_datagram(void **state)
{
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	static const uint32_t cuts[4] = { 0, 1480, 2960, 3001 };
	struct fixture *x = *state;

	for (int i = 0; i < 6; i++) {
		for (int j = 0; j < 3; j++) {
			int part = orders[i][j];

			assert_int_equal(insert(x, cuts[part], cuts[part + 1],
					     part < 2),
			    j < 2 ? DEFRAG_HELD : DEFRAG_WHOLE);
		}
		assert_original(x, 3001);
		assert_int_equal(x->whole.wire_len, 300);
		assert_int_equal(x->whole.proto, 17);
	}
	assert_int_equal(x->counts.reassembled, 6);
	assert_int_equal(x->counts.fragment_overlaps, 0);
}

static void
the_largest_datagram_comes_in_the_smallest_fragments(void **state)
{
	struct fixture *x = *state;

	x->key.version = 6;
	for (uint32_t at = 0; at < 65528; at += 8)
		assert_int_equal(insert(x, at, at + 8, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 65528, 65535, false), DEFRAG_WHOLE);
	assert_original(x, 65535);
}

/* 65,535 octets less IPv4's header; IPv6 does not count its own. */
static void
a_datagram_over_64_kib_is_refused(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(insert(x, 65504, 65516, false), DEFRAG_REFUSED);
	assert_int_equal(insert(x, 65504, 65515, false), DEFRAG_HELD);
	x->key.version = 6;
	assert_int_equal(DEFRAG_REFUSED,
	    insert_octets(x, x->original, 8, 65528, false));
	assert_int_equal(DEFRAG_REFUSED,
	    insert_octets(x, x->original, 65535, 65528, false));
}

static void
impossible_fragments_are_refused(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(insert(x, 8, 8, true), DEFRAG_REFUSED);
	assert_int_equal(insert(x, 8, 8, false), DEFRAG_REFUSED);
	assert_int_equal(insert(x, 0, 13, true), DEFRAG_REFUSED);
	/* and do no harm to the others */
	assert_int_equal(insert(x, 0, 16, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 16, 21, false), DEFRAG_WHOLE);
	assert_original(x, 21);
}

static void
repeats_are_not_overlaps(void **state)
{
	struct fixture *x = *state;

	for (x->key.version = 4; x->key.version <= 6; x->key.version += 2) {
		assert_int_equal(insert(x, 0, 64, true), DEFRAG_HELD);
		assert_int_equal(insert(x, 0, 64, true), DEFRAG_HELD);
		assert_int_equal(insert(x, 16, 48, true), DEFRAG_HELD);
		assert_int_equal(insert(x, 128, 130, false), DEFRAG_HELD);
		assert_int_equal(insert(x, 128, 130, false), DEFRAG_HELD);
		assert_int_equal(insert(x, 64, 128, true), DEFRAG_WHOLE);
		assert_original(x, 130);
	}
	assert_int_equal(x->counts.fragment_overlaps, 0);
}

static void
where_ipv4_fragments_overlap_the_first_octets_stay(void **state)
{
	struct fixture *x = *state;
	uint8_t other[64];

	memset(other, 'X', sizeof other);
	assert_int_equal(insert(x, 16, 32, true), DEFRAG_HELD);
	/* before, over and behind what is there; then the same again */
	assert_int_equal(insert_octets(x, other, 64, 0, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 8, 48, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 64, 72, false), DEFRAG_WHOLE);
	assert_int_equal(x->whole.payload.left, 72);
	assert_memory_equal(x->whole.payload.at, other, 16);
	assert_memory_equal(x->whole.payload.at + 16, x->original + 16, 16);
	assert_memory_equal(x->whole.payload.at + 32, other, 32);
	assert_memory_equal(x->whole.payload.at + 64, x->original + 64, 8);
	assert_int_equal(x->counts.fragment_overlaps, 2);
}

/* RFC 5722, even where the octets are the same. */
static void
where_ipv6_fragments_overlap_the_datagram_is_discarded(void **state)
{
	struct fixture *x = *state;

	x->key.version = 6;
	assert_int_equal(insert(x, 0, 32, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 24, 48, true), DEFRAG_REFUSED);
	/* with all that follows */
	assert_int_equal(insert(x, 32, 40, false), DEFRAG_REFUSED);
	assert_int_equal(insert(x, 0, 32, true), DEFRAG_REFUSED);
	assert_int_equal(x->counts.fragment_overlaps, 1);
	/* until it is too old to be meant */
	x->now_us += 61 * SECOND;
	assert_int_equal(insert(x, 0, 32, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 32, 40, false), DEFRAG_WHOLE);
	assert_int_equal(x->counts.fragment_timeouts, 0);
}

static void
changed_octets_are_no_repeat(void **state)
{
	struct fixture *x = *state;

	x->key.version = 6;
	assert_int_equal(insert(x, 0, 32, true), DEFRAG_HELD);
	x->original[31] ^= 1;
	assert_int_equal(insert(x, 0, 32, true), DEFRAG_REFUSED);
	assert_int_equal(x->counts.fragment_overlaps, 1);
}

static void
fragments_that_disagree_about_the_end_discard_the_datagram(void **state)
{
	struct fixture *x = *state;

	/* two ends */
	assert_int_equal(insert(x, 32, 40, false), DEFRAG_HELD);
	assert_int_equal(insert(x, 40, 48, false), DEFRAG_REFUSED);
	assert_int_equal(insert(x, 0, 32, true), DEFRAG_REFUSED);
	/* more behind the end, and at the end */
	x->key.id++;
	assert_int_equal(insert(x, 32, 40, false), DEFRAG_HELD);
	assert_int_equal(insert(x, 40, 48, true), DEFRAG_REFUSED);
	x->key.id++;
	assert_int_equal(insert(x, 32, 40, false), DEFRAG_HELD);
	assert_int_equal(insert(x, 32, 40, true), DEFRAG_REFUSED);
	/* an end before what is there */
	x->key.id++;
	assert_int_equal(insert(x, 32, 40, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 24, 32, false), DEFRAG_REFUSED);
}

static void
every_part_of_the_key_tells_datagrams_apart(void **state)
{
	struct fixture *x = *state;
	const struct fragment_key key = x->key;

	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	x->key.id ^= 0x10000;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_HELD);
	x->key = key;
	x->key.proto = 6;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_HELD);
	x->key = key;
	x->key.src.octets[15]++;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_HELD);
	x->key = key;
	x->key.dst.octets[0]++;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_HELD);
	x->key = key;
	x->key.depth++;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_HELD);
	x->key = key;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_WHOLE);
}

static void
what_is_not_whole_in_time_is_forgotten(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	x->now_us += 60 * SECOND;
	assert_int_equal(insert(x, 8, 16, true), DEFRAG_HELD);
	x->now_us += 1; /* since the first fragment, not the last */
	assert_int_equal(insert(x, 16, 24, false), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_timeouts, 1);
	/* the last one began a new datagram */
	assert_int_equal(insert(x, 0, 16, true), DEFRAG_WHOLE);
}

static void
old_datagrams_go_when_any_fragment_comes(void **state)
{
	struct fixture *x = *state;

	for (x->key.id = 1; x->key.id <= 10; x->key.id++)
		assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	x->now_us += 61 * SECOND;
	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_timeouts, 10);
}

static void
a_clock_that_goes_back_ends_what_was_open(void **state)
{
	struct fixture *x = *state;

	/* a little, as between interfaces, does no harm */
	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	x->now_us -= SECOND;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_WHOLE);
	/* a lot, as between files, and forward again, does not mix them */
	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	x->now_us = 1;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_timeouts, 1);
	x->now_us = UINT64_MAX;
	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_timeouts, 2);
}

/* The list is in order of arrival, which then is not that of age. */
static void
an_old_datagram_behind_a_younger_one_is_not_continued(void **state)
{
	struct fixture *x = *state;

	x->now_us = 1059 * (uint64_t)SECOND;
	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	x->key.id++;
	x->now_us = 1000 * (uint64_t)SECOND;
	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	x->now_us = 1061 * (uint64_t)SECOND;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_timeouts, 1);
}

static void
the_oldest_datagram_makes_room_for_a_new_one(void **state)
{
	struct fixture *x = *state;

	for (x->key.id = 1; x->key.id <= 17; x->key.id++)
		assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_evictions, 1);
	x->key.id = 2;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_WHOLE);
	x->key.id = 1;
	assert_int_equal(insert(x, 8, 16, false), DEFRAG_HELD);
}

/* Five blocks of 2 KiB and their bookkeeping. */
static const struct fragment_limits little = { 16, 5 * 2100, 60 * SECOND };

static void
the_oldest_datagram_makes_room_for_octets(void **state)
{
	struct fixture *x = *state;

	restart(x, &little);
	for (x->key.id = 1; x->key.id <= 5; x->key.id++)
		assert_int_equal(insert(x, 0, 2048, true), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_evictions, 0);
	x->key.id = 5;
	assert_int_equal(insert(x, 2048, 6144, true), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_evictions, 2);
	x->key.id = 3;
	assert_int_equal(insert(x, 2048, 2049, false), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_evictions, 3);
	x->key.id = 5;
	assert_int_equal(insert(x, 6144, 6145, false), DEFRAG_WHOLE);
	assert_original(x, 6145);
}

static void
a_datagram_that_alone_is_too_much_is_evicted_itself(void **state)
{
	struct fixture *x = *state;

	restart(x, &little);
	assert_int_equal(insert(x, 0, 10240, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 10240, 12288, true), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_evictions, 1);
	assert_int_equal(insert(x, 12288, 12290, false), DEFRAG_REFUSED);
	x->key.id++;
	assert_int_equal(insert(x, 0, 8192, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 8192, 8193, false), DEFRAG_WHOLE);
}

static void
limits_of_nothing_reassemble_nothing(void **state)
{
	static const struct fragment_limits no_datagrams = { 0, 1 << 20, 1 };
	static const struct fragment_limits no_octets = { 16, 0, 1 };
	struct fixture *x = *state;

	restart(x, &no_datagrams);
	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_evictions, 1);
	restart(x, &no_octets);
	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	assert_int_equal(x->counts.fragment_evictions, 1);
}

static void
whole_datagrams_live_until_they_are_released(void **state)
{
	struct fixture *x = *state;
	struct cursor whole[32];

	x->key.version = 6;
	for (int batch = 0; batch < 3; batch++) {
		for (int i = 0; i < 32; i++) {
			x->original[0] = (uint8_t)i;
			assert_int_equal(insert(x, 0, 32768, true),
			    DEFRAG_HELD);
			assert_int_equal(insert(x, 32768, 65535, false),
			    DEFRAG_WHOLE);
			whole[i] = x->whole.payload;
		}
		for (int i = 0; i < 32; i++) {
			assert_int_equal(whole[i].at[0], i);
			assert_memory_equal(whole[i].at + 1, x->original + 1,
			    65534);
		}
		defrag_release(x->defragmenter);
	}
}

static void
a_caller_that_never_releases_gets_no_more(void **state)
{
	struct fixture *x = *state;
	int whole = 0;

	x->key.version = 6;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(insert(x, 0, 32768, true), DEFRAG_HELD);
		whole += insert(x, 32768, 65535, false) == DEFRAG_WHOLE;
	}
	assert_int_equal(whole, 64);
	assert_int_equal(x->counts.reassembled, 64);
	assert_int_equal(x->counts.fragment_evictions, 36);
	defrag_release(x->defragmenter);
	assert_int_equal(insert(x, 0, 8, true), DEFRAG_HELD);
	assert_int_equal(insert(x, 8, 9, false), DEFRAG_WHOLE);
}

static void
repeats_without_end_discard_the_datagram(void **state)
{
	struct fixture *x = *state;
	int held = 0;

	for (int i = 0; i < 10000; i++)
		held += insert(x, 0, 8, true) == DEFRAG_HELD;
	assert_int_equal(held, 8192);
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223; /* Numerical Recipes */
	return *seed >> 8;
}

/*
 * Cut anywhere, shuffled, some parts twice, many datagrams at once: what comes
 * out is what went in.
 */
static void
random_trains_give_their_datagrams(void **state)
{
	struct fixture *x = *state;
	struct {
		uint32_t from, to;
	} parts[64], swap;
	uint32_t seed = 1, at, len, count, done = 0;

	for (int round = 0; round < 2000; round++) {
		len = next_random(&seed) % 6000 + 65;
		for (at = 0, count = 0; at < len && count < 63; count++) {
			parts[count].from = at;
			at += (next_random(&seed) % 40 + 1) * 8;
			parts[count].to = at;
		}
		if (at >= len)
			parts[count - 1].to = len;
		else {
			parts[count].from = at;
			parts[count++].to = len;
		}
		for (uint32_t i = count - 1; i > 0; i--) {
			uint32_t j = next_random(&seed) % (i + 1);

			swap = parts[i];
			parts[i] = parts[j];
			parts[j] = swap;
		}
		x->key.id++;
		x->key.version = next_random(&seed) & 1 ? 4 : 6;
		for (uint32_t i = 0; i < count; i++) {
			bool more = parts[i].to < len, last = i == count - 1;

			if (!last && next_random(&seed) % 4 == 0)
				(void)insert(x, parts[i].from, parts[i].to,
				    more);
			assert_int_equal(last ? DEFRAG_WHOLE : DEFRAG_HELD,
			    insert(x, parts[i].from, parts[i].to, more));
		}
		assert_original(x, len);
		done++;
		defrag_release(x->defragmenter);
	}
	assert_int_equal(x->counts.reassembled, done);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(any_order_gives_the_datagram),
		T(the_largest_datagram_comes_in_the_smallest_fragments),
		T(a_datagram_over_64_kib_is_refused),
		T(impossible_fragments_are_refused),
		T(repeats_are_not_overlaps),
		T(where_ipv4_fragments_overlap_the_first_octets_stay),
		T(where_ipv6_fragments_overlap_the_datagram_is_discarded),
		T(changed_octets_are_no_repeat),
		T(fragments_that_disagree_about_the_end_discard_the_datagram),
		T(every_part_of_the_key_tells_datagrams_apart),
		T(what_is_not_whole_in_time_is_forgotten),
		T(old_datagrams_go_when_any_fragment_comes),
		T(a_clock_that_goes_back_ends_what_was_open),
		T(an_old_datagram_behind_a_younger_one_is_not_continued),
		T(the_oldest_datagram_makes_room_for_a_new_one),
		T(the_oldest_datagram_makes_room_for_octets),
		T(a_datagram_that_alone_is_too_much_is_evicted_itself),
		T(limits_of_nothing_reassemble_nothing),
		T(whole_datagrams_live_until_they_are_released),
		T(a_caller_that_never_releases_gets_no_more),
		T(repeats_without_end_discard_the_datagram),
		T(random_trains_give_their_datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
