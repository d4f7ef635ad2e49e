#include "output/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "output/sink_driver.h"

/*
 * The thread between a spool and a driver.  It takes a batch of lines, hands
 * it to the driver, settles what was delivered or refused and keeps the rest,
 * to hand it over again before it takes more.
 *
 * While the sink is down nothing is taken: what is taken cannot be dropped, and
 * so would keep a hit out of a spool that is full of lesser lines.
 *
 * A busy caller wakes nobody: the thread is woken only where it sleeps, and
 * after that it lingers for a moment, so that a trickle of lines costs a
 * system call a moment and not one a line.
 *
 * The sink's lock may be held when the spool's is taken, never the other way
 * round.  It is not held where the spool may sync.
 */

#define BATCH_LINES_MAX  4096
#define BATCH_OCTETS_MAX (4U << 20)
/* Of what a spool holds; see above. */
#define BATCH_SHARE 4

/*
 * Who may wait for a sink that takes lines waits when it is so far ahead, until
 * it is half as far: what a spool holds in between goes through the same few
 * segments, and its pages need not be made anew.
 */
#define AHEAD_OCTETS_MAX (16 << 20)

#define LINGER_MS         20
#define LINGER_OCTETS_MAX (64U << 10) /* enough for one good write */

#define BACKOFF_FIRST_MS   100
#define BACKOFF_MAX_MS     5000
#define BACKOFF_CLOSING_MS 100

#define LOSS_REPORT_MS 10000

enum thread_state { THREAD_BUSY, THREAD_SLEEPS, THREAD_LINGERS };

struct batch {
	struct sink_line lines[BATCH_LINES_MAX];
	struct spool_ticket tickets[BATCH_LINES_MAX];
	struct spool_ticket done[BATCH_LINES_MAX]; /* for settle_lines */
	uint8_t fates[BATCH_LINES_MAX];
	size_t count, octets;
	size_t octets_max;
	size_t under_way; /* sent, the first ones; their fates are to come */
};

struct sink {
	struct sink_url url;
	struct sink_options options;
	const struct sink_driver *driver;
	void *driver_state;
	struct spool *spool;
	char *folder; /* of the spool; NULL: it is in memory */
	struct sink_patience patience;
	size_t linger_octets; /* that many waiting are not waited with */
	pthread_t thread;

	/* The thread's own. */
	struct batch batch;
	bool reached, down; /* was up once; is down now */
	uint64_t down_since_ms;
	uint32_t backoff_ms;
	uint64_t random;
	char said[SINK_MESSAGE_SIZE]; /* what was reported last */

	/*
	 * Read by sink_put without the lock, which it takes only where the
	 * thread has to be woken.
	 */
	_Atomic enum thread_state thread_state; /* changed with the lock */
	_Atomic size_t fresh_octets; /* put since the thread last took lines */
	atomic_bool idle;            /* it found nothing when it last did */
	atomic_bool failed;          /* set with the lock */
	atomic_bool up;              /* reached, and not down since */
	/* Put and not settled; what was dropped counts until it is idle. */
	_Atomic int64_t ahead_octets;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;  /* the thread waits for something to do */
	pthread_cond_t room;  /* sink_put waits for room */
	unsigned waiting;     /* callers that wait for room */
	bool closing, reopen;
	uint64_t settled;     /* lines, whatever became of them */
	uint64_t progress_ms; /* when a line last left, or the first came */
	uint64_t written, lost, retried, filtered;
	struct latency latency;
	uint64_t lost_reported;
	uint64_t lost_reported_ms;
};

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

static uint64_t
wall_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
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

static void
report_spool(void *arg, const char *message)
{
	say(arg, "%s", message);
}

/* Without the lock. */
static uint64_t
lost_in_spool(struct sink *sink)
{
	struct spool_counts counts;
	uint64_t lost = 0;

	spool_get_counts(sink->spool, &counts);
	for (unsigned s = 1; s <= LINE_SEVERITY_NONE; s++)
		lost += counts.dropped[s];
	return lost;
}

