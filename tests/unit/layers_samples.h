#ifndef TESTS_UNIT_LAYERS_SAMPLES_H
#define TESTS_UNIT_LAYERS_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sensor/layers.h"

/*
 * Frames are built from the inside out: each push_... writes its header in
 * front of what is there.  Octets follow the documents that the decoders cite.
 */
struct frame {
	uint8_t room[8192];
	size_t at; /* where the frame starts; it ends with the room */
};

static void
frame_init(struct frame *f)
{
	f->at = sizeof f->room;
}

static const uint8_t *
frame_octets(const struct frame *f)
{
	return f->room + f->at;
}

static size_t
frame_len(const struct frame *f)
{
	return sizeof f->room - f->at;
}

static void
push(struct frame *f, const void *octets, size_t len)
{
	assert_true(len <= f->at);
	f->at -= len;
	memcpy(f->room + f->at, octets, len);
}

static void
push_u8(struct frame *f, unsigned value)
{
	push(f, &(uint8_t){ (uint8_t)value }, 1);
}

static void
push_u16(struct frame *f, unsigned value)
{
	push_u8(f, value & 0xff);
	push_u8(f, value >> 8);
}

static void
push_u32(struct frame *f, uint32_t value)
{
	push_u16(f, value & 0xffff);
	push_u16(f, value >> 16);
}

static void
push_zeros(struct frame *f, size_t len)
{
	while (len-- > 0)
		push_u8(f, 0);
}

/* Two hosts that talk, and two that tunnel for them. */
static const uint8_t client4[4] = { 192, 0, 2, 1 };
static const uint8_t server4[4] = { 198, 51, 100, 7 };
static const uint8_t near4[4] = { 10, 0, 0, 1 };
static const uint8_t far4[4] = { 10, 0, 0, 2 };
static const uint8_t client6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
static const uint8_t server6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 2 };
static const uint8_t near6[16] = { 0xfd, [15] = 1 };
static const uint8_t far6[16] = { 0xfd, [15] = 2 };

#define CLIENT_PORT 49152
#define SERVER_PORT 443
#define SEQ         0x01020304
#define ACK         0x05060708

static void
push_ipv4_part(struct frame *f, unsigned proto, const uint8_t *src,
    const uint8_t *dst, unsigned id, unsigned flags_offset)
{
	unsigned len = (unsigned)frame_len(f) + 20;

	push(f, dst, 4);
	push(f, src, 4);
	push_u16(f, 0); /* checksum */
	push_u8(f, proto);
	push_u8(f, 64);
	push_u16(f, flags_offset);
	push_u16(f, id);
	push_u16(f, len);
	push_u16(f, 0x4500);
}

static void
push_ipv4(struct frame *f, unsigned proto, const uint8_t *src,
    const uint8_t *dst)
{
	push_ipv4_part(f, proto, src, dst, 1, 0);
}

static void
push_ipv6(struct frame *f, unsigned next, const uint8_t *src,
    const uint8_t *dst)
{
	unsigned len = (unsigned)frame_len(f);

	push(f, dst, 16);
	push(f, src, 16);
	push_u8(f, 64);
	push_u8(f, next);
	push_u16(f, len);
	push_u32(f, 0x60000000);
}

static void
push_tcp(struct frame *f)
{
	push_u32(f, 0); /* checksum, urgent */
	push_u16(f, 1024);
	push_u16(f, 0x5018); /* PSH, ACK */
	push_u32(f, ACK);
	push_u32(f, SEQ);
	push_u16(f, SERVER_PORT);
	push_u16(f, CLIENT_PORT);
}

static void
push_udp(struct frame *f, unsigned src_port, unsigned dst_port)
{
	unsigned len = (unsigned)frame_len(f) + 8;

	push_u16(f, 0);
	push_u16(f, len);
	push_u16(f, dst_port);
	push_u16(f, src_port);
}

