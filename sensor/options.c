#include "sensor/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/*
 * One table: getopt_long's options and the help text are both made of it, so
 * that they cannot differ.  tests/unit/test_options.c holds the manual page
 * against it too.
 */

enum group {
	GROUP_CAPTURE,
	GROUP_DETECTION,
	GROUP_OUTPUT,
	GROUP_GENERAL,
	GROUP_COUNT,
};

static const char *const group_titles[GROUP_COUNT] = {
	[GROUP_CAPTURE] = "Capture",
	[GROUP_DETECTION] = "Detection",
	[GROUP_OUTPUT] = "Output",
	[GROUP_GENERAL] = "General",
};

/* getopt_long's return value; the letter where an option has one. */
enum code {
	CODE_READ = 'r',
	CODE_INTERFACE = 'i',
	CODE_FILTER = 'f',
	CODE_OUTPUT = 'o',
	CODE_CONFIG = 'c',
	CODE_HELP = 'h',
	CODE_WORKERS = 256, /* from here on: no letter */
	CODE_ZIP_PASSWORD,
	CODE_IOCS,
	CODE_LEARN,
	CODE_EVENTS,
	CODE_FAIL_ON_HIT,
	CODE_CHECK,
	CODE_VERSION,
};

static const struct row {
	enum group group;
	enum code code;
	const char *name, *value; /* value NULL: takes none */
	const char *help;         /* lines of at most 70 columns */
} rows[] = {
	{ GROUP_CAPTURE, CODE_READ, "read", "PATH...",
	    "Read stored captures: files, directories (with all that is\n"
	    "below them), '-' for standard input.  pcap and pcapng, also\n"
	    "compressed or in a zip or tar.  They are read as one, in time\n"
	    "order.  All arguments up to the next option are paths;\n"
	    "repeatable." },
	{ GROUP_CAPTURE, CODE_INTERFACE, "interface", "INTERFACE...",
	    "Capture live.  All arguments up to the next option are\n"
	    "interfaces; repeatable." },
	{ GROUP_CAPTURE, CODE_FILTER, "filter", "BPF",
	    "Look only at packets that match this pcap-filter(7) expression." },
	{ GROUP_CAPTURE, CODE_WORKERS, "workers", "N",
	    "Packet workers for live capture; 0 is one for each core." },
	{ GROUP_CAPTURE, CODE_ZIP_PASSWORD, "zip-password", "PASSWORD",
	    "Of encrypted zip files.  Others on this machine can see it; the\n"
	    "configuration file keeps it private." },
	{ GROUP_DETECTION, CODE_IOCS, "iocs", "PATH",
	    "Indicator file or directory, in place of the bundled sets;\n"
	    "repeatable." },
	{ GROUP_DETECTION, CODE_LEARN, "learn", "FILE",
	    "Write what left the network to a list, at the end: a start for\n"
	    "a policy's allow.lists.  Hits are reported as ever." },
	{ GROUP_OUTPUT, CODE_OUTPUT, "output", "SINK",
	    "Where events go; repeatable:\n"
	    "  -                               standard output, the default\n"
	    "  PATH, file:///PATH              a file, appended to\n"
	    "  redis://[USER:PASSWORD@]HOST[:PORT][/DB]\n"
	    "  redis+unix://[USER:PASSWORD@]/PATH\n"
	    "  redis+sentinel://HOST[:PORT][,...]/MASTER[/DB]\n"
	    "  redis+cluster://HOST[:PORT][,...]\n"
	    "  syslog://HOST[:PORT]            RFC 5424 over UDP\n"
	    "  syslog+tcp://HOST[:PORT]        over TCP\n"
	    "URLs take parameters, joined by '&', such as ?events=LIST and\n"
	    "severity=1|2|3; Redis mode=stream|list|channel, key=NAME and\n"
	    "others, see egress-sensor(1).  Hits for Redis and syslog wait on\n"
	    "disk until they are taken, if need be until the next start." },
	{ GROUP_OUTPUT, CODE_EVENTS, "events", "LIST",
	    "Event types to write, comma-separated: alert (the default), dns,\n"
	    "http, tls, quic, flow, beacon, stats; all.  For sinks whose URL has no\n"
	    "events= of its own." },
	{ GROUP_OUTPUT, CODE_FAIL_ON_HIT, "fail-on-hit", NULL,
	    "Exit status 3 where any hit was written." },
	{ GROUP_GENERAL, CODE_CONFIG, "config", "FILE",
	    "Configuration file (YAML).  The command line wins over it." },
	{ GROUP_GENERAL, CODE_CHECK, "check", NULL,
	    "Load everything, report every problem, print the effective\n"
	    "configuration, exit." },
	{ GROUP_GENERAL, CODE_VERSION, "version", NULL,
	    "Print the version, exit." },
	{ GROUP_GENERAL, CODE_HELP, "help", NULL, "Print this, exit." },
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

static const char usage[] =
    "usage: egress-sensor [-c FILE] -r PATH... [option...]\n"
    "       egress-sensor [-c FILE] -i INTERFACE... [option...]\n"
    "       egress-sensor [-c FILE] --check\n";

static const char closing[] =
    "\n"
    "Standard output carries events only; all that is for people goes to\n"
    "standard error.\n"
    "\n"
    "Exit status:\n"
    "  0  done\n"
    "  1  it could not go on, or it ran and something failed: a capture\n"
    "     could not be read or was cut short, or a sink lost events or left\n"
    "     some for the next start\n"
    "  2  usage, configuration or indicators are wrong\n"
    "  3  with --fail-on-hit: at least one hit was written\n"
    "  128+n  a second SIGTERM or SIGINT, of number n, ended it at once\n"
    "\n"
    "Signals:\n"
    "  SIGHUP           reload indicators and geo databases, reopen output files\n"
    "  SIGUSR1          print statistics to standard error\n"
    "  SIGTERM, SIGINT  write what waits, then end; a second one: at once\n"
    "\n"
    "Examples:\n"
    "  egress-sensor -r incident.pcap\n"
    "  egress-sensor -r captures/ --fail-on-hit > hits.json\n"
    "  egress-sensor -i eth1 -o 'redis://127.0.0.1/0?mode=stream&key=hits'\n"
    "  egress-sensor -c /etc/egress-sensor.yaml --check\n";

const char *
options_name(size_t index, char *letter)
{
	if (index >= ROW_COUNT)
		return NULL;
	*letter = rows[index].code < 256 ? (char)rows[index].code : 0;
	return rows[index].name;
}

static void
print_row(FILE *to, const struct row *row)
{
	if (row->code < 256)
		fprintf(to, "  -%c, --%s", row->code, row->name);
	else
		fprintf(to, "      --%s", row->name);
	if (row->value != NULL)
		fprintf(to, " %s", row->value);
	fputs("\n          ", to);
	for (const char *at = row->help; *at != '\0'; at++) {
		fputc(*at, to);
		if (*at == '\n')
			fputs("          ", to);
	}
	fputc('\n', to);
}

void
options_print_help(FILE *to)
{
	fputs(usage, to);
	fputs("\nFinds signs of compromise in what leaves the network.\n", to);
	for (unsigned group = 0; group < GROUP_COUNT; group++) {
		fprintf(to, "\n%s:\n", group_titles[group]);
		for (size_t i = 0; i < ROW_COUNT; i++) {
			if (rows[i].group == group)
				print_row(to, &rows[i]);
		}
	}
	fputs(closing, to);
}

void
options_print_version(FILE *to)
{
	fprintf(to, "egress-sensor %s\n", SENSOR_VERSION);
}

struct parser {
	struct options *options;
	/* What an argument without an option continues; NULL: nothing. */
	struct argument_list *open;
	char *error;
	size_t error_size;
};

__attribute__((format(printf, 2, 3))) static int
refuse(struct parser *parser, const char *format, ...)
{
	char reason[256];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	snprintf(parser->error, parser->error_size,
	    "%s.  Try 'egress-sensor --help'.", reason);
	return -1;
}

static const struct row *
row_of(int code)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if ((int)rows[i].code == code)
			return &rows[i];
	}
	return NULL;
}

