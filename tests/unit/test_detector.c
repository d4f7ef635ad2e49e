#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "iocs/ioc_builder.h"
#include "sensor/detector.h"
#include "sensor/observation_builder.h"

#define SECOND UINT64_C(1000000)
#define NOW    (UINT64_C(1774915263) * SECOND)
#define GRACE  (3600 * SECOND)

enum { A = 1, NS = 2, CNAME = 5, AAAA = 28, DNAME = 39, HTTPS = 65 };

/* ---- indicators ---- */

static const uint8_t bad4[4] = { 142, 11, 206, 73 };
static const uint8_t ported4[4] = { 203, 0, 113, 9 };
static const uint8_t bad6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 0x66 };
static const uint8_t plain4[4] = { 198, 51, 100, 7 };

#define JA3  "e7d705a3286e19ea42f587b344ee6865"
#define JA3S "6734f37431670b3ab4292b8f60f29984"
#define JA4  "t13d1516h2_8daaf6152771_e5627efa2ab1"

static const struct indicator listed[] = {
	{ .type = INDICATOR_DOMAIN, .value = "sfrclak.com" },
	{ .type = INDICATOR_HOST, .value = "c2.hosting.example" },
	{ .type = INDICATOR_ADDRESS,
	    .value = "142.11.206.73",
	    .prefix_bits = 128 },
	{ .type = INDICATOR_ADDRESS,
	    .value = "203.0.113.9",
	    .port = 8000,
	    .prefix_bits = 128 },
	{ .type = INDICATOR_ADDRESS,
	    .value = "2001:db8::66",
	    .prefix_bits = 128 },
	{ .type = INDICATOR_URL, .value = "https://paste.example/raw/abc" },
	{ .type = INDICATOR_URL,
	    .value = "http://paste.example:8080/other",
	    .port = 8080 },
	{ .type = INDICATOR_PATH, .value = "/6202033" },
	{ .type = INDICATOR_PATH, .value = "/raw/abc" },
	{ .type = INDICATOR_USER_AGENT,
	    .value = "mozilla/4.0 (compatible; msie 8.0)" },
	{ .type = INDICATOR_HTTP_BODY, .value = "packages.npm.org/product" },
	{ .type = INDICATOR_PACKAGE, .value = "pkg:npm/axios@1.14.1" },
	{ .type = INDICATOR_JA3, .value = JA3 },
	{ .type = INDICATOR_JA3S, .value = JA3S },
	{ .type = INDICATOR_JA4, .value = JA4 },
	{ .type = INDICATOR_COUNTRY, .value = "KP" },
	{ .type = INDICATOR_DOMAIN,
	    .value = "over.example",
	    .valid_until_us = NOW },
};

static struct indicator
complete(struct indicator indicator, const struct feed *feed)
{
	indicator.value_len = (uint16_t)strlen(indicator.value);
	indicator.confidence = 90;
	indicator.feed = feed;
	if (strcmp(indicator.value, "142.11.206.73") == 0)
		indicator.addr = addr_v4(bad4);
	else if (strcmp(indicator.value, "203.0.113.9") == 0)
		indicator.addr = addr_v4(ported4);
	else if (indicator.type == INDICATOR_ADDRESS)
		indicator.addr = addr_v6(bad6);
	return indicator;
}

static struct ioc_set *
set_of(const struct indicator *list, size_t count)
{
	struct ioc_builder *builder = ioc_builder_new();
	const struct feed *feed;
	struct ioc_set *set;

	assert_non_null(builder);
	feed = ioc_builder_feed(builder, &(struct feed){ .source = "a feed" });
	for (size_t i = 0; i < count; i++) {
		struct indicator indicator = complete(list[i], feed);

		assert_int_equal(ioc_builder_add(builder, &indicator),
		    IOC_ADDED);
	}
	set = ioc_builder_compile(builder);
	assert_non_null(set);
	ioc_builder_free(builder);
	return set;
}

/* ---- hits ---- */

struct bench {
	struct ioc_set *set;
	struct detector *detector;
	struct observation_builder builder;
	char hits[4096]; /* "where value matched\n" of each */
	char ids[4096], learnt[256];
	uint64_t learnt_us;
	enum direction source;
	uint64_t now_us, flow_first_us;
};

static void
append(char *to, size_t size, const char *text, size_t len)
{
	size_t at = strlen(to);

	assert_true(at + len < size);
	memcpy(to + at, text, len);
	to[at + len] = '\0';
}

