#ifndef SENSOR_POLICY_SET_H
#define SENSOR_POLICY_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "iocs/ioc_load.h"
#include "sensor/config.h"
#include "sensor/destinations.h"
#include "sensor/services.h"

/*
 * The policies of the configuration, with their lists read; immutable.  It
 * borrows from the configuration, which has to outlive it.
 */
struct port_range {
	uint16_t first, last;
	uint8_t ip_proto; /* 0: any */
};

/* Countries and autonomous systems. */
struct places {
	const struct text_list *countries; /* two letters, upper case */
	uint32_t *asns;
	unsigned asn_count;
};

struct policy {
	const struct config_policy *config; /* name, roles, segments */
	bool alert;                         /* else it only observes */
	struct destinations *allowed;
	struct port_range *ports;
	unsigned port_count;
	struct places allowed_places, denied_places;
	service_set denied_services;
};

struct policy_set {
	struct policy *policies;
	unsigned count;
};

/*
 * 0, or -1 with the reason in `error`: a list that is not there, or that has
 * lines that are wrong (each was reported).  The caller frees *out.
 */
int policy_set_load(const struct config *config, ioc_report report,
    void *report_arg, struct policy_set **out, char *error, size_t error_size);
void policy_set_free(struct policy_set *set);

/* "443", "123/udp", "8000-8010/tcp"; false where it is anything else. */
bool port_range_read(const char *text, struct port_range *out);
/* "64500", "AS64500"; 1 to 4294967295. */
bool asn_read(const char *text, uint32_t *out);

#endif
