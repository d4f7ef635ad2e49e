/* Shows the module's inside, for its caches: caches_of. */
#define NDPI_LIB_COMPILATION
#include <arpa/inet.h>
#include <ndpi/ndpi_api.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/ndpi_classifier.h"

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	/* Behind the payload, for dissectors that read too far. */
	ZEROS = 512,
	/* A name is at most 253 octets, RFC 1035 section 3.1, and a dot. */
	NAME_MAX_LEN = 254,
	/* Names that are remembered, a power of two, and how long ones. */
	NAMES = 2048,
	NAME_KEPT_LEN = 57,
};

/* One flow under classification; nDPI's state comes behind, ndpi_of. */
struct classification {
	struct classification *next; /* when free */
	struct classifier_flow flow;
	uint32_t payloads; /* given */
	bool decided;
};

/* What a look-up gave: a flow mostly has a name that another one had. */
struct remembered_name {
	uint16_t master, app;
	uint16_t category;
	uint8_t len; /* 0: none */
	uint8_t name[NAME_KEPT_LEN];
};

struct classifier {
	struct ndpi_detection_module_struct *ndpi;
	struct classifier_limits limits;
	struct classifier_counts counts;
	size_t stride;               /* octets from one to the next */
	uint8_t *pool;               /* flows_max of `stride` octets */
	uint32_t touched;            /* of the pool; the rest was never used */
	struct classification *free; /* of the touched */
	struct ndpi_flow_struct *scratch; /* of look-ups, which need one */
	struct remembered_name names[NAMES];
	_Alignas(8) uint8_t
	    packet[IPV6_HEADER + TCP_HEADER + CLASSIFIER_PAYLOAD_MAX + ZEROS];
};

/* ---- what differs between versions of nDPI ---- */

#if NDPI_MAJOR != 4 || NDPI_MINOR != 2
#error "ndpi_classifier.c was made for nDPI 4.2: look at this section"
#endif

/*
 * nDPI remembers addresses of one flow to name others by: BitTorrent, STUN,
 * Ookla, Zoom, Teams, mining, certificates.  The same packets must give the
 * same answer whatever else was on the wire, so each of its caches has room
 * for one entry, and that is taken away after each packet.  What is left is
 * tinc: its datagrams are only known by the TCP flow that came before.
 */
enum { CACHES = 7 };

static void
caches_of(struct ndpi_detection_module_struct *ndpi,
    struct ndpi_lru_cache **caches[CACHES])
{
	caches[0] = &ndpi->ookla_cache;
	caches[1] = &ndpi->bittorrent_cache;
	caches[2] = &ndpi->zoom_cache;
	caches[3] = &ndpi->stun_cache;
	caches[4] = &ndpi->tls_cert_cache;
	caches[5] = &ndpi->mining_cache;
	caches[6] = &ndpi->msteams_cache;
}

/* Whether the library was built with the options that its headers show. */
static bool
headers_match(void)
{
	return ndpi_get_ndpi_detection_module_size() ==
	           sizeof(struct ndpi_detection_module_struct) &&
	       ndpi_detection_get_sizeof_ndpi_flow_struct() ==
	           sizeof(struct ndpi_flow_struct);
}

/* In place of those that nDPI would make when it needs them. */
static bool
caches_init(struct ndpi_detection_module_struct *ndpi)
{
	struct ndpi_lru_cache **caches[CACHES];
	size_t i;

	caches_of(ndpi, caches);
	for (i = 0; i < CACHES; i++)
		if (*caches[i] == NULL &&
		    (*caches[i] = ndpi_lru_cache_init(1)) == NULL)
			return false;
	return true;
}

static void
caches_forget(struct ndpi_detection_module_struct *ndpi)
{
	struct ndpi_lru_cache **caches[CACHES];
	size_t i;

	caches_of(ndpi, caches);
	for (i = 0; i < CACHES; i++)
		(*caches[i])->entries[0].is_full = 0;
}

