#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "output/redis_answer.h"
#include "output/redis_command.h"
#include "output/redis_slot.h"
#include "output/sink_driver.h"

/*
 * The parts that need nobody, and the driver against fakes: servers on loopback
 * that expect given commands and answer given octets, well-formed or not.
 */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- a fake Redis ---- */

struct step {
	const char *expect; /* a command, its arguments joined by ' ' */
	const char *reply;  /* NULL: nothing */
	size_t repeat;      /* the reply's last line so many times more */
	bool end;           /* then the connection ends */
};

#define TEXT_SIZE 512

struct fake {
	int listener, connection;
	uint16_t port;
	const struct step *steps;
	size_t count, done;
	unsigned connections;
	char wrong[2 * TEXT_SIZE + 64]; /* "": all as expected */
	pthread_t thread;
};

/* A line without its end; false: the client is gone. */
static bool
read_line(int fd, char *out, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t seen = recv(fd, out + len, size - len, MSG_PEEK);
		const char *end;

		if (seen <= 0)
			return false;
		end = memchr(out + len, '\n', (size_t)seen);
		if (end != NULL)
			seen = end + 1 - (out + len);
		if (recv(fd, out + len, (size_t)seen, 0) != seen)
			return false;
		len += (size_t)seen;
		if (end != NULL) {
			out[len - (len > 1 ? 2 : 1)] = '\0';
			return true;
		}
	}
	return false;
}

static bool
read_command(int fd, char *out, size_t size)
{
	char line[TEXT_SIZE];
	unsigned count;
	size_t len = 0;

	out[0] = '\0';
	if (!read_line(fd, line, sizeof line) ||
	    sscanf(line, "*%u", &count) != 1)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!read_line(fd, line, sizeof line) ||
		    !read_line(fd, line, sizeof line))
			return false;
		len += (size_t)snprintf(out + len, size - len, "%s%s",
		    i > 0 ? " " : "", line);
		if (len >= size)
			return false;
	}
	return true;
}

/* So many times the same line, many at a time. */
static void
flood(int fd, const char *line, size_t count)
{
	char block[32768];
	size_t len = strlen(line), held = len > 0 ? sizeof block / len : 0;

	for (size_t i = 0; i < held; i++)
		memcpy(block + i * len, line, len);
	for (size_t sent = 0; sent < count; sent += held) {
		size_t now = count - sent < held ? count - sent : held;

		if (send(fd, block, now * len, MSG_NOSIGNAL) <= 0)
			return;
	}
}

static void
answer(struct fake *fake, const struct step *step)
{
	const char *reply = step->reply != NULL ? step->reply : "";
	const char *end = reply + strlen(reply), *last = end;

	(void)send(fake->connection, reply, strlen(reply), MSG_NOSIGNAL);
	while (last > reply && (last == end || last[-1] != '\n'))
		last--;
	flood(fake->connection, last, step->repeat);
}

static void
hang_up(struct fake *fake)
{
	if (fake->connection != -1)
		close(fake->connection);
	fake->connection = -1;
}

static void
compare(struct fake *fake, const char *command, const char *expected)
{
	if (fake->wrong[0] == '\0' && strcmp(command, expected) != 0)
		snprintf(fake->wrong, sizeof fake->wrong,
		    "step %zu: \"%s\" instead of \"%s\"", fake->done, command,
		    expected);
}

static void *
run_fake(void *arg)
{
	struct fake *fake = arg;
	char command[TEXT_SIZE];

	while (fake->done < fake->count) {
		const struct step *step = &fake->steps[fake->done];

		if (fake->connection == -1) {
			fake->connection = accept(fake->listener, NULL, NULL);
			if (fake->connection == -1)
				return NULL;
			fake->connections++;
		}
		if (!read_command(fake->connection, command, sizeof command)) {
			hang_up(fake);
			continue;
		}
		compare(fake, command, step->expect);
		fake->done++;
		answer(fake, step);
		if (step->end)
			hang_up(fake);
	}
	return NULL;
}

static void
fake_listen(struct fake *fake)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof address;

	memset(fake, 0, sizeof *fake);
	fake->connection = -1;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fake->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_not_equal(fake->listener, -1);
	assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, len),
	    0);
	assert_int_equal(listen(fake->listener, 8), 0);
	assert_int_equal(getsockname(fake->listener,
			     (struct sockaddr *)&address, &len),
	    0);
	fake->port = ntohs(address.sin_port);
}

static void
fake_start(struct fake *fake, const struct step *steps, size_t count)
{
	fake->steps = steps;
	fake->count = count;
	assert_int_equal(pthread_create(&fake->thread, NULL, run_fake, fake),
	    0);
}

/* After the driver is closed: every step must have been taken. */
static void
fake_end(struct fake *fake)
{
	shutdown(fake->listener, SHUT_RDWR);
	pthread_join(fake->thread, NULL);
	hang_up(fake);
	close(fake->listener);
	assert_string_equal(fake->wrong, "");
	assert_int_equal(fake->done, fake->count);
}

/* ---- the driver ---- */

