#include "output/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "output/sink_driver.h"

/*
 * The queue and the thread.  Lines wait in a ring; the thread moves a batch of
 * them out, hands it to the driver and keeps what was not delivered, to hand
 * it over again.  What counts against the bound is queue and batch together.
 *
 * A busy caller wakes nobody: the thread is woken only where it sleeps, and
 * after that it lingers for a moment, so that a trickle of lines costs a
 * system call a moment and not one a line.
 */

#define BATCH_LINES_MAX  4096
#define BATCH_OCTETS_MAX (4U << 20)

#define LINGER_MS         20
#define LINGER_OCTETS_MAX (64U << 10) /* enough for one good write */

#define BACKOFF_FIRST_MS   100
#define BACKOFF_MAX_MS     5000
#define BACKOFF_CLOSING_MS 100

#define LOSS_REPORT_MS 10000

#define RING_FIRST 1024

/* What a line costs beside its text: the struct, the allocator, its slot. */
#define LINE_OVERHEAD (sizeof(struct event_line) + 16 + sizeof(void *))

struct ring {
	struct event_line **lines;
	size_t head, count, size; /* size: a power of two, or 0 */
};

enum thread_state { THREAD_BUSY, THREAD_SLEEPS, THREAD_LINGERS };

struct sink {
	struct sink_url url;
	struct sink_options options;
	const struct sink_driver *driver;
	void *driver_state;
	struct sink_patience patience;
	size_t linger_octets; /* that many waiting are not waited with */
	pthread_t thread;

	/* The thread's own. */
	struct event_line *batch[BATCH_LINES_MAX];
	uint8_t fates[BATCH_LINES_MAX];
	size_t batch_count;
	bool down;
	uint64_t down_since_ms;
	uint32_t backoff_ms;
	char said[SINK_MESSAGE_SIZE]; /* what was reported last */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;  /* the thread waits for something to do */
	pthread_cond_t room;  /* sink_put waits for room */
	struct ring ring;
	size_t octets; /* of ring and batch, overhead included */
	enum thread_state thread_state;
	unsigned waiting; /* callers that wait for room */
	bool closing, reopen, failed;
	uint64_t progress_ms; /* when a line last left, or the first came */
	uint64_t written, lost, retried;
	uint64_t lost_reported;
	uint64_t lost_reported_ms;
};

/* --- lines --- */

struct event_line *
event_line_new(const char *text, size_t len)
{
	struct event_line *line;

	if (len >= UINT32_MAX - sizeof *line)
		return NULL;
	if ((line = malloc(sizeof *line + len + 1)) == NULL)
		return NULL;
	atomic_init(&line->references, 1);
	line->len = (uint32_t)len;
	if (len > 0)
		memcpy(line->text, text, len);
	line->text[len] = '\n';
	return line;
}

void
event_line_release(struct event_line *line)
{
	if (line == NULL)
		return;
	if (atomic_fetch_sub_explicit(&line->references, 1,
		memory_order_acq_rel) == 1)
		free(line);
}

static size_t
line_cost(const struct event_line *line)
{
	return line->len + LINE_OVERHEAD;
}

/* --- the ring --- */

static int
ring_grow(struct ring *ring)
{
	size_t size = ring->size > 0 ? ring->size * 2 : RING_FIRST;
	struct event_line **lines;

	if ((lines = calloc(size, sizeof *lines)) == NULL)
		return -1;
	for (size_t i = 0; i < ring->count; i++)
		lines[i] = ring->lines[(ring->head + i) & (ring->size - 1)];
	free(ring->lines);
	*ring = (struct ring){ lines, 0, ring->count, size };
	return 0;
}

static int
ring_push(struct ring *ring, struct event_line *line)
{
	if (ring->count == ring->size && ring_grow(ring) == -1)
		return -1;
	ring->lines[(ring->head + ring->count++) & (ring->size - 1)] = line;
	return 0;
}

static struct event_line *
ring_pop(struct ring *ring)
{
	struct event_line *line = ring->lines[ring->head];

	ring->head = (ring->head + 1) & (ring->size - 1);
	ring->count--;
	return line;
}

/* --- time --- */

