#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/dns.h"

/* clang-format off: it would give each piece of an octet string a line. */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WIRE(text)                                                             \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}

/* RFC 1035 section 4.1.1: id, flags, four counts. */
#define HEADER(flags, qd, an, ns, ar)                                          \
	"\x12\x34" flags "\x00" qd "\x00" an "\x00" ns "\x00" ar
#define EXAMPLE                                                                \
	"\x07"                                                                 \
	"example"                                                              \
	"\x03"                                                                 \
	"com"                                                                  \
	"\x00"
#define NAME_C     "\xc0\x0c" /* the first question's name */
#define T_IN(type) "\x00" type "\x00\x01"
#define TTL_300    "\x00\x00\x01\x2c"
#define OPT_RR     "\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00"

static const struct cursor a_query = WIRE(HEADER("\x01\x00", "\x01", "\x00",
    "\x00", "\x01") EXAMPLE T_IN("\x01") OPT_RR);

static const struct cursor a_response = WIRE(HEADER("\x81\x80", "\x01", "\x02",
    "\x00", "\x01") "\x03"
		    "WwW" EXAMPLE T_IN("\x01") NAME_C T_IN("\x05") TTL_300
    "\x00\x06"
    "\x03"
    "cdn"
    "\xc0\x10"
    "\xc0\x2d" T_IN("\x01") TTL_300 "\x00\x04"
				    "\xc0\x00\x02\x07" OPT_RR);

/* One of each type that has a reader; the zone's name is at 12. */
static const struct cursor all_types = WIRE(HEADER("\x85\x80", "\x01", "\x09",
    "\x01", "\x01") EXAMPLE T_IN("\xff") NAME_C T_IN("\x1c") TTL_300
    "\x00\x10"
    "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x35" NAME_C
	T_IN("\x02") TTL_300 "\x00\x05"
			     "\x02"
			     "ns" NAME_C NAME_C T_IN("\x0f") TTL_300
    "\x00\x09"
    "\x00\x0a"
    "\x04"
    "mail" NAME_C "\x04"
    "_sip" NAME_C T_IN("\x21") TTL_300 "\x00\x0a"
				       "\x00\x01\x00\x02\x13\xc4"
				       "\x01"
				       "s" NAME_C NAME_C T_IN("\x10") TTL_300
    "\x00\x08"
    "\x03"
    "a=b"
    "\x00"
    "\x02"
    "\xff."
    "\x01"
    "1"
    "\x07"
    "in-addr"
    "\x04"
    "arpa"
    "\x00" T_IN("\x0c") TTL_300 "\x00\x02" NAME_C "\x01"
				"d" NAME_C T_IN("\x27") TTL_300
    "\x00\x02" NAME_C NAME_C T_IN("\x41") TTL_300
    "\x00\x20"
    "\x00\x01\x00"
    "\x00\x01\x00\x03"
    "\x02"
    "h2"
    "\x00\x04\x00\x08"
    "\xc0\x00\x02\x01\xc0\x00\x02\x02"
    "\x00\x05\x00\x06"
    "ech..." NAME_C "\xff\x00\x00\x01" TTL_300 "\x00\x01"
    "?" NAME_C T_IN("\x06") TTL_300
    "\x00\x20"
    "\x02"
    "ns" NAME_C "\x04"
    "root" NAME_C "\x00\x00\x00\x01\x00\x00\x0e\x10"
    "\x00\x00\x02\x58\x00\x01\x51\x80\xff\xff\xff\xff" OPT_RR);

/* RFC 6762: two questions that want unicast, one known answer. */
static const struct cursor mdns_query = WIRE(
    "\x00\x00\x00\x00\x00\x02\x00\x01\x00\x00\x00\x00"
    "\x05"
    "_ipps"
    "\x04"
    "_tcp"
    "\x05"
    "local"
    "\x00"
    "\x00\x0c\x80\x01"
    "\x04"
    "_ipp"
    "\xc0\x12"
    "\x00\x0c\x80\x01" NAME_C T_IN("\x0c") TTL_300 "\x00\x07"
						   "\x04"
						   "lab1" NAME_C);

static const struct cursor mdns_response = WIRE(
    "\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00"
    "\x02"
    "pc"
    "\x05"
    "local"
    "\x00"
    "\x00\x01\x80\x01" TTL_300 "\x00\x04"
    "\xc0\x00\x02\x09");

/* RFC 2136: example.com, prerequisite "has an address", one record added. */
static const struct cursor update = WIRE(
    HEADER("\x28\x00", "\x01", "\x01", "\x01", "\x00") EXAMPLE T_IN(
	"\x06") "\x01"
		"a" NAME_C "\x00\x01\x00\xff"
		"\x00\x00\x00\x00"
		"\x00\x00"
		"\x01"
		"b" NAME_C T_IN("\x01") TTL_300 "\x00\x04"
						"\xc0\x00\x02\x08");

static const struct cursor notify = WIRE(
    HEADER("\x24\x00", "\x01", "\x00", "\x00", "\x00") EXAMPLE T_IN("\x06"));

static const struct {
	const char *what;
	const struct cursor *message;
} good[] = {
	{ "query", &a_query },
	{ "response", &a_response },
	{ "all types", &all_types },
	{ "multicast query", &mdns_query },
	{ "multicast response", &mdns_response },
	{ "update", &update },
	{ "notify", &notify },
};

static void
assert_name(const struct dns_name *name, const char *text)
{
	assert_int_equal(name->len, strlen(text));
	assert_memory_equal(name->text, text, name->len);
}

static void
assert_owner(struct cursor message, const struct dns_record *record,
    const char *text)
{
	struct dns_name name;

	assert_int_equal(dns_name_read(message, record->name_at, &name),
	    DECODE_OK);
	assert_name(&name, text);
}

