#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/tls.h"

/* clang-format off: it would give each piece of an octet string a line. */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WIRE(text)                                                             \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}

/* RFC 8448 section 3: the client's first record. */
static const struct cursor client_record = WIRE(
    "\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03\xcb\x34\xec\xb1\xe7"
    "\x81\x63\xba\x1c\x38\xc6\xda\xcb\x19\x6a\x6d\xff\xa2\x1a\x8d\x99"
    "\x12\xec\x18\xa2\xef\x62\x83\x02\x4d\xec\xe7\x00\x00\x06\x13\x01"
    "\x13\x03\x13\x02\x01\x00\x00\x91\x00\x00\x00\x0b\x00\x09\x00\x00"
    "\x06\x73\x65\x72\x76\x65\x72\xff\x01\x00\x01\x00\x00\x0a\x00\x14"
    "\x00\x12\x00\x1d\x00\x17\x00\x18\x00\x19\x01\x00\x01\x01\x01\x02"
    "\x01\x03\x01\x04\x00\x23\x00\x00\x00\x33\x00\x26\x00\x24\x00\x1d"
    "\x00\x20\x99\x38\x1d\xe5\x60\xe4\xbd\x43\xd2\x3d\x8e\x43\x5a\x7d"
    "\xba\xfe\xb3\xc0\x6e\x51\xc1\x3c\xae\x4d\x54\x13\x69\x1e\x52\x9a"
    "\xaf\x2c\x00\x2b\x00\x03\x02\x03\x04\x00\x0d\x00\x20\x00\x1e\x04"
    "\x03\x05\x03\x06\x03\x02\x03\x08\x04\x08\x05\x08\x06\x04\x01\x05"
    "\x01\x06\x01\x02\x01\x04\x02\x05\x02\x06\x02\x02\x02\x00\x2d\x00"
    "\x02\x01\x01\x00\x1c\x00\x02\x40\x01");

/* And the server's. */
static const struct cursor server_record = WIRE(
    "\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03\xa6\xaf\x06\xa4\x12"
    "\x18\x60\xdc\x5e\x6e\x60\x24\x9c\xd3\x4c\x95\x93\x0c\x8a\xc5\xcb"
    "\x14\x34\xda\xc1\x55\x77\x2e\xd3\xe2\x69\x28\x00\x13\x01\x00\x00"
    "\x2e\x00\x33\x00\x24\x00\x1d\x00\x20\xc9\x82\x88\x76\x11\x20\x95"
    "\xfe\x66\x76\x2b\xdb\xf7\xc6\x72\xe1\x56\xd6\xcc\x25\x3b\x83\x3d"
    "\xf1\xdd\x69\xb1\xb0\x4e\x75\x1f\x0f\x00\x2b\x00\x02\x03\x04");

/* RFC 8448 section 5: the body of the HelloRetryRequest. */
static const struct cursor retry_body = WIRE(
    "\x03\x03\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65"
    "\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8"
    "\x33\x9c\x00\x13\x01\x00\x00\x84\x00\x33\x00\x02\x00\x17\x00\x2c"
    "\x00\x74\x00\x72\x71\xdc\xd0\x4b\xb8\x8b\xc3\x18\x91\x19\x39\x8a"
    "\x00\x00\x00\x00\xee\xfa\xfc\x76\xc1\x46\xb8\x23\xb0\x96\xf8\xaa"
    "\xca\xd3\x65\xdd\x00\x30\x95\x3f\x4e\xdf\x62\x56\x36\xe5\xf2\x1b"
    "\xb2\xe2\x3f\xcc\x65\x4b\x1b\x5b\x40\x31\x8d\x10\xd1\x37\xab\xcb"
    "\xb8\x75\x74\xe3\x6e\x8a\x1f\x02\x5f\x7d\xfa\x5d\x6e\x50\x78\x1b"
    "\x5e\xda\x4a\xa1\x5b\x0c\x8b\xe7\x78\x25\x7d\x16\xaa\x30\x30\xe9"
    "\xe7\x84\x1d\xd9\xe4\xc0\x34\x22\x67\xe8\xca\x0c\xaf\x57\x1f\xb2"
    "\xb7\xcf\xf0\xf9\x34\xb0\x00\x2b\x00\x02\x03\x04");

/* From RFC 8448's records: what is behind record and message header. */
#define BODY_AT 9

static struct cursor
body_of(struct cursor record)
{
	assert_true(cur_skip(&record, BODY_AT));
	return record;
}

/* Octets put together for one test. */
struct wire {
	uint8_t octets[TLS_HANDSHAKE_MAX * 2];
	size_t len;
};

static void
put(struct wire *w, const void *octets, size_t len)
{
	assert_true(len <= sizeof w->octets - w->len);
	if (len > 0)
		memcpy(w->octets + w->len, octets, len);
	w->len += len;
}

static void
put_number(struct wire *w, size_t number, unsigned octets)
{
	uint8_t octet;

	while (octets-- > 0) {
		octet = (uint8_t)(number >> 8 * octets);
		put(w, &octet, 1);
	}
}

