#include <string.h>

#include "decoders/quic.h"
#include "decoders/tls.h"
#include "sensor/hello.h"
#include "sensor/tracker_state.h"

/*
 * QUIC: the ClientHello is told as soon as it is whole, the handshake when the
 * ServerHello is there too, or is not going to come.  Then the flow is only
 * counted.
 *
 * Anyone can send Initials, so a flow has a session no sooner than one was
 * opened as a client's, that session has memory only where one datagram was
 * not enough, and it ends after few datagrams that add nothing.  The flow's
 * port says nothing.
 */

/*
 * Datagrams, of both ends, that are read for the ClientHello, and after it for
 * the ServerHello.  Honest ones have them in the first few; packets that were
 * lost come again, and 0-RTT data may be in between.
 */
#define HELLO_DATAGRAMS  32
#define ANSWER_DATAGRAMS 16
/* Of these, datagrams in which something did not open or was wrong. */
#define USELESS_MAX 4

/* ---- telling ---- */

/* The handshake, as far as it was seen; `hello` NULL: no ServerHello. */
static void
tell_handshake(struct tracker *t, struct session *session,
    const struct tls_server_hello *hello, bool retried)
{
	struct observation *o;

	if (session->quic.kept == NULL)
		return;
	o = observation_resume(t->builder, session->quic.kept);
	o->kind = OBS_QUIC_HANDSHAKE;
	o->tls.hello_retried = retried;
	if (hello != NULL) {
		hello_add_server(t, hello, &o->tls);
		o->time_us = t->now_us;
		o->packet_number = t->packet_number;
	}
	tracker_drop(t, session->quic.kept);
	session->quic.kept = NULL;
	tracker_emit(t);
}

/* The client began anew, and with the same name: that is not told again. */
static bool
is_repeated(const struct quic_session *quic,
    const struct tls_client_hello *hello)
{
	const struct observation *kept = quic->kept;
	size_t len = hello->server_name.left;

	return kept != NULL && kept->tls.server_name.len == len &&
	       (len == 0 || memcmp(obs_octets(kept, kept->tls.server_name),
				hello->server_name.at, len) == 0);
}

/* A cut hello is told where the flow ends: no packet is at hand, nor will
 * there be an answer. */
static void
tell_client_hello(struct tracker *t, struct session *session,
    const struct quic_initials *q, const struct tls_client_hello *hello,
    bool cut)
{
	struct quic_session *quic = &session->quic;
	bool repeated = is_repeated(quic, hello);
	struct observation *o;

	if (!repeated)
		tell_handshake(t, session, NULL, false);
	o = tracker_observe(t, session->flow, OBS_QUIC);
	o->tls.quic_version = q->version;
	hello_add_client(t, hello, cut, JA4_QUIC, &o->tls);
	tracker_name(t, session->flow, APP_QUIC, o->tls.server_name);
	if (cut) {
		o->cut = true;
		o->packet_number = 0;
		o->source = session->flow->source;
		o->sender = (uint8_t)flow_direction(session->flow,
		    session->client);
	}
	if (!cut && tracker_wants(t, OBS_QUIC_HANDSHAKE)) {
		tracker_drop(t, quic->kept);
		quic->kept = tracker_keep(t);
	}
	if (!repeated) {
		session->flow->named = 1;
		t->apps.quic_hellos++;
		tracker_emit(t);
	}
	if (quic->kept == NULL && tracker_wants(t, OBS_QUIC_HANDSHAKE)) {
		o->kind = OBS_QUIC_HANDSHAKE;
		tracker_emit(t);
	}
}

/* ---- hellos ---- */

static void
take_client_hello(struct tracker *t, struct session *session,
    const struct quic_initials *q)
{
	struct cursor messages = quic_initials_messages(q, QUIC_CLIENT);
	struct tls_handshake handshake;
	struct tls_client_hello hello;
	bool whole = tls_handshake_next(&messages, &handshake) == DECODE_OK;
	bool good;

	session->quic.settled = true;
	if (handshake.type != TLS_CLIENT_HELLO || handshake.body.at == NULL)
		return;
	good = tls_client_hello_decode(handshake.body, &hello) == DECODE_OK;
	t->apps.quic_malformed += whole && !good;
	/* What was good of a bad or cut hello may be all there ever is. */
	if ((whole && good) || hello.server_name.at != NULL)
		tell_client_hello(t, session, q, &hello, !whole || !good);
}

