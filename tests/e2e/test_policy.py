"""Policies: what may leave a segment, and learning it: docs/policies.md."""

import json

import pytest

import mmdb
from packets import Conversation, dns_query, http_get, write_pcap
from sensor import ATTACKED, BUNDLED, PCAPS, hunt, run

SEGMENTS = """
segments:
  - name: build
    role: build-server
    networks: [10.20.0.0/24]
  - name: office
    role: workstation
    networks: [10.30.0.0/24]
"""


@pytest.fixture(name="iocs")
def nothing_known(tmp_path):
    path = tmp_path / "none.txt"
    path.write_text("unmet.example\n")
    return path


@pytest.fixture(name="config")
def config_of(tmp_path):
    def write(text):
        path = tmp_path / "sensor.yaml"
        path.write_text(SEGMENTS + text)
        return path
    return write


def findings(result):
    return [e for e in result.of_type("alert")
            if e["alert"]["context"]["detector"] == "policy"]


def places(result):
    return {(e["src_ip"], e["alert"]["context"]["policy"]["destination"])
            for e in findings(result)}


BUILD_OUT = """
policies:
  - name: build-out
    roles: [build-server]
    allow:
      lists: [npm, pypi, debian]
      domains: [intake.example.org]
      ports: [123/udp]
    deny:
      services: [tunnel]
"""


def test_the_attack_breaks_the_policy_and_the_install_does_not(config, iocs):
    result = hunt(PCAPS / "attack.pcap", iocs, "-c", config(BUILD_OUT))
    assert places(result) == {(ATTACKED, "sfrclak.com:8000")}
    alert = findings(result)[0]["alert"]
    assert alert["signature_id"] == 7310401
    assert alert["category"] == "Potential Corporate Privacy Violation"
    assert alert["context"]["policy"] == {
        "name": "build-out", "mode": "alert",
        "reason": "not on the list of what may leave",
        "destination": "sfrclak.com:8000"}
    assert alert["context"]["segment"] == "build"
    last = findings(result)[-1]["alert"]["context"]
    assert last["count"] == 12  # POSTs, pcaps/README.md


def test_the_bundled_capture_has_hits_and_near_misses(config, iocs):
    result = hunt(PCAPS / "policy.pcap", iocs, "-c", config(BUILD_OUT))
    assert places(result) == {
        (ATTACKED, "example.net:80"),
        (ATTACKED, "203.0.113.66:8443"),
        (ATTACKED, "198.51.100.53:53"),
        (ATTACKED, "quiet-words.trycloudflare.com:80")}
    assert {e["alert"]["signature_id"]: e["alert"]["context"]["policy"]
            ["reason"] for e in findings(result)} == {
        7310401: "not on the list of what may leave",
        7310402: "tunnel is denied"}


def test_without_a_policy_nothing_is_judged(iocs):
    assert hunt(PCAPS / "policy.pcap", iocs).output == b""


def test_who_observes_raises_nothing_and_marks_the_flow(config, iocs):
    path = config(BUILD_OUT + "    mode: observe\n")
    result = hunt(PCAPS / "policy.pcap", iocs, "-c", path, "--events",
                  "alert,flow")
    assert result.of_type("alert") == []
    marked = {v["value"] for e in result.of_type("flow")
              for v in e["metadata"]["flowvars"] if v["key"] == "policy"}
    assert marked == {"build-out: not on the list of what may leave",
                      "build-out: tunnel is denied"}


def test_a_list_of_ones_own(tmp_path, config, iocs):
    own = tmp_path / "own.txt"
    own.write_text("# ours\nexample.org\n203.0.113.80:81 # and this\n")
    capture = write_pcap(
        tmp_path / "t.pcap", http_get("www.example.org")
        + http_get("203.0.113.80", port=81, source_port=50001)
        + http_get("203.0.113.80", port=82, source_port=50002))
    result = hunt(capture, iocs, "-c", config(
        "policies:\n"
        f"  - {{name: out, segments: [build], allow: {{lists: [{own}]}}}}\n"))
    assert places(result) == {("10.20.0.11", "203.0.113.80:82")}


@pytest.mark.parametrize("text,said", [
    ("lists: [nmp]", "no list 'nmp' comes with the program"),
    ("lists: [./missing.txt]", "missing.txt"),
    ("services: [npm]", "unknown key 'services'")])
def test_a_policy_that_is_wrong_is_an_error_at_the_start(config, text, said):
    path = config(f"policies:\n  - {{name: out, allow: {{{text}}}}}\n")
    result = run("-c", path, "-i", "lo", "--check")
    assert result.status == 2
    assert said in result.messages


def test_a_learnt_list_lets_out_what_was_learnt(tmp_path, config, iocs):
    learnt = tmp_path / "learnt.txt"
    hunt(PCAPS / "benign-hour.pcap", iocs, "-c", config(""),
         "--learn", learnt)
    policy = config("policies:\n"
                    f"  - {{name: out, allow: {{lists: [{learnt}]}}}}\n")
    assert findings(hunt(PCAPS / "benign-hour.pcap", iocs, "-c",
                         policy)) == []
    assert places(hunt(PCAPS / "attack.pcap", iocs, "-c", policy)) == {
        (ATTACKED, "sfrclak.com:8000")}


