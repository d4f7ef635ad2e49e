#include "output/sink_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <hiredis/hiredis.h>

/*
 * Redis.  Commands are pipelined: up to a window of them is under way while
 * replies come back in the same order.  A line is written when its reply has
 * come and is no error.  Where the connection is lost, lines without a reply
 * are sent again: they may arrive twice, never not at all.
 *
 * hiredis makes the connection, greets and reads the replies; lines are sent
 * from a buffer of our own, which is not made anew for each lot.  The
 * connection is made blocking, since hiredis then does all of it, and is used
 * non-blocking, since sink_close must be able to end a wait.
 *
 * Redis answers after every 16 KiB that it has read.  To be woken each time
 * would cost both sides more than the commands do, so replies are read when
 * there is nothing to send, and then not before there are many.
 */

#define WINDOW_LINES  4096
#define WINDOW_OCTETS (2U << 20)
#define CHUNK_OCTETS  (128U << 10) /* sent at a time */

/* With more lines than these under way, Redis is given so long first. */
#define MANY_LINES 128
#define MOMENT_NS  300000

#define LENGTH_MAX sizeof "$4294967295\r\n"

/* Octets on their way to the socket: from `begun` to `len`. */
struct out_buffer {
	char *octets;
	size_t begun, len, size;
};

struct sink_redis {
	const struct sink_url *url;
	struct sink_patience *patience;
	uint32_t connect_timeout_ms, command_timeout_ms;
	redisContext *context; /* NULL: not connected */
	bool proven;           /* this connection has taken a line */
	struct out_buffer out;

	char *head; /* a command up to the line's length */
	size_t head_len;
};

/* One publish: lines before `acked` have a reply, those before `sent` not. */
struct flight {
	struct event_line *const *lines;
	size_t count, sent, acked;
	size_t octets; /* of the lines under way */
	bool stop;     /* no more lines, only their replies */
	bool refused;  /* one is to be tried again later */
};

static void
disconnect(struct sink_redis *redis)
{
	if (redis->context != NULL)
		redisFree(redis->context);
	redis->context = NULL;
}

/* hiredis's own words, or the system's. */
static void
explain(const struct sink_redis *redis, char *message)
{
	const redisContext *context = redis->context;

	if (context == NULL)
		snprintf(message, SINK_MESSAGE_SIZE, "out of memory");
	else
		snprintf(message, SINK_MESSAGE_SIZE, "%s", context->errstr);
}

static void
explain_silence(const struct sink_redis *redis, char *message)
{
	snprintf(message, SINK_MESSAGE_SIZE, "no reply for %u ms",
	    (unsigned)redis->command_timeout_ms);
}

static bool
dial(struct sink_redis *redis, char *message)
{
	uint32_t timeout_ms = sink_patience_ms(redis->patience,
	    redis->connect_timeout_ms);
	struct timeval timeout = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000 };
	const struct sink_url *url = redis->url;
	int flags;

	if (timeout_ms == 0) {
		snprintf(message, SINK_MESSAGE_SIZE, "no time left");
		return false;
	}
	redis->context = url->path != NULL
	                     ? redisConnectUnixWithTimeout(url->path, timeout)
	                     : redisConnectWithTimeout(url->host, url->port,
				   timeout);
	if (redis->context == NULL || redis->context->err) {
		explain(redis, message);
		return false;
	}
	if (url->path == NULL)
		(void)redisEnableKeepAlive(redis->context);
	flags = fcntl(redis->context->fd, F_GETFL);
	if (flags == -1 ||
	    fcntl(redis->context->fd, F_SETFL, flags | O_NONBLOCK) == -1) {
		snprintf(message, SINK_MESSAGE_SIZE, "%s", strerror(errno));
		return false;
	}
	redis->context->flags &= ~REDIS_BLOCK;
	return true;
}

/* The next reply, for which redisAppendCommand was called; NULL and why. */
static redisReply *
await_reply(struct sink_redis *redis, char *message)
{
	void *reply = NULL;
	int out_empty = 0;

	for (;;) {
		if ((!out_empty &&
			redisBufferWrite(redis->context, &out_empty) != 0) ||
		    redisGetReplyFromReader(redis->context, &reply) != 0) {
			explain(redis, message);
			return NULL;
		}
		if (reply != NULL)
			return reply;
		if (sink_poll(redis->patience, redis->context->fd,
			out_empty ? POLLIN : POLLIN | POLLOUT,
			redis->command_timeout_ms) == 0) {
			explain_silence(redis, message);
			return NULL;
		}
		if (redisBufferRead(redis->context) != 0) {
			explain(redis, message);
			return NULL;
		}
	}
}