#define LINES_MAX 4

struct rig {
	struct fake fake;
	struct sink_endpoint endpoints[2];
	struct key_part key;
	struct sink_url url;
	struct sink_options options;
	struct sink_patience patience;
	void *state;
	uint8_t fates[LINES_MAX];
	struct sink_outcome outcome;
};

static char localhost[] = "127.0.0.1", key_text[] = "k", master[] = "m";

/* A list "k" at the fake, which listens but does not answer yet. */
static void
rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof *rig);
	fake_listen(&rig->fake);
	rig->endpoints[0].host = rig->endpoints[1].host = localhost;
	rig->endpoints[0].port = rig->fake.port;
	rig->key.text = key_text;
	rig->url.kind = SINK_REDIS;
	rig->url.endpoints = rig->endpoints;
	rig->url.endpoint_count = 1;
	rig->url.mode = REDIS_LIST;
	rig->url.key = &rig->key;
	rig->url.key_count = 1;
	rig->options.connect_timeout_ms = 10000;
	rig->options.command_timeout_ms = 10000;
	rig->patience.wake_fd = -1;
}

static void
rig_start(struct rig *rig, const struct step *steps, size_t count)
{
	char error[SINK_MESSAGE_SIZE];

	fake_start(&rig->fake, steps, count);
	assert_int_equal(sink_redis_driver.open(&rig->url, &rig->options,
			     &rig->patience, &rig->state, error, sizeof error),
	    0);
}

static void
rig_end(struct rig *rig)
{
	sink_redis_driver.close(rig->state);
	fake_end(&rig->fake);
}

/* The lines "one", "two" ..., all that still wait. */
static enum sink_state
publish(struct rig *rig, size_t count)
{
	static const char *const texts[LINES_MAX] = { "one", "two", "three",
		"four" };
	struct sink_line lines[LINES_MAX];

	memset(lines, 0, sizeof lines);
	for (size_t i = 0; i < count; i++) {
		lines[i].text = texts[i];
		lines[i].len = (uint32_t)strlen(texts[i]);
		lines[i].segment = "";
		lines[i].severity = 1;
	}
	memset(rig->fates, LINE_WAITS, sizeof rig->fates);
	memset(&rig->outcome, 0, sizeof rig->outcome);
	rig->outcome.fates = rig->fates;
	return sink_redis_driver.publish(rig->state, lines, count,
	    &rig->outcome);
}