def test_an_indicator_is_learnt_as_a_comment_and_still_a_hit(tmp_path):
    learnt = tmp_path / "learnt.txt"
    result = hunt(PCAPS / "attack.pcap", BUNDLED, "--learn", learnt)
    assert result.alerts
    lines = [line for line in learnt.read_text().splitlines()
             if "sfrclak" in line]
    assert len(lines) == 1
    assert lines[0].startswith("# ") and "WARNING" in lines[0]
    assert not list(tmp_path.glob("*.new"))


def test_a_list_that_cannot_be_written_is_an_error(tmp_path, iocs):
    result = run("-r", PCAPS / "web.pcap", "--iocs", iocs, "--learn",
                 tmp_path / "missing" / "learnt.txt")
    assert result.status == 1
    assert "learnt.txt" in result.messages


def test_the_same_hits_every_time(config, iocs):
    path = config(BUILD_OUT)
    runs = [[json.dumps(e["alert"]["context"], sort_keys=True)
             for e in findings(hunt(PCAPS / "policy.pcap", iocs, "-c", path))]
            for _ in range(2)]
    assert runs[0] == runs[1] != []


def test_asking_a_proxy_of_ours_is_judged_by_its_target(tmp_path, config,
                                                        iocs):
    talk = Conversation("10.20.0.11", 50000, "10.99.0.9", 3128)
    packets = talk.handshake() + talk.exchange(
        b"CONNECT www.example.org:443 HTTP/1.1\r\n"
        b"Host: www.example.org:443\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") + talk.close()
    result = hunt(write_pcap(tmp_path / "t.pcap", packets), iocs, "-c",
                  config(BUILD_OUT))
    assert places(result) == {("10.20.0.11", "example.org:443")}


def test_a_query_to_a_resolver_of_ours_is_not_judged(tmp_path, config, iocs):
    capture = write_pcap(tmp_path / "t.pcap", [
        (1774915200000000, dns_query("www.example.org"))])
    assert hunt(capture, iocs, "-c", config(BUILD_OUT)).output == b""


# ---- countries and networks ----

@pytest.mark.parametrize("rules,expected", [
    ("allow: {countries: [US]}",
     {"198.51.100.80:80": "not on the list of what may leave",
      "192.0.2.80:80": "not on the list of what may leave"}),
    ("allow: {asns: [AS64497]}",
     {"203.0.113.80:80": "not on the list of what may leave",
      "192.0.2.80:80": "not on the list of what may leave"}),
    ("allow: {ports: [80]}\n    deny: {countries: [DE]}",
     {"198.51.100.80:80": "DE"}),
    ("allow: {ports: [80]}\n    deny: {asns: [64496]}",
     {"203.0.113.80:80": "AS64496"}),
])
def test_countries_and_networks_are_allowed_and_denied(
        tmp_path, config, iocs, rules, expected):
    places_of = mmdb.write(tmp_path / "geo.mmdb", {
        "203.0.113.0/24": mmdb.ipinfo("US", 64496, "Example Hosting"),
        "198.51.100.0/24": mmdb.ipinfo("DE", 64497, "Other")})
    capture = write_pcap(tmp_path / "t.pcap", [
        packet for i, address in enumerate(
            ("203.0.113.80", "198.51.100.80", "192.0.2.80"))
        for packet in http_get(address, destination=address,
                               source_port=50000 + i)])
    result = hunt(capture, iocs, "-c", config(
        f"enrichment: {{geoip: [{places_of}]}}\n"
        f"policies:\n  - name: places\n    {rules}\n"))
    found = {e["alert"]["context"]["policy"]["destination"]:
             e["alert"]["context"]["policy"]["reason"]
             for e in findings(result)}
    assert set(found) == set(expected)
    for destination, words in expected.items():
        assert words in found[destination]


def test_what_one_segment_may_another_may_not(tmp_path, config, iocs):
    # What was let out lately is remembered, for that segment and port alone.
    capture = write_pcap(tmp_path / "t.pcap", [
        packet for source, port, number in (
            ("10.20.0.11", 80, 50000), ("10.30.0.11", 80, 50001),
            ("10.20.0.11", 81, 50002), ("10.20.0.11", 80, 50003))
        for packet in http_get("a.example.org", source=source, port=port,
                               source_port=number)])
    result = hunt(capture, iocs, "-c", config("""
policies:
  - {name: b, roles: [build-server], allow: {domains: ["example.org:80"]}}
  - {name: w, roles: [workstation], allow: {domains: [example.net]}}
"""))
    assert places(result) == {("10.30.0.11", "example.org:80"),
                              ("10.20.0.11", "example.org:81")}
