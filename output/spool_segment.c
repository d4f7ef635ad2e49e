#include "output/spool_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/spool_checksum.h"
#include "sensor/page_guard.h"

#define RECORD_MAGIC 0xf15cadd7u /* no octet of it begins valid UTF-8 text */
#define RECORD_ALIGN 8

/* Offsets are 32 bits in a ticket. */
#define SEGMENT_OCTETS_MAX ((size_t)1 << 31)
#define TEXT_OCTETS_MAX    ((size_t)1 << 30)

struct file_header {
	char magic[8];
	uint32_t run;
	uint32_t severity;
	uint32_t seed;
	uint32_t check;
};
_Static_assert(sizeof(struct file_header) == SPOOL_SEGMENT_HEADER, "drawn");

struct record_header {
	uint32_t magic;
	uint32_t len;
	uint64_t sequence;
	uint64_t put_us;
	uint8_t type, severity, segment_len, settled;
	uint32_t content;
	uint32_t check;
	uint32_t zero;
};
_Static_assert(sizeof(struct record_header) == 40, "drawn");

static const char file_magic[8] = "egspool1";

/* --- sizes --- */

static size_t
round_up(size_t octets, size_t unit)
{
	return (octets + unit - 1) / unit * unit;
}

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Name, text and what ends each of them. */
static size_t
content_octets(size_t segment_len, size_t text_len)
{
	return segment_len + 1 + text_len + 1;
}

static size_t
record_octets(size_t segment_len, size_t text_len)
{
	return round_up(sizeof(struct record_header) +
			    content_octets(segment_len, text_len),
	    RECORD_ALIGN);
}

size_t
spool_record_octets(const struct sink_line *line)
{
	if (line->len > TEXT_OCTETS_MAX)
		return 0;
	return record_octets(line->segment_len, line->len);
}

/* --- making and opening --- */

static struct spool_segment *
segment_alloc(uint8_t severity, uint32_t run, size_t size)
{
	struct spool_segment *segment = calloc(1, sizeof *segment);

	if (segment == NULL)
		return NULL;
	segment->severity = severity;
	segment->run = run;
	segment->size = size;
	segment->mapped = round_up(size, page_size());
	segment->guard = -1;
	return segment;
}

