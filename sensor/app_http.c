#include <string.h>

#include "decoders/http.h"
#include "decoders/package_path.h"
#include "sensor/tracker_state.h"

/*
 * HTTP/1.x over the two streams of a session: which response belongs to which
 * request, and what of the bodies is kept.  Bodies are skipped unseen but for
 * their first octets.
 */

/* Offers without a message, after a hole, before an end is given up. */
#define MISSES_MAX 64
/* Skips to the end of the stream, and what is left of it says how much that
 * was: STREAM_SKIP_ALL would not count. */
#define TO_CLOSE_SKIP (STREAM_SKIP_ALL - 1)
/* Longer values are of no use to anyone who looks at hits. */
#define VALUE_LEN_MAX 8192

static bool
is_client(const struct session *session, uint8_t end)
{
	return session->client == end;
}

static struct http_exchange *
exchange_new(struct tracker *t, struct session *session)
{
	struct http_exchange *exchange = tracker_take(t, sizeof *exchange);
	struct http_session *http = &session->http;

	if (exchange == NULL)
		return NULL;
	if (http->newest != NULL)
		http->newest->next = exchange;
	else
		http->oldest = exchange;
	http->newest = exchange;
	http->exchange_count++;
	return exchange;
}

static void
exchange_free(struct tracker *t, struct http_exchange *exchange)
{
	tracker_drop(t, exchange->kept);
	tunnel_host_free(t, exchange->tunnel);
	tracker_give(t, exchange, sizeof *exchange);
}

static struct http_exchange *
exchange_take_oldest(struct http_session *http)
{
	struct http_exchange *exchange = http->oldest;

	if (exchange == NULL)
		return NULL;
	http->oldest = exchange->next;
	if (http->oldest == NULL)
		http->newest = NULL;
	http->exchange_count--;
	return exchange;
}

/* ---- observations ---- */

static struct obs_text
add_value(struct tracker *t, struct cursor value)
{
	char unfolded[VALUE_LEN_MAX];

	if (value.at == NULL)
		return (struct obs_text){ 0, 0 };
	return observation_add(t->builder,
	    cur_of(unfolded,
		http_value_unfold(value, unfolded, sizeof unfolded)));
}

static struct obs_text
add_octets(struct tracker *t, struct cursor octets)
{
	if (octets.left > VALUE_LEN_MAX) {
		octets.left = VALUE_LEN_MAX;
		t->builder->o->cut = true;
	}
	return observation_add(t->builder, octets);
}

/* Host, port and path: of an absolute or authority target, else the Host
 * field's and the target (RFC 9112 section 3.3). */
static void
add_destination(struct tracker *t, const struct http_head *head,
    struct obs_http *http)
{
	struct cursor authority = { NULL, 0 }, path = { NULL, 0 }, host;
	enum http_target form = http_target_parse(head->method, head->target,
	    &authority, &path);

	http->target = add_octets(t, head->target);
	if (path.at != NULL && path.left > 0)
		http->path = observation_add_shared(t->builder, path,
		    http->target);
	if (form == HTTP_TARGET_ABSOLUTE)
		http->tunnelled = true;
	if (authority.at == NULL)
		authority = head->host;
	if (authority.at != NULL &&
	    http_host_split(authority, &host, &http->port))
		http->host = add_value(t, host);
}

static bool
method_is(const struct http_head *head, const char *method)
{
	return head->method.left == strlen(method) &&
	       memcmp(head->method.at, method, head->method.left) == 0;
}

/* By the last octet of what packages' files end with; or it is encoded. */
static bool
may_be_package(struct cursor path)
{
	static const char lasts[] = "z2lpedmrbZLPEDMRB";
	const uint8_t *query = memchr(path.at, '?', path.left);
	size_t len = query != NULL ? (size_t)(query - path.at) : path.left;

	return len > 3 && (memchr(lasts, path.at[len - 1], sizeof lasts - 1) ||
			      path.at[len - 3] == '%');
}

