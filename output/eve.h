#ifndef OUTPUT_EVE_H
#define OUTPUT_EVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/hit.h"
#include "sensor/observation.h"
#include "sensor/segments.h"

/*
 * Observations and hits as EVE JSON, one object, as Suricata 8 writes it
 * (docs/events.md).  A writer belongs to one thread.
 */
struct eve;
struct classifier;

/* What a policy that only observes found of a flow; NULL: nothing. */
typedef const char *(*eve_flow_policy)(void *arg, uint64_t flow_id);

/* Name of packet.source: a capture file or an interface. */
typedef const char *(*eve_source_name)(void *arg, uint16_t source);

struct eve_options {
	const char *sensor_name; /* "host" */
	bool live;               /* in_iface, else pcap_filename */
	unsigned dns_version;    /* 2 or 3 */
	eve_source_name source_name;
	void *source_arg;
	const struct segments *segments;
	eve_flow_policy flow_policy; /* NULL: there is none */
	void *flow_policy_arg;
	const struct classifier *classifier; /* for its names; NULL: none */
};

struct eve *eve_new(const struct eve_options *options); /* copies the name */
void eve_free(struct eve *eve);

/*
 * Each gives one JSON text, valid UTF-8, without '\n', that lives until the
 * next call on this writer; *len is its length.  NULL where memory is short.
 * eve_observation: OBS_DNS, OBS_HTTP, OBS_TLS and OBS_FLOW_END only.
 */
const char *eve_hit(struct eve *eve, const struct hit *hit, size_t *len);
const char *eve_observation(struct eve *eve, const struct observation *o,
    size_t *len);

/* The timing of a pair: an event of our own type, which EVE does not know. */
const char *eve_beacon(struct eve *eve, const struct hit *hit, size_t *len);

/* One number of a stats event; `group` and `name` are lower_case. */
struct eve_stat {
	const char *group, *name;
	uint64_t value;
};

/* A text beside the numbers, as what a group of them is about. */
struct eve_text {
	const char *name, *text;
};

struct eve_numbers {
	const struct eve_stat *stats;
	size_t count;
	const struct eve_text *texts;
	size_t text_count;
};
const char *eve_stats(struct eve *eve, uint64_t time_us,
    const struct eve_numbers *numbers, size_t *len);

#endif
