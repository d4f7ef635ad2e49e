/*
 * The yardstick D: pcap_loop FILE
 *
 * Reads a stored capture through libpcap and looks at each packet's addresses
 * and ports, nothing more.  What a sensor costs is told in multiples of the
 * CPU time of this, since ratios hold from machine to machine.
 *
 * Prints packets, octets, CPU seconds (user and system), and a sum of what it
 * read, which keeps the compiler from leaving the reading out.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include "decoders/cursor.h"

enum {
	ETHERNET_ADDRESSES = 12,
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_8021Q = 0x8100,
	ETHERTYPE_8021AD = 0x88a8,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
};

/* Source and destination address of `words` times 4 octets each, and ports. */
static uint32_t
addresses_and_ports(struct cursor ip, unsigned words, uint8_t proto,
    size_t options_len)
{
	uint32_t word, sum = proto;

	for (unsigned n = 0; n < 2 * words; n++) {
		if (!cur_u32(&ip, &word))
			return sum;
		sum ^= word;
	}
	if ((proto == PROTO_TCP || proto == PROTO_UDP) &&
	    cur_skip(&ip, options_len) && cur_u32(&ip, &word))
		sum ^= word;
	return sum;
}

static uint32_t
ipv4_sum(struct cursor ip)
{
	uint8_t version_and_len, proto;
	size_t options_len;

	if (!cur_u8(&ip, &version_and_len) || !cur_skip(&ip, 8) ||
	    !cur_u8(&ip, &proto) || !cur_skip(&ip, 2))
		return 0;
	options_len = (size_t)(version_and_len & 15) * 4;
	options_len = options_len > 20 ? options_len - 20 : 0;
	return addresses_and_ports(ip, 1, proto, options_len);
}

static uint32_t
ipv6_sum(struct cursor ip)
{
	uint8_t proto;

	if (!cur_skip(&ip, 6) || !cur_u8(&ip, &proto) || !cur_skip(&ip, 1))
		return 0;
	return addresses_and_ports(ip, 4, proto, 0);
}

static uint32_t
frame_sum(struct cursor frame)
{
	uint16_t type;

	if (!cur_skip(&frame, ETHERNET_ADDRESSES) || !cur_u16(&frame, &type))
		return 0;
	while (type == ETHERTYPE_8021Q || type == ETHERTYPE_8021AD)
		if (!cur_skip(&frame, 2) || !cur_u16(&frame, &type))
			return 0;
	if (type == ETHERTYPE_IPV4)
		return ipv4_sum(frame);
	return type == ETHERTYPE_IPV6 ? ipv6_sum(frame) : 0;
}

static double
cpu_seconds(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int
main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *octets;
	uint64_t packets = 0, octets_count = 0;
	uint32_t sum = 0;
	pcap_t *pcap;
	int rc;

	if (argc != 2) {
		fprintf(stderr, "usage: pcap_loop FILE\n");
		return 2;
	}
	if ((pcap = pcap_open_offline(argv[1], error)) == NULL) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	while ((rc = pcap_next_ex(pcap, &header, &octets)) == 1) {
		packets++;
		octets_count += header->len;
		sum ^= frame_sum(cur_of(octets, header->caplen));
	}
	if (rc == PCAP_ERROR)
		pcap_perror(pcap, argv[1]);
	pcap_close(pcap);
	printf("%llu packets, %llu octets, %.3f s CPU, sum %08x\n",
	    (unsigned long long)packets, (unsigned long long)octets_count,
	    cpu_seconds(), sum);
	return rc == PCAP_ERROR_BREAK ? 0 : 1;
}
