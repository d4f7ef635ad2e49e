#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sensor/pipeline_parts.h"
#include "sensor/ring.h"

#define RING_OCTETS ((size_t)16 * 1024 * 1024)
/* How long a packet may be on its way from the kernel: an idle worker has
 * seen everything up to so long ago. */
#define LAG_US      UINT64_C(1000000)
#define COUNTS_MS   200   /* a worker shows its counters this often */
#define STATS_MS    60000 /* a stats event this often */
#define WAIT_NS_MIN 200000
#define WAIT_NS_MAX 10000000

struct worker {
	struct live_run *run;
	struct capture *capture;
	struct tracker *tracker;
	struct verdicts *verdicts; /* NULL: without nDPI */
	struct ring *ring;
	pthread_t thread;
	bool started;
	uint64_t last_us;
	atomic_uint_least64_t dropped; /* observations: the ring was full */

	pthread_mutex_t lock; /* the copies that others read */
	struct capture_counts capture_counts;
	struct tracker_counts tracker_counts;
	uint64_t shown_ms;
};

struct live_run {
	struct pipeline *p;
	unsigned worker_count;
	atomic_bool stop;
	uint64_t now_us; /* of the last observation, or the clock */
	uint64_t stats_ms;
	struct worker workers[];
};

/* ---- in the workers ---- */

static uint64_t
wall_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void
on_observation(void *arg, const struct observation *o)
{
	struct worker *w = arg;

	if (!ring_push(w->ring, o))
		atomic_fetch_add_explicit(&w->dropped, 1, memory_order_relaxed);
}

static void
on_packets(void *arg, const struct packet *packets, size_t count)
{
	struct worker *w = arg;

	w->last_us = packets[count - 1].time_us;
	tracker_packets(w->tracker, packets, count);
}

static void
show_counts(struct worker *w, bool now)
{
	uint64_t now_ms = pipeline_clock_ms();

	if (!now && now_ms - w->shown_ms < COUNTS_MS)
		return;
	w->shown_ms = now_ms;
	pthread_mutex_lock(&w->lock);
	capture_get_counts(w->capture, &w->capture_counts);
	tracker_get_counts(w->tracker, &w->tracker_counts);
	pthread_mutex_unlock(&w->lock);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	enum capture_state state = CAPTURE_MORE;
	bool stopping = false;

	while (state != CAPTURE_END) {
		if (!stopping &&
		    atomic_load_explicit(&w->run->stop, memory_order_relaxed)) {
			capture_stop(w->capture); /* END when it is drained */
			stopping = true;
		}
		state = capture_poll(w->capture, on_packets, w);
		if (state == CAPTURE_IDLE) {
			tracker_idle(w->tracker, wall_clock_us());
			ring_come_to(w->ring, wall_clock_us() - LAG_US);
		} else {
			ring_come_to(w->ring, w->last_us);
		}
		show_counts(w, false);
	}
	tracker_finish(w->tracker);
	show_counts(w, true);
	ring_end(w->ring);
	return NULL;
}

/* ---- in the detector's thread ---- */

static void
report(void *arg, const char *message)
{
	(void)arg;
	pipeline_say(message);
}

static void
gather(void *arg, struct statistics *out)
{
	struct live_run *run = arg;

	for (unsigned i = 0; i < run->worker_count; i++) {
		struct worker *w = &run->workers[i];

		pthread_mutex_lock(&w->lock);
		statistics_add_capture(out, &w->capture_counts);
		statistics_add_tracker(out, &w->tracker_counts);
		pthread_mutex_unlock(&w->lock);
		out->ring_dropped += atomic_load(&w->dropped);
	}
}

/*
 * The ring whose first observation is the earliest, if no other worker can
 * come up with an earlier one: so a look-up that one worker saw is known when
 * another one's flow follows it, however many workers there are.
 */
static struct ring *
next_ring(struct live_run *run, bool *ended)
{
	struct ring *next = NULL;
	uint64_t earliest = UINT64_MAX, reached = UINT64_MAX;

	for (unsigned i = 0; i < run->worker_count; i++) {
		struct ring *ring = run->workers[i].ring;
		uint64_t can_come = ring_reached(ring);
		const struct observation *o = ring_peek(ring);

		if (o == NULL) {
			if (can_come < reached)
				reached = can_come;
		} else if (next == NULL || o->time_us < earliest) {
			earliest = o->time_us;
			next = ring;
		}
	}
	*ended = next == NULL && reached == UINT64_MAX;
	return next != NULL && (run->worker_count == 1 || earliest <= reached)
	           ? next
	           : NULL;
}

static void
attend(struct live_run *run)
{
	uint64_t now_ms = pipeline_clock_ms();

	pipeline_attend(run->p, wall_clock_us(), gather, run);
	if (now_ms - run->stats_ms >= STATS_MS) {
		run->stats_ms = now_ms;
		pipeline_publish_stats(run->p, wall_clock_us(), gather, run);
	}
	if (pipeline_stopped(run->p))
		atomic_store(&run->stop, true);
}

