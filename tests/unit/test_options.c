#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/options.h"

#define ARGUMENTS_MAX 32

/* One command line: parsed here, freed by done(). */
struct line {
	char *argv[ARGUMENTS_MAX + 1];
	int argc, rc;
	struct options options;
	char error[512];
};

/* Words are separated by one space; '' is an empty argument. */
static void
parse(struct line *line, const char *words)
{
	*line = (struct line){ .argc = 0 };
	line->argv[line->argc++] = strdup("egress-sensor");
	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		assert_true(line->argc < ARGUMENTS_MAX);
		line->argv[line->argc++] = strncmp(words, "''", len) == 0
		                               ? strdup("")
		                               : strndup(words, len);
		words += len;
		words += *words == ' ';
	}
	line->rc = options_parse(&line->options, line->argc, line->argv,
	    line->error, sizeof line->error);
}

static void
done(struct line *line)
{
	options_fini(&line->options);
	for (int i = 0; i < line->argc; i++)
		free(line->argv[i]);
}

static void
assert_list(const struct argument_list *list, const char *words)
{
	char joined[256] = "";

	for (size_t i = 0; i < list->count; i++) {
		strcat(joined, i > 0 ? " " : "");
		strcat(joined, list->text[i]);
	}
	assert_string_equal(joined, words);
}

static void
nothing_is_set_without_arguments(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "");
	assert_int_equal(line.rc, 0);
	assert_int_equal(line.options.action, ACTION_RUN);
	assert_null(line.options.config_path);
	assert_null(line.options.filter);
	assert_null(line.options.zip_password);
	assert_int_equal(line.options.captures.count, 0);
	assert_int_equal(line.options.interfaces.count, 0);
	assert_false(line.options.has_events);
	assert_false(line.options.has_workers);
	assert_false(line.options.fail_on_hit);
	done(&line);
}

static void
every_option_reaches_its_member(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "-c a.yaml -i eth0 -f udp --workers 4 --iocs x --iocs=y "
		     "--events dns,alert -o - --output=f.json --fail-on-hit");
	assert_int_equal(line.rc, 0);
	assert_string_equal(line.options.config_path, "a.yaml");
	assert_list(&line.options.interfaces, "eth0");
	assert_string_equal(line.options.filter, "udp");
	assert_true(line.options.has_workers);
	assert_int_equal(line.options.workers, 4);
	assert_list(&line.options.iocs, "x y");
	assert_true(line.options.has_events);
	assert_int_equal(line.options.events,
	    1u << EVENT_ALERT | 1u << EVENT_DNS);
	assert_list(&line.options.sinks, "- f.json");
	assert_true(line.options.fail_on_hit);
	done(&line);
	parse(&line, "--zip-password -x- --check");
	assert_string_equal(line.options.zip_password, "-x-");
	assert_int_equal(line.options.action, ACTION_CHECK);
	done(&line);
}

static void
arguments_up_to_the_next_option_belong_to_the_list(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "-r a b - -f tcp --read c d");
	assert_int_equal(line.rc, 0);
	assert_list(&line.options.captures, "a b - c d");
	done(&line);
	parse(&line, "-ieth0 eth1 --interface=eth2 eth3");
	assert_int_equal(line.rc, 0);
	assert_list(&line.options.interfaces, "eth0 eth1 eth2 eth3");
	done(&line);
	parse(&line, "-r a -- -strange --check");
	assert_int_equal(line.rc, 0);
	assert_list(&line.options.captures, "a -strange --check");
	assert_int_equal(line.options.action, ACTION_RUN);
	done(&line);
}

static void
help_and_version_win_over_what_follows(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "-r a -i b --help --bogus");
	assert_int_equal(line.rc, 0);
	assert_int_equal(line.options.action, ACTION_HELP);
	done(&line);
	parse(&line, "--version stray");
	assert_int_equal(line.rc, 0);
	assert_int_equal(line.options.action, ACTION_VERSION);
	done(&line);
}

static void
an_empty_filter_is_a_value(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "-f '' -r a");
	assert_int_equal(line.rc, 0);
	assert_string_equal(line.options.filter, "");
	done(&line);
}

static void
mistakes_are_named(void **state)
{
	static const struct {
		const char *words, *named; /* in the message */
	} cases[] = {
		{ "--bogus", "--bogus" },
		{ "-Z", "-Z" },
		{ "--f", "--f" }, /* --filter or --fail-on-hit */
		{ "-r", "--read: needs" },
		{ "-r --check",
		    "--read: needs a value (PATH...), found '--ch" },
		{ "-i -f tcp", "--interface: needs" },
		{ "--iocs", "--iocs: needs" },
		{ "--iocs ''", "--iocs: the value is empty" },
		{ "-c ''", "--config: the value is empty" },
		{ "-r a ''", "empty" },
		{ "--check=yes", "--check: takes no value" },
		{ "stray", "'stray'" },
		{ "-r a -f tcp b", "'b'" },
		{ "-- b", "'b'" },
		{ "-r a -i b", "-r and -i" },
		{ "--workers many", "--workers: 'many'" },
		{ "--workers 257", "--workers: 257" },
		{ "--workers 99999999999999999999", "--workers: '9999" },
		{ "--workers 3x", "--workers: '3x'" },
		{ "--workers -1", "--workers: needs" },
		{ "--events ''", "--events" },
		{ "--events alerts", "--events: unknown event type 'alerts'" },
		{ "--events alert,", "--events: unknown event type ''" },
	};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		parse(&line, cases[i].words);
		if (line.rc != -1 || strstr(line.error, cases[i].named) == NULL)
			fail_msg("%s: %d, %s", cases[i].words, line.rc,
			    line.error);
		assert_non_null(
		    strstr(line.error, "Try 'egress-sensor --help'"));
		assert_null(strchr(line.error, '\n'));
		done(&line);
	}
}

