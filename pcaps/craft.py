#!/usr/bin/python3
"""Write captures packet by packet (scapy; nothing is sent).

    craft.py [NAME [FILE]]       (all of them, if none is named)

attack-dns-memory: what the memory of DNS answers and bare addresses are for:

 - sfrclak.com is asked for and answered through a chain of CNAMEs; 20 s later
   the address of that answer, which no list has, is met over TLS without a
   server_name;
 - a harmless name has sfrclak.com as its CNAME, and its address is met over
   HTTP on a bare address;
 - one SYN to 142.11.206.73, unanswered, and one UDP datagram to
   23.254.167.216;
 - and a name and an address that have nothing to do with it, in the same way.

quic: the ways in which a QUIC connection may begin, each on ports of its own.

behaviours: each behaviour of docs/behaviours.md once, and once nearly.

policy: what a build server may reach and what not, for a policy that allows
npm, debian and intake.example.org (docs/policies.md).
"""
import pathlib
import random
import sys

from scapy.all import DNS, DNSQR, DNSRR, IP, TCP, UDP, Ether, Raw, wrpcap

sys.dont_write_bytecode = True
import rewrite  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "actors"))
import hello  # noqa: E402
import quic  # noqa: E402

CLIENT, RESOLVER = "10.20.0.11", "10.20.0.53"
CHAIN_ADDRESS, ALIAS_ADDRESS, OTHER_ADDRESS = \
    "198.51.100.77", "198.51.100.78", "198.51.100.79"
CLIENT_MAC, ROUTER_MAC = "02:00:00:00:00:11", "02:00:00:00:00:01"
START = rewrite.utc("2026-03-31T01:30:00") / 1e6
QUIC_ADDRESS, QUIC_PORT, DOQ_PORT = "192.0.2.44", 443, 853


class Wire:
    """Packets in order of time, with plausible small delays."""

    def __init__(self):
        self.now, self.packets = START, []
        self.chance = random.Random(20260331)

    def sleep(self, seconds):
        self.now += seconds

    def send(self, source, payload, delay=0.012):
        """payload: IP and what is in it."""
        out = source == CLIENT
        frame = Ether(src=CLIENT_MAC if out else ROUTER_MAC,
                      dst=ROUTER_MAC if out else CLIENT_MAC) / payload
        self.now += delay
        frame.time = self.now
        self.packets.append(frame)

    def ask(self, name, *answers):
        port, number = self.chance.randrange(32768, 61000), \
            self.chance.randrange(65536)
        question = DNSQR(qname=name, qtype="A")
        self.send(CLIENT, IP(src=CLIENT, dst=RESOLVER) /
                  UDP(sport=port, dport=53) / DNS(id=number, rd=1, qd=question))
        records = None
        for owner, kind, data, ttl in answers:
            record = DNSRR(rrname=owner, type=kind, rdata=data, ttl=ttl)
            records = record if records is None else records / record
        self.send(RESOLVER, IP(src=RESOLVER, dst=CLIENT) /
                  UDP(sport=53, dport=port) /
                  DNS(id=number, qr=1, rd=1, ra=1, qd=question, an=records))

    def connection(self, address, port, request, answer):
        """Handshake, one message each way, and the four packets of the end."""
        near = self.chance.randrange(32768, 61000)
        sequence = [self.chance.getrandbits(32), self.chance.getrandbits(32)]

        def say(side, flags, octets=b""):
            ends = (CLIENT, address) if side == 0 else (address, CLIENT)
            ports = (near, port) if side == 0 else (port, near)
            segment = TCP(sport=ports[0], dport=ports[1], flags=flags,
                          seq=sequence[side], window=64240,
                          ack=sequence[1 - side] if "A" in flags else 0,
                          options=[("MSS", 1460)] if "S" in flags else [])
            self.send(ends[0], IP(src=ends[0], dst=ends[1]) / segment /
                      Raw(octets))
            used = len(octets) + ("S" in flags) + ("F" in flags)
            sequence[side] = (sequence[side] + used) % 2**32

        def send_all(side, octets):
            for at in range(0, len(octets), 1460):
                say(side, "PA", octets[at:at + 1460])
            say(1 - side, "A")

        say(0, "S")
        say(1, "SA")
        say(0, "A")
        send_all(0, request)
        send_all(1, answer)
        for side, flags in ((0, "FA"), (1, "FA"), (0, "A")):
            say(side, flags)


