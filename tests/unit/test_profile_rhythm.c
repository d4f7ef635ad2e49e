#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/profile_rhythm.h"

#define START_S 1774915227.5 /* 2026-03-31 00:00:27.5 UTC */

/* The axios RAT's. */
static const struct profile_timing sixty = { .period_us = 60000000,
	.early_us = 250000,
	.late_us = 15000000,
	.retry_us = 90000000,
	.spread_us = 3000000,
	.intervals_min = 3,
	.weight = 30,
	.aligned_weight = -15 };

/* Requests with these seconds between them; 0 ends. */
static struct profile_rhythm
after(const double *gaps)
{
	struct profile_rhythm r = { 0 };
	double at = START_S;

	profile_rhythm_add(&r, &sixty, (uint64_t)(at * 1e6));
	for (; *gaps != 0; gaps++) {
		at += *gaps;
		profile_rhythm_add(&r, &sixty, (uint64_t)(at * 1e6));
	}
	return r;
}

static void
turns_of_the_loop_are_told_from_other_requests(void **state)
{
	static const struct {
		const char *name;
		double gaps[20];
		bool holds;
	} cases[] = {
		{ "three turns", { 60.3, 60.4, 60.2 }, true },
		{ "two turns", { 60.3, 60.4 }, false },
		{ "a little early", { 59.8, 60.1, 60.1 }, true },
		{ "too early", { 59.7, 60.1, 60.1 }, false },
		{ "slow work", { 68, 70, 69 }, true },
		{ "too slow", { 75.1, 75.1, 75.1, 75.1 }, false },
		{ "within bounds, but unlike", { 60.1, 67, 74 }, false },
		{ "one of four is off", { 60.3, 40, 60.4, 60.2 }, true },
		{ "two of five are off", { 60.3, 40, 60.4, 44, 60.2 }, false },
		{ "one or three lost", { 60.3, 120.8, 60.3, 241, 60.3 }, true },
		{ "all but one lost", { 120.8, 120.8, 120.8, 120.8 }, false },
		{ "an attempt failed", { 60.3, 150.4, 60.3, 240.5, 60.3 },
		    true },
		{ "a failed one, thrice, with turns off",
		    { 330.9, 60.3, 330.9, 60.3, 330.9, 60.3 }, true },
		{ "asleep", { 60.3, 30000, 60.3, 7777, 60.3 }, true },
		{ "between two turns", { 60.3, 100, 60.3, 100, 60.3, 100 },
		    false },
		{ "a command's result, then sleep", { 60.3, 9, 60.3, 14, 60.3 },
		    true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct profile_rhythm r = after(cases[i].gaps);

		if (profile_rhythm_holds(&r, &sixty) != cases[i].holds)
			fail_msg("%s", cases[i].name);
	}
}

static void
what_was_on_the_beat_is_measured(void **state)
{
	struct profile_rhythm r = after(
	    (double[]){ 60.5, 61, 40, 62, 120, 60.25, 0 });
	uint64_t interval_us, jitter_us;
	uint32_t recent[RHYTHM_INTERVALS_MAX];

	(void)state;
	profile_rhythm_measure(&r, &interval_us, &jitter_us);
	assert_int_equal(interval_us, 60500000); /* of 60.25 60.5 61 62 */
	assert_int_equal(jitter_us, 250000);     /* of 0 .25 .5 1.5 */
	assert_int_equal(profile_rhythm_recent(&r, recent), 5);
	assert_int_equal(recent[0], 60500000);
	assert_int_equal(recent[2], 40000000);
	assert_int_equal(recent[4], 60250000);
	r = (struct profile_rhythm){ 0 };
	profile_rhythm_measure(&r, &interval_us, &jitter_us);
	assert_int_equal(interval_us, 0);
	assert_int_equal(jitter_us, 0);
}

static void
only_the_last_intervals_count(void **state)
{
	struct profile_rhythm r = { 0 };
	uint32_t recent[RHYTHM_INTERVALS_MAX];
	uint64_t at = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		profile_rhythm_add(&r, &sixty, at += 30000000);
	assert_false(profile_rhythm_holds(&r, &sixty));
	for (unsigned i = 0; i < 12; i++)
		profile_rhythm_add(&r, &sixty, at += 60000000 + i);
	assert_true(profile_rhythm_holds(&r, &sixty));
	assert_int_equal(profile_rhythm_recent(&r, recent),
	    RHYTHM_INTERVALS_MAX);
	assert_int_equal(recent[3], 30000000);
	assert_int_equal(recent[4], 60000000);
	assert_int_equal(recent[15], 60000011);
}

static void
a_clock_that_is_set_back_starts_anew(void **state)
{
	struct profile_rhythm r = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		profile_rhythm_add(&r, &sixty, 90000000000 + i * 60300000ull);
	for (unsigned i = 0; i < 2; i++)
		profile_rhythm_add(&r, &sixty, 5 + i * 60300000ull);
	assert_true(profile_rhythm_holds(&r, &sixty));
	assert_int_equal(r.count, 3);
	profile_rhythm_add(&r, &sixty, UINT64_MAX);
	profile_rhythm_add(&r, &sixty, 0);
	assert_int_equal(r.count, 3);
}

static void
the_full_minute_weighs_against_it(void **state)
{
	struct profile_rhythm r = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		profile_rhythm_add(&r, &sixty, 60000000 * i + 1500000);
	assert_int_equal(profile_rhythm_score(&r, &sixty), 15);
	profile_rhythm_add(&r, &sixty, 60000000 * 5 + 2000000);
	assert_int_equal(profile_rhythm_score(&r, &sixty), 30);
}

static void
without_a_period_nothing_holds(void **state)
{
	const struct profile_timing none = { 0 };
	struct profile_rhythm r = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 50; i++)
		profile_rhythm_add(&r, &none, i);
	assert_false(profile_rhythm_holds(&r, &none));
	assert_int_equal(profile_rhythm_score(&r, &none), 0);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(
		    turns_of_the_loop_are_told_from_other_requests),
		cmocka_unit_test(what_was_on_the_beat_is_measured),
		cmocka_unit_test(only_the_last_intervals_count),
		cmocka_unit_test(a_clock_that_is_set_back_starts_anew),
		cmocka_unit_test(the_full_minute_weighs_against_it),
		cmocka_unit_test(without_a_period_nothing_holds),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
