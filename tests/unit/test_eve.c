#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>

#include "decoders/tunnel.h"
#include "output/community_id.h"
#include "output/eve.h"
#include "output/timestamp.h"

/* 2026-03-31T00:21:03.123456Z, by date(1). */
#define TIME_US UINT64_C(1774916463123456)

struct fixture {
	struct eve_options options;
	struct segments *segments;
	struct eve *eve;
	struct observation *o;
	json_t *event; /* the last one */
};

/* --- observations by hand --- */

static struct addr
address(const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1)
		return addr_v4(octets);
	assert_int_equal(inet_pton(AF_INET6, text, octets), 1);
	return addr_v6(octets);
}

static uint32_t
add_octets(struct observation *o, const void *octets, size_t len)
{
	uint32_t at = o->size - (uint32_t)sizeof *o;

	assert_true(o->size + len + 8 <= OBS_SIZE_MAX);
	memcpy((char *)(o + 1) + at, octets, len);
	o->size += (uint32_t)(len + 7) / 8 * 8;
	return at;
}

static struct obs_text
octets(struct observation *o, const char *at, size_t len)
{
	return (struct obs_text){ add_octets(o, at, len), (uint32_t)len };
}

static struct obs_text
text(struct observation *o, const char *at)
{
	return octets(o, at, strlen(at));
}

static void
begin(struct fixture *f, enum obs_kind kind, enum app_proto app)
{
	struct observation *o = f->o;

	memset(o, 0, OBS_SIZE_MAX);
	o->size = sizeof *o;
	o->kind = (uint8_t)kind;
	o->app = (uint8_t)app;
	o->ip_proto = app == APP_DNS ? IPPROTO_UDP : IPPROTO_TCP;
	o->state = FLOW_ESTABLISHED;
	o->time_us = TIME_US;
	o->flow_id = 1234567890123;
	o->packet_number = 42;
	o->source = 7;
	o->addr[DIR_OUT] = address("192.0.2.10");
	o->addr[DIR_IN] = address("198.51.100.20");
	o->port[DIR_OUT] = 40000;
	o->port[DIR_IN] = 443;
	o->flow_first_us = TIME_US - 2500000;
	o->flow_last_us = TIME_US;
	o->packets[DIR_OUT] = 5;
	o->packets[DIR_IN] = 4;
	o->octets[DIR_OUT] = 600;
	o->octets[DIR_IN] = 5000;
}

static void
add_question(struct observation *o, const char *name, uint16_t type)
{
	struct obs_question question = { text(o, name), type, 1 };

	o->dns.questions.at = add_octets(o, &question, sizeof question);
	o->dns.questions.count = 1;
}

/* All at once, since they lie one behind the other. */
static void
add_records(struct observation *o, const struct obs_record *records,
    uint32_t count)
{
	o->dns.records.at = add_octets(o, records, count * sizeof *records);
	o->dns.records.count = count;
}

static void
begin_dns(struct fixture *f, bool response)
{
	begin(f, OBS_DNS, APP_DNS);
	f->o->port[DIR_IN] = 53;
	f->o->sender = response ? DIR_IN : DIR_OUT;
	f->o->dns.id = 16000;
	f->o->dns.response = response;
	f->o->dns.flags = response ? 0x8180 : 0x0100;
}

/* --- running and looking --- */

static const char *
name_of_source(void *arg, uint16_t source)
{
	assert_int_equal(source, 7);
	return arg;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct addr network = address("192.0.2.0");
	int build;

	f->o = malloc(OBS_SIZE_MAX);
	f->segments = segments_new();
	build = segments_add(f->segments, "build", "build-server");
	assert_int_not_equal(build, -1);
	assert_int_equal(segments_add_network(f->segments, (uint16_t)build,
			     &network, 120),
	    0);
	assert_int_equal(segments_compile(f->segments), 0);
	f->options = (struct eve_options){ .sensor_name = "sensor-1",
		.dns_version = 3,
		.source_name = name_of_source,
		.source_arg = "/captures/one.pcap",
		.segments = f->segments };
	f->eve = eve_new(&f->options);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	eve_free(f->eve);
	segments_free(f->segments);
	json_decref(f->event);
	free(f->o);
	free(f);
	return 0;
}

/* With other options than setup's. */
static void
renew(struct fixture *f)
{
	eve_free(f->eve);
	f->eve = eve_new(&f->options);
	assert_non_null(f->eve);
}

static json_t *
keep_event(struct fixture *f, const char *line, size_t len)
{
	json_error_t error;

	assert_non_null(line);
	assert_int_equal(strlen(line), len);
	assert_null(strchr(line, '\n'));
	json_decref(f->event);
	f->event = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (f->event == NULL)
		fail_msg("%s: %s", error.text, line);
	return f->event;
}

/* The event of f->o, which is copied so that ASan sees what is overread. */
static json_t *
event(struct fixture *f)
{
	struct observation *copy = malloc(f->o->size);
	const char *line;
	size_t len;

	memcpy(copy, f->o, f->o->size);
	line = eve_observation(f->eve, copy, &len);
	free(copy);
	return keep_event(f, line, len);
}

/* A member, or of a member: "dns.answers.0.rdata". */
static json_t *
get(json_t *from, const char *path)
{
	char key[64];

	while (from != NULL && *path != '\0') {
		size_t len = strcspn(path, ".");

		assert_true(len < sizeof key);
		memcpy(key, path, len);
		key[len] = '\0';
		from = json_is_array(from)
		           ? json_array_get(from, strtoul(key, NULL, 10))
		           : json_object_get(from, key);
		path += len + (path[len] == '.');
	}
	return from;
}

static void
assert_text(json_t *from, const char *path, const char *expected)
{
	const char *value = json_string_value(get(from, path));

	if (value == NULL || strcmp(value, expected) != 0)
		fail_msg("%s is %s, not %s", path,
		    value != NULL ? value : "no string", expected);
}