/* The record of the message that is number `n`, the question being 0. */
static struct dns_record
record_at(struct cursor message, unsigned n)
{
	struct dns_reader reader;
	struct dns_header header;
	struct dns_record record = { 0 };

	assert_int_equal(dns_open(message, &header, &reader), DECODE_OK);
	do
		assert_true(dns_next(&reader, &record));
	while (n-- > 0);
	return record;
}

static unsigned
records_until(struct cursor message, enum decode verdict)
{
	struct dns_reader reader;
	struct dns_header header;
	struct dns_record record;
	unsigned count = 0;

	assert_int_equal(dns_open(message, &header, &reader), DECODE_OK);
	while (dns_next(&reader, &record))
		count++;
	assert_int_equal(reader.verdict, verdict);
	assert_false(dns_next(&reader, &record));
	return count;
}

static void
a_query_shows_its_header_and_question(void **state)
{
	struct dns_reader reader;
	struct dns_header header;
	struct dns_record record;

	(void)state;
	assert_int_equal(dns_open(a_query, &header, &reader), DECODE_OK);
	assert_int_equal(header.id, 0x1234);
	assert_int_equal(header.flags, DNS_RD);
	assert_int_equal(header.count[DNS_SECTION_QUESTION], 1);
	assert_int_equal(header.count[DNS_SECTION_ADDITIONAL], 1);
	assert_true(dns_next(&reader, &record));
	assert_int_equal(record.section, DNS_SECTION_QUESTION);
	assert_int_equal(record.name_at, 12);
	assert_int_equal(record.type, DNS_TYPE_A);
	assert_int_equal(record.rclass, DNS_CLASS_IN);
	assert_int_equal(record.rdata.left, 0);
	assert_owner(a_query, &record, "example.com");
	assert_true(dns_next(&reader, &record));
	assert_int_equal(record.section, DNS_SECTION_ADDITIONAL);
	assert_false(dns_next(&reader, &record));
	assert_int_equal(reader.verdict, DECODE_OK);
	assert_int_equal(reader.rest.left, 0);
}

static void
a_response_leads_over_an_alias_to_an_address(void **state)
{
	struct dns_record question = record_at(a_response, 0);
	struct dns_record alias = record_at(a_response, 1);
	struct dns_record address = record_at(a_response, 2);
	struct dns_name name;
	struct addr addr;

	(void)state;
	assert_owner(a_response, &question, "WwW.example.com");
	assert_int_equal(alias.section, DNS_SECTION_ANSWER);
	assert_int_equal(alias.name_at, question.name_at);
	assert_int_equal(alias.ttl, 300);
	assert_int_equal(dns_name_rdata(a_response, &alias, &name), DECODE_OK);
	assert_name(&name, "cdn.example.com");
	/* The next owner is that same name. */
	assert_int_equal(address.name_at, alias.rdata_at);
	assert_int_equal(dns_addr_rdata(&address, &addr), DECODE_OK);
	assert_true(addr_is_v4(&addr));
	assert_memory_equal(addr.octets + 12, "\xc0\x00\x02\x07", 4);
}

