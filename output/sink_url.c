#include "output/sink_url.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/redis_tls.h"
#include "output/sink_url_parameters.h"
#include "output/url_text.h"
#include "sensor/siphash.h"

/* --- the parts of the authority --- */

static bool
parse_user(struct span text, struct sink_url *url, struct reason *why)
{
	struct span user, password;

	if (!span_split(text, ':', &user, &password)) {
		/* The password may come from a file. */
		user = text;
		password = (struct span){ text.at, 0 };
	}
	if (user.len == 0 && password.len == 0)
		return url_refuse(why, "a user without a password");
	if (user.len > 0 && !url_decode(user, "user", &url->user, why))
		return false;
	return password.len == 0 ||
	       url_decode(password, "password", &url->password, why);
}

/* HOST, or [ADDRESS] for IPv6; and what follows it. */
static bool
parse_endpoint(struct span text, uint16_t standard_port,
    struct sink_endpoint *out, struct reason *why)
{
	struct span host = text, port = { NULL, 0 };
	uint64_t number = standard_port;

	if (text.len > 0 && text.at[0] == '[') {
		text = (struct span){ text.at + 1, text.len - 1 };
		if (!span_split(text, ']', &host, &port))
			return url_refuse(why, "host: '[' without ']'");
		if (port.len > 0 && port.at[0] != ':')
			return url_refuse(why, "host: something after ']'");
		if (port.len > 0)
			port = (struct span){ port.at + 1, port.len - 1 };
		else
			port.at = NULL;
	} else if (!span_split(text, ':', &host, &port)) {
		port.at = NULL;
	}
	if (host.len == 0)
		return url_refuse(why, "host: missing");
	if (port.at != NULL &&
	    !url_number(port, "port", 1, UINT16_MAX, &number, why))
		return false;
	out->port = (uint16_t)number;
	return url_decode(host, "host", &out->host, why);
}

static bool
add_endpoint(struct span text, uint16_t standard_port, struct sink_url *url,
    struct reason *why)
{
	struct sink_endpoint *grown;

	if (url->endpoint_count == SINK_ENDPOINTS_MAX)
		return url_refuse(why, "more than %d hosts",
		    SINK_ENDPOINTS_MAX);
	grown = reallocarray(url->endpoints, url->endpoint_count + 1,
	    sizeof *grown);
	if (grown == NULL)
		return url_refuse(why, "out of memory");
	url->endpoints = grown;
	grown[url->endpoint_count] = (struct sink_endpoint){ NULL, 0 };
	if (!parse_endpoint(text, standard_port, &grown[url->endpoint_count],
		why))
		return false;
	url->endpoint_count++;
	return true;
}

static bool
parse_endpoints(struct span text, uint16_t standard_port, bool several,
    struct sink_url *url, struct reason *why)
{
	struct span one;

	while (several && span_split(text, ',', &one, &text)) {
		if (!add_endpoint(one, standard_port, url, why))
			return false;
	}
	return add_endpoint(text, standard_port, url, why);
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

/* authority [ path ] [ "?" query ]; an absent one has `at` NULL. */
struct url_parts {
	struct span user, authority, path, query;
};

static bool
cut_url(struct span text, struct url_parts *out, struct reason *why)
{
	const char *slash;

	if (memchr(text.at, '#', text.len) != NULL)
		return url_refuse(why, "a '#' (as part of a word it is %%23)");
	out->query = (struct span){ NULL, 0 };
	(void)span_split(text, '?', &text, &out->query);
	/* Else a piece of a password might pass for a parameter's name. */
	if (out->query.at != NULL &&
	    memchr(out->query.at, '@', out->query.len) != NULL)
		return url_refuse(why,
		    "an '@' after '?' (as part of a word it is %%40, and a "
		    "'?' is %%3f)");
	slash = memchr(text.at, '/', text.len);
	out->authority = text;
	if (slash != NULL)
		out->authority.len = (size_t)(slash - text.at);
	out->path = (struct span){ text.at + out->authority.len,
		text.len - out->authority.len };
	out->authority = after_user(out->authority, &out->user);
	return true;
}

/* --- schemes --- */

struct scheme {
	const char *prefix;
	enum sink_kind kind;
	bool tls;
	enum redis_topology topology;
	enum syslog_transport transport;
	bool (*parse)(const struct scheme *scheme,
	    const struct url_parts *parts, struct sink_url *url,
	    struct reason *why);
};

/* What follows the host of a Redis: nothing, "/", or "/DB". */
static bool
parse_db_path(struct span path, bool *has_db, struct sink_url *url,
    struct reason *why)
{
	*has_db = path.len > 1;
	if (!*has_db)
		return true;
	return sink_url_db((struct span){ path.at + 1, path.len - 1 }, url,
	    why);
}

static bool
parse_redis_rest(const struct url_parts *parts, struct span db_path,
    struct sink_url *url, struct reason *why)
{
	bool has_db;

