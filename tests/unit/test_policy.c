#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "iocs/ioc_load.h"
#include "sensor/config.h"
#include "sensor/detector.h"
#include "sensor/learn.h"
#include "sensor/network.h"
#include "sensor/observation_builder.h"
#include "sensor/policy_set.h"

#define SECOND UINT64_C(1000000)
#define NOW    (UINT64_C(1774915200) * SECOND) /* 2026-03-31T00:00:00Z */

#define SEGMENTS                                                               \
	"segments:\n"                                                          \
	"  - {name: build, role: build-server, networks: [10.20.0.0/24]}\n"    \
	"  - {name: office, role: workstation, networks: [10.30.0.0/24]}\n"

struct bench {
	struct config config;
	struct segments *segments;
	struct services *services;
	struct policy_set *policies;
	struct ioc_set *iocs;
	struct learn *learn;
	struct detector *detector;
	struct observation_builder builder;
	uint64_t flow_id;
	char hits[2048]; /* "rule id place: reason\n" of each */
};

static void
note(void *arg, const struct hit *hit)
{
	struct bench *b = arg;
	size_t used = strlen(b->hits);

	if (strcmp(hit->detector, "policy") != 0)
		return;
	snprintf(b->hits + used, sizeof b->hits - used, "%s %u %.*s: %s\n",
	    hit->rule, (unsigned)hit->signature->id, (int)hit->matched_len,
	    hit->matched, hit->reason);
}

static void
report(void *arg, const char *path, unsigned line, const char *message)
{
	(void)arg;
	fail_msg("%s:%u: %s", path, line, message);
}

static struct bench *
bench_new(const char *policies)
{
	static const char bad[] = "sfrclak.com\n";
	struct bench *b = calloc(1, sizeof *b);
	char text[4096], error[512];

	assert_non_null(b);
	snprintf(text, sizeof text, "%s%s", SEGMENTS, policies);
	assert_int_equal(config_init(&b->config), 0);
	assert_int_equal(config_load_text(&b->config, "t.yaml",
			     (const uint8_t *)text, strlen(text), NULL, report,
			     NULL),
	    0);
	assert_int_equal(config_segments(&b->config, &b->segments, error,
			     sizeof error),
	    0);
	assert_int_equal(services_load("iocs/services", report, NULL,
			     &b->services, error, sizeof error),
	    0);
	if (policy_set_load(&b->config, report, NULL, &b->policies, error,
		sizeof error) == -1)
		fail_msg("%s", error);
	assert_int_equal(ioc_load_memory("bad.txt", bad, strlen(bad), NULL,
			     NULL, NULL, &b->iocs, error, sizeof error),
	    0);
	b->learn = learn_new(
	    &(struct learn_options){ b->segments, b->services });
	b->detector =
	    detector_new(&(struct detector_options){ .dns_memory_max = 64,
			     .facts = { 100, 1 << 20, 3600 * SECOND, note, b },
			     .segments = b->segments,
			     .services = b->services,
			     .policies = b->policies,
			     .learn = b->learn },
		b->iocs);
	assert_true(b->learn != NULL && b->detector != NULL);
	assert_int_equal(observation_builder_init(&b->builder), 0);
	return b;
}

static void
bench_free(struct bench *b)
{
	detector_free(b->detector);
	learn_free(b->learn);
	policy_set_free(b->policies);
	services_free(b->services);
	segments_free(b->segments);
	ioc_set_free(b->iocs);
	observation_builder_fini(&b->builder);
	config_fini(&b->config);
	free(b);
}

/* One flow's telling moment; NULL and 0: as most are. */
struct flow {
	enum obs_kind kind;
	enum app_proto app;
	const char *from, *to; /* 10.20.0.11, 203.0.113.80 */
	uint16_t port;         /* 443 */
	const char *name;      /* SNI, Host, SOCKS target, question */
	const char *method;
	bool tunnelled;
	uint16_t target_port;
	uint8_t ip_proto; /* TCP */
	uint16_t ndpi;
};

static struct obs_text
text(struct bench *b, const char *what)
{
	return what == NULL
	           ? (struct obs_text){ 0, 0 }
	           : observation_add(&b->builder, cur_of(what, strlen(what)));
}