static void
assert_says(const struct rig *rig, const char *part)
{
	if (strstr(rig->outcome.message, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, rig->outcome.message);
}

static void
test_each_mode_has_its_command(void **state)
{
	static const struct {
		enum redis_mode mode;
		bool push_left;
		uint64_t maxlen;
		struct step steps[2];
	} cases[] = {
		{ REDIS_STREAM, false, 0,
		    { { "PING", "+PONG\r\n", 0, false },
			{ "XADD k * eve one", "$3\r\n1-1\r\n", 0, false } } },
		{ REDIS_STREAM, false, 10,
		    { { "PING", "+PONG\r\n", 0, false },
			{ "XADD k MAXLEN ~ 10 * eve one", "$3\r\n1-1\r\n", 0,
			    false } } },
		{ REDIS_LIST, false, 0,
		    { { "PING", "+PONG\r\n", 0, false },
			{ "RPUSH k one", ":1\r\n", 0, false } } },
		{ REDIS_LIST, true, 0,
		    { { "PING", "+PONG\r\n", 0, false },
			{ "LPUSH k one", ":1\r\n", 0, false } } },
		{ REDIS_CHANNEL, false, 0,
		    { { "PING", "+PONG\r\n", 0, false },
			{ "PUBLISH k one", ":0\r\n", 0, false } } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rig rig;

		rig_init(&rig);
		rig.url.mode = cases[i].mode;
		rig.url.push_left = cases[i].push_left;
		rig.url.maxlen = cases[i].maxlen;
		rig_start(&rig, cases[i].steps, COUNT(cases[i].steps));
		assert_int_equal(publish(&rig, 1), SINK_UP);
		assert_string_equal(rig.outcome.message, "");
		assert_int_equal(rig.fates[0], LINE_WRITTEN);
		rig_end(&rig);
	}
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
test_the_password_file_is_read_at_each_connection(void **state)
{
	static const struct step steps[] = {
		{ "AUTH sensor old", "-WRONGPASS no\r\n", 0, false },
		{ "AUTH sensor new", "+OK\r\n", 0, false },
		{ "SELECT 3", "+OK\r\n", 0, false },
		{ "PING", "-NOPERM no ping\r\n", 0, false },
		{ "RPUSH k one", ":1\r\n", 0, false },
	};
	char path[] = "/tmp/test_redis.XXXXXX", user[] = "sensor";
	int fd = mkstemp(path);
	struct rig rig;

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	rig_init(&rig);
	rig.url.user = user;
	rig.url.password_file = path;
	rig.url.db = 3;
	rig_start(&rig, steps, COUNT(steps));
	write_file(path, "old\n");
	assert_int_equal(publish(&rig, 1), SINK_DOWN);
	assert_says(&rig, "AUTH: WRONGPASS");
	write_file(path, "new\r\nand no more");
	assert_int_equal(publish(&rig, 1), SINK_UP);
	assert_int_equal(rig.fates[0], LINE_WRITTEN);
	unlink(path);
	rig_end(&rig);
}

static void
test_what_an_error_does_to_the_line_and_the_connection(void **state)
{
	static const struct {
		const char *error;
		enum line_fate fate;
		enum sink_state state;
		unsigned connections; /* after another attempt */
	} cases[] = {
		{ "-OOM command not allowed\r\n", LINE_WAITS, SINK_DOWN, 1 },
		{ "-MISCONF no disk\r\n", LINE_WAITS, SINK_DOWN, 1 },
		{ "-NOPERM no\r\n", LINE_WAITS, SINK_DOWN, 2 },
		{ "-READONLY replica\r\n", LINE_WAITS, SINK_DOWN, 2 },
		{ "-MOVED 1 192.0.2.1:1\r\n", LINE_WAITS, SINK_DOWN, 1 },
		{ "-ERR strange\r\n", LINE_LOST, SINK_UP, 1 },
		{ "-OOMPH is another word\r\n", LINE_LOST, SINK_UP, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct step steps[4] = {
			{ "PING", "+PONG\r\n", 0, false },
			{ "RPUSH k one", cases[i].error, 0, false },
			{ "RPUSH k one", ":1\r\n", 0, false },
		};
		size_t count = 3;
		struct rig rig;

		if (cases[i].connections == 2) {
			steps[3] = steps[2];
			steps[2] = steps[0];
			count = 4;
		}
		rig_init(&rig);
		rig_start(&rig, steps, count);
		assert_int_equal(publish(&rig, 1), cases[i].state);
		assert_int_equal(rig.fates[0], cases[i].fate);
		assert_string_not_equal(rig.outcome.message, "");
		assert_int_equal(publish(&rig, 1), SINK_UP);
		assert_int_equal(rig.fates[0], LINE_WRITTEN);
		sink_redis_driver.close(rig.state);
		assert_int_equal(rig.fake.connections, cases[i].connections);
		fake_end(&rig.fake);
	}
}

#define NEST   "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"
#define HALF_A "$1000000000\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void
test_a_hostile_server_costs_a_connection_and_no_line(void **state)
{
	static const struct {
		const char *what;
		struct step step;
		const char *said; /* "": hiredis 0.14 and 1 differ */
	} cases[] = {
		{ "no Redis at all",
		    { "RPUSH k one", "HTTP/1.1 400 Bad Request\r\n\r\n", 0,
			false },
		    "not what a Redis says" },
		{ "arrays in arrays, endlessly",
		    { "RPUSH k one", NEST NEST, 10000, false },
		    "not what a Redis says" },
		{ "an array of a hundred million",
		    { "RPUSH k one", "*100000000\r\n:1\r\n", 6000000, false },
		    "does not end" },
		{ "a string of a thousand million octets",
		    { "RPUSH k one", HALF_A "\r\n", 40000, false },
		    "does not end" },
		{ "a line without an end",
		    { "RPUSH k one", "+xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
			60000, false },
		    "does not end" },
		{ "lengths below zero",
		    { "RPUSH k one", "$-2\r\n*-2\r\n", 0, false }, "" },
		{ "a length that no integer holds",
		    { "RPUSH k one", "*99999999999999999999999\r\n", 0, false },
		    "" },
		{ "another kind of reply",
		    { "RPUSH k one", "+OK\r\n", 0, false },
		    "nothing that was asked" },
		{ "a push that RESP 2 has not",
		    { "RPUSH k one", ">2\r\n+a\r\n+b\r\n", 0, false }, "" },
		{ "no reply", { "RPUSH k one", NULL, 0, false },
		    "no reply for 200 ms" },
		{ "half a reply", { "RPUSH k one", ":1\r", 0, false },
		    "no reply for 200 ms" },
		{ "an end instead of a reply", { "RPUSH k one", NULL, 0, true },
		    "closed the connection" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct step steps[] = {
			{ "PING", "+PONG\r\n", 0, false },
			cases[i].step,
			{ "PING", "+PONG\r\n", 0, false },
			{ "RPUSH k one", ":1\r\n", 0, false },
		};
		struct rig rig;

		rig_init(&rig);
		if (strncmp(cases[i].said, "no reply", 8) == 0)
			rig.options.command_timeout_ms = 200;
		rig_start(&rig, steps, COUNT(steps));
		if (publish(&rig, 1) != SINK_DOWN ||
		    rig.fates[0] != LINE_WAITS || rig.outcome.retried != 1 ||
		    rig.outcome.message[0] == '\0')
			fail_msg("%s: fate %d, \"%s\"", cases[i].what,
			    rig.fates[0], rig.outcome.message);
		assert_says(&rig, cases[i].said);
		assert_int_equal(publish(&rig, 1), SINK_UP);
		assert_int_equal(rig.fates[0], LINE_WRITTEN);
		rig_end(&rig);
	}
}

static void
test_a_reply_that_nobody_asked_for_is_no_lines_reply(void **state)
{
	static const struct step steps[] = {
		{ "PING", "+PONG\r\n", 0, false },
		{ "RPUSH k one", ":1\r\n:2\r\n:3\r\n", 0, false },
		{ "PING", "+PONG\r\n", 0, false },
		{ "RPUSH k one", ":1\r\n", 0, false },
		{ "RPUSH k two", ":2\r\n", 0, false },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_start(&rig, steps, COUNT(steps));
	assert_int_equal(publish(&rig, 2), SINK_DOWN);
	assert_int_equal(rig.fates[1], LINE_WAITS);
	assert_int_equal(publish(&rig, 2), SINK_UP);
	assert_int_equal(rig.fates[1], LINE_WRITTEN);
	rig_end(&rig);
}

static void
test_replies_before_the_connections_end_count(void **state)
{
	static const struct step steps[] = {
		{ "PING", "+PONG\r\n", 0, false },
		{ "RPUSH k one", ":1\r\n", 0, false },
		{ "RPUSH k two", ":2\r\n", 0, false },
		{ "RPUSH k three", ":3\r\n", 0, true },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_start(&rig, steps, COUNT(steps));
	assert_int_equal(publish(&rig, 4), SINK_DOWN);
	assert_int_equal(rig.fates[0], LINE_WRITTEN);
	/* The end may overtake what was said just before it, not more. */
	assert_int_equal(rig.fates[3], LINE_WAITS);
	rig_end(&rig);
}

/* ---- lines that stay under way from one call to the next ---- */

#define LOAD_LINES  800 /* together too much to be waited for */
#define LOAD_MORE   700 /* enough to be sent behind others */
#define LOAD_OCTETS 400

/* As sink.c has it: what waits stays in front, in its order. */
struct load {
	char expected[LOAD_LINES + LOAD_MORE][LOAD_OCTETS + 16];
	struct sink_line lines[LOAD_LINES + LOAD_MORE];
	uint8_t fates[LOAD_LINES + LOAD_MORE];
	size_t count;
	uint64_t written, retried;
	struct sink_outcome outcome;
	/* With a new connection and all lines again. */
	struct step steps[2 * (LOAD_LINES + LOAD_MORE) + 2];
	size_t step_count;
};

/* The fake is sent lines [first, end), and says nothing. */
static void
expect_lines(struct load *load, size_t first, size_t end)
{
	for (; first < end; first++)
		load->steps[load->step_count++].expect = load->expected[first];
}

static struct step *
expect_connection(struct load *load)
{
	struct step *step = &load->steps[load->step_count++];

	step->expect = "PING";
	step->reply = "+PONG\r\n";
	return step;
}

static struct step *
last_step(struct load *load)
{
	return &load->steps[load->step_count - 1];
}

/* The fake accepts the first line, and is sent the first LOAD_LINES. */
static void
load_init(struct load *load)
{
	memset(load, 0, sizeof *load);
	for (size_t i = 0; i < COUNT(load->lines); i++) {
		snprintf(load->expected[i], sizeof load->expected[i],
		    "RPUSH k %0*zu", LOAD_OCTETS, i);
		load->lines[i].text = load->expected[i] + strlen("RPUSH k ");
		load->lines[i].len = LOAD_OCTETS;
		load->lines[i].segment = "";
		load->lines[i].severity = 1;
	}
	load->count = COUNT(load->lines);
	expect_connection(load);
	expect_lines(load, 0, 1);
	last_step(load)->reply = ":1\r\n";
	expect_lines(load, 1, LOAD_LINES);
}

static enum sink_state
publish_load(struct rig *rig, struct load *load, size_t count)
{
	enum sink_state state;
	size_t kept = 0;

	memset(load->fates, LINE_WAITS, sizeof load->fates);
	memset(&load->outcome, 0, sizeof load->outcome);
	load->outcome.fates = load->fates;
	state = sink_redis_driver.publish(rig->state, load->lines, count,
	    &load->outcome);
	for (size_t i = 0; i < load->count; i++) {
		if (load->fates[i] == LINE_WAITS)
			load->lines[kept++] = load->lines[i];
		else
			load->written += load->fates[i] == LINE_WRITTEN;
	}
	load->count = kept;
	load->retried += load->outcome.retried;
	return state;
}

/* Only what is under way, until nothing is. */
static enum sink_state
land_load(struct rig *rig, struct load *load)
{
	enum sink_state state = SINK_UP;

	while (state == SINK_UP && load->outcome.under_way > 0)
		state = publish_load(rig, load, load->outcome.under_way);
	return state;
}

/* What load_init expects is under way then, but for the first line. */
static void
send_load(struct rig *rig, struct load *load)
{
	assert_int_equal(publish_load(rig, load, LOAD_LINES), SINK_UP);
	assert_int_equal(load->written, 1);
	assert_int_equal(load->outcome.under_way, LOAD_LINES - 1);
}

static void
test_lines_under_way_are_sent_once_and_others_behind_them(void **state)
{
	static struct load load;
	struct rig rig;

	(void)state;
	load_init(&load);
	expect_lines(&load, LOAD_LINES, LOAD_LINES + LOAD_MORE);
	last_step(&load)->reply = ":1\r\n";
	last_step(&load)->repeat = LOAD_LINES + LOAD_MORE - 2;
	rig_init(&rig);
	rig_start(&rig, load.steps, load.step_count);
	send_load(&rig, &load);
	assert_int_equal(publish_load(&rig, &load, load.count), SINK_UP);
	assert_int_equal(load.written, 1);
	assert_int_equal(load.outcome.under_way, LOAD_LINES + LOAD_MORE - 1);
	assert_int_equal(land_load(&rig, &load), SINK_UP);
	assert_int_equal(load.written, LOAD_LINES + LOAD_MORE);
	assert_int_equal(load.retried, 0);
	rig_end(&rig);
}

static void
test_a_line_behind_many_under_way_waits_for_replies(void **state)
{
	static struct load load;
	struct rig rig;

	(void)state;
	load_init(&load);
	last_step(&load)->reply = ":1\r\n";
	last_step(&load)->repeat = LOAD_LINES - 2;
	expect_lines(&load, LOAD_LINES, LOAD_LINES + 1);
	last_step(&load)->reply = ":1\r\n";
	rig_init(&rig);
	rig_start(&rig, load.steps, load.step_count);
	send_load(&rig, &load);
	load.count = LOAD_LINES; /* those under way, and one */
	assert_int_equal(publish_load(&rig, &load, load.count), SINK_UP);
	assert_true(load.outcome.under_way < LOAD_LINES - 1);
	while (load.count > 0)
		assert_int_equal(publish_load(&rig, &load, load.count),
		    SINK_UP);
	assert_int_equal(load.written, LOAD_LINES + 1);
	rig_end(&rig);
}

static void
test_lines_under_way_are_sent_again_over_another_connection(void **state)
{
	static struct load load;
	struct rig rig;

	(void)state;
	load_init(&load);
	last_step(&load)->reply = ":1\r\n";
	last_step(&load)->repeat = 99;
	last_step(&load)->end = true;
	expect_connection(&load);
	for (size_t i = 101; i < LOAD_LINES; i++) {
		expect_lines(&load, i, i + 1);
		last_step(&load)->reply = ":1\r\n";
	}
	rig_init(&rig);
	rig_start(&rig, load.steps, load.step_count);
	send_load(&rig, &load);
	load.count = LOAD_LINES - 1;
	assert_int_equal(land_load(&rig, &load), SINK_DOWN);
	assert_int_equal(load.written, 101);
	assert_int_equal(load.retried, LOAD_LINES - 101);
	assert_int_equal(load.outcome.under_way, 0);
	while (load.count > 0)
		assert_int_equal(publish_load(&rig, &load, load.count),
		    SINK_UP);
	assert_int_equal(load.written, LOAD_LINES);
	assert_int_equal(load.retried, LOAD_LINES - 101);
	rig_end(&rig);
}

static void
test_a_line_refused_for_now_leaves_nothing_under_way(void **state)
{
	static struct load load;
	struct rig rig;

	(void)state;
	load_init(&load);
	last_step(&load)->reply = ":1\r\n-OOM later\r\n:1\r\n";
	last_step(&load)->repeat = LOAD_LINES - 4;
	rig_init(&rig);
	rig_start(&rig, load.steps, load.step_count);
	send_load(&rig, &load);
	load.count = LOAD_LINES - 1;
	assert_int_equal(land_load(&rig, &load), SINK_DOWN);
	assert_int_equal(load.outcome.under_way, 0);
	assert_int_equal(load.written, LOAD_LINES - 1);
	assert_int_equal(load.count, 1);
	assert_ptr_equal(load.lines[0].text, load.expected[2] + 8);
	assert_int_equal(load.retried, 1);
	rig_end(&rig);
}

static void
test_lines_under_way_at_the_end_may_arrive_twice(void **state)
{
	static struct load load;
	struct rig rig;

	(void)state;
	load_init(&load);
	rig_init(&rig);
	rig_start(&rig, load.steps, load.step_count);
	send_load(&rig, &load);
	atomic_store(&rig.patience.end_ms, 1);
	assert_int_equal(land_load(&rig, &load), SINK_DOWN);
	assert_int_equal(load.written, 1);
	assert_int_equal(load.retried, LOAD_LINES - 1);
	rig_end(&rig);
}

static void
test_written_is_what_enough_replicas_have(void **state)
{
	static const struct step steps[] = {
		{ "PING", "+PONG\r\n", 0, false },
		{ "RPUSH k one", ":1\r\n", 0, false },
		{ "WAIT 2 50", ":1\r\n", 0, false },
		/* One line again, and all only when it is safe. */
		{ "RPUSH k one", ":2\r\n", 0, false },
		{ "WAIT 2 50", ":2\r\n", 0, false },
		{ "RPUSH k two", ":3\r\n", 0, false },
		{ "RPUSH k three", "-ERR strange\r\n", 0, false },
		{ "WAIT 2 50", ":3\r\n", 0, false },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.url.replicas = 2;
	rig.url.replicas_ms = 50;
	rig_start(&rig, steps, COUNT(steps));
	assert_int_equal(publish(&rig, 3), SINK_DOWN);
	assert_says(&rig, "1 of 2 replicas");
	assert_int_equal(rig.fates[0], LINE_WAITS);
	assert_int_equal(rig.outcome.retried, 1);
	assert_int_equal(publish(&rig, 3), SINK_UP);
	assert_int_equal(rig.fates[0], LINE_WRITTEN);
	assert_int_equal(rig.fates[1], LINE_WRITTEN);
	assert_int_equal(rig.fates[2], LINE_LOST);
	rig_end(&rig);
}

/* ---- Sentinel ---- */

static void
test_the_master_is_who_says_so_itself(void **state)
{
	static const struct step replica[] = {
		{ "PING", "+PONG\r\n", 0, false },
		{ "ROLE", "*3\r\n$5\r\nslave\r\n:1\r\n*1\r\n$6\r\nmaster\r\n",
		    0, false },
	};
	static const struct step master_steps[] = {
		{ "PING", "+PONG\r\n", 0, false },
		{ "ROLE", "*3\r\n$6\r\nmaster\r\n:1\r\n*0\r\n", 0, false },
		{ "RPUSH k one", ":1\r\n", 0, false },
	};
	static char names[2][64];
	static const char question[] = "SENTINEL GET-MASTER-ADDR-BY-NAME m";
	const struct step sentinel[2][3] = {
		{ { "AUTH s3", "+OK\r\n", 0, false },
		    { "PING", "+PONG\r\n", 0, false },
		    { question, names[0], 0, false } },
		{ { "AUTH s3", "+OK\r\n", 0, false },
		    { "PING", "+PONG\r\n", 0, false },
		    { question, names[1], 0, false } },
	};
	char password[] = "s3";
	struct fake nodes[2], other;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	fake_listen(&other);
	for (size_t i = 0; i < 2; i++) {
		fake_listen(&nodes[i]);
		snprintf(names[i], sizeof names[i],
		    "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n%05u\r\n", nodes[i].port);
	}
	fake_start(&nodes[0], replica, COUNT(replica));
	fake_start(&nodes[1], master_steps, COUNT(master_steps));
	fake_start(&other, sentinel[1], 3);
	rig.endpoints[1].port = other.port;
	rig.url.endpoint_count = 2;
	rig.url.topology = REDIS_SENTINEL;
	rig.url.master = master;
	rig.url.sentinel_password = password;
	rig_start(&rig, sentinel[0], 3);
	assert_int_equal(publish(&rig, 1), SINK_UP);
	assert_string_equal(rig.outcome.message, "");
	rig_end(&rig);
	fake_end(&other);
	fake_end(&nodes[0]);
	fake_end(&nodes[1]);
}

/* ---- cluster ---- */

/* "k" has slot 7629, as CLUSTER KEYSLOT says. */
static void
test_a_line_follows_its_slot(void **state)
{
	static char moved[64], ask[64], slots[2][160];
	const struct step first[] = {
		{ "PING", "+PONG\r\n", 0, false },
		{ "CLUSTER SLOTS", slots[0], 0, false },
		{ "RPUSH k one", moved, 0, false },
	};
	const struct step second[] = {
		{ "PING", "+PONG\r\n", 0, false },
		{ "CLUSTER SLOTS", slots[1], 0, false },
		{ "RPUSH k one", ask, 0, false },
	};
	static const struct step third[] = {
		{ "PING", "+PONG\r\n", 0, false },
		{ "ASKING", "+OK\r\n", 0, false },
		{ "RPUSH k one", ":1\r\n", 0, false },
	};
	struct fake nodes[2];
	struct rig rig;

	(void)state;
	rig_init(&rig);
	fake_listen(&nodes[0]);
	fake_listen(&nodes[1]);
	/* No host: the one that was asked. */
	snprintf(slots[0], sizeof slots[0],
	    "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$0\r\n\r\n:%u\r\n$1\r\nx\r\n",
	    rig.fake.port);
	snprintf(slots[1], sizeof slots[1],
	    "*2\r\n*3\r\n:0\r\n:7628\r\n*2\r\n$9\r\n127.0.0.1\r\n:%u\r\n"
	    "*3\r\n:7629\r\n:16383\r\n*2\r\n$-1\r\n:%u\r\n",
	    rig.fake.port, nodes[0].port);
	snprintf(moved, sizeof moved, "-MOVED 7629 127.0.0.1:%u\r\n",
	    nodes[0].port);
	snprintf(ask, sizeof ask, "-ASK 7629 :%u\r\n", nodes[1].port);
	fake_start(&nodes[0], second, COUNT(second));
	fake_start(&nodes[1], third, COUNT(third));
	rig.url.topology = REDIS_CLUSTER;
	rig_start(&rig, first, COUNT(first));
	assert_int_equal(publish(&rig, 1), SINK_UP);
	assert_string_equal(rig.outcome.message, "");
	assert_int_equal(rig.fates[0], LINE_WRITTEN);
	assert_int_equal(rig.outcome.retried, 0);
	rig_end(&rig);
	fake_end(&nodes[0]);
	fake_end(&nodes[1]);
}

static void
test_a_map_that_makes_no_sense_is_no_map(void **state)
{
	static const char *const maps[] = {
		"*0\r\n",
		":1\r\n",
		"*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n$1\r\nh\r\n:1\r\n",
		"*1\r\n*3\r\n:-1\r\n:4\r\n*2\r\n$1\r\nh\r\n:1\r\n",
		"*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n",
		"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\nh\r\n:65536\r\n",
		"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\n?\r\n:1\r\n",
		"*1\r\n*3\r\n:0\r\n*2\r\n$1\r\nh\r\n:1\r\n:1\r\n",
		"*1\r\n*3\r\n:0\r\n:1\r\n:2\r\n",
		"-ERR This instance has cluster support disabled\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(maps); i++) {
		const struct step steps[] = {
			{ "PING", "+PONG\r\n", 0, false },
			{ "CLUSTER SLOTS", maps[i], 0, false },
		};
		struct rig rig;

		rig_init(&rig);
		rig.url.topology = REDIS_CLUSTER;
		rig_start(&rig, steps, COUNT(steps));
		assert_int_equal(publish(&rig, 1), SINK_DOWN);
		assert_int_equal(rig.fates[0], LINE_WAITS);
		assert_says(&rig, maps[i][0] == '-' ? "cluster support disabled"
						    : "knows of no slots");
		rig_end(&rig);
	}
}

/* ---- parts ---- */

/* Specification: CRC16 of 123456789 is 31C3; the others: CLUSTER KEYSLOT. */
static void
test_the_slot_of_a_key_is_that_of_its_tag(void **state)
{
	static const struct {
		const char *key;
		uint16_t slot;
	} cases[] = {
		{ "123456789", 0x31C3 },
		{ "", 0 },
		{ "foo", 12182 },
		{ "bar", 5061 },
		{ "user1000", 3443 },
		{ "{user1000}.following", 3443 },
		{ "foo{}{bar}", 8363 },
		{ "foo{{bar}}zap", 4015 },
		{ "{bar", 4015 },
		{ "foo{bar}{zap}", 5061 },
		{ "foo{bar", 15278 },
		{ "}{x}", 16287 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(redis_key_slot(cases[i].key,
				     strlen(cases[i].key)),
		    cases[i].slot);
}

static void
test_a_template_is_filled_for_each_event(void **state)
{
	static char begin[] = "{e}:", colon[] = ":";
	static struct key_part parts[] = {
		{ KEY_TEXT, begin },
		{ KEY_TYPE, NULL },
		{ KEY_TEXT, colon },
		{ KEY_SEGMENT, NULL },
		{ KEY_TEXT, colon },
		{ KEY_SEVERITY, NULL },
	};
	static const struct {
		enum event_type type;
		const char *segment;
		uint8_t severity;
		const char *head;
	} cases[] = {
		{ EVENT_ALERT, "lab", 1,
		    "*3\r\n$5\r\nRPUSH\r\n$15\r\n{e}:alert:lab:1\r\n" },
		{ EVENT_ALERT, "lab", 3,
		    "*3\r\n$5\r\nRPUSH\r\n$15\r\n{e}:alert:lab:3\r\n" },
		{ EVENT_ALERT, "la", 3,
		    "*3\r\n$5\r\nRPUSH\r\n$14\r\n{e}:alert:la:3\r\n" },
		{ EVENT_DNS, "", LINE_SEVERITY_NONE,
		    "*3\r\n$5\r\nRPUSH\r\n$17\r\n{e}:dns:none:none\r\n" },
	};
	struct sink_url url = { .kind = SINK_REDIS,
		.mode = REDIS_LIST,
		.key = parts,
		.key_count = COUNT(parts) };
	struct redis_commands *commands = redis_commands_new(&url);

	(void)state;
	assert_non_null(commands);
	/* The second time each comes from what was kept. */
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		size_t at = i % COUNT(cases);
		struct sink_line line = { .segment = cases[at].segment,
			.segment_len = (uint8_t)strlen(cases[at].segment),
			.severity = cases[at].severity,
			.type = (uint8_t)cases[at].type };
		const struct redis_head *head = redis_commands_head(commands,
		    &line);

		assert_non_null(head);
		assert_int_equal(head->len, strlen(cases[at].head));
		assert_memory_equal(head->octets, cases[at].head, head->len);
		/* Its tag is "e", as CLUSTER KEYSLOT says. */
		assert_int_equal(head->slot, 15363);
	}
	redis_commands_free(commands);
}

/* More than are kept: each still gets its own key. */
static void
test_many_segments_do_not_mix(void **state)
{
	static struct key_part parts[] = { { KEY_SEGMENT, NULL },
		{ KEY_TYPE, NULL } };
	struct sink_url url = { .kind = SINK_REDIS,
		.mode = REDIS_LIST,
		.key = parts,
		.key_count = COUNT(parts) };
	struct redis_commands *commands = redis_commands_new(&url);

	(void)state;
	assert_non_null(commands);
	for (unsigned i = 0; i < 16000; i++) {
		char segment[16], key[64], expected[128];
		enum event_type type = (enum event_type)(i % EVENT_TYPE_COUNT);
		struct sink_line line = { .segment = segment,
			.type = (uint8_t)type };
		const struct redis_head *head;

		line.segment_len = (uint8_t)snprintf(segment, sizeof segment,
		    "s%u", i / EVENT_TYPE_COUNT % 1000);
		snprintf(key, sizeof key, "%s%s", segment,
		    event_type_name(type));
		snprintf(expected, sizeof expected,
		    "*3\r\n$5\r\nRPUSH\r\n$%zu\r\n%s\r\n", strlen(key), key);
		head = redis_commands_head(commands, &line);
		assert_non_null(head);
		assert_int_equal(head->len, strlen(expected));
		assert_memory_equal(head->octets, expected, head->len);
	}
	redis_commands_free(commands);
}

static void
test_each_named_answer_says_what_to_do(void **state)
{
	static const struct {
		const char *error;
		enum redis_action action;
		const char *advice;
	} cases[] = {
		{ "READONLY x", ANSWER_REDISCOVER, "replica" },
		{ "MASTERDOWN x", ANSWER_REDISCOVER, "master" },
		{ "NOAUTH x", ANSWER_RECONNECT, "password" },
		{ "WRONGPASS x", ANSWER_RECONNECT, "password" },
		{ "NOPERM x", ANSWER_RECONNECT, "ACL" },
		{ "OOM x", ANSWER_PAUSE, "maxmemory" },
		{ "LOADING", ANSWER_PAUSE, "wait" },
		{ "MISCONF x", ANSWER_PAUSE, "disk" },
		{ "CLUSTERDOWN x", ANSWER_PAUSE, "CLUSTER INFO" },
		{ "TRYAGAIN x", ANSWER_PAUSE, "slot" },
		{ "BUSY x", ANSWER_PAUSE, "SCRIPT KILL" },
		{ "NOREPLICAS x", ANSWER_PAUSE, "min-replicas" },
		{ "WRONGTYPE x", ANSWER_PAUSE, "key=" },
		{ "MOVED 1 h:1", ANSWER_MOVED, "redis+cluster" },
		{ "ASK 1 h:1", ANSWER_ASK, "redis+cluster" },
		{ "ERR anything", ANSWER_REFUSE, "ERR anything" },
		{ "", ANSWER_REFUSE, "" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(redis_answer_action(cases[i].error),
		    cases[i].action);
		redis_answer_explain(cases[i].error, text, sizeof text);
		assert_non_null(strstr(text, cases[i].advice));
		assert_int_equal(strncmp(text, cases[i].error,
				     strlen(cases[i].error)),
		    0);
	}
}

static void
test_a_long_or_strange_error_still_fits_its_advice(void **state)
{
	char error[256], text[256];

	(void)state;
	memset(error, '\033', sizeof error - 1);
	memcpy(error, "OOM ", 4);
	error[sizeof error - 1] = '\0';
	redis_answer_explain(error, text, sizeof text);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "until it has room"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_mode_has_its_command),
		cmocka_unit_test(
		    test_the_password_file_is_read_at_each_connection),
		cmocka_unit_test(
		    test_what_an_error_does_to_the_line_and_the_connection),
		cmocka_unit_test(
		    test_a_hostile_server_costs_a_connection_and_no_line),
		cmocka_unit_test(
		    test_a_reply_that_nobody_asked_for_is_no_lines_reply),
		cmocka_unit_test(test_replies_before_the_connections_end_count),
		cmocka_unit_test(
		    test_lines_under_way_are_sent_once_and_others_behind_them),
		cmocka_unit_test(
		    test_a_line_behind_many_under_way_waits_for_replies),
		cmocka_unit_test(
		    test_lines_under_way_are_sent_again_over_another_connection),
		cmocka_unit_test(
		    test_a_line_refused_for_now_leaves_nothing_under_way),
		cmocka_unit_test(
		    test_lines_under_way_at_the_end_may_arrive_twice),
		cmocka_unit_test(test_written_is_what_enough_replicas_have),
		cmocka_unit_test(test_the_master_is_who_says_so_itself),
		cmocka_unit_test(test_a_line_follows_its_slot),
		cmocka_unit_test(test_a_map_that_makes_no_sense_is_no_map),
		cmocka_unit_test(test_the_slot_of_a_key_is_that_of_its_tag),
		cmocka_unit_test(test_a_template_is_filled_for_each_event),
		cmocka_unit_test(test_many_segments_do_not_mix),
		cmocka_unit_test(test_each_named_answer_says_what_to_do),
		cmocka_unit_test(
		    test_a_long_or_strange_error_still_fits_its_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
