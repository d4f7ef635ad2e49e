#ifndef SENSOR_TRACKER_H
#define SENSOR_TRACKER_H

#include "sensor/flow.h"
#include "sensor/layers.h"
#include "sensor/observation.h"
#include "sensor/packet.h"
#include "sensor/segments.h"
#include "sensor/stream.h"
#include "sensor/verdicts.h"

/*
 * The packet side: frames in, observations out.  One tracker belongs to one
 * thread and shares nothing with the others but the immutable segments.
 */
struct tracker;

/* Borrowed: the observation is dead when the call returns. */
typedef void (*observation_emit)(void *arg, const struct observation *o);

#define OBS_BIT(kind) (1u << (kind))

struct tracker_options {
	struct flow_limits flows;
	struct fragment_limits fragments;
	size_t stream_octets_max; /* held by all streams */
	size_t stream_ahead_max;  /* early octets held by one */
	uint32_t sessions_max;    /* flows with decoders at work */
	struct verdicts *verdicts; /* the caller's; NULL: without nDPI */
	const struct segments *segments;
	unsigned kinds; /* OBS_BIT of the kinds that somebody wants */
	observation_emit emit;
	void *emit_arg;
};

struct app_counts {
	uint64_t dns_messages, dns_malformed;
	uint64_t http_requests, http_responses, http_malformed;
	uint64_t tls_hellos, tls_malformed;
	uint64_t quic_hellos, quic_malformed;
	uint64_t quic_unopened; /* datagrams with Initials that gave nothing */
	uint64_t socks_requests, dhcp_messages;
	uint64_t sessions_evicted; /* decoders given up for want of room */
};

struct tracker_counts {
	struct layers_counts layers;
	struct flow_counts flows;
	struct stream_counts streams;
	struct app_counts apps;
	struct verdicts_counts verdicts;
	uint64_t observations;
	uint64_t stream_octets; /* held now */
};

/* NULL where memory is short. */
struct tracker *tracker_new(const struct tracker_options *options);
void tracker_free(struct tracker *tracker);

/* A packet_handler (sensor/capture.h); `tracker` is a struct tracker. */
void tracker_packets(void *tracker, const struct packet *packets, size_t count);

/* Live and idle: lets time pass, so that idle flows end. */
void tracker_idle(struct tracker *tracker, uint64_t now_us);

/* Ends all flows. */
void tracker_finish(struct tracker *tracker);

void tracker_get_counts(const struct tracker *tracker,
    struct tracker_counts *out);

#endif
