#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/cursor.h"
#include "decoders/tls.h"
#include "sensor/fingerprint.h"

/* clang-format off: it would give each piece of an octet string a line. */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WIRE(text)                                                             \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}

/* JA4.md's example, in the order of the wire; and its parts. */
#define CIPHERS                                                                \
	"\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9"     \
	"\xcc\xa8\xc0\x13\xc0\x14\x00\x9c\x00\x9d\x00\x2f\x00\x35"
#define EXTENSIONS                                                             \
	"\x00\x1b\x00\x00\x00\x33\x00\x10\x44\x69\x00\x17\x00\x2d\x00\x0d"     \
	"\x00\x05\x00\x23\x00\x12\x00\x2b\xff\x01\x00\x0b\x00\x0a\x00\x15"
#define ALGORITHMS                                                             \
	"\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01"
#define CIPHERS_SORTED                                                         \
	"002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,"    \
	"cca8,cca9"
#define EXTENSIONS_SORTED                                                      \
	"0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,"    \
	"ff01"

/* A hello's lists, and what is spelled for them. */
struct offer {
	const char *about;
	uint16_t legacy_version;
	struct cursor ciphers, extensions; /* 16 bits each */
	struct cursor groups, algorithms, versions, point_formats;
	struct cursor alpn; /* the first; absent: none */
	char transport;     /* JA4's; 0 is TCP */
	const char *hash, *string;
};

/* The one of all tests; it may remember. */
static struct fingerprinter *speller;

static struct tls_client_hello
hello_of(const struct offer *offer)
{
	struct tls_client_hello hello = {
		.whole = true,
		.legacy_version = offer->legacy_version,
		.ciphers = offer->ciphers,
		.has_extensions = offer->extensions.at != NULL,
		.groups = offer->groups,
		.signature_algorithms = offer->algorithms,
		.versions = offer->versions,
		.point_formats = offer->point_formats,
		.alpn[0] = offer->alpn,
		.alpn_count = offer->alpn.at != NULL,
	};
	struct cursor types = offer->extensions;

	while (cur_u16(&types, &hello.extensions.type[hello.extensions.count]))
		hello.extensions.count++;
	return hello;
}

/* The hashes of the second group are md5sum's of the string. */
static const struct offer ja3_offers[] = {
	{
	    .about = "README's example",
	    .legacy_version = 769,
	    .ciphers = WIRE("\x00\x2f\x00\x35\x00\x05\x00\x0a\xc0\x09\xc0\x0a"
			    "\xc0\x13\xc0\x14\x00\x32\x00\x38\x00\x13\x00\x04"),
	    .extensions = WIRE("\x00\x00\x00\x0a\x00\x0b"),
	    .groups = WIRE("\x00\x17\x00\x18\x00\x19"),
	    .point_formats = WIRE("\x00"),
	    .string = "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,"
		      "0-10-11,23-24-25,0",
	    .hash = "ada70206e40642a3e4461f35503241d5",
	},
	{
	    .about = "README's example without extensions",
	    .legacy_version = 769,
	    .ciphers = WIRE("\x00\x04\x00\x05\x00\x0a\x00\x09\x00\x64\x00\x62"
			    "\x00\x03\x00\x06\x00\x13\x00\x12\x00\x63"),
	    .string = "769,4-5-10-9-100-98-3-6-19-18-99,,,",
	    .hash = "de350869b8c85de67a350c8d186f11e6",
	},

	{
	    .about = "GREASE is left out of all three lists",
	    .legacy_version = 0x0303,
	    .ciphers = WIRE("\x1a\x1a\x13\x01\x0a\x0a"),
	    .extensions = WIRE("\x2a\x2a\x00\x0a\xfa\xfa"),
	    .groups = WIRE("\xda\xda\x00\x1d"),
	    .string = "771,4865,10,29,",
	    .hash = "94b4733440e9c77351bb46ebadad5e0f",
	},
	{
	    .about = "what resembles GREASE stays",
	    .legacy_version = 0x0303,
	    .ciphers = WIRE("\x0a\x1a\x0b\x0b"),
	    .extensions = WIRE("\x00\x0b"),
	    .point_formats = WIRE("\x0a\x1a"),
	    .string = "771,2586-2827,11,,10-26",
	    .hash = "56ff702747d63ac292b7f3dff936dd16",
	},
	{
	    .about = "nothing but GREASE is empty",
	    .legacy_version = 0x0303,
	    .ciphers = WIRE("\x0a\x0a"),
	    .string = "771,,,,",
	    .hash = "bddda940f9963577c41d7c28b1a5f65f",
	},
	{
	    .about = "the version is the hello's, not supported_versions'",
	    .legacy_version = 0x0301,
	    .ciphers = WIRE("\x13\x01"),
	    .extensions = WIRE("\x00\x2b"),
	    .versions = WIRE("\x03\x04"),
	    .string = "769,4865,43,,",
	    .hash = "38f483251140624b6e06daaeb7c5cb70",
	},
	{
	    .about = "a repeated extension is there twice",
	    .legacy_version = 0x0303,
	    .ciphers = WIRE("\x00\x00"),
	    .extensions = WIRE("\x00\x17\x00\x17\xff\xff"),
	    .string = "771,0,23-23-65535,,",
	    .hash = "77b4d96fd382dab94e36fae703212f49",
	},
};

