#include "sensor/event_types.h"

#include <stdio.h>
#include <string.h>

static const char *const type_names[EVENT_TYPE_COUNT] = {
	[EVENT_ALERT] = "alert",
	[EVENT_DNS] = "dns",
	[EVENT_HTTP] = "http",
	[EVENT_TLS] = "tls",
	[EVENT_QUIC] = "quic",
	[EVENT_FLOW] = "flow",
	[EVENT_BEACON] = "beacon",
	[EVENT_STATS] = "stats",
};

const char *
event_type_name(enum event_type type)
{
	return type_names[type];
}

static bool
names(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(text, name, len) == 0;
}

/* "alert, dns, ... all": what one may ask for. */
static void
list_names(char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < EVENT_TYPE_COUNT && used < size; i++) {
		used += (size_t)snprintf(out + used, size - used, "%s, ",
		    type_names[i]);
	}
	if (used < size)
		snprintf(out + used, size - used, "all");
}

int
event_set_add(event_set *set, const char *name, size_t len, char *error,
    size_t error_size)
{
	char known[128];

	if (names(name, len, "all")) {
		*set |= ((event_set)1 << EVENT_TYPE_COUNT) - 1;
		return 0;
	}
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		if (!names(name, len, type_names[i]))
			continue;
		*set |= (event_set)1 << i;
		return 0;
	}
	list_names(known, sizeof known);
	snprintf(error, error_size, "unknown event type '%.*s' (known: %s)",
	    len < 32 ? (int)len : 32, name, known);
	return -1;
}

int
event_set_parse(const char *list, event_set *out, char *error,
    size_t error_size)
{
	event_set set = 0;

	for (;;) {
		size_t len = strcspn(list, ",");

		if (event_set_add(&set, list, len, error, error_size) == -1)
			return -1;
		if (list[len] == '\0')
			break;
		list += len + 1;
	}
	*out = set;
	return 0;
}
