#ifndef IOCS_FEED_JSON_H
#define IOCS_FEED_JSON_H

#include <stdbool.h>

#include <jansson.h>

#include "iocs/feed_file.h"

/* The formats that are JSON: whether the document is one, and loading it. */
bool stix_recognise(const json_t *root);
void stix_load(struct feed_file *file, const json_t *root);

bool misp_recognise(const json_t *root);
void misp_load(struct feed_file *file, const json_t *root);

/* A member that is a string; NULL, or an empty window, where it is not. */
const char *feed_json_text(const json_t *object, const char *key);
struct cursor feed_json_string(const json_t *object, const char *key);

/*
 * A member that is a time; 0 where there is none, or none that is understood,
 * which is then reported.
 */
uint64_t feed_json_time(struct feed_file *file, const json_t *object,
    const char *key);

#endif
