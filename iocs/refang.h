#ifndef IOCS_REFANG_H
#define IOCS_REFANG_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/cursor.h"

/*
 * Undoes what people do to a value so that nobody clicks on it: hxxp for http,
 * [.] and (dot) and "\." for a dot, [:] and [/] and [@], a space before a dot,
 * wrappings and punctuation around the whole.  What is behind the authority (a
 * path has brackets of its own) stays as it is.
 */

/* A name of 253 octets, user information and a port fit well. */
#define REFANG_AUTHORITY_MAX 1023

enum refang_scheme {
	SCHEME_NONE,
	SCHEME_HTTP,
	SCHEME_HTTPS,
	SCHEME_TRANSPORT, /* tcp://, udp:// and the like: host and port */
	SCHEME_OTHER,
};

struct refanged {
	enum refang_scheme scheme;
	size_t authority_len;
	char authority[REFANG_AUTHORITY_MAX + 1]; /* NUL-terminated */
	char delimiter;     /* '/', '?' or '#' behind it; 0: nothing is */
	struct cursor rest; /* what follows the delimiter, as written */
};

/* Trims white space, quotes, <>, and a comma or semicolon at the end. */
struct cursor refang_trim(struct cursor text);

/* False where the authority does not fit.  `text` is trimmed. */
bool refang(struct cursor text, struct refanged *out);

#endif
