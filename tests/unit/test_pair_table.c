#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/beacon.h"
#include "sensor/host_count.h"
#include "sensor/pair_table.h"

#define START  UINT64_C(1774915200000000)
#define SECOND UINT64_C(1000000)
#define TCP    6

static const struct pair_table_options small = { .pairs_max = 1024,
	.histories_max = 64,
	.long_max = 8,
	.destinations_max = 1024,
	.key = { 1, 2 } };

static uint64_t evictions;

static void
count_eviction(const struct pair *pair, void *arg)
{
	(void)arg;
	assert_true(pair->used);
	evictions++;
}

static struct pair_table *
table_new(const struct pair_table_options *options)
{
	struct pair_table *table = pair_table_new(options, count_eviction,
	    NULL);

	assert_non_null(table);
	evictions = 0;
	return table;
}

/* Host `source` asks for the service of number `service`. */
static struct transaction
ask(uint64_t time_us, uint32_t source, uint32_t service)
{
	const uint8_t from[4] = { 10, (uint8_t)(source >> 16),
		(uint8_t)(source >> 8), (uint8_t)source };
	const uint8_t to[4] = { 198, (uint8_t)(18 + (service >> 16) % 2),
		(uint8_t)(service >> 8), (uint8_t)service };

	return (struct transaction){ .time_us = time_us,
		.source = addr_v4(from),
		.destination = addr_v4(to),
		.ip_proto = TCP,
		.port = (uint16_t)(443 + (service >> 17)),
		.octets_out = 400,
		.octets_in = 90 };
}

static struct pair *
add(struct pair_table *table, uint64_t time_us, uint32_t source,
    uint32_t service)
{
	struct transaction t = ask(time_us, source, service);

	return pair_table_add(table, &t);
}

/* ---- pairs ---- */

static void
test_the_fourth_moment_gives_a_history_with_all_four(void **state)
{
	struct pair_table *table = table_new(&small);
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct pair *pair;

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		assert_null(add(table, START + i * 60 * SECOND + 5000, 1, 1));
	pair = add(table, START + 180 * SECOND + 5000, 1, 1);
	assert_non_null(pair);
	assert_int_equal(pair->count, 4);
	assert_int_equal(pair->moments, 4);
	assert_int_equal(pair->first_us, START + 5000);
	assert_int_equal(pair->last_us, START + 180 * SECOND + 5000);
	assert_int_equal(pair_table_samples(table, pair, samples), 4);
	for (uint64_t i = 0; i < 4; i++) {
		assert_int_equal(samples[i].time_us,
		    START + i * 60 * SECOND + 5000);
		assert_int_equal(samples[i].octets_out, 400);
		assert_int_equal(samples[i].octets_in, 90);
	}
	pair_table_free(table);
}

static void
test_pairs_differ_by_each_part_of_their_identity(void **state)
{
	struct pair_table *table = table_new(&small);
	struct transaction base = ask(START, 1, 1), t[6];
	struct pair_table_stats stats;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		t[i] = base;
	t[1].port = 8000;
	t[2].ip_proto = 17;
	t[3].segment = 1;
	t[4].name = "c2.example";
	t[4].name_len = 10;
	t[5].source.octets[15]++;
	for (size_t i = 0; i < 6; i++)
		pair_table_add(table, &t[i]);
	pair_table_stats(table, &stats);
	assert_int_equal(stats.cells, 6);
	/* A service is its name, at whatever address. */
	t[4].destination.octets[15]++;
	pair_table_add(table, &t[4]);
	pair_table_stats(table, &stats);
	assert_int_equal(stats.cells, 6);
	pair_table_free(table);
}

static void
test_what_happens_within_a_second_is_one_moment(void **state)
{
	struct pair_table *table = table_new(&small);
	struct pair *pair = NULL;

	(void)state;
	for (uint64_t i = 0; i < 6; i++) {
		add(table, START + i * 60 * SECOND, 1, 1);
		pair = add(table, START + i * 60 * SECOND + 300000, 1, 1);
	}
	assert_non_null(pair);
	assert_int_equal(pair->count, 12);
	assert_int_equal(pair->moments, 6);
	pair_table_free(table);
}

