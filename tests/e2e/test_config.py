"""The configuration file: what it sets, what is refused, who wins."""

import socket

import pytest

from packets import BEGIN_US, dns_query, http_get, write_pcap
from sensor import (ATTACK_HITS, PCAPS, ROOT, case_iocs, found, hits, hunt,
                    run, where)

ATTACK = PCAPS / "attack.pcap"
FULL = """\
sensor_name: tap-1
capture:
  filter: "not port 123"
  workers: 2
  zip_password: hush
segments:
  - name: build
    role: build-server
    networks: [10.20.0.0/16, "2001:db8:20::/48"]
  - name: office
    role: workstation
    networks: [10.30.0.0/16, 203.0.113.64/26]
    vlans: [30, 31]
detection:
  repeat_s: 60
outputs:
  sinks: ["-", "redis://sensor:secret@127.0.0.1/0?mode=stream&key=hits"]
  events: [alert, dns]
limits:
  flows: 5000
  timeouts:
    udp_s: 90
"""


@pytest.fixture
def iocs(tmp_path):
    return case_iocs(tmp_path)


@pytest.fixture
def config(tmp_path):
    """A function that writes a configuration; its path."""
    def write(text):
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return path
    return write


# A file, the line of what is wrong, and words of the message.
REFUSED = [
    ("colour: blue\n", 1, "colour"),
    ("capture:\n  filter: tcp\n  snaplen: 100\n", 3, "snaplen"),
    ("limits:\n  timeouts:\n    udp: 5\n", 3, "udp"),
    ("limits:\n  flows: many\n", 2, "many"),
    ("limits:\n  flows: 1\n", 2, "16"),
    ("limits:\n  flows: -5\n", 2, "flows"),
    ("capture:\n  promiscuous: perhaps\n", 2, "perhaps"),
    ("capture:\n  workers: 1\n  workers: 2\n", 3, "workers"),
    ("capture:\n  filter: 'foo bar baz'\n", 2, "filter"),
    ("segments:\n  - name: a\n    networks: [10.20.0.0/33]\n", 3,
     "10.20.0.0/33"),
    ("segments:\n  - name: a\n    networks: [0.0.0.0/0]\n", 3, "0.0.0.0/0"),
    ("segments:\n  - name: a\n    vlans: [5000]\n", 3, "5000"),
    ("segments:\n  - role: b\n    vlans: [5]\n", 2, "name"),
    ("segments:\n  - name: a\n    vlans: [1]\n  - name: a\n    vlans: [2]\n",
     4, "a"),
    ("outputs:\n  events: [alert, nonsense]\n", 2, "nonsense"),
    ("outputs:\n  sinks: ['redis://host:99999']\n", 2, "port"),
    ("outputs:\n  dns_version: 4\n", 2, "dns_version"),
    ("capture: [\n", 2, ""),
    ("- a\n- b\n", 1, ""),
    ("a: &x 1\ncapture: *x\n", 1, ""),
]


@pytest.mark.parametrize("text, line, said", REFUSED)
def test_what_is_wrong_is_refused_with_file_line_and_reason(
        config, iocs, text, line, said):
    path = config(text)
    result = run("-c", path, "-r", ATTACK, "--iocs", iocs)
    assert result.status == 2
    assert result.output == b""
    places = [m for m in result.messages.splitlines()
              if m.startswith(f"{path}:{line}: ")]
    assert places and said in places[0], result.messages


def test_several_mistakes_are_all_reported(config, iocs):
    path = config("colour: blue\nlimits:\n  flows: many\n  bees: 3\n")
    result = run("-c", path, "--check", "--iocs", iocs)
    assert result.status == 2
    for line in (1, 3, 4):
        assert f"{path}:{line}: " in result.messages


def test_a_file_that_is_not_there_is_refused(tmp_path, iocs):
    result = run("-c", tmp_path / "none.yaml", "--check", "--iocs", iocs)
    assert result.status == 2
    assert str(tmp_path / "none.yaml") in result.messages


def test_an_empty_file_changes_nothing(config, iocs):
    result = run("-c", config("# nothing yet\n"), "-r", ATTACK, "--iocs", iocs)
    assert result.status == 0
    assert hits(result.alerts) == ATTACK_HITS


@pytest.mark.parametrize("text", [FULL, "", "{}\n"],
                         ids=["full", "empty", "braces"])