static bool
is_code(const char *error, const char *code)
{
	size_t len = strlen(code);

	return strncmp(error, code, len) == 0 &&
	       (error[len] == ' ' || error[len] == '\0');
}

/*
 * One command of the greeting.  A user whose ACL has no PING may still write,
 * so `may_refuse` is a code that is no failure.
 */
static bool
greet(struct sink_redis *redis, int argc, const char *const *argv,
    const char *may_refuse, char *message)
{
	redisReply *reply;
	bool good;

	if (redisAppendCommandArgv(redis->context, argc, (const char **)argv,
		NULL) != REDIS_OK) {
		explain(redis, message);
		return false;
	}
	if ((reply = await_reply(redis, message)) == NULL)
		return false;
	good = reply->type != REDIS_REPLY_ERROR ||
	       (may_refuse != NULL && is_code(reply->str, may_refuse));
	if (!good)
		snprintf(message, SINK_MESSAGE_SIZE, "%s: %s", argv[0],
		    reply->str);
	freeReplyObject(reply);
	return good;
}

static bool
authenticate(struct sink_redis *redis, char *message)
{
	const char *user = redis->url->user, *password = redis->url->password;
	const char *both[] = { "AUTH", user, password };
	const char *one[] = { "AUTH", password };

	if (password == NULL)
		return true;
	/* With a user since Redis 6; the other form is as old as AUTH. */
	if (user != NULL)
		return greet(redis, 3, both, NULL, message);
	return greet(redis, 2, one, NULL, message);
}

/* PING tells what is wrong before the first line does, hours later perhaps. */
static bool
introduce(struct sink_redis *redis, char *message)
{
	char db[sizeof "4294967295"];
	const char *select[] = { "SELECT", db };
	const char *ping[] = { "PING" };

	snprintf(db, sizeof db, "%u", (unsigned)redis->url->db);
	if (!authenticate(redis, message))
		return false;
	if (redis->url->db != 0 && !greet(redis, 2, select, NULL, message))
		return false;
	return greet(redis, 1, ping, "NOPERM", message);
}

/* Redis says nothing unasked: what can be read now is the connection's end. */
static bool
is_stale(const struct sink_redis *redis)
{
	struct pollfd fd = { .fd = redis->context->fd, .events = POLLIN };

	return poll(&fd, 1, 0) != 0;
}

static bool
connect_if_needed(struct sink_redis *redis, char *message)
{
	if (redis->context != NULL && !is_stale(redis))
		return true;
	disconnect(redis);
	redis->proven = false;
	redis->out.begun = redis->out.len = 0;
	if (dial(redis, message) && introduce(redis, message))
		return true;
	disconnect(redis);
	return false;
}

/*
 * Errors that go away, by themselves or because somebody sees to it; a line
 * waits for that.  Any other error is about the line and would come again.
 */
static bool
is_passing(const char *error)
{
	static const char *const codes[] = {
		/* by themselves */
		"LOADING",
		"BUSY",
		"TRYAGAIN",
		"CLUSTERDOWN",
		"MASTERDOWN",
		"NOREPLICAS",
		"READONLY",
		"UNKILLABLE",
		/* memory, disk */
		"OOM",
		"MISCONF",
		/* settings */
		"NOAUTH",
		"WRONGPASS",
		"NOPERM",
		"WRONGTYPE",
		"MOVED",
		"ASK",
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (is_code(error, codes[i]))
			return true;
	}
	return false;
}

static bool
out_reserve(struct out_buffer *out, size_t more)
{
	size_t size = out->len + more;
	char *octets;

	if (out->size - out->len >= more)
		return true;
	if (size < CHUNK_OCTETS)
		size = CHUNK_OCTETS;
	if ((octets = realloc(out->octets, size)) == NULL)
		return false;
	out->octets = octets;
	out->size = size;
	return true;
}

