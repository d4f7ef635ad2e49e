#ifndef IOCS_FEED_FILE_H
#define IOCS_FEED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iocs/feed_type.h"
#include "iocs/ioc_builder.h"
#include "iocs/ioc_load.h"
#include "iocs/normalise.h"

/* Where a feed states no confidence: STIX's "medium" (appendix A). */
#define FEED_CONFIDENCE_DEFAULT 50

/*
 * One file that is being loaded: where its entries go, and what became of
 * them.  Loaders read a format, make struct feed_entry of it, and hand that to
 * feed_file_add; they judge nothing.
 */
struct feed_file {
	struct ioc_builder *builder;
	struct stix_versions *versions; /* STIX objects of all files */
	const struct suffixes *suffixes;
	struct ioc_load_counts *counts;
	const char *path;
	ioc_report report;
	void *report_arg;

	const char *source; /* of entries that name none; not owned */
	bool no_memory;     /* whatever was done since is void */

	/* Told once, at the end of the file. */
	size_t fingerprints;            /* JARM and the like: not matched */
	size_t other_types;             /* hashes, mail addresses, ... */
	size_t benign;                  /* stated to be not for detection */
	char other_type[FEED_WORD_MAX]; /* an example */
};

/* One value as the feed has it.  All is borrowed; NULL and 0: not said. */
struct feed_entry {
	enum value_kind kind;
	struct cursor value;
	uint16_t port;  /* where the value has none */
	int confidence; /* 0..100; -1: not said */
	uint64_t valid_from_us, valid_until_us;
	struct feed feed; /* source NULL: the file's */
	const char *description;
	unsigned line; /* 0: the format has no lines */
};

#define FEED_ENTRY_NONE ((struct feed_entry){ .confidence = -1 })

/* Normalises and adds; a value that is not taken is reported and counted. */
void feed_file_add(struct feed_file *file, const struct feed_entry *entry);

/*
 * The same without adding: the entry as an indicator whose value is in
 * `normal`.  False where it was not taken, which was then reported.
 */
bool feed_file_make(struct feed_file *file, const struct feed_entry *entry,
    struct normal *normal, struct indicator *out);
/* Adds and counts what was made. */
void feed_file_insert(struct feed_file *file,
    const struct indicator *indicator);

/*
 * By the name of its type (feed_type.h).  A pair of values joined by '|'
 * becomes two entries.  A type that nobody knows is rejected, or, without
 * `report_unknown`, counted with what is not matched.
 */
void feed_file_add_typed(struct feed_file *file, struct cursor type,
    bool report_unknown, const struct feed_entry *entry);

/* A line or object that is wrong; `value` is quoted if it is not empty. */
void feed_file_reject(struct feed_file *file, unsigned line,
    struct cursor value, const char *reason);

/* Taken, but with a doubt. */
void feed_file_doubt(struct feed_file *file, unsigned line, struct cursor value,
    const char *reason);

/* Well-formed, and nothing that is matched. */
void feed_file_skip_fingerprint(struct feed_file *file);
void feed_file_skip_other(struct feed_file *file, struct cursor type);
/* Benign, to_ids false, whitelisted. */
void feed_file_skip_benign(struct feed_file *file);

/* Reports what is told once. */
void feed_file_end(struct feed_file *file);

#endif
