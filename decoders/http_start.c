#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/http.h"
#include "decoders/http_start.h"
#include "decoders/http_text.h"

/* How HTTP/1.x messages begin, and how to tell that they do. */

/* What is longer, in front of a colon, is no field name and its spaces. */
#define FIELD_NAME_MAX 128
/* Octets before the space of a status line. */
#define STATUS_VERSION_MAX 16

/* tchar, RFC 9110 section 5.6.2. */
static bool
is_tchar(int octet)
{
	int lower = text_lower(octet);

	if ((lower >= 'a' && lower <= 'z') || text_is_digit(octet))
		return true;
	switch (octet) {
	case '!':
	case '#':
	case '$':
	case '%':
	case '&':
	case '\'':
	case '*':
	case '+':
	case '-':
	case '.':
	case '^':
	case '_':
	case '`':
	case '|':
	case '~':
		return true;
	}
	return false;
}

/* Octets of the token at the beginning; looks no further than `max` + 1. */
static size_t
token_len(struct cursor c, size_t max)
{
	size_t len = 0;

	while (len <= max && is_tchar(text_at(c, len)))
		len++;
	return len;
}

bool
http_skip_blank_lines(struct cursor *c)
{
	size_t len = 0;

	while (text_at(*c, len) == '\r' || text_at(*c, len) == '\n')
		if (++len > HTTP_BLANK_LEN_MAX)
			return false;
	*c = text_from(*c, len);
	return true;
}

/*
 * Whether the last word of a request line is its version.  In a line that was
 * cut, the word may be the beginning of one.
 */
static bool
is_version(struct cursor word, bool whole)
{
	if (!whole && word.left > 0 && word.left < 5)
		return memcmp(word.at, "HTTP/", word.left) == 0;
	return text_starts(word, TEXT("http/"));
}

static void
note_version(struct http_start *start, struct cursor version)
{
	int minor = text_at(version, 7);

	start->version = version;
	if (text_is_exactly(version, TEXT("HTTP/0.9"))) {
		start->minor = 9;
	} else if (text_is_digit(minor) &&
		   text_is_exactly(text_first(version, 7), TEXT("HTTP/1.")) &&
		   version.left == 8) {
		start->minor = (uint8_t)(minor - '0');
	} else {
		start->minor = 1;
		start->version_odd = true;
	}
}

static size_t
first_word_len(struct cursor words)
{
	size_t len = text_find(words, ' ');

	return text_find(text_first(words, len), '\t');
}

static struct cursor
last_word(struct cursor words)
{
	size_t at = words.left;

	while (at > 0 && !text_is_ows(text_at(words, at - 1)))
		at--;
	return text_from(words, at);
}

/*
 * method SP request-target SP HTTP-version, RFC 9112 section 3.  The target is
 * the second word, whatever it looks like.  False where there is no method.
 */
static bool
split_request_line(struct cursor line, bool whole, struct http_start *start)
{
	size_t len = token_len(line, HTTP_METHOD_LEN_MAX);
	struct cursor rest = text_trim(text_from(line, len)), last;

	if (len == 0 || len > HTTP_METHOD_LEN_MAX ||
	    (rest.left > 0 && !text_is_ows(text_at(line, len))))
		return false;
	start->method = text_first(line, len);
	start->target = text_first(rest, first_word_len(rest));
	rest = text_trim_start(text_from(rest, start->target.left));
	last = last_word(rest);
	if (is_version(last, whole)) {
		note_version(start, last);
		rest = text_first(rest, rest.left - last.left);
	}
	start->dropped = text_trim_end(rest);
	return true;
}

/* RFC 9110 section 16.1.1, the registry of methods; frequent ones first. */
static const struct {
	const char *name;
	size_t len;
} methods[] = {
	{ TEXT("GET") },
	{ TEXT("POST") },
	{ TEXT("HEAD") },
	{ TEXT("CONNECT") },
	{ TEXT("OPTIONS") },
	{ TEXT("PUT") },
	{ TEXT("DELETE") },
	{ TEXT("PATCH") },
	{ TEXT("TRACE") },
	/* WebDAV and its relatives, RFC 3253 to RFC 5842. */
	{ TEXT("PROPFIND") },
	{ TEXT("PROPPATCH") },
	{ TEXT("REPORT") },
	{ TEXT("SEARCH") },
	{ TEXT("MKCOL") },
	{ TEXT("COPY") },
	{ TEXT("MOVE") },
	{ TEXT("LOCK") },
	{ TEXT("UNLOCK") },
	{ TEXT("MERGE") },
	{ TEXT("CHECKOUT") },
	{ TEXT("CHECKIN") },
	{ TEXT("UNCHECKOUT") },
	{ TEXT("MKACTIVITY") },
	{ TEXT("MKWORKSPACE") },
	{ TEXT("MKCALENDAR") },
	{ TEXT("MKREDIRECTREF") },
	{ TEXT("UPDATEREDIRECTREF") },
	{ TEXT("VERSION-CONTROL") },
	{ TEXT("BASELINE-CONTROL") },
	{ TEXT("UPDATE") },
	{ TEXT("LABEL") },
	{ TEXT("ORDERPATCH") },
	{ TEXT("ACL") },
	{ TEXT("BIND") },
	{ TEXT("UNBIND") },
	{ TEXT("REBIND") },
	{ TEXT("LINK") },
	{ TEXT("UNLINK") },
};

