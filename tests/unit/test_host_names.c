#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/host_names.h"
#include "sensor/observation_builder.h"

#define SECOND UINT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define NOW    (UINT64_C(1774915263) * SECOND)

enum { A = 1, CNAME = 5, PTR = 12, AAAA = 28 };

struct bench {
	struct segments *segments;
	struct host_names *names;
	struct observation_builder builder;
	uint64_t now_us;
};

static const uint8_t build7[4] = { 10, 20, 0, 7 };
static const uint8_t outside[4] = { 203, 0, 113, 7 };
static const uint8_t ula[16] = { 0xfd, 0x20, [15] = 7 };

static int
set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->segments = segments_new();
	assert_non_null(b->segments);
	assert_int_equal(segments_compile(b->segments), 0);
	b->names = host_names_new(b->segments, &(struct siphash_key){ 0, 0 });
	assert_non_null(b->names);
	assert_int_equal(observation_builder_init(&b->builder), 0);
	b->now_us = NOW;
	*state = b;
	return 0;
}

static int
tear_down(void **state)
{
	struct bench *b = *state;

	observation_builder_fini(&b->builder);
	host_names_free(b->names);
	segments_free(b->segments);
	free(b);
	return 0;
}

static struct obs_text
add(struct bench *b, const void *octets, size_t len)
{
	return observation_add(&b->builder, cur_of(octets, len));
}

/* DHCP: the host at 10.20.0.x calls itself so. */
static void
dhcp(struct bench *b, const uint8_t octets[4], const char *name)
{
	struct observation *o = observation_begin(&b->builder, OBS_HOST);

	o->time_us = b->now_us;
	o->host.addr = addr_v4(octets);
	o->host.name = add(b, name, strlen(name));
	host_names_observe(b->names, observation_finish(&b->builder));
}

struct record {
	uint16_t type;
	uint8_t section;
	const char *name;
	const void *data;
	size_t len;
};

/* A response; `asked` may be NULL. */
static void
dns(struct bench *b, uint8_t app, const char *asked,
    const struct record *records, uint32_t count)
{
	struct observation *o = observation_begin(&b->builder, OBS_DNS);
	uint32_t one = asked != NULL;
	struct obs_question *q;
	struct obs_record *r;

	o->app = app;
	o->time_us = b->now_us;
	o->dns.response = true;
	q = observation_add_array(&b->builder, sizeof *q, &one,
	    &o->dns.questions);
	if (one > 0)
		q->name = add(b, asked, strlen(asked));
	r = observation_add_array(&b->builder, sizeof *r, &count,
	    &o->dns.records);
	for (uint32_t i = 0; i < count; i++) {
		r[i].type = records[i].type;
		r[i].section = records[i].section;
		r[i].name = add(b, records[i].name, strlen(records[i].name));
		r[i].data = add(b, records[i].data, records[i].len);
	}
	host_names_observe(b->names, observation_finish(&b->builder));
}

static void
answer(struct bench *b, const char *asked, const uint8_t octets[4])
{
	dns(b, APP_DNS, asked,
	    &(struct record){ A, DNS_ANSWER, asked, octets, 4 }, 1);
}

static void
pointer(struct bench *b, const char *reverse, const char *name)
{
	dns(b, APP_DNS, reverse,
	    &(struct record){ PTR, DNS_ANSWER, reverse, name, strlen(name) },
	    1);
}

static void
is_called(struct bench *b, struct addr addr, const char *name)
{
	const char *found = host_names_find(b->names, &addr);

	if (name == NULL)
		assert_null(found);
	else
		assert_string_equal(found != NULL ? found : "(none)", name);
}

static void
each_source_names_a_host(void **state)
{
	struct bench *b = *state;
	static const uint8_t nas[4] = { 10, 20, 0, 9 };

	is_called(b, addr_v4(build7), NULL);
	answer(b, "Build-7.corp.example.", build7);
	is_called(b, addr_v4(build7), "Build-7.corp.example");
	pointer(b, "7.0.20.10.IN-ADDR.ARPA", "seven.corp.example");
	is_called(b, addr_v4(build7), "seven.corp.example");
	dhcp(b, build7, "build-7");
	is_called(b, addr_v4(build7), "build-7");
	/* The address is told beside a service: an additional record. */
	dns(b, APP_MDNS, NULL,
	    &(struct record){ A, DNS_ADDITIONAL, "nas.local", nas, 4 }, 1);
	is_called(b, addr_v4(nas), "nas.local");
	/* fd20::7, nibble by nibble. */
	pointer(b,
	    "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.d.F"
	    ".ip6.arpa",
	    "six.corp.example");
	is_called(b, addr_v6(ula), "six.corp.example");
}

