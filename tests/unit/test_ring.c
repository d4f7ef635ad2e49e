#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sched.h>
#include <cmocka.h>

#include "sensor/ring.h"

/* The smallest ring. */
#define RING_SIZE (2 * (size_t)OBS_SIZE_MAX)
#define SMALLEST  sizeof(struct observation)

static struct observation *
observation_of(void *room, size_t size, uint64_t number)
{
	struct observation *o = room;

	assert_true(size % 8 == 0 && size >= SMALLEST);
	memset(o, 0, SMALLEST);
	memset(o + 1, (int)(number & 0xff), size - SMALLEST);
	o->size = (uint32_t)size;
	o->packet_number = number;
	return o;
}

static bool
push(struct ring *ring, size_t size, uint64_t number)
{
	static _Thread_local uint64_t room[OBS_SIZE_MAX / 8];

	return ring_push(ring, observation_of(room, size, number));
}

static void
assert_observation(const struct observation *o, size_t size, uint64_t number)
{
	const uint8_t *text = (const uint8_t *)(o + 1);

	assert_non_null(o);
	assert_int_equal(o->size, size);
	assert_int_equal(o->packet_number, number);
	assert_true((uintptr_t)o % _Alignof(struct observation) == 0);
	for (size_t i = 0; i < size - SMALLEST; i++)
		if (text[i] != (uint8_t)number)
			fail();
}

static void
pop(struct ring *ring, size_t size, uint64_t number)
{
	assert_observation(ring_peek(ring), size, number);
	ring_pop(ring);
}

static int
setup(void **state)
{
	*state = ring_new(1);
	return *state != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	ring_free(*state);
	return 0;
}

static void
an_empty_ring_has_nothing(void **state)
{
	assert_null(ring_peek(*state));
	assert_int_equal(ring_reached(*state), 0);
}

static void
observations_come_out_in_order_and_whole(void **state)
{
	for (uint64_t i = 0; i < 20; i++)
		assert_true(push(*state, SMALLEST + i * 8, i));
	for (uint64_t i = 0; i < 20; i++)
		pop(*state, SMALLEST + i * 8, i);
	assert_null(ring_peek(*state));
}

static void
a_peek_may_be_repeated(void **state)
{
	const struct observation *o;

	push(*state, SMALLEST, 1);
	push(*state, SMALLEST, 2);
	o = ring_peek(*state);
	assert_ptr_equal(ring_peek(*state), o);
	pop(*state, SMALLEST, 1);
	pop(*state, SMALLEST, 2);
}

static void
a_full_ring_refuses_until_something_is_taken(void **state)
{
	uint64_t in = 0, out = 0;

	while (push(*state, 1024, in))
		in++;
	assert_int_equal(in, RING_SIZE / 1024);
	assert_false(push(*state, SMALLEST, in));
	pop(*state, 1024, out++);
	assert_true(push(*state, 1024, in++));
	assert_false(push(*state, 1024, in));
	while (out < in)
		pop(*state, 1024, out++);
	assert_null(ring_peek(*state));
}

static void
the_largest_observation_always_fits_into_an_empty_ring(void **state)
{
	/* Wherever the ring stands by then. */
	for (uint64_t i = 0; i < 2000; i++) {
		assert_true(push(*state, SMALLEST + 8 * (i % 50), i));
		pop(*state, SMALLEST + 8 * (i % 50), i);
		assert_true(push(*state, OBS_SIZE_MAX, i));
		pop(*state, OBS_SIZE_MAX, i);
	}
}

static void
what_does_not_fit_at_the_end_goes_to_the_beginning(void **state)
{
	size_t size = OBS_SIZE_MAX - 8;

	push(*state, size, 1);
	push(*state, size, 2); /* 16 octets are left behind it */
	pop(*state, size, 1);
	assert_true(push(*state, SMALLEST, 3));
	pop(*state, size, 2);
	pop(*state, SMALLEST, 3);
	assert_null(ring_peek(*state));
	/* The 16 octets do not count as taken for ever. */
	assert_true(push(*state, OBS_SIZE_MAX, 4));
	pop(*state, OBS_SIZE_MAX, 4);
}

static void
observations_of_any_sizes_wrap_around(void **state)
{
	size_t sizes[4096];
	uint64_t in = 0, out = 0;

	srand(3);
	while (out < 4096) {
		if (in < 4096 && rand() % 3) {
			sizes[in] = SMALLEST +
			            8 * ((size_t)rand() %
					    (rand() % 9 ? 60 : 8000));
			if (push(*state, sizes[in], in))
				in++;
		} else if (out < in) {
			pop(*state, sizes[out], out);
			out++;
		} else {
			assert_null(ring_peek(*state));
		}
	}
}

static void
a_ring_has_at_least_the_size_that_was_asked_for(void **state)
{
	struct ring *ring = ring_new(RING_SIZE + 1);
	uint64_t n = 0;

	(void)state;
	assert_non_null(ring);
	while (push(ring, 4096, n))
		n++;
	assert_int_equal(n, 2 * RING_SIZE / 4096);
	ring_free(ring);
}

static void
the_time_that_was_reached_only_grows(void **state)
{
	ring_come_to(*state, 100);
	assert_int_equal(ring_reached(*state), 100);
	ring_come_to(*state, 50);
	assert_int_equal(ring_reached(*state), 100);
	ring_come_to(*state, 101);
	assert_int_equal(ring_reached(*state), 101);
	ring_end(*state);
	assert_true(ring_reached(*state) == UINT64_MAX);
	ring_come_to(*state, 102);
	assert_true(ring_reached(*state) == UINT64_MAX);
}

/* ---- two threads ---- */

#define MESSAGES 100000

static size_t
size_of(uint64_t number)
{
	uint64_t x = number * UINT64_C(0x9e3779b97f4a7c15);

	return SMALLEST + 8 * (x >> 33) % (x % 97 == 0 ? 40000 : 400) / 8 * 8;
}

static void *
produce(void *arg)
{
	struct ring *ring = arg;

	for (uint64_t i = 0; i < MESSAGES; i++) {
		while (!push(ring, size_of(i), i))
			sched_yield();
		ring_come_to(ring, i);
	}
	ring_end(ring);
	return NULL;
}

/* Everything arrives, and nothing later than the time that was promised. */
static void
a_producer_and_a_consumer_need_no_lock(void **state)
{
	struct ring *ring = *state;
	pthread_t producer;
	uint64_t next = 0, reached;
	const struct observation *o;

	assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
	do {
		reached = ring_reached(ring);
		while ((o = ring_peek(ring)) != NULL) {
			assert_observation(o, size_of(next), next);
			ring_pop(ring);
			next++;
		}
		assert_true(
		    reached == UINT64_MAX || next > reached || reached == 0);
		sched_yield();
	} while (reached != UINT64_MAX);
	assert_int_equal(next, MESSAGES);
	pthread_join(producer, NULL);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_empty_ring_has_nothing),
		T(observations_come_out_in_order_and_whole),
		T(a_peek_may_be_repeated),
		T(a_full_ring_refuses_until_something_is_taken),
		T(the_largest_observation_always_fits_into_an_empty_ring),
		T(what_does_not_fit_at_the_end_goes_to_the_beginning),
		T(observations_of_any_sizes_wrap_around),
		T(a_ring_has_at_least_the_size_that_was_asked_for),
		T(the_time_that_was_reached_only_grows),
		T(a_producer_and_a_consumer_need_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
