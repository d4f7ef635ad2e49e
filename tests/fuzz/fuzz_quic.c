#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/quic.h"
#include "decoders/quic_crypto.h"
#include "decoders/quic_frames.h"
#include "decoders/quic_version.h"
#include "decoders/tls.h"
#include "tests/unit/quic_seal.h"

/*
 * The input is a flow: a kind (one octet), a length (two) and that many octets,
 * again and again.  They are a datagram as it is or, since no fuzzer finds a
 * good tag, the payload of an Initial that is sealed here.  Besides the
 * sanitizers' findings, this looks for windows that leave what they borrow
 * from, and for handshake octets other than those a simple model gathers.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The low bits of a kind: what the octets are. */
#define KIND_MASK    3
#define KIND_RAW     0
#define KIND_SERVER  1
#define KIND_CLIENT  2
#define KIND_RETRIED 3 /* a client's, with another DCID */
/* And in which version. */
#define KIND_VERSION_2 4

/* More than one packet holds here are cut. */
#define PAYLOAD_MAX 3000

static const uint8_t first_dcid[8] = "original", other_dcid[8] = "retried!";

/* The client's handshake octets, the first of each offset. */
struct model {
	uint8_t octets[QUIC_CLIENT_MAX];
	bool have[QUIC_CLIENT_MAX];
	uint16_t restarts;
	bool blind; /* an Initial came that the model cannot open */
};

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

/* Whether there was an Initial. */
static bool
check_headers(struct cursor datagram)
{
	bool initial = false;
	struct cursor rest = datagram;
	struct quic_packet packet;
	size_t before;

	while (rest.left > 0) {
		before = rest.left;
		if (quic_packet_next(&rest, &packet) == DECODE_MALFORMED) {
			require(rest.left == before);
			break;
		}
		require(rest.left < before);
		initial |= packet.type == QUIC_INITIAL;
		require_inside(packet.dcid, datagram);
		require_inside(packet.scid, datagram);
		require_inside(packet.token, datagram);
		require_inside(packet.protected.header, datagram);
		require_inside(packet.protected.rest, datagram);
	}
	if (quic_guess(datagram) == QUIC_INITIAL_SEEN)
		require(datagram.left >= 1200 && initial);
	return initial;
}

static void
model_frames(struct model *m, struct cursor payload)
{
	struct cursor whole = payload;
	struct quic_frame frame;

	while (payload.left > 0 &&
	       quic_frame_next(&payload, &frame) == DECODE_OK) {
		require_inside(frame.crypto, whole);
		for (size_t i = 0; i < frame.crypto.left; i++) {
			uint64_t at = frame.offset + i;

			if (at >= QUIC_CLIENT_MAX || m->have[at])
				continue;
			m->have[at] = true;
			m->octets[at] = frame.crypto.at[i];
		}
	}
}

static void
check_gathered(const struct quic_initials *q, const struct model *m)
{
	struct cursor is = quic_initials_messages(q, QUIC_CLIENT);
	struct tls_handshake message;

	require(is.left <= QUIC_CLIENT_MAX);
	require(q->end[QUIC_SERVER].whole <= QUIC_SERVER_MAX);
	for (size_t i = 0; i < is.left && !m->blind; i++)
		require(m->have[i] && m->octets[i] == is.at[i]);
	require(m->blind || is.left == QUIC_CLIENT_MAX || !m->have[is.left]);
	if (q->end[QUIC_CLIENT].hello)
		require(tls_handshake_next(&is, &message) == DECODE_OK &&
			message.type == TLS_CLIENT_HELLO);
}

static void
seal_kind(uint8_t kind, struct cursor payload, struct sealed *out)
{
	struct cursor dcid = cur_of((kind & KIND_MASK) == KIND_RETRIED
					? other_dcid
					: first_dcid,
	    sizeof first_dcid);
	struct seal how = {
		.version = kind & KIND_VERSION_2 ? QUIC_VERSION_2
		                                 : QUIC_VERSION_1,
		.key_dcid = dcid,
		.from = (kind & KIND_MASK) == KIND_SERVER ? QUIC_SERVER
		                                          : QUIC_CLIENT,
		.dcid = dcid,
		.number_len = 4,
	};

	seal(&how, payload, out);
}

/* One datagram of the flow. */
static void
check_datagram(struct quic_initials *q, struct quic_crypto *crypto,
    struct model *m, uint8_t kind, struct cursor octets)
{
	struct cursor datagram = octets;
	struct quic_seen seen;
	struct sealed packet;

	if (octets.left > PAYLOAD_MAX)
		octets.left = PAYLOAD_MAX;
	if ((kind & KIND_MASK) != KIND_RAW) {
		seal_kind(kind, octets, &packet);
		datagram = cur_of(packet.octets, packet.len);
	}
	if (check_headers(datagram) && (kind & KIND_MASK) == KIND_RAW)
		m->blind = true;
	(void)!quic_initials_datagram(q, crypto, datagram, &seen);
	for (int end = 0; end < QUIC_ENDS; end++)
		require(!seen.hello[end] || q->end[end].hello);
	if (q->restarts != m->restarts) {
		memset(m->have, 0, sizeof m->have);
		m->restarts = q->restarts;
	}
	if ((kind & KIND_MASK) >= KIND_CLIENT) {
		require(!seen.unopened);
		model_frames(m, octets);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct quic_crypto *crypto;
	static struct quic_initials q;
	static struct model m;
	struct cursor flow = cur_of(data, size), octets;
	uint8_t kind;

	if (crypto == NULL)
		crypto = quic_crypto_new();
	require(crypto != NULL);
	memset(&m, 0, sizeof m);
	quic_initials_init(&q);
	while (cur_u8(&flow, &kind) && cur_vec16(&flow, &octets)) {
		check_datagram(&q, crypto, &m, kind, octets);
		check_gathered(&q, &m);
	}
	return 0;
}
