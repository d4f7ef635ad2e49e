/*
 * How fast hits become events and events reach a Redis:
 *
 *	sink_bench [-n COUNT] [-m channel|list|stream] [redis://HOST[:PORT] |
 *redis+unix:///PATH]
 *
 * 1. eve_hit alone, and with a copy into an event_line;
 * 2. a bare hiredis loop that pipelines the same lines, 512 at a time;
 * 3. eve_hit, sink_put and the Redis sink together, until all is acknowledged.
 *
 * 2 and 3 for PUBLISH, RPUSH and XADD, to keys "sink_bench", which are deleted
 * before and after.  Run it against a Redis of its own.
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

#define PIPELINE 512
#define KEY      "sink_bench"

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

/* --- the measurements --- */

static void
show(const char *what, uint64_t count, double seconds)
{
	printf("%-28s %9.0f /s\n", what, (double)count / seconds);
}

static void
measure_format(struct eve *eve, uint64_t count)
{
	struct event_line *line;
	double begin = now_s();
	const char *text;
	size_t len = 0;

	for (uint64_t n = 0; n < count; n++)
		next_hit(eve, n, &len);
	show("eve_hit", count, now_s() - begin);
	begin = now_s();
	for (uint64_t n = 0; n < count; n++) {
		text = next_hit(eve, n, &len);
		if ((line = event_line_new(text, len)) == NULL)
			die("out of memory");
		event_line_release(line);
	}
	show("eve_hit, event_line_new", count, now_s() - begin);
	printf("%-28s %9zu octets\n", "a line", len);
}

static redisContext *
dial(const struct sink_url *url)
{
	redisContext *redis = url->path != NULL
	                          ? redisConnectUnix(url->path)
	                          : redisConnect(url->host, url->port);

	if (redis == NULL || redis->err)
		die("no connection");
	return redis;
}

static void
delete_key(redisContext *redis)
{
	freeReplyObject(redisCommand(redis, "DEL " KEY));
}

static double
measure_bare(redisContext *redis, const char *const *head, int head_count,
    uint64_t count, const char *text, size_t len)
{
	double begin = now_s();
	const char *argv[9];
	size_t lens[9];
	void *reply;

	for (int i = 0; i < head_count; i++) {
		argv[i] = head[i];
		lens[i] = strlen(head[i]);
	}
	argv[head_count] = text;
	lens[head_count] = len;
	for (uint64_t n = 0; n < count; n += PIPELINE) {
		for (int i = 0; i < PIPELINE; i++)
			redisAppendCommandArgv(redis, head_count + 1, argv,
			    lens);
		for (int i = 0; i < PIPELINE; i++) {
			if (redisGetReply(redis, &reply) != REDIS_OK)
				die(redis->errstr);
			freeReplyObject(reply);
		}
	}
	return (double)count / (now_s() - begin);
}

static void
report(void *arg, const char *message)
{
	(void)arg;
	fprintf(stderr, "%s\n", message);
}

static double
measure_sink(struct eve *eve, const char *url, uint64_t count)
{
	struct sink_options options = { .queue_octets_max = 64 << 20,
		.wait = true,
		.wait_ms = 10000,
		.connect_timeout_ms = 1000,
		.command_timeout_ms = 10000,
		.drain_ms = 60000,
		.report = report };
	struct sink_counts counts;
	struct event_line *line;
	struct sink *sink;
	char error[256];
	const char *text;
	double begin;
	size_t len;

	if (sink_open(url, &options, &sink, error, sizeof error) == -1)
		die(error);
	begin = now_s();
	for (uint64_t n = 0; n < count; n++) {
		text = next_hit(eve, n, &len);
		if ((line = event_line_new(text, len)) == NULL)
			die("out of memory");
		sink_put(sink, line);
		event_line_release(line);
	}
	sink_close(sink, &counts);
	if (counts.written != count)
		die("not all was written");
	return (double)count / (now_s() - begin);
}

static void
measure_redis(struct eve *eve, const char *where, const char *only,
    uint64_t count)
{
	static const struct {
		const char *mode, *head[8];
		int head_count;
	} modes[] = {
		{ "channel", { "PUBLISH", KEY }, 2 },
		{ "list", { "RPUSH", KEY }, 2 },
		{ "stream",
		    { "XADD", KEY, "MAXLEN", "~", "100000", "*", "eve" }, 7 },
	};
	struct sink_url url;
	char text[256], error[256];
	size_t len;
	const char *line = next_hit(eve, 0, &len);
	char *copy = strndup(line, len);
	redisContext *redis;

	if (sink_url_parse(where, &url, error, sizeof error) == -1)
		die(error);
	redis = dial(&url);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		double bare, ours, cpu[3];

		if (only != NULL && strcmp(only, modes[i].mode) != 0)
			continue;
		delete_key(redis);
		cpu[0] = cpu_s();
		bare = measure_bare(redis, modes[i].head, modes[i].head_count,
		    count, copy, len);
		delete_key(redis);
		snprintf(text, sizeof text, "%s?mode=%s&key=" KEY "%s", where,
		    modes[i].mode,
		    strcmp(modes[i].mode, "stream") == 0 ? "&maxlen=100000"
							 : "");
		cpu[1] = cpu_s();
		ours = measure_sink(eve, text, count);
		cpu[2] = cpu_s();
		delete_key(redis);
		printf("%-8s bare %7.0f /s, %4.0f ns CPU each; eve_hit and "
		       "sink %7.0f /s, %4.0f ns; ratio %.2f\n",
		    modes[i].head[0], bare,
		    (cpu[1] - cpu[0]) * 1e9 / (double)count, ours,
		    (cpu[2] - cpu[1]) * 1e9 / (double)count, ours / bare);
	}
	redisFree(redis);
	sink_url_fini(&url);
	free(copy);
}

int
main(int argc, char **argv)
{
	struct eve_options options = { .sensor_name = "sensor",
		.live = true,
		.dns_version = 3,
		.source_name = source_name };
	struct segments *segments = segments_new();
	uint64_t count = 512000;
	const char *only = NULL;
	struct eve *eve;
	int option;

	while ((option = getopt(argc, argv, "n:m:")) != -1) {
		if (option == 'n')
			count = strtoull(optarg, NULL, 10) / PIPELINE *
			        PIPELINE;
		else if (option == 'm')
			only = optarg;
		else
			die("usage: sink_bench [-n COUNT] [-m MODE] [URL]");
	}
	if (segments == NULL || segments_compile(segments) == -1)
		die("out of memory");
	options.segments = segments;
	if ((eve = eve_new(&options)) == NULL)
		die("out of memory");
	if (count == 0)
		die("COUNT: 512 at least");
	make_query();
	measure_format(eve, count);
	if (optind < argc)
		measure_redis(eve, argv[optind], only, count);
	eve_free(eve);
	segments_free(segments);
	return 0;
}
