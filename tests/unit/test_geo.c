#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "sensor/geo.h"

/*
 * Databases are made here by the format's specification (MaxMind DB 2.0): a
 * tree of one node whose two records are the same value, so that it holds for
 * every address.
 */
static char directory[] = "/tmp/test_geo_XXXXXX";

/* Octets that grow. */
struct octets {
	uint8_t at[4096];
	size_t len;
};

static void
put(struct octets *to, const void *octets, size_t len)
{
	assert_true(to->len + len <= sizeof to->at);
	memcpy(to->at + to->len, octets, len);
	to->len += len;
}

static void
put_octet(struct octets *to, unsigned octet)
{
	put(to, &(uint8_t){ (uint8_t)octet }, 1);
}

static void
put_text(struct octets *to, const char *text)
{
	size_t len = strlen(text);

	assert_true(len < 29 + 256);
	if (len < 29) {
		put_octet(to, 0x40 | (unsigned)len);
	} else {
		put_octet(to, 0x40 | 29);
		put_octet(to, (unsigned)len - 29);
	}
	put(to, text, len);
}

static void
put_map(struct octets *to, unsigned pairs)
{
	put_octet(to, 0xe0 | pairs);
}

/* As uint32, with all of its octets. */
static void
put_number(struct octets *to, uint32_t number)
{
	put_octet(to, 0xc0 | 4);
	for (int shift = 24; shift >= 0; shift -= 8)
		put_octet(to, number >> shift & 0xff);
}

static void
put_short(struct octets *to, unsigned number)
{
	put_octet(to, 0xa0 | 2);
	put_octet(to, number >> 8);
	put_octet(to, number & 0xff);
}

/* The tree and the separator, in front of the data section. */
static void
begin(struct octets *db)
{
	static const uint8_t record[3] = { 0, 0, 1 + 16 };

	db->len = 0;
	put(db, record, 3);
	put(db, record, 3);
	put(db, (const uint8_t[16]){ 0 }, 16);
}

/* The metadata behind it. */
static void
end(struct octets *db, unsigned ip_version)
{
	put(db, "\xab\xcd\xefMaxMind.com", 14);
	put_map(db, 9);
	put_text(db, "languages");
	put(db, "\x00\x04", 2); /* an array, empty */
	put_text(db, "description");
	put_map(db, 0);
	put_text(db, "build_epoch");
	put(db, "\x01\x02\x01", 3); /* uint64: 1 */
	put_text(db, "node_count");
	put_number(db, 1);
	put_text(db, "record_size");
	put_short(db, 24);
	put_text(db, "ip_version");
	put_short(db, ip_version);
	put_text(db, "database_type");
	put_text(db, "Test");
	put_text(db, "binary_format_major_version");
	put_short(db, 2);
	put_text(db, "binary_format_minor_version");
	put_short(db, 0);
}

static const char *
path_of(const char *name)
{
	static char path[8][64];
	static unsigned next;
	char *out = path[next++ % 8];

	snprintf(out, sizeof path[0], "%s/%s", directory, name);
	return out;
}

static const char *
save(const char *name, const uint8_t *octets, size_t len)
{
	const char *path = path_of(name);
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return path;
}

static struct geo *
open_all(const char *const *paths, size_t count)
{
	struct geo *geo = NULL;
	char error[256];

	if (geo_open(paths, count, &geo, error, sizeof error) == -1)
		fail_msg("%s", error);
	return geo;
}

static const struct addr v4 = { { [10] = 0xff, 0xff, 203, 0, 113, 9 } };
static const struct addr v6 = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 } };

/* ---- layouts ---- */

static void
put_geolite_country(struct octets *db)
{
	put_map(db, 1);
	put_text(db, "country");
	put_map(db, 1);
	put_text(db, "iso_code");
	put_text(db, "US");
}

static void
put_registered(struct octets *db)
{
	put_map(db, 1);
	put_text(db, "registered_country");
	put_map(db, 1);
	put_text(db, "iso_code");
	put_text(db, "DE");
}

static void
put_country_code(struct octets *db)
{
	put_map(db, 1);
	put_text(db, "country_code");
	put_text(db, "jp");
}

static void
put_ipinfo(struct octets *db)
{
	put_map(db, 4);
	put_text(db, "country");
	put_text(db, "Brazil");
	put_text(db, "country_code");
	put_text(db, "BR");
	put_text(db, "asn");
	put_text(db, "AS4200000000");
	put_text(db, "as_name");
	put_text(db, "Example, Inc.");
}

