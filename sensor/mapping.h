#ifndef SENSOR_MAPPING_H
#define SENSOR_MAPPING_H

#include <stddef.h>
#include <stdint.h>

/*
 * A regular file in memory, read only.
 *
 * Where a file is cut short while it is mapped, or its disk fails, reading the
 * lost part raises SIGBUS.  The first mapping installs a handler that puts
 * zeros there and remembers where; a SIGBUS about any other address goes to
 * whoever was there before.
 */
struct mapping {
	const uint8_t *octets;
	size_t len;
	struct mapping_guard *guard;
	size_t next;       /* where to give back pages again: offset */
	size_t given_back; /* those before are: offset */
};

/* More at the same time are refused with ENOBUFS. */
#define MAPPINGS_MAX 512

/* -1 with errno where it cannot be mapped; `fd` may be closed afterwards. */
int mapping_open(struct mapping *mapping, int fd, size_t len);
void mapping_close(struct mapping *mapping);

/* The first octet that could not be read; NULL while all could. */
const uint8_t *mapping_damage(const struct mapping *mapping);

/*
 * Gives back pages long before `at`, so that they do not count as resident;
 * they may still be read.  To be called when `at` has reached offset `next`.
 */
void mapping_advance(struct mapping *mapping, const uint8_t *at);
/* Reading goes on at `offset`. */
void mapping_jump(struct mapping *mapping, size_t offset);

#endif
