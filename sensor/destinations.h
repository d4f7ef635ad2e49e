#ifndef SENSOR_DESTINATIONS_H
#define SENSOR_DESTINATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "iocs/ioc_load.h"

/*
 * A set of destinations: what a policy lets out, or where a kind of service
 * is.  Not an indicator set, which refuses what would hit too much: here
 * github.io or 10.0.0.0/8 may be meant.
 *
 *	npmjs.org                   the name and every name below it
 *	example.net:8443            the same, on one port
 *	192.0.2.0/24  192.0.2.1:443  2001:db8::/32  [2001:db8::1]:443
 */
struct destinations;

struct destinations *destinations_new(void); /* NULL where memory is short */
void destinations_free(struct destinations *destinations);

/* NULL, or the reason why it was not added; `port` where the text has none. */
const char *destinations_add(struct destinations *destinations,
    const char *text, uint16_t port);

/* The reason why it could not be added; NULL: it could. */
const char *destination_refusal(const char *text);

/*
 * Adds a file: one destination a line, '#' begins a comment.  0, or -1 with
 * the reason in `error`; each line that is wrong is reported before.
 */
int destinations_load(struct destinations *destinations, const char *path,
    uint16_t port, ioc_report report, void *report_arg, char *error,
    size_t error_size);

/*
 * Whether any of the two is there: the name (lower case, no final dot; len 0:
 * none) or the address (NULL: none).  The time that it takes is bounded by the
 * longest name that there is, 253 octets.  Allocates nothing.
 */
bool destinations_have(const struct destinations *destinations,
    const char *name, size_t len, const struct addr *addr, uint16_t port);

size_t destinations_count(const struct destinations *destinations);

#endif
