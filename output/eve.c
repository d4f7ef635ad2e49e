#include "output/eve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/tunnel.h"
#include "output/community_id.h"
#include "output/eve_objects.h"

struct eve *
eve_new(const struct eve_options *options)
{
	struct eve *eve;

	if ((eve = calloc(1, sizeof *eve)) == NULL)
		return NULL;
	eve->options = *options;
	jw_init(&eve->json);
	if (options->sensor_name != NULL &&
	    (eve->sensor_name = strdup(options->sensor_name)) == NULL) {
		eve_free(eve);
		return NULL;
	}
	eve->options.sensor_name = eve->sensor_name;
	community_id_init();
	return eve;
}

void
eve_free(struct eve *eve)
{
	if (eve == NULL)
		return;
	jw_fini(&eve->json);
	free(eve->sensor_name);
	free(eve);
}

void
eve_time(struct eve *eve, const char *key, uint64_t time_us)
{
	char text[TIMESTAMP_LEN];

	timestamp_write(&eve->times, time_us, text);
	jw_string(&eve->json, key, text, sizeof text);
}

/* Digits without leading zeros; the end of what was written. */
static char *
octet_write(char *at, uint8_t octet)
{
	if (octet >= 100)
		*at++ = (char)('0' + octet / 100);
	if (octet >= 10)
		*at++ = (char)('0' + octet / 10 % 10);
	*at++ = (char)('0' + octet % 10);
	return at;
}

void
eve_address(struct eve *eve, const char *key, const struct addr *addr)
{
	char text[INET6_ADDRSTRLEN], *at = text;

	if (!addr_is_v4(addr)) {
		/* As RFC 5952 wants it. */
		inet_ntop(AF_INET6, addr->octets, text, sizeof text);
		jw_text(&eve->json, key, text);
		return;
	}
	for (int i = 12; i < 16; i++) {
		at = octet_write(at, addr->octets[i]);
		*at++ = '.';
	}
	jw_string(&eve->json, key, text, (size_t)(at - 1 - text));
}

void
eve_obs_text(struct eve *eve, const char *key, const struct observation *o,
    struct obs_text text)
{
	if (text.len > 0)
		jw_string(&eve->json, key, obs_octets(o, text), text.len);
}

static bool
has_ports(uint8_t ip_proto)
{
	return ip_proto == IPPROTO_TCP || ip_proto == IPPROTO_UDP ||
	       ip_proto == IPPROTO_SCTP;
}

void
eve_ends(struct eve *eve, const struct observation *o, enum direction src)
{
	enum direction dest = other_end(src);
	bool ports = has_ports(o->ip_proto);

	eve_address(eve, "src_ip", &o->addr[src]);
	if (ports && o->flow_id != 0) /* a pair has many of them */
		jw_uint(&eve->json, "src_port", o->port[src]);
	eve_address(eve, "dest_ip", &o->addr[dest]);
	if (ports)
		jw_uint(&eve->json, "dest_port", o->port[dest]);
}

/* IANA's keyword, its letters as Suricata has them; else the number. */
static void
eve_proto(struct eve *eve, const char *key, uint8_t ip_proto)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {
		{ IPPROTO_TCP, "TCP" },
		{ IPPROTO_UDP, "UDP" },
		{ IPPROTO_ICMP, "ICMP" },
		{ IPPROTO_ICMPV6, "IPv6-ICMP" },
		{ IPPROTO_SCTP, "SCTP" },
		{ IPPROTO_IGMP, "IGMP" },
		{ IPPROTO_IPIP, "IPv4" },
		{ IPPROTO_IPV6, "IPv6" },
		{ IPPROTO_GRE, "GRE" },
		{ IPPROTO_ESP, "ESP" },
		{ IPPROTO_AH, "AH" },
		{ IPPROTO_RSVP, "RSVP" },
		{ IPPROTO_PIM, "PIM" },
		{ 33, "DCCP" },
		{ 88, "EIGRP" },
		{ 89, "OSPFIGP" },
		{ 112, "VRRP" },
		{ 115, "L2TP" },
		{ 136, "UDPLite" },
	};
	char number[4];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].number == ip_proto) {
			jw_text(&eve->json, key, names[i].name);
			return;
		}
	}
	snprintf(number, sizeof number, "%u", (unsigned)ip_proto);
	jw_text(&eve->json, key, number);
}

