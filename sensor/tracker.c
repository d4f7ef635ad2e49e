#include <stdlib.h>
#include <string.h>

#include "sensor/capture.h"
#include "sensor/tracker_state.h"

#define TCP_PROTO 6
#define UDP_PROTO 17
/* Packets one way, without a handshake, that make it a conversation: fewer
 * could be a flood of stray segments. */
#define ONE_SIDED_PACKETS 4
/* Without a packet for so long, what comes next is another transaction. */
#define REST_US UINT64_C(5000000)
/*
 * Flows whose datagrams are gathered, at once.  Each waits for a moment and
 * holds 12 kB; a flood of them is to cost no more than this.
 */
#define DATAGRAM_SESSIONS_MAX 4096

/*
 * A packet whose time is this far ahead of the one before may be a corrupt
 * one, or the next of several captures in one file: it does not make the
 * flows idle until so many packets in a row say the same.
 */
#define LEAP_US      UINT64_C(3600000000)
#define LEAP_PACKETS 256
/* How often it is looked for idle flows. */
#define TICK_US UINT64_C(62500)

/* ---- observations ---- */

struct observation *
tracker_observe(struct tracker *t, const struct flow *flow, enum obs_kind kind)
{
	struct observation *o = observation_begin(t->builder, kind);
	unsigned initiator = flow->initiator;

	o->app = flow->app;
	o->state = flow->state;
	o->sender = (uint8_t)flow_direction(flow, t->sender);
	o->midstream = flow->midstream;
	o->ip_proto = flow->key.ip_proto;
	o->vlan_count = flow->vlan_count;
	memcpy(o->vlan, flow->vlan, sizeof o->vlan);
	o->source = t->source;
	o->time_us = t->now_us;
	o->flow_id = flow_id(flow);
	o->packet_number = t->packet_number;
	o->addr[DIR_OUT] = flow->key.addr[initiator];
	o->addr[DIR_IN] = flow->key.addr[!initiator];
	o->port[DIR_OUT] = flow->key.port[initiator];
	o->port[DIR_IN] = flow->key.port[!initiator];
	memcpy(o->segment, flow->segment, sizeof o->segment);
	o->flow_first_us = flow->first_us;
	o->flow_last_us = flow->last_us;
	memcpy(o->octets, flow->octets, sizeof o->octets);
	memcpy(o->packets, flow->packets, sizeof o->packets);
	o->tunnel_kind = flow->tunnel.kind;
	o->tunnel_depth = flow->tunnel.depth;
	o->tunnel_proto = flow->tunnel.ip_proto;
	o->tunnel_addr[0] = flow->tunnel.src;
	o->tunnel_addr[1] = flow->tunnel.dst;
	o->tunnel_port[0] = flow->tunnel.src_port;
	o->tunnel_port[1] = flow->tunnel.dst_port;
	verdicts_tell(t->options.verdicts, flow, &o->ndpi);
	return o;
}

void
tracker_name(struct tracker *t, struct flow *flow, enum app_proto app,
    struct obs_text name)
{
	struct observation *o = t->builder->o;

	verdicts_name(t->options.verdicts, flow, app,
	    cur_of(obs_octets(o, name), name.len));
	verdicts_tell(t->options.verdicts, flow, &o->ndpi);
}

void
tracker_emit(struct tracker *t)
{
	t->observations++;
	t->options.emit(t->options.emit_arg, observation_finish(t->builder));
}

struct observation *
tracker_keep(struct tracker *t)
{
	const struct observation *o = observation_finish(t->builder);
	struct observation *kept = tracker_take(t, o->size);

	return kept == NULL ? NULL : memcpy(kept, o, o->size);
}

void
tracker_drop(struct tracker *t, struct observation *kept)
{
	if (kept != NULL)
		tracker_give(t, kept, kept->size);
}

void *
tracker_take(struct tracker *t, size_t octets)
{
	void *memory;

	if (!stream_memory_take(&t->memory, octets))
		return NULL;
	if ((memory = calloc(1, octets)) == NULL)
		stream_memory_give(&t->memory, octets);
	return memory;
}

