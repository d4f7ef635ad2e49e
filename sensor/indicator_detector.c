#include "sensor/indicator_detector.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sensor/segments.h"
#include "sensor/signatures.h"

/* Indicators that one value may meet at once. */
#define MATCHES_MAX 8
#define SECOND_US   UINT64_C(1000000)

#define DNS_TYPE_A     1
#define DNS_TYPE_CNAME 5
#define DNS_TYPE_AAAA  28
#define DNS_TYPE_DNAME 39
#define DNS_TYPE_SVCB  64
#define DNS_TYPE_HTTPS 65
#define HTTP_PORT      80

/* A value of the observation, borrowed. */
struct value {
	const char *at;
	size_t len;
};

static struct value
value_of(const struct observation *o, struct obs_text text)
{
	return (struct value){ obs_octets(o, text), text.len };
}

/* ---- meeting indicators ---- */

/* What the matchers found for one value in one place. */
struct finding {
	const struct observation *o;
	enum hit_where where;
	enum direction source;
	struct value matched;
	const struct dns_memory_answer *learnt; /* WHERE_DNS_MEMORY */
};

static void
meet(struct indicator_detector *d, const struct finding *f,
    const struct indicator *indicator, bool only_if_new)
{
	struct signature signature = signature_for(indicator, f->where);
	char name[DNS_MEMORY_NAME_MAX + 1];
	struct hit hit = {
		.detector = "indicator",
		.signature = &signature,
		.observation = f->o,
		.source = f->source,
		.indicator = indicator,
		.where = f->where,
		.matched = f->matched.at,
		.matched_len = (uint32_t)f->matched.len,
	};

	if (f->learnt != NULL) {
		memcpy(name, f->learnt->name, f->learnt->len);
		name[f->learnt->len] = '\0';
		hit.learnt_name = name;
		hit.learnt_us = f->learnt->learnt_us;
	}
	if (!only_if_new || !facts_knows(d->facts, &hit))
		facts_meet(d->facts, &hit);
}

static void
meet_all(struct indicator_detector *d, const struct finding *f,
    const struct indicator **found, size_t count)
{
	for (size_t i = 0; i < count; i++)
		meet(d, f, found[i], false);
}

static bool
meet_name(struct indicator_detector *d, const struct finding *f)
{
	const struct indicator *found[MATCHES_MAX];
	size_t n;

	if (f->matched.len == 0)
		return false;
	n = ioc_match_name(d->set, f->matched.at, f->matched.len, f->o->time_us,
	    found, MATCHES_MAX);
	meet_all(d, f, found, n);
	return n > 0;
}

/* The address as people write it; `text` has room for any. */
static struct value
address_text(const struct addr *addr, char text[INET6_ADDRSTRLEN])
{
	bool v4 = addr_is_v4(addr);

	inet_ntop(v4 ? AF_INET : AF_INET6, addr->octets + (v4 ? 12 : 0), text,
	    INET6_ADDRSTRLEN);
	return (struct value){ text, strlen(text) };
}

static bool
meet_address(struct indicator_detector *d, const struct finding *f,
    const struct addr *addr, uint16_t port)
{
	const struct indicator *found[MATCHES_MAX];
	char text[INET6_ADDRSTRLEN];
	struct finding at = *f;
	size_t n = ioc_match_address(d->set, addr, port, f->o->time_us, found,
	    MATCHES_MAX);

	if (n == 0)
		return false;
	if (at.matched.at == NULL)
		at.matched = address_text(addr, text);
	meet_all(d, &at, found, n);
	return true;
}

static bool
is_listed(const struct indicator_detector *d, struct value name,
    uint64_t now_us)
{
	const struct indicator *found[1];

	return name.len > 0 &&
	       ioc_match_name(d->set, name.at, name.len, now_us, found, 1) > 0;
}

/* ---- flows ---- */

static void
meet_code(struct indicator_detector *d, const struct finding *f,
    enum indicator_type type)
{
	const struct indicator *found[MATCHES_MAX];
	size_t n = ioc_match_code(d->set, type, f->matched.at, f->matched.len,
	    f->o->time_us, found, MATCHES_MAX);

	meet_all(d, f, found, n);
}

