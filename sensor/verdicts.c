#include "sensor/verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "sensor/siphash.h"

#define TCP_PROTO 6
#define UDP_PROTO 17

/*
 * Values of flow.verdict: 0, then results, then flows that are watched.  The
 * first result is that nothing came of it, so that it does not begin anew.
 */
#define NOTHING     1
#define RESULTS_MAX (UINT16_MAX - VERDICTS_FLOWS_MAX)
/*
 * Payloads of one flow that nDPI is given.  What it has not named by the fourth
 * it mostly never does (tests/bench/classifier_bench.c), and most of what it
 * costs are such flows.
 */
#define PAYLOADS_MAX 4
#define BUCKETS      4096 /* of results; a power of two */

#define US_PER_S      1000000
#define BEGIN_US      (US_PER_S / VERDICTS_PER_S)
#define CREDIT_MAX_US (BEGIN_US * (int64_t)VERDICTS_BURST_MAX)

/* A flow under classification; free ones are chained by `newer`. */
struct watch {
	struct classification *state;
	struct flow *flow;
	uint16_t older, newer; /* by latest payload; index plus 1 */
	uint8_t initiator;     /* end of the key, when it began */
};

struct result {
	uint64_t risks;
	uint16_t app, master;
	uint8_t category, by;
	uint16_t next; /* in its bucket; index plus 1 */
};

struct verdicts {
	struct verdicts_options options;
	struct verdicts_counts counts;
	struct classifier *classifier;
	uint64_t credit_at_us; /* when it was counted last */
	int64_t credit_us;     /* BEGIN_US for each flow that may begin */
	uint16_t oldest, newest, free;
	uint16_t watches_touched; /* the rest was never used */
	struct watch *watches;
	struct result *results;
	uint16_t buckets[BUCKETS];
};

/* ---- life ---- */

struct verdicts *
verdicts_new(const struct verdicts_options *options)
{
	struct classifier_limits limits = { options->flows_max, PAYLOADS_MAX };
	struct verdicts *v;

	if (options->flows_max == 0 || options->flows_max > VERDICTS_FLOWS_MAX)
		return NULL;
	if ((v = calloc(1, sizeof *v)) == NULL)
		return NULL;
	v->options = *options;
	v->credit_us = CREDIT_MAX_US;
	v->counts.distinct = NOTHING;
	v->watches = calloc(options->flows_max, sizeof v->watches[0]);
	/* Of large blocks calloc gives address space: memory comes with use. */
	v->results = calloc(RESULTS_MAX, sizeof v->results[0]);
	v->classifier = classifier_new(&limits);
	if (v->watches == NULL || v->results == NULL || v->classifier == NULL) {
		verdicts_free(v);
		return NULL;
	}
	return v;
}

void
verdicts_free(struct verdicts *v)
{
	if (v == NULL)
		return;
	classifier_free(v->classifier);
	free(v->watches);
	free(v->results);
	free(v);
}

const struct classifier *
verdicts_classifier(const struct verdicts *v)
{
	return v == NULL ? NULL : v->classifier;
}

void
verdicts_get_counts(const struct verdicts *v, struct verdicts_counts *out)
{
	struct classifier_counts classifier;

	if (v == NULL) {
		memset(out, 0, sizeof *out);
		return;
	}
	classifier_get_counts(v->classifier, &classifier);
	*out = v->counts;
	out->begun = classifier.begun;
	out->packets = classifier.packets;
	out->active = classifier.active;
}

/* ---- distinct results ---- */

static uint16_t *
bucket_of(struct verdicts *v, const struct result *r)
{
	static const struct siphash_key key = { 0x76657264, 0x696374 };
	uint64_t words[2] = { r->risks,
		(uint64_t)r->app << 32 | (uint64_t)r->master << 16 |
		    (uint64_t)r->category << 8 | r->by };

	return &v->buckets[siphash(&key, words, sizeof words) % BUCKETS];
}

static bool
is_same(const struct result *a, const struct result *b)
{
	return a->risks == b->risks && a->app == b->app &&
	       a->master == b->master && a->category == b->category &&
	       a->by == b->by;
}

/* Its number, from 1; 0: there is no room for another one. */
static uint16_t
intern(struct verdicts *v, struct result *r)
{
	uint16_t *bucket = bucket_of(v, r);

	for (uint16_t i = *bucket; i != 0; i = v->results[i - 1].next) {
		if (is_same(&v->results[i - 1], r))
			return i;
	}
	if (v->counts.distinct == RESULTS_MAX - 1)
		return 0;
	r->next = *bucket;
	v->results[v->counts.distinct++] = *r;
	*bucket = (uint16_t)v->counts.distinct;
	return *bucket;
}

