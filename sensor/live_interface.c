#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sensor/fanout.h"
#include "sensor/link_type.h"
#include "sensor/live_interface.h"

/* libpcap's name for all interfaces together. */
#define ANY_INTERFACE "any"

struct live_interface {
	const struct live_settings *settings;
	char *name;
	pcap_t *pcap; /* NULL: not open */
	unsigned index;
	bool in_fanout;
	uint16_t source;
	uint32_t link_type;
	uint64_t packets;
	uint64_t since_us; /* what came before is another worker's */
	uint64_t kernel_dropped, interface_dropped; /* of closed handles */

	live_packet handle; /* of the dispatch that is going on */
	void *handle_arg;
};

struct live_interface *
live_interface_new(const char *name, uint16_t source,
    const struct live_settings *settings)
{
	struct live_interface *interface;

	if ((interface = calloc(1, sizeof(*interface))) == NULL)
		return NULL;
	if ((interface->name = strdup(name)) == NULL) {
		free(interface);
		return NULL;
	}
	interface->source = source;
	interface->settings = settings;
	return interface;
}

void
live_interface_free(struct live_interface *interface)
{
	if (interface == NULL)
		return;
	live_interface_close(interface);
	free(interface->name);
	free(interface);
}

const char *
live_interface_name(const struct live_interface *interface)
{
	return interface->name;
}

bool
live_interface_is_open(const struct live_interface *interface)
{
	return interface->pcap != NULL;
}

int
live_interface_fd(const struct live_interface *interface)
{
	return pcap_get_selectable_fd(interface->pcap);
}

bool
live_interface_is_up(const struct live_interface *interface)
{
	struct ifreq request = { 0 };
	int fd, rc;

	if (strcmp(interface->name, ANY_INTERFACE) == 0)
		return true;
	if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s",
	    interface->name);
	rc = ioctl(fd, SIOCGIFFLAGS, &request);
	close(fd);
	return rc == 0 && (request.ifr_flags & IFF_UP);
}

static void
add_drops(struct live_interface *interface, uint64_t *kernel,
    uint64_t *interface_dropped)
{
	struct pcap_stat stat;

	if (interface->pcap == NULL || pcap_stats(interface->pcap, &stat) != 0)
		return;
	*kernel += stat.ps_drop;
	*interface_dropped += stat.ps_ifdrop;
}

void
live_interface_drops(struct live_interface *interface, uint64_t *kernel,
    uint64_t *interface_dropped)
{
	*kernel = interface->kernel_dropped;
	*interface_dropped = interface->interface_dropped;
	add_drops(interface, kernel, interface_dropped);
}

void
live_interface_close(struct live_interface *interface)
{
	if (interface->pcap == NULL)
		return;
	add_drops(interface, &interface->kernel_dropped,
	    &interface->interface_dropped);
	if (interface->in_fanout)
		fanout_leave(interface->index);
	interface->in_fanout = false;
	pcap_close(interface->pcap);
	interface->pcap = NULL;
}

static int
ring_octets(uint32_t buffer_bytes)
{
	return buffer_bytes > INT_MAX ? INT_MAX : (int)buffer_bytes;
}

static enum live_open
activation_failed(int status, const char *why, char *error, size_t error_size)
{
	switch (status) {
	case PCAP_ERROR_IFACE_NOT_UP:
		snprintf(error, error_size, "the interface is down");
		return LIVE_DOWN;
	case PCAP_ERROR_NO_SUCH_DEVICE:
		snprintf(error, error_size, "no such interface");
		return LIVE_GONE;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		snprintf(error, error_size,
		    "no permission to capture: CAP_NET_RAW is needed");
		return LIVE_ERROR;
	default:
		snprintf(error, error_size, "%s",
		    why[0] != '\0' ? why : pcap_statustostr(status));
		return LIVE_ERROR;
	}
}

static enum live_open
activate(struct live_interface *interface, char *error, size_t error_size)
{
	const struct live_settings *settings = interface->settings;
	char why[PCAP_ERRBUF_SIZE];
	int status;

	interface->pcap = pcap_create(interface->name, why);
	if (interface->pcap == NULL) {
		snprintf(error, error_size, "%s", why);
		return LIVE_ERROR;
	}
	pcap_set_snaplen(interface->pcap, (int)settings->snap_bytes);
	pcap_set_promisc(interface->pcap, settings->promiscuous);
	pcap_set_timeout(interface->pcap, LIVE_BLOCK_MS);
	pcap_set_buffer_size(interface->pcap,
	    ring_octets(settings->buffer_bytes));
	status = pcap_activate(interface->pcap);
	if (status < 0)
		return activation_failed(status, pcap_geterr(interface->pcap),
		    error, error_size);
	if (status > 0)
		snprintf(error, error_size, "%s",
		    status == PCAP_WARNING ? pcap_geterr(interface->pcap)
					   : pcap_statustostr(status));
	interface->link_type = link_type_from_dlt(
	    pcap_datalink(interface->pcap));
	return LIVE_OPEN;
}

