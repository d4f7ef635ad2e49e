#include "tests/unit/talk.h"

/* ---- DNS ---- */

static void
messages_over_udp_are_told(void **state)
{
	struct bench *b = *state;

	send_datagram(b, 40000, 53, false, dns_query(1, "a.example"), 0);
	send_datagram(b, 40000, 53, true, dns_answer(1, "a.example", answered),
	    0);
	assert_told(b, "query a.example\nanswer a.example 203.0.113.9\n");
	assert_int_equal(b->last.sender, DIR_IN);
	assert_int_equal(b->last.port[DIR_IN], 53);
}

static void
messages_on_any_port_are_told(void **state)
{
	struct bench *b = *state;

	send_datagram(b, 40000, 5300, false, dns_query(1, "a.example"), 0);
	send_datagram(b, 40000, 5300, true,
	    dns_answer(1, "a.example", answered), 0);
	assert_told(b, "query a.example\nanswer a.example 203.0.113.9\n");
	assert_int_equal(b->last.app, APP_DNS);
}

static void
an_answer_seen_alone_has_the_querier_as_initiator(void **state)
{
	struct bench *b = *state;

	send_datagram(b, 40000, 5300, true,
	    dns_answer(1, "a.example", answered), 0);
	assert_told(b, "answer a.example 203.0.113.9\n");
	assert_int_equal(b->last.port[DIR_OUT], 40000);
	assert_int_equal(b->last.sender, DIR_IN);
}

static void
a_datagram_that_was_cut_tells_what_is_there(void **state)
{
	struct bench *b = *state;

	send_datagram(b, 40000, 53, true, dns_answer(1, "a.example", answered),
	    4);
	assert_told(b, "answer a.example cut\n");
}

static void
put_record(struct message *m, unsigned type, const struct message *data)
{
	put_int(m, 0xc00c, 2);
	put_int(m, type, 2);
	put_int(m, 1, 2);
	put_int(m, 60, 4);
	put_counted(m, data, 2);
}

static struct message
rdata(const char *name, unsigned count, ...)
{
	struct message out = { .len = 0 };
	va_list ap;

	va_start(ap, count);
	for (unsigned i = 0; i < count; i++)
		put_int(&out, va_arg(ap, unsigned), 2);
	va_end(ap);
	put_name(&out, name);
	return out;
}

static void
records_are_told_as_their_types_read(void **state)
{
	struct bench *b = *state;
	struct message m = dns_message(1, 0x8180, "a.example", 8), data;

	data = rdata("mx.example", 1, 10);
	put_record(&m, 15, &data);
	data = rdata("srv.example", 3, 1, 2, 5060);
	put_record(&m, 33, &data);
	data = rdata("ns.example", 0);
	put_name(&data, "admin.example");
	for (unsigned i = 1; i <= 5; i++)
		put_int(&data, i * 10, 4);
	put_record(&m, 6, &data);
	data = rdata("alias.example", 0);
	put_record(&m, 5, &data);
	data = rdata("svc.example", 1, 1);
	put_int(&data, 4, 2); /* ipv4hint, RFC 9460 section 7.3 */
	put_int(&data, 8, 2);
	put(&data, answered, 4);
	put(&data, "\xc6\x33\x64\x01", 4);
	put_record(&m, 65, &data);
	data.len = 0;
	put_int(&data, 5, 1);
	put(&data, "hello", 5);
	put_record(&m, 16, &data);
	data.len = 0;
	put_zeros(&data, 300);
	put_record(&m, 99, &data); /* nothing that we read */
	data.len = 0;
	put_int(&data, 0xff, 1);
	put_record(&m, 15, &data); /* not what its type says */
	send_datagram(b, 40000, 53, true, m, 0);
	assert_told(b, "answer a.example 15:10, mx.example "
		       "33:1,2,5060, srv.example "
		       "6:10,20,30,40,50, ns.example admin.example "
		       "5: alias.example "
		       "65:1, svc.example 203.0.113.9 198.51.100.1 "
		       "16:[6] 99:[256] 15: - cut\n");
}

static void
what_a_message_says_is_told(void **state)
{
	struct bench *b = *state;
	struct message m = dns_message(0xabcd, 0x8583, "a.example", 0), data;
	const struct obs_question *q;
	const struct obs_record *r;
	struct tracker_counts counts;

	m.octets[9] = 1; /* one authority record, one additional: OPT */
	m.octets[11] = 1;
	data = rdata("ns.example", 0);
	put_record(&m, 2, &data);
	put_int(&m, 0, 1);
	put_int(&m, 41, 2);
	put_int(&m, 1232, 2);
	put_int(&m, 0x01000000, 4); /* rcode 0x10 and 3, RFC 6891 */
	put_int(&m, 0, 2);
	send_datagram(b, 40000, 53, true, m, 0);
	assert_told(b, "answer a.example 2: ns.example\n");
	assert_int_equal(b->copy->dns.id, 0xabcd);
	assert_int_equal(b->copy->dns.flags, 0x8583);
	assert_int_equal(b->copy->dns.rcode, 0x13);
	q = obs_elements(b->copy, b->copy->dns.questions);
	assert_int_equal(q[0].type, 1);
	assert_int_equal(q[0].qclass, 1);
	assert_int_equal(b->copy->dns.records.count, 1);
	r = obs_elements(b->copy, b->copy->dns.records);
	assert_obs_text(b, r[0].name, "a.example");
	assert_int_equal(r[0].section, DNS_AUTHORITY);
	assert_int_equal(r[0].rclass, 1);
	assert_int_equal(r[0].ttl, 60);
	assert_int_equal(b->copy->app, APP_DNS);
	tracker_get_counts(b->tracker, &counts);
	assert_int_equal(counts.apps.dns_messages, 1);
	assert_int_equal(counts.apps.dns_malformed, 0);
}

