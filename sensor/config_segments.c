#include "sensor/config_segments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/config_keys.h"
#include "sensor/network.h"

#define VLAN_WORDS (4096 / 64)

struct vlan_set {
	uint64_t word[VLAN_WORDS];
};

struct entry {
	const char *name; /* "" where it has none */
	unsigned line;
	bool has_vlans, has_networks;
	struct vlan_set vlans;
};

/* A segment says that a network is its own. */
struct claim {
	struct network network;
	const char *text;
	unsigned segment, line;
};

struct check {
	struct problems *problems;
	struct entry *entries;
	unsigned entry_count;
	struct claim *claims;
	size_t claim_count;
};

static bool
vlan_sets_meet(const struct vlan_set *a, const struct vlan_set *b)
{
	for (unsigned i = 0; i < VLAN_WORDS; i++) {
		if ((a->word[i] & b->word[i]) != 0)
			return true;
	}
	return false;
}

static void
vlan_set_join(struct vlan_set *set, const struct vlan_set *more)
{
	for (unsigned i = 0; i < VLAN_WORDS; i++)
		set->word[i] |= more->word[i];
}

static void
read_vlans(struct check *check, struct entry *entry, const struct node *list)
{
	if (list == NULL || list->kind != NODE_SEQUENCE)
		return;
	for (const struct node *n = list->first; n != NULL; n = n->next) {
		uint64_t bit, *word;
		uint32_t vlan;

		if (n->kind != NODE_SCALAR ||
		    !config_number_parse(n->text, &vlan) || vlan > 4094)
			continue;
		bit = (uint64_t)1 << vlan % 64;
		word = &entry->vlans.word[vlan / 64];
		if ((*word & bit) != 0)
			problem(check->problems, n->line,
			    "segments.vlans: %u is listed twice", vlan);
		*word |= bit;
	}
	entry->has_vlans = list->first != NULL;
}

static void
read_networks(struct check *check, struct entry *entry, const struct node *list)
{
	unsigned segment = (unsigned)(entry - check->entries);
	unsigned count = 0;
	char ignored[128]; /* the value itself is checked elsewhere */

	if (list == NULL || list->kind != NODE_SEQUENCE)
		return;
	for (const struct node *n = list->first;
	     n != NULL && count < CONFIG_NETWORKS_MAX; n = n->next, count++) {
		struct claim *claim = &check->claims[check->claim_count];

		if (n->kind != NODE_SCALAR ||
		    network_parse(n->text, &claim->network, ignored,
			sizeof ignored) == -1)
			continue;
		claim->text = n->text;
		claim->segment = segment;
		claim->line = n->line;
		check->claim_count++;
	}
	entry->has_networks = list->first != NULL;
}

static void
check_name(struct check *check, const struct entry *entry)
{
	if (strcmp(entry->name, "internal") == 0)
		problem(check->problems, entry->line,
		    "segments.name: 'internal' is the name of all private"
		    " space that is in no segment");
	if (strcmp(entry->name, "external") == 0)
		problem(check->problems, entry->line,
		    "segments.name: 'external' is the name of all that is in"
		    " no segment");
	for (const struct entry *e = check->entries; e < entry; e++) {
		if (*entry->name == '\0' || strcmp(e->name, entry->name) != 0)
			continue;
		problem(check->problems, entry->line,
		    "segments.name: '%s' is used already on line %u",
		    entry->name, e->line);
		return;
	}
}

/* Two segments without networks mean the same addresses on their VLANs. */
static void
check_vlan_only(struct check *check, const struct entry *entry)
{
	if (entry->has_networks)
		return;
	if (!entry->has_vlans) {
		problem(check->problems, entry->line,
		    "segments: neither networks nor VLANs in '%s'",
		    entry->name);
		return;
	}
	for (const struct entry *e = check->entries; e < entry; e++) {
		if (e->has_networks ||
		    !vlan_sets_meet(&e->vlans, &entry->vlans))
			continue;
		problem(check->problems, entry->line,
		    "segments: '%s' has a VLAN of '%s' (line %u), and neither"
		    " has networks that tell them apart",
		    entry->name, e->name, e->line);
		return;
	}
}

