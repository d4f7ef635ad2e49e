#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/observation_builder.h"
#include "sensor/profile_detector.h"
#include "sensor/segments.h"

#define SECOND   UINT64_C(1000000)
#define START_US UINT64_C(1774915227000000) /* 2026-03-31 00:00:27 UTC */
#define KEPT     1024 /* octets of a body that an observation holds */
#define RAT_AGENT                                                              \
	"mozilla/4.0 (compatible; msie 8.0; windows nt 5.1; trident/4.0)"
#define FORM "application/x-www-form-urlencoded"

/* A detector with the bundled profiles, and what it said. */
struct lab {
	struct profile_set *profiles;
	struct profile_detector *detector;
	struct observation_builder builder;
	uint64_t flow_id;
	unsigned found, updates;
	struct profile_finding last;
	char last_path[64];
	size_t observation_size;
};

static void
on_finding(void *arg, const struct profile_finding *f)
{
	struct lab *lab = arg;
	const struct observation *o = f->observation;

	assert_non_null(o);
	lab->last = *f;
	lab->observation_size = o->size;
	if (o->kind == OBS_HTTP_REQUEST)
		snprintf(lab->last_path, sizeof lab->last_path, "%.*s",
		    (int)o->http.path.len, obs_octets(o, o->http.path));
	if (f->update)
		lab->updates++;
	else
		lab->found++;
	assert_true(f->confidence >= 1 && f->confidence <= 100);
	assert_true(f->score >= f->profile->threshold);
	assert_true(f->recent_count <= RHYTHM_INTERVALS_MAX);
}

static void
open_lab(struct lab *lab, uint32_t pairs_max)
{
	char why[256];
	struct profile_detector_options options = { .pairs_max = pairs_max,
		.repeat_us = 3600 * SECOND,
		.emit = on_finding,
		.emit_arg = lab };

	memset(lab, 0, sizeof *lab);
	lab->profiles = profile_set_new();
	assert_int_equal(profile_set_load(lab->profiles, "iocs/profiles", why,
			     sizeof why),
	    0);
	options.profiles = lab->profiles;
	lab->detector = profile_detector_new(&options);
	assert_non_null(lab->detector);
	assert_int_equal(observation_builder_init(&lab->builder), 0);
}

static void
close_lab(struct lab *lab)
{
	profile_detector_free(lab->detector);
	profile_set_free(lab->profiles);
	observation_builder_fini(&lab->builder);
}

/* A request; what is not said is a POST of the RAT's without its words. */
struct sent {
	const char *method, *host, *path, *agent, *type, *body;
	size_t body_len; /* announced; 0: strlen(body) */
	uint16_t port;   /* 0: 8000 */
	uint8_t client;  /* last octet of the source */
	bool inward, inside, tunnelled, same_flow;
};

static struct obs_text
add(struct lab *lab, const char *text, size_t max)
{
	size_t len = text != NULL ? strlen(text) : 0;

	return observation_add(&lab->builder,
	    cur_of(text, len < max ? len : max));
}

static const char * or (const char *given, const char *else_this)
{
	return given != NULL ? given : else_this;
}

static void
send_at(struct lab *lab, uint64_t time_us, const struct sent *s)
{
	static const uint8_t inside[4] = { 10, 20, 0, 11 },
			     outside[4] = { 203, 0, 113, 80 };
	struct observation *o = observation_begin(&lab->builder,
	    OBS_HTTP_REQUEST);
	struct obs_http *http = &o->http;

	if (!s->same_flow)
		lab->flow_id++;
	o->flow_id = lab->flow_id;
	o->time_us = o->flow_last_us = http->request_us = time_us;
	o->flow_first_us = time_us - 40000;
	o->addr[DIR_OUT] = addr_v4(inside);
	o->addr[DIR_OUT].octets[15] = (uint8_t)(11 + s->client);
	o->addr[DIR_IN] = addr_v4(outside);
	o->port[DIR_IN] = s->port != 0 ? s->port : 8000;
	o->segment[DIR_OUT] = s->inward ? SEGMENT_EXTERNAL : SEGMENT_INTERNAL;
	o->segment[DIR_IN] = s->inside ? SEGMENT_INTERNAL : SEGMENT_EXTERNAL;
	http->has_request = true;
	http->tunnelled = s->tunnelled;
	http->port = o->port[DIR_IN];
	http->method = add(lab, or (s->method, "POST"), SIZE_MAX);
	http->host = add(lab, or (s->host, "example.net"), SIZE_MAX);
	http->path = add(lab, or (s->path, "/4718820"), SIZE_MAX);
	http->user_agent = add(lab, or (s->agent, "agent/1"), SIZE_MAX);
	http->content_type = add(lab, or (s->type, FORM), SIZE_MAX);
	http->body = add(lab, s->body, KEPT);
	http->request_body_len = s->body_len != 0  ? s->body_len
	                         : s->body != NULL ? strlen(s->body)
	                                           : 0;
	profile_detector_observe(lab->detector,
	    observation_finish(&lab->builder));
}

