#include "sensor/beacon.h"

#include <stdlib.h>

#define SECOND_US UINT64_C(1000000)

/*
 * A pair is scored at each of its first moments, when a verdict may turn, and
 * then as often as the cost, some 30 us, stays small beside the transactions.
 */
#define OFTEN_UNTIL 16
#define OFTEN_STEP  4
#define LATE_FROM   64
#define LATE_STEP   16

const struct beacon_thresholds beacon_thresholds_strict = { .score_min = 0.8f,
	.count_min = 5,
	.span_min_s = 60 };
const struct beacon_thresholds beacon_thresholds_default = { .score_min = 0.8f,
	.count_min = 8,
	.span_min_s = 3600 };

/* A rhythm as clear as this stays a pair's, whatever covers it later; fainter
 * ones count only while they last, or the luckiest of many looks would. */
#define CLEAR 0.8f

struct beacon_detector {
	struct beacon_options options;
	struct pair_table *table;
	beacon_tell *tell;
	void *arg;
	struct beacon_stats stats;
};

void
beacon_options_default(struct beacon_options *options)
{
	*options = (struct beacon_options){
		.table = { .pairs_max = 1 << 20,
		    .histories_max = 1 << 16,
		    .long_max = 1 << 14,
		    .destinations_max = 1 << 18 },
		.otherwise = beacon_thresholds_default,
		.repeat_us = 3600 * SECOND_US,
		.evaluate_us = 3600 * SECOND_US,
	};
}

/* ---- telling ---- */

static int
compare_times(const void *a, const void *b)
{
	const struct beacon_sample *x = a, *y = b;

	return (x->time_us > y->time_us) - (x->time_us < y->time_us);
}

static void
report_intervals(const struct beacon_sample *samples, size_t count,
    struct beacon_report *report)
{
	size_t from = count > BEACON_INTERVALS_MAX + 1
	                  ? count - BEACON_INTERVALS_MAX - 1
	                  : 0;

	for (size_t i = from + 1; i < count; i++)
		report->intervals_s[report->interval_count++] =
		    (float)(samples[i].time_us - samples[i - 1].time_us) / 1e6f;
	if (count > 0)
		report->window_us = samples[count - 1].time_us -
		                    samples[0].time_us;
}

static void
tell(struct beacon_detector *detector, enum beacon_news news,
    const struct pair *pair, uint64_t time_us)
{
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct beacon_score best = pair->best.own >= CLEAR ? pair->best
	                                                   : pair->score;
	struct beacon_report report = { .news = news,
		.pair = pair,
		.score = &pair->score,
		.best = &best,
		.time_us = time_us };
	size_t count = pair_table_samples(detector->table, pair, samples);

	qsort(samples, count, sizeof samples[0], compare_times);
	report_intervals(samples, count, &report);
	pair_table_context(detector->table, pair, &report.context);
	beacon_score_weigh(&best, &report.context);
	detector->tell(&report, detector->arg);
}

static void
tell_evicted(const struct pair *pair, void *arg)
{
	struct beacon_detector *detector = arg;

	if (pair->scored_moments > 0)
		tell(detector, BEACON_EVALUATED, pair, pair->last_us);
}

/* ---- judging ---- */

static const struct beacon_thresholds *
thresholds_of(const struct beacon_detector *detector, const struct pair *pair)
{
	if (pair->segment < detector->options.segment_count)
		return &detector->options.segments[pair->segment];
	return &detector->options.otherwise;
}

/* A clock that went back counts as time that passed. */
static bool
passed(uint64_t now_us, uint64_t since_us, uint64_t least_us)
{
	return now_us < since_us || now_us - since_us >= least_us;
}

static bool
is_alert(const struct beacon_detector *detector, const struct pair *pair)
{
	const struct beacon_thresholds *least = thresholds_of(detector, pair);

	return !pair->allow_listed && pair->score.score >= least->score_min &&
	       pair->score.samples >= least->count_min &&
	       passed(pair->last_us, pair->first_us,
		   least->span_min_s * SECOND_US);
}

