#ifndef SENSOR_SOURCE_H
#define SENSOR_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sensor/archive_reader.h"
#include "sensor/input.h"
#include "sensor/packet.h"
#include "sensor/path_list.h"
#include "sensor/reader.h"

#define SOURCE_ERROR_MAX 256

/* A stored capture that is being read. */
struct source_content {
	struct input *input;
	struct reader reader;
	struct archive_reader *archive; /* its member is read; or NULL */
	uint64_t position_at_open;      /* input_position */
	uint64_t packets;               /* read so far */
	struct packet head;             /* read, but not handed on */
	bool has_head;
};

/*
 * A file, or a member of an archive.  What it is shows when it is looked into;
 * from then on it is closed until its time comes, so that thousands of rotated
 * captures are not open at once.
 */
struct source {
	char *name; /* path, or path:member */
	const struct path *path;
	uint64_t order;  /* decides between equal times: as given */
	unsigned member; /* which of the archive, from 1; 0: no archive */
	bool known;      /* it is a capture: `id` is valid */
	uint16_t id;     /* packet.source */
	uint64_t key_us; /* time of the next packet; 0: not looked into */
	struct source_content *content; /* NULL: closed */

	struct input *arriving; /* a stream whose first octets are awaited */

	/* An archive: what is looked through, and what was found in it. */
	struct archive_reader *archive;
	unsigned found_count;
	/* A member of an archive that can be read only once: the archive. */
	struct source *whole;
};

/* NULL: out of memory.  `member_name` is NULL where there is none. */
struct source *source_new(const struct path *path, uint64_t order,
    unsigned member, const char *member_name);
/* Frees what it has open, too. */
void source_free(struct source *source);

enum source_found {
	FOUND_CAPTURE, /* the source is open */
	FOUND_OTHER,   /* an input of another format: *other */
	FOUND_NOTHING, /* not a capture */
	FOUND_WAIT,    /* nothing has come yet; ask again */
	FOUND_ERROR,   /* `error` */
};

/*
 * Opens the source's file; where that is neither pcap nor pcapng, it becomes
 * the caller's in *other.
 */
enum source_found source_open_file(struct source *source, struct input **other,
    char *error);

/*
 * Opens the member at which `archive` is, looking through one more layer of
 * compression.  The archive stays the caller's and must live until the source
 * is closed.
 */
enum source_found source_open_member(struct source *source,
    struct archive_reader *archive, char *error);

/* Gives back the archive that a member was read from, or NULL. */
struct archive_reader *source_close(struct source *source);

/* Octets of the file read since it was opened, before decompression. */
uint64_t source_position(const struct source *source);

enum source_step {
	SOURCE_PACKET,
	SOURCE_FULL, /* the packets before must be dropped first */
	SOURCE_WAIT, /* nothing came within 100 ms */
	SOURCE_END,
	SOURCE_ERROR, /* `error`: nothing more can be read */
};

/*
 * The next packet.  With `keep`, packets that this gave before stay valid, and
 * SOURCE_FULL is returned where they could not.
 */
enum source_step source_next(struct source *source, struct packet *packet,
    bool keep, char *error);

#endif
