#include "decoders/quic.h"

#include <string.h>

#include "decoders/quic_frames.h"
#include "decoders/quic_version.h"
#include "decoders/tls.h"

/*
 * Which keys open an Initial, and the handshake octets that are in it.
 *
 * Deriving keys costs as much as opening a few packets, and a datagram could
 * pretend to have a hundred Initials of as many connections.  Honest ones have
 * one connection, and two versions at most (RFC 9368 section 2.3).
 */
#define DERIVATIONS_MAX 4

/* One datagram's work. */
struct reading {
	struct quic_initials *q;
	struct quic_crypto *crypto;
	struct quic_seen *seen;
	unsigned derivations;
};

/* An opened Initial. */
struct opened {
	enum quic_end from;
	struct cursor payload;
};

/* Where an end's octets are kept. */
struct room {
	uint8_t *octets, *have;
	size_t max;
};

static struct room
room_of(struct quic_initials *q, enum quic_end end)
{
	switch (end) {
	case QUIC_CLIENT:
		return (struct room){ q->client_octets, q->client_have,
			QUIC_CLIENT_MAX };
	case QUIC_SERVER:
		break;
	}
	return (
	    struct room){ q->server_octets, q->server_have, QUIC_SERVER_MAX };
}

/* The octets themselves need not be cleared: no bit says that they are there.
 */
static void
forget_octets(struct quic_initials *q)
{
	memset(q->end, 0, sizeof q->end);
	memset(q->client_have, 0, sizeof q->client_have);
	memset(q->server_have, 0, sizeof q->server_have);
}

void
quic_initials_init(struct quic_initials *q)
{
	q->version = 0;
	q->dcid_len = 0;
	q->restarts = 0;
	forget_octets(q);
}

struct cursor
quic_initials_messages(const struct quic_initials *q, enum quic_end end)
{
	return cur_of(end == QUIC_CLIENT ? q->client_octets : q->server_octets,
	    q->end[end].whole);
}

/* ---- keys ---- */

static uint8_t
keep_cid(struct cursor cid, uint8_t octets[QUIC_CID_MAX])
{
	uint8_t len = (uint8_t)cid.left;

	return cur_copy(&cid, octets, cid.left) ? len : 0;
}

/*
 * What a client sends behind a Retry or Version Negotiation ought to be the
 * same octets again (RFC 9000 section 17.2.5.3), yet some make a new hello; and
 * a mixture of two would be neither.
 */
static void
begin_anew(struct quic_initials *q)
{
	if (q->version != 0 && q->restarts < UINT16_MAX)
		q->restarts++;
	forget_octets(q);
}

/*
 * A hello that this datagram completed is the caller's to read first.  What
 * follows in the datagram with another DCID, receivers ignore anyway (RFC 9000
 * section 12.2).
 */
static bool
may_begin_anew(const struct reading *r)
{
	return !r->seen->hello[QUIC_CLIENT] && !r->seen->hello[QUIC_SERVER];
}

static bool
derive(struct reading *r, uint32_t version, struct cursor dcid,
    struct quic_keys keys[QUIC_ENDS])
{
	if (r->derivations == DERIVATIONS_MAX)
		return false;
	r->derivations++;
	return quic_keys_derive(quic_version_find(version), dcid, keys);
}

/* By these keys of one end; *expected moves on behind the packet's number. */
static bool
open_as(struct reading *r, const struct quic_packet *packet,
    const struct quic_keys keys[QUIC_ENDS], enum quic_end from,
    uint64_t *expected, struct opened *out)
{
	uint64_t number;

	if (!quic_open(r->crypto, &keys[from], &packet->protected, *expected,
		&number, &out->payload))
		return false;
	if (number >= *expected)
		*expected = number + 1;
	out->from = from;
	return true;
}

/* By these keys of either end, for the connection at hand. */
static bool
open_here(struct reading *r, const struct quic_packet *packet,
    const struct quic_keys keys[QUIC_ENDS], struct opened *out)
{
	struct quic_gathered *end = r->q->end;

	return open_as(r, packet, keys, QUIC_CLIENT, &end[QUIC_CLIENT].expected,
		   out) ||
	       open_as(r, packet, keys, QUIC_SERVER, &end[QUIC_SERVER].expected,
		   out);
}

static bool
open_known(struct reading *r, const struct quic_packet *packet,
    struct opened *out)
{
	return r->q->version == packet->version &&
	       open_here(r, packet, r->q->keys, out);
}

/*
 * The same DCID in another version.  A server may change to it without a round
 * trip (RFC 9369 section 4.1).  A client that does so first was sent a Version
 * Negotiation, and its hello is another.
 */
static bool
open_upgraded(struct reading *r, const struct quic_packet *packet,
    struct opened *out)
{
	struct quic_initials *q = r->q;
	struct quic_keys keys[QUIC_ENDS];

	if (q->version == 0 || q->version == packet->version ||
	    !derive(r, packet->version, cur_of(q->dcid, q->dcid_len), keys) ||
	    !open_here(r, packet, keys, out))
		return false;
	if (out->from == QUIC_CLIENT && may_begin_anew(r))
		begin_anew(q);
	q->version = packet->version;
	memcpy(q->keys, keys, sizeof keys);
	return true;
}

