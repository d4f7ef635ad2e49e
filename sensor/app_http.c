#include <string.h>

#include "decoders/http.h"
#include "sensor/tracker_state.h"

/*
 * HTTP/1.x over the two streams of a session: which response belongs to which
 * request, and what of the bodies is kept.  Bodies are skipped unseen but for
 * the first octets of a request's.
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

static void
add_request(struct tracker *t, const struct http_head *head,
    struct observation *o)
{
	struct obs_http *http = &o->http;

	http->has_request = true;
	http->request_minor = head->minor;
	http->request_us = t->now_us;
	http->method = add_octets(t, head->method);
	add_destination(t, head, http);
	http->user_agent = add_value(t, head->user_agent);
	http->referer = add_value(t, head->referer);
	http->content_type = add_value(t, head->content_type);
	http->request_body_len = head->has_body_len ? head->body_len : 0;
	o->cut |= head->cut;
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
	struct tunnel_host *tunnel;
	uint16_t port;

	if (!http_host_split(head->target, &host, &port) ||
	    host.left > UINT8_MAX)
		return NULL;
	tunnel = tracker_take(t, sizeof *tunnel + host.left);
	if (tunnel == NULL)
		return NULL;
	tunnel->port = port;
	tunnel->len = (uint16_t)host.left;
	memcpy(tunnel->name, host.at, host.left);
	return tunnel;
}

static bool
method_is(const struct http_head *head, const char *method)
{
	return head->method.left == strlen(method) &&
	       memcmp(head->method.at, method, head->method.left) == 0;
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

	t->apps.http_requests++;
	session->flow->named = 1;
	tell_request(t, session); /* the one before */
	exchange = begin_exchange(t, session, head);
	add_request(t, head,
	    tracker_observe(t, session->flow, OBS_HTTP_REQUEST));
	begin_body(half, &session->stream[end], http_request_framing(head),
	    head->body_len, exchange != NULL ? HTTP_BODY_KEEP : 0);
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

/* The response's body has ended; `body_len` octets of it were seen. */
static void
tell_answered(struct tracker *t, struct session *session, uint64_t body_len)
{
	struct http_session *http = &session->http;

	if (http->answered == NULL)
		return;
	resume(t, session, http->answered)->http.response_body_len = body_len;
	tracker_drop(t, http->answered);
	http->answered = NULL;
	tracker_emit(t);
}

/* Now, or when the end of the body tells its length. */
static void
tell_response(struct tracker *t, struct session *session,
    const struct http_head *head, const struct http_exchange *exchange,
    bool wait)
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
	if (session->http.answered == NULL)
		tracker_emit(t);
}

static bool
is_interim(const struct http_head *head)
{
	return head->status >= 100 && head->status < 200 && head->status != 101;
}

static void
take_response(struct tracker *t, struct session *session, uint8_t end,
    const struct http_head *head)
{
	struct http_session *http = &session->http;
	struct http_half *half = &http->half[end];
	struct http_exchange *exchange;
	enum http_framing framing;

	if (is_interim(head))
		return;
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
	tell_response(t, session, head, exchange,
	    framing == HTTP_BODY_CHUNKED || framing == HTTP_BODY_TO_CLOSE);
	begin_body(half, &session->stream[end], framing, head->body_len, 0);
	if (framing == HTTP_BODY_UPGRADED) {
		session_done(session);
	} else if (framing == HTTP_BODY_TUNNEL) {
		struct tunnel_host *tunnel = exchange->tunnel;

		exchange->tunnel = NULL;
		session_enter_tunnel(t, session, tunnel);
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
	enum http_guess guess = http_guess(octets);
	enum http_guess wanted = is_client(session, end) ? HTTP_REQUEST
	                                                 : HTTP_RESPONSE;

	if (is_tunnel_already(session, end, guess)) {
		struct tunnel_host *tunnel = session->http.newest->tunnel;

		session->http.newest->tunnel = NULL;
		session_enter_tunnel(t, session, tunnel);
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
	if (is_client(session, end))
		take_request(t, session, end, &head);
	else
		take_response(t, session, end, &head);
	if (head.cut) { /* nothing is known about what follows */
		stream->skip = 0;
		half->phase = HTTP_LOST;
	}
	return head.head_len;
}

static void
collect(struct http_session *http, struct http_half *half, struct cursor data)
{
	size_t n = data.left < half->collect ? data.left
	                                     : (size_t)half->collect;

	if (http->body == NULL || n == 0)
		return;
	memcpy(http->body + http->body_len, data.at, n);
	http->body_len += (uint32_t)n;
	half->collect -= n;
}

/* The first octets of a request's body; then the rest is skipped. */
static size_t
read_body(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets)
{
	struct http_half *half = &session->http.half[end];
	size_t n = octets.left < half->collect ? octets.left
	                                       : (size_t)half->collect;

	if (session->http.body == NULL) { /* told already, or no memory */
		end_collecting(half, &session->stream[end]);
		return 0;
	}
	collect(&session->http, half, cur_of(octets.at, n));
	if (half->collect == 0) {
		tell_request(t, session);
		end_collecting(half, &session->stream[end]);
	}
	return n;
}

static void
body_ended(struct tracker *t, struct session *session, uint8_t end)
{
	struct http_half *half = &session->http.half[end];

	half->phase = HTTP_AT_HEAD;
	if (is_client(session, end))
		tell_request(t, session);
	else
		tell_answered(t, session, half->chunks.body_len);
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
		if (is_client(session, end)) {
			collect(&session->http, half, data);
			if (half->collect == 0)
				tell_request(t, session);
		}
	} while (rc == DECODE_SHORT && rest.left > 0);
	if (rc == DECODE_MALFORMED) {
		body_ended(t, session, end);
		return lose(half, &session->stream[end], octets);
	}
	if (rc == DECODE_OK) {
		body_ended(t, session, end);
	} else if (half->chunks.skip > 0 &&
		   (session->http.body == NULL || !is_client(session, end))) {
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
		return octets.left;
	}
	return octets.left;
}

static void
http_gap(struct tracker *t, struct session *session, uint8_t end, uint32_t lost)
{
	struct http_half *half = &session->http.half[end];

	/* A hole inside a body whose end is known costs nothing else. */
	if (half->phase == HTTP_IN_BODY && lost <= half->collect + half->rest) {
		tell_request(t, session);
		end_collecting(half, &session->stream[end]);
		session->stream[end].skip -= lost;
		return;
	}
	if (is_client(session, end))
		tell_request(t, session);
	else
		tell_answered(t, session, half->chunks.body_len);
	half->phase = HTTP_LOST;
	half->scanned = 0;
}

static void
http_closed(struct tracker *t, struct session *session, uint8_t end)
{
	struct http_half *half = &session->http.half[end];

	if (is_client(session, end))
		tell_request(t, session);
	else
		tell_answered(t, session,
		    half->phase == HTTP_TO_CLOSE
			? TO_CLOSE_SKIP - session->stream[end].skip
			: half->chunks.body_len);
}

static void
http_over(struct tracker *t, struct session *session)
{
	struct http_session *http = &session->http;

	tell_request(t, session);
	tell_answered(t, session, 0);
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
