#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "iocs/profile_load.h"
#include "iocs/profile_pattern.h"

/* A good profile, cut where the tests put something of their own. */
#define HEAD                                                                   \
	"{\"id\": \"x-1\", \"name\": \"n\", \"campaign\": \"c\", "             \
	"\"signature\": \"s\", \"signature_id\": 7, \"severity\": 2, "         \
	"\"references\": [\"https://example.org/\"], "                         \
	"\"attack_ids\": [\"T1071\"], \"methods\": [\"POST\"], "               \
	"\"threshold\": 70, "
#define FEATURES(text) "\"features\": [" text "]"
#define FEATURE        "{\"when\": \"connection.new\", \"weight\": 5}"
#define TIMING                                                                 \
	"\"timing\": {\"period_s\": 60, \"early_s\": 0.25, \"late_s\": 15, "   \
	"\"intervals_min\": 3, \"weight\": 30}"
#define GOOD HEAD FEATURES(FEATURE) ", " TIMING "}"

static char why[256];

static int
add(struct profile_set *set, const char *text)
{
	why[0] = '\0';
	return profile_set_add(set, "x.json", text, strlen(text), why,
	    sizeof why);
}

static void
assert_refused(const char *text, const char *reason)
{
	struct profile_set *set = profile_set_new();

	assert_int_equal(add(set, text), -1);
	assert_ptr_equal(strstr(why, "x.json: "), why);
	if (strstr(why, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why, reason);
	profile_set_free(set);
}

static void
the_bundled_profiles_load(void **state)
{
	struct profile_set *set = profile_set_new();
	size_t timed = 0;

	(void)state;
	if (profile_set_load(set, "iocs/profiles", why, sizeof why) == -1)
		fail_msg("%s", why);
	assert_true(profile_set_count(set) >= 5);
	/* In the order of the files' names. */
	assert_string_equal(profile_set_at(set, 0)->id, "axios-rat-beacon");
	assert_int_equal(profile_set_at(set, 0)->timing.period_us, 60000000);
	for (size_t i = 0; i < profile_set_count(set); i++)
		timed += profile_set_at(set, i)->timing.period_us > 0;
	assert_int_equal(timed, 2);
	profile_set_free(set);
}

static void
a_profile_is_read_as_it_is_written(void **state)
{
	struct profile_set *set = profile_set_new();
	const struct profile *p;

	(void)state;
	assert_int_equal(
	    add(set,
		HEAD FEATURES(
		    "{\"when\": \"port.in\", \"any\": [8000, 65535], "
		    "\"weight\": 10},"
		    "{\"when\": \"user_agent.is\", \"any\": [\"a b\"], "
		    "\"weight\": -100},"
		    "{\"when\": \"response.octets\", \"min\": 5, \"max\": 6, "
		    "\"weight\": 1}") ", " TIMING "}"),
	    0);
	assert_int_equal(profile_set_count(set), 1);
	p = profile_set_at(set, 0);
	assert_string_equal(p->id, "x-1");
	assert_string_equal(p->references[0], "https://example.org/");
	assert_null(p->references[1]);
	assert_string_equal(p->methods[0], "POST");
	assert_int_equal(p->signature_id, 7);
	assert_int_equal(p->severity, 2);
	assert_int_equal(p->threshold, 70);
	assert_int_equal(p->feature_count, 3);
	assert_int_equal(p->features[0].test, PROFILE_PORT_IN);
	assert_int_equal(p->features[0].value_count, 2);
	assert_int_equal(p->features[0].values[1].number, 65535);
	assert_int_equal(p->features[1].weight, -100);
	assert_string_equal(p->features[1].values[0].text, "a b");
	assert_int_equal(p->features[1].values[0].len, 3);
	assert_int_equal(p->features[2].min, 5);
	assert_int_equal(p->features[2].max, 6);
	assert_int_equal(p->timing.early_us, 250000);
	assert_int_equal(p->timing.late_us, 15000000);
	assert_int_equal(p->timing.retry_us, 0);
	assert_int_equal(p->timing.weight, 30);
	profile_set_free(set);
}

static void
what_is_not_known_is_refused(void **state)
{
	(void)state;
	assert_refused(HEAD "\"colour\": 1, " FEATURES(FEATURE) "}",
	    "unknown key \"colour\"");
	assert_refused(HEAD FEATURES("{\"when\": \"connection.new\", "
				     "\"weight\": 5, \"any\": [1]}") "}",
	    "features[0] (connection.new): unknown key \"any\"");
	assert_refused(HEAD FEATURES(
			   "{\"when\": \"port.is\", \"weight\": 5}") "}",
	    "port.is is no test");
	assert_refused(HEAD FEATURES("{\"weight\": 5}") "}", "is no test");
	assert_refused(
	    HEAD FEATURES(
		FEATURE) ", \"timing\": {\"period_s\": 60, \"sleep\": 1}}",
	    "timing: unknown key \"sleep\"");
}

static void
what_is_missing_or_of_another_kind_is_refused(void **state)
{
	(void)state;
	assert_refused("", "no JSON");
	assert_refused("{", "line 1");
	assert_refused("[]", "must be an object");
	assert_refused("{}", "id: is missing");
	assert_refused("{\"id\": 3}", "id: must be a text");
	assert_refused(HEAD "\"id\": \"x-2\"}", "there twice");
	assert_refused(HEAD FEATURES("") "}", "features: must be a list");
	assert_refused(HEAD FEATURES("3") "}", "features[0]");
	assert_refused(HEAD FEATURES("{\"when\": \"port.in\", "
				     "\"weight\": 5}") "}",
	    "any: must be a list");
	assert_refused(HEAD FEATURES("{\"when\": \"port.in\", \"weight\": 5, "
				     "\"any\": [\"80\"]}") "}",
	    "must be a whole number");
	assert_refused(HEAD FEATURES("{\"when\": \"user_agent.is\", "
				     "\"weight\": 5, \"any\": [80]}") "}",
	    "must be a text");
	assert_refused(HEAD FEATURES("{\"when\": \"body.base64\", "
				     "\"weight\": 5}") "}",
	    "must be a whole number");
	assert_refused(HEAD FEATURES("{\"when\": \"connection.new\"}") "}",
	    "features[0] (connection.new): must be a whole number");
	assert_refused(HEAD FEATURES(FEATURE) ", \"timing\": 60}",
	    "timing: must be an object");
	assert_refused(HEAD FEATURES(FEATURE) ", \"timing\": {}}", "timing: ");
}

static void
what_is_out_of_bounds_is_refused(void **state)
{
	(void)state;
	assert_refused(HEAD FEATURES("{\"when\": \"connection.new\", "
				     "\"weight\": 101}") "}",
	    "-100 to 100");
	assert_refused(HEAD FEATURES("{\"when\": \"port.in\", \"weight\": 1, "
				     "\"any\": [65536]}") "}",
	    "0 to 65535");
	assert_refused(HEAD FEATURES(
			   "{\"when\": \"response.octets\", "
			   "\"weight\": 1, \"min\": 6, \"max\": 5}") "}",
	    "max is below min");
	assert_refused(HEAD FEATURES(
			   "{\"when\": \"path.like\", "
			   "\"weight\": 1, \"any\": [\"/{digit}\"]}") "}",
	    "is no pattern");
	assert_refused(HEAD FEATURES(
			   FEATURE) ", \"timing\": {"
				    "\"period_s\": 0.5, \"intervals_min\": 3, "
				    "\"weight\": 1}}",
	    "period_s is at least 1");
	assert_refused(HEAD FEATURES(FEATURE) ", \"timing\": {"
					      "\"period_s\": 60, \"early_s\": "
					      "31, \"intervals_min\": 3, "
					      "\"weight\": 1}}",
	    "at most half");
	assert_refused(HEAD FEATURES(
			   FEATURE) ", \"timing\": {"
				    "\"period_s\": 1e300, \"intervals_min\": "
				    "3, \"weight\": 1}}",
	    "number of seconds");
	assert_refused(HEAD FEATURES(
			   FEATURE) ", \"timing\": {"
				    "\"period_s\": 60, \"intervals_min\": 17, "
				    "\"weight\": 1}}",
	    "intervals_min: must be a whole number, 1 to 16");
	assert_refused(HEAD FEATURES(
			   FEATURE) ", \"timing\": {"
				    "\"period_s\": 60, \"intervals_min\": 3, "
				    "\"weight\": 10, "
				    "\"aligned_weight\": -11}}",
	    "at most all of it");
}

static void
more_features_than_a_set_can_hold_are_refused(void **state)
{
	char text[4096] = HEAD "\"features\": [";

	(void)state;
	for (int i = 0; i <= PROFILE_FEATURES_MAX; i++)
		strcat(text, i == 0 ? FEATURE : ", " FEATURE);
	strcat(text, "]}");
	assert_refused(text, "a list of 1 to 32");
}

static void
an_identity_is_not_given_twice(void **state)
{
	struct profile_set *set = profile_set_new();

	(void)state;
	assert_int_equal(add(set, GOOD), 0);
	assert_int_equal(add(set, GOOD), -1);
	assert_non_null(strstr(why, "\"x-1\" is another profile's"));
	assert_refused("{\"id\": \"X 1\"}", "name: is missing");
	profile_set_free(set);
}

static void
a_file_that_is_not_there_is_an_error(void **state)
{
	struct profile_set *set = profile_set_new();

	(void)state;
	assert_int_equal(profile_set_load(set, "iocs/profiles/none.json", why,
			     sizeof why),
	    -1);
	assert_non_null(strstr(why, "iocs/profiles/none.json: No such file"));
	profile_set_free(set);
}

static void
each_prefix_of_a_good_profile_is_refused(void **state)
{
	struct profile_set *set = profile_set_new();
	size_t len = strlen(GOOD);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		char *block = malloc(n + 1);

		memcpy(block + 1, GOOD, n);
		assert_int_equal(profile_set_add(set, "x", block + 1, n, why,
				     sizeof why),
		    -1);
		free(block);
	}
	assert_int_equal(profile_set_count(set), 0);
	profile_set_free(set);
}

