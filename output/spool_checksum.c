#include "output/spool_checksum.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL 0x82f63b78 /* reflected */

/* tables[n][octet]: what an octet does to the sum, n octets further on. */
static uint32_t tables[8][256];
static bool has_instruction;

static uint32_t
add_bits(uint32_t sum)
{
	for (int bit = 0; bit < 8; bit++)
		sum = sum >> 1 ^ ((sum & 1) != 0 ? POLYNOMIAL : 0);
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
__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t sum, const uint8_t *at, size_t len)
{
	uint64_t wide = sum, word;

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
