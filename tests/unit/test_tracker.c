#include "tests/unit/talk.h"

/* ---- flows ---- */

/* A SYN on VLAN 7, in IPv4 in IPv4 (RFC 2003). */
static void
an_observation_has_all_that_the_flow_knows(void **state)
{
	struct bench *b = *state;
	static struct frame_bytes inner, f;
	const struct frame_end client_end = { { 10, 1, 2, 3 }, 50000 };
	const struct frame_end server_end = { { 198, 51, 100, 7 }, 443 };
	const struct frame_end near = { { 192, 0, 2, 1 }, 0 };
	const struct frame_end far = { { 192, 0, 2, 2 }, 0 };
	const struct observation *o;

	frame_tcp(&inner, &client_end, &server_end, 1, 0, TCP_SYN, NULL, 0);
	frame_begin(&f, 4, &near, &far, inner.len - 14);
	frame_put(&f, inner.octets + 14, inner.len - 14);
	memmove(f.octets + 16, f.octets + 12, f.len - 12);
	memcpy(f.octets + 12, "\x81\x00\x00\x07", 4);
	f.len += 4;
	b->number = 41;
	send_frame(b, &f, f.len);
	assert_told(b, "start 50000>443\n");
	o = b->copy;
	assert_true(
	    memcmp(o->addr[DIR_OUT].octets + 12, client_end.addr, 4) == 0);
	assert_true(
	    memcmp(o->addr[DIR_IN].octets + 12, server_end.addr, 4) == 0);
	assert_int_equal(o->segment[DIR_OUT], SEGMENT_INTERNAL);
	assert_int_equal(o->segment[DIR_IN], SEGMENT_EXTERNAL);
	assert_int_equal(o->ip_proto, 6);
	assert_int_equal(o->vlan_count, 1);
	assert_int_equal(o->vlan[0], 7);
	assert_int_equal(o->packet_number, 42);
	assert_true(o->time_us == NOW && o->flow_first_us == NOW &&
		    o->flow_last_us == NOW);
	assert_int_equal(o->octets[DIR_OUT], 14 + 4 + 20 + 20 + 20);
	assert_int_equal(o->packets[DIR_OUT], 1);
	assert_int_equal(o->flow.tcp_flags[DIR_OUT], TCP_SYN);
	assert_int_equal(o->tunnel_depth, 1);
	assert_int_equal(o->tunnel_proto, 4);
	assert_true(memcmp(o->tunnel_addr[0].octets + 12, near.addr, 4) == 0);
	assert_true(memcmp(o->tunnel_addr[1].octets + 12, far.addr, 4) == 0);
}

static void
a_reset_closes_a_flow(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);

	send_at(&k, DIR_IN, 0, TCP_RST, NULL, 0);
	b->now_us += 11 * SECOND;
	tracker_idle(b->tracker, b->now_us);
	assert_told(b, "start 50000>4444\nend closed none 2/2\n");
}

static void
a_flow_is_open_until_both_ends_said_fin(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);

	send_at(&k, DIR_IN, k.seq[DIR_IN], TCP_FIN | TCP_ACK, NULL, 0);
	b->now_us += 500 * SECOND;
	tracker_idle(b->tracker, b->now_us);
	assert_told(b, "start 50000>4444\n");
	assert_int_equal(b->last.state, FLOW_NEW);
	b->now_us += 101 * SECOND;
	tracker_idle(b->tracker, b->now_us);
	assert_told(b, "end timeout none 2/2\n");
	assert_int_equal(b->last.state, FLOW_ESTABLISHED);
}

static void
where_one_end_is_not_seen_the_other_ends_fin_closes(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 4444);

	k.one_sided = true;
	shake_hands(&k);
	hang_up(&k);
	b->now_us += 11 * SECOND;
	tracker_idle(b->tracker, b->now_us);
	assert_told(b, "start 50000>4444\nend closed none 4/0\n");
}

