#ifndef SENSOR_PCAP_READER_H
#define SENSOR_PCAP_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "sensor/packet.h"
#include "sensor/record.h"

/*
 * The classic capture file, draft-ietf-opsawg-pcap: a header of 24 octets that
 * says byte order, clock and link type, then records.
 *
 *     seconds | fraction | octets captured | octets on the wire | octets...
 */
struct pcap_reader {
	bool started; /* the file header was read */
	bool little_endian;
	bool nanoseconds;
	bool lengths_swapped;       /* always: before version 2.3 */
	bool lengths_maybe_swapped; /* version 2.3: where it makes sense */
	uint8_t record_header_len;
	uint32_t link_type;
	uint32_t caplen_max;
};

/* A zeroed pcap_reader is at the start of a file; it needs no end. */
bool pcap_recognises(struct cursor start);

/*
 * Reads the file header or a record.  Of *packet everything but `number` and
 * `source` is set, and its octets are in the window.
 */
enum record pcap_next(struct pcap_reader *reader, struct cursor *window,
    struct packet *packet, struct record_stop *stop);

#endif
