#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "output/sink.h"

/* What must come must come in this time, on a machine that is busy too. */
#define DEADLINE_MS 10000

struct fixture {
	char directory[32], path[64], spool[64];
	struct sink_options options;
	struct sink *sink;
	pthread_mutex_t lock; /* of what follows */
	unsigned reports;
	char first[512], last[512];
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A short sleep between two looks at what must become true. */
static void
pause_ms(unsigned ms)
{
	struct timespec pause = { 0, (long)ms * 1000000 };

	nanosleep(&pause, NULL);
}

static void
keep_report(void *arg, const char *message)
{
	struct fixture *f = arg;

	pthread_mutex_lock(&f->lock);
	if (f->reports++ == 0)
		snprintf(f->first, sizeof f->first, "%s", message);
	snprintf(f->last, sizeof f->last, "%s", message);
	pthread_mutex_unlock(&f->lock);
}

static unsigned
reports(struct fixture *f)
{
	unsigned count;

	pthread_mutex_lock(&f->lock);
	count = f->reports;
	pthread_mutex_unlock(&f->lock);
	return count;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	strcpy(f->directory, "/tmp/test_sink.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof f->path, "%s/eve.json", f->directory);
	snprintf(f->spool, sizeof f->spool, "%s/spool", f->directory);
	pthread_mutex_init(&f->lock, NULL);
	f->options = (struct sink_options){ .queue_octets_max = 64 << 20,
		.wait_ms = 1000,
		.connect_timeout_ms = 1000,
		.command_timeout_ms = 1000,
		.drain_ms = DEADLINE_MS,
		.report = keep_report,
		.report_arg = f };
	*state = f;
	return 0;
}

static int
remove_one(const char *path, const struct stat *status, int kind,
    struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	nftw(f->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return 0;
}

static void
open_sink(struct fixture *f, const char *url)
{
	char error[256] = "";

	if (sink_open(url, &f->options, &f->sink, error, sizeof error) != 0)
		fail_msg("%s: %s", url, error);
}

static void
put_as(struct sink *sink, const char *text, enum event_type type,
    uint8_t severity)
{
	struct sink_line line = { .text = text,
		.len = (uint32_t)strlen(text),
		.segment = "",
		.severity = severity,
		.type = (uint8_t)type };

	sink_put(sink, &line);
}

static void
put(struct sink *sink, const char *text)
{
	put_as(sink, text, EVENT_ALERT, 1);
}

/* Lines {"n":0} to {"n":count-1}, padded to `len` octets. */
static void
put_numbers(struct sink *sink, unsigned from, unsigned to, int len)
{
	char text[4096];

	for (unsigned n = from; n < to; n++) {
		int used = snprintf(text, sizeof text, "{\"n\":%u,\"p\":\"", n);

		snprintf(text + used, sizeof text - (size_t)used, "%0*d\"}",
		    len - used - 2, 0);
		put(sink, text);
	}
}

/* Checks that lines are whole and their numbers rise; returns how many. */
static unsigned
count_numbers(FILE *file, unsigned *first)
{
	char text[8192];
	unsigned count = 0, before = 0;

	while (fgets(text, sizeof text, file) != NULL) {
		size_t len = strlen(text);
		unsigned n;

		assert_int_equal(sscanf(text, "{\"n\":%u", &n), 1);
		assert_true(len > 3);
		assert_string_equal(text + len - 3, "\"}\n");
		if (count > 0)
			assert_true(n > before);
		else if (first != NULL)
			*first = n;
		before = n;
		count++;
	}
	return count;
}

static unsigned
count_file(const char *path, unsigned *first)
{
	FILE *file = fopen(path, "r");
	unsigned count;

	assert_non_null(file);
	count = count_numbers(file, first);
	fclose(file);
	return count;
}

static void
await_written(struct sink *sink, uint64_t written)
{
	uint64_t end = now_ms() + DEADLINE_MS;
	struct sink_counts counts;

	do {
		sink_get_counts(sink, &counts);
		if (counts.written >= written)
			return;
		pause_ms(2);
	} while (now_ms() < end);
	fail_msg("only %llu of %llu written",
	    (unsigned long long)counts.written, (unsigned long long)written);
}

static void
await_reports(struct fixture *f, unsigned count)
{
	uint64_t end = now_ms() + DEADLINE_MS;

	while (reports(f) < count && now_ms() < end)
		pause_ms(2);
	assert_true(reports(f) >= count);
}

/* A FIFO at f->path whose reading end is open; nobody reads yet. */
static int
make_fifo(struct fixture *f)
{
	int fd;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	fd = open(f->path, O_RDONLY | O_NONBLOCK);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	return fd;
}

/* --- files --- */

static void
test_a_file_has_every_line_in_order(void **state)
{
	struct fixture *f = *state;
	struct sink_counts counts;
	struct stat status;

	open_sink(f, f->path);
	put_numbers(f->sink, 0, 50000, 200);
	sink_close(f->sink, &counts);
	assert_int_equal(counts.written, 50000);
	assert_int_equal(counts.lost, 0);
	assert_int_equal(counts.pending, 0);
	assert_int_equal(count_file(f->path, NULL), 50000);
	assert_int_equal(stat(f->path, &status), 0);
	assert_int_equal(status.st_mode & 07777 & ~0640, 0);
	assert_int_equal(status.st_size, 50000 * 201);
	assert_int_equal(reports(f), 0);
}

static void
test_a_file_is_appended_to(void **state)
{
	struct fixture *f = *state;

	open_sink(f, f->path);
	put_numbers(f->sink, 0, 10, 100);
	sink_close(f->sink, NULL);
	open_sink(f, f->path);
	put_numbers(f->sink, 10, 20, 100);
	sink_close(f->sink, NULL);
	assert_int_equal(count_file(f->path, NULL), 20);
}

static void
test_a_single_line_is_not_held_back(void **state)
{
	struct fixture *f = *state;
	uint64_t begin;

	open_sink(f, f->path);
	for (unsigned i = 0; i < 3; i++) {
		begin = now_ms();
		put_numbers(f->sink, i, i + 1, 100);
		await_written(f->sink, i + 1);
		/* It should be 20 ms; the machine may have other things to do.
		 */
		assert_true(now_ms() - begin < 1000);
	}
	sink_close(f->sink, NULL);
}

static void
test_a_file_is_opened_anew_for_logrotate(void **state)
{
	struct fixture *f = *state;
	uint64_t end = now_ms() + DEADLINE_MS;
	char rotated[80];
	unsigned first;

	snprintf(rotated, sizeof rotated, "%s.1", f->path);
	open_sink(f, f->path);
	put_numbers(f->sink, 0, 100, 100);
	await_written(f->sink, 100);
	assert_int_equal(rename(f->path, rotated), 0);
	/* Without a line to write, too. */
	sink_reopen(f->sink);
	while (access(f->path, F_OK) == -1 && now_ms() < end)
		pause_ms(2);
	put_numbers(f->sink, 100, 200, 100);
	sink_close(f->sink, NULL);
	assert_int_equal(count_file(rotated, NULL), 100);
	assert_int_equal(count_file(f->path, &first), 100);
	assert_int_equal(first, 100);
}

static void
test_where_a_file_cannot_be_opened_anew_the_old_one_serves(void **state)
{
	struct fixture *f = *state;
	char rotated[80];

	snprintf(rotated, sizeof rotated, "%s.1", f->path);
	open_sink(f, f->path);
	put_numbers(f->sink, 0, 10, 100);
	await_written(f->sink, 10);
	assert_int_equal(rename(f->path, rotated), 0);
	assert_int_equal(mkdir(f->path, 0700), 0);
	sink_reopen(f->sink);
	await_reports(f, 1);
	assert_non_null(strstr(f->first, "Is a directory"));
	put_numbers(f->sink, 10, 20, 100);
	sink_close(f->sink, NULL);
	rmdir(f->path);
	assert_int_equal(count_file(rotated, NULL), 20);
}

static void
test_a_file_that_cannot_be_made_is_an_error(void **state)
{
	struct fixture *f = *state;
	char error[256] = "";

	assert_int_equal(sink_open("/nonexistent/eve.json", &f->options,
			     &f->sink, error, sizeof error),
	    -1);
	assert_non_null(strstr(error, "No such file"));
	/* One without a reader would block for ever. */
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(sink_open(f->path, &f->options, &f->sink, error,
			     sizeof error),
	    -1);
	assert_non_null(strstr(error, "No such device"));
}

static void
test_a_full_disk_is_said_once_and_its_losses_counted(void **state)
{
	struct fixture *f = *state;
	struct sink_counts counts;

	f->options.drain_ms = 300;
	open_sink(f, "/dev/full");
	put_numbers(f->sink, 0, 10, 100);
	await_reports(f, 1);
	sink_get_counts(f->sink, &counts);
	assert_int_equal(counts.pending, 10);
	sink_close(f->sink, &counts);
	assert_int_equal(counts.written, 0);
	assert_int_equal(counts.lost, 10);
	assert_int_equal(reports(f), 2);
	assert_non_null(strstr(f->first, "/dev/full: down"));
	assert_non_null(strstr(f->first, "No space left"));
	assert_non_null(strstr(f->last, "10 events lost"));
}

static void
test_a_disk_with_room_again_has_no_half_line_and_no_gap(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, small;
	struct stat status;
	struct sink_counts counts;

	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 10050;
	open_sink(f, f->path);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	put_numbers(f->sink, 0, 100, 700);
	await_reports(f, 1);
	assert_int_equal(stat(f->path, &status), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(status.st_size, 14 * 701);
	await_written(f->sink, 100);
	sink_close(f->sink, &counts);
	assert_int_equal(counts.lost, 0);
	assert_int_equal(count_file(f->path, NULL), 100);
	assert_non_null(strstr(f->last, "up again"));
}

static void
test_a_sink_takes_what_its_url_asks_for(void **state)
{
	static const struct {
		const char *name, *parameters;
		event_set events; /* of the options */
		unsigned types;   /* written: a bit for each of `lines` */
	} cases[] = {
		{ "without parameters, the options decide", "", 1 << EVENT_DNS,
		    010 },
		{ "without either, all come", "", 0, 037 },
		{ "named events replace the options'", "?events=flow,alert",
		    1 << EVENT_DNS, 027 },
		{ "a severity leaves out lesser hits and nothing else",
		    "?severity=2", 0, 033 },
		{ "both hold", "?events=alert&severity=1", 0, 001 },
	};
	static const struct {
		enum event_type type;
		uint8_t severity;
	} lines[] = { { EVENT_ALERT, 1 }, { EVENT_ALERT, 2 },
		{ EVENT_ALERT, 3 }, { EVENT_DNS, LINE_SEVERITY_NONE },
		{ EVENT_FLOW, LINE_SEVERITY_NONE } };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sink_counts counts;
		char url[128], text[64];
		unsigned types = 0, n;
		FILE *file;

		snprintf(url, sizeof url, "file://%s%s", f->path,
		    cases[i].parameters);
		f->options.events = cases[i].events;
		open_sink(f, url);
		for (n = 0; n < 5; n++) {
			snprintf(text, sizeof text, "%u", n);
			put_as(f->sink, text, lines[n].type, lines[n].severity);
		}
		sink_close(f->sink, &counts);
		file = fopen(f->path, "r");
		assert_non_null(file);
		while (fscanf(file, "%u", &n) == 1)
			types |= 1U << n;
		fclose(file);
		unlink(f->path);
		if (types != cases[i].types)
			fail_msg("%s: %o", cases[i].name, types);
		assert_int_equal(counts.written + counts.filtered, 5);
	}
}

static void
test_what_is_asked_for_is_known_before_a_sink_is_open(void **state)
{
	(void)state;
	assert_int_equal(sink_events("-", 5), 5);
	assert_int_equal(sink_events("redis://h/?events=dns,flow", 5),
	    1 << EVENT_DNS | 1 << EVENT_FLOW);
	assert_int_equal(sink_events("redis://h/?no=such", 5), 5);
	assert_true(sink_has_spool("redis://h"));
	assert_true(sink_has_spool("syslog://h"));
	assert_false(sink_has_spool("-"));
	assert_false(sink_has_spool("/tmp/eve.json"));
}

/* --- slow and absent readers --- */

static void
test_a_slow_reader_costs_lines_but_never_the_caller(void **state)
{
	struct fixture *f = *state;
	struct sink_counts counts;
	uint64_t begin;
	unsigned count;
	FILE *file;
	int fd = make_fifo(f);

	f->options.queue_octets_max = 100000;
	open_sink(f, f->path);
	begin = now_ms();
	put_numbers(f->sink, 0, 20000, 200);
	assert_true(now_ms() - begin < DEADLINE_MS);
	sink_get_counts(f->sink, &counts);
	assert_true(counts.lost > 15000);
	/* The first loss at once, the others together later. */
	assert_int_equal(reports(f), 1);
	assert_non_null(strstr(f->first, "lost: the queue is full"));

	/*
	 * Whatever is in the pipe and the queue comes whole; of what waits, the
	 * oldest is dropped.
	 */
	fcntl(fd, F_SETPIPE_SZ, 1 << 20);
	sink_close(f->sink, &counts);
	assert_int_equal(counts.written + counts.lost, 20000);
	file = fdopen(fd, "r");
	count = count_numbers(file, NULL);
	fclose(file);
	assert_int_equal(count, counts.written);
}

struct reader {
	int fd;
	unsigned count;
	size_t octets_ms; /* read in a millisecond, at most */
};

static void *
read_slowly(void *arg)
{
	struct reader *reader = arg;
	char octets[65536];
	ssize_t len;

	while ((len = read(reader->fd, octets, reader->octets_ms)) > 0) {
		for (ssize_t i = 0; i < len; i++)
			reader->count += octets[i] == '\n';
		pause_ms(1);
	}
	return NULL;
}

static void
test_a_stored_run_waits_for_a_slow_reader(void **state)
{
	struct fixture *f = *state;
	struct reader reader = { make_fifo(f), 0, 4096 };
	struct sink_counts counts;
	pthread_t thread;

	f->options.queue_octets_max = 20000;
	f->options.wait = true;
	f->options.wait_ms = DEADLINE_MS;
	open_sink(f, f->path);
	pthread_create(&thread, NULL, read_slowly, &reader);
	put_numbers(f->sink, 0, 5000, 200);
	sink_close(f->sink, &counts);
	pthread_join(thread, NULL);
	close(reader.fd);
	assert_int_equal(counts.lost, 0);
	assert_int_equal(counts.written, 5000);
	assert_int_equal(reader.count, 5000);
}

static void
test_a_stored_run_keeps_within_reach_of_its_sink(void **state)
{
	struct fixture *f = *state;
	struct reader reader = { make_fifo(f), 0, 65536 };
	const unsigned reach = (16 << 20) / 4000 + 1;
	struct sink_counts counts;
	pthread_t thread;

	f->options.queue_octets_max = 256 << 20;
	f->options.wait = true;
	f->options.wait_ms = DEADLINE_MS;
	open_sink(f, f->path);
	put_numbers(f->sink, 0, 1, 4000);
	pthread_create(&thread, NULL, read_slowly, &reader);
	await_written(f->sink, 1);
	for (unsigned n = 1; n < 10000; n++) {
		put_numbers(f->sink, n, n + 1, 4000);
		sink_get_counts(f->sink, &counts);
		assert_in_range(counts.pending, 0, reach);
	}
	sink_close(f->sink, &counts);
	pthread_join(thread, NULL);
	close(reader.fd);
	assert_int_equal(counts.lost, 0);
	assert_int_equal(reader.count, 10000);
}

static void
test_a_stored_run_does_not_wait_for_ever(void **state)
{
	struct fixture *f = *state;
	int fd = make_fifo(f);
	uint64_t begin = now_ms(), took;
	struct sink_counts counts;

	f->options.queue_octets_max = 10000;
	f->options.wait = true;
	f->options.wait_ms = 300;
	f->options.drain_ms = 0;
	open_sink(f, f->path);
	/* Once for all of them, not once for each. */
	put_numbers(f->sink, 0, 2000, 200);
	took = now_ms() - begin;
	assert_true(took >= 300);
	assert_true(took < DEADLINE_MS);
	sink_close(f->sink, &counts);
	close(fd);
	assert_int_equal(counts.written + counts.lost, 2000);
	assert_true(counts.lost > 0);
}

static void
test_closing_ends_in_time_though_nobody_reads(void **state)
{
	struct fixture *f = *state;
	int fd = make_fifo(f);
	struct sink_counts counts;
	uint64_t begin, took;

	f->options.drain_ms = 200;
	open_sink(f, f->path);
	put_numbers(f->sink, 0, 5000, 200);
	begin = now_ms();
	sink_close(f->sink, &counts);
	took = now_ms() - begin;
	close(fd);
	assert_true(took >= 200);
	assert_true(took < 3000);
	assert_int_equal(counts.written + counts.lost, 5000);
	assert_true(counts.lost > 0);
	assert_int_equal(counts.pending, 0);
	assert_non_null(strstr(f->last, "not delivered in time"));
}

/* In a process of its own, whose standard output is a pipe without a reader. */
static int
write_to_nobody(struct fixture *f)
{
	uint64_t end = now_ms() + DEADLINE_MS;
	struct sink_counts counts;
	char error[256];
	int ends[2];

	/* As it is for a program: the signal would end the process. */
	signal(SIGPIPE, SIG_DFL);
	if (pipe(ends) == -1 || dup2(ends[1], STDOUT_FILENO) == -1)
		return 2;
	close(ends[1]);
	if (sink_open("-", &f->options, &f->sink, error, sizeof error) != 0)
		return 3;
	close(ends[0]);
	if (sink_failed(f->sink))
		return 4;
	put_numbers(f->sink, 0, 3, 100);
	while (!sink_failed(f->sink) && now_ms() < end)
		pause_ms(2);
	put_numbers(f->sink, 3, 10, 100);
	sink_close(f->sink, &counts);
	if (counts.written != 0 || counts.lost != 10 || reports(f) != 1)
		return 5;
	return strcmp(f->first, "standard output: its reader is gone, "
				"events for it are lost from now on") == 0
	           ? 0
	           : 6;
}

static void
test_standard_output_without_a_reader_fails_once(void **state)
{
	pid_t child;
	int status;

	fflush(NULL);
	if ((child = fork()) == 0)
		_exit(write_to_nobody(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
test_a_redis_that_is_away_is_no_error_but_said(void **state)
{
	struct fixture *f = *state;
	struct sink_counts counts;
	uint64_t begin;
	char url[128];

	f->options.drain_ms = 250;
	snprintf(url, sizeof url, "redis+unix://me:secret@%s", f->path);
	open_sink(f, url);
	assert_null(strstr(sink_name(f->sink), "secret"));
	/* Before the first line, already. */
	await_reports(f, 1);
	assert_non_null(strstr(f->first, "down, trying again: No such file"));
	assert_null(strstr(f->first, "secret"));
	put_numbers(f->sink, 0, 5, 100);
	begin = now_ms();
	sink_close(f->sink, &counts);
	assert_true(now_ms() - begin < 3000);
	assert_int_equal(counts.lost, 5);
}

/* --- the spool --- */

/* A Redis that is not there, and a spool for it. */
static void
go_away(struct fixture *f, char *url, size_t size)
{
	snprintf(url, size, "redis+unix://%s.sock?mode=list", f->path);
	f->options.drain_ms = 50;
	f->options.spool_directory = f->spool;
	f->options.spool_octets_max = 1 << 20;
	f->options.spool_sync_ms = 1000;
}

static void
test_hits_that_are_not_delivered_stay_for_the_next_run(void **state)
{
	struct fixture *f = *state;
	struct sink_counts counts;
	char url[128];

	go_away(f, url, sizeof url);
	open_sink(f, url);
	for (unsigned n = 0; n < 7; n++)
		put_as(f->sink, "{}", EVENT_ALERT, (uint8_t)(n % 3 + 1));
	put_as(f->sink, "{}", EVENT_DNS, LINE_SEVERITY_NONE);
	sink_get_counts(f->sink, &counts);
	assert_int_equal(counts.pending, 8);
	assert_int_equal(counts.spooled, 7);
	sink_close(f->sink, &counts);
	assert_int_equal(counts.pending, 7);
	assert_int_equal(counts.spooled, 7);
	assert_int_equal(counts.lost, 1);
	assert_non_null(strstr(f->last, "7 hits stay in "));
	assert_non_null(strstr(f->last, f->spool));

	f->reports = 0;
	open_sink(f, url);
	assert_non_null(strstr(f->first, "7 events from an earlier run"));
	sink_get_counts(f->sink, &counts);
	assert_int_equal(counts.recovered, 7);
	assert_int_equal(counts.pending, 7);
	sink_close(f->sink, &counts);
	assert_int_equal(counts.pending, 7);
	assert_int_equal(counts.lost, 0);
}

static void
test_a_file_has_no_spool(void **state)
{
	struct fixture *f = *state;
	char url[128];

	go_away(f, url, sizeof url);
	open_sink(f, f->path);
	put(f->sink, "{}");
	sink_close(f->sink, NULL);
	assert_int_equal(access(f->spool, F_OK), -1);
}

static void
test_a_spool_that_cannot_be_made_is_an_error(void **state)
{
	struct fixture *f = *state;
	char url[128], error[512] = "";

	go_away(f, url, sizeof url);
	f->options.spool_directory = "/nonexistent/spool";
	assert_int_equal(sink_open(url, &f->options, &f->sink, error,
			     sizeof error),
	    -1);
	assert_non_null(strstr(error, "/nonexistent/spool"));
	assert_non_null(strstr(error, "No such file"));
}

/* While a sink is down, what it took before must not keep hits out. */
static void
test_a_hit_finds_room_among_lesser_lines(void **state)
{
	struct fixture *f = *state;
	struct sink_counts counts, after;
	char url[128], text[512];

	go_away(f, url, sizeof url);
	f->options.spool_directory = NULL;
	f->options.queue_octets_max = 65536;
	open_sink(f, url);
	await_reports(f, 1);
	snprintf(text, sizeof text, "{\"p\":\"%0400d\"}", 0);
	for (unsigned n = 0; n < 1000; n++)
		put_as(f->sink, text, EVENT_DNS, LINE_SEVERITY_NONE);
	sink_get_counts(f->sink, &counts);
	assert_true(counts.lost > 0);
	for (unsigned n = 0; n < 100; n++)
		put_as(f->sink, text, EVENT_ALERT, 1);
	sink_get_counts(f->sink, &after);
	assert_int_equal(after.pending + after.lost, 1100);
	/* A hundred are there, and little else. */
	assert_true(after.pending >= 100);
	assert_true(after.pending < 160);
	sink_close(f->sink, NULL);
}

static void
test_latency_is_known_of_what_was_written(void **state)
{
	struct fixture *f = *state;
	struct sink_counts counts;
	uint64_t begin = now_ms();

	open_sink(f, f->path);
	put_numbers(f->sink, 0, 100, 100);
	sink_close(f->sink, &counts);
	assert_int_equal(counts.latency.count, 100);
	assert_true(counts.latency.max_us > 0);
	assert_true(counts.latency.max_us <= (now_ms() - begin + 1) * 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_has_every_line_in_order),
		TEST(test_a_file_is_appended_to),
		TEST(test_a_single_line_is_not_held_back),
		TEST(test_a_file_is_opened_anew_for_logrotate),
		TEST(
		    test_where_a_file_cannot_be_opened_anew_the_old_one_serves),
		TEST(test_a_file_that_cannot_be_made_is_an_error),
		TEST(test_a_full_disk_is_said_once_and_its_losses_counted),
		TEST(test_a_disk_with_room_again_has_no_half_line_and_no_gap),
		TEST(test_a_sink_takes_what_its_url_asks_for),
		TEST(test_what_is_asked_for_is_known_before_a_sink_is_open),
		TEST(test_a_slow_reader_costs_lines_but_never_the_caller),
		TEST(test_a_stored_run_waits_for_a_slow_reader),
		TEST(test_a_stored_run_keeps_within_reach_of_its_sink),
		TEST(test_a_stored_run_does_not_wait_for_ever),
		TEST(test_closing_ends_in_time_though_nobody_reads),
		TEST(test_standard_output_without_a_reader_fails_once),
		TEST(test_a_redis_that_is_away_is_no_error_but_said),
		TEST(test_hits_that_are_not_delivered_stay_for_the_next_run),
		TEST(test_a_file_has_no_spool),
		TEST(test_a_spool_that_cannot_be_made_is_an_error),
		TEST(test_a_hit_finds_room_among_lesser_lines),
		TEST(test_latency_is_known_of_what_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
