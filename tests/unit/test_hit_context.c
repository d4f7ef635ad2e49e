#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/hit_context.h"
#include "sensor/observation_builder.h"
#include "sensor/segments.h"

#define SECOND UINT64_C(1000000)
#define NOW    (UINT64_C(1774915263) * SECOND)

static const char ja3[] = "579ccef312d18482fc42e2b822ca2430";
static const char ja4[] = "t13d1516h2_8daaf6152771_b186095e22b6";

static const struct addr build7 = { { [10] = 0xff, 0xff, 10, 20, 0, 7 } };
static const struct addr c2 = { { [10] = 0xff, 0xff, 203, 0, 113, 9 } };

struct bench {
	struct hit_context_sources sources;
	struct host_names *hosts;
	struct dns_memory *dns;
	struct fingerprint_memory *fingerprints;
	struct observation_builder builder;
	struct observation *o; /* of the hit */
	struct hit hit;
	struct hit_context context;
};

/* A flow from build-7 to c2, a second after its name was looked up. */
static int
set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	assert_int_equal(observation_builder_init(&b->builder), 0);
	b->hosts = host_names_new(NULL, &(struct siphash_key){ 0, 0 });
	b->dns = dns_memory_new(64, &(struct siphash_key){ 1, 2 });
	b->fingerprints = fingerprint_memory_new(&(struct siphash_key){ 0, 0 });
	b->sources = (struct hit_context_sources){ .hosts = b->hosts,
		.dns = b->dns,
		.fingerprints = b->fingerprints };
	b->o = observation_begin(&b->builder, OBS_FLOW_START);
	b->o->flow_id = 42;
	b->o->addr[DIR_OUT] = build7;
	b->o->addr[DIR_IN] = c2;
	b->o->segment[DIR_OUT] = SEGMENT_INTERNAL;
	b->o->flow_first_us = b->o->time_us = NOW;
	b->hit = (struct hit){ .observation = b->o, .source = DIR_OUT };
	*state = b;
	return 0;
}

static int
tear_down(void **state)
{
	struct bench *b = *state;

	observation_builder_fini(&b->builder);
	host_names_free(b->hosts);
	dns_memory_free(b->dns);
	fingerprint_memory_free(b->fingerprints);
	free(b);
	return 0;
}

/* Its octets are the builder's: the hit's observation is kept meanwhile. */
static void
show(struct bench *b, enum obs_kind kind, uint64_t flow_id, uint64_t time_us)
{
	struct observation kept = *b->o;
	struct observation *o = observation_begin(&b->builder, kind);

	o->flow_id = flow_id;
	o->time_us = time_us;
	o->segment[DIR_OUT] = SEGMENT_INTERNAL;
	if (kind == OBS_HOST) {
		o->host.addr = build7;
		o->host.name = observation_add(&b->builder,
		    cur_of("build-7", 7));
		host_names_observe(b->hosts, observation_finish(&b->builder));
	} else {
		o->tls.ja3 = observation_add(&b->builder,
		    cur_of(ja3, strlen(ja3)));
		o->tls.ja4 = observation_add(&b->builder,
		    cur_of(ja4, strlen(ja4)));
		fingerprint_memory_observe(b->fingerprints,
		    observation_finish(&b->builder));
	}
	*b->o = kept;
}

static void
fill(struct bench *b)
{
	hit_context_fill(&b->sources, &b->hit, &b->context);
}

static void
nothing_known_is_nothing_said(void **state)
{
	struct bench *b = *state;

	memset(&b->context, 1, sizeof b->context);
	fill(b);
	assert_string_equal(b->context.src_host, "");
	assert_string_equal(b->context.dns_name, "");
	assert_string_equal(b->context.ja3, "");
	assert_string_equal(b->context.ja4, "");
	assert_string_equal(b->context.place.country, "");
	assert_null(b->context.service);
	b->sources = (struct hit_context_sources){ 0 };
	fill(b);
	assert_string_equal(b->context.src_host, "");
}

static void
the_source_has_its_name(void **state)
{
	struct bench *b = *state;

	show(b, OBS_HOST, 0, NOW);
	fill(b);
	assert_string_equal(b->context.src_host, "build-7");
	/* Of src_ip, whichever end began. */
	b->hit.source = DIR_IN;
	fill(b);
	assert_string_equal(b->context.src_host, "");
}

static void
the_age_of_a_name_is_that_at_the_contact(void **state)
{
	struct bench *b = *state;

	dns_memory_learn(b->dns, &build7, &c2, "c2.example", 10, false,
	    NOW - 1200000, NOW + 60 * SECOND);
	/* The hit itself comes later, of a long flow. */
	b->hit.time_us = NOW + 30 * SECOND;
	fill(b);
	assert_string_equal(b->context.dns_name, "c2.example");
	assert_int_equal(b->context.dns_us, NOW - 1200000);
	assert_int_equal(b->context.dns_age_us, 1200000);
	/* Another client's look-up says nothing of this flow. */
	b->o->addr[DIR_OUT].octets[15] = 8;
	fill(b);
	assert_string_equal(b->context.dns_name, "");
}

static void
an_update_tells_what_the_latest_contact_went_by(void **state)
{
	struct bench *b = *state;

	b->hit.update = true;
	b->hit.last_us = NOW + 3600 * SECOND;
	dns_memory_learn(b->dns, &build7, &c2, "new.example", 11, false,
	    b->hit.last_us - SECOND, b->hit.last_us + SECOND);
	fill(b);
	assert_string_equal(b->context.dns_name, "new.example");
	assert_int_equal(b->context.dns_age_us, SECOND);
	b->hit.update = false;
	fill(b);
	assert_string_equal(b->context.dns_name, "");
}

static void
a_hit_that_comes_later_on_a_flow_has_its_fingerprint(void **state)
{
	struct bench *b = *state;

	show(b, OBS_TLS_HELLO, 41, NOW - 5 * SECOND);
	show(b, OBS_TLS_HELLO, 42, NOW);
	fill(b);
	assert_string_equal(b->context.ja3, ja3);
	assert_string_equal(b->context.ja4, ja4);
	assert_int_equal(b->context.fingerprint_first_us, NOW - 5 * SECOND);
	assert_false(b->context.fingerprint_new);
	b->o->flow_id = 41;
	fill(b);
	assert_true(b->context.fingerprint_new);
	b->o->flow_id = 0; /* of no one flow */
	fill(b);
	assert_string_equal(b->context.ja4, "");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_known_is_nothing_said),
		TEST(the_source_has_its_name),
		TEST(the_age_of_a_name_is_that_at_the_contact),
		TEST(an_update_tells_what_the_latest_contact_went_by),
		TEST(a_hit_that_comes_later_on_a_flow_has_its_fingerprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
