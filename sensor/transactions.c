#include "sensor/transactions.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#define TCP_PROTO    6
#define HTTP_PORT    80
#define NAME_MAX_LEN 255
/* Names of open connections are remembered up to this length; for a longer one
 * the sizes stay as they were at its beginning. */
#define OPEN_NAME_MAX 79
#define OPEN_COUNT    65536 /* a power of two */

/*
 * A connection whose latest transaction may still grow.  Direct-mapped: a
 * later connection takes an earlier one's place, whose sizes then stay as they
 * were.
 */
struct open {
	uint64_t flow_id;
	uint64_t time_us;   /* of its latest transaction */
	uint64_t octets[2]; /* of the flow when that began */
	uint16_t port;
	uint8_t kind;
	bool proxied; /* told of a SOCKS request; the first in it is the same */
	uint8_t name_len;
	char name[OPEN_NAME_MAX + 1];
};

struct transactions {
	struct transactions_options options;
	const psl_ctx_t *suffixes;
	struct open *open;
};

struct transactions *
transactions_new(const struct transactions_options *options)
{
	struct transactions *ts = calloc(1, sizeof *ts);

	if (ts == NULL)
		return NULL;
	ts->options = *options;
	ts->suffixes = psl_builtin();
	ts->open = calloc(OPEN_COUNT, sizeof ts->open[0]);
	if (ts->open == NULL) {
		free(ts);
		return NULL;
	}
	return ts;
}

void
transactions_free(struct transactions *ts)
{
	if (ts == NULL)
		return;
	free(ts->open);
	free(ts);
}

/* ---- names ---- */

/* The service, lower case. */
struct service {
	char name[NAME_MAX_LEN + 1];
	uint8_t len; /* 0: the address stands for it */
};

static void
service_set(struct service *service, const char *name, size_t len)
{
	while (len > 0 && name[len - 1] == '.')
		len--;
	if (len > NAME_MAX_LEN)
		len = 0;
	for (size_t i = 0; i < len; i++)
		service->name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z'
					      ? name[i] | 0x20
					      : name[i]);
	service->name[len] = '\0';
	service->len = (uint8_t)len;
}

/* An address in the place of a name says no more than the address. */
static bool
is_address(struct obs_text text, const struct observation *o)
{
	const char *at = obs_octets(o, text);

	for (uint32_t i = 0; i < text.len; i++) {
		if (at[i] == ':')
			return true;
		if ((at[i] < '0' || at[i] > '9') && at[i] != '.')
			return false;
	}
	return true;
}

static void
service_of(const struct transactions *ts, const struct observation *o,
    struct obs_text own, struct service *service)
{
	struct dns_memory_answer learnt;

	service->len = 0;
	if (own.len > 0 && !is_address(own, o))
		service_set(service, obs_octets(o, own), own.len);
	else if (dns_memory_find(ts->options.memory, &o->addr[DIR_OUT],
		     &o->addr[DIR_IN], o->flow_first_us, &learnt))
		service_set(service, learnt.name, learnt.len);
}

/* By its name or its address; a resolver's address says nothing of what it was
 * asked for. */
static bool
is_allowed(const struct transactions *ts, const struct transaction *t)
{
	const struct ioc_set *allowed = ts->options.allowed;
	const struct indicator *found[1];

	if (allowed == NULL)
		return false;
	if (t->name_len > 0 && ioc_match_name(allowed, t->name, t->name_len,
				   t->time_us, found, 1) > 0)
		return true;
	return t->kind != TRANSACTION_DNS &&
	       ioc_match_address(allowed, &t->destination, t->port, t->time_us,
		   found, 1) > 0;
}

/* ---- telling ---- */

static uint32_t
octets32(uint64_t octets)
{
	return octets < UINT32_MAX ? (uint32_t)octets : UINT32_MAX;
}

static struct transaction
transaction_of(const struct transactions *ts, const struct observation *o,
    const struct service *service, enum transaction_kind kind, uint64_t time_us,
    uint16_t port)
{
	struct transaction t = {
		.time_us = time_us,
		.source = o->addr[DIR_OUT],
		.destination = o->addr[DIR_IN],
		.name = service->name,
		.name_len = service->len,
		.kind = (uint8_t)kind,
		.ip_proto = o->ip_proto,
		.port = port,
		.segment = o->segment[DIR_OUT],
	};

	t.allow_listed = is_allowed(ts, &t);
	return t;
}

static struct open *
slot_of(const struct transactions *ts, uint64_t flow_id)
{
	return &ts->open[(flow_id ^ flow_id >> 20) & (OPEN_COUNT - 1)];
}

