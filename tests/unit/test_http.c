#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/http.h"

#define LENGTH(array)     (sizeof(array) / sizeof((array)[0]))
#define TEXT(literal)     cur_of((literal), sizeof(literal) - 1)
#define REQUEST(literal)  head_of(TEXT(literal), HTTP_KIND_REQUEST)
#define RESPONSE(literal) head_of(TEXT(literal), HTTP_KIND_RESPONSE)
#define CUT(literal)      cut_head_of(TEXT(literal), HTTP_KIND_REQUEST)

#define assert_text(window, literal)                                           \
	do {                                                                   \
		struct cursor w_ = (window);                                   \
		assert_non_null(w_.at);                                        \
		assert_int_equal(w_.left, sizeof(literal) - 1);                \
		assert_memory_equal(w_.at, literal, sizeof(literal) - 1);      \
	} while (0)

/* A head that must be whole and good. */
static struct http_head
head_of(struct cursor stream, enum http_kind kind)
{
	struct http_head head;

	assert_int_equal(http_head_decode(stream, kind, false, &head),
	    DECODE_OK);
	assert_int_equal(head.kind, kind);
	assert_false(head.cut);
	assert_false(head.cut_line);
	return head;
}

/* One that is not, and is the last of its stream. */
static struct http_head
cut_head_of(struct cursor stream, enum http_kind kind)
{
	struct http_head head;

	assert_int_equal(http_head_decode(stream, kind, false, &head),
	    DECODE_SHORT);
	assert_int_equal(http_head_decode(stream, kind, true, &head),
	    DECODE_OK);
	assert_true(head.cut);
	assert_int_equal(head.head_len, stream.left);
	return head;
}

/*
 * Good heads, from the ninth on only just.  RFC 9110 section 3.9; RFC 9112
 * sections 3.2.1 to 3.2.4; then what tshark 4.0 and Suricata 7 also take for
 * one.
 */
static const struct {
	enum http_kind kind;
	const char *text;
} good_heads[] = {
	{ HTTP_KIND_REQUEST, "GET /hello.txt HTTP/1.1\r\n"
			     "User-Agent: curl/7.64.1\r\n"
			     "Host: www.example.com\r\n"
			     "Accept-Language: en, mi\r\n"
			     "\r\n" },
	{ HTTP_KIND_RESPONSE, "HTTP/1.1 200 OK\r\n"
			      "Date: Mon, 27 Jul 2009 12:28:53 GMT\r\n"
			      "Server: Apache\r\n"
			      "Last-Modified: Wed, 22 Jul 2009 19:15:56 GMT\r\n"
			      "ETag: \"34aa387-d-1568eb00\"\r\n"
			      "Accept-Ranges: bytes\r\n"
			      "Content-Length: 51\r\n"
			      "Vary: Accept-Encoding\r\n"
			      "Content-Type: text/plain\r\n"
			      "\r\n" },
	{ HTTP_KIND_REQUEST,
	    "GET /where?q=now HTTP/1.1\r\nHost: www.example.org\r\n\r\n" },
	{ HTTP_KIND_REQUEST,
	    "GET http://www.example.org/pub/WWW/TheProject.html HTTP/1.1\r\n"
	    "Host: www.example.org\r\n\r\n" },
	{ HTTP_KIND_REQUEST, "CONNECT www.example.com:80 HTTP/1.1\r\n"
			     "Host: www.example.com\r\n\r\n" },
	{ HTTP_KIND_REQUEST,
	    "OPTIONS * HTTP/1.1\r\nHost: www.example.org:8001\r\n\r\n" },
	{ HTTP_KIND_RESPONSE, "HTTP/1.1 204 No Content\r\n\r\n" },
	{ HTTP_KIND_REQUEST, "DELETE /HTTP/1.1\r\nHost: a.example\r\n\r\n" },
	{ HTTP_KIND_REQUEST, "CCM_POST /HTTP/1.1\nHost: a.example\n\n" },
	{ HTTP_KIND_REQUEST, "CCM_POST / HTTP/1.\nHost: a.example\n\n" },
	{ HTTP_KIND_REQUEST, "OPTIONS HTTP/1.1\nHost \t: a.example\n\n" },
	{ HTTP_KIND_REQUEST, "GET HTTP/1.1\r\n123User-Agent: b\r\n\r\n" },
	{ HTTP_KIND_REQUEST, "GET /a b HTTP/1.1\r\nHost: a.example\r\n\r\n" },
	{ HTTP_KIND_REQUEST, "POST /a\r\n\r\n" },
	{ HTTP_KIND_RESPONSE, "HTTP/2.0 200 ok\r\nConnection: close\r\n\r\n" },
	{ HTTP_KIND_RESPONSE, "HTTP/1..1 200 ok\r\n\r\n" },
	{ HTTP_KIND_RESPONSE, "HTTP/1.0 2XX OK\nContent-Length:4\n\n" },
	{ HTTP_KIND_REQUEST, "\r\n\n\r\nGET / HTTP/1.0\n\n" },
	{ HTTP_KIND_RESPONSE,
	    "HTTP/1.0 302\nLocation:\n\t/a\n /b\n: x\nno colon\n\r\n" },
};

static void
request_of_rfc_9110_gives_line_and_fields(void **state)
{
	struct cursor stream = cur_of(good_heads[0].text,
	    strlen(good_heads[0].text));
	struct http_head head = head_of(stream, HTTP_KIND_REQUEST);

	(void)state;
	assert_int_equal(head.head_len, stream.left);
	assert_text(head.method, "GET");
	assert_text(head.target, "/hello.txt");
	assert_text(head.version, "HTTP/1.1");
	assert_int_equal(head.minor, 1);
	assert_text(head.host, "www.example.com");
	assert_text(head.user_agent, "curl/7.64.1");
	assert_null(head.referer.at);
	assert_int_equal(head.field_count, 3);
	assert_text(head.fields[0].name, "User-Agent");
	assert_text(head.fields[2].name, "Accept-Language");
	assert_text(head.fields[2].value, "en, mi");
	assert_false(head.host_repeated);
	assert_int_equal(head.bad_line_count, 0);
	assert_int_equal(http_request_framing(&head), HTTP_BODY_NONE);
}

static void
response_of_rfc_9110_gives_status_and_length(void **state)
{
	struct cursor stream = cur_of(good_heads[1].text,
	    strlen(good_heads[1].text));
	struct http_head head = head_of(stream, HTTP_KIND_RESPONSE);

	(void)state;
	assert_int_equal(head.status, 200);
	assert_text(head.reason, "OK");
	assert_text(head.server, "Apache");
	assert_text(head.content_type, "text/plain");
	assert_text(head.content_length, "51");
	assert_true(head.has_body_len);
	assert_int_equal(head.body_len, 51);
	assert_int_equal(head.field_count, 8);
	assert_int_equal(http_response_framing(&head, false, false),
	    HTTP_BODY_LENGTH);
}

/* The name of every shortcut, each with a value of its own. */
static void
named_fields_are_found_whatever_their_case(void **state)
{
	struct http_head head = REQUEST("POST / HTTP/1.1\r\n"
					"hOST: a\r\nUSER-agent: b\r\n"
					"content-TYPE: c\r\nReferer: d\r\n"
					"Location: e\r\nContent-Length: 6\r\n"
					"Transfer-Encoding: g\r\n"
					"Connection: h\r\nUpgrade: i\r\n"
					"Expect: 100-continue\r\n"
					"Server: k\r\n\r\n");

	(void)state;
	assert_text(head.host, "a");
	assert_text(head.user_agent, "b");
	assert_text(head.content_type, "c");
	assert_text(head.referer, "d");
	assert_text(head.location, "e");
	assert_text(head.content_length, "6");
	assert_text(head.transfer_encoding, "g");
	assert_text(head.connection, "h");
	assert_text(head.upgrade, "i");
	assert_text(head.expect, "100-continue");
	assert_text(head.server, "k");
}

