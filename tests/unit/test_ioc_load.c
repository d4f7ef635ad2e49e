#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "iocs/ioc_load.h"

/* The tests run in the project's root. */
#define DATA    "tests/data/iocs/"
#define BUNDLED "iocs/bundled"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* What was loaded, and all that was said. */
struct loaded {
	int rc;
	struct ioc_set *set;
	struct ioc_load_counts counts;
	char error[256];
	char said[65536]; /* "file:line: message\n" */
};

static void
say(void *arg, const char *path, unsigned line, const char *message)
{
	struct loaded *loaded = arg;
	const char *slash = strrchr(path, '/');
	size_t len = strlen(loaded->said);

	snprintf(loaded->said + len, sizeof loaded->said - len, "%s:%u: %s\n",
	    slash != NULL ? slash + 1 : path, line, message);
}

static struct loaded *
load(const char *const *paths, size_t count)
{
	struct loaded *loaded = calloc(1, sizeof *loaded);

	assert_non_null(loaded);
	loaded->rc = ioc_load(paths, count, say, loaded, &loaded->counts,
	    &loaded->set, loaded->error, sizeof loaded->error);
	return loaded;
}

static struct loaded *
load_file(const char *path)
{
	return load(&path, 1);
}

static struct loaded *
load_text(const char *text, size_t len)
{
	struct loaded *loaded = calloc(1, sizeof *loaded);

	assert_non_null(loaded);
	loaded->rc = ioc_load_memory("text", text, len, say, loaded,
	    &loaded->counts, &loaded->set, loaded->error, sizeof loaded->error);
	return loaded;
}

static void
unload(struct loaded *loaded)
{
	ioc_set_free(loaded->set);
	free(loaded);
}

/* The indicator of the value; the test fails where there is none. */
static const struct indicator *
get(const struct loaded *loaded, enum indicator_type type, const char *value)
{
	for (size_t i = 0; i < ioc_set_total(loaded->set); i++) {
		const struct indicator *indicator = ioc_set_at(loaded->set, i);

		if (indicator->type == type &&
		    strcmp(indicator->value, value) == 0)
			return indicator;
	}
	fail_msg("no %s %s", indicator_type_name(type), value);
	return NULL;
}

static void
check_counts(const struct loaded *loaded, size_t indicators, size_t duplicates,
    size_t rejected, size_t withdrawn, size_t skipped)
{
	if (loaded->rc != 0)
		fail_msg("%s", loaded->error);
	assert_int_equal(loaded->counts.indicators, indicators);
	assert_int_equal(loaded->counts.duplicates, duplicates);
	assert_int_equal(loaded->counts.rejected, rejected);
	assert_int_equal(loaded->counts.withdrawn, withdrawn);
	assert_int_equal(loaded->counts.skipped, skipped);
	assert_int_equal(ioc_set_total(loaded->set), indicators);
}

static void
check_feed(const struct indicator *indicator, const char *source,
    const char *campaign, const char *reference)
{
	assert_string_equal(indicator->feed->source, source);
	if (campaign == NULL)
		assert_null(indicator->feed->campaign);
	else
		assert_string_equal(indicator->feed->campaign, campaign);
	if (reference == NULL)
		assert_null(indicator->feed->reference);
	else
		assert_string_equal(indicator->feed->reference, reference);
}

#define SAID(loaded, part)                                                     \
	do {                                                                   \
		if (strstr((loaded)->said, (part)) == NULL)                    \
			fail_msg("not said: %s\n%s", (part), (loaded)->said);  \
	} while (0)

static void
stix_bundles_give_indicators_with_source_and_campaign(void **state)
{
	struct loaded *loaded = load_file(DATA "stix.json");
	const struct indicator *indicator;

	(void)state;
	check_counts(loaded, 11, 2, 1, 2, 1);
	indicator = get(loaded, INDICATOR_DOMAIN, "stix-domain.example");
	check_feed(indicator, "Example Vendor", "example-campaign",
	    "https://vendor.example/report");
	assert_int_equal(indicator->confidence, 85);
	assert_string_equal(indicator->description, "C2 domain");
	/* date -u -d 2026-01-01 +%s; 2026-06-01 */
	assert_int_equal(indicator->valid_from_us, 1767225600000000);
	assert_int_equal(indicator->valid_until_us, 1780272000500000);
	indicator = get(loaded, INDICATOR_ADDRESS, "198.51.100.0/24");
	check_feed(indicator, "Example CERT", NULL, NULL);
	assert_int_equal(indicator->confidence, 50);
	get(loaded, INDICATOR_ADDRESS, "192.0.2.1");
	get(loaded, INDICATOR_ADDRESS, "2001:db8::1");
	indicator = get(loaded, INDICATOR_ADDRESS, "192.0.2.2:8000");
	assert_int_equal(indicator->port, 8000);
	check_feed(indicator, "stix.json", NULL, NULL);
	get(loaded, INDICATOR_USER_AGENT, "it's a \\ test (x; y)");
	get(loaded, INDICATOR_PATH, "/gate/12345");
	get(loaded, INDICATOR_HTTP_BODY, "hello, world");
	get(loaded, INDICATOR_URL, "http://url.example:8080/a/b?c=d");
	get(loaded, INDICATOR_DOMAIN, "newer.example");
	indicator = get(loaded, INDICATOR_DOMAIN, "observed.example");
	assert_int_equal(indicator->confidence, 30);
	SAID(loaded, "FOLLOWEDBY or a qualifier");
	SAID(loaded, "not matched: 1 (yara)");
	unload(loaded);
}

