#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/sink.h"
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
	assert_string_equal(url.host, "localhost");
	assert_int_equal(url.port, 6379);
	assert_int_equal(url.db, 0);
	assert_null(url.path);
	assert_null(url.user);
	assert_null(url.password);
	assert_int_equal(url.mode, REDIS_STREAM);
	assert_string_equal(url.key, "egress-sensor");
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

		assert_same(url.host, cases[i].host);
		assert_same(url.user, cases[i].user);
		assert_same(url.password, cases[i].password);
		assert_same(url.path, cases[i].path);
		assert_string_equal(url.name, cases[i].name);
		assert_int_equal(url.port, cases[i].port);
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
	assert_string_equal(url.key, "a&b");
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
test_what_is_wrong_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "", "empty" },
		{ "rediss://h", "TLS" },
		{ "http://h/", "scheme" },
		{ "file:///tmp/x", "path alone" },
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

		assert_int_equal(sink_check(cases[i].text, error, sizeof error),
		    -1);
		if (strstr(error, cases[i].reason) == NULL)
			fail_msg("%s: \"%s\", not \"%s\"", cases[i].text, error,
			    cases[i].reason);
	}
	assert_int_equal(sink_check("redis://u:p@h/1?mode=list", NULL, 0), 0);
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

		assert_int_equal(sink_check(texts[i], error, sizeof error), -1);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
