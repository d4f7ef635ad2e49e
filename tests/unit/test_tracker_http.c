#include "tests/unit/talk.h"

/* ---- HTTP ---- */

static void
requests_on_one_connection_get_their_responses(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 8080);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "request GET a.example /1\n"
		       "http GET a.example /1 -> 200 5\n"
		       "request GET a.example /2\n"
		       "http GET a.example /2 -> 404 0\n");
	assert_int_equal(held(b), 0);
}

static void
pipelined_requests_are_answered_in_their_order(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n"
		   "GET /2 HTTP/1.1\r\nHost: b.example\r\n\r\n"
		   "GET /3 HTTP/1.1\r\nHost: c.example\r\n\r\n");
	server(&k, "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx"
		   "HTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\ny"
		   "HTTP/1.1 203 What\r\nContent-Length: 1\r\n\r\nz");
	assert_told(b, "request GET a.example /1\n"
		       "request GET b.example /2\n"
		       "request GET c.example /3\n"
		       "http GET a.example /1 -> 201 1\n"
		       "http GET b.example /2 -> 202 1\n"
		       "http GET c.example /3 -> 203 1\n");
}

static void
what_heads_say_is_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	const struct obs_http *h;

	client(&k, "GET /p?q HTTP/1.0\r\nHost: a.example:81\r\n"
		   "User-Agent: one\r\n two\r\nReferer: http://r/\r\n"
		   "Content-Type: text/a\r\n\r\n");
	server(&k, "HTTP/1.1 302 Found\r\nContent-Type: text/b\r\n"
		   "Location: /there\r\nServer: s\r\n"
		   "Content-Length: 0\r\n\r\n");
	h = &b->copy->http;
	assert_int_equal(b->copy->kind, OBS_HTTP);
	assert_int_equal(b->copy->sender, DIR_IN);
	assert_int_equal(b->copy->packet_number, b->number);
	assert_true(b->copy->time_us == h->response_us);
	assert_int_equal(h->response_us - h->request_us, 1000);
	assert_int_equal(b->copy->packets[DIR_IN], 2);
	assert_int_equal(h->request_minor, 0);
	assert_int_equal(h->response_minor, 1);
	assert_int_equal(h->port, 81);
	assert_false(h->tunnelled);
	assert_obs_text(b, h->path, "/p?q");
	assert_obs_text(b, h->user_agent, "one two");
	assert_obs_text(b, h->referer, "http://r/");
	assert_obs_text(b, h->content_type, "text/a");
	assert_obs_text(b, h->response_type, "text/b");
	assert_obs_text(b, h->location, "/there");
	assert_obs_text(b, h->server, "s");
}

static void
a_very_long_target_is_told_in_part(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	char target[9001];

	b->quiet = true;
	memset(target, 'a', sizeof target);
	target[0] = '/';
	client(&k, "GET ");
	send_octets(&k, DIR_OUT, target, sizeof target);
	client(&k, " HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_int_equal(b->requests, 1);
	assert_true(b->copy->cut);
	assert_int_equal(b->copy->http.target.len, 8192);
	assert_obs_text(b, b->copy->http.host, "a.example");
}

static void
a_response_to_head_has_no_body(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "HEAD /big HTTP/1.1\r\nHost: a.example\r\n\r\n"
		   "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
		   "HTTP/1.1 204 No Content\r\n\r\n");
	assert_told(b, "request HEAD a.example /big\n"
		       "request GET a.example /2\n"
		       "http HEAD a.example /big -> 200 1000000\n"
		       "http GET a.example /2 -> 204 0\n");
}

static void
an_interim_response_is_not_the_answer(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "POST /up HTTP/1.1\r\nHost: a.example\r\n"
		   "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
	server(&k, "HTTP/1.1 100 Continue\r\n\r\n");
	client(&k, "data");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "request POST a.example /up body 4 data\n"
		       "http POST a.example /up body 4 data -> 200 0\n");
}

static void
a_request_body_is_told_with_its_request(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 8000);

	client(&k, "POST /6202033 HTTP/1.1\r\nHost: sfrclak.com:8000\r\n"
		   "Content-Length: 26\r\n\r\npackages.npm");
	assert_told(b, "");
	client(&k, ".org/");
	client(&k, "product01");
	assert_told(b, "request POST sfrclak.com /6202033 body 26 "
		       "packages.npm.org/product01\n");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "http POST sfrclak.com /6202033 body 26 "
		       "packages.npm.org/product01 -> 200 0\n");
}

