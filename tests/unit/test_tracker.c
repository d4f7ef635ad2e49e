#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/tracker.h"
#include "tests/unit/frames.h"
#include "tests/unit/messages.h"

#define SECOND UINT64_C(1000000)
#define NOW (UINT64_C(1774915263) * SECOND)

#define ALL_KINDS 0xffu
#define MESSAGES                                                               \
	(OBS_BIT(OBS_DNS) | OBS_BIT(OBS_HTTP_REQUEST) | OBS_BIT(OBS_HTTP) |   \
	    OBS_BIT(OBS_TLS_HELLO) | OBS_BIT(OBS_TLS))

/* ---- what the tracker tells, a line for each observation ---- */

struct bench {
	struct tracker *tracker;
	struct segments *segments;
	char told[65536];
	size_t told_len;
	uint64_t now_us, number;
	uint64_t flow_id;           /* of the last observation */
	struct observation last;    /* without its text */
	bool quiet;                 /* only checks */
	unsigned requests, exchanges, flow_ends, evicted;
};

__attribute__((format(printf, 2, 3))) static void
say(struct bench *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	b->told_len += (size_t)vsnprintf(b->told + b->told_len,
	    sizeof b->told - b->told_len, format, ap);
	va_end(ap);
	assert_true(b->told_len < sizeof b->told);
}

static void
say_text(struct bench *b, const struct observation *o, struct obs_text text)
{
	say(b, " %.*s", text.len > 0 ? (int)text.len : 1,
	    text.len > 0 ? obs_octets(o, text) : "-");
}

static void
say_record(struct bench *b, const struct observation *o,
    const struct obs_record *r)
{
	const uint8_t *data = (const uint8_t *)obs_octets(o, r->data);
	const uint8_t *extra = (const uint8_t *)obs_octets(o, r->extra);

	if (r->type == 1 && r->data.len == 4) {
		say(b, " %u.%u.%u.%u", data[0], data[1], data[2], data[3]);
		return;
	}
	say(b, " %u:", r->type);
	for (int i = 0; i < 5 && r->number[i] != 0; i++)
		say(b, "%u,", r->number[i]);
	if (r->type == 16 || r->type == 99)
		say(b, "[%u]", r->data.len);
	else
		say_text(b, o, r->data);
	if (r->type == 6)
		say_text(b, o, r->extra);
	for (uint32_t i = 0; r->type == 65 && i + 16 <= r->extra.len; i += 16)
		say(b, " %u.%u.%u.%u", extra[i + 12], extra[i + 13],
		    extra[i + 14], extra[i + 15]);
}

static void
say_dns(struct bench *b, const struct observation *o)
{
	const struct obs_question *q = obs_elements(o, o->dns.questions);
	const struct obs_record *r = obs_elements(o, o->dns.records);

	say(b, o->dns.response ? "answer" : "query");
	for (uint32_t i = 0; i < o->dns.questions.count; i++)
		say_text(b, o, q[i].name);
	for (uint32_t i = 0; i < o->dns.records.count; i++)
		say_record(b, o, &r[i]);
}

static void
say_http(struct bench *b, const struct observation *o)
{
	if (!o->http.has_request) {
		say(b, " -");
	} else {
		say_text(b, o, o->http.method);
		say_text(b, o, o->http.host);
		say_text(b, o, o->http.target);
	}
	if (o->http.request_body_len > 0)
		say(b, " body %u", (unsigned)o->http.request_body_len);
	if (o->http.body.len > 0 && o->http.body.len <= 80)
		say_text(b, o, o->http.body);
	else if (o->http.body.len > 0)
		say(b, " [%u]", o->http.body.len);
	if (o->http.has_response)
		say(b, " -> %u %u", o->http.status,
		    (unsigned)o->http.response_body_len);
}

static void
say_tls(struct bench *b, const struct observation *o)
{
	if (o->tls.has_client)
		say_text(b, o, o->tls.server_name);
	if (o->tls.tunnel_host.len > 0) {
		say(b, " through");
		say_text(b, o, o->tls.tunnel_host);
		say(b, ":%u", o->tls.tunnel_port);
	}
	if (o->tls.has_server)
		say(b, " -> %04x %04x", o->tls.server_version, o->tls.cipher);
	if (o->tls.hello_retried)
		say(b, " retried");
}

static const char *
app_name(const struct observation *o)
{
	static const char *const names[] = { "none", "unknown", "dns", "mdns",
		"llmnr", "http", "tls", "tunnel" };

	return names[o->app];
}

static const char *
reason_name(const struct observation *o)
{
	static const char *const names[] = { "closed", "timeout", "evicted",
		"shutdown" };

	return names[o->flow.reason];
}

static void
say_observation(struct bench *b, const struct observation *o)
{
	switch ((enum obs_kind)o->kind) {
	case OBS_FLOW_START:
		say(b, "start %u>%u", o->port[DIR_OUT], o->port[DIR_IN]);
		break;
	case OBS_FLOW_APP:
		say(b, "app %s", app_name(o));
		break;
	case OBS_FLOW_END:
		say(b, "end %s %s %u/%u", reason_name(o), app_name(o),
		    (unsigned)o->packets[DIR_OUT],
		    (unsigned)o->packets[DIR_IN]);
		if (o->flow.gaps > 0)
			say(b, " lost %u", o->flow.gaps);
		break;
	case OBS_DNS:
		say_dns(b, o);
		break;
	case OBS_HTTP_REQUEST:
		say(b, "request");
		say_http(b, o);
		break;
	case OBS_HTTP:
		say(b, "http");
		say_http(b, o);
		break;
	case OBS_TLS_HELLO:
		say(b, "hello");
		say_tls(b, o);
		break;
	case OBS_TLS:
		say(b, "tls");
		say_tls(b, o);
		break;
	}
	say(b, "%s%s\n", o->cut ? " cut" : "", o->midstream ? " midstream" : "");
}

