"""QUIC: hellos out of Initials, in pcaps/quic.pcap and in captures made here.

pcaps/actors/quic.py seals what the sensor is to open, with an AES of its own.
"""

import random
import sys
from collections import Counter

import pytest

from packets import BEGIN_US, udp, write_pcap
from sensor import EXPECTED, PCAPS, hunt

sys.path.insert(0, str(PCAPS / "actors"))
import quic  # noqa: E402

CLIENT, SERVER = "10.20.0.11", "203.0.113.80"
PORT = 443
LISTED = "c2.example"
DCID, SCID, SERVER_CID = b"client-1", b"client-2", b"server-1"

# pcaps/README.md: tshark does not open what follows a Version Negotiation.
NOT_TSHARK_S = {"agreed.example.org"}


@pytest.fixture(name="iocs")
def one_listed_name(tmp_path):
    path = tmp_path / "listed.csv"
    path.write_text(f"type,value,confidence\nhostname,{LISTED},90\n")
    return path


def capture(path, *datagrams):
    """`datagrams` are pairs of sender, 0 for the client, and octets."""
    ends = ((CLIENT, 50000), (SERVER, PORT))
    return write_pcap(path, [
        (BEGIN_US + n * 1000, udp(*ends[sender], *ends[1 - sender], octets))
        for n, (sender, octets) in enumerate(datagrams)])


def hello(name, padding=0):
    return quic.client_hello(name, random.Random(1).randbytes,
                             padding=padding)


def initial(octets, **how):
    return quic.initial_datagram("client", octets, dcid=how.pop("dcid", DCID),
                                 scid=SCID, **how)


def answer():
    frames = quic.crypto(quic.server_hello(random.Random(2).randbytes))
    return quic.initial("server", frames, keyed_by=DCID, dcid=SCID,
                        scid=SERVER_CID)


def listed_hits(result):
    return [(a["src_ip"], a["dest_ip"], a["dest_port"], a["quic"]["sni"])
            for a in result.alerts
            if a["alert"]["context"]["indicator"]["where"] ==
            "quic.sni"]


HIT = (CLIENT, SERVER, PORT, LISTED)


def test_the_bundled_capture_is_as_tshark_has_it(tmp_path, iocs):
    result = hunt(PCAPS / "quic.pcap", iocs, "--events", "quic,alert")
    events = [e["quic"] for e in result.of_type("quic")]
    ours = [q for q in events if q["sni"] in NOT_TSHARK_S]
    assert len(ours) == len(NOT_TSHARK_S)
    assert Counter(f"{q['sni']} {q['ja3']['hash']}"
                   for q in events if q not in ours) == \
        EXPECTED["quic.pcap"]["quic_hellos"]
    assert Counter(q["ja3s"]["hash"] for q in events) == \
        EXPECTED["quic.pcap"]["quic_answers"]
    versions = {q["sni"].split(".")[0]: q["version"] for q in events}
    assert versions.pop("second") == "2"
    assert set(versions.values()) == {"1"}
    assert result.alerts == []


def test_alpn_tells_dns_over_quic(iocs):
    result = hunt(PCAPS / "quic.pcap", iocs, "--events", "quic")
    alpn = {e["dest_port"]: e["quic"]["extensions"] for e in result.events}
    assert alpn[853] == [{"name": "alpn", "type": 16, "values": ["doq"]}]
    assert alpn[443] == [{"name": "alpn", "type": 16, "values": ["h3"]}]


def long_hello():
    """Two datagrams, the second one first; the name is in the second."""
    octets = hello(LISTED, padding=1250)
    return [(0, initial(quic.crypto(octets[1000:], 1000), number=1)),
            (0, initial(quic.crypto(octets[:1000])))]


def coalesced():
    early = quic.opaque(quic.ZERO_RTT, DCID, SCID, bytes(990))
    return [(0, quic.initial("client", quic.crypto(hello(LISTED)), dcid=DCID,
                             scid=SCID) + early)]


def retried():
    octets, token = quic.crypto(hello(LISTED)), b"token"
    return [(0, initial(octets)),
            (1, quic.retry(DCID, SCID, SERVER_CID, token)),
            (0, initial(octets, dcid=SERVER_CID, token=token, number=1))]


def negotiated():
    first = quic.opaque(quic.INITIAL, DCID, SCID, bytes(1170),
                        quic.UNKNOWN_VERSION)
    return [(0, first),
            (1, quic.negotiation(SCID, DCID, quic.VERSION_1)),
            (0, initial(quic.crypto(hello(LISTED))))]


def version_2():
    return [(0, initial(quic.crypto(hello(LISTED)), version=quic.VERSION_2))]


@pytest.mark.parametrize("beginning", [long_hello, coalesced, retried,
                                       negotiated, version_2])
def test_a_listed_name_is_one_hit(tmp_path, iocs, beginning):
    path = capture(tmp_path / "q.pcap", *beginning(), (1, answer()))
    assert listed_hits(hunt(path, iocs)) == [HIT]


@pytest.mark.parametrize("name", [f"not{LISTED}", f"{LISTED}.example.org",
                                  "example"])
def test_what_is_almost_listed_is_no_hit(tmp_path, iocs, name):
    path = capture(tmp_path / "q.pcap",
                   (0, initial(quic.crypto(hello(name)))), (1, answer()))
    result = hunt(path, iocs, "--events", "alert,quic")
    assert [e["quic"]["sni"] for e in result.of_type("quic")] == [name]
    assert result.alerts == []


def test_a_hello_whose_end_was_lost_still_hits(tmp_path, iocs):
    octets = hello(LISTED)
    cut = octets[:len(octets) - 20]
    path = capture(tmp_path / "q.pcap", (0, initial(quic.crypto(cut))))
    assert listed_hits(hunt(path, iocs)) == [HIT]


def test_an_initial_with_one_wrong_octet_says_nothing(tmp_path, iocs):
    octets = bytearray(initial(quic.crypto(hello(LISTED))))
    octets[600] ^= 1
    path = capture(tmp_path / "q.pcap", (0, bytes(octets)))
    result = hunt(path, iocs, "--events", "alert,quic")
    assert result.events == []
