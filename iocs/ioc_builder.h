#ifndef IOCS_IOC_BUILDER_H
#define IOCS_IOC_BUILDER_H

#include <stddef.h>

#include "iocs/indicator.h"
#include "iocs/ioc_set.h"

/* A set under construction. */
struct ioc_builder;

struct ioc_builder *ioc_builder_new(void); /* NULL: no memory, no randomness */
void ioc_builder_free(struct ioc_builder *builder);

/*
 * Copies that live as long as the set; equal ones are kept once.  NULL where
 * memory is short.
 */
const char *ioc_builder_text(struct ioc_builder *builder, const char *text,
    size_t len);
const struct feed *ioc_builder_feed(struct ioc_builder *builder,
    const struct feed *feed);

enum ioc_added { IOC_ADDED, IOC_DUPLICATE, IOC_NO_MEMORY };

/*
 * Adds an indicator in canonical form.  Its value is copied; description and
 * feed are the builder's (above).
 *
 * One of the same type, value and port is there already: what the more
 * confident of the two says is kept, the first's where they are equal, and the
 * later end of validity, since one feed's end is not the other's.
 */
enum ioc_added ioc_builder_add(struct ioc_builder *builder,
    const struct indicator *indicator);

size_t ioc_builder_count(const struct ioc_builder *builder);

/* The set; the builder is then only to be freed.  NULL: memory is short. */
struct ioc_set *ioc_builder_compile(struct ioc_builder *builder);

#endif
