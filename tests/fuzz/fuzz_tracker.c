#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/cursor.h"
#include "sensor/tracker.h"
#include "tests/unit/frames.h"

/*
 * The input is what is captured of a handful of flows, by a tracker that has
 * hardly any room.  Besides the sanitizers' findings, this looks for
 * observations that are not well formed, things that are told twice or never,
 * and memory that is held in the end.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FLOWS 4

struct end {
	uint32_t seq; /* of the next octet */
};

struct scene {
	struct tracker *tracker;
	struct end end[FLOWS][2]; /* client, server */
	uint64_t now_us, number;
	uint8_t cut; /* octets that the next frame loses at its end */
	uint64_t told[OBS_HOST + 1];
};

static const uint16_t server_ports[FLOWS] = { 80, 443, 53, 4444 };

/* Not with NDEBUG either. */
static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* ---- observations ---- */

static void
check_text(const struct observation *o, struct obs_text text)
{
	uint32_t room = o->size - (uint32_t)sizeof *o;

	require(text.at <= room && text.len <= room - text.at);
}

static const void *
check_array(const struct observation *o, struct obs_array array, size_t size)
{
	size_t room = o->size - sizeof *o;

	require(array.at <= room && array.count <= (room - array.at) / size);
	require(array.count == 0 || array.at % 8 == 0);
	return obs_elements(o, array);
}

static void
check_dns(const struct observation *o)
{
	const struct obs_question *q = check_array(o, o->dns.questions,
	    sizeof *q);
	const struct obs_record *r = check_array(o, o->dns.records, sizeof *r);

	for (uint32_t i = 0; i < o->dns.questions.count; i++)
		check_text(o, q[i].name);
	for (uint32_t i = 0; i < o->dns.records.count; i++) {
		check_text(o, r[i].name);
		check_text(o, r[i].data);
		check_text(o, r[i].extra);
		require(r[i].section >= DNS_ANSWER &&
			r[i].section <= DNS_ADDITIONAL);
	}
}

static void
check_http(const struct observation *o)
{
	const struct obs_http *h = &o->http;
	const struct obs_text texts[] = { h->method, h->target, h->path,
		h->host, h->user_agent, h->referer, h->content_type, h->body,
		h->response_type, h->location, h->server, h->package,
		h->response_body };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		check_text(o, texts[i]);
	require(h->has_request || h->has_response);
	require(h->has_request || o->kind == OBS_HTTP);
	require(!h->has_response || o->kind == OBS_HTTP);
	require(h->body.len <= 1024);
	require(h->response_body.len <= 64);
	require(h->has_response || h->response_body.len == 0);
}

static void
check_tls(const struct observation *o)
{
	const struct obs_text *names = check_array(o, o->tls.client_alpn,
	    sizeof *names);
	const struct obs_text prints[] = { o->tls.ja3, o->tls.ja3_string,
		o->tls.ja4, o->tls.ja3s, o->tls.ja3s_string };

	for (size_t i = 0; i < sizeof prints / sizeof prints[0]; i++)
		check_text(o, prints[i]);
	for (uint32_t i = 0; i < o->tls.client_alpn.count; i++)
		check_text(o, names[i]);
	check_text(o, o->tls.server_name);
	check_text(o, o->tls.server_alpn);
	check_text(o, o->tls.tunnel_host);
	require(o->tls.has_client || o->tls.has_server);
	require(o->tls.has_client || o->kind == OBS_TLS);
	require(!o->tls.has_server || o->kind == OBS_TLS ||
		o->kind == OBS_QUIC_HANDSHAKE);
	require(o->tls.tunnel_app == APP_SOCKS ||
		o->tls.tunnel_app == APP_HTTP_TUNNEL ||
		(o->tls.tunnel_app == 0 && o->tls.tunnel_host.len == 0));
}

static void
check_proxy(const struct observation *o)
{
	check_text(o, o->proxy.host);
	require(o->proxy.host.len > 0 && o->proxy.host.len <= 255);
	require(o->proxy.version == 4 || o->proxy.version == 5);
	require(o->proxy.command >= 1 && o->proxy.command <= 3);
}

