#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iocs/ioc_load.h"
#include "iocs/ioc_set.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define FOUND_MAX     8

#define HEADER "type,value,port,confidence,valid_from,valid_until,source\n"

static struct ioc_set *
set_of(const char *csv)
{
	struct ioc_set *set;
	char error[256];

	if (ioc_load_memory("test.csv", csv, strlen(csv), NULL, NULL, NULL,
		&set, error, sizeof error) == -1)
		fail_msg("%s", error);
	return set;
}

/* Name in a block of its exact size: what was found, as "type:value;...". */
static const char *
names(const struct ioc_set *set, const char *name)
{
	const struct indicator *found[FOUND_MAX];
	static char text[1024];
	size_t len = strlen(name), count;
	char *block = malloc(len + 1);

	assert_non_null(block);
	memcpy(block + 1, name, len);
	count = ioc_match_name(set, block + 1, len, 0, found, FOUND_MAX);
	free(block);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text),
		    "%s:%s;",
		    indicator_type_name((enum indicator_type)found[i]->type),
		    found[i]->value);
	return text;
}

static void
domains_match_themselves_and_what_is_below_by_whole_labels(void **state)
{
	struct ioc_set *set = set_of(HEADER "domain,evil.example,,,,,\n"
					    "domain,a.b.evil.example,,,,,\n"
					    "hostname,b.evil.example,,,,,\n");

	(void)state;
	assert_string_equal(names(set, "evil.example"), "domain:evil.example;");
	assert_string_equal(names(set, "x.y.z.evil.example"),
	    "domain:evil.example;");
	assert_string_equal(names(set, "x.a.b.evil.example"),
	    "domain:a.b.evil.example;domain:evil.example;");
	assert_string_equal(names(set, "b.evil.example"),
	    "host:b.evil.example;domain:evil.example;");
	assert_string_equal(names(set, "notevil.example"), "");
	assert_string_equal(names(set, "evil.example.com"), "");
	assert_string_equal(names(set, "example"), "");
	assert_string_equal(names(set, "evil.exampl"), "");
	ioc_set_free(set);
}

static void
hosts_match_that_name_only(void **state)
{
	struct ioc_set *set = set_of(HEADER "hostname,h.evil.example,,,,,\n");

	(void)state;
	assert_string_equal(names(set, "h.evil.example"),
	    "host:h.evil.example;");
	assert_string_equal(names(set, "x.h.evil.example"), "");
	assert_string_equal(names(set, "evil.example"), "");
	ioc_set_free(set);
}

static void
case_and_a_final_dot_do_not_count(void **state)
{
	struct ioc_set *set = set_of(HEADER "domain,Evil.Example,,,,,\n"
					    "domain,bücher.example,,,,,\n");

	(void)state;
	assert_string_equal(names(set, "WWW.EVIL.EXAMPLE."),
	    "domain:evil.example;");
	assert_string_equal(names(set, "XN--BCHER-KVA.example"),
	    "domain:xn--bcher-kva.example;");
	assert_string_equal(names(set, "evil.example.."), "");
	ioc_set_free(set);
}

/* RFC 1035 section 5.1: "evil\.x.example" has two labels. */
static void
an_escaped_dot_is_no_label_boundary(void **state)
{
	struct ioc_set *set = set_of(HEADER "domain,evil.example,,,,,\n"
					    "domain,x.other.example,,,,,\n");

	(void)state;
	assert_string_equal(names(set, "a\\.evil.example"), "");
	assert_string_equal(names(set, "a\\.b.evil.example"),
	    "domain:evil.example;");
	assert_string_equal(names(set, "\\.x.other.example"), "");
	assert_string_equal(names(set, "\\\\.evil.example"),
	    "domain:evil.example;");
	ioc_set_free(set);
}

static void
names_that_are_none_match_nothing(void **state)
{
	struct ioc_set *set = set_of(HEADER "domain,evil.example,,,,,\n");
	const struct indicator *found[1];
	char *dots = malloc(100000);

	(void)state;
	assert_string_equal(names(set, ""), "");
	assert_string_equal(names(set, "."), "");
	assert_string_equal(names(set, "..evil.example"),
	    "domain:evil.example;");
	assert_non_null(dots);
	memset(dots, '.', 100000);
	assert_int_equal(ioc_match_name(set, dots, 100000, 0, found, 1), 0);
	memset(dots, 'a', 100000);
	assert_int_equal(ioc_match_name(set, dots, 100000, 0, found, 1), 0);
	free(dots);
	ioc_set_free(set);
}