static void
a_newer_stix_object_in_another_file_withdraws_an_older_one(void **state)
{
	static const char *const orders[][2] = {
		{ DATA "stix.json", DATA "stix_update.json" },
		{ DATA "stix_update.json", DATA "stix.json" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(orders); i++) {
		struct loaded *loaded = load(orders[i], 2);

		check_counts(loaded, 10, 4, 1, 3, 1);
		get(loaded, INDICATOR_DOMAIN, "newer.example");
		for (size_t n = 0; n < ioc_set_total(loaded->set); n++)
			assert_string_not_equal(ioc_set_at(loaded->set, n)
						    ->value,
			    "stix-domain.example");
		unload(loaded);
	}
}

static void
misp_events_give_what_is_for_detection(void **state)
{
	struct loaded *loaded = load_file(DATA "misp_event.json");
	const struct indicator *indicator;

	(void)state;
	check_counts(loaded, 12, 0, 1, 4, 1);
	indicator = get(loaded, INDICATOR_DOMAIN, "misp-domain.example");
	check_feed(indicator, "Example CERT", "Example campaign, first wave",
	    "https://vendor.example/misp");
	assert_string_equal(indicator->description, "C2");
	/* date -u -d '2026-03-30 16:03:46' +%s */
	assert_int_equal(indicator->valid_from_us, 1774886626000000);
	get(loaded, INDICATOR_HOST, "host.misp.example");
	get(loaded, INDICATOR_HOST, "port.misp.example");
	indicator = get(loaded, INDICATOR_ADDRESS, "192.0.2.11:8080");
	assert_int_equal(indicator->port, 8080);
	get(loaded, INDICATOR_DOMAIN, "pair.example");
	get(loaded, INDICATOR_ADDRESS, "192.0.2.12");
	get(loaded, INDICATOR_URL, "http://misp-url.example/x");
	get(loaded, INDICATOR_PATH, "/misp/path");
	get(loaded, INDICATOR_USER_AGENT, "MISP agent/1.0");
	get(loaded, INDICATOR_DOMAIN, "object.example");
	SAID(loaded, "'192.168.1.1': private address space");
	get(loaded, INDICATOR_JA3, "e7d705a3286e19ea42f587b344ee6865");
	SAID(loaded, "by their own word: 4");
	unload(loaded);
}

static void
a_misp_feed_is_read_by_its_manifest(void **state)
{
	struct loaded *loaded = load_file(DATA "misp_feed");

	(void)state;
	check_counts(loaded, 1, 0, 0, 0, 0);
	assert_int_equal(loaded->counts.files, 1);
	check_feed(get(loaded, INDICATOR_DOMAIN, "feed.example"),
	    "Example CERT", "Feed event", NULL);
	assert_string_equal(loaded->said, "");
	unload(loaded);
}

static void
events_come_in_lists_and_responses_too(void **state)
{
	static const char *const texts[] = {
		"[{\"Event\":{\"Attribute\":[{\"type\":\"domain\","
		"\"value\":\"evil.example\"}]}}]",
		"{\"response\":[{\"Event\":{\"Attribute\":[{\"type\":"
		"\"domain\",\"value\":\"evil.example\"}]}}]}",
		"{\"response\":{\"Attribute\":[{\"type\":\"domain\","
		"\"value\":\"evil.example\",\"to_ids\":\"1\"}]}}",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct loaded *loaded = load_text(texts[i], strlen(texts[i]));

		check_counts(loaded, 1, 0, 0, 0, 0);
		unload(loaded);
	}
}

static void
threatfox_exports_are_read_by_their_header(void **state)
{
	struct loaded *loaded = load_file(DATA "threatfox.csv");
	const struct indicator *indicator;

	(void)state;
	check_counts(loaded, 3, 0, 0, 0, 1);
	indicator = get(loaded, INDICATOR_ADDRESS, "192.0.2.20:8000");
	check_feed(indicator, "ThreatFox", "ExampleRAT",
	    "https://vendor.example/tf");
	assert_string_equal(indicator->description, "botnet_cc");
	assert_int_equal(indicator->confidence, 100);
	/* last_seen is when it was seen last, not an end. */
	assert_int_equal(indicator->valid_until_us, 0);
	/* date -u -d '2026-03-31 05:09:04' +%s */
	assert_int_equal(indicator->valid_from_us, 1774933744000000);
	check_feed(get(loaded, INDICATOR_DOMAIN, "threatfox.example"),
	    "ThreatFox", "ExampleRAT", NULL);
	get(loaded, INDICATOR_URL, "http://threatfox-url.example/a,b");
	unload(loaded);
}

static void
urlhaus_exports_give_urls(void **state)
{
	struct loaded *loaded = load_file(DATA "urlhaus.csv");
	const struct indicator *indicator;

	(void)state;
	check_counts(loaded, 2, 0, 0, 0, 0);
	indicator = get(loaded, INDICATOR_URL, "http://192.0.2.21:8080/x.sh");
	check_feed(indicator, "URLhaus", NULL,
	    "https://urlhaus.example/url/3000001/");
	assert_string_equal(indicator->description, "malware_download");
	get(loaded, INDICATOR_URL, "https://urlhaus.example/payload.exe");
	unload(loaded);
}

static void
feodo_lists_have_the_port_in_a_column_and_a_bad_one_is_no_any(void **state)
{
	struct loaded *loaded = load_file(DATA "feodo.csv");

	(void)state;
	check_counts(loaded, 1, 0, 1, 0, 0);
	check_feed(get(loaded, INDICATOR_ADDRESS, "192.0.2.22:443"),
	    "Feodo Tracker", "ExampleBot", NULL);
	SAID(loaded, "feodo.csv:7: '70000': the port is no number");
	unload(loaded);
}

static void
tables_with_a_type_column_are_read_by_it(void **state)
{
	struct loaded *loaded = load_file(DATA "datadog.csv");
	const struct indicator *indicator;

	(void)state;
	check_counts(loaded, 6, 0, 1, 0, 1);
	get(loaded, INDICATOR_PACKAGE, "pkg:npm/example@1.14.1");
	indicator = get(loaded, INDICATOR_DOMAIN, "datadog.example");
	check_feed(indicator, "datadog.csv", NULL, NULL);
	assert_string_equal(indicator->description, "C2 server");
	get(loaded, INDICATOR_ADDRESS, "192.0.2.24");
	get(loaded, INDICATOR_HOST, "exact.datadog.example");
	get(loaded, INDICATOR_USER_AGENT,
	    "mozilla/4.0 (compatible; msie 8.0; windows nt 5.1; "
	    "trident/4.0)");
	SAID(loaded, "datadog.csv:9: 'flux capacitor': not a type");
	unload(loaded);
}

static void
a_byte_order_mark_and_quoted_line_ends_do_no_harm(void **state)
{
	struct loaded *loaded = load_file(DATA "wiz_bom.csv");

	(void)state;
	check_counts(loaded, 2, 0, 0, 0, 0);
	get(loaded, INDICATOR_DOMAIN, "wiz.example");
	check_feed(get(loaded, INDICATOR_ADDRESS, "192.0.2.25"), "wiz_bom.csv",
	    NULL, "a \"quoted\",\nlong one");
	unload(loaded);
	loaded = load_text("\xef\xbb\xbf"
			   "192.0.2.1\n",
	    13);
	check_counts(loaded, 1, 0, 0, 0, 0);
	get(loaded, INDICATOR_ADDRESS, "192.0.2.1");
	unload(loaded);
}

static void
all_columns_of_our_own_tables_are_read(void **state)
{
	struct loaded *loaded = load_file(DATA "ours.csv");
	const struct indicator *indicator;

	(void)state;
	check_counts(loaded, 2, 0, 0, 0, 0);
	indicator = get(loaded, INDICATOR_ADDRESS, "192.0.2.26:8443");
	check_feed(indicator, "Example CERT", "case-1",
	    "https://vendor.example/1");
	assert_int_equal(indicator->port, 8443);
	assert_int_equal(indicator->confidence, 90);
	assert_int_equal(indicator->valid_from_us, 1767225600000000);
	assert_int_equal(indicator->valid_until_us, 1769904000000000);
	assert_string_equal(indicator->description, "server, rented");
	/* STIX 2.1 appendix A: High is 85. */
	assert_int_equal(
	    get(loaded, INDICATOR_DOMAIN, "ours.example")->confidence, 85);
	unload(loaded);
}

static void
tables_without_a_header_are_read_by_the_look_of_their_fields(void **state)
{
	struct loaded *loaded = load_file(DATA "headerless.csv");

	(void)state;
	check_counts(loaded, 2, 0, 1, 0, 0);
	get(loaded, INDICATOR_DOMAIN, "trail.example");
	get(loaded, INDICATOR_ADDRESS, "192.0.2.27:1224");
	SAID(loaded, "headerless.csv:3: 'nothing here'");
	unload(loaded);
}

static void
zeek_intel_names_match_exactly_and_whitelisted_ones_not_at_all(void **state)
{
	struct loaded *loaded = load_file(DATA "zeek.intel");

	(void)state;
	check_counts(loaded, 5, 0, 2, 1, 1);
	check_feed(get(loaded, INDICATOR_HOST, "zeek.example"), "Example CERT",
	    NULL, "https://vendor.example/zeek");
	get(loaded, INDICATOR_ADDRESS, "192.0.2.30");
	get(loaded, INDICATOR_ADDRESS, "198.51.100.128/25");
	get(loaded, INDICATOR_URL, "http://zeek-url.example/path");
	get(loaded, INDICATOR_USER_AGENT, "Zeek agent (x, y)");
	SAID(loaded, "zeek.intel:9: '10.1.2.3'");
	SAID(loaded, "zeek.intel:10: 'broken'");
	unload(loaded);
}

static void
plain_lists_take_values_of_any_look_and_report_the_rest(void **state)
{
	struct loaded *loaded = load_file(DATA "plain.txt");

	(void)state;
	check_counts(loaded, 15, 0, 8, 0, 0);
	get(loaded, INDICATOR_DOMAIN, "upper.example");
	get(loaded, INDICATOR_DOMAIN, "et-style.example");
	get(loaded, INDICATOR_DOMAIN, "xn--bcher-kva.example");
	get(loaded, INDICATOR_DOMAIN, "wildcard.example");
	get(loaded, INDICATOR_ADDRESS, "[2001:db8:2::1]:443");
	get(loaded, INDICATOR_PATH, "/only/a/path");
	SAID(loaded, "plain.txt:18: 'com': one label only");
	SAID(loaded, "plain.txt:19: 'co.uk': a public suffix");
	SAID(loaded, "plain.txt:25: 'user@mail.example': a mail address");
	unload(loaded);
}

static void
hosts_files_give_the_names_and_not_the_machine_itself(void **state)
{
	struct loaded *loaded = load_file(DATA "hosts");

	(void)state;
	check_counts(loaded, 3, 0, 0, 0, 0);
	get(loaded, INDICATOR_DOMAIN, "hosts-one.example");
	get(loaded, INDICATOR_DOMAIN, "hosts-two.example");
	get(loaded, INDICATOR_DOMAIN, "hosts-tab.example");
	unload(loaded);
}

static void
maltrail_trails_keep_the_reference_above_them(void **state)
{
	struct loaded *loaded = load_file(DATA "maltrail.txt");

	(void)state;
	check_counts(loaded, 5, 0, 0, 0, 0);
	check_feed(get(loaded, INDICATOR_DOMAIN, "trail-one.example"),
	    "maltrail.txt", NULL, "https://vendor.example/trail-1");
	get(loaded, INDICATOR_ADDRESS, "192.0.2.50:8000");
	get(loaded, INDICATOR_URL, "http://192.0.2.51/");
	check_feed(get(loaded, INDICATOR_URL,
		       "http://trail-two.example/gate.php"),
	    "maltrail.txt", NULL, "https://vendor.example/trail-2");
	get(loaded, INDICATOR_PATH, "/update/49890878");
	unload(loaded);
}

static void
a_file_that_cannot_be_read_fails_the_load(void **state)
{
	static const struct {
		const char *path, *error;
	} cases[] = {
		{ DATA "hostile/utf16.txt", "UTF-16" },
		{ DATA "hostile/binary.dat", "a NUL in it" },
		{ DATA "hostile/broken.json", "broken.json:3: JSON: syntax" },
		{ DATA "hostile/lines.json", "one document a file" },
		{ DATA "hostile/page.txt", "HTML" },
		{ DATA "hostile/other.json", "neither a STIX bundle" },
		{ DATA "hostile/empty.txt", "no indicator" },
		{ DATA "not-there", "No such file" },
	};
	const char *paths[2] = { DATA "plain.txt" };

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct loaded *loaded = load_file(cases[i].path);

		assert_int_equal(loaded->rc, -1);
		if (strstr(loaded->error, cases[i].error) == NULL)
			fail_msg("%s: %s", cases[i].path, loaded->error);
		unload(loaded);
		if (strstr(cases[i].path, "empty") != NULL)
			continue;
		/* A good file beside it does not hide it. */
		paths[1] = cases[i].path;
		loaded = load(paths, 2);
		assert_int_equal(loaded->rc, -1);
		unload(loaded);
	}
}

