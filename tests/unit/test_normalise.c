#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iocs/base64.h"
#include "iocs/csv.h"
#include "iocs/feed_time.h"
#include "iocs/normalise.h"
#include "iocs/stix_pattern.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct good {
	enum value_kind kind;
	const char *text;
	enum indicator_type type;
	const char *value;
	unsigned port;
};

struct bad {
	enum value_kind kind;
	const char *text;
	const char *reason; /* a part of it */
};

static struct suffixes *suffixes;

static int
read_suffixes(void **state)
{
	(void)state;
	suffixes = suffixes_new();
	return suffixes == NULL;
}

static int
free_suffixes(void **state)
{
	(void)state;
	suffixes_free(suffixes);
	return 0;
}

/* In a block of its exact size, so that the sanitizer sees an overread. */
static const char *
normal_of(enum value_kind kind, const char *text, size_t len,
    struct normal *out)
{
	char *block = malloc(len + 1);
	const char *reason;

	assert_non_null(block);
	memcpy(block + 1, text, len);
	reason = normalise(suffixes, kind, cur_of(block + 1, len), out);
	free(block);
	return reason;
}

static void
check_good(const struct good *cases, size_t count)
{
	struct normal normal;

	for (size_t i = 0; i < count; i++) {
		const char *reason = normal_of(cases[i].kind, cases[i].text,
		    strlen(cases[i].text), &normal);

		if (reason != NULL)
			fail_msg("%s: %s", cases[i].text, reason);
		assert_string_equal(normal.value, cases[i].value);
		assert_int_equal(normal.value_len, strlen(cases[i].value));
		assert_int_equal(normal.type, cases[i].type);
		assert_int_equal(normal.port, cases[i].port);
	}
}

static void
check_bad(const struct bad *cases, size_t count)
{
	struct normal normal;

	for (size_t i = 0; i < count; i++) {
		const char *reason = normal_of(cases[i].kind, cases[i].text,
		    strlen(cases[i].text), &normal);

		if (reason == NULL)
			fail_msg("%s was taken as %s", cases[i].text,
			    normal.value);
		if (strstr(reason, cases[i].reason) == NULL)
			fail_msg("%s: %s", cases[i].text, reason);
	}
}

static void
what_a_value_is_follows_from_its_look(void **state)
{
	static const struct good cases[] = {
		{ VALUE_ANY, "evil.example", INDICATOR_DOMAIN, "evil.example",
		    0 },
		{ VALUE_ANY, "evil.example:8000", INDICATOR_DOMAIN,
		    "evil.example", 0 },
		{ VALUE_ANY, "192.0.2.1", INDICATOR_ADDRESS, "192.0.2.1", 0 },
		{ VALUE_ANY, "192.0.2.1:80", INDICATOR_ADDRESS, "192.0.2.1:80",
		    80 },
		{ VALUE_ANY, "192.0.2.1|80", INDICATOR_ADDRESS, "192.0.2.1:80",
		    80 },
		{ VALUE_ANY, "192.0.2.77/24", INDICATOR_ADDRESS, "192.0.2.0/24",
		    0 },
		{ VALUE_ANY, "2001:DB8:0::1", INDICATOR_ADDRESS, "2001:db8::1",
		    0 },
		{ VALUE_ANY, "[2001:db8::1]:443", INDICATOR_ADDRESS,
		    "[2001:db8::1]:443", 443 },
		{ VALUE_ANY, "2001:db8::1/32", INDICATOR_ADDRESS,
		    "2001:db8::/32", 0 },
		{ VALUE_ANY, "::ffff:192.0.2.1", INDICATOR_ADDRESS, "192.0.2.1",
		    0 },
		{ VALUE_ANY, "http://evil.example/a", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_ANY, "evil.example/a", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_ANY, "192.0.2.1/a", INDICATOR_URL, "http://192.0.2.1/a",
		    0 },
		{ VALUE_ANY, "/a/b", INDICATOR_PATH, "/a/b", 0 },
		{ VALUE_ANY, "tcp://192.0.2.1:8000", INDICATOR_ADDRESS,
		    "192.0.2.1:8000", 8000 },
		{ VALUE_HOST, "www.evil.example", INDICATOR_HOST,
		    "www.evil.example", 0 },
		{ VALUE_HOST, "*.evil.example", INDICATOR_DOMAIN,
		    "evil.example", 0 },
		{ VALUE_DOMAIN, ".evil.example", INDICATOR_DOMAIN,
		    "evil.example", 0 },
		{ VALUE_DOMAIN, "192.0.2.1", INDICATOR_ADDRESS, "192.0.2.1",
		    0 },
		{ VALUE_URI, "/a", INDICATOR_PATH, "/a", 0 },
		{ VALUE_URI, "evil.example/a", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_USER_AGENT, " A (b; c) [.] ", INDICATOR_USER_AGENT,
		    "A (b; c) [.]", 0 },
		{ VALUE_HTTP_BODY, "hello, world", INDICATOR_HTTP_BODY,
		    "hello, world", 0 },
	};

	(void)state;
	check_good(cases, LENGTH(cases));
}

