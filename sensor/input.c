#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/input.h"
#include "sensor/mapping.h"

/* What each kind of input does its own way; see input.h. */
struct input_kind {
	enum input_state (*fill)(struct input *input, size_t need);
	void (*advance)(struct input *input);
	const uint8_t *(*damage)(const struct input *input);
	uint64_t (*position)(const struct input *input);
	bool (*seek)(struct input *input, uint64_t offset);
	uint64_t (*size)(const struct input *input);
	void (*free)(struct input *input);
};

enum input_state
input_fill(struct input *input, size_t need)
{
	if (input->window.left >= need)
		return INPUT_READY;
	return input->kind->fill(input, need);
}

void
input_advance(struct input *input)
{
	input->kind->advance(input);
}

const uint8_t *
input_damage(const struct input *input)
{
	return input->kind->damage(input);
}

uint64_t
input_position(const struct input *input)
{
	return input->kind->position(input);
}

bool
input_seek(struct input *input, uint64_t offset)
{
	return input->kind->seek(input, offset);
}

uint64_t
input_size(const struct input *input)
{
	return input->kind->size(input);
}

void
input_free(struct input *input)
{
	if (input != NULL)
		input->kind->free(input);
}

static enum input_state
input_failed(struct input *input, const char *why)
{
	snprintf(input->error, sizeof(input->error), "%s", why);
	return INPUT_FAILED;
}

/* All octets are in memory: they are the window from the start. */

struct memory_input {
	struct input input; /* first, so that one is the other */
	struct cursor all;
};

static enum input_state
memory_fill(struct input *input, size_t need)
{
	(void)input;
	(void)need;
	return INPUT_END;
}

static void
nothing_to_advance(struct input *input)
{
	(void)input;
}

static const uint8_t *
no_damage(const struct input *input)
{
	(void)input;
	return NULL;
}

static uint64_t
memory_position(const struct input *input)
{
	const struct memory_input *memory = (const struct memory_input *)input;

	return memory->all.left - input->window.left;
}

static bool
memory_seek(struct input *input, uint64_t offset)
{
	struct memory_input *memory = (struct memory_input *)input;
	struct cursor window = memory->all;

	if (offset > window.left || !cur_skip(&window, offset))
		return false;
	input->window = window;
	return true;
}

static uint64_t
memory_size(const struct input *input)
{
	return ((const struct memory_input *)input)->all.left;
}

static void
memory_free(struct input *input)
{
	free(input);
}

static const struct input_kind memory_kind = {
	.fill = memory_fill,
	.advance = nothing_to_advance,
	.damage = no_damage,
	.position = memory_position,
	.seek = memory_seek,
	.size = memory_size,
	.free = memory_free,
};

struct input *
input_of_memory(const void *octets, size_t len)
{
	struct memory_input *memory;

	if ((memory = calloc(1, sizeof(*memory))) == NULL)
		return NULL;
	memory->all = cur_of(octets, len);
	memory->input.window = memory->all;
	memory->input.kind = &memory_kind;
	return &memory->input;
}

/* The same with a mapped file, which can go away under our hands. */

struct mapped_input {
	struct memory_input memory;
	struct mapping mapping;
};

static enum input_state
mapped_fill(struct input *input, size_t need)
{
	(void)need;
	if (input_damage(input) != NULL)
		return input_failed(input,
		    "the file was cut short while it was read, "
		    "or its disk failed");
	return INPUT_END;
}

static void
mapped_advance(struct input *input)
{
	struct mapping *mapping = &((struct mapped_input *)input)->mapping;

	if (memory_position(input) >= mapping->next)
		mapping_advance(mapping, input->window.at);
}

static bool
mapped_seek(struct input *input, uint64_t offset)
{
	if (!memory_seek(input, offset))
		return false;
	mapping_jump(&((struct mapped_input *)input)->mapping, offset);
	return true;
}

static const uint8_t *
mapped_damage(const struct input *input)
{
	return mapping_damage(&((const struct mapped_input *)input)->mapping);
}

static void
mapped_free(struct input *input)
{
	mapping_close(&((struct mapped_input *)input)->mapping);
	free(input);
}

static const struct input_kind mapped_kind = {
	.fill = mapped_fill,
	.advance = mapped_advance,
	.damage = mapped_damage,
	.position = memory_position,
	.seek = mapped_seek,
	.size = memory_size,
	.free = mapped_free,
};

static struct input *
input_of_mapping(int fd, size_t len)
{
	struct mapped_input *mapped;

	if ((mapped = calloc(1, sizeof(*mapped))) == NULL)
		return NULL;
	if (mapping_open(&mapped->mapping, fd, len) == -1) {
		free(mapped);
		return NULL;
	}
	mapped->memory.all = cur_of(mapped->mapping.octets, len);
	mapped->memory.input.window = mapped->memory.all;
	mapped->memory.input.kind = &mapped_kind;
	return &mapped->memory.input;
}

/*
 * A stream has a buffer; the window is the part of it that is filled and
 * unread.  It starts with room for thousands of packets and grows to the
 * longest record, which the readers bound.
 */

#define STREAM_BUFFER_OCTETS (256u << 10)

struct stream_input {
	struct input input;
	const struct input_stream_ops *ops;
	void *from;
	uint8_t *buffer;
	size_t size;
	bool at_end;
};

/* Makes room for `need` octets, the unread ones at the front. */
static bool
stream_make_room(struct stream_input *stream, size_t need)
{
	struct cursor *window = &stream->input.window;
	uint8_t *buffer = stream->buffer;
	size_t size = stream->size;

	while (size < need)
		size *= 2;
	if (size > stream->size && (buffer = malloc(size)) == NULL)
		return false;
	if (window->left > 0)
		memmove(buffer, window->at, window->left);
	if (buffer != stream->buffer) {
		free(stream->buffer);
		stream->buffer = buffer;
		stream->size = size;
	}
	window->at = buffer;
	return true;
}