uint64_t
sink_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t
sink_patience_ms(struct sink_patience *patience, uint32_t timeout_ms)
{
	uint64_t end_ms = atomic_load(&patience->end_ms);
	uint64_t now_ms = sink_clock_ms();

	if (end_ms == 0)
		return timeout_ms;
	if (end_ms <= now_ms)
		return 0;
	return end_ms - now_ms < timeout_ms ? (uint32_t)(end_ms - now_ms)
	                                    : timeout_ms;
}

short
sink_poll(struct sink_patience *patience, int fd, short events,
    uint32_t timeout_ms)
{
	uint64_t until_ms = sink_clock_ms() + timeout_ms;

	for (;;) {
		uint64_t now_ms = sink_clock_ms();
		/* Once closing, wake_fd has told all it can. */
		bool closing = atomic_load(&patience->end_ms) != 0;
		struct pollfd fds[2] = {
			{ .fd = fd, .events = events },
			{ .fd = closing ? -1 : patience->wake_fd,
			    .events = POLLIN },
		};
		uint32_t left = now_ms < until_ms
		                    ? sink_patience_ms(patience,
					  (uint32_t)(until_ms - now_ms))
		                    : 0;
		int rc = poll(fds, 2, left > INT32_MAX ? -1 : (int)left);

		if (rc > 0 && fds[0].revents != 0)
			return fds[0].revents;
		if (left == 0 || (rc == -1 && errno != EINTR))
			return 0;
	}
}

/* Waits until `until_ms`, 0: for ever.  False where that time has come. */
static bool
wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_ms)
{
	struct timespec until = { (time_t)(until_ms / 1000),
		(long)(until_ms % 1000) * 1000000 };

	if (until_ms == 0)
		return pthread_cond_wait(cond, lock) == 0;
	return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}

/* --- reports --- */