/* In blocks of exactly the right size, for the sanitizer. */
static void
every_prefix_of_a_good_head_is_short_and_changes_nothing(void **state)
{
	struct http_head head, before;
	struct cursor stream;
	uint8_t *block;
	size_t i, n, len;
	enum decode rc;

	(void)state;
	memset(&before, 0xa5, sizeof(before));
	for (i = 0; i < LENGTH(good_heads); i++) {
		len = strlen(good_heads[i].text);
		for (n = 0; n <= len; n++) {
			block = malloc(n + 1);
			assert_non_null(block);
			memcpy(block + 1, good_heads[i].text, n);
			stream = cur_of(block + 1, n);
			memset(&head, 0xa5, sizeof(head));
			rc = http_head_decode(stream, good_heads[i].kind, false,
			    &head);
			if (n < len) {
				assert_int_equal(rc, DECODE_SHORT);
				assert_memory_equal(&head, &before,
				    sizeof(head));
			} else {
				assert_int_equal(rc, DECODE_OK);
				assert_int_equal(head.head_len, len);
			}
			(void)!http_head_decode(stream, good_heads[i].kind,
			    true, &head);
			(void)http_guess(stream);
			free(block);
		}
	}
}

static void
octets_after_the_head_are_left_alone(void **state)
{
	struct http_head head = REQUEST("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
					"GET /b HTTP/1.1\r\nHost: y\r\n\r\n");

	(void)state;
	assert_int_equal(head.head_len, 28);
	assert_text(head.target, "/a");
	assert_text(head.host, "x");
	assert_int_equal(head.field_count, 1);
}

static void
malformed_start_lines_are_told_at_once_and_change_nothing(void **state)
{
	static const struct {
		enum http_kind kind;
		const char *text;
	} cases[] = {
		{ HTTP_KIND_REQUEST, "\x16\x03\x01" },
		{ HTTP_KIND_REQUEST, " GET / HTTP/1.1\r\n" },
		{ HTTP_KIND_REQUEST, "GET\r\n" },
		{ HTTP_KIND_REQUEST, "GET \r\n" },
		{ HTTP_KIND_REQUEST, "G\"T / HTTP/1.1\r\n" },
		{ HTTP_KIND_REQUEST, "GET \r\nX: y\r\n\r\n" },
		{ HTTP_KIND_REQUEST, "POST /x\r\nno field\r\n" },
		{ HTTP_KIND_REQUEST, "POST x\r\n" },
		{ HTTP_KIND_REQUEST, "POST x\r\n\r\n" },
		{ HTTP_KIND_REQUEST, "BREW /pot\r\nX: y\r\n\r\n" },
		{ HTTP_KIND_REQUEST, "OPTIONS * RTSP/1.0\r\n" },
		{ HTTP_KIND_REQUEST,
		    "OPTIONS icap://a/b ICAP/1.0\r\nHost: a\r\n" },
		{ HTTP_KIND_REQUEST, "GET /a b c\r\nno field\r\n" },
		{ HTTP_KIND_REQUEST, "CONNECT\nhost:a\n\n" }, /* STOMP */
		{ HTTP_KIND_REQUEST, "STOMP\nhost:a\n\n" },
		{ HTTP_KIND_REQUEST,
		    "THISMETHODHASMORETHAN32OCTETSINIT / HTTP/1.1\r\n" },
		{ HTTP_KIND_REQUEST, "THISMETHODHASMORETHAN32OCTETSINIT" },
		{ HTTP_KIND_RESPONSE, "ICY 200 OK\r\n" },
		{ HTTP_KIND_RESPONSE, "HTTQ" },
		{ HTTP_KIND_RESPONSE, "SIP/2.0 200 OK\r\n" },
	};
	struct http_head head, before;
	size_t i;

	(void)state;
	memset(&head, 0xa5, sizeof(head));
	memset(&before, 0xa5, sizeof(before));
	for (i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(http_head_decode(cur_of(cases[i].text,
						      strlen(cases[i].text)),
				     cases[i].kind, false, &head),
		    DECODE_MALFORMED);
		assert_memory_equal(&head, &before, sizeof(head));
	}
}

static void
http2_preface_is_unsupported(void **state)
{
	struct http_head head;

	(void)state;
	assert_int_equal(http_head_decode(TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n"),
			     HTTP_KIND_REQUEST, false, &head),
	    DECODE_UNSUPPORTED);
}

/* RFC 1945 section 4.1; what follows is the next message's. */
static void
simple_request_is_its_line(void **state)
{
	static const char *const cases[] = {
		"GET /old\r\n",
		"GET /old\r\nGET /new\r\n",
		"GET /old\r\nno field: at all\r\n\r\n",
		"GET /old\r\n\x16\x03\x01",
		"GET /old\r\n\r\r\n",
	};
	struct http_head head;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		head = head_of(cur_of(cases[i], strlen(cases[i])),
		    HTTP_KIND_REQUEST);
		assert_int_equal(head.head_len, 10);
		assert_text(head.target, "/old");
		assert_null(head.version.at);
		assert_int_equal(head.minor, 9);
		assert_int_equal(head.field_count, 0);
		assert_int_equal(http_request_framing(&head), HTTP_BODY_NONE);
	}
}

static void
empty_line_after_a_simple_request_is_its_own(void **state)
{
	struct http_head head = REQUEST("GET /old\r\n\r\nGET /new\r\n");

	(void)state;
	assert_int_equal(head.head_len, 12);
	assert_text(head.target, "/old");
	assert_int_equal(head.minor, 9);
	head = REQUEST("POST /a\n\nbody");
	assert_int_equal(head.head_len, 9);
	assert_int_equal(head.minor, 1);
}

/* A request without a version, as tshark 4.0 and Suricata 7 read it. */
static void
fields_after_a_line_without_a_version_are_read(void **state)
{
	static const struct {
		const char *text, *method, *target;
		uint32_t bad_line_count;
	} cases[] = {
		{ "GET /gen.php?x\r\nHost: h\r\n\r\n", "GET", "/gen.php?x", 0 },
		{ "GET HTTP/1.1\r\nA: b\r\nHost: h\r\n\r\n", "GET", "HTTP/1.1",
		    0 },
		{ "GET /HTTP/1.1\nHost: h\n\n", "GET", "/HTTP/1.1", 0 },
		{ "DELETE /HTTP/1.1\nHost: h\n\n", "DELETE", "/HTTP/1.1", 0 },
		{ "CCM_POST /HTTP/1.1\nHost: h\n\n", "CCM_POST", "/HTTP/1.1",
		    0 },
		{ "OPTIONS HTTP/1.1\nHost: h\n\n", "OPTIONS", "HTTP/1.1", 0 },
		{ "OPTIONS\nHost: h\n\n", "OPTIONS", "", 0 },
		{ "CONNECT a:25\r\nHOST\t: h\r\n\r\n", "CONNECT", "a:25", 0 },
		{ "GET /\nFakeHeader\nHost: h\n\n", "GET", "/", 1 },
	};
	struct http_head head;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		head = head_of(cur_of(cases[i].text, strlen(cases[i].text)),
		    HTTP_KIND_REQUEST);
		assert_int_equal(head.head_len, strlen(cases[i].text));
		assert_int_equal(head.method.left, strlen(cases[i].method));
		assert_memory_equal(head.method.at, cases[i].method,
		    head.method.left);
		assert_non_null(head.target.at);
		assert_int_equal(head.target.left, strlen(cases[i].target));
		assert_memory_equal(head.target.at, cases[i].target,
		    head.target.left);
		assert_null(head.version.at);
		assert_int_equal(head.minor, 1);
		assert_text(head.host, "h");
		assert_int_equal(head.bad_line_count, cases[i].bad_line_count);
		assert_false(head.words_dropped);
	}
}

