#include "sensor/config_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* All nodes and their texts, freed together. */
struct owned_node {
	struct node node;
	struct node *last;
	char *key, *text;
	struct owned_node *older;
};

struct tree {
	struct owned_node *newest;
	const struct node *root;
	size_t node_count;
};

/* Where the next event belongs. */
struct builder {
	struct tree *tree;
	struct problems *problems;
	struct owned_node *open[TREE_DEPTH_MAX];
	unsigned depth;
	unsigned documents;
	/* A key that waits for its value, in the innermost mapping. */
	char *key;
	unsigned key_line;
	bool has_key;
};

/* Messages are one line each, and control nobody's terminal. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

void
problem(struct problems *problems, unsigned line, const char *format, ...)
{
	unsigned index = problems->count++;
	char message[1024];
	va_list args;

	if (index >= PROBLEMS_KEPT_MAX)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	make_printable(message);
	problems->kept[index].line = line;
	problems->kept[index].message = strdup(message);
}

/* The first of those with the lowest line that are left. */
static unsigned
next_problem(const struct problems *problems, const bool *done, unsigned count)
{
	unsigned best = count;

	for (unsigned i = 0; i < count; i++) {
		if (!done[i] &&
		    (best == count ||
			problems->kept[i].line < problems->kept[best].line))
			best = i;
	}
	return best;
}

void
problems_report(struct problems *problems, const char *path,
    config_report report, void *arg)
{
	unsigned count = problems->count < PROBLEMS_KEPT_MAX
	                     ? problems->count
	                     : PROBLEMS_KEPT_MAX;
	bool done[PROBLEMS_KEPT_MAX] = { false };
	char more[64];

	for (unsigned n = 0; n < count; n++) {
		unsigned i = next_problem(problems, done, count);
		char *message = problems->kept[i].message;

		report(arg, path, problems->kept[i].line,
		    message != NULL ? message : "memory is short");
		free(message);
		done[i] = true;
	}
	if (problems->count > count) {
		snprintf(more, sizeof more, "%u more problems are not shown",
		    problems->count - count);
		report(arg, path, 0, more);
	}
	problems->count = 0;
}

static unsigned
line_of(const yaml_event_t *event)
{
	return (unsigned)event->start_mark.line + 1;
}

/* -1: stop reading, the problem is added. */
static int
give_up(struct builder *builder, unsigned line, const char *reason)
{
	problem(builder->problems, line, "%s", reason);
	return -1;
}

static bool
in_mapping(const struct builder *builder)
{
	return builder->depth > 0 &&
	       builder->open[builder->depth - 1]->node.kind == NODE_MAPPING;
}

bool
node_is_empty(const struct node *node)
{
	return node->kind == NODE_SCALAR && node->plain && *node->text == '\0';
}

static struct owned_node *
new_node(struct builder *builder, enum node_kind kind, unsigned line)
{
	struct tree *tree = builder->tree;
	struct owned_node *owned = calloc(1, sizeof *owned);

	if (owned == NULL)
		return NULL;
	owned->older = tree->newest;
	tree->newest = owned;
	tree->node_count++;
	owned->node.kind = kind;
	owned->node.line = line;
	return owned;
}

/* Hangs the node under the innermost open one and gives it the waiting key. */
static void
attach(struct builder *builder, struct owned_node *owned)
{
	struct owned_node *parent;

	if (builder->depth == 0) {
		/* "---" and only comments: as good as an empty file */
		if (!node_is_empty(&owned->node))
			builder->tree->root = &owned->node;
		return;
	}
	parent = builder->open[builder->depth - 1];
	if (builder->has_key) {
		owned->key = builder->key;
		owned->node.key = owned->key;
		owned->node.key_line = builder->key_line;
		builder->key = NULL;
		builder->has_key = false;
	}
	if (parent->last == NULL)
		parent->node.first = &owned->node;
	else
		parent->last->next = &owned->node;
	parent->last = &owned->node;
	parent->node.count++;
}

static int
take_key(struct builder *builder, const char *text, unsigned line)
{
	const struct owned_node *mapping = builder->open[builder->depth - 1];

	/* Each is compared with all before it: few, or it would take long. */
	if (mapping->node.count == TREE_KEYS_MAX)
		return give_up(builder, line, "too many keys in one mapping");
	for (const struct node *n = mapping->node.first; n != NULL;
	     n = n->next) {
		if (strcmp(n->key, text) != 0)
			continue;
		problem(builder->problems, line,
		    "%.64s: given twice (first on line %u)", text, n->key_line);
		break;
	}
	builder->key = strdup(text);
	if (builder->key == NULL)
		return give_up(builder, line, "memory is short");
	builder->key_line = line;
	builder->has_key = true;
	return 0;
}

static int
take_scalar(struct builder *builder, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	unsigned line = line_of(event);
	struct owned_node *owned;

	/* What follows the NUL would be lost to everyone who reads it. */
	if (strlen(text) != event->data.scalar.length)
		problem(builder->problems, line,
		    "'%.64s...': a NUL character in a text", text);
	if (in_mapping(builder) && !builder->has_key)
		return take_key(builder, text, line);
	owned = new_node(builder, NODE_SCALAR, line);
	if (owned == NULL || (owned->text = strdup(text)) == NULL)
		return give_up(builder, line, "memory is short");
	owned->node.text = owned->text;
	owned->node.plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	attach(builder, owned);
	return 0;
}

