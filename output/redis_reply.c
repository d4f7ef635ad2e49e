#include "output/redis_reply.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

/*
 * hiredis reads the replies and would make an object of each; with functions
 * of our own it only tells what it reads.  It wants an object back all the
 * same, so as not to think that memory is out: the reader itself will do.
 */

/* What hiredis changed with 1.0. */
#if HIREDIS_MAJOR >= 1
typedef size_t array_count;
#else
typedef int array_count;
#endif

struct redis_reader {
	redisReader *hiredis;
	const char *reason; /* ours; NULL: hiredis's own words */
	size_t unfinished;  /* octets fed since the last reply */
	redis_visit visit;
	void *arg;
	struct redis_reply *reply;
};

static enum redis_kind
kind_of(int type)
{
	switch (type) {
	case REDIS_REPLY_STATUS:
		return REPLY_STATUS;
	case REDIS_REPLY_INTEGER:
		return REPLY_INTEGER;
	case REDIS_REPLY_STRING:
		return REPLY_STRING;
	case REDIS_REPLY_NIL:
		return REPLY_NIL;
	case REDIS_REPLY_ERROR:
		return REPLY_ERROR;
	case REDIS_REPLY_ARRAY:
		return REPLY_ARRAY;
	default: /* an int, of hiredis */
		return REPLY_OTHER;
	}
}

static void
find_path(const redisReadTask *task, struct redis_element *element)
{
	const redisReadTask *at;
	unsigned depth = 0;

	for (at = task; at->parent != NULL; at = at->parent)
		depth++;
	if (depth > REPLY_DEPTH_MAX)
		depth = REPLY_DEPTH_MAX;
	element->depth = depth;
	for (at = task; depth > 0; at = at->parent)
		element->path[--depth] = (size_t)at->idx;
}

static void
take_root(struct redis_reply *reply, const struct redis_element *element)
{
	size_t len = element->len;

	reply->kind = element->kind;
	reply->integer = element->integer;
	if (element->kind != REPLY_ERROR)
		return;
	if (len > sizeof reply->error - 1)
		len = sizeof reply->error - 1;
	memcpy(reply->error, element->text, len);
	reply->error[len] = '\0';
}

static void *
take(const redisReadTask *task, struct redis_element *element)
{
	struct redis_reader *reader = task->privdata;

	if (task->parent == NULL)
		take_root(reader->reply, element);
	if (reader->visit != NULL) {
		find_path(task, element);
		reader->visit(reader->arg, element);
	}
	return reader;
}

static void *
take_string(const redisReadTask *task, char *text, size_t len)
{
	struct redis_element element;

	element.kind = kind_of(task->type);
	element.integer = 0;
	element.text = text;
	element.len = len;
	return take(task, &element);
}

static void *
take_array(const redisReadTask *task, array_count count)
{
	struct redis_element element;

	(void)count; /* a claim: they are counted as they come */
	element.kind = kind_of(task->type);
	element.integer = 0;
	element.text = NULL;
	element.len = 0;
	return take(task, &element);
}

static void *
take_integer(const redisReadTask *task, long long integer)
{
	struct redis_element element;

	element.kind = REPLY_INTEGER;
	element.integer = integer;
	element.text = NULL;
	element.len = 0;
	return take(task, &element);
}

static void *
take_nil(const redisReadTask *task)
{
	struct redis_element element;

	element.kind = REPLY_NIL;
	element.integer = 0;
	element.text = NULL;
	element.len = 0;
	return take(task, &element);
}

static void
free_nothing(void *object)
{
	(void)object;
}

static redisReplyObjectFunctions functions = {
	.createString = take_string,
	.createArray = take_array,
	.createInteger = take_integer,
	.createNil = take_nil,
	.freeObject = free_nothing,
};

struct redis_reader *
redis_reader_new(void)
{
	struct redis_reader *reader;

	if ((reader = calloc(1, sizeof *reader)) == NULL)
		return NULL;
	if ((reader->hiredis = redisReaderCreateWithFunctions(&functions)) ==
	    NULL) {
		free(reader);
		return NULL;
	}
	reader->hiredis->privdata = reader;
	return reader;
}

void
redis_reader_free(struct redis_reader *reader)
{
	if (reader == NULL)
		return;
	redisReaderFree(reader->hiredis);
	free(reader);
}

int
redis_reader_feed(struct redis_reader *reader, const char *octets, size_t len)
{
	if (redisReaderFeed(reader->hiredis, octets, len) != REDIS_OK)
		return -1;
	reader->unfinished += len;
	return 0;
}

/* What is left waits for the rest of a value. */
static bool
is_too_large(const struct redis_reader *reader)
{
	const redisReader *hiredis = reader->hiredis;

	return hiredis->len - hiredis->pos > REPLY_BUFFERED_MAX ||
	       reader->unfinished > REPLY_UNFINISHED_MAX;
}

enum redis_read
redis_reader_next(struct redis_reader *reader, redis_visit visit, void *arg,
    struct redis_reply *out)
{
	void *object = NULL;

	reader->visit = visit;
	reader->arg = arg;
	reader->reply = out;
	out->kind = REPLY_OTHER;
	out->integer = 0;
	out->error[0] = '\0';
	if (redisReaderGetReply(reader->hiredis, &object) != REDIS_OK)
		return READ_BAD;
	if (object != NULL) {
		reader->unfinished = reader->hiredis->len -
		                     reader->hiredis->pos;
		return READ_REPLY;
	}
	if (!is_too_large(reader))
		return READ_MORE;
	reader->reason = "its reply does not end";
	return READ_BAD;
}

const char *
redis_reader_reason(const struct redis_reader *reader)
{
	return reader->reason != NULL ? reader->reason
	                              : reader->hiredis->errstr;
}