void
tracker_give(struct tracker *t, void *memory, size_t octets)
{
	if (memory != NULL)
		stream_memory_give(&t->memory, octets);
	free(memory);
}

static void
tell_flow(struct tracker *t, const struct flow *flow, enum obs_kind kind,
    enum flow_end_reason reason)
{
	struct observation *o;

	if (!tracker_wants(t, kind))
		return;
	o = tracker_observe(t, flow, kind);
	o->flow.reason = (uint8_t)reason;
	memcpy(o->flow.tcp_flags, flow->tcp_flags, sizeof o->flow.tcp_flags);
	o->flow.named = flow->named;
	o->flow.gaps = flow->gap_octets;
	tracker_emit(t);
}

static void
tell_app(struct tracker *t, struct flow *flow)
{
	if (flow->app_told)
		return;
	flow->app_told = 1;
	tell_flow(t, flow, OBS_FLOW_APP, FLOW_END_CLOSED);
}

/* ---- sessions ---- */

static void
session_unlist(struct tracker *t, struct session *session)
{
	struct session_list *list = &t->sessions[session->list];

	if (session->older != NULL)
		session->older->newer = session->newer;
	else
		list->oldest = session->newer;
	if (session->newer != NULL)
		session->newer->older = session->older;
	else
		list->newest = session->older;
	list->count--;
}

static void
session_list(struct tracker *t, struct session *session, uint8_t which)
{
	struct session_list *list = &t->sessions[which];

	session->list = which;
	session->newer = NULL;
	session->older = list->newest;
	if (list->newest != NULL)
		list->newest->newer = session;
	else
		list->oldest = session;
	list->newest = session;
	list->count++;
}

static bool
session_holds(const struct session *session)
{
	return stream_holds(&session->stream[0]) ||
	       stream_holds(&session->stream[1]) ||
	       session->tunnel_host != NULL || session->app->holds(session);
}

/* The list that the session belongs in by now. */
static void
session_relist(struct tracker *t, struct session *session)
{
	uint8_t which = 0;

	if (session->app != &app_detect)
		which |= SESSION_DECIDED;
	if (session_holds(session))
		which |= SESSION_HOLDS;

	if (which != session->list) {
		session_unlist(t, session);
		session_list(t, session, which);
	}
}

struct tunnel_host *
tunnel_host_new(struct tracker *t, enum app_proto app, struct cursor name,
    uint16_t port)
{
	struct tunnel_host *host;

	if (name.left > UINT8_MAX)
		return NULL;
	if ((host = tracker_take(t, sizeof *host + name.left)) == NULL)
		return NULL;
	host->app = (uint8_t)app;
	host->port = port;
	host->len = (uint16_t)name.left;
	memcpy(host->name, name.at, name.left);
	return host;
}

void
tunnel_host_free(struct tracker *t, struct tunnel_host *host)
{
	if (host != NULL)
		tracker_give(t, host, sizeof *host + host->len);
}

static void
session_free(struct tracker *t, struct session *session)
{
	struct flow *flow = session->flow;

	session->app->over(t, session);
	for (int end = 0; end < 2; end++)
		stream_fini(&session->stream[end], &t->memory);
	tunnel_host_free(t, session->tunnel_host);
	session_unlist(t, session);
	t->session_count--;
	flow->session = NULL;
	flow->app_dull = 1;
	free(session);
}

static struct session *
session_to_evict(const struct tracker *t, bool holders_only)
{
	/*
	 * Undecided ones first, and those first that lose nothing; those of
	 * datagrams mostly wait for the rest of what is told already.
	 */
	static const uint8_t order[SESSION_LISTS] = { 0, SESSION_HOLDS,
		SESSION_DATAGRAMS, SESSION_DECIDED,
		SESSION_HOLDS | SESSION_DECIDED };

	for (int i = 0; i < SESSION_LISTS; i++) {
		struct session *oldest = t->sessions[order[i]].oldest;

		if (holders_only && order[i] < SESSION_HOLDS)
			continue;
		if (oldest != NULL && oldest == t->current)
			oldest = oldest->newer;
		if (oldest != NULL)
			return oldest;
	}
	return NULL;
}

