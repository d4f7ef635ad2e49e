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
#include "decoders/quic.h"
#include "decoders/quic_crypto.h"
#include "decoders/quic_version.h"
#include "decoders/tls.h"
#include "tests/unit/quic_seal.h"

/* clang-format off: it would give each piece of an octet string a line. */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WIRE(text)                                                             \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}

/*
 * RFC 9001 and RFC 9369, appendix A of each.  Both have the same DCID and
 * frames; their packets are given by beginning and end, the tag, which covers
 * what is between.
 */
static const struct cursor rfc_dcid = WIRE("\x83\x94\xc8\xf0\x3e\x51\x57\x08");
static const struct cursor rfc_server_cid = WIRE(
    "\xf0\x67\xa5\x50\x2a\x42\x62\xb5");
static const struct cursor rfc_client_frame = WIRE(
    "\x06\x00\x40\xf1\x01\x00\x00\xed\x03\x03\xeb\xf8\xfa\x56\xf1\x29"
    "\x39\xb9\x58\x4a\x38\x96\x47\x2e\xc4\x0b\xb8\x63\xcf\xd3\xe8\x68"
    "\x04\xfe\x3a\x47\xf0\x6a\x2b\x69\x48\x4c\x00\x00\x04\x13\x01\x13"
    "\x02\x01\x00\x00\xc0\x00\x00\x00\x10\x00\x0e\x00\x00\x0b\x65\x78"
    "\x61\x6d\x70\x6c\x65\x2e\x63\x6f\x6d\xff\x01\x00\x01\x00\x00\x0a"
    "\x00\x08\x00\x06\x00\x1d\x00\x17\x00\x18\x00\x10\x00\x07\x00\x05"
    "\x04\x61\x6c\x70\x6e\x00\x05\x00\x05\x01\x00\x00\x00\x00\x00\x33"
    "\x00\x26\x00\x24\x00\x1d\x00\x20\x93\x70\xb2\xc9\xca\xa4\x7f\xba"
    "\xba\xf4\x55\x9f\xed\xba\x75\x3d\xe1\x71\xfa\x71\xf5\x0f\x1c\xe1"
    "\x5d\x43\xe9\x94\xec\x74\xd7\x48\x00\x2b\x00\x03\x02\x03\x04\x00"
    "\x0d\x00\x10\x00\x0e\x04\x03\x05\x03\x06\x03\x02\x03\x08\x04\x08"
    "\x05\x08\x06\x00\x2d\x00\x02\x01\x01\x00\x1c\x00\x02\x40\x01\x00"
    "\x39\x00\x32\x04\x08\xff\xff\xff\xff\xff\xff\xff\xff\x05\x04\x80"
    "\x00\xff\xff\x07\x04\x80\x00\xff\xff\x08\x01\x10\x01\x04\x80\x00"
    "\x75\x30\x09\x01\x10\x0f\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x06"
    "\x04\x80\x00\xff\xff");
#define RFC_CLIENT_PAYLOAD_LEN 1162

