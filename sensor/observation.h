#ifndef SENSOR_OBSERVATION_H
#define SENSOR_OBSERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"

/*
 * What one transaction on the wire showed; facts, no opinion.  This is the
 * one thing that crosses from the packet side to the detectors.
 *
 * An observation is self-contained: one block of `size` octets, the struct
 * followed by its text, with offsets instead of pointers, so that it can be
 * copied through a ring or written down as it is.  Integers are host order.
 */

/* Bound on `size`; what does not fit is left out and flagged OBS_CUT. */
#define OBS_SIZE_MAX 65536

enum obs_kind {
	OBS_FLOW_START, /* first packet of a flow */
	OBS_FLOW_APP,   /* its application is decided (perhaps APP_UNKNOWN) */
	OBS_FLOW_BURST, /* a flow that is only counted talks again after rest */
	OBS_FLOW_END,   /* closed, timed out, evicted, or the capture ended */
	OBS_DNS,        /* one DNS message, query or answer */
	OBS_HTTP_REQUEST, /* a request's head (and first body octets) is there
	                   */
	OBS_HTTP,         /* the exchange: request, response, or both */
	OBS_TLS_HELLO,    /* a ClientHello */
	OBS_TLS,          /* the handshake: ClientHello, ServerHello, or both */
	OBS_QUIC,         /* a ClientHello in QUIC Initials */
	OBS_QUIC_HANDSHAKE, /* it, and the ServerHello where that was seen */
	OBS_PROXY,        /* a SOCKS proxy was asked for a destination */
	OBS_HOST,         /* DHCP showed the name of a host */
};

enum app_proto {
	APP_NONE, /* nothing seen yet that would tell */
	APP_UNKNOWN,
	APP_DNS,
	APP_MDNS,  /* RFC 6762 */
	APP_LLMNR, /* RFC 4795 */
	APP_HTTP,
	APP_TLS,
	APP_HTTP_TUNNEL, /* CONNECT; what is inside is not (yet) known */
	APP_QUIC,
	APP_SOCKS, /* what is inside is not (yet) known */
	APP_DHCP,
};

enum direction {
	DIR_OUT, /* sent by the initiator */
	DIR_IN,  /* sent by the responder */
};

/* A run of octets in the observation's text; not terminated. */
struct obs_text {
	uint32_t at, len;
};

/* An array in the observation's text; elements are aligned for their type. */
struct obs_array {
	uint32_t at, count;
};

struct obs_question {
	struct obs_text name; /* presentation form, no final dot */
	uint16_t type, qclass;
};

enum dns_section { DNS_ANSWER = 1, DNS_AUTHORITY, DNS_ADDITIONAL };

/*
 * One resource record.  By type:
 *   A, AAAA               data: 4 or 16 octets, network order
 *   CNAME DNAME NS PTR    data: the name
 *   MX                    data: exchange; number: preference
 *   SRV                   data: target; number: priority, weight, port
 *   SOA                   data: mname; extra: rname; number: serial, refresh,
 *                         retry, expire, minimum
 *   TXT                   data: wire form, strings with a length octet each
 *   HTTPS SVCB            data: target; number: priority; extra: the addresses
 *                         of ipv4hint and ipv6hint, 16 octets each
 *   any other             data: wire form, its first 256 octets
 */
struct obs_record {
	struct obs_text name;
	uint16_t type, rclass;
	uint32_t ttl;
	struct obs_text data, extra;
	uint32_t number[5];
	uint8_t section; /* enum dns_section */
};

struct obs_dns {
	uint16_t id, flags; /* RFC 1035 section 4.1.1, host order */
	uint16_t rcode;     /* with the extended bits of RFC 6891 */
	bool response;
	struct obs_array questions; /* struct obs_question */
	struct obs_array records;   /* struct obs_record; OPT is left out */
};

/* Field values have their folds replaced by a space. */
struct obs_http {
	bool has_request, has_response;
	uint8_t request_minor, response_minor; /* HTTP/1.x; 9 for HTTP/0.9 */
	bool tunnelled; /* inside CONNECT or SOCKS, or sent to a proxy */
	uint16_t port;  /* of the authority; 0: not given there */
	uint16_t status;
	uint64_t request_us, response_us;
	uint64_t request_body_len, response_body_len; /* seen or announced */
	struct obs_text method;
	struct obs_text target; /* as sent */
	struct obs_text path;   /* origin-form: path and query of `target` */
	struct obs_text host;   /* of the absolute target, else Host; no port */
	struct obs_text user_agent, referer, content_type; /* request's */
	struct obs_text body; /* request body's first octets */
	struct obs_text package; /* package URL of the file asked for, or none */
	struct obs_text response_type, location, server;
	/* Its first octets, at most 64; transfer-decoded, content-coded. */
	struct obs_text response_body;
};

