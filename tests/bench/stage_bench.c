#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "sensor/bundled.h"
#include "sensor/capture.h"
#include "sensor/pipeline_parts.h"
#include "sensor/tracker.h"

/*
 * What each stage of the sensor costs, over one stored capture:
 *
 *     stage_bench [-c CONFIG] [-n ROUNDS] CAPTURE
 *
 * A run goes as far as one stage and no further, so that the stage's own cost
 * is the difference to the run before; the runs of one round are in turns, so
 * that what disturbs the machine disturbs them all, and each figure is the
 * median of the rounds.  It is processor time from the first packet to the end
 * of the last flow: loading and the start are not in it, but first touches of
 * the tables are.  Those are the kernel's time, which differs most from run to
 * run (a virtual machine may have to ask for the page itself), so it is also
 * shown alone.
 *
 * The options are those that the sensor gives its parts.  Three cuts are only
 * the closest that there are:
 *  - the flow table alone keeps only as much of the TCP state as says when a
 *    flow is over; sequence numbers, segments and observations of flows come
 *    with the decoders;
 *  - a hit is explained and written as an event where it is made, so both are
 *    with its detector;
 *  - events are written for no sink, but each is copied for its queue.
 */

#define MIB         ((size_t)1024 * 1024)
#define ROUNDS      5
#define ROUNDS_MAX  101
#define TICK_US     UINT64_C(62500) /* sensor/tracker.c */
#define ALL_EVENTS  (((event_set)1 << EVENT_TYPE_COUNT) - 1)
#define TCP_PROTO   6
#define ERROR_CHARS 512

enum stage {
	STAGE_READ,
	STAGE_DISSECT,
	STAGE_FLOWS,
	STAGE_APPS,
	STAGE_NDPI,
	STAGE_INDICATORS,
	STAGE_PROFILES,
	STAGE_TIMING,
	STAGE_POLICIES,
	STAGE_EVENTS,
	STAGE_COUNT,
};

static const char *const names[STAGE_COUNT] = {
	[STAGE_READ] = "reading",
	[STAGE_DISSECT] = "dissection",
	[STAGE_FLOWS] = "flow table",
	[STAGE_APPS] = "streams, decoders, fingerprints",
	[STAGE_NDPI] = "nDPI",
	[STAGE_INDICATORS] = "indicators, what hits are explained with",
	[STAGE_PROFILES] = "profiles, behaviours",
	[STAGE_TIMING] = "timing",
	[STAGE_POLICIES] = "policies, countries",
	[STAGE_EVENTS] = "all events written",
};

struct bench {
	const char *path;
	struct config config, configured;
	struct options options;
	struct indicators *indicators;
	struct knowledge knowledge, known; /* of a run; all that there is */
	struct pipeline p;
	struct capture *capture;
	struct tracker *tracker;
	struct verdicts *verdicts;
	struct dissector *dissector;
	struct flow_table *flows;
	uint64_t tick;
	uint64_t packets, flow_count;
	uint64_t observations, hits;
	struct verdicts_counts ndpi;
};

static void
die(const char *why)
{
	fprintf(stderr, "stage_bench: %s\n", why);
	exit(1);
}

/* ---- the stages' handlers ---- */

static void
read_only(void *arg, const struct packet *packets, size_t count)
{
	struct bench *b = arg;

	(void)packets;
	b->packets += count;
}

static void
dissect_only(void *arg, const struct packet *packets, size_t count)
{
	struct bench *b = arg;
	struct layers layers;

	for (size_t i = 0; i < count; i++)
		(void)dissect(b->dissector, &packets[i], &layers);
	dissector_release(b->dissector);
}

static enum flow_state
state_of(const struct flow *flow)
{
	uint8_t out = flow->tcp_flags[DIR_OUT], in = flow->tcp_flags[DIR_IN];

	if (((out | in) & TCP_RST) || (out & in & TCP_FIN))
		return FLOW_CLOSED;
	return flow->packets[DIR_OUT] > 0 && flow->packets[DIR_IN] > 0
	           ? FLOW_ESTABLISHED
	           : FLOW_NEW;
}