/*
 * getopt takes the next argument as the value whatever it looks like, so that
 * "-r --check" would read a file of that name.  A value that really begins
 * with a dash can be attached: --filter=-x.
 */
static int
check_value(struct parser *parser, const struct row *row, const char *value,
    bool attached)
{
	bool may_be_empty = row->code == CODE_FILTER ||
	                    row->code == CODE_ZIP_PASSWORD;

	if (*value == '\0' && !may_be_empty)
		return refuse(parser, "--%s: the value is empty", row->name);
	if (!attached && value[0] == '-' && value[1] != '\0' &&
	    row->code != CODE_ZIP_PASSWORD)
		return refuse(parser, "--%s: needs a value (%s), found '%.64s'",
		    row->name, row->value, value);
	return 0;
}

static int
add(struct parser *parser, struct argument_list *list, const char *text)
{
	if (*text == '\0')
		return refuse(parser, "an argument is empty");
	list->text[list->count++] = text;
	return 0;
}

static int
set_workers(struct parser *parser, const char *text)
{
	uint32_t number = 0;
	size_t digits = strspn(text, "0123456789");

	if (text[digits] != '\0' || digits > 3)
		return refuse(parser,
		    "--workers: '%.64s' is not a number from 0 to %d", text,
		    OPTIONS_WORKERS_MAX);
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (uint32_t)(text[i] - '0');
	if (number > OPTIONS_WORKERS_MAX)
		return refuse(parser, "--workers: %s is more than %d", text,
		    OPTIONS_WORKERS_MAX);
	parser->options->workers = number;
	parser->options->has_workers = true;
	return 0;
}

static int
set_events(struct parser *parser, const char *list)
{
	struct options *options = parser->options;
	char reason[192];

	if (event_set_parse(list, &options->events, reason, sizeof reason) ==
	    -1)
		return refuse(parser, "--events: %s", reason);
	options->has_events = true;
	return 0;
}