/* What is fetched, by its path; a description of a package is none. */
static void
add_package(struct tracker *t, const struct http_head *head,
    struct obs_http *http)
{
	struct observation *o = t->builder->o;
	struct cursor host = cur_of(obs_octets(o, http->host), http->host.len);
	struct cursor path = cur_of(obs_octets(o, http->path), http->path.len);
	struct package_path package;

	if (!method_is(head, "GET") || o->cut || !may_be_package(path))
		return;
	if (package_path_read(host, path, &package) &&
	    package.kind == PACKAGE_FILE)
		http->package = observation_add(t->builder,
		    cur_of(package.purl.text, package.purl.len));
}

static void
add_request(struct tracker *t, const struct session *session,
    const struct http_head *head, struct observation *o)
{
	struct obs_http *http = &o->http;

	http->has_request = true;
	http->tunnelled = session->tunnel_host != NULL;
	http->request_minor = head->minor;
	http->request_us = t->now_us;
	http->method = add_octets(t, head->method);
	add_destination(t, head, http);
	http->user_agent = add_value(t, head->user_agent);
	http->referer = add_value(t, head->referer);
	http->content_type = add_value(t, head->content_type);
	http->request_body_len = head->has_body_len ? head->body_len : 0;
	o->cut |= head->cut;
	add_package(t, head, http);
}

static void
add_response(struct tracker *t, const struct http_head *head,
    struct observation *o)
{
	struct obs_http *http = &o->http;

	http->has_response = true;
	http->response_minor = head->minor;
	http->status = head->status;
	http->response_us = t->now_us;
	http->response_type = add_value(t, head->content_type);
	http->location = add_value(t, head->location);
	http->server = add_value(t, head->server);
	http->response_body_len = head->has_body_len ? head->body_len : 0;
	o->cut |= head->cut;
}

/* The flow's counters and the clock, as they are by now. */
static struct observation *
resume(struct tracker *t, const struct session *session,
    const struct observation *kept)
{
	struct observation *o = observation_resume(t->builder, kept);
	const struct flow *flow = session->flow;

	o->time_us = t->now_us;
	o->packet_number = t->packet_number;
	o->flow_last_us = flow->last_us;
	memcpy(o->octets, flow->octets, sizeof o->octets);
	memcpy(o->packets, flow->packets, sizeof o->packets);
	return o;
}

/* ---- requests ---- */

static void
drop_body(struct tracker *t, struct http_session *http)
{
	tracker_give(t, http->body, HTTP_BODY_KEEP);
	http->body = NULL;
	http->body_len = 0;
}

/* Emits the newest request, with what there is of its body. */
static void
tell_request(struct tracker *t, struct session *session)
{
	struct http_session *http = &session->http;
	struct http_exchange *exchange = http->newest;
	struct observation *o;

	if (exchange == NULL || exchange->told)
		return;
	exchange->told = true;
	if (exchange->kept == NULL)
		return;
	o = resume(t, session, exchange->kept);
	o->http.body = observation_add(t->builder,
	    cur_of(http->body, http->body_len));
	tracker_drop(t, exchange->kept);
	exchange->kept = tracker_wants(t, OBS_HTTP) ? tracker_keep(t) : NULL;
	tracker_emit(t);
	drop_body(t, http);
}

/* A request without a response. */
static void
tell_unanswered(struct tracker *t, const struct session *session,
    const struct http_exchange *exchange)
{
	struct observation *o;

	if (exchange->kept == NULL || !tracker_wants(t, OBS_HTTP))
		return;
	o = resume(t, session, exchange->kept);
	o->kind = OBS_HTTP;
	tracker_emit(t);
}

static struct tunnel_host *
tunnel_host_of(struct tracker *t, const struct http_head *head)
{
	struct cursor host;
	uint16_t port;

	if (!http_host_split(head->target, &host, &port))
		return NULL;
	return tunnel_host_new(t, APP_HTTP_TUNNEL, host, port);
}

