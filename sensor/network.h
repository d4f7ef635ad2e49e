#ifndef SENSOR_NETWORK_H
#define SENSOR_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/addr.h"

/* Room for an address and its prefix length as text. */
#define NETWORK_TEXT_MAX 64

struct network {
	struct addr addr;     /* bits past the prefix are 0 */
	unsigned prefix_bits; /* of 128: an IPv4 /24 is 120 */
};

/*
 * Reads CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3) or a single
 * address.  0, or -1 with the reason in `error`: also where bits past the
 * prefix are set, since then it is not clear what was meant.
 */
int network_parse(const char *text, struct network *out, char *error,
    size_t error_size);

/* A bare address of `len` octets, as a host in a request; false: it is none. */
bool network_address_read(const char *text, size_t len, struct addr *out);

#endif
