#include "output/redis_slot.h"

#include <string.h>

/*
 * CRC-16/XMODEM: polynomial 1021 (hexadecimal), begun with 0, neither end
 * reflected.  Bit by bit: a key is hashed when its command is made, and that
 * is kept.
 */
static uint16_t
crc16(const char *octets, size_t len)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint16_t)((uint8_t)octets[i] << 8);
		for (unsigned bit = 0; bit < 8; bit++) {
			uint16_t carry = crc & 0x8000;

			crc = (uint16_t)(crc << 1);
			if (carry != 0)
				crc ^= 0x1021;
		}
	}
	return crc;
}

uint16_t
redis_key_slot(const char *key, size_t len)
{
	const char *open = memchr(key, '{', len), *close;

	if (open != NULL) {
		size_t left = len - (size_t)(open + 1 - key);

		close = memchr(open + 1, '}', left);
		if (close != NULL && close > open + 1) {
			key = open + 1;
			len = (size_t)(close - key);
		}
	}
	return crc16(key, len) % REDIS_SLOTS;
}
