#include "output/eve_objects.h"

#include <stdio.h>
#include <string.h>

/*
 * EVE's stats object knows its names and no others.  What we count under one
 * of these is written there; the rest goes where the schema takes any number
 * by any name, metadata.flowints, as "group.name".  A group may have points:
 * an object inside an object.  Texts are in metadata.flowvars.
 */

#define PATH_MAX_LEN 96 /* group, point and name, with the NUL */

/* stats in Suricata 8's schema, as far as a sensor like this has them. */
static const char *const known[] = {
	"uptime",
	"capture.kernel_packets",
	"capture.kernel_drops",
	"capture.kernel_ifdrops",
	"capture.errors",
	"decoder.pkts",
	"decoder.bytes",
	"decoder.invalid",
	"decoder.ipv4",
	"decoder.ipv6",
	"decoder.tcp",
	"decoder.udp",
	"decoder.sctp",
	"decoder.icmpv4",
	"decoder.icmpv6",
	"decoder.esp",
	"decoder.ethernet",
	"decoder.raw",
	"decoder.null",
	"decoder.sll",
	"decoder.sll2",
	"decoder.ppp",
	"decoder.pppoe",
	"decoder.arp",
	"decoder.mpls",
	"decoder.vlan",
	"decoder.vlan_qinq",
	"decoder.vlan_qinqinq",
	"decoder.gre",
	"decoder.erspan",
	"decoder.vxlan",
	"decoder.geneve",
	"decoder.teredo",
	"decoder.ipv4_in_ipv4",
	"decoder.ipv4_in_ipv6",
	"decoder.ipv6_in_ipv4",
	"decoder.ipv6_in_ipv6",
	"decoder.unknown_ethertype",
	"decoder.too_many_layers",
	"decoder.avg_pkt_size",
	"decoder.max_pkt_size",
	"defrag.ipv4.fragments",
	"defrag.ipv4.reassembled",
	"defrag.ipv4.timeouts",
	"defrag.ipv6.fragments",
	"defrag.ipv6.reassembled",
	"defrag.ipv6.timeouts",
	"defrag.max_frags_reached",
	"defrag.max_trackers_reached",
	"defrag.memuse",
	"defrag.tracker_hard_reuse",
	"defrag.tracker_soft_reuse",
	"defrag.mgr.tracker_timeout",
	"flow.total",
	"flow.active",
	"flow.tcp",
	"flow.udp",
	"flow.icmpv4",
	"flow.icmpv6",
	"flow.tcp_reuse",
	"flow.memcap",
	"flow.memuse",
	"flow.get_used",
	"flow.emerg_mode_entered",
	"flow.emerg_mode_over",
	"flow.end.state.new",
	"flow.end.state.established",
	"flow.end.state.closed",
	"flow.mgr.flows_checked",
	"flow.mgr.flows_evicted",
	"flow.mgr.flows_timeout",
	"flow.wrk.flows_evicted",
	"tcp.sessions",
	"tcp.active_sessions",
	"tcp.syn",
	"tcp.synack",
	"tcp.rst",
	"tcp.midstream_pickups",
	"tcp.invalid_checksum",
	"tcp.overlap",
	"tcp.overlap_diff_data",
	"tcp.reassembly_gap",
	"tcp.reassembly_memuse",
	"tcp.segment_memcap_drop",
	"tcp.ssn_memcap_drop",
	"tcp.stream_depth_reached",
	"tcp.ack_unseen_data",
	"tcp.memuse",
	"app_layer.flow.dns_tcp",
	"app_layer.flow.dns_udp",
	"app_layer.flow.http",
	"app_layer.flow.tls",
	"app_layer.flow.quic",
	"app_layer.flow.mdns",
	"app_layer.flow.failed_tcp",
	"app_layer.flow.failed_udp",
	"app_layer.tx.dns_tcp",
	"app_layer.tx.dns_udp",
	"app_layer.tx.http",
	"app_layer.tx.tls",
	"app_layer.tx.quic",
	"app_layer.tx.mdns",
	"app_layer.error.dns_tcp.parser",
	"app_layer.error.dns_udp.parser",
	"app_layer.error.http.parser",
	"app_layer.error.tls.parser",
	"app_layer.error.quic.parser",
	"app_layer.error.dns_tcp.gap",
	"app_layer.error.http.gap",
	"app_layer.error.tls.gap",
	"detect.alert",
	"detect.alerts_suppressed",
	"detect.alert_queue_overflow",
	"memcap.pressure",
	"memcap.pressure_max",
};