static void
each_type_with_a_reader_is_read(void **state)
{
	struct dns_record record;
	struct dns_name name;
	struct dns_srv srv;
	struct dns_soa soa;
	struct dns_mx mx;
	struct addr addr;

	(void)state;
	record = record_at(all_types, 1);
	assert_int_equal(dns_addr_rdata(&record, &addr), DECODE_OK);
	assert_memory_equal(addr.octets,
	    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x35", 16);

	record = record_at(all_types, 2);
	assert_int_equal(record.type, DNS_TYPE_NS);
	assert_int_equal(dns_name_rdata(all_types, &record, &name), DECODE_OK);
	assert_name(&name, "ns.example.com");

	record = record_at(all_types, 3);
	assert_int_equal(dns_mx_rdata(all_types, &record, &mx), DECODE_OK);
	assert_int_equal(mx.preference, 10);
	assert_name(&mx.exchange, "mail.example.com");

	record = record_at(all_types, 4);
	assert_owner(all_types, &record, "_sip.example.com");
	assert_int_equal(dns_srv_rdata(all_types, &record, &srv), DECODE_OK);
	assert_int_equal(srv.priority, 1);
	assert_int_equal(srv.weight, 2);
	assert_int_equal(srv.port, 5060);
	assert_name(&srv.target, "s.example.com");

	record = record_at(all_types, 6);
	assert_owner(all_types, &record, "1.in-addr.arpa");
	assert_int_equal(dns_name_rdata(all_types, &record, &name), DECODE_OK);
	assert_name(&name, "example.com");

	record = record_at(all_types, 7);
	assert_int_equal(record.type, DNS_TYPE_DNAME);
	assert_int_equal(dns_name_rdata(all_types, &record, &name), DECODE_OK);
	assert_name(&name, "example.com");

	record = record_at(all_types, 9);
	assert_int_equal(record.type, 0xff00);
	assert_int_equal(record.rdata.left, 1);

	record = record_at(all_types, 10);
	assert_int_equal(record.section, DNS_SECTION_AUTHORITY);
	assert_int_equal(dns_soa_rdata(all_types, &record, &soa), DECODE_OK);
	assert_name(&soa.mname, "ns.example.com");
	assert_name(&soa.rname, "root.example.com");
	assert_int_equal(soa.serial, 1);
	assert_int_equal(soa.refresh, 3600);
	assert_int_equal(soa.retry, 600);
	assert_int_equal(soa.expire, 86400);
	assert_true(soa.minimum == 0xffffffff);
}

static void
txt_data_is_a_list_of_strings(void **state)
{
	struct dns_record record = record_at(all_types, 5);
	struct cursor string, bad = WIRE("\x01"
					 "a"
					 "\x05"
					 "cut");

	(void)state;
	assert_true(dns_txt_next(&record.rdata, &string));
	assert_int_equal(string.left, 3);
	assert_memory_equal(string.at, "a=b", 3);
	assert_true(dns_txt_next(&record.rdata, &string));
	assert_int_equal(string.left, 0);
	assert_true(dns_txt_next(&record.rdata, &string));
	assert_memory_equal(string.at, "\xff.", 2);
	assert_false(dns_txt_next(&record.rdata, &string));
	assert_int_equal(record.rdata.left, 0);

	assert_true(dns_txt_next(&bad, &string));
	assert_false(dns_txt_next(&bad, &string));
	assert_int_equal(bad.left, 4);
}

static void
an_https_record_gives_its_params_and_address_hints(void **state)
{
	struct dns_record record = record_at(all_types, 8);
	struct dns_svcb_hints hints = { 0 };
	struct dns_svcb svcb;
	struct cursor value;
	struct addr addr;
	uint16_t key;

	(void)state;
	assert_int_equal(record.type, DNS_TYPE_HTTPS);
	assert_int_equal(dns_svcb_rdata(all_types, &record, &svcb), DECODE_OK);
	assert_int_equal(svcb.priority, 1);
	assert_name(&svcb.target, "");
	hints.params = svcb.params;
	assert_true(dns_svcb_hint_next(&hints, &addr));
	assert_true(addr_is_v4(&addr));
	assert_memory_equal(addr.octets + 12, "\xc0\x00\x02\x01", 4);
	assert_true(dns_svcb_hint_next(&hints, &addr));
	assert_memory_equal(addr.octets + 12, "\xc0\x00\x02\x02", 4);
	assert_false(dns_svcb_hint_next(&hints, &addr));

	assert_true(dns_svcb_param_next(&svcb.params, &key, &value));
	assert_int_equal(key, 1); /* alpn */
	assert_memory_equal(value.at, "\x02h2", 3);
	assert_true(dns_svcb_param_next(&svcb.params, &key, &value));
	assert_true(dns_svcb_param_next(&svcb.params, &key, &value));
	assert_int_equal(key, 5); /* ech */
	assert_false(dns_svcb_param_next(&svcb.params, &key, &value));
}

/* A record whose data is `rdata` in a message that is nothing else. */
static struct dns_record
record_of(struct cursor rdata)
{
	return (struct dns_record){ .rdata = rdata };
}

#define FOO                                                                    \
	"\x03"                                                                 \
	"foo"                                                                  \
	"\x07"                                                                 \
	"example"                                                              \
	"\x03"                                                                 \
	"com"                                                                  \
	"\x00"

/* RFC 9460 appendix D. */
static void
the_examples_of_rfc_9460_are_read(void **state)
{
	static const struct cursor alias = WIRE("\x00\x00" FOO);
	static const struct cursor empty = WIRE("\x00\x01\x00");
	static const struct cursor port = WIRE(
	    "\x00\x10" FOO "\x00\x03\x00\x02\x00\x35");
	static const struct cursor v6 = WIRE(
	    "\x00\x01" FOO "\x00\x06\x00\x20"
	    "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
	    "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x53\x00\x01");
	struct dns_svcb_hints hints = { 0 };
	struct dns_record record;
	struct dns_svcb svcb;
	struct addr addr;

	(void)state;
	record = record_of(alias);
	assert_int_equal(dns_svcb_rdata(alias, &record, &svcb), DECODE_OK);
	assert_int_equal(svcb.priority, 0);
	assert_name(&svcb.target, "foo.example.com");
	assert_int_equal(svcb.params.left, 0);

	record = record_of(empty);
	assert_int_equal(dns_svcb_rdata(empty, &record, &svcb), DECODE_OK);
	assert_int_equal(svcb.priority, 1);
	assert_name(&svcb.target, "");

	record = record_of(port);
	assert_int_equal(dns_svcb_rdata(port, &record, &svcb), DECODE_OK);
	assert_int_equal(svcb.priority, 16);
	assert_memory_equal(svcb.params.at, "\x00\x03\x00\x02\x00\x35", 6);

	record = record_of(v6);
	assert_int_equal(dns_svcb_rdata(v6, &record, &svcb), DECODE_OK);
	hints.params = svcb.params;
	assert_true(dns_svcb_hint_next(&hints, &addr));
	assert_memory_equal(addr.octets, v6.at + 23, 16);
	assert_true(dns_svcb_hint_next(&hints, &addr));
	assert_memory_equal(addr.octets, v6.at + 39, 16);
	assert_false(dns_svcb_hint_next(&hints, &addr));
}

static void
bad_service_params_are_malformed(void **state)
{
	static const struct cursor cases[] = {
		WIRE("\x00"),
		WIRE("\x00\x01"),
		/* cut within a param */
		WIRE("\x00\x01\x00"
		     "\x00\x03\x00\x02\x00"),
		/* the same key twice; out of order */
		WIRE("\x00\x01\x00"
		     "\x00\x08\x00\x00"
		     "\x00\x08\x00\x00"),
		WIRE("\x00\x01\x00"
		     "\x00\x08\x00\x00"
		     "\x00\x07\x00\x00"),
		/* hints of no address, and of a part of one */
		WIRE("\x00\x01\x00"
		     "\x00\x04\x00\x00"),
		WIRE("\x00\x01\x00"
		     "\x00\x04\x00\x05"
		     "\x0a\x00\x00\x01\x0a"),
		WIRE("\x00\x01\x00"
		     "\x00\x06\x00\x04"
		     "\x0a\x00\x00\x01"),
	};
	struct dns_record record;
	struct dns_svcb svcb;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		record = record_of(cases[i]);
		assert_int_equal(dns_svcb_rdata(cases[i], &record, &svcb),
		    DECODE_MALFORMED);
	}
}

