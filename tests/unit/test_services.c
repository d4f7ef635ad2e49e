#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "sensor/destinations.h"
#include "sensor/network.h"
#include "sensor/observation_builder.h"
#include "sensor/services.h"

static struct addr
address(const char *text)
{
	struct addr addr;

	assert_true(network_address_read(text, strlen(text), &addr));
	return addr;
}

/* ---- destinations ---- */

static void
destinations_are_found_as_the_list_says(void **state)
{
	static const char *const list[] = { "npmjs.org", "Example.NET:8443",
		"*.wild.example", "github.io", "192.0.2.0/24",
		"198.51.100.7:443", "2001:db8::/32", "[2001:db9::1]:853",
		"10.0.0.0/8" };
	static const struct {
		const char *what, *name, *addr;
		uint16_t port;
		bool found;
	} cases[] = {
		{ "the name", "npmjs.org", NULL, 443, true },
		{ "a name below it", "a.b.npmjs.org", NULL, 80, true },
		{ "a name that ends so", "xnpmjs.org", NULL, 443, false },
		{ "the name above", "org", NULL, 443, false },
		{ "a name on its port", "www.example.net", NULL, 8443, true },
		{ "a name on another port", "example.net", NULL, 443, false },
		{ "below a wildcard", "x.wild.example", NULL, 1, true },
		{ "a public suffix, if it is meant", "me.github.io", NULL, 443,
		    true },
		{ "an address of a network", "", "192.0.2.255", 9, true },
		{ "an address beside it", "", "192.0.3.0", 9, false },
		{ "an address on its port", "", "198.51.100.7", 443, true },
		{ "an address on another port", "", "198.51.100.7", 80, false },
		{ "an IPv6 network", "", "2001:db8:ffff::1", 80, true },
		{ "an IPv6 address with a port", "", "2001:db9::1", 853, true },
		{ "the same without", "", "2001:db9::1", 53, false },
		{ "private space", "", "10.1.2.3", 53, true },
		{ "neither of both", "example.com", "203.0.113.1", 1, false },
		{ "the address, whatever the name", "example.com", "192.0.2.1",
		    1, true },
		{ "an empty name", "", NULL, 1, false },
	};
	struct destinations *d = destinations_new();

	(void)state;
	assert_non_null(d);
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		assert_null(destinations_add(d, list[i], 0));
	assert_null(destinations_add(d, "npmjs.org", 0)); /* once more */
	assert_int_equal(destinations_count(d), sizeof list / sizeof list[0]);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct addr addr;

		if (cases[i].addr != NULL)
			addr = address(cases[i].addr);
		if (destinations_have(d, cases[i].name, strlen(cases[i].name),
			cases[i].addr != NULL ? &addr : NULL,
			cases[i].port) != cases[i].found)
			fail_msg("%s", cases[i].what);
	}
	destinations_free(d);
}

static void
a_thousand_names_are_all_found(void **state)
{
	struct destinations *d = destinations_new();
	char name[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "n%d.example", i);
		assert_null(destinations_add(d, name, 0));
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "n%d.example", i);
		assert_true(destinations_have(d, name, strlen(name), NULL, 1));
	}
	assert_false(destinations_have(d, "n1000.example", 13, NULL, 1));
	destinations_free(d);
}

static void
what_is_no_destination_is_refused(void **state)
{
	static const char *const bad[] = { "", "org", "a..example",
		"http://x.y", "example.org/path", "example.org:0",
		"example.org:65536", "example.org:http", "192.0.2.0/33",
		"192.0.2.256", "2001:db8::/129", "a b.example", "[2001:db8::1",
		"x_.1" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (destination_refusal(bad[i]) == NULL)
			fail_msg("'%s' was taken", bad[i]);
	}
}

struct told {
	unsigned lines[8], count;
};

static void
tell(void *arg, const char *path, unsigned line, const char *message)
{
	struct told *told = arg;

	assert_non_null(path);
	assert_non_null(message);
	assert_true(told->count < 8);
	told->lines[told->count++] = line;
}

