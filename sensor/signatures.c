#include "sensor/signatures.h"

/* Suricata's class command-and-control. */
#define CATEGORY "Malware Command and Control Activity Detected"
/* A beacon's score. */
#define BEYOND_DOUBT 0.95f

/* MITRE ATT&CK, attack.mitre.org. */
static const char *const dns_ids[] = { "T1071.004", "T1195.002", NULL };
static const char *const web_ids[] = { "T1071.001", "T1195.002", NULL };
static const char *const flow_ids[] = { "T1071", "T1195.002", NULL };
static const char *const proxy_ids[] = { "T1090", "T1071.001", NULL };
static const char *const delivery_ids[] = { "T1105", "T1195.002", NULL };

static const char *const package_ids[] = { "T1195.002", "T1195.001", NULL };

/* An id is never given to anything else, even when its row is gone. */
static const struct {
	uint32_t id;
	const char *text;
	const char *const *attack_ids;
} kinds[WHERE_COUNT] = {
	[WHERE_DNS_QUERY] = { 7310001, "EGRESS listed name looked up in DNS",
	    dns_ids },
	[WHERE_DNS_ANSWER] = { 7310002,
	    "EGRESS DNS answer points to a listed name or address", dns_ids },
	[WHERE_HTTP_HOST] = { 7310003, "EGRESS HTTP request to a listed host",
	    web_ids },
	[WHERE_HTTP_URL] = { 7310004, "EGRESS HTTP request for a listed URL",
	    web_ids },
	[WHERE_HTTP_PATH] = { 7310005, "EGRESS HTTP request for a listed path",
	    web_ids },
	[WHERE_HTTP_USER_AGENT] = { 7310006,
	    "EGRESS HTTP request with a listed User-Agent", web_ids },
	[WHERE_HTTP_BODY] = { 7310007, "EGRESS HTTP request with a listed body",
	    delivery_ids },
	[WHERE_TLS_SNI] = { 7310008, "EGRESS TLS to a listed server name",
	    web_ids },
	[WHERE_FLOW_DEST] = { 7310009, "EGRESS contact with a listed address",
	    flow_ids },
	[WHERE_FLOW_SOURCE] = { 7310010, "EGRESS contact from a listed address",
	    flow_ids },
	[WHERE_DNS_MEMORY] = { 7310011,
	    "EGRESS contact with the address of a listed name", flow_ids },
	[WHERE_TUNNEL_HOST] = { 7310012, "EGRESS proxy asked for a listed host",
	    proxy_ids },
	[WHERE_SOCKS_HOST] = { 7310013,
	    "EGRESS SOCKS proxy asked for a listed host", proxy_ids },
	[WHERE_QUIC_SNI] = { 7310014, "EGRESS QUIC to a listed server name",
	    web_ids },
	[WHERE_JA3] = { 7310015, "EGRESS TLS client with a listed JA3",
	    web_ids },
	[WHERE_JA3S] = { 7310016, "EGRESS TLS server with a listed JA3S",
	    web_ids },
	[WHERE_JA4] = { 7310017, "EGRESS TLS client with a listed JA4",
	    web_ids },
	[WHERE_PACKAGE] = { 7310018, "EGRESS listed package was fetched",
	    package_ids },
	[WHERE_DEST_COUNTRY] = { 7310019, "EGRESS contact with a listed country",
	    flow_ids },
	[WHERE_DEST_ASN] = { 7310020,
	    "EGRESS contact with a listed autonomous system", flow_ids },
};

struct signature
signature_for(const struct indicator *indicator, enum hit_where where)
{
	uint8_t confidence = indicator->confidence;

	return (struct signature){
		.id = kinds[where].id,
		.rev = 1,
		.severity = confidence >= 80   ? 1
		            : confidence >= 50 ? 2
		                               : 3,
		.text = kinds[where].text,
		.category = CATEGORY,
		.attack_ids = kinds[where].attack_ids,
	};
}