static void
data_that_is_not_of_its_type_is_malformed(void **state)
{
	static const struct cursor name_then_more = WIRE("\x01"
							 "a"
							 "\x00"
							 "x");
	static const struct cursor no_end = WIRE("\x01"
						 "a");
	static const struct cursor self = WIRE("\xc0\x00");
	static const struct cursor five = WIRE("\x0a\x00\x00\x01\x00");
	static const struct cursor seventeen = WIRE("0123456789abcdef!");
	static const struct cursor soa_short = WIRE(
	    "\x00\x00"
	    "\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"
	    "\x00\x00\x00\x04\x00\x00\x00");
	static const struct cursor srv_short = WIRE("\x00\x01\x00\x02\x00");
	static const struct cursor nothing = WIRE("");
	struct dns_record record;
	struct dns_name name;
	struct dns_srv srv;
	struct dns_soa soa;
	struct dns_mx mx;
	struct addr addr;

	(void)state;
	record = record_of(name_then_more);
	assert_int_equal(dns_name_rdata(name_then_more, &record, &name),
	    DECODE_MALFORMED);
	record = record_of(no_end);
	assert_int_equal(dns_name_rdata(no_end, &record, &name),
	    DECODE_MALFORMED);
	record = record_of(self);
	assert_int_equal(dns_name_rdata(self, &record, &name),
	    DECODE_MALFORMED);
	record = record_of(five);
	assert_int_equal(dns_addr_rdata(&record, &addr), DECODE_MALFORMED);
	record = record_of(seventeen);
	assert_int_equal(dns_addr_rdata(&record, &addr), DECODE_MALFORMED);
	record = record_of(soa_short);
	assert_int_equal(dns_soa_rdata(soa_short, &record, &soa),
	    DECODE_MALFORMED);
	record = record_of(srv_short);
	assert_int_equal(dns_srv_rdata(srv_short, &record, &srv),
	    DECODE_MALFORMED);
	record = record_of(nothing);
	assert_int_equal(dns_name_rdata(nothing, &record, &name),
	    DECODE_MALFORMED);
	assert_int_equal(dns_mx_rdata(nothing, &record, &mx), DECODE_MALFORMED);
	assert_int_equal(dns_addr_rdata(&record, &addr), DECODE_MALFORMED);
}

static void
a_name_in_data_must_end_within_the_data(void **state)
{
	/* CNAME data of two octets, "\x01a", and the root label behind it. */
	static const struct cursor message = WIRE(HEADER("\x81\x80", "\x00",
	    "\x01", "\x00", "\x00") "\x00" T_IN("\x05") TTL_300 "\x00\x02"
								"\x01"
								"a"
								"\x00");
	struct dns_record record = record_at(message, 0);
	struct dns_name name;

	(void)state;
	assert_int_equal(dns_name_rdata(message, &record, &name),
	    DECODE_MALFORMED);
}

static void
opt_tells_what_edns_offers(void **state)
{
	/* 4096 octets, extended rcode BADVERS, version 1, DO, a cookie. */
	static const struct cursor message = WIRE(HEADER("\x80\x00", "\x00",
	    "\x00", "\x00", "\x01") "\x00"
				    "\x00\x29\x10\x00\x01\x01\x80\x00\x00\x0c"
				    "\x00\x0a\x00\x08"
				    "01234567");
	static const struct cursor bad = WIRE("\x00\x0a\x00\x08"
					      "0123456");
	struct dns_record record = record_at(message, 0);
	struct dns_opt opt;

	(void)state;
	assert_int_equal(record.type, DNS_TYPE_OPT);
	assert_int_equal(dns_opt_rdata(&record, &opt), DECODE_OK);
	assert_int_equal(opt.udp_size, 4096);
	assert_int_equal(opt.rcode_high, 16);
	assert_string_equal(dns_rcode_name(opt.rcode_high), "BADVERS");
	assert_int_equal(opt.version, 1);
	assert_true(opt.dnssec_ok);
	assert_int_equal(opt.options.left, 12);

	record = record_at(a_query, 1);
	assert_int_equal(dns_opt_rdata(&record, &opt), DECODE_OK);
	assert_int_equal(opt.udp_size, 1232);
	assert_int_equal(opt.rcode_high, 0);

	record = record_of(bad);
	assert_int_equal(dns_opt_rdata(&record, &opt), DECODE_MALFORMED);
}

static void
a_truncated_message_gives_the_records_that_are_whole(void **state)
{
	struct cursor message = a_response;

	(void)state;
	/* In the OPT record, the address, the alias, the question. */
	message.left -= 1;
	assert_int_equal(records_until(message, DECODE_SHORT), 3);
	message.left -= 11;
	assert_int_equal(records_until(message, DECODE_SHORT), 2);
	message.left -= 16;
	assert_int_equal(records_until(message, DECODE_SHORT), 1);
	message.left = 13;
	assert_int_equal(records_until(message, DECODE_SHORT), 0);
}

static void
what_came_before_a_malformed_record_stays_usable(void **state)
{
	static const struct cursor message = WIRE(HEADER("\x81\x80", "\x01",
	    "\x02", "\x00", "\x00") EXAMPLE T_IN("\x01") NAME_C T_IN("\x01")
		TTL_300 "\x00\x04"
			"\xc0\x00\x02\x07"
			"\x40" T_IN("\x01") TTL_300 "\x00\x00");
	static const struct cursor forward = WIRE(
	    HEADER("\x81\x80", "\x00", "\x01", "\x00", "\x00") "\xc0\x20" T_IN(
		"\x01") TTL_300 "\x00\x04"
				"\xc0\x00\x02\x07");

	(void)state;
	assert_int_equal(records_until(message, DECODE_MALFORMED), 2);
	assert_int_equal(records_until(forward, DECODE_MALFORMED), 0);
}

static void
an_owner_is_found_behind_the_pointers_it_begins_with(void **state)
{
	/* The second answer points to a pointer to the question's name. */
	static const struct cursor message = WIRE(HEADER("\x81\x80", "\x01",
	    "\x03", "\x00", "\x00") EXAMPLE T_IN("\x01") NAME_C T_IN("\x10")
		TTL_300 "\x00\x00"
			"\xc0\x1d" T_IN("\x10") TTL_300 "\x00\x00"
							"\x01"
							"a"
							"\xc0\x1d" T_IN("\x10")
							    TTL_300 "\x00\x00");
	struct dns_record record;

	(void)state;
	record = record_at(message, 2);
	assert_int_equal(record.name_at, 12);
	record = record_at(message, 3);
	assert_int_equal(record.name_at, 53);
	assert_owner(message, &record, "a.example.com");
}