static void
end_flow(struct lab *lab, uint64_t time_us, uint64_t response_octets)
{
	struct observation *o = observation_begin(&lab->builder, OBS_FLOW_END);

	o->flow_id = lab->flow_id;
	o->time_us = time_us;
	o->octets[DIR_IN] = response_octets;
	profile_detector_observe(lab->detector,
	    observation_finish(&lab->builder));
}

/* `count` times, each `period_s` after the one before. */
static void
send_each(struct lab *lab, double period_s, unsigned count,
    const struct sent *s)
{
	for (unsigned i = 0; i < count; i++)
		send_at(lab, START_US + (uint64_t)(period_s * 1e6) * i, s);
}

static char *
base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	static char out[65536];
	size_t len = strlen(text), n = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)(uint8_t)text[i] << 16;

		if (i + 1 < len)
			bits |= (uint32_t)(uint8_t)text[i + 1] << 8;
		if (i + 2 < len)
			bits |= (uint8_t)text[i + 2];
		out[n++] = digits[bits >> 18];
		out[n++] = digits[bits >> 12 & 63];
		out[n++] = i + 1 < len ? digits[bits >> 6 & 63] : '=';
		out[n++] = i + 2 < len ? digits[bits & 63] : '=';
	}
	out[n] = '\0';
	return out;
}

#define TOKEN_80                                                               \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"     \
	"AAAAAAAAAAAAAAAA"

static void
assert_found(struct lab *lab, const char *id)
{
	assert_int_equal(lab->found, 1);
	assert_string_equal(lab->last.profile->id, id);
}

/* ---- one request ---- */

static void
each_type_of_report_is_found_at_once(void **state)
{
	/* Key order and white space of Python, a sorting library, and
	 * PowerShell. */
	static const char *const texts[] = {
		"{\"type\": \"FirstInfo\", \"uid\": \"a\"}",
		"{\"cmd\":\"rsp_kill\",\"type\":\"CmdResult\"}",
		"{\r\n  \"uid\": \"a\",\r\n  \"type\": \"BaseInfo\"\r\n}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct lab lab;

		open_lab(&lab, 64);
		/* On port 80, with a path and a type of its own. */
		send_at(&lab, START_US,
		    &(struct sent){ .port = 80,
			.path = "/api/v2/sync",
			.type = "text/plain",
			.body = base64(texts[i]) });
		assert_found(&lab, "axios-rat-beacon");
		assert_false(lab.last.timed);
		assert_true(lab.last.confidence <= 90);
		close_lab(&lab);
	}
}

static void
other_types_are_not_found_by_one_request(void **state)
{
	static const char *const texts[] = {
		"{\"type\":\"Heartbeat\",\"uid\":\"a\"}",
		"{\"type\":\"baseinfo\",\"uid\":\"a\"}",
		"{\"type\":\"BaseInfo2\"}",
		"{\"kind\":\"BaseInfo\"}",
		"{\"a\":{\"type\":\"BaseInfo\"}}",
		"[{\"type\":\"BaseInfo\"}]",
		"{\"type\":\"BaseInfo\"",
		"\"BaseInfo\"",
		"type=BaseInfo",
	};
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		send_at(&lab, START_US,
		    &(struct sent){ .body = base64(texts[i]) });
	/* Not base64 at all. */
	send_at(&lab, START_US,
	    &(struct sent){ .body = "{\"type\":\"BaseInfo\",\"uid\":\"a\"}" });
	assert_int_equal(lab.found, 0);
	close_lab(&lab);
}

