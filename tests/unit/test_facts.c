#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/facts.h"
#include "sensor/observation_builder.h"
#include "sensor/signatures.h"

#define SECOND UINT64_C(1000000)
#define NOW    (UINT64_C(1774915263) * SECOND)
#define REPEAT (3600 * SECOND)

/* What was reported; texts are copied, since a hit is borrowed. */
struct report {
	char id[33], matched[64], value[64], learnt[64], source[32];
	uint64_t time_us, count, first_us, last_us, packet_number;
	uint32_t signature, observation_size;
	uint8_t kind;
};

struct bench {
	struct facts *facts;
	struct observation_builder builder;
	struct report reports[256];
	size_t count;
	uint64_t now_us;
	struct facts *rules; /* of hits without an indicator */
	char told[512];
};

static void
copy(char *to, size_t size, const char *from, size_t len)
{
	assert_true(len < size);
	memcpy(to, from, len);
	to[len] = '\0';
}

static void
note(void *arg, const struct hit *hit)
{
	struct bench *b = arg;
	struct report *r = &b->reports[b->count++];

	assert_true(b->count <= sizeof b->reports / sizeof b->reports[0]);
	memset(r, 0, sizeof *r);
	assert_int_equal(strlen(hit->id), 32);
	memcpy(r->id, hit->id, sizeof r->id);
	copy(r->matched, sizeof r->matched, hit->matched, hit->matched_len);
	copy(r->value, sizeof r->value, hit->indicator->value,
	    hit->indicator->value_len);
	copy(r->source, sizeof r->source, hit->indicator->feed->source,
	    strlen(hit->indicator->feed->source));
	if (hit->learnt_name != NULL)
		copy(r->learnt, sizeof r->learnt, hit->learnt_name,
		    strlen(hit->learnt_name));
	r->time_us = hit->time_us;
	r->count = hit->count;
	r->first_us = hit->first_us;
	r->last_us = hit->last_us;
	r->packet_number = hit->observation->packet_number;
	r->signature = hit->signature->id;
	r->observation_size = hit->observation->size;
	r->kind = hit->observation->kind;
	assert_string_equal(hit->detector, "indicator");
}

static struct bench *
bench_new(uint32_t facts_max, uint64_t octets_max)
{
	struct bench *b = calloc(1, sizeof *b);
	struct facts_options options = { facts_max, octets_max, REPEAT, note,
		b };

	assert_non_null(b);
	b->facts = facts_new(&options);
	assert_non_null(b->facts);
	assert_int_equal(observation_builder_init(&b->builder), 0);
	b->now_us = NOW;
	return b;
}

static void
bench_free(struct bench *b)
{
	facts_free(b->facts);
	observation_builder_fini(&b->builder);
	free(b);
}