/* The first loss is told at once, then what has come together in a while. */
static bool
may_report_loss(struct sink *sink)
{
	bool may;

	pthread_mutex_lock(&sink->lock);
	may = sink->lost_reported == 0 ||
	      sink_clock_ms() - sink->lost_reported_ms >= LOSS_REPORT_MS;
	pthread_mutex_unlock(&sink->lock);
	return may;
}

/* Without the lock. */
static void
report_loss(struct sink *sink, const char *why)
{
	uint64_t dropped = lost_in_spool(sink), news = 0;

	pthread_mutex_lock(&sink->lock);
	if (sink->lost + dropped > sink->lost_reported) {
		news = sink->lost + dropped - sink->lost_reported;
		sink->lost_reported += news;
		sink->lost_reported_ms = sink_clock_ms();
	}
	/* That it has failed for good was said then. */
	if (sink->failed)
		news = 0;
	pthread_mutex_unlock(&sink->lock);
	if (news > 0)
		say(sink, "%" PRIu64 " event%s lost: %s", news,
		    news == 1 ? "" : "s", why);
}

/* --- the caller's side --- */

static bool
is_wanted(const struct sink *sink, const struct sink_line *line)
{
	event_set events = sink->url.has_events ? sink->url.events
	                                        : sink->options.events;

	if (events != 0 && !event_set_has(events, line->type))
		return false;
	return line->severity == LINE_SEVERITY_NONE ||
	       line->severity <= sink->url.severity_max;
}

static void
count_one(struct sink *sink, uint64_t *count)
{
	pthread_mutex_lock(&sink->lock);
	(*count)++;
	pthread_mutex_unlock(&sink->lock);
}

/*
 * With the lock held: waits, as long as the options say, until more lines than
 * `settled` have left.
 */
static bool
await_room(struct sink *sink, uint64_t settled)
{
	/* A lingering thread would wait for us. */
	pthread_cond_signal(&sink->work);
	while (sink->settled == settled) {
		uint64_t until_ms = sink->progress_ms + sink->options.wait_ms;

		if (sink->failed || sink_clock_ms() >= until_ms)
			return false;
		sink->waiting++;
		wait_until(&sink->room, &sink->lock, until_ms);
		sink->waiting--;
	}
	return true;
}

static enum spool_put
put_when_room(struct sink *sink, const struct sink_line *line)
{
	enum spool_put put;
	uint64_t settled;

	pthread_mutex_lock(&sink->lock);
	do {
		settled = sink->settled;
		pthread_mutex_unlock(&sink->lock);
		put = spool_put(sink->spool, line, false);
		pthread_mutex_lock(&sink->lock);
	} while (put == SPOOL_FULL && await_room(sink, settled));
	pthread_mutex_unlock(&sink->lock);
	return put;
}

static void
keep_pace(struct sink *sink)
{
	if (sink->ahead_octets < AHEAD_OCTETS_MAX || !sink->up)
		return;
	pthread_mutex_lock(&sink->lock);
	pthread_cond_signal(&sink->work);
	while (sink->ahead_octets > AHEAD_OCTETS_MAX / 2 && sink->up &&
	       !sink->failed) {
		sink->waiting++;
		if (!wait_until(&sink->room, &sink->lock,
			sink->progress_ms + sink->options.wait_ms))
			sink->ahead_octets = 0; /* it does not take lines */
		sink->waiting--;
	}
	pthread_mutex_unlock(&sink->lock);
}

/* The line, or others for it, are lost where there is no room. */
static bool
put_or_drop(struct sink *sink, const struct sink_line *line)
{
	enum spool_put put = spool_put(sink->spool, line, false);

	if (put == SPOOL_FULL && sink->options.wait)
		put = put_when_room(sink, line);
	if (put == SPOOL_KEPT)
		return true;
	if (put == SPOOL_FULL)
		put = spool_put(sink->spool, line, true);
	if (may_report_loss(sink))
		report_loss(sink, "the queue is full");
	return put == SPOOL_KEPT;
}

