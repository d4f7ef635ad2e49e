#ifndef IOCS_STIX_PATTERN_H
#define IOCS_STIX_PATTERN_H

#include <stdint.h>

#include "decoders/cursor.h"
#include "iocs/normalise.h"

/*
 * STIX patterns (STIX 2.1 section 9), as far as one indicator of ours says the
 * same: comparisons with '=', IN or ISSUBSET, joined by OR within a bracket or
 * between brackets:
 *
 *	domain-name:value  ipv4-addr:value  ipv6-addr:value  url:value
 *	autonomous-system:number  (STIX has nothing for JA3, JA4, countries)
 *	    (STIX has no property for a package's version and registry:
 *	    url:value with a package URL, scheme "pkg", is ours)
 *	network-traffic:dst_ref.value, AND dst_port, dst_ref.type, protocols
 *	network-traffic:extensions.'http-request-ext'
 *	    .request_value                        path or URL
 *	    .request_header.'User-Agent'
 *	    .message_body_data_ref.payload_bin    base64 of how a body begins
 */
struct stix_term {
	enum value_kind kind;
	struct cursor value; /* borrowed until the call returns */
	uint16_t port;
};

/*
 * Calls `each` for every alternative.  NULL, or the reason why the pattern is
 * not supported; `each` was not called then.
 */
const char *stix_pattern_read(struct cursor pattern,
    void (*each)(void *arg, const struct stix_term *term), void *arg);

#endif