static ndpi_protocol
ndpi_look(struct ndpi_detection_module_struct *ndpi,
    struct ndpi_flow_struct *flow, const uint8_t *packet, size_t len,
    uint64_t time_us)
{
	return ndpi_detection_process_packet(ndpi, flow, packet,
	    (unsigned short)len, time_us / 1000);
}

/* No dissector is left that could say anything. */
static bool
ndpi_is_lost(const struct ndpi_flow_struct *flow)
{
	return flow->fail_with_unknown != 0;
}

/* ---- the classifier ---- */

static struct ndpi_flow_struct *
ndpi_of(struct classification *flow)
{
	return (struct ndpi_flow_struct *)(flow + 1);
}

static bool
module_init(struct classifier *c)
{
	NDPI_PROTOCOL_BITMASK all;

	c->ndpi = ndpi_init_detection_module(ndpi_no_prefs);
	if (c->ndpi == NULL)
		return false;
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(c->ndpi, &all);
	ndpi_finalize_initialization(c->ndpi);
	return caches_init(c->ndpi);
}

struct classifier *
classifier_new(const struct classifier_limits *limits)
{
	struct classifier *c;

	if (limits->flows_max == 0 || limits->payloads_max == 0 ||
	    !headers_match())
		return NULL;
	if ((c = calloc(1, sizeof *c)) == NULL)
		return NULL;
	c->limits = *limits;
	c->stride = sizeof(struct classification) +
	            sizeof(struct ndpi_flow_struct);
	c->stride += -c->stride % _Alignof(struct classification);
	/* Of large blocks calloc gives address space: memory comes with use. */
	c->pool = calloc(limits->flows_max, c->stride);
	c->scratch = calloc(1, sizeof *c->scratch);
	if (c->pool == NULL || c->scratch == NULL || !module_init(c)) {
		classifier_free(c);
		return NULL;
	}
	return c;
}

static struct classification *
pool_at(const struct classifier *c, uint32_t index)
{
	return (struct classification *)(void *)(c->pool + index * c->stride);
}

void
classifier_free(struct classifier *c)
{
	uint32_t i;

	if (c == NULL)
		return;
	/* Free ones hold nothing: the state is zero. */
	for (i = 0; i < c->touched; i++)
		ndpi_free_flow_data(ndpi_of(pool_at(c, i)));
	if (c->ndpi != NULL)
		ndpi_exit_detection_module(c->ndpi);
	free(c->scratch);
	free(c->pool);
	free(c);
}

void
classifier_get_counts(const struct classifier *c, struct classifier_counts *out)
{
	*out = c->counts;
}

static bool
is_icmp(uint8_t ip_proto)
{
	return ip_proto == IPPROTO_ICMP || ip_proto == IPPROTO_ICMPV6;
}

static struct classification *
pool_take(struct classifier *c)
{
	struct classification *flow = c->free;

	if (flow != NULL)
		c->free = flow->next;
	else if (c->touched < c->limits.flows_max)
		flow = pool_at(c, c->touched++);
	return flow;
}

struct classification *
classification_begin(struct classifier *c, const struct classifier_flow *flow)
{
	struct classification *state;

	if (flow->ip_proto != IPPROTO_TCP && flow->ip_proto != IPPROTO_UDP &&
	    !is_icmp(flow->ip_proto))
		return NULL;
	if ((state = pool_take(c)) == NULL) {
		c->counts.refused++;
		return NULL;
	}
	memset(state, 0, sizeof *state);
	state->flow = *flow;
	c->counts.begun++;
	c->counts.active++;
	return state;
}

/* ---- the packet that nDPI sees ---- */

static void
put_u16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put_u32(uint8_t *at, uint32_t value)
{
	put_u16(at, value >> 16);
	put_u16(at + 2, value & 0xffff);
}