/* Suricata's words for where a packet came from, and two in their manner. */
static const char *
packet_source_name(enum tunnel_kind kind, const struct observation *o)
{
	switch (kind) {
	case TUNNEL_NONE:
		break;
	case TUNNEL_IPIP:
		return addr_is_v4(&o->addr[DIR_OUT]) ? "ipv4 tunnel"
		                                     : "ipv6 tunnel";
	case TUNNEL_GRE:
		return "gre tunnel";
	case TUNNEL_ERSPAN:
		return "erspan tunnel";
	case TUNNEL_VXLAN:
		return "vxlan encapsulation";
	case TUNNEL_GENEVE:
		return "geneve encapsulation";
	case TUNNEL_TEREDO:
		return "teredo tunnel";
	case TUNNEL_GTP:
		return "gtp tunnel";
	case TUNNEL_ETHERIP:
		return "etherip tunnel";
	}
	return "wire/pcap";
}

static void
eve_tunnel(struct eve *eve, const struct observation *o)
{
	struct json_writer *json = &eve->json;
	bool ports = has_ports(o->tunnel_proto);

	jw_object_open(json, "tunnel");
	eve_address(eve, "src_ip", &o->tunnel_addr[0]);
	if (ports)
		jw_uint(json, "src_port", o->tunnel_port[0]);
	eve_address(eve, "dest_ip", &o->tunnel_addr[1]);
	if (ports)
		jw_uint(json, "dest_port", o->tunnel_port[1]);
	eve_proto(eve, "proto", o->tunnel_proto);
	jw_uint(json, "depth", o->tunnel_depth);
	jw_text(json, "pkt_src", "wire/pcap");
	jw_object_close(json);
}

/* What Suricata calls it; "failed" is its word for neither known nor to be. */
static const char *
app_proto_name(enum app_proto app)
{
	switch (app) {
	case APP_NONE:
		break;
	case APP_UNKNOWN:
		return "failed";
	case APP_DNS:
		return "dns";
	case APP_MDNS:
		return "mdns";
	case APP_LLMNR:
		return "llmnr";
	case APP_HTTP:
	case APP_HTTP_TUNNEL:
		return "http";
	case APP_TLS:
		return "tls";
	case APP_QUIC:
		return "quic";
	case APP_SOCKS:
		return "socks";
	case APP_DHCP:
		return "dhcp";
	}
	return NULL;
}

const char *
eve_tunnel_proto(const struct observation *o)
{
	return o->tls.tunnel_app == APP_SOCKS ? "socks" : "http";
}

/* What a proxy was asked for, where the flow is inside of that. */
static struct obs_text
inner_host(const struct observation *o)
{
	if (o->kind == OBS_TLS || o->kind == OBS_TLS_HELLO)
		return o->tls.tunnel_host;
	return (struct obs_text){ 0 };
}

static void
eve_app_proto(struct eve *eve, const struct observation *o)
{
	const char *name = app_proto_name((enum app_proto)o->app);

	if ((o->app == APP_NONE || o->app == APP_UNKNOWN) &&
	    eve_ndpi_app_proto(eve, o))
		return;
	if (name == NULL)
		return;
	jw_text(&eve->json, "app_proto", name);
	if (o->app == APP_TLS && inner_host(o).len > 0)
		jw_text(&eve->json, "app_proto_orig", eve_tunnel_proto(o));
}

