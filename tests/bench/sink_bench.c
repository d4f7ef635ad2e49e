/*
 * How fast hits become events and events reach a Redis:
 *
 *	sink_bench [-n COUNT] [-r ROUNDS] [-m channel|list|stream] [-s SPOOL]
 *	    [redis://HOST[:PORT] | redis+unix:///PATH]
 *
 * 1. eve_hit alone, and with a copy into a spool in memory;
 * 2. a bare hiredis loop that pipelines a line of the same length, 512 at a
 *    time;
 * 3. eve_hit, sink_put and the Redis sink together, until all is acknowledged;
 *    hits pass a spool on disk, in the folder SPOOL, as the sensor has it.
 *
 * 2 and 3 in turns, for PUBLISH, RPUSH and XADD, to the key "sink_bench", which
 * is deleted before and after: the median of each, and of the rounds' ratios.
 * The CPU a line is of this process, all threads, and of Redis.  Run it against
 * a Redis of its own; delivery.py does.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "output/eve.h"
#include "output/sink.h"
#include "output/sink_url.h"

#define PIPELINE   512
#define KEY        "sink_bench"
#define ROUNDS_MAX 99

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What this process has used; other processes' noise is not in it. */
static double
cpu_s(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "sink_bench: %s\n", what);
	exit(1);
}

static const char *
source_name(void *arg, uint16_t source)
{
	(void)arg;
	(void)source;
	return "eth0";
}

/* --- a hit as there are many: a domain in a DNS query --- */

static const char name[] = "sfrclak.example";
static const char *const attack_ids[] = { "T1071.004", NULL };
static const struct signature signature = { 1, 1, 1,
	"Known-bad domain looked up", "A Network Trojan was detected",
	attack_ids };
static const struct feed feed = { "vendor-report", "axios-2026",
	"https://example.org/report" };
static const struct indicator indicator = { .type = INDICATOR_DOMAIN,
	.confidence = 90,
	.value_len = sizeof name - 1,
	.value = name,
	.description = "C2 of the second stage",
	.feed = &feed };

static struct {
	struct observation o;
	struct obs_question question;
	char text[sizeof name + 8];
} query;

static void
make_query(void)
{
	static const uint8_t client[4] = { 192, 0, 2, 10 };
	static const uint8_t server[4] = { 198, 51, 100, 53 };
	struct observation *o = &query.o;

	o->size = sizeof query;
	o->kind = OBS_DNS;
	o->app = APP_DNS;
	o->ip_proto = IPPROTO_UDP;
	o->time_us = UINT64_C(1774916463123456);
	o->flow_first_us = o->flow_last_us = o->time_us;
	o->flow_id = 1234567890123;
	o->addr[DIR_OUT] = addr_v4(client);
	o->addr[DIR_IN] = addr_v4(server);
	o->port[DIR_OUT] = 40000;
	o->port[DIR_IN] = 53;
	o->packets[DIR_OUT] = 1;
	o->octets[DIR_OUT] = 75;
	o->dns.flags = 0x0100;
	o->dns.questions.count = 1;
	query.question.name.at = sizeof query.question;
	query.question.name.len = sizeof name - 1;
	query.question.type = query.question.qclass = 1;
	memcpy(query.text, name, sizeof name);
}

static const char *
next_hit(struct eve *eve, uint64_t n, size_t *len)
{
	struct hit hit = { .id = "0123456789abcdef0123456789abcdef",
		.detector = "indicator",
		.signature = &signature,
		.observation = &query.o,
		.count = 1,
		.source = DIR_OUT,
		.indicator = &indicator,
		.where = WHERE_DNS_QUERY,
		.matched = name,
		.matched_len = sizeof name - 1 };
	const char *line;

	query.o.port[DIR_OUT] = (uint16_t)n;
	query.o.flow_id = n;
	query.o.time_us += 10;
	hit.time_us = hit.first_us = hit.last_us = query.o.time_us;
	if ((line = eve_hit(eve, &hit, len)) == NULL)
		die("out of memory");
	return line;
}

static struct sink_line
hit_line(const char *text, size_t len)
{
	return (struct sink_line){ .text = text,
		.len = (uint32_t)len,
		.segment = "",
		.severity = 1,
		.type = EVENT_ALERT };
}

/* --- the measurements --- */

static void
show(const char *what, uint64_t count, double seconds)
{
	printf("%-28s %9.0f /s\n", what, (double)count / seconds);
}