/* RFC 791 section 3.1 and RFC 8200 section 3.  nDPI reads no checksum. */
static size_t
put_ip(uint8_t *at, const struct addr *src, const struct addr *dst,
    uint8_t ip_proto, size_t payload_len)
{
	memset(at, 0, IPV6_HEADER);
	if (addr_is_v4(src) && addr_is_v4(dst)) {
		at[0] = 0x45;
		put_u16(at + 2, IPV4_HEADER + payload_len);
		at[8] = 64;
		at[9] = ip_proto;
		memcpy(at + 12, src->octets + 12, 4);
		memcpy(at + 16, dst->octets + 12, 4);
		return IPV4_HEADER;
	}
	at[0] = 0x60;
	put_u16(at + 4, payload_len);
	at[6] = ip_proto;
	at[7] = 64;
	memcpy(at + 8, src->octets, 16);
	memcpy(at + 24, dst->octets, 16);
	return IPV6_HEADER;
}

/* RFC 9293 section 3.1: an acknowledging segment, whatever else it was. */
static void
put_tcp(uint8_t *at, const struct classifier_packet *packet)
{
	memset(at, 0, TCP_HEADER);
	put_u32(at + 4, packet->seq);
	put_u32(at + 8, packet->ack);
	at[12] = TCP_HEADER / 4 << 4;
	at[13] = 0x18; /* ACK, PSH */
	put_u16(at + 14, 0xffff);
}

/* RFC 768 */
static void
put_udp(uint8_t *at, size_t payload_len)
{
	memset(at, 0, UDP_HEADER);
	put_u16(at + 4, UDP_HEADER + payload_len);
}

static size_t
transport_header_len(uint8_t ip_proto)
{
	return ip_proto == IPPROTO_TCP   ? TCP_HEADER
	       : ip_proto == IPPROTO_UDP ? UDP_HEADER
	                                 : 0;
}

/* Fills c->packet; its length, without the zeros behind. */
static size_t
put_packet(struct classifier *c, const struct classifier_flow *flow,
    const struct classifier_packet *packet)
{
	bool out = packet->from_initiator;
	size_t payload_len = packet->payload.left, transport_len;
	uint8_t *at = c->packet;

	if (payload_len > CLASSIFIER_PAYLOAD_MAX)
		payload_len = CLASSIFIER_PAYLOAD_MAX;
	transport_len = transport_header_len(flow->ip_proto);
	at += put_ip(at, out ? &flow->initiator : &flow->responder,
	    out ? &flow->responder : &flow->initiator, flow->ip_proto,
	    transport_len + payload_len);
	if (transport_len > 0) {
		if (flow->ip_proto == IPPROTO_TCP)
			put_tcp(at, packet);
		else
			put_udp(at, payload_len);
		put_u16(at, out ? flow->initiator_port : flow->responder_port);
		put_u16(at + 2,
		    out ? flow->responder_port : flow->initiator_port);
		at += transport_len;
	}
	memcpy(at, packet->payload.at, payload_len);
	memset(at + payload_len, 0, ZEROS);
	return (size_t)(at - c->packet) + payload_len;
}

enum classify
classification_packet(struct classifier *c, struct classification *flow,
    const struct classifier_packet *packet)
{
	struct ndpi_flow_struct *ndpi_flow = ndpi_of(flow);
	ndpi_protocol protocol;
	size_t len;

	if (flow->decided)
		return CLASSIFY_DECIDED;
	if (packet->payload.left == 0)
		return CLASSIFY_MORE;
	len = put_packet(c, &flow->flow, packet);
	protocol = ndpi_look(c->ndpi, ndpi_flow, c->packet, len,
	    packet->time_us);
	caches_forget(c->ndpi);
	c->counts.packets++;
	flow->payloads++;
	flow->decided = flow->payloads >= c->limits.payloads_max ||
	                ndpi_is_lost(ndpi_flow) ||
	                (protocol.app_protocol != NDPI_PROTOCOL_UNKNOWN &&
			    !ndpi_extra_dissection_possible(c->ndpi,
				ndpi_flow));
	return flow->decided ? CLASSIFY_DECIDED : CLASSIFY_MORE;
}