static void
take(void *arg, const struct observation *from)
{
	struct scene *scene = arg;
	struct observation *o = malloc(from->size);

	require(from->size >= sizeof *o && from->size <= OBS_SIZE_MAX);
	require(from->size % 8 == 0 && o != NULL);
	memcpy(o, from, from->size);
	require(o->kind <= OBS_HOST);
	require(!o->ndpi.known || o->ndpi.by > CLASSIFIED_NOT);
	require(o->flow_id > 0 && o->flow_id < UINT64_C(1) << 52);
	scene->told[o->kind]++;
	switch ((enum obs_kind)o->kind) {
	case OBS_FLOW_START:
	case OBS_FLOW_APP:
	case OBS_FLOW_BURST:
	case OBS_FLOW_END:
		require(o->flow.reason <= FLOW_END_SHUTDOWN);
		require(o->packets[0] + o->packets[1] > 0);
		break;
	case OBS_DNS:
		check_dns(o);
		break;
	case OBS_HTTP_REQUEST:
	case OBS_HTTP:
		check_http(o);
		break;
	case OBS_TLS_HELLO:
	case OBS_TLS:
	case OBS_QUIC:
	case OBS_QUIC_HANDSHAKE:
		check_tls(o);
		break;
	case OBS_PROXY:
		check_proxy(o);
		break;
	case OBS_HOST:
		check_text(o, o->host.name);
		require(o->host.name.len > 0);
		break;
	}
	free(o);
}

/* ---- frames ---- */

static void
send_frame(struct scene *scene, const struct frame_bytes *f)
{
	size_t caplen = f->len > scene->cut ? f->len - scene->cut : 0;
	uint8_t *octets = malloc(caplen + 1);
	struct packet packet = { .octets = octets + 1,
		.caplen = (uint32_t)caplen,
		.wire_len = (uint32_t)f->len,
		.time_us = scene->now_us,
		.number = ++scene->number,
		.link_type = FRAME_LINK_TYPE };

	require(octets != NULL);
	memcpy(octets + 1, f->octets, caplen);
	tracker_packets(scene->tracker, &packet, 1);
	free(octets);
	scene->cut = 0;
	scene->now_us += 1000;
}

static struct frame_end
end_of(unsigned flow, unsigned side)
{
	struct frame_end end = { { 192, 0, 2, (uint8_t)(1 + flow) },
		(uint16_t)(50000 + flow) };

	if (side == 1)
		end = (struct frame_end){ { 198, 51, 100, 7 },
			server_ports[flow] };
	return end;
}

static bool
read_payload(struct cursor *in, struct cursor *payload)
{
	uint16_t len;

	if (!cur_u16(in, &len))
		return false;
	len %= 2048;
	return cur_take(in, len < in->left ? len : in->left, payload);
}

static bool
read_segment(struct scene *scene, unsigned flow, unsigned side, bool odd,
    struct cursor *in)
{
	static struct frame_bytes f;
	struct frame_end from = end_of(flow, side), to = end_of(flow, !side);
	struct end *end = &scene->end[flow][side];
	struct cursor payload;
	uint16_t delta = 0;
	uint8_t flags;
	uint32_t seq;

	if (!cur_u8(in, &flags) || (odd && !cur_u16(in, &delta)) ||
	    !read_payload(in, &payload))
		return false;
	seq = end->seq + (uint32_t)(int16_t)delta;
	frame_tcp(&f, &from, &to, seq, scene->end[flow][!side].seq, flags,
	    payload.at, payload.left);
	if (!odd)
		end->seq += (uint32_t)payload.left + !!(flags & TCP_SYN) +
		            !!(flags & TCP_FIN);
	send_frame(scene, &f);
	return true;
}

static bool
read_datagram(struct scene *scene, unsigned flow, unsigned side, bool dhcp,
    struct cursor *in)
{
	static struct frame_bytes f;
	struct frame_end from = end_of(flow, side), to = end_of(flow, !side);
	struct cursor payload;

	if (dhcp)
		to.port = 67;
	if (!read_payload(in, &payload))
		return false;
	frame_udp(&f, &from, &to, payload.at, payload.left);
	send_frame(scene, &f);
	return true;
}