/*
 * `octets` are in the spool.  A thread says that it sleeps before it looks into
 * the spool for the last time, and we look whether it sleeps after they are
 * there: one of us sees the other.
 */
static void
wake_thread(struct sink *sink, size_t octets)
{
	size_t fresh = atomic_fetch_add(&sink->fresh_octets, octets) + octets;
	enum thread_state state = sink->thread_state;

	if (!sink->idle &&
	    (state == THREAD_BUSY ||
		(state == THREAD_LINGERS && fresh < sink->linger_octets)))
		return;
	pthread_mutex_lock(&sink->lock);
	if (sink->idle)
		sink->progress_ms = sink_clock_ms();
	sink->idle = false;
	pthread_cond_signal(&sink->work);
	pthread_mutex_unlock(&sink->lock);
}

void
sink_put(struct sink *sink, const struct sink_line *line)
{
	struct sink_line stamped = *line;

	if (!is_wanted(sink, line)) {
		count_one(sink, &sink->filtered);
		return;
	}
	if (sink_failed(sink)) {
		count_one(sink, &sink->lost);
		return;
	}
	if (sink->options.wait)
		keep_pace(sink);
	stamped.put_us = wall_clock_us();
	if (put_or_drop(sink, &stamped)) {
		sink->ahead_octets += stamped.len;
		wake_thread(sink, stamped.len);
	}
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
	return sink->failed;
}

