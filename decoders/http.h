#ifndef DECODERS_HTTP_H
#define DECODERS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"

/*
 * HTTP/1.x messages, RFC 9110 and RFC 9112, out of one direction of a TCP
 * stream.  The octets offered are those not consumed yet, from the first octet
 * of a message; all windows returned borrow from them.  An absent window has
 * `at` NULL; one that is there and empty has not.
 *
 * Reading is tolerant, as the recipients are whom an attacker has in mind:
 * bare LF, lost spaces and broken lines are read through, and what bears on
 * where the message ends is flagged.
 *
 * How a caller goes through a stream:
 *
 *	http_guess         is it HTTP, and which side?
 *	http_head_decode   until it is no longer DECODE_SHORT; drop head_len
 *	http_*_framing     what follows the head
 *	http_chunks_feed   or counting down body_len; then the next head
 */

/* A longer head is decoded as if it ended there. */
#define HTTP_HEAD_MAX 65536
/* Fields kept in http_head.fields; the named ones are found past it too. */
#define HTTP_FIELDS_MAX 64
/* A longer method, or more CR and LF in front of a start line: not HTTP. */
#define HTTP_METHOD_LEN_MAX 32
#define HTTP_BLANK_LEN_MAX  64
/* An odd first line may be undecided for as long as this. */
#define HTTP_GUESS_LEN_MAX 2048
/* Octets of a chunk-size line with its extensions; of a trailer section. */
#define HTTP_CHUNK_LINE_MAX 4096
#define HTTP_TRAILER_MAX    65536

enum http_guess {
	HTTP_NO,
	HTTP_MAYBE, /* a prefix of a message: ask again with more octets */
	HTTP_REQUEST,
	HTTP_RESPONSE,
};

/*
 * Whether a stream begins with an HTTP/1.x message, by content alone.  A
 * registered method with an origin-form or http(s) target is a request at
 * once; anything else waits for the end of the line, which must name HTTP.
 * Where it does not, what comes after the line has to speak for it; see
 * http_head_decode.  A response is "HTTP/" with any version that begins with a
 * digit, and a space.  RTSP, SIP, ICY and the HTTP/2 preface are HTTP_NO.
 */
enum http_guess http_guess(struct cursor stream);

enum http_kind { HTTP_KIND_REQUEST, HTTP_KIND_RESPONSE };

struct http_field {
	struct cursor name;  /* as sent, without spaces before the colon */
	struct cursor value; /* no OWS at its ends; may span folds */
};

struct http_head {
	enum http_kind kind;
	size_t head_len; /* octets of the stream up to the end of the head */
	bool cut;        /* the empty line was not reached */
	bool cut_line;   /* and the last line did not reach its LF */

	struct cursor version; /* "HTTP/1.1"; absent if not sent, or cut */
	uint8_t minor;         /* of HTTP/1.x; 9: HTTP/0.9; 1 where not known */
	bool version_odd;      /* neither HTTP/1.DIGIT nor HTTP/0.9 */

	struct cursor method;
	struct cursor target; /* the word after the method; may be empty */
	bool words_dropped;   /* there were more, before the version */

	uint16_t status; /* the number it begins with; 0: none, above 999 */
	struct cursor reason;

	/* The first field of the name, if its line was whole. */
	struct cursor host, user_agent, referer, expect;
	struct cursor server, location;
	struct cursor content_type, content_length, transfer_encoding;
	struct cursor connection, upgrade;
	bool host_repeated;

	/* Framing, RFC 9112 section 6; all fields of the name count. */
	bool coded;             /* a transfer coding other than identity */
	bool chunked;           /* and the last one is chunked */
	bool has_body_len;      /* a Content-Length could be read */
	uint64_t body_len;      /* the first one's octets */
	bool length_invalid;    /* not digits only, or above 2^64 - 1 */
	bool length_conflict;   /* several that differ */
	bool length_and_coding; /* both were sent: request smuggling */
	bool coding_invalid;    /* last is not chunked, or in HTTP/1.0 */

	uint32_t bad_line_count; /* skipped: no name, no colon, stray fold */
	bool fields_more;        /* there were more than are kept */
	uint8_t field_count;
	struct http_field fields[HTTP_FIELDS_MAX];
};

