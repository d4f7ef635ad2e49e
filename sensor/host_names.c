#include "sensor/host_names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SET_WAYS     8
#define SETS         (HOST_NAMES_MAX / SET_WAYS)
#define LABEL_MAX    63
#define DHCP_HOLD_US (24 * 3600 * UINT64_C(1000000))

#define DNS_TYPE_A    1
#define DNS_TYPE_PTR  12
#define DNS_TYPE_AAAA 28

struct host {
	struct addr addr;
	uint64_t told_us;
	bool dhcp;
	uint8_t len; /* 0: the entry is free */
	char name[HOST_NAME_MAX_LEN + 1];
};

struct host_names {
	const struct segments *segments;
	struct siphash_key key;
	struct host hosts[SETS][SET_WAYS];
};

struct host_names *
host_names_new(const struct segments *segments, const struct siphash_key *key)
{
	struct host_names *names = calloc(1, sizeof *names);

	if (names == NULL)
		return NULL;
	names->segments = segments;
	names->key = *key;
	return names;
}

void
host_names_free(struct host_names *names)
{
	free(names);
}

/* ---- what may be a name ---- */

/* The length of the character at `name`, escaped or not. */
static size_t
character_len(const char *name, size_t left)
{
	if (name[0] != '\\' || left < 2)
		return 1;
	return name[1] >= '0' && name[1] <= '9' && left >= 4 ? 4 : 2;
}

bool
host_name_check(const char *name, size_t len)
{
	size_t label = 0, step;
	bool digits = true; /* and dots: an address, or part of one */

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > HOST_NAME_MAX_LEN || memchr(name, ':', len))
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	for (size_t at = 0; at < len; at += step) {
		step = character_len(name + at, len - at);
		if (name[at] != '.') {
			if (++label > LABEL_MAX)
				return false;
			digits &= name[at] >= '0' && name[at] <= '9';
		} else if (label == 0) {
			return false;
		} else {
			label = 0;
		}
	}
	return label > 0 && !digits;
}

/* ---- the table ---- */

static size_t
set_of(const struct host_names *names, const struct addr *addr)
{
	return siphash(&names->key, addr, sizeof *addr) % SETS;
}

static struct host *
find(const struct host_names *names, const struct addr *addr)
{
	const struct host *set = names->hosts[set_of(names, addr)];

	for (size_t i = 0; i < SET_WAYS; i++) {
		if (set[i].len > 0 && addr_equal(&set[i].addr, addr))
			return (struct host *)&set[i];
	}
	return NULL;
}

/* A free entry, or that of the name which was told first. */
static struct host *
make_room(struct host_names *names, const struct addr *addr)
{
	struct host *set = names->hosts[set_of(names, addr)];
	struct host *first = &set[0];

	for (size_t i = 0; i < SET_WAYS; i++) {
		if (set[i].len == 0)
			return &set[i];
		if (set[i].told_us < first->told_us)
			first = &set[i];
	}
	return first;
}

static bool
holds_against(const struct host *host, bool dhcp, uint64_t now_us)
{
	return now_us < host->told_us ||
	       (host->dhcp && !dhcp && now_us - host->told_us < DHCP_HOLD_US);
}

static void
learn(struct host_names *names, const struct addr *addr, const char *name,
    size_t len, bool dhcp, uint64_t now_us)
{
	struct host *host;

	if (!host_name_check(name, len))
		return;
	if (name[len - 1] == '.')
		len--;
	host = find(names, addr);
	if (host == NULL)
		host = make_room(names, addr);
	else if (holds_against(host, dhcp, now_us))
		return;
	host->addr = *addr;
	host->told_us = now_us;
	host->dhcp = dhcp;
	host->len = (uint8_t)len;
	memcpy(host->name, name, len);
	host->name[len] = '\0';
}

const char *
host_names_find(const struct host_names *names, const struct addr *addr)
{
	const struct host *host = find(names, addr);

	return host != NULL ? host->name : NULL;
}

/* ---- names of addresses: "4.3.2.1.in-addr.arpa" ---- */

/* Takes the last label off, if it is this one, in any case. */
static bool
drop_label(const char *name, size_t *len, const char *label)
{
	size_t n = strlen(label);

	if (*len <= n || name[*len - n - 1] != '.' ||
	    strncasecmp(name + *len - n, label, n) != 0)
		return false;
	*len -= n + 1;
	return true;
}

