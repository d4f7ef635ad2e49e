/*
 * Writes the lines of standard input to sinks, so that a test can see what a
 * sink does without a sensor in front of it:
 *
 *	sink_feed [-w WAIT_MS] [-d DRAIN_MS] [-q QUEUE_OCTETS] [-t TIMEOUT_MS]
 *	    SINK...
 *
 * Each line goes to every sink.  What the sinks report goes to standard error,
 * and at the end, for each, "NAME written=N lost=N retried=N pending=N".
 * SIGHUP opens files anew.  Exit status: 1 where a line was lost.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/sink.h"

#define SINKS_MAX 8

static volatile sig_atomic_t reopen;

static void
note_signal(int number)
{
	(void)number;
	reopen = 1;
}

static void
report(void *arg, const char *message)
{
	(void)arg;
	fprintf(stderr, "%s\n", message);
}

static void
usage(void)
{
	fprintf(stderr, "usage: sink_feed [-w WAIT_MS] [-d DRAIN_MS] "
			"[-q QUEUE_OCTETS] [-t TIMEOUT_MS] SINK...\n");
	exit(2);
}

static void
parse_options(int argc, char **argv, struct sink_options *options)
{
	int option;

	while ((option = getopt(argc, argv, "w:d:q:t:")) != -1) {
		switch (option) {
		case 'w':
			options->wait = true;
			options->wait_ms = (uint32_t)atoi(optarg);
			break;
		case 'd':
			options->drain_ms = (uint32_t)atoi(optarg);
			break;
		case 'q':
			options->queue_octets_max = (size_t)atoll(optarg);
			break;
		case 't':
			options->connect_timeout_ms =
			    options->command_timeout_ms = (uint32_t)atoi(
				optarg);
			break;
		default:
			usage();
		}
	}
}

static void
feed(struct sink *const *sinks, int count)
{
	struct event_line *line;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	for (;;) {
		len = getline(&text, &size, stdin);
		if (reopen) {
			reopen = 0;
			for (int i = 0; i < count; i++)
				sink_reopen(sinks[i]);
		}
		if (len == -1 && errno == EINTR && !feof(stdin)) {
			clearerr(stdin);
			continue;
		}
		if (len == -1)
			break;
		if (len > 0 && text[len - 1] == '\n')
			len--;
		if ((line = event_line_new(text, (size_t)len)) == NULL)
			break;
		for (int i = 0; i < count; i++)
			sink_put(sinks[i], line);
		event_line_release(line);
	}
	free(text);
}

int
main(int argc, char **argv)
{
	struct sink_options options = { .queue_octets_max = 64 << 20,
		.connect_timeout_ms = 1000,
		.command_timeout_ms = 1000,
		.drain_ms = 5000,
		.report = report };
	/* Without SA_RESTART: the wait for a line ends. */
	struct sigaction action = { .sa_handler = note_signal };
	struct sink *sinks[SINKS_MAX];
	struct sink_counts counts;
	char error[256], *name;
	int count = 0, status = 0;

	parse_options(argc, argv, &options);
	if (optind == argc || argc - optind > SINKS_MAX)
		usage();
	sigaction(SIGHUP, &action, NULL);
	for (; optind < argc; optind++, count++) {
		if (sink_open(argv[optind], &options, &sinks[count], error,
			sizeof error) == -1) {
			fprintf(stderr, "%s\n", error);
			return 2;
		}
	}
	feed(sinks, count);
	for (int i = 0; i < count; i++) {
		name = strdup(sink_name(sinks[i]));
		sink_close(sinks[i], &counts);
		fprintf(stderr,
		    "%s written=%" PRIu64 " lost=%" PRIu64 " retried=%" PRIu64
		    " pending=%" PRIu64 "\n",
		    name != NULL ? name : "", counts.written, counts.lost,
		    counts.retried, counts.pending);
		if (counts.lost > 0)
			status = 1;
		free(name);
	}
	return status;
}
