#ifndef SENSOR_HIT_CONTEXT_H
#define SENSOR_HIT_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "sensor/dns_memory.h"
#include "sensor/fingerprint_memory.h"
#include "sensor/geo.h"
#include "sensor/hit.h"
#include "sensor/host_names.h"
#include "sensor/services.h"

/*
 * What makes a hit explain itself: where its destination is, what the source
 * is called, which name was looked up for the destination and how long before,
 * whether the client's fingerprint is new in its segment.
 *
 * It is looked up when a hit is reported, and again for each update: an update
 * tells what is known by then.  Only of a flow that was forgotten meanwhile the
 * fingerprint is gone.
 */
struct hit_context {
	/* Of the destination; where that is ours and the source is not, of the
	 * source.  Empty where not known. */
	struct place place;
	char src_host[HOST_NAME_MAX_LEN + 1]; /* "": not known */
	/* The name that the destination's address was answered for. */
	char dns_name[DNS_MEMORY_NAME_MAX + 1]; /* "": none */
	uint64_t dns_us;                        /* capture clock */
	uint64_t dns_age_us; /* before the contact that the hit is about */
	/* The client's fingerprint, of this flow; "": none. */
	char ja3[JA3_LEN + 1], ja4[JA4_LEN + 1];
	uint64_t fingerprint_first_us; /* in this segment; 0: not known */
	bool fingerprint_new;          /* this flow's is the first */
	const char *service; /* that hides; sensor/services.h; NULL: none */
};

/* Where it is looked up; each may be NULL. */
struct hit_context_sources {
	const struct geo *geo;
	const struct host_names *hosts;
	const struct dns_memory *dns;
	const struct fingerprint_memory *fingerprints;
	const struct services *services;
};

void hit_context_fill(const struct hit_context_sources *sources,
    const struct hit *hit, struct hit_context *out);

#endif
