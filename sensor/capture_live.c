#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sensor/capture_ops.h"
#include "sensor/live_interface.h"

/*
 * Interfaces as one stream.  A single one is read in bulk.  Several are merged
 * in the order of time, since a tap may deliver each direction of a flow on
 * its own: a packet is held until every other interface either has a later one
 * or was found empty so long after it that an earlier one cannot come.
 */

#define POLL_PACKETS_MAX 8192
#define DISPATCH_MAX     2048 /* between two looks at the clock */
#define IDLE_MS          100

/* The kernel hands a packet over within a block's time, give or take a tick. */
#define HOLD_US ((2 * LIVE_BLOCK_MS + 5) * 1000)
/* After this nothing is left in a block that the kernel has not handed over. */
#define DRAIN_US (2 * HOLD_US)

#define CHECK_US 1000000 /* is an interface up, or back? */
#define TURN_US  20000   /* another worker's turn comes soon */

struct line {
	struct live_interface *interface;
	bool down;        /* reported as down, and not yet as back */
	uint64_t next_us; /* when to open it, or to ask whether it is up */

	/* For merging; times are the capture clock's. */
	struct packet head;
	bool has_head;
	uint64_t empty_us; /* when it was last found to have no packet */
};

struct live {
	struct capture capture;
	struct capture_reporter reporter;
	struct live_settings settings;
	struct line *lines;
	struct pollfd *waits;
	size_t line_count;

	packet_handler handle;
	void *handle_arg;
	uint64_t last_us; /* of the packet before */
	struct capture_counts counts;

	bool stopping;
	uint64_t stopped_us; /* monotonic */
};

static uint64_t
clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* All workers see the same interface; one of them speaks. */
static bool
is_speaker(const struct live *live)
{
	return live->settings.worker == 0;
}

static void
mark_down(struct live *live, struct line *line, const char *why)
{
	if (line->down)
		return;
	line->down = true;
	if (!is_speaker(live))
		return;
	live->counts.interface_down++;
	capture_tell(&live->reporter, "%s: %s; waiting for it to come back",
	    live_interface_name(line->interface), why);
}

static void
mark_up(struct live *live, struct line *line)
{
	if (line->down && is_speaker(live))
		capture_tell(&live->reporter, "%s: the interface is back",
		    live_interface_name(line->interface));
	line->down = false;
}

static void
lose(struct live *live, struct line *line, const char *why)
{
	live_interface_close(line->interface);
	line->next_us = clock_us(CLOCK_MONOTONIC) + CHECK_US;
	mark_down(live, line, why);
}

static void
reopen(struct live *live, struct line *line, uint64_t now_us)
{
	char error[512];

	line->next_us = now_us + CHECK_US;
	if (!live_interface_is_up(line->interface))
		return;
	switch (live_interface_open(line->interface, error, sizeof(error))) {
	case LIVE_OPEN:
		mark_up(live, line);
		break;
	case LIVE_LATER:
		line->next_us = now_us + TURN_US;
		break;
	case LIVE_DOWN:
	case LIVE_GONE:
	case LIVE_ERROR:
		break;
	}
}

/*
 * A handle outlives its interface being taken down and up; then only the
 * kernel's flags tell.
 */
static void
look_after(struct live *live)
{
	uint64_t now_us = clock_us(CLOCK_MONOTONIC);

	for (size_t i = 0; i < live->line_count; i++) {
		struct line *line = &live->lines[i];

		if (now_us < line->next_us || live->stopping)
			continue;
		if (!live_interface_is_open(line->interface)) {
			reopen(live, line, now_us);
			continue;
		}
		line->next_us = now_us + CHECK_US;
		if (live_interface_is_up(line->interface))
			mark_up(live, line);
		else
			mark_down(live, line, "the interface went down");
	}
}

static void
hand_on(struct live *live, const struct packet *packet)
{
	live->counts.packets++;
	live->counts.octets += packet->caplen;
	if (packet->time_us < live->last_us)
		live->counts.time_reversals++;
	live->last_us = packet->time_us;
	live->handle(live->handle_arg, packet, 1);
}

static void
on_packet(void *arg, const struct packet *packet)
{
	hand_on(arg, packet);
}