static const struct {
	const char *name;
	uint32_t version;
	struct cursor client_keys, server_keys; /* key, iv, hp */
	struct cursor client_begins, client_ends;
	struct cursor server, retry;
} rfcs[] = {
	{ "version 1, RFC 9001", QUIC_VERSION_1,
	    WIRE("\x1f\x36\x96\x13\xdd\x76\xd5\x46\x77\x30\xef\xcb\xe3\xb1\xa2"
		 "\x2d"
		 "\xfa\x04\x4b\x2f\x42\xa3\xfd\x3b\x46\xfb\x25\x5c\x9f\x50\x44"
		 "\x9e"
		 "\x04\xa0\xe8\x10\x28\x3a\x1e\x99\x33\xad\xed\xd2"),
	    WIRE("\xcf\x3a\x53\x31\x65\x3c\x36\x4c\x88\xf0\xf3\x79\xb6\x06\x7e"
		 "\x37"
		 "\x0a\xc1\x49\x3c\xa1\x90\x58\x53\xb0\xbb\xa0\x3e\xc2\x06\xb8"
		 "\xd9"
		 "\xb9\xf0\xf3\x76\x44\x43\x0b\x49\x0e\xea\xa3\x14"),
	    WIRE("\xc0\x00\x00\x00\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x00"
		 "\x00"
		 "\x44\x9e\x7b\x9a\xec\x34\xd1\xb1\xc9\x8d\xd7\x68\x9f\xb8\xec"
		 "\x11"
		 "\xd2\x42\xb1\x23\xdc\x9b\xd8\xba\xb9\x36\xb4\x7d\x92\xec\x35"
		 "\x6c"),
	    WIRE("\x8b\x4c\x8d\x16\x9a\x44\xe5\x5c\x88\xd4\xa9\xa7\xf9\x47\x42"
		 "\x41"
		 "\xe2\x21\xaf\x44\x86\x00\x18\xab\x08\x56\x97\x2e\x19\x4c\xd9"
		 "\x34"),
	    WIRE("\xcf\x00\x00\x00\x01\x00\x08\xf0\x67\xa5\x50\x2a\x42\x62\xb5"
		 "\x00"
		 "\x40\x75\xc0\xd9\x5a\x48\x2c\xd0\x99\x1c\xd2\x5b\x0a\xac\x40"
		 "\x6a"
		 "\x58\x16\xb6\x39\x41\x00\xf3\x7a\x1c\x69\x79\x75\x54\x78\x0b"
		 "\xb3"
		 "\x8c\xc5\xa9\x9f\x5e\xde\x4c\xf7\x3c\x3e\xc2\x49\x3a\x18\x39"
		 "\xb3"
		 "\xdb\xcb\xa3\xf6\xea\x46\xc5\xb7\x68\x4d\xf3\x54\x8e\x7d\xde"
		 "\xb9"
		 "\xc3\xbf\x9c\x73\xcc\x3f\x3b\xde\xd7\x4b\x56\x2b\xfb\x19\xfb"
		 "\x84"
		 "\x02\x2f\x8e\xf4\xcd\xd9\x37\x95\xd7\x7d\x06\xed\xbb\x7a\xaf"
		 "\x2f"
		 "\x58\x89\x18\x50\xab\xbd\xca\x3d\x20\x39\x8c\x27\x64\x56\xcb"
		 "\xc4"
		 "\x21\x58\x40\x7d\xd0\x74\xee"),
	    WIRE("\xff\x00\x00\x00\x01\x00\x08\xf0\x67\xa5\x50\x2a\x42\x62\xb5"
		 "\x74"
		 "\x6f\x6b\x65\x6e\x04\xa2\x65\xba\x2e\xff\x4d\x82\x90\x58\xfb"
		 "\x3f"
		 "\x0f\x24\x96\xba") },
	{ "version 2, RFC 9369", QUIC_VERSION_2,
	    WIRE("\x8b\x1a\x0b\xc1\x21\x28\x42\x90\xa2\x9e\x09\x71\xb5\xcd\x04"
		 "\x5d"
		 "\x91\xf7\x3e\x23\x51\xd8\xfa\x91\x66\x0e\x90\x9f\x45\xb9\x5e"
		 "\x15"
		 "\x23\x5d\x6f\x45\xa6\xb1\x9c\xbc\xb0\x29\x4b\xa9"),
	    WIRE("\x82\xdb\x63\x78\x61\xd5\x5e\x1d\x01\x1f\x19\xea\x71\xd5\xd2"
		 "\xa7"
		 "\xdd\x13\xc2\x76\x49\x9c\x02\x49\xd3\x31\x06\x52\xed\xf6\xd0"
		 "\x5c"
		 "\x83\x12\x12\x01\xb4\x36\xe1\x68\x77\x59\x3c\x3a"),
	    WIRE("\xd7\x6b\x33\x43\xcf\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x00"
		 "\x00"
		 "\x44\x9e\xa0\xc9\x5e\x82\xff\xe6\x7b\x6a\xbc\xdb\x42\x98\xb4"
		 "\x85"
		 "\xdd\x04\xde\x80\x60\x71\xbf\x03\xdc\xee\xbf\xa1\x62\xe7\x5d"
		 "\x6c"),
	    WIRE("\x99\x73\xb2\x17\x2b\x4d\x21\xfb\x69\x74\x5a\x26\x2c\xcd\xe9"
		 "\x6b"
		 "\xa1\x8b\x2f\xaa\x74\x5b\x6f\xe1\x89\xcf\x77\x2a\x9f\x84\xcb"
		 "\xfc"),
	    WIRE("\xdc\x6b\x33\x43\xcf\x00\x08\xf0\x67\xa5\x50\x2a\x42\x62\xb5"
		 "\x00"
		 "\x40\x75\xd9\x2f\xaa\xf1\x6f\x05\xd8\xa4\x39\x8c\x47\x08\x96"
		 "\x98"
		 "\xba\xee\xa2\x6b\x91\xeb\x76\x1d\x9b\x89\x23\x7b\xbf\x87\x26"
		 "\x30"
		 "\x17\x91\x53\x58\x23\x00\x35\xf7\xfd\x39\x45\xd8\x89\x65\xcf"
		 "\x17"
		 "\xf9\xaf\x6e\x16\x88\x6c\x61\xbf\xc7\x03\x10\x6f\xba\xf3\xcb"
		 "\x4c"
		 "\xfa\x52\x38\x2d\xd1\x6a\x39\x3e\x42\x75\x75\x07\x69\x80\x75"
		 "\xb2"
		 "\xc9\x84\xc7\x07\xf0\xa0\x81\x2d\x8c\xd5\xa6\x88\x1e\xaf\x21"
		 "\xce"
		 "\xda\x98\xf4\xbd\x23\xf6\xfe\x1a\x3e\x2c\x43\xed\xd9\xce\x7c"
		 "\xa8"
		 "\x4b\xed\x85\x21\xe2\xe1\x40"),
	    WIRE("\xcf\x6b\x33\x43\xcf\x00\x08\xf0\x67\xa5\x50\x2a\x42\x62\xb5"
		 "\x74"
		 "\x6f\x6b\x65\x6e\xc8\x64\x6c\xe8\xbf\xe3\x39\x52\xd9\x55\x54"
		 "\x36"
		 "\x65\xdc\xc7\xb6") },
};

/*
 * A client's Initial with the CRYPTO frame 06 00 0c and tiny_hello, DCID 01 02
 * ... 08 and packet number 0; made with Python's cryptography package and the
 * salts of draft-ietf-quic-tls.
 */