/* What is left of a body of known length passes unseen. */
static void
end_collecting(struct http_half *half, struct stream *stream)
{
	stream->skip = half->collect + half->rest;
	half->collect = half->rest = 0;
	half->phase = HTTP_AT_HEAD;
}

static void
begin_body(struct http_half *half, struct stream *stream,
    enum http_framing framing, uint64_t body_len, uint64_t collect)
{
	half->collect = collect;
	switch (framing) {
	case HTTP_BODY_NONE:
	case HTTP_BODY_UPGRADED:
	case HTTP_BODY_TUNNEL:
		half->phase = HTTP_AT_HEAD;
		break;
	case HTTP_BODY_LENGTH:
		half->collect = collect < body_len ? collect : body_len;
		half->rest = body_len - half->collect;
		half->phase = HTTP_IN_BODY;
		if (half->collect == 0)
			end_collecting(half, stream);
		break;
	case HTTP_BODY_CHUNKED:
		half->phase = HTTP_IN_CHUNKS;
		memset(&half->chunks, 0, sizeof half->chunks);
		break;
	case HTTP_BODY_TO_CLOSE:
		half->phase = HTTP_TO_CLOSE;
		if (collect == 0)
			stream->skip = TO_CLOSE_SKIP;
		break;
	}
}

static void
drop_oldest(struct tracker *t, struct session *session)
{
	struct http_exchange *exchange = exchange_take_oldest(&session->http);

	tell_unanswered(t, session, exchange);
	exchange_free(t, exchange);
}

/* What has to be known about a request when its response comes. */
static struct http_exchange *
begin_exchange(struct tracker *t, struct session *session,
    const struct http_head *head)
{
	struct http_exchange *exchange;

	if (session->http.exchange_count == HTTP_EXCHANGES_MAX)
		drop_oldest(t, session);
	if ((exchange = exchange_new(t, session)) == NULL)
		return NULL;
	exchange->is_head = method_is(head, "HEAD");
	exchange->is_connect = method_is(head, "CONNECT");
	if (exchange->is_connect)
		exchange->tunnel = tunnel_host_of(t, head);
	return exchange;
}

static void
take_request(struct tracker *t, struct session *session, uint8_t end,
    const struct http_head *head)
{
	struct http_session *http = &session->http;
	struct http_half *half = &http->half[end];
	struct http_exchange *exchange;
	enum http_framing framing;
	uint64_t keep = HTTP_BODY_KEEP;

	t->apps.http_requests++;
	session->flow->named = 1;
	tell_request(t, session); /* the one before */
	exchange = begin_exchange(t, session, head);
	framing = http_request_framing(head);
	if (exchange == NULL || framing == HTTP_BODY_TO_CLOSE)
		keep = 0;
	add_request(t, session, head,
	    tracker_observe(t, session->flow, OBS_HTTP_REQUEST));
	tracker_name(t, session->flow, APP_HTTP, t->builder->o->http.host);
	begin_body(half, &session->stream[end], framing, head->body_len, keep);
	if (exchange != NULL && half->phase != HTTP_AT_HEAD &&
	    half->phase != HTTP_TO_CLOSE) {
		drop_body(t, http);
		http->body = tracker_take(t, HTTP_BODY_KEEP);
		exchange->kept = tracker_keep(t);
		if (exchange->kept != NULL)
			return; /* told with its body's first octets */
	}
	if (exchange != NULL) {
		exchange->told = true;
		if (exchange->kept == NULL && tracker_wants(t, OBS_HTTP))
			exchange->kept = tracker_keep(t);
	}
	tracker_emit(t);
}

/* ---- responses ---- */