static void
assert_number(json_t *from, const char *path, json_int_t expected)
{
	if (!json_is_integer(get(from, path)) ||
	    json_integer_value(get(from, path)) != expected)
		fail_msg("%s is %lld, not %lld", path,
		    (long long)json_integer_value(get(from, path)),
		    (long long)expected);
}

/* Exactly these members, separated by spaces, in any order. */
static void
assert_keys(json_t *from, const char *path, const char *expected)
{
	char *list = strdup(expected), *rest = list, *key;
	json_t *object = get(from, path);
	size_t count = 0;

	assert_true(json_is_object(object));
	while ((key = strsep(&rest, " ")) != NULL) {
		if (json_object_get(object, key) == NULL)
			fail_msg("%s has no %s", path, key);
		count++;
	}
	if (json_object_size(object) != count)
		fail_msg("%s has other members too: %s", path,
		    json_dumps(object, 0));
	free(list);
}

/* --- what all events have --- */

#define HEADER                                                                 \
	"timestamp flow_id community_id host pcap_filename event_type src_ip " \
	"src_port dest_ip dest_port proto ip_v app_proto"

static void
test_the_header_is_eves(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin(f, OBS_TLS, APP_TLS);
	f->o->tls.has_client = true;
	e = event(f);
	assert_keys(e, "", HEADER " pkt_src pcap_cnt metadata tls");
	assert_text(e, "timestamp", "2026-03-31T00:21:03.123456+0000");
	assert_number(e, "flow_id", 1234567890123);
	assert_text(e, "host", "sensor-1");
	assert_text(e, "pcap_filename", "/captures/one.pcap");
	assert_text(e, "event_type", "tls");
	assert_text(e, "src_ip", "192.0.2.10");
	assert_number(e, "src_port", 40000);
	assert_text(e, "dest_ip", "198.51.100.20");
	assert_number(e, "dest_port", 443);
	assert_text(e, "proto", "TCP");
	assert_number(e, "ip_v", 4);
	assert_text(e, "app_proto", "tls");
	assert_text(e, "pkt_src", "wire/pcap");
	assert_number(e, "pcap_cnt", 42);
}

static void
test_live_events_name_the_interface(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	f->options.live = true;
	f->options.source_arg = "eth0";
	f->options.sensor_name = NULL;
	renew(f);
	begin(f, OBS_TLS, APP_TLS);
	e = event(f);
	assert_text(e, "in_iface", "eth0");
	assert_null(get(e, "pcap_filename"));
	assert_null(get(e, "pcap_cnt"));
	assert_null(get(e, "host"));
}

static void
test_ipv6_vlans_and_the_tunnel_are_told(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin(f, OBS_TLS, APP_TLS);
	f->o->addr[DIR_OUT] = address("2001:db8::1:0:0:1");
	f->o->addr[DIR_IN] = address("2001:db8::2");
	f->o->vlan_count = 2;
	f->o->vlan[0] = 10;
	f->o->vlan[1] = 20;
	f->o->tunnel_kind = TUNNEL_VXLAN;
	f->o->tunnel_depth = 1;
	f->o->tunnel_proto = IPPROTO_UDP;
	f->o->tunnel_port[0] = 55555;
	f->o->tunnel_port[1] = 4789;
	f->o->tunnel_addr[0] = address("203.0.113.1");
	f->o->tunnel_addr[1] = address("203.0.113.2");
	e = event(f);
	assert_text(e, "src_ip", "2001:db8::1:0:0:1"); /* RFC 5952 4.2.3 */
	assert_text(e, "dest_ip", "2001:db8::2");
	assert_number(e, "ip_v", 6);
	assert_number(e, "vlan.0", 10);
	assert_number(e, "vlan.1", 20);
	assert_int_equal(json_array_size(get(e, "vlan")), 2);
	assert_text(e, "pkt_src", "vxlan encapsulation");
	assert_keys(e, "tunnel",
	    "src_ip src_port dest_ip dest_port proto depth pkt_src");
	assert_text(e, "tunnel.src_ip", "203.0.113.1");
	assert_number(e, "tunnel.src_port", 55555);
	assert_text(e, "tunnel.dest_ip", "203.0.113.2");
	assert_number(e, "tunnel.dest_port", 4789);
	assert_text(e, "tunnel.proto", "UDP");
	assert_number(e, "tunnel.depth", 1);
}

static void
test_segments_are_flow_variables(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin(f, OBS_HTTP, APP_HTTP);
	f->o->segment[DIR_IN] = 2;
	e = event(f);
	assert_keys(e, "metadata", "flowvars");
	assert_int_equal(json_array_size(get(e, "metadata.flowvars")), 3);
	assert_keys(e, "metadata.flowvars.0", "key value");
	assert_text(e, "metadata.flowvars.0.key", "dest_segment");
	assert_text(e, "metadata.flowvars.0.value", "build");
	assert_text(e, "metadata.flowvars.1.key", "dest_role");
	assert_text(e, "metadata.flowvars.1.value", "build-server");
	assert_text(e, "metadata.flowvars.2.key", "direction");
	assert_text(e, "metadata.flowvars.2.value", "ingress");
}

static void
test_ports_are_left_out_where_the_protocol_has_none(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin(f, OBS_FLOW_END, APP_NONE);
	f->o->ip_proto = IPPROTO_ICMP;
	e = event(f);
	assert_text(e, "proto", "ICMP");
	assert_null(get(e, "src_port"));
	assert_null(get(e, "dest_port"));
	assert_null(get(e, "app_proto"));
	/* It is made of ICMP types, which a flow does not tell. */
	assert_null(get(e, "community_id"));
	assert_null(get(e, "tcp"));
	f->o->ip_proto = 250;
	assert_text(event(f), "proto", "250");
	f->o->ip_proto = IPPROTO_ICMPV6;
	assert_text(event(f), "proto", "IPv6-ICMP");
}

