#include "decoders/quic_frames.h"

#include <stdbool.h>

#include "decoders/quic_wire.h"

#define VARINT_MAX ((UINT64_C(1) << 62) - 1)

static void
skip_padding(struct cursor *c)
{
	while (c->left > 0 && c->at[0] == QUIC_PADDING && cur_skip(c, 1))
		;
}

/* RFC 9000 section 19.3.  However many ranges are announced, the octets that
 * are there bound the work. */
static bool
skip_ack(struct cursor *c, bool with_ecn)
{
	uint64_t largest, delay, ranges, value;

	if (!cur_varint(c, &largest) || !cur_varint(c, &delay) ||
	    !cur_varint(c, &ranges) || !cur_varint(c, &value))
		return false;
	for (; ranges > 0; ranges--)
		if (!cur_varint(c, &value) || !cur_varint(c, &value))
			return false;
	return !with_ecn || (cur_varint(c, &value) && cur_varint(c, &value) &&
				cur_varint(c, &value));
}

/* RFC 9000 section 19.6. */
static bool
read_crypto(struct cursor *c, struct quic_frame *frame)
{
	return cur_varint(c, &frame->offset) &&
	       cur_vec_varint(c, &frame->crypto) &&
	       frame->offset <= VARINT_MAX - frame->crypto.left;
}

/* RFC 9000 section 19.19, of the transport: error, frame type, reason. */
static bool
skip_close(struct cursor *c)
{
	struct cursor reason;
	uint64_t value;

	return cur_varint(c, &value) && cur_varint(c, &value) &&
	       cur_vec_varint(c, &reason);
}

static bool
read_content(struct cursor *c, struct quic_frame *frame)
{
	switch (frame->type) {
	case QUIC_PADDING:
		skip_padding(c);
		return true;
	case QUIC_PING:
		return true;
	case QUIC_ACK:
	case QUIC_ACK_ECN:
		return skip_ack(c, frame->type == QUIC_ACK_ECN);
	case QUIC_CRYPTO:
		return read_crypto(c, frame);
	case QUIC_CONNECTION_CLOSE:
		return skip_close(c);
	}
	return false;
}

enum decode
quic_frame_next(struct cursor *payload, struct quic_frame *out)
{
	struct cursor rest = *payload;

	*out = (struct quic_frame){ 0 };
	/* RFC 9000 section 12.4 wants the type in its shortest form: these have
	 * one octet. */
	if (!cur_u8(&rest, &out->type) || !read_content(&rest, out))
		return DECODE_MALFORMED;
	*payload = rest;
	return DECODE_OK;
}
