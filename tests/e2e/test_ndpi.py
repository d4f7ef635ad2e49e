"""What nDPI says of a flow, in flow events and alerts.

That ndpiReader 4.2 gives these names and categories to the same packets was
seen by hand.
"""

import pytest

from packets import BEGIN_US, Conversation, dns_query, http_get, udp, \
    write_pcap
from sensor import hunt

BANNERS = b"SSH-2.0-OpenSSH_9.6\r\n", b"SSH-2.0-OpenSSH_9.2p1\r\n"
# RFC 5905 section 7.3: a client's packet, version 4.
NTP = b"\x23" + bytes(47)


def ssh(port, source_port=50001):
    talk = Conversation("10.20.0.11", source_port, "203.0.113.22", port)
    return talk.handshake() + talk.exchange(*BANNERS) + talk.close()


def datagram(payload, port):
    return [(BEGIN_US, udp("10.20.0.11", 40000, "203.0.113.5", port,
                           payload))]


@pytest.fixture(name="iocs")
def one_listed_address(tmp_path):
    path = tmp_path / "listed.txt"
    path.write_text("203.0.113.22\nlisted.example\n")
    return path


def flow_of(capture, iocs, *arguments):
    flow, = hunt(capture, iocs, "--events", "flow", *arguments) \
        .of_type("flow")
    return flow


CASES = {
    "a protocol that only nDPI knows is app_proto too":
        (ssh(22), "ssh", "SSH", "RemoteAccess", "payload"),
    "one datagram is enough":
        (datagram(NTP, 123), "ntp", "NTP", "System", "payload"),
    "what our decoders know is looked up by its name":
        (http_get("www.github.com"), "http", "HTTP.Github", "Collaborative",
         "name"),
    "the question names a DNS flow":
        ([(BEGIN_US, dns_query("www.github.com"))], "dns", "DNS.Github",
         "Collaborative", "name"),
    "a flow without payload is guessed by its port":
        (Conversation("10.20.0.11", 50001, "203.0.113.22", 22).handshake(),
         None, "SSH", "RemoteAccess", "port"),
    "an IP protocol is what it is":
        ([(BEGIN_US, udp("10.20.0.11", 0, "203.0.113.5", 0, b"").replace(
            b"\x40\x11", b"\x40\x01", 1))], None, "ICMP", "Network",
         "ip_proto"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_flow_says_what_it_is(tmp_path, iocs, name):
    packets, app_proto, proto, category, known_by = CASES[name]
    flow = flow_of(write_pcap(tmp_path / "a.pcap", packets), iocs)
    assert flow.get("app_proto") == app_proto
    ndpi = flow["ndpi"]
    assert (ndpi["proto"], ndpi["category"], ndpi["by"]) == \
        (proto, category, known_by)
    assert ndpi["master"] == proto.split(".")[0]
    assert ndpi["app"] == proto.split(".")[-1]


@pytest.mark.parametrize("packets,risky", [
    (http_get("a.example", port=80), False),
    (http_get("a.example", port=4321), True),
    (ssh(22), False), (ssh(4321), True)])
def test_a_protocol_on_an_unexpected_port_is_a_risk(tmp_path, iocs, packets,
                                                    risky):
    flow = flow_of(write_pcap(tmp_path / "a.pcap", packets), iocs)
    risks = {r["risk"]: r["severity"] for r in flow["ndpi"].get("risks", [])}
    assert ("Known Protocol on Non Standard Port" in risks) == risky


def test_an_alert_has_what_is_known_by_then(tmp_path, iocs):
    path = write_pcap(tmp_path / "a.pcap", http_get(
        "listed.example", port=8000))
    alert = next(a for a in hunt(path, iocs).alerts
                 if a["alert"]["context"]["indicator"]["where"]
                 == "http.host")
    ndpi = alert["alert"]["context"]["ndpi"]
    assert (ndpi["proto"], ndpi["by"]) == ("HTTP", "name")
    assert ndpi["risks"][0]["risk"] == "Known Protocol on Non Standard Port"


def test_it_can_be_switched_off(tmp_path, iocs):
    config = tmp_path / "off.yaml"
    config.write_text("enrichment:\n  ndpi: false\n")
    path = write_pcap(tmp_path / "a.pcap", ssh(22))
    flow = flow_of(path, iocs, "-c", config)
    assert "ndpi" not in flow and flow["app_proto"] == "failed"


def test_the_same_packets_give_the_same_answer(tmp_path, iocs):
    packets = sorted(p for n in range(200) for p in ssh(22 + n, 50000 + n))
    path = write_pcap(tmp_path / "a.pcap", packets)
    first, again = (hunt(path, iocs, "--events", "flow").lines
                    for _ in range(2))
    assert first == again and len(first) == 200