static void
nothing_to_load_is_an_error(void **state)
{
	struct loaded *loaded = load(NULL, 0);

	(void)state;
	assert_int_equal(loaded->rc, -1);
	assert_string_equal(loaded->error,
	    "no indicator in 0 files (0 entries rejected)");
	unload(loaded);
	loaded = load_text("# nothing\n\n", 11);
	assert_int_equal(loaded->rc, -1);
	unload(loaded);
}

static void
a_manifest_does_not_lead_out_of_its_directory(void **state)
{
	static const char text[] =
	    "{\"../../../../etc/passwd\": {\"info\": \"x\"}}";
	char directory[] = "/tmp/test_ioc_load.XXXXXX", path[64];
	struct loaded *loaded;
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/manifest.json", directory);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	loaded = load_file(directory);
	assert_int_equal(loaded->rc, -1);
	SAID(loaded, "manifest.json:0: no manifest of a MISP feed");
	unload(loaded);
	unlink(path);
	rmdir(directory);
}

static void
directories_are_read_below_and_sorted_and_other_files_named(void **state)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{ "b.txt", "same.example\n" },
		{ "a.csv", "value,confidence\nsame.example,90\n" },
		{ "README.md", "not a feed\n" },
		{ "script.py", "print('no feed')\n" },
		{ ".hidden.txt", "hidden.example\n" },
		{ "below/c.list", "below.example\n" },
	};
	char directory[] = "/tmp/test_ioc_load.XXXXXX", path[128];
	struct loaded *loaded;
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/below", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < LENGTH(files); i++) {
		snprintf(path, sizeof path, "%s/%s", directory, files[i].name);
		out = fopen(path, "w");
		assert_non_null(out);
		fputs(files[i].text, out);
		fclose(out);
	}
	loaded = load_file(directory);
	check_counts(loaded, 2, 1, 0, 0, 0);
	assert_int_equal(loaded->counts.files, 3);
	check_feed(get(loaded, INDICATOR_DOMAIN, "same.example"), "a.csv", NULL,
	    NULL);
	assert_string_equal(loaded->said,
	    "script.py:0: not read: no name of a feed "
	    "(.json .csv .txt .intel)\n");
	unload(loaded);
	for (size_t i = 0; i < LENGTH(files); i++) {
		snprintf(path, sizeof path, "%s/%s", directory, files[i].name);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/below", directory);
	rmdir(path);
	rmdir(directory);
}

