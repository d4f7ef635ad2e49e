#include "output/sink_driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "output/redis_cluster.h"
#include "output/redis_command.h"
#include "output/redis_connection.h"
#include "output/redis_flight.h"
#include "output/redis_sentinel.h"
#include "output/redis_tls.h"

/*
 * Redis: one, the master that Sentinels name, or a cluster.  What is said over
 * a connection is in redis_flight.c; here is where it goes.
 */
struct sink_redis {
	const struct sink_url *url;
	struct redis_setup setup;
	struct redis_login login;
	struct redis_commands *commands;
	struct redis_connection connection; /* not of a cluster */
	struct redis_sentinel *sentinel;    /* NULL: none */
	struct redis_cluster *cluster;      /* NULL: none */
};

static bool
connect_anew(struct sink_redis *redis, char *message)
{
	const struct sink_url *url = redis->url;
	struct redis_place place = { .path = url->path };

	if (redis->sentinel != NULL)
		return redis_sentinel_connect(redis->sentinel,
		    &redis->connection, &redis->login, message);
	if (url->path == NULL) {
		place.host = url->endpoints[0].host;
		place.port = url->endpoints[0].port;
	}
	return redis_connection_open(&redis->connection, &place, &redis->login,
	    message);
}

static bool
connect_if_needed(struct sink_redis *redis, char *message)
{
	if (redis_connection_is_open(&redis->connection) &&
	    (redis->connection.under_way > 0 ||
		!redis_connection_is_stale(&redis->connection)))
		return true;
	redis_connection_close(&redis->connection);
	return connect_anew(redis, message);
}

static enum sink_state
redis_publish(void *state, const struct sink_line *lines, size_t count,
    struct sink_outcome *outcome)
{
	struct sink_redis *redis = state;
	struct redis_flight flight = {
		.connection = &redis->connection,
		.commands = redis->commands,
		.lines = lines,
		.count = count,
		.may_leave = redis->url->replicas == 0,
		.replicas = redis->url->replicas,
		.replicas_ms = redis->url->replicas_ms,
		.until_ms = sink_clock_ms() + SINK_TURN_MS,
		.outcome = outcome,
	};
	enum redis_landing landing;

	if (redis->cluster != NULL)
		return redis_cluster_publish(redis->cluster, lines, count,
		    flight.until_ms, outcome);
	if (!connect_if_needed(redis, outcome->message))
		return SINK_DOWN;
	landing = redis_fly(&flight);
	/* After a failover the same name may lead to another Redis. */
	if (landing > FLIGHT_PAUSE)
		redis_connection_close(&redis->connection);
	outcome->under_way = redis->connection.under_way;
	return landing == FLIGHT_LANDED ? SINK_UP : SINK_DOWN;
}

static void
redis_close(void *state)
{
	struct sink_redis *redis = state;

	redis_connection_close(&redis->connection);
	redis_sentinel_free(redis->sentinel);
	redis_cluster_free(redis->cluster);
	redis_commands_free(redis->commands);
	redis_out_fini(&redis->setup.out);
	free(redis);
}

static void
fill(struct sink_redis *redis, const struct sink_url *url,
    const struct sink_options *options, struct sink_patience *patience)
{
	redis->url = url;
	redis->setup.patience = patience;
	redis->setup.connect_timeout_ms = options->connect_timeout_ms;
	redis->setup.command_timeout_ms = options->command_timeout_ms;
	redis->setup.tls = &url->tls;
	redis->setup.names_places = url->topology != REDIS_SINGLE;
	redis->login.user = url->user;
	redis->login.password = url->password;
	redis->login.password_file = url->password_file;
	redis->login.db = url->db;
	redis_connection_init(&redis->connection, &redis->setup);
}

static bool
make_parts(struct sink_redis *redis)
{
	const struct sink_url *url = redis->url;

	if ((redis->commands = redis_commands_new(url)) == NULL)
		return false;
	switch (url->topology) {
	case REDIS_SINGLE:
		return true;
	case REDIS_SENTINEL:
		redis->sentinel = redis_sentinel_new(url, &redis->setup);
		return redis->sentinel != NULL;
	case REDIS_CLUSTER:
		redis->cluster = redis_cluster_new(url, &redis->setup,
		    &redis->login, redis->commands);
		return redis->cluster != NULL;
	}
	return false;
}

static int
redis_open(const struct sink_url *url, const struct sink_options *options,
    struct sink_patience *patience, void **out, char *error, size_t error_size)
{
	struct sink_redis *redis;

	if (url->tls.wanted &&
	    redis_tls_check(&url->tls, error, error_size) == -1)
		return -1;
	if ((redis = calloc(1, sizeof *redis)) == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	fill(redis, url, options, patience);
	if (!make_parts(redis)) {
		redis_close(redis);
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	*out = redis;
	return 0;
}

const struct sink_driver sink_redis_driver = {
	.open = redis_open,
	.publish = redis_publish,
	.close = redis_close,
};
