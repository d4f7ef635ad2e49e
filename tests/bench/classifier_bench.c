#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decoders/ndpi_classifier.h"
#include "sensor/capture.h"
#include "sensor/layers.h"

/*
 * What nDPI costs and what it gains, by how many packets with payload it is
 * given of each flow.
 *
 *     classifier_bench CAPTURE...      a table, and how soon flows are decided
 *     classifier_bench -d N CAPTURE    each flow's result after N payloads
 *
 * The captures are decoded first; what is timed is the classifier alone, with
 * the packets of all flows in the order that they came in.
 */

/* Payloads kept of a flow: nDPI itself looks at no more. */
#define KEPT_MAX 32

struct item {
	struct classifier_packet packet;
	uint32_t flow;
};

struct bench_flow {
	struct classifier_flow tuple;
	size_t file;
	uint32_t next; /* in its bucket, plus 1 */
	uint32_t kept;
	struct classification *state;
	struct classified result, best;
	uint32_t decided_at; /* payloads; 0: never */
};

#define BUCKETS 65536
#define LOOKUPS 200000

struct bench {
	struct dissector *dissector;
	struct item *items;
	size_t item_count, item_room;
	struct bench_flow *flows;
	size_t flow_count, flow_room;
	uint32_t buckets[BUCKETS];
	size_t file;
};

static void *
grow(void *array, size_t count, size_t *room, size_t element)
{
	if (count < *room)
		return array;
	*room = *room == 0 ? 1024 : *room * 2;
	if ((array = realloc(array, *room * element)) == NULL) {
		perror("classifier_bench");
		exit(1);
	}
	return array;
}

static double
now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
resident_mib(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
		perror("/proc/self/statm");
	if (file != NULL)
		fclose(file);
	return (double)pages * 4096 / 1048576;
}

/* ---- flows ---- */

static bool
tuple_equal(const struct classifier_flow *a, const struct classifier_flow *b)
{
	return a->ip_proto == b->ip_proto &&
	       a->initiator_port == b->initiator_port &&
	       a->responder_port == b->responder_port &&
	       addr_equal(&a->initiator, &b->initiator) &&
	       addr_equal(&a->responder, &b->responder);
}

static struct classifier_flow
tuple_turned(const struct classifier_flow *t)
{
	return (struct classifier_flow){ t->responder, t->initiator,
		t->responder_port, t->initiator_port, t->ip_proto };
}

/* The same for both directions. */
static uint32_t
tuple_hash(const struct classifier_flow *t)
{
	uint32_t sum = (uint32_t)t->initiator_port + t->responder_port +
	               t->ip_proto;

	for (size_t i = 0; i < 16; i++)
		sum += (uint32_t)(t->initiator.octets[i] +
				  t->responder.octets[i])
		       << i;
	return (sum ^ sum >> 16) % BUCKETS;
}

static uint32_t
flow_of(struct bench *b, const struct classifier_flow *tuple,
    bool *from_initiator)
{
	struct classifier_flow turned = tuple_turned(tuple);
	uint32_t *bucket = &b->buckets[tuple_hash(tuple)];
	struct bench_flow *flow;

	for (uint32_t i = *bucket; i != 0; i = flow->next) {
		flow = &b->flows[i - 1];
		if (flow->file != b->file)
			continue;
		*from_initiator = tuple_equal(&flow->tuple, tuple);
		if (*from_initiator || tuple_equal(&flow->tuple, &turned))
			return i - 1;
	}
	b->flows = grow(b->flows, b->flow_count, &b->flow_room, sizeof *flow);
	flow = &b->flows[b->flow_count++];
	*flow = (struct bench_flow){ .tuple = *tuple,
		.file = b->file,
		.next = *bucket };
	*from_initiator = true;
	*bucket = (uint32_t)b->flow_count;
	return *bucket - 1;
}

static void
keep(struct bench *b, uint32_t flow, const struct layers *layers,
    uint64_t time_us, bool from_initiator)
{
	uint8_t *copy = malloc(layers->payload.left);

	if (copy == NULL) {
		perror("classifier_bench");
		exit(1);
	}
	memcpy(copy, layers->payload.at, layers->payload.left);
	b->items = grow(b->items, b->item_count, &b->item_room,
	    sizeof *b->items);
	b->items[b->item_count++] = (struct item){
		{ cur_of(copy, layers->payload.left), time_us, layers->seq,
		    layers->ack, from_initiator },
		flow
	};
	b->flows[flow].kept++;
}

