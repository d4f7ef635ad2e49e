#ifndef SENSOR_CAPTURE_H
#define SENSOR_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/packet.h"

/*
 * Where packets come from: stored captures, merged in time order, or live
 * interfaces.  One `struct capture` belongs to one thread.
 */
struct capture;

/* Takes 1..CAPTURE_BATCH_MAX packets, in order; they are dead on return. */
#define CAPTURE_BATCH_MAX 32
typedef void (
    *packet_handler)(void *arg, const struct packet *packets, size_t count);

/* Told of everything that a person should know; one line without '\n'. */
typedef void (*capture_report)(void *arg, const char *message);

struct stored_options {
	const char *const *paths; /* files, directories, "-" */
	size_t path_count;
	const char *filter;       /* BPF, NULL for none */
	const char *zip_password; /* NULL for none */
	capture_report report; /* problems: "FILE: packet N: what is wrong" */
	void *report_arg;
};

struct live_options {
	const char *const *interfaces;
	size_t interface_count;
	const char *filter;
	uint32_t snap_bytes;
	uint32_t buffer_bytes; /* kernel ring of each interface and worker */
	bool promiscuous;
	unsigned worker, worker_count; /* this one, of how many (fanout) */
	capture_report report;
	void *report_arg;
};

struct capture_counts {
	uint64_t packets, octets;     /* handed on; octets as captured */
	uint64_t filtered;            /* left out by the BPF filter (stored) */
	uint64_t kernel_dropped;      /* live: ring full (ps_drop) */
	uint64_t interface_dropped;   /* live: ps_ifdrop */
	uint64_t interface_down;      /* live: times an interface went away */
	uint64_t files, failed_files; /* stored: read in full; not or in part */
	uint64_t time_reversals;      /* a packet older than the one before */
};

/*
 * Both return 0 and *out, or -1 with the reason in `error`.  Opening a stored
 * capture only fails for what makes the whole run pointless (no such path, a
 * bad filter); a file that turns out to be bad is reported, counted in
 * failed_files, and the others go on.
 */
int capture_open_stored(const struct stored_options *options,
    struct capture **out, char *error, size_t error_size);
int capture_open_live(const struct live_options *options, struct capture **out,
    char *error, size_t error_size);

enum capture_state {
	CAPTURE_MORE, /* packets were handed on, or may follow */
	CAPTURE_IDLE, /* live or a pipe: nothing came within 100 ms at most */
	CAPTURE_END,  /* stored: all is read; and after capture_stop */
};

/* Hands some packets to `handle`; never more than about 10,000 in one call. */
enum capture_state capture_poll(struct capture *capture, packet_handler handle,
    void *arg);

void capture_get_counts(struct capture *capture, struct capture_counts *out);

/*
 * Drains and ends; for the capture's own thread.  Live: nothing more is taken
 * from the interfaces; capture_poll hands on what the kernel has already and
 * then says CAPTURE_END.  Stored: capture_poll says CAPTURE_END at once.
 */
void capture_stop(struct capture *capture);

/* File path or interface name of packet.source; lives as long as `capture`. */
const char *capture_source_name(const struct capture *capture, uint16_t source);

/* Stored: octets of input read and in all (0: not known, as for stdin). */
void capture_progress(const struct capture *capture, uint64_t *done,
    uint64_t *total);

void capture_free(struct capture *capture);

#endif