static void
package_urls_are_packages_whatever_they_were_called(void **state)
{
	static const struct good cases[] = {
		{ VALUE_ANY, "pkg:npm/axios@1.14.1", INDICATOR_PACKAGE,
		    "pkg:npm/axios@1.14.1", 0 },
		{ VALUE_URL, "PKG:npm/axios@1.14.1", INDICATOR_PACKAGE,
		    "pkg:npm/axios@1.14.1", 0 },
		{ VALUE_PACKAGE, "\"pkg:npm/@a/b@1.0.0?x=y#z\"",
		    INDICATOR_PACKAGE, "pkg:npm/%40a/b@1.0.0", 0 },
		{ VALUE_PACKAGE, "pkg:pypi/Lite_LLM@1.82.7RC1",
		    INDICATOR_PACKAGE, "pkg:pypi/lite-llm@1.82.7rc1", 0 },
		{ VALUE_PACKAGE, "pkg:npm/plain-crypto-js", INDICATOR_PACKAGE,
		    "pkg:npm/plain-crypto-js", 0 },
		{ VALUE_NPM_PACKAGE, "axios@1.14.1", INDICATOR_PACKAGE,
		    "pkg:npm/axios@1.14.1", 0 },
		{ VALUE_NPM_PACKAGE, "@a/b@1.0.0", INDICATOR_PACKAGE,
		    "pkg:npm/%40a/b@1.0.0", 0 },
		{ VALUE_NPM_PACKAGE, "pkg:npm/axios", INDICATOR_PACKAGE,
		    "pkg:npm/axios", 0 },
		{ VALUE_PYPI_PACKAGE, "litellm==1.82.7", INDICATOR_PACKAGE,
		    "pkg:pypi/litellm@1.82.7", 0 },
	};
	static const struct bad refused[] = {
		{ VALUE_PACKAGE, "axios@1.14.1", "begins with \"pkg:\"" },
		{ VALUE_ANY, "pkg:nuget/a@1.0.0", "no type of package" },
		{ VALUE_ANY, "pkg:npm/a@>=1.0.0", "no version" },
		{ VALUE_NPM_PACKAGE, "axios", "without a version" },
		{ VALUE_NPM_PACKAGE, "@a/b", "without a version" },
		{ VALUE_PYPI_PACKAGE, "litellm", "without a version" },
		{ VALUE_NPM_PACKAGE, "axios@1.14.1, 0.30.4", "no version" },
	};

	(void)state;
	check_good(cases, LENGTH(cases));
	check_bad(refused, LENGTH(refused));
}

static void
names_become_lower_case_a_labels(void **state)
{
	/* Expected values: the Python package idna, uts46, not transitional. */
	static const struct good cases[] = {
		{ VALUE_ANY, "EVIL.Example.", INDICATOR_DOMAIN, "evil.example",
		    0 },
		{ VALUE_ANY, "bücher.example", INDICATOR_DOMAIN,
		    "xn--bcher-kva.example", 0 },
		{ VALUE_ANY, "BÜCHER。example", INDICATOR_DOMAIN,
		    "xn--bcher-kva.example", 0 },
		{ VALUE_ANY, "faß.example", INDICATOR_DOMAIN,
		    "xn--fa-hia.example", 0 },
		{ VALUE_ANY, "ὀδυσσεύς.example", INDICATOR_DOMAIN,
		    "xn--pxac3bcak3d8526a.example", 0 },
		{ VALUE_ANY, "пример.example", INDICATOR_DOMAIN,
		    "xn--e1afmkfd.example", 0 },
		{ VALUE_ANY, "例え.example", INDICATOR_DOMAIN,
		    "xn--r8jz45g.example", 0 },
		{ VALUE_ANY, "XN--BCHER-KVA.example", INDICATOR_DOMAIN,
		    "xn--bcher-kva.example", 0 },
		{ VALUE_ANY, "http://Bücher.example/Ä", INDICATOR_URL,
		    "http://xn--bcher-kva.example/Ä", 0 },
		{ VALUE_ANY, "_dmarc.evil.example", INDICATOR_DOMAIN,
		    "_dmarc.evil.example", 0 },
	};

	(void)state;
	check_good(cases, LENGTH(cases));
}

