#include "output/redis_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "output/redis_answer.h"
#include "output/redis_dial.h"
#include "output/redis_tls.h"

#define IN_OCTETS     (16U << 10) /* also a whole record of TLS */
#define READS_AT_ONCE 16          /* then what was read is looked at */
#define PASSWORD_SIZE 4096

/*
 * A Redis that reads slowly but answers would wake us for each answer, so at
 * first only its reading does.  One that wants its answers read before it
 * reads on (a proxy may) is understood after so long.
 */
#define READS_FIRST_MS 10

static bool fail(const struct redis_connection *connection, char *message,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool
fail(const struct redis_connection *connection, char *message,
    const char *format, ...)
{
	char text[SINK_MESSAGE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	redis_connection_say(connection, text, message);
	return false;
}

void
redis_connection_say(const struct redis_connection *connection,
    const char *text, char *message)
{
	if (connection->setup->names_places)
		snprintf(message, SINK_MESSAGE_SIZE, "%s: %s", connection->name,
		    text);
	else
		snprintf(message, SINK_MESSAGE_SIZE, "%s", text);
}

void
redis_connection_init(struct redis_connection *connection,
    struct redis_setup *setup)
{
	memset(connection, 0, sizeof *connection);
	connection->setup = setup;
	connection->fd = -1;
}

bool
redis_connection_is_open(const struct redis_connection *connection)
{
	return connection->fd != -1;
}

void
redis_connection_close(struct redis_connection *connection)
{
	redis_tls_free(connection->tls);
	connection->tls = NULL;
	redis_reader_free(connection->reader);
	connection->reader = NULL;
	if (connection->fd != -1)
		close(connection->fd);
	connection->fd = -1;
	connection->proven = false;
	connection->under_way = 0;
	redis_out_clear(&connection->setup->out);
}

void
redis_connection_begin(struct redis_connection *connection)
{
	connection->alive_ms = sink_clock_ms();
}

/* ---- sending and receiving ---- */

static ssize_t
write_some(struct redis_connection *connection, const char *octets, size_t len)
{
	if (connection->tls != NULL)
		return redis_tls_write(connection->tls, octets, len);
	return send(connection->fd, octets, len, MSG_NOSIGNAL);
}

static ssize_t
read_some(struct redis_connection *connection, char *out, size_t size)
{
	if (connection->tls != NULL)
		return redis_tls_read(connection->tls, out, size);
	return recv(connection->fd, out, size, 0);
}

/* Of write_some or read_some. */
static bool
fail_io(const struct redis_connection *connection, char *message)
{
	return fail(connection, message, "%s",
	    connection->tls != NULL && errno == EPROTO
		? redis_tls_reason(connection->tls)
		: strerror(errno));
}

bool
redis_connection_send(struct redis_connection *connection, char *message)
{
	struct redis_out *out = &connection->setup->out;
	ssize_t sent;

	if (redis_out_is_empty(out))
		return true;
	sent = write_some(connection, out->octets + out->begun,
	    out->len - out->begun);
	if (sent > 0) {
		out->begun += (size_t)sent;
		redis_connection_begin(connection);
		return true;
	}
	if (errno == EAGAIN || errno == EINTR)
		return true;
	return fail_io(connection, message);
}

bool
redis_connection_receive(struct redis_connection *connection, char *message)
{
	char octets[IN_OCTETS];
	ssize_t len = sizeof octets;

	for (unsigned i = 0; i < READS_AT_ONCE && len == sizeof octets; i++) {
		len = read_some(connection, octets, sizeof octets);
		if (len == 0)
			return fail(connection, message,
			    "Redis closed the connection");
		if (len == -1 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (len == -1)
			return fail_io(connection, message);
		if (redis_reader_feed(connection->reader, octets,
			(size_t)len) == -1)
			return fail(connection, message, "out of memory");
	}
	return true;
}

static bool
take_reply(struct redis_connection *connection, redis_visit visit, void *arg,
    enum redis_read *read, struct redis_reply *reply, char *message)
{
	*read = redis_reader_next(connection->reader, visit, arg, reply);
	switch (*read) {
	case READ_REPLY:
		redis_connection_begin(connection);
		return true;
	case READ_MORE:
		return true;
	case READ_BAD:
		break;
	}
	return fail(connection, message, "not what a Redis says: %s",
	    redis_reader_reason(connection->reader));
}

bool
redis_connection_reply(struct redis_connection *connection,
    enum redis_read *read, struct redis_reply *reply, char *message)
{
	return take_reply(connection, NULL, NULL, read, reply, message);
}

static bool
wait_for(struct redis_connection *connection, uint32_t timeout_ms,
    char *message)
{
	struct redis_setup *setup = connection->setup;
	uint64_t silent_ms = sink_clock_ms() - connection->alive_ms;
	uint32_t left_ms = silent_ms < timeout_ms
	                       ? timeout_ms - (uint32_t)silent_ms
	                       : 0;
	bool sending = !redis_out_is_empty(&setup->out);
	uint32_t first_ms = left_ms < READS_FIRST_MS ? left_ms : READS_FIRST_MS;

	if (connection->tls != NULL && redis_tls_pending(connection->tls))
		return true;
	if (sending &&
	    sink_poll(setup->patience, connection->fd, POLLOUT, first_ms) != 0)
		return true;
	if (sink_poll(setup->patience, connection->fd,
		sending ? POLLIN | POLLOUT : POLLIN, left_ms) != 0)
		return true;
	return fail(connection, message, "no reply for %u ms",
	    (unsigned)timeout_ms);
}

bool
redis_connection_wait(struct redis_connection *connection, char *message)
{
	return wait_for(connection, connection->setup->command_timeout_ms,
	    message);
}

bool
redis_connection_is_stale(struct redis_connection *connection)
{
	char ignored[SINK_MESSAGE_SIZE];
	struct redis_reply reply;
	enum redis_read read;

	/* TLS has messages of its own, so that only reading tells. */
	return !redis_connection_receive(connection, ignored) ||
	       !redis_connection_reply(connection, &read, &reply, ignored) ||
	       read == READ_REPLY;
}

/* ---- one command ---- */

static bool
await_reply(struct redis_connection *connection, uint32_t timeout_ms,
    redis_visit visit, void *arg, struct redis_reply *reply, char *message)
{
	enum redis_read read;

	redis_connection_begin(connection);
	for (;;) {
		if (!take_reply(connection, visit, arg, &read, reply, message))
			return false;
		if (read == READ_REPLY)
			return true;
		if (!redis_connection_send(connection, message) ||
		    !wait_for(connection, timeout_ms, message) ||
		    !redis_connection_receive(connection, message))
			return false;
	}
}

static bool
call(struct redis_connection *connection, unsigned argc,
    const char *const *argv, uint32_t timeout_ms, redis_visit visit, void *arg,
    struct redis_reply *reply, char *message)
{
	struct redis_out *out = &connection->setup->out;
	bool good;

	redis_out_clear(out);
	if (!redis_out_command(out, argc, argv))
		return fail(connection, message, "out of memory");
	good = await_reply(connection, timeout_ms, visit, arg, reply, message);
	/* It may have been a password. */
	explicit_bzero(out->octets, out->len);
	redis_out_clear(out);
	return good;
}

bool
redis_connection_call(struct redis_connection *connection, unsigned argc,
    const char *const *argv, redis_visit visit, void *arg,
    struct redis_reply *reply, char *message)
{
	return call(connection, argc, argv,
	    connection->setup->command_timeout_ms, visit, arg, reply, message);
}

bool
redis_connection_call_for(struct redis_connection *connection, unsigned argc,
    const char *const *argv, uint32_t more_ms, struct redis_reply *reply,
    char *message)
{
	return call(connection, argc, argv,
	    connection->setup->command_timeout_ms + more_ms, NULL, NULL, reply,
	    message);
}

/* ---- opening ---- */

/*
 * One command of the greeting.  A user whose ACL has no PING may still write,
 * so `may_refuse` is a code that is no failure.
 */
static bool
greet(struct redis_connection *connection, unsigned argc,
    const char *const *argv, const char *may_refuse, char *message)
{
	char explained[SINK_MESSAGE_SIZE];
	struct redis_reply reply;

	if (!redis_connection_call(connection, argc, argv, NULL, NULL, &reply,
		message))
		return false;
	if (reply.kind != REPLY_ERROR ||
	    (may_refuse != NULL && redis_answer_is(reply.error, may_refuse)))
		return true;
	redis_answer_explain(reply.error, explained, sizeof explained);
	return fail(connection, message, "%s: %s", argv[0], explained);
}

static bool
authenticate(struct redis_connection *connection, const char *user,
    const char *password, char *message)
{
	const char *both[] = { "AUTH", user, password };
	const char *one[] = { "AUTH", password };

	if (password == NULL)
		return true;
	/* With a user since Redis 6; the other form is as old as AUTH. */
	if (user != NULL)
		return greet(connection, 3, both, NULL, message);
	return greet(connection, 2, one, NULL, message);
}

/* The first line of a file. */
static bool
read_password(const struct redis_connection *connection, const char *path,
    char *out, size_t size, char *message)
{
	FILE *file = fopen(path, "re");
	size_t len;

	if (file == NULL)
		return fail(connection, message, "%s: %s", path,
		    strerror(errno));
	/* Else stdio keeps a copy. */
	setvbuf(file, NULL, _IONBF, 0);
	len = fgets(out, (int)size, file) != NULL ? strcspn(out, "\r\n") : 0;
	fclose(file);
	if (len == 0)
		return fail(connection, message, "%s: its first line is empty",
		    path);
	if (len == size - 1)
		return fail(connection, message,
		    "%s: its first line is too "
		    "long",
		    path);
	out[len] = '\0';
	return true;
}

static bool
log_in(struct redis_connection *connection, const struct redis_login *login,
    char *message)
{
	char password[PASSWORD_SIZE];
	bool good;

	if (login->password_file == NULL)
		return authenticate(connection, login->user, login->password,
		    message);
	good = read_password(connection, login->password_file, password,
		   sizeof password, message) &&
	       authenticate(connection, login->user, password, message);
	explicit_bzero(password, sizeof password);
	return good;
}

static bool
introduce(struct redis_connection *connection, const struct redis_login *login,
    char *message)
{
	char db[sizeof "4294967295"];
	const char *select[] = { "SELECT", db };
	const char *ping[] = { "PING" };

	snprintf(db, sizeof db, "%u", (unsigned)login->db);
	if (!log_in(connection, login, message))
		return false;
	if (login->db != 0 && !greet(connection, 2, select, NULL, message))
		return false;
	return greet(connection, 1, ping, "NOPERM", message);
}

static bool
dial(struct redis_connection *connection, const struct redis_place *place,
    char *message)
{
	struct redis_setup *setup = connection->setup;
	char why[SINK_MESSAGE_SIZE];

	if (place->path != NULL)
		connection->fd = redis_dial_path(setup->patience,
		    setup->connect_timeout_ms, place->path, why, sizeof why);
	else
		connection->fd = redis_dial_host(setup->patience,
		    setup->connect_timeout_ms, place->host, place->port, why,
		    sizeof why);
	if (connection->fd == -1)
		return fail(connection, message, "%s", why);
	return true;
}

/* A peer that keeps the handshake going has connect_timeout_ms for all of it.
 */
static bool
shake_hands(struct redis_connection *connection, char *message)
{
	struct redis_setup *setup = connection->setup;
	uint64_t until_ms = sink_clock_ms() + setup->connect_timeout_ms;
	char why[SINK_MESSAGE_SIZE];
	short events;
	int rc;

	while ((rc = redis_tls_handshake(connection->tls, &events, why,
		    sizeof why)) == 0) {
		uint64_t now_ms = sink_clock_ms();

		if (now_ms >= until_ms ||
		    sink_poll(setup->patience, connection->fd, events,
			(uint32_t)(until_ms - now_ms)) == 0)
			return fail(connection, message,
			    "TLS: the handshake is not done after %u ms",
			    (unsigned)setup->connect_timeout_ms);
	}
	return rc == 1 || fail(connection, message, "%s", why);
}

static bool
secure(struct redis_connection *connection, const struct redis_place *place,
    char *message)
{
	const struct redis_tls *tls = connection->setup->tls;
	char why[SINK_MESSAGE_SIZE];

	if (!tls->wanted)
		return true;
	connection->tls = redis_tls_new(tls, connection->fd,
	    place->host != NULL ? place->host : "localhost", why, sizeof why);
	if (connection->tls == NULL)
		return fail(connection, message, "%s", why);
	return shake_hands(connection, message);
}

static void
name(struct redis_connection *connection, const struct redis_place *place)
{
	if (place->path != NULL)
		snprintf(connection->name, sizeof connection->name, "%s",
		    place->path);
	else
		snprintf(connection->name, sizeof connection->name,
		    strchr(place->host, ':') != NULL ? "[%s]:%u" : "%s:%u",
		    place->host, (unsigned)place->port);
}

bool
redis_connection_open(struct redis_connection *connection,
    const struct redis_place *place, const struct redis_login *login,
    char *message)
{
	redis_connection_close(connection);
	name(connection, place);
	if ((connection->reader = redis_reader_new()) == NULL)
		fail(connection, message, "out of memory");
	else if (dial(connection, place, message) &&
		 secure(connection, place, message) &&
		 introduce(connection, login, message))
		return true;
	redis_connection_close(connection);
	return false;
}
