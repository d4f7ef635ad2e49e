#ifndef IOCS_FEED_TIME_H
#define IOCS_FEED_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/cursor.h"

/*
 * A time as feeds write it, in microseconds since 1970 UTC: RFC 3339
 * (2026-03-31T00:21:58.5Z, +09:00), the same with a space and perhaps "UTC"
 * (abuse.ch), a date alone (its first moment), or seconds since 1970 (MISP).
 * No zone means UTC.  False, and nothing changed, where it is none of these.
 */
bool feed_time_read(struct cursor text, uint64_t *out_us);

#endif
