/*
 * Writes the lines of standard input to sinks, so that a test can see what a
 * sink does without a sensor in front of it:
 *
 *	sink_feed [-w WAIT_MS] [-d DRAIN_MS] [-q QUEUE_OCTETS] [-t TIMEOUT_MS]
 *	    [-s SPOOL_DIRECTORY] [-n SEGMENT] SINK...
 *
 * Each line goes to every sink: as an alert of severity 1, or as what its
 * members "event_type" and "severity" say where it has them.  What the sinks
 * report goes to standard error, and at the end, for each, "NAME written=N
 * lost=N retried=N pending=N spooled=N recovered=N filtered=N".  SIGHUP opens
 * files anew.  Exit status: 1 where a line was lost or stays.
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
			"[-q QUEUE_OCTETS] [-t TIMEOUT_MS] "
			"[-s SPOOL_DIRECTORY] [-n SEGMENT] SINK...\n");
	exit(2);
}

static void
parse_options(int argc, char **argv, struct sink_options *options,
    const char **segment)
{
	int option;

	while ((option = getopt(argc, argv, "w:d:q:t:s:n:")) != -1) {
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
		case 's':
			options->spool_directory = optarg;
			break;
		case 'n':
			*segment = optarg;
			break;
		default:
			usage();
		}
	}
}

/* What follows "name": in the text; NULL where it is not there. */
static const char *
member(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	if (at == NULL)
		return NULL;
	at += strlen(name);
	return at + strspn(at, "\": ");
}

/* No JSON parser: lines are ours. */
static void
describe(struct sink_line *line, const char *text)
{
	const char *type = member(text, "\"event_type\"");
	const char *severity = member(text, "\"severity\"");

	line->type = EVENT_ALERT;
	for (unsigned i = 0; type != NULL && i < EVENT_TYPE_COUNT; i++) {
		const char *name = event_type_name(i);

		if (strncmp(type, name, strlen(name)) == 0)
			line->type = (uint8_t)i;
	}
	line->severity = 1;
	if (severity != NULL && *severity >= '1' && *severity <= '3')
		line->severity = (uint8_t)(*severity - '0');
	if (line->type != EVENT_ALERT)
		line->severity = LINE_SEVERITY_NONE;
}

static void
feed(struct sink *const *sinks, int count, const char *segment)
{
	struct sink_line line = { .segment = segment,
		.segment_len = (uint8_t)strnlen(segment, LINE_SEGMENT_OCTETS) };
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
		text[len] = '\0';
		describe(&line, text);
		line.text = text;
		line.len = (uint32_t)len;
		for (int i = 0; i < count; i++)
			sink_put(sinks[i], &line);
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
		.spool_octets_max = 256 << 20,
		.spool_sync_ms = 1000,
		.report = report };
	const char *segment = "";
	/* Without SA_RESTART: the wait for a line ends. */
	struct sigaction action = { .sa_handler = note_signal };
	struct sink *sinks[SINKS_MAX];
	struct sink_counts counts;
	char error[256], *name;
	int count = 0, status = 0;

	parse_options(argc, argv, &options, &segment);
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
	feed(sinks, count, segment);
	for (int i = 0; i < count; i++) {
		name = strdup(sink_name(sinks[i]));
		sink_close(sinks[i], &counts);
		fprintf(stderr,
		    "%s written=%" PRIu64 " lost=%" PRIu64 " retried=%" PRIu64
		    " pending=%" PRIu64 " spooled=%" PRIu64
		    " recovered=%" PRIu64 " filtered=%" PRIu64 "\n",
		    name != NULL ? name : "", counts.written, counts.lost,
		    counts.retried, counts.pending, counts.spooled,
		    counts.recovered, counts.filtered);
		if (counts.lost > 0 || counts.pending > 0)
			status = 1;
		free(name);
	}
	return status;
}
