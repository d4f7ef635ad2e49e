#include "tests/unit/talk.h"

/* ---- TLS ---- */

static void
both_hellos_are_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 8443);
	struct message hello = client_hello("a.example", "h2", 0);
	struct message reply = server_hello(0x1301);

	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	assert_told(b, "hello a.example\n");
	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_told(b, "tls a.example -> 0304 1301\n");
	assert_int_equal(held(b), 0);
}

static void
a_hello_over_two_segments_is_whole(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 1300);
	struct message records = in_records(&hello, 16384);

	send_octets(&k, DIR_OUT, records.octets, 40);
	assert_told(b, "");
	send_octets(&k, DIR_OUT, records.octets + 40, records.len - 40);
	assert_told(b, "hello a.example\n");
}

static void
a_hello_over_two_records_is_whole(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 0);

	send_message(&k, DIR_OUT, in_records(&hello, 60));
	assert_told(b, "hello a.example\n");
}

static void
a_hello_whose_end_is_lost_still_names_the_server(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 1300);
	struct message records = in_records(&hello, 16384);

	send_octets(&k, DIR_OUT, records.octets, 200);
	finish(b);
	assert_told(b, "hello a.example cut\ntls a.example cut\n");
}

static void
a_hello_without_an_answer_is_told_at_the_end(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 0);

	k.one_sided = true;
	shake_hands(&k);
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	assert_told(b, "hello a.example\n");
	finish(b);
	assert_told(b, "tls a.example\n");
}

static void
an_answer_without_its_hello_is_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 443);
	struct message reply = server_hello(0x1301);

	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_told(b, "tls -> 0304 1301 midstream\n");
	assert_int_equal(b->last.port[DIR_OUT], 50000);
}

static void
what_hellos_say_is_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 0);
	struct message reply = server_hello(0x1303);
	const struct obs_text *alpn;

	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	assert_int_equal(b->copy->tls.client_version, 0x0304);
	assert_int_equal(b->copy->tls.client_alpn.count, 1);
	alpn = obs_elements(b->copy, b->copy->tls.client_alpn);
	assert_obs_text(b, alpn[0], "h2");
	assert_false(b->copy->tls.ech);
	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_int_equal(b->copy->kind, OBS_TLS);
	assert_int_equal(b->copy->packet_number, b->number);
	alpn = obs_elements(b->copy, b->copy->tls.client_alpn);
	assert_obs_text(b, alpn[0], "h2");
	assert_false(b->copy->tls.hello_retried);
}

static void
a_hello_that_is_retried_is_one_handshake(void **state)
{
	/* RFC 8446 section 4.1.3: this random makes it a retry. */
	static const uint8_t retry[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a,
		0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e,
		0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 0);
	struct message reply = server_hello(0x1301), again = reply;

	memcpy(again.octets + 4 + 2, retry, sizeof retry);
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	send_message(&k, DIR_IN, in_records(&again, 16384));
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_told(b, "hello a.example\n"
		       "tls a.example -> 0304 1301 retried\n");
}

static void
a_warning_before_the_answer_does_not_end_the_handshake(void **state)
{
	/* RFC 5246 section 7.2: warning, unrecognized_name (RFC 6066). */
	static const uint8_t warning[] = { 21, 3, 3, 0, 2, 1, 112 };
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 0);
	struct message reply = server_hello(0x1301);

	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	send_octets(&k, DIR_IN, warning, sizeof warning);
	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_told(b, "hello a.example\n"
		       "tls a.example -> 0304 1301\n");
}

/* PostgreSQL, "SSL Session Encryption": S, and TLS begins. */
static void
a_server_that_consents_before_the_hello_is_read(void **state)
{
	static const uint8_t ask[] = { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f };
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 5432);
	struct message hello = client_hello("a.example", "h2", 0);
	struct message reply = server_hello(0x1301);
	struct message records = in_records(&reply, 16384);

	send_octets(&k, DIR_OUT, ask, sizeof ask);
	send_octets(&k, DIR_IN, (const uint8_t *)"S", 1);
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	send_octets(&k, DIR_IN, records.octets, 3);
	assert_told(b, "hello a.example\n");
	send_octets(&k, DIR_IN, records.octets + 3, records.len - 3);
	assert_told(b, "tls a.example -> 0304 1301\n");
}

static void
an_alert_instead_of_an_answer_ends_the_handshake(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 0);

	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	send_octets(&k, DIR_IN, "\x15\x03\x03\x00\x02\x02\x28", 7);
	assert_told(b, "hello a.example\ntls a.example\n");
	assert_int_equal(held(b), 0);
}

static void
a_broken_answer_leaves_the_hello(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 443);
	struct message hello = client_hello("a.example", "h2", 0);
	struct message reply = server_hello(0x1301);
	struct tracker_counts counts;

	reply.octets[4 + 34] = 77; /* a session id longer than the rest */
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_told(b, "hello a.example\ntls a.example\n");
	tracker_get_counts(b->tracker, &counts);
	assert_int_equal(counts.apps.tls_malformed, 1);
	assert_int_equal(counts.apps.tls_hellos, 1);
}

static void
tls_after_a_dialogue_in_text_is_found(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 587);
	struct message hello = client_hello("mail.example", "x", 0);

	server(&k, "220 mail.example ESMTP\r\n");
	client(&k, "EHLO client\r\n");
	server(&k, "250-mail.example\r\n250 STARTTLS\r\n");
	client(&k, "STARTTLS\r\n");
	server(&k, "220 go ahead\r\n");
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	assert_told(b, "hello mail.example\n");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(both_hellos_are_told),
		T(a_hello_over_two_segments_is_whole),
		T(a_hello_over_two_records_is_whole),
		T(a_hello_whose_end_is_lost_still_names_the_server),
		T(a_hello_without_an_answer_is_told_at_the_end),
		T(an_answer_without_its_hello_is_told),
		T(what_hellos_say_is_told),
		T(a_hello_that_is_retried_is_one_handshake),
		T(a_warning_before_the_answer_does_not_end_the_handshake),
		T(a_server_that_consents_before_the_hello_is_read),
		T(an_alert_instead_of_an_answer_ends_the_handshake),
		T(a_broken_answer_leaves_the_hello),
		T(tls_after_a_dialogue_in_text_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