/* Octets of the response's body so far, or as they were announced. */
static uint64_t
response_seen(const struct session *session, uint64_t announced)
{
	uint8_t end = !session->client;
	const struct http_half *half = &session->http.half[end];

	switch ((enum http_phase)half->phase) {
	case HTTP_IN_CHUNKS:
		return half->chunks.body_len;
	case HTTP_TO_CLOSE:
		return half->collect > 0
		           ? session->http.response_len
		           : TO_CLOSE_SKIP - session->stream[end].skip;
	case HTTP_AT_HEAD:
	case HTTP_IN_BODY:
	case HTTP_LOST:
		break;
	}
	return announced;
}

/* The response's body, or what there is to be known of it, is there. */
static void
tell_answered(struct tracker *t, struct session *session)
{
	struct http_session *http = &session->http;
	struct observation *o;

	if (http->answered == NULL)
		return;
	o = resume(t, session, http->answered);
	o->http.response_body_len = response_seen(session,
	    o->http.response_body_len);
	o->http.response_body = observation_add(t->builder,
	    cur_of(http->response, http->response_len));
	tracker_drop(t, http->answered);
	http->answered = NULL;
	tracker_emit(t);
}

/* How much of the response's body there is to wait for. */
static uint64_t
octets_to_keep(const struct tracker *t, enum http_framing framing,
    uint64_t body_len)
{
	if (!tracker_wants(t, OBS_HTTP))
		return 0;
	switch (framing) {
	case HTTP_BODY_LENGTH:
		return body_len < HTTP_RESPONSE_KEEP ? body_len
		                                     : HTTP_RESPONSE_KEEP;
	case HTTP_BODY_CHUNKED:
	case HTTP_BODY_TO_CLOSE:
		return HTTP_RESPONSE_KEEP;
	case HTTP_BODY_NONE:
	case HTTP_BODY_UPGRADED:
	case HTTP_BODY_TUNNEL:
		break;
	}
	return 0;
}

/* Now, or when the body has shown its beginning or its length. */
static void
tell_response(struct tracker *t, struct session *session,
    const struct http_head *head, const struct http_exchange *exchange,
    struct cursor body, bool wait)
{
	struct observation *o;

	if (!tracker_wants(t, OBS_HTTP))
		return;
	if (exchange != NULL && exchange->kept != NULL)
		o = resume(t, session, exchange->kept);
	else
		o = tracker_observe(t, session->flow, OBS_HTTP);
	o->kind = OBS_HTTP;
	add_response(t, head, o);
	o->sender = (uint8_t)flow_direction(session->flow, !session->client);
	if (wait)
		session->http.answered = tracker_keep(t);
	if (session->http.answered != NULL)
		return;
	o->http.response_body = observation_add(t->builder, body);
	tracker_emit(t);
}

static bool
is_interim(const struct http_head *head)
{
	return head->status >= 100 && head->status < 200 && head->status != 101;
}

/*
 * `body` is what follows the head.  Where its first octets are there already,
 * as they mostly are, a body of known length is told with the head.
 */
static void
take_response(struct tracker *t, struct session *session, uint8_t end,
    const struct http_head *head, struct cursor body)
{
	struct http_session *http = &session->http;
	struct http_half *half = &http->half[end];
	struct http_exchange *exchange;
	enum http_framing framing;
	uint64_t keep;

	if (is_interim(head))
		return;
	tell_answered(t, session); /* whose end was not found */
	t->apps.http_responses++;
	/* Behind a hole it answers the latest request, as few pipeline. */
	while (half->phase == HTTP_LOST && http->exchange_count > 1)
		drop_oldest(t, session);
	half->phase = HTTP_AT_HEAD;
	exchange = http->oldest;
	framing = http_response_framing(head,
	    exchange != NULL && exchange->is_head,
	    exchange != NULL && exchange->is_connect);
	if (exchange != NULL && exchange == http->newest)
		tell_request(t, session);
	exchange_take_oldest(http);
	keep = octets_to_keep(t, framing, head->body_len);
	http->response_len = 0;
	if (framing == HTTP_BODY_LENGTH && body.left >= keep) {
		body.left = (size_t)keep;
		keep = 0;
	}
	tell_response(t, session, head, exchange,
	    framing == HTTP_BODY_LENGTH ? body : cur_of(NULL, 0), keep > 0);
	begin_body(half, &session->stream[end], framing, head->body_len, keep);
	if (framing == HTTP_BODY_UPGRADED) {
		session_done(session);
	} else if (framing == HTTP_BODY_TUNNEL) {
		struct tunnel_host *tunnel = exchange->tunnel;

		exchange->tunnel = NULL;
		session_enter_tunnel(t, session, APP_HTTP_TUNNEL, tunnel);
	}
	if (exchange != NULL)
		exchange_free(t, exchange);
}

