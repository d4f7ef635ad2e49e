#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "sensor/config.h"

/* What was reported, one "LINE: message\n" after the other. */
struct reports {
	char text[65536];
	size_t used;
	unsigned count;
};

static void
report(void *arg, const char *path, unsigned line, const char *message)
{
	struct reports *to = arg;

	assert_string_equal(path, "t.yaml");
	assert_null(strchr(message, '\n'));
	to->used += (size_t)snprintf(to->text + to->used,
	    sizeof to->text - to->used, "%u: %s\n", line, message);
	to->count++;
}

static void
init(struct config *config)
{
	assert_int_equal(config_init(config), 0);
}

/* From a block of exactly its size, so that an overread is seen. */
static int
load_octets(struct config *config, const char *text, size_t len,
    const struct config_checks *checks, struct reports *reports)
{
	uint8_t *block = malloc(len + 1);
	int rc;

	assert_non_null(block);
	memcpy(block + 1, text, len);
	*reports = (struct reports){ .used = 0 };
	rc = config_load_text(config, "t.yaml", block + 1, len, checks, report,
	    reports);
	free(block);
	assert_int_equal(rc == 0, reports->count == 0);
	return rc;
}

static struct reports reports;

static int
load(struct config *config, const char *text)
{
	return load_octets(config, text, strlen(text), NULL, &reports);
}

static void
must_load(struct config *config, const char *text)
{
	if (load(config, text) == -1)
		fail_msg("%s", reports.text);
}

static char *
print(const struct config *config)
{
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	config_print(to, config);
	fclose(to);
	return text;
}

static void
assert_list(const struct text_list *list, const char *words)
{
	char joined[1024] = "";

	for (unsigned i = 0; i < list->count; i++) {
		strcat(joined, i > 0 ? " " : "");
		strcat(joined, list->text[i]);
	}
	assert_string_equal(joined, words);
}

static void
defaults_are_the_documented_ones(void **state)
{
	char name[256] = "";
	struct config c;

	(void)state;
	init(&c);
	gethostname(name, sizeof name - 1);
	assert_string_equal(c.sensor_name, name);
	assert_int_equal(c.capture.interfaces.count, 0);
	assert_string_equal(c.capture.filter, "");
	assert_int_equal(c.capture.snap_bytes, 262144);
	assert_int_equal(c.capture.buffer_mib, 64);
	assert_int_equal(c.capture.workers, 1);
	assert_true(c.capture.promiscuous);
	assert_true(c.capture.vlan_in_flow);
	assert_string_equal(c.capture.zip_password, "");
	assert_int_equal(c.segment_count, 0);
	assert_int_equal(c.egress_count, 0);
	assert_int_equal(c.enrichment.geoip.count, 0);
	assert_true(c.enrichment.ndpi);
	assert_int_equal(c.indicators.paths.count, 0);
	assert_int_equal(c.indicators.profiles.count, 0);
	assert_int_equal(c.indicators.allow.count, 0);
	assert_false(c.indicators.accept_shrink);
	assert_int_equal(c.detection.repeat_s, 3600);
	assert_int_equal(c.detection.dns_grace_s, 300);
	assert_true(c.detection.beacons.enabled);
	assert_int_equal(c.detection.beacons.role_count, 0);
	assert_list(&c.outputs.sinks, "-");
	assert_list(&c.outputs.events, "alert");
	assert_int_equal(c.outputs.event_set, EVENT_SET_DEFAULT);
	assert_int_equal(c.outputs.dns_version, 3);
	assert_int_equal(c.outputs.queue_mib, 64);
	assert_int_equal(c.outputs.wait_ms, 10000);
	assert_int_equal(c.outputs.connect_timeout_ms, 2000);
	assert_int_equal(c.outputs.command_timeout_ms, 5000);
	assert_int_equal(c.outputs.drain_ms, 10000);
	assert_true(c.outputs.spool.enabled);
	assert_string_equal(c.outputs.spool.directory, "");
	assert_int_equal(c.outputs.spool.mib, 256);
	assert_string_equal(c.outputs.spool.sync, "interval");
	assert_int_equal(c.outputs.spool.sync_ms, 1000);
	assert_int_equal(c.limits.flows, 1048576);
	assert_int_equal(c.limits.stream_mib, 256);
	assert_int_equal(c.limits.stream_kib, 256);
	assert_int_equal(c.limits.fragments, 4096);
	assert_int_equal(c.limits.fragment_mib, 16);
	assert_int_equal(c.limits.dns_memory, 262144);
	assert_int_equal(c.limits.facts, 65536);
	assert_int_equal(c.limits.pairs, 1048576);
	assert_int_equal(c.limits.pair_histories, 65536);
	assert_int_equal(c.limits.ndpi_flows, 8192);
	assert_int_equal(c.limits.timeouts.tcp_new_s, 30);
	assert_int_equal(c.limits.timeouts.tcp_established_s, 3600);
	assert_int_equal(c.limits.timeouts.tcp_closed_s, 10);
	assert_int_equal(c.limits.timeouts.udp_s, 60);
	assert_int_equal(c.limits.timeouts.other_s, 30);
	config_fini(&c);
}

