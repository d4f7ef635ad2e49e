#ifndef IOCS_IOC_KEY_H
#define IOCS_IOC_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "iocs/indicator.h"
#include "sensor/siphash.h"

/*
 * The hash that an indicator is found by.  Both sides compute it here: the
 * builder of the canonical value, the matcher of what is on the wire.
 *
 * Names are hashed label by label from the right and paths segment by segment
 * from the left, each step keyed with the one before, so that one pass gives
 * the hash of every suffix or prefix that an indicator could be.  The key is
 * secret and random: neither a feed nor traffic can choose collisions.
 */

/* 253 octets of name have at most this many labels. */
#define KEY_LABELS_MAX    127
#define KEY_LABEL_LEN_MAX 63 /* RFC 1035 section 2.3.4 */

/* A name's suffixes; suffix i has i + 1 labels. */
struct key_name {
	size_t count;
	bool whole; /* the last suffix is the name itself */
	uint64_t chain[KEY_LABELS_MAX];
	size_t at[KEY_LABELS_MAX]; /* where in the name the suffix begins */
	size_t len;                /* of the name without its final dot */
};

/*
 * Walks at most `labels_max` labels from the right, and stops before one that
 * no canonical name has: empty, too long, or with an escape in it.  Case is
 * folded.
 */
void key_name_walk(const struct siphash_key *secret, const char *name,
    size_t len, size_t labels_max, struct key_name *out);

/*
 * The prefixes of a path that end where a segment or parameter ends: before
 * one of "/?&#", at the end, or behind a '/'.
 */
struct key_path {
	const struct siphash_key *secret;
	struct cursor rest; /* begins with a delimiter */
	size_t at;          /* of `rest` in the path */
	uint64_t chain;
	bool slash_given;
};

/* `host` is folded here; path begins with '/'. */
void key_path_start(const struct siphash_key *secret, struct cursor host,
    struct cursor path, struct key_path *out);
/* The next longer prefix; false after the last. */
bool key_path_next(struct key_path *path, size_t *prefix_len, uint64_t *chain);

/* `addr` has no bits past the prefix. */
uint64_t key_address(const struct siphash_key *secret, const struct addr *addr,
    unsigned prefix_bits);
/* PATH, USER_AGENT, HTTP_BODY, PACKAGE: the octets as they are. */
uint64_t key_octets(const struct siphash_key *secret, const void *octets,
    size_t len);
/* A URL's host alone, for the filter. */
uint64_t key_url_host(const struct siphash_key *secret, struct cursor host);

/* Of one of the above: types and ports must not meet. */
static inline uint64_t
key_of(uint64_t chain, enum indicator_type type, uint16_t port)
{
	return chain + ((uint64_t)type + 1) * 0x9e3779b97f4a7c15 +
	       (uint64_t)port * 0xc2b2ae3d27d4eb4f;
}

/* The address without the bits past the prefix. */
struct addr key_mask(const struct addr *addr, unsigned prefix_bits);

/*
 * Host, without brackets, and path of a canonical URL,
 * "scheme://host[:port]/path".
 */
void key_url_split(const char *value, size_t len, struct cursor *host,
    struct cursor *path);

static inline char
key_fold(char octet)
{
	return octet >= 'A' && octet <= 'Z' ? (char)(octet | 0x20) : octet;
}

#endif
