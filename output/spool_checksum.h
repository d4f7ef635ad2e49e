#ifndef OUTPUT_SPOOL_CHECKSUM_H
#define OUTPUT_SPOOL_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * CRC-32C, RFC 3720 section 12.1 (polynomial 0x1edc6f41, reflected): the one
 * that processors compute.  `before` is what the octets before these gave; 0
 * to begin, or any other number as a seed.
 */
uint32_t spool_checksum(uint32_t before, const void *octets, size_t len);

/* The same without the processor's help: its fallback, here for the tests. */
uint32_t spool_checksum_by_table(uint32_t before, const void *octets,
    size_t len);

#endif
