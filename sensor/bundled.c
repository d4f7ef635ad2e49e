#include "sensor/bundled.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *installed, *in_source;
} from_program[] = {
	[BUNDLED_IOCS] = { "/../share/egress-sensor/iocs",
	    "/../iocs/bundled" },
	[BUNDLED_PROFILES] = { "/../share/egress-sensor/profiles",
	    "/../iocs/profiles" },
	[BUNDLED_ALLOWED] = { "/../share/egress-sensor/allowed",
	    "/../iocs/allowed" },
};

static int
try_path(const char *folder, const char *relative, char *path,
    size_t path_size)
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
	if (try_path(program, from_program[what].installed, path,
		path_size) == 0)
		return 0;
	return try_path(program, from_program[what].in_source, path,
	    path_size);
}