static void
defanged_values_are_read_as_they_were(void **state)
{
	static const struct good cases[] = {
		{ VALUE_ANY, "evil[.]example", INDICATOR_DOMAIN, "evil.example",
		    0 },
		{ VALUE_ANY, "evil(.)example", INDICATOR_DOMAIN, "evil.example",
		    0 },
		{ VALUE_ANY, "evil{.}example", INDICATOR_DOMAIN, "evil.example",
		    0 },
		{ VALUE_ANY, "evil[dot]example", INDICATOR_DOMAIN,
		    "evil.example", 0 },
		{ VALUE_ANY, "evil(DOT)example", INDICATOR_DOMAIN,
		    "evil.example", 0 },
		{ VALUE_ANY, "evil dot example", INDICATOR_DOMAIN,
		    "evil.example", 0 },
		{ VALUE_ANY, "evil[.example", INDICATOR_DOMAIN, "evil.example",
		    0 },
		{ VALUE_ANY, "evil.]example", INDICATOR_DOMAIN, "evil.example",
		    0 },
		{ VALUE_ANY, "evil\\.example", INDICATOR_DOMAIN, "evil.example",
		    0 },
		{ VALUE_ANY, "evil .example", INDICATOR_DOMAIN, "evil.example",
		    0 },
		{ VALUE_ANY, "192.0.2[.]73", INDICATOR_ADDRESS, "192.0.2.73",
		    0 },
		{ VALUE_ANY, "192[.]0[.]2[.]73[:]8000", INDICATOR_ADDRESS,
		    "192.0.2.73:8000", 8000 },
		{ VALUE_ANY, "2001[:]db8[:][:]1", INDICATOR_ADDRESS,
		    "2001:db8::1", 0 },
		{ VALUE_ANY, "hxxp://evil[.]example/a[.]php", INDICATOR_URL,
		    "http://evil.example/a[.]php", 0 },
		{ VALUE_ANY, "hXXps://evil.example/a", INDICATOR_URL,
		    "https://evil.example/a", 0 },
		{ VALUE_ANY, "h**p://evil.example/a", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_ANY, "http[:]//evil.example/a", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_ANY, "http[://]evil.example/a", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_ANY, "http:__evil.example/a", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_ANY, "evil.example[/]a[/]b", INDICATOR_URL,
		    "http://evil.example/a[/]b", 0 },
		{ VALUE_ANY, "tcp://evil[.]example:8000", INDICATOR_DOMAIN,
		    "evil.example", 0 },
		{ VALUE_ANY, " \"<evil[.]example>\", ", INDICATOR_DOMAIN,
		    "evil.example", 0 },
		{ VALUE_ANY, "'192.0.2.1';", INDICATOR_ADDRESS, "192.0.2.1",
		    0 },
	};

	(void)state;
	check_good(cases, LENGTH(cases));
}

static void
urls_keep_host_port_and_what_is_sent_of_the_path(void **state)
{
	static const struct good cases[] = {
		{ VALUE_URL, "http://evil.example", INDICATOR_URL,
		    "http://evil.example/", 0 },
		{ VALUE_URL, "http://evil.example?a=b", INDICATOR_URL,
		    "http://evil.example/?a=b", 0 },
		{ VALUE_URL, "http://evil.example#top", INDICATOR_URL,
		    "http://evil.example/", 0 },
		{ VALUE_URL, "http://evil.example/a#top", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_URL, "http://evil.example/a?", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_URL, "http://evil.example:80/a", INDICATOR_URL,
		    "http://evil.example/a", 0 },
		{ VALUE_URL, "https://evil.example:443/a", INDICATOR_URL,
		    "https://evil.example/a", 0 },
		{ VALUE_URL, "https://evil.example:80/a", INDICATOR_URL,
		    "https://evil.example:80/a", 80 },
		{ VALUE_URL, "http://u:p@evil.example:8000/A", INDICATOR_URL,
		    "http://evil.example:8000/A", 8000 },
		{ VALUE_URL, "http://[2001:DB8::1]:8000/", INDICATOR_URL,
		    "http://[2001:db8::1]:8000/", 8000 },
		{ VALUE_URL, "wss://evil.example/ws", INDICATOR_URL,
		    "https://evil.example/ws", 0 },
		{ VALUE_PATH, "/a?b=c#d", INDICATOR_PATH, "/a?b=c", 0 },
	};

	(void)state;
	check_good(cases, LENGTH(cases));
}

