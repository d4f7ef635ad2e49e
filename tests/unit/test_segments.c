#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sensor/segments.h"

static struct addr
addr(const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1)
		return addr_v4(octets);
	assert_int_equal(inet_pton(AF_INET6, text, octets), 1);
	return addr_v6(octets);
}

/* bits as CIDR has them: of 32 for IPv4 */
static void
add_network(struct segments *s, int segment, const char *text, unsigned bits)
{
	struct addr a = addr(text);

	if (addr_is_v4(&a))
		bits += 96;
	assert_int_equal(segments_add_network(s, (uint16_t)segment, &a, bits),
	    0);
}

static uint16_t
find(const struct segments *s, const char *text)
{
	struct addr a = addr(text);

	return segments_find(s, &a, NULL, 0);
}

static uint16_t
find_on(const struct segments *s, const char *text, uint16_t vlan)
{
	struct addr a = addr(text);

	return segments_find(s, &a, &vlan, 1);
}

static struct segments *
new_segments(void)
{
	struct segments *s = segments_new();

	assert_non_null(s);
	return s;
}

static void
private_space_is_internal_without_configuration(void **state)
{
	/* First and last addresses, from the RFCs. */
	static const struct {
		const char *text;
		uint16_t segment;
	} cases[] = {
		/* RFC 1918 */
		{ "9.255.255.255", SEGMENT_EXTERNAL },
		{ "10.0.0.0", SEGMENT_INTERNAL },
		{ "10.255.255.255", SEGMENT_INTERNAL },
		{ "11.0.0.0", SEGMENT_EXTERNAL },
		{ "172.15.255.255", SEGMENT_EXTERNAL },
		{ "172.16.0.0", SEGMENT_INTERNAL },
		{ "172.31.255.255", SEGMENT_INTERNAL },
		{ "172.32.0.0", SEGMENT_EXTERNAL },
		{ "192.167.255.255", SEGMENT_EXTERNAL },
		{ "192.168.0.0", SEGMENT_INTERNAL },
		{ "192.168.255.255", SEGMENT_INTERNAL },
		{ "192.169.0.0", SEGMENT_EXTERNAL },
		/* RFC 6598 */
		{ "100.63.255.255", SEGMENT_EXTERNAL },
		{ "100.64.0.0", SEGMENT_INTERNAL },
		{ "100.127.255.255", SEGMENT_INTERNAL },
		{ "100.128.0.0", SEGMENT_EXTERNAL },
		/* RFC 3927 */
		{ "169.253.255.255", SEGMENT_EXTERNAL },
		{ "169.254.0.0", SEGMENT_INTERNAL },
		{ "169.254.255.255", SEGMENT_INTERNAL },
		{ "169.255.0.0", SEGMENT_EXTERNAL },
		/* RFC 4193 */
		{ "fbff:ffff::", SEGMENT_EXTERNAL },
		{ "fc00::", SEGMENT_INTERNAL },
		{ "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SEGMENT_INTERNAL },
		{ "fe00::", SEGMENT_EXTERNAL },
		/* RFC 4291 */
		{ "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SEGMENT_EXTERNAL },
		{ "fe80::", SEGMENT_INTERNAL },
		{ "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SEGMENT_INTERNAL },
		{ "fec0::", SEGMENT_EXTERNAL },
		/* the ends of both address spaces */
		{ "0.0.0.0", SEGMENT_EXTERNAL },
		{ "255.255.255.255", SEGMENT_EXTERNAL },
		{ "::", SEGMENT_EXTERNAL },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SEGMENT_EXTERNAL },
		{ "::a00:1", SEGMENT_EXTERNAL }, /* not 10.0.0.1 */
	};
	struct segments *s = new_segments();

	(void)state;
	assert_int_equal(segments_compile(s), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (find(s, cases[i].text) != cases[i].segment)
			fail_msg("%s", cases[i].text);
	}
	segments_free(s);
}

static void
the_longest_network_decides(void **state)
{
	struct segments *s = new_segments();
	int site = segments_add(s, "site", ""), rack = segments_add(s, "r", "");
	int host = segments_add(s, "host", ""), own = segments_add(s, "o", "");

	(void)state;
	add_network(s, host, "10.1.2.3", 32);
	add_network(s, own, "203.0.113.127", 26); /* 203.0.113.64/26 */
	add_network(s, site, "10.1.0.0", 16);
	add_network(s, rack, "10.1.2.0", 24);
	assert_int_equal(segments_compile(s), 0);
	assert_int_equal(find(s, "10.1.1.255"), site);
	assert_int_equal(find(s, "10.1.2.0"), rack);
	assert_int_equal(find(s, "10.1.2.2"), rack);
	assert_int_equal(find(s, "10.1.2.3"), host);
	assert_int_equal(find(s, "10.1.2.4"), rack);
	assert_int_equal(find(s, "10.1.3.0"), site);
	assert_int_equal(find(s, "10.2.0.0"), SEGMENT_INTERNAL);
	assert_int_equal(find(s, "203.0.113.63"), SEGMENT_EXTERNAL);
	assert_int_equal(find(s, "203.0.113.64"), own);
	assert_int_equal(find(s, "203.0.113.127"), own);
	assert_int_equal(find(s, "203.0.113.128"), SEGMENT_EXTERNAL);
	segments_free(s);
}

static void
a_configured_network_wins_over_the_same_private_one(void **state)
{
	struct segments *s = new_segments();
	int ten = segments_add(s, "ten", "");

	(void)state;
	add_network(s, ten, "10.0.0.0", 8);
	assert_int_equal(segments_compile(s), 0);
	assert_int_equal(find(s, "10.0.0.0"), ten);
	assert_int_equal(find(s, "10.255.255.255"), ten);
	assert_int_equal(find(s, "11.0.0.0"), SEGMENT_EXTERNAL);
	segments_free(s);
}

static void
an_ipv6_network_claims_no_ipv4_host(void **state)
{
	struct segments *s = new_segments();
	int wide = segments_add(s, "wide", "");

	(void)state;
	add_network(s, wide, "::", 8); /* holds ::ffff:0:0/96 */
	assert_int_equal(segments_compile(s), 0);
	assert_int_equal(find(s, "::1"), wide);
	assert_int_equal(find(s, "192.0.2.1"), SEGMENT_EXTERNAL);
	assert_int_equal(find(s, "10.0.0.1"), SEGMENT_INTERNAL);
	segments_free(s);
}

static void
a_segment_with_vlans_only_holds_packets_on_them(void **state)
{
	struct segments *s = new_segments();
	int lab = segments_add(s, "lab", "");
	const uint16_t tags[] = { 7, 30 };
	struct addr a = addr("10.5.0.1");

	(void)state;
	add_network(s, lab, "10.5.0.0", 16);
	assert_int_equal(segments_add_vlan(s, (uint16_t)lab, 30), 0);
	assert_int_equal(segments_add_vlan(s, (uint16_t)lab, 4094), 0);
	assert_int_equal(segments_compile(s), 0);
	assert_int_equal(find(s, "10.5.0.1"), SEGMENT_INTERNAL);
	assert_int_equal(find_on(s, "10.5.0.1", 31), SEGMENT_INTERNAL);
	assert_int_equal(find_on(s, "10.5.0.1", 30), lab);
	assert_int_equal(find_on(s, "10.5.0.1", 4094), lab);
	assert_int_equal(find_on(s, "10.5.0.1", 65535), SEGMENT_INTERNAL);
	/* any of the packet's tags */
	assert_int_equal(segments_find(s, &a, tags, 2), lab);
	assert_int_equal(segments_find(s, &a, tags, 1), SEGMENT_INTERNAL);
	segments_free(s);
}

static void
equal_networks_are_told_apart_by_vlan(void **state)
{
	struct segments *s = new_segments();
	int a = segments_add(s, "a", ""), b = segments_add(s, "b", "");
	int rest = segments_add(s, "rest", "");

	(void)state;
	add_network(s, rest, "192.0.2.0", 24);
	add_network(s, a, "192.0.2.0", 24);
	add_network(s, b, "192.0.2.0", 24);
	assert_int_equal(segments_add_vlan(s, (uint16_t)a, 10), 0);
	assert_int_equal(segments_add_vlan(s, (uint16_t)b, 20), 0);
	assert_int_equal(segments_compile(s), 0);
	assert_int_equal(find_on(s, "192.0.2.1", 10), a);
	assert_int_equal(find_on(s, "192.0.2.1", 20), b);
	assert_int_equal(find_on(s, "192.0.2.1", 30), rest);
	assert_int_equal(find(s, "192.0.2.1"), rest);
	segments_free(s);
}

static void
a_shorter_network_takes_over_where_the_vlan_rules_the_longer_out(void **state)
{
	struct segments *s = new_segments();
	int site = segments_add(s, "site", ""), lab = segments_add(s, "l", "");

	(void)state;
	add_network(s, site, "198.51.100.0", 24);
	add_network(s, lab, "198.51.100.128", 25);
	assert_int_equal(segments_add_vlan(s, (uint16_t)lab, 5), 0);
	assert_int_equal(segments_compile(s), 0);
	assert_int_equal(find_on(s, "198.51.100.129", 5), lab);
	assert_int_equal(find_on(s, "198.51.100.129", 6), site);
	assert_int_equal(find_on(s, "198.51.100.1", 5), site);
	segments_free(s);
}

static void
vlans_without_networks_hold_what_is_private_on_them(void **state)
{
	struct segments *s = new_segments();
	int lab = segments_add(s, "lab", ""), ten = segments_add(s, "ten", "");
	int rack = segments_add(s, "rack", ""), own = segments_add(s, "o", "");

	(void)state;
	assert_int_equal(segments_add_vlan(s, (uint16_t)lab, 99), 0);
	assert_int_equal(segments_add_vlan(s, (uint16_t)own, 99), 0);
	add_network(s, own, "172.16.0.0", 12);
	add_network(s, ten, "10.0.0.0", 8);
	add_network(s, rack, "10.9.0.0", 16);
	assert_int_equal(segments_compile(s), 0);
	assert_int_equal(find_on(s, "192.168.1.1", 99), lab);
	assert_int_equal(find_on(s, "fd00::1", 99), lab);
	assert_int_equal(find_on(s, "192.168.1.1", 98), SEGMENT_INTERNAL);
	assert_int_equal(find_on(s, "192.0.2.1", 99), SEGMENT_EXTERNAL);
	/* of equal networks the one that names the VLAN, */
	assert_int_equal(find_on(s, "10.1.1.1", 99), lab);
	/* of two that name it the one that names the network too, */
	assert_int_equal(find_on(s, "172.16.0.1", 99), own);
	/* but a longer network decides before that. */
	assert_int_equal(find_on(s, "10.9.1.1", 99), rack);
	segments_free(s);
}

static void
names_and_roles_are_copies(void **state)
{
	struct segments *s = new_segments();
	char name[] = "build", role[] = "build-server";
	int i = segments_add(s, name, role);

	(void)state;
	name[0] = role[0] = 'x';
	assert_string_equal(segment_name(s, (uint16_t)i), "build");
	assert_string_equal(segment_role(s, (uint16_t)i), "build-server");
	assert_string_equal(segment_name(s, SEGMENT_EXTERNAL), "");
	assert_string_equal(segment_name(s, SEGMENT_INTERNAL), "internal");
	assert_string_equal(segment_role(s, SEGMENT_INTERNAL), "");
	assert_string_equal(segment_name(s, 4711), "");
	assert_false(segment_is_internal(SEGMENT_EXTERNAL));
	assert_true(segment_is_internal(SEGMENT_INTERNAL));
	assert_true(segment_is_internal((uint16_t)i));
	segments_free(s);
	segments_free(NULL);
}

static void
what_cannot_be_is_refused(void **state)
{
	struct segments *s = new_segments();
	struct addr a = addr("10.0.0.0");
	int last = -1;

	(void)state;
	for (int i = 2; i < SEGMENT_MAX; i++)
		last = segments_add(s, "s", "");
	assert_int_equal(last, SEGMENT_MAX - 1);
	assert_int_equal(segments_add(s, "one too many", ""), -1);
	assert_int_equal(segments_add_network(s, SEGMENT_MAX, &a, 104), -1);
	assert_int_equal(segments_add_network(s, 2, &a, 129), -1);
	assert_int_equal(segments_add_vlan(s, 2, 0), -1);
	assert_int_equal(segments_add_vlan(s, 2, 4095), -1);
	assert_int_equal(segments_add_vlan(s, SEGMENT_MAX, 1), -1);
	segments_free(s);
}

/* A slow look-up that reads like the contract, over random networks. */
#define RANDOM_NETWORKS 300

struct simple {
	struct addr addr;
	unsigned bits, vlan; /* vlan 0: any */
	int segment;
};

static bool
holds(const struct simple *n, const struct addr *a)
{
	if (addr_is_v4(a) != (addr_is_v4(&n->addr) && n->bits >= 96))
		return false;
	for (unsigned i = 0; i < n->bits; i++) {
		unsigned mask = 0x80u >> i % 8;

		if ((a->octets[i / 8] ^ n->addr.octets[i / 8]) & mask)
			return false;
	}
	return true;
}

static int
simple_find(const struct simple *n, size_t count, const struct addr *a,
    unsigned vlan)
{
	const struct simple *best = NULL;

	for (size_t i = 0; i < count; i++, n++) {
		if (!holds(n, a) || (n->vlan != 0 && n->vlan != vlan))
			continue;
		if (best == NULL || n->bits > best->bits ||
		    (n->bits == best->bits && best->vlan == 0 && n->vlan != 0))
			best = n;
	}
	return best == NULL ? SEGMENT_EXTERNAL : best->segment;
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Few bits vary, so that networks nest and meet; none of it is private. */
static struct addr
random_addr(uint32_t *seed)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	const uint8_t patterns[] = { 0, 0x80, 0xff, 1 };
	bool v4 = next_random(seed) % 2 == 0;

	if (v4)
		octets[0] = 198;
	for (unsigned i = v4 ? 1 : 4; i < (v4 ? 4 : 16); i++)
		octets[i] = patterns[next_random(seed) % 4];
	return v4 ? addr_v4(octets) : addr_v6(octets);
}

static void
clear_host(struct simple *n)
{
	for (unsigned i = n->bits; i < 128; i++)
		n->addr.octets[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
}

static bool
is_repeated(const struct simple *n, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (addr_equal(&n[i].addr, &n[count].addr) &&
		    n[i].bits == n[count].bits && n[i].vlan == n[count].vlan)
			return true;
	}
	return false;
}

static void
random_networks_give_what_a_slow_look_up_gives(void **state)
{
	static struct simple n[RANDOM_NETWORKS];
	struct segments *s = new_segments();
	uint32_t seed = 20260331;
	size_t count = 0;

	(void)state;
	while (count < RANDOM_NETWORKS) {
		struct simple *one = &n[count];

		one->addr = random_addr(&seed);
		one->bits = addr_is_v4(&one->addr)
		                ? 96 + 8 + next_random(&seed) % 25
		                : 8 + next_random(&seed) % 121;
		one->vlan = next_random(&seed) % 4;
		clear_host(one);
		if (is_repeated(n, count))
			continue;
		one->segment = segments_add(s, "x", "");
		assert_int_equal(segments_add_network(s, (uint16_t)one->segment,
				     &one->addr, one->bits),
		    0);
		if (one->vlan != 0)
			assert_int_equal(segments_add_vlan(s,
					     (uint16_t)one->segment,
					     (uint16_t)one->vlan),
			    0);
		count++;
	}
	assert_int_equal(segments_compile(s), 0);
	for (unsigned i = 0; i < 20000; i++) {
		struct addr a = random_addr(&seed);
		uint16_t vlan = (uint16_t)(next_random(&seed) % 5);

		assert_int_equal(segments_find(s, &a, &vlan, 1),
		    simple_find(n, count, &a, vlan));
	}
	segments_free(s);
}

static void
by_default_what_goes_out_is_egress(void **state)
{
	static const struct {
		bool from_ours, to_ours;
		const char *direction;
	} cases[] = {
		{ true, false, "egress" },
		{ false, true, "ingress" },
		{ true, true, "internal" },
		{ false, false, "external" },
	};
	struct segments *s = segments_new();
	int build = segments_add(s, "build", "");

	(void)state;
	assert_int_equal(segments_compile(s), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint16_t from = cases[i].from_ours ? (uint16_t)build
		                                   : SEGMENT_EXTERNAL;
		uint16_t to = cases[i].to_ours ? SEGMENT_INTERNAL
		                               : SEGMENT_EXTERNAL;

		assert_int_equal(segments_is_egress(s, from, to), i == 0);
		assert_int_equal(segments_is_egress(NULL, from, to), i == 0);
		assert_string_equal(segments_direction(s, from, to),
		    cases[i].direction);
	}
	segments_free(s);
}

static void
pairs_that_are_named_are_egress_and_no_others(void **state)
{
	struct segments *s = segments_new();
	uint16_t build = (uint16_t)segments_add(s, "build", "");
	uint16_t dmz = (uint16_t)segments_add(s, "dmz", "");

	(void)state;
	assert_int_equal(segments_add_egress(s, build, dmz), 0);
	assert_int_equal(segments_add_egress(s, dmz, SEGMENT_EXTERNAL), 0);
	assert_true(segments_is_egress(s, build, dmz));
	assert_true(segments_is_egress(s, dmz, SEGMENT_EXTERNAL));
	assert_false(segments_is_egress(s, build, SEGMENT_EXTERNAL));
	assert_false(segments_is_egress(s, dmz, build));
	assert_string_equal(segments_direction(s, dmz, build), "ingress");
	assert_string_equal(segments_direction(s, build, SEGMENT_EXTERNAL),
	    "external");
	assert_string_equal(segments_direction(s, SEGMENT_EXTERNAL, build),
	    "ingress");
	assert_string_equal(segments_direction(s, build, SEGMENT_INTERNAL),
	    "internal");
	assert_int_equal(segments_add_egress(s, SEGMENT_EVERY_INTERNAL, build),
	    0);
	assert_true(segments_is_egress(s, SEGMENT_INTERNAL, build));
	assert_true(segments_is_egress(s, dmz, build));
	assert_false(segments_is_egress(s, SEGMENT_EXTERNAL, build));
	assert_int_equal(segments_add_egress(s, 9, build), -1);
	assert_int_equal(segments_named(s, "dmz"), dmz);
	assert_int_equal(segments_named(s, "internal"), SEGMENT_INTERNAL);
	assert_int_equal(segments_named(s, "none"), -1);
	assert_int_equal(segments_named(s, ""), -1);
	segments_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    private_space_is_internal_without_configuration),
		cmocka_unit_test(the_longest_network_decides),
		cmocka_unit_test(
		    a_configured_network_wins_over_the_same_private_one),
		cmocka_unit_test(an_ipv6_network_claims_no_ipv4_host),
		cmocka_unit_test(
		    a_segment_with_vlans_only_holds_packets_on_them),
		cmocka_unit_test(equal_networks_are_told_apart_by_vlan),
		cmocka_unit_test(
		    a_shorter_network_takes_over_where_the_vlan_rules_the_longer_out),
		cmocka_unit_test(
		    vlans_without_networks_hold_what_is_private_on_them),
		cmocka_unit_test(names_and_roles_are_copies),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(by_default_what_goes_out_is_egress),
		cmocka_unit_test(pairs_that_are_named_are_egress_and_no_others),
		cmocka_unit_test(
		    random_networks_give_what_a_slow_look_up_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