static const struct {
	const char *name;
	struct cursor datagram;
} drafts[] = {
	{ "draft 22", WIRE("\xc2\xff\x00\x00\x16\x08\x01\x02\x03\x04\x05\x06"
			   "\x07\x08\x00\x00"
			   "\x20\x6f\xd4\x4b\x81\x90\x66\x58\x40\xa0\x1f\x68"
			   "\x8f\xcd\x36\xa6"
			   "\xb4\xf2\x7b\x09\xf0\x4c\x2d\x8f\x83\xc4\xf6\x2a"
			   "\xb9\x57\x97\xd4"
			   "\x19") },
	{ "draft 23", WIRE("\xc7\xff\x00\x00\x17\x08\x01\x02\x03\x04\x05\x06"
			   "\x07\x08\x00\x00"
			   "\x20\x96\x86\xb8\xe6\x06\x9f\xe8\x4a\xa7\xc8\x8b"
			   "\x57\x71\xe3\x7a"
			   "\xc1\x0e\x93\xcb\x48\x69\xe4\x0e\x8f\xc5\x2e\xc6"
			   "\x61\x34\x5e\x0f"
			   "\x5a") },
	{ "draft 28", WIRE("\xc9\xff\x00\x00\x1c\x08\x01\x02\x03\x04\x05\x06"
			   "\x07\x08\x00\x00"
			   "\x20\xa9\x86\xb8\xe6\x06\x9f\xe8\x4a\xa7\xc8\x8b"
			   "\x57\x71\xe3\x7a"
			   "\xc1\xfe\x85\x87\x97\x64\x87\xfd\x2f\x14\xfd\x5f"
			   "\xcf\xed\x61\xee"
			   "\xe6") },
	{ "draft 29", WIRE("\xcc\xff\x00\x00\x1d\x08\x01\x02\x03\x04\x05\x06"
			   "\x07\x08\x00\x00"
			   "\x20\x83\x6c\xa5\xa0\x7b\xce\xb3\x7e\xc3\xc0\x39"
			   "\x92\xd4\x47\x52"
			   "\x28\xe3\x8e\x80\x1f\x59\xa1\x3f\x11\x98\xfc\xce"
			   "\xfb\xf4\xc5\xdb"
			   "\x57") },
	{ "draft 32", WIRE("\xc5\xff\x00\x00\x20\x08\x01\x02\x03\x04\x05\x06"
			   "\x07\x08\x00\x00"
			   "\x20\x43\x6c\xa5\xa0\x7b\xce\xb3\x7e\xc3\xc0\x39"
			   "\x92\xd4\x47\x52"
			   "\x28\x4d\x6f\x46\xb2\x48\xdb\x2d\xdb\x2a\x03\x13"
			   "\xc0\xe9\xf4\x54"
			   "\xa6") },
	{ "draft 33", WIRE("\xcb\xff\x00\x00\x21\x08\x01\x02\x03\x04\x05\x06"
			   "\x07\x08\x00\x00"
			   "\x20\xe1\x3f\xf5\x16\xaa\x04\x76\x92\x8a\x02\x36"
			   "\xdf\x9b\x5c\xdc"
			   "\x78\x89\x02\x23\xc1\x85\x25\x68\xf1\x3e\x7d\xe0"
			   "\x27\xac\x3b\x48"
			   "\x42") },
	{ "draft 34", WIRE("\xcd\xff\x00\x00\x22\x08\x01\x02\x03\x04\x05\x06"
			   "\x07\x08\x00\x00"
			   "\x20\x89\x3f\xf5\x16\xaa\x04\x76\x92\x8a\x02\x36"
			   "\xdf\x9b\x5c\xdc"
			   "\x78\x34\xeb\x18\xb2\x99\x01\xf5\x95\xcb\x89\xe0"
			   "\x97\xbf\x5f\xa1"
			   "\xfc") },
	{ "mvfst on draft 22", WIRE("\xc1\xfa\xce\xb0\x01\x08\x01\x02\x03\x04"
				    "\x05\x06\x07\x08\x00\x00"
				    "\x20\x97\xd4\x4b\x81\x90\x66\x58\x40\xa0"
				    "\x1f\x68\x8f\xcd\x36\xa6"
				    "\xb4\x0e\x5d\x7d\xef\x90\xa2\xf0\x8c\x75"
				    "\x22\x4b\x27\x71\x88\xbe"
				    "\xbf") },
	{ "mvfst on draft 27", WIRE("\xce\xfa\xce\xb0\x02\x08\x01\x02\x03\x04"
				    "\x05\x06\x07\x08\x00\x00"
				    "\x20\xc3\x86\xb8\xe6\x06\x9f\xe8\x4a\xa7"
				    "\xc8\x8b\x57\x71\xe3\x7a"
				    "\xc1\x30\xb4\x7c\xc4\x01\xc1\xb5\x4f\xc3"
				    "\xcf\xc1\x53\xac\x2a\x95"
				    "\x73") },
};

/* clang-format on */

/* No ClientHello, but with its type and length. */
static const struct cursor tiny_hello = WIRE("\1\0\0\x08"
					     "abcdefgh");

/* Payloads: all of it in a frame, in three of three packets, and nothing. */
static const struct cursor whole_frame = WIRE("\6\0\x0c\1\0\0\x08"
					      "abcdefgh");
static const struct cursor pieces[] = { WIRE("\6\7\5"
					     "defgh"),
	WIRE("\6\3\4\x08"
	     "abc"),
	WIRE("\6\0\3\1\0\0") };
static const struct cursor nothing_new = WIRE("\1\0\0\0");

static struct quic_crypto *crypto;

static int
make_crypto(void **state)
{
	(void)state;
	crypto = quic_crypto_new();
	return crypto == NULL ? -1 : 0;
}

static int
free_crypto(void **state)
{
	(void)state;
	quic_crypto_free(crypto);
	return 0;
}

/* A flow, and what its last datagram added. */
struct talk {
	struct quic_initials q;
	struct quic_seen seen;
};

static enum decode
hear(struct talk *t, struct cursor datagram)
{
	return quic_initials_datagram(&t->q, crypto, datagram, &t->seen);
}

static struct cursor
sealed_cursor(const struct sealed *s)
{
	return cur_of(s->octets, s->len);
}

static enum decode
hear_sealed(struct talk *t, const struct seal *how, struct cursor payload)
{
	struct sealed packet;

	seal(how, payload, &packet);
	return hear(t, sealed_cursor(&packet));
}

static void
assert_octets(struct cursor is, struct cursor expected)
{
	assert_int_equal(is.left, expected.left);
	assert_memory_equal(is.at, expected.at, expected.left);
}

/* How the client of most tests seals; the packet number does not matter. */
static struct seal
plain_client(uint32_t version)
{
	return (struct seal){ .version = version,
		.key_dcid = rfc_dcid,
		.from = QUIC_CLIENT,
		.dcid = rfc_dcid,
		.number_len = 1 };
}

static struct seal
plain_server(uint32_t version)
{
	return (struct seal){ .version = version,
		.key_dcid = rfc_dcid,
		.from = QUIC_SERVER,
		.scid = rfc_server_cid,
		.number_len = 1 };
}

/* The client's frame of the RFCs, padded as it is there. */
static void
seal_rfc_client(uint32_t version, struct sealed *out)
{
	struct seal how = plain_client(version);
	uint8_t payload[RFC_CLIENT_PAYLOAD_LEN] = { 0 };

	memcpy(payload, rfc_client_frame.at, rfc_client_frame.left);
	how.number = 2;
	how.number_len = 4;
	seal(&how, cur_of(payload, sizeof payload), out);
}

/* ---- what the RFCs print ---- */