static void
line_without_a_version_is_open_for_so_long_only(void **state)
{
	char text[8 + 129] = "GET /a\r\n";
	struct http_head head;

	(void)state;
	memset(text + 8, 'x', sizeof(text) - 8);
	assert_int_equal(http_head_decode(cur_of(text, 8 + 128),
			     HTTP_KIND_REQUEST, false, &head),
	    DECODE_SHORT);
	head = head_of(cur_of(text, sizeof(text)), HTTP_KIND_REQUEST);
	assert_int_equal(head.head_len, 8);
	memset(text + 9, ' ', sizeof(text) - 9);
	assert_int_equal(http_head_decode(cur_of(text, 8 + 128),
			     HTTP_KIND_REQUEST, false, &head),
	    DECODE_SHORT);
	head = head_of(cur_of(text, sizeof(text)), HTTP_KIND_REQUEST);
	assert_int_equal(head.head_len, 8);
}

/* The target as tshark 4.0 and Suricata 7 have it. */
static void
request_line_with_more_words_is_read(void **state)
{
	struct http_head head;

	(void)state;
	head = REQUEST("GET  \t /a \t HTTP/1.1 \r\r\n\r\n");
	assert_text(head.method, "GET");
	assert_text(head.target, "/a");
	assert_text(head.version, "HTTP/1.1");
	assert_false(head.version_odd);
	assert_false(head.words_dropped);

	head = REQUEST("GET /uri afterspace HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_text(head.target, "/uri");
	assert_text(head.version, "HTTP/1.1");
	assert_text(head.host, "h");
	assert_true(head.words_dropped);

	head = REQUEST("CONNECT a.example:25 / HTTP/1.0\r\n\r\n");
	assert_text(head.target, "a.example:25");
	assert_int_equal(head.minor, 0);
	assert_true(head.words_dropped);

	head = REQUEST("get /?q=a\tHTTP/1.1 http/1.0\n\n");
	assert_text(head.target, "/?q=a");
	assert_text(head.version, "http/1.0");
	assert_true(head.words_dropped);

	head = REQUEST("GET /a b c\r\nHost: h\r\n\r\n");
	assert_text(head.target, "/a");
	assert_null(head.version.at);
	assert_text(head.host, "h");
	assert_true(head.words_dropped);
}

static void
odd_versions_are_flagged_and_read_on(void **state)
{
	struct http_head head;

	(void)state;
	head = REQUEST("GET / HTTP/1.10\r\n\r\n");
	assert_text(head.version, "HTTP/1.10");
	assert_true(head.version_odd);
	assert_int_equal(head.minor, 1);
	assert_true(REQUEST("GET / http/1.0\r\n\r\n").version_odd);
	assert_true(REQUEST("GET / HTTP/\r\n\r\n").version_odd);
	assert_false(REQUEST("GET / HTTP/0.9\r\n\r\n").version_odd);
	assert_int_equal(REQUEST("GET / HTTP/0.9\r\n\r\n").minor, 9);
}

static void
status_lines_with_parts_missing_are_read(void **state)
{
	struct http_head head;

	(void)state;
	head = RESPONSE("HTTP/1.1 404\r\n\r\n");
	assert_int_equal(head.status, 404);
	assert_text(head.reason, "");
	head = RESPONSE("HTTP/1.0  200OK then\n\n");
	assert_int_equal(head.status, 200);
	assert_text(head.reason, "OK then");
	assert_int_equal(RESPONSE("HTTP/1.1 999 x\r\n\r\n").status, 999);
	assert_int_equal(RESPONSE("HTTP/1.1 2XX x\r\n\r\n").status, 2);
	assert_text(RESPONSE("HTTP/1.1 2XX x\r\n\r\n").reason, "XX x");
	assert_int_equal(RESPONSE("HTTP/1.1 099 x\r\n\r\n").status, 99);
	assert_int_equal(RESPONSE("HTTP/1.1 1000 x\r\n\r\n").status, 0);
	assert_int_equal(RESPONSE("HTTP/1.1\r\n\r\n").status, 0);
	assert_text(RESPONSE("HTTP/1.1 -20 x\r\n\r\n").reason, "-20 x");
}

static void
hostile_field_lines_are_read_or_skipped_and_counted(void **state)
{
	struct http_head head = REQUEST("GET / HTTP/1.1\r\n"
					" stray: fold\r\n more of it\r\n"
					"no colon here\r\n and: a fold\r\n"
					": no name\r\n"
					"Host \t:\t evil.example \t\r\r\n"
					"Referer:\r\n"
					"X-Nul: a\0b\r\n"
					"X-Colons::1:2\n"
					"\r\n");

	(void)state;
	assert_int_equal(head.bad_line_count, 3);
	assert_int_equal(head.field_count, 4);
	assert_text(head.fields[0].name, "Host");
	assert_text(head.host, "evil.example");
	assert_text(head.referer, "");
	assert_text(head.fields[2].value, "a\0b");
	assert_text(head.fields[3].name, "X-Colons");
	assert_text(head.fields[3].value, ":1:2");
}

static void
first_host_wins_and_another_is_flagged(void **state)
{
	struct http_head head = REQUEST(
	    "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nHost: a\r\n\r\n");

	(void)state;
	assert_text(head.host, "a");
	assert_ptr_equal(head.host.at, head.fields[0].value.at);
	assert_true(head.host_repeated);
	assert_int_equal(head.field_count, 3);
	head = REQUEST("GET / HTTP/1.1\r\nHost:\r\nHost: b\r\n\r\n");
	assert_text(head.host, "");
	assert_true(head.host_repeated);
}

static size_t
many_fields(char *to, size_t count, const char *last)
{
	size_t len, i;

	memcpy(to, "GET / HTTP/1.1\r\n", len = 16);
	for (i = 0; i < count; i++, len += 6)
		memcpy(to + len, "X: y\r\n", 6);
	memcpy(to + len, last, strlen(last));
	return len + strlen(last);
}

static void
named_fields_are_found_past_the_cap(void **state)
{
	char text[2048];
	size_t len = many_fields(text, HTTP_FIELDS_MAX, "\r\n");
	struct http_head head = head_of(cur_of(text, len), HTTP_KIND_REQUEST);

	(void)state;
	assert_int_equal(head.field_count, HTTP_FIELDS_MAX);
	assert_false(head.fields_more);
	len = many_fields(text, HTTP_FIELDS_MAX, "Host: late\r\n\r\n");
	head = head_of(cur_of(text, len), HTTP_KIND_REQUEST);
	assert_int_equal(head.field_count, HTTP_FIELDS_MAX);
	assert_true(head.fields_more);
	assert_text(head.host, "late");
}

static void
at_end_the_head_is_what_there_is(void **state)
{
	struct http_head head;

	(void)state;
	head = CUT("GET /a HTTP/1.1\r\nHost: a\r\n");
	assert_text(head.host, "a");
	assert_false(head.cut_line);

	head = CUT("GET /a HTTP/1.1\r\nUser-Agent: u\r\nHost: www.exam");
	assert_true(head.cut_line);
	assert_text(head.user_agent, "u");
	assert_null(head.host.at);
	assert_int_equal(head.field_count, 2);
	assert_text(head.fields[1].value, "www.exam");

	head = CUT("POST /a/lon");
	assert_true(head.cut_line);
	assert_text(head.target, "/a/lon");
	assert_null(head.version.at);
	assert_int_equal(head.minor, 1);

	head = CUT("POST /a HTT");
	assert_text(head.target, "/a");
	assert_int_equal(http_request_framing(&head), HTTP_BODY_TO_CLOSE);

	head = CUT("GET /a\r\nHos");
	assert_true(head.cut_line);
	assert_text(head.target, "/a");
	assert_int_equal(head.minor, 1);
	head = CUT("GET /a\r\nHost: a\r\n");
	assert_text(head.host, "a");
	assert_false(head.cut_line);

	head = cut_head_of(TEXT("HTTP/1.1 200"), HTTP_KIND_RESPONSE);
	assert_int_equal(head.status, 200);
	head = cut_head_of(TEXT("HTTP/1.1 2 O"), HTTP_KIND_RESPONSE);
	assert_int_equal(head.status, 2);
	head = cut_head_of(TEXT("HTTP/1.1 20"), HTTP_KIND_RESPONSE);
	assert_int_equal(head.status, 0);
	assert_int_equal(http_response_framing(&head, true, false),
	    HTTP_BODY_TO_CLOSE);
}

static void
at_end_a_whole_head_is_not_cut(void **state)
{
	struct http_head head;

	(void)state;
	assert_int_equal(http_head_decode(TEXT("GET / HTTP/1.1\r\n\r\nbody"),
			     HTTP_KIND_REQUEST, true, &head),
	    DECODE_OK);
	assert_false(head.cut);
	assert_int_equal(head.head_len, 18);
}

static void
at_end_less_than_a_target_is_malformed(void **state)
{
	static const char *const cases[] = { "", "\r\n", "G", "GET", "GET ",
		"GET\r\n", "POST /a\r\n", "GET HTTP/1.1\r\n", "BREW /\r\nHo" };
	struct http_head head;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_int_equal(http_head_decode(cur_of(cases[i],
						      strlen(cases[i])),
				     HTTP_KIND_REQUEST, true, &head),
		    DECODE_MALFORMED);
	assert_int_equal(http_head_decode(cur_of(NULL, 0), HTTP_KIND_REQUEST,
			     true, &head),
	    DECODE_MALFORMED);
	assert_int_equal(http_head_decode(cur_of(NULL, 0), HTTP_KIND_REQUEST,
			     false, &head),
	    DECODE_SHORT);
}

static void
head_above_the_limit_is_cut_there(void **state)
{
	const size_t len = HTTP_HEAD_MAX + 100;
	char *text = malloc(len);
	struct http_head head;
	struct cursor stream;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	memcpy(text, "GET / HTTP/1.1\r\nHost: h\r\nCookie: ", 33);
	memcpy(text + len - 4, "\r\n\r\n", 4);
	stream = cur_of(text, HTTP_HEAD_MAX - 1);
	assert_int_equal(http_head_decode(stream, HTTP_KIND_REQUEST, false,
			     &head),
	    DECODE_SHORT);
	assert_int_equal(http_head_decode(cur_of(text, HTTP_HEAD_MAX),
			     HTTP_KIND_REQUEST, false, &head),
	    DECODE_OK);
	assert_int_equal(head.head_len, HTTP_HEAD_MAX);
	stream = cur_of(text, len);
	assert_int_equal(http_head_decode(stream, HTTP_KIND_REQUEST, false,
			     &head),
	    DECODE_OK);
	assert_true(head.cut && head.cut_line);
	assert_int_equal(head.head_len, HTTP_HEAD_MAX);
	assert_text(head.host, "h");
	/* One that just fits is whole. */
	memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	head = head_of(stream, HTTP_KIND_REQUEST);
	assert_int_equal(head.head_len, HTTP_HEAD_MAX);
	free(text);
}

static void
empty_lines_in_front_have_a_bound(void **state)
{
	char text[HTTP_BLANK_LEN_MAX + 1 + 18];
	struct http_head head;
	struct cursor stream;

	(void)state;
	memset(text, '\n', sizeof(text));
	memcpy(text + HTTP_BLANK_LEN_MAX + 1, "GET / HTTP/1.1\r\n\r\n", 18);
	stream = cur_of(text + 1, sizeof(text) - 1);
	assert_int_equal(http_guess(stream), HTTP_REQUEST);
	head = head_of(stream, HTTP_KIND_REQUEST);
	assert_int_equal(head.head_len, stream.left);
	stream = cur_of(text, sizeof(text));
	assert_int_equal(http_guess(stream), HTTP_NO);
	assert_int_equal(http_head_decode(stream, HTTP_KIND_REQUEST, false,
			     &head),
	    DECODE_MALFORMED);
}

/* False only where decoding would be short, and true where it would not. */
static void
ready_says_when_decoding_is_worth_it(void **state)
{
	struct http_head head;
	struct cursor stream;
	size_t i, n, len, scanned, before;
	unsigned refused = 0;
	static char full[HTTP_HEAD_MAX];
	enum decode rc;

	(void)state;
	for (i = 0; i < LENGTH(good_heads); i++) {
		len = strlen(good_heads[i].text);
		scanned = 0;
		for (n = 0; n <= len; n++) {
			stream = cur_of(good_heads[i].text, n);
			rc = http_head_decode(stream, good_heads[i].kind, false,
			    &head);
			before = scanned;
			if (http_head_ready(stream, &scanned)) {
				assert_true(n == len || before == 0 ||
					    stream.at[n - 1] == '\n');
				continue;
			}
			assert_int_equal(rc, DECODE_SHORT);
			refused++;
		}
		assert_true(http_head_ready(stream, &scanned));
	}
	assert_true(refused > 300);
	/* What is no field ends an HTTP/0.9 request, without an empty line. */
	scanned = 0;
	stream = TEXT("GET /a\r\nGET");
	assert_true(http_head_ready(stream, &scanned));
	assert_int_equal(http_head_decode(stream, HTTP_KIND_REQUEST, false,
			     &head),
	    DECODE_SHORT);
	assert_true(http_head_ready(TEXT("GET /a\r\nGET /"), &scanned));
	/* The limit ends a head as well. */
	scanned = 16;
	memset(full, 'a', sizeof(full));
	assert_false(http_head_ready(cur_of(full, sizeof(full) - 1), &scanned));
	assert_true(http_head_ready(cur_of(full, sizeof(full)), &scanned));
}

static void
folds_are_spanned_and_unfolded_to_one_space(void **state)
{
	struct http_head head = RESPONSE(
	    "HTTP/1.1 200 OK\r\n"
	    "Server:\r\n one \t\r\n\t two\n \r\n three\r\n \r\n"
	    "Location: /plain\ttext\x01\r\n\r\n");
	char text[32];

	(void)state;
	assert_text(head.server, "one \t\r\n\t two\n \r\n three");
	assert_int_equal(http_value_unfold(head.server, text, sizeof(text)),
	    13);
	assert_memory_equal(text, "one two three", 13);
	assert_int_equal(http_value_unfold(head.server, text, 5), 5);
	assert_memory_equal(text, "one t", 5);
	assert_int_equal(http_value_unfold(head.server, text, 0), 0);
	assert_int_equal(http_value_unfold(cur_of(NULL, 0), text, 32), 0);
	assert_int_equal(http_value_unfold(head.location, text, sizeof(text)),
	    12);
	assert_memory_equal(text, "/plain\ttext\x01", 12);
	/* An LF that is no fold is left as it is. */
	assert_int_equal(http_value_unfold(TEXT("a\nb\n"), text, 32), 4);
	assert_memory_equal(text, "a\nb\n", 4);
}

static void
request_framing_is_as_rfc_9112_says(void **state)
{
	static const struct {
		const char *fields;
		enum http_framing framing;
		uint64_t body_len;
		bool invalid, conflict, both, coding;
	} cases[] = {
		{ "", HTTP_BODY_NONE, 0, 0, 0, 0, 0 },
		{ "Content-Length: 0\r\n", HTTP_BODY_NONE, 0, 0, 0, 0, 0 },
		{ "Content-Length: 7\r\n", HTTP_BODY_LENGTH, 7, 0, 0, 0, 0 },
		{ "Content-Length: 18446744073709551615\r\n", HTTP_BODY_LENGTH,
		    UINT64_MAX, 0, 0, 0, 0 },
		{ "Content-Length: 18446744073709551616\r\n", HTTP_BODY_NONE, 0,
		    1, 0, 0, 0 },
		{ "Content-Length: -1\r\n", HTTP_BODY_NONE, 0, 1, 0, 0, 0 },
		{ "Content-Length: +1\r\n", HTTP_BODY_NONE, 0, 1, 0, 0, 0 },
		{ "Content-Length:\r\n", HTTP_BODY_NONE, 0, 1, 0, 0, 0 },
		{ "Content-Length: 12 bytes\r\n", HTTP_BODY_LENGTH, 12, 1, 0, 0,
		    0 },
		{ "Content-Length: 5, 5\r\nContent-Length: 5\r\n",
		    HTTP_BODY_LENGTH, 5, 0, 0, 0, 0 },
		{ "Content-Length: 5,6\r\n", HTTP_BODY_LENGTH, 5, 0, 1, 0, 0 },
		{ "Content-Length: 5\r\nContent-Length: 0\r\n",
		    HTTP_BODY_LENGTH, 5, 0, 1, 0, 0 },
		{ "Transfer-Encoding: chunked\r\n", HTTP_BODY_CHUNKED, 0, 0, 0,
		    0, 0 },
		{ "Transfer-Encoding: gzip;q=1 , Chunked\r\n",
		    HTTP_BODY_CHUNKED, 0, 0, 0, 0, 0 },
		{ "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
		    HTTP_BODY_CHUNKED, 0, 0, 0, 0, 0 },
		{ "Transfer-Encoding:\r\n chunked\r\n", HTTP_BODY_CHUNKED, 0, 0,
		    0, 0, 0 },
		{ "Transfer-Encoding: chunked, identity\r\n", HTTP_BODY_CHUNKED,
		    0, 0, 0, 0, 0 },
		{ "Transfer-Encoding: identity\r\nContent-Length: 3\r\n",
		    HTTP_BODY_LENGTH, 3, 0, 0, 0, 0 },
		{ "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
		    HTTP_BODY_CHUNKED, 3, 0, 0, 1, 0 },
		{ "Content-Length: 3\r\nTransfer-Encoding: chunked, gzip\r\n",
		    HTTP_BODY_LENGTH, 3, 0, 0, 1, 1 },
		{ "Transfer-Encoding: chunked ; a=\"b\"\r\n", HTTP_BODY_CHUNKED,
		    0, 0, 0, 0, 0 },
		{ "Transfer-Encoding: xchunked\r\n", HTTP_BODY_NONE, 0, 0, 0, 0,
		    1 },
	};
	char text[256];
	struct http_head head;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		strcpy(text, "POST / HTTP/1.1\r\n");
		strcat(text, cases[i].fields);
		strcat(text, "\r\n");
		head = head_of(cur_of(text, strlen(text)), HTTP_KIND_REQUEST);
		assert_int_equal(http_request_framing(&head), cases[i].framing);
		assert_int_equal(head.body_len, cases[i].body_len);
		assert_int_equal(head.length_invalid, cases[i].invalid);
		assert_int_equal(head.length_conflict, cases[i].conflict);
		assert_int_equal(head.length_and_coding, cases[i].both);
		assert_int_equal(head.coding_invalid, cases[i].coding);
	}
}