static bool
evict_session(struct tracker *t, struct session *session)
{
	struct observation_builder *builder = t->builder;

	if (session == NULL || t->evicting)
		return false;
	t->apps.sessions_evicted++;
	t->evicting = true;
	t->builder = &t->builders[1];
	session_free(t, session);
	t->builder = builder;
	t->evicting = false;
	return true;
}

static bool
reclaim_memory(void *arg)
{
	return evict_session(arg, session_to_evict(arg, true));
}

/* An end whose SYN was seen begins there, else with what comes first. */
static void
stream_begin(struct stream *stream, const struct flow *flow, enum direction dir)
{
	stream->synced = flow->seq_known & 1u << dir;
	stream->next_seq = flow->seq_next[dir];
}

static struct session *
session_new(struct tracker *t, struct flow *flow)
{
	struct session *session;

	if (t->session_count >= t->options.sessions_max &&
	    !evict_session(t, session_to_evict(t, false)))
		return NULL;
	if ((session = calloc(1, sizeof *session)) == NULL)
		return NULL;
	session->flow = flow;
	session->app = &app_detect;
	for (uint8_t end = 0; end < 2; end++)
		stream_begin(&session->stream[end], flow,
		    flow_direction(flow, end));
	session_list(t, session, 0);
	t->session_count++;
	flow->session = session;
	return session;
}

void
session_decide(struct tracker *t, struct session *session, enum app_proto app,
    uint8_t client, const struct app_ops *ops)
{
	struct flow *flow = session->flow;

	if ((flow->midstream || flow->key.ip_proto == UDP_PROTO) &&
	    client != flow->initiator)
		flow_flip(flow);
	session->client = client;
	session->app = ops;
	flow->app = (uint8_t)app;
	tell_app(t, flow);
}

void
session_enter_tunnel(struct tracker *t, struct session *session,
    enum app_proto app, struct tunnel_host *host)
{
	session->app->over(t, session);
	session->app = &app_detect;
	session->flow->app = (uint8_t)app;
	session->flow->app_tries = 0;
	tunnel_host_free(t, session->tunnel_host);
	session->tunnel_host = host;
}

void
session_done(struct session *session)
{
	session->stream[0].ended = session->stream[1].ended = true;
}

struct session *
session_of_datagrams(struct tracker *t, struct flow *flow, enum app_proto app,
    const struct app_ops *ops)
{
	struct session_list *list = &t->sessions[SESSION_DATAGRAMS];
	struct session *session;

	if (list->count >= DATAGRAM_SESSIONS_MAX)
		evict_session(t, list->oldest);
	if ((session = session_new(t, flow)) == NULL)
		return NULL;
	session_done(session);
	session_decide(t, session, app, t->sender, ops);
	session_unlist(t, session);
	session_list(t, session, SESSION_DATAGRAMS);
	return session;
}

void
session_end(struct tracker *t, struct session *session)
{
	session_free(t, session);
}

/* ---- a session's streams ---- */

struct reading {
	struct tracker *t;
	struct session *session;
	uint8_t end;
};

static size_t
read_octets(void *arg, struct cursor octets, bool last)
{
	struct reading *r = arg;
	const struct socks_session *socks = &r->session->socks;

	if (socks->replies_due && socks->server == r->end)
		return app_socks_replies(r->t, r->session, r->end, octets,
		    last);
	return r->session->app->octets(r->t, r->session, r->end, octets, last);
}

static void
read_gap(void *arg, uint32_t lost)
{
	struct reading *r = arg;
	struct socks_session *socks = &r->session->socks;

	/* The hole may be all of the replies, and nothing of what is inside. */
	if (socks->replies_due && socks->server == r->end) {
		socks->replies_due = false;
		return;
	}
	r->session->app->gap(r->t, r->session, r->end, lost);
}

static void
read_closed(void *arg)
{
	struct reading *r = arg;

	r->session->app->closed(r->t, r->session, r->end);
}

static struct stream_reader
reader_of(struct tracker *t, struct reading *reading)
{
	return (struct stream_reader){ read_octets, read_gap, read_closed,
		reading, &t->memory, &t->streams };
}