static void
keys_are_derived_as_the_rfcs_show(void **state)
{
	struct quic_keys keys[QUIC_ENDS];

	(void)state;
	for (size_t i = 0; i < COUNT(rfcs); i++) {
		print_message("%s\n", rfcs[i].name);
		assert_true(quic_keys_derive(quic_version_find(rfcs[i].version),
		    rfc_dcid, keys));
		assert_octets(cur_of(&keys[QUIC_CLIENT], sizeof *keys),
		    rfcs[i].client_keys);
		assert_octets(cur_of(&keys[QUIC_SERVER], sizeof *keys),
		    rfcs[i].server_keys);
	}
}

/* Without which the tests with other packets would mean nothing. */
static void
tests_seal_packets_as_the_rfcs_do(void **state)
{
	struct sealed packet;

	(void)state;
	for (size_t i = 0; i < COUNT(rfcs); i++) {
		struct cursor begins = rfcs[i].client_begins,
			      ends = rfcs[i].client_ends;

		print_message("%s\n", rfcs[i].name);
		seal_rfc_client(rfcs[i].version, &packet);
		assert_int_equal(packet.len, 1200);
		assert_memory_equal(packet.octets, begins.at, begins.left);
		assert_memory_equal(packet.octets + packet.len - ends.left,
		    ends.at, ends.left);
	}
}

static void
the_hellos_of_the_rfcs_are_read(void **state)
{
	struct tls_handshake message;
	struct tls_client_hello client;
	struct tls_server_hello server;
	struct cursor messages;
	struct sealed packet;
	struct talk t;

	(void)state;
	for (size_t i = 0; i < COUNT(rfcs); i++) {
		print_message("%s\n", rfcs[i].name);
		quic_initials_init(&t.q);
		seal_rfc_client(rfcs[i].version, &packet);
		assert_int_equal(hear(&t, sealed_cursor(&packet)), DECODE_OK);
		assert_true(t.seen.hello[QUIC_CLIENT]);
		messages = quic_initials_messages(&t.q, QUIC_CLIENT);
		assert_int_equal(tls_handshake_next(&messages, &message),
		    DECODE_OK);
		assert_int_equal(tls_client_hello_decode(message.body, &client),
		    DECODE_OK);
		assert_octets(client.server_name, cur_of("example.com", 11));
		assert_int_equal(client.alpn_count, 1);
		assert_octets(client.alpn[0], cur_of("alpn", 4));

		assert_int_equal(hear(&t, rfcs[i].server), DECODE_OK);
		assert_true(t.seen.hello[QUIC_SERVER]);
		assert_false(t.seen.hello[QUIC_CLIENT]);
		messages = quic_initials_messages(&t.q, QUIC_SERVER);
		assert_int_equal(tls_handshake_next(&messages, &message),
		    DECODE_OK);
		assert_int_equal(tls_server_hello_decode(message.body, &server),
		    DECODE_OK);
		assert_int_equal(server.cipher, 0x1301);
	}
}

static void
a_retry_is_recognised(void **state)
{
	struct quic_packet packet;
	struct talk t;

	(void)state;
	for (size_t i = 0; i < COUNT(rfcs); i++) {
		struct cursor datagram = rfcs[i].retry;

		print_message("%s\n", rfcs[i].name);
		assert_int_equal(quic_packet_next(&datagram, &packet),
		    DECODE_OK);
		assert_int_equal(packet.type, QUIC_RETRY);
		assert_int_equal(packet.dcid.left, 0);
		assert_octets(packet.scid, rfc_server_cid);
		assert_octets(packet.token, cur_of("token", 5));
		assert_int_equal(datagram.left, 0);
		quic_initials_init(&t.q);
		assert_int_equal(hear(&t, rfcs[i].retry), DECODE_SHORT);
		assert_true(t.seen.retry);
	}
}

static void
drafts_have_salts_of_their_own(void **state)
{
	struct talk t;

	(void)state;
	for (size_t i = 0; i < COUNT(drafts); i++) {
		print_message("%s\n", drafts[i].name);
		quic_initials_init(&t.q);
		assert_int_equal(hear(&t, drafts[i].datagram), DECODE_OK);
		assert_octets(quic_initials_messages(&t.q, QUIC_CLIENT),
		    tiny_hello);
	}
}

/* ---- frames ---- */