static int
setup(void **state)
{
	*state = bench_new(100, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

/* What a test does not name of the fact that is met. */
struct fact {
	uint8_t client, server; /* last octets */
	const char *name;
	uint16_t port;
	enum indicator_type type;
	enum hit_where where;
	const char *learnt;
	size_t text; /* octets of the observation's text */
};

/* All memory that the hit points at is gone when this returns. */
static bool
state_fact(struct bench *b, const struct fact *f, bool only_ask)
{
	struct observation *o = observation_begin(&b->builder, OBS_DNS);
	char *name = strdup(f->name), *learnt = NULL;
	char source[] = "a feed";
	struct feed feed = { .source = source };
	struct indicator indicator = { .type = (uint8_t)f->type,
		.confidence = 90,
		.port = f->port,
		.value = name,
		.value_len = (uint16_t)strlen(f->name),
		.feed = &feed };
	struct signature signature = signature_for(&indicator, f->where);
	struct hit hit = { .detector = "indicator",
		.signature = &signature,
		.indicator = &indicator,
		.where = f->where,
		.source = DIR_OUT,
		.matched = name,
		.matched_len = (uint32_t)strlen(f->name) };
	static uint8_t text[OBS_SIZE_MAX / 2];
	bool known = false;

	assert_non_null(name);
	o->addr[DIR_OUT].octets[15] = f->client;
	o->addr[DIR_IN].octets[15] = f->server;
	o->time_us = b->now_us;
	o->packet_number = b->now_us / SECOND;
	observation_add(&b->builder, cur_of(text, f->text));
	hit.observation = observation_finish(&b->builder);
	if (f->learnt != NULL) {
		hit.learnt_name = learnt = strdup(f->learnt);
		hit.learnt_us = b->now_us - SECOND;
	}
	if (only_ask)
		known = facts_knows(b->facts, &hit);
	else
		facts_meet(b->facts, &hit);
	memset(name, 'x', strlen(name));
	memset(source, 'x', sizeof source - 1);
	free(name);
	free(learnt);
	observation_begin(&b->builder, OBS_HTTP);
	return known;
}

static void
meet(struct bench *b, struct fact f)
{
	state_fact(b, &f, false);
}

static bool
knows(struct bench *b, struct fact f)
{
	return state_fact(b, &f, true);
}

static const struct fact sfrclak = { 1, 2, "sfrclak.com", 0, INDICATOR_DOMAIN,
	WHERE_DNS_QUERY, NULL, 0 };

static struct fact
fact(uint8_t client, const char *name)
{
	struct fact f = sfrclak;

	f.client = client;
	f.name = name;
	return f;
}

static void
a_fact_is_reported_when_it_is_met_first(void **state)
{
	struct bench *b = *state;

	assert_false(knows(b, sfrclak));
	meet(b, sfrclak);
	assert_int_equal(b->count, 1);
	assert_string_equal(b->reports[0].value, "sfrclak.com");
	assert_string_equal(b->reports[0].matched, "sfrclak.com");
	assert_int_equal(b->reports[0].count, 1);
	assert_int_equal(b->reports[0].time_us, NOW);
	assert_int_equal(b->reports[0].first_us, NOW);
	assert_int_equal(b->reports[0].last_us, NOW);
	assert_int_equal(b->reports[0].signature, 7310001);
	assert_true(knows(b, sfrclak));
	assert_int_equal(facts_get_counts(b->facts)->hits, 1);
}

static void
a_fact_that_is_met_again_only_counts(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 100; i++) {
		meet(b, sfrclak);
		b->now_us += 30 * SECOND;
	}
	assert_int_equal(b->count, 1);
	assert_int_equal(facts_get_counts(b->facts)->hits, 1);
	assert_int_equal(facts_get_counts(b->facts)->repeats, 99);
}

static void
a_fact_is_reported_again_after_the_interval(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i <= 120; i++) {
		meet(b, sfrclak);
		b->now_us += 60 * SECOND;
	}
	assert_int_equal(b->count, 3);
	assert_int_equal(b->reports[1].count, 61);
	assert_int_equal(b->reports[1].time_us, NOW + REPEAT);
	assert_int_equal(b->reports[1].first_us, NOW);
	assert_int_equal(b->reports[1].last_us, NOW + REPEAT);
	assert_int_equal(b->reports[2].count, 121);
	assert_string_equal(b->reports[1].id, b->reports[0].id);
	assert_string_equal(b->reports[2].id, b->reports[0].id);
	assert_int_equal(facts_get_counts(b->facts)->updates, 2);
}

static void
the_end_reports_what_was_met_since_the_last_report(void **state)
{
	struct bench *b = *state;

	meet(b, fact(1, "once.example"));
	meet(b, fact(1, "twice.example"));
	b->now_us += 5 * SECOND;
	meet(b, fact(1, "twice.example"));
	facts_finish(b->facts);
	assert_int_equal(b->count, 3);
	assert_string_equal(b->reports[2].value, "twice.example");
	assert_int_equal(b->reports[2].count, 2);
	assert_int_equal(b->reports[2].time_us, NOW + 5 * SECOND);
	assert_int_equal(b->reports[2].packet_number,
	    b->reports[1].packet_number); /* the first observation */
	facts_finish(b->facts);
	assert_int_equal(b->count, 3);
}

static void
an_end_after_the_interval_has_nothing_to_add(void **state)
{
	struct bench *b = *state;

	meet(b, sfrclak);
	b->now_us += REPEAT;
	meet(b, sfrclak);
	facts_finish(b->facts);
	assert_int_equal(b->count, 2);
}

static void
a_clock_that_goes_back_neither_reports_nor_shortens(void **state)
{
	struct bench *b = *state;

	meet(b, sfrclak);
	b->now_us -= 10 * REPEAT;
	meet(b, sfrclak);
	assert_int_equal(b->count, 1);
	facts_finish(b->facts);
	assert_int_equal(b->count, 2);
	assert_int_equal(b->reports[1].last_us, NOW);
	assert_int_equal(b->reports[1].count, 2);
}

