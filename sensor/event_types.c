#include "sensor/event_types.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	bool available;
} types[EVENT_TYPE_COUNT] = {
	[EVENT_ALERT] = { "alert", true },
	[EVENT_DNS] = { "dns", true },
	[EVENT_HTTP] = { "http", true },
	[EVENT_TLS] = { "tls", true },
	[EVENT_QUIC] = { "quic", false },
	[EVENT_FLOW] = { "flow", true },
	[EVENT_BEACON] = { "beacon", true },
	[EVENT_STATS] = { "stats", true },
};

const char *
event_type_name(enum event_type type)
{
	return types[type].name;
}

bool
event_type_is_available(enum event_type type)
{
	return types[type].available;
}

static bool
names(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(text, name, len) == 0;
}

static event_set
all_available(void)
{
	event_set set = 0;

	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		if (types[i].available)
			set |= (event_set)1 << i;
	}
	return set;
}

/* "alert, dns, ... or all": what one may ask for. */
static void
list_available(char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < EVENT_TYPE_COUNT && used < size; i++) {
		if (types[i].available)
			used += (size_t)snprintf(out + used, size - used,
			    "%s, ", types[i].name);
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
		*set |= all_available();
		return 0;
	}
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		if (!names(name, len, types[i].name))
			continue;
		if (!types[i].available) {
			snprintf(error, error_size,
			    "this version cannot write '%s' events yet",
			    types[i].name);
			return -1;
		}
		*set |= (event_set)1 << i;
		return 0;
	}
	list_available(known, sizeof known);
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
