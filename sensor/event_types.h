#ifndef SENSOR_EVENT_TYPES_H
#define SENSOR_EVENT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kinds of event that one may ask for, as event_type names them. */
enum event_type {
	EVENT_ALERT,
	EVENT_DNS,
	EVENT_HTTP,
	EVENT_TLS,
	EVENT_QUIC,
	EVENT_FLOW,
	EVENT_BEACON,
	EVENT_STATS,
	EVENT_TYPE_COUNT,
};

/* A set of event types: bit 1 << enum event_type. */
typedef uint32_t event_set;

#define EVENT_SET_DEFAULT ((event_set)1 << EVENT_ALERT)

static inline bool
event_set_has(event_set set, enum event_type type)
{
	return (set >> type & 1) != 0;
}

/* "alert", "dns" ... */
const char *event_type_name(enum event_type type);

/*
 * Adds what `name` (of `len` octets) stands for to *set: one type or, for
 * "all", every one.  -1 and the reason in `error` where it is
 * unknown or not available.
 */
int event_set_add(event_set *set, const char *name, size_t len, char *error,
    size_t error_size);

/* The same for a comma-separated list; *out changes only where all is good. */
int event_set_parse(const char *list, event_set *out, char *error,
    size_t error_size);

#endif