/* Where a flow goes to, if anybody asks; ours are in no country's list. */
static void
meet_place(struct indicator_detector *d, const struct observation *o)
{
	struct finding f = { .o = o, .source = DIR_OUT };
	char asn[sizeof "AS4294967295"];
	struct place place;

	if ((ioc_set_count(d->set, INDICATOR_COUNTRY) == 0 &&
		ioc_set_count(d->set, INDICATOR_ASN) == 0) ||
	    segment_is_internal(o->segment[DIR_IN]) ||
	    !geo_find(d->geo, &o->addr[DIR_IN], &place))
		return;
	f.where = WHERE_DEST_COUNTRY;
	f.matched = (struct value){ place.country, strlen(place.country) };
	meet_code(d, &f, INDICATOR_COUNTRY);
	if (place.asn == 0)
		return;
	f.where = WHERE_DEST_ASN;
	f.matched.at = asn;
	f.matched.len = (size_t)snprintf(asn, sizeof asn, "AS%" PRIu32,
	    place.asn);
	meet_code(d, &f, INDICATOR_ASN);
}

static void
observe_flow_start(struct indicator_detector *d, const struct observation *o)
{
	struct finding f = { .o = o, .source = DIR_OUT };

	f.where = WHERE_FLOW_DEST;
	meet_address(d, &f, &o->addr[DIR_IN], o->port[DIR_IN]);
	f.where = WHERE_FLOW_SOURCE;
	meet_address(d, &f, &o->addr[DIR_OUT], o->port[DIR_OUT]);
	meet_place(d, o);
}

/* A flow that names no listed host itself: what was its address asked for? */
static void
attribute_flow(struct indicator_detector *d, const struct observation *o)
{
	struct dns_memory_answer learnt;
	struct finding f = { .o = o,
		.where = WHERE_DNS_MEMORY,
		.source = DIR_OUT,
		.learnt = &learnt };

	if (!dns_memory_find(d->memory, &o->addr[DIR_OUT], &o->addr[DIR_IN],
		o->flow_first_us, &learnt))
		return;
	f.matched = (struct value){ learnt.name, learnt.len };
	meet_name(d, &f);
}

/* ---- DNS ---- */

static void
meet_questions(struct indicator_detector *d, const struct observation *o)
{
	const struct obs_question *q = obs_elements(o, o->dns.questions);

	for (uint32_t i = 0; i < o->dns.questions.count; i++) {
		const struct indicator *found[MATCHES_MAX];
		struct finding f = { .o = o,
			.where = WHERE_DNS_QUERY,
			.source = DIR_OUT,
			.matched = value_of(o, q[i].name) };
		size_t n;

		if (f.matched.len == 0)
			continue;
		n = ioc_match_name(d->set, f.matched.at, f.matched.len,
		    o->time_us, found, MATCHES_MAX);
		/* A response repeats the question: it counts if it was not
		 * captured itself. */
		for (size_t k = 0; k < n; k++)
			meet(d, &f, found[k], o->dns.response);
	}
}

/*
 * The name that an answered address stands for: the question's, or one of the
 * aliases on the way (CNAME, DNAME) where only that is listed.
 */
static struct value
answered_name(const struct indicator_detector *d, const struct observation *o,
    bool *listed)
{
	const struct obs_question *q = obs_elements(o, o->dns.questions);
	const struct obs_record *r = obs_elements(o, o->dns.records);
	struct value name = { NULL, 0 };

	if (o->dns.questions.count > 0)
		name = value_of(o, q[0].name);
	*listed = is_listed(d, name, o->time_us);
	for (uint32_t i = 0; !*listed && i < o->dns.records.count; i++) {
		struct value alias = value_of(o, r[i].data);

		if ((r[i].type == DNS_TYPE_CNAME ||
			r[i].type == DNS_TYPE_DNAME) &&
		    is_listed(d, alias, o->time_us)) {
			*listed = true;
			name = alias;
		}
	}
	return name;
}

/* Calls for the address of the index-th kind that the record gives. */
static bool
record_address(const struct observation *o, const struct obs_record *r,
    uint32_t index, struct addr *addr)
{
	const uint8_t *data = (const uint8_t *)obs_octets(o, r->data);
	const uint8_t *hints = (const uint8_t *)obs_octets(o, r->extra);

	switch (r->type) {
	case DNS_TYPE_A:
		if (index > 0 || r->data.len != 4)
			return false;
		*addr = addr_v4(data);
		return true;
	case DNS_TYPE_AAAA:
		if (index > 0 || r->data.len != 16)
			return false;
		*addr = addr_v6(data);
		return true;
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		if ((index + 1) * sizeof *addr > r->extra.len)
			return false;
		*addr = addr_v6(hints + index * sizeof *addr);
		return true;
	default:
		return false;
	}
}

