#include "output/sink_syslog.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
syslog_disconnect(struct sink_syslog *sink)
{
	if (sink->fd != -1)
		close(sink->fd);
	sink->fd = -1;
	sink->proven = false;
	sink->out.begun = sink->out.len = 0;
}

void
syslog_explain(int error, char *message)
{
	snprintf(message, SINK_MESSAGE_SIZE, "%s", strerror(error));
}

/*
 * The addresses of the host, for freeaddrinfo; NULL and why.  A name is looked
 * up again at each connection.  getaddrinfo cannot be woken: sink_close may be
 * late by what resolv.conf allows a resolver, while a name is looked up.
 */
static struct addrinfo *
resolve(const struct sink_syslog *sink, char *message)
{
	const struct sink_endpoint *server = &sink->url->endpoints[0];
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_family = AF_UNSPEC,
		.ai_socktype = sink->url->transport == SYSLOG_TCP ? SOCK_STREAM
		                                                  : SOCK_DGRAM,
	};
	struct addrinfo *list = NULL;
	char port[sizeof "65535"];
	int rc;

	snprintf(port, sizeof port, "%u", (unsigned)server->port);
	/* An address needs no resolver. */
	rc = getaddrinfo(server->host, port, &hints, &list);
	if (rc == EAI_NONAME) {
		hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
		rc = getaddrinfo(server->host, port, &hints, &list);
	}
	if (rc == 0)
		return list;
	snprintf(message, SINK_MESSAGE_SIZE, "%s",
	    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	return NULL;
}

int
syslog_take_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return errno;
	return error;
}

/* 0 or an errno; ETIMEDOUT also where sink_close does not want to wait. */
static int
finish_connect(struct sink_syslog *sink, int fd, const struct addrinfo *address,
    uint32_t timeout_ms)
{
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (sink_poll(sink->patience, fd, POLLOUT, timeout_ms) == 0)
		return ETIMEDOUT;
	return syslog_take_error(fd);
}

static bool
dial_address(struct sink_syslog *sink, const struct addrinfo *address,
    uint32_t timeout_ms, char *message)
{
	int fd = socket(address->ai_family,
	    address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    address->ai_protocol);
	int one = 1, error;

	if (fd == -1) {
		syslog_explain(errno, message);
		return false;
	}
	if ((error = finish_connect(sink, fd, address, timeout_ms)) != 0) {
		syslog_explain(error, message);
		close(fd);
		return false;
	}
	if (address->ai_socktype == SOCK_STREAM) {
		/* We send large pieces; the last must not wait for an ACK. */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof one);
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one,
		    sizeof one);
	}
	sink->fd = fd;
	return true;
}

static const struct addrinfo *
nth_address(const struct addrinfo *list, unsigned n)
{
	while (n-- > 0)
		list = list->ai_next;
	return list;
}

/*
 * The first address that can be connected to; none takes more than its share
 * of the time.  A UDP socket connects to anything, so there a refusal makes the
 * next address the first: "localhost" is two, and a server may listen on one.
 */
static bool
dial(struct sink_syslog *sink, char *message)
{
	uint64_t until_ms = sink_clock_ms() + sink->connect_timeout_ms;
	struct addrinfo *list = resolve(sink, message);
	unsigned count = 0;

	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
		count++;
	for (unsigned i = 0; i < count && sink->fd == -1; i++) {
		uint64_t now_ms = sink_clock_ms();
		uint64_t left_ms = now_ms < until_ms ? until_ms - now_ms : 0;

		(void)dial_address(sink,
		    nth_address(list, (i + sink->refusals) % count),
		    (uint32_t)(left_ms / (count - i)), message);
	}
	if (list != NULL)
		freeaddrinfo(list);
	return sink->fd != -1;
}

static bool
connect_if_needed(struct sink_syslog *sink, char *message)
{
	/* A server that was restarted has closed what was idle since. */
	if (sink->fd != -1 && sink->url->transport == SYSLOG_TCP &&
	    syslog_tcp_listen(sink) != 0)
		syslog_disconnect(sink);
	return sink->fd != -1 || dial(sink, message);
}

static enum sink_state
syslog_publish(void *state, const struct sink_line *lines, size_t count,
    struct sink_outcome *outcome)
{
	struct sink_syslog *sink = state;

	if (!connect_if_needed(sink, outcome->message))
		return SINK_DOWN;
	if (sink->url->transport == SYSLOG_TCP)
		return syslog_tcp_publish(sink, lines, count, outcome);
	return syslog_udp_publish(sink, lines, count, outcome);
}

/*
 * RFC 5424 section 6.2.4 wants the name with its domain.  It is the machine's
 * as it is set: to find its domain would mean to ask a DNS server.
 */
static void
introduce(struct sink_syslog *sink)
{
	char hostname[HOST_NAME_MAX + 1] = "";
	char procid[sizeof "-9223372036854775808"];

	if (gethostname(hostname, sizeof hostname - 1) == -1)
		hostname[0] = '\0';
	snprintf(procid, sizeof procid, "%ld", (long)getpid());
	syslog_origin_init(&sink->origin, sink->url->facility, hostname,
	    sink->url->app, procid);
}

static int
syslog_open(const struct sink_url *url, const struct sink_options *options,
    struct sink_patience *patience, void **out, char *error, size_t error_size)
{
	struct sink_syslog *sink;

	if ((sink = calloc(1, sizeof *sink)) == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	sink->url = url;
	sink->patience = patience;
	sink->connect_timeout_ms = options->connect_timeout_ms;
	sink->command_timeout_ms = options->command_timeout_ms;
	sink->fd = -1;
	introduce(sink);
	*out = sink;
	return 0;
}

/* SIGHUP: a name may lead elsewhere by now.  Nothing is under way here. */
static int
syslog_reopen(void *state, char *error, size_t error_size)
{
	(void)error;
	(void)error_size;
	syslog_disconnect(state);
	return 0;
}

static void
syslog_close(void *state)
{
	struct sink_syslog *sink = state;

	syslog_disconnect(sink);
	free(sink->out.octets);
	free(sink);
}

const struct sink_driver sink_syslog_driver = {
	.open = syslog_open,
	.publish = syslog_publish,
	.reopen = syslog_reopen,
	.close = syslog_close,
};
