#ifndef OUTPUT_REDIS_REPLY_H
#define OUTPUT_REDIS_REPLY_H

#include <stddef.h>

/*
 * What a Redis answers (RESP 2), read with hiredis, which nobody else sees.
 * A reply makes no object: one that is a single value is told as such, and the
 * elements of one that is an array are shown to a visitor as they come.  So
 * whatever the other side sends, memory is what waits unfinished, and that is
 * bounded.
 */
enum redis_kind {
	REPLY_STATUS,
	REPLY_INTEGER,
	REPLY_STRING,
	REPLY_NIL,
	REPLY_ERROR,
	REPLY_ARRAY,
	REPLY_OTHER, /* of RESP 3, which nobody asked for */
};

#define REPLY_DEPTH_MAX      9           /* hiredis goes no deeper */
#define REPLY_BUFFERED_MAX   (1U << 20)  /* octets of one unfinished value */
#define REPLY_UNFINISHED_MAX (16U << 20) /* octets of one unfinished reply */
#define REPLY_ERROR_SIZE     256         /* an error's text is cut here */

/* One value of a reply, in the order of the reply: arrays before what is in
 * them. */
struct redis_element {
	enum redis_kind kind;
	unsigned depth; /* in how many arrays it is; 0: the reply itself */
	size_t path[REPLY_DEPTH_MAX]; /* places in them, outermost first */
	long long integer;            /* REPLY_INTEGER */
	const char *text;             /* no '\0' at its end; NULL: no text */
	size_t len;
};

typedef void (*redis_visit)(void *arg, const struct redis_element *element);

struct redis_reply {
	enum redis_kind kind;
	long long integer;
	char error[REPLY_ERROR_SIZE]; /* REPLY_ERROR; "" else */
};

struct redis_reader;

struct redis_reader *redis_reader_new(void); /* NULL: out of memory */
void redis_reader_free(struct redis_reader *reader);

/* 0, or -1: out of memory, or the reader is of no more use. */
int redis_reader_feed(struct redis_reader *reader, const char *octets,
    size_t len);

enum redis_read { READ_REPLY, READ_MORE, READ_BAD };

/*
 * The next reply of what was fed.  READ_BAD: no reply can be, or it is larger
 * than we take; the reader is of no more use.  `visit` may be NULL; it also
 * sees what there is of a reply that is not complete yet, once.
 */
enum redis_read redis_reader_next(struct redis_reader *reader,
    redis_visit visit, void *arg, struct redis_reply *out);

/* Why it is bad. */
const char *redis_reader_reason(const struct redis_reader *reader);

#endif
