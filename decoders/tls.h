#ifndef DECODERS_TLS_H
#define DECODERS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"

/*
 * What TLS says in the clear: its records and the two hellos.  RFC 8446 and,
 * for what came before, RFC 5246; SSL 3.0 (RFC 6101) has the same form.
 * Windows borrow from the octets given; an absent one has `at` NULL.
 *
 *	tls_guess             does the stream begin with a hello?
 *	tls_handshake_open    until it is no longer DECODE_SHORT
 *	tls_*_hello_decode    the message's body
 *
 * QUIC carries handshake messages without records: tls_handshake_next.
 */

#define TLS_RECORD_HEADER_LEN 5
/* 2^14, and what TLS 1.2 lets encryption add (RFC 5246 section 6.2.3). */
#define TLS_RECORD_LEN_MAX (16384 + 2048)
/* A longer handshake message, its four-octet header included, is not read. */
#define TLS_HANDSHAKE_MAX 65536

/* IANA TLS ContentType. */
enum tls_content {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
	TLS_HEARTBEAT = 24,
};

/* IANA TLS HandshakeType. */
enum tls_handshake_type {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
};

/* Values that mean nothing and are sent so that they go on to, RFC 8701. */
static inline bool
tls_is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

enum tls_guess {
	TLS_NO,
	TLS_MAYBE, /* a prefix of one: ask again with more octets */
	TLS_IS_CLIENT_HELLO,
	TLS_IS_SERVER_HELLO,
};

/*
 * Whether a stream begins with a hello, by the first eleven octets: record
 * type and version, a possible length, handshake type and version.
 */
enum tls_guess tls_guess(struct cursor stream);

struct tls_record {
	uint8_t type; /* enum tls_content */
	uint16_t version;
	struct cursor fragment;
};

/*
 * The next record.  DECODE_SHORT, and the stream unchanged, until it is whole;
 * *out then has what is known: the type (0: not even that) and the fragment as
 * far as it is there.  DECODE_UNSUPPORTED: an SSL 2.0 record with a hello.
 * DECODE_MALFORMED: an unknown type, version or length, or a fragment that is
 * empty where it must not be (RFC 8446 section 5.1).
 */
MUST_USE enum decode tls_record_next(struct cursor *stream,
    struct tls_record *out);

struct tls_handshake {
	uint8_t type;       /* IANA TLS HandshakeType */
	uint32_t len;       /* of the body, as announced */
	struct cursor body; /* shorter than `len` with DECODE_SHORT only */
	/* With DECODE_OK, of tls_handshake_open: */
	size_t consumed;    /* octets of the stream, to the last record's end */
	struct cursor rest; /* that record's next messages, or nothing */
};

/*
 * The next message out of consecutive handshake octets.  With DECODE_SHORT
 * the cursor is unchanged and *out has what is there, a body only behind a
 * whole header (absent otherwise).  DECODE_UNSUPPORTED: over
 * TLS_HANDSHAKE_MAX.
 */
MUST_USE enum decode tls_handshake_next(struct cursor *messages,
    struct tls_handshake *out);

/*
 * The first handshake message of a stream that begins at a record.  A message
 * that lies in one record is not copied; one that spans several is gathered
 * in `scratch` and its body borrows from there.
 *
 * DECODE_SHORT until it is whole, with what is there, as above.
 * DECODE_UNSUPPORTED: the first record holds something else (see what with
 * tls_record_next), or the message is larger than TLS_HANDSHAKE_MAX or needs
 * more scratch than scratch_max (its length and 4).  DECODE_MALFORMED: as
 * tls_record_next says, or another record amid the message.
 */
MUST_USE enum decode tls_handshake_open(struct cursor stream, uint8_t *scratch,
    size_t scratch_max, struct tls_handshake *out);

/* Extension types kept. */
#define TLS_EXTENSIONS_MAX 128
/* ALPN protocol names kept. */
#define TLS_ALPN_MAX 16

struct tls_extensions {
	/* IANA TLS ExtensionType, as they came: one may be there twice. */
	uint16_t type[TLS_EXTENSIONS_MAX];
	uint8_t count;
	bool more; /* there were more than are kept */
	/*
	 * One that we read came again, which RFC 8446 section 4.2 forbids: the
	 * first counts.  (`read` is the decoder's own: which did come.)
	 */
	bool repeated;
	uint16_t read;
};

struct tls_client_hello {
	/*
	 * Each list and each extension's type is here.  False where the hello
	 * was cut or is broken between extensions; a fault within one leaves
	 * only that one out.
	 */
	bool whole;
	uint16_t legacy_version;
	/*
	 * The highest of `versions`, GREASE left out and drafts below TLS 1.3
	 * itself; legacy_version where that list is not sent.
	 */
	uint16_t version;
	struct cursor random;       /* 32 octets */
	struct cursor session_id;   /* 0 to 32 */
	struct cursor ciphers;      /* 16 bits each; at least one */
	struct cursor compressions; /* 8 bits each */

	bool has_extensions; /* false: SSL 3.0 and old TLS may end before */
	struct tls_extensions extensions;
	struct cursor server_name;          /* the first host_name, RFC 6066 */
	struct cursor groups;               /* 16 bits each */
	struct cursor point_formats;        /* 8 bits each */
	struct cursor signature_algorithms; /* 16 bits each */
	struct cursor versions;             /* 16 bits each */
	struct cursor alpn[TLS_ALPN_MAX];   /* RFC 7301 */
	uint8_t alpn_count;
	bool alpn_more; /* there were more than are kept */
	/* RFC 9849: the true hello is encrypted, server_name is for show.
	 * GREASE, which clients send for practice, looks the same. */
	bool ech;
};

/*
 * Decodes the body of a ClientHello.  *out always has what is good of it: all
 * before the end or a fault between fields, and each extension that is whole
 * and without a fault.  A hello that was cut may still show its server_name,
 * and so may one with a fault in another extension, which some servers take.
 *
 * DECODE_SHORT: the body ends too soon.  A caller that knows it to be whole
 * (tls_handshake_open said DECODE_OK) takes that for malformed.  And one that
 * knows it to be cut does not trust DECODE_OK: a body may end where extensions
 * could begin.
 * DECODE_UNSUPPORTED: not a version 3.x.
 */
MUST_USE enum decode tls_client_hello_decode(struct cursor body,
    struct tls_client_hello *out);

struct tls_server_hello {
	bool whole; /* as above */
	uint16_t legacy_version;
	uint16_t version;         /* selected */
	bool hello_retry_request; /* RFC 8446 section 4.1.3 */
	struct cursor random;     /* 32 octets */
	struct cursor session_id; /* 0 to 32 */
	uint16_t cipher;          /* selected */
	uint8_t compression;      /* selected */
	bool has_extensions;
	struct tls_extensions extensions;
	struct cursor alpn; /* selected; TLS 1.3 says it encrypted instead */
};

/* The same for a ServerHello, HelloRetryRequest included. */
MUST_USE enum decode tls_server_hello_decode(struct cursor body,
    struct tls_server_hello *out);

#endif
