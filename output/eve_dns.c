#include "output/eve_objects.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/dns.h"

/*
 * EVE's dns object.  Version 3 is Suricata 8's: one form for requests,
 * responses and alerts.  Version 2 is Suricata 7's: "query" and "answer", the
 * question flat in the object.
 */

#define TYPE_A     1
#define TYPE_NS    2
#define TYPE_CNAME 5
#define TYPE_SOA   6
#define TYPE_NULL  10
#define TYPE_PTR   12
#define TYPE_MX    15
#define TYPE_TXT   16
#define TYPE_AAAA  28
#define TYPE_SRV   33
#define TYPE_DNAME 39
#define TYPE_SSHFP 44

#define SSHFP_MAX 256 /* octets of a record that an observation keeps */

static void
write_type(struct json_writer *json, uint16_t type)
{
	const char *name = dns_type_name(type);
	char number[sizeof "TYPE65535"];

	if (name == NULL) {
		/* RFC 3597 section 5 */
		snprintf(number, sizeof number, "TYPE%u", (unsigned)type);
		name = number;
	}
	jw_text(json, "rrtype", name);
}

static void
write_name(struct eve *eve, const struct observation *o, struct obs_text name)
{
	jw_string(&eve->json, "rrname", obs_octets(o, name), name.len);
}

/* ::ffff:192.0.2.1 as an answer stays what it is, unlike in struct addr. */
static void
write_aaaa(struct json_writer *json, const char *key, const char *octets)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, octets, text, sizeof text);
	jw_text(json, key, text);
}

static void
write_soa(struct eve *eve, const char *key, const struct observation *o,
    const struct obs_record *record)
{
	static const char *const names[] = { "serial", "refresh", "retry",
		"expire", "minimum" };
	struct json_writer *json = &eve->json;

	jw_object_open(json, key);
	jw_string(json, "mname", obs_octets(o, record->data), record->data.len);
	jw_string(json, "rname", obs_octets(o, record->extra),
	    record->extra.len);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		jw_uint(json, names[i], record->number[i]);
	jw_object_close(json);
}

static void
write_srv(struct eve *eve, const char *key, const struct observation *o,
    const struct obs_record *record)
{
	struct json_writer *json = &eve->json;

	jw_object_open(json, key);
	jw_uint(json, "priority", record->number[0]);
	jw_uint(json, "weight", record->number[1]);
	jw_uint(json, "port", record->number[2]);
	jw_string(json, "name", obs_octets(o, record->data), record->data.len);
	jw_object_close(json);
}

/* RFC 4255 section 3.1; false where the record is too short for it. */
static bool
write_sshfp(struct eve *eve, const char *key, const struct observation *o,
    const struct obs_record *record)
{
	struct cursor at = cur_of(obs_octets(o, record->data),
	    record->data.len);
	char text[SSHFP_MAX * 3];
	size_t len = 0;
	uint8_t algo, type, octet;

	if (!cur_u8(&at, &algo) || !cur_u8(&at, &type))
		return false;
	while (len + 3 < sizeof text && cur_u8(&at, &octet)) {
		if (len > 0)
			text[len++] = ':';
		text[len++] = "0123456789abcdef"[octet >> 4];
		text[len++] = "0123456789abcdef"[octet & 15];
	}
	jw_object_open(&eve->json, key);
	jw_string(&eve->json, "fingerprint", text, len);
	jw_uint(&eve->json, "algo", algo);
	jw_uint(&eve->json, "type", type);
	jw_object_close(&eve->json);
	return true;
}

/* The schema has these objects in answers; in authorities only the SOA's. */
static bool
has_object(const struct obs_record *record)
{
	if (record->type == TYPE_SOA)
		return record->section != DNS_ADDITIONAL;
	return record->section == DNS_ANSWER &&
	       (record->type == TYPE_SRV || record->type == TYPE_SSHFP);
}

static void
write_object(struct eve *eve, const struct observation *o,
    const struct obs_record *record, bool keyed)
{
	if (record->type == TYPE_SOA)
		write_soa(eve, keyed ? "soa" : NULL, o, record);
	else if (record->type == TYPE_SRV)
		write_srv(eve, keyed ? "srv" : NULL, o, record);
	else if (record->type == TYPE_SSHFP)
		write_sshfp(eve, keyed ? "sshfp" : NULL, o, record);
}

/* rdata where it has one presentation that is text; else nothing. */
static void
write_rdata(struct eve *eve, const char *key, const struct observation *o,
    const struct obs_record *record)
{
	const char *octets = obs_octets(o, record->data);
	uint32_t len = record->data.len;
	struct addr v4;

	switch (record->type) {
	case TYPE_A:
		if (len == 4) {
			v4 = addr_v4((const uint8_t *)octets);
			eve_address(eve, key, &v4);
		}
		break;
	case TYPE_AAAA:
		if (len == 16)
			write_aaaa(&eve->json, key, octets);
		break;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_DNAME:
	case TYPE_PTR:
	case TYPE_MX:
	case TYPE_NULL:
		jw_string(&eve->json, key, octets, len);
		break;
	default: /* the types are IANA's, not an enum of ours */
		break;
	}
}