static void
set_ends(struct bench *b, struct observation *o, const struct flow *f)
{
	const char *ends[] = { f->from != NULL ? f->from : "10.20.0.11",
		f->to != NULL ? f->to : "203.0.113.80" };

	for (int i = 0; i < 2; i++) {
		assert_true(network_address_read(ends[i], strlen(ends[i]),
		    &o->addr[i]));
		o->segment[i] = segments_find(b->segments, &o->addr[i], NULL,
		    0);
	}
	o->port[DIR_OUT] = 40000;
	o->port[DIR_IN] = f->port != 0 ? f->port : 443;
	o->ip_proto = f->ip_proto != 0 ? f->ip_proto : 6;
}

static void
set_content(struct bench *b, struct observation *o, const struct flow *f)
{
	switch (f->kind) {
	case OBS_TLS_HELLO:
	case OBS_QUIC:
		o->tls.has_client = true;
		if (f->tunnelled) {
			o->tls.tunnel_host = text(b, f->name);
			o->tls.tunnel_port = f->target_port;
		} else {
			o->tls.server_name = text(b, f->name);
		}
		break;
	case OBS_HTTP_REQUEST:
		o->http.has_request = true;
		o->http.method = text(b, f->method);
		o->http.host = text(b, f->name);
		o->http.port = f->target_port;
		o->http.tunnelled = f->tunnelled;
		o->http.request_us = o->time_us;
		break;
	case OBS_PROXY:
		o->proxy.host = text(b, f->name);
		o->proxy.port = f->target_port;
		break;
	default:
		break;
	}
}

static void
observe(struct bench *b, struct flow f)
{
	struct observation *o = observation_begin(&b->builder, f.kind);

	o->time_us = o->flow_first_us = NOW;
	o->flow_id = ++b->flow_id;
	o->app = (uint8_t)f.app;
	set_ends(b, o, &f);
	set_content(b, o, &f);
	if (f.ndpi != 0) {
		o->ndpi.known = true;
		o->ndpi.app = f.ndpi;
	}
	detector_observe(b->detector, observation_finish(&b->builder));
}

/* A query, or the answer `address` to it. */
static void
look_up(struct bench *b, const char *name, const char *resolver,
    const char *address)
{
	struct observation *o = observation_begin(&b->builder, OBS_DNS);
	struct obs_question *question;
	uint32_t one = 1;

	o->time_us = o->flow_first_us = NOW;
	o->flow_id = ++b->flow_id;
	o->app = APP_DNS;
	set_ends(b, o,
	    &(struct flow){ .to = resolver, .port = 53, .ip_proto = 17 });
	question = observation_add_array(&b->builder, sizeof *question, &one,
	    &o->dns.questions);
	question->name = text(b, name);
	question->type = question->qclass = 1;
	if (address != NULL) {
		struct obs_record *record;
		struct addr addr;

		assert_true(
		    network_address_read(address, strlen(address), &addr));
		o->dns.response = true;
		record = observation_add_array(&b->builder, sizeof *record,
		    &one, &o->dns.records);
		record->name = question->name;
		record->type = record->rclass = 1;
		record->ttl = 300;
		record->section = DNS_ANSWER;
		record->data = observation_add(&b->builder,
		    cur_of(addr.octets + 12, 4));
	}
	detector_observe(b->detector, observation_finish(&b->builder));
}

static void
check(struct bench *b, const char *what, const char *hits)
{
	if (strcmp(b->hits, hits) != 0)
		fail_msg("%s:\n%s instead of\n%s", what, b->hits, hits);
	b->hits[0] = '\0';
}

#define NOT_ALLOWED "not on the list of what may leave"
#define OUT                                                                    \
	"policies:\n"                                                          \
	"  - name: out\n"                                                      \
	"    roles: [build-server]\n"                                          \
	"    allow:\n"                                                         \
	"      lists: [iocs/allowed/lists/npm.txt]\n"                          \
	"      domains: [allowed.example, ported.example:8443]\n"              \
	"      networks: [198.51.100.0/24, 192.0.2.7:22]\n"                    \
	"      ports: [123/udp, 9000-9010]\n"                                  \
	"    deny:\n"                                                          \
	"      services: [tunnel, dns-over-https, tor, socks]\n"

