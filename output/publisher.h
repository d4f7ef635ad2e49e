#ifndef OUTPUT_PUBLISHER_H
#define OUTPUT_PUBLISHER_H

#include "output/eve.h"
#include "output/sink.h"

/*
 * Hits and observations to every sink that asks for them, each spelled once.
 * Belongs to one thread; the sinks have their own.
 */
struct publisher;

#define PUBLISHER_SINKS_MAX 64

struct publisher_sink {
	const char *name; /* sink_name */
	struct sink_counts counts;
};

/* Borrowed from the publisher, until it is asked again or freed. */
struct publisher_counts {
	struct sink_counts total; /* with events that could not be spelled */
	size_t sink_count;
	const struct publisher_sink *sinks; /* in the order they were given */
};

/*
 * 0, or -1 with the reason in `error`.  `urls`: 1 to PUBLISHER_SINKS_MAX, as
 * sink_open takes them; sinks->events is what one gets that names no events.
 */
int publisher_open(const char *const *urls, size_t url_count,
    const struct sink_options *sinks, const struct eve_options *eve,
    struct publisher **out, char *error, size_t error_size);

/* What nobody asks for is not spelled. */
void publish_hit(struct publisher *publisher, const struct hit *hit);
/* The timing of a pair, hit or not. */
void publish_beacon(struct publisher *publisher, const struct hit *hit);
void publish_observation(struct publisher *publisher,
    const struct observation *o);
void publish_stats(struct publisher *publisher, uint64_t time_us,
    const struct eve_numbers *numbers);

/* Files are opened anew (logrotate). */
void publisher_reopen(struct publisher *publisher);

void publisher_get_counts(struct publisher *publisher,
    struct publisher_counts *out);

/* Nobody reads any more: every sink has failed for good. */
bool publisher_failed(struct publisher *publisher);

/* Waits for the sinks to be done.  After that, only counts may be asked for. */
void publisher_finish(struct publisher *publisher);

/* Finishes, where that was not done. */
void publisher_free(struct publisher *publisher);

#endif
