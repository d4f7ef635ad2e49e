#ifndef SENSOR_QUIC_SESSION_H
#define SENSOR_QUIC_SESSION_H

#include <stdbool.h>
#include <stdint.h>

struct observation;
struct quic_initials;

struct quic_session {
	struct quic_initials *initials; /* owned; NULL in the first datagram */
	struct observation *kept;       /* the ClientHello's; owned, or NULL */
	bool settled;      /* the ClientHello is read, whole or bad */
	uint8_t datagrams; /* read, and since the ClientHello */
	uint8_t useless;   /* of these, what did not open or was wrong */
};

#endif