static void
take(void *arg, const struct observation *o)
{
	struct bench *b = arg;
	struct observation *exact = malloc(o->size);

	assert_non_null(exact);
	assert_true(o->size >= sizeof *o && o->size <= OBS_SIZE_MAX);
	assert_int_equal(o->size % 8, 0);
	memcpy(exact, o, o->size);
	b->flow_id = o->flow_id;
	b->last = *o;
	b->requests += o->kind == OBS_HTTP_REQUEST;
	b->exchanges += o->kind == OBS_HTTP;
	b->flow_ends += o->kind == OBS_FLOW_END;
	if (!b->quiet)
		say_observation(b, exact);
	free(exact);
}

static void
assert_told(struct bench *b, const char *expected)
{
	assert_string_equal(b->told, expected);
	b->told_len = 0;
	b->told[0] = '\0';
}

/* ---- a tracker ---- */

static struct tracker_options
some_options(unsigned kinds)
{
	return (struct tracker_options){
		.flows = { .flows_max = 1000,
			.idle_s = { 30, 10, 40, 60, 600 } },
		.fragments = { 16, 1 << 20, 60 * SECOND },
		.stream_octets_max = 1 << 20,
		.stream_ahead_max = 64 * 1024,
		.sessions_max = 250,
		.kinds = kinds,
	};
}

static struct bench *
bench_new(struct tracker_options options)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->segments = segments_new();
	assert_non_null(b->segments);
	assert_int_equal(segments_compile(b->segments), 0);
	options.segments = b->segments;
	options.emit = take;
	options.emit_arg = b;
	b->tracker = tracker_new(&options);
	assert_non_null(b->tracker);
	b->now_us = NOW;
	return b;
}

static uint64_t
held(struct bench *b)
{
	struct tracker_counts counts;

	tracker_get_counts(b->tracker, &counts);
	return counts.stream_octets;
}

static void
bench_free(struct bench *b)
{
	tracker_finish(b->tracker);
	assert_int_equal(held(b), 0);
	tracker_free(b->tracker);
	segments_free(b->segments);
	free(b);
}

static int
setup(void **state)
{
	*state = bench_new(some_options(MESSAGES));
	return 0;
}

static int
setup_flows(void **state)
{
	*state = bench_new(some_options(ALL_KINDS));
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

/* The frame alone in its block, so that no overread is silent. */
static void
send_frame(struct bench *b, const struct frame_bytes *f, size_t caplen)
{
	uint8_t *block = malloc(caplen + 1);
	struct packet packet = { .octets = block + 1,
		.caplen = (uint32_t)caplen,
		.wire_len = (uint32_t)f->len,
		.time_us = b->now_us,
		.number = ++b->number,
		.link_type = FRAME_LINK_TYPE };

	assert_non_null(block);
	memcpy(block + 1, f->octets, caplen);
	tracker_packets(b->tracker, &packet, 1);
	free(block);
	b->now_us += 1000;
}

/* ---- conversations ---- */

struct talk {
	struct bench *b;
	struct frame_end end[2]; /* by enum direction */
	uint32_t seq[2];         /* of the next octet that this end sends */
	bool one_sided;          /* the responder is not seen */
};

static struct talk
talk_to(struct bench *b, uint16_t client_port, uint16_t server_port)
{
	return (struct talk){ b,
		{ { { 192, 0, 2, 1 }, client_port },
			{ { 198, 51, 100, 7 }, server_port } },
		{ 1000, 0xfffffff0 }, false };
}

static void
send_at(struct talk *k, enum direction dir, uint32_t seq, uint8_t flags,
    const void *octets, size_t len)
{
	static struct frame_bytes f;

	frame_tcp(&f, &k->end[dir], &k->end[!dir], seq, k->seq[!dir], flags,
	    octets, len);
	send_frame(k->b, &f, f.len);
}

static void
send_octets(struct talk *k, enum direction dir, const void *octets,
    size_t len)
{
	send_at(k, dir, k->seq[dir], TCP_ACK | TCP_PSH, octets, len);
	k->seq[dir] += (uint32_t)len;
}

static void
client(struct talk *k, const char *text)
{
	send_octets(k, DIR_OUT, text, strlen(text));
}

static void
server(struct talk *k, const char *text)
{
	send_octets(k, DIR_IN, text, strlen(text));
}

static void
send_message(struct talk *k, enum direction dir, struct message m)
{
	send_octets(k, dir, m.octets, m.len);
}

/* Sent, but the capture missed it. */
static void
lose(struct talk *k, enum direction dir, size_t len)
{
	k->seq[dir] += (uint32_t)len;
}

static void
acknowledge(struct talk *k, enum direction dir)
{
	send_at(k, dir, k->seq[dir], TCP_ACK, NULL, 0);
}

static void
shake_hands(struct talk *k)
{
	send_at(k, DIR_OUT, k->seq[DIR_OUT]++, TCP_SYN, NULL, 0);
	if (!k->one_sided)
		send_at(k, DIR_IN, k->seq[DIR_IN]++, TCP_SYN | TCP_ACK, NULL,
		    0);
	acknowledge(k, DIR_OUT);
}

static struct talk
talk(struct bench *b, uint16_t client_port, uint16_t server_port)
{
	struct talk k = talk_to(b, client_port, server_port);

	shake_hands(&k);
	return k;
}

static void
hang_up(struct talk *k)
{
	send_at(k, DIR_OUT, k->seq[DIR_OUT]++, TCP_FIN | TCP_ACK, NULL, 0);
	if (!k->one_sided)
		send_at(k, DIR_IN, k->seq[DIR_IN]++, TCP_FIN | TCP_ACK, NULL,
		    0);
	acknowledge(k, DIR_OUT);
}

static void
finish(struct bench *b)
{
	tracker_finish(b->tracker);
	assert_int_equal(held(b), 0);
}

/* ---- flows ---- */

static void
a_syn_without_an_answer_is_a_flow_of_its_own(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 8000);

	send_at(&k, DIR_OUT, 1000, TCP_SYN, NULL, 0);
	assert_told(b, "start 50000>8000\n");
	b->now_us += SECOND;
	send_at(&k, DIR_OUT, 1000, TCP_SYN, NULL, 0);
	assert_told(b, "");
	b->now_us += 31 * SECOND;
	tracker_idle(b->tracker, b->now_us);
	assert_told(b, "end timeout none 2/0\n");
}