static void
messages_larger_than_any_transport_carries_are_refused(void **state)
{
	uint8_t *octets = calloc(1, DNS_MESSAGE_MAX + 1);
	struct dns_reader reader;
	struct dns_header header;

	(void)state;
	assert_int_equal(dns_open(cur_of(octets, DNS_MESSAGE_MAX), &header,
			     &reader),
	    DECODE_OK);
	assert_int_equal(dns_open(cur_of(octets, DNS_MESSAGE_MAX + 1), &header,
			     &reader),
	    DECODE_MALFORMED);
	free(octets);
}

#define PAD12 "............"

static void
names_are_spelled_as_rfc_1035_says(void **state)
{
	static const struct {
		struct cursor message;
		size_t at;
		const char *text;
	} cases[] = {
		{ WIRE("\x00"), 0, "" },
		{ WIRE("\x01"
		       "a"
		       "\x00"),
		    0, "a" },
		{ WIRE("\x03"
		       "WwW"
		       "\x03"
		       "CoM"
		       "\x00"),
		    0, "WwW.CoM" },
		{ WIRE("\x03"
		       "a.b"
		       "\x01"
		       "c"
		       "\x00"),
		    0, "a\\046b.c" },
		{ WIRE("\x03"
		       "a\\b"
		       "\x00"),
		    0, "a\\092b" },
		{ WIRE("\x04"
		       "\x00\x7f\x80\xff"
		       "\x00"),
		    0, "\\000\\127\\128\\255" },
		{ WIRE("\x03"
		       "a b"
		       "\x01"
		       "~"
		       "\x00"),
		    0, "a b.~" },
		{ WIRE("\x02"
		       "\n!"
		       "\x00"),
		    0, "\\010!" },
		{ WIRE(PAD12 "\x01"
			     "b"
			     "\x00"
			     "\x01"
			     "a"
			     "\xc0\x0c"),
		    15, "a.b" },
		/* pointer to pointer */
		{ WIRE(PAD12 "\x00"
			     "\xc0\x0c"
			     "\xc0\x0d"
			     "\x01"
			     "a"
			     "\xc0\x0f"),
		    17, "a" },
		/* RFC 1035 section 4.1.4, with its names further in front */
		{ WIRE(PAD12 "\x01"
			     "F"
			     "\x03"
			     "ISI"
			     "\x04"
			     "ARPA"
			     "\x00"
			     "\x03"
			     "FOO"
			     "\xc0\x0c"
			     "\xc0\x12"),
		    24, "FOO.F.ISI.ARPA" },
		{ WIRE(PAD12 "\x01"
			     "F"
			     "\x03"
			     "ISI"
			     "\x04"
			     "ARPA"
			     "\x00"
			     "\x03"
			     "FOO"
			     "\xc0\x0c"
			     "\xc0\x12"),
		    30, "ARPA" },
	};
	struct dns_name name;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(dns_name_read(cases[i].message, cases[i].at,
				     &name),
		    DECODE_OK);
		assert_name(&name, cases[i].text);
	}
}

static void
broken_names_are_told_from_unfinished_ones(void **state)
{
	static const struct {
		struct cursor message;
		size_t at;
		enum decode rc;
	} cases[] = {
		{ WIRE(""), 0, DECODE_SHORT },
		{ WIRE("\x00"), 1, DECODE_SHORT },
		{ WIRE("\x00"), 2, DECODE_SHORT },
		{ WIRE("\x01"), 0, DECODE_SHORT },
		{ WIRE("\x01"
		       "a"),
		    0, DECODE_SHORT },
		{ WIRE("\x02"
		       "a"),
		    0, DECODE_SHORT },
		{ WIRE("\x01"
		       "a"
		       "\xc0"),
		    0, DECODE_SHORT },
		/* label types that RFC 6891 section 5 closed */
		{ WIRE("\x40"
		       "a"
		       "\x00"),
		    0, DECODE_MALFORMED },
		{ WIRE("\x80"
		       "a"
		       "\x00"),
		    0, DECODE_MALFORMED },
		{ WIRE("\xbf"
		       "a"
		       "\x00"),
		    0, DECODE_MALFORMED },
		/* pointers: to itself, forward, to its own labels, and into
		 * the header */
		{ WIRE(PAD12 "\xc0\x0c"), 12, DECODE_MALFORMED },
		{ WIRE(PAD12 "\xc0\x0e"
			     "\x00"),
		    12, DECODE_MALFORMED },
		{ WIRE(PAD12 "\x01"
			     "a"
			     "\xc0\x0c"),
		    12, DECODE_MALFORMED },
		{ WIRE(PAD12 "\x01"
			     "a"
			     "\x01"
			     "b"
			     "\xc0\x0e"),
		    12, DECODE_MALFORMED },
		{ WIRE("\x00..........."
		       "\xc0\x00"),
		    12, DECODE_MALFORMED },
		{ WIRE(PAD12 "\x01"
			     "a"
			     "\xc0\x0b"),
		    12, DECODE_MALFORMED },
		/* two that point at each other */
		{ WIRE(PAD12 "\xc0\x0e"
			     "\xc0\x0c"),
		    14, DECODE_MALFORMED },
		/* high bits of the offset count */
		{ WIRE(PAD12 "\x00"
			     "\xc1\x0c"),
		    13, DECODE_MALFORMED },
	};
	struct dns_name name;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		name.len = 7;
		assert_int_equal(dns_name_read(cases[i].message, cases[i].at,
				     &name),
		    cases[i].rc);
		assert_int_equal(name.len, 0);
	}
}

