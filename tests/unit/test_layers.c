#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/layers.h"
#include "tests/unit/layers_samples.h"

static const struct fragment_limits limits = { 64, 1 << 20, 60000000 };

static int
setup(void **state)
{
	*state = dissector_new(&limits);
	return *state != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	dissector_free(*state);
	return 0;
}

/* The captured octets alone in their block, so that no overread is silent. */
static enum layers_result
dissect_octets(struct dissector *d, uint32_t link_type, const uint8_t *octets,
    size_t caplen, size_t wire_len, struct layers *out)
{
	uint8_t *block = malloc(caplen + 1);
	struct packet packet = { .octets = block + 1,
		.caplen = (uint32_t)caplen,
		.wire_len = (uint32_t)wire_len,
		.link_type = link_type,
		.time_us = 1000000 };
	enum layers_result result;

	assert_non_null(block);
	memcpy(block + 1, octets, caplen);
	result = dissect(d, &packet, out);
	if (result == LAYERS_OK) {
		/* Read it all, and prove that the caller may. */
		volatile uint8_t sum = 0;

		assert_true(out->payload.left <= out->payload_len);
		for (size_t i = 0; i < out->payload.left; i++)
			sum = (uint8_t)(sum + out->payload.at[i]);
		/* Into the caller's copy, where that is where it points. */
		if (out->payload.at >= block &&
		    out->payload.at <= block + 1 + caplen)
			out->payload.at = octets +
			                  (out->payload.at - (block + 1));
	}
	free(block);
	return result;
}

static enum layers_result
dissect_frame(struct dissector *d, const struct frame *f, struct layers *out)
{
	return dissect_octets(d, 1, frame_octets(f), frame_len(f), frame_len(f),
	    out);
}

static void
assert_addr(const struct addr *a, int version, const uint8_t *v4,
    const uint8_t *v6)
{
	struct addr expected = version == 4 ? addr_v4(v4) : addr_v6(v6);

	assert_memory_equal(a->octets, expected.octets, 16);
}

static void
assert_sample(const struct sample *s, const struct layers *l)
{
	int outer = s->tunnel.version;

	assert_addr(&l->src, s->version, client4, client6);
	assert_addr(&l->dst, s->version, server4, server6);
	assert_int_equal(l->src_port, CLIENT_PORT);
	assert_int_equal(l->dst_port, SERVER_PORT);
	assert_int_equal(l->ip_proto, 6);
	assert_int_equal(l->tcp_flags, TCP_PSH | TCP_ACK);
	assert_int_equal(l->seq, SEQ);
	assert_int_equal(l->ack, ACK);
	assert_int_equal(l->payload_len, 5);
	for (int i = 0; i < VLAN_MAX; i++) {
		assert_int_equal(l->vlan[i], s->vlan[i]);
		assert_int_equal(i < l->vlan_count, s->vlan[i] != 0);
	}
	assert_int_equal(l->tunnel.kind, s->tunnel.kind);
	assert_int_equal(l->tunnel.depth, s->tunnel.depth);
	assert_int_equal(l->tunnel.ip_proto, s->tunnel.proto);
	assert_int_equal(l->tunnel.src_port, s->tunnel.src_port);
	assert_int_equal(l->tunnel.dst_port, s->tunnel.dst_port);
	if (outer != 0) {
		assert_addr(&l->tunnel.src, outer, near4, near6);
		assert_addr(&l->tunnel.dst, outer, far4, far6);
	}
}

static void
every_encapsulation_leads_to_the_inner_segment(void **state)
{
	struct frame f;
	struct layers l;

	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		print_message("  %s\n", samples[i].name);
		samples[i].build(&f);
		assert_int_equal(LAYERS_OK,
		    dissect_octets(*state, samples[i].link_type,
			frame_octets(&f), frame_len(&f), frame_len(&f), &l));
		assert_sample(&samples[i], &l);
		assert_int_equal(l.payload.left, 5);
		assert_memory_equal(l.payload.at, "hello", 5);
		assert_int_equal(l.wire_len, frame_len(&f));
	}
}

/*
 * Whatever snaplen cuts off, a good frame is never called malformed, and where
 * the inner segment is reached it is the right one.
 */