static void
a_line_that_is_too_long_costs_itself_only(void **state)
{
	size_t len = 200000;
	char *text = malloc(len + 64);
	struct loaded *loaded;

	(void)state;
	assert_non_null(text);
	strcpy(text, "a.example\n");
	memset(text + 10, 'x', len);
	strcpy(text + 10 + len, "\nb.example\n");
	loaded = load_text(text, strlen(text));
	check_counts(loaded, 2, 0, 1, 0, 0);
	SAID(loaded, "text:2: the line is longer than 64 KiB");
	unload(loaded);
	free(text);
}

static void
what_is_said_has_nothing_that_a_terminal_obeys(void **state)
{
	static const char text[] = "a.example\n\x1b[2Jevil\x9b\r\x7f!\n";
	struct loaded *loaded = load_text(text, sizeof text - 1);

	(void)state;
	check_counts(loaded, 1, 0, 1, 0, 0);
	for (const char *at = loaded->said; *at != '\0'; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at < 0x7f));
	unload(loaded);
}

static void
a_quote_without_end_costs_its_line_only(void **state)
{
	static const char text[] = "type,value\ndomain,a.example\n"
				   "domain,\"b.example\ndomain,c.example\n";
	struct loaded *loaded = load_text(text, sizeof text - 1);

	(void)state;
	check_counts(loaded, 2, 0, 1, 0, 0);
	SAID(loaded, "text:3: 'domain,\"b.example': a quoted field");
	unload(loaded);
}