static bool
is_registered_method(struct cursor method)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (text_is_exactly(method, methods[i].name, methods[i].len))
			return true;
	return false;
}

/* Targets that RTSP and SIP, which share some methods, do not use. */
static bool
is_http_target(struct cursor target)
{
	return text_at(target, 0) == '/' ||
	       text_starts(target, TEXT("http://")) ||
	       text_starts(target, TEXT("https://"));
}

/* "GET /x", RFC 1945 section 4.1. */
static bool
is_simple_request(const struct http_start *start)
{
	return text_is_exactly(start->method, TEXT("GET")) &&
	       is_http_target(start->target) && start->dropped.left == 0;
}

/* "RTSP/1.0", "SIP/2.0", "ICAP/1.0". */
static bool
is_other_version(struct cursor word)
{
	size_t len = token_len(word, HTTP_METHOD_LEN_MAX);

	return len > 0 && text_at(word, len) == '/' &&
	       text_is_digit(text_at(word, len + 1));
}

/* What a request line is followed by. */
enum follower {
	FOLLOWED_BY_NOTHING,
	FOLLOWED_BY_PART, /* of an empty line or a field line */
	FOLLOWED_BY_EMPTY_LINE,
	FOLLOWED_BY_HOST,  /* the Host field */
	FOLLOWED_BY_FIELD, /* any other, or a lone token without its colon */
	FOLLOWED_BY_OTHER,
};

static enum follower
follower_of_name(struct cursor after, size_t name_len)
{
	size_t len = name_len;

	while (len <= FIELD_NAME_MAX && text_is_ows(text_at(after, len)))
		len++;
	if (len > FIELD_NAME_MAX)
		return FOLLOWED_BY_OTHER;
	switch (text_at(after, len)) {
	case -1:
		return FOLLOWED_BY_PART;
	case ':':
		return text_is(text_first(after, name_len), TEXT("host"))
		           ? FOLLOWED_BY_HOST
		           : FOLLOWED_BY_FIELD;
	case '\r':
	case '\n':
		return FOLLOWED_BY_FIELD;
	}
	return FOLLOWED_BY_OTHER;
}

static enum follower
follower_of(struct cursor after)
{
	size_t name_len = token_len(after, FIELD_NAME_MAX);

	if (after.left == 0)
		return FOLLOWED_BY_NOTHING;
	if (name_len > 0)
		return follower_of_name(after, name_len);
	if (text_at(after, 0) == '\r')
		after = text_from(after, 1);
	if (after.left == 0)
		return FOLLOWED_BY_PART;
	return text_at(after, 0) == '\n' ? FOLLOWED_BY_EMPTY_LINE
	                                 : FOLLOWED_BY_OTHER;
}

/* What a request line without a version turns out to be. */
enum versionless {
	VERSIONLESS_NOT_HTTP,
	VERSIONLESS_OPEN,   /* the octets after it will tell */
	VERSIONLESS_ALONE,  /* an HTTP/0.9 request */
	VERSIONLESS_FIELDS, /* a field section follows, or an empty line */
};

/*
 * Host is evidence enough for anything, but STOMP has it too: "CONNECT", on a
 * line of its own, then "host:".
 */
static bool
is_request_before_host(const struct http_start *start, bool registered)
{
	if (start->target.left > 0)
		return true;
	return registered && !text_is_exactly(start->method, TEXT("CONNECT"));
}

/*
 * A line that does not look like HTTP and has nothing behind it is not waited
 * for: IMAP's "a1 STARTTLS" and FTP's "AUTH TLS" come before what must not be
 * taken for the rest of a message.
 */