static const char full[] = "sensor_name: tap-1\n"
			   "capture:\n"
			   "  interfaces: [eth1, eth2]\n"
			   "  filter: >\n"
			   "    tcp port 80\n"
			   "    or udp\n"
			   "  snap_bytes: 128\n"
			   "  buffer_mib: 2\n"
			   "  workers: 0\n"
			   "  promiscuous: false\n"
			   "  vlan_in_flow: false\n"
			   "  zip_password: infected\n"
			   "segments:\n"
			   "- name: build\n"
			   "  role: build-server\n"
			   "  networks: [10.20.0.0/16, 2001:db8:20::/48]\n"
			   "- name: lab\n"
			   "  vlans: [99, 4094]\n"
			   "  networks: [192.0.2.1]\n"
			   "egress:\n"
			   "- {from: build, to: lab}\n"
			   "- {from: internal, to: external}\n"
			   "enrichment:\n"
			   "  geoip: [c.mmdb, a.mmdb]\n"
			   "  ndpi: false\n"
			   "indicators:\n"
			   "  paths: [a, b/]\n"
			   "  profiles: [p.json, q/]\n"
			   "  allow: [ours.txt]\n"
			   "  accept_shrink: true\n"
			   "detection:\n"
			   "  repeat_s: 1\n"
			   "  dns_grace_s: 0\n"
			   "  beacons:\n"
			   "    enabled: false\n"
			   "    roles:\n"
			   "    - {role: build-server, score: 0.85, count: 3,\n"
			   "       span_s: 0}\n"
			   "    - score: 1\n"
			   "      count: 1000000\n"
			   "      span_s: 2592000\n"
			   "  behaviours:\n"
			   "    plain_post_to_address: false\n"
			   "    executable_download: false\n"
			   "    dead_user_agent: false\n"
			   "policies:\n"
			   "- name: out\n"
			   "  roles: [build-server, '']\n"
			   "  segments: [lab, internal]\n"
			   "  mode: observe\n"
			   "  allow:\n"
			   "    lists: [npm, ./a.txt]\n"
			   "    domains: [example.org, 'a.example:8443']\n"
			   "    networks: [10.0.0.0/8, '192.0.2.1:22']\n"
			   "    ports: [443, 123/udp]\n"
			   "    countries: [NO, DE]\n"
			   "    asns: [64500, AS64501]\n"
			   "  deny:\n"
			   "    services: [tunnel, tor]\n"
			   "    countries: [ZZ]\n"
			   "    asns: [4294967295]\n"
			   "- {name: all}\n"
			   "outputs:\n"
			   "  sinks: ['-', \"redis://u:p@h:1/2?mode=list\"]\n"
			   "  events: [alert, dns]\n"
			   "  dns_version: 2\n"
			   "  queue_mib: 3\n"
			   "  wait_ms: 4\n"
			   "  connect_timeout_ms: 15\n"
			   "  command_timeout_ms: 16\n"
			   "  drain_ms: 7\n"
			   "  spool:\n"
			   "    enabled: false\n"
			   "    directory: /srv/spool\n"
			   "    mib: 17\n"
			   "    sync: always\n"
			   "    sync_ms: 18\n"
			   "limits:\n"
			   "  flows: 16\n"
			   "  stream_mib: 9\n"
			   "  stream_kib: 10\n"
			   "  fragments: 11\n"
			   "  fragment_mib: 12\n"
			   "  dns_memory: 13\n"
			   "  facts: 14\n"
			   "  pairs: 1024\n"
			   "  pair_histories: 64\n"
			   "  ndpi_flows: 16383\n"
			   "  timeouts:\n"
			   "    tcp_new_s: 21\n"
			   "    tcp_established_s: 22\n"
			   "    tcp_closed_s: 23\n"
			   "    udp_s: 24\n"
			   "    other_s: 25\n";

static void
every_key_reaches_its_member(void **state)
{
	struct config c;

	(void)state;
	init(&c);
	must_load(&c, full);
	assert_string_equal(c.sensor_name, "tap-1");
	assert_list(&c.capture.interfaces, "eth1 eth2");
	assert_string_equal(c.capture.filter, "tcp port 80 or udp\n");
	assert_int_equal(c.capture.snap_bytes, 128);
	assert_int_equal(c.capture.buffer_mib, 2);
	assert_int_equal(c.capture.workers, 0);
	assert_false(c.capture.promiscuous);
	assert_false(c.capture.vlan_in_flow);
	assert_string_equal(c.capture.zip_password, "infected");
	assert_int_equal(c.segment_count, 2);
	assert_string_equal(c.segments[0].name, "build");
	assert_string_equal(c.segments[0].role, "build-server");
	assert_list(&c.segments[0].networks, "10.20.0.0/16 2001:db8:20::/48");
	assert_int_equal(c.segments[0].vlan_count, 0);
	assert_string_equal(c.segments[1].name, "lab");
	assert_string_equal(c.segments[1].role, "");
	assert_int_equal(c.segments[1].vlan_count, 2);
	assert_int_equal(c.segments[1].vlans[1], 4094);
	assert_int_equal(c.egress_count, 2);
	assert_string_equal(c.egress[0].from, "build");
	assert_string_equal(c.egress[0].to, "lab");
	assert_string_equal(c.egress[1].from, "internal");
	assert_list(&c.enrichment.geoip, "c.mmdb a.mmdb");
	assert_false(c.enrichment.ndpi);
	assert_list(&c.indicators.paths, "a b/");
	assert_list(&c.indicators.profiles, "p.json q/");
	assert_list(&c.indicators.allow, "ours.txt");
	assert_true(c.indicators.accept_shrink);
	assert_int_equal(c.detection.repeat_s, 1);
	assert_int_equal(c.detection.dns_grace_s, 0);
	assert_false(c.detection.beacons.enabled);
	assert_int_equal(c.detection.beacons.role_count, 2);
	assert_string_equal(c.detection.beacons.roles[0].role, "build-server");
	assert_true(c.detection.beacons.roles[0].score == 0.85);
	assert_int_equal(c.detection.beacons.roles[0].count, 3);
	assert_int_equal(c.detection.beacons.roles[0].span_s, 0);
	assert_string_equal(c.detection.beacons.roles[1].role, "");
	assert_true(c.detection.beacons.roles[1].score == 1);
	assert_int_equal(c.detection.beacons.roles[1].count, 1000000);
	assert_int_equal(c.detection.beacons.roles[1].span_s, 2592000);
	assert_false(c.detection.behaviours.plain_post_to_address);
	assert_false(c.detection.behaviours.executable_download);
	assert_false(c.detection.behaviours.dead_user_agent);
	assert_int_equal(c.policy_count, 2);
	assert_string_equal(c.policies[0].name, "out");
	assert_list(&c.policies[0].roles, "build-server ");
	assert_list(&c.policies[0].segments, "lab internal");
	assert_string_equal(c.policies[0].mode, "observe");
	assert_list(&c.policies[0].allow.lists, "npm ./a.txt");
	assert_list(&c.policies[0].allow.domains, "example.org a.example:8443");
	assert_list(&c.policies[0].allow.networks, "10.0.0.0/8 192.0.2.1:22");
	assert_list(&c.policies[0].allow.ports, "443 123/udp");
	assert_list(&c.policies[0].allow.countries, "NO DE");
	assert_list(&c.policies[0].allow.asns, "64500 AS64501");
	assert_list(&c.policies[0].deny.services, "tunnel tor");
	assert_list(&c.policies[0].deny.countries, "ZZ");
	assert_list(&c.policies[0].deny.asns, "4294967295");
	assert_string_equal(c.policies[1].mode, "alert");
	assert_int_equal(c.policies[1].roles.count, 0);
	assert_list(&c.outputs.sinks, "- redis://u:p@h:1/2?mode=list");
	assert_list(&c.outputs.events, "alert dns");
	assert_int_equal(c.outputs.event_set,
	    1 << EVENT_ALERT | 1 << EVENT_DNS);
	assert_int_equal(c.outputs.dns_version, 2);
	assert_int_equal(c.outputs.queue_mib, 3);
	assert_int_equal(c.outputs.wait_ms, 4);
	assert_int_equal(c.outputs.connect_timeout_ms, 15);
	assert_int_equal(c.outputs.command_timeout_ms, 16);
	assert_int_equal(c.outputs.drain_ms, 7);
	assert_false(c.outputs.spool.enabled);
	assert_string_equal(c.outputs.spool.directory, "/srv/spool");
	assert_int_equal(c.outputs.spool.mib, 17);
	assert_string_equal(c.outputs.spool.sync, "always");
	assert_int_equal(c.outputs.spool.sync_ms, 18);
	assert_int_equal(c.limits.flows, 16);
	assert_int_equal(c.limits.stream_mib, 9);
	assert_int_equal(c.limits.stream_kib, 10);
	assert_int_equal(c.limits.fragments, 11);
	assert_int_equal(c.limits.fragment_mib, 12);
	assert_int_equal(c.limits.dns_memory, 13);
	assert_int_equal(c.limits.facts, 14);
	assert_int_equal(c.limits.pairs, 1024);
	assert_int_equal(c.limits.pair_histories, 64);
	assert_int_equal(c.limits.ndpi_flows, 16383);
	assert_int_equal(c.limits.timeouts.tcp_new_s, 21);
	assert_int_equal(c.limits.timeouts.tcp_established_s, 22);
	assert_int_equal(c.limits.timeouts.tcp_closed_s, 23);
	assert_int_equal(c.limits.timeouts.udp_s, 24);
	assert_int_equal(c.limits.timeouts.other_s, 25);
	config_fini(&c);
}