static void
a_short_message_buffer_is_kept_to(void **state)
{
	struct profile_set *set = profile_set_new();
	char *small = malloc(5);

	(void)state;
	assert_int_equal(profile_set_add(set, "a-long-name", "{}", 2, small, 5),
	    -1);
	assert_string_equal(small, "a-lo");
	free(small);
	profile_set_free(set);
}

static void
patterns_match_whole_texts(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "/{digits}", "/6202033", true },
		{ "/{digits}", "/", false },
		{ "/{digits}", "/62a", false },
		{ "/{digits}", "/62/", false },
		{ "/{digits}", "x/62", false },
		{ "/s/{hex12}", "/s/0123456789ab", true },
		{ "/s/{hex12}", "/s/0123456789a", false },
		{ "/s/{hex12}", "/s/0123456789abc", false },
		{ "/s/{hex12}", "/s/0123456789aB", false },
		{ "{name}/{letters}2", "packages.npm.org/product2", true },
		{ "{name}/{letters}2", "packages.npm.org/product1", false },
		{ "{name}/{letters}2", "localhost/product2", false },
		{ "{name}/{letters}2", "a.b/2", false },
		{ "/keys", "/keys", true },
		{ "/keys", "/key", false },
		{ "/keys", "/keys2", false },
		{ "", "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(profile_pattern_valid(cases[i].pattern));
		if (profile_pattern_match(cases[i].pattern,
			cur_of(cases[i].text, strlen(cases[i].text))) !=
		    cases[i].matches)
			fail_msg("%s, %s", cases[i].pattern, cases[i].text);
	}
}

static void
unknown_braces_are_no_pattern(void **state)
{
	(void)state;
	assert_false(profile_pattern_valid("{"));
	assert_false(profile_pattern_valid("}"));
	assert_false(profile_pattern_valid("{digits"));
	assert_false(profile_pattern_valid("{hex}"));
	assert_false(profile_pattern_valid("{hex0}"));
	assert_false(profile_pattern_valid("{hex123}"));
	assert_true(profile_pattern_valid("{hex99}"));
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(the_bundled_profiles_load),
		cmocka_unit_test(a_profile_is_read_as_it_is_written),
		cmocka_unit_test(what_is_not_known_is_refused),
		cmocka_unit_test(what_is_missing_or_of_another_kind_is_refused),
		cmocka_unit_test(what_is_out_of_bounds_is_refused),
		cmocka_unit_test(more_features_than_a_set_can_hold_are_refused),
		cmocka_unit_test(an_identity_is_not_given_twice),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
		cmocka_unit_test(each_prefix_of_a_good_profile_is_refused),
		cmocka_unit_test(a_short_message_buffer_is_kept_to),
		cmocka_unit_test(patterns_match_whole_texts),
		cmocka_unit_test(unknown_braces_are_no_pattern),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