/* Labels of the given lengths, filled with `octet`. */
static struct cursor
name_of(uint8_t *wire, const uint8_t *lens, size_t count, uint8_t octet)
{
	size_t i, len = 0;

	for (i = 0; i < count; i++) {
		wire[len++] = lens[i];
		memset(wire + len, octet, lens[i]);
		len += lens[i];
	}
	wire[len++] = 0;
	return cur_of(wire, len);
}

static const uint8_t longest[] = { 63, 63, 63, 61 };

static void
a_name_has_at_most_255_octets(void **state)
{
	static const uint8_t too_long[] = { 63, 63, 63, 62 };
	uint8_t ones[128], wire[300];
	struct dns_name name;

	(void)state;
	assert_int_equal(dns_name_read(name_of(wire, longest, 4, 'x'), 0,
			     &name),
	    DECODE_OK);
	assert_int_equal(name.len, 253);
	assert_int_equal(dns_name_read(name_of(wire, too_long, 4, 'x'), 0,
			     &name),
	    DECODE_MALFORMED);
	memset(ones, 1, sizeof ones);
	assert_int_equal(dns_name_read(name_of(wire, ones, 127, 'x'), 0, &name),
	    DECODE_OK);
	assert_int_equal(name.len, 253);
	assert_int_equal(dns_name_read(name_of(wire, ones, 128, 'x'), 0, &name),
	    DECODE_MALFORMED);
}

static void
the_longest_text_fills_a_name_to_its_end(void **state)
{
	struct dns_name *name = malloc(sizeof *name);
	uint8_t wire[300];

	(void)state;
	assert_int_equal(dns_name_read(name_of(wire, longest, 4, 0xff), 0,
			     name),
	    DECODE_OK);
	assert_int_equal(name->len, DNS_NAME_TEXT_MAX);
	assert_memory_equal(name->text + DNS_NAME_TEXT_MAX - 4, "\\255", 4);
	free(name);
}

static void
octets_that_pointers_bring_in_count_too(void **state)
{
	/* 12: 63 + 63; then 63 + 63 and a pointer there: 4 * 64 + 1. */
	uint8_t wire[12 + 129 + 130];
	struct dns_name name;

	(void)state;
	memset(wire, 0, 12);
	name_of(wire + 12, (uint8_t[]){ 63, 63 }, 2, 'x');
	name_of(wire + 141, (uint8_t[]){ 63, 63 }, 2, 'y');
	wire[269] = 0xc0;
	wire[270] = 12;
	assert_int_equal(dns_name_read(cur_of(wire, sizeof wire), 141, &name),
	    DECODE_MALFORMED);
	/* One label less, and it fits. */
	assert_int_equal(dns_name_read(cur_of(wire, sizeof wire), 205, &name),
	    DECODE_OK);
	assert_int_equal(name.len, 191);
}

static void
a_chain_of_pointers_has_an_end(void **state)
{
	uint8_t wire[13 + 2 * 128];
	struct dns_name name;
	size_t i;

	(void)state;
	memset(wire, 0, 13);
	for (i = 0; i < 128; i++) {
		size_t target = i == 0 ? 12 : 13 + 2 * (i - 1);

		wire[13 + 2 * i] = (uint8_t)(0xc0 | target >> 8);
		wire[14 + 2 * i] = target & 0xff;
	}
	assert_int_equal(dns_name_read(cur_of(wire, sizeof wire), 13 + 2 * 126,
			     &name),
	    DECODE_OK);
	assert_int_equal(dns_name_read(cur_of(wire, sizeof wire), 13 + 2 * 127,
			     &name),
	    DECODE_MALFORMED);
}

/* A copy in a block of its own, so that reading past either end shows. */
static struct cursor
copy_exactly(struct cursor from, uint8_t **block)
{
	*block = malloc(from.left + 1);
	if (from.left > 0)
		memcpy(*block + 1, from.at, from.left);
	return cur_of(*block + 1, from.left);
}

/* Everything that can be asked of a message. */
static enum decode
read_all(struct cursor message)
{
	struct dns_svcb_hints hints = { 0 };
	struct dns_reader reader;
	struct dns_header header;
	struct dns_record record;
	struct cursor string;
	struct dns_name name;
	struct dns_svcb svcb;
	struct dns_srv srv;
	struct dns_soa soa;
	struct dns_opt opt;
	struct dns_mx mx;
	struct addr addr;
	unsigned ok = 0;

	if (dns_open(message, &header, &reader) != DECODE_OK)
		return DECODE_SHORT;
	while (dns_next(&reader, &record)) {
		ok += dns_name_read(message, record.name_at, &name);
		ok += dns_name_rdata(message, &record, &name);
		ok += dns_mx_rdata(message, &record, &mx);
		ok += dns_srv_rdata(message, &record, &srv);
		ok += dns_soa_rdata(message, &record, &soa);
		ok += dns_opt_rdata(&record, &opt);
		ok += dns_addr_rdata(&record, &addr);
		if (dns_svcb_rdata(message, &record, &svcb) == DECODE_OK) {
			hints.params = svcb.params;
			while (dns_svcb_hint_next(&hints, &addr))
				ok++;
		}
		while (dns_txt_next(&record.rdata, &string))
			ok++;
	}
	return reader.verdict;
}

static void
every_prefix_of_a_good_message_is_short_and_harms_nothing(void **state)
{
	struct cursor prefix, message;
	uint8_t *block;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		prefix = *good[i].message;
		assert_int_equal(read_all(prefix), DECODE_OK);
		while (prefix.left-- > 0) {
			message = copy_exactly(prefix, &block);
			if (read_all(message) != DECODE_SHORT ||
			    dns_plausible(message))
				fail_msg("%s, first %zu octets", good[i].what,
				    prefix.left);
			free(block);
		}
	}
}