static void
session_input(struct tracker *t, struct session *session, uint8_t end,
    const struct layers *l)
{
	struct stream_segment segment = {
		.seq = l->seq,
		.syn = l->tcp_flags & TCP_SYN,
		.fin = l->tcp_flags & TCP_FIN,
		.one_sided =
		    session->flow
			->packets[flow_direction(session->flow, !end)] == 0,
		.octets = l->payload,
		.wire_len = l->payload_len,
	};
	struct reading forth = { t, session, end }, back = { t, session, !end };
	struct stream_reader reader = reader_of(t, &forth);

	t->current = session;
	if (l->tcp_flags & TCP_ACK) {
		struct stream_reader other = reader_of(t, &back);

		stream_acked(&session->stream[!end], l->ack, &other);
	}
	if (segment.wire_len > 0 || segment.fin)
		stream_input(&session->stream[end], &segment, &reader);
	t->current = NULL;
	if (session->stream[0].ended && session->stream[1].ended)
		session_free(t, session);
	else
		session_relist(t, session);
}

/* The flow is over: what is held is read, holes or not. */
static void
session_finish(struct tracker *t, struct session *session)
{
	t->current = session;
	for (unsigned i = 0; i < 2; i++) {
		/* Requests before responses. */
		uint8_t end = (uint8_t)flow_side(session->flow,
		    i == 0 ? DIR_OUT : DIR_IN);
		struct reading reading = { t, session, end };
		struct stream_reader reader = reader_of(t, &reading);

		t->sender = end;
		stream_flush(&session->stream[end], &reader);
	}
	t->current = NULL;
	session_free(t, session);
}

/* ---- TCP ---- */

static void
count_sequence(struct flow *flow, enum direction dir, const struct layers *l)
{
	uint32_t len = l->payload_len + !!(l->tcp_flags & TCP_SYN) +
	               !!(l->tcp_flags & TCP_FIN);
	int32_t ahead = (int32_t)(l->seq - flow->seq_next[dir]);

	if (l->tcp_flags & TCP_RST)
		return; /* its number need not be in line */
	if (!(flow->seq_known & 1u << dir) || (l->tcp_flags & TCP_SYN)) {
		flow->seq_known |= (1u << dir) & 3;
		flow->seq_next[dir] = l->seq + len;
	} else if (ahead >= 0) {
		flow->gap_octets += (uint32_t)ahead <
		                            UINT32_MAX - flow->gap_octets
		                        ? (uint32_t)ahead
		                        : UINT32_MAX - flow->gap_octets;
		flow->seq_next[dir] = l->seq + len;
	} else {
		/* What was missing came late, or again. */
		flow->gap_octets -= len < flow->gap_octets ? len
		                                           : flow->gap_octets;
		if ((int32_t)(l->seq + len - flow->seq_next[dir]) > 0)
			flow->seq_next[dir] = l->seq + len;
	}
}

static enum flow_state
tcp_state(const struct flow *flow, enum direction dir)
{
	bool both = flow->packets[DIR_OUT] > 0 && flow->packets[DIR_IN] > 0;
	bool fin_out = flow->tcp_flags[DIR_OUT] & TCP_FIN;
	bool fin_in = flow->tcp_flags[DIR_IN] & TCP_FIN;

	if ((flow->tcp_flags[dir] & TCP_RST) ||
	    (both ? fin_out && fin_in : fin_out || fin_in))
		return FLOW_CLOSED;
	if (both ||
	    (flow->midstream && flow->packets[dir] >= ONE_SIDED_PACKETS))
		return FLOW_ESTABLISHED;
	return FLOW_NEW;
}

static void
track_tcp(struct tracker *t, struct flow *flow, const struct layers *l)
{
	enum direction dir = flow_direction(flow, t->sender);
	struct session *session = flow->session;
	enum flow_state state;

	if (session == NULL && l->payload_len > 0 && !flow->app_dull)
		session = session_new(t, flow);
	count_sequence(flow, dir, l);
	flow->tcp_flags[dir] |= l->tcp_flags;
	state = tcp_state(flow, dir);
	if (state != flow->state && flow->state != FLOW_CLOSED) {
		flow->state = (uint8_t)state;
		flow_reclass(t->flows, flow, t->now_us);
	}
	if (session != NULL)
		session_input(t, session, t->sender, l);
}

