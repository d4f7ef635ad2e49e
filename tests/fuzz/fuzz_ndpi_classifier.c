#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/ndpi_classifier.h"

/*
 * The input is a flow: one octet for its protocol and IP version, two for
 * the responder's port, then packets: an octet for the direction, two for the
 * length.  It is classified twice by one classifier, and its first payload is
 * looked up as a name.  Besides what the sanitizers find, this looks for
 * results that depend on what was classified before.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAYLOADS_MAX 16

/* Not with NDEBUG either. */
static void
require(bool holds)
{
	if (!holds)
		abort();
}

static struct classifier *
the_classifier(void)
{
	static struct classifier *c;

	if (c == NULL)
		c = classifier_new(
		    &(struct classifier_limits){ 2, PAYLOADS_MAX });
	require(c != NULL);
	return c;
}

static struct classifier_flow
flow_of(uint8_t kind, uint16_t port)
{
	static const uint8_t ip_protos[] = { 6, 17, 1, 58 };
	uint8_t from[16] = { 0x20, 1, 0xd, 0xb8 },
		to[16] = { 0x20, 1, 0xd, 0xb8 };
	struct classifier_flow flow = { .initiator_port = 49152,
		.responder_port = port,
		.ip_proto = ip_protos[kind & 3] };

	/* Other addresses for TCP and UDP: nDPI's tinc joins the two. */
	from[15] = flow.ip_proto;
	to[15] = 99;
	flow.initiator = kind & 4 ? addr_v6(from) : addr_v4(from + 12);
	flow.responder = kind & 4 ? addr_v6(to) : addr_v4(to + 12);
	return flow;
}

static void
check_result(const struct classifier *c, const struct classifier_flow *flow,
    const struct classified *result)
{
	require((result->by == CLASSIFIED_NOT) == (result->app == 0));
	require(result->master == 0 || result->master != result->app);
	require(classifier_protocol_name(c, result->app) != NULL);
	require(classifier_protocol_name(c, result->master) != NULL);
	require(classifier_category_name(c, result->category) != NULL);
	for (unsigned i = 0; i < CLASSIFIER_RISKS_MAX; i++)
		if (result->risks >> i & 1)
			require(classifier_risk_name(i) != NULL);
	(void)classifier_port_unexpected(c, flow, result);
}

static void
classify(struct classifier *c, const struct classifier_flow *tuple,
    struct cursor packets, struct classified *out)
{
	struct classification *flow = classification_begin(c, tuple);
	struct classifier_packet packet = { .time_us = 1774915200000000,
		.seq = 1,
		.ack = 1 };
	uint32_t next[2] = { 1, 1 };
	uint8_t direction;
	uint16_t len;

	require(flow != NULL);
	while (cur_u8(&packets, &direction) && cur_u16(&packets, &len)) {
		require(cur_take(&packets,
		    len < packets.left ? len : packets.left, &packet.payload));
		direction &= 1;
		packet.from_initiator = direction == 0;
		packet.seq = next[direction];
		packet.ack = next[!direction];
		next[direction] += (uint32_t)packet.payload.left;
		packet.time_us += 1000;
		if (classification_packet(c, flow, &packet) == CLASSIFY_DECIDED)
			break;
	}
	classification_end(c, flow, out);
	check_result(c, tuple, out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cur_of(data, size);
	struct classifier *c = the_classifier();
	struct classified first, second;
	struct classifier_flow flow;
	uint16_t port;
	uint8_t kind;

	if (!cur_u8(&input, &kind) || !cur_u16(&input, &port))
		return 0;
	flow = flow_of(kind, port);
	classify(c, &flow, input, &first);
	classify(c, &flow, input, &second);
	require(first.app == second.app && first.master == second.master);
	require(first.category == second.category && first.by == second.by);
	require(first.risks == second.risks);
	if (cur_skip(&input, 3)) {
		classifier_name(c, &flow, kind >> 4 & 3, input, &first);
		check_result(c, &flow, &first);
	}
	return 0;
}
