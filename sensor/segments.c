#include "sensor/segments.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/*
 * Networks are nested or apart, never crossing, so their first and last
 * addresses cut the address space into runs, and within a run every address
 * lies in the same networks.  A run knows the longest of them; each network
 * knows the next shorter one around it.  A look-up is a binary search for the
 * run and, only where VLANs rule networks out, some steps outwards.
 *
 * IPv4 and IPv6 have a table each: ::ffff:0:0/96 is where struct addr keeps
 * IPv4, and an IPv6 network around it must not claim IPv4 hosts.
 */

#define VLAN_WORDS (4096 / 64)
#define NONE       UINT32_MAX
#define PAIR_WORDS (SEGMENT_MAX / 64)

struct number128 {
	uint64_t high, low;
};

struct network_entry {
	struct number128 first, last;
	unsigned prefix_bits;
	uint16_t segment;
	bool implied;   /* private space, for want of networks of its own */
	uint32_t outer; /* the next network to try; NONE: there is none */
};

/* The addresses from `first` up to the next run's. */
struct run {
	struct number128 first;
	uint32_t inner; /* longest network that holds them; NONE: no network */
};

struct table {
	struct network_entry *networks;
	uint32_t network_count;
	struct run *runs;
	uint32_t run_count;
};

struct segment {
	char *name, *role;
	uint64_t *vlans; /* a bit for each; NULL: any VLAN, or none */
	bool has_network;
};

enum { TABLE_V4, TABLE_V6, TABLE_COUNT };

struct segments {
	struct segment segment[SEGMENT_MAX];
	unsigned count;
	struct network_entry *declared;
	size_t declared_count, declared_room;
	struct table table[TABLE_COUNT];
	bool has_pairs; /* else what counts as egress is the default */
	uint64_t egress[SEGMENT_MAX][PAIR_WORDS]; /* by initiator; a bit each */
};

/* What is internal where nobody said anything; IPv4 as struct addr has it. */
static const struct {
	uint8_t octets[16];
	unsigned prefix_bits;
} private_networks[] = {
	/* RFC 1918 section 3 */
	{ { [10] = 0xff, 0xff, 10 }, 96 + 8 },
	{ { [10] = 0xff, 0xff, 172, 16 }, 96 + 12 },
	{ { [10] = 0xff, 0xff, 192, 168 }, 96 + 16 },
	{ { [10] = 0xff, 0xff, 100, 64 }, 96 + 10 },  /* RFC 6598 section 7 */
	{ { [10] = 0xff, 0xff, 169, 254 }, 96 + 16 }, /* RFC 3927 section 2.1 */
	{ { 0xfc }, 7 },                              /* RFC 4193 section 3.1 */
	{ { 0xfe, 0x80 }, 10 },                       /* RFC 4291 section 2.4 */
};

#define PRIVATE_COUNT (sizeof private_networks / sizeof private_networks[0])

static struct number128
number_of(const struct addr *addr)
{
	struct number128 n;

	memcpy(&n.high, addr->octets, 8);
	memcpy(&n.low, addr->octets + 8, 8);
	return (struct number128){ be64toh(n.high), be64toh(n.low) };
}

static bool
number_less(struct number128 a, struct number128 b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

static bool
number_equal(struct number128 a, struct number128 b)
{
	return a.high == b.high && a.low == b.low;
}

/* The bits past the prefix, all set. */
static struct number128
host_mask(unsigned prefix_bits)
{
	struct number128 mask = { 0, 0 };

	if (prefix_bits < 64)
		mask.high = UINT64_MAX >> prefix_bits;
	if (prefix_bits <= 64)
		mask.low = UINT64_MAX;
	else if (prefix_bits < 128)
		mask.low = UINT64_MAX >> (prefix_bits - 64);
	return mask;
}

struct segments *
segments_new(void)
{
	struct segments *segments = calloc(1, sizeof *segments);

	if (segments == NULL)
		return NULL;
	if (segments_add(segments, "", "") != SEGMENT_EXTERNAL ||
	    segments_add(segments, "internal", "") != SEGMENT_INTERNAL) {
		segments_free(segments);
		return NULL;
	}
	return segments;
}

static void
free_tables(struct segments *segments)
{
	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		free(segments->table[i].networks);
		free(segments->table[i].runs);
		segments->table[i] = (struct table){ 0 };
	}
}

void
segments_free(struct segments *segments)
{
	if (segments == NULL)
		return;
	for (unsigned i = 0; i < segments->count; i++) {
		free(segments->segment[i].name);
		free(segments->segment[i].role);
		free(segments->segment[i].vlans);
	}
	free(segments->declared);
	free_tables(segments);
	free(segments);
}

int
segments_add(struct segments *segments, const char *name, const char *role)
{
	struct segment *segment;

	if (segments->count == SEGMENT_MAX)
		return -1;
	segment = &segments->segment[segments->count];
	segment->name = strdup(name);
	segment->role = strdup(role);
	if (segment->name == NULL || segment->role == NULL) {
		free(segment->name);
		free(segment->role);
		*segment = (struct segment){ 0 };
		return -1;
	}
	return (int)segments->count++;
}

