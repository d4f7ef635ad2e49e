#ifndef SENSOR_VERDICTS_H
#define SENSOR_VERDICTS_H

#include "decoders/ndpi_classifier.h"
#include "sensor/flow.h"

/*
 * What nDPI makes of a tracker's flows.  Our decoders look first, and most
 * flows are named by them: those cost a look-up of their name.  Of the others
 * nDPI is given the payload, from the first one on, until it has decided.
 *
 * A flow remembers all of this in the 16 bits of flow.verdict: nothing, that it
 * is under classification, or one of the distinct results, of which a network
 * has some hundred.
 *
 * A flood costs little: what has no payload does not come here, and how many
 * flows may begin is bounded by the capture's clock.  Of what is saved up,
 * flows that were never answered may use half: those that were are not kept
 * out.
 */
struct verdicts;

#define VERDICTS_FLOWS_MAX 16383

/* Flows that may begin at once, half of them unanswered; and then each second.
 */
#define VERDICTS_BURST_MAX 8192
#define VERDICTS_PER_S     4096

struct verdicts_options {
	uint32_t flows_max; /* under classification; 1..VERDICTS_FLOWS_MAX */
	/* Also guess at what a flow was that ended without a result. */
	bool guess;
};

struct verdicts_counts {
	uint64_t begun;   /* flows whose payload was looked at */
	uint64_t refused; /* that was not, in a flood; by payload */
	uint64_t evicted; /* given up for want of room */
	uint64_t packets; /* that nDPI looked at */
	uint64_t named;   /* flows that our decoders named */
	uint64_t active;  /* flows under classification now */
	uint64_t distinct, distinct_lost; /* results; beyond the bound */
};

/*
 * NULL where memory is short, or nDPI is not what it was built against.  As
 * with classifiers, two must not be made or freed at the same time.
 */
struct verdicts *verdicts_new(const struct verdicts_options *options);
void verdicts_free(struct verdicts *verdicts);

/* For its names, which any thread may ask for. */
const struct classifier *verdicts_classifier(const struct verdicts *verdicts);

void verdicts_get_counts(const struct verdicts *verdicts,
    struct verdicts_counts *out);

/*
 * In all of these, `verdicts` may be NULL: nothing is done.
 */

/* Payload of TCP or UDP, by that end, that none of our decoders knows. */
struct verdicts_payload {
	struct cursor octets;
	uint64_t time_us; /* capture clock */
	uint32_t seq, ack;
	uint8_t end; /* of the key: the sender */
};
void verdicts_look(struct verdicts *verdicts, struct flow *flow,
    const struct verdicts_payload *payload);

/* Whether verdicts_look wants to see more of a flow that has begun. */
static inline bool
verdicts_watching(const struct flow *flow)
{
	return flow->verdict >= UINT16_MAX - VERDICTS_FLOWS_MAX;
}

/*
 * A decoder of ours knows what the flow speaks, and with whom; the name may be
 * empty.  The first name counts, or the one inside the tunnel.
 */
void verdicts_name(struct verdicts *verdicts, struct flow *flow,
    enum app_proto app, struct cursor name);

/* The flow has ended; still it may be asked about. */
void verdicts_end(struct verdicts *verdicts, struct flow *flow);

/* What is known by now. */
void verdicts_tell(const struct verdicts *verdicts, const struct flow *flow,
    struct obs_ndpi *out);

#endif