static void
test_history_keeps_the_latest_256_moments(void **state)
{
	struct pair_table *table = table_new(&small);
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct pair *pair = NULL;
	size_t count;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		pair = add(table, START + i * 60 * SECOND, 1, 1);
	count = pair_table_samples(table, pair, samples);
	assert_int_equal(count, BEACON_SAMPLES_MAX);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(samples[i].time_us,
		    START + (1000 - count + i) * 60 * SECOND);
	assert_int_equal(pair->moments, 1000);
	pair_table_free(table);
}

static void
test_the_name_of_any_length_comes_back(void **state)
{
	struct pair_table *table = table_new(&small);
	char name[PAIR_NAME_MAX];
	struct pair *pair = NULL;

	(void)state;
	memset(name, 'n', sizeof name);
	for (uint64_t i = 0; i < 4; i++) {
		struct transaction t = ask(START + i * 60 * SECOND, 1, 1);

		t.name = name;
		t.name_len = PAIR_NAME_MAX;
		pair = pair_table_add(table, &t);
	}
	assert_int_equal(pair->name_len, PAIR_NAME_MAX);
	assert_memory_equal(pair->name, name, PAIR_NAME_MAX);
	assert_int_equal(pair->name[PAIR_NAME_MAX], '\0');
	pair_table_free(table);
}

static void
test_sizes_that_come_late_are_the_latest_moments(void **state)
{
	struct pair_table *table = table_new(&small);
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct pair *pair = NULL;
	struct transaction t;

	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		t = ask(START + i * 60 * SECOND, 1, 1);
		t.octets_out = t.octets_in = 0;
		pair = pair_table_add(table, &t);
		t.octets_out = 700 + (uint32_t)i;
		t.octets_in = 0x12345678;
		assert_true(pair_table_sizes(table, &t));
	}
	pair_table_samples(table, pair, samples);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(samples[i].octets_out, 700 + i);
		assert_true(samples[i].octets_in > 0x12340000 &&
			    samples[i].octets_in < 0x12350000);
	}
	t.time_us -= 60 * SECOND;
	assert_false(pair_table_sizes(table, &t));
	t = ask(START, 2, 2);
	assert_false(pair_table_sizes(table, &t));
	pair_table_free(table);
}

/* ---- time ---- */

static void
test_a_clock_that_jumps_any_way_leaves_the_pair_usable(void **state)
{
	static const uint64_t times[] = { START, 0, UINT64_MAX, START,
		START + 100 * 86400 * SECOND, START, UINT64_MAX - 5, 1,
		START + 60 * SECOND, START - 3599 * SECOND };
	struct pair_table *table = table_new(&small);
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct pair *pair;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		pair = add(table, times[i % 10] + i / 10 * 7 * SECOND, 1, 1);
		if (pair != NULL)
			assert_in_range(pair_table_samples(table, pair,
					    samples),
			    1, BEACON_SAMPLES_MAX);
	}
	pair_table_free(table);
}

static void
test_a_hundred_days_of_beacons_keep_their_times(void **state)
{
	struct pair_table *table = table_new(&small);
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct pair *pair = NULL;
	size_t count;

	(void)state;
	for (uint64_t i = 0; i <= 100 * 24 * 6; i++)
		pair = add(table, START + i * 600 * SECOND, 1, 1);
	count = pair_table_samples(table, pair, samples);
	assert_int_equal(count, BEACON_SAMPLES_MAX);
	for (size_t i = 1; i < count; i++)
		assert_int_equal(samples[i].time_us - samples[i - 1].time_us,
		    600 * SECOND);
	assert_int_equal(samples[count - 1].time_us, pair->last_us);
	pair_table_free(table);
}

static void
test_of_a_hundred_days_of_slow_beacons_at_least_a_week_stays(void **state)
{
	struct pair_table *table = table_new(&small);
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct pair *pair = NULL;
	size_t count;

	(void)state;
	for (uint64_t i = 0; i <= 100 * 24; i++) {
		pair = add(table, START + i * 3600 * SECOND, 1, 1);
		if (i < 4)
			continue;
		count = pair_table_samples(table, pair, samples);
		assert_true(count > 7 * 24 || count == i + 1);
		for (size_t k = 1; k < count; k++)
			assert_int_equal(samples[k].time_us -
					     samples[k - 1].time_us,
			    3600 * SECOND);
	}
	pair_table_free(table);
}

