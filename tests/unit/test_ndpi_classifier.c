#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/cursor.h"
#include "decoders/ndpi_classifier.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TEXT(text)                                                             \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}

enum { TCP = 6, UDP = 17, ICMP = 1, GRE = 47, NON_STANDARD_PORT = 5 };

static const uint8_t client[4] = { 192, 0, 2, 1 };
static const uint8_t server[4] = { 198, 51, 100, 2 };

static struct classifier *
classifier_of(uint32_t flows_max, uint32_t payloads_max)
{
	struct classifier *c = classifier_new(
	    &(struct classifier_limits){ flows_max, payloads_max });

	assert_non_null(c);
	return c;
}

static struct classifier_flow
flow_to(uint8_t ip_proto, uint16_t port)
{
	return (struct classifier_flow){ .initiator = addr_v4(client),
		.responder = addr_v4(server),
		.initiator_port = port == 0 ? 0 : 49152,
		.responder_port = port,
		.ip_proto = ip_proto };
}

/* A conversation in turns, the initiator first; a turn may be empty. */
#define TURNS_MAX 4

static struct classified
converse(struct classifier *c, const struct classifier_flow *tuple,
    const struct cursor turns[TURNS_MAX])
{
	struct classification *flow = classification_begin(c, tuple);
	struct classifier_packet packet = { .time_us = 1774915200000000 };
	uint32_t next[2] = { 1, 1 };
	struct classified result;

	assert_non_null(flow);
	for (unsigned i = 0; i < TURNS_MAX; i++) {
		packet.payload = turns[i];
		packet.from_initiator = i % 2 == 0;
		packet.seq = next[i % 2];
		packet.ack = next[(i + 1) % 2];
		next[i % 2] += (uint32_t)turns[i].left;
		classification_packet(c, flow, &packet);
	}
	classification_end(c, flow, &result);
	return result;
}

static void
assert_named(const struct classifier *c, const struct classified *result,
    const char *master, const char *app, const char *category)
{
	assert_string_equal(classifier_protocol_name(c, result->app), app);
	assert_string_equal(classifier_protocol_name(c, result->master),
	    master);
	assert_string_equal(classifier_category_name(c, result->category),
	    category);
}

/* ---- by payload ---- */

#define DNS_QUERY "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"