	if (!parse_db_path(db_path, &has_db, url, why))
		return false;
	if (parts->query.at != NULL &&
	    !sink_url_parameters(parts->query, url, has_db, why))
		return false;
	if (url->topology == REDIS_CLUSTER && url->db != 0)
		return url_refuse(why, "db: a cluster has only 0");
	if (url->user != NULL && url->password == NULL &&
	    url->password_file == NULL)
		return url_refuse(why, "a user without a password");
	return true;
}

static bool
parse_redis(const struct scheme *scheme, const struct url_parts *parts,
    struct sink_url *url, struct reason *why)
{
	bool cluster = scheme->topology == REDIS_CLUSTER;
	struct span authority = parts->authority;

	if (!cluster && memchr(authority.at, ',', authority.len) != NULL)
		return url_refuse(why, "host: several are for redis+sentinel "
				       "and redis+cluster");
	return parse_endpoints(authority, REDIS_PORT_DEFAULT, cluster, url,
		   why) &&
	       parse_redis_rest(parts, parts->path, url, why);
}

/* /MASTER[/DB] */
static bool
parse_sentinel(const struct scheme *scheme, const struct url_parts *parts,
    struct sink_url *url, struct reason *why)
{
	struct span path = parts->path, master, db = { NULL, 0 };

	(void)scheme;
	if (!parse_endpoints(parts->authority, REDIS_SENTINEL_PORT, true, url,
		why))
		return false;
	if (path.len < 2 || path.at[1] == '/')
		return url_refuse(why,
		    "the master's name is missing (redis+sentinel://HOST/"
		    "MASTER)");
	path = (struct span){ path.at + 1, path.len - 1 };
	master = path;
	if (span_split(path, '/', &master, &db))
		db = (struct span){ db.at - 1, db.len + 1 };
	return url_decode(master, "master", &url->master, why) &&
	       parse_redis_rest(parts, db, url, why);
}

static bool
parse_redis_unix(const struct scheme *scheme, const struct url_parts *parts,
    struct sink_url *url, struct reason *why)
{
	struct span no_db = { NULL, 0 };

