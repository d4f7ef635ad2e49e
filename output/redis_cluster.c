#include "output/redis_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/redis_answer.h"
#include "output/redis_flight.h"
#include "output/redis_nodes.h"

/*
 * Lines are flown in rounds.  A round sorts what waits by where it goes, and
 * flies each part over its node's connection.  What a node sends elsewhere
 * goes there in the next round.
 *
 * ASK is about one command: another key of the same slot may still be where it
 * was, and written elsewhere it would be there twice.  So it is remembered for
 * the line, not for the slot.  Lines asked elsewhere fly first: those with the
 * same key that follow them may by then find their slot there.
 */

/* A line finds its node with the second; more are a cluster that changes. */
#define ROUNDS_MAX 5

#define PARTS (2 * REDIS_NODES_MAX) /* asked elsewhere, then the others */

struct redis_cluster {
	struct redis_nodes nodes;
	const struct sink_url *url;
	struct redis_commands *commands;

	/* One for each line, of a publish and of a round. */
	size_t room;
	uint16_t *asked;           /* a node, or REDIS_NO_NODE */
	uint16_t *part;            /* PARTS: none */
	uint32_t *order;           /* the lines, part by part */
	uint32_t begin[PARTS + 2]; /* of the parts, in order */
};

/* One publish. */
struct publication {
	struct redis_cluster *cluster;
	const struct sink_line *lines;
	size_t count;
	uint64_t until_ms;
	struct sink_outcome *outcome;
	uint16_t any, flying_to;
	bool redirected; /* a line of this round is to go elsewhere */
	bool down;
};

struct redis_cluster *
redis_cluster_new(const struct sink_url *url, struct redis_setup *setup,
    const struct redis_login *login, struct redis_commands *commands)
{
	struct redis_cluster *cluster;

	if ((cluster = calloc(1, sizeof *cluster)) == NULL)
		return NULL;
	cluster->url = url;
	cluster->commands = commands;
	redis_nodes_init(&cluster->nodes, url, setup, login);
	return cluster;
}

void
redis_cluster_free(struct redis_cluster *cluster)
{
	if (cluster == NULL)
		return;
	redis_nodes_fini(&cluster->nodes);
	free(cluster->asked);
	free(cluster->part);
	free(cluster->order);
	free(cluster);
}

static bool
reserve(struct redis_cluster *cluster, size_t count)
{
	uint16_t *asked, *part;
	uint32_t *order;

	if (count <= cluster->room)
		return true;
	if ((asked = realloc(cluster->asked, count * sizeof *asked)) != NULL)
		cluster->asked = asked;
	if ((part = realloc(cluster->part, count * sizeof *part)) != NULL)
		cluster->part = part;
	if ((order = realloc(cluster->order, count * sizeof *order)) != NULL)
		cluster->order = order;
	if (asked == NULL || part == NULL || order == NULL)
		return false;
	cluster->room = count;
	return true;
}

/* ---- where a line goes ---- */

static unsigned
part_of(struct publication *publication, uint32_t index)
{
	struct redis_cluster *cluster = publication->cluster;
	const struct redis_head *head;
	uint16_t node;

	if (cluster->asked[index] != REDIS_NO_NODE)
		return cluster->asked[index];
	/* All nodes hear of what is published on any of them. */
	if (cluster->url->mode == REDIS_CHANNEL) {
		node = publication->any;
		return node != REDIS_NO_NODE ? REDIS_NODES_MAX + node : PARTS;
	}
	head = redis_commands_head(cluster->commands,
	    &publication->lines[index]);
	if (head == NULL)
		return PARTS;
	node = cluster->nodes.slots[head->slot];
	return node != REDIS_NO_NODE ? REDIS_NODES_MAX + node : PARTS;
}

/* A counting sort, which keeps the order of the lines in each part. */
static void
sort(struct publication *publication)
{
	struct redis_cluster *cluster = publication->cluster;
	uint32_t *begin = cluster->begin, next[PARTS + 1];

	memset(begin, 0, sizeof cluster->begin);
	for (uint32_t i = 0; i < publication->count; i++) {
		if (publication->outcome->fates[i] != LINE_WAITS)
			continue;
		cluster->part[i] = (uint16_t)part_of(publication, i);
		begin[cluster->part[i] + 1]++;
	}
	for (size_t part = 0; part <= PARTS; part++) {
		next[part] = begin[part];
		begin[part + 1] += begin[part];
	}
	for (uint32_t i = 0; i < publication->count; i++) {
		if (publication->outcome->fates[i] == LINE_WAITS)
			cluster->order[next[cluster->part[i]]++] = i;
	}
}

/* ---- flying ---- */

