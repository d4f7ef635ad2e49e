#ifndef DECODERS_QUIC_CRYPTO_H
#define DECODERS_QUIC_CRYPTO_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/quic_version.h"

/*
 * How Initials are protected, RFC 9001 section 5, with keys that everyone on
 * the path can derive.  libgcrypt is seen in quic_crypto.c only.
 */

enum quic_end {
	QUIC_CLIENT,
	QUIC_SERVER,
};

#define QUIC_ENDS 2

/* What one end protects its Initials with. */
struct quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

/*
 * Cipher handles and the room that packets are opened in: one per thread, and
 * used for all its flows.
 */
struct quic_crypto;

/*
 * NULL with errno where memory or the ciphers are missing.  Initialises
 * libgcrypt unless that is done; so the first call is before there are threads.
 */
struct quic_crypto *quic_crypto_new(void);
void quic_crypto_free(struct quic_crypto *crypto);

/* Both ends' keys, from the DCID of a client's first Initial. */
MUST_USE bool quic_keys_derive(const struct quic_version *version,
    struct cursor dcid, struct quic_keys keys[QUIC_ENDS]);

/*
 * A packet as it is on the wire, up to the packet number, and from there to
 * its end.
 */
struct quic_protected {
	struct cursor header, rest;
};

/*
 * Opens a packet.  False: not with these keys.  `expected` is the packet
 * number after the highest known (RFC 9000 appendix A.3), *number the packet's;
 * *payload borrows from `crypto` until it opens the next packet.
 */
MUST_USE bool quic_open(struct quic_crypto *crypto,
    const struct quic_keys *keys, const struct quic_protected *packet,
    uint64_t expected, uint64_t *number, struct cursor *payload);

#endif