static void
read_segment(struct check *check, const struct node *node)
{
	struct entry *entry = &check->entries[check->entry_count];
	const struct node *name = node_entry(node, "name", 4);

	entry->line = node->line;
	entry->name = "";
	if (name != NULL && name->kind == NODE_SCALAR) {
		entry->name = name->text;
		entry->line = name->line;
	}
	read_vlans(check, entry, node_entry(node, "vlans", 5));
	read_networks(check, entry, node_entry(node, "networks", 8));
	check_name(check, entry);
	check_vlan_only(check, entry);
	check->entry_count++;
}

static int
claim_order(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;
	int order = memcmp(&a->network.addr, &b->network.addr,
	    sizeof a->network.addr);

	if (order != 0)
		return order;
	if (a->network.prefix_bits != b->network.prefix_bits)
		return a->network.prefix_bits < b->network.prefix_bits ? -1 : 1;
	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static bool
same_network(const struct claim *a, const struct claim *b)
{
	return addr_equal(&a->network.addr, &b->network.addr) &&
	       a->network.prefix_bits == b->network.prefix_bits;
}

/* Whether a packet could belong to both, for all that they say. */
static bool
claims_conflict(const struct check *check, const struct claim *a,
    const struct claim *b)
{
	const struct entry *x = &check->entries[a->segment];
	const struct entry *y = &check->entries[b->segment];

	if (a->segment == b->segment || x->has_vlans != y->has_vlans)
		return a->segment == b->segment;
	return !x->has_vlans || vlan_sets_meet(&x->vlans, &y->vlans);
}

static void
report_conflict(struct check *check, const struct claim *first,
    const struct claim *claim)
{
	const struct claim *with = first;

	while (with < claim && !claims_conflict(check, with, claim))
		with++;
	if (with == claim)
		return;
	if (with->segment == claim->segment)
		problem(check->problems, claim->line,
		    "segments.networks: %s is listed twice (line %u)",
		    claim->text, with->line);
	else
		problem(check->problems, claim->line,
		    "segments.networks: %s is in segment '%s' too (line %u),"
		    " and no VLAN tells them apart",
		    claim->text, check->entries[with->segment].name,
		    with->line);
}

/*
 * Claims on one network, first..end.  The sets gathered so far answer in one
 * step whether there is a conflict; only then is it searched for.
 */
static void
check_group(struct check *check, const struct claim *first,
    const struct claim *end)
{
	struct vlan_set seen = { 0 };
	bool unrestricted = false;

	for (const struct claim *claim = first;
	     claim < end && check->problems->count <= PROBLEMS_KEPT_MAX;
	     claim++) {
		const struct entry *entry = &check->entries[claim->segment];
		bool met = entry->has_vlans
		               ? vlan_sets_meet(&seen, &entry->vlans)
		               : unrestricted;

		if (met)
			report_conflict(check, first, claim);
		if (entry->has_vlans)
			vlan_set_join(&seen, &entry->vlans);
		else
			unrestricted = true;
	}
}

static void
check_claims(struct check *check)
{
	const struct claim *end = check->claims + check->claim_count;
	const struct claim *next;

	qsort(check->claims, check->claim_count, sizeof *check->claims,
	    claim_order);
	for (const struct claim *first = check->claims; first < end;
	     first = next) {
		for (next = first + 1; next < end && same_network(first, next);
		     next++)
			;
		check_group(check, first, next);
	}
}

static size_t
count_networks(const struct node *list)
{
	size_t count = 0;

	for (const struct node *n = list->first; n != NULL; n = n->next) {
		const struct node *networks = node_entry(n, "networks", 8);

		if (networks != NULL)
			count += networks->count;
	}
	return count;
}

void
config_segments_check(const struct node *list, struct problems *problems)
{
	struct check check = { .problems = problems };
	unsigned count;

	if (list == NULL || list->kind != NODE_SEQUENCE)
		return;
	count = list->count < CONFIG_SEGMENTS_MAX ? list->count
	                                          : CONFIG_SEGMENTS_MAX;
	check.entries = calloc((size_t)count + 1, sizeof *check.entries);
	check.claims = calloc(count_networks(list) + 1, sizeof *check.claims);
	if (check.entries == NULL || check.claims == NULL) {
		problem(problems, list->line, "memory is short");
	} else {
		for (const struct node *n = list->first;
		     n != NULL && check.entry_count < count; n = n->next)
			read_segment(&check, n);
		check_claims(&check);
	}
	free(check.entries);
	free(check.claims);
}

static bool
is_segment(const struct node *segments, const char *name)
{
	if (strcmp(name, "internal") == 0 || strcmp(name, "external") == 0)
		return true;
	if (segments == NULL || segments->kind != NODE_SEQUENCE)
		return false;
	for (const struct node *n = segments->first; n != NULL; n = n->next) {
		const struct node *own = node_entry(n, "name", 4);

		if (own != NULL && own->kind == NODE_SCALAR &&
		    strcmp(own->text, name) == 0)
			return true;
	}
	return false;
}

static void
check_end(const struct node *pair, const char *key, const struct node *segments,
    struct problems *problems)
{
	const struct node *end = node_entry(pair, key, strlen(key));

	if (end != NULL && end->kind == NODE_SCALAR &&
	    !is_segment(segments, end->text))
		problem(problems, end->line,
		    "egress.%s: no segment is named '%.64s' (nor is it"
		    " 'internal' or 'external')",
		    key, end->text);
}

void
config_egress_check(const struct node *list, const struct node *segments,
    struct problems *problems)
{
	unsigned count = 0;

	if (list == NULL || list->kind != NODE_SEQUENCE)
		return;
	/* Past the maximum, which is refused elsewhere, it would take long. */
	for (const struct node *n = list->first;
	     n != NULL && count < CONFIG_EGRESS_MAX; n = n->next, count++) {
		check_end(n, "from", segments, problems);
		check_end(n, "to", segments, problems);
	}
}

static uint16_t
egress_end(const struct segments *segments, const char *name)
{
	if (strcmp(name, "internal") == 0)
		return SEGMENT_EVERY_INTERNAL;
	if (strcmp(name, "external") == 0)
		return SEGMENT_EXTERNAL;
	return (uint16_t)segments_named(segments, name); /* it was checked */
}

static int
add_egress(struct segments *segments, const struct config *config)
{
	for (unsigned i = 0; i < config->egress_count; i++) {
		const struct config_egress *pair = &config->egress[i];

		if (segments_add_egress(segments,
			egress_end(segments, pair->from),
			egress_end(segments, pair->to)) == -1)
			return -1;
	}
	return 0;
}

static int
add_segment(struct segments *segments, const struct config_segment *from,
    char *error, size_t error_size)
{
	int index = segments_add(segments, from->name, from->role);
	struct network network;

	snprintf(error, error_size, "segments: memory is short");
	if (index == -1)
		return -1;
	for (unsigned i = 0; i < from->networks.count; i++) {
		if (network_parse(from->networks.text[i], &network, error,
			error_size) == -1)
			return -1;
		if (segments_add_network(segments, (uint16_t)index,
			&network.addr, network.prefix_bits) == -1)
			return -1;
	}
	for (unsigned i = 0; i < from->vlan_count; i++) {
		if (segments_add_vlan(segments, (uint16_t)index,
			from->vlans[i]) == -1)
			return -1;
	}
	return 0;
}

int
config_segments(const struct config *config, struct segments **out, char *error,
    size_t error_size)
{
	struct segments *segments = segments_new();

	if (segments == NULL)
		goto no_memory;
	for (unsigned i = 0; i < config->segment_count; i++) {
		if (add_segment(segments, &config->segments[i], error,
			error_size) == -1)
			goto fail;
	}
	if (add_egress(segments, config) == -1) {
		snprintf(error, error_size, "egress: no such segment");
		goto fail;
	}
	if (segments_compile(segments) == -1)
		goto no_memory;
	*out = segments;
	return 0;
no_memory:
	snprintf(error, error_size, "segments: memory is short");
fail:
	segments_free(segments);
	return -1;
}
