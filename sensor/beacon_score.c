#include "sensor/beacon_score.h"

#include <math.h>
#include <string.h>

/*
 * The question is asked of the gaps' distribution on a logarithmic axis: does
 * a window of some width hold more of the gaps than chance could put there?
 *
 * The null hypothesis is a bound, not a distribution: no e-fold of the axis
 * is denser than the densest place of a uniform distribution on (0, b], which
 * is 1 per e-fold, at b.  Waiting times that come about by chance stay below:
 * exponential 1/e, log-normal 0.4/sigma, power laws less.  A sleep loop cannot:
 * it has a shortest interval, so that all gaps lie between p(1-j) and p.
 * docs/beacons.md derives the numbers here.
 */

#define MERGE_US       UINT64_C(1000000) /* retries and parallel connections */
#define GAP_MAX_S      604800.0f         /* longer is an absence, not a gap */
#define PERIOD_MIN_S   8.0f              /* faster is a conversation */
#define ABSENT_PERIODS 3.0f    /* a longer gap weighs no more than this */
#define KEYS_PER_EFOLD 4096.0f /* ln(GAP_MAX_S) of them fit 16 bits */

#define MARGIN          1.03f /* of the bound, for the loop's own work time */
#define SEARCH_NATS     1.5f  /* price of trying all the widths and orders */
#define ORDER_NATS      3.0f  /* price of a second or third stream */
#define ORDER_MAX       3
#define DIVERGENCE_HALF 0.06f /* nats a gap; below, a rhythm is not clear */
#define EVIDENCE_HALF   5.0f  /* nats; where confidence is one half */
#define EVIDENCE_SCALE  2.5f
#define SIZE_NATS       1.0f  /* what sizes add or take at most */
#define SAME_SIZE       0.05f /* of an e-fold: the same size */
#define PREVALENT_CUT   0.85f /* of the score, where everyone does it */
#define ALLOWED_CUT     0.7f

/* Width of a window, e-folds; the widest is a loop with 80 % jitter. */
static const float widths[] = { 0.015f, 0.03f, 0.06f, 0.11f, 0.2f, 0.35f, 0.6f,
	1.0f, 1.4f, 1.65f, 2.3f };
#define WIDTHS      (sizeof widths / sizeof widths[0])
#define WIDE_WIDTHS 5 /* of them, sums of gaps are tried with the narrow */

struct moment {
	uint64_t time_us;
	uint32_t octets_out;
};

/* Values in ascending order, with what the windows need of them. */
struct ranked {
	size_t count;
	float value[BEACON_SAMPLES_MAX];
	uint16_t key[BEACON_SAMPLES_MAX];   /* logarithm */
	uint16_t place[BEACON_SAMPLES_MAX]; /* in the unsorted order */
	double sum[BEACON_SAMPLES_MAX + 1]; /* of those before */
	double squares[BEACON_SAMPLES_MAX + 1];
};

/* A window and how much speaks for it. */
struct fit {
	float evidence, divergence;
	float low, high; /* values at its edges */
	uint16_t low_key, high_key;
	unsigned order;
};

static float
clamp01(float x)
{
	return x > 0 ? (x < 1 ? x : 1) : 0;
}

/* ---- the timeline ---- */

/* Nearly always sorted already; garbage costs count squared over four. */
static size_t
sort_moments(const struct beacon_sample *samples, size_t count,
    struct moment *out)
{
	size_t at;

	if (count > BEACON_SAMPLES_MAX) {
		samples += count - BEACON_SAMPLES_MAX;
		count = BEACON_SAMPLES_MAX;
	}
	for (size_t i = 0; i < count; i++) {
		struct moment m = { samples[i].time_us, samples[i].octets_out };

		for (at = i;
		     at > 0 && (out[at - 1].time_us > m.time_us ||
				   (out[at - 1].time_us == m.time_us &&
				       out[at - 1].octets_out < m.octets_out));
		     at--)
			out[at] = out[at - 1];
		out[at] = m;
	}
	return count;
}

/* One moment for all that happens within MERGE_US. */
static size_t
merge_moments(struct moment *m, size_t count)
{
	size_t kept = count > 0;

	for (size_t i = 1; i < count; i++) {
		if (m[i].time_us - m[kept - 1].time_us >= MERGE_US)
			m[kept++] = m[i];
	}
	return kept;
}

