#include "sensor/flow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sensor/reserve.h"
#include "sensor/siphash.h"

#define NONE      UINT32_MAX
#define TCP_PROTO 6
#define UDP_PROTO 17
#define SECOND_US UINT64_C(1000000)
#define TICK_S    16u
#define TICK_US   (TICK_S * SECOND_US)
/* Flows ended in one flow_expire: keeps the pause between packets short. */
#define EXPIRE_MAX 16384
/* Eviction: flows at a list's head that were active since get another turn. */
#define SECOND_CHANCES 8
/* One flow in so many may wait for its first answer before any of those is
 * evicted: a full table must not forget each handshake that begins. */
#define UNANSWERED_SHARE 8

/* Flows of a class, in the order in which they entered or had another turn. */
struct flow_list {
	uint32_t oldest, newest, count;
};

struct flow_table {
	struct flow_limits limits;
	struct siphash_key key;
	uint32_t *buckets; /* index of the first flow of the chain, plus 1 */
	struct flow *flows;
	uint32_t bucket_mask;
	uint32_t used;  /* flows[used..] were never touched */
	uint32_t spare; /* first of the freed ones, by chain */
	struct flow_list lists[FLOW_CLASS_COUNT];
	struct flow_counts counts;
	flow_ended ended;
	void *ended_arg;
};

static uint32_t
bucket_count(uint32_t flows_max)
{
	uint32_t count = 1024;

	while (count < flows_max && count < 1u << 31)
		count *= 2;
	return count;
}

struct flow_table *
flow_table_new(const struct flow_limits *limits, flow_ended ended,
    void *ended_arg)
{
	struct flow_table *table = calloc(1, sizeof *table);
	uint32_t buckets = bucket_count(limits->flows_max);

	if (table == NULL)
		return NULL;
	table->limits = *limits;
	table->bucket_mask = buckets - 1;
	table->spare = NONE;
	table->ended = ended;
	table->ended_arg = ended_arg;
	for (size_t i = 0; i < FLOW_CLASS_COUNT; i++)
		table->lists[i] = (struct flow_list){ NONE, NONE, 0 };
	table->buckets = reserve(buckets * sizeof table->buckets[0]);
	table->flows = reserve(limits->flows_max * sizeof table->flows[0]);
	if (table->buckets == NULL || table->flows == NULL ||
	    getrandom(&table->key, sizeof table->key, 0) !=
		(ssize_t)sizeof table->key) {
		flow_table_free(table);
		return NULL;
	}
	return table;
}

void
flow_table_free(struct flow_table *table)
{
	if (table == NULL)
		return;
	unreserve(table->buckets,
	    (table->bucket_mask + 1) * sizeof table->buckets[0]);
	unreserve(table->flows,
	    table->limits.flows_max * sizeof table->flows[0]);
	free(table);
}

const struct flow_counts *
flow_table_counts(const struct flow_table *table)
{
	return &table->counts;
}

/* ---- keys ---- */

static bool
source_is_lower(const struct layers *l)
{
	int order = memcmp(&l->src, &l->dst, sizeof l->src);

	return order != 0 ? order < 0 : l->src_port <= l->dst_port;
}

void
flow_locate(const struct flow_table *table, const struct layers *l,
    struct flow_place *place)
{
	struct flow_key *key = &place->key;
	unsigned src = source_is_lower(l) ? 0 : 1;

	key->addr[src] = l->src;
	key->addr[!src] = l->dst;
	key->port[src] = l->src_port;
	key->port[!src] = l->dst_port;
	key->vlan[0] = key->vlan[1] = 0;
	if (table->limits.vlan_in_key && l->vlan_count > 0) {
		key->vlan[0] = l->vlan[0];
		key->vlan[1] = l->vlan_count > 1 ? l->vlan[1] : 0;
	}
	key->ip_proto = l->ip_proto;
	memset(key->zero, 0, sizeof key->zero);
	place->sender = (uint8_t)src;
	place->hash = (uint32_t)siphash(&table->key, key, sizeof *key);
}

