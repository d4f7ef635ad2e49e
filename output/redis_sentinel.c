#include "output/redis_sentinel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/redis_answer.h"

struct redis_sentinel {
	const struct sink_url *url;
	struct redis_setup *setup;
	struct redis_login login; /* of the Sentinels */
	unsigned order[SINK_ENDPOINTS_MAX];
};

struct redis_sentinel *
redis_sentinel_new(const struct sink_url *url, struct redis_setup *setup)
{
	struct redis_sentinel *sentinel;

	if ((sentinel = calloc(1, sizeof *sentinel)) == NULL)
		return NULL;
	sentinel->url = url;
	sentinel->setup = setup;
	sentinel->login.user = url->sentinel_user;
	sentinel->login.password = url->sentinel_password;
	for (unsigned i = 0; i < SINK_ENDPOINTS_MAX; i++)
		sentinel->order[i] = i;
	return sentinel;
}

void
redis_sentinel_free(struct redis_sentinel *sentinel)
{
	free(sentinel);
}

/* What a Sentinel names. */
struct master {
	char host[256];
	uint16_t port;
};

/* ["192.0.2.1", "6379"] */
static void
see_address(void *arg, const struct redis_element *element)
{
	struct master *master = arg;
	char port[sizeof "65535"];

	if (element->depth != 1 || element->kind != REPLY_STRING)
		return;
	if (element->path[0] == 0 && element->len < sizeof master->host) {
		memcpy(master->host, element->text, element->len);
		master->host[element->len] = '\0';
	} else if (element->path[0] == 1 && element->len < sizeof port) {
		unsigned long number;
		char *end;

		memcpy(port, element->text, element->len);
		port[element->len] = '\0';
		number = strtoul(port, &end, 10);
		if (*end == '\0' && number <= UINT16_MAX)
			master->port = (uint16_t)number;
	}
}

static bool
say(const struct redis_connection *connection, const char *text, char *message)
{
	redis_connection_say(connection, text, message);
	return false;
}

static bool
say_error(const struct redis_connection *connection, const char *command,
    const char *error, char *message)
{
	char explained[SINK_MESSAGE_SIZE - 32], text[SINK_MESSAGE_SIZE];

	redis_answer_explain(error, explained, sizeof explained);
	snprintf(text, sizeof text, "%s: %s", command, explained);
	return say(connection, text, message);
}

static bool
ask(const struct redis_sentinel *sentinel, struct redis_connection *connection,
    struct master *out, char *message)
{
	const char *question[] = { "SENTINEL", "GET-MASTER-ADDR-BY-NAME",
		sentinel->url->master };
	struct redis_reply reply;

	memset(out, 0, sizeof *out);
	if (!redis_connection_call(connection, 3, question, see_address, out,
		&reply, message))
		return false;
	if (reply.kind == REPLY_ERROR)
		return say_error(connection, "SENTINEL", reply.error, message);
	if (reply.kind == REPLY_NIL)
		return say(connection,
		    "this Sentinel knows no master of that name", message);
	if (out->host[0] == '\0' || out->port == 0)
		return say(connection, "this Sentinel names no address",
		    message);
	return true;
}

/* False: this Sentinel is of no use now. */
static bool
find_master(const struct redis_sentinel *sentinel,
    const struct sink_endpoint *endpoint, struct master *out, char *message)
{
	struct redis_place place = { endpoint->host, endpoint->port, NULL };
	struct redis_connection connection;
	bool found;

	redis_connection_init(&connection, sentinel->setup);
	found = redis_connection_open(&connection, &place, &sentinel->login,
		    message) &&
	        ask(sentinel, &connection, out, message);
	redis_connection_close(&connection);
	return found;
}

struct role {
	bool is_master;
};

/* ["master", 3129659, [...]], ["slave", ...] */
static void
see_role(void *arg, const struct redis_element *element)
{
	static const char master[] = "master";
	struct role *role = arg;

	if (element->depth == 1 && element->path[0] == 0 &&
	    element->kind == REPLY_STRING)
		role->is_master = element->len == sizeof master - 1 &&
		                  memcmp(element->text, master, element->len) ==
		                      0;
}

/*
 * A Sentinel that is cut off may still name the old master, which came back
 * as a replica.
 */
static bool
check_role(struct redis_connection *connection, char *message)
{
	const char *question[] = { "ROLE" };
	struct role role = { false };
	struct redis_reply reply;

	if (!redis_connection_call(connection, 1, question, see_role, &role,
		&reply, message))
		return false;
	if (reply.kind == REPLY_ERROR)
		return say_error(connection, "ROLE", reply.error, message);
	return role.is_master ||
	       say(connection,
		   "a Sentinel says that this is the master, but it is not",
		   message);
}

static void
ask_last(struct redis_sentinel *sentinel, unsigned place)
{
	unsigned last = sentinel->url->endpoint_count - 1;
	unsigned index = sentinel->order[place];

	memmove(&sentinel->order[place], &sentinel->order[place + 1],
	    (last - place) * sizeof sentinel->order[0]);
	sentinel->order[last] = index;
}

static bool
connect_to(const struct master *master, struct redis_connection *connection,
    const struct redis_login *login, char *message)
{
	struct redis_place place = { master->host, master->port, NULL };

	if (redis_connection_open(connection, &place, login, message) &&
	    check_role(connection, message))
		return true;
	redis_connection_close(connection);
	return false;
}

bool
redis_sentinel_connect(struct redis_sentinel *sentinel,
    struct redis_connection *connection, const struct redis_login *login,
    char *message)
{
	const struct sink_url *url = sentinel->url;
	char unknown[SINK_MESSAGE_SIZE], *why = message;
	struct master master;
	unsigned place = 0;

	for (unsigned i = 0; i < url->endpoint_count; i++) {
		if (!find_master(sentinel,
			&url->endpoints[sentinel->order[place]], &master,
			why)) {
			ask_last(sentinel, place);
			continue;
		}
		if (connect_to(&master, connection, login, message)) {
			message[0] = '\0';
			return true;
		}
		/* It tells more than that another Sentinel is not there. */
		why = unknown;
		place++;
	}
	return false;
}
