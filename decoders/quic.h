#ifndef DECODERS_QUIC_H
#define DECODERS_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/quic_crypto.h"

/*
 * What QUIC shows before its handshake has keys of its own: packet headers (RFC
 * 9000 section 17, RFC 8999) and, out of Initials, the two hellos.
 *
 *	quic_guess               is a flow's first datagram for us?
 *	quic_initials_datagram   each of the flow's datagrams, of both ends
 *	quic_initials_messages   then tls_handshake_next and tls_*_hello_decode
 *
 * Initials are protected with keys from the DCID of the client's first one,
 * so they are read from there on and no server's is read alone.
 */

enum quic_guess {
	QUIC_NO,
	QUIC_INITIAL_SEEN, /* with an Initial that can be a client's */
	QUIC_OTHER,        /* QUIC by its version, but no such Initial */
};

/*
 * What a datagram looks like, without opening anything.  A client's Initial
 * comes in datagrams of 1200 octets or more; in others servers ignore it (RFC
 * 9000 section 14.1).
 */
enum quic_guess quic_guess(struct cursor datagram);

/* Connection IDs of the versions read here (RFC 9000 section 17.2). */
#define QUIC_CID_MAX 20

enum quic_packet_type {
	QUIC_INITIAL,
	QUIC_0RTT,
	QUIC_HANDSHAKE,
	QUIC_RETRY,
	QUIC_NEGOTIATION, /* Version Negotiation */
	QUIC_SHORT,       /* 1-RTT, or octets that are no packet at all */
};

struct quic_packet {
	enum quic_packet_type type;
	uint32_t version; /* 0 of QUIC_SHORT and QUIC_NEGOTIATION */
	/* Absent from QUIC_SHORT: how long they are is not on the wire. */
	struct cursor dcid, scid;
	struct cursor token;             /* of QUIC_INITIAL and QUIC_RETRY */
	struct quic_protected protected; /* where there is a packet number */
};

/*
 * The next packet of a datagram (RFC 9000 section 12.2).  A short header,
 * Retry or Version Negotiation has no length and takes all the rest.
 *
 * DECODE_UNSUPPORTED: a version that is not read; *out has it and, as RFC 8999
 * wants them to stay where they are, the connection IDs.  The rest is taken.
 * DECODE_MALFORMED: it ends behind the datagram, or a connection ID is over
 * QUIC_CID_MAX.  The datagram is unchanged.
 */
MUST_USE enum decode quic_packet_next(struct cursor *datagram,
    struct quic_packet *out);

/*
 * Handshake octets kept.  A ClientHello has some 300, with post-quantum keys
 * 1800; RFC 9000 section 7.5 lets servers stop at 4096.  A ServerHello has up
 * to some 1200.
 */
#define QUIC_CLIENT_MAX 8192
#define QUIC_SERVER_MAX 2048

/* One end of a flow's Initials. */
struct quic_gathered {
	uint64_t expected; /* the packet number after the highest */
	uint16_t whole;    /* octets without a gap, from the first */
	bool hello;        /* they have a whole hello */
	bool beyond;       /* there were octets further on than are kept */
	bool contradicted; /* octets came again and were others: first kept */
};

/*
 * A flow's Initials, as far as they are read.  The caller allocates it, where
 * quic_guess says QUIC_INITIAL_SEEN, and lets it go with the hello; there are
 * no pointers inside.
 */
struct quic_initials {
	uint32_t version; /* of the keys; 0: there are none yet */
	uint8_t dcid_len;
	uint8_t dcid[QUIC_CID_MAX]; /* what the keys are from */
	uint16_t restarts; /* times that a client's Initials began anew */
	struct quic_keys keys[QUIC_ENDS];
	struct quic_gathered end[QUIC_ENDS];
	/* One bit for each octet that is there. */
	uint8_t client_have[QUIC_CLIENT_MAX / 8];
	uint8_t server_have[QUIC_SERVER_MAX / 8];
	uint8_t client_octets[QUIC_CLIENT_MAX];
	uint8_t server_octets[QUIC_SERVER_MAX];
};

void quic_initials_init(struct quic_initials *q);

/* What one datagram added. */
struct quic_seen {
	bool hello[QUIC_ENDS];   /* the first of that end became whole */
	bool retry, negotiation; /* there was such a packet */
	/* There was an Initial whose keys we do not have, or garbage. */
	bool unopened;
};

/*
 * Reads a datagram of the flow, in whichever direction: whose an Initial is,
 * the keys that open it tell.  One that only opens with keys from its own DCID
 * is a client's that begins anew: after a Retry, after a Version Negotiation or
 * with another connection on the same ports.  Then what was gathered is
 * forgotten, and there will be a hello again, the same or another.  Within the
 * datagram that completed a hello nothing begins anew.
 *
 * DECODE_OK: a hello has become whole, see *out.
 * DECODE_SHORT: not now.
 * DECODE_MALFORMED: a header or frame was wrong, or what CRYPTO frames carry
 * does not begin with a hello.  DECODE_UNSUPPORTED: a version that is not read,
 * or a hello that is longer than is kept.  Neither is the end: octets before
 * it are kept, anyone can have sent it, and the next may be good.
 */
MUST_USE enum decode quic_initials_datagram(struct quic_initials *q,
    struct quic_crypto *crypto, struct cursor datagram, struct quic_seen *out);

/*
 * An end's handshake octets without a gap, from the first; these borrow from
 * `q`.  Where the hello is not whole, tls_handshake_next still shows its
 * beginning.
 */
struct cursor quic_initials_messages(const struct quic_initials *q,
    enum quic_end end);

#endif