/* What the connection's latest transaction has come to by now. */
static void
tell_sizes(struct transactions *ts, const struct observation *o)
{
	struct open *open = slot_of(ts, o->flow_id);
	struct service service;
	struct transaction t;

	if (open->flow_id != o->flow_id || open->time_us == 0)
		return;
	service_set(&service, open->name, open->name_len);
	t = transaction_of(ts, o, &service, (enum transaction_kind)open->kind,
	    open->time_us, open->port);
	t.octets_out = octets32(o->octets[DIR_OUT] - open->octets[DIR_OUT]);
	t.octets_in = octets32(o->octets[DIR_IN] - open->octets[DIR_IN]);
	ts->options.sizes(ts->options.arg, &t);
}

/* A transaction of a connection; `first`: its own beginning counts to it. */
static void
tell_begin(struct transactions *ts, const struct observation *o,
    const struct service *service, enum transaction_kind kind, uint64_t time_us,
    uint16_t port, bool first)
{
	struct open *open = slot_of(ts, o->flow_id);
	struct transaction t = transaction_of(ts, o, service, kind, time_us,
	    port);

	if (first) {
		t.octets_out = octets32(o->octets[DIR_OUT]);
		t.octets_in = octets32(o->octets[DIR_IN]);
	}
	ts->options.begin(ts->options.arg, &t);
	memset(open, 0, sizeof *open);
	if (service->len > OPEN_NAME_MAX)
		return;
	open->flow_id = o->flow_id;
	open->time_us = time_us;
	open->port = port;
	open->kind = (uint8_t)kind;
	open->name_len = service->len;
	memcpy(open->name, service->name, service->len);
	if (!first)
		memcpy(open->octets, o->octets, sizeof open->octets);
}

static bool
is_open(const struct transactions *ts, const struct observation *o)
{
	const struct open *open = slot_of(ts, o->flow_id);

	return open->flow_id == o->flow_id && open->time_us != 0;
}

/* ---- observations ---- */

static bool
is_egress(const struct transactions *ts, const struct observation *o)
{
	return segments_is_egress(ts->options.segments, o->segment[DIR_OUT],
	    o->segment[DIR_IN]);
}

/* The first that is said through SOCKS was told when that was asked for. */
static bool
is_told(const struct transactions *ts, const struct observation *o)
{
	struct open *open = slot_of(ts, o->flow_id);
	bool told = is_open(ts, o) && open->proxied;

	open->proxied = open->proxied && !told;
	return told;
}

static void
observe_hello(struct transactions *ts, const struct observation *o)
{
	struct service service;
	bool tunnelled = o->tls.tunnel_host.len > 0;
	struct obs_text own = o->tls.server_name.len > 0 ? o->tls.server_name
	                                                 : o->tls.tunnel_host;

	if (!is_egress(ts, o) &&
	    !(tunnelled && segment_is_internal(o->segment[DIR_OUT])))
		return;
	if (is_told(ts, o))
		return;
	service_of(ts, o, own, &service);
	tell_begin(ts, o, &service, TRANSACTION_CONNECTION, o->flow_first_us,
	    tunnelled ? o->tls.tunnel_port : o->port[DIR_IN], true);
}

/* No rhythm is read in these, but they leave all the same. */
static void
tell_rest(struct transactions *ts, const struct observation *o,
    struct obs_text own, uint16_t port)
{
	struct service service;
	struct transaction t;

	if (ts->options.rest == NULL)
		return;
	service_of(ts, o, own, &service);
	t = transaction_of(ts, o, &service, TRANSACTION_CONNECTION,
	    o->flow_first_us, port);
	ts->options.rest(ts->options.arg, &t);
}

/* A proxy of ours is asked for a tunnel; what is inside may tell no name. */
static void
observe_connect(struct transactions *ts, const struct observation *o)
{
	if (o->http.method.len == 7 &&
	    memcmp(obs_octets(o, o->http.method), "CONNECT", 7) == 0 &&
	    segment_is_internal(o->segment[DIR_OUT]))
		tell_rest(ts, o, o->http.host, o->http.port);
}

static void
observe_end(struct transactions *ts, const struct observation *o)
{
	if (!o->flow.named && o->app != APP_DNS && o->app != APP_MDNS &&
	    o->app != APP_LLMNR && is_egress(ts, o))
		tell_rest(ts, o, (struct obs_text){ 0, 0 }, o->port[DIR_IN]);
}

