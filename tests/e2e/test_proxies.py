"""SOCKS and CONNECT: captures in, events and hits out."""

import struct

import pytest

from packets import (BEGIN_US, OK_EMPTY, Conversation, udp,
                     write_pcap)
from sensor import hits, hunt, Found

CLIENT, PROXY = "10.20.0.11", "198.51.100.7"
GREETING, CHOICE = b"\5\1\0", b"\5\0"
GRANTED = b"\5\0\0\1" + bytes(6)


def vector(octets, width):
    return len(octets).to_bytes(width, "big") + octets


def client_hello(name):
    """One record, RFC 8446 section 4.1.2, with server_name (RFC 6066)."""
    host = vector(b"\0" + vector(name.encode(), 2), 2)
    extensions = b"\0\0" + vector(host, 2) + b"\0\x2b\0\3\2\3\4"
    body = b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0" + \
        vector(extensions, 2)
    return b"\x16\3\1" + vector(b"\1" + vector(body, 3), 2)


def server_hello():
    body = b"\3\3" + bytes(32) + b"\0\x13\1\0" + \
        vector(b"\0\x2b\0\2\3\4", 2)
    return b"\x16\3\3" + vector(b"\2" + vector(body, 3), 2)


def ask_name(name, port):
    """SOCKS 5, RFC 1928 section 4."""
    return b"\5\1\0\3" + vector(name.encode(), 1) + struct.pack(">H", port)


def ask_4a(name, port):
    return b"\4\1" + struct.pack(">H", port) + b"\0\0\0\1" + b"me\0" + \
        name.encode() + b"\0"


def socks5(name, port, inside=(), source_port=50000, proxy=PROXY,
           time_us=BEGIN_US):
    """The packets of a connection; `inside` are pairs of octets."""
    talk = Conversation(CLIENT, source_port, proxy, 1080, time_us)
    packets = talk.handshake() + talk.exchange(GREETING, CHOICE) + \
        talk.exchange(ask_name(name, port), GRANTED)
    for request, response in inside:
        packets += talk.exchange(request, response)
    return packets + talk.close()


def variables(event):
    return {v["key"]: v["value"] for v in event["metadata"]["flowvars"]}


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "c2.csv"
    path.write_text("type,value\ndomain,c2.example\nip,203.0.113.9\n")
    return path


def run(tmp_path, listed, packets, *arguments):
    return hunt(write_pcap(tmp_path / "x.pcap", packets), listed, *arguments)


def test_tls_inside_socks_is_told_with_the_target(tmp_path, listed):
    inside = [(client_hello("www.inner.example"), server_hello())]
    result = run(tmp_path, listed, socks5("c2.example", 443, inside),
                 "--events", "alert,tls,flow")
    assert hits(result.alerts) == {
        Found("socks.host", CLIENT, PROXY, "c2.example"): 1}
    alert = result.alerts[0]
    assert alert["app_proto"] == "socks"
    assert alert["alert"]["signature_id"] == 7310013
    tls, = result.of_type("tls")
    assert tls["tls"]["sni"] == "www.inner.example"
    assert tls["tls"]["from_proto"] == tls["app_proto_orig"] == "socks"
    assert tls["tls"]["version"] == "TLS 1.3"
    assert variables(tls)["socks_host"] == "c2.example"
    assert result.of_type("flow")[0]["app_proto"] == "tls"


@pytest.mark.parametrize("first", [
    ask_4a("c2.example", 80),
    b"\4\1\0\x50" + bytes([203, 0, 113, 9]) + b"\0",
])
def test_http_inside_version_4_is_read(tmp_path, listed, first):
    talk = Conversation(CLIENT, 50000, PROXY, 9050)
    packets = talk.handshake() + \
        talk.exchange(first, b"\0\x5a" + bytes(6) + b"") + \
        talk.exchange(b"GET /x HTTP/1.1\r\nHost: inner.example\r\n\r\n",
                      OK_EMPTY) + talk.close()
    result = run(tmp_path, listed, packets, "--events", "alert,http")
    where = {f.where: f.value for f in hits(result.alerts)}
    assert where in ({"socks.host": "c2.example"},
                     {"socks.host": "203.0.113.9"})
    http, = result.of_type("http")
    assert (http["http"]["hostname"], http["http"]["status"]) == \
        ("inner.example", 200)