static const struct {
	const char *name;
	struct cursor payload[3]; /* a datagram each; the first absent ends */
	enum decode last;         /* of the last datagram */
	size_t whole;             /* octets of tiny_hello by then */
	bool contradicted, beyond;
} frames[] = {
	{ "a hello may lie in one frame",
	    { WIRE("\6\0\x0c\1\0\0\x08"
		   "abcdefgh") },
	    DECODE_OK, 12, false, false },
	{ "frames come in any order in a packet",
	    { WIRE("\6\7\5"
		   "defgh"
		   "\6\0\3\1\0\0"
		   "\6\3\4\x08"
		   "abc") },
	    DECODE_OK, 12, false, false },
	{ "and in any order in datagrams",
	    { WIRE("\6\7\5"
		   "defgh"),
		WIRE("\6\3\4\x08"
		     "abc"),
		WIRE("\6\0\3\1\0\0") },
	    DECODE_OK, 12, false, false },
	{ "frames overlap",
	    { WIRE("\6\0\x08\1\0\0\x08"
		   "abcd"),
		WIRE("\6\2\x0a\0\x08"
		     "abcdefgh") },
	    DECODE_OK, 12, false, false },
	{ "where frames overlap and differ the first counts",
	    { WIRE("\6\0\x08\1\0\0\x08"
		   "abcd"),
		WIRE("\6\2\x0a\0\x08"
		     "aXcdefgh") },
	    DECODE_OK, 12, true, false },
	{ "a gap is waited for",
	    { WIRE("\6\0\6\1\0\0\x08"
		   "ab\6\7\5"
		   "defgh") },
	    DECODE_SHORT, 6, false, false },
	{ "padding is everywhere",
	    { WIRE("\0\0\0\6\0\6\1\0\0\x08"
		   "ab\0\0\6\6\6"
		   "cdefgh\0\0\0\0") },
	    DECODE_OK, 12, false, false },
	{ "PING, ACK and ACK_ECN are among them",
	    { WIRE("\1\2\5\0\0\0\6\0\6\1\0\0\x08"
		   "ab\3\x40\x09\0\2\0\1\1\2\2\1\2\3\1\6\6\6"
		   "cdefgh") },
	    DECODE_OK, 12, false, false },
	{ "a connection is closed behind its hello",
	    { WIRE("\6\0\x0c\1\0\0\x08"
		   "abcdefgh\x1c\x41\x28\6\3"
		   "bad") },
	    DECODE_OK, 12, false, false },
	{ "offset and length have any number of octets",
	    { WIRE("\6\x80\0\0\0\x40\x0c\1\0\0\x08"
		   "abcdefgh") },
	    DECODE_OK, 12, false, false },
	{ "an empty CRYPTO frame adds nothing", { WIRE("\6\0\0\1") },
	    DECODE_SHORT, 0, false, false },
	{ "octets too far on are noted, not kept",
	    { WIRE("\6\x60\0\3"
		   "far\6\0\x0c\1\0\0\x08"
		   "abcdefgh") },
	    DECODE_OK, 12, false, true },
	{ "a STREAM frame is not for Initials; what was before is kept",
	    { WIRE("\6\0\6\1\0\0\x08"
		   "ab\x08\0"
		   "abc") },
	    DECODE_MALFORMED, 6, false, false },
	{ "nor is an application's CONNECTION_CLOSE", { WIRE("\x1d\0\0\0") },
	    DECODE_MALFORMED, 0, false, false },
	{ "a whole hello is said before a fault behind it",
	    { WIRE("\6\0\x0c\1\0\0\x08"
		   "abcdefgh\x08") },
	    DECODE_OK, 12, false, false },
	{ "a CRYPTO frame does not end behind its packet",
	    { WIRE("\6\0\x0d\1\0\0\x08"
		   "abcdefgh") },
	    DECODE_MALFORMED, 0, false, false },
	{ "an ACK has the ranges that it announces",
	    { WIRE("\2\5\0\3\0\0\0\0") }, DECODE_MALFORMED, 0, false, false },
	{ "or fewer than octets are left, if it announces 2^62 - 1",
	    { WIRE("\2\5\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0") },
	    DECODE_MALFORMED, 0, false, false },
	{ "a reason does not end behind its packet",
	    { WIRE("\x1c\0\0\4"
		   "bad") },
	    DECODE_MALFORMED, 0, false, false },
	{ "no octet's offset reaches 2^62",
	    { WIRE("\6\xff\xff\xff\xff\xff\xff\xff\xff\1x") }, DECODE_MALFORMED,
	    0, false, false },
	{ "the first message is a hello", { WIRE("\6\0\4\2\0\0\0") },
	    DECODE_MALFORMED, 4, false, false },
	{ "a hello over 2^16 octets is not waited for",
	    { WIRE("\6\0\5\1\1\0\0a") }, DECODE_UNSUPPORTED, 5, false, false },
};

static void
frames_are_put_together(void **state)
{
	struct seal how = plain_client(QUIC_VERSION_1);
	enum decode rc;
	struct talk t;

	(void)state;
	for (size_t i = 0; i < COUNT(frames); i++) {
		const struct quic_gathered *end = &t.q.end[QUIC_CLIENT];
		struct cursor is;

		print_message("%s\n", frames[i].name);
		quic_initials_init(&t.q);
		rc = DECODE_SHORT;
		for (size_t j = 0; j < 3 && frames[i].payload[j].at; j++) {
			assert_int_not_equal(rc, DECODE_OK);
			how.number = j;
			rc = hear_sealed(&t, &how, frames[i].payload[j]);
			assert_false(t.seen.unopened);
		}
		is = quic_initials_messages(&t.q, QUIC_CLIENT);
		assert_int_equal(rc, frames[i].last);
		assert_int_equal(is.left, frames[i].whole);
		if (rc == DECODE_OK)
			assert_octets(is, tiny_hello);
		assert_int_equal(end->hello, rc == DECODE_OK);
		assert_int_equal(end->contradicted, frames[i].contradicted);
		assert_int_equal(end->beyond, frames[i].beyond);
	}
}

/* A hello of `len` octets, in packets of a thousand from its end on. */
static enum decode
hear_hello(struct talk *t, size_t len)
{
	struct seal how = plain_client(QUIC_VERSION_1);
	uint8_t payload[7 + 1000] = "\6\x80\0\0\0\x43\xe8";
	enum decode rc = DECODE_SHORT;

	quic_initials_init(&t->q);
	for (size_t at = (len + 999) / 1000 * 1000; at > 0;) {
		at -= 1000;
		payload[3] = (uint8_t)(at >> 8);
		payload[4] = (uint8_t)at;
		memset(payload + 7, 'x', 1000);
		if (at == 0) {
			memcpy(payload + 7, "\1\0", 2);
			payload[9] = (uint8_t)((len - 4) >> 8);
			payload[10] = (uint8_t)(len - 4);
		}
		assert_int_not_equal(rc, DECODE_OK);
		rc = hear_sealed(t, &how, cur_of(payload, sizeof payload));
		how.number++;
	}
	return rc;
}

static void
a_hello_is_kept_up_to_a_bound(void **state)
{
	struct talk t;

	(void)state;
	assert_int_equal(hear_hello(&t, 1800), DECODE_OK);
	assert_int_equal(hear_hello(&t, QUIC_CLIENT_MAX), DECODE_OK);
	assert_int_equal(hear_hello(&t, QUIC_CLIENT_MAX + 1),
	    DECODE_UNSUPPORTED);
	assert_true(t.q.end[QUIC_CLIENT].beyond);
	assert_int_equal(quic_initials_messages(&t.q, QUIC_CLIENT).left,
	    QUIC_CLIENT_MAX);
}

/* ---- headers ---- */

