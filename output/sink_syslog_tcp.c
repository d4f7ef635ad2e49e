#include "output/sink_syslog.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>

/*
 * A message is written when the other side's TCP has acknowledged all its
 * octets and has not reset the connection for a moment.  Where the server
 * closes, what is not acknowledged is sent again; where it resets, which is
 * what a close with unread octets looks like, all that was sent since publish
 * was called is.  Nothing is under way between two calls.
 *
 * A server that crashes with octets in its socket buffer loses them, and no
 * client can tell.
 */

#define CHUNK_OCTETS (128U << 10) /* sent at a time */

/* No event tells of an acknowledgement: looked at after 1, 2, 4 ... ms. */
#define LOOK_MAX_MS 32

/*
 * After so many octets the server is given a moment to read them and, if it
 * ends instead, to reset.  20 MB/s, about what a server takes that parses.
 */
#define FLIGHT_OCTETS (1U << 20)
#define SETTLE_MS     50

#define COUNT_MAX sizeof "4294967295 " /* RFC 6587: MSG-LEN SP */

/*
 * One publish.  Lines before `acked` are acknowledged, those before `sent` are
 * in the buffer or in the socket.  Octets count from the first line.
 */
struct flight {
	const struct sink_line *lines;
	size_t count, sent, acked;
	uint64_t passed;       /* octets that the socket has taken */
	uint64_t acked_octets; /* of the lines before `acked` */
	uint64_t heard;        /* octets acknowledged */
	uint64_t heard_ms;     /* when that last grew */
	uint32_t look_ms;      /* how long until the next look */
	bool stop;             /* no more lines */
	bool reset;            /* acknowledged need not mean read */
};

