#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/tls.h"

/* Records and handshake messages.  What is in the hellos: tls_hello.c. */

#define VERSION_MAJOR        3
#define VERSION_MINOR_MAX    4 /* RFC 8446 only wants 1 and 3; be generous */
#define HANDSHAKE_HEADER_LEN 4
/* legacy_version, random and the empty forms of what must follow. */
#define CLIENT_HELLO_LEN_MIN 41
#define SERVER_HELLO_LEN_MIN 38

static bool
content_is_known(uint8_t type)
{
	return type >= TLS_CHANGE_CIPHER_SPEC && type <= TLS_HEARTBEAT;
}

/*
 * SSL 2.0 framing, RFC 5246 appendix E.2: the top bit of a two-octet length,
 * CLIENT-HELLO (1) or SERVER-HELLO (4).  The latter's version is further on.
 */
static enum decode
ssl2_record(struct cursor after_first)
{
	uint8_t type, major;

	if (!cur_skip(&after_first, 1) || !cur_u8(&after_first, &type))
		return DECODE_SHORT;
	if (type == 4)
		return DECODE_UNSUPPORTED;
	if (type != 1)
		return DECODE_MALFORMED;
	if (!cur_u8(&after_first, &major))
		return DECODE_SHORT;
	return major == 0 || major == VERSION_MAJOR ? DECODE_UNSUPPORTED
	                                            : DECODE_MALFORMED;
}

/* Each octet is judged as soon as it is there. */
static enum decode
record_header(struct cursor *c, struct tls_record *record, uint16_t *len)
{
	uint8_t type, major, minor;

	if (!cur_u8(c, &type))
		return DECODE_SHORT;
	if (type & 0x80)
		return ssl2_record(*c);
	if (!content_is_known(type))
		return DECODE_MALFORMED;
	record->type = type;
	if (!cur_u8(c, &major))
		return DECODE_SHORT;
	if (major != VERSION_MAJOR)
		return DECODE_MALFORMED;
	if (!cur_u8(c, &minor))
		return DECODE_SHORT;
	if (minor > VERSION_MINOR_MAX)
		return DECODE_MALFORMED;
	record->version = (uint16_t)(major << 8 | minor);
	if (!cur_u16(c, len))
		return DECODE_SHORT;
	if (*len > TLS_RECORD_LEN_MAX ||
	    (*len == 0 && type != TLS_APPLICATION_DATA))
		return DECODE_MALFORMED;
	return DECODE_OK;
}

enum decode
tls_record_next(struct cursor *stream, struct tls_record *out)
{
	struct cursor rest = *stream;
	enum decode rc;
	uint16_t len;

	*out = (struct tls_record){ 0 };
	rc = record_header(&rest, out, &len);
	if (rc != DECODE_OK)
		return rc;
	if (!cur_take(&rest, len, &out->fragment)) {
		out->fragment = rest;
		return DECODE_SHORT;
	}
	*stream = rest;
	return DECODE_OK;
}

enum decode
tls_handshake_next(struct cursor *messages, struct tls_handshake *out)
{
	struct cursor rest = *messages;

	*out = (struct tls_handshake){ 0 };
	if (!cur_u8(&rest, &out->type) || !cur_u24(&rest, &out->len))
		return DECODE_SHORT;
	if (out->len > TLS_HANDSHAKE_MAX - HANDSHAKE_HEADER_LEN)
		return DECODE_UNSUPPORTED;
	if (!cur_take(&rest, out->len, &out->body)) {
		out->body = rest;
		return DECODE_SHORT;
	}
	*messages = rest;
	return DECODE_OK;
}

/* Handshake octets out of consecutive records, put end to end. */
struct gathering {
	struct cursor stream;   /* after the record at hand */
	struct cursor fragment; /* what is left of that */
	bool cut;               /* which was not whole */
	uint8_t *to;
	size_t len;
};