/* Each prefix of a file is a file of its own that loads or does not. */
static void
every_prefix_of_every_sample_has_an_answer(void **state)
{
	static const char *const paths[] = { DATA "stix_update.json",
		DATA "misp_event.json", DATA "threatfox.csv",
		DATA "wiz_bom.csv", DATA "zeek.intel", DATA "maltrail.txt",
		DATA "hosts" };

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++) {
		FILE *in = fopen(paths[i], "r");
		char *text = malloc(65536);
		size_t len, step;

		assert_non_null(in);
		assert_non_null(text);
		len = fread(text, 1, 65536, in);
		fclose(in);
		step = len > 1000 ? 7 : 1;
		for (size_t n = 0; n <= len; n += step) {
			char *block = malloc(n + 1);

			assert_non_null(block);
			memcpy(block + 1, text, n);
			unload(load_text(block + 1, n));
			free(block);
		}
		free(text);
	}
}

static void
the_bundled_sets_load_without_a_word(void **state)
{
	struct loaded *loaded = load_file(BUNDLED);
	const struct indicator *indicator;

	(void)state;
	assert_string_equal(loaded->said, "");
	assert_int_equal(loaded->rc, 0);
	assert_int_equal(loaded->counts.duplicates, 0);
	assert_int_equal(loaded->counts.rejected, 0);
	indicator = get(loaded, INDICATOR_DOMAIN, "sfrclak.com");
	assert_string_equal(indicator->feed->campaign, "axios-npm-2026-03-31");
	assert_int_equal(indicator->confidence, 95);
	get(loaded, INDICATOR_DOMAIN, "callnrwise.com");
	get(loaded, INDICATOR_DOMAIN, "calltan.com");
	get(loaded, INDICATOR_DOMAIN, "hwsrv-1320779.hostwindsdns.com");
	indicator = get(loaded, INDICATOR_ADDRESS, "142.11.206.73");
	assert_int_equal(indicator->port, 0);
	get(loaded, INDICATOR_URL, "http://sfrclak.com:8000/6202033");
	get(loaded, INDICATOR_PATH, "/6202033");
	get(loaded, INDICATOR_USER_AGENT,
	    "mozilla/4.0 (compatible; msie 8.0; windows nt 5.1; "
	    "trident/4.0)");
	get(loaded, INDICATOR_HTTP_BODY, "packages.npm.org/product0");
	get(loaded, INDICATOR_HTTP_BODY, "packages.npm.org/product1");
	get(loaded, INDICATOR_HTTP_BODY, "packages.npm.org/product2");
	get(loaded, INDICATOR_DOMAIN, "checkmarx.zone");
	get(loaded, INDICATOR_HOST, "tdtqy-oyaaa-aaaae-af2dq-cai.raw.icp0.io");
	for (size_t i = 0; i < ioc_set_total(loaded->set); i++) {
		indicator = ioc_set_at(loaded->set, i);
		assert_non_null(indicator->feed->campaign);
		assert_non_null(indicator->description);
		assert_in_range(indicator->confidence, 1, 95);
	}
	unload(loaded);
}

