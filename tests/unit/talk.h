#ifndef TESTS_UNIT_TALK_H
#define TESTS_UNIT_TALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/capture.h"
#include "sensor/tracker.h"
#include "tests/unit/frames.h"
#include "tests/unit/messages.h"

/*
 * Conversations, packet by packet, with a tracker that listens; what it tells
 * is written down, a line for each observation.
 */

#define SECOND UINT64_C(1000000)
#define NOW    (UINT64_C(1774915263) * SECOND)

#define ALL_KINDS (OBS_BIT(OBS_HOST + 1) - 1)
#define MESSAGES                                                               \
	(OBS_BIT(OBS_DNS) | OBS_BIT(OBS_HTTP_REQUEST) | OBS_BIT(OBS_HTTP) |    \
	    OBS_BIT(OBS_TLS_HELLO) | OBS_BIT(OBS_TLS) | OBS_BIT(OBS_QUIC) |    \
	    OBS_BIT(OBS_QUIC_HANDSHAKE) | OBS_BIT(OBS_PROXY) |                 \
	    OBS_BIT(OBS_HOST))

/* ---- what the tracker tells, a line for each observation ---- */

struct bench {
	struct tracker *tracker;
	struct segments *segments;
	char told[65536];
	size_t told_len;
	uint64_t now_us, number;
	uint64_t flow_id;          /* of the last observation */
	struct observation last;   /* without its text */
	struct observation *copy;  /* of the last one, with its text */
	bool quiet;                /* only checks */
	size_t batch_max, batched; /* 0: each packet by itself */
	struct packet batch[CAPTURE_BATCH_MAX];
	unsigned requests, exchanges, flow_ends, evicted;
};

__attribute__((format(printf, 2, 3))) static inline void
say(struct bench *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	b->told_len += (size_t)vsnprintf(b->told + b->told_len,
	    sizeof b->told - b->told_len, format, ap);
	va_end(ap);
	assert_true(b->told_len < sizeof b->told);
}

static inline void
say_text(struct bench *b, const struct observation *o, struct obs_text text)
{
	say(b, " %.*s", text.len > 0 ? (int)text.len : 1,
	    text.len > 0 ? obs_octets(o, text) : "-");
}

static inline void
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

static inline void
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

static inline void
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

static inline void
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

static inline void
say_proxy(struct bench *b, const struct observation *o)
{
	static const char *const commands[] = { "?", "connect", "bind", "udp" };

	say(b, "socks%u %s", o->proxy.version, commands[o->proxy.command]);
	say_text(b, o, o->proxy.host);
	say(b, ":%u", o->proxy.port);
}

static inline void
say_host(struct bench *b, const struct observation *o)
{
	const uint8_t *octets = o->host.addr.octets;

	say(b, "host %u.%u.%u.%u", octets[12], octets[13], octets[14],
	    octets[15]);
	say_text(b, o, o->host.name);
}

static inline const char *
app_name(const struct observation *o)
{
	static const char *const names[] = { "none", "unknown", "dns", "mdns",
		"llmnr", "http", "tls", "tunnel", "quic", "socks", "dhcp" };

	return names[o->app];
}

static inline const char *
reason_name(const struct observation *o)
{
	static const char *const names[] = { "closed", "timeout", "evicted",
		"shutdown" };

	return names[o->flow.reason];
}

static inline void
say_observation(struct bench *b, const struct observation *o)
{
	switch ((enum obs_kind)o->kind) {
	case OBS_FLOW_START:
		say(b, "start %u>%u", o->port[DIR_OUT], o->port[DIR_IN]);
		break;
	case OBS_FLOW_APP:
		say(b, "app %s", app_name(o));
		break;
	case OBS_FLOW_BURST:
		say(b, "burst %u/%u", (unsigned)o->packets[DIR_OUT],
		    (unsigned)o->packets[DIR_IN]);
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
	case OBS_QUIC:
		say(b, "quic");
		say_tls(b, o);
		break;
	case OBS_QUIC_HANDSHAKE:
		say(b, "quic handshake");
		say_tls(b, o);
		break;
	case OBS_PROXY:
		say_proxy(b, o);
		break;
	case OBS_HOST:
		say_host(b, o);
		break;
	}
	say(b, "%s%s\n", o->cut ? " cut" : "",
	    o->midstream ? " midstream" : "");
}

static inline void
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
	free(b->copy);
	b->copy = exact;
}

static inline void
assert_told(struct bench *b, const char *expected)
{
	assert_string_equal(b->told, expected);
	b->told_len = 0;
	b->told[0] = '\0';
}

