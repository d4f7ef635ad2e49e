#include "output/syslog_message.h"

#include <stdio.h>
#include <string.h>

#include "sensor/event_types.h"

/* Severities of RFC 5424 table 2. */
enum {
	SYSLOG_SEVERITY_ALERT = 1,
	SYSLOG_SEVERITY_WARNING = 4,
	SYSLOG_SEVERITY_NOTICE = 5,
	SYSLOG_SEVERITY_INFORMATIONAL = 6,
};

static unsigned
severity_of(const struct sink_line *line)
{
	switch (line->severity) {
	case 1:
		return SYSLOG_SEVERITY_ALERT;
	case 2:
		return SYSLOG_SEVERITY_WARNING;
	case 3:
		return SYSLOG_SEVERITY_NOTICE;
	}
	return SYSLOG_SEVERITY_INFORMATIONAL;
}

/* One field of PRINTUSASCII, %d33-126.  Returns where the next one goes. */
static char *
write_field(char *at, const char *text, size_t max)
{
	size_t len = text != NULL ? strnlen(text, max) : 0;

	if (len == 0)
		*at++ = '-';
	for (size_t i = 0; i < len; i++)
		*at++ = text[i] > 32 && text[i] < 127 ? text[i] : '?';
	return at;
}

void
syslog_origin_init(struct syslog_origin *origin, uint8_t facility,
    const char *hostname, const char *app_name, const char *procid)
{
	char *at = origin->fields;

	origin->facility = facility;
	at = write_field(at, hostname, SYSLOG_HOSTNAME_MAX);
	*at++ = ' ';
	at = write_field(at, app_name, SYSLOG_APP_NAME_MAX);
	*at++ = ' ';
	at = write_field(at, procid, SYSLOG_PROCID_MAX);
	*at = '\0';
}

/* EVE's form of a time but for the zone, which RFC 3339 writes otherwise. */
static void
write_timestamp(struct timestamp_cache *cache, uint64_t time_us,
    char out[SYSLOG_TIMESTAMP_LEN + 1])
{
	char text[TIMESTAMP_LEN];

	timestamp_write(cache, time_us, text);
	memcpy(out, text, SYSLOG_TIMESTAMP_LEN - 1);
	out[SYSLOG_TIMESTAMP_LEN - 1] = 'Z';
	out[SYSLOG_TIMESTAMP_LEN] = '\0';
}

size_t
syslog_header_write(const struct syslog_origin *origin,
    struct timestamp_cache *cache, const struct sink_line *line,
    char out[SYSLOG_HEADER_MAX])
{
	char timestamp[SYSLOG_TIMESTAMP_LEN + 1];

	write_timestamp(cache, line->put_us, timestamp);
	return (size_t)snprintf(out, SYSLOG_HEADER_MAX, "<%u>1 %s %s %.*s - ",
	    origin->facility * 8U + severity_of(line), timestamp,
	    origin->fields, SYSLOG_MSGID_MAX, event_type_name(line->type));
}
