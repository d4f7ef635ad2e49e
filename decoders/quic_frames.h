#ifndef DECODERS_QUIC_FRAMES_H
#define DECODERS_QUIC_FRAMES_H

#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"

/* The frames that may be in an Initial: RFC 9000 sections 12.4 and 19. */
enum quic_frame_type {
	QUIC_PADDING = 0x00,
	QUIC_PING = 0x01,
	QUIC_ACK = 0x02,
	QUIC_ACK_ECN = 0x03,
	QUIC_CRYPTO = 0x06,
	QUIC_CONNECTION_CLOSE = 0x1c,
};

struct quic_frame {
	uint8_t type; /* enum quic_frame_type */
	/* Of a CRYPTO frame: handshake octets and where they belong. */
	uint64_t offset; /* offset and length together are below 2^62 */
	struct cursor crypto;
};

/*
 * The next frame of an opened payload; padding goes as one.  DECODE_MALFORMED,
 * and the payload unchanged: a frame that ends too late or may not be in an
 * Initial.
 */
MUST_USE enum decode quic_frame_next(struct cursor *payload,
    struct quic_frame *out);

#endif
