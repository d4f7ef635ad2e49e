#include "sensor/profile_rhythm.h"

#include <stdlib.h>

/* A longer interval is a pause, not so many lost turns. */
#define TURNS_MAX   4
#define RETRIES_MAX 3
#define PAUSE_TURNS 10

#define MINUTE_US UINT64_C(60000000)
/* A scheduler starts its jobs within this much of the full minute. */
#define ALIGNED_US UINT64_C(2000000)

/* `turns` times through the loop, of which `failed` had no answer. */
static bool
fits(const struct profile_timing *t, uint64_t gap_us, uint64_t turns,
    uint64_t failed)
{
	uint64_t shortest = turns * t->period_us + failed * t->retry_us -
	                    t->early_us;
	uint64_t longest = turns * (t->period_us + t->late_us) +
	                   failed * (t->retry_us + t->late_us);

	return gap_us >= shortest && gap_us <= longest;
}

static bool
says_nothing(const struct profile_timing *t, uint64_t gap_us)
{
	if (gap_us > PAUSE_TURNS * t->period_us)
		return true;
	for (uint64_t turns = 2; turns <= TURNS_MAX; turns++) {
		if (fits(t, gap_us, turns, 0))
			return true;
	}
	for (uint64_t failed = 1; t->retry_us > 0 && failed <= RETRIES_MAX;
	     failed++) {
		if (fits(t, gap_us, 1, failed))
			return true;
	}
	return false;
}

static void
push(struct profile_rhythm *r, uint64_t gap_us, bool on_beat, bool aligned)
{
	uint16_t bit = (uint16_t)(1u << r->next);

	r->intervals_us[r->next] = gap_us > UINT32_MAX ? UINT32_MAX
	                                               : (uint32_t)gap_us;
	r->on_beat = (uint16_t)(on_beat ? r->on_beat | bit : r->on_beat & ~bit);
	r->aligned = (uint16_t)(aligned ? r->aligned | bit : r->aligned & ~bit);
	r->next = (uint8_t)((r->next + 1) % RHYTHM_INTERVALS_MAX);
	if (r->count < RHYTHM_INTERVALS_MAX)
		r->count++;
}

void
profile_rhythm_add(struct profile_rhythm *r, const struct profile_timing *t,
    uint64_t at_us)
{
	uint64_t gap_us;
	bool known = r->started && at_us >= r->last_us;

	gap_us = known ? at_us - r->last_us : 0;
	r->started = true;
	r->last_us = at_us; /* also where the clock was set back */
	if (t->period_us == 0 || !known || gap_us < t->period_us / 4 ||
	    says_nothing(t, gap_us))
		return;
	push(r, gap_us, fits(t, gap_us, 1, 0), at_us % MINUTE_US < ALIGNED_US);
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The lower of two in the middle; 0 of none. */
static uint32_t
median(uint32_t *values, unsigned n)
{
	if (n == 0)
		return 0;
	qsort(values, n, sizeof *values, compare);
	return values[(n - 1) / 2];
}

/* The intervals on the beat: how many, and in order of size. */
static unsigned
beats(const struct profile_rhythm *r, uint32_t values[RHYTHM_INTERVALS_MAX],
    uint32_t *middle)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->count; i++) {
		if (r->on_beat & 1u << i)
			values[n++] = r->intervals_us[i];
	}
	*middle = median(values, n);
	return n;
}

static uint32_t
distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

bool
profile_rhythm_holds(const struct profile_rhythm *r,
    const struct profile_timing *t)
{
	uint32_t values[RHYTHM_INTERVALS_MAX], middle;
	unsigned n = beats(r, values, &middle), alike = 0;

	for (unsigned i = 0; i < n; i++)
		alike += distance(values[i], middle) <= t->spread_us;
	return t->period_us > 0 && alike >= t->intervals_min &&
	       alike * 4 >= r->count * 3u;
}

int
profile_rhythm_score(const struct profile_rhythm *r,
    const struct profile_timing *t)
{
	if (!profile_rhythm_holds(r, t))
		return 0;
	return t->weight +
	       ((r->on_beat & ~r->aligned) == 0 ? t->aligned_weight : 0);
}

void
profile_rhythm_measure(const struct profile_rhythm *r, uint64_t *interval_us,
    uint64_t *jitter_us)
{
	uint32_t values[RHYTHM_INTERVALS_MAX], middle;
	unsigned n = beats(r, values, &middle);

	for (unsigned i = 0; i < n; i++)
		values[i] = distance(values[i], middle);
	*interval_us = middle;
	*jitter_us = median(values, n);
}

unsigned
profile_rhythm_recent(const struct profile_rhythm *r,
    uint32_t out[RHYTHM_INTERVALS_MAX])
{
	unsigned oldest = r->count < RHYTHM_INTERVALS_MAX ? 0 : r->next;

	for (unsigned i = 0; i < r->count; i++)
		out[i] = r->intervals_us[(oldest + i) % RHYTHM_INTERVALS_MAX];
	return r->count;
}