static void
redirect(void *arg, uint32_t index, const char *error)
{
	struct publication *publication = arg;
	struct redis_cluster *cluster = publication->cluster;
	uint16_t slot, node;

	publication->redirected = true;
	cluster->asked[index] = REDIS_NO_NODE;
	node = redis_nodes_redirected(&cluster->nodes, publication->flying_to,
	    error, &slot);
	if (redis_answer_action(error) == ANSWER_MOVED) {
		cluster->nodes.stale = true;
		cluster->nodes.informant = node;
	}
	if (node == REDIS_NO_NODE)
		return;
	cluster->nodes.nodes[node].kept = true;
	if (redis_answer_action(error) == ANSWER_ASK)
		cluster->asked[index] = node;
	else
		cluster->nodes.slots[slot] = node;
}

static void
fail(struct publication *publication)
{
	publication->down = true;
	/* It may be that another node has taken over. */
	publication->cluster->nodes.stale = true;
}

static void
fly_part(struct publication *publication, unsigned part)
{
	struct redis_cluster *cluster = publication->cluster;
	const struct sink_url *url = cluster->url;
	uint16_t node = (uint16_t)(part % REDIS_NODES_MAX);
	struct redis_flight flight = {
		.commands = cluster->commands,
		.lines = publication->lines,
		.order = cluster->order + cluster->begin[part],
		.count = cluster->begin[part + 1] - cluster->begin[part],
		.asking = part < REDIS_NODES_MAX,
		.replicas = url->replicas,
		.replicas_ms = url->replicas_ms,
		.until_ms = publication->until_ms,
		.outcome = publication->outcome,
		.redirect = redirect,
		.redirect_arg = publication,
	};
	enum redis_landing landing;

	if (flight.count == 0)
		return;
	flight.connection = redis_nodes_connection(&cluster->nodes, node,
	    publication->outcome->message);
	if (flight.connection == NULL) {
		fail(publication);
		return;
	}
	publication->flying_to = node;
	landing = redis_fly(&flight);
	if (landing != FLIGHT_LANDED)
		fail(publication);
	if (landing > FLIGHT_PAUSE)
		redis_connection_close(flight.connection);
}

static void
fly_parts(struct publication *publication)
{
	struct redis_cluster *cluster = publication->cluster;

	for (unsigned part = 0; part < PARTS; part++)
		fly_part(publication, part);
	if (cluster->begin[PARTS + 1] > cluster->begin[PARTS]) {
		snprintf(publication->outcome->message, SINK_MESSAGE_SIZE,
		    "no node of the cluster serves the slot of a key; see "
		    "CLUSTER INFO; hits wait");
		fail(publication);
	}
}

/* With no lines: whether there is a connection. */
static void
see_to_connection(struct publication *publication)
{
	uint16_t node = publication->any;
	char *message = publication->outcome->message;

	if (node == REDIS_NO_NODE)
		snprintf(message, SINK_MESSAGE_SIZE,
		    "no node of the cluster can be reached");
	if (node == REDIS_NO_NODE ||
	    redis_nodes_connection(&publication->cluster->nodes, node,
		message) == NULL)
		fail(publication);
}

static bool
round_trip(struct publication *publication)
{
	struct redis_nodes *nodes = &publication->cluster->nodes;

	publication->redirected = false;
	if (!redis_nodes_learn(nodes, publication->outcome->message)) {
		fail(publication);
		return false;
	}
	publication->any = redis_nodes_any(nodes);
	if (publication->count == 0) {
		see_to_connection(publication);
		return false;
	}
	sort(publication);
	fly_parts(publication);
	return publication->redirected && !publication->down;
}

enum sink_state
redis_cluster_publish(struct redis_cluster *cluster,
    const struct sink_line *lines, size_t count, uint64_t until_ms,
    struct sink_outcome *outcome)
{
	struct publication publication = {
		.cluster = cluster,
		.lines = lines,
		.count = count,
		.until_ms = until_ms,
		.outcome = outcome,
	};
	unsigned rounds = 1;

	if (!reserve(cluster, count)) {
		snprintf(outcome->message, sizeof outcome->message,
		    "out of memory");
		return SINK_DOWN;
	}
	for (size_t i = 0; i < count; i++)
		cluster->asked[i] = REDIS_NO_NODE;
	redis_nodes_begin(&cluster->nodes);
	while (round_trip(&publication)) {
		if (rounds++ < ROUNDS_MAX)
			continue;
		snprintf(outcome->message, sizeof outcome->message,
		    "the nodes of the cluster send lines to one another; "
		    "hits wait");
		fail(&publication);
		break;
	}
	return publication.down ? SINK_DOWN : SINK_UP;
}