static void
transfer_coding_in_http_1_0_is_read_and_flagged(void **state)
{
	struct http_head head = REQUEST(
	    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");

	(void)state;
	assert_int_equal(http_request_framing(&head), HTTP_BODY_CHUNKED);
	assert_true(head.coding_invalid);
}

static void
response_framing_is_as_rfc_9112_says(void **state)
{
	static const struct {
		const char *text;
		bool to_head, to_connect;
		enum http_framing framing;
	} cases[] = {
		{ "200 OK\r\n", 0, 0, HTTP_BODY_TO_CLOSE },
		{ "200 OK\r\nContent-Length: 9\r\n", 0, 0, HTTP_BODY_LENGTH },
		{ "200 OK\r\nContent-Length: 0\r\n", 0, 0, HTTP_BODY_NONE },
		{ "200 OK\r\nContent-Length: x\r\n", 0, 0, HTTP_BODY_TO_CLOSE },
		{ "200 OK\r\nContent-Length: 9\r\n", 1, 0, HTTP_BODY_NONE },
		{ "200 OK\r\nTransfer-Encoding: chunked\r\n", 0, 0,
		    HTTP_BODY_CHUNKED },
		{ "200 OK\r\nTransfer-Encoding: gzip\r\n"
		  "Content-Length: 9\r\n",
		    0, 0, HTTP_BODY_TO_CLOSE },
		{ "200 OK\r\nTransfer-Encoding: chunked\r\n", 1, 0,
		    HTTP_BODY_NONE },
		{ "100 Continue\r\n", 0, 0, HTTP_BODY_NONE },
		{ "101 Switching Protocols\r\nUpgrade: websocket\r\n", 0, 0,
		    HTTP_BODY_UPGRADED },
		{ "103 Early Hints\r\nContent-Length: 9\r\n", 0, 0,
		    HTTP_BODY_NONE },
		{ "204 No Content\r\nContent-Length: 9\r\n", 0, 0,
		    HTTP_BODY_NONE },
		{ "304 Not Modified\r\nContent-Length: 9\r\n", 0, 0,
		    HTTP_BODY_NONE },
		{ "200 Established\r\nContent-Length: 9\r\n", 0, 1,
		    HTTP_BODY_TUNNEL },
		{ "2XX Established\r\nContent-Length: 9\r\n", 0, 1,
		    HTTP_BODY_TUNNEL },
		{ "2XX OK\r\nContent-Length: 9\r\n", 0, 0, HTTP_BODY_LENGTH },
		{ "2XX OK\r\nContent-Length: 9\r\n", 1, 0, HTTP_BODY_NONE },
		{ "407 Who?\r\nContent-Length: 9\r\n", 0, 1, HTTP_BODY_LENGTH },
	};
	char text[256];
	struct http_head head;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		strcpy(text, "HTTP/1.1 ");
		strcat(text, cases[i].text);
		strcat(text, "\r\n");
		head = head_of(cur_of(text, strlen(text)), HTTP_KIND_RESPONSE);
		assert_int_equal(http_response_framing(&head, cases[i].to_head,
				     cases[i].to_connect),
		    cases[i].framing);
	}
}

