#include "sensor/destinations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iocs/canonical_address.h"
#include "iocs/canonical_name.h"
#include "sensor/siphash.h"

/* A name, address and port on one line, and what people put around it. */
#define LINE_MAX_OCTETS 1024
#define ROOM_MIN        64 /* a power of two */
#define ADDR_BITS       128

/*
 * What is looked up, a name or a network: one table holds both.  The port is
 * no part of it, so that one look finds what is there for any port and for
 * this one.
 */
struct key {
	const void *octets; /* borrowed: a name, an address */
	uint16_t len;
	uint8_t prefix_bits; /* of a network */
	bool is_name;
};

struct entry {
	uint16_t len;
	uint8_t prefix_bits;
	bool is_name;
	uint16_t port; /* 0: any */
	uint8_t octets[];
};

struct destinations {
	struct siphash_key hash;
	struct entry **slots; /* NULL: free */
	size_t room, count;   /* room: a power of two */
	/* Lengths of prefixes that occur, in order of their first. */
	uint8_t prefixes[ADDR_BITS + 1];
	unsigned prefix_count;
	size_t name_max; /* octets of the longest name */
};

static struct key
key_of_name(const char *name, size_t len)
{
	return (struct key){ name, (uint16_t)len, 0, true };
}

static struct key
key_of_network(const struct addr *addr, uint8_t prefix_bits)
{
	return (struct key){ addr->octets, sizeof addr->octets, prefix_bits,
		false };
}

static struct key
key_of_entry(const struct entry *entry)
{
	return (struct key){ entry->octets, entry->len, entry->prefix_bits,
		entry->is_name };
}

/* ---- the table: open addressing, never full ---- */

static size_t
place_of(const struct destinations *d, const struct key *key)
{
	return siphash(&d->hash, key->octets, key->len) & (d->room - 1);
}

static size_t
place_after(const struct destinations *d, size_t at)
{
	return (at + 1) & (d->room - 1);
}

static bool
is_of(const struct entry *entry, const struct key *key)
{
	return entry->len == key->len && entry->is_name == key->is_name &&
	       entry->prefix_bits == key->prefix_bits &&
	       memcmp(entry->octets, key->octets, key->len) == 0;
}

/* Where it is for exactly this port, or would be. */
static struct entry **
slot_of(const struct destinations *d, const struct key *key, uint16_t port)
{
	size_t at = place_of(d, key);

	while (d->slots[at] != NULL &&
	       !(is_of(d->slots[at], key) && d->slots[at]->port == port))
		at = place_after(d, at);
	return &d->slots[at];
}

/* Whether it is there for any port or for this one. */
static bool
has_key(const struct destinations *d, const struct key *key, uint16_t port)
{
	for (size_t at = place_of(d, key); d->slots[at] != NULL;
	     at = place_after(d, at)) {
		const struct entry *entry = d->slots[at];

		if (is_of(entry, key) &&
		    (entry->port == 0 || entry->port == port))
			return true;
	}
	return false;
}

static int
grow(struct destinations *d)
{
	struct entry **old = d->slots;
	size_t old_room = d->room;

	d->room *= 2;
	d->slots = calloc(d->room, sizeof d->slots[0]);
	if (d->slots == NULL) {
		d->slots = old;
		d->room = old_room;
		return -1;
	}
	for (size_t i = 0; i < old_room; i++) {
		struct key key;

		if (old[i] == NULL)
			continue;
		key = key_of_entry(old[i]);
		*slot_of(d, &key, old[i]->port) = old[i];
	}
	free(old);
	return 0;
}

static const char *
insert(struct destinations *d, const struct key *key, uint16_t port)
{
	static const char no_memory[] = "memory is short";
	struct entry **slot, *entry;

	if (d->count + 1 > d->room / 2 && grow(d) == -1)
		return no_memory;
	slot = slot_of(d, key, port);
	if (*slot != NULL)
		return NULL; /* said twice: it is there */
	if ((entry = malloc(sizeof *entry + key->len)) == NULL)
		return no_memory;
	*entry = (struct entry){ key->len, key->prefix_bits, key->is_name,
		port };
	memcpy(entry->octets, key->octets, key->len);
	*slot = entry;
	d->count++;
	return NULL;
}

/* ---- life ---- */