static void
a_cut_frame_is_decoded_as_far_as_it_goes(void **state)
{
	enum layers_result result;
	struct frame f;
	struct layers l;

	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		samples[i].build(&f);
		for (size_t n = 0; n < frame_len(&f); n++) {
			result = dissect_octets(*state, samples[i].link_type,
			    frame_octets(&f), n, frame_len(&f), &l);
			assert_true(
			    result == LAYERS_OK || result == LAYERS_TRUNCATED);
			if (result == LAYERS_OK && l.ip_proto == 6)
				assert_sample(&samples[i], &l);
		}
	}
}

/* The same where the frame really ends there: no cut to blame it on. */
static void
a_short_frame_is_not_called_cut(void **state)
{
	enum layers_result result;
	struct frame f;
	struct layers l;

	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		samples[i].build(&f);
		for (size_t n = 0; n < frame_len(&f); n++) {
			result = dissect_octets(*state, samples[i].link_type,
			    frame_octets(&f), n, n, &l);
			assert_int_not_equal(result, LAYERS_UNKNOWN_LINK);
			assert_int_not_equal(result, LAYERS_HELD);
			if (n < 14 && samples[i].link_type == 1)
				assert_int_equal(result, LAYERS_MALFORMED);
		}
	}
}

static void
a_cut_inside_tcp_options_leaves_an_empty_payload(void **state)
{
	struct frame f;
	struct layers l;

	frame_init(&f);
	push(&f, "hello", 5);
	push(&f, "\x01\x01\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02", 12);
	push_tcp(&f);
	f.room[f.at + 12] = 0x80; /* 32 octets of header */
	push_ipv4(&f, 6, client4, server4);
	push_ethernet(&f, 0x0800);
	for (size_t n = 14 + 20 + 14; n <= 14 + 20 + 32; n++) {
		assert_int_equal(LAYERS_OK,
		    dissect_octets(*state, 1, frame_octets(&f), n,
			frame_len(&f), &l));
		assert_int_equal(l.tcp_flags, TCP_PSH | TCP_ACK);
		assert_int_equal(l.seq, SEQ);
		assert_int_equal(l.payload.left, 0);
		assert_int_equal(l.payload_len, 5);
	}
	assert_int_equal(LAYERS_TRUNCATED,
	    dissect_octets(*state, 1, frame_octets(&f), 14 + 20 + 13,
		frame_len(&f), &l));
	assert_int_equal(dissector_counts(*state)->cut_packets, 32 - 14 + 1);
}

static void
a_cut_udp_datagram_needs_only_its_ports(void **state)
{
	struct frame f;
	struct layers l;

	frame_init(&f);
	push(&f, "hello", 5);
	push_outer_udp(&f, 5353, 53);
	assert_int_equal(LAYERS_OK, dissect_octets(*state, 1, frame_octets(&f),
					14 + 20 + 4, frame_len(&f), &l));
	assert_int_equal(l.src_port, 5353);
	assert_int_equal(l.dst_port, 53);
	assert_int_equal(l.payload.left, 0);
	assert_int_equal(l.payload_len, 5);
	assert_int_equal(LAYERS_TRUNCATED,
	    dissect_octets(*state, 1, frame_octets(&f), 14 + 20 + 3,
		frame_len(&f), &l));
}

static void
frames_without_ip_are_told_apart_from_unknown_links(void **state)
{
	struct frame f;
	struct layers l;

	frame_init(&f);
	push_zeros(&f, 46);
	push_ethernet(&f, 0x0806); /* ARP */
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_NOT_IP);
	frame_init(&f);
	push(&f, "\x42\x42\x03\x00\x00", 5); /* STP */
	push_ethernet(&f, 5);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_NOT_IP);
	frame_init(&f);
	push(&f, "\x11\x09\x00\x00\x00\x00", 6);
	push_ethernet(&f, 0x8863); /* PPPoE discovery */
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_NOT_IP);
	inner4(&f);
	push(&f, "\x11\xa7\x12\x34\x00\x2f\x00\x21", 8); /* PADT */
	push_ethernet(&f, 0x8864);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_NOT_IP);
	frame_init(&f);
	push(&f, "\xc0\x21\x09\x00\x00\x08", 6); /* LCP echo */
	push_pppoe(&f);
	push_ethernet(&f, 0x8864);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_NOT_IP);
	inner4(&f);
	push_sll(&f, 824, 0x0800); /* netlink, whatever the protocol says */
	assert_int_equal(LAYERS_NOT_IP,
	    dissect_octets(*state, 113, frame_octets(&f), frame_len(&f),
		frame_len(&f), &l));
	inner4(&f);
	assert_int_equal(LAYERS_UNKNOWN_LINK,
	    dissect_octets(*state, 127, frame_octets(&f), frame_len(&f),
		frame_len(&f), &l));
}