/* --- dns --- */

static void
test_a_dns_query_is_a_version_3_request(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin_dns(f, false);
	add_question(f->o, "www.example.com", 65280);
	e = event(f);
	assert_keys(e, "", HEADER " pkt_src pcap_cnt metadata dns");
	assert_text(e, "event_type", "dns");
	assert_text(e, "proto", "UDP");
	assert_keys(e, "dns", "version type id flags rd opcode rcode queries");
	assert_number(e, "dns.version", 3);
	assert_text(e, "dns.type", "request");
	assert_number(e, "dns.id", 16000);
	assert_text(e, "dns.flags", "100");
	assert_true(json_is_true(get(e, "dns.rd")));
	assert_number(e, "dns.opcode", 0);
	assert_text(e, "dns.rcode", "NOERROR");
	assert_keys(e, "dns.queries.0", "rrname rrtype");
	assert_text(e, "dns.queries.0.rrname", "www.example.com");
	assert_text(e, "dns.queries.0.rrtype", "TYPE65280");
}

static void
begin_answer(struct fixture *f)
{
	struct observation *o = (begin_dns(f, true), f->o);
	struct obs_text name = text(o, "a.example");
	struct obs_record records[] = {
		{ name, 5, 1, 60, text(o, "b.example"), { 0 }, { 0 },
		    DNS_ANSWER },
		{ name, 1, 1, 61, octets(o, "\xc0\x00\x02\x01", 4), { 0 },
		    { 0 }, DNS_ANSWER },
		{ name, 28, 1, 62,
		    octets(o, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16),
		    { 0 }, { 0 }, DNS_ANSWER },
		{ name, 15, 1, 63, text(o, "mx.example"), { 0 }, { 10 },
		    DNS_ANSWER },
		{ name, 16, 1, 64, octets(o, "\x03one\x00\x03t\xffo", 9), { 0 },
		    { 0 }, DNS_ANSWER },
		{ name, 6, 1, 65, text(o, "ns.example"),
		    text(o, "root.example"), { 1, 2, 3, 4, 5 }, DNS_ANSWER },
		{ name, 33, 1, 66, text(o, "srv.example"), { 0 },
		    { 1, 2, 5060 }, DNS_ANSWER },
		{ name, 44, 1, 67, octets(o, "\x01\x02\xab\xcd", 4), { 0 },
		    { 0 }, DNS_ANSWER },
		{ name, 65, 1, 68, text(o, "svc.example"), { 0 }, { 1 },
		    DNS_ANSWER },
		{ name, 39, 1, 69, text(o, "d.example"), { 0 }, { 0 },
		    DNS_ANSWER },
		{ name, 2, 1, 70, text(o, "ns1.example"), { 0 }, { 0 },
		    DNS_AUTHORITY },
		{ name, 6, 1, 71, text(o, "ns.example"),
		    text(o, "root.example"), { 1, 2, 3, 4, 5 }, DNS_AUTHORITY },
		{ name, 33, 1, 72, text(o, "srv.example"), { 0 },
		    { 1, 2, 5060 }, DNS_ADDITIONAL },
		{ name, 1, 1, 73, octets(o, "\xc6\x33\x64\x01", 4), { 0 },
		    { 0 }, DNS_ADDITIONAL },
	};

	add_question(o, "a.example", 255);
	add_records(o, records, sizeof records / sizeof records[0]);
}

static void
test_a_dns_answer_has_its_answer_section_only_in_answers(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin_answer(f);
	e = event(f);
	assert_keys(e, "dns",
	    "version type id flags qr rd ra opcode rcode "
	    "queries answers grouped authorities "
	    "additionals");
	assert_text(e, "dns.type", "response");
	assert_text(e, "dns.flags", "8180");
	assert_text(e, "dns.queries.0.rrtype", "ANY");
	/* Ten records, the TXT with three strings. */
	assert_int_equal(json_array_size(get(e, "dns.answers")), 12);
	assert_keys(e, "dns.answers.0", "rrname rrtype ttl rdata");
	assert_text(e, "dns.answers.0.rrtype", "CNAME");
	assert_number(e, "dns.answers.0.ttl", 60);
	assert_text(e, "dns.answers.0.rdata", "b.example");
	assert_text(e, "dns.answers.1.rdata", "192.0.2.1");
	assert_text(e, "dns.answers.2.rdata", "2001:db8::1");
	assert_text(e, "dns.answers.3.rdata", "mx.example");
	assert_text(e, "dns.answers.4.rdata", "one");
	assert_text(e, "dns.answers.5.rdata", "");
	assert_text(e, "dns.answers.6.rdata", "t\xc3\xbfo");
	assert_keys(e, "dns.answers.7", "rrname rrtype ttl soa");
	assert_keys(e, "dns.answers.7.soa",
	    "mname rname serial refresh retry expire minimum");
	assert_number(e, "dns.answers.7.soa.minimum", 5);
	assert_text(e, "dns.answers.7.soa.rname", "root.example");
	assert_keys(e, "dns.answers.8.srv", "priority weight port name");
	assert_number(e, "dns.answers.8.srv.port", 5060);
	assert_keys(e, "dns.answers.9.sshfp", "fingerprint algo type");
	assert_text(e, "dns.answers.9.sshfp.fingerprint", "ab:cd");
	assert_keys(e, "dns.answers.10", "rrname rrtype ttl");
	assert_text(e, "dns.answers.10.rrtype", "HTTPS");
	assert_text(e, "dns.answers.11.rdata", "d.example");
}

