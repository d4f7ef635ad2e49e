#include "output/redis_out.h"

#include <stdlib.h>
#include <string.h>

#define OUT_OCTETS_MIN 4096

bool
redis_out_reserve(struct redis_out *out, size_t more)
{
	size_t size = out->len + more;
	char *octets;

	if (out->size - out->len >= more)
		return true;
	if (size < 2 * out->size)
		size = 2 * out->size;
	if (size < OUT_OCTETS_MIN)
		size = OUT_OCTETS_MIN;
	if ((octets = realloc(out->octets, size)) == NULL)
		return false;
	out->octets = octets;
	out->size = size;
	return true;
}

size_t
redis_out_number(char *at, char mark, size_t number)
{
	char digits[24];
	size_t first = sizeof digits, len = 0;

	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	at[len++] = mark;
	memcpy(at + len, digits + first, sizeof digits - first);
	len += sizeof digits - first;
	at[len++] = '\r';
	at[len++] = '\n';
	return len;
}

static void
append_string(struct redis_out *out, const char *text, size_t len)
{
	out->len += redis_out_number(out->octets + out->len, '$', len);
	memcpy(out->octets + out->len, text, len);
	out->len += len;
	memcpy(out->octets + out->len, "\r\n", 2);
	out->len += 2;
}

bool
redis_out_command(struct redis_out *out, unsigned argc, const char *const *argv)
{
	size_t need = REDIS_LENGTH_MAX;

	for (unsigned i = 0; i < argc; i++)
		need += REDIS_LENGTH_MAX + strlen(argv[i]) + 2;
	if (!redis_out_reserve(out, need))
		return false;
	out->len += redis_out_number(out->octets + out->len, '*', argc);
	for (unsigned i = 0; i < argc; i++)
		append_string(out, argv[i], strlen(argv[i]));
	return true;
}

void
redis_out_fini(struct redis_out *out)
{
	free(out->octets);
	out->octets = NULL;
	out->begun = out->len = out->size = 0;
}
