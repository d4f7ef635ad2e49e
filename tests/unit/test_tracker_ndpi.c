#include "tests/unit/talk.h"

/*
 * What nDPI is asked, and what comes of it.  That ndpiReader names these
 * payloads so was seen by hand.
 */

struct case_state {
	struct bench *b;
	struct verdicts *verdicts;
};

static struct case_state s;

static void
begin(uint32_t flows_max, bool guess)
{
	struct verdicts_options options = { flows_max, guess };
	struct tracker_options tracking = some_options(ALL_KINDS);

	s.verdicts = verdicts_new(&options);
	assert_non_null(s.verdicts);
	tracking.verdicts = s.verdicts;
	s.b = bench_new(tracking);
	s.b->quiet = true;
}

static int
setup_ndpi(void **state)
{
	(void)state;
	begin(100, true);
	return 0;
}

static int
setup_without_guesses(void **state)
{
	(void)state;
	begin(100, false);
	return 0;
}

static int
setup_room_for_two(void **state)
{
	(void)state;
	begin(2, false);
	return 0;
}

static int
teardown_ndpi(void **state)
{
	(void)state;
	bench_free(s.b);
	verdicts_free(s.verdicts);
	return 0;
}

static struct verdicts_counts
counts(void)
{
	struct verdicts_counts all;

	verdicts_get_counts(s.verdicts, &all);
	return all;
}

/* Of the last observation; "" where nothing is known. */
static const char *
verdict(void)
{
	static char text[256];
	static const char *const by[] = { "not", "port", "address", "name",
		"payload" };
	const struct classifier *names = verdicts_classifier(s.verdicts);
	const struct obs_ndpi *ndpi = &s.b->last.ndpi;

	if (!ndpi->known)
		return "";
	snprintf(text, sizeof text, "%s %s %s %s",
	    classifier_protocol_name(names, ndpi->master),
	    classifier_protocol_name(names, ndpi->app),
	    classifier_category_name(names, ndpi->category), by[ndpi->by]);
	return text;
}

static struct message
hello_to(const char *name)
{
	struct message hello = client_hello(name, "h2", 0);

	return in_records(&hello, 16384);
}

static const struct message binary = { .octets = "\x01\x02\x03\x04unknown",
	.len = 11 };

/* ---- by name ---- */

static void
what_our_decoders_name_is_looked_up_without_a_packet(void **state)
{
	struct talk k = talk(s.b, 50000, 443);

	(void)state;
	send_message(&k, DIR_OUT, hello_to("www.github.com"));
	assert_int_equal(s.b->last.kind, OBS_TLS_HELLO);
	assert_string_equal(verdict(), "TLS Github Collaborative name");
	finish(s.b);
	assert_string_equal(verdict(), "TLS Github Collaborative name");
	assert_int_equal(counts().begun, 0);
	assert_int_equal(counts().named, 1);
}

static void
a_dns_flow_is_named_by_its_first_question(void **state)
{
	(void)state;
	send_datagram(s.b, 40000, 53, false, dns_query(1, "www.github.com"), 0);
	assert_string_equal(verdict(), "DNS Github Collaborative name");
	send_datagram(s.b, 40000, 53, false, dns_query(2, "a.example"), 0);
	assert_string_equal(verdict(), "DNS Github Collaborative name");
	assert_int_equal(counts().named, 1);
}

static void
what_is_inside_a_tunnel_counts(void **state)
{
	struct talk k = talk(s.b, 50000, 3128);

	(void)state;
	client(&k, "CONNECT proxied.example:443 HTTP/1.1\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\n\r\n");
	send_message(&k, DIR_OUT, hello_to("www.github.com"));
	assert_string_equal(verdict(), "TLS Github Collaborative name");
}

