#include "iocs/normalise.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "decoders/purl.h"
#include "iocs/canonical_address.h"
#include "iocs/canonical_code.h"
#include "iocs/ioc_set.h"
#include "iocs/refang.h"

/* Shorter ones begin every other request. */
#define HTTP_BODY_LEN_MIN  8
#define USER_AGENT_LEN_MAX 1024

static const char too_long[] = "longer than 4096 octets";
static const char no_scheme_for_it[] = "its scheme is not matched";

/* A value that has been taken apart. */
struct parts {
	struct refanged text;
	char *host; /* in text.authority; NUL-terminated */
	uint16_t port;
	bool is_address;
	struct network_value network;
	char name[NAME_LEN_MAX + 1];
	size_t name_len;
};

static void
set_value(struct normal *out, enum indicator_type type, const char *value,
    size_t len)
{
	out->type = type;
	memcpy(out->value, value, len);
	out->value[len] = '\0';
	out->value_len = len;
}

/* Octets that are compared as they are; no control characters in a line. */
static const char *
take_octets(enum indicator_type type, struct cursor value, size_t max,
    struct normal *out)
{
	if (value.left == 0)
		return "empty";
	if (value.left > max)
		return "longer than anything that is compared with it";
	for (size_t i = 0; i < value.left; i++)
		if (type != INDICATOR_HTTP_BODY &&
		    (value.at[i] < ' ' || value.at[i] == 0x7f))
			return "has a control character";
	set_value(out, type, (const char *)value.at, value.left);
	return NULL;
}

static const char *
take_user_agent(struct cursor value, struct normal *out)
{
	while (value.left > 0 && (value.at[0] == ' ' || value.at[0] == '\t'))
		value = (struct cursor){ value.at + 1, value.left - 1 };
	while (value.left > 0 && (value.at[value.left - 1] == ' ' ||
				     value.at[value.left - 1] == '\t'))
		value.left--;
	return take_octets(INDICATOR_USER_AGENT, value, USER_AGENT_LEN_MAX,
	    out);
}

static const char *
take_http_body(struct cursor value, struct normal *out)
{
	if (value.left < HTTP_BODY_LEN_MIN)
		return "shorter than 8 octets: too many bodies begin so";
	return take_octets(INDICATOR_HTTP_BODY, value, IOC_BODY_LEN_MAX, out);
}

/*
 * What a request target is compared with: up to a fragment, which is never
 * sent, and without a '?' or '&' that nothing follows.
 */
static struct cursor
sent_part(struct cursor path)
{
	for (size_t i = 0; i < path.left; i++)
		if (path.at[i] == '#')
			path.left = i;
	while (path.left > 0 &&
	       (path.at[path.left - 1] == '?' || path.at[path.left - 1] == '&'))
		path.left--;
	return path;
}

static bool
has_blank(struct cursor text)
{
	for (size_t i = 0; i < text.left; i++)
		if (text.at[i] <= ' ' || text.at[i] == 0x7f)
			return true;
	return false;
}

static const char *
take_path(struct cursor value, struct normal *out)
{
	value = sent_part(value);
	if (value.left == 0 || value.at[0] != '/')
		return "a path begins with '/'";
	if (value.left == 1)
		return "this path is in every other request";
	if (has_blank(value))
		return "white space in a path";
	return take_octets(INDICATOR_PATH, value, NORMAL_VALUE_MAX, out);
}

static const char *
take_package(struct cursor value, struct normal *out)
{
	struct purl_text purl;
	const char *reason = purl_read(value, &purl);

	if (reason == NULL)
		set_value(out, INDICATOR_PACKAGE, purl.text, purl.len);
	return reason;
}

/*
 * Tables on one registry's packages write "axios@1.14.1", and for PyPI
 * "litellm==1.82.7".  A version is wanted here: a name alone may be the title
 * of a list of versions in another column.
 */
static const char *
take_registry_package(const char *prefix, struct cursor value,
    struct normal *out)
{
	char text[PURL_LEN_MAX + 2];
	char *equals;
	int len;

	if (purl_is_meant(value))
		return take_package(value, out);
	if (value.left > PURL_LEN_MAX)
		return "longer than any package's name";
	len = snprintf(text, sizeof text, "%s%.*s", prefix, (int)value.left,
	    (const char *)value.at);
	if ((size_t)len >= sizeof text)
		return "longer than any package's name";
	if ((equals = strstr(text, "==")) != NULL) {
		*equals = '@';
		memmove(equals + 1, equals + 2, strlen(equals + 2) + 1);
	}
	len = (int)strlen(text);
	if (purl_version_mark(text, (size_t)len) <= strlen(prefix))
		return "a package without a version";
	return take_package(cur_of(text, (size_t)len), out);
}

