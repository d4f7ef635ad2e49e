#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/dns_memory.h"

#define SECOND UINT64_C(1000000)
#define NOW    (UINT64_C(1774915263) * SECOND)

static struct addr
addr(unsigned n)
{
	uint8_t octets[4] = { 192, 0, (uint8_t)(n >> 8), (uint8_t)n };

	return addr_v4(octets);
}

static int
setup(void **state)
{
	*state = dns_memory_new(1024, &(struct siphash_key){ 1, 2 });
	return *state != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	dns_memory_free(*state);
	return 0;
}

static void
learn(struct dns_memory *m, unsigned client, unsigned address, const char *name,
    bool listed, uint64_t from_us, uint64_t until_us)
{
	struct addr c = addr(client), a = addr(address);
	char *copy = strdup(name); /* not the caller's afterwards */

	assert_non_null(copy);
	dns_memory_learn(m, &c, &a, copy, strlen(copy), listed, from_us,
	    until_us);
	memset(copy, 'x', strlen(name));
	free(copy);
}

static bool
is_known(struct dns_memory *m, unsigned client, unsigned address,
    uint64_t at_us, const char *name)
{
	struct addr c = addr(client), a = addr(address);
	struct dns_memory_answer answer;

	if (!dns_memory_find(m, &c, &a, at_us, &answer))
		return false;
	assert_int_equal(answer.len, strlen(name));
	assert_memory_equal(answer.name, name, answer.len);
	return true;
}

static void
an_address_is_remembered_by_the_name_it_was_answered_for(void **state)
{
	struct addr c = addr(1), a = addr(2);
	struct dns_memory_answer answer;

	assert_false(is_known(*state, 1, 2, NOW, ""));
	learn(*state, 1, 2, "sfrclak.com", true, NOW, NOW + 300 * SECOND);
	assert_true(is_known(*state, 1, 2, NOW, "sfrclak.com"));
	assert_true(dns_memory_find(*state, &c, &a, NOW + SECOND, &answer));
	assert_true(answer.learnt_us == NOW);
}

static void
another_client_did_not_ask(void **state)
{
	learn(*state, 1, 2, "sfrclak.com", true, NOW, NOW + 300 * SECOND);
	assert_false(is_known(*state, 3, 2, NOW, ""));
	assert_false(is_known(*state, 2, 1, NOW, ""));
	assert_false(is_known(*state, 1, 3, NOW, ""));
}

static void
an_entry_is_in_force_until_its_end(void **state)
{
	learn(*state, 1, 2, "a.example", false, NOW, NOW + 60 * SECOND);
	assert_true(is_known(*state, 1, 2, NOW + 60 * SECOND, "a.example"));
	assert_false(is_known(*state, 1, 2, NOW + 61 * SECOND, ""));
	/* And again when it is answered again. */
	learn(*state, 1, 2, "a.example", false, NOW + 90 * SECOND,
	    NOW + 150 * SECOND);
	assert_true(is_known(*state, 1, 2, NOW + 150 * SECOND, "a.example"));
}

static void
the_last_name_of_an_address_counts(void **state)
{
	learn(*state, 1, 2, "a.example", false, NOW, NOW + 60 * SECOND);
	learn(*state, 1, 2, "b.example", false, NOW, NOW + 60 * SECOND);
	assert_true(is_known(*state, 1, 2, NOW, "b.example"));
}

static void
a_name_that_is_not_listed_does_not_hide_one_that_is(void **state)
{
	learn(*state, 1, 2, "cdn.example", false, NOW, NOW + 60 * SECOND);
	learn(*state, 1, 2, "sfrclak.com", true, NOW, NOW + 60 * SECOND);
	learn(*state, 1, 2, "cdn.example", false, NOW, NOW + 600 * SECOND);
	assert_true(is_known(*state, 1, 2, NOW, "sfrclak.com"));
	/* Once the listed one is over, it does. */
	learn(*state, 1, 2, "cdn.example", false, NOW + 62 * SECOND,
	    NOW + 90 * SECOND);
	assert_true(is_known(*state, 1, 2, NOW + 62 * SECOND, "cdn.example"));
}

/*
 * A long-lived flow is asked about with the time at which it began: a name
 * that its address was answered for only later was not what it looked for.
 */
static void
what_was_answered_later_is_not_what_a_flow_looked_for(void **state)
{
	learn(*state, 1, 2, "sfrclak.com", true, NOW, NOW + 60 * SECOND);
	assert_false(is_known(*state, 1, 2, NOW - SECOND, ""));
}

static void
an_answer_that_is_repeated_holds_since_the_first(void **state)
{
	struct addr c = addr(1), a = addr(2);
	struct dns_memory_answer answer;

	learn(*state, 1, 2, "sfrclak.com", true, NOW, NOW + 60 * SECOND);
	learn(*state, 1, 2, "SfrClak.com", true, NOW + 30 * SECOND,
	    NOW + 90 * SECOND);
	assert_true(dns_memory_find(*state, &c, &a, NOW + SECOND, &answer));
	assert_true(answer.learnt_us == NOW);
	assert_true(
	    dns_memory_find(*state, &c, &a, NOW + 90 * SECOND, &answer));
	/* But not across a time in which it was not in force. */
	learn(*state, 1, 2, "sfrclak.com", true, NOW + 200 * SECOND,
	    NOW + 260 * SECOND);
	assert_false(is_known(*state, 1, 2, NOW + 150 * SECOND, ""));
	/* Nor for another name. */
	learn(*state, 1, 2, "callnrwise.com", true, NOW + 210 * SECOND,
	    NOW + 260 * SECOND);
	assert_false(is_known(*state, 1, 2, NOW + 205 * SECOND, ""));
}