/* ---- the streams ---- */

/*
 * A client that asked for a tunnel and goes on with something that is not
 * HTTP has got it, also where the answer was not captured.
 */
static bool
is_tunnel_already(const struct session *session, uint8_t end,
    enum http_guess guess)
{
	const struct http_exchange *newest = session->http.newest;

	return is_client(session, end) && guess == HTTP_NO && newest != NULL &&
	       newest->is_connect;
}

static size_t
lose(struct http_half *half, struct stream *stream, struct cursor octets)
{
	half->phase = HTTP_LOST;
	if (++half->misses > MISSES_MAX)
		stream->ended = true;
	return octets.left;
}

static size_t
read_head(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets, bool last)
{
	struct http_half *half = &session->http.half[end];
	struct stream *stream = &session->stream[end];
	struct http_head head;
	struct cursor body;
	enum http_guess guess = http_guess(octets);
	enum http_guess wanted = is_client(session, end) ? HTTP_REQUEST
	                                                 : HTTP_RESPONSE;

	if (is_tunnel_already(session, end, guess)) {
		struct tunnel_host *tunnel = session->http.newest->tunnel;

		session->http.newest->tunnel = NULL;
		session_enter_tunnel(t, session, APP_HTTP_TUNNEL, tunnel);
		return 0;
	}
	if (guess == HTTP_MAYBE && !last)
		return 0;
	if (guess != wanted)
		return lose(half, stream, octets);
	if (!last && !http_head_ready(octets, &half->scanned))
		return 0;
	switch (http_head_decode(octets,
	    is_client(session, end) ? HTTP_KIND_REQUEST : HTTP_KIND_RESPONSE,
	    last, &head)) {
	case DECODE_SHORT:
		return 0;
	case DECODE_OK:
		break;
	case DECODE_MALFORMED:
	case DECODE_UNSUPPORTED:
		t->apps.http_malformed++;
		return lose(half, stream, octets);
	}
	half->scanned = 0;
	half->misses = 0;
	body = octets;
	if (!cur_skip(&body, head.head_len))
		body.left = 0;
	if (is_client(session, end))
		take_request(t, session, end, &head);
	else
		take_response(t, session, end, &head, body);
	if (head.cut) { /* nothing is known about what follows */
		stream->skip = 0;
		half->phase = HTTP_LOST;
	}
	return head.head_len;
}

/* Whether this end's body is still wanted: it may have been told already, or
 * there was no memory for a request's. */
static bool
is_collecting(const struct session *session, uint8_t end)
{
	return session->http.half[end].collect > 0 &&
	       (!is_client(session, end) || session->http.body != NULL);
}

/* What is wanted of a body's next octets; how many. */
static size_t
collect(struct session *session, uint8_t end, struct cursor data)
{
	struct http_session *http = &session->http;
	struct http_half *half = &http->half[end];
	size_t n = data.left < half->collect ? data.left
	                                     : (size_t)half->collect;

	if (!is_collecting(session, end) || n == 0)
		return 0;
	if (is_client(session, end)) {
		memcpy(http->body + http->body_len, data.at, n);
		http->body_len += (uint32_t)n;
	} else {
		memcpy(http->response + http->response_len, data.at, n);
		http->response_len += (uint32_t)n;
	}
	half->collect -= n;
	return n;
}