/* One command, with the line as its last argument. */
static bool
append_line(struct sink_redis *redis, const struct event_line *line)
{
	struct out_buffer *out = &redis->out;
	char *at;

	if (!out_reserve(out,
		redis->head_len + LENGTH_MAX + line->len + sizeof "\r\n"))
		return false;
	at = out->octets + out->len;
	memcpy(at, redis->head, redis->head_len);
	at += redis->head_len;
	at += sprintf(at, "$%u\r\n", (unsigned)line->len);
	memcpy(at, line->text, line->len);
	at += line->len;
	memcpy(at, "\r\n", 2);
	out->len = (size_t)(at + 2 - out->octets);
	return true;
}

/*
 * A connection proves itself with one line: where Redis refuses them all (a
 * key of another type), it need not refuse a window of them at each attempt.
 */
static bool
may_send(const struct sink_redis *redis, const struct flight *flight)
{
	size_t window = redis->proven ? WINDOW_LINES : 1;

	return !flight->stop && flight->sent < flight->count &&
	       flight->sent - flight->acked < window &&
	       flight->octets < WINDOW_OCTETS;
}

static bool
out_is_empty(const struct sink_redis *redis)
{
	return redis->out.begun == redis->out.len;
}

/* Puts the next lines into the buffer, which is empty. */
static bool
append_lines(struct sink_redis *redis, struct flight *flight)
{
	redis->out.begun = redis->out.len = 0;
	while (redis->out.len < CHUNK_OCTETS && may_send(redis, flight)) {
		const struct event_line *line = flight->lines[flight->sent];

		if (!append_line(redis, line)) {
			errno = ENOMEM;
			return false;
		}
		flight->sent++;
		flight->octets += line->len;
	}
	return true;
}

/* As much as the socket takes. */
static bool
send_lines(struct sink_redis *redis, struct flight *flight)
{
	struct out_buffer *out = &redis->out;
	ssize_t sent;

	if (out_is_empty(redis) && !append_lines(redis, flight))
		return false;
	if (out_is_empty(redis))
		return true;
	sent = send(redis->context->fd, out->octets + out->begun,
	    out->len - out->begun, MSG_NOSIGNAL);
	if (sent >= 0)
		out->begun += (size_t)sent;
	return sent >= 0 || errno == EAGAIN || errno == EINTR;
}

static void
take_reply(struct sink_redis *redis, struct flight *flight,
    const redisReply *reply, struct sink_outcome *outcome)
{
	size_t index = flight->acked++;

	flight->octets -= flight->lines[index]->len;
	if (reply->type != REDIS_REPLY_ERROR) {
		outcome->fates[index] = LINE_WRITTEN;
		redis->proven = true;
		return;
	}
	snprintf(outcome->message, sizeof outcome->message, "%s", reply->str);
	if (is_passing(reply->str)) {
		flight->stop = flight->refused = true;
		outcome->retried++;
	} else {
		outcome->fates[index] = LINE_LOST;
	}
}

/* Takes the replies that are there. */
static bool
take_replies(struct sink_redis *redis, struct flight *flight,
    struct sink_outcome *outcome)
{
	void *reply;

	if (redisBufferRead(redis->context) != REDIS_OK)
		return false;
	while (flight->acked < flight->sent) {
		if (redisGetReplyFromReader(redis->context, &reply) != REDIS_OK)
			return false;
		if (reply == NULL)
			return true;
		take_reply(redis, flight, reply, outcome);
		freeReplyObject(reply);
	}
	return true;
}

/* Nothing can be sent: waits until Redis has read or has answered. */
static bool
await_redis(struct sink_redis *redis, const struct flight *flight)
{
	static const struct timespec moment = { 0, MOMENT_NS };
	short events = out_is_empty(redis) ? POLLIN : POLLOUT;

	if (events == POLLIN && flight->sent - flight->acked > MANY_LINES)
		nanosleep(&moment, NULL);
	return sink_poll(redis->patience, redis->context->fd, events,
		   redis->command_timeout_ms) != 0;
}