static int
apply(struct parser *parser, enum code code, const char *value)
{
	struct options *options = parser->options;

	parser->open = NULL;
	switch (code) {
	case CODE_READ:
		parser->open = &options->captures;
		return add(parser, parser->open, value);
	case CODE_INTERFACE:
		parser->open = &options->interfaces;
		return add(parser, parser->open, value);
	case CODE_FILTER:
		options->filter = value;
		return 0;
	case CODE_WORKERS:
		return set_workers(parser, value);
	case CODE_ZIP_PASSWORD:
		options->zip_password = value;
		return 0;
	case CODE_IOCS:
		return add(parser, &options->iocs, value);
	case CODE_LEARN:
		options->learn_path = value;
		return 0;
	case CODE_OUTPUT:
		return add(parser, &options->sinks, value);
	case CODE_EVENTS:
		return set_events(parser, value);
	case CODE_FAIL_ON_HIT:
		options->fail_on_hit = true;
		return 0;
	case CODE_CONFIG:
		options->config_path = value;
		return 0;
	case CODE_CHECK:
		options->action = ACTION_CHECK;
		return 0;
	case CODE_VERSION:
		options->action = ACTION_VERSION;
		return 0;
	case CODE_HELP:
		options->action = ACTION_HELP;
		return 0;
	}
	return 0;
}

/* What getopt_long did not take: unknown, ambiguous, or a value wrong. */
static int
refuse_option(struct parser *parser, int what, char *argv[])
{
	const struct row *row = row_of(optopt);

	if (what == ':' && row != NULL)
		return refuse(parser, "--%s: needs a value (%s)", row->name,
		    row->value);
	if (optopt != 0 && row != NULL)
		return refuse(parser, "--%s: takes no value", row->name);
	if (optopt != 0)
		return refuse(parser, "-%c: unknown option", optopt);
	return refuse(parser, "%.64s: unknown or ambiguous option",
	    argv[optind - 1]);
}

/* An argument on its own: one more path or interface. */
static int
take_argument(struct parser *parser, const char *text)
{
	if (parser->open == NULL)
		return refuse(parser,
		    "'%.64s': belongs to no option (paths follow -r)", text);
	return add(parser, parser->open, text);
}

/* Letters begin with '-', for arguments in order, and ':', for value errors. */
static void
make_getopt(char *letters, struct option *long_options)
{
	size_t used = 0;

	letters[used++] = '-';
	letters[used++] = ':';
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct row *row = &rows[i];
		bool has_value = row->value != NULL;

		long_options[i] = (struct option){ row->name,
			has_value ? required_argument : no_argument, NULL,
			(int)row->code };
		if (row->code >= 256)
			continue;
		letters[used++] = (char)row->code;
		if (has_value)
			letters[used++] = ':';
	}
	letters[used] = '\0';
	long_options[ROW_COUNT] = (struct option){ 0 };
}

static int
parse_all(struct parser *parser, int argc, char *argv[])
{
	struct option long_options[ROW_COUNT + 1];
	char letters[2 * ROW_COUNT + 3];
	int code, rc = 0;

	make_getopt(letters, long_options);
	opterr = 0;
	optind = 0; /* glibc: begin anew, also in a second parse */
	while (rc == 0 && (code = getopt_long(argc, argv, letters, long_options,
			       NULL)) != -1) {
		const struct row *row;

		if (code == 1) { /* an argument without option */
			rc = take_argument(parser, optarg);
			continue;
		}
		if (code == '?' || code == ':')
			return refuse_option(parser, code, argv);
		row = row_of(code);
		if (row->value != NULL)
			rc = check_value(parser, row, optarg,
			    optarg != argv[optind - 1]);
		if (rc == 0)
			rc = apply(parser, row->code, optarg);
		/* Who asks for help gets it, whatever else is there. */
		if (code == CODE_HELP || code == CODE_VERSION)
			return 0;
	}
	/* After "--" all that follows is arguments. */
	while (rc == 0 && optind < argc)
		rc = take_argument(parser, argv[optind++]);
	return rc;
}

int
options_parse(struct options *options, int argc, char *argv[], char *error,
    size_t error_size)
{
	struct parser parser = { options, NULL, error, error_size };
	struct argument_list *lists[] = { &options->captures,
		&options->interfaces, &options->iocs, &options->sinks };

	*options = (struct options){ .action = ACTION_RUN };
	/* Each argument lands in one list at most: argc is always enough. */
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		lists[i]->text = calloc((size_t)argc + 1, sizeof(char *));
		if (lists[i]->text == NULL)
			return refuse(&parser, "memory is short");
	}
	if (parse_all(&parser, argc, argv) == -1)
		return -1;
	if (options->action != ACTION_HELP &&
	    options->action != ACTION_VERSION && options->captures.count > 0 &&
	    options->interfaces.count > 0)
		return refuse(&parser,
		    "-r and -i exclude one another: stored captures or live");
	return 0;
}

void
options_fini(struct options *options)
{
	free(options->captures.text);
	free(options->interfaces.text);
	free(options->iocs.text);
	free(options->sinks.text);
}
