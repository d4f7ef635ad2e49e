#include "output/redis_nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/redis_answer.h"

void
redis_nodes_init(struct redis_nodes *nodes, const struct sink_url *url,
    struct redis_setup *setup, const struct redis_login *login)
{
	memset(nodes, 0, sizeof *nodes);
	nodes->url = url;
	nodes->setup = setup;
	nodes->login = login;
	nodes->stale = true;
	nodes->informant = REDIS_NO_NODE;
	for (size_t i = 0; i < REDIS_SLOTS; i++)
		nodes->slots[i] = REDIS_NO_NODE;
}

static void
drop(struct redis_node *node)
{
	redis_connection_close(&node->connection);
	node->used = false;
}

void
redis_nodes_fini(struct redis_nodes *nodes)
{
	for (size_t i = 0; i < REDIS_NODES_MAX; i++) {
		if (nodes->nodes[i].used)
			drop(&nodes->nodes[i]);
	}
}

static uint16_t
add(struct redis_nodes *nodes, uint16_t index, const char *host, size_t len,
    uint16_t port)
{
	struct redis_node *node;

	if (index == REDIS_NO_NODE)
		return REDIS_NO_NODE;
	node = &nodes->nodes[index];
	memset(node, 0, sizeof *node);
	node->used = true;
	memcpy(node->host, host, len);
	node->port = port;
	redis_connection_init(&node->connection, nodes->setup);
	return index;
}

static uint16_t
find_or_add(struct redis_nodes *nodes, const char *host, size_t len,
    uint16_t port)
{
	uint16_t free_index = REDIS_NO_NODE;

	if (len == 0 || len >= REDIS_HOST_SIZE || port == 0 ||
	    memchr(host, '\0', len) != NULL)
		return REDIS_NO_NODE;
	for (uint16_t i = 0; i < REDIS_NODES_MAX; i++) {
		const struct redis_node *node = &nodes->nodes[i];

		if (!node->used && free_index == REDIS_NO_NODE)
			free_index = i;
		if (node->used && node->port == port &&
		    strlen(node->host) == len &&
		    memcmp(node->host, host, len) == 0)
			return i;
	}
	return add(nodes, free_index, host, len, port);
}

struct redis_connection *
redis_nodes_connection(struct redis_nodes *nodes, uint16_t index, char *message)
{
	struct redis_node *node = &nodes->nodes[index];
	struct redis_place place = { node->host, node->port, NULL };

	if (redis_connection_is_open(&node->connection) &&
	    !redis_connection_is_stale(&node->connection))
		return &node->connection;
	redis_connection_close(&node->connection);
	if (node->failed) {
		/* Not a second time-out for the same news. */
		snprintf(message, SINK_MESSAGE_SIZE,
		    "%.200s:%u cannot be reached", node->host,
		    (unsigned)node->port);
		return NULL;
	}
	if (redis_connection_open(&node->connection, &place, nodes->login,
		message))
		return &node->connection;
	node->failed = true;
	return NULL;
}

uint16_t
redis_nodes_any(const struct redis_nodes *nodes)
{
	uint16_t any = REDIS_NO_NODE;

	for (uint16_t i = 0; i < REDIS_NODES_MAX; i++) {
		const struct redis_node *node = &nodes->nodes[i];

		if (!node->used || node->failed)
			continue;
		if (redis_connection_is_open(&node->connection))
			return i;
		if (any == REDIS_NO_NODE)
			any = i;
	}
	return any;
}

void
redis_nodes_begin(struct redis_nodes *nodes)
{
	for (size_t i = 0; i < REDIS_NODES_MAX; i++)
		nodes->nodes[i].failed = nodes->nodes[i].kept = false;
}

/* ---- CLUSTER SLOTS ---- */

/*
 * An array of ranges: [first slot, last slot, master, replicas ...], where a
 * node is [host, port, id ...]; a host that is nil or empty is that of the
 * node that was asked, and '?' is one that nobody knows.
 */
struct slots_reading {
	struct redis_nodes *nodes;
	uint16_t asked;
	long long first, last;
	char host[REDIS_HOST_SIZE];
	size_t host_len;
	size_t found; /* slots that have a node */
};

static void
take_host(struct slots_reading *reading, const struct redis_element *element)
{
	const char *asked = reading->nodes->nodes[reading->asked].host;
	const char *host = element->text;
	size_t len = element->len;

	reading->host_len = 0;
	if (element->kind == REPLY_NIL ||
	    (element->kind == REPLY_STRING && len == 0)) {
		host = asked;
		len = strlen(asked);
	} else if (element->kind != REPLY_STRING) {
		return;
	}
	if (len >= sizeof reading->host || (len == 1 && host[0] == '?'))
		return;
	memcpy(reading->host, host, len);
	reading->host_len = len;
}

static void
take_range(struct slots_reading *reading, long long port)
{
	struct redis_nodes *nodes = reading->nodes;
	uint16_t node;

	if (port < 1 || port > UINT16_MAX || reading->first < 0 ||
	    reading->last < reading->first || reading->last >= REDIS_SLOTS)
		return;
	node = find_or_add(nodes, reading->host, reading->host_len,
	    (uint16_t)port);
	if (node == REDIS_NO_NODE)
		return;
	nodes->nodes[node].named = true;
	for (long long slot = reading->first; slot <= reading->last; slot++) {
		reading->found += nodes->read[slot] == REDIS_NO_NODE;
		nodes->read[slot] = node;
	}
	reading->first = -1; /* each range has one master */
}

