#!/usr/bin/python3
"""Write other addresses, names, tags and times into a recorded capture.

    rewrite.py [options] IN.pcap OUT.pcap

      --address OLD=NEW     IPv4 address: in headers, ARP and DNS answers
      --name OLD=NEW        host name whose labels have the same lengths
      --text OLD=NEW        any other text of the same length
      --tag NETWORK=IDS     VLAN tag(s) on frames from or to NETWORK; "20" is
                            802.1Q, "100.30" is 802.1ad 100 around 802.1Q 30
      --sleep FROM-TO=MORE  a pause of FROM to TO recorded seconds lasts MORE
                            seconds longer (all other gaps stay as recorded)
      --stretch FACTOR      all times pass FACTOR times slower
      --start TIME          UTC time of the first packet, ISO 8601
      --skip COUNT          leave out the first COUNT packets
      --keep ADDRESS:PORT   leave out all but the frames from or to this

Lengths never change but for the tags, so sequence numbers hold.  IPv4, TCP,
UDP and ICMP checksums are computed anew.  It is an error if an old name or
text is still in the capture afterwards, as when it lies across two TCP
segments.
"""
import argparse
import datetime
import ipaddress
import re
import struct
import sys

ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x86DD
ETHERTYPE_8021Q, ETHERTYPE_8021AD = 0x8100, 0x88A8
PROTO_ICMP, PROTO_TCP, PROTO_UDP = 1, 6, 17
LINKTYPE_ETHERNET = 1
PCAP_MAGIC_US = 0xA1B2C3D4
# Where the checksum is in the header of each.
CHECKSUM_AT = {PROTO_ICMP: 2, PROTO_TCP: 16, PROTO_UDP: 6}


class Error(Exception):
    pass


def read_pcap(path):
    """[time in microseconds, frame] of each packet of Ethernet."""
    link, packets = read_any_link(path)
    if link != LINKTYPE_ETHERNET:
        raise Error(f"{path}: not Ethernet")
    return packets


def read_any_link(path):
    """The link type, and the packets as above."""
    with open(path, "rb") as file:
        octets = file.read()
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", octets)
    if magic != PCAP_MAGIC_US:
        raise Error(f"{path}: not a little-endian pcap with microseconds")
    packets, at = [], 24
    while at < len(octets):
        seconds, micros, caplen, wire = struct.unpack_from("<IIII", octets, at)
        if caplen != wire:
            raise Error(f"{path}: packet {len(packets) + 1} is cut short")
        at += 16
        packets.append([seconds * 1_000_000 + micros, octets[at:at + caplen]])
        at += caplen
    return link, packets


def write_pcap(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", PCAP_MAGIC_US, 2, 4, 0, 0, 262144,
                               LINKTYPE_ETHERNET))
        for time, frame in packets:
            file.write(struct.pack("<IIII", *divmod(time, 1_000_000),
                                   len(frame), len(frame)))
            file.write(frame)


def write_pcapng(path, captures):
    """Of several captures, (link type, packets), each as an interface of its
    own; in order of time.  draft-ietf-opsawg-pcapng."""
    packets = sorted((time, number, frame)
                     for number, (_, frames) in enumerate(captures)
                     for time, frame in frames)
    with open(path, "wb") as file:
        file.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0,
                                                 -1)))
        for link, _ in captures:
            file.write(block(1, struct.pack("<HHI", link, 0, 262144)))
        for time, number, frame in packets:
            file.write(block(6, struct.pack(
                "<IIIII", number, time >> 32, time & 0xFFFFFFFF, len(frame),
                len(frame)) + frame))


def block(kind, octets):
    octets += bytes(-len(octets) % 4)
    total = len(octets) + 12
    return struct.pack("<II", kind, total) + octets + struct.pack("<I", total)


def checksum(octets):
    """RFC 1071."""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def labels(name):
    """The name as DNS writes it, without the root."""
    return b"".join(bytes([len(part)]) + part.encode()
                    for part in name.split("."))


class Replacement:
    """Addresses and texts to put in the place of others."""

    def __init__(self, addresses, names, texts):
        self.addresses = {ipaddress.IPv4Address(old).packed:
                          ipaddress.IPv4Address(new).packed
                          for old, new in addresses}
        self.texts = []
        for old, new in names:
            if [len(x) for x in old.split(".")] != \
                    [len(x) for x in new.split(".")]:
                raise Error(f"{old}={new}: labels differ in length")
            self.texts.append((labels(old), labels(new)))
            self.texts.append((old.encode(), new.encode()))
        for old, new in texts:
            if len(old) != len(new):
                raise Error(f"{old}={new}: lengths differ")
            self.texts.append((old.encode(), new.encode()))

    def address(self, packed):
        return self.addresses.get(packed, packed)

    def frame(self, frame):
        ethertype = ethertype_of(frame)
        if ethertype == ETHERTYPE_ARP:
            return (frame[:28] + self.address(frame[28:32]) + frame[32:38] +
                    self.address(frame[38:42]) + frame[42:])
        if ethertype == ETHERTYPE_IPV4:
            return frame[:14] + self.ipv4(frame[14:])
        self.must_be_clean(frame)
        return frame

    def ipv4(self, packet):
        header_len = (packet[0] & 15) * 4
        total = struct.unpack_from(">H", packet, 2)[0]
        if struct.unpack_from(">H", packet, 6)[0] & 0x3FFF:
            self.must_be_clean(packet)
            return packet
        header = (packet[:10] + b"\0\0" + self.address(packet[12:16]) +
                  self.address(packet[16:20]) + packet[20:header_len])
        header = (header[:10] + struct.pack(">H", checksum(header)) +
                  header[12:])
        return (header + self.transport(header, packet[header_len:total]) +
                packet[total:])

    def transport(self, header, octets):
        proto = header[9]
        if proto not in CHECKSUM_AT:
            return octets
        if proto == PROTO_UDP and 53 in struct.unpack_from(">HH", octets):
            for old, new in self.addresses.items():
                octets = octets.replace(old, new)
        for old, new in self.texts:
            octets = octets.replace(old, new)
        self.must_be_clean(octets)
        at = CHECKSUM_AT[proto]
        octets = octets[:at] + b"\0\0" + octets[at + 2:]
        pseudo = b"" if proto == PROTO_ICMP else \
            header[12:20] + struct.pack(">BBH", 0, proto, len(octets))
        value = checksum(pseudo + octets)
        if proto == PROTO_UDP and value == 0:
            value = 0xFFFF
        return octets[:at] + struct.pack(">H", value) + octets[at + 2:]

    def must_be_clean(self, octets):
        for old, _ in self.texts:
            if old in octets:
                raise Error(f"{old!r} could not be replaced everywhere")


