#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output/spool.h"
#include "output/spool_checksum.h"

#define LINES_MAX 8192

static char directory[64], folder[80];
static struct spool_options options;
static struct spool *spool;
static struct sink_line lines[LINES_MAX];
static struct spool_ticket tickets[LINES_MAX];
static unsigned reports;
static char report[1024];

static void
keep_report(void *arg, const char *message)
{
	(void)arg;
	reports++;
	snprintf(report, sizeof report, "%s", message);
}

static void
open_spool(void)
{
	char error[256] = "";

	spool = NULL;
	if (spool_open(&options, &spool, error, sizeof error) == -1)
		print_error("%s\n", error);
	assert_non_null(spool);
}

static void
close_spool(void)
{
	spool_close(spool);
	spool = NULL;
}

static int
setup(void **state)
{
	(void)state;
	snprintf(directory, sizeof directory, "/tmp/test_spool.XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(folder, sizeof folder, "%s/redis", directory);
	options = (struct spool_options){ .directory = directory,
		.name = "redis",
		.disk_octets_max = 64 << 20,
		.memory_octets_max = 16 << 20,
		.sync = SPOOL_SYNC_NEVER,
		.sync_ms = 1000,
		.report = keep_report };
	reports = 0;
	report[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	close_spool();
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}

/* --- lines --- */

static enum spool_put
put_text(const char *text, uint32_t len, uint8_t severity, bool may_drop)
{
	struct sink_line line = { .text = text,
		.segment = "office",
		.put_us = 17,
		.len = len,
		.segment_len = 6,
		.severity = severity,
		.type = EVENT_ALERT };

	return spool_put(spool, &line, may_drop);
}

/* Its number, and spaces up to `len`. */
static enum spool_put
put_number(unsigned number, uint32_t len, uint8_t severity, bool may_drop)
{
	static char text[4 << 20];

	memset(text, ' ', len);
	text[snprintf(text, sizeof text, "%u", number)] = ' ';
	return put_text(text, len, severity, may_drop);
}

static void
keep(unsigned number, uint8_t severity)
{
	assert_int_equal(put_number(number, 100, severity, false), SPOOL_KEPT);
}

static size_t
take_all(void)
{
	return spool_take(spool, lines, tickets, LINES_MAX, SIZE_MAX);
}

static void
settle(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		spool_settle(spool, tickets[i]);
}

static unsigned
number_of(size_t i)
{
	return (unsigned)strtoul(lines[i].text, NULL, 10);
}

static void
expect_numbers(unsigned first, size_t count)
{
	assert_int_equal(take_all(), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(number_of(i), first + i);
}

static struct spool_counts
counts(void)
{
	struct spool_counts out;

	spool_get_counts(spool, &out);
	return out;
}

/* --- processes --- */

/* Runs it, and then kills it: nothing is closed. */
static void
in_killed_process(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		run();
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/*
 * cmocka has a SIGBUS handler of its own, so these start from the default.
 * The status says what was seen.
 */
#define GOOD 7
#define SEE(x)                                                                 \
	do {                                                                   \
		if (!(x)) {                                                    \
			print_error("line %d: %s\n", __LINE__, #x);            \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static int
in_child(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGBUS, SIG_DFL);
		run();
		_exit(GOOD);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
expect_good(void (*run)(void))
{
	int status = in_child(run);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), GOOD);
}

/* --- files --- */

static void
path_of(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", folder, name);
}

/* Files whose name ends so; the last one's name. */
static unsigned
count_files(const char *ending, char *name)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name), n = strlen(ending);

		if (len < n || strcmp(entry->d_name + len - n, ending) != 0)
			continue;
		count++;
		if (name != NULL)
			strcpy(name, entry->d_name);
	}
	closedir(dir);
	return count;
}

static void
write_file(const char *name, const void *octets, size_t len)
{
	char path[256];
	FILE *file;

	path_of(name, path, sizeof path);
	assert_non_null(file = fopen(path, "w"));
	assert_int_equal(fwrite(octets, 1, len, file), len);
	fclose(file);
}

/* --- what is put is taken --- */

static void
a_line_comes_back_as_it_was_put(void **state)
{
	static const char *const texts[] = { "", "a", "{\"b\":1}" };

	(void)state;
	open_spool();
	for (uint8_t severity = 1; severity <= 4; severity++) {
		for (int i = 0; i < 3; i++) {
			size_t len = strlen(texts[i]);

			assert_int_equal(put_text(texts[i], (uint32_t)len,
					     severity, false),
			    SPOOL_KEPT);
			assert_true(spool_has_more(spool));
			assert_int_equal(take_all(), 1);
			assert_false(spool_has_more(spool));
			assert_int_equal(lines[0].len, len);
			assert_memory_equal(lines[0].text, texts[i], len);
			assert_int_equal(lines[0].text[len], '\n');
			assert_string_equal(lines[0].segment, "office");
			assert_int_equal(lines[0].segment_len, 6);
			assert_int_equal(lines[0].put_us, 17);
			assert_int_equal(lines[0].severity, severity);
			assert_int_equal(lines[0].type, EVENT_ALERT);
			settle(0, 1);
			assert_int_equal(counts().pending, 0);
		}
	}
}

static void
the_order_is_that_of_putting_whatever_the_severity(void **state)
{
	(void)state;
	open_spool();
	for (unsigned i = 0; i < 4000; i++)
		assert_int_equal(put_number(i, 700,
				     (uint8_t)(1 + i * 7 / 3 % 4), false),
		    SPOOL_KEPT);
	assert_int_equal(counts().pending, 4000);
	assert_int_equal(counts().pending_octets, 4000 * 700);
	assert_int_equal(counts().spooled, 3000);
	expect_numbers(0, 4000);
	settle(0, 4000);
	assert_int_equal(counts().pending, 0);
	assert_int_equal(counts().pending_octets, 0);
}

static void
lines_may_be_settled_in_any_order(void **state)
{
	(void)state;
	options.directory = NULL;
	open_spool();
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(put_number(i, 1000, 4, false), SPOOL_KEPT);
	expect_numbers(0, 2000);
	for (size_t i = 2000; i-- > 0;) {
		assert_int_equal(number_of(i), i);
		spool_settle(spool, tickets[i]);
	}
	assert_int_equal(counts().pending, 0);
}

static void
a_take_ends_at_its_lines_or_its_octets(void **state)
{
	(void)state;
	open_spool();
	for (unsigned i = 0; i < 10; i++)
		keep(i, 2);
	assert_int_equal(spool_take(spool, lines, tickets, 3, SIZE_MAX), 3);
	assert_int_equal(number_of(0), 0);
	assert_int_equal(spool_take(spool, lines, tickets, 9, 250), 3);
	assert_int_equal(number_of(0), 3);
	assert_int_equal(spool_take(spool, lines, tickets, 9, 0), 1);
	expect_numbers(7, 3);
}

/* --- what outlives a process --- */

static void
put_300(void)
{
	open_spool();
	for (unsigned i = 0; i < 300; i++)
		keep(i, (uint8_t)(1 + i % 3));
	keep(999, 4);
}

static void
put_300_and_settle_100(void)
{
	put_300();
	take_all();
	settle(0, 100);
}

static void
hits_of_a_killed_process_come_first(void **state)
{
	(void)state;
	in_killed_process(put_300);
	open_spool();
	assert_int_equal(counts().recovered, 300);
	assert_int_equal(counts().damaged_octets, 0);
	keep(300, 1);
	expect_numbers(0, 301);
	settle(0, 301);
	close_spool();
	open_spool();
	assert_int_equal(counts().pending, 0);
}

static void
settled_lines_do_not_come_back(void **state)
{
	(void)state;
	in_killed_process(put_300_and_settle_100);
	open_spool();
	expect_numbers(100, 200);
}

static unsigned next_number;

static void
put_three(void)
{
	open_spool();
	keep(next_number + 2, 3);
	keep(next_number + 1, 2);
	keep(next_number, 1);
}

static void
runs_come_in_their_order_however_often_they_are_adopted(void **state)
{
	static const unsigned order[] = { 2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10,
		9 };

	(void)state;
	for (next_number = 0; next_number < 12; next_number += 3)
		in_killed_process(put_three);
	open_spool();
	assert_int_equal(take_all(), 12);
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(number_of(i), order[i]);
	assert_int_equal(count_files(".lock", NULL), 1);
}

static void
a_closed_spool_keeps_its_hits_and_only_what_they_need(void **state)
{
	char name[256], path[512];
	struct stat about;

	(void)state;
	open_spool();
	keep(0, 1);
	keep(1, 1);
	take_all();
	close_spool();
	assert_int_equal(count_files(".segment", name), 1);
	path_of(name, path, sizeof path);
	assert_int_equal(stat(path, &about), 0);
	assert_true(about.st_size <= sysconf(_SC_PAGESIZE));
	open_spool();
	expect_numbers(0, 2);
}

static void
an_empty_spool_leaves_no_file(void **state)
{
	(void)state;
	open_spool();
	keep(0, 1);
	take_all();
	settle(0, 1);
	close_spool();
	assert_int_equal(count_files(".segment", NULL), 0);
	assert_int_equal(count_files(".lock", NULL), 0);
}

static void
only_the_owner_may_look(void **state)
{
	char name[256], path[512];
	struct stat about;

	(void)state;
	open_spool();
	keep(0, 1);
	assert_int_equal(stat(folder, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0700);
	count_files(".segment", name);
	path_of(name, path, sizeof path);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
}

static void
two_processes_share_a_folder(void **state)
{
	(void)state;
	open_spool();
	keep(0, 1);
	in_killed_process(put_300); /* has asserted nothing of ours */
	keep(1, 1);
	assert_int_equal(counts().recovered, 0);
	expect_numbers(0, 2);
	settle(0, 2);
	close_spool();
	open_spool();
	expect_numbers(0, 300);
}

static void
expect_none_and_put(void)
{
	open_spool();
	SEE(counts().recovered == 0 && take_all() == 0);
	SEE(put_number(7, 100, 1, false) == SPOOL_KEPT);
	close_spool();
}

static void
a_run_is_not_adopted_while_it_lives(void **state)
{
	(void)state;
	open_spool();
	keep(0, 1);
	expect_good(expect_none_and_put);
	expect_numbers(0, 1);
}

/* --- damaged files --- */

#define HEADER  24 /* of a file, as spool_segment.h draws it */
#define SETTLED 27 /* in a record */
#define NAME    "00000001-2-00000001.segment"

/* Lines of 10, 27, 44 ... octets. */
#define LEN(i)    (10 + 17 * (uint32_t)(i))
#define RECORD(i) ((40 + 6 + 1 + LEN(i) + 1 + 7) / 8 * 8)
#define COUNT     5

static uint8_t sample[HEADER + COUNT * (RECORD(COUNT))];
static size_t sample_len;

static void
put_sample(void)
{
	open_spool();
	for (unsigned i = 0; i < COUNT; i++)
		if (put_number(i, LEN(i), 2, false) != SPOOL_KEPT)
			abort();
}

static void
read_sample(void)
{
	char name[256], path[512];
	FILE *file;

	in_killed_process(put_sample);
	assert_int_equal(count_files(".segment", name), 1);
	path_of(name, path, sizeof path);
	sample_len = HEADER;
	for (unsigned i = 0; i < COUNT; i++)
		sample_len += RECORD(i);
	assert_non_null(file = fopen(path, "r"));
	assert_int_equal(fread(sample, 1, sample_len, file), sample_len);
	fclose(file);
	unlink(path);
}

/* The lines that a file of these octets gives, as bits. */
static unsigned
lines_in(const void *octets, size_t len)
{
	unsigned seen = 0;
	size_t count;

	write_file(NAME, octets, len);
	open_spool();
	count = take_all();
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(lines[i].len, LEN(number_of(i)));
		seen |= 1u << number_of(i);
	}
	settle(0, count);
	close_spool();
	return seen;
}

static void
a_file_that_was_cut_gives_the_records_before_the_cut(void **state)
{
	unsigned whole = 0;
	size_t end = HEADER + RECORD(0);

	(void)state;
	read_sample();
	for (size_t len = 0; len <= sample_len; len++) {
		while (whole < COUNT && len >= end) {
			whole++;
			end += RECORD(whole);
		}
		assert_int_equal(lines_in(sample, len), (1u << whole) - 1);
	}
	assert_int_equal(whole, COUNT);
}

static void
a_damaged_octet_loses_no_more_than_its_record(void **state)
{
	unsigned record = 0, lost;
	size_t begin = HEADER, end = HEADER + RECORD(0), padding;

	(void)state;
	read_sample();
	for (size_t i = HEADER; i < sample_len; i++) {
		if (i == end) {
			begin = end;
			end += RECORD(++record);
		}
		padding = begin + 40 + 6 + 1 + LEN(record) + 1;
		sample[i] ^= 0x55;
		lost = ((1u << COUNT) - 1) & ~lines_in(sample, sample_len);
		sample[i] ^= 0x55;
		if (i < padding && (i < begin + 36 || i >= begin + 40))
			assert_int_equal(lost, 1u << record);
		else
			assert_true((lost & ~(1u << record)) == 0);
	}
}

static void
a_file_with_a_damaged_header_is_put_aside_once(void **state)
{
	(void)state;
	read_sample();
	for (size_t i = 0; i < HEADER; i++) {
		sample[i] ^= 0x55;
		assert_int_equal(lines_in(sample, sample_len), 0);
		sample[i] ^= 0x55;
		assert_int_equal(count_files(".damaged", NULL), 1);
		assert_int_equal(count_files(".segment", NULL), 0);
		assert_non_null(strstr(report, "is no segment"));
		open_spool();
		assert_int_equal(counts().damaged_octets, 0);
		close_spool();
	}
}

static void
what_was_skipped_is_counted(void **state)
{
	(void)state;
	read_sample();
	sample[HEADER + RECORD(0) + 50] ^= 1;
	write_file(NAME, sample, sample_len);
	open_spool();
	assert_int_equal(counts().damaged_octets, RECORD(1));
	assert_int_equal(counts().recovered, COUNT - 1);
	assert_non_null(strstr(report, "damaged"));
}

/* Else whoever may write a host name could have lines of his own sent. */
static void
a_record_inside_a_text_is_not_found(void **state)
{
	uint8_t forged[HEADER + 400] = { 0 };
	size_t len = RECORD(0);

	(void)state;
	read_sample();
	memcpy(forged, sample, HEADER + len);
	memcpy(forged + HEADER + len + 8, sample + HEADER, len);
	assert_int_equal(lines_in(forged, sizeof forged), 1);
	/* A file of another seed: what is good in one is nothing in it. */
	memcpy(forged + HEADER, sample + HEADER, len);
	read_sample();
	memcpy(forged, sample, HEADER);
	assert_int_equal(lines_in(forged, sizeof forged), 0);
}

static void
things_that_are_no_segments_do_no_harm(void **state)
{
	static const char zeros[5000];
	char path[512], target[512];
	struct stat about;

	(void)state;
	read_sample();
	in_killed_process(put_sample);
	write_file("00000009-1-00000001.segment", "garbage", 7);
	write_file("00000009-1-00000002.segment", "", 0);
	write_file("00000009-1-00000003.segment", zeros, sizeof zeros);
	write_file("00000009-1-3.segment", "not ours", 8);
	write_file("target", sample, sample_len);
	path_of("target", target, sizeof target);
	path_of("00000009-1-00000004.segment", path, sizeof path);
	assert_int_equal(symlink(target, path), 0);
	path_of("00000009-1-00000005.segment", path, sizeof path);
	assert_int_equal(mkfifo(path, 0600), 0);
	path_of("00000009-1-00000006.segment", path, sizeof path);
	assert_int_equal(mkdir(path, 0700), 0);
	path_of("0000000a.lock", path, sizeof path);
	assert_int_equal(mkdir(path, 0700), 0);
	path_of("0000000b.lock", path, sizeof path);
	assert_int_equal(mkfifo(path, 0600), 0);

	open_spool();
	expect_numbers(0, COUNT);
	assert_int_equal(counts().damaged_octets, 7);
	assert_int_equal(count_files(".damaged", NULL), 4);
	assert_int_equal(count_files("-3.segment", NULL), 1);
	assert_int_equal(stat(target, &about), 0);
	assert_int_equal(about.st_size, sample_len);
}

static void
a_folder_that_cannot_be_had_is_an_error(void **state)
{
	static const char *const names[] = { "", ".", "..", "a/b", "a b" };
	char error[256];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		options.name = names[i];
		assert_int_equal(spool_open(&options, &spool, error,
				     sizeof error),
		    -1);
	}
	options.name = "redis";
	options.directory = "/dev/null";
	assert_int_equal(spool_open(&options, &spool, error, sizeof error), -1);
	assert_string_equal(error, "/dev/null/redis: Not a directory");
	options.directory = directory;
	open_spool();
	close_spool();
	write_file("ffffffff.lock", "", 0);
	assert_int_equal(spool_open(&options, &spool, error, sizeof error), -1);
	assert_non_null(strstr(error, "no run number is left"));
}

static void
a_line_that_others_damage_while_it_waits_is_dropped_alone(void **state)
{
	char name[256], path[512];
	FILE *file;

	(void)state;
	open_spool();
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(put_number(i, LEN(i), 2, false), SPOOL_KEPT);
	assert_int_equal(count_files(".segment", name), 1);
	path_of(name, path, sizeof path);
	assert_non_null(file = fopen(path, "r+"));
	assert_int_equal(fseek(file, (long)(HEADER + RECORD(0) + 40 + 6 + 5),
			     SEEK_SET),
	    0);
	assert_int_equal(fputc('x', file), 'x');
	fclose(file);
	assert_int_equal(take_all(), 2);
	assert_int_equal(number_of(0), 0);
	assert_int_equal(number_of(1), 2);
	assert_int_equal(counts().dropped[2], 1);
	assert_int_equal(counts().pending, 2);
	settle(0, 2);
	assert_int_equal(counts().pending, 0);
}

/* --- files that are written on again --- */

/* Files have 64 KiB.  There is always a line that waits. */
static void
pass_many(uint8_t severity)
{
	struct spool_ticket before = { 0 };

	for (unsigned i = 0; i < 1000; i++) {
		if (put_number(i, 1000, severity, false) != SPOOL_KEPT ||
		    take_all() != 1 || number_of(0) != i)
			abort();
		if (i > 0)
			spool_settle(spool, before);
		before = tickets[0];
	}
	spool_settle(spool, before);
}

static void
few_files_are_enough_for_many_lines(void **state)
{
	char name[256];

	(void)state;
	options.disk_octets_max = 2 << 20;
	open_spool();
	pass_many(1);
	assert_int_equal(counts().pending, 0);
	assert_true(count_files(".segment", name) <= 3);
	/* No more than these were ever made. */
	assert_true(strcmp(name, "00000001-1-00000004") < 0);
	close_spool();
	assert_int_equal(count_files(".segment", NULL), 0);
}

static void
pass_many_and_put_five(void)
{
	options.disk_octets_max = 2 << 20;
	open_spool();
	pass_many(1);
	for (unsigned i = 0; i < 5; i++)
		if (put_number(i, 100, 1, false) != SPOOL_KEPT)
			abort();
}

static void
what_was_settled_does_not_come_back_from_a_file_that_was_used_again(
    void **state)
{
	(void)state;
	in_killed_process(pass_many_and_put_five);
	open_spool();
	assert_int_equal(counts().recovered, 5);
	assert_int_equal(counts().damaged_octets, 0);
	assert_int_equal(reports, 0);
	expect_numbers(0, 5);
}

/* --- bounds --- */

/* Puts lines until one is not kept; how many were. */
static unsigned
fill(uint8_t severity, enum spool_put expected)
{
	unsigned kept = 0;
	enum spool_put put;

	while ((put = put_number(kept, 1000, severity,
		    expected == SPOOL_LOST)) == SPOOL_KEPT)
		assert_true(++kept < 100000);
	assert_int_equal(put, expected);
	return kept;
}

static void
check_bound(void)
{
	unsigned low, high = 0;

	open_spool();
	low = fill(3, SPOOL_FULL);
	assert_true(
	    low * 1000 > (512 << 10) * 3 / 4 && low * 1000 < (512 << 10));
	assert_int_equal(counts().pending, low);
	assert_int_equal(counts().dropped[3], 0);
	/* Hits of a higher severity push out all of them, and none else. */
	while (counts().dropped[3] < low) {
		assert_int_equal(put_number(high++, 1000, 1, true), SPOOL_KEPT);
		assert_int_equal(counts().dropped[1], 0);
	}
	assert_int_equal(counts().pending, high);
	/* The room that is left of the last one is used. */
	while (put_number(high, 1000, 1, false) == SPOOL_KEPT)
		high++;
	assert_int_equal(put_number(0, 1000, 2, true), SPOOL_LOST);
	assert_int_equal(counts().dropped[2], 1);
	assert_int_equal(counts().pending, high);
	/* Among equals the oldest goes. */
	assert_int_equal(put_number(high++, 1000, 1, true), SPOOL_KEPT);
	assert_int_equal(counts().pending + counts().dropped[1], high);
	assert_true(counts().dropped[1] > 0);
	expect_numbers((unsigned)counts().dropped[1],
	    high - (unsigned)counts().dropped[1]);
	assert_int_equal(number_of(counts().pending - 1), high - 1);
	/* All of it is taken: nothing may go. */
	fill(1, SPOOL_LOST);
}

static void
a_bound_in_memory_drops_the_oldest_of_the_lowest_severity(void **state)
{
	(void)state;
	options.directory = NULL;
	options.memory_octets_max = 512 << 10;
	check_bound();
}

static void
a_bound_on_disk_drops_the_oldest_of_the_lowest_severity(void **state)
{
	(void)state;
	options.disk_octets_max = 512 << 10;
	check_bound();
	assert_true(count_files(".segment", NULL) <= 8);
}

static void
files_kept_for_one_severity_give_way_to_another(void **state)
{
	unsigned kept;

	(void)state;
	options.disk_octets_max = 512 << 10;
	open_spool();
	kept = fill(3, SPOOL_FULL);
	assert_int_equal(take_all(), kept);
	settle(0, kept);
	assert_int_equal(fill(1, SPOOL_FULL), kept);
	assert_true(count_files(".segment", NULL) <= 8);
}

static void
lines_that_are_taken_stay_while_others_are_dropped(void **state)
{
	unsigned kept;

	(void)state;
	options.directory = NULL;
	options.memory_octets_max = 512 << 10;
	open_spool();
	kept = fill(4, SPOOL_FULL);
	assert_int_equal(spool_take(spool, lines, tickets, 10, SIZE_MAX), 10);
	for (unsigned i = 0; i < 2 * kept; i++)
		assert_int_equal(put_number(i, 1000, 4, true), SPOOL_KEPT);
	assert_true(counts().dropped[4] > kept);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(number_of(i), i);
	settle(0, 10);
}

static void
hits_in_memory_push_out_what_is_no_hit(void **state)
{
	unsigned none;

	(void)state;
	options.directory = NULL;
	options.memory_octets_max = 512 << 10;
	open_spool();
	none = fill(4, SPOOL_FULL);
	assert_int_equal(put_number(0, 1000, 3, false), SPOOL_FULL);
	assert_int_equal(put_number(0, 1000, 3, true), SPOOL_KEPT);
	assert_in_range(counts().dropped[4], 1, none / 4);
	assert_int_equal(counts().pending, none + 1 - counts().dropped[4]);
}

static void
an_empty_spool_takes_one_line_however_large(void **state)
{
	(void)state;
	options.disk_octets_max = options.memory_octets_max = 1000;
	open_spool();
	for (uint8_t severity = 1; severity <= 4; severity++) {
		assert_int_equal(put_number(1, 3 << 20, severity, false),
		    SPOOL_KEPT);
		assert_int_equal(put_number(2, 3 << 20, severity, false),
		    SPOOL_FULL);
		assert_int_equal(take_all(), 1);
		assert_int_equal(lines[0].len, 3 << 20);
		settle(0, 1);
	}
}

/* --- a disk that fails --- */

static void
make_root_private(void)
{
	SEE(unshare(CLONE_NEWNS) == 0);
	SEE(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
}

/* A file system of 200 KB, which nobody else sees. */
static void
put_500_on_small_disk(void)
{
	make_root_private();
	SEE(mount("none", directory, "tmpfs", 0, "size=200k") == 0);
	open_spool();
	for (unsigned i = 0; i < 500; i++)
		SEE(put_number(i, 1000, 1, false) == SPOOL_KEPT);
}

/* To close it is to try again, which fails again. */
static void
fail_twice(void)
{
	put_500_on_small_disk();
	SEE(reports == 1);
	close_spool();
	SEE(reports == 1);
}

static void
fill_small_disk(void)
{
	char last[256];

	put_500_on_small_disk();
	SEE(counts().pending == 500 && counts().spooled == 0);
	SEE(counts().disk_failures > 0 && reports == 1);
	SEE(strstr(report, "No space left") != NULL);
	SEE(count_files(".segment", last) == 0);
	SEE(spool_take(spool, lines, tickets, 100, SIZE_MAX) == 100);
	settle(0, 100);
	/* What is left goes to the disk when it has room at last. */
	SEE(mount("none", directory, "tmpfs", MS_REMOUNT, "size=8m") == 0);
	close_spool();
	SEE(reports == 2 && strstr(report, "on disk again") != NULL);
	open_spool();
	SEE(counts().recovered == 400 && take_all() == 400);
	for (unsigned i = 0; i < 400; i++)
		SEE(number_of(i) == 100 + i);
}

static void
hits_wait_in_memory_while_the_disk_is_full(void **state)
{
	(void)state;
	/* Not everybody may mount, nor everywhere (chroot). */
	if (WEXITSTATUS(in_child(make_root_private)) != GOOD)
		skip();
	expect_good(fill_small_disk);
	expect_good(fail_twice);
}

static void
cut_file(off_t len)
{
	char name[256], path[512];

	SEE(count_files(".segment", name) == 1);
	path_of(name, path, sizeof path);
	SEE(truncate(path, len) == 0);
}

/* Each record has 1056 octets: three lie wholly in the first page. */
static void
cut_before_taking(void)
{
	open_spool();
	for (unsigned i = 0; i < 20; i++)
		SEE(put_number(i, 1000, 1, false) == SPOOL_KEPT);
	cut_file(4096);
	SEE(take_all() == 3 && number_of(0) == 0 && number_of(2) == 2);
	SEE(counts().dropped[1] == 17 && counts().pending == 3);
	SEE(counts().disk_failures == 1 && reports == 1);
	SEE(strstr(report, "17 lines in it are lost") != NULL);
	SEE(put_number(20, 1000, 1, false) == SPOOL_KEPT);
	SEE(spool_take(spool, lines + 3, tickets + 3, 9, SIZE_MAX) == 1);
	settle(0, 4);
	SEE(counts().pending == 0 && count_files(".segment", NULL) == 0);
	close_spool();
}

static void
cut_before_putting(void)
{
	open_spool();
	for (unsigned i = 0; i < 4; i++)
		SEE(put_number(i, 1000, 1, false) == SPOOL_KEPT);
	SEE(spool_take(spool, lines, tickets, 1, SIZE_MAX) == 1);
	cut_file(0);
	/* One fault for the page of each: the first makes it known. */
	SEE(put_number(4, 1000, 1, false) == SPOOL_KEPT);
	SEE(spool_take(spool, lines + 1, tickets + 1, 9, SIZE_MAX) == 1);
	SEE(number_of(1) == 4);
	SEE(counts().dropped[1] == 3 && counts().pending == 2);
	settle(0, 2);
	SEE(counts().pending == 0 && counts().pending_octets == 0);
	close_spool();
}

static void
a_file_that_is_cut_while_in_use_loses_only_what_was_cut(void **state)
{
	(void)state;
	assert_int_equal(sysconf(_SC_PAGESIZE), 4096);
	expect_good(cut_before_taking);
	assert_int_equal(teardown(NULL) | setup(NULL), 0);
	expect_good(cut_before_putting);
}

static void
touch_lost_page(void)
{
	FILE *file = tmpfile();
	volatile char *at;

	open_spool();
	keep(0, 1);
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);
	_exit(*at); /* behind the file's end */
}

static void
leave_with_9(int signal_number)
{
	(void)signal_number;
	_exit(9);
}

static void
touch_with_handler(void)
{
	signal(SIGBUS, leave_with_9);
	touch_lost_page();
}

static void
another_fault_goes_to_whoever_was_there_before(void **state)
{
	int status = in_child(touch_lost_page);

	(void)state;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	status = in_child(touch_with_handler);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

/* --- threads --- */

#define THREADS 3
#define EACH    20000

static void *
put_many(void *arg)
{
	unsigned thread = *(unsigned *)arg;

	for (unsigned i = 0; i < EACH; i++) {
		char text[32];
		int len = snprintf(text, sizeof text, "%u", thread * EACH + i);

		while (put_text(text, (uint32_t)len, (uint8_t)(1 + thread),
			   false) == SPOOL_FULL)
			sched_yield();
	}
	return NULL;
}

static void
take_from_threads(void)
{
	unsigned next[THREADS] = { 0 }, numbers[THREADS] = { 0, 1, 2 };
	pthread_t threads[THREADS];
	size_t total = 0, count;

	options.disk_octets_max = options.memory_octets_max = 256 << 10;
	open_spool();
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_many,
				     &numbers[i]),
		    0);
	while (total < THREADS * EACH) {
		count = spool_take(spool, lines, tickets, 500, 4000);
		for (size_t i = 0; i < count; i++) {
			unsigned thread = number_of(i) / EACH;

			assert_true(thread < THREADS);
			assert_int_equal(number_of(i) % EACH, next[thread]++);
		}
		settle(0, count);
		total += count;
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counts().pending, 0);
	assert_int_equal(counts().disk_failures, 0);
}

