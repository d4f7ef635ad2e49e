#include "sensor/geo_files.h"

#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "sensor/bundled.h"

struct geo_files {
	struct geo_files_options options;
	struct geo *geo;              /* in force; NULL: none */
	struct geo *old;              /* may still be in use */
	_Atomic(struct geo *) loaded; /* waits to be taken */
	pthread_t loader;
	atomic_bool loading;
	bool joinable;
};

/* ---- looking for them ---- */

struct found {
	char path[PATH_MAX];
	dev_t device;
	ino_t inode;
};

struct search {
	struct found found[GEO_DATABASES_MAX];
	size_t count;
};

static bool
has(const char *name, const char *word)
{
	return strcasestr(name, word) != NULL;
}

/* What is asked first; a database of cities has countries, too, but is big. */
static int
rank(const char *name)
{
	return has(name, "country") ? 0
	       : has(name, "asn")   ? 1
	       : has(name, "city")  ? 3
	                            : 2;
}

static int
by_rank(const struct dirent **left, const struct dirent **right)
{
	const char *a = (*left)->d_name, *b = (*right)->d_name;
	int order = rank(a) - rank(b);

	return order != 0 ? order : strcmp(a, b);
}

static int
is_database(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + len - 5, ".mmdb") == 0;
}

/* Folders and files may be links to one another. */
static bool
is_found(const struct search *search, const struct stat *about)
{
	for (size_t i = 0; i < search->count; i++) {
		if (search->found[i].device == about->st_dev &&
		    search->found[i].inode == about->st_ino)
			return true;
	}
	return false;
}

static void
take(struct search *search, const char *folder, const char *name)
{
	struct found *next = &search->found[search->count];
	struct stat about;
	int len;

	if (search->count == GEO_DATABASES_MAX)
		return;
	len = snprintf(next->path, sizeof next->path, "%s/%s", folder, name);
	if (len < 0 || (size_t)len >= sizeof next->path ||
	    stat(next->path, &about) == -1 || !S_ISREG(about.st_mode) ||
	    is_found(search, &about))
		return;
	next->device = about.st_dev;
	next->inode = about.st_ino;
	search->count++;
}

static void
look_in(struct search *search, const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_database, by_rank);
	bool has_countries = false;

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		has_countries |= rank(name) == 0;
		if (rank(name) != 3 || !has_countries)
			take(search, folder, name);
	}
	for (int i = 0; i < count; i++)
		free(entries[i]);
	if (count >= 0)
		free(entries);
}

static void
look_for_all(struct search *search)
{
	static const char *const folders[] = { "/usr/share/GeoIP",
		"/var/lib/GeoIP", "/usr/local/share/GeoIP" };
	char bundled[PATH_MAX];

	search->count = 0;
	if (bundled_path(BUNDLED_GEOIP, bundled, sizeof bundled) == 0)
		look_in(search, bundled);
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		look_in(search, folders[i]);
}

/* ---- reading them ---- */

static void
say_skipped(void *arg, const char *reason)
{
	const struct geo_files *files = arg;
	char text[PATH_MAX + 256];

	snprintf(text, sizeof text, "left out: %s", reason);
	files->options.say(text);
}

static int
open_found(const struct geo_files *files, struct geo **out, char *error,
    size_t error_size)
{
	struct search *search = malloc(sizeof *search);
	const char *paths[GEO_DATABASES_MAX];
	int rc = -1;

	if (search != NULL) {
		look_for_all(search);
		for (size_t i = 0; i < search->count; i++)
			paths[i] = search->found[i].path;
		rc = geo_open_some(paths, search->count, say_skipped,
		    (void *)files, out);
	}
	free(search);
	if (rc == -1)
		snprintf(error, error_size, "out of memory");
	return rc;
}

static bool
is_off(const struct geo_files_options *options)
{
	return options->path_count == 1 &&
	       strcmp(options->paths[0], "none") == 0;
}

/* *out is NULL where there are none. */
static int
load(const struct geo_files *files, struct geo **out, char *error,
    size_t error_size)
{
	const struct geo_files_options *options = &files->options;
	char text[128];

	*out = NULL;
	if (is_off(options))
		return 0;
	if (options->path_count > GEO_DATABASES_MAX) {
		snprintf(error, error_size,
		    "enrichment.geoip: %zu databases, at most %d are possible",
		    options->path_count, GEO_DATABASES_MAX);
		return -1;
	}
	if (options->path_count > 0) {
		if (geo_open(options->paths, options->path_count, out, error,
			error_size) == -1)
			return -1;
	} else if (open_found(files, out, error, error_size) == -1) {
		return -1;
	}
	if (*out != NULL) {
		snprintf(text, sizeof text,
		    "countries and networks from %zu database%s",
		    geo_count(*out), geo_count(*out) == 1 ? "" : "s");
		options->say(text);
	}
	return 0;
}

int
geo_files_open(const struct geo_files_options *options, struct geo_files **out,
    char *error, size_t error_size)
{
	struct geo_files *files = calloc(1, sizeof *files);

	if (files == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	files->options = *options;
	if (load(files, &files->geo, error, error_size) == -1) {
		free(files);
		return -1;
	}
	*out = files;
	return 0;
}

const struct geo *
geo_files_geo(const struct geo_files *files)
{
	return files != NULL ? files->geo : NULL;
}

/* ---- again ---- */

/* In the loader thread. */
static void *
reload(void *arg)
{
	struct geo_files *files = arg;
	struct geo *geo;
	char error[512], text[768];

	if (load(files, &geo, error, sizeof error) == -1) {
		snprintf(text, sizeof text,
		    "countries and networks not reloaded, the old ones stay: "
		    "%s",
		    error);
		files->options.say(text);
	} else if (geo != NULL) {
		geo_free(atomic_exchange(&files->loaded, geo));
	}
	atomic_store(&files->loading, false);
	return NULL;
}

void
geo_files_reload(struct geo_files *files)
{
	if (files == NULL || is_off(&files->options) ||
	    atomic_exchange(&files->loading, true))
		return;
	if (files->joinable)
		pthread_join(files->loader, NULL);
	files->joinable = pthread_create(&files->loader, NULL, reload, files) ==
	                  0;
	if (!files->joinable) {
		atomic_store(&files->loading, false);
		files->options.say("countries and networks not reloaded: no "
				   "thread");
	}
}

const struct geo *
geo_files_take_new(struct geo_files *files)
{
	struct geo *geo;

	if (files == NULL ||
	    atomic_load_explicit(&files->loaded, memory_order_relaxed) == NULL)
		return NULL;
	if ((geo = atomic_exchange(&files->loaded, NULL)) == NULL)
		return NULL;
	geo_free(files->old);
	files->old = files->geo;
	files->geo = geo;
	return geo;
}

void
geo_files_release(struct geo_files *files)
{
	geo_free(files->old);
	files->old = NULL;
}

void
geo_files_close(struct geo_files *files)
{
	if (files == NULL)
		return;
	if (files->joinable)
		pthread_join(files->loader, NULL);
	geo_free(atomic_load(&files->loaded));
	geo_free(files->old);
	geo_free(files->geo);
	free(files);
}
