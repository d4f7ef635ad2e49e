#include "sensor/byte_order.h"
#include "sensor/link_type.h"
#include "sensor/pcap_reader.h"

#define FILE_HEADER_LEN    24
#define RECORD_HEADER_LEN  16
#define PATCHED_HEADER_LEN 24 /* interface, protocol, packet type follow */
#define SANE_CAPLEN_MAX    262144

static const struct {
	uint32_t magic;
	bool nanoseconds;
	uint8_t record_header_len;
} variants[] = {
	{ 0xa1b2c3d4, false, RECORD_HEADER_LEN },
	{ 0xa1b23c4d, true, RECORD_HEADER_LEN },
	/* Linux of the 1990s with a patched libpcap. */
	{ 0xa1b2cd34, false, PATCHED_HEADER_LEN },
};

/* The byte order is the one in which the magic number makes sense. */
static bool
read_magic(struct cursor *c, struct pcap_reader *reader)
{
	uint32_t magic;

	if (!cur_u32(c, &magic))
		return false;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		bool swapped = magic == __builtin_bswap32(variants[i].magic);

		if (magic != variants[i].magic && !swapped)
			continue;
		reader->little_endian = swapped;
		reader->nanoseconds = variants[i].nanoseconds;
		reader->record_header_len = variants[i].record_header_len;
		return true;
	}
	return false;
}

bool
pcap_recognises(struct cursor start)
{
	struct pcap_reader unused;

	return read_magic(&start, &unused);
}

/* Major version 543 is DG/UX's, which also had the lengths swapped. */
static bool
read_version(struct pcap_reader *reader, uint16_t major, uint16_t minor)
{
	reader->lengths_swapped = major == 543 || (major == 2 && minor < 3);
	reader->lengths_maybe_swapped = major == 2 && minor == 3;
	return major == 2 || major == 543;
}

/* Many writers leave the snaplen 0, too small or nonsense. */
static uint32_t
caplen_bound(uint32_t snap_bytes)
{
	if (snap_bytes < SANE_CAPLEN_MAX)
		return SANE_CAPLEN_MAX;
	if (snap_bytes > RECORD_OCTETS_MAX - PATCHED_HEADER_LEN)
		return RECORD_OCTETS_MAX - PATCHED_HEADER_LEN;
	return snap_bytes;
}

static enum record
read_file_header(struct pcap_reader *reader, struct cursor *window,
    struct record_stop *stop)
{
	struct cursor c;
	uint16_t major, minor;
	uint32_t snap_bytes, link_type;

	if (!cur_take(window, FILE_HEADER_LEN, &c))
		return record_short(stop, FILE_HEADER_LEN);
	/* The time zone and accuracy were never used. */
	if (!read_magic(&c, reader) ||
	    !cur_file_u16(&c, reader->little_endian, &major) ||
	    !cur_file_u16(&c, reader->little_endian, &minor) ||
	    !cur_skip(&c, 8) ||
	    !cur_file_u32(&c, reader->little_endian, &snap_bytes) ||
	    !cur_file_u32(&c, reader->little_endian, &link_type))
		return record_corrupt(stop, "not a pcap file header");
	if (!read_version(reader, major, minor))
		return record_corrupt(stop, "pcap version %u.%u is not known",
		    major, minor);
	reader->caplen_max = caplen_bound(snap_bytes);
	/* The upper half says how long the frame check sequence is. */
	reader->link_type = link_type_from_file(link_type & 0xffff);
	reader->started = true;
	return RECORD_OTHER;
}

static void
swap(uint32_t *a, uint32_t *b)
{
	uint32_t was = *a;

	*a = *b;
	*b = was;
}

enum record
pcap_next(struct pcap_reader *reader, struct cursor *window,
    struct packet *packet, struct record_stop *stop)
{
	struct cursor rest = *window, c, octets;
	uint32_t seconds, fraction, caplen, len;

	if (!reader->started)
		return read_file_header(reader, window, stop);
	if (!cur_take(&rest, reader->record_header_len, &c) ||
	    !cur_file_u32(&c, reader->little_endian, &seconds) ||
	    !cur_file_u32(&c, reader->little_endian, &fraction) ||
	    !cur_file_u32(&c, reader->little_endian, &caplen) ||
	    !cur_file_u32(&c, reader->little_endian, &len))
		return record_short(stop, reader->record_header_len);
	if (reader->lengths_swapped ||
	    (reader->lengths_maybe_swapped && caplen > len))
		swap(&caplen, &len);
	if (caplen > reader->caplen_max)
		return record_corrupt(stop,
		    "captured length of %u octets, over the limit of %u",
		    caplen, reader->caplen_max);
	/* What a file system leaves after a crash, not an empty frame of 1970.
	 */
	if ((seconds | fraction | caplen | len) == 0)
		return record_corrupt(stop, "zeros where a record should be");
	if (!cur_take(&rest, caplen, &octets))
		return record_short(stop, reader->record_header_len + caplen);
	*window = rest;
	record_prefetch(rest.at, reader->record_header_len);
	packet->octets = octets.at;
	packet->caplen = caplen;
	packet->wire_len = len > caplen ? len : caplen;
	packet->time_us = (uint64_t)seconds * 1000000 +
	                  (reader->nanoseconds ? fraction / 1000 : fraction);
	packet->link_type = reader->link_type;
	return RECORD_PACKET;
}
