#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/socks.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WIRE(text)   text, sizeof(text) - 1

/* Written by hand from RFC 1928, RFC 1929 and the notes on SOCKS 4 and 4A. */
static const struct {
	const char *what;
	const char *octets;
	size_t len;
	uint8_t version, command;
	uint16_t port;
	const char *name; /* NULL: an address */
	const char *v4;   /* 4 octets, or NULL */
	bool authenticated;
} good[] = {
	{ "version 5 asks for a name",
	    WIRE("\5\1\0\5\1\0\3\x0b"
		 "c2.test.net\x1f\x40"),
	    5, SOCKS_CONNECT, 8000, "c2.test.net", NULL, false },
	{ "version 5 asks for an IPv4 address",
	    WIRE("\5\2\0\2\5\1\0\1\xc0\0\2\1\0\x50"), 5, SOCKS_CONNECT, 80,
	    NULL, "\xc0\0\2\1", false },
	{ "version 5 asks after a password",
	    WIRE("\5\1\2\1\2me\2pw\5\1\0\1\xc0\0\2\1\1\xbb"), 5, SOCKS_CONNECT,
	    443, NULL, "\xc0\0\2\1", true },
	{ "version 5 asks for UDP", WIRE("\5\1\0\5\3\0\1\0\0\0\0\0\0"), 5,
	    SOCKS_ASSOCIATE, 0, NULL, "\0\0\0\0", false },
	{ "version 4 asks for an address", WIRE("\4\1\0\x50\xc0\0\2\1me\0"), 4,
	    SOCKS_CONNECT, 80, NULL, "\xc0\0\2\1", false },
	{ "version 4 without a user", WIRE("\4\2\0\x50\xc0\0\2\1\0"), 4,
	    SOCKS_BIND, 80, NULL, "\xc0\0\2\1", false },
	{ "version 4A asks for a name",
	    WIRE("\4\1\1\xbb\0\0\0\1\0c2.test.net\0"), 4, SOCKS_CONNECT, 443,
	    "c2.test.net", NULL, false },
};

/* A copy that ends where a block ends, so that an overread is seen. */
static enum decode
decode_copy(const char *octets, size_t len, struct socks_request *out,
    size_t *consumed, char **block)
{
	*block = malloc(len + 1);
	assert_non_null(*block);
	memcpy(*block + 1, octets, len);
	return socks_request_decode(cur_of(*block + 1, len), out, consumed);
}

static void
test_requests_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct socks_request request;
		size_t consumed;
		char *block;

		if (decode_copy(good[i].octets, good[i].len, &request,
			&consumed, &block) != DECODE_OK)
			fail_msg("%s", good[i].what);
		assert_int_equal(consumed, good[i].len);
		assert_int_equal(request.version, good[i].version);
		assert_int_equal(request.command, good[i].command);
		assert_int_equal(request.port, good[i].port);
		assert_int_equal(request.authenticated, good[i].authenticated);
		assert_int_equal(request.has_address, good[i].name == NULL);
		if (good[i].name != NULL) {
			assert_int_equal(request.name.left,
			    strlen(good[i].name));
			assert_memory_equal(request.name.at, good[i].name,
			    request.name.left);
		} else {
			assert_memory_equal(request.address.octets + 12,
			    good[i].v4, 4);
		}
		free(block);
	}
}

static void
test_ipv6_addresses_are_read(void **state)
{
	static const char octets[] = "\5\1\0\5\1\0\4 \1\r\xb8\0\0\0\0\0\0\0\0"
				     "\0\0\0\1\0\x35";
	static const uint8_t address[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 };
	struct socks_request request;
	size_t consumed;

	(void)state;
	assert_int_equal(socks_request_decode(cur_of(octets, sizeof octets - 1),
			     &request, &consumed),
	    DECODE_OK);
	assert_true(request.has_address);
	assert_memory_equal(request.address.octets, address, 16);
	assert_int_equal(request.port, 53);
}

