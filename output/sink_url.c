#include "output/sink_url.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define DB_MAX     INT32_MAX
#define MAXLEN_MAX INT64_MAX

/* A part of the URL's text. */
struct span {
	const char *at;
	size_t len;
};

struct reason {
	char *text;
	size_t size;
};

static bool refuse(struct reason *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says why; false, so that a parser can return it. */
static bool
refuse(struct reason *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why->text, why->size, format, arguments);
	va_end(arguments);
	return false;
}

static bool
span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

/* Splits at the first `separator`: what is before it; *rest is after it. */
static bool
span_split(struct span span, char separator, struct span *before,
    struct span *rest)
{
	const char *at = memchr(span.at, separator, span.len);

	if (at == NULL)
		return false;
	*before = (struct span){ span.at, (size_t)(at - span.at) };
	*rest = (struct span){ at + 1, span.len - before->len - 1 };
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* A copy with %XX decoded; `what` names it where it is refused. */
static bool
decode(struct span from, const char *what, char **out, struct reason *why)
{
	size_t len = 0;
	char *text;

	if ((text = malloc(from.len + 1)) == NULL)
		return refuse(why, "out of memory");
	for (size_t i = 0; i < from.len; i++) {
		int high, low;

		if (from.at[i] != '%') {
			text[len++] = from.at[i];
			continue;
		}
		high = from.len - i > 2 ? hex_value(from.at[i + 1]) : -1;
		low = from.len - i > 2 ? hex_value(from.at[i + 2]) : -1;
		if (high == -1 || low == -1 || high + low == 0) {
			free(text);
			return refuse(why,
			    "%s: a '%%' without two "
			    "hexadecimal digits, or %%00",
			    what);
		}
		text[len++] = (char)(high * 16 + low);
		i += 2;
	}
	text[len] = '\0';
	*out = text;
	return true;
}

static bool
parse_number(struct span from, const char *what, uint64_t min, uint64_t max,
    uint64_t *out, struct reason *why)
{
	uint64_t value = 0;
	bool good = from.len > 0;

	for (size_t i = 0; i < from.len && good; i++) {
		unsigned digit = (unsigned)(unsigned char)from.at[i] - '0';

		good = digit <= 9 && value <= (max - digit) / 10;
		value = value * 10 + digit;
	}
	if (!good || value < min)
		return refuse(why,
		    "%s: not a number from %" PRIu64 " to %" PRIu64, what, min,
		    max);
	*out = value;
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
	return refuse(why, "mode: stream, list or channel");
}

static bool
parse_key(struct span value, struct sink_url *url, struct reason *why)
{
	char *key;

	if (value.len == 0)
		return refuse(why, "key: empty");
	if (!decode(value, "key", &key, why))
		return false;
	free(url->key);
	url->key = key;
	return true;
}

static bool
parse_maxlen(struct span value, struct sink_url *url, struct reason *why)
{
	return parse_number(value, "maxlen", 0, MAXLEN_MAX, &url->maxlen, why);
}

static bool
parse_push(struct span value, struct sink_url *url, struct reason *why)
{
	url->push_left = span_is(value, "left");
	if (!url->push_left && !span_is(value, "right"))
		return refuse(why, "push: right or left");
	return true;
}

static bool
parse_db(struct span value, struct sink_url *url, struct reason *why)
{
	uint64_t db;

	if (!parse_number(value, "db", 0, DB_MAX, &db, why))
		return false;
	url->db = (uint32_t)db;
	return true;
}

enum parameter { MODE, KEY, MAXLEN, PUSH, DB };
static const struct {
	const char *name;
	bool (*parse)(struct span value, struct sink_url *url,
	    struct reason *why);
} parameters[] = {
	[MODE] = { "mode", parse_mode },
	[KEY] = { "key", parse_key },
	[MAXLEN] = { "maxlen", parse_maxlen },
	[PUSH] = { "push", parse_push },
	[DB] = { "db", parse_db },
};

/* `given`: bits of those that were there. */
static bool
parse_parameter(struct span text, struct sink_url *url, unsigned *given,
    struct reason *why)
{
	struct span name, value;

