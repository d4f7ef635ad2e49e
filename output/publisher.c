#include "output/publisher.h"

#include <stdio.h>
#include <stdlib.h>

struct publisher {
	struct eve *eve;
	uint64_t unspelled; /* events lost before any sink: no memory */
	size_t sink_count;
	struct sink *sinks[];
};

int
publisher_open(const char *const *urls, size_t url_count,
    const struct sink_options *sinks, const struct eve_options *eve,
    struct publisher **out, char *error, size_t error_size)
{
	struct publisher *p = calloc(1,
	    sizeof *p + url_count * sizeof p->sinks[0]);
	struct sink_counts counts;

	if (p == NULL || (p->eve = eve_new(eve)) == NULL) {
		snprintf(error, error_size, "out of memory");
		free(p);
		return -1;
	}
	for (; p->sink_count < url_count; p->sink_count++) {
		if (sink_open(urls[p->sink_count], sinks,
			&p->sinks[p->sink_count], error, error_size) == -1) {
			publisher_close(p, &counts);
			return -1;
		}
	}
	*out = p;
	return 0;
}

static void
publish(struct publisher *p, const char *text, size_t len)
{
	struct event_line *line;

	if (text == NULL || (line = event_line_new(text, len)) == NULL) {
		p->unspelled++;
		return;
	}
	for (size_t i = 0; i < p->sink_count; i++)
		sink_put(p->sinks[i], line);
	event_line_release(line);
}

void
publish_hit(struct publisher *p, const struct hit *hit)
{
	size_t len;
	const char *text = eve_hit(p->eve, hit, &len);

	publish(p, text, len);
}

void
publish_beacon(struct publisher *p, const struct hit *hit)
{
	size_t len;
	const char *text = eve_beacon(p->eve, hit, &len);

	publish(p, text, len);
}

void
publish_observation(struct publisher *p, const struct observation *o)
{
	size_t len;
	const char *text = eve_observation(p->eve, o, &len);

	publish(p, text, len);
}

void
publish_stats(struct publisher *p, uint64_t time_us,
    const struct eve_stat *stats, size_t count)
{
	size_t len;
	const char *text = eve_stats(p->eve, time_us, stats, count, &len);

	publish(p, text, len);
}

void
publisher_reopen(struct publisher *p)
{
	for (size_t i = 0; i < p->sink_count; i++)
		sink_reopen(p->sinks[i]);
}

static void
add(struct sink_counts *sum, const struct sink_counts *one)
{
	sum->written += one->written;
	sum->lost += one->lost;
	sum->retried += one->retried;
	sum->pending += one->pending;
}

void
publisher_get_counts(struct publisher *p, struct sink_counts *out)
{
	struct sink_counts one;

	*out = (struct sink_counts){ .lost = p->unspelled };
	for (size_t i = 0; i < p->sink_count; i++) {
		sink_get_counts(p->sinks[i], &one);
		add(out, &one);
	}
}

bool
publisher_failed(struct publisher *p)
{
	for (size_t i = 0; i < p->sink_count; i++) {
		if (!sink_failed(p->sinks[i]))
			return false;
	}
	return true;
}

void
publisher_close(struct publisher *p, struct sink_counts *out)
{
	struct sink_counts one;

	*out = (struct sink_counts){ .lost = p->unspelled };
	for (size_t i = 0; i < p->sink_count; i++) {
		sink_close(p->sinks[i], &one);
		add(out, &one);
	}
	eve_free(p->eve);
	free(p);
}