static void
set_protocol(struct classified *out, const ndpi_protocol *protocol)
{
	out->app = protocol->app_protocol;
	out->master = protocol->master_protocol;
	if (out->app == NDPI_PROTOCOL_UNKNOWN)
		out->app = out->master;
	if (out->master == out->app)
		out->master = NDPI_PROTOCOL_UNKNOWN;
	out->category = (uint16_t)protocol->category;
}

static enum classified_by
by_confidence(const struct ndpi_flow_struct *flow)
{
	if (flow->confidence == NDPI_CONFIDENCE_MATCH_BY_PORT)
		return CLASSIFIED_BY_PORT;
	if (flow->confidence == NDPI_CONFIDENCE_MATCH_BY_IP)
		return CLASSIFIED_BY_ADDRESS;
	return CLASSIFIED_BY_CONTENT;
}

static void
pool_give(struct classifier *c, struct classification *flow)
{
	ndpi_free_flow_data(ndpi_of(flow));
	memset(ndpi_of(flow), 0, sizeof *c->scratch);
	flow->next = c->free;
	c->free = flow;
	c->counts.active--;
}

void
classification_end(struct classifier *c, struct classification *flow,
    struct classified *out)
{
	struct ndpi_flow_struct *ndpi_flow = ndpi_of(flow);
	ndpi_protocol protocol;
	uint8_t guessed;

	if (flow->payloads == 0) {
		classifier_guess(c, &flow->flow, out);
		pool_give(c, flow);
		return;
	}
	/* Also where it is known: the last packet may have changed it. */
	protocol = ndpi_detection_giveup(c->ndpi, ndpi_flow, 1, &guessed);
	caches_forget(c->ndpi);
	memset(out, 0, sizeof *out);
	set_protocol(out, &protocol);
	if (out->app != NDPI_PROTOCOL_UNKNOWN)
		out->by = by_confidence(ndpi_flow);
	out->risks = ndpi_flow->risk;
	pool_give(c, flow);
}

/* ---- without a packet ---- */

uint16_t
classifier_known_protocol(enum classifier_known known, uint16_t port)
{
	switch (known) {
	case CLASSIFIER_DNS:
		return port == 5353   ? NDPI_PROTOCOL_MDNS
		       : port == 5355 ? NDPI_PROTOCOL_LLMNR
		                      : NDPI_PROTOCOL_DNS;
	case CLASSIFIER_HTTP:
		return NDPI_PROTOCOL_HTTP;
	case CLASSIFIER_TLS:
		return NDPI_PROTOCOL_TLS;
	case CLASSIFIER_QUIC:
		return NDPI_PROTOCOL_QUIC;
	case CLASSIFIER_SOCKS:
		return NDPI_PROTOCOL_SOCKS;
	case CLASSIFIER_DHCP:
		return NDPI_PROTOCOL_DHCP;
	}
	return NDPI_PROTOCOL_UNKNOWN;
}

/* Fowler, Noll and Vo's hash: who collides only takes another's place. */
static struct remembered_name *
place_of(struct classifier *c, uint16_t master, struct cursor name)
{
	uint32_t hash = 2166136261u ^ master;
	size_t i;

	for (i = 0; i < name.left; i++)
		hash = (hash ^ name.at[i]) * 16777619u;
	return &c->names[(hash ^ hash >> 16) % NAMES];
}

static bool
is_remembered(const struct remembered_name *r, uint16_t master,
    struct cursor name)
{
	return r->len == name.left && r->master == master &&
	       memcmp(r->name, name.at, name.left) == 0;
}