static void
measure_format(struct eve *eve, uint64_t count)
{
	struct spool_options options = { .name = KEY,
		.memory_octets_max = 64 << 20 };
	struct sink_line line;
	struct spool_ticket ticket;
	struct spool *spool;
	double begin = now_s();
	char error[256];
	size_t len = 0;

	for (uint64_t n = 0; n < count; n++)
		next_hit(eve, n, &len);
	show("eve_hit", count, now_s() - begin);
	if (spool_open(&options, &spool, error, sizeof error) == -1)
		die(error);
	begin = now_s();
	for (uint64_t n = 0; n < count; n++) {
		line = hit_line(next_hit(eve, n, &len), len);
		if (spool_put(spool, &line, false) != SPOOL_KEPT ||
		    spool_take(spool, &line, &ticket, 1, len) != 1)
			die("not kept");
		spool_settle(spool, ticket);
	}
	show("eve_hit, spool", count, now_s() - begin);
	spool_close(spool);
	printf("%-28s %9zu octets\n", "a line", len);
}

static redisContext *
dial(const struct sink_url *url)
{
	redisContext *redis = url->path != NULL
	                          ? redisConnectUnix(url->path)
	                          : redisConnect(url->endpoints[0].host,
					url->endpoints[0].port);

	if (redis == NULL || redis->err)
		die("no connection");
	return redis;
}

static void
delete_key(redisContext *redis)
{
	freeReplyObject(redisCommand(redis, "DEL " KEY));
}

struct bench {
	struct eve *eve;
	const char *url, *spool_directory;
	uint64_t count;
	unsigned rounds;
	redisContext *redis;
	char *text; /* of the bare loop's lines */
	size_t len;
};

static const struct mode {
	const char *name, *head[8];
	int head_count;
	const char *parameters;
} modes[] = {
	{ "channel", { "PUBLISH", KEY }, 2, "" },
	{ "list", { "RPUSH", KEY }, 2, "" },
	{ "stream", { "XADD", KEY, "MAXLEN", "~", "100000", "*", "eve" }, 7,
	    "&maxlen=100000" },
};

static void
make_bare_line(struct bench *bench)
{
	const char *line = next_hit(bench->eve, 0, &bench->len);

	if ((bench->text = strndup(line, bench->len)) == NULL)
		die("out of memory");
}

/* The same line again and again: the loop has only to send. */
static double
measure_bare(const struct bench *bench, const struct mode *mode)
{
	double begin = now_s();
	const char *argv[9];
	size_t lens[9];
	void *reply;

	for (int i = 0; i < mode->head_count; i++) {
		argv[i] = mode->head[i];
		lens[i] = strlen(mode->head[i]);
	}
	argv[mode->head_count] = bench->text;
	lens[mode->head_count] = bench->len;
	for (uint64_t n = 0; n < bench->count; n += PIPELINE) {
		for (int i = 0; i < PIPELINE; i++)
			redisAppendCommandArgv(bench->redis,
			    mode->head_count + 1, argv, lens);
		for (int i = 0; i < PIPELINE; i++) {
			if (redisGetReply(bench->redis, &reply) != REDIS_OK)
				die(bench->redis->errstr);
			freeReplyObject(reply);
		}
	}
	return (double)bench->count / (now_s() - begin);
}

static void
report(void *arg, const char *message)
{
	(void)arg;
	fprintf(stderr, "%s\n", message);
}

/* As the sensor has it by default: hits pass a spool on disk. */
static double
measure_sink(const struct bench *bench, const char *url)
{
	struct sink_options options = { .queue_octets_max = 64 << 20,
		.wait = true,
		.wait_ms = 10000,
		.connect_timeout_ms = 1000,
		.command_timeout_ms = 10000,
		.drain_ms = 60000,
		.spool_directory = bench->spool_directory,
		.spool_octets_max = 256 << 20,
		.spool_sync = SPOOL_SYNC_INTERVAL,
		.spool_sync_ms = 1000,
		.report = report };
	struct sink_counts counts;
	struct sink_line line;
	struct sink *sink;
	char error[256];
	const char *text;
	double begin;
	size_t len;

	if (sink_open(url, &options, &sink, error, sizeof error) == -1)
		die(error);
	begin = now_s();
	for (uint64_t n = 0; n < bench->count; n++) {
		text = next_hit(bench->eve, n, &len);
		line = hit_line(text, len);
		sink_put(sink, &line);
	}
	sink_close(sink, &counts);
	if (counts.written != bench->count)
		die("not all was written");
	return (double)bench->count / (now_s() - begin);
}

/* --- in turns --- */

