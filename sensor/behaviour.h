#ifndef SENSOR_BEHAVIOUR_H
#define SENSOR_BEHAVIOUR_H

#include "iocs/ioc_set.h"
#include "sensor/dns_memory.h"
#include "sensor/executable.h"
#include "sensor/facts.h"
#include "sensor/observation.h"
#include "sensor/segments.h"

/*
 * What hosts of ours seldom do for a good reason, whatever the name of the
 * other end; docs/behaviours.md says of each what else it can be.  Only of
 * requests in plain HTTP that leave the network.
 *
 *	plain_post_to_address  POST, and Host is an address or missing
 *	executable_download    the response's body begins as a program does
 *	dead_user_agent        a request that sends something, or goes to a
 *	                       bare address or an odd port, and says to come
 *	                       from a system that nobody supports
 */
struct behaviour_options {
	bool plain_post_to_address, executable_download, dead_user_agent;
	const struct segments *segments; /* NULL: external and internal only */
	const struct dns_memory *memory;
	const struct ioc_set *trusted; /* services; NULL: none */
	struct facts *facts;
};

void behaviour_observe(const struct behaviour_options *options,
    const struct observation *o);

/* Why no living system says so; NULL where one may.  `len` octets. */
const char *dead_system(const char *user_agent, size_t len);

#endif
