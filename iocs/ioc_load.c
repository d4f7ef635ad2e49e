#include "iocs/ioc_load.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "iocs/feed_format.h"
#include "iocs/misp_manifest.h"
#include "iocs/stix_versions.h"

/* Directories below directories; a link may lead in a circle. */
#define DEPTH_MAX 16

#define FAILURE_MAX 256

/* One load, of all its files. */
struct load {
	struct ioc_builder *builder;
	struct stix_versions *versions;
	struct suffixes *suffixes;
	struct ioc_load_counts counts;
	ioc_report report;
	void *report_arg;
	bool no_memory;
	size_t failures;           /* files that could not be read */
	char failure[FAILURE_MAX]; /* the first */
};

/* Tried in turn; the last takes what is text at all. */
static const struct feed_text_format text_formats[] = {
	{ zeek_recognise, zeek_load },
	{ csv_recognise, csv_load },
	{ plain_recognise, plain_load },
};

static void
tell(struct load *load, const char *path, unsigned line, const char *message)
{
	if (load->report != NULL)
		load->report(load->report_arg, path, line, message);
}

static void
fail(struct load *load, const char *path, unsigned line, const char *reason)
{
	if (load->failures++ == 0) {
		if (line > 0)
			snprintf(load->failure, sizeof load->failure,
			    "%s:%u: %s", path, line, reason);
		else
			snprintf(load->failure, sizeof load->failure, "%s: %s",
			    path, reason);
	}
	tell(load, path, line, reason);
}

/* NULL, or why nothing could be made of it. */
static const char *
read_text(struct feed_file *file, struct feed_text *text, unsigned *line)
{
	struct cursor head = feed_text_window(text);

	*line = 0;
	if (text->error != NULL)
		return text->error;
	if (feed_json_recognise(head))
		return feed_json_load(file, text, line);
	for (size_t i = 0; i < sizeof text_formats / sizeof text_formats[0];
	     i++) {
		if (!text_formats[i].recognise(head))
			continue;
		text_formats[i].load(file, text);
		*line = text->line;
		return text->error;
	}
	return "HTML or XML, not a list of indicators";
}

static struct feed_file
file_of(struct load *load, const char *path)
{
	const char *slash = strrchr(path, '/');

	return (struct feed_file){ .builder = load->builder,
		.versions = load->versions,
		.suffixes = load->suffixes,
		.counts = &load->counts,
		.path = path,
		.report = load->report,
		.report_arg = load->report_arg,
		.source = slash != NULL && slash[1] != '\0' ? slash + 1
		                                            : path };
}

static void
load_stream(struct load *load, const char *path, FILE *in)
{
	struct feed_file file = file_of(load, path);
	struct feed_text text;
	const char *reason;
	unsigned line;

	if (feed_text_init(&text, in) == -1) {
		load->no_memory = true;
		return;
	}
	load->counts.files++;
	reason = read_text(&file, &text, &line);
	feed_text_fini(&text);
	if (reason != NULL)
		fail(load, path, line, reason);
	feed_file_end(&file);
	load->no_memory |= file.no_memory;
}

static void
load_file(struct load *load, const char *path)
{
	FILE *in = fopen(path, "re");

	if (in == NULL) {
		fail(load, path, 0, strerror(errno));
		return;
	}
	load_stream(load, path, in);
	fclose(in);
}

/* A MISP feed's directory, while its manifest is read. */
struct manifest {
	struct load *load;
	const char *directory;
};

static void
load_event(void *arg, const char *uuid)
{
	struct manifest *manifest = arg;
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s.json", manifest->directory, uuid);
	load_file(manifest->load, path);
}

/* False where there is no manifest. */
static bool
load_manifest(struct load *load, const char *directory)
{
	struct manifest manifest = { load, directory };
	char path[PATH_MAX];
	const char *reason;
	struct stat status;
	unsigned line;

	snprintf(path, sizeof path, "%s/manifest.json", directory);
	if (stat(path, &status) == -1)
		return false;
	reason = misp_manifest_read(path, load_event, &manifest, &line);
	if (reason != NULL)
		fail(load, path, line, reason);
	return true;
}

/* A directory has other things in it, too: readme, licence, scripts. */
static bool
is_feed_name(const char *name)
{
	static const char *const endings[] = { ".json", ".stix", ".stix2",
		".csv", ".tsv", ".txt", ".list", ".lst", ".intel", ".zeek",
		".dat", ".netset", ".ipset", ".hosts" };
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (dot != NULL && strcasecmp(dot, endings[i]) == 0)
			return true;
	return strcmp(name, "hosts") == 0;
}

