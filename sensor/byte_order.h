#ifndef SENSOR_BYTE_ORDER_H
#define SENSOR_BYTE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/cursor.h"

/*
 * Integers of capture files, which are in the byte order of the machine that
 * wrote them.  As all cursor reads: true and advance, or false and nothing.
 */
MUST_USE static inline bool
cur_file_u16(struct cursor *c, bool little_endian, uint16_t *out)
{
	if (!cur_u16(c, out))
		return false;
	if (little_endian)
		*out = __builtin_bswap16(*out);
	return true;
}

MUST_USE static inline bool
cur_file_u32(struct cursor *c, bool little_endian, uint32_t *out)
{
	if (!cur_u32(c, out))
		return false;
	if (little_endian)
		*out = __builtin_bswap32(*out);
	return true;
}

#endif