static void
what_a_file_leaves_out_is_the_default(void **state)
{
	static const char *const texts[] = { "", "# nothing\n",
		"---\n# nothing\n", "{}\n", "segments: []\n",
		"capture: {workers: 1}\n", "detection: {beacons: {}}\n",
		"detection: {beacons: {roles: []}}\n",
		"\xef\xbb\xbfindicators: {}\n" };
	struct config c;
	char *standard, *text;

	(void)state;
	init(&c);
	standard = print(&c);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		must_load(&c, full); /* a load begins anew */
		must_load(&c, texts[i]);
		text = print(&c);
		assert_string_equal(text, standard);
		free(text);
	}
	free(standard);
	config_fini(&c);
}

static char *
example_text(void)
{
	FILE *from = fopen("docs/egress-sensor.yaml", "r");
	char *text = calloc(1, 65536);

	if (from == NULL)
		fail_msg("the example cannot be read (run this from the top)");
	assert_in_range(fread(text, 1, 65535, from), 1000, 65000);
	fclose(from);
	return text;
}

static void
the_example_has_every_key_at_its_default(void **state)
{
	char *example = example_text(), *standard, *text, *line, *rest;
	struct config c;

	(void)state;
	init(&c);
	standard = print(&c);
	must_load(&c, example);
	text = print(&c);
	assert_string_equal(text, standard);
	/* Each "key:" that is printed is in it, as a comment at least. */
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		char *colon = strchr(line, ':');

		assert_non_null(colon);
		colon[1] = '\0';
		line += strspn(line, " ");
		if (strstr(example, line) == NULL)
			fail_msg("%s is not in the example", line);
	}
	free(text);
	free(standard);
	free(example);
	config_fini(&c);
}

/* The comments that are YAML must be right as well. */
static void
the_segments_of_the_example_can_be_used(void **state)
{
	char *example = example_text(), *at = strstr(example, "# segments:");
	char *end = strstr(at, "\nsegments: []"), *to = example;
	struct config c;

	(void)state;
	assert_non_null(end);
	for (char *from = at; from < end; from++) {
		if (*from == '#' && (from == at || from[-1] == '\n'))
			from += 1; /* "# " */
		else
			*to++ = *from;
	}
	*to = '\0';
	init(&c);
	must_load(&c, example);
	assert_int_equal(c.segment_count, 3);
	assert_string_equal(c.segments[2].name, "lab");
	free(example);
	config_fini(&c);
}

static void
the_roles_of_the_example_can_be_used(void **state)
{
	char *example = example_text(), *at = strstr(example, "    # roles:");
	char *end = strstr(at, "\n    roles: []");
	char text[1024];
	struct config c;

	(void)state;
	assert_non_null(end);
	for (char *hash = at; hash < end; hash++) {
		if (*hash == '#')
			*hash = ' ';
	}
	snprintf(text, sizeof text, "detection:\n  beacons:\n%.*s\n",
	    (int)(end - at), at);
	init(&c);
	must_load(&c, text);
	assert_int_equal(c.detection.beacons.role_count, 2);
	assert_string_equal(c.detection.beacons.roles[0].role, "build-server");
	assert_string_equal(c.detection.beacons.roles[1].role, "");
	free(example);
	config_fini(&c);
}

static void
what_is_printed_loads_as_the_same(void **state)
{
	static const char odd[] =
	    "sensor_name: \"a \\\"q\\\" \\\\ b: #c\"\n"
	    "capture: {filter: \"a\\n\\tb\"}\n"
	    "segments:\n"
	    "- name: \"Z\\u00fcrich \\u2028 \\x85 "
	    "\\U0001F600 {x}\"\n"
	    "  role: \"- yes\"\n"
	    "  vlans: [1]\n"
	    "indicators: {paths: ['~', 'null', ' a ']}\n"
	    "detection: {beacons: {roles: [\n"
	    "  {role: '\"a\", {b: 1}', score: 0.1, count: 4, span_s: 5},\n"
	    "  {score: 0.30, count: 4, span_s: 5}]}}\n"
	    "outputs: {sinks: ['redis://h/?key=a@b:c']}\n";
	static const char *const texts[] = { odd, full };
	struct config c;
	char *once, *twice;

	(void)state;
	init(&c);
	for (size_t i = 0; i < 2; i++) {
		must_load(&c, texts[i]);
		once = print(&c);
		must_load(&c, once);
		twice = print(&c);
		assert_string_equal(once, twice);
		free(once);
		free(twice);
	}
	must_load(&c, odd);
	once = print(&c);
	must_load(&c, once);
	assert_string_equal(c.sensor_name, "a \"q\" \\ b: #c");
	assert_string_equal(c.capture.filter, "a\n\tb");
	assert_string_equal(c.segments[0].name,
	    "Z\xc3\xbcrich \xe2\x80\xa8 \xc2\x85 \xf0\x9f\x98\x80 {x}");
	assert_list(&c.indicators.paths, "~ null  a ");
	assert_list(&c.outputs.sinks, "redis://h/?key=a@b:c");
	assert_string_equal(c.detection.beacons.roles[0].role, "\"a\", {b: 1}");
	assert_string_equal(c.detection.beacons.roles[1].role, "");
	free(once);
	config_fini(&c);
}

static void
load_score(struct config *config, const char *score)
{
	char text[256];

	snprintf(text, sizeof text,
	    "detection: {beacons: {roles: [{score: %s, count: 3, span_s: "
	    "0}]}}\n",
	    score);
	must_load(config, text);
}