static void
test_every_prefix_of_a_request_may_become_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		for (size_t len = 0; len < good[i].len; len++) {
			struct socks_request request;
			size_t consumed;
			char *block;

			if (decode_copy(good[i].octets, len, &request,
				&consumed, &block) != DECODE_SHORT)
				fail_msg("%s, %zu octets", good[i].what, len);
			free(block);
		}
	}
}

static void
test_what_another_protocol_could_send_is_none(void **state)
{
	static const struct {
		const char *what;
		const char *octets;
		size_t len;
		enum decode expected;
	} bad[] = {
		{ "another version", WIRE("\6\1\0"), DECODE_MALFORMED },
		{ "no methods", WIRE("\5\0"), DECODE_MALFORMED },
		{ "too many methods", WIRE("\5\x40\0"), DECODE_MALFORMED },
		{ "a method twice", WIRE("\5\2\0\0"), DECODE_MALFORMED },
		{ "a method that nobody has", WIRE("\5\1\x20"),
		    DECODE_MALFORMED },
		{ "no method is a method", WIRE("\5\1\xff"), DECODE_MALFORMED },
		{ "a command that there is not", WIRE("\5\1\0\5\4"),
		    DECODE_MALFORMED },
		{ "a reserved octet", WIRE("\5\1\0\5\1\1"), DECODE_MALFORMED },
		{ "an address type that there is not", WIRE("\5\1\0\5\1\0\2"),
		    DECODE_MALFORMED },
		{ "an empty name", WIRE("\5\1\0\5\1\0\3\0\0\x50"),
		    DECODE_MALFORMED },
		{ "a name with a space", WIRE("\5\1\0\5\1\0\3\3a b\0\x50"),
		    DECODE_MALFORMED },
		{ "an empty password", WIRE("\5\1\2\1\1a\0\5"),
		    DECODE_MALFORMED },
		{ "GSSAPI", WIRE("\5\1\1\2\0\1"), DECODE_UNSUPPORTED },
		{ "version 4's command 3", WIRE("\4\3\0\x50"),
		    DECODE_MALFORMED },
		{ "version 4 to port 0", WIRE("\4\1\0\0\xc0\0\2\1\0"),
		    DECODE_MALFORMED },
		{ "version 4 to 0.0.0.0", WIRE("\4\1\0\x50\0\0\0\0\0"),
		    DECODE_MALFORMED },
		{ "version 4 with a user that is no text",
		    WIRE("\4\1\0\x50\xc0\0\2\1\1\2\0"), DECODE_MALFORMED },
		{ "version 4A with an empty name",
		    WIRE("\4\1\0\x50\0\0\0\1\0\0"), DECODE_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct socks_request request;
		size_t consumed;

		if (socks_request_decode(cur_of(bad[i].octets, bad[i].len),
			&request, &consumed) != bad[i].expected)
			fail_msg("%s", bad[i].what);
	}
}

static void
test_a_text_without_an_end_is_given_up(void **state)
{
	char octets[8 + 300] = "\4\1\0\x50\xc0\0\2\1";
	struct socks_request request;
	size_t consumed;

	(void)state;
	memset(octets + 8, 'a', 300);
	assert_int_equal(socks_request_decode(cur_of(octets, 8 + 255), &request,
			     &consumed),
	    DECODE_SHORT);
	assert_int_equal(socks_request_decode(cur_of(octets, 8 + 256), &request,
			     &consumed),
	    DECODE_MALFORMED);
}

/* By hand from RFC 1928 section 6, RFC 1929, SOCKS 4. */
static const struct {
	const char *what;
	uint8_t version, command;
	const char *octets;
	size_t len;
	enum decode rc;
	size_t consumed;
} replies[] = {
	{ "version 5 grants", 5, 1, WIRE("\5\0\5\0\0\1\0\0\0\0\0\0rest"),
	    DECODE_OK, 12 },
	{ "version 5 grants after a password", 5, 1,
	    WIRE("\5\2\1\0\5\0\0\1\0\0\0\0\0\0"), DECODE_OK, 14 },
	{ "version 5 gives a name", 5, 1, WIRE("\5\0\5\0\0\3\2me\0\x50"),
	    DECODE_OK, 11 },
	{ "version 5 refuses", 5, 2, WIRE("\5\0\5\2\0\1\0\0\0\0\0\0"),
	    DECODE_OK, 12 },
	{ "version 5 wants another method", 5, 1, WIRE("\5\xff"), DECODE_OK,
	    2 },
	{ "version 5 does not take the password", 5, 1, WIRE("\5\2\1\1"),
	    DECODE_OK, 4 },
	{ "a binding has two replies", 5, 2,
	    WIRE("\5\0\5\0\0\1\0\0\0\0\0\0\5\0\0\1\0\0\0\0\0\0"), DECODE_OK,
	    22 },
	{ "a binding has no more than its first yet", 5, 2,
	    WIRE("\5\0\5\0\0\1\0\0\0\0\0\0"), DECODE_SHORT, 0 },
	{ "version 4 grants", 4, 1, WIRE("\0\x5a\0\0\0\0\0\0x"), DECODE_OK, 8 },
	{ "version 4 refuses", 4, 2, WIRE("\0\x5b\0\0\0\0\0\0"), DECODE_OK, 8 },
	{ "the choice alone", 5, 1, WIRE("\5\0"), DECODE_SHORT, 0 },
	{ "a method that was not offered", 5, 1, WIRE("\5\1"), DECODE_MALFORMED,
	    0 },
	{ "a reply that there is not", 5, 1, WIRE("\5\0\5\x09\0"),
	    DECODE_MALFORMED, 0 },
	{ "a reserved octet that is not zero", 5, 1, WIRE("\5\0\5\0\1"),
	    DECODE_MALFORMED, 0 },
	{ "another protocol", 5, 1, WIRE("HTTP/1.1"), DECODE_MALFORMED, 0 },
	{ "another protocol than version 4", 4, 1, WIRE("\x16\3\3"),
	    DECODE_MALFORMED, 0 },
	{ "a code that version 4 has not", 4, 1, WIRE("\0\0\0"),
	    DECODE_MALFORMED, 0 },
};

static enum decode
decode_replies(size_t i, size_t len, size_t *consumed)
{
	char *block = malloc(len + 1);
	enum decode rc;

	assert_non_null(block);
	memcpy(block + 1, replies[i].octets, len);
	rc = socks_replies_decode(cur_of(block + 1, len), replies[i].version,
	    replies[i].command, consumed);
	free(block);
	return rc;
}

static void
test_replies_end_where_the_inside_begins(void **state)
{
	size_t consumed;

	(void)state;
	for (size_t i = 0; i < COUNT(replies); i++) {
		enum decode rc = decode_replies(i, replies[i].len, &consumed);

		if (rc != replies[i].rc || consumed != replies[i].consumed)
			fail_msg("%s: %d, %zu", replies[i].what, (int)rc,
			    consumed);
	}
}

static void
test_every_prefix_of_replies_may_become_them(void **state)
{
	size_t consumed;

	(void)state;
	for (size_t i = 0; i < COUNT(replies); i++) {
		for (size_t len = 0; len < replies[i].consumed; len++)
			assert_int_equal(decode_replies(i, len, &consumed),
			    DECODE_SHORT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_are_read),
		cmocka_unit_test(test_ipv6_addresses_are_read),
		cmocka_unit_test(test_every_prefix_of_a_request_may_become_one),
		cmocka_unit_test(test_what_another_protocol_could_send_is_none),
		cmocka_unit_test(test_a_text_without_an_end_is_given_up),
		cmocka_unit_test(test_replies_end_where_the_inside_begins),
		cmocka_unit_test(test_every_prefix_of_replies_may_become_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
