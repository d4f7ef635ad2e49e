#include "output/sink_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Files, pipes and standard output.  Lines go out with writev(2), many at a
 * time and straight from where they are.
 *
 * A regular file is never left with half a line: where the disk is full, what
 * was written of the last line is cut off again and the line stays in the
 * queue.  A pipe or terminal cannot take back; there `begun` octets of the
 * first line are out already and the rest follows.
 */

#define FILE_MODE 0640

#define IOV_COUNT 512

struct sink_file {
	struct sink_patience *patience;
	const char *path; /* the URL's; NULL: standard output */
	int fd;
	bool regular;
	bool blocking; /* a write may block in spite of POLLOUT */
	size_t begun;  /* octets of the first line that are out */
};

static int
refuse(char *error, size_t error_size, int why)
{
	snprintf(error, error_size, "%s", strerror(why));
	return -1;
}

/*
 * Opened without blocking, since a FIFO that nobody reads would block for
 * ever: that is an error (ENXIO).
 */
static int
open_path(const char *path)
{
	return open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    FILE_MODE);
}

/*
 * Standard output shares its flags with whoever started us, so that it must
 * not be made non-blocking; opened anew through /proc it has flags of its own.
 */
static int
open_stdout(bool regular)
{
	int fd = -1;

	if (!regular)
		fd = open("/proc/self/fd/1",
		    O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd != -1 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

/* A new descriptor for the sink's file, in *fd and what is known of it. */
static int
open_fd(struct sink_file *file, char *error, size_t error_size)
{
	struct stat status = { 0 };
	int fd;

	if (file->path != NULL) {
		fd = open_path(file->path);
	} else {
		if (fstat(STDOUT_FILENO, &status) == -1)
			return refuse(error, error_size, errno);
		fd = open_stdout(S_ISREG(status.st_mode));
	}
	if (fd == -1)
		return refuse(error, error_size, errno);
	if (fstat(fd, &status) == -1) {
		close(fd);
		return refuse(error, error_size, errno);
	}
	file->fd = fd;
	file->regular = S_ISREG(status.st_mode);
	file->blocking = !file->regular && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
	return 0;
}

static int
file_open(const struct sink_url *url, const struct sink_options *options,
    struct sink_patience *patience, void **out, char *error, size_t error_size)
{
	struct sink_file *file;

	(void)options;
	if ((file = calloc(1, sizeof *file)) == NULL)
		return refuse(error, error_size, ENOMEM);
	file->patience = patience;
	file->path = url->kind == SINK_FILE ? url->path : NULL;
	if (open_fd(file, error, error_size) == -1) {
		free(file);
		return -1;
	}
	*out = file;
	return 0;
}

static int
file_reopen(void *state, char *error, size_t error_size)
{
	struct sink_file *file = state;
	int before = file->fd;

	if (file->path == NULL)
		return 0; /* standard output cannot be opened anew */
	if (open_fd(file, error, error_size) == -1)
		return -1;
	close(before);
	/* A line that the old pipe had half is whole in the new one. */
	file->begun = 0;
	return 0;
}

static void
file_close(void *state)
{
	struct sink_file *file = state;

	close(file->fd);
	free(file);
}

/* Windows on the lines, the first without its `begun` octets. */
static int
gather(const struct sink_file *file, const struct sink_line *lines,
    size_t count, struct iovec iov[IOV_COUNT])
{
	size_t skip = file->begun, total = 0;
	size_t most = file->blocking ? PIPE_BUF : SIZE_MAX;
	int used = 0;

	while ((size_t)used < count && used < IOV_COUNT && total < most) {
		const struct sink_line *line = &lines[used];
		size_t len = (size_t)line->len + 1 - skip;

		if (len > most - total)
			len = most - total;
		iov[used].iov_base = (char *)line->text + skip;
		iov[used].iov_len = len;
		total += len;
		used++;
		skip = 0;
	}
	return used;
}

/* `written` octets are out: marks whole lines, keeps count of a part. */
static size_t
advance(struct sink_file *file, const struct sink_line *lines, size_t count,
    size_t written, uint8_t *fates)
{
	size_t done = 0;

	written += file->begun;
	while (done < count && written >= (size_t)lines[done].len + 1) {
		written -= (size_t)lines[done].len + 1;
		fates[done++] = LINE_WRITTEN;
	}
	file->begun = written;
	return done;
}

/* Where nobody has written after us, half a line at the end is ours. */
static void
take_back(struct sink_file *file)
{
	off_t end = lseek(file->fd, 0, SEEK_CUR);
	struct stat status;

	if (file->begun == 0 || !file->regular || end == -1 ||
	    fstat(file->fd, &status) == -1 || status.st_size != end)
		return;
	if (ftruncate(file->fd, end - (off_t)file->begun) == -1)
		return; /* the rest of the line follows, then */
	/* Without O_APPEND (a shell's "> file") the position counts. */
	if (lseek(file->fd, end - (off_t)file->begun, SEEK_SET) != -1)
		file->begun = 0;
}

/* writev(2) failed. */
static enum sink_state
failed(struct sink_file *file, int why, struct sink_outcome *outcome)
{
	take_back(file);
	/* The next reader of a FIFO gets whole lines. */
	if (why == EPIPE)
		file->begun = 0;
	if (why == EPIPE && file->path == NULL) {
		snprintf(outcome->message, sizeof outcome->message,
		    "its reader is gone, events for it are lost from now on");
		return SINK_FAILED;
	}
	snprintf(outcome->message, sizeof outcome->message, "%s",
	    strerror(why));
	return SINK_DOWN;
}

static enum sink_state
file_publish(void *state, const struct sink_line *lines, size_t count,
    struct sink_outcome *outcome)
{
	struct sink_file *file = state;
	uint64_t until_ms = sink_clock_ms() + SINK_TURN_MS;
	struct iovec iov[IOV_COUNT];
	size_t done = 0;

	while (done < count && sink_clock_ms() < until_ms) {
		int used = gather(file, lines + done, count - done, iov);
		ssize_t written;

		if (file->blocking && sink_poll(file->patience, file->fd,
					  POLLOUT, SINK_TURN_MS) == 0)
			break;
		written = writev(file->fd, iov, used);
		if (written >= 0) {
			done += advance(file, lines + done, count - done,
			    (size_t)written, outcome->fates + done);
		} else if (errno == EAGAIN) {
			if (sink_poll(file->patience, file->fd, POLLOUT,
				SINK_TURN_MS) == 0)
				break;
		} else if (errno != EINTR) {
			return failed(file, errno, outcome);
		}
	}
	return SINK_UP;
}

const struct sink_driver sink_file_driver = {
	.open = file_open,
	.publish = file_publish,
	.reopen = file_reopen,
	.close = file_close,
};