/* Hashes: of JA4.md, or 12 digits of sha256sum for its parts. */
static const struct offer ja4_offers[] = {
	{
	    .about = "JA4.md's example",
	    .legacy_version = 0x0303,
	    .ciphers = WIRE(CIPHERS),
	    .extensions = WIRE(EXTENSIONS),
	    .algorithms = WIRE(ALGORITHMS),
	    .versions = WIRE("\x03\x04\x03\x03"),
	    .alpn = WIRE("h2"),
	    .hash = "t13d1516h2_8daaf6152771_e5627efa2ab1",
	    .string = "t13d1516h2_" CIPHERS_SORTED "_" EXTENSIONS_SORTED
		      "_0403,0804,0401,0503,0805,0501,0806,0601",
	},
	{
	    .about = "JA4.md's example without signature algorithms",
	    .legacy_version = 0x0303,
	    .ciphers = WIRE(CIPHERS),
	    .extensions = WIRE(EXTENSIONS),
	    .versions = WIRE("\x03\x04\x03\x03"),
	    .alpn = WIRE("h2"),
	    .hash = "t13d1516h2_8daaf6152771_6d807ffa2a79",
	    .string = "t13d1516h2_" CIPHERS_SORTED "_" EXTENSIONS_SORTED,
	},
	{
	    .about = "GREASE is left out and not counted; QUIC; no names",
	    .legacy_version = 0x0303,
	    .ciphers = WIRE("\x3a\x3a" CIPHERS),
	    .extensions = WIRE(
		"\x8a\x8a\x00\x1b\x00\x33\x44\x69\x00\x17"
		"\x00\x2d\x00\x0d\x00\x05\x00\x23\x00\x12\x00\x2b\xff\x01"
		"\x00\x0b\x00\x0a\x00\x15\xba\xba"),
	    .algorithms = WIRE("\xca\xca" ALGORITHMS),
	    .versions = WIRE("\xfa\xfa\x03\x03\x03\x04"),
	    .transport = 'q',
	    .hash = "q13i151400_8daaf6152771_e5627efa2ab1",
	    .string = "q13i151400_" CIPHERS_SORTED "_" EXTENSIONS_SORTED
		      "_0403,0804,0401,0503,0805,0501,0806,0601",
	},
	{
	    .about = "without extensions the last part is zeros",
	    .legacy_version = 0x0301,
	    .ciphers = WIRE(CIPHERS),
	    .hash = "t10i150000_8daaf6152771_000000000000",
	    .string = "t10i150000_" CIPHERS_SORTED "_",
	},
	{
	    .about = "server_name and ALPN alone are no extensions to hash",
	    .legacy_version = 0x0303,
	    .ciphers = WIRE(CIPHERS),
	    .extensions = WIRE("\x00\x10\x00\x00"),
	    .alpn = WIRE("http/1.1"),
	    .hash = "t12d1502h1_8daaf6152771_000000000000",
	    .string = "t12d1502h1_" CIPHERS_SORTED "_",
	},
	{
	    .about = "without ciphers but GREASE the middle is zeros",
	    .legacy_version = 0x0302,
	    .ciphers = WIRE("\x0a\x0a"),
	    .extensions = WIRE("\x00\x00"),
	    .hash = "t11d000100_000000000000_000000000000",
	    .string = "t11d000100__",
	},
};