void
flow_prefetch_bucket(const struct flow_table *table,
    const struct flow_place *place)
{
	__builtin_prefetch(&table->buckets[place->hash & table->bucket_mask]);
}

void
flow_prefetch(const struct flow_table *table, const struct flow_place *place)
{
	uint32_t first = table->buckets[place->hash & table->bucket_mask];

	if (first != 0) {
		const char *flow = (const char *)&table->flows[first - 1];

		__builtin_prefetch(flow);
		__builtin_prefetch(flow + 64);
	}
}

/* ---- lists ---- */

static void
list_append(struct flow_table *table, unsigned class, uint32_t index,
    uint64_t now_us)
{
	struct flow_list *list = &table->lists[class];
	struct flow *flow = &table->flows[index];

	flow->flow_class = (uint8_t) class;
	flow->entered = (uint16_t)(now_us / TICK_US);
	flow->newer = NONE;
	flow->older = list->newest;
	if (list->newest != NONE)
		table->flows[list->newest].newer = index;
	else
		list->oldest = index;
	list->newest = index;
	list->count++;
}

static void
list_remove(struct flow_table *table, uint32_t index)
{
	struct flow *flow = &table->flows[index];
	struct flow_list *list = &table->lists[flow->flow_class];

	if (flow->older != NONE)
		table->flows[flow->older].newer = flow->newer;
	else
		list->oldest = flow->newer;
	if (flow->newer != NONE)
		table->flows[flow->newer].older = flow->older;
	else
		list->newest = flow->older;
	list->count--;
}

static uint32_t
flow_index(const struct flow_table *table, const struct flow *flow)
{
	return (uint32_t)(flow - table->flows);
}

static enum flow_class
class_of(const struct flow *flow)
{
	if (flow->key.ip_proto == UDP_PROTO)
		return FLOW_UDP;
	if (flow->key.ip_proto != TCP_PROTO)
		return FLOW_OTHER;
	switch ((enum flow_state)flow->state) {
	case FLOW_NEW:
		return FLOW_TCP_NEW;
	case FLOW_ESTABLISHED:
		return FLOW_TCP_OPEN;
	case FLOW_CLOSED:
		return FLOW_CLASS_CLOSED;
	}
	return FLOW_OTHER;
}

void
flow_reclass(struct flow_table *table, struct flow *flow, uint64_t now_us)
{
	enum flow_class class = class_of(flow);
	uint32_t index = flow_index(table, flow);

	if (class != flow->flow_class) {
		list_remove(table, index);
		list_append(table, class, index, now_us);
	}
}

/* ---- end of a flow ---- */

static void
unchain(struct flow_table *table, uint32_t index)
{
	struct flow *flow = &table->flows[index];
	uint32_t *at = &table->buckets[flow->hash & table->bucket_mask];

	while (*at != index + 1)
		at = &table->flows[*at - 1].chain;
	*at = flow->chain;
}

static void
flow_end(struct flow_table *table, struct flow *flow,
    enum flow_end_reason reason, uint64_t now_us)
{
	uint32_t index = flow_index(table, flow);

	table->ended(table->ended_arg, flow, reason, now_us);
	table->counts.ended[reason]++;
	table->counts.active--;
	list_remove(table, index);
	unchain(table, index);
	flow->chain = table->spare;
	table->spare = index;
}

/* A flow of the "future" (the clock went back) is not idle. */
static bool
is_idle(const struct flow_table *table, const struct flow *flow,
    uint64_t now_us)
{
	return now_us > flow->last_us &&
	       now_us - flow->last_us >
	           table->limits.idle_s[flow->flow_class] * SECOND_US;
}

static enum flow_end_reason
idle_reason(const struct flow *flow)
{
	return flow->state == FLOW_CLOSED ? FLOW_END_CLOSED : FLOW_END_TIMEOUT;
}