static void
add(void *arg, const struct packet *packets, size_t count)
{
	struct bench *b = arg;
	struct classifier_flow tuple;
	struct layers layers;
	bool from_initiator;
	uint32_t flow;

	for (size_t i = 0; i < count; i++) {
		if (dissect(b->dissector, &packets[i], &layers) != LAYERS_OK)
			continue;
		tuple = (struct classifier_flow){ layers.src, layers.dst,
			layers.src_port, layers.dst_port, layers.ip_proto };
		flow = flow_of(b, &tuple, &from_initiator);
		if (layers.payload.left > 0 && b->flows[flow].kept < KEPT_MAX)
			keep(b, flow, &layers, packets[i].time_us,
			    from_initiator);
	}
	dissector_release(b->dissector);
}

static void
silent(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static void
read_capture(struct bench *b, const char *path)
{
	const struct stored_options options = { .paths = &path,
		.path_count = 1,
		.report = silent };
	struct capture *capture;
	char error[256];

	b->file++;
	if (capture_open_stored(&options, &capture, error, sizeof error) != 0) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	while (capture_poll(capture, add, b) != CAPTURE_END)
		;
	capture_free(capture);
}

/* ---- classification ---- */

static struct classifier *
classifier_of(uint32_t flows_max, uint32_t payloads_max)
{
	struct classifier *c = classifier_new(
	    &(struct classifier_limits){ flows_max + 1, payloads_max });

	if (c == NULL) {
		fprintf(stderr, "classifier_bench: no classifier\n");
		exit(1);
	}
	return c;
}

static void
give(struct classifier *c, struct bench_flow *flow, const struct item *item)
{
	if (flow->decided_at != 0)
		return;
	if (flow->state == NULL)
		flow->state = classification_begin(c, &flow->tuple);
	if (flow->state == NULL)
		return;
	flow->kept++;
	if (classification_packet(c, flow->state, &item->packet) ==
	    CLASSIFY_DECIDED) {
		flow->decided_at = flow->kept;
		classification_end(c, flow->state, &flow->result);
		flow->state = NULL;
	}
}

/* Nanoseconds of processor time. */
static double
run(struct bench *b, struct classifier *c)
{
	double start;

	for (size_t i = 0; i < b->flow_count; i++)
		b->flows[i].kept = b->flows[i].decided_at = 0;
	start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < b->item_count; i++)
		give(c, &b->flows[b->items[i].flow], &b->items[i]);
	for (size_t i = 0; i < b->flow_count; i++) {
		struct bench_flow *flow = &b->flows[i];

		if (flow->state != NULL)
			classification_end(c, flow->state, &flow->result);
		else if (flow->decided_at == 0)
			classifier_guess(c, &flow->tuple, &flow->result);
		flow->state = NULL;
	}
	return now_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static void
print_line(const struct bench *b, uint32_t payloads_max, double ns,
    const struct classifier_counts *counts)
{
	size_t named = 0, guessed = 0, protocol = 0, category = 0, risks = 0;
	double begun = counts->begun > 0 ? (double)counts->begun : 1;
	double packets = counts->packets > 0 ? (double)counts->packets : 1;

	for (size_t i = 0; i < b->flow_count; i++) {
		const struct classified *r = &b->flows[i].result,
					*best = &b->flows[i].best;

		named += r->by == CLASSIFIED_BY_CONTENT;
		guessed += r->by == CLASSIFIED_BY_PORT ||
		           r->by == CLASSIFIED_BY_ADDRESS;
		protocol += r->app == best->app && r->master == best->master;
		category += r->category == best->category;
		risks += r->risks == best->risks;
	}
	printf("%8" PRIu32 " %9.0f %9.0f %9.2f %9zu %9zu %8.2f%% %8.2f%% "
	       "%8.2f%%\n",
	    payloads_max, ns / begun, ns / packets, packets / begun, named,
	    guessed, 100.0 * (double)protocol / (double)b->flow_count,
	    100.0 * (double)category / (double)b->flow_count,
	    100.0 * (double)risks / (double)b->flow_count);
}

static void
print_decided(const struct bench *b)
{
	size_t at[KEPT_MAX + 1] = { 0 };

	for (size_t i = 0; i < b->flow_count; i++)
		if (b->flows[i].kept > 0)
			at[b->flows[i].decided_at]++;
	printf("\nflows decided after so many payloads, of %d:\n", KEPT_MAX);
	for (size_t n = 1; n <= KEPT_MAX; n++)
		if (at[n] > 0)
			printf("%8zu %9zu\n", n, at[n]);
	printf("   never %9zu\n", at[0]);
}

static void
print_table(struct bench *b)
{
	static const uint32_t limits[] = { KEPT_MAX, 1, 2, 3, 4, 6, 8, 16 };
	struct classifier_counts counts;

	printf("%zu flows, %zu packets with payload\n\n"
	       "payloads   ns/flow ns/packet  per flow   by content   guessed "
	       "protocol category  risks: as with %d\n",
	    b->flow_count, b->item_count, KEPT_MAX);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct classifier *c = classifier_of((uint32_t)b->flow_count,
		    limits[i]);
		double ns = run(b, c);

		for (size_t f = 0; i == 0 && f < b->flow_count; f++)
			b->flows[f].best = b->flows[f].result;
		classifier_get_counts(c, &counts);
		print_line(b, limits[i], ns, &counts);
		if (i == 0)
			print_decided(b);
		classifier_free(c);
	}
}

