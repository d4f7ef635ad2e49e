"""Every bundled capture: what is written of it is what tshark finds in it."""

import re
from collections import Counter

import pytest

from sensor import EXPECTED, PCAPS, case_iocs, hunt, run

# EVE's names at the top of an event, as far as this sensor writes them.
TOP_LEVEL = {
    "timestamp", "flow_id", "community_id", "host", "in_iface",
    "pcap_filename", "pcap_cnt", "event_type", "src_ip", "src_port", "dest_ip",
    "dest_port", "proto", "ip_v", "app_proto", "app_proto_orig", "vlan",
    "tunnel", "pkt_src", "metadata", "direction", "flow", "tcp", "alert",
    "dns", "http", "tls", "quic", "stats", "ndpi",
}
# Of a pair, which is no one flow, in our own type.
PAIR = {"timestamp", "host", "event_type", "src_ip", "dest_ip", "dest_port",
        "proto", "ip_v", "metadata", "beacon"}
HEADER = {"timestamp", "flow_id", "host", "pcap_filename", "event_type",
          "src_ip", "dest_ip", "proto"}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000")

RCODES = {"NOERROR": "0", "NXDOMAIN": "3"}

# README.md of the captures: tshark does not look into a CONNECT; its request
# goes to the port that was asked for.
TUNNELLED = {"proxy.pcap": ("GET www.example.org:8080 /tunnelled",
                            "curl/7.88.1", "200")}
# ... and counts both hellos of a handshake that was told to try again.
HELLOS_AGAIN = {"tls.pcap": Counter({"www.example.org": 1})}

captures = pytest.mark.parametrize("name", sorted(EXPECTED))


@pytest.fixture(scope="module")
def events_of(tmp_path_factory):
    """A function from a capture's name to all its events, read once.

    The timeout of UDP is longer than the captures, since tshark has none.
    """
    directory = tmp_path_factory.mktemp("captures")
    config = directory / "config.yaml"
    config.write_text("limits:\n  timeouts:\n    udp_s: 86400\n"
                      "    tcp_closed_s: 86400\n    tcp_new_s: 86400\n"
                      "    tcp_established_s: 86400\n")
    known = {}

    def read(name):
        if name not in known:
            known[name] = hunt(PCAPS / name, case_iocs(directory), "-c",
                               config, "--events", "all")
        return known[name]

    return read


@captures
def test_dns_is_as_expected(events_of, name):
    messages = [e["dns"] for e in events_of(name).of_type("dns")]
    queries = [m for m in messages if m["type"] == "request"]
    answers = [m for m in messages if m["type"] == "response"]
    questions = Counter(f"{q['rrname']} {q['rrtype']}"
                        for m in queries for q in m["queries"])
    assert questions == EXPECTED[name]["dns_questions"]
    assert len(queries) == EXPECTED[name].get("dns_queries", 0)
    assert len(answers) == EXPECTED[name].get("dns_answers", 0)
    assert Counter(RCODES[m["rcode"]] for m in answers) == \
        EXPECTED[name]["dns_rcodes"]


def host_field(http):
    """The Host field that hostname and http_port stand for."""
    host = http["hostname"]
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{http['http_port']}" if "http_port" in http else host


@captures
def test_http_is_as_expected(events_of, name):
    transactions = [e["http"] for e in events_of(name).of_type("http")]
    requests = [t for t in transactions if "http_method" in t]
    targets = Counter(f"{r['http_method']} {host_field(r)} {r['url']}"
                      for r in requests)
    agents = Counter(r.get("http_user_agent", "") for r in requests)
    statuses = Counter(str(t["status"]) for t in transactions if "status" in t)

    expected = EXPECTED[name]
    want_targets = Counter(expected["http_targets"])
    want_agents = Counter(expected["http_user_agents"])
    want_statuses = Counter(expected["http_statuses"])
    del want_statuses["100"]  # no response of its own, RFC 9110 section 15.2
    if name in TUNNELLED:
        target, agent, status = TUNNELLED[name]
        want_targets[target] += 1
        want_agents[agent] += 1
        want_statuses[status] += 1
    assert targets == want_targets
    assert agents == want_agents
    assert statuses == want_statuses


