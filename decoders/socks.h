#ifndef DECODERS_SOCKS_H
#define DECODERS_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/decode.h"

/*
 * What a client asks of a SOCKS proxy: version 5 (RFC 1928, with the password
 * of RFC 1929), and 4 with its extension 4A (Y.-D. Lee, "SOCKS: A protocol for
 * TCP proxy across firewall", and "SOCKS 4A", both undated notes of NEC).
 */
enum socks_command {
	SOCKS_CONNECT = 1,
	SOCKS_BIND = 2,
	SOCKS_ASSOCIATE = 3, /* version 5: UDP */
};

struct socks_request {
	uint8_t version; /* 4 or 5 */
	uint8_t command; /* enum socks_command */
	uint16_t port;
	bool has_address;    /* else there is a name */
	struct addr address; /* where has_address */
	struct cursor name;  /* borrows; as sent */
	struct cursor user;  /* version 4's; borrows */
	bool authenticated;  /* version 5: a password came before */
};

/*
 * The request at the beginning of what the client sent, the greeting of
 * version 5 and its password included; *consumed is its length.  DECODE_SHORT:
 * so far it is one; a greeting alone is.  DECODE_MALFORMED: it is none; what
 * could be any other protocol's first octets is none either, so methods,
 * reserved octets and texts must be as the specifications have them.
 * DECODE_UNSUPPORTED: version 5 with a sub-negotiation that is not a password.
 */
MUST_USE enum decode socks_request_decode(struct cursor client,
    struct socks_request *out, size_t *consumed);

/*
 * What the server says to a request of this version and command before the
 * octets of the destination begin: the choice of a method and the verdict on a
 * password (version 5), then the reply, of which SOCKS_BIND has two unless the
 * first one is a refusal.  *consumed is their length.  DECODE_SHORT: so far it
 * is that; DECODE_MALFORMED: it is something else.
 */
MUST_USE enum decode socks_replies_decode(struct cursor server, uint8_t version,
    uint8_t command, size_t *consumed);

#endif