static void
assert_fingerprint(const struct offer *offer, bool spelled,
    const struct fingerprint *out)
{
	if (!spelled)
		fail_msg("%s: not spelled", offer->about);
	if (strcmp(out->string, offer->string) != 0 ||
	    strcmp(out->hash, offer->hash) != 0)
		fail_msg("%s: %s of %s", offer->about, out->hash, out->string);
	assert_int_equal(out->string_len, strlen(offer->string));
}

static void
ja3_is_spelled_as_specified(void **state)
{
	struct tls_client_hello hello;
	struct fingerprint out;
	bool spelled;

	for (size_t i = 0; i < COUNT(ja3_offers); i++) {
		hello = hello_of(&ja3_offers[i]);
		spelled = ja3_spell(*state, &hello, &out);
		assert_fingerprint(&ja3_offers[i], spelled, &out);
	}
}

static void
ja4_is_spelled_as_specified(void **state)
{
	const struct offer *offer;
	struct tls_client_hello hello;
	struct fingerprint out;
	bool spelled;

	(void)state;
	for (size_t i = 0; i < COUNT(ja4_offers); i++) {
		offer = &ja4_offers[i];
		hello = hello_of(offer);
		spelled = ja4_spell(speller, &hello,
		    offer->transport != 0 ? (enum ja4_transport)offer->transport
					  : JA4_TCP,
		    &out);
		assert_fingerprint(offer, spelled, &out);
	}
}

/* The first part of a JA4: what `offer` makes of it. */
static void
assert_start(const struct offer *offer, const char *start)
{
	struct tls_client_hello hello = hello_of(offer);
	struct fingerprint out;

	assert_true(ja4_spell(speller, &hello, JA4_DTLS, &out));
	out.hash[strlen(start)] = '\0';
	assert_string_equal(out.hash, start);
}

static void
ja4_has_a_code_for_each_version(void **state)
{
	static const struct {
		uint16_t legacy;
		struct cursor versions;
		const char *start;
	} cases[] = {
		{ 0x0304, { NULL, 0 }, "d13" },
		{ 0x0303, { NULL, 0 }, "d12" },
		{ 0x0302, { NULL, 0 }, "d11" },
		{ 0x0301, { NULL, 0 }, "d10" },
		{ 0x0300, { NULL, 0 }, "ds3" },
		{ 0x0002, { NULL, 0 }, "ds2" },
		{ 0xfeff, { NULL, 0 }, "dd1" },
		{ 0xfefd, { NULL, 0 }, "dd2" },
		{ 0xfefc, { NULL, 0 }, "dd3" },
		{ 0x0305, { NULL, 0 }, "d00" },
		/* the list counts, though it be lower; its order does not */
		{ 0x0303, WIRE("\x03\x01\x03\x02"), "d11" },
		{ 0x0303, WIRE("\x03\x04\x03\x01"), "d13" },
		/* the highest number: of draft 28 and TLS 1.3, the draft */
		{ 0x0303, WIRE("\x03\x04\x7f\x1c"), "d00" },
		{ 0x0302, WIRE("\x9a\x9a"), "d11" },
	};
	struct offer offer = { .ciphers = WIRE("\x13\x01") };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		offer.legacy_version = cases[i].legacy;
		offer.versions = cases[i].versions;
		assert_start(&offer, cases[i].start);
	}
}