static void
see_slots(void *arg, const struct redis_element *element)
{
	struct slots_reading *reading = arg;

	if (element->depth == 1) {
		reading->first = reading->last = -1;
		reading->host_len = 0;
	} else if (element->depth == 2 && element->kind == REPLY_INTEGER) {
		if (element->path[1] == 0)
			reading->first = element->integer;
		else if (element->path[1] == 1)
			reading->last = element->integer;
	} else if (element->depth == 3 && element->path[1] == 2) {
		if (element->path[2] == 0)
			take_host(reading, element);
		else if (element->path[2] == 1 &&
			 element->kind == REPLY_INTEGER)
			take_range(reading, element->integer);
	}
}

static void
forget_unnamed(struct redis_nodes *nodes)
{
	for (size_t i = 0; i < REDIS_NODES_MAX; i++) {
		struct redis_node *node = &nodes->nodes[i];

		if (node->used && !node->named && !node->kept)
			drop(node);
	}
}

static void
say_error(const struct redis_connection *connection, const char *error,
    char *message)
{
	char explained[SINK_MESSAGE_SIZE - 32], text[SINK_MESSAGE_SIZE];

	redis_answer_explain(error, explained, sizeof explained);
	snprintf(text, sizeof text, "CLUSTER SLOTS: %s", explained);
	redis_connection_say(connection, text, message);
}

static bool
ask(struct redis_nodes *nodes, uint16_t index,
    struct redis_connection *connection, char *message)
{
	static const char *const question[] = { "CLUSTER", "SLOTS" };
	struct slots_reading reading = { .nodes = nodes, .asked = index };
	struct redis_reply reply;

	for (size_t i = 0; i < REDIS_SLOTS; i++)
		nodes->read[i] = REDIS_NO_NODE;
	for (size_t i = 0; i < REDIS_NODES_MAX; i++)
		nodes->nodes[i].named = false;
	if (!redis_connection_call(connection, 2, question, see_slots, &reading,
		&reply, message)) {
		redis_connection_close(connection);
		return false;
	}
	if (reply.kind == REPLY_ERROR) {
		say_error(connection, reply.error, message);
		return false;
	}
	if (reading.found > 0)
		return true;
	redis_connection_say(connection, "this node knows of no slots",
	    message);
	return false;
}

static bool
try(struct redis_nodes *nodes, uint16_t index, char *message)
{
	struct redis_node *node = &nodes->nodes[index];
	struct redis_connection *connection;

	if (node->tried || !node->used)
		return false;
	node->tried = true;
	connection = redis_nodes_connection(nodes, index, message);
	if (connection == NULL || !ask(nodes, index, connection, message))
		return false;
	memcpy(nodes->slots, nodes->read, sizeof nodes->slots);
	forget_unnamed(nodes);
	nodes->known = true;
	nodes->stale = false;
	nodes->informant = REDIS_NO_NODE;
	return true;
}

/* Those with a connection, or all. */
static bool
try_each(struct redis_nodes *nodes, bool connected, char *message)
{
	for (uint16_t i = 0; i < REDIS_NODES_MAX; i++) {
		const struct redis_node *node = &nodes->nodes[i];

		if (connected && !redis_connection_is_open(&node->connection))
			continue;
		if (try(nodes, i, message))
			return true;
	}
	return false;
}

static bool
refresh(struct redis_nodes *nodes, char *message)
{
	const struct sink_url *url = nodes->url;

	for (size_t i = 0; i < REDIS_NODES_MAX; i++)
		nodes->nodes[i].tried = false;
	if (nodes->informant != REDIS_NO_NODE &&
	    try(nodes, nodes->informant, message))
		return true;
	if (try_each(nodes, true, message))
		return true;
	for (unsigned i = 0; i < url->endpoint_count; i++)
		(void)find_or_add(nodes, url->endpoints[i].host,
		    strlen(url->endpoints[i].host), url->endpoints[i].port);
	return try_each(nodes, false, message);
}

bool
redis_nodes_learn(struct redis_nodes *nodes, char *message)
{
	if (nodes->stale)
		(void)refresh(nodes, message);
	/*
	 * What was known may still do, with what MOVED has told; and a node
	 * that did not answer is no news where another did.
	 */
	if (nodes->known)
		message[0] = '\0';
	return nodes->known;
}

/* ---- MOVED, ASK ---- */

uint16_t
redis_nodes_redirected(struct redis_nodes *nodes, uint16_t from,
    const char *error, uint16_t *slot)
{
	const char *at = strchr(error, ' '), *host, *colon;
	unsigned long number, port;
	uint16_t node;
	char *end;

	if (at == NULL)
		return REDIS_NO_NODE;
	number = strtoul(at + 1, &end, 10);
	if (end == at + 1 || *end != ' ' || number >= REDIS_SLOTS)
		return REDIS_NO_NODE;
	host = end + 1;
	/* The host may be an IPv6 address, without brackets. */
	if ((colon = strrchr(host, ':')) == NULL)
		return REDIS_NO_NODE;
	port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end != '\0' || port > UINT16_MAX)
		return REDIS_NO_NODE;
	if (colon == host) {
		host = nodes->nodes[from].host;
		colon = host + strlen(host);
	}
	node = find_or_add(nodes, host, (size_t)(colon - host), (uint16_t)port);
	if (node != REDIS_NO_NODE)
		*slot = (uint16_t)number;
	return node;
}
