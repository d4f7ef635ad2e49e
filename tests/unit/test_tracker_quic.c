#include "decoders/quic.h"
#include "tests/unit/quic_seal.h"
#include "tests/unit/talk.h"

#define CLIENT_PORT 50000
#define PORT        4433 /* any will do */
#define DATAGRAM    1200
/* What of a hello goes into one datagram: the rest is for headers. */
#define PIECE_MAX 1100

/* A client and what it talks to. */
struct quic_talk {
	struct bench *b;
	uint16_t client_port;
	uint32_t version;
	const char *dcid;   /* of the client's first Initial */
	uint64_t number[2]; /* of packets, by enum direction */
};

static struct quic_talk
quic_talk(struct bench *b)
{
	return (struct quic_talk){ b, CLIENT_PORT, QUIC_VERSION_1, "12345678",
		{ 0, 0 } };
}

static struct cursor
text(const char *string)
{
	return cur_of(string, strlen(string));
}

/* A CRYPTO frame (RFC 9000 section 19.6) with some octets of a message. */
static void
put_crypto(struct message *m, const struct message *from, size_t at, size_t len)
{
	put_int(m, 0x06, 1);
	put_int(m, 0x4000 | at, 2);
	put_int(m, 0x4000 | len, 2);
	put(m, from->octets + at, len);
}

/* The payload in an Initial; padding makes it a datagram of 1200 octets. */
static struct message
initial(struct quic_talk *k, enum direction dir, struct message payload)
{
	struct seal how = { .version = k->version,
		.key_dcid = text(k->dcid),
		.from = dir == DIR_OUT ? QUIC_CLIENT : QUIC_SERVER,
		.dcid = dir == DIR_OUT ? text(k->dcid) : text(""),
		.scid = dir == DIR_OUT ? text("") : text("server"),
		.number = k->number[dir]++,
		.number_len = 2 };
	struct message out = { .len = 0 };
	struct sealed sealed;

	if (payload.len < DATAGRAM - 30)
		put_zeros(&payload, DATAGRAM - 30 - payload.len);
	seal(&how, cur_of(payload.octets, payload.len), &sealed);
	put(&out, sealed.octets, sealed.len);
	return out;
}

static struct message
piece(struct quic_talk *k, enum direction dir, const struct message *from,
    size_t at, size_t len)
{
	struct message payload = { .len = 0 };

	put_crypto(&payload, from, at, len);
	return initial(k, dir, payload);
}

static void
send_quic(struct quic_talk *k, enum direction dir, struct message datagram)
{
	send_datagram(k->b, k->client_port, PORT, dir == DIR_IN, datagram, 0);
}

static void
send_hello(struct quic_talk *k, const char *name)
{
	struct message hello = client_hello(name, "h3", 0);

	send_quic(k, DIR_OUT, piece(k, DIR_OUT, &hello, 0, hello.len));
}

static void
send_answer(struct quic_talk *k)
{
	struct message hello = server_hello(0x1301);

	send_quic(k, DIR_IN, piece(k, DIR_IN, &hello, 0, hello.len));
}

/* A short header and what only the ends can read. */
static void
send_data(struct quic_talk *k, enum direction dir)
{
	struct message data = { .len = 0 };

	put_int(&data, 0x41, 1);
	put_zeros(&data, 50);
	send_quic(k, dir, data);
}

/* An Initial's header, and behind it what no key opens. */
static struct message
garbage(struct quic_talk *k)
{
	struct message empty = { .len = 0 }, out = initial(k, DIR_OUT, empty);

	memset(out.octets + 600, 0xff, 16);
	return out;
}

static struct app_counts
counts_of(struct bench *b)
{
	struct tracker_counts counts;

	tracker_get_counts(b->tracker, &counts);
	return counts.apps;
}

/* ---- hellos ---- */

