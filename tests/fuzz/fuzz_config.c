#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/config.h"

/*
 * Any octets are a configuration or are refused with a reason; what was taken
 * prints as a configuration that is taken again, and prints the same.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
report(void *arg, const char *path, unsigned line, const char *message)
{
	unsigned *count = arg;

	(void)path;
	(void)line;
	/*
	 * Our own check must have found what libcyaml refuses.  A key may be
	 * called so, too, but is quoted with what is wrong about it.
	 */
	if (strncmp(message, "libcyaml: ", 10) == 0)
		abort();
	++*count;
}

static char *
print(const struct config *config, size_t *len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, len);

	if (to == NULL)
		abort();
	config_print(to, config);
	fclose(to);
	return text;
}

static void
use(struct config *config)
{
	size_t once_len, twice_len;
	struct segments *segments;
	char *once, *twice;
	char error[256];
	unsigned count = 0;

	if (config_segments(config, &segments, error, sizeof error) == -1)
		abort();
	segments_free(segments);
	once = print(config, &once_len);
	if (config_load_text(config, "printed", (const uint8_t *)once, once_len,
		NULL, report, &count) == -1)
		abort();
	twice = print(config, &twice_len);
	if (strcmp(once, twice) != 0)
		abort();
	free(once);
	free(twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	unsigned count = 0;
	int rc;

	if (config_init(&config) == -1)
		return 0;
	rc = config_load_text(&config, "fuzz", data, size, NULL, report,
	    &count);
	if ((rc == 0) != (count == 0))
		abort();
	if (rc == 0)
		use(&config);
	config_fini(&config);
	return 0;
}
