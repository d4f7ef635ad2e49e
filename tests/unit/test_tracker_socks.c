#include "tests/unit/talk.h"

/* ---- SOCKS; requests and replies by hand from RFC 1928, 1929, SOCKS 4A ----
 */

#define GREETING "\5\1\0"
#define CHOICE   "\5\0"
#define ASK_NAME                                                               \
	"\5\1\0\3\x0a"                                                         \
	"c2.example\x01\xbb"
#define GRANTED "\5\0\0\1\0\0\0\0\0\0"
#define ASK_4A                                                                 \
	"\4\1\x1f\x40\0\0\0\1\0"                                               \
	"c2.example\0"
#define GRANTED_4 "\0\x5a\x1f\x40\0\0\0\1"

#define SEND(talk, dir, text) send_octets(talk, dir, text, sizeof(text) - 1)

static void
send_hello(struct talk *k)
{
	struct message hello = client_hello("inner.example", "h2", 0);

	send_message(k, DIR_OUT, in_records(&hello, 16384));
}

static void
send_server_hello(struct talk *k)
{
	struct message reply = server_hello(0x1301);

	send_message(k, DIR_IN, in_records(&reply, 16384));
}

static void
tls_inside_of_version_5_is_told_with_the_target(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 1080);

	SEND(&k, DIR_OUT, GREETING);
	SEND(&k, DIR_IN, CHOICE);
	SEND(&k, DIR_OUT, ASK_NAME);
	assert_told(b, "socks5 connect c2.example:443\n");
	assert_int_equal(b->last.app, APP_SOCKS);
	SEND(&k, DIR_IN, GRANTED);
	send_hello(&k);
	assert_int_equal(b->last.tls.tunnel_app, APP_SOCKS);
	send_server_hello(&k);
	assert_told(b, "hello inner.example through c2.example:443\n"
		       "tls inner.example through c2.example:443"
		       " -> 0304 1301\n");
	assert_int_equal(held(b), 0);
}

static void
a_password_comes_before_the_request(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 1080);

	SEND(&k, DIR_OUT, "\5\2\0\2");
	SEND(&k, DIR_IN, "\5\2");
	SEND(&k, DIR_OUT, "\1\2me\2pw");
	SEND(&k, DIR_IN, "\1\0");
	SEND(&k, DIR_OUT, "\5\1\0\1\xcb\0\x71\7\0\x50");
	SEND(&k, DIR_IN, GRANTED);
	client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_true(b->last.http.tunnelled);
	server(&k, "HTTP/1.1 204 No\r\n\r\n");
	assert_told(b, "socks5 connect 203.0.113.7:80\n"
		       "request GET a.example /\n"
		       "http GET a.example / -> 204 0\n");
}

static void
what_comes_octet_by_octet_is_told_once(void **state)
{
	static const char ask[] = GREETING ASK_NAME;
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 1080);

	for (size_t i = 0; i < sizeof ask - 1; i++)
		send_octets(&k, DIR_OUT, ask + i, 1);
	assert_told(b, "socks5 connect c2.example:443\n");
	for (size_t i = 0; i < 12; i++)
		send_octets(&k, DIR_IN, &(CHOICE GRANTED)[i], 1);
	send_hello(&k);
	send_server_hello(&k);
	assert_told(b, "hello inner.example through c2.example:443\n"
		       "tls inner.example through c2.example:443"
		       " -> 0304 1301\n");
}

static void
a_client_need_not_wait_for_the_reply(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 1080);
	struct message m = { .len = 0 },
		       hello = client_hello("a.example", "h2", 0),
		       reply = server_hello(0x1302);

	hello = in_records(&hello, 16384);
	reply = in_records(&reply, 16384);
	put(&m, GREETING ASK_NAME, sizeof(GREETING ASK_NAME) - 1);
	put(&m, hello.octets, hello.len);
	send_message(&k, DIR_OUT, m);
	assert_told(b, "socks5 connect c2.example:443\n"
		       "hello a.example through c2.example:443\n");
	m.len = 0;
	put(&m, CHOICE GRANTED, 12);
	put(&m, reply.octets, reply.len);
	send_message(&k, DIR_IN, m);
	assert_told(b, "tls a.example through c2.example:443"
		       " -> 0304 1302\n");
}

static void
version_4a_names_the_target(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 9050);

	SEND(&k, DIR_OUT, ASK_4A);
	assert_told(b, "socks4 connect c2.example:8000\n");
	SEND(&k, DIR_IN, GRANTED_4 "HTTP/1.1 204 No\r\n\r\n");
	assert_told(b, "http - -> 204 0\n");
}