static void
test_moments_out_of_order_by_an_hour_are_kept(void **state)
{
	struct pair_table *table = table_new(&small);
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct pair *pair = NULL;

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		add(table, START + i * 60 * SECOND, 1, 1);
	pair = add(table, START - 3000 * SECOND, 1, 1);
	assert_int_equal(pair_table_samples(table, pair, samples), 5);
	assert_int_equal(samples[4].time_us, START - 3000 * SECOND);
	pair_table_free(table);
}

/* ---- eviction ---- */

static void
test_a_flood_of_destinations_does_not_evict_a_beacon(void **state)
{
	struct pair_table *table = table_new(&small);
	struct pair *pair = NULL;
	struct pair_table_stats stats;
	uint32_t service = 1000;

	(void)state;
	/* The loop is half known when the flood begins: 60 new ones a second,
	 * of one host, at a table of 1024. */
	add(table, START, 1, 1);
	add(table, START + 60 * SECOND, 1, 1);
	for (uint64_t s = 61; s < 1200; s++) {
		for (uint32_t i = 0; i < 60; i++)
			add(table, START + s * SECOND, 2, service++);
		if (s % 60 == 0)
			pair = add(table, START + s * SECOND, 1, 1);
	}
	assert_non_null(pair);
	assert_int_equal(pair->moments, 20);
	pair_table_stats(table, &stats);
	assert_in_range(stats.cells, 1000, 1024);
	assert_in_range(stats.cells_evicted, 60000, 70000);
	pair_table_free(table);
}

static void
test_the_table_fills_to_nine_tenths_before_it_evicts(void **state)
{
	struct pair_table *table = table_new(&small);
	struct pair_table_stats stats;

	(void)state;
	for (uint32_t n = 0; n < 920; n++)
		add(table, START, n, n);
	pair_table_stats(table, &stats);
	assert_in_range(stats.cells, 910, 920);
	assert_int_equal(stats.cells + stats.cells_evicted, 920);
	pair_table_free(table);
}

static void
test_pairs_that_rank_low_make_room_for_histories(void **state)
{
	struct pair_table *table = table_new(&small);
	struct pair_table_stats stats;
	struct pair *pair = NULL;

	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		pair = add(table, START + i * 60 * SECOND, 1, 1);
	pair->rank = 255;
	for (uint32_t n = 0; n < 500; n++) {
		for (uint64_t i = 0; i < 4; i++)
			add(table, START + (300 + n + i * 5) * SECOND, 2,
			    100 + n);
	}
	pair_table_stats(table, &stats);
	assert_int_equal(stats.histories, small.histories_max);
	assert_int_equal(stats.histories_evicted, evictions);
	assert_int_equal(evictions, 501 - small.histories_max);
	pair = add(table, START + 900 * SECOND, 1, 1);
	assert_non_null(pair);
	assert_int_equal(pair->moments, 6);
	pair_table_free(table);
}

static void
test_where_long_histories_run_out_the_latest_32_moments_stay(void **state)
{
	struct pair_table *table = table_new(&small);
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct pair_table_stats stats;
	struct pair *pair;
	uint32_t place = 0, longs = 0;
	size_t count;

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		for (uint32_t n = 0; n < 20; n++)
			add(table, START + (i * 60 + n) * SECOND, n, 1);
	}
	while ((pair = pair_table_next(table, &place)) != NULL) {
		count = pair_table_samples(table, pair, samples);
		longs += count == 100;
		assert_true(count == 100 || count == PAIR_SHORT);
		assert_int_equal(samples[count - 1].time_us, pair->last_us);
	}
	assert_int_equal(longs, small.long_max);
	pair_table_stats(table, &stats);
	assert_int_equal(stats.longs, small.long_max);
	pair_table_free(table);
}

