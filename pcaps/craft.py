#!/usr/bin/python3
"""Write attack-dns-memory.pcap, packet by packet (scapy; nothing is sent).

What the memory of DNS answers and bare addresses are for:

 - sfrclak.com is asked for and answered through a chain of CNAMEs; 20 s later
   the address of that answer, which no list has, is met over TLS without a
   server_name;
 - a harmless name has sfrclak.com as its CNAME, and its address is met over
   HTTP on a bare address;
 - one SYN to 142.11.206.73, unanswered, and one UDP datagram to
   23.254.167.216;
 - and a name and an address that have nothing to do with it, in the same way.
"""
import pathlib
import random
import sys

from scapy.all import DNS, DNSQR, DNSRR, IP, TCP, UDP, Ether, Raw, wrpcap

sys.dont_write_bytecode = True
import rewrite  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "actors"))
import hello  # noqa: E402

CLIENT, RESOLVER = "10.20.0.11", "10.20.0.53"
CHAIN_ADDRESS, ALIAS_ADDRESS, OTHER_ADDRESS = \
    "198.51.100.77", "198.51.100.78", "198.51.100.79"
CLIENT_MAC, ROUTER_MAC = "02:00:00:00:00:11", "02:00:00:00:00:01"
START = rewrite.utc("2026-03-31T01:30:00") / 1e6


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


def main():
    wire = Wire()
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
    target = pathlib.Path(__file__).resolve().parent / "attack-dns-memory.pcap"
    wrpcap(str(sys.argv[1] if len(sys.argv) > 1 else target), wire.packets)


if __name__ == "__main__":
    main()
