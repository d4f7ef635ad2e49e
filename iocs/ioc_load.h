#ifndef IOCS_IOC_LOAD_H
#define IOCS_IOC_LOAD_H

#include <stddef.h>

#include "iocs/ioc_set.h"

/*
 * Told of each line or object that was not taken, or was taken with a doubt,
 * and once a file of what was left out by rule.  `line` is 0 where the format
 * has none, or the whole file is meant.  One sentence, no '\n', and nothing
 * that a terminal would obey, whatever the feed has in it.
 */
typedef void (*ioc_report)(void *arg, const char *path, unsigned line,
    const char *message);

struct ioc_load_counts {
	size_t files;      /* read */
	size_t indicators; /* in the set */
	size_t duplicates; /* said again, or in an older version */
	size_t rejected;   /* malformed, or would hit too much */
	size_t withdrawn;  /* revoked, deleted, or stated to be benign */
	size_t skipped;    /* of types that are not matched */
};

/*
 * Loads files and directories (their files, sorted, recursively) of any
 * mixture of formats, each recognised by its content: STIX 2.1 bundle, MISP
 * event or feed, CSV, Zeek intel, plain list.  Of a directory with MISP's
 * manifest.json the events that it lists are read, of any other those files
 * whose names end as feeds' do (.json .csv .txt .intel ...).
 *
 * Of a STIX object that occurs in several files the newest version counts.
 *
 * Returns 0 and the compiled set in *out, which the caller frees, or -1 with
 * the reason in `error`: a file could not be read or is in no known format
 * (each is reported), or there is no indicator at all.  Lines that are
 * rejected are reported and do not fail the load.  `report` and `counts` may
 * be NULL.
 */
int ioc_load(const char *const *paths, size_t path_count, ioc_report report,
    void *report_arg, struct ioc_load_counts *counts, struct ioc_set **out,
    char *error, size_t error_size);

/* The same of one file that is in memory; `path` is its name in reports. */
int ioc_load_memory(const char *path, const void *octets, size_t len,
    ioc_report report, void *report_arg, struct ioc_load_counts *counts,
    struct ioc_set **out, char *error, size_t error_size);

#endif