/* A vector whose length has `len_len` octets. */
static void
put_vector(struct wire *w, unsigned len_len, const void *octets, size_t len)
{
	put_number(w, len, len_len);
	put(w, octets, len);
}

static void
put_extension(struct wire *w, uint16_t type, struct cursor content)
{
	put_number(w, type, 2);
	put_vector(w, 2, content.at, content.left);
}

static struct cursor
wire_cursor(const struct wire *w)
{
	return cur_of(w->octets, w->len);
}

/* A ClientHello's body with one cipher and these extensions. */
static struct cursor
hello_with(struct wire *w, uint16_t version, struct cursor extensions)
{
	static const uint8_t random[32] = { 0xaa };

	w->len = 0;
	put_number(w, version, 2);
	put(w, random, sizeof random);
	put_vector(w, 1, NULL, 0);
	put_vector(w, 2, "\x00\x2f", 2);
	put_vector(w, 1, "\x00", 1);
	put_vector(w, 2, extensions.at, extensions.left);
	return wire_cursor(w);
}

static void
assert_window(struct cursor window, const char *octets, size_t len)
{
	assert_int_equal(window.left, len);
	assert_memory_equal(window.at, octets, len);
}

#define assert_text(window, text) assert_window(window, text, sizeof(text) - 1)

static void
the_client_hello_of_rfc_8448_is_read(void **state)
{
	static const uint16_t types[] = { 0, 0xff01, 10, 35, 51, 43, 13, 45,
		28 };
	struct tls_client_hello hello;
	size_t i;

	(void)state;
	assert_int_equal(tls_client_hello_decode(body_of(client_record),
			     &hello),
	    DECODE_OK);
	assert_int_equal(hello.legacy_version, 0x0303);
	assert_int_equal(hello.version, 0x0304);
	assert_int_equal(hello.random.left, 32);
	assert_int_equal(hello.random.at[0], 0xcb);
	assert_int_equal(hello.random.at[31], 0xe7);
	assert_int_equal(hello.session_id.left, 0);
	assert_text(hello.ciphers, "\x13\x01\x13\x03\x13\x02");
	assert_text(hello.compressions, "\x00");
	assert_true(hello.has_extensions);
	assert_text(hello.server_name, "server");
	assert_text(hello.groups,
	    "\x00\x1d\x00\x17\x00\x18\x00\x19\x01\x00\x01\x01\x01\x02\x01\x03"
	    "\x01\x04");
	assert_int_equal(hello.signature_algorithms.left, 30);
	assert_int_equal(hello.signature_algorithms.at[0], 4);
	assert_text(hello.versions, "\x03\x04");
	assert_null(hello.point_formats.at);
	assert_int_equal(hello.alpn_count, 0);
	assert_false(hello.ech);
	assert_int_equal(hello.extensions.count, COUNT(types));
	for (i = 0; i < COUNT(types); i++)
		assert_int_equal(hello.extensions.type[i], types[i]);
	assert_true(hello.whole);
	assert_false(hello.extensions.more);
	assert_false(hello.extensions.repeated);
}

static void
the_server_hello_of_rfc_8448_is_read(void **state)
{
	struct tls_server_hello hello;

	(void)state;
	assert_int_equal(tls_server_hello_decode(body_of(server_record),
			     &hello),
	    DECODE_OK);
	assert_int_equal(hello.legacy_version, 0x0303);
	assert_int_equal(hello.version, 0x0304);
	assert_int_equal(hello.cipher, 0x1301);
	assert_int_equal(hello.compression, 0);
	assert_int_equal(hello.random.at[0], 0xa6);
	assert_false(hello.hello_retry_request);
	assert_int_equal(hello.extensions.count, 2);
	assert_int_equal(hello.extensions.type[0], 51);
	assert_int_equal(hello.extensions.type[1], 43);
	assert_null(hello.alpn.at);
}

static void
a_hello_retry_request_is_told_from_a_server_hello(void **state)
{
	struct tls_server_hello hello;

	(void)state;
	assert_int_equal(tls_server_hello_decode(retry_body, &hello),
	    DECODE_OK);
	assert_true(hello.hello_retry_request);
	assert_int_equal(hello.version, 0x0304);
	assert_int_equal(hello.extensions.count, 3);
}

#define SERVER_HELLO_TLS12(session_id)                                         \
	"\x03\x03"                                                             \
	"01234567890123456789012345678901" session_id "\xc0\x2f\x00"

static void
a_tls_1_2_server_hello_shows_the_selected_protocol(void **state)
{
	static const struct cursor body = WIRE(
	    SERVER_HELLO_TLS12("\x03"
			       "sid") "\x00\x0e"
				      "\xff\x01\x00\x01\x00"
				      "\x00\x10\x00\x05\x00\x03\x02h2");
	static const struct cursor two = WIRE(
	    SERVER_HELLO_TLS12("\x00") "\x00\x0c"
				       "\x00\x10\x00\x08\x00\x06\x02h2\x02h3");
	static const struct cursor bare = WIRE(SERVER_HELLO_TLS12("\x00"));
	struct tls_server_hello hello;

	(void)state;
	assert_int_equal(tls_server_hello_decode(body, &hello), DECODE_OK);
	assert_int_equal(hello.version, 0x0303);
	assert_int_equal(hello.cipher, 0xc02f);
	assert_text(hello.session_id, "sid");
	assert_text(hello.alpn, "h2");

	assert_int_equal(tls_server_hello_decode(two, &hello),
	    DECODE_MALFORMED);

	assert_int_equal(tls_server_hello_decode(bare, &hello), DECODE_OK);
	assert_false(hello.has_extensions);
}

