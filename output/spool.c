#include "output/spool.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output/spool_store.h"

/*
 * The store with a lock around it, and what is done without the lock: syncing,
 * which may take as long as the disk likes, and reporting.
 */
struct spool {
	enum spool_sync sync;
	uint32_t sync_ms;
	spool_report report;
	void *report_arg;
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	struct spool_store store;
	bool closing;
	bool sync_fails;
};

/* Reports what has happened meanwhile. */
static void
unlock(struct spool *spool)
{
	char news[SPOOL_NEWS];

	if (spool->store.news[0] == '\0' || spool->report == NULL) {
		pthread_mutex_unlock(&spool->lock);
		return;
	}
	memcpy(news, spool->store.news, sizeof news);
	spool->store.news[0] = '\0';
	pthread_mutex_unlock(&spool->lock);
	spool->report(spool->report_arg, news);
}

/* --- syncing --- */

/* 0 or errno, of a sync without the lock; said once an outage. */
static void
note_sync(struct spool *spool, int why)
{
	if (why != 0) {
		spool->store.counts.disk_failures++;
		if (!spool->sync_fails)
			spool_store_tell(&spool->store,
			    "what waits on disk cannot be synced: %s",
			    strerror(why));
	} else if (spool->sync_fails) {
		spool_store_tell(&spool->store,
		    "what waits on disk is synced again");
	}
	spool->sync_fails = why != 0;
}

/* With the lock held, and let go of meanwhile; so are the next two. */
static int
sync_folder(struct spool *spool)
{
	int why;

	if (!spool->store.folder_dirty)
		return 0;
	spool->store.folder_dirty = false;
	pthread_mutex_unlock(&spool->lock);
	why = fsync(spool->store.folder.fd) == 0 ? 0 : errno;
	pthread_mutex_lock(&spool->lock);
	return why;
}

static int
sync_segment(struct spool *spool, struct spool_segment *segment, size_t from,
    size_t to)
{
	int why;

	segment->pins++;
	pthread_mutex_unlock(&spool->lock);
	why = spool_segment_sync(segment, from, to) == 0 ? 0 : errno;
	pthread_mutex_lock(&spool->lock);
	return why;
}

static int
sync_chain(struct spool *spool, const struct spool_chain *chain)
{
	struct spool_segment *segment = chain->first, *next;
	int why = 0, rc;

	for (; segment != NULL; segment = next) {
		if (!spool_segment_is_file(segment) || !segment->dirty ||
		    segment->dead) {
			next = segment->next;
			continue;
		}
		segment->dirty = false;
		rc = sync_segment(spool, segment, 0, segment->used);
		if (rc != 0) {
			segment->dirty = true;
			why = rc;
		}
		next = segment->next;
		spool_store_unpin(&spool->store, segment);
	}
	return why;
}

/* With the lock held: what is not yet on disk. */
static void
sync_all(struct spool *spool)
{
	int why = sync_folder(spool), rc;

	for (int severity = 1; severity < LINE_SEVERITY_NONE; severity++) {
		rc = sync_chain(spool, &spool->store.chains[severity]);
		if (rc != 0)
			why = rc;
	}
	note_sync(spool, why);
}

/* With the lock held: one line, which was just put. */
static void
sync_line(struct spool *spool, struct spool_segment *segment, size_t offset)
{
	bool first = offset == spool_segment_begin(segment);
	int why;

	if (!spool_segment_is_file(segment))
		return;
	why = sync_segment(spool, segment, first ? 0 : offset, segment->used);
	spool_store_unpin(&spool->store, segment);
	if (why == 0)
		why = sync_folder(spool);
	note_sync(spool, why);
}

static void
wait_for_turn(struct spool *spool)
{
	struct timespec until;
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &until);
	ns = (uint64_t)until.tv_nsec + spool->sync_ms * UINT64_C(1000000);
	until.tv_sec += (time_t)(ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	while (!spool->closing && pthread_cond_timedwait(&spool->wake,
				      &spool->lock, &until) != ETIMEDOUT)
		;
}

static void *
sync_thread(void *arg)
{
	struct spool *spool = arg;

	pthread_mutex_lock(&spool->lock);
	while (!spool->closing) {
		sync_all(spool);
		unlock(spool);
		pthread_mutex_lock(&spool->lock);
		wait_for_turn(spool);
	}
	pthread_mutex_unlock(&spool->lock);
	return NULL;
}

/* Signals are the main thread's. */
static int
start_thread(struct spool *spool)
{
	sigset_t all, before;
	int rc;

	if (spool->sync != SPOOL_SYNC_INTERVAL || spool->store.folder.fd == -1)
		return 0;
	sigfillset(&all);
	/* The kernel ends a process whose thread blocks a fault's signal. */
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&spool->thread, NULL, sync_thread, spool);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	spool->has_thread = rc == 0;
	return rc;
}

/* --- opening and closing --- */

static void
adopt(void *arg, const char *name)
{
	struct spool *spool = arg;

	spool_store_adopt(&spool->store, name);
}

static int
adopt_all(struct spool *spool, char *error, size_t error_size)
{
	struct spool_store *store = &spool->store;

	if (store->folder.fd == -1)
		return 0;
	if (spool_folder_adopt(&store->folder, adopt, spool, error,
		error_size) == -1)
		return -1;
	if (store->counts.damaged_octets > 0)
		spool_store_tell(store,
		    "%" PRIu64 " damaged octets were skipped",
		    store->counts.damaged_octets);
	return 0;
}

static void
init_locks(struct spool *spool)
{
	pthread_condattr_t clock;

	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&spool->lock, NULL);
	pthread_cond_init(&spool->wake, &clock);
	pthread_condattr_destroy(&clock);
}