static void
eve_community_id(struct eve *eve, const struct observation *o)
{
	char id[COMMUNITY_ID_SIZE];

	if (community_id_write(&o->addr[DIR_OUT], &o->addr[DIR_IN],
		o->port[DIR_OUT], o->port[DIR_IN], o->ip_proto, id))
		jw_string(&eve->json, "community_id", id, sizeof id - 1);
}

/* Which sensor, and what it was reading. */
static void
eve_sensor(struct eve *eve)
{
	if (eve->sensor_name != NULL && eve->sensor_name[0] != '\0')
		jw_text(&eve->json, "host", eve->sensor_name);
}

static void
eve_source(struct eve *eve, const struct observation *o, bool whole_flow)
{
	const char *name = eve->options.source_name(eve->options.source_arg,
	    o->source);

	if (name != NULL)
		jw_text(&eve->json,
		    eve->options.live ? "in_iface" : "pcap_filename", name);
	if (!eve->options.live && !whole_flow && o->packet_number > 0)
		jw_uint(&eve->json, "pcap_cnt", o->packet_number);
}

void
eve_header(struct eve *eve, const struct observation *o, const char *event_type,
    uint64_t time_us, enum direction src, bool whole_flow)
{
	struct json_writer *json = &eve->json;

	eve_time(eve, "timestamp", time_us);
	if (o->flow_id != 0) {
		jw_uint(json, "flow_id", o->flow_id);
		eve_community_id(eve, o);
	}
	eve_sensor(eve);
	if (o->flow_id != 0)
		eve_source(eve, o, whole_flow);
	jw_text(json, "event_type", event_type);
	eve_ends(eve, o, src);
	eve_proto(eve, "proto", o->ip_proto);
	jw_uint(json, "ip_v", addr_is_v4(&o->addr[src]) ? 4 : 6);
	eve_app_proto(eve, o);
	if (o->vlan_count > 0) {
		jw_array_open(json, "vlan");
		for (unsigned i = 0; i < o->vlan_count && i < 3; i++)
			jw_uint(json, NULL, o->vlan[i]);
		jw_array_close(json);
	}
	if (!whole_flow)
		jw_text(json, "pkt_src",
		    packet_source_name((enum tunnel_kind)o->tunnel_kind, o));
	if (o->tunnel_depth > 0)
		eve_tunnel(eve, o);
}

static void
eve_flow_variable(struct eve *eve, const char *key, const char *value,
    size_t len)
{
	if (len == 0)
		return;
	jw_object_open(&eve->json, NULL);
	jw_text(&eve->json, "key", key);
	jw_string(&eve->json, "value", value, len);
	jw_object_close(&eve->json);
}

static struct obs_text
package_of(const struct observation *o)
{
	if (o->kind == OBS_HTTP || o->kind == OBS_HTTP_REQUEST)
		return o->http.package;
	return (struct obs_text){ 0 };
}

/* "policy", in the end of a flow that a policy only observed. */
static void
eve_policy_variable(struct eve *eve, const struct observation *o)
{
	const struct eve_options *options = &eve->options;
	const char *found = NULL;

	if (o->kind == OBS_FLOW_END && options->flow_policy != NULL)
		found = options->flow_policy(options->flow_policy_arg,
		    o->flow_id);
	if (found != NULL)
		eve_flow_variable(eve, "policy", found, strlen(found));
}

/* What the traffic itself is about, beside its ends. */
static void
eve_content_variables(struct eve *eve, const struct observation *o)
{
	struct obs_text inner = inner_host(o), package = package_of(o);

	if (inner.len > 0)
		eve_flow_variable(eve,
		    o->tls.tunnel_app == APP_SOCKS ? "socks_host"
		                                   : "connect_host",
		    obs_octets(o, inner), inner.len);
	eve_flow_variable(eve, "package", obs_octets(o, package), package.len);
}