static void
guess_knows_http_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		enum http_guess guess;
	} cases[] = {
		{ "", HTTP_MAYBE },
		{ "\r\n", HTTP_MAYBE },
		{ "G", HTTP_MAYBE },
		{ "GET ", HTTP_MAYBE },
		{ "GET h", HTTP_MAYBE },
		{ "GET /", HTTP_REQUEST },
		{ "\r\nGET /", HTTP_REQUEST },
		{ "GET  /a", HTTP_REQUEST },
		{ "POST HTTPS://a/", HTTP_REQUEST },
		{ "PROPFIND /x", HTTP_REQUEST },
		{ "REPORT /x", HTTP_REQUEST },
		{ "CONNECT a:443", HTTP_MAYBE },
		{ "CONNECT a:443 HTTP/1.1\r\n", HTTP_REQUEST },
		{ "OPTIONS * HTTP/1.1\r\n", HTTP_REQUEST },
		{ "GET /old\r\n", HTTP_REQUEST },
		{ "GET /old\r\nGET", HTTP_REQUEST },
		{ "GET /old\r\nGET /new", HTTP_REQUEST },
		{ "GET /a b\r\nHost: h", HTTP_REQUEST },
		{ "GET /a b\r\nh h", HTTP_NO },
		{ "POST /a\r\n", HTTP_REQUEST },
		{ "POST /a\r\n\r\n", HTTP_REQUEST },
		{ "POST /a\r\nX:", HTTP_REQUEST },
		{ "POST /a\r\nX\r\n", HTTP_REQUEST },
		{ "POST /a\r\nX Y", HTTP_NO },
		{ "GET HTTP/1.1\r\n", HTTP_MAYBE },
		{ "GET HTTP/1.1\r\nX", HTTP_MAYBE },
		{ "GET HTTP/1.1\r\nX:", HTTP_REQUEST },
		{ "GET HTTP/1.1\r\nX Y", HTTP_NO },
		{ "OPTIONS\n", HTTP_NO },
		{ "OPTIONS\nHost:", HTTP_REQUEST },
		{ "OPTIONS\nX:", HTTP_NO },
		{ "OPTIONS *\nHost:", HTTP_REQUEST },
		{ "CCM_POST /HTTP/1.1\n", HTTP_MAYBE },
		{ "CCM_POST /HTTP/1.1\nHost", HTTP_MAYBE },
		{ "CCM_POST /HTTP/1.1\nHost:", HTTP_REQUEST },
		{ "CCM_POST /HTTP/1.1\nX:", HTTP_NO },
		{ "CCM_POST / HTTP/1.\n", HTTP_REQUEST },
		{ "GET / HTTP/1.1\n", HTTP_REQUEST },
		{ "get / HTTP/1.1\r\n", HTTP_REQUEST },
		{ "get /", HTTP_MAYBE },
		{ "BREW pot HTTP/1.0\r\n", HTTP_REQUEST },
		{ "M-SEARCH * HTTP/1.1\r\n", HTTP_REQUEST },
		{ "BREW pot", HTTP_MAYBE },
		{ "BREW pot HTTP/2.0\r\n", HTTP_NO },
		{ "BREW pot\r\n", HTTP_NO },
		{ "H", HTTP_MAYBE },
		{ "HTTP/1", HTTP_MAYBE },
		{ "HTTP/x", HTTP_NO },
		{ "HTTP/1.", HTTP_MAYBE },
		{ "HTTP/1.1", HTTP_MAYBE },
		{ "HTTP/1.1 ", HTTP_RESPONSE },
		{ "HTTP/1.1\t2", HTTP_RESPONSE },
		{ "HTTP/1..1 200 ok", HTTP_RESPONSE },
		{ "HTTP/1234567890a 200", HTTP_RESPONSE },
		{ "HTTP/1234567890ab 200", HTTP_NO },
		/* The end of a client's line. */
		{ "HTTP/1.1\r\nHost: h\r\n", HTTP_NO },
		{ "HTTP/1.1 200 OK\r\n", HTTP_RESPONSE },
		{ "HTTP/2.0 200 ok\r\n", HTTP_RESPONSE },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTP_NO },
		{ "OPTIONS rtsp://a/b RTSP/1.0\r\n", HTTP_NO },
		{ "OPTIONS * RTSP/1.0\r\n", HTTP_NO },
		{ "OPTIONS sip:a@b.example SIP/2.0\r\n", HTTP_NO },
		{ "DESCRIBE rtsp://a/b RTSP/1.0\r\n", HTTP_NO },
		{ "GET /a RTSP/1.0\r\n", HTTP_NO },
		{ "RTSP/1.0 200 OK\r\n", HTTP_NO },
		{ "SIP/2.0 200 OK\r\n", HTTP_NO },
		{ "SI", HTTP_MAYBE },
		{ "ICY 200 OK\r\n", HTTP_NO },
		{ "GET key\r\n", HTTP_NO }, /* Redis */
		{ "GET key\r\nGET key2\r\n", HTTP_NO },
		{ "a1 STARTTLS\r\n", HTTP_NO },               /* IMAP */
		{ "AUTH TLS\r\n", HTTP_NO },                  /* FTP */
		{ "POST\r\nFrom: a@b.example\r\n", HTTP_NO }, /* NNTP */
		{ "CONNECT\nhost:a\n\n", HTTP_NO },           /* STOMP */
		{ "STOMP\nhost:a\n\n", HTTP_NO },
		{ "OPTIONS icap://a/b ICAP/1.0\r\nHost: a\r\n", HTTP_NO },
		{ "*1\r\n$4\r\nPING\r\n", HTTP_NO },
		{ "SSH-2.0-OpenSSH_9.2\r\n", HTTP_NO },
		{ "220 mail.example ESMTP\r\n", HTTP_NO },
		{ "\x16\x03\x01\x02", HTTP_NO },
		{ "A \x01", HTTP_NO },
		{ "THISMETHODHASMORETHAN32OCTETSINIT", HTTP_NO },
		{ "THISMETHODHASMORETHAN32OCTETSINIT / HTTP/1.1\r\n", HTTP_NO },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_int_equal(http_guess(cur_of(cases[i].text,
				     strlen(cases[i].text))),
		    cases[i].guess);
	assert_int_equal(http_guess(cur_of(NULL, 0)), HTTP_MAYBE);
}

