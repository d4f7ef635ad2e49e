#ifndef SENSOR_CAPTURE_OPS_H
#define SENSOR_CAPTURE_OPS_H

#include "sensor/capture.h"

/* What stored and live capture do their own way; see capture.h. */
struct capture_ops {
	enum capture_state (
	    *poll)(struct capture *capture, packet_handler handle, void *arg);
	void (*stop)(struct capture *capture);
	void (*get_counts)(struct capture *capture, struct capture_counts *out);
	const char *(
	    *source_name)(const struct capture *capture, uint16_t source);
	void (*progress)(const struct capture *capture, uint64_t *done,
	    uint64_t *total);
	void (*free)(struct capture *capture);
};

/* The first member of what each of them keeps. */
struct capture {
	const struct capture_ops *ops;
};

/* A report is one line of printable text, whatever a file is called. */
struct capture_reporter {
	capture_report report; /* NULL: nobody listens */
	void *arg;
};

__attribute__((format(printf, 2, 3))) void
capture_tell(const struct capture_reporter *reporter, const char *format, ...);

#endif