static uint16_t
result_number(struct verdicts *v, const struct classified *c)
{
	struct result r = { .risks = c->risks,
		.app = c->app,
		.master = classified_base(c),
		.category = (uint8_t)c->category,
		.by = (uint8_t)c->by };
	uint16_t number;

	if (c->by == CLASSIFIED_NOT)
		return NOTHING;
	if ((number = intern(v, &r)) != 0)
		return number;
	v->counts.distinct_lost++;
	return NOTHING;
}

static const struct result *
result_of(const struct verdicts *v, const struct flow *flow)
{
	return flow->verdict == 0 || flow->verdict >= RESULTS_MAX
	           ? NULL
	           : &v->results[flow->verdict - 1];
}

/* ---- what our decoders know ---- */

static struct classifier_flow
ends_of(const struct flow *flow)
{
	unsigned initiator = flow->initiator;
	bool ports = flow->key.ip_proto == TCP_PROTO ||
	             flow->key.ip_proto == UDP_PROTO;

	return (struct classifier_flow){
		.initiator = flow->key.addr[initiator],
		.responder = flow->key.addr[!initiator],
		.initiator_port = ports ? flow->key.port[initiator] : 0,
		.responder_port = ports ? flow->key.port[!initiator] : 0,
		.ip_proto = flow->key.ip_proto,
	};
}

static bool
known_by_us(enum app_proto app, enum classifier_known *known)
{
	switch (app) {
	case APP_NONE:
	case APP_UNKNOWN:
		return false;
	case APP_DNS:
	case APP_MDNS:
	case APP_LLMNR:
		*known = CLASSIFIER_DNS;
		return true;
	case APP_HTTP:
	case APP_HTTP_TUNNEL:
		*known = CLASSIFIER_HTTP;
		return true;
	case APP_TLS:
		*known = CLASSIFIER_TLS;
		return true;
	case APP_QUIC:
		*known = CLASSIFIER_QUIC;
		return true;
	case APP_SOCKS:
		*known = CLASSIFIER_SOCKS;
		return true;
	case APP_DHCP:
		*known = CLASSIFIER_DHCP;
		return true;
	}
	return false;
}

/* By what our decoders know, else by ports and addresses. */
static uint16_t
guess(struct verdicts *v, const struct flow *flow)
{
	struct classifier_flow ends = ends_of(flow);
	enum classifier_known known;
	struct classified c;

	if (known_by_us((enum app_proto)flow->app, &known))
		classifier_name(v->classifier, &ends, known, cur_of(NULL, 0),
		    &c);
	else
		classifier_guess(v->classifier, &ends, &c);
	return result_number(v, &c);
}

/* ---- flows that are watched ---- */

static struct watch *
watch_of(const struct verdicts *v, const struct flow *flow)
{
	return flow->verdict < RESULTS_MAX
	           ? NULL
	           : &v->watches[flow->verdict - RESULTS_MAX];
}

static uint16_t
watch_link(const struct verdicts *v, const struct watch *w)
{
	return (uint16_t)(w - v->watches + 1);
}

static void
watch_unlist(struct verdicts *v, struct watch *w)
{
	if (w->older != 0)
		v->watches[w->older - 1].newer = w->newer;
	else
		v->oldest = w->newer;
	if (w->newer != 0)
		v->watches[w->newer - 1].older = w->older;
	else
		v->newest = w->older;
}

static void
watch_list(struct verdicts *v, struct watch *w)
{
	w->newer = 0;
	w->older = v->newest;
	if (v->newest != 0)
		v->watches[v->newest - 1].newer = watch_link(v, w);
	else
		v->oldest = watch_link(v, w);
	v->newest = watch_link(v, w);
}

/* The flow has the result instead, and the watch is free for another one. */
static void
watch_end(struct verdicts *v, struct watch *w)
{
	struct flow *flow = w->flow;
	struct classified c;

	classification_end(v->classifier, w->state, &c);
	watch_unlist(v, w);
	w->newer = v->free;
	v->free = watch_link(v, w);
	flow->verdict = c.by < CLASSIFIED_BY_NAME && flow->app > APP_UNKNOWN
	                    ? guess(v, flow)
	                    : result_number(v, &c);
}

static struct watch *
watch_take(struct verdicts *v)
{
	struct watch *w;

	if (v->free == 0 && v->watches_touched < v->options.flows_max)
		return &v->watches[v->watches_touched++];
	if (v->free == 0) {
		v->counts.evicted++;
		watch_end(v, &v->watches[v->oldest - 1]);
	}
	w = &v->watches[v->free - 1];
	v->free = w->newer;
	return w;
}

