#include "output/publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct publisher {
	struct eve *eve;
	const struct segments *segments;
	event_set wanted;   /* by any sink */
	uint64_t unspelled; /* events lost before any sink: no memory */
	size_t sink_count;
	struct sink *sinks[PUBLISHER_SINKS_MAX]; /* NULL once finished */
	char *names[PUBLISHER_SINKS_MAX];
	struct publisher_sink counted[PUBLISHER_SINKS_MAX];
};

/* --- opening and closing --- */

static int
refuse(char *error, size_t error_size, const char *why)
{
	snprintf(error, error_size, "%s", why);
	return -1;
}

static int
open_one(struct publisher *p, const char *url,
    const struct sink_options *options, char *error, size_t error_size)
{
	size_t i = p->sink_count;

	if (sink_open(url, options, &p->sinks[i], error, error_size) == -1)
		return -1;
	p->sink_count++;
	p->wanted |= sink_events(url,
	    options->events != 0 ? options->events : ~(event_set)0);
	p->names[i] = strdup(sink_name(p->sinks[i]));
	p->counted[i].name = p->names[i];
	return p->names[i] != NULL ? 0
	                           : refuse(error, error_size, "out of memory");
}

int
publisher_open(const char *const *urls, size_t url_count,
    const struct sink_options *sinks, const struct eve_options *eve,
    struct publisher **out, char *error, size_t error_size)
{
	struct publisher *p;

	if (url_count > PUBLISHER_SINKS_MAX) {
		snprintf(error, error_size,
		    "%zu outputs; at most %d are possible", url_count,
		    PUBLISHER_SINKS_MAX);
		return -1;
	}
	p = calloc(1, sizeof *p);
	if (p == NULL || (p->eve = eve_new(eve)) == NULL) {
		free(p);
		return refuse(error, error_size, "out of memory");
	}
	p->segments = eve->segments;
	for (size_t i = 0; i < url_count; i++) {
		if (open_one(p, urls[i], sinks, error, error_size) == -1) {
			publisher_free(p);
			return -1;
		}
	}
	*out = p;
	return 0;
}

void
publisher_finish(struct publisher *p)
{
	for (size_t i = 0; i < p->sink_count; i++)
		sink_begin_close(p->sinks[i]);
	for (size_t i = 0; i < p->sink_count; i++) {
		sink_close(p->sinks[i], &p->counted[i].counts);
		p->sinks[i] = NULL;
	}
}

void
publisher_free(struct publisher *p)
{
	if (p == NULL)
		return;
	publisher_finish(p);
	for (size_t i = 0; i < p->sink_count; i++)
		free(p->names[i]);
	eve_free(p->eve);
	free(p);
}

/* --- publishing --- */

/* `text` NULL: there was no memory for it. */
static void
publish(struct publisher *p, struct sink_line *line, const char *text,
    size_t len)
{
	if (text == NULL || len > UINT32_MAX) {
		p->unspelled++;
		return;
	}
	line->text = text;
	line->len = (uint32_t)len;
	for (size_t i = 0; i < p->sink_count; i++)
		sink_put(p->sinks[i], line);
}

/* What routes an event from a host in this segment. */
static struct sink_line
line_of(const struct publisher *p, enum event_type type, uint16_t segment)
{
	const char *name = segment_name(p->segments, segment);
	size_t len = strnlen(name, LINE_SEGMENT_OCTETS);

	return (struct sink_line){
		.segment = name,
		.segment_len = (uint8_t)len,
		.severity = LINE_SEVERITY_NONE,
		.type = (uint8_t)type,
	};
}

void
publish_hit(struct publisher *p, const struct hit *hit)
{
	struct sink_line line = line_of(p, EVENT_ALERT,
	    hit->observation->segment[hit->source]);
	const char *text;
	size_t len = 0;

	if (!event_set_has(p->wanted, EVENT_ALERT))
		return;
	line.severity = hit->signature->severity;
	text = eve_hit(p->eve, hit, &len);
	publish(p, &line, text, len);
}

void
publish_beacon(struct publisher *p, const struct hit *hit)
{
	struct sink_line line = line_of(p, EVENT_BEACON,
	    hit->observation->segment[hit->source]);
	const char *text;
	size_t len = 0;

	if (!event_set_has(p->wanted, EVENT_BEACON))
		return;
	text = eve_beacon(p->eve, hit, &len);
	publish(p, &line, text, len);
}

/* False where no event is made of it. */
static bool
type_of(const struct observation *o, enum event_type *type)
{
	switch ((enum obs_kind)o->kind) {
	case OBS_DNS:
		*type = EVENT_DNS;
		return o->app != APP_LLMNR; /* EVE has no type for it */
	case OBS_HTTP:
		*type = EVENT_HTTP;
		return true;
	case OBS_TLS:
		*type = EVENT_TLS;
		return true;
	case OBS_QUIC_HANDSHAKE:
		*type = EVENT_QUIC;
		return true;
	case OBS_FLOW_END:
		*type = EVENT_FLOW;
		return true;
	case OBS_FLOW_START:
	case OBS_FLOW_APP:
	case OBS_FLOW_BURST:
	case OBS_HTTP_REQUEST:
	case OBS_TLS_HELLO:
	case OBS_QUIC:
	case OBS_PROXY:
	case OBS_HOST:
		break;
	}
	return false;
}

void
publish_observation(struct publisher *p, const struct observation *o)
{
	struct sink_line line;
	enum event_type type;
	const char *text;
	size_t len = 0;

	if (!type_of(o, &type) || !event_set_has(p->wanted, type))
		return;
	line = line_of(p, type, o->segment[DIR_OUT]);
	text = eve_observation(p->eve, o, &len);
	publish(p, &line, text, len);
}

void
publish_stats(struct publisher *p, uint64_t time_us,
    const struct eve_numbers *numbers)
{
	struct sink_line line = line_of(p, EVENT_STATS, SEGMENT_EXTERNAL);
	const char *text;
	size_t len = 0;

	if (!event_set_has(p->wanted, EVENT_STATS))
		return;
	text = eve_stats(p->eve, time_us, numbers, &len);
	publish(p, &line, text, len);
}

/* --- the sinks --- */

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
	sum->filtered += one->filtered;
	sum->pending += one->pending;
	sum->spooled += one->spooled;
	sum->recovered += one->recovered;
	sum->damaged_octets += one->damaged_octets;
	sum->disk_failures += one->disk_failures;
	latency_merge(&sum->latency, &one->latency);
}

void
publisher_get_counts(struct publisher *p, struct publisher_counts *out)
{
	*out = (struct publisher_counts){ .total.lost = p->unspelled,
		.sink_count = p->sink_count,
		.sinks = p->counted };
	for (size_t i = 0; i < p->sink_count; i++) {
		struct publisher_sink *counted = &p->counted[i];

		if (p->sinks[i] != NULL)
			sink_get_counts(p->sinks[i], &counted->counts);
		add(&out->total, &counted->counts);
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
