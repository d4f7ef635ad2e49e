#include "output/sink_url_parameters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define MAXLEN_MAX      INT64_MAX
#define REPLICAS_MAX    16
#define REPLICAS_MS_MAX 600000

/* --- the key --- */

void
sink_url_key_fini(struct sink_url *url)
{
	for (unsigned i = 0; i < url->key_count; i++)
		free(url->key[i].text);
	free(url->key);
	url->key = NULL;
	url->key_count = 0;
}

static bool
add_part(struct sink_url *url, enum key_part_kind kind, const char *text,
    size_t len, struct reason *why)
{
	struct key_part *parts = reallocarray(url->key, url->key_count + 1,
	    sizeof *parts);
	struct key_part part = { kind, NULL };

	if (parts == NULL)
		return url_refuse(why, "out of memory");
	url->key = parts;
	if (kind == KEY_TEXT && (part.text = strndup(text, len)) == NULL)
		return url_refuse(why, "out of memory");
	parts[url->key_count++] = part;
	return true;
}

/* "{type}" and so on at `at`: how long it is; 0: no such name. */
static size_t
placeholder(const char *at, enum key_part_kind *kind)
{
	static const struct {
		const char *text;
		enum key_part_kind kind;
	} names[] = {
		{ "{type}", KEY_TYPE },
		{ "{segment}", KEY_SEGMENT },
		{ "{severity}", KEY_SEVERITY },
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		size_t len = strlen(names[i].text);

		if (strncmp(at, names[i].text, len) == 0) {
			*kind = names[i].kind;
			return len;
		}
	}
	return 0;
}

/* One part from `at` on, at least one octet long; its length, 0: refused. */
static size_t
read_part(const char *at, struct sink_url *url, struct reason *why)
{
	enum key_part_kind kind;
	size_t len = strcspn(at, "{}");

	if (len > 0)
		return add_part(url, KEY_TEXT, at, len, why) ? len : 0;
	if (at[0] == at[1])
		return add_part(url, KEY_TEXT, at, 1, why) ? 2 : 0;
	if ((len = placeholder(at, &kind)) > 0)
		return add_part(url, kind, NULL, 0, why) ? len : 0;
	(void)url_refuse(why, "key: a brace of its own is {{ or }}; there are "
			      "{type}, {segment} and {severity}");
	return 0;
}

bool
sink_url_key(const char *text, struct sink_url *url, struct reason *why)
{
	sink_url_key_fini(url);
	while (*text != '\0') {
		size_t len = read_part(text, url, why);

		if (len == 0)
			return false;
		text += len;
	}
	return true;
}

/* --- parameters --- */

/* The key is shown with the sink's name, on terminals too. */
static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

static bool
parse_key(struct span value, struct sink_url *url, struct reason *why)
{
	char *text;
	bool good;

	if (value.len == 0)
		return url_refuse(why, "key: empty");
	if (!url_decode(value, "key", &text, why))
		return false;
	good = has_control(text)
	           ? url_refuse(why, "key: has a control character")
	           : sink_url_key(text, url, why);
	free(text);
	return good;
}

static bool
parse_events(struct span value, struct sink_url *url, struct reason *why)
{
	char error[160], *list;
	int rc;

	if (!url_decode(value, "events", &list, why))
		return false;
	rc = event_set_parse(list, &url->events, error, sizeof error);
	free(list);
	if (rc == -1)
		return url_refuse(why, "events: %s", error);
	url->has_events = true;
	return true;
}

static bool
parse_severity(struct span value, struct sink_url *url, struct reason *why)
{
	uint64_t severity;

	if (!url_number(value, "severity", 1, 3, &severity, why))
		return false;
	url->severity_max = (unsigned)severity;
	return true;
}

static bool
parse_mode(struct span value, struct sink_url *url, struct reason *why)
{
	static const char *const names[] = {
		[REDIS_STREAM] = "stream",
		[REDIS_LIST] = "list",
		[REDIS_CHANNEL] = "channel",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (span_is(value, names[i])) {
			url->mode = (enum redis_mode)i;
			return true;
		}
	}
	return url_refuse(why, "mode: stream, list or channel");
}

static bool
parse_maxlen(struct span value, struct sink_url *url, struct reason *why)
{
	return url_number(value, "maxlen", 0, MAXLEN_MAX, &url->maxlen, why);
}

static bool
parse_push(struct span value, struct sink_url *url, struct reason *why)
{
	url->push_left = span_is(value, "left");
	if (!url->push_left && !span_is(value, "right"))
		return url_refuse(why, "push: right or left");
	return true;
}

bool
sink_url_db(struct span value, struct sink_url *url, struct reason *why)
{
	uint64_t db;

	if (!url_number(value, "db", 0, SINK_DB_MAX, &db, why))
		return false;
	url->db = (uint32_t)db;
	return true;
}

