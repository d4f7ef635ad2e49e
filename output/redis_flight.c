#include "output/redis_flight.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "output/redis_answer.h"

/*
 * Redis answers after every 16 KiB that it has read.  To be woken each time
 * would cost both sides more than the commands do, so replies are read when
 * there is nothing to send, and then not before there are many.
 */

#define WINDOW_LINES  4096
#define WINDOW_OCTETS (2U << 20)
#define CHUNK_OCTETS  (128U << 10) /* sent at a time */

/*
 * More lines are asked for with no more than these under way, so that Redis has
 * something to do meanwhile; a little is waited for.  With something under way
 * a little is not sent either: it would cost both sides a system call, and
 * there is more once there are replies.
 */
#define LEAVE_LINES   (WINDOW_LINES / 2)
#define LEAVE_OCTETS  (WINDOW_OCTETS / 2)
#define LITTLE_OCTETS (256U << 10)

/* With more lines than these under way, Redis is given so long first. */
#define MANY_LINES 128
#define MOMENT_NS  300000

static const char asking[] = "*1\r\n$6\r\nASKING\r\n";
#define ASKING_LEN (sizeof asking - 1)

/* Lines before `acked` have a reply, those before `sent` not yet. */
struct course {
	const struct redis_flight *flight;
	size_t first, end, sent, acked;
	size_t found;  /* lines that were under way at first */
	size_t octets; /* of the lines under way */
	bool asked;    /* the reply to ASKING is here, not the line's */
	bool stop;     /* no more lines, only their replies */
	bool astray;   /* replies no longer tell which line they are for */
	enum redis_landing landing;
};

static uint32_t
index_of(const struct redis_flight *flight, size_t place)
{
	return flight->order != NULL ? flight->order[place] : (uint32_t)place;
}

static const struct sink_line *
line_of(const struct redis_flight *flight, size_t place)
{
	return &flight->lines[index_of(flight, place)];
}

static bool
may_send(const struct course *course)
{
	return !course->stop && course->sent < course->end &&
	       course->sent - course->acked < WINDOW_LINES &&
	       course->octets < WINDOW_OCTETS;
}

/* One command, with the line as its last argument. */
static bool
append_line(const struct redis_flight *flight, const struct sink_line *line)
{
	struct redis_out *out = &flight->connection->setup->out;
	const struct redis_head *head;
	char *at;

	if ((head = redis_commands_head(flight->commands, line)) == NULL ||
	    !redis_out_reserve(out,
		ASKING_LEN + head->len + REDIS_LENGTH_MAX + line->len + 2))
		return false;
	at = out->octets + out->len;
	if (flight->asking) {
		memcpy(at, asking, ASKING_LEN);
		at += ASKING_LEN;
	}
	memcpy(at, head->octets, head->len);
	at += head->len;
	at += redis_out_number(at, '$', line->len);
	memcpy(at, line->text, line->len);
	at += line->len;
	memcpy(at, "\r\n", 2);
	out->len = (size_t)(at + 2 - out->octets);
	return true;
}

/* Puts the next lines into the buffer, which is empty. */
static bool
append_lines(struct course *course)
{
	const struct redis_flight *flight = course->flight;
	struct redis_out *out = &flight->connection->setup->out;

	redis_out_clear(out);
	while (out->len < CHUNK_OCTETS && may_send(course)) {
		const struct sink_line *line = line_of(flight, course->sent);

		if (!append_line(flight, line)) {
			redis_connection_say(flight->connection,
			    "out of memory", flight->outcome->message);
			return false;
		}
		course->sent++;
		course->octets += line->len;
	}
	return true;
}

static void
stop(struct course *course, enum redis_landing landing)
{
	course->stop = true;
	/* They are in the order of how much is to be done. */
	if (landing > course->landing)
		course->landing = landing;
}

static void
explain(const struct redis_flight *flight, const char *error)
{
	char explained[SINK_MESSAGE_SIZE];

	redis_answer_explain(error, explained, sizeof explained);
	redis_connection_say(flight->connection, explained,
	    flight->outcome->message);
}

static void
take_error(struct course *course, uint32_t index, const char *error)
{
	const struct redis_flight *flight = course->flight;
	enum redis_action action = redis_answer_action(error);

	if ((action == ANSWER_MOVED || action == ANSWER_ASK) &&
	    flight->redirect != NULL) {
		/* It serves; and one by one they would all be sent away. */
		flight->connection->proven = true;
		flight->redirect(flight->redirect_arg, index, error);
		return;
	}
	explain(flight, error);
	if (action == ANSWER_REFUSE) {
		flight->outcome->fates[index] = LINE_LOST;
		return;
	}
	flight->outcome->retried++;
	switch (action) {
	case ANSWER_REFUSE:
		break;
	case ANSWER_PAUSE:
	case ANSWER_MOVED:
	case ANSWER_ASK:
		stop(course, FLIGHT_PAUSE);
		break;
	case ANSWER_RECONNECT:
		stop(course, FLIGHT_RECONNECT);
		break;
	case ANSWER_REDISCOVER:
		stop(course, FLIGHT_REDISCOVER);
		break;
	}
}

