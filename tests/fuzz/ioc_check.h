#ifndef TESTS_FUZZ_IOC_CHECK_H
#define TESTS_FUZZ_IOC_CHECK_H

#include <stdbool.h>
#include <stdlib.h>

#include "iocs/ioc_key.h"
#include "iocs/ioc_load.h"

/* What holds of every set: each indicator is found by its own value. */

static inline size_t
ioc_check_match(const struct ioc_set *set, const struct indicator *indicator,
    const struct indicator **found, size_t max)
{
	const char *value = indicator->value;
	size_t len = indicator->value_len;
	struct cursor host, path;

	switch ((enum indicator_type)indicator->type) {
	case INDICATOR_DOMAIN:
	case INDICATOR_HOST:
		return ioc_match_name(set, value, len, 0, found, max);
	case INDICATOR_ADDRESS:
		return ioc_match_address(set, &indicator->addr, indicator->port,
		    0, found, max);
	case INDICATOR_URL:
		key_url_split(value, len, &host, &path);
		return ioc_match_url(set, (const char *)host.at, host.left,
		    indicator->port, (const char *)path.at, path.left, 0, found,
		    max);
	case INDICATOR_PATH:
		return ioc_match_path(set, value, len, 0, found, max);
	case INDICATOR_USER_AGENT:
		return ioc_match_user_agent(set, value, len, 0, found, max);
	case INDICATOR_HTTP_BODY:
		return ioc_match_http_body(set, value, len, 0, found, max);
	case INDICATOR_PACKAGE:
		return ioc_match_package(set, value, len, 0, found, max);
	case INDICATOR_JA3:
	case INDICATOR_JA3S:
	case INDICATOR_JA4:
	case INDICATOR_COUNTRY:
	case INDICATOR_ASN:
		return ioc_match_code(set, (enum indicator_type)indicator->type,
		    value, len, 0, found, max);
	case INDICATOR_TYPE_COUNT:
		break;
	}
	abort();
}

static inline void
ioc_check_set(const struct ioc_set *set)
{
	const struct indicator *found[512], *indicator;
	size_t count;

	for (size_t i = 0; i < ioc_set_total(set); i++) {
		bool here = false;

		indicator = ioc_set_at(set, i);
		count = ioc_check_match(set, indicator, found, 512);
		for (size_t n = 0; n < count; n++)
			here |= found[n] == indicator;
		if (!here && count < 512)
			abort();
	}
}

/* Loads the octets as one file, and checks what comes of it. */
static inline void
ioc_check_load(const uint8_t *data, size_t size)
{
	struct ioc_load_counts counts;
	struct ioc_set *set;
	char error[256];

	if (ioc_load_memory("fuzz", data, size, NULL, NULL, &counts, &set,
		error, sizeof error) == -1)
		return;
	if (counts.indicators != ioc_set_total(set))
		abort();
	ioc_check_set(set);
	ioc_set_free(set);
}

#endif