static void
guess_does_not_wait_for_ever(void **state)
{
	char text[HTTP_GUESS_LEN_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "BREW ", 5);
	assert_int_equal(http_guess(cur_of(text, HTTP_GUESS_LEN_MAX)),
	    HTTP_MAYBE);
	assert_int_equal(http_guess(cur_of(text, sizeof(text))), HTTP_NO);
}

static void
guess_of_a_prefix_of_a_good_head_is_never_no(void **state)
{
	enum http_guess guess, last;
	size_t i, n;

	(void)state;
	for (i = 0; i < LENGTH(good_heads); i++) {
		last = HTTP_MAYBE;
		for (n = 0; n <= strlen(good_heads[i].text); n++) {
			guess = http_guess(cur_of(good_heads[i].text, n));
			assert_true(guess == last || last == HTTP_MAYBE);
			assert_int_not_equal(guess, HTTP_NO);
			last = guess;
		}
		assert_int_equal(last, good_heads[i].kind == HTTP_KIND_REQUEST
					   ? HTTP_REQUEST
					   : HTTP_RESPONSE);
	}
}

/* What a chunked body came to. */
struct body {
	enum decode rc;
	size_t consumed, data_len;
	char data[64];
};

/* Offers `stream` in pieces of at most `piece` octets; 0: of random size. */
static struct body
feed(struct cursor stream, size_t piece, uint32_t *random)
{
	struct http_chunks chunks = { 0 };
	struct body body = { DECODE_SHORT, 0, 0, { 0 } };
	struct cursor part, data;
	size_t len, before;

	while (body.rc == DECODE_SHORT && body.consumed < stream.left) {
		len = piece;
		if (piece == 0) {
			*random = *random * 1664525 + 1013904223;
			len = 1 + (*random >> 24) % 7;
		}
		if (len > stream.left - body.consumed)
			len = stream.left - body.consumed;
		part = cur_of(stream.at + body.consumed, len);
		while (body.rc == DECODE_SHORT && part.left > 0) {
			before = part.left;
			body.rc = http_chunks_feed(&chunks, &part, &data);
			assert_true(part.left < before);
			body.consumed += before - part.left;
			assert_true(
			    body.data_len + data.left <= sizeof(body.data));
			memcpy(body.data + body.data_len, data.at, data.left);
			body.data_len += data.left;
		}
	}
	if (body.rc == DECODE_OK)
		assert_int_equal(chunks.body_len, body.data_len);
	return body;
}