void
sink_get_counts(struct sink *sink, struct sink_counts *out)
{
	struct spool_counts spool;

	pthread_mutex_lock(&sink->lock);
	spool_get_counts(sink->spool, &spool);
	*out = (struct sink_counts){
		.written = sink->written,
		.lost = sink->lost,
		.retried = sink->retried,
		.filtered = sink->filtered,
		.pending = spool.pending,
		.spooled = spool.spooled,
		.recovered = spool.recovered,
		.damaged_octets = spool.damaged_octets,
		.disk_failures = spool.disk_failures,
		.latency = sink->latency,
	};
	pthread_mutex_unlock(&sink->lock);
	for (unsigned s = 1; s <= LINE_SEVERITY_NONE; s++)
		out->lost += spool.dropped[s];
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

/* Tops the batch up. */
static void
fill_batch(struct sink *sink)
{
	struct batch *batch = &sink->batch;
	size_t before = batch->count;

	sink->fresh_octets = 0;
	if (batch->count == BATCH_LINES_MAX ||
	    batch->octets >= batch->octets_max)
		return;
	batch->count += spool_take(sink->spool, batch->lines + before,
	    batch->tickets + before, BATCH_LINES_MAX - before,
	    batch->octets_max - batch->octets);
	for (size_t i = before; i < batch->count; i++)
		batch->octets += batch->lines[i].len;
	if (batch->count == 0) {
		sink->ahead_octets = 0;
		sink->idle = true;
	}
}

static bool
has_work(const struct sink *sink)
{
	return sink->batch.count > 0 || spool_has_more(sink->spool);
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
	while (
	    !has_work(sink) && !sink->closing && !sink->reopen && !sink->down) {
		wait_until(&sink->work, &sink->lock, 0);
		slept = true;
	}
	sink->thread_state = THREAD_LINGERS;
	until_ms = sink_clock_ms() + LINGER_MS;
	while (slept && !sink->closing && !sink->reopen && sink->waiting == 0 &&
	       sink->fresh_octets < sink->linger_octets) {
		if (!wait_until(&sink->work, &sink->lock, until_ms))
			break;
	}
	sink->thread_state = THREAD_BUSY;
	if (!sink->closing)
		return true;
	return has_work(sink) && !must_stop(sink);
}

/* xorshift64*, Marsaglia and Vigna; below `bound`, which is small. */
static uint32_t
random_below(struct sink *sink, uint32_t bound)
{
	sink->random ^= sink->random >> 12;
	sink->random ^= sink->random << 25;
	sink->random ^= sink->random >> 27;
	return (uint32_t)(sink->random * UINT64_C(0x2545f4914f6cdd1d) >> 32) %
	       bound;
}

/*
 * With the lock held: sits out a pause that closing and reopening cut short.
 * Half of it is chance, so that sensors that lost the same server do not come
 * back all at once.
 */
static void
back_off(struct sink *sink)
{
	uint32_t half_ms = sink->backoff_ms / 2;
	uint32_t pause_ms = half_ms + random_below(sink, half_ms + 1);
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
	sink->reached |= state == SINK_UP;
	sink->down = state == SINK_DOWN;
	sink->up = state == SINK_UP;
}

/* With the lock held. */
static void
count_fates(struct sink *sink, const struct sink_outcome *outcome)
{
	const struct batch *batch = &sink->batch;
	uint64_t now_us = wall_clock_us();

	for (size_t i = 0; i < batch->count; i++) {
		uint64_t put_us = batch->lines[i].put_us;

		if (batch->fates[i] == LINE_WRITTEN) {
			sink->written++;
			/* The clock may have been put back. */
			latency_add(&sink->latency,
			    now_us > put_us ? now_us - put_us : 0);
		} else if (batch->fates[i] == LINE_LOST) {
			sink->lost++;
		}
	}
	sink->retried += outcome->retried;
}

/* With the lock held: what is done leaves, the rest stays in its order. */
static size_t
settle_lines(struct sink *sink)
{
	struct batch *batch = &sink->batch;
	size_t kept = 0, done = 0;

	for (size_t i = 0; i < batch->count; i++) {
		if (batch->fates[i] != LINE_WAITS) {
			batch->octets -= batch->lines[i].len;
			sink->ahead_octets -= batch->lines[i].len;
			batch->done[done++] = batch->tickets[i];
			continue;
		}
		batch->lines[kept] = batch->lines[i];
		batch->tickets[kept++] = batch->tickets[i];
	}
	spool_settle_all(sink->spool, batch->done, done);
	batch->count = kept;
	return done;
}

/* In one step, so that what is written and what waits add up for others. */
static void
settle_batch(struct sink *sink, const struct sink_outcome *outcome)
{
	size_t settled;

	pthread_mutex_lock(&sink->lock);
	count_fates(sink, outcome);
	settled = settle_lines(sink);
	sink->settled += settled;
	if (settled > 0)
		sink->progress_ms = sink_clock_ms();
	if ((settled > 0 || !sink->up) && sink->waiting > 0)
		pthread_cond_broadcast(&sink->room);
	pthread_mutex_unlock(&sink->lock);
}

/* A sink that has failed delivers nothing any more: all that waits is lost. */
static void
drop_all(struct sink *sink)
{
	struct sink_outcome nothing = { .fates = sink->batch.fates };

	pthread_mutex_lock(&sink->lock);
	sink->failed = true;
	pthread_cond_broadcast(&sink->room);
	pthread_mutex_unlock(&sink->lock);
	do {
		fill_batch(sink);
		memset(sink->batch.fates, LINE_LOST, sink->batch.count);
		settle_batch(sink, &nothing);
	} while (spool_has_more(sink->spool));
}

/* The first lines of the batch. */
static enum sink_state
publish_lines(struct sink *sink, size_t count)
{
	struct batch *batch = &sink->batch;
	struct sink_outcome outcome = { .fates = batch->fates };
	enum sink_state state;

	memset(batch->fates, LINE_WAITS, batch->count);
	state = sink->driver->publish(sink->driver_state, batch->lines, count,
	    &outcome);
	note_state(sink, state, outcome.message);
	settle_batch(sink, &outcome);
	batch->under_way = outcome.under_way;
	if (state == SINK_UP && may_report_loss(sink))
		report_loss(sink, outcome.message[0] != '\0'
				      ? outcome.message
				      : "the queue was full");
	return state;
}

/* One batch; where there is no connection yet, none, to see if there is. */
static enum sink_state
run_batch(struct sink *sink)
{
	if (sink->reached && !sink->down)
		fill_batch(sink);
	return publish_lines(sink, sink->batch.count);
}

/*
 * The time to close is over: replies that are there still count, and the other
 * lines were perhaps sent in vain.
 */
static void
land_batch(struct sink *sink)
{
	while (sink->batch.under_way > 0)
		publish_lines(sink, sink->batch.under_way);
}

/* Without the lock. */
static void
run_turn(struct sink *sink, bool reopen, bool failed)
{
	if (reopen)
		run_reopen(sink);
	if (failed || run_batch(sink) == SINK_FAILED)
		drop_all(sink);
}

static void *
sink_thread(void *arg)
{
	struct sink *sink = arg;

	/* A connection from the start on, so that people hear what is wrong. */
	pthread_mutex_lock(&sink->lock);
	do {
		bool reopen = sink->reopen, failed = sink->failed;

		sink->reopen = false;
		pthread_mutex_unlock(&sink->lock);
		run_turn(sink, reopen, failed);
		pthread_mutex_lock(&sink->lock);
		if (sink->down && !must_stop(sink))
			back_off(sink);
	} while (await_work(sink));
	pthread_mutex_unlock(&sink->lock);
	land_batch(sink);
	return NULL;
}

/* Signals are the main thread's; a write to nobody is EPIPE, not a signal. */
static int
start_thread(struct sink *sink)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	/* The kernel ends a process whose thread blocks a fault's signal. */
	sigdelset(&all, SIGBUS);
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
	case SINK_SYSLOG:
		return &sink_syslog_driver;
	}
	return &sink_file_driver;
}