/* One octet of a good Ethernet, IPv4, TCP frame is changed. */
static enum layers_result
with_octet(struct dissector *d, size_t at, unsigned value)
{
	struct frame f;
	struct layers l;

	inner4_ethernet(&f);
	f.room[f.at + at] = (uint8_t)value;
	return dissect_frame(d, &f, &l);
}

static void
contradicting_headers_are_malformed(void **state)
{
	struct frame f;
	struct layers l;

	/* IPv4: version, header length, total length */
	assert_int_equal(with_octet(*state, 14, 0x65), LAYERS_MALFORMED);
	assert_int_equal(with_octet(*state, 14, 0x44), LAYERS_MALFORMED);
	assert_int_equal(with_octet(*state, 17, 19), LAYERS_MALFORMED);
	/* TCP: not even its flags or its header fit; data offset 4, 7 */
	assert_int_equal(with_octet(*state, 17, 30), LAYERS_MALFORMED);
	assert_int_equal(with_octet(*state, 17, 39), LAYERS_MALFORMED);
	assert_int_equal(with_octet(*state, 46, 0x40), LAYERS_MALFORMED);
	assert_int_equal(with_octet(*state, 46, 0x70), LAYERS_MALFORMED);
	/* an IPv6 packet announced as IPv4 and the reverse */
	inner6(&f);
	push_ethernet(&f, 0x0800);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_MALFORMED);
	inner4(&f);
	push_ethernet(&f, 0x86dd);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_MALFORMED);
	inner4(&f);
	push_outer(&f, 41);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_MALFORMED);
	ethernet6(&f);
	f.room[f.at + 14] = 0x50;
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_MALFORMED);
	/* an extension header that is longer than the packet */
	frame_init(&f);
	push(&f, "\x06\x01\x01\x04\x00\x00\x00\x00", 8);
	push_ipv6(&f, 0, client6, server6);
	push_ethernet(&f, 0x86dd);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_MALFORMED);
	/* DCCP: data offset 2 */
	frame_init(&f);
	push(&f, "\x00\x01\x00\x02\x02\x00\x00\x00\x00\x00\x00", 12);
	push_outer(&f, 33);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_MALFORMED);
	/* raw IP of version 0 */
	assert_int_equal(LAYERS_MALFORMED,
	    dissect_octets(*state, 101, (const uint8_t *)"\x05", 1, 1, &l));
}

static void
lengths_of_zero_mean_the_frames_end(void **state)
{
	struct frame f;
	struct layers l;

	/* segmentation offload leaves IPv4's total length 0 ... */
	inner4_ethernet(&f);
	f.room[f.at + 17] = 0;
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.payload_len, 5);
	/* ... where the frame is cut, its length on the wire counts */
	assert_int_equal(LAYERS_OK,
	    dissect_octets(*state, 1, frame_octets(&f), frame_len(&f) - 2,
		frame_len(&f) + 1000, &l));
	assert_int_equal(l.payload_len, 1005);
	assert_int_equal(l.payload.left, 3);
	/* IPv6 and UDP the same */
	ethernet6(&f);
	f.room[f.at + 19] = 0;
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.payload_len, 5);
	frame_init(&f);
	push(&f, "hello", 5);
	push_outer_udp(&f, 5353, 53);
	f.room[f.at + 39] = 0;
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.payload_len, 5);
}

static void
udps_own_length_counts_where_it_is_possible(void **state)
{
	struct frame f;
	struct layers l;

	frame_init(&f);
	push(&f, "hello", 5);
	push_outer_udp(&f, 5353, 53);
	f.room[f.at + 39] = 8 + 3;
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.payload_len, 3);
	assert_int_equal(l.payload.left, 3);
	f.room[f.at + 39] = 200; /* past IP's end */
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.payload_len, 5);
	f.room[f.at + 39] = 7; /* less than the header */
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_MALFORMED);
}

