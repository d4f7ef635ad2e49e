#ifndef SENSOR_PCAPNG_READER_H
#define SENSOR_PCAPNG_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "sensor/packet.h"
#include "sensor/record.h"

/*
 * pcapng, draft-ietf-opsawg-pcapng: sections of blocks.  Each section has its
 * own byte order and interfaces, each interface its own link type and clock;
 * they all come out as one stream of packets.
 *
 *     type | total length | body, padded to 32 bits | total length
 */
struct pcapng_interface {
	uint32_t link_type;
	uint32_t snap_bytes; /* 0: no limit */
	uint8_t resolution;  /* if_tsresol, draft section 4.2 */
	int64_t offset_s;    /* if_tsoffset */
};

/* More in one section is corruption or an attempt at our memory. */
#define PCAPNG_INTERFACES_MAX 65536

struct pcapng_reader {
	bool little_endian; /* of the section */
	bool in_section;
	struct pcapng_interface *interfaces; /* of the section */
	uint32_t interface_count, interface_capacity;
	uint64_t last_us; /* of the file's packet before */
};

/* A zeroed pcapng_reader is at the start of a file. */
void pcapng_fini(struct pcapng_reader *reader);

bool pcapng_recognises(struct cursor start);

/*
 * Reads one block.  Of *packet everything but `number` and `source` is set,
 * and its octets are in the window.  A Simple Packet Block has no time and is
 * given that of the packet before it.
 */
enum record pcapng_next(struct pcapng_reader *reader, struct cursor *window,
    struct packet *packet, struct record_stop *stop);

#endif