/* Each format has its own way to say that a value is a package. */
static void
packages_are_read_from_every_format_that_can_say_so(void **state)
{
	static const char *const texts[] = {
		"pkg:npm/a@1.0.0 # the worm\npkg:npm/%40b/c\n",
		"type,value\npackage,pkg:npm/a@1.0.0\npurl,pkg:npm/@b/c\n",
		"purl,campaign\npkg:npm/a@1.0.0,x\npkg:npm/@b/c?d=e,y\n",
		"pkg:npm/a@1.0.0,one\npkg:npm/%40b/c,two\n",
		"{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\","
		"\"id\":\"indicator--1\",\"pattern_type\":\"stix\","
		"\"pattern\":\"[url:value = 'pkg:npm/a@1.0.0']\"},"
		"{\"type\":\"url\",\"id\":\"url--1\","
		"\"value\":\"pkg:npm/%40b/c\"}]}",
		"{\"Event\":{\"info\":\"x\",\"Object\":[{\"Attribute\":["
		"{\"type\":\"text\",\"object_relation\":\"package-purl\","
		"\"value\":\"pkg:npm/a@1.0.0\",\"to_ids\":true},"
		"{\"type\":\"text\",\"object_relation\":\"package-purl\","
		"\"value\":\"pkg:npm/good\",\"to_ids\":true},"
		"{\"type\":\"text\",\"object_relation\":\"package-purl\","
		"\"value\":\"pkg:npm/d@1.0.0\",\"to_ids\":false},"
		"{\"type\":\"purl\",\"value\":\"pkg:npm/%40b/c\"}"
		"]}]}}",
		"#fields\tindicator\tindicator_type\tmeta.source\n"
		"pkg:npm/a@1.0.0\tIntel::PACKAGE\tx\n"
		"pkg:npm/%40b/c\tIntel::URL\tx\n",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct loaded *loaded = load_text(texts[i], strlen(texts[i]));

		assert_int_equal(loaded->rc, 0);
		assert_int_equal(loaded->counts.indicators, 2);
		assert_int_equal(loaded->counts.rejected, 0);
		get(loaded, INDICATOR_PACKAGE, "pkg:npm/a@1.0.0");
		get(loaded, INDICATOR_PACKAGE, "pkg:npm/%40b/c");
		unload(loaded);
	}
}