/* An entry of answers, authorities or additionals, but for its data. */
static void
record_open(struct eve *eve, const struct observation *o,
    const struct obs_record *record)
{
	jw_object_open(&eve->json, NULL);
	write_name(eve, o, record->name);
	write_type(&eve->json, record->type);
	jw_uint(&eve->json, "ttl", record->ttl);
}

/* A TXT record with a whole string in it. */
static bool
has_strings(const struct observation *o, const struct obs_record *record)
{
	struct cursor strings = cur_of(obs_octets(o, record->data),
	    record->data.len);
	struct cursor string;

	return record->type == TYPE_TXT && cur_vec8(&strings, &string);
}

/* One entry a string: RFC 1035 section 3.3.14. */
static void
write_txt(struct eve *eve, const struct observation *o,
    const struct obs_record *record)
{
	struct cursor strings = cur_of(obs_octets(o, record->data),
	    record->data.len);
	struct cursor string;

	while (cur_vec8(&strings, &string)) {
		record_open(eve, o, record);
		jw_string(&eve->json, "rdata", (const char *)string.at,
		    string.left);
		jw_object_close(&eve->json);
	}
}

static void
write_record(struct eve *eve, const struct observation *o,
    const struct obs_record *record)
{
	if (has_strings(o, record)) {
		write_txt(eve, o, record);
		return;
	}
	record_open(eve, o, record);
	if (has_object(record))
		write_object(eve, o, record, true);
	else
		write_rdata(eve, "rdata", o, record);
	jw_object_close(&eve->json);
}

void
eve_dns_section(struct eve *eve, const struct observation *o, const char *key,
    enum dns_section section, eve_dns_record write_one)
{
	const struct obs_record *records = obs_elements(o, o->dns.records);
	bool open = false;

	for (uint32_t i = 0; i < o->dns.records.count; i++) {
		if (records[i].section != section)
			continue;
		if (!open)
			jw_array_open(&eve->json, key);
		open = true;
		write_one(eve, o, &records[i]);
	}
	if (open)
		jw_array_close(&eve->json);
}

/* Whether a record has something to say under "grouped". */
static bool
is_grouped(const struct observation *o, const struct obs_record *record,
    uint16_t type)
{
	if (record->section != DNS_ANSWER || record->type != type)
		return false;
	switch (type) {
	case TYPE_A:
		return record->data.len == 4;
	case TYPE_AAAA:
		return record->data.len == 16;
	case TYPE_SSHFP:
		return record->data.len >= 2;
	case TYPE_TXT:
		return has_strings(o, record);
	default:
		return true;
	}
}

static void
write_grouped_record(struct eve *eve, const struct observation *o,
    const struct obs_record *record)
{
	struct cursor strings, string;

	if (has_object(record)) {
		write_object(eve, o, record, false);
	} else if (record->type == TYPE_TXT) {
		strings = cur_of(obs_octets(o, record->data), record->data.len);
		while (cur_vec8(&strings, &string))
			jw_string(&eve->json, NULL, (const char *)string.at,
			    string.left);
	} else {
		write_rdata(eve, NULL, o, record);
	}
}

static bool
write_group(struct eve *eve, const struct observation *o, uint16_t type,
    bool first)
{
	const struct obs_record *records = obs_elements(o, o->dns.records);
	bool open = false;

	for (uint32_t i = 0; i < o->dns.records.count; i++) {
		if (!is_grouped(o, &records[i], type))
			continue;
		if (!open && first)
			jw_object_open(&eve->json, "grouped");
		if (!open)
			jw_array_open(&eve->json, dns_type_name(type));
		open = true;
		write_grouped_record(eve, o, &records[i]);
	}
	if (open)
		jw_array_close(&eve->json);
	return open;
}

/* The answers' data once more, by type; the types are the schema's. */
static void
write_grouped(struct eve *eve, const struct observation *o)
{
	static const uint16_t types[] = { TYPE_A, TYPE_AAAA, TYPE_CNAME,
		TYPE_MX, TYPE_NS, TYPE_NULL, TYPE_PTR, TYPE_SOA, TYPE_SRV,
		TYPE_SSHFP, TYPE_TXT };
	bool first = true;

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (write_group(eve, o, types[i], first))
			first = false;
	}
	if (!first)
		jw_object_close(&eve->json);
}