static void
test_a_dns_answer_has_the_other_sections_as_the_schema_allows(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin_answer(f);
	e = event(f);
	assert_int_equal(json_array_size(get(e, "dns.authorities")), 2);
	assert_text(e, "dns.authorities.0.rdata", "ns1.example");
	assert_keys(e, "dns.authorities.1", "rrname rrtype ttl soa");
	assert_int_equal(json_array_size(get(e, "dns.additionals")), 2);
	assert_keys(e, "dns.additionals.0", "rrname rrtype ttl");
	assert_text(e, "dns.additionals.1.rdata", "198.51.100.1");
	assert_keys(e, "dns.grouped", "A AAAA CNAME MX SOA SRV SSHFP TXT");
	assert_int_equal(json_array_size(get(e, "dns.grouped.A")), 1);
	assert_int_equal(json_array_size(get(e, "dns.grouped.TXT")), 3);
	assert_number(e, "dns.grouped.SRV.0.weight", 2);
}

static void
test_a_dns_answer_comes_from_who_sent_it(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin_answer(f);
	f->o->segment[DIR_OUT] = 2;
	e = event(f);
	assert_text(e, "src_ip", "198.51.100.20");
	assert_number(e, "src_port", 53);
	assert_text(e, "dest_ip", "192.0.2.10");
	assert_text(e, "metadata.flowvars.0.key", "dest_segment");
	/* Suricata 7 gave who had asked. */
	f->options.dns_version = 2;
	renew(f);
	assert_text(event(f), "src_ip", "192.0.2.10");
}

static void
test_version_2_is_suricata_7s(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	f->options.dns_version = 2;
	renew(f);
	begin_dns(f, false);
	add_question(f->o, "www.example.com", 28);
	e = event(f);
	assert_keys(e, "dns", "version type id opcode rrname rrtype");
	assert_number(e, "dns.version", 2);
	assert_text(e, "dns.type", "query");
	assert_text(e, "dns.rrname", "www.example.com");
	assert_text(e, "dns.rrtype", "AAAA");
	begin_answer(f);
	e = event(f);
	assert_keys(e, "dns",
	    "version type id flags qr rd ra opcode rrname "
	    "rrtype rcode answers grouped authorities "
	    "additionals");
	assert_text(e, "dns.type", "answer");
	assert_text(e, "dns.rrtype", "ANY");
}

static void
test_rcodes_have_ianas_names_or_their_number(void **state)
{
	struct fixture *f = *state;

	begin_dns(f, true);
	f->o->dns.rcode = 3;
	assert_text(event(f), "dns.rcode", "NXDOMAIN");
	f->o->dns.rcode = 16;
	assert_text(event(f), "dns.rcode", "BADVERS");
	f->o->dns.rcode = 23;
	assert_text(event(f), "dns.rcode", "BADCOOKIE");
	f->o->dns.rcode = 3841;
	assert_text(event(f), "dns.rcode", "3841");
	/* Nothing of what is empty. */
	assert_keys(f->event, "dns",
	    "version type id flags qr rd ra opcode "
	    "rcode");
}

static void
test_records_that_are_too_short_have_no_rdata(void **state)
{
	struct fixture *f = *state;
	struct observation *o = f->o;
	json_t *e;

	begin_dns(f, true);
	{
		struct obs_record records[] = {
			{ text(o, ""), 1, 1, 1, octets(o, "abc", 3), { 0 },
			    { 0 }, DNS_ANSWER },
			{ text(o, "x"), 28, 1, 1, octets(o, "abcd", 4), { 0 },
			    { 0 }, DNS_ANSWER },
			{ text(o, "x"), 44, 1, 1, octets(o, "\1", 1), { 0 },
			    { 0 }, DNS_ANSWER },
			{ text(o, "x"), 16, 1, 1, { 0 }, { 0 }, { 0 },
			    DNS_ANSWER },
			{ text(o, "x"), 16, 1, 1,
			    octets(o,
				"\x09"
				"ab",
				3),
			    { 0 }, { 0 }, DNS_ANSWER },
		};

		add_records(o, records, 5);
	}
	e = event(f);
	assert_null(get(e, "dns.grouped"));
	for (int i = 0; i < 5; i++) {
		char path[32];

		snprintf(path, sizeof path, "dns.answers.%d", i);
		assert_keys(e, path, "rrname rrtype ttl");
	}
	assert_int_equal(json_array_size(get(e, "dns.answers")), 5);
}

static void
test_multicast_dns_is_an_event_of_its_own(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin_answer(f);
	f->o->app = APP_MDNS;
	e = event(f);
	assert_text(e, "event_type", "mdns");
	assert_text(e, "app_proto", "mdns");
	assert_null(get(e, "dns"));
	assert_keys(e, "mdns",
	    "type id flags opcode rcode queries answers authorities "
	    "additionals");
	assert_text(e, "mdns.type", "response");
	assert_text(e, "mdns.flags.0", "rd");
	assert_keys(e, "mdns.answers.0", "rrname");
	assert_keys(e, "mdns.answers.4", "rrname txt");
	assert_text(e, "mdns.answers.4.txt.0", "one");
}

/* --- http, tls, flow --- */

static void
begin_http(struct fixture *f, enum obs_kind kind)
{
	struct obs_http *http = (begin(f, kind, APP_HTTP), &f->o->http);

	f->o->port[DIR_IN] = 8000;
	http->has_request = http->has_response = true;
	http->request_minor = http->response_minor = 1;
	http->status = 302;
	http->response_body_len = 310;
	http->method = text(f->o, "POST");
	http->target = text(f->o, "http://c2.example:8000/6202033?x=1");
	http->path = text(f->o, "/6202033?x=1");
	http->host = text(f->o, "c2.example");
	http->port = 8000;
	http->user_agent = text(f->o, "mozilla/4.0 (\xff)");
	http->referer = text(f->o, "http://r.example/");
	http->content_type = text(f->o, "text/plain");
	http->body = text(f->o, "packages.npm.org/product1\n\x01");
	http->response_type = text(f->o, "application/json");
	http->location = text(f->o, "/next");
	http->server = text(f->o, "nginx");
}