struct spool_segment *
spool_segment_new(uint8_t severity, uint32_t run, size_t size)
{
	struct spool_segment *segment = segment_alloc(severity, run, size);

	if (segment == NULL)
		return NULL;
	segment->octets = mmap(NULL, segment->mapped, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (segment->octets == MAP_FAILED) {
		free(segment);
		return NULL;
	}
	segment->used = segment->read = spool_segment_begin(segment);
	return segment;
}

void
spool_segment_reuse(struct spool_segment *segment, uint8_t severity,
    uint32_t run)
{
	spool_segment_rewind(segment);
	segment->severity = severity;
	segment->run = run;
	segment->next = NULL;
	segment->closed = segment->dead = false;
}

void
spool_segment_rewind(struct spool_segment *segment)
{
	size_t begin = spool_segment_begin(segment);

	if (spool_segment_is_file(segment))
		memset(segment->octets + begin, 0, segment->used - begin);
	segment->used = segment->read = begin;
	segment->dirty = true;
}

static uint32_t
header_check(const struct file_header *header)
{
	return spool_checksum(header->seed, header,
	    offsetof(struct file_header, check));
}

static int
map_file(struct spool_segment *segment, int fd)
{
	segment->octets = mmap(NULL, segment->mapped, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (segment->octets == MAP_FAILED)
		return -1;
	segment->guard = page_guard_add(segment->octets, segment->mapped,
	    PAGE_GUARD_WRITE);
	if (segment->guard != -1)
		return 0;
	munmap(segment->octets, segment->mapped);
	errno = ENOBUFS;
	return -1;
}

static int
write_header(struct spool_segment *segment)
{
	struct file_header header = {
		.run = segment->run,
		.severity = segment->severity,
	};

	if (getrandom(&header.seed, sizeof header.seed, 0) !=
	    (ssize_t)sizeof header.seed)
		return -1;
	memcpy(header.magic, file_magic, sizeof header.magic);
	header.check = header_check(&header);
	memcpy(segment->octets, &header, sizeof header);
	segment->seed = header.seed;
	segment->used = segment->read = spool_segment_begin(segment);
	segment->dirty = true;
	if (!spool_segment_is_lost(segment))
		return 0;
	errno = EIO;
	return -1;
}

static int
make_file(struct spool_segment *segment, int fd)
{
	int rc;

	while ((rc = posix_fallocate(fd, 0, (off_t)segment->mapped)) == EINTR)
		;
	if (rc != 0) {
		errno = rc;
		return -1;
	}
	if (map_file(segment, fd) == -1)
		return -1;
	return write_header(segment);
}

struct spool_segment *
spool_segment_create(int folder, const char *name, uint8_t severity,
    uint32_t run, size_t size)
{
	struct spool_segment *segment;
	int fd, rc, why;

	if ((segment = segment_alloc(severity, run, size)) == NULL)
		return NULL;
	segment->size = segment->mapped;
	memcpy(segment->name, name, strnlen(name, sizeof segment->name - 1));
	fd = openat(folder, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1) {
		why = errno;
		free(segment);
		errno = why;
		return NULL;
	}
	rc = make_file(segment, fd);
	why = errno;
	close(fd);
	if (rc == 0)
		return segment;
	unlinkat(folder, name, 0);
	spool_segment_free(segment);
	errno = why;
	return NULL;
}

static bool
is_zero(const uint8_t *octets, size_t from, size_t to)
{
	for (; from < to; from++) {
		if (octets[from] != 0)
			return false;
	}
	return true;
}

/* Counts what is pending, and finds the end of the last record. */
static void
count_lines(struct spool_segment *segment, uint64_t *damaged_octets)
{
	size_t at = spool_segment_begin(segment), end = at;
	struct spool_record record;

	segment->used = segment->size;
	while (spool_segment_next(segment, &at, &record)) {
		*damaged_octets += record.offset - end;
		end = record.end;
		if (record.settled)
			continue;
		if (segment->pending++ == 0)
			segment->first_sequence = record.sequence;
		segment->pending_octets += record.line.len;
	}
	segment->used = end;
	at = segment->size;
	while (at > end && segment->octets[at - 1] == 0)
		at--;
	*damaged_octets += at - end;
}

/* A crash may leave a file whose header never reached the disk. */
static int
read_header(struct spool_segment *segment)
{
	struct file_header header;

	if (is_zero(segment->octets, 0, segment->size)) {
		errno = ENODATA;
		return -1;
	}
	errno = EBADMSG;
	if (segment->size < sizeof header)
		return -1;
	memcpy(&header, segment->octets, sizeof header);
	if (memcmp(header.magic, file_magic, sizeof header.magic) != 0 ||
	    header.check != header_check(&header) || header.severity < 1 ||
	    header.severity >= LINE_SEVERITY_NONE)
		return -1;
	segment->severity = (uint8_t)header.severity;
	segment->run = header.run;
	segment->seed = header.seed;
	return 0;
}

static struct spool_segment *
open_file(int fd, uint64_t *damaged_octets)
{
	struct spool_segment *segment;
	struct stat about;

	if (fstat(fd, &about) == -1)
		return NULL;
	if (!S_ISREG(about.st_mode) ||
	    about.st_size > (off_t)SEGMENT_OCTETS_MAX) {
		errno = EBADMSG;
		return NULL;
	}
	if (about.st_size == 0) {
		errno = ENODATA;
		return NULL;
	}
	segment = segment_alloc(0, 0, (size_t)about.st_size);
	if (segment == NULL)
		return NULL;
	if (map_file(segment, fd) == -1 || read_header(segment) == -1) {
		int why = errno;

		if (why == EBADMSG)
			*damaged_octets += segment->size;
		spool_segment_free(segment);
		errno = why;
		return NULL;
	}
	count_lines(segment, damaged_octets);
	segment->read = spool_segment_begin(segment);
	segment->closed = true;
	return segment;
}

struct spool_segment *
spool_segment_open(int folder, const char *name, uint64_t *damaged_octets)
{
	struct spool_segment *segment;
	int fd, why;

	/* O_NONBLOCK: a FIFO is opened, too, and is not what was asked for. */
	fd = openat(folder, name,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1) {
		if (errno == ELOOP || errno == EISDIR || errno == ENXIO)
			errno = EBADMSG;
		return NULL;
	}
	segment = open_file(fd, damaged_octets);
	why = errno;
	close(fd);
	errno = why;
	if (segment != NULL)
		memcpy(segment->name, name,
		    strnlen(name, sizeof segment->name - 1));
	return segment;
}

void
spool_segment_trim(struct spool_segment *segment, int folder)
{
	size_t size = round_up(segment->used, page_size());
	int fd;

	if (size >= segment->size)
		return;
	fd = openat(folder, segment->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return;
	if (ftruncate(fd, (off_t)size) == 0)
		segment->size = size;
	close(fd);
}

void
spool_segment_free(struct spool_segment *segment)
{
	if (segment == NULL)
		return;
	if (spool_segment_is_file(segment))
		page_guard_remove(segment->guard);
	if (segment->octets != NULL && segment->octets != MAP_FAILED)
		munmap(segment->octets, segment->mapped);
	free(segment);
}

/* --- records --- */

size_t
spool_segment_begin(const struct spool_segment *segment)
{
	/* In memory, too: offset 0 is no record. */
	(void)segment;
	return SPOOL_SEGMENT_HEADER;
}

static uint32_t
record_check(const struct spool_segment *segment, struct record_header header)
{
	header.settled = 0;
	return spool_checksum(segment->seed, &header,
	    offsetof(struct record_header, check));
}

size_t
spool_segment_append(struct spool_segment *segment,
    const struct sink_line *line, uint64_t sequence)
{
	size_t octets = spool_record_octets(line), offset = segment->used;
	uint8_t *at = segment->octets + offset;
	struct record_header header = {
		.magic = RECORD_MAGIC,
		.len = line->len,
		.sequence = sequence,
		.put_us = line->put_us,
		.type = line->type,
		.severity = line->severity,
		.segment_len = line->segment_len,
	};
	uint8_t *content = at + sizeof header, *text;

	if (segment->closed || octets == 0 || octets > segment->size - offset)
		return 0;
	text = content + line->segment_len + 1;
	if (line->segment_len > 0)
		memcpy(content, line->segment, line->segment_len);
	text[-1] = '\0';
	if (line->len > 0)
		memcpy(text, line->text, line->len);
	text[line->len] = '\n';
	if (spool_segment_is_file(segment)) {
		header.content = spool_checksum(segment->seed, content,
		    content_octets(line->segment_len, line->len));
		header.check = record_check(segment, header);
	}
	memcpy(at, &header, sizeof header);
	segment->used += octets;
	return offset;
}

/* Where the record ends; 0 where there is none at `offset`. */
static size_t
read_record_header(const struct spool_segment *segment, size_t offset,
    struct record_header *header)
{
	size_t left = segment->used - offset, octets;

	if (left < sizeof *header)
		return 0;
	/* Once: the file may be changed by others at any time. */
	memcpy(header, segment->octets + offset, sizeof *header);
	if (header->magic != RECORD_MAGIC ||
	    (spool_segment_is_file(segment) &&
		header->check != record_check(segment, *header)) ||
	    header->len > TEXT_OCTETS_MAX)
		return 0;
	octets = record_octets(header->segment_len, header->len);
	return octets <= left ? offset + octets : 0;
}

/* What ends name and text.  The last page is seen: a file may be cut short. */
static bool
is_content_ended(const struct spool_segment *segment, const uint8_t *content,
    const struct record_header *header)
{
	return !spool_segment_is_file(segment) ||
	       (content[header->segment_len] == '\0' &&
		   content[header->segment_len + 1 + (size_t)header->len] ==
		       '\n');
}

static bool
is_content_good(const struct spool_segment *segment, const uint8_t *content,
    const struct record_header *header)
{
	if (!is_content_ended(segment, content, header))
		return false;
	return !spool_segment_is_file(segment) ||
	       spool_checksum(segment->seed, content,
		   content_octets(header->segment_len, header->len)) ==
	           header->content;
}

static void
describe(const struct record_header *header, const uint8_t *content,
    struct sink_line *out)
{
	*out = (struct sink_line){
		.text = (const char *)content + header->segment_len + 1,
		.segment = (const char *)content,
		.put_us = header->put_us,
		.len = header->len,
		.segment_len = header->segment_len,
		.severity = header->severity,
		.type = header->type,
	};
}

static bool
find_record(const struct spool_segment *segment, size_t *at, bool whole,
    struct spool_record *out)
{
	struct record_header header;
	size_t offset, end;

	for (offset = *at; offset < segment->used; offset = end) {
		const uint8_t *content = segment->octets + offset +
		                         sizeof header;

		end = read_record_header(segment, offset, &header);
		if (end == 0) {
			end = offset + RECORD_ALIGN;
			continue;
		}
		if (!(whole ? is_content_good : is_content_ended)(segment,
			content, &header) ||
		    header.severity != segment->severity ||
		    header.type >= EVENT_TYPE_COUNT)
			continue;
		describe(&header, content, &out->line);
		out->sequence = header.sequence;
		out->offset = offset;
		out->end = *at = end;
		out->settled = header.settled != 0;
		return true;
	}
	*at = segment->used;
	return false;
}

bool
spool_segment_next(const struct spool_segment *segment, size_t *at,
    struct spool_record *out)
{
	return find_record(segment, at, true, out);
}

bool
spool_segment_next_header(const struct spool_segment *segment, size_t *at,
    struct spool_record *out)
{
	return find_record(segment, at, false, out);
}

bool
spool_segment_is_good(const struct spool_segment *segment, size_t offset)
{
	struct record_header header;
	const uint8_t *at = segment->octets + offset;

	if (!spool_segment_is_file(segment))
		return true;
	memcpy(&header, at, sizeof header);
	/* Others may have written a longer one, with sums that are good. */
	return header.magic == RECORD_MAGIC &&
	       header.check == record_check(segment, header) &&
	       header.len <= TEXT_OCTETS_MAX &&
	       record_octets(header.segment_len, header.len) <=
	           segment->size - offset &&
	       is_content_good(segment, at + sizeof header, &header);
}

uint32_t
spool_segment_settle(struct spool_segment *segment, size_t offset)
{
	struct record_header header;
	uint8_t *at = segment->octets + offset;

	memcpy(&header, at, sizeof header);
	at[offsetof(struct record_header, settled)] = 1;
	segment->dirty = true;
	return header.len;
}

int
spool_segment_sync(const struct spool_segment *segment, size_t from, size_t to)
{
	size_t begin = from / page_size() * page_size();

	return msync(segment->octets + begin, to - begin, MS_SYNC);
}

bool
spool_segment_is_lost(const struct spool_segment *segment)
{
	return spool_segment_is_file(segment) &&
	       page_guard_damage(segment->guard) != NULL;
}
