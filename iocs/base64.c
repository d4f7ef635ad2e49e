#include "iocs/base64.h"

#include <string.h>

/* 0 to 63, or -1. */
static int
digit_value(uint8_t octet)
{
	if (octet >= 'A' && octet <= 'Z')
		return octet - 'A';
	if (octet >= 'a' && octet <= 'z')
		return octet - 'a' + 26;
	if (octet >= '0' && octet <= '9')
		return octet - '0' + 52;
	return octet == '+' ? 62 : octet == '/' ? 63 : -1;
}

/* Four digits, the last `pad` of them '='. */
static bool
decode_group(const uint8_t group[4], int pad, uint8_t out[3])
{
	uint32_t bits = 0;
	int value;

	for (int i = 0; i < 4; i++) {
		value = i < 4 - pad ? digit_value(group[i]) : 0;
		if (value == -1)
			return false;
		bits = bits << 6 | (uint32_t)value;
	}
	out[0] = (uint8_t)(bits >> 16);
	out[1] = (uint8_t)(bits >> 8);
	out[2] = (uint8_t)bits;
	return true;
}

bool
base64_decode(struct cursor text, char *out, size_t max, size_t *len)
{
	uint8_t group[4], octets[3];
	size_t count;
	int pad = 0;

	*len = 0;
	if (text.left % 4 != 0)
		return false;
	while (cur_copy(&text, group, sizeof group)) {
		if (text.left == 0 && group[3] == '=')
			pad = group[2] == '=' ? 2 : 1;
		count = 3 - (size_t)pad;
		if (!decode_group(group, pad, octets) || max - *len < count)
			return false;
		memcpy(out + *len, octets, count);
		*len += count;
	}
	return true;
}