/* What comes with feeds and nobody takes for one. */
static bool
is_documentation(const char *name)
{
	static const char *const endings[] = { ".md", ".rst", ".asc", ".sig",
		".html" };
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (dot != NULL && strcasecmp(dot, endings[i]) == 0)
			return true;
	return strncasecmp(name, "readme", 6) == 0 ||
	       strncasecmp(name, "license", 7) == 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void load_directory(struct load *load, const char *path, int depth);

static void
load_entry(struct load *load, const char *path, const char *name, int depth)
{
	struct stat status;

	if (stat(path, &status) == -1)
		fail(load, path, 0, strerror(errno));
	else if (S_ISDIR(status.st_mode))
		load_directory(load, path, depth + 1);
	else if (S_ISREG(status.st_mode) && is_feed_name(name))
		load_file(load, path);
	else if (!is_documentation(name))
		tell(load, path, 0,
		    "not read: no name of a feed (.json .csv .txt .intel)");
}

static void
load_directory(struct load *load, const char *path, int depth)
{
	struct dirent **entries;
	char below[PATH_MAX];
	int count, len;

	if (depth > DEPTH_MAX) {
		fail(load, path, 0, "directories are nested too deeply");
		return;
	}
	if (load_manifest(load, path))
		return;
	count = scandir(path, &entries, is_visible, by_name);
	if (count == -1) {
		fail(load, path, 0, strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		len = snprintf(below, sizeof below, "%s/%s", path,
		    entries[i]->d_name);
		if (len < 0 || (size_t)len >= sizeof below)
			fail(load, path, 0, "the path is too long");
		else
			load_entry(load, below, entries[i]->d_name, depth);
		free(entries[i]);
	}
	free(entries);
}

static void
load_path(struct load *load, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		load_directory(load, path, 0);
	else
		load_file(load, path);
}

static int
load_begin(struct load *load, ioc_report report, void *report_arg, char *error,
    size_t error_size)
{
	*load = (struct load){ .report = report, .report_arg = report_arg };
	if ((load->suffixes = suffixes_new()) == NULL) {
		snprintf(error, error_size,
		    "the public suffix list cannot be read");
		return -1;
	}
	load->builder = ioc_builder_new();
	load->versions = stix_versions_new();
	if (load->builder != NULL && load->versions != NULL)
		return 0;
	snprintf(error, error_size, "memory is short");
	return -1;
}

/* What waited for the last file, and the verdict. */
static int
load_end(struct load *load, struct ioc_set **out, char *error,
    size_t error_size)
{
	struct feed_file file = file_of(load, "");
	struct ioc_set *set;

	stix_versions_finish(load->versions, &file);
	if (load->failures > 0) {
		snprintf(error, error_size, "%s (files not read: %zu)",
		    load->failure, load->failures);
		return -1;
	}
	if (load->no_memory || file.no_memory) {
		snprintf(error, error_size, "memory is short");
		return -1;
	}
	if (ioc_builder_count(load->builder) == 0) {
		snprintf(error, error_size,
		    "no indicator in %zu files (%zu entries rejected)",
		    load->counts.files, load->counts.rejected);
		return -1;
	}
	if ((set = ioc_builder_compile(load->builder)) == NULL) {
		snprintf(error, error_size, "memory is short");
		return -1;
	}
	*out = set;
	return 0;
}

static void
load_fini(struct load *load, struct ioc_load_counts *counts)
{
	if (counts != NULL)
		*counts = load->counts;
	ioc_builder_free(load->builder);
	stix_versions_free(load->versions);
	suffixes_free(load->suffixes);
	/* A JSON document takes many times the memory of what is in it. */
	malloc_trim(0);
}

int
ioc_load(const char *const *paths, size_t path_count, ioc_report report,
    void *report_arg, struct ioc_load_counts *counts, struct ioc_set **out,
    char *error, size_t error_size)
{
	struct load load;
	int rc;

	rc = load_begin(&load, report, report_arg, error, error_size);
	for (size_t i = 0; rc == 0 && i < path_count; i++)
		load_path(&load, paths[i]);
	if (rc == 0)
		rc = load_end(&load, out, error, error_size);
	load_fini(&load, counts);
	return rc;
}

int
ioc_load_memory(const char *path, const void *octets, size_t len,
    ioc_report report, void *report_arg, struct ioc_load_counts *counts,
    struct ioc_set **out, char *error, size_t error_size)
{
	struct load load;
	FILE *in;
	int rc;

	rc = load_begin(&load, report, report_arg, error, error_size);
	if (rc == 0) {
		/* Opened for reading, the stream does not write there. */
		in = fmemopen((void *)(uintptr_t)octets, len, "r");
		if (in == NULL)
			fail(&load, path, 0, strerror(errno));
		else
			load_stream(&load, path, in);
		if (in != NULL)
			fclose(in);
		rc = load_end(&load, out, error, error_size);
	}
	load_fini(&load, counts);
	return rc;
}