static void
scores_print_as_what_they_are(void **state)
{
	static const struct {
		const char *text, *printed;
		double value;
	} cases[] = {
		{ "0", "0,", 0 },
		{ "1", "1,", 1 },
		{ "1.000000000", "1,", 1 },
		{ "0.0", "0,", 0 },
		{ "0.5", "0.5,", 0.5 },
		{ "0.850", "0.85,", 0.85 },
		{ "0.1", "0.1,", 0.1 },
		{ "0.3", "0.3,", 0.3 },
		{ "0.07", "0.07,", 0.07 },
		{ "0.000000001", "0.000000001,", 0.000000001 },
		{ "0.999999999", "0.999999999,", 0.999999999 },
		{ "0.123456789", "0.123456789,", 0.123456789 },
	};
	struct config c;
	char wanted[64], *printed;

	(void)state;
	init(&c);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		load_score(&c, cases[i].text);
		assert_true(
		    c.detection.beacons.roles[0].score == cases[i].value);
		printed = print(&c);
		snprintf(wanted, sizeof wanted, "score: %s", cases[i].printed);
		if (strstr(printed, wanted) == NULL)
			fail_msg("%s", printed);
		must_load(&c, printed);
		assert_true(
		    c.detection.beacons.roles[0].score == cases[i].value);
		free(printed);
	}
	config_fini(&c);
}

/* Also those that no double is exactly. */
static void
every_score_of_four_places_survives_printing(void **state)
{
	struct config c, again;
	char score[16], *printed;

	(void)state;
	init(&c);
	init(&again);
	for (unsigned i = 0; i < 10000; i += 7) {
		snprintf(score, sizeof score, "0.%04u", i);
		load_score(&c, score);
		printed = print(&c);
		must_load(&again, printed);
		assert_true(c.detection.beacons.roles[0].score ==
			    again.detection.beacons.roles[0].score);
		free(printed);
	}
	config_fini(&again);
	config_fini(&c);
}

static void
passwords_are_not_printed(void **state)
{
	static const struct {
		const char *url, *printed;
	} cases[] = {
		{ "redis://user:sesame@h:6379/1?mode=list",
		    "\"redis://user:***@h:6379/1?mode=list\"" },
		{ "redis://:sesame@h", "\"redis://:***@h\"" },
		{ "redis://u:sesame/se@same@h", "\"redis://u:***@h\"" },
		{ "redis+unix://u:sesame@/run/r.sock",
		    "\"redis+unix://u:***@/run/r.sock\"" },
		{ "redis://u@h:1", "\"redis://u@h:1\"" },
		{ "/var/log/a:b@c", "\"/var/log/a:b@c\"" },
	};
	struct config c;
	char text[256], *printed;

	(void)state;
	init(&c);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(text, sizeof text,
		    "capture: {zip_password: sesame}\n"
		    "outputs: {sinks: ['%s']}\n",
		    cases[i].url);
		must_load(&c, text);
		printed = print(&c);
		assert_null(strstr(printed, "sesame"));
		assert_non_null(strstr(printed, "zip_password: \"***\"\n"));
		if (strstr(printed, cases[i].printed) == NULL)
			fail_msg("%s", printed);
		free(printed);
	}
	config_fini(&c);
}

#define ROLE(item)  "detection:\n beacons:\n  roles:\n  - " item "\n"
#define SCORE(text) ROLE("count: 3\n    score: " text "\n    span_s: 0")