static void
versions_before_3_are_not_ours(void **state)
{
	static const struct cursor dtls = WIRE("\xfe\xfd...");
	/* TLS 1.3 up to draft 21 wrote its own version into ServerHello. */
	static const struct cursor draft = WIRE("\x7f\x12...");
	struct tls_client_hello client;
	struct tls_server_hello server;

	(void)state;
	assert_int_equal(tls_client_hello_decode(dtls, &client),
	    DECODE_UNSUPPORTED);
	assert_int_equal(tls_server_hello_decode(draft, &server),
	    DECODE_UNSUPPORTED);
}

static void
a_hello_without_extensions_is_whole(void **state)
{
	static struct wire w;
	struct tls_client_hello hello;
	struct cursor body;

	(void)state;
	body = hello_with(&w, 0x0300, cur_of(NULL, 0));
	body.left -= 2;
	assert_int_equal(tls_client_hello_decode(body, &hello), DECODE_OK);
	assert_false(hello.has_extensions);
	assert_int_equal(hello.version, 0x0300);
	assert_null(hello.server_name.at);
	/* An empty block is there, if empty. */
	body.left += 2;
	assert_int_equal(tls_client_hello_decode(body, &hello), DECODE_OK);
	assert_true(hello.has_extensions);
	/* And nothing may follow it. */
	put(&w, "", 1);
	assert_int_equal(tls_client_hello_decode(wire_cursor(&w), &hello),
	    DECODE_MALFORMED);
}

/* One extension and what becomes of it. */
static enum decode
decode_one(uint16_t type, struct cursor content, struct tls_client_hello *hello)
{
	static struct wire extension, w;

	extension.len = 0;
	put_extension(&extension, type, content);
	return tls_client_hello_decode(hello_with(&w, 0x0303,
					   wire_cursor(&extension)),
	    hello);
}

static void
the_first_host_name_is_the_server_name(void **state)
{
	static const struct cursor names = WIRE("\x00\x12"
						"\x07\x00\x01x"
						"\x00\x00\x03"
						"a.b"
						"\x00\x00\x05"
						"other");
	static const struct cursor only_other = WIRE("\x00\x04"
						     "\x07\x00\x01x");
	struct tls_client_hello hello;

	(void)state;
	assert_int_equal(decode_one(0, names, &hello), DECODE_OK);
	assert_text(hello.server_name, "a.b");
	assert_int_equal(decode_one(0, only_other, &hello), DECODE_OK);
	assert_null(hello.server_name.at);
}

static void
grease_is_recognised_in_all_its_values(void **state)
{
	unsigned value, count = 0;

	(void)state;
	/* RFC 8701 section 2: 0x0a0a, 0x1a1a, ... 0xfafa. */
	for (value = 0; value <= 0xffff; value++)
		count += tls_is_grease((uint16_t)value);
	assert_int_equal(count, 16);
	for (value = 0x0a0a; value <= 0xfafa; value += 0x1010)
		assert_true(tls_is_grease((uint16_t)value));
}

static void
the_version_offered_is_the_highest_that_means_something(void **state)
{
	static const struct {
		struct cursor content;
		uint16_t version;
	} cases[] = {
		{ WIRE("\x06\xfa\xfa\x03\x04\x03\x03"), 0x0304 },
		{ WIRE("\x06\x03\x01\x03\x02\x03\x03"), 0x0303 },
		{ WIRE("\x04\x7f\x1c\x03\x04"), 0x0304 },
		{ WIRE("\x04\x03\x03\x7f\x1c"), 0x7f1c },
		{ WIRE("\x02\x2a\x2a"), 0x0303 }, /* legacy_version's */
	};
	struct tls_client_hello hello;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(decode_one(43, cases[i].content, &hello),
		    DECODE_OK);
		assert_int_equal(hello.version, cases[i].version);
		assert_int_equal(hello.legacy_version, 0x0303);
	}
}

static void
alpn_names_are_kept_up_to_a_bound(void **state)
{
	static const struct cursor two = WIRE("\x00\x0c\x02h2\x08http/1.1");
	static struct wire list;
	struct tls_client_hello hello;
	size_t i;

	(void)state;
	assert_int_equal(decode_one(16, two, &hello), DECODE_OK);
	assert_int_equal(hello.alpn_count, 2);
	assert_text(hello.alpn[0], "h2");
	assert_text(hello.alpn[1], "http/1.1");
	assert_false(hello.alpn_more);

	put_number(&list, (TLS_ALPN_MAX + 1) * 2, 2);
	for (i = 0; i < TLS_ALPN_MAX + 1; i++)
		put(&list, "\x01x", 2);
	assert_int_equal(decode_one(16, wire_cursor(&list), &hello), DECODE_OK);
	assert_int_equal(hello.alpn_count, TLS_ALPN_MAX);
	assert_true(hello.alpn_more);
}

