#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/cursor.h"
#include "sensor/layers.h"

/*
 * The first octet chooses the link type; then come frames, each behind two
 * octets of length (11 bits; the upper five say how much more was on the wire,
 * in units of 64) and one of seconds since the one before.  One dissector
 * sees them all, so that fragments meet.
 */
#define BATCH 32

static const uint32_t link_types[] = { 1, 0, 9, 12, 14, 50, 51, 101, 104, 108,
	113, 117, 228, 229, 239, 276, 127 };
#define LINK_TYPE_COUNT (sizeof link_types / sizeof link_types[0])

/* Small, so that evictions are reached. */
static const struct fragment_limits limits = { 8, 16 * 2100, 60000000 };

struct batch {
	uint8_t *blocks[BATCH];
	struct layers layers[BATCH];
	size_t count;
};

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check(const struct layers *l, const struct packet *packet)
{
	require(l->payload.left <= l->payload_len);
	require(l->wire_len >= packet->wire_len);
	require(l->vlan_count <= VLAN_MAX);
	require(l->tunnel.depth <= TUNNEL_DEPTH_MAX);
	require((l->tunnel.depth == 0) == (l->tunnel.kind == TUNNEL_NONE));
}

/* All payloads of a batch must be readable until its end. */
static void
finish(struct batch *batch, struct dissector *dissector)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < batch->count; i++) {
		const struct cursor payload = batch->layers[i].payload;

		for (size_t j = 0; j < payload.left; j++)
			sum = (uint8_t)(sum + payload.at[j]);
	}
	for (size_t i = 0; i < batch->count; i++)
		free(batch->blocks[i]);
	batch->count = 0;
	dissector_release(dissector);
}

static void
add(struct batch *batch, struct dissector *dissector, struct packet *packet,
    struct cursor frame)
{
	struct layers *l = &batch->layers[batch->count];
	uint8_t *block = malloc(frame.left + 1);

	require(block != NULL);
	if (frame.left > 0)
		memcpy(block + 1, frame.at, frame.left);
	batch->blocks[batch->count++] = block;
	packet->octets = block + 1;
	packet->caplen = (uint32_t)frame.left;
	if (dissect(dissector, packet, l) == LAYERS_OK)
		check(l, packet);
	else
		l->payload = cur_of(NULL, 0);
	if (batch->count == BATCH)
		finish(batch, dissector);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cur_of(data, size), frame;
	struct dissector *dissector = dissector_new(&limits);
	struct packet packet = { 0 };
	struct batch batch = { .count = 0 };
	const struct layers_counts *counts;
	uint64_t results = 0;
	uint16_t len;
	uint8_t link, seconds;

	require(dissector != NULL);
	counts = dissector_counts(dissector);
	if (!cur_u8(&input, &link))
		link = 0;
	packet.link_type = link_types[link % LINK_TYPE_COUNT];
	while (cur_u16(&input, &len) && cur_u8(&input, &seconds)) {
		if (!cur_take(&input, len & 0x07ff, &frame) &&
		    !cur_take(&input, input.left, &frame))
			break;
		packet.time_us += seconds * UINT64_C(1000000);
		packet.number++;
		packet.wire_len = (uint32_t)frame.left + (len >> 11) * 64u;
		add(&batch, dissector, &packet, frame);
	}
	finish(&batch, dissector);
	for (int i = 0; i < LAYERS_RESULT_COUNT; i++)
		results += counts->results[i];
	require(results == packet.number);
	dissector_free(dissector);
	return 0;
}
