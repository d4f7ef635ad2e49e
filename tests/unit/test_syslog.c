#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "output/sink_driver.h"
#include "output/syslog_message.h"
#include "sensor/event_types.h"

/* What must come must come in this time, on a machine that is busy too. */
#define DEADLINE_MS 10000

#define LINES_MAX 256

/* 2026-03-31T00:21:03.000042Z, by date -d @1774916463 */
#define SOME_US UINT64_C(1774916463000042)

/* --- the message --- */

static const struct {
	const char *name;
	unsigned facility;
	const char *hostname, *app, *procid;
	struct sink_line line;
	const char *header;
} messages[] = {
	{ "a hit of severity 1 is an alert: PRI is 16 * 8 + 1", 16,
	    "tap.example", "egress-sensor", "4711",
	    { .put_us = SOME_US, .severity = 1, .type = EVENT_ALERT },
	    "<129>1 2026-03-31T00:21:03.000042Z tap.example egress-sensor 4711 "
	    "alert - " },
	{ "a hit of severity 2 is a warning", 16, "h", "a", "1",
	    { .put_us = SOME_US, .severity = 2, .type = EVENT_ALERT },
	    "<132>1 2026-03-31T00:21:03.000042Z h a 1 alert - " },
	{ "a hit of severity 3 is a notice", 4, "h", "a", "1",
	    { .put_us = SOME_US, .severity = 3, .type = EVENT_ALERT },
	    "<37>1 2026-03-31T00:21:03.000042Z h a 1 alert - " },
	{ "what is no hit is informational; its type is the MSGID", 3, "h", "a",
	    "1",
	    { .put_us = SOME_US,
		.severity = LINE_SEVERITY_NONE,
		.type = EVENT_DNS },
	    "<30>1 2026-03-31T00:21:03.000042Z h a 1 dns - " },
	{ "what is not known is the NILVALUE", 0, NULL, "", "",
	    { .put_us = 0, .severity = 4, .type = EVENT_STATS },
	    "<6>1 1970-01-01T00:00:00.000000Z - - - stats - " },
	{ "what no field may hold is a question mark", 23, "tap 1\n", "\x7f<b>",
	    "\xc3\xa9", { .put_us = 999999, .severity = 4, .type = EVENT_FLOW },
	    "<190>1 1970-01-01T00:00:00.999999Z tap?1? ?<b> ?? flow - " },
};

static void
test_headers_are_as_rfc_5424_has_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		struct timestamp_cache times = { 0 };
		struct syslog_origin origin;
		char out[SYSLOG_HEADER_MAX + 1];
		size_t len;

		syslog_origin_init(&origin, (uint8_t)messages[i].facility,
		    messages[i].hostname, messages[i].app, messages[i].procid);
		len = syslog_header_write(&origin, &times, &messages[i].line,
		    out);
		out[len] = '\0';
		if (strcmp(out, messages[i].header) != 0)
			fail_msg("%s:\n%s\nnot\n%s", messages[i].name, out,
			    messages[i].header);
	}
}

/* RFC 5424 section 6: 255, 48 and 128 octets. */
static void
test_fields_that_are_too_long_are_cut(void **state)
{
	struct sink_line line = { .put_us = UINT64_MAX,
		.severity = 4,
		.type = EVENT_BEACON };
	struct timestamp_cache times = { 0 };
	struct syslog_origin origin;
	char out[SYSLOG_HEADER_MAX + 1], many[1000];
	size_t len;
	char hostname[256], app[49], procid[129];

	(void)state;
	memset(many, 'x', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	syslog_origin_init(&origin, 23, many, many, many);
	len = syslog_header_write(&origin, &times, &line, out);
	assert_true(len < SYSLOG_HEADER_MAX);
	out[len] = '\0';
	assert_int_equal(sscanf(out,
			     "<190>1 9999-12-31T23:59:59.999999Z %255s %48s "
			     "%128s beacon -",
			     hostname, app, procid),
	    3);
	assert_int_equal(strlen(hostname), 255);
	assert_int_equal(strlen(app), 48);
	assert_int_equal(strlen(procid), 128);
	assert_string_equal(out + len - strlen(" beacon - "), " beacon - ");
}

/* --- the sink, against sockets of ours --- */

struct fixture {
	struct sink_options options;
	struct sink_patience patience;
	struct sink_url url;
	void *sink;
	int server; /* UDP socket, or listening */
	uint16_t port;
	struct sink_line lines[LINES_MAX];
	uint8_t fates[LINES_MAX];
	struct sink_outcome outcome;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->options.connect_timeout_ms = DEADLINE_MS;
	f->options.command_timeout_ms = DEADLINE_MS;
	f->patience.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->server = -1;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->sink != NULL)
		sink_syslog_driver.close(f->sink);
	sink_url_fini(&f->url);
	if (f->server != -1)
		close(f->server);
	close(f->patience.wake_fd);
	free(f);
	return 0;
}

