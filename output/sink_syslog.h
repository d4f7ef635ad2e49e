#ifndef OUTPUT_SINK_SYSLOG_H
#define OUTPUT_SINK_SYSLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/sink_driver.h"
#include "output/syslog_message.h"

/*
 * Syslog, RFC 5424, over UDP (RFC 5426) or TCP (RFC 6587 section 3.4.1, octet
 * counting).  Private to output/sink_syslog*.c: sink_syslog.c connects, the
 * others send.
 *
 * Neither has a reply, so sink_syslog_udp.c and sink_syslog_tcp.c say what
 * "written" means there.  With both a new connection proves itself with a
 * single message: a proxy accepts for a server that is not there, and a port
 * that nobody listens on takes datagrams until its host has said so.
 */
#define PROOF_MS 100

/* Octets on their way to the socket: from `begun` to `len`. */
struct out_buffer {
	char *octets;
	size_t begun, len, size;
};

struct sink_syslog {
	const struct sink_url *url;
	struct sink_patience *patience;
	uint32_t connect_timeout_ms, command_timeout_ms;
	struct syslog_origin origin;
	struct timestamp_cache times;
	int fd;                /* -1: not connected */
	bool proven;           /* this connection has taken a line */
	unsigned refusals;     /* UDP: in a row */
	struct out_buffer out; /* TCP */
};

void syslog_disconnect(struct sink_syslog *sink);

/* strerror, into what has SINK_MESSAGE_SIZE octets. */
void syslog_explain(int error, char *message);

/* The error that waits at the socket, which has then none; 0: none. */
int syslog_take_error(int fd);

/* As publish of struct sink_driver; connected, and not where SINK_DOWN. */
enum sink_state syslog_udp_publish(struct sink_syslog *sink,
    const struct sink_line *lines, size_t count, struct sink_outcome *outcome);
enum sink_state syslog_tcp_publish(struct sink_syslog *sink,
    const struct sink_line *lines, size_t count, struct sink_outcome *outcome);

/*
 * A syslog server says nothing: what can be read is the connection's end, or
 * octets that mean nothing to us.  0, an errno, or -1: the server has closed.
 */
int syslog_tcp_listen(const struct sink_syslog *sink);

#endif
