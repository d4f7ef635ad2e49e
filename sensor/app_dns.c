#include <string.h>

#include "decoders/dns.h"
#include "sensor/tracker_state.h"

/*
 * DNS messages as observations: datagrams, and the messages of a TCP stream.
 */

#define DNS_PORT   53
#define MDNS_PORT  5353
#define LLMNR_PORT 5355
/* Datagrams on a port that says nothing, before a flow is left alone. */
#define ANY_PORT_TRIES 4
#define DNS_PORT_TRIES 32
/* Data of a type that we do not read: its first octets are kept. */
#define RDATA_KEEP 256

/* The question's name, which most records repeat. */
struct known_name {
	uint32_t at; /* in the message; UINT32_MAX: none yet */
	struct obs_text text;
};

static struct obs_text
add_name(struct tracker *t, const struct dns_name *name)
{
	return observation_add(t->builder, cur_of(name->text, name->len));
}

static struct obs_text
add_owner(struct tracker *t, struct cursor message,
    const struct dns_record *record, struct known_name *known)
{
	struct dns_name name;
	struct obs_text text;

	if (record->name_at == known->at)
		return known->text;
	if (dns_name_read(message, record->name_at, &name) != DECODE_OK)
		t->builder->o->cut = true;
	text = add_name(t, &name);
	if (known->at == UINT32_MAX) {
		known->at = record->name_at;
		known->text = text;
	}
	return text;
}

/* ---- records ---- */

static bool
add_name_data(struct tracker *t, struct cursor message,
    const struct dns_record *in, struct obs_record *out)
{
	struct dns_name name;

	if (dns_name_rdata(message, in, &name) != DECODE_OK)
		return false;
	out->data = add_name(t, &name);
	return true;
}

static bool
add_mx(struct tracker *t, struct cursor message, const struct dns_record *in,
    struct obs_record *out)
{
	struct dns_mx mx;

	if (dns_mx_rdata(message, in, &mx) != DECODE_OK)
		return false;
	out->data = add_name(t, &mx.exchange);
	out->number[0] = mx.preference;
	return true;
}

static bool
add_srv(struct tracker *t, struct cursor message, const struct dns_record *in,
    struct obs_record *out)
{
	struct dns_srv srv;

	if (dns_srv_rdata(message, in, &srv) != DECODE_OK)
		return false;
	out->data = add_name(t, &srv.target);
	out->number[0] = srv.priority;
	out->number[1] = srv.weight;
	out->number[2] = srv.port;
	return true;
}

static bool
add_soa(struct tracker *t, struct cursor message, const struct dns_record *in,
    struct obs_record *out)
{
	struct dns_soa soa;

	if (dns_soa_rdata(message, in, &soa) != DECODE_OK)
		return false;
	out->data = add_name(t, &soa.mname);
	out->extra = add_name(t, &soa.rname);
	out->number[0] = soa.serial;
	out->number[1] = soa.refresh;
	out->number[2] = soa.retry;
	out->number[3] = soa.expire;
	out->number[4] = soa.minimum;
	return true;
}

static bool
add_svcb(struct tracker *t, struct cursor message, const struct dns_record *in,
    struct obs_record *out)
{
	struct dns_svcb svcb;
	struct dns_svcb_hints hints = { .addr_len = 0 };
	struct addr addr;

	if (dns_svcb_rdata(message, in, &svcb) != DECODE_OK)
		return false;
	out->data = add_name(t, &svcb.target);
	out->number[0] = svcb.priority;
	hints.params = svcb.params;
	while (dns_svcb_hint_next(&hints, &addr)) {
		struct obs_text text = observation_add(t->builder,
		    cur_of(&addr, sizeof addr));

		if (text.len == 0)
			break;
		if (out->extra.len == 0)
			out->extra.at = text.at;
		out->extra.len += text.len;
	}
	return true;
}

/* The data as its type reads; what cannot be read is kept as it is. */
static void
add_data(struct tracker *t, struct cursor message, const struct dns_record *in,
    struct obs_record *out)
{
	struct cursor kept = in->rdata;
	bool read = false;