static void
detect_all(struct live_run *run)
{
	struct timespec wait = { 0, WAIT_NS_MIN };
	bool ended = false;

	for (unsigned n = 0; !ended; n++) {
		struct ring *ring = next_ring(run, &ended);

		if (ring != NULL) {
			pipeline_observe(run->p, ring_peek(ring));
			ring_pop(ring);
			wait.tv_nsec = WAIT_NS_MIN;
			if (n % 1024 == 0)
				attend(run);
			continue;
		}
		attend(run);
		nanosleep(&wait, NULL);
		if (wait.tv_nsec < WAIT_NS_MAX)
			wait.tv_nsec *= 2;
	}
	detector_finish(run->p->detector);
	pipeline_publish_stats(run->p, wall_clock_us(), gather, run);
}

/* ---- life ---- */

static int
worker_open(struct live_run *run, unsigned index, char *error,
    size_t error_size)
{
	struct worker *w = &run->workers[index];
	const struct config_capture *config = &run->p->config->capture;
	struct live_options options = {
		.interfaces = (const char *const *)config->interfaces.text,
		.interface_count = config->interfaces.count,
		.filter = config->filter[0] != '\0' ? config->filter : NULL,
		.snap_bytes = config->snap_bytes,
		.buffer_bytes = config->buffer_mib * 1024 * 1024,
		.promiscuous = config->promiscuous,
		.worker = index,
		.worker_count = run->worker_count,
		.report = report,
	};
	struct tracker_options tracking = pipeline_tracker_options(run->p);

	w->run = run;
	pthread_mutex_init(&w->lock, NULL);
	tracking.emit = on_observation;
	tracking.emit_arg = w;
	tracking.flows.flows_max /= run->worker_count;
	tracking.stream_octets_max /= run->worker_count;
	tracking.sessions_max /= run->worker_count;
	tracking.fragments.datagrams_max /= run->worker_count;
	tracking.fragments.octets_max /= run->worker_count;
	if (capture_open_live(&options, &w->capture, error, error_size) == -1)
		return -1;
	if (pipeline_new_verdicts(run->p, run->worker_count, &w->verdicts) ==
	    0) {
		tracking.verdicts = w->verdicts;
		w->tracker = tracker_new(&tracking);
	}
	w->ring = ring_new(RING_OCTETS);
	if (w->tracker != NULL && w->ring != NULL)
		return 0;
	snprintf(error, error_size, "out of memory");
	return -1;
}

static void
worker_close(struct worker *w)
{
	if (w->run == NULL)
		return;
	tracker_free(w->tracker);
	verdicts_free(w->verdicts);
	ring_free(w->ring);
	capture_free(w->capture);
	pthread_mutex_destroy(&w->lock);
}

static const char *
source_name(void *arg, uint16_t source)
{
	struct live_run *run = arg;

	return run->p->config->capture.interfaces.text[source];
}

/* Signals are the detector thread's. */
static int
start_workers(struct live_run *run)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < run->worker_count; i++) {
		struct worker *w = &run->workers[i];

		w->started = pthread_create(&w->thread, NULL, work, w) == 0;
		if (!w->started) {
			atomic_store(&run->stop, true);
			ring_end(w->ring);
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return atomic_load(&run->stop) ? -1 : 0;
}

static void
stop_workers(struct live_run *run)
{
	atomic_store(&run->stop, true);
	for (unsigned i = 0; i < run->worker_count; i++) {
		if (run->workers[i].started)
			pthread_join(run->workers[i].thread, NULL);
	}
}

static unsigned
worker_count(const struct config *config)
{
	long cores;

	if (config->capture.workers > 0)
		return config->capture.workers;
	cores = sysconf(_SC_NPROCESSORS_ONLN);
	return cores > 0 && cores <= OPTIONS_WORKERS_MAX ? (unsigned)cores : 1;
}

int
pipeline_run_live(struct pipeline *p, struct statistics *total, char *error,
    size_t error_size)
{
	unsigned workers = worker_count(p->config);
	struct live_run *run = calloc(1,
	    sizeof *run + workers * sizeof run->workers[0]);
	int rc = -1;

	if (run == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	run->p = p;
	run->worker_count = workers;
	run->stats_ms = pipeline_clock_ms();
	for (unsigned i = 0; i < workers; i++) {
		if (worker_open(run, i, error, error_size) == -1)
			goto done;
	}
	p->classifier = verdicts_classifier(run->workers[0].verdicts);
	if (pipeline_open_publisher(p, source_name, run, true, error,
		error_size) == -1)
		goto done;
	if (start_workers(run) == -1) {
		snprintf(error, error_size, "cannot start a thread");
		stop_workers(run);
		goto done;
	}
	pipeline_say("capturing");
	detect_all(run);
	stop_workers(run);
	gather(run, total);
	rc = 0;
done:
	for (unsigned i = 0; i < workers; i++)
		worker_close(&run->workers[i]);
	free(run);
	return rc;
}