static void
a_file_is_read_whole_and_each_bad_line_told(void **state)
{
	static const char text[] = "# a comment\n"
				   "npmjs.org # another\n"
				   "\n"
				   "  debian.org\t\r\n"
				   "no name\n"
				   "192.0.2.1:80#\n"
				   "pypi.org";
	char path[] = "/tmp/test_services.XXXXXX", error[256] = "";
	struct destinations *d = destinations_new();
	struct told told = { .count = 0 };
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	close(file);
	assert_int_equal(destinations_load(d, path, 0, tell, &told, error,
			     sizeof error),
	    -1);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.lines[0], 5);
	assert_int_equal(told.lines[1], 6);
	assert_true(destinations_have(d, "debian.org", 10, NULL, 1));
	assert_true(destinations_have(d, "pypi.org", 8, NULL, 1));
	unlink(path);
	assert_int_equal(destinations_load(d, path, 0, tell, &told, error,
			     sizeof error),
	    -1);
	assert_non_null(strstr(error, path));
	destinations_free(d);
}

/* ---- kinds ---- */

static void
kinds_have_names(void **state)
{
	enum service kind;

	(void)state;
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		assert_true(
		    service_kind_parse(service_kind_name((enum service)i),
			&kind));
		assert_int_equal(kind, i);
	}
	assert_false(service_kind_parse("dns", &kind));
	assert_null(service_name(0));
	assert_string_equal(service_name(
				1u << SERVICE_ECH | 1u << SERVICE_TUNNEL),
	    "tunnel");
}

static void
the_bundled_lists_know_their_kind(void **state)
{
	static const struct {
		const char *name, *addr;
		uint16_t port;
		service_set found;
	} cases[] = {
		{ "dns.google", NULL, 443, 1u << SERVICE_DNS_OVER_HTTPS },
		{ "dns.google", NULL, 853, 1u << SERVICE_DNS_OVER_TLS },
		{ "", "1.1.1.1", 443, 1u << SERVICE_DNS_OVER_HTTPS },
		{ "", "1.1.1.1", 853, 1u << SERVICE_DNS_OVER_TLS },
		{ "", "1.1.1.1", 53, 0 },
		{ "www.google.com", NULL, 443, 0 },
		{ "abc.ngrok-free.app", NULL, 443, 1u << SERVICE_TUNNEL },
		{ "quick-words.trycloudflare.com", NULL, 443,
		    1u << SERVICE_TUNNEL },
		{ "cloudflare.com", NULL, 443, 0 },
		{ "dist.torproject.org", NULL, 443, 1u << SERVICE_TOR },
		{ "abcdef.onion.ws", NULL, 443, 1u << SERVICE_TOR },
		{ "webhook.site", NULL, 443, 1u << SERVICE_FILE_DROP },
	};
	struct services *services = NULL;
	char error[512];

	(void)state;
	if (services_load("iocs/services", NULL, NULL, &services, error,
		sizeof error) == -1)
		fail_msg("%s", error);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct addr addr;

		if (cases[i].addr != NULL)
			addr = address(cases[i].addr);
		if (services_find(services, cases[i].name,
			strlen(cases[i].name),
			cases[i].addr != NULL ? &addr : NULL,
			cases[i].port) != cases[i].found)
			fail_msg("%s %u", cases[i].name, cases[i].port);
	}
	assert_int_equal(services_find(NULL, "ngrok.io", 8, NULL, 443), 0);
	services_free(services);
}

static void
a_folder_without_lists_is_an_error(void **state)
{
	struct services *services = NULL;
	char error[512] = "";

	(void)state;
	assert_int_equal(services_load("iocs/allowed", NULL, NULL, &services,
			     error, sizeof error),
	    -1);
	assert_non_null(strstr(error, "iocs/allowed"));
}

/* ---- protocols ---- */

struct spoken {
	const char *what;
	enum obs_kind kind;
	enum app_proto app;
	const char *name, *alpn, *method;
	uint16_t port;
	bool ech;
	uint16_t ndpi;
	service_set found;
};