static const struct {
	const char *name;
	size_t dcid_len, scid_len, token_len, number_len;
	uint8_t reserved;
	bool opens;
} headers[] = {
	{ "a packet number of one octet", 8, 8, 0, 1, 0, true },
	{ "of two", 8, 8, 0, 2, 0, true },
	{ "of three", 8, 8, 0, 3, 0, true },
	{ "of four", 8, 8, 0, 4, 0, true },
	{ "connection IDs of no octets", 0, 0, 0, 1, 0, true },
	{ "connection IDs of 20 octets", 20, 20, 0, 1, 0, true },
	{ "a token", 8, 0, 5, 2, 0, true },
	{ "a token whose length takes two octets", 8, 0, 80, 2, 0, true },
	{ "reserved bits that are not zero", 8, 8, 0, 1, 1, false },
};

static void
headers_have_all_their_forms(void **state)
{
	static const uint8_t octets[80] = "01234567890123456789";
	struct talk t;

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct seal how = {
			.version = QUIC_VERSION_1,
			.key_dcid = { octets, headers[i].dcid_len },
			.dcid = { octets, headers[i].dcid_len },
			.scid = { octets + 1, headers[i].scid_len },
			.token = { octets, headers[i].token_len },
			.number = 3,
			.number_len = headers[i].number_len,
			.reserved = headers[i].reserved,
		};

		print_message("%s\n", headers[i].name);
		quic_initials_init(&t.q);
		assert_int_equal(hear_sealed(&t, &how, whole_frame),
		    headers[i].opens ? DECODE_OK : DECODE_SHORT);
		assert_int_equal(t.seen.unopened, !headers[i].opens);
	}
}

static const struct {
	const char *name;
	struct cursor datagram;
	enum decode rc;
} bad_headers[] = {
	{ "a connection ID of 21 octets",
	    WIRE("\xc0\0\0\0\1\x15"
		 "012345678901234567890\0\0\1x"),
	    DECODE_MALFORMED },
	{ "a connection ID that ends behind the datagram",
	    WIRE("\xc0\0\0\0\1\4abc"), DECODE_MALFORMED },
	{ "a token that ends behind the datagram",
	    WIRE("\xc0\0\0\0\1\0\0\5abcd"), DECODE_MALFORMED },
	{ "a packet that ends behind the datagram",
	    WIRE("\xc0\0\0\0\1\0\0\0\5abcd"), DECODE_MALFORMED },
	{ "a Retry without room for its tag",
	    WIRE("\xf0\0\0\0\1\0\0"
		 "012345678901234"),
	    DECODE_MALFORMED },
	{ "a Version Negotiation without a version", WIRE("\xc0\0\0\0\0\0\0"),
	    DECODE_MALFORMED },
	{ "a Version Negotiation with half of one",
	    WIRE("\xc0\0\0\0\0\0\0\0\0\0\1\0\0"), DECODE_MALFORMED },
	{ "a version that is not read, with an ID of 21 octets",
	    WIRE("\xc0\x1a\x2a\x3a\x4a\x15"
		 "012345678901234567890\0whatever"),
	    DECODE_UNSUPPORTED },
	{ "an Initial too short for a sample", WIRE("\xc0\0\0\0\1\0\0\0\4abcd"),
	    DECODE_SHORT },
	{ "a short header", WIRE("\x40whatever"), DECODE_SHORT },
	{ "nothing", { NULL, 0 }, DECODE_SHORT },
};

static void
other_datagrams_say_what_they_are(void **state)
{
	struct talk t;

	(void)state;
	for (size_t i = 0; i < COUNT(bad_headers); i++) {
		print_message("%s\n", bad_headers[i].name);
		quic_initials_init(&t.q);
		assert_int_equal(hear(&t, bad_headers[i].datagram),
		    bad_headers[i].rc);
	}
}

static const struct {
	const char *name;
	uint64_t highest, number;
	size_t number_len;
} numbers[] = {
	{ "the example of RFC 9000 appendix A.3", 0xa82f30ea, 0xa82f9b32, 2 },
	{ "one that goes on", 7, 8, 1 },
	{ "one past the next multiple of 2^8", 0xf0, 0x105, 1 },
	{ "one that was overtaken", 0x102, 0xfe, 1 },
	{ "one that comes twice", 0x102, 0x102, 1 },
	{ "one half a window on", 0x100, 0x180, 1 },
};

static void
a_packet_number_is_nearest_to_the_highest(void **state)
{
	struct seal how = plain_client(QUIC_VERSION_1);
	struct talk t;

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		print_message("%s\n", numbers[i].name);
		quic_initials_init(&t.q);
		how.number = numbers[i].highest;
		how.number_len = 4;
		hear_sealed(&t, &how, nothing_new);
		assert_false(t.seen.unopened);
		how.number = numbers[i].number;
		how.number_len = numbers[i].number_len;
		assert_int_equal(hear_sealed(&t, &how, whole_frame), DECODE_OK);
		assert_int_equal(t.q.restarts, 0);
	}
}

/* ---- connections ---- */

static void
the_servers_connection_id_changes_no_keys(void **state)
{
	struct seal how = plain_client(QUIC_VERSION_1);
	struct talk t;

	(void)state;
	quic_initials_init(&t.q);
	assert_int_equal(hear_sealed(&t, &how, pieces[0]), DECODE_SHORT);
	hear(&t, rfcs[0].server);
	assert_true(t.seen.hello[QUIC_SERVER]);
	how.dcid = rfc_server_cid;
	how.number = 1;
	assert_int_equal(hear_sealed(&t, &how, pieces[1]), DECODE_SHORT);
	assert_int_equal(hear_sealed(&t, &how, pieces[2]), DECODE_OK);
	assert_octets(quic_initials_messages(&t.q, QUIC_CLIENT), tiny_hello);
	assert_int_equal(t.q.restarts, 0);
}

static void
a_servers_initial_alone_stays_closed(void **state)
{
	struct talk t;

	(void)state;
	quic_initials_init(&t.q);
	assert_int_equal(hear(&t, rfcs[0].server), DECODE_SHORT);
	assert_true(t.seen.unopened);
	assert_int_equal(t.q.version, 0);
}