static void
only_the_first_kibibyte_of_a_body_is_kept(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	char part[700];

	memset(part, 'x', sizeof part);
	client(&k, "PUT /a HTTP/1.1\r\nHost: a.example\r\n"
		   "Content-Length: 2100\r\n\r\n");
	send_octets(&k, DIR_OUT, part, sizeof part);
	assert_told(b, "");
	send_octets(&k, DIR_OUT, part, sizeof part);
	assert_told(b, "request PUT a.example /a body 2100 [1024]\n");
	send_octets(&k, DIR_OUT, part, sizeof part);
	client(&k, "GET /b HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request GET a.example /b\n");
}

static void
chunked_bodies_are_followed_in_both_directions(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "POST /c HTTP/1.1\r\nHost: a.example\r\n"
		   "Transfer-Encoding: chunked\r\n\r\n5\r\nhel");
	client(&k, "lo\r\n6;ext=1\r\n, wor");
	client(&k, "l\r\n0\r\nTrailer: x\r\n");
	assert_told(b, "");
	client(&k, "\r\nGET /d HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "1000\r\n");
	for (int i = 0; i < 4; i++) {
		char part[1024] = { 0 };

		send_octets(&k, DIR_IN, part, sizeof part);
	}
	assert_told(b, "request POST a.example /c hello, worl\n"
		       "request GET a.example /d\n");
	server(&k, "\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\n");
	assert_told(b, "http POST a.example /c hello, worl -> 200 4099\n"
		       "http GET a.example /d -> 204 0\n");
}

static void
a_head_in_many_segments_is_one_head(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	const char *head = "GET /slow HTTP/1.1\r\nHost: a.example\r\n"
			   "User-Agent: slowloris\r\n\r\n";

	for (const char *c = head; *c != '\0'; c++)
		send_octets(&k, DIR_OUT, c, 1);
	assert_told(b, "request GET a.example /slow\n");
}

static void
responses_alone_are_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 80);

	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "http - -> 200 2 midstream\n"
		       "http - -> 404 0 midstream\n");
	assert_int_equal(b->last.port[DIR_OUT], 50000);
	assert_int_equal(b->last.sender, DIR_IN);
}

static void
requests_alone_are_told(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 80);

	k.one_sided = true;
	shake_hands(&k);
	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request GET a.example /1\n"
		       "request GET a.example /2\n");
	finish(b);
	assert_told(b, "http GET a.example /1\n"
		       "http GET a.example /2\n");
}

static void
content_tells_who_is_the_client_in_midstream(void **state)
{
	struct bench *b = *state;
	/* By the ports one would think the other way round. */
	struct talk k = talk_to(b, 3000, 50000);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request GET a.example /1 midstream\n");
	assert_int_equal(b->last.port[DIR_OUT], 3000);
	assert_int_equal(b->last.sender, DIR_OUT);
	assert_int_equal(b->last.packets[DIR_OUT], 1);
	server(&k, "HTTP/1.1 204 No\r\n\r\n");
	assert_told(b, "http GET a.example /1 -> 204 0 midstream\n");
	assert_int_equal(b->last.packets[DIR_IN], 1);
}

static void
a_response_until_the_close_is_told_at_the_close(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.0\r\n\r\n");
	server(&k, "HTTP/1.0 200 OK\r\n\r\nall of");
	server(&k, " this");
	assert_told(b, "request GET - /1\n");
	hang_up(&k);
	assert_told(b, "http GET - /1 -> 200 11\n");
}

/* The response's body arrives as `parts`; how it is told. */
static void
assert_response_body(const char *head, const char *const parts[], bool closes,
    const char *expected, unsigned body_len)
{
	struct bench *b = bench_new(some_options(MESSAGES));
	struct talk k = talk(b, 50000, 80);

	b->quiet = true;
	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, head);
	for (size_t i = 0; parts[i] != NULL; i++)
		server(&k, parts[i]);
	if (closes)
		hang_up(&k);
	assert_int_equal(b->exchanges, 1);
	assert_obs_text(b, b->copy->http.response_body, expected);
	assert_int_equal(b->copy->http.response_body_len, body_len);
	bench_free(b);
}