/* Mirrors cut frames without a word to the layers around them. */
static void
an_ip_length_past_the_frame_means_cut(void **state)
{
	struct frame f;
	struct layers l;

	inner4_ethernet(&f);
	f.room[f.at + 17] = 200;
	push_u32(&f, 0x000088be);
	push_outer(&f, 47);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.payload_len, 200 - 40);
	assert_int_equal(l.payload.left, 5);
	assert_int_equal(dissector_counts(*state)->cut_packets, 1);
	assert_int_equal(dissector_counts(*state)->tunnelled, 1);
}

static void
ports_are_read_from_every_protocol_that_has_them(void **state)
{
	static const struct {
		uint8_t proto;
		size_t header_len;
	} cases[] = { { 17, 8 }, { 33, 12 }, { 132, 12 }, { 136, 8 } };
	struct frame f;
	struct layers l;

	for (size_t i = 0; i < 4; i++) {
		frame_init(&f);
		push(&f, "hello", 5);
		push_zeros(&f, cases[i].header_len - 8);
		push_u32(&f, cases[i].proto == 33 ? 0x03000000 : 0);
		push_u16(&f, 3868);
		push_u16(&f, 50001);
		push_outer(&f, cases[i].proto);
		assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
		assert_int_equal(l.ip_proto, cases[i].proto);
		assert_int_equal(l.src_port, 50001);
		assert_int_equal(l.dst_port, 3868);
		assert_int_equal(l.payload.left, 5);
		assert_memory_equal(l.payload.at, "hello", 5);
	}
}

static void
what_an_icmp_error_quotes_is_payload(void **state)
{
	struct frame f;
	struct layers l;

	inner4(&f);
	push_u32(&f, 0);
	push_u32(&f, 0x03010000); /* host unreachable */
	push_outer(&f, 1);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_addr(&l.src, 4, near4, NULL);
	assert_int_equal(l.ip_proto, 1);
	assert_int_equal(l.src_port, 0);
	assert_int_equal(l.payload_len, 8 + 45);
	assert_int_equal(l.tunnel.depth, 0);
}

static void
a_tunnels_port_alone_makes_no_tunnel(void **state)
{
	static const uint16_t ports[] = { 2152, 3544, 4789, 4790, 6081, 8472 };
	struct frame f;
	struct layers l;

	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
		frame_init(&f);
		/* a DNS answer whose id looks like VXLAN's flags */
		push(&f,
		    "\x08\x00\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
		    "\x07"
		    "example\x03"
		    "com\x00\x00\x01\x00\x01",
		    29);
		push_outer_udp(&f, 53, ports[i]);
		assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
		assert_int_equal(l.dst_port, ports[i]);
		assert_int_equal(l.payload_len, 29);
		assert_int_equal(l.tunnel.depth, 0);
	}
	assert_int_equal(dissector_counts(*state)->tunnelled, 0);
}

static void
a_tunnel_that_carries_no_ip_is_a_packet_itself(void **state)
{
	struct frame f;
	struct layers l;

	frame_init(&f);
	push_zeros(&f, 28);
	push_ethernet(&f, 0x0806);
	push_vxlan(&f);
	push_outer_udp(&f, 50000, 4789);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.dst_port, 4789);
	assert_int_equal(l.tunnel.depth, 0);
	frame_init(&f);
	push_u32(&f, 0x00000000); /* GRE keepalive */
	push_outer(&f, 47);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.ip_proto, 47);
	/* Teredo whose IPv6 packet does not fill the datagram */
	inner6(&f);
	f.room[f.at + 5]--;
	push_outer_udp(&f, 50000, 3544);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.dst_port, 3544);
}