def attack_dns_memory(wire):
    nameless = hello.client_hello("-", wire.chance.randbytes)
    # A fatal alert: this server is not a real one.
    alert = bytes.fromhex("15030300020228")
    wire.ask("sfrclak.com",
             ("sfrclak.com", "CNAME", "edge.c2.example.net", 300),
             ("edge.c2.example.net", "CNAME", "host7.c2.example.net", 60),
             ("host7.c2.example.net", "A", CHAIN_ADDRESS, 60))
    wire.sleep(20)
    wire.connection(CHAIN_ADDRESS, 443, nameless, alert)
    wire.sleep(5)
    wire.ask("updates.example.org",
             ("updates.example.org", "CNAME", "sfrclak.com", 300),
             ("sfrclak.com", "A", ALIAS_ADDRESS, 60))
    wire.connection(ALIAS_ADDRESS, 80,
                    b"GET /u HTTP/1.1\r\nHost: 198.51.100.78\r\n"
                    b"User-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
                    b"HTTP/1.1 204 No Content\r\n\r\n")
    wire.sleep(5)
    wire.ask("www.example.org", ("www.example.org", "A", OTHER_ADDRESS, 60))
    wire.connection(OTHER_ADDRESS, 443, nameless, alert)
    wire.sleep(5)
    wire.send(CLIENT, IP(src=CLIENT, dst="142.11.206.73") /
              TCP(sport=40404, dport=8000, flags="S", seq=1000,
                  options=[("MSS", 1460)]))
    wire.send(CLIENT, IP(src=CLIENT, dst="23.254.167.216") /
              UDP(sport=40405, dport=9000) / Raw(b"any datagram"))


class QuicConnection:
    """One pair of ports; datagrams of QuicConnection.client and .server."""

    def __init__(self, wire, port=QUIC_PORT, version=quic.VERSION_1):
        self.wire, self.port, self.version = wire, port, version
        self.near = wire.chance.randrange(32768, 61000)
        self.dcid, self.scid, self.server_cid = (
            wire.chance.randbytes(8) for _ in range(3))
        self.numbers = {"client": 0, "server": 0}

    def datagram(self, end, octets):
        ends = [(CLIENT, self.near), (QUIC_ADDRESS, self.port)]
        if end == "server":
            ends.reverse()
        self.wire.send(ends[0][0], IP(src=ends[0][0], dst=ends[1][0]) /
                       UDP(sport=ends[0][1], dport=ends[1][1]) / Raw(octets))

    def initial(self, end, frames, make=quic.initial_datagram, token=b""):
        number = self.numbers[end]
        self.numbers[end] += 1
        ids = (self.dcid, self.scid) if end == "client" else \
            (self.scid, self.server_cid)
        return make(end, frames, number=number, version=self.version,
                    keyed_by=self.dcid, dcid=ids[0], scid=ids[1], token=token)

    def opaque(self, kind, end, length):
        ids = (self.scid, self.server_cid) if end == "server" else \
            (self.dcid, self.scid)
        return quic.opaque(kind, *ids, self.wire.chance.randbytes(length),
                           self.version)

    def hello(self, name, alpn=b"h3", padding=0):
        return quic.client_hello(name, self.wire.chance.randbytes, alpn,
                                 padding)

    def answer(self):
        """ServerHello, part of the rest, and data each way."""
        chance = self.wire.chance.randbytes
        frames = b"\x02\0\0\0\0" + quic.crypto(quic.server_hello(chance))
        self.datagram("server",
                      self.initial("server", frames, quic.initial) +
                      self.opaque(quic.HANDSHAKE, "server", 900))
        self.datagram("client", b"\x41" + self.server_cid + chance(90))
        self.datagram("server", b"\x41" + self.scid + chance(300))


def quic_connections(wire):
    plain = QuicConnection(wire)
    plain.datagram("client", plain.initial(
        "client", quic.crypto(plain.hello("www.example.org"))))
    plain.answer()

    # An Initial and 0-RTT data in one datagram.
    early = QuicConnection(wire)
    early.datagram("client", early.initial(
        "client", quic.crypto(early.hello("early.example.org")),
        quic.initial) + early.opaque(quic.ZERO_RTT, "client", 990))
    early.answer()

    # As long as with a post-quantum key; its end arrives before its beginning.
    large = QuicConnection(wire)
    octets = large.hello("large.example.org", padding=1250)
    parts = [large.initial("client", quic.crypto(octets[:1000])),
             large.initial("client", quic.crypto(octets[1000:], 1000))]
    large.datagram("client", parts[1])
    large.datagram("client", parts[0])
    large.answer()

    # The server asks the client to show that it is where it says it is.
    told = QuicConnection(wire)
    octets = quic.crypto(told.hello("retry.example.org"))
    told.datagram("client", told.initial("client", octets))
    token, first_dcid = wire.chance.randbytes(24), told.dcid
    told.dcid = wire.chance.randbytes(8)
    told.datagram("server", quic.retry(first_dcid, told.scid, told.dcid,
                                       token))
    told.datagram("client", told.initial("client", octets, token=token))
    told.answer()

    # The server does not know the client's first version.
    other = QuicConnection(wire)
    first = quic.opaque(quic.INITIAL, other.dcid, other.scid,
                        wire.chance.randbytes(1170), quic.UNKNOWN_VERSION)
    other.datagram("client", first)
    other.datagram("server", quic.negotiation(
        other.scid, other.dcid, quic.VERSION_1, quic.VERSION_2))
    other.datagram("client", other.initial(
        "client", quic.crypto(other.hello("agreed.example.org"))))
    other.answer()

    second = QuicConnection(wire, version=quic.VERSION_2)
    second.datagram("client", second.initial(
        "client", quic.crypto(second.hello("second.example.org"))))
    second.answer()

    # DNS over QUIC, RFC 9250.
    doq = QuicConnection(wire, port=DOQ_PORT)
    doq.datagram("client", doq.initial(
        "client", quic.crypto(doq.hello("dns.example.org", b"doq"))))
    doq.answer()