static void say(const struct sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(const struct sink *sink, const char *format, ...)
{
	char message[SINK_MESSAGE_SIZE + 256];
	va_list arguments;
	int len;

	if (sink->options.report == NULL)
		return;
	len = snprintf(message, sizeof message, "%s: ", sink->url.name);
	if (len < 0 || (size_t)len >= sizeof message)
		len = 0;
	va_start(arguments, format);
	vsnprintf(message + len, sizeof message - (size_t)len, format,
	    arguments);
	va_end(arguments);
	sink->options.report(sink->options.report_arg, message);
}

/*
 * With the lock held: how many lines' loss is to be told now, 0: none.  The
 * first loss is told at once, then what has come together in a while.
 */
static uint64_t
loss_to_report(struct sink *sink, bool last)
{
	uint64_t news = sink->lost - sink->lost_reported;
	uint64_t now_ms;

	if (news == 0)
		return 0;
	now_ms = sink_clock_ms();
	if (!last && sink->lost_reported > 0 &&
	    now_ms - sink->lost_reported_ms < LOSS_REPORT_MS)
		return 0;
	sink->lost_reported = sink->lost;
	sink->lost_reported_ms = now_ms;
	return news;
}

static void
say_lost(const struct sink *sink, uint64_t news, const char *why)
{
	if (news > 0)
		say(sink, "%" PRIu64 " event%s lost: %s", news,
		    news == 1 ? "" : "s", why);
}

/* --- the caller's side --- */

static bool
has_room(const struct sink *sink, const struct event_line *line)
{
	/* A line that is larger than the queue may still be alone in it. */
	return sink->octets == 0 ||
	       sink->octets + line_cost(line) <= sink->options.queue_octets_max;
}

/* With the lock held; waits as long as the options say. */
static bool
make_room(struct sink *sink, const struct event_line *line)
{
	while (!has_room(sink, line)) {
		uint64_t until_ms = sink->progress_ms + sink->options.wait_ms;

		if (!sink->options.wait || sink->failed ||
		    sink_clock_ms() >= until_ms)
			return false;
		sink->waiting++;
		wait_until(&sink->room, &sink->lock, until_ms);
		sink->waiting--;
	}
	return true;
}

static void
wake_thread(struct sink *sink)
{
	if (sink->thread_state == THREAD_SLEEPS ||
	    (sink->thread_state == THREAD_LINGERS &&
		sink->octets >= sink->linger_octets))
		pthread_cond_signal(&sink->work);
}

void
sink_put(struct sink *sink, struct event_line *line)
{
	uint64_t news = 0;

	pthread_mutex_lock(&sink->lock);
	if (!sink->failed && make_room(sink, line) &&
	    ring_push(&sink->ring, line) == 0) {
		atomic_fetch_add_explicit(&line->references, 1,
		    memory_order_relaxed);
		if (sink->octets == 0)
			sink->progress_ms = sink_clock_ms();
		sink->octets += line_cost(line);
		wake_thread(sink);
	} else {
		sink->lost++;
		/* That it has failed for good was said then. */
		news = sink->failed ? 0 : loss_to_report(sink, false);
	}
	pthread_mutex_unlock(&sink->lock);
	say_lost(sink, news, "the queue is full");
}

void
sink_reopen(struct sink *sink)
{
	pthread_mutex_lock(&sink->lock);
	sink->reopen = true;
	pthread_cond_signal(&sink->work);
	pthread_mutex_unlock(&sink->lock);
}

bool
sink_failed(struct sink *sink)
{
	bool failed;

	pthread_mutex_lock(&sink->lock);
	failed = sink->failed;
	pthread_mutex_unlock(&sink->lock);
	return failed;
}

void
sink_get_counts(struct sink *sink, struct sink_counts *out)
{
	pthread_mutex_lock(&sink->lock);
	*out = (struct sink_counts){ sink->written, sink->lost, sink->retried,
		sink->ring.count + sink->batch_count };
	pthread_mutex_unlock(&sink->lock);
}

const char *
sink_name(const struct sink *sink)
{
	return sink->url.name;
}

/* --- the thread's side --- */

static bool
must_stop(const struct sink *sink)
{
	return sink->closing &&
	       sink_clock_ms() >= atomic_load(&sink->patience.end_ms);
}

/* With the lock held: moves lines from the ring to the batch. */
static void
fill_batch(struct sink *sink)
{
	size_t octets = 0;

	for (size_t i = 0; i < sink->batch_count; i++)
		octets += sink->batch[i]->len;
	while (sink->ring.count > 0 && sink->batch_count < BATCH_LINES_MAX &&
	       octets < BATCH_OCTETS_MAX) {
		struct event_line *line = ring_pop(&sink->ring);

		octets += line->len;
		sink->batch[sink->batch_count++] = line;
	}
}

/*
 * With the lock held: sleeps until there is something to do.  False where the
 * thread is to end.
 */
static bool
await_work(struct sink *sink)
{
	uint64_t until_ms;
	bool slept = false;

	sink->thread_state = THREAD_SLEEPS;
	while (sink->batch_count == 0 && sink->ring.count == 0 &&
	       !sink->closing && !sink->reopen && !sink->down) {
		wait_until(&sink->work, &sink->lock, 0);
		slept = true;
	}
	sink->thread_state = THREAD_LINGERS;
	until_ms = sink_clock_ms() + LINGER_MS;
	while (slept && !sink->closing && !sink->reopen &&
	       sink->octets < sink->linger_octets) {
		if (!wait_until(&sink->work, &sink->lock, until_ms))
			break;
	}
	sink->thread_state = THREAD_BUSY;
	if (!sink->closing)
		return true;
	return sink->batch_count + sink->ring.count > 0 && !must_stop(sink);
}

/* With the lock held: sits out a pause that closing and reopening cut short. */
static void
back_off(struct sink *sink)
{
	uint32_t pause_ms = sink->backoff_ms;
	uint64_t until_ms;

	if (sink->closing)
		pause_ms = sink_patience_ms(&sink->patience,
		    BACKOFF_CLOSING_MS);
	until_ms = sink_clock_ms() + pause_ms;
	sink->backoff_ms = sink->backoff_ms * 2 < BACKOFF_MAX_MS
	                       ? sink->backoff_ms * 2
	                       : BACKOFF_MAX_MS;
	/* Only a closing that begins in the pause ends it. */
	for (bool was_closing = sink->closing;
	     sink->closing == was_closing && !sink->reopen;) {
		if (!wait_until(&sink->work, &sink->lock, until_ms))
			break;
	}
}

static void
run_reopen(struct sink *sink)
{
	char error[SINK_MESSAGE_SIZE];

	if (sink->driver->reopen == NULL)
		return;
	if (sink->driver->reopen(sink->driver_state, error, sizeof error) == -1)
		say(sink,
		    "cannot be opened anew, writing on to the old one: "
		    "%s",
		    error);
}

/* Tells people where the state has changed. */
static void
note_state(struct sink *sink, enum sink_state state, const char *message)
{
	if (state == SINK_UP && sink->down) {
		say(sink, "up again after %" PRIu64 " s",
		    (sink_clock_ms() - sink->down_since_ms) / 1000);
		sink->said[0] = '\0';
	} else if (state == SINK_DOWN && strcmp(message, sink->said) != 0) {
		say(sink, "down, trying again: %s", message);
		snprintf(sink->said, sizeof sink->said, "%s", message);
	} else if (state == SINK_FAILED) {
		say(sink, "%s", message);
	}
	if (state == SINK_DOWN && !sink->down)
		sink->down_since_ms = sink_clock_ms();
	if (state == SINK_UP)
		sink->backoff_ms = BACKOFF_FIRST_MS;
	sink->down = state == SINK_DOWN;
}

/*
 * With the lock held: takes what is done out of the batch; the rest stays in
 * its order.  A sink that has failed delivers nothing any more.
 */
static void
settle_batch(struct sink *sink, const struct sink_outcome *outcome, bool failed)
{
	size_t kept = 0, before = sink->batch_count;

	for (size_t i = 0; i < before; i++) {
		struct event_line *line = sink->batch[i];

		if (sink->fates[i] == LINE_WAITS && !failed) {
			sink->batch[kept++] = line;
			continue;
		}
		if (sink->fates[i] == LINE_WRITTEN)
			sink->written++;
		else
			sink->lost++;
		sink->octets -= line_cost(line);
		event_line_release(line);
	}
	sink->batch_count = kept;
	sink->retried += outcome->retried;
	if (kept < before)
		sink->progress_ms = sink_clock_ms();
	if (sink->waiting > 0 && kept < before)
		pthread_cond_broadcast(&sink->room);
}

/* With the lock held: everything that waits is lost. */
static void
drop_all(struct sink *sink)
{
	struct sink_outcome nothing = { .fates = sink->fates };

	do {
		fill_batch(sink);
		memset(sink->fates, LINE_WAITS, sink->batch_count);
		settle_batch(sink, &nothing, true);
	} while (sink->ring.count > 0);
}

/* With the lock held, and let go of while the driver works. */
static void
run_batch(struct sink *sink)
{
	struct sink_outcome outcome = { .fates = sink->fates };
	enum sink_state state;
	uint64_t news;

	fill_batch(sink);
	memset(sink->fates, LINE_WAITS, sink->batch_count);
	pthread_mutex_unlock(&sink->lock);
	state = sink->driver->publish(sink->driver_state, sink->batch,
	    sink->batch_count, &outcome);
	note_state(sink, state, outcome.message);
	pthread_mutex_lock(&sink->lock);

	settle_batch(sink, &outcome, state == SINK_FAILED);
	if (state == SINK_FAILED) {
		sink->failed = true;
		drop_all(sink);
	} else if (state == SINK_UP &&
		   (news = loss_to_report(sink, false)) > 0) {
		pthread_mutex_unlock(&sink->lock);
		say_lost(sink, news,
		    outcome.message[0] != '\0' ? outcome.message
					       : "the queue was full");
		pthread_mutex_lock(&sink->lock);
	}
}

static void *
sink_thread(void *arg)
{
	struct sink *sink = arg;

	/* A connection from the start on, so that people hear what is wrong. */
	pthread_mutex_lock(&sink->lock);
	do {
		bool reopen = sink->reopen;

		sink->reopen = false;
		if (reopen) {
			pthread_mutex_unlock(&sink->lock);
			run_reopen(sink);
			pthread_mutex_lock(&sink->lock);
		}
		if (!sink->failed)
			run_batch(sink);
		if (sink->down && !must_stop(sink))
			back_off(sink);
	} while (await_work(sink));
	pthread_mutex_unlock(&sink->lock);
	return NULL;
}

/* Signals are the main thread's; a write to nobody is EPIPE, not a signal. */
static int
start_thread(struct sink *sink)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&sink->thread, NULL, sink_thread, sink);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* --- opening and closing --- */