static const struct chunked {
	const char *text;
	enum decode rc;
	const char *data;
	size_t left; /* octets after the body */
} chunked[] = {
	{ "4\r\nHell\r\n9\r\no, world!\r\n0\r\n\r\n", DECODE_OK,
	    "Hello, world!", 0 },
	{ "0\r\n\r\nGET /", DECODE_OK, "", 5 },
	{ "3;a=b;c=\"d\"\r\nabc\r\n0;z\r\nExpires: never\r\nX: y\r\n\r\nHTTP",
	    DECODE_OK, "abc", 4 },
	{ "3\nabc\n0\n\nH", DECODE_OK, "abc", 1 },
	{ "  003  \r\n\r\n\n\r\n000\r\n\rx\r\n\r\n", DECODE_OK, "\r\n\n", 0 },
	{ "a \r\n0123456789\r\n1 ;x\r\nA\r\nB\r\nbcdefghijkl\r\n0\r\n\r\n",
	    DECODE_OK, "0123456789Abcdefghijkl", 0 },
	{ "3\r\nab", DECODE_SHORT, "ab", 0 },
	{ "3\r\nabc\r\n", DECODE_SHORT, "abc", 0 },
	{ "0\r\nX: y\r\n", DECODE_SHORT, "", 0 },
	{ "3\r\nabcd\r\n", DECODE_MALFORMED, "abc", 0 },
	{ "3\r\nabc\r\r\n", DECODE_MALFORMED, "abc", 0 },
	{ "3\r\nabcd0\r\n\r\n", DECODE_MALFORMED, "abc", 0 },
	{ "3\r\nabc\rd0\r\n\r\n", DECODE_MALFORMED, "abc", 0 },
	{ "\r\n", DECODE_MALFORMED, "", 0 },
	{ ";a\r\n", DECODE_MALFORMED, "", 0 },
	{ "g\r\n", DECODE_MALFORMED, "", 0 },
	{ "-1\r\n", DECODE_MALFORMED, "", 0 },
	{ "0x3\r\nabc\r\n", DECODE_MALFORMED, "", 0 },
	{ "10000000000000000\r\n", DECODE_MALFORMED, "", 0 },
	{ "ffffffffffffffff\r\nabc", DECODE_SHORT, "abc", 0 },
};

static void
check_body(const struct chunked *want, const struct body *body)
{
	assert_int_equal(body->rc, want->rc);
	assert_int_equal(body->data_len, strlen(want->data));
	assert_memory_equal(body->data, want->data, body->data_len);
	if (body->rc != DECODE_MALFORMED)
		assert_int_equal(body->consumed,
		    strlen(want->text) - want->left);
}

static void
chunked_bodies_are_read_at_once(void **state)
{
	struct body body;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(chunked); i++) {
		body = feed(cur_of(chunked[i].text, strlen(chunked[i].text)),
		    SIZE_MAX, NULL);
		check_body(&chunked[i], &body);
	}
}

static void
chunked_bodies_are_the_same_however_split(void **state)
{
	struct body body;
	struct cursor stream;
	uint32_t random = 1;
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(chunked); i++) {
		stream = cur_of(chunked[i].text, strlen(chunked[i].text));
		for (j = 1; j <= stream.left; j++) {
			body = feed(stream, j, NULL);
			check_body(&chunked[i], &body);
		}
		for (j = 0; j < 200; j++) {
			body = feed(stream, 0, &random);
			check_body(&chunked[i], &body);
		}
	}
}

static void
chunk_data_may_be_skipped_unseen(void **state)
{
	struct http_chunks chunks = { 0 };
	struct cursor stream = TEXT("fffffffff\r\n"), data;

	(void)state;
	assert_int_equal(http_chunks_feed(&chunks, &stream, &data),
	    DECODE_SHORT);
	assert_int_equal(data.left, 0);
	assert_int_equal(chunks.skip, 0xfffffffff);
	chunks.skip -= 0xffffffffd;
	stream = TEXT("z");
	assert_int_equal(http_chunks_feed(&chunks, &stream, &data),
	    DECODE_SHORT);
	assert_text(data, "z");
	assert_int_equal(chunks.skip, 1);
	chunks.skip = 0;
	stream = TEXT("\r\n0\r\n\r\nG");
	assert_int_equal(http_chunks_feed(&chunks, &stream, &data), DECODE_OK);
	assert_int_equal(stream.left, 1);
	assert_int_equal(chunks.body_len, 0xfffffffff);
	assert_int_equal(chunks.skip, 0);
}

static void
sum_of_chunk_sizes_does_not_wrap(void **state)
{
	struct http_chunks chunks = { 0 };
	struct cursor stream = TEXT("ffffffffffffffff\r\n"), data;

	(void)state;
	assert_int_equal(http_chunks_feed(&chunks, &stream, &data),
	    DECODE_SHORT);
	chunks.skip = 0;
	stream = TEXT("\r\n2\r\n");
	assert_int_equal(http_chunks_feed(&chunks, &stream, &data),
	    DECODE_SHORT);
	assert_int_equal(chunks.skip, 2);
	assert_true(chunks.body_len == UINT64_MAX);
}

static void
end_of_a_chunked_body_is_final(void **state)
{
	struct http_chunks chunks = { 0 };
	struct cursor stream = TEXT("0\r\n\r\n5\r\n"), data;

	(void)state;
	assert_int_equal(http_chunks_feed(&chunks, &stream, &data), DECODE_OK);
	assert_int_equal(http_chunks_feed(&chunks, &stream, &data), DECODE_OK);
	assert_int_equal(stream.left, 3);

	chunks = (struct http_chunks){ 0 };
	stream = TEXT("?5\r\n");
	assert_int_equal(http_chunks_feed(&chunks, &stream, &data),
	    DECODE_MALFORMED);
	assert_int_equal(stream.left, 3);
	assert_int_equal(http_chunks_feed(&chunks, &stream, &data),
	    DECODE_MALFORMED);
	assert_int_equal(stream.left, 3);
}

/* The same verdict at once and octet by octet. */
static enum decode
feed_line(const char *before, char fill, size_t count, size_t piece)
{
	size_t len = strlen(before) + count + 2;
	char *text = malloc(len);
	struct body body;

	assert_non_null(text);
	memcpy(text, before, strlen(before));
	memset(text + strlen(before), fill, count);
	memcpy(text + len - 2, "\r\n", 2);
	body = feed(cur_of(text, len), piece, NULL);
	free(text);
	return body.rc;
}

static void
chunk_lines_and_trailers_have_a_bound(void **state)
{
	static const size_t pieces[] = { 1, 1000, SIZE_MAX };
	size_t i, piece;

	(void)state;
	for (i = 0; i < LENGTH(pieces); i++) {
		piece = pieces[i];
		/* "1;", the filling, CR LF. */
		assert_int_equal(feed_line("1;", 'x', HTTP_CHUNK_LINE_MAX - 4,
				     piece),
		    DECODE_SHORT);
		assert_int_equal(feed_line("1;", 'x', HTTP_CHUNK_LINE_MAX - 3,
				     piece),
		    DECODE_MALFORMED);
		assert_int_equal(feed_line("", '0', HTTP_CHUNK_LINE_MAX - 1,
				     piece),
		    DECODE_MALFORMED);
		assert_int_equal(feed_line("", ' ', HTTP_CHUNK_LINE_MAX, piece),
		    DECODE_MALFORMED);
		/* "X\r\n", the filling, CR LF. */
		assert_int_equal(feed_line("0\r\nX\r\n", 'x',
				     HTTP_TRAILER_MAX - 5, piece),
		    DECODE_SHORT);
		assert_int_equal(feed_line("0\r\nX\r\n", 'x',
				     HTTP_TRAILER_MAX - 4, piece),
		    DECODE_MALFORMED);
	}
}

