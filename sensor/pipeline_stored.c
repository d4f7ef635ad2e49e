#include <stdio.h>
#include <unistd.h>

#include "sensor/pipeline_parts.h"

/* Between two looks at the clock and the signals there are some thousand
 * packets; a terminal is told this often. */
#define PROGRESS_MS 250

struct stored_run {
	struct pipeline *p;
	struct capture *capture;
	struct tracker *tracker;
	uint64_t last_us; /* of the last packet */
	bool terminal;
	uint64_t shown_ms;
	bool shown;
};

static void
clear_progress(struct stored_run *run)
{
	if (run->shown)
		fputs("\r\033[K", stderr);
	run->shown = false;
}

static void
report(void *arg, const char *message)
{
	clear_progress(arg);
	pipeline_say(message);
}

static void
on_observation(void *arg, const struct observation *o)
{
	struct stored_run *run = arg;

	pipeline_observe(run->p, o);
}

static void
on_packets(void *arg, const struct packet *packets, size_t count)
{
	struct stored_run *run = arg;

	run->last_us = packets[count - 1].time_us;
	tracker_packets(run->tracker, packets, count);
}

static const char *
source_name(void *arg, uint16_t source)
{
	struct stored_run *run = arg;

	return capture_source_name(run->capture, source);
}

static void
gather(void *arg, struct statistics *out)
{
	struct stored_run *run = arg;

	capture_get_counts(run->capture, &out->capture);
	tracker_get_counts(run->tracker, &out->tracker);
}

static void
show_progress(struct stored_run *run)
{
	uint64_t now_ms, done, total;

	if (!run->terminal)
		return;
	now_ms = pipeline_clock_ms();
	if (now_ms - run->shown_ms < PROGRESS_MS)
		return;
	run->shown_ms = now_ms;
	run->shown = true;
	capture_progress(run->capture, &done, &total);
	if (total > 0)
		fprintf(stderr, "\r%3.0f %% of %.1f MB, %llu hits\033[K",
		    100.0 * (double)done / (double)total, (double)total / 1e6,
		    (unsigned long long)summary_hits(run->p->summary));
	else
		fprintf(stderr, "\r%.1f MB, %llu hits\033[K",
		    (double)done / 1e6,
		    (unsigned long long)summary_hits(run->p->summary));
}

static void
read_all(struct stored_run *run)
{
	while (!pipeline_stopped(run->p) &&
	       capture_poll(run->capture, on_packets, run) != CAPTURE_END) {
		pipeline_attend(run->p, run->last_us, gather, run);
		show_progress(run);
	}
	tracker_finish(run->tracker);
	detector_finish(run->p->detector);
	pipeline_publish_stats(run->p, run->last_us, gather, run);
	clear_progress(run);
}

int
pipeline_run_stored(struct pipeline *p, struct statistics *total, char *error,
    size_t error_size)
{
	struct stored_run run = { .p = p,
		.terminal = isatty(STDERR_FILENO),
		.shown_ms = pipeline_clock_ms() };
	struct stored_options options = {
		.paths = p->options->captures.text,
		.path_count = p->options->captures.count,
		.filter = p->config->capture.filter[0] != '\0'
		              ? p->config->capture.filter
		              : NULL,
		.zip_password = p->config->capture.zip_password[0] != '\0'
		                    ? p->config->capture.zip_password
		                    : NULL,
		.report = report,
		.report_arg = &run,
	};
	struct tracker_options tracking = pipeline_tracker_options(p);
	int rc = -1;

	if (capture_open_stored(&options, &run.capture, error, error_size) ==
	    -1)
		return -1;
	tracking.emit = on_observation;
	tracking.emit_arg = &run;
	if (pipeline_new_verdicts(p, 1, &tracking.verdicts) == 0)
		run.tracker = tracker_new(&tracking);
	p->classifier = verdicts_classifier(tracking.verdicts);
	if (run.tracker == NULL)
		snprintf(error, error_size, "out of memory");
	else if (pipeline_open_publisher(p, source_name, &run, false, error,
		     error_size) == 0)
		rc = 0;
	if (rc == 0) {
		read_all(&run);
		gather(&run, total);
	}
	tracker_free(run.tracker);
	verdicts_free(tracking.verdicts);
	/* The sinks are done with the source names: eve copied them. */
	capture_free(run.capture);
	return rc;
}
