#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/beacon_score.h"

/* Timelines whose answer is known from how they are made. */

#define START UINT64_C(1774915200000000)

static const struct beacon_context alone = { .peers = 1, .segment_hosts = 80 };

struct timeline {
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	size_t count;
	uint64_t random;
	double now_s;
};

static struct timeline
timeline(uint64_t seed)
{
	return (struct timeline){ .random = seed * 0x9e3779b97f4a7c15 + 1 };
}

/* Uniform on (0, 1]; an LCG of our own, so that runs are the same. */
static double
uniform(struct timeline *t)
{
	t->random = t->random * 6364136223846793005 + 1442695040888963407;
	return ((double)(t->random >> 32) + 1) / 4294967296.0;
}

static double
normal(struct timeline *t)
{
	return sqrt(-2 * log(uniform(t))) * cos(6.283185307179586 * uniform(t));
}

static void
put(struct timeline *t, double at_s, uint32_t octets)
{
	if (t->count == BEACON_SAMPLES_MAX)
		return;
	t->samples[t->count++] = (struct beacon_sample){
		START + (uint64_t)(at_s * 1e6), octets, 100
	};
}

static void
step(struct timeline *t, double gap_s, uint32_t octets)
{
	put(t, t->now_s, octets);
	t->now_s += gap_s;
}

static struct beacon_score
score_of(const struct timeline *t)
{
	struct beacon_score score;

	beacon_score(t->samples, t->count, &alone, &score);
	return score;
}

static void
check_sane(const struct beacon_score *s)
{
	const float shares[] = { s->score, s->own, s->periodicity,
		s->confidence, s->sizes, s->coverage, s->prevalence,
		s->jitter };

	for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
		assert_true(isfinite(shares[i]));
		assert_true(shares[i] >= 0 && shares[i] <= 1);
	}
	assert_true(isfinite(s->evidence));
	assert_true(isfinite(s->interval_s) && s->interval_s >= 0);
	assert_true(s->samples <= BEACON_SAMPLES_MAX);
	assert_true(s->in_rhythm <= s->samples);
	assert_true(s->streams >= 1);
}

#define assert_near(x, y, tolerance)                                           \
	assert_true(fabs((double)(x) - (y)) <= (tolerance))

/* ---- loops ---- */

static void
test_exact_loop_scores_near_one_and_its_interval_is_named(void **state)
{
	struct timeline t = timeline(1);
	struct beacon_score s;

	(void)state;
	for (int i = 0; i < 30; i++)
		step(&t, 60, 400);
	s = score_of(&t);
	check_sane(&s);
	assert_true(s.score > 0.99f);
	assert_near(s.interval_s, 60, 0.01);
	assert_near(s.jitter, 0, 0.001);
	assert_near(s.sizes, 1, 0.001);
	assert_near(s.coverage, 1, 0.001);
	assert_int_equal(s.in_rhythm, 29);
	assert_int_equal(s.histogram[4], 29);
	assert_int_equal(s.lowered, 0);
}

/* The capture of the simulated attack: gaps that differ by a millisecond. */
static void
test_gaps_that_hardly_differ_have_an_interval_too(void **state)
{
	static const double gaps[] = { 36.045, 60.003, 60.002, 60.001, 60.002,
		60.001, 60.002, 60.001 };
	struct timeline t = timeline(3);
	struct beacon_score s;

	(void)state;
	for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++)
		step(&t, gaps[i], 400);
	put(&t, t.now_s, 400);
	s = score_of(&t);
	check_sane(&s);
	assert_near(s.interval_s, 60.0015, 0.002);
	assert_int_equal(s.in_rhythm, 7);
}

static void
test_five_moments_of_a_drifting_minute_loop_suffice(void **state)
{
	struct timeline t = timeline(2);
	struct beacon_score s;

	(void)state;
	for (int i = 0; i < 5; i++)
		step(&t, 60.2 + 0.2 * uniform(&t), 400);
	s = score_of(&t);
	assert_true(s.score >= 0.8f);
	assert_near(s.interval_s, 60.3, 0.2);
}

static void
test_three_moments_are_never_enough(void **state)
{
	struct timeline t = timeline(2);

	(void)state;
	for (int i = 0; i < 3; i++)
		step(&t, 60, 400);
	assert_true(score_of(&t).score < 0.5f);
	assert_true(score_of(&t).lowered & BEACON_LOW_FEW);
}

