#ifndef SENSOR_MAPPING_H
#define SENSOR_MAPPING_H

#include <stddef.h>
#include <stdint.h>

/*
 * A regular file in memory, read only.  What is lost of it while it is mapped
 * (sensor/page_guard.h) reads as zeros.
 */
struct mapping {
	const uint8_t *octets;
	size_t len;
	int guard;
	size_t next;       /* where to give back pages again: offset */
	size_t given_back; /* those before are: offset */
};

/*
 * -1 with errno where it cannot be mapped, ENOBUFS where too many are; `fd` may
 * be closed afterwards.
 */
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
