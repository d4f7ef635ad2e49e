#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/sink_url.h"

static struct sink_url
parsed(const char *text)
{
	struct sink_url url;
	char error[256] = "";

	if (sink_url_parse(text, &url, error, sizeof error) != 0)
		fail_msg("%s: %s", text, error);
	return url;
}

static const char *
host(const struct sink_url *url)
{
	return url->endpoint_count > 0 ? url->endpoints[0].host : NULL;
}

static int
check(const char *text, char *error, size_t error_size)
{
	struct sink_url url;

	if (sink_url_parse(text, &url, error, error_size) == -1)
		return -1;
	sink_url_fini(&url);
	return 0;
}

static void
assert_same(const char *value, const char *expected)
{
	if (expected == NULL)
		assert_null(value);
	else
		assert_string_equal(value, expected);
}

static void
test_a_hyphen_is_standard_output_and_a_path_a_file(void **state)
{
	struct sink_url url = parsed("-");

	(void)state;
	assert_int_equal(url.kind, SINK_STDOUT);
	assert_string_equal(url.name, "standard output");
	sink_url_fini(&url);
	url = parsed("/var/log/eve%20?mode=list.json");
	assert_int_equal(url.kind, SINK_FILE);
	assert_string_equal(url.path, "/var/log/eve%20?mode=list.json");
	assert_string_equal(url.name, url.path);
	sink_url_fini(&url);
	url = parsed("./-");
	assert_int_equal(url.kind, SINK_FILE);
	sink_url_fini(&url);
}

static void
test_a_redis_has_good_defaults(void **state)
{
	struct sink_url url = parsed("redis://localhost");

	(void)state;
	assert_int_equal(url.kind, SINK_REDIS);
	assert_string_equal(host(&url), "localhost");
	assert_int_equal(url.endpoint_count, 1);
	assert_int_equal(url.endpoints[0].port, 6379);
	assert_int_equal(url.db, 0);
	assert_null(url.path);
	assert_null(url.user);
	assert_null(url.password);
	assert_int_equal(url.mode, REDIS_STREAM);
	assert_int_equal(url.key_count, 1);
	assert_string_equal(url.key[0].text, "egress-sensor");
	assert_int_equal(url.maxlen, 1000000);
	assert_false(url.push_left);
	sink_url_fini(&url);
}

