/*
 * Writes a synthetic capture: workload KIND SEED PACKETS OUT
 *
 * The same arguments give the same file.  A conversation is written down as a
 * script, a list of steps with their pauses, when it begins; a heap then takes
 * the next step of whichever conversation is due, so that packets of many lie
 * between each other in order of time.  What is still going on after PACKETS
 * packets is cut off, as it is in a real capture.
 *
 * Assumed of `egress`, 400 hosts behind one link (figures are of this file, not
 * of a measured network; the shape is what matters to a sensor):
 *  - 70 conversations begin in a second; one host in five begins half of them;
 *  - 72 % TLS, 12 % plain HTTP, 10 % DNS alone, 6 % unknown UDP; of TLS and
 *    HTTP, 85 % have a DNS query and answer (UDP, one resolver) ahead;
 *  - an answer's size is Pareto distributed, exponent 1.15, from 3.5 kB to 8
 * MB, in full segments of 1460 octets, acknowledged every second segment;
 *  - a third of the ClientHellos are post-quantum, 1.7 kB in two segments, and
 *    half of those carry the server_name in the second; the rest take 517;
 *  - HTTP connections are kept alive for 1 to 6 requests, a third with bodies;
 *  - 12 hosts post to one place each, every 60 s plus a little work;
 *  - 1 % of data segments are sent again, 1 % change places with the next;
 *  - handshake, FINs, sequence and acknowledgement numbers are right; IP and
 *    TCP checksums are zero and not to be verified.
 * `small` is a flood of two-packet flows, a scan's SYN and RST, or a DNS query
 * and its answer.  `mixed` is many protocols in few and small packets: VLAN
 * tags (also stacked), IPv6, pipelined HTTP, DNS over TCP, SMTP, SSH, binary
 * and unknown UDP.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MSS = 1460,
	RECORD_MAX = 10 * MSS - 5,
	HOSTS = 400,
	NAMES = 2000,
	BEACONING_HOSTS = 12,
	FILLER_SIZE = 1 << 16,
	FRAME_MAX = 1600,
	STACK_VLANS_MAX = 2,
};

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum side { CLIENT, SERVER };
enum { PROTO_TCP = 6, PROTO_UDP = 17 };

/* xoshiro would do as well; splitmix64 needs one word of state. */
static uint64_t chance_state;

