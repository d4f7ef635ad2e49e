#include <arpa/inet.h>
#include <string.h>

#include "decoders/socks.h"
#include "sensor/tracker_state.h"

/*
 * SOCKS: the request is told as soon as it is whole; what comes behind it is
 * inside the tunnel, and what the server sends behind its replies is, too.
 * Clients need not wait for those (and the capture may lack them), so the two
 * ends enter the tunnel each by itself.
 */

/*
 * The first octet is little to go by, so nothing else is taken for a request:
 * of a connection whose beginning was seen, what its initiator sends before
 * anybody has sent anything else.
 */
static bool
is_beginning(const struct session *session, uint8_t end)
{
	const struct flow *flow = session->flow;

	return end == flow->initiator && !flow->midstream &&
	       flow->app_tries == 0;
}

/*
 * A proxy chooses a method while the client's request is still awaited, which
 * says nothing of its own.
 */
static bool
is_choice(const struct session *session, uint8_t end, struct cursor octets)
{
	size_t len;

	return session->socks.held[!end] > 0 &&
	       socks_replies_decode(octets, 5, SOCKS_CONNECT, &len) ==
	           DECODE_SHORT;
}

enum decode
app_socks_guess(const struct session *session, uint8_t end,
    struct cursor octets)
{
	struct socks_request request;
	enum decode rc;
	size_t len;

	if (octets.at[0] != 4 && octets.at[0] != 5)
		return DECODE_MALFORMED;
	if (!is_beginning(session, end))
		return is_choice(session, end, octets) ? DECODE_SHORT
		                                       : DECODE_MALFORMED;
	rc = socks_request_decode(octets, &request, &len);
	/* Version 4 has less that could be wrong in other protocols: there the
	 * client must have nothing more to say, either. */
	if (rc == DECODE_OK && request.version == 4 && len < octets.left)
		return DECODE_MALFORMED;
	return rc;
}

/* The destination in words; `text` has room for any address. */
static struct cursor
host_of(const struct socks_request *request, char text[INET6_ADDRSTRLEN])
{
	const struct addr *addr = &request->address;
	bool v4 = addr_is_v4(addr);

	if (!request->has_address)
		return request->name;
	inet_ntop(v4 ? AF_INET : AF_INET6, addr->octets + (v4 ? 12 : 0), text,
	    INET6_ADDRSTRLEN);
	return cur_of(text, strlen(text));
}

static void
tell_request(struct tracker *t, struct session *session,
    const struct socks_request *request, struct cursor host)
{
	struct observation *o;

	t->apps.socks_requests++;
	session->flow->named = 1;
	if (!tracker_wants(t, OBS_PROXY))
		return;
	o = tracker_observe(t, session->flow, OBS_PROXY);
	o->proxy.version = request->version;
	o->proxy.command = request->command;
	o->proxy.port = request->port;
	o->proxy.host = observation_add(t->builder, host);
	tracker_name(t, session->flow, APP_SOCKS, o->proxy.host);
	tracker_emit(t);
}

static size_t
socks_octets(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets, bool last)
{
	struct socks_request request;
	char text[INET6_ADDRSTRLEN];
	struct cursor host;
	size_t len;

	(void)last;
	if (socks_request_decode(octets, &request, &len) != DECODE_OK) {
		session_done(session); /* not met: it was guessed to be one */
		return octets.left;
	}
	host = host_of(&request, text);
	tell_request(t, session, &request, host);
	session->socks = (struct socks_session){
		.replies_due = true,
		.server = !end,
		.version = request.version,
		.command = request.command,
	};
	session_enter_tunnel(t, session, APP_SOCKS,
	    tunnel_host_new(t, APP_SOCKS, host, request.port));
	if (request.command == SOCKS_ASSOCIATE)
		session_done(session); /* what it is for goes over UDP */
	return len;
}

size_t
app_socks_replies(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets, bool last)
{
	struct socks_session *socks = &session->socks;
	enum decode rc;
	size_t len;

	rc = socks_replies_decode(octets, socks->version, socks->command, &len);
	if (rc == DECODE_SHORT && !last)
		return 0;
	socks->replies_due = false;
	if (rc == DECODE_OK)
		return len;
	return session->app->octets(t, session, end, octets, last);
}

static void
socks_gap(struct tracker *t, struct session *session, uint8_t end,
    uint32_t lost)
{
	(void)t;
	(void)session;
	(void)end;
	(void)lost;
}

static void
socks_closed(struct tracker *t, struct session *session, uint8_t end)
{
	(void)t;
	(void)session;
	(void)end;
}

static void
socks_over(struct tracker *t, struct session *session)
{
	(void)t;
	(void)session;
}

static bool
socks_holds(const struct session *session)
{
	(void)session;
	return false;
}

/* For as long as it takes to read the request. */
const struct app_ops app_socks = { socks_octets, socks_gap, socks_closed,
	socks_over, socks_holds };