static void
an_outer_hello_with_ech_is_marked(void **state)
{
	static const struct cursor outer = WIRE(
	    "\x00\x00\x01\x00\x01\x2a\x00\x02"
	    "EE"
	    "\x00\x03"
	    "ppp");
	static const struct cursor inner = WIRE("\x01");
	struct tls_client_hello hello;

	(void)state;
	assert_int_equal(decode_one(0xfe0d, outer, &hello), DECODE_OK);
	assert_true(hello.ech);
	assert_int_equal(decode_one(0xfe0d, inner, &hello), DECODE_OK);
	assert_false(hello.ech);
}

static void
ec_point_formats_are_kept(void **state)
{
	static const struct cursor content = WIRE("\x03\x00\x01\x02");
	struct tls_client_hello hello;

	(void)state;
	assert_int_equal(decode_one(11, content, &hello), DECODE_OK);
	assert_text(hello.point_formats, "\x00\x01\x02");
}

static void
broken_extensions_are_malformed(void **state)
{
	static const struct {
		uint16_t type;
		struct cursor content;
	} cases[] = {
		/* server_name: nothing, an empty list, an empty name, a name
		 * past the list, a list past the extension, more behind it */
		{ 0, WIRE("") },
		{ 0, WIRE("\x00\x00") },
		{ 0, WIRE("\x00\x03\x00\x00\x00") },
		{ 0, WIRE("\x00\x04\x00\x00\x02x") },
		{ 0, WIRE("\x00\x05\x00\x00\x01x") },
		{ 0, WIRE("\x00\x04\x00\x00\x01xy") },
		/* groups: an odd length, none, more behind them */
		{ 10, WIRE("\x00\x03\x00\x17\x00") },
		{ 10, WIRE("\x00\x00") },
		{ 10, WIRE("\x00\x02\x00\x17\x00") },
		{ 11, WIRE("\x00") },
		{ 11, WIRE("\x01\x00\x00") },
		{ 13, WIRE("\x00\x01\x04") },
		/* ALPN: no names, an empty one, a cut one */
		{ 16, WIRE("\x00\x00") },
		{ 16, WIRE("\x00\x01\x00") },
		{ 16, WIRE("\x00\x05\x02h2\x02h") },
		{ 43, WIRE("\x00") },
		{ 43, WIRE("\x03\x03\x04\x03") },
		{ 0xfe0d, WIRE("") },
		{ 0xfe0d, WIRE("\x00\x00\x01\x00\x01\x2a\x00\x00\x00\x00") },
	};
	struct tls_client_hello hello;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (decode_one(cases[i].type, cases[i].content, &hello) !=
		    DECODE_MALFORMED)
			fail_msg("case %zu", i);
}

static void
broken_fields_before_the_extensions_are_malformed(void **state)
{
#define START                                                                  \
	"\x03\x03"                                                             \
	"01234567890123456789012345678901"
	static const struct cursor cases[] = {
		/* a session id of 33 octets */
		WIRE(START "\x21"
			   "012345678901234567890123456789012"
			   "\x00\x02\x00\x2f\x01\x00"),
		/* no cipher; half a cipher; no compression method */
		WIRE(START "\x00"
			   "\x00\x00"
			   "\x01\x00"),
		WIRE(START "\x00"
			   "\x00\x03\x00\x2f\x00"
			   "\x01\x00"),
		WIRE(START "\x00"
			   "\x00\x02\x00\x2f"
			   "\x00"),
		/* an extension past the block of extensions */
		WIRE(START "\x00"
			   "\x00\x02\x00\x2f"
			   "\x01\x00"
			   "\x00\x05"
			   "\x00\x00\x00\x02x"),
	};
	struct tls_client_hello hello;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(tls_client_hello_decode(cases[i], &hello),
		    DECODE_MALFORMED);
}

static void
a_fault_in_one_extension_hides_no_other(void **state)
{
	static const struct cursor name = WIRE("\x00\x04\x00\x00\x01x");
	static struct wire extensions, w;
	struct tls_client_hello hello;
	struct cursor body;

	(void)state;
	put_extension(&extensions, 10, cur_of("\x00\x00", 2));
	put_extension(&extensions, 0, name);
	body = hello_with(&w, 0x0303, wire_cursor(&extensions));
	assert_int_equal(tls_client_hello_decode(body, &hello),
	    DECODE_MALFORMED);
	assert_text(hello.server_name, "x");
	assert_null(hello.groups.at);
	assert_int_equal(hello.extensions.count, 2);
	assert_true(hello.whole);
	/* Nor does it make a hello whole that was cut, nor only short. */
	body.left--;
	assert_int_equal(tls_client_hello_decode(body, &hello),
	    DECODE_MALFORMED);
	assert_false(hello.whole);
}

