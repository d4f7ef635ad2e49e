#ifndef DECODERS_QUIC_WIRE_H
#define DECODERS_QUIC_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/cursor.h"

/* A variable-length integer, RFC 9000 section 16: below 2^62. */
MUST_USE static inline bool
cur_varint(struct cursor *c, uint64_t *out)
{
	struct cursor rest = *c;
	uint8_t octet;
	uint64_t value;

	if (!cur_u8(&rest, &octet))
		return false;
	value = octet & 0x3f;
	for (int more = (1 << (octet >> 6)) - 1; more > 0; more--) {
		if (!cur_u8(&rest, &octet))
			return false;
		value = value << 8 | octet;
	}
	*c = rest;
	*out = value;
	return true;
}

/* The octets that a variable-length integer counts, as a window. */
MUST_USE static inline bool
cur_vec_varint(struct cursor *c, struct cursor *out)
{
	struct cursor rest = *c;
	uint64_t len;

	if (!cur_varint(&rest, &len) || len > rest.left ||
	    !cur_take(&rest, (size_t)len, out))
		return false;
	*c = rest;
	return true;
}

#endif
