#include "sensor/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/config_keys.h"
#include "sensor/config_policies.h"
#include "sensor/config_read.h"
#include "sensor/config_segments.h"
#include "sensor/config_tree.h"

void
text_list_fini(struct text_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		free(list->text[i]);
	free(list->text);
	*list = (struct text_list){ NULL, 0 };
}

/* Replaces `list` by copies; -1, and no change, where memory is short. */
static int
text_list_set(struct text_list *list, const struct argument_list *from)
{
	struct text_list copy = { NULL, 0 };

	copy.text = calloc(from->count + 1, sizeof *copy.text);
	if (copy.text == NULL)
		return -1;
	for (; copy.count < from->count; copy.count++) {
		copy.text[copy.count] = strdup(from->text[copy.count]);
		if (copy.text[copy.count] == NULL) {
			text_list_fini(&copy);
			return -1;
		}
	}
	text_list_fini(list);
	*list = copy;
	return 0;
}

static int
text_set(char **text, const char *from)
{
	char *copy = strdup(from);

	if (copy == NULL)
		return -1;
	free(*text);
	*text = copy;
	return 0;
}

void
config_fini(struct config *config)
{
	free(config->sensor_name);
	free(config->capture.filter);
	free(config->capture.zip_password);
	text_list_fini(&config->capture.interfaces);
	text_list_fini(&config->indicators.paths);
	text_list_fini(&config->indicators.profiles);
	text_list_fini(&config->indicators.allow);
	for (unsigned i = 0; i < config->detection.beacons.role_count; i++)
		free(config->detection.beacons.roles[i].role);
	free(config->detection.beacons.roles);
	config_policies_fini(config);
	text_list_fini(&config->outputs.sinks);
	text_list_fini(&config->outputs.events);
	free(config->outputs.spool.directory);
	free(config->outputs.spool.sync);
	for (unsigned i = 0; i < config->segment_count; i++) {
		struct config_segment *segment = &config->segments[i];

		free(segment->name);
		free(segment->role);
		text_list_fini(&segment->networks);
		free(segment->vlans);
	}
	free(config->segments);
	for (unsigned i = 0; i < config->egress_count; i++) {
		free(config->egress[i].from);
		free(config->egress[i].to);
	}
	free(config->egress);
	text_list_fini(&config->enrichment.geoip);
	*config = (struct config){ 0 };
}

/* The entry that a dotted path leads to; NULL where the file has none. */
static const struct node *
find_node(const struct node *root, const char *path)
{
	const struct node *node = root;

	while (node != NULL) {
		size_t len = strcspn(path, ".");

		node = node_entry(node, path, len);
		if (path[len] == '\0')
			break;
		path += len + 1;
	}
	return node;
}

/* Gives every key that is not in the file its default. */
static int
fill_defaults(struct config *config, const struct node *root)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];

		if (key->kind != KEY_ITEM &&
		    find_node(root, key->path) == NULL &&
		    config_key_set_default(key, config) == -1)
			return -1;
	}
	return 0;
}

/* A role that was left out. */
static int
settle_role(char **role)
{
	if (*role == NULL)
		*role = strdup("");
	return *role == NULL ? -1 : 0;
}

/* Fills what is made of other members. */
static int
settle(struct config *config)
{
	struct config_outputs *outputs = &config->outputs;
	struct config_beacons *beacons = &config->detection.beacons;
	char ignored[128]; /* the names were checked */

	for (unsigned i = 0; i < config->segment_count; i++) {
		if (settle_role(&config->segments[i].role) == -1)
			return -1;
	}
	for (unsigned i = 0; i < beacons->role_count; i++) {
		if (settle_role(&beacons->roles[i].role) == -1)
			return -1;
	}
	if (config_policies_settle(config) == -1)
		return -1;
	outputs->event_set = 0;
	for (unsigned i = 0; i < outputs->events.count; i++) {
		const char *name = outputs->events.text[i];

		if (event_set_add(&outputs->event_set, name, strlen(name),
			ignored, sizeof ignored) == -1)
			return -1;
	}
	return 0;
}

int
config_init(struct config *config)
{
	*config = (struct config){ 0 };
	if (fill_defaults(config, NULL) == -1 || settle(config) == -1) {
		config_fini(config);
		return -1;
	}
	return 0;
}

/* Of an item of detection.beacons.roles; NULL where it has the wrong type. */
static const char *
role_of(const struct node *item)
{
	const struct node *role = node_entry(item, "role", 4);

	if (role == NULL)
		return item->kind == NODE_MAPPING ? "" : NULL;
	return role->kind == NODE_SCALAR ? role->text : NULL;
}

/* The first item before `item` that has this role. */
static const struct node *
earlier_role(const struct node *list, const struct node *item, const char *role)
{
	for (const struct node *n = list->first; n != item; n = n->next) {
		const char *other = role_of(n);

		if (other != NULL && strcmp(other, role) == 0)
			return n;
	}
	return NULL;
}

/* No role twice: nobody could say which of the two thresholds hold. */
static void
check_roles(const struct node *list, struct problems *problems)
{
	unsigned count = 0;

	if (list == NULL || list->kind != NODE_SEQUENCE)
		return;
	/* Past the maximum, which is refused elsewhere, it would take long. */
	for (const struct node *n = list->first;
	     n != NULL && count < CONFIG_BEACON_ROLES_MAX;
	     n = n->next, count++) {
		const char *role = role_of(n);
		const struct node *earlier = role != NULL
		                                 ? earlier_role(list, n, role)
		                                 : NULL;

		if (earlier != NULL)
			problem(problems, n->line,
			    "detection.beacons.roles: '%.64s' is there already"
			    " (line %u)",
			    role, earlier->line);
	}
}

