#include "sensor/config_keys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/config_policies.h"
#include "sensor/network.h"

static bool
has_control(const char *text, const char *allowed)
{
	for (; *text != '\0'; text++) {
		if (((unsigned char)*text < ' ' || *text == 0x7f) &&
		    strchr(allowed, *text) == NULL)
			return true;
	}
	return false;
}

static int
refuse_control(const char *text, const char *allowed, char *error, size_t size)
{
	if (!has_control(text, allowed))
		return 0;
	snprintf(error, size, "has a control character"); /* may be secret */
	return -1;
}

/* Names, paths, interfaces: they end up on terminals and in events. */
static int
check_line(const struct config_checks *checks, const char *text, char *error,
    size_t size)
{
	(void)checks;
	return refuse_control(text, "", error, size);
}

static int
check_network(const struct config_checks *checks, const char *text, char *error,
    size_t size)
{
	struct network network;

	(void)checks;
	if (network_parse(text, &network, error, size) == -1)
		return -1;
	/* Then nothing would be external, and nothing be found. */
	if (network.prefix_bits == 0 ||
	    (addr_is_v4(&network.addr) && network.prefix_bits == 96)) {
		snprintf(error, size,
		    "'%.64s' is the whole internet: nothing would be external",
		    text);
		return -1;
	}
	return 0;
}

static int
check_event(const struct config_checks *checks, const char *text, char *error,
    size_t size)
{
	event_set set = 0;

	(void)checks;
	return event_set_add(&set, text, strlen(text), error, size);
}

static int
check_sink(const struct config_checks *checks, const char *text, char *error,
    size_t size)
{
	if (refuse_control(text, "", error, size) == -1)
		return -1;
	if (checks == NULL || checks->sink == NULL)
		return 0;
	return checks->sink(text, error, size);
}

static int
check_sync(const struct config_checks *checks, const char *text, char *error,
    size_t size)
{
	(void)checks;
	if (strcmp(text, "interval") == 0 || strcmp(text, "always") == 0 ||
	    strcmp(text, "never") == 0)
		return 0;
	snprintf(error, size, "'%.64s' is not interval, always or never", text);
	return -1;
}

/* A block scalar is a good way to write a long expression. */
static int
check_filter(const struct config_checks *checks, const char *text, char *error,
    size_t size)
{
	if (refuse_control(text, "\n\t", error, size) == -1)
		return -1;
	if (checks == NULL || checks->filter == NULL || *text == '\0')
		return 0;
	return checks->filter(text, error, size);
}

/* The key's path and its place, which have the same name. */
#define KEY(member) .path = #member, .offset = offsetof(struct config, member)
#define NUMBER(member, low, high, value)                                       \
	{                                                                      \
		KEY(member), KEY_NUMBER, .min = (low), .max = (high),          \
					 .standard = (value)                   \
	}
#define FLAG(member, value)                                                    \
	{                                                                      \
		KEY(member), KEY_FLAG, .standard = (value)                     \
	}