static const struct sink_driver *
driver_of(enum sink_kind kind)
{
	switch (kind) {
	case SINK_STDOUT:
	case SINK_FILE:
		break;
	case SINK_REDIS:
		return &sink_redis_driver;
	}
	return &sink_file_driver;
}

static void
init_locks(struct sink *sink)
{
	pthread_condattr_t clock;

	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&sink->lock, NULL);
	pthread_cond_init(&sink->work, &clock);
	pthread_cond_init(&sink->room, &clock);
	pthread_condattr_destroy(&clock);
}

static void
sink_free(struct sink *sink)
{
	if (sink->driver_state != NULL)
		sink->driver->close(sink->driver_state);
	if (sink->patience.wake_fd != -1)
		close(sink->patience.wake_fd);
	pthread_cond_destroy(&sink->room);
	pthread_cond_destroy(&sink->work);
	pthread_mutex_destroy(&sink->lock);
	free(sink->ring.lines);
	sink_url_fini(&sink->url);
	free(sink);
}

static int
refuse(char *error, size_t error_size, int why)
{
	snprintf(error, error_size, "%s", strerror(why));
	return -1;
}

static int
open_driver(struct sink *sink, char *error, size_t error_size)
{
	char reason[SINK_MESSAGE_SIZE];

	sink->driver = driver_of(sink->url.kind);
	if (sink->driver->open(&sink->url, &sink->options, &sink->patience,
		&sink->driver_state, reason, sizeof reason) == 0)
		return 0;
	snprintf(error, error_size, "%s: %s", sink->url.name, reason);
	return -1;
}