/* What is on this machine needs no second file. */
static bool
is_remote(const struct sink_url *url)
{
	return url->kind == SINK_REDIS || url->kind == SINK_SYSLOG;
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
	spool_close(sink->spool);
	if (sink->patience.wake_fd != -1)
		close(sink->patience.wake_fd);
	pthread_cond_destroy(&sink->room);
	pthread_cond_destroy(&sink->work);
	pthread_mutex_destroy(&sink->lock);
	sink_url_fini(&sink->url);
	free(sink->folder);
	free(sink);
}

static int
refuse(char *error, size_t error_size, int why)
{
	snprintf(error, error_size, "%s", strerror(why));
	return -1;
}

static struct sink *
sink_new(const struct sink_options *options)
{
	struct sink *sink = calloc(1, sizeof *sink);

	if (sink == NULL)
		return NULL;
	init_locks(sink);
	sink->options = *options;
	sink->backoff_ms = BACKOFF_FIRST_MS;
	sink->idle = true;
	sink->progress_ms = sink_clock_ms();
	sink->linger_octets = options->queue_octets_max / 2;
	if (sink->linger_octets > LINGER_OCTETS_MAX)
		sink->linger_octets = LINGER_OCTETS_MAX;
	/* Without it, chance is worse, and that is all. */
	if (getrandom(&sink->random, sizeof sink->random, 0) !=
		sizeof sink->random ||
	    sink->random == 0)
		sink->random = wall_clock_us() | 1;
	return sink;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int
open_spool(struct sink *sink, char *error, size_t error_size)
{
	const struct sink_options *options = &sink->options;
	bool disk = is_remote(&sink->url) && options->spool_directory != NULL;
	struct spool_options spool = {
		.directory = disk ? options->spool_directory : NULL,
		.name = sink->url.identity,
		.disk_octets_max = options->spool_octets_max,
		.memory_octets_max = options->queue_octets_max,
		.sync = options->spool_sync,
		.sync_ms = options->spool_sync_ms,
		.report = report_spool,
		.report_arg = sink,
	};
	uint64_t share = options->queue_octets_max / BATCH_SHARE;

	if (disk && asprintf(&sink->folder, "%s/%s", options->spool_directory,
			sink->url.identity) == -1) {
		sink->folder = NULL;
		return refuse(error, error_size, ENOMEM);
	}
	if (disk)
		share = least(share, options->spool_octets_max / BATCH_SHARE);
	sink->batch.octets_max = (size_t)least(BATCH_OCTETS_MAX, share) + 1;
	return spool_open(&spool, &sink->spool, error, error_size);
}

static int
open_driver(struct sink *sink, char *error, size_t error_size)
{
	sink->driver = driver_of(sink->url.kind);
	return sink->driver->open(&sink->url, &sink->options, &sink->patience,
	    &sink->driver_state, error, error_size);
}

static int
open_parts(struct sink *sink, char *error, size_t error_size)
{
	char reason[SINK_MESSAGE_SIZE + 256];

	if (open_driver(sink, reason, sizeof reason) == 0 &&
	    open_spool(sink, reason, sizeof reason) == 0)
		return 0;
	snprintf(error, error_size, "%s: %s", sink->url.name, reason);
	return -1;
}

static void
say_recovered(struct sink *sink)
{
	struct spool_counts counts;

	spool_get_counts(sink->spool, &counts);
	if (counts.recovered > 0)
		say(sink,
		    "%" PRIu64 " event%s from an earlier run: delivered first",
		    counts.recovered, counts.recovered == 1 ? "" : "s");
}

int
sink_open(const char *url, const struct sink_options *options,
    struct sink **out, char *error, size_t error_size)
{
	struct sink *sink;
	int rc;

	if ((sink = sink_new(options)) == NULL)
		return refuse(error, error_size, ENOMEM);
	sink->patience.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sink->patience.wake_fd == -1)
		rc = refuse(error, error_size, errno);
	else if ((rc = sink_url_parse(url, &sink->url, error, error_size)) == 0)
		rc = open_parts(sink, error, error_size);
	if (rc == 0)
		say_recovered(sink);
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

event_set
sink_events(const char *url, event_set standard)
{
	struct sink_url parsed;
	char error[SINK_MESSAGE_SIZE];

	if (sink_url_parse(url, &parsed, error, sizeof error) == -1)
		return standard;
	if (parsed.has_events)
		standard = parsed.events;
	sink_url_fini(&parsed);
	return standard;
}

bool
sink_has_spool(const char *url)
{
	struct sink_url parsed;
	char error[SINK_MESSAGE_SIZE];
	bool remote;

	if (sink_url_parse(url, &parsed, error, sizeof error) == -1)
		return false;
	remote = is_remote(&parsed);
	sink_url_fini(&parsed);
	return remote;
}

/* The thread has ended: hits stay on disk, what is in memory is lost. */
static void
give_up_rest(struct sink *sink, struct sink_counts *out)
{
	struct spool_counts spool;
	uint64_t in_memory;

	spool_get_counts(sink->spool, &spool);
	in_memory = spool.pending - spool.spooled;
	pthread_mutex_lock(&sink->lock);
	sink->lost += in_memory;
	pthread_mutex_unlock(&sink->lock);
	report_loss(sink, "not delivered in time");
	if (spool.spooled > 0)
		say(sink, "%" PRIu64 " hit%s stay%s in %s for the next start",
		    spool.spooled, spool.spooled == 1 ? "" : "s",
		    spool.spooled == 1 ? "s" : "", sink->folder);
	sink_get_counts(sink, out);
	out->pending -= in_memory;
}

void
sink_begin_close(struct sink *sink)
{
	uint64_t one = 1;

	if (sink == NULL || sink->closing) /* set by this thread only */
		return;
	pthread_mutex_lock(&sink->lock);
	sink->closing = true;
	atomic_store(&sink->patience.end_ms,
	    sink_clock_ms() + sink->options.drain_ms + 1);
	pthread_cond_signal(&sink->work);
	pthread_mutex_unlock(&sink->lock);
	/* An eventfd at 0 always takes a 1. */
	(void)!write(sink->patience.wake_fd, &one, sizeof one);
}

void
sink_close(struct sink *sink, struct sink_counts *out)
{
	struct sink_counts counts;

	if (sink == NULL)
		return;
	sink_begin_close(sink);
	pthread_join(sink->thread, NULL);

	give_up_rest(sink, &counts);
	if (out != NULL)
		*out = counts;
	sink_free(sink);
}
