#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "output/json_writer.h"

static int
setup(void **state)
{
	struct json_writer *json = malloc(sizeof *json);

	jw_init(json);
	*state = json;
	return 0;
}

static int
teardown(void **state)
{
	jw_fini(*state);
	free(*state);
	return 0;
}

static void
assert_text(struct json_writer *json, const char *expected)
{
	size_t len;
	const char *text = jw_end(json, &len);

	assert_non_null(text);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
}

/* Writes octets as one string; as an exact copy, so that ASan sees overreads.
 */
static const char *
written(struct json_writer *json, const char *octets, size_t len)
{
	char *copy = (char *)malloc(len + 1) + 1;
	const char *text;
	size_t text_len;

	memcpy(copy, octets, len);
	jw_begin(json);
	jw_string(json, NULL, copy, len);
	free(copy - 1);
	text = jw_end(json, &text_len);
	assert_non_null(text);
	return text;
}

static void
test_values_are_separated_by_commas_and_named_in_objects(void **state)
{
	struct json_writer *json = *state;

	jw_begin(json);
	jw_object_open(json, NULL);
	jw_uint(json, "a", 0);
	jw_array_open(json, "b");
	jw_bool(json, NULL, true);
	jw_object_open(json, NULL);
	jw_object_close(json);
	jw_array_open(json, NULL);
	jw_array_close(json);
	jw_text(json, NULL, "x");
	jw_array_close(json);
	jw_object_open(json, "c");
	jw_bool(json, "d", false);
	jw_uint(json, "e", UINT64_MAX);
	jw_object_close(json);
	jw_text(json, "f", "");
	jw_object_close(json);
	assert_text(json, "{\"a\":0,\"b\":[true,{},[],\"x\"],"
			  "\"c\":{\"d\":false,\"e\":18446744073709551615},"
			  "\"f\":\"\"}");
}

static void
test_a_new_text_forgets_the_one_before(void **state)
{
	struct json_writer *json = *state;

	jw_begin(json);
	jw_array_open(json, NULL);
	jw_uint(json, NULL, 1);
	jw_begin(json);
	jw_uint(json, NULL, 2);
	assert_text(json, "2");
}

static void
test_strings_are_escaped_as_rfc_8259_section_7_wants(void **state)
{
	struct json_writer *json = *state;

	assert_string_equal(written(json, "a\"b\\c/", 6), "\"a\\\"b\\\\c/\"");
	assert_string_equal(written(json, "\b\f\n\r\t", 5),
	    "\"\\b\\f\\n\\r\\t\"");
	assert_string_equal(written(json, "\0\x01\x1f", 3),
	    "\"\\u0000\\u0001\\u001f\"");
}

static void
test_what_a_terminal_would_obey_is_escaped(void **state)
{
	struct json_writer *json = *state;

	assert_string_equal(written(json, "\x1b[2J\x7f", 5),
	    "\"\\u001b[2J\\u007f\"");
	/* CSI as one C1 control, U+009B, and U+00A0, which is none */
	assert_string_equal(written(json, "\xc2\x9b\xc2\xa0", 4),
	    "\"\\u009b\xc2\xa0\"");
}

static void
test_well_formed_utf8_passes(void **state)
{
	/* U+00E9, U+20AC, U+10348, U+10FFFF, U+D7FF, U+E000 */
	static const char text[] = "\xc3\xa9\xe2\x82\xac\xf0\x90\x8d\x88"
				   "\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80";
	const char *out = written(*state, text, sizeof text - 1);

	assert_int_equal(strlen(out), sizeof text - 1 + 2);
	assert_memory_equal(out + 1, text, sizeof text - 1);
}