static void
a_conversation_is_told_from_start_to_end(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	uint64_t id = b->flow_id;

	client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 204 No Content\r\n\r\n");
	hang_up(&k);
	assert_told(b, "start 50000>80\n"
		       "app http\n"
		       "request GET a.example /\n"
		       "http GET a.example / -> 204 0\n");
	b->now_us += 11 * SECOND;
	tracker_idle(b->tracker, b->now_us);
	assert_told(b, "end closed http 5/3\n");
	assert_true(b->flow_id == id);
	assert_int_equal(b->last.flow.tcp_flags[DIR_OUT],
	    TCP_SYN | TCP_ACK | TCP_PSH | TCP_FIN);
	assert_int_equal(b->last.state, FLOW_CLOSED);
	/* 54 octets of headers each: five and three packets, 34 and 27. */
	assert_int_equal(b->last.octets[DIR_OUT], 5 * 54 + 35);
	assert_int_equal(b->last.octets[DIR_IN], 3 * 54 + 27);
}

static void
what_is_not_known_is_told_once_at_the_end(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);

	client(&k, "\x01\x02 whatever");
	server(&k, "\x03\x04 this is");
	assert_told(b, "start 50000>4444\n");
	finish(b);
	assert_told(b, "app unknown\nend shutdown unknown 3/2\n");
}

static void
a_long_dialogue_is_given_up_and_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);

	for (int i = 0; i < 12; i++) {
		client(&k, "\x01\x02 whatever");
		server(&k, "\x03\x04 this is");
	}
	assert_told(b, "start 50000>4444\napp unknown\n");
	client(&k, "GET / HTTP/1.1\r\n\r\n"); /* nobody listens */
	assert_told(b, "");
}

static void
a_five_tuple_used_again_is_another_flow(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80), again;
	uint64_t id;

	client(&k, "GET /1 HTTP/1.0\r\n\r\n");
	b->told_len = 0;
	id = b->flow_id;
	again = talk_to(b, 50000, 80);
	again.seq[DIR_OUT] = 777777;
	shake_hands(&again);
	assert_told(b, "http GET - /1\n"
		       "end closed http 3/1\n"
		       "start 50000>80\n");
	assert_true(b->flow_id != id);
	client(&again, "GET /2 HTTP/1.0\r\n\r\n");
	assert_told(b, "app http\nrequest GET - /2\n");
}

static void
lost_octets_are_estimated(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);

	lose(&k, DIR_IN, 5000);
	server(&k, "\x01 binary");
	lose(&k, DIR_OUT, 70);
	client(&k, "\x02 binary");
	finish(b);
	assert_told(b, "start 50000>4444\napp unknown\n"
		       "end shutdown unknown 3/2 lost 5070\n");
}

static void
lost_octets_do_not_overflow_their_count(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);
	uint32_t seq = k.seq[DIR_OUT];

	for (int i = 0; i < 5; i++) {
		seq += 0x7fffffff;
		send_at(&k, DIR_OUT, seq, TCP_ACK, NULL, 0);
	}
	finish(b);
	assert_int_equal(b->last.flow.gaps, UINT32_MAX);
}

static void
time_that_goes_back_does_not_end_flows(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	b->now_us -= 3600 * SECOND;
	client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "start 50000>80\napp http\n"
		       "request GET a.example /\n");
}

/* ---- HTTP ---- */

static void
requests_on_one_connection_get_their_responses(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 8080);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "request GET a.example /1\n"
		       "http GET a.example /1 -> 200 5\n"
		       "request GET a.example /2\n"
		       "http GET a.example /2 -> 404 0\n");
	assert_int_equal(held(b), 0);
}

static void
pipelined_requests_are_answered_in_their_order(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n"
		   "GET /2 HTTP/1.1\r\nHost: b.example\r\n\r\n"
		   "GET /3 HTTP/1.1\r\nHost: c.example\r\n\r\n");
	server(&k, "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx"
		   "HTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\ny"
		   "HTTP/1.1 203 What\r\nContent-Length: 1\r\n\r\nz");
	assert_told(b, "request GET a.example /1\n"
		       "request GET b.example /2\n"
		       "request GET c.example /3\n"
		       "http GET a.example /1 -> 201 1\n"
		       "http GET b.example /2 -> 202 1\n"
		       "http GET c.example /3 -> 203 1\n");
}

static void
a_response_to_head_has_no_body(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "HEAD /big HTTP/1.1\r\nHost: a.example\r\n\r\n"
		   "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
		   "HTTP/1.1 204 No Content\r\n\r\n");
	assert_told(b, "request HEAD a.example /big\n"
		       "request GET a.example /2\n"
		       "http HEAD a.example /big -> 200 1000000\n"
		       "http GET a.example /2 -> 204 0\n");
}

static void
an_interim_response_is_not_the_answer(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "POST /up HTTP/1.1\r\nHost: a.example\r\n"
		   "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
	server(&k, "HTTP/1.1 100 Continue\r\n\r\n");
	client(&k, "data");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "request POST a.example /up body 4 data\n"
		       "http POST a.example /up body 4 data -> 200 0\n");
}