/*
 * Decodes the head of the message that `stream` begins with, empty lines in
 * front of it included (RFC 9112 section 2.2).  *out changes only with
 * DECODE_OK; elements of `fields` from field_count on are not set even then.
 *
 * DECODE_SHORT until the empty line is there.  With `at_end` no more octets
 * will come (end of stream, a gap): never DECODE_SHORT, the head is what there
 * is, and `cut` says so (MALFORMED where it is less than method and target, or
 * "HTTP/"); HTTP_HEAD_MAX octets have the same effect.  A field whose line was
 * cut is in `fields` only: half a host name would be another host's.  After a
 * cut head nothing is known about what follows.
 *
 * A request line without a version is a request if what comes next shows it:
 * a Host field does for any, another field line or an empty line for a
 * registered method whose target begins with "/", "http(s)://" or "HTTP/"; all
 * these have a head like any other.  Else GET is an HTTP/0.9 request, which is
 * its line; also where nothing is offered after the line, since clients then
 * wait for the answer.  Everything else is malformed.
 *
 * DECODE_UNSUPPORTED: the HTTP/2 preface.
 */
MUST_USE enum decode http_head_decode(struct cursor stream, enum http_kind kind,
    bool at_end, struct http_head *out);

/*
 * Whether http_head_decode has something new to decide, without reading again
 * what was read before: *scanned is 0 with the first octets of a message and
 * belongs to this function until decoding says anything but DECODE_SHORT.
 * False only where it would say that again (not at_end).  A head that comes
 * octet by octet costs linear time if decoding waits for this to be true.
 */
bool http_head_ready(struct cursor stream, size_t *scanned);

/*
 * Copies a field value, each fold (RFC 9112 section 5.2) and the white space
 * around it as one SP, all other octets as they are.  At most `max` octets are
 * written, without a terminator; returns how many.
 */
size_t http_value_unfold(struct cursor value, char *to, size_t max);

/* What follows a head, RFC 9112 section 6.3. */
enum http_framing {
	HTTP_BODY_NONE,     /* the next message */
	HTTP_BODY_LENGTH,   /* body_len octets, at least one */
	HTTP_BODY_CHUNKED,  /* http_chunks_feed */
	HTTP_BODY_TO_CLOSE, /* all that is left; also after a cut head */
	HTTP_BODY_UPGRADED, /* 101: another protocol, in both directions */
	HTTP_BODY_TUNNEL,   /* CONNECT and 2xx: likewise */
};

/*
 * A request whose last coding is not chunked has no end that could be known
 * (RFC 9112: answer 400 and close); its Content-Length is taken, else none,
 * so that nobody can hide the requests that follow.
 *
 * A response with a status below 100, which is none, is framed as a 200.
 */
enum http_framing http_request_framing(const struct http_head *head);
enum http_framing http_response_framing(const struct http_head *head,
    bool request_was_head, bool request_was_connect);

/*
 * A chunked body (RFC 9112 section 7.1) as far as it was fed; all zero at its
 * beginning.  `skip` is public in both directions: that many octets of chunk
 * data come next, and a caller that lets octets of it pass unseen subtracts
 * them.  It is 0 anywhere else.
 */
struct http_chunks {
	uint64_t skip;
	uint64_t body_len; /* sum of the chunk sizes so far, at most 2^64 - 1 */
	/* private */
	uint64_t size;
	uint32_t line_len;
	uint8_t state;
};

/*
 * Consumes octets and gives the next run of chunk data, which may be empty.
 * Split the stream as you like.  Each call consumes at least one octet if there
 * is one, so that this ends:
 *
 *	do {
 *		rc = http_chunks_feed(&chunks, &stream, &data);
 *		... data ...
 *	} while (rc == DECODE_SHORT && stream.left > 0);
 *
 * DECODE_OK: the body with its trailer section has ended and the stream is at
 * the next message.  OK and MALFORMED are final: further calls consume nothing.
 */
MUST_USE enum decode http_chunks_feed(struct http_chunks *chunks,
    struct cursor *stream, struct cursor *data);

/*
 * Host and port of [userinfo@]host[:port], RFC 3986 section 3.2.  An IPv6
 * address is given without its brackets, and known without them too.  Port 0:
 * none, or not a number from 1 to 65535.  False, and nothing changed, where
 * there is no host.
 */
MUST_USE bool http_host_split(struct cursor authority, struct cursor *host,
    uint16_t *port);

/* RFC 9112 section 3.2. */
enum http_target {
	HTTP_TARGET_ORIGIN,    /* path; whatever is nothing else, too */
	HTTP_TARGET_ABSOLUTE,  /* authority; path, empty if there is none */
	HTTP_TARGET_AUTHORITY, /* authority: CONNECT */
	HTTP_TARGET_ASTERISK,
};

/*
 * The form of a request target; a part that it has not is an absent window.
 * Query and fragment are left on the path.
 */
enum http_target http_target_parse(struct cursor method, struct cursor target,
    struct cursor *authority, struct cursor *path);

#endif
