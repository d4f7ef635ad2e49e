#include "output/spool_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/spool_segment.h"

#define RUN_DIGITS 8
/* Files looked at; more are left for the next start. */
#define LISTING_MAX 8192

#define RUN_TRIES 64 /* others may take the same number at the same time */

typedef char file_name[SPOOL_FILE_NAME_SIZE];

struct listing {
	file_name *names;
	size_t count, size;
	uint32_t greatest_run;
};

/* --- names --- */

static void
name_lock(char *name, uint32_t run)
{
	snprintf(name, SPOOL_FILE_NAME_SIZE, "%08x.lock", (unsigned)run);
}

static void
name_segment(char *name, uint32_t run, unsigned severity, uint32_t number)
{
	snprintf(name, SPOOL_FILE_NAME_SIZE, "%08x-%u-%08x.segment",
	    (unsigned)run, severity, (unsigned)number);
}

void
spool_folder_name(struct spool_folder *folder, unsigned severity, char *name)
{
	name_segment(name, folder->run, severity, ++folder->files);
}

/* Only what is spelled as we spell it. */
static bool
read_name(const char *name, uint32_t *run, bool *is_lock)
{
	unsigned read_run, severity, number;
	file_name again;

	if (sscanf(name, "%8x-%1u-%8x", &read_run, &severity, &number) == 3) {
		name_segment(again, read_run, severity, number);
		*is_lock = false;
	} else if (sscanf(name, "%8x", &read_run) == 1) {
		name_lock(again, read_run);
		*is_lock = true;
	} else {
		return false;
	}
	*run = read_run;
	return strcmp(name, again) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* --- what is there --- */

static int
listing_add(struct listing *listing, const char *name)
{
	size_t size = listing->size > 0 ? listing->size * 2 : 64;
	file_name *names = listing->names;

	if (listing->count == LISTING_MAX)
		return 0;
	if (listing->count == listing->size) {
		if ((names = realloc(names, size * sizeof *names)) == NULL)
			return -1;
		listing->names = names;
		listing->size = size;
	}
	/* It was read as a name of ours, and so it fits. */
	memcpy(names[listing->count++], name, strlen(name) + 1);
	return 0;
}

static int
read_directory(DIR *directory, struct listing *listing)
{
	struct dirent *entry;
	uint32_t run;
	bool is_lock;

	for (;;) {
		errno = 0;
		if ((entry = readdir(directory)) == NULL)
			return errno == 0 ? 0 : -1;
		if (!read_name(entry->d_name, &run, &is_lock))
			continue;
		if (run > listing->greatest_run)
			listing->greatest_run = run;
		if (listing_add(listing, entry->d_name) == -1)
			return -1;
	}
}

/* All locks and segments, sorted: a run's segments come before its lock. */
static int
list(int folder, struct listing *out)
{
	DIR *directory;
	int fd, rc;

	*out = (struct listing){ 0 };
	if ((fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ==
	    -1)
		return -1;
	if ((directory = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	rc = read_directory(directory, out);
	closedir(directory);
	if (rc == 0 && out->count > 0)
		qsort(out->names, out->count, sizeof *out->names, by_name);
	return rc;
}

/* --- locks --- */

/* Who held a lock before may have removed it: then it is nobody's. */
static bool
is_still_named(int folder, const char *name, int fd)
{
	struct stat ours, theirs;

	return fstat(fd, &ours) == 0 &&
	       fstatat(folder, name, &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/* The lock's descriptor; -1 where it is not to be had, with errno. */
static int
lock_open(int folder, const char *name, int flags)
{
	int fd = openat(folder, name,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);

	if (fd == -1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (is_still_named(folder, name, fd))
			return fd;
		errno = EWOULDBLOCK;
	}
	int why = errno;

	close(fd);
	errno = why;
	return -1;
}

/*
 * A new lock is taken a moment after it was made.  In between it looks like
 * that of a run that has ended, so the next number is tried.
 */
static int
take_run(struct spool_folder *folder, uint32_t greatest)
{
	file_name name;

	for (int i = 0; i < RUN_TRIES && greatest < UINT32_MAX; i++) {
		folder->run = ++greatest;
		name_lock(name, folder->run);
		folder->lock = lock_open(folder->fd, name, O_CREAT | O_EXCL);
		if (folder->lock != -1)
			return 0;
		if (errno != EEXIST && errno != EWOULDBLOCK)
			return -1;
	}
	errno = greatest == UINT32_MAX ? EOVERFLOW : EAGAIN;
	return -1;
}

/* --- opening and closing --- */

static bool
is_name_good(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	return name != NULL && name[0] != '\0' &&
	       name[strspn(name, allowed)] == '\0' && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static int
make_folder(const char *directory, const char *name)
{
	int above, fd;

	if (mkdir(directory, 0700) == -1 && errno != EEXIST)
		return -1;
	above = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above == -1)
		return -1;
	if (mkdirat(above, name, 0700) == -1 && errno != EEXIST)
		fd = -1;
	else
		fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(above);
	return fd;
}

int
spool_folder_open(struct spool_folder *folder, const char *directory,
    const char *name, char *error, size_t error_size)
{
	struct listing listing = { 0 };
	int why;

	*folder = (struct spool_folder){ .fd = -1, .lock = -1 };
	if (!is_name_good(name)) {
		snprintf(error, error_size,
		    "a spool's name is letters, digits, '.', '_' and '-'");
		return -1;
	}
	if ((folder->fd = make_folder(directory, name)) != -1 &&
	    list(folder->fd, &listing) == 0 &&
	    take_run(folder, listing.greatest_run) == 0) {
		free(listing.names);
		return 0;
	}
	why = errno;
	free(listing.names);
	if (folder->fd != -1)
		close(folder->fd);
	folder->fd = -1;
	snprintf(error, error_size, "%s/%s: %s", directory, name,
	    why == EOVERFLOW ? "no run number is left" : strerror(why));
	return -1;
}

/*
 * All names of one run.  Without a lock, a regular file, they are nobody's: it
 * is made before the first of them.
 */
static void
adopt_run(struct spool_folder *folder, file_name *names, size_t count,
    void (*found)(void *arg, const char *name), void *arg)
{
	file_name lock_name;
	uint32_t run;
	bool is_lock;
	int lock;

	read_name(names[0], &run, &is_lock);
	if (run == folder->run)
		return;
	name_lock(lock_name, run);
	lock = lock_open(folder->fd, lock_name, 0);
	if (lock == -1 && errno != ENOENT && errno != ELOOP && errno != EISDIR)
		return;
	for (size_t i = 0; i < count; i++) {
		if (read_name(names[i], &run, &is_lock) && !is_lock)
			found(arg, names[i]);
	}
	if (lock == -1)
		return;
	unlinkat(folder->fd, lock_name, 0);
	close(lock);
}

int
spool_folder_adopt(struct spool_folder *folder,
    void (*found)(void *arg, const char *name), void *arg, char *error,
    size_t error_size)
{
	struct listing listing;
	size_t first, end;
	int rc;

	if ((rc = list(folder->fd, &listing)) == -1)
		snprintf(error, error_size, "reading the spool: %s",
		    strerror(errno));
	for (first = 0; rc == 0 && first < listing.count; first = end) {
		end = first + 1;
		while (end < listing.count &&
		       memcmp(listing.names[first], listing.names[end],
			   RUN_DIGITS) == 0)
			end++;
		adopt_run(folder, listing.names + first, end - first, found,
		    arg);
	}
	free(listing.names);
	return rc;
}

void
spool_folder_close(struct spool_folder *folder, size_t files_left)
{
	file_name name;

	if (folder->fd == -1)
		return;
	name_lock(name, folder->run);
	if (files_left == 0)
		unlinkat(folder->fd, name, 0);
	close(folder->lock);
	close(folder->fd);
	folder->fd = folder->lock = -1;
}