/* gap[i] precedes moment i + 1; an absence is 0. */
static void
measure_gaps(const struct moment *m, size_t count, float *gap)
{
	for (size_t i = 1; i < count; i++) {
		float s = (float)(m[i].time_us - m[i - 1].time_us) / 1e6f;

		gap[i - 1] = s > GAP_MAX_S ? 0 : s;
	}
}

/* ---- ranking ---- */

static uint16_t
key_of(float value)
{
	float key = logf(value) * KEYS_PER_EFOLD;

	return key > 0 ? (key < 65535 ? (uint16_t)key : 65535) : 0;
}

/* Sorts by the low half, a byte at a time. */
static void
sort_keys(uint32_t *pairs, size_t count)
{
	uint32_t other[BEACON_SAMPLES_MAX];
	uint32_t *from = pairs, *to = other, *swap;

	for (unsigned shift = 0; shift < 16; shift += 8) {
		uint16_t start[257] = { 0 };

		for (size_t i = 0; i < count; i++)
			start[(from[i] >> shift & 0xff) + 1]++;
		for (size_t i = 1; i < 256; i++)
			start[i] = (uint16_t)(start[i] + start[i - 1]);
		for (size_t i = 0; i < count; i++)
			to[start[from[i] >> shift & 0xff]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
}

/* Values of 0 are left out. */
static void
rank(const float *value, size_t count, struct ranked *r)
{
	uint32_t pairs[BEACON_SAMPLES_MAX];

	r->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (value[i] > 0)
			pairs[r->count++] = (uint32_t)i << 16 |
			                    key_of(value[i]);
	}
	sort_keys(pairs, r->count);
	r->sum[0] = r->squares[0] = 0;
	for (size_t i = 0; i < r->count; i++) {
		double v = value[pairs[i] >> 16];

		r->key[i] = (uint16_t)pairs[i];
		r->place[i] = (uint16_t)(pairs[i] >> 16);
		r->value[i] = (float)v;
		r->sum[i + 1] = r->sum[i] + v;
		r->squares[i + 1] = r->squares[i] + v * v;
	}
}

/* ---- windows ---- */

/* Kullback-Leibler divergence of a share from its bound, nats. */
static float
divergence(float share, float bound)
{
	float d = 0;

	if (share <= bound)
		return 0;
	d = share * logf(share / bound);
	if (share < 1)
		d += (1 - share) * logf((1 - share) / (1 - bound));
	return d > 0 ? d : 0;
}

static void
keep_better(struct fit *best, const struct ranked *r, size_t low, size_t high,
    unsigned order, float share, float bound, float weight)
{
	float d = divergence(share, bound);
	float evidence = weight * d + logf(bound) - logf(weight + 1) -
	                 SEARCH_NATS - (order > 1 ? ORDER_NATS : 0);

	if (evidence <= best->evidence)
		return;
	*best = (struct fit){ .evidence = evidence,
		.divergence = d,
		.low = r->value[low],
		.high = r->value[high],
		.low_key = r->key[low],
		.high_key = r->key[high],
		.order = order };
	/* Values of one key are in no order. */
	for (size_t i = low; i <= high; i++) {
		if (r->value[i] < best->low)
			best->low = r->value[i];
		if (r->value[i] > best->high)
			best->high = r->value[i];
	}
}

/*
 * Share of the gaps.  A uniform distribution on (0, b] puts 1 - exp(-w) into
 * its upper w e-folds.  Sums of k gaps are tighter by themselves: the densest
 * e-fold of two uniform ones together has 1.0, of three 1.2.
 */
static void
scan_counts(const struct ranked *r, float width, unsigned order,
    struct fit *best)
{
	static const float density[ORDER_MAX + 1] = { 0, 1.0f, 1.03f, 1.2f };
	float bound = MARGIN * (1 - expf(-width * density[order]));
	uint32_t wide = (uint32_t)(width * KEYS_PER_EFOLD);
	size_t low = 0, at = 0, most = 0;

	for (size_t high = 0; high < r->count; high++) {
		while ((uint32_t)(r->key[high] - r->key[low]) > wide)
			low++;
		if (high - low + 1 > most && r->value[high] >= PERIOD_MIN_S) {
			most = high - low + 1;
			at = low;
		}
	}
	if (most >= 2)
		keep_better(best, r, at, at + most - 1, order,
		    (float)most / (float)r->count, bound,
		    (float)(r->count) / (float)order);
}

/*
 * Share of the time: a burst in between has many gaps but takes little of
 * it.  Weighting by length doubles the bound's exponent.  Long absences are
 * cut so that a night does not outweigh the day.
 */
static void
scan_times(const struct ranked *r, float width, struct fit *best)
{
	double bound = (double)MARGIN * (1 - exp(-2 * (double)width)), top = 0;
	double top_share = 0, top_weight = 0;
	uint32_t wide = (uint32_t)(width * KEYS_PER_EFOLD);
	size_t low = 0, cut = 0, top_low = 0, top_high = 0;

	if (bound > 0.95)
		return;
	for (size_t high = 0; high < r->count; high++) {
		double longest = (double)ABSENT_PERIODS *
		                 (double)r->value[high];
		double all, squares, share, weight, gain, over;

		while ((uint32_t)(r->key[high] - r->key[low]) > wide)
			low++;
		while (cut < r->count && (double)r->value[cut] <= longest)
			cut++;
		over = (double)(r->count - cut);
		all = r->sum[cut] + over * longest;
		share = (r->sum[high + 1] - r->sum[low]) / all;
		if (share <= bound || high == low ||
		    r->value[high] < PERIOD_MIN_S)
			continue;
		squares = r->squares[cut] + over * longest * longest;
		weight = all * all / squares;
		gain = weight * (share - bound) * (share - bound);
		if (gain > top) {
			top = gain;
			top_share = share > 1 ? 1 : share;
			top_weight = weight;
			top_low = low;
			top_high = high;
		}
	}
	if (top > 0)
		keep_better(best, r, top_low, top_high, 1, (float)top_share,
		    (float)bound, (float)top_weight);
}

/* Gaps over `order` moments: two loops of one period take turns. */
static void
sum_gaps(const float *gap, size_t count, unsigned order, float *out)
{
	for (size_t i = 0; i + order <= count; i++) {
		out[i] = 0;
		for (unsigned k = 0; k < order; k++) {
			if (gap[i + k] == 0) {
				out[i] = 0;
				break;
			}
			out[i] += gap[i + k];
		}
	}
}

static void
search(const struct ranked *gaps, const float *gap, size_t count,
    struct fit *best)
{
	float sums[BEACON_SAMPLES_MAX];
	struct ranked ranked;

	*best = (struct fit){ .evidence = -100, .order = 1 };
	for (size_t i = 0; i < WIDTHS; i++) {
		scan_counts(gaps, widths[i], 1, best);
		scan_times(gaps, widths[i], best);
	}
	for (unsigned order = 2; order <= ORDER_MAX && order < count; order++) {
		sum_gaps(gap, count, order, sums);
		rank(sums, count - order + 1, &ranked);
		for (size_t i = 0; i < WIDE_WIDTHS; i++)
			scan_counts(&ranked, widths[i], order, best);
	}
}

/* ---- what the window means ---- */

static bool
in_window(const struct fit *fit, float value)
{
	return value >= fit->low && value <= fit->high;
}

/* Share of the beacons' sizes in the densest SAME_SIZE of an e-fold. */
static float
size_regularity(const struct moment *m, const float *gap, size_t gaps,
    const struct fit *fit)
{
	float sizes[BEACON_SAMPLES_MAX];
	struct ranked ranked;
	size_t count = 0, low = 0, most = 0;

	for (size_t i = 0; i < gaps; i++) {
		if (fit->order > 1 || in_window(fit, gap[i]))
			sizes[count++] = (float)m[i + 1].octets_out + 1;
	}
	if (count < 2)
		return 0;
	rank(sizes, count, &ranked);
	for (size_t high = 0; high < count; high++) {
		while ((float)(ranked.key[high] - ranked.key[low]) >
		       SAME_SIZE * KEYS_PER_EFOLD)
			low++;
		if (high - low + 1 > most)
			most = high - low + 1;
	}
	return (float)most / (float)count;
}

static void
describe(const float *gap, size_t gaps, const struct fit *fit,
    struct beacon_score *out)
{
	float sums[BEACON_SAMPLES_MAX], inside[BEACON_SAMPLES_MAX];
	struct ranked ranked;
	double rhythm = 0, all = 0;
	size_t kept = 0;

	sum_gaps(gap, gaps, fit->order, sums);
	for (size_t i = 0; i + fit->order <= gaps; i++) {
		float longest = ABSENT_PERIODS * fit->high;

		all += (double)(sums[i] < longest ? sums[i] : longest);
		if (sums[i] == 0 || !in_window(fit, sums[i]))
			continue;
		inside[kept++] = sums[i];
		rhythm += (double)sums[i];
	}
	if (kept == 0)
		return;
	rank(inside, kept, &ranked);
	out->in_rhythm = (uint32_t)kept;
	out->interval_s = ranked.value[kept / 2];
	out->jitter = clamp01((fit->high - fit->low) / (fit->high + fit->low));
	out->coverage = clamp01((float)(rhythm / all));
	out->streams = (uint8_t)fit->order;
	for (size_t i = 0; i < gaps; i++) {
		float bin = gap[i] / out->interval_s * 4 + 0.5f;

		if (gap[i] == 0)
			continue;
		if (bin >= BEACON_HISTOGRAM_BINS)
			bin = BEACON_HISTOGRAM_BINS - 1;
		out->histogram[(size_t)bin]++;
	}
}

/* Few hosts are nothing; then the share counts, and at last their number. */
static float
prevalence(const struct beacon_context *context)
{
	float peers = (float)context->peers;
	float hosts = (float)context->segment_hosts;
	float share = hosts > peers ? peers / hosts : 1;
	float common = clamp01((peers - 2) / 2) *
	               clamp01((share - 0.05f) / 0.2f);
	float many = clamp01((peers - 50) / 250);

	return common > many ? common : many;
}

static uint8_t
what_lowered(const struct beacon_score *s)
{
	return (uint8_t)((s->confidence < 0.9f ? BEACON_LOW_FEW : 0) |
			 (s->periodicity < 0.7f ? BEACON_LOW_IRREGULAR : 0) |
			 (s->sizes < 0.5f ? BEACON_LOW_SIZES : 0) |
			 (s->coverage < 0.5f ? BEACON_LOW_COVERAGE : 0) |
			 (s->prevalence > 0 ? BEACON_LOW_PREVALENT : 0) |
			 (s->allow_listed ? BEACON_LOW_ALLOWED : 0));
}

void
beacon_score_weigh(struct beacon_score *score,
    const struct beacon_context *context)
{
	score->prevalence = prevalence(context);
	score->allow_listed = context->allow_listed;
	score->score = score->own * (1 - PREVALENT_CUT * score->prevalence) *
	               (context->allow_listed ? 1 - ALLOWED_CUT : 1);
	score->lowered = what_lowered(score);
}

static void
judge(const struct fit *fit, struct beacon_score *out)
{
	float doubt;

	out->evidence = fit->evidence + SIZE_NATS * (2 * out->sizes - 1);
	doubt = (EVIDENCE_HALF - out->evidence) / EVIDENCE_SCALE;
	out->confidence = 1 / (1 + expf(doubt < 80 ? doubt : 80));
	out->periodicity = clamp01(
	    1 - expf(-fit->divergence / DIVERGENCE_HALF));
	out->own = out->periodicity * out->confidence;
}

void
beacon_score(const struct beacon_sample *samples, size_t count,
    const struct beacon_context *context, struct beacon_score *out)
{
	struct moment moments[BEACON_SAMPLES_MAX];
	float gap[BEACON_SAMPLES_MAX];
	struct ranked ranked;
	struct fit fit;
	size_t gaps;

	memset(out, 0, sizeof *out);
	out->streams = 1;
	beacon_score_weigh(out, context);
	count = merge_moments(moments, sort_moments(samples, count, moments));
	out->samples = (uint32_t)count;
	if (count < 3)
		return;
	gaps = count - 1;
	measure_gaps(moments, count, gap);
	rank(gap, gaps, &ranked);
	search(&ranked, gap, gaps, &fit);
	if (fit.high <= 0)
		return;
	describe(gap, gaps, &fit, out);
	out->sizes = size_regularity(moments, gap, gaps, &fit);
	judge(&fit, out);
	beacon_score_weigh(out, context);
}