static void
put_ipinfo_old(struct octets *db)
{
	put_map(db, 1);
	put_text(db, "country");
	put_text(db, "FR");
}

static void
put_geolite_asn(struct octets *db)
{
	put_map(db, 2);
	put_text(db, "autonomous_system_number");
	put_number(db, 64496);
	put_text(db, "autonomous_system_organization");
	put_text(db, "Example");
}

/* Of the wrong type or shape, all of it. */
static void
put_nonsense(struct octets *db)
{
	put_map(db, 4);
	put_text(db, "country_code");
	put_text(db, "USA");
	put_text(db, "country");
	put_number(db, 7);
	put_text(db, "asn");
	put_text(db, "AS4294967296");
	put_text(db, "autonomous_system_number");
	put_text(db, "AS");
}

static void
each_vendors_layout_is_read(void **state)
{
	static const struct {
		const char *name;
		void (*put)(struct octets *db);
		const char *country;
		uint32_t asn;
		const char *organisation;
	} cases[] = {
		{ "GeoLite2 Country", put_geolite_country, "US", 0, "" },
		{ "only the registered one", put_registered, "DE", 0, "" },
		{ "ip-location-db", put_country_code, "JP", 0, "" },
		{ "IPinfo", put_ipinfo, "BR", 4200000000, "Example, Inc." },
		{ "IPinfo, older", put_ipinfo_old, "FR", 0, "" },
		{ "GeoLite2 ASN", put_geolite_asn, "", 64496, "Example" },
		{ "nonsense", put_nonsense, "", 0, "" },
	};
	struct octets db;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct place place;
		struct geo *geo;
		const char *path;

		begin(&db);
		cases[i].put(&db);
		end(&db, 6);
		path = save("layout.mmdb", db.at, db.len);
		geo = open_all(&path, 1);
		if (geo_find(geo, &v4, &place) !=
			(cases[i].country[0] != '\0' || cases[i].asn != 0) ||
		    strcmp(place.country, cases[i].country) != 0 ||
		    place.asn != cases[i].asn ||
		    strcmp(place.organisation, cases[i].organisation) != 0)
			fail_msg("%s: %s AS%u %s", cases[i].name, place.country,
			    place.asn, place.organisation);
		geo_free(geo);
	}
}

static void
what_one_does_not_know_the_next_one_does(void **state)
{
	const char *paths[3];
	struct place place;
	struct octets db;
	struct geo *geo;

	(void)state;
	begin(&db);
	put_geolite_asn(&db);
	end(&db, 4); /* has no IPv6 */
	paths[0] = save("asn.mmdb", db.at, db.len);
	begin(&db);
	put_ipinfo(&db);
	end(&db, 6);
	paths[1] = save("both.mmdb", db.at, db.len);
	begin(&db);
	put_geolite_country(&db);
	end(&db, 6);
	paths[2] = save("country.mmdb", db.at, db.len);
	geo = open_all(paths, 3);
	assert_int_equal(geo_count(geo), 3);
	assert_true(geo_find(geo, &v4, &place));
	assert_string_equal(place.country, "BR");
	assert_int_equal(place.asn, 64496);
	assert_string_equal(place.organisation, "Example");
	assert_true(geo_find(geo, &v6, &place));
	assert_int_equal(place.asn, 4200000000);
	geo_free(geo);
}

