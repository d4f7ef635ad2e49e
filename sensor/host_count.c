#include "sensor/host_count.h"

#include <math.h>
#include <string.h>

#define WORD_BITS 64

/* A clock that steps back by a day or so leaves the days as they are. */
static void
turn_day(uint64_t *maps, uint32_t words, uint32_t *today, uint32_t day)
{
	size_t octets = words * sizeof maps[0];

	if (day == *today || day + 1 == *today)
		return;
	if (day == *today + 1)
		memcpy(maps + words, maps, octets);
	else
		memset(maps + words, 0, octets);
	memset(maps, 0, octets);
	*today = day;
}

void
host_count_add(uint64_t *maps, uint32_t words, uint32_t *today, uint32_t day,
    uint64_t hash)
{
	uint64_t bit = hash & (words * WORD_BITS - 1);

	turn_day(maps, words, today, day);
	maps[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
}

uint32_t
host_count_bits(const uint64_t *maps, uint32_t words)
{
	uint32_t set = 0;

	for (uint32_t i = 0; i < words; i++)
		set += (uint32_t)__builtin_popcountll(
		    maps[i] | maps[words + i]);
	return set;
}

uint32_t
host_count_estimate(const uint64_t *maps, uint32_t words)
{
	uint32_t bits = words * WORD_BITS;
	uint32_t clear = bits - host_count_bits(maps, words);

	if (clear == 0)
		clear = 1;
	return (uint32_t)lround(bits * log((double)bits / clear));
}
