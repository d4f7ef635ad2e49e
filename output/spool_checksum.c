#include "output/spool_checksum.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL 0x82f63b78 /* reflected */

/* tables[n][octet]: what an octet does to the sum, n octets further on. */
static uint32_t tables[8][256];
static bool has_instruction;

/*
 * The instruction has to wait for its last result, for three cycles: three
 * lanes of octets side by side are summed in the time of one.  The sum of one
 * lane counts as if the next one were zeros behind it: lane_tables[n][octet]
 * is what so many zeros make of octet n of a sum.
 */
#define LANE_OCTETS 128
static uint32_t lane_tables[4][256];

static uint32_t
add_bits(uint32_t sum)
{
	for (int bit = 0; bit < 8; bit++)
		sum = sum >> 1 ^ ((sum & 1) != 0 ? POLYNOMIAL : 0);
	return sum;
}

/* A sum, with a lane of zeros behind it. */
static uint32_t
add_zeros(uint32_t sum)
{
	for (unsigned i = 0; i < LANE_OCTETS; i++)
		sum = sum >> 8 ^ tables[0][sum & 0xff];
	return sum;
}

static void
prepare(void)
{
	for (uint32_t i = 0; i < 256; i++)
		tables[0][i] = add_bits(i);
	for (int n = 1; n < 8; n++) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t sum = tables[n - 1][i];

			tables[n][i] = sum >> 8 ^ tables[0][sum & 0xff];
		}
	}
	for (uint32_t i = 0; i < 256; i++) {
		for (unsigned n = 0; n < 4; n++)
			lane_tables[n][i] = add_zeros(i << 8 * n);
	}
#if defined(__x86_64__)
	has_instruction = __builtin_cpu_supports("sse4.2");
#endif
}

static uint32_t
by_table(uint32_t sum, const uint8_t *at, size_t len)
{
	for (; len >= 8; at += 8, len -= 8) {
		uint32_t low = sum ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 |
					 (uint32_t)at[2] << 16 |
					 (uint32_t)at[3] << 24);

		sum = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^
		      tables[5][low >> 16 & 0xff] ^ tables[4][low >> 24] ^
		      tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^
		      tables[0][at[7]];
	}
	for (; len > 0; at++, len--)
		sum = sum >> 8 ^ tables[0][(sum ^ *at) & 0xff];
	return sum;
}

#if defined(__x86_64__)
static uint32_t
past_lane(uint64_t sum)
{
	return lane_tables[0][sum & 0xff] ^ lane_tables[1][sum >> 8 & 0xff] ^
	       lane_tables[2][sum >> 16 & 0xff] ^
	       lane_tables[3][sum >> 24 & 0xff];
}

/* Three lanes, one after the other in memory. */
__attribute__((target("sse4.2"))) static uint64_t
sum_lanes(uint64_t sum, const uint8_t *at)
{
	uint64_t lanes[3] = { sum, 0, 0 }, words[3];

	for (size_t i = 0; i < LANE_OCTETS; i += sizeof words[0]) {
		for (size_t lane = 0; lane < 3; lane++) {
			memcpy(&words[lane], at + lane * LANE_OCTETS + i,
			    sizeof words[lane]);
			lanes[lane] = __builtin_ia32_crc32di(lanes[lane],
			    words[lane]);
		}
	}
	return past_lane(past_lane(lanes[0]) ^ lanes[1]) ^ lanes[2];
}

__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t sum, const uint8_t *at, size_t len)
{
	uint64_t wide = sum, word;

	for (; len >= 3 * LANE_OCTETS;
	     at += 3 * LANE_OCTETS, len -= 3 * LANE_OCTETS)
		wide = sum_lanes(wide, at);
	for (; len >= sizeof word; at += sizeof word, len -= sizeof word) {
		memcpy(&word, at, sizeof word);
		wide = __builtin_ia32_crc32di(wide, word);
	}
	sum = (uint32_t)wide;
	for (; len > 0; at++, len--)
		sum = __builtin_ia32_crc32qi(sum, *at);
	return sum;
}
#else
#define by_instruction by_table
#endif

static void
prepare_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, prepare);
}

uint32_t
spool_checksum_by_table(uint32_t before, const void *octets, size_t len)
{
	prepare_once();
	return ~by_table(~before, octets, len);
}

uint32_t
spool_checksum(uint32_t before, const void *octets, size_t len)
{
	prepare_once();
	return ~(has_instruction ? by_instruction(~before, octets, len)
				 : by_table(~before, octets, len));
}