static void
each_mistake_is_reported_with_its_line(void **state)
{
	static const struct {
		const char *text, *reported; /* a part of it */
	} cases[] = {
		/* syntax */
		{ "capture:\n\tworkers: 1\n", "2: not valid YAML" },
		{ "a: [\n", "2: not valid YAML" },
		{ "a: 1\nb: \xff\n",
		    "2: not valid YAML: invalid leading UTF-8" },
		{ "a: 1\nb: 2\nc: \x01\n", "3: not valid YAML: control" },
		{ "\"\n", "not valid YAML" },
		/* what has no place here */
		{ "hello\n", "1: the file: should be a mapping" },
		{ "- a\n", "1: the file: should be a mapping" },
		{ "{}\n---\n{}\n", "2: a second document" },
		{ "sensor_name: &a x\n", "1: &a: anchors" },
		{ "sensor_name: *a\n", "1: anchors" },
		{ "sensor_name: !!str x\n", "1: tag:yaml.org,2002:str: tags" },
		{ "capture: !x {}\n", "1: !x: tags" },
		{ "? [a]\n: b\n", "1: a key that is itself" },
		{ "sensor_name: \"a\\0b\"\n", "1: 'a...': a NUL" },
		{ "\"capture\\0x\": {}\n", "1: 'capture...': a NUL" },
		/* keys */
		{ "\ncapure: {}\n", "2: the file: unknown key 'capure' (known: "
				    "sensor_name, capture," },
		{ "capture:\n  snap: 1\n", "2: capture: unknown key 'snap'" },
		{ "limits:\n  timeouts:\n    tcp: 1\n",
		    "3: limits.timeouts: unknown key 'tcp'" },
		{ "segments:\n- name: a\n  vlan: 1\n", "3: segments: unknown" },
		{ "enrichments: {}\n", "1: the file: unknown key" },
		{ "enrichment: {geoip: x}\n", "1: enrichment.geoip: should" },
		{ "enrichment: {geoip: [\"a\\nb\"]}\n",
		    "1: enrichment.geoip: has a control character" },
		{ "egress: [{from: internal}]\n", "1: egress: without a to" },
		{ "egress:\n- from: internal\n  to: dmz\n",
		    "3: egress.to: no segment is named 'dmz'" },
		{ "segments:\n- name: external\n  vlans: [1]\n",
		    "2: segments.name: 'external' is the name" },
		{ "policies: [{mode: alert}]\n",
		    "1: policies: without a name" },
		{ "policies:\n- name: a\n- name: a\n",
		    "3: policies.name: 'a' is used already (line 2)" },
		{ "policies:\n- name: a\n  segments: [dmz]\n",
		    "3: policies.segments: no segment is named 'dmz'" },
		{ "policies: [{name: a, mode: block}]\n",
		    "1: policies.mode: 'block' is neither observe nor alert" },
		{ "policies: [{name: a, allow: {ports: [http]}}]\n",
		    "1: policies.allow.ports: 'http' is no port" },
		{ "policies: [{name: a, allow: {domains: [org]}}]\n",
		    "1: policies.allow.domains: 'org': one label only" },
		{ "policies: [{name: a, allow: {networks: [10.0.0.0/33]}}]\n",
		    "1: policies.allow.networks: '10.0.0.0/33': " },
		{ "policies: [{name: a, allow: {countries: [de]}}]\n",
		    "1: policies.allow.countries: 'de' is not two upper-case" },
		{ "policies: [{name: a, deny: {asns: [0]}}]\n",
		    "1: policies.deny.asns: '0' is no AS number" },
		{ "policies: [{name: a, deny: {services: [vpn]}}]\n",
		    "1: policies.deny.services: 'vpn' is no kind of service "
		    "(known: tor, tunnel," },
		{ "policies: [{name: a, allowed: {}}]\n",
		    "1: policies: unknown key 'allowed'" },
		{ "capture: {}\ncapture: {}\n",
		    "2: capture: given twice (first on line 1)" },
		{ "Capture: {}\n", "unknown key 'Capture'" },
		/* types */
		{ "capture:\n", "1: capture: should be a mapping (key: value), "
				"but is empty" },
		{ "capture: 1\n", "capture: should be a mapping" },
		{ "capture: [a]\n", "but is a list" },
		{ "segments: {}\n", "1: segments: should be a list" },
		{ "segments: [a]\n", "1: segments: should be a mapping" },
		{ "capture: {workers: [1]}\n", "should be a single value" },
		{ "capture: {interfaces: eth0}\n", "should be a list" },
		/* numbers */
		{ "capture: {workers: }\n", "capture.workers: has no value" },
		{ "capture: {workers: -1}\n", "not a number from 0 to 256" },
		{ "capture: {workers: 257}\n", "not a number from 0 to 256" },
		{ "capture: {workers: 1.0}\n", "not a number" },
		{ "capture: {workers: 010}\n", "not a number" },
		{ "capture: {workers: 0x10}\n", "not a number" },
		{ "capture: {workers: +1}\n", "not a number" },
		{ "capture: {workers: two}\n", "not a number" },
		{ "capture: {workers: '2'}\n", "in quotes it is a text" },
		{ "capture: {snap_bytes: 127}\n", "from 128 to 262144" },
		{ "capture: {snap_bytes: 262145}\n", "from 128 to 262144" },
		{ "limits: {flows: 15}\n", "from 16 to 268435456" },
		{ "limits: {flows: 4294967312}\n", "from 16 to 268435456" },
		{ "limits: {flows: 18446744073709551632}\n", "from 16" },
		{ "outputs: {dns_version: 1}\n", "from 2 to 3" },
		{ "outputs: {dns_version: 4}\n", "from 2 to 3" },
		{ "limits: {pairs: 1023}\n", "from 1024 to 67108864" },
		{ "limits: {pairs: 67108865}\n", "from 1024 to 67108864" },
		{ "limits: {pair_histories: 63}\n", "from 64 to 4194304" },
		{ "limits: {pair_histories: 4194305}\n", "64 to 4194304" },
		{ "limits: {ndpi_flows: 0}\n", "from 1 to 16383" },
		{ "limits: {ndpi_flows: 16384}\n", "from 1 to 16383" },
		/* decimal numbers */
		{ SCORE("1.1"), "5: detection.beacons.roles.score: '1.1' is "
				"not a decimal number from 0 to 1" },
		{ SCORE("1.000000001"), "'1.000000001' is not a decimal" },
		{ SCORE("-0.5"), "'-0.5' is not a decimal number" },
		{ SCORE("+0.5"), "'+0.5' is not a decimal number" },
		{ SCORE("-0"), "'-0' is not a decimal number" },
		{ SCORE(".5"), "'.5' is not a decimal number" },
		{ SCORE("1."), "'1.' is not a decimal number" },
		{ SCORE("00.5"), "'00.5' is not a decimal number" },
		{ SCORE("0.5.1"), "'0.5.1' is not a decimal number" },
		{ SCORE("0,5"), "'0,5' is not a decimal number" },
		{ SCORE("0.5f"), "'0.5f' is not a decimal number" },
		{ SCORE("5e-1"), "'5e-1' is not a decimal number" },
		{ SCORE("1E0"), "'1E0' is not a decimal number" },
		{ SCORE("0x1p-1"), "'0x1p-1' is not a decimal number" },
		{ SCORE("0x0"), "'0x0' is not a decimal number" },
		{ SCORE("nan"), "'nan' is not a decimal number" },
		{ SCORE(".NaN"), "'.NaN' is not a decimal number" },
		{ SCORE("inf"), "'inf' is not a decimal number" },
		{ SCORE("-.inf"), "'-.inf' is not a decimal number" },
		{ SCORE("infinity"), "'infinity' is not a decimal number" },
		{ SCORE("85%"), "'85%' is not a decimal number" },
		{ SCORE("0.1234567891"), "of at most 9 places" },
		{ SCORE("1234567"), "'1234567' is not a decimal number" },
		{ SCORE("18446744073709551616"), "is not a decimal number" },
		{ SCORE("'0.5'"), "score: in quotes it is a text" },
		{ SCORE("~"), "'~' is not a decimal number" },
		{ SCORE(""), "score: has no value" },
		{ SCORE("[0.5]"), "score: should be a single value" },
		/* roles of the timing */
		{ ROLE("{role: x, count: 3, span_s: 0}"),
		    "4: detection.beacons.roles: without a score" },
		{ ROLE("{role: x, score: 1, span_s: 0}"), "without a count" },
		{ ROLE("{role: x, score: 1, count: 3}"), "without a span_s" },
		{ ROLE("{role: x, score: 1, count: 2, span_s: 0}"),
		    "roles.count: '2' is not a number from 3 to 1000000" },
		{ ROLE("{score: 1, count: 1000001, span_s: 0}"),
		    "from 3 to 1000000" },
		{ ROLE("{score: 1, count: 3, span_s: 2592001}"),
		    "roles.span_s: '2592001' is not a number from 0 to "
		    "2592000" },
		{ ROLE("{role: ~, score: 1, count: 3, span_s: 0}"),
		    "roles.role: '~' is not a text" },
		{ ROLE("{role: \"\\n\", score: 1, count: 3, span_s: 0}"),
		    "roles.role: has a control character" },
		{ ROLE("{role: [x], score: 1, count: 3, span_s: 0}"),
		    "roles.role: should be a single value" },
		{ ROLE("{roles: x, score: 1, count: 3, span_s: 0}"),
		    "unknown key 'roles' (known: role, score, count, "
		    "span_s)" },
		{ ROLE("x"), "4: detection.beacons.roles: should be a map" },
		{ ROLE("{role: x, score: 1, count: 3, span_s: 0}\n"
		       "  - {role: y, score: 1, count: 3, span_s: 0}\n"
		       "  - {role: 'x', score: 0, count: 3, span_s: 0}"),
		    "6: detection.beacons.roles: 'x' is there already "
		    "(line 4)" },
		{ ROLE("{score: 1, count: 3, span_s: 0}\n"
		       "  - {role: '', score: 1, count: 3, span_s: 0}"),
		    "5: detection.beacons.roles: '' is there already "
		    "(line 4)" },
		{ "detection: {beacons: {enabled: yes}}\n",
		    "beacons.enabled: 'yes' is neither true nor false" },
		{ "detection: {beacons: true}\n", "should be a mapping" },
		/* flags */
		{ "capture: {promiscuous: maybe}\n", "neither true nor false" },
		{ "capture: {promiscuous: yes}\n", "neither true nor false" },
		{ "capture: {promiscuous: True}\n", "neither true nor false" },
		{ "capture: {promiscuous: 'true'}\n", "neither true nor" },
		/* texts */
		{ "sensor_name: ''\n", "1: sensor_name: is empty" },
		{ "sensor_name:\n", "1: sensor_name: has no value" },
		{ "sensor_name: ~\n", "sensor_name: '~' is not a text" },
		{ "sensor_name: null\n", "sensor_name: 'null' is not a text" },
		{ "sensor_name: \"a\\nb\"\n", "has a control character" },
		{ "sensor_name: "
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "a"
		  "aaaa\n",
		    "longer than 64 octets" },
		{ "indicators:\n  paths:\n  - a\n  -\n",
		    "4: indicators.paths" },
		{ "indicators: {profiles: a}\n", "profiles: should be a list" },
		{ "indicators:\n  profiles:\n  - ''\n",
		    "3: indicators.profiles: is empty" },
		{ "indicators: {allow: [\"a\\tb\"]}\n",
		    "indicators.allow: has a control character" },
		{ "outputs: {sinks: []}\n", "needs at least 1 value" },
		{ "outputs:\n  events:\n  - alert\n  - alarm\n",
		    "4: outputs.events: unknown event type 'alarm'" },
		{ "outputs: {events: []}\n", "needs at least 1 value" },
		{ "outputs: {spool: {mib: 0}}\n", "from 1 to 1048576" },
		{ "outputs: {spool: {sync_ms: 9}}\n", "from 10 to 60000" },
		{ "outputs: {spool: {sync: often}}\n",
		    "1: outputs.spool.sync: 'often' is not interval, always or "
		    "never" },
		{ "outputs: {spool: {size: 1}}\n",
		    "1: outputs.spool: unknown key 'size' (known: enabled, "
		    "directory, mib, sync, sync_ms)" },
		/* segments */
		{ "segments:\n- role: x\n  vlans: [1]\n",
		    "2: segments: without a name" },
		{ "segments:\n- name: a\n",
		    "2: segments: neither networks nor" },
		{ "segments:\n- name: a\n  networks: []\n",
		    "2: segments: neith" },
		{ "segments:\n- name: internal\n  vlans: [1]\n",
		    "2: segments.name: 'internal'" },
		{ "segments:\n- name: a\n  vlans: [1]\n- name: a\n  vlans: "
		  "[2]\n",
		    "4: segments.name: 'a' is used already on line 2" },
		{ "segments: [{name: a, vlans: [0]}]\n", "from 1 to 4094" },
		{ "segments: [{name: a, vlans: [4095]}]\n", "from 1 to 4094" },
		{ "segments: [{name: a, vlans: [70000]}]\n", "from 1 to 4094" },
		{ "segments: [{name: a, vlans: [7, 7]}]\n",
		    "7 is listed twice" },
		{ "segments:\n- name: a\n  networks:\n  - 10.0.0.0/8\n"
		  "  - 10.1.2.3/8\n",
		    "5: segments.networks: '10.1.2.3/8' has bits set past its "
		    "prefix; is 10.0.0.0/8 meant?" },
		{ "segments: [{name: a, networks: ['2001:db8::1/33']}]\n",
		    "is 2001:db8::/33 meant?" },
		{ "segments: [{name: a, networks: [10.0.0.0/33]}]\n",
		    "the prefix length is no number from 0 to 32" },
		{ "segments: [{name: a, networks: ['fc00::/129']}]\n",
		    "the prefix length is no number from 0 to 128" },
		{ "segments: [{name: a, networks: [10.0.0.0/08]}]\n",
		    "the prefix length" },
		{ "segments: [{name: a, networks: [10.0.0.0/]}]\n",
		    "the prefix length" },
		{ "segments: [{name: a, networks: [10.0.0.0/8/8]}]\n",
		    "the prefix length" },
		{ "segments: [{name: a, networks: [10.0.0/8]}]\n",
		    "is no IPv4 or IPv6 network" },
		{ "segments: [{name: a, networks: [host.example]}]\n",
		    "is no IPv4 or IPv6 network" },
		{ "segments: [{name: a, networks: ['fe80::1%eth0']}]\n",
		    "is no IPv4 or IPv6 network" },
		{ "segments: [{name: a, networks: [0.0.0.0/0]}]\n",
		    "is the whole internet" },
		{ "segments: [{name: a, networks: ['::/0']}]\n",
		    "is the whole internet" },
		{ "segments:\n- name: a\n  networks: [10.0.0.0/8]\n"
		  "- name: b\n  networks: [10.0.0.0/8]\n",
		    "5: segments.networks: 10.0.0.0/8 is in segment 'a' too "
		    "(line 3)" },
		{ "segments:\n- {name: a, networks: [10.0.0.0/8], vlans: [1, "
		  "2]}\n- {name: b, networks: [10.0.0.0/8], vlans: [2]}\n",
		    "3: segments.networks: 10.0.0.0/8 is in segment 'a' too" },
		{ "segments: [{name: a, networks: [10.0.0.1, 10.0.0.1/32]}]\n",
		    "10.0.0.1/32 is listed twice" },
		{ "segments:\n- {name: a, vlans: [1, 2]}\n"
		  "- {name: b, vlans: [2, 3]}\n",
		    "3: segments: 'b' has a VLAN of 'a' (line 2)" },
	};
	struct config c;

	(void)state;
	init(&c);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (load(&c, cases[i].text) == 0 ||
		    strstr(reports.text, cases[i].reported) == NULL)
			fail_msg("%s\ngave: %s", cases[i].text, reports.text);
	}
	config_fini(&c);
}

