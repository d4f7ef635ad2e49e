#ifndef SENSOR_CONFIG_READ_H
#define SENSOR_CONFIG_READ_H

#include "sensor/config_tree.h"

/*
 * Checks a tree against the schema that libcyaml loads by, and each value
 * against its key; adds every problem.  `root` is the file's mapping.
 */
void config_read_check(const struct node *root,
    const struct config_checks *checks, struct problems *problems);

/*
 * Loads a text that was found good into a new struct config, which is the
 * caller's to config_fini and free.  Keys that are not in the text are left
 * all zero.  NULL, with the problem added, where libcyaml does not take it.
 */
struct config *config_read(const uint8_t *text, size_t len,
    struct problems *problems);

#endif