static void
path_write(const struct eve_stat *stat, char path[PATH_MAX_LEN])
{
	snprintf(path, PATH_MAX_LEN, "%s%s%s", stat->group,
	    stat->group[0] != '\0' ? "." : "", stat->name);
}

static bool
is_known(const struct eve_stat *stat)
{
	char path[PATH_MAX_LEN];

	path_write(stat, path);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(known[i], path) == 0)
			return true;
	}
	return false;
}

/* What of `group` comes after `parent`; NULL where it is not inside. */
static const char *
inside(const char *group, const char *parent)
{
	size_t len = strlen(parent);

	if (len == 0)
		return group[0] != '\0' ? group : NULL;
	if (strncmp(group, parent, len) != 0 || group[len] != '.')
		return NULL;
	return group + len + 1;
}

static bool
same_child(const char *a, const char *b)
{
	size_t len = strcspn(a, ".");

	return len == strcspn(b, ".") && strncmp(a, b, len) == 0;
}

/* Whether a stat before `index` has opened the same object already. */
static bool
was_opened(const struct eve_stat *stats, size_t index, const char *parent,
    const char *child)
{
	for (size_t i = 0; i < index; i++) {
		const char *earlier = inside(stats[i].group, parent);

		if (earlier != NULL && is_known(&stats[i]) &&
		    same_child(earlier, child))
			return true;
	}
	return false;
}

/* The numbers of `group` and, below them, the groups inside it. */
static void
write_group(struct json_writer *json, const struct eve_stat *stats,
    size_t count, const char *group)
{
	char path[PATH_MAX_LEN], key[PATH_MAX_LEN];

	for (size_t i = 0; i < count; i++) {
		if (strcmp(stats[i].group, group) == 0 && is_known(&stats[i]))
			jw_uint(json, stats[i].name, stats[i].value);
	}
	for (size_t i = 0; i < count; i++) {
		const char *child = inside(stats[i].group, group);

		if (child == NULL || !is_known(&stats[i]) ||
		    was_opened(stats, i, group, child))
			continue;
		snprintf(key, sizeof key, "%.*s", (int)strcspn(child, "."),
		    child);
		snprintf(path, sizeof path, "%.*s",
		    (int)(child - stats[i].group + (ptrdiff_t)strlen(key)),
		    stats[i].group);
		jw_object_open(json, key);
		write_group(json, stats, count, path);
		jw_object_close(json);
	}
}

static void
write_others(struct json_writer *json, const struct eve_numbers *numbers)
{
	char path[PATH_MAX_LEN];

	jw_object_open(json, "flowints");
	for (size_t i = 0; i < numbers->count; i++) {
		if (is_known(&numbers->stats[i]))
			continue;
		path_write(&numbers->stats[i], path);
		jw_uint(json, path, numbers->stats[i].value);
	}
	jw_object_close(json);
}

/* Each in an object of its own, as Suricata writes its flow variables. */
static void
write_texts(struct json_writer *json, const struct eve_numbers *numbers)
{
	jw_array_open(json, "flowvars");
	for (size_t i = 0; i < numbers->text_count; i++) {
		jw_object_open(json, NULL);
		jw_text(json, numbers->texts[i].name, numbers->texts[i].text);
		jw_object_close(json);
	}
	jw_array_close(json);
}

static bool
has_others(const struct eve_numbers *numbers)
{
	for (size_t i = 0; i < numbers->count; i++) {
		if (!is_known(&numbers->stats[i]))
			return true;
	}
	return false;
}

static void
write_metadata(struct json_writer *json, const struct eve_numbers *numbers)
{
	bool others = has_others(numbers);

	if (!others && numbers->text_count == 0)
		return;
	jw_object_open(json, "metadata");
	if (numbers->text_count > 0)
		write_texts(json, numbers);
	if (others)
		write_others(json, numbers);
	jw_object_close(json);
}

void
eve_stats_objects(struct eve *eve, const struct eve_numbers *numbers)
{
	jw_object_open(&eve->json, "stats");
	write_group(&eve->json, numbers->stats, numbers->count, "");
	jw_object_close(&eve->json);
	write_metadata(&eve->json, numbers);
}
