#include "decoders/dns.h"
#include "decoders/http.h"
#include "decoders/tls.h"
#include "sensor/tracker_state.h"

/*
 * What a TCP flow speaks, by its content, on any port.  Each segment's
 * beginning is looked at, not only the first one's: a proxy's greeting or
 * STARTTLS may come before.
 */

#define DNS_PORT 53
/* Payloads without a result before a flow is left alone. */
#define TRIES_MAX 24

enum verdict { NOT_IT, PERHAPS, FOUND };

static enum verdict
try_tls(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets)
{
	switch (tls_guess(octets)) {
	case TLS_NO:
		return NOT_IT;
	case TLS_MAYBE:
		return PERHAPS;
	case TLS_IS_CLIENT_HELLO:
		session_decide(t, session, APP_TLS, end, &app_tls);
		return FOUND;
	case TLS_IS_SERVER_HELLO:
		session_decide(t, session, APP_TLS, !end, &app_tls);
		return FOUND;
	}
	return NOT_IT;
}

static enum verdict
try_http(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets)
{
	switch (http_guess(octets)) {
	case HTTP_NO:
		return NOT_IT;
	case HTTP_MAYBE:
		return PERHAPS;
	case HTTP_REQUEST:
		session_decide(t, session, APP_HTTP, end, &app_http);
		return FOUND;
	case HTTP_RESPONSE:
		session_decide(t, session, APP_HTTP, !end, &app_http);
		return FOUND;
	}
	return NOT_IT;
}

static enum verdict
try_socks(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets)
{
	switch (app_socks_guess(session, end, octets)) {
	case DECODE_OK:
		session_decide(t, session, APP_SOCKS, end, &app_socks);
		return FOUND;
	case DECODE_SHORT:
		session->socks.held[end] = octets.left;
		return PERHAPS;
	case DECODE_MALFORMED:
	case DECODE_UNSUPPORTED:
		/* Then what the other end said is no part of it, either. */
		session->stream[!end].skip += session->socks.held[!end];
		session->socks.held[!end] = 0;
		break;
	}
	return NOT_IT;
}

static bool
is_on_dns_port(const struct flow *flow)
{
	return flow->key.port[0] == DNS_PORT || flow->key.port[1] == DNS_PORT;
}

/* Any port: a whole and plausible message.  Port 53: waits for one. */
static enum verdict
try_dns(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets)
{
	struct cursor rest = octets, message;
	struct dns_header header;
	struct dns_reader reader;
	bool on_port = is_on_dns_port(session->flow);
	enum decode rc = dns_tcp_next(&rest, &message);

	if (rc == DECODE_SHORT && on_port)
		return PERHAPS;
	if (rc != DECODE_OK || !dns_plausible(message))
		return NOT_IT;
	if (dns_open(message, &header, &reader) != DECODE_OK)
		return NOT_IT;
	session_decide(t, session, APP_DNS,
	    (header.flags & DNS_QR) ? !end : end, &app_dns);
	return FOUND;
}

static void
give_up(struct tracker *t, struct session *session)
{
	struct flow *flow = session->flow;

	if (flow->app == APP_NONE)
		session_decide(t, session, APP_UNKNOWN, flow->initiator,
		    &app_detect);
	session_done(session);
}

/* Of one end, as if each offer were a segment. */
static void
classify(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets, size_t len)
{
	struct verdicts_payload payload = {
		.octets = cur_of(octets.at, len),
		.time_us = t->now_us,
		.seq = session->stream[end].next_seq - (uint32_t)octets.left,
		.ack = session->stream[!end].next_seq,
		.end = end,
	};

	verdicts_look(t->options.verdicts, session->flow, &payload);
}

static size_t
detect_octets(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets, bool last)
{
	static enum verdict (*const tries[])(struct tracker *, struct session *,
	    uint8_t, struct cursor) = { try_tls, try_http, try_socks, try_dns };
	size_t held = session->socks.held[end], used;
	bool perhaps = false;

	session->socks.held[end] = 0;

	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		switch (tries[i](t, session, end, octets)) {
		case FOUND:
			return session->app->octets(t, session, end, octets,
			    last);
		case PERHAPS:
			perhaps = true;
			break;
		case NOT_IT:
			break;
		}
	}
	if (perhaps && !last)
		return 0;
	/* What was held back for nothing goes by itself: another protocol may
	 * begin behind it. */
	used = held > 0 && held < octets.left ? held : octets.left;
	classify(t, session, end, octets, used);
	if (++session->flow->app_tries >= TRIES_MAX)
		give_up(t, session);
	return used;
}

static void
detect_gap(struct tracker *t, struct session *session, uint8_t end,
    uint32_t lost)
{
	(void)t;
	(void)session;
	(void)end;
	(void)lost;
}

static void
detect_closed(struct tracker *t, struct session *session, uint8_t end)
{
	(void)t;
	(void)session;
	(void)end;
}

/* The flow ended, and was nothing that we know. */
static void
detect_over(struct tracker *t, struct session *session)
{
	struct flow *flow = session->flow;

	if (flow->app == APP_NONE && flow->app_tries > 0)
		session_decide(t, session, APP_UNKNOWN, flow->initiator,
		    &app_detect);
}

static bool
detect_holds(const struct session *session)
{
	(void)session;
	return false;
}

const struct app_ops app_detect = { detect_octets, detect_gap, detect_closed,
	detect_over, detect_holds };
