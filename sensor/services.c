#include "sensor/services.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/destinations.h"

#define HTTPS_PORT 443
#define DOT_PORT   853 /* RFC 7858 section 3.1, RFC 9250 section 4.1.1 */
/* nDPI's number of Tor's protocol, the same in all of 4.x. */
#define NDPI_TOR 163

static const struct {
	const char *name;
	bool listed;   /* there is a NAME.txt */
	uint16_t port; /* of entries without one; 0: any */
} kinds[SERVICE_COUNT] = {
	[SERVICE_TOR] = { "tor", true, 0 },
	[SERVICE_TUNNEL] = { "tunnel", true, 0 },
	[SERVICE_SOCKS] = { "socks", false, 0 },
	[SERVICE_HTTP_CONNECT] = { "http-connect", false, 0 },
	[SERVICE_FILE_DROP] = { "file-drop", true, 0 },
	[SERVICE_DNS_OVER_QUIC] = { "dns-over-quic", false, 0 },
	[SERVICE_DNS_OVER_TLS] = { "dns-over-tls", true, DOT_PORT },
	[SERVICE_DNS_OVER_HTTPS] = { "dns-over-https", true, HTTPS_PORT },
	[SERVICE_ECH] = { "ech", false, 0 },
};

struct services {
	struct destinations *lists[SERVICE_COUNT]; /* NULL: it has none */
};

static service_set
bit(enum service kind)
{
	return 1u << kind;
}

const char *
service_kind_name(enum service kind)
{
	return kinds[kind].name;
}

bool
service_kind_parse(const char *name, enum service *out)
{
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*out = (enum service)i;
			return true;
		}
	}
	return false;
}

const char *
service_name(service_set set)
{
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		if (set & bit((enum service)i))
			return kinds[i].name;
	}
	return NULL;
}

/* ---- lists ---- */

static int
load_kind(struct services *services, enum service kind, const char *folder,
    ioc_report report, void *report_arg, char *error, size_t error_size)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s.txt", folder,
	    kinds[kind].name);

	services->lists[kind] = destinations_new();
	if (services->lists[kind] == NULL || n <= 0 ||
	    (size_t)n >= sizeof path) {
		snprintf(error, error_size, "%s: no room for its lists",
		    folder);
		return -1;
	}
	return destinations_load(services->lists[kind], path, kinds[kind].port,
	    report, report_arg, error, error_size);
}

int
services_load(const char *folder, ioc_report report, void *report_arg,
    struct services **out, char *error, size_t error_size)
{
	struct services *services = calloc(1, sizeof *services);

	if (services == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		if (kinds[i].listed &&
		    load_kind(services, (enum service)i, folder, report,
			report_arg, error, error_size) == -1) {
			services_free(services);
			return -1;
		}
	}
	*out = services;
	return 0;
}

void
services_free(struct services *services)
{
	if (services == NULL)
		return;
	for (unsigned i = 0; i < SERVICE_COUNT; i++)
		destinations_free(services->lists[i]);
	free(services);
}

service_set
services_find(const struct services *services, const char *name, size_t len,
    const struct addr *addr, uint16_t port)
{
	service_set found = 0;

	if (services == NULL)
		return 0;
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		if (services->lists[i] != NULL &&
		    destinations_have(services->lists[i], name, len, addr,
			port))
			found |= bit((enum service)i);
	}
	return found;
}

/* ---- protocols ---- */

static bool
is_text(const struct observation *o, struct obs_text text, const char *word)
{
	size_t len = strlen(word);

	return text.len == len && memcmp(obs_octets(o, text), word, len) == 0;
}

/* IANA, TLS Application-Layer Protocol Negotiation Protocol IDs. */
static bool
offers(const struct observation *o, const char *protocol)
{
	const struct obs_text *alpn = obs_elements(o, o->tls.client_alpn);

	for (uint32_t i = 0; i < o->tls.client_alpn.count; i++) {
		if (is_text(o, alpn[i], protocol))
			return true;
	}
	return false;
}

/*
 * The name that a provider puts outside for all of its customers.  With any
 * other the extension is GREASE as likely as not (RFC 9849 section 6.2).
 */
static bool
is_ech_front(const char *name, size_t len)
{
	static const char *const fronts[] = { "cloudflare-ech.com" };

	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
		if (len == strlen(fronts[i]) &&
		    memcmp(name, fronts[i], len) == 0)
			return true;
	}
	return false;
}

static service_set
spoken_in_hello(const struct observation *o, const char *name, size_t len)
{
	bool inside = o->tls.tunnel_host.len > 0;
	uint16_t port = inside ? o->tls.tunnel_port : o->port[DIR_IN];
	bool quic = o->kind == OBS_QUIC;
	service_set found = 0;

	if (!quic && (port == DOT_PORT || offers(o, "dot")))
		found |= bit(SERVICE_DNS_OVER_TLS);
	if (quic && (port == DOT_PORT || offers(o, "doq")))
		found |= bit(SERVICE_DNS_OVER_QUIC);
	if (o->tls.ech && is_ech_front(name, len))
		found |= bit(SERVICE_ECH);
	return found;
}

service_set
services_spoken(const struct observation *o, const char *name, size_t len)
{
	service_set found = 0;

	if (o->kind == OBS_TLS_HELLO || o->kind == OBS_TLS ||
	    o->kind == OBS_QUIC)
		found = spoken_in_hello(o, name, len);
	if (o->kind == OBS_HTTP_REQUEST &&
	    is_text(o, o->http.method, "CONNECT"))
		found |= bit(SERVICE_HTTP_CONNECT);
	if (o->kind == OBS_PROXY || o->app == APP_SOCKS)
		found |= bit(SERVICE_SOCKS);
	if (o->ndpi.known &&
	    (o->ndpi.app == NDPI_TOR || o->ndpi.master == NDPI_TOR))
		found |= bit(SERVICE_TOR);
	return found;
}
