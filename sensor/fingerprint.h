#ifndef SENSOR_FINGERPRINT_H
#define SENSOR_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/tls.h"

/*
 * Names for TLS programs, made of what their hellos offer; the same program
 * has the same name wherever it connects to.
 *
 *	JA3, JA3S  github.com/salesforce/ja3, README: MD5 of decimal lists in
 *	           the order of the wire
 *	JA4        github.com/FoxIO-LLC/ja4, technical_details/JA4.md: readable
 *	           counts and SHA-256 of sorted lists of hex numbers
 *
 * JA4 alone of the JA4+ family is free to implement (BSD 3-Clause).
 *
 * GREASE is left out of each list of 16-bit values.  For JA3S the README does
 * not say so, and the script beside it does not do so; but a ServerHello has
 * no place for any (RFC 8701), and other programs leave it out as we do.
 *
 * Where JA4.md has changed, and programs that one may compare us with differ:
 *
 *	ALPN that begins or ends with none of [0-9A-Za-z]: the first and last
 *	digit of its hex form.  Until 2024, and in FoxIO's ja4.py after that, a
 *	9 for such an octet.
 *	ALPN of one octet: that octet twice; before, a 0 behind it.
 *	GREASE among signature algorithms: left out, as in each list; Wireshark
 *	4.4 keeps it.
 *	DTLS versions: d1 to d3; before, unknown and so 00.
 */

#define JA3_LEN 32
#define JA4_LEN 36

/* Of any fingerprint and its NUL. */
#define FINGERPRINT_SIZE (JA4_LEN + 1)
/*
 * Of what one is made of, and its NUL; and how many values one list may have.
 * Programs stay within 600 octets, and to offer each cipher that IANA knows
 * takes about half of this.  There is a bound because a flood of hellos as
 * large as can be is hashed, too.
 */
#define FINGERPRINT_STRING_SIZE 4096
#define FINGERPRINT_VALUES_MAX  1024

struct fingerprint {
	char hash[FINGERPRINT_SIZE]; /* with JA4, the first part is in clear */
	char string[FINGERPRINT_STRING_SIZE]; /* "JA3 string", "JA4_r" */
	size_t string_len;
};

/* What is spelled with; each thread has its own. */
struct fingerprinter;

/*
 * Makes libgcrypt ready where that was not done, so the first call comes
 * before there are threads.  NULL with errno.  The caller frees it.
 */
struct fingerprinter *fingerprinter_new(void);
void fingerprinter_free(struct fingerprinter *f);

/* False in FIPS mode, which has no MD5: no JA3 and no JA3S then. */
bool fingerprinter_has_ja3(const struct fingerprinter *f);

/*
 * Each is false, and *out empty, for a hello that is not `whole` (tls.h) or
 * has more than the bounds above or TLS_EXTENSIONS_MAX allow: a part's name
 * would be another program's.  That a message was cut, tls_handshake_open
 * knows; a cut one may look whole.
 *
 * A hello with a fault in one extension does have a fingerprint, in which that
 * extension has its type but no values; others may read some.
 */
MUST_USE bool ja3_spell(struct fingerprinter *f,
    const struct tls_client_hello *hello, struct fingerprint *out);
MUST_USE bool ja3s_spell(struct fingerprinter *f,
    const struct tls_server_hello *hello, struct fingerprint *out);

enum ja4_transport {
	JA4_TCP = 't',
	JA4_QUIC = 'q',
	JA4_DTLS = 'd',
};

/* Needs no MD5. */
MUST_USE bool ja4_spell(struct fingerprinter *f,
    const struct tls_client_hello *hello, enum ja4_transport transport,
    struct fingerprint *out);

#endif
