#include "sensor/departure.h"

#include <arpa/inet.h>
#include <libpsl.h>
#include <stdio.h>
#include <string.h>

#include "sensor/network.h"

/* What a proxy was asked for; of no proxy: empty. */
static struct obs_text
proxy_target(const struct observation *o)
{
	if (o->kind == OBS_HTTP_REQUEST &&
	    (o->http.tunnelled ||
		(o->http.method.len == 7 &&
		    memcmp(obs_octets(o, o->http.method), "CONNECT", 7) == 0)))
		return o->http.host;
	if (o->kind == OBS_TLS_HELLO || o->kind == OBS_QUIC)
		return o->tls.tunnel_host;
	if (o->kind == OBS_PROXY)
		return o->proxy.host;
	return (struct obs_text){ 0, 0 };
}

/* To no single host elsewhere: IANA's special-purpose registries. */
static bool
is_nowhere(const struct addr *a)
{
	static const uint8_t zero[15];

	if (addr_is_v4(a))
		return a->octets[12] == 0 || a->octets[12] == 127 ||
		       a->octets[12] >= 224;
	return a->octets[0] == 0xff ||
	       (memcmp(a->octets, zero, sizeof zero) == 0 &&
		   a->octets[15] <= 1);
}

static void
take_name(struct departures *d, struct departure *out, const char *name,
    size_t len)
{
	if (len > DNS_MEMORY_NAME_MAX)
		len = 0;
	memcpy(d->name, name, len);
	d->name[len] = '\0';
	out->name = d->name;
	out->name_len = len;
}

/* Through a proxy: its target where it is ours, else itself. */
static bool
through_proxy(struct departures *d, const struct transaction *t,
    struct obs_text target, struct departure *out)
{
	const struct observation *o = out->o;
	struct dns_memory_answer learnt;
	struct addr addr;

	if (!segment_is_internal(o->segment[DIR_IN])) {
		out->outside_proxy = true;
		out->port = o->port[DIR_IN];
		if (d->memory != NULL &&
		    dns_memory_find(d->memory, &o->addr[DIR_OUT],
			&o->addr[DIR_IN], o->flow_first_us, &learnt))
			take_name(d, out, learnt.name, learnt.len);
		return true;
	}
	out->has_addr = network_address_read(obs_octets(o, target), target.len,
	    &addr);
	if (!out->has_addr) {
		/* The transaction has the inner name, or else the target's. */
		take_name(d, out, t->name, t->name_len);
		return out->name_len > 0;
	}
	out->addr = addr;
	return d->segments == NULL ||
	       !segment_is_internal(segments_find(d->segments, &addr, NULL, 0));
}

static bool
find_destination(struct departures *d, const struct transaction *t,
    struct departure *out)
{
	struct obs_text target = proxy_target(out->o);

	if (t->kind == TRANSACTION_TLS)
		return false; /* a burst of what was told at its beginning */
	if (t->kind == TRANSACTION_DNS) /* what was asked for stays there */
		return !segment_is_internal(out->o->segment[DIR_IN]);
	if (target.len > 0)
		return through_proxy(d, t, target, out);
	take_name(d, out, t->name, t->name_len);
	return true;
}

bool
departure_of(struct departures *d, const struct transaction *t,
    const struct observation *o, struct departure *out)
{
	memset(out, 0, sizeof *out);
	out->o = o;
	out->name = "";
	out->has_addr = true;
	out->addr = o->addr[DIR_IN];
	out->port = t->port;
	out->ip_proto = o->ip_proto;
	return find_destination(d, t, out) &&
	       !(out->has_addr && is_nowhere(&out->addr));
}

const char *
departure_registered(const struct departure *d, bool *is_suffix)
{
	const char *registered = NULL;

	if (d->name_len > 0)
		registered = psl_registrable_domain(psl_builtin(), d->name);
	*is_suffix = d->name_len > 0 && registered == NULL;
	return registered == NULL ? d->name : registered;
}

/* Names below one registered domain are one place. */
void
departure_place(const struct departure *d, char place[DEPARTURE_PLACE_MAX])
{
	char address[INET6_ADDRSTRLEN];
	bool v4 = addr_is_v4(&d->addr), is_suffix;
	const char *form = "%.253s:%u";
	const char *what = departure_registered(d, &is_suffix);

	if (d->name_len == 0) {
		inet_ntop(v4 ? AF_INET : AF_INET6,
		    d->addr.octets + (v4 ? 12 : 0), address, sizeof address);
		what = address;
		if (!v4)
			form = "[%.253s]:%u";
	}
	if (d->port == 0) /* a protocol without ports */
		snprintf(place, DEPARTURE_PLACE_MAX, "%.253s", what);
	else
		snprintf(place, DEPARTURE_PLACE_MAX, form, what,
		    (unsigned)d->port);
}