static struct network_entry
make_entry(uint16_t segment, const struct addr *network, unsigned prefix_bits)
{
	struct number128 first = number_of(network);
	struct number128 mask = host_mask(prefix_bits);

	return (struct network_entry){
		.first = { first.high & ~mask.high, first.low & ~mask.low },
		.last = { first.high | mask.high, first.low | mask.low },
		.prefix_bits = prefix_bits,
		.segment = segment,
	};
}

int
segments_add_network(struct segments *segments, uint16_t segment,
    const struct addr *network, unsigned prefix_bits)
{
	if (segment >= segments->count || prefix_bits > 128)
		return -1;
	if (segments->declared_count == segments->declared_room) {
		size_t room = segments->declared_room * 2 + 16;
		void *more = reallocarray(segments->declared, room,
		    sizeof *segments->declared);

		if (more == NULL)
			return -1;
		segments->declared = more;
		segments->declared_room = room;
	}
	segments->declared[segments->declared_count++] = make_entry(segment,
	    network, prefix_bits);
	segments->segment[segment].has_network = true;
	return 0;
}

int
segments_add_vlan(struct segments *segments, uint16_t segment, uint16_t vlan)
{
	struct segment *s;

	if (segment >= segments->count || vlan < 1 || vlan > 4094)
		return -1;
	s = &segments->segment[segment];
	if (s->vlans == NULL)
		s->vlans = calloc(VLAN_WORDS, sizeof *s->vlans);
	if (s->vlans == NULL)
		return -1;
	s->vlans[vlan / 64] |= (uint64_t)1 << vlan % 64;
	return 0;
}

/* Among equal networks the one with the higher rank is tried first. */
static int
entry_rank(const struct segments *segments, const struct network_entry *entry)
{
	if (entry->segment == SEGMENT_INTERNAL)
		return 0;
	if (segments->segment[entry->segment].vlans == NULL)
		return 1;
	return entry->implied ? 2 : 3;
}

/* Outer before inner; among equals what is tried last comes first. */
static int
entry_order(const void *left, const void *right, void *arg)
{
	const struct network_entry *a = left, *b = right;
	int a_rank = entry_rank(arg, a), b_rank = entry_rank(arg, b);

	if (!number_equal(a->first, b->first))
		return number_less(a->first, b->first) ? -1 : 1;
	if (a->prefix_bits != b->prefix_bits)
		return a->prefix_bits < b->prefix_bits ? -1 : 1;
	if (a_rank != b_rank)
		return a_rank < b_rank ? -1 : 1;
	return (a->segment < b->segment) - (a->segment > b->segment);
}

static int
entry_table(const struct network_entry *entry)
{
	/* A shorter prefix would not have kept all of ::ffff:0:0. */
	bool mapped = entry->first.high == 0 &&
	              entry->first.low >> 32 == 0xffff;

	return mapped ? TABLE_V4 : TABLE_V6;
}

static void
table_add(struct segments *segments, struct network_entry entry)
{
	struct table *table = &segments->table[entry_table(&entry)];

	table->networks[table->network_count++] = entry;
}

static void
add_private(struct segments *segments, uint16_t segment)
{
	for (size_t i = 0; i < PRIVATE_COUNT; i++) {
		struct addr addr = addr_v6(private_networks[i].octets);

		struct network_entry entry = make_entry(segment, &addr,
		    private_networks[i].prefix_bits);

		entry.implied = true;
		table_add(segments, entry);
	}
}

/* VLANs without networks: all that is private on them. */
static bool
has_private(const struct segments *segments, unsigned segment)
{
	return segment == SEGMENT_INTERNAL ||
	       (segments->segment[segment].vlans != NULL &&
		   !segments->segment[segment].has_network);
}

static void
start_run(struct table *table, struct number128 first, uint32_t inner)
{
	struct run *last = &table->runs[table->run_count - 1];

	if (number_equal(last->first, first))
		last->inner = inner;
	else
		table->runs[table->run_count++] = (struct run){ first, inner };
}

/* Past the end of `ending` its outer network is the longest again. */
static void
end_network(struct table *table, const struct network_entry *ending)
{
	struct number128 next = ending->last;

	if (++next.low == 0 && ++next.high == 0)
		return; /* the address space ends with it */
	start_run(table, next, ending->outer);
}

/* The networks that hold the current address, by `outer`, are the stack. */
static void
cut_runs(struct table *table)
{
	uint32_t inner = NONE;

	table->runs[table->run_count++] = (struct run){ { 0, 0 }, NONE };
	for (uint32_t i = 0; i < table->network_count; i++) {
		struct network_entry *entry = &table->networks[i];

		while (inner != NONE &&
		       number_less(table->networks[inner].last, entry->first)) {
			end_network(table, &table->networks[inner]);
			inner = table->networks[inner].outer;
		}
		entry->outer = inner;
		inner = i;
		start_run(table, entry->first, i);
	}
	for (; inner != NONE; inner = table->networks[inner].outer)
		end_network(table, &table->networks[inner]);
}

