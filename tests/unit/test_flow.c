#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/flow.h"

#define TCP    6
#define UDP    17
#define ICMP   1
#define SECOND UINT64_C(1000000)
#define YEAR   (UINT64_C(365) * 86400 * SECOND)
#define NOW    (UINT64_C(1774915263) * SECOND)

#define ENDED_MAX 65536

struct ended {
	uint64_t id, now_us;
	uint16_t port; /* the initiator's */
	uint8_t proto;
	enum flow_end_reason reason;
};

struct bench {
	struct flow_table *table;
	struct ended *ended;
	size_t ended_count;
	uint64_t now_us;
};

static const struct flow_limits limits = {
	.flows_max = 8,
	.idle_s = {
		[FLOW_TCP_NEW] = 30,
		[FLOW_CLASS_CLOSED] = 10,
		[FLOW_OTHER] = 40,
		[FLOW_UDP] = 60,
		[FLOW_TCP_OPEN] = 600,
	},
};

static void
note_end(void *arg, struct flow *flow, enum flow_end_reason reason,
    uint64_t now_us)
{
	struct bench *b = arg;

	assert_true(b->ended_count < ENDED_MAX);
	b->ended[b->ended_count++] = (struct ended){ flow_id(flow), now_us,
		flow->key.port[flow->initiator], flow->key.ip_proto, reason };
}

static struct bench *
bench_new(const struct flow_limits *l)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->ended = calloc(ENDED_MAX, sizeof b->ended[0]);
	b->table = flow_table_new(l, note_end, b);
	b->now_us = NOW;
	assert_non_null(b->ended);
	assert_non_null(b->table);
	return b;
}

static void
bench_free(struct bench *b)
{
	flow_table_free(b->table);
	free(b->ended);
	free(b);
}

