#include <string.h>

#include "sensor/reader.h"

struct reader_format {
	bool (*recognises)(struct cursor start);
	enum record (*next)(struct reader *reader, struct cursor *window,
	    struct packet *packet, struct record_stop *stop);
	void (*fini)(struct reader *reader);
};

static enum record
next_of_pcap(struct reader *reader, struct cursor *window,
    struct packet *packet, struct record_stop *stop)
{
	return pcap_next(&reader->pcap, window, packet, stop);
}

static void
fini_of_pcap(struct reader *reader)
{
	(void)reader;
}

static enum record
next_of_pcapng(struct reader *reader, struct cursor *window,
    struct packet *packet, struct record_stop *stop)
{
	return pcapng_next(&reader->pcapng, window, packet, stop);
}

static void
fini_of_pcapng(struct reader *reader)
{
	pcapng_fini(&reader->pcapng);
}

static const struct reader_format formats[] = {
	{ pcap_recognises, next_of_pcap, fini_of_pcap },
	{ pcapng_recognises, next_of_pcapng, fini_of_pcapng },
};

bool
reader_init(struct reader *reader, struct cursor start)
{
	memset(reader, 0, sizeof(*reader));
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (formats[i].recognises(start)) {
			reader->format = &formats[i];
			return true;
		}
	}
	return false;
}

void
reader_fini(struct reader *reader)
{
	reader->format->fini(reader);
}

enum record
reader_next(struct reader *reader, struct cursor *window, struct packet *packet,
    struct record_stop *stop)
{
	return reader->format->next(reader, window, packet, stop);
}