/* RFC 3629 section 4; Unicode's own examples of what is not well-formed. */
static void
test_other_octets_become_their_latin_1_character(void **state)
{
	static const struct {
		const char *octets, *text;
	} cases[] = {
		{ "\xe9", "\"\\u00e9\"" },            /* no start */
		{ "\x80", "\"\\u0080\"" },            /* alone */
		{ "\xc0\xaf", "\"\\u00c0\\u00af\"" }, /* overlong */
		{ "\xe0\x80\xaf", "\"\\u00e0\\u0080\\u00af\"" },
		{ "\xf0\x80\x80\xaf", "\"\\u00f0\\u0080\\u0080\\u00af\"" },
		{ "\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\"" }, /* surrogate */
		{ "\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\"" },
		{ "\xf5\x80\x80\x80", "\"\\u00f5\\u0080\\u0080\\u0080\"" },
		{ "\xe2\x82", "\"\\u00e2\\u0082\"" }, /* cut */
		{ "\xf0\x90\x8d", "\"\\u00f0\\u0090\\u008d\"" },
		{ "\xe2\x82x", "\"\\u00e2\\u0082x\"" },
		{ "\xff\xfe", "\"\\u00ff\\u00fe\"" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(written(*state, cases[i].octets,
					strlen(cases[i].octets)),
		    cases[i].text);
}

static void
test_any_three_octets_give_what_another_parser_accepts(void **state)
{
	char octets[3];

	for (unsigned n = 0; n < 1U << 24; n += 97) {
		json_t *value;

		octets[0] = (char)(n >> 16);
		octets[1] = (char)(n >> 8);
		octets[2] = (char)n;
		value = json_loads(written(*state, octets, 3),
		    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(value);
		json_decref(value);
	}
}

/* Runs of plain octets are looked for eight at a time. */
static void
test_an_octet_is_treated_alike_wherever_it_stands(void **state)
{
	char octets[20], expected[2 * sizeof octets];

	for (unsigned value = 0; value < 256; value++) {
		for (size_t at = 0; at < sizeof octets; at++) {
			size_t len = at;
			const char *line;
			json_t *string;

			memset(octets, 'a', sizeof octets);
			octets[at] = (char)value;
			memset(expected, 'a', sizeof expected);
			if (value >= 0x80)
				expected[len++] = (char)(0xc0 | value >> 6);
			expected[len] = value >= 0x80
			                    ? (char)(0x80 | (value & 0x3f))
			                    : (char)value;
			len += sizeof octets - at;
			line = written(*state, octets, sizeof octets);
			for (const char *c = line; *c != '\0'; c++)
				assert_false(
				    *c >= 0 && (*c < ' ' || *c == 0x7f));
			string = json_loads(line,
			    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
			assert_non_null(string);
			assert_int_equal(json_string_length(string), len);
			assert_memory_equal(json_string_value(string), expected,
			    len);
			json_decref(string);
		}
	}
}

static void
test_reals_are_json_whatever_they_are(void **state)
{
	struct json_writer *json = *state;

	jw_begin(json);
	jw_array_open(json, NULL);
	jw_real(json, NULL, 0.97);
	jw_real(json, NULL, -60.5);
	jw_real(json, NULL, 0);
	jw_real(json, NULL, 1e300);
	jw_real(json, NULL, (double)NAN);
	jw_real(json, NULL, (double)INFINITY);
	jw_array_close(json);
	assert_text(json, "[0.97,-60.5,0,1e+300,null,null]");
}

static void
test_a_text_grows_as_needed(void **state)
{
	struct json_writer *json = *state;
	size_t len = 300000;
	char *octets = malloc(len);
	json_t *value;

	memset(octets, '\x01', len);
	value = json_loads(written(json, octets, len), JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	assert_int_equal(json_string_length(value), len);
	json_decref(value);
	free(octets);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_values_are_separated_by_commas_and_named_in_objects,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_a_new_text_forgets_the_one_before, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_strings_are_escaped_as_rfc_8259_section_7_wants, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_what_a_terminal_would_obey_is_escaped, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_well_formed_utf8_passes,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_other_octets_become_their_latin_1_character, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_any_three_octets_give_what_another_parser_accepts,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_an_octet_is_treated_alike_wherever_it_stands, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_reals_are_json_whatever_they_are, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_text_grows_as_needed,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