static void
test_an_http_exchange_has_both_halves(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin_http(f, OBS_HTTP);
	e = event(f);
	assert_keys(e, "http",
	    "hostname http_port url http_user_agent http_content_type "
	    "http_refer http_method protocol status redirect length");
	assert_text(e, "http.hostname", "c2.example");
	assert_number(e, "http.http_port", 8000);
	assert_text(e, "http.url", "http://c2.example:8000/6202033?x=1");
	assert_text(e, "http.http_user_agent", "mozilla/4.0 (\xc3\xbf)");
	assert_text(e, "http.http_content_type", "application/json");
	assert_text(e, "http.http_refer", "http://r.example/");
	assert_text(e, "http.http_method", "POST");
	assert_text(e, "http.protocol", "HTTP/1.1");
	assert_number(e, "http.status", 302);
	assert_text(e, "http.redirect", "/next");
	assert_number(e, "http.length", 310);
}

static void
test_half_an_http_exchange_has_its_half(void **state)
{
	struct fixture *f = *state;

	begin_http(f, OBS_HTTP);
	f->o->http.has_request = false;
	f->o->http.response_minor = 0;
	f->o->http.status = 201;
	assert_keys(event(f), "http",
	    "http_content_type protocol status length");
	assert_text(f->event, "http.protocol", "HTTP/1.0");
	begin_http(f, OBS_HTTP);
	f->o->http.has_response = false;
	f->o->http.request_minor = 9;
	f->o->http.host.len = 0;
	f->o->http.port = 0;
	assert_keys(event(f), "http",
	    "url http_user_agent http_refer http_method protocol");
	assert_text(f->event, "http.protocol", "HTTP/0.9");
}

static void
begin_tls(struct fixture *f)
{
	struct obs_tls *tls = (begin(f, OBS_TLS, APP_TLS), &f->o->tls);
	struct obs_text alpn[2] = { text(f->o, "h2"), text(f->o, "http/1.1") };

	tls->has_client = tls->has_server = true;
	tls->client_version = tls->server_version = 0x0304;
	tls->cipher = 0x1301;
	tls->server_name = text(f->o, "sfrclak.example");
	tls->client_alpn.at = add_octets(f->o, alpn, sizeof alpn);
	tls->client_alpn.count = 2;
	tls->server_alpn = text(f->o, "h2");
}

static void
test_a_tls_handshake_has_what_was_offered_and_chosen(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin_tls(f);
	e = event(f);
	assert_keys(e, "tls",
	    "sni version client_alpns server_alpns "
	    "client_handshake server_handshake");
	assert_text(e, "tls.sni", "sfrclak.example");
	assert_text(e, "tls.version", "TLS 1.3");
	assert_text(e, "tls.client_alpns.0", "h2");
	assert_text(e, "tls.client_alpns.1", "http/1.1");
	assert_text(e, "tls.server_alpns.0", "h2");
	assert_keys(e, "tls.client_handshake", "version");
	assert_keys(e, "tls.server_handshake", "version cipher");
	assert_number(e, "tls.server_handshake.cipher", 0x1301);
	f->o->tls.has_client = false;
	f->o->tls.server_name.len = 0;
	f->o->tls.server_version = 0x0301;
	assert_keys(event(f), "tls", "version server_alpns server_handshake");
	assert_text(f->event, "tls.version", "TLSv1");
	f->o->tls.server_version = 0x7f1c;
	assert_text(event(f), "tls.version", "0x7f1c");
}

/* metadata.flowvars has this pair. */
static void
assert_variable(json_t *e, const char *key, const char *value)
{
	json_t *pair;
	size_t i;

	json_array_foreach (get(e, "metadata.flowvars"), i, pair) {
		if (strcmp(json_string_value(json_object_get(pair, "key")),
			key) != 0)
			continue;
		assert_string_equal(json_string_value(json_object_get(pair,
					"value")),
		    value);
		return;
	}
	fail_msg("no %s", key);
}

static void
test_tls_inside_connect_says_so(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin_tls(f);
	f->o->tls.tunnel_host = text(f->o, "c2.example");
	f->o->tls.tunnel_port = 443;
	e = event(f);
	assert_text(e, "app_proto_orig", "http");
	assert_text(e, "tls.from_proto", "http");
	assert_variable(e, "connect_host", "c2.example");
}

static void
test_a_package_that_is_fetched_is_a_flow_variable(void **state)
{
	struct fixture *f = *state;

	begin(f, OBS_HTTP, APP_HTTP);
	f->o->http.has_request = true;
	f->o->http.package = text(f->o, "pkg:npm/axios@1.14.1");
	assert_variable(event(f), "package", "pkg:npm/axios@1.14.1");
}

static void
test_tls_inside_socks_says_so(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin_tls(f);
	f->o->tls.tunnel_host = text(f->o, "c2.example");
	f->o->tls.tunnel_port = 443;
	f->o->tls.tunnel_app = APP_SOCKS;
	e = event(f);
	assert_text(e, "app_proto_orig", "socks");
	assert_text(e, "tls.from_proto", "socks");
	assert_variable(e, "socks_host", "c2.example");
}

