#ifndef DECODERS_QUIC_VERSION_H
#define DECODERS_QUIC_VERSION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The versions of QUIC whose Initials can be read, and in what they differ:
 * version 1 (RFC 9001), version 2 (RFC 9369), the drafts from 22 on, and what
 * mvfst made of two drafts under numbers of its own.  Google's (Q043 to T051)
 * have other frames, or none: they are not read.
 */

#define QUIC_VERSION_NEGOTIATION 0 /* RFC 8999 section 6 */
#define QUIC_VERSION_1           0x00000001
#define QUIC_VERSION_2           0x6b3343cf

#define QUIC_SALT_LEN 20

struct quic_version {
	uint8_t salt[QUIC_SALT_LEN]; /* RFC 9001 section 5.2 */
	/* Labels of key, iv and header protection, with "tls13 " (RFC 8446
	 * section 7.1) before them. */
	const char *key_label, *iv_label, *hp_label;
	/* Long packet type of an Initial; 0-RTT, Handshake and Retry follow,
	 * modulo four (RFC 9000 table 5, RFC 9369 section 3.2). */
	uint8_t initial_type;
};

/* NULL: not one whose Initials are read. */
const struct quic_version *quic_version_find(uint32_t version);

/*
 * Whether a number is known as a version of QUIC, read or not: Google's before
 * the IETF's, drafts, and those reserved to exercise version negotiation (RFC
 * 9000 section 15).
 */
bool quic_version_is_known(uint32_t version);

#endif