	if (!span_split(text, '=', &name, &value))
		return refuse(why, "a parameter without '='");
	for (size_t i = 0; i < COUNT(parameters); i++) {
		if (!span_is(name, parameters[i].name))
			continue;
		if (*given & 1U << i)
			return refuse(why, "%s: given twice",
			    parameters[i].name);
		*given |= 1U << i;
		return parameters[i].parse(value, url, why);
	}
	return refuse(why,
	    "unknown parameter '%.*s' (there are mode, key, "
	    "maxlen, push and db)",
	    name.len > 32 ? 32 : (int)name.len, name.at);
}

static bool
parse_parameters(struct span text, struct sink_url *url, unsigned given,
    struct reason *why)
{
	struct span one;

	while (span_split(text, '&', &one, &text)) {
		if (!parse_parameter(one, url, &given, why))
			return false;
	}
	if (!parse_parameter(text, url, &given, why))
		return false;
	if (given & 1U << MAXLEN && url->mode != REDIS_STREAM)
		return refuse(why, "maxlen: only a stream has one");
	if (given & 1U << PUSH && url->mode != REDIS_LIST)
		return refuse(why, "push: only for a list");
	return true;
}

static bool
parse_user(struct span text, struct sink_url *url, struct reason *why)
{
	struct span user, password;

	if (!span_split(text, ':', &user, &password) || password.len == 0)
		return refuse(why, "a user without a password");
	if (user.len > 0 && !decode(user, "user", &url->user, why))
		return false;
	return decode(password, "password", &url->password, why);
}

/* HOST, or [ADDRESS] for IPv6; and what follows it. */
static bool
parse_host(struct span text, struct sink_url *url, struct reason *why)
{
	struct span host = text, port = { NULL, 0 };
	uint64_t number = REDIS_PORT_DEFAULT;

	if (text.len > 0 && text.at[0] == '[') {
		text = (struct span){ text.at + 1, text.len - 1 };
		if (!span_split(text, ']', &host, &port))
			return refuse(why, "host: '[' without ']'");
		if (port.len > 0 && port.at[0] != ':')
			return refuse(why, "host: something after ']'");
		if (port.len > 0)
			port = (struct span){ port.at + 1, port.len - 1 };
		else
			port.at = NULL;
	} else if (!span_split(text, ':', &host, &port)) {
		port.at = NULL;
	}
	if (host.len == 0)
		return refuse(why, "host: missing");
	if (port.at != NULL &&
	    !parse_number(port, "port", 1, UINT16_MAX, &number, why))
		return false;
	url->port = (uint16_t)number;
	return decode(host, "host", &url->host, why);
}

/* A password may hold an '@': the last one ends it. */
static struct span
after_user(struct span authority, struct span *user)
{
	for (size_t i = authority.len; i > 0; i--) {
		if (authority.at[i - 1] == '@') {
			*user = (struct span){ authority.at, i - 1 };
			return (
			    struct span){ authority.at + i, authority.len - i };
		}
	}
	*user = (struct span){ NULL, 0 };
	return authority;
}

/* text: what comes after "redis://" or "redis+unix://". */
static bool
parse_redis(struct span text, bool is_unix, struct sink_url *url,
    struct reason *why)
{
	struct span query = { NULL, 0 }, authority, path, user;
	unsigned given = 0;
	const char *slash;

