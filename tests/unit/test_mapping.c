#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensor/capture.h"
#include "sensor/mapping.h"
#include "sensor/page_guard.h"

/*
 * cmocka has a SIGBUS handler of its own, so each test is a child process that
 * starts from the default.  It says what it saw by its exit status.
 */
#define GOOD 7

static char path[64];

static int
in_child(int (*run)(void))
{
	pid_t pid;
	int status;

	snprintf(path, sizeof(path), "/tmp/test_mapping.%d", (int)getpid());
	if ((pid = fork()) == 0) {
		signal(SIGBUS, SIG_DFL);
		_exit(run());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path);
	return status;
}

static void
expect_good(int (*run)(void))
{
	int status = in_child(run);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), GOOD);
}

/* Little-endian hosts only: 16 octets of header and 184 of payload each. */
static void
write_capture(unsigned packets)
{
	uint32_t header[6] = { 0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1 };
	uint32_t record[50] = { 1, 0, 184, 184 };
	FILE *file = fopen(path, "w");

	memset(record + 4, 'x', 184);
	fwrite(header, sizeof(header), 1, file);
	while (packets-- > 0)
		fwrite(record, sizeof(record), 1, file);
	fclose(file);
}

struct shrinking {
	long len;
	size_t packets;
	char report[256];
};

/* The file loses its end as soon as the first packets are there. */
static void
shrink(void *arg, const struct packet *packets, size_t count)
{
	struct shrinking *shrinking = arg;

	if (shrinking->packets == 0 && truncate(path, shrinking->len) == -1)
		_exit(1);
	for (size_t i = 0; i < count; i++)
		if (packets[i].caplen != 184 || packets[i].octets[0] != 'x')
			_exit(2);
	shrinking->packets += count;
}

static void
keep_report(void *arg, const char *message)
{
	struct shrinking *shrinking = arg;

	snprintf(shrinking->report, sizeof(shrinking->report), "%s", message);
}

static int
read_shrinking(struct shrinking *shrinking)
{
	const char *const paths[] = { path };
	struct stored_options options = {
		.paths = paths,
		.path_count = 1,
		.report = keep_report,
		.report_arg = shrinking,
	};
	struct capture_counts counts;
	struct capture *capture;
	char error[256];

	write_capture(5000);
	if (capture_open_stored(&options, &capture, error, sizeof(error)) != 0)
		return 3;
	while (capture_poll(capture, shrink, shrinking) != CAPTURE_END)
		;
	capture_get_counts(capture, &counts);
	capture_free(capture);
	if (counts.failed_files != 1 || counts.files != 0)
		return 4;
	if (counts.packets != shrinking->packets)
		return 5;
	return GOOD;
}

/* Whole pages are lost: 204 records of 200 octets are in 40960. */
static int
shrink_to_pages(void)
{
	struct shrinking shrinking = { .len = 40960 };
	int result = read_shrinking(&shrinking);

	if (result == GOOD && shrinking.packets != 204)
		return 6;
	return strstr(shrinking.report,
		   ": packet 205: the file was cut short while it was read") ==
	               NULL
	           ? 8
	           : result;
}

/* The rest of the last page becomes zeros without a signal. */
static int
shrink_to_part_of_a_page(void)
{
	struct shrinking shrinking = { .len = 40024 };
	int result = read_shrinking(&shrinking);

	if (result == GOOD && shrinking.packets != 200)
		return 6;
	return strstr(shrinking.report,
		   ": packet 201: zeros where a record should be") == NULL
	           ? 8
	           : result;
}

static int
touch_foreign_mapping(void)
{
	struct mapping mapping;
	int fd;
	volatile uint8_t *foreign;

	write_capture(100);
	fd = open(path, O_RDONLY);
	if (mapping_open(&mapping, fd, 20024) == -1)
		return 3;
	foreign = mmap(NULL, 20024, PROT_READ, MAP_SHARED, fd, 0);
	if (foreign == MAP_FAILED || truncate(path, 0) == -1)
		return 4;
	/* Ours is patched, and is no shield for others. */
	if (mapping.octets[0] != 0 || mapping_damage(&mapping) == NULL)
		return 5;
	return foreign[0] == 0 ? GOOD : 6;
}

static int
send_signal(void)
{
	struct mapping mapping;

	write_capture(100);
	if (mapping_open(&mapping, open(path, O_RDONLY), 20024) == -1)
		return 3;
	raise(SIGBUS);
	return GOOD;
}

static int
open_too_many(void)
{
	static struct mapping mapping[PAGE_GUARDS_MAX + 1];
	int fd;

	write_capture(1);
	fd = open(path, O_RDONLY);
	for (size_t i = 0; i < PAGE_GUARDS_MAX; i++)
		if (mapping_open(&mapping[i], fd, 224) == -1)
			return 3;
	if (mapping_open(&mapping[PAGE_GUARDS_MAX], fd, 224) == 0)
		return 4;
	mapping_close(&mapping[5]);
	if (mapping_open(&mapping[5], fd, 224) == -1)
		return 5;
	for (size_t i = 0; i < PAGE_GUARDS_MAX; i++)
		mapping_close(&mapping[i]);
	return GOOD;
}

static void
file_that_loses_pages_while_it_is_read_gives_what_is_left(void **state)
{
	(void)state;
	expect_good(shrink_to_pages);
}

static void
file_that_loses_part_of_a_page_gives_what_is_left(void **state)
{
	(void)state;
	expect_good(shrink_to_part_of_a_page);
}

/* The sanitizers turn the signal into an exit status of their own. */
static void
assert_died(int status)
{
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) < 10);
}

static void
bus_error_elsewhere_is_not_swallowed(void **state)
{
	(void)state;
	assert_died(in_child(touch_foreign_mapping));
}

static void
bus_error_that_was_sent_is_not_swallowed(void **state)
{
	(void)state;
	assert_died(in_child(send_signal));
}

static void
mappings_are_bounded_and_their_places_reused(void **state)
{
	(void)state;
	expect_good(open_too_many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    file_that_loses_pages_while_it_is_read_gives_what_is_left),
		cmocka_unit_test(
		    file_that_loses_part_of_a_page_gives_what_is_left),
		cmocka_unit_test(bus_error_elsewhere_is_not_swallowed),
		cmocka_unit_test(bus_error_that_was_sent_is_not_swallowed),
		cmocka_unit_test(mappings_are_bounded_and_their_places_reused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
