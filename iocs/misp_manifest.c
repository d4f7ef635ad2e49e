#include "iocs/misp_manifest.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

/*
 * Letters, digits and dashes: RFC 4122 section 3.  The name becomes a path, so
 * nothing else passes.
 */
static bool
is_uuid(const char *text)
{
	return strlen(text) == MISP_UUID_SIZE - 1 &&
	       strspn(text, "0123456789abcdefABCDEF-") == MISP_UUID_SIZE - 1;
}

const char *
misp_manifest_read(const char *path, void (*each)(void *arg, const char *uuid),
    void *arg, unsigned *line)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error), *event;
	const char *uuid;

	*line = 0;
	if (root == NULL) {
		*line = error.line > 0 ? (unsigned)error.line : 0;
		return "not JSON, or it cannot be read";
	}
	json_object_foreach(root, uuid, event)
	{
		if (!is_uuid(uuid) || !json_is_object(event)) {
			json_decref(root);
			return "no manifest of a MISP feed: an event's UUID "
			       "was expected";
		}
	}
	json_object_foreach(root, uuid, event) each(arg, uuid);
	json_decref(root);
	return NULL;
}