static void
count_packet(struct bench *b, uint64_t now_us, const struct layers *l,
    const struct flow_place *place)
{
	struct flow *flow = flow_find(b->flows, place, l, now_us);
	enum direction dir;
	enum flow_state state;

	if (flow == NULL)
		flow = flow_create(b->flows, place, l, now_us);
	dir = flow_direction(flow, place->sender);
	flow->last_us = now_us;
	flow->octets[dir] += l->wire_len;
	flow->packets[dir]++;
	flow->tcp_flags[dir] |= l->tcp_flags;
	state = state_of(flow);
	if (state == flow->state || flow->state == FLOW_CLOSED)
		return;
	flow->state = (uint8_t)state;
	if (l->ip_proto == TCP_PROTO)
		flow_reclass(b->flows, flow, now_us);
}

/* The passes of tracker_packets. */
static void
flows_only(void *arg, const struct packet *packets, size_t count)
{
	struct bench *b = arg;
	struct layers layers[CAPTURE_BATCH_MAX];
	struct flow_place places[CAPTURE_BATCH_MAX];
	uint64_t time_us[CAPTURE_BATCH_MAX];
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (dissect(b->dissector, &packets[i], &layers[found]) !=
		    LAYERS_OK)
			continue;
		flow_locate(b->flows, &layers[found], &places[found]);
		flow_prefetch_bucket(b->flows, &places[found]);
		time_us[found++] = packets[i].time_us;
	}
	for (size_t i = 0; i < found; i++)
		flow_prefetch(b->flows, &places[i]);
	for (size_t i = 0; i < found; i++) {
		if (time_us[i] / TICK_US != b->tick) {
			b->tick = time_us[i] / TICK_US;
			flow_expire(b->flows, time_us[i]);
		}
		count_packet(b, time_us[i], &layers[i], &places[i]);
	}
	dissector_release(b->dissector);
}

static void
forget_flow(void *arg, struct flow *flow, enum flow_end_reason reason,
    uint64_t now_us)
{
	(void)arg;
	(void)flow;
	(void)reason;
	(void)now_us;
}

static void
forget_observation(void *arg, const struct observation *o)
{
	(void)arg;
	(void)o;
}

static void
observe(void *arg, const struct observation *o)
{
	pipeline_observe(arg, o);
}

static void
on_packets(void *arg, const struct packet *packets, size_t count)
{
	struct bench *b = arg;

	tracker_packets(b->tracker, packets, count);
}

/* ---- one run ---- */

static const char *
source_name(void *arg, uint16_t source)
{
	struct bench *b = arg;

	return capture_source_name(b->capture, source);
}

/* What the sensor would be told for this much of it. */
static void
configure(struct bench *b, enum stage stage)
{
	struct config_detection *detection = &b->config.detection;

	b->config = b->configured;
	b->knowledge = b->known;
	b->config.outputs.sinks.count = 0;
	b->config.outputs.event_set = stage >= STAGE_EVENTS ? ALL_EVENTS
	                                                    : EVENT_SET_DEFAULT;
	if (stage < STAGE_NDPI)
		b->config.enrichment.ndpi = false;
	if (stage < STAGE_PROFILES) {
		b->knowledge.profiles = NULL;
		detection->behaviours = (struct config_behaviours){ false };
	}
	if (stage < STAGE_TIMING)
		detection->beacons.enabled = false;
	if (stage < STAGE_POLICIES) {
		b->knowledge.policies = NULL;
		b->knowledge.geo = NULL;
	}
}

static void
begin(struct bench *b, enum stage stage)
{
	struct tracker_options tracking;
	char error[ERROR_CHARS];

	configure(b, stage);
	b->packets = 0;
	b->tick = 0;
	b->p = (struct pipeline){ .config = &b->config,
		.options = &b->options,
		.indicators = b->indicators,
		.knowledge = &b->knowledge };
	if (pipeline_begin(&b->p, false, error, sizeof error) == -1)
		die(error);
	tracking = pipeline_tracker_options(&b->p);
	tracking.emit = stage >= STAGE_INDICATORS ? observe
	                                          : forget_observation;
	tracking.emit_arg = &b->p;
	if (pipeline_new_verdicts(&b->p, 1, &tracking.verdicts) == -1)
		die("no nDPI");
	b->verdicts = tracking.verdicts;
	b->p.classifier = verdicts_classifier(b->verdicts);
	b->tracker = tracker_new(&tracking);
	b->dissector = dissector_new(&tracking.fragments);
	b->flows = flow_table_new(&tracking.flows, forget_flow, NULL);
	if (b->tracker == NULL || b->dissector == NULL || b->flows == NULL)
		die("out of memory");
	if (pipeline_open_publisher(&b->p, source_name, b, false, error,
		sizeof error) == -1)
		die(error);
}