/* JA4.md, "ALPN Extension Value"; the hex ones are its examples. */
static void
ja4_shows_the_ends_of_the_first_alpn(void **state)
{
	static const struct {
		struct cursor alpn;
		const char *start;
	} cases[] = {
		{ { NULL, 0 }, "d12i010000" },
		{ WIRE("h2"), "d12i0100h2" },
		{ WIRE("http/1.1"), "d12i0100h1" },
		{ WIRE("X"), "d12i0100XX" },
		{ WIRE("\xab"), "d12i0100ab" },
		{ WIRE("\xab\xcd"), "d12i0100ad" },
		{ WIRE("\x30\xab"), "d12i01003b" },
		{ WIRE("\x30\x31\xab\xcd"), "d12i01003d" },
		{ WIRE("\x30\xab\xcd\x31"), "d12i010001" },
		/* just outside of each range: '_' would part the hash */
		{ WIRE("a_"), "d12i01006f" },
		{ WIRE("/a"), "d12i010021" },
		{ WIRE("a:"), "d12i01006a" },
		{ WIRE("@a"), "d12i010041" },
		{ WIRE("a["), "d12i01006b" },
		{ WIRE("`a"), "d12i010061" },
		{ WIRE("a{"), "d12i01006b" },
		{ WIRE("0z"), "d12i01000z" },
		{ WIRE("9A"), "d12i01009A" },
		{ WIRE("Za"), "d12i0100Za" },
	};
	struct offer offer = { .legacy_version = 0x0303,
		.ciphers = WIRE("\x13\x01") };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		offer.alpn = cases[i].alpn;
		assert_start(&offer, cases[i].start);
	}
}

/* `count` ciphers from `first` downwards; static storage. */
static struct cursor
many_ciphers(uint16_t first, size_t count)
{
	static uint8_t octets[2 * 32767];

	for (size_t i = 0; i < count; i++) {
		octets[2 * i] = (uint8_t)((first - i) >> 8);
		octets[2 * i + 1] = (uint8_t)(first - i);
	}
	return cur_of(octets, 2 * count);
}

static void
ja4_counts_end_at_99(void **state)
{
	struct offer offer = { .legacy_version = 0x0303 };
	struct tls_client_hello hello;
	struct fingerprint out;

	(void)state;
	offer.ciphers = many_ciphers(0x03e8, 99);
	assert_start(&offer, "d12i990000");
	offer.ciphers = many_ciphers(0x03e8, 100);
	hello = hello_of(&offer);
	while (hello.extensions.count < 100)
		hello.extensions.type[hello.extensions.count++] = 0xff01;
	assert_true(ja4_spell(speller, &hello, JA4_TCP, &out));
	assert_memory_equal(out.string, "t12i999900_", 11);
}

static void
long_lists_are_sorted_by_value(void **state)
{
	struct offer offer = { .legacy_version = 0x0303 };
	struct tls_client_hello hello;
	struct fingerprint out;
	const char *at = out.string + 11;

	(void)state;
	offer.ciphers = many_ciphers(0x0500, 800);
	hello = hello_of(&offer);
	assert_true(ja4_spell(speller, &hello, JA4_TCP, &out));
	assert_int_equal(out.string_len, 11 + 800 * 5 - 1 + 1);
	for (size_t i = 1; i < 800; i++, at += 5)
		assert_true(memcmp(at, at + 5, 4) < 0);
}

static void
assert_nothing(bool spelled, const struct fingerprint *out)
{
	assert_false(spelled);
	assert_string_equal(out->hash, "");
	assert_string_equal(out->string, "");
	assert_int_equal(out->string_len, 0);
}

