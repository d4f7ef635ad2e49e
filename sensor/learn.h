#ifndef SENSOR_LEARN_H
#define SENSOR_LEARN_H

#include <stddef.h>

#include "iocs/ioc_set.h"
#include "sensor/departure.h"
#include "sensor/destinations.h"
#include "sensor/segments.h"
#include "sensor/services.h"

/*
 * A starting list for a policy: what left each segment, by registered domain
 * or address, with ports, sources, and how often and when.  The result can be given
 * to a policy as it is (allow: {lists: [./FILE]}), and is meant to be read by
 * a person before.
 *
 * What is an indicator, or hides what goes through it (services.h), is in the
 * list for the reader, but commented out.
 */
struct learn;

#define LEARN_PLACES_MAX 65536 /* more are counted, and left out */

struct learn_options {
	const struct segments *segments; /* NULL: external and internal only */
	const struct services *services; /* NULL: none are known */
};

/* NULL where memory is short. */
struct learn *learn_new(const struct learn_options *options);
void learn_free(struct learn *learn);

/* `set`: the indicators in force; NULL: none. */
void learn_departure(struct learn *learn, const struct departure *departure,
    const struct ioc_set *set);

/*
 * Writes the list, by rename: the file that was there is whole until the new
 * one is.  0, or -1 with the reason in `error`.
 */
int learn_write(const struct learn *learn, const char *path, char *error,
    size_t error_size);

#endif
