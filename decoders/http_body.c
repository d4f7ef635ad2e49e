#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/http.h"
#include "decoders/http_text.h"

/* What follows the head of an HTTP/1.x message: RFC 9112 sections 6 and 7. */

static enum http_framing
length_framing(const struct http_head *head)
{
	return head->body_len > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
}

enum http_framing
http_request_framing(const struct http_head *head)
{
	if (head->cut)
		return HTTP_BODY_TO_CLOSE;
	if (head->chunked)
		return HTTP_BODY_CHUNKED;
	return length_framing(head);
}

enum http_framing
http_response_framing(const struct http_head *head, bool request_was_head,
    bool request_was_connect)
{
	if (head->cut)
		return HTTP_BODY_TO_CLOSE;
	if (head->status == 101)
		return HTTP_BODY_UPGRADED;
	/* Below 100 is "2XX" and the like, which clients take for success. */
	if (request_was_connect &&
	    (head->status < 100 || head->status / 100 == 2))
		return HTTP_BODY_TUNNEL;
	if (request_was_head || head->status / 100 == 1 ||
	    head->status == 204 || head->status == 304)
		return HTTP_BODY_NONE;
	if (head->coded)
		return head->chunked ? HTTP_BODY_CHUNKED : HTTP_BODY_TO_CLOSE;
	if (head->has_body_len)
		return length_framing(head);
	return HTTP_BODY_TO_CLOSE;
}

/* Where in a chunked body the next octet is; zero is its beginning. */
enum chunk_state {
	CHUNK_SIZE_FIRST, /* no digit yet */
	CHUNK_SIZE,
	CHUNK_EXTENSION, /* the rest of the chunk-size line */
	CHUNK_DATA,
	CHUNK_DATA_END,    /* CRLF after chunk-data */
	CHUNK_DATA_END_LF, /* its LF */
	TRAILER_LINE_FIRST,
	TRAILER_LINE_CR, /* empty so far, but for a CR */
	TRAILER_LINE,
	CHUNKS_DONE,
	CHUNKS_BROKEN,
};

static int
hex_digit(int octet)
{
	octet = text_lower(octet);
	if (text_is_digit(octet))
		return octet - '0';
	return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* The chunk-size line is complete. */
static enum chunk_state
begin_chunk(struct http_chunks *chunks)
{
	chunks->line_len = 0;
	if (chunks->size == 0)
		return TRAILER_LINE_FIRST;
	chunks->skip = chunks->size;
	chunks->size = 0;
	if (chunks->skip > UINT64_MAX - chunks->body_len)
		chunks->body_len = UINT64_MAX;
	else
		chunks->body_len += chunks->skip;
	return CHUNK_DATA;
}

/* chunk-size, with the spaces that some senders pad it with. */
static enum chunk_state
feed_size(struct http_chunks *chunks, uint8_t octet)
{
	int digit = hex_digit(octet);

	if (digit >= 0) {
		if (chunks->size > UINT64_MAX >> 4)
			return CHUNKS_BROKEN;
		chunks->size = chunks->size << 4 | (uint64_t)digit;
		return CHUNK_SIZE;
	}
	if (chunks->state == CHUNK_SIZE_FIRST)
		return text_is_ows(octet) ? CHUNK_SIZE_FIRST : CHUNKS_BROKEN;
	if (octet == '\n')
		return begin_chunk(chunks);
	if (octet == ';' || octet == '\r' || text_is_ows(octet))
		return CHUNK_EXTENSION;
	return CHUNKS_BROKEN;
}

/* One octet, in the states where each one counts. */
static enum chunk_state
feed_octet(struct http_chunks *chunks, uint8_t octet)
{
	switch ((enum chunk_state)chunks->state) {
	case CHUNK_SIZE_FIRST:
	case CHUNK_SIZE:
		return feed_size(chunks, octet);
	case CHUNK_EXTENSION:
		return octet == '\n' ? begin_chunk(chunks) : CHUNK_EXTENSION;
	case CHUNK_DATA:
		break;
	case CHUNK_DATA_END:
		if (octet == '\r')
			return CHUNK_DATA_END_LF;
		/* FALLTHROUGH */
	case CHUNK_DATA_END_LF:
		return octet == '\n' ? CHUNK_SIZE_FIRST : CHUNKS_BROKEN;
	case TRAILER_LINE_FIRST:
		if (octet == '\r')
			return TRAILER_LINE_CR;
		/* FALLTHROUGH */
	case TRAILER_LINE_CR:
		return octet == '\n' ? CHUNKS_DONE : TRAILER_LINE;
	case TRAILER_LINE:
		return octet == '\n' ? TRAILER_LINE_FIRST : TRAILER_LINE;
	case CHUNKS_DONE:
	case CHUNKS_BROKEN:
		break;
	}
	return (enum chunk_state)chunks->state;
}

/* Octets that a line, or the trailer section, may have. */
static uint32_t
line_len_max(const struct http_chunks *chunks)
{
	return chunks->state >= TRAILER_LINE_FIRST ? HTTP_TRAILER_MAX
	                                           : HTTP_CHUNK_LINE_MAX;
}

/* To the LF, where the octets before it do not matter. */
static void
skip_line_rest(struct http_chunks *chunks, struct cursor *stream)
{
	size_t len;

	if (chunks->state != CHUNK_EXTENSION && chunks->state != TRAILER_LINE)
		return;
	len = line_len_max(chunks) - chunks->line_len;
	len = text_find(text_first(*stream, len), '\n');
	*stream = text_from(*stream, len);
	chunks->line_len += (uint32_t)len;
}

/* Everything between two runs of chunk data. */
static void
feed_lines(struct http_chunks *chunks, struct cursor *stream)
{
	uint8_t octet;

	while (chunks->state != CHUNK_DATA && chunks->state < CHUNKS_DONE) {
		skip_line_rest(chunks, stream);
		if (!cur_u8(stream, &octet))
			return;
		if (chunks->line_len++ == line_len_max(chunks))
			chunks->state = CHUNKS_BROKEN;
		else
			chunks->state = (uint8_t)feed_octet(chunks, octet);
	}
}

enum decode
http_chunks_feed(struct http_chunks *chunks, struct cursor *stream,
    struct cursor *data)
{
	*data = text_first(*stream, 0);
	if (chunks->state == CHUNK_DATA && chunks->skip == 0)
		chunks->state = CHUNK_DATA_END;
	feed_lines(chunks, stream);
	if (chunks->state == CHUNK_DATA) {
		*data = *stream;
		if (data->left > chunks->skip)
			data->left = (size_t)chunks->skip;
		*stream = text_from(*stream, data->left);
		chunks->skip -= data->left;
	}
	if (chunks->state == CHUNKS_DONE)
		return DECODE_OK;
	return chunks->state == CHUNKS_BROKEN ? DECODE_MALFORMED : DECODE_SHORT;
}