static void
end(struct bench *b)
{
	publisher_finish(b->p.publisher);
	flow_table_free(b->flows);
	dissector_free(b->dissector);
	tracker_free(b->tracker);
	verdicts_free(b->verdicts);
	pipeline_end(&b->p);
	capture_free(b->capture);
}

static void
open_capture(struct bench *b)
{
	const struct stored_options options = { .paths = &b->path,
		.path_count = 1 };
	char error[ERROR_CHARS];

	if (capture_open_stored(&options, &b->capture, error, sizeof error) ==
	    -1)
		die(error);
}

static void
finish(struct bench *b, enum stage stage)
{
	if (stage == STAGE_FLOWS)
		flow_end_all(b->flows, b->tick * TICK_US);
	if (stage >= STAGE_APPS)
		tracker_finish(b->tracker);
	if (stage >= STAGE_INDICATORS)
		detector_finish(b->p.detector);
}

/* What a run saw, for the figures beside the table. */
static void
count(struct bench *b, enum stage stage)
{
	struct capture_counts captured;
	struct tracker_counts tracked;

	capture_get_counts(b->capture, &captured);
	if (captured.failed_files > 0 || captured.packets == 0)
		die("the capture cannot be read");
	b->packets = captured.packets;
	if (stage < STAGE_APPS)
		return;
	tracker_get_counts(b->tracker, &tracked);
	b->flow_count = tracked.flows.created;
	b->observations = tracked.observations;
	b->ndpi = tracked.verdicts;
	b->hits = summary_hits(b->p.summary);
}

/* Nanoseconds of processor time. */
enum part { ALL, KERNEL, PARTS };
struct cost {
	double ns[PARTS];
};

static struct cost
spent(void)
{
	struct timespec all;
	struct rusage used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &all);
	getrusage(RUSAGE_SELF, &used);
	return (struct cost){ { (double)all.tv_sec * 1e9 + (double)all.tv_nsec,
	    (double)used.ru_stime.tv_sec * 1e9 +
		(double)used.ru_stime.tv_usec * 1e3 } };
}

static struct cost
minus(struct cost a, struct cost b)
{
	return (struct cost){ { a.ns[ALL] - b.ns[ALL],
	    a.ns[KERNEL] - b.ns[KERNEL] } };
}

static struct cost
run(struct bench *b, enum stage stage)
{
	static const packet_handler handlers[] = { read_only, dissect_only,
		flows_only, on_packets };
	packet_handler handle =
	    handlers[stage < STAGE_APPS ? stage : STAGE_APPS];
	struct cost start, cost;

	begin(b, stage);
	start = spent();
	open_capture(b);
	while (capture_poll(b->capture, handle, b) != CAPTURE_END)
		;
	finish(b, stage);
	cost = minus(spent(), start);
	count(b, stage);
	end(b);
	return cost;
}

/* ---- the table ---- */

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(const struct cost *costs, enum part part, unsigned n)
{
	double of[ROUNDS_MAX];

	for (unsigned i = 0; i < n; i++)
		of[i] = costs[i].ns[part];
	qsort(of, n, sizeof of[0], compare);
	return n % 2 == 1 ? of[n / 2] : (of[n / 2 - 1] + of[n / 2]) / 2;
}

/* Whether there is anything to be switched on. */
static bool
applies(const struct bench *b, enum stage stage)
{
	if (stage == STAGE_NDPI)
		return b->configured.enrichment.ndpi;
	if (stage == STAGE_POLICIES)
		return b->configured.policy_count > 0 ||
		       geo_files_geo(b->known.geo) != NULL;
	return true;
}

