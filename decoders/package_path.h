#ifndef DECODERS_PACKAGE_PATH_H
#define DECODERS_PACKAGE_PATH_H

#include <stdbool.h>

#include "decoders/cursor.h"
#include "decoders/purl.h"

/*
 * Which package version a request fetches, by the shape of its path alone: a
 * mirror (Nexus, Artifactory, Verdaccio, devpi, ...) puts a prefix of its own
 *in front of what the registry has, so paths are read from their end.
 *
 *	npm    [@scope/]name/-/[@scope/]name-1.2.3.tgz
 *	pypi   any wheel, PEP 427; a source archive where a directory of a
 *	       package index is around it (of hashes, "simple/NAME", ...)
 *	cargo  crates/NAME/VERSION/download, NAME/NAME-VERSION.crate; without
 *	       "crates", where the path or host has the word crates or cargo
 *	gem    gems/NAME-VERSION[-PLATFORM].gem
 *	maven  GROUP/.../ARTIFACT/VERSION/ARTIFACT-VERSION[-CLASSIFIER].jar,
 *	       .war, .aar, .pom
 *	deb    pool/.../NAME_VERSION_ARCH.deb
 *
 * Where file names leave it open how they are to be read, so does a purl; it is
 * decided thus:
 *
 *	A file's '-' between name and version is the one that the name of a
 *	directory shows, if there is one, or else the leftmost with nothing but
 *	a version behind it: "a-2-1.0" is a-2, since "2-1.0" is no version.
 *
 *	A Maven group begins behind the prefix of a repository manager
 *	("repository/NAME/", "maven2/", ...), or else at the first of the top
 *	domains that groups begin with ("org"), or else with the path.
 *
 *	A Debian package's vendor is told by its version ("ubuntu1",
 *"+deb12u1"), the directory in front of "pool", or the host.  Else it is left
 *out.
 */

/* A longer path, or one of more parts, is no fetch. */
#define PACKAGE_PATH_LEN_MAX   2048
#define PACKAGE_PATH_PARTS_MAX 32

enum package_kind {
	PACKAGE_FILE,     /* the package itself */
	PACKAGE_METADATA, /* a description, checksum or signature of it */
};

struct package_path {
	enum package_kind kind;
	struct purl_text purl; /* always with a version */
};

/*
 * host: without port; may be empty.  path: a request's, as sent, from '/' on;
 * a query or fragment is not looked at.  The path must be whole: the first part
 * of a longer one may look like another package's.  False, and *out undefined,
 * where it is no package's path.
 */
MUST_USE bool package_path_read(struct cursor host, struct cursor path,
    struct package_path *out);

#endif
