#ifndef SENSOR_RECORD_H
#define SENSOR_RECORD_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a reader of a capture format finds at the start of the window that it
 * is given.  Readers do no I/O: where the window ends inside a record, they
 * say how much of it they need, and are called again with more.
 */
enum record {
	RECORD_PACKET,  /* a packet; the window starts behind it */
	RECORD_OTHER,   /* something else; the window starts behind it */
	RECORD_SHORT,   /* `need` octets from the window's start are needed */
	RECORD_CORRUPT, /* `why`; nothing behind this can be read */
};

struct record_stop {
	size_t need;
	char why[96];
};

/* A record of either format is at most this long; libpcap's bound for pcapng.
 */
#define RECORD_OCTETS_MAX (16u << 20)

/* Packet times end with the year 9999, the last that a timestamp can write. */
#define RECORD_TIME_MAX_US UINT64_C(253402300799999999)

__attribute__((format(printf, 2, 3))) enum record
record_corrupt(struct record_stop *stop, const char *format, ...);

static inline enum record
record_short(struct record_stop *stop, size_t need)
{
	stop->need = need;
	return RECORD_SHORT;
}

/*
 * Where a record ends is known only when its header has been read, so a walk
 * over them waits for memory at each.  The header behind `next`, the record
 * that will be read next, is fetched at the place where it is if that record
 * holds a full Ethernet frame; a wrong guess costs nothing.
 */
#define RECORD_FULL_FRAME_LEN 1514

static inline void
record_prefetch(const uint8_t *next, size_t overhead_len)
{
	uintptr_t line = (uintptr_t)next;
	uintptr_t guess = line + overhead_len + RECORD_FULL_FRAME_LEN;

	__builtin_prefetch((const void *)(line + 64));
	__builtin_prefetch((const void *)guess);
	__builtin_prefetch((const void *)(guess + 64));
}

#endif