static void
test_where_a_redis_is_can_be_said_in_every_way(void **state)
{
	static const struct {
		const char *text, *host, *user, *password, *path, *name;
		unsigned port, db;
	} cases[] = {
		{ "redis://h:1/2", "h", NULL, NULL, NULL, "redis://h:1", 1, 2 },
		{ "redis://h/", "h", NULL, NULL, NULL, "redis://h:6379", 6379,
		    0 },
		{ "redis://:pw@h", "h", NULL, "pw", NULL, "redis://:***@h:6379",
		    6379, 0 },
		{ "redis://me:p%40%2fw@h:65535/15", "h", "me", "p@/w", NULL,
		    "redis://me:***@h:65535", 65535, 15 },
		{ "redis://me:a@b:c@h", "h", "me", "a@b:c", NULL,
		    "redis://me:***@h:6379", 6379, 0 },
		{ "redis://[2001:db8::1]:7000/3", "2001:db8::1", NULL, NULL,
		    NULL, "redis://[2001:db8::1]:7000", 7000, 3 },
		{ "redis://[::1]", "::1", NULL, NULL, NULL,
		    "redis://[::1]:6379", 6379, 0 },
		{ "redis+unix:///run/redis.sock", NULL, NULL, NULL,
		    "/run/redis.sock", "redis+unix:///run/redis.sock", 6379,
		    0 },
		{ "redis+unix://me:pw@/run/a%20b?db=4", NULL, "me", "pw",
		    "/run/a b", "redis+unix://me:***@/run/a b", 6379, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sink_url url = parsed(cases[i].text);

		assert_same(host(&url), cases[i].host);
		assert_same(url.user, cases[i].user);
		assert_same(url.password, cases[i].password);
		assert_same(url.path, cases[i].path);
		assert_string_equal(url.name, cases[i].name);
		if (url.endpoint_count > 0)
			assert_int_equal(url.endpoints[0].port, cases[i].port);
		assert_int_equal(url.db, cases[i].db);
		sink_url_fini(&url);
	}
}

static void
test_parameters_say_how_lines_are_written(void **state)
{
	struct sink_url url = parsed("redis://h?mode=list&key=a%26b&push=left");

	(void)state;
	assert_int_equal(url.mode, REDIS_LIST);
	assert_string_equal(url.key[0].text, "a&b");
	assert_true(url.push_left);
	sink_url_fini(&url);
	url = parsed("redis://h/1?mode=channel&key=k");
	assert_int_equal(url.mode, REDIS_CHANNEL);
	assert_int_equal(url.db, 1);
	sink_url_fini(&url);
	url = parsed("redis://h?maxlen=0&mode=stream");
	assert_int_equal(url.maxlen, 0);
	sink_url_fini(&url);
	url = parsed("redis://h?maxlen=9223372036854775807");
	assert_int_equal(url.maxlen, INT64_MAX);
	sink_url_fini(&url);
}

static void
test_events_and_severity_are_chosen_by_any_sink_with_a_url(void **state)
{
	static const char *const texts[] = {
		"file:///tmp/x?events=alert,dns&severity=2",
		"redis://h?severity=2&events=dns,alert",
		"syslog://h?events=alert%2Cdns&severity=2",
	};
	struct sink_url url;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		url = parsed(texts[i]);
		assert_true(url.has_events);
		assert_int_equal(url.events,
		    1U << EVENT_ALERT | 1U << EVENT_DNS);
		assert_int_equal(url.severity_max, 2);
		sink_url_fini(&url);
	}
	url = parsed("redis://h");
	assert_false(url.has_events);
	assert_int_equal(url.severity_max, 3);
	sink_url_fini(&url);
}

static void
test_a_key_may_name_what_changes_with_the_event(void **state)
{
	struct sink_url url = parsed(
	    "redis://h?key={{eve}}:{type}/{segment}{severity}");
	static const struct {
		enum key_part_kind kind;
		const char *text;
	} parts[] = {
		{ KEY_TEXT, "{" },
		{ KEY_TEXT, "eve" },
		{ KEY_TEXT, "}" },
		{ KEY_TEXT, ":" },
		{ KEY_TYPE, NULL },
		{ KEY_TEXT, "/" },
		{ KEY_SEGMENT, NULL },
		{ KEY_SEVERITY, NULL },
	};

	(void)state;
	assert_int_equal(url.key_count, sizeof parts / sizeof parts[0]);
	for (unsigned i = 0; i < url.key_count; i++) {
		assert_int_equal(url.key[i].kind, parts[i].kind);
		assert_same(url.key[i].text, parts[i].text);
	}
	sink_url_fini(&url);
}

static void
test_sentinels_and_cluster_nodes_are_listed(void **state)
{
	struct sink_url url = parsed(
	    "redis+sentinel://me:pw@a,[2001:db8::1]:7/mymaster/3"
	    "?sentinel_user=s&sentinel_password=t");

	(void)state;
	assert_int_equal(url.topology, REDIS_SENTINEL);
	assert_int_equal(url.endpoint_count, 2);
	assert_string_equal(url.endpoints[0].host, "a");
	assert_int_equal(url.endpoints[0].port, 26379);
	assert_string_equal(url.endpoints[1].host, "2001:db8::1");
	assert_int_equal(url.endpoints[1].port, 7);
	assert_string_equal(url.master, "mymaster");
	assert_int_equal(url.db, 3);
	assert_string_equal(url.sentinel_user, "s");
	assert_string_equal(url.sentinel_password, "t");
	assert_string_equal(url.name,
	    "redis+sentinel://me:***@a:26379,[2001:db8::1]:7/mymaster");
	sink_url_fini(&url);
	url = parsed("redis+cluster://a:1,b:2,c");
	assert_int_equal(url.topology, REDIS_CLUSTER);
	assert_int_equal(url.endpoint_count, 3);
	assert_int_equal(url.endpoints[2].port, 6379);
	sink_url_fini(&url);
}

