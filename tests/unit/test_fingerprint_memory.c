#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/fingerprint_memory.h"
#include "sensor/observation_builder.h"

#define NOW UINT64_C(1774915263000000)

static const char curl[] = "t13d1516h2_8daaf6152771_b186095e22b6";
static const char curl_ja3[] = "579ccef312d18482fc42e2b822ca2430";
static const char rat[] = "t12d190800_d83cc789557e_7af1ed941c26";

struct bench {
	struct fingerprint_memory *memory;
	struct observation_builder builder;
};

static int
set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->memory = fingerprint_memory_new(&(struct siphash_key){ 0, 0 });
	assert_non_null(b->memory);
	assert_int_equal(observation_builder_init(&b->builder), 0);
	*state = b;
	return 0;
}

static int
tear_down(void **state)
{
	struct bench *b = *state;

	observation_builder_fini(&b->builder);
	fingerprint_memory_free(b->memory);
	free(b);
	return 0;
}

static void
hello(struct bench *b, enum obs_kind kind, uint64_t flow_id, uint16_t segment,
    const char *ja3, const char *ja4, uint64_t time_us)
{
	struct observation *o = observation_begin(&b->builder, kind);

	o->flow_id = flow_id;
	o->time_us = time_us;
	o->segment[DIR_OUT] = segment;
	o->tls.ja3 = observation_add(&b->builder, cur_of(ja3, strlen(ja3)));
	o->tls.ja4 = observation_add(&b->builder, cur_of(ja4, strlen(ja4)));
	fingerprint_memory_observe(b->memory, observation_finish(&b->builder));
}

static struct fingerprint_seen
found(const struct bench *b, uint64_t flow_id)
{
	struct fingerprint_seen seen;

	assert_true(fingerprint_memory_find(b->memory, flow_id, &seen));
	return seen;
}

static void
the_first_flow_of_a_program_is_new_and_stays_so(void **state)
{
	struct bench *b = *state;
	struct fingerprint_seen seen;

	hello(b, OBS_TLS_HELLO, 10, 1, curl_ja3, curl, NOW);
	hello(b, OBS_TLS_HELLO, 11, 1, curl_ja3, curl, NOW + 5);
	hello(b, OBS_QUIC, 12, 1, "", rat, NOW + 9);
	seen = found(b, 10);
	assert_true(seen.is_new);
	assert_string_equal(seen.ja3, curl_ja3);
	assert_string_equal(seen.ja4, curl);
	assert_int_equal(seen.first_us, NOW);
	seen = found(b, 11);
	assert_false(seen.is_new);
	assert_int_equal(seen.first_us, NOW);
	seen = found(b, 12);
	assert_true(seen.is_new);
	assert_string_equal(seen.ja3, "");
	assert_int_equal(seen.first_us, NOW + 9);
	/* A second hello of the first flow (after HelloRetryRequest). */
	hello(b, OBS_TLS_HELLO, 10, 1, curl_ja3, curl, NOW + 20);
	assert_true(found(b, 10).is_new);
}

static void
each_segment_knows_its_own_programs(void **state)
{
	struct bench *b = *state;

	hello(b, OBS_TLS_HELLO, 10, 1, curl_ja3, curl, NOW);
	hello(b, OBS_TLS_HELLO, 11, 2, curl_ja3, curl, NOW + 1);
	assert_true(found(b, 11).is_new);
	assert_int_equal(found(b, 11).first_us, NOW + 1);
}

static void
without_ja4_the_ja3_is_the_program(void **state)
{
	struct bench *b = *state;

	hello(b, OBS_TLS_HELLO, 10, 1, curl_ja3, "", NOW);
	hello(b, OBS_TLS_HELLO, 11, 1, curl_ja3, "", NOW + 1);
	assert_false(found(b, 11).is_new);
	assert_string_equal(found(b, 11).ja3, curl_ja3);
}

static void
flows_without_a_fingerprint_have_none(void **state)
{
	struct bench *b = *state;
	struct fingerprint_seen seen;

	hello(b, OBS_TLS_HELLO, 10, 1, "", "", NOW);
	hello(b, OBS_TLS, 11, 1, curl_ja3, curl, NOW);
	assert_false(fingerprint_memory_find(b->memory, 10, &seen));
	assert_false(fingerprint_memory_find(b->memory, 11, &seen));
	assert_false(fingerprint_memory_find(b->memory, 0, &seen));
}

static void
a_flood_of_programs_pushes_out_what_was_not_seen_for_longest(void **state)
{
	struct bench *b = *state;
	struct fingerprint_seen seen;
	char ja4[sizeof curl];
	uint64_t now = NOW;

	hello(b, OBS_TLS_HELLO, 1, 1, "", curl, now);
	hello(b, OBS_TLS_HELLO, 2, 1, "", rat, now);
	for (unsigned i = 0; i < 4 * FINGERPRINT_PROGRAMS_MAX; i++) {
		snprintf(ja4, sizeof ja4, "t13d151600_%012x_b186095e22b6", i);
		hello(b, OBS_TLS_HELLO, 1000 + i, 1, "", ja4, ++now);
		if (i % 256 == 0) /* goes on all the time */
			hello(b, OBS_TLS_HELLO, 3, 1, "", rat, now);
	}
	hello(b, OBS_TLS_HELLO, 4, 1, "", curl, ++now);
	hello(b, OBS_TLS_HELLO, 5, 1, "", rat, ++now);
	assert_true(found(b, 4).is_new);
	assert_false(found(b, 5).is_new);
	assert_int_equal(found(b, 5).first_us, NOW);
	/* The first flow's place has been taken. */
	assert_false(fingerprint_memory_find(b->memory, 1, &seen));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_first_flow_of_a_program_is_new_and_stays_so),
		TEST(each_segment_knows_its_own_programs),
		TEST(without_ja4_the_ja3_is_the_program),
		TEST(flows_without_a_fingerprint_have_none),
		TEST(
		    a_flood_of_programs_pushes_out_what_was_not_seen_for_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
