#ifndef IOCS_CANONICAL_ADDRESS_H
#define IOCS_CANONICAL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"

/* "[v6/128]:65535" and the NUL */
#define ADDRESS_TEXT_MAX 64

struct network_value {
	struct addr addr;    /* bits past the prefix are 0 */
	uint8_t prefix_bits; /* of 128: an IPv4 /24 is 120 */
	uint16_t port;       /* 0: any */
};

/* Whether it can only be meant as an address, well written or not. */
bool address_is_meant(const char *text);

/*
 * Reads an address, with or without a port (192.0.2.1:80, 192.0.2.1|80,
 * [2001:db8::1]:80).  NULL, or the reason why it is none.
 */
const char *canonical_address(const char *text, struct network_value *out);

/*
 * Narrows an address to a network: `text` is what it was read from, `digits`
 * what stands behind the '/'.  Bits past the prefix are cleared.
 */
const char *canonical_prefix(const char *text, const char *digits, size_t len,
    struct network_value *value);

/*
 * Why an address or network is no indicator: too many addresses, or such as
 * say nothing about a host on the internet.  NULL where it may be taken.
 */
const char *address_refusal(const struct network_value *value);

void address_write(const struct network_value *value,
    char out[ADDRESS_TEXT_MAX]);

/* 1 to 65535 in decimal; false where it is anything else. */
bool port_read(const char *text, size_t len, uint16_t *out);

#endif