static void
what_is_no_indicator_is_refused_with_its_reason(void **state)
{
	static const struct bad cases[] = {
		{ VALUE_ANY, "", "empty" },
		{ VALUE_ANY, " \"\" ", "empty" },
		{ VALUE_ANY, "a..example", "empty label" },
		{ VALUE_ANY, "evil example", "more than one value" },
		{ VALUE_ANY, "user@evil.example", "mail address" },
		{ VALUE_ANY, "ev!l.example", "no host name" },
		{ VALUE_ANY, "256.0.2.1", "no IPv4 or IPv6 address" },
		{ VALUE_ANY, "192.0.2", "no IPv4 or IPv6 address" },
		{ VALUE_ANY, "192.0.02.1", "no IPv4 or IPv6 address" },
		{ VALUE_ANY, "x.192.0.2.1", "neither an address nor a name" },
		{ VALUE_ANY, "2001:db8::g", "no IPv4 or IPv6 address" },
		{ VALUE_ANY, "[2001:db8::1", "no IPv4 or IPv6 address" },
		{ VALUE_ANY, "192.0.2.1:0", "1 to 65535" },
		{ VALUE_ANY, "192.0.2.1:65536", "1 to 65535" },
		{ VALUE_ANY, "evil.example:http", "1 to 65535" },
		{ VALUE_ANY, "192.0.2.0/33", "prefix length" },
		{ VALUE_ANY, "192.0.2.0/024", "prefix length" },
		{ VALUE_ANY, "2001:db8::/129", "prefix length" },
		{ VALUE_ANY, "ftp://evil.example/a", "scheme" },
		{ VALUE_ADDRESS, "evil.example", "no IPv4 or IPv6 address" },
		{ VALUE_DOMAIN, "evil.example/a", "a path behind it" },
		{ VALUE_URL, "http://evil.example/a b", "white space" },
		{ VALUE_URL, "http:///a", "empty" },
		{ VALUE_PATH, "a/b", "begins with '/'" },
		{ VALUE_USER_AGENT, "a\x01", "control character" },
		{ VALUE_USER_AGENT, "  ", "empty" },
		{ VALUE_ANY, "\xff\xfe.example", "UTF-8" },
	};

	(void)state;
	check_bad(cases, LENGTH(cases));
}

static void
what_would_hit_too_much_is_refused_with_its_reason(void **state)
{
	static const struct bad cases[] = {
		{ VALUE_ANY, "com", "one label" },
		{ VALUE_ANY, "co.uk", "public suffix" },
		{ VALUE_ANY, "*.co.uk", "public suffix" },
		{ VALUE_ANY, "vercel.app", "public suffix" },
		{ VALUE_ANY, "github.io", "public suffix" },
		{ VALUE_ANY, "lhr.life", "full host name" },
		{ VALUE_ANY, "localhost", "this machine" },
		{ VALUE_ANY, "localhost.localdomain", "this machine" },
		{ VALUE_ANY, "0.0.0.0/0", "so many addresses" },
		{ VALUE_ANY, "64.0.0.0/7", "so many addresses" },
		{ VALUE_ANY, "2000::/3", "so many addresses" },
		{ VALUE_ANY, "::/0", "so many addresses" },
		{ VALUE_ANY, "10.1.2.3", "RFC 1918" },
		{ VALUE_ANY, "172.16.0.1:80", "RFC 1918" },
		{ VALUE_ANY, "172.0.0.0/8", "RFC 1918" },
		{ VALUE_ANY, "192.168.0.0/16", "RFC 1918" },
		{ VALUE_ANY, "100.64.0.1", "RFC 6598" },
		{ VALUE_ANY, "127.0.0.1", "this machine" },
		{ VALUE_ANY, "169.254.169.254", "RFC 3927" },
		{ VALUE_ANY, "224.0.0.251", "multicast" },
		{ VALUE_ANY, "255.255.255.255", "not an address" },
		{ VALUE_ANY, "0.0.0.0", "not an address" },
		{ VALUE_ANY, "::1", "not an address" },
		{ VALUE_ANY, "::", "not an address" },
		{ VALUE_ANY, "fd00::1", "RFC 4193" },
		{ VALUE_ANY, "fe80::1", "link-local" },
		{ VALUE_ANY, "ff02::1", "multicast" },
		{ VALUE_ANY, "::ffff:10.0.0.1", "RFC 1918" },
		{ VALUE_ANY, "::/80", "not an address" },
		{ VALUE_URL, "http://127.0.0.1/a", "this machine" },
		{ VALUE_ANY, "/", "every other request" },
		{ VALUE_PATH, "/?", "every other request" },
		{ VALUE_HTTP_BODY, "{\"a\":1}", "8 octets" },
	};

	(void)state;
	check_bad(cases, LENGTH(cases));
}

