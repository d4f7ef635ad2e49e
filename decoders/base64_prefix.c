#include "decoders/base64_prefix.h"

#define PAD 64

/* 0 to 63, PAD, or -1. */
static int
digit_value(uint8_t octet)
{
	if (octet >= 'A' && octet <= 'Z')
		return octet - 'A';
	if (octet >= 'a' && octet <= 'z')
		return octet - 'a' + 26;
	if (octet >= '0' && octet <= '9')
		return octet - '0' + 52;
	return octet == '+' ? 62 : octet == '/' ? 63 : octet == '=' ? PAD : -1;
}

/* Digits come before padding, and two of them at least in a group. */
static bool
takes(int value, unsigned at, unsigned pads)
{
	if (value == PAD)
		return at >= 2;
	return value != -1 && pads == 0;
}

bool
base64_prefix_decode(struct cursor text, uint8_t *out, size_t max, size_t *len)
{
	uint32_t bits = 0;
	unsigned at = 0, pads = 0; /* in the group */
	bool ended = false;
	size_t n = 0;
	uint8_t octet;

	*len = 0;
	while (cur_u8(&text, &octet)) {
		int value = digit_value(octet);

		if (ended || !takes(value, at, pads))
			return false;
		pads += value == PAD;
		bits = bits << 6 | (value == PAD ? 0 : (uint32_t)value);
		if (++at < 4)
			continue;
		for (unsigned i = 0; i < 3 - pads && n < max; i++)
			out[n++] = (uint8_t)(bits >> (16 - 8 * i));
		ended = pads > 0;
		bits = 0;
		at = pads = 0;
	}
	*len = n;
	return true;
}
