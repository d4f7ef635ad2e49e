#ifndef OUTPUT_SINK_LINE_H
#define OUTPUT_SINK_LINE_H

#include <stdint.h>

#include "sensor/event_types.h"

/*
 * One event on its way to a sink: its text and what routes it.  Borrowed: from
 * the writer until sink_put has returned, from the spool until it is settled.
 */

#define LINE_SEVERITY_NONE  4   /* no hit: less than severity 3 */
#define LINE_SEGMENT_OCTETS 255 /* a longer name is cut */

struct sink_line {
	const char *text;    /* JSON; what the spool gives has a '\n' at len */
	const char *segment; /* name of the network segment; "" for none */
	uint64_t put_us;     /* CLOCK_REALTIME, when it was put */
	uint32_t len;        /* of text */
	uint8_t segment_len;
	uint8_t severity; /* of a hit: 1 (high) .. 3; else LINE_SEVERITY_NONE */
	uint8_t type;     /* enum event_type */
};

#endif