static void
a_few_stray_segments_are_no_conversation(void **state)
{
	struct bench *b = *state;
	struct talk stray = talk_to(b, 50000, 4444);
	struct talk more = talk_to(b, 50001, 4444);

	for (int i = 0; i < 3; i++)
		acknowledge(&stray, DIR_OUT);
	for (int i = 0; i < 4; i++)
		acknowledge(&more, DIR_OUT);
	b->now_us += 31 * SECOND;
	tracker_idle(b->tracker, b->now_us);
	assert_told(b, "start 50000>4444 midstream\n"
		       "start 50001>4444 midstream\n"
		       "end timeout none 3/0 midstream\n");
}

/* Reordered or sent again: nothing was lost for good. */
static void
what_came_late_was_not_lost(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);
	uint32_t seq = k.seq[DIR_OUT];

	send_at(&k, DIR_OUT, seq + 100, TCP_ACK, "\x01 second", 8);
	send_at(&k, DIR_OUT, seq, TCP_ACK, (char[100]){ 1 }, 100);
	send_at(&k, DIR_OUT, seq + 50, TCP_ACK, (char[100]){ 1 }, 100);
	send_at(&k, DIR_OUT, seq + 150, TCP_ACK, "\x01 third", 7);
	finish(b);
	assert_told(b, "start 50000>4444\napp unknown\n"
		       "end shutdown unknown 6/1\n");
}

static void
one_packet_with_a_wild_time_ends_no_other_flow(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80), wild;

	b->now_us += 365 * 86400 * SECOND;
	wild = talk_to(b, 50001, 80);
	send_at(&wild, DIR_OUT, 1, TCP_SYN, NULL, 0);
	b->now_us = NOW + SECOND;
	client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "start 50000>80\nstart 50001>80\napp http\n"
		       "request GET a.example /\n");
	/* Many that agree are the time. */
	b->now_us += 365 * 86400 * SECOND;
	for (uint16_t i = 0; i < 300; i++) {
		wild = talk_to(b, (uint16_t)(1000 + i), 80);
		send_at(&wild, DIR_OUT, 1, TCP_SYN, NULL, 0);
	}
	assert_non_null(strstr(b->told, "end timeout http"));
}

static void
the_application_of_a_flow_is_told_once(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 3128);
	struct message hello = client_hello("a.example", "h2", 0);

	client(&k, "CONNECT a.example:443 HTTP/1.1\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\n\r\n");
	assert_int_equal(b->last.app, APP_HTTP);
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	finish(b);
	assert_told(b, "start 50000>3128\n"
		       "app http\n"
		       "request CONNECT a.example a.example:443\n"
		       "http CONNECT a.example a.example:443 -> 200 0\n"
		       "hello a.example through a.example:443\n"
		       "tls a.example through a.example:443\n"
		       "end shutdown tls 4/2\n");
}

static void
a_datagram_nobody_knows_is_told_after_some_tries(void **state)
{
	struct bench *b = *state;
	struct message m = { .len = 0 };

	put(&m, "whatever this is", 16);
	for (int i = 0; i < 3; i++)
		send_datagram(b, 40000, 9999, i % 2, m, 0);
	assert_told(b, "start 40000>9999\n");
	send_datagram(b, 40000, 9999, false, m, 0);
	send_datagram(b, 40000, 9999, true, m, 0);
	assert_told(b, "app unknown\n");
	assert_int_equal(b->last.state, FLOW_ESTABLISHED);
	send_datagram(b, 40000, 9999, true, dns_query(1, "a.example"), 0);
	assert_told(b, "");
}

static void
play_a_bit_of_everything(struct bench *b)
{
	struct message hello = client_hello("a.example", "h2", 0);

	for (uint16_t i = 0; i < 60; i++) {
		struct talk k = talk(b, (uint16_t)(1000 + i), 80);

		client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
		send_datagram(b, i, 53, false, dns_query(i, "b.example"), 0);
		if (i % 3 == 0)
			lose(&k, DIR_IN, 5);
		server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx");
		if (i % 2 == 0)
			hang_up(&k);
		k = talk(b, (uint16_t)(2000 + i), 443);
		send_message(&k, DIR_OUT, in_records(&hello, 100));
		b->now_us += 3 * SECOND;
	}
	hand_on(b);
	tracker_finish(b->tracker);
}