/* What the matcher does, done with strings. */
static bool
naive(const char *const *domains, size_t count, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < count; i++) {
		size_t domain_len = strlen(domains[i]);

		if (len >= domain_len &&
		    strcmp(name + len - domain_len, domains[i]) == 0 &&
		    (len == domain_len || name[len - domain_len - 1] == '.'))
			return true;
	}
	return false;
}

static void
random_names_match_as_a_comparison_of_strings_says(void **state)
{
	char csv[8192] = HEADER, domains[200][16], name[64];
	const char *list[200];
	const struct indicator *found[1];
	size_t hits = 0, count;
	struct ioc_set *set;
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < LENGTH(domains); i++) {
		seed = seed * 1103515245 + 12345;
		snprintf(domains[i], sizeof domains[i], "%c%c.%c.zz",
		    'a' + (int)(seed >> 16) % 5, 'a' + (int)(seed >> 20) % 5,
		    'a' + (int)(seed >> 24) % 5);
		list[i] = domains[i];
		snprintf(csv + strlen(csv), sizeof csv - strlen(csv),
		    "domain,%s,,,,,\n", domains[i]);
	}
	set = set_of(csv);
	for (size_t i = 0; i < 20000; i++) {
		char *at = name;

		for (int label = 0; label < 3; label++) {
			seed = seed * 1103515245 + 12345;
			*at++ = (char)('a' + (seed >> 16) % 5);
			if ((seed >> 20) % 2 == 0)
				*at++ = (char)('a' + (seed >> 24) % 5);
			*at++ = '.';
		}
		strcpy(at, "zz");
		count = ioc_match_name(set, name, strlen(name), 0, found, 1);
		hits += count;
		assert_int_equal(count, naive(list, LENGTH(list), name));
	}
	assert_in_range(hits, 1000, 19000);
	ioc_set_free(set);
}

static struct addr
v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	uint8_t octets[4] = { a, b, c, d };

	return addr_v4(octets);
}

static const char *
addresses(const struct ioc_set *set, struct addr addr, uint16_t port)
{
	const struct indicator *found[FOUND_MAX];
	static char text[1024];
	size_t count = ioc_match_address(set, &addr, port, 0, found, FOUND_MAX);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s;",
		    found[i]->value);
	return text;
}

static void
addresses_match_by_prefix_and_port_the_longest_first(void **state)
{
	struct ioc_set *set = set_of(HEADER "ip,192.0.2.1,,,,,\n"
					    "ip,192.0.2.1,8000,,,,\n"
					    "ip,192.0.2.1,8001,,,,\n"
					    "ip,192.0.2.0/24,,,,,\n"
					    "ip,192.0.0.0/13,443,,,,\n"
					    "ip,2001:db8::/32,,,,,\n"
					    "ip,2001:db8::1,53,,,,\n");
	struct addr v6 = { { 0x20, 1, 0x0d, 0xb8, [15] = 1 } };

	(void)state;
	assert_string_equal(addresses(set, v4(192, 0, 2, 1), 8000),
	    "192.0.2.1:8000;192.0.2.1;192.0.2.0/24;");
	assert_string_equal(addresses(set, v4(192, 0, 2, 1), 80),
	    "192.0.2.1;192.0.2.0/24;");
	assert_string_equal(addresses(set, v4(192, 0, 2, 1), 0),
	    "192.0.2.1;192.0.2.0/24;");
	assert_string_equal(addresses(set, v4(192, 0, 2, 255), 443),
	    "192.0.2.0/24;192.0.0.0/13:443;");
	assert_string_equal(addresses(set, v4(192, 7, 255, 255), 443),
	    "192.0.0.0/13:443;");
	assert_string_equal(addresses(set, v4(192, 8, 0, 0), 443), "");
	assert_string_equal(addresses(set, v4(192, 0, 3, 1), 80), "");
	assert_string_equal(addresses(set, v6, 53),
	    "[2001:db8::1]:53;2001:db8::/32;");
	v6.octets[3] = 0xb9;
	assert_string_equal(addresses(set, v6, 53), "");
	ioc_set_free(set);
}