static void
of_a_repeated_extension_the_first_counts(void **state)
{
	static const struct cursor first = WIRE("\x00\x04\x00\x00\x01x");
	static const struct cursor second = WIRE("\x00\x04\x00\x00\x01y");
	static struct wire extensions, w;
	struct tls_client_hello hello;

	(void)state;
	put_extension(&extensions, 0, first);
	put_extension(&extensions, 0, second);
	assert_int_equal(tls_client_hello_decode(hello_with(&w, 0x0303,
						     wire_cursor(&extensions)),
			     &hello),
	    DECODE_OK);
	assert_text(hello.server_name, "x");
	assert_true(hello.extensions.repeated);
	assert_int_equal(hello.extensions.count, 2);
	assert_int_equal(hello.extensions.type[1], 0);
}

static void
extensions_past_the_bound_are_still_read(void **state)
{
	static const struct cursor name = WIRE("\x00\x04\x00\x00\x01x");
	static struct wire extensions, w;
	struct tls_client_hello hello;
	uint16_t type;

	(void)state;
	for (type = 0; type < TLS_EXTENSIONS_MAX; type++)
		put_extension(&extensions, 0x4000 + type, cur_of(NULL, 0));
	put_extension(&extensions, 0, name);
	assert_int_equal(tls_client_hello_decode(hello_with(&w, 0x0303,
						     wire_cursor(&extensions)),
			     &hello),
	    DECODE_OK);
	assert_int_equal(hello.extensions.count, TLS_EXTENSIONS_MAX);
	assert_true(hello.extensions.more);
	assert_text(hello.server_name, "x");
}

static void
a_hello_that_was_cut_behind_its_name_still_shows_it(void **state)
{
	struct cursor body = body_of(client_record);
	/* Where the name ends in the record, by the trace. */
	size_t name_end = 71 - BODY_AT;
	struct tls_client_hello hello;

	(void)state;
	body.left = name_end;
	assert_int_equal(tls_client_hello_decode(body, &hello), DECODE_SHORT);
	assert_text(hello.server_name, "server");
	body.left = name_end - 1;
	assert_int_equal(tls_client_hello_decode(body, &hello), DECODE_SHORT);
	assert_null(hello.server_name.at);
	assert_int_equal(hello.ciphers.left, 6);
}

static void
a_message_in_one_record_is_not_copied(void **state)
{
	struct tls_handshake message;

	(void)state;
	assert_int_equal(tls_handshake_open(client_record, NULL, 0, &message),
	    DECODE_OK);
	assert_int_equal(message.type, TLS_CLIENT_HELLO);
	assert_int_equal(message.len, 0xc0);
	assert_int_equal(message.body.left, 0xc0);
	assert_ptr_equal(message.body.at, client_record.at + BODY_AT);
	assert_int_equal(message.consumed, client_record.left);
	assert_int_equal(message.rest.left, 0);
}

/* The messages of RFC 8448's first record in records of `size` octets. */
static void
put_split(struct wire *w, struct cursor record, size_t size)
{
	struct cursor part = { 0 };

	assert_true(cur_skip(&record, TLS_RECORD_HEADER_LEN));
	while (record.left > 0) {
		assert_true(cur_take(&record,
		    size < record.left ? size : record.left, &part));
		put(w, "\x16\x03\x01", 3);
		put_vector(w, 2, part.at, part.left);
	}
}

static void
a_message_in_many_records_is_gathered(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 5, 50, 195 };
	uint8_t scratch[0xc4];
	static struct wire w;
	struct tls_handshake message;
	struct tls_client_hello hello;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		w.len = 0;
		put_split(&w, client_record, sizes[i]);
		put(&w, "\x17\x03\x03\x00\x01!", 6);
		assert_int_equal(tls_guess(wire_cursor(&w)),
		    TLS_IS_CLIENT_HELLO);
		assert_int_equal(tls_handshake_open(wire_cursor(&w), scratch,
				     sizeof scratch, &message),
		    DECODE_OK);
		assert_int_equal(message.consumed, w.len - 6);
		assert_int_equal(message.rest.left, 0);
		assert_window(message.body,
		    (const char *)client_record.at + BODY_AT, 0xc0);
		assert_int_equal(tls_client_hello_decode(message.body, &hello),
		    DECODE_OK);
		assert_text(hello.server_name, "server");
		/* One octet less is not enough. */
		assert_int_equal(tls_handshake_open(wire_cursor(&w), scratch,
				     sizeof scratch - 1, &message),
		    DECODE_UNSUPPORTED);
	}
}

