#ifndef SENSOR_LIVE_INTERFACE_H
#define SENSOR_LIVE_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "sensor/packet.h"

/*
 * One interface that one worker captures from, through libpcap.  It may be
 * down or gone, and is then opened again when it is back.
 */
struct live_interface;

struct live_settings {
	char *filter; /* or NULL */
	uint32_t snap_bytes;
	uint32_t buffer_bytes;
	bool promiscuous;
	unsigned worker, worker_count;
};

/*
 * The kernel hands a block of packets over when it is full or after this
 * time, so that a quiet link is not seen late.
 */
#define LIVE_BLOCK_MS 10

/* NULL: out of memory.  `settings` must live as long. */
struct live_interface *live_interface_new(const char *name, uint16_t source,
    const struct live_settings *settings);
void live_interface_free(struct live_interface *interface);

enum live_open {
	LIVE_OPEN,
	LIVE_DOWN,  /* it is there, but not up; try again */
	LIVE_LATER, /* it is another worker's turn; try again soon */
	LIVE_GONE,  /* no such interface */
	LIVE_ERROR, /* anything else: no permission, a bad filter */
};

/*
 * Why it is not LIVE_OPEN is in `error`, without the interface's name.  Where
 * it is, `error` is a warning, or empty.
 */
enum live_open live_interface_open(struct live_interface *interface,
    char *error, size_t error_size);
/* Remembers what it lost. */
void live_interface_close(struct live_interface *interface);

const char *live_interface_name(const struct live_interface *interface);
bool live_interface_is_open(const struct live_interface *interface);
int live_interface_fd(const struct live_interface *interface);
/* Is the interface there and up?  Asks the kernel. */
bool live_interface_is_up(const struct live_interface *interface);

/* Takes no more packets; those that the kernel has can still be read. */
void live_interface_stop(struct live_interface *interface);

/*
 * Hands on at most `max` packets, without waiting.  How many there were, or -1
 * with the reason in `error`: the interface has to be closed.
 */
typedef void (*live_packet)(void *arg, const struct packet *packet);
int live_interface_dispatch(struct live_interface *interface, int max,
    live_packet handle, void *arg, char *error, size_t error_size);

/*
 * The next packet, valid until this is called again; without waiting.  1, or 0
 * where there is none, or -1 as above.
 */
int live_interface_next(struct live_interface *interface, struct packet *packet,
    char *error, size_t error_size);

/* Lost in full rings, and by the interface, since it was first opened. */
void live_interface_drops(struct live_interface *interface, uint64_t *kernel,
    uint64_t *interface_dropped);

#endif
