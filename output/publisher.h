#ifndef OUTPUT_PUBLISHER_H
#define OUTPUT_PUBLISHER_H

#include "output/eve.h"
#include "output/sink.h"

/*
 * Hits and observations to every sink, each spelled once.  Belongs to one
 * thread; the sinks have their own.
 */
struct publisher;

/*
 * 0, or -1 with the reason in `error`.  `urls`: at least one, as sink_open
 * takes them.
 */
int publisher_open(const char *const *urls, size_t url_count,
    const struct sink_options *sinks, const struct eve_options *eve,
    struct publisher **out, char *error, size_t error_size);

void publish_hit(struct publisher *publisher, const struct hit *hit);
/* The timing of a pair, hit or not. */
void publish_beacon(struct publisher *publisher, const struct hit *hit);
void publish_observation(struct publisher *publisher,
    const struct observation *o);
void publish_stats(struct publisher *publisher, uint64_t time_us,
    const struct eve_stat *stats, size_t count);

/* Files are opened anew (logrotate). */
void publisher_reopen(struct publisher *publisher);

/* Sums over all sinks. */
void publisher_get_counts(struct publisher *publisher, struct sink_counts *out);

/* Nobody reads any more: every sink has failed for good. */
bool publisher_failed(struct publisher *publisher);

/* Waits for the sinks to be done; *out has the sums.  Frees. */
void publisher_close(struct publisher *publisher, struct sink_counts *out);

#endif