/* Without user information and without a final dot behind an address. */
static void
find_host(struct parts *parts)
{
	char *at = strrchr(parts->text.authority, '@');
	size_t len;

	parts->host = at != NULL ? at + 1 : parts->text.authority;
	len = strlen(parts->host);
	if (len > 1 && parts->host[len - 1] == '.')
		parts->host[len - 1] = '\0';
}

static const char *
split_name(struct parts *parts)
{
	size_t len = strcspn(parts->host, ":|");

	if (parts->host[len] != '\0') {
		if (!port_read(parts->host + len + 1,
			strlen(parts->host + len + 1), &parts->port))
			return "the port is no number from 1 to 65535";
		parts->host[len] = '\0';
	}
	return canonical_name(parts->host, parts->name, &parts->name_len);
}

/* Reads scheme, host and port; the host is an address or a name. */
static const char *
take_apart(struct cursor value, struct parts *parts)
{
	const char *reason;

	if (!refang(value, &parts->text))
		return "longer than any name";
	if (parts->text.authority_len == 0)
		return "empty";
	if (strpbrk(parts->text.authority, " \t") != NULL)
		return "more than one value, or none";
	find_host(parts);
	parts->port = 0;
	parts->is_address = address_is_meant(parts->host);
	if (!parts->is_address) {
		if (strncmp(parts->host, "*.", 2) == 0)
			parts->host += 2;
		else if (parts->host[0] == '.')
			parts->host++;
		return split_name(parts);
	}
	reason = canonical_address(parts->host, &parts->network);
	parts->port = parts->network.port;
	return reason;
}

static bool
is_wildcard(struct cursor value)
{
	return value.left > 2 && memcmp(value.at, "*.", 2) == 0;
}

static const char *
take_address(const struct parts *parts, struct normal *out)
{
	char text[ADDRESS_TEXT_MAX];
	const char *reason = address_refusal(&parts->network);

	if (reason != NULL)
		return reason;
	address_write(&parts->network, text);
	out->addr = parts->network.addr;
	out->prefix_bits = parts->network.prefix_bits;
	out->port = parts->network.port;
	set_value(out, INDICATOR_ADDRESS, text, strlen(text));
	return NULL;
}

static const char *
take_name(const struct suffixes *suffixes, enum indicator_type type,
    const struct parts *parts, struct normal *out)
{
	const char *reason = NULL;

	if (type == INDICATOR_DOMAIN)
		reason = suffixes_refusal(suffixes, parts->name);
	if (reason == NULL)
		set_value(out, type, parts->name, parts->name_len);
	return reason;
}

/* The host as it stands in a URL. */
static const char *
url_host(const struct parts *parts, char out[NAME_LEN_MAX + 1])
{
	struct network_value host = parts->network;
	char text[ADDRESS_TEXT_MAX];
	const char *reason;

	if (!parts->is_address) {
		memcpy(out, parts->name, parts->name_len + 1);
		return NULL;
	}
	if ((reason = address_refusal(&host)) != NULL)
		return reason;
	host.port = 0;
	address_write(&host, text);
	snprintf(out, NAME_LEN_MAX + 1, addr_is_v4(&host.addr) ? "%s" : "[%s]",
	    text);
	return NULL;
}

static const char *
take_url(const struct parts *parts, struct normal *out)
{
	bool https = parts->text.scheme == SCHEME_HTTPS;
	struct cursor rest = parts->text.rest, sent;
	char host[NAME_LEN_MAX + 1], port[sizeof ":65535"] = "";
	char path[NORMAL_VALUE_MAX + 2];
	const char *reason;
	int len;

	if (parts->text.scheme == SCHEME_OTHER ||
	    parts->text.scheme == SCHEME_TRANSPORT)
		return no_scheme_for_it;
	if ((reason = url_host(parts, host)) != NULL)
		return reason;
	if (rest.left > NORMAL_VALUE_MAX)
		return too_long;
	if (has_blank(rest))
		return "white space in a URL";
	/* RFC 9112 section 3.2.1: an empty path is sent as "/". */
	len = snprintf(path, sizeof path, "/%s%.*s",
	    parts->text.delimiter == '?' ? "?" : "",
	    parts->text.delimiter == '#' ? 0 : (int)rest.left,
	    rest.left > 0 ? (const char *)rest.at : "");
	sent = sent_part(cur_of(path,
	    (size_t)len < sizeof path ? (size_t)len : sizeof path - 1));
	out->port = parts->port == (https ? 443 : 80) ? 0 : parts->port;
	if (out->port != 0)
		snprintf(port, sizeof port, ":%u", out->port);
	len = snprintf(out->value, sizeof out->value, "%s://%s%s%.*s",
	    https ? "https" : "http", host, port, (int)sent.left,
	    (const char *)sent.at);
	if ((size_t)len >= sizeof out->value)
		return too_long;
	out->type = INDICATOR_URL;
	out->value_len = (size_t)len;
	return NULL;
}

