#include "sensor/indicators.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct indicators {
	struct indicators_options options;
	struct ioc_set *set;              /* in force */
	struct ioc_set *old;              /* may still be in use */
	_Atomic(struct ioc_set *) loaded; /* waits to be taken */
	atomic_size_t total;              /* of the set in force */
	pthread_t loader;
	atomic_bool loading;
	bool joinable;
};

static void
say_loaded(const struct indicators *in, const struct ioc_load_counts *counts,
    const struct ioc_set *set)
{
	char text[256];

	snprintf(text, sizeof text,
	    "%zu indicators from %zu file%s (%zu duplicates, %zu withdrawn, "
	    "%zu rejected)",
	    ioc_set_total(set), counts->files, counts->files == 1 ? "" : "s",
	    counts->duplicates, counts->withdrawn, counts->rejected);
	in->options.say(text);
}

static int
load(const struct indicators *in, struct ioc_set **out, char *error,
    size_t error_size)
{
	struct ioc_load_counts counts;

	memset(&counts, 0, sizeof counts);
	if (ioc_load(in->options.paths, in->options.path_count,
		in->options.report, in->options.report_arg, &counts, out, error,
		error_size) == -1)
		return -1;
	say_loaded(in, &counts, *out);
	return 0;
}

int
indicators_open(const struct indicators_options *options,
    struct indicators **out, char *error, size_t error_size)
{
	struct indicators *in = calloc(1, sizeof *in);

	if (in == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	in->options = *options;
	if (load(in, &in->set, error, error_size) == -1) {
		free(in);
		return -1;
	}
	atomic_init(&in->total, ioc_set_total(in->set));
	*out = in;
	return 0;
}

const struct ioc_set *
indicators_set(const struct indicators *in)
{
	return in->set;
}

/* In the loader thread. */
static void *
reload(void *arg)
{
	struct indicators *in = arg;
	struct ioc_set *set;
	char error[512], text[768];
	size_t total = atomic_load(&in->total);

	if (load(in, &set, error, sizeof error) == -1) {
		snprintf(text, sizeof text,
		    "indicators not reloaded, the old set stays: %s", error);
		in->options.say(text);
	} else if (!in->options.accept_shrink &&
		   ioc_set_total(set) < total / 2) {
		snprintf(text, sizeof text,
		    "indicators not reloaded, the old "
		    "set stays: %zu are less than half of %zu "
		    "(indicators.accept_shrink)",
		    ioc_set_total(set), total);
		in->options.say(text);
		ioc_set_free(set);
	} else {
		ioc_set_free(atomic_exchange(&in->loaded, set));
	}
	atomic_store(&in->loading, false);
	return NULL;
}

void
indicators_reload(struct indicators *in)
{
	if (atomic_exchange(&in->loading, true)) {
		in->options.say("indicators are being loaded already");
		return;
	}
	if (in->joinable)
		pthread_join(in->loader, NULL);
	in->joinable = pthread_create(&in->loader, NULL, reload, in) == 0;
	if (!in->joinable) {
		atomic_store(&in->loading, false);
		in->options.say("indicators not reloaded: no thread");
	}
}

const struct ioc_set *
indicators_take_new(struct indicators *in)
{
	struct ioc_set *set;

	if (atomic_load_explicit(&in->loaded, memory_order_relaxed) == NULL)
		return NULL;
	set = atomic_exchange(&in->loaded, NULL);
	if (set == NULL)
		return NULL;
	ioc_set_free(in->old);
	in->old = in->set;
	in->set = set;
	atomic_store(&in->total, ioc_set_total(set));
	return set;
}

void
indicators_release(struct indicators *in)
{
	ioc_set_free(in->old);
	in->old = NULL;
}

void
indicators_close(struct indicators *in)
{
	if (in == NULL)
		return;
	if (in->joinable)
		pthread_join(in->loader, NULL);
	ioc_set_free(atomic_load(&in->loaded));
	ioc_set_free(in->old);
	ioc_set_free(in->set);
	free(in);
}