/* Each of these octets makes a good tunnel one that is not read. */
static void
variants_that_are_not_read_are_packets_themselves(void **state)
{
	static const struct {
		void (*build)(struct frame *f);
		size_t at; /* in the frame */
		uint8_t value;
	} cases[] = {
		{ gre, 34, 0x40 }, /* routing */
		{ gre, 35, 0x02 }, /* version 2 */
		{ gre_options, 36, 0x88 },
		{ pptp, 34, 0x20 },        /* no sequence number */
		{ erspan2, 42, 0x01 },     /* version 0 */
		{ erspan3, 42, 0x11 },     /* version 1 */
		{ erspan3, 52, 0x0c },     /* frame type 3 */
		{ etherip, 34, 0x40 },     /* version 4 */
		{ vxlan, 42, 0x00 },       /* no network identifier */
		{ vxlan, 64, 0x55 },       /* IPv4 of version 5 */
		{ vxlan_gpe, 42, 0x08 },   /* no next protocol */
		{ vxlan_gpe, 45, 0x04 },   /* NSH */
		{ geneve, 42, 0x42 },      /* version 1 */
		{ geneve, 43, 0x80 },      /* control */
		{ geneve, 44, 0x00 },      /* no EtherType */
		{ teredo, 42, 0x50 },      /* IPv6 of version 5 */
		{ gtp, 42, 0x50 },         /* version 2 */
		{ gtp, 42, 0x20 },         /* GTP' */
		{ gtp, 43, 1 },            /* echo request */
		{ gtp, 45, 44 },           /* a length that does not fit */
		{ gtp_extensions, 54, 0 }, /* an extension without length */
	};
	struct frame f;
	struct layers l;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cases[i].build(&f);
		assert_int_not_equal(f.room[f.at + cases[i].at],
		    cases[i].value);
		f.room[f.at + cases[i].at] = cases[i].value;
		assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
		assert_addr(&l.src, 4, near4, NULL);
		assert_int_equal(l.tunnel.depth, 0);
		assert_int_equal(l.payload_len,
		    frame_len(&f) - 34 - (l.ip_proto == 17 ? 8 : 0));
	}
}

static void
tunnels_are_followed_eight_deep(void **state)
{
	struct frame f;
	struct layers l;

	inner4(&f);
	for (int i = 0; i < TUNNEL_DEPTH_MAX; i++)
		push_ipv4(&f, 4, near4, far4);
	push_ethernet(&f, 0x0800);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.tunnel.depth, 8);
	assert_int_equal(l.dst_port, SERVER_PORT);
	inner4(&f);
	for (int i = 0; i < TUNNEL_DEPTH_MAX + 1; i++)
		push_ipv4(&f, 4, near4, far4);
	push_ethernet(&f, 0x0800);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_MALFORMED);
}

static void
extension_headers_are_followed_sixteen_deep(void **state)
{
	struct frame f;
	struct layers l;

	for (int count = 16; count <= 17; count++) {
		frame_init(&f);
		push(&f, "hello", 5);
		push_tcp(&f);
		push_extension(&f, 6);
		for (int i = 1; i < count; i++)
			push_extension(&f, 60);
		push_ipv6(&f, 60, client6, server6);
		push_ethernet(&f, 0x86dd);
		assert_int_equal(dissect_frame(*state, &f, &l),
		    count == 16 ? LAYERS_OK : LAYERS_MALFORMED);
	}
}

/* Part of an IPv4 datagram's payload as a frame of its own. */
static void
fragment4(struct frame *f, const struct frame *payload, size_t from, size_t to,
    unsigned proto)
{
	bool more = to < frame_len(payload);

	frame_init(f);
	push(f, frame_octets(payload) + from, to - from);
	push_ipv4_part(f, proto, near4, far4, 77,
	    (unsigned)from / 8 | (more ? 0x2000 : 0));
	push_ethernet(f, 0x0800);
}

static void
an_ipv4_datagram_is_whole_with_its_last_fragment(void **state)
{
	struct frame datagram, f;
	struct layers l;
	size_t wire;

	frame_init(&datagram);
	push(&datagram, "hello, reassembled world", 24);
	push_udp(&datagram, 5353, 53);
	fragment4(&f, &datagram, 16, 32, 17);
	wire = frame_len(&f);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_HELD);
	fragment4(&f, &datagram, 0, 16, 17);
	wire += frame_len(&f);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_addr(&l.src, 4, near4, NULL);
	assert_int_equal(l.src_port, 5353);
	assert_int_equal(l.dst_port, 53);
	assert_int_equal(l.payload_len, 24);
	assert_int_equal(l.payload.left, 24);
	assert_memory_equal(l.payload.at, "hello, reassembled world", 24);
	assert_int_equal(l.wire_len, wire);
	assert_int_equal(dissector_counts(*state)->fragments, 2);
	assert_int_equal(dissector_counts(*state)->reassembled, 1);
}

