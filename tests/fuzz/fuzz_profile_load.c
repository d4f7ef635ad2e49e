#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "iocs/profile_load.h"
#include "iocs/profile_pattern.h"

/*
 * The input is a profile.  What is refused has a reason, what is taken keeps
 * to its bounds and is refused a second time.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_feature(const struct profile_feature *f)
{
	static const char path[] = "/packages.npm.org/product2/6202033";

	require(f->test < PROFILE_TEST_COUNT);
	require(f->weight >= -PROFILE_WEIGHT_MAX &&
		f->weight <= PROFILE_WEIGHT_MAX);
	for (uint16_t i = 0; i < f->value_count; i++) {
		const char *text = f->values[i].text;

		require(text == NULL || f->values[i].len == strlen(text));
		if (text != NULL && profile_pattern_valid(text))
			profile_pattern_match(text,
			    cur_of(path, sizeof path - 1));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile_set *set = profile_set_new();
	const char *text = (const char *)data;
	char why[64];
	int rc;

	why[0] = '\0';
	rc = profile_set_add(set, "f", text, size, why, sizeof why);
	require(profile_set_count(set) == (rc == 0));
	if (rc == 0) {
		const struct profile *p = profile_set_at(set, 0);

		require(p->feature_count <= PROFILE_FEATURES_MAX);
		for (uint32_t i = 0; i < p->feature_count; i++)
			check_feature(&p->features[i]);
		rc = profile_set_add(set, "f", text, size, why, sizeof why);
		require(rc == -1);
	}
	require(rc == 0 || (why[0] == 'f' && strlen(why) < sizeof why));
	profile_set_free(set);
	return 0;
}