static void
test_a_better_pair_takes_a_long_history_over(void **state)
{
	struct pair_table *table = table_new(&small);
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct pair *pair = NULL;
	uint32_t place = 0, shortened = 0;

	(void)state;
	for (uint64_t i = 0; i < 50; i++) {
		for (uint32_t n = 0; n < 8; n++)
			add(table, START + (i * 60 + n) * SECOND, n, 1);
	}
	for (uint64_t i = 50; i < 100; i++) {
		pair = add(table, START + (i * 60) * SECOND, 99, 1);
		if (pair != NULL)
			pair->rank = 200;
	}
	assert_int_equal(pair_table_samples(table, pair, samples), 50);
	/* Who lost it keeps the latest moments in order. */
	while ((pair = pair_table_next(table, &place)) != NULL) {
		size_t count = pair_table_samples(table, pair, samples);

		for (size_t i = 1; i < count; i++)
			assert_int_equal(samples[i].time_us -
					     samples[i - 1].time_us,
			    60 * SECOND);
		assert_int_equal(samples[count - 1].time_us, pair->last_us);
		shortened += count == PAIR_SHORT;
	}
	assert_int_equal(shortened, 1);
	pair_table_free(table);
}

/* ---- other hosts ---- */

static void
test_hosts_of_a_destination_are_counted_within_a_few_percent(void **state)
{
	struct pair_table_options roomy = small;
	struct pair_table *table;
	struct beacon_context context;
	struct pair *pair = NULL;

	(void)state;
	roomy.histories_max = 256;
	table = table_new(&roomy);
	for (uint64_t i = 0; i < 4; i++) {
		for (uint32_t n = 0; n < 100; n++)
			add(table, START + (i * 60) * SECOND, n,
			    n < 40 ? 1 : 2);
		pair = add(table, START + (i * 60 + 2) * SECOND, 1, 1);
	}
	pair_table_context(table, pair, &context);
	assert_in_range(context.peers, 36, 44);
	assert_in_range(context.segment_hosts, 97, 103);
	pair_table_free(table);
}

static void
test_hosts_are_forgotten_after_the_day_after(void **state)
{
	uint64_t maps[4] = { 0 };
	uint32_t today = 0;

	(void)state;
	assert_int_equal(host_count_estimate(maps, 2), 0);
	for (uint64_t i = 0; i < 10; i++)
		host_count_add(maps, 2, &today, 100, i);
	host_count_add(maps, 2, &today, 101, 50);
	assert_in_range(host_count_estimate(maps, 2), 11, 12);
	host_count_add(maps, 2, &today, 100, 51);
	assert_in_range(host_count_estimate(maps, 2), 12, 13);
	host_count_add(maps, 2, &today, 102, 50);
	assert_int_equal(host_count_estimate(maps, 2), 2);
	host_count_add(maps, 2, &today, 110, 50);
	assert_int_equal(host_count_estimate(maps, 2), 1);
}

static void
test_a_full_count_is_a_number(void **state)
{
	uint64_t maps[4] = { UINT64_MAX, UINT64_MAX, 0, 0 };

	(void)state;
	assert_int_equal(host_count_estimate(maps, 2), 621);
}

/* ---- the detector over the table ---- */

struct heard {
	unsigned alerts, updates, evaluated;
	uint64_t first_alert_us;
	struct beacon_score best;
	uint32_t intervals;
	float last_interval_s;
};

static void
hear(const struct beacon_report *report, void *arg)
{
	struct heard *heard = arg;

	heard->alerts += report->news == BEACON_ALERT;
	heard->updates += report->news == BEACON_UPDATE;
	heard->evaluated += report->news == BEACON_EVALUATED;
	if (report->news == BEACON_ALERT)
		heard->first_alert_us = report->time_us;
	heard->best = *report->best;
	heard->intervals = report->interval_count;
	if (report->interval_count > 0)
		heard->last_interval_s =
		    report->intervals_s[report->interval_count - 1];
}

static struct beacon_detector *
detector_new(struct heard *heard)
{
	struct beacon_options options;
	struct beacon_detector *detector;

	beacon_options_default(&options);
	options.table = small;
	detector = beacon_new(&options, hear, heard);
	assert_non_null(detector);
	memset(heard, 0, sizeof *heard);
	return detector;
}

static void
tick(struct beacon_detector *detector, uint64_t time_us, uint32_t source)
{
	struct transaction t = ask(time_us, source, 7);

	beacon_transaction(detector, &t);
}

