#ifndef SENSOR_PACKET_FILTER_H
#define SENSOR_PACKET_FILTER_H

#include <stddef.h>

#include "sensor/packet.h"

/*
 * A BPF expression for stored captures, whose link type may change from packet
 * to packet: compiled for each as it comes up.
 */
struct packet_filter;

/* NULL with the reason in `error` where the expression fits no link type. */
struct packet_filter *packet_filter_new(const char *expression, char *error,
    size_t error_size);
void packet_filter_free(struct packet_filter *filter);

enum filter_verdict {
	FILTER_PASS,
	FILTER_DROP,
	FILTER_DROP_NEWS, /* and no packet of this link type can pass: why is
	                     in packet_filter_error; told once for each */
};

enum filter_verdict packet_filter_match(struct packet_filter *filter,
    const struct packet *packet);
const char *packet_filter_error(const struct packet_filter *filter);

#endif