/* Time, losses, and what the capture cut off. */
static bool
read_event(struct scene *scene, unsigned flow, unsigned side, struct cursor *in)
{
	uint8_t which, number;

	if (!cur_u8(in, &which) || !cur_u8(in, &number))
		return false;
	switch (which % 5) {
	case 0:
		scene->now_us += number * UINT64_C(1000000);
		break;
	case 1:
		scene->now_us -= number * UINT64_C(1000000);
		break;
	case 2:
		tracker_idle(scene->tracker, scene->now_us);
		break;
	case 3:
		scene->end[flow][side].seq += number * 16u;
		break;
	case 4:
		scene->cut = number;
		break;
	}
	return true;
}

static bool
step(struct scene *scene, struct cursor *in)
{
	unsigned flow, side;
	uint8_t op;

	if (!cur_u8(in, &op))
		return false;
	flow = op & 3;
	side = op >> 2 & 1;
	switch (op >> 3 & 3) {
	case 0:
		return read_segment(scene, flow, side, false, in);
	case 1:
		return read_segment(scene, flow, side, true, in);
	case 2:
		return read_datagram(scene, flow, side, op >> 5 & 1, in);
	default:
		return read_event(scene, flow, side, in);
	}
}

/* ---- the end ---- */

static void
check_counts(const struct scene *scene)
{
	struct tracker_counts counts;
	uint64_t all = 0;

	tracker_get_counts(scene->tracker, &counts);
	require(counts.stream_octets == 0);
	require(counts.flows.active == 0);
	require(counts.verdicts.active == 0);
	require(scene->told[OBS_FLOW_START] == counts.flows.created);
	require(scene->told[OBS_FLOW_END] == counts.flows.created);
	require(scene->told[OBS_FLOW_APP] <= counts.flows.created);
	require(scene->told[OBS_HTTP_REQUEST] == counts.apps.http_requests);
	require(scene->told[OBS_HTTP] <=
		counts.apps.http_requests + counts.apps.http_responses);
	require(scene->told[OBS_HTTP] >= counts.apps.http_responses);
	require(scene->told[OBS_TLS_HELLO] == counts.apps.tls_hellos);
	require(scene->told[OBS_QUIC] == counts.apps.quic_hellos);
	require(scene->told[OBS_QUIC_HANDSHAKE] == scene->told[OBS_QUIC]);
	require(scene->told[OBS_DNS] == counts.apps.dns_messages);
	require(scene->told[OBS_PROXY] == counts.apps.socks_requests);
	require(scene->told[OBS_HOST] <= counts.apps.dhcp_messages);
	for (size_t i = 0; i <= OBS_HOST; i++)
		all += scene->told[i];
	require(all == counts.observations);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* nDPI takes too long to begin for each input; that all begin at
	 * another time gives it the credit for their flows. */
	static const struct verdicts_options classify = { 2, true };
	static struct verdicts *verdicts;
	static struct segments *segments;
	static uint64_t runs;
	struct scene scene = { .now_us = UINT64_C(1774915263000000) +
		                         runs++ * UINT64_C(10000000) };
	struct cursor in = cur_of(data, size);
	struct tracker_options options = {
		.flows = { .flows_max = 3, .idle_s = { 30, 10, 40, 60, 200 } },
		.fragments = { 4, 65536, 60000000 },
		.stream_ahead_max = 4096,
		.sessions_max = 2,
		.kinds = OBS_BIT(OBS_HOST + 1) - 1,
		.emit = take,
		.emit_arg = &scene,
	};
	uint8_t room;

	if (segments == NULL) {
		segments = segments_new();
		require(segments != NULL && segments_compile(segments) == 0);
		verdicts = verdicts_new(&classify);
		require(verdicts != NULL);
	}
	if (!cur_u8(&in, &room))
		return 0;
	options.segments = segments;
	options.verdicts = verdicts;
	options.stream_octets_max = room * 512u;
	scene.tracker = tracker_new(&options);
	require(scene.tracker != NULL);
	while (step(&scene, &in))
		continue;
	tracker_finish(scene.tracker);
	check_counts(&scene);
	tracker_free(scene.tracker);
	return 0;
}