static void
observe_request(struct transactions *ts, const struct observation *o)
{
	struct service service;
	bool first = !is_open(ts, o);
	uint16_t port = o->http.port != 0   ? o->http.port
	                : o->http.tunnelled ? HTTP_PORT
	                                    : o->port[DIR_IN];

	if (!is_egress(ts, o) &&
	    !(o->http.tunnelled && segment_is_internal(o->segment[DIR_OUT]))) {
		observe_connect(ts, o);
		return;
	}
	if (is_told(ts, o))
		return;
	if (!first)
		tell_sizes(ts, o);
	service_of(ts, o, o->http.host, &service);
	tell_begin(ts, o, &service, TRANSACTION_HTTP, o->http.request_us, port,
	    first);
}

/* What a proxy is asked for is the service; its own address says nothing. */
static void
observe_proxy(struct transactions *ts, const struct observation *o)
{
	struct service service;

	if (!segment_is_internal(o->segment[DIR_OUT]))
		return;
	service_set(&service, obs_octets(o, o->proxy.host), o->proxy.host.len);
	tell_begin(ts, o, &service, TRANSACTION_CONNECTION, o->flow_first_us,
	    o->proxy.port, true);
	if (is_open(ts, o))
		slot_of(ts, o->flow_id)->proxied = true;
}

static void
observe_other(struct transactions *ts, const struct observation *o,
    enum transaction_kind kind)
{
	struct service service;

	if (!is_egress(ts, o))
		return;
	service_of(ts, o, (struct obs_text){ 0, 0 }, &service);
	tell_begin(ts, o, &service, kind, o->flow_first_us, o->port[DIR_IN],
	    true);
}

/* It spoke TLS, QUIC or HTTP, but its beginning was not captured. */
static bool
lost_its_name(const struct observation *o)
{
	return !o->flow.named &&
	       (o->app == APP_TLS || o->app == APP_QUIC || o->app == APP_HTTP);
}

static void
observe_burst(struct transactions *ts, const struct observation *o)
{
	struct open *open = slot_of(ts, o->flow_id);
	struct service service;

	if (!is_egress(ts, o))
		return;
	if (is_open(ts, o)) {
		tell_sizes(ts, o);
		service_set(&service, open->name, open->name_len);
	} else {
		service_of(ts, o, (struct obs_text){ 0, 0 }, &service);
	}
	tell_begin(ts, o, &service, TRANSACTION_TLS, o->time_us,
	    o->port[DIR_IN], false);
}

/* Names below one registered domain are one service: labels carry data. */
static void
observe_query(struct transactions *ts, const struct observation *o)
{
	const struct obs_question *q = obs_elements(o, o->dns.questions);
	struct service service, zone;
	const char *registered;
	struct transaction t;

	if (o->dns.response || o->dns.questions.count == 0 ||
	    o->app != APP_DNS || !segment_is_internal(o->segment[DIR_OUT]))
		return;
	service_set(&service, obs_octets(o, q[0].name), q[0].name.len);
	if (service.len == 0)
		return;
	registered = psl_registrable_domain(ts->suffixes, service.name);
	if (registered == NULL)
		return; /* a public suffix, or a name of one label */
	service_set(&zone, registered, strlen(registered));
	t = transaction_of(ts, o, &zone, TRANSACTION_DNS, o->time_us,
	    o->port[DIR_IN]);
	t.octets_out = q[0].name.len;
	ts->options.begin(ts->options.arg, &t);
}

void
transactions_observe(struct transactions *ts, const struct observation *o)
{
	switch ((enum obs_kind)o->kind) {
	case OBS_TLS_HELLO:
	case OBS_QUIC:
		observe_hello(ts, o);
		break;
	case OBS_HTTP_REQUEST:
		observe_request(ts, o);
		break;
	case OBS_DNS:
		observe_query(ts, o);
		break;
	case OBS_FLOW_APP:
		if (o->app == APP_UNKNOWN)
			observe_other(ts, o, TRANSACTION_CONNECTION);
		break;
	case OBS_PROXY:
		observe_proxy(ts, o);
		break;
	case OBS_FLOW_BURST:
		observe_burst(ts, o);
		break;
	case OBS_FLOW_END:
		if (o->app == APP_NONE && o->ip_proto == TCP_PROTO)
			observe_other(ts, o, TRANSACTION_FAILED);
		else if (lost_its_name(o))
			observe_other(ts, o, TRANSACTION_CONNECTION);
		else if (is_open(ts, o))
			tell_sizes(ts, o);
		else
			observe_end(ts, o);
		break;
	case OBS_FLOW_START:
	case OBS_HTTP:
	case OBS_TLS:
	case OBS_QUIC_HANDSHAKE:
	case OBS_HOST:
		break;
	}
}