static void
a_request_body_is_told_with_its_request(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 8000);

	client(&k, "POST /6202033 HTTP/1.1\r\nHost: sfrclak.com:8000\r\n"
		   "Content-Length: 26\r\n\r\npackages.npm");
	assert_told(b, "");
	client(&k, ".org/");
	client(&k, "product01");
	assert_told(b, "request POST sfrclak.com /6202033 body 26 "
		       "packages.npm.org/product01\n");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "http POST sfrclak.com /6202033 body 26 "
		       "packages.npm.org/product01 -> 200 0\n");
}

static void
only_the_first_kibibyte_of_a_body_is_kept(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	char part[700];

	memset(part, 'x', sizeof part);
	client(&k, "PUT /a HTTP/1.1\r\nHost: a.example\r\n"
		   "Content-Length: 2100\r\n\r\n");
	send_octets(&k, DIR_OUT, part, sizeof part);
	assert_told(b, "");
	send_octets(&k, DIR_OUT, part, sizeof part);
	assert_told(b, "request PUT a.example /a body 2100 [1024]\n");
	send_octets(&k, DIR_OUT, part, sizeof part);
	client(&k, "GET /b HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request GET a.example /b\n");
}

static void
chunked_bodies_are_followed_in_both_directions(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "POST /c HTTP/1.1\r\nHost: a.example\r\n"
		   "Transfer-Encoding: chunked\r\n\r\n5\r\nhel");
	client(&k, "lo\r\n6;ext=1\r\n, wor");
	client(&k, "l\r\n0\r\nTrailer: x\r\n");
	assert_told(b, "");
	client(&k, "\r\nGET /d HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "1000\r\n");
	for (int i = 0; i < 4; i++) {
		char part[1024] = { 0 };

		send_octets(&k, DIR_IN, part, sizeof part);
	}
	assert_told(b, "request POST a.example /c hello, worl\n"
		       "request GET a.example /d\n");
	server(&k, "\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\n");
	assert_told(b, "http POST a.example /c hello, worl -> 200 4099\n"
		       "http GET a.example /d -> 204 0\n");
}

static void
a_head_in_many_segments_is_one_head(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	const char *head = "GET /slow HTTP/1.1\r\nHost: a.example\r\n"
			   "User-Agent: slowloris\r\n\r\n";

	for (const char *c = head; *c != '\0'; c++)
		send_octets(&k, DIR_OUT, c, 1);
	assert_told(b, "request GET a.example /slow\n");
}

static void
responses_alone_are_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 80);

	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "http - -> 200 2 midstream\n"
		       "http - -> 404 0 midstream\n");
	assert_int_equal(b->last.port[DIR_OUT], 50000);
	assert_int_equal(b->last.sender, DIR_IN);
}

static void
requests_alone_are_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 80);

	k.one_sided = true;
	shake_hands(&k);
	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request GET a.example /1\n"
		       "request GET a.example /2\n");
	finish(b);
	assert_told(b, "http GET a.example /1\n"
		       "http GET a.example /2\n");
}

static void
content_tells_who_is_the_client_in_midstream(void **state)
{
	struct bench *b = *state;
	/* By the ports one would think the other way round. */
	struct talk k = talk_to(b, 3000, 50000);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request GET a.example /1 midstream\n");
	assert_int_equal(b->last.port[DIR_OUT], 3000);
	assert_int_equal(b->last.sender, DIR_OUT);
	assert_int_equal(b->last.packets[DIR_OUT], 1);
	server(&k, "HTTP/1.1 204 No\r\n\r\n");
	assert_told(b, "http GET a.example /1 -> 204 0 midstream\n");
	assert_int_equal(b->last.packets[DIR_IN], 1);
}

static void
a_response_until_the_close_is_told_at_the_close(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.0\r\n\r\n");
	server(&k, "HTTP/1.0 200 OK\r\n\r\nall of");
	server(&k, " this");
	assert_told(b, "request GET - /1\n");
	hang_up(&k);
	assert_told(b, "http GET - /1 -> 200 11\n");
}

static void
nothing_is_read_after_an_upgrade(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /ws HTTP/1.1\r\nHost: a.example\r\n"
		   "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	server(&k, "HTTP/1.1 101 Switching Protocols\r\n"
		   "Upgrade: websocket\r\n\r\n");
	assert_told(b, "request GET a.example /ws\n"
		       "http GET a.example /ws -> 101 0\n");
	client(&k, "GET /not HTTP/1.1\r\n\r\n");
	finish(b);
	assert_told(b, "");
}

static void
tls_inside_a_tunnel_names_the_tunnels_host(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 3128);
	struct message hello = client_hello("sfrclak.com", "h2", 0);
	struct message reply = server_hello(0x1302);

	client(&k, "CONNECT c2.example:8443 HTTP/1.1\r\n"
		   "Host: c2.example:8443\r\n\r\n");
	server(&k, "HTTP/1.1 200 Connection established\r\n\r\n");
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_told(b,
	    "request CONNECT c2.example c2.example:8443\n"
	    "http CONNECT c2.example c2.example:8443 -> 200 0\n"
	    "hello sfrclak.com through c2.example:8443\n"
	    "tls sfrclak.com through c2.example:8443 -> 0304 1302\n");
	assert_int_equal(b->last.app, APP_TLS);
	assert_int_equal(held(b), 0);
}