	switch (in->type) {
	case DNS_TYPE_NS:
	case DNS_TYPE_CNAME:
	case DNS_TYPE_PTR:
	case DNS_TYPE_DNAME:
		read = add_name_data(t, message, in, out);
		break;
	case DNS_TYPE_MX:
		read = add_mx(t, message, in, out);
		break;
	case DNS_TYPE_SRV:
		read = add_srv(t, message, in, out);
		break;
	case DNS_TYPE_SOA:
		read = add_soa(t, message, in, out);
		break;
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		read = add_svcb(t, message, in, out);
		break;
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
	case DNS_TYPE_TXT:
		out->data = observation_add(t->builder, in->rdata);
		return;
	default:
		if (kept.left > RDATA_KEEP)
			kept.left = RDATA_KEEP;
		out->data = observation_add(t->builder, kept);
		return;
	}
	/* Not what the type says: the record is there, without its data. */
	if (!read)
		t->builder->o->cut = true;
}

/* ---- messages ---- */

struct dns_sizes {
	uint32_t questions, records;
	uint16_t rcode_high;
	enum decode verdict;
};

/* OPT is about the message, and no record of anything. */
static struct dns_sizes
measure(struct dns_reader reader)
{
	struct dns_sizes sizes = { 0, 0, 0, DECODE_OK };
	struct dns_record record;
	struct dns_opt opt;

	while (dns_next(&reader, &record)) {
		if (record.section == DNS_SECTION_QUESTION)
			sizes.questions++;
		else if (record.type != DNS_TYPE_OPT)
			sizes.records++;
		else if (dns_opt_rdata(&record, &opt) == DECODE_OK)
			sizes.rcode_high = opt.rcode_high;
	}
	sizes.verdict = reader.verdict;
	return sizes;
}

static void
fill(struct tracker *t, struct dns_reader reader,
    struct obs_question *questions, uint32_t question_max,
    struct obs_record *records, uint32_t record_max)
{
	struct known_name known = { UINT32_MAX, { 0, 0 } };
	struct cursor message = reader.message;
	struct dns_record in;
	bool update = dns_opcode(t->builder->o->dns.flags) == DNS_OPCODE_UPDATE;
	uint32_t question_count = 0, record_count = 0;

	while (dns_next(&reader, &in)) {
		if (in.section == DNS_SECTION_QUESTION) {
			struct obs_question *q;

			if (question_count == question_max)
				continue;
			q = &questions[question_count++];
			q->name = add_owner(t, message, &in, &known);
			q->type = in.type;
			q->qclass = in.rclass;
		} else if (in.type != DNS_TYPE_OPT) {
			struct obs_record *r;

			if (record_count == record_max)
				return;
			r = &records[record_count++];
			r->name = add_owner(t, message, &in, &known);
			r->type = in.type;
			r->rclass = in.rclass;
			r->ttl = in.ttl;
			/* What an update requires is no answer (RFC 2136). */
			r->section = update ? DNS_AUTHORITY : in.section;
			add_data(t, message, &in, r);
		}
	}
}

static bool
first_name_is_good(struct dns_reader reader)
{
	struct dns_record first;
	struct dns_name name;

	return dns_next(&reader, &first) &&
	       dns_name_read(reader.message, first.name_at, &name) == DECODE_OK;
}

/* What says that it is DNS at all, where the port is all there is to go by. */
static bool
is_message(const struct dns_header *header, const struct dns_reader *reader,
    const struct dns_sizes *sizes)
{
	/* Nothing but a header: an answer of few words (REFUSED, NOTIMP). */
	if (!first_name_is_good(*reader))
		return (header->flags & DNS_QR) && reader->rest.left == 0;
	switch (dns_opcode(header->flags)) {
	case DNS_OPCODE_QUERY:
	case DNS_OPCODE_NOTIFY:
	case DNS_OPCODE_UPDATE:
		return true;
	default:
		return sizes->verdict == DECODE_OK;
	}
}

/* False, and nothing was emitted, where it is no DNS message. */
static bool
observe_message(struct tracker *t, struct flow *flow, struct cursor message,
    enum app_proto app, bool cut)
{
	struct observation *o;
	struct dns_header header;
	struct dns_reader reader;
	struct dns_sizes sizes;
	struct obs_question *questions;
	struct obs_record *records;

	if (dns_open(message, &header, &reader) != DECODE_OK)
		return false;
	sizes = measure(reader);
	if (!is_message(&header, &reader, &sizes))
		return false;
	o = tracker_observe(t, flow, OBS_DNS);
	o->app = (uint8_t)app;
	o->dns.id = header.id;
	o->dns.flags = header.flags;
	o->dns.rcode = (uint16_t)(dns_rcode(header.flags) | sizes.rcode_high);
	o->dns.response = header.flags & DNS_QR;
	o->cut = cut || sizes.verdict != DECODE_OK;
	questions = observation_add_array(t->builder, sizeof *questions,
	    &sizes.questions, &o->dns.questions);
	records = observation_add_array(t->builder, sizeof *records,
	    &sizes.records, &o->dns.records);
	fill(t, reader, questions, sizes.questions, records, sizes.records);
	tracker_name(t, flow, app,
	    sizes.questions > 0 ? questions[0].name : (struct obs_text){ 0, 0 });
	t->apps.dns_messages++;
	t->apps.dns_malformed += sizes.verdict == DECODE_MALFORMED;
	tracker_emit(t);
	return true;
}