/* Some clients send the same hello behind it, some a new one. */
static void
after_a_retry_the_hello_comes_again(void **state)
{
	struct seal how = plain_client(QUIC_VERSION_1);
	static const struct cursor other = WIRE("\6\0\x0c\1\0\0\x08"
						"another!");
	struct talk t;

	(void)state;
	quic_initials_init(&t.q);
	hear_sealed(&t, &how, pieces[0]);
	hear(&t, rfcs[0].retry);
	how.key_dcid = how.dcid = rfc_server_cid;
	how.token = cur_of("token", 5);
	how.number = 1;
	assert_int_equal(hear_sealed(&t, &how, other), DECODE_OK);
	assert_memory_equal(quic_initials_messages(&t.q, QUIC_CLIENT).at + 4,
	    "another!", 8);
	assert_false(t.q.end[QUIC_CLIENT].contradicted);
	assert_int_equal(t.q.restarts, 1);
}

static void
a_version_negotiation_is_followed(void **state)
{
	static const struct cursor negotiation = WIRE(
	    "\x80\0\0\0\0\0\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08"
	    "\x6b\x33\x43\xcf\0\0\0\1");
	struct seal how = plain_client(0xff00001d);
	struct talk t;

	(void)state;
	quic_initials_init(&t.q);
	hear_sealed(&t, &how, pieces[0]);
	assert_int_equal(hear(&t, negotiation), DECODE_SHORT);
	assert_true(t.seen.negotiation);
	how.version = QUIC_VERSION_2;
	assert_int_equal(hear_sealed(&t, &how, whole_frame), DECODE_OK);
	assert_int_equal(t.q.version, QUIC_VERSION_2);
	assert_int_equal(t.q.restarts, 1);
}

/* RFC 9369 section 4.1: keys of the new version, from the first DCID. */
static void
a_server_may_change_the_version(void **state)
{
	static const struct cursor hello = WIRE("\2\0\0\0\0\6\0\4\2\0\0\0");
	struct seal client = plain_client(QUIC_VERSION_1);
	struct seal server = plain_server(QUIC_VERSION_2);
	struct talk t;

	(void)state;
	quic_initials_init(&t.q);
	hear_sealed(&t, &client, whole_frame);
	assert_true(t.seen.hello[QUIC_CLIENT]);
	assert_int_equal(hear_sealed(&t, &server, hello), DECODE_OK);
	assert_true(t.seen.hello[QUIC_SERVER]);
	client.version = QUIC_VERSION_2;
	client.dcid = rfc_server_cid;
	hear_sealed(&t, &client, nothing_new);
	assert_false(t.seen.unopened);
	assert_int_equal(t.q.restarts, 0);
	assert_octets(quic_initials_messages(&t.q, QUIC_CLIENT), tiny_hello);
}

/* With a packet of each other kind, and garbage at the end. */
static void
packets_share_a_datagram(void **state)
{
	static const char handshake[] = "\xe0\0\0\0\1\0\0\4abcd",
			  zero_rtt[] = "\xd0\0\0\0\1\0\0\4abcd";
	struct seal how = plain_client(QUIC_VERSION_1);
	struct sealed all = { .len = 0 }, part;
	struct talk t;

	(void)state;
	seal_put(&all, zero_rtt, sizeof zero_rtt - 1);
	for (size_t i = 0; i < 3; i++) {
		how.number = i;
		seal(&how, pieces[i], &part);
		seal_put(&all, part.octets, part.len);
		seal_put(&all, handshake, sizeof handshake - 1);
	}
	seal_put(&all, "\x40whatever", 9);
	quic_initials_init(&t.q);
	assert_int_equal(hear(&t, sealed_cursor(&all)), DECODE_OK);
	assert_octets(quic_initials_messages(&t.q, QUIC_CLIENT), tiny_hello);
}

static void
a_faulty_packet_hides_no_hello_behind_it(void **state)
{
	static const struct cursor stream = WIRE("\x08\0abc");
	struct seal how = plain_client(QUIC_VERSION_1);
	struct sealed all, part;
	struct talk t;

	(void)state;
	seal(&how, stream, &all);
	how.number = 1;
	seal(&how, whole_frame, &part);
	seal_put(&all, part.octets, part.len);
	quic_initials_init(&t.q);
	assert_int_equal(hear(&t, sealed_cursor(&all)), DECODE_OK);
}

static void
a_whole_hello_is_not_lost_to_what_follows_it(void **state)
{
	struct seal how = plain_client(QUIC_VERSION_1);
	struct sealed all, part;
	struct talk t;

	(void)state;
	seal(&how, whole_frame, &all);
	how.key_dcid = how.dcid = rfc_server_cid;
	seal(&how, nothing_new, &part);
	seal_put(&all, part.octets, part.len);
	how.version = QUIC_VERSION_2;
	how.key_dcid = rfc_dcid;
	seal(&how, nothing_new, &part);
	seal_put(&all, part.octets, part.len);
	quic_initials_init(&t.q);
	assert_int_equal(hear(&t, sealed_cursor(&all)), DECODE_OK);
	assert_octets(quic_initials_messages(&t.q, QUIC_CLIENT), tiny_hello);
	assert_true(t.seen.unopened);
}

/* Each costs keys to derive; honest datagrams have one. */
static void
a_datagram_begins_few_connections(void **state)
{
	struct seal how = plain_client(QUIC_VERSION_1);
	struct sealed all = { .len = 0 }, part;
	uint8_t dcid[8] = { 0 };
	struct talk t;

	(void)state;
	how.key_dcid = how.dcid = cur_of(dcid, sizeof dcid);
	for (dcid[0] = 0; dcid[0] < 5; dcid[0]++) {
		seal(&how, nothing_new, &part);
		seal_put(&all, part.octets, part.len);
	}
	quic_initials_init(&t.q);
	assert_int_equal(hear(&t, sealed_cursor(&all)), DECODE_SHORT);
	assert_true(t.seen.unopened);
	assert_int_equal(t.q.restarts, 3);
}