const struct config_key config_keys[] = {
	{ KEY(sensor_name), KEY_TEXT, .check = check_line },

	{ KEY(capture.interfaces), KEY_TEXTS, .check = check_line },
	{ KEY(capture.filter), KEY_TEXT, .check = check_filter },
	/* Less cuts headers off; libpcap captures no more. */
	NUMBER(capture.snap_bytes, 128, 262144, 262144),
	/* libpcap takes the octets as an int. */
	NUMBER(capture.buffer_mib, 1, 2047, 64),
	NUMBER(capture.workers, 0, OPTIONS_WORKERS_MAX, 1),
	FLAG(capture.promiscuous, true),
	FLAG(capture.vlan_in_flow, true),
	{ KEY(capture.zip_password), KEY_TEXT, .secret = true,
	    .check = check_line },

	{ "segments.name", 0, KEY_ITEM, .check = check_line },
	{ "segments.role", 0, KEY_ITEM, .check = check_line },
	{ "segments.networks", 0, KEY_ITEM, .check = check_network },
	/* IEEE 802.1Q: 0 is priority only, 4095 reserved. */
	{ "segments.vlans", 0, KEY_ITEM, .min = 1, .max = 4094 },

	{ "egress.from", 0, KEY_ITEM, .check = check_line },
	{ "egress.to", 0, KEY_ITEM, .check = check_line },

	{ KEY(enrichment.geoip), KEY_TEXTS, .check = check_line },
	FLAG(enrichment.ndpi, true),

	{ KEY(indicators.paths), KEY_TEXTS, .check = check_line },
	{ KEY(indicators.profiles), KEY_TEXTS, .check = check_line },
	{ KEY(indicators.allow), KEY_TEXTS, .check = check_line },
	FLAG(indicators.accept_shrink, false),

	NUMBER(detection.repeat_s, 1, 2592000, 3600),
	NUMBER(detection.dns_grace_s, 0, 604800, 300),
	FLAG(detection.beacons.enabled, true),
	{ .path = "detection.beacons.roles", .kind = KEY_ROLES },
	{ "detection.beacons.roles.role", 0, KEY_ITEM, .check = check_line },
	{ "detection.beacons.roles.score", 0, KEY_ITEM, .min = 0, .max = 1 },
	/* Fewer than three moments have no rhythm. */
	{ "detection.beacons.roles.count", 0, KEY_ITEM, .min = 3,
	    .max = 1000000 },
	{ "detection.beacons.roles.span_s", 0, KEY_ITEM, .min = 0,
	    .max = 2592000 },
	FLAG(detection.behaviours.plain_post_to_address, true),
	FLAG(detection.behaviours.executable_download, true),
	FLAG(detection.behaviours.dead_user_agent, true),

	{ "policies.name", 0, KEY_ITEM, .check = check_line },
	{ "policies.roles", 0, KEY_ITEM, .check = check_line },
	{ "policies.segments", 0, KEY_ITEM, .check = check_line },
	{ "policies.mode", 0, KEY_ITEM, .check = config_check_mode },
	{ "policies.allow.lists", 0, KEY_ITEM, .check = check_line },
	{ "policies.allow.domains", 0, KEY_ITEM,
	    .check = config_check_destination },
	{ "policies.allow.networks", 0, KEY_ITEM,
	    .check = config_check_destination },
	{ "policies.allow.ports", 0, KEY_ITEM, .check = config_check_ports },
	{ "policies.allow.countries", 0, KEY_ITEM,
	    .check = config_check_country },
	{ "policies.allow.asns", 0, KEY_ITEM, .check = config_check_asn },
	{ "policies.deny.services", 0, KEY_ITEM,
	    .check = config_check_service },
	{ "policies.deny.countries", 0, KEY_ITEM,
	    .check = config_check_country },
	{ "policies.deny.asns", 0, KEY_ITEM, .check = config_check_asn },

	{ KEY(outputs.sinks), KEY_TEXTS, .standard_text = "-", .secret = true,
	    .check = check_sink },
	{ KEY(outputs.events), KEY_TEXTS, .standard_text = "alert",
	    .check = check_event },
	NUMBER(outputs.dns_version, 2, 3, 3),
	NUMBER(outputs.queue_mib, 1, 65536, 64),
	NUMBER(outputs.wait_ms, 0, 3600000, 10000),
	NUMBER(outputs.connect_timeout_ms, 10, 600000, 2000),
	NUMBER(outputs.command_timeout_ms, 10, 600000, 5000),
	NUMBER(outputs.drain_ms, 0, 600000, 10000),
	FLAG(outputs.spool.enabled, true),
	{ KEY(outputs.spool.directory), KEY_TEXT, .check = check_line },
	NUMBER(outputs.spool.mib, 1, 1048576, 256),
	{ KEY(outputs.spool.sync), KEY_TEXT, .standard_text = "interval",
	    .check = check_sync },
	NUMBER(outputs.spool.sync_ms, 10, 60000, 1000),

	NUMBER(limits.flows, 16, 268435456, 1048576),
	NUMBER(limits.stream_mib, 1, 65536, 256),
	NUMBER(limits.stream_kib, 4, 65536, 256),
	NUMBER(limits.fragments, 1, 1048576, 4096),
	NUMBER(limits.fragment_mib, 1, 4095, 16),
	NUMBER(limits.dns_memory, 1, 67108864, 262144),
	NUMBER(limits.facts, 1, 16777216, 65536),
	NUMBER(limits.pairs, 1024, 67108864, 1048576),
	NUMBER(limits.pair_histories, 64, 4194304, 65536),
	NUMBER(limits.ndpi_flows, 1, 16383, 8192),
	NUMBER(limits.timeouts.tcp_new_s, 1, 604800, 30),
	NUMBER(limits.timeouts.tcp_established_s, 1, 604800, 3600),
	NUMBER(limits.timeouts.tcp_closed_s, 1, 604800, 10),
	NUMBER(limits.timeouts.udp_s, 1, 604800, 60),
	NUMBER(limits.timeouts.other_s, 1, 604800, 30),
};