static void
packets_in_batches_tell_the_same(void **state)
{
	struct tracker_options options = some_options(ALL_KINDS);
	struct bench *one = *state, *many;

	options.flows.flows_max = 1000;
	many = bench_new(options);
	many->batch_max = CAPTURE_BATCH_MAX;
	play_a_bit_of_everything(one);
	play_a_bit_of_everything(many);
	assert_true(one->told_len > 5000);
	assert_string_equal(one->told, many->told);
	bench_free(many);
}

static void
a_syn_without_an_answer_is_a_flow_of_its_own(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 8000);

	send_at(&k, DIR_OUT, 1000, TCP_SYN, NULL, 0);
	assert_told(b, "start 50000>8000\n");
	b->now_us += SECOND;
	send_at(&k, DIR_OUT, 1000, TCP_SYN, NULL, 0);
	assert_told(b, "");
	b->now_us += 31 * SECOND;
	tracker_idle(b->tracker, b->now_us);
	assert_told(b, "end timeout none 2/0\n");
}

static void
a_conversation_is_told_from_start_to_end(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	uint64_t id = b->flow_id;

	client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 204 No Content\r\n\r\n");
	hang_up(&k);
	assert_told(b, "start 50000>80\n"
		       "app http\n"
		       "request GET a.example /\n"
		       "http GET a.example / -> 204 0\n");
	b->now_us += 11 * SECOND;
	tracker_idle(b->tracker, b->now_us);
	assert_told(b, "end closed http 5/3\n");
	assert_true(b->flow_id == id);
	assert_int_equal(b->last.flow.tcp_flags[DIR_OUT],
	    TCP_SYN | TCP_ACK | TCP_PSH | TCP_FIN);
	assert_int_equal(b->last.state, FLOW_CLOSED);
	/* 54 octets of headers each: five and three packets, 34 and 27. */
	assert_int_equal(b->last.octets[DIR_OUT], 5 * 54 + 35);
	assert_int_equal(b->last.octets[DIR_IN], 3 * 54 + 27);
}

static void
what_is_not_known_is_told_once_at_the_end(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);

	client(&k, "\x01\x02 whatever");
	server(&k, "\x03\x04 this is");
	assert_told(b, "start 50000>4444\n");
	finish(b);
	assert_told(b, "app unknown\nend shutdown unknown 3/2\n");
}

static void
a_long_dialogue_is_given_up_and_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);

	for (int i = 0; i < 12; i++) {
		client(&k, "\x01\x02 whatever");
		server(&k, "\x03\x04 this is");
	}
	assert_told(b, "start 50000>4444\napp unknown\n");
	client(&k, "GET / HTTP/1.1\r\n\r\n"); /* nobody listens */
	assert_told(b, "");
}

static void
a_flow_that_talks_again_after_rest_is_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);

	for (int i = 0; i < 24; i++)
		client(&k, "\x01\x02 whatever");
	assert_told(b, "start 50000>4444\napp unknown\n");
	b->now_us += 60 * SECOND;
	acknowledge(&k, DIR_IN); /* keeps it alive, and says nothing */
	b->now_us += 60 * SECOND;
	client(&k, "\x01\x02 whatever");
	client(&k, "\x01\x02 whatever");
	assert_told(b, "burst 27/2\n");
}

static void
a_five_tuple_used_again_is_another_flow(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80), again;
	uint64_t id;

	client(&k, "GET /1 HTTP/1.0\r\n\r\n");
	b->told_len = 0;
	id = b->flow_id;
	again = talk_to(b, 50000, 80);
	again.seq[DIR_OUT] = 777777;
	shake_hands(&again);
	assert_told(b, "http GET - /1\n"
		       "end closed http 3/1\n"
		       "start 50000>80\n");
	assert_true(b->flow_id != id);
	client(&again, "GET /2 HTTP/1.0\r\n\r\n");
	assert_told(b, "app http\nrequest GET - /2\n");
}