/* A message as it is known by now: its body has ended, or need not. */
static void
tell_message(struct tracker *t, struct session *session, uint8_t end)
{
	if (is_client(session, end))
		tell_request(t, session);
	else
		tell_answered(t, session);
}

/* The first octets of a body; then the rest is skipped. */
static size_t
read_body(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets)
{
	size_t n = collect(session, end, octets);

	if (!is_collecting(session, end)) {
		tell_message(t, session, end);
		end_collecting(&session->http.half[end], &session->stream[end]);
	}
	return n;
}

/* Of a response without a length, too; its end tells that. */
static size_t
read_to_close(struct session *session, uint8_t end, struct cursor octets)
{
	struct stream *stream = &session->stream[end];
	size_t n = collect(session, end, octets);

	if (!is_collecting(session, end))
		stream->skip = TO_CLOSE_SKIP - session->http.response_len;
	return n;
}

static void
body_ended(struct tracker *t, struct session *session, uint8_t end)
{
	tell_message(t, session, end);
	session->http.half[end].phase = HTTP_AT_HEAD;
}

static size_t
read_chunks(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets)
{
	struct http_half *half = &session->http.half[end];
	struct cursor rest = octets, data;
	enum decode rc;

	do {
		rc = http_chunks_feed(&half->chunks, &rest, &data);
		(void)collect(session, end, data);
		if (is_client(session, end) && half->collect == 0)
			tell_request(t, session);
	} while (rc == DECODE_SHORT && rest.left > 0);
	if (rc == DECODE_MALFORMED) {
		body_ended(t, session, end);
		return lose(half, &session->stream[end], octets);
	}
	if (rc == DECODE_OK) {
		body_ended(t, session, end);
	} else if (half->chunks.skip > 0 && !is_collecting(session, end)) {
		session->stream[end].skip = half->chunks.skip;
		half->chunks.skip = 0;
	}
	return octets.left - rest.left;
}

static size_t
http_octets(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets, bool last)
{
	switch ((enum http_phase)session->http.half[end].phase) {
	case HTTP_AT_HEAD:
	case HTTP_LOST:
		return read_head(t, session, end, octets, last);
	case HTTP_IN_BODY:
		return read_body(t, session, end, octets);
	case HTTP_IN_CHUNKS:
		return read_chunks(t, session, end, octets);
	case HTTP_TO_CLOSE:
		return read_to_close(session, end, octets);
	}
	return octets.left;
}

static void
http_gap(struct tracker *t, struct session *session, uint8_t end, uint32_t lost)
{
	struct http_half *half = &session->http.half[end];

	/* A hole inside a body whose end is known costs nothing else. */
	if (half->phase == HTTP_IN_BODY && lost <= half->collect + half->rest) {
		tell_message(t, session, end);
		end_collecting(half, &session->stream[end]);
		session->stream[end].skip -= lost;
		return;
	}
	if (half->phase == HTTP_TO_CLOSE) {
		half->collect = 0;
		session->stream[end].skip = TO_CLOSE_SKIP -
		                            session->http.response_len - lost;
		return;
	}
	tell_message(t, session, end);
	half->phase = HTTP_LOST;
	half->scanned = 0;
}

static void
http_closed(struct tracker *t, struct session *session, uint8_t end)
{
	tell_message(t, session, end);
}

static void
http_over(struct tracker *t, struct session *session)
{
	struct http_session *http = &session->http;

	tell_request(t, session);
	tell_answered(t, session);
	while (http->oldest != NULL)
		drop_oldest(t, session);
	drop_body(t, http);
	memset(http, 0, sizeof *http);
}

static bool
http_holds(const struct session *session)
{
	const struct http_session *http = &session->http;

	return http->oldest != NULL || http->body != NULL ||
	       http->answered != NULL;
}

const struct app_ops app_http = { http_octets, http_gap, http_closed, http_over,
	http_holds };
