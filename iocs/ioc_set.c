#include "iocs/ioc_set.h"

#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "decoders/purl.h"
#include "iocs/ioc_set_state.h"

/* Indicators that were found so far, and room for more. */
struct found {
	const struct indicator **out;
	size_t count, max;
	uint64_t at_us;
};

static void
found_add(struct found *found, const struct indicator *indicator)
{
	if (indicator == NULL || found->count == found->max)
		return;
	if (indicator->valid_until_us != 0 &&
	    found->at_us >= indicator->valid_until_us)
		return;
	found->out[found->count++] = indicator;
}

/* As found_add, but in front; of too many, the last gives way. */
static void
found_add_first(struct found *found, const struct indicator *indicator)
{
	struct found one = { (const struct indicator *[1]){ NULL }, 0, 1,
		found->at_us };

	found_add(&one, indicator);
	if (one.count == 0 || found->max == 0)
		return;
	if (found->count == found->max)
		found->count--;
	memmove(found->out + 1, found->out, found->count * sizeof *found->out);
	found->out[0] = indicator;
	found->count++;
}

static bool
may_have(const struct ioc_set *set, uint64_t key)
{
	uint64_t bits = ioc_filter_bits(key);

	return (*ioc_filter_word(set, key) & bits) == bits;
}

/* What is compared with an indicator whose key fits. */
struct wanted {
	enum indicator_type type;
	uint16_t port;
	const char *text; /* of all but ADDRESS and URL */
	size_t len;
	bool fold;        /* its case does not count */
	struct addr addr; /* ADDRESS */
	uint8_t prefix_bits;
	struct cursor host, path; /* URL */
};

static bool
text_equal(const char *a, const char *canonical, size_t len, bool fold)
{
	if (!fold)
		return memcmp(a, canonical, len) == 0;
	for (size_t i = 0; i < len; i++)
		if (key_fold(a[i]) != canonical[i])
			return false;
	return true;
}

static bool
url_equal(const struct indicator *indicator, const struct wanted *wanted)
{
	struct cursor host, path;

	key_url_split(indicator->value, indicator->value_len, &host, &path);
	return host.left == wanted->host.left &&
	       path.left == wanted->path.left &&
	       text_equal((const char *)wanted->host.at, (const char *)host.at,
		   host.left, true) &&
	       memcmp(path.at, wanted->path.at, path.left) == 0;
}

static bool
is_wanted(const struct indicator *indicator, const struct wanted *wanted)
{
	if (indicator->type != wanted->type || indicator->port != wanted->port)
		return false;
	switch (wanted->type) {
	case INDICATOR_ADDRESS:
		return indicator->prefix_bits == wanted->prefix_bits &&
		       addr_equal(&indicator->addr, &wanted->addr);
	case INDICATOR_URL:
		return url_equal(indicator, wanted);
	case INDICATOR_DOMAIN:
	case INDICATOR_HOST:
	case INDICATOR_PATH:
	case INDICATOR_USER_AGENT:
	case INDICATOR_HTTP_BODY:
	case INDICATOR_PACKAGE:
	case INDICATOR_JA3:
	case INDICATOR_JA3S:
	case INDICATOR_JA4:
	case INDICATOR_COUNTRY:
	case INDICATOR_ASN:
		return indicator->value_len == wanted->len &&
		       text_equal(wanted->text, indicator->value, wanted->len,
			   wanted->fold);
	case INDICATOR_TYPE_COUNT:
		break;
	}
	return false;
}

/* NULL where there is none; there is never more than one. */
static const struct indicator *
set_find(const struct ioc_set *set, uint64_t chain, const struct wanted *wanted)
{
	uint64_t key = key_of(chain, wanted->type, wanted->port);
	struct key_probe probe;
	size_t i;

	if (!may_have(set, key))
		return NULL;
	probe = key_probe_start(&set->table, key);
	while (key_probe_next(&set->table, &probe, &i))
		if (is_wanted(&set->indicators[i], wanted))
			return &set->indicators[i];
	return NULL;
}