static void
a_reassembled_datagram_may_be_a_tunnel(void **state)
{
	struct frame datagram, f;
	struct layers l;

	inner4_ethernet(&datagram);
	push_vxlan(&datagram);
	push_udp(&datagram, 50000, 4789);
	fragment4(&f, &datagram, 0, 40, 17);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_HELD);
	fragment4(&f, &datagram, 40, frame_len(&datagram), 17);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_addr(&l.src, 4, client4, NULL);
	assert_int_equal(l.dst_port, SERVER_PORT);
	assert_int_equal(l.tunnel.kind, TUNNEL_VXLAN);
	assert_addr(&l.tunnel.dst, 4, far4, NULL);
	assert_memory_equal(l.payload.at, "hello", 5);
}

static void
fragments_inside_a_tunnel_are_reassembled(void **state)
{
	struct frame datagram, f;
	struct layers l;

	frame_init(&datagram);
	push(&datagram, "hello", 5);
	push_tcp(&datagram);
	for (size_t from = 0; from < 25; from += 8) {
		size_t to = from + 8 < 25 ? from + 8 : 25;

		fragment4(&f, &datagram, from, to, 6);
		push_vxlan(&f);
		push_outer_udp(&f, 50000, 4789);
		assert_int_equal(dissect_frame(*state, &f, &l),
		    to == 25 ? LAYERS_OK : LAYERS_HELD);
	}
	assert_int_equal(l.dst_port, SERVER_PORT);
	assert_int_equal(l.tunnel.kind, TUNNEL_VXLAN);
	assert_int_equal(l.tunnel.depth, 1);
	assert_memory_equal(l.payload.at, "hello", 5);
}

static void
fragment6(struct frame *f, const struct frame *payload, size_t from, size_t to,
    unsigned next)
{
	bool more = to < frame_len(payload);

	frame_init(f);
	push(f, frame_octets(payload) + from, to - from);
	push_u32(f, 77);
	push_u16(f, (unsigned)from | more);
	push_u16(f, next << 8);
	push_extension(f, 44);
	push_ipv6(f, 0, client6, server6);
	push_ethernet(f, 0x86dd);
}

/* The first fragment's next header counts (RFC 8200 section 4.5). */
static void
an_ipv6_datagram_goes_on_with_its_extensions(void **state)
{
	struct frame datagram, first, last;
	struct layers l;

	frame_init(&datagram);
	push(&datagram, "hello", 5);
	push_tcp(&datagram);
	push_extension(&datagram, 6);
	fragment6(&first, &datagram, 0, 32, 60);
	fragment6(&last, &datagram, 32, frame_len(&datagram), 17);
	for (int backwards = 0; backwards < 2; backwards++) {
		assert_int_equal(LAYERS_HELD,
		    dissect_frame(*state, backwards ? &last : &first, &l));
		assert_int_equal(LAYERS_OK,
		    dissect_frame(*state, backwards ? &first : &last, &l));
		assert_addr(&l.src, 6, NULL, client6);
		assert_int_equal(l.dst_port, SERVER_PORT);
		assert_memory_equal(l.payload.at, "hello", 5);
	}
}

static void
an_authentication_header_may_be_in_fragments(void **state)
{
	struct frame datagram, f;
	struct layers l;

	frame_init(&datagram);
	push(&datagram, "hello", 5);
	push_tcp(&datagram);
	push_authentication(&datagram, 6);
	fragment4(&f, &datagram, 0, 8, 51);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_HELD);
	fragment4(&f, &datagram, 8, frame_len(&datagram), 51);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.ip_proto, 6);
	assert_memory_equal(l.payload.at, "hello", 5);
}

/* Ethernet pads short frames, and the last fragment often is one. */
static void
padding_is_not_part_of_a_fragment(void **state)
{
	struct frame datagram, f;
	struct layers l;

	frame_init(&datagram);
	push(&datagram, "hello", 5);
	push_udp(&datagram, 5353, 53);
	fragment4(&f, &datagram, 8, 13, 17);
	memmove(f.room + f.at - 7, f.room + f.at, frame_len(&f));
	f.at -= 7;
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_HELD);
	fragment4(&f, &datagram, 0, 8, 17);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_OK);
	assert_int_equal(l.payload_len, 5);
	assert_memory_equal(l.payload.at, "hello", 5);
}

