#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/dhcp.h"

#define FIXED_LEN 240

/* RFC 2131 section 2, with the cookie; `options` behind it. */
static size_t
message(uint8_t *to, uint8_t op, const char *options, size_t len)
{
	memset(to, 0, FIXED_LEN);
	to[0] = op;
	to[1] = 1;
	to[2] = 6;
	memcpy(to + 4, "\x12\x34\x56\x78", 4);
	memcpy(to + 12, "\xc0\0\2\x0a", 4);
	memcpy(to + 16, "\xc0\0\2\x0b", 4);
	memcpy(to + 28, "\2\0\0\0\0\1", 6);
	memcpy(to + 236, "\x63\x82\x53\x63", 4);
	memcpy(to + FIXED_LEN, options, len);
	return FIXED_LEN + len;
}

static void
assert_text(struct cursor text, const char *expected)
{
	assert_int_equal(text.left, strlen(expected));
	assert_memory_equal(text.at, expected, text.left);
}

/* clang-format off */
#define OPTIONS "\x35\1\3" "\0" "\x0c\5build" "\x32\4\xc0\0\2\x0c" \
    "\x51\x0e\0\0\0build.test\0" "\xff"
/* clang-format on */

static void
test_names_and_addresses_are_read(void **state)
{
	uint8_t octets[512];
	size_t len = message(octets, 1, OPTIONS, sizeof OPTIONS - 1);
	struct dhcp_message m;

	(void)state;
	assert_int_equal(dhcp_decode(cur_of(octets, len), &m), DECODE_OK);
	assert_int_equal(m.type, DHCP_REQUEST);
	assert_false(m.reply);
	assert_int_equal(m.transaction, 0x12345678);
	assert_memory_equal(m.hardware, "\2\0\0\0\0\1", 6);
	assert_memory_equal(m.client.octets + 12, "\xc0\0\2\x0a", 4);
	assert_memory_equal(m.yours.octets + 12, "\xc0\0\2\x0b", 4);
	assert_memory_equal(m.requested.octets + 12, "\xc0\0\2\x0c", 4);
	assert_text(m.host_name, "build");
	assert_text(m.full_name, "build.test");
}

static void
test_what_is_no_dhcp_is_refused(void **state)
{
	uint8_t octets[512];
	size_t len = message(octets, 3, "\xff", 1);
	struct dhcp_message m;

	(void)state;
	assert_int_equal(dhcp_decode(cur_of(octets, len), &m),
	    DECODE_MALFORMED);
	len = message(octets, 2, "\xff", 1);
	octets[239]++;
	assert_int_equal(dhcp_decode(cur_of(octets, len), &m),
	    DECODE_MALFORMED);
}

static void
test_a_name_in_wire_form_is_left_out(void **state)
{
	static const char options[] = "\x51\x08\4\0\0\4test\xff";
	uint8_t octets[512];
	size_t len = message(octets, 1, options, sizeof options - 1);
	struct dhcp_message m;

	(void)state;
	assert_int_equal(dhcp_decode(cur_of(octets, len), &m), DECODE_OK);
	assert_null(m.full_name.at);
}

static void
test_no_prefix_reads_past_its_end(void **state)
{
	uint8_t octets[512];
	size_t whole = message(octets, 1, OPTIONS, sizeof OPTIONS - 1);
	struct dhcp_message m;

	(void)state;
	for (size_t len = 0; len < whole; len++) {
		uint8_t *block = malloc(len + 1);
		enum decode rc;

		assert_non_null(block);
		memcpy(block + 1, octets, len);
		rc = dhcp_decode(cur_of(block + 1, len), &m);
		/* Options may end between two of them. */
		assert_true(rc == DECODE_SHORT ||
			    (rc == DECODE_OK && len >= FIXED_LEN));
		free(block);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_addresses_are_read),
		cmocka_unit_test(test_what_is_no_dhcp_is_refused),
		cmocka_unit_test(test_a_name_in_wire_form_is_left_out),
		cmocka_unit_test(test_no_prefix_reads_past_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