struct obs_tls {
	bool has_client, has_server;
	bool ech;                /* server_name is the outer name, RFC 9849 */
	bool hello_retried;      /* a HelloRetryRequest was seen */
	uint16_t client_version; /* highest offered, GREASE left out */
	uint16_t server_version; /* selected */
	uint16_t cipher;         /* selected */
	struct obs_text server_name;
	struct obs_array client_alpn; /* struct obs_text */
	struct obs_text server_alpn;
	struct obs_text tunnel_host; /* proxy's target, where inside one */
	uint16_t tunnel_port;
	uint8_t tunnel_app; /* APP_HTTP_TUNNEL or APP_SOCKS, where inside one */
	uint32_t quic_version; /* OBS_QUIC*; RFC 9000 section 15 */
	/* sensor/fingerprint.h; empty where the hello was not whole. */
	struct obs_text ja3, ja3_string, ja4;
	struct obs_text ja3s, ja3s_string;
};

/* What a SOCKS proxy was asked for (decoders/socks.h). */
struct obs_proxy {
	uint8_t version; /* 4 or 5 */
	uint8_t command; /* enum socks_command */
	uint16_t port;
	struct obs_text host; /* name, or address as text */
};

struct obs_host {
	struct addr addr;
	struct obs_text name; /* as sent */
};

/*
 * nDPI's opinion (decoders/ndpi_classifier.h).  The numbers are its own, of the
 * version that is running.
 */
struct obs_ndpi {
	bool known;       /* else nothing of this was said */
	uint8_t by;       /* enum classified_by */
	uint8_t category;
	uint16_t master; /* protocol, such as TLS */
	uint16_t app;    /* what is carried, such as GitHub; may be master */
	uint64_t risks;  /* bits */
};

enum flow_end_reason {
	FLOW_END_CLOSED, /* FIN both ways, or RST */
	FLOW_END_TIMEOUT,
	FLOW_END_EVICTED, /* the table was full */
	FLOW_END_SHUTDOWN,
};

enum flow_state { FLOW_NEW, FLOW_ESTABLISHED, FLOW_CLOSED };

struct obs_flow {
	uint8_t reason; /* enum flow_end_reason; of OBS_FLOW_END */
	bool named; /* an OBS_ that names the destination came before */
	uint8_t tcp_flags[2]; /* seen, by direction */
	uint32_t gaps;        /* octets that the capture lost, at most 2^32-1 */
};

struct observation {
	uint32_t size;  /* octets, struct and text; a multiple of 8 */
	uint8_t kind;   /* enum obs_kind */
	uint8_t app;    /* enum app_proto: the flow's, as known by now */
	uint8_t sender; /* enum direction of the packet that completed it */
	uint8_t state;  /* enum flow_state */
	bool cut;       /* something did not fit, or was not captured */
	bool midstream; /* the flow began before the capture */
	uint8_t ip_proto;
	uint8_t vlan_count;
	uint16_t vlan[3];
	uint16_t source;  /* which capture file or interface */
	uint64_t time_us; /* capture clock, since 1970 UTC */
	uint64_t flow_id; /* 1..2^52-1, the same in every run of a capture; 0
	                   * where a detector speaks of no one flow */
	uint64_t packet_number; /* in its source, from 1; 0: of no one packet */

	/* The flow: [DIR_OUT] is the initiator's side, [DIR_IN] the other. */
	struct addr addr[2];
	uint16_t port[2];
	uint16_t segment[2]; /* index, sensor/segments.h */
	uint64_t flow_first_us, flow_last_us;
	uint64_t octets[2], packets[2]; /* sent by each side so far; wire */

	uint8_t tunnel_kind, tunnel_depth, tunnel_proto;
	uint16_t tunnel_port[2];
	struct addr tunnel_addr[2]; /* outermost: source, destination */

	struct obs_ndpi ndpi; /* the flow's, as known by now */

	union {
		struct obs_flow flow; /* OBS_FLOW_* */
		struct obs_dns dns;
		struct obs_http http; /* OBS_HTTP, OBS_HTTP_REQUEST */
		struct obs_tls tls;   /* OBS_TLS*, OBS_QUIC* */
		struct obs_proxy proxy; /* OBS_PROXY */
		struct obs_host host;   /* OBS_HOST */
	};
};

static inline const char *
obs_octets(const struct observation *o, struct obs_text text)
{
	return (const char *)(o + 1) + text.at;
}

static inline const void *
obs_elements(const struct observation *o, struct obs_array array)
{
	return (const char *)(o + 1) + array.at;
}

#endif