#define MD5_A "e7d705a3286e19ea42f587b344ee6865"
#define MD5_B "6734f37431670b3ab4292b8f60f29984"
#define JA4   "t13d1516h2_8daaf6152771_e5627efa2ab1"

/* Each as its publisher has it; what nobody can mean is not there. */
static void
fingerprints_countries_and_networks_are_read_where_they_are_named(void **state)
{
	static const struct {
		const char *text;
		enum indicator_type type[2];
		const char *value[2];
	} cases[] = {
		/* abuse.ch's SSLBL. */
		{ "# ja3_md5,Firstseen,Lastseen,Listingreason\n" MD5_A
		  ",2017-07-14 18:08:15,2019-07-27 20:42:54,Adware\n" MD5_B
		  ",2017-07-14 18:08:15,2019-07-27 20:42:54,Dridex\n",
		    { INDICATOR_JA3, INDICATOR_JA3 }, { MD5_A, MD5_B } },
		{ "type,value\nja3s," MD5_A "\nja4," JA4 "\n",
		    { INDICATOR_JA3S, INDICATOR_JA4 }, { MD5_A, JA4 } },
		{ "type,value\ncountry,kp\nasn,64496\n",
		    { INDICATOR_COUNTRY, INDICATOR_ASN }, { "KP", "AS64496" } },
		{ JA4 "\nAS64496 ; Example\n", { INDICATOR_JA4, INDICATOR_ASN },
		    { JA4, "AS64496" } },
		{ "#fields\tindicator\tindicator_type\tmeta.source\n" MD5_A
		  "\tIntel::JA3\tx\n" MD5_B "\tIntel::JA3S\tx\n",
		    { INDICATOR_JA3, INDICATOR_JA3S }, { MD5_A, MD5_B } },
		/* MISP's objects ja3s and ja4-plus. */
		{ "{\"Event\":{\"info\":\"x\",\"Object\":[{\"Attribute\":["
		  "{\"type\":\"ja3-fingerprint-md5\",\"object_relation\":"
		  "\"ja3s-fingerprint-md5\",\"value\":\"" MD5_A "\"},"
		  "{\"type\":\"text\",\"object_relation\":"
		  "\"ja4-fingerprint\",\"value\":\"" JA4 "\"},"
		  "{\"type\":\"text\",\"object_relation\":"
		  "\"ja4-fingerprint\",\"value\":\"t130200_1234\"},"
		  "{\"type\":\"AS\",\"value\":\"64496\","
		  "\"to_ids\":false}]}]}}",
		    { INDICATOR_JA3S, INDICATOR_JA4 }, { MD5_A, JA4 } },
		{ "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\","
		  "\"id\":\"indicator--1\",\"pattern_type\":\"stix\","
		  "\"pattern\":\"[autonomous-system:number = 64496 OR "
		  "domain-name:value = 'a.example']\"}]}",
		    { INDICATOR_ASN, INDICATOR_DOMAIN },
		    { "AS64496", "a.example" } },
		/* Beside an address a network says where that is. */
		{ "AS64496,192.0.2.1\nAS64497,192.0.2.2\n",
		    { INDICATOR_ADDRESS, INDICATOR_ADDRESS },
		    { "192.0.2.1", "192.0.2.2" } },
		{ "dst_ip,country,asn\n192.0.2.1,US,64496\n192.0.2.2,US,1\n",
		    { INDICATOR_ADDRESS, INDICATOR_ADDRESS },
		    { "192.0.2.1", "192.0.2.2" } },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct loaded *loaded = load_text(cases[i].text,
		    strlen(cases[i].text));

		assert_int_equal(loaded->rc, 0);
		assert_int_equal(loaded->counts.indicators, 2);
		assert_int_equal(loaded->counts.rejected, 0);
		for (int n = 0; n < 2; n++)
			get(loaded, cases[i].type[n], cases[i].value[n]);
		unload(loaded);
	}
}

