#ifndef IOCS_BASE64_H
#define IOCS_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/cursor.h"

/*
 * Decodes base64 (RFC 4648 section 4), padded.  False where it is none, or
 * where more than `max` octets come out.
 */
bool base64_decode(struct cursor text, char *out, size_t max, size_t *len);

#endif
