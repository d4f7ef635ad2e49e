#include <assert.h>
#include <math.h>
#include <string.h>

#include "sensor/beacon.h"

/*
 * Timelines from octets: the score as a function, and the same moments through
 * a detector with little room.  The first octet chooses the scale of time.
 *
 * Then 6 octets a moment: 4 of time, 1 of size, 1 of who and where.
 */

#define MOMENT 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(float x, float most)
{
	assert(isfinite(x) && x >= 0 && x <= most);
}

static void
check_score(const struct beacon_score *s)
{
	check(s->score, 1);
	check(s->own, 1);
	check(s->periodicity, 1);
	check(s->confidence, 1);
	check(s->sizes, 1);
	check(s->coverage, 1);
	check(s->prevalence, 1);
	check(s->jitter, 1);
	check(s->interval_s, 3 * 604800.0f);
	assert(isfinite(s->evidence));
	assert(s->samples <= BEACON_SAMPLES_MAX && s->in_rhythm <= s->samples);
	assert(s->streams >= 1);
}

static void
told(const struct beacon_report *report, void *arg)
{
	(void)arg;
	check_score(report->score);
	check_score(report->best);
	assert(report->interval_count <= BEACON_INTERVALS_MAX);
	assert(report->pair->name[report->pair->name_len] == '\0');
}

static struct beacon_detector *
detector_new(void)
{
	struct beacon_options options;

	beacon_options_default(&options);
	options.table = (struct pair_table_options){ .pairs_max = 16,
		.histories_max = 4,
		.long_max = 2,
		.destinations_max = 8,
		.key = { 1, 2 } };
	options.evaluate_us = options.repeat_us;
	return beacon_new(&options, told, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char names[] = "abcdefghijklmnop";
	struct beacon_sample samples[2 * BEACON_SAMPLES_MAX];
	struct beacon_context context = { .peers = 1, .segment_hosts = 4 };
	struct beacon_detector *detector;
	struct beacon_score score;
	size_t count = 0;
	unsigned shift;

	if (size == 0 || (detector = detector_new()) == NULL)
		return 0;
	shift = data[0] % 33;
	context.allow_listed = data[0] >> 7;
	for (data++, size--; size >= MOMENT && count < 2 * BEACON_SAMPLES_MAX;
	     data += MOMENT, size -= MOMENT) {
		struct transaction t = { .name = names,
			.name_len = data[5] & 15,
			.segment = data[5] >> 4 & 1,
			.port = data[5] >> 5 & 1 };
		uint32_t time;

		memcpy(&time, data, sizeof time);
		t.time_us = (uint64_t)time << shift;
		t.octets_out = (uint32_t)data[4] << (data[5] & 31);
		t.source.octets[0] = data[5] >> 6;
		beacon_transaction(detector, &t);
		t.octets_in = t.octets_out;
		beacon_sizes(detector, &t);
		samples[count++] = (struct beacon_sample){ t.time_us,
			t.octets_out, t.octets_in };
		context.peers = data[4];
	}
	beacon_score(samples, count, &context, &score);
	check_score(&score);
	beacon_finish(detector);
	beacon_free(detector);
	return 0;
}
