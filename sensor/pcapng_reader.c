#include <stdlib.h>

#include "sensor/byte_order.h"
#include "sensor/link_type.h"
#include "sensor/pcapng_reader.h"

#define BLOCK_LEN_MIN    12
#define BYTE_ORDER_MAGIC 0x1a2b3c4d
/* Of an Enhanced Packet Block without options; padding for a full frame. */
#define PACKET_BLOCK_OVERHEAD (BLOCK_LEN_MIN + 20 + 2)

/* Draft section 11.1 and, for the obsolete packet block, appendix A. */
enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OBSOLETE = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_PACKET_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a, /* reads the same in both byte orders */
};

/* Draft section 4.2, table 4; 0 ends the options of any block. */
enum option {
	OPTION_END = 0,
	OPTION_TIME_RESOLUTION = 9,
	OPTION_TIME_OFFSET = 14,
};

#define RESOLUTION_US       6    /* the default: 10^-6 s */
#define RESOLUTION_BINARY   0x80 /* 2^-n instead of 10^-n */
#define RESOLUTION_EXPONENT 0x7f

__extension__ typedef unsigned __int128 wide;
__extension__ typedef __int128 wide_signed;

void
pcapng_fini(struct pcapng_reader *reader)
{
	free(reader->interfaces);
}

bool
pcapng_recognises(struct cursor start)
{
	uint32_t type;

	return cur_u32(&start, &type) && type == BLOCK_SECTION;
}

#define POWER_OF_10_MAX 19 /* that 64 bits hold */

static uint64_t
power_of_10(unsigned n)
{
	uint64_t power = 1;

	while (n-- > 0)
		power *= 10;
	return power;
}

static wide
units_to_us(uint64_t units, uint8_t resolution)
{
	unsigned n = resolution & RESOLUTION_EXPONENT;

	if (resolution & RESOLUTION_BINARY)
		return (wide)units * 1000000 >> n;
	/* So fine a clock that 64 bits of it are less than a microsecond. */
	if (n > RESOLUTION_US + POWER_OF_10_MAX)
		return 0;
	if (n > RESOLUTION_US)
		return units / power_of_10(n - RESOLUTION_US);
	return (wide)units * power_of_10(RESOLUTION_US - n);
}

/* Times before 1970 and after 9999 become the nearest that there is. */
static uint64_t
packet_time(const struct pcapng_interface *interface, uint32_t high,
    uint32_t low)
{
	uint64_t units = (uint64_t)high << 32 | low;
	wide_signed us;

	if (interface->resolution == RESOLUTION_US &&
	    interface->offset_s == 0 && units <= RECORD_TIME_MAX_US)
		return units;
	us = (wide_signed)units_to_us(units, interface->resolution) +
	     (wide_signed)interface->offset_s * 1000000;
	if (us < 0)
		return 0;
	return us > (wide_signed)RECORD_TIME_MAX_US ? RECORD_TIME_MAX_US
	                                            : (uint64_t)us;
}

static bool
read_offset(struct cursor value, bool little, int64_t *out)
{
	uint32_t first, second;

	if (!cur_file_u32(&value, little, &first) ||
	    !cur_file_u32(&value, little, &second) || value.left != 0)
		return false;
	*out = little ? (int64_t)((uint64_t)second << 32 | first)
	              : (int64_t)((uint64_t)first << 32 | second);
	return true;
}

/* Draft section 3.5: code, length, value padded to 32 bits. */
static bool
read_interface_options(struct cursor options, bool little,
    struct pcapng_interface *interface)
{
	struct cursor value;
	uint16_t code, len;

	while (options.left > 0) {
		if (!cur_file_u16(&options, little, &code) ||
		    !cur_file_u16(&options, little, &len))
			return false;
		if (code == OPTION_END)
			return true;
		if (!cur_take(&options, len, &value) ||
		    !cur_skip(&options, -(unsigned)len & 3))
			return false;
		if (code == OPTION_TIME_RESOLUTION &&
		    (!cur_u8(&value, &interface->resolution) ||
			value.left != 0))
			return false;
		if (code == OPTION_TIME_OFFSET &&
		    !read_offset(value, little, &interface->offset_s))
			return false;
	}
	return true;
}

