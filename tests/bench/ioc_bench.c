/*
 * What a big indicator set costs: makes a list of names and a list of
 * addresses (the same ones every time), loads them from files, and times
 * look-ups that miss and that hit.
 *
 *	ioc_bench [NAMES [ADDRESSES]]      default: 1000000 100000
 *
 * Names are like those of block lists: two or three labels of 3 to 16 letters.
 * Each is looked up with "www." in front.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "iocs/ioc_load.h"

#define LOOKUPS    2000000
#define SAMPLE     65536 /* of what is looked up: more than a cache holds */
#define NAME_SIZE  64
#define PATH_SIZE  128
#define SEED       UINT64_C(20260331)
#define SEED_OTHER UINT64_C(6202033)

struct lookups {
	size_t count;
	char (*names)[NAME_SIZE];
	size_t *name_lens;
	struct addr *addresses;
};

/* splitmix64 (Steele, Lea and Flood, 2014). */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void
make_name(uint64_t *state, char out[NAME_SIZE])
{
	static const char *const tops[] = { "com", "net", "org", "info", "xyz",
		"top", "de", "ru" };
	int labels = next(state) % 4 == 0 ? 2 : 1;
	char *at = out;

	for (int i = 0; i < labels; i++) {
		size_t len = 3 + next(state) % 14;

		while (len-- > 0)
			*at++ = (char)('a' + next(state) % 26);
		*at++ = '.';
	}
	strcpy(at, tops[next(state) % (sizeof tops / sizeof tops[0])]);
}

/* 11.0.0.0 to 99.255.255.255, where nothing is refused. */
static struct addr
make_address(uint64_t *state)
{
	uint64_t bits = next(state);
	uint8_t octets[4] = { (uint8_t)(11 + bits % 88), (uint8_t)(bits >> 8),
		(uint8_t)(bits >> 16), (uint8_t)(bits >> 24) };

	return addr_v4(octets);
}

static FILE *
create(const char *directory, const char *name, char path[PATH_SIZE])
{
	FILE *out;

	snprintf(path, PATH_SIZE, "%s/%s", directory, name);
	if ((out = fopen(path, "w")) == NULL) {
		perror(path);
		exit(1);
	}
	return out;
}

static void
write_names(const char *path, FILE *out, size_t count)
{
	uint64_t state = SEED;
	char name[NAME_SIZE];

	for (size_t i = 0; i < count; i++) {
		make_name(&state, name);
		fprintf(out, "%s\n", name);
	}
	if (fclose(out) != 0)
		perror(path);
}

static void
write_addresses(const char *path, FILE *out, size_t count)
{
	uint64_t state = SEED;

	for (size_t i = 0; i < count; i++) {
		struct addr addr = make_address(&state);
		const uint8_t *o = addr.octets + 12;

		fprintf(out, "%u.%u.%u.%u\n", o[0], o[1], o[2], o[3]);
	}
	if (fclose(out) != 0)
		perror(path);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Resident now, in MiB. */
static double
resident(void)
{
	long pages = 0, own = 0;
	FILE *in = fopen("/proc/self/statm", "r");

	if (in == NULL || fscanf(in, "%ld %ld", &pages, &own) != 2)
		own = 0;
	if (in != NULL)
		fclose(in);
	return (double)own * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* What to look up: the first ones of the lists, or others. */
static void
make_lookups(uint64_t seed, size_t count, struct lookups *out)
{
	uint64_t names = seed, addresses = seed;

	out->count = count < SAMPLE ? count : SAMPLE;
	for (size_t i = 0; i < out->count; i++) {
		strcpy(out->names[i], "www.");
		make_name(&names, out->names[i] + 4);
		out->name_lens[i] = strlen(out->names[i]);
		out->addresses[i] = make_address(&addresses);
	}
}

static void
time_lookups(const struct ioc_set *set, const struct lookups *lookups,
    const char *what)
{
	const struct indicator *found[4];
	size_t name_hits = 0, address_hits = 0, at;
	double start = seconds(), middle, end;

	for (size_t i = 0; i < LOOKUPS; i++) {
		at = i % lookups->count;
		name_hits += ioc_match_name(set, lookups->names[at],
				 lookups->name_lens[at], 0, found, 4) > 0;
	}
	middle = seconds();
	for (size_t i = 0; i < LOOKUPS; i++)
		address_hits += ioc_match_address(set,
				    &lookups->addresses[i % lookups->count],
				    443, 0, found, 4) > 0;
	end = seconds();
	printf("%-8s name %6.1f ns (%5.1f %% found)   address %6.1f ns "
	       "(%5.1f %% found)\n",
	    what, (middle - start) / LOOKUPS * 1e9,
	    100.0 * (double)name_hits / LOOKUPS, (end - middle) / LOOKUPS * 1e9,
	    100.0 * (double)address_hits / LOOKUPS);
}

static struct ioc_set *
load(const char *names_path, const char *addresses_path)
{
	const char *paths[] = { names_path, addresses_path };
	struct ioc_load_counts counts;
	struct ioc_set *set;
	struct rusage usage;
	char error[256];
	double before = resident(), start = seconds(), end;

	if (ioc_load(paths, 2, NULL, NULL, &counts, &set, error,
		sizeof error) == -1) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	end = seconds();
	getrusage(RUSAGE_SELF, &usage);
	printf("loaded   %zu indicators (%zu duplicates, %zu rejected) in "
	       "%.2f s\n",
	    counts.indicators, counts.duplicates, counts.rejected, end - start);
	printf("set      %.1f MiB, %.1f octets an indicator\n",
	    (double)ioc_set_octets(set) / (1 << 20),
	    (double)ioc_set_octets(set) / (double)ioc_set_total(set));
	printf("resident %.1f MiB before, %.1f MiB after, %.1f MiB at most\n",
	    before, resident(), (double)usage.ru_maxrss / 1024);
	return set;
}

int
main(int argc, char **argv)
{
	size_t name_count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	size_t address_count = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000;
	char directory[] = "/tmp/ioc_bench.XXXXXX";
	char names[PATH_SIZE], addresses[PATH_SIZE];
	struct lookups lookups;
	struct ioc_set *set;
	FILE *out;

	if (name_count == 0 || address_count == 0) {
		fprintf(stderr, "usage: ioc_bench [NAMES [ADDRESSES]]\n");
		return 2;
	}
	if (mkdtemp(directory) == NULL) {
		perror(directory);
		return 1;
	}
	out = create(directory, "names.txt", names);
	write_names(names, out, name_count);
	out = create(directory, "addresses.txt", addresses);
	write_addresses(addresses, out, address_count);
	set = load(names, addresses);
	unlink(names);
	unlink(addresses);
	rmdir(directory);

	lookups.names = malloc(SAMPLE * sizeof *lookups.names);
	lookups.name_lens = malloc(SAMPLE * sizeof *lookups.name_lens);
	lookups.addresses = malloc(SAMPLE * sizeof *lookups.addresses);
	if (lookups.names == NULL || lookups.name_lens == NULL ||
	    lookups.addresses == NULL)
		return 1;
	make_lookups(SEED_OTHER, SAMPLE, &lookups);
	time_lookups(set, &lookups, "miss");
	make_lookups(SEED,
	    name_count < address_count ? name_count : address_count, &lookups);
	time_lookups(set, &lookups, "hit");
	free(lookups.names);
	free(lookups.name_lens);
	free(lookups.addresses);
	ioc_set_free(set);
	return 0;
}
