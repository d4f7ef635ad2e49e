#ifndef SENSOR_SOCKS_SESSION_H
#define SENSOR_SOCKS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Beside what a session decodes: before it is decided, and then inside the
 * tunnel.
 */
struct socks_session {
	/* By end: octets held back since they may be SOCKS; else 0. */
	size_t held[2];
	bool replies_due; /* by end `server`, before what is inside */
	uint8_t server;
	uint8_t version, command; /* of the request */
};

#endif