/* A client's first Initial, by keys from its own DCID. */
static bool
open_fresh(struct reading *r, const struct quic_packet *packet,
    struct opened *out)
{
	struct quic_initials *q = r->q;
	struct quic_keys keys[QUIC_ENDS];
	uint64_t expected = 0;

	if (!may_begin_anew(r) ||
	    !derive(r, packet->version, packet->dcid, keys) ||
	    !open_as(r, packet, keys, QUIC_CLIENT, &expected, out))
		return false;
	begin_anew(q);
	q->end[QUIC_CLIENT].expected = expected;
	q->version = packet->version;
	q->dcid_len = keep_cid(packet->dcid, q->dcid);
	memcpy(q->keys, keys, sizeof keys);
	return true;
}

/* ---- handshake octets ---- */

static void
keep_octet(struct quic_gathered *end, struct room room, size_t at,
    uint8_t octet)
{
	uint8_t bit = (uint8_t)(1u << at % 8);

	if (room.have[at / 8] & bit) {
		end->contradicted |= room.octets[at] != octet;
		return;
	}
	room.have[at / 8] |= bit;
	room.octets[at] = octet;
}

static void
keep_crypto(struct quic_initials *q, enum quic_end from,
    const struct quic_frame *frame)
{
	struct quic_gathered *end = &q->end[from];
	struct room room = room_of(q, from);
	struct cursor crypto = frame->crypto;
	uint64_t at = frame->offset;
	uint8_t octet;

	for (; at < room.max && cur_u8(&crypto, &octet); at++)
		keep_octet(end, room, (size_t)at, octet);
	end->beyond |= crypto.left > 0;
	while (end->whole < room.max &&
	       room.have[end->whole / 8] & 1u << end->whole % 8)
		end->whole++;
}

/* Whether the hello is whole now, having not been. */
static enum decode
check_hello(struct reading *r, enum quic_end from)
{
	struct quic_gathered *end = &r->q->end[from];
	struct cursor messages = quic_initials_messages(r->q, from);
	struct tls_handshake hello;
	enum decode rc;

	if (end->hello || messages.left == 0)
		return DECODE_SHORT;
	rc = tls_handshake_next(&messages, &hello);
	if (hello.type !=
	    (from == QUIC_CLIENT ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO))
		return DECODE_MALFORMED;
	if (rc == DECODE_SHORT && end->whole == room_of(r->q, from).max)
		return DECODE_UNSUPPORTED;
	if (rc == DECODE_OK)
		end->hello = r->seen->hello[from] = true;
	return rc;
}

/* All frames of a packet; a packet without any is wrong (section 12.4). */
static enum decode
read_frames(struct reading *r, const struct opened *opened)
{
	struct cursor payload = opened->payload;
	enum decode rc = payload.left == 0 ? DECODE_MALFORMED : DECODE_SHORT;
	struct quic_frame frame;
	enum decode hello;

	while (payload.left > 0) {
		rc = quic_frame_next(&payload, &frame);
		if (rc != DECODE_OK)
			break;
		rc = DECODE_SHORT;
		if (frame.type == QUIC_CRYPTO)
			keep_crypto(r->q, opened->from, &frame);
	}
	hello = check_hello(r, opened->from);
	return hello == DECODE_SHORT ? rc : hello;
}

static enum decode
read_initial(struct reading *r, const struct quic_packet *packet)
{
	struct opened opened;

	if (!open_known(r, packet, &opened) &&
	    !open_upgraded(r, packet, &opened) &&
	    !open_fresh(r, packet, &opened)) {
		r->seen->unopened = true;
		return DECODE_SHORT;
	}
	return read_frames(r, &opened);
}

static enum decode
read_packet(struct reading *r, const struct quic_packet *packet)
{
	switch (packet->type) {
	case QUIC_INITIAL:
		return read_initial(r, packet);
	case QUIC_RETRY:
		r->seen->retry = true;
		break;
	case QUIC_NEGOTIATION:
		r->seen->negotiation = true;
		break;
	case QUIC_0RTT:
	case QUIC_HANDSHAKE:
	case QUIC_SHORT:
		break;
	}
	return DECODE_SHORT;
}

/* A whole hello is said before a fault, and the first fault before others. */
static enum decode
weigh(enum decode so_far, enum decode now)
{
	return now == DECODE_OK || so_far == DECODE_SHORT ? now : so_far;
}

enum decode
quic_initials_datagram(struct quic_initials *q, struct quic_crypto *crypto,
    struct cursor datagram, struct quic_seen *out)
{
	struct reading r = { .q = q, .crypto = crypto, .seen = out };
	enum decode rc = DECODE_SHORT, step;
	struct quic_packet packet;

	*out = (struct quic_seen){ 0 };
	while (datagram.left > 0) {
		step = quic_packet_next(&datagram, &packet);
		if (step != DECODE_OK)
			return weigh(rc, step);
		rc = weigh(rc, read_packet(&r, &packet));
	}
	return rc;
}
