#ifndef OUTPUT_SINK_URL_H
#define OUTPUT_SINK_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/event_types.h"

/*
 * A sink as it is written on the command line:
 *
 *	-                                         standard output
 *	PATH, file:///PATH[?PARAMETERS]           a file
 *	redis://[[USER]:PASSWORD@]HOST[:PORT][/DB][?PARAMETERS]
 *	redis+unix://[[USER]:PASSWORD@]/PATH[?PARAMETERS]
 *	redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT][,...]/MASTER[/DB][?...]
 *	redis+cluster://[[USER]:PASSWORD@]HOST[:PORT][,...][?PARAMETERS]
 *	syslog://HOST[:PORT][?PARAMETERS]         RFC 5424 over UDP (RFC 5426)
 *	syslog+tcp://HOST[:PORT][?PARAMETERS]     over TCP (RFC 6587, counted)
 *
 * and rediss://, rediss+sentinel://, rediss+cluster:// with TLS, where hiredis
 * was built with it.  PARAMETERS, joined by '&', each at most once:
 *
 *	events=TYPE,...             only these events; else what --events says
 *	severity=1|2|3              only hits that are at least so grave
 *
 * of Redis:
 *
 *	mode=stream|list|channel    XADD (default), RPUSH, PUBLISH
 *	key=NAME                    stream, list or channel; "egress-sensor";
 *	                            {type}, {segment} and {severity} stand for
 *	                            the event's, {{ and }} for the braces
 *	maxlen=N                    stream: trimmed to about N entries, 0: never
 *	push=right|left             list: RPUSH (default), so that LPOP reads
 *	                            the oldest first, or LPUSH
 *	db=N                        the same as /DB
 *	password_file=PATH          read at each connection: its first line
 *	replicas=N                  written is what N replicas have (WAIT)
 *	replicas_ms=N               how long WAIT may take; 1000
 *	sentinel_user=, sentinel_password=   of the Sentinels themselves
 *	ca=PATH, cert=PATH, cert_key=PATH, tls_name=NAME   TLS
 *
 * of syslog:
 *
 *	facility=NAME               local0 (default) .. local7, daemon, user,
 *	                            auth, authpriv
 *	app=NAME                    APP-NAME; "egress-sensor"
 *
 * USER, PASSWORD, PATH, NAME and MASTER may have %XX (RFC 3986 section 2.1).
 */
enum sink_kind { SINK_STDOUT, SINK_FILE, SINK_REDIS, SINK_SYSLOG };

enum redis_topology { REDIS_SINGLE, REDIS_SENTINEL, REDIS_CLUSTER };
enum redis_mode { REDIS_STREAM, REDIS_LIST, REDIS_CHANNEL };
enum syslog_transport { SYSLOG_UDP, SYSLOG_TCP };

/*
 * About as many alerts as a sensor writes in years; a gigabyte of memory in
 * the Redis of who logs everything and never trims.
 */
#define REDIS_MAXLEN_DEFAULT      1000000
#define REDIS_PORT_DEFAULT        6379
#define REDIS_SENTINEL_PORT       26379
#define REDIS_KEY_DEFAULT         "egress-sensor"
#define REDIS_REPLICAS_MS_DEFAULT 1000
#define SYSLOG_PORT_DEFAULT       514
#define SYSLOG_FACILITY_DEFAULT   16 /* local0 */
#define SYSLOG_APP_MAX            48 /* RFC 5424 section 6 */

#define SINK_ENDPOINTS_MAX 32

struct sink_endpoint {
	char *host;
	uint16_t port;
};

/* Where the key is cut for what changes with the event. */
enum key_part_kind { KEY_TEXT, KEY_TYPE, KEY_SEGMENT, KEY_SEVERITY };
struct key_part {
	enum key_part_kind kind;
	char *text; /* KEY_TEXT; else NULL */
};

struct redis_tls {
	bool wanted;
	char *ca, *cert, *cert_key, *name; /* NULL: not given */
};

struct sink_url {
	enum sink_kind kind;
	char *name; /* for people: nothing secret in it */
	/*
	 * The same for the same destination, whatever the credentials and
	 * time-outs: the folder of its spool.
	 */
	char identity[64];
	char *path; /* the file, or the socket of a Redis; else NULL */

	bool has_events;
	event_set events;      /* where has_events */
	unsigned severity_max; /* hits up to this severity; 3: all */

	/* SINK_REDIS but for a path, SINK_SYSLOG: one or more. */
	struct sink_endpoint *endpoints;
	unsigned endpoint_count;

	/* SINK_REDIS */
	enum redis_topology topology;
	char *master;                            /* REDIS_SENTINEL */
	char *user, *password;                   /* NULL: not given */
	char *password_file;                     /* NULL: not given */
	char *sentinel_user, *sentinel_password; /* NULL: not given */
	struct redis_tls tls;
	uint32_t db;
	enum redis_mode mode;
	struct key_part *key; /* one or more */
	unsigned key_count;
	bool push_left;                 /* list */
	uint64_t maxlen;                /* stream; 0: none */
	uint32_t replicas, replicas_ms; /* 0: not waited for */

	/* SINK_SYSLOG */
	enum syslog_transport transport;
	uint8_t facility; /* RFC 5424 table 1 */
	char *app;
};

/*
 * 0, and the caller ends *out with sink_url_fini; or -1, *out empty and the
 * reason in `error`, which never cites what might be a password.
 */
int sink_url_parse(const char *text, struct sink_url *out, char *error,
    size_t error_size);
void sink_url_fini(struct sink_url *url);

#endif