/* Ten timelines each, of a loop whose sleep is shortened by up to `share`. */
static void
check_jitter(double share, size_t count)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct timeline t = timeline(seed);
		struct beacon_score s;

		while (t.count < count)
			step(&t, 120 * (1 - share * uniform(&t)), 500);
		s = score_of(&t);
		check_sane(&s);
		assert_true(s.score >= 0.8f);
		assert_true(s.jitter <= (float)(share / (2 - share)) + 0.01f);
	}
}

static void
test_loop_with_20_percent_jitter_is_found(void **state)
{
	(void)state;
	check_jitter(0.2, 16);
}

static void
test_loop_with_50_percent_jitter_is_found(void **state)
{
	(void)state;
	check_jitter(0.5, 64);
}

static void
test_loop_with_80_percent_jitter_is_found(void **state)
{
	(void)state;
	check_jitter(0.8, 160);
}

static void
test_loop_with_gaussian_jitter_is_found(void **state)
{
	struct timeline t = timeline(3);

	(void)state;
	while (t.count < 60)
		step(&t, 60 + 9 * normal(&t), 500);
	assert_true(score_of(&t).score > 0.9f);
	assert_near(score_of(&t).interval_s, 60, 5);
}

static void
test_loop_that_loses_two_of_five_is_found(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct timeline t = timeline(seed);
		struct beacon_score s;

		for (double now = 0; t.count < 80;
		     now += 90 * (0.9 + 0.2 * uniform(&t))) {
			if (uniform(&t) > 0.4)
				put(&t, now, 300);
		}
		s = score_of(&t);
		assert_true(s.score > 0.8f);
		assert_near(s.interval_s, 90, 10);
	}
}

static void
test_loop_that_sleeps_with_its_laptop_is_found(void **state)
{
	struct timeline t = timeline(4);
	struct beacon_score s;

	(void)state;
	for (int day = 0; day < 3; day++) {
		for (int i = 0; i < 40; i++)
			step(&t, 60.3, 400);
		t.now_s += 14 * 3600;
	}
	s = score_of(&t);
	assert_true(s.score > 0.95f);
	assert_near(s.interval_s, 60.3, 0.1);
}

static void
test_loop_whose_sleep_changes_is_found(void **state)
{
	static const double sleeps[] = { 300, 60 };
	struct timeline t = timeline(5);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (int k = 0; k < 40; k++)
			step(&t, sleeps[i] * (0.9 + 0.2 * uniform(&t)), 400);
	}
	assert_true(score_of(&t).score > 0.9f);
}

static void
test_two_loops_behind_one_address_are_found_with_their_interval(void **state)
{
	struct timeline t = timeline(6);
	double a = 0, b = 17;
	struct beacon_score s;

	(void)state;
	while (t.count < 200) {
		if (a <= b) {
			put(&t, a, 400);
			a += 60 * (0.95 + 0.1 * uniform(&t));
		} else {
			put(&t, b, 400);
			b += 60 * (0.95 + 0.1 * uniform(&t));
		}
	}
	s = score_of(&t);
	assert_true(s.score > 0.9f);
	assert_int_equal(s.streams, 2);
	assert_near(s.interval_s, 60, 3);
}

/* Nine gaps of ten are a burst's, in a sixth of the time. */
static void
test_bursts_in_between_do_not_hide_a_loop(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct timeline t = timeline(seed);
		struct beacon_score s;

		for (int i = 0; t.count < 250; i++) {
			double burst_s = t.now_s + 2;

			step(&t, 60 * (0.95 + 0.1 * uniform(&t)), 400);
			for (int k = 0; i % 6 == 5 && k < 45; k++) {
				put(&t, burst_s,
				    (uint32_t)(300 + 5000 * uniform(&t)));
				burst_s += 1 + 0.3 * uniform(&t);
			}
		}
		s = score_of(&t);
		assert_true(s.score > 0.9f);
		assert_near(s.interval_s, 60, 3);
	}
}

static void
test_slow_loop_is_found_by_ten_moments(void **state)
{
	struct timeline t = timeline(8);

	(void)state;
	while (t.count < 10)
		step(&t, 2700 * (0.9 + 0.2 * uniform(&t)), 700);
	assert_true(score_of(&t).score > 0.8f);
	assert_near(score_of(&t).interval_s, 2700, 270);
}

/* ---- chance ---- */

/* The highest score of 200 timelines of `count` moments. */
static float
highest(double (*gap)(struct timeline *), size_t count)
{
	float most = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct timeline t = timeline(seed);
		struct beacon_score s;

		while (t.count < count)
			step(&t, gap(&t), 600);
		s = score_of(&t);
		check_sane(&s);
		most = s.score > most ? s.score : most;
	}
	return most;
}

