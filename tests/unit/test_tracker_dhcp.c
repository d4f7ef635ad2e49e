#include "tests/unit/talk.h"

/* ---- DHCP, RFC 2131 section 2 ---- */

#define SERVER 67
#define CLIENT 68

static const uint8_t none[4], given[4] = { 10, 20, 0, 11 };

struct lease {
	uint8_t op, type;
	const uint8_t *client, *yours, *requested; /* NULL: not there */
	const char *name, *full_name;
};

static void
put_option(struct message *m, unsigned code, const void *value, size_t len)
{
	put_int(m, code, 1);
	put_int(m, len, 1);
	put(m, value, len);
}

static struct message
dhcp(struct lease l)
{
	struct message m = { .len = 0 };

	put_int(&m, l.op, 1);
	put_int(&m, 0x010600, 3);
	put_int(&m, 7, 4);
	put_zeros(&m, 4);
	put(&m, l.client != NULL ? l.client : none, 4);
	put(&m, l.yours != NULL ? l.yours : none, 4);
	put_zeros(&m, 8 + 16 + 64 + 128);
	put_int(&m, 0x63825363, 4);
	put_option(&m, 53, &l.type, 1);
	if (l.requested != NULL)
		put_option(&m, 50, l.requested, 4);
	if (l.name != NULL)
		put_option(&m, 12, l.name, strlen(l.name));
	if (l.full_name != NULL) {
		put_int(&m, 81, 1);
		put_int(&m, 3 + strlen(l.full_name), 1);
		put_zeros(&m, 3);
		put(&m, l.full_name, strlen(l.full_name));
	}
	put_int(&m, 255, 1);
	return m;
}

static void
names_are_told_with_the_address_they_belong_to(void **state)
{
	static const struct {
		const char *what;
		struct lease lease;
		const char *told;
	} cases[] = {
		{ "an acknowledgement gives the address",
		    { 2, 5, NULL, given, NULL, "build-7", NULL },
		    "host 10.20.0.11 build-7\n" },
		{ "an acknowledgement of INFORM is about the client's own",
		    { 2, 5, given, NULL, NULL, "build-7", NULL },
		    "host 10.20.0.11 build-7\n" },
		{ "a request for an address",
		    { 1, 3, NULL, NULL, given, "build-7", NULL },
		    "host 10.20.0.11 build-7\n" },
		{ "a request to keep it",
		    { 1, 3, given, NULL, NULL, "build-7", NULL },
		    "host 10.20.0.11 build-7\n" },
		{ "INFORM", { 1, 8, given, NULL, NULL, "build-7", NULL },
		    "host 10.20.0.11 build-7\n" },
		{ "the full name says more",
		    { 1, 3, NULL, NULL, given, "build-7", "build-7.example" },
		    "host 10.20.0.11 build-7.example\n" },
		{ "no name", { 2, 5, NULL, given, NULL, NULL, NULL }, "" },
		{ "no address", { 1, 3, NULL, NULL, NULL, "build-7", NULL },
		    "" },
		{ "what is discovered is not had yet",
		    { 1, 1, NULL, NULL, given, "build-7", NULL }, "" },
		{ "what is offered is not had yet",
		    { 2, 2, NULL, given, NULL, "build-7", NULL }, "" },
		{ "what is refused is not had",
		    { 2, 6, given, NULL, NULL, "build-7", NULL }, "" },
		{ "what is given back is not had",
		    { 1, 7, given, NULL, NULL, "build-7", NULL }, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench *b = bench_new(some_options(MESSAGES));
		bool back = cases[i].lease.op == 2;

		send_datagram(b, CLIENT, SERVER, back, dhcp(cases[i].lease), 0);
		if (strcmp(b->told, cases[i].told) != 0)
			print_message("%s\n", cases[i].what);
		assert_told(b, cases[i].told);
		bench_free(b);
	}
}

static void
each_message_of_a_flow_is_read(void **state)
{
	struct bench *b = *state;
	struct lease ask = { 1, 3, NULL, NULL, given, "build-7", NULL };
	struct lease got = { 2, 5, NULL, given, NULL, "build-7", NULL };

	send_datagram(b, CLIENT, SERVER, false, dhcp(ask), 0);
	send_datagram(b, CLIENT, SERVER, true, dhcp(got), 0);
	send_datagram(b, CLIENT, SERVER, false, dhcp(ask), 0);
	finish(b);
	assert_told(b, "start 68>67\n"
		       "host 10.20.0.11 build-7\n"
		       "app dhcp\n"
		       "host 10.20.0.11 build-7\n"
		       "host 10.20.0.11 build-7\n"
		       "end shutdown dhcp 2/1\n");
}

static void
a_message_that_is_cut_says_what_it_can(void **state)
{
	struct bench *b = *state;
	struct lease ask = { 1, 3, NULL, NULL, given, "build-7", "x" };

	send_datagram(b, CLIENT, SERVER, false, dhcp(ask), 3);
	send_datagram(b, CLIENT, SERVER, false, dhcp(ask), 200);
	assert_told(b, "host 10.20.0.11 build-7\n");
}

static void
other_traffic_on_the_ports_is_not_dhcp(void **state)
{
	struct bench *b = *state;

	send_datagram(b, CLIENT, SERVER, false, dns_query(7, "a.example"), 0);
	send_datagram(b, 50000, 4000, false,
	    dhcp((struct lease){ 2, 5, NULL, given, NULL, "x", NULL }), 0);
	assert_told(b, "query a.example\n");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define F(test) cmocka_unit_test_setup_teardown(test, setup_flows, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    names_are_told_with_the_address_they_belong_to),
		F(each_message_of_a_flow_is_read),
		T(a_message_that_is_cut_says_what_it_can),
		T(other_traffic_on_the_ports_is_not_dhcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