	if (memchr(text.at, '#', text.len) != NULL)
		return refuse(why, "a '#' (as part of a word it is %%23)");
	(void)span_split(text, '?', &text, &query);
	/* Else a piece of a password might pass for a parameter's name. */
	if (query.at != NULL && memchr(query.at, '@', query.len) != NULL)
		return refuse(why, "an '@' after '?' (as part of a word it is "
				   "%%40, and a '?' is %%3f)");
	slash = memchr(text.at, '/', text.len);
	authority = text;
	if (slash != NULL)
		authority.len = (size_t)(slash - text.at);
	path = (struct span){ text.at + authority.len,
		text.len - authority.len };
	authority = after_user(authority, &user);
	if (user.at != NULL && !parse_user(user, url, why))
		return false;
	if (is_unix) {
		if (authority.len > 0 || path.len < 2)
			return refuse(why, "not redis+unix:///PATH");
		if (!decode(path, "path", &url->path, why))
			return false;
	} else {
		if (!parse_host(authority, url, why))
			return false;
		if (path.len > 1) {
			path = (struct span){ path.at + 1, path.len - 1 };
			if (!parse_db(path, url, why))
				return false;
			given |= 1U << DB;
		}
	}
	return query.at == NULL || parse_parameters(query, url, given, why);
}

/* The URL as it may be shown. */
static bool
make_name(struct sink_url *url, struct reason *why)
{
	const char *user = url->user != NULL ? url->user : "";
	const char *at = url->password != NULL ? ":***@" : "";
	bool v6 = url->host != NULL && strchr(url->host, ':') != NULL;
	int rc;

	if (url->path != NULL)
		rc = asprintf(&url->name, "redis+unix://%s%s%s", user, at,
		    url->path);
	else
		rc = asprintf(&url->name, "redis://%s%s%s%s%s:%u", user, at,
		    v6 ? "[" : "", url->host, v6 ? "]" : "",
		    (unsigned)url->port);
	if (rc == -1) {
		url->name = NULL;
		return refuse(why, "out of memory");
	}
	return true;
}

static bool
parse_file(const char *text, struct sink_url *url, struct reason *why)
{
	bool is_stdout = strcmp(text, "-") == 0;

	if (text[0] == '\0')
		return refuse(why, "empty");
	url->kind = is_stdout ? SINK_STDOUT : SINK_FILE;
	url->name = strdup(is_stdout ? "standard output" : text);
	url->path = strdup(text);
	if (url->name == NULL || url->path == NULL)
		return refuse(why, "out of memory");
	return true;
}

/* What comes after `prefix`, or NULL. */
static const char *
after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static bool
parse(const char *text, struct sink_url *url, struct reason *why)
{
	const char *tcp = after(text, "redis://");
	const char *local = after(text, "redis+unix://");
	const char *rest = tcp != NULL ? tcp : local;

	if (after(text, "rediss://") != NULL)
		return refuse(why,
		    "rediss: this hiredis has no TLS; let "
		    "redis:// go through a TLS proxy on this machine, such as "
		    "stunnel");
	if (rest == NULL && strstr(text, "://") != NULL)
		return refuse(why,
		    "not a scheme that there is (redis, "
		    "redis+unix), and a file is given by its path alone");
	if (rest == NULL)
		return parse_file(text, url, why);
	url->kind = SINK_REDIS;
	url->port = REDIS_PORT_DEFAULT;
	url->maxlen = REDIS_MAXLEN_DEFAULT;
	if ((url->key = strdup(REDIS_KEY_DEFAULT)) == NULL)
		return refuse(why, "out of memory");
	return parse_redis((struct span){ rest, strlen(rest) }, local != NULL,
		   url, why) &&
	       make_name(url, why);
}

int
sink_url_parse(const char *text, struct sink_url *out, char *error,
    size_t error_size)
{
	char reason[160] = "";
	struct reason why = { reason, sizeof reason };

	*out = (struct sink_url){ 0 };
	if (parse(text, out, &why))
		return 0;
	/* Which sink, as far as that may be said. */
	snprintf(error, error_size, "%s: %s",
	    out->kind == SINK_REDIS ? "Redis sink" : "sink", reason);
	sink_url_fini(out);
	return -1;
}

/* Not only freed: a password must not stay in memory that is used again. */
static void
forget(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void
sink_url_fini(struct sink_url *url)
{
	free(url->name);
	free(url->path);
	free(url->host);
	free(url->user);
	forget(url->password);
	free(url->key);
	*url = (struct sink_url){ 0 };
}