def ethertype_of(frame):
    return struct.unpack_from(">H", frame, 12)[0]


def network_addresses(frame):
    """Source and destination, or none."""
    ethertype = ethertype_of(frame)
    at, size = {ETHERTYPE_IPV4: (26, 4), ETHERTYPE_IPV6: (22, 16),
                ETHERTYPE_ARP: (28, 4)}.get(ethertype, (0, 0))
    if size == 0:
        return []
    second = 38 if ethertype == ETHERTYPE_ARP else at + size
    return [ipaddress.ip_address(frame[at:at + size]),
            ipaddress.ip_address(frame[second:second + size])]


def tagged(frame, tags):
    """The frame with the tags of the first network that it belongs to."""
    for network, ids in tags:
        if any(address in network for address in network_addresses(frame)):
            inner = struct.pack(">HH", ETHERTYPE_8021Q, ids[-1])
            outer = b"" if len(ids) == 1 else \
                struct.pack(">HH", ETHERTYPE_8021AD, ids[0])
            return frame[:12] + outer + inner + frame[12:]
    return frame


def lengthen_sleeps(packets, sleeps):
    """Adds to each gap what the first matching sleep adds.  A gap is between
    two IPv4 packets: ARP and the like do not care who sleeps."""
    added, before = 0, packets[0][0]
    for packet in packets:
        if ethertype_of(packet[1]) == ETHERTYPE_IPV4:
            gap = (packet[0] - before) / 1e6
            before = packet[0]
            added += next((round(more * 1e6) for low, high, more in sleeps
                           if low <= gap < high), 0)
        packet[0] += added


def set_clock(packets, stretch, start):
    first = packets[0][0]
    base = first if start is None else start
    for packet in packets:
        packet[0] = base + round((packet[0] - first) * stretch)


def has_endpoint(frame, endpoint):
    """Whether an unfragmented IPv4 TCP or UDP frame is from or to it."""
    if ethertype_of(frame) != ETHERTYPE_IPV4 or \
            frame[23] not in (PROTO_TCP, PROTO_UDP):
        return False
    at = 14 + (frame[14] & 15) * 4
    ports = struct.unpack_from(">HH", frame, at)
    return endpoint in zip(network_addresses(frame), ports)


def pair(text):
    old, equals, new = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text}: OLD=NEW is meant")
    return old, new


def tag(text):
    network, ids = pair(text)
    return (ipaddress.ip_network(network), [int(x) for x in ids.split(".")])


def sleep(text):
    match = re.fullmatch(r"([\d.]+)-([\d.]+)=([\d.]+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text}: FROM-TO=MORE is meant")
    return tuple(float(x) for x in match.groups())


def utc(text):
    time = datetime.datetime.fromisoformat(text)
    return round(time.replace(tzinfo=datetime.timezone.utc).timestamp() * 1e6)


def endpoint(text):
    address, _, port = text.rpartition(":")
    return ipaddress.ip_address(address), int(port)


def options(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("--address", "--name", "--text"):
        parser.add_argument(name, type=pair, action="append", default=[])
    parser.add_argument("--tag", type=tag, action="append", default=[])
    parser.add_argument("--sleep", type=sleep, action="append", default=[])
    parser.add_argument("--stretch", type=float, default=1.0)
    parser.add_argument("--start", type=utc)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--keep", type=endpoint)
    parser.add_argument("input")
    parser.add_argument("output")
    return parser.parse_args(arguments)


def rewrite(arguments):
    given = options(arguments)
    packets = read_pcap(given.input)[given.skip:]
    replacement = Replacement(given.address, given.name, given.text)
    for packet in packets:
        packet[1] = tagged(replacement.frame(packet[1]), given.tag)
    if packets:
        lengthen_sleeps(packets, given.sleep)
        set_clock(packets, given.stretch, given.start)
    packets = [(time, frame) for time, frame in packets
               if given.keep is None or has_endpoint(frame, given.keep)]
    write_pcap(given.output, packets)


if __name__ == "__main__":
    try:
        rewrite(sys.argv[1:])
    except (Error, OSError, struct.error) as error:
        sys.exit(f"rewrite.py: {error}")
