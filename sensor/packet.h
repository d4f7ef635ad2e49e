#ifndef SENSOR_PACKET_H
#define SENSOR_PACKET_H

#include <stdint.h>

/*
 * One captured frame, as the capture hands it on.  Borrowed: the octets are
 * dead as soon as the handler that was given the packet returns.
 */
struct packet {
	const uint8_t *octets;
	uint32_t caplen;   /* octets captured and readable at `octets` */
	uint32_t wire_len; /* octets that were on the wire, >= caplen */
	uint64_t time_us;  /* since 1970-01-01 UTC; ns clocks are cut to us */
	uint64_t number;   /* in its file or interface, from 1 */
	uint32_t
	    link_type;   /* LINKTYPE_ value, www.tcpdump.org/linktypes.html */
	uint16_t source; /* which file or interface: capture_source_name */
};

#endif