static int
setup(void **state)
{
	*state = bench_new(&limits);
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

/* ---- packets ---- */

static const uint8_t client4[4] = { 192, 0, 2, 1 };
static const uint8_t server4[4] = { 198, 51, 100, 7 };

/* From the client; `port` is the client's. */
static struct layers
packet(uint8_t proto, uint16_t port, uint8_t flags)
{
	struct layers l = { .src = addr_v4(client4),
		.dst = addr_v4(server4),
		.ip_proto = proto,
		.tcp_flags = flags };

	if (proto == TCP || proto == UDP) {
		l.src_port = port;
		l.dst_port = 443;
	}
	return l;
}

static struct layers
reply(struct layers l)
{
	struct addr src = l.src;
	uint16_t src_port = l.src_port;

	l.src = l.dst;
	l.dst = src;
	l.src_port = l.dst_port;
	l.dst_port = src_port;
	return l;
}

static struct flow *
find(struct bench *b, const struct layers *l)
{
	struct flow_place place;

	flow_locate(b->table, l, &place);
	flow_prefetch_bucket(b->table, &place);
	flow_prefetch(b->table, &place);
	return flow_find(b->table, &place, l, b->now_us);
}

/* As the tracker does it; *begun where the flow is new. */
static struct flow *
track(struct bench *b, const struct layers *l, bool *begun)
{
	struct flow_place place;
	struct flow *flow;
	enum direction dir;

	memset(&place, 0xff, sizeof place);
	flow_locate(b->table, l, &place);
	flow = flow_find(b->table, &place, l, b->now_us);
	if (begun != NULL)
		*begun = flow == NULL;
	if (flow == NULL)
		flow = flow_create(b->table, &place, l, b->now_us);
	dir = flow_direction(flow, place.sender);
	flow->last_us = b->now_us;
	flow->packets[dir]++;
	flow->octets[dir] += 100;
	if (l->ip_proto == TCP) {
		flow->seq_known |= (1u << dir) & 3;
		flow->seq_next[dir] = l->seq + !!(l->tcp_flags & TCP_SYN);
	}
	return flow;
}

static void
set_state(struct bench *b, struct flow *flow, enum flow_state state)
{
	flow->state = (uint8_t)state;
	flow_reclass(b->table, flow, b->now_us);
}

static struct flow *
begin(struct bench *b, uint8_t proto, uint16_t port, enum flow_state state)
{
	struct layers l = packet(proto, port, proto == TCP ? TCP_SYN : 0);
	bool begun;
	struct flow *flow = track(b, &l, &begun);

	assert_true(begun);
	set_state(b, flow, state);
	return flow;
}

static bool
is_there(struct bench *b, uint8_t proto, uint16_t port)
{
	struct layers l = packet(proto, port, proto == TCP ? TCP_ACK : 0);

	return find(b, &l) != NULL;
}

static void
assert_ended(struct bench *b, size_t i, uint16_t port,
    enum flow_end_reason reason)
{
	assert_true(i < b->ended_count);
	assert_int_equal(b->ended[i].port, port);
	assert_int_equal(b->ended[i].reason, reason);
}

/* ---- keys ---- */

static void
both_directions_are_one_flow(void **state)
{
	struct bench *b = *state;
	struct layers l = packet(TCP, 50000, TCP_SYN), r = reply(l);
	struct flow *flow = track(b, &l, NULL);
	struct flow_place place;

	r.tcp_flags = TCP_SYN | TCP_ACK;
	assert_ptr_equal(find(b, &r), flow);
	flow_locate(b->table, &l, &place);
	assert_int_equal(flow_direction(flow, place.sender), DIR_OUT);
	flow_locate(b->table, &r, &place);
	assert_int_equal(flow_direction(flow, place.sender), DIR_IN);
}

static void
any_part_of_the_five_tuple_makes_another_flow(void **state)
{
	struct bench *b = *state;
	struct layers l = packet(TCP, 50000, TCP_ACK), other;

	track(b, &l, NULL);
	assert_non_null(find(b, &l));
	other = l;
	other.src.octets[15]++;
	assert_null(find(b, &other));
	other = l;
	other.dst.octets[15]++;
	assert_null(find(b, &other));
	other = l;
	other.src_port++;
	assert_null(find(b, &other));
	other = l;
	other.dst_port++;
	assert_null(find(b, &other));
	other = l;
	other.ip_proto = UDP;
	assert_null(find(b, &other));
	/* Ports exchanged without the addresses. */
	other = l;
	other.src_port = l.dst_port;
	other.dst_port = l.src_port;
	assert_null(find(b, &other));
}

static void
a_host_that_talks_to_itself_has_two_directions(void **state)
{
	struct bench *b = *state;
	struct layers l = packet(UDP, 5000, 0), r;
	struct flow_place there, back;

	l.dst = l.src;
	r = reply(l);
	track(b, &l, NULL);
	assert_non_null(find(b, &r));
	flow_locate(b->table, &l, &there);
	flow_locate(b->table, &r, &back);
	assert_int_not_equal(there.sender, back.sender);
}

static void
vlans_tell_flows_apart_where_asked_for(void **state)
{
	struct flow_limits with = limits;
	struct bench *b = *state, *v;
	struct layers one = packet(TCP, 50000, TCP_ACK), two = one, none = one;

	one.vlan_count = two.vlan_count = 1;
	one.vlan[1] = two.vlan[1] = 77; /* past the count: means nothing */
	one.vlan[0] = 10;
	two.vlan[0] = 20;
	/* Not asked for: a tap may see both sides of a router. */
	track(b, &one, NULL);
	assert_non_null(find(b, &two));
	assert_non_null(find(b, &none));

	with.vlan_in_key = true;
	v = bench_new(&with);
	track(v, &one, NULL);
	assert_null(find(v, &two));
	assert_null(find(v, &none));
	two = one;
	two.vlan_count = 2;
	two.vlan[1] = 30;
	assert_null(find(v, &two));
	assert_non_null(find(v, &one));
	one.vlan[1] = 78;
	assert_non_null(find(v, &one));
	bench_free(v);
}

static void
a_flow_remembers_vlans_and_tunnel_of_its_first_packet(void **state)
{
	struct bench *b = *state;
	struct layers l = packet(TCP, 50000, TCP_SYN);
	struct flow *flow;

	l.vlan_count = 3;
	l.vlan[0] = 1;
	l.vlan[1] = 2;
	l.vlan[2] = 4094;
	l.tunnel.depth = 1;
	l.tunnel.src_port = 4789;
	flow = track(b, &l, NULL);
	assert_int_equal(flow->vlan_count, 3);
	assert_int_equal(flow->vlan[2], 4094);
	assert_int_equal(flow->tunnel.src_port, 4789);
}

/* ---- who began ---- */

static uint16_t
initiator_port(struct bench *b, struct layers l)
{
	struct flow *flow = track(b, &l, NULL);

	return flow->key.port[flow_side(flow, DIR_OUT)];
}

static void
the_handshake_tells_who_began(void **state)
{
	struct bench *b = *state;
	struct layers l = packet(TCP, 50000, TCP_SYN);

	assert_int_equal(initiator_port(b, l), 50000);
	l = packet(TCP, 50001, TCP_SYN | TCP_ACK);
	assert_int_equal(initiator_port(b, reply(l)), 50001);
	/* Also against the ports. */
	l = packet(TCP, 50002, TCP_SYN);
	assert_int_equal(initiator_port(b, reply(l)), 443);
}

static void
without_a_handshake_the_service_is_at_the_system_port(void **state)
{
	struct bench *b = *state;
	struct layers l = packet(TCP, 50000, TCP_ACK);

	assert_int_equal(initiator_port(b, reply(l)), 50000);
	l = packet(TCP, 50001, TCP_ACK);
	assert_int_equal(initiator_port(b, l), 50001);
	l = packet(TCP, 50002, TCP_ACK);
	l.dst_port = 8443;
	assert_int_equal(initiator_port(b, reply(l)), 50002);
	/* A datagram's sender began, but for a service's answer. */
	l = packet(UDP, 50003, 0);
	assert_int_equal(initiator_port(b, reply(l)), 50003);
	l = packet(UDP, 3000, 0);
	l.dst_port = 2000;
	assert_int_equal(initiator_port(b, l), 3000);
	l = packet(UDP, 3001, 0);
	l.dst_port = 4000;
	assert_int_equal(initiator_port(b, l), 3001);
	/* 1024 is no system port (RFC 6335 section 6). */
	l = packet(UDP, 1024, 0);
	l.dst_port = 4000;
	assert_int_equal(initiator_port(b, l), 1024);
	l = packet(UDP, 4001, 0);
	l.dst_port = 1024;
	assert_int_equal(initiator_port(b, reply(l)), 1024);
}

static void
only_a_tcp_flow_without_a_syn_began_before_the_capture(void **state)
{
	struct bench *b = *state;
	struct layers l = packet(TCP, 1, TCP_ACK);

	assert_true(track(b, &l, NULL)->midstream);
	l = packet(TCP, 2, TCP_SYN | TCP_ACK);
	assert_false(track(b, &l, NULL)->midstream);
	l = packet(UDP, 3, 0);
	assert_false(track(b, &l, NULL)->midstream);
}

static void
a_flip_exchanges_all_that_has_a_direction(void **state)
{
	struct bench *b = *state;
	struct layers l = packet(TCP, 50000, TCP_ACK);
	struct flow *flow = track(b, &l, NULL);
	struct flow_place place;
	uint64_t id = flow_id(flow);

	flow->octets[DIR_OUT] = 1;
	flow->octets[DIR_IN] = 2;
	flow->packets[DIR_OUT] = 3;
	flow->packets[DIR_IN] = 4;
	flow->seq_next[DIR_OUT] = 5;
	flow->seq_next[DIR_IN] = 6;
	flow->tcp_flags[DIR_OUT] = 7;
	flow->tcp_flags[DIR_IN] = 8;
	flow->segment[DIR_OUT] = 9;
	flow->segment[DIR_IN] = 10;
	flow->seq_known = 1 << DIR_OUT;
	flow_flip(flow);
	flow_locate(b->table, &l, &place);
	assert_int_equal(flow_direction(flow, place.sender), DIR_IN);
	assert_int_equal(flow->key.port[flow_side(flow, DIR_OUT)], 443);
	assert_int_equal(flow->octets[DIR_OUT], 2);
	assert_int_equal(flow->octets[DIR_IN], 1);
	assert_int_equal(flow->packets[DIR_OUT], 4);
	assert_int_equal(flow->seq_next[DIR_OUT], 6);
	assert_int_equal(flow->tcp_flags[DIR_OUT], 8);
	assert_int_equal(flow->segment[DIR_OUT], 10);
	assert_int_equal(flow->seq_known, 1 << DIR_IN);
	assert_true(flow_id(flow) == id);
	flow_flip(flow);
	assert_int_equal(flow->seq_known, 1 << DIR_OUT);
	flow->seq_known = 3;
	flow_flip(flow);
	assert_int_equal(flow->seq_known, 3);
}

/* ---- time ---- */

static void
each_class_has_its_own_timeout(void **state)
{
	static const struct {
		uint8_t proto;
		enum flow_state state;
		unsigned idle_s;
		enum flow_end_reason reason;
	} cases[] = {
		{ TCP, FLOW_NEW, 30, FLOW_END_TIMEOUT },
		{ TCP, FLOW_CLOSED, 10, FLOW_END_CLOSED },
		{ ICMP, FLOW_NEW, 40, FLOW_END_TIMEOUT },
		{ UDP, FLOW_NEW, 60, FLOW_END_TIMEOUT },
		{ UDP, FLOW_ESTABLISHED, 60, FLOW_END_TIMEOUT },
		{ TCP, FLOW_ESTABLISHED, 600, FLOW_END_TIMEOUT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench *b = bench_new(&limits);

		begin(b, cases[i].proto, 1000, cases[i].state);
		b->now_us += cases[i].idle_s * SECOND;
		flow_expire(b->table, b->now_us);
		assert_int_equal(b->ended_count, 0);
		b->now_us++;
		flow_expire(b->table, b->now_us);
		assert_int_equal(b->ended_count, 1);
		assert_int_equal(b->ended[0].reason, cases[i].reason);
		assert_true(b->ended[0].now_us == b->now_us);
		assert_int_equal(flow_table_counts(b->table)->active, 0);
		bench_free(b);
	}
}

static void
a_packet_does_not_find_a_flow_that_was_idle_for_too_long(void **state)
{
	struct bench *b = *state;
	struct layers l = packet(UDP, 1000, 0);
	bool begun;
	uint64_t id = flow_id(track(b, &l, NULL));

	b->now_us += 61 * SECOND;
	assert_true(flow_id(track(b, &l, &begun)) != id);
	assert_true(begun);
	assert_ended(b, 0, 1000, FLOW_END_TIMEOUT);
	assert_true(b->ended[0].id == id);
}

static void
an_active_flow_gives_way_to_idle_ones_behind_it(void **state)
{
	struct bench *b = *state;
	struct layers busy = packet(UDP, 1, 0);

	track(b, &busy, NULL);
	begin(b, UDP, 2, FLOW_NEW);
	/* Up to twice the timeout: a list is looked through only so often. */
	for (int i = 0; i < 13; i++) {
		b->now_us += 10 * SECOND;
		track(b, &busy, NULL);
		flow_expire(b->table, b->now_us);
	}
	assert_int_equal(b->ended_count, 1);
	assert_ended(b, 0, 2, FLOW_END_TIMEOUT);
	assert_true(is_there(b, UDP, 1));
	/* And has its own turn in the end. */
	b->now_us += 61 * SECOND;
	flow_expire(b->table, b->now_us);
	assert_ended(b, 1, 1, FLOW_END_TIMEOUT);
}

static void
expiry_is_bounded_in_each_call_and_gets_there(void **state)
{
	struct flow_limits many = limits;
	struct bench *b;
	uint64_t left = 60000;
	int calls = 0;

	(void)state;
	many.flows_max = 65536;
	b = bench_new(&many);
	for (uint64_t i = 0; i < left; i++)
		begin(b, UDP, (uint16_t)(i + 1), FLOW_NEW);
	b->now_us += 61 * SECOND;
	while (left > 0) {
		uint64_t before = left;

		flow_expire(b->table, b->now_us);
		left = flow_table_counts(b->table)->active;
		assert_true(left < before && before - left < 20000);
		calls++;
	}
	assert_true(calls > 1);
	bench_free(b);
}

static void
a_clock_that_goes_back_ends_nothing_and_blocks_nothing(void **state)
{
	struct bench *b = *state;

	begin(b, UDP, 1, FLOW_NEW);
	b->now_us = NOW + 5 * YEAR; /* one packet with a wild time */
	begin(b, UDP, 2, FLOW_NEW);
	b->now_us = NOW + SECOND;
	flow_expire(b->table, b->now_us);
	assert_int_equal(b->ended_count, 0);
	begin(b, UDP, 3, FLOW_NEW);
	b->now_us = NOW + 100 * SECOND;
	for (int i = 0; i < 4; i++)
		flow_expire(b->table, b->now_us);
	/* The one of the future is not idle. */
	assert_int_equal(b->ended_count, 2);
	assert_ended(b, 0, 1, FLOW_END_TIMEOUT);
	assert_ended(b, 1, 3, FLOW_END_TIMEOUT);
	b->now_us = NOW + 6 * YEAR;
	flow_expire(b->table, b->now_us);
	assert_int_equal(b->ended_count, 3);
}

static void
a_clock_that_goes_to_zero_is_survived(void **state)
{
	struct bench *b = *state;

	begin(b, TCP, 1, FLOW_ESTABLISHED);
	b->now_us = 0;
	begin(b, TCP, 2, FLOW_ESTABLISHED);
	flow_expire(b->table, 0);
	assert_int_equal(b->ended_count, 0);
	b->now_us = 700 * SECOND;
	for (int i = 0; i < 4; i++)
		flow_expire(b->table, b->now_us);
	assert_int_equal(b->ended_count, 1);
	assert_ended(b, 0, 2, FLOW_END_TIMEOUT);
}

static void
a_clock_that_goes_forward_by_years_ends_all(void **state)
{
	struct bench *b = *state;

	begin(b, UDP, 1, FLOW_NEW);
	begin(b, TCP, 2, FLOW_ESTABLISHED);
	begin(b, ICMP, 3, FLOW_NEW);
	b->now_us += 50 * YEAR;
	flow_expire(b->table, b->now_us);
	assert_int_equal(b->ended_count, 3);
	assert_int_equal(flow_table_counts(b->table)->active, 0);
}

static void
the_end_ends_all_that_is_left(void **state)
{
	struct bench *b = *state;

	begin(b, UDP, 1, FLOW_NEW);
	begin(b, TCP, 2, FLOW_ESTABLISHED);
	flow_end_all(b->table, b->now_us);
	assert_int_equal(b->ended_count, 2);
	assert_ended(b, 0, 1, FLOW_END_SHUTDOWN);
	assert_ended(b, 1, 2, FLOW_END_SHUTDOWN);
	assert_false(is_there(b, UDP, 1));
	assert_int_equal(flow_table_counts(b->table)->ended[FLOW_END_SHUTDOWN],
	    2);
}

/* ---- a full table ---- */

static void
a_full_table_forgets_one_for_each_new_flow(void **state)
{
	struct bench *b = *state;

	for (uint16_t i = 1; i <= 1000; i++) {
		begin(b, UDP, i, FLOW_NEW);
		assert_true(is_there(b, UDP, i));
		assert_true(flow_table_counts(b->table)->active <= 8);
	}
	assert_int_equal(b->ended_count, 992);
	for (uint16_t i = 0; i < 992; i++)
		assert_ended(b, i, i + 1, FLOW_END_EVICTED);
	for (uint16_t i = 993; i <= 1000; i++)
		assert_true(is_there(b, UDP, i));
	assert_int_equal(flow_table_counts(b->table)->created, 1000);
}

static void
places_of_ended_flows_are_used_again(void **state)
{
	struct bench *b = *state;

	for (uint16_t round = 0; round < 50; round++) {
		for (uint16_t i = 1; i <= 8; i++) {
			struct flow *flow = begin(b, UDP,
			    (uint16_t)(round * 8 + i), FLOW_NEW);

			assert_int_equal(flow->packets[DIR_OUT], 1);
			assert_int_equal(flow->packets[DIR_IN], 0);
			flow->packets[DIR_IN] = flow->app_tries = 9;
		}
		b->now_us += 61 * SECOND;
		flow_expire(b->table, b->now_us);
		assert_int_equal(flow_table_counts(b->table)->active, 0);
	}
	assert_int_equal(flow_table_counts(b->table)->ended[FLOW_END_EVICTED],
	    0);
}

static void
what_is_given_up_first_is_what_was_never_answered(void **state)
{
	struct bench *b = *state;

	/* From the last to be given up to the first. */
	begin(b, TCP, 1, FLOW_ESTABLISHED);
	begin(b, UDP, 2, FLOW_NEW);
	begin(b, ICMP, 3, FLOW_NEW);
	begin(b, TCP, 4, FLOW_CLOSED);
	begin(b, TCP, 5, FLOW_NEW);
	begin(b, TCP, 6, FLOW_ESTABLISHED);
	begin(b, TCP, 7, FLOW_ESTABLISHED);
	begin(b, TCP, 8, FLOW_ESTABLISHED);
	for (uint16_t i = 0; i < 5; i++)
		begin(b, TCP, (uint16_t)(100 + i), FLOW_ESTABLISHED);
	assert_ended(b, 0, 5, FLOW_END_EVICTED);
	assert_ended(b, 1, 4, FLOW_END_EVICTED);
	assert_int_equal(b->ended[2].proto, ICMP);
	assert_ended(b, 3, 2, FLOW_END_EVICTED);
	assert_ended(b, 4, 1, FLOW_END_EVICTED);
}

static void
a_flood_of_syns_evicts_itself(void **state)
{
	struct bench *b = *state;

	for (uint16_t i = 1; i <= 6; i++)
		begin(b, TCP, i, FLOW_ESTABLISHED);
	begin(b, UDP, 7, FLOW_ESTABLISHED);
	for (uint16_t i = 1000; i < 20000; i++) {
		begin(b, TCP, i, FLOW_NEW);
		b->now_us += 10;
	}
	for (uint16_t i = 1; i <= 6; i++)
		assert_true(is_there(b, TCP, i));
	assert_true(is_there(b, UDP, 7));
}

/* As many open ones as there is room for: new ones still get their chance. */
static void
a_table_full_of_conversations_lets_new_ones_begin(void **state)
{
	struct flow_limits some = limits;
	struct bench *b;

	(void)state;
	some.flows_max = 1000;
	b = bench_new(&some);
	for (uint16_t port = 1000; port < 2000; port++) {
		begin(b, TCP, port, FLOW_ESTABLISHED);
		b->now_us += 1000;
	}
	begin(b, TCP, 1, FLOW_NEW);
	for (uint16_t port = 5000; port < 5050; port++)
		begin(b, TCP, port, FLOW_NEW);
	assert_true(is_there(b, TCP, 1));
	assert_ended(b, 0, 1000, FLOW_END_EVICTED);
	bench_free(b);
}

static void
a_flood_leaves_a_handshake_the_time_that_it_takes(void **state)
{
	static const uint8_t floods[] = { TCP, UDP };
	struct flow_limits some = limits;

	(void)state;
	some.flows_max = 1000;
	for (size_t f = 0; f < sizeof floods; f++) {
		struct bench *b = bench_new(&some);
		uint16_t port = 1000;

		for (; port < 4000; port++) {
			begin(b, floods[f], port, FLOW_NEW);
			b->now_us += 100;
		}
		begin(b, TCP, 1, FLOW_NEW);
		for (; port < 4900; port++) { /* 90 ms */
			begin(b, floods[f], port, FLOW_NEW);
			b->now_us += 100;
		}
		assert_true(is_there(b, TCP, 1));
		bench_free(b);
	}
}

static void
the_longest_idle_of_a_class_is_evicted(void **state)
{
	struct bench *b = *state;
	struct layers busy = packet(TCP, 1, TCP_ACK);

	for (uint16_t i = 1; i <= 8; i++) {
		begin(b, TCP, i, FLOW_ESTABLISHED);
		b->now_us += SECOND;
	}
	b->now_us += 400 * SECOND; /* over half of what a flow may be idle */
	track(b, &busy, NULL);
	begin(b, TCP, 100, FLOW_ESTABLISHED);
	assert_ended(b, 0, 2, FLOW_END_EVICTED);
	assert_true(is_there(b, TCP, 1));
}

/* ---- a five-tuple that is used again ---- */

static struct layers
syn(uint16_t port, uint32_t seq)
{
	struct layers l = packet(TCP, port, TCP_SYN);

	l.seq = seq;
	return l;
}

static void
a_repeated_syn_belongs_to_its_flow(void **state)
{
	struct bench *b = *state;
	struct layers l = syn(1, 1000);
	struct flow *flow = track(b, &l, NULL);

	assert_ptr_equal(find(b, &l), flow);
	/* Also late, when octets were sent. */
	flow->seq_next[DIR_OUT] = 1051;
	set_state(b, flow, FLOW_ESTABLISHED);
	assert_ptr_equal(find(b, &l), flow);
	assert_int_equal(b->ended_count, 0);
}

static void
a_syn_with_another_number_begins_another_flow(void **state)
{
	struct bench *b = *state;
	struct layers l = syn(1, 1000), again = syn(1, 70000);
	uint64_t id = flow_id(track(b, &l, NULL));
	bool begun;

	b->now_us += SECOND;
	assert_true(flow_id(track(b, &again, &begun)) != id);
	assert_true(begun);
	assert_ended(b, 0, 1, FLOW_END_CLOSED);
	again = syn(1, 70001); /* the next one that is free */
	b->now_us += SECOND;
	track(b, &again, &begun);
	assert_true(begun);
	again = syn(1, 500); /* or a lower one */
	b->now_us += SECOND;
	track(b, &again, &begun);
	assert_true(begun);
}

static void
a_syn_after_sequence_numbers_wrapped_is_told_apart_too(void **state)
{
	struct bench *b = *state;
	struct layers l = syn(1, 0xfffffff0), again = syn(1, 0x100);
	struct flow *flow = track(b, &l, NULL);

	flow->seq_next[DIR_OUT] = 0x10; /* 31 octets were sent */
	assert_ptr_equal(find(b, &l), flow);
	assert_null(find(b, &again));
	assert_int_equal(b->ended_count, 1);
}

static void
only_a_plain_syn_begins_another_flow(void **state)
{
	struct bench *b = *state;
	struct layers l = syn(1, 1000), other = syn(1, 70000);
	struct flow *flow = track(b, &l, NULL);

	other.tcp_flags = TCP_SYN | TCP_ACK;
	assert_ptr_equal(find(b, &other), flow);
	other.tcp_flags = TCP_ACK;
	assert_ptr_equal(find(b, &other), flow);
	other.tcp_flags = TCP_SYN | TCP_RST;
	assert_ptr_equal(find(b, &other), flow);
}

static void
a_syn_ends_a_flow_of_which_only_the_other_end_was_seen(void **state)
{
	struct bench *b = *state;
	struct layers back = reply(packet(TCP, 1, TCP_ACK)), l = syn(1, 9);
	struct flow *flow = track(b, &back, NULL);

	/* A first packet of the other direction may be ahead of its SYN. */
	assert_ptr_equal(find(b, &l), flow);
	set_state(b, flow, FLOW_ESTABLISHED);
	assert_null(find(b, &l));
	assert_int_equal(b->ended_count, 1);
}

/* ---- identity ---- */

static void
flow_ids_are_stable_small_and_different(void **state)
{
	struct bench *b = *state, *c = bench_new(&limits);
	struct layers l = packet(TCP, 1, TCP_SYN), r = reply(l), m;
	uint64_t id = flow_id(track(b, &l, NULL)), other;

	assert_true(id < UINT64_C(1) << 52);
	/* Another table, the other direction first: the same flow. */
	assert_true(flow_id(track(c, &r, NULL)) == id);
	m = packet(TCP, 2, TCP_SYN);
	other = flow_id(track(b, &m, NULL));
	assert_true(other != id && other < UINT64_C(1) << 52);
	/* The same five-tuple later is another flow. */
	b->now_us += 3600 * SECOND;
	assert_true(flow_id(track(b, &l, NULL)) != id);
	bench_free(c);
}

static int
compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
flows_that_differ_little_have_different_ids(void **state)
{
	enum { PORTS = 100, ADDRS = 100, TIMES = 10, ALL = 2 * 100000 };
	struct flow flow = { .key.ip_proto = TCP };
	uint64_t *ids = calloc(ALL, sizeof ids[0]);
	size_t n = 0;

	(void)state;
	assert_non_null(ids);
	for (int i = 0; i < ALL; i++) {
		flow.key.port[1] = (uint16_t)(i % PORTS);
		flow.key.addr[0].octets[15] = (uint8_t)(i / PORTS % ADDRS);
		flow.first_us = NOW + (uint64_t)(i / (PORTS * ADDRS) % TIMES);
		flow.key.ip_proto = i < ALL / 2 ? TCP : UDP;
		ids[n++] = flow_id(&flow);
	}
	qsort(ids, n, sizeof ids[0], compare_u64);
	for (size_t i = 1; i < n; i++)
		assert_true(ids[i - 1] != ids[i]);
	free(ids);
}

/* ---- determinism ---- */

static void
play(struct bench *b)
{
	srand(7);
	for (int i = 0; i < 40000; i++) {
		static const uint8_t protos[] = { TCP, TCP, UDP, ICMP };
		uint8_t proto = protos[rand() % 4];
		struct layers l = packet(proto, (uint16_t)(rand() % 300 + 1),
		    rand() % 3 ? TCP_ACK : TCP_SYN);
		struct flow *flow;

		l.dst.octets[15] = (uint8_t)(rand() % 3);
		l.seq = (uint32_t)rand() % 10000;
		if (rand() % 2)
			l = reply(l);
		flow = track(b, &l, NULL);
		if (proto == TCP && rand() % 4 == 0)
			set_state(b, flow, (enum flow_state)(rand() % 3));
		b->now_us += (uint64_t)(rand() % 4 ? rand() % 1000
						   : rand() % 3000000);
		if (rand() % 500 == 0)
			b->now_us -= 5 * SECOND;
		if (i % 32 == 0)
			flow_expire(b->table, b->now_us);
	}
	flow_end_all(b->table, b->now_us);
}

static void
what_happens_to_flows_does_not_depend_on_the_tables_secret(void **state)
{
	struct flow_limits some = limits;
	struct bench *b, *c;

	(void)state;
	some.flows_max = 100;
	b = bench_new(&some);
	c = bench_new(&some);
	play(b);
	play(c);
	assert_true(b->ended_count > 5000);
	assert_int_equal(b->ended_count, c->ended_count);
	for (size_t i = 0; i < b->ended_count; i++) {
		assert_true(b->ended[i].id == c->ended[i].id);
		assert_true(b->ended[i].now_us == c->ended[i].now_us);
		assert_int_equal(b->ended[i].reason, c->ended[i].reason);
	}
	for (int reason = 0; reason <= FLOW_END_SHUTDOWN; reason++)
		assert_true(flow_table_counts(b->table)->ended[reason] > 0);
	bench_free(b);
	bench_free(c);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(both_directions_are_one_flow),
		T(any_part_of_the_five_tuple_makes_another_flow),
		T(a_host_that_talks_to_itself_has_two_directions),
		T(vlans_tell_flows_apart_where_asked_for),
		T(a_flow_remembers_vlans_and_tunnel_of_its_first_packet),
		T(the_handshake_tells_who_began),
		T(without_a_handshake_the_service_is_at_the_system_port),
		T(only_a_tcp_flow_without_a_syn_began_before_the_capture),
		T(a_flip_exchanges_all_that_has_a_direction),
		T(each_class_has_its_own_timeout),
		T(a_packet_does_not_find_a_flow_that_was_idle_for_too_long),
		T(an_active_flow_gives_way_to_idle_ones_behind_it),
		T(expiry_is_bounded_in_each_call_and_gets_there),
		T(a_clock_that_goes_back_ends_nothing_and_blocks_nothing),
		T(a_clock_that_goes_to_zero_is_survived),
		T(a_clock_that_goes_forward_by_years_ends_all),
		T(the_end_ends_all_that_is_left),
		T(a_full_table_forgets_one_for_each_new_flow),
		T(places_of_ended_flows_are_used_again),
		T(what_is_given_up_first_is_what_was_never_answered),
		T(a_flood_of_syns_evicts_itself),
		T(a_table_full_of_conversations_lets_new_ones_begin),
		T(a_flood_leaves_a_handshake_the_time_that_it_takes),
		T(the_longest_idle_of_a_class_is_evicted),
		T(a_repeated_syn_belongs_to_its_flow),
		T(a_syn_with_another_number_begins_another_flow),
		T(a_syn_after_sequence_numbers_wrapped_is_told_apart_too),
		T(only_a_plain_syn_begins_another_flow),
		T(a_syn_ends_a_flow_of_which_only_the_other_end_was_seen),
		T(flow_ids_are_stable_small_and_different),
		T(flows_that_differ_little_have_different_ids),
		T(what_happens_to_flows_does_not_depend_on_the_tables_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