/* RFC 1035 section 3.5: octets, decimal, the last one first. */
static bool
read_octets(const char *name, size_t len, struct addr *out)
{
	uint8_t octets[4];
	size_t at = 0;

	for (int i = 3; i >= 0; i--) {
		unsigned value = 0;
		size_t digits = 0;

		for (; at < len && name[at] >= '0' && name[at] <= '9'; at++) {
			value = value * 10 + (unsigned)(name[at] - '0');
			if (++digits > 3)
				return false;
		}
		if (digits == 0 || value > 255)
			return false;
		octets[i] = (uint8_t)value;
		if (i > 0 && (at == len || name[at++] != '.'))
			return false;
	}
	*out = addr_v4(octets);
	return at == len;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 3596 section 2.5: 32 nibbles, hexadecimal, the last one first. */
static bool
read_nibbles(const char *name, size_t len, struct addr *out)
{
	uint8_t octets[16] = { 0 };

	if (len != 63)
		return false;
	for (int i = 0; i < 32; i++) {
		int value = nibble(name[2 * i]);

		if (value == -1 || (i < 31 && name[2 * i + 1] != '.'))
			return false;
		octets[15 - i / 2] |= (uint8_t)(value << 4 * (i % 2));
	}
	*out = addr_v6(octets);
	return true;
}

static bool
reverse_name_read(const char *name, size_t len, struct addr *out)
{
	if (!drop_label(name, &len, "arpa"))
		return false;
	if (drop_label(name, &len, "in-addr"))
		return read_octets(name, len, out);
	return drop_label(name, &len, "ip6") && read_nibbles(name, len, out);
}

/* ---- observations ---- */

static bool
is_ours(const struct host_names *names, const struct observation *o,
    const struct addr *addr)
{
	return names->segments != NULL &&
	       segment_is_internal(segments_find(names->segments, addr, o->vlan,
		   o->vlan_count));
}

static bool
record_address(const struct observation *o, const struct obs_record *r,
    struct addr *out)
{
	const uint8_t *data = (const uint8_t *)obs_octets(o, r->data);

	if (r->type == DNS_TYPE_A && r->data.len == 4)
		*out = addr_v4(data);
	else if (r->type == DNS_TYPE_AAAA && r->data.len == 16)
		*out = addr_v6(data);
	else
		return false;
	return true;
}

/*
 * An address was asked for by the question's name, whatever aliases led to it;
 * in mDNS there may be no question, and each record is about its own name.
 */
static struct obs_text
asked_name(const struct observation *o, const struct obs_record *r)
{
	const struct obs_question *q = obs_elements(o, o->dns.questions);

	return o->app == APP_MDNS || o->dns.questions.count == 0 ? r->name
	                                                         : q[0].name;
}

static void
observe_record(struct host_names *names, const struct observation *o,
    const struct obs_record *r)
{
	struct obs_text name;
	struct addr addr;

	if (r->type == DNS_TYPE_PTR) {
		if (!reverse_name_read(obs_octets(o, r->name), r->name.len,
			&addr))
			return;
		name = r->data;
	} else if (record_address(o, r, &addr)) {
		name = asked_name(o, r);
	} else {
		return;
	}
	if (is_ours(names, o, &addr))
		learn(names, &addr, obs_octets(o, name), name.len, false,
		    o->time_us);
}

static void
observe_response(struct host_names *names, const struct observation *o)
{
	const struct obs_record *r = obs_elements(o, o->dns.records);

	for (uint32_t i = 0; i < o->dns.records.count; i++) {
		/* mDNS has its addresses among the additionals. */
		if (r[i].section == DNS_ANSWER ||
		    (o->app == APP_MDNS && r[i].section == DNS_ADDITIONAL))
			observe_record(names, o, &r[i]);
	}
}

void
host_names_observe(struct host_names *names, const struct observation *o)
{
	if (o->kind == OBS_HOST)
		learn(names, &o->host.addr, obs_octets(o, o->host.name),
		    o->host.name.len, true, o->time_us);
	else if (o->kind == OBS_DNS && o->dns.response)
		observe_response(names, o);
}