static void
an_address_with_all_its_ports_listed_is_found_as_fast_as_any(void **state)
{
	char *csv = malloc(65535 * 32), *at = csv;
	struct ioc_set *set;

	(void)state;
	assert_non_null(csv);
	at += sprintf(at, HEADER);
	for (unsigned port = 1; port <= 65535; port++)
		at += sprintf(at, "ip,192.0.2.1,%u,,,,\n", port);
	set = set_of(csv);
	free(csv);
	assert_int_equal(ioc_set_total(set), 65535);
	/* A scan of the list for each would take a minute. */
	for (unsigned i = 0; i < 20; i++)
		for (unsigned port = 1; port <= 65535; port++) {
			struct addr addr = v4(192, 0, 2, 1);
			const struct indicator *found[2];

			assert_int_equal(ioc_match_address(set, &addr,
					     (uint16_t)port, 0, found, 2),
			    1);
			assert_int_equal(found[0]->port, port);
		}
	ioc_set_free(set);
}

static const char *
urls(const struct ioc_set *set, const char *host, uint16_t port,
    const char *path)
{
	const struct indicator *found[FOUND_MAX];
	static char text[1024];
	size_t len = strlen(path), count;
	char *block = malloc(len + 1);

	assert_non_null(block);
	memcpy(block + 1, path, len);
	count = ioc_match_url(set, host, strlen(host), port, block + 1, len, 0,
	    found, FOUND_MAX);
	free(block);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s;",
		    found[i]->value);
	return text;
}

static void
urls_match_by_host_port_and_whole_parts_of_the_path(void **state)
{
	struct ioc_set *set = set_of(
	    HEADER "url,http://h.example/a,,,,,\n"
		   "url,http://h.example/a/b,,,,,\n"
		   "url,http://h.example/dir/,,,,,\n"
		   "url,http://h.example/q?x=1,,,,,\n"
		   "url,http://p.example:8000/6202033,,,,,\n"
		   "url,http://root.example/,,,,,\n"
		   "url,https://192.0.2.1/x,,,,,\n"
		   "url,http://[2001:db8::1]/x,,,,,\n");

	(void)state;
	assert_string_equal(urls(set, "h.example", 80, "/a"),
	    "http://h.example/a;");
	assert_string_equal(urls(set, "H.EXAMPLE.", 80, "/a?x"),
	    "http://h.example/a;");
	assert_string_equal(urls(set, "h.example", 8080, "/a/b/c"),
	    "http://h.example/a/b;http://h.example/a;");
	assert_string_equal(urls(set, "h.example", 80, "/ab"), "");
	assert_string_equal(urls(set, "h.example", 80, "/A"), "");
	assert_string_equal(urls(set, "x.h.example", 80, "/a"), "");
	assert_string_equal(urls(set, "h.example", 80, "/dir/x"),
	    "http://h.example/dir/;");
	assert_string_equal(urls(set, "h.example", 80, "/dir"), "");
	assert_string_equal(urls(set, "h.example", 80, "/q?x=1&y=2"),
	    "http://h.example/q?x=1;");
	assert_string_equal(urls(set, "h.example", 80, "/q?x=12"), "");
	assert_string_equal(urls(set, "h.example", 80, "/q"), "");
	assert_string_equal(urls(set, "p.example", 8000, "/6202033"),
	    "http://p.example:8000/6202033;");
	assert_string_equal(urls(set, "p.example", 80, "/6202033"), "");
	assert_string_equal(urls(set, "root.example", 80, "/what/ever"),
	    "http://root.example/;");
	assert_string_equal(urls(set, "192.0.2.1", 80, "/x"),
	    "https://192.0.2.1/x;");
	assert_string_equal(urls(set, "2001:DB8:0::1", 80, "/x/"),
	    "http://[2001:db8::1]/x;");
	assert_string_equal(urls(set, "h.example", 80, ""), "");
	assert_string_equal(urls(set, "h.example", 80, "*"), "");
	ioc_set_free(set);
}

