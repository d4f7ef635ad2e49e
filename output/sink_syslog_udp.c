#include "output/sink_syslog.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

/*
 * One message a datagram.  It is written when it was sent and no ICMP error
 * came for a moment.  The moment is a pace as well: a receiver's socket buffer
 * takes one burst, and what does not fit there would be lost without a trace;
 * what waits here is not.
 */

#define BURST_LINES  64
#define BURST_OCTETS (64U << 10)
#define BURST_MS     5

/* 0 or an errno. */
static int
send_datagram(struct sink_syslog *sink, const struct sink_line *line)
{
	char header[SYSLOG_HEADER_MAX];
	struct iovec parts[2] = {
		{ header, syslog_header_write(&sink->origin, &sink->times, line,
			      header) },
		{ (void *)(uintptr_t)line->text, line->len },
	};
	struct msghdr datagram = { .msg_iov = parts, .msg_iovlen = 2 };

	for (;;) {
		if (sendmsg(sink->fd, &datagram, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return errno;
		if (sink_poll(sink->patience, sink->fd, POLLOUT,
			sink->command_timeout_ms) == 0)
			return ETIMEDOUT;
	}
}

/* Lines that were sent together. */
struct burst {
	size_t end; /* index of the line after the last */
	size_t sent;
	size_t octets;
};

static bool
may_join(const struct sink_syslog *sink, const struct burst *burst,
    size_t count)
{
	return burst->end < count &&
	       burst->sent < (sink->proven ? BURST_LINES : 1) &&
	       burst->octets < BURST_OCTETS;
}

/* 65,507 octets over IPv4, 65,527 over IPv6: the system knows which. */
static void
note_too_large(const struct sink_line *line, char *message)
{
	snprintf(message, SINK_MESSAGE_SIZE,
	    "%u octets do not fit into a UDP datagram", (unsigned)line->len);
}

/* Sends one burst and hears whether it was refused; 0 or an errno. */
static int
send_burst(struct sink_syslog *sink, const struct sink_line *lines,
    size_t count, struct burst *burst, struct sink_outcome *outcome)
{
	int error = 0;

	while (error == 0 && may_join(sink, burst, count)) {
		error = send_datagram(sink, &lines[burst->end]);
		if (error == 0) {
			burst->octets += lines[burst->end++].len;
			burst->sent++;
		} else if (error == EMSGSIZE) {
			note_too_large(&lines[burst->end], outcome->message);
			outcome->fates[burst->end++] = LINE_LOST;
			error = 0;
		}
	}
	if (error != 0 || burst->sent == 0)
		return error;
	(void)sink_poll(sink->patience, sink->fd, 0,
	    sink->proven ? BURST_MS : PROOF_MS);
	return syslog_take_error(sink->fd);
}

static enum sink_state
udp_down(struct sink_syslog *sink, int error, char *message)
{
	syslog_explain(error, message);
	syslog_disconnect(sink);
	sink->refusals++;
	return SINK_DOWN;
}

enum sink_state
syslog_udp_publish(struct sink_syslog *sink, const struct sink_line *lines,
    size_t count, struct sink_outcome *outcome)
{
	uint64_t until_ms = sink_clock_ms() + SINK_TURN_MS;
	struct burst burst = { 0 };
	int error;

	/* Of datagrams before, which count as written: too late for them. */
	if ((error = syslog_take_error(sink->fd)) != 0)
		return udp_down(sink, error, outcome->message);
	while (burst.end < count && sink_clock_ms() < until_ms) {
		size_t begin = burst.end;

		burst.sent = burst.octets = 0;
		error = send_burst(sink, lines, count, &burst, outcome);
		if (error != 0) {
			outcome->retried += burst.sent;
			return udp_down(sink, error, outcome->message);
		}
		for (size_t i = begin; i < burst.end; i++) {
			if (outcome->fates[i] == LINE_WAITS)
				outcome->fates[i] = LINE_WRITTEN;
		}
		if (burst.sent > 0) {
			sink->proven = true;
			sink->refusals = 0;
		}
	}
	return SINK_UP;
}