static enum live_open
set_filter(struct live_interface *interface, char *error, size_t error_size)
{
	const char *filter = interface->settings->filter;
	struct bpf_program program;
	int rc;

	if (filter == NULL)
		return LIVE_OPEN;
	rc = pcap_compile(interface->pcap, &program, filter, 1,
	    PCAP_NETMASK_UNKNOWN);
	if (rc == 0) {
		rc = pcap_setfilter(interface->pcap, &program);
		pcap_freecode(&program);
	}
	if (rc == 0)
		return LIVE_OPEN;
	snprintf(error, error_size, "filter \"%s\": %s", filter,
	    pcap_geterr(interface->pcap));
	return LIVE_ERROR;
}

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/*
 * Until it joins, each socket gets all packets of the interface.  What worker
 * 0 had then is everybody's; the others forget theirs.
 */
static enum live_open
share(struct live_interface *interface, char *error, size_t error_size)
{
	const struct live_settings *settings = interface->settings;

	if (settings->worker_count < 2)
		return LIVE_OPEN;
	interface->index = if_nametoindex(interface->name);
	switch (fanout_join(pcap_fileno(interface->pcap), interface->index,
	    settings->worker)) {
	case FANOUT_JOINED:
		break;
	case FANOUT_LATER:
		return LIVE_LATER;
	case FANOUT_ERROR:
		snprintf(error, error_size,
		    "cannot share its packets between workers: %s",
		    strerror(errno));
		return LIVE_ERROR;
	}
	interface->in_fanout = true;
	interface->since_us = settings->worker > 0 ? now_us() : 0;
	return LIVE_OPEN;
}

static enum live_open
set_non_blocking(struct live_interface *interface, char *error,
    size_t error_size)
{
	char why[PCAP_ERRBUF_SIZE];

	if (pcap_setnonblock(interface->pcap, 1, why) == 0)
		return LIVE_OPEN;
	snprintf(error, error_size, "%s", why);
	return LIVE_ERROR;
}

enum live_open
live_interface_open(struct live_interface *interface, char *error,
    size_t error_size)
{
	enum live_open opened;

	error[0] = '\0';
	opened = activate(interface, error, error_size);
	if (opened == LIVE_OPEN)
		opened = set_non_blocking(interface, error, error_size);
	if (opened == LIVE_OPEN)
		opened = set_filter(interface, error, error_size);
	if (opened == LIVE_OPEN)
		opened = share(interface, error, error_size);
	if (opened != LIVE_OPEN && interface->pcap != NULL) {
		pcap_close(interface->pcap);
		interface->pcap = NULL;
	}
	return opened;
}

void
live_interface_stop(struct live_interface *interface)
{
	struct sock_filter reject = { .code = BPF_RET | BPF_K, .k = 0 };
	struct sock_fprog program = { .len = 1, .filter = &reject };

	if (interface->pcap != NULL)
		setsockopt(pcap_fileno(interface->pcap), SOL_SOCKET,
		    SO_ATTACH_FILTER, &program, sizeof(program));
}

/* False where another worker has it. */
static bool
packet_of(struct live_interface *interface, const struct pcap_pkthdr *header,
    const u_char *octets, struct packet *packet)
{
	*packet = (struct packet){
		.octets = octets,
		.caplen = header->caplen,
		.wire_len = header->len > header->caplen ? header->len
		                                         : header->caplen,
		.time_us = (uint64_t)header->ts.tv_sec * 1000000 +
		           (uint64_t)header->ts.tv_usec,
		.link_type = interface->link_type,
		.source = interface->source,
	};
	if (packet->time_us < interface->since_us)
		return false;
	packet->number = ++interface->packets;
	return true;
}

static void
on_packet(u_char *arg, const struct pcap_pkthdr *header, const u_char *octets)
{
	struct live_interface *interface = (struct live_interface *)arg;
	struct packet packet;

	if (packet_of(interface, header, octets, &packet))
		interface->handle(interface->handle_arg, &packet);
}

int
live_interface_dispatch(struct live_interface *interface, int max,
    live_packet handle, void *arg, char *error, size_t error_size)
{
	int count;

	interface->handle = handle;
	interface->handle_arg = arg;
	count = pcap_dispatch(interface->pcap, max, on_packet,
	    (u_char *)interface);
	if (count >= 0)
		return count;
	snprintf(error, error_size, "%s", pcap_geterr(interface->pcap));
	return -1;
}

int
live_interface_next(struct live_interface *interface, struct packet *packet,
    char *error, size_t error_size)
{
	struct pcap_pkthdr *header;
	const u_char *octets;
	int rc;

	do
		rc = pcap_next_ex(interface->pcap, &header, &octets);
	while (rc == 1 && !packet_of(interface, header, octets, packet));
	if (rc >= 0)
		return rc;
	snprintf(error, error_size, "%s", pcap_geterr(interface->pcap));
	return -1;
}