static void
dns_is_recognised_on_any_port(void **state)
{
	static const struct cursor others[] = {
		/* root, CH TXT, unknown private type, AD and CD */
		WIRE(HEADER("\x01\x20", "\x01", "\x00", "\x00",
		    "\x00") "\x00" T_IN("\x02")),
		WIRE(HEADER("\x01\x10", "\x01", "\x00", "\x00",
		    "\x00") "\x07"
			    "version"
			    "\x04"
			    "bind"
			    "\x00"
			    "\x00\x10\x00\x03"),
		WIRE(HEADER("\x01\x00", "\x01", "\x00", "\x00", "\x00") EXAMPLE
		    "\xff\x77\x00\x01"),
		/* NXDOMAIN without records */
		WIRE(HEADER("\x81\x83", "\x01", "\x00", "\x00", "\x00")
			EXAMPLE T_IN("\x41")),
		/* cut by the server, which says so */
		WIRE(HEADER("\x83\x80", "\x01", "\x02", "\x00", "\x00")
			EXAMPLE T_IN("\x01") NAME_C T_IN("\x01") TTL_300
		    "\x00\x04"
		    "\xc0\x00\x02\x07" NAME_C T_IN("\x01") TTL_300 "\x00"),
		/* IXFR with its SOA, RFC 1995 section 3 */
		WIRE(HEADER("\x00\x00", "\x01", "\x00", "\x01", "\x00")
			EXAMPLE T_IN("\xfb") NAME_C T_IN("\x06") TTL_300
		    "\x00\x16"
		    "\x00\x00"
		    "....................")
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		if (!dns_plausible(*good[i].message))
			fail_msg("%s", good[i].what);
	for (i = 0; i < COUNT(others); i++)
		if (!dns_plausible(others[i]))
			fail_msg("case %zu", i);
}

static void
what_is_not_quite_dns_is_not_recognised(void **state)
{
	static const struct {
		const char *what;
		struct cursor datagram;
	} cases[] = {
		{ "nothing", WIRE("") },
		{ "all zero", WIRE("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
		{ "header only, FORMERR",
		    WIRE(HEADER("\x80\x01", "\x00", "\x00", "\x00", "\x00")) },
		{ "two questions in a unicast query",
		    WIRE(HEADER("\x01\x00", "\x02", "\x00", "\x00", "\x00")
			    EXAMPLE T_IN("\x01") EXAMPLE T_IN("\x1c")) },
		{ "Z", WIRE(HEADER("\x01\x40", "\x01", "\x00", "\x00", "\x00")
			       EXAMPLE T_IN("\x01")) },
		{ "opcode 1", WIRE(HEADER("\x09\x00", "\x01", "\x00", "\x00",
				  "\x00") EXAMPLE T_IN("\x01")) },
		{ "opcode 6 in a response",
		    WIRE(HEADER("\xb0\x00", "\x01", "\x00", "\x00", "\x00")
			    EXAMPLE T_IN("\x01")) },
		{ "a query with RA",
		    WIRE(HEADER("\x01\x80", "\x01", "\x00", "\x00", "\x00")
			    EXAMPLE T_IN("\x01")) },
		{ "a query with AA",
		    WIRE(HEADER("\x05\x00", "\x01", "\x00", "\x00", "\x00")
			    EXAMPLE T_IN("\x01")) },
		{ "a query with a result",
		    WIRE(HEADER("\x01\x02", "\x01", "\x00", "\x00", "\x00")
			    EXAMPLE T_IN("\x01")) },
		{ "rcode 11", WIRE(HEADER("\x81\x8b", "\x01", "\x00", "\x00",
				  "\x00") EXAMPLE T_IN("\x01")) },
		{ "a query with an answer",
		    WIRE(HEADER("\x01\x00", "\x01", "\x01", "\x00", "\x00")
			    EXAMPLE T_IN("\x01") NAME_C T_IN("\x01") TTL_300
			"\x00\x04"
			"\xc0\x00\x02\x07") },
		{ "a query with a signature as answer",
		    WIRE(HEADER("\x01\x00", "\x01", "\x01", "\x00", "\x00")
			    EXAMPLE T_IN("\x01") "\x00"
						 "\x00\xfa\x00\xff"
						 "\x00\x00\x00\x00"
						 "\x00\x00") },
		{ "a query with an address as additional record",
		    WIRE(HEADER("\x01\x00", "\x01", "\x00", "\x00", "\x01")
			    EXAMPLE T_IN("\x01") NAME_C T_IN("\x01") TTL_300
			"\x00\x04"
			"\xc0\x00\x02\x07") },
		{ "class 2", WIRE(HEADER("\x01\x00", "\x01", "\x00", "\x00",
				 "\x00") EXAMPLE "\x00\x01\x00\x02") },
		{ "unicast wanted, in a query that is not multicast DNS",
		    WIRE(HEADER("\x01\x00", "\x01", "\x00", "\x00", "\x00")
			    EXAMPLE "\x00\x01\x80\x01") },
		{ "type 0", WIRE(HEADER("\x01\x00", "\x01", "\x00", "\x00",
				"\x00") EXAMPLE T_IN("\x00")) },
		{ "a question for OPT",
		    WIRE(HEADER("\x01\x00", "\x01", "\x00", "\x00", "\x00")
			    EXAMPLE T_IN("\x29")) },
		{ "trailing octet",
		    WIRE(HEADER("\x01\x00", "\x01", "\x00", "\x00", "\x00")
			    EXAMPLE T_IN("\x01") "\x00") },
		{ "NetBIOS name query, RFC 1002 section 4.2.12",
		    WIRE(HEADER("\x01\x10", "\x01", "\x00", "\x00",
			"\x00") "\x20"
				"EJFDEBFEEBFACACACACACACACACACAAA"
				"\x00" T_IN("\x20")) },
		{ "NetBIOS node status, RFC 1002 section 4.2.17",
		    WIRE(HEADER("\x00\x00", "\x01", "\x00", "\x00",
			"\x00") "\x20"
				"CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				"\x00" T_IN("\x21")) },
		{ "an A record of five octets",
		    WIRE(HEADER("\x81\x80", "\x01", "\x01", "\x00", "\x00")
			    EXAMPLE T_IN("\x01") NAME_C T_IN("\x01") TTL_300
			"\x00\x05"
			"\xc0\x00\x02\x07\x00") },
		{ "OPT that is not the root's",
		    WIRE(HEADER("\x01\x00", "\x01", "\x00", "\x00", "\x01")
			    EXAMPLE T_IN("\x01") NAME_C
			"\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00") },
		{ "cut, without TC",
		    WIRE(HEADER("\x81\x80", "\x01", "\x01", "\x00", "\x00")
			    EXAMPLE T_IN("\x01") NAME_C) },
		{ "TC, cut in the first record",
		    WIRE(HEADER("\x83\x80", "\x01", "\x01", "\x00", "\x00")
			    EXAMPLE T_IN("\x01") NAME_C "\x00") },
		{ "TC, cut in the question",
		    WIRE(HEADER("\x83\x80", "\x01", "\x01", "\x00", "\x00")
			    EXAMPLE "\x00\x01") },
		{ "NOTIFY for an address",
		    WIRE(HEADER("\x24\x00", "\x01", "\x00", "\x00", "\x00")
			    EXAMPLE T_IN("\x01")) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (dns_plausible(cases[i].datagram))
			fail_msg("%s", cases[i].what);
}

/* xorshift64: any noise will do, as long as it is the same every time. */
static uint64_t
noise(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void
noise_is_never_taken_for_dns(void **state)
{
	uint64_t seed = 20260331, words[16];
	unsigned i;
	size_t w;

	(void)state;
	for (i = 0; i < 300000; i++) {
		for (w = 0; w < COUNT(words); w++)
			words[w] = noise(&seed);
		/* Every other time with few bits, as binary protocols are. */
		for (w = 0; i % 2 && w < COUNT(words); w++)
			words[w] &= noise(&seed) & noise(&seed) & noise(&seed);
		assert_false(
		    dns_plausible(cur_of(words, noise(&seed) % sizeof words)));
	}
}

static void
messages_in_a_tcp_stream_have_their_length_in_front(void **state)
{
	struct cursor stream = WIRE("\x00\x0c" PAD12 "\x00\x0d" PAD12 "!"
				    "\x00\x0b" PAD12);
	struct cursor cut = WIRE("\x00\x0d" PAD12), message;

	(void)state;
	assert_int_equal(dns_tcp_next(&stream, &message), DECODE_OK);
	assert_int_equal(message.left, 12);
	assert_int_equal(dns_tcp_next(&stream, &message), DECODE_OK);
	assert_int_equal(message.left, 13);
	assert_int_equal(message.at[12], '!');
	assert_int_equal(dns_tcp_next(&stream, &message), DECODE_MALFORMED);
	assert_int_equal(stream.left, 14);

	assert_int_equal(dns_tcp_next(&cut, &message), DECODE_SHORT);
	assert_int_equal(cut.left, 14);
	cut.left = 1;
	assert_int_equal(dns_tcp_next(&cut, &message), DECODE_SHORT);
}

static void
types_and_rcodes_have_the_registrys_names(void **state)
{
	(void)state;
	assert_string_equal(dns_type_name(1), "A");
	assert_string_equal(dns_type_name(28), "AAAA");
	assert_string_equal(dns_type_name(65), "HTTPS");
	assert_string_equal(dns_type_name(255), "ANY");
	assert_string_equal(dns_type_name(257), "CAA");
	assert_string_equal(dns_type_name(32769), "DLV");
	assert_null(dns_type_name(0));
	assert_null(dns_type_name(54));
	assert_null(dns_type_name(265));
	assert_null(dns_type_name(65535));
	assert_string_equal(dns_rcode_name(0), "NOERROR");
	assert_string_equal(dns_rcode_name(3), "NXDOMAIN");
	assert_string_equal(dns_rcode_name(23), "BADCOOKIE");
	assert_null(dns_rcode_name(12));
	assert_null(dns_rcode_name(24));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_shows_its_header_and_question),
		cmocka_unit_test(a_response_leads_over_an_alias_to_an_address),
		cmocka_unit_test(each_type_with_a_reader_is_read),
		cmocka_unit_test(txt_data_is_a_list_of_strings),
		cmocka_unit_test(
		    an_https_record_gives_its_params_and_address_hints),
		cmocka_unit_test(the_examples_of_rfc_9460_are_read),
		cmocka_unit_test(bad_service_params_are_malformed),
		cmocka_unit_test(data_that_is_not_of_its_type_is_malformed),
		cmocka_unit_test(a_name_in_data_must_end_within_the_data),
		cmocka_unit_test(opt_tells_what_edns_offers),
		cmocka_unit_test(
		    a_truncated_message_gives_the_records_that_are_whole),
		cmocka_unit_test(
		    what_came_before_a_malformed_record_stays_usable),
		cmocka_unit_test(
		    an_owner_is_found_behind_the_pointers_it_begins_with),
		cmocka_unit_test(
		    messages_larger_than_any_transport_carries_are_refused),
		cmocka_unit_test(names_are_spelled_as_rfc_1035_says),
		cmocka_unit_test(broken_names_are_told_from_unfinished_ones),
		cmocka_unit_test(a_name_has_at_most_255_octets),
		cmocka_unit_test(the_longest_text_fills_a_name_to_its_end),
		cmocka_unit_test(octets_that_pointers_bring_in_count_too),
		cmocka_unit_test(a_chain_of_pointers_has_an_end),
		cmocka_unit_test(
		    every_prefix_of_a_good_message_is_short_and_harms_nothing),
		cmocka_unit_test(dns_is_recognised_on_any_port),
		cmocka_unit_test(what_is_not_quite_dns_is_not_recognised),
		cmocka_unit_test(noise_is_never_taken_for_dns),
		cmocka_unit_test(
		    messages_in_a_tcp_stream_have_their_length_in_front),
		cmocka_unit_test(types_and_rcodes_have_the_registrys_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