static void
start_again(void **state)
{
	teardown(state);
	setup(state);
}

static socklen_t
loopback(int family, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	out->ss_family = (sa_family_t)family;
	if (family == AF_INET6) {
		v6->sin6_port = htons(port);
		v6->sin6_addr = in6addr_loopback;
		return sizeof *v6;
	}
	v4->sin_port = htons(port);
	v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof *v4;
}

/* On f->port, or on a free one where that is 0. */
static void
serve(struct fixture *f, int family, int type)
{
	struct sockaddr_storage address;
	socklen_t len = loopback(family, f->port, &address);
	int one = 1, small = 4096;

	f->server = socket(family, type | SOCK_CLOEXEC, 0);
	assert_int_not_equal(f->server, -1);
	setsockopt(f->server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	/* What is not read soon stops the sender. */
	if (type == SOCK_STREAM)
		setsockopt(f->server, SOL_SOCKET, SO_RCVBUF, &small,
		    sizeof small);
	assert_int_equal(bind(f->server, (struct sockaddr *)&address, len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(f->server, 8), 0);
	assert_int_equal(getsockname(f->server, (struct sockaddr *)&address,
			     &len),
	    0);
	f->port = ntohs(family == AF_INET6
			    ? ((struct sockaddr_in6 *)&address)->sin6_port
			    : ((struct sockaddr_in *)&address)->sin_port);
}

static void
stop_serving(struct fixture *f)
{
	close(f->server);
	f->server = -1;
}

static void
open_sink(struct fixture *f, const char *scheme, const char *host)
{
	char text[128], error[256] = "";

	snprintf(text, sizeof text, "%s://%s:%u", scheme, host,
	    (unsigned)f->port);
	if (sink_url_parse(text, &f->url, error, sizeof error) != 0 ||
	    sink_syslog_driver.open(&f->url, &f->options, &f->patience,
		&f->sink, error, sizeof error) != 0)
		fail_msg("%s: %s", text, error);
}

static enum sink_state
publish(struct fixture *f, size_t count)
{
	memset(f->fates, LINE_WAITS, sizeof f->fates);
	f->outcome = (struct sink_outcome){ .fates = f->fates };
	return sink_syslog_driver.publish(f->sink, f->lines, count,
	    &f->outcome);
}

/* All lines are `text`. */
static void
fill(struct fixture *f, const char *text)
{
	for (size_t i = 0; i < LINES_MAX; i++)
		f->lines[i] = (struct sink_line){ .text = text,
			.len = (uint32_t)strlen(text),
			.put_us = SOME_US,
			.severity = 4,
			.type = EVENT_DNS };
}

static size_t
fates(const struct fixture *f, size_t count, enum line_fate fate)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += f->fates[i] == fate;
	return found;
}

static bool
is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, DEADLINE_MS) == 1;
}

/* The next datagram's MSG. */
static const char *
next_datagram(struct fixture *f, char *out, size_t size)
{
	ssize_t got;
	char *msg;

	assert_true(is_readable(f->server));
	got = recv(f->server, out, size - 1, 0);
	assert_true(got > 0);
	out[got] = '\0';
	msg = strstr(out, " - ");
	assert_non_null(msg);
	return msg + 3;
}