static void
every_problem_is_reported_in_order(void **state)
{
	struct config c;

	(void)state;
	init(&c);
	assert_int_equal(load(&c, "outputs:\n"                       /* 1 */
				  "  dns_version: 7\n"               /* 2 */
				  "  colour: red\n"                  /* 3 */
				  "segments:\n"                      /* 4 */
				  "- name: a\n"                      /* 5 */
				  "  networks: [10.0.0.1/8, x]\n"    /* 6 */
				  "- name: a\n"                      /* 7 */
				  "  vlans: [0, 1]\n"                /* 8 */
				  "limits: {flows: 1, flows: 2}\n"), /* 9 */
	    -1);
	assert_string_equal(reports.text,
	    "2: outputs.dns_version: '7' is not a number from 2 to 3\n"
	    "3: outputs: unknown key 'colour' (known: sinks, events, "
	    "dns_version, queue_mib, wait_ms, connect_timeout_ms, "
	    "command_timeout_ms, drain_ms, spool)\n"
	    "6: segments.networks: '10.0.0.1/8' has bits set past its prefix; "
	    "is 10.0.0.0/8 meant?\n"
	    "6: segments.networks: 'x' is no IPv4 or IPv6 network\n"
	    "7: segments.name: 'a' is used already on line 5\n"
	    "8: segments.vlans: '0' is not a number from 1 to 4094\n"
	    "9: flows: given twice (first on line 9)\n"
	    "9: limits.flows: '1' is not a number from 16 to 268435456\n"
	    "9: limits.flows: '2' is not a number from 16 to 268435456\n");
	config_fini(&c);
}