static void
push_ethernet(struct frame *f, unsigned type)
{
	push_u16(f, type);
	push(f, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
}

static void
push_tag(struct frame *f, unsigned id, unsigned type)
{
	push_u16(f, type);
	push_u16(f, id);
}

static void
push_outer(struct frame *f, unsigned proto)
{
	push_ipv4(f, proto, near4, far4);
	push_ethernet(f, 0x0800);
}

static void
push_outer_udp(struct frame *f, unsigned src_port, unsigned dst_port)
{
	push_udp(f, src_port, dst_port);
	push_outer(f, 17);
}

/*
 * What is inside every sample: "hello" in a TCP segment from the client to the
 * server, in IPv4 or IPv6.
 */
static void
inner4(struct frame *f)
{
	frame_init(f);
	push(f, "hello", 5);
	push_tcp(f);
	push_ipv4(f, 6, client4, server4);
}

static void
inner6(struct frame *f)
{
	frame_init(f);
	push(f, "hello", 5);
	push_tcp(f);
	push_ipv6(f, 6, client6, server6);
}

static void
inner4_ethernet(struct frame *f)
{
	inner4(f);
	push_ethernet(f, 0x0800);
}

static void
ethernet6(struct frame *f)
{
	inner6(f);
	push_ethernet(f, 0x86dd);
}

static void
ethernet_padded(struct frame *f)
{
	frame_init(f);
	push(f, "\xde\xad\xbe\xef\x00\x00", 6); /* padding, check sequence */
	push(f, "hello", 5);
	push_tcp(f);
	push_ipv4(f, 6, client4, server4);
	f->room[f->at + 3] = 45; /* total length */
	push_ethernet(f, 0x0800);
}

static void
vlan(struct frame *f)
{
	inner4(f);
	push_tag(f, 0xe000 | 100, 0x0800); /* priority 7 */
	push_ethernet(f, 0x8100);
}

static void
qinq(struct frame *f)
{
	inner6(f);
	push_tag(f, 100, 0x86dd);
	push_tag(f, 200, 0x8100);
	push_ethernet(f, 0x88a8);
}

static void
four_tags(struct frame *f)
{
	inner4(f);
	push_tag(f, 104, 0x0800);
	push_tag(f, 103, 0x8100);
	push_tag(f, 102, 0x8100);
	push_tag(f, 101, 0x9200);
	push_ethernet(f, 0x9100);
}

static void
priority_tag(struct frame *f)
{
	inner4(f);
	push_tag(f, 100, 0x0800);
	push_tag(f, 0xa000, 0x8100);
	push_ethernet(f, 0x8100);
}

static void
snap(struct frame *f)
{
	inner4(f);
	push(f, "\xaa\xaa\x03\x00\x00\x00\x08\x00", 8);
	push_ethernet(f, (unsigned)frame_len(f));
}

static void
llc_ip(struct frame *f)
{
	inner4(f);
	push(f, "\x06\x06\x03", 3);
	push_ethernet(f, (unsigned)frame_len(f));
}

static void
vlan_snap(struct frame *f)
{
	inner4(f);
	push(f, "\xaa\xaa\x03\x00\x00\x00\x08\x00", 8);
	push_tag(f, 100, (unsigned)frame_len(f));
	push_ethernet(f, 0x8100);
}

static void
mpls(struct frame *f)
{
	inner4(f);
	push_u32(f, 16 << 12 | 0x100 | 64);
	push_ethernet(f, 0x8847);
}

static void
mpls_stack6(struct frame *f)
{
	inner6(f);
	push_u32(f, 18 << 12 | 0x100 | 64);
	push_u32(f, 17 << 12 | 64);
	push_u32(f, 16 << 12 | 64);
	push_ethernet(f, 0x8848);
}

static void
mpls_pseudowire(struct frame *f)
{
	inner4_ethernet(f);
	push_u32(f, 16 << 12 | 0x100 | 64);
	push_ethernet(f, 0x8847);
}

static void
mpls_control_word(struct frame *f)
{
	inner4_ethernet(f);
	push_u32(f, 0x00000007); /* sequence number 7 */
	push_u32(f, 16 << 12 | 0x100 | 64);
	push_ethernet(f, 0x8847);
}

static void
push_pppoe(struct frame *f)
{
	unsigned len = (unsigned)frame_len(f);

	push_u16(f, len);
	push_u16(f, 0x1234);
	push_u16(f, 0x1100);
}

static void
pppoe(struct frame *f)
{
	inner4(f);
	push_u16(f, 0x0021);
	push_pppoe(f);
	push_ethernet(f, 0x8864);
}

static void
pppoe6_in_vlan(struct frame *f)
{
	inner6(f);
	push_u16(f, 0x0057);
	push_pppoe(f);
	push_tag(f, 100, 0x8864);
	push_ethernet(f, 0x8100);
}

static void
provider_backbone(struct frame *f)
{
	inner4(f);
	push_tag(f, 300, 0x0800);
	push_ethernet(f, 0x8100);
	push_u32(f, 0x00012345);
	push_tag(f, 200, 0x88e7);
	push_ethernet(f, 0x88a8);
}

static void
vntag(struct frame *f)
{
	inner4(f);
	push_tag(f, 100, 0x0800);
	push_u16(f, 0x8100);
	push_u32(f, 0x00010002);
	push_ethernet(f, 0x8926);
}

static void
etag(struct frame *f)
{
	inner4(f);
	push_u16(f, 0x0800);
	push_u16(f, 0);
	push_u32(f, 0x00010002);
	push_ethernet(f, 0x893f);
}

static void
fabricpath(struct frame *f)
{
	inner4_ethernet(f);
	push_u16(f, 1 << 6 | 32); /* forwarding tag, time to live */
	push_ethernet(f, 0x8903);
}

static void
cisco_metadata(struct frame *f)
{
	inner4(f);
	push_u16(f, 0x0800);
	push_u16(f, 42); /* group tag */
	push_u16(f, 1);
	push_u16(f, 0x0101);
	push_ethernet(f, 0x8909);
}

static void
push_sll(struct frame *f, unsigned arphrd, unsigned protocol)
{
	push_u16(f, protocol);
	push_zeros(f, 8);
	push_u16(f, 6);
	push_u16(f, arphrd);
	push_u16(f, 4);
}

static void
sll(struct frame *f)
{
	inner4(f);
	push_sll(f, 1, 0x0800);
}

static void
sll_vlan(struct frame *f)
{
	inner6(f);
	push_tag(f, 100, 0x86dd);
	push_sll(f, 1, 0x8100);
}

static void
sll_llc(struct frame *f)
{
	inner4(f);
	push(f, "\xaa\xaa\x03\x00\x00\x00\x08\x00", 8);
	push_sll(f, 1, 0x0004);
}

static void
sll2(struct frame *f)
{
	inner6(f);
	push_zeros(f, 8);
	push_u16(f, 6);
	push_u16(f, 1);
	push_u32(f, 3);
	push_u16(f, 0);
	push_u16(f, 0x86dd);
}

static void
null_little4(struct frame *f)
{
	inner4(f);
	push(f, "\x02\x00\x00\x00", 4);
}

static void
null_big4(struct frame *f)
{
	inner4(f);
	push(f, "\x00\x00\x00\x02", 4);
}

static void
null_linux6(struct frame *f)
{
	inner6(f);
	push(f, "\x0a\x00\x00\x00", 4);
}

static void
null_windows6(struct frame *f)
{
	inner6(f);
	push(f, "\x17\x00\x00\x00", 4);
}

static void
null_openbsd6(struct frame *f)
{
	inner6(f);
	push(f, "\x00\x00\x00\x18", 4);
}

static void
null_freebsd6(struct frame *f)
{
	inner6(f);
	push(f, "\x1c\x00\x00\x00", 4);
}

static void
null_darwin6(struct frame *f)
{
	inner6(f);
	push(f, "\x1e\x00\x00\x00", 4);
}

static void
ppp_framed(struct frame *f)
{
	inner4(f);
	push(f, "\xff\x03\x00\x21", 4);
}

static void
ppp_bare6(struct frame *f)
{
	inner6(f);
	push(f, "\x00\x57", 2);
}

static void
ppp_compressed(struct frame *f)
{
	inner4(f);
	push_u8(f, 0x21);
}

static void
ppp_mpls(struct frame *f)
{
	inner4(f);
	push_u32(f, 16 << 12 | 0x100 | 64);
	push(f, "\xff\x03\x02\x81", 4);
}

static void
chdlc(struct frame *f)
{
	inner4(f);
	push(f, "\x0f\x00\x08\x00", 4);
}

static void
pppoe_bare(struct frame *f)
{
	inner4(f);
	push_u16(f, 0x0021);
	push_pppoe(f);
}

static void
pflog(struct frame *f)
{
	inner6(f);
	push_zeros(f, 62); /* to four octets: the length says 61 */
	push(f, "\x3d\x18", 2);
}

static void
nflog_little(struct frame *f)
{
	inner4(f);
	push(f, "\x31\x00\x09\x00", 4);                 /* 45 octets and 4 */
	push(f, "\x05\x00\x0a\x00\x00\x00\x00\x00", 8); /* an empty prefix */
	push(f, "\x02\x00\x00\x05", 4);
}

static void
nflog_big6(struct frame *f)
{
	inner6(f);
	push(f, "\x00\x45\x00\x09", 4); /* 65 octets and 4 */
	push(f, "\x00\x08\x00\x01\x86\xdd\x01\x00", 8);
	push(f, "\x0a\x00\x00\x05", 4);
}

static void
push_extension(struct frame *f, unsigned next)
{
	push(f, "\x00\x00\x01\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 14);
	push_u8(f, 1); /* 16 octets */
	push_u8(f, next);
}

static void
push_authentication(struct frame *f, unsigned next)
{
	push_zeros(f, 22);
	push_u8(f, 4); /* 24 octets */
	push_u8(f, next);
}

static void
extensions(struct frame *f)
{
	frame_init(f);
	push(f, "hello", 5);
	push_tcp(f);
	push_extension(f, 6); /* destination options */
	push_authentication(f, 60);
	push_extension(f, 51); /* routing */
	push_extension(f, 43); /* hop by hop */
	push_ipv6(f, 0, client6, server6);
	push_ethernet(f, 0x86dd);
}

static void
atomic_fragment(struct frame *f)
{
	frame_init(f);
	push(f, "hello", 5);
	push_tcp(f);
	push_u32(f, 7);
	push_u16(f, 0);
	push_u16(f, 6 << 8);
	push_ipv6(f, 44, client6, server6);
	push_ethernet(f, 0x86dd);
}

static void
authentication4(struct frame *f)
{
	frame_init(f);
	push(f, "hello", 5);
	push_tcp(f);
	push_authentication(f, 6);
	push_ipv4(f, 51, client4, server4);
	push_ethernet(f, 0x0800);
}

static void
ipv4_options(struct frame *f)
{
	frame_init(f);
	push(f, "hello", 5);
	push_tcp(f);
	push(f, "\x94\x04\x00\x00", 4); /* router alert */
	push_ipv4(f, 6, client4, server4);
	f->room[f->at] = 0x46;
	push_ethernet(f, 0x0800);
}

static void
ipip(struct frame *f)
{
	inner4(f);
	push_outer(f, 4);
}

static void
six_in_four(struct frame *f)
{
	inner6(f);
	push_outer(f, 41);
}

static void
four_in_six(struct frame *f)
{
	inner4(f);
	push_ipv6(f, 4, near6, far6);
	push_ethernet(f, 0x86dd);
}

static void
gre(struct frame *f)
{
	inner4(f);
	push_u32(f, 0x00000800);
	push_outer(f, 47);
}

static void
gre_options(struct frame *f)
{
	inner6(f);
	push_u32(f, 1);  /* sequence number */
	push_u32(f, 99); /* key */
	push_u32(f, 0);  /* checksum */
	push_u32(f, 0xb00086dd);
	push_outer(f, 47);
}

static void
gre_bridged(struct frame *f)
{
	inner4_ethernet(f);
	push_u32(f, 0x00006558);
	push_outer(f, 47);
}

static void
gre_mpls(struct frame *f)
{
	inner4(f);
	push_u32(f, 16 << 12 | 0x100 | 64);
	push_u32(f, 0x00008847);
	push_outer(f, 47);
}

static void
pptp(struct frame *f)
{
	unsigned len;

	inner4(f);
	push_u16(f, 0x0021);
	push_u16(f, 0xff03);
	len = (unsigned)frame_len(f);
	push_u32(f, 8); /* acknowledgement */
	push_u32(f, 9); /* sequence */
	push_u16(f, 1); /* call */
	push_u16(f, len);
	push_u32(f, 0x3081880b);
	push_outer(f, 47);
}

static void
wccp1(struct frame *f)
{
	inner4(f);
	push_u32(f, 0x0000883e);
	push_outer(f, 47);
}

static void
wccp2(struct frame *f)
{
	inner4(f);
	push_u32(f, 0x00000000);
	push_u32(f, 0x0000883e);
	push_outer(f, 47);
}

static void
erspan1(struct frame *f)
{
	inner4_ethernet(f);
	push_u32(f, 0x000088be);
	push_outer(f, 47);
}

static void
erspan2(struct frame *f)
{
	inner4(f);
	push_tag(f, 300, 0x0800); /* the mirrored network's, not the span's */
	push_ethernet(f, 0x8100);
	push_u32(f, 5);          /* index */
	push_u32(f, 0x112c0001); /* version 1, VLAN 300, session 1 */
	push_u32(f, 77);         /* sequence number */
	push_u32(f, 0x100088be);
	push_outer(f, 47);
}

static void
push_erspan3(struct frame *f, unsigned flags)
{
	push_u16(f, flags);
	push_u16(f, 0);          /* security group */
	push_u32(f, 0x01020304); /* time */
	push_u32(f, 0x212c0001);
	push_u32(f, 77);
	push_u32(f, 0x100022eb);
	push_outer(f, 47);
}

static void
erspan3(struct frame *f)
{
	inner4_ethernet(f);
	push_erspan3(f, 0);
}

static void
erspan3_subheader(struct frame *f)
{
	inner4_ethernet(f);
	push_zeros(f, 8);
	push_erspan3(f, 1);
}

static void
erspan3_ip(struct frame *f)
{
	inner6(f);
	push_erspan3(f, 2 << 10);
}

static void
etherip(struct frame *f)
{
	inner4_ethernet(f);
	push_u16(f, 0x3000);
	push_outer(f, 97);
}

static void
push_vxlan(struct frame *f)
{
	push_u32(f, 42 << 8);
	push_u32(f, 0x08000000);
}

static void
vxlan(struct frame *f)
{
	inner4_ethernet(f);
	push_vxlan(f);
	push_outer_udp(f, 50000, 4789);
}

static void
vxlan_linux6(struct frame *f)
{
	inner6(f);
	push_ethernet(f, 0x86dd);
	push_vxlan(f);
	push_udp(f, 50000, 8472);
	push_ipv6(f, 17, near6, far6);
	push_ethernet(f, 0x86dd);
}

static void
vxlan_in_vlan(struct frame *f)
{
	inner4(f);
	push_tag(f, 300, 0x0800);
	push_ethernet(f, 0x8100);
	push_vxlan(f);
	push_udp(f, 50000, 4789);
	push_ipv4(f, 17, near4, far4);
	push_tag(f, 100, 0x0800);
	push_ethernet(f, 0x8100);
}

static void
vxlan_gpe(struct frame *f)
{
	inner6(f);
	push_u32(f, 42 << 8);
	push_u32(f, 0x0c000002);
	push_outer_udp(f, 50000, 4790);
}

static void
geneve(struct frame *f)
{
	inner4_ethernet(f);
	push_zeros(f, 8); /* options */
	push_u32(f, 42 << 8);
	push_u32(f, 0x02006558);
	push_outer_udp(f, 50000, 6081);
}

static void
geneve_ip(struct frame *f)
{
	inner6(f);
	push_u32(f, 42 << 8);
	push_u32(f, 0x000086dd);
	push_outer_udp(f, 50000, 6081);
}

static void
teredo(struct frame *f)
{
	inner6(f);
	push_outer_udp(f, 50000, 3544);
}

static void
teredo_indications(struct frame *f)
{
	inner6(f);
	push(f, "\x00\x00\xcf\xc6\x3f\xff\xfd\xfe", 8); /* origin */
	push_zeros(f, 9); /* nonce, confirmation */
	push(f, "idkey", 5);
	push(f, "\x00\x01\x02\x03", 4);
	push_outer_udp(f, 3544, 50000);
}

static void
push_gtp(struct frame *f, unsigned flags, unsigned len)
{
	push_u32(f, 0xcafe);
	push_u16(f, len);
	push_u16(f, flags << 8 | 255);
	push_outer_udp(f, 2152, 2152);
}

static void
gtp(struct frame *f)
{
	inner4(f);
	push_gtp(f, 0x30, (unsigned)frame_len(f));
}

static void
gtp_extensions(struct frame *f)
{
	inner6(f);
	push(f, "\x01\x10\x09\x00", 4); /* PDU session container */
	push(f, "\x00\x01\x00\x85", 4);
	push_gtp(f, 0x36, (unsigned)frame_len(f));
}

static void
gtp_sequence(struct frame *f)
{
	inner4(f);
	push(f, "\x00\x01\x00\x85", 4); /* no extension: E is not set */
	push_gtp(f, 0x32, (unsigned)frame_len(f));
}

static void
gre_in_vxlan(struct frame *f)
{
	inner4(f);
	push_u32(f, 0x00000800);
	push_ipv4(f, 47, far4, near4);
	push_ethernet(f, 0x0800);
	push_vxlan(f);
	push_outer_udp(f, 50000, 4789);
}

struct sample {
	const char *name;
	uint32_t link_type;
	void (*build)(struct frame *f);
	int version; /* of the inner packet */
	uint16_t vlan[VLAN_MAX];
	struct {
		enum tunnel_kind kind;
		int depth, proto, src_port, dst_port, version;
	} tunnel;
};

static const struct sample samples[] = {
	{ "Ethernet, IPv4", 1, inner4_ethernet, 4, { 0 }, { 0 } },
	{ "Ethernet, IPv6", 1, ethernet6, 6, { 0 }, { 0 } },
	{ "Ethernet, padding behind", 1, ethernet_padded, 4, { 0 }, { 0 } },
	{ "802.1Q", 1, vlan, 4, { 100 }, { 0 } },
	{ "802.1ad", 1, qinq, 6, { 200, 100 }, { 0 } },
	{ "four tags", 1, four_tags, 4, { 101, 102, 103 }, { 0 } },
	{ "priority tag", 1, priority_tag, 4, { 100 }, { 0 } },
	{ "802.3, SNAP", 1, snap, 4, { 0 }, { 0 } },
	{ "802.3, LLC", 1, llc_ip, 4, { 0 }, { 0 } },
	{ "802.1Q, SNAP", 1, vlan_snap, 4, { 100 }, { 0 } },
	{ "MPLS", 1, mpls, 4, { 0 }, { 0 } },
	{ "MPLS stack, IPv6", 1, mpls_stack6, 6, { 0 }, { 0 } },
	{ "MPLS pseudowire", 1, mpls_pseudowire, 4, { 0 }, { 0 } },
	{ "MPLS control word", 1, mpls_control_word, 4, { 0 }, { 0 } },
	{ "PPPoE", 1, pppoe, 4, { 0 }, { 0 } },
	{ "PPPoE in VLAN, IPv6", 1, pppoe6_in_vlan, 6, { 100 }, { 0 } },
	{ "802.1ah", 1, provider_backbone, 4, { 200, 300 }, { 0 } },
	{ "VN-tag", 1, vntag, 4, { 100 }, { 0 } },
	{ "802.1BR", 1, etag, 4, { 0 }, { 0 } },
	{ "FabricPath", 1, fabricpath, 4, { 0 }, { 0 } },
	{ "Cisco metadata", 1, cisco_metadata, 4, { 0 }, { 0 } },
	{ "cooked", 113, sll, 4, { 0 }, { 0 } },
	{ "cooked, VLAN", 113, sll_vlan, 6, { 100 }, { 0 } },
	{ "cooked, LLC", 113, sll_llc, 4, { 0 }, { 0 } },
	{ "cooked version 2", 276, sll2, 6, { 0 }, { 0 } },
	{ "null, little endian", 0, null_little4, 4, { 0 }, { 0 } },
	{ "null, big endian", 0, null_big4, 4, { 0 }, { 0 } },
	{ "null, Linux IPv6", 0, null_linux6, 6, { 0 }, { 0 } },
	{ "null, Windows IPv6", 0, null_windows6, 6, { 0 }, { 0 } },
	{ "loop, OpenBSD IPv6", 108, null_openbsd6, 6, { 0 }, { 0 } },
	{ "null, FreeBSD IPv6", 0, null_freebsd6, 6, { 0 }, { 0 } },
	{ "null, Darwin IPv6", 0, null_darwin6, 6, { 0 }, { 0 } },
	{ "raw, IPv4", 101, inner4, 4, { 0 }, { 0 } },
	{ "raw, IPv6", 101, inner6, 6, { 0 }, { 0 } },
	{ "raw as BSD", 12, inner4, 4, { 0 }, { 0 } },
	{ "raw as OpenBSD", 14, inner6, 6, { 0 }, { 0 } },
	{ "IPv4", 228, inner4, 4, { 0 }, { 0 } },
	{ "IPv6", 229, inner6, 6, { 0 }, { 0 } },
	{ "PPP, framed", 9, ppp_framed, 4, { 0 }, { 0 } },
	{ "PPP, bare", 9, ppp_bare6, 6, { 0 }, { 0 } },
	{ "PPP, compressed protocol", 9, ppp_compressed, 4, { 0 }, { 0 } },
	{ "PPP, MPLS", 9, ppp_mpls, 4, { 0 }, { 0 } },
	{ "PPP in HDLC", 50, ppp_framed, 4, { 0 }, { 0 } },
	{ "PPP in HDLC, Cisco's", 50, chdlc, 4, { 0 }, { 0 } },
	{ "PPPoE without Ethernet", 51, pppoe_bare, 4, { 0 }, { 0 } },
	{ "Cisco HDLC", 104, chdlc, 4, { 0 }, { 0 } },
	{ "pflog", 117, pflog, 6, { 0 }, { 0 } },
	{ "nflog, little endian", 239, nflog_little, 4, { 0 }, { 0 } },
	{ "nflog, big endian", 239, nflog_big6, 6, { 0 }, { 0 } },
	{ "extension headers", 1, extensions, 6, { 0 }, { 0 } },
	{ "atomic fragment", 1, atomic_fragment, 6, { 0 }, { 0 } },
	{ "IPv4, AH", 1, authentication4, 4, { 0 }, { 0 } },
	{ "IPv4, options", 1, ipv4_options, 4, { 0 }, { 0 } },
	{ "IP in IP", 1, ipip, 4, { 0 }, { TUNNEL_IPIP, 1, 4, 0, 0, 4 } },
	{ "6in4", 1, six_in_four, 6, { 0 }, { TUNNEL_IPIP, 1, 41, 0, 0, 4 } },
	{ "4in6", 1, four_in_six, 4, { 0 }, { TUNNEL_IPIP, 1, 4, 0, 0, 6 } },
	{ "GRE", 1, gre, 4, { 0 }, { TUNNEL_GRE, 1, 47, 0, 0, 4 } },
	{ "GRE, options", 1, gre_options, 6, { 0 },
	    { TUNNEL_GRE, 1, 47, 0, 0, 4 } },
	{ "GRE, Ethernet", 1, gre_bridged, 4, { 0 },
	    { TUNNEL_GRE, 1, 47, 0, 0, 4 } },
	{ "GRE, MPLS", 1, gre_mpls, 4, { 0 }, { TUNNEL_GRE, 1, 47, 0, 0, 4 } },
	{ "PPTP", 1, pptp, 4, { 0 }, { TUNNEL_GRE, 1, 47, 0, 0, 4 } },
	{ "WCCP 1", 1, wccp1, 4, { 0 }, { TUNNEL_GRE, 1, 47, 0, 0, 4 } },
	{ "WCCP 2", 1, wccp2, 4, { 0 }, { TUNNEL_GRE, 1, 47, 0, 0, 4 } },
	{ "ERSPAN I", 1, erspan1, 4, { 0 }, { TUNNEL_ERSPAN, 1, 47, 0, 0, 4 } },
	{ "ERSPAN II", 1, erspan2, 4, { 0 },
	    { TUNNEL_ERSPAN, 1, 47, 0, 0, 4 } },
	{ "ERSPAN III", 1, erspan3, 4, { 0 },
	    { TUNNEL_ERSPAN, 1, 47, 0, 0, 4 } },
	{ "ERSPAN III, subheader", 1, erspan3_subheader, 4, { 0 },
	    { TUNNEL_ERSPAN, 1, 47, 0, 0, 4 } },
	{ "ERSPAN III, IP", 1, erspan3_ip, 6, { 0 },
	    { TUNNEL_ERSPAN, 1, 47, 0, 0, 4 } },
	{ "EtherIP", 1, etherip, 4, { 0 }, { TUNNEL_ETHERIP, 1, 97, 0, 0, 4 } },
	{ "VXLAN", 1, vxlan, 4, { 0 },
	    { TUNNEL_VXLAN, 1, 17, 50000, 4789, 4 } },
	{ "VXLAN, Linux's port, IPv6", 1, vxlan_linux6, 6, { 0 },
	    { TUNNEL_VXLAN, 1, 17, 50000, 8472, 6 } },
	{ "VXLAN, both tagged", 1, vxlan_in_vlan, 4, { 100 },
	    { TUNNEL_VXLAN, 1, 17, 50000, 4789, 4 } },
	{ "VXLAN-GPE", 1, vxlan_gpe, 6, { 0 },
	    { TUNNEL_VXLAN, 1, 17, 50000, 4790, 4 } },
	{ "GENEVE", 1, geneve, 4, { 0 },
	    { TUNNEL_GENEVE, 1, 17, 50000, 6081, 4 } },
	{ "GENEVE, IPv6", 1, geneve_ip, 6, { 0 },
	    { TUNNEL_GENEVE, 1, 17, 50000, 6081, 4 } },
	{ "Teredo", 1, teredo, 6, { 0 },
	    { TUNNEL_TEREDO, 1, 17, 50000, 3544, 4 } },
	{ "Teredo, indications", 1, teredo_indications, 6, { 0 },
	    { TUNNEL_TEREDO, 1, 17, 3544, 50000, 4 } },
	{ "GTP", 1, gtp, 4, { 0 }, { TUNNEL_GTP, 1, 17, 2152, 2152, 4 } },
	{ "GTP, extension", 1, gtp_extensions, 6, { 0 },
	    { TUNNEL_GTP, 1, 17, 2152, 2152, 4 } },
	{ "GTP, sequence", 1, gtp_sequence, 4, { 0 },
	    { TUNNEL_GTP, 1, 17, 2152, 2152, 4 } },
	{ "GRE in VXLAN", 1, gre_in_vxlan, 4, { 0 },
	    { TUNNEL_VXLAN, 2, 17, 50000, 4789, 4 } },
};
#define SAMPLE_COUNT (sizeof samples / sizeof samples[0])

#endif
