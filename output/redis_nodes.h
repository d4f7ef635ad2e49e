#ifndef OUTPUT_REDIS_NODES_H
#define OUTPUT_REDIS_NODES_H

#include <stdbool.h>
#include <stdint.h>

#include "output/redis_cluster.h"
#include "output/redis_connection.h"
#include "output/redis_slot.h"

/*
 * The nodes of a cluster and which of them has which slot.  A node is an
 * index; it stays the same node until the map is read anew, and then where the
 * node is still in the map or is kept.
 */
#define REDIS_HOST_SIZE 256
#define REDIS_NO_NODE   UINT16_MAX

struct redis_node {
	bool used;   /* else nothing here counts */
	bool kept;   /* even if the map does not name it */
	bool failed; /* it could not be reached of late */
	bool tried;  /* asked for the map, in this attempt */
	bool named;  /* by the map that is being read */
	char host[REDIS_HOST_SIZE];
	uint16_t port;
	struct redis_connection connection;
};

struct redis_nodes {
	const struct sink_url *url;
	struct redis_setup *setup;
	const struct redis_login *login;
	bool known;         /* there is a map */
	bool stale;         /* it is to be read anew */
	uint16_t informant; /* whom to ask first, or REDIS_NO_NODE */
	struct redis_node nodes[REDIS_NODES_MAX];
	uint16_t slots[REDIS_SLOTS]; /* or REDIS_NO_NODE */
	uint16_t read[REDIS_SLOTS];  /* the map that is being read */
};

void redis_nodes_init(struct redis_nodes *nodes, const struct sink_url *url,
    struct redis_setup *setup, const struct redis_login *login);
void redis_nodes_fini(struct redis_nodes *nodes);

/*
 * Reads the map anew, from any node, where it is stale.  False and why: there
 * is no map.
 */
bool redis_nodes_learn(struct redis_nodes *nodes, char *message);

/*
 * The node that an error names: MOVED or ASK, a slot, and HOST:PORT, where no
 * host means that of `from`.  REDIS_NO_NODE where it is not written so, or
 * there are too many nodes.  *slot is set where there is a node.
 */
uint16_t redis_nodes_redirected(struct redis_nodes *nodes, uint16_t from,
    const char *error, uint16_t *slot);

/* An open connection to a node, or NULL and why. */
struct redis_connection *redis_nodes_connection(struct redis_nodes *nodes,
    uint16_t node, char *message);

/* Any node, rather one with a connection and else one that has not failed. */
uint16_t redis_nodes_any(const struct redis_nodes *nodes);

/* Failures are forgotten, and nodes kept for once. */
void redis_nodes_begin(struct redis_nodes *nodes);

#endif