static void
a_public_suffix_may_be_an_exact_host_and_names_below_it_a_domain(void **state)
{
	static const struct good cases[] = {
		{ VALUE_HOST, "vercel.app", INDICATOR_HOST, "vercel.app", 0 },
		{ VALUE_ANY, "evil.vercel.app", INDICATOR_DOMAIN,
		    "evil.vercel.app", 0 },
		{ VALUE_ANY, "a.lhr.life", INDICATOR_DOMAIN, "a.lhr.life", 0 },
		{ VALUE_ANY, "64.0.0.0/8", INDICATOR_ADDRESS, "64.0.0.0/8", 0 },
	};

	(void)state;
	check_good(cases, LENGTH(cases));
}

/* 63 and 253 octets, RFC 1035 section 2.3.4. */
static void
names_may_have_the_lengths_of_the_dns_and_no_more(void **state)
{
	char name[300];
	struct normal normal;

	(void)state;
	memset(name, 'a', sizeof name);
	for (size_t i = 63; i < 252; i += 64)
		name[i] = '.';
	assert_null(normal_of(VALUE_ANY, name, 253, &normal));
	assert_int_equal(normal.value_len, 253);
	assert_non_null(normal_of(VALUE_ANY, name, 254, &normal));
	name[63] = 'a';
	name[64] = '.';
	assert_non_null(normal_of(VALUE_ANY, name, 253, &normal));
}

static void
every_prefix_of_a_value_has_an_answer(void **state)
{
	static const char *const texts[] = {
		"hxxps[:]//user[@]evil[.]example[:]8000/a?b=c#d",
		"[2001:db8::1]:443",
		"2001:db8:ffff::/48",
		"192[.]0[.]2[.]73[:]8000",
		"\"<bücher dot example>\"",
		"pkg:npm/%40a/b@1.0.0?x=y#z",
	};
	struct normal normal;

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++)
		for (int kind = VALUE_ANY; kind < VALUE_KIND_COUNT; kind++)
			for (size_t len = 0; len <= strlen(texts[i]); len++)
				(void)normal_of((enum value_kind)kind, texts[i],
				    len, &normal);
}

/* Expected values: date -u -d TEXT +%s */
static void
times_are_read_as_feeds_write_them(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
	} cases[] = {
		{ "2026-03-31T00:21:58Z", 1774916518000000 },
		{ "2026-03-31T00:21:58.123456Z", 1774916518123456 },
		{ "2026-03-31T00:21:58.1234567Z", 1774916518123456 },
		{ "2026-03-31T09:21:58+09:00", 1774916518000000 },
		{ "2026-03-30T19:21:58-0500", 1774916518000000 },
		{ "2026-03-31 00:21:58", 1774916518000000 },
		{ "2026-03-31 00:21:58 UTC", 1774916518000000 },
		{ "2026-03-31", 1774915200000000 },
		{ "1774916518", 1774916518000000 },
		{ "1970-01-01", 0 },
		{ "2024-02-29", 1709164800000000 },
		{ "2000-12-31T23:59:59Z", 978307199000000 },
		{ "2100-03-01", 4107542400000000 },
	};
	uint64_t us;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_true(
		    feed_time_read(cur_of(cases[i].text, strlen(cases[i].text)),
			&us));
		assert_int_equal(us, cases[i].us);
	}
}