static void
segments_that_differ_in_something_are_accepted(void **state)
{
	struct config c;

	(void)state;
	init(&c);
	must_load(&c, "segments:\n"
		      "- {name: a, networks: [10.0.0.0/8], vlans: [1]}\n"
		      "- {name: b, networks: [10.0.0.0/8], vlans: [2]}\n"
		      "- {name: c, networks: [10.0.0.0/8]}\n"
		      "- {name: d, networks: [10.0.0.0/9]}\n"
		      "- {name: e, vlans: [3]}\n"
		      "- {name: f, vlans: [4]}\n");
	assert_int_equal(c.segment_count, 6);
	config_fini(&c);
}

static void
a_bad_file_changes_nothing(void **state)
{
	struct config c;
	char *before, *after;

	(void)state;
	init(&c);
	must_load(&c, full);
	before = print(&c);
	assert_int_equal(load(&c, "capture: {workers: 3, snap_bytes: 1}"), -1);
	after = print(&c);
	assert_string_equal(before, after);
	free(before);
	free(after);
	config_fini(&c);
}

static int
refuse_sink(const char *url, char *error, size_t error_size)
{
	if (strncmp(url, "gopher:", 7) != 0)
		return 0;
	snprintf(error, error_size, "no such sink");
	return -1;
}

static int
refuse_filter(const char *bpf, char *error, size_t error_size)
{
	snprintf(error, error_size, "cannot compile '%s'", bpf);
	return -1;
}

static void
sinks_and_filters_are_judged_by_those_who_know(void **state)
{
	static const struct config_checks checks = { refuse_sink,
		refuse_filter };
	static const char text[] = "outputs:\n  sinks:\n  - '-'\n"
				   "  - gopher://h\n"
				   "capture:\n  filter: tcpp\n";
	struct config c;

	(void)state;
	init(&c);
	assert_int_equal(load_octets(&c, text, strlen(text), &checks, &reports),
	    -1);
	assert_string_equal(reports.text,
	    "4: outputs.sinks: no such sink\n"
	    "6: capture.filter: cannot compile 'tcpp'\n");
	assert_int_equal(load_octets(&c, "capture: {filter: ''}", 21, &checks,
			     &reports),
	    0);
	config_fini(&c);
}

static void
a_file_that_cannot_be_read_is_reported(void **state)
{
	struct config c;

	(void)state;
	init(&c);
	reports = (struct reports){ .used = 0 };
	assert_int_equal(config_load(&c, "t.yaml", NULL, report, &reports), -1);
	assert_string_equal(reports.text, "0: No such file or directory\n");
	config_fini(&c);
}

static void
a_file_that_is_too_large_is_refused(void **state)
{
	size_t len = CONFIG_FILE_OCTETS_MAX + 1;
	char *text = malloc(len);
	struct config c;

	(void)state;
	init(&c);
	memset(text, '#', len);
	assert_int_equal(load_octets(&c, text, len, NULL, &reports), -1);
	assert_non_null(strstr(reports.text, "larger than 1048576 octets"));
	assert_int_equal(load_octets(&c, text, len - 1, NULL, &reports), 0);
	free(text);
	config_fini(&c);
}

/* Fills `text` with `unit` over and over, after `head`. */
static void
fill(char *text, size_t len, const char *head, const char *unit)
{
	size_t used = strlen(head), unit_len = strlen(unit);

	memcpy(text, head, used);
	for (; used + unit_len <= len; used += unit_len)
		memcpy(text + used, unit, unit_len);
	memset(text + used, '\n', len - used);
}

static void
hostile_files_end_soon(void **state)
{
	static const struct {
		const char *head, *unit, *reported; /* NULL: anything */
	} cases[] = {
		{ "", "[", "nested too deeply" },
		{ "", "{a: ", "nested too deeply" },
		{ "", "- ", "nested too deeply" },
		{ "", "? ", NULL },
		{ "a: &a [x]\nb: ", "&b [*a, *a]\n", NULL },
		{ "segments: [", "{name: a, vlans: [1, 2, 3]}, ", NULL },
		{ "segments:\n- name: a\n  vlans: [", "1,", NULL },
		{ "segments:\n- name: a\n  vlans: [5]\n  networks: [",
		    "10.0.0.1,", NULL },
		{ "segments:\n", "- {name: a, networks: [10.0.0.0/8]}\n",
		    NULL },
		{ "detection: {beacons: {roles: [", "{},", NULL },
		{ "detection: {beacons: {roles: [",
		    "{score: 0.5, count: 9, span_s: 1},", NULL },
		{ "detection: {beacons: {roles: [{score: ", "0", NULL },
		{ "sensor_name: ", "a", "longer than 64 octets" },
		{ "sensor_name: \"", "\\\n", "not valid YAML" },
		{ "segments: [", "a,", NULL },
		{ "", "\r", NULL },
		{ "", "a: b\n", "too many keys in one mapping" },
		{ "", "'", NULL },
		{ "", "!", NULL },
		{ "%TAG ", "a", NULL },
	};
	size_t len = CONFIG_FILE_OCTETS_MAX;
	char *text = malloc(len);
	struct config c;

	(void)state;
	init(&c);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fill(text, len, cases[i].head, cases[i].unit);
		load_octets(&c, text, len, NULL, &reports);
		assert_in_range(reports.count, 0, 101);
		if (cases[i].reported != NULL &&
		    strstr(reports.text, cases[i].reported) == NULL)
			fail_msg("%s: %s", cases[i].unit, reports.text);
	}
	free(text);
	config_fini(&c);
}

