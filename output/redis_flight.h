#ifndef OUTPUT_REDIS_FLIGHT_H
#define OUTPUT_REDIS_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/redis_command.h"
#include "output/redis_connection.h"
#include "output/sink_driver.h"

/*
 * Lines flown over one connection.  Commands are pipelined: up to a window of
 * them is under way while replies come back in the same order.  A line is
 * written when its reply has come and is no error (and, where replicas are
 * waited for, when these have it).  Where the connection is lost, lines
 * without a reply are to be sent again: they may arrive twice, never not at
 * all.
 */
struct redis_flight {
	struct redis_connection *connection;
	struct redis_commands *commands;
	const struct sink_line *lines;
	const uint32_t *order; /* which of them; NULL: the first `count` */
	size_t count;
	bool asking; /* in a cluster: to a node that is taking over the slot */
	/*
	 * May come back while lines are under way, and without `order` and
	 * `replicas`; the next flight over this connection begins with them,
	 * connection->under_way of them.
	 */
	bool may_leave;
	uint32_t replicas, replicas_ms; /* 0: not waited for */
	uint64_t until_ms; /* sink_clock_ms(): no new lines from then on */
	struct sink_outcome *outcome;
	/*
	 * In a cluster: line `index` has to go elsewhere, MOVED or ASK; it
	 * waits.  NULL: there is no elsewhere.
	 */
	void (*redirect)(void *arg, uint32_t index, const char *error);
	void *redirect_arg;
};

enum redis_landing {
	FLIGHT_LANDED,     /* what could be sent was answered, or will be */
	FLIGHT_PAUSE,      /* again later, over this connection */
	FLIGHT_RECONNECT,  /* again later, over another */
	FLIGHT_REDISCOVER, /* again later, perhaps with another Redis */
	FLIGHT_LOST,       /* the connection is of no more use: close it */
};

/*
 * Sets the lines' fates, and the message of the outcome unless all is well.
 * The connection is open and not stale.
 */
enum redis_landing redis_fly(const struct redis_flight *flight);

#endif
