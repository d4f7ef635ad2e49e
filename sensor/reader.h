#ifndef SENSOR_READER_H
#define SENSOR_READER_H

#include <stdbool.h>

#include "sensor/pcap_reader.h"
#include "sensor/pcapng_reader.h"

/* A reader of whichever capture format the octets are in. */
struct reader {
	const struct reader_format *format;
	union {
		struct pcap_reader pcap;
		struct pcapng_reader pcapng;
	};
};

/* So many octets are needed to tell which format it is. */
#define READER_START_LEN 4

/* False where `start` is no capture; else the reader is for reader_fini. */
bool reader_init(struct reader *reader, struct cursor start);
void reader_fini(struct reader *reader);

/* As pcap_next and pcapng_next. */
enum record reader_next(struct reader *reader, struct cursor *window,
    struct packet *packet, struct record_stop *stop);

#endif