static bool
parse_text(struct span value, const char *what, char **out, struct reason *why)
{
	if (value.len == 0)
		return url_refuse(why, "%s: empty", what);
	return url_decode(value, what, out, why);
}

static bool
parse_password_file(struct span value, struct sink_url *url, struct reason *why)
{
	return parse_text(value, "password_file", &url->password_file, why);
}

static bool
parse_sentinel_user(struct span value, struct sink_url *url, struct reason *why)
{
	return parse_text(value, "sentinel_user", &url->sentinel_user, why);
}

static bool
parse_sentinel_password(struct span value, struct sink_url *url,
    struct reason *why)
{
	return parse_text(value, "sentinel_password", &url->sentinel_password,
	    why);
}

static bool
parse_replicas(struct span value, struct sink_url *url, struct reason *why)
{
	uint64_t replicas;

	if (!url_number(value, "replicas", 0, REPLICAS_MAX, &replicas, why))
		return false;
	url->replicas = (uint32_t)replicas;
	return true;
}

static bool
parse_replicas_ms(struct span value, struct sink_url *url, struct reason *why)
{
	uint64_t ms;

	if (!url_number(value, "replicas_ms", 1, REPLICAS_MS_MAX, &ms, why))
		return false;
	url->replicas_ms = (uint32_t)ms;
	return true;
}

static bool
parse_ca(struct span value, struct sink_url *url, struct reason *why)
{
	return parse_text(value, "ca", &url->tls.ca, why);
}

static bool
parse_cert(struct span value, struct sink_url *url, struct reason *why)
{
	return parse_text(value, "cert", &url->tls.cert, why);
}

static bool
parse_cert_key(struct span value, struct sink_url *url, struct reason *why)
{
	return parse_text(value, "cert_key", &url->tls.cert_key, why);
}

static bool
parse_tls_name(struct span value, struct sink_url *url, struct reason *why)
{
	return parse_text(value, "tls_name", &url->tls.name, why);
}

/* RFC 5424 table 1: facilities that a program like this may use. */
static bool
parse_facility(struct span value, struct sink_url *url, struct reason *why)
{
	static const struct {
		const char *name;
		uint8_t code;
	} facilities[] = {
		{ "user", 1 },
		{ "daemon", 3 },
		{ "auth", 4 },
		{ "authpriv", 10 },
		{ "local0", 16 },
		{ "local1", 17 },
		{ "local2", 18 },
		{ "local3", 19 },
		{ "local4", 20 },
		{ "local5", 21 },
		{ "local6", 22 },
		{ "local7", 23 },
	};

	for (size_t i = 0; i < COUNT(facilities); i++) {
		if (span_is(value, facilities[i].name)) {
			url->facility = facilities[i].code;
			return true;
		}
	}
	return url_refuse(why,
	    "facility: user, daemon, auth, authpriv or local0 to local7");
}

/* PRINTUSASCII, RFC 5424 section 6. */
static bool
is_app_name(const char *text)
{
	size_t len = 0;

	for (; text[len] != '\0'; len++) {
		if (text[len] < 33 || text[len] > 126)
			return false;
	}
	return len <= SYSLOG_APP_MAX;
}

static bool
parse_app(struct span value, struct sink_url *url, struct reason *why)
{
	char *app;

	if (!parse_text(value, "app", &app, why))
		return false;
	free(url->app);
	url->app = app;
	if (!is_app_name(app))
		return url_refuse(why,
		    "app: up to %d printable ASCII characters "
		    "(RFC 5424 section 6)",
		    SYSLOG_APP_MAX);
	return true;
}

/* Which sinks have a parameter. */
enum {
	FOR_FILE = 1,
	FOR_REDIS = 2,
	FOR_SYSLOG = 4,
	FOR_ALL = 7,
};