/* ---- datagrams ---- */

static bool
uses_port(const struct flow *flow, uint16_t port)
{
	return flow->key.port[0] == port || flow->key.port[1] == port;
}

static enum app_proto
app_of_port(const struct flow *flow)
{
	return uses_port(flow, MDNS_PORT)    ? APP_MDNS
	       : uses_port(flow, LLMNR_PORT) ? APP_LLMNR
	       : uses_port(flow, DNS_PORT)   ? APP_DNS
	                                     : APP_NONE;
}

/* An answer seen without its query: the querier is the initiator. */
static void
learn_direction(struct tracker *t, struct flow *flow, struct cursor datagram)
{
	struct dns_header header;
	struct dns_reader reader;

	if (flow->packets[DIR_OUT] + flow->packets[DIR_IN] == 1 &&
	    dns_open(datagram, &header, &reader) == DECODE_OK &&
	    (header.flags & DNS_QR) && t->sender == flow->initiator)
		flow_flip(flow);
}

bool
app_dns_datagram(struct tracker *t, struct flow *flow, struct cursor datagram,
    bool cut)
{
	enum app_proto app = app_of_port(flow);
	bool port_tells = app != APP_NONE;

	if (app == APP_NONE)
		app = APP_DNS;
	if (port_tells || dns_plausible(datagram)) {
		if (app == APP_DNS)
			learn_direction(t, flow, datagram);
		if (observe_message(t, flow, datagram, app, cut)) {
			if (flow->app == APP_NONE)
				flow->app = (uint8_t)app;
			return true;
		}
		t->apps.dns_malformed++;
	}
	if (++flow->app_tries >=
	    (port_tells ? DNS_PORT_TRIES : ANY_PORT_TRIES)) {
		flow->app_dull = 1;
		if (flow->app == APP_NONE)
			flow->app = APP_UNKNOWN;
	}
	return false;
}

/* ---- TCP ---- */

/* After a hole: a message is taken where one stands at the beginning. */
static bool
is_message_start(struct cursor octets)
{
	struct cursor message;

	return dns_tcp_next(&octets, &message) == DECODE_OK &&
	       dns_plausible(message);
}

/* The last message, as far as it came. */
static void
observe_rest(struct tracker *t, struct session *session, struct cursor rest)
{
	if (cur_skip(&rest, 2))
		observe_message(t, session->flow, rest, APP_DNS, true);
}

static size_t
dns_octets(struct tracker *t, struct session *session, uint8_t end,
    struct cursor octets, bool last)
{
	struct cursor rest = octets, message, peek;
	uint16_t len;

	if (session->dns.lost[end] && !is_message_start(octets))
		return octets.left;
	session->dns.lost[end] = false;
	for (;;) {
		switch (dns_tcp_next(&rest, &message)) {
		case DECODE_OK:
			if (observe_message(t, session->flow, message, APP_DNS,
				false))
				continue;
			break;
		case DECODE_SHORT:
			peek = rest;
			if (last)
				observe_rest(t, session, rest);
			else if (cur_u16(&peek, &len))
				session->stream[end].need = len + 2u;
			return octets.left - rest.left;
		case DECODE_MALFORMED:
		case DECODE_UNSUPPORTED:
			break;
		}
		t->apps.dns_malformed++;
		session->dns.lost[end] = true;
		return octets.left;
	}
}

static void
dns_gap(struct tracker *t, struct session *session, uint8_t end, uint32_t lost)
{
	(void)t;
	(void)lost;
	session->dns.lost[end] = true;
}

static void
dns_closed(struct tracker *t, struct session *session, uint8_t end)
{
	(void)t;
	(void)session;
	(void)end;
}

static void
dns_over(struct tracker *t, struct session *session)
{
	(void)t;
	(void)session;
}

static bool
dns_holds(const struct session *session)
{
	(void)session;
	return false;
}

const struct app_ops app_dns = { dns_octets, dns_gap, dns_closed, dns_over,
	dns_holds };