static uint64_t
chance_next(void)
{
	uint64_t z = chance_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* 0 to bound - 1. */
static unsigned
chance_below(unsigned bound)
{
	return (unsigned)((chance_next() >> 32) * bound >> 32);
}

/* Above 0, at most 1. */
static double
chance_unit(void)
{
	return ((double)(chance_next() >> 11) + 1) / 9007199254740992.0;
}

static bool
chance_percent(unsigned percent)
{
	return chance_below(100) < percent;
}

static unsigned
chance_between(unsigned low, unsigned high)
{
	return low + chance_below(high - low + 1);
}

static void *
must(void *memory)
{
	if (memory == NULL) {
		perror("workload");
		exit(1);
	}
	return memory;
}

/* Octets to say, built up piece by piece; big-endian. */
struct text {
	uint8_t octets[4096];
	size_t len;
};

static void
text_add(struct text *t, const void *octets, size_t len)
{
	if (len > sizeof(t->octets) - t->len)
		abort();
	memcpy(t->octets + t->len, octets, len);
	t->len += len;
}

static void
text_u8(struct text *t, unsigned value)
{
	text_add(t, &(uint8_t){ (uint8_t)value }, 1);
}

static void
text_u16(struct text *t, unsigned value)
{
	text_u8(t, value >> 8);
	text_u8(t, value & 0xff);
}

static void
text_u32(struct text *t, uint32_t value)
{
	text_u16(t, value >> 16);
	text_u16(t, value & 0xffff);
}

static void
text_chance(struct text *t, size_t len)
{
	while (len-- > 0)
		text_u8(t, (unsigned)(chance_next() >> 56));
}

static void
text_zeros(struct text *t, size_t len)
{
	while (len-- > 0)
		text_u8(t, 0);
}

static void
text_put_u16(struct text *t, size_t at, size_t value)
{
	t->octets[at] = (uint8_t)(value >> 8);
	t->octets[at + 1] = (uint8_t)value;
}

/* One packet to come. */
struct step {
	uint32_t gap_us; /* after the step before */
	uint32_t seq, ack;
	uint16_t len;
	uint8_t side, flags;
	int32_t text; /* where its payload is in `said`; -1: filler */
};

struct conversation {
	uint64_t due_us;
	uint8_t proto;
	bool ipv6;
	uint16_t vlans[STACK_VLANS_MAX];
	unsigned vlan_count;
	uint32_t addr[2]; /* IPv6: the last four octets */
	uint16_t port[2];
	uint32_t seq[2]; /* next to be sent, while the script is written */
	unsigned unacked;
	struct step *steps;
	size_t step_count, step_size, at;
	uint8_t *said;
	size_t said_len;
};

static uint8_t filler[FILLER_SIZE];

static struct step *
step_add(struct conversation *c, enum side side, uint8_t flags, uint32_t gap_us)
{
	if (c->step_count == c->step_size) {
		c->step_size = c->step_size == 0 ? 16 : c->step_size * 2;
		c->steps = must(
		    realloc(c->steps, c->step_size * sizeof(c->steps[0])));
	}
	c->steps[c->step_count] = (struct step){
		.gap_us = gap_us,
		.seq = c->seq[side],
		.ack = (flags & ACK) != 0 ? c->seq[!side] : 0,
		.side = (uint8_t)side,
		.flags = flags,
		.text = -1,
	};
	return &c->steps[c->step_count++];
}

static void
say_segment(struct conversation *c, enum side side, int32_t text, size_t len,
    bool last, uint32_t gap_us)
{
	struct step *step;

	step = step_add(c, side, last ? PSH | ACK : ACK, gap_us);
	step->len = (uint16_t)len;
	step->text = text;
	c->seq[side] += (uint32_t)len;
	if (c->proto == PROTO_TCP && ++c->unacked % 2 == 0)
		step_add(c, !side, ACK, chance_between(5, 60));
}

/* Both: `len` octets in full segments, after a pause. */
static void
say_at(struct conversation *c, enum side side, int32_t text, size_t len,
    uint32_t gap_us)
{
	size_t part;

	for (; len > 0; len -= part) {
		part = len < MSS ? len : MSS;
		say_segment(c, side, text, part, part == len, gap_us);
		if (text >= 0)
			text += (int32_t)part;
		gap_us = chance_between(3, 130);
	}
}

static void
say(struct conversation *c, enum side side, const void *octets, size_t len,
    uint32_t gap_us)
{
	int32_t at = (int32_t)c->said_len;

	c->said = must(realloc(c->said, c->said_len + len));
	memcpy(c->said + c->said_len, octets, len);
	c->said_len += len;
	say_at(c, side, at, len, gap_us);
}

static void
say_text(struct conversation *c, enum side side, const struct text *t,
    uint32_t gap_us)
{
	say(c, side, t->octets, t->len, gap_us);
}

static void
say_filler(struct conversation *c, enum side side, size_t len, uint32_t gap_us)
{
	say_at(c, side, -1, len, gap_us);
}

/* Filler of a length from low to high, after a pause of gap_max at most. */
static void
say_some(struct conversation *c, enum side side, unsigned low, unsigned high,
    unsigned gap_max_us)
{
	/* Drawn one by one: compilers differ in the order of arguments. */
	size_t len = chance_between(low, high);

	say_filler(c, side, len, chance_between(500, gap_max_us));
}

static uint32_t
round_trip_us(void)
{
	return chance_between(4000, 60000);
}

static void
say_handshake(struct conversation *c)
{
	step_add(c, CLIENT, SYN, 0);
	c->seq[CLIENT]++;
	step_add(c, SERVER, SYN | ACK, round_trip_us());
	c->seq[SERVER]++;
	step_add(c, CLIENT, ACK, 40);
}

static void
say_end(struct conversation *c)
{
	step_add(c, CLIENT, FIN | ACK, chance_between(100, 3000000));
	c->seq[CLIENT]++;
	step_add(c, SERVER, FIN | ACK, round_trip_us());
	c->seq[SERVER]++;
	step_add(c, CLIENT, ACK, 40);
}

/* What networks do to one data segment in a hundred each. */
static void
disturb(struct conversation *c)
{
	struct step swapped, *step;
	size_t n;

	for (n = 4; n + 4 < c->step_count; n++) {
		step = &c->steps[n];
		if (step->len == 0 || step[1].side != step->side ||
		    step[1].len == 0)
			continue;
		if (chance_percent(1)) {
			swapped = step[0];
			step[0] = step[1];
			step[1] = swapped;
		} else if (chance_percent(1)) {
			/* Said again in the place of an empty ACK later on. */
			for (n++; n + 4 < c->step_count; n++)
				if (c->steps[n].len == 0 &&
				    c->steps[n].side != step->side)
					break;
			if (n + 4 < c->step_count) {
				c->steps[n] = *step;
				c->steps[n].gap_us = chance_between(200000,
				    260000);
			}
		}
	}
}

static size_t
pareto(double exponent, double low, double high)
{
	double size = low / pow(chance_unit(), 1 / exponent);

	return (size_t)(size < high ? size : high);
}

static unsigned
site_name(char *name, size_t size, unsigned site)
{
	return (unsigned)snprintf(name, size, "h%u.example", site);
}

static void
text_labels(struct text *t, const char *name)
{
	size_t len;

	for (; *name != '\0'; name += len + (name[len] == '.')) {
		len = strcspn(name, ".");
		text_u8(t, (unsigned)len);
		text_add(t, name, len);
	}
	text_u8(t, 0);
}

static uint32_t
site_address(unsigned site)
{
	/* 198.18.0.0/15 (RFC 2544), and one in ten in 203.0.113.0/24. */
	return site % 10 == 0 ? 0xcb007100 + site / 10 % 250
	                      : 0xc6120000 + site * 61 % 0x1ffff;
}

/* RFC 1035 section 4.1; answer: how many A records. */
static void
dns_message(struct text *t, uint16_t id, const char *name, unsigned site,
    unsigned answers)
{
	t->len = 0;
	text_u16(t, id);
	text_u16(t, answers > 0 ? 0x8180 : 0x0100);
	text_u16(t, 1);
	text_u16(t, answers);
	text_u32(t, 0);
	text_labels(t, name);
	text_u32(t, 0x00010001);
	for (unsigned n = 0; n < answers; n++) {
		text_u16(t, 0xc00c);
		text_u32(t, 0x00010001);
		text_u32(t, 300);
		text_u16(t, 4);
		text_u32(t, site_address(site) + n);
	}
}

/* RFC 8446 section 4.1.2. */
static void
hello_server_name(struct text *t, const char *name)
{
	size_t len = strlen(name);

	text_u16(t, 0);
	text_u16(t, (unsigned)len + 5);
	text_u16(t, (unsigned)len + 3);
	text_u8(t, 0);
	text_u16(t, (unsigned)len);
	text_add(t, name, len);
}

static void
hello_key_share(struct text *t, bool post_quantum)
{
	unsigned shares = 36 + (post_quantum ? 1220 : 0);

	text_u16(t, 51);
	text_u16(t, shares + 2);
	text_u16(t, shares);
	if (post_quantum) {
		text_u16(t, 0x11ec); /* X25519MLKEM768 */
		text_u16(t, 1216);
		text_chance(t, 1216);
	}
	text_u16(t, 0x001d);
	text_u16(t, 32);
	text_chance(t, 32);
}

static void
hello_other_extensions(struct text *t)
{
	static const uint8_t fixed[] = {
		0,
		43,
		0,
		5,
		4,
		3,
		4,
		3,
		3, /* versions */
		0,
		10,
		0,
		8,
		0,
		6,
		0x11,
		0xec,
		0,
		0x1d,
		0,
		0x17,
		0,
		13,
		0,
		8,
		0,
		6,
		4,
		3,
		8,
		4,
		4,
		1, /* signatures */
		0,
		16,
		0,
		14,
		0,
		12,
		2,
		'h',
		'2',
		8,
		'h',
		't',
		't',
		'p',
		'/',
		'1',
		'.',
		'1', /* ALPN */
		0,
		23,
		0,
		0,
		0,
		45,
		0,
		2,
		1,
		1,
	};

	text_add(t, fixed, sizeof(fixed));
}

/* Up to `size` octets of ClientHello, with the padding of RFC 7685. */
static void
client_hello(struct text *t, const char *name, bool post_quantum, bool late)
{
	const size_t size = post_quantum ? 1750 : 517;
	size_t extensions_at;

	t->len = 0;
	text_add(t, "\x16\x03\x01\0\0\x01\0\0\0\x03\x03", 11);
	text_chance(t, 32);
	text_u8(t, 32);
	text_chance(t, 32);
	text_add(t, "\0\x06\x13\x01\x13\x02\x13\x03\x01\0", 10);
	extensions_at = t->len;
	text_u16(t, 0);
	if (!late)
		hello_server_name(t, name);
	hello_key_share(t, post_quantum);
	hello_other_extensions(t);
	if (late) {
		/* An encrypted_client_hello of others' usual length. */
		text_add(t, "\xfe\x0d\0\xba\0\0\x01\0\x01", 9);
		text_chance(t, 0xba - 5);
		hello_server_name(t, name);
	}
	text_u16(t, 21);
	text_u16(t, (unsigned)(size - t->len - 2));
	text_zeros(t, size - t->len);
	text_put_u16(t, extensions_at, t->len - extensions_at - 2);
	text_put_u16(t, 7, t->len - 9);
	text_put_u16(t, 3, t->len - 5);
}

/* TLS application data, in records that fill ten segments each. */
static void
say_records(struct conversation *c, enum side side, size_t len, uint32_t gap_us)
{
	struct text t;
	size_t record, first;

	for (; len > 0; len -= record) {
		record = len < RECORD_MAX ? len : RECORD_MAX;
		first = record < MSS - 5 ? record : MSS - 5;
		t.len = 0;
		text_add(&t, "\x17\x03\x03", 3);
		text_u16(&t, (unsigned)record);
		text_add(&t, filler + chance_below(FILLER_SIZE - MSS), first);
		say_text(c, side, &t, gap_us);
		say_filler(c, side, record - first, 10);
		gap_us = 20;
	}
}

static void
script_tls(struct conversation *c, unsigned site)
{
	char name[32];
	struct text t;
	bool post_quantum = chance_percent(33), late = chance_percent(50);
	unsigned turns = chance_between(1, 5);
	size_t up, down;

	site_name(name, sizeof(name), site);
	c->port[SERVER] = 443;
	say_handshake(c);
	client_hello(&t, name, post_quantum, post_quantum && late);
	say_text(c, CLIENT, &t, 300);
	t.len = 0;
	text_add(&t, "\x16\x03\x03\0\x7a\x02\0\0\x76\x03\x03", 11);
	text_chance(&t, 32);
	text_u8(&t, 32);
	text_chance(&t, 32);
	text_add(&t,
	    "\x13\x01\0\0\x2e\0\x2b\0\x02\x03\x04\0\x33\0\x24\0\x1d"
	    "\0\x20",
	    19);
	text_chance(&t, 32);
	text_add(&t, "\x14\x03\x03\0\x01\x01", 6);
	say_text(c, SERVER, &t, round_trip_us());
	say_records(c, SERVER, chance_between(1800, 4200), 15);
	say_records(c, CLIENT, 69, 900);
	while (turns-- > 0) {
		up = chance_between(180, 1300);
		say_records(c, CLIENT, up, chance_between(200, 900000));
		down = pareto(1.15, 3700, 8e6);
		say_records(c, SERVER, down, round_trip_us());
	}
	disturb(c);
	say_end(c);
}

static void
http_request(struct text *t, const char *name, size_t body)
{
	unsigned item = chance_below(90000);

	t->len = (size_t)snprintf((char *)t->octets, sizeof(t->octets),
	    "%s /assets/item-%u.json HTTP/1.1\r\nHost: %s\r\n"
	    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
	    "Gecko/20100101 Firefox/128.0\r\nAccept: */*\r\n"
	    "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n",
	    body > 0 ? "POST" : "GET", item, name);
	if (body > 0)
		t->len += (size_t)snprintf((char *)t->octets + t->len,
		    sizeof(t->octets) - t->len,
		    "Content-Type: application/octet-stream\r\n"
		    "Content-Length: %zu\r\n",
		    body);
	text_add(t, "\r\n", 2);
}

static void
http_answer(struct text *t, size_t body)
{
	t->len = (size_t)snprintf((char *)t->octets, sizeof(t->octets),
	    "HTTP/1.1 200 OK\r\nServer: nginx\r\n"
	    "Content-Type: application/octet-stream\r\n"
	    "Content-Length: %zu\r\nConnection: keep-alive\r\n\r\n",
	    body);
}

static void
say_exchange(struct conversation *c, const char *name, size_t up, size_t down,
    uint32_t gap_us)
{
	struct text t;

	http_request(&t, name, up);
	say_text(c, CLIENT, &t, gap_us);
	say_filler(c, CLIENT, up, 12);
	http_answer(&t, down);
	say_text(c, SERVER, &t, round_trip_us());
	say_filler(c, SERVER, down, 12);
}

static void
script_http(struct conversation *c, unsigned site)
{
	char name[32];
	unsigned turns = chance_between(1, 6);
	size_t up, down;

	site_name(name, sizeof(name), site);
	c->port[SERVER] = 80;
	say_handshake(c);
	while (turns-- > 0) {
		up = chance_percent(33) ? pareto(1.15, 200, 100000) : 0;
		down = pareto(1.15, 3700, 8e6);
		say_exchange(c, name, up, down, chance_between(100, 1500000));
	}
	disturb(c);
	say_end(c);
}

static void
script_beacon(struct conversation *c, unsigned host)
{
	char name[32];

	site_name(name, sizeof(name), host);
	c->port[SERVER] = 8000;
	say_handshake(c);
	say_exchange(c, name, chance_between(3000, 3400), 2, 150);
	say_end(c);
}

static void
script_dns(struct conversation *c, unsigned site)
{
	char name[32];
	struct text t;
	uint16_t id = (uint16_t)chance_below(65536);

	site_name(name, sizeof(name), site);
	c->proto = PROTO_UDP;
	c->port[SERVER] = 53;
	dns_message(&t, id, name, site, 0);
	say_text(c, CLIENT, &t, 0);
	dns_message(&t, id, name, site, chance_between(1, 3));
	say_text(c, SERVER, &t, chance_between(200, 30000));
}

static void
script_unknown_udp(struct conversation *c, unsigned site)
{
	unsigned turns = chance_between(2, 80);

	c->proto = PROTO_UDP;
	c->port[SERVER] = (uint16_t)(20000 + site);
	while (turns-- > 0)
		say_some(c, chance_percent(40) ? CLIENT : SERVER, 40, 1350,
		    90000);
}

/* The kinds that `mixed` has besides; each turn is a line. */
static void
script_lines(struct conversation *c, uint16_t port, const char *const *lines)
{
	c->port[SERVER] = port;
	say_handshake(c);
	for (unsigned n = 0; lines[n] != NULL; n++)
		say(c, n % 2 == 0 ? SERVER : CLIENT, lines[n], strlen(lines[n]),
		    round_trip_us());
}

static void
script_smtp(struct conversation *c, unsigned site)
{
	static const char *const lines[] = { "220 mail.example ESMTP\r\n",
		"EHLO client.example\r\n", "250-mail.example\r\n250 SIZE\r\n",
		"MAIL FROM:<a@h1.example>\r\n", "250 2.1.0 Ok\r\n",
		"RCPT TO:<b@h2.example>\r\n", "250 2.1.5 Ok\r\n", "DATA\r\n",
		"354 End data with <CR><LF>.<CR><LF>\r\n", NULL };

	script_lines(c, 25, lines);
	say_filler(c, CLIENT, site % 4000 + 300, 800);
	say_end(c);
}

static void
script_ssh(struct conversation *c, unsigned site)
{
	static const char *const lines[] = { "SSH-2.0-OpenSSH_9.2\r\n",
		"SSH-2.0-OpenSSH_9.6\r\n", NULL };

	script_lines(c, 22, lines);
	for (unsigned n = 0; n < site % 60 + 6; n++)
		say_some(c, n % 3 == 0 ? CLIENT : SERVER, 36, 780, 400000);
	say_end(c);
}

static void
script_dns_tcp(struct conversation *c, unsigned site)
{
	char name[32];
	struct text message, t = { .len = 0 };

	site_name(name, sizeof(name), site);
	c->port[SERVER] = 53;
	say_handshake(c);
	for (unsigned answers = 0; answers < 40; answers += 36) {
		dns_message(&message, (uint16_t)site, name, site, answers);
		t.len = 0;
		text_u16(&t, (unsigned)message.len);
		text_add(&t, message.octets, message.len);
		say_text(c, answers == 0 ? CLIENT : SERVER, &t, 700);
	}
	say_end(c);
}

static void
script_pipelined(struct conversation *c, unsigned site)
{
	char name[32];
	struct text t;
	unsigned turns = chance_between(2, 8);

	site_name(name, sizeof(name), site);
	c->port[SERVER] = 8080;
	say_handshake(c);
	for (unsigned n = 0; n < turns; n++) {
		http_request(&t, name, 0);
		say_text(c, CLIENT, &t, 20);
	}
	for (unsigned n = 0; n < turns; n++) {
		http_answer(&t, 200);
		say_text(c, SERVER, &t, n == 0 ? 9000 : 30);
		say_filler(c, SERVER, 200, 5);
	}
	say_end(c);
}

static void
script_binary(struct conversation *c, unsigned site)
{
	c->port[SERVER] = (uint16_t)(25000 + site);
	say_handshake(c);
	for (unsigned n = 0; n < site % 40 + 2; n++)
		say_some(c, n % 2 == 0 ? CLIENT : SERVER, 8, 620, 200000);
	say_end(c);
}

static void
script_scan(struct conversation *c, unsigned site)
{
	c->port[SERVER] = (uint16_t)(site * 31 + 1);
	step_add(c, CLIENT, SYN, 0);
	c->seq[CLIENT]++;
	step_add(c, SERVER, RST | ACK, round_trip_us());
}

/* The conversations that are under way: a heap, the next one due on top. */
static struct {
	struct conversation **of;
	size_t count, size;
} heap;

static void
heap_sink(size_t at)
{
	struct conversation *moved = heap.of[at];
	size_t child;

	while ((child = 2 * at + 1) < heap.count) {
		if (child + 1 < heap.count &&
		    heap.of[child + 1]->due_us < heap.of[child]->due_us)
			child++;
		if (moved->due_us <= heap.of[child]->due_us)
			break;
		heap.of[at] = heap.of[child];
		at = child;
	}
	heap.of[at] = moved;
}

static void
heap_push(struct conversation *c)
{
	size_t at = heap.count++;

	if (heap.count > heap.size) {
		heap.size = heap.size == 0 ? 1024 : heap.size * 2;
		heap.of = must(
		    realloc(heap.of, heap.size * sizeof(heap.of[0])));
	}
	for (; at > 0 && heap.of[(at - 1) / 2]->due_us > c->due_us;
	     at = (at - 1) / 2)
		heap.of[at] = heap.of[(at - 1) / 2];
	heap.of[at] = c;
}

static void
conversation_free(struct conversation *c)
{
	free(c->steps);
	free(c->said);
	free(c);
}

typedef void (*script)(struct conversation *c, unsigned site);

static struct conversation *
conversation_begin(script write, uint64_t now_us, unsigned host, unsigned site)
{
	struct conversation *c = must(calloc(1, sizeof(*c)));

	c->proto = PROTO_TCP;
	c->due_us = now_us;
	c->addr[CLIENT] = 0x0a000101 + host + host / 250 * 6;
	c->addr[SERVER] = site_address(site);
	c->port[CLIENT] = (uint16_t)chance_between(32768, 60999);
	c->seq[CLIENT] = (uint32_t)chance_next();
	c->seq[SERVER] = (uint32_t)chance_next();
	if (write == script_dns || write == script_dns_tcp)
		c->addr[SERVER] = 0x0a000035; /* 10.0.0.53 */
	write(c, site);
	heap_push(c);
	return c;
}

/* The file. */
static FILE *out;
static uint64_t packets_left;

static void
ethernet_header(struct text *t, const struct conversation *c, enum side side)
{
	static const uint8_t mac[2][6] = { { 2, 0, 0, 0, 0, 1 },
		{ 2, 0, 0, 0, 0, 2 } };

	text_add(t, mac[!side], 6);
	text_add(t, mac[side], 6);
	for (unsigned n = 0; n < c->vlan_count; n++) {
		text_u16(t, n + 1 < c->vlan_count ? 0x88a8 : 0x8100);
		text_u16(t, c->vlans[n]);
	}
	text_u16(t, c->ipv6 ? 0x86dd : 0x0800);
}

static void
ip_header(struct text *t, const struct conversation *c, enum side side,
    size_t inner_len)
{
	static const uint8_t prefix[2][12] = { { 0xfd, 0x20 },
		{ 0x20, 0x01, 0x0d, 0xb8 } };
	static uint16_t id;

	if (c->ipv6) {
		text_u32(t, 0x60000000);
		text_u16(t, (unsigned)inner_len);
		text_u8(t, c->proto);
		text_u8(t, 64);
		for (unsigned n = 0; n < 2; n++) {
			text_add(t, prefix[n == 0 ? side : !side], 12);
			text_u32(t, c->addr[n == 0 ? side : !side]);
		}
		return;
	}
	text_u16(t, 0x4500);
	text_u16(t, (unsigned)inner_len + 20);
	text_u16(t, id++);
	text_u16(t, 0x4000);
	text_u8(t, 64);
	text_u8(t, c->proto);
	text_u16(t, 0);
	text_u32(t, c->addr[side]);
	text_u32(t, c->addr[!side]);
}

/* SYNs carry the usual options: MSS, SACK, time stamps, window scale. */
static const uint8_t syn_options[] = { 2, 4, MSS >> 8, MSS & 0xff, 4, 2, 8, 10,
	0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7 };

static size_t
transport_header_len(const struct conversation *c, const struct step *step)
{
	if (c->proto == PROTO_UDP)
		return 8;
	return 20 + ((step->flags & SYN) != 0 ? sizeof(syn_options) : 0);
}

static void
transport_header(struct text *t, const struct conversation *c,
    const struct step *step)
{
	size_t len = transport_header_len(c, step);

	text_u16(t, c->port[step->side]);
	text_u16(t, c->port[!step->side]);
	if (c->proto == PROTO_UDP) {
		text_u16(t, (unsigned)len + step->len);
		text_u16(t, 0);
		return;
	}
	text_u32(t, step->seq);
	text_u32(t, step->ack);
	text_u8(t, (unsigned)len / 4 << 4);
	text_u8(t, step->flags);
	text_u16(t, (step->flags & RST) != 0 ? 0 : 64240);
	text_u32(t, 0);
	if ((step->flags & SYN) != 0)
		text_add(t, syn_options, sizeof(syn_options));
}

static void
frame_write(uint64_t now_us, const struct text *t)
{
	uint32_t header[4] = { (uint32_t)(now_us / 1000000),
		(uint32_t)(now_us % 1000000), (uint32_t)t->len,
		(uint32_t)t->len };

	if (fwrite(header, sizeof(header), 1, out) != 1 ||
	    fwrite(t->octets, t->len, 1, out) != 1) {
		perror("workload");
		exit(1);
	}
	packets_left--;
}

static void
step_write(const struct conversation *c, const struct step *step)
{
	struct text t;
	const uint8_t *payload = step->text >= 0
	                             ? c->said + step->text
	                             : filler + step->seq % (FILLER_SIZE - MSS);

	t.len = 0;
	ethernet_header(&t, c, step->side);
	ip_header(&t, c, step->side, transport_header_len(c, step) + step->len);
	transport_header(&t, c, step);
	text_add(&t, payload, step->len);
	frame_write(c->due_us, &t);
}

/* Writes what is due before `until_us`. */
static void
run_until(uint64_t until_us)
{
	struct conversation *c;

	while (packets_left > 0 && heap.count > 0 &&
	       heap.of[0]->due_us < until_us) {
		c = heap.of[0];
		step_write(c, &c->steps[c->at]);
		if (++c->at < c->step_count) {
			c->due_us += c->steps[c->at].gap_us;
		} else {
			conversation_free(c);
			heap.of[0] = heap.of[--heap.count];
		}
		if (heap.count > 0)
			heap_sink(0);
	}
}

/* Popular sites are visited more often. */
static unsigned
any_site(void)
{
	double u = chance_unit();

	return (unsigned)(u * u * u * (NAMES - 1));
}

static unsigned
any_host(void)
{
	return chance_percent(50) ? chance_below(HOSTS / 5)
	                          : chance_below(HOSTS);
}

static void
egress_begin(uint64_t now_us)
{
	unsigned host = any_host(), site = any_site(), kind = chance_below(100);
	uint64_t asked_us = chance_between(300, 40000);

	if (kind >= 94) {
		conversation_begin(script_unknown_udp, now_us, host, site);
		return;
	}
	if (kind >= 84 || chance_percent(85))
		conversation_begin(script_dns, now_us, host, site);
	if (kind < 72)
		conversation_begin(script_tls, now_us + asked_us, host, site);
	else if (kind < 84)
		conversation_begin(script_http, now_us + asked_us, host, site);
}

static void
small_begin(uint64_t now_us)
{
	script write = chance_percent(41) ? script_scan : script_dns;
	unsigned host = chance_below(60000);

	conversation_begin(write, now_us, host, any_site());
}

static void
mixed_begin(uint64_t now_us)
{
	static const script scripts[] = { script_smtp, script_ssh,
		script_dns_tcp, script_pipelined, script_binary, script_dns,
		script_unknown_udp, script_scan };
	const unsigned scripts_count = sizeof(scripts) / sizeof(scripts[0]);
	script write = scripts[chance_below(scripts_count)];
	unsigned host = any_host();
	struct conversation *c;

	c = conversation_begin(write, now_us, host, any_site());
	c->ipv6 = chance_percent(25);
	c->vlan_count = chance_below(STACK_VLANS_MAX + 1);
	c->vlans[0] = (uint16_t)chance_between(10, 20);
	c->vlans[1] = (uint16_t)chance_between(100, 110);
}

static const struct kind {
	const char *name;
	void (*begin)(uint64_t now_us);
	double per_second; /* conversations that begin */
	bool beacons;
} kinds[] = {
	{ "egress", egress_begin, 70, true },
	{ "small", small_begin, 20000, false },
	{ "mixed", mixed_begin, 400, false },
};

static void
generate(const struct kind *kind)
{
	uint64_t beacon_us[BEACONING_HOSTS], now_us = 1774900000000000;
	unsigned n;

	for (n = 0; n < BEACONING_HOSTS; n++)
		beacon_us[n] = now_us + chance_below(60000000);
	while (packets_left > 0) {
		now_us += (uint64_t)(-log(chance_unit()) * 1e6 /
				     kind->per_second);
		run_until(now_us);
		kind->begin(now_us);
		for (n = 0; kind->beacons && n < BEACONING_HOSTS; n++) {
			if (beacon_us[n] > now_us)
				continue;
			conversation_begin(script_beacon, now_us, n * 30,
			    1000 + n);
			beacon_us[n] += 60000000 + chance_between(2000, 90000);
		}
	}
	while (heap.count > 0)
		conversation_free(heap.of[--heap.count]);
	free(heap.of);
}

static void
file_header_write(void)
{
	/* Microseconds, version 2.4, Ethernet; in this machine's order. */
	uint32_t header[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1 };

	fwrite(header, sizeof(header), 1, out);
}

static const struct kind *
kind_find(const char *name)
{
	for (size_t n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++)
		if (strcmp(kinds[n].name, name) == 0)
			return &kinds[n];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct kind *kind = argc == 5 ? kind_find(argv[1]) : NULL;

	if (kind == NULL) {
		fprintf(stderr, "usage: workload egress|small|mixed "
				"SEED PACKETS OUT\n");
		return 2;
	}
	chance_state = strtoull(argv[2], NULL, 10);
	packets_left = strtoull(argv[3], NULL, 10);
	if ((out = fopen(argv[4], "wb")) == NULL) {
		fprintf(stderr, "%s: %s\n", argv[4], strerror(errno));
		return 1;
	}
	for (size_t n = 0; n < FILLER_SIZE; n++)
		filler[n] = (uint8_t)(chance_next() >> 56);
	file_header_write();
	generate(kind);
	if (fclose(out) != 0) {
		perror(argv[4]);
		return 1;
	}
	return 0;
}