static void
note(void *arg, const struct hit *hit)
{
	struct bench *b = arg;
	const char *where = hit_where_name(hit->where);

	append(b->hits, sizeof b->hits, where, strlen(where));
	append(b->hits, sizeof b->hits, " ", 1);
	append(b->hits, sizeof b->hits, hit->indicator->value,
	    hit->indicator->value_len);
	append(b->hits, sizeof b->hits, " ", 1);
	append(b->hits, sizeof b->hits, hit->matched, hit->matched_len);
	append(b->hits, sizeof b->hits, "\n", 1);
	append(b->ids, sizeof b->ids, hit->id, strlen(hit->id));
	b->learnt[0] = '\0';
	if (hit->learnt_name != NULL)
		append(b->learnt, sizeof b->learnt, hit->learnt_name,
		    strlen(hit->learnt_name));
	b->learnt_us = hit->learnt_us;
	b->source = hit->source;
}

static struct bench *
bench_new(void)
{
	struct bench *b = calloc(1, sizeof *b);
	struct detector_options options = { .dns_grace_us = GRACE,
		.dns_memory_max = 1024,
		.facts = { 1000, 1 << 20, 3600 * SECOND, note, b } };

	assert_non_null(b);
	b->set = set_of(listed, sizeof listed / sizeof listed[0]);
	b->detector = detector_new(&options, b->set);
	assert_non_null(b->detector);
	assert_int_equal(observation_builder_init(&b->builder), 0);
	b->now_us = b->flow_first_us = NOW;
	return b;
}

static void
bench_free(struct bench *b)
{
	detector_free(b->detector);
	ioc_set_free(b->set);
	observation_builder_fini(&b->builder);
	free(b);
}

