#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/archive_reader.h"

/* What libarchive is given at once of a mapped file. */
#define SLICE_OCTETS (1u << 20)

struct archive_reader {
	struct archive *archive;
	struct input *below;
	bool opened; /* libarchive has looked at the first octets */
	bool has_password;
	bool encrypted;
	bool named;
	unsigned member_count;
	struct cursor block; /* of the member, not yet read */
	la_int64_t offset;   /* in the member, behind the block */
	char name[MEMBER_NAME_MAX + 1];
};

/* libarchive cannot be told to come again later, so here we do wait. */
static enum input_state
fill_patiently(struct input *input)
{
	enum input_state state;

	while ((state = input_fill(input, 1)) == INPUT_WAIT)
		;
	return state;
}

static la_ssize_t
read_slice(struct archive *archive, void *reader, const void **octets)
{
	struct input *below = ((struct archive_reader *)reader)->below;
	struct cursor slice;
	size_t len;

	switch (fill_patiently(below)) {
	case INPUT_READY:
		break;
	case INPUT_WAIT:
	case INPUT_END:
		return 0;
	case INPUT_FAILED:
		archive_set_error(archive, EIO, "%s", below->error);
		return ARCHIVE_FATAL;
	}
	if (input_damage(below) != NULL) {
		archive_set_error(archive, EIO,
		    "the file was cut short while it was read");
		return ARCHIVE_FATAL;
	}
	input_advance(below);
	len = below->window.left < SLICE_OCTETS ? below->window.left
	                                        : SLICE_OCTETS;
	if (!cur_take(&below->window, len, &slice))
		return ARCHIVE_FATAL;
	*octets = slice.at;
	return (la_ssize_t)slice.left;
}

static la_int64_t
seek_slice(struct archive *archive, void *reader, la_int64_t offset, int whence)
{
	struct input *below = ((struct archive_reader *)reader)->below;
	int64_t from = 0;

	(void)archive;
	if (whence == SEEK_CUR)
		from = (int64_t)(input_size(below) - below->window.left);
	else if (whence == SEEK_END)
		from = (int64_t)input_size(below);
	if (__builtin_add_overflow(from, offset, &from) || from < 0 ||
	    !input_seek(below, (uint64_t)from))
		return ARCHIVE_FATAL;
	return from;
}

static void
support_formats(struct archive_reader *reader, bool members)
{
	archive_read_support_filter_gzip(reader->archive);
	archive_read_support_filter_bzip2(reader->archive);
	archive_read_support_filter_xz(reader->archive);
	archive_read_support_filter_zstd(reader->archive);
	archive_read_support_filter_lz4(reader->archive);
	archive_read_support_format_raw(reader->archive);
	if (!members)
		return;
	archive_read_support_format_zip(reader->archive);
	archive_read_support_format_tar(reader->archive);
}

static const char *
reason(struct archive_reader *reader)
{
	const char *why = archive_error_string(reader->archive);

	return why != NULL ? why : "the archive cannot be read";
}

static bool
set_password(struct archive_reader *reader, const char *password)
{
	if (password == NULL)
		return true;
	reader->has_password = true;
	return archive_read_add_passphrase(reader->archive, password) ==
	       ARCHIVE_OK;
}

struct archive_reader *
archive_reader_new(struct input *below, bool members, const char *password,
    char *error, size_t error_size)
{
	struct archive_reader *reader;

	if ((reader = calloc(1, sizeof(*reader))) == NULL ||
	    (reader->archive = archive_read_new()) == NULL) {
		snprintf(error, error_size, "out of memory");
		free(reader);
		input_free(below);
		return NULL;
	}
	reader->below = below;
	support_formats(reader, members);
	archive_read_set_callback_data(reader->archive, reader);
	archive_read_set_read_callback(reader->archive, read_slice);
	if (input_size(below) > 0)
		archive_read_set_seek_callback(reader->archive, seek_slice);
	if (set_password(reader, password))
		return reader;
	snprintf(error, error_size, "%s", reason(reader));
	archive_reader_free(reader);
	return NULL;
}

void
archive_reader_free(struct archive_reader *reader)
{
	if (reader == NULL)
		return;
	archive_read_free(reader->archive);
	input_free(reader->below);
	free(reader);
}