def http(method, host, path="/", agent="curl/7.88.1", body=b""):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}",
             f"User-Agent: {agent}", "Accept: */*"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def response(body=b"", kind="application/octet-stream"):
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n" \
           f"Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


# The first octets of a program that does nothing, and of a Java class.
ELF = bytes.fromhex("7f454c46020101000000000000000000" "02003e0001000000")
JAVA = bytes.fromhex("cafebabe00000034001d0a0006000f09" "0010001108001200")
DEAD = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"


def behaviours(wire):
    # A POST in plain to a bare address; to a name, at the same server.
    wire.connection("203.0.113.66", 8080,
                    http("POST", "203.0.113.66:8080", "/in", body=b"id=7"),
                    response())
    wire.ask("intake.example.org", ("intake.example.org", "A", "203.0.113.66", 60))
    wire.connection("203.0.113.66", 8080,
                    http("POST", "intake.example.org:8080", "/in", body=b"id=7"),
                    response())
    wire.sleep(5)
    # A program that is called a picture; a Java class.
    wire.ask("files.example.net", ("files.example.net", "A", "203.0.113.67",
                                   60))
    wire.connection("203.0.113.67", 80,
                    http("GET", "files.example.net", "/logo.png"),
                    response(ELF, "image/png"))
    wire.connection("203.0.113.67", 80,
                    http("GET", "files.example.net", "/A.class"),
                    response(JAVA, "application/java-vm"))
    wire.sleep(5)
    # A dead system sends something; it reads a page.
    wire.connection("203.0.113.67", 80,
                    http("POST", "files.example.net", "/up", DEAD, b"id=7"),
                    response())
    wire.connection("203.0.113.67", 80,
                    http("GET", "files.example.net", "/", DEAD), response())


def policy(wire):
    # May: npm by name, debian.org's mirror, a name of the policy's own.
    wire.ask("npmjs.org", ("npmjs.org", "A", "192.0.2.20", 60))
    wire.connection("192.0.2.20", 443,
                    hello.client_hello("npmjs.org", wire.chance.randbytes),
                    bytes.fromhex("15030300020228"))
    wire.ask("debian.org", ("debian.org", "A", "192.0.2.21", 60))
    wire.connection("192.0.2.21", 80, http("GET", "debian.org", "/InRelease"),
                    response())
    wire.connection("192.0.2.22", 80, http("POST", "intake.example.org", "/v1"),
                    response())
    # May: an address without a name, since DNS gave it for debian.org.
    wire.connection("192.0.2.21", 9000, b"\0\1\2\3", b"\4\5\6\7")
    wire.sleep(5)
    # May not: another name of the same owner, one at that address, ...
    wire.connection("192.0.2.21", 80, http("GET", "updates.example.net"),
                    response())
    # ... an address that no name is known of, a resolver outside, a tunnel.
    wire.connection("203.0.113.66", 8443, b"\0\1\2\3", b"\4\5\6\7")
    wire.send(CLIENT, IP(src=CLIENT, dst="198.51.100.53") /
              UDP(sport=40406, dport=53) /
              DNS(id=7, rd=1, qd=DNSQR(qname="npmjs.org", qtype="A")))
    wire.connection("203.0.113.68", 80,
                    http("GET", "quiet-words.trycloudflare.com"), response())


CAPTURES = {"attack-dns-memory": attack_dns_memory, "quic": quic_connections,
            "behaviours": behaviours, "policy": policy}


def main():
    here = pathlib.Path(__file__).resolve().parent
    for name in sys.argv[1:2] or CAPTURES:
        wire = Wire()
        CAPTURES[name](wire)
        target = sys.argv[2] if len(sys.argv) > 2 else here / f"{name}.pcap"
        wrpcap(str(target), wire.packets)


if __name__ == "__main__":
    main()
