#ifndef OUTPUT_SUMMARY_H
#define OUTPUT_SUMMARY_H

#include <stdio.h>

#include "output/statistics.h"
#include "sensor/hit.h"

/*
 * What a person wants to see at the end of a stored run: the hits as a short
 * table, and what was read.
 */
struct summary;

/* Hits shown; more are only counted. */
#define SUMMARY_HITS_MAX 100

struct summary *summary_new(void);
void summary_free(struct summary *summary);

/* A hit, new or again; copies what it shows. */
void summary_hit(struct summary *summary, const struct hit *hit);

uint64_t summary_hits(const struct summary *summary);

void summary_print(FILE *to, const struct summary *summary,
    const struct statistics *statistics, double seconds);

#endif
