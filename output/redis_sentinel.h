#ifndef OUTPUT_REDIS_SENTINEL_H
#define OUTPUT_REDIS_SENTINEL_H

#include <stdbool.h>

#include "output/redis_connection.h"

/*
 * Which Redis is the master, as the Sentinels say ("Guidelines for Redis
 * clients with support for Redis Sentinel"): each is asked in turn until one
 * names a Redis that says itself that it is a master.  One that does not answer
 * is asked last from then on.
 */
struct redis_sentinel;

/* URL and setup outlive it.  NULL: out of memory. */
struct redis_sentinel *redis_sentinel_new(const struct sink_url *url,
    struct redis_setup *setup);
void redis_sentinel_free(struct redis_sentinel *sentinel);

/* Opens the connection to the master; false, and why, where none is found. */
bool redis_sentinel_connect(struct redis_sentinel *sentinel,
    struct redis_connection *connection, const struct redis_login *login,
    char *message);

#endif