static struct cost totals[STAGE_COUNT][ROUNDS_MAX];
static struct cost added[STAGE_COUNT][ROUNDS_MAX];

/* Forth and back in turns: what a run leaves behind is another one's start. */
static void
run_round(struct bench *b, unsigned round)
{
	struct cost before = { { 0 } };

	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		enum stage s = round % 2 == 0 ? i : STAGE_COUNT - 1 - i;

		if (applies(b, s))
			totals[s][round] = run(b, s);
	}
	for (enum stage s = STAGE_READ; s < STAGE_COUNT; s++) {
		if (!applies(b, s))
			continue;
		added[s][round] = minus(totals[s][round], before);
		before = totals[s][round];
	}
}

static void
measure(struct bench *b, unsigned rounds)
{
	run(b, STAGE_READ); /* into the page cache, and not counted */
	for (unsigned round = 0; round < rounds; round++)
		run_round(b, round);
	run(b, STAGE_EVENTS); /* for what there is to be counted */
}

/* Of the last run, which has all that there is. */
static void
print(const struct bench *b, unsigned rounds)
{
	double packets = (double)b->packets;
	double flows = b->flow_count > 0 ? (double)b->flow_count : 1;

	printf("%" PRIu64 " packets, %" PRIu64 " flows, %" PRIu64
	       " observations, %" PRIu64 " hits; nDPI looked at %" PRIu64
	       " flows and %" PRIu64 " packets; %u rounds\n\n",
	    b->packets, b->flow_count, b->observations, b->hits, b->ndpi.begun,
	    b->ndpi.packets, rounds);
	printf("| %-41s | ns/packet | kernel's | ns/flow | so far, ns/packet "
	       "|\n|%.43s|--:|--:|--:|--:|\n",
	    "stage", "-------------------------------------------");
	for (enum stage s = STAGE_READ; s < STAGE_COUNT; s++) {
		double all;

		if (!applies(b, s))
			continue;
		all = median(added[s], ALL, rounds);
		printf("| %-41s | %9.1f | %8.1f | %7.0f | %17.1f |\n", names[s],
		    all / packets, median(added[s], KERNEL, rounds) / packets,
		    all / flows, median(totals[s], ALL, rounds) / packets);
	}
}

/* ---- what the sensor loads ---- */

static void
report_line(void *arg, const char *path, unsigned line, const char *message)
{
	(void)arg;
	fprintf(stderr, "%s:%u: %s\n", path, line, message);
}

static void
say(const char *message)
{
	(void)message; /* what was loaded: known */
}

static void
load(struct bench *b, const char *config_path)
{
	char bundled[PATH_MAX], error[ERROR_CHARS];
	const char *paths[] = { bundled };
	struct indicators_options options = { .paths = paths,
		.path_count = 1,
		.report = report_line,
		.say = say };

	if (config_init(&b->configured) == -1)
		die("out of memory");
	if (config_path != NULL && config_load(&b->configured, config_path,
				       NULL, report_line, NULL) == -1)
		die("the configuration is wrong");
	if (bundled_path(BUNDLED_IOCS, bundled, sizeof bundled) == -1)
		die("no bundled indicators: not built in the tree");
	if (indicators_open(&options, &b->indicators, error, sizeof error) ==
		-1 ||
	    knowledge_load(&b->known, &b->configured, report_line, say, error,
		sizeof error) == -1)
		die(error);
}

static void
unload(struct bench *b)
{
	knowledge_fini(&b->known);
	indicators_close(b->indicators);
	config_fini(&b->configured);
}

int
main(int argc, char *argv[])
{
	static struct bench b;
	const char *config_path = NULL;
	unsigned long rounds = ROUNDS;
	int option;

	while ((option = getopt(argc, argv, "c:n:")) != -1) {
		if (option == 'c')
			config_path = optarg;
		else if (option == 'n')
			rounds = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (optind + 1 != argc || rounds == 0 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: stage_bench [-c CONFIG] [-n ROUNDS] "
				"CAPTURE\n");
		return 2;
	}
	b.path = argv[optind];
	load(&b, config_path);
	measure(&b, (unsigned)rounds);
	print(&b, (unsigned)rounds);
	unload(&b);
	return 0;
}