def test_a_greeting_in_pieces_is_one(tmp_path, listed):
    talk = Conversation(CLIENT, 50000, PROXY, 1080)
    packets = talk.handshake()
    for octet in GREETING:
        packets += talk.exchange(bytes([octet]))
    packets += talk.exchange(b"", CHOICE)
    for octet in ask_name("c2.example", 443):
        packets += talk.exchange(bytes([octet]))
    packets += talk.exchange(b"", GRANTED) + talk.close()
    result = run(tmp_path, listed, packets, "--events", "alert,flow")
    assert hits(result.alerts) == {
        Found("socks.host", CLIENT, PROXY, "c2.example"): 1}
    assert result.of_type("flow")[0]["app_proto"] == "socks"


@pytest.mark.parametrize("first", [
    b"\5\1\0\3\x0a" + b"c2.example" + b"\1\xbb",   # no greeting
    b"\5\0\0\3" + ask_name("c2.example", 443),      # DCE/RPC begins so
    b"\4\1\0\x50" + bytes([203, 0, 113, 9]) + b"\1\0",
    b"x" + GREETING + ask_name("c2.example", 443),
])
def test_other_protocols_are_not_socks(tmp_path, listed, first):
    talk = Conversation(CLIENT, 50000, PROXY, 1080)
    packets = talk.handshake() + talk.exchange(first, b"\5\0\0\0") + \
        talk.close()
    result = run(tmp_path, listed, packets, "--events", "alert,flow")
    assert result.alerts == []
    assert result.of_type("flow")[0].get("app_proto") != "socks"


def test_a_destination_that_is_not_listed_is_silent(tmp_path, listed):
    result = run(tmp_path, listed, socks5("www.example", 443) +
                 socks5("notc2.example", 443, source_port=50001))
    assert result.alerts == []


def test_tls_inside_connect_is_told_as_before(tmp_path, listed):
    talk = Conversation(CLIENT, 50000, PROXY, 3128)
    packets = talk.handshake() + talk.exchange(
        b"CONNECT c2.example:443 HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 Connection established\r\n\r\n") + talk.exchange(
        client_hello("www.inner.example"), server_hello()) + talk.close()
    result = run(tmp_path, listed, packets, "--events", "alert,tls")
    assert hits(result.alerts) == {
        Found("http.connect", CLIENT, PROXY, "c2.example"): 1}
    tls, = result.of_type("tls")
    assert tls["tls"]["from_proto"] == tls["app_proto_orig"] == "http"
    assert variables(tls)["connect_host"] == "c2.example"


def test_a_rhythm_through_socks_is_the_targets(tmp_path, listed):
    """By the proxy's address it would be a rhythm of all that use it."""
    packets = []
    for i in range(30):
        inside = [(client_hello("a.example"), server_hello())] if i % 2 else []
        packets += socks5("poll.example", 443, inside, 50000 + i,
                          time_us=BEGIN_US + i * 300 * 1000000)
    result = run(tmp_path, listed, packets, "--events", "beacon")
    beacon, = result.of_type("beacon")
    assert beacon["beacon"]["host"] == "poll.example"
    assert beacon["beacon"]["count"] == 30


def dhcp(kind, name, address, reply):
    """RFC 2131 section 2: a client's wish or a server's answer."""
    head = bytes([2 if reply else 1, 1, 6, 0]) + bytes(12)
    yours = bytes(address) if reply else bytes(4)
    options = bytes([53, 1, kind]) + b"\x0c" + vector(name.encode(), 1)
    if not reply:
        options += b"\x32\4" + bytes(address)
    return head + yours + bytes(8 + 16 + 64 + 128) + b"\x63\x82\x53\x63" + \
        options + b"\xff"


def test_dhcp_flows_are_known_as_such(tmp_path, listed):
    address = [10, 20, 0, 11]
    packets = [
        (BEGIN_US, udp("0.0.0.0", 68, "255.255.255.255", 67,
                       dhcp(3, "build-7", address, False))),
        (BEGIN_US + 1000, udp("10.20.0.1", 67, CLIENT, 68,
                              dhcp(5, "build-7", address, True)))]
    result = run(tmp_path, listed, packets, "--events", "flow")
    assert {e["app_proto"] for e in result.of_type("flow")} == {"dhcp"}