static void
what_follows_in_the_record_is_left_for_later(void **state)
{
	static struct wire w;
	uint8_t scratch[256];
	struct tls_handshake message, next;

	(void)state;
	/* ServerHello, then ServerHelloDone, in one record. */
	put(&w, "\x16\x03\x03\x00\x5e", 5);
	put(&w, server_record.at + 5, server_record.left - 5);
	put(&w, "\x0e\x00\x00\x00", 4);
	assert_int_equal(tls_handshake_open(wire_cursor(&w), scratch,
			     sizeof scratch, &message),
	    DECODE_OK);
	assert_int_equal(message.type, TLS_SERVER_HELLO);
	assert_int_equal(message.body.left, 0x56);
	assert_int_equal(message.consumed, w.len);
	assert_int_equal(message.rest.left, 4);
	assert_int_equal(tls_handshake_next(&message.rest, &next), DECODE_OK);
	assert_int_equal(next.type, 14);
	assert_int_equal(next.body.left, 0);
	assert_int_equal(message.rest.left, 0);

	/* The same with the ServerHello begun in a record before. */
	w.len = 0;
	put(&w, "\x16\x03\x03\x00\x02\x02\x00", 7);
	put(&w, "\x16\x03\x03\x00\x5c", 5);
	put(&w, server_record.at + 7, server_record.left - 7);
	put(&w, "\x0e\x00\x00\x00", 4);
	assert_int_equal(tls_handshake_open(wire_cursor(&w), scratch,
			     sizeof scratch, &message),
	    DECODE_OK);
	assert_int_equal(message.consumed, w.len);
	assert_int_equal(message.rest.left, 4);
}

static void
an_unfinished_message_shows_what_is_there(void **state)
{
	uint8_t scratch[256];
	static struct wire w;
	struct tls_client_hello hello;
	struct tls_handshake message;
	struct cursor stream = client_record;

	(void)state;
	stream.left = 100;
	assert_int_equal(tls_handshake_open(stream, scratch, sizeof scratch,
			     &message),
	    DECODE_SHORT);
	assert_int_equal(message.type, TLS_CLIENT_HELLO);
	assert_int_equal(message.len, 0xc0);
	assert_int_equal(message.body.left, 100 - BODY_AT);
	assert_int_equal(tls_client_hello_decode(message.body, &hello),
	    DECODE_SHORT);
	assert_text(hello.server_name, "server");

	/* In the second of its records. */
	put_split(&w, client_record, 90);
	w.len = 5 + 90 + 5 + 7;
	assert_int_equal(tls_handshake_open(wire_cursor(&w), scratch,
			     sizeof scratch, &message),
	    DECODE_SHORT);
	assert_int_equal(message.body.left, 90 + 7 - 4);

	stream.left = 8;
	assert_int_equal(tls_handshake_open(stream, scratch, sizeof scratch,
			     &message),
	    DECODE_SHORT);
	assert_null(message.body.at);
}

static void
another_record_amid_a_message_is_malformed(void **state)
{
	static const struct cursor stream = WIRE(
	    "\x16\x03\x01\x00\x04\x01\x00\x00\xc0"
	    "\x15\x03\x01\x00\x02..");
	static const struct cursor bad_header = WIRE(
	    "\x16\x03\x01\x00\x04\x01\x00\x00\xc0"
	    "\x16\x02");
	uint8_t scratch[256];
	struct tls_handshake message;

	(void)state;
	assert_int_equal(tls_handshake_open(stream, scratch, sizeof scratch,
			     &message),
	    DECODE_MALFORMED);
	assert_int_equal(tls_handshake_open(bad_header, scratch, sizeof scratch,
			     &message),
	    DECODE_MALFORMED);
}

static void
a_stream_that_begins_otherwise_is_the_callers_business(void **state)
{
	static const struct cursor alert = WIRE("\x15\x03\x03\x00\x02\x02\x28");
	static const struct cursor change = WIRE("\x14\x03\x03\x00\x01\x01");
	/* What would be a whole message in a handshake record. */
	static const struct cursor encrypted = WIRE(
	    "\x17\x03\x03\x00\x04\x0e\x00\x00\x00");
	struct cursor stream = alert;
	struct tls_handshake message;
	struct tls_record record;

	(void)state;
	assert_int_equal(tls_handshake_open(alert, NULL, 0, &message),
	    DECODE_UNSUPPORTED);
	assert_int_equal(tls_handshake_open(change, NULL, 0, &message),
	    DECODE_UNSUPPORTED);
	assert_int_equal(tls_handshake_open(encrypted, NULL, 0, &message),
	    DECODE_UNSUPPORTED);
	assert_int_equal(tls_record_next(&stream, &record), DECODE_OK);
	assert_int_equal(record.type, TLS_ALERT);
	assert_int_equal(record.version, 0x0303);
	assert_text(record.fragment, "\x02\x28");
	assert_int_equal(stream.left, 0);
}

static void
messages_too_large_to_be_a_hello_are_not_gathered(void **state)
{
	/* One octet over TLS_HANDSHAKE_MAX, and exactly that. */
	static const struct cursor over = WIRE(
	    "\x16\x03\x01\x00\x05\x01\x00\xff\xfd\x03");
	static const struct cursor at_limit = WIRE(
	    "\x16\x03\x01\x00\x05\x01\x00\xff\xfc\x03");
	static uint8_t scratch[TLS_HANDSHAKE_MAX];
	struct cursor octets = over;
	struct tls_handshake message;

	(void)state;
	assert_true(cur_skip(&octets, TLS_RECORD_HEADER_LEN));
	assert_int_equal(tls_handshake_next(&octets, &message),
	    DECODE_UNSUPPORTED);
	assert_int_equal(tls_handshake_open(over, scratch, sizeof scratch,
			     &message),
	    DECODE_UNSUPPORTED);
	assert_int_equal(tls_handshake_open(at_limit, scratch, sizeof scratch,
			     &message),
	    DECODE_SHORT);
}