size_t
ioc_match_name(const struct ioc_set *set, const char *name, size_t len,
    uint64_t at_us, const struct indicator **out, size_t max)
{
	struct found found = { out, 0, max, at_us };
	struct wanted wanted = { .fold = true };
	struct key_name walk;
	size_t depth;

	if (set->labels_max == 0)
		return 0;
	key_name_walk(&set->secret, name, len, set->labels_max, &walk);
	for (depth = walk.count; depth > 0; depth--) {
		wanted.text = name + walk.at[depth - 1];
		wanted.len = walk.len - walk.at[depth - 1];
		if (depth == walk.count && walk.whole &&
		    set->host_depth[depth]) {
			wanted.type = INDICATOR_HOST;
			found_add(&found,
			    set_find(set, walk.chain[depth - 1], &wanted));
		}
		if (set->domain_depth[depth]) {
			wanted.type = INDICATOR_DOMAIN;
			found_add(&found,
			    set_find(set, walk.chain[depth - 1], &wanted));
		}
	}
	return found.count;
}

/* The entry with the port, then the one for any port. */
static void
find_ports(const struct ioc_set *set, uint64_t chain, struct wanted *wanted,
    uint16_t port, struct key_ports ports, struct found *found)
{
	if (ports.one && port != 0) {
		wanted->port = port;
		found_add(found, set_find(set, chain, wanted));
	}
	if (ports.any) {
		wanted->port = 0;
		found_add(found, set_find(set, chain, wanted));
	}
}

size_t
ioc_match_address(const struct ioc_set *set, const struct addr *addr,
    uint16_t port, uint64_t at_us, const struct indicator **out, size_t max)
{
	const struct ioc_prefixes *prefixes = addr_is_v4(addr) ? &set->v4
	                                                       : &set->v6;
	struct found found = { out, 0, max, at_us };
	struct wanted wanted = { .type = INDICATOR_ADDRESS };
	uint64_t chain;

	for (size_t i = 0; i < prefixes->count; i++) {
		wanted.prefix_bits = prefixes->prefix[i].bits;
		wanted.addr = key_mask(addr, wanted.prefix_bits);
		chain = key_address(&set->secret, &wanted.addr,
		    wanted.prefix_bits);
		find_ports(set, chain, &wanted, port, prefixes->prefix[i].ports,
		    &found);
	}
	return found.count;
}

/*
 * The host as canonical URLs have it: no final dot, and an IPv6 address in the
 * one form of RFC 5952, for which `buffer` is used.
 */
static struct cursor
url_host(const char *host, size_t len, char buffer[INET6_ADDRSTRLEN])
{
	struct cursor given = cur_of(host, len);
	struct in6_addr addr;

	if (len > 0 && host[len - 1] == '.')
		given.left--;
	if (len == 0 || len >= INET6_ADDRSTRLEN ||
	    memchr(host, ':', len) == NULL)
		return given;
	memcpy(buffer, host, len);
	buffer[len] = '\0';
	if (inet_pton(AF_INET6, buffer, &addr) != 1 ||
	    inet_ntop(AF_INET6, &addr, buffer, INET6_ADDRSTRLEN) == NULL)
		return given;
	return cur_of(buffer, strlen(buffer));
}

size_t
ioc_match_url(const struct ioc_set *set, const char *host, size_t host_len,
    uint16_t port, const char *path, size_t path_len, uint64_t at_us,
    const struct indicator **out, size_t max)
{
	struct found found = { out, 0, max, at_us }, here;
	const struct indicator *both[2];
	struct wanted wanted = { .type = INDICATOR_URL };
	char buffer[INET6_ADDRSTRLEN];
	struct key_path walk;
	size_t prefix_len;
	uint64_t chain;

	if (set->count_of[INDICATOR_URL] == 0 || path_len == 0 ||
	    path[0] != '/')
		return 0;
	wanted.host = url_host(host, host_len, buffer);
	if (!may_have(set, key_url_host(&set->secret, wanted.host)))
		return 0;
	/* One more than the longest, so that its end is seen to be one. */
	if (path_len > set->url_path_len_max + 1)
		path_len = set->url_path_len_max + 1;
	key_path_start(&set->secret, wanted.host, cur_of(path, path_len),
	    &walk);
	while (key_path_next(&walk, &prefix_len, &chain)) {
		wanted.path = cur_of(path, prefix_len);
		here = (struct found){ both, 0, 2, at_us };
		find_ports(set, chain, &wanted, port, set->url_ports, &here);
		while (here.count > 0)
			found_add_first(&found, both[--here.count]);
	}
	return found.count;
}

