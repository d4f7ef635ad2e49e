#ifndef OUTPUT_EVE_OBJECTS_H
#define OUTPUT_EVE_OBJECTS_H

#include "output/eve.h"
#include "output/json_writer.h"
#include "output/timestamp.h"

/*
 * The parts that EVE events are made of; private to output/eve*.c.  Each
 * writes its object, key included, into the event that is being written.
 */

/*
 * Flows that a hit was written for, so that their end can say "alerted".
 * Direct-mapped: a later flow takes the place of an earlier one, and its
 * "alerted" is false then.  A hit is rare, so 8192 go far.
 */
#define ALERTED_MAX 8192

struct eve {
	struct json_writer json;
	struct timestamp_cache times;
	struct eve_options options;
	char *sensor_name;
	uint64_t alerted[ALERTED_MAX]; /* flow_id + 1; 0: none */
};

/* One end of the flow, as the event calls it. */
static inline enum direction
other_end(enum direction end)
{
	return end == DIR_OUT ? DIR_IN : DIR_OUT;
}

void eve_time(struct eve *eve, const char *key, uint64_t time_us);
void eve_address(struct eve *eve, const char *key, const struct addr *addr);
/* Nothing where the text is empty. */
void eve_obs_text(struct eve *eve, const char *key, const struct observation *o,
    struct obs_text text);

/* src_ip, src_port, dest_ip, dest_port; ports where the protocol has them. */
void eve_ends(struct eve *eve, const struct observation *o, enum direction src);

/*
 * timestamp to tunnel: what all events of packets begin with.  `src` is the
 * end that src_ip is; `whole_flow`: of no one packet.
 */
void eve_header(struct eve *eve, const struct observation *o,
    const char *event_type, uint64_t time_us, enum direction src,
    bool whole_flow);

/* What the tunnel was asked of that a TLS flow is inside of. */
const char *eve_tunnel_proto(const struct observation *o);

/* metadata: the segments of both ends, which way the flow goes by them, and the
 * proxy's target inside CONNECT or SOCKS, the package that is fetched */
void eve_metadata(struct eve *eve, const struct observation *o,
    enum direction src);

/* "queries", where there are questions: rrname and rrtype. */
void eve_dns_questions(struct eve *eve, const struct observation *o);
/* A section's records in an array, where it has any, each by `write_one`. */
typedef void (*eve_dns_record)(struct eve *eve, const struct observation *o,
    const struct obs_record *record);
void eve_dns_section(struct eve *eve, const struct observation *o,
    const char *key, enum dns_section section, eve_dns_record write_one);
void eve_mdns_object(struct eve *eve, const struct observation *o);
void eve_dns_object(struct eve *eve, const struct observation *o);
/* In version 2, alerts of queries have them in an array too. */
void eve_dns_alert_object(struct eve *eve, const struct observation *o);
/* `with_body`: the first octets of the request's body too. */
void eve_http_object(struct eve *eve, const struct observation *o,
    bool with_body);
void eve_tls_object(struct eve *eve, const struct observation *o);
void eve_quic_object(struct eve *eve, const struct observation *o);
/* "ja3" and "ja3s", with their strings, and "ja4"; as far as they are known. */
void eve_client_fingerprints(struct eve *eve, const struct observation *o);
void eve_server_fingerprint(struct eve *eve, const struct observation *o);

/* Of a flow's end; with tcp, where it is TCP. */
void eve_flow_object(struct eve *eve, const struct observation *o,
    bool alerted);
/* In an alert: what the flow had come to. */
void eve_alert_flow_object(struct eve *eve, const struct observation *o);

/* "beacon" of hit->beacon, with all that the score is made of. */
void eve_beacon_object(struct eve *eve, const struct hit *hit);
/* "profile", and "beacon": the rhythm of its requests. */
void eve_profile_object(struct eve *eve, const struct profile_finding *finding);
void eve_profile_beacon_object(struct eve *eve,
    const struct profile_finding *finding);

void eve_alert_object(struct eve *eve, const struct hit *hit);
/* Members of alert.context: what is known of the ends beside the fact. */
void eve_hit_context(struct eve *eve, const struct hit *hit);
/* "ndpi": what nDPI makes of the flow; nothing where it has not said. */
void eve_ndpi_object(struct eve *eve, const struct observation *o);
/* app_proto by nDPI, where it knows by payload; else false, and nothing. */
bool eve_ndpi_app_proto(struct eve *eve, const struct observation *o);
void eve_stats_objects(struct eve *eve, const struct eve_numbers *numbers);

#endif