static void
what_is_no_time_is_not_read(void **state)
{
	static const char *const texts[] = { "", "2026", "2026-13-01",
		"2026-00-01", "2026-02-29", "2026-04-31", "1969-12-31",
		"2026-03-31T", "2026-03-31T24:00:00Z", "2026-03-31T00:60:00Z",
		"2026-03-31T00:00:00Zx", "2026-03-31T00:00:00.Z",
		"1970-01-01T00:00:00+01:00", "31.03.2026", "None",
		"99999999999999999999" };
	uint64_t us;

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++)
		assert_false(
		    feed_time_read(cur_of(texts[i], strlen(texts[i])), &us));
}

/* RFC 4648 section 10. */
static void
base64_is_decoded_and_nothing_else(void **state)
{
	static const struct {
		const char *text, *octets;
	} cases[] = { { "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" },
		{ "Zm9v", "foo" }, { "Zm9vYg==", "foob" },
		{ "Zm9vYmFy", "foobar" }, { "+/+/", "\xfb\xff\xbf" } };
	static const char *const wrong[] = { "Z",
		"Zg=", "Zg===", "Z===", "Zg==Zg==", "Zm9v\n", "Zm-_", "=m9v" };
	char out[8];
	size_t len;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_true(
		    base64_decode(cur_of(cases[i].text, strlen(cases[i].text)),
			out, sizeof out, &len));
		assert_int_equal(len, strlen(cases[i].octets));
		assert_memory_equal(out, cases[i].octets, len);
	}
	for (size_t i = 0; i < LENGTH(wrong); i++)
		assert_false(base64_decode(cur_of(wrong[i], strlen(wrong[i])),
		    out, sizeof out, &len));
	assert_false(base64_decode(cur_of("Zm9vYmFy", 8), out, 5, &len));
}

static void
csv_fields_are_cut_where_the_separator_is(void **state)
{
	static const char text[] = "a, \"b,\"\"c\"\"\nd\" ,,\te \r\nnext";
	struct csv_record *record = malloc(sizeof *record);
	size_t taken;

	(void)state;
	assert_non_null(record);
	assert_true(
	    csv_read(cur_of(text, sizeof text - 1), ',', record, &taken));
	assert_int_equal(record->count, 4);
	assert_int_equal(record->field[1].left, strlen("b,\"c\"\nd"));
	assert_memory_equal(record->field[1].at, "b,\"c\"\nd", 7);
	assert_int_equal(record->field[2].left, 0);
	assert_int_equal(record->field[3].left, 1);
	assert_string_equal(text + taken, "next");
	/* A quote that is never closed costs its own line only. */
	assert_false(
	    csv_read(cur_of("a,\"b\nc,\"d\"\n", 11), ',', record, &taken));
	assert_int_equal(taken, 5);
	free(record);
}

static void
take_term(void *arg, const struct stix_term *term)
{
	char *out = arg;
	size_t len = strlen(out);

	snprintf(out + len, 200 - len, "%d:%.*s:%u;", term->kind,
	    (int)term->value.left, (const char *)term->value.at, term->port);
}

static void
stix_patterns_give_their_alternatives(void **state)
{
	static const struct {
		const char *pattern, *terms; /* kind:value:port; */
	} cases[] = {
		{ "[domain-name:value = 'a.example']", "1:a.example:0;" },
		{ " [ domain-name:value='a.example' ] ", "1:a.example:0;" },
		{ "[domain-name:value = 'a' OR url:value = 'b'] OR "
		  "[ipv4-addr:value = 'c']",
		    "1:a:0;4:b:0;3:c:0;" },
		{ "[domain-name:value IN ('a', 'b')]", "1:a:0;1:b:0;" },
		{ "[ipv4-addr:value ISSUBSET '192.0.2.0/24']",
		    "3:192.0.2.0/24:0;" },
		{ "[network-traffic:dst_ref.type = 'ipv4-addr' AND "
		  "network-traffic:dst_ref.value = 'x' AND "
		  "network-traffic:dst_port = 80]",
		    "1:x:80;" },
		{ "[network-traffic:dst_port = '80' AND "
		  "network-traffic:dst_ref.value = 'x' OR "
		  "domain-name:value = 'y']",
		    "1:x:80;1:y:0;" },
		{ "[network-traffic:extensions.'http-request-ext'."
		  "request_header.'User-Agent' = 'it\\'s \\\\ x']",
		    "7:it's \\ x:0;" },
		{ "[network-traffic:extensions.'http-request-ext'."
		  "message_body_data_ref.payload_bin = b'Zm9vYmFy']",
		    "8:foobar:0;" },
	};
	char terms[200];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		terms[0] = '\0';
		assert_null(stix_pattern_read(cur_of(cases[i].pattern,
						  strlen(cases[i].pattern)),
		    take_term, terms));
		assert_string_equal(terms, cases[i].terms);
	}
}