static void
lost_octets_are_estimated(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);

	lose(&k, DIR_IN, 5000);
	server(&k, "\x01 binary");
	lose(&k, DIR_OUT, 70);
	client(&k, "\x02 binary");
	finish(b);
	assert_told(b, "start 50000>4444\napp unknown\n"
		       "end shutdown unknown 3/2 lost 5070\n");
}

static void
lost_octets_do_not_overflow_their_count(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 4444);
	uint32_t seq = k.seq[DIR_OUT];

	for (int i = 0; i < 5; i++) {
		seq += 0x7fffffff;
		send_at(&k, DIR_OUT, seq, TCP_ACK, NULL, 0);
	}
	finish(b);
	assert_int_equal(b->last.flow.gaps, UINT32_MAX);
}

static void
time_that_goes_back_does_not_end_flows(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	b->now_us -= 3600 * SECOND;
	client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "start 50000>80\napp http\n"
		       "request GET a.example /\n");
}

/* ---- limits ---- */

static void
more_sessions_than_allowed_evict_the_oldest_undecided(void **state)
{
	struct tracker_options options = some_options(MESSAGES);
	struct bench *b;
	struct talk first;
	struct tracker_counts counts;

	(void)state;
	options.sessions_max = 10;
	b = bench_new(options);
	first = talk(b, 1, 80);
	client(&first, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	for (uint16_t port = 2000; port < 2050; port++) {
		struct talk k = talk(b, port, 4444);

		client(&k, "\x01 whatever");
	}
	server(&first, "HTTP/1.1 204 No\r\n\r\n");
	assert_told(b, "request GET a.example /1\n"
		       "http GET a.example /1 -> 204 0\n");
	tracker_get_counts(b->tracker, &counts);
	assert_int_equal(counts.apps.sessions_evicted, 41);
	bench_free(b);
}

static void
requests_without_answers_are_bounded(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	char expected[64];

	b->quiet = true;
	for (int i = 0; i < 200; i++) {
		char head[64];

		snprintf(head, sizeof head, "GET /%d HTTP/1.0\r\n\r\n", i);
		client(&k, head);
		assert_true(held(b) < 64 * 1024);
	}
	assert_int_equal(b->requests, 200);
	assert_int_equal(b->exchanges, 200 - 64);
	b->quiet = false;
	server(&k, "HTTP/1.1 204 No\r\n\r\n");
	snprintf(expected, sizeof expected, "http GET - /%d -> 204 0\n",
	    200 - 64);
	assert_told(b, expected);
}

static void
a_request_to_a_proxy_names_the_host_in_its_target(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 3128);

	client(&k, "GET http://sfrclak.com:8000/6202033 HTTP/1.1\r\n"
		   "Host: other.example\r\n\r\n");
	assert_told(b, "request GET sfrclak.com "
		       "http://sfrclak.com:8000/6202033\n");
	assert_true(b->last.http.tunnelled);
	assert_int_equal(b->last.http.port, 8000);
	assert_int_equal(b->last.http.path.len, strlen("/6202033"));
}

static void
a_session_that_is_evicted_tells_what_it_knows(void **state)
{
	struct tracker_options options = some_options(MESSAGES);
	struct bench *b;

	(void)state;
	options.sessions_max = 1;
	b = bench_new(options);
	for (uint16_t port = 1; port < 4; port++) {
		struct talk k = talk(b, port, 80);
		char head[100];

		snprintf(head, sizeof head,
		    "POST /%u HTTP/1.1\r\n"
		    "Host: a.example\r\nContent-Length: 9\r\n\r\nbody",
		    port);
		client(&k, head);
	}
	assert_told(b, "request POST a.example /1 body 9 body\n"
		       "http POST a.example /1 body 9 body\n"
		       "request POST a.example /2 body 9 body\n"
		       "http POST a.example /2 body 9 body\n");
	assert_int_equal(b->last.port[DIR_OUT], 2);
	bench_free(b);
}