static void
test_a_flow_has_its_counts_times_and_flags(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin(f, OBS_FLOW_END, APP_UNKNOWN);
	f->o->state = FLOW_CLOSED;
	f->o->flow.reason = FLOW_END_CLOSED;
	f->o->flow.tcp_flags[DIR_OUT] = 0x1b;
	f->o->flow.tcp_flags[DIR_IN] = 0x12;
	e = event(f);
	assert_keys(e, "", HEADER " metadata flow tcp");
	assert_text(e, "app_proto", "failed");
	assert_keys(e, "flow",
	    "pkts_toserver pkts_toclient bytes_toserver bytes_toclient start "
	    "end age state reason alerted");
	assert_number(e, "flow.pkts_toserver", 5);
	assert_number(e, "flow.pkts_toclient", 4);
	assert_number(e, "flow.bytes_toserver", 600);
	assert_number(e, "flow.bytes_toclient", 5000);
	assert_text(e, "flow.start", "2026-03-31T00:21:00.623456+0000");
	assert_text(e, "flow.end", "2026-03-31T00:21:03.123456+0000");
	assert_number(e, "flow.age", 3);
	assert_text(e, "flow.state", "closed");
	assert_text(e, "flow.reason", "timeout");
	assert_true(json_is_false(get(e, "flow.alerted")));
	assert_keys(e, "tcp",
	    "tcp_flags tcp_flags_ts tcp_flags_tc syn fin psh "
	    "ack state");
	assert_text(e, "tcp.tcp_flags", "1b");
	assert_text(e, "tcp.tcp_flags_tc", "12");
	assert_text(e, "tcp.state", "closed");
}

static void
test_a_flow_that_was_never_answered_is_new(void **state)
{
	struct fixture *f = *state;
	json_t *e;

	begin(f, OBS_FLOW_END, APP_NONE);
	f->o->state = FLOW_NEW;
	f->o->flow.reason = FLOW_END_EVICTED;
	f->o->flow.tcp_flags[DIR_OUT] = 0x02;
	/* a clock that was set back */
	f->o->flow_last_us = f->o->flow_first_us - 5000000;
	e = event(f);
	assert_text(e, "flow.state", "new");
	assert_text(e, "flow.reason", "forced");
	assert_number(e, "flow.age", 0);
	assert_text(e, "tcp.state", "syn_sent");
	f->o->flow.reason = FLOW_END_SHUTDOWN;
	assert_text(event(f), "flow.reason", "shutdown");
}

static void
test_no_event_is_made_of_what_is_for_detectors_only(void **state)
{
	static const enum obs_kind kinds[] = { OBS_FLOW_START, OBS_FLOW_APP,
		OBS_HTTP_REQUEST, OBS_TLS_HELLO };
	struct fixture *f = *state;
	size_t len;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		begin(f, kinds[i], APP_NONE);
		assert_null(eve_observation(f->eve, f->o, &len));
	}
}

/* --- alerts --- */

static const char *const attack_ids[] = { "T1071.004", "T1195.002", NULL };
static const struct signature signature = { 7000001, 3, 1,
	"Known-bad domain looked up", "A Network Trojan was detected",
	attack_ids };
static const struct feed feed = { "vendor-report", "axios-2026",
	"https://example.org/report" };

static struct indicator
domain_indicator(void)
{
	return (struct indicator){ .type = INDICATOR_DOMAIN,
		.confidence = 90,
		.value_len = 11,
		.value = "bad.example",
		.description = "second stage",
		.feed = &feed,
		.valid_from_us = TIME_US,
		.valid_until_us = TIME_US + 1000000 };
}

static struct hit
hit_of(const struct fixture *f, const struct indicator *indicator,
    enum hit_where where)
{
	return (struct hit){ .id = "0123456789abcdef0123456789abcdef",
		.detector = "indicator",
		.signature = &signature,
		.observation = f->o,
		.time_us = TIME_US + 5,
		.count = 3,
		.first_us = TIME_US,
		.last_us = TIME_US + 5,
		.source = DIR_OUT,
		.indicator = indicator,
		.where = where,
		.matched = "x.bad.example",
		.matched_len = 13 };
}

static json_t *
alert(struct fixture *f, const struct hit *hit)
{
	size_t len;
	const char *line = eve_hit(f->eve, hit, &len);

	return keep_event(f, line, len);
}

static void
test_an_alert_is_eves_with_our_context(void **state)
{
	struct fixture *f = *state;
	struct indicator indicator = domain_indicator();
	struct hit hit;
	json_t *e;

	begin_dns(f, false);
	add_question(f->o, "x.bad.example", 1);
	f->o->segment[DIR_OUT] = 2;
	hit = hit_of(f, &indicator, WHERE_DNS_QUERY);
	e = alert(f, &hit);
	assert_keys(e, "", HEADER " pkt_src pcap_cnt alert dns direction flow");
	assert_text(e, "event_type", "alert");
	assert_text(e, "timestamp", "2026-03-31T00:21:03.123461+0000");
	assert_text(e, "direction", "to_server");
	assert_keys(e, "alert",
	    "action gid signature_id rev signature category severity "
	    "references metadata context");
	assert_text(e, "alert.action", "allowed");
	assert_number(e, "alert.gid", 1);
	assert_number(e, "alert.signature_id", 7000001);
	assert_number(e, "alert.rev", 3);
	assert_number(e, "alert.severity", 1);
	assert_text(e, "alert.references.0", "https://example.org/report");
	assert_keys(e, "alert.metadata",
	    "mitre_technique_id confidence created_at");
	assert_text(e, "alert.metadata.mitre_technique_id.1", "T1195.002");
	assert_text(e, "alert.metadata.confidence.0", "High");
	assert_text(e, "alert.metadata.created_at.0", "2026_03_31");
	assert_text(e, "dns.queries.0.rrname", "x.bad.example");
	assert_keys(e, "flow",
	    "pkts_toserver pkts_toclient bytes_toserver "
	    "bytes_toclient start src_ip src_port dest_ip "
	    "dest_port");
}

