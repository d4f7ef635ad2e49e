#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "decoders/base64_prefix.h"
#include "decoders/json_scan.h"

static enum decode
scan(const char *text, struct json_object *object)
{
	return json_object_scan(cur_of(text, strlen(text)), object);
}

static void
assert_text(struct cursor window, const char *text)
{
	assert_int_equal(window.left, strlen(text));
	assert_memory_equal(window.at, text, window.left);
}

static void
members_and_their_strings_are_found(void **state)
{
	struct json_object o;

	(void)state;
	assert_int_equal(scan("\r\n { \"type\" : \"BaseInfo\",\"n\":-1.5e+3 ,"
			      "\"data\":{\"a\":[1,{\"b\":\"}\"}]}, \"t\":true, "
			      "\"e\":\"\" } \n",
			     &o),
	    DECODE_OK);
	assert_int_equal(o.member_count, 5);
	assert_text(o.members[0].key, "type");
	assert_text(o.members[0].string, "BaseInfo");
	assert_null(o.members[1].string.at);
	assert_text(o.members[2].key, "data");
	assert_null(o.members[2].string.at);
	assert_text(o.members[4].key, "e");
	assert_non_null(o.members[4].string.at);
	assert_int_equal(o.members[4].string.left, 0);
}

static void
what_has_another_shape_is_no_object(void **state)
{
	static const char *const cases[] = { "[]", "\"a\"", "{]", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}",
		"{\"a\":1}x", "{\"a\":[}]}", "{\"a\":{]}}", "{\"a\":[}}",
		"{\"a\":{]}", "{\"a\x01\":1}", "{\"a\":\"\n\"}",
		"{\"a\":\"\\\n\"}", "{\"a\":'b'}", "x", "{,}",
		"{\"a\":[\x02]}" };
	struct json_object o;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (scan(cases[i], &o) != DECODE_MALFORMED)
			fail_msg("%s", cases[i]);
	}
	assert_int_equal(scan("{}", &o), DECODE_OK);
	assert_int_equal(o.member_count, 0);
}

static void
each_prefix_is_short_and_shows_no_more_than_the_whole(void **state)
{
	static const char text[] =
	    "{\"content\":[{\"p\\\"\":\"C:\\\\\"},[]],"
	    "\"os\":\"Linux\",\"type\":\"FirstInfo\",\"uid\":12}";
	struct json_object whole, part;

	(void)state;
	assert_int_equal(scan(text, &whole), DECODE_OK);
	for (size_t n = 0; n < sizeof text - 1; n++) {
		char *block = malloc(n + 1);

		memcpy(block + 1, text, n);
		assert_int_equal(json_object_scan(cur_of(block + 1, n), &part),
		    DECODE_SHORT);
		assert_true(part.member_count <= whole.member_count);
		for (size_t i = 0; i < part.member_count; i++) {
			assert_int_equal(part.members[i].key.left,
			    whole.members[i].key.left);
			if (part.members[i].string.at != NULL)
				assert_int_equal(part.members[i].string.left,
				    whole.members[i].string.left);
		}
		free(block);
	}
}

static void
depth_and_members_have_bounds(void **state)
{
	char text[2048] = "{\"a\":";
	struct json_object o;
	size_t at = strlen(text);

	(void)state;
	memset(text + at, '[', JSON_DEPTH_MAX + 1);
	text[at + JSON_DEPTH_MAX + 1] = '\0';
	assert_int_equal(scan(text, &o), DECODE_MALFORMED);
	text[at + JSON_DEPTH_MAX] = '\0';
	assert_int_equal(scan(text, &o), DECODE_SHORT);
	strcpy(text, "{\"k\":0");
	for (int i = 0; i < JSON_MEMBERS_MAX; i++)
		strcat(text, ",\"k\":0");
	strcat(text, "}");
	assert_int_equal(scan(text, &o), DECODE_OK);
	assert_int_equal(o.member_count, JSON_MEMBERS_MAX);
	assert_true(o.member_more);
}

/* RFC 4648 section 10, and texts that are cut or wrong. */
static void
base64_is_decoded_as_far_as_it_goes(void **state)
{
	static const struct {
		const char *text, *octets; /* NULL: none */
	} cases[] = {
		{ "", "" },
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },
		{ "Zm9vYmE=", "fooba" },
		{ "Zm9vYmFy", "foobar" },
		{ "Zm9vY", "foo" },
		{ "Zm9vYm", "foo" },
		{ "Zm9vYmE", "foo" },
		{ "Zm9vYg=", "foo" },
		{ "Z", "" },
		{ "Z===", NULL },
		{ "====", NULL },
		{ "Zg=a", NULL },
		{ "Zg==Zg==", NULL },
		{ "Zm 9v", NULL },
		{ "Zm9-", NULL },
		{ "Zm9_", NULL },
		{ "Zm9v\n", NULL },
		{ "Zm9v.", NULL },
	};
	uint8_t out[16];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].text);
		char *block = malloc(n + 1);
		bool good;

		memcpy(block + 1, cases[i].text, n);
		good = base64_prefix_decode(cur_of(block + 1, n), out,
		    sizeof out, &len);
		if (good != (cases[i].octets != NULL))
			fail_msg("%s", cases[i].text);
		if (good) {
			assert_int_equal(len, strlen(cases[i].octets));
			assert_memory_equal(out, cases[i].octets, len);
		} else {
			assert_int_equal(len, 0);
		}
		free(block);
	}
	assert_true(base64_prefix_decode(cur_of("Zm9vYmFy", 8), out, 4, &len));
	assert_int_equal(len, 4);
	assert_memory_equal(out, "foob", 4);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(members_and_their_strings_are_found),
		cmocka_unit_test(what_has_another_shape_is_no_object),
		cmocka_unit_test(
		    each_prefix_is_short_and_shows_no_more_than_the_whole),
		cmocka_unit_test(depth_and_members_have_bounds),
		cmocka_unit_test(base64_is_decoded_as_far_as_it_goes),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