static int
alloc_tables(struct segments *segments)
{
	size_t room = segments->declared_count;

	for (unsigned i = 0; i < segments->count; i++)
		room += has_private(segments, i) ? PRIVATE_COUNT : 0;
	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		struct table *table = &segments->table[i];

		/* Each network starts a run and ends one; one is before all. */
		table->networks = calloc(room, sizeof *table->networks);
		table->runs = calloc(2 * room + 1, sizeof *table->runs);
		if (table->networks == NULL || table->runs == NULL)
			return -1;
	}
	return 0;
}

int
segments_compile(struct segments *segments)
{
	free_tables(segments);
	if (alloc_tables(segments) == -1) {
		free_tables(segments);
		return -1;
	}
	for (size_t i = 0; i < segments->declared_count; i++)
		table_add(segments, segments->declared[i]);
	for (unsigned i = 0; i < segments->count; i++) {
		if (has_private(segments, i))
			add_private(segments, (uint16_t)i);
	}
	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		struct table *table = &segments->table[i];

		qsort_r(table->networks, table->network_count,
		    sizeof *table->networks, entry_order, segments);
		cut_runs(table);
	}
	return 0;
}

/* The last run that begins at or before `addr`; the first begins at 0. */
static uint32_t
find_inner(const struct table *table, struct number128 addr)
{
	const struct run *base = table->runs;
	uint32_t left = table->run_count;

	while (left > 1) {
		uint32_t half = left / 2;

		if (!number_less(addr, base[half].first))
			base += half;
		left -= half;
	}
	return base->inner;
}

static bool
is_on_vlan(const uint64_t *set, const uint16_t *vlans, unsigned vlan_count)
{
	for (unsigned i = 0; i < vlan_count; i++) {
		if (vlans[i] < 4096 &&
		    (set[vlans[i] / 64] >> vlans[i] % 64 & 1))
			return true;
	}
	return false;
}

uint16_t
segments_find(const struct segments *segments, const struct addr *addr,
    const uint16_t *vlans, unsigned vlan_count)
{
	const struct table
	    *table = &segments->table[addr_is_v4(addr) ? TABLE_V4 : TABLE_V6];
	uint32_t i = find_inner(table, number_of(addr));

	for (; i != NONE; i = table->networks[i].outer) {
		uint16_t segment = table->networks[i].segment;
		const uint64_t *set = segments->segment[segment].vlans;

		if (set == NULL || is_on_vlan(set, vlans, vlan_count))
			return segment;
	}
	return SEGMENT_EXTERNAL;
}

const char *
segment_name(const struct segments *segments, uint16_t segment)
{
	return segment < segments->count ? segments->segment[segment].name : "";
}

const char *
segment_role(const struct segments *segments, uint16_t segment)
{
	return segment < segments->count ? segments->segment[segment].role : "";
}

/* ---- pairs ---- */

static bool
is_meant(uint16_t wanted, unsigned segment)
{
	return wanted == SEGMENT_EVERY_INTERNAL
	           ? segment_is_internal((uint16_t)segment)
	           : wanted == segment;
}

int
segments_add_egress(struct segments *segments, uint16_t from, uint16_t to)
{
	if ((from >= segments->count && from != SEGMENT_EVERY_INTERNAL) ||
	    (to >= segments->count && to != SEGMENT_EVERY_INTERNAL))
		return -1;
	segments->has_pairs = true;
	for (unsigned i = 0; i < segments->count; i++) {
		for (unsigned j = 0; j < segments->count; j++) {
			if (is_meant(from, i) && is_meant(to, j))
				segments->egress[i][j / 64] |= (uint64_t)1
				                               << j % 64;
		}
	}
	return 0;
}

bool
segments_is_egress(const struct segments *segments, uint16_t from, uint16_t to)
{
	if (segments == NULL || !segments->has_pairs)
		return segment_is_internal(from) && !segment_is_internal(to);
	return from < SEGMENT_MAX && to < SEGMENT_MAX &&
	       (segments->egress[from][to / 64] >> to % 64 & 1) != 0;
}

const char *
segments_direction(const struct segments *segments, uint16_t from, uint16_t to)
{
	if (segments_is_egress(segments, from, to))
		return "egress";
	if (segments_is_egress(segments, to, from) ||
	    (!segment_is_internal(from) && segment_is_internal(to)))
		return "ingress";
	return segment_is_internal(from) && segment_is_internal(to)
	           ? "internal"
	           : "external";
}

int
segments_named(const struct segments *segments, const char *name)
{
	for (unsigned i = SEGMENT_INTERNAL; i < segments->count; i++) {
		if (strcmp(segments->segment[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}