static void
take_answer(struct indicator_detector *d, const struct observation *o,
    const struct obs_record *r, struct value name, bool listed)
{
	struct finding f = { .o = o,
		.where = WHERE_DNS_ANSWER,
		.source = DIR_OUT };
	uint64_t until_us = o->time_us + r->ttl * SECOND_US + d->dns_grace_us;
	struct addr addr;

	for (uint32_t i = 0; record_address(o, r, i, &addr); i++) {
		meet_address(d, &f, &addr, 0);
		dns_memory_learn(d->memory, &o->addr[DIR_OUT], &addr, name.at,
		    name.len, listed, o->time_us, until_us);
	}
	if (r->type == DNS_TYPE_CNAME || r->type == DNS_TYPE_DNAME) {
		f.matched = value_of(o, r->data);
		meet_name(d, &f);
	}
}

static void
observe_dns(struct indicator_detector *d, const struct observation *o)
{
	const struct obs_record *r = obs_elements(o, o->dns.records);
	struct value name;
	bool listed;

	meet_questions(d, o);
	if (!o->dns.response || o->dns.records.count == 0)
		return;
	name = answered_name(d, o, &listed);
	for (uint32_t i = 0; i < o->dns.records.count; i++) {
		if (r[i].section == DNS_ANSWER)
			take_answer(d, o, &r[i], name, listed);
	}
}

/* ---- HTTP ---- */

static bool
is_connect(const struct observation *o)
{
	struct value method = value_of(o, o->http.method);

	return method.len == 7 && memcmp(method.at, "CONNECT", 7) == 0;
}

/* The port of the URL that was asked for. */
static uint16_t
url_port(const struct observation *o)
{
	if (o->http.port != 0)
		return o->http.port;
	return o->http.tunnelled ? HTTP_PORT : o->port[DIR_IN];
}

static void
meet_target(struct indicator_detector *d, const struct observation *o)
{
	const struct indicator *found[MATCHES_MAX];
	struct value host = value_of(o, o->http.host);
	struct value path = value_of(o, o->http.path);
	struct finding f = { .o = o,
		.where = WHERE_HTTP_URL,
		.source = DIR_OUT,
		.matched = path };
	size_t n;

	if (path.len == 0)
		return;
	n = ioc_match_url(d->set, host.at, host.len, url_port(o), path.at,
	    path.len, o->time_us, found, MATCHES_MAX);
	meet_all(d, &f, found, n);
	if (n > 0)
		return; /* the path alone would say the same, and less */
	f.where = WHERE_HTTP_PATH;
	n = ioc_match_path(d->set, path.at, path.len, o->time_us, found,
	    MATCHES_MAX);
	meet_all(d, &f, found, n);
}

typedef size_t (*text_matcher)(const struct ioc_set *set, const char *text,
    size_t len, uint64_t at_us, const struct indicator **out, size_t max);

/* A text of the initiator's that stands for itself. */
static void
meet_text(struct indicator_detector *d, const struct observation *o,
    enum hit_where where, struct obs_text text, text_matcher match)
{
	const struct indicator *found[MATCHES_MAX];
	struct finding f = { .o = o,
		.where = where,
		.source = DIR_OUT,
		.matched = value_of(o, text) };

	if (f.matched.len > 0)
		meet_all(d, &f, found,
		    match(d->set, f.matched.at, f.matched.len, o->time_us,
			found, MATCHES_MAX));
}

static void
meet_body(struct indicator_detector *d, const struct observation *o)
{
	const struct indicator *found[MATCHES_MAX];
	struct finding f = { .o = o,
		.where = WHERE_HTTP_BODY,
		.source = DIR_OUT };
	struct value body = value_of(o, o->http.body);
	size_t n;

	if (body.len == 0)
		return;
	n = ioc_match_http_body(d->set, body.at, body.len, o->time_us, found,
	    MATCHES_MAX);
	for (size_t i = 0; i < n; i++) {
		f.matched = (struct value){ body.at, found[i]->value_len };
		meet(d, &f, found[i], false);
	}
}

