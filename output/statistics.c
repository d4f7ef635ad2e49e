#include "output/statistics.h"

#include <inttypes.h>
#include <string.h>

/* Every member of these is a count, so that they can be summed as arrays. */
static void
add_counts(void *sum, const void *one, size_t size)
{
	uint64_t *to = sum;
	const uint64_t *from = one;

	for (size_t i = 0; i < size / sizeof *to; i++)
		to[i] += from[i];
}

void
statistics_add_capture(struct statistics *sum, const struct capture_counts *one)
{
	add_counts(&sum->capture, one, sizeof *one);
}

void
statistics_add_tracker(struct statistics *sum, const struct tracker_counts *one)
{
	add_counts(&sum->tracker, one, sizeof *one);
}

static uint64_t
flows_ended(const struct statistics *s, enum flow_end_reason reason)
{
	return s->tracker.flows.ended[reason];
}

static uint64_t
layers(const struct statistics *s, enum layers_result result)
{
	return s->tracker.layers.results[result];
}

static void
list_numbers(const struct statistics *s, struct statistics_list *out)
{
	const struct capture_counts *c = &s->capture;
	const struct tracker_counts *t = &s->tracker;
	const struct detector_counts *d = &s->detector;
	/* Names that EVE's schema has are used as they are there. */
	const struct eve_stat list[] = {
		{ "", "uptime", s->uptime_s },
		{ "capture", "kernel_packets", c->packets + c->kernel_dropped },
		{ "capture", "kernel_drops", c->kernel_dropped },
		{ "capture", "kernel_ifdrops", c->interface_dropped },
		{ "capture", "errors", c->failed_files },
		{ "capture", "files", c->files },
		{ "capture", "filtered", c->filtered },
		{ "capture", "interface_down", c->interface_down },
		{ "capture", "time_reversals", c->time_reversals },
		{ "capture", "ring_drops", s->ring_dropped },
		{ "decoder", "pkts", c->packets },
		{ "decoder", "bytes", c->octets },
		{ "decoder", "invalid", layers(s, LAYERS_MALFORMED) },
		{ "decoder", "decoded", layers(s, LAYERS_OK) },
		{ "decoder", "held_fragments", layers(s, LAYERS_HELD) },
		{ "decoder", "not_ip", layers(s, LAYERS_NOT_IP) },
		{ "decoder", "unknown_link_type",
		    layers(s, LAYERS_UNKNOWN_LINK) },
		{ "decoder", "truncated", layers(s, LAYERS_TRUNCATED) },
		{ "decoder", "payload_cut", t->layers.cut_packets },
		{ "decoder", "tunnelled", t->layers.tunnelled },
		{ "defrag", "fragments", t->layers.fragments },
		{ "defrag", "reassembled", t->layers.reassembled },
		{ "defrag", "timeouts", t->layers.fragment_timeouts },
		{ "defrag", "evictions", t->layers.fragment_evictions },
		{ "defrag", "overlaps", t->layers.fragment_overlaps },
		{ "flow", "total", t->flows.created },
		{ "flow", "active", t->flows.active },
		{ "flow", "ended_closed", flows_ended(s, FLOW_END_CLOSED) },
		{ "flow", "ended_timeout", flows_ended(s, FLOW_END_TIMEOUT) },
		{ "flow", "ended_evicted", flows_ended(s, FLOW_END_EVICTED) },
		{ "flow", "ended_shutdown", flows_ended(s, FLOW_END_SHUTDOWN) },
		{ "tcp", "reassembly_gap", t->streams.gaps },
		{ "tcp", "gap_octets", t->streams.gap_octets },
		{ "tcp", "reassembly_memuse", t->stream_octets },
		{ "tcp", "segments_in_order", t->streams.in_order },
		{ "tcp", "segments_early", t->streams.early },
		{ "tcp", "segments_repeated", t->streams.repeated },
		{ "tcp", "segments_stray", t->streams.strays },
		{ "tcp", "streams_given_up", t->streams.overflows },
		{ "tcp", "sessions_evicted", t->apps.sessions_evicted },
		{ "app", "dns_messages", t->apps.dns_messages },
		{ "app", "dns_malformed", t->apps.dns_malformed },
		{ "app", "http_requests", t->apps.http_requests },
		{ "app", "http_responses", t->apps.http_responses },
		{ "app", "http_malformed", t->apps.http_malformed },
		{ "app", "tls_hellos", t->apps.tls_hellos },
		{ "app", "tls_malformed", t->apps.tls_malformed },
		{ "app", "quic_hellos", t->apps.quic_hellos },
		{ "app", "quic_malformed", t->apps.quic_malformed },
		{ "app", "quic_unopened", t->apps.quic_unopened },
		{ "app", "socks_requests", t->apps.socks_requests },
		{ "app", "dhcp_messages", t->apps.dhcp_messages },
		{ "app", "observations", t->observations },
		{ "ndpi", "flows", t->verdicts.begun },
		{ "ndpi", "flows_refused", t->verdicts.refused },
		{ "ndpi", "flows_evicted", t->verdicts.evicted },
		{ "ndpi", "flows_named", t->verdicts.named },
		{ "ndpi", "packets", t->verdicts.packets },
		{ "ndpi", "active", t->verdicts.active },
		{ "ndpi", "distinct", t->verdicts.distinct },
		{ "ndpi", "distinct_lost", t->verdicts.distinct_lost },
		{ "detect", "alert",
		    d->facts.hits + d->profiles.findings + d->beacons.alerts },
		{ "detect", "alerts_suppressed", d->facts.repeats },
		{ "detect", "profile_findings", d->profiles.findings },
		{ "detect", "profile_pairs_evicted", d->profiles.evicted },
		{ "detect", "beacon_alerts", d->beacons.alerts },
		{ "detect", "transactions", d->beacons.transactions },
		{ "detect", "beacon_evaluations", d->beacons.evaluations },
		{ "detect", "pairs", d->beacons.table.cells },
		{ "detect", "pairs_evicted", d->beacons.table.cells_evicted },
		{ "detect", "pair_histories", d->beacons.table.histories },
		{ "detect", "pair_histories_evicted",
		    d->beacons.table.histories_evicted },
		{ "detect", "facts_evicted", d->facts.evicted },
		{ "detect", "hits_lost", d->facts.lost },
		{ "detect", "dns_memory_evicted", d->dns_memory_evicted },
		{ "detect", "policy_judged", d->policies.judged },
		{ "detect", "policy_findings", d->policies.findings },
		{ "detect", "policy_observed", d->policies.observed },
	};
	size_t count = sizeof list / sizeof list[0];

	_Static_assert(sizeof list / sizeof list[0] +
			       (1 + PUBLISHER_SINKS_MAX) * STATISTICS_OF_SINK <=
			   STATISTICS_MAX,
	    "there is room");
	memcpy(out->stats, list, sizeof list);
	out->count = count;
}