/* nDPI wants a copy. */
static uint16_t
look_up_name(struct classifier *c, uint16_t master, struct cursor name,
    uint16_t *category)
{
	ndpi_protocol_match_result match = { 0 };
	char copy[NAME_MAX_LEN + 1];
	uint16_t app;

	memcpy(copy, name.at, name.left);
	copy[name.left] = '\0';
	app = ndpi_match_host_subprotocol(c->ndpi, c->scratch, copy,
	    (u_int)name.left, &match, master);
	*category = (uint16_t)match.protocol_category;
	memset(c->scratch, 0, sizeof *c->scratch);
	return app;
}

/* The sub-protocol that nDPI knows the name for, or 0. */
static uint16_t
match_name(struct classifier *c, uint16_t master, struct cursor name,
    ndpi_protocol_category_t *category)
{
	struct remembered_name *r;
	uint16_t found;

	if (name.left == 0 || name.left > NAME_MAX_LEN)
		return NDPI_PROTOCOL_UNKNOWN;
	if (name.left > NAME_KEPT_LEN) {
		uint16_t app = look_up_name(c, master, name, &found);

		*category = (ndpi_protocol_category_t)found;
		return app;
	}
	r = place_of(c, master, name);
	if (!is_remembered(r, master, name)) {
		r->master = master;
		r->app = look_up_name(c, master, name, &r->category);
		r->len = (uint8_t)name.left;
		memcpy(r->name, name.at, name.left);
	}
	*category = (ndpi_protocol_category_t)r->category;
	return r->app;
}

static bool
has_ports(uint8_t ip_proto)
{
	return ip_proto == IPPROTO_TCP || ip_proto == IPPROTO_UDP;
}

/* Whom nDPI lists this end for, or 0; some only with one port. */
static uint16_t
match_address(struct classifier *c, const struct addr *a, uint16_t port)
{
	struct in_addr in;

	if (!addr_is_v4(a))
		return NDPI_PROTOCOL_UNKNOWN;
	memcpy(&in, a->octets + 12, sizeof in);
	return ndpi_network_port_ptree_match(c->ndpi, &in, htons(port));
}

/* The initiator's first, as nDPI does. */
static uint16_t
match_addresses(struct classifier *c, const struct classifier_flow *flow)
{
	uint16_t app = match_address(c, &flow->initiator, flow->initiator_port);

	return app != NDPI_PROTOCOL_UNKNOWN
	           ? app
	           : match_address(c, &flow->responder, flow->responder_port);
}

void
classifier_name(struct classifier *c, const struct classifier_flow *flow,
    enum classifier_known known, struct cursor name, struct classified *out)
{
	ndpi_protocol protocol = { NDPI_PROTOCOL_UNKNOWN, NDPI_PROTOCOL_UNKNOWN,
		NDPI_PROTOCOL_CATEGORY_UNSPECIFIED };

	memset(out, 0, sizeof *out);
	protocol.master_protocol = classifier_known_protocol(known,
	    flow->responder_port);
	protocol.app_protocol = match_name(c, protocol.master_protocol, name,
	    &protocol.category);
	if (protocol.app_protocol == NDPI_PROTOCOL_UNKNOWN)
		protocol.app_protocol = match_addresses(c, flow);
	if (protocol.app_protocol == NDPI_PROTOCOL_UNKNOWN) {
		protocol.app_protocol = protocol.master_protocol;
		protocol.master_protocol = NDPI_PROTOCOL_UNKNOWN;
	}
	protocol.category = ndpi_get_proto_category(c->ndpi, protocol);
	set_protocol(out, &protocol);
	out->by = CLASSIFIED_BY_NAME;
	if (classifier_port_unexpected(c, flow, out))
		out->risks |= UINT64_C(1)
		              << NDPI_KNOWN_PROTOCOL_ON_NON_STANDARD_PORT;
}

/* nDPI knows addresses of IPv4 only. */
static uint32_t
guess_addr(const struct addr *a)
{
	const uint8_t *v4 = a->octets + 12;

	if (!addr_is_v4(a))
		return 0;
	return (uint32_t)v4[0] << 24 | (uint32_t)v4[1] << 16 |
	       (uint32_t)v4[2] << 8 | v4[3];
}

