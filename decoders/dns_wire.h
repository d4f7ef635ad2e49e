#ifndef DECODERS_DNS_WIRE_H
#define DECODERS_DNS_WIRE_H

#include "decoders/cursor.h"
#include "decoders/decode.h"

/* What the dns_*.c files share; of no interest to anyone else. */

/*
 * Steps over a name as it stands, to its root label or pointer, without
 * following that.  Without DECODE_OK the cursor is unchanged.
 */
MUST_USE enum decode dns_name_skip(struct cursor *c);

#endif
