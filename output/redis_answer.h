#ifndef OUTPUT_REDIS_ANSWER_H
#define OUTPUT_REDIS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What an error that Redis answers means for the line it is about.  Errors
 * begin with a code of capitals (Redis, "RESP protocol specification": simple
 * errors).
 */
enum redis_action {
	ANSWER_REFUSE,     /* about the line: the same would come again */
	ANSWER_PAUSE,      /* again later, on this connection */
	ANSWER_RECONNECT,  /* again later, with what is then the password */
	ANSWER_REDISCOVER, /* again later, and ask anew who the master is */
	ANSWER_MOVED,      /* elsewhere, and from now on */
	ANSWER_ASK,        /* elsewhere, this once */
};

enum redis_action redis_answer_action(const char *error);

/* Whether the error has this code. */
bool redis_answer_is(const char *error, const char *code);

/*
 * The error for people: what Redis said, without anything a terminal would
 * obey, and what may be done about it.
 */
void redis_answer_explain(const char *error, char *out, size_t size);

#endif
