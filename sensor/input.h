#ifndef SENSOR_INPUT_H
#define SENSOR_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "decoders/cursor.h"

/*
 * Octets to be read once, from front to back: a mapped file, a pipe, or what
 * an archive decompresses.  They are looked at through a window; a reader
 * advances it, and asks for more where it is too small.
 */
struct input {
	struct cursor window; /* unread octets at hand */
	char error[128];      /* set by INPUT_FAILED */
	const struct input_kind *kind;
};

enum input_state {
	INPUT_READY,  /* the window has what was asked for */
	INPUT_WAIT,   /* nothing came within 100 ms; ask again */
	INPUT_END,    /* nothing follows the window */
	INPUT_FAILED, /* nothing more can be read: `error` */
};

/*
 * A regular file is mapped; what cannot be is read as a stream; "-" is
 * standard input.  NULL with the reason in `error`.
 */
struct input *input_open(const char *path, char *error, size_t error_size);

/* Octets that the caller keeps until input_free.  NULL: out of memory. */
struct input *input_of_memory(const void *octets, size_t len);

/*
 * A stream.  `read` gives 1..size octets, 0 at the end, -1 with `error`, or
 * INPUT_READ_WAIT.  `position` is for input_position.  `close` is called by
 * input_free.  On NULL (out of memory) nothing was called.
 */
#define INPUT_READ_WAIT (-2)
struct input_stream_ops {
	ssize_t (*read)(void *from, void *to, size_t size, char *error,
	    size_t error_size);
	uint64_t (*position)(void *from);
	void (*close)(void *from);
};
struct input *input_of_stream(const struct input_stream_ops *ops, void *from);

/*
 * Asks for a window of at least `need` octets.  It may move: octets taken from
 * a stream's window before are dead.
 */
enum input_state input_fill(struct input *input, size_t need);

/*
 * To be called now and then while reading: pages of a mapped file that are
 * behind the window no longer count as resident.  Nothing moves or is lost.
 */
void input_advance(struct input *input);

/*
 * The first octet in memory that is not the file's because it was cut short
 * while it was read; NULL while there is none, and for streams.
 */
const uint8_t *input_damage(const struct input *input);

/* Octets read, of the file at the bottom: before decompression. */
uint64_t input_position(const struct input *input);

/* Continues at `offset` from the start; false for a stream or past the end. */
bool input_seek(struct input *input, uint64_t offset);
/* Octets in all; 0 for a stream. */
uint64_t input_size(const struct input *input);

void input_free(struct input *input);

#endif