static void
test_the_context_is_the_evidence(void **state)
{
	struct fixture *f = *state;
	struct indicator indicator = domain_indicator();
	struct hit hit;
	json_t *e;

	begin(f, OBS_FLOW_START, APP_NONE);
	f->o->segment[DIR_OUT] = 2;
	hit = hit_of(f, &indicator, WHERE_DNS_MEMORY);
	hit.learnt_name = "x.bad.example";
	hit.learnt_us = TIME_US - 1000000;
	hit.matched = "203.0.113.9\xff";
	hit.matched_len = 12;
	e = alert(f, &hit);
	assert_keys(e, "alert.context",
	    "hit_id direction detector segment role indicator learnt count first_seen "
	    "last_seen");
	assert_text(e, "alert.context.hit_id",
	    "0123456789abcdef0123456789abcdef");
	assert_text(e, "alert.context.segment", "build");
	assert_text(e, "alert.context.role", "build-server");
	assert_keys(e, "alert.context.indicator",
	    "type value matched where source campaign confidence valid_from "
	    "valid_until description");
	assert_text(e, "alert.context.indicator.type", "domain");
	assert_text(e, "alert.context.indicator.value", "bad.example");
	assert_text(e, "alert.context.indicator.matched",
	    "203.0.113.9\xc3\xbf");
	assert_text(e, "alert.context.indicator.where", "flow.dns_memory");
	assert_number(e, "alert.context.indicator.confidence", 90);
	assert_text(e, "alert.context.indicator.valid_until",
	    "2026-03-31T00:21:04.123456+0000");
	assert_keys(e, "alert.context.learnt", "name time");
	assert_text(e, "alert.context.learnt.time",
	    "2026-03-31T00:21:02.123456+0000");
	assert_number(e, "alert.context.count", 3);
	assert_text(e, "alert.context.last_seen",
	    "2026-03-31T00:21:03.123461+0000");
}

static void
test_an_alert_comes_from_the_end_that_is_ours(void **state)
{
	struct fixture *f = *state;
	struct indicator indicator = domain_indicator();
	struct feed bare = { "list.txt", NULL, NULL };
	struct hit hit;
	json_t *e;

	indicator = (struct indicator){ .type = INDICATOR_ADDRESS,
		.value = "192.0.2.10",
		.value_len = 10,
		.confidence = 50,
		.feed = &bare };
	begin(f, OBS_FLOW_START, APP_NONE);
	hit = hit_of(f, &indicator, WHERE_FLOW_SOURCE);
	hit.source = DIR_IN;
	e = alert(f, &hit);
	assert_text(e, "src_ip", "198.51.100.20");
	assert_text(e, "dest_ip", "192.0.2.10");
	assert_text(e, "direction", "to_client");
	assert_text(e, "flow.src_ip", "192.0.2.10");
	assert_number(e, "flow.dest_port", 443);
	assert_null(get(e, "alert.references"));
	assert_keys(e, "alert.metadata", "mitre_technique_id confidence");
	assert_text(e, "alert.metadata.confidence.0", "Medium");
	assert_keys(e, "alert.context.indicator",
	    "type value matched where source confidence");
	assert_keys(e, "alert.context",
	    "hit_id direction detector indicator count first_seen last_seen");
}

static void
test_an_alert_has_the_protocol_of_what_matched(void **state)
{
	struct fixture *f = *state;
	struct indicator indicator = domain_indicator();
	struct hit hit;

	begin_http(f, OBS_HTTP_REQUEST);
	f->o->http.has_response = false;
	hit = hit_of(f, &indicator, WHERE_HTTP_HOST);
	assert_null(get(alert(f, &hit), "http.http_request_body_printable"));
	hit.where = WHERE_HTTP_BODY;
	assert_text(alert(f, &hit), "http.http_request_body_printable",
	    "packages.npm.org/product1..");
	begin_tls(f);
	f->o->kind = OBS_TLS_HELLO;
	hit.where = WHERE_TLS_SNI;
	assert_text(alert(f, &hit), "tls.sni", "sfrclak.example");
	f->options.dns_version = 2;
	renew(f);
	begin_dns(f, false);
	add_question(f->o, "x.bad.example", 1);
	hit.where = WHERE_DNS_QUERY;
	assert_keys(alert(f, &hit), "dns",
	    "version type id opcode rrname rrtype query");
	assert_keys(f->event, "dns.query.0", "type id rrname rrtype opcode");
}

static void
test_the_end_of_a_flow_that_was_hit_says_alerted(void **state)
{
	struct fixture *f = *state;
	struct indicator indicator = domain_indicator();
	struct hit hit;

	begin(f, OBS_FLOW_START, APP_NONE);
	hit = hit_of(f, &indicator, WHERE_FLOW_DEST);
	alert(f, &hit);
	begin(f, OBS_FLOW_END, APP_NONE);
	assert_true(json_is_true(get(event(f), "flow.alerted")));
	f->o->flow_id++;
	assert_true(json_is_false(get(event(f), "flow.alerted")));
}

/* --- stats --- */

static void
test_stats_go_where_the_schema_has_room_for_them(void **state)
{
	static const struct eve_stat stats[] = {
		{ "", "uptime", 60 },
		{ "decoder", "pkts", 1000 },
		{ "flow", "total", 10 },
		{ "flow.end.state", "closed", 4 },
		{ "capture", "ring_drops", 5 },
		{ "decoder", "tcp", 700 },
		{ "flow.end.state", "new", 6 },
		{ "app_layer.flow", "dns_udp", 3 },
		{ "app_layer.tx", "dns_udp", 9 },
		{ "decoder.tcp", "no_such", 1 },
		{ "sink", "lost", 0 },
	};
	static const struct eve_text texts[] = { { "sink.1", "eve.json" },
		{ "sink.2", "redis://h" } };
	struct eve_numbers numbers = { stats, sizeof stats / sizeof stats[0],
		texts, 2 };
	struct fixture *f = *state;
	const char *line;
	size_t len;
	json_t *e;

	line = eve_stats(f->eve, TIME_US, &numbers, &len);
	e = keep_event(f, line, len);
	assert_keys(e, "", "timestamp host event_type stats metadata");
	assert_text(e, "event_type", "stats");
	assert_keys(e, "stats", "uptime decoder flow app_layer");
	assert_keys(e, "stats.decoder", "pkts tcp");
	assert_keys(e, "stats.flow", "total end");
	assert_keys(e, "stats.flow.end.state", "closed new");
	assert_number(e, "stats.app_layer.tx.dns_udp", 9);
	assert_keys(e, "metadata", "flowvars flowints");
	assert_int_equal(json_array_size(get(e, "metadata.flowvars")), 2);
	assert_string_equal(json_string_value(json_object_get(
				json_array_get(get(e, "metadata.flowvars"), 1),
				"sink.2")),
	    "redis://h");
	assert_int_equal(json_object_size(get(e, "metadata.flowints")), 3);
	assert_int_equal(json_integer_value(
			     json_object_get(get(e, "metadata.flowints"),
				 "capture.ring_drops")),
	    5);
	numbers = (struct eve_numbers){ stats, 1, NULL, 0 };
	line = eve_stats(f->eve, TIME_US, &numbers, &len);
	assert_keys(keep_event(f, line, len), "",
	    "timestamp host event_type stats");
}

