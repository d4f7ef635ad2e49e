#ifndef SENSOR_BUNDLED_H
#define SENSOR_BUNDLED_H

#include <stddef.h>

/* Data that comes with the program. */
enum bundled {
	BUNDLED_IOCS,     /* indicator sets */
	BUNDLED_PROFILES, /* what known implants do */
	BUNDLED_ALLOWED,  /* services whose polling is no beacon */
};

/*
 * Its folder: installed beside the program (PREFIX/bin and
 * PREFIX/share/egress-sensor), or in the source tree that it was built in.
 * -1 where neither is there.
 */
int bundled_path(enum bundled what, char *path, size_t path_size);

#endif
