#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/pipeline_parts.h"

/* Where hits for sinks on the network wait on disk. */

/*
 * systemd.exec(5) gives a service $STATE_DIRECTORY, names joined by ':'; of
 * others, root's state is in /var/lib and a user's where the XDG Base
 * Directory Specification has it.  False where there is no such place.
 */
static bool
standard_directory(char *out, size_t size)
{
	const char *service = getenv("STATE_DIRECTORY");
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int len;

	if (service != NULL && service[0] == '/')
		len = snprintf(out, size, "%.*s/spool",
		    (int)strcspn(service, ":"), service);
	else if (geteuid() == 0)
		len = snprintf(out, size, "/var/lib/egress-sensor/spool");
	else if (state != NULL && state[0] == '/')
		len = snprintf(out, size, "%s/egress-sensor/spool", state);
	else if (home != NULL && home[0] == '/')
		len = snprintf(out, size, "%s/.local/state/egress-sensor/spool",
		    home);
	else
		return false;
	return len > 0 && (size_t)len < size;
}

/* Makes one of the folders of a path that ends here; 0 or errno. */
static int
make_one(const char *path)
{
	struct stat status;

	/* Hits name hosts and users: they are nobody else's business. */
	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno == EEXIST || errno == EROFS || errno == EACCES) {
		int why = errno == EEXIST ? ENOTDIR : errno;

		return stat(path, &status) == 0 && S_ISDIR(status.st_mode)
		           ? 0
		           : why;
	}
	return errno;
}

/* The folder, those above it first, and whether it may be written to. */
static int
make_directory(char *path)
{
	int why = 0;

	for (char *at = path + 1; why == 0 && *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		why = make_one(path);
		*at = '/';
	}
	if (why == 0)
		why = make_one(path);
	if (why == 0 && access(path, R_OK | W_OK | X_OK) == -1)
		why = errno;
	return why;
}

static bool
is_wanted(const struct config_outputs *outputs)
{
	for (unsigned i = 0; i < outputs->sinks.count; i++) {
		if (outputs->spool.enabled &&
		    sink_has_spool(outputs->sinks.text[i]))
			return true;
	}
	return false;
}

static void
warn(const char *directory, const char *why)
{
	char message[PATH_MAX + 128];

	snprintf(message, sizeof message,
	    "%s%s%s; hits for sinks on the network wait in memory only "
	    "(outputs.spool)",
	    directory, directory[0] != '\0' ? ": " : "", why);
	pipeline_say(message);
}

int
pipeline_spool_directory(const struct config_outputs *outputs, char *out,
    size_t size, char *error, size_t error_size)
{
	const char *configured = outputs->spool.directory;
	int why;

	out[0] = '\0';
	if (!is_wanted(outputs))
		return 0;
	if (configured[0] == '\0' && !standard_directory(out, size)) {
		out[0] = '\0';
		warn("", "there is no home directory to spool to");
		return 0;
	}
	if (configured[0] != '\0' &&
	    (size_t)snprintf(out, size, "%s", configured) >= size)
		why = ENAMETOOLONG;
	else
		why = make_directory(out);
	if (why == 0)
		return 0;
	if (configured[0] == '\0')
		warn(out, strerror(why));
	else
		snprintf(error, error_size, "outputs.spool.directory: %s: %s",
		    configured, strerror(why));
	out[0] = '\0';
	return configured[0] == '\0' ? 0 : -1;
}