/* Files stay. */
static void
spool_free(struct spool *spool)
{
	size_t files = spool->store.files;

	spool_store_fini(&spool->store);
	spool_folder_close(&spool->store.folder, files);
	pthread_cond_destroy(&spool->wake);
	pthread_mutex_destroy(&spool->lock);
	free(spool);
}

static struct spool *
spool_new(const struct spool_options *options,
    const struct spool_folder *folder)
{
	struct spool *spool = calloc(1, sizeof *spool);

	if (spool == NULL)
		return NULL;
	spool->sync = options->sync;
	spool->sync_ms = options->sync_ms > 0 ? options->sync_ms : 1;
	spool->report = options->report;
	spool->report_arg = options->report_arg;
	init_locks(spool);
	spool_store_init(&spool->store, folder, options->disk_octets_max,
	    options->memory_octets_max);
	return spool;
}

int
spool_open(const struct spool_options *options, struct spool **out, char *error,
    size_t error_size)
{
	struct spool_folder folder = { .fd = -1, .lock = -1 };
	struct spool *spool;
	int rc;

	if (options->directory != NULL &&
	    spool_folder_open(&folder, options->directory, options->name, error,
		error_size) == -1)
		return -1;
	if ((spool = spool_new(options, &folder)) == NULL) {
		spool_folder_close(&folder, 0);
		snprintf(error, error_size, "%s", strerror(ENOMEM));
		return -1;
	}
	rc = adopt_all(spool, error, error_size);
	if (rc == 0 && (rc = start_thread(spool)) != 0) {
		snprintf(error, error_size, "%s", strerror(rc));
		rc = -1;
	}
	if (rc == -1) {
		spool_free(spool);
		return -1;
	}
	*out = spool;
	pthread_mutex_lock(&spool->lock);
	unlock(spool);
	return 0;
}

void
spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	pthread_mutex_lock(&spool->lock);
	spool->closing = true;
	pthread_cond_signal(&spool->wake);
	pthread_mutex_unlock(&spool->lock);
	if (spool->has_thread)
		pthread_join(spool->thread, NULL);

	pthread_mutex_lock(&spool->lock);
	if (spool->store.folder.fd != -1) {
		spool_store_move_hits(&spool->store);
		spool_store_trim(&spool->store);
		sync_all(spool);
	}
	unlock(spool);
	spool_free(spool);
}

/* --- lines --- */

enum spool_put
spool_put(struct spool *spool, const struct sink_line *line, bool may_drop)
{
	struct spool_segment *segment;
	size_t offset;
	enum spool_put put;

	pthread_mutex_lock(&spool->lock);
	put = spool_store_put(&spool->store, line, may_drop, &segment, &offset);
	if (put == SPOOL_KEPT && spool->sync == SPOOL_SYNC_ALWAYS)
		sync_line(spool, segment, offset);
	unlock(spool);
	return put;
}

/*
 * So few lines are taken or settled under one lock: who puts waits for less
 * than the kernel needs to put it to sleep and wake it.
 */
#define SLICE_LINES 32

/* With the lock held: at most a slice. */
static size_t
take_slice(struct spool *spool, struct sink_line *lines,
    struct spool_ticket *tickets, size_t max, size_t octets_max)
{
	size_t count = 0, octets = 0;

	if (max > SLICE_LINES)
		max = SLICE_LINES;
	while (count < max && (count == 0 || octets < octets_max) &&
	       spool_store_take(&spool->store, &lines[count], &tickets[count]))
		octets += lines[count++].len;
	return count;
}

/*
 * Without the lock: a record's content is read only here, as that takes the
 * longest.  Drops those that others have damaged since they were put; how many
 * are left.
 */
static size_t
keep_good(struct spool *spool, struct sink_line *lines,
    struct spool_ticket *tickets, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (!spool_store_is_good(&spool->store, tickets[i])) {
			pthread_mutex_lock(&spool->lock);
			spool_store_lose(&spool->store, tickets[i]);
			unlock(spool);
			continue;
		}
		lines[kept] = lines[i];
		tickets[kept++] = tickets[i];
	}
	return kept;
}

size_t
spool_take(struct spool *spool, struct sink_line *lines,
    struct spool_ticket *tickets, size_t max, size_t octets_max)
{
	size_t count = 0, octets = 0, taken, end;

	do {
		pthread_mutex_lock(&spool->lock);
		taken = take_slice(spool, lines + count, tickets + count,
		    max - count, octets_max - octets);
		unlock(spool);
		end = count +
		      keep_good(spool, lines + count, tickets + count, taken);
		for (; count < end; count++)
			octets += lines[count].len;
	} while (taken > 0 && count < max && octets < octets_max);
	return count;
}

void
spool_settle(struct spool *spool, struct spool_ticket ticket)
{
	pthread_mutex_lock(&spool->lock);
	spool_store_settle(&spool->store, ticket);
	unlock(spool);
}

void
spool_settle_all(struct spool *spool, const struct spool_ticket *tickets,
    size_t count)
{
	for (size_t done = 0; done < count;) {
		size_t end = count - done > SLICE_LINES ? done + SLICE_LINES
		                                        : count;

		pthread_mutex_lock(&spool->lock);
		for (; done < end; done++)
			spool_store_settle(&spool->store, tickets[done]);
		unlock(spool);
	}
}

bool
spool_has_more(struct spool *spool)
{
	bool more;

	pthread_mutex_lock(&spool->lock);
	more = spool->store.untaken > 0;
	pthread_mutex_unlock(&spool->lock);
	return more;
}

void
spool_get_counts(struct spool *spool, struct spool_counts *out)
{
	pthread_mutex_lock(&spool->lock);
	spool_store_count(&spool->store, out);
	pthread_mutex_unlock(&spool->lock);
}
