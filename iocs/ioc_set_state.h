#ifndef IOCS_IOC_SET_STATE_H
#define IOCS_IOC_SET_STATE_H

#include "iocs/arena.h"
#include "iocs/ioc_key.h"
#include "iocs/ioc_set.h"
#include "iocs/key_table.h"

/*
 * What is inside a set: ioc_builder.c fills it, ioc_compile.c completes it, and
 * ioc_set.c matches in it.
 *
 * One array of indicators, one table from key to index, and in front of that a
 * filter: a bit pattern in one 64-bit word for each key, 16 bits an indicator,
 * so that what is not listed costs a cache line of a table that is small
 * enough to stay near.  About one miss in a hundred passes it.
 *
 * The rest says what is worth asking for at all.
 */

/* Whether there are entries for any port, for one port. */
struct key_ports {
	bool any, one;
};

/* A prefix length that is in the set. */
struct ioc_prefix {
	uint8_t bits; /* of 128 */
	struct key_ports ports;
};

/* Those of one address family, the longest first. */
struct ioc_prefixes {
	size_t count;
	struct ioc_prefix prefix[129];
};

struct ioc_set {
	struct siphash_key secret;
	struct indicator *indicators;
	size_t count;
	struct key_table table;
	uint64_t *filter;
	size_t filter_size; /* in words; a power of two */

	size_t count_of[INDICATOR_TYPE_COUNT];
	size_t value_len_max[INDICATOR_TYPE_COUNT];
	size_t labels_max; /* of domains and hosts */
	bool domain_depth[KEY_LABELS_MAX + 1], host_depth[KEY_LABELS_MAX + 1];
	struct ioc_prefixes v4, v6;
	struct key_ports url_ports;
	size_t url_path_len_max;
	size_t body_lens[IOC_BODY_LEN_MAX]; /* that occur; longest first */
	size_t body_len_count;
	bool has_whole_packages; /* any without a version */

	struct arena texts; /* values, descriptions, feeds */
};

/* The word of the filter that a key falls in, and its bits there. */
static inline uint64_t *
ioc_filter_word(const struct ioc_set *set, uint64_t key)
{
	return &set->filter[(key >> 32) & (set->filter_size - 1)];
}

static inline uint64_t
ioc_filter_bits(uint64_t key)
{
	return (uint64_t)1 << (key & 63) | (uint64_t)1 << (key >> 6 & 63) |
	       (uint64_t)1 << (key >> 12 & 63);
}

/* The key of an indicator in canonical form. */
uint64_t ioc_indicator_key(const struct siphash_key *secret,
    const struct indicator *indicator);

/*
 * Fills in all behind the table from the indicators, which change no more.
 * -1 where memory is short.
 */
int ioc_set_compile(struct ioc_set *set);

#endif
