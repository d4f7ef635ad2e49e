#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "iocs/normalise.h"
#include "tests/fuzz/ioc_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Indicators of each type, for values off the wire. */
static const char feed[] = "type,value,port\n"
			   "domain,evil.example,\nhostname,h.evil.example,\n"
			   "ip,192.0.2.0/24,\nip,2001:db8::1,443\n"
			   "url,http://evil.example/a,\n"
			   "url,http://evil.example/a/b?c,\n"
			   "url,http://evil.example/d/,\npath,/a,\n"
			   "user-agent,evil,\nhttp_body,evil body,\n"
			   "package,pkg:npm/evil@1.0.0,\n"
			   "package,pkg:npm/evil2,\n"
			   "ja3,00112233445566778899aabbccddeeff,\n"
			   "country,KP,\nasn,AS64496,\n";

static struct ioc_set *set;
static struct suffixes *suffixes;

static void
set_up(void)
{
	char error[256];

	if (set != NULL)
		return;
	suffixes = suffixes_new();
	if (suffixes == NULL ||
	    ioc_load_memory("feed", feed, sizeof feed - 1, NULL, NULL, NULL,
		&set, error, sizeof error) == -1)
		abort();
}

static void
match(const char *text, size_t len)
{
	const struct indicator *found[4];
	struct addr addr = { { 0 } };

	(void)ioc_match_name(set, text, len, 0, found, 4);
	(void)ioc_match_url(set, "evil.example", 12, 80, text, len, 0, found,
	    4);
	(void)ioc_match_url(set, text, len, 80, "/a", 2, 0, found, 4);
	(void)ioc_match_path(set, text, len, 0, found, 4);
	(void)ioc_match_user_agent(set, text, len, 0, found, 4);
	(void)ioc_match_http_body(set, text, len, 0, found, 4);
	(void)ioc_match_package(set, text, len, 0, found, 4);
	(void)ioc_match_code(set, INDICATOR_JA3, text, len, 0, found, 4);
	if (len >= sizeof addr) {
		memcpy(addr.octets, text, sizeof addr);
		(void)ioc_match_address(set, &addr, 443, 0, found, 4);
	}
}

/* A name, address, package or code in canonical form stays what it is. */
static void
check_again(const struct normal *normal)
{
	static const enum value_kind kinds[] = {
		[INDICATOR_DOMAIN] = VALUE_DOMAIN,
		[INDICATOR_HOST] = VALUE_HOST,
		[INDICATOR_ADDRESS] = VALUE_ADDRESS,
		[INDICATOR_PACKAGE] = VALUE_PACKAGE,
		[INDICATOR_JA3] = VALUE_JA3,
		[INDICATOR_JA3S] = VALUE_JA3S,
		[INDICATOR_JA4] = VALUE_JA4,
		[INDICATOR_COUNTRY] = VALUE_COUNTRY,
		[INDICATOR_ASN] = VALUE_ASN,
	};
	struct normal again;

	if ((normal->type > INDICATOR_ADDRESS &&
		normal->type < INDICATOR_PACKAGE) ||
	    (normal->prefix_bits < 128 && normal->port != 0))
		return;
	if (normalise(suffixes, kinds[normal->type],
		cur_of(normal->value, normal->value_len), &again) != NULL ||
	    again.type != normal->type ||
	    strcmp(again.value, normal->value) != 0)
		abort();
}

/* The first octet says what a feed says that the rest is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct normal normal;

	set_up();
	if (size == 0)
		return 0;
	match((const char *)data + 1, size - 1);
	/* Feeds have no NUL in them: loading refuses them before. */
	if (memchr(data + 1, '\0', size - 1) != NULL)
		return 0;
	if (normalise(suffixes, (enum value_kind)(data[0] % VALUE_KIND_COUNT),
		cur_of(data + 1, size - 1), &normal) == NULL)
		check_again(&normal);
	return 0;
}