/* --- parts --- */

/*
 * The reference data of the specification, baseline/baseline_deflt.json; and,
 * since that has no flow from an address to itself, two by its pseudo code in
 * Python.
 */
static void
test_community_ids_are_the_specifications(void **state)
{
	static const struct {
		uint8_t proto;
		const char *src, *dst;
		uint16_t sport, dport;
		const char *id;
	} cases[] = {
		{ 6, "2001:470:e5bf:dead:4957:2174:e82c:4887",
		    "2607:f8b0:400c:c03::1a", 63943, 25,
		    "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=" },
		{ 6, "2607:f8b0:400c:c03::1a",
		    "2001:470:e5bf:dead:4957:2174:e82c:4887", 25, 63943,
		    "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=" },
		{ 132, "192.168.170.8", "192.168.170.56", 7, 7,
		    "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=" },
		{ 132, "192.168.170.56", "192.168.170.8", 7, 7,
		    "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=" },
		{ 6, "128.232.110.120", "66.35.250.204", 34855, 80,
		    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ 6, "66.35.250.204", "128.232.110.120", 80, 34855,
		    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ 17, "192.168.1.52", "8.8.8.8", 54585, 53,
		    "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
		{ 17, "8.8.8.8", "192.168.1.52", 53, 54585,
		    "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
		{ 46, "10.1.12.1", "10.1.12.2", 0, 0,
		    "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=" },
		{ 46, "10.1.12.2", "10.1.12.1", 1, 2,
		    "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=" },
		{ 6, "127.0.0.1", "127.0.0.1", 40000, 80,
		    "1:5rFr+y3i0wpQbEhThSaj08U8BaE=" },
		{ 6, "127.0.0.1", "127.0.0.1", 80, 40000,
		    "1:5rFr+y3i0wpQbEhThSaj08U8BaE=" },
	};
	char id[COMMUNITY_ID_SIZE];

	(void)state;
	community_id_init();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct addr src = address(cases[i].src);
		struct addr dst = address(cases[i].dst);

		assert_true(community_id_write(&src, &dst, cases[i].sport,
		    cases[i].dport, cases[i].proto, id));
		assert_string_equal(id, cases[i].id);
	}
}

static void
test_times_are_utc_to_the_microsecond(void **state)
{
	static const struct {
		uint64_t time_us;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000+0000" },
		{ UINT64_C(951782400000001),
		    "2000-02-29T00:00:00.000001+0000" },
		{ UINT64_C(4294967295999999),
		    "2106-02-07T06:28:15.999999+0000" },
		{ UINT64_C(253402300799999999),
		    "9999-12-31T23:59:59.999999+0000" },
		{ UINT64_C(253402300800000000),
		    "9999-12-31T23:59:59.999999+0000" },
		{ UINT64_MAX, "9999-12-31T23:59:59.999999+0000" },
		{ 0, "1970-01-01T00:00:00.000000+0000" },
	};
	struct timestamp_cache cache = { 0 };
	char out[TIMESTAMP_LEN + 1] = "";

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		timestamp_write(&cache, cases[i].time_us, out);
		assert_string_equal(out, cases[i].text);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_header_is_eves),
		TEST(test_live_events_name_the_interface),
		TEST(test_ipv6_vlans_and_the_tunnel_are_told),
		TEST(test_segments_are_flow_variables),
		TEST(test_ports_are_left_out_where_the_protocol_has_none),
		TEST(test_a_dns_query_is_a_version_3_request),
		TEST(test_a_dns_answer_has_its_answer_section_only_in_answers),
		TEST(
		    test_a_dns_answer_has_the_other_sections_as_the_schema_allows),
		TEST(test_a_dns_answer_comes_from_who_sent_it),
		TEST(test_version_2_is_suricata_7s),
		TEST(test_rcodes_have_ianas_names_or_their_number),
		TEST(test_records_that_are_too_short_have_no_rdata),
		TEST(test_multicast_dns_is_an_event_of_its_own),
		TEST(test_an_http_exchange_has_both_halves),
		TEST(test_half_an_http_exchange_has_its_half),
		TEST(test_a_tls_handshake_has_what_was_offered_and_chosen),
		TEST(test_tls_inside_connect_says_so),
		TEST(test_tls_inside_socks_says_so),
		TEST(test_a_package_that_is_fetched_is_a_flow_variable),
		TEST(test_a_flow_has_its_counts_times_and_flags),
		TEST(test_a_flow_that_was_never_answered_is_new),
		TEST(test_no_event_is_made_of_what_is_for_detectors_only),
		TEST(test_an_alert_is_eves_with_our_context),
		TEST(test_the_context_is_the_evidence),
		TEST(test_an_alert_comes_from_the_end_that_is_ours),
		TEST(test_an_alert_has_the_protocol_of_what_matched),
		TEST(test_the_end_of_a_flow_that_was_hit_says_alerted),
		TEST(test_stats_go_where_the_schema_has_room_for_them),
		TEST(test_community_ids_are_the_specifications),
		TEST(test_times_are_utc_to_the_microsecond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