static void
list_sink(const char *group, const struct sink_counts *c,
    struct statistics_list *out)
{
	const struct latency *l = &c->latency;
	const struct eve_stat list[] = {
		{ group, "written", c->written },
		{ group, "pending", c->pending },
		{ group, "spooled", c->spooled },
		{ group, "retried", c->retried },
		{ group, "lost", c->lost },
		{ group, "filtered", c->filtered },
		{ group, "recovered", c->recovered },
		{ group, "damaged_octets", c->damaged_octets },
		{ group, "disk_failures", c->disk_failures },
		{ group, "latency_p50_us", latency_percentile(l, 50) },
		{ group, "latency_p90_us", latency_percentile(l, 90) },
		{ group, "latency_p99_us", latency_percentile(l, 99) },
		{ group, "latency_max_us", l->max_us },
	};

	_Static_assert(sizeof list / sizeof list[0] == STATISTICS_OF_SINK,
	    "callers have room");
	memcpy(out->stats + out->count, list, sizeof list);
	out->count += STATISTICS_OF_SINK;
}

void
statistics_list(const struct statistics *s, struct statistics_list *out)
{
	list_numbers(s, out);
	list_sink("sink", &s->sinks.total, out);
	out->sink_count = s->sinks.sink_count;
	for (size_t i = 0; i < out->sink_count; i++) {
		char *group = out->groups[i];

		snprintf(group, sizeof out->groups[i], "sink.%u",
		    (unsigned)(i + 1) % 100);
		out->sinks[i] = (struct eve_text){ group,
			s->sinks.sinks[i].name };
		list_sink(group, &s->sinks.sinks[i].counts, out);
	}
}

void
statistics_print_sinks(FILE *to, const struct publisher_counts *sinks)
{
	fprintf(to, "%10s %9s %9s %9s %9s %10s %10s  sink\n", "written",
	    "pending", "spooled", "retried", "lost", "p50 ms", "p99 ms");
	for (size_t i = 0; i < sinks->sink_count; i++) {
		const struct sink_counts *c = &sinks->sinks[i].counts;

		fprintf(to,
		    "%10" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64
		    " %9" PRIu64 " %10.1f %10.1f  %s\n",
		    c->written, c->pending, c->spooled, c->retried, c->lost,
		    (double)latency_percentile(&c->latency, 50) / 1e3,
		    (double)latency_percentile(&c->latency, 99) / 1e3,
		    sinks->sinks[i].name);
	}
}

void
statistics_print(FILE *to, const struct statistics *statistics)
{
	struct statistics_list list;

	list_numbers(statistics, &list);
	list_sink("sink", &statistics->sinks.total, &list);
	for (size_t i = 0; i < list.count; i++)
		fprintf(to, "%s%s%s: %" PRIu64 "\n", list.stats[i].group,
		    list.stats[i].group[0] == '\0' ? "" : ".",
		    list.stats[i].name, list.stats[i].value);
	statistics_print_sinks(to, &statistics->sinks);
}