static void
the_agent_counts_in_its_own_case_only(void **state)
{
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	send_at(&lab, START_US,
	    &(struct sent){ .body = TOKEN_80,
		.path = "/a",
		.port = 80,
		.agent = "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; "
			 "Trident/4.0)" });
	assert_int_equal(lab.found, 0);
	send_at(&lab, START_US,
	    &(struct sent){ .body = TOKEN_80,
		.path = "/a",
		.port = 80,
		.agent = RAT_AGENT });
	assert_found(&lab, "axios-rat-beacon");
	close_lab(&lab);
}

/* A library that sorts keys puts "type" behind what the sensor keeps. */
static void
a_report_that_is_cut_before_its_type_is_found_by_all_the_rest(void **state)
{
	static char text[24000] = "{\"content\":[{\"path\":\"/home\"}";
	struct sent s = { 0 };
	struct lab lab;

	(void)state;
	while (strlen(text) < sizeof text - 40)
		strcat(text, ",{\"path\":\"x\"}");
	strcat(text, "],\"type\":\"FirstInfo\"}");
	s.body = base64(text);
	open_lab(&lab, 64);
	send_at(&lab, START_US, &s);
	assert_found(&lab, "axios-rat-beacon");
	close_lab(&lab);

	/* Without the path's shape the rhythm has to say it. */
	s.path = "/files/upload";
	open_lab(&lab, 64);
	send_each(&lab, 60.4, 3, &s);
	assert_int_equal(lab.found, 0);
	send_at(&lab, START_US + 3 * 60400000, &s);
	assert_found(&lab, "axios-rat-beacon");
	close_lab(&lab);
}

static void
every_cut_of_a_report_is_survived(void **state)
{
	const char *body = base64(
	    "{\"type\": \"BaseInfo\", \"data\": {\"a\": [1, 2]}}");
	size_t len = strlen(body);
	struct lab lab;
	char part[128];

	(void)state;
	open_lab(&lab, 256);
	for (size_t n = 0; n < len; n++) {
		memcpy(part, body, n);
		part[n] = '\0';
		send_at(&lab, START_US,
		    &(struct sent){ .body = part,
			.body_len = len,
			.path = "/a",
			.client = (uint8_t)n });
	}
	/* Its type is there from the 28th letter on. */
	assert_int_equal(lab.found, len - 28);
	close_lab(&lab);
}

/* ---- the rhythm ---- */

static void
the_shape_alone_is_found_with_the_fourth_beacon(void **state)
{
	struct sent s = { .body = TOKEN_80 };
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	send_each(&lab, 60.3, 3, &s);
	assert_int_equal(lab.found, 0);
	send_at(&lab, START_US + 3 * 60300000, &s);
	assert_found(&lab, "axios-rat-beacon");
	assert_true(lab.last.timed);
	assert_int_equal(lab.last.count, 4);
	assert_int_equal(lab.last.interval_us, 60300000);
	assert_int_equal(lab.last.jitter_us, 0);
	assert_int_equal(lab.last.recent_count, 3);
	assert_int_equal(lab.last.first_us, START_US);
	assert_string_equal(lab.last_path, "/4718820");
	close_lab(&lab);
}

static void
another_period_or_none_is_not_found(void **state)
{
	static const double periods[] = { 0, 1, 14, 30, 59.5, 76, 100, 300 };
	struct sent s = { .body = TOKEN_80 };
	uint64_t at = START_US;
	struct lab lab;

	(void)state;
	for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
		open_lab(&lab, 64);
		send_each(&lab, periods[i], 300, &s);
		assert_int_equal(lab.found, 0);
		close_lab(&lab);
	}
	/* 40 to 90 s, without a beat. */
	open_lab(&lab, 64);
	for (uint64_t i = 0; i < 500; i++) {
		at += (40 + i * i * 7 % 50) * SECOND;
		send_at(&lab, at, &s);
	}
	assert_int_equal(lab.found, 0);
	close_lab(&lab);
}

static void
lost_beacons_failed_attempts_and_sleep_do_not_hide_it(void **state)
{
	/* Two at once, then 60 s; one lost; the server was away; a command; a
	 * night. */
	static const double gaps[] = { 0.001, 60.2, 120.5, 60.2, 150.4, 9,
		30000, 60.2 };
	struct sent s = { .body = TOKEN_80 };
	uint64_t at = START_US;
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	send_at(&lab, at, &s);
	for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
		assert_int_equal(lab.found, 0);
		at += (uint64_t)(gaps[i] * 1e6);
		send_at(&lab, at, &s);
	}
	assert_found(&lab, "axios-rat-beacon");
	close_lab(&lab);
}