static void
assert_not_spelled(void *f, const struct tls_client_hello *hello)
{
	struct fingerprint out;
	bool spelled;

	memset(&out, 'x', sizeof out);
	spelled = ja3_spell(f, hello, &out);
	assert_nothing(spelled, &out);
	memset(&out, 'x', sizeof out);
	spelled = ja4_spell(speller, hello, JA4_TCP, &out);
	assert_nothing(spelled, &out);
}

static void
what_is_not_all_there_has_no_fingerprint(void **state)
{
	struct tls_client_hello hello = hello_of(&ja4_offers[0]);
	struct tls_server_hello server = { .legacy_version = 0x0303 };
	struct fingerprint out;
	bool spelled;

	hello.whole = false;
	assert_not_spelled(*state, &hello);
	hello.whole = true;
	hello.extensions.more = true;
	assert_not_spelled(*state, &hello);
	spelled = ja3s_spell(*state, &server, &out);
	assert_nothing(spelled, &out);
}

static void
more_than_the_bounds_allow_has_no_fingerprint(void **state)
{
	static const uint8_t zeros[2 * (FINGERPRINT_VALUES_MAX + 1)];
	struct offer offer = { .legacy_version = 0x0303 };
	struct tls_client_hello hello;
	struct fingerprint out;

	/* A version of two digits, 4 and a separator for each, ",,,". */
	offer.legacy_version = 10;
	offer.ciphers = many_ciphers(2000, 818);
	hello = hello_of(&offer);
	assert_true(ja3_spell(*state, &hello, &out));
	assert_int_equal(out.string_len, 2 + 818 * 5 + 3);
	assert_int_equal(out.string_len, FINGERPRINT_STRING_SIZE - 1);
	hello.legacy_version = 100;
	assert_false(ja3_spell(*state, &hello, &out));
	offer.ciphers = many_ciphers(2000, 820);
	hello = hello_of(&offer);
	assert_not_spelled(*state, &hello);
	offer.ciphers = many_ciphers(40000, 32767);
	hello = hello_of(&offer);
	assert_not_spelled(*state, &hello);
	/* Small enough as text, but for the number of values. */
	offer.ciphers = cur_of(zeros, sizeof zeros - 2);
	hello = hello_of(&offer);
	assert_true(ja3_spell(*state, &hello, &out));
	hello.ciphers.left += 2;
	assert_not_spelled(*state, &hello);
}

/* Hashes are md5sum's of the string. */
static void
ja3s_is_spelled_as_specified(void **state)
{
	struct tls_server_hello hello = {
		.whole = true,
		.legacy_version = 0x0303,
		.version = 0x0304,
		.cipher = 0xc02f,
		.has_extensions = true,
		.extensions = { .type = { 0xff01, 0x2a2a, 0, 11 }, .count = 4 },
	};
	struct fingerprint out;

	assert_true(ja3s_spell(*state, &hello, &out));
	assert_string_equal(out.string, "771,49199,65281-0-11");
	assert_string_equal(out.hash, "a704460bd0a887c62e4f462bf1bba96b");
	hello.extensions.count = 0;
	assert_true(ja3s_spell(*state, &hello, &out));
	assert_string_equal(out.string, "771,49199,");
	assert_string_equal(out.hash, "174e7e4992a63f6d419626d97363adb8");
}