const size_t config_key_count = sizeof config_keys / sizeof config_keys[0];

const struct config_key *
config_key_find(const char *path)
{
	for (size_t i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].path, path) == 0)
			return &config_keys[i];
	}
	return NULL;
}

static char *
default_text(const struct config_key *key)
{
	char name[HOST_NAME_MAX + 1] = "";

	if (key->offset != offsetof(struct config, sensor_name))
		return strdup(
		    key->standard_text != NULL ? key->standard_text : "");
	if (gethostname(name, sizeof name - 1) == -1 || *name == '\0')
		return strdup("localhost");
	return strdup(name);
}

static int
set_default_list(const struct config_key *key, struct text_list *list)
{
	*list = (struct text_list){ NULL, 0 };
	if (key->standard_text == NULL)
		return 0;
	if ((list->text = malloc(sizeof *list->text)) == NULL)
		return -1;
	if ((list->text[0] = strdup(key->standard_text)) == NULL)
		return -1;
	list->count = 1;
	return 0;
}

int
config_key_set_default(const struct config_key *key, struct config *config)
{
	char *at = (char *)config + key->offset;

	switch (key->kind) {
	case KEY_NUMBER:
		*(uint32_t *)(void *)at = key->standard;
		return 0;
	case KEY_FLAG:
		*(bool *)(void *)at = key->standard != 0;
		return 0;
	case KEY_TEXT:
		*(char **)(void *)at = default_text(key);
		return *(char **)(void *)at == NULL ? -1 : 0;
	case KEY_TEXTS:
		return set_default_list(key, (struct text_list *)(void *)at);
	case KEY_ROLES: /* none; it was all zero */
	case KEY_ITEM:
		return 0;
	}
	return 0;
}

bool
config_number_parse(const char *text, uint32_t *out)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t value = 0;

	if (digits == 0 || digits > 10 || text[digits] != '\0' ||
	    (text[0] == '0' && digits > 1))
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	if (value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

/* Fewer than 16 digits, and 10 to their number, are exact in a double. */
#define WHOLE_DIGITS_MAX 6

bool
config_decimal_parse(const char *text, double *out)
{
	static const char digits[] = "0123456789";
	size_t whole = strspn(text, digits), places = 0;
	uint64_t value = 0, unit = 1;

	if (whole == 0 || whole > WHOLE_DIGITS_MAX ||
	    (text[0] == '0' && whole > 1))
		return false;
	for (size_t i = 0; i < whole; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	if (text[whole] == '.') {
		const char *at = text + whole + 1;

		places = strspn(at, digits);
		if (places == 0 || places > CONFIG_DECIMAL_PLACES_MAX)
			return false;
		for (size_t i = 0; i < places; i++, unit *= 10)
			value = value * 10 + (uint64_t)(at[i] - '0');
		whole += 1 + places;
	}
	if (text[whole] != '\0')
		return false;
	/* So this one rounding makes it the double that is nearest. */
	*out = (double)value / (double)unit;
	return true;
}
