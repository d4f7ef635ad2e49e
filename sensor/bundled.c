#include "sensor/bundled.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* By kind: installed; in the source tree, built in build/ or build/san/. */
#define PLACES 3
static const char *const from_program[][PLACES] = {
	[BUNDLED_IOCS] = { "/../share/egress-sensor/iocs", "/../iocs/bundled",
	    "/../../iocs/bundled" },
	[BUNDLED_PROFILES] = { "/../share/egress-sensor/profiles",
	    "/../iocs/profiles", "/../../iocs/profiles" },
	[BUNDLED_ALLOWED] = { "/../share/egress-sensor/allowed",
	    "/../iocs/allowed", "/../../iocs/allowed" },
	[BUNDLED_SERVICES] = { "/../share/egress-sensor/services",
	    "/../iocs/services", "/../../iocs/services" },
	[BUNDLED_GEOIP] = { "/../share/egress-sensor/geoip", "/../iocs/geoip",
	    "/../../iocs/geoip" },
};

static int
try_path(const char *folder, const char *relative, char *path, size_t path_size)
{
	int n = snprintf(path, path_size, "%s%s", folder, relative);

	if (n <= 0 || (size_t)n >= path_size)
		return -1;
	return access(path, R_OK | X_OK);
}

int
bundled_path(enum bundled what, char *path, size_t path_size)
{
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
	char *slash;

	if (len <= 0)
		return -1;
	program[len] = '\0';
	if ((slash = strrchr(program, '/')) == NULL)
		return -1;
	*slash = '\0';
	for (size_t i = 0; i < PLACES; i++) {
		if (try_path(program, from_program[what][i], path, path_size) ==
		    0)
			return 0;
	}
	return -1;
}