static service_set
speak(struct observation_builder *builder, const struct spoken *s)
{
	struct observation *o = observation_begin(builder, s->kind);

	o->app = (uint8_t)s->app;
	o->port[DIR_IN] = s->port;
	if (s->ndpi != 0) {
		o->ndpi.known = true;
		o->ndpi.app = s->ndpi;
	}
	if (s->method != NULL)
		o->http.method = observation_add(builder,
		    cur_of(s->method, strlen(s->method)));
	if (s->alpn != NULL) {
		uint32_t count = 1;
		struct obs_array array;
		struct obs_text *text = observation_add_array(builder,
		    sizeof *text, &count, &array);

		*text = observation_add(builder,
		    cur_of(s->alpn, strlen(s->alpn)));
		o->tls.client_alpn = array;
	}
	if (s->kind == OBS_TLS_HELLO || s->kind == OBS_QUIC)
		o->tls.ech = s->ech;
	observation_finish(builder);
	return services_spoken(builder->o, s->name, strlen(s->name));
}

static void
protocols_are_known_by_what_they_say(void **state)
{
	static const struct spoken cases[] = {
		{ "TLS on 853", OBS_TLS_HELLO, APP_TLS, "x.example", NULL, NULL,
		    853, false, 0, 1u << SERVICE_DNS_OVER_TLS },
		{ "TLS with ALPN dot", OBS_TLS_HELLO, APP_TLS, "x.example",
		    "dot", NULL, 443, false, 0, 1u << SERVICE_DNS_OVER_TLS },
		{ "plain TLS", OBS_TLS_HELLO, APP_TLS, "x.example", "h2", NULL,
		    443, false, 0, 0 },
		{ "QUIC with ALPN doq", OBS_QUIC, APP_QUIC, "x.example", "doq",
		    NULL, 784, false, 0, 1u << SERVICE_DNS_OVER_QUIC },
		{ "HTTP/3", OBS_QUIC, APP_QUIC, "x.example", "h3", NULL, 443,
		    false, 0, 0 },
		{ "ECH behind a front", OBS_TLS_HELLO, APP_TLS,
		    "cloudflare-ech.com", NULL, NULL, 443, true, 0,
		    1u << SERVICE_ECH },
		{ "ECH or GREASE", OBS_TLS_HELLO, APP_TLS, "www.example.org",
		    NULL, NULL, 443, true, 0, 0 },
		{ "the front's name without ECH", OBS_TLS_HELLO, APP_TLS,
		    "cloudflare-ech.com", NULL, NULL, 443, false, 0, 0 },
		{ "CONNECT", OBS_HTTP_REQUEST, APP_HTTP, "", NULL, "CONNECT",
		    8080, false, 0, 1u << SERVICE_HTTP_CONNECT },
		{ "GET", OBS_HTTP_REQUEST, APP_HTTP, "", NULL, "GET", 8080,
		    false, 0, 0 },
		{ "SOCKS", OBS_PROXY, APP_SOCKS, "", NULL, NULL, 1080, false, 0,
		    1u << SERVICE_SOCKS },
		{ "Tor, says nDPI", OBS_FLOW_END, APP_TLS, "", NULL, NULL, 9001,
		    false, 163, 1u << SERVICE_TOR },
		{ "TLS, says nDPI", OBS_FLOW_END, APP_TLS, "", NULL, NULL, 443,
		    false, 91, 0 },
	};
	struct observation_builder builder;

	(void)state;
	assert_int_equal(observation_builder_init(&builder), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (speak(&builder, &cases[i]) != cases[i].found)
			fail_msg("%s", cases[i].what);
	}
	observation_builder_fini(&builder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(destinations_are_found_as_the_list_says),
		cmocka_unit_test(a_thousand_names_are_all_found),
		cmocka_unit_test(what_is_no_destination_is_refused),
		cmocka_unit_test(a_file_is_read_whole_and_each_bad_line_told),
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(the_bundled_lists_know_their_kind),
		cmocka_unit_test(a_folder_without_lists_is_an_error),
		cmocka_unit_test(protocols_are_known_by_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
