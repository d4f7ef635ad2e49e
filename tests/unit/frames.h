#ifndef TESTS_UNIT_FRAMES_H
#define TESTS_UNIT_FRAMES_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sensor/layers.h"

/*
 * Frames by hand: Ethernet, IPv4 without options, TCP without options or UDP.
 * Checksums are left 0, as an offloading host leaves them.
 */

#define FRAME_HEADERS_MAX 54
#define FRAME_LINK_TYPE   1 /* LINKTYPE_ETHERNET */

struct frame_end {
	uint8_t addr[4];
	uint16_t port;
};

struct frame_bytes {
	uint8_t octets[FRAME_HEADERS_MAX + 65535];
	size_t len;
};

static inline void
frame_put(struct frame_bytes *f, const void *octets, size_t len)
{
	assert(f->len + len <= sizeof f->octets);
	if (len > 0)
		memcpy(f->octets + f->len, octets, len);
	f->len += len;
}

static inline void
frame_put_u8(struct frame_bytes *f, unsigned value)
{
	frame_put(f, &(uint8_t){ (uint8_t)value }, 1);
}

static inline void
frame_put_u16(struct frame_bytes *f, unsigned value)
{
	frame_put_u8(f, value >> 8 & 0xff);
	frame_put_u8(f, value & 0xff);
}

static inline void
frame_put_u32(struct frame_bytes *f, uint32_t value)
{
	frame_put_u16(f, value >> 16);
	frame_put_u16(f, value & 0xffff);
}

/* Ethernet II and IPv4, RFC 894 and RFC 791 section 3.1. */
static inline void
frame_begin(struct frame_bytes *f, uint8_t ip_proto,
    const struct frame_end *src, const struct frame_end *dst, size_t len)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };

	f->len = 0;
	frame_put(f, macs, sizeof macs);
	frame_put_u16(f, 0x0800);
	frame_put_u8(f, 0x45);
	frame_put_u8(f, 0);
	frame_put_u16(f, (unsigned)(20 + len));
	frame_put_u32(f, 0x00004000); /* no id, do not fragment */
	frame_put_u8(f, 64);
	frame_put_u8(f, ip_proto);
	frame_put_u16(f, 0);
	frame_put(f, src->addr, 4);
	frame_put(f, dst->addr, 4);
}

/* RFC 9293 section 3.1. */
static inline void
frame_tcp(struct frame_bytes *f, const struct frame_end *src,
    const struct frame_end *dst, uint32_t seq, uint32_t ack, uint8_t flags,
    const void *payload, size_t len)
{
	frame_begin(f, 6, src, dst, 20 + len);
	frame_put_u16(f, src->port);
	frame_put_u16(f, dst->port);
	frame_put_u32(f, seq);
	frame_put_u32(f, ack);
	frame_put_u8(f, 5 << 4);
	frame_put_u8(f, flags);
	frame_put_u16(f, 65535);
	frame_put_u32(f, 0);
	frame_put(f, payload, len);
}

/* RFC 768. */
static inline void
frame_udp(struct frame_bytes *f, const struct frame_end *src,
    const struct frame_end *dst, const void *payload, size_t len)
{
	frame_begin(f, 17, src, dst, 8 + len);
	frame_put_u16(f, src->port);
	frame_put_u16(f, dst->port);
	frame_put_u16(f, (unsigned)(8 + len));
	frame_put_u16(f, 0);
	frame_put(f, payload, len);
}

#endif