/* 192.0.2.0/24 and not a URL with a path of digits. */
static bool
is_network(const struct parts *parts)
{
	struct cursor rest = parts->text.rest;

	if (!parts->is_address || parts->port != 0 ||
	    parts->text.scheme != SCHEME_NONE || parts->text.delimiter != '/' ||
	    rest.left == 0 || rest.left > 3)
		return false;
	for (size_t i = 0; i < rest.left; i++)
		if (rest.at[i] < '0' || rest.at[i] > '9')
			return false;
	return true;
}

/* A value that is a name, an address or a network, whatever it was called. */
static const char *
take_endpoint(const struct suffixes *suffixes, enum indicator_type type,
    struct parts *parts, struct normal *out)
{
	const char *reason;

	if (is_network(parts)) {
		reason = canonical_prefix(parts->host,
		    (const char *)parts->text.rest.at, parts->text.rest.left,
		    &parts->network);
		return reason != NULL ? reason : take_address(parts, out);
	}
	if (parts->text.delimiter != '\0' && parts->text.rest.left > 0)
		return "there is a path behind it";
	if (strchr(parts->text.authority, '@') != NULL)
		return "a mail address";
	if (parts->is_address)
		return take_address(parts, out);
	if (type == INDICATOR_ADDRESS)
		return "no IPv4 or IPv6 address";
	return take_name(suffixes, type, parts, out);
}

static bool
looks_like_url(const struct parts *parts)
{
	if (parts->text.scheme == SCHEME_HTTP ||
	    parts->text.scheme == SCHEME_HTTPS)
		return true;
	return parts->text.scheme == SCHEME_NONE &&
	       parts->text.delimiter != '\0' && !is_network(parts);
}

/* Values of one fixed shape; false where it is none of them. */
static bool
take_code(enum value_kind kind, struct cursor value, struct normal *out,
    const char **reason)
{
	static const struct {
		enum value_kind kind;
		enum indicator_type type;
		const char *(*canonical)(struct cursor value,
		    char out[CODE_TEXT_MAX + 1]);
		bool (*is_meant)(struct cursor value); /* by its look alone */
	} codes[] = {
		{ VALUE_JA3, INDICATOR_JA3, canonical_md5, NULL },
		{ VALUE_JA3S, INDICATOR_JA3S, canonical_md5, NULL },
		{ VALUE_JA4, INDICATOR_JA4, canonical_ja4, ja4_is_meant },
		{ VALUE_COUNTRY, INDICATOR_COUNTRY, canonical_country, NULL },
		{ VALUE_ASN, INDICATOR_ASN, canonical_asn, asn_is_meant },
	};
	char text[CODE_TEXT_MAX + 1];

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (kind != codes[i].kind &&
		    (kind != VALUE_ANY || codes[i].is_meant == NULL ||
			!codes[i].is_meant(value)))
			continue;
		*reason = codes[i].canonical(value, text);
		if (*reason == NULL)
			set_value(out, codes[i].type, text, strlen(text));
		return true;
	}
	return false;
}

const char *
normalise(const struct suffixes *suffixes, enum value_kind kind,
    struct cursor value, struct normal *out)
{
	enum indicator_type type = INDICATOR_DOMAIN;
	struct parts parts;
	const char *reason;
	bool wildcard;

	out->port = 0;
	out->prefix_bits = 0;
	out->addr = (struct addr){ { 0 } };
	if (kind == VALUE_USER_AGENT)
		return take_user_agent(value, out);
	if (kind == VALUE_HTTP_BODY)
		return take_http_body(value, out);
	value = refang_trim(value);
	if (value.left == 0)
		return "empty";
	if (take_code(kind, value, out, &reason))
		return reason;
	if (kind == VALUE_PATH ||
	    (value.at[0] == '/' && (kind == VALUE_ANY || kind == VALUE_URI)))
		return take_path(value, out);
	if (kind == VALUE_NPM_PACKAGE)
		return take_registry_package("pkg:npm/", value, out);
	if (kind == VALUE_PYPI_PACKAGE)
		return take_registry_package("pkg:pypi/", value, out);
	if (kind == VALUE_PACKAGE || purl_is_meant(value))
		return take_package(value, out);
	wildcard = is_wildcard(value);
	if ((reason = take_apart(value, &parts)) != NULL)
		return reason;
	if (kind == VALUE_URL || kind == VALUE_URI ||
	    (kind == VALUE_ANY && looks_like_url(&parts)))
		return take_url(&parts, out);
	if (parts.text.scheme == SCHEME_OTHER)
		return no_scheme_for_it;
	if (kind == VALUE_HOST && !wildcard)
		type = INDICATOR_HOST;
	else if (kind == VALUE_ADDRESS)
		type = INDICATOR_ADDRESS;
	return take_endpoint(suffixes, type, &parts, out);
}