/* ---- a tracker ---- */

static inline struct tracker_options
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

static inline struct bench *
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

static inline uint64_t
held(struct bench *b)
{
	struct tracker_counts counts;

	tracker_get_counts(b->tracker, &counts);
	return counts.stream_octets;
}

static inline void
bench_free(struct bench *b)
{
	tracker_finish(b->tracker);
	assert_int_equal(held(b), 0);
	tracker_free(b->tracker);
	segments_free(b->segments);
	free(b->copy);
	free(b);
}

static inline int
setup(void **state)
{
	*state = bench_new(some_options(MESSAGES));
	return 0;
}

static inline int
setup_flows(void **state)
{
	*state = bench_new(some_options(ALL_KINDS));
	return 0;
}

static inline int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static inline void
hand_on(struct bench *b)
{
	tracker_packets(b->tracker, b->batch, b->batched);
	while (b->batched > 0)
		free((void *)(uintptr_t)(b->batch[--b->batched].octets - 1));
}

/* The frame alone in its block, so that no overread is silent. */
static inline void
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
	b->batch[b->batched++] = packet;
	if (b->batched >= b->batch_max)
		hand_on(b);
	b->now_us += 1000;
}

/* ---- conversations ---- */

struct talk {
	struct bench *b;
	struct frame_end end[2]; /* by enum direction */
	uint32_t seq[2];         /* of the next octet that this end sends */
	bool one_sided;          /* the responder is not seen */
};

static inline struct talk
talk_to(struct bench *b, uint16_t client_port, uint16_t server_port)
{
	return (struct talk){ b,
		{ { { 192, 0, 2, 1 }, client_port },
		    { { 198, 51, 100, 7 }, server_port } },
		{ 1000, 0xfffffff0 }, false };
}

static inline void
send_at(struct talk *k, enum direction dir, uint32_t seq, uint8_t flags,
    const void *octets, size_t len)
{
	static struct frame_bytes f;

	frame_tcp(&f, &k->end[dir], &k->end[!dir], seq, k->seq[!dir], flags,
	    octets, len);
	send_frame(k->b, &f, f.len);
}

static inline void
send_octets(struct talk *k, enum direction dir, const void *octets, size_t len)
{
	send_at(k, dir, k->seq[dir], TCP_ACK | TCP_PSH, octets, len);
	k->seq[dir] += (uint32_t)len;
}

static inline void
client(struct talk *k, const char *text)
{
	send_octets(k, DIR_OUT, text, strlen(text));
}

static inline void
server(struct talk *k, const char *text)
{
	send_octets(k, DIR_IN, text, strlen(text));
}

static inline void
send_message(struct talk *k, enum direction dir, struct message m)
{
	send_octets(k, dir, m.octets, m.len);
}

/* Sent, but the capture missed it. */
static inline void
lose(struct talk *k, enum direction dir, size_t len)
{
	k->seq[dir] += (uint32_t)len;
}

static inline void
acknowledge(struct talk *k, enum direction dir)
{
	send_at(k, dir, k->seq[dir], TCP_ACK, NULL, 0);
}

static inline void
shake_hands(struct talk *k)
{
	send_at(k, DIR_OUT, k->seq[DIR_OUT]++, TCP_SYN, NULL, 0);
	if (!k->one_sided)
		send_at(k, DIR_IN, k->seq[DIR_IN]++, TCP_SYN | TCP_ACK, NULL,
		    0);
	acknowledge(k, DIR_OUT);
}

static inline struct talk
talk(struct bench *b, uint16_t client_port, uint16_t server_port)
{
	struct talk k = talk_to(b, client_port, server_port);

	shake_hands(&k);
	return k;
}

static inline void
hang_up(struct talk *k)
{
	send_at(k, DIR_OUT, k->seq[DIR_OUT]++, TCP_FIN | TCP_ACK, NULL, 0);
	if (!k->one_sided)
		send_at(k, DIR_IN, k->seq[DIR_IN]++, TCP_FIN | TCP_ACK, NULL,
		    0);
	acknowledge(k, DIR_OUT);
}

static inline void
finish(struct bench *b)
{
	tracker_finish(b->tracker);
	assert_int_equal(held(b), 0);
}

static const uint8_t answered[4] = { 203, 0, 113, 9 };

static inline void
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

static inline void
assert_obs_text(struct bench *b, struct obs_text text, const char *expected)
{
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(obs_octets(b->copy, text), expected, text.len);
}

#endif