static void
test_syslog_goes_over_udp_or_tcp(void **state)
{
	struct sink_url url = parsed("syslog://h");

	(void)state;
	assert_int_equal(url.kind, SINK_SYSLOG);
	assert_int_equal(url.transport, SYSLOG_UDP);
	assert_int_equal(url.endpoints[0].port, 514);
	assert_int_equal(url.facility, 16);
	assert_string_equal(url.app, "egress-sensor");
	sink_url_fini(&url);
	url = parsed("syslog+tcp://[::1]:6514?facility=daemon&app=x");
	assert_int_equal(url.transport, SYSLOG_TCP);
	assert_int_equal(url.endpoints[0].port, 6514);
	assert_int_equal(url.facility, 3);
	assert_string_equal(url.app, "x");
	sink_url_fini(&url);
}

static void
test_a_destination_keeps_its_spool_whatever_the_credentials(void **state)
{
	struct sink_url a = parsed("redis://me:one@h/1?key=k");
	struct sink_url b = parsed("redis://you:two@h:6379?key=k&db=1"
				   "&severity=1&replicas=1");
	struct sink_url c = parsed("redis://h/2?key=k");
	struct sink_url d = parsed("redis+sentinel://h:6379/m?key=k&db=1");

	(void)state;
	assert_string_equal(a.identity, b.identity);
	assert_string_not_equal(a.identity, c.identity);
	assert_string_not_equal(a.identity, d.identity);
	assert_int_equal(strspn(d.identity,
			     "abcdefghijklmnopqrstuvwxyz0123456789-"),
	    strlen(d.identity));
	sink_url_fini(&a);
	sink_url_fini(&b);
	sink_url_fini(&c);
	sink_url_fini(&d);
}

static void
test_sinks_of_one_redis_are_told_apart_by_their_key(void **state)
{
	struct sink_url url = parsed("redis://:pw@h/1?key=eve:{type}");

	(void)state;
	assert_string_equal(url.name, "redis://:***@h:6379?key=eve:{type}");
	sink_url_fini(&url);
}