static void
the_hello_is_told_at_once_and_the_handshake_with_the_answer(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);
	const struct obs_text *alpn;

	send_hello(&k, "a.example");
	assert_told(b, "start 50000>4433\napp quic\nquic a.example\n");
	assert_int_equal(b->copy->tls.quic_version, QUIC_VERSION_1);
	assert_int_equal(b->copy->tls.client_version, 0x0304);
	assert_int_equal(b->copy->packet_number, 1);
	alpn = obs_elements(b->copy, b->copy->tls.client_alpn);
	assert_int_equal(b->copy->tls.client_alpn.count, 1);
	assert_obs_text(b, alpn[0], "h3");
	/* JA4.md: transport, version, a name is there, counts, ALPN. */
	assert_memory_equal(obs_octets(b->copy, b->copy->tls.ja4), "q13d0104h3",
	    10);
	assert_int_equal(b->copy->tls.ja3.len, 32);
	send_answer(&k);
	assert_told(b, "quic handshake a.example -> 0304 1301\n");
	assert_int_equal(b->copy->tls.ja3s.len, 32);
	assert_int_equal(b->copy->packet_number, 2);
	assert_int_equal(held(b), 0);
	send_data(&k, DIR_OUT);
	finish(b);
	assert_told(b, "end shutdown quic 2/1\n");
	assert_true(b->last.flow.named);
	assert_int_equal(counts_of(b).quic_hellos, 1);
}

static void
a_hello_over_two_datagrams_is_whole_in_any_order(void **state)
{
	struct bench *b = *state;
	struct message hello = client_hello("a.example", "h3", 1300);

	for (int swapped = 0; swapped < 2; swapped++) {
		struct quic_talk k = quic_talk(b);
		struct message piece1 = piece(&k, DIR_OUT, &hello, 0,
		    PIECE_MAX);
		struct message piece2 = piece(&k, DIR_OUT, &hello, PIECE_MAX,
		    hello.len - PIECE_MAX);

		k.client_port = (uint16_t)(CLIENT_PORT + swapped);
		send_quic(&k, DIR_OUT, swapped ? piece2 : piece1);
		assert_told(b, "");
		assert_int_not_equal(held(b), 0);
		send_quic(&k, DIR_OUT, swapped ? piece1 : piece2);
		assert_told(b, "quic a.example\n");
		send_answer(&k);
		assert_told(b, "quic handshake a.example -> 0304 1301\n");
		assert_int_equal(held(b), 0);
	}
}

static void
a_hello_whose_rest_is_lost_still_names_the_server(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);
	struct message hello = client_hello("a.example", "h3", 1300);

	send_quic(&k, DIR_OUT, piece(&k, DIR_OUT, &hello, 0, PIECE_MAX));
	assert_told(b, "");
	finish(b);
	assert_told(b, "quic a.example cut\nquic handshake a.example cut\n");
	assert_int_equal(b->copy->tls.ja4.len, 0);
}

static void
of_a_hello_whose_beginning_is_lost_nothing_is_told(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);
	struct message hello = client_hello("a.example", "h3", 1300);

	send_quic(&k, DIR_OUT,
	    piece(&k, DIR_OUT, &hello, PIECE_MAX, hello.len - PIECE_MAX));
	finish(b);
	assert_told(b, "start 50000>4433\napp quic\nend shutdown quic 1/0\n");
	assert_false(b->last.flow.named);
}

static void
a_hello_without_an_answer_is_told_at_the_end(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	send_hello(&k, "a.example");
	assert_told(b, "quic a.example\n");
	finish(b);
	assert_told(b, "quic handshake a.example\n");
}

static void
an_answer_is_not_waited_for_long(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	send_hello(&k, "a.example");
	assert_told(b, "quic a.example\n");
	for (int i = 0; i < 20; i++)
		send_data(&k, DIR_OUT);
	assert_told(b, "quic handshake a.example\n");
	assert_int_equal(held(b), 0);
}

static int
setup_hellos_only(void **state)
{
	*state = bench_new(some_options(OBS_BIT(OBS_QUIC)));
	return 0;
}

static void
nothing_is_held_for_an_answer_that_nobody_wants(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	send_hello(&k, "a.example");
	assert_told(b, "quic a.example\n");
	assert_int_equal(held(b), 0);
	send_answer(&k);
	assert_told(b, "");
}