static bool
go_astray(struct course *course)
{
	course->astray = true;
	redis_connection_say(course->flight->connection,
	    "a reply to nothing that was asked",
	    course->flight->outcome->message);
	return false;
}

/* False: that is no reply to what was sent. */
static bool
take_reply(struct course *course, const struct redis_reply *reply)
{
	const struct redis_flight *flight = course->flight;
	uint32_t index;

	if (course->acked == course->sent)
		return go_astray(course);
	if (flight->asking && !course->asked) {
		/* If it failed, the line's reply says so again. */
		course->asked = true;
		return true;
	}
	course->asked = false;
	if (reply->kind != REPLY_ERROR &&
	    reply->kind != redis_commands_reply(flight->commands))
		return go_astray(course);
	index = index_of(flight, course->acked++);
	course->octets -= flight->lines[index].len;
	if (reply->kind == REPLY_ERROR) {
		take_error(course, index, reply->error);
	} else {
		flight->outcome->fates[index] = LINE_WRITTEN;
		flight->connection->proven = true;
	}
	return true;
}

/* The replies that have been received. */
static bool
take_replies(struct course *course)
{
	const struct redis_flight *flight = course->flight;
	char *message = flight->outcome->message;
	struct redis_reply reply;
	enum redis_read read;

	for (;;) {
		if (!redis_connection_reply(flight->connection, &read, &reply,
			message))
			return false;
		if (read != READ_REPLY)
			return true;
		if (!take_reply(course, &reply))
			return false;
	}
	return true;
}

/* Nothing can be sent: waits until Redis has read or has answered. */
static bool
await_redis(const struct course *course)
{
	static const struct timespec moment = { 0, MOMENT_NS };
	struct redis_connection *connection = course->flight->connection;

	if (redis_out_is_empty(&connection->setup->out) &&
	    course->sent - course->acked > MANY_LINES)
		nanosleep(&moment, NULL);
	return redis_connection_wait(connection,
	    course->flight->outcome->message);
}

/* A connection that has not proved itself is not up, whatever was sent. */
static bool
may_leave(const struct course *course)
{
	const struct redis_flight *flight = course->flight;

	if (!flight->may_leave || !flight->connection->proven ||
	    course->landing != FLIGHT_LANDED)
		return false;
	return course->stop ||
	       (course->sent == course->end &&
		   redis_out_is_empty(&flight->connection->setup->out) &&
		   course->octets >= LITTLE_OCTETS &&
		   course->sent - course->acked <= LEAVE_LINES &&
		   course->octets <= LEAVE_OCTETS);
}

/* One step of sending and reading; false: the connection is of no use. */
static bool
step(struct course *course)
{
	struct redis_connection *connection = course->flight->connection;
	struct redis_out *out = &connection->setup->out;
	char *message = course->flight->outcome->message;

	if (redis_out_is_empty(out) && !append_lines(course))
		return false;
	if (!redis_connection_send(connection, message))
		return false;
	if (redis_out_is_empty(out) && may_send(course))
		return true;
	if (course->sent > course->found && may_leave(course))
		return true;
	return await_redis(course) &&
	       redis_connection_receive(connection, message) &&
	       take_replies(course);
}

/*
 * The connection is lost; what Redis said before may still be there, and each
 * reply is a line that need not be sent twice.
 */
static void
take_last_replies(struct course *course)
{
	const struct redis_flight *flight = course->flight;
	char why[SINK_MESSAGE_SIZE];
	bool more;
	size_t before;

	snprintf(why, sizeof why, "%s", flight->outcome->message);
	do {
		before = course->acked;
		more = redis_connection_receive(flight->connection,
		    flight->outcome->message);
	} while (!course->astray && take_replies(course) && more &&
		 course->acked > before);
	snprintf(flight->outcome->message, SINK_MESSAGE_SIZE, "%s", why);
}

static enum redis_landing
fly_lines(struct course *course)
{
	const struct redis_flight *flight = course->flight;

	if (course->acked == course->sent)
		redis_connection_begin(flight->connection);
	while (course->acked < course->sent ||
	       (!course->stop && course->sent < course->end)) {
		if (!step(course)) {
			take_last_replies(course);
			flight->outcome->retried += course->sent -
			                            course->acked;
			return FLIGHT_LOST;
		}
		if (sink_clock_ms() >= flight->until_ms)
			course->stop = true;
		if (may_leave(course))
			break;
	}
	flight->connection->under_way = course->sent - course->acked;
	return course->landing;
}

