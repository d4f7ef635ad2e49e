#include "output/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S 1000000
/* 9999-12-31T23:59:59Z: the form has four digits for the year. */
#define SECOND_MAX UINT64_C(253402300799)

#define SECOND_LEN 20 /* to the point, that included */

static const char *
second_text(struct timestamp_cache *cache, uint64_t second)
{
	size_t slot = second % TIMESTAMP_KEPT;
	time_t when = (time_t)second;
	struct tm utc;

	if (cache->kept[slot].second != second + 1) {
		gmtime_r(&when, &utc);
		strftime(cache->kept[slot].text, sizeof cache->kept[slot].text,
		    "%Y-%m-%dT%H:%M:%S.", &utc);
		cache->kept[slot].second = second + 1;
	}
	return cache->kept[slot].text;
}

void
timestamp_write(struct timestamp_cache *cache, uint64_t time_us,
    char out[TIMESTAMP_LEN])
{
	uint64_t second = time_us / US_PER_S;
	uint32_t fraction = (uint32_t)(time_us % US_PER_S);

	if (second > SECOND_MAX) {
		second = SECOND_MAX;
		fraction = US_PER_S - 1;
	}
	memcpy(out, second_text(cache, second), SECOND_LEN);
	for (int i = 5; i >= 0; i--) {
		out[SECOND_LEN + i] = (char)('0' + fraction % 10);
		fraction /= 10;
	}
	memcpy(out + SECOND_LEN + 6, "+0000", 5);
}
