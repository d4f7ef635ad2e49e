#ifndef OUTPUT_SYSLOG_MESSAGE_H
#define OUTPUT_SYSLOG_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "output/sink_line.h"
#include "output/timestamp.h"

/*
 * An event as a syslog message (RFC 5424 section 6):
 *
 *	<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID - MSG
 *
 * PRI is the facility and, for a hit of severity 1, alert ("action must be
 * taken immediately"); of 2, warning; of 3, notice; for everything else
 * informational.  Critical and error are about the health of what sends the
 * message; emergency would be written to every terminal by most servers.
 *
 * TIMESTAMP is when the event was put, in UTC with microseconds: it rises from
 * message to message, also where stored captures of last year are read.  When
 * it happened is in the event.  MSGID is its type, "alert", "dns" ...
 *
 * MSG is the JSON without a byte order mark, MSG-ANY in the grammar.  Section
 * 6.4 asks for the mark where MSG is UTF-8, but RFC 8259 section 8.1 forbids
 * it before JSON, and rsyslog hands it on as part of the message, so that JSON
 * parsers behind it refuse the event.
 */

/* Most that the fields may have, RFC 5424 section 6. */
#define SYSLOG_HOSTNAME_MAX 255
#define SYSLOG_APP_NAME_MAX 48
#define SYSLOG_PROCID_MAX   128
#define SYSLOG_MSGID_MAX    32

/* PRI and VERSION, TIMESTAMP, the other fields, SPs and STRUCTURED-DATA. */
#define SYSLOG_TIMESTAMP_LEN (sizeof "2026-03-31T00:21:03.123456Z" - 1)
#define SYSLOG_HEADER_MAX                                                      \
	(sizeof "<191>1 " + SYSLOG_TIMESTAMP_LEN + SYSLOG_HOSTNAME_MAX +       \
	    SYSLOG_APP_NAME_MAX + SYSLOG_PROCID_MAX + SYSLOG_MSGID_MAX +       \
	    sizeof "     - ")

/* Who sends: the same in all messages of a sink. */
struct syslog_origin {
	uint8_t facility; /* RFC 5424 table 1, 0 .. 23 */
	char fields[SYSLOG_HOSTNAME_MAX + SYSLOG_APP_NAME_MAX +
		    SYSLOG_PROCID_MAX + 3]; /* "HOSTNAME APP-NAME PROCID" */
};

/*
 * NULL and "" become "-"; what is not printable ASCII becomes '?' and what is
 * too long is cut.  `hostname` is the machine's: the sensor's name, which may
 * be any text, is in the event.
 */
void syslog_origin_init(struct syslog_origin *origin, uint8_t facility,
    const char *hostname, const char *app_name, const char *procid);

/*
 * All before MSG, its SP included.  Returns how many octets; no NUL is added.
 */
size_t syslog_header_write(const struct syslog_origin *origin,
    struct timestamp_cache *cache, const struct sink_line *line,
    char out[SYSLOG_HEADER_MAX]);

#endif
