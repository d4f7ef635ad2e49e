#ifndef SENSOR_RESERVE_H
#define SENSOR_RESERVE_H

#include <stddef.h>

/*
 * Memory for tables that are made once, as large as they may become: zeroed,
 * and backed page by page (by huge ones, where there are) when it is touched.
 * NULL where there is no address space.  It is given back with its size.
 */
void *reserve(size_t octets);
void unreserve(void *at, size_t octets); /* NULL is fine */

#endif