/* No longer one is in the set that would show where the path goes on. */
static void
the_longest_url_of_a_set_ends_at_whole_parts_too(void **state)
{
	struct ioc_set *set = set_of(HEADER "url,http://h.example/ab,,,,,\n");

	(void)state;
	assert_string_equal(urls(set, "h.example", 80, "/ab/"),
	    "http://h.example/ab;");
	assert_string_equal(urls(set, "h.example", 80, "/abcd"), "");
	ioc_set_free(set);
}

static void
paths_match_whole_or_up_to_the_query(void **state)
{
	struct ioc_set *set = set_of(HEADER "path,/a/b,,,,,\n"
					    "path,/a/b?x=1,,,,,\n");
	const struct indicator *found[2];

	(void)state;
	assert_int_equal(ioc_match_path(set, "/a/b", 4, 0, found, 2), 1);
	assert_int_equal(ioc_match_path(set, "/a/b?y=1", 8, 0, found, 2), 1);
	assert_string_equal(found[0]->value, "/a/b");
	assert_int_equal(ioc_match_path(set, "/a/b?x=1", 8, 0, found, 2), 2);
	assert_string_equal(found[0]->value, "/a/b?x=1");
	assert_int_equal(ioc_match_path(set, "/a/b/c", 6, 0, found, 2), 0);
	assert_int_equal(ioc_match_path(set, "/A/b", 4, 0, found, 2), 0);
	assert_int_equal(ioc_match_path(set, "", 0, 0, found, 2), 0);
	ioc_set_free(set);
}

static void
user_agents_match_exactly_case_included(void **state)
{
	static const char agent[] =
	    "mozilla/4.0 (compatible; msie 8.0; windows nt 5.1; trident/4.0)";
	static const char real[] =
	    "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)";
	const struct indicator *found[2];
	struct ioc_set *set;
	char csv[256];

	(void)state;
	snprintf(csv, sizeof csv, HEADER "user-agent,%s,,,,,\n", agent);
	set = set_of(csv);
	assert_int_equal(ioc_match_user_agent(set, agent, sizeof agent - 1, 0,
			     found, 2),
	    1);
	assert_int_equal(ioc_match_user_agent(set, real, sizeof real - 1, 0,
			     found, 2),
	    0);
	assert_int_equal(ioc_match_user_agent(set, agent, sizeof agent - 2, 0,
			     found, 2),
	    0);
	ioc_set_free(set);
}

static void
bodies_match_by_how_they_begin_the_longest_first(void **state)
{
	struct ioc_set *set = set_of(
	    HEADER "http_body,packages.npm.org/product,,,,,\n"
		   "http_body,packages.npm.org/product0,,,,,\n");
	const struct indicator *found[2];

	(void)state;
	assert_int_equal(ioc_match_http_body(set,
			     "packages.npm.org/product0 and more", 34, 0, found,
			     2),
	    2);
	assert_string_equal(found[0]->value, "packages.npm.org/product0");
	assert_int_equal(ioc_match_http_body(set, "packages.npm.org/product1",
			     25, 0, found, 2),
	    1);
	assert_int_equal(ioc_match_http_body(set, "packages.npm.org/produc", 23,
			     0, found, 2),
	    0);
	assert_int_equal(ioc_match_http_body(set, "", 0, 0, found, 2), 0);
	ioc_set_free(set);
}

static size_t
packages(const struct ioc_set *set, const char *purl,
    const struct indicator **found)
{
	size_t len = strlen(purl), count;
	char *block = malloc(len + 1);

	assert_non_null(block);
	memcpy(block + 1, purl, len);
	count = ioc_match_package(set, block + 1, len, 0, found, 2);
	free(block);
	return count;
}