/* What one side has done in each round. */
struct side {
	double rate[ROUNDS_MAX];
	double cpu_ns[ROUNDS_MAX];   /* of this process, a line */
	double redis_ns[ROUNDS_MAX]; /* of Redis, a line */
};

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts them. */
static double
median(double *numbers, unsigned count)
{
	qsort(numbers, count, sizeof *numbers, by_size);
	return count % 2 == 1
	           ? numbers[count / 2]
	           : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

/* CPU seconds of the server, as it counts them itself. */
static double
redis_cpu_s(redisContext *redis)
{
	static const char *const fields[] = { "used_cpu_sys:",
		"used_cpu_user:" };
	redisReply *reply = redisCommand(redis, "INFO cpu");
	double sum = 0;

	if (reply == NULL || reply->str == NULL)
		die("no answer to INFO");
	for (size_t i = 0; i < 2; i++) {
		const char *at = strstr(reply->str, fields[i]);

		if (at != NULL)
			sum += strtod(at + strlen(fields[i]), NULL);
	}
	freeReplyObject(reply);
	return sum;
}

static void
run_one(const struct bench *bench, const struct mode *mode, bool ours,
    struct side *out, unsigned round)
{
	char url[512];
	double used, redis_used;

	snprintf(url, sizeof url, "%s?mode=%s&key=" KEY "%s", bench->url,
	    mode->name, mode->parameters);
	delete_key(bench->redis);
	used = cpu_s();
	redis_used = redis_cpu_s(bench->redis);
	out->rate[round] = ours ? measure_sink(bench, url)
	                        : measure_bare(bench, mode);
	out->cpu_ns[round] = (cpu_s() - used) * 1e9 / (double)bench->count;
	out->redis_ns[round] = (redis_cpu_s(bench->redis) - redis_used) * 1e9 /
	                       (double)bench->count;
	delete_key(bench->redis);
}

static void
measure_mode(const struct bench *bench, const struct mode *mode)
{
	struct side bare, ours;
	double ratio[ROUNDS_MAX], middle;
	unsigned count = bench->rounds;

	for (unsigned i = 0; i < count; i++) {
		/* Who is first changes: neither profits from it. */
		run_one(bench, mode, i % 2 == 1, i % 2 == 1 ? &ours : &bare, i);
		run_one(bench, mode, i % 2 == 0, i % 2 == 0 ? &ours : &bare, i);
		ratio[i] = ours.rate[i] / bare.rate[i];
	}
	middle = median(ratio, count);
	printf("%-8s %9.0f %9.0f %7.2f (%.2f..%.2f) %9.0f %7.0f %9.0f %7.0f\n",
	    mode->name, median(bare.rate, count), median(ours.rate, count),
	    middle, ratio[0], ratio[count - 1], median(bare.cpu_ns, count),
	    median(ours.cpu_ns, count), median(bare.redis_ns, count),
	    median(ours.redis_ns, count));
	fflush(stdout);
}

static void
measure_redis(struct bench *bench, const char *only)
{
	struct sink_url url;
	char error[256];

	if (sink_url_parse(bench->url, &url, error, sizeof error) == -1)
		die(error);
	bench->redis = dial(&url);
	printf("%-8s %9s %9s %7s %-12s %9s %7s %9s %7s\n", "mode", "bare/s",
	    "ours/s", "ratio", "(min..max)", "bare ns", "ours ns", "Redis ns",
	    "ours");
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (only == NULL || strcmp(only, modes[i].name) == 0)
			measure_mode(bench, &modes[i]);
	}
	redisFree(bench->redis);
	sink_url_fini(&url);
}

static const char usage[] =
    "usage: sink_bench [-n COUNT] [-r ROUNDS] [-m MODE] [-s SPOOL] [URL]";

int
main(int argc, char **argv)
{
	struct eve_options options = { .sensor_name = "sensor",
		.live = true,
		.dns_version = 3,
		.source_name = source_name };
	struct segments *segments = segments_new();
	struct bench bench = { .count = 512000, .rounds = 5 };
	const char *only = NULL;
	int option;

	while ((option = getopt(argc, argv, "n:r:m:s:")) != -1) {
		if (option == 'n')
			bench.count = strtoull(optarg, NULL, 10) / PIPELINE *
			              PIPELINE;
		else if (option == 'r')
			bench.rounds = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'm')
			only = optarg;
		else if (option == 's')
			bench.spool_directory = optarg;
		else
			die(usage);
	}
	if (segments == NULL || segments_compile(segments) == -1)
		die("out of memory");
	options.segments = segments;
	if ((bench.eve = eve_new(&options)) == NULL)
		die("out of memory");
	if (bench.count == 0 || bench.rounds == 0 || bench.rounds > ROUNDS_MAX)
		die("COUNT: 512 at least; ROUNDS: 1 to 99");
	make_query();
	make_bare_line(&bench);
	measure_format(bench.eve, bench.count);
	if (optind < argc) {
		bench.url = argv[optind];
		measure_redis(&bench, only);
	}
	free(bench.text);
	eve_free(bench.eve);
	segments_free(segments);
	return 0;
}