#define DIGITS     "0123456789"
#define SIXTY_FOUR DIGITS DIGITS DIGITS DIGITS DIGITS DIGITS "0123"
#define PARTS(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

static void
the_beginning_of_a_response_is_told(void **state)
{
	static const char length[] = "HTTP/1.1 200 OK\r\n"
				     "Content-Length: 70\r\n\r\n";
	static const char few[] = "HTTP/1.1 200 OK\r\n"
				  "Content-Length: 2\r\n\r\n";
	static const char chunked[] = "HTTP/1.1 200 OK\r\n"
				      "Transfer-Encoding: chunked\r\n\r\n";
	static const char to_close[] = "HTTP/1.0 200 OK\r\n\r\n";

	(void)state;
	assert_response_body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nMZ",
	    PARTS(NULL), false, "MZ", 2);
	assert_response_body(few, PARTS("MZ"), false, "MZ", 2);
	assert_response_body(few, PARTS("M", "Z"), false, "MZ", 2);
	assert_response_body(few, PARTS("M"), true, "M", 2);
	assert_response_body(length, PARTS(DIGITS, SIXTY_FOUR), false,
	    DIGITS DIGITS DIGITS DIGITS DIGITS DIGITS "0123", 70);
	assert_response_body(chunked,
	    PARTS("1\r\n#\r\n2", "\r\n!/\r\n0\r\n\r\n"), false, "#!/", 3);
	assert_response_body(chunked,
	    PARTS("4a\r\n", SIXTY_FOUR, DIGITS, "\r\n0\r\n\r\n"), false,
	    SIXTY_FOUR, 74);
	assert_response_body(chunked, PARTS("4a\r\n", "MZ"), true, "MZ", 74);
	assert_response_body(to_close, PARTS("MZ"), true, "MZ", 2);
	assert_response_body(to_close, PARTS(DIGITS, SIXTY_FOUR, DIGITS), true,
	    SIXTY_FOUR, 84);
	assert_response_body("HTTP/1.1 204 No\r\n\r\n", PARTS("MZ"), true, "",
	    0);
}

static void
a_response_whose_beginning_is_lost_is_told_without(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.0\r\n\r\n");
	server(&k, "HTTP/1.0 200 OK\r\n\r\n12");
	lose(&k, DIR_IN, 10);
	server(&k, "345");
	for (int i = 0; i < 3; i++)
		acknowledge(&k, DIR_OUT);
	hang_up(&k);
	assert_told(b, "request GET - /1\nhttp GET - /1 -> 200 15\n");
	assert_obs_text(b, b->copy->http.response_body, "12");
}

static void
a_package_is_told_where_a_file_of_one_is_fetched(void **state)
{
	static const struct {
		const char *request, *package;
	} cases[] = {
		{ "GET /npm/axios/-/axios-1.14.1.tgz HTTP/1.1\r\n"
		  "Host: mirror.example\r\n\r\n",
		    "pkg:npm/axios@1.14.1" },
		{ "GET http://mirror.example/axios/-/axios-1.14.1.tgz?x=y"
		  " HTTP/1.1\r\n\r\n",
		    "pkg:npm/axios@1.14.1" },
		{ "GET /axios/-/axios-1.14.1.tg%7a HTTP/1.0\r\n\r\n",
		    "pkg:npm/axios@1.14.1" },
		{ "HEAD /axios/-/axios-1.14.1.tgz HTTP/1.0\r\n\r\n", "" },
		{ "GET /axios HTTP/1.0\r\n\r\n", "" },
		{ "GET /pkgs/a/x-1.0-py3-none-any.whl.metadata"
		  " HTTP/1.0\r\n\r\n",
		    "" },
		{ "GET /maven2/org/example/lib/1.0/lib-1.0.pom "
		  "HTTP/1.0\r\n\r\n",
		    "" },
		{ "GET /maven2/org/example/lib/1.0/lib-1.0.jar "
		  "HTTP/1.0\r\n\r\n",
		    "pkg:maven/org.example/lib@1.0" },
		{ "GET /pkgs/a/x-1.0-py3-none-any.whl HTTP/1.0\r\n\r\n",
		    "pkg:pypi/x@1.0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench *b = bench_new(some_options(MESSAGES));
		struct talk k = talk(b, 50000, 4873);

		b->quiet = true;
		client(&k, cases[i].request);
		assert_int_equal(b->copy->kind, OBS_HTTP_REQUEST);
		assert_obs_text(b, b->copy->http.package, cases[i].package);
		server(&k, "HTTP/1.1 204 No\r\n\r\n");
		assert_int_equal(b->copy->kind, OBS_HTTP);
		assert_obs_text(b, b->copy->http.package, cases[i].package);
		bench_free(b);
	}
}

static void
nothing_is_read_after_an_upgrade(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /ws HTTP/1.1\r\nHost: a.example\r\n"
		   "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	server(&k, "HTTP/1.1 101 Switching Protocols\r\n"
		   "Upgrade: websocket\r\n\r\n");
	assert_told(b, "request GET a.example /ws\n"
		       "http GET a.example /ws -> 101 0\n");
	client(&k, "GET /not HTTP/1.1\r\n\r\n");
	finish(b);
	assert_told(b, "");
}