/* RFC 8448 section 3; expected: Wireshark 4.4. */
static void
the_hellos_of_rfc_8448_have_the_names_that_others_give_them(void **state)
{
	static const struct cursor client_body = WIRE(
	    "\x03\x03\xcb\x34\xec\xb1\xe7\x81\x63\xba\x1c\x38\xc6\xda\xcb\x19"
	    "\x6a\x6d\xff\xa2\x1a\x8d\x99\x12\xec\x18\xa2\xef\x62\x83\x02\x4d"
	    "\xec\xe7\x00\x00\x06\x13\x01\x13\x03\x13\x02\x01\x00\x00\x91\x00"
	    "\x00\x00\x0b\x00\x09\x00\x00\x06\x73\x65\x72\x76\x65\x72\xff\x01"
	    "\x00\x01\x00\x00\x0a\x00\x14\x00\x12\x00\x1d\x00\x17\x00\x18\x00"
	    "\x19\x01\x00\x01\x01\x01\x02\x01\x03\x01\x04\x00\x23\x00\x00\x00"
	    "\x33\x00\x26\x00\x24\x00\x1d\x00\x20\x99\x38\x1d\xe5\x60\xe4\xbd"
	    "\x43\xd2\x3d\x8e\x43\x5a\x7d\xba\xfe\xb3\xc0\x6e\x51\xc1\x3c\xae"
	    "\x4d\x54\x13\x69\x1e\x52\x9a\xaf\x2c\x00\x2b\x00\x03\x02\x03\x04"
	    "\x00\x0d\x00\x20\x00\x1e\x04\x03\x05\x03\x06\x03\x02\x03\x08\x04"
	    "\x08\x05\x08\x06\x04\x01\x05\x01\x06\x01\x02\x01\x04\x02\x05\x02"
	    "\x06\x02\x02\x02\x00\x2d\x00\x02\x01\x01\x00\x1c\x00\x02\x40\x01");
	static const struct cursor server_body = WIRE(
	    "\x03\x03\xa6\xaf\x06\xa4\x12\x18\x60\xdc\x5e\x6e\x60\x24\x9c\xd3"
	    "\x4c\x95\x93\x0c\x8a\xc5\xcb\x14\x34\xda\xc1\x55\x77\x2e\xd3\xe2"
	    "\x69\x28\x00\x13\x01\x00\x00\x2e\x00\x33\x00\x24\x00\x1d\x00\x20"
	    "\xc9\x82\x88\x76\x11\x20\x95\xfe\x66\x76\x2b\xdb\xf7\xc6\x72\xe1"
	    "\x56\xd6\xcc\x25\x3b\x83\x3d\xf1\xdd\x69\xb1\xb0\x4e\x75\x1f\x0f"
	    "\x00\x2b\x00\x02\x03\x04");
	struct tls_client_hello client;
	struct tls_server_hello server;
	struct fingerprint out;

	assert_int_equal(tls_client_hello_decode(client_body, &client),
	    DECODE_OK);
	assert_int_equal(tls_server_hello_decode(server_body, &server),
	    DECODE_OK);
	assert_true(ja3_spell(*state, &client, &out));
	assert_string_equal(out.hash, "da4dea34fe6d4ce5f0725df3f2682fa0");
	assert_true(ja3s_spell(*state, &server, &out));
	assert_string_equal(out.hash, "eb1d94daa7e0344597e756a1fb6e7054");
	assert_true(ja4_spell(speller, &client, JA4_TCP, &out));
	assert_string_equal(out.hash, "t13d030900_55b375c5d22e_59cd3dafc54d");
}

static int
set_up(void **state)
{
	struct fingerprinter *f = fingerprinter_new();

	*state = speller = f;
	return f != NULL && fingerprinter_has_ja3(f) ? 0 : -1;
}

static int
tear_down(void **state)
{
	fingerprinter_free(*state);
	fingerprinter_free(NULL);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ja3_is_spelled_as_specified),
		cmocka_unit_test(ja3s_is_spelled_as_specified),
		cmocka_unit_test(ja4_is_spelled_as_specified),
		cmocka_unit_test(ja4_has_a_code_for_each_version),
		cmocka_unit_test(ja4_shows_the_ends_of_the_first_alpn),
		cmocka_unit_test(ja4_counts_end_at_99),
		cmocka_unit_test(long_lists_are_sorted_by_value),
		cmocka_unit_test(what_is_not_all_there_has_no_fingerprint),
		cmocka_unit_test(more_than_the_bounds_allow_has_no_fingerprint),
		cmocka_unit_test(
		    the_hellos_of_rfc_8448_have_the_names_that_others_give_them),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