static void
test_a_loop_is_one_alert_after_an_hour_and_then_updates(void **state)
{
	struct heard heard;
	struct beacon_detector *detector = detector_new(&heard);

	(void)state;
	for (uint64_t i = 0; i < 200; i++)
		tick(detector, START + i * 60 * SECOND, 1);
	assert_int_equal(heard.alerts, 1);
	/* Scores are computed now and then, not at each moment. */
	assert_in_range(heard.first_alert_us, START + 60 * 60 * SECOND,
	    START + 65 * 60 * SECOND);
	assert_int_equal(heard.updates, 2); /* in three hours and a third */
	beacon_finish(detector);
	assert_int_equal(heard.intervals, BEACON_INTERVALS_MAX);
	assert_true(heard.last_interval_s == 60);
	assert_true(heard.best.score > 0.99f);
	beacon_free(detector);
}

static void
test_a_rhythm_stays_known_when_noise_covers_it(void **state)
{
	struct heard heard;
	struct beacon_detector *detector = detector_new(&heard);
	uint64_t now = START;

	(void)state;
	for (uint64_t i = 0; i < 30; i++)
		tick(detector, now += 60 * SECOND, 1);
	for (uint64_t i = 0; i < 400; i++)
		tick(detector, now += (2 + i * i * 7919 % 997) * SECOND, 1);
	beacon_finish(detector);
	assert_true(heard.best.score > 0.99f);
	assert_true(heard.best.interval_s == 60);
	beacon_free(detector);
}

static void
test_what_half_of_the_hosts_poll_is_no_alert(void **state)
{
	struct heard heard;
	struct beacon_detector *detector = detector_new(&heard);

	(void)state;
	for (uint64_t i = 0; i < 60; i++) {
		for (uint32_t n = 0; n < 20; n++)
			tick(detector, START + (i * 60 + n) * SECOND, n);
	}
	beacon_finish(detector);
	assert_int_equal(heard.alerts, 0);
	assert_int_equal(heard.evaluated, 20);
	beacon_free(detector);
}

static void
test_a_table_without_room_is_refused(void **state)
{
	struct pair_table_options none = small;

	(void)state;
	none.long_max = 0;
	assert_null(pair_table_new(&none, count_eviction, NULL));
	pair_table_free(NULL);
	beacon_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_the_fourth_moment_gives_a_history_with_all_four),
		cmocka_unit_test(
		    test_pairs_differ_by_each_part_of_their_identity),
		cmocka_unit_test(
		    test_what_happens_within_a_second_is_one_moment),
		cmocka_unit_test(test_history_keeps_the_latest_256_moments),
		cmocka_unit_test(test_the_name_of_any_length_comes_back),
		cmocka_unit_test(
		    test_sizes_that_come_late_are_the_latest_moments),
		cmocka_unit_test(
		    test_a_clock_that_jumps_any_way_leaves_the_pair_usable),
		cmocka_unit_test(
		    test_a_hundred_days_of_beacons_keep_their_times),
		cmocka_unit_test(
		    test_of_a_hundred_days_of_slow_beacons_at_least_a_week_stays),
		cmocka_unit_test(test_moments_out_of_order_by_an_hour_are_kept),
		cmocka_unit_test(
		    test_a_flood_of_destinations_does_not_evict_a_beacon),
		cmocka_unit_test(
		    test_the_table_fills_to_nine_tenths_before_it_evicts),
		cmocka_unit_test(
		    test_pairs_that_rank_low_make_room_for_histories),
		cmocka_unit_test(
		    test_where_long_histories_run_out_the_latest_32_moments_stay),
		cmocka_unit_test(test_a_better_pair_takes_a_long_history_over),
		cmocka_unit_test(
		    test_hosts_of_a_destination_are_counted_within_a_few_percent),
		cmocka_unit_test(test_hosts_are_forgotten_after_the_day_after),
		cmocka_unit_test(test_a_full_count_is_a_number),
		cmocka_unit_test(
		    test_a_loop_is_one_alert_after_an_hour_and_then_updates),
		cmocka_unit_test(
		    test_a_rhythm_stays_known_when_noise_covers_it),
		cmocka_unit_test(test_what_half_of_the_hosts_poll_is_no_alert),
		cmocka_unit_test(test_a_table_without_room_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