/* Whether one more flow may begin by now. */
static bool
credit_take(struct verdicts *v, uint64_t time_us, bool answered)
{
	uint64_t passed_us = 0;

	if (time_us > v->credit_at_us) {
		passed_us = time_us - v->credit_at_us;
		v->credit_at_us = time_us;
	}
	v->credit_us = passed_us > CREDIT_MAX_US ||
	                       v->credit_us + (int64_t)passed_us > CREDIT_MAX_US
	                   ? CREDIT_MAX_US
	                   : v->credit_us + (int64_t)passed_us;
	if (v->credit_us < (answered ? 0 : CREDIT_MAX_US / 2) + BEGIN_US)
		return false;
	v->credit_us -= BEGIN_US;
	return true;
}

static struct watch *
watch_begin(struct verdicts *v, struct flow *flow, uint64_t time_us)
{
	bool answered = flow->packets[DIR_OUT] > 0 && flow->packets[DIR_IN] > 0;
	struct classifier_flow ends = ends_of(flow);
	struct watch *w;

	if (!credit_take(v, time_us, answered)) {
		v->counts.refused++;
		return NULL;
	}
	w = watch_take(v);
	w->flow = flow;
	w->initiator = flow->initiator;
	w->state = classification_begin(v->classifier, &ends);
	if (w->state == NULL) { /* not with as much room as we have here */
		w->newer = v->free;
		v->free = watch_link(v, w);
		return NULL;
	}
	watch_list(v, w);
	flow->verdict = (uint16_t)(RESULTS_MAX + (w - v->watches));
	return w;
}

/* ---- what is told about flows ---- */

void
verdicts_look(struct verdicts *v, struct flow *flow,
    const struct verdicts_payload *payload)
{
	struct classifier_packet packet;
	struct watch *w;

	if (v == NULL || payload->octets.left == 0)
		return;
	if (flow->verdict == 0)
		w = watch_begin(v, flow, payload->time_us);
	else
		w = watch_of(v, flow);
	if (w == NULL)
		return;
	packet = (struct classifier_packet){
		.payload = payload->octets,
		.time_us = payload->time_us,
		.seq = payload->seq,
		.ack = payload->ack,
		.from_initiator = payload->end == w->initiator,
	};
	if (classification_packet(v->classifier, w->state, &packet) ==
	    CLASSIFY_DECIDED) {
		watch_end(v, w);
	} else {
		watch_unlist(v, w);
		watch_list(v, w);
	}
}

/*
 * The first name stays, also what the payload said before (STARTTLS); but not
 * a proxy's, where there is one inside.
 */
static bool
has_name(const struct verdicts *v, const struct flow *flow,
    enum classifier_known known, const struct classifier_flow *ends)
{
	const struct result *r = result_of(v, flow);

	if (r == NULL || r->by < CLASSIFIED_BY_NAME)
		return false;
	return r->by > CLASSIFIED_BY_NAME ||
	       r->master ==
	           classifier_known_protocol(known, ends->responder_port);
}

void
verdicts_name(struct verdicts *v, struct flow *flow, enum app_proto app,
    struct cursor name)
{
	enum classifier_known known;
	struct classifier_flow ends;
	struct classified c;
	struct watch *w;

	if (v == NULL || !known_by_us(app, &known))
		return;
	if ((w = watch_of(v, flow)) != NULL)
		watch_end(v, w);
	ends = ends_of(flow);
	if (has_name(v, flow, known, &ends))
		return;
	classifier_name(v->classifier, &ends, known, name, &c);
	flow->verdict = result_number(v, &c);
	v->counts.named++;
}

void
verdicts_end(struct verdicts *v, struct flow *flow)
{
	struct watch *w;

	if (v == NULL)
		return;
	if ((w = watch_of(v, flow)) != NULL)
		watch_end(v, w);
	if (flow->verdict == 0 && v->options.guess)
		flow->verdict = guess(v, flow);
}

void
verdicts_tell(const struct verdicts *v, const struct flow *flow,
    struct obs_ndpi *out)
{
	const struct result *r = v == NULL ? NULL : result_of(v, flow);

	if (r == NULL || r->by == CLASSIFIED_NOT)
		return;
	*out = (struct obs_ndpi){ .known = true,
		.by = r->by,
		.category = r->category,
		.app = r->app,
		.master = r->master,
		.risks = r->risks };
}
