#ifndef DECODERS_TUNNEL_H
#define DECODERS_TUNNEL_H

#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"

enum tunnel_kind {
	TUNNEL_NONE,
	TUNNEL_IPIP,   /* IP in IP, 6in4, 4in6 ... */
	TUNNEL_GRE,    /* PPTP's and WCCP's too */
	TUNNEL_ERSPAN, /* types I, II and III */
	TUNNEL_VXLAN,  /* and VXLAN-GPE */
	TUNNEL_GENEVE,
	TUNNEL_TEREDO,
	TUNNEL_GTP, /* GTP-U */
	TUNNEL_ETHERIP,
};

/* What a tunnel carries; an EtherType (decoders/ethertype.h) says how. */
struct tunnelled {
	uint8_t kind; /* enum tunnel_kind */
	uint16_t ethertype;
	struct cursor packet; /* link_decode_ethertype reads it */
};

/*
 * An IP payload.  DECODE_UNSUPPORTED: the protocol is no tunnel, or this one's
 * variant is not read.
 */
enum decode tunnel_decode_ip(uint8_t ip_proto, struct cursor payload,
    struct tunnelled *out);

/*
 * A UDP payload, `len` octets long on the wire, payload.left of them captured.
 * DECODE_OK is a guess that the inner headers must confirm: a port may have
 * another use.  Whatever is no tunnel's header is DECODE_UNSUPPORTED.
 */
enum decode tunnel_decode_udp(uint16_t src_port, uint16_t dst_port,
    struct cursor payload, uint32_t len, struct tunnelled *out);

#endif