static void
packages_match_by_version_or_as_a_whole_and_never_by_qualifiers(void **state)
{
	struct ioc_set *set = set_of(
	    HEADER "package,pkg:npm/axios@1.14.1,,,,,\n"
		   "package,pkg:npm/plain-crypto-js,,,,,\n"
		   "package,pkg:npm/plain-crypto-js@4.2.1,,,,,\n"
		   "package,pkg:gem/a@1.0?platform=java,,,,,\n"
		   "package,pkg:npm/@evil/b,,,,,\n");
	struct ioc_set *versions = set_of(
	    HEADER "package,pkg:npm/axios@1.14.1,,,,,\n");
	struct ioc_set *others = set_of(HEADER "domain,evil.example,,,,,\n");
	const struct indicator *found[2];

	(void)state;
	assert_int_equal(packages(set, "pkg:npm/axios@1.14.1", found), 1);
	assert_string_equal(found[0]->value, "pkg:npm/axios@1.14.1");
	assert_int_equal(packages(set, "pkg:npm/axios@1.14.0", found), 0);
	assert_int_equal(packages(set, "pkg:npm/axios@1.14.10", found), 0);
	assert_int_equal(packages(set, "pkg:npm/axios", found), 0);
	assert_int_equal(packages(set, "pkg:pypi/axios@1.14.1", found), 0);
	assert_int_equal(packages(set, "pkg:npm/plain-crypto-js@4.2.1", found),
	    2);
	assert_string_equal(found[0]->value, "pkg:npm/plain-crypto-js@4.2.1");
	assert_string_equal(found[1]->value, "pkg:npm/plain-crypto-js");
	assert_int_equal(packages(set, "pkg:npm/plain-crypto-js@9.0.0", found),
	    1);
	assert_int_equal(packages(set, "pkg:npm/plain-crypto-js2@9.0.0", found),
	    0);
	assert_int_equal(packages(set, "pkg:npm/%40evil/b@1.0.0", found), 1);
	assert_int_equal(packages(set, "pkg:npm/%40evil/c@1.0.0", found), 0);
	assert_int_equal(packages(set, "pkg:gem/a@1.0?platform=x86", found), 1);
	assert_int_equal(packages(set, "", found), 0);
	assert_int_equal(packages(versions, "pkg:npm/axios@1.14.1?a=b", found),
	    1);
	assert_int_equal(packages(versions, "pkg:npm/axios@1.14.2", found), 0);
	assert_int_equal(packages(others, "pkg:npm/axios@1.14.1", found), 0);
	ioc_set_free(set);
	ioc_set_free(versions);
	ioc_set_free(others);
}

static void
an_indicator_is_in_force_until_its_end_and_before_its_beginning(void **state)
{
	/* date -u -d 2026-02-01 +%s */
	const uint64_t end_us = UINT64_C(1769904000) * 1000000;
	struct ioc_set *set = set_of(
	    HEADER "domain,evil.example,,,2026-01-01,2026-02-01,\n");
	const struct indicator *found[1];

	(void)state;
	assert_int_equal(ioc_match_name(set, "evil.example", 12, 0, found, 1),
	    1);
	assert_int_equal(found[0]->valid_until_us, end_us);
	assert_int_equal(ioc_match_name(set, "evil.example", 12, end_us - 1,
			     found, 1),
	    1);
	assert_int_equal(ioc_match_name(set, "evil.example", 12, end_us, found,
			     1),
	    0);
	ioc_set_free(set);
}

static void
of_two_that_say_the_same_the_more_confident_stays_to_the_later_end(void **state)
{
	struct addr addr = v4(192, 0, 2, 1);
	struct ioc_load_counts counts;
	const struct indicator *found[2];
	struct ioc_set *set;
	char error[256];
	static const char csv[] = HEADER
	    "domain,evil.example,,50,2026-01-01,,first\n"
	    "domain,EVIL.example.,,90,2026-01-02,2026-02-01,second\n"
	    "domain,evil[.]example,,90,,,third\n"
	    "ip,192.0.2.1,80,50,,2026-01-01,first\n"
	    "ip,192.0.2.1:80,,40,,2026-02-01,second\n"
	    "url,http://evil.example/a,,50,,,\n"
	    "url,https://evil.example/a,,50,,,\n";

	(void)state;
	assert_int_equal(ioc_load_memory("x.csv", csv, sizeof csv - 1, NULL,
			     NULL, &counts, &set, error, sizeof error),
	    0);
	assert_int_equal(counts.indicators, 3);
	assert_int_equal(counts.duplicates, 4);
	assert_int_equal(ioc_match_name(set, "evil.example", 12, 0, found, 2),
	    1);
	assert_int_equal(found[0]->confidence, 90);
	assert_string_equal(found[0]->feed->source, "second");
	assert_int_equal(found[0]->valid_until_us, 0);
	assert_int_equal(ioc_match_address(set, &addr, 80, 0, found, 2), 1);
	assert_int_equal(found[0]->confidence, 50);
	/* date -u -d 2026-02-01 +%s */
	assert_int_equal(found[0]->valid_until_us, 1769904000000000);
	ioc_set_free(set);
}

