#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "output/sink.h"
#include "sensor/bundled.h"
#include "sensor/config.h"
#include "sensor/knowledge.h"
#include "sensor/options.h"
#include "sensor/packet_filter.h"
#include "sensor/pipeline.h"

/* docs/egress-sensor.1, EXIT STATUS */
enum { STATUS_DONE, STATUS_FAILED, STATUS_USAGE, STATUS_HIT };

/* A message that is about a line of a file, for people. */
static void
report_line(void *arg, const char *path, unsigned line, const char *message)
{
	(void)arg;
	if (line > 0)
		fprintf(stderr, "%s:%u: %s\n", path, line, message);
	else
		fprintf(stderr, "%s: %s\n", path, message);
}

static int
check_filter(const char *expression, char *error, size_t error_size)
{
	struct packet_filter *filter = packet_filter_new(expression, error,
	    error_size);

	packet_filter_free(filter);
	return filter == NULL ? -1 : 0;
}

static int
load_config(struct config *config, const struct options *options)
{
	static const struct config_checks checks = {
		.sink = sink_check,
		.filter = check_filter,
	};
	char error[512];

	if (options->config_path != NULL &&
	    config_load(config, options->config_path, &checks, report_line,
		NULL) == -1)
		return -1;
	if (config_apply_options(config, options, error, sizeof error) == -1) {
		fprintf(stderr, "egress-sensor: %s\n", error);
		return -1;
	}
	return 0;
}

/* Sinks and filters of the command line are checked as the file's are. */
static int
check_config(const struct config *config)
{
	char error[512];
	int rc = 0;

	for (unsigned i = 0; i < config->outputs.sinks.count; i++) {
		if (sink_check(config->outputs.sinks.text[i], error,
			sizeof error) == -1) {
			fprintf(stderr, "egress-sensor: --output: %s\n", error);
			rc = -1;
		}
	}
	if (config->capture.filter[0] != '\0' &&
	    check_filter(config->capture.filter, error, sizeof error) == -1) {
		fprintf(stderr, "egress-sensor: --filter: %s\n", error);
		rc = -1;
	}
	return rc;
}

static struct indicators *
load_indicators(const struct config *config)
{
	static char bundled[PATH_MAX];
	static const char *bundled_paths[] = { bundled };
	struct indicators_options options = {
		.paths = (const char *const *)config->indicators.paths.text,
		.path_count = config->indicators.paths.count,
		.accept_shrink = config->indicators.accept_shrink,
		.report = report_line,
		.say = pipeline_say,
	};
	struct indicators *indicators = NULL;
	char error[512];

	if (options.path_count == 0) {
		if (bundled_path(BUNDLED_IOCS, bundled, sizeof bundled) == -1) {
			pipeline_say(
			    "the bundled indicators are not where "
			    "they were installed; name some with --iocs");
			return NULL;
		}
		options.paths = bundled_paths;
		options.path_count = 1;
	}
	if (indicators_open(&options, &indicators, error, sizeof error) == -1)
		fprintf(stderr, "egress-sensor: %s\n", error);
	return indicators;
}

/* Profiles and trusted services: what is configured, else what is bundled. */
static int
load_knowledge(const struct config *config, struct knowledge *knowledge)
{
	char error[512];

	if (knowledge_load(knowledge, config, report_line, pipeline_say,
		error, sizeof error) == 0)
		return 0;
	fprintf(stderr, "egress-sensor: %s\n", error);
	return -1;
}

static int
run(const struct config *config, const struct options *options,
    struct indicators *indicators, const struct knowledge *knowledge)
{
	struct pipeline_result result = { 0, false };
	char error[512];

	if (pipeline_run(config, options, indicators, knowledge, &result, error,
		sizeof error) == -1) {
		fprintf(stderr, "egress-sensor: %s\n", error);
		return STATUS_FAILED;
	}
	if (result.incomplete)
		return STATUS_FAILED;
	return options->fail_on_hit && result.hits > 0 ? STATUS_HIT
	                                               : STATUS_DONE;
}

static int
check_and_run(const struct options *options)
{
	struct config config;
	struct indicators *indicators = NULL;
	struct knowledge knowledge = { 0 };
	int status = STATUS_USAGE;

	if (config_init(&config) == -1) {
		pipeline_say("out of memory");
		return STATUS_FAILED;
	}
	if (load_config(&config, options) == 0 && check_config(&config) == 0 &&
	    (indicators = load_indicators(&config)) != NULL &&
	    load_knowledge(&config, &knowledge) == 0) {
		if (options->action == ACTION_CHECK) {
			config_print(stdout, &config);
			status = STATUS_DONE;
		} else {
			status = run(&config, options, indicators, &knowledge);
		}
	}
	knowledge_fini(&knowledge);
	indicators_close(indicators);
	config_fini(&config);
	return status;
}

int
main(int argc, char *argv[])
{
	struct options options;
	char error[512];
	int status = STATUS_DONE;

	if (options_parse(&options, argc, argv, error, sizeof error) == -1) {
		fprintf(stderr, "egress-sensor: %s\n", error);
		options_fini(&options);
		return STATUS_USAGE;
	}
	switch (options.action) {
	case ACTION_HELP:
		options_print_help(stdout);
		break;
	case ACTION_VERSION:
		options_print_version(stdout);
		break;
	case ACTION_CHECK:
	case ACTION_RUN:
		pipeline_catch_signals();
		status = check_and_run(&options);
		break;
	}
	options_fini(&options);
	return status;
}
