#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/http.h"
#include "decoders/http_text.h"

/* Names in HTTP/1.x requests: RFC 3986 section 3, RFC 9112 section 3.2. */

/* An IPv6 address without the brackets that it should have. */
static bool
is_bare_ipv6(struct cursor c)
{
	size_t i, colons = 0;
	int octet;

	for (i = 0; i < c.left; i++) {
		octet = text_lower(text_at(c, i));
		if (octet == ':')
			colons++;
		else if (octet != '.' && !text_is_digit(octet) &&
			 (octet < 'a' || octet > 'f'))
			return false;
	}
	return colons >= 2;
}

static struct cursor
without_userinfo(struct cursor authority)
{
	size_t i;

	/* The last '@': one in a password should have been escaped. */
	for (i = authority.left; i > 0; i--)
		if (text_at(authority, i - 1) == '@')
			break;
	return text_from(authority, i);
}

static uint16_t
port_number(struct cursor text)
{
	uint64_t number;

	if (text_at(text, 0) != ':')
		return 0;
	text = text_from(text, 1);
	if (!text_take_number(&text, UINT16_MAX, &number) || text.left > 0)
		return 0;
	return (uint16_t)number;
}

bool
http_host_split(struct cursor authority, struct cursor *host, uint16_t *port)
{
	struct cursor name = without_userinfo(text_trim(authority)), rest;
	size_t len;

	if (text_at(name, 0) == '[') {
		name = text_from(name, 1);
		len = text_find(name, ']');
		rest = text_from(name, len + 1);
	} else {
		len = is_bare_ipv6(name) ? name.left : text_find(name, ':');
		rest = text_from(name, len);
	}
	if (len == 0)
		return false;
	*host = text_first(name, len);
	*port = port_number(rest);
	return true;
}

/* Octets of scheme "://", or 0; RFC 3986 section 3.1. */
static size_t
scheme_len(struct cursor target)
{
	size_t len = 0;
	int octet = text_lower(text_at(target, 0));

	if (octet < 'a' || octet > 'z')
		return 0;
	while ((octet >= 'a' && octet <= 'z') || text_is_digit(octet) ||
	       octet == '+' || octet == '-' || octet == '.')
		octet = text_lower(text_at(target, ++len));
	return text_starts(text_from(target, len), TEXT("://")) ? len + 3 : 0;
}

static bool
ends_authority(int octet)
{
	return octet == -1 || octet == '/' || octet == '?' || octet == '#';
}

enum http_target
http_target_parse(struct cursor method, struct cursor target,
    struct cursor *authority, struct cursor *path)
{
	size_t scheme = scheme_len(target), len = 0;

	*authority = *path = (struct cursor){ 0 };
	if (scheme > 0) {
		target = text_from(target, scheme);
		while (!ends_authority(text_at(target, len)))
			len++;
		*authority = text_first(target, len);
		*path = text_from(target, len);
		return HTTP_TARGET_ABSOLUTE;
	}
	if (text_is_exactly(method, TEXT("CONNECT")) &&
	    text_at(target, 0) != '/') {
		*authority = target;
		return HTTP_TARGET_AUTHORITY;
	}
	if (text_is_exactly(target, TEXT("*")))
		return HTTP_TARGET_ASTERISK;
	*path = target;
	return HTTP_TARGET_ORIGIN;
}