static int
next_connection(struct fixture *f)
{
	int fd;

	assert_true(is_readable(f->server));
	fd = accept(f->server, NULL, NULL);
	assert_int_not_equal(fd, -1);
	return fd;
}

/*
 * The next frame's MSG, by RFC 6587 section 3.4.1: MSG-LEN SP SYSLOG-MSG.
 * False at the end of the connection or of what came of it.
 */
static bool
next_frame(int fd, char *out, size_t size, const char **msg)
{
	size_t len = 0, got = 0;
	char digit;

	for (;;) {
		if (!is_readable(fd) || recv(fd, &digit, 1, 0) != 1)
			return false;
		if (digit == ' ')
			break;
		assert_in_range(digit, '0', '9');
		len = len * 10 + (size_t)(digit - '0');
	}
	assert_true(len > 0 && len < size);
	while (got < len) {
		ssize_t more;

		if (!is_readable(fd) ||
		    (more = recv(fd, out + got, len - got, 0)) <= 0)
			return false;
		got += (size_t)more;
	}
	out[len] = '\0';
	*msg = strstr(out, " - ");
	assert_non_null(*msg);
	*msg += 3;
	return true;
}

static void
test_udp_is_one_message_a_datagram(void **state)
{
	static const struct {
		int family;
		const char *host;
	} ways[] = { { AF_INET, "127.0.0.1" }, { AF_INET6, "[::1]" } };
	char datagram[2048];

	for (size_t i = 0; i < 2; i++) {
		struct fixture *f;

		if (i > 0)
			start_again(state);
		f = *state;
		serve(f, ways[i].family, SOCK_DGRAM);
		open_sink(f, "syslog", ways[i].host);
		fill(f, "{\"n\":1}");
		assert_int_equal(publish(f, 3), SINK_UP);
		assert_int_equal(fates(f, 3, LINE_WRITTEN), 3);
		assert_int_equal(f->outcome.retried, 0);
		for (int n = 0; n < 3; n++) {
			assert_string_equal(next_datagram(f, datagram,
						sizeof datagram),
			    "{\"n\":1}");
			assert_memory_equal(datagram,
			    "<134>1 2026-03-31T00:21:03.000042Z ", 35);
		}
	}
}

/* RFC 768 and 791: 65,535 octets, less 20 of IPv4 and 8 of UDP. */
static void
test_udp_loses_what_no_datagram_holds_and_says_so(void **state)
{
	struct fixture *f = *state;
	char *large = malloc(70001), *datagram = malloc(70001);

	memset(large, 'x', 70000);
	large[70000] = '\0';
	serve(f, AF_INET, SOCK_DGRAM);
	open_sink(f, "syslog", "127.0.0.1");
	fill(f, "{}");
	/* Before the connection has proved itself, and after. */
	f->lines[0].text = f->lines[2].text = large;
	f->lines[0].len = 65507;
	f->lines[2].len = 70000;
	assert_int_equal(publish(f, 4), SINK_UP);
	assert_int_equal(f->fates[0], LINE_LOST);
	assert_int_equal(f->fates[1], LINE_WRITTEN);
	assert_int_equal(f->fates[2], LINE_LOST);
	assert_int_equal(f->fates[3], LINE_WRITTEN);
	assert_string_equal(f->outcome.message,
	    "70000 octets do not fit into a UDP datagram");
	assert_string_equal(next_datagram(f, datagram, 70001), "{}");
	assert_string_equal(next_datagram(f, datagram, 70001), "{}");

	/* The largest that there is: 65,507 with its header. */
	f->lines[0].len = 65507 - (uint32_t)(strlen(datagram) - strlen("{}"));
	assert_int_equal(publish(f, 1), SINK_UP);
	assert_int_equal(f->fates[0], LINE_WRITTEN);
	next_datagram(f, datagram, 70001);
	assert_int_equal(strlen(datagram), 65507);
	f->lines[0].len++;
	assert_int_equal(publish(f, 1), SINK_UP);
	assert_int_equal(f->fates[0], LINE_LOST);
	free(large);
	free(datagram);
}