/* The next one in the list is most likely the next to end. */
static void
fetch_newer(const struct flow_table *table, const struct flow *flow)
{
	if (flow->newer != NONE) {
		const char *newer = (const char *)&table->flows[flow->newer];

		__builtin_prefetch(newer);
		__builtin_prefetch(newer + 64);
		__builtin_prefetch(newer + 128);
	}
}

/* To a tick more or less. */
static uint32_t
entered_ago_s(const struct flow *flow, uint64_t now_us)
{
	return (uint16_t)(now_us / TICK_US - flow->entered) * TICK_S;
}

/*
 * The list is in order of entry, not of activity: moving a flow for each
 * packet would cost two cache misses.  So an active flow that comes to the
 * head is sent to the tail and has its next turn there.
 */
void
flow_expire(struct flow_table *table, uint64_t now_us)
{
	for (unsigned class = 0; class < FLOW_CLASS_COUNT; class ++) {
		for (unsigned n = 0; n < EXPIRE_MAX; n++) {
			uint32_t index = table->lists[class].oldest;
			struct flow *flow;

			if (index == NONE)
				break;
			flow = &table->flows[index];
			fetch_newer(table, flow);
			if (is_idle(table, flow, now_us)) {
				flow_end(table, flow, idle_reason(flow),
				    now_us);
				continue;
			}
			/* Whatever is behind it entered later still. */
			if (entered_ago_s(flow, now_us) <=
			    table->limits.idle_s[class])
				break;
			list_remove(table, index);
			list_append(table, class, index, now_us);
		}
	}
}

void
flow_end_all(struct flow_table *table, uint64_t now_us)
{
	for (unsigned class = 0; class < FLOW_CLASS_COUNT; class ++) {
		while (table->lists[class].oldest != NONE)
			flow_end(table,
			    &table->flows[table->lists[class].oldest],
			    FLOW_END_SHUTDOWN, now_us);
	}
}

/*
 * Not only when it came to its place in the list, as far as ticks tell: what a
 * flood brings has no other turn, so that it costs no moves.
 */
static bool
was_active_since(const struct flow *flow)
{
	return (uint16_t)(flow->last_us / TICK_US) != flow->entered;
}

/* The classes are in the order in which they are given up. */
static void
evict_one(struct flow_table *table, uint64_t now_us)
{
	for (unsigned class = 0; class < FLOW_CLASS_COUNT; class ++) {
		struct flow_list *list = &table->lists[class];
		uint64_t half = table->limits.idle_s[class] * SECOND_US / 2;

		if (class == FLOW_TCP_NEW &&
		    list->count < table->limits.flows_max / UNANSWERED_SHARE)
			continue;
		for (int n = 0;
		     n < SECOND_CHANCES && list->oldest != list->newest; n++) {
			uint32_t index = list->oldest;

			if (!was_active_since(&table->flows[index]) ||
			    table->flows[index].last_us + half < now_us)
				break;
			list_remove(table, index);
			list_append(table, class, index, now_us);
		}
		if (list->oldest != NONE) {
			flow_end(table, &table->flows[list->oldest],
			    FLOW_END_EVICTED, now_us);
			return;
		}
	}
}

/* ---- find and create ---- */

/*
 * A SYN that cannot belong to the conversation that the table knows: its
 * number is not among those that this end has used so far.
 */
