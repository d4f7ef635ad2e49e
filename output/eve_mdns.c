#include "decoders/cursor.h"
#include "decoders/dns.h"
#include "output/eve_objects.h"

/*
 * Multicast DNS (RFC 6762), which EVE keeps apart from DNS: an object of its
 * own, with names, and of data only what PTR and TXT records say.
 */

static void
write_flags(struct json_writer *json, uint16_t flags)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} names[] = {
		{ DNS_AA, "aa" },
		{ DNS_TC, "tc" },
		{ DNS_RD, "rd" },
		{ DNS_RA, "ra" },
		{ DNS_Z, "z" },
		{ DNS_AD, "ad" },
		{ DNS_CD, "cd" },
	};

	jw_array_open(json, "flags");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (flags & names[i].bit)
			jw_text(json, NULL, names[i].name);
	}
	jw_array_close(json);
}

static void
write_strings(struct eve *eve, const struct observation *o,
    const struct obs_record *record)
{
	struct cursor strings = cur_of(obs_octets(o, record->data),
	    record->data.len);
	struct cursor string, first = strings;

	if (!cur_vec8(&first, &string))
		return;
	jw_array_open(&eve->json, "txt");
	while (cur_vec8(&strings, &string))
		jw_string(&eve->json, NULL, (const char *)string.at,
		    string.left);
	jw_array_close(&eve->json);
}

static void
write_record(struct eve *eve, const struct observation *o,
    const struct obs_record *record)
{
	jw_object_open(&eve->json, NULL);
	eve_obs_text(eve, "rrname", o, record->name);
	if (record->section != DNS_AUTHORITY) {
		if (record->type == DNS_TYPE_PTR)
			eve_obs_text(eve, "ptr", o, record->data);
		else if (record->type == DNS_TYPE_TXT)
			write_strings(eve, o, record);
	}
	jw_object_close(&eve->json);
}

void
eve_mdns_object(struct eve *eve, const struct observation *o)
{
	jw_object_open(&eve->json, "mdns");
	jw_text(&eve->json, "type", o->dns.response ? "response" : "request");
	jw_uint(&eve->json, "id", o->dns.id);
	write_flags(&eve->json, o->dns.flags);
	jw_uint(&eve->json, "opcode", dns_opcode(o->dns.flags));
	jw_uint(&eve->json, "rcode", o->dns.rcode);
	eve_dns_questions(eve, o);
	eve_dns_section(eve, o, "answers", DNS_ANSWER, write_record);
	eve_dns_section(eve, o, "authorities", DNS_AUTHORITY, write_record);
	eve_dns_section(eve, o, "additionals", DNS_ADDITIONAL, write_record);
	jw_object_close(&eve->json);
}