static void
a_retried_hello_is_one_handshake(void **state)
{
	/* RFC 8446 section 4.1.3: this random makes it a retry. */
	static const uint8_t retry[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a,
		0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e,
		0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);
	struct message first = server_hello(0x1301), second = first,
		       both = { .len = 0 };

	memcpy(first.octets + 4 + 2, retry, sizeof retry);
	put(&both, first.octets, first.len);
	put(&both, second.octets, second.len);
	send_hello(&k, "a.example");
	send_quic(&k, DIR_IN, piece(&k, DIR_IN, &both, 0, first.len));
	assert_told(b, "quic a.example\n");
	send_quic(&k, DIR_IN, piece(&k, DIR_IN, &both, first.len, second.len));
	assert_told(b, "quic handshake a.example -> 0304 1301 retried\n");
}

static void
a_broken_hello_is_counted(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);
	struct message hello = client_hello("a.example", "h3", 0);

	hello.octets[4 + 34] = 77; /* a session id longer than it may be */
	send_quic(&k, DIR_OUT, piece(&k, DIR_OUT, &hello, 0, hello.len));
	finish(b);
	assert_told(b, "");
	assert_int_equal(counts_of(b).quic_malformed, 1);
	assert_int_equal(counts_of(b).quic_hellos, 0);
}

/* ---- beginning anew ---- */

static void
a_hello_that_comes_again_after_a_retry_is_told_once(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	send_hello(&k, "a.example");
	k.dcid = "87654321";
	send_hello(&k, "a.example");
	send_answer(&k);
	assert_told(b, "quic a.example\n"
		       "quic handshake a.example -> 0304 1301\n");
	assert_int_equal(counts_of(b).quic_hellos, 1);
}

static void
another_name_after_a_new_beginning_is_told_too(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	send_hello(&k, "a.example");
	k.dcid = "87654321";
	send_hello(&k, "b.example");
	send_answer(&k);
	assert_told(b, "quic a.example\n"
		       "quic handshake a.example\n"
		       "quic b.example\n"
		       "quic handshake b.example -> 0304 1301\n");
}

static void
the_handshake_has_the_version_that_was_agreed_on(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	send_hello(&k, "a.example");
	k.version = QUIC_VERSION_2;
	send_hello(&k, "a.example");
	send_answer(&k);
	assert_told(b, "quic a.example\n"
		       "quic handshake a.example -> 0304 1301\n");
	assert_int_equal(b->copy->tls.quic_version, QUIC_VERSION_2);
}

static void
who_sent_the_hello_is_the_initiator(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	send_data(&k, DIR_IN);
	send_hello(&k, "a.example");
	assert_told(b, "quic a.example\n");
	assert_int_equal(b->last.port[DIR_OUT], CLIENT_PORT);
	assert_int_equal(b->last.packets[DIR_OUT], 1);
}

/* ---- what is sent to do harm ---- */

static void
what_does_not_open_is_counted_and_hides_no_hello_behind_it(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	send_quic(&k, DIR_OUT, garbage(&k));
	send_quic(&k, DIR_OUT, garbage(&k));
	assert_int_equal(held(b), 0);
	assert_int_equal(counts_of(b).quic_unopened, 2);
	send_hello(&k, "a.example");
	assert_told(b, "quic a.example\n");
}

static void
a_flow_of_garbage_is_given_up(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	for (int i = 0; i < 100; i++)
		send_quic(&k, DIR_OUT, garbage(&k));
	assert_true(counts_of(b).quic_unopened < 10);
	finish(b);
	assert_told(b, "start 50000>4433\napp unknown\n"
		       "end shutdown unknown 100/0\n");
}

static void
garbage_behind_half_a_hello_is_given_up(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);
	struct message hello = client_hello("a.example", "h3", 1300);

	send_quic(&k, DIR_OUT, piece(&k, DIR_OUT, &hello, 0, PIECE_MAX));
	for (int i = 0; i < 100; i++)
		send_quic(&k, DIR_OUT, garbage(&k));
	assert_int_equal(held(b), 0);
	assert_true(counts_of(b).quic_unopened < 10);
	assert_told(b, "quic a.example cut\nquic handshake a.example cut\n");
}

static int
setup_large(void **state)
{
	struct tracker_options options = some_options(OBS_BIT(OBS_QUIC));

	options.flows.flows_max = 20000;
	options.sessions_max = 20000;
	options.stream_octets_max = (size_t)1 << 30;
	*state = bench_new(options);
	return 0;
}