static void
what_is_no_message_on_the_dns_port_is_counted(void **state)
{
	struct bench *b = *state;
	struct message m = { .len = 0 };
	struct tracker_counts counts;

	put(&m, "not DNS", 7);
	send_datagram(b, 40000, 53, false, m, 0);
	assert_told(b, "");
	tracker_get_counts(b->tracker, &counts);
	assert_int_equal(counts.apps.dns_malformed, 1);
	send_datagram(b, 40000, 53, false, dns_query(1, "a.example"), 0);
	assert_told(b, "query a.example\n");
}

static void
messages_over_tcp_are_told_however_they_are_split(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 53);
	struct message one = dns_over_tcp(dns_query(1, "a.example"));
	struct message two = dns_over_tcp(dns_query(2, "b.example"));
	struct message all = one;

	put(&all, two.octets, two.len);
	send_octets(&k, DIR_OUT, all.octets, all.len); /* two at once */
	assert_told(b, "query a.example\nquery b.example\n");
	for (size_t i = 0; i < all.len; i++) /* octet by octet */
		send_octets(&k, DIR_OUT, all.octets + i, 1);
	assert_told(b, "query a.example\nquery b.example\n");
	send_octets(&k, DIR_OUT, all.octets, one.len + 1);
	assert_told(b, "query a.example\n");
	send_octets(&k, DIR_OUT, all.octets + one.len + 1, two.len - 1);
	assert_told(b, "query b.example\n");
	send_message(&k, DIR_IN,
	    dns_over_tcp(dns_answer(1, "a.example", answered)));
	assert_told(b, "answer a.example 203.0.113.9\n");
	assert_int_equal(held(b), 0);
}

/* What a need that was met must not do: wait for as much again. */
static void
a_short_message_behind_a_long_one_does_not_wait(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 53);
	struct message query = dns_over_tcp(dns_query(2, "b.example"));
	struct message message = dns_query(1, "a.example"), both;

	message.octets[11] = 1; /* an OPT record of some length, RFC 7830 */
	put_int(&message, 0, 1);
	put_int(&message, 41, 2);
	put_int(&message, 1232, 2);
	put_int(&message, 0, 4);
	put_int(&message, 1004, 2);
	put_int(&message, 12, 2);
	put_int(&message, 1000, 2);
	put_zeros(&message, 1000);
	both = dns_over_tcp(message);
	send_octets(&k, DIR_OUT, both.octets, 500);
	assert_told(b, "");
	put(&both, query.octets, 1);
	send_octets(&k, DIR_OUT, both.octets + 500, both.len - 500);
	assert_told(b, "query a.example\n");
	send_octets(&k, DIR_OUT, query.octets + 1, query.len - 1);
	assert_told(b, "query b.example\n");
}

static void
dns_over_tcp_is_known_on_any_port(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 5300);

	send_message(&k, DIR_OUT, dns_over_tcp(dns_query(1, "a.example")));
	assert_told(b, "query a.example\n");
	assert_int_equal(b->last.app, APP_DNS);
}

static void
after_a_loss_the_next_dns_message_is_found(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 53);

	send_message(&k, DIR_OUT, dns_over_tcp(dns_query(1, "a.example")));
	lose(&k, DIR_OUT, 50);
	client(&k, "rest of a message");
	for (int i = 0; i < 3; i++)
		acknowledge(&k, DIR_IN);
	send_message(&k, DIR_OUT, dns_over_tcp(dns_query(2, "b.example")));
	assert_told(b, "query a.example\nquery b.example\n");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(messages_over_udp_are_told),
		T(messages_on_any_port_are_told),
		T(an_answer_seen_alone_has_the_querier_as_initiator),
		T(a_datagram_that_was_cut_tells_what_is_there),
		T(records_are_told_as_their_types_read),
		T(what_a_message_says_is_told),
		T(what_is_no_message_on_the_dns_port_is_counted),
		T(messages_over_tcp_are_told_however_they_are_split),
		T(a_short_message_behind_a_long_one_does_not_wait),
		T(dns_over_tcp_is_known_on_any_port),
		T(after_a_loss_the_next_dns_message_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
