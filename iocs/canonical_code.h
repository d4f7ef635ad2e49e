#ifndef IOCS_CANONICAL_CODE_H
#define IOCS_CANONICAL_CODE_H

#include <stdbool.h>

#include "decoders/cursor.h"

/*
 * Short values of one fixed shape: fingerprints of TLS programs, countries and
 * autonomous systems.  Each function gives the reason why a value is none, or
 * NULL and the canonical form, NUL-terminated, in `out`.
 */
#define CODE_TEXT_MAX 36 /* of the longest, JA4 */

/* JA3, JA3S: 32 digits of an MD5; in lower case. */
const char *canonical_md5(struct cursor value, char out[CODE_TEXT_MAX + 1]);

/*
 * JA4 (github.com/FoxIO-LLC/ja4, technical_details/JA4.md): t13d1516h2, '_',
 * and two hashes of 12 digits with '_' between.  In lower case, but for the
 * ALPN's two characters, where capitals are others; unless all is in capitals.
 */
const char *canonical_ja4(struct cursor value, char out[CODE_TEXT_MAX + 1]);
bool ja4_is_meant(struct cursor value);

/* ISO 3166-1 alpha-2, in upper case. */
const char *canonical_country(struct cursor value, char out[CODE_TEXT_MAX + 1]);

/* "AS64496" of that, or of the number alone; asdot (RFC 5396) is not read. */
const char *canonical_asn(struct cursor value, char out[CODE_TEXT_MAX + 1]);
/* "AS" and digits. */
bool asn_is_meant(struct cursor value);

#endif