static void
write_records(struct eve *eve, const struct observation *o)
{
	eve_dns_section(eve, o, "answers", DNS_ANSWER, write_record);
	write_grouped(eve, o);
	eve_dns_section(eve, o, "authorities", DNS_AUTHORITY, write_record);
	eve_dns_section(eve, o, "additionals", DNS_ADDITIONAL, write_record);
}

/* RFC 1035 section 4.1.1; as in Suricata, only flags that are set are there. */
static void
write_flags(struct json_writer *json, uint16_t flags)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} names[] = {
		{ 0x8000, "qr" },
		{ 0x0400, "aa" },
		{ 0x0200, "tc" },
		{ 0x0100, "rd" },
		{ 0x0080, "ra" },
		{ 0x0040, "z" },
	};
	char hex[5];

	snprintf(hex, sizeof hex, "%x", (unsigned)flags);
	jw_text(json, "flags", hex);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (flags & names[i].bit)
			jw_bool(json, names[i].name, true);
	}
	jw_uint(json, "opcode", flags >> 11 & 15);
}

static void
write_rcode(struct json_writer *json, uint16_t rcode)
{
	const char *name = dns_rcode_name(rcode);
	char number[sizeof "65535"];

	if (name == NULL) {
		snprintf(number, sizeof number, "%u", (unsigned)rcode);
		name = number;
	}
	jw_text(json, "rcode", name);
}

static void
write_question(struct eve *eve, const struct observation *o,
    const struct obs_question *question)
{
	write_name(eve, o, question->name);
	write_type(&eve->json, question->type);
}

void
eve_dns_questions(struct eve *eve, const struct observation *o)
{
	const struct obs_question *questions = obs_elements(o,
	    o->dns.questions);

	if (o->dns.questions.count == 0)
		return;
	jw_array_open(&eve->json, "queries");
	for (uint32_t i = 0; i < o->dns.questions.count; i++) {
		jw_object_open(&eve->json, NULL);
		write_question(eve, o, &questions[i]);
		jw_object_close(&eve->json);
	}
	jw_array_close(&eve->json);
}

static void
write_version_3(struct eve *eve, const struct observation *o)
{
	struct json_writer *json = &eve->json;

	jw_uint(json, "version", 3);
	jw_text(json, "type", o->dns.response ? "response" : "request");
	jw_uint(json, "id", o->dns.id);
	write_flags(json, o->dns.flags);
	write_rcode(json, o->dns.rcode);
	eve_dns_questions(eve, o);
	write_records(eve, o);
}

static void
write_version_2(struct eve *eve, const struct observation *o)
{
	const struct obs_question *questions = obs_elements(o,
	    o->dns.questions);
	struct json_writer *json = &eve->json;

	jw_uint(json, "version", 2);
	jw_text(json, "type", o->dns.response ? "answer" : "query");
	jw_uint(json, "id", o->dns.id);
	if (o->dns.response)
		write_flags(json, o->dns.flags);
	else
		jw_uint(json, "opcode", o->dns.flags >> 11 & 15);
	if (o->dns.questions.count > 0)
		write_question(eve, o, &questions[0]);
	/*
	 * Suricata 7 writes an event a question.  One message is one event
	 * here, and what a second question asks for is not dropped.
	 */
	if (o->dns.questions.count > 1)
		eve_dns_questions(eve, o);
	if (o->dns.response) {
		write_rcode(json, o->dns.rcode);
		write_records(eve, o);
	}
}

/* In Suricata 7 an alert has the questions of a query as dns.query. */
static void
write_alert_queries(struct eve *eve, const struct observation *o)
{
	const struct obs_question *questions = obs_elements(o,
	    o->dns.questions);
	struct json_writer *json = &eve->json;

	if (o->dns.questions.count == 0)
		return;
	jw_array_open(json, "query");
	for (uint32_t i = 0; i < o->dns.questions.count; i++) {
		jw_object_open(json, NULL);
		jw_text(json, "type", "query");
		jw_uint(json, "id", o->dns.id);
		write_question(eve, o, &questions[i]);
		jw_uint(json, "opcode", o->dns.flags >> 11 & 15);
		jw_object_close(json);
	}
	jw_array_close(json);
}

void
eve_dns_object(struct eve *eve, const struct observation *o)
{
	jw_object_open(&eve->json, "dns");
	if (eve->options.dns_version == 2)
		write_version_2(eve, o);
	else
		write_version_3(eve, o);
	jw_object_close(&eve->json);
}

void
eve_dns_alert_object(struct eve *eve, const struct observation *o)
{
	if (eve->options.dns_version != 2) {
		eve_dns_object(eve, o);
		return;
	}
	jw_object_open(&eve->json, "dns");
	write_version_2(eve, o);
	if (!o->dns.response)
		write_alert_queries(eve, o);
	jw_object_close(&eve->json);
}