static void
a_flood_of_halves_is_bounded_and_the_oldest_go(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);
	struct message hello = client_hello("a.example", "h3", 1300);
	struct message half = piece(&k, DIR_OUT, &hello, 0, PIECE_MAX);

	for (unsigned i = 0; i < 4200; i++) {
		k.client_port = (uint16_t)(10000 + i);
		send_quic(&k, DIR_OUT, half);
	}
	assert_int_equal(held(b), 4096 * sizeof(struct quic_initials));
	assert_int_equal(counts_of(b).sessions_evicted, 104);
	assert_int_equal(counts_of(b).quic_hellos, 104);
	k.client_port = 20000;
	b->told_len = 0;
	send_hello(&k, "b.example");
	assert_non_null(strstr(b->told, "quic b.example\n"));
	b->quiet = true;
}

static int
setup_without_room(void **state)
{
	struct tracker_options options = some_options(MESSAGES);

	options.stream_octets_max = 256;
	*state = bench_new(options);
	return 0;
}

static void
without_room_a_whole_hello_is_told_all_the_same(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);
	struct message hello = client_hello("b.example", "h3", 1300);

	send_hello(&k, "a.example");
	assert_told(b, "quic a.example\nquic handshake a.example\n");
	k.client_port++;
	send_quic(&k, DIR_OUT, piece(&k, DIR_OUT, &hello, 0, PIECE_MAX));
	assert_int_equal(counts_of(b).sessions_evicted, 1);
}

/* ---- other datagrams ---- */

static void
dns_is_still_read_behind_it(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);
	struct message query = { .len = 0 };

	put_int(&query, 7, 2);
	put_int(&query, 0x0100, 2);
	put_int(&query, 1, 2);
	put_zeros(&query, 6);
	put_name(&query, "a.example");
	put_int(&query, 1, 2);
	put_int(&query, 1, 2);
	send_quic(&k, DIR_OUT, garbage(&k));
	send_quic(&k, DIR_OUT, query);
	assert_told(b, "query a.example\n");
}

static void
a_flow_whose_initials_were_not_seen_stays_unknown(void **state)
{
	struct bench *b = *state;
	struct quic_talk k = quic_talk(b);

	for (int i = 0; i < 8; i++)
		send_data(&k, DIR_OUT);
	finish(b);
	assert_told(b, "start 50000>4433\napp unknown\n"
		       "end shutdown unknown 8/0\n");
}

int
main(void)
{
#define T(test)      cmocka_unit_test_setup_teardown(test, setup, teardown)
#define F(test)      cmocka_unit_test_setup_teardown(test, setup_flows, teardown)
#define S(test, set) cmocka_unit_test_setup_teardown(test, set, teardown)
	const struct CMUnitTest tests[] = {
		F(the_hello_is_told_at_once_and_the_handshake_with_the_answer),
		T(a_hello_over_two_datagrams_is_whole_in_any_order),
		T(a_hello_whose_rest_is_lost_still_names_the_server),
		F(of_a_hello_whose_beginning_is_lost_nothing_is_told),
		T(a_hello_without_an_answer_is_told_at_the_end),
		T(an_answer_is_not_waited_for_long),
		S(nothing_is_held_for_an_answer_that_nobody_wants,
		    setup_hellos_only),
		T(a_retried_hello_is_one_handshake),
		T(a_broken_hello_is_counted),
		T(a_hello_that_comes_again_after_a_retry_is_told_once),
		T(another_name_after_a_new_beginning_is_told_too),
		T(the_handshake_has_the_version_that_was_agreed_on),
		T(who_sent_the_hello_is_the_initiator),
		T(what_does_not_open_is_counted_and_hides_no_hello_behind_it),
		F(a_flow_of_garbage_is_given_up),
		T(garbage_behind_half_a_hello_is_given_up),
		S(a_flood_of_halves_is_bounded_and_the_oldest_go, setup_large),
		S(without_room_a_whole_hello_is_told_all_the_same,
		    setup_without_room),
		T(dns_is_still_read_behind_it),
		F(a_flow_whose_initials_were_not_seen_stays_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
