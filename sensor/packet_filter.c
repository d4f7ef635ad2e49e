#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/link_type.h"
#include "sensor/packet_filter.h"

#define SNAP_BYTES 262144
/* Captures have one link type, rarely two; what is over this is dropped. */
#define PROGRAMS_MAX 32

struct program {
	uint32_t link_type;
	bool usable; /* the expression made sense for the link type */
	struct bpf_program code;
};

struct packet_filter {
	char *expression;
	struct program programs[PROGRAMS_MAX];
	size_t count;
	size_t last; /* the one of the packet before */
	bool full_told;
	char error[PCAP_ERRBUF_SIZE + 64];
};

static bool
compile(const char *expression, int dlt, struct bpf_program *code, char *error,
    size_t error_size)
{
	pcap_t *pcap;
	bool good;

	if ((pcap = pcap_open_dead(dlt, SNAP_BYTES)) == NULL) {
		snprintf(error, error_size, "out of memory");
		return false;
	}
	good = pcap_compile(pcap, code, expression, 1, PCAP_NETMASK_UNKNOWN) ==
	       0;
	if (!good)
		snprintf(error, error_size, "%s", pcap_geterr(pcap));
	pcap_close(pcap);
	return good;
}

/*
 * Some words only make sense for some link types ("wlan host"); an expression
 * is wrong where it fits none.  The message is that for Ethernet.
 */
static bool
makes_sense(const char *expression, char *error, size_t error_size)
{
	static const int dlts[] = { DLT_EN10MB, DLT_IEEE802_11_RADIO, DLT_RAW,
		DLT_PPP, DLT_LINUX_SLL2, DLT_PFLOG };
	char ignored[PCAP_ERRBUF_SIZE];
	struct bpf_program code;

	for (size_t i = 0; i < sizeof(dlts) / sizeof(dlts[0]); i++) {
		if (compile(expression, dlts[i], &code,
			i == 0 ? error : ignored,
			i == 0 ? error_size : sizeof(ignored))) {
			pcap_freecode(&code);
			return true;
		}
	}
	return false;
}

struct packet_filter *
packet_filter_new(const char *expression, char *error, size_t error_size)
{
	struct packet_filter *filter;

	if (!makes_sense(expression, error, error_size))
		return NULL;
	if ((filter = calloc(1, sizeof(*filter))) == NULL ||
	    (filter->expression = strdup(expression)) == NULL) {
		snprintf(error, error_size, "out of memory");
		free(filter);
		return NULL;
	}
	return filter;
}

void
packet_filter_free(struct packet_filter *filter)
{
	if (filter == NULL)
		return;
	for (size_t i = 0; i < filter->count; i++)
		if (filter->programs[i].usable)
			pcap_freecode(&filter->programs[i].code);
	free(filter->expression);
	free(filter);
}

const char *
packet_filter_error(const struct packet_filter *filter)
{
	return filter->error;
}

static enum filter_verdict
run(const struct program *program, const struct packet *packet)
{
	struct pcap_pkthdr header = {
		.caplen = packet->caplen,
		.len = packet->wire_len,
	};

	if (!program->usable)
		return FILTER_DROP;
	return pcap_offline_filter(&program->code, &header, packet->octets) != 0
	           ? FILTER_PASS
	           : FILTER_DROP;
}

/* A link type that did not come up before. */
static enum filter_verdict
add_and_run(struct packet_filter *filter, const struct packet *packet)
{
	char why[PCAP_ERRBUF_SIZE];
	struct program *program;

	if (filter->count == PROGRAMS_MAX) {
		if (filter->full_told)
			return FILTER_DROP;
		filter->full_told = true;
		snprintf(filter->error, sizeof(filter->error),
		    "filter: more than %d link types", PROGRAMS_MAX);
		return FILTER_DROP_NEWS;
	}
	program = &filter->programs[filter->count];
	program->link_type = packet->link_type;
	program->usable = compile(filter->expression,
	    link_type_to_dlt(packet->link_type), &program->code, why,
	    sizeof(why));
	filter->last = filter->count++;
	if (program->usable)
		return run(program, packet);
	snprintf(filter->error, sizeof(filter->error),
	    "filter: not for link type %u: %s", packet->link_type, why);
	return FILTER_DROP_NEWS;
}

enum filter_verdict
packet_filter_match(struct packet_filter *filter, const struct packet *packet)
{
	if (filter->count > 0 &&
	    filter->programs[filter->last].link_type == packet->link_type)
		return run(&filter->programs[filter->last], packet);
	for (size_t i = 0; i < filter->count; i++) {
		if (filter->programs[i].link_type == packet->link_type) {
			filter->last = i;
			return run(&filter->programs[i], packet);
		}
	}
	return add_and_run(filter, packet);
}