/* Two octets for each: the 128th is in the middle of one. */
static void
a_long_name_is_cut_between_characters(void **state)
{
	char name[200] = "x";
	struct place place;
	struct octets db;
	struct geo *geo;
	const char *path;

	(void)state;
	for (size_t i = 1; i + 1 < sizeof name - 1; i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	begin(&db);
	put_map(&db, 2);
	put_text(&db, "asn");
	put_text(&db, "AS1");
	put_text(&db, "as_name");
	put_text(&db, name);
	end(&db, 4);
	path = save("long.mmdb", db.at, db.len);
	geo = open_all(&path, 1);
	assert_true(geo_find(geo, &v4, &place));
	assert_int_equal(strlen(place.organisation), 127);
	assert_memory_equal(place.organisation, name, 127);
	geo_free(geo);
}

/* ---- what is broken ---- */

static void
what_is_missing_or_no_database_is_named(void **state)
{
	static const uint8_t garbage[] = "<html>404 Not Found</html>";
	char error[256];
	struct geo *geo = NULL;
	const char *path;

	(void)state;
	path = path_of("nothing.mmdb");
	assert_int_equal(geo_open(&path, 1, &geo, error, sizeof error), -1);
	assert_non_null(strstr(error, path));
	assert_non_null(strstr(error, "No such file"));
	path = save("garbage.mmdb", garbage, sizeof garbage);
	assert_int_equal(geo_open(&path, 1, &geo, error, sizeof error), -1);
	assert_non_null(strstr(error, path));
	path = save("empty.mmdb", garbage, 0);
	assert_int_equal(geo_open(&path, 1, &geo, error, sizeof error), -1);
	path = directory;
	assert_int_equal(geo_open(&path, 1, &geo, error, sizeof error), -1);
	assert_null(geo);
}

static void
count_skipped(void *arg, const char *reason)
{
	assert_non_null(strstr(reason, "garbage.mmdb"));
	++*(int *)arg;
}

static void
of_those_found_the_broken_one_is_left_out(void **state)
{
	const char *paths[2];
	struct octets db;
	struct geo *geo;
	int skipped = 0;

	(void)state;
	begin(&db);
	put_geolite_country(&db);
	end(&db, 6);
	paths[0] = save("garbage.mmdb", db.at, 20);
	paths[1] = save("good.mmdb", db.at, db.len);
	assert_int_equal(geo_open_some(paths, 2, count_skipped, &skipped, &geo),
	    0);
	assert_int_equal(skipped, 1);
	assert_int_equal(geo_count(geo), 1);
	geo_free(geo);
	assert_int_equal(geo_open_some(paths, 1, count_skipped, &skipped, &geo),
	    0);
	assert_null(geo);
}

/* Whatever comes of it, it comes without an overread, and it ends. */
static void
look_up_in(const uint8_t *octets, size_t len)
{
	const char *path = save("broken.mmdb", octets, len);
	struct place place;
	struct geo *geo;
	char error[256];

	if (geo_open(&path, 1, &geo, error, sizeof error) == -1)
		return;
	(void)geo_find(geo, &v4, &place);
	(void)geo_find(geo, &v6, &place);
	geo_free(geo);
}

static void
spoilt_databases_are_survived(void **state)
{
	struct octets db, spoilt;
	size_t data_len;

	(void)state;
	begin(&db);
	put_ipinfo(&db);
	data_len = db.len;
	end(&db, 6);
	for (size_t len = 0; len < db.len; len++)
		look_up_in(db.at, len);
	/* Each octet of tree and data.  (When its metadata are spoilt,
	 * MMDB_open of libmaxminddb 1.7 leaks a little; nothing more.) */
	for (size_t i = 0; i < data_len; i++) {
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			spoilt = db;
			spoilt.at[i] ^= (uint8_t)flip;
			look_up_in(spoilt.at, spoilt.len);
		}
	}
	/* A node that leads to itself. */
	spoilt = db;
	spoilt.at[2] = spoilt.at[5] = 0;
	look_up_in(spoilt.at, spoilt.len);
}

static void
without_a_database_nothing_is_known(void **state)
{
	struct place place;

	(void)state;
	memset(&place, 1, sizeof place);
	assert_false(geo_find(NULL, &v4, &place));
	assert_string_equal(place.country, "");
	assert_int_equal(place.asn, 0);
}

/* Its octets were copied: who writes to the file changes nothing. */
static void
a_file_that_changes_later_changes_nothing(void **state)
{
	struct place place;
	struct octets db;
	struct geo *geo;
	const char *path;

	(void)state;
	begin(&db);
	put_geolite_country(&db);
	end(&db, 6);
	path = save("changes.mmdb", db.at, db.len);
	geo = open_all(&path, 1);
	assert_int_equal(truncate(path, 0), 0);
	assert_true(geo_find(geo, &v4, &place));
	assert_string_equal(place.country, "US");
	geo_free(geo);
}

static int
make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL;
}

static int
remove_directory(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof command, "rm -r '%s'", directory);
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_vendors_layout_is_read),
		cmocka_unit_test(what_one_does_not_know_the_next_one_does),
		cmocka_unit_test(a_long_name_is_cut_between_characters),
		cmocka_unit_test(what_is_missing_or_no_database_is_named),
		cmocka_unit_test(of_those_found_the_broken_one_is_left_out),
		cmocka_unit_test(spoilt_databases_are_survived),
		cmocka_unit_test(without_a_database_nothing_is_known),
		cmocka_unit_test(a_file_that_changes_later_changes_nothing),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
