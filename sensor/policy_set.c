#include "sensor/policy_set.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "sensor/bundled.h"
#include "sensor/config_keys.h"

#define TCP_PROTO 6
#define UDP_PROTO 17

/* ---- words ---- */

static bool
read_port(const char *text, size_t len, uint16_t *out)
{
	char copy[6];
	uint32_t value;

	if (len == 0 || len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!config_number_parse(copy, &value) || value == 0 ||
	    value > UINT16_MAX)
		return false;
	*out = (uint16_t)value;
	return true;
}

bool
port_range_read(const char *text, struct port_range *out)
{
	size_t len = strcspn(text, "/"), first = strcspn(text, "-/");

	*out = (struct port_range){ 0, 0, 0 };
	if (text[len] == '/') {
		if (strcmp(text + len, "/tcp") == 0)
			out->ip_proto = TCP_PROTO;
		else if (strcmp(text + len, "/udp") == 0)
			out->ip_proto = UDP_PROTO;
		else
			return false;
	}
	if (!read_port(text, first, &out->first))
		return false;
	out->last = out->first;
	return first == len ||
	       (read_port(text + first + 1, len - first - 1, &out->last) &&
		   out->first <= out->last);
}

bool
asn_read(const char *text, uint32_t *out)
{
	if (strncasecmp(text, "AS", 2) == 0)
		text += 2;
	return config_number_parse(text, out) && *out != 0;
}

/* ---- lists ---- */

/* A path as it is; a name is that of a bundled list. */
static int
find_list(const char *name, char *path, size_t path_size, char *error,
    size_t error_size)
{
	static const char *const folders[] = { "lists", "content" };
	char bundled[PATH_MAX];

	if (strchr(name, '/') != NULL) {
		snprintf(path, path_size, "%s", name);
		return 0;
	}
	if (bundled_path(BUNDLED_ALLOWED, bundled, sizeof bundled) == -1) {
		snprintf(error, error_size,
		    "policies.allow.lists: '%.64s': the bundled lists are not "
		    "where they were installed",
		    name);
		return -1;
	}
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		int n = snprintf(path, path_size, "%s/%s/%s.txt", bundled,
		    folders[i], name);

		if (n > 0 && (size_t)n < path_size && access(path, R_OK) == 0)
			return 0;
	}
	snprintf(error, error_size,
	    "policies.allow.lists: no list '%.64s' comes with the program (a "
	    "file of your own needs a '/' in its path)",
	    name);
	return -1;
}

struct loading {
	ioc_report report;
	void *report_arg;
	char *error;
	size_t error_size;
};

static int
load_lists(const struct loading *l, const struct text_list *lists,
    struct destinations *to)
{
	char path[PATH_MAX];

	for (unsigned i = 0; i < lists->count; i++) {
		if (find_list(lists->text[i], path, sizeof path, l->error,
			l->error_size) == -1 ||
		    destinations_load(to, path, 0, l->report, l->report_arg,
			l->error, l->error_size) == -1)
			return -1;
	}
	return 0;
}

/* The configuration was checked: what fails here is memory. */
static int
add_texts(const struct loading *l, const struct text_list *texts,
    struct destinations *to)
{
	for (unsigned i = 0; i < texts->count; i++) {
		const char *reason = destinations_add(to, texts->text[i], 0);

		if (reason == NULL)
			continue;
		snprintf(l->error, l->error_size, "policies.allow: '%.64s': %s",
		    texts->text[i], reason);
		return -1;
	}
	return 0;
}

static int
no_memory(const struct loading *l)
{
	snprintf(l->error, l->error_size, "out of memory");
	return -1;
}

static int
make_places(const struct text_list *countries, const struct text_list *asns,
    struct places *out)
{
	out->countries = countries;
	out->asns = calloc((size_t)asns->count + 1, sizeof out->asns[0]);
	if (out->asns == NULL)
		return -1;
	for (unsigned i = 0; i < asns->count; i++) {
		if (asn_read(asns->text[i], &out->asns[out->asn_count]))
			out->asn_count++;
	}
	return 0;
}

static int
make_ports(const struct text_list *texts, struct policy *policy)
{
	policy->ports = calloc((size_t)texts->count + 1,
	    sizeof policy->ports[0]);
	if (policy->ports == NULL)
		return -1;
	for (unsigned i = 0; i < texts->count; i++) {
		if (port_range_read(texts->text[i],
			&policy->ports[policy->port_count]))
			policy->port_count++;
	}
	return 0;
}

static int
make_policy(const struct loading *l, const struct config_policy *config,
    struct policy *policy)
{
	const struct config_policy_allow *allow = &config->allow;
	const struct config_policy_deny *deny = &config->deny;

	policy->config = config;
	policy->alert = strcmp(config->mode, "observe") != 0;
	policy->allowed = destinations_new();
	if (policy->allowed == NULL ||
	    make_ports(&allow->ports, policy) == -1 ||
	    make_places(&allow->countries, &allow->asns,
		&policy->allowed_places) == -1 ||
	    make_places(&deny->countries, &deny->asns,
		&policy->denied_places) == -1)
		return no_memory(l);
	for (unsigned i = 0; i < deny->services.count; i++) {
		enum service kind;

		if (service_kind_parse(deny->services.text[i], &kind))
			policy->denied_services |= 1u << kind;
	}
	if (load_lists(l, &allow->lists, policy->allowed) == -1 ||
	    add_texts(l, &allow->domains, policy->allowed) == -1)
		return -1;
	return add_texts(l, &allow->networks, policy->allowed);
}

int
policy_set_load(const struct config *config, ioc_report report,
    void *report_arg, struct policy_set **out, char *error, size_t error_size)
{
	struct loading loading = { report, report_arg, error, error_size };
	struct policy_set *set = calloc(1, sizeof *set);

	if (set != NULL)
		set->policies = calloc((size_t)config->policy_count + 1,
		    sizeof set->policies[0]);
	if (set == NULL || set->policies == NULL) {
		free(set);
		return no_memory(&loading);
	}
	for (unsigned i = 0; i < config->policy_count; i++) {
		set->count++;
		if (make_policy(&loading, &config->policies[i],
			&set->policies[i]) == -1) {
			policy_set_free(set);
			return -1;
		}
	}
	*out = set;
	return 0;
}

void
policy_set_free(struct policy_set *set)
{
	if (set == NULL)
		return;
	for (unsigned i = 0; i < set->count; i++) {
		destinations_free(set->policies[i].allowed);
		free(set->policies[i].ports);
		free(set->policies[i].allowed_places.asns);
		free(set->policies[i].denied_places.asns);
	}
	free(set->policies);
	free(set);
}
