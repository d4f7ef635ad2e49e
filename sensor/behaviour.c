#include "sensor/behaviour.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "sensor/network.h"
#include "sensor/signatures.h"

#define HTTP_PORT   80
#define MATCHED_MAX 320

/* A request, and what each behaviour asks of it. */
struct request {
	const struct observation *o;
	const char *host; /* not terminated; len 0: missing */
	size_t host_len;
	bool bare; /* host is an address or missing */
	uint16_t port;
};

static bool
is_method(const struct observation *o, const char *name)
{
	return o->http.method.len == strlen(name) &&
	       memcmp(obs_octets(o, o->http.method), name,
		   o->http.method.len) == 0;
}

/*
 * Whether it leaves the network, itself or by a proxy of ours.  What a proxy
 * was asked for by name is taken to be outside: ours have no need of one.
 */
static bool
leaves(const struct behaviour_options *b, const struct request *request,
    const struct addr *host)
{
	const struct observation *o = request->o;

	if (b->segments != NULL ? segments_is_egress(b->segments,
				      o->segment[DIR_OUT], o->segment[DIR_IN])
				: segment_is_internal(o->segment[DIR_OUT]) &&
				      !segment_is_internal(o->segment[DIR_IN]))
		return true;
	if (!o->http.tunnelled || !segment_is_internal(o->segment[DIR_OUT]) ||
	    request->host_len == 0)
		return false;
	return host == NULL || b->segments == NULL ||
	       !segment_is_internal(segments_find(b->segments, host, NULL, 0));
}

static bool
read_request(const struct behaviour_options *b, const struct observation *o,
    struct request *out)
{
	struct addr addr;
	bool literal;

	out->o = o;
	out->host = obs_octets(o, o->http.host);
	out->host_len = o->http.host.len;
	literal = network_address_read(out->host, out->host_len, &addr);
	out->bare = literal || out->host_len == 0;
	out->port = o->http.port != 0   ? o->http.port
	            : o->http.tunnelled ? HTTP_PORT
	                                : o->port[DIR_IN];
	return leaves(b, out, literal ? &addr : NULL);
}

/* "host:port", or the responder's address where there is no host. */
static void
write_place(const struct request *request, char *out, size_t size)
{
	const struct addr *addr = &request->o->addr[DIR_IN];
	bool v4 = addr_is_v4(addr);
	char text[INET6_ADDRSTRLEN];
	const char *host = request->host;
	size_t len = request->host_len;

	if (len == 0) {
		inet_ntop(v4 ? AF_INET : AF_INET6, addr->octets + (v4 ? 12 : 0),
		    text, sizeof text);
		host = text;
		len = strlen(text);
	}
	if (memchr(host, ':', len) != NULL)
		snprintf(out, size, "[%.*s]:%u", (int)len, host, request->port);
	else
		snprintf(out, size, "%.*s:%u", len > 255 ? 255 : (int)len, host,
		    request->port);
}

struct finding {
	enum behaviour behaviour;
	const char *rule, *reason;
	uint8_t severity, confidence;
	const char *matched;
	size_t matched_len;
};

static void
raise_hit(const struct behaviour_options *b, const struct observation *o,
    const struct finding *f)
{
	struct signature signature = signature_for_behaviour(f->behaviour,
	    f->severity);
	struct hit hit = {
		.detector = "behaviour",
		.signature = &signature,
		.observation = o,
		.source = DIR_OUT,
		.rule = f->rule,
		.reason = f->reason,
		.confidence = f->confidence,
		.matched = f->matched,
		.matched_len = (uint32_t)f->matched_len,
	};

	facts_meet(b->facts, &hit);
}

/* ---- POST to a bare address ---- */

/*
 * RFC 6960 appendix A.1: clients of certificate status are old programs that
 * may send no Host.  What only says so has to begin as an ASN.1 SEQUENCE.
 */
static bool
is_ocsp(const struct observation *o)
{
	static const char type[] = "application/ocsp-request";

	return o->http.content_type.len == sizeof type - 1 &&
	       memcmp(obs_octets(o, o->http.content_type), type,
		   sizeof type - 1) == 0 &&
	       o->http.body.len > 0 && obs_octets(o, o->http.body)[0] == 0x30;
}

