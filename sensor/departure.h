#ifndef SENSOR_DEPARTURE_H
#define SENSOR_DEPARTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/dns_memory.h"
#include "sensor/observation.h"
#include "sensor/segments.h"
#include "sensor/transaction.h"

/*
 * Where something that leaves the network goes, as a person would say it: the
 * name that it asked for, else the name that its address was answered for,
 * else the address; and the port.
 *
 * Through a proxy of our own (CONNECT, SOCKS, absolute target) it is what the
 * proxy was asked for.  Through one outside it is the proxy: what it is asked
 * for goes there first, and the asking is only its word.
 */

/* "[v6]:65535" and registered domains with a port fit. */
#define DEPARTURE_PLACE_MAX 272

struct departure {
	const struct observation *o; /* that showed it */
	const char *name;            /* lower case, NUL-terminated; borrowed */
	size_t name_len;             /* 0: only the address is known */
	bool has_addr; /* else a proxy of ours knows the address */
	struct addr addr;
	uint16_t port;
	uint8_t ip_proto;
	bool outside_proxy; /* `addr` is a proxy's, and not ours */
};

/* What it is made with; all the caller's. */
struct departures {
	const struct segments *segments;
	const struct dns_memory *memory;
	char name[DNS_MEMORY_NAME_MAX + 1]; /* the latest departure's */
};

/*
 * False where nothing leaves: multicast, a broadcast, a target inside, a query
 * to a resolver of ours, more of a connection that was told before.
 */
bool departure_of(struct departures *d, const struct transaction *t,
    const struct observation *o, struct departure *out);

/*
 * The registered domain of its name, which it borrows from, or the whole name
 * where that is what others register names below, as *is_suffix then says.
 */
const char *departure_registered(const struct departure *departure,
    bool *is_suffix);

/* "example.org:443", "192.0.2.1:443": registered domain or address. */
void departure_place(const struct departure *departure,
    char place[DEPARTURE_PLACE_MAX]);

#endif