struct destinations *
destinations_new(void)
{
	struct destinations *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->room = ROOM_MIN;
	d->slots = calloc(d->room, sizeof d->slots[0]);
	if (d->slots == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void
destinations_free(struct destinations *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->room; i++)
		free(d->slots[i]);
	free(d->slots);
	free(d);
}

size_t
destinations_count(const struct destinations *d)
{
	return d->count;
}

/* ---- reading ---- */

/* What a line says. */
struct destination {
	bool is_name;
	char name[NAME_LEN_MAX + 1];
	size_t name_len;
	struct network_value network;
	uint16_t port; /* 0: any */
};

/* "*.example.org" means what a name means anyway. */
static const char *
without_wildcard(const char *name)
{
	if (strncmp(name, "*.", 2) == 0)
		return name + 2;
	return *name == '.' ? name + 1 : name;
}

static const char *
read_destination(const char *text, struct destination *out)
{
	char copy[LINE_MAX_OCTETS], *colon, *slash;
	const char *reason;

	if (strlen(text) >= sizeof copy)
		return "too long";
	strcpy(copy, text);
	memset(out, 0, sizeof *out);
	if ((slash = strchr(copy, '/')) != NULL)
		*slash = '\0';
	if (address_is_meant(copy)) {
		reason = canonical_address(copy, &out->network);
		if (reason == NULL && slash != NULL)
			reason = canonical_prefix(copy, slash + 1,
			    strlen(slash + 1), &out->network);
		out->port = out->network.port;
		return reason;
	}
	if (slash != NULL)
		return "only a network has a '/'";
	out->is_name = true;
	if ((colon = strchr(copy, ':')) != NULL) {
		if (!port_read(colon + 1, strlen(colon + 1), &out->port))
			return "what stands behind the ':' is no port";
		*colon = '\0';
	}
	return canonical_name(without_wildcard(copy), out->name,
	    &out->name_len);
}

const char *
destination_refusal(const char *text)
{
	struct destination destination;

	return read_destination(text, &destination);
}

static void
note_prefix(struct destinations *d, uint8_t bits)
{
	if (memchr(d->prefixes, bits, d->prefix_count) == NULL)
		d->prefixes[d->prefix_count++] = bits;
}

const char *
destinations_add(struct destinations *d, const char *text, uint16_t port)
{
	struct destination destination;
	const char *reason = read_destination(text, &destination);
	struct key key;

	if (reason != NULL)
		return reason;
	if (destination.port != 0)
		port = destination.port;
	if (destination.is_name) {
		if (destination.name_len > d->name_max)
			d->name_max = destination.name_len;
		key = key_of_name(destination.name, destination.name_len);
	} else {
		const struct network_value *network = &destination.network;

		note_prefix(d, network->prefix_bits);
		key = key_of_network(&network->addr, network->prefix_bits);
	}
	return insert(d, &key, port);
}

/* The line's value, in place: without a comment and white space around it. */
static char *
value_of(char *line)
{
	char *end;

	for (char *at = line; (at = strchr(at, '#')) != NULL; at++) {
		if (at == line || at[-1] == ' ' || at[-1] == '\t') {
			*at = '\0';
			break;
		}
	}
	line += strspn(line, " \t\r\n");
	end = line + strlen(line);
	while (end > line && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return line;
}

static int
load_lines(struct destinations *d, FILE *file, const char *path, uint16_t port,
    ioc_report report, void *report_arg)
{
	char line[LINE_MAX_OCTETS];
	unsigned number = 0;
	int rc = 0;

	while (fgets(line, sizeof line, file) != NULL) {
		bool whole = strchr(line, '\n') != NULL || feof(file);
		const char *value, *reason;

		number++;
		value = value_of(line);
		reason = !whole           ? "the line is too long"
		         : *value == '\0' ? NULL
		                          : destinations_add(d, value, port);
		if (reason != NULL) {
			if (report != NULL)
				report(report_arg, path, number, reason);
			rc = -1;
		}
		if (!whole)
			break; /* where the next one begins is not known */
	}
	return rc;
}

int
destinations_load(struct destinations *d, const char *path, uint16_t port,
    ioc_report report, void *report_arg, char *error, size_t error_size)
{
	FILE *file = fopen(path, "re");
	int rc = -1;

	if (file == NULL) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (load_lines(d, file, path, port, report, report_arg) == -1)
		snprintf(error, error_size, "%s: not all of it can be read",
		    path);
	else if (ferror(file))
		snprintf(error, error_size, "%s: cannot be read", path);
	else
		rc = 0;
	fclose(file);
	return rc;
}

/* ---- looking up ---- */

static bool
has_name(const struct destinations *d, const char *name, size_t len,
    uint16_t port)
{
	/* Longer parts than any that is there need no look. */
	while (len > 0) {
		const char *dot = memchr(name, '.', len);

		if (len <= d->name_max) {
			struct key key = key_of_name(name, len);

			if (has_key(d, &key, port))
				return true;
		}
		if (dot == NULL)
			break;
		len -= (size_t)(dot + 1 - name);
		name = dot + 1;
	}
	return false;
}

static struct addr
addr_prefix(const struct addr *addr, unsigned bits)
{
	struct addr out = *addr;

	for (unsigned i = 0; i < sizeof out.octets; i++) {
		unsigned keep = bits >= 8 ? 8 : bits;

		out.octets[i] &= (uint8_t)(0xff00 >> keep);
		bits -= keep;
	}
	return out;
}

static bool
has_address(const struct destinations *d, const struct addr *addr,
    uint16_t port)
{
	for (unsigned i = 0; i < d->prefix_count; i++) {
		struct addr network = addr_prefix(addr, d->prefixes[i]);
		struct key key = key_of_network(&network, d->prefixes[i]);

		if (has_key(d, &key, port))
			return true;
	}
	return false;
}

bool
destinations_have(const struct destinations *d, const char *name, size_t len,
    const struct addr *addr, uint16_t port)
{
	if (d->count == 0)
		return false;
	if (has_name(d, name, len, port))
		return true;
	return addr != NULL && has_address(d, addr, port);
}
