#ifndef OUTPUT_REDIS_CLUSTER_H
#define OUTPUT_REDIS_CLUSTER_H

#include <stddef.h>

#include "output/redis_command.h"
#include "output/redis_connection.h"
#include "output/sink_driver.h"

/*
 * A Redis Cluster ("Redis cluster specification"): each line goes to the node
 * that has the slot of its key; lines with the same key stay in order.  Any
 * node tells which has what.
 */
#define REDIS_NODES_MAX 256

struct redis_cluster;

/* URL, setup, login and commands outlive it.  NULL: out of memory. */
struct redis_cluster *redis_cluster_new(const struct sink_url *url,
    struct redis_setup *setup, const struct redis_login *login,
    struct redis_commands *commands);
void redis_cluster_free(struct redis_cluster *cluster);

/* As the driver's publish. */
enum sink_state redis_cluster_publish(struct redis_cluster *cluster,
    const struct sink_line *lines, size_t count, uint64_t until_ms,
    struct sink_outcome *outcome);

#endif
