#ifndef OUTPUT_SINK_DRIVER_H
#define OUTPUT_SINK_DRIVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/sink.h"
#include "output/sink_line.h"
#include "output/sink_url.h"

/*
 * What a kind of sink is to sink.c: a few functions, all called by the sink's
 * own thread, but for open.  Private to output/sink*.c.
 */

/*
 * How long a driver may still wait.  Drivers block nowhere but in sink_poll,
 * so that sink_close is not late.
 */
struct sink_patience {
	int wake_fd;             /* readable once the sink is being closed */
	_Atomic uint64_t end_ms; /* give up then; 0: the sink is not closing */
};

/* CLOCK_MONOTONIC. */
uint64_t sink_clock_ms(void);

/*
 * What is left of timeout_ms, given when the sink must be done; a driver
 * whose call cannot be woken (connect) waits no longer than that.
 */
uint32_t sink_patience_ms(struct sink_patience *patience, uint32_t timeout_ms);

/* poll(2) for one descriptor: the events that came, 0: none in time. */
short sink_poll(struct sink_patience *patience, int fd, short events,
    uint32_t timeout_ms);

/* What became of one line. */
enum line_fate {
	LINE_WAITS, /* not delivered, or not known to be */
	LINE_WRITTEN,
	LINE_LOST, /* refused: another try would be refused too */
};

enum sink_state {
	SINK_UP,
	SINK_DOWN,   /* to be tried again after a while */
	SINK_FAILED, /* for good: nobody reads any more */
};

#define SINK_MESSAGE_SIZE 256

/*
 * After about so long publish comes back with what is done, so that progress
 * is seen and a file can be opened anew, however slow the reader is.
 */
#define SINK_TURN_MS 200

struct sink_outcome {
	uint8_t *fates;   /* enum line_fate, one a line; LINE_WAITS at first */
	uint64_t retried; /* lines that may be there and will be sent again */
	/* So many of those that wait, the first ones, are sent: see publish. */
	size_t under_way;
	/* Why it is down or why lines were refused; "" else. */
	char message[SINK_MESSAGE_SIZE];
};

struct sink_driver {
	/* 0, or -1 with the reason.  The URL outlives the sink. */
	int (*open)(const struct sink_url *url,
	    const struct sink_options *options, struct sink_patience *patience,
	    void **out, char *error, size_t error_size);
	/*
	 * Delivers lines, in order, as many as it can; with no lines, sees to
	 * it that there is a connection.
	 *
	 * It may come back while lines are under way, so that the other side
	 * has something to do until there are more.  They wait; the next call
	 * begins with them and does not send them again, and may have others
	 * behind them.  A call waits for something where it has nothing to
	 * send, so that it may be called again at once.  Only where it is
	 * SINK_UP is anything under way.
	 */
	enum sink_state (*publish)(void *state, const struct sink_line *lines,
	    size_t count, struct sink_outcome *outcome);
	/* 0, or -1 with the reason and all as it was; NULL: nothing to open. */
	int (*reopen)(void *state, char *error, size_t error_size);
	void (*close)(void *state);
};

extern const struct sink_driver sink_file_driver; /* SINK_FILE, SINK_STDOUT */
extern const struct sink_driver sink_redis_driver;
extern const struct sink_driver sink_syslog_driver;

#endif