static void
a_cut_fragment_is_counted_as_truncated(void **state)
{
	struct frame datagram, f;
	struct layers l;

	frame_init(&datagram);
	push_zeros(&datagram, 100);
	push_udp(&datagram, 5353, 53);
	fragment4(&f, &datagram, 0, 64, 17);
	assert_int_equal(LAYERS_TRUNCATED,
	    dissect_octets(*state, 1, frame_octets(&f), frame_len(&f) - 1,
		frame_len(&f), &l));
	fragment4(&f, &datagram, 64, 108, 17);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_HELD);
	assert_int_equal(dissector_counts(*state)->fragments, 2);
	assert_int_equal(dissector_counts(*state)->reassembled, 0);
}

/* A fragment header inside what fragments made: never sent in good faith. */
static void
fragments_of_fragments_are_malformed(void **state)
{
	struct frame datagram, f;
	struct layers l;

	frame_init(&datagram);
	push_zeros(&datagram, 16);
	push_u32(&datagram, 78);
	push_u16(&datagram, 1);
	push_u16(&datagram, 17 << 8);
	fragment6(&f, &datagram, 0, 16, 44);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_HELD);
	fragment6(&f, &datagram, 16, 24, 44);
	assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_MALFORMED);
}

/* Two networks may use the same addresses and ids. */
static void
fragments_of_different_vlans_do_not_mix(void **state)
{
	struct frame datagram, f;
	struct layers l;

	frame_init(&datagram);
	push_zeros(&datagram, 24);
	push_udp(&datagram, 5353, 53);
	for (unsigned id = 1; id <= 2; id++) {
		frame_init(&f);
		push(&f, frame_octets(&datagram) + (id - 1) * 16, 16);
		push_ipv4_part(&f, 17, near4, far4, 77, id == 1 ? 0x2000 : 2);
		push_tag(&f, id, 0x0800);
		push_ethernet(&f, 0x8100);
		assert_int_equal(dissect_frame(*state, &f, &l), LAYERS_HELD);
	}
}

static void
every_result_is_counted(void **state)
{
	const struct layers_counts *counts = dissector_counts(*state);
	uint64_t sum = 0;

	frames_without_ip_are_told_apart_from_unknown_links(state);
	contradicting_headers_are_malformed(state);
	a_cut_fragment_is_counted_as_truncated(state);
	tunnels_are_followed_eight_deep(state);
	assert_int_equal(counts->results[LAYERS_OK], 1);
	assert_int_equal(counts->results[LAYERS_HELD], 1);
	assert_int_equal(counts->results[LAYERS_NOT_IP], 6);
	assert_int_equal(counts->results[LAYERS_UNKNOWN_LINK], 1);
	assert_int_equal(counts->results[LAYERS_TRUNCATED], 1);
	assert_int_equal(counts->results[LAYERS_MALFORMED], 15);
	for (int i = 0; i < LAYERS_RESULT_COUNT; i++)
		sum += counts->results[i];
	assert_int_equal(sum, 25);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_encapsulation_leads_to_the_inner_segment),
		T(a_cut_frame_is_decoded_as_far_as_it_goes),
		T(a_short_frame_is_not_called_cut),
		T(a_cut_inside_tcp_options_leaves_an_empty_payload),
		T(a_cut_udp_datagram_needs_only_its_ports),
		T(frames_without_ip_are_told_apart_from_unknown_links),
		T(contradicting_headers_are_malformed),
		T(lengths_of_zero_mean_the_frames_end),
		T(udps_own_length_counts_where_it_is_possible),
		T(an_ip_length_past_the_frame_means_cut),
		T(ports_are_read_from_every_protocol_that_has_them),
		T(what_an_icmp_error_quotes_is_payload),
		T(a_tunnels_port_alone_makes_no_tunnel),
		T(a_tunnel_that_carries_no_ip_is_a_packet_itself),
		T(variants_that_are_not_read_are_packets_themselves),
		T(tunnels_are_followed_eight_deep),
		T(extension_headers_are_followed_sixteen_deep),
		T(an_ipv4_datagram_is_whole_with_its_last_fragment),
		T(a_reassembled_datagram_may_be_a_tunnel),
		T(fragments_inside_a_tunnel_are_reassembled),
		T(an_ipv6_datagram_goes_on_with_its_extensions),
		T(an_authentication_header_may_be_in_fragments),
		T(padding_is_not_part_of_a_fragment),
		T(a_cut_fragment_is_counted_as_truncated),
		T(fragments_of_fragments_are_malformed),
		T(fragments_of_different_vlans_do_not_mix),
		T(every_result_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
