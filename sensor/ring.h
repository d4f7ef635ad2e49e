#ifndef SENSOR_RING_H
#define SENSOR_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/observation.h"

/*
 * Observations on their way from one packet worker to the detector: a ring of
 * octets with one producer and one consumer.  Observations differ in size by a
 * factor of two hundred, which is why the slots do, too.
 *
 * The producer also says how far it has come: no observation with an earlier
 * time will follow, so that the consumer can merge several rings by time.
 */
struct ring;

/* size_octets is rounded up to a power of two, at least 2 * OBS_SIZE_MAX. */
struct ring *ring_new(size_t size_octets);
void ring_free(struct ring *ring);

/* Producer.  False: there is no room, and the observation is lost. */
bool ring_push(struct ring *ring, const struct observation *o);
void ring_come_to(struct ring *ring, uint64_t time_us);
/* Producer: nothing will be pushed any more. */
void ring_end(struct ring *ring);

/* Consumer.  The oldest observation, or NULL; good until ring_pop. */
const struct observation *ring_peek(struct ring *ring);
void ring_pop(struct ring *ring);
/* Time before which nothing will follow; UINT64_MAX after ring_end. */
uint64_t ring_reached(const struct ring *ring);

#endif
