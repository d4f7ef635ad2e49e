#include "sensor/network.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* An IPv4 prefix counts from here: the first 96 bits are ::ffff:0:0. */
#define V4_BITS 96

static int
parse_address(const char *text, size_t len, struct network *out, bool *v4)
{
	char address[NETWORK_TEXT_MAX];
	uint8_t octets[16];

	if (len >= sizeof address)
		return -1;
	memcpy(address, text, len);
	address[len] = '\0';
	*v4 = inet_pton(AF_INET, address, octets) == 1;
	if (*v4) {
		out->addr = addr_v4(octets);
		return 0;
	}
	if (inet_pton(AF_INET6, address, octets) != 1)
		return -1;
	out->addr = addr_v6(octets);
	return 0;
}

/* Decimal digits without a leading zero, at most `max`. */
static int
parse_prefix(const char *text, unsigned max, unsigned *out)
{
	size_t digits = strspn(text, "0123456789");
	unsigned value = 0;

	if (digits == 0 || digits > 3 || text[digits] != '\0' ||
	    (text[0] == '0' && digits > 1))
		return -1;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	if (value > max)
		return -1;
	*out = value;
	return 0;
}

/* Clears the bits past the prefix; whether any was set. */
static bool
clear_host_bits(struct network *network)
{
	bool were_set = false;

	for (unsigned i = 0; i < 16; i++) {
		unsigned before = i * 8;
		uint8_t kept = 0xff;

		if (network->prefix_bits <= before)
			kept = 0;
		else if (network->prefix_bits < before + 8)
			kept = (uint8_t)(0xff << (before + 8 -
						  network->prefix_bits));
		were_set |= (network->addr.octets[i] & ~kept) != 0;
		network->addr.octets[i] &= kept;
	}
	return were_set;
}

static void
format_network(const struct network *network, bool v4, char *out, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	if (v4)
		inet_ntop(AF_INET, network->addr.octets + 12, address,
		    sizeof address);
	else
		inet_ntop(AF_INET6, network->addr.octets, address,
		    sizeof address);
	snprintf(out, size, "%s/%u", address,
	    network->prefix_bits - (v4 ? V4_BITS : 0));
}

int
network_parse(const char *text, struct network *out, char *error,
    size_t error_size)
{
	size_t address_len = strcspn(text, "/");
	char meant[NETWORK_TEXT_MAX];
	struct network network;
	unsigned max;
	bool v4;

	if (parse_address(text, address_len, &network, &v4) == -1) {
		snprintf(error, error_size,
		    "'%.64s' is no IPv4 or IPv6 network", text);
		return -1;
	}
	network.prefix_bits = max = v4 ? 32 : 128;
	if (text[address_len] == '/' && parse_prefix(text + address_len + 1,
					    max, &network.prefix_bits) == -1) {
		snprintf(error, error_size,
		    "'%.64s': the prefix length is no number from 0 to %u",
		    text, max);
		return -1;
	}
	if (v4)
		network.prefix_bits += V4_BITS;
	if (clear_host_bits(&network)) {
		format_network(&network, v4, meant, sizeof meant);
		snprintf(error, error_size,
		    "'%.64s' has bits set past its prefix; is %s meant?", text,
		    meant);
		return -1;
	}
	*out = network;
	return 0;
}

bool
network_address_read(const char *text, size_t len, struct addr *out)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t octets[16];

	if (len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, octets) == 1)
		*out = addr_v4(octets);
	else if (inet_pton(AF_INET6, copy, octets) == 1)
		*out = addr_v6(octets);
	else
		return false;
	return true;
}