static void
the_loop_goes_to_one_path(void **state)
{
	struct lab lab;
	char path[16];

	(void)state;
	open_lab(&lab, 64);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(path, sizeof path, "/%u", i);
		send_at(&lab, START_US + i * 60300000,
		    &(struct sent){ .body = TOKEN_80, .path = path });
	}
	assert_int_equal(lab.found, 0);
	close_lab(&lab);
}

/* 20 + 10 + 8 and the rhythm's 30: a connection for each makes the rest. */
static void
each_has_a_connection_of_its_own(void **state)
{
	struct sent s = { .body = TOKEN_80 "A", .path = "/v1/push" };
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	send_each(&lab, 60.3, 4, &s);
	assert_found(&lab, "axios-rat-beacon");
	close_lab(&lab);
	s.same_flow = true;
	open_lab(&lab, 64);
	send_each(&lab, 60.3, 100, &s);
	assert_int_equal(lab.found, 0);
	close_lab(&lab);
}

static void
timing_raises_the_confidence_of_what_was_found_before(void **state)
{
	struct sent s = { .body = base64("{\"type\": \"BaseInfo\"}") };
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	send_each(&lab, 60.3, 20, &s);
	assert_int_equal(lab.found, 1);
	assert_int_equal(lab.updates, 1);
	assert_int_equal(lab.last.count, 4);
	assert_int_equal(lab.last.confidence, 100);
	/* Then once in each interval, and with what is left at the end. */
	send_at(&lab, START_US + 7200 * SECOND, &s);
	assert_int_equal(lab.updates, 2);
	send_at(&lab, START_US + 7201 * SECOND, &s);
	assert_int_equal(lab.updates, 2);
	profile_detector_finish(lab.detector);
	assert_int_equal(lab.updates, 3);
	assert_int_equal(lab.last.count, 22);
	profile_detector_finish(lab.detector);
	assert_int_equal(lab.updates, 3);
	close_lab(&lab);
}

/* ---- what runs every minute, too ---- */

static void
health_checks_and_telemetry_are_not_found(void **state)
{
	const struct sent cases[] = {
		{ .body = "status=ok",
		    .path = "/v1/ping",
		    .agent = "acme-healthcheck/2.1" },
		/* With a shape as near as it gets. */
		{ .body = "status=ok" },
		{ .body = "ok" },
		{ .body = NULL },
		{ .body = "{\"type\":\"BaseInfo\"}",
		    .type = "application/json" },
		{ .body = "0123456789abcdef0123456789abcdef0123456789abcdef0123"
			  "456789abcdef01234567" },
		{ .body = TOKEN_80,
		    .path = "/v1/ping",
		    .type = "text/plain",
		    .agent = "kube-probe/1.29" },
		{ .body = TOKEN_80, .path = "/collect", .port = 80 },
		{ .body = TOKEN_80, .method = "GET" },
		{ .body = TOKEN_80, .method = "PUT" },
	};
	struct lab lab;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		open_lab(&lab, 64);
		send_each(&lab, 60.001, 600, &cases[i]);
		if (lab.found > 0)
			fail_msg("case %zu", i);
		close_lab(&lab);
	}
	open_lab(&lab, 64);
	send_each(&lab, 60.001, 600,
	    &(struct sent){ .body = base64("{\"type\":\"Heartbeat\",\"id\":"
					   "\"build-12\",\"load\":1}") });
	assert_int_equal(lab.found, 0);
	close_lab(&lab);
}

/* Sent by a scheduler; a sleep loop drifts off the minute. */
static void
what_keeps_to_the_full_minute_counts_less(void **state)
{
	struct sent s = { .body = TOKEN_80, .path = "/v1/push" };
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	send_each(&lab, 60, 60, &s);
	assert_int_equal(lab.found, 1);
	close_lab(&lab);
	open_lab(&lab, 64);
	for (unsigned i = 0; i < 600; i++)
		send_at(&lab, START_US + (33 + 60 * i) * SECOND + 500000, &s);
	assert_int_equal(lab.found, 0);
	close_lab(&lab);
}

