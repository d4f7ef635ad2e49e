"""Captures in tests: reading, writing and cutting pcap files, and packets."""

import ipaddress
import struct
from pathlib import Path

ETHERNET = 1
GLOBAL_LEN = 24
RECORD_LEN = 16

# 2026-03-31 00:00:00 UTC
BEGIN_US = 1774915200 * 1000000


def pcap_header(link_type=ETHERNET):
    return struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link_type)


def pcap_record(time_us, frame):
    return struct.pack("<IIII", time_us // 1000000, time_us % 1000000,
                       len(frame), len(frame)) + frame


def write_pcap(path, packets, link_type=ETHERNET):
    """`packets` are pairs of microseconds since 1970 and octets."""
    with open(path, "wb") as out:
        out.write(pcap_header(link_type))
        for time_us, frame in packets:
            out.write(pcap_record(time_us, frame))
    return Path(path)


def split_pcap(octets):
    """The global header, and the records with theirs; little-endian."""
    assert struct.unpack_from("<I", octets)[0] == 0xa1b2c3d4
    records, at = [], GLOBAL_LEN
    while at < len(octets):
        end = at + RECORD_LEN + struct.unpack_from("<I", octets, at + 8)[0]
        records.append(octets[at:end])
        at = end
    return octets[:GLOBAL_LEN], records


def read_pcap(path):
    return split_pcap(Path(path).read_bytes())


def frame_of(record):
    return record[RECORD_LEN:]


def time_of(record):
    """Microseconds since 1970."""
    seconds, fraction = struct.unpack_from("<II", record)
    return seconds * 1000000 + fraction


def source_of(record):
    """The IPv4 source address in an Ethernet frame; "" for anything else."""
    frame = frame_of(record)
    if frame[12:14] != b"\x08\x00":
        return ""
    return str(ipaddress.ip_address(frame[26:30]))


def checksum(octets):
    """RFC 1071."""
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def ethernet(payload, vlan=None):
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return bytes.fromhex("020000000002020000000001") + tag + b"\x08\x00" + \
        payload


def ipv4(source, destination, protocol, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64,
                       protocol, 0, ipaddress.ip_address(source).packed,
                       ipaddress.ip_address(destination).packed)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def udp(source, source_port, destination, port, payload, vlan=None):
    """A checksum of 0 is none (RFC 768)."""
    head = struct.pack(">HHHH", source_port, port, 8 + len(payload), 0)
    return ethernet(ipv4(source, destination, 17, head + payload), vlan)


FIN, SYN, PSH, ACK = 0x01, 0x02, 0x08, 0x10


def tcp(source, source_port, destination, port, sequence, ack, flags,
        payload=b"", vlan=None):
    def head(check):
        return struct.pack(">HHIIBBHHH", source_port, port, sequence, ack,
                           0x50, flags, 64240, check, 0)
    pseudo = ipaddress.ip_address(source).packed + \
        ipaddress.ip_address(destination).packed + \
        struct.pack(">HH", 6, 20 + len(payload))
    octets = pseudo + head(0) + payload
    check = checksum(octets + b"\0" * (len(octets) % 2))
    return ethernet(ipv4(source, destination, 6, head(check) + payload), vlan)


def dns_name(name):
    """As written, so that letter case stays; RFC 1035 section 3.1."""
    labels = name.rstrip(".").split(".")
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) \
        + b"\0"


def dns_query(name, source="10.20.0.11", resolver="10.20.0.53", port=40000,
              vlan=None):
    """A frame with a query for the name's A records."""
    message = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + dns_name(name) \
        + struct.pack(">HH", 1, 1)
    return udp(source, port, resolver, 53, message, vlan)


def dns_answer(name, address, to="10.20.0.11", resolver="10.20.0.53",
               port=40000, ttl=60):
    """A frame with the answer to dns_query: one A record."""
    message = struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0) + dns_name(name) \
        + struct.pack(">HH", 1, 1) \
        + b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, ttl, 4) \
        + ipaddress.ip_address(address).packed
    return udp(resolver, 53, to, port, message)


class Conversation:
    """A TCP connection, packet by packet, 1 ms apart."""

    def __init__(self, source, source_port, destination, port,
                 time_us=BEGIN_US, vlan=None):
        self.ends = ((source, source_port), (destination, port))
        self.sequence = [1000, 9000]
        self.time_us = time_us
        self.vlan = vlan

    def packet(self, sender, flags, payload=b""):
        self.time_us += 1000
        frame = tcp(*self.ends[sender], *self.ends[1 - sender],
                    self.sequence[sender],
                    self.sequence[1 - sender] if flags & ACK else 0, flags,
                    payload, self.vlan)
        self.sequence[sender] += len(payload) + bool(flags & (SYN | FIN))
        return self.time_us, frame

    def handshake(self):
        return [self.packet(0, SYN), self.packet(1, SYN | ACK),
                self.packet(0, ACK)]

    def exchange(self, request, response=b""):
        packets = [self.packet(0, PSH | ACK, request)]
        if response:
            packets += [self.packet(1, PSH | ACK, response),
                        self.packet(0, ACK)]
        return packets

    def close(self):
        return [self.packet(0, FIN | ACK), self.packet(1, FIN | ACK),
                self.packet(0, ACK)]


OK_EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def http_get(host, path="/", destination="203.0.113.80", port=80,
             source="10.20.0.11", source_port=50000, time_us=BEGIN_US,
             agent="check/1.0", vlan=None):
    """The packets of one request on a connection of its own."""
    talk = Conversation(source, source_port, destination, port, time_us, vlan)
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n" \
        f"User-Agent: {agent}\r\n\r\n".encode()
    return talk.handshake() + talk.exchange(request, OK_EMPTY) + talk.close()
