#ifndef SENSOR_TLS_SESSION_H
#define SENSOR_TLS_SESSION_H

#include <stdbool.h>

struct observation;

struct tls_session {
	struct observation *kept; /* the ClientHello's; owned, or NULL */
	bool retried;             /* a HelloRetryRequest was seen */
};

#endif
