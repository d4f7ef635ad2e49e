#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/tls.h"
#include "sensor/fingerprint.h"

/*
 * The input is a hello's body.  Besides the sanitizers' findings, this looks
 * for fingerprints of the wrong form, and for a JA4 that changes when the
 * ciphers are turned round.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not with NDEBUG either. */
static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_form(bool spelled, const struct fingerprint *out, size_t hash_len)
{
	require(strlen(out->string) == out->string_len);
	require(strlen(out->hash) == (spelled ? hash_len : 0));
	require((out->string_len > 0) == spelled);
	require(strspn(out->string,
		    "0123456789abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ,_-") == out->string_len);
}

static void
check_order(struct fingerprinter *f, struct tls_client_hello hello,
    const struct fingerprint *before)
{
	static uint8_t turned[65536];
	struct fingerprint after;
	size_t left = hello.ciphers.left;

	require(left <= sizeof turned);
	for (size_t i = 0; i + 1 < left; i += 2)
		memcpy(turned + left - 2 - i, hello.ciphers.at + i, 2);
	hello.ciphers = cur_of(turned, left);
	require(ja4_spell(f, &hello, JA4_QUIC, &after));
	require(strcmp(after.string, before->string) == 0);
	require(strcmp(after.hash, before->hash) == 0);
}

static void
check_client(struct fingerprinter *f, struct cursor body)
{
	struct tls_client_hello hello;
	struct fingerprint out;
	enum decode rc = tls_client_hello_decode(body, &hello);
	bool spelled;

	require(rc != DECODE_OK || hello.whole);
	spelled = ja3_spell(f, &hello, &out);
	require(!spelled || hello.whole);
	check_form(spelled, &out, JA3_LEN);
	spelled = ja4_spell(f, &hello, JA4_QUIC, &out);
	require(!spelled || hello.whole);
	check_form(spelled, &out, JA4_LEN);
	if (spelled)
		check_order(f, hello, &out);
}

static void
check_server(struct fingerprinter *f, struct cursor body)
{
	struct tls_server_hello hello;
	struct fingerprint out;
	enum decode rc = tls_server_hello_decode(body, &hello);
	bool spelled = ja3s_spell(f, &hello, &out);

	require(rc != DECODE_OK || hello.whole);
	require(spelled == (hello.whole && !hello.extensions.more));
	check_form(spelled, &out, JA3_LEN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fingerprinter *f;

	if (f == NULL)
		f = fingerprinter_new();
	require(f != NULL && fingerprinter_has_ja3(f));
	check_client(f, cur_of(data, size));
	check_server(f, cur_of(data, size));
	return 0;
}
