#ifndef SENSOR_HIT_H
#define SENSOR_HIT_H

#include <stdbool.h>
#include <stdint.h>

#include "iocs/indicator.h"
#include "sensor/observation.h"

/*
 * A detector's finding about one fact, with its evidence.  Borrowed: a hit and
 * all that it points at are dead when the function that it was given to
 * returns.
 */

/* Where in the traffic an indicator was met; the names are hit_where_name's. */
enum hit_where {
	WHERE_DNS_QUERY,       /* dns.query */
	WHERE_DNS_ANSWER,      /* dns.answer: a name or address in an answer */
	WHERE_HTTP_HOST,       /* http.host */
	WHERE_HTTP_URL,        /* http.url */
	WHERE_HTTP_PATH,       /* http.path */
	WHERE_HTTP_USER_AGENT, /* http.user_agent */
	WHERE_HTTP_BODY,       /* http.request_body */
	WHERE_TLS_SNI,         /* tls.sni */
	WHERE_FLOW_DEST,       /* flow.dest: contacted, answered or not */
	WHERE_FLOW_SOURCE,     /* flow.src: a listed address that came in */
	WHERE_DNS_MEMORY,  /* flow.dns_memory: address answered for a name */
	WHERE_TUNNEL_HOST, /* http.connect: a proxy was asked for it */
	WHERE_SOCKS_HOST,  /* socks.host: a SOCKS proxy was asked for it */
	WHERE_QUIC_SNI,    /* quic.sni */
	WHERE_JA3,         /* tls.ja3, quic.ja3 as well */
	WHERE_JA3S,        /* tls.ja3s */
	WHERE_JA4,         /* tls.ja4, quic.ja4 as well */
	WHERE_PACKAGE,     /* http.package: a package's file was fetched */
	WHERE_DEST_COUNTRY, /* flow.dest_country */
	WHERE_DEST_ASN,     /* flow.dest_asn */
	WHERE_COUNT,
};
const char *hit_where_name(enum hit_where where);

struct beacon_report;
struct profile_finding;
struct hit_context;

/* A kind of hit, as EVE's alert object names it. */
struct signature {
	uint32_t id; /* signature_id; never reused */
	uint32_t rev;
	uint8_t severity;     /* 1 (high) .. 3 */
	const char *text;     /* signature */
	const char *category; /* as in Suricata's classification.config */
	const char *const *attack_ids; /* MITRE ATT&CK techniques; NULL ends */
};

struct hit {
	char id[33]; /* hexadecimal; equal for the same fact and capture */
	/* "indicator", "rat_profile", "beacon", "policy", "behaviour" */
	const char *detector;
	const struct signature *signature;
	/* What raised it; of an update, the fact's first observation. */
	const struct observation *observation;
	bool update; /* the fact was reported before */
	uint64_t time_us; /* of this report, capture clock */
	uint64_t count;   /* times the fact was met */
	uint64_t first_us, last_us;
	enum direction source; /* which end of the flow src_ip is */

	const struct profile_finding *profile; /* detector "rat_profile" */
	const struct beacon_report *beacon;    /* detector "beacon" */

	/* detectors "policy" and "behaviour"; else NULL */
	const char *rule;   /* the policy's or behaviour's name */
	const char *reason; /* for people: what about it is not as it should */
	uint8_t confidence; /* 0..100; of "behaviour" */

	/* What is known of both ends beside the fact; sensor/hit_context.h. */
	const struct hit_context *context; /* NULL: nothing */

	/* detector "indicator"; else NULL */
	const struct indicator *indicator;
	enum hit_where where;
	const char *matched; /* the value in the traffic; or what broke a rule */
	uint32_t matched_len;
	/* WHERE_DNS_MEMORY: the name that was answered, and when. */
	const char *learnt_name;
	uint64_t learnt_us;
};

#endif