static void
a_reply_that_was_not_captured_is_not_waited_for(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 1080);

	SEND(&k, DIR_OUT, GREETING ASK_NAME);
	lose(&k, DIR_IN, 12);
	send_hello(&k);
	acknowledge(&k, DIR_OUT);
	send_server_hello(&k);
	for (int i = 0; i < 4; i++)
		acknowledge(&k, DIR_OUT);
	assert_told(b, "socks5 connect c2.example:443\n"
		       "hello inner.example through c2.example:443\n"
		       "tls inner.example through c2.example:443"
		       " -> 0304 1301\n");
}

static void
bind_has_two_replies(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 1080);

	SEND(&k, DIR_OUT, "\4\2\0\x50\xcb\0\x71\7\0");
	SEND(&k, DIR_IN, GRANTED_4);
	SEND(&k, DIR_IN, GRANTED_4);
	send_server_hello(&k);
	assert_told(b, "socks4 bind 203.0.113.7:80\n"
		       "tls through 203.0.113.7:80 -> 0304 1301\n");
}

static void
a_relay_of_datagrams_is_told_and_left_alone(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 1080);

	SEND(&k, DIR_OUT, GREETING "\5\3\0\1\0\0\0\0\0\0");
	send_hello(&k);
	assert_told(b, "socks5 udp 0.0.0.0:0\n");
	assert_int_equal(held(b), 0);
}

static void
a_proxy_behind_a_proxy_is_told_too(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 1080);

	SEND(&k, DIR_OUT, ASK_4A);
	SEND(&k, DIR_IN, GRANTED_4);
	SEND(&k, DIR_OUT, GREETING);
	SEND(&k, DIR_IN, CHOICE);
	SEND(&k, DIR_OUT, ASK_NAME);
	SEND(&k, DIR_IN, GRANTED);
	send_hello(&k);
	assert_told(b, "socks4 connect c2.example:8000\n"
		       "socks5 connect c2.example:443\n"
		       "hello inner.example through c2.example:443\n");
}

static void
the_flow_is_known_as_socks_where_nothing_is_known_inside(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 1080);

	SEND(&k, DIR_OUT, GREETING ASK_NAME);
	SEND(&k, DIR_IN, CHOICE GRANTED);
	client(&k, "\x01\x02\x03");
	hang_up(&k);
	finish(b);
	assert_told(b, "start 50000>1080\n"
		       "app socks\n"
		       "socks5 connect c2.example:443\n"
		       "end shutdown socks 6/3\n");
}

/* ---- what is none ---- */

static void
other_protocols_with_these_first_octets_are_not_held_up(void **state)
{
	/* A greeting, or the beginning of one; then no request. */
	static const struct {
		const char *octets;
		size_t len;
	} cases[] = { { "\5", 1 }, { "\4\1", 2 }, { "\5\1\0", 3 },
		{ "\5\2\0\1", 4 }, { "\5\0\0\3\x10\0\0\0", 8 },
		{ "\4\1\0\x50\xc0\0\2\1\xff\xff", 10 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench *b = bench_new(some_options(MESSAGES));
		struct talk k = talk(b, 50000, 4000);

		send_octets(&k, DIR_OUT, cases[i].octets, cases[i].len);
		SEND(&k, DIR_IN, CHOICE);
		send_hello(&k);
		send_server_hello(&k);
		assert_told(b, "hello inner.example\n"
			       "tls inner.example -> 0304 1301\n");
		bench_free(b);
	}
}

static void
a_request_is_what_a_connection_begins_with(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4000);

	client(&k, "hello\n");
	SEND(&k, DIR_OUT, GREETING ASK_NAME);
	k = talk(b, 50001, 4000);
	server(&k, "220 welcome\r\n");
	SEND(&k, DIR_OUT, GREETING ASK_NAME);
	k = talk(b, 50002, 4000);
	SEND(&k, DIR_IN, GREETING ASK_NAME);
	k = talk_to(b, 50003, 4000); /* its beginning was not captured */
	SEND(&k, DIR_OUT, GREETING ASK_NAME);
	assert_told(b, "");
}

static void
version_4_has_nothing_behind_its_request(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4000);

	SEND(&k, DIR_OUT, "\4\1\0\x50\xcb\0\x71\7\0more");
	assert_told(b, "");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define F(test) cmocka_unit_test_setup_teardown(test, setup_flows, teardown)
	const struct CMUnitTest tests[] = {
		T(tls_inside_of_version_5_is_told_with_the_target),
		T(a_password_comes_before_the_request),
		T(what_comes_octet_by_octet_is_told_once),
		T(a_client_need_not_wait_for_the_reply),
		T(version_4a_names_the_target),
		T(a_reply_that_was_not_captured_is_not_waited_for),
		T(bind_has_two_replies),
		T(a_relay_of_datagrams_is_told_and_left_alone),
		T(a_proxy_behind_a_proxy_is_told_too),
		F(the_flow_is_known_as_socks_where_nothing_is_known_inside),
		cmocka_unit_test(
		    other_protocols_with_these_first_octets_are_not_held_up),
		T(a_request_is_what_a_connection_begins_with),
		T(version_4_has_nothing_behind_its_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
