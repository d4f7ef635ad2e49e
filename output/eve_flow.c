#include "output/eve_objects.h"

#include <netinet/in.h>
#include <stdio.h>

#include "sensor/layers.h"

#define US_PER_S 1000000

#define TCP_URG 0x20
#define TCP_ECN 0x40
#define TCP_CWR 0x80

static void
write_counts(struct eve *eve, const struct observation *o)
{
	struct json_writer *json = &eve->json;

	jw_uint(json, "pkts_toserver", o->packets[DIR_OUT]);
	jw_uint(json, "pkts_toclient", o->packets[DIR_IN]);
	jw_uint(json, "bytes_toserver", o->octets[DIR_OUT]);
	jw_uint(json, "bytes_toclient", o->octets[DIR_IN]);
	eve_time(eve, "start", o->flow_first_us);
}

static const char *
state_name(enum flow_state state)
{
	switch (state) {
	case FLOW_NEW:
		break;
	case FLOW_ESTABLISHED:
		return "established";
	case FLOW_CLOSED:
		return "closed";
	}
	return "new";
}

/*
 * Suricata's words.  It keeps a closed flow for a while and then says
 * "timeout"; that it was closed is what "state" tells.
 */
static const char *
reason_name(enum flow_end_reason reason)
{
	switch (reason) {
	case FLOW_END_CLOSED:
	case FLOW_END_TIMEOUT:
		break;
	case FLOW_END_EVICTED:
		return "forced";
	case FLOW_END_SHUTDOWN:
		return "shutdown";
	}
	return "timeout";
}

static const char *
tcp_state_name(const struct observation *o)
{
	switch ((enum flow_state)o->state) {
	case FLOW_NEW:
		break;
	case FLOW_ESTABLISHED:
		return "established";
	case FLOW_CLOSED:
		return "closed";
	}
	if (o->flow.tcp_flags[DIR_IN] & TCP_SYN)
		return "syn_recv";
	return o->flow.tcp_flags[DIR_OUT] & TCP_SYN ? "syn_sent" : "none";
}

static void
write_tcp_flags(struct json_writer *json, const char *key, unsigned flags)
{
	char hex[3];

	snprintf(hex, sizeof hex, "%02x", flags & 0xff);
	jw_text(json, key, hex);
}

static void
write_tcp(struct eve *eve, const struct observation *o)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} names[] = {
		{ TCP_SYN, "syn" },
		{ TCP_FIN, "fin" },
		{ TCP_RST, "rst" },
		{ TCP_PSH, "psh" },
		{ TCP_ACK, "ack" },
		{ TCP_URG, "urg" },
		{ TCP_ECN, "ecn" },
		{ TCP_CWR, "cwr" },
	};
	const uint8_t *flags = o->flow.tcp_flags;
	struct json_writer *json = &eve->json;

	jw_object_open(json, "tcp");
	write_tcp_flags(json, "tcp_flags", flags[DIR_OUT] | flags[DIR_IN]);
	write_tcp_flags(json, "tcp_flags_ts", flags[DIR_OUT]);
	write_tcp_flags(json, "tcp_flags_tc", flags[DIR_IN]);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if ((flags[DIR_OUT] | flags[DIR_IN]) & names[i].bit)
			jw_bool(json, names[i].name, true);
	}
	jw_text(json, "state", tcp_state_name(o));
	jw_object_close(json);
}

void
eve_flow_object(struct eve *eve, const struct observation *o, bool alerted)
{
	struct json_writer *json = &eve->json;
	uint64_t first = o->flow_first_us / US_PER_S;
	uint64_t last = o->flow_last_us / US_PER_S;

	jw_object_open(json, "flow");
	write_counts(eve, o);
	eve_time(eve, "end", o->flow_last_us);
	/* A capture's clock may step back. */
	jw_uint(json, "age", last > first ? last - first : 0);
	jw_text(json, "state", state_name((enum flow_state)o->state));
	jw_text(json, "reason",
	    reason_name((enum flow_end_reason)o->flow.reason));
	jw_bool(json, "alerted", alerted);
	jw_object_close(json);
	if (o->ip_proto == IPPROTO_TCP)
		write_tcp(eve, o);
}

void
eve_alert_flow_object(struct eve *eve, const struct observation *o)
{
	jw_object_open(&eve->json, "flow");
	write_counts(eve, o);
	eve_ends(eve, o, DIR_OUT);
	jw_object_close(&eve->json);
}
