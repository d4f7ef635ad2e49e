#include "sensor/bundled.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const from_program[] = {
	"/../share/egress-sensor/iocs",
	"/../iocs/bundled",
};

int
bundled_iocs(char *path, size_t path_size)
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
	for (size_t i = 0; i < sizeof from_program / sizeof from_program[0];
	    i++) {
		int n = snprintf(path, path_size, "%s%s", program,
		    from_program[i]);

		if (n > 0 && (size_t)n < path_size &&
		    access(path, R_OK | X_OK) == 0)
			return 0;
	}
	return -1;
}