static const struct cursor http[TURNS_MAX] = {
	TEXT("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"),
	TEXT("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	     "Content-Length: 2\r\n\r\nok"),
};
static const struct cursor bittorrent[TURNS_MAX] = {
	TEXT("\x13"
	     "BitTorrent protocol\0\0\0\0\0\0\0\0"
	     "abcdefghijklmnopqrst-XX0001-abcdefghijkl"),
};
static const struct cursor nothing_known[TURNS_MAX] = {
	TEXT("\x8e\x01\xf3\x77\x90\x42\xd9\x10\x0b"),
	TEXT("\xb1\x9c\xee\x02\x51\x7a\x33\xc8\xd4"),
};

/* As ndpiReader 4.2 names captures of the same. */
static const struct {
	const char *name;
	uint8_t ip_proto;
	uint16_t port;
	struct cursor turns[TURNS_MAX];
	const char *app, *category;
} conversations[] = {
	{ "SSH is known by its version strings", TCP, 22,
	    { TEXT("SSH-2.0-OpenSSH_9.2\r\n"),
		TEXT("SSH-2.0-OpenSSH_9.2\r\n") },
	    "SSH", "RemoteAccess" },
	{ "DNS is known by its query", UDP, 53, { TEXT(DNS_QUERY) }, "DNS",
	    "Network" },
	{ "STUN is known by its cookie", UDP, 3478,
	    { TEXT("\0\1\0\0\x21\x12\xa4\x42"
		   "abcdefghijkl"),
		TEXT("\1\1\0\0\x21\x12\xa4\x42"
		     "abcdefghijkl") },
	    "STUN", "Network" },
	{ "the protocol counts, not the port", TCP, 4444,
	    { TEXT("SSH-2.0-OpenSSH_9.2\r\n"),
		TEXT("SSH-2.0-OpenSSH_9.2\r\n") },
	    "SSH", "RemoteAccess" },
	{ "ICMP is known without ports", ICMP, 0,
	    { TEXT("\x08\0\xf7\xff\0\1\0\1abcdefghijklmnop") }, "ICMP",
	    "Network" },
};

static void
payload_names_the_protocol(void **state)
{
	struct classifier *c = classifier_of(1, CLASSIFIER_PAYLOADS_DEFAULT);

	(void)state;
	for (size_t i = 0; i < COUNT(conversations); i++) {
		struct classifier_flow tuple =
		    flow_to(conversations[i].ip_proto, conversations[i].port);
		struct classified result;

		print_message("%s\n", conversations[i].name);
		result = converse(c, &tuple, conversations[i].turns);
		assert_named(c, &result, "Unknown", conversations[i].app,
		    conversations[i].category);
		if (tuple.ip_proto != ICMP)
			assert_int_equal(result.by, CLASSIFIED_BY_CONTENT);
	}
	classifier_free(c);
}

static void
ipv6_is_classified_as_ipv4_is(void **state)
{
	static const uint8_t from[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	static const uint8_t to[16] = { 0x20, 1, 0xd, 0xb8, [15] = 2 };
	struct classifier *c = classifier_of(1, CLASSIFIER_PAYLOADS_DEFAULT);
	struct classifier_flow tuple = flow_to(TCP, 80);
	struct classified result;

	(void)state;
	tuple.initiator = addr_v6(from);
	tuple.responder = addr_v6(to);
	result = converse(c, &tuple, http);
	assert_named(c, &result, "Unknown", "HTTP", "Web");
	/* Its end is no address of IPv4: 8.8.8.8 is Google's. */
	memset(tuple.responder.octets + 12, 8, 4);
	tuple.responder_port = 40001;
	result = converse(c, &tuple, nothing_known);
	assert_int_equal(result.by, CLASSIFIED_NOT);
	classifier_guess(c, &tuple, &result);
	assert_int_equal(result.by, CLASSIFIED_NOT);
	classifier_free(c);
}

static void
unknown_payload_on_a_known_port_is_a_guess_and_says_so(void **state)
{
	struct classifier *c = classifier_of(1, CLASSIFIER_PAYLOADS_DEFAULT);
	struct classifier_flow tuple = flow_to(TCP, 22);
	struct classified result = converse(c, &tuple, nothing_known);

	(void)state;
	assert_named(c, &result, "Unknown", "SSH", "RemoteAccess");
	assert_int_equal(result.by, CLASSIFIED_BY_PORT);
	classifier_free(c);
}

static void
a_flow_is_named_the_same_whatever_else_was_on_the_wire(void **state)
{
	struct classifier *c = classifier_of(1, CLASSIFIER_PAYLOADS_DEFAULT);
	struct classifier_flow torrent = flow_to(TCP, 6881);
	struct classifier_flow other = flow_to(TCP, 40001);
	struct classified result;

	(void)state;
	result = converse(c, &torrent, bittorrent);
	assert_named(c, &result, "Unknown", "BitTorrent", "Download");
	/* nDPI by itself would name this by its neighbour. */
	result = converse(c, &other, nothing_known);
	assert_named(c, &result, "Unknown", "Unknown", "Unspecified");
	assert_int_equal(result.by, CLASSIFIED_NOT);
	assert_int_equal(result.risks, 0);
	classifier_free(c);
}

static void
payload_beyond_the_bound_is_left_out(void **state)
{
	struct classifier *c = classifier_of(1, CLASSIFIER_PAYLOADS_DEFAULT);
	struct classifier_flow tuple = flow_to(TCP, 80);
	struct cursor turns[TURNS_MAX];
	size_t len = CLASSIFIER_PAYLOAD_MAX + 70000;
	uint8_t *large = calloc(1, len);
	struct classified result;

	(void)state;
	assert_non_null(large);
	memcpy(turns, http, sizeof turns);
	memcpy(large, http[1].at, http[1].left);
	turns[1] = cur_of(large, len);
	result = converse(c, &tuple, turns);
	assert_named(c, &result, "Unknown", "HTTP", "Web");
	free(large);
	classifier_free(c);
}

static void
every_prefix_of_a_payload_harms_nothing(void **state)
{
	struct classifier *c = classifier_of(1, CLASSIFIER_PAYLOADS_DEFAULT);

	(void)state;
	for (size_t i = 0; i < COUNT(conversations); i++) {
		struct cursor whole = conversations[i].turns[0];
		struct classifier_flow tuple =
		    flow_to(conversations[i].ip_proto, conversations[i].port);

		for (size_t n = 0; n <= whole.left; n++) {
			uint8_t *block = malloc(n + 1);
			struct cursor turns[TURNS_MAX] = { { NULL, 0 } };

			assert_non_null(block);
			memcpy(block + 1, whole.at, n);
			turns[0] = cur_of(block + 1, n);
			converse(c, &tuple, turns);
			free(block);
		}
	}
	classifier_free(c);
}

/* ---- limits ---- */

static void
a_flow_beyond_the_limit_is_refused_and_counted(void **state)
{
	struct classifier *c = classifier_of(2, CLASSIFIER_PAYLOADS_DEFAULT);
	struct classifier_flow tuple = flow_to(TCP, 80);
	struct classification *first, *second;
	struct classifier_counts counts;
	struct classified result;

	(void)state;
	assert_non_null(first = classification_begin(c, &tuple));
	assert_non_null(second = classification_begin(c, &tuple));
	assert_null(classification_begin(c, &tuple));
	classifier_get_counts(c, &counts);
	assert_int_equal(counts.begun, 2);
	assert_int_equal(counts.active, 2);
	assert_int_equal(counts.refused, 1);
	classification_end(c, first, &result);
	assert_non_null(classification_begin(c, &tuple));
	classifier_get_counts(c, &counts);
	assert_int_equal(counts.active, 2);
	classification_end(c, second, &result);
	classifier_free(c); /* with one that has not ended */
}

static void
packets_without_payload_are_not_given(void **state)
{
	struct classifier *c = classifier_of(1, 1);
	struct classifier_flow tuple = flow_to(TCP, 80);
	struct classification *flow = classification_begin(c, &tuple);
	const struct classifier_packet empty = { .seq = 1 };
	struct classifier_counts counts;
	struct classified result;

	(void)state;
	assert_non_null(flow);
	for (int i = 0; i < 3; i++)
		assert_int_equal(classification_packet(c, flow, &empty),
		    CLASSIFY_MORE);
	classifier_get_counts(c, &counts);
	assert_int_equal(counts.packets, 0);
	classification_end(c, flow, &result);
	assert_int_equal(result.by, CLASSIFIED_BY_PORT);
	classifier_free(c);
}

static void
after_the_last_payload_allowed_it_is_decided(void **state)
{
	struct classifier *c = classifier_of(1, 2);
	struct classifier_flow tuple = flow_to(TCP, 40001);
	struct classification *flow = classification_begin(c, &tuple);
	struct classifier_packet packet = { .payload = nothing_known[0],
		.seq = 1,
		.from_initiator = true };
	struct classifier_counts counts;
	struct classified result;

	(void)state;
	assert_non_null(flow);
	assert_int_equal(classification_packet(c, flow, &packet),
	    CLASSIFY_MORE);
	assert_int_equal(classification_packet(c, flow, &packet),
	    CLASSIFY_DECIDED);
	assert_int_equal(classification_packet(c, flow, &packet),
	    CLASSIFY_DECIDED);
	classifier_get_counts(c, &counts);
	assert_int_equal(counts.packets, 2);
	classification_end(c, flow, &result);
	classifier_free(c);
}

static void
a_state_used_again_has_forgotten_its_flow(void **state)
{
	struct classifier *c = classifier_of(1, CLASSIFIER_PAYLOADS_DEFAULT);
	struct classifier_flow web = flow_to(TCP, 8888);
	struct classifier_flow other = flow_to(TCP, 40001);
	struct classified result = converse(c, &web, http);

	(void)state;
	assert_named(c, &result, "Unknown", "HTTP", "Web");
	assert_true(result.risks >> NON_STANDARD_PORT & 1);
	result = converse(c, &other, nothing_known);
	assert_int_equal(result.by, CLASSIFIED_NOT);
	assert_int_equal(result.risks, 0);
	classifier_free(c);
}

static void
limits_of_zero_give_no_classifier(void **state)
{
	(void)state;
	assert_null(classifier_new(&(struct classifier_limits){ 0, 1 }));
	assert_null(classifier_new(&(struct classifier_limits){ 1, 0 }));
	classifier_free(NULL);
}

/* ---- without a packet ---- */

#define LABEL_63                                                               \
	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff012"

static const struct {
	const char *about;
	enum classifier_known known;
	struct cursor name;
	uint8_t ip_proto;
	uint16_t port;
	const char *master, *app, *category;
} names[] = {
	{ "a known name gives application and category", CLASSIFIER_TLS,
	    TEXT("www.youtube.com"), TCP, 443, "TLS", "YouTube", "Media" },
	{ "names differ not by case or final dot", CLASSIFIER_HTTP,
	    TEXT("WWW.YouTube.COM."), TCP, 80, "HTTP", "YouTube", "Media" },
	{ "an unknown name leaves the protocol", CLASSIFIER_TLS,
	    TEXT("www.example.com"), TCP, 443, "Unknown", "TLS", "Web" },
	{ "no name leaves the protocol", CLASSIFIER_QUIC, TEXT(""), UDP, 443,
	    "Unknown", "QUIC", "Web" },
	{ "a name of no host leaves the protocol", CLASSIFIER_DNS,
	    TEXT("\0\xff\x01."), UDP, 53, "Unknown", "DNS", "Network" },
	{ "a name past 80 octets is matched whole", CLASSIFIER_DNS,
	    TEXT(LABEL_63 "." LABEL_63 ".youtube.com"), UDP, 53, "DNS",
	    "YouTube", "Media" },
	{ "a name too long for one leaves the protocol", CLASSIFIER_DNS,
	    TEXT(LABEL_63 LABEL_63 LABEL_63 LABEL_63 ".youtube.com"), UDP, 53,
	    "Unknown", "DNS", "Network" },
	{ "multicast DNS is told by its port", CLASSIFIER_DNS,
	    TEXT("printer.local"), UDP, 5353, "Unknown", "MDNS", "Network" },
	{ "LLMNR is told by its port", CLASSIFIER_DNS, TEXT("printer"), UDP,
	    5355, "Unknown", "LLMNR", "Network" },
};

static void
a_host_name_gives_the_application_without_a_packet(void **state)
{
	struct classifier *c = classifier_of(1, 1);
	struct classifier_counts counts;
	struct classified result;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct classifier_flow tuple = flow_to(names[i].ip_proto,
		    names[i].port);

		print_message("%s\n", names[i].about);
		classifier_name(c, &tuple, names[i].known, names[i].name,
		    &result);
		assert_named(c, &result, names[i].master, names[i].app,
		    names[i].category);
		assert_int_equal(result.by, CLASSIFIED_BY_NAME);
		assert_int_equal(result.risks, 0);
	}
	classifier_get_counts(c, &counts);
	assert_int_equal(counts.packets, 0);
	classifier_free(c);
}

/* Google's public resolver, 8.8.8.8: nDPI lists its addresses. */
static void
a_known_address_is_a_guess_above_the_port(void **state)
{
	static const uint8_t resolver[4] = { 8, 8, 8, 8 };
	struct classifier *c = classifier_of(1, 1);
	struct classifier_flow tuple = flow_to(TCP, 443);
	struct classified result;

	(void)state;
	tuple.responder = addr_v4(resolver);
	classifier_guess(c, &tuple, &result);
	assert_named(c, &result, "TLS", "Google", "Web");
	assert_int_equal(result.by, CLASSIFIED_BY_ADDRESS);
	/* Behind an unknown name too; a known one is above it. */
	classifier_name(c, &tuple, CLASSIFIER_TLS, cur_of("dns.example", 11),
	    &result);
	assert_named(c, &result, "TLS", "Google", "Web");
	classifier_name(c, &tuple, CLASSIFIER_TLS,
	    cur_of("www.youtube.com", 15), &result);
	assert_named(c, &result, "TLS", "YouTube", "Media");
	classifier_free(c);
}

static void
without_payload_the_port_is_all_there_is(void **state)
{
	struct classifier *c = classifier_of(1, 1);
	struct classifier_flow ssh = flow_to(TCP, 22);
	struct classifier_flow none = flow_to(TCP, 40001);
	struct classified result;

	(void)state;
	classifier_guess(c, &ssh, &result);
	assert_named(c, &result, "Unknown", "SSH", "RemoteAccess");
	assert_int_equal(result.by, CLASSIFIED_BY_PORT);
	assert_false(classifier_port_unexpected(c, &ssh, &result));
	classifier_guess(c, &none, &result);
	assert_int_equal(result.app, 0);
	assert_int_equal(result.by, CLASSIFIED_NOT);
	classifier_free(c);
}

static void
other_ip_protocols_are_only_guessed(void **state)
{
	struct classifier *c = classifier_of(1, 1);
	struct classifier_flow tuple = flow_to(GRE, 443);
	struct classifier_counts counts;
	struct classified result;

	(void)state;
	assert_null(classification_begin(c, &tuple));
	classifier_get_counts(c, &counts);
	assert_int_equal(counts.refused, 0);
	classifier_guess(c, &tuple, &result);
	assert_string_equal(classifier_protocol_name(c, result.app), "GRE");
	classifier_free(c);
}

/* ---- ports ---- */

static const struct {
	const char *about;
	enum classifier_known known;
	uint8_t ip_proto;
	uint16_t port;
	bool unexpected;
} ports[] = {
	{ "TLS on 443 is expected", CLASSIFIER_TLS, TCP, 443, false },
	{ "TLS on 4444 is not", CLASSIFIER_TLS, TCP, 4444, true },
	{ "HTTP on 80 is expected", CLASSIFIER_HTTP, TCP, 80, false },
	{ "HTTP on 53 is not, whoever else is expected there", CLASSIFIER_HTTP,
	    TCP, 53, true },
	{ "DNS on 53 is expected", CLASSIFIER_DNS, UDP, 53, false },
	{ "DNS on 443 is not", CLASSIFIER_DNS, UDP, 443, true },
};

static void
a_protocol_on_an_unexpected_port_is_told(void **state)
{
	struct classifier *c = classifier_of(1, 1);
	struct classified result;

	(void)state;
	for (size_t i = 0; i < COUNT(ports); i++) {
		struct classifier_flow tuple = flow_to(ports[i].ip_proto,
		    ports[i].port);

		print_message("%s\n", ports[i].about);
		classifier_name(c, &tuple, ports[i].known, cur_of("", 0),
		    &result);
		assert_int_equal(classifier_port_unexpected(c, &tuple, &result),
		    ports[i].unexpected);
		assert_int_equal(result.risks >> NON_STANDARD_PORT & 1,
		    ports[i].unexpected);
	}
	classifier_free(c);
}

static void
only_what_was_seen_is_unexpected_on_a_port(void **state)
{
	struct classifier *c = classifier_of(1, 1);
	struct classifier_flow usual = flow_to(TCP, 22);
	struct classifier_flow other = flow_to(TCP, 4444);
	struct classified ssh;

	(void)state;
	classifier_guess(c, &usual, &ssh);
	ssh.by = CLASSIFIED_BY_CONTENT;
	assert_false(classifier_port_unexpected(c, &usual, &ssh));
	assert_true(classifier_port_unexpected(c, &other, &ssh));
	ssh.by = CLASSIFIED_BY_ADDRESS;
	assert_false(classifier_port_unexpected(c, &other, &ssh));
	classifier_free(c);
}

static void
default_ports_are_by_transport(void **state)
{
	struct classifier *c = classifier_of(1, 1);
	struct classifier_flow tuple = flow_to(TCP, 22);
	uint16_t listed[CLASSIFIER_PORTS_MAX];
	struct classified ssh;

	(void)state;
	classifier_guess(c, &tuple, &ssh);
	assert_int_equal(classifier_default_ports(c, ssh.app, TCP, listed), 1);
	assert_int_equal(listed[0], 22);
	assert_int_equal(classifier_default_ports(c, ssh.app, UDP, listed), 0);
	assert_int_equal(classifier_default_ports(c, ssh.app, ICMP, listed), 0);
	assert_int_equal(classifier_default_ports(c, 0xffff, TCP, listed), 0);
	classifier_free(c);
}

/* ---- names ---- */

static void
ids_that_do_not_exist_have_harmless_names(void **state)
{
	struct classifier *c = classifier_of(1, 1);

	(void)state;
	assert_string_equal(classifier_protocol_name(c, 0xffff), "Unknown");
	assert_string_equal(classifier_category_name(c, 0xffff), "Unspecified");
	assert_null(classifier_risk_name(0));
	assert_null(classifier_risk_name(CLASSIFIER_RISKS_MAX - 1));
	assert_null(classifier_risk_name(~0u));
	assert_int_equal(classifier_risk_severity(~0u), CLASSIFIER_LOW);
	classifier_free(c);
}

/* As `ndpiReader -h` lists them. */
static void
risks_have_names_and_severities(void **state)
{
	(void)state;
	assert_string_equal(classifier_risk_name(1), "XSS Attack");
	assert_int_equal(classifier_risk_severity(1), CLASSIFIER_SEVERE);
	assert_string_equal(classifier_risk_name(NON_STANDARD_PORT),
	    "Known Protocol on Non Standard Port");
	assert_int_equal(classifier_risk_severity(NON_STANDARD_PORT),
	    CLASSIFIER_MEDIUM);
	assert_int_equal(classifier_risk_severity(6), CLASSIFIER_HIGH);
	assert_int_equal(classifier_risk_severity(12), CLASSIFIER_LOW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payload_names_the_protocol),
		cmocka_unit_test(ipv6_is_classified_as_ipv4_is),
		cmocka_unit_test(
		    unknown_payload_on_a_known_port_is_a_guess_and_says_so),
		cmocka_unit_test(
		    a_flow_is_named_the_same_whatever_else_was_on_the_wire),
		cmocka_unit_test(payload_beyond_the_bound_is_left_out),
		cmocka_unit_test(every_prefix_of_a_payload_harms_nothing),
		cmocka_unit_test(
		    a_flow_beyond_the_limit_is_refused_and_counted),
		cmocka_unit_test(packets_without_payload_are_not_given),
		cmocka_unit_test(after_the_last_payload_allowed_it_is_decided),
		cmocka_unit_test(a_state_used_again_has_forgotten_its_flow),
		cmocka_unit_test(limits_of_zero_give_no_classifier),
		cmocka_unit_test(
		    a_host_name_gives_the_application_without_a_packet),
		cmocka_unit_test(a_known_address_is_a_guess_above_the_port),
		cmocka_unit_test(without_payload_the_port_is_all_there_is),
		cmocka_unit_test(other_ip_protocols_are_only_guessed),
		cmocka_unit_test(a_protocol_on_an_unexpected_port_is_told),
		cmocka_unit_test(only_what_was_seen_is_unexpected_on_a_port),
		cmocka_unit_test(default_ports_are_by_transport),
		cmocka_unit_test(ids_that_do_not_exist_have_harmless_names),
		cmocka_unit_test(risks_have_names_and_severities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