static void
a_refused_tunnel_is_an_ordinary_exchange(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 3128);

	client(&k, "CONNECT c2.example:443 HTTP/1.1\r\n\r\n");
	server(&k, "HTTP/1.1 407 Proxy Authentication Required\r\n"
		   "Content-Length: 2\r\n\r\nno");
	client(&k, "CONNECT c2.example:443 HTTP/1.1\r\n"
		   "Proxy-Authorization: Basic eA==\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\n\r\n");
	client(&k, "GET /in HTTP/1.1\r\nHost: inside.example\r\n\r\n");
	assert_told(b,
	    "request CONNECT c2.example c2.example:443\n"
	    "http CONNECT c2.example c2.example:443 -> 407 2\n"
	    "request CONNECT c2.example c2.example:443\n"
	    "http CONNECT c2.example c2.example:443 -> 200 0\n"
	    "request GET inside.example /in\n");
}

static void
a_tunnel_is_seen_without_the_proxys_answer(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 3128);
	struct message hello = client_hello("sfrclak.com", "h2", 0);

	k.one_sided = true;
	shake_hands(&k);
	client(&k, "CONNECT c2.example:443 HTTP/1.1\r\n\r\n");
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	assert_told(b, "request CONNECT c2.example c2.example:443\n"
		       "http CONNECT c2.example c2.example:443\n"
		       "hello sfrclak.com through c2.example:443\n");
}

/* ---- HTTP with losses ---- */

static void
a_loss_in_a_response_body_is_passed_over(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n");
	lose(&k, DIR_IN, 2990);
	server(&k, "0123456789");
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	acknowledge(&k, DIR_OUT);
	acknowledge(&k, DIR_OUT);
	server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "request GET a.example /1\n"
		       "http GET a.example /1 -> 200 3000\n"
		       "request GET a.example /2\n"
		       "http GET a.example /2 -> 404 0\n");
}

static void
after_a_loss_in_a_head_the_next_message_is_found(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\nX-");
	lose(&k, DIR_OUT, 100);
	client(&k, "rest of it: 1\r\n\r\n");
	for (int i = 0; i < 3; i++)
		acknowledge(&k, DIR_IN);
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request GET a.example /1 cut\n"
		       "request GET a.example /2\n");
}

static void
after_a_loss_in_a_request_body_the_next_request_is_found(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	char part[1000];

	memset(part, 'x', sizeof part);
	client(&k, "POST /up HTTP/1.1\r\nHost: a.example\r\n"
		   "Content-Length: 100050\r\n\r\nbegin");
	lose(&k, DIR_OUT, 45);
	for (int i = 0; i < 100; i++) {
		send_octets(&k, DIR_OUT, part, sizeof part);
		acknowledge(&k, DIR_IN);
	}
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request POST a.example /up body 100050 begin\n"
		       "request GET a.example /2\n");
}

static void
a_lost_response_does_not_shift_the_others(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	lose(&k, DIR_IN, 200);
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	for (int i = 0; i < 3; i++)
		acknowledge(&k, DIR_OUT);
	assert_told(b, "request GET a.example /1\n"
		       "request GET a.example /2\n"
		       "http GET a.example /1\n"
		       "http GET a.example /2 -> 404 0\n");
}

static void
segments_out_of_order_make_the_same_messages(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	const char *text = "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n";
	uint32_t seq = k.seq[DIR_OUT];

	send_at(&k, DIR_OUT, seq + 20, TCP_ACK, text + 20, strlen(text) - 20);
	send_at(&k, DIR_OUT, seq + 10, TCP_ACK, text + 10, 10);
	assert_told(b, "");
	send_at(&k, DIR_OUT, seq, TCP_ACK, text, 10);
	assert_told(b, "request GET a.example /1\n");
}

/* ---- TLS ---- */

static void
both_hellos_are_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 8443);
	struct message hello = client_hello("a.example", "h2", 0);
	struct message reply = server_hello(0x1301);

	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	assert_told(b, "hello a.example\n");
	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_told(b, "tls a.example -> 0304 1301\n");
	assert_int_equal(held(b), 0);
}

static void
a_hello_over_two_segments_is_whole(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 1300);
	struct message records = in_records(&hello, 16384);

	send_octets(&k, DIR_OUT, records.octets, 40);
	assert_told(b, "");
	send_octets(&k, DIR_OUT, records.octets + 40, records.len - 40);
	assert_told(b, "hello a.example\n");
}

static void
a_hello_over_two_records_is_whole(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 0);

	send_message(&k, DIR_OUT, in_records(&hello, 60));
	assert_told(b, "hello a.example\n");
}

static void
a_hello_whose_end_is_lost_still_names_the_server(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 1300);
	struct message records = in_records(&hello, 16384);

	send_octets(&k, DIR_OUT, records.octets, 200);
	finish(b);
	assert_told(b, "hello a.example cut\ntls a.example cut\n");
}

static void
a_hello_without_an_answer_is_told_at_the_end(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 0);

	k.one_sided = true;
	shake_hands(&k);
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	assert_told(b, "hello a.example\n");
	finish(b);
	assert_told(b, "tls a.example\n");
}

static void
an_answer_without_its_hello_is_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 443);
	struct message reply = server_hello(0x1301);

	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_told(b, "tls -> 0304 1301 midstream\n");
	assert_int_equal(b->last.port[DIR_OUT], 50000);
}

static void
tls_after_a_dialogue_in_text_is_found(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 587);
	struct message hello = client_hello("mail.example", "x", 0);

	server(&k, "220 mail.example ESMTP\r\n");
	client(&k, "EHLO client\r\n");
	server(&k, "250-mail.example\r\n250 STARTTLS\r\n");
	client(&k, "STARTTLS\r\n");
	server(&k, "220 go ahead\r\n");
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	assert_told(b, "hello mail.example\n");
}

/* ---- DNS ---- */

static const uint8_t answered[4] = { 203, 0, 113, 9 };

static void
send_datagram(struct bench *b, uint16_t from, uint16_t to, bool back,
    struct message m, size_t cut)
{
	struct frame_end near = { { 192, 0, 2, 1 }, from };
	struct frame_end far = { { 198, 51, 100, 53 }, to };
	static struct frame_bytes f;