int
sink_open(const char *url, const struct sink_options *options,
    struct sink **out, char *error, size_t error_size)
{
	struct sink *sink;
	int rc;

	if ((sink = calloc(1, sizeof *sink)) == NULL)
		return refuse(error, error_size, ENOMEM);
	init_locks(sink);
	sink->options = *options;
	sink->backoff_ms = BACKOFF_FIRST_MS;
	sink->linger_octets = options->queue_octets_max / 2;
	if (sink->linger_octets > LINGER_OCTETS_MAX)
		sink->linger_octets = LINGER_OCTETS_MAX;
	sink->patience.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sink->patience.wake_fd == -1)
		rc = refuse(error, error_size, errno);
	else if ((rc = sink_url_parse(url, &sink->url, error, error_size)) == 0)
		rc = open_driver(sink, error, error_size);
	if (rc == 0 && (rc = start_thread(sink)) != 0)
		rc = refuse(error, error_size, rc);
	if (rc == -1) {
		sink_free(sink);
		return -1;
	}
	*out = sink;
	return 0;
}

int
sink_check(const char *url, char *error, size_t error_size)
{
	struct sink_url parsed;

	if (sink_url_parse(url, &parsed, error, error_size) == -1)
		return -1;
	sink_url_fini(&parsed);
	return 0;
}

void
sink_close(struct sink *sink, struct sink_counts *out)
{
	uint64_t one = 1, news;

	if (sink == NULL)
		return;
	pthread_mutex_lock(&sink->lock);
	sink->closing = true;
	atomic_store(&sink->patience.end_ms,
	    sink_clock_ms() + sink->options.drain_ms + 1);
	pthread_cond_signal(&sink->work);
	pthread_mutex_unlock(&sink->lock);
	/* An eventfd at 0 always takes a 1. */
	(void)!write(sink->patience.wake_fd, &one, sizeof one);
	pthread_join(sink->thread, NULL);

	drop_all(sink);
	news = sink->failed ? 0 : loss_to_report(sink, true);
	say_lost(sink, news, "not delivered in time");
	if (out != NULL)
		sink_get_counts(sink, out);
	sink_free(sink);
}