static void
keep_name(struct archive_reader *reader, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);

	if (name == NULL)
		name = archive_entry_pathname(entry);
	if (name != NULL)
		snprintf(reader->name, sizeof(reader->name), "%s", name);
	else
		snprintf(reader->name, sizeof(reader->name), "member %u",
		    reader->member_count);
}

/* The raw format takes anything, so without a filter it is nothing. */
static bool
is_bare(struct archive *archive)
{
	return archive_format(archive) == ARCHIVE_FORMAT_RAW &&
	       archive_filter_code(archive, 0) == ARCHIVE_FILTER_NONE;
}

static enum archive_member
failed(struct archive_reader *reader, char *error, size_t error_size)
{
	snprintf(error, error_size, "%s", reason(reader));
	return MEMBER_ERROR;
}

enum archive_member
archive_reader_next(struct archive_reader *reader, char *error,
    size_t error_size)
{
	struct archive_entry *entry;
	int rc;

	if (!reader->opened &&
	    archive_read_open1(reader->archive) < ARCHIVE_WARN)
		return failed(reader, error, error_size);
	reader->opened = true;
	do {
		rc = archive_read_next_header(reader->archive, &entry);
		if (rc == ARCHIVE_EOF)
			return MEMBER_NONE;
		if (rc < ARCHIVE_WARN)
			return failed(reader, error, error_size);
		if (is_bare(reader->archive))
			return MEMBER_NOT_ARCHIVE;
	} while (archive_entry_filetype(entry) != AE_IFREG);
	reader->member_count++;
	reader->named = archive_format(reader->archive) != ARCHIVE_FORMAT_RAW;
	reader->block = (struct cursor){ 0 };
	reader->offset = 0;
	reader->encrypted = archive_entry_is_encrypted(entry);
	keep_name(reader, entry);
	return MEMBER_FILE;
}

unsigned
archive_reader_member_count(const struct archive_reader *reader)
{
	return reader->member_count;
}

const char *
archive_reader_name(const struct archive_reader *reader)
{
	return reader->named ? reader->name : NULL;
}

bool
archive_reader_is_encrypted(const struct archive_reader *reader)
{
	return reader->encrypted;
}

/* libarchive speaks of a passphrase; the user knows our option. */
static void
explain(struct archive_reader *reader, char *error, size_t error_size)
{
	if (!reader->encrypted)
		snprintf(error, error_size, "%s", reason(reader));
	else if (!reader->has_password)
		snprintf(error, error_size,
		    "encrypted: give its password with --zip-password");
	else
		snprintf(error, error_size,
		    "encrypted, and --zip-password seems wrong: %s",
		    reason(reader));
}

/*
 * The next block in libarchive's memory.  archive_read_data would be simpler,
 * but where a member is damaged it gives nothing of the blocks before.
 */
static int
next_block(struct archive_reader *reader)
{
	const void *octets;
	size_t len;
	la_int64_t offset;
	int rc = archive_read_data_block(reader->archive, &octets, &len,
	    &offset);

	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return rc;
	if (offset != reader->offset) {
		archive_set_error(reader->archive, EIO,
		    "a sparse file cannot be read");
		return ARCHIVE_FATAL;
	}
	reader->offset += (la_int64_t)len;
	reader->block = cur_of(octets, len);
	return ARCHIVE_OK;
}

static ssize_t
member_read(void *from, void *to, size_t size, char *error, size_t error_size)
{
	struct archive_reader *reader = from;
	int rc = ARCHIVE_OK;

	while (reader->block.left == 0 && rc == ARCHIVE_OK)
		rc = next_block(reader);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK) {
		explain(reader, error, error_size);
		return -1;
	}
	if (size > reader->block.left)
		size = reader->block.left;
	return cur_copy(&reader->block, to, size) ? (ssize_t)size : -1;
}

static uint64_t
member_position(void *from)
{
	return input_position(((struct archive_reader *)from)->below);
}

static void
member_close(void *from)
{
	(void)from;
}

static void
member_close_all(void *from)
{
	archive_reader_free(from);
}

struct input *
archive_reader_open_member(struct archive_reader *reader, bool own)
{
	static const struct input_stream_ops borrowing = {
		.read = member_read,
		.position = member_position,
		.close = member_close,
	};
	static const struct input_stream_ops owning = {
		.read = member_read,
		.position = member_position,
		.close = member_close_all,
	};

	return input_of_stream(own ? &owning : &borrowing, reader);
}
