#ifndef DECODERS_PURL_H
#define DECODERS_PURL_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/cursor.h"

/*
 * Package URLs (ECMA-427, github.com/package-url/purl-spec), of the types that
 * a fetch can be recognised of:
 *
 *	pkg:TYPE/NAMESPACE/NAME@VERSION?KEY=VALUE&...
 *
 * in the one form that can be compared octet by octet:
 *
 *	npm     as it is: "JSONStream" and "jsonstream" are two packages
 *	pypi    the name as PEP 503 has it, the version as PEP 440 has it
 *	cargo, gem, maven   as they are
 *	deb     vendor and name in lower case; a vendor that is not known is
 *	        left out, which is more than the specification allows
 *
 * All octets but letters, digits and ".-_~:" are percent-encoded.
 */
enum purl_type {
	PURL_CARGO,
	PURL_DEB,
	PURL_GEM,
	PURL_MAVEN,
	PURL_NPM,
	PURL_PYPI,
};

/* A longer one is none that anybody writes. */
#define PURL_LEN_MAX 512

#define PURL_QUALIFIERS_MAX 2

/* The parts, not encoded; empty: there is none. */
struct purl {
	enum purl_type type;
	struct cursor space; /* npm: with '@'; maven: '.' or '/' inside */
	struct cursor name, version;
	size_t qualifier_count;
	struct {
		const char *key; /* in the order of the alphabet */
		struct cursor value;
	} qualifiers[PURL_QUALIFIERS_MAX];
};

struct purl_text {
	size_t len;
	size_t package_len; /* without qualifiers */
	char text[PURL_LEN_MAX + 1];
};

/*
 * Writes the parts.  NULL, or the reason why they are no package: its registry
 * would not take the name or the version.  *out is then undefined.
 */
const char *purl_write(const struct purl *parts, struct purl_text *out);

/*
 * The canonical form of a package URL that somebody wrote, without qualifiers
 * and subpath; it need have no version.  NULL, or the reason why it is none.
 */
const char *purl_read(struct cursor text, struct purl_text *out);

/* Whether text begins with "pkg:", in any case. */
bool purl_is_meant(struct cursor text);

/* The version of a purl without qualifiers begins behind this; 0: none. */
size_t purl_version_mark(const char *purl, size_t len);

/* MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], semver.org 2.0.0 section 2 to 10. */
bool semver_is_valid(struct cursor text);

/* Whether PEP 503 makes one name of the two. */
bool pypi_name_equal(struct cursor a, struct cursor b);

#endif
