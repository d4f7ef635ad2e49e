#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "output/latency.h"

static void
nothing_took_no_time(void **state)
{
	struct latency latency = { 0 };

	(void)state;
	assert_int_equal(latency_percentile(&latency, 50), 0);
	assert_int_equal(latency_percentile(&latency, 100), 0);
}

static void
one_time_is_every_percentile(void **state)
{
	static const uint64_t times[] = { 0, 1, 3, 4, 7, 8, 1000, 123456789,
		(uint64_t)1 << 40, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct latency latency = { 0 };

		latency_add(&latency, times[i]);
		assert_int_equal(latency.count, 1);
		assert_int_equal(latency.max_us, times[i]);
		assert_int_equal(latency_percentile(&latency, 1), times[i]);
		assert_int_equal(latency_percentile(&latency, 50), times[i]);
		assert_int_equal(latency_percentile(&latency, 100), times[i]);
	}
}

/* 1 .. 1000: the true percentile p is 10 * p. */
static void
a_percentile_is_at_most_a_quarter_too_high(void **state)
{
	struct latency latency = { 0 };

	(void)state;
	for (uint64_t us = 1; us <= 1000; us++)
		latency_add(&latency, us);
	for (unsigned percent = 1; percent <= 100; percent++) {
		uint64_t got = latency_percentile(&latency, percent);

		assert_in_range(got, percent * 10, percent * 10 * 5 / 4);
	}
	assert_int_equal(latency_percentile(&latency, 100), 1000);
}

static void
every_time_is_within_a_quarter_over_the_whole_range(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 40; bit++) {
		for (unsigned eighth = 0; eighth < 8; eighth++) {
			uint64_t us = ((uint64_t)(8 + eighth) << bit) / 8;
			struct latency latency = { 0 };

			latency_add(&latency, us);
			latency_add(&latency, UINT64_MAX);
			assert_in_range(latency_percentile(&latency, 50), us,
			    us + us / 4);
		}
	}
}

static void
sums_of_two_are_as_if_they_were_one(void **state)
{
	struct latency all = { 0 }, sum = { 0 }, odd = { 0 };

	(void)state;
	for (uint64_t us = 0; us < 5000; us++) {
		latency_add(&all, us * us);
		latency_add(us % 2 != 0 ? &odd : &sum, us * us);
	}
	latency_merge(&sum, &odd);
	assert_memory_equal(&sum, &all, sizeof sum);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_took_no_time),
		cmocka_unit_test(one_time_is_every_percentile),
		cmocka_unit_test(a_percentile_is_at_most_a_quarter_too_high),
		cmocka_unit_test(
		    every_time_is_within_a_quarter_over_the_whole_range),
		cmocka_unit_test(sums_of_two_are_as_if_they_were_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
