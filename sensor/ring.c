#include "sensor/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

/*
 * Positions count octets since the beginning and never wrap (at 10 GB/s they
 * last 58 years).  A record is an observation, whose first member is its size;
 * a size of 0 means that the rest up to the buffer's end is unused.
 */
struct ring {
	uint8_t *octets;
	size_t size;

	_Alignas(CACHE_LINE) atomic_uint_least64_t pushed; /* producer's */
	atomic_uint_least64_t reached_us;
	uint64_t popped_seen; /* producer's last look at `popped` */

	_Alignas(CACHE_LINE) atomic_uint_least64_t popped; /* consumer's */
	uint64_t pushed_seen;
};

struct ring *
ring_new(size_t size_octets)
{
	struct ring *ring = aligned_alloc(CACHE_LINE,
	    (sizeof *ring + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1));
	size_t size = 2 * OBS_SIZE_MAX;

	if (ring == NULL)
		return NULL;
	while (size < size_octets)
		size *= 2;
	memset(ring, 0, sizeof *ring);
	ring->size = size;
	ring->octets = aligned_alloc(CACHE_LINE, size);
	if (ring->octets == NULL) {
		free(ring);
		return NULL;
	}
	return ring;
}

void
ring_free(struct ring *ring)
{
	if (ring == NULL)
		return;
	free(ring->octets);
	free(ring);
}

static uint8_t *
at(const struct ring *ring, uint64_t position)
{
	return ring->octets + (position & (ring->size - 1));
}

/* Octets from `position` to the end of the buffer. */
static size_t
straight(const struct ring *ring, uint64_t position)
{
	return ring->size - (position & (ring->size - 1));
}

static bool
has_room(struct ring *ring, uint64_t end)
{
	if (end - ring->popped_seen <= ring->size)
		return true;
	ring->popped_seen = atomic_load_explicit(&ring->popped,
	    memory_order_acquire);
	return end - ring->popped_seen <= ring->size;
}

bool
ring_push(struct ring *ring, const struct observation *o)
{
	static const uint32_t unused = 0;
	uint64_t from = atomic_load_explicit(&ring->pushed,
	    memory_order_relaxed);
	uint64_t to = from;

	if (straight(ring, from) < o->size)
		to += straight(ring, from);
	if (!has_room(ring, to + o->size))
		return false;
	if (to != from)
		memcpy(at(ring, from), &unused, sizeof unused);
	memcpy(at(ring, to), o, o->size);
	atomic_store_explicit(&ring->pushed, to + o->size,
	    memory_order_release);
	return true;
}

void
ring_come_to(struct ring *ring, uint64_t time_us)
{
	uint64_t before = atomic_load_explicit(&ring->reached_us,
	    memory_order_relaxed);

	if (time_us > before)
		atomic_store_explicit(&ring->reached_us, time_us,
		    memory_order_release);
}

void
ring_end(struct ring *ring)
{
	atomic_store_explicit(&ring->reached_us, UINT64_MAX,
	    memory_order_release);
}

uint64_t
ring_reached(const struct ring *ring)
{
	return atomic_load_explicit(&ring->reached_us, memory_order_acquire);
}

const struct observation *
ring_peek(struct ring *ring)
{
	uint64_t from = atomic_load_explicit(&ring->popped,
	    memory_order_relaxed);
	uint32_t size;

	if (from == ring->pushed_seen) {
		ring->pushed_seen = atomic_load_explicit(&ring->pushed,
		    memory_order_acquire);
		if (from == ring->pushed_seen)
			return NULL;
	}
	memcpy(&size, at(ring, from), sizeof size);
	if (size == 0) {
		atomic_store_explicit(&ring->popped,
		    from + straight(ring, from), memory_order_release);
		return ring_peek(ring);
	}
	return (const struct observation *)(const void *)at(ring, from);
}

void
ring_pop(struct ring *ring)
{
	uint64_t from = atomic_load_explicit(&ring->popped,
	    memory_order_relaxed);
	uint32_t size;

	memcpy(&size, at(ring, from), sizeof size);
	atomic_store_explicit(&ring->popped, from + size, memory_order_release);
}