static void
no_more_are_given_than_there_is_room_for(void **state)
{
	struct ioc_set *set = set_of(HEADER
	    "domain,evil.example,,,,,\ndomain,a.evil.example,,,,,\n"
	    "hostname,a.evil.example,,,,,\n"
	    "url,http://h.example/a,,,,,\nurl,http://h.example/a/b,,,,,\n"
	    "url,http://h.example/a/b/c,,,,,\n"
	    "ip,192.0.2.1,,,,,\nip,192.0.2.0/24,,,,,\n");
	const struct indicator *found[2] = { NULL, NULL };
	struct addr addr = v4(192, 0, 2, 1);

	(void)state;
	assert_int_equal(ioc_match_name(set, "a.evil.example", 14, 0, found, 1),
	    1);
	assert_int_equal(found[0]->type, INDICATOR_HOST);
	assert_int_equal(ioc_match_name(set, "a.evil.example", 14, 0, found, 0),
	    0);
	assert_int_equal(ioc_match_url(set, "h.example", 9, 80, "/a/b/c/d", 8,
			     0, found, 1),
	    1);
	assert_string_equal(found[0]->value, "http://h.example/a/b/c");
	assert_int_equal(ioc_match_address(set, &addr, 1, 0, found, 1), 1);
	assert_int_equal(found[0]->prefix_bits, 128);
	assert_null(found[1]);
	ioc_set_free(set);
}

static void
a_set_counts_what_is_in_it(void **state)
{
	struct ioc_set *set = set_of(
	    HEADER "domain,evil.example,,,,,\nhostname,h.evil.example,,,,,\n"
		   "ip,192.0.2.1,,,,,\nip,192.0.2.1,80,,,,\n");

	(void)state;
	assert_int_equal(ioc_set_total(set), 4);
	assert_int_equal(ioc_set_count(set, INDICATOR_DOMAIN), 1);
	assert_int_equal(ioc_set_count(set, INDICATOR_HOST), 1);
	assert_int_equal(ioc_set_count(set, INDICATOR_ADDRESS), 2);
	assert_int_equal(ioc_set_count(set, INDICATOR_URL), 0);
	assert_true(ioc_set_octets(set) > 4 * sizeof(struct indicator));
	ioc_set_free(set);
	ioc_set_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    domains_match_themselves_and_what_is_below_by_whole_labels),
		cmocka_unit_test(hosts_match_that_name_only),
		cmocka_unit_test(case_and_a_final_dot_do_not_count),
		cmocka_unit_test(an_escaped_dot_is_no_label_boundary),
		cmocka_unit_test(names_that_are_none_match_nothing),
		cmocka_unit_test(
		    random_names_match_as_a_comparison_of_strings_says),
		cmocka_unit_test(
		    addresses_match_by_prefix_and_port_the_longest_first),
		cmocka_unit_test(
		    an_address_with_all_its_ports_listed_is_found_as_fast_as_any),
		cmocka_unit_test(
		    urls_match_by_host_port_and_whole_parts_of_the_path),
		cmocka_unit_test(
		    the_longest_url_of_a_set_ends_at_whole_parts_too),
		cmocka_unit_test(paths_match_whole_or_up_to_the_query),
		cmocka_unit_test(user_agents_match_exactly_case_included),
		cmocka_unit_test(
		    bodies_match_by_how_they_begin_the_longest_first),
		cmocka_unit_test(
		    packages_match_by_version_or_as_a_whole_and_never_by_qualifiers),
		cmocka_unit_test(
		    an_indicator_is_in_force_until_its_end_and_before_its_beginning),
		cmocka_unit_test(
		    of_two_that_say_the_same_the_more_confident_stays_to_the_later_end),
		cmocka_unit_test(no_more_are_given_than_there_is_room_for),
		cmocka_unit_test(a_set_counts_what_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