static void
test_udp_sends_again_what_was_refused(void **state)
{
	struct fixture *f = *state;
	char datagram[2048];

	serve(f, AF_INET, SOCK_DGRAM);
	open_sink(f, "syslog", "127.0.0.1");
	stop_serving(f);
	fill(f, "{}");
	assert_int_equal(publish(f, 5), SINK_DOWN);
	assert_int_equal(fates(f, 5, LINE_WAITS), 5);
	assert_int_equal(f->outcome.retried, 1);
	assert_string_equal(f->outcome.message, "Connection refused");
	serve(f, AF_INET, SOCK_DGRAM);
	assert_int_equal(publish(f, 5), SINK_UP);
	assert_int_equal(fates(f, 5, LINE_WRITTEN), 5);
	next_datagram(f, datagram, sizeof datagram);

	/* A burst after the server has gone: none of it is written. */
	stop_serving(f);
	assert_int_equal(publish(f, 5), SINK_DOWN);
	assert_int_equal(fates(f, 5, LINE_WAITS), 5);
	assert_true(f->outcome.retried > 0);
}

/* "localhost" may be ::1, where nobody listens, and 127.0.0.1. */
static void
test_udp_goes_on_to_the_next_address_of_a_name(void **state)
{
	struct fixture *f = *state;
	char datagram[2048];

	if (gethostbyname("localhost") == NULL) /* no /etc/hosts */
		skip();
	serve(f, AF_INET, SOCK_DGRAM);
	open_sink(f, "syslog", "localhost");
	fill(f, "{}");
	if (publish(f, 1) == SINK_DOWN)
		assert_int_equal(publish(f, 1), SINK_UP);
	assert_int_equal(f->fates[0], LINE_WRITTEN);
	next_datagram(f, datagram, sizeof datagram);
}

static void
test_tcp_counts_octets_and_keeps_the_order(void **state)
{
	struct fixture *f = *state;
	char texts[20][16], frame[2048];
	const char *msg;
	int fd;

	serve(f, AF_INET, SOCK_STREAM);
	open_sink(f, "syslog+tcp", "127.0.0.1");
	fill(f, "");
	for (int i = 0; i < 20; i++) {
		f->lines[i].len = (uint32_t)sprintf(texts[i], "{\"n\":%d}", i);
		f->lines[i].text = texts[i];
	}
	/* With no lines: a connection. */
	assert_int_equal(publish(f, 0), SINK_UP);
	fd = next_connection(f);
	/* One proves the connection, the others follow. */
	assert_int_equal(publish(f, 20), SINK_UP);
	assert_int_equal(fates(f, 20, LINE_WRITTEN), 1);
	memmove(f->lines, f->lines + 1, 19 * sizeof f->lines[0]);
	assert_int_equal(publish(f, 19), SINK_UP);
	assert_int_equal(fates(f, 19, LINE_WRITTEN), 19);
	assert_int_equal(f->outcome.retried, 0);
	for (int i = 0; i < 20; i++) {
		assert_true(next_frame(fd, frame, sizeof frame, &msg));
		assert_string_equal(msg, texts[i]);
	}
	close(fd);
}

/* Connected and proven; the server's end. */
static int
prove(struct fixture *f)
{
	char frame[2048];
	const char *msg;
	int fd;

	open_sink(f, "syslog+tcp", "127.0.0.1");
	fill(f, "{}");
	assert_int_equal(publish(f, 1), SINK_UP);
	assert_int_equal(f->fates[0], LINE_WRITTEN);
	fd = next_connection(f);
	assert_true(next_frame(fd, frame, sizeof frame, &msg));
	assert_string_equal(msg, "{}");
	return fd;
}

/* So much that no socket buffers hold it: 256 times 64 KiB. */
static char *
fill_large(struct fixture *f)
{
	char *text = malloc(65537);

	memset(text, 'x', 65536);
	text[65536] = '\0';
	fill(f, text);
	return text;
}