static void
threads_put_and_take_while_it_syncs(void **state)
{
	(void)state;
	options.sync = SPOOL_SYNC_INTERVAL;
	options.sync_ms = 1;
	take_from_threads();
}

static void
each_hit_is_synced_where_that_is_asked_for(void **state)
{
	(void)state;
	options.sync = SPOOL_SYNC_ALWAYS;
	open_spool();
	for (unsigned i = 0; i < 50; i++)
		keep(i, (uint8_t)(1 + i % 4));
	expect_numbers(0, 50);
	assert_int_equal(counts().disk_failures, 0);
}

/* --- the checksum --- */

/* The instruction sums long texts in lanes, the table octet by octet. */
static void
both_ways_to_sum_agree_at_any_length(void **state)
{
	static uint8_t octets[1600];
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof octets; i++) {
		x = x * 1664525 + 1013904223;
		octets[i] = (uint8_t)(x >> 24);
	}
	for (size_t len = 0; len <= sizeof octets; len++)
		assert_int_equal(spool_checksum(x, octets, len),
		    spool_checksum_by_table(x, octets, len));
}

/* RFC 3720 section B.4, and the check value of CRC-32C. */
static void
checksums_are_those_of_the_rfc(void **state)
{
	uint8_t octets[32];
	static const uint32_t expected[] = { 0x8a9136aa, 0x62a8ab43, 0x46dd794e,
		0x113fdb5c };

	(void)state;
	for (int i = 0; i < 4; i++) {
		for (int j = 0; j < 32; j++)
			octets[j] = (uint8_t)(i == 0   ? 0
					      : i == 1 ? 0xff
					      : i == 2 ? j
						       : 31 - j);
		assert_int_equal(spool_checksum(0, octets, 32), expected[i]);
		assert_int_equal(spool_checksum_by_table(0, octets, 32),
		    expected[i]);
	}
	assert_int_equal(spool_checksum(0, "123456789", 9), 0xe3069283);
	assert_int_equal(spool_checksum_by_table(0, "123456789", 9),
	    0xe3069283);
	assert_int_equal(spool_checksum(spool_checksum(0, "12345", 5), "6789",
			     4),
	    0xe3069283);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		/* First: a process installs its SIGBUS handler only once. */
		T(a_file_that_is_cut_while_in_use_loses_only_what_was_cut),
		T(another_fault_goes_to_whoever_was_there_before),
		T(a_line_comes_back_as_it_was_put),
		T(the_order_is_that_of_putting_whatever_the_severity),
		T(lines_may_be_settled_in_any_order),
		T(a_take_ends_at_its_lines_or_its_octets),
		T(hits_of_a_killed_process_come_first),
		T(settled_lines_do_not_come_back),
		T(runs_come_in_their_order_however_often_they_are_adopted),
		T(a_closed_spool_keeps_its_hits_and_only_what_they_need),
		T(an_empty_spool_leaves_no_file),
		T(only_the_owner_may_look),
		T(two_processes_share_a_folder),
		T(a_run_is_not_adopted_while_it_lives),
		T(a_file_that_was_cut_gives_the_records_before_the_cut),
		T(a_damaged_octet_loses_no_more_than_its_record),
		T(a_file_with_a_damaged_header_is_put_aside_once),
		T(what_was_skipped_is_counted),
		T(a_record_inside_a_text_is_not_found),
		T(things_that_are_no_segments_do_no_harm),
		T(a_folder_that_cannot_be_had_is_an_error),
		T(a_bound_in_memory_drops_the_oldest_of_the_lowest_severity),
		T(a_bound_on_disk_drops_the_oldest_of_the_lowest_severity),
		T(lines_that_are_taken_stay_while_others_are_dropped),
		T(hits_in_memory_push_out_what_is_no_hit),
		T(an_empty_spool_takes_one_line_however_large),
		T(hits_wait_in_memory_while_the_disk_is_full),
		T(threads_put_and_take_while_it_syncs),
		T(each_hit_is_synced_where_that_is_asked_for),
		T(checksums_are_those_of_the_rfc),
		T(a_line_that_others_damage_while_it_waits_is_dropped_alone),
		T(few_files_are_enough_for_many_lines),
		T(what_was_settled_does_not_come_back_from_a_file_that_was_used_again),
		T(files_kept_for_one_severity_give_way_to_another),
		T(both_ways_to_sum_agree_at_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
