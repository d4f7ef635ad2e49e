#ifndef SENSOR_CONFIG_POLICIES_H
#define SENSOR_CONFIG_POLICIES_H

#include "sensor/config_tree.h"

/* The section "policies": what the table of keys alone cannot judge or do. */

/*
 * What is wrong between policies, or between them and the segments: a name
 * given twice, a segment that is not there.  Either list may be NULL.
 */
void config_policies_check(const struct node *policies,
    const struct node *segments, struct problems *problems);

/* Modes that were left out; -1 where memory is short. */
int config_policies_settle(struct config *config);
void config_policies_fini(struct config *config);

/* As struct config_key has them. */
int config_check_mode(const struct config_checks *checks, const char *text,
    char *error, size_t size);
int config_check_destination(const struct config_checks *checks,
    const char *text, char *error, size_t size);
int config_check_ports(const struct config_checks *checks, const char *text,
    char *error, size_t size);
int config_check_country(const struct config_checks *checks, const char *text,
    char *error, size_t size);
int config_check_asn(const struct config_checks *checks, const char *text,
    char *error, size_t size);
int config_check_service(const struct config_checks *checks, const char *text,
    char *error, size_t size);

#endif