static int
take_start(struct builder *builder, const yaml_event_t *event,
    enum node_kind kind)
{
	unsigned line = line_of(event);
	struct owned_node *owned;

	if (builder->depth == TREE_DEPTH_MAX)
		return give_up(builder, line, "nested too deeply");
	if (in_mapping(builder) && !builder->has_key)
		return give_up(builder, line,
		    "a key that is itself a list or a mapping");
	if ((owned = new_node(builder, kind, line)) == NULL)
		return give_up(builder, line, "memory is short");
	attach(builder, owned);
	builder->open[builder->depth++] = owned;
	return 0;
}

static void
refuse_decoration(struct builder *builder, unsigned line,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		problem(builder->problems, line,
		    "&%.64s: anchors and aliases are not used here",
		    (const char *)anchor);
	if (tag != NULL)
		problem(builder->problems, line,
		    "%.64s: tags are not used here", (const char *)tag);
}

static int
take_event(struct builder *builder, const yaml_event_t *event)
{
	unsigned line = line_of(event);

	if (builder->tree->node_count >= TREE_NODES_MAX)
		return give_up(builder, line, "too many values in one file");
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (builder->documents++ > 0)
			return give_up(builder, line,
			    "a second document in the same file");
		return 0;
	case YAML_ALIAS_EVENT:
		/* Its size is not known: nothing after it can be trusted. */
		return give_up(builder, line,
		    "anchors and aliases are not used here");
	case YAML_SCALAR_EVENT:
		refuse_decoration(builder, line, event->data.scalar.anchor,
		    event->data.scalar.tag);
		return take_scalar(builder, event);
	case YAML_SEQUENCE_START_EVENT:
		refuse_decoration(builder, line,
		    event->data.sequence_start.anchor,
		    event->data.sequence_start.tag);
		return take_start(builder, event, NODE_SEQUENCE);
	case YAML_MAPPING_START_EVENT:
		refuse_decoration(builder, line,
		    event->data.mapping_start.anchor,
		    event->data.mapping_start.tag);
		return take_start(builder, event, NODE_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		builder->depth--;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

/* libyaml's reader counts octets, its scanner and parser lines. */
static unsigned
error_line(const yaml_parser_t *parser, const uint8_t *text, size_t len)
{
	unsigned line = 1;

	if (parser->error != YAML_READER_ERROR)
		return (unsigned)parser->problem_mark.line + 1;
	for (size_t i = 0; i < len && i < parser->problem_offset; i++)
		line += text[i] == '\n';
	return line;
}

static void
report_syntax(struct problems *problems, const yaml_parser_t *parser,
    const uint8_t *text, size_t len)
{
	unsigned line = error_line(parser, text, len);
	const char *reason = parser->problem != NULL ? parser->problem
	                                             : "memory is short";

	if (parser->error == YAML_READER_ERROR && parser->problem_value != -1)
		problem(problems, line, "not valid YAML: %s (0x%X)", reason,
		    (unsigned)parser->problem_value);
	else if (parser->context != NULL)
		problem(problems, line, "not valid YAML: %s, %s (line %zu)",
		    reason, parser->context, parser->context_mark.line + 1);
	else
		problem(problems, line, "not valid YAML: %s", reason);
}

static int
read_events(struct builder *builder, const uint8_t *text, size_t len)
{
	yaml_parser_t parser;
	yaml_event_t event;
	bool end = false;
	int rc = 0;

	if (!yaml_parser_initialize(&parser))
		return give_up(builder, 0, "memory is short");
	yaml_parser_set_input_string(&parser, text, len);
	while (rc == 0 && !end) {
		if (!yaml_parser_parse(&parser, &event)) {
			report_syntax(builder->problems, &parser, text, len);
			rc = -1;
			break;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		rc = take_event(builder, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return rc;
}

struct tree *
tree_parse(const uint8_t *text, size_t len, struct problems *problems)
{
	struct builder builder = { .problems = problems };
	int rc;

	builder.tree = calloc(1, sizeof *builder.tree);
	if (builder.tree == NULL) {
		problem(problems, 0, "memory is short");
		return NULL;
	}
	rc = read_events(&builder, text, len);
	free(builder.key);
	if (rc == -1) {
		tree_free(builder.tree);
		return NULL;
	}
	return builder.tree;
}

void
tree_free(struct tree *tree)
{
	if (tree == NULL)
		return;
	for (struct owned_node *n = tree->newest; n != NULL;) {
		struct owned_node *older = n->older;

		free(n->key);
		free(n->text);
		free(n);
		n = older;
	}
	free(tree);
}

const struct node *
tree_root(const struct tree *tree)
{
	return tree->root;
}

const struct node *
node_entry(const struct node *node, const char *key, size_t key_len)
{
	if (node == NULL || node->kind != NODE_MAPPING)
		return NULL;
	for (const struct node *n = node->first; n != NULL; n = n->next) {
		if (strlen(n->key) == key_len &&
		    memcmp(n->key, key, key_len) == 0)
			return n;
	}
	return NULL;
}