static void
test_tcp_is_written_only_what_the_other_side_has(void **state)
{
	struct fixture *f = *state;
	char *frame = malloc(70000), *text;
	size_t written, whole = 0;
	const char *msg;
	int fd, unread;

	f->options.command_timeout_ms = 200;
	serve(f, AF_INET, SOCK_STREAM);
	fd = prove(f);
	text = fill_large(f);
	assert_int_equal(publish(f, LINES_MAX), SINK_DOWN);
	assert_non_null(strstr(f->outcome.message, "nothing acknowledged for"));
	written = fates(f, LINES_MAX, LINE_WRITTEN);
	assert_true(written < LINES_MAX);
	assert_true(f->outcome.retried > 0);
	for (size_t i = 0; i < written; i++)
		assert_int_equal(f->fates[i], LINE_WRITTEN);
	/* What waits at the other side, not what waits at ours. */
	assert_int_equal(ioctl(fd, FIONREAD, &unread), 0);
	assert_true(written * 65536 <= (size_t)unread);
	/* Now it reads. */
	while (next_frame(fd, frame, 70000, &msg)) {
		assert_string_equal(msg, text);
		whole++;
	}
	assert_true(whole >= written);
	close(fd);
	free(text);
	free(frame);
}

/* A server that closes with octets unread: its TCP resets. */
static void *
close_soon(void *arg)
{
	int *fd = arg;

	is_readable(*fd);
	close(*fd);
	return NULL;
}

static void
test_tcp_sends_again_what_a_reset_may_have_cut_off(void **state)
{
	struct fixture *f = *state;
	pthread_t server;
	char *text;
	int fd;

	serve(f, AF_INET, SOCK_STREAM);
	fd = prove(f);
	text = fill_large(f);
	pthread_create(&server, NULL, close_soon, &fd);
	assert_int_equal(publish(f, LINES_MAX), SINK_DOWN);
	pthread_join(server, NULL);
	assert_int_equal(fates(f, LINES_MAX, LINE_WAITS), LINES_MAX);
	assert_true(f->outcome.retried > 0);
	assert_true(f->outcome.message[0] != '\0');

	fill(f, "{\"again\":1}");
	assert_int_equal(publish(f, 1), SINK_UP);
	assert_int_equal(f->fates[0], LINE_WRITTEN);
	free(text);
}

/* As a proxy does that finds nobody behind it. */
static void *
take_and_close(void *arg)
{
	struct fixture *f = arg;
	char frame[2048];
	const char *msg;
	int fd = next_connection(f);

	assert_true(next_frame(fd, frame, sizeof frame, &msg));
	close(fd);
	return NULL;
}

/*
 * What must be noticed comes from another thread, soon after the line did; on a
 * machine that is busy it may come too late, but not every time.
 */
#define TRIES_MAX 20

static void
test_tcp_believes_nobody_who_closes_after_the_first_line(void **state)
{
	enum sink_state seen = SINK_UP;
	struct fixture *f = *state;
	pthread_t server;

	for (int i = 0; i < TRIES_MAX && seen == SINK_UP; i++) {
		start_again(state);
		f = *state;
		serve(f, AF_INET, SOCK_STREAM);
		open_sink(f, "syslog+tcp", "127.0.0.1");
		fill(f, "{}");
		assert_int_equal(publish(f, 0), SINK_UP);
		pthread_create(&server, NULL, take_and_close, f);
		seen = publish(f, 3);
		pthread_join(server, NULL);
	}
	assert_int_equal(seen, SINK_DOWN);
	assert_int_equal(fates(f, 3, LINE_WAITS), 3);
	assert_int_equal(f->outcome.retried, 1);
	assert_string_equal(f->outcome.message,
	    "the server closed the connection");
}

