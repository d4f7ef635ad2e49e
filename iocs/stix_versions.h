#ifndef IOCS_STIX_VERSIONS_H
#define IOCS_STIX_VERSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "iocs/feed_file.h"

/*
 * STIX objects by id, across files: of one that occurs more than once the
 * newest `modified` counts (STIX 2.1 section 3.6), and what is revoked there
 * is withdrawn.  So indicators wait here until all files were read.
 */
struct stix_versions;

struct stix_versions *stix_versions_new(void);
void stix_versions_free(struct stix_versions *versions);

/*
 * Begins a version of an object.  False where a newer one is known, or the
 * same one: it is then of no interest.
 */
bool stix_versions_begin(struct stix_versions *versions, struct feed_file *file,
    struct cursor id, uint64_t modified_us, bool revoked);

/* An indicator of the version that was begun last; its value is copied. */
void stix_versions_add(struct stix_versions *versions, struct feed_file *file,
    const struct indicator *indicator);

/* Inserts what is in force, and counts what is not. */
void stix_versions_finish(struct stix_versions *versions,
    struct feed_file *file);

#endif