static void
observe_post(const struct behaviour_options *b, const struct request *request)
{
	bool odd = request->port != HTTP_PORT;
	bool none = request->host_len == 0;
	char place[MATCHED_MAX];

	if (!request->bare || !is_method(request->o, "POST") ||
	    is_ocsp(request->o))
		return;
	write_place(request, place, sizeof place);
	raise_hit(b, request->o,
	    &(struct finding){ BEHAVIOUR_PLAIN_POST, "plain_post_to_address",
		none  ? "POST without a Host"
		: odd ? "POST to a bare address, on a port that is not 80"
		      : "POST to a bare address",
		odd || none ? 2 : 3, odd || none ? 60 : 40, place,
		strlen(place) });
}

/* ---- User-Agents ---- */

/*
 * What really is that old (a scanner, a controller) reads a page of a named
 * site now and then, and that is left alone.
 */
static void
observe_agent(const struct behaviour_options *b, const struct request *request)
{
	const struct observation *o = request->o;
	const char *agent = obs_octets(o, o->http.user_agent);
	bool sends = is_method(o, "POST") || is_method(o, "PUT");
	const char *reason;

	if (!sends && !request->bare && request->port == HTTP_PORT)
		return;
	reason = dead_system(agent, o->http.user_agent.len);
	if (reason == NULL)
		return;
	raise_hit(b, o,
	    &(struct finding){ BEHAVIOUR_DEAD_USER_AGENT, "dead_user_agent",
		reason, sends && request->bare ? 2 : 3,
		sends && request->bare ? 60 : 40, agent,
		o->http.user_agent.len });
}

/* ---- downloads ---- */

static bool
is_trusted_name(const struct behaviour_options *b, const char *name, size_t len,
    uint64_t now_us)
{
	const struct indicator *found[1];

	return ioc_match_name(b->trusted, name, len, now_us, found, 1) > 0;
}

/* A Host field is only a word: what DNS said of the address must not differ. */
static bool
is_trusted(const struct behaviour_options *b, const struct request *request)
{
	const struct observation *o = request->o;
	struct dns_memory_answer learnt;

	if (b->trusted == NULL || request->bare ||
	    !is_trusted_name(b, request->host, request->host_len, o->time_us))
		return false;
	return o->http.tunnelled || b->memory == NULL ||
	       !dns_memory_find(b->memory, &o->addr[DIR_OUT], &o->addr[DIR_IN],
		   o->flow_first_us, &learnt) ||
	       is_trusted_name(b, learnt.name, learnt.len, o->time_us);
}

static const char *
download_reason(enum executable kind, bool odd)
{
	switch (kind) {
	case EXECUTABLE_NONE:
		break;
	case EXECUTABLE_PE:
		return odd ? "Windows program, from a bare address or odd port"
		           : "Windows program";
	case EXECUTABLE_ELF:
		return odd ? "ELF program, from a bare address or odd port"
		           : "ELF program";
	case EXECUTABLE_MACH_O:
		return odd ? "macOS program, from a bare address or odd port"
		           : "macOS program";
	case EXECUTABLE_SCRIPT:
		return odd ? "script, from a bare address or odd port"
		           : "script";
	}
	return "";
}

static void
observe_download(const struct behaviour_options *b,
    const struct request *request)
{
	const struct observation *o = request->o;
	enum executable kind = executable_of((const uint8_t *)obs_octets(o,
						 o->http.response_body),
	    o->http.response_body.len);
	bool odd = request->bare || request->port != HTTP_PORT;
	char place[MATCHED_MAX - 16], matched[MATCHED_MAX];

	if (kind == EXECUTABLE_NONE || is_trusted(b, request))
		return;
	write_place(request, place, sizeof place);
	snprintf(matched, sizeof matched, "%s from %s", executable_name(kind),
	    place);
	raise_hit(b, o,
	    &(struct finding){ BEHAVIOUR_EXECUTABLE, "executable_download",
		download_reason(kind, odd), odd ? 1 : 2, odd ? 75 : 50, matched,
		strlen(matched) });
}

void
behaviour_observe(const struct behaviour_options *b,
    const struct observation *o)
{
	struct request request;

	if (o->kind == OBS_HTTP_REQUEST) {
		if (!read_request(b, o, &request))
			return;
		if (b->plain_post_to_address)
			observe_post(b, &request);
		if (b->dead_user_agent && o->http.user_agent.len > 0)
			observe_agent(b, &request);
	} else if (o->kind == OBS_HTTP && b->executable_download &&
		   o->http.response_body.len > 0 &&
		   read_request(b, o, &request)) {
		observe_download(b, &request);
	}
}