static struct pcapng_interface *
interface_add(struct pcapng_reader *reader)
{
	uint32_t capacity = reader->interface_capacity;
	struct pcapng_interface *grown;

	if (reader->interface_count == capacity) {
		capacity = capacity == 0 ? 4 : capacity * 2;
		grown = reallocarray(reader->interfaces, capacity,
		    sizeof(*grown));
		if (grown == NULL)
			return NULL;
		reader->interfaces = grown;
		reader->interface_capacity = capacity;
	}
	return &reader->interfaces[reader->interface_count++];
}

/* Draft section 4.2. */
static enum record
read_interface(struct pcapng_reader *reader, struct cursor body,
    struct record_stop *stop)
{
	struct pcapng_interface read = { .resolution = RESOLUTION_US };
	struct pcapng_interface *interface;
	uint16_t link_type;

	if (!cur_file_u16(&body, reader->little_endian, &link_type) ||
	    !cur_skip(&body, 2) ||
	    !cur_file_u32(&body, reader->little_endian, &read.snap_bytes) ||
	    !read_interface_options(body, reader->little_endian, &read))
		return record_corrupt(stop, "malformed interface description");
	read.link_type = link_type_from_file(link_type);
	if (reader->interface_count == PCAPNG_INTERFACES_MAX)
		return record_corrupt(stop, "more than %u interfaces",
		    (unsigned)PCAPNG_INTERFACES_MAX);
	if ((interface = interface_add(reader)) == NULL)
		return record_corrupt(stop, "out of memory for interfaces");
	*interface = read;
	return RECORD_OTHER;
}

/* Draft section 4.1; the byte order is known already. */
static enum record
read_section(struct pcapng_reader *reader, struct cursor body,
    struct record_stop *stop)
{
	uint16_t major, minor;

	if (!cur_skip(&body, 4) ||
	    !cur_file_u16(&body, reader->little_endian, &major) ||
	    !cur_file_u16(&body, reader->little_endian, &minor) ||
	    !cur_skip(&body, 8))
		return record_corrupt(stop, "malformed section header");
	if (major != 1)
		return record_corrupt(stop, "pcapng version %u.%u is not known",
		    major, minor);
	reader->interface_count = 0;
	reader->in_section = true;
	return RECORD_OTHER;
}

static enum record
packet_of(struct pcapng_reader *reader,
    const struct pcapng_interface *interface, struct cursor octets,
    uint32_t wire_len, uint64_t time_us, struct packet *packet)
{
	packet->octets = octets.at;
	packet->caplen = (uint32_t)octets.left;
	packet->wire_len = wire_len > packet->caplen ? wire_len
	                                             : packet->caplen;
	packet->time_us = time_us;
	packet->link_type = interface->link_type;
	reader->last_us = time_us;
	return RECORD_PACKET;
}

/*
 * What Enhanced Packet Block (draft section 4.3) and the obsolete Packet Block
 * (appendix A) have in common behind the interface: time, lengths, octets.
 */
static enum record
read_timed_packet(struct pcapng_reader *reader, uint32_t interface_id,
    struct cursor body, struct packet *packet, struct record_stop *stop)
{
	const struct pcapng_interface *interface;
	uint32_t high, low, caplen, wire_len;
	struct cursor octets;

	if (!cur_file_u32(&body, reader->little_endian, &high) ||
	    !cur_file_u32(&body, reader->little_endian, &low) ||
	    !cur_file_u32(&body, reader->little_endian, &caplen) ||
	    !cur_file_u32(&body, reader->little_endian, &wire_len))
		return record_corrupt(stop, "malformed packet block");
	if (!cur_take(&body, caplen, &octets))
		return record_corrupt(stop,
		    "captured length of %u octets, but the block has only %zu",
		    caplen, body.left);
	if (interface_id >= reader->interface_count)
		return record_corrupt(stop,
		    "interface %u is not described, only %u are", interface_id,
		    reader->interface_count);
	interface = &reader->interfaces[interface_id];
	return packet_of(reader, interface, octets, wire_len,
	    packet_time(interface, high, low), packet);
}

static enum record
read_enhanced(struct pcapng_reader *reader, struct cursor body,
    struct packet *packet, struct record_stop *stop)
{
	uint32_t interface_id;

	if (!cur_file_u32(&body, reader->little_endian, &interface_id))
		return record_corrupt(stop, "malformed packet block");
	return read_timed_packet(reader, interface_id, body, packet, stop);
}

