#ifndef SENSOR_ARCHIVE_READER_H
#define SENSOR_ARCHIVE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "sensor/input.h"

/*
 * What is inside a compressed file or an archive: gzip, bzip2, xz, zstd, lz4,
 * and of those or of nothing, zip and tar.  Recognised by content.
 */
struct archive_reader;

/*
 * Takes `below` over, whatever the outcome.  A `password` (NULL for none) is
 * for zip.  Without `members` only compression is read.
 */
struct archive_reader *archive_reader_new(struct input *below, bool members,
    const char *password, char *error, size_t error_size);
void archive_reader_free(struct archive_reader *archive);

enum archive_member {
	MEMBER_FILE, /* read it with archive_reader_open_member */
	MEMBER_NONE, /* no more */
	MEMBER_ERROR,
	MEMBER_NOT_ARCHIVE, /* neither an archive nor compressed */
};

/*
 * On to the next member that is a file; the one before is dead.  What is only
 * compressed has one member without a name.
 */
enum archive_member archive_reader_next(struct archive_reader *archive,
    char *error, size_t error_size);

/* How many times archive_reader_next gave a file. */
unsigned archive_reader_member_count(const struct archive_reader *archive);

/*
 * Name of the member, NULL for none, at most MEMBER_NAME_MAX octets and dead
 * with the next.
 */
#define MEMBER_NAME_MAX 255
const char *archive_reader_name(const struct archive_reader *archive);
bool archive_reader_is_encrypted(const struct archive_reader *archive);

/*
 * The member's octets.  With `own` the archive is freed with the input.
 * NULL: out of memory, and nothing is freed.
 */
struct input *archive_reader_open_member(struct archive_reader *archive,
    bool own);

#endif