static double
exponential_gap(struct timeline *t)
{
	return -60 * log(uniform(t));
}

static double
uniform_gap(struct timeline *t)
{
	return 120 * uniform(t);
}

static double
lognormal_gap(struct timeline *t)
{
	return 60 * exp(0.8 * normal(t));
}

static double
burst_gap(struct timeline *t)
{
	return uniform(t) < 0.1 ? -1800 * log(uniform(t)) : 5 * exp(normal(t));
}

static double
pareto_gap(struct timeline *t)
{
	return 2 * pow(uniform(t), -1);
}

static void
test_chance_never_scores_high_even_with_constant_sizes(void **state)
{
	static const size_t counts[] = { 4, 5, 6, 8, 12, 20, 50, 256 };
	static double (*const gaps[])(struct timeline *) = { exponential_gap,
		uniform_gap, lognormal_gap, burst_gap, pareto_gap };

	(void)state;
	for (size_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
		for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
			assert_true(highest(gaps[g], counts[i]) < 0.8f);
	}
}

static void
test_a_backing_off_client_scores_low(void **state)
{
	struct timeline t = timeline(9);

	(void)state;
	for (int run = 0; run < 4; run++) {
		for (double gap = 1; gap < 600; gap *= 2)
			step(&t,
			    (gap < 300 ? gap : 300) * (0.8 + 0.4 * uniform(&t)),
			    200);
		t.now_s += 7000 * uniform(&t);
	}
	assert_true(score_of(&t).score < 0.5f);
}

/* ---- context ---- */

static void
test_what_everyone_polls_scores_low_and_says_why(void **state)
{
	const struct beacon_context everyone = { .peers = 40,
		.segment_hosts = 80 };
	const struct beacon_context few = { .peers = 2, .segment_hosts = 80 };
	struct timeline t = timeline(1);
	struct beacon_score s;

	(void)state;
	for (int i = 0; i < 30; i++)
		step(&t, 60, 400);
	beacon_score(t.samples, t.count, &everyone, &s);
	assert_true(s.score < 0.3f);
	assert_true(s.own > 0.99f);
	assert_int_equal(s.lowered, BEACON_LOW_PREVALENT);
	beacon_score_weigh(&s, &few);
	assert_true(s.score > 0.99f);
	assert_int_equal(s.lowered, 0);
}

static void
test_an_allow_listed_service_scores_low_and_says_why(void **state)
{
	const struct beacon_context allowed = { .peers = 1,
		.segment_hosts = 80,
		.allow_listed = true };
	struct timeline t = timeline(1);
	struct beacon_score s;

	(void)state;
	for (int i = 0; i < 30; i++)
		step(&t, 60, 400);
	beacon_score(t.samples, t.count, &allowed, &s);
	assert_true(s.score < 0.5f);
	assert_int_equal(s.lowered, BEACON_LOW_ALLOWED);
}

/* ---- properties ---- */

static void
test_the_order_of_the_moments_does_not_matter(void **state)
{
	struct timeline t = timeline(10);
	struct beacon_score sorted, shuffled;

	(void)state;
	while (t.count < 100)
		step(&t, 60 * (0.5 + uniform(&t)),
		    (uint32_t)(400 + 100 * uniform(&t)));
	beacon_score(t.samples, t.count, &alone, &sorted);
	for (int round = 0; round < 20; round++) {
		for (size_t i = t.count - 1; i > 0; i--) {
			size_t k = (size_t)(uniform(&t) * (double)(i + 1)) %
			           (i + 1);
			struct beacon_sample swap = t.samples[i];

			t.samples[i] = t.samples[k];
			t.samples[k] = swap;
		}
		beacon_score(t.samples, t.count, &alone, &shuffled);
		assert_memory_equal(&sorted, &shuffled, sizeof sorted);
	}
}

static void
test_moments_given_twice_count_once(void **state)
{
	struct timeline once = timeline(11), twice;
	struct beacon_score a, b;

	(void)state;
	while (once.count < 100)
		step(&once, 60 * (0.8 + 0.4 * uniform(&once)), 400);
	twice = once;
	for (size_t i = 0; i < once.count; i++)
		twice.samples[twice.count++] = once.samples[i];
	beacon_score(once.samples, once.count, &alone, &a);
	beacon_score(twice.samples, twice.count, &alone, &b);
	assert_memory_equal(&a, &b, sizeof a);
}

