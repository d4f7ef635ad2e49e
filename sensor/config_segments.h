#ifndef SENSOR_CONFIG_SEGMENTS_H
#define SENSOR_CONFIG_SEGMENTS_H

#include "sensor/config_tree.h"

/*
 * What is wrong between segments, each of which may be right by itself: a name
 * given twice, a network that two of them claim, one that claims nothing.
 * `list` is the value of "segments"; what has the wrong type is passed over.
 */
void config_segments_check(const struct node *list, struct problems *problems);

/*
 * Whether the pairs of "egress" are of segments that "segments" has; either may
 * be NULL.
 */
void config_egress_check(const struct node *list, const struct node *segments,
    struct problems *problems);

/* Configured segments; the others are external and internal. */
#define CONFIG_SEGMENTS_MAX (SEGMENT_MAX - 2)
#define CONFIG_NETWORKS_MAX 4096 /* of one segment */

#endif
