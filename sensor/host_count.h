#ifndef SENSOR_HOST_COUNT_H
#define SENSOR_HOST_COUNT_H

#include <stdint.h>

/*
 * How many different hosts, by linear counting (Whang, Vander-Zanden and
 * Taylor, 1990): each sets one of m bits, and n = -m ln(share of clear bits).
 * Within 4 % for up to m hosts; full at about m ln m.
 *
 * Two bit maps, of this day and of the day before, so that hosts that are gone
 * do not count for ever.  Days are the capture clock's, as numbers.
 */

/* Notes a host by its hash in `maps`, today's first, of `words` words each. */
void host_count_add(uint64_t *maps, uint32_t words, uint32_t *today,
    uint32_t day, uint64_t hash);

/* The bits that are set on either day: a measure, if not the number. */
uint32_t host_count_bits(const uint64_t *maps, uint32_t words);

/* At least 1 where any host was noted; `words` * 64 is a power of two. */
uint32_t host_count_estimate(const uint64_t *maps, uint32_t words);

#endif