static void
source_destination_indicator_and_place_make_a_fact(void **state)
{
	struct bench *b = *state;
	struct fact others[6];

	for (size_t i = 0; i < 6; i++)
		others[i] = sfrclak;
	others[0].client = 9;
	others[1].server = 9;
	others[2].name = "sfrclak.co";
	others[3].port = 8000;
	others[4].type = INDICATOR_HOST;
	others[5].where = WHERE_TLS_SNI;
	meet(b, sfrclak);
	for (size_t i = 0; i < 6; i++) {
		assert_false(knows(b, others[i]));
		meet(b, others[i]);
		assert_int_equal(b->count, i + 2);
		for (size_t k = 0; k <= i; k++)
			assert_string_not_equal(b->reports[k].id,
			    b->reports[i + 1].id);
	}
}

static void
the_same_fact_has_the_same_id_in_every_run(void **state)
{
	struct bench *b = *state, *c = bench_new(100, 1 << 20);

	meet(b, sfrclak);
	meet(c, fact(7, "other.example"));
	meet(c, sfrclak);
	assert_string_equal(b->reports[0].id, c->reports[1].id);
	bench_free(c);
	/* A day later it is another incident. */
	c = bench_new(100, 1 << 20);
	c->now_us += 86400 * SECOND;
	meet(c, sfrclak);
	assert_string_not_equal(b->reports[0].id, c->reports[0].id);
	bench_free(c);
}

static void
the_fact_met_longest_ago_is_forgotten_first(void **state)
{
	struct bench *b = bench_new(3, 1 << 20);

	(void)state;
	meet(b, fact(1, "a.example"));
	meet(b, fact(1, "b.example"));
	meet(b, fact(1, "c.example"));
	b->now_us += SECOND;
	meet(b, fact(1, "a.example"));
	meet(b, fact(1, "d.example"));
	assert_true(knows(b, fact(1, "a.example")));
	assert_false(knows(b, fact(1, "b.example")));
	assert_true(knows(b, fact(1, "c.example")));
	assert_true(knows(b, fact(1, "d.example")));
	assert_int_equal(facts_get_counts(b->facts)->evicted, 1);
	bench_free(b);
}

static void
a_fact_that_is_forgotten_tells_its_count_before(void **state)
{
	struct bench *b = bench_new(1, 1 << 20);

	(void)state;
	meet(b, fact(1, "a.example"));
	meet(b, fact(1, "a.example"));
	meet(b, fact(1, "b.example"));
	assert_int_equal(b->count, 3);
	assert_string_equal(b->reports[1].value, "a.example");
	assert_int_equal(b->reports[1].count, 2);
	assert_string_equal(b->reports[2].value, "b.example");
	bench_free(b);
}

static void
the_octets_of_the_copies_are_bounded(void **state)
{
	struct bench *b = bench_new(1000, 20000);
	char name[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct fact f = fact(1, name);

		snprintf(name, sizeof name, "host-%d.example", i);
		f.text = 3000;
		meet(b, f);
	}
	assert_int_equal(b->count, 100);
	assert_in_range(100 - facts_get_counts(b->facts)->evicted, 1, 6);
	bench_free(b);
}

static void
only_the_first_report_has_all_of_a_large_observation(void **state)
{
	struct bench *b = *state;
	struct fact f = sfrclak;

	f.text = 30000;
	meet(b, f);
	meet(b, f);
	facts_finish(b->facts);
	assert_int_equal(b->reports[0].observation_size,
	    sizeof(struct observation) + 30000);
	assert_int_equal(b->reports[0].kind, OBS_DNS);
	assert_int_equal(b->reports[1].observation_size,
	    sizeof(struct observation));
	assert_int_not_equal(b->reports[1].kind, OBS_DNS);
	assert_string_equal(b->reports[1].matched, "sfrclak.com");
	f = fact(3, "small.example");
	f.text = 80;
	meet(b, f);
	meet(b, f);
	facts_finish(b->facts);
	assert_int_equal(b->reports[3].observation_size,
	    sizeof(struct observation) + 80);
	assert_int_equal(b->reports[3].kind, OBS_DNS);
}