static void
sessions_are_evicted_in_their_order(void **state)
{
	struct tracker_options options = some_options(MESSAGES);
	struct bench *b;
	struct talk talks[6];

	(void)state;
	options.sessions_max = 4;
	b = bench_new(options);
	for (uint16_t i = 0; i < 6; i++) {
		char head[64];

		talks[i] = talk(b, (uint16_t)(i + 1), 80);
		snprintf(head, sizeof head, "GET /%u HTTP/1.0\r\n\r\n", i);
		client(&talks[i], head);
		if (i == 3) /* one out of the middle ends by itself */
			server(&talks[1], "HTTP/1.0 101 S\r\n\r\n");
	}
	assert_told(b, "request GET - /0\nrequest GET - /1\n"
		       "request GET - /2\nrequest GET - /3\n"
		       "http GET - /1 -> 101 0\n"
		       "request GET - /4\n"
		       "http GET - /0\n"
		       "request GET - /5\n");
	finish(b);
	assert_told(b, "http GET - /2\nhttp GET - /3\n"
		       "http GET - /4\nhttp GET - /5\n");
	bench_free(b);
}

/* Memory is taken from those that hold some. */
static void
short_memory_leaves_alone_who_holds_nothing(void **state)
{
	struct tracker_options options = some_options(MESSAGES);
	struct bench *b;
	struct talk idle, k;
	struct tracker_counts counts;

	(void)state;
	options.stream_octets_max = 8000;
	b = bench_new(options);
	idle = talk(b, 1, 4444);
	client(&idle, "\x01 whatever");
	for (uint16_t port = 2; port < 20; port++) {
		k = talk(b, port, 80);
		client(&k, "GET /slow HTTP/1.1\r\n");
	}
	tracker_get_counts(b->tracker, &counts);
	assert_true(counts.apps.sessions_evicted >= 14);
	client(&idle, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_non_null(strstr(b->told, "request GET a.example /1\n"));
	bench_free(b);
}

/* However little memory there is, each request is told, once. */
static void
short_memory_loses_no_request(void **state)
{
	(void)state;
	for (size_t octets = 0; octets < 12000; octets += 97) {
		struct tracker_options options = some_options(MESSAGES);
		struct bench *b;

		options.stream_octets_max = octets;
		b = bench_new(options);
		b->quiet = true;
		for (uint16_t port = 1; port <= 8; port++) {
			struct talk k = talk(b, port, 80);

			client(&k, "POST /up HTTP/1.1\r\nHost: a.example\r\n"
				   "Content-Length: 9\r\n\r\nbody");
			if (port % 2)
				client(&k, "-rest");
			if (port % 4 == 3)
				server(&k, "HTTP/1.1 200 OK\r\n"
					   "Content-Length: 0\r\n\r\n");
			assert_true(held(b) <= octets);
		}
		tracker_finish(b->tracker);
		assert_int_equal(b->requests, 8);
		assert_true(b->exchanges <= 8);
		bench_free(b);
	}
}

static void
short_memory_loses_no_response(void **state)
{
	(void)state;
	for (size_t octets = 0; octets < 6000; octets += 97) {
		struct tracker_options options = some_options(MESSAGES);
		struct bench *b;
		struct talk k;

		options.stream_octets_max = octets;
		b = bench_new(options);
		b->quiet = true;
		k = talk(b, 1, 80);
		client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
		server(&k, "HTTP/1.1 200 OK\r\n"
			   "Transfer-Encoding: chunked\r\n\r\n"
			   "1\r\nx\r\n0\r\n\r\n");
		tracker_finish(b->tracker);
		assert_int_equal(b->requests, 1);
		assert_int_equal(b->exchanges, 1);
		bench_free(b);
	}
}

static void
early_octets_of_many_flows_stay_within_memory(void **state)
{
	struct tracker_options options = some_options(MESSAGES);
	struct bench *b;
	char part[1400] = { 0 };

	(void)state;
	options.stream_octets_max = 20000;
	b = bench_new(options);
	for (uint16_t port = 1; port < 200; port++) {
		struct talk k = talk(b, port, 80);

		lose(&k, DIR_OUT, 10);
		for (int i = 0; i < 20; i++)
			send_octets(&k, DIR_OUT, part, sizeof part);
		assert_true(held(b) <= 20000);
	}
	bench_free(b);
}

static void
more_flows_than_allowed_are_told_as_evicted(void **state)
{
	struct tracker_options options = some_options(ALL_KINDS);
	struct bench *b;
	struct tracker_counts counts;

	(void)state;
	options.flows.flows_max = 20;
	b = bench_new(options);
	b->quiet = true;
	for (uint16_t port = 1; port <= 100; port++) {
		struct talk k = talk(b, port, 80);

		client(&k, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	}
	assert_int_equal(b->requests, 100);
	assert_int_equal(b->flow_ends, 80);
	assert_int_equal(b->exchanges, 80);
	tracker_get_counts(b->tracker, &counts);
	assert_int_equal(counts.flows.ended[FLOW_END_EVICTED], 80);
	tracker_finish(b->tracker);
	assert_int_equal(b->flow_ends, 100);
	assert_int_equal(b->exchanges, 100);
	bench_free(b);
}

static void
a_tracker_may_be_freed_with_flows_in_it(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 1, 80);

	client(&k, "POST /up HTTP/1.1\r\nHost: a.example\r\n"
		   "Content-Length: 9\r\n\r\nbody");
	k = talk(b, 2, 80);
	lose(&k, DIR_OUT, 3);
	client(&k, "early");
	tracker_free(b->tracker);
	b->tracker = NULL;
}

static int
teardown_freed(void **state)
{
	struct bench *b = *state;

	segments_free(b->segments);
	free(b->copy);
	free(b);
	return 0;
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define F(test) cmocka_unit_test_setup_teardown(test, setup_flows, teardown)
	const struct CMUnitTest tests[] = {
		F(an_observation_has_all_that_the_flow_knows),
		F(a_reset_closes_a_flow),
		F(a_flow_is_open_until_both_ends_said_fin),
		F(where_one_end_is_not_seen_the_other_ends_fin_closes),
		F(a_few_stray_segments_are_no_conversation),
		F(what_came_late_was_not_lost),
		F(one_packet_with_a_wild_time_ends_no_other_flow),
		F(the_application_of_a_flow_is_told_once),
		F(a_datagram_nobody_knows_is_told_after_some_tries),
		F(packets_in_batches_tell_the_same),
		F(a_syn_without_an_answer_is_a_flow_of_its_own),
		F(a_conversation_is_told_from_start_to_end),
		F(what_is_not_known_is_told_once_at_the_end),
		F(a_long_dialogue_is_given_up_and_told),
		F(a_flow_that_talks_again_after_rest_is_told),
		F(a_five_tuple_used_again_is_another_flow),
		F(lost_octets_are_estimated),
		F(lost_octets_do_not_overflow_their_count),
		F(time_that_goes_back_does_not_end_flows),
		T(requests_without_answers_are_bounded),
		T(a_request_to_a_proxy_names_the_host_in_its_target),
		cmocka_unit_test(
		    more_sessions_than_allowed_evict_the_oldest_undecided),
		cmocka_unit_test(a_session_that_is_evicted_tells_what_it_knows),
		cmocka_unit_test(sessions_are_evicted_in_their_order),
		cmocka_unit_test(short_memory_leaves_alone_who_holds_nothing),
		cmocka_unit_test(short_memory_loses_no_request),
		cmocka_unit_test(short_memory_loses_no_response),
		cmocka_unit_test(early_octets_of_many_flows_stay_within_memory),
		cmocka_unit_test(more_flows_than_allowed_are_told_as_evicted),
		cmocka_unit_test_setup_teardown(
		    a_tracker_may_be_freed_with_flows_in_it, setup,
		    teardown_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