static bool
is_reopened(const struct flow *flow, enum direction dir, const struct layers *l)
{
	if (l->ip_proto != TCP_PROTO ||
	    (l->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return false;
	if (!(flow->seq_known & 1u << dir))
		return flow->state != FLOW_NEW;
	return flow->seq_next[dir] - (l->seq + 1) > flow->octets[dir];
}

struct flow *
flow_find(struct flow_table *table, const struct flow_place *place,
    const struct layers *l, uint64_t now_us)
{
	uint32_t next = table->buckets[place->hash & table->bucket_mask];

	for (; next != 0; next = table->flows[next - 1].chain) {
		struct flow *flow = &table->flows[next - 1];
		enum flow_end_reason reason;

		if (flow->hash != place->hash ||
		    memcmp(&flow->key, &place->key, sizeof flow->key) != 0)
			continue;
		if (is_idle(table, flow, now_us))
			reason = idle_reason(flow);
		else if (is_reopened(flow, flow_direction(flow, place->sender),
			     l))
			reason = FLOW_END_CLOSED;
		else
			return flow;
		flow_end(table, flow, reason, now_us);
		return NULL;
	}
	return NULL;
}

static uint32_t
take_slot(struct flow_table *table, uint64_t now_us)
{
	uint32_t index;

	if (table->spare == NONE && table->used == table->limits.flows_max)
		evict_one(table, now_us);
	if (table->spare != NONE) {
		index = table->spare;
		table->spare = table->flows[index].chain;
		return index;
	}
	return table->used++;
}

/*
 * Who began: the handshake tells.  Without it the service is taken to be at
 * the port below 1024, else at the lower port of two TCP ends; for UDP the
 * first datagram's sender is the initiator (RFC 5103 section 3).
 */
static uint8_t
guess_initiator(const struct flow_place *place, const struct layers *l)
{
	bool src_system = l->src_port < 1024, dst_system = l->dst_port < 1024;

	if (l->ip_proto == TCP_PROTO && (l->tcp_flags & TCP_SYN))
		return (l->tcp_flags & TCP_ACK) ? !place->sender
		                                : place->sender;
	if (src_system != dst_system)
		return src_system ? !place->sender : place->sender;
	if (l->ip_proto == TCP_PROTO && l->src_port != l->dst_port)
		return l->src_port < l->dst_port ? !place->sender
		                                 : place->sender;
	return place->sender;
}

/* Mixing of one word: multiply and fold, no secret in it. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

uint64_t
flow_id(const struct flow *flow)
{
	uint64_t hash = mix(flow->key.ip_proto, flow->first_us), words[5];

	_Static_assert(offsetof(struct flow_key, ip_proto) == sizeof words,
	    "the words are addresses, ports and VLAN ids");
	memcpy(words, &flow->key, sizeof words);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		hash = mix(hash, words[i]);
	/* 52 bits survive consumers that read JSON numbers as doubles. */
	return hash >> 12 | 1;
}

struct flow *
flow_create(struct flow_table *table, const struct flow_place *place,
    const struct layers *l, uint64_t now_us)
{
	uint32_t index = take_slot(table, now_us);
	uint32_t *bucket = &table->buckets[place->hash & table->bucket_mask];
	struct flow *flow = &table->flows[index];

	memset(flow, 0, sizeof *flow);
	flow->key = place->key;
	flow->hash = place->hash;
	flow->chain = *bucket;
	*bucket = index + 1;
	flow->initiator = guess_initiator(place, l);
	flow->midstream = l->ip_proto == TCP_PROTO && !(l->tcp_flags & TCP_SYN);
	flow->first_us = flow->last_us = now_us;
	flow->vlan_count = l->vlan_count & 3;
	for (unsigned i = 0; i < l->vlan_count; i++)
		flow->vlan[i] = l->vlan[i];
	if (l->tunnel.depth > 0)
		flow->tunnel = l->tunnel;
	list_append(table, class_of(flow), index, now_us);
	table->counts.created++;
	table->counts.active++;
	return flow;
}

#define SWAP(pair)                                                             \
	do {                                                                   \
		__typeof__((pair)[0]) first_ = (pair)[0];                      \
		(pair)[0] = (pair)[1];                                         \
		(pair)[1] = first_;                                            \
	} while (0)

void
flow_flip(struct flow *flow)
{
	flow->initiator = !flow->initiator;
	SWAP(flow->octets);
	SWAP(flow->packets);
	SWAP(flow->seq_next);
	SWAP(flow->tcp_flags);
	SWAP(flow->segment);
	flow->seq_known = (uint8_t)(flow->seq_known >> 1 | (flow->seq_known & 1)
							       << 1) &
	                  3;
}
