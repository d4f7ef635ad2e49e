#ifndef IOCS_FEED_TYPE_H
#define IOCS_FEED_TYPE_H

#include "decoders/cursor.h"
#include "iocs/normalise.h"

/* Room for a word without what is neither letter nor digit, and NUL. */
#define FEED_WORD_MAX 40

/*
 * "IP Address", "ip_address" and "ip-address" are one word to a reader of
 * feeds: lower-case letters and digits alone.  What is too long is cut.
 */
void feed_word(struct cursor text, char out[FEED_WORD_MAX]);

enum feed_type {
	FEED_TYPE_UNKNOWN,
	FEED_TYPE_VALUE,       /* matched: a value of the kind */
	FEED_TYPE_PAIR,        /* "name|address" */
	FEED_TYPE_FINGERPRINT, /* of TLS, SSH and others, that is not matched */
	FEED_TYPE_OTHER,       /* nothing that is seen on the wire */
};

/* What the type that a feed names means, in the words of many feeds. */
enum feed_type feed_type_find(struct cursor name, enum value_kind *kind);

#endif
