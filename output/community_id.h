#ifndef OUTPUT_COMMUNITY_ID_H
#define OUTPUT_COMMUNITY_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/addr.h"

/*
 * Community ID version 1 (github.com/corelight/community-id-spec), seed 0: one
 * name for a flow in every tool, whichever direction it was seen in.
 */
#define COMMUNITY_ID_SIZE 31 /* "1:", base64 of 20 octets, NUL */

/* Makes libgcrypt ready; once, before the first id and before threads. */
void community_id_init(void);

/*
 * Ports in host order; they count for TCP, UDP and SCTP only.  False for ICMP
 * and ICMPv6, whose id is made of types and codes that a flow does not know.
 */
bool community_id_write(const struct addr *a, const struct addr *b,
    uint16_t a_port, uint16_t b_port, uint8_t ip_proto,
    char out[COMMUNITY_ID_SIZE]);

#endif