/* What the tree says, as a struct; NULL with the problems added. */
static struct config *
read_tree(const struct node *root, const uint8_t *text, size_t len,
    const struct config_checks *checks, struct problems *problems)
{
	struct config *loaded;

	if (root != NULL) {
		config_read_check(root, checks, problems);
		config_segments_check(node_entry(root, "segments", 8),
		    problems);
		config_egress_check(node_entry(root, "egress", 6),
		    node_entry(root, "segments", 8), problems);
		config_policies_check(node_entry(root, "policies", 8),
		    node_entry(root, "segments", 8), problems);
		check_roles(find_node(root, "detection.beacons.roles"),
		    problems);
	}
	if (problems->count > 0)
		return NULL;
	loaded = config_read(text, root != NULL ? len : 0, problems);
	if (loaded == NULL)
		return NULL;
	if (fill_defaults(loaded, root) == -1 || settle(loaded) == -1) {
		problem(problems, 0, "memory is short");
		config_fini(loaded);
		free(loaded);
		return NULL;
	}
	return loaded;
}

int
config_load_text(struct config *config, const char *path, const uint8_t *text,
    size_t len, const struct config_checks *checks, config_report report,
    void *arg)
{
	struct problems problems = { 0 };
	struct config *loaded = NULL;
	struct tree *tree = NULL;

	if (len > CONFIG_FILE_OCTETS_MAX)
		problem(&problems, 0, "larger than %d octets",
		    CONFIG_FILE_OCTETS_MAX);
	else
		tree = tree_parse(text, len, &problems);
	if (tree != NULL)
		loaded = read_tree(tree_root(tree), text, len, checks,
		    &problems);
	tree_free(tree);
	problems_report(&problems, path, report, arg);
	if (loaded == NULL)
		return -1;
	config_fini(config);
	*config = *loaded;
	free(loaded);
	return 0;
}

/* Up to one octet more than is allowed, so that the excess is seen. */
static int
read_file(const char *path, uint8_t **text, size_t *len)
{
	size_t room = CONFIG_FILE_OCTETS_MAX + 1;
	FILE *file = fopen(path, "re");
	int saved, rc = -1;

	if (file == NULL)
		return -1;
	*text = malloc(room);
	if (*text != NULL) {
		*len = fread(*text, 1, room, file);
		rc = ferror(file) ? -1 : 0;
	}
	saved = errno;
	fclose(file);
	errno = saved;
	return rc;
}

int
config_load(struct config *config, const char *path,
    const struct config_checks *checks, config_report report, void *arg)
{
	uint8_t *text = NULL;
	size_t len;
	int rc = -1;

	if (read_file(path, &text, &len) == -1)
		report(arg, path, 0, strerror(errno));
	else
		rc = config_load_text(config, path, text, len, checks, report,
		    arg);
	free(text);
	return rc;
}

/* The types by name, as the file would have them. */
static int
apply_events(struct config_outputs *outputs, event_set set)
{
	const char *names[EVENT_TYPE_COUNT];
	struct argument_list list = { names, 0 };

	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		if (event_set_has(set, i))
			names[list.count++] = event_type_name(i);
	}
	outputs->event_set = set;
	return text_list_set(&outputs->events, &list);
}

static int
apply_capture(struct config_capture *capture, const struct options *options)
{
	if (options->captures.count > 0) /* stored: no interface is used */
		text_list_fini(&capture->interfaces);
	if (options->interfaces.count > 0 &&
	    text_list_set(&capture->interfaces, &options->interfaces) == -1)
		return -1;
	if (options->filter != NULL &&
	    text_set(&capture->filter, options->filter) == -1)
		return -1;
	if (options->zip_password != NULL &&
	    text_set(&capture->zip_password, options->zip_password) == -1)
		return -1;
	if (options->has_workers)
		capture->workers = options->workers;
	return 0;
}

static int
apply_all(struct config *config, const struct options *options)
{
	if (apply_capture(&config->capture, options) == -1)
		return -1;
	if (options->iocs.count > 0 &&
	    text_list_set(&config->indicators.paths, &options->iocs) == -1)
		return -1;
	if (options->sinks.count > 0 &&
	    text_list_set(&config->outputs.sinks, &options->sinks) == -1)
		return -1;
	if (options->has_events &&
	    apply_events(&config->outputs, options->events) == -1)
		return -1;
	return 0;
}

int
config_apply_options(struct config *config, const struct options *options,
    char *error, size_t error_size)
{
	if (apply_all(config, options) == -1) {
		snprintf(error, error_size, "memory is short");
		return -1;
	}
	if (options->sinks.count > CONFIG_SINKS_MAX) {
		snprintf(error, error_size,
		    "--output: %zu of them, at most %d are possible",
		    options->sinks.count, CONFIG_SINKS_MAX);
		return -1;
	}
	if (options->action == ACTION_RUN && options->captures.count == 0 &&
	    config->capture.interfaces.count == 0) {
		snprintf(error, error_size,
		    "nothing to capture from: give -r PATH or -i INTERFACE."
		    "  Try 'egress-sensor --help'.");
		return -1;
	}
	return 0;
}
