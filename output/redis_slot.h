#ifndef OUTPUT_REDIS_SLOT_H
#define OUTPUT_REDIS_SLOT_H

#include <stddef.h>
#include <stdint.h>

/* Redis cluster specification, "Key distribution model" and "Hash tags". */
#define REDIS_SLOTS 16384

/* The slot of a key: what is between its first '{' and the next '}', if that
 * is something; else all of it. */
uint16_t redis_key_slot(const char *key, size_t len);

#endif
