#include "iocs/canonical_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* ::ffff:0:0/96 holds IPv4 (decoders/addr.h). */
#define V4_BITS 96

/* Shorter prefixes are no indicators but geography. */
#define V4_PREFIX_MIN (V4_BITS + 8)
#define V6_PREFIX_MIN 16

static const char out_of_place[] = "not an address on the internet";

/*
 * IANA special-purpose registries (RFC 6890), without the documentation and
 * benchmarking blocks: those are what tests and exercises are made of.
 */
static const struct {
	struct addr addr;
	uint8_t bits;
	const char *reason;
} special[] = {
#define V4(a, b, bits)                                                         \
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b } }, V4_BITS + (bits)
	{ V4(0, 0, 8), out_of_place },
	{ V4(10, 0, 8), "private address space (RFC 1918)" },
	{ V4(100, 64, 10), "shared address space (RFC 6598)" },
	{ V4(127, 0, 8), "means this machine" },
	{ V4(169, 254, 16), "link-local address (RFC 3927)" },
	{ V4(172, 16, 12), "private address space (RFC 1918)" },
	{ V4(192, 168, 16), "private address space (RFC 1918)" },
	{ V4(224, 0, 4), "multicast address (RFC 5771)" },
	{ V4(240, 0, 4), out_of_place },
#undef V4
	{ { { 0 } }, 127, out_of_place }, /* :: and ::1 */
	{ { { 0xfc } }, 7, "private address space (RFC 4193)" },
	{ { { 0xfe, 0x80 } }, 10, "link-local address (RFC 4291)" },
	{ { { 0xff } }, 8, "multicast address (RFC 4291)" },
};

static const char not_an_address[] = "no IPv4 or IPv6 address";
static const char bad_port[] = "the port is no number from 1 to 65535";
static const char bad_prefix[] = "the prefix length is no number in its range";

bool
address_is_meant(const char *text)
{
	const char *colon = strchr(text, ':');
	size_t digits;

	if (text[0] == '[' || (colon != NULL && strchr(colon + 1, ':') != NULL))
		return true;
	digits = strspn(text, "0123456789.");
	return digits > 0 && strchr(text, '.') != NULL &&
	       (text[digits] == '\0' || text[digits] == ':' ||
		   text[digits] == '|');
}

bool
port_read(const char *text, size_t len, uint16_t *out)
{
	unsigned value = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	if (value == 0 || value > 65535)
		return false;
	*out = (uint16_t)value;
	return true;
}

static bool
read_address(const char *text, size_t len, struct addr *out)
{
	char address[INET6_ADDRSTRLEN];
	uint8_t octets[16];

	if (len >= sizeof address)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, octets) == 1) {
		*out = addr_v4(octets);
		return true;
	}
	if (inet_pton(AF_INET6, address, octets) != 1)
		return false;
	*out = addr_v6(octets);
	return true;
}

const char *
canonical_address(const char *text, struct network_value *out)
{
	const char *first_colon = strchr(text, ':');
	const char *end, *port = NULL;
	size_t len;

	if (text[0] == '[') {
		text++;
		if ((end = strchr(text, ']')) == NULL)
			return not_an_address;
		len = (size_t)(end - text);
		if (end[1] == ':' || end[1] == '|')
			port = end + 2;
		else if (end[1] != '\0')
			return not_an_address;
	} else {
		len = strcspn(text, "|");
		/* One colon: a port.  Two: IPv6. */
		if (first_colon != NULL && strchr(first_colon + 1, ':') == NULL)
			len = (size_t)(first_colon - text);
		if (text[len] != '\0')
			port = text + len + 1;
	}
	out->port = 0;
	out->prefix_bits = 128;
	if (!read_address(text, len, &out->addr))
		return not_an_address;
	if (port != NULL && !port_read(port, strlen(port), &out->port))
		return bad_port;
	return NULL;
}

static void
clear_host_bits(struct network_value *value)
{
	unsigned bits = value->prefix_bits;

	for (unsigned i = 0; i < sizeof value->addr.octets; i++) {
		if (i * 8 >= bits)
			value->addr.octets[i] = 0;
		else if (i * 8 + 8 > bits)
			value->addr.octets[i] &= (uint8_t)(0xff << (i * 8 + 8 -
								    bits));
	}
}

const char *
canonical_prefix(const char *text, const char *digits, size_t len,
    struct network_value *value)
{
	bool dotted = strchr(text, ':') == NULL;
	unsigned bits = 0;

	if (len == 0 || len > 3 || (digits[0] == '0' && len > 1))
		return bad_prefix;
	for (size_t i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return bad_prefix;
		bits = bits * 10 + (unsigned)(digits[i] - '0');
	}
	if (bits > (dotted ? 32 : 128))
		return bad_prefix;
	if (dotted)
		bits += V4_BITS;
	value->prefix_bits = (uint8_t)bits;
	clear_host_bits(value);
	return NULL;
}

/* Whether one of the two networks holds the other. */
static bool
overlap(const struct network_value *value, size_t i)
{
	struct network_value a = *value,
			     b = { special[i].addr, special[i].bits, 0 };

	if (a.prefix_bits > b.prefix_bits)
		a.prefix_bits = b.prefix_bits;
	b.prefix_bits = a.prefix_bits;
	clear_host_bits(&a);
	clear_host_bits(&b);
	return addr_equal(&a.addr, &b.addr);
}

const char *
address_refusal(const struct network_value *value)
{
	if (value->prefix_bits <
	    (addr_is_v4(&value->addr) ? V4_PREFIX_MIN : V6_PREFIX_MIN))
		return "a network of so many addresses is no indicator "
		       "(shorter than /8, or /16 for IPv6)";
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
		if (overlap(value, i))
			return special[i].reason;
	return NULL;
}

void
address_write(const struct network_value *value, char out[ADDRESS_TEXT_MAX])
{
	bool v4 = addr_is_v4(&value->addr);
	unsigned bits = value->prefix_bits - (v4 ? V4_BITS : 0);
	char address[INET6_ADDRSTRLEN], prefix[sizeof "/128"] = "";

	if (v4)
		inet_ntop(AF_INET, value->addr.octets + 12, address,
		    sizeof address);
	else
		inet_ntop(AF_INET6, value->addr.octets, address,
		    sizeof address);
	if (value->prefix_bits < 128)
		snprintf(prefix, sizeof prefix, "/%u", bits);
	if (value->port == 0)
		snprintf(out, ADDRESS_TEXT_MAX, "%s%s", address, prefix);
	else
		snprintf(out, ADDRESS_TEXT_MAX, v4 ? "%s%s:%u" : "[%s%s]:%u",
		    address, prefix, value->port);
}
