#ifndef SENSOR_CONFIG_TREE_H
#define SENSOR_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/config.h"

/*
 * A YAML text as a tree that knows its lines.  libcyaml fills structs, but
 * stops at the first problem, names no line for an error of syntax, and takes
 * what a configuration should not: "maybe" is true, 010 is 8, all after a NUL
 * and all documents after the first are dropped in silence.  So the text is
 * read into this tree first, and the tree checked.
 *
 * Refused: aliases, anchors and tags (nothing here needs them, and expanding
 * them is how small files become large), keys that are no scalars or come
 * twice, more than one document, NUL in a scalar, nesting past TREE_DEPTH_MAX.
 */

#define TREE_DEPTH_MAX 8
#define TREE_NODES_MAX 262144
#define TREE_KEYS_MAX  64 /* of one mapping; the largest that is valid: 10 */

enum node_kind { NODE_SCALAR, NODE_MAPPING, NODE_SEQUENCE };

struct node {
	enum node_kind kind;
	unsigned line;   /* from 1 */
	const char *key; /* of a mapping's entry, else NULL */
	unsigned key_line;
	const char *text;         /* NODE_SCALAR; UTF-8 */
	bool plain;               /* NODE_SCALAR: written without quotes */
	unsigned count;           /* of children */
	const struct node *first; /* children, in the order of the text */
	const struct node *next;
};

#define PROBLEMS_KEPT_MAX 100

/* Gathers the problems of one file; begins as all zero. */
struct problems {
	unsigned count; /* found; the first PROBLEMS_KEPT_MAX are kept */
	struct {
		unsigned line;
		char *message; /* NULL: there was no memory for it */
	} kept[PROBLEMS_KEPT_MAX];
};

__attribute__((format(printf, 3, 4))) void problem(struct problems *problems,
    unsigned line, const char *format, ...);

/* Reports them in the order of their lines, and forgets them. */
void problems_report(struct problems *problems, const char *path,
    config_report report, void *arg);

struct tree;

/*
 * Returns the tree, or NULL with the problem added: where the text is no YAML
 * or memory is short.  The other refusals are added as problems, all of them.
 */
struct tree *tree_parse(const uint8_t *text, size_t len,
    struct problems *problems);
void tree_free(struct tree *tree);

/* NULL: the text is empty (or only comments). */
const struct node *tree_root(const struct tree *tree);

/* The entry of a mapping; NULL where it is absent or `node` is no mapping. */
const struct node *node_entry(const struct node *node, const char *key,
    size_t key_len);

/* A key with nothing behind it. */
bool node_is_empty(const struct node *node);

#endif
