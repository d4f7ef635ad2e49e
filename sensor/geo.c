#include "sensor/geo.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <maxminddb.h>

struct geo {
	size_t count;
	MMDB_s databases[];
};

/* --- opening --- */

/* The file's octets in memory that nobody else can write to; -1: errno. */
static int
copy_to_memory(const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int to = -1, why;
	struct stat about;
	ssize_t copied = 1;

	if (from == -1 || fstat(from, &about) == -1)
		goto failed;
	if (!S_ISREG(about.st_mode)) {
		errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
		goto failed;
	}
	if ((to = memfd_create("geo", MFD_CLOEXEC)) == -1)
		goto failed;
	while (copied > 0)
		copied = sendfile(to, from, NULL, 1 << 24);
	if (copied == -1)
		goto failed;
	close(from);
	return to;
failed:
	why = errno;
	if (from != -1)
		close(from);
	if (to != -1)
		close(to);
	errno = why;
	return -1;
}

static int
open_one(const char *path, MMDB_s *out, char *error, size_t error_size)
{
	char copy[sizeof "/proc/self/fd/-2147483648"];
	int fd = copy_to_memory(path), rc;

	if (fd == -1) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	snprintf(copy, sizeof copy, "/proc/self/fd/%d", fd);
	rc = MMDB_open(copy, MMDB_MODE_MMAP, out);
	close(fd);
	if (rc == MMDB_SUCCESS)
		return 0;
	snprintf(error, error_size, "%s: no MaxMind database: %s", path,
	    MMDB_strerror(rc));
	return -1;
}

static struct geo *
geo_new(size_t count)
{
	struct geo *geo;

	return calloc(1, sizeof *geo + count * sizeof geo->databases[0]);
}

