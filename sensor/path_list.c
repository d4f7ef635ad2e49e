#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sensor/path_list.h"

/* Directories below directories; a guard against loops of mounts. */
#define DEPTH_MAX 64

static int
fail(char *error, size_t error_size, const char *name, const char *why)
{
	snprintf(error, error_size, "%s: %s", name, why);
	return -1;
}

/* Takes `name` over. */
static int
append(struct path_list *list, char *name, const struct stat *about,
    struct path_directory *directory)
{
	struct path *grown;
	size_t capacity = list->capacity;

	if (list->count == capacity) {
		capacity = capacity == 0 ? 16 : capacity * 2;
		grown = reallocarray(list->paths, capacity, sizeof(*grown));
		if (grown == NULL) {
			free(name);
			return -1;
		}
		list->paths = grown;
		list->capacity = capacity;
	}
	list->paths[list->count++] = (struct path){
		.name = name,
		.octets = S_ISREG(about->st_mode) ? (uint64_t)about->st_size
		                                  : 0,
		.once = !S_ISREG(about->st_mode),
		.directory = directory,
	};
	return 0;
}

static int add_below(struct path_list *list, const char *name,
    struct path_directory *top, unsigned depth, char *error, size_t error_size);

static char *
join(const char *directory, const char *name)
{
	size_t len = strlen(directory);
	char *joined;

	if (asprintf(&joined, "%s%s%s", directory,
		len > 0 && directory[len - 1] == '/' ? "" : "/", name) == -1)
		return NULL;
	return joined;
}

static int
add_entry(struct path_list *list, const char *parent, const char *entry,
    struct path_directory *top, unsigned depth, char *error, size_t error_size)
{
	struct stat about, link;
	char *name;
	int rc = 0;

	if (strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0)
		return 0;
	if ((name = join(parent, entry)) == NULL)
		return fail(error, error_size, parent, strerror(ENOMEM));
	/* A dangling link is no file; nor is what was removed just now. */
	if (stat(name, &about) == 0 && S_ISREG(about.st_mode)) {
		top->files++;
		if (append(list, name, &about, top) == -1)
			return fail(error, error_size, parent,
			    strerror(ENOMEM));
		return 0;
	}
	if (lstat(name, &link) == 0 && S_ISDIR(link.st_mode))
		rc = add_below(list, name, top, depth + 1, error, error_size);
	free(name);
	return rc;
}

/*
 * A directory below that cannot be read is no reason not to read the others:
 * it stays in the list, where opening it as a file fails and is reported.
 */
static int
add_unreadable(struct path_list *list, const char *name,
    struct path_directory *top)
{
	struct stat about = { .st_mode = S_IFREG };
	char *copy;

	if ((copy = strdup(name)) == NULL)
		return -1;
	top->files++;
	return append(list, copy, &about, top);
}

static int
by_octets(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
add_below(struct path_list *list, const char *name, struct path_directory *top,
    unsigned depth, char *error, size_t error_size)
{
	struct dirent **entries;
	int count = -1, rc = 0;

	errno = ELOOP;
	if (depth <= DEPTH_MAX)
		count = scandir(name, &entries, NULL, by_octets);
	if (count == -1 && depth == 0)
		return fail(error, error_size, name, strerror(errno));
	if (count == -1)
		return add_unreadable(list, name, top) == 0
		           ? 0
		           : fail(error, error_size, name, strerror(ENOMEM));
	for (int i = 0; i < count; i++) {
		if (rc == 0)
			rc = add_entry(list, name, entries[i]->d_name, top,
			    depth, error, error_size);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static struct path_directory *
directory_new(struct path_list *list, const char *name)
{
	struct path_directory *directory, **end = &list->directories;

	if ((directory = calloc(1, sizeof(*directory))) == NULL)
		return NULL;
	if ((directory->name = strdup(name)) == NULL) {
		free(directory);
		return NULL;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = directory;
	return directory;
}

static int
add_directory(struct path_list *list, const char *name, char *error,
    size_t error_size)
{
	struct path_directory *directory;

	if ((directory = directory_new(list, name)) == NULL)
		return fail(error, error_size, name, strerror(ENOMEM));
	if (add_below(list, name, directory, 0, error, error_size) == -1)
		return -1;
	if (directory->files == 0)
		return fail(error, error_size, name, "no files in it");
	return 0;
}

int
path_list_add(struct path_list *list, const char *name, char *error,
    size_t error_size)
{
	struct stat about = { .st_mode = S_IFIFO };
	char *copy;

	if (strcmp(name, "-") != 0 && stat(name, &about) == -1)
		return fail(error, error_size, name, strerror(errno));
	if (S_ISDIR(about.st_mode))
		return add_directory(list, name, error, error_size);
	if ((copy = strdup(name)) == NULL ||
	    append(list, copy, &about, NULL) == -1)
		return fail(error, error_size, name, strerror(ENOMEM));
	return 0;
}

void
path_list_fini(struct path_list *list)
{
	struct path_directory *directory;

	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i].name);
	free(list->paths);
	while ((directory = list->directories) != NULL) {
		list->directories = directory->next;
		free(directory->name);
		free(directory);
	}
}