	frame_udp(&f, back ? &far : &near, back ? &near : &far, m.octets,
	    m.len);
	send_frame(b, &f, f.len - cut);
}

static void
messages_over_udp_are_told(void **state)
{
	struct bench *b = *state;

	send_datagram(b, 40000, 53, false, dns_query(1, "a.example"), 0);
	send_datagram(b, 40000, 53, true,
	    dns_answer(1, "a.example", answered), 0);
	assert_told(b, "query a.example\nanswer a.example 203.0.113.9\n");
	assert_int_equal(b->last.sender, DIR_IN);
	assert_int_equal(b->last.port[DIR_IN], 53);
}

static void
messages_on_any_port_are_told(void **state)
{
	struct bench *b = *state;

	send_datagram(b, 40000, 5300, false, dns_query(1, "a.example"), 0);
	send_datagram(b, 40000, 5300, true,
	    dns_answer(1, "a.example", answered), 0);
	assert_told(b, "query a.example\nanswer a.example 203.0.113.9\n");
	assert_int_equal(b->last.app, APP_DNS);
}

static void
an_answer_seen_alone_has_the_querier_as_initiator(void **state)
{
	struct bench *b = *state;

	send_datagram(b, 40000, 5300, true,
	    dns_answer(1, "a.example", answered), 0);
	assert_told(b, "answer a.example 203.0.113.9\n");
	assert_int_equal(b->last.port[DIR_OUT], 40000);
	assert_int_equal(b->last.sender, DIR_IN);
}

static void
a_datagram_that_was_cut_tells_what_is_there(void **state)
{
	struct bench *b = *state;

	send_datagram(b, 40000, 53, true,
	    dns_answer(1, "a.example", answered), 4);
	assert_told(b, "answer a.example cut\n");
}

static void
put_record(struct message *m, unsigned type, const struct message *data)
{
	put_int(m, 0xc00c, 2);
	put_int(m, type, 2);
	put_int(m, 1, 2);
	put_int(m, 60, 4);
	put_counted(m, data, 2);
}

static struct message
rdata(const char *name, unsigned count, ...)
{
	struct message out = { .len = 0 };
	va_list ap;

	va_start(ap, count);
	for (unsigned i = 0; i < count; i++)
		put_int(&out, va_arg(ap, unsigned), 2);
	va_end(ap);
	put_name(&out, name);
	return out;
}

static void
records_are_told_as_their_types_read(void **state)
{
	struct bench *b = *state;
	struct message m = dns_message(1, 0x8180, "a.example", 8), data;

	data = rdata("mx.example", 1, 10);
	put_record(&m, 15, &data);
	data = rdata("srv.example", 3, 1, 2, 5060);
	put_record(&m, 33, &data);
	data = rdata("ns.example", 0);
	put_name(&data, "admin.example");
	for (unsigned i = 1; i <= 5; i++)
		put_int(&data, i * 10, 4);
	put_record(&m, 6, &data);
	data = rdata("alias.example", 0);
	put_record(&m, 5, &data);
	data = rdata("svc.example", 1, 1);
	put_int(&data, 4, 2); /* ipv4hint, RFC 9460 section 7.3 */
	put_int(&data, 8, 2);
	put(&data, answered, 4);
	put(&data, "\xc6\x33\x64\x01", 4);
	put_record(&m, 65, &data);
	data.len = 0;
	put_int(&data, 5, 1);
	put(&data, "hello", 5);
	put_record(&m, 16, &data);
	data.len = 0;
	put_zeros(&data, 300);
	put_record(&m, 99, &data); /* nothing that we read */
	data.len = 0;
	put_int(&data, 0xff, 1);
	put_record(&m, 15, &data); /* not what its type says */
	send_datagram(b, 40000, 53, true, m, 0);
	assert_told(b, "answer a.example 15:10, mx.example "
		       "33:1,2,5060, srv.example "
		       "6:10,20,30,40,50, ns.example admin.example "
		       "5: alias.example "
		       "65:1, svc.example 203.0.113.9 198.51.100.1 "
		       "16:[6] 99:[256] 15: - cut\n");
}

static void
messages_over_tcp_are_told_however_they_are_split(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 53);
	struct message one = dns_over_tcp(dns_query(1, "a.example"));
	struct message two = dns_over_tcp(dns_query(2, "b.example"));
	struct message all = one;

	put(&all, two.octets, two.len);
	send_octets(&k, DIR_OUT, all.octets, all.len); /* two at once */
	assert_told(b, "query a.example\nquery b.example\n");
	for (size_t i = 0; i < all.len; i++) /* octet by octet */
		send_octets(&k, DIR_OUT, all.octets + i, 1);
	assert_told(b, "query a.example\nquery b.example\n");
	send_octets(&k, DIR_OUT, all.octets, one.len + 1);
	assert_told(b, "query a.example\n");
	send_octets(&k, DIR_OUT, all.octets + one.len + 1, two.len - 1);
	assert_told(b, "query b.example\n");
	send_message(&k, DIR_IN,
	    dns_over_tcp(dns_answer(1, "a.example", answered)));
	assert_told(b, "answer a.example 203.0.113.9\n");
	assert_int_equal(held(b), 0);
}