static void
the_largest_message_is_gathered_whole(void **state)
{
	static uint8_t body[TLS_HANDSHAKE_MAX - 4], scratch[TLS_HANDSHAKE_MAX];
	static struct wire flat, w;
	struct tls_handshake message;

	(void)state;
	memset(body, 'x', sizeof body);
	put(&flat,
	    "....."
	    "\x01",
	    6);
	put_vector(&flat, 3, body, sizeof body);
	put_split(&w, wire_cursor(&flat), 16384);
	assert_int_equal(tls_handshake_open(wire_cursor(&w), scratch,
			     sizeof scratch, &message),
	    DECODE_OK);
	assert_window(message.body, (const char *)body, sizeof body);
}

static void
records_are_judged_as_early_as_can_be(void **state)
{
	static const struct {
		struct cursor stream;
		enum decode rc;
	} cases[] = {
		{ WIRE(""), DECODE_SHORT },
		{ WIRE("\x16"), DECODE_SHORT },
		{ WIRE("\x13"), DECODE_MALFORMED },
		{ WIRE("\x19"), DECODE_MALFORMED },
		{ WIRE("G"), DECODE_MALFORMED },
		{ WIRE("\x16\x02"), DECODE_MALFORMED },
		{ WIRE("\x16\x03\x04"), DECODE_SHORT },
		{ WIRE("\x16\x03\x05"), DECODE_MALFORMED },
		{ WIRE("\x16\x03\x01\x48"), DECODE_SHORT },
		{ WIRE("\x16\x03\x01\x48\x00"), DECODE_SHORT }, /* 18432 */
		{ WIRE("\x16\x03\x01\x48\x01"), DECODE_MALFORMED },
		/* RFC 8446 section 5.1 on empty fragments */
		{ WIRE("\x16\x03\x01\x00\x00"), DECODE_MALFORMED },
		{ WIRE("\x15\x03\x01\x00\x00"), DECODE_MALFORMED },
		{ WIRE("\x17\x03\x01\x00\x00"), DECODE_OK },
		{ WIRE("\x16\x03\x00\x00\x01x"), DECODE_OK },
		/* SSL 2.0 framing, RFC 5246 appendix E.2 */
		{ WIRE("\x80"), DECODE_SHORT },
		{ WIRE("\x80\x2e\x01"), DECODE_SHORT },
		{ WIRE("\x80\x2e\x01\x03\x01"), DECODE_UNSUPPORTED },
		{ WIRE("\x80\x2e\x01\x00\x02"), DECODE_UNSUPPORTED },
		{ WIRE("\x80\x2e\x04"), DECODE_UNSUPPORTED },
		{ WIRE("\x80\x2e\x01\x05"), DECODE_MALFORMED },
		{ WIRE("\x80\x2e\x07"), DECODE_MALFORMED },
	};
	struct tls_record record;
	struct cursor stream;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		stream = cases[i].stream;
		if (tls_record_next(&stream, &record) != cases[i].rc)
			fail_msg("case %zu", i);
		assert_int_equal(stream.left,
		    cases[i].rc == DECODE_OK ? 0 : cases[i].stream.left);
	}
}

static void
eleven_octets_are_enough_to_know_a_hello(void **state)
{
	struct cursor client = client_record, server = server_record;

	(void)state;
	for (client.left = server.left = 0; client.left < 11;
	     client.left++, server.left++) {
		assert_int_equal(tls_guess(client), TLS_MAYBE);
		assert_int_equal(tls_guess(server), TLS_MAYBE);
	}
	assert_int_equal(tls_guess(client), TLS_IS_CLIENT_HELLO);
	assert_int_equal(tls_guess(server), TLS_IS_SERVER_HELLO);
}