def test_check_prints_a_configuration_with_the_same_effect(config, iocs, text):
    first = run("-c", config(text), "--check", "--iocs", iocs)
    assert first.status == 0, first.messages
    again = run("-c", config(first.output.decode()), "--check")
    assert again.status == 0, again.messages
    assert again.output == first.output


def test_check_shows_what_is_in_force_without_secrets(config, iocs):
    result = run("-c", config(FULL), "--check", "--iocs", iocs, "-f",
                 "tcp port 80")
    text = result.output.decode()
    assert "secret" not in text and "hush" not in text
    for value in ("tap-1", "tcp port 80", "5000", "build-server",
                  "10.20.0.0/16", "2001:db8:20::/48", str(iocs), "udp_s: 90",
                  "tcp_closed_s: 10"):
        assert value in text, value
    assert "not port 123" not in text


def test_the_example_is_what_is_in_force_without_it(iocs):
    example = ROOT / "docs" / "egress-sensor.yaml"
    with_it = run("-c", example, "--check", "--iocs", iocs)
    without = run("--check", "--iocs", iocs)
    assert with_it.status == 0, with_it.messages
    assert with_it.output == without.output


def test_check_of_stored_captures_reads_none(iocs, tmp_path):
    result = run("--check", "--iocs", iocs, "-r", tmp_path / "later.pcap")
    assert result.status == 0
    assert "alert" in result.output.decode(), "the configuration, no events"


def test_the_sensor_has_the_machine_s_name_or_its_own(config, iocs):
    own = hunt(ATTACK, iocs, "-c", config("sensor_name: tap-build-1\n"))
    assert {e["host"] for e in own.events} == {"tap-build-1"}
    assert {e["host"] for e in hunt(ATTACK, iocs).events} == \
        {socket.gethostname()}


# ---- the command line wins ----

def test_the_filter_of_the_command_line_wins(config, iocs):
    path = config("capture:\n  filter: 'not port 8000'\n")
    assert where(hunt(ATTACK, iocs, "-c", path).alerts) == \
        {"dns.query", "dns.answer"}
    assert where(hunt(ATTACK, iocs, "-c", path, "-f",
                      "port 53").alerts) == {"dns.query", "dns.answer"}
    assert hits(hunt(ATTACK, iocs, "-c", path, "-f", "").alerts) == \
        ATTACK_HITS, "an empty one removes it"


def test_events_of_the_command_line_win(config, iocs):
    path = config("outputs:\n  events: [dns]\n")
    assert {e["event_type"] for e in hunt(ATTACK, iocs, "-c", path).events} \
        == {"dns"}
    assert {e["event_type"]
            for e in hunt(ATTACK, iocs, "-c", path, "--events",
                          "http").events} == {"http"}


def test_sinks_of_the_command_line_win(config, iocs, tmp_path):
    path = config(f"outputs:\n  sinks: ['{tmp_path}/config.json']\n")
    assert hunt(ATTACK, iocs, "-c", path).output == b""
    before = (tmp_path / "config.json").read_bytes()
    assert before
    assert hits(hunt(ATTACK, iocs, "-c", path, "-o", "-").alerts) == \
        ATTACK_HITS
    assert (tmp_path / "config.json").read_bytes() == before


