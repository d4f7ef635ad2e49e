#ifndef OUTPUT_REDIS_DIAL_H
#define OUTPUT_REDIS_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include "output/sink_driver.h"

/*
 * A non-blocking socket that is connected: to the first address of a host that
 * answers, each in turn for timeout_ms at most, or to a path.  The caller
 * closes it.  -1 with the reason in `message`.
 */
int redis_dial_host(struct sink_patience *patience, uint32_t timeout_ms,
    const char *host, uint16_t port, char *message, size_t message_size);
int redis_dial_path(struct sink_patience *patience, uint32_t timeout_ms,
    const char *path, char *message, size_t message_size);

#endif