/* What a need that was met must not do: wait for as much again. */
static void
a_short_message_behind_a_long_one_does_not_wait(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 53);
	struct message query = dns_over_tcp(dns_query(2, "b.example"));
	struct message message = dns_query(1, "a.example"), both;

	message.octets[11] = 1; /* an OPT record of some length, RFC 7830 */
	put_int(&message, 0, 1);
	put_int(&message, 41, 2);
	put_int(&message, 1232, 2);
	put_int(&message, 0, 4);
	put_int(&message, 1004, 2);
	put_int(&message, 12, 2);
	put_int(&message, 1000, 2);
	put_zeros(&message, 1000);
	both = dns_over_tcp(message);
	send_octets(&k, DIR_OUT, both.octets, 500);
	assert_told(b, "");
	put(&both, query.octets, 1);
	send_octets(&k, DIR_OUT, both.octets + 500, both.len - 500);
	assert_told(b, "query a.example\n");
	send_octets(&k, DIR_OUT, query.octets + 1, query.len - 1);
	assert_told(b, "query b.example\n");
}

static void
dns_over_tcp_is_known_on_any_port(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 5300);

	send_message(&k, DIR_OUT, dns_over_tcp(dns_query(1, "a.example")));
	assert_told(b, "query a.example\n");
	assert_int_equal(b->last.app, APP_DNS);
}

static void
after_a_loss_the_next_dns_message_is_found(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 53);

	send_message(&k, DIR_OUT, dns_over_tcp(dns_query(1, "a.example")));
	lose(&k, DIR_OUT, 50);
	client(&k, "rest of a message");
	for (int i = 0; i < 3; i++)
		acknowledge(&k, DIR_IN);
	send_message(&k, DIR_OUT, dns_over_tcp(dns_query(2, "b.example")));
	assert_told(b, "query a.example\nquery b.example\n");
}

/* ---- limits ---- */

static void
more_sessions_than_allowed_evict_the_oldest_undecided(void **state)
{
	struct tracker_options options = some_options(MESSAGES);
	struct bench *b;
	struct talk first;
	struct tracker_counts counts;

	(void)state;
	options.sessions_max = 10;
	b = bench_new(options);
	first = talk(b, 1, 80);
	client(&first, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	for (uint16_t port = 2000; port < 2050; port++) {
		struct talk k = talk(b, port, 4444);

		client(&k, "\x01 whatever");
	}
	server(&first, "HTTP/1.1 204 No\r\n\r\n");
	assert_told(b, "request GET a.example /1\n"
		       "http GET a.example /1 -> 204 0\n");
	tracker_get_counts(b->tracker, &counts);
	assert_int_equal(counts.apps.sessions_evicted, 41);
	bench_free(b);
}

static void
requests_without_answers_are_bounded(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	char expected[64];

	b->quiet = true;
	for (int i = 0; i < 200; i++) {
		char head[64];

		snprintf(head, sizeof head, "GET /%d HTTP/1.0\r\n\r\n", i);
		client(&k, head);
		assert_true(held(b) < 64 * 1024);
	}
	assert_int_equal(b->requests, 200);
	assert_int_equal(b->exchanges, 200 - 64);
	b->quiet = false;
	server(&k, "HTTP/1.1 204 No\r\n\r\n");
	snprintf(expected, sizeof expected, "http GET - /%d -> 204 0\n",
	    200 - 64);
	assert_told(b, expected);
}

static void
a_request_to_a_proxy_names_the_host_in_its_target(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 3128);

	client(&k, "GET http://sfrclak.com:8000/6202033 HTTP/1.1\r\n"
		   "Host: other.example\r\n\r\n");
	assert_told(b, "request GET sfrclak.com "
		       "http://sfrclak.com:8000/6202033\n");
	assert_true(b->last.http.tunnelled);
	assert_int_equal(b->last.http.port, 8000);
	assert_int_equal(b->last.http.path.len, strlen("/6202033"));
}

static void
a_session_that_is_evicted_tells_what_it_knows(void **state)
{
	struct tracker_options options = some_options(MESSAGES);
	struct bench *b;

	(void)state;
	options.sessions_max = 1;
	b = bench_new(options);
	for (uint16_t port = 1; port < 4; port++) {
		struct talk k = talk(b, port, 80);
		char head[100];

		snprintf(head, sizeof head, "POST /%u HTTP/1.1\r\n"
		    "Host: a.example\r\nContent-Length: 9\r\n\r\nbody",
		    port);
		client(&k, head);
	}
	assert_told(b, "request POST a.example /1 body 9 body\n"
		       "http POST a.example /1 body 9 body\n"
		       "request POST a.example /2 body 9 body\n"
		       "http POST a.example /2 body 9 body\n");
	assert_int_equal(b->last.port[DIR_OUT], 2);
	bench_free(b);
}

/* However little memory there is, each request is told, once. */
static void
short_memory_loses_no_request(void **state)
{
	(void)state;
	for (size_t octets = 0; octets < 12000; octets += 97) {
		struct tracker_options options = some_options(MESSAGES);
		struct bench *b;

		options.stream_octets_max = octets;
		b = bench_new(options);
		b->quiet = true;
		for (uint16_t port = 1; port <= 8; port++) {
			struct talk k = talk(b, port, 80);

			client(&k, "POST /up HTTP/1.1\r\nHost: a.example\r\n"
				   "Content-Length: 9\r\n\r\nbody");
			if (port % 2)
				client(&k, "-rest");
			if (port % 4 == 3)
				server(&k, "HTTP/1.1 200 OK\r\n"
					   "Content-Length: 0\r\n\r\n");
			assert_true(held(b) <= octets);
		}
		tracker_finish(b->tracker);
		assert_int_equal(b->requests, 8);
		assert_true(b->exchanges <= 8);
		bench_free(b);
	}
}

static void
short_memory_loses_no_response(void **state)
{
	(void)state;
	for (size_t octets = 0; octets < 6000; octets += 97) {
		struct tracker_options options = some_options(MESSAGES);
		struct bench *b;
		struct talk k;

		options.stream_octets_max = octets;
		b = bench_new(options);
		b->quiet = true;
		k = talk(b, 1, 80);
		client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
		server(&k, "HTTP/1.1 200 OK\r\n"
			   "Transfer-Encoding: chunked\r\n\r\n"
			   "1\r\nx\r\n0\r\n\r\n");
		tracker_finish(b->tracker);
		assert_int_equal(b->requests, 1);
		assert_int_equal(b->exchanges, 1);
		bench_free(b);
	}
}