static void
all_is_every_type(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "--events all -r a");
	assert_int_equal(line.rc, 0);
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++)
		assert_true(event_set_has(line.options.events, i));
	done(&line);
}

static void
each_type_can_be_asked_for_by_name(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "--events beacon,stats -r a");
	assert_int_equal(line.rc, 0);
	assert_int_equal(line.options.events,
	    1u << EVENT_BEACON | 1u << EVENT_STATS);
	done(&line);
}

static char *
help_text(void)
{
	static char *text; /* gcc 12 takes a local one for dangling */
	size_t len;
	FILE *to = open_memstream(&text, &len);

	options_print_help(to);
	fclose(to);
	return text;
}

static char *
file_text(const char *path)
{
	FILE *from = fopen(path, "r");
	char *text = calloc(1, 65536);

	if (from == NULL)
		fail_msg("%s: cannot be read (run this from the top)", path);
	assert_in_range(fread(text, 1, 65535, from), 1000, 65000);
	fclose(from);
	return text;
}

/* Whether one of our long options is `name`, of `len` octets. */
static bool
is_option(const char *name, size_t len)
{
	const char *known;
	char letter;

	for (size_t i = 0; (known = options_name(i, &letter)) != NULL; i++) {
		if (strlen(known) == len && memcmp(known, name, len) == 0)
			return true;
	}
	return false;
}

/* Every word after `mark` is an option, and every option is such a word. */
static void
assert_same_options(const char *text, const char *mark, const char *where)
{
	const char *known, *at = text;
	char letter, wanted[64];

	while ((at = strstr(at, mark)) != NULL) {
		size_t len = 0;

		at += strlen(mark);
		while (isalpha((unsigned char)at[len]) || at[len] == '-')
			len++;
		if (!is_option(at, len))
			fail_msg("%s: --%.*s is no option", where, (int)len,
			    at);
	}
	for (size_t i = 0; (known = options_name(i, &letter)) != NULL; i++) {
		snprintf(wanted, sizeof wanted, "%s%s", mark, known);
		if (strstr(text, wanted) == NULL)
			fail_msg("%s: --%s is missing", where, known);
	}
}

static void
help_names_every_option_and_no_other(void **state)
{
	char *text = help_text();

	(void)state;
	assert_same_options(text, "--", "--help");
	free(text);
}

static void
the_manual_names_every_option_and_no_other(void **state)
{
	char *text = file_text("docs/egress-sensor.1");
	char letter, wanted[64];
	const char *name;

	(void)state;
	assert_same_options(text, "Fl Fl ", "manual");
	for (size_t i = 0; (name = options_name(i, &letter)) != NULL; i++) {
		if (letter == 0)
			continue;
		snprintf(wanted, sizeof wanted, ".It Fl %c , Fl Fl %s", letter,
		    name);
		if (strstr(text, wanted) == NULL)
			fail_msg("manual: %s", wanted);
	}
	free(text);
}

static void
the_manual_names_every_event_type(void **state)
{
	char *text = file_text("docs/egress-sensor.1");
	char wanted[64];

	(void)state;
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		snprintf(wanted, sizeof wanted, ".It Cm %s\n",
		    event_type_name(i));
		if (strstr(text, wanted) == NULL)
			fail_msg("manual: %s", wanted);
	}
	free(text);
}

static void
help_names_every_event_type(void **state)
{
	char *text = help_text();
	const char *at = strstr(text, "Event types to write"), *end;
	char list[256] = "";

	(void)state;
	assert_non_null(at);
	end = strstr(at, "all.");
	assert_non_null(end);
	strncat(list, at, (size_t)(end - at) < 255 ? (size_t)(end - at) : 255);
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		if (strstr(list, event_type_name(i)) == NULL)
			fail_msg("--help: %s", event_type_name(i));
	}
	free(text);
}

static void
help_fits_80_columns(void **state)
{
	char *text = help_text();
	size_t column = 0;

	(void)state;
	for (const char *at = text; *at != '\0'; at++) {
		column = *at == '\n' ? 0 : column + 1;
		assert_in_range(column, 0, 80);
		assert_int_not_equal(*at, '\t');
	}
	free(text);
}

static void
version_is_one_line(void **state)
{
	char text[64] = "";
	FILE *to = fmemopen(text, sizeof text, "w");

	(void)state;
	options_print_version(to);
	fclose(to);
	assert_string_equal(text, "egress-sensor " SENSOR_VERSION "\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_set_without_arguments),
		cmocka_unit_test(every_option_reaches_its_member),
		cmocka_unit_test(
		    arguments_up_to_the_next_option_belong_to_the_list),
		cmocka_unit_test(help_and_version_win_over_what_follows),
		cmocka_unit_test(an_empty_filter_is_a_value),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(all_is_every_type),
		cmocka_unit_test(each_type_can_be_asked_for_by_name),
		cmocka_unit_test(help_names_every_option_and_no_other),
		cmocka_unit_test(the_manual_names_every_option_and_no_other),
		cmocka_unit_test(the_manual_names_every_event_type),
		cmocka_unit_test(help_names_every_event_type),
		cmocka_unit_test(help_fits_80_columns),
		cmocka_unit_test(version_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
