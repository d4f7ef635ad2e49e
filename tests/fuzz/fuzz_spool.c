#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/spool_checksum.h"
#include "output/spool_segment.h"
#include "output/spool_store.h"

/*
 * The input is a segment file that a run has left, as it is and again with
 * every checksum made right.  Besides the sanitizers' findings, this looks for
 * lines that leave the segment, for a count of lines that is not what comes,
 * and for files or lines that are still there after all were settled.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As spool_segment.h draws them. */
#define FILE_CHECK     20
#define RECORD_HEADER  40
#define RECORD_LEN     4
#define RECORD_NAME    26
#define RECORD_SETTLED 27
#define RECORD_CONTENT 28
#define RECORD_CHECK   32

#define INPUT_MAX 65536
#define NAME      "00000001-1-00000001.segment"

static char folder_path[64];
static struct spool_folder folder;

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
remove_folder(void)
{
	unlinkat(folder.fd, NAME ".damaged", 0);
	spool_folder_close(&folder, 0);
	rmdir(folder_path);
	*strrchr(folder_path, '/') = '\0';
	rmdir(folder_path);
}

/* In memory, where there is such a place: most of the time is the file's. */
static void
make_folder(void)
{
	const char *top = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	char error[256];

	if (folder_path[0] != '\0')
		return;
	snprintf(folder_path, sizeof folder_path, "%s/fuzz_spool.XXXXXX", top);
	require(mkdtemp(folder_path) != NULL);
	require(spool_folder_open(&folder, folder_path, "sink", error,
		    sizeof error) == 0);
	strcat(folder_path, "/sink");
	atexit(remove_folder);
}

static void
write_file(const uint8_t *data, size_t size)
{
	int fd = openat(folder.fd, NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	require(fd != -1 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void
require_inside(const struct sink_line *line,
    const struct spool_segment *segment)
{
	const char *begin = (const char *)segment->octets +
	                    SPOOL_SEGMENT_HEADER;
	const char *end = (const char *)segment->octets + segment->used;

	require(line->segment >= begin && line->text < end);
	require(line->text == line->segment + line->segment_len + 1);
	require(line->len < (size_t)(end - line->text));
	require(line->text[line->len] == '\n');
	require(line->segment[line->segment_len] == '\0');
	require(line->severity >= 1 && line->severity < LINE_SEVERITY_NONE);
	require(line->type < EVENT_TYPE_COUNT);
}

static void
check_file(const uint8_t *data, size_t size)
{
	struct spool_store store;
	struct spool_counts counts;
	struct spool_ticket ticket;
	struct sink_line line;
	uint64_t taken = 0;

	write_file(data, size);
	spool_store_init(&store, &folder, 1 << 20, 1 << 20);
	spool_store_adopt(&store, NAME);
	spool_store_count(&store, &counts);
	require(counts.recovered == counts.pending);
	require(counts.damaged_octets <= size);
	require(counts.pending_octets <= size);
	while (spool_store_take(&store, &line, &ticket)) {
		require_inside(&line, ticket.segment);
		spool_store_settle(&store, ticket);
		taken++;
	}
	require(taken == counts.recovered);
	spool_store_count(&store, &counts);
	require(counts.pending == 0 && counts.pending_octets == 0);
	require(store.files == 0 && store.untaken == 0);
	require(faccessat(folder.fd, NAME, F_OK, 0) == -1);
	spool_store_fini(&store);
}

static uint32_t
get_u32(const uint8_t *at)
{
	uint32_t out;

	memcpy(&out, at, sizeof out);
	return out;
}

static void
put_u32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof value);
}

static void
mend_record(uint8_t *at, size_t left, uint32_t seed)
{
	size_t content = at[RECORD_NAME] + (size_t)get_u32(at + RECORD_LEN) + 2;
	uint8_t settled = at[RECORD_SETTLED];

	if (content <= left - RECORD_HEADER)
		put_u32(at + RECORD_CONTENT,
		    spool_checksum(seed, at + RECORD_HEADER, content));
	at[RECORD_SETTLED] = 0;
	put_u32(at + RECORD_CHECK, spool_checksum(seed, at, RECORD_CHECK));
	at[RECORD_SETTLED] = settled;
}

/* What begins with the first record's magic is a record; the last first. */
static void
check_mended(const uint8_t *data, size_t size)
{
	static uint8_t file[INPUT_MAX];
	uint32_t seed;

	if (size < SPOOL_SEGMENT_HEADER + RECORD_HEADER)
		return;
	memcpy(file, data, size);
	seed = get_u32(file + FILE_CHECK - 4);
	put_u32(file + FILE_CHECK, spool_checksum(seed, file, FILE_CHECK));
	for (size_t at = (size - RECORD_HEADER) / 8 * 8;
	     at >= SPOOL_SEGMENT_HEADER; at -= 8) {
		if (memcmp(file + at, file + SPOOL_SEGMENT_HEADER, 4) == 0)
			mend_record(file + at, size - at, seed);
	}
	check_file(file, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX)
		return 0;
	make_folder();
	check_file(data, size);
	check_mended(data, size);
	return 0;
}
