#include "sensor/knowledge.h"

#include <limits.h>
#include <stdio.h>

#include "sensor/bundled.h"

static int
load_profiles(struct knowledge *k, const struct text_list *paths,
    ioc_report report, char *error, size_t error_size)
{
	char bundled[PATH_MAX];

	if ((k->profiles = profile_set_new()) == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	for (unsigned i = 0; i < paths->count; i++) {
		if (profile_set_load(k->profiles, paths->text[i], error,
			error_size) == -1)
			return -1;
	}
	if (paths->count > 0)
		return 0;
	if (bundled_path(BUNDLED_PROFILES, bundled, sizeof bundled) == -1) {
		report(NULL, "egress-sensor", 0,
		    "the bundled profiles are "
		    "not where they were installed: implants are known by "
		    "indicators and timing only (indicators.profiles)");
		return 0;
	}
	return profile_set_load(k->profiles, bundled, error, error_size);
}

static int
load_allowed(struct knowledge *k, const struct text_list *paths,
    ioc_report report, char *error, size_t error_size)
{
	char folder[PATH_MAX - sizeof "/lists"], lists[PATH_MAX];
	const char *bundled = lists;
	struct ioc_load_counts counts = { 0 };

	if (paths->count > 0)
		return ioc_load((const char *const *)paths->text, paths->count,
		    report, NULL, &counts, &k->allowed, error, error_size);
	if (bundled_path(BUNDLED_ALLOWED, folder, sizeof folder) == -1) {
		report(NULL, "egress-sensor", 0,
		    "the bundled list of trusted "
		    "services is not where it was installed: their polling "
		    "may be reported (indicators.allow)");
		return 0;
	}
	/* Beside them are those that serve anybody's content. */
	snprintf(lists, sizeof lists, "%s/lists", folder);
	return ioc_load(&bundled, 1, report, NULL, &counts, &k->allowed, error,
	    error_size);
}

static int
load_geo(struct knowledge *k, const struct text_list *paths,
    void (*say)(const char *message), char *error, size_t error_size)
{
	struct geo_files_options options = {
		.paths = (const char *const *)paths->text,
		.path_count = paths->count,
		.say = say,
	};

	return geo_files_open(&options, &k->geo, error, error_size);
}

static int
load_services(struct knowledge *k, ioc_report report, char *error,
    size_t error_size)
{
	char folder[PATH_MAX];

	if (bundled_path(BUNDLED_SERVICES, folder, sizeof folder) == 0)
		return services_load(folder, report, NULL, &k->services, error,
		    error_size);
	report(NULL, "egress-sensor", 0,
	    "the bundled lists of services are not where they were installed: "
	    "tunnels and encrypted DNS are known by protocol only");
	return 0;
}

int
knowledge_load(struct knowledge *k, const struct config *config,
    ioc_report report, void (*say)(const char *message), char *error,
    size_t error_size)
{
	if (load_geo(k, &config->enrichment.geoip, say, error, error_size) ==
	    -1)
		return -1;
	if (load_profiles(k, &config->indicators.profiles, report, error,
		error_size) == -1)
		return -1;
	if (load_allowed(k, &config->indicators.allow, report, error,
		error_size) == -1 ||
	    load_services(k, report, error, error_size) == -1)
		return -1;
	return policy_set_load(config, report, NULL, &k->policies, error,
	    error_size);
}

void
knowledge_fini(struct knowledge *k)
{
	profile_set_free(k->profiles);
	ioc_set_free(k->allowed);
	services_free(k->services);
	policy_set_free(k->policies);
	geo_files_close(k->geo);
}
