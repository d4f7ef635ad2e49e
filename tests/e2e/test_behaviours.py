"""What requests in plain HTTP show without an indicator: docs/behaviours.md.

pcaps/behaviours.pcap has one hit and one near miss of each behaviour.
"""

import pytest

from packets import Conversation, write_pcap
from sensor import PCAPS, hunt

OUTSIDE = "203.0.113.80"
XP = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"


@pytest.fixture(name="iocs")
def nothing_known(tmp_path):
    path = tmp_path / "none.txt"
    path.write_text("unmet.example\n")
    return path


def behaviours(result):
    return [e for e in result.of_type("alert")
            if e["alert"]["context"]["detector"] == "behaviour"]


def found(result):
    return {(e["alert"]["signature_id"],
             e["alert"]["context"]["behaviour"]["matched"])
            for e in behaviours(result)}


def exchange(tmp_path, request, response=b"HTTP/1.1 204 No Content\r\n\r\n",
             port=80, source="10.20.0.11", destination=OUTSIDE):
    talk = Conversation(source, 50000, destination, port)
    return write_pcap(tmp_path / "talk.pcap", talk.handshake()
                      + talk.exchange(request, response) + talk.close())


def test_the_bundled_capture_has_one_hit_and_one_near_miss_of_each(iocs):
    assert found(hunt(PCAPS / "behaviours.pcap", iocs)) == {
        (7310301, "203.0.113.66:8080"),
        (7310302, "ELF from files.example.net:80"),
        (7310303, XP)}


def test_an_alert_says_what_it_is_about(tmp_path, iocs):
    path = exchange(tmp_path, b"POST /in HTTP/1.1\r\nHost: 203.0.113.80\r\n"
                              b"Content-Length: 4\r\n\r\nid=7")
    alert, = behaviours(hunt(path, iocs))
    assert alert["alert"]["signature"] == \
        "EGRESS plain HTTP POST to a bare address"
    assert alert["alert"]["category"] == "Potentially Bad Traffic"
    assert alert["alert"]["severity"] == 3
    assert alert["alert"]["context"]["behaviour"] == {
        "name": "plain_post_to_address", "reason": "POST to a bare address",
        "matched": "203.0.113.80:80", "confidence": 40}
    assert alert["http"]["http_method"] == "POST"
    assert (alert["src_ip"], alert["dest_ip"]) == ("10.20.0.11", OUTSIDE)


# The first octets by the formats' own documents; see test_behaviour.c.
PROGRAMS = {
    "PE": b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8\0\0\0",
    "ELF": b"\x7fELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x3e\0",
    "Mach-O": b"\xca\xfe\xba\xbe\0\0\0\2\1\0\0\7\0\0\0\3\0\0\x40\0",
    "script": b"#!/bin/sh\necho hello\n",
}


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_program_is_known_by_its_first_octets(tmp_path, iocs, kind, chunked):
    body = PROGRAMS[kind]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
    if chunked:
        response = head + b"Transfer-Encoding: chunked\r\n\r\n" + \
            b"5\r\n" + body[:5] + b"\r\n" + \
            b"%x\r\n" % len(body[5:]) + body[5:] + b"\r\n0\r\n\r\n"
    else:
        response = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    path = exchange(tmp_path,
                    b"GET /logo.png HTTP/1.1\r\nHost: files.example\r\n\r\n",
                    response)
    assert found(hunt(path, iocs)) == {(7310302, f"{kind} from files.example:80")}


def test_a_java_class_is_no_program(tmp_path, iocs):
    body = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x1d\n\0\6\0\x0f\x09\0\x10\0\x11"
    path = exchange(tmp_path,
                    b"GET /A.class HTTP/1.1\r\nHost: files.example\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                    % len(body) + body)
    assert found(hunt(path, iocs)) == set()


def test_a_trusted_host_may_serve_programs(tmp_path, iocs):
    body = PROGRAMS["script"]
    path = exchange(tmp_path,
                    b"GET /x HTTP/1.1\r\nHost: debian.org\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                    % len(body) + body)
    assert found(hunt(path, iocs)) == set()


@pytest.mark.parametrize("destination", ["10.20.0.30", "192.168.7.7"])
def test_what_stays_inside_is_left_alone(tmp_path, iocs, destination):
    path = exchange(tmp_path, b"POST /in HTTP/1.1\r\nUser-Agent: "
                    + XP.encode() + b"\r\nContent-Length: 0\r\n\r\n",
                    destination=destination)
    assert hunt(path, iocs).output == b""


@pytest.mark.parametrize("key", ["plain_post_to_address",
                                 "executable_download", "dead_user_agent"])
def test_each_can_be_switched_off(tmp_path, iocs, key):
    config = tmp_path / "sensor.yaml"
    config.write_text(f"detection:\n  behaviours:\n    {key}: false\n")
    names = {e["alert"]["context"]["behaviour"]["name"] for e in behaviours(
        hunt(PCAPS / "behaviours.pcap", iocs, "-c", config))}
    assert names == {"plain_post_to_address", "executable_download",
                     "dead_user_agent"} - {key}
