#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/observation_builder.h"

#define ROOM (OBS_SIZE_MAX - sizeof(struct observation))

static int
setup(void **state)
{
	struct observation_builder *b = calloc(1, sizeof *b);

	if (b == NULL || observation_builder_init(b) == -1)
		return -1;
	memset(b->o, 0xaa, OBS_SIZE_MAX); /* what was there before */
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	observation_builder_fini(*state);
	free(*state);
	return 0;
}

static struct obs_text
add(struct observation_builder *b, const char *text)
{
	return observation_add(b, cur_of(text, strlen(text)));
}

static void
assert_text(const struct observation *o, struct obs_text text,
    const char *expected)
{
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(obs_octets(o, text), expected, text.len);
}

static void
an_observation_begins_with_nothing_but_its_kind(void **state)
{
	struct observation zero = { .kind = OBS_TLS };
	struct observation *o = observation_begin(*state, OBS_TLS);

	assert_memory_equal(o, &zero, sizeof zero);
	add(*state, "text of the one before");
	observation_finish(*state);
	o = observation_begin(*state, OBS_TLS);
	assert_memory_equal(o, &zero, sizeof zero);
	o = observation_finish(*state);
	assert_int_equal(o->size, sizeof *o);
}

static void
texts_are_copied_and_found_again(void **state)
{
	struct observation_builder *b = *state;
	struct observation *o = observation_begin(b, OBS_HTTP);
	char octets[] = "/path";
	struct obs_text path = observation_add(b, cur_of(octets, 5));
	struct obs_text host = add(b, "a.example"), none = add(b, "");

	memset(octets, 'x', 5);
	o = observation_finish(b);
	assert_text(o, path, "/path");
	assert_text(o, host, "a.example");
	assert_int_equal(none.len, 0);
	assert_int_equal(o->size, sizeof *o + 16); /* 14, rounded up */
}

static void
the_same_octets_are_kept_once_where_asked_for(void **state)
{
	struct observation_builder *b = *state;
	struct obs_text path, again, other;
	size_t room;

	observation_begin(b, OBS_HTTP);
	path = add(b, "/path");
	room = observation_room(b);
	again = observation_add_shared(b, cur_of("/path", 5), path);
	assert_int_equal(again.at, path.at);
	assert_int_equal(observation_room(b), room);
	other = observation_add_shared(b, cur_of("/other", 6), path);
	assert_text(observation_finish(b), other, "/other");
}

static void
what_does_not_fit_is_left_out_and_flagged(void **state)
{
	static uint8_t octets[OBS_SIZE_MAX];
	struct observation_builder *b = *state;
	struct observation *o = observation_begin(b, OBS_DNS);
	struct obs_text text;

	assert_int_equal(observation_room(b), ROOM);
	text = observation_add(b, cur_of(octets, ROOM + 1));
	assert_int_equal(text.len, 0);
	assert_true(o->cut);
	o->cut = false;
	text = observation_add(b, cur_of(octets, ROOM));
	assert_int_equal(text.len, ROOM);
	assert_false(o->cut);
	assert_int_equal(observation_add(b, cur_of("x", 1)).len, 0);
	assert_true(o->cut);
	assert_int_equal(observation_finish(b)->size, OBS_SIZE_MAX);
}

static void
arrays_are_aligned_and_zero(void **state)
{
	struct observation_builder *b = *state;
	struct observation *o = observation_begin(b, OBS_DNS);
	uint32_t count = 3;
	struct obs_array array;
	struct obs_record *r;

	add(b, "odd");
	r = observation_add_array(b, sizeof *r, &count, &array);
	assert_non_null(r);
	assert_int_equal(count, 3);
	assert_int_equal(array.count, 3);
	assert_true((uintptr_t)r % _Alignof(struct obs_record) == 0);
	assert_ptr_equal(r, obs_elements(o, array));
	for (size_t i = 0; i < 3 * sizeof *r; i++)
		assert_int_equal(((uint8_t *)r)[i], 0);
	assert_int_equal(array.at, 8);
}

/* So that equal observations are equal octets, in every run. */
static void
no_octet_of_an_observation_is_left_to_chance(void **state)
{
	struct observation_builder *b = *state;
	const uint8_t *octets;
	struct observation *o;
	uint32_t count = 1;
	struct obs_array array;

	observation_begin(b, OBS_DNS);
	add(b, "x");
	observation_add_array(b, sizeof(struct obs_question), &count, &array);
	add(b, "y");
	o = observation_finish(b);
	octets = (const uint8_t *)(o + 1);
	for (size_t i = 0; i < o->size - sizeof *o; i++)
		assert_int_not_equal(octets[i], 0xaa);
}

static void
an_array_that_does_not_fit_is_shortened(void **state)
{
	struct observation_builder *b = *state;
	struct observation *o = observation_begin(b, OBS_DNS);
	uint32_t count = UINT32_MAX;
	struct obs_array array;

	assert_non_null(observation_add_array(b, sizeof(struct obs_record),
	    &count, &array));
	assert_int_equal(count, ROOM / sizeof(struct obs_record));
	assert_int_equal(array.count, count);
	assert_true(o->cut);
	count = 5000;
	if (observation_add_array(b, sizeof(struct obs_record), &count,
		&array) != NULL)
		fail();
	assert_int_equal(count, 0);
	assert_int_equal(array.count, 0);
	assert_true(observation_finish(b)->size <= OBS_SIZE_MAX);
}

static void
an_observation_may_be_resumed_with_more(void **state)
{
	struct observation_builder *b = *state;
	struct observation *o = observation_begin(b, OBS_HTTP_REQUEST), *kept;
	struct obs_text body;

	o->http.host = add(b, "a.example");
	o = observation_finish(b);
	kept = malloc(o->size);
	assert_non_null(kept);
	memcpy(kept, o, o->size);
	observation_begin(b, OBS_TLS);
	add(b, "in between");
	o = observation_resume(b, kept);
	free(kept);
	body = add(b, "body");
	o = observation_finish(b);
	assert_int_equal(o->kind, OBS_HTTP_REQUEST);
	assert_text(o, o->http.host, "a.example");
	assert_text(o, body, "body");
	assert_int_equal(o->size % 8, 0);
	/* Finishing twice changes nothing. */
	assert_int_equal(observation_finish(b)->size, o->size);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_observation_begins_with_nothing_but_its_kind),
		T(texts_are_copied_and_found_again),
		T(the_same_octets_are_kept_once_where_asked_for),
		T(what_does_not_fit_is_left_out_and_flagged),
		T(arrays_are_aligned_and_zero),
		T(no_octet_of_an_observation_is_left_to_chance),
		T(an_array_that_does_not_fit_is_shortened),
		T(an_observation_may_be_resumed_with_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
