#ifndef SENSOR_BUNDLED_H
#define SENSOR_BUNDLED_H

#include <stddef.h>

/*
 * The folder of the indicator sets that come with the program: installed
 * beside it (PREFIX/bin, PREFIX/share/egress-sensor/iocs), or in the source
 * tree that it was built in.  -1 where neither is there.
 */
int bundled_iocs(char *path, size_t path_size);

#endif
