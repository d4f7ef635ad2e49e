#include "sensor/pipeline.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "sensor/pipeline_parts.h"

#define MIB       ((size_t)1024 * 1024)
#define KIB       ((size_t)1024)
#define SECOND_US UINT64_C(1000000)
/* Copies of the observations behind hits. */
#define FACT_OCTETS_MAX (64 * MIB)
/* RFC 8200 section 4.5 */
#define FRAGMENT_TIMEOUT_US (60 * SECOND_US)
#define SESSIONS_MIN        1024
/* Live, the score of a pair is told this often where it is asked for. */
#define EVALUATE_US (3600 * SECOND_US)

static volatile sig_atomic_t stop_asked, reload_asked, stats_asked;

static void
on_signal(int number)
{
	switch (number) {
	case SIGHUP:
		reload_asked = 1;
		break;
	case SIGUSR1:
		stats_asked = 1;
		break;
	default:
		if (stop_asked) /* again: at once */
			_exit(128 + number);
		stop_asked = 1;
	}
}

void
pipeline_catch_signals(void)
{
	static const int caught[] = { SIGHUP, SIGUSR1, SIGTERM, SIGINT };
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = on_signal;
	for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
		sigaction(caught[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

void
pipeline_say(const char *message)
{
	/* One write, so that lines of several threads do not mix. */
	fprintf(stderr, "egress-sensor: %s\n", message);
}

static void
say(void *arg, const char *message)
{
	(void)arg;
	pipeline_say(message);
}

uint64_t
pipeline_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the configuration, as the parts want it ---- */

_Static_assert(CONFIG_SINKS_MAX <= PUBLISHER_SINKS_MAX, "all can be opened");

/* All there are: what no event is made of, some detector goes by. */
#define WANTED_KINDS (OBS_BIT(OBS_HOST + 1) - 1)

int
pipeline_new_verdicts(const struct pipeline *p, unsigned workers,
    struct verdicts **out)
{
	event_set events = p->events;
	bool flows = event_set_has(events, EVENT_FLOW);
	struct verdicts_options options = {
		.flows_max = p->config->limits.ndpi_flows / workers,
		.guess = flows,
	};

	*out = NULL;
	if (!p->config->enrichment.ndpi ||
	    (!flows && !event_set_has(events, EVENT_ALERT)))
		return 0;
	if (options.flows_max == 0)
		options.flows_max = 1;
	*out = verdicts_new(&options);
	return *out == NULL ? -1 : 0;
}

struct tracker_options
pipeline_tracker_options(const struct pipeline *p)
{
	const struct config_limits *limits = &p->config->limits;
	const struct config_timeouts *idle = &limits->timeouts;

	return (struct tracker_options){
		.flows = {
			.flows_max = limits->flows,
			.vlan_in_key = p->config->capture.vlan_in_flow,
			.idle_s = {
				[FLOW_TCP_NEW] = idle->tcp_new_s,
				[FLOW_CLASS_CLOSED] = idle->tcp_closed_s,
				[FLOW_OTHER] = idle->other_s,
				[FLOW_UDP] = idle->udp_s,
				[FLOW_TCP_OPEN] = idle->tcp_established_s,
			},
		},
		.fragments = {
			.datagrams_max = limits->fragments,
			.octets_max = (uint32_t)(limits->fragment_mib * MIB),
			.timeout_us = FRAGMENT_TIMEOUT_US,
		},
		.stream_octets_max = limits->stream_mib * MIB,
		.stream_ahead_max = limits->stream_kib * KIB,
		.sessions_max = limits->flows / 4 > SESSIONS_MIN
		    ? limits->flows / 4
		    : SESSIONS_MIN,
		.segments = p->segments,
		.kinds = WANTED_KINDS,
	};
}

static const char *
flow_policy(void *arg, uint64_t flow_id)
{
	struct pipeline *p = arg;

	return detector_policy_of(p->detector, flow_id);
}

/* What any sink asks for. */
static event_set
wanted_events(const struct config_outputs *outputs)
{
	event_set events = 0;

	for (unsigned i = 0; i < outputs->sinks.count; i++)
		events |= sink_events(outputs->sinks.text[i],
		    outputs->event_set);
	return events;
}

/* config_keys.c takes no other words. */
static enum spool_sync
sync_of(const char *word)
{
	if (strcmp(word, "always") == 0)
		return SPOOL_SYNC_ALWAYS;
	return strcmp(word, "never") == 0 ? SPOOL_SYNC_NEVER
	                                  : SPOOL_SYNC_INTERVAL;
}

int
pipeline_open_publisher(struct pipeline *p, eve_source_name name,
    void *name_arg, bool live, char *error, size_t error_size)
{
	const struct config_outputs *outputs = &p->config->outputs;
	char directory[PATH_MAX];
	struct sink_options sinks = {
		.events = outputs->event_set,
		.queue_octets_max = outputs->queue_mib * MIB,
		.wait = !live,
		.wait_ms = outputs->wait_ms,
		.connect_timeout_ms = outputs->connect_timeout_ms,
		.command_timeout_ms = outputs->command_timeout_ms,
		.drain_ms = outputs->drain_ms,
		.spool_octets_max = outputs->spool.mib * (uint64_t)MIB,
		.spool_sync = sync_of(outputs->spool.sync),
		.spool_sync_ms = outputs->spool.sync_ms,
		.report = say,
	};

	if (pipeline_spool_directory(outputs, directory, sizeof directory,
		error, error_size) == -1)
		return -1;
	sinks.spool_directory = directory[0] != '\0' ? directory : NULL;
	p->eve = (struct eve_options){
		.sensor_name = p->config->sensor_name,
		.live = live,
		.dns_version = outputs->dns_version,
		.source_name = name,
		.source_arg = name_arg,
		.segments = p->segments,
		.flow_policy = flow_policy,
		.flow_policy_arg = p,
		.classifier = p->classifier,
	};
	return publisher_open((const char *const *)outputs->sinks.text,
	    outputs->sinks.count, &sinks, &p->eve, &p->publisher, error,
	    error_size);
}

/* ---- on the way ---- */

static void
on_hit(void *arg, const struct hit *hit)
{
	struct pipeline *p = arg;

	summary_hit(p->summary, hit);
	publish_hit(p->publisher, hit);
}

static void
on_evaluated(void *arg, const struct hit *hit)
{
	struct pipeline *p = arg;

	publish_beacon(p->publisher, hit);
}

void
pipeline_observe(struct pipeline *p, const struct observation *o)
{
	bool ends = o->kind == OBS_FLOW_END;

	/* A flow's end tells what was found of it, by its end, too. */
	if (ends)
		detector_observe(p->detector, o);
	publish_observation(p->publisher, o);
	if (!ends)
		detector_observe(p->detector, o);
}

/* What has been read again since, in the place of the old. */
static void
use_what_is_new(struct pipeline *p)
{
	const struct ioc_set *set = indicators_take_new(p->indicators);
	const struct geo *geo = geo_files_take_new(p->knowledge->geo);

	if (set != NULL) {
		detector_use(p->detector, set);
		indicators_release(p->indicators);
	}
	if (geo != NULL) {
		detector_use_geo(p->detector, geo);
		geo_files_release(p->knowledge->geo);
	}
}

void
pipeline_add_statistics(struct pipeline *p, struct statistics *s)
{
	detector_get_counts(p->detector, &s->detector);
	if (p->publisher != NULL)
		publisher_get_counts(p->publisher, &s->sinks);
	s->uptime_s = pipeline_clock_ms() / 1000 - p->started_s;
}

void
pipeline_publish_stats(struct pipeline *p, uint64_t now_us,
    pipeline_gather gather, void *arg)
{
	struct statistics statistics = { 0 };
	struct statistics_list list;
	struct eve_numbers numbers = { .stats = list.stats,
		.texts = list.sinks };

	if (!event_set_has(p->events, EVENT_STATS))
		return;
	gather(arg, &statistics);
	pipeline_add_statistics(p, &statistics);
	statistics_list(&statistics, &list);
	numbers.count = list.count;
	numbers.text_count = list.sink_count;
	publish_stats(p->publisher, now_us, &numbers);
}

void
pipeline_attend(struct pipeline *p, uint64_t now_us, pipeline_gather gather,
    void *arg)
{
	use_what_is_new(p);
	if (reload_asked) {
		reload_asked = 0;
		indicators_reload(p->indicators);
		geo_files_reload(p->knowledge->geo);
		publisher_reopen(p->publisher);
	}
	if (stats_asked) {
		struct statistics statistics = { 0 };

		stats_asked = 0;
		gather(arg, &statistics);
		pipeline_add_statistics(p, &statistics);
		statistics_print(stderr, &statistics);
		pipeline_publish_stats(p, now_us, gather, arg);
	}
}

bool
pipeline_stopped(const struct pipeline *p)
{
	return stop_asked || publisher_failed(p->publisher);
}

/* ---- one run ---- */

/* The thresholds for a role; built in where none are configured. */
static struct beacon_thresholds
thresholds_of(const struct config_beacons *config, const char *role)
{
	const struct config_beacon_role *other = NULL;

	for (unsigned i = 0; i < config->role_count; i++) {
		const struct config_beacon_role *r = &config->roles[i];

		if (r->role[0] == '\0')
			other = r;
		if (strcmp(r->role, role) == 0)
			return (struct beacon_thresholds){ (float)r->score,
				r->count, r->span_s };
	}
	if (other != NULL)
		return (struct beacon_thresholds){ (float)other->score,
			other->count, other->span_s };
	return strcmp(role, "build-server") == 0 ? beacon_thresholds_strict
	                                         : beacon_thresholds_default;
}

static int
set_beacons(struct pipeline *p, bool live)
{
	const struct config *config = p->config;
	struct beacon_options *beacons = &p->beacons;
	unsigned count = SEGMENT_INTERNAL + 1 + config->segment_count;

	beacon_options_default(beacons);
	for (unsigned i = 0; i < count; i++)
		p->beacon_segments[i] = thresholds_of(&config->detection
							   .beacons,
		    segment_role(p->segments, (uint16_t)i));
	beacons->segments = p->beacon_segments;
	beacons->segment_count = count;
	beacons->otherwise = thresholds_of(&config->detection.beacons, "");
	beacons->table.pairs_max = config->limits.pairs;
	beacons->table.histories_max = config->limits.pair_histories;
	beacons->repeat_us = config->detection.repeat_s * SECOND_US;
	beacons->evaluate_us = live ? EVALUATE_US : 0;
	/* Stored, a run has to forget the same pairs every time. */
	if (live && getrandom(&beacons->table.key, sizeof beacons->table.key,
			0) != (ssize_t)sizeof beacons->table.key)
		return -1;
	return 0;
}

static struct learn *
open_learn(const struct pipeline *p)
{
	struct learn_options options = { p->segments, p->knowledge->services };

	return learn_new(&options);
}

/* False where the list that was asked for could not be written. */
static bool
write_learnt(const struct pipeline *p)
{
	char error[512];

	if (p->learn == NULL || learn_write(p->learn, p->options->learn_path,
				    error, sizeof error) == 0)
		return true;
	pipeline_say(error);
	return false;
}

int
pipeline_begin(struct pipeline *p, bool live, char *error, size_t error_size)
{
	const struct config *config = p->config;
	const struct config_behaviours *behaviours = &config->detection
	                                                  .behaviours;
	struct detector_options options = {
		.dns_grace_us = config->detection.dns_grace_s * SECOND_US,
		.dns_memory_max = config->limits.dns_memory,
		.facts = {
			.facts_max = config->limits.facts,
			.octets_max = FACT_OCTETS_MAX,
			.repeat_us = config->detection.repeat_s * SECOND_US,
			.emit = on_hit,
			.emit_arg = p,
		},
		.profiles = p->knowledge->profiles,
		.allowed = p->knowledge->allowed,
		.services = p->knowledge->services,
		.policies = p->knowledge->policies,
		.plain_post_to_address = behaviours->plain_post_to_address,
		.executable_download = behaviours->executable_download,
		.dead_user_agent = behaviours->dead_user_agent,
		.geo = geo_files_geo(p->knowledge->geo),
		.beacons = config->detection.beacons.enabled ? &p->beacons
							     : NULL,
		.evaluated = event_set_has(p->events, EVENT_BEACON)
		    ? on_evaluated
		    : NULL,
		.evaluated_arg = p,
	};

	if (config_segments(config, &p->segments, error, error_size) == -1)
		return -1;
	options.segments = p->segments;
	if (p->options->learn_path != NULL &&
	    (p->learn = open_learn(p)) == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	options.learn = p->learn;
	if (set_beacons(p, live) == -1) {
		snprintf(error, error_size, "no random numbers");
		return -1;
	}
	options.key = p->beacons.table.key; /* random, where it is live */
	p->detector = detector_new(&options, indicators_set(p->indicators));
	p->summary = summary_new();
	if (p->detector == NULL || p->summary == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	return 0;
}

void
pipeline_end(struct pipeline *p)
{
	publisher_free(p->publisher);
	detector_free(p->detector);
	summary_free(p->summary);
	learn_free(p->learn);
	segments_free(p->segments);
}

int
pipeline_run(const struct config *config, const struct options *options,
    struct indicators *indicators, const struct knowledge *knowledge,
    struct pipeline_result *result, char *error, size_t error_size)
{
	struct pipeline p = { .config = config,
		.options = options,
		.indicators = indicators,
		.knowledge = knowledge,
		.events = wanted_events(&config->outputs),
		.started_s = pipeline_clock_ms() / 1000 };
	struct statistics total = { 0 };
	uint64_t begun_ms = pipeline_clock_ms();
	bool stored = options->captures.count > 0;
	int rc = -1;

	if (pipeline_begin(&p, !stored, error, error_size) == 0)
		rc = stored ? pipeline_run_stored(&p, &total, error, error_size)
		            : pipeline_run_live(&p, &total, error, error_size);
	if (p.publisher != NULL) {
		publisher_finish(p.publisher);
		publisher_get_counts(p.publisher, &total.sinks);
	}
	if (rc == 0) {
		detector_get_counts(p.detector, &total.detector);
		summary_print(stderr, p.summary, &total,
		    (double)(pipeline_clock_ms() - begun_ms) / 1000);
		result->hits = summary_hits(p.summary);
		result->incomplete = !write_learnt(&p) ||
		                     total.sinks.total.lost > 0 ||
		                     total.sinks.total.pending > 0 ||
		                     total.capture.failed_files > 0;
	}
	pipeline_end(&p);
	return rc;
}
