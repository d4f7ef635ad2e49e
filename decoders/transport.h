#ifndef DECODERS_TRANSPORT_H
#define DECODERS_TRANSPORT_H

#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"

struct transport {
	uint16_t src_port, dst_port; /* 0 where the protocol has none */
	uint8_t tcp_flags;           /* RFC 9293 section 3.1, CWR to FIN */
	uint32_t seq, ack;           /* TCP */
	uint32_t payload_len;        /* as the headers count it */
	struct cursor payload;       /* as captured: at most payload_len */
};

/*
 * TCP, UDP, UDP-Lite, SCTP and DCCP; for any other protocol the whole packet
 * is payload.  `len` is the length that IP gives, at least packet.left.
 * DECODE_SHORT: cut before the ports, or TCP's flags, are whole; where the
 * packet merely ends there, DECODE_MALFORMED.  Where the header is cut behind
 * those, the payload is empty and the result DECODE_OK.
 */
enum decode transport_decode(uint8_t ip_proto, struct cursor packet,
    uint32_t len, struct transport *out);

#endif
