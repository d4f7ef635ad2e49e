#ifndef OUTPUT_SINK_URL_PARAMETERS_H
#define OUTPUT_SINK_URL_PARAMETERS_H

#include "output/sink_url.h"
#include "output/url_text.h"

/* What a sink's URL has after its '?'; private to output/sink_url*.c. */

#define SINK_DB_MAX INT32_MAX

/*
 * Reads "name=value&..." into *url, whose kind, topology and transport are
 * known; `has_db`: the path has named a database already.
 */
bool sink_url_parameters(struct span text, struct sink_url *url, bool has_db,
    struct reason *why);

bool sink_url_db(struct span value, struct sink_url *url, struct reason *why);

/* The key from its template, decoded: text and {type}, {segment}, {severity}.
 */
bool sink_url_key(const char *text, struct sink_url *url, struct reason *why);
void sink_url_key_fini(struct sink_url *url);

#endif