static void
a_protocol_on_another_port_is_a_risk(void **state)
{
	struct talk near = talk(s.b, 50000, 80), odd = talk(s.b, 50001, 8000);
	unsigned risk;

	(void)state;
	client(&near, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_true(s.b->last.ndpi.known && s.b->last.ndpi.risks == 0);
	client(&odd, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_true(s.b->last.ndpi.known && s.b->last.ndpi.risks != 0);
	risk = (unsigned)__builtin_ctzll(s.b->last.ndpi.risks);
	assert_string_equal(classifier_risk_name(risk),
	    "Known Protocol on Non Standard Port");
}

/* ---- by payload ---- */

static void
what_no_decoder_knows_is_named_by_its_payload(void **state)
{
	struct talk k = talk(s.b, 50000, 22);

	(void)state;
	server(&k, "SSH-2.0-OpenSSH_9.2\r\n");
	client(&k, "SSH-2.0-OpenSSH_9.6\r\n");
	finish(s.b);
	assert_int_equal(s.b->last.kind, OBS_FLOW_END);
	assert_string_equal(verdict(), "SSH SSH RemoteAccess payload");
	assert_int_equal(counts().begun, 1);
	assert_int_equal(counts().active, 0);
}

/* RFC 5905 section 7.3: a client's packet, version 4. */
static void
a_datagram_without_an_answer_is_named_too(void **state)
{
	struct message ntp = { .octets = "\x23", .len = 48 };

	(void)state;
	send_datagram(s.b, 40000, 123, false, ntp, 0);
	finish(s.b);
	assert_string_equal(verdict(), "NTP NTP System payload");
}

static void
no_more_than_some_payloads_of_a_flow_are_looked_at(void **state)
{
	struct talk k = talk(s.b, 50000, 40001);

	(void)state;
	for (int i = 0; i < 20; i++) {
		send_message(&k, i % 2 ? DIR_IN : DIR_OUT, binary);
		send_datagram(s.b, 40000, 40001, i % 2, binary, 0);
	}
	assert_int_equal(counts().begun, 2);
	assert_true(counts().packets <= 2 * 8);
	assert_true(counts().packets >= 4);
	assert_int_equal(counts().active, 0);
}

static void
what_is_sent_again_is_looked_at_once(void **state)
{
	struct talk k = talk(s.b, 50000, 40001);
	uint32_t seq = k.seq[DIR_OUT];

	(void)state;
	send_message(&k, DIR_OUT, binary);
	send_at(&k, DIR_OUT, seq, TCP_ACK, binary.octets, binary.len);
	assert_int_equal(counts().packets, 1);
}

/* ---- guesses ---- */

static void
a_flow_without_payload_is_guessed_at_its_end(void **state)
{
	struct talk k = talk(s.b, 50000, 22);

	(void)state;
	acknowledge(&k, DIR_OUT);
	assert_string_equal(verdict(), "");
	finish(s.b);
	assert_string_equal(verdict(), "SSH SSH RemoteAccess port");
	assert_int_equal(counts().begun, 0);
}

static void
guesses_are_made_only_where_they_are_wanted(void **state)
{
	struct talk k = talk(s.b, 50000, 22);

	(void)state;
	acknowledge(&k, DIR_OUT);
	finish(s.b);
	assert_string_equal(verdict(), "");
}

/* ---- limits ---- */

static void
without_room_the_longest_silent_flow_is_given_up(void **state)
{
	struct talk first = talk(s.b, 50001, 40001);
	struct talk second = talk(s.b, 50002, 40001);
	struct talk third = talk(s.b, 50003, 40001);

	(void)state;
	send_message(&first, DIR_OUT, binary);
	send_message(&second, DIR_OUT, binary);
	send_message(&first, DIR_IN, binary);
	send_message(&third, DIR_OUT, binary);
	assert_int_equal(counts().evicted, 1);
	assert_int_equal(counts().active, 2);
	/* It was the second: what it says is not looked at any more. */
	send_message(&second, DIR_OUT, binary);
	assert_int_equal(counts().packets, 4);
	assert_int_equal(counts().begun, 3);
}

/* Each from another port and in no time, so that no credit comes back. */
static void
flood(unsigned flows)
{
	for (unsigned i = 0; i < flows; i++) {
		send_datagram(s.b, (uint16_t)(10000 + i % 50000),
		    (uint16_t)(20000 + i / 50000), false, binary, 0);
		s.b->now_us -= 1000;
	}
}

static void
of_a_flood_only_so_many_flows_begin(void **state)
{
	struct talk k;

	(void)state;
	flood(VERDICTS_BURST_MAX);
	assert_int_equal(counts().begun, VERDICTS_BURST_MAX / 2);
	assert_int_equal(counts().refused, VERDICTS_BURST_MAX / 2);
	/* Who was answered still may. */
	k = talk(s.b, 50000, 40001);
	send_message(&k, DIR_OUT, binary);
	assert_int_equal(counts().begun, VERDICTS_BURST_MAX / 2 + 1);
}

static void
credit_comes_back_with_the_captures_time(void **state)
{
	(void)state;
	flood(VERDICTS_BURST_MAX);
	s.b->now_us += SECOND;
	flood(VERDICTS_BURST_MAX);
	assert_in_range(counts().begun, VERDICTS_BURST_MAX / 2,
	    VERDICTS_BURST_MAX / 2 + VERDICTS_PER_S + 1);
	assert_true(counts().begun > VERDICTS_BURST_MAX / 2);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup_ndpi, teardown_ndpi)
	const struct CMUnitTest tests[] = {
		T(what_our_decoders_name_is_looked_up_without_a_packet),
		T(a_dns_flow_is_named_by_its_first_question),
		T(what_is_inside_a_tunnel_counts),
		T(a_protocol_on_another_port_is_a_risk),
		T(what_no_decoder_knows_is_named_by_its_payload),
		T(a_datagram_without_an_answer_is_named_too),
		T(no_more_than_some_payloads_of_a_flow_are_looked_at),
		T(what_is_sent_again_is_looked_at_once),
		T(a_flow_without_payload_is_guessed_at_its_end),
		cmocka_unit_test_setup_teardown(
		    guesses_are_made_only_where_they_are_wanted,
		    setup_without_guesses, teardown_ndpi),
		cmocka_unit_test_setup_teardown(
		    without_room_the_longest_silent_flow_is_given_up,
		    setup_room_for_two, teardown_ndpi),
		T(of_a_flood_only_so_many_flows_begin),
		T(credit_comes_back_with_the_captures_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
