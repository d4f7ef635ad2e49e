#include "output/community_id.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include <gcrypt.h>

#include "decoders/gcrypt_ready.h"

#define SHA1_LEN 20

/* seed, two addresses, protocol, pad, two ports */
#define INPUT_MAX (2 + 2 * 16 + 2 + 2 * 2)

void
community_id_init(void)
{
	gcrypt_ready();
}

static bool
has_ports(uint8_t ip_proto)
{
	return ip_proto == IPPROTO_TCP || ip_proto == IPPROTO_UDP ||
	       ip_proto == IPPROTO_SCTP;
}

/* RFC 4648 section 4 for 20 octets: 28 characters, the last a pad. */
static void
base64_digest(const uint8_t digest[SHA1_LEN], char *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";

	for (size_t i = 0; i < SHA1_LEN; i += 3) {
		uint32_t group = (uint32_t)digest[i] << 16 |
		                 (uint32_t)digest[i + 1] << 8;

		if (i + 2 < SHA1_LEN)
			group |= digest[i + 2];
		for (int shift = 18; shift >= 0; shift -= 6)
			*out++ = alphabet[group >> shift & 63];
	}
	/* 20 octets leave two in the last group. */
	out[-1] = '=';
	*out = '\0';
}

bool
community_id_write(const struct addr *a, const struct addr *b, uint16_t a_port,
    uint16_t b_port, uint8_t ip_proto, char out[COMMUNITY_ID_SIZE])
{
	/* An IPv4 address is hashed as its four octets. */
	size_t skip = addr_is_v4(a) && addr_is_v4(b) ? 12 : 0;
	size_t addr_len = sizeof a->octets - skip, len = 0;
	int order = memcmp(a->octets, b->octets, sizeof a->octets);
	uint8_t input[INPUT_MAX], digest[SHA1_LEN];

	if (ip_proto == IPPROTO_ICMP || ip_proto == IPPROTO_ICMPV6)
		return false;
	if (order > 0 || (order == 0 && a_port > b_port)) {
		const struct addr *other = a;
		uint16_t other_port = a_port;

		a = b;
		b = other;
		a_port = b_port;
		b_port = other_port;
	}
	input[len++] = 0; /* the seed */
	input[len++] = 0;
	memcpy(input + len, a->octets + skip, addr_len);
	len += addr_len;
	memcpy(input + len, b->octets + skip, addr_len);
	len += addr_len;
	input[len++] = ip_proto;
	input[len++] = 0;
	if (has_ports(ip_proto)) {
		input[len++] = (uint8_t)(a_port >> 8);
		input[len++] = (uint8_t)a_port;
		input[len++] = (uint8_t)(b_port >> 8);
		input[len++] = (uint8_t)b_port;
	}
	gcry_md_hash_buffer(GCRY_MD_SHA1, digest, input, len);
	memcpy(out, "1:", 2);
	base64_digest(digest, out + 2);
	return true;
}
