#ifndef SENSOR_LINK_TYPE_H
#define SENSOR_LINK_TYPE_H

#include <stdint.h>

/*
 * Two numberings of link layers: LINKTYPE_ values, which are in files and the
 * same everywhere (www.tcpdump.org/linktypes.html), and DLT_ values, which
 * libpcap's functions take and give and which differ between systems.
 */
uint32_t link_type_from_dlt(int dlt);
int link_type_to_dlt(uint32_t link_type);

/*
 * The LINKTYPE_ value that a file means: older programs wrote their system's
 * DLT_RAW, which is 12 or 14.
 */
static inline uint32_t
link_type_from_file(uint32_t value)
{
	return value == 12 || value == 14 ? 101 : value;
}

#endif