static void
evaluate(struct beacon_detector *detector, struct pair *pair)
{
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct beacon_context context;
	size_t count = pair_table_samples(detector->table, pair, samples);

	pair_table_context(detector->table, pair, &context);
	beacon_score(samples, count, &context, &pair->score);
	if (pair->score.own >= pair->best.own)
		pair->best = pair->score;
	pair->scored_moments = pair->moments;
	pair->rank = pair->alerted ? 255 : (uint8_t)(pair->best.score * 254);
	detector->stats.evaluations++;
}

/* An alert that may be told again, or has ended. */
static bool
is_repeat(const struct beacon_detector *detector, const struct pair *pair,
    uint64_t now_us)
{
	return pair->alerted &&
	       passed(now_us, pair->alerted_us, detector->options.repeat_us);
}

static void
alert(struct beacon_detector *detector, struct pair *pair, uint64_t time_us)
{
	enum beacon_news news = pair->alerted ? BEACON_UPDATE : BEACON_ALERT;
	bool now = is_alert(detector, pair);

	if (pair->alerted ? !is_repeat(detector, pair, time_us) : !now)
		return;
	pair->alerted_us = time_us;
	if (!now)
		return;
	detector->stats.alerts += !pair->alerted;
	pair->alerted = true;
	pair->rank = 255;
	tell(detector, news, pair, time_us);
}

static bool
is_due(const struct beacon_detector *detector, const struct pair *pair,
    uint64_t now_us)
{
	uint64_t news = pair->moments - pair->scored_moments;

	if (pair->moments < OFTEN_UNTIL || is_repeat(detector, pair, now_us))
		return news >= 1;
	return news >= (pair->moments < LATE_FROM ? OFTEN_STEP : LATE_STEP);
}

void
beacon_transaction(struct beacon_detector *detector,
    const struct transaction *t)
{
	struct pair *pair = pair_table_add(detector->table, t);
	uint64_t every_us = detector->options.evaluate_us;

	detector->stats.transactions++;
	if (pair == NULL || !is_due(detector, pair, t->time_us))
		return;
	evaluate(detector, pair);
	alert(detector, pair, t->time_us);
	if (pair->reported_us == 0)
		pair->reported_us = t->time_us;
	if (every_us > 0 && passed(t->time_us, pair->reported_us, every_us)) {
		pair->reported_us = t->time_us;
		tell(detector, BEACON_EVALUATED, pair, t->time_us);
	}
}

void
beacon_sizes(struct beacon_detector *detector, const struct transaction *t)
{
	pair_table_sizes(detector->table, t);
}

void
beacon_finish(struct beacon_detector *detector)
{
	struct pair *pair;
	uint32_t place = 0;

	while ((pair = pair_table_next(detector->table, &place)) != NULL) {
		evaluate(detector, pair);
		if (!pair->alerted)
			alert(detector, pair, pair->last_us);
		pair->reported_us = pair->last_us;
		tell(detector, BEACON_EVALUATED, pair, pair->last_us);
	}
}

/* ---- the detector ---- */

struct beacon_detector *
beacon_new(const struct beacon_options *options, beacon_tell *told, void *arg)
{
	struct beacon_detector *detector = calloc(1, sizeof *detector);

	if (detector == NULL)
		return NULL;
	detector->options = *options;
	detector->tell = told;
	detector->arg = arg;
	detector->table = pair_table_new(&options->table, tell_evicted,
	    detector);
	if (detector->table == NULL) {
		free(detector);
		return NULL;
	}
	return detector;
}

void
beacon_free(struct beacon_detector *detector)
{
	if (detector == NULL)
		return;
	pair_table_free(detector->table);
	free(detector);
}

void
beacon_stats(const struct beacon_detector *detector, struct beacon_stats *out)
{
	*out = detector->stats;
	pair_table_stats(detector->table, &out->table);
}