static void
other_streams_are_not_taken_for_hellos(void **state)
{
	static const struct cursor cases[] = {
		WIRE("GET / HTTP/1.1\r\n"), WIRE("SSH-2.0-x\r\n"),
		WIRE("\x17\x03\x03\x00\x20"), /* the middle of a stream */
		WIRE("\x15\x03\x03\x00\x02\x02\x28"),
		WIRE("\x16\x03\x01\x00\x04\x0e"), /* ServerHelloDone */
		WIRE("\x16\x03\x01\x00\xc4\x01\x01\x00\x00"), /* 64 KiB */
		WIRE("\x16\x03\x01\x00\xc4\x01\x00\x00\x28"), /* 40 octets */
		WIRE("\x16\x03\x01\x00\xc4\x02\x00\x00\x25"),
		WIRE("\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x02"),
		WIRE("\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x05"),
		WIRE("\x80\x2e\x01\x03\x01"), /* SSL 2.0 */
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (tls_guess(cases[i]) != TLS_NO)
			fail_msg("case %zu", i);
}

/* A copy in a block of its own, so that reading past either end shows. */
static struct cursor
copy_exactly(struct cursor from, uint8_t **block)
{
	*block = malloc(from.left + 1);
	if (from.left > 0)
		memcpy(*block + 1, from.at, from.left);
	return cur_of(*block + 1, from.left);
}

static void
every_prefix_of_a_stream_is_short_and_harms_nothing(void **state)
{
	static const struct cursor *const records[] = { &client_record,
		&server_record };
	static const size_t sizes[] = { 1, 60, 1000 };
	static struct wire w;
	uint8_t scratch[0xc4], *block;
	struct tls_client_hello client;
	struct tls_server_hello server;
	struct tls_handshake message;
	struct cursor stream, prefix;
	size_t r, s;

	(void)state;
	for (r = 0; r < COUNT(records); r++)
		for (s = 0; s < COUNT(sizes); s++) {
			w.len = 0;
			put_split(&w, *records[r], sizes[s]);
			prefix = wire_cursor(&w);
			while (prefix.left-- > 0) {
				stream = copy_exactly(prefix, &block);
				assert_int_equal(tls_handshake_open(stream,
						     scratch, sizeof scratch,
						     &message),
				    DECODE_SHORT);
				assert_int_not_equal(tls_guess(stream), TLS_NO);
				assert_int_not_equal(tls_client_hello_decode(
							 message.body, &client),
				    DECODE_UNSUPPORTED);
				assert_int_not_equal(tls_server_hello_decode(
							 message.body, &server),
				    DECODE_UNSUPPORTED);
				free(block);
			}
		}
}

static void
every_prefix_of_a_hello_is_short(void **state)
{
	struct cursor prefix, body;
	struct tls_client_hello client;
	struct tls_server_hello server;
	uint8_t *block;

	(void)state;
	/* Where extensions might begin, nothing tells an end from a cut. */
	for (prefix = body_of(client_record); prefix.left-- > 0;) {
		body = copy_exactly(prefix, &block);
		assert_int_equal(tls_client_hello_decode(body, &client),
		    prefix.left == 45 ? DECODE_OK : DECODE_SHORT);
		assert_int_equal(client.whole, prefix.left == 45);
		free(block);
	}
	for (prefix = body_of(server_record); prefix.left-- > 0;) {
		body = copy_exactly(prefix, &block);
		assert_int_equal(tls_server_hello_decode(body, &server),
		    prefix.left == 38 ? DECODE_OK : DECODE_SHORT);
		assert_int_equal(server.whole, prefix.left == 38);
		free(block);
	}
	for (prefix = retry_body; prefix.left-- > 0;) {
		body = copy_exactly(prefix, &block);
		assert_int_equal(tls_server_hello_decode(body, &server),
		    prefix.left == 38 ? DECODE_OK : DECODE_SHORT);
		free(block);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_hello_of_rfc_8448_is_read),
		cmocka_unit_test(the_server_hello_of_rfc_8448_is_read),
		cmocka_unit_test(
		    a_hello_retry_request_is_told_from_a_server_hello),
		cmocka_unit_test(
		    a_tls_1_2_server_hello_shows_the_selected_protocol),
		cmocka_unit_test(versions_before_3_are_not_ours),
		cmocka_unit_test(a_hello_without_extensions_is_whole),
		cmocka_unit_test(the_first_host_name_is_the_server_name),
		cmocka_unit_test(grease_is_recognised_in_all_its_values),
		cmocka_unit_test(
		    the_version_offered_is_the_highest_that_means_something),
		cmocka_unit_test(alpn_names_are_kept_up_to_a_bound),
		cmocka_unit_test(an_outer_hello_with_ech_is_marked),
		cmocka_unit_test(ec_point_formats_are_kept),
		cmocka_unit_test(broken_extensions_are_malformed),
		cmocka_unit_test(
		    broken_fields_before_the_extensions_are_malformed),
		cmocka_unit_test(a_fault_in_one_extension_hides_no_other),
		cmocka_unit_test(of_a_repeated_extension_the_first_counts),
		cmocka_unit_test(extensions_past_the_bound_are_still_read),
		cmocka_unit_test(
		    a_hello_that_was_cut_behind_its_name_still_shows_it),
		cmocka_unit_test(a_message_in_one_record_is_not_copied),
		cmocka_unit_test(a_message_in_many_records_is_gathered),
		cmocka_unit_test(what_follows_in_the_record_is_left_for_later),
		cmocka_unit_test(an_unfinished_message_shows_what_is_there),
		cmocka_unit_test(another_record_amid_a_message_is_malformed),
		cmocka_unit_test(
		    a_stream_that_begins_otherwise_is_the_callers_business),
		cmocka_unit_test(
		    messages_too_large_to_be_a_hello_are_not_gathered),
		cmocka_unit_test(the_largest_message_is_gathered_whole),
		cmocka_unit_test(records_are_judged_as_early_as_can_be),
		cmocka_unit_test(eleven_octets_are_enough_to_know_a_hello),
		cmocka_unit_test(other_streams_are_not_taken_for_hellos),
		cmocka_unit_test(
		    every_prefix_of_a_stream_is_short_and_harms_nothing),
		cmocka_unit_test(every_prefix_of_a_hello_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