static bool
out_is_empty(const struct sink_syslog *sink)
{
	return sink->out.begun == sink->out.len;
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

/* What goes before the JSON: MSG-LEN SP and the header.  How many octets. */
static size_t
write_frame_head(struct sink_syslog *sink, const struct sink_line *line,
    char out[COUNT_MAX + SYSLOG_HEADER_MAX])
{
	char header[SYSLOG_HEADER_MAX];
	size_t header_len = syslog_header_write(&sink->origin, &sink->times,
	    line, header);
	size_t count_len = (size_t)snprintf(out, COUNT_MAX, "%zu ",
	    header_len + line->len);

	memcpy(out + count_len, header, header_len);
	return count_len + header_len;
}

static uint64_t
frame_octets(struct sink_syslog *sink, const struct sink_line *line)
{
	char head[COUNT_MAX + SYSLOG_HEADER_MAX];

	return write_frame_head(sink, line, head) + line->len;
}

static bool
append_frame(struct sink_syslog *sink, const struct sink_line *line)
{
	struct out_buffer *out = &sink->out;

	if (!out_reserve(out, COUNT_MAX + SYSLOG_HEADER_MAX + line->len))
		return false;
	out->len += write_frame_head(sink, line, out->octets + out->len);
	memcpy(out->octets + out->len, line->text, line->len);
	out->len += line->len;
	return true;
}

static bool
has_more(const struct sink_syslog *sink, const struct flight *flight)
{
	return !flight->stop && flight->sent < flight->count &&
	       flight->passed < FLIGHT_OCTETS &&
	       (sink->proven || flight->sent == 0);
}

/* Fills the buffer, which is empty.  0 or an errno. */
static int
append_frames(struct sink_syslog *sink, struct flight *flight)
{
	sink->out.begun = sink->out.len = 0;
	while (sink->out.len < CHUNK_OCTETS && has_more(sink, flight)) {
		if (!append_frame(sink, &flight->lines[flight->sent]))
			return ENOMEM;
		flight->sent++;
	}
	return 0;
}

/* As much as the socket takes.  0 or an errno. */
static int
send_frames(struct sink_syslog *sink, struct flight *flight)
{
	struct out_buffer *out = &sink->out;
	ssize_t sent;
	int error;

	if (out_is_empty(sink) && (error = append_frames(sink, flight)) != 0)
		return error;
	if (out_is_empty(sink))
		return 0;
	sent = send(sink->fd, out->octets + out->begun, out->len - out->begun,
	    MSG_NOSIGNAL);
	if (sent == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	out->begun += (size_t)sent;
	flight->passed += (uint64_t)sent;
	return 0;
}

int
syslog_tcp_listen(const struct sink_syslog *sink)
{
	char nothing[512];
	ssize_t got = recv(sink->fd, nothing, sizeof nothing, MSG_DONTWAIT);

	if (got == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	return got == 0 ? -1 : 0;
}

/*
 * Counts what the other side has acknowledged: all that the socket took but
 * what it still keeps.
 */
static int
count_acknowledged(struct sink_syslog *sink, struct flight *flight)
{
	int kept = 0;
	uint64_t heard;

	if (ioctl(sink->fd, SIOCOUTQ, &kept) == -1)
		return errno;
	if (kept < 0 || (uint64_t)kept > flight->passed)
		return 0; /* of a connection that has ended, perhaps */
	heard = flight->passed - (uint64_t)kept;
	if (heard > flight->heard) {
		flight->heard = heard;
		flight->heard_ms = sink_clock_ms();
		flight->look_ms = 1;
	}
	while (flight->acked < flight->sent) {
		uint64_t end = flight->acked_octets +
		               frame_octets(sink,
				   &flight->lines[flight->acked]);

		if (end > flight->heard)
			break;
		flight->acked_octets = end;
		flight->acked++;
	}
	return 0;
}

static bool
is_silent(const struct sink_syslog *sink, const struct flight *flight)
{
	return sink_clock_ms() - flight->heard_ms >= sink->command_timeout_ms ||
	       sink_patience_ms(sink->patience, 1) == 0;
}

/* Until the socket takes more, the server closes, or the next look is due. */
static void
await_server(struct sink_syslog *sink, struct flight *flight)
{
	short events = out_is_empty(sink) ? POLLIN : POLLIN | POLLOUT;

	(void)sink_poll(sink->patience, sink->fd, events, flight->look_ms);
	if (flight->look_ms < LOOK_MAX_MS)
		flight->look_ms *= 2;
}

/* The connection is of no use; false, for who calls. */
static bool
tcp_fail(const struct sink_syslog *sink, struct flight *flight, int error,
    char *message)
{
	/* Whoever closes after a first line has hardly read it. */
	flight->reset = error != -1 || !sink->proven;
	if (error == -1)
		snprintf(message, SINK_MESSAGE_SIZE,
		    "the server closed the connection");
	else
		syslog_explain(error, message);
	return false;
}

/* One step of sending and listening. */
static bool
fly(struct sink_syslog *sink, struct flight *flight,
    struct sink_outcome *outcome)
{
	int error;

	if ((error = send_frames(sink, flight)) != 0)
		return tcp_fail(sink, flight, error, outcome->message);
	if (out_is_empty(sink) && has_more(sink, flight))
		return true;
	/*
	 * In this order: what the queue's length says of a connection that was
	 * reset is nothing, and then the read says so.
	 */
	if ((error = count_acknowledged(sink, flight)) != 0 ||
	    (error = syslog_tcp_listen(sink)) != 0)
		return tcp_fail(sink, flight, error, outcome->message);
	if (flight->acked == flight->sent)
		return true;
	if (is_silent(sink, flight)) {
		snprintf(outcome->message, sizeof outcome->message,
		    "nothing acknowledged for %u ms",
		    (unsigned)(sink_clock_ms() - flight->heard_ms));
		return false;
	}
	await_server(sink, flight);
	return true;
}

/*
 * All is acknowledged; is there somebody who reads it?  A server that ends with
 * octets unread resets, mostly soon after they came.
 */
static bool
settle(struct sink_syslog *sink, struct flight *flight,
    struct sink_outcome *outcome)
{
	int error = 0;

	if (sink_poll(sink->patience, sink->fd, POLLIN,
		sink->proven ? SETTLE_MS : PROOF_MS) != 0)
		error = syslog_tcp_listen(sink);
	if (error != 0)
		return tcp_fail(sink, flight, error, outcome->message);
	sink->proven = true;
	return true;
}

/* Lines of which the server may have something, and will get all again. */
static uint64_t
count_uncertain(struct sink_syslog *sink, const struct flight *flight)
{
	uint64_t uncertain = 0, at = flight->acked_octets;

	for (size_t i = flight->acked; i < flight->sent && at < flight->passed;
	     i++) {
		uncertain++;
		at += frame_octets(sink, &flight->lines[i]);
	}
	return uncertain;
}

static enum sink_state
tcp_down(struct sink_syslog *sink, const struct flight *flight,
    struct sink_outcome *outcome)
{
	outcome->retried += count_uncertain(sink, flight);
	if (flight->reset)
		outcome->retried += flight->acked;
	else
		memset(outcome->fates, LINE_WRITTEN, flight->acked);
	syslog_disconnect(sink);
	return SINK_DOWN;
}

enum sink_state
syslog_tcp_publish(struct sink_syslog *sink, const struct sink_line *lines,
    size_t count, struct sink_outcome *outcome)
{
	uint64_t now_ms = sink_clock_ms(), until_ms = now_ms + SINK_TURN_MS;
	struct flight flight = { .lines = lines,
		.count = count,
		.heard_ms = now_ms,
		.look_ms = 1 };

	while (flight.acked < flight.sent || has_more(sink, &flight)) {
		if (!fly(sink, &flight, outcome))
			return tcp_down(sink, &flight, outcome);
		if (sink_clock_ms() >= until_ms)
			flight.stop = true;
	}
	if (flight.acked > 0 && !settle(sink, &flight, outcome))
		return tcp_down(sink, &flight, outcome);
	memset(outcome->fates, LINE_WRITTEN, flight.acked);
	return SINK_UP;
}
