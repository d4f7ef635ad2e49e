#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "sensor/beacon.h"

/*
 * What beacon detection costs: one score by the number of moments, a
 * transaction in each kind of traffic, and the memory of a million pairs.
 *
 *     beacon_bench [MILLIONS of pairs, default 1]
 */

#define START  UINT64_C(1774915200000000)
#define SECOND UINT64_C(1000000)

static uint64_t state = 88172645463325252;

static uint64_t
next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
resident_bytes(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
		perror("/proc/self/statm");
	if (file != NULL)
		fclose(file);
	return (double)pages * 4096;
}

static void
bench_score(size_t count, double jitter, const char *what)
{
	const struct beacon_context context = { .peers = 1,
		.segment_hosts = 80 };
	struct beacon_sample samples[BEACON_SAMPLES_MAX];
	struct beacon_score score;
	uint64_t time_us = START;
	double start, sum = 0;
	int rounds = 2000;

	for (size_t i = 0; i < count; i++) {
		samples[i] = (struct beacon_sample){ time_us,
			(uint32_t)(next() % 500), 0 };
		time_us += (uint64_t)(60e6 *
				      (1 - jitter * (double)(next() >> 40) /
					       (double)(1 << 24)));
	}
	start = now_ns();
	for (int i = 0; i < rounds; i++) {
		beacon_score(samples, count, &context, &score);
		sum += (double)score.score;
	}
	printf("score of %3zu moments, %-10s %7.1f us  (score %.2f)\n", count,
	    what, (now_ns() - start) / rounds / 1000, sum / rounds);
}

static void
silent(const struct beacon_report *report, void *arg)
{
	uint64_t *reports = arg;

	(*reports)++;
	(void)report;
}

static struct transaction
transaction(uint64_t time_us, uint64_t pair, char *name, size_t size)
{
	const uint8_t from[4] = { 10, 0, (uint8_t)(pair % 400 / 100),
		(uint8_t)(pair % 100) };

	struct transaction t = { .time_us = time_us,
		.source = addr_v4(from),
		.port = 443,
		.ip_proto = 6,
		.octets_out = 500 };

	t.name_len = (uint8_t)snprintf(name, size,
	    "host%" PRIu64 ".service.example", pair / 400);
	t.name = name;
	return t;
}

/* `rounds` transactions of each of `pairs` pairs, in a different order each
 * round, `gap_s` apart. */
static void
bench_pairs(struct beacon_detector *detector, uint64_t first, uint64_t pairs,
    uint64_t rounds, uint64_t gap_s, const char *what)
{
	static uint64_t time_us = START;
	double cost = 0, before = resident_bytes(), start, empty;
	struct beacon_stats stats;
	char name[64];
	uint64_t at;

	start = now_ns();
	for (uint64_t i = 0; i < pairs; i++)
		(void)transaction(time_us, i, name, sizeof name);
	empty = (now_ns() - start) / (double)pairs;
	for (uint64_t r = 0; r < rounds; r++) {
		start = now_ns();
		for (uint64_t i = 0; i < pairs; i++) {
			struct transaction t;

			at = (i * 7919 + r) % pairs; /* a prime */
			t = transaction(time_us + i * gap_s * SECOND / pairs,
			    first + at, name, sizeof name);
			beacon_transaction(detector, &t);
		}
		cost += now_ns() - start;
		time_us += gap_s * SECOND;
	}
	beacon_stats(detector, &stats);
	printf("%-34s %7.0f ns a transaction; %.1f MiB more resident; "
	       "%" PRIu64 " cells, %" PRIu64 " histories, %" PRIu64
	       " long, %" PRIu64 " evicted\n",
	    what, cost / (double)(pairs * rounds) - empty,
	    (resident_bytes() - before) / 1048576, stats.table.cells,
	    stats.table.histories, stats.table.longs,
	    stats.table.cells_evicted);
}

int
main(int argc, char *argv[])
{
	uint64_t million = 1000000, reports = 0, live;
	struct beacon_options options;
	struct beacon_detector *detector;
	struct beacon_stats stats;

	live = argc > 1 ? strtoull(argv[1], NULL, 10) * million : million;
	bench_score(8, 0.5, "jitter 50%");
	bench_score(32, 0.5, "jitter 50%");
	bench_score(256, 0, "no jitter");
	bench_score(256, 0.5, "jitter 50%");
	bench_score(256, 1, "chance");
	beacon_options_default(&options);
	options.table.pairs_max = (uint32_t)(live + live / 8);
	options.table.key = (struct siphash_key){ 1, 2 };
	if (live == 0 ||
	    (detector = beacon_new(&options, silent, &reports)) == NULL) {
		fprintf(stderr,
		    "beacon_bench: no memory for %" PRIu64 " pairs\n", live);
		return 1;
	}
	beacon_stats(detector, &stats);
	printf("reserved %.1f MiB; %zu octets a pair with a history\n",
	    (double)stats.table.octets_reserved / 1048576, sizeof(struct pair));
	bench_pairs(detector, 0, live, 1, 600, "new pairs, up to the number");
	bench_pairs(detector, 0, live, 2, 600, "the same pairs again, twice");
	bench_pairs(detector, 0, 20000, 60, 60, "20000 of them each minute");
	bench_pairs(detector, live, 4 * live, 1, 600, "flood of other pairs");
	beacon_free(detector);
	return 0;
}