static enum versionless
judge_versionless(const struct http_start *start, bool registered,
    enum follower follower)
{
	bool for_http = is_http_target(start->target) ||
	                text_starts(start->target, TEXT("http/"));

	if (is_other_version(last_word(start->dropped)))
		return VERSIONLESS_NOT_HTTP;
	switch (follower) {
	case FOLLOWED_BY_NOTHING:
		if (is_simple_request(start))
			return VERSIONLESS_ALONE;
		return for_http ? VERSIONLESS_OPEN : VERSIONLESS_NOT_HTTP;
	case FOLLOWED_BY_PART:
		return VERSIONLESS_OPEN;
	case FOLLOWED_BY_EMPTY_LINE:
	case FOLLOWED_BY_FIELD:
		return registered && for_http ? VERSIONLESS_FIELDS
		                              : VERSIONLESS_NOT_HTTP;
	case FOLLOWED_BY_HOST:
		return is_request_before_host(start, registered)
		           ? VERSIONLESS_FIELDS
		           : VERSIONLESS_NOT_HTTP;
	case FOLLOWED_BY_OTHER:
		return is_simple_request(start) ? VERSIONLESS_ALONE
		                                : VERSIONLESS_NOT_HTTP;
	}
	return VERSIONLESS_NOT_HTTP;
}

/* Cut within what could have told: half a head, of a line that is likely. */
static enum decode
decode_versionless_end(const struct http_start *start, bool registered,
    enum follower follower)
{
	if (follower == FOLLOWED_BY_PART && registered &&
	    is_http_target(start->target))
		return DECODE_OK;
	return DECODE_MALFORMED;
}

static enum decode
decode_versionless(struct http_start *start, struct cursor after, bool at_end)
{
	bool registered = is_registered_method(start->method);
	enum follower follower = follower_of(after);

	start->minor = 1;
	switch (judge_versionless(start, registered, follower)) {
	case VERSIONLESS_NOT_HTTP:
		return DECODE_MALFORMED;
	case VERSIONLESS_OPEN:
		if (!at_end)
			return DECODE_SHORT;
		return decode_versionless_end(start, registered, follower);
	case VERSIONLESS_ALONE:
		start->minor = 9;
		start->alone = true;
		return DECODE_OK;
	case VERSIONLESS_FIELDS:
		if (follower == FOLLOWED_BY_EMPTY_LINE &&
		    is_simple_request(start))
			start->minor = 9;
		return DECODE_OK;
	}
	return DECODE_MALFORMED;
}

static enum decode
decode_request_line(struct cursor line, bool whole, struct cursor after,
    bool at_end, struct http_start *start)
{
	if (!split_request_line(line, whole, start))
		return DECODE_MALFORMED;
	/* RFC 9113 section 3.4. */
	if (text_is_exactly(start->method, TEXT("PRI")) &&
	    text_is_exactly(start->version, TEXT("HTTP/2.0")))
		return DECODE_UNSUPPORTED;
	if (start->version.at != NULL)
		return DECODE_OK;
	if (whole)
		return decode_versionless(start, after, at_end);
	start->minor = 1;
	return start->target.left > 0 ? DECODE_OK : DECODE_MALFORMED;
}

/* HTTP-version SP status-code SP [reason-phrase], RFC 9112 section 4. */
static enum decode
decode_status_line(struct cursor line, bool whole, struct http_start *start)
{
	struct cursor rest;
	size_t len = 0;
	uint64_t status;

	if (!text_starts(line, TEXT("http/")))
		return DECODE_MALFORMED;
	while (len < line.left && !text_is_blank(text_at(line, len)))
		len++;
	note_version(start, text_first(line, len));
	rest = text_trim(text_from(line, len));
	start->reason = rest;
	if (!text_take_number(&rest, 999, &status))
		return DECODE_OK;
	/* Unless it may be the beginning of a longer one. */
	if (whole || status >= 100 || rest.left > 0) {
		start->status = (uint16_t)status;
		start->reason = text_trim(rest);
	}
	return DECODE_OK;
}

enum decode
http_start_decode(struct cursor line, enum http_kind kind, bool whole,
    struct cursor after, bool at_end, struct http_start *start)
{
	memset(start, 0, sizeof(*start));
	switch (kind) {
	case HTTP_KIND_REQUEST:
		return decode_request_line(line, whole, after, at_end, start);
	case HTTP_KIND_RESPONSE:
		return decode_status_line(line, whole, start);
	}
	return DECODE_MALFORMED;
}

