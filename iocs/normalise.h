#ifndef IOCS_NORMALISE_H
#define IOCS_NORMALISE_H

#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "iocs/canonical_name.h"
#include "iocs/indicator.h"

/* What a feed says that a value is. */
enum value_kind {
	/* It does not: name, address, URL, path, package, JA4, "AS64496" by
	 * look. */
	VALUE_ANY,
	VALUE_DOMAIN,
	VALUE_HOST,
	VALUE_ADDRESS,
	VALUE_URL,
	VALUE_URI, /* a path where it begins with '/', else a URL */
	VALUE_PATH,
	VALUE_USER_AGENT,
	VALUE_HTTP_BODY,
	VALUE_PACKAGE,     /* a package URL */
	VALUE_NPM_PACKAGE, /* that, or name@version */
	VALUE_PYPI_PACKAGE,
	VALUE_JA3,
	VALUE_JA3S,
	VALUE_JA4,
	VALUE_COUNTRY,
	VALUE_ASN, /* number, with or without "AS" */
	VALUE_KIND_COUNT,
};

#define NORMAL_VALUE_MAX 4096

/* A value in canonical form, as struct indicator has it. */
struct normal {
	enum indicator_type type;
	uint8_t prefix_bits;
	uint16_t port;
	struct addr addr;
	size_t value_len;
	char value[NORMAL_VALUE_MAX + 1];
};

/*
 * Undoes defanging, decides the type and brings the value into canonical form:
 *
 *	ADDRESS     RFC 5952 text; "/24" of a network; ":80" of a port
 *	DOMAIN      "*.example.com" and ".example.com" are example.com; the port
 *	            of "example.com:80" is dropped, names have none
 *	URL         "scheme://host[:port]/path"; http where no scheme is given;
 *	            no user information, fragment, or default port
 *	PATH        from '/', without a fragment
 *	USER_AGENT, HTTP_BODY   the octets as they are
 *	PACKAGE     decoders/purl.h; of "pkg:", whatever kind of URL was said
 *	JA3, JA3S, JA4, COUNTRY, ASN   iocs/canonical_code.h
 *
 * An address that stands where a name is expected is an address.
 *
 * NULL, or the reason why the value is not taken: malformed, or it would hit
 * what nobody can mean (a public suffix, private address space, "/").  Then
 * *out is undefined.
 */
const char *normalise(const struct suffixes *suffixes, enum value_kind kind,
    struct cursor value, struct normal *out);

#endif
