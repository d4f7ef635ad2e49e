#ifndef OUTPUT_TIMESTAMP_H
#define OUTPUT_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

/* EVE's form: 2026-03-31T00:21:03.123456+0000; always UTC. */
#define TIMESTAMP_LEN 31

/*
 * Remembers the last few seconds that were written, since the times in one
 * event are few and the next event has mostly the same ones.
 */
#define TIMESTAMP_KEPT 8
struct timestamp_cache {
	struct {
		uint64_t second;   /* since 1970 UTC, plus 1; 0: unused */
		char text[20 + 1]; /* "2026-03-31T00:21:03." */
	} kept[TIMESTAMP_KEPT];
};

/*
 * time_us since 1970 UTC; what is beyond the year 9999 is written as its last
 * microsecond.  No NUL is added.
 */
void timestamp_write(struct timestamp_cache *cache, uint64_t time_us,
    char out[TIMESTAMP_LEN]);

#endif
