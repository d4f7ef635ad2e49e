#ifndef IOCS_INDICATOR_H
#define IOCS_INDICATOR_H

#include <stdint.h>

#include "decoders/addr.h"

/*
 * A known-bad value.  Values are held in canonical form: names in lower-case
 * A-labels without a final dot (RFC 5891), addresses as struct addr, package
 * URLs as decoders/purl.h has them, without qualifiers, the rest as
 * iocs/canonical_code.h has it.
 */
enum indicator_type {
	INDICATOR_DOMAIN,     /* the name and every name below it */
	INDICATOR_HOST,       /* this name only */
	INDICATOR_ADDRESS,    /* address or CIDR, with or without a port */
	INDICATOR_URL,        /* host, optional port, and path prefix */
	INDICATOR_PATH,       /* request path: exact, or up to '?' */
	INDICATOR_USER_AGENT, /* exact, case included */
	INDICATOR_HTTP_BODY,  /* a request body that begins with these octets */
	INDICATOR_PACKAGE,    /* package URL; without a version, all versions */
	INDICATOR_JA3,        /* of a TLS or QUIC client */
	INDICATOR_JA3S,       /* of a TLS or QUIC server */
	INDICATOR_JA4,        /* of a TLS or QUIC client */
	INDICATOR_COUNTRY,    /* ISO 3166-1 alpha-2, where the address is */
	INDICATOR_ASN,        /* autonomous system that it is in, "AS64496" */
	INDICATOR_TYPE_COUNT,
};

/* What all indicators of one feed, event or report have in common. */
struct feed {
	const char *source;    /* who says so, or the file's name; never NULL */
	const char *campaign;  /* NULL: not said */
	const char *reference; /* URL; NULL: none */
};

struct indicator {
	uint8_t type;        /* enum indicator_type */
	uint8_t confidence;  /* 0..100 */
	uint8_t prefix_bits; /* ADDRESS: of 128; a v4 /24 is 120 */
	uint16_t port;       /* ADDRESS, URL: 0 is any */
	uint16_t value_len;
	const char *value;       /* canonical text, NUL-terminated too */
	const char *description; /* NULL: none */
	const struct feed *feed;
	struct addr addr;        /* ADDRESS; bits past the prefix are 0 */
	uint64_t valid_from_us;  /* shown only; 0: not said */
	uint64_t valid_until_us; /* no match from then on; 0: no end */
};

/*
 * "domain", "host", "ip", "url", "path", "user_agent", "http_body", "package",
 * "ja3", "ja3s", "ja4", "country", "asn"
 */
const char *indicator_type_name(enum indicator_type type);

#endif