static void
names_of_any_allowed_length_are_kept_whole(void **state)
{
	char name[DNS_MEMORY_NAME_MAX + 2];

	for (size_t len = 1; len <= DNS_MEMORY_NAME_MAX + 1; len++) {
		for (size_t i = 0; i < len; i++)
			name[i] = (char)('a' + i % 26);
		name[len] = '\0';
		learn(*state, 1, (unsigned)len, name, false, NOW, NOW + SECOND);
		/* Twice, so that one is replaced. */
		learn(*state, 1, (unsigned)len, name, false, NOW, NOW + SECOND);
		assert_int_equal(is_known(*state, 1, (unsigned)len, NOW, name),
		    len <= DNS_MEMORY_NAME_MAX);
	}
	learn(*state, 2, 2, "", false, NOW, NOW + SECOND);
	assert_false(is_known(*state, 2, 2, NOW, ""));
}

static void
a_full_memory_forgets_what_ends_first(void **state)
{
	struct dns_memory *m = dns_memory_new(8,
	    &(struct siphash_key){ 1, 2 }); /* one set */
	char name[16];

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		snprintf(name, sizeof name, "n%u", i);
		learn(m, 1, i, name, false, NOW, NOW + (100 - i) * 10 * SECOND);
	}
	assert_int_equal(dns_memory_evicted(m), 0);
	learn(m, 1, 8, "n8", false, NOW, NOW + 10 * SECOND);
	assert_int_equal(dns_memory_evicted(m), 1);
	assert_false(is_known(m, 1, 7, NOW, ""));
	learn(m, 1, 9, "n9", false, NOW, NOW + 5000 * SECOND);
	assert_false(is_known(m, 1, 8, NOW, ""));
	assert_true(is_known(m, 1, 6, NOW, "n6"));
	assert_true(is_known(m, 1, 9, NOW, "n9"));
	assert_int_equal(dns_memory_evicted(m), 2);
	dns_memory_free(m);
}

static void
what_is_over_makes_room_without_an_eviction(void **state)
{
	struct dns_memory *m = dns_memory_new(8, &(struct siphash_key){ 1, 2 });

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		learn(m, 1, i, "old.example", i % 2, NOW, NOW + SECOND);
	for (unsigned i = 100; i < 108; i++)
		learn(m, 1, i, "new.example", false, NOW + 10 * SECOND,
		    NOW + 20 * SECOND);
	assert_int_equal(dns_memory_evicted(m), 0);
	for (unsigned i = 100; i < 108; i++)
		assert_true(
		    is_known(m, 1, i, NOW + 10 * SECOND, "new.example"));
	dns_memory_free(m);
}

static void
a_flood_of_names_does_not_push_out_listed_ones(void **state)
{
	struct dns_memory *m = dns_memory_new(64,
	    &(struct siphash_key){ 1, 2 });

	(void)state;
	learn(m, 1, 2, "sfrclak.com", true, NOW, NOW + 10 * SECOND);
	for (unsigned i = 3; i < 10000; i++)
		learn(m, 1, i, "flood.example", false, NOW,
		    NOW + 3600 * SECOND);
	assert_true(is_known(m, 1, 2, NOW, "sfrclak.com"));
	assert_true(dns_memory_evicted(m) > 9000);
	dns_memory_free(m);
}

static void
ends_far_in_the_future_and_a_clock_at_zero_are_survived(void **state)
{
	learn(*state, 1, 2, "far.example", false, NOW,
	    NOW + UINT32_MAX * SECOND + 86400 * SECOND);
	assert_true(is_known(*state, 1, 2, NOW + 3600 * SECOND, "far.example"));
	learn(*state, 1, 3, "zero.example", false, 0, 10 * SECOND);
	assert_true(is_known(*state, 1, 3, 10 * SECOND, "zero.example"));
	assert_false(is_known(*state, 1, 3, 11 * SECOND, ""));
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_address_is_remembered_by_the_name_it_was_answered_for),
		T(another_client_did_not_ask),
		T(an_entry_is_in_force_until_its_end),
		T(the_last_name_of_an_address_counts),
		T(a_name_that_is_not_listed_does_not_hide_one_that_is),
		T(what_was_answered_later_is_not_what_a_flow_looked_for),
		T(an_answer_that_is_repeated_holds_since_the_first),
		T(names_of_any_allowed_length_are_kept_whole),
		T(a_full_memory_forgets_what_ends_first),
		T(what_is_over_makes_room_without_an_eviction),
		T(a_flood_of_names_does_not_push_out_listed_ones),
		T(ends_far_in_the_future_and_a_clock_at_zero_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
