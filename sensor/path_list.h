#ifndef SENSOR_PATH_LIST_H
#define SENSOR_PATH_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file that capture input is to be read from. */
struct path {
	char *name;
	uint64_t octets; /* 0 where not known */
	bool once;       /* standard input or a FIFO: cannot be reopened */
	struct path_directory *directory; /* it was found there; NULL: named */
};

/* A directory that was named. */
struct path_directory {
	char *name;
	size_t files, captures; /* regular files; captures is the user's */
	struct path_directory *next;
};

struct path_list {
	struct path *paths;
	size_t count, capacity;
	struct path_directory *directories;
};

/*
 * Appends a file, standard input ("-"), or the regular files in a directory and
 * those below, sorted by name.  A link to a file is followed, a link to a
 * directory only where it is what was named.  -1 with the reason in `error`,
 * which names the path: nothing there, not readable, a directory without files.
 */
int path_list_add(struct path_list *list, const char *name, char *error,
    size_t error_size);
void path_list_fini(struct path_list *list);

#endif