static void
test_no_or_one_or_equal_moments_score_zero(void **state)
{
	struct timeline t = timeline(12);

	(void)state;
	assert_true(score_of(&t).score == 0);
	step(&t, 0, 400);
	assert_true(score_of(&t).score == 0);
	while (t.count < BEACON_SAMPLES_MAX)
		step(&t, 0, 400);
	assert_true(score_of(&t).score == 0);
	assert_int_equal(score_of(&t).samples, 1);
}

static void
test_garbage_of_any_kind_gives_numbers_in_range(void **state)
{
	struct timeline t = timeline(13);

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct beacon_context context = {
			.peers = (uint32_t)(uniform(&t) * 4294967295.0),
			.segment_hosts = (uint32_t)(uniform(&t) * 300),
			.allow_listed = round & 1
		};
		struct beacon_score s;
		unsigned shift = (unsigned)(uniform(&t) * 63);

		t.count = (size_t)(uniform(&t) * 40);
		for (size_t i = 0; i < t.count; i++) {
			uniform(&t);
			t.samples[i].time_us = (t.random >> shift) -
			                       (round % 3 == 0 ? 1000000000
							       : 0);
			t.samples[i].octets_out = (uint32_t)(t.random >>
							     (shift / 2));
			t.samples[i].octets_in = UINT32_MAX;
		}
		beacon_score(t.samples, t.count, &context, &s);
		check_sane(&s);
	}
}

static void
test_times_at_the_ends_of_their_range_give_numbers_in_range(void **state)
{
	static const uint64_t edges[] = { 0, 1, UINT32_MAX,
		(uint64_t)UINT32_MAX + 1, UINT64_MAX / 2, UINT64_MAX - 1,
		UINT64_MAX };
	struct timeline t = timeline(14);
	struct beacon_score s;

	(void)state;
	for (size_t i = 0; i < BEACON_SAMPLES_MAX; i++)
		t.samples[i] = (struct beacon_sample){
			edges[i % 7] + (i / 7) * 60000000, UINT32_MAX, 0
		};
	t.count = BEACON_SAMPLES_MAX;
	s = score_of(&t);
	check_sane(&s);
}

static void
test_only_the_latest_of_too_many_moments_are_looked_at(void **state)
{
	static struct beacon_sample many[1000];
	struct beacon_score all, latest;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		many[i] = (struct beacon_sample){ START + i * 60000000, 400,
			0 };
	beacon_score(many, 1000, &alone, &all);
	beacon_score(many + 1000 - BEACON_SAMPLES_MAX, BEACON_SAMPLES_MAX,
	    &alone, &latest);
	assert_memory_equal(&all, &latest, sizeof all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_exact_loop_scores_near_one_and_its_interval_is_named),
		cmocka_unit_test(
		    test_gaps_that_hardly_differ_have_an_interval_too),
		cmocka_unit_test(
		    test_five_moments_of_a_drifting_minute_loop_suffice),
		cmocka_unit_test(test_three_moments_are_never_enough),
		cmocka_unit_test(test_loop_with_20_percent_jitter_is_found),
		cmocka_unit_test(test_loop_with_50_percent_jitter_is_found),
		cmocka_unit_test(test_loop_with_80_percent_jitter_is_found),
		cmocka_unit_test(test_loop_with_gaussian_jitter_is_found),
		cmocka_unit_test(test_loop_that_loses_two_of_five_is_found),
		cmocka_unit_test(
		    test_loop_that_sleeps_with_its_laptop_is_found),
		cmocka_unit_test(test_loop_whose_sleep_changes_is_found),
		cmocka_unit_test(
		    test_two_loops_behind_one_address_are_found_with_their_interval),
		cmocka_unit_test(test_bursts_in_between_do_not_hide_a_loop),
		cmocka_unit_test(test_slow_loop_is_found_by_ten_moments),
		cmocka_unit_test(
		    test_chance_never_scores_high_even_with_constant_sizes),
		cmocka_unit_test(test_a_backing_off_client_scores_low),
		cmocka_unit_test(
		    test_what_everyone_polls_scores_low_and_says_why),
		cmocka_unit_test(
		    test_an_allow_listed_service_scores_low_and_says_why),
		cmocka_unit_test(test_the_order_of_the_moments_does_not_matter),
		cmocka_unit_test(test_moments_given_twice_count_once),
		cmocka_unit_test(test_no_or_one_or_equal_moments_score_zero),
		cmocka_unit_test(
		    test_garbage_of_any_kind_gives_numbers_in_range),
		cmocka_unit_test(
		    test_times_at_the_ends_of_their_range_give_numbers_in_range),
		cmocka_unit_test(
		    test_only_the_latest_of_too_many_moments_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