/*
 * Suricata's metadata.flowvars are pairs of a name and a value that rules set
 * on a flow; ours tell the segments: src_segment, src_role, dest_segment,
 * dest_role; the direction that they make; and connect_host where the flow is
 * inside a proxy's CONNECT, socks_host inside SOCKS; of an HTTP request the
 * package that it fetches.
 */
void
eve_metadata(struct eve *eve, const struct observation *o, enum direction src)
{
	const struct segments *segments = eve->options.segments;
	enum direction dest = other_end(src);
	const char *name[2], *role[2], *way;

	for (int end = 0; end < 2; end++) {
		name[end] = segment_name(segments, o->segment[end]);
		role[end] = segment_role(segments, o->segment[end]);
	}
	jw_object_open(&eve->json, "metadata");
	jw_array_open(&eve->json, "flowvars");
	eve_flow_variable(eve, "src_segment", name[src], strlen(name[src]));
	eve_flow_variable(eve, "src_role", role[src], strlen(role[src]));
	eve_flow_variable(eve, "dest_segment", name[dest], strlen(name[dest]));
	eve_flow_variable(eve, "dest_role", role[dest], strlen(role[dest]));
	way = segments_direction(segments, o->segment[DIR_OUT],
	    o->segment[DIR_IN]);
	eve_flow_variable(eve, "direction", way, strlen(way));
	eve_content_variables(eve, o);
	eve_policy_variable(eve, o);
	jw_array_close(&eve->json);
	jw_object_close(&eve->json);
}

/* An alert has the ends in its context. */
static void
eve_alert_metadata(struct eve *eve, const struct observation *o)
{
	if (inner_host(o).len == 0 && package_of(o).len == 0)
		return;
	jw_object_open(&eve->json, "metadata");
	jw_array_open(&eve->json, "flowvars");
	eve_content_variables(eve, o);
	jw_array_close(&eve->json);
	jw_object_close(&eve->json);
}

static uint64_t *
alerted_slot(struct eve *eve, uint64_t flow_id)
{
	/* Fibonacci hashing, to 13 bits: similar ids spread all the same. */
	return &eve->alerted[flow_id * UINT64_C(0x9e3779b97f4a7c15) >> 51];
}

/*
 * Since version 3 a DNS answer is an event of the packet that it came in, so
 * src_ip is its sender; before, src_ip was who had asked.
 */
static enum direction
dns_source(const struct eve *eve, const struct observation *o)
{
	enum direction sender = (enum direction)o->sender;

	if (o->dns.response && eve->options.dns_version == 2)
		return other_end(sender);
	return sender;
}

static void
write_dns(struct eve *eve, const struct observation *o)
{
	enum direction src = dns_source(eve, o);

	bool multicast = o->app == APP_MDNS;

	eve_header(eve, o, multicast ? "mdns" : "dns", o->time_us, src, false);
	eve_metadata(eve, o, src);
	if (multicast)
		eve_mdns_object(eve, o);
	else
		eve_dns_object(eve, o);
}

static void
write_http(struct eve *eve, const struct observation *o)
{
	eve_header(eve, o, "http", o->time_us, DIR_OUT, false);
	eve_metadata(eve, o, DIR_OUT);
	eve_http_object(eve, o, false);
}

static void
write_tls(struct eve *eve, const struct observation *o)
{
	eve_header(eve, o, "tls", o->time_us, DIR_OUT, false);
	eve_metadata(eve, o, DIR_OUT);
	eve_tls_object(eve, o);
}

static void
write_quic(struct eve *eve, const struct observation *o)
{
	eve_header(eve, o, "quic", o->time_us, DIR_OUT, false);
	eve_metadata(eve, o, DIR_OUT);
	eve_quic_object(eve, o);
}

static void
write_flow(struct eve *eve, const struct observation *o)
{
	eve_header(eve, o, "flow", o->time_us, DIR_OUT, true);
	eve_metadata(eve, o, DIR_OUT);
	eve_flow_object(eve, o,
	    *alerted_slot(eve, o->flow_id) == o->flow_id + 1);
	eve_ndpi_object(eve, o);
}

