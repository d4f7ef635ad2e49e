#ifndef OUTPUT_SINK_URL_H
#define OUTPUT_SINK_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A sink as it is written on the command line:
 *
 *	-                                         standard output
 *	PATH                                      a file
 *	redis://[[USER]:PASSWORD@]HOST[:PORT][/DB][?PARAMETERS]
 *	redis+unix://[[USER]:PASSWORD@]/PATH[?PARAMETERS]
 *
 * PARAMETERS, joined by '&', each at most once:
 *
 *	mode=stream|list|channel    XADD (default), RPUSH, PUBLISH
 *	key=NAME                    stream, list or channel; "egress-sensor"
 *	maxlen=N                    stream: trimmed to about N entries, 0: never
 *	push=right|left             list: RPUSH (default), so that LPOP reads
 *	                            the oldest first, or LPUSH
 *	db=N                        the same as /DB
 *
 * USER, PASSWORD, PATH and NAME may have %XX (RFC 3986 section 2.1).
 */
enum sink_kind { SINK_STDOUT, SINK_FILE, SINK_REDIS };

enum redis_mode { REDIS_STREAM, REDIS_LIST, REDIS_CHANNEL };

/*
 * About as many alerts as a sensor writes in years; a gigabyte of memory in
 * the Redis of who logs everything and never trims.
 */
#define REDIS_MAXLEN_DEFAULT 1000000
#define REDIS_PORT_DEFAULT   6379
#define REDIS_KEY_DEFAULT    "egress-sensor"

struct sink_url {
	enum sink_kind kind;
	char *name; /* for people: nothing secret in it */
	char *path; /* the file, or the socket of a Redis; else NULL */

	/* SINK_REDIS */
	char *host; /* NULL where there is a path */
	uint16_t port;
	char *user, *password; /* NULL: not given */
	uint32_t db;
	enum redis_mode mode;
	char *key;
	bool push_left;  /* list */
	uint64_t maxlen; /* stream; 0: none */
};

/*
 * 0, and the caller ends *out with sink_url_fini; or -1, *out empty and the
 * reason in `error`, which never cites what might be a password.
 */
int sink_url_parse(const char *text, struct sink_url *out, char *error,
    size_t error_size);
void sink_url_fini(struct sink_url *url);

#endif
