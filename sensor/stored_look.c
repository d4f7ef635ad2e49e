#include <stdio.h>
#include <string.h>

#include "sensor/stored.h"

/* Files that are no captures and are reported one by one. */
#define SKIPS_TOLD_MAX 20

/* What a user may have meant, where a file that was named is none of it. */
#define NOT_A_CAPTURE                                                          \
	"not a capture: neither pcap nor pcapng, nor compressed (gzip, "       \
	"bzip2, xz, zstd, lz4), nor an archive (zip, tar) with one inside"

static void
skip(struct stored *stored, const char *name, const char *why)
{
	if (stored->skipped_count++ < SKIPS_TOLD_MAX)
		capture_tell(&stored->reporter, "%s: %s, skipped", name, why);
}

/* Only what was named by the user had to be a capture. */
static void
refuse(struct stored *stored, const struct source *source, const char *why)
{
	if (source->path->directory == NULL)
		stored_fail(stored, source->name, why);
	else
		skip(stored, source->name, "not a capture");
}

/* A capture's number, by which its packets will name it. */
static bool
give_id(struct stored *stored, struct source *source)
{
	if (stored->source_count == SOURCES_MAX) {
		if (!stored->too_many_told)
			capture_tell(&stored->reporter,
			    "%s: only %d captures can be read in one run",
			    source->name, SOURCES_MAX);
		stored->too_many_told = true;
		stored->counts.failed_files++;
		return false;
	}
	source->id = (uint16_t)stored->source_count;
	source->known = true;
	stored->sources[stored->source_count++] = source;
	if (source->path->directory != NULL)
		source->path->directory->captures++;
	return true;
}

/*
 * Learns from a source that was just opened when it starts, and leaves it
 * open.  Where it has no packets, or is damaged, it is finished: false.
 */
static bool
learn_start(struct stored *stored, struct source *source)
{
	struct source_content *content = source->content;
	char error[SOURCE_ERROR_MAX];

	switch (source_next(source, &content->head, false, error)) {
	case SOURCE_PACKET:
		content->has_head = true;
		source->key_us = content->head.time_us;
		return true;
	case SOURCE_FULL:
	case SOURCE_WAIT:
		return true;
	case SOURCE_END:
		stored_finish(stored, source, true);
		return false;
	case SOURCE_ERROR:
		break;
	}
	stored_fail_packet(stored, source, error);
	return false;
}

/* A file that is a capture itself. */
static void
admit_file(struct stored *stored, struct source *source)
{
	stored->open_count++;
	if (!give_id(stored, source)) {
		stored->open_count--;
		source_free(source);
		return;
	}
	if (!learn_start(stored, source))
		return;
	if (!source->path->once && stored->list.count > 1) {
		stored->open_count--;
		source_close(source);
	}
	stored_queue(stored, source);
}

/* A member that is a capture; the archive is back with the caller. */
static void
admit_member(struct stored *stored, struct source *source)
{
	source->content->archive = NULL;
	stored->open_count++;
	if (!give_id(stored, source)) {
		stored->open_count--;
		source_free(source);
		return;
	}
	if (!learn_start(stored, source))
		return;
	stored->open_count--;
	source_close(source);
	stored_queue(stored, source);
}

/* A member that must be read now; it takes the archive with it. */
static void
admit_once(struct stored *stored, struct source *source, struct source *whole)
{
	whole->archive = NULL;
	stored->open_count++;
	if (!give_id(stored, source)) {
		stored->open_count--;
		source_free(source);
		source_free(whole);
		return;
	}
	source->whole = whole;
	if (learn_start(stored, source))
		stored_queue(stored, source);
}

/* False where the archive is in use now and cannot be looked through. */
static bool
look_into_member(struct stored *stored, struct source *whole)
{
	unsigned member = archive_reader_member_count(whole->archive);
	char error[SOURCE_ERROR_MAX] = "out of memory";
	struct source *source = source_new(whole->path, whole->order + member,
	    member, archive_reader_name(whole->archive));
	enum source_found found = FOUND_ERROR;

	if (source != NULL)
		found = source_open_member(source, whole->archive, error);
	switch (found) {
	case FOUND_CAPTURE:
		whole->found_count++;
		if (whole->path->once) {
			admit_once(stored, source, whole);
			return false;
		}
		admit_member(stored, source);
		return true;
	case FOUND_OTHER:
	case FOUND_WAIT:
	case FOUND_NOTHING:
		skip(stored, source->name,
		    archive_reader_is_encrypted(whole->archive)
			? "not a capture with this --zip-password"
			: "not a capture");
		source_free(source);
		return true;
	case FOUND_ERROR:
		break;
	}
	whole->found_count++;
	stored_fail(stored, source != NULL ? source->name : whole->name, error);
	source_free(source);
	return true;
}