static bool
address_of(struct value host, struct addr *out)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t octets[16];

	if (host.len >= sizeof copy)
		return false;
	memcpy(copy, host.at, host.len);
	copy[host.len] = '\0';
	if (inet_pton(AF_INET, copy, octets) == 1)
		*out = addr_v4(octets);
	else if (inet_pton(AF_INET6, copy, octets) == 1)
		*out = addr_v6(octets);
	else
		return false;
	return true;
}

/* A host that is given by its address; the flow's own was judged before. */
static bool
meet_host_address(struct indicator_detector *d, const struct finding *f,
    uint16_t port)
{
	struct addr addr;

	return address_of(f->matched, &addr) &&
	       !addr_equal(&addr, &f->o->addr[DIR_IN]) &&
	       meet_address(d, f, &addr, port);
}

static void
observe_request(struct indicator_detector *d, const struct observation *o)
{
	struct finding f = { .o = o,
		.source = DIR_OUT,
		.where = is_connect(o) ? WHERE_TUNNEL_HOST : WHERE_HTTP_HOST,
		.matched = value_of(o, o->http.host) };

	if (!meet_name(d, &f) && !meet_host_address(d, &f, url_port(o)))
		attribute_flow(d, o);
	meet_target(d, o);
	/* From whichever mirror, ours too. */
	meet_text(d, o, WHERE_PACKAGE, o->http.package, ioc_match_package);
	meet_text(d, o, WHERE_HTTP_USER_AGENT, o->http.user_agent,
	    ioc_match_user_agent);
	meet_body(d, o);
}

/* ---- TLS and QUIC ---- */

static void
meet_fingerprint(struct indicator_detector *d, const struct observation *o,
    enum hit_where where, enum indicator_type type, struct obs_text text)
{
	struct finding f = { .o = o,
		.where = where,
		.source = DIR_OUT,
		.matched = value_of(o, text) };

	meet_code(d, &f, type);
}

static void
observe_hello(struct indicator_detector *d, const struct observation *o)
{
	struct finding f = { .o = o,
		.where = o->kind == OBS_QUIC ? WHERE_QUIC_SNI : WHERE_TLS_SNI,
		.source = DIR_OUT,
		.matched = value_of(o, o->tls.server_name) };

	if (!meet_name(d, &f))
		attribute_flow(d, o);
	meet_fingerprint(d, o, WHERE_JA3, INDICATOR_JA3, o->tls.ja3);
	meet_fingerprint(d, o, WHERE_JA4, INDICATOR_JA4, o->tls.ja4);
}

/* ---- SOCKS ---- */

static void
observe_proxy(struct indicator_detector *d, const struct observation *o)
{
	struct finding f = { .o = o,
		.where = WHERE_SOCKS_HOST,
		.source = DIR_OUT,
		.matched = value_of(o, o->proxy.host) };

	if (!meet_name(d, &f) && !meet_host_address(d, &f, o->proxy.port))
		attribute_flow(d, o);
}

/* ---- all ---- */

void
indicator_detector_observe(struct indicator_detector *d,
    const struct observation *o)
{
	switch ((enum obs_kind)o->kind) {
	case OBS_FLOW_START:
		observe_flow_start(d, o);
		break;
	case OBS_FLOW_APP:
		/* What has names of its own is judged by those. */
		if (o->app == APP_UNKNOWN)
			attribute_flow(d, o);
		break;
	case OBS_FLOW_END:
		/* Nothing was said, or the capture lost it. */
		if (!o->flow.named && o->app != APP_UNKNOWN)
			attribute_flow(d, o);
		break;
	case OBS_DNS:
		observe_dns(d, o);
		break;
	case OBS_HTTP_REQUEST:
		observe_request(d, o);
		break;
	case OBS_TLS_HELLO:
	case OBS_QUIC:
		observe_hello(d, o);
		break;
	case OBS_TLS:
	case OBS_QUIC_HANDSHAKE:
		/* The client's part was judged at its hello. */
		meet_fingerprint(d, o, WHERE_JA3S, INDICATOR_JA3S, o->tls.ja3s);
		break;
	case OBS_PROXY:
		observe_proxy(d, o);
		break;
	case OBS_FLOW_BURST:
	case OBS_HTTP:
	case OBS_HOST:
		break; /* for the record; their request was judged before */
	}
}