static void
problems_past_the_first_hundred_are_only_counted(void **state)
{
	char text[8192] = "indicators:\n  paths:\n";
	struct config c;

	(void)state;
	init(&c);
	for (unsigned i = 0; i < 150; i++)
		strcat(text, "  - ~\n");
	assert_int_equal(load(&c, text), -1);
	assert_int_equal(reports.count, 101);
	assert_non_null(
	    strstr(reports.text, "0: 50 more problems are not shown\n"));
	config_fini(&c);
}

static void
every_prefix_of_a_good_file_is_read_without_overrun(void **state)
{
	struct config c;

	(void)state;
	init(&c);
	for (size_t len = 0; len <= strlen(full); len++)
		load_octets(&c, full, len, NULL, &reports);
	assert_string_equal(c.sensor_name, "tap-1");
	config_fini(&c);
}

/* Parses and applies; the words are separated by one space. */
static int
apply(struct config *config, const char *words, char *error, size_t size)
{
	char copy[256], *argv[16], *rest = copy;
	struct options options;
	int argc = 0, rc;

	snprintf(copy, sizeof copy, "egress-sensor %s", words);
	while ((argv[argc] = strsep(&rest, " ")) != NULL)
		argc++;
	rc = options_parse(&options, argc, argv, error, size);
	assert_int_equal(rc, 0);
	rc = config_apply_options(config, &options, error, size);
	options_fini(&options);
	return rc;
}

static void
the_command_line_wins_over_the_file(void **state)
{
	struct config c;
	char error[256];

	(void)state;
	init(&c);
	must_load(&c, full);
	assert_int_equal(apply(&c,
			     "-i lo0 lo1 -f icmp --workers 7 --iocs z --events "
			     "tls,flow -o x --zip-password=",
			     error, sizeof error),
	    0);
	assert_list(&c.capture.interfaces, "lo0 lo1");
	assert_string_equal(c.capture.filter, "icmp");
	assert_string_equal(c.capture.zip_password, "");
	assert_int_equal(c.capture.workers, 7);
	assert_list(&c.indicators.paths, "z");
	assert_list(&c.outputs.events, "tls flow");
	assert_int_equal(c.outputs.event_set, 1 << EVENT_TLS | 1 << EVENT_FLOW);
	assert_list(&c.outputs.sinks, "x");
	assert_int_equal(c.outputs.dns_version, 2); /* the file's */
	config_fini(&c);
}

static void
stored_captures_replace_the_interfaces_of_the_file(void **state)
{
	struct config c;
	char error[256];

	(void)state;
	init(&c);
	must_load(&c, full);
	assert_int_equal(apply(&c, "-r a.pcap", error, sizeof error), 0);
	assert_int_equal(c.capture.interfaces.count, 0);
	config_fini(&c);
}

static void
there_must_be_something_to_capture_from(void **state)
{
	struct config c;
	char error[256];

	(void)state;
	init(&c);
	assert_int_equal(apply(&c, "--fail-on-hit", error, sizeof error), -1);
	assert_non_null(strstr(error, "-r PATH or -i INTERFACE"));
	assert_int_equal(apply(&c, "--check", error, sizeof error), 0);
	must_load(&c, "capture: {interfaces: [eth0]}");
	assert_int_equal(apply(&c, "--fail-on-hit", error, sizeof error), 0);
	config_fini(&c);
}

static uint16_t
find(const struct segments *segments, const char *text, uint16_t vlan)
{
	uint8_t octets[16];
	struct addr a;

	if (inet_pton(AF_INET, text, octets) == 1)
		a = addr_v4(octets);
	else if (inet_pton(AF_INET6, text, octets) == 1)
		a = addr_v6(octets);
	else
		fail_msg("%s", text);
	return segments_find(segments, &a, &vlan, 1);
}

static void
segments_are_built_as_configured(void **state)
{
	struct segments *segments;
	struct config c;
	char error[256];
	uint16_t i;

	(void)state;
	init(&c);
	must_load(&c, full);
	assert_int_equal(config_segments(&c, &segments, error, sizeof error),
	    0);
	i = find(segments, "10.20.255.1", 1);
	assert_string_equal(segment_name(segments, i), "build");
	assert_string_equal(segment_role(segments, i), "build-server");
	assert_int_equal(find(segments, "2001:db8:20:ffff::1", 1), i);
	assert_int_equal(find(segments, "2001:db8:21::1", 1), SEGMENT_EXTERNAL);
	assert_int_equal(find(segments, "10.21.0.0", 1), SEGMENT_INTERNAL);
	assert_true(segments_is_egress(segments, i, SEGMENT_EXTERNAL));
	assert_true(
	    segments_is_egress(segments, i, find(segments, "192.0.2.1", 99)));
	assert_false(segments_is_egress(segments, i, SEGMENT_INTERNAL));
	i = find(segments, "192.0.2.1", 99);
	assert_string_equal(segment_name(segments, i), "lab");
	assert_int_equal(find(segments, "192.0.2.1", 98), SEGMENT_EXTERNAL);
	assert_int_equal(find(segments, "192.0.2.2", 99), SEGMENT_EXTERNAL);
	segments_free(segments);
	config_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_documented_ones),
		cmocka_unit_test(every_key_reaches_its_member),
		cmocka_unit_test(what_a_file_leaves_out_is_the_default),
		cmocka_unit_test(the_example_has_every_key_at_its_default),
		cmocka_unit_test(the_segments_of_the_example_can_be_used),
		cmocka_unit_test(the_roles_of_the_example_can_be_used),
		cmocka_unit_test(what_is_printed_loads_as_the_same),
		cmocka_unit_test(scores_print_as_what_they_are),
		cmocka_unit_test(every_score_of_four_places_survives_printing),
		cmocka_unit_test(passwords_are_not_printed),
		cmocka_unit_test(each_mistake_is_reported_with_its_line),
		cmocka_unit_test(every_problem_is_reported_in_order),
		cmocka_unit_test(
		    segments_that_differ_in_something_are_accepted),
		cmocka_unit_test(a_bad_file_changes_nothing),
		cmocka_unit_test(
		    sinks_and_filters_are_judged_by_those_who_know),
		cmocka_unit_test(a_file_that_cannot_be_read_is_reported),
		cmocka_unit_test(a_file_that_is_too_large_is_refused),
		cmocka_unit_test(hostile_files_end_soon),
		cmocka_unit_test(
		    problems_past_the_first_hundred_are_only_counted),
		cmocka_unit_test(
		    every_prefix_of_a_good_file_is_read_without_overrun),
		cmocka_unit_test(the_command_line_wins_over_the_file),
		cmocka_unit_test(
		    stored_captures_replace_the_interfaces_of_the_file),
		cmocka_unit_test(there_must_be_something_to_capture_from),
		cmocka_unit_test(segments_are_built_as_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