static void
only_what_leaves_is_judged(void **state)
{
	struct sent s = { .body = base64("{\"type\": \"BaseInfo\"}") };
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	s.inside = true;
	send_each(&lab, 60.3, 10, &s);
	s.inside = false;
	s.inward = true;
	send_each(&lab, 60.3, 10, &s);
	assert_int_equal(lab.found, 0);
	/* To a proxy, for a name of the outside. */
	s.inward = false;
	s.inside = s.tunnelled = true;
	s.host = "intranet";
	send_at(&lab, START_US, &s);
	assert_int_equal(lab.found, 0);
	s.host = "c2.example.net";
	send_at(&lab, START_US, &s);
	assert_found(&lab, "axios-rat-beacon");
	close_lab(&lab);
}

/* ---- other profiles ---- */

static void
the_delivery_request_is_known_by_its_words_or_by_its_answer(void **state)
{
	struct sent s = { .body = "packages.npm.org/product2",
		.agent = "curl/8.5.0" };
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	send_at(&lab, START_US, &s);
	assert_found(&lab, "axios-rat-delivery");
	close_lab(&lab);

	s.body = "archives.pkg.test/module2";
	open_lab(&lab, 64);
	send_at(&lab, START_US, &s);
	end_flow(&lab, START_US + SECOND, 500); /* 404 */
	assert_int_equal(lab.found, 0);
	send_at(&lab, START_US, &s);
	assert_int_equal(lab.found, 0);
	end_flow(&lab, START_US + 37 * SECOND, 12600);
	assert_found(&lab, "axios-rat-delivery");
	assert_string_equal(lab.last_path, "/4718820");
	assert_int_equal(lab.last.time_us, START_US + 37 * SECOND);
	close_lab(&lab);

	/* Of two requests on one connection it is not known whose it is. */
	open_lab(&lab, 64);
	send_at(&lab, START_US, &s);
	s.same_flow = true;
	send_at(&lab, START_US, &s);
	end_flow(&lab, START_US + 37 * SECOND, 12600);
	assert_int_equal(lab.found, 0);
	close_lab(&lab);
}

static void
beavertail_is_known_by_its_form(void **state)
{
	struct sent s = { .path = "/keys",
		.port = 1244,
		.body = "ts=1&type=a&hid=b&ss=c&cc=d" };
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	send_at(&lab, START_US, &s);
	assert_found(&lab, "beavertail-keys");
	close_lab(&lab);
	open_lab(&lab, 64);
	s.body = "ts=1&type=a&hid=b&ss=c"; /* no cc */
	send_each(&lab, 60, 20, &s);
	s.body = "xts=1&type=a&hid=b&ss=c&cc=d";
	send_at(&lab, START_US, &s);
	s.body = "ts=1&type=a&hid=b&ss=c&ccd=d";
	send_at(&lab, START_US, &s);
	assert_int_equal(lab.found, 0);
	close_lab(&lab);
	/* Other fields: its rhythm says enough. */
	open_lab(&lab, 64);
	send_each(&lab, 617, 3, &s);
	assert_found(&lab, "beavertail-keys");
	close_lab(&lab);
	open_lab(&lab, 64);
	send_at(&lab, START_US,
	    &(struct sent){ .method = "GET",
		.port = 1224,
		.path = "/s/bad00bad11ff?a=b" });
	assert_found(&lab, "beavertail-config");
	close_lab(&lab);
}

static void
telnyx_takes_path_agent_and_port(void **state)
{
	struct sent s = { .method = "GET",
		.path = "/ringtone.wav",
		.port = 8080,
		.agent = "Mozilla/5.0 (X11)",
		.host = "example.net" };
	struct lab lab;

	(void)state;
	open_lab(&lab, 64);
	send_at(&lab, START_US, &s);
	s.agent = "Mozilla/5.0";
	s.port = 80;
	send_at(&lab, START_US, &s);
	assert_int_equal(lab.found, 0);
	s.port = 8080;
	send_at(&lab, START_US, &s);
	assert_found(&lab, "telnyx-wav");
	close_lab(&lab);
}

/* ---- under stress ---- */