	(void)scheme;
	if (parts->authority.len > 0 || parts->path.len < 2)
		return url_refuse(why, "not redis+unix:///PATH");
	return url_decode(parts->path, "path", &url->path, why) &&
	       parse_redis_rest(parts, no_db, url, why);
}

static bool
parse_syslog(const struct scheme *scheme, const struct url_parts *parts,
    struct sink_url *url, struct reason *why)
{
	url->transport = scheme->transport;
	if (parts->path.len > 1)
		return url_refuse(why, "nothing goes after the port but '?'");
	return parse_endpoints(parts->authority, SYSLOG_PORT_DEFAULT, false,
		   url, why) &&
	       (parts->query.at == NULL ||
		   sink_url_parameters(parts->query, url, false, why));
}

static bool
parse_file_url(const struct scheme *scheme, const struct url_parts *parts,
    struct sink_url *url, struct reason *why)
{
	(void)scheme;
	if (parts->authority.len > 0 || parts->path.len < 2)
		return url_refuse(why, "not file:///PATH");
	return url_decode(parts->path, "path", &url->path, why) &&
	       (parts->query.at == NULL ||
		   sink_url_parameters(parts->query, url, false, why));
}

static const struct scheme schemes[] = {
	{ "file://", SINK_FILE, .parse = parse_file_url },
	{ "redis://", SINK_REDIS, .parse = parse_redis },
	{ "rediss://", SINK_REDIS, .tls = true, .parse = parse_redis },
	{ "redis+unix://", SINK_REDIS, .parse = parse_redis_unix },
	{ "redis+sentinel://", SINK_REDIS, .topology = REDIS_SENTINEL,
	    .parse = parse_sentinel },
	{ "rediss+sentinel://", SINK_REDIS, .tls = true,
	    .topology = REDIS_SENTINEL, .parse = parse_sentinel },
	{ "redis+cluster://", SINK_REDIS, .topology = REDIS_CLUSTER,
	    .parse = parse_redis },
	{ "rediss+cluster://", SINK_REDIS, .tls = true,
	    .topology = REDIS_CLUSTER, .parse = parse_redis },
	{ "syslog://", SINK_SYSLOG, .transport = SYSLOG_UDP,
	    .parse = parse_syslog },
	{ "syslog+tcp://", SINK_SYSLOG, .transport = SYSLOG_TCP,
	    .parse = parse_syslog },
};

/* --- what it is called --- */

/* "host:port,host:port"; false where memory is short. */
static bool
spell_endpoints(const struct sink_url *url, FILE *to)
{
	for (unsigned i = 0; i < url->endpoint_count; i++) {
		const struct sink_endpoint *one = &url->endpoints[i];
		bool v6 = strchr(one->host, ':') != NULL;

		fprintf(to, "%s%s%s%s:%u", i > 0 ? "," : "", v6 ? "[" : "",
		    one->host, v6 ? "]" : "", (unsigned)one->port);
	}
	return ferror(to) == 0;
}

/* What tells sinks of one Redis apart, where it is not the standard. */
static void
spell_key(const struct sink_url *url, FILE *to)
{
	static const char *const names[] = {
		[KEY_TYPE] = "{type}",
		[KEY_SEGMENT] = "{segment}",
		[KEY_SEVERITY] = "{severity}",
	};

	if (url->key_count == 0 ||
	    (url->key_count == 1 && url->key[0].text != NULL &&
		strcmp(url->key[0].text, REDIS_KEY_DEFAULT) == 0))
		return;
	fputs("?key=", to);
	for (unsigned i = 0; i < url->key_count; i++)
		fputs(url->key[i].text != NULL ? url->key[i].text
					       : names[url->key[i].kind],
		    to);
}

/* The URL as it may be shown; without `credentials`, the place alone. */
static char *
spell(const struct scheme *scheme, const struct sink_url *url, bool credentials)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return NULL;
	fputs(scheme->prefix, to);
	if (credentials && (url->user != NULL || url->password != NULL))
		fprintf(to, "%s:***@", url->user != NULL ? url->user : "");
	if (url->path != NULL)
		fputs(url->path, to);
	(void)spell_endpoints(url, to);
	if (url->master != NULL)
		fprintf(to, "/%s", url->master);
	if (credentials)
		spell_key(url, to);
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Where in the Redis the lines go, for the identity. */
static void
spell_place(const struct sink_url *url, FILE *to)
{
	fprintf(to, "|%u|%d|%d|%d|", (unsigned)url->db, (int)url->mode,
	    (int)url->push_left, (int)url->transport);
	for (unsigned i = 0; i < url->key_count; i++)
		fprintf(to, "%d:%s|", (int)url->key[i].kind,
		    url->key[i].text != NULL ? url->key[i].text : "");
}

/*
 * A name for a folder: the scheme, to be recognised, and a hash of the place.
 * The hash must be the same in every run, so its key is no secret.
 */
static bool
make_identity(const struct scheme *scheme, struct sink_url *url)
{
	char *place = spell(scheme, url, false), *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	struct siphash_key key = { 0, 0 };

	if (place == NULL || to == NULL) {
		free(place);
		if (to != NULL)
			fclose(to);
		free(text);
		return false;
	}
	fputs(place, to);
	free(place);
	spell_place(url, to);
	if (fclose(to) != 0) {
		free(text);
		return false;
	}
	snprintf(url->identity, sizeof url->identity, "%.*s-%016" PRIx64,
	    (int)(strlen(scheme->prefix) - strlen("://")), scheme->prefix,
	    siphash(&key, text, size));
	for (char *c = url->identity; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c;
	free(text);
	return true;
}

/* --- the whole --- */

static bool
parse_path(const char *text, struct sink_url *url, struct reason *why)
{
	bool is_stdout = strcmp(text, "-") == 0;

	if (text[0] == '\0')
		return url_refuse(why, "empty");
	url->kind = is_stdout ? SINK_STDOUT : SINK_FILE;
	url->name = strdup(is_stdout ? "standard output" : text);
	url->path = strdup(text);
	if (url->name == NULL || url->path == NULL)
		return url_refuse(why, "out of memory");
	return true;
}

static bool
set_defaults(const struct scheme *scheme, struct sink_url *url,
    struct reason *why)
{
	url->kind = scheme->kind;
	url->topology = scheme->topology;
	url->tls.wanted = scheme->tls;
	url->maxlen = REDIS_MAXLEN_DEFAULT;
	url->replicas_ms = REDIS_REPLICAS_MS_DEFAULT;
	url->facility = SYSLOG_FACILITY_DEFAULT;
	if (url->kind == SINK_REDIS)
		return sink_url_key(REDIS_KEY_DEFAULT, url, why);
	if (url->kind == SINK_SYSLOG &&
	    (url->app = strdup("egress-sensor")) == NULL)
		return url_refuse(why, "out of memory");
	return true;
}

static bool
parse_scheme(const struct scheme *scheme, const char *text,
    struct sink_url *url, struct reason *why)
{
	struct url_parts parts;

	if (!set_defaults(scheme, url, why))
		return false;
	if (scheme->tls && !redis_tls_is_available())
		return url_refuse(why,
		    "rediss: this hiredis has no TLS (it came with 1.0); let "
		    "redis:// go through a TLS proxy on this machine, such as "
		    "stunnel (docs/consumers.md), or build with REDIS_TLS=yes");
	if (!cut_url((struct span){ text, strlen(text) }, &parts, why))
		return false;
	if (parts.user.at != NULL && scheme->kind != SINK_REDIS)
		return url_refuse(why, "only a Redis has a user");
	if (parts.user.at != NULL && !parse_user(parts.user, url, why))
		return false;
	if (!scheme->parse(scheme, &parts, url, why))
		return false;
	url->name = scheme->kind == SINK_FILE ? strdup(url->path)
	                                      : spell(scheme, url, true);
	if (url->name == NULL || !make_identity(scheme, url))
		return url_refuse(why, "out of memory");
	return true;
}

static bool
parse(const char *text, struct sink_url *url, struct reason *why)
{
	url->severity_max = 3;
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t len = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, len) == 0)
			return parse_scheme(&schemes[i], text + len, url, why);
	}
	if (strstr(text, "://") != NULL)
		return url_refuse(why,
		    "not a scheme that there is (file, redis, rediss, "
		    "redis+unix, redis+sentinel, redis+cluster, syslog, "
		    "syslog+tcp)");
	return parse_path(text, url, why);
}

static const char *
kind_name(enum sink_kind kind)
{
	switch (kind) {
	case SINK_STDOUT:
	case SINK_FILE:
		break;
	case SINK_REDIS:
		return "Redis sink";
	case SINK_SYSLOG:
		return "syslog sink";
	}
	return "sink";
}

int
sink_url_parse(const char *text, struct sink_url *out, char *error,
    size_t error_size)
{
	char reason[320] = "";
	struct reason why = { reason, sizeof reason };

	*out = (struct sink_url){ 0 };
	if (parse(text, out, &why))
		return 0;
	/* Which sink, as far as that may be said. */
	snprintf(error, error_size, "%s: %s", kind_name(out->kind), reason);
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
	for (unsigned i = 0; i < url->endpoint_count; i++)
		free(url->endpoints[i].host);
	free(url->endpoints);
	sink_url_key_fini(url);
	free(url->name);
	free(url->path);
	free(url->master);
	free(url->user);
	forget(url->password);
	free(url->password_file);
	free(url->sentinel_user);
	forget(url->sentinel_password);
	free(url->tls.ca);
	free(url->tls.cert);
	free(url->tls.cert_key);
	free(url->tls.name);
	free(url->app);
	*url = (struct sink_url){ 0 };
}
