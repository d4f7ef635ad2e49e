#include "iocs/ioc_key.h"

/* Longer hosts are no names: RFC 1035 section 2.3.4. */
#define HOST_LEN_MAX 255

/* Where chains begin, so that a name never has a path's hash. */
enum { ROOT_NAME = 1, ROOT_URL, ROOT_ADDRESS, ROOT_OCTETS };

static uint64_t
chain(const struct siphash_key *secret, uint64_t parent, const void *octets,
    size_t len)
{
	struct siphash_key key = { secret->k0 ^ parent, secret->k1 };

	return siphash(&key, octets, len);
}

/* Whether the dot is part of a label: RFC 1035 section 5.1. */
static bool
is_escaped(const char *name, size_t dot)
{
	size_t slashes = 0;

	while (slashes < dot && name[dot - slashes - 1] == '\\')
		slashes++;
	return slashes % 2 != 0;
}

/*
 * Folds the label that ends at `end` into `label`; its length, or 0 where no
 * canonical name has such a label.
 */
static size_t
label_before(const char *name, size_t end, char label[KEY_LABEL_LEN_MAX])
{
	size_t len = 0;

	while (len < end && name[end - len - 1] != '.') {
		if (len == KEY_LABEL_LEN_MAX || name[end - len - 1] == '\\')
			return 0;
		len++;
	}
	if (len < end && is_escaped(name, end - len - 1))
		return 0;
	for (size_t i = 0; i < len; i++)
		label[i] = key_fold(name[end - len + i]);
	return len;
}

void
key_name_walk(const struct siphash_key *secret, const char *name, size_t len,
    size_t labels_max, struct key_name *out)
{
	char label[KEY_LABEL_LEN_MAX];
	uint64_t hash = ROOT_NAME;
	size_t end, label_len;

	if (len > 0 && name[len - 1] == '.')
		len--;
	out->count = 0;
	out->whole = false;
	out->len = len;
	for (end = len; out->count < labels_max; end -= label_len + 1) {
		label_len = label_before(name, end, label);
		if (label_len == 0)
			return;
		hash = chain(secret, hash, label, label_len);
		out->chain[out->count] = hash;
		out->at[out->count++] = end - label_len;
		if (label_len == end) {
			out->whole = true;
			return;
		}
	}
}

static struct cursor
from(struct cursor c, size_t len)
{
	return (struct cursor){ c.at + len, c.left - len };
}

static bool
is_delimiter(uint8_t octet)
{
	return octet == '/' || octet == '?' || octet == '&' || octet == '#';
}

uint64_t
key_url_host(const struct siphash_key *secret, struct cursor host)
{
	char folded[HOST_LEN_MAX];
	size_t len = host.left < sizeof folded ? host.left : sizeof folded;

	for (size_t i = 0; i < len; i++)
		folded[i] = key_fold((char)host.at[i]);
	return chain(secret, ROOT_URL, folded, len);
}

void
key_path_start(const struct siphash_key *secret, struct cursor host,
    struct cursor path, struct key_path *out)
{
	*out = (struct key_path){ secret, path, 0, key_url_host(secret, host),
		false };
}

/* "/" alone, before the segment that it opens. */
static bool
give_slash(struct key_path *path, size_t *prefix_len, uint64_t *hash)
{
	if (path->slash_given || path->rest.at[0] != '/')
		return false;
	path->slash_given = true;
	*prefix_len = path->at + 1;
	*hash = chain(path->secret, path->chain, "/", 1);
	return true;
}

bool
key_path_next(struct key_path *path, size_t *prefix_len, uint64_t *hash)
{
	size_t len;

	while (path->rest.left > 0) {
		if (give_slash(path, prefix_len, hash))
			return true;
		for (len = 1; len < path->rest.left; len++)
			if (is_delimiter(path->rest.at[len]))
				break;
		path->chain = chain(path->secret, path->chain, path->rest.at,
		    len);
		path->rest = from(path->rest, len);
		path->at += len;
		path->slash_given = false;
		if (len > 1) {
			*prefix_len = path->at;
			*hash = path->chain;
			return true;
		}
	}
	return false;
}

uint64_t
key_address(const struct siphash_key *secret, const struct addr *addr,
    unsigned prefix_bits)
{
	return chain(secret, ROOT_ADDRESS + ((uint64_t)prefix_bits << 8),
	    addr->octets, sizeof addr->octets);
}

uint64_t
key_octets(const struct siphash_key *secret, const void *octets, size_t len)
{
	return chain(secret, ROOT_OCTETS, octets, len);
}

struct addr
key_mask(const struct addr *addr, unsigned prefix_bits)
{
	struct addr masked = *addr;

	for (unsigned i = prefix_bits / 8; i < sizeof masked.octets; i++)
		masked.octets[i] = 0;
	if (prefix_bits % 8 != 0)
		masked.octets[prefix_bits / 8] = addr->octets[prefix_bits / 8] &
		                                 (uint8_t)(0xff
							   << (8 - prefix_bits %
								       8));
	return masked;
}

void
key_url_split(const char *value, size_t len, struct cursor *host,
    struct cursor *path)
{
	struct cursor rest = cur_of(value, len);
	size_t host_len = 0;

	while (rest.left > 2 && memcmp(rest.at, "://", 3) != 0)
		rest = from(rest, 1);
	rest = from(rest, rest.left < 3 ? rest.left : 3);
	if (rest.left > 0 && rest.at[0] == '[') {
		rest = from(rest, 1);
		while (host_len < rest.left && rest.at[host_len] != ']')
			host_len++;
	} else {
		while (host_len < rest.left && rest.at[host_len] != ':' &&
		       rest.at[host_len] != '/')
			host_len++;
	}
	*host = (struct cursor){ rest.at, host_len };
	rest = from(rest, host_len);
	while (rest.left > 0 && rest.at[0] != '/')
		rest = from(rest, 1);
	*path = rest;
}
