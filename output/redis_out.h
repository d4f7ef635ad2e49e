#ifndef OUTPUT_REDIS_OUT_H
#define OUTPUT_REDIS_OUT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Commands on their way to the socket: octets from `begun` to `len`.  One
 * buffer serves all connections of a sink, since each sends all that it was
 * given, or is closed, before the next begins.
 */
struct redis_out {
	char *octets;
	size_t begun, len, size;
};

/* `$4294967295\r\n`, and the same with '*' */
#define REDIS_LENGTH_MAX (sizeof "$4294967295\r\n" - 1)

static inline bool
redis_out_is_empty(const struct redis_out *out)
{
	return out->begun == out->len;
}

static inline void
redis_out_clear(struct redis_out *out)
{
	out->begun = out->len = 0;
}

/* Room for so many octets more; false: out of memory. */
bool redis_out_reserve(struct redis_out *out, size_t more);

/* A command (RESP: an array of strings); false: out of memory. */
bool redis_out_command(struct redis_out *out, unsigned argc,
    const char *const *argv);

void redis_out_fini(struct redis_out *out);

/* Writes `mark`, the number and "\r\n" without a '\0'; says how many octets. */
size_t redis_out_number(char *at, char mark, size_t number);

#endif
