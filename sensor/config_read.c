#include "sensor/config_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cyaml/cyaml.h>

#include "sensor/config_keys.h"
#include "sensor/config_segments.h"

/* Limits that keep a message readable and a list's memory small. */
#define NAME_MAX_OCTETS   64
#define TEXT_MAX_OCTETS   4096
#define FILTER_MAX_OCTETS 16384
#define LIST_MAX          1024

/* The shape of the file; which values are good is in config_keys.c. */
#define NUMBER(structure, member)                                              \
	CYAML_FIELD_UINT(#member, CYAML_FLAG_OPTIONAL, structure, member)
/* What an item of a list cannot do without. */
#define DECIMAL(structure, member)                                             \
	CYAML_FIELD_FLOAT(#member, CYAML_FLAG_DEFAULT, structure, member)
#define REQUIRED(structure, member)                                            \
	CYAML_FIELD_UINT(#member, CYAML_FLAG_DEFAULT, structure, member)
#define FLAG(structure, member)                                                \
	CYAML_FIELD_BOOL(#member, CYAML_FLAG_OPTIONAL, structure, member)
#define TEXT(structure, member, min, max)                                      \
	CYAML_FIELD_STRING_PTR(#member,                                        \
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, member, min,  \
	    max)
#define TEXTS(structure, member, entry, min, max)                              \
	CYAML_FIELD_SEQUENCE_COUNT(#member,                                    \
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, member.text,  \
	    member.count, entry, min, max)
#define SECTION(structure, member, fields)                                     \
	CYAML_FIELD_MAPPING(#member, CYAML_FLAG_OPTIONAL, structure, member,   \
	    fields)

static const cyaml_schema_value_t text_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX_OCTETS)
};

/* A role; "" is every one. */
static const cyaml_schema_value_t role_text_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, NAME_MAX_OCTETS)
};

static const cyaml_schema_value_t vlan_entry = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint16_t)
};

static const cyaml_schema_field_t capture_fields[] = {
	TEXTS(struct config_capture, interfaces, &text_entry, 0, LIST_MAX),
	TEXT(struct config_capture, filter, 0, FILTER_MAX_OCTETS),
	NUMBER(struct config_capture, snap_bytes),
	NUMBER(struct config_capture, buffer_mib),
	NUMBER(struct config_capture, workers),
	FLAG(struct config_capture, promiscuous),
	FLAG(struct config_capture, vlan_in_flow),
	TEXT(struct config_capture, zip_password, 0, TEXT_MAX_OCTETS),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t segment_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER,
	    struct config_segment, name, 1, NAME_MAX_OCTETS),
	TEXT(struct config_segment, role, 0, NAME_MAX_OCTETS),
	TEXTS(struct config_segment, networks, &text_entry, 0,
	    CONFIG_NETWORKS_MAX),
	CYAML_FIELD_SEQUENCE_COUNT("vlans",
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config_segment,
	    vlans, vlan_count, &vlan_entry, 0, 4094),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t segment_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_segment,
	    segment_fields)
};

static const cyaml_schema_field_t egress_fields[] = {
	CYAML_FIELD_STRING_PTR("from", CYAML_FLAG_POINTER, struct config_egress,
	    from, 1, NAME_MAX_OCTETS),
	CYAML_FIELD_STRING_PTR("to", CYAML_FLAG_POINTER, struct config_egress,
	    to, 1, NAME_MAX_OCTETS),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t egress_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_egress,
	    egress_fields)
};

