#ifndef SENSOR_GEO_H
#define SENSOR_GEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"

/*
 * Country and autonomous system of an address, from databases in MaxMind's
 * format (MMDB 2.0) of any vendor: GeoLite2, DB-IP, IPinfo, ip-location-db.
 * Each is asked for all that it has; the first that knows a thing is believed.
 *
 * A database is copied into memory when it is opened: who writes to the file
 * meanwhile changes nothing.
 */
struct geo;

#define GEO_DATABASES_MAX    8
#define GEO_ORGANISATION_MAX 128 /* octets of a name, UTF-8; more are cut */

struct place {
	char country[3]; /* ISO 3166-1 alpha-2, upper case; "": not known */
	uint32_t asn;    /* RFC 4271, 6793; 0: not known */
	char organisation[GEO_ORGANISATION_MAX + 1]; /* "": not known */
};

/* 0, or -1 with file and reason in `error`.  count: 1..GEO_DATABASES_MAX. */
int geo_open(const char *const *paths, size_t count, struct geo **out,
    char *error, size_t error_size);
/*
 * The same, but who cannot be opened is told to `skipped` and left out.  *out
 * is NULL where none is left; -1: memory is short.  count:
 * 0..GEO_DATABASES_MAX.
 */
int geo_open_some(const char *const *paths, size_t count,
    void (*skipped)(void *arg, const char *reason), void *arg,
    struct geo **out);
void geo_free(struct geo *geo);

size_t geo_count(const struct geo *geo); /* of databases */

/* False where nothing is known; *out is then empty.  `geo` may be NULL. */
bool geo_find(const struct geo *geo, const struct addr *addr,
    struct place *out);

#endif