/* What was taken but is not safe, or not known to be: to be sent again. */
static void
take_back(const struct course *course)
{
	const struct redis_flight *flight = course->flight;

	for (size_t i = course->first; i < course->acked; i++) {
		uint8_t *fate = &flight->outcome->fates[index_of(flight, i)];

		if (*fate == LINE_WRITTEN) {
			*fate = LINE_WAITS;
			flight->outcome->retried++;
		}
	}
}

static enum redis_landing
refuse_replicas(const struct redis_flight *flight,
    const struct redis_reply *reply)
{
	char text[SINK_MESSAGE_SIZE];

	if (reply->kind == REPLY_ERROR) {
		char explained[SINK_MESSAGE_SIZE - 8];

		redis_answer_explain(reply->error, explained, sizeof explained);
		snprintf(text, sizeof text, "WAIT: %s", explained);
	} else {
		snprintf(text, sizeof text,
		    "%lld of %u replicas have it after %u ms; hits wait until "
		    "enough of them are there",
		    reply->integer, (unsigned)flight->replicas,
		    (unsigned)flight->replicas_ms);
	}
	redis_connection_say(flight->connection, text,
	    flight->outcome->message);
	return reply->kind == REPLY_ERROR ? FLIGHT_RECONNECT : FLIGHT_PAUSE;
}

/* WAIT counts the replicas that have all that this connection wrote. */
static enum redis_landing
await_replicas(const struct course *course)
{
	const struct redis_flight *flight = course->flight;
	char count[sizeof "4294967295"], timeout[sizeof "4294967295"];
	const char *wait[] = { "WAIT", count, timeout };
	struct redis_reply reply;

	snprintf(count, sizeof count, "%u", (unsigned)flight->replicas);
	snprintf(timeout, sizeof timeout, "%u", (unsigned)flight->replicas_ms);
	if (!redis_connection_call_for(flight->connection, 3, wait,
		flight->replicas_ms, &reply, flight->outcome->message))
		return FLIGHT_LOST;
	if (reply.kind == REPLY_INTEGER &&
	    reply.integer >= (long long)flight->replicas)
		return FLIGHT_LANDED;
	return refuse_replicas(flight, &reply);
}

/* Whether any line was taken, so that there is something to wait for. */
static bool
took_any(const struct course *course)
{
	const struct redis_flight *flight = course->flight;

	for (size_t i = course->first; i < course->acked; i++) {
		if (flight->outcome->fates[index_of(flight, i)] == LINE_WRITTEN)
			return true;
	}
	return false;
}

static enum redis_landing
fly_and_wait(struct course *course)
{
	const struct redis_flight *flight = course->flight;
	enum redis_landing landing = fly_lines(course), safe;

	if (flight->replicas == 0 || !took_any(course))
		return landing;
	safe = landing != FLIGHT_LOST ? await_replicas(course) : FLIGHT_LOST;
	if (safe != FLIGHT_LANDED)
		take_back(course);
	return safe > landing ? safe : landing;
}

/* Where the lines end that are flown now. */
static size_t
find_end(const struct course *course)
{
	const struct redis_flight *flight = course->flight;
	size_t octets = 0, place = course->sent;

	if (!flight->connection->proven)
		return course->end + 1;
	if (course->sent == course->acked)
		return flight->count;
	while (place < flight->count && octets < LITTLE_OCTETS)
		octets += line_of(flight, place++)->len;
	return octets < LITTLE_OCTETS ? course->sent : flight->count;
}

/* The front lines are under way already. */
static void
resume(struct course *course)
{
	const struct redis_flight *flight = course->flight;

	course->found = course->sent = flight->connection->under_way;
	for (size_t i = 0; i < course->found; i++)
		course->octets += line_of(flight, i)->len;
}

/*
 * A connection proves itself with one line, and again after each failure: where
 * Redis refuses them all (no memory, a key of another type, replicas that are
 * away), it need not be sent a window of them at each attempt.
 */
enum redis_landing
redis_fly(const struct redis_flight *flight)
{
	struct course course = { .flight = flight };
	enum redis_landing landing = FLIGHT_LANDED;

	resume(&course);
	while (landing == FLIGHT_LANDED && course.end < flight->count &&
	       !course.stop) {
		course.first = course.end;
		course.end = find_end(&course);
		landing = fly_and_wait(&course);
		if (flight->connection->under_way > 0)
			break;
	}
	if (landing != FLIGHT_LANDED)
		flight->connection->proven = false;
	return landing;
}