/* How many packets the only interface had. */
static unsigned
read_single(struct live *live)
{
	struct line *line = &live->lines[0];
	unsigned total = 0;
	char error[512];
	int count;

	if (!live_interface_is_open(line->interface))
		return 0;
	do {
		count = live_interface_dispatch(line->interface, DISPATCH_MAX,
		    on_packet, live, error, sizeof(error));
		if (count == -1) {
			lose(live, line, error);
			break;
		}
		total += (unsigned)count;
	} while (count > 0 && total < POLL_PACKETS_MAX);
	return total;
}

/* Tries to give a line a head. */
static void
fetch(struct live *live, struct line *line)
{
	uint64_t now_us = clock_us(CLOCK_REALTIME);
	char error[512];

	switch (live_interface_next(line->interface, &line->head, error,
	    sizeof(error))) {
	case 1:
		line->has_head = true;
		break;
	case 0:
		line->empty_us = now_us;
		break;
	default:
		lose(live, line, error);
	}
}

static struct line *
earliest(const struct live *live)
{
	struct line *best = NULL;

	for (size_t i = 0; i < live->line_count; i++) {
		struct line *line = &live->lines[i];

		if (line->has_head &&
		    (best == NULL || line->head.time_us < best->head.time_us))
			best = line;
	}
	return best;
}

/*
 * Asks the lines that could still have a packet before `time_us`.  False where
 * that is too early to be answered.  A packet from the future was stamped
 * before the clock was set back, and is not waited for.
 */
static bool
others_are_later(struct live *live, uint64_t time_us, bool *fetched)
{
	uint64_t now_us = clock_us(CLOCK_REALTIME);

	*fetched = false;
	for (size_t i = 0; i < live->line_count; i++) {
		struct line *line = &live->lines[i];

		if (line->has_head ||
		    !live_interface_is_open(line->interface) ||
		    line->empty_us >= time_us + HOLD_US || time_us > now_us)
			continue;
		if (now_us < time_us + HOLD_US)
			return false;
		fetch(live, line);
		*fetched = *fetched || line->has_head;
	}
	return true;
}

static void
fetch_all(struct live *live)
{
	for (size_t i = 0; i < live->line_count; i++)
		if (!live->lines[i].has_head &&
		    live_interface_is_open(live->lines[i].interface))
			fetch(live, &live->lines[i]);
}

static unsigned
read_merged(struct live *live)
{
	unsigned total = 0;
	struct line *line;
	bool fetched;

	fetch_all(live);
	while (total < POLL_PACKETS_MAX && (line = earliest(live)) != NULL) {
		if (!others_are_later(live, line->head.time_us, &fetched))
			break;
		if (fetched)
			continue;
		hand_on(live, &line->head);
		total++;
		line->has_head = false;
		if (live_interface_is_open(line->interface))
			fetch(live, line);
	}
	return total;
}

/* Until a packet comes, or one that is held may go, or the idle time is over.
 */
static void
wait_for_packets(struct live *live)
{
	const struct line *held = earliest(live);
	int timeout_ms = held != NULL ? 1 : IDLE_MS;
	nfds_t count = 0;

	for (size_t i = 0; i < live->line_count; i++) {
		const struct line *line = &live->lines[i];

		if (!line->has_head && live_interface_is_open(line->interface))
			live->waits[count++] = (struct pollfd){
				.fd = live_interface_fd(line->interface),
				.events = POLLIN,
			};
	}
	poll(live->waits, count, timeout_ms);
}

static bool
is_drained(const struct live *live)
{
	return live->stopping && earliest(live) == NULL &&
	       clock_us(CLOCK_MONOTONIC) >= live->stopped_us + DRAIN_US;
}

static enum capture_state
poll_live(struct capture *capture, packet_handler handle, void *arg)
{
	struct live *live = (struct live *)capture;
	bool drained = is_drained(live);
	unsigned total;

	live->handle = handle;
	live->handle_arg = arg;
	look_after(live);
	total = live->line_count == 1 ? read_single(live) : read_merged(live);
	if (total > 0)
		return CAPTURE_MORE;
	/* Nothing came although all that was under way had arrived before. */
	if (drained)
		return CAPTURE_END;
	wait_for_packets(live);
	return CAPTURE_IDLE;
}

