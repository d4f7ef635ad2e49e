#ifndef OUTPUT_REDIS_CONNECTION_H
#define OUTPUT_REDIS_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "output/redis_out.h"
#include "output/redis_reply.h"
#include "output/sink_driver.h"

/*
 * One connection to one Redis.  It waits only in sink_poll, but for the look-up
 * of a host's name, which nothing can wake.
 *
 * Each call that may fail takes `message`, of SINK_MESSAGE_SIZE octets, for the
 * reason; after a failure the connection is of no more use: close it.
 */

/* What the connections of one sink have in common. */
struct redis_setup {
	struct sink_patience *patience;
	uint32_t connect_timeout_ms; /* for each address of a host */
	uint32_t command_timeout_ms; /* in which Redis must read or answer */
	const struct redis_tls *tls;
	bool names_places; /* messages say which Redis it is */
	struct redis_out out;
};

struct redis_place {
	const char *host;
	uint16_t port;
	const char *path; /* a socket; NULL: host and port */
};

struct redis_login {
	const char *user, *password, *password_file; /* NULL: none */
	uint32_t db;
};

#define REDIS_NAME_SIZE 128 /* host and port; a longer name is cut */

struct redis_connection {
	struct redis_setup *setup;
	struct redis_reader *reader;
	struct redis_tls_session *tls; /* NULL: none */
	int fd;                        /* -1: not open */
	uint64_t alive_ms; /* when it last read or answered something */
	bool proven;       /* it has taken a line */
	size_t under_way;  /* lines that are to be replied to; redis_flight.h */
	char name[REDIS_NAME_SIZE];
};

void redis_connection_init(struct redis_connection *connection,
    struct redis_setup *setup);

/*
 * Connects, logs in and pings: that tells what is wrong before the first line
 * does, hours later perhaps.  A password file is read anew.
 */
bool redis_connection_open(struct redis_connection *connection,
    const struct redis_place *place, const struct redis_login *login,
    char *message);

/* What is in setup->out belongs to it and goes, too. */
void redis_connection_close(struct redis_connection *connection);

bool redis_connection_is_open(const struct redis_connection *connection);

/* command_timeout_ms counts from now: before lines are sent. */
void redis_connection_begin(struct redis_connection *connection);

/*
 * With no reply owed: whether the other side has ended the connection, or
 * says something unasked.
 */
bool redis_connection_is_stale(struct redis_connection *connection);

/* One command and its reply, which may be an error. */
bool redis_connection_call(struct redis_connection *connection, unsigned argc,
    const char *const *argv, redis_visit visit, void *arg,
    struct redis_reply *reply, char *message);

/* The same with more time than the setup says, for one that waits itself. */
bool redis_connection_call_for(struct redis_connection *connection,
    unsigned argc, const char *const *argv, uint32_t more_ms,
    struct redis_reply *reply, char *message);

/* As much of setup->out as the socket takes. */
bool redis_connection_send(struct redis_connection *connection, char *message);

/* What is there, if anything. */
bool redis_connection_receive(struct redis_connection *connection,
    char *message);

/* The next reply of what was received; false: it is none. */
bool redis_connection_reply(struct redis_connection *connection,
    enum redis_read *read, struct redis_reply *reply, char *message);

/* Until the socket takes or has something; false: nothing in time. */
bool redis_connection_wait(struct redis_connection *connection, char *message);

/* `text`, after the name where there is more than one Redis. */
void redis_connection_say(const struct redis_connection *connection,
    const char *text, char *message);

#endif
