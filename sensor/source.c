#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/source.h"

struct source *
source_new(const struct path *path, uint64_t order, unsigned member,
    const char *member_name)
{
	struct source *source;
	int len;

	if ((source = calloc(1, sizeof(*source))) == NULL)
		return NULL;
	if (member_name != NULL)
		len = asprintf(&source->name, "%s:%s", path->name, member_name);
	else
		len = asprintf(&source->name, "%s", path->name);
	if (len == -1) {
		free(source);
		return NULL;
	}
	source->path = path;
	source->order = order;
	source->member = member;
	return source;
}

void
source_free(struct source *source)
{
	if (source == NULL)
		return;
	archive_reader_free(source_close(source));
	archive_reader_free(source->archive);
	input_free(source->arriving);
	free(source->name);
	free(source);
}

/* Do the octets of `input` start as a capture does? */
static enum source_found
look(struct input *input, struct reader *reader, char *error)
{
	switch (input_fill(input, READER_START_LEN)) {
	case INPUT_WAIT:
		return FOUND_WAIT;
	case INPUT_FAILED:
		snprintf(error, SOURCE_ERROR_MAX, "%s", input->error);
		return FOUND_ERROR;
	case INPUT_READY:
	case INPUT_END:
		break;
	}
	if (input->window.left == 0) {
		snprintf(error, SOURCE_ERROR_MAX, "empty file");
		return FOUND_ERROR;
	}
	return reader_init(reader, input->window) ? FOUND_CAPTURE
	                                          : FOUND_NOTHING;
}

/* Takes over what is in `with`; not on FOUND_ERROR. */
static enum source_found
begin(struct source *source, const struct source_content *with, char *error)
{
	if ((source->content = malloc(sizeof(*with))) == NULL) {
		snprintf(error, SOURCE_ERROR_MAX, "out of memory");
		return FOUND_ERROR;
	}
	*source->content = *with;
	source->content->position_at_open = input_position(with->input);
	return FOUND_CAPTURE;
}

enum source_found
source_open_file(struct source *source, struct input **other, char *error)
{
	struct source_content content = { 0 };
	enum source_found found;

	content.input = source->arriving;
	source->arriving = NULL;
	if (content.input == NULL)
		content.input = input_open(source->path->name, error,
		    SOURCE_ERROR_MAX);
	if (content.input == NULL)
		return FOUND_ERROR;
	found = look(content.input, &content.reader, error);
	if (found == FOUND_CAPTURE)
		found = begin(source, &content, error);
	if (found == FOUND_ERROR)
		input_free(content.input);
	if (found == FOUND_WAIT)
		source->arriving = content.input;
	if (found == FOUND_NOTHING) {
		*other = content.input;
		return FOUND_OTHER;
	}
	return found;
}

/*
 * Through one more layer of compression.  *input is replaced by what is below
 * it, and is NULL where there is nothing.
 */
static enum source_found
look_deeper(struct input **input, struct reader *reader, char *error)
{
	struct archive_reader *nested = archive_reader_new(*input, false, NULL,
	    error, SOURCE_ERROR_MAX);
	enum archive_member member;

	*input = NULL;
	if (nested == NULL)
		return FOUND_ERROR;
	member = archive_reader_next(nested, error, SOURCE_ERROR_MAX);
	if (member == MEMBER_FILE)
		*input = archive_reader_open_member(nested, true);
	if (*input != NULL)
		return look(*input, reader, error);
	archive_reader_free(nested);
	switch (member) {
	case MEMBER_FILE:
		snprintf(error, SOURCE_ERROR_MAX, "out of memory");
		return FOUND_ERROR;
	case MEMBER_ERROR:
		return FOUND_ERROR;
	case MEMBER_NONE:
	case MEMBER_NOT_ARCHIVE:
		break;
	}
	return FOUND_NOTHING;
}

enum source_found
source_open_member(struct source *source, struct archive_reader *archive,
    char *error)
{
	struct source_content content = { .archive = archive };
	enum source_found found;

	content.input = archive_reader_open_member(archive, false);
	if (content.input == NULL) {
		snprintf(error, SOURCE_ERROR_MAX, "out of memory");
		return FOUND_ERROR;
	}
	found = look(content.input, &content.reader, error);
	if (found == FOUND_NOTHING)
		found = look_deeper(&content.input, &content.reader, error);
	if (found == FOUND_CAPTURE)
		found = begin(source, &content, error);
	if (found != FOUND_CAPTURE)
		input_free(content.input);
	return found;
}

struct archive_reader *
source_close(struct source *source)
{
	struct source_content *content = source->content;
	struct archive_reader *archive;

	if (content == NULL)
		return NULL;
	source->content = NULL;
	archive = content->archive;
	reader_fini(&content->reader);
	input_free(content->input);
	free(content);
	return archive;
}

uint64_t
source_position(const struct source *source)
{
	const struct source_content *content = source->content;
	uint64_t position;

	if (content == NULL)
		return 0;
	position = input_position(content->input);
	/* An archive may have been read backwards, to its directory. */
	return position > content->position_at_open
	           ? position - content->position_at_open
	           : 0;
}

/* The window ends inside a record of `need` octets, and so may the file. */
static enum source_step
ask_for_more(struct source_content *content, size_t need, char *error)
{
	switch (input_fill(content->input, need)) {
	case INPUT_READY:
		return SOURCE_PACKET;
	case INPUT_WAIT:
		return SOURCE_WAIT;
	case INPUT_FAILED:
		snprintf(error, SOURCE_ERROR_MAX, "%s", content->input->error);
		return SOURCE_ERROR;
	case INPUT_END:
		break;
	}
	if (content->input->window.left == 0)
		return SOURCE_END;
	snprintf(error, SOURCE_ERROR_MAX,
	    "cut short: %zu octets where %zu should be",
	    content->input->window.left, need);
	return SOURCE_ERROR;
}

enum source_step
source_next(struct source *source, struct packet *packet, bool keep,
    char *error)
{
	struct source_content *content = source->content;
	struct record_stop stop;
	enum source_step step;

	for (;;) {
		switch (reader_next(&content->reader, &content->input->window,
		    packet, &stop)) {
		case RECORD_PACKET:
			packet->number = ++content->packets;
			packet->source = source->id;
			return SOURCE_PACKET;
		case RECORD_OTHER:
			break;
		case RECORD_SHORT:
			if (keep)
				return SOURCE_FULL;
			step = ask_for_more(content, stop.need, error);
			if (step != SOURCE_PACKET)
				return step;
			break;
		case RECORD_CORRUPT:
			snprintf(error, SOURCE_ERROR_MAX, "%s", stop.why);
			return SOURCE_ERROR;
		}
	}
}