static int
setup(void **state)
{
	*state = bench_new();
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static void
assert_hits(struct bench *b, const char *expected)
{
	assert_string_equal(b->hits, expected);
	b->hits[0] = '\0';
}

/* ---- observations ---- */

static struct obs_text
text(struct bench *b, const char *s)
{
	return observation_add(&b->builder, cur_of(s, strlen(s)));
}

/* A flow of the client with this last octet to a server. */
static struct observation *
observe(struct bench *b, enum obs_kind kind, uint8_t client,
    const uint8_t server[4], uint16_t port)
{
	struct observation *o = observation_begin(&b->builder, kind);
	uint8_t client4[4] = { 192, 0, 2, client };

	o->addr[DIR_OUT] = addr_v4(client4);
	o->addr[DIR_IN] = addr_v4(server);
	o->port[DIR_OUT] = 50000;
	o->port[DIR_IN] = port;
	o->time_us = b->now_us;
	o->flow_first_us = b->flow_first_us;
	o->flow_id = 1;
	return o;
}

static void
tell(struct bench *b)
{
	struct observation *o = observation_finish(&b->builder);
	struct observation *copy = malloc(o->size); /* exact, and not ours */

	assert_non_null(copy);
	memcpy(copy, o, o->size);
	detector_observe(b->detector, copy);
	free(copy);
}

static void
flow(struct bench *b, enum obs_kind kind, uint8_t client,
    const uint8_t server[4], enum app_proto app)
{
	observe(b, kind, client, server, 443)->app = (uint8_t)app;
	tell(b);
}

/* Its hello or request was told before. */
static void
named_flow_ends(struct bench *b, uint8_t client, const uint8_t server[4],
    enum app_proto app)
{
	struct observation *o = observe(b, OBS_FLOW_END, client, server, 443);

	o->app = (uint8_t)app;
	o->flow.named = true;
	tell(b);
}

static struct observation *
begin_dns(struct bench *b, uint8_t client, const char *name, bool response)
{
	static const uint8_t resolver[4] = { 192, 0, 2, 53 };
	struct observation *o = observe(b, OBS_DNS, client, resolver, 53);
	struct obs_question *q;
	uint32_t one = 1;

	o->app = APP_DNS;
	o->dns.response = response;
	q = observation_add_array(&b->builder, sizeof *q, &one,
	    &o->dns.questions);
	q->name = text(b, name);
	q->type = A;
	q->qclass = 1;
	return o;
}

static void
query(struct bench *b, uint8_t client, const char *name)
{
	begin_dns(b, client, name, false);
	tell(b);
}

struct record {
	uint16_t type;
	const void *data;
	size_t len;
	uint8_t section;
	uint32_t ttl;
	const void *extra;
	size_t extra_len;
};

static void
answer(struct bench *b, uint8_t client, const char *name,
    const struct record *records, uint32_t count)
{
	struct observation *o = begin_dns(b, client, name, true);
	struct obs_record *r = observation_add_array(&b->builder, sizeof *r,
	    &count, &o->dns.records);

	for (uint32_t i = 0; i < count; i++) {
		r[i].name = text(b, name);
		r[i].type = records[i].type;
		r[i].rclass = 1;
		r[i].ttl = records[i].ttl;
		r[i].section = records[i].section;
		r[i].data = observation_add(&b->builder,
		    cur_of(records[i].data, records[i].len));
		r[i].extra = observation_add(&b->builder,
		    cur_of(records[i].extra, records[i].extra_len));
	}
	tell(b);
}

/* The client asked for `name` and got this address, for `ttl` seconds. */
static void
answer_a(struct bench *b, uint8_t client, const char *name,
    const uint8_t addr[4], uint32_t ttl)
{
	struct record record = { A, addr, 4, DNS_ANSWER, ttl, NULL, 0 };

	answer(b, client, name, &record, 1);
}

static void
hello(struct bench *b, uint8_t client, const uint8_t server[4],
    const char *name)
{
	struct observation *o = observe(b, OBS_TLS_HELLO, client, server, 443);

	o->app = APP_TLS;
	o->tls.has_client = true;
	o->tls.server_name = text(b, name);
	tell(b);
}

/* A hello or handshake with these, "" for none. */
static void
fingerprints(struct bench *b, enum obs_kind kind, const char *ja3,
    const char *ja4, const char *ja3s)
{
	struct observation *o = observe(b, kind, 1, plain4, 443);

	o->app = kind == OBS_QUIC ? APP_QUIC : APP_TLS;
	o->tls.ja3 = text(b, ja3);
	o->tls.ja4 = text(b, ja4);
	o->tls.ja3s = text(b, ja3s);
	tell(b);
}

struct request {
	const char *method, *host, *path, *user_agent, *body, *package;
	uint16_t port;
	bool proxied;
};

static void
request(struct bench *b, struct request r)
{
	struct observation *o = observe(b, OBS_HTTP_REQUEST, 1, plain4, 8000);

	o->app = APP_HTTP;
	o->http.has_request = true;
	o->http.method = text(b, r.method != NULL ? r.method : "GET");
	if (r.host != NULL)
		o->http.host = text(b, r.host);
	if (r.path != NULL)
		o->http.path = text(b, r.path);
	if (r.user_agent != NULL)
		o->http.user_agent = text(b, r.user_agent);
	if (r.body != NULL)
		o->http.body = text(b, r.body);
	if (r.package != NULL)
		o->http.package = text(b, r.package);
	o->http.port = r.port;
	o->http.tunnelled = r.proxied;
	tell(b);
}

static void
proxy(struct bench *b, const char *host, uint16_t port)
{
	struct observation *o = observe(b, OBS_PROXY, 1, plain4, 1080);

	o->app = APP_SOCKS;
	o->proxy.version = 5;
	o->proxy.command = 1;
	o->proxy.host = text(b, host);
	o->proxy.port = port;
	tell(b);
}

/* ---- packages and SOCKS ---- */

static void
a_listed_package_is_a_hit_and_its_neighbours_are_none(void **state)
{
	struct bench *b = *state;
	struct request r = { .host = "mirror.example",
		.path = "/axios/-/axios-1.14.1.tgz",
		.package = "pkg:npm/axios@1.14.1" };

	request(b, r);
	assert_hits(b,
	    "http.package pkg:npm/axios@1.14.1 pkg:npm/axios@1.14.1\n");
	r.package = "pkg:npm/axios@1.14.0";
	request(b, r);
	r.package = "pkg:npm/axios-x@1.14.1";
	request(b, r);
	r.package = NULL;
	request(b, r);
	assert_hits(b, "");
}

static void
what_a_socks_proxy_is_asked_for_is_judged(void **state)
{
	struct bench *b = *state;

	proxy(b, "sfrclak.com", 443);
	assert_hits(b, "socks.host sfrclak.com sfrclak.com\n");
	proxy(b, "142.11.206.73", 80);
	assert_hits(b, "socks.host 142.11.206.73 142.11.206.73\n");
	proxy(b, "203.0.113.9", 8000);
	assert_hits(b, "socks.host 203.0.113.9 203.0.113.9\n");
	proxy(b, "2001:db8::66", 443);
	assert_hits(b, "socks.host 2001:db8::66 2001:db8::66\n");
	proxy(b, "203.0.113.9", 8001); /* listed with the other port */
	proxy(b, "notsfrclak.com", 443);
	proxy(b, "192.0.2.200", 443);
	assert_hits(b, "");
}

/* ---- DNS ---- */

static void
a_query_for_a_listed_name_is_a_hit(void **state)
{
	struct bench *b = *state;

	query(b, 1, "sfrclak.com");
	assert_hits(b, "dns.query sfrclak.com sfrclak.com\n");
	assert_int_equal(b->source, DIR_OUT);
	query(b, 2, "WWW.SFRclak.com");
	assert_hits(b, "dns.query sfrclak.com WWW.SFRclak.com\n");
	query(b, 1, "c2.hosting.example");
	assert_hits(b, "dns.query c2.hosting.example c2.hosting.example\n");
}

static void
names_that_only_look_alike_are_silent(void **state)
{
	struct bench *b = *state;

	query(b, 1, "notsfrclak.com");
	query(b, 1, "sfrclak.com.example");
	query(b, 1, "com");
	query(b, 1, "");
	query(b, 1, "x.c2.hosting.example"); /* that host only */
	query(b, 1, "hosting.example");
	query(b, 1, "over.example"); /* no longer in force */
	assert_hits(b, "");
}

static void
a_response_does_not_repeat_its_query(void **state)
{
	struct bench *b = *state;
	struct detector_counts counts;

	query(b, 1, "sfrclak.com");
	answer(b, 1, "sfrclak.com", NULL, 0);
	assert_hits(b, "dns.query sfrclak.com sfrclak.com\n");
	detector_finish(b->detector);
	assert_hits(b, "");
	detector_get_counts(b->detector, &counts);
	assert_int_equal(counts.facts.hits, 1);
	assert_int_equal(counts.facts.repeats, 0);
}

static void
a_response_without_its_query_is_a_hit(void **state)
{
	struct bench *b = *state;

	answer(b, 1, "sfrclak.com", NULL, 0);
	assert_hits(b, "dns.query sfrclak.com sfrclak.com\n");
}

static void
an_alias_to_a_listed_name_is_a_hit(void **state)
{
	struct bench *b = *state;
	const struct record records[] = {
		{ CNAME, "x.sfrclak.com", 13, DNS_ANSWER, 60, NULL, 0 },
		{ A, plain4, 4, DNS_ANSWER, 60, NULL, 0 },
	};

	answer(b, 1, "harmless.example", records, 2);
	assert_hits(b, "dns.answer sfrclak.com x.sfrclak.com\n");
	/* And it is the alias that the address is remembered for. */
	flow(b, OBS_FLOW_APP, 1, plain4, APP_UNKNOWN);
	assert_hits(b, "flow.dns_memory sfrclak.com x.sfrclak.com\n");
	assert_string_equal(b->learnt, "x.sfrclak.com");
}

/* RFC 6672: a whole subtree is an alias. */
static void
an_alias_of_a_subtree_to_a_listed_name_is_a_hit(void **state)
{
	struct bench *b = *state;
	const struct record records[] = {
		{ DNAME, "sfrclak.com", 11, DNS_ANSWER, 60, NULL, 0 },
		{ A, plain4, 4, DNS_ANSWER, 60, NULL, 0 },
		{ NS, "sfrclak.com", 11, DNS_ANSWER, 60, NULL, 0 },
	};

	answer(b, 1, "a.harmless.example", records, 3);
	assert_hits(b, "dns.answer sfrclak.com sfrclak.com\n");
	flow(b, OBS_FLOW_APP, 1, plain4, APP_UNKNOWN);
	assert_hits(b, "flow.dns_memory sfrclak.com sfrclak.com\n");
}

static void
a_listed_address_in_an_answer_is_a_hit(void **state)
{
	struct bench *b = *state;
	uint8_t hints[32] = { 0 };
	struct addr first = addr_v4(plain4), second = addr_v4(bad4);
	const struct record aaaa = { AAAA, bad6, 16, DNS_ANSWER, 60, NULL, 0 };
	const struct record https = { HTTPS, NULL, 0, DNS_ANSWER, 60, hints,
		sizeof hints };

	answer_a(b, 1, "fast-flux.example", bad4, 60);
	assert_hits(b, "dns.answer 142.11.206.73 142.11.206.73\n");
	answer(b, 2, "fast-flux.example", &aaaa, 1);
	assert_hits(b, "dns.answer 2001:db8::66 2001:db8::66\n");
	memcpy(hints, &first, 16);
	memcpy(hints + 16, &second, 16);
	answer(b, 3, "fast-flux.example", &https, 1);
	assert_hits(b, "dns.answer 142.11.206.73 142.11.206.73\n");
}

static void
only_the_answer_section_answers(void **state)
{
	struct bench *b = *state;
	const struct record records[] = {
		{ A, bad4, 4, DNS_ADDITIONAL, 60, NULL, 0 },
		{ A, bad4, 4, DNS_AUTHORITY, 60, NULL, 0 },
		{ NS, "sfrclak.com", 11, DNS_AUTHORITY, 60, NULL, 0 },
	};

	answer(b, 1, "harmless.example", records, 3);
	assert_hits(b, "");
}

static void
records_with_data_of_a_wrong_length_are_passed_over(void **state)
{
	struct bench *b = *state;
	const struct record records[] = {
		{ A, bad4, 3, DNS_ANSWER, 60, NULL, 0 },
		{ AAAA, bad6, 4, DNS_ANSWER, 60, NULL, 0 },
		{ HTTPS, NULL, 0, DNS_ANSWER, 60, bad6, 15 },
		{ A, NULL, 0, DNS_ANSWER, 60, NULL, 0 },
		{ CNAME, NULL, 0, DNS_ANSWER, 60, NULL, 0 },
	};

	answer(b, 1, "harmless.example", records, 5);
	assert_hits(b, "");
}

/* ---- flows ---- */

static void
contact_with_a_listed_address_is_a_hit_before_any_answer(void **state)
{
	struct bench *b = *state;

	observe(b, OBS_FLOW_START, 1, bad4, 8000);
	tell(b);
	assert_hits(b, "flow.dest 142.11.206.73 142.11.206.73\n");
	assert_int_equal(b->source, DIR_OUT);
	observe(b, OBS_FLOW_START, 1, plain4, 8000);
	tell(b);
	assert_hits(b, "");
}

static void
an_indicator_with_a_port_is_about_that_port(void **state)
{
	struct bench *b = *state;

	observe(b, OBS_FLOW_START, 1, ported4, 443);
	tell(b);
	assert_hits(b, "");
	observe(b, OBS_FLOW_START, 1, ported4, 8000);
	tell(b);
	/* How its value is written is the loader's. */
	assert_hits(b, "flow.dest 203.0.113.9 203.0.113.9\n");
}

static void
contact_from_a_listed_address_is_a_hit(void **state)
{
	struct bench *b = *state;
	struct observation *o = observe(b, OBS_FLOW_START, 1, plain4, 22);

	o->addr[DIR_OUT] = addr_v4(bad4);
	tell(b);
	assert_hits(b, "flow.src 142.11.206.73 142.11.206.73\n");
}

/* ---- HTTP and TLS ---- */

static void
a_listed_server_name_is_a_hit(void **state)
{
	struct bench *b = *state;

	hello(b, 1, plain4, "api.sfrclak.com");
	assert_hits(b, "tls.sni sfrclak.com api.sfrclak.com\n");
	hello(b, 1, plain4, "harmless.example");
	hello(b, 1, plain4, "");
	assert_hits(b, "");
}

static void
a_listed_host_is_a_hit(void **state)
{
	struct bench *b = *state;

	request(b, (struct request){ .host = "sfrclak.com", .path = "/" });
	assert_hits(b, "http.host sfrclak.com sfrclak.com\n");
	request(b, (struct request){ .method = "OPTIONS",
		       .host = "www.sfrclak.com",
		       .path = "/" });
	detector_finish(b->detector);
	assert_hits(b, "http.host sfrclak.com sfrclak.com\n");
	request(b, (struct request){ .path = "/" });
	request(b, (struct request){ .host = "harmless.example", .path = "/" });
	assert_hits(b, "");
}

static void
a_listed_url_says_more_than_its_path(void **state)
{
	struct bench *b = *state;

	request(b, (struct request){ .host = "paste.example",
		       .path = "/raw/abc?x=1" });
	assert_hits(b, "http.url https://paste.example/raw/abc /raw/abc?x=1\n");
	request(b, (struct request){ .host = "elsewhere.example",
		       .path = "/raw/abc?x=1" });
	assert_hits(b, "http.path /raw/abc /raw/abc?x=1\n");
	request(b,
	    (struct request){ .host = "sfrclak.com", .path = "/6202033" });
	assert_hits(b, "http.host sfrclak.com sfrclak.com\n"
		       "http.path /6202033 /6202033\n");
}

static void
the_port_of_a_url_is_the_one_that_was_asked_for(void **state)
{
	struct bench *b = *state;
	struct request r = { .host = "paste.example", .path = "/other" };

	/* The flow's port is 8000. */
	request(b, r);
	assert_hits(b, "");
	r.port = 8080;
	request(b, r);
	assert_hits(b, "http.url http://paste.example:8080/other /other\n");
	/* A proxy's port is not the URL's: that is 80 where not said. */
	r.port = 0;
	r.proxied = true;
	request(b, r);
	assert_hits(b, "");
}

static void
a_listed_user_agent_counts_with_its_case(void **state)
{
	struct bench *b = *state;
	struct request r = { .host = "harmless.example",
		.path = "/",
		.user_agent = "mozilla/4.0 (compatible; msie 8.0)" };

	request(b, r);
	assert_hits(b, "http.user_agent mozilla/4.0 (compatible; msie 8.0) "
		       "mozilla/4.0 (compatible; msie 8.0)\n");
	r.user_agent = "Mozilla/4.0 (compatible; MSIE 8.0)";
	request(b, r);
	r.user_agent = "mozilla/4.0 (compatible; msie 8.0) ";
	request(b, r);
	r.user_agent = "mozilla/4.0";
	request(b, r);
	assert_hits(b, "");
}

static void
a_body_that_begins_as_listed_is_a_hit(void **state)
{
	struct bench *b = *state;
	struct request r = { .method = "POST",
		.host = "harmless.example",
		.path = "/",
		.body = "packages.npm.org/product1\n{}" };

	request(b, r);
	assert_hits(b, "http.request_body packages.npm.org/product "
		       "packages.npm.org/product\n");
	r.body = "packages.npm.org/produc";
	request(b, r);
	r.body = "x=packages.npm.org/product";
	request(b, r);
	assert_hits(b, "");
}

static void
a_proxy_asked_for_a_listed_host_is_a_hit(void **state)
{
	struct bench *b = *state;

	request(b, (struct request){ .method = "CONNECT",
		       .host = "sfrclak.com",
		       .port = 8000 });
	assert_hits(b, "http.connect sfrclak.com sfrclak.com\n");
}

/* By its address: the flow itself only shows the proxy's. */
static void
a_proxy_asked_for_a_listed_address_is_a_hit(void **state)
{
	struct bench *b = *state;
	struct request r = { .method = "CONNECT",
		.host = "142.11.206.73",
		.port = 8000 };

	request(b, r);
	assert_hits(b, "http.connect 142.11.206.73 142.11.206.73\n");
	r.host = "2001:DB8:0::66";
	request(b, r);
	assert_hits(b, "http.connect 2001:db8::66 2001:DB8:0::66\n");
	r.host = "203.0.113.9"; /* listed with port 8000 */
	request(b, r);
	assert_hits(b, "http.connect 203.0.113.9 203.0.113.9\n");
	r = (struct request){ .host = "203.0.113.9",
		.path = "/",
		.proxied = true };
	request(b, r);
	assert_hits(b, "");
	r.host = "142.11.206.73";
	request(b, r);
	assert_hits(b, "http.host 142.11.206.73 142.11.206.73\n");
	r.host = "142.11.206.730";
	request(b, r);
	/* As long as the longest address as text, and one octet more. */
	r.host = "0000:0000:0000:0000:0000:ffff:142.011.206.073";
	request(b, r);
	r.host = "00000:0000:0000:0000:0000:ffff:142.011.206.073";
	request(b, r);
	assert_hits(b, "");
}

static void
the_flows_own_address_as_a_host_is_no_other_fact(void **state)
{
	struct bench *b = *state;
	struct observation *o = observe(b, OBS_HTTP_REQUEST, 1, bad4, 8000);

	o->http.host = text(b, "142.11.206.73");
	o->http.path = text(b, "/");
	tell(b);
	assert_hits(b, "");
}

static void
the_whole_exchange_adds_nothing_to_its_request(void **state)
{
	struct bench *b = *state;
	struct observation *o = observe(b, OBS_HTTP, 1, plain4, 80);

	o->http.host = text(b, "sfrclak.com");
	tell(b);
	o = observe(b, OBS_TLS, 1, plain4, 443);
	o->tls.server_name = text(b, "sfrclak.com");
	tell(b);
	assert_hits(b, "");
}

/* ---- what an address was asked for ---- */

static void
a_flow_without_a_name_was_looking_for_the_name_of_its_address(void **state)
{
	struct bench *b = *state;

	answer_a(b, 1, "sfrclak.com", plain4, 60);
	assert_hits(b, "dns.query sfrclak.com sfrclak.com\n");
	b->now_us += SECOND;
	b->flow_first_us = b->now_us;
	flow(b, OBS_FLOW_START, 1, plain4, APP_NONE);
	assert_hits(b, "");
	flow(b, OBS_FLOW_APP, 1, plain4, APP_UNKNOWN);
	assert_hits(b, "flow.dns_memory sfrclak.com sfrclak.com\n");
	assert_string_equal(b->learnt, "sfrclak.com");
	assert_int_equal(b->learnt_us, NOW);
	/* The end says nothing new. */
	flow(b, OBS_FLOW_END, 1, plain4, APP_UNKNOWN);
	detector_finish(b->detector);
	assert_hits(b, "");
}

static void
a_syn_without_an_answer_counts_when_the_flow_ends(void **state)
{
	struct bench *b = *state;

	answer_a(b, 1, "sfrclak.com", plain4, 60);
	b->hits[0] = '\0';
	flow(b, OBS_FLOW_END, 1, plain4, APP_NONE);
	assert_hits(b, "flow.dns_memory sfrclak.com sfrclak.com\n");
}

static void
a_name_on_the_wire_that_is_listed_says_enough(void **state)
{
	struct bench *b = *state;

	answer_a(b, 1, "sfrclak.com", plain4, 60);
	b->hits[0] = '\0';
	hello(b, 1, plain4, "sfrclak.com");
	assert_hits(b, "tls.sni sfrclak.com sfrclak.com\n");
	flow(b, OBS_FLOW_APP, 1, plain4, APP_TLS);
	named_flow_ends(b, 1, plain4, APP_TLS);
	request(b, (struct request){ .host = "sfrclak.com", .path = "/" });
	assert_hits(b, "http.host sfrclak.com sfrclak.com\n");
}

static void
a_tls_flow_whose_hello_was_lost_is_judged_at_its_end(void **state)
{
	struct bench *b = *state;

	answer_a(b, 1, "sfrclak.com", plain4, 60);
	b->hits[0] = '\0';
	flow(b, OBS_FLOW_APP, 1, plain4, APP_TLS);
	assert_hits(b, "");
	flow(b, OBS_FLOW_END, 1, plain4, APP_TLS);
	assert_hits(b, "flow.dns_memory sfrclak.com sfrclak.com\n");
}

/* Fronting, or an address in the Host field. */
static void
a_name_on_the_wire_that_is_not_listed_does_not_hide_the_other(void **state)
{
	struct bench *b = *state;

	answer_a(b, 1, "sfrclak.com", plain4, 60);
	b->hits[0] = '\0';
	hello(b, 1, plain4, "harmless.example");
	assert_hits(b, "flow.dns_memory sfrclak.com sfrclak.com\n");
	/* That fact is known now. */
	request(b, (struct request){ .host = "198.51.100.7", .path = "/" });
	assert_hits(b, "");
	detector_finish(b->detector);
	assert_hits(b, "flow.dns_memory sfrclak.com sfrclak.com\n");
}

static void
another_client_did_not_look_for_it(void **state)
{
	struct bench *b = *state;

	answer_a(b, 1, "sfrclak.com", plain4, 60);
	b->hits[0] = '\0';
	flow(b, OBS_FLOW_APP, 2, plain4, APP_UNKNOWN);
	flow(b, OBS_FLOW_END, 2, plain4, APP_NONE);
	hello(b, 2, plain4, "");
	assert_hits(b, "");
}

static void
a_name_is_remembered_for_its_ttl_and_some_grace(void **state)
{
	struct bench *b = *state;

	answer_a(b, 1, "sfrclak.com", plain4, 60);
	b->hits[0] = '\0';
	b->flow_first_us = b->now_us = NOW + 62 * SECOND + GRACE;
	flow(b, OBS_FLOW_APP, 1, plain4, APP_UNKNOWN);
	assert_hits(b, "");
	b->flow_first_us = NOW + 60 * SECOND + GRACE;
	flow(b, OBS_FLOW_APP, 1, plain4, APP_UNKNOWN);
	assert_hits(b, "flow.dns_memory sfrclak.com sfrclak.com\n");
}

static void
what_counts_is_when_the_flow_began(void **state)
{
	struct bench *b = *state;

	/* It began before anybody asked. */
	b->flow_first_us = NOW - 100 * SECOND;
	answer_a(b, 1, "sfrclak.com", plain4, 60);
	b->hits[0] = '\0';
	b->now_us += SECOND;
	flow(b, OBS_FLOW_END, 1, plain4, APP_NONE);
	assert_hits(b, "");
	/* It began in time and ends long after. */
	b->flow_first_us = NOW + SECOND;
	b->now_us += 5 * GRACE;
	flow(b, OBS_FLOW_END, 1, plain4, APP_NONE);
	assert_hits(b, "flow.dns_memory sfrclak.com sfrclak.com\n");
}

static void
a_name_that_is_not_listed_is_no_hit(void **state)
{
	struct bench *b = *state;

	answer_a(b, 1, "harmless.example", plain4, 60);
	flow(b, OBS_FLOW_APP, 1, plain4, APP_UNKNOWN);
	assert_hits(b, "");
}

static void
a_hint_of_an_https_record_is_remembered_too(void **state)
{
	struct bench *b = *state;
	struct addr hint = addr_v4(plain4);
	const struct record https = { HTTPS, NULL, 0, DNS_ANSWER, 60, &hint,
		sizeof hint };

	answer(b, 1, "sfrclak.com", &https, 1);
	b->hits[0] = '\0';
	flow(b, OBS_FLOW_APP, 1, plain4, APP_UNKNOWN);
	assert_hits(b, "flow.dns_memory sfrclak.com sfrclak.com\n");
}

/* ---- over time ---- */

static void
a_fact_is_one_hit_and_an_update_at_the_end(void **state)
{
	struct bench *b = *state;
	struct detector_counts counts;

	for (int i = 0; i < 50; i++) {
		hello(b, 1, plain4, "sfrclak.com");
		b->now_us += 60 * SECOND;
	}
	assert_hits(b, "tls.sni sfrclak.com sfrclak.com\n");
	detector_finish(b->detector);
	assert_hits(b, "tls.sni sfrclak.com sfrclak.com\n");
	detector_get_counts(b->detector, &counts);
	assert_int_equal(counts.facts.hits, 1);
	assert_int_equal(counts.facts.repeats, 49);
	assert_int_equal(counts.facts.updates, 1);
}

static void
play(struct bench *b)
{
	for (uint8_t client = 1; client < 20; client++) {
		answer_a(b, client, "sfrclak.com", plain4, 60);
		flow(b, OBS_FLOW_END, client, plain4, APP_NONE);
		hello(b, client, plain4, "c2.hosting.example");
	}
	detector_finish(b->detector);
}

static void
the_same_capture_gives_the_same_hits_and_ids(void **state)
{
	struct bench *b = *state, *c = bench_new();

	play(b);
	play(c);
	assert_string_equal(b->hits, c->hits);
	assert_string_equal(b->ids, c->ids);
	assert_int_equal(strlen(b->ids), 19 * 3 * 32);
	bench_free(c);
}

static void
a_new_set_counts_from_the_next_observation_on(void **state)
{
	struct bench *b = *state;
	const struct indicator other = { .type = INDICATOR_DOMAIN,
		.value = "callnrwise.com" };
	struct ioc_set *set = set_of(&other, 1);

	query(b, 1, "sfrclak.com");
	query(b, 1, "callnrwise.com");
	assert_hits(b, "dns.query sfrclak.com sfrclak.com\n");
	detector_use(b->detector, set);
	ioc_set_free(b->set);
	b->set = set;
	query(b, 2, "sfrclak.com");
	query(b, 1, "callnrwise.com");
	assert_hits(b, "dns.query callnrwise.com callnrwise.com\n");
	/* What the old set found is still told. */
	query(b, 1, "callnrwise.com");
	detector_finish(b->detector);
	assert_hits(b, "dns.query callnrwise.com callnrwise.com\n");
}

static void
an_indicator_is_in_force_at_the_captures_time(void **state)
{
	struct bench *b = *state;

	b->now_us = NOW - 1;
	query(b, 1, "over.example");
	assert_hits(b, "dns.query over.example over.example\n");
	b->now_us = NOW;
	query(b, 2, "over.example");
	assert_hits(b, "");
}

static void
fingerprints_are_met_once_for_each_fact(void **state)
{
	struct bench *b = *state;

	fingerprints(b, OBS_TLS_HELLO, JA3, "t13d0", "");
	fingerprints(b, OBS_TLS, JA3, JA4, JA3S); /* the same handshake's end */
	fingerprints(b, OBS_QUIC, JA3S, JA4, "");
	fingerprints(b, OBS_QUIC_HANDSHAKE, "", "", JA3);
	assert_string_equal(b->hits, "tls.ja3 " JA3 " " JA3 "\ntls.ja3s " JA3S
				     " " JA3S "\ntls.ja4 " JA4 " " JA4 "\n");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_listed_package_is_a_hit_and_its_neighbours_are_none),
		T(what_a_socks_proxy_is_asked_for_is_judged),
		T(a_query_for_a_listed_name_is_a_hit),
		T(names_that_only_look_alike_are_silent),
		T(a_response_does_not_repeat_its_query),
		T(a_response_without_its_query_is_a_hit),
		T(an_alias_to_a_listed_name_is_a_hit),
		T(an_alias_of_a_subtree_to_a_listed_name_is_a_hit),
		T(a_listed_address_in_an_answer_is_a_hit),
		T(only_the_answer_section_answers),
		T(records_with_data_of_a_wrong_length_are_passed_over),
		T(contact_with_a_listed_address_is_a_hit_before_any_answer),
		T(an_indicator_with_a_port_is_about_that_port),
		T(contact_from_a_listed_address_is_a_hit),
		T(a_listed_server_name_is_a_hit),
		T(a_listed_host_is_a_hit),
		T(a_listed_url_says_more_than_its_path),
		T(the_port_of_a_url_is_the_one_that_was_asked_for),
		T(a_listed_user_agent_counts_with_its_case),
		T(a_body_that_begins_as_listed_is_a_hit),
		T(a_proxy_asked_for_a_listed_host_is_a_hit),
		T(a_proxy_asked_for_a_listed_address_is_a_hit),
		T(the_flows_own_address_as_a_host_is_no_other_fact),
		T(the_whole_exchange_adds_nothing_to_its_request),
		T(a_flow_without_a_name_was_looking_for_the_name_of_its_address),
		T(a_syn_without_an_answer_counts_when_the_flow_ends),
		T(a_name_on_the_wire_that_is_listed_says_enough),
		T(a_tls_flow_whose_hello_was_lost_is_judged_at_its_end),
		T(a_name_on_the_wire_that_is_not_listed_does_not_hide_the_other),
		T(another_client_did_not_look_for_it),
		T(a_name_is_remembered_for_its_ttl_and_some_grace),
		T(what_counts_is_when_the_flow_began),
		T(a_name_that_is_not_listed_is_no_hit),
		T(a_hint_of_an_https_record_is_remembered_too),
		T(a_fact_is_one_hit_and_an_update_at_the_end),
		T(the_same_capture_gives_the_same_hits_and_ids),
		T(a_new_set_counts_from_the_next_observation_on),
		T(an_indicator_is_in_force_at_the_captures_time),
		T(fingerprints_are_met_once_for_each_fact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