/* ---- UDP and the rest ---- */

static void
read_datagram(struct tracker *t, struct flow *flow, struct cursor datagram,
    bool cut)
{
	static bool (*const decoders[])(struct tracker *, struct flow *,
	    struct cursor, bool) = { app_dhcp_datagram, app_quic_datagram,
		app_dns_datagram };

	for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++) {
		if (decoders[i](t, flow, datagram, cut))
			break;
	}
	if (flow->app != APP_NONE)
		tell_app(t, flow);
}

static void
classify_datagram(struct tracker *t, struct flow *flow, struct cursor datagram)
{
	struct verdicts_payload payload = { .octets = datagram,
		.time_us = t->now_us,
		.end = t->sender };

	if (flow->app == APP_NONE || flow->app == APP_UNKNOWN)
		verdicts_look(t->options.verdicts, flow, &payload);
}

static void
track_datagram(struct tracker *t, struct flow *flow, const struct layers *l)
{
	if (flow->packets[DIR_OUT] > 0 && flow->packets[DIR_IN] > 0)
		flow->state = FLOW_ESTABLISHED;
	if (l->ip_proto != UDP_PROTO || l->payload_len == 0)
		return;
	if (!flow->app_dull) {
		read_datagram(t, flow, l->payload,
		    l->payload.left < l->payload_len);
		classify_datagram(t, flow, l->payload);
	} else if (verdicts_watching(flow)) {
		classify_datagram(t, flow, l->payload);
	}
}

/* ---- packets ---- */

static struct flow *
begin_flow(struct tracker *t, const struct flow_place *place,
    const struct layers *l)
{
	struct flow *flow = flow_create(t->flows, place, l, t->now_us);

	flow->source = t->source;
	for (int dir = DIR_OUT; dir <= DIR_IN; dir++)
		flow->segment[dir] = segments_find(t->options.segments,
		    &flow->key.addr[flow_side(flow, (enum direction)dir)],
		    flow->vlan, flow->vlan_count);
	return flow;
}

static void
track(struct tracker *t, const struct packet *packet, const struct layers *l,
    const struct flow_place *place)
{
	struct flow *flow;
	enum direction dir;
	bool begun = false, rested;

	t->now_us = packet->time_us;
	t->packet_number = packet->number;
	t->source = packet->source;
	t->sender = place->sender;
	flow = flow_find(t->flows, place, l, t->now_us);
	if (flow == NULL) {
		flow = begin_flow(t, place, l);
		begun = true;
	}
	dir = flow_direction(flow, place->sender);
	rested = !begun && flow->app_dull && l->payload_len > 1 &&
	         t->now_us > flow->last_us + REST_US;
	flow->last_us = t->now_us;
	flow->octets[dir] += l->wire_len;
	flow->packets[dir]++;
	if (begun) {
		flow->tcp_flags[dir] |= l->tcp_flags;
		tell_flow(t, flow, OBS_FLOW_START, FLOW_END_CLOSED);
	}
	if (rested)
		tell_flow(t, flow, OBS_FLOW_BURST, FLOW_END_CLOSED);
	if (l->ip_proto == TCP_PROTO)
		track_tcp(t, flow, l);
	else
		track_datagram(t, flow, l);
}

static void
end_flow(void *arg, struct flow *flow, enum flow_end_reason reason,
    uint64_t now_us)
{
	struct tracker *t = arg;
	uint64_t packet_number = t->packet_number;
	uint16_t source = t->source;
	uint8_t sender = t->sender;

	/* The packet at hand is another flow's. */
	t->now_us = now_us;
	t->packet_number = 0;
	t->source = flow->source;
	if (flow->session != NULL)
		session_finish(t, flow->session);
	verdicts_end(t->options.verdicts, flow);
	tell_flow(t, flow, OBS_FLOW_END, reason);
	t->packet_number = packet_number;
	t->source = source;
	t->sender = sender;
}