/* An indicator of the type whose value is this. */
static void
find_octets(const struct ioc_set *set, enum indicator_type type,
    const char *octets, size_t len, struct found *found)
{
	struct wanted wanted = { .type = type, .text = octets, .len = len };

	if (len == 0 || len > set->value_len_max[type])
		return;
	found_add(found,
	    set_find(set, key_octets(&set->secret, octets, len), &wanted));
}

size_t
ioc_match_path(const struct ioc_set *set, const char *path, size_t len,
    uint64_t at_us, const struct indicator **out, size_t max)
{
	struct found found = { out, 0, max, at_us };
	size_t bound = set->value_len_max[INDICATOR_PATH];
	size_t cut = 0;

	if (bound == 0)
		return 0;
	/* Looking for the query past the longest value finds nothing. */
	while (
	    cut < len && cut <= bound && path[cut] != '?' && path[cut] != '#')
		cut++;
	find_octets(set, INDICATOR_PATH, path, len, &found);
	if (cut < len)
		find_octets(set, INDICATOR_PATH, path, cut, &found);
	return found.count;
}

size_t
ioc_match_user_agent(const struct ioc_set *set, const char *value, size_t len,
    uint64_t at_us, const struct indicator **out, size_t max)
{
	struct found found = { out, 0, max, at_us };

	find_octets(set, INDICATOR_USER_AGENT, value, len, &found);
	return found.count;
}

size_t
ioc_match_http_body(const struct ioc_set *set, const char *body, size_t len,
    uint64_t at_us, const struct indicator **out, size_t max)
{
	struct found found = { out, 0, max, at_us };

	for (size_t i = 0; i < set->body_len_count; i++)
		if (set->body_lens[i] <= len)
			find_octets(set, INDICATOR_HTTP_BODY, body,
			    set->body_lens[i], &found);
	return found.count;
}

size_t
ioc_match_package(const struct ioc_set *set, const char *purl, size_t len,
    uint64_t at_us, const struct indicator **out, size_t max)
{
	struct found found = { out, 0, max, at_us };
	const char *qualifiers;
	size_t mark;

	if (set->count_of[INDICATOR_PACKAGE] == 0 || len == 0)
		return 0;
	if ((qualifiers = memchr(purl, '?', len)) != NULL)
		len = (size_t)(qualifiers - purl);
	find_octets(set, INDICATOR_PACKAGE, purl, len, &found);
	if (set->has_whole_packages &&
	    (mark = purl_version_mark(purl, len)) > 0)
		find_octets(set, INDICATOR_PACKAGE, purl, mark, &found);
	return found.count;
}

size_t
ioc_match_code(const struct ioc_set *set, enum indicator_type type,
    const char *code, size_t len, uint64_t at_us, const struct indicator **out,
    size_t max)
{
	struct found found = { out, 0, max, at_us };

	find_octets(set, type, code, len, &found);
	return found.count;
}

size_t
ioc_set_count(const struct ioc_set *set, enum indicator_type type)
{
	return set->count_of[type];
}

size_t
ioc_set_total(const struct ioc_set *set)
{
	return set->count;
}

size_t
ioc_set_octets(const struct ioc_set *set)
{
	return sizeof *set + set->count * sizeof *set->indicators +
	       set->table.size * sizeof *set->table.slots +
	       set->filter_size * sizeof *set->filter + set->texts.octets;
}

const struct indicator *
ioc_set_at(const struct ioc_set *set, size_t i)
{
	return &set->indicators[i];
}

void
ioc_set_free(struct ioc_set *set)
{
	if (set == NULL)
		return;
	free(set->indicators);
	key_table_fini(&set->table);
	free(set->filter);
	arena_fini(&set->texts);
	free(set);
}
