#ifndef DECODERS_ADDR_H
#define DECODERS_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * An IPv4 or IPv6 address, network byte order; IPv4 as ::ffff:a.b.c.d
 * (RFC 4291 section 2.5.5.2), so that one comparison serves both.
 */
struct addr {
	uint8_t octets[16];
};

static inline struct addr
addr_v4(const uint8_t octets[4])
{
	struct addr a = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } };

	memcpy(a.octets + 12, octets, 4);
	return a;
}

static inline struct addr
addr_v6(const uint8_t octets[16])
{
	struct addr a;

	memcpy(a.octets, octets, 16);
	return a;
}

static inline bool
addr_is_v4(const struct addr *a)
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		0xff };

	return memcmp(a->octets, prefix, sizeof prefix) == 0;
}

static inline bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

#endif