enum parameter {
	EVENTS,
	SEVERITY,
	MODE,
	KEY,
	MAXLEN,
	PUSH,
	DB,
	PASSWORD_FILE,
	SENTINEL_USER,
	SENTINEL_PASSWORD,
	REPLICAS,
	REPLICAS_MS,
	CA,
	CERT,
	CERT_KEY,
	TLS_NAME,
	FACILITY,
	APP,
};
static const struct {
	const char *name;
	bool (*parse)(struct span value, struct sink_url *url,
	    struct reason *why);
	unsigned sinks;
} parameters[] = {
	[EVENTS] = { "events", parse_events, FOR_ALL },
	[SEVERITY] = { "severity", parse_severity, FOR_ALL },
	[MODE] = { "mode", parse_mode, FOR_REDIS },
	[KEY] = { "key", parse_key, FOR_REDIS },
	[MAXLEN] = { "maxlen", parse_maxlen, FOR_REDIS },
	[PUSH] = { "push", parse_push, FOR_REDIS },
	[DB] = { "db", sink_url_db, FOR_REDIS },
	[PASSWORD_FILE] = { "password_file", parse_password_file, FOR_REDIS },
	[SENTINEL_USER] = { "sentinel_user", parse_sentinel_user, FOR_REDIS },
	[SENTINEL_PASSWORD] = { "sentinel_password", parse_sentinel_password,
	    FOR_REDIS },
	[REPLICAS] = { "replicas", parse_replicas, FOR_REDIS },
	[REPLICAS_MS] = { "replicas_ms", parse_replicas_ms, FOR_REDIS },
	[CA] = { "ca", parse_ca, FOR_REDIS },
	[CERT] = { "cert", parse_cert, FOR_REDIS },
	[CERT_KEY] = { "cert_key", parse_cert_key, FOR_REDIS },
	[TLS_NAME] = { "tls_name", parse_tls_name, FOR_REDIS },
	[FACILITY] = { "facility", parse_facility, FOR_SYSLOG },
	[APP] = { "app", parse_app, FOR_SYSLOG },
};

static unsigned
sink_bit(const struct sink_url *url)
{
	switch (url->kind) {
	case SINK_STDOUT:
	case SINK_FILE:
		break;
	case SINK_REDIS:
		return FOR_REDIS;
	case SINK_SYSLOG:
		return FOR_SYSLOG;
	}
	return FOR_FILE;
}

/* "mode, key, ... and db": the parameters of this kind of sink. */
static void
list_parameters(const struct sink_url *url, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < COUNT(parameters) && used < size; i++) {
		if (parameters[i].sinks & sink_bit(url))
			used += (size_t)snprintf(out + used, size - used,
			    "%s%s", used > 0 ? ", " : "", parameters[i].name);
	}
}

/* `given`: bits of those that were there. */
static bool
parse_parameter(struct span text, struct sink_url *url, unsigned *given,
    struct reason *why)
{
	struct span name, value;
	char known[192];

	if (!span_split(text, '=', &name, &value))
		return url_refuse(why, "a parameter without '='");
	for (size_t i = 0; i < COUNT(parameters); i++) {
		if (!(parameters[i].sinks & sink_bit(url)) ||
		    !span_is(name, parameters[i].name))
			continue;
		if (*given & 1U << i)
			return url_refuse(why, "%s: given twice",
			    parameters[i].name);
		*given |= 1U << i;
		return parameters[i].parse(value, url, why);
	}
	list_parameters(url, known, sizeof known);
	return url_refuse(why, "unknown parameter '%.*s' (there are %s)",
	    name.len > 32 ? 32 : (int)name.len, name.at, known);
}

/* Parameters that say nothing beside the others. */
static bool
check_together(const struct sink_url *url, unsigned given, struct reason *why)
{
	const unsigned tls = 1U << CA | 1U << CERT | 1U << CERT_KEY |
	                     1U << TLS_NAME;

	if (given & 1U << MAXLEN && url->mode != REDIS_STREAM)
		return url_refuse(why, "maxlen: only a stream has one");
	if (given & 1U << PUSH && url->mode != REDIS_LIST)
		return url_refuse(why, "push: only for a list");
	if (given & (1U << SENTINEL_USER | 1U << SENTINEL_PASSWORD) &&
	    url->topology != REDIS_SENTINEL)
		return url_refuse(why, "sentinel_user and sentinel_password: "
				       "only for redis+sentinel");
	if (url->sentinel_user != NULL && url->sentinel_password == NULL)
		return url_refuse(why,
		    "sentinel_user: without a sentinel_password");
	if (given & tls && !url->tls.wanted)
		return url_refuse(why, "ca, cert, cert_key and tls_name: only "
				       "for rediss");
	if ((url->tls.cert == NULL) != (url->tls.cert_key == NULL))
		return url_refuse(why, "cert and cert_key go together");
	if (url->password_file != NULL && url->password != NULL)
		return url_refuse(why,
		    "password_file: there is a password already");
	if (given & 1U << REPLICAS_MS && url->replicas == 0)
		return url_refuse(why, "replicas_ms: without replicas");
	if (url->topology == REDIS_CLUSTER && url->db != 0)
		return url_refuse(why, "db: a cluster has only 0");
	if (given & 1U << SEVERITY && url->has_events &&
	    !event_set_has(url->events, EVENT_ALERT))
		return url_refuse(why, "severity: only alerts have one");
	return true;
}

bool
sink_url_parameters(struct span text, struct sink_url *url, bool has_db,
    struct reason *why)
{
	unsigned given = has_db ? 1U << DB : 0;
	struct span one;

	while (span_split(text, '&', &one, &text)) {
		if (!parse_parameter(one, url, &given, why))
			return false;
	}
	return parse_parameter(text, url, &given, why) &&
	       check_together(url, given, why);
}
