#ifndef DECODERS_ETHERTYPE_H
#define DECODERS_ETHERTYPE_H

/*
 * EtherTypes (IEEE 802 numbers, IANA): what the octets that follow begin with.
 * GRE, GENEVE and others name their payload by the same numbers.
 */
enum ethertype {
	ETHER_LENGTH_MAX = 0x05ff, /* up to here 802.3's length of an LLC PDU */
	ETHER_IPV4 = 0x0800,
	ETHER_BRIDGED = 0x6558, /* an Ethernet frame, from its addresses on */
	ETHER_CTAG = 0x8100,    /* IEEE 802.1Q */
	ETHER_IPV6 = 0x86dd,
	ETHER_PPP = 0x880b,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_UPSTREAM = 0x8848,
	ETHER_PPPOE_SESSION = 0x8864,
	ETHER_STAG = 0x88a8,           /* IEEE 802.1ad */
	ETHER_ITAG = 0x88e7,           /* IEEE 802.1ah, MAC in MAC */
	ETHER_FABRICPATH = 0x8903,     /* Cisco, MAC in MAC */
	ETHER_CISCO_METADATA = 0x8909, /* TrustSec group tag */
	ETHER_VNTAG = 0x8926,          /* Cisco's precursor of 802.1BR */
	ETHER_ETAG = 0x893f,           /* IEEE 802.1BR */
	ETHER_STAG_9100 = 0x9100,      /* 802.1ad before it had a number */
	ETHER_STAG_9200 = 0x9200,
};

#endif