static void
a_report_outlives_what_the_hit_was_made_of(void **state)
{
	struct bench *b = *state;
	struct fact f = sfrclak;

	f.where = WHERE_DNS_MEMORY;
	f.learnt = "SfrClak.com";
	meet(b, f);
	meet(b, f);
	facts_finish(b->facts);
	assert_int_equal(b->count, 2);
	assert_string_equal(b->reports[1].value, "sfrclak.com");
	assert_string_equal(b->reports[1].source, "a feed");
	assert_string_equal(b->reports[1].learnt, "SfrClak.com");
}

static void
no_room_at_all_still_reports(void **state)
{
	struct bench *b = bench_new(0, 0);

	(void)state;
	meet(b, fact(1, "a.example"));
	meet(b, fact(1, "b.example"));
	assert_int_equal(b->count, 2);
	bench_free(b);
}

/* ---- without an indicator ---- */

static void
break_rule(struct bench *b, const char *rule, const char *matched,
    uint8_t server, uint32_t id)
{
	struct observation *o = observation_begin(&b->builder, OBS_FLOW_APP);
	struct signature signature = signature_for_policy(false);
	char *copy = strdup(rule), *reason = strdup("a reason");
	struct hit hit = { .detector = "policy",
		.signature = &signature,
		.source = DIR_OUT,
		.rule = copy,
		.reason = reason,
		.matched = matched,
		.matched_len = (uint32_t)strlen(matched) };

	assert_true(copy != NULL && reason != NULL);
	signature.id = id;
	o->addr[DIR_OUT].octets[15] = 1;
	o->addr[DIR_IN].octets[15] = server;
	o->time_us = b->now_us;
	hit.observation = observation_finish(&b->builder);
	facts_meet(b->rules, &hit);
	memset(copy, 'x', strlen(copy));
	memset(reason, 'x', strlen(reason));
	free(copy);
	free(reason);
}

static void
note_rule(void *arg, const struct hit *hit)
{
	struct bench *b = arg;
	size_t used = strlen(b->told);

	assert_null(hit->indicator);
	assert_string_equal(hit->reason, "a reason");
	snprintf(b->told + used, sizeof b->told - used, "%s %.*s %u\n",
	    hit->rule, (int)hit->matched_len, hit->matched,
	    (unsigned)hit->count);
}

static void
a_rule_s_fact_is_source_rule_kind_and_what_broke_it(void **state)
{
	struct bench *b = *state;
	struct facts_options options = { 100, 1 << 20, REPEAT, note_rule, b };

	b->rules = facts_new(&options);
	assert_non_null(b->rules);
	break_rule(b, "out", "example.org:443", 2, 7310401);
	break_rule(b, "out", "example.org:443", 3, 7310401); /* its address */
	break_rule(b, "out", "example.org:80", 2, 7310401);
	break_rule(b, "other", "example.org:443", 2, 7310401);
	break_rule(b, "out", "example.org:443", 2, 7310402);
	assert_string_equal(b->told, "out example.org:443 1\n"
				     "out example.org:80 1\n"
				     "other example.org:443 1\n"
				     "out example.org:443 1\n");
	b->told[0] = '\0';
	facts_finish(b->rules);
	assert_string_equal(b->told, "out example.org:443 2\n");
	facts_free(b->rules);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_fact_is_reported_when_it_is_met_first),
		T(a_fact_that_is_met_again_only_counts),
		T(a_fact_is_reported_again_after_the_interval),
		T(the_end_reports_what_was_met_since_the_last_report),
		T(an_end_after_the_interval_has_nothing_to_add),
		T(a_clock_that_goes_back_neither_reports_nor_shortens),
		T(source_destination_indicator_and_place_make_a_fact),
		T(the_same_fact_has_the_same_id_in_every_run),
		T(the_fact_met_longest_ago_is_forgotten_first),
		T(a_fact_that_is_forgotten_tells_its_count_before),
		T(the_octets_of_the_copies_are_bounded),
		T(only_the_first_report_has_all_of_a_large_observation),
		T(a_report_outlives_what_the_hit_was_made_of),
		T(no_room_at_all_still_reports),
		cmocka_unit_test_setup_teardown(
		    a_rule_s_fact_is_source_rule_kind_and_what_broke_it, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