void
classifier_guess(struct classifier *c, const struct classifier_flow *flow,
    struct classified *out)
{
	bool ports = has_ports(flow->ip_proto);
	/* With ports, whatever the protocol, nDPI would take it for UDP. */
	ndpi_protocol protocol = ndpi_guess_undetected_protocol(c->ndpi, NULL,
	    flow->ip_proto, guess_addr(&flow->initiator),
	    ports ? flow->initiator_port : 0, guess_addr(&flow->responder),
	    ports ? flow->responder_port : 0);

	memset(out, 0, sizeof *out);
	set_protocol(out, &protocol);
	if (out->app == NDPI_PROTOCOL_UNKNOWN)
		return;
	out->by = out->app == match_addresses(c, flow) ? CLASSIFIED_BY_ADDRESS
	                                               : CLASSIFIED_BY_PORT;
}

/* ---- ports ---- */

_Static_assert(MAX_DEFAULT_PORTS <= CLASSIFIER_PORTS_MAX,
    "nDPI lists more ports than callers have room for");

size_t
classifier_default_ports(const struct classifier *c, uint16_t protocol,
    uint8_t ip_proto, uint16_t ports[CLASSIFIER_PORTS_MAX])
{
	const ndpi_proto_defaults_t *all = ndpi_get_proto_defaults(c->ndpi);
	const uint16_t *listed;
	size_t count;

	if (protocol >= ndpi_get_num_supported_protocols(c->ndpi))
		return 0;
	if (ip_proto == IPPROTO_TCP)
		listed = all[protocol].tcp_default_ports;
	else if (ip_proto == IPPROTO_UDP)
		listed = all[protocol].udp_default_ports;
	else
		return 0;
	for (count = 0; count < MAX_DEFAULT_PORTS && listed[count] != 0;
	     count++)
		ports[count] = listed[count];
	return count;
}

bool
classifier_port_unexpected(const struct classifier *c,
    const struct classifier_flow *flow, const struct classified *result)
{
	const uint16_t protocols[] = { result->app, result->master };
	uint16_t ports[CLASSIFIER_PORTS_MAX];
	size_t i, j, count, expected = 0;

	if (result->by < CLASSIFIED_BY_NAME)
		return false;
	for (i = 0; i < 2; i++) {
		count = classifier_default_ports(c, protocols[i],
		    flow->ip_proto, ports);
		for (j = 0; j < count; j++)
			if (ports[j] == flow->responder_port)
				return false;
		expected += count;
	}
	return expected > 0;
}

/* ---- names ---- */

const char *
classifier_protocol_name(const struct classifier *c, uint16_t protocol)
{
	return ndpi_get_proto_name(c->ndpi, protocol);
}

const char *
classifier_category_name(const struct classifier *c, uint16_t category)
{
	return category < NDPI_PROTOCOL_NUM_CATEGORIES
	           ? ndpi_category_get_name(c->ndpi,
			 (ndpi_protocol_category_t)category)
	           : "Unspecified";
}

const char *
classifier_risk_name(unsigned risk)
{
	return risk != NDPI_NO_RISK && risk < NDPI_MAX_RISK
	           ? ndpi_risk2str((ndpi_risk_enum)risk)
	           : NULL;
}

enum classifier_severity
classifier_risk_severity(unsigned risk)
{
	if (risk == NDPI_NO_RISK || risk >= NDPI_MAX_RISK)
		return CLASSIFIER_LOW;
	switch (ndpi_risk2severity((ndpi_risk_enum)risk)->severity) {
	case NDPI_RISK_LOW:
		return CLASSIFIER_LOW;
	case NDPI_RISK_MEDIUM:
		return CLASSIFIER_MEDIUM;
	case NDPI_RISK_HIGH:
		return CLASSIFIER_HIGH;
	case NDPI_RISK_SEVERE:
		return CLASSIFIER_SEVERE;
	}
	return CLASSIFIER_LOW;
}