int
geo_open(const char *const *paths, size_t count, struct geo **out, char *error,
    size_t error_size)
{
	struct geo *geo = geo_new(count);

	if (geo == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	for (; geo->count < count; geo->count++) {
		if (open_one(paths[geo->count], &geo->databases[geo->count],
			error, error_size) == -1) {
			geo_free(geo);
			return -1;
		}
	}
	*out = geo;
	return 0;
}

int
geo_open_some(const char *const *paths, size_t count,
    void (*skipped)(void *arg, const char *reason), void *arg, struct geo **out)
{
	struct geo *geo = geo_new(count);
	char error[512];

	if (geo == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (open_one(paths[i], &geo->databases[geo->count], error,
			sizeof error) == 0)
			geo->count++;
		else
			skipped(arg, error);
	}
	*out = geo->count > 0 ? geo : NULL;
	if (geo->count == 0)
		geo_free(geo);
	return 0;
}

size_t
geo_count(const struct geo *geo)
{
	return geo->count;
}

void
geo_free(struct geo *geo)
{
	if (geo == NULL)
		return;
	for (size_t i = 0; i < geo->count; i++)
		MMDB_close(&geo->databases[i]);
	free(geo);
}

/* --- what the vendors call it --- */

#define PATH_PARTS 3 /* with the NULL */

static const char *const country_paths[][PATH_PARTS] = {
	{ "country", "iso_code", NULL },            /* GeoLite2, DB-IP */
	{ "registered_country", "iso_code", NULL }, /* GeoLite2, else */
	{ "country_code", NULL },                   /* ip-location-db, IPinfo */
	{ "country", NULL },                        /* IPinfo's older ones */
};
static const char *const asn_paths[][PATH_PARTS] = {
	{ "autonomous_system_number", NULL }, /* GeoLite2, DB-IP */
	{ "asn", NULL },                      /* IPinfo: "AS64496" */
};
static const char *const organisation_paths[][PATH_PARTS] = {
	{ "autonomous_system_organization", NULL },
	{ "as_name", NULL },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* False where it is not there, or where the database is broken here. */
static bool
get(MMDB_entry_s *entry, const char *const *path, MMDB_entry_data_s *out)
{
	return MMDB_aget_value(entry, out, path) == MMDB_SUCCESS &&
	       out->has_data;
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void
take_country(const MMDB_entry_data_s *value, struct place *out)
{
	if (value->type != MMDB_DATA_TYPE_UTF8_STRING || value->data_size != 2)
		return;
	for (int i = 0; i < 2; i++) {
		if (!is_letter(value->utf8_string[i]))
			return;
	}
	out->country[0] = (char)(value->utf8_string[0] & ~0x20);
	out->country[1] = (char)(value->utf8_string[1] & ~0x20);
}

/* "AS64496", or without its first letters. */
static uint32_t
asn_of_text(const char *text, size_t len)
{
	uint64_t asn = 0;

	if (len > 2 && (text[0] & ~0x20) == 'A' && (text[1] & ~0x20) == 'S') {
		text += 2;
		len -= 2;
	}
	if (len == 0 || len > 10)
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		asn = asn * 10 + (uint64_t)(text[i] - '0');
	}
	return asn <= UINT32_MAX ? (uint32_t)asn : 0;
}

static void
take_asn(const MMDB_entry_data_s *value, struct place *out)
{
	switch (value->type) {
	case MMDB_DATA_TYPE_UINT16:
		out->asn = value->uint16;
		break;
	case MMDB_DATA_TYPE_UINT32:
		out->asn = value->uint32;
		break;
	case MMDB_DATA_TYPE_UTF8_STRING:
		out->asn = asn_of_text(value->utf8_string, value->data_size);
		break;
	}
}

/* Not in the middle of a character (RFC 3629 section 3). */
static size_t
cut_utf8(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void
take_organisation(const MMDB_entry_data_s *value, struct place *out)
{
	size_t len;

	if (value->type != MMDB_DATA_TYPE_UTF8_STRING)
		return;
	len = cut_utf8(value->utf8_string, value->data_size,
	    GEO_ORGANISATION_MAX);
	memcpy(out->organisation, value->utf8_string, len);
	out->organisation[len] = '\0';
}

static void
take_entry(MMDB_entry_s *entry, struct place *out)
{
	MMDB_entry_data_s value;

	for (size_t i = 0; i < COUNT(country_paths); i++) {
		if (out->country[0] == '\0' &&
		    get(entry, country_paths[i], &value))
			take_country(&value, out);
	}
	for (size_t i = 0; i < COUNT(asn_paths); i++) {
		if (out->asn == 0 && get(entry, asn_paths[i], &value))
			take_asn(&value, out);
	}
	for (size_t i = 0; i < COUNT(organisation_paths); i++) {
		if (out->organisation[0] == '\0' &&
		    get(entry, organisation_paths[i], &value))
			take_organisation(&value, out);
	}
}

/* --- looking up --- */

union socket_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static void
to_socket_address(const struct addr *addr, union socket_address *out)
{
	memset(out, 0, sizeof *out);
	if (addr_is_v4(addr)) {
		out->v4.sin_family = AF_INET;
		memcpy(&out->v4.sin_addr, addr->octets + 12, 4);
	} else {
		out->v6.sin6_family = AF_INET6;
		memcpy(&out->v6.sin6_addr, addr->octets, 16);
	}
}

bool
geo_find(const struct geo *geo, const struct addr *addr, struct place *out)
{
	union socket_address address;

	memset(out, 0, sizeof *out);
	if (geo == NULL)
		return false;
	to_socket_address(addr, &address);
	for (size_t i = 0; i < geo->count; i++) {
		MMDB_lookup_result_s found;
		int rc;

		/* An error: IPv6 asked of IPv4's, or broken here. */
		found = MMDB_lookup_sockaddr(&geo->databases[i], &address.any,
		    &rc);
		if (rc == MMDB_SUCCESS && found.found_entry)
			take_entry(&found.entry, out);
	}
	return out->country[0] != '\0' || out->asn != 0;
}
