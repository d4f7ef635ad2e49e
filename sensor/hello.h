#ifndef SENSOR_HELLO_H
#define SENSOR_HELLO_H

#include <stdbool.h>

#include "decoders/tls.h"
#include "sensor/fingerprint.h"
#include "sensor/observation.h"

/*
 * The two hellos, as observations have them; TLS and QUIC tell the same of
 * them.  `tls` is that of the observation that the tracker is building.
 */

struct tracker;

/* What the hello says, and the names of who says it; of a cut one no names. */
void hello_add_client(struct tracker *t, const struct tls_client_hello *hello,
    bool cut, enum ja4_transport transport, struct obs_tls *tls);

void hello_add_server(struct tracker *t, const struct tls_server_hello *hello,
    struct obs_tls *tls);

#endif