static void
an_alias_does_not_hide_the_name_that_was_asked_for(void **state)
{
	struct bench *b = *state;
	const struct record records[] = {
		{ CNAME, DNS_ANSWER, "mirror.corp.example", "n1.corp.example",
		    15 },
		{ A, DNS_ANSWER, "n1.corp.example", build7, 4 },
	};

	dns(b, APP_DNS, "mirror.corp.example", records, 2);
	is_called(b, addr_v4(build7), "mirror.corp.example");
}

static void
addresses_outside_get_no_name(void **state)
{
	struct bench *b = *state;

	answer(b, "www.example.org", outside);
	is_called(b, addr_v4(outside), NULL);
	pointer(b, "7.113.0.203.in-addr.arpa", "host.example.net");
	is_called(b, addr_v4(outside), NULL);
}

static void
dns_has_to_wait_for_a_day_behind_dhcp(void **state)
{
	struct bench *b = *state;

	dhcp(b, build7, "laptop");
	b->now_us += 23 * HOUR;
	answer(b, "cdn.evil.example", build7);
	is_called(b, addr_v4(build7), "laptop");
	dhcp(b, build7, "desktop");
	is_called(b, addr_v4(build7), "desktop");
	b->now_us += 24 * HOUR;
	answer(b, "build-7.corp.example", build7);
	is_called(b, addr_v4(build7), "build-7.corp.example");
}

static void
what_comes_late_is_not_newer(void **state)
{
	struct bench *b = *state;

	answer(b, "new.corp.example", build7);
	b->now_us -= SECOND;
	answer(b, "old.corp.example", build7);
	is_called(b, addr_v4(build7), "new.corp.example");
}

static void
reverse_names_that_are_none_are_passed_over(void **state)
{
	static const char *const none[] = { "arpa", "in-addr.arpa",
		"20.10.in-addr.arpa", "7.0.20.10.5.in-addr.arpa",
		"7.0.20.256.in-addr.arpa", "7.0.20.0010.in-addr.arpa",
		"7..20.10.in-addr.arpa", "7.0.20.10.in-addr.arpa.example",
		"x.0.20.10.in-addr.arpa", "7.0.20.10xin-addr.arpa",
		"7.0.ip6.arpa", "" };
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		pointer(b, none[i], "name.example");
	is_called(b, addr_v4(build7), NULL);
	is_called(b, addr_v4((const uint8_t[4]){ 10, 20, 0, 0 }), NULL);
}

static void
only_what_could_be_a_name_is_believed(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{ "build-7", true },
		{ "build_7.corp.example.", true },
		{ "Anna's iPhone.local", true },
		{ "a\\.b.local", true },
		{ "7up", true },
		{ "", false },
		{ ".", false },
		{ "a..b", false },
		{ ".a", false },
		{ "a..", false },
		{ "10.20.0.7", false },
		{ "2001:db8::1", false },
		{ "caf\xc3\xa9", false },
		{ "a\nb", false },
		{ "a\x7f", false },
	};
	char label[65], name[300];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (host_name_check(cases[i].name, strlen(cases[i].name)) !=
		    cases[i].good)
			fail_msg("'%s'", cases[i].name);
	}
	memset(label, 'a', sizeof label);
	assert_true(host_name_check(label, 63));
	assert_false(host_name_check(label, 64));
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	assert_true(host_name_check(name, 255));
	assert_false(host_name_check(name, 257));
}

/* Many more than there is room for: the memory stays, the newest is known. */
static void
the_oldest_make_room(void **state)
{
	struct bench *b = *state;
	unsigned known = 0;

	for (unsigned i = 0; i < 4 * HOST_NAMES_MAX; i++) {
		uint8_t octets[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			(uint8_t)i };

		b->now_us += SECOND;
		dhcp(b, octets, "host");
		is_called(b, addr_v4(octets), "host");
	}
	for (unsigned i = 0; i < 4 * HOST_NAMES_MAX; i++) {
		struct addr addr = addr_v4((const uint8_t[4]){ 10,
		    (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i });

		known += host_names_find(b->names, &addr) != NULL;
	}
	assert_in_range(known, HOST_NAMES_MAX * 9 / 10, HOST_NAMES_MAX);
	/* The first are long gone. */
	is_called(b, addr_v4((const uint8_t[4]){ 10, 0, 0, 1 }), NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_source_names_a_host),
		TEST(an_alias_does_not_hide_the_name_that_was_asked_for),
		TEST(addresses_outside_get_no_name),
		TEST(dns_has_to_wait_for_a_day_behind_dhcp),
		TEST(what_comes_late_is_not_newer),
		TEST(reverse_names_that_are_none_are_passed_over),
		TEST(only_what_could_be_a_name_is_believed),
		TEST(the_oldest_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
