#ifndef DECODERS_BASE64_PREFIX_H
#define DECODERS_BASE64_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/cursor.h"

/*
 * Decodes what there is of a base64 text (RFC 4648 section 4, the standard
 * alphabet, no line breaks) that may have been cut anywhere: whole groups of
 * four digits, at most `max` octets; a last group that is not whole is left
 * out.  False, and *len 0, where an octet is no digit, or where anything
 * follows the padding.
 */
MUST_USE bool base64_prefix_decode(struct cursor text, uint8_t *out, size_t max,
    size_t *len);

#endif
