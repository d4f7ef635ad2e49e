#include <string.h>

#include "decoders/dhcp.h"
#include "sensor/tracker_state.h"

/*
 * DHCP as an observation of who has an address.  Each message is looked at by
 * itself: a client says its name and the address that it has or wants, and a
 * server may repeat the name with the address that it gives.
 */

static bool
is_on_port(const struct flow *flow)
{
	const uint16_t *port = flow->key.port;

	return port[0] == DHCP_SERVER_PORT || port[1] == DHCP_SERVER_PORT ||
	       port[0] == DHCP_CLIENT_PORT || port[1] == DHCP_CLIENT_PORT;
}

static bool
is_given(const struct addr *addr)
{
	static const uint8_t unspecified[4];
	struct addr none = addr_v4(unspecified);

	return !addr_equal(addr, &none);
}

/* The address that the message is about, or NULL. */
static const struct addr *
address_of(const struct dhcp_message *message)
{
	switch ((enum dhcp_type)message->type) {
	case DHCP_ACK:
		if (is_given(&message->yours))
			return &message->yours;
		break; /* to DHCP_INFORM: the client had one */
	case DHCP_REQUEST:
	case DHCP_INFORM:
		if (!is_given(&message->client) &&
		    is_given(&message->requested))
			return &message->requested;
		break;
	case DHCP_DISCOVER:
	case DHCP_OFFER:
	case DHCP_DECLINE:
	case DHCP_NAK:
	case DHCP_RELEASE:
		return NULL; /* of no address that the host will have */
	}
	return is_given(&message->client) ? &message->client : NULL;
}

static void
tell_host(struct tracker *t, const struct flow *flow,
    const struct dhcp_message *message)
{
	const struct addr *addr = address_of(message);
	struct cursor name = message->full_name.left > 0 ? message->full_name
	                                                 : message->host_name;
	struct observation *o;

	if (!tracker_wants(t, OBS_HOST) || addr == NULL || name.left == 0)
		return;
	o = tracker_observe(t, flow, OBS_HOST);
	o->host.addr = *addr;
	o->host.name = observation_add(t->builder, name);
	tracker_emit(t);
}

bool
app_dhcp_datagram(struct tracker *t, struct flow *flow, struct cursor datagram,
    bool cut)
{
	struct dhcp_message message;
	enum decode rc;

	(void)cut; /* options that are not there say nothing */
	if (!is_on_port(flow))
		return false;
	rc = dhcp_decode(datagram, &message);
	/* Cut, but it is one: it has said what type it is. */
	if (rc != DECODE_OK && (rc != DECODE_SHORT || message.type == 0))
		return false;
	t->apps.dhcp_messages++;
	if (flow->app == APP_NONE)
		flow->app = APP_DHCP;
	tell_host(t, flow, &message);
	return true;
}
