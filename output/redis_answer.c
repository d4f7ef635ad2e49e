#include "output/redis_answer.h"

#include <stdio.h>
#include <string.h>

#define CITED_MAX 100 /* octets of what Redis said; the advice must fit too */

static const struct answer {
	const char *code;
	enum redis_action action;
	const char *advice;
} answers[] = {
	/* by themselves */
	{ "LOADING", ANSWER_PAUSE, "hits wait until Redis has read its data" },
	{ "BUSY", ANSWER_PAUSE,
	    "a script or module keeps Redis busy; hits wait "
	    "until it ends (SCRIPT KILL ends it)" },
	{ "UNKILLABLE", ANSWER_PAUSE,
	    "a script keeps Redis busy; hits wait until it ends" },
	{ "TRYAGAIN", ANSWER_PAUSE, "the slot is being moved; hits wait" },
	{ "CLUSTERDOWN", ANSWER_PAUSE,
	    "the cluster is not complete; see CLUSTER INFO; hits wait" },
	{ "NOREPLICAS", ANSWER_PAUSE,
	    "fewer replicas are there than "
	    "min-replicas-to-write; hits wait" },
	{ "MASTERDOWN", ANSWER_REDISCOVER,
	    "this is a replica without its master; hits wait for a master" },
	{ "READONLY", ANSWER_REDISCOVER,
	    "this is a replica; hits wait until "
	    "the address leads to a master" },
	/* memory, disk */
	{ "OOM", ANSWER_PAUSE,
	    "Redis is at maxmemory; hits wait in the spool "
	    "until it has room" },
	{ "MISCONF", ANSWER_PAUSE,
	    "Redis cannot save to its disk; see its log; "
	    "hits wait" },
	/* settings */
	{ "NOAUTH", ANSWER_RECONNECT, "Redis wants a password" },
	{ "WRONGPASS", ANSWER_RECONNECT,
	    "put the user or password right, here or in Redis" },
	{ "NOPERM", ANSWER_RECONNECT,
	    "let the user do this with ACL SETUSER; hits wait" },
	{ "WRONGTYPE", ANSWER_PAUSE,
	    "another kind of data has the key; rename "
	    "that, or give key= or mode= another" },
	{ "MOVED", ANSWER_MOVED,
	    "this Redis is one of a cluster: use redis+cluster://" },
	{ "ASK", ANSWER_ASK,
	    "this Redis is one of a cluster: use redis+cluster://" },
};

bool
redis_answer_is(const char *error, const char *code)
{
	size_t len = strlen(code);

	return strncmp(error, code, len) == 0 &&
	       (error[len] == ' ' || error[len] == '\0');
}

static const struct answer *
find_answer(const char *error)
{
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		if (redis_answer_is(error, answers[i].code))
			return &answers[i];
	}
	return NULL;
}

enum redis_action
redis_answer_action(const char *error)
{
	const struct answer *answer = find_answer(error);

	return answer != NULL ? answer->action : ANSWER_REFUSE;
}

void
redis_answer_explain(const char *error, char *out, size_t size)
{
	const struct answer *answer = find_answer(error);
	size_t len = strlen(error);

	if (answer == NULL)
		snprintf(out, size, "%s", error);
	else
		snprintf(out, size, "%.*s%s: %s", CITED_MAX, error,
		    len > CITED_MAX ? "..." : "", answer->advice);
	for (char *at = out; *at != '\0'; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	}
}