/* DECODE_SHORT where there are no more; what there was, is in place. */
static enum decode
gather_until(struct gathering *g, size_t want)
{
	struct tls_record record;
	enum decode rc;
	size_t len;

	for (;;) {
		len = want - g->len;
		if (len > g->fragment.left)
			len = g->fragment.left;
		if (!cur_copy(&g->fragment, g->to + g->len, len))
			return DECODE_SHORT;
		g->len += len;
		if (g->len == want)
			return DECODE_OK;
		if (g->cut)
			return DECODE_SHORT;
		rc = tls_record_next(&g->stream, &record);
		if (rc == DECODE_SHORT)
			g->cut = true;
		else if (rc != DECODE_OK)
			return DECODE_MALFORMED;
		if (record.type != TLS_HANDSHAKE && record.type != 0)
			return DECODE_MALFORMED;
		g->fragment = record.fragment;
	}
}

static enum decode
gather_message(struct gathering *g, size_t max, struct tls_handshake *out)
{
	struct cursor gathered;
	enum decode rc;

	if (max < HANDSHAKE_HEADER_LEN)
		return DECODE_UNSUPPORTED;
	rc = gather_until(g, HANDSHAKE_HEADER_LEN);
	if (rc == DECODE_OK) {
		gathered = cur_of(g->to, g->len);
		rc = tls_handshake_next(&gathered, out);
		if (rc != DECODE_SHORT) /* too large, or all of it */
			return rc;
		if (max - HANDSHAKE_HEADER_LEN < out->len)
			return DECODE_UNSUPPORTED;
		rc = gather_until(g, HANDSHAKE_HEADER_LEN + out->len);
	}
	if (rc == DECODE_MALFORMED)
		return rc;
	gathered = cur_of(g->to, g->len);
	return tls_handshake_next(&gathered, out);
}

enum decode
tls_handshake_open(struct cursor stream, uint8_t *scratch, size_t scratch_max,
    struct tls_handshake *out)
{
	struct gathering g = { .stream = stream, .to = scratch };
	struct tls_record record;
	enum decode rc;

	*out = (struct tls_handshake){ 0 };
	rc = tls_record_next(&g.stream, &record);
	if (rc != DECODE_OK && rc != DECODE_SHORT)
		return rc;
	if (record.type != TLS_HANDSHAKE && record.type != 0)
		return DECODE_UNSUPPORTED;
	g.fragment = record.fragment;
	g.cut = rc == DECODE_SHORT;
	rc = tls_handshake_next(&g.fragment, out);
	if (rc == DECODE_SHORT && !g.cut)
		rc = gather_message(&g, scratch_max, out);
	if (rc != DECODE_OK)
		return rc;
	out->consumed = stream.left - g.stream.left;
	out->rest = g.fragment;
	return DECODE_OK;
}

/* What follows the record header: type, length and version of a hello. */
static enum tls_guess
guess_hello(struct cursor c)
{
	enum tls_guess guess;
	uint8_t type, major, minor;
	uint32_t len, len_min;

	if (!cur_u8(&c, &type))
		return TLS_MAYBE;
	switch (type) {
	case TLS_CLIENT_HELLO:
		guess = TLS_IS_CLIENT_HELLO;
		len_min = CLIENT_HELLO_LEN_MIN;
		break;
	case TLS_SERVER_HELLO:
		guess = TLS_IS_SERVER_HELLO;
		len_min = SERVER_HELLO_LEN_MIN;
		break;
	default:
		return TLS_NO;
	}
	if (!cur_u24(&c, &len))
		return TLS_MAYBE;
	if (len < len_min || len > TLS_HANDSHAKE_MAX - HANDSHAKE_HEADER_LEN)
		return TLS_NO;
	if (!cur_u8(&c, &major))
		return TLS_MAYBE;
	if (major != VERSION_MAJOR)
		return TLS_NO;
	if (!cur_u8(&c, &minor))
		return TLS_MAYBE;
	return minor <= VERSION_MINOR_MAX ? guess : TLS_NO;
}

enum tls_guess
tls_guess(struct cursor stream)
{
	uint8_t octets[HANDSHAKE_HEADER_LEN + 2];
	struct gathering g = { .stream = stream, .to = octets };

	/* Through records, as nothing forbids one for each octet. */
	switch (gather_until(&g, sizeof octets)) {
	case DECODE_OK:
	case DECODE_SHORT:
		return guess_hello(cur_of(octets, g.len));
	case DECODE_MALFORMED:
	case DECODE_UNSUPPORTED:
		break;
	}
	return TLS_NO;
}