const char *
eve_observation(struct eve *eve, const struct observation *o, size_t *len)
{
	jw_begin(&eve->json);
	jw_object_open(&eve->json, NULL);
	switch ((enum obs_kind)o->kind) {
	case OBS_DNS:
		write_dns(eve, o);
		break;
	case OBS_HTTP:
		write_http(eve, o);
		break;
	case OBS_TLS:
		write_tls(eve, o);
		break;
	case OBS_QUIC_HANDSHAKE:
		write_quic(eve, o);
		break;
	case OBS_FLOW_END:
		write_flow(eve, o);
		break;
	case OBS_FLOW_START:
	case OBS_FLOW_APP:
	case OBS_FLOW_BURST:
	case OBS_HTTP_REQUEST:
	case OBS_TLS_HELLO:
	case OBS_QUIC:
	case OBS_PROXY:
	case OBS_HOST:
		return NULL; /* no event is made of these */
	}
	jw_object_close(&eve->json);
	return jw_end(&eve->json, len);
}

static void
write_protocol(struct eve *eve, const struct hit *hit)
{
	const struct observation *o = hit->observation;

	switch ((enum obs_kind)o->kind) {
	case OBS_DNS:
		if (o->app == APP_MDNS)
			eve_mdns_object(eve, o);
		else
			eve_dns_alert_object(eve, o);
		break;
	case OBS_HTTP:
	case OBS_HTTP_REQUEST:
		eve_http_object(eve, o, hit->where == WHERE_HTTP_BODY);
		break;
	case OBS_TLS:
	case OBS_TLS_HELLO:
		eve_tls_object(eve, o);
		break;
	case OBS_QUIC:
	case OBS_QUIC_HANDSHAKE:
		eve_quic_object(eve, o);
		break;
	case OBS_FLOW_START:
	case OBS_FLOW_APP:
	case OBS_FLOW_BURST:
	case OBS_FLOW_END:
	case OBS_PROXY:
	case OBS_HOST:
		break;
	}
}

const char *
eve_hit(struct eve *eve, const struct hit *hit, size_t *len)
{
	const struct observation *o = hit->observation;

	*alerted_slot(eve, o->flow_id) = o->flow_id + 1;
	jw_begin(&eve->json);
	jw_object_open(&eve->json, NULL);
	eve_header(eve, o, "alert", hit->time_us, hit->source,
	    o->kind == OBS_FLOW_END || o->flow_id == 0);
	eve_alert_metadata(eve, o);
	eve_alert_object(eve, hit);
	write_protocol(eve, hit);
	/* Of src_ip to dest_ip, whichever way the packet went. */
	jw_text(&eve->json, "direction",
	    hit->source == DIR_OUT ? "to_server" : "to_client");
	if (o->flow_id != 0)
		eve_alert_flow_object(eve, o);
	jw_object_close(&eve->json);
	return jw_end(&eve->json, len);
}

const char *
eve_beacon(struct eve *eve, const struct hit *hit, size_t *len)
{
	const struct observation *o = hit->observation;

	jw_begin(&eve->json);
	jw_object_open(&eve->json, NULL);
	eve_header(eve, o, "beacon", hit->time_us, hit->source, true);
	eve_metadata(eve, o, hit->source);
	eve_beacon_object(eve, hit);
	jw_object_close(&eve->json);
	return jw_end(&eve->json, len);
}

const char *
eve_stats(struct eve *eve, uint64_t time_us, const struct eve_numbers *numbers,
    size_t *len)
{
	jw_begin(&eve->json);
	jw_object_open(&eve->json, NULL);
	eve_time(eve, "timestamp", time_us);
	eve_sensor(eve);
	jw_text(&eve->json, "event_type", "stats");
	eve_stats_objects(eve, numbers);
	jw_object_close(&eve->json);
	return jw_end(&eve->json, len);
}
