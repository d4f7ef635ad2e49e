#include <string.h>

#include "decoders/tls.h"
#include "sensor/hello.h"
#include "sensor/tracker_state.h"

/*
 * A TLS handshake: the ClientHello is told as soon as it is whole, the
 * handshake when the ServerHello is there too, or is not going to come.  Then
 * the flow is only counted.
 */

#define BEFORE_HELLO_MAX 64

static void
add_tunnel_host(struct tracker *t, const struct session *session,
    struct obs_tls *tls)
{
	const struct tunnel_host *host = session->tunnel_host;

	if (host == NULL)
		return;
	tls->tunnel_host = observation_add(t->builder,
	    cur_of(host->name, host->len));
	tls->tunnel_port = host->port;
	tls->tunnel_app = host->app;
}

static void
tell_client_hello(struct tracker *t, struct session *session,
    const struct tls_client_hello *hello, bool cut)
{
	struct observation *o = tracker_observe(t, session->flow,
	    OBS_TLS_HELLO);
	struct obs_tls *tls = &o->tls;

	session->flow->named = 1;
	o->cut = cut;
	hello_add_client(t, hello, cut, JA4_TCP, tls);
	add_tunnel_host(t, session, tls);
	tracker_name(t, session->flow, APP_TLS, tls->server_name);
	t->apps.tls_hellos++;
	if (tracker_wants(t, OBS_TLS)) {
		tracker_drop(t, session->tls.kept);
		session->tls.kept = tracker_keep(t);
	}
	tracker_emit(t);
}

/* The handshake, as far as it was seen; `hello` NULL: no ServerHello. */
static void
tell_handshake(struct tracker *t, struct session *session,
    const struct tls_server_hello *hello)
{
	struct observation *o;

	if (!tracker_wants(t, OBS_TLS) ||
	    (hello == NULL && session->tls.kept == NULL))
		return;
	if (session->tls.kept != NULL) {
		o = observation_resume(t->builder, session->tls.kept);
		o->kind = OBS_TLS;
	} else {
		o = tracker_observe(t, session->flow, OBS_TLS);
		add_tunnel_host(t, session, &o->tls);
	}
	o->tls.hello_retried = session->tls.retried;
	if (hello != NULL) {
		hello_add_server(t, hello, &o->tls);
		o->time_us = t->now_us;
		o->packet_number = t->packet_number;
	}
	tracker_drop(t, session->tls.kept);
	session->tls.kept = NULL;
	tracker_emit(t);
}

static bool
take_client_hello(struct tracker *t, struct session *session,
    const struct tls_handshake *handshake, bool whole)
{
	struct tls_client_hello hello;
	enum decode rc = tls_client_hello_decode(handshake->body, &hello);

	if (rc != DECODE_OK)
		t->apps.tls_malformed += whole;
	/* What was good of a bad or cut hello may be all there ever is. */
	if (rc != DECODE_OK && hello.server_name.at == NULL)
		return false;
	tell_client_hello(t, session, &hello, rc != DECODE_OK);
	return true;
}

/* True: the handshake is done with. */
static bool
take_server_hello(struct tracker *t, struct session *session,
    const struct tls_handshake *handshake)
{
	struct tls_server_hello hello;

	if (tls_server_hello_decode(handshake->body, &hello) != DECODE_OK) {
		t->apps.tls_malformed++;
		tell_handshake(t, session, NULL);
		return true;
	}
	if (hello.hello_retry_request) {
		session->tls.retried = true;
		return false;
	}
	tell_handshake(t, session, &hello);
	return true;
}

static void
done(struct session *session, uint8_t end)
{
	session->stream[end].ended = true;
}

/* RFC 5246 section 7.2: after a warning the handshake goes on. */
static bool
is_warning(const struct tls_record *record)
{
	return record->type == TLS_ALERT && record->fragment.left == 2 &&
	       record->fragment.at[0] == 1;
}

/* The first record is none of a handshake's: step over it. */
static size_t
skip_record(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets)
{
	struct cursor rest = octets;
	struct tls_record record;

	if (tls_record_next(&rest, &record) != DECODE_OK ||
	    record.type == TLS_APPLICATION_DATA ||
	    (record.type == TLS_ALERT && !is_warning(&record))) {
		if (end != session->client)
			tell_handshake(t, session, NULL);
		done(session, end);
		return octets.left;
	}
	return octets.left - rest.left;
}

/*
 * What a server said in the clear before it, such as PostgreSQL's consent, may
 * have been held back until the client's hello showed what this is.  The octets
 * to pass over; *wait: what is behind them may become a hello.
 */
static size_t
octets_before_hello(struct cursor octets, bool *wait)
{
	size_t before = 0;

	*wait = false;
	for (; before < BEFORE_HELLO_MAX && cur_skip(&octets, 1); before++) {
		enum tls_guess guess = tls_guess(octets);

		*wait = guess == TLS_MAYBE && octets.left > 0;
		if (*wait || guess == TLS_IS_SERVER_HELLO)
			return before + 1;
	}
	return 0;
}

static size_t
take_handshake(struct tracker *t, struct session *session, uint8_t end,
    const struct tls_handshake *handshake)
{
	if (end == session->client) {
		if (handshake->type == TLS_CLIENT_HELLO)
			take_client_hello(t, session, handshake, true);
		if (!tracker_wants(t, OBS_TLS))
			session_done(session);
		done(session, end);
	} else if (handshake->type != TLS_SERVER_HELLO ||
		   take_server_hello(t, session, handshake)) {
		session_done(session);
	}
	return handshake->consumed;
}

static size_t
tls_octets(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets, bool last)
{
	uint8_t scratch[TLS_HANDSHAKE_MAX];
	struct tls_handshake handshake;
	size_t before;
	bool wait;

	switch (
	    tls_handshake_open(octets, scratch, sizeof scratch, &handshake)) {
	case DECODE_OK:
		return take_handshake(t, session, end, &handshake);
	case DECODE_SHORT:
		if (!last)
			return 0;
		if (end == session->client && handshake.body.at != NULL &&
		    handshake.type == TLS_CLIENT_HELLO)
			take_client_hello(t, session, &handshake, false);
		break;
	case DECODE_UNSUPPORTED:
		return skip_record(t, session, end, octets);
	case DECODE_MALFORMED:
		before = octets_before_hello(octets, &wait);
		if (before > 0)
			return wait && !last ? 0 : before;
		t->apps.tls_malformed++;
		break;
	}
	done(session, end);
	return octets.left;
}

static void
tls_gap(struct tracker *t, struct session *session, uint8_t end, uint32_t lost)
{
	(void)t;
	(void)lost;
	done(session, end); /* there is no finding back into records */
}

static void
tls_closed(struct tracker *t, struct session *session, uint8_t end)
{
	(void)t;
	done(session, end);
}

static void
tls_over(struct tracker *t, struct session *session)
{
	tell_handshake(t, session, NULL);
	memset(&session->tls, 0, sizeof session->tls);
}

static bool
tls_holds(const struct session *session)
{
	return session->tls.kept != NULL;
}

const struct app_ops app_tls = { tls_octets, tls_gap, tls_closed, tls_over,
	tls_holds };