static void
a_flood_does_not_drive_out_a_beacon(void **state)
{
	struct sent s = { .body = TOKEN_80 };
	struct lab lab;
	char host[32];

	(void)state;
	open_lab(&lab, 16);
	for (unsigned i = 0; i < 6; i++) {
		send_at(&lab, START_US + i * 60300000, &s);
		for (unsigned k = 0; i > 0 && k < 5000; k++) {
			snprintf(host, sizeof host, "h%u-%u.example", i, k);
			send_at(&lab, START_US + i * 60300000 + 1 + k,
			    &(struct sent){ .body = TOKEN_80, .host = host });
		}
	}
	assert_found(&lab, "axios-rat-beacon");
	assert_true(profile_detector_get_counts(lab.detector)->evicted > 20000);
	close_lab(&lab);
}

static void
a_table_of_stale_findings_lets_a_new_beacon_in(void **state)
{
	struct sent s = { .body = base64("{\"type\": \"BaseInfo\"}") };
	struct lab lab;
	char host[32];

	(void)state;
	open_lab(&lab, 16);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(host, sizeof host, "h%u.example", i);
		s.host = host;
		send_at(&lab, START_US + i, &s);
	}
	assert_int_equal(lab.found, 100);
	for (unsigned i = 0; i < 4; i++) {
		send_at(&lab, START_US + 200 + i * 60300000,
		    &(struct sent){ .body = TOKEN_80 });
		send_at(&lab, START_US + 300 + i * 60300000,
		    &(struct sent){ .body = TOKEN_80, .client = 1 });
	}
	assert_int_equal(lab.found, 102);
	assert_true(lab.last.timed);
	close_lab(&lab);
}

static void
time_may_jump(void **state)
{
	static const uint64_t times[] = { START_US, 0, UINT64_MAX, 1, START_US,
		START_US, UINT64_MAX - 1, 40000, START_US };
	struct sent s = { .body = TOKEN_80 };
	struct lab lab;

	(void)state;
	open_lab(&lab, 4);
	for (unsigned round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
			s.client = (uint8_t)(round % 7);
			send_at(&lab, times[i], &s);
		}
	}
	assert_int_equal(lab.found, 0);
	s.client = 9;
	send_each(&lab, 60.3, 4, &s);
	assert_int_equal(lab.found, 1);
	profile_detector_finish(lab.detector);
	close_lab(&lab);
}

static void
a_large_observation_is_kept_without_its_text(void **state)
{
	struct sent s = { .body = base64("{\"type\": \"BaseInfo\"}") };
	static char path[6000] = "/";
	struct lab lab;

	(void)state;
	memset(path + 1, '7', sizeof path - 2);
	s.path = path;
	open_lab(&lab, 4);
	send_at(&lab, START_US, &s);
	assert_int_equal(lab.found, 1);
	assert_int_equal(lab.observation_size, sizeof(struct observation));
	close_lab(&lab);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(each_type_of_report_is_found_at_once),
		cmocka_unit_test(other_types_are_not_found_by_one_request),
		cmocka_unit_test(the_agent_counts_in_its_own_case_only),
		cmocka_unit_test(
		    a_report_that_is_cut_before_its_type_is_found_by_all_the_rest),
		cmocka_unit_test(every_cut_of_a_report_is_survived),
		cmocka_unit_test(
		    the_shape_alone_is_found_with_the_fourth_beacon),
		cmocka_unit_test(another_period_or_none_is_not_found),
		cmocka_unit_test(
		    lost_beacons_failed_attempts_and_sleep_do_not_hide_it),
		cmocka_unit_test(the_loop_goes_to_one_path),
		cmocka_unit_test(each_has_a_connection_of_its_own),
		cmocka_unit_test(
		    timing_raises_the_confidence_of_what_was_found_before),
		cmocka_unit_test(health_checks_and_telemetry_are_not_found),
		cmocka_unit_test(what_keeps_to_the_full_minute_counts_less),
		cmocka_unit_test(only_what_leaves_is_judged),
		cmocka_unit_test(
		    the_delivery_request_is_known_by_its_words_or_by_its_answer),
		cmocka_unit_test(beavertail_is_known_by_its_form),
		cmocka_unit_test(telnyx_takes_path_agent_and_port),
		cmocka_unit_test(a_flood_does_not_drive_out_a_beacon),
		cmocka_unit_test(
		    a_table_of_stale_findings_lets_a_new_beacon_in),
		cmocka_unit_test(time_may_jump),
		cmocka_unit_test(a_large_observation_is_kept_without_its_text),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
