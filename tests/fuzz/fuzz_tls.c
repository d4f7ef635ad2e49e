#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/tls.h"

/*
 * The input is a stream, and again a hello's body.  Besides the sanitizers'
 * findings, this looks for windows that leave what they borrow from, for
 * messages that change when their records are cut differently, and for a
 * prefix of a body that shows another server name than the whole does.
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
require_inside(struct cursor window, struct cursor whole)
{
	if (window.at == NULL) {
		require(window.left == 0);
		return;
	}
	require(window.at >= whole.at && window.at <= whole.at + whole.left);
	require(window.left <= (size_t)(whole.at + whole.left - window.at));
}

static void
require_same(struct cursor a, struct cursor b)
{
	require(a.left == b.left);
	require(a.left == 0 || memcmp(a.at, b.at, a.left) == 0);
}

static void
check_client_hello(struct cursor body)
{
	struct tls_client_hello hello, part;
	struct cursor prefix = body;
	enum decode rc = tls_client_hello_decode(body, &hello);
	size_t i;

	require_inside(hello.random, body);
	require_inside(hello.session_id, body);
	require_inside(hello.ciphers, body);
	require_inside(hello.compressions, body);
	require_inside(hello.server_name, body);
	require_inside(hello.groups, body);
	require_inside(hello.point_formats, body);
	require_inside(hello.signature_algorithms, body);
	require_inside(hello.versions, body);
	require(hello.extensions.count <= TLS_EXTENSIONS_MAX);
	require(hello.alpn_count <= TLS_ALPN_MAX);
	for (i = 0; i < hello.alpn_count; i++)
		require_inside(hello.alpn[i], body);
	if (rc == DECODE_OK)
		require(hello.random.left == 32 && hello.ciphers.left >= 2);
	if (rc != DECODE_OK || body.left == 0)
		return;
	prefix.left -= 1 + body.at[0] % body.left;
	rc = tls_client_hello_decode(prefix, &part);
	require(rc == DECODE_SHORT || !part.has_extensions);
	if (part.server_name.at != NULL)
		require_same(part.server_name, hello.server_name);
}

static void
check_server_hello(struct cursor body)
{
	struct tls_server_hello hello;

	if (tls_server_hello_decode(body, &hello) == DECODE_OK)
		require(hello.random.left == 32);
	require_inside(hello.random, body);
	require_inside(hello.session_id, body);
	require_inside(hello.alpn, body);
	require(hello.extensions.count <= TLS_EXTENSIONS_MAX);
}

/* The message again, in records of `size` octets of handshake. */
static void
check_split(const struct tls_handshake *message, size_t size)
{
	static uint8_t stream[TLS_HANDSHAKE_MAX * 6],
	    scratch[TLS_HANDSHAKE_MAX];
	static uint8_t flat[TLS_HANDSHAKE_MAX];
	struct tls_handshake again;
	struct cursor rest, part;
	size_t len = 0;

	flat[0] = message->type;
	flat[1] = (uint8_t)(message->len >> 16);
	flat[2] = (uint8_t)(message->len >> 8);
	flat[3] = (uint8_t)message->len;
	if (message->body.left > 0)
		memcpy(flat + 4, message->body.at, message->body.left);
	rest = cur_of(flat, 4 + message->body.left);
	while (rest.left > 0) {
		require(cur_take(&rest, size < rest.left ? size : rest.left,
		    &part));
		memcpy(stream + len, "\x16\x03\x03", 3);
		stream[len + 3] = (uint8_t)(part.left >> 8);
		stream[len + 4] = (uint8_t)part.left;
		memcpy(stream + len + 5, part.at, part.left);
		len += 5 + part.left;
	}
	require(tls_handshake_open(cur_of(stream, len), scratch, sizeof scratch,
		    &again) == DECODE_OK);
	require(again.type == message->type && again.consumed == len);
	require_same(again.body, message->body);
}

static void
check_stream(struct cursor stream)
{
	static uint8_t scratch[TLS_HANDSHAKE_MAX];
	struct cursor rest = stream;
	struct tls_handshake message, next;
	struct tls_record record;
	enum decode rc;

	rc = tls_handshake_open(stream, scratch, sizeof scratch, &message);
	require(message.body.left <= message.len || message.len == 0);
	check_client_hello(message.body);
	check_server_hello(message.body);
	if (rc == DECODE_OK) {
		require(message.body.left == message.len);
		require(message.consumed <= stream.left);
		require_inside(message.rest, stream);
		check_split(&message, 1 + stream.at[stream.left - 1]);
		while (tls_handshake_next(&message.rest, &next) == DECODE_OK)
			require_inside(next.body, stream);
	}
	if (tls_guess(stream) == TLS_MAYBE)
		require(rc == DECODE_SHORT);
	while (tls_record_next(&rest, &record) == DECODE_OK)
		require_inside(record.fragment, stream);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_stream(cur_of(data, size));
	check_client_hello(cur_of(data, size));
	check_server_hello(cur_of(data, size));
	return 0;
}
