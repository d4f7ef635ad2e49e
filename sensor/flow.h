#ifndef SENSOR_FLOW_H
#define SENSOR_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/addr.h"
#include "sensor/layers.h"
#include "sensor/observation.h"

/*
 * The flow table: allocated once, as large as it may become, and touched only
 * as far as it is used.  When it is full it forgets: first what never was
 * answered (where that is more than its share), then what is closed, and so
 * on, the longest idle first, so that a flood of one-packet flows evicts
 * itself and neither the conversations nor those that are about to begin.
 *
 * Everything that happens to a flow is decided by packet times, so that a
 * stored capture gives the same flows in every run.
 */

/*
 * Both directions of a conversation have the same key: the end that compares
 * lower is end 0.  The VLAN ids tell equal addresses of two networks apart.
 */
struct flow_key {
	struct addr addr[2];
	uint16_t port[2];
	uint16_t vlan[2];
	uint8_t ip_proto;
	uint8_t zero[3]; /* keys are compared and hashed as octets */
};

/* Which list a flow waits in; each has one idle timeout. */
enum flow_class {
	FLOW_TCP_NEW, /* no answer yet */
	FLOW_CLASS_CLOSED,
	FLOW_OTHER, /* neither TCP nor UDP */
	FLOW_UDP,
	FLOW_TCP_OPEN,
	FLOW_CLASS_COUNT,
};

struct session;

/* Three cache lines; a packet on an understood flow touches the first two. */
struct flow {
	struct flow_key key;
	uint32_t hash;
	uint32_t chain;    /* next flow of the hash bucket */
	uint8_t initiator; /* which end of the key: 0 or 1 */
	uint8_t state;     /* enum flow_state */
	uint8_t app;       /* enum app_proto */
	uint8_t flow_class;
	struct session *session; /* streams and decoders; NULL: only counted */

	uint64_t last_us;
	uint64_t octets[2], packets[2]; /* by enum direction; wire octets */
	uint32_t seq_next[2];           /* TCP: behind the highest octet seen */
	uint32_t gap_octets; /* TCP: lost by the capture, estimated */
	uint16_t segment[2];
	uint16_t source;
	uint8_t tcp_flags[2]; /* all seen */
	uint8_t app_tries;    /* payloads looked at without a result */
	uint8_t vlan_count : 2;
	uint8_t seq_known : 2; /* bit 1 << direction: seq_next is valid */
	uint8_t midstream : 1; /* TCP: no handshake was seen */
	uint8_t app_told : 1;  /* OBS_FLOW_APP was emitted */
	uint8_t named : 1;     /* a request or ClientHello was told */
	uint8_t app_dull : 1;  /* nothing more is to be learnt from payload */
	uint16_t verdict;      /* nDPI's, sensor/verdicts.h; 0: none yet */

	uint64_t first_us;
	uint32_t older, newer; /* neighbours in the class's list */
	uint16_t entered;      /* its list: ticks of 16 s, the low 16 bits */
	uint16_t vlan[VLAN_MAX];
	struct tunnel tunnel;
};
_Static_assert(sizeof(struct flow) == 192, "a flow is three cache lines");

#define FLOW_IDLE_S_MAX 1000000

struct flow_limits {
	uint32_t flows_max;
	uint32_t idle_s[FLOW_CLASS_COUNT]; /* 1..FLOW_IDLE_S_MAX */
	bool vlan_in_key;
};

struct flow_counts {
	uint64_t created, active;
	uint64_t ended[FLOW_END_SHUTDOWN + 1]; /* by enum flow_end_reason */
};

struct flow_table;

/* Told of each flow before it is forgotten. */
typedef void (*flow_ended)(void *arg, struct flow *flow,
    enum flow_end_reason reason, uint64_t now_us);

/* NULL where memory is short. */
struct flow_table *flow_table_new(const struct flow_limits *limits,
    flow_ended ended, void *ended_arg);
void flow_table_free(struct flow_table *table); /* without telling */

/*
 * A packet's place in the table, found in three steps so that many packets can
 * be looked up together while memory is on its way: locate, fetch, find.
 */
struct flow_place {
	struct flow_key key;
	uint32_t hash;
	uint8_t sender; /* which end of the key sent this packet */
};
void flow_locate(const struct flow_table *table, const struct layers *layers,
    struct flow_place *place);
void flow_prefetch_bucket(const struct flow_table *table,
    const struct flow_place *place);
void flow_prefetch(const struct flow_table *table,
    const struct flow_place *place);

/*
 * The packet's flow, or NULL where there is none, or only one that was idle
 * for too long or that this packet (a SYN) shows to be over: that one is
 * ended first.
 */
struct flow *flow_find(struct flow_table *table, const struct flow_place *place,
    const struct layers *layers, uint64_t now_us);

/* A new flow; evicts another where the table is full. */
struct flow *flow_create(struct flow_table *table,
    const struct flow_place *place, const struct layers *layers,
    uint64_t now_us);

/* Moves the flow to the class that its protocol and state call for. */
void flow_reclass(struct flow_table *table, struct flow *flow, uint64_t now_us);

/* Ends what is idle, a bounded number in each call. */
void flow_expire(struct flow_table *table, uint64_t now_us);
void flow_end_all(struct flow_table *table, uint64_t now_us);

const struct flow_counts *flow_table_counts(const struct flow_table *table);

static inline enum direction
flow_direction(const struct flow *flow, uint8_t sender)
{
	return sender == flow->initiator ? DIR_OUT : DIR_IN;
}

/* The key's end that is this side of the flow. */
static inline unsigned
flow_side(const struct flow *flow, enum direction side)
{
	return side == DIR_OUT ? flow->initiator : !flow->initiator;
}

/* Below 2^52; the same in every run, other for another flow of this key. */
uint64_t flow_id(const struct flow *flow);

/* Content showed that the responder is the initiator. */
void flow_flip(struct flow *flow);

#endif
