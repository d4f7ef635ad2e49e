#ifndef DECODERS_NDPI_CLASSIFIER_H
#define DECODERS_NDPI_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"

/*
 * What nDPI says a flow is: application protocol, category, risks.  One file
 * includes its headers; everybody else sees these types.
 *
 * nDPI is the dearest thing that is called for a flow, so there are three
 * ways to ask, by what they cost:
 *
 *	classifier_name    our decoders know the protocol and a host name: a
 *	                   look-up, no packet
 *	classifier_guess   addresses and ports only: a flow without payload,
 *	                   one beyond the limit, neither TCP, UDP nor ICMP
 *	classification_*   payload is looked at, and state is held for the flow
 *
 * Only payload is given, so that a flood of SYNs or of empty datagrams never
 * gets here.  The packets that nDPI sees are made here: headers that are
 * always whole, payload that is cut at a bound and followed by zeros.  So a
 * read past the end of a packet, which its dissectors have been known to do,
 * finds neither unmapped memory nor another flow's octets.
 *
 * nDPI cuts host names at 80 octets, and none is taken from it.
 *
 * One classifier belongs to one thread.  It is some megabytes large, so make
 * it only where it is wanted; two must not be made or freed at the same time.
 */
struct classifier;

/* More is not copied; one TLS record, and more than any dissector reads. */
#define CLASSIFIER_PAYLOAD_MAX 16384

struct classifier_limits {
	uint32_t flows_max;    /* under classification at one time */
	uint32_t payloads_max; /* packets with payload given for one flow */
};

/* Each is less than 1 kB, and what nDPI allocates for it: some strings. */
#define CLASSIFIER_FLOWS_DEFAULT 1024
/* tests/bench/classifier_bench.c shows what each further one gains. */
#define CLASSIFIER_PAYLOADS_DEFAULT 8

/*
 * NULL where memory is short, a limit is 0, or the library was built otherwise
 * than its headers say.
 */
struct classifier *classifier_new(const struct classifier_limits *limits);
void classifier_free(struct classifier *c);

struct classifier_counts {
	uint64_t begun, refused; /* refused: at the limit */
	uint64_t packets;        /* given to nDPI */
	uint32_t active;         /* under classification now */
};
void classifier_get_counts(const struct classifier *c,
    struct classifier_counts *out);

/* A flow's two ends; ports are 0 where the protocol has none. */
struct classifier_flow {
	struct addr initiator, responder;
	uint16_t initiator_port, responder_port; /* host order */
	uint8_t ip_proto;                        /* IANA protocol number */
};

/* What the result rests on, the weakest first. */
enum classified_by {
	CLASSIFIED_NOT,        /* unknown */
	CLASSIFIED_BY_PORT,    /* a guess: it is a default port */
	CLASSIFIED_BY_ADDRESS, /* a guess: the address is known for it */
	CLASSIFIED_BY_NAME,    /* classifier_name */
	CLASSIFIED_BY_CONTENT,
};

/*
 * Protocols and categories are nDPI's ids: they differ between its versions,
 * and only the names below should leave the process.  0 is unknown.
 */
struct classified {
	uint16_t app;      /* Google, BitTorrent, or DNS where it is just DNS */
	uint16_t master;   /* what carries it, as TLS; 0: nothing else does */
	uint16_t category; /* 0: unspecified */
	enum classified_by by;
	uint64_t risks; /* 1 << n for risk n, below CLASSIFIER_RISKS_MAX */
};

#define CLASSIFIER_RISKS_MAX 64

/* The fields joined as nDPI writes them: the master protocol that counts. */
static inline uint16_t
classified_base(const struct classified *result)
{
	return result->master != 0 ? result->master : result->app;
}

/* ---- by payload ---- */

struct classification;

/*
 * State for a TCP, UDP or ICMP flow, to be called with its first payload.
 * NULL: at the limit, which is counted, or another protocol; ask
 * classifier_guess instead.
 */
MUST_USE struct classification *classification_begin(struct classifier *c,
    const struct classifier_flow *flow);

enum classify {
	CLASSIFY_MORE,    /* the next packet with payload may still help */
	CLASSIFY_DECIDED, /* nothing more will be learnt: end it */
};

struct classifier_packet {
	struct cursor payload; /* ICMP: from its header on */
	uint64_t time_us;      /* capture clock, since 1970 UTC */
	uint32_t seq, ack;     /* TCP: as in the header */
	bool from_initiator;
};

/*
 * Looks at one packet.  One without payload, or after CLASSIFY_DECIDED, is
 * ignored.  TCP segments should come without retransmissions; order is of
 * little matter.
 */
enum classify classification_packet(struct classifier *c,
    struct classification *flow, const struct classifier_packet *packet);

/*
 * The result, from what was seen, and by port or address where that was not
 * enough.  The state is free for another flow.
 */
void classification_end(struct classifier *c, struct classification *flow,
    struct classified *out);

/* ---- without a packet ---- */

/* The protocols of our own decoders. */
enum classifier_known {
	CLASSIFIER_DNS, /* mDNS and LLMNR too: nDPI tells those by port */
	CLASSIFIER_HTTP,
	CLASSIFIER_TLS,
	CLASSIFIER_QUIC,
	CLASSIFIER_SOCKS,
	CLASSIFIER_DHCP,
};

/* nDPI's protocol for it, on a flow with that responder's port. */
uint16_t classifier_known_protocol(enum classifier_known known,
    uint16_t responder_port);

/*
 * The application of a host name (server_name, Host, a question's name) on a
 * flow whose protocol is known.  Any octets are allowed, none are needed.  nDPI
 * also matches parts of labels (notgithub.com is Github to it): what it says is
 * what a name looks like, never evidence of who is behind it.
 */
void classifier_name(struct classifier *c, const struct classifier_flow *flow,
    enum classifier_known known, struct cursor name, struct classified *out);

/* By addresses and ports, or by the IP protocol where there are none. */
void classifier_guess(struct classifier *c, const struct classifier_flow *flow,
    struct classified *out);

/* ---- ports ---- */

/* As many as nDPI lists for one protocol. */
#define CLASSIFIER_PORTS_MAX 8

/*
 * The default ports of a protocol on TCP (6) or UDP (17), host order; 0 where
 * it has none or is unknown.
 */
size_t classifier_default_ports(const struct classifier *c, uint16_t protocol,
    uint8_t ip_proto, uint16_t ports[CLASSIFIER_PORTS_MAX]);

/*
 * Whether the responder's port is none of those that nDPI expects, for the
 * application or for what carries it.  False where it expects none, and for
 * guesses.
 */
bool classifier_port_unexpected(const struct classifier *c,
    const struct classifier_flow *flow, const struct classified *result);

/* ---- names: nDPI's, alive as long as the classifier ---- */

const char *classifier_protocol_name(const struct classifier *c,
    uint16_t protocol);
const char *classifier_category_name(const struct classifier *c,
    uint16_t category);

enum classifier_severity {
	CLASSIFIER_LOW,
	CLASSIFIER_MEDIUM,
	CLASSIFIER_HIGH,
	CLASSIFIER_SEVERE,
};

/* NULL where this version of nDPI has no such risk. */
const char *classifier_risk_name(unsigned risk);
enum classifier_severity classifier_risk_severity(unsigned risk);

#endif