static void
test_what_is_wrong_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "", "empty" },
		{ "rediss://h", "TLS" },
		{ "http://h/", "scheme" },
		{ "file://tmp/x", "file:///PATH" },
		{ "file:///tmp/x?key=y", "unknown parameter 'key'" },
		{ "redis://h?events=alert,none", "unknown event type 'none'" },
		{ "redis://h?severity=4", "severity: not a number" },
		{ "redis://h?events=dns&severity=1", "only alerts" },
		{ "redis://h?key=a%1bb", "key: has a control character" },
		{ "redis://h?key={name}", "{type}, {segment}" },
		{ "redis://h?key=a}", "{{ or }}" },
		{ "redis://h?key=a{", "{{ or }}" },
		{ "redis://h?replicas=17", "replicas: not a number" },
		{ "redis://h?replicas_ms=5", "without replicas" },
		{ "redis://h?ca=/x", "only for rediss" },
		{ "redis://:p@h?password_file=/x", "password already" },
		{ "redis://h?sentinel_password=x", "only for redis+sentinel" },
		{ "redis://a,b", "host: several" },
		{ "redis+sentinel://a,b", "master's name" },
		{ "redis+sentinel://a//1", "master's name" },
		{ "redis+sentinel://a,/m", "host: missing" },
		{ "redis+sentinel://a/m?sentinel_user=x",
		    "without a sentinel_password" },
		{ "redis+cluster://a/1", "only 0" },
		{ "redis+cluster://a?db=1", "only 0" },
		{ "syslog://u:p@h", "only a Redis" },
		{ "syslog://h/x", "after the port" },
		{ "syslog://h?mode=list", "unknown parameter 'mode'" },
		{ "syslog://h?facility=kern", "facility: user" },
		{ "syslog://h?app=a%20b", "RFC 5424" },
		{ "redis://", "host: missing" },
		{ "redis://:6379", "host: missing" },
		{ "redis://h:", "port: not a number" },
		{ "redis://h:0", "port: not a number" },
		{ "redis://h:65536", "port: not a number" },
		{ "redis://h:99999999999999999999999", "port: not a number" },
		{ "redis://h:6379x", "port: not a number" },
		{ "redis://[::1", "']'" },
		{ "redis://[::1]x", "']'" },
		{ "redis://user@h", "without a password" },
		{ "redis://user:@h", "without a password" },
		{ "redis://h/x", "db: not a number" },
		{ "redis://h/-1", "db: not a number" },
		{ "redis://h/1/2", "db: not a number" },
		{ "redis://h/2147483648", "db: not a number" },
		{ "redis://h/1?db=2", "db: given twice" },
		{ "redis://h?mode=list&mode=list", "mode: given twice" },
		{ "redis://h?mode=queue", "stream, list or channel" },
		{ "redis://h?mode", "without '='" },
		{ "redis://h?", "without '='" },
		{ "redis://h?mode=list&", "without '='" },
		{ "redis://h?colour=red", "unknown parameter 'colour'" },
		{ "redis://h?key=", "key: empty" },
		{ "redis://h?key=%zz", "key: a '%'" },
		{ "redis://h?key=a%0", "key: a '%'" },
		{ "redis://h?key=a%00b", "%00" },
		{ "redis://h?maxlen=-1", "maxlen: not a number" },
		{ "redis://h?maxlen=9223372036854775808",
		    "maxlen: not a number" },
		{ "redis://h?mode=list&maxlen=5", "only a stream" },
		{ "redis://h?push=left", "only for a list" },
		{ "redis://h?mode=list&push=up", "right or left" },
		{ "redis://h#x", "'#'" },
		{ "redis+unix://run/redis.sock", "redis+unix:///PATH" },
		{ "redis+unix:///", "redis+unix:///PATH" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char error[256] = "";

		if (check(cases[i].text, error, sizeof error) != -1)
			fail_msg("%s is taken", cases[i].text);
		if (strstr(error, cases[i].reason) == NULL)
			fail_msg("%s: \"%s\", not \"%s\"", cases[i].text, error,
			    cases[i].reason);
	}
	assert_int_equal(check("redis://u:p@h/1?mode=list", NULL, 0), 0);
}

static void
test_no_reason_cites_a_password(void **state)
{
	/* Passwords that were not escaped as they should have been. */
	static const char *const texts[] = {
		"redis://me:sec/ret@h",
		"redis://me:secret@h:x",
		"redis://me:sec?ret=x@h",
		"redis://me:sec#ret@h",
		"redis://me:1?secret=1@h",
		"redis://me:%secret@h",
		"redis://me:secret@",
		"redis://:secret@h?x=y",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char error[256] = "";

		assert_int_equal(check(texts[i], error, sizeof error), -1);
		assert_null(strstr(error, "sec"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_hyphen_is_standard_output_and_a_path_a_file),
		cmocka_unit_test(test_a_redis_has_good_defaults),
		cmocka_unit_test(
		    test_where_a_redis_is_can_be_said_in_every_way),
		cmocka_unit_test(test_parameters_say_how_lines_are_written),
		cmocka_unit_test(test_what_is_wrong_is_refused_with_its_reason),
		cmocka_unit_test(test_no_reason_cites_a_password),
		cmocka_unit_test(
		    test_events_and_severity_are_chosen_by_any_sink_with_a_url),
		cmocka_unit_test(
		    test_a_key_may_name_what_changes_with_the_event),
		cmocka_unit_test(test_sentinels_and_cluster_nodes_are_listed),
		cmocka_unit_test(
		    test_sinks_of_one_redis_are_told_apart_by_their_key),
		cmocka_unit_test(test_syslog_goes_over_udp_or_tcp),
		cmocka_unit_test(
		    test_a_destination_keeps_its_spool_whatever_the_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
