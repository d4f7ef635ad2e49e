#ifndef SENSOR_BUNDLED_H
#define SENSOR_BUNDLED_H

#include <stddef.h>

/* Data that comes with the program. */
enum bundled {
	BUNDLED_IOCS,     /* indicator sets */
	BUNDLED_PROFILES, /* what known implants do */
	BUNDLED_ALLOWED,  /* lists of what is usual */
	BUNDLED_SERVICES, /* lists of what hides */
	BUNDLED_GEOIP,    /* databases of countries, after `make geoip` */
};

/*
 * Its folder: installed beside the program (PREFIX/bin and
 * PREFIX/share/egress-sensor), or in the source tree that it was built in.
 * -1 where neither is there.
 */
int bundled_path(enum bundled what, char *path, size_t path_size);

#endif