static void
stop_live(struct capture *capture)
{
	struct live *live = (struct live *)capture;

	if (live->stopping)
		return;
	for (size_t i = 0; i < live->line_count; i++)
		live_interface_stop(live->lines[i].interface);
	live->stopping = true;
	live->stopped_us = clock_us(CLOCK_MONOTONIC);
}

static void
get_counts_live(struct capture *capture, struct capture_counts *out)
{
	struct live *live = (struct live *)capture;
	uint64_t kernel, interface_dropped;

	*out = live->counts;
	for (size_t i = 0; i < live->line_count; i++) {
		live_interface_drops(live->lines[i].interface, &kernel,
		    &interface_dropped);
		out->kernel_dropped += kernel;
		if (is_speaker(live))
			out->interface_dropped += interface_dropped;
	}
}

static const char *
source_name_live(const struct capture *capture, uint16_t source)
{
	const struct live *live = (const struct live *)capture;

	return source < live->line_count
	           ? live_interface_name(live->lines[source].interface)
	           : "";
}

static void
progress_live(const struct capture *capture, uint64_t *done, uint64_t *total)
{
	(void)capture;
	*done = 0;
	*total = 0;
}

static void
free_live(struct capture *capture)
{
	struct live *live = (struct live *)capture;

	for (size_t i = 0; i < live->line_count; i++)
		live_interface_free(live->lines[i].interface);
	free(live->lines);
	free(live->waits);
	free(live->settings.filter);
	free(live);
}

static const struct capture_ops live_ops = {
	.poll = poll_live,
	.stop = stop_live,
	.get_counts = get_counts_live,
	.source_name = source_name_live,
	.progress = progress_live,
	.free = free_live,
};

static struct live *
live_new(const struct live_options *options)
{
	struct live *live;

	if ((live = calloc(1, sizeof(*live))) == NULL)
		return NULL;
	live->capture.ops = &live_ops;
	live->reporter.report = options->report;
	live->reporter.arg = options->report_arg;
	live->settings = (struct live_settings){
		.snap_bytes = options->snap_bytes,
		.buffer_bytes = options->buffer_bytes,
		.promiscuous = options->promiscuous,
		.worker = options->worker,
		.worker_count = options->worker_count,
	};
	live->lines = calloc(options->interface_count, sizeof(*live->lines));
	live->waits = calloc(options->interface_count, sizeof(*live->waits));
	if (options->filter != NULL)
		live->settings.filter = strdup(options->filter);
	if (live->lines == NULL || live->waits == NULL ||
	    (options->filter != NULL && live->settings.filter == NULL)) {
		free_live(&live->capture);
		return NULL;
	}
	return live;
}

/* The first time: what cannot be opened is an error, what is down is not. */
static int
add_line(struct live *live, const char *name, char *error, size_t error_size)
{
	struct line *line = &live->lines[live->line_count];
	char why[512];

	line->interface = live_interface_new(name, (uint16_t)live->line_count,
	    &live->settings);
	if (line->interface == NULL) {
		snprintf(error, error_size, "%s: out of memory", name);
		return -1;
	}
	live->line_count++;
	line->next_us = clock_us(CLOCK_MONOTONIC) + CHECK_US;
	switch (live_interface_open(line->interface, why, sizeof(why))) {
	case LIVE_OPEN:
		if (why[0] != '\0')
			capture_tell(&live->reporter, "%s: %s", name, why);
		return 0;
	case LIVE_DOWN:
		mark_down(live, line, why);
		return 0;
	case LIVE_LATER:
		line->next_us = 0;
		return 0;
	case LIVE_GONE:
	case LIVE_ERROR:
		break;
	}
	snprintf(error, error_size, "%s: %s", name, why);
	return -1;
}

int
capture_open_live(const struct live_options *options, struct capture **out,
    char *error, size_t error_size)
{
	struct live *live;

	if (options->interface_count == 0 ||
	    options->interface_count > UINT16_MAX) {
		snprintf(error, error_size, "no interfaces, or too many");
		return -1;
	}
	if ((live = live_new(options)) == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	for (size_t i = 0; i < options->interface_count; i++) {
		if (add_line(live, options->interfaces[i], error, error_size) ==
		    -1) {
			free_live(&live->capture);
			return -1;
		}
	}
	*out = &live->capture;
	return 0;
}