def test_indicators_of_the_command_line_win(config, iocs, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("other.example.net\n")
    path = config(f"indicators:\n  paths: ['{iocs}']\n")
    result = run("-c", path, "-r", ATTACK)
    assert hits(result.alerts) == ATTACK_HITS
    assert run("-c", path, "-r", ATTACK, "--iocs", other).alerts == []


def test_interfaces_of_the_file_are_for_runs_without_r(config, iocs):
    path = config("capture:\n  interfaces: [nosuch0]\n")
    assert hits(run("-c", path, "-r", ATTACK, "--iocs", iocs).alerts) == \
        ATTACK_HITS
    live = run("-c", path, "--iocs", iocs)
    assert live.status == 1
    assert "nosuch0" in live.messages


# ---- segments ----

def segment(event):
    context = event["alert"]["context"]
    return context.get("segment"), context.get("role")


def flowvars(event):
    return {v["key"]: v["value"]
            for v in event.get("metadata", {}).get("flowvars", [])}


SEGMENTS = """\
segments:
  - name: everything of ours
    networks: [10.0.0.0/8]
  - name: build
    role: build-server
    networks: [10.20.0.0/24]
  - name: office
    role: workstation
    networks: [10.30.0.0/24]
"""


def test_hits_name_the_segment_with_the_longest_network(config, iocs):
    alerts = hunt(ATTACK, iocs, "-c", config(SEGMENTS)).alerts
    assert {segment(e) for e in alerts} == {("build", "build-server")}


def test_without_segments_what_is_private_is_internal(iocs):
    assert {segment(e)[1] for e in hunt(ATTACK, iocs).alerts} == {None}


def test_other_events_name_segments_in_flowvars(config, iocs):
    events = hunt(ATTACK, iocs, "-c", config(SEGMENTS), "--events",
                  "dns,http,tls,flow").events
    for event in events:
        if event["src_ip"] != "10.20.0.11":
            continue
        seen = flowvars(event)
        assert seen["src_segment"] == "build"
        assert seen["src_role"] == "build-server"
        if event["dest_ip"] == "142.11.206.73":
            assert "dest_segment" not in seen, "outside"


VLAN_SEGMENTS = """\
segments:
  - name: any
    networks: [10.20.0.0/24]
  - name: twenty
    role: build-server
    networks: [10.20.0.0/24]
    vlans: [20]
  - name: thirty
    vlans: [30, 31]
"""


@pytest.mark.parametrize("source, vlan, expected", [
    ("10.20.0.11", 20, ("twenty", "build-server")),
    ("10.20.0.11", None, ("any", None)),
    ("10.20.0.11", 21, ("any", None)),
    ("192.168.7.7", 30, ("thirty", None)),
    ("192.168.7.7", 31, ("thirty", None)),
])
def test_vlans_narrow_a_segment(config, tmp_path, source, vlan, expected):
    capture = write_pcap(tmp_path / "v.pcap", [
        (BEGIN_US, dns_query("evil.example.net", source=source, vlan=vlan)),
        *http_get("evil.example.net", source=source, vlan=vlan,
                  time_us=BEGIN_US + 1000)])
    feed = tmp_path / "feed.txt"
    feed.write_text("evil.example.net\n")
    alerts = hunt(capture, feed, "-c", config(VLAN_SEGMENTS)).alerts
    assert where(alerts) == {"dns.query", "http.host"}
    assert {segment(e) for e in alerts} == {expected}
    assert {tuple(e.get("vlan", ())) for e in alerts} == \
        {() if vlan is None else (vlan,)}


def test_the_recorded_vlans_are_segments_too(config, tmp_path):
    """vlan.pcap: 20 by 802.1Q, 30 inside 100 by 802.1ad."""
    names = tmp_path / "feed.txt"
    names.write_text("example.org\n")
    text = "segments:\n" \
        "  - {name: single, vlans: [20]}\n  - {name: double, vlans: [30]}\n"
    alerts = hunt(PCAPS / "vlan.pcap", names, "-c", config(text)).alerts
    of_vlan = {tuple(e["vlan"]): segment(e)[0] for e in alerts}
    assert of_vlan == {(20,): "single", (100, 30): "double"}


def test_public_addresses_of_a_segment_are_internal(config, tmp_path):
    """Then their hits have a segment, and they are no egress themselves."""
    capture = write_pcap(tmp_path / "p.pcap", http_get(
        "evil.example.net", source="203.0.113.70",
        destination="198.51.100.9"))
    feed = tmp_path / "feed.txt"
    feed.write_text("evil.example.net\n")
    text = "segments:\n  - name: office\n    networks: [203.0.113.64/26]\n"
    alerts = hunt(capture, feed, "-c", config(text)).alerts
    assert [(found(e).where, segment(e)[0]) for e in alerts] == \
        [("http.host", "office")]


# ---- usage ----

@pytest.mark.parametrize("arguments, said", [
    (("--nonsense",), "--nonsense"), (("-r",), "--read"),
    (("stray.pcap",), "stray.pcap"), (("-r", "x", "--workers", "no"), "no"),
    (("-r", "x", "--workers", "300"), "300"), (("-r", "x", "-f"), "--filter"),
    (("-r", "x", "-o", "redis://h:0"), "port"),
    (("-r", "x", "-o", "ftp://h/"), "scheme"),
])
def test_wrong_usage_is_refused_with_a_reason(iocs, arguments, said):
    result = run(*arguments, "--iocs", iocs)
    assert result.status == 2
    assert result.output == b""
    assert said in result.messages


def test_help_and_version_go_to_standard_output():
    shown = run("--help")
    assert shown.status == 0 and b"--fail-on-hit" in shown.output
    version = run("--version")
    assert version.status == 0 and b"egress-sensor" in version.output