static void
early_octets_of_many_flows_stay_within_memory(void **state)
{
	struct tracker_options options = some_options(MESSAGES);
	struct bench *b;
	char part[1400] = { 0 };

	(void)state;
	options.stream_octets_max = 20000;
	b = bench_new(options);
	for (uint16_t port = 1; port < 200; port++) {
		struct talk k = talk(b, port, 80);

		lose(&k, DIR_OUT, 10);
		for (int i = 0; i < 20; i++)
			send_octets(&k, DIR_OUT, part, sizeof part);
		assert_true(held(b) <= 20000);
	}
	bench_free(b);
}

static void
more_flows_than_allowed_are_told_as_evicted(void **state)
{
	struct tracker_options options = some_options(ALL_KINDS);
	struct bench *b;
	struct tracker_counts counts;

	(void)state;
	options.flows.flows_max = 20;
	b = bench_new(options);
	b->quiet = true;
	for (uint16_t port = 1; port <= 100; port++) {
		struct talk k = talk(b, port, 80);

		client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	}
	assert_int_equal(b->requests, 100);
	assert_int_equal(b->flow_ends, 80);
	assert_int_equal(b->exchanges, 80);
	tracker_get_counts(b->tracker, &counts);
	assert_int_equal(counts.flows.ended[FLOW_END_EVICTED], 80);
	tracker_finish(b->tracker);
	assert_int_equal(b->flow_ends, 100);
	assert_int_equal(b->exchanges, 100);
	bench_free(b);
}

static void
a_tracker_may_be_freed_with_flows_in_it(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 1, 80);

	client(&k, "POST /up HTTP/1.1\r\nHost: a.example\r\n"
		   "Content-Length: 9\r\n\r\nbody");
	k = talk(b, 2, 80);
	lose(&k, DIR_OUT, 3);
	client(&k, "early");
	tracker_free(b->tracker);
	b->tracker = NULL;
}

static int
teardown_freed(void **state)
{
	struct bench *b = *state;

	segments_free(b->segments);
	free(b);
	return 0;
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define F(test) cmocka_unit_test_setup_teardown(test, setup_flows, teardown)
	const struct CMUnitTest tests[] = {
		F(a_syn_without_an_answer_is_a_flow_of_its_own),
		F(a_conversation_is_told_from_start_to_end),
		F(what_is_not_known_is_told_once_at_the_end),
		F(a_long_dialogue_is_given_up_and_told),
		F(a_five_tuple_used_again_is_another_flow),
		F(lost_octets_are_estimated),
		F(lost_octets_do_not_overflow_their_count),
		F(time_that_goes_back_does_not_end_flows),
		T(requests_on_one_connection_get_their_responses),
		T(pipelined_requests_are_answered_in_their_order),
		T(a_response_to_head_has_no_body),
		T(an_interim_response_is_not_the_answer),
		T(a_request_body_is_told_with_its_request),
		T(only_the_first_kibibyte_of_a_body_is_kept),
		T(chunked_bodies_are_followed_in_both_directions),
		T(a_head_in_many_segments_is_one_head),
		T(responses_alone_are_told),
		T(requests_alone_are_told),
		T(content_tells_who_is_the_client_in_midstream),
		T(a_response_until_the_close_is_told_at_the_close),
		T(requests_without_answers_are_bounded),
		T(a_request_to_a_proxy_names_the_host_in_its_target),
		T(nothing_is_read_after_an_upgrade),
		T(tls_inside_a_tunnel_names_the_tunnels_host),
		T(a_refused_tunnel_is_an_ordinary_exchange),
		T(a_tunnel_is_seen_without_the_proxys_answer),
		T(a_loss_in_a_response_body_is_passed_over),
		T(after_a_loss_in_a_head_the_next_message_is_found),
		T(after_a_loss_in_a_request_body_the_next_request_is_found),
		T(a_lost_response_does_not_shift_the_others),
		T(segments_out_of_order_make_the_same_messages),
		T(both_hellos_are_told),
		T(a_hello_over_two_segments_is_whole),
		T(a_hello_over_two_records_is_whole),
		T(a_hello_whose_end_is_lost_still_names_the_server),
		T(a_hello_without_an_answer_is_told_at_the_end),
		T(an_answer_without_its_hello_is_told),
		T(tls_after_a_dialogue_in_text_is_found),
		T(messages_over_udp_are_told),
		T(messages_on_any_port_are_told),
		T(an_answer_seen_alone_has_the_querier_as_initiator),
		T(a_datagram_that_was_cut_tells_what_is_there),
		T(records_are_told_as_their_types_read),
		T(messages_over_tcp_are_told_however_they_are_split),
		T(a_short_message_behind_a_long_one_does_not_wait),
		T(dns_over_tcp_is_known_on_any_port),
		T(after_a_loss_the_next_dns_message_is_found),
		cmocka_unit_test(
		    more_sessions_than_allowed_evict_the_oldest_undecided),
		cmocka_unit_test(
		    a_session_that_is_evicted_tells_what_it_knows),
		cmocka_unit_test(short_memory_loses_no_request),
		cmocka_unit_test(short_memory_loses_no_response),
		cmocka_unit_test(
		    early_octets_of_many_flows_stay_within_memory),
		cmocka_unit_test(more_flows_than_allowed_are_told_as_evicted),
		cmocka_unit_test_setup_teardown(
		    a_tracker_may_be_freed_with_flows_in_it, setup,
		    teardown_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