static void
stix_patterns_that_say_more_are_not_supported(void **state)
{
	static const char *const patterns[] = {
		"",
		"[",
		"domain-name:value = 'a'",
		"[domain-name:value = 'a'",
		"[domain-name:value = 'a]",
		"[domain-name:value != 'a']",
		"[domain-name:value LIKE 'a%']",
		"[domain-name:value MATCHES '^a$']",
		"[domain-name:value NOT = 'a']",
		"[domain-name:value = 'a'] AND [domain-name:value = 'b']",
		"[domain-name:value = 'a'] FOLLOWEDBY [url:value = 'b']",
		"[domain-name:value = 'a'] WITHIN 5 SECONDS",
		"[domain-name:value = 'a' AND url:value = 'b']",
		"[domain-name:value IN ('a') AND network-traffic:dst_port = 1]",
		"[domain-name:value = 'a' AND network-traffic:dst_port = 80]",
		"[network-traffic:dst_port = 80]",
		"[network-traffic:dst_ref.value = 'x' AND "
		"network-traffic:dst_port = 0]",
		"[network-traffic:dst_ref.value = 'x' AND "
		"network-traffic:dst_port > 80]",
		"[file:hashes.'SHA-256' = 'x']",
		"[domain-name:value ISSUBSET 'a']",
	};
	char terms[200] = "";

	(void)state;
	for (size_t i = 0; i < LENGTH(patterns); i++) {
		if (stix_pattern_read(cur_of(patterns[i], strlen(patterns[i])),
			take_term, terms) == NULL)
			fail_msg("%s was read", patterns[i]);
		assert_string_equal(terms, "");
	}
}

static void
every_prefix_of_a_stix_pattern_has_an_answer(void **state)
{
	static const char pattern[] =
	    "[domain-name:value IN ('a', 'b\\'') OR "
	    "network-traffic:dst_ref.value = 'x' AND "
	    "network-traffic:dst_port = 80] OR [network-traffic:extensions."
	    "'http-request-ext'.message_body_data_ref.payload_bin = "
	    "b'Zm9vYmFy']";
	size_t len = sizeof pattern - 1;
	char terms[200];

	(void)state;
	for (size_t n = 0; n <= len; n++) {
		char *block = malloc(n + 1);
		const char *reason;

		assert_non_null(block);
		memcpy(block + 1, pattern, n);
		terms[0] = '\0';
		reason = stix_pattern_read(cur_of(block + 1, n), take_term,
		    terms);
		/* The first bracket alone is a pattern, too. */
		assert_true((reason == NULL) ==
			    (n == len || (n > 0 && pattern[n - 1] == ']') ||
				(n > 1 && pattern[n - 2] == ']')));
		free(block);
	}
}