static void
tls_inside_a_tunnel_names_the_tunnels_host(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 3128);
	struct message hello = client_hello("sfrclak.com", "h2", 0);
	struct message reply = server_hello(0x1302);

	client(&k, "CONNECT c2.example:8443 HTTP/1.1\r\n"
		   "Host: c2.example:8443\r\n\r\n");
	server(&k, "HTTP/1.1 200 Connection established\r\n\r\n");
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	send_message(&k, DIR_IN, in_records(&reply, 16384));
	assert_told(b,
	    "request CONNECT c2.example c2.example:8443\n"
	    "http CONNECT c2.example c2.example:8443 -> 200 0\n"
	    "hello sfrclak.com through c2.example:8443\n"
	    "tls sfrclak.com through c2.example:8443 -> 0304 1302\n");
	assert_int_equal(b->last.app, APP_TLS);
	assert_int_equal(held(b), 0);
}

static void
a_refused_tunnel_is_an_ordinary_exchange(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 3128);

	client(&k, "CONNECT c2.example:443 HTTP/1.1\r\n\r\n");
	server(&k, "HTTP/1.1 407 Proxy Authentication Required\r\n"
		   "Content-Length: 2\r\n\r\nno");
	client(&k, "CONNECT c2.example:443 HTTP/1.1\r\n"
		   "Proxy-Authorization: Basic eA==\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\n\r\n");
	client(&k, "GET /in HTTP/1.1\r\nHost: inside.example\r\n\r\n");
	assert_told(b, "request CONNECT c2.example c2.example:443\n"
		       "http CONNECT c2.example c2.example:443 -> 407 2\n"
		       "request CONNECT c2.example c2.example:443\n"
		       "http CONNECT c2.example c2.example:443 -> 200 0\n"
		       "request GET inside.example /in\n");
}

static void
a_tunnel_is_seen_without_the_proxys_answer(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 3128);
	struct message hello = client_hello("sfrclak.com", "h2", 0);

	k.one_sided = true;
	shake_hands(&k);
	client(&k, "CONNECT c2.example:443 HTTP/1.1\r\n\r\n");
	send_message(&k, DIR_OUT, in_records(&hello, 16384));
	assert_told(b, "request CONNECT c2.example c2.example:443\n"
		       "http CONNECT c2.example c2.example:443\n"
		       "hello sfrclak.com through c2.example:443\n");
}

/* ---- HTTP with losses ---- */

static void
a_loss_in_a_response_body_is_passed_over(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n");
	lose(&k, DIR_IN, 2990);
	server(&k, "0123456789");
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	acknowledge(&k, DIR_OUT);
	acknowledge(&k, DIR_OUT);
	server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	assert_told(b, "request GET a.example /1\n"
		       "request GET a.example /2\n"
		       "http GET a.example /1 -> 200 3000\n"
		       "http GET a.example /2 -> 404 0\n");
}

static void
after_a_loss_in_a_head_the_next_message_is_found(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\nX-");
	lose(&k, DIR_OUT, 100);
	client(&k, "rest of it: 1\r\n\r\n");
	for (int i = 0; i < 3; i++)
		acknowledge(&k, DIR_IN);
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request GET a.example /1 cut\n"
		       "request GET a.example /2\n");
}