/* The versions before and after are good ones. */
static void
bundled_packages_are_the_bad_versions_only(void **state)
{
	static const struct {
		const char *purl;
		size_t count;
	} cases[] = {
		{ "pkg:npm/axios@1.14.1", 1 },
		{ "pkg:npm/axios@0.30.4", 1 },
		{ "pkg:npm/axios@1.14.0", 0 },
		{ "pkg:npm/axios@1.14.2", 0 },
		{ "pkg:npm/axios@0.30.3", 0 },
		{ "pkg:npm/plain-crypto-js@4.2.1", 1 },
		{ "pkg:npm/crypto-js@4.2.1", 0 },
		{ "pkg:npm/%40shadanai/openclaw@2026.3.31-2", 1 },
		{ "pkg:npm/openclaw@2026.3.31-2", 0 },
		{ "pkg:pypi/litellm@1.82.7", 1 },
		{ "pkg:pypi/litellm@1.82.8", 1 },
		{ "pkg:pypi/litellm@1.82.6", 0 },
		{ "pkg:pypi/telnyx@4.87.2", 1 },
		{ "pkg:npm/telnyx@4.87.2", 0 },
	};
	struct loaded *loaded = load_file(BUNDLED);
	const struct indicator *found[2];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		if (ioc_match_package(loaded->set, cases[i].purl,
			strlen(cases[i].purl), 0, found, 2) != cases[i].count)
			fail_msg("%s", cases[i].purl);
	assert_int_equal(ioc_set_count(loaded->set, INDICATOR_PACKAGE), 12);
	unload(loaded);
}

static void
bundled_sets_leave_benign_names_alone(void **state)
{
	static const char *const benign[] = { "packages.npm.org", "npmjs.org",
		"github.com", "api.github.com", "webhook.site", "bun.sh",
		"fulcio.sigstore.dev", "filev2.getsession.org", "icp0.io",
		"trycloudflare.com", "litellm.ai", "checkmarx.com",
		"aquasecurity.github.io" };
	struct loaded *loaded = load_file(BUNDLED);
	const struct indicator *found[1];
	struct addr typo = addr_v4((const uint8_t[4]){ 142, 11, 206, 72 });

	(void)state;
	for (size_t i = 0; i < LENGTH(benign); i++)
		assert_int_equal(ioc_match_name(loaded->set, benign[i],
				     strlen(benign[i]), 0, found, 1),
		    0);
	assert_int_equal(ioc_match_address(loaded->set, &typo, 8000, 0, found,
			     1),
	    0);
	assert_int_equal(ioc_match_user_agent(loaded->set, "Mozilla/5.0", 11, 0,
			     found, 1),
	    0);
	unload(loaded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    stix_bundles_give_indicators_with_source_and_campaign),
		cmocka_unit_test(
		    a_newer_stix_object_in_another_file_withdraws_an_older_one),
		cmocka_unit_test(misp_events_give_what_is_for_detection),
		cmocka_unit_test(a_misp_feed_is_read_by_its_manifest),
		cmocka_unit_test(events_come_in_lists_and_responses_too),
		cmocka_unit_test(threatfox_exports_are_read_by_their_header),
		cmocka_unit_test(urlhaus_exports_give_urls),
		cmocka_unit_test(
		    feodo_lists_have_the_port_in_a_column_and_a_bad_one_is_no_any),
		cmocka_unit_test(tables_with_a_type_column_are_read_by_it),
		cmocka_unit_test(
		    a_byte_order_mark_and_quoted_line_ends_do_no_harm),
		cmocka_unit_test(all_columns_of_our_own_tables_are_read),
		cmocka_unit_test(
		    tables_without_a_header_are_read_by_the_look_of_their_fields),
		cmocka_unit_test(
		    zeek_intel_names_match_exactly_and_whitelisted_ones_not_at_all),
		cmocka_unit_test(
		    plain_lists_take_values_of_any_look_and_report_the_rest),
		cmocka_unit_test(
		    hosts_files_give_the_names_and_not_the_machine_itself),
		cmocka_unit_test(maltrail_trails_keep_the_reference_above_them),
		cmocka_unit_test(a_file_that_cannot_be_read_fails_the_load),
		cmocka_unit_test(nothing_to_load_is_an_error),
		cmocka_unit_test(a_manifest_does_not_lead_out_of_its_directory),
		cmocka_unit_test(
		    directories_are_read_below_and_sorted_and_other_files_named),
		cmocka_unit_test(a_line_that_is_too_long_costs_itself_only),
		cmocka_unit_test(
		    what_is_said_has_nothing_that_a_terminal_obeys),
		cmocka_unit_test(a_quote_without_end_costs_its_line_only),
		cmocka_unit_test(every_prefix_of_every_sample_has_an_answer),
		cmocka_unit_test(the_bundled_sets_load_without_a_word),
		cmocka_unit_test(bundled_sets_leave_benign_names_alone),
		cmocka_unit_test(bundled_packages_are_the_bad_versions_only),
		cmocka_unit_test(
		    fingerprints_countries_and_networks_are_read_where_they_are_named),
		cmocka_unit_test(
		    packages_are_read_from_every_format_that_can_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
