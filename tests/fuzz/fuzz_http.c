#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/http.h"

/*
 * The input is a stream.  Besides the sanitizers' findings, this looks for
 * windows that leave the stream, heads that change with what follows them or
 * that http_guess does not know, and chunked bodies that depend on how the
 * stream was split.
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
require_inside(struct cursor window, struct cursor stream)
{
	if (window.at == NULL) {
		require(window.left == 0);
		return;
	}
	require(window.at >= stream.at && window.at <= stream.at + stream.left);
	require(window.left <= (size_t)(stream.at + stream.left - window.at));
}

static void
check_names(const struct http_head *head, struct cursor stream)
{
	struct cursor authority, path, host;
	uint16_t port;

	(void)http_target_parse(head->method, head->target, &authority, &path);
	require_inside(authority, stream);
	require_inside(path, stream);
	if (http_host_split(authority, &host, &port))
		require_inside(host, stream);
	if (http_host_split(head->host, &host, &port)) {
		require_inside(host, stream);
		require(host.left > 0);
	}
}

static void
check_head(const struct http_head *head, struct cursor stream)
{
	char text[256];
	size_t i, max;

	require(head->head_len > 0 && head->head_len <= stream.left);
	stream.left = head->head_len;
	require_inside(head->version, stream);
	require_inside(head->method, stream);
	require_inside(head->target, stream);
	require_inside(head->reason, stream);
	require_inside(head->host, stream);
	require_inside(head->content_length, stream);
	require_inside(head->transfer_encoding, stream);
	require(head->field_count <= HTTP_FIELDS_MAX);
	for (i = 0; i < head->field_count; i++) {
		require_inside(head->fields[i].name, stream);
		require_inside(head->fields[i].value, stream);
		require(head->fields[i].name.left > 0);
		max = i < sizeof(text) ? sizeof(text) - i : 0;
		require(
		    http_value_unfold(head->fields[i].value, text, max) <= max);
	}
	(void)http_request_framing(head);
	(void)http_response_framing(head, false, true);
	check_names(head, stream);
}

/* A stream that grows, as http_head_ready promises. */
static void
check_ready(struct cursor stream, enum http_kind kind)
{
	struct http_head head;
	size_t scanned = 0, len;
	bool ready;
	enum decode rc = DECODE_SHORT;

	for (len = 0; len <= stream.left && rc == DECODE_SHORT;
	     len += 1 + len / 8) {
		ready = http_head_ready(cur_of(stream.at, len), &scanned);
		rc = http_head_decode(cur_of(stream.at, len), kind, false,
		    &head);
		require(ready || rc == DECODE_SHORT);
	}
}

/* What is a request only because both functions say so. */
static bool
is_versionless(const struct http_head *head)
{
	return head->kind == HTTP_KIND_REQUEST && head->version.at == NULL &&
	       !head->cut;
}

static void
check_kind(struct cursor stream, enum http_kind kind)
{
	struct http_head whole, exact;
	enum decode rc;

	check_ready(stream, kind);
	rc = http_head_decode(stream, kind, false, &whole);
	if (rc == DECODE_OK) {
		check_head(&whole, stream);
		if (is_versionless(&whole))
			require(http_guess(stream) == HTTP_REQUEST);
		stream.left = whole.head_len;
		require(http_head_decode(stream, kind, false, &exact) == rc);
		require(exact.head_len == whole.head_len);
		require(exact.field_count == whole.field_count);
		require(exact.bad_line_count == whole.bad_line_count);
	}
	rc = http_head_decode(stream, kind, true, &whole);
	require(rc != DECODE_SHORT);
	if (rc == DECODE_OK)
		check_head(&whole, stream);
}

/* A hash of the data, and what else came of a body. */
struct outcome {
	enum decode rc;
	uint64_t hash, data_len;
	size_t left;
};

static struct outcome
feed(struct cursor stream, size_t piece)
{
	struct outcome out = { DECODE_SHORT, 0, 0, stream.left };
	struct http_chunks chunks = { 0 };
	struct cursor part, body;
	size_t before, i;

	while (out.rc == DECODE_SHORT && out.left > 0) {
		part.at = stream.at + stream.left - out.left;
		part.left = out.left < piece ? out.left : piece;
		before = part.left;
		out.rc = http_chunks_feed(&chunks, &part, &body);
		require(part.left < before);
		require_inside(body, stream);
		out.left -= before - part.left;
		for (i = 0; i < body.left; i++)
			out.hash = out.hash * 31 + body.at[i];
		out.data_len += body.left;
	}
	if (out.rc == DECODE_OK)
		require(chunks.body_len == out.data_len);
	return out;
}

static void
check_chunks(struct cursor stream)
{
	struct outcome once = feed(stream, SIZE_MAX), split;
	size_t piece;

	for (piece = 1; piece <= 7; piece += 3) {
		split = feed(stream, piece);
		require(split.rc == once.rc && split.hash == once.hash);
		require(split.data_len == once.data_len);
		if (once.rc != DECODE_MALFORMED)
			require(split.left == once.left);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor stream = cur_of(data, size), host;
	struct http_head head;
	uint16_t port;

	(void)http_guess(stream);
	check_kind(stream, HTTP_KIND_REQUEST);
	check_kind(stream, HTTP_KIND_RESPONSE);
	check_chunks(stream);
	if (http_host_split(stream, &host, &port))
		require_inside(host, stream);
	/* A body where one belongs. */
	if (http_head_decode(stream, HTTP_KIND_RESPONSE, false, &head) ==
		DECODE_OK &&
	    cur_skip(&stream, head.head_len))
		check_chunks(stream);
	return 0;
}