/* JA4 and its parts: FoxIO's technical_details/JA4.md. */
static void
codes_have_one_shape_each(void **state)
{
	static const char ja4[] = "t13d1516h2_8daaf6152771_e5627efa2ab1";
	static const char md5[] = "e7d705a3286e19ea42f587b344ee6865";
	static const struct good cases[] = {
		{ VALUE_JA3, " E7D705A3286E19EA42F587B344EE6865 ",
		    INDICATOR_JA3, md5, 0 },
		{ VALUE_JA3S, md5, INDICATOR_JA3S, md5, 0 },
		{ VALUE_JA4, ja4, INDICATOR_JA4, ja4, 0 },
		{ VALUE_ANY, ja4, INDICATOR_JA4, ja4, 0 },
		{ VALUE_JA4, "T13D1516H2_8DAAF6152771_E5627EFA2AB1",
		    INDICATOR_JA4, ja4, 0 },
		{ VALUE_JA4, "q13i0312h3_8daaf6152771_000000000000",
		    INDICATOR_JA4, "q13i0312h3_8daaf6152771_000000000000", 0 },
		/* Of an ALPN, capitals are others. */
		{ VALUE_JA4, "t00d0000Zz_8daaf6152771_e5627efa2ab1",
		    INDICATOR_JA4, "t00d0000Zz_8daaf6152771_e5627efa2ab1", 0 },
		{ VALUE_COUNTRY, "kp", INDICATOR_COUNTRY, "KP", 0 },
		{ VALUE_ASN, "64496", INDICATOR_ASN, "AS64496", 0 },
		{ VALUE_ASN, "as4294967295", INDICATOR_ASN, "AS4294967295", 0 },
		{ VALUE_ANY, "AS64496", INDICATOR_ASN, "AS64496", 0 },
		{ VALUE_ASN, "AS0064496", INDICATOR_ASN, "AS64496", 0 },
	};
	static const struct bad refused[] = {
		{ VALUE_JA3, "e7d705a3286e19ea42f587b344ee686", "no MD5" },
		{ VALUE_JA3, "e7d705a3286e19ea42f587b344ee686g", "no MD5" },
		{ VALUE_JA3, "771,4865-4866,0-23,29-23,0", "no MD5" },
		/* Without a type it may be any file's. */
		{ VALUE_ANY, md5, "one label" },
		{ VALUE_JA4, "t13d1516h2_8daaf6152771_e5627efa2ab", "no JA4" },
		{ VALUE_JA4, "x13d1516h2_8daaf6152771_e5627efa2ab1", "no JA4" },
		{ VALUE_JA4, "t14d1516h2_8daaf6152771_e5627efa2ab1", "no JA4" },
		{ VALUE_JA4, "t13x1516h2_8daaf6152771_e5627efa2ab1", "no JA4" },
		{ VALUE_JA4, "t13d1x16h2_8daaf6152771_e5627efa2ab1", "no JA4" },
		{ VALUE_JA4, "t13d1516h-_8daaf6152771_e5627efa2ab1", "no JA4" },
		{ VALUE_JA4, "t13d1516h2-8daaf6152771_e5627efa2ab1", "no JA4" },
		{ VALUE_COUNTRY, "USA", "no country" },
		{ VALUE_COUNTRY, "1x", "no country" },
		{ VALUE_ANY, "KP", "one label" },
		{ VALUE_ASN, "AS", "no number" },
		{ VALUE_ASN, "0", "no number" },
		{ VALUE_ASN, "4294967296", "no number" },
		{ VALUE_ASN, "1.10", "no number" },
		{ VALUE_ANY, "64496", "" },
	};

	(void)state;
	check_good(cases, LENGTH(cases));
	check_bad(refused, LENGTH(refused));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_value_is_follows_from_its_look),
		cmocka_unit_test(
		    package_urls_are_packages_whatever_they_were_called),
		cmocka_unit_test(names_become_lower_case_a_labels),
		cmocka_unit_test(codes_have_one_shape_each),
		cmocka_unit_test(defanged_values_are_read_as_they_were),
		cmocka_unit_test(
		    urls_keep_host_port_and_what_is_sent_of_the_path),
		cmocka_unit_test(
		    what_is_no_indicator_is_refused_with_its_reason),
		cmocka_unit_test(
		    what_would_hit_too_much_is_refused_with_its_reason),
		cmocka_unit_test(
		    a_public_suffix_may_be_an_exact_host_and_names_below_it_a_domain),
		cmocka_unit_test(
		    names_may_have_the_lengths_of_the_dns_and_no_more),
		cmocka_unit_test(every_prefix_of_a_value_has_an_answer),
		cmocka_unit_test(times_are_read_as_feeds_write_them),
		cmocka_unit_test(what_is_no_time_is_not_read),
		cmocka_unit_test(base64_is_decoded_and_nothing_else),
		cmocka_unit_test(csv_fields_are_cut_where_the_separator_is),
		cmocka_unit_test(stix_patterns_give_their_alternatives),
		cmocka_unit_test(stix_patterns_that_say_more_are_not_supported),
		cmocka_unit_test(every_prefix_of_a_stix_pattern_has_an_answer),
	};

	return cmocka_run_group_tests(tests, read_suffixes, free_suffixes);
}
