#ifndef DECODERS_DHCP_H
#define DECODERS_DHCP_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/decode.h"

/*
 * What DHCP says of who has an address: RFC 2131, options RFC 2132, Client
 * FQDN RFC 4702.  DHCPv6 is not read.
 */

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68

/* RFC 2132 section 9.6. */
enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER = 2,
	DHCP_REQUEST = 3,
	DHCP_DECLINE = 4,
	DHCP_ACK = 5,
	DHCP_NAK = 6,
	DHCP_RELEASE = 7,
	DHCP_INFORM = 8,
};

/*
 * Windows borrow from the message.  Addresses that are not there are
 * ::ffff:0.0.0.0.
 */
struct dhcp_message {
	uint8_t type;            /* enum dhcp_type; 0: BOOTP */
	bool reply;              /* from the server */
	uint32_t transaction;    /* xid */
	uint8_t hardware[16];    /* chaddr, zero-padded */
	struct addr client;      /* ciaddr: has it already */
	struct addr yours;       /* yiaddr: gets it with this reply */
	struct addr requested;   /* option 50 */
	struct cursor host_name; /* option 12, no final NUL */
	struct cursor
	    full_name; /* option 81: the name in text form, else absent */
};

/*
 * One UDP datagram's payload.  DECODE_SHORT: it ends amid the fixed part or an
 * option; DECODE_MALFORMED: no DHCP message.  Options that are cut leave what
 * came before in *out.
 */
MUST_USE enum decode dhcp_decode(struct cursor datagram,
    struct dhcp_message *out);

#endif
