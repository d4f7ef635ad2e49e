#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "iocs/ioc_load.h"
#include "sensor/behaviour.h"
#include "sensor/executable.h"
#include "sensor/network.h"
#include "sensor/observation_builder.h"

#define SECOND UINT64_C(1000000)
#define NOW    (UINT64_C(1774915263) * SECOND)

/* ---- programs by their first octets ---- */

#define OCTETS(text) (const uint8_t *)(text), sizeof(text) - 1

/* Values: PE/COFF and MS-DOS header, System V ABI, mach-o/loader.h, JVMS 4.1 */
static void
programs_are_known_by_their_first_octets(void **state)
{
	static const struct {
		const char *what;
		const uint8_t *octets;
		size_t len;
		enum executable kind;
	} cases[] = {
		{ "MS-DOS header of Microsoft's linker",
		    OCTETS("MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0"),
		    EXECUTABLE_PE },
		{ "MS-DOS header of Delphi",
		    OCTETS("MZP\0\2\0\0\0\4\0\x0f\0\xff\xff\0\0"),
		    EXECUTABLE_PE },
		{ "a text that begins with MZ", OCTETS("MZ is a country code"),
		    EXECUTABLE_NONE },
		{ "MZ and no more", OCTETS("MZ\x90\0"), EXECUTABLE_NONE },
		{ "ELF 64, little-endian", OCTETS("\177ELF\2\1\1\0\0\0\0\0"),
		    EXECUTABLE_ELF },
		{ "ELF 32, big-endian", OCTETS("\177ELF\1\2\1\0\0\0\0\0"),
		    EXECUTABLE_ELF },
		{ "ELF of a class that is none", OCTETS("\177ELF\3\1\1\0\0\0"),
		    EXECUTABLE_NONE },
		{ "Mach-O, ARM 64",
		    OCTETS("\xcf\xfa\xed\xfe\x0c\0\0\1\0\0\0\0\2\0\0\0"),
		    EXECUTABLE_MACH_O },
		{ "Mach-O, PowerPC",
		    OCTETS("\xfe\xed\xfa\xce\0\0\0\x12\0\0\0\0\0\0\0\2"),
		    EXECUTABLE_MACH_O },
		{ "Mach-O of no processor",
		    OCTETS("\xcf\xfa\xed\xfe\x55\0\0\1\0\0\0\0\2\0\0\0"),
		    EXECUTABLE_NONE },
		{ "fat Mach-O, two architectures",
		    OCTETS("\xca\xfe\xba\xbe\0\0\0\2\1\0\0\7\0\0\0\3"),
		    EXECUTABLE_MACH_O },
		{ "Java class, version 52",
		    OCTETS("\xca\xfe\xba\xbe\0\0\0\x34\0\x1d\n\0\6\0\xf\t"),
		    EXECUTABLE_NONE },
		{ "Java class, version 45.3",
		    OCTETS("\xca\xfe\xba\xbe\0\3\0\x2d\0\x1d\n\0\6\0\xf\t"),
		    EXECUTABLE_NONE },
		{ "a class whose constants look like a processor",
		    OCTETS("\xca\xfe\xba\xbe\0\0\0\x34\1\0\0\7\0\0\0\3"),
		    EXECUTABLE_NONE },
		{ "a shell script", OCTETS("#!/bin/sh\n"), EXECUTABLE_SCRIPT },
		{ "a script with a blank", OCTETS("#! /usr/bin/env node"),
		    EXECUTABLE_SCRIPT },
		{ "a sound file", OCTETS("#!AMR\n<"), EXECUTABLE_NONE },
		{ "a comment", OCTETS("# /bin/sh"), EXECUTABLE_NONE },
		{ "gzip", OCTETS("\x1f\x8b\x08\0\0\0\0\0\0\3"),
		    EXECUTABLE_NONE },
		{ "nothing", OCTETS(""), EXECUTABLE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t *block = malloc(cases[i].len + 1);

		assert_non_null(block);
		memcpy(block + 1, cases[i].octets, cases[i].len);
		if (executable_of(block + 1, cases[i].len) != cases[i].kind)
			fail_msg("%s", cases[i].what);
		free(block);
	}
}

static void
no_prefix_is_read_past_its_end(void **state)
{
	static const uint8_t fat[] = "\xca\xfe\xba\xbe\0\0\0\2\1\0\0\7\0\0";

	(void)state;
	for (size_t len = 0; len < sizeof fat; len++) {
		uint8_t *block = malloc(len + 1);

		assert_non_null(block);
		memcpy(block + 1, fat, len);
		assert_int_equal(executable_of(block + 1, len),
		    len < 12 ? EXECUTABLE_NONE : EXECUTABLE_MACH_O);
		free(block);
	}
}

/* ---- User-Agents ---- */

static void
dead_systems_are_told_from_living_ones(void **state)
{
	static const struct {
		const char *agent;
		const char *word; /* of the reason; NULL: it lives */
	} cases[] = {
		{ "mozilla/4.0 (compatible; msie 8.0; windows nt 5.1; "
		  "trident/4.0)",
		    "Windows XP" },
		{ "Mozilla/4.0 (compatible; MSIE 6.0; Windows 98)",
		    "Windows 98" },
		{ "Mozilla/5.0 (Windows NT 5.2; rv:11.0) Gecko/20100101",
		    "Server 2003" },
		{ "Mozilla/4.0 (compatible; MSIE 5.0; Mac_PowerPC)",
		    "Mac OS 9" },
		{ "Mozilla/5.0 (Linux; Android 4.4.2; Nexus 4)", "Android 4" },
		{ "Mozilla/5.0 (iPhone; CPU iPhone OS 8_4 like Mac OS X)",
		    "iOS 8" },
		{ "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1)",
		    "Internet Explorer 9" },
		/* Compatibility mode of Internet Explorer 11. */
		{ "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; "
		  "Trident/7.0)",
		    NULL },
		{ "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2)", NULL },
		{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
		  "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0",
		    NULL },
		{ "Mozilla/5.0 (Windows NT 6.1; Win64; x64)", NULL },
		{ "Mozilla/5.0 (Linux; Android 14; Pixel 8)", NULL },
		{ "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X)",
		    NULL },
		{ "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", NULL },
		{ "curl/7.88.1", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *reason = dead_system(cases[i].agent,
		    strlen(cases[i].agent));

		if ((reason == NULL) != (cases[i].word == NULL) ||
		    (reason != NULL && strstr(reason, cases[i].word) == NULL))
			fail_msg("'%s': %s", cases[i].agent,
			    reason != NULL ? reason : "lives");
	}
}

/* ---- hits ---- */

struct bench {
	struct facts *facts;
	struct dns_memory *memory;
	struct segments *segments;
	struct ioc_set *trusted;
	struct observation_builder builder;
	struct behaviour_options options;
	char hits[1024]; /* "id severity matched\n" of each */
};

static void
note(void *arg, const struct hit *hit)
{
	struct bench *b = arg;
	size_t used = strlen(b->hits);

	assert_string_equal(hit->detector, "behaviour");
	assert_true(hit->reason != NULL && hit->reason[0] != '\0');
	assert_true(hit->confidence > 0 && hit->confidence <= 100);
	snprintf(b->hits + used, sizeof b->hits - used, "%u %u %.*s\n",
	    (unsigned)hit->signature->id, hit->signature->severity,
	    (int)hit->matched_len, hit->matched);
}

static int
setup(void **state)
{
	static const char trusted[] = "debian.org\n";
	struct bench *b = calloc(1, sizeof *b);
	struct facts_options facts = { 100, 1 << 20, 3600 * SECOND, note, b };
	char error[256];

	assert_non_null(b);
	b->facts = facts_new(&facts);
	b->memory = dns_memory_new(64, &(struct siphash_key){ 1, 2 });
	b->segments = segments_new();
	assert_true(
	    b->facts != NULL && b->memory != NULL && b->segments != NULL);
	assert_int_equal(segments_compile(b->segments), 0);
	assert_int_equal(ioc_load_memory("trusted.txt", trusted,
			     strlen(trusted), NULL, NULL, NULL, &b->trusted,
			     error, sizeof error),
	    0);
	assert_int_equal(observation_builder_init(&b->builder), 0);
	b->options = (struct behaviour_options){ true, true, true, b->segments,
		b->memory, b->trusted, b->facts };
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	facts_free(b->facts);
	dns_memory_free(b->memory);
	segments_free(b->segments);
	ioc_set_free(b->trusted);
	observation_builder_fini(&b->builder);
	free(b);
	return 0;
}

struct exchange {
	const char *what;
	const char *method, *host, *agent, *body; /* body: of the response */
	const char *server;                       /* NULL: 203.0.113.80 */
	uint16_t server_port, port;               /* port: of the Host */
	bool tunnelled;
	const char *hits;
};

static struct obs_text
text(struct bench *b, const char *what)
{
	return what == NULL
	           ? (struct obs_text){ 0, 0 }
	           : observation_add(&b->builder, cur_of(what, strlen(what)));
}

static void
observe(struct bench *b, const struct exchange *e)
{
	struct observation *o = observation_begin(&b->builder,
	    e->body != NULL ? OBS_HTTP : OBS_HTTP_REQUEST);
	const char *server = e->server != NULL ? e->server : "203.0.113.80";

	o->time_us = o->flow_first_us = NOW;
	o->app = APP_HTTP;
	o->ip_proto = 6;
	assert_true(network_address_read("10.20.0.11", 10, &o->addr[DIR_OUT]));
	assert_true(
	    network_address_read(server, strlen(server), &o->addr[DIR_IN]));
	o->segment[DIR_OUT] = segments_find(b->segments, &o->addr[DIR_OUT],
	    NULL, 0);
	o->segment[DIR_IN] = segments_find(b->segments, &o->addr[DIR_IN], NULL,
	    0);
	o->port[DIR_IN] = e->server_port != 0 ? e->server_port : 80;
	o->http.has_request = true;
	o->http.port = e->port;
	o->http.tunnelled = e->tunnelled;
	o->http.method = text(b, e->method);
	o->http.host = text(b, e->host);
	o->http.user_agent = text(b, e->agent);
	o->http.response_body = text(b, e->body);
	behaviour_observe(&b->options, observation_finish(&b->builder));
}

#define XP     "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"
#define SCRIPT "#!/bin/sh\n"

static void
behaviours_hit_and_nearly_miss(void **state)
{
	static const struct exchange cases[] = {
		{ "POST to an address", "POST", "203.0.113.80", NULL, NULL,
		    NULL, 0, 0, false, "7310301 3 203.0.113.80:80\n" },
		{ "POST to an address, odd port", "POST", "203.0.113.80", NULL,
		    NULL, NULL, 8000, 8000, false,
		    "7310301 2 203.0.113.80:8000\n" },
		{ "POST without a Host", "POST", NULL, NULL, NULL, NULL, 0, 0,
		    false, "7310301 2 203.0.113.80:80\n" },
		{ "POST to an IPv6 address", "POST", "2001:db8::1", NULL, NULL,
		    "2001:db8::1", 0, 0, false,
		    "7310301 3 [2001:db8::1]:80\n" },
		{ "POST to an address by a proxy of ours", "POST",
		    "203.0.113.80", NULL, NULL, "10.0.0.9", 3128, 8000, true,
		    "7310301 2 203.0.113.80:8000\n" },
		{ "POST to a name", "POST", "api.example.org", NULL, NULL, NULL,
		    0, 0, false, "" },
		{ "GET from an address", "GET", "203.0.113.80", NULL, NULL,
		    NULL, 0, 0, false, "" },
		{ "POST to an address inside", "POST", "10.20.0.30", NULL, NULL,
		    "10.20.0.30", 0, 0, false, "" },
		{ "POST to an address inside by a proxy", "POST", "10.20.0.30",
		    NULL, NULL, "10.0.0.9", 3128, 0, true, "" },

		{ "script from a name", "GET", "get.example", NULL, SCRIPT,
		    NULL, 0, 0, false,
		    "7310302 2 script from get.example:80\n" },
		{ "script from an address", "GET", "203.0.113.80", NULL, SCRIPT,
		    NULL, 0, 0, false,
		    "7310302 1 script from 203.0.113.80:80\n" },
		{ "script from a trusted host", "GET", "debian.org", NULL,
		    SCRIPT, NULL, 0, 0, false, "" },
		{ "a text from a name", "GET", "get.example", NULL,
		    "# /bin/sh\n", NULL, 0, 0, false, "" },
		{ "script from inside", "GET", "mirror.example", NULL, SCRIPT,
		    "10.20.0.30", 0, 0, false, "" },

		{ "a dead system that posts", "POST", "api.example.org", XP,
		    NULL, NULL, 0, 0, false, "7310303 3 " XP "\n" },
		{ "a dead system, bare address", "GET", "203.0.113.80", XP,
		    NULL, NULL, 0, 0, false, "7310303 3 " XP "\n" },
		{ "a dead system on an odd port", "GET", "www.example.org", XP,
		    NULL, NULL, 8081, 8081, false, "7310303 3 " XP "\n" },
		{ "a dead system that reads a page", "GET", "www.example.org",
		    XP, NULL, NULL, 0, 0, false, "" },
		{ "a living one that posts", "POST", "api.example.org",
		    "curl/8.0", NULL, NULL, 0, 0, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		void *bench;
		struct bench *b;

		setup(&bench);
		b = bench;
		observe(b, &cases[i]);
		if (strcmp(b->hits, cases[i].hits) != 0)
			fail_msg("%s: %s", cases[i].what, b->hits);
		teardown(&bench);
	}
}

static void
a_trusted_host_at_another_s_address_is_not_believed(void **state)
{
	static const struct exchange forged = { "", "GET", "debian.org",
		NULL, SCRIPT, NULL, 0, 0, false, "" };
	struct bench *b = *state;
	struct addr client, server;

	assert_true(network_address_read("10.20.0.11", 10, &client));
	assert_true(network_address_read("203.0.113.80", 12, &server));
	dns_memory_learn(b->memory, &client, &server, "c2.example", 10, false,
	    NOW - SECOND, NOW + 60 * SECOND);
	observe(b, &forged);
	assert_string_equal(b->hits,
	    "7310302 2 script from debian.org:80\n");
}

static void
a_question_for_a_certificate_s_status_is_no_post(void **state)
{
	static const char *const bodies[] = { "\x30\x51\x30\x4f", "id=7" };
	struct bench *b = *state;

	for (int i = 0; i < 2; i++) {
		struct observation *o = observation_begin(&b->builder,
		    OBS_HTTP_REQUEST);

		assert_true(
		    network_address_read("203.0.113.80", 12, &o->addr[DIR_IN]));
		o->segment[DIR_OUT] = SEGMENT_INTERNAL;
		o->port[DIR_IN] = 80;
		o->http.method = text(b, "POST");
		o->http.content_type = text(b, "application/ocsp-request");
		o->http.body = text(b, bodies[i]);
		assert_string_equal(b->hits, "");
		behaviour_observe(&b->options, observation_finish(&b->builder));
	}
	assert_string_equal(b->hits, "7310301 2 203.0.113.80:80\n");
}

static void
each_can_be_switched_off(void **state)
{
	static const struct exchange all[] = {
		{ "", "POST", "203.0.113.80", XP, NULL, NULL, 0, 0, false, "" },
		{ "", "GET", "get.example", NULL, SCRIPT, NULL, 0, 0, false,
		    "" },
	};
	struct bench *b = *state;

	b->options.plain_post_to_address = false;
	b->options.executable_download = false;
	b->options.dead_user_agent = false;
	observe(b, &all[0]);
	observe(b, &all[1]);
	assert_string_equal(b->hits, "");
}

static void
one_host_is_one_fact(void **state)
{
	static const struct exchange post = { "", "POST", "203.0.113.80", NULL,
		NULL, NULL, 0, 0, false, "" };
	struct bench *b = *state;

	observe(b, &post);
	observe(b, &post);
	assert_string_equal(b->hits, "7310301 3 203.0.113.80:80\n");
	assert_int_equal(facts_get_counts(b->facts)->repeats, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_are_known_by_their_first_octets),
		cmocka_unit_test(no_prefix_is_read_past_its_end),
		cmocka_unit_test(dead_systems_are_told_from_living_ones),
		cmocka_unit_test(behaviours_hit_and_nearly_miss),
		cmocka_unit_test_setup_teardown(
		    a_trusted_host_at_another_s_address_is_not_believed, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    a_question_for_a_certificate_s_status_is_no_post, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(each_can_be_switched_off, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(one_host_is_one_fact, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