static void
after_a_loss_in_a_request_body_the_next_request_is_found(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	char part[1000];

	memset(part, 'x', sizeof part);
	client(&k, "POST /up HTTP/1.1\r\nHost: a.example\r\n"
		   "Content-Length: 100050\r\n\r\nbegin");
	lose(&k, DIR_OUT, 45);
	for (int i = 0; i < 100; i++) {
		send_octets(&k, DIR_OUT, part, sizeof part);
		acknowledge(&k, DIR_IN);
	}
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_told(b, "request POST a.example /up body 100050 begin\n"
		       "request GET a.example /2\n");
}

static void
a_lost_response_does_not_shift_the_others(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	lose(&k, DIR_IN, 200);
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	for (int i = 0; i < 3; i++)
		acknowledge(&k, DIR_OUT);
	assert_told(b, "request GET a.example /1\n"
		       "request GET a.example /2\n"
		       "http GET a.example /1\n"
		       "http GET a.example /2 -> 404 0\n");
}

static void
a_loss_inside_a_chunk_is_passed_over(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "800\r\nbegin");
	lose(&k, DIR_IN, 0x800 - 5);
	server(&k, "\r\n0\r\n\r\n");
	for (int i = 0; i < 3; i++)
		acknowledge(&k, DIR_OUT);
	assert_told(b, "request GET a.example /1\n"
		       "http GET a.example /1 -> 200 2048\n");
}

static void
one_end_alone_gets_over_a_hole_too(void **state)
{
	struct bench *b = *state;
	struct talk k = talk_to(b, 50000, 80);

	k.one_sided = true;
	shake_hands(&k);
	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	lose(&k, DIR_OUT, 100);
	for (int i = 0; i < 17; i++)
		client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_int_equal(b->requests, 18);
}

static void
at_the_end_requests_are_read_before_responses(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);

	client(&k, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	b->told_len = 0;
	lose(&k, DIR_OUT, 100);
	lose(&k, DIR_IN, 100);
	client(&k, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	finish(b);
	assert_told(b, "request GET a.example /2\n"
		       "http GET a.example /2 -> 404 0\n");
}

static void
segments_out_of_order_make_the_same_messages(void **state)
{
	struct bench *b = *state;
	struct talk k = talk(b, 50000, 80);
	const char *text = "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n";
	uint32_t seq = k.seq[DIR_OUT];

	send_at(&k, DIR_OUT, seq + 20, TCP_ACK, text + 20, strlen(text) - 20);
	send_at(&k, DIR_OUT, seq + 10, TCP_ACK, text + 10, 10);
	assert_told(b, "");
	send_at(&k, DIR_OUT, seq, TCP_ACK, text, 10);
	assert_told(b, "request GET a.example /1\n");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(requests_on_one_connection_get_their_responses),
		T(pipelined_requests_are_answered_in_their_order),
		T(what_heads_say_is_told),
		T(a_very_long_target_is_told_in_part),
		T(a_response_to_head_has_no_body),
		T(an_interim_response_is_not_the_answer),
		T(a_request_body_is_told_with_its_request),
		T(only_the_first_kibibyte_of_a_body_is_kept),
		T(chunked_bodies_are_followed_in_both_directions),
		T(a_head_in_many_segments_is_one_head),
		T(responses_alone_are_told),
		T(requests_alone_are_told),
		T(content_tells_who_is_the_client_in_midstream),
		T(a_response_until_the_close_is_told_at_the_close),
		cmocka_unit_test(the_beginning_of_a_response_is_told),
		T(a_response_whose_beginning_is_lost_is_told_without),
		cmocka_unit_test(
		    a_package_is_told_where_a_file_of_one_is_fetched),
		T(nothing_is_read_after_an_upgrade),
		T(tls_inside_a_tunnel_names_the_tunnels_host),
		T(a_refused_tunnel_is_an_ordinary_exchange),
		T(a_tunnel_is_seen_without_the_proxys_answer),
		T(a_loss_in_a_response_body_is_passed_over),
		T(after_a_loss_in_a_head_the_next_message_is_found),
		T(after_a_loss_in_a_request_body_the_next_request_is_found),
		T(a_lost_response_does_not_shift_the_others),
		T(a_loss_inside_a_chunk_is_passed_over),
		T(one_end_alone_gets_over_a_hole_too),
		T(at_the_end_requests_are_read_before_responses),
		T(segments_out_of_order_make_the_same_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