static void
authorities_are_split(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} cases[] = {
		{ "www.example.com", "www.example.com", 0 },
		{ "www.example.com:80", "www.example.com", 80 },
		{ "www.example.com.:65535", "www.example.com.", 65535 },
		{ "www.example.com:65536", "www.example.com", 0 },
		{ "www.example.com:", "www.example.com", 0 },
		{ "www.example.com:0", "www.example.com", 0 },
		{ "www.example.com:8o", "www.example.com", 0 },
		{ "www.example.com:8080:junk", "www.example.com", 0 },
		{ " 192.0.2.1:8000 ", "192.0.2.1", 8000 },
		{ "[2001:db8::1]:8080", "2001:db8::1", 8080 },
		{ "[2001:db8::1]", "2001:db8::1", 0 },
		{ "[2001:db8::1]x:1", "2001:db8::1", 0 },
		{ "[2001:db8::1", "2001:db8::1", 0 },
		{ "2001:db8::1", "2001:db8::1", 0 },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", 0 },
		{ "u:p@www.example.com:81", "www.example.com", 81 },
		{ "a@b@c", "c", 0 },
	};
	struct cursor host;
	uint16_t port;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		assert_true(http_host_split(cur_of(cases[i].text,
						strlen(cases[i].text)),
		    &host, &port));
		assert_int_equal(host.left, strlen(cases[i].host));
		assert_memory_equal(host.at, cases[i].host, host.left);
		assert_int_equal(port, cases[i].port);
	}
}

static void
authority_without_a_host_is_refused(void **state)
{
	static const char *const cases[] = { "", " ", ":80", "[]:80", "u@" };
	struct cursor host = TEXT("as it was");
	uint16_t port = 7;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_false(http_host_split(cur_of(cases[i], strlen(cases[i])),
		    &host, &port));
	assert_false(http_host_split(cur_of(NULL, 0), &host, &port));
	assert_text(host, "as it was");
	assert_int_equal(port, 7);
}

/* RFC 9112 sections 3.2.1 to 3.2.4, then what else is sent; NULL: absent. */
static void
request_targets_have_four_forms(void **state)
{
	static const struct {
		const char *method, *target;
		enum http_target form;
		const char *authority, *path;
	} cases[] = {
		{ "GET", "/where?q=now", HTTP_TARGET_ORIGIN, NULL,
		    "/where?q=now" },
		{ "GET", "http://www.example.org/pub/WWW/TheProject.html",
		    HTTP_TARGET_ABSOLUTE, "www.example.org",
		    "/pub/WWW/TheProject.html" },
		{ "CONNECT", "www.example.com:80", HTTP_TARGET_AUTHORITY,
		    "www.example.com:80", NULL },
		{ "OPTIONS", "*", HTTP_TARGET_ASTERISK, NULL, NULL },
		{ "OPTIONS", "http://www.example.org:8001",
		    HTTP_TARGET_ABSOLUTE, "www.example.org:8001", "" },
		{ "GET", "HTTPS://a?q=/", HTTP_TARGET_ABSOLUTE, "a", "?q=/" },
		{ "GET", "svn+ssh://a#b", HTTP_TARGET_ABSOLUTE, "a", "#b" },
		{ "GET", "http://", HTTP_TARGET_ABSOLUTE, "", "" },
		{ "CONNECT", "https://a:443/", HTTP_TARGET_ABSOLUTE, "a:443",
		    "/" },
		{ "CONNECT", "/a", HTTP_TARGET_ORIGIN, NULL, "/a" },
		{ "GET", "//a/b", HTTP_TARGET_ORIGIN, NULL, "//a/b" },
		{ "GET", "/r?u=http://a/", HTTP_TARGET_ORIGIN, NULL,
		    "/r?u=http://a/" },
		{ "GET", "index.html", HTTP_TARGET_ORIGIN, NULL, "index.html" },
		{ "GET", "1http://a/", HTTP_TARGET_ORIGIN, NULL, "1http://a/" },
		{ "GET", "", HTTP_TARGET_ORIGIN, NULL, "" },
	};
	struct cursor authority, path;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(http_target_parse(cur_of(cases[i].method,
						       strlen(cases[i].method)),
				     cur_of(cases[i].target,
					 strlen(cases[i].target)),
				     &authority, &path),
		    cases[i].form);
		assert_int_equal(authority.at == NULL,
		    cases[i].authority == NULL);
		if (authority.at != NULL) {
			assert_int_equal(authority.left,
			    strlen(cases[i].authority));
			assert_memory_equal(authority.at, cases[i].authority,
			    authority.left);
		}
		assert_int_equal(path.at == NULL, cases[i].path == NULL);
		if (path.at != NULL) {
			assert_int_equal(path.left, strlen(cases[i].path));
			assert_memory_equal(path.at, cases[i].path, path.left);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_of_rfc_9110_gives_line_and_fields),
		cmocka_unit_test(response_of_rfc_9110_gives_status_and_length),
		cmocka_unit_test(named_fields_are_found_whatever_their_case),
		cmocka_unit_test(
		    every_prefix_of_a_good_head_is_short_and_changes_nothing),
		cmocka_unit_test(octets_after_the_head_are_left_alone),
		cmocka_unit_test(
		    malformed_start_lines_are_told_at_once_and_change_nothing),
		cmocka_unit_test(http2_preface_is_unsupported),
		cmocka_unit_test(simple_request_is_its_line),
		cmocka_unit_test(empty_line_after_a_simple_request_is_its_own),
		cmocka_unit_test(
		    fields_after_a_line_without_a_version_are_read),
		cmocka_unit_test(
		    line_without_a_version_is_open_for_so_long_only),
		cmocka_unit_test(request_line_with_more_words_is_read),
		cmocka_unit_test(odd_versions_are_flagged_and_read_on),
		cmocka_unit_test(status_lines_with_parts_missing_are_read),
		cmocka_unit_test(
		    hostile_field_lines_are_read_or_skipped_and_counted),
		cmocka_unit_test(first_host_wins_and_another_is_flagged),
		cmocka_unit_test(named_fields_are_found_past_the_cap),
		cmocka_unit_test(at_end_the_head_is_what_there_is),
		cmocka_unit_test(at_end_a_whole_head_is_not_cut),
		cmocka_unit_test(at_end_less_than_a_target_is_malformed),
		cmocka_unit_test(head_above_the_limit_is_cut_there),
		cmocka_unit_test(empty_lines_in_front_have_a_bound),
		cmocka_unit_test(ready_says_when_decoding_is_worth_it),
		cmocka_unit_test(folds_are_spanned_and_unfolded_to_one_space),
		cmocka_unit_test(request_framing_is_as_rfc_9112_says),
		cmocka_unit_test(
		    transfer_coding_in_http_1_0_is_read_and_flagged),
		cmocka_unit_test(response_framing_is_as_rfc_9112_says),
		cmocka_unit_test(guess_knows_http_and_nothing_else),
		cmocka_unit_test(guess_does_not_wait_for_ever),
		cmocka_unit_test(guess_of_a_prefix_of_a_good_head_is_never_no),
		cmocka_unit_test(chunked_bodies_are_read_at_once),
		cmocka_unit_test(chunked_bodies_are_the_same_however_split),
		cmocka_unit_test(chunk_data_may_be_skipped_unseen),
		cmocka_unit_test(sum_of_chunk_sizes_does_not_wrap),
		cmocka_unit_test(end_of_a_chunked_body_is_final),
		cmocka_unit_test(chunk_lines_and_trailers_have_a_bound),
		cmocka_unit_test(authorities_are_split),
		cmocka_unit_test(authority_without_a_host_is_refused),
		cmocka_unit_test(request_targets_have_four_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