static void
what_is_not_allowed_is_a_hit(void **state)
{
	static const struct {
		const char *what;
		struct flow flow;
		const char *hits;
	} cases[] = {
		{ "a name of a bundled list",
		    { .kind = OBS_TLS_HELLO, .name = "x.npmjs.org" }, "" },
		{ "a name of the policy's",
		    { .kind = OBS_TLS_HELLO, .name = "Allowed.Example" }, "" },
		{ "a name that only ends so",
		    { .kind = OBS_TLS_HELLO, .name = "notallowed.example" },
		    "out 7310401 notallowed.example:443: " NOT_ALLOWED "\n" },
		{ "a name of none, by its registered domain",
		    { .kind = OBS_TLS_HELLO, .name = "a.b.example.co.uk" },
		    "out 7310401 example.co.uk:443: " NOT_ALLOWED "\n" },
		{ "QUIC",
		    { .kind = OBS_QUIC,
			.app = APP_QUIC,
			.ip_proto = 17,
			.name = "www.example.org" },
		    "out 7310401 example.org:443: " NOT_ALLOWED "\n" },
		{ "HTTP by its Host",
		    { .kind = OBS_HTTP_REQUEST,
			.app = APP_HTTP,
			.port = 80,
			.method = "GET",
			.name = "www.example.org" },
		    "out 7310401 example.org:80: " NOT_ALLOWED "\n" },
		{ "a name on the port that is allowed",
		    { .kind = OBS_TLS_HELLO,
			.port = 8443,
			.name = "ported.example" },
		    "" },
		{ "the same on another",
		    { .kind = OBS_TLS_HELLO, .name = "ported.example" },
		    "out 7310401 ported.example:443: " NOT_ALLOWED "\n" },
		{ "an address of an allowed network",
		    { .kind = OBS_FLOW_APP,
			.app = APP_UNKNOWN,
			.to = "198.51.100.9",
			.port = 22 },
		    "" },
		{ "an address with its port",
		    { .kind = OBS_FLOW_APP,
			.app = APP_UNKNOWN,
			.to = "192.0.2.7",
			.port = 22 },
		    "" },
		{ "an address with another port",
		    { .kind = OBS_FLOW_APP,
			.app = APP_UNKNOWN,
			.to = "192.0.2.7",
			.port = 23 },
		    "out 7310401 192.0.2.7:23: " NOT_ALLOWED "\n" },
		{ "an IPv6 address",
		    { .kind = OBS_FLOW_APP,
			.app = APP_UNKNOWN,
			.from = "10.20.0.11",
			.to = "2001:db8::1" },
		    "out 7310401 [2001:db8::1]:443: " NOT_ALLOWED "\n" },
		{ "a port that is allowed",
		    { .kind = OBS_FLOW_APP,
			.app = APP_UNKNOWN,
			.port = 123,
			.ip_proto = 17 },
		    "" },
		{ "the same of another protocol",
		    { .kind = OBS_FLOW_APP, .app = APP_UNKNOWN, .port = 123 },
		    "out 7310401 203.0.113.80:123: " NOT_ALLOWED "\n" },
		{ "a port of a range",
		    { .kind = OBS_FLOW_APP, .app = APP_UNKNOWN, .port = 9010 },
		    "" },
		{ "an attempt without an answer",
		    { .kind = OBS_FLOW_END, .app = APP_NONE },
		    "out 7310401 203.0.113.80:443: " NOT_ALLOWED "\n" },
		{ "a datagram without content",
		    { .kind = OBS_FLOW_END,
			.app = APP_NONE,
			.ip_proto = 17,
			.port = 5000 },
		    "out 7310401 203.0.113.80:5000: " NOT_ALLOWED "\n" },
		{ "multicast leaves nothing",
		    { .kind = OBS_FLOW_APP,
			.app = APP_UNKNOWN,
			.ip_proto = 17,
			.to = "239.255.255.250",
			.port = 1900 },
		    "" },
		{ "a segment of another role",
		    { .kind = OBS_TLS_HELLO,
			.from = "10.30.0.5",
			.name = "www.example.org" },
		    "" },
		{ "a destination inside",
		    { .kind = OBS_TLS_HELLO,
			.to = "10.30.0.5",
			.name = "www.example.org" },
		    "" },
		{ "from outside",
		    { .kind = OBS_TLS_HELLO,
			.from = "203.0.113.80",
			.to = "10.20.0.11",
			.name = "www.example.org" },
		    "" },

		{ "by a proxy of ours: the target",
		    { .kind = OBS_HTTP_REQUEST,
			.app = APP_HTTP,
			.to = "10.0.0.9",
			.port = 3128,
			.method = "CONNECT",
			.name = "www.example.org",
			.tunnelled = true,
			.target_port = 443 },
		    "out 7310401 example.org:443: " NOT_ALLOWED "\n" },
		{ "by a proxy of ours: an allowed target",
		    { .kind = OBS_HTTP_REQUEST,
			.app = APP_HTTP,
			.to = "10.0.0.9",
			.port = 3128,
			.method = "CONNECT",
			.name = "npmjs.org",
			.tunnelled = true,
			.target_port = 443 },
		    "" },
		{ "by a proxy of ours: an address",
		    { .kind = OBS_PROXY,
			.app = APP_SOCKS,
			.to = "10.0.0.9",
			.port = 1080,
			.name = "203.0.113.5",
			.target_port = 443 },
		    "out 7310401 203.0.113.5:443: " NOT_ALLOWED "\n" },
		{ "by a proxy of ours: an address inside",
		    { .kind = OBS_PROXY,
			.app = APP_SOCKS,
			.to = "10.0.0.9",
			.port = 1080,
			.name = "10.30.0.5",
			.target_port = 80 },
		    "" },
		{ "a proxy outside, whatever it is asked for",
		    { .kind = OBS_HTTP_REQUEST,
			.app = APP_HTTP,
			.port = 3128,
			.method = "CONNECT",
			.name = "npmjs.org",
			.tunnelled = true,
			.target_port = 443 },
		    "out 7310401 203.0.113.80:3128: " NOT_ALLOWED "\n" },

		{ "a denied service by name",
		    { .kind = OBS_TLS_HELLO, .name = "x.trycloudflare.com" },
		    "out 7310402 x.trycloudflare.com:443: tunnel is denied\n" },
		{ "a denied service by address",
		    { .kind = OBS_FLOW_END, .app = APP_NONE, .to = "1.1.1.1" },
		    "out 7310402 1.1.1.1:443: dns-over-https is denied\n" },
		{ "a denied service by protocol",
		    { .kind = OBS_PROXY,
			.app = APP_SOCKS,
			.port = 1080,
			.name = "npmjs.org",
			.target_port = 443 },
		    "out 7310402 203.0.113.80:1080: socks is denied\n" },
		{ "a denied service that nDPI saw",
		    { .kind = OBS_FLOW_END,
			.app = APP_UNKNOWN,
			.ndpi = 163,
			.to = "198.51.100.9" },
		    "out 7310402 198.51.100.9:443: tor is denied\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench *b = bench_new(OUT);

		observe(b, cases[i].flow);
		check(b, cases[i].what, cases[i].hits);
		bench_free(b);
	}
}

static void
denied_wins_over_allowed(void **state)
{
	struct bench *b = bench_new("policies:\n"
				    "  - name: out\n"
				    "    allow: {domains: [dns.google]}\n"
				    "    deny: {services: [dns-over-https]}\n");

	(void)state;
	observe(b,
	    (struct flow){ .kind = OBS_TLS_HELLO, .name = "dns.google" });
	check(b, "both",
	    "out 7310402 dns.google:443: dns-over-https is denied\n");
	bench_free(b);
}

static void
without_a_name_the_dns_memory_says_it(void **state)
{
	struct bench *b = bench_new(OUT);

	(void)state;
	look_up(b, "cdn.npmjs.org", "10.20.0.53", "203.0.113.80");
	look_up(b, "www.example.org", "10.20.0.53", "203.0.113.81");
	check(b, "a resolver of ours", "");
	observe(b, (struct flow){ .kind = OBS_FLOW_APP, .app = APP_UNKNOWN });
	check(b, "an allowed name's address", "");
	observe(b, (struct flow){ .kind = OBS_FLOW_APP,
		       .app = APP_UNKNOWN,
		       .to = "203.0.113.81" });
	check(b, "another name's address",
	    "out 7310401 example.org:443: " NOT_ALLOWED "\n");
	bench_free(b);
}

static void
a_resolver_outside_is_a_destination(void **state)
{
	struct bench *b = bench_new(OUT);

	(void)state;
	look_up(b, "npmjs.org", "203.0.113.53", NULL);
	check(b, "a resolver outside",
	    "out 7310401 203.0.113.53:53: " NOT_ALLOWED "\n");
	look_up(b, "npmjs.org", "198.51.100.53", NULL);
	check(b, "an allowed one", "");
	bench_free(b);
}

static void
one_domain_is_one_hit(void **state)
{
	struct bench *b = bench_new(OUT);

	(void)state;
	observe(b,
	    (struct flow){ .kind = OBS_TLS_HELLO, .name = "a.example.org" });
	observe(b, (struct flow){ .kind = OBS_TLS_HELLO,
		       .to = "203.0.113.99",
		       .name = "b.example.org" });
	check(b, "two hosts of it",
	    "out 7310401 example.org:443: " NOT_ALLOWED "\n");
	observe(b, (struct flow){ .kind = OBS_TLS_HELLO,
		       .port = 8443,
		       .name = "a.example.org" });
	check(b, "another port",
	    "out 7310401 example.org:8443: " NOT_ALLOWED "\n");
	observe(b, (struct flow){ .kind = OBS_TLS_HELLO,
		       .from = "10.20.0.12",
		       .name = "a.example.org" });
	check(b, "another source",
	    "out 7310401 example.org:443: " NOT_ALLOWED "\n");
	bench_free(b);
}

static void
who_only_observes_counts_and_notes_the_flow(void **state)
{
	struct bench *b = bench_new("policies:\n"
				    "  - name: watch\n"
				    "    segments: [office]\n"
				    "    mode: observe\n");
	struct detector_counts counts;
	uint64_t flow;

	(void)state;
	observe(b, (struct flow){ .kind = OBS_TLS_HELLO,
		       .from = "10.30.0.5",
		       .name = "www.example.org" });
	flow = b->flow_id;
	check(b, "no hit", "");
	detector_get_counts(b->detector, &counts);
	assert_int_equal(counts.policies.judged, 1);
	assert_int_equal(counts.policies.observed, 1);
	assert_int_equal(counts.policies.findings, 0);
	assert_string_equal(detector_policy_of(b->detector, flow),
	    "watch: " NOT_ALLOWED);
	assert_null(detector_policy_of(b->detector, flow + 1));
	bench_free(b);
}

static void
each_policy_judges_for_itself(void **state)
{
	struct bench *b = bench_new("policies:\n"
				    "  - {name: all, roles: ['']}\n"
				    "  - {name: offices, segments: [office]}\n"
				    "  - {name: rest, segments: [internal]}\n");

	(void)state;
	observe(b, (struct flow){ .kind = OBS_TLS_HELLO,
		       .from = "10.30.0.5",
		       .name = "www.example.org" });
	check(b, "office",
	    "all 7310401 example.org:443: " NOT_ALLOWED "\n"
	    "offices 7310401 example.org:443: " NOT_ALLOWED "\n");
	observe(b, (struct flow){ .kind = OBS_TLS_HELLO,
		       .from = "10.99.0.5",
		       .name = "www.example.org" });
	check(b, "in no segment",
	    "all 7310401 example.org:443: " NOT_ALLOWED "\n"
	    "rest 7310401 example.org:443: " NOT_ALLOWED "\n");
	bench_free(b);
}

static void
a_list_that_is_not_there_is_an_error(void **state)
{
	static const char text[] = "policies:\n"
				   "  - {name: out, allow: {lists: [nmp]}}\n";
	struct policy_set *set = NULL;
	struct config config;
	char error[512] = "";

	(void)state;
	assert_int_equal(config_init(&config), 0);
	assert_int_equal(config_load_text(&config, "t.yaml",
			     (const uint8_t *)text, strlen(text), NULL, report,
			     NULL),
	    0);
	assert_int_equal(policy_set_load(&config, NULL, NULL, &set, error,
			     sizeof error),
	    -1);
	assert_non_null(strstr(error, "nmp"));
	config_fini(&config);
}

/* ---- learning ---- */

static size_t
read_list(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(out, 1, size - 1, file);
	fclose(file);
	out[len] = '\0';
	return len;
}

static void
what_left_becomes_a_list_that_loads(void **state)
{
	struct bench *b = bench_new("");
	struct destinations *list = destinations_new();
	char path[] = "/tmp/test_policy.XXXXXX", text[8192], error[256];
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	close(file);
	observe(b,
	    (struct flow){ .kind = OBS_TLS_HELLO, .name = "www.example.org" });
	observe(b, (struct flow){ .kind = OBS_HTTP_REQUEST,
		       .from = "10.20.0.12",
		       .port = 80,
		       .method = "GET",
		       .name = "example.org" });
	observe(b, (struct flow){ .kind = OBS_FLOW_APP,
		       .app = APP_UNKNOWN,
		       .ip_proto = 17,
		       .to = "203.0.113.7",
		       .port = 123 });
	observe(b,
	    (struct flow){ .kind = OBS_TLS_HELLO, .name = "x.sfrclak.com" });
	observe(b,
	    (struct flow){ .kind = OBS_TLS_HELLO, .name = "dns.google" });
	observe(b, (struct flow){ .kind = OBS_TLS_HELLO,
		       .name = "evil\nline.example" });
	assert_int_equal(learn_write(b->learn, path, error, sizeof error), 0);
	read_list(path, text, sizeof text);
	assert_non_null(strstr(text, "\n# segment build, role build-server\n"));
	assert_non_null(
	    strstr(text, "# 80/tcp 443/tcp; 2 sources, 2 times, first "
			 "2026-03-31T00:00:00Z, last 2026-03-31T00:00:00Z\n"));
	assert_non_null(strstr(text, "\n# sfrclak.com "));
	assert_non_null(strstr(text, "WARNING: an indicator"));
	assert_non_null(strstr(text, "\n# dns.google "));
	assert_non_null(strstr(text, "as no names: 1\n"));
	assert_int_equal(destinations_load(list, path, 0, report, NULL, error,
			     sizeof error),
	    0);
	assert_int_equal(destinations_count(list), 2);
	assert_true(destinations_have(list, "example.org", 11, NULL, 443));
	assert_false(destinations_have(list, "sfrclak.com", 11, NULL, 443));
	unlink(path);
	destinations_free(list);
	bench_free(b);
}

static void
a_list_that_cannot_be_written_is_an_error(void **state)
{
	struct bench *b = bench_new("");
	char error[256] = "";

	(void)state;
	assert_int_equal(learn_write(b->learn, "/nowhere/list.txt", error,
			     sizeof error),
	    -1);
	assert_non_null(strstr(error, "/nowhere/list.txt"));
	bench_free(b);
}

/* ---- words ---- */

static void
ranges_of_ports_are_read(void **state)
{
	static const struct {
		const char *text;
		bool good;
		struct port_range range;
	} cases[] = {
		{ "443", true, { 443, 443, 0 } },
		{ "123/udp", true, { 123, 123, 17 } },
		{ "8000-8010/tcp", true, { 8000, 8010, 6 } },
		{ "1-65535", true, { 1, 65535, 0 } },
		{ "0", false, { 0, 0, 0 } },
		{ "65536", false, { 0, 0, 0 } },
		{ "10-9", false, { 0, 0, 0 } },
		{ "-9", false, { 0, 0, 0 } },
		{ "9-", false, { 0, 0, 0 } },
		{ "80/sctp", false, { 0, 0, 0 } },
		{ "", false, { 0, 0, 0 } },
		{ "http", false, { 0, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct port_range range;
		bool good = port_range_read(cases[i].text, &range);

		if (good != cases[i].good ||
		    (good && (range.first != cases[i].range.first ||
				 range.last != cases[i].range.last ||
				 range.ip_proto != cases[i].range.ip_proto)))
			fail_msg("'%s'", cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_allowed_is_a_hit),
		cmocka_unit_test(denied_wins_over_allowed),
		cmocka_unit_test(without_a_name_the_dns_memory_says_it),
		cmocka_unit_test(a_resolver_outside_is_a_destination),
		cmocka_unit_test(one_domain_is_one_hit),
		cmocka_unit_test(who_only_observes_counts_and_notes_the_flow),
		cmocka_unit_test(each_policy_judges_for_itself),
		cmocka_unit_test(a_list_that_is_not_there_is_an_error),
		cmocka_unit_test(what_left_becomes_a_list_that_loads),
		cmocka_unit_test(a_list_that_cannot_be_written_is_an_error),
		cmocka_unit_test(ranges_of_ports_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
