#ifndef SENSOR_HOST_NAMES_H
#define SENSOR_HOST_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/addr.h"
#include "sensor/observation.h"
#include "sensor/segments.h"
#include "sensor/siphash.h"

/*
 * What our hosts are called, by address: as they said to the DHCP server, or as
 * DNS and mDNS have it.  The newest name counts; but for a day after it, DHCP's
 * counts before any of DNS, which also knows the names of services.
 *
 * It is what others said: a client may give any name to a DHCP server, and a
 * server on the internet may answer with an address of ours.  Only what could
 * be a name is believed (host_name_check).
 *
 * A fixed number of hosts, in sets of eight; where a set is full, the name that
 * was told first makes room.
 */
struct host_names;

#define HOST_NAMES_MAX    16384
#define HOST_NAME_MAX_LEN 255

/*
 * Segments tell which addresses are ours; they stay the caller's.  NULL: what
 * DNS says is not believed.  The key is for the hash: with the same one, the
 * same are forgotten.
 */
struct host_names *host_names_new(const struct segments *segments,
    const struct siphash_key *key);
void host_names_free(struct host_names *names);

/* OBS_HOST and responses in OBS_DNS; passes over all else. */
void host_names_observe(struct host_names *names, const struct observation *o);

/* NULL: none is known.  Good until the next call of host_names_observe. */
const char *host_names_find(const struct host_names *names,
    const struct addr *addr);

/*
 * Whether it may be a host's name: labels of 1 to 63 octets (RFC 1035 section
 * 2.3.4; "\." and "\123" are one), printable ASCII, and no address.  A final
 * dot is tolerated.
 */
bool host_name_check(const char *name, size_t len);

#endif