static enum input_state
stream_fill(struct input *input, size_t need)
{
	struct stream_input *stream = (struct stream_input *)input;
	struct cursor *window = &input->window;
	ssize_t got;

	if (stream->at_end)
		return INPUT_END;
	if (!stream_make_room(stream, need))
		return input_failed(input, "out of memory");
	while (window->left < need) {
		got = stream->ops->read(stream->from,
		    stream->buffer + window->left, stream->size - window->left,
		    input->error, sizeof(input->error));
		if (got == INPUT_READ_WAIT)
			return INPUT_WAIT;
		if (got == -1)
			return INPUT_FAILED;
		if (got == 0) {
			stream->at_end = true;
			return INPUT_END;
		}
		window->left += (size_t)got;
	}
	return INPUT_READY;
}

static uint64_t
stream_position(const struct input *input)
{
	const struct stream_input *stream = (const struct stream_input *)input;

	return stream->ops->position(stream->from);
}

static bool
stream_seek(struct input *input, uint64_t offset)
{
	(void)input;
	(void)offset;
	return false;
}

static uint64_t
stream_size(const struct input *input)
{
	(void)input;
	return 0;
}

static void
stream_free(struct input *input)
{
	struct stream_input *stream = (struct stream_input *)input;

	stream->ops->close(stream->from);
	free(stream->buffer);
	free(stream);
}

static const struct input_kind stream_kind = {
	.fill = stream_fill,
	.advance = nothing_to_advance,
	.damage = no_damage,
	.position = stream_position,
	.seek = stream_seek,
	.size = stream_size,
	.free = stream_free,
};

struct input *
input_of_stream(const struct input_stream_ops *ops, void *from)
{
	struct stream_input *stream;

	if ((stream = calloc(1, sizeof(*stream))) == NULL)
		return NULL;
	if ((stream->buffer = malloc(STREAM_BUFFER_OCTETS)) == NULL) {
		free(stream);
		return NULL;
	}
	stream->size = STREAM_BUFFER_OCTETS;
	stream->ops = ops;
	stream->from = from;
	stream->input.window.at = stream->buffer;
	stream->input.kind = &stream_kind;
	return &stream->input;
}

/* A stream from a descriptor: standard input, a FIFO, an odd file system. */

#define DESCRIPTOR_WAIT_MS 100

struct descriptor {
	int fd;
	uint64_t position;
};

static ssize_t
descriptor_read(void *from, void *to, size_t size, char *error,
    size_t error_size)
{
	struct descriptor *descriptor = from;
	struct pollfd wait = { .fd = descriptor->fd, .events = POLLIN };
	ssize_t got;

	/* A writer that pauses, or trickles, must not stop the caller's clock:
	 * whenever there was something to wait for, the caller goes first. */
	if (poll(&wait, 1, 0) < 1) {
		(void)poll(&wait, 1, DESCRIPTOR_WAIT_MS);
		return INPUT_READ_WAIT;
	}
	got = read(descriptor->fd, to, size);
	if (got == -1 && (errno == EINTR || errno == EAGAIN))
		return INPUT_READ_WAIT;
	if (got == -1) {
		snprintf(error, error_size, "%s", strerror(errno));
		return -1;
	}
	descriptor->position += (uint64_t)got;
	return got;
}

static uint64_t
descriptor_position(void *from)
{
	return ((struct descriptor *)from)->position;
}

static void
descriptor_close(void *from)
{
	struct descriptor *descriptor = from;

	if (descriptor->fd != STDIN_FILENO)
		close(descriptor->fd);
	free(descriptor);
}

static const struct input_stream_ops descriptor_ops = {
	.read = descriptor_read,
	.position = descriptor_position,
	.close = descriptor_close,
};

static struct input *
input_of_descriptor(int fd)
{
	struct descriptor *descriptor;
	struct input *input;

	if ((descriptor = calloc(1, sizeof(*descriptor))) == NULL)
		return NULL;
	descriptor->fd = fd;
	if ((input = input_of_stream(&descriptor_ops, descriptor)) == NULL)
		free(descriptor);
	return input;
}

/* Standard input may have been read in part by someone before us. */
static bool
can_be_mapped(int fd, const struct stat *about)
{
	return S_ISREG(about->st_mode) && about->st_size > 0 &&
	       (uintmax_t)about->st_size <= SIZE_MAX &&
	       lseek(fd, 0, SEEK_CUR) == 0;
}

static struct input *
open_descriptor(int fd, char *error, size_t error_size)
{
	struct input *input = NULL;
	struct stat about;

	if (fstat(fd, &about) == -1) {
		snprintf(error, error_size, "%s", strerror(errno));
		return NULL;
	}
	if (S_ISDIR(about.st_mode)) {
		snprintf(error, error_size, "%s", strerror(EISDIR));
		return NULL;
	}
	if (can_be_mapped(fd, &about))
		input = input_of_mapping(fd, (size_t)about.st_size);
	if (input != NULL) {
		if (fd != STDIN_FILENO)
			close(fd);
		return input;
	}
	if ((input = input_of_descriptor(fd)) == NULL)
		snprintf(error, error_size, "out of memory");
	return input;
}

struct input *
input_open(const char *path, char *error, size_t error_size)
{
	struct input *input;
	int fd;

	if (strcmp(path, "-") == 0)
		return open_descriptor(STDIN_FILENO, error, error_size);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		snprintf(error, error_size, "%s", strerror(errno));
		return NULL;
	}
	if ((input = open_descriptor(fd, error, error_size)) == NULL)
		close(fd);
	return input;
}