bool
http_start_is_open(struct cursor line, struct cursor after)
{
	struct http_start start = { 0 };

	/* Too much to be half of anything: nearly all heads. */
	if (after.left > FIELD_NAME_MAX)
		return false;
	switch (follower_of(after)) {
	case FOLLOWED_BY_NOTHING:
	case FOLLOWED_BY_PART:
		return split_request_line(line, true, &start) &&
		       start.version.at == NULL;
	case FOLLOWED_BY_EMPTY_LINE:
	case FOLLOWED_BY_HOST:
	case FOLLOWED_BY_FIELD:
	case FOLLOWED_BY_OTHER:
		break;
	}
	return false;
}

bool
http_start_is_prefix(struct cursor line, enum http_kind kind)
{
	size_t len;

	switch (kind) {
	case HTTP_KIND_REQUEST:
		len = token_len(line, HTTP_METHOD_LEN_MAX);
		if (len == line.left)
			return len <= HTTP_METHOD_LEN_MAX;
		return len > 0 && len <= HTTP_METHOD_LEN_MAX &&
		       text_is_ows(text_at(line, len));
	case HTTP_KIND_RESPONSE:
		len = line.left < 5 ? line.left : 5;
		return text_starts(line, "http/", len);
	}
	return false;
}

static enum http_guess
guess_versionless(const struct http_start *start, bool registered,
    struct cursor after)
{
	switch (judge_versionless(start, registered, follower_of(after))) {
	case VERSIONLESS_NOT_HTTP:
		return HTTP_NO;
	case VERSIONLESS_OPEN:
		/* As before the line had its end. */
		return registered && is_http_target(start->target)
		           ? HTTP_REQUEST
		           : HTTP_MAYBE;
	case VERSIONLESS_ALONE:
	case VERSIONLESS_FIELDS:
		return HTTP_REQUEST;
	}
	return HTTP_NO;
}

static enum http_guess
guess_whole_line(struct cursor line, bool registered, struct cursor after)
{
	struct http_start start = { 0 };

	if (!split_request_line(line, true, &start))
		return HTTP_NO;
	if (start.version.at == NULL)
		return guess_versionless(&start, registered, after);
	/* Not "PRI * HTTP/2.0". */
	return registered || !start.version_odd || is_http_target(start.target)
	           ? HTTP_REQUEST
	           : HTTP_NO;
}

/*
 * "HTTP/", a digit, and a space soon: any version, since servers are believed
 * with any.  Other than a request's, this beginning may be part of a line.
 */
static enum http_guess
guess_status_line(struct cursor stream)
{
	struct cursor name = text_first(stream, 5);
	size_t len;

	if (memcmp(name.at, "HTTP/", name.left) != 0)
		return HTTP_NO;
	for (len = 5; len <= STATUS_VERSION_MAX; len++) {
		if (text_at(stream, len) == -1)
			return HTTP_MAYBE;
		if (len == 5 && !text_is_digit(text_at(stream, len)))
			return HTTP_NO;
		if (text_is_ows(text_at(stream, len)))
			return HTTP_RESPONSE;
		if (text_at(stream, len) == '\n')
			return HTTP_NO;
	}
	return HTTP_NO;
}

/* A line without its end yet, that begins with a method and a space. */
static enum http_guess
guess_open_line(struct cursor line, bool registered, struct cursor target)
{
	size_t i;

	if (registered && is_http_target(target))
		return HTTP_REQUEST;
	if (line.left > HTTP_GUESS_LEN_MAX)
		return HTTP_NO;
	for (i = 0; i < line.left; i++)
		if (text_at(line, i) < ' ' && !text_is_blank(text_at(line, i)))
			return HTTP_NO;
	return HTTP_MAYBE;
}

enum http_guess
http_guess(struct cursor stream)
{
	struct cursor line, rest;
	size_t len;
	bool registered;

	if (!http_skip_blank_lines(&stream))
		return HTTP_NO;
	len = token_len(stream, HTTP_METHOD_LEN_MAX);
	if (len == stream.left)
		return len <= HTTP_METHOD_LEN_MAX ? HTTP_MAYBE : HTTP_NO;
	if (text_at(stream, len) == '/')
		return guess_status_line(stream);
	if (len == 0 || len > HTTP_METHOD_LEN_MAX ||
	    !text_is_blank(text_at(stream, len)))
		return HTTP_NO;
	registered = is_registered_method(text_first(stream, len));
	rest = stream;
	if (text_take_line(&rest, &line))
		return guess_whole_line(line, registered, rest);
	return guess_open_line(stream, registered,
	    text_trim(text_from(stream, len)));
}