@captures
def test_server_names_are_as_expected(events_of, name):
    names = Counter(e["tls"].get("sni", "")
                    for e in events_of(name).of_type("tls"))
    assert names + HELLOS_AGAIN.get(name, Counter()) == \
        Counter(EXPECTED[name]["tls_server_names"])


@captures
def test_flows_are_as_expected(events_of, name):
    flows = Counter(e["proto"] for e in events_of(name).of_type("flow"))
    assert flows["TCP"] == EXPECTED[name]["tcp_flows"]
    assert flows["UDP"] == EXPECTED[name]["udp_flows"]


@captures
def test_what_came_in_adds_up(events_of, name):
    stats = events_of(name).stats
    assert stats["decoder.pkts"] == EXPECTED[name]["packets"]
    assert stats["decoder.pkts"] == sum(
        stats[f"decoder.{end}"] for end in (
            "decoded", "held_fragments", "not_ip", "unknown_link_type",
            "truncated", "invalid"))
    assert stats["defrag.fragments"] == EXPECTED[name]["ip_fragments"]


@captures
def test_vlans_are_as_expected(events_of, name):
    seen = {".".join(map(str, e["vlan"])) for e in events_of(name).events
            if "vlan" in e}
    assert seen == set(EXPECTED[name]["vlans"])


@captures
def test_events_have_eve_s_header_and_no_other_names(events_of, name):
    for event in events_of(name).events:
        if event["event_type"] == "beacon":
            assert set(event) <= PAIR, event
            continue
        assert set(event) <= TOP_LEVEL, event
        assert TIMESTAMP.fullmatch(event["timestamp"]), event
        if event["event_type"] == "stats":
            continue
        assert HEADER <= set(event), event
        assert event["pcap_filename"] == str(PCAPS / name)
        assert event["event_type"] in event, "the object of its type"
        if event["proto"] in ("TCP", "UDP"):
            assert {"src_port", "dest_port", "community_id"} <= set(event)


@captures
def test_each_event_is_a_line_of_its_own(events_of, name):
    output = events_of(name).output
    assert output.endswith(b"\n")
    assert b"\n\n" not in output and b"\r" not in output


@pytest.mark.parametrize("wanted", [
    {"alert"}, {"dns"}, {"http"}, {"tls"}, {"flow"}, {"stats"},
    {"beacon"}, {"alert", "dns", "http"},
    {"alert", "beacon", "dns", "http", "tls", "flow", "stats"},
])
def test_only_the_types_that_were_asked_for_are_written(tmp_path, wanted):
    result = hunt(PCAPS / "attack.pcap", case_iocs(tmp_path),
                  "--events", ",".join(sorted(wanted)))
    assert {e["event_type"] for e in result.events} == wanted


def test_without_being_asked_it_writes_alerts_only(tmp_path):
    result = hunt(PCAPS / "attack.pcap", case_iocs(tmp_path))
    assert {e["event_type"] for e in result.events} == {"alert"}


def test_a_type_that_is_unknown_is_refused(tmp_path):
    result = run("-r", PCAPS / "attack.pcap", "--iocs", case_iocs(tmp_path),
                 "--events", "nonsense")
    assert result.status == 2
    assert "nonsense" in result.messages
    assert result.output == b""


def test_dns_version_2_is_suricata_7_s(tmp_path):
    """There each question is a line, and an answer's source is who asked."""
    config = tmp_path / "c.yaml"
    config.write_text("outputs:\n  dns_version: 2\n")
    result = hunt(PCAPS / "dns.pcap", case_iocs(tmp_path), "-c", config,
                  "--events", "dns")
    kinds = Counter(e["dns"]["type"] for e in result.events)
    assert kinds == {"query": EXPECTED["dns.pcap"]["dns_queries"],
                     "answer": EXPECTED["dns.pcap"]["dns_answers"]}
    questions = Counter(f"{e['dns']['rrname']} {e['dns']['rrtype']}"
                        for e in result.events if e["dns"]["type"] == "query")
    assert questions == EXPECTED["dns.pcap"]["dns_questions"]
