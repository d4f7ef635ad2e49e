#include <stddef.h>
#include <stdint.h>

#include "sensor/pcapng_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t touched;

/* Any octets are read to an end, and packets are within them. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pcapng_reader reader = { 0 };
	struct cursor window = cur_of(data, size);
	struct record_stop stop;
	struct packet packet;
	enum record record;

	if (!pcapng_recognises(window))
		return 0;
	while ((record = pcapng_next(&reader, &window, &packet, &stop)) ==
		   RECORD_PACKET ||
	       record == RECORD_OTHER) {
		if (record == RECORD_OTHER)
			continue;
		if (packet.caplen > packet.wire_len ||
		    packet.time_us > RECORD_TIME_MAX_US)
			__builtin_trap();
		for (uint32_t i = 0; i < packet.caplen; i++)
			touched = packet.octets[i];
	}
	if (record == RECORD_SHORT &&
	    (stop.need <= window.left || stop.need > RECORD_OCTETS_MAX))
		__builtin_trap();
	pcapng_fini(&reader);
	return 0;
}
