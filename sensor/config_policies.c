#include "sensor/config_policies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/destinations.h"
#include "sensor/policy_set.h"
#include "sensor/services.h"

/* ---- between entries ---- */

/* The text of an item's "name"; NULL where it has none. */
static const char *
name_of(const struct node *item)
{
	const struct node *name = node_entry(item, "name", 4);

	return name != NULL && name->kind == NODE_SCALAR ? name->text : NULL;
}

/* The item of this name before `end`; NULL where there is none. */
static const struct node *
find_name(const struct node *list, const struct node *end, const char *name)
{
	const struct node *n = list == NULL || list->kind != NODE_SEQUENCE
	                           ? NULL
	                           : list->first;

	for (; n != end && n != NULL; n = n->next) {
		const char *other = name_of(n);

		if (other != NULL && strcmp(other, name) == 0)
			return n;
	}
	return NULL;
}

static void
check_segments(const struct node *item, const struct node *segments,
    struct problems *problems)
{
	const struct node *list = node_entry(item, "segments", 8);

	if (list == NULL || list->kind != NODE_SEQUENCE)
		return;
	for (const struct node *n = list->first;
	     n != NULL && problems->count <= PROBLEMS_KEPT_MAX; n = n->next) {
		/* Private space that is in no segment has this name. */
		if (n->kind == NODE_SCALAR &&
		    strcmp(n->text, "internal") != 0 &&
		    find_name(segments, NULL, n->text) == NULL)
			problem(problems, n->line,
			    "policies.segments: no segment is named '%.64s'",
			    n->text);
	}
}

void
config_policies_check(const struct node *policies, const struct node *segments,
    struct problems *problems)
{
	unsigned count = 0;

	if (policies == NULL || policies->kind != NODE_SEQUENCE)
		return;
	for (const struct node *n = policies->first;
	     n != NULL && count < CONFIG_POLICIES_MAX; n = n->next, count++) {
		const char *name = name_of(n);
		const struct node *earlier = name != NULL
		                                 ? find_name(policies, n, name)
		                                 : NULL;

		if (earlier != NULL)
			problem(problems, n->line,
			    "policies.name: '%.64s' is used already (line %u)",
			    name, earlier->line);
		check_segments(n, segments, problems);
	}
}

/* ---- life ---- */

int
config_policies_settle(struct config *config)
{
	for (unsigned i = 0; i < config->policy_count; i++) {
		struct config_policy *policy = &config->policies[i];

		if (policy->mode == NULL)
			policy->mode = strdup("alert");
		if (policy->mode == NULL)
			return -1;
	}
	return 0;
}

void
config_policies_fini(struct config *config)
{
	for (unsigned i = 0; i < config->policy_count; i++) {
		struct config_policy *policy = &config->policies[i];
		struct text_list *lists[] = { &policy->roles, &policy->segments,
			&policy->allow.lists, &policy->allow.domains,
			&policy->allow.networks, &policy->allow.ports,
			&policy->allow.countries, &policy->allow.asns,
			&policy->deny.services, &policy->deny.countries,
			&policy->deny.asns };

		free(policy->name);
		free(policy->mode);
		for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
			text_list_fini(lists[k]);
	}
	free(config->policies);
}

/* ---- values ---- */

int
config_check_mode(const struct config_checks *checks, const char *text,
    char *error, size_t size)
{
	(void)checks;
	if (strcmp(text, "observe") == 0 || strcmp(text, "alert") == 0)
		return 0;
	snprintf(error, size, "'%.64s' is neither observe nor alert", text);
	return -1;
}

int
config_check_destination(const struct config_checks *checks, const char *text,
    char *error, size_t size)
{
	const char *reason = destination_refusal(text);

	(void)checks;
	if (reason == NULL)
		return 0;
	snprintf(error, size, "'%.64s': %s", text, reason);
	return -1;
}

int
config_check_ports(const struct config_checks *checks, const char *text,
    char *error, size_t size)
{
	struct port_range range;

	(void)checks;
	if (port_range_read(text, &range))
		return 0;
	snprintf(error, size,
	    "'%.64s' is no port or range of ports, as 443, 123/udp or "
	    "8000-8010/tcp",
	    text);
	return -1;
}

/* What geo_find gives. */
int
config_check_country(const struct config_checks *checks, const char *text,
    char *error, size_t size)
{
	(void)checks;
	if (strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' &&
	    text[1] >= 'A' && text[1] <= 'Z')
		return 0;
	snprintf(error, size,
	    "'%.64s' is not two upper-case letters (ISO 3166-1 alpha-2)", text);
	return -1;
}

int
config_check_asn(const struct config_checks *checks, const char *text,
    char *error, size_t size)
{
	uint32_t asn;

	(void)checks;
	if (asn_read(text, &asn))
		return 0;
	snprintf(error, size, "'%.64s' is no AS number, as 64500 or AS64500",
	    text);
	return -1;
}

int
config_check_service(const struct config_checks *checks, const char *text,
    char *error, size_t size)
{
	enum service kind;
	int used;

	(void)checks;
	if (service_kind_parse(text, &kind))
		return 0;
	used = snprintf(error, size,
	    "'%.64s' is no kind of service (known:", text);
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		if (used > 0 && (size_t)used < size)
			used += snprintf(error + used, size - (size_t)used,
			    "%s %s", i > 0 ? "," : "",
			    service_kind_name((enum service)i));
	}
	if (used > 0 && (size_t)used < size)
		snprintf(error + used, size - (size_t)used, ")");
	return -1;
}