/*
 * Looks into each member of an archive; of one that can be read only once, up
 * to the first capture: stored_finish comes back for the rest.
 */
static void
look_through(struct stored *stored, struct source *whole)
{
	char error[SOURCE_ERROR_MAX];

	for (;;) {
		switch (
		    archive_reader_next(whole->archive, error, sizeof(error))) {
		case MEMBER_FILE:
			if (!look_into_member(stored, whole))
				return;
			continue;
		case MEMBER_ERROR:
			stored_fail(stored, whole->name, error);
			break;
		case MEMBER_NONE:
			if (whole->found_count == 0)
				refuse(stored, whole, "no capture in it");
			break;
		case MEMBER_NOT_ARCHIVE:
			refuse(stored, whole, NOT_A_CAPTURE);
			break;
		}
		source_free(whole);
		return;
	}
}

bool
stored_look_into(struct stored *stored, struct source *source)
{
	char error[SOURCE_ERROR_MAX];
	enum source_found found = FOUND_OTHER;
	struct input *other = NULL;

	if (source->archive == NULL)
		found = source_open_file(source, &other, error);
	if (other != NULL) {
		source->archive = archive_reader_new(other, true,
		    stored->zip_password, error, sizeof(error));
		if (source->archive == NULL)
			found = FOUND_ERROR;
	}
	switch (found) {
	case FOUND_CAPTURE:
		admit_file(stored, source);
		return true;
	case FOUND_OTHER:
		look_through(stored, source);
		return true;
	case FOUND_WAIT:
		stored_queue(stored, source);
		return false;
	case FOUND_NOTHING:
	case FOUND_ERROR:
		break;
	}
	/* It should have been one: its directory is not without captures. */
	if (source->path->directory != NULL)
		source->path->directory->captures++;
	stored_fail(stored, source->name, error);
	source_free(source);
	return true;
}

static struct archive_reader *
open_archive(struct stored *stored, const struct path *path, char *error)
{
	struct input *input = input_open(path->name, error, SOURCE_ERROR_MAX);

	if (input == NULL)
		return NULL;
	return archive_reader_new(input, true, stored->zip_password, error,
	    SOURCE_ERROR_MAX);
}

/* On to a member that is known to be there. */
static bool
go_to_member(struct archive_reader *archive, unsigned member, char *error)
{
	snprintf(error, SOURCE_ERROR_MAX, "the archive has changed");
	while (archive_reader_member_count(archive) < member)
		if (archive_reader_next(archive, error, SOURCE_ERROR_MAX) !=
		    MEMBER_FILE)
			return false;
	return true;
}

/* The archive at one of its members, from where the last read one was. */
static struct archive_reader *
archive_at(struct stored *stored, const struct path *path, unsigned member,
    char *error)
{
	struct archive_reader *archive = NULL;

	if (stored->parked.path == path && stored->parked.archive != NULL &&
	    archive_reader_member_count(stored->parked.archive) < member) {
		archive = stored->parked.archive;
		stored->parked.archive = NULL;
	}
	if (archive == NULL)
		archive = open_archive(stored, path, error);
	if (archive == NULL)
		return NULL;
	if (go_to_member(archive, member, error))
		return archive;
	archive_reader_free(archive);
	return NULL;
}

static bool
reopen_member(struct stored *stored, struct source *source, char *error)
{
	struct archive_reader *archive = archive_at(stored, source->path,
	    source->member, error);
	enum source_found found;

	if (archive == NULL)
		return false;
	found = source_open_member(source, archive, error);
	if (found == FOUND_CAPTURE)
		return true;
	if (found != FOUND_ERROR)
		snprintf(error, SOURCE_ERROR_MAX, "the archive has changed");
	archive_reader_free(archive);
	return false;
}

bool
stored_reopen(struct stored *stored, struct source *source, char *error)
{
	struct input *other = NULL;
	enum source_found found;

	if (source->member > 0)
		return reopen_member(stored, source, error);
	found = source_open_file(source, &other, error);
	input_free(other);
	if (found == FOUND_CAPTURE)
		return true;
	if (found != FOUND_ERROR)
		snprintf(error, SOURCE_ERROR_MAX, "the file has changed");
	return false;
}

void
stored_look_back(struct stored *stored)
{
	const struct path_directory *directory = stored->list.directories;

	if (stored->skipped_count > SKIPS_TOLD_MAX)
		capture_tell(&stored->reporter,
		    "%zu more files are not captures, skipped",
		    stored->skipped_count - SKIPS_TOLD_MAX);
	for (; directory != NULL; directory = directory->next)
		if (directory->captures == 0)
			stored_fail(stored, directory->name,
			    "no capture in it");
}