static void
print_addr(const struct addr *a, uint16_t port)
{
	for (size_t i = 0; i < 16; i++)
		printf("%02x", a->octets[i]);
	printf(" %u ", port);
}

/* ip_proto address port address port master app category by risks payloads */
static void
print_flows(struct bench *b, uint32_t payloads_max)
{
	struct classifier *c = classifier_of((uint32_t)b->flow_count,
	    payloads_max);

	run(b, c);
	for (size_t i = 0; i < b->flow_count; i++) {
		const struct bench_flow *f = &b->flows[i];

		printf("%u ", f->tuple.ip_proto);
		print_addr(&f->tuple.initiator, f->tuple.initiator_port);
		print_addr(&f->tuple.responder, f->tuple.responder_port);
		printf("%s %s %s %d %" PRIx64 " %" PRIu32 "\n",
		    classifier_protocol_name(c, f->result.master),
		    classifier_protocol_name(c, f->result.app),
		    classifier_category_name(c, f->result.category),
		    f->result.by, f->result.risks, f->kept);
	}
	classifier_free(c);
}

/* ---- */

static void
print_start(void)
{
	double resident = resident_mib(), start = now_ns(CLOCK_MONOTONIC);
	struct classifier *c = classifier_of(CLASSIFIER_FLOWS_DEFAULT,
	    CLASSIFIER_PAYLOADS_DEFAULT);

	printf("a classifier: %.1f ms, %.1f MiB resident\n",
	    (now_ns(CLOCK_MONOTONIC) - start) / 1e6, resident_mib() - resident);
	classifier_free(c);
}

/* What a flow costs that is not given any packet. */
static void
print_lookups(void)
{
	static const char *const names[] = { "www.youtube.com",
		"registry.example.net", "a.long.name.of.many.labels.example",
		"cdn.example.org" };
	const struct classifier_flow flow = { .initiator_port = 49152,
		.responder_port = 443,
		.ip_proto = 6 };
	struct classifier *c = classifier_of(1, 1);
	struct classified result;
	double start = now_ns(CLOCK_PROCESS_CPUTIME_ID), names_ns;

	for (size_t i = 0; i < LOOKUPS; i++)
		classifier_name(c, &flow, CLASSIFIER_TLS,
		    cur_of(names[i % 4], strlen(names[i % 4])), &result);
	names_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
	for (size_t i = 0; i < LOOKUPS; i++)
		classifier_guess(c, &flow, &result);
	printf("a name: %.0f ns; a guess: %.0f ns\n", names_ns / LOOKUPS,
	    (now_ns(CLOCK_PROCESS_CPUTIME_ID) - start - names_ns) / LOOKUPS);
	classifier_free(c);
}

static void
bench_free(struct bench *b)
{
	for (size_t i = 0; i < b->item_count; i++)
		free((void *)(uintptr_t)b->items[i].packet.payload.at);
	free(b->items);
	free(b->flows);
	dissector_free(b->dissector);
}

int
main(int argc, char *argv[])
{
	static struct bench b;
	bool dump = argc > 3 && strcmp(argv[1], "-d") == 0;
	const struct fragment_limits limits = { 1024, 1 << 22, 60000000 };

	if (!dump) {
		print_start();
		print_lookups();
	}
	if ((b.dissector = dissector_new(&limits)) == NULL) {
		perror("classifier_bench");
		return 1;
	}
	for (int i = dump ? 3 : 1; i < argc; i++)
		read_capture(&b, argv[i]);
	if (dump)
		print_flows(&b, (uint32_t)strtoul(argv[2], NULL, 10));
	else if (b.flow_count > 0)
		print_table(&b);
	bench_free(&b);
	return 0;
}