struct signature
signature_for_profile(const struct profile_finding *finding)
{
	const struct profile *profile = finding->profile;

	return (struct signature){
		.id = profile->signature_id,
		.rev = 1,
		.severity = profile->severity,
		.text = profile->signature,
		.category = CATEGORY,
		.attack_ids = profile->attack_ids,
	};
}

struct signature
signature_for_beacon(const struct beacon_report *report)
{
	/* Application Layer Protocol; Scheduled Transfer. */
	static const char *const ids[] = { "T1071", "T1029", NULL };

	return (struct signature){
		.id = 7310201,
		.rev = 1,
		.severity = report->best->score >= BEYOND_DOUBT ? 2 : 3,
		.text = "EGRESS periodic contact with one service",
		.category = CATEGORY,
		.attack_ids = ids,
	};
}

/* Suricata's class policy-violation. */
struct signature
signature_for_policy(bool denied)
{
	/* Exfiltration Over Alternative Protocol; Proxy. */
	static const char *const denied_ids[] = { "T1048", "T1090", NULL };

	return (struct signature){
		.id = denied ? 7310402 : 7310401,
		.rev = 1,
		.severity = 2,
		.text = denied ? "EGRESS policy: denied service or place"
		               : "EGRESS policy: not allowed out",
		.category = "Potential Corporate Privacy Violation",
		.attack_ids = denied ? denied_ids : NULL,
	};
}

/* Suricata's classes bad-unknown, shellcode-detect, string-detect. */
struct signature
signature_for_behaviour(enum behaviour behaviour, uint8_t severity)
{
	static const char *const post_ids[] = { "T1071.001", "T1041", NULL };
	static const char *const tool_ids[] = { "T1105", NULL };
	static const char *const agent_ids[] = { "T1071.001", "T1036", NULL };
	static const struct signature rows[BEHAVIOUR_COUNT] = {
		[BEHAVIOUR_PLAIN_POST] = { 7310301, 1, 0,
		    "EGRESS plain HTTP POST to a bare address",
		    "Potentially Bad Traffic", post_ids },
		[BEHAVIOUR_EXECUTABLE] = { 7310302, 1, 0,
		    "EGRESS executable downloaded over plain HTTP",
		    "Executable code was detected", tool_ids },
		[BEHAVIOUR_DEAD_USER_AGENT] = { 7310303, 1, 0,
		    "EGRESS HTTP request with the User-Agent of a dead system",
		    "A suspicious string was detected", agent_ids },
	};
	struct signature signature = rows[behaviour];

	signature.severity = severity;
	return signature;
}

const char *
hit_where_name(enum hit_where where)
{
	switch (where) {
	case WHERE_DNS_QUERY:
		return "dns.query";
	case WHERE_DNS_ANSWER:
		return "dns.answer";
	case WHERE_HTTP_HOST:
		return "http.host";
	case WHERE_HTTP_URL:
		return "http.url";
	case WHERE_HTTP_PATH:
		return "http.path";
	case WHERE_HTTP_USER_AGENT:
		return "http.user_agent";
	case WHERE_HTTP_BODY:
		return "http.request_body";
	case WHERE_TLS_SNI:
		return "tls.sni";
	case WHERE_FLOW_DEST:
		return "flow.dest";
	case WHERE_FLOW_SOURCE:
		return "flow.src";
	case WHERE_DNS_MEMORY:
		return "flow.dns_memory";
	case WHERE_SOCKS_HOST:
		return "socks.host";
	case WHERE_QUIC_SNI:
		return "quic.sni";
	case WHERE_JA3:
		return "tls.ja3";
	case WHERE_JA3S:
		return "tls.ja3s";
	case WHERE_JA4:
		return "tls.ja4";
	case WHERE_PACKAGE:
		return "http.package";
	case WHERE_DEST_COUNTRY:
		return "flow.dest_country";
	case WHERE_DEST_ASN:
		return "flow.dest_asn";
	case WHERE_TUNNEL_HOST:
		return "http.connect";
	case WHERE_COUNT:
		break;
	}
	return "";
}
