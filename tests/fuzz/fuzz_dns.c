#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/addr.h"
#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/dns.h"

/*
 * The input is a message, and again a TCP stream of messages.  Besides the
 * sanitizers' findings, this looks for windows that leave the message, names
 * that are not text, records beyond what the header announced, and messages
 * that are called plausible though something in them cannot be read.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not with NDEBUG either. */
static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
require_inside(struct cursor window, struct cursor message)
{
	if (window.at == NULL) {
		require(window.left == 0);
		return;
	}
	require(
	    window.at >= message.at && window.at <= message.at + message.left);
	require(window.left <= (size_t)(message.at + message.left - window.at));
}

static void
require_text(const struct dns_name *name)
{
	size_t i;

	require(name->len <= DNS_NAME_TEXT_MAX);
	for (i = 0; i < name->len; i++)
		require(name->text[i] >= ' ' && name->text[i] <= '~');
}

static void
check_svcb(struct cursor message, const struct dns_record *record)
{
	struct dns_svcb_hints hints = { 0 };
	struct dns_svcb svcb;
	struct cursor value;
	struct addr addr;
	uint16_t key;

	if (dns_svcb_rdata(message, record, &svcb) != DECODE_OK)
		return;
	require_text(&svcb.target);
	require_inside(svcb.params, record->rdata);
	hints.params = svcb.params;
	while (dns_svcb_hint_next(&hints, &addr))
		require_inside(hints.addrs, record->rdata);
	require(hints.addrs.left == 0);
	while (dns_svcb_param_next(&svcb.params, &key, &value))
		require_inside(value, record->rdata);
	require(svcb.params.left == 0);
}

/* All readers, whatever the type: data of any type may claim to be any. */
static void
check_rdata(struct cursor message, const struct dns_record *record)
{
	struct cursor rest = record->rdata, string;
	struct dns_name name;
	struct dns_srv srv;
	struct dns_soa soa;
	struct dns_opt opt;
	struct dns_mx mx;
	struct addr addr;

	if (dns_name_rdata(message, record, &name) == DECODE_OK)
		require_text(&name);
	if (dns_mx_rdata(message, record, &mx) == DECODE_OK)
		require_text(&mx.exchange);
	if (dns_srv_rdata(message, record, &srv) == DECODE_OK)
		require_text(&srv.target);
	if (dns_soa_rdata(message, record, &soa) == DECODE_OK) {
		require_text(&soa.mname);
		require_text(&soa.rname);
	}
	if (dns_opt_rdata(record, &opt) == DECODE_OK)
		require_inside(opt.options, record->rdata);
	if (dns_addr_rdata(record, &addr) == DECODE_OK)
		require(
		    record->rdata.left ==
		    (addr_is_v4(&addr) && record->rdata.left == 4 ? 4 : 16));
	while (dns_txt_next(&rest, &string))
		require_inside(string, record->rdata);
	check_svcb(message, record);
}

static void
check_message(struct cursor message)
{
	bool plausible = dns_plausible(message);
	struct dns_reader reader;
	struct dns_header header;
	struct dns_record record;
	struct dns_name name;
	size_t count = 0;

	if (dns_open(message, &header, &reader) != DECODE_OK) {
		require(!plausible);
		return;
	}
	while (dns_next(&reader, &record)) {
		require(record.section < DNS_SECTIONS);
		require(++count <= message.left / 5);
		require(record.name_at < message.left);
		require_inside(record.rdata, message);
		if (record.section != DNS_SECTION_QUESTION)
			require(
			    record.rdata.at == message.at + record.rdata_at);
		if (dns_name_read(message, record.name_at, &name) == DECODE_OK)
			require_text(&name);
		else
			require(!plausible && name.len == 0);
		check_rdata(message, &record);
	}
	require_inside(reader.rest, message);
	require(!plausible || reader.verdict != DECODE_MALFORMED);
	(void)dns_type_name(header.id);
	(void)dns_rcode_name(header.flags);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor stream = cur_of(data, size), message;

	check_message(stream);
	while (dns_tcp_next(&stream, &message) == DECODE_OK)
		check_message(message);
	return 0;
}
