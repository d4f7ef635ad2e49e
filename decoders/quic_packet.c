#include "decoders/quic.h"
#include "decoders/quic_version.h"
#include "decoders/quic_wire.h"

/* Headers only.  What is in Initials: quic.c. */

#define LONG_HEADER         0x80
#define TYPE_SHIFT          4
#define RETRY_TAG_LEN       16
#define CLIENT_DATAGRAM_MIN 1200

/*
 * The fixed bit is not looked at: endpoints may have agreed to send it at
 * random (RFC 9287), and a version's 32 bits say more.
 */
static enum quic_packet_type
packet_type(const struct quic_version *version, uint8_t first)
{
	static const enum quic_packet_type types[] = { QUIC_INITIAL, QUIC_0RTT,
		QUIC_HANDSHAKE, QUIC_RETRY };

	return types[((first >> TYPE_SHIFT) - version->initial_type) & 3];
}

/* RFC 8999 section 5.1: what all versions have in common. */
static bool
read_invariants(struct cursor *c, struct quic_packet *packet)
{
	return cur_skip(c, 1) && cur_u32(c, &packet->version) &&
	       cur_vec8(c, &packet->dcid) && cur_vec8(c, &packet->scid);
}

static struct cursor
take_all(struct cursor *c)
{
	struct cursor all = *c;

	*c = cur_of(c->at + c->left, 0);
	return all;
}

/* RFC 9000 section 17.2.1: versions to its end, at least one. */
static enum decode
read_negotiation(struct cursor *c, struct quic_packet *packet)
{
	struct cursor versions = take_all(c);

	packet->type = QUIC_NEGOTIATION;
	return versions.left == 0 || versions.left % 4 != 0 ? DECODE_MALFORMED
	                                                    : DECODE_OK;
}

/* RFC 9000 section 17.2.5: the token, and a tag that needs the first DCID. */
static enum decode
read_retry(struct cursor *c, struct quic_packet *packet)
{
	struct cursor rest = take_all(c);

	return rest.left < RETRY_TAG_LEN ||
	               !cur_take(&rest, rest.left - RETRY_TAG_LEN,
			   &packet->token)
	           ? DECODE_MALFORMED
	           : DECODE_OK;
}

/* RFC 9000 sections 17.2.2 to 17.2.4, from the token on. */
static enum decode
read_protected(struct cursor *c, struct quic_packet *packet,
    struct cursor from_first)
{
	struct quic_protected *protected = &packet->protected;
	uint64_t len;

	if ((packet->type == QUIC_INITIAL &&
		!cur_vec_varint(c, &packet->token)) ||
	    !cur_varint(c, &len) || len > c->left ||
	    !cur_take(&from_first, from_first.left - c->left,
		&protected->header) ||
	    !cur_take(c, (size_t)len, &protected->rest))
		return DECODE_MALFORMED;
	return DECODE_OK;
}

static enum decode
read_long(struct cursor *c, struct quic_packet *packet)
{
	struct cursor from_first = *c;
	const struct quic_version *version;

	if (!read_invariants(c, packet))
		return DECODE_MALFORMED;
	if (packet->version == QUIC_VERSION_NEGOTIATION)
		return read_negotiation(c, packet);
	version = quic_version_find(packet->version);
	if (version == NULL) {
		take_all(c);
		return DECODE_UNSUPPORTED;
	}
	if (packet->dcid.left > QUIC_CID_MAX ||
	    packet->scid.left > QUIC_CID_MAX)
		return DECODE_MALFORMED;
	packet->type = packet_type(version, from_first.at[0]);
	if (packet->type == QUIC_RETRY)
		return read_retry(c, packet);
	return read_protected(c, packet, from_first);
}

enum decode
quic_packet_next(struct cursor *datagram, struct quic_packet *out)
{
	struct cursor rest = *datagram;
	enum decode rc;

	*out = (struct quic_packet){ .type = QUIC_SHORT };
	if (rest.left == 0)
		return DECODE_MALFORMED;
	if ((rest.at[0] & LONG_HEADER) == 0) {
		take_all(datagram);
		return DECODE_OK;
	}
	rc = read_long(&rest, out);
	if (rc != DECODE_MALFORMED)
		*datagram = rest;
	return rc;
}

/* By its first packet, whose octets could also be another protocol's. */
static enum quic_guess
guess_first(enum decode rc, const struct quic_packet *first)
{
	if (rc == DECODE_UNSUPPORTED)
		return quic_version_is_known(first->version) ? QUIC_OTHER
		                                             : QUIC_NO;
	return rc == DECODE_OK && first->type != QUIC_SHORT ? QUIC_OTHER
	                                                    : QUIC_NO;
}

enum quic_guess
quic_guess(struct cursor datagram)
{
	size_t len = datagram.left;
	struct quic_packet packet;
	enum decode rc = quic_packet_next(&datagram, &packet);
	enum quic_guess guess = guess_first(rc, &packet);

	if (guess == QUIC_NO || len < CLIENT_DATAGRAM_MIN)
		return guess;
	for (;;) {
		if (rc != DECODE_OK)
			return guess;
		if (packet.type == QUIC_INITIAL)
			return QUIC_INITIAL_SEEN;
		if (datagram.left == 0)
			return guess;
		rc = quic_packet_next(&datagram, &packet);
	}
}