static const cyaml_schema_field_t enrichment_fields[] = {
	TEXTS(struct config_enrichment, geoip, &text_entry, 0, LIST_MAX),
	FLAG(struct config_enrichment, ndpi),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t indicators_fields[] = {
	TEXTS(struct config_indicators, paths, &text_entry, 0, LIST_MAX),
	TEXTS(struct config_indicators, profiles, &text_entry, 0, LIST_MAX),
	TEXTS(struct config_indicators, allow, &text_entry, 0, LIST_MAX),
	FLAG(struct config_indicators, accept_shrink),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t role_fields[] = {
	TEXT(struct config_beacon_role, role, 0, NAME_MAX_OCTETS),
	DECIMAL(struct config_beacon_role, score),
	REQUIRED(struct config_beacon_role, count),
	REQUIRED(struct config_beacon_role, span_s),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t role_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_beacon_role,
	    role_fields)
};

static const cyaml_schema_field_t beacons_fields[] = {
	FLAG(struct config_beacons, enabled),
	CYAML_FIELD_SEQUENCE_COUNT("roles",
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config_beacons,
	    roles, role_count, &role_entry, 0, CONFIG_BEACON_ROLES_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t behaviours_fields[] = {
	FLAG(struct config_behaviours, plain_post_to_address),
	FLAG(struct config_behaviours, executable_download),
	FLAG(struct config_behaviours, dead_user_agent),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t detection_fields[] = {
	NUMBER(struct config_detection, repeat_s),
	NUMBER(struct config_detection, dns_grace_s),
	SECTION(struct config_detection, beacons, beacons_fields),
	SECTION(struct config_detection, behaviours, behaviours_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t allow_fields[] = {
	TEXTS(struct config_policy_allow, lists, &text_entry, 0, LIST_MAX),
	TEXTS(struct config_policy_allow, domains, &text_entry, 0, LIST_MAX),
	TEXTS(struct config_policy_allow, networks, &text_entry, 0, LIST_MAX),
	TEXTS(struct config_policy_allow, ports, &text_entry, 0, LIST_MAX),
	TEXTS(struct config_policy_allow, countries, &text_entry, 0, LIST_MAX),
	TEXTS(struct config_policy_allow, asns, &text_entry, 0, LIST_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t deny_fields[] = {
	TEXTS(struct config_policy_deny, services, &text_entry, 0, LIST_MAX),
	TEXTS(struct config_policy_deny, countries, &text_entry, 0, LIST_MAX),
	TEXTS(struct config_policy_deny, asns, &text_entry, 0, LIST_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t policy_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct config_policy,
	    name, 1, NAME_MAX_OCTETS),
	TEXTS(struct config_policy, roles, &role_text_entry, 0, LIST_MAX),
	TEXTS(struct config_policy, segments, &text_entry, 0, LIST_MAX),
	TEXT(struct config_policy, mode, 1, NAME_MAX_OCTETS),
	SECTION(struct config_policy, allow, allow_fields),
	SECTION(struct config_policy, deny, deny_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t policy_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_policy,
	    policy_fields)
};

static const cyaml_schema_field_t spool_fields[] = {
	FLAG(struct config_spool, enabled),
	TEXT(struct config_spool, directory, 0, TEXT_MAX_OCTETS),
	NUMBER(struct config_spool, mib),
	TEXT(struct config_spool, sync, 1, NAME_MAX_OCTETS),
	NUMBER(struct config_spool, sync_ms),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t outputs_fields[] = {
	TEXTS(struct config_outputs, sinks, &text_entry, 1, CONFIG_SINKS_MAX),
	TEXTS(struct config_outputs, events, &text_entry, 1, LIST_MAX),
	NUMBER(struct config_outputs, dns_version),
	NUMBER(struct config_outputs, queue_mib),
	NUMBER(struct config_outputs, wait_ms),
	NUMBER(struct config_outputs, connect_timeout_ms),
	NUMBER(struct config_outputs, command_timeout_ms),
	NUMBER(struct config_outputs, drain_ms),
	SECTION(struct config_outputs, spool, spool_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t timeouts_fields[] = {
	NUMBER(struct config_timeouts, tcp_new_s),
	NUMBER(struct config_timeouts, tcp_established_s),
	NUMBER(struct config_timeouts, tcp_closed_s),
	NUMBER(struct config_timeouts, udp_s),
	NUMBER(struct config_timeouts, other_s),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
	NUMBER(struct config_limits, flows),
	NUMBER(struct config_limits, stream_mib),
	NUMBER(struct config_limits, stream_kib),
	NUMBER(struct config_limits, fragments),
	NUMBER(struct config_limits, fragment_mib),
	NUMBER(struct config_limits, dns_memory),
	NUMBER(struct config_limits, facts),
	NUMBER(struct config_limits, pairs),
	NUMBER(struct config_limits, pair_histories),
	NUMBER(struct config_limits, ndpi_flows),
	SECTION(struct config_limits, timeouts, timeouts_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t file_fields[] = {
	TEXT(struct config, sensor_name, 1, NAME_MAX_OCTETS),
	SECTION(struct config, capture, capture_fields),
	CYAML_FIELD_SEQUENCE_COUNT("segments",
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, segments,
	    segment_count, &segment_entry, 0, CONFIG_SEGMENTS_MAX),
	CYAML_FIELD_SEQUENCE_COUNT("egress",
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, egress,
	    egress_count, &egress_entry, 0, CONFIG_EGRESS_MAX),
	SECTION(struct config, enrichment, enrichment_fields),
	SECTION(struct config, indicators, indicators_fields),
	SECTION(struct config, detection, detection_fields),
	CYAML_FIELD_SEQUENCE_COUNT("policies",
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, policies,
	    policy_count, &policy_entry, 0, CONFIG_POLICIES_MAX),
	SECTION(struct config, outputs, outputs_fields),
	SECTION(struct config, limits, limits_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t file_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, file_fields)
};

struct walk {
	struct problems *problems;
	const struct config_checks *checks;
};

/* Where the walk is: "" for the file, "limits.timeouts", ... */
#define PATH_MAX_OCTETS 128

static void check_node(const struct walk *walk, const struct node *node,
    const cyaml_schema_value_t *schema, const char *path);

/* "capture.workers", of this section and key. */
static void
join_path(char *out, size_t size, const char *path, const char *key)
{
	snprintf(out, size, "%s%s%s", path, *path != '\0' ? "." : "", key);
}

/* The name that a person knows a place by. */
static const char *
place(const char *path)
{
	return *path != '\0' ? path : "the file";
}

/* "filter, snap_bytes, ..." */
static void
list_keys(const cyaml_schema_field_t *fields, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (; fields->key != NULL && used < size; fields++) {
		const char *comma = used > 0 ? ", " : "";

		used += (size_t)snprintf(out + used, size - used, "%s%s", comma,
		    fields->key);
	}
}

static const cyaml_schema_field_t *
find_field(const cyaml_schema_field_t *fields, const char *key)
{
	for (; fields->key != NULL; fields++) {
		if (strcmp(fields->key, key) == 0)
			return fields;
	}
	return NULL;
}

static void
check_mapping(const struct walk *walk, const struct node *node,
    const cyaml_schema_field_t *fields, const char *path)
{
	char below[PATH_MAX_OCTETS], known[256];

	for (const struct node *n = node->first; n != NULL; n = n->next) {
		const cyaml_schema_field_t *field = find_field(fields, n->key);

		if (field == NULL) {
			list_keys(fields, known, sizeof known);
			problem(walk->problems, n->key_line,
			    "%s: unknown key '%.64s' (known: %s)", place(path),
			    n->key, known);
			continue;
		}
		join_path(below, sizeof below, path, field->key);
		check_node(walk, n, &field->value, below);
	}
	for (; fields->key != NULL; fields++) {
		if ((fields->value.flags & CYAML_FLAG_OPTIONAL) == 0 &&
		    node_entry(node, fields->key, strlen(fields->key)) == NULL)
			problem(walk->problems, node->line, "%s: without a %s",
			    place(path), fields->key);
	}
}

static void
check_sequence(const struct walk *walk, const struct node *node,
    const cyaml_schema_value_t *schema, const char *path)
{
	if (node->count < schema->sequence.min)
		problem(walk->problems, node->line,
		    "%s: needs at least %u value%s", path, schema->sequence.min,
		    schema->sequence.min == 1 ? "" : "s");
	if (node->count > schema->sequence.max)
		problem(walk->problems, node->line,
		    "%s: %u values, at most %u are possible", path, node->count,
		    schema->sequence.max);
	for (const struct node *n = node->first; n != NULL; n = n->next)
		check_node(walk, n, schema->sequence.entry, path);
}

/* libcyaml would take 0x10, 010 and "16" too; a person may mean anything. */
static void
check_number(const struct walk *walk, const struct node *node, const char *path)
{
	const struct config_key *key = config_key_find(path);
	uint32_t value;

	if (!node->plain)
		problem(walk->problems, node->line,
		    "%s: in quotes it is a text, and no number", path);
	else if (!config_number_parse(node->text, &value) || value < key->min ||
		 value > key->max)
		problem(walk->problems, node->line,
		    "%s: '%.64s' is not a number from %u to %u", path,
		    node->text, key->min, key->max);
}

/* Nor 1e-1, .5, 0x1p-1 or "nan", which libcyaml would take. */
static void
check_decimal(const struct walk *walk, const struct node *node,
    const char *path)
{
	const struct config_key *key = config_key_find(path);
	double value;

	if (!node->plain)
		problem(walk->problems, node->line,
		    "%s: in quotes it is a text, and no number", path);
	else if (!config_decimal_parse(node->text, &value) ||
		 value < key->min || value > key->max)
		problem(walk->problems, node->line,
		    "%s: '%.64s' is not a decimal number from %u to %u, of at"
		    " most %d places, as 0.85",
		    path, node->text, key->min, key->max,
		    CONFIG_DECIMAL_PLACES_MAX);
}

/* libcyaml takes every word but a few as true, "flase" too. */
static void
check_flag(const struct walk *walk, const struct node *node, const char *path)
{
	if (!node->plain || (strcmp(node->text, "true") != 0 &&
				strcmp(node->text, "false") != 0))
		problem(walk->problems, node->line,
		    "%s: '%.64s' is neither true nor false", path, node->text);
}

/* YAML 1.2 section 10.2.1.1, which libcyaml would take as the text "null". */
static bool
is_null(const struct node *node)
{
	static const char *const words[] = { "~", "null", "Null", "NULL" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (node->plain && strcmp(node->text, words[i]) == 0)
			return true;
	}
	return false;
}

static void
check_text(const struct walk *walk, const struct node *node,
    const cyaml_schema_value_t *schema, const char *path)
{
	const struct config_key *key = config_key_find(path);
	size_t len = strlen(node->text);
	char reason[512];

	if (is_null(node))
		problem(walk->problems, node->line,
		    "%s: '%s' is not a text (to mean the word, quote it)", path,
		    node->text);
	else if (len < schema->string.min)
		problem(walk->problems, node->line, "%s: is empty", path);
	else if (len > schema->string.max)
		problem(walk->problems, node->line, "%s: longer than %u octets",
		    path, schema->string.max);
	else if (key->check(walk->checks, node->text, reason, sizeof reason) ==
		 -1)
		problem(walk->problems, node->line, "%s: %s", path, reason);
}

static void
check_scalar(const struct walk *walk, const struct node *node,
    const cyaml_schema_value_t *schema, const char *path)
{
	if (node_is_empty(node))
		problem(walk->problems, node->line,
		    "%s: has no value (without the key, the default holds)",
		    path);
	else if (schema->type == CYAML_UINT)
		check_number(walk, node, path);
	else if (schema->type == CYAML_FLOAT)
		check_decimal(walk, node, path);
	else if (schema->type == CYAML_BOOL)
		check_flag(walk, node, path);
	else
		check_text(walk, node, schema, path);
}

static void
check_node(const struct walk *walk, const struct node *node,
    const cyaml_schema_value_t *schema, const char *path)
{
	static const char *const kind_names[] = {
		[NODE_SCALAR] = "a single value",
		[NODE_MAPPING] = "a mapping (key: value)",
		[NODE_SEQUENCE] = "a list (- value)",
	};
	enum node_kind wanted = schema->type == CYAML_MAPPING    ? NODE_MAPPING
	                        : schema->type == CYAML_SEQUENCE ? NODE_SEQUENCE
	                                                         : NODE_SCALAR;

	if (node->kind != wanted) {
		const char *found = kind_names[node->kind];

		if (node_is_empty(node))
			found = "empty";
		problem(walk->problems, node->line,
		    "%s: should be %s, but is %s", place(path),
		    kind_names[wanted], found);
		return;
	}
	switch (node->kind) {
	case NODE_MAPPING:
		check_mapping(walk, node, schema->mapping.fields, path);
		break;
	case NODE_SEQUENCE:
		check_sequence(walk, node, schema, path);
		break;
	case NODE_SCALAR:
		check_scalar(walk, node, schema, path);
		break;
	}
}

void
config_read_check(const struct node *root, const struct config_checks *checks,
    struct problems *problems)
{
	struct walk walk = { problems, checks };

	check_node(&walk, root, &file_schema, "");
}

/*
 * What libcyaml said; the first message is the reason, the lines after it go
 * from the innermost place outwards.
 */
struct complaint {
	char reason[256];
	char where[256];
};

/* Of "  in mapping field 'x' (line: 3, column: 5)"; 0: it does not say. */
static unsigned
complaint_line(const struct complaint *complaint)
{
	const char *at = strstr(complaint->where, "(line: ");

	return at == NULL ? 0 : (unsigned)strtoul(at + 7, NULL, 10);
}

static void
keep_complaint(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
	struct complaint *complaint = ctx;
	char *to = *complaint->reason == '\0' ? complaint->reason
	                                      : complaint->where;

	(void)level;
	/* "Load: Backtrace:" is only a heading; the next line replaces it. */
	if (complaint_line(complaint) != 0)
		return;
	vsnprintf(to, sizeof complaint->reason, format, args);
	to[strcspn(to, "\n")] = '\0';
}

static void *
allocate(void *ctx, void *old, size_t size)
{
	(void)ctx;
	if (size == 0) {
		free(old);
		return NULL;
	}
	return realloc(old, size);
}

struct config *
config_read(const uint8_t *text, size_t len, struct problems *problems)
{
	struct complaint complaint = { "", "" };
	cyaml_config_t settings = {
		.log_fn = keep_complaint,
		.log_ctx = &complaint,
		.mem_fn = allocate,
		.log_level = CYAML_LOG_WARNING,
		.flags = CYAML_CFG_NO_ALIAS,
	};
	cyaml_data_t *loaded = NULL;
	cyaml_err_t result = cyaml_load_data(text, len, &settings, &file_schema,
	    &loaded, NULL);

	if (result == CYAML_OK && loaded == NULL) /* none of the keys is set */
		loaded = calloc(1, sizeof(struct config));
	if (loaded == NULL)
		problem(problems, complaint_line(&complaint),
		    "libcyaml: %s: %s", cyaml_strerror(result),
		    complaint.reason);
	return loaded;
}
