#ifndef SENSOR_TRACKER_STATE_H
#define SENSOR_TRACKER_STATE_H

#include "decoders/quic.h"
#include "sensor/fingerprint.h"
#include "sensor/http_session.h"
#include "sensor/observation_builder.h"
#include "sensor/quic_session.h"
#include "sensor/socks_session.h"
#include "sensor/tls_session.h"
#include "sensor/tracker.h"

/*
 * What tracker.c shares with the application files beside it (app_*.c); of no
 * interest to anyone else.
 */

/*
 * A flow whose octets somebody still reads.  Its two streams are counted by
 * the end of the flow's key that sends them, since content may yet show that
 * the flow was taken the wrong way round.
 */
struct session {
	struct flow *flow;
	struct session *older, *newer;
	uint8_t list;   /* of tracker.sessions */
	uint8_t client; /* end that began, by what it sent; once decided */
	const struct app_ops *app;
	struct stream stream[2];
	struct tunnel_host *tunnel_host; /* of the tunnel that it is inside of */
	struct socks_session socks;
	union {
		struct http_session http;
		struct tls_session tls;
		struct quic_session quic;
		struct {
			bool lost[2]; /* by end: looks for the next message */
		} dns;
	};
};

/* The destination that a proxy was asked for; of tracker_take. */
struct tunnel_host {
	uint8_t app; /* enum app_proto: what asked */
	uint16_t port;
	uint16_t len;
	char name[];
};

struct session_list {
	struct session *oldest, *newest;
	uint32_t count;
};

/*
 * Sessions by what they would cost to lose: an undecided one is given up
 * before one that is known to be DNS, HTTP or TLS.  Those of datagrams have
 * a list of their own.
 */
enum {
	SESSION_DECIDED = 1,
	SESSION_HOLDS = 2,
	SESSION_DATAGRAMS = 4,
	SESSION_LISTS = 5,
};

struct tracker {
	struct tracker_options options;
	struct dissector *dissector;
	struct flow_table *flows;
	/* The second one is for what an eviction tells in between. */
	struct observation_builder builders[2], *builder;
	bool evicting;
	struct fingerprinter *fingerprinter;
	struct quic_crypto *quic_crypto;
	struct quic_initials *quic_first; /* for a flow's first datagram */
	struct stream_memory memory;
	struct stream_counts streams;
	struct app_counts apps;
	uint64_t observations;
	struct session_list sessions[SESSION_LISTS];
	uint32_t session_count;
	struct session *current; /* worked on: never evicted meanwhile */

	uint64_t clock_us; /* without leaps: what idle flows go by */
	uint64_t tick;     /* of that clock, when idle flows were ended last */
	uint32_t leap_packets;

	/* The packet at hand. */
	uint64_t now_us, packet_number;
	uint16_t source;
	uint8_t sender; /* end of the key */
};

static inline bool
tracker_wants(const struct tracker *t, enum obs_kind kind)
{
	return t->options.kinds & OBS_BIT(kind);
}

/* Begins an observation of `kind` with all that the flow knows. */
struct observation *tracker_observe(struct tracker *t, const struct flow *flow,
    enum obs_kind kind);
/*
 * Who the flow's other end is called, by the observation that is being made;
 * it will have nDPI's verdict on that.
 */
void tracker_name(struct tracker *t, struct flow *flow, enum app_proto app,
    struct obs_text name);
/* Finishes and emits it. */
void tracker_emit(struct tracker *t);

/*
 * Memory that a session holds, counted against the limit of all streams and
 * zeroed; NULL where there is no room.  It is given back with its size.
 */
void *tracker_take(struct tracker *t, size_t octets);
void tracker_give(struct tracker *t, void *memory, size_t octets);

/* Finishes the observation and takes a copy of it; NULL: no room. */
struct observation *tracker_keep(struct tracker *t);
void tracker_drop(struct tracker *t, struct observation *kept);

/*
 * The application is known.  `client` is the end that began it, by its
 * content; where no handshake said otherwise it is the initiator.
 */
void session_decide(struct tracker *t, struct session *session,
    enum app_proto app, uint8_t client, const struct app_ops *ops);
/*
 * What is inside the tunnel is to be found out; `app` is what made it.  Takes
 * `host` (or NULL).
 */
void session_enter_tunnel(struct tracker *t, struct session *session,
    enum app_proto app, struct tunnel_host *host);
/* NULL where there is no room, or the name is no host's. */
struct tunnel_host *tunnel_host_new(struct tracker *t, enum app_proto app,
    struct cursor name, uint16_t port);
void tunnel_host_free(struct tracker *t, struct tunnel_host *host);
/*
 * For a flow without streams, whose datagrams `ops` will see; the one at hand
 * is the client's.  Of `ops` there are `over` and `holds` only.  NULL: no room.
 */
struct session *session_of_datagrams(struct tracker *t, struct flow *flow,
    enum app_proto app, const struct app_ops *ops);
/* Frees such a session; the flow is only counted from now on. */
void session_end(struct tracker *t, struct session *session);
/* Nobody reads this session's streams from now on. */
void session_done(struct session *session);

/*
 * One application protocol over TCP.  `octets` and `gap` are a stream's
 * (sensor/stream.h), `end` being the sender's end of the key; `over` is told
 * once, when the decoder's interest ends, and frees what the protocol holds.
 */
struct app_ops {
	size_t (*octets)(struct tracker *t, struct session *session,
	    uint8_t end, struct cursor octets, bool last);
	void (*gap)(struct tracker *t, struct session *session, uint8_t end,
	    uint32_t lost);
	/* The end sends no more; what was held has been offered. */
	void (*closed)(struct tracker *t, struct session *session, uint8_t end);
	void (*over)(struct tracker *t, struct session *session);
	/* Whether tracker_take gave it something that it has still got. */
	bool (*holds)(const struct session *session);
};

extern const struct app_ops app_detect, app_dns, app_http, app_quic, app_socks,
    app_tls;

/* Whether the client's first octets may yet be, or are, a SOCKS request. */
enum decode app_socks_guess(const struct session *session, uint8_t end,
    struct cursor octets);
/* As app_ops.octets, while the proxy's replies are to come. */
size_t app_socks_replies(struct tracker *t, struct session *session,
    uint8_t end, struct cursor octets, bool last);

/*
 * One datagram of a protocol; also decides the flow's app where it is not
 * known.  False: it is another protocol's.  app_dns_datagram is the last one
 * to be asked: it also gives up flows that are nobody's.
 */
bool app_dhcp_datagram(struct tracker *t, struct flow *flow,
    struct cursor datagram, bool cut);
bool app_quic_datagram(struct tracker *t, struct flow *flow,
    struct cursor datagram, bool cut);
bool app_dns_datagram(struct tracker *t, struct flow *flow,
    struct cursor datagram, bool cut);

#endif