static enum record
read_obsolete(struct pcapng_reader *reader, struct cursor body,
    struct packet *packet, struct record_stop *stop)
{
	uint16_t interface_id, drops;

	if (!cur_file_u16(&body, reader->little_endian, &interface_id) ||
	    !cur_file_u16(&body, reader->little_endian, &drops))
		return record_corrupt(stop, "malformed packet block");
	return read_timed_packet(reader, interface_id, body, packet, stop);
}

/*
 * Draft section 4.4: always of the first interface; what was captured is the
 * least of what the wire, the snaplen and the block had.
 */
static enum record
read_simple(struct pcapng_reader *reader, struct cursor body,
    struct packet *packet, struct record_stop *stop)
{
	const struct pcapng_interface *interface = reader->interfaces;
	struct cursor octets;
	uint32_t wire_len;
	size_t caplen;

	if (reader->interface_count == 0)
		return record_corrupt(stop, "a packet before any interface");
	if (!cur_file_u32(&body, reader->little_endian, &wire_len))
		return record_corrupt(stop, "malformed packet block");
	caplen = wire_len;
	if (interface->snap_bytes != 0 && caplen > interface->snap_bytes)
		caplen = interface->snap_bytes;
	if (caplen > body.left)
		caplen = body.left;
	if (!cur_take(&body, caplen, &octets))
		return record_corrupt(stop, "malformed packet block");
	return packet_of(reader, interface, octets, wire_len, reader->last_us,
	    packet);
}

/*
 * `after_type` starts at the total length, which can be read only when the
 * magic number behind it has been.
 */
static bool
read_byte_order(struct pcapng_reader *reader, struct cursor after_type)
{
	uint32_t magic;

	if (!cur_skip(&after_type, 4) || !cur_u32(&after_type, &magic))
		return false;
	reader->little_endian = magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
	return reader->little_endian || magic == BYTE_ORDER_MAGIC;
}

static enum record
read_block(struct pcapng_reader *reader, uint32_t type, struct cursor body,
    struct packet *packet, struct record_stop *stop)
{
	switch ((enum block_type)type) {
	case BLOCK_PACKET_ENHANCED:
		return read_enhanced(reader, body, packet, stop);
	case BLOCK_PACKET_SIMPLE:
		return read_simple(reader, body, packet, stop);
	case BLOCK_PACKET_OBSOLETE:
		return read_obsolete(reader, body, packet, stop);
	case BLOCK_INTERFACE:
		return read_interface(reader, body, stop);
	case BLOCK_SECTION:
		return read_section(reader, body, stop);
	}
	return RECORD_OTHER; /* names, statistics, secrets, private blocks */
}

enum record
pcapng_next(struct pcapng_reader *reader, struct cursor *window,
    struct packet *packet, struct record_stop *stop)
{
	struct cursor rest = *window, body;
	uint32_t type, len, len_again;
	enum record record;

	if (window->left < BLOCK_LEN_MIN)
		return record_short(stop, BLOCK_LEN_MIN);
	if (!cur_file_u32(&rest, reader->little_endian, &type))
		return record_short(stop, BLOCK_LEN_MIN);
	if (type == BLOCK_SECTION && !read_byte_order(reader, rest))
		return record_corrupt(stop, "no byte order in section header");
	if (type != BLOCK_SECTION && !reader->in_section)
		return record_corrupt(stop, "no section header at the start");
	if (!cur_file_u32(&rest, reader->little_endian, &len))
		return record_short(stop, BLOCK_LEN_MIN);
	if (len < BLOCK_LEN_MIN || len > RECORD_OCTETS_MAX || len % 4 != 0)
		return record_corrupt(stop, "block length of %u octets", len);
	if (!cur_take(&rest, len - BLOCK_LEN_MIN, &body) ||
	    !cur_file_u32(&rest, reader->little_endian, &len_again))
		return record_short(stop, len);
	if (len_again != len)
		return record_corrupt(stop,
		    "block length is %u at its start and %u at its end", len,
		    len_again);
	record = read_block(reader, type, body, packet, stop);
	if (record != RECORD_CORRUPT)
		*window = rest;
	record_prefetch(rest.at, PACKET_BLOCK_OVERHEAD);
	return record;
}