/* One step of sending and reading; false: the connection is of no use. */
static bool
fly(struct sink_redis *redis, struct flight *flight,
    struct sink_outcome *outcome)
{
	if (!send_lines(redis, flight)) {
		snprintf(outcome->message, sizeof outcome->message, "%s",
		    strerror(errno));
		return false;
	}
	if (out_is_empty(redis) && may_send(redis, flight))
		return true;
	if (!await_redis(redis, flight)) {
		explain_silence(redis, outcome->message);
		return false;
	}
	if (out_is_empty(redis) && !take_replies(redis, flight, outcome)) {
		explain(redis, outcome->message);
		return false;
	}
	return true;
}

/*
 * The connection is lost; what Redis said before may still be there, and each
 * reply is a line that need not be sent twice.
 */
static void
take_last_replies(struct sink_redis *redis, struct flight *flight,
    struct sink_outcome *outcome)
{
	size_t before;

	do {
		before = flight->acked;
	} while (flight->acked < flight->sent &&
		 take_replies(redis, flight, outcome) &&
		 flight->acked > before);
}

static enum sink_state
redis_publish(void *state, struct event_line *const *lines, size_t count,
    struct sink_outcome *outcome)
{
	struct sink_redis *redis = state;
	struct flight flight = { .lines = lines, .count = count };
	uint64_t until_ms = sink_clock_ms() + SINK_TURN_MS;

	if (!connect_if_needed(redis, outcome->message))
		return SINK_DOWN;
	while (flight.acked < flight.sent ||
	       (!flight.stop && flight.sent < count)) {
		if (!fly(redis, &flight, outcome)) {
			take_last_replies(redis, &flight, outcome);
			outcome->retried += flight.sent - flight.acked;
			disconnect(redis);
			return SINK_DOWN;
		}
		if (sink_clock_ms() >= until_ms)
			flight.stop = true;
	}
	if (!flight.refused)
		return SINK_UP;
	/* After a failover the same name may lead to another Redis. */
	disconnect(redis);
	return SINK_DOWN;
}

/*
 * The command for a line, written by hiredis with an empty line at its end;
 * that end is cut off again.
 */
static int
make_head(struct sink_redis *redis)
{
	static const char empty[] = "$0\r\n\r\n";
	const struct sink_url *url = redis->url;
	char maxlen[sizeof "18446744073709551615"];
	const char *list[] = { url->push_left ? "LPUSH" : "RPUSH", url->key,
		"" };
	const char *channel[] = { "PUBLISH", url->key, "" };
	const char *endless[] = { "XADD", url->key, "*", "eve", "" };
	const char *trimmed[] = { "XADD", url->key, "MAXLEN", "~", maxlen, "*",
		"eve", "" };
	const char **argv = NULL;
	char *command = NULL;
	int argc = 3, len;

	snprintf(maxlen, sizeof maxlen, "%llu",
	    (unsigned long long)url->maxlen);
	switch (url->mode) {
	case REDIS_LIST:
		argv = list;
		break;
	case REDIS_CHANNEL:
		argv = channel;
		break;
	case REDIS_STREAM:
		argv = url->maxlen > 0 ? trimmed : endless;
		argc = url->maxlen > 0 ? 8 : 5;
		break;
	}
	len = (int)redisFormatCommandArgv(&command, argc, argv, NULL);
	if (len == -1)
		return -1;
	redis->head_len = (size_t)len - (sizeof empty - 1);
	redis->head = malloc(redis->head_len);
	if (redis->head != NULL)
		memcpy(redis->head, command, redis->head_len);
	redisFreeCommand(command);
	return redis->head != NULL ? 0 : -1;
}

static int
redis_open(const struct sink_url *url, const struct sink_options *options,
    struct sink_patience *patience, void **out, char *error, size_t error_size)
{
	struct sink_redis *redis;

	if ((redis = calloc(1, sizeof *redis)) != NULL) {
		redis->url = url;
		redis->patience = patience;
		redis->connect_timeout_ms = options->connect_timeout_ms;
		redis->command_timeout_ms = options->command_timeout_ms;
	}
	if (redis == NULL || make_head(redis) == -1) {
		free(redis);
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	*out = redis;
	return 0;
}

static void
redis_close(void *state)
{
	struct sink_redis *redis = state;

	disconnect(redis);
	free(redis->out.octets);
	free(redis->head);
	free(redis);
}

const struct sink_driver sink_redis_driver = {
	.open = redis_open,
	.publish = redis_publish,
	.close = redis_close,
};