static void
test_tcp_sends_again_what_was_acknowledged_and_not_read(void **state)
{
	enum sink_state seen = SINK_UP;
	struct fixture *f = *state;
	pthread_t server;
	int fd;

	for (int i = 0; i < TRIES_MAX && seen == SINK_UP; i++) {
		start_again(state);
		f = *state;
		serve(f, AF_INET, SOCK_STREAM);
		fd = prove(f);
		pthread_create(&server, NULL, close_soon, &fd);
		seen = publish(f, 1);
		pthread_join(server, NULL);
	}
	assert_int_equal(seen, SINK_DOWN);
	assert_int_equal(f->fates[0], LINE_WAITS);
	assert_int_equal(f->outcome.retried, 1);
}

static void
test_tcp_notices_a_server_that_closed_while_nothing_was_sent(void **state)
{
	struct fixture *f = *state;
	char frame[2048];
	const char *msg;
	int fd;

	serve(f, AF_INET, SOCK_STREAM);
	close(prove(f));
	fill(f, "{\"n\":2}");
	assert_int_equal(publish(f, 1), SINK_UP);
	assert_int_equal(f->fates[0], LINE_WRITTEN);
	fd = next_connection(f);
	assert_true(next_frame(fd, frame, sizeof frame, &msg));
	assert_string_equal(msg, "{\"n\":2}");
	close(fd);
}

static void
test_tcp_says_why_it_cannot_connect(void **state)
{
	struct fixture *f = *state;

	serve(f, AF_INET, SOCK_STREAM);
	open_sink(f, "syslog+tcp", "127.0.0.1");
	stop_serving(f);
	fill(f, "{}");
	assert_int_equal(publish(f, 1), SINK_DOWN);
	assert_int_equal(f->fates[0], LINE_WAITS);
	assert_int_equal(f->outcome.retried, 0);
	assert_string_equal(f->outcome.message, "Connection refused");
}

/* The deadline is the test's own: it would wait for DEADLINE_MS else. */
static void
test_closing_ends_a_wait_for_a_server_that_does_not_read(void **state)
{
	struct fixture *f = *state;
	char *text;
	int fd;

	f->options.command_timeout_ms = 1000 * DEADLINE_MS;
	serve(f, AF_INET, SOCK_STREAM);
	fd = prove(f);
	text = fill_large(f);
	atomic_store(&f->patience.end_ms, sink_clock_ms() + 50);
	assert_int_equal(publish(f, LINES_MAX), SINK_DOWN);
	assert_true(fates(f, LINES_MAX, LINE_WAITS) > 0);
	close(fd);
	free(text);
}

static void
test_reopening_connects_anew(void **state)
{
	struct fixture *f = *state;
	char error[64], octet;
	int fd;

	serve(f, AF_INET, SOCK_STREAM);
	fd = prove(f);
	assert_int_equal(sink_syslog_driver.reopen(f->sink, error,
			     sizeof error),
	    0);
	assert_true(is_readable(fd));
	assert_int_equal(recv(fd, &octet, 1, 0), 0);
	close(fd);
	assert_int_equal(publish(f, 0), SINK_UP);
	close(next_connection(f));
}

#define SINK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers_are_as_rfc_5424_has_them),
		cmocka_unit_test(test_fields_that_are_too_long_are_cut),
		SINK_TEST(test_udp_is_one_message_a_datagram),
		SINK_TEST(test_udp_loses_what_no_datagram_holds_and_says_so),
		SINK_TEST(test_udp_sends_again_what_was_refused),
		SINK_TEST(test_udp_goes_on_to_the_next_address_of_a_name),
		SINK_TEST(test_tcp_counts_octets_and_keeps_the_order),
		SINK_TEST(test_tcp_is_written_only_what_the_other_side_has),
		SINK_TEST(test_tcp_sends_again_what_a_reset_may_have_cut_off),
		SINK_TEST(
		    test_tcp_believes_nobody_who_closes_after_the_first_line),
		SINK_TEST(
		    test_tcp_sends_again_what_was_acknowledged_and_not_read),
		SINK_TEST(
		    test_tcp_notices_a_server_that_closed_while_nothing_was_sent),
		SINK_TEST(test_tcp_says_why_it_cannot_connect),
		SINK_TEST(
		    test_closing_ends_a_wait_for_a_server_that_does_not_read),
		SINK_TEST(test_reopening_connects_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
