#include "output/redis_dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * A peer that is gone without a word is noticed by whoever waits for a reply;
 * this is for a connection on which nothing is asked, so that the next line
 * need not be the one that finds out.
 */
#define KEEPALIVE_S       15
#define KEEPALIVE_PROBE_S 5
#define KEEPALIVE_PROBES  3

static void
set_option(int fd, int level, int option, int value)
{
	/* A connection is good without any of them. */
	(void)setsockopt(fd, level, option, &value, sizeof value);
}

static void
set_tcp_options(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_PROBE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
}

/* 0, or the errno. */
static int
await_connection(struct sink_patience *patience, uint32_t timeout_ms, int fd)
{
	int failure = 0;
	socklen_t len = sizeof failure;

	if (sink_poll(patience, fd, POLLOUT, timeout_ms) == 0)
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) == -1)
		return errno;
	return failure;
}

/* The socket, or -1 and errno. */
static int
dial(struct sink_patience *patience, uint32_t timeout_ms,
    const struct sockaddr *address, socklen_t address_len)
{
	int fd, failure = 0;

	fd = socket(address->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, address, address_len) == -1)
		failure = errno;
	if (failure == EINPROGRESS || failure == EINTR)
		failure = await_connection(patience, timeout_ms, fd);
	if (failure == 0)
		return fd;
	close(fd);
	errno = failure;
	return -1;
}

int
redis_dial_host(struct sink_patience *patience, uint32_t timeout_ms,
    const char *host, uint16_t port, char *message, size_t message_size)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL, *at;
	char service[sizeof "65535"];
	int fd = -1, rc;

	if (sink_patience_ms(patience, timeout_ms) == 0) {
		snprintf(message, message_size, "no time left");
		return -1;
	}
	snprintf(service, sizeof service, "%u", (unsigned)port);
	if ((rc = getaddrinfo(host, service, &hints, &found)) != 0) {
		snprintf(message, message_size, "%s",
		    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
		return -1;
	}
	for (at = found; at != NULL && fd == -1; at = at->ai_next)
		fd = dial(patience, timeout_ms, at->ai_addr, at->ai_addrlen);
	if (fd == -1)
		snprintf(message, message_size, "%s", strerror(errno));
	else
		set_tcp_options(fd);
	freeaddrinfo(found);
	return fd;
}

int
redis_dial_path(struct sink_patience *patience, uint32_t timeout_ms,
    const char *path, char *message, size_t message_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof address.sun_path) {
		snprintf(message, message_size,
		    "the path of a socket has at most %zu octets",
		    sizeof address.sun_path - 1);
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = dial(patience, timeout_ms, (struct sockaddr *)&address,
	    sizeof address);
	if (fd == -1)
		snprintf(message, message_size, "%s", strerror(errno));
	return fd;
}