/* Time for idle flows, by the packets' but without their leaps. */
static uint64_t
steady_clock(struct tracker *t, uint64_t packet_us)
{
	if (t->clock_us != 0 && packet_us > t->clock_us + LEAP_US &&
	    t->leap_packets < LEAP_PACKETS) {
		t->leap_packets++;
		return t->clock_us;
	}
	t->leap_packets = 0;
	t->clock_us = packet_us;
	return packet_us;
}

/*
 * Idle flows end where the capture's time passes a tick, not where a batch of
 * packets happens to end: the same packets give the same observations however
 * they are read.
 */
static void
end_idle_flows(struct tracker *t, uint64_t packet_us)
{
	uint64_t clock_us = steady_clock(t, packet_us);

	if (clock_us / TICK_US == t->tick)
		return;
	t->tick = clock_us / TICK_US;
	flow_expire(t->flows, clock_us);
}

/*
 * A batch at a time, in three passes, so that the memory of one flow is on its
 * way while the packets of others are taken apart.
 */
void
tracker_packets(void *arg, const struct packet *packets, size_t count)
{
	struct tracker *t = arg;
	struct layers layers[CAPTURE_BATCH_MAX];
	struct flow_place places[CAPTURE_BATCH_MAX];
	const struct packet *of[CAPTURE_BATCH_MAX];
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (dissect(t->dissector, &packets[i], &layers[found]) !=
		    LAYERS_OK)
			continue;
		flow_locate(t->flows, &layers[found], &places[found]);
		flow_prefetch_bucket(t->flows, &places[found]);
		of[found++] = &packets[i];
	}
	for (size_t i = 0; i < found; i++)
		flow_prefetch(t->flows, &places[i]);
	for (size_t i = 0; i < found; i++) {
		end_idle_flows(t, of[i]->time_us);
		track(t, of[i], &layers[i], &places[i]);
	}
	dissector_release(t->dissector);
}

void
tracker_idle(struct tracker *t, uint64_t now_us)
{
	flow_expire(t->flows, now_us);
}

void
tracker_finish(struct tracker *t)
{
	flow_end_all(t->flows, t->now_us);
}

/* ---- life ---- */

struct tracker *
tracker_new(const struct tracker_options *options)
{
	struct tracker *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->options = *options;
	t->memory = (struct stream_memory){
		.max = options->stream_octets_max,
		.ahead_max = options->stream_ahead_max,
		.reclaim = reclaim_memory,
		.reclaim_arg = t,
	};
	t->dissector = dissector_new(&options->fragments);
	t->flows = flow_table_new(&options->flows, end_flow, t);
	t->fingerprinter = fingerprinter_new();
	t->quic_crypto = quic_crypto_new();
	t->quic_first = calloc(1, sizeof *t->quic_first);
	t->builder = &t->builders[0];
	if (observation_builder_init(&t->builders[0]) == -1 ||
	    observation_builder_init(&t->builders[1]) == -1 ||
	    t->dissector == NULL || t->flows == NULL ||
	    t->fingerprinter == NULL || t->quic_crypto == NULL ||
	    t->quic_first == NULL) {
		tracker_free(t);
		return NULL;
	}
	return t;
}

void
tracker_free(struct tracker *t)
{
	if (t == NULL)
		return;
	for (int i = 0; i < SESSION_LISTS; i++) {
		while (t->sessions[i].oldest != NULL)
			session_free(t, t->sessions[i].oldest);
	}
	dissector_free(t->dissector);
	flow_table_free(t->flows);
	fingerprinter_free(t->fingerprinter);
	quic_crypto_free(t->quic_crypto);
	free(t->quic_first);
	observation_builder_fini(&t->builders[0]);
	observation_builder_fini(&t->builders[1]);
	free(t);
}

void
tracker_get_counts(const struct tracker *t, struct tracker_counts *out)
{
	out->layers = *dissector_counts(t->dissector);
	out->flows = *flow_table_counts(t->flows);
	out->streams = t->streams;
	out->apps = t->apps;
	verdicts_get_counts(t->options.verdicts, &out->verdicts);
	out->observations = t->observations;
	out->stream_octets = t->memory.used;
}
