#ifndef SENSOR_SERVICES_H
#define SENSOR_SERVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/addr.h"
#include "iocs/ioc_load.h"
#include "sensor/observation.h"

/*
 * Kinds of service that hide what goes through them: encrypted DNS, proxies,
 * tunnels.  Each is known by a list of its providers (iocs/services), by its
 * protocol, or by both.
 *
 *	dns-over-https  RFC 8484: by list; HTTP/2 inside TLS is not visible
 *	dns-over-tls    RFC 7858, 8310: TLS on port 853 or with ALPN "dot"; list
 *	dns-over-quic   RFC 9250: QUIC with ALPN "doq", or on port 853
 *	ech             RFC 9849, where the outer name is one that serves
 *	                nothing else; an ECH extension alone may be GREASE
 *	socks           RFC 1928, SOCKS 4 and 4a; to an external proxy
 *	http-connect    RFC 9110 section 9.3.6; to an external proxy
 *	tor             list (directory, gateways into onion names), and nDPI
 *	tunnel          list: a public name for a port behind a firewall
 *	file-drop       list: anybody may leave a file or a text there
 */
enum service {
	SERVICE_TOR, /* the most telling one first: service_name */
	SERVICE_TUNNEL,
	SERVICE_SOCKS,
	SERVICE_HTTP_CONNECT,
	SERVICE_FILE_DROP,
	SERVICE_DNS_OVER_QUIC,
	SERVICE_DNS_OVER_TLS,
	SERVICE_DNS_OVER_HTTPS,
	SERVICE_ECH,
	SERVICE_COUNT,
};

/* A set of them: bit 1 << enum service. */
typedef unsigned service_set;

const char *service_kind_name(enum service kind);
/* False where no kind has this name. */
bool service_kind_parse(const char *name, enum service *out);
/* The most telling of a set; NULL where it is empty. */
const char *service_name(service_set set);

struct services;

/*
 * Reads the lists of a folder, NAME.txt for each kind that has one.  0, or -1
 * with the reason in `error`; the caller frees *out.
 */
int services_load(const char *folder, ioc_report report, void *report_arg,
    struct services **out, char *error, size_t error_size);
void services_free(struct services *services);

/*
 * By the lists alone.  name: lower case, no final dot, len 0 for none; addr:
 * NULL for none.  `services` may be NULL: nothing is known then.
 */
service_set services_find(const struct services *services, const char *name,
    size_t len, const struct addr *addr, uint16_t port);

/*
 * By what a flow to an external responder said itself.  `name`: the outer name
 * of a hello, as above.
 */
service_set services_spoken(const struct observation *o, const char *name,
    size_t len);

#endif