/* A HelloRetryRequest may come first. */
static void
take_server_hello(struct tracker *t, struct session *session,
    const struct quic_initials *q)
{
	struct cursor messages = quic_initials_messages(q, QUIC_SERVER);
	struct tls_handshake handshake;
	struct tls_server_hello hello;
	bool retried = false;

	while (tls_handshake_next(&messages, &handshake) == DECODE_OK) {
		if (handshake.type != TLS_SERVER_HELLO ||
		    tls_server_hello_decode(handshake.body, &hello) !=
			DECODE_OK) {
			t->apps.quic_malformed++;
			tell_handshake(t, session, NULL, retried);
			return;
		}
		if (!hello.hello_retry_request) {
			tell_handshake(t, session, &hello, retried);
			return;
		}
		retried = true;
	}
}

/* ---- datagrams ---- */

/* What a datagram added to `q`. */
static void
take(struct tracker *t, struct session *session, const struct quic_initials *q,
    enum decode verdict, const struct quic_seen *seen)
{
	struct quic_session *quic = &session->quic;

	t->apps.quic_malformed += verdict == DECODE_MALFORMED;
	t->apps.quic_unopened += seen->unopened;
	quic->useless += verdict == DECODE_MALFORMED ||
	                 verdict == DECODE_UNSUPPORTED || seen->unopened;
	quic->datagrams++;
	if (seen->hello[QUIC_CLIENT]) {
		take_client_hello(t, session, q);
		quic->datagrams = 0;
	}
	if (quic->kept != NULL)
		take_server_hello(t, session, q);
}

static bool
is_done(const struct quic_session *quic)
{
	if (quic->settled && quic->kept == NULL)
		return true;
	return quic->useless > USELESS_MAX ||
	       quic->datagrams >
	           (quic->settled ? ANSWER_DATAGRAMS : HELLO_DATAGRAMS);
}

/* What was read of the first datagram is needed on; false: no room. */
static bool
keep_initials(struct tracker *t, struct session *session,
    const struct quic_initials *q)
{
	session->quic.initials = tracker_take(t, sizeof *q);
	if (session->quic.initials == NULL) {
		t->apps.sessions_evicted++;
		return false;
	}
	memcpy(session->quic.initials, q, sizeof *q);
	return true;
}

static bool
begin(struct tracker *t, struct flow *flow, struct cursor datagram)
{
	struct quic_initials *q = t->quic_first;
	struct session *session;
	struct quic_seen seen;
	enum decode verdict;

	if (quic_guess(datagram) != QUIC_INITIAL_SEEN)
		return false;
	quic_initials_init(q);
	verdict = quic_initials_datagram(q, t->quic_crypto, datagram, &seen);
	if (q->version == 0) {
		t->apps.quic_unopened++;
		return false;
	}
	session = session_of_datagrams(t, flow, APP_QUIC, &app_quic);
	if (session == NULL) {
		t->apps.sessions_evicted++;
		return true;
	}
	t->current = session;
	take(t, session, q, verdict, &seen);
	if (is_done(&session->quic) || !keep_initials(t, session, q))
		session_end(t, session);
	t->current = NULL;
	return true;
}

/* What the capture cut off a datagram is a packet that does not open. */
bool
app_quic_datagram(struct tracker *t, struct flow *flow, struct cursor datagram,
    bool cut)
{
	struct session *session = flow->session;
	struct quic_seen seen;
	enum decode verdict;

	(void)cut;
	if (session == NULL)
		return begin(t, flow, datagram);
	t->current = session;
	verdict = quic_initials_datagram(session->quic.initials, t->quic_crypto,
	    datagram, &seen);
	take(t, session, session->quic.initials, verdict, &seen);
	if (is_done(&session->quic))
		session_end(t, session);
	t->current = NULL;
	return true;
}

static void
quic_over(struct tracker *t, struct session *session)
{
	struct quic_session *quic = &session->quic;

	if (!quic->settled && quic->initials != NULL)
		take_client_hello(t, session, quic->initials);
	tell_handshake(t, session, NULL, false);
	tracker_give(t, quic->initials, sizeof *quic->initials);
	memset(quic, 0, sizeof *quic);
}

static bool
quic_holds(const struct session *session)
{
	return session->quic.initials != NULL || session->quic.kept != NULL;
}

/* There are no streams. */
const struct app_ops app_quic = { .over = quic_over, .holds = quic_holds };