static void
no_octet_may_differ(void **state)
{
	struct seal how = plain_client(QUIC_VERSION_1);
	struct sealed packet;
	struct talk t;

	(void)state;
	seal(&how, whole_frame, &packet);
	for (size_t i = 0; i < packet.len; i++) {
		packet.octets[i] ^= 0x10;
		quic_initials_init(&t.q);
		assert_int_not_equal(hear(&t, sealed_cursor(&packet)),
		    DECODE_OK);
		assert_int_equal(t.q.end[QUIC_CLIENT].whole, 0);
		packet.octets[i] ^= 0x10;
	}
	assert_int_equal(hear(&t, sealed_cursor(&packet)), DECODE_OK);
}

static void
every_prefix_of_a_datagram_harms_nothing(void **state)
{
	struct seal how = plain_client(QUIC_VERSION_2);
	struct sealed packet;
	struct talk t;

	(void)state;
	seal(&how, whole_frame, &packet);
	for (size_t len = 0; len < packet.len; len++) {
		uint8_t *block = malloc(len + 1);

		assert_non_null(block);
		memcpy(block + 1, packet.octets, len);
		quic_initials_init(&t.q);
		assert_int_equal(hear(&t, cur_of(block + 1, len)),
		    len == 0 ? DECODE_SHORT : DECODE_MALFORMED);
		assert_int_not_equal(quic_guess(cur_of(block + 1, len)),
		    QUIC_INITIAL_SEEN);
		free(block);
	}
}

/* ---- guesses ---- */

static const struct {
	const char *name;
	struct cursor begins; /* and zeros follow */
	size_t len;
	enum quic_guess guess;
} guesses[] = {
	{ "a client's first",
	    WIRE("\xc0\0\0\0\1\x08"
		 "01234567\0\0\x44\x96"),
	    1200, QUIC_INITIAL_SEEN },
	{ "version 2 has its types elsewhere",
	    WIRE("\xd0\x6b\x33\x43\xcf\x08"
		 "01234567\0\0\x44\x96"),
	    1200, QUIC_INITIAL_SEEN },
	{ "there it is a Retry",
	    WIRE("\xc0\x6b\x33\x43\xcf\x08"
		 "01234567\0\0\x44\x96"),
	    1200, QUIC_OTHER },
	{ "an Initial behind 0-RTT",
	    WIRE("\xd0\0\0\0\1\0\0\1x"
		 "\xc0\0\0\0\1\0\0\0\x44\x90"),
	    1200, QUIC_INITIAL_SEEN },
	{ "without the fixed bit",
	    WIRE("\x80\0\0\0\1\x08"
		 "01234567\0\0\x44\x96"),
	    1200, QUIC_INITIAL_SEEN },
	{ "a datagram that servers ignore",
	    WIRE("\xc0\0\0\0\1\x08"
		 "01234567\0\0\x44\x96"),
	    1199, QUIC_OTHER },
	{ "a Handshake", WIRE("\xe0\0\0\0\1\0\0\x44\x90"), 1200, QUIC_OTHER },
	{ "a Version Negotiation", WIRE("\x80\0\0\0\0\0\0\0\0\0\1"), 11,
	    QUIC_OTHER },
	{ "a version reserved for practice", WIRE("\xc0\x1a\x2a\x3a\x4a\0\0"),
	    1200, QUIC_OTHER },
	{ "Google's Q046",
	    WIRE("\xc3Q046\x50"
		 "01234567"),
	    1350, QUIC_OTHER },
	{ "a version that nobody knows", WIRE("\xc0\x12\x34\x56\x78\0\0"), 1200,
	    QUIC_NO },
	{ "a packet longer than its datagram",
	    WIRE("\xc0\0\0\0\1\x08"
		 "01234567\0\0\x44\xf0"),
	    1200, QUIC_NO },
	{ "a short header",
	    WIRE("\x40\0\0\0\1\x08"
		 "01234567\0\0\x44\x96"),
	    1200, QUIC_NO },
	{ "a DNS query", WIRE("\x12\x34\1\0\0\1\0\0\0\0\0\0"), 40, QUIC_NO },
	{ "nothing", WIRE(""), 0, QUIC_NO },
};

static void
a_datagram_is_guessed_by_its_headers(void **state)
{
	uint8_t datagram[1350];

	(void)state;
	for (size_t i = 0; i < COUNT(guesses); i++) {
		print_message("%s\n", guesses[i].name);
		memset(datagram, 0, sizeof datagram);
		memcpy(datagram, guesses[i].begins.at, guesses[i].begins.left);
		assert_int_equal(quic_guess(cur_of(datagram, guesses[i].len)),
		    guesses[i].guess);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_derived_as_the_rfcs_show),
		cmocka_unit_test(tests_seal_packets_as_the_rfcs_do),
		cmocka_unit_test(the_hellos_of_the_rfcs_are_read),
		cmocka_unit_test(a_retry_is_recognised),
		cmocka_unit_test(drafts_have_salts_of_their_own),
		cmocka_unit_test(frames_are_put_together),
		cmocka_unit_test(a_hello_is_kept_up_to_a_bound),
		cmocka_unit_test(headers_have_all_their_forms),
		cmocka_unit_test(other_datagrams_say_what_they_are),
		cmocka_unit_test(a_packet_number_is_nearest_to_the_highest),
		cmocka_unit_test(the_servers_connection_id_changes_no_keys),
		cmocka_unit_test(a_servers_initial_alone_stays_closed),
		cmocka_unit_test(after_a_retry_the_hello_comes_again),
		cmocka_unit_test(a_version_negotiation_is_followed),
		cmocka_unit_test(a_server_may_change_the_version),
		cmocka_unit_test(packets_share_a_datagram),
		cmocka_unit_test(a_faulty_packet_hides_no_hello_behind_it),
		cmocka_unit_test(a_whole_hello_is_not_lost_to_what_follows_it),
		cmocka_unit_test(a_datagram_begins_few_connections),
		cmocka_unit_test(no_octet_may_differ),
		cmocka_unit_test(every_prefix_of_a_datagram_harms_nothing),
		cmocka_unit_test(a_datagram_is_guessed_by_its_headers),
	};

	return cmocka_run_group_tests(tests, make_crypto, free_crypto);
}
