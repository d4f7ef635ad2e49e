"""What is recognised without an indicator: implants' profiles and timing.

Expected values are those of pcaps/README.md: in the renamed attacks the RAT's
messages begin at 00:24:27 UTC, the second follows at once, then one comes
every 60.002 s or a little more, eleven in all.
"""

import json
import re

import pytest

from sensor import ATTACKED, BUNDLED, C2, PCAPS, hunt, run

RENAMED, RENAMED_C2 = "10.20.0.27", "203.0.113.80"
BEACON_S = 60.002


@pytest.fixture(name="iocs")
def nothing_known(tmp_path):
    """Indicators that nothing meets."""
    path = tmp_path / "none.txt"
    path.write_text("unmet.example\n")
    return path


def profiles(result):
    return [e for e in result.behaviour
            if e["alert"]["context"]["detector"] == "rat_profile"]


def last_by_profile(result):
    return {e["alert"]["context"]["profile"]["id"]: e
            for e in profiles(result)}


@pytest.mark.parametrize("name,source,c2", [
    ("attack.pcap", ATTACKED, C2),
    ("attack-renamed.pcap", RENAMED, RENAMED_C2),
    ("attack-renamed-agent.pcap", RENAMED, RENAMED_C2)])
def test_the_rat_is_named_by_its_first_message(iocs, name, source, c2):
    result = hunt(PCAPS / name, iocs)
    assert result.alerts == []
    first = next(e for e in profiles(result) if e["alert"]["context"]
                 ["profile"]["id"] == "axios-rat-beacon")
    assert (first["src_ip"], first["dest_ip"], first["dest_port"]) == \
        (source, c2, 8000)
    assert first["alert"]["context"]["count"] == 1
    assert first["timestamp"].startswith("2026-03-31T00:24:2")


def test_timing_confirms_it_within_five_beacons(iocs):
    result = hunt(PCAPS / "attack-renamed-agent.pcap", iocs)
    timed = next(e for e in profiles(result)
                 if e["alert"]["context"]["profile"]["timed"])
    context = timed["alert"]["context"]
    # FirstInfo and at once a BaseInfo, then the loop: five beacons are six.
    assert context["count"] <= 6
    assert abs(context["beacon"]["interval"] - BEACON_S) < 0.01


def test_at_the_end_all_messages_were_counted(iocs):
    last = last_by_profile(hunt(PCAPS / "attack-renamed.pcap", iocs))
    assert last["axios-rat-beacon"]["alert"]["context"]["count"] == 11
    assert last["axios-rat-delivery"]["alert"]["context"]["count"] == 1


def test_reports_of_one_implant_share_their_id(iocs):
    ids = {e["alert"]["context"]["hit_id"]
           for e in profiles(hunt(PCAPS / "attack-renamed-agent.pcap", iocs))}
    assert len(ids) == 1 and re.fullmatch("[0-9a-f]{32}", ids.pop())


@pytest.mark.parametrize("indicators", ["none", "bundled"])
def test_the_benign_hour_is_silent(iocs, indicators):
    known = iocs if indicators == "none" else BUNDLED
    assert hunt(PCAPS / "benign-hour.pcap", known).output == b""


def beacons(result):
    return {(e["src_ip"], e["beacon"].get("host")): e["beacon"]
            for e in result.of_type("beacon")}


def test_a_beacon_event_shows_the_rhythm_and_the_score(iocs):
    found = beacons(hunt(PCAPS / "attack-renamed.pcap", iocs,
                         "--events", "beacon"))
    beacon = found[RENAMED, "example.net"]
    assert beacon["score"] > 0.9
    assert abs(beacon["interval"] - BEACON_S) < 0.01
    assert beacon["jitter"] < 0.01
    assert len(beacon["histogram"]) == 16
    assert [x for x in beacon["recent_intervals"]
            if abs(x - BEACON_S) < 0.01]


def test_scores_are_shares_and_nothing_is_a_nan(iocs):
    result = hunt(PCAPS, iocs, "--events", "beacon", "--zip-password",
                  "infected")
    assert b"NaN" not in result.output and b"null" not in result.output
    for beacon in beacons(result).values():
        assert 0 <= beacon["score"] <= 1


def loops(tmp_path, text):
    path = tmp_path / "sensor.yaml"
    path.write_text(text)
    return path


BUILD = """
segments:
  - name: build
    role: build-server
    networks: [10.20.0.0/24]
"""


def test_on_a_build_server_a_rhythm_alone_is_a_hit(tmp_path, iocs):
    result = hunt(PCAPS / "attack-renamed-agent.pcap", iocs, "-c",
                  loops(tmp_path, BUILD))
    timing = [e for e in result.behaviour
              if e["alert"]["context"]["detector"] == "beacon"]
    assert {e["alert"]["context"]["beacon"]["host"] for e in timing} == \
        {"example.net"}
    assert {e["alert"]["context"]["role"] for e in timing} == \
        {"build-server"}


def test_thresholds_of_a_role_can_be_set(tmp_path, iocs):
    path = loops(tmp_path, BUILD + """
detection:
  beacons:
    roles:
      - role: build-server
        score: 0.8
        count: 1000
        span_s: 0
""")
    result = hunt(PCAPS / "attack-renamed-agent.pcap", iocs, "-c", path)
    assert {e["alert"]["context"]["detector"] for e in result.behaviour} == \
        {"rat_profile"}


def test_timing_can_be_switched_off(tmp_path, iocs):
    path = loops(tmp_path, "detection:\n  beacons:\n    enabled: false\n")
    result = hunt(PCAPS / "attack-renamed-agent.pcap", iocs, "-c", path,
                  "--events", "alert,beacon")
    assert result.of_type("beacon") == []
    assert profiles(result)


def test_a_profile_of_ones_own_takes_the_place_of_the_bundled(tmp_path, iocs):
    bundled = PCAPS.parent / "iocs/profiles/telnyx-wav.json"
    own = tmp_path / "own.json"
    own.write_text(json.dumps(json.loads(bundled.read_text())))
    path = loops(tmp_path, f"indicators:\n  profiles: [{own}]\n")
    result = hunt(PCAPS / "attack-renamed-agent.pcap", iocs, "-c", path)
    assert profiles(result) == []


def test_a_broken_profile_is_an_error_at_the_start(tmp_path, iocs):
    own = tmp_path / "own.json"
    own.write_text('{"id": "x", "wieght": 3}')
    path = loops(tmp_path, f"indicators:\n  profiles: [{own}]\n")
    result = run("-r", PCAPS / "web.pcap", "--iocs", iocs, "-c", path)
    assert result.status == 2
    assert "own.json" in result.messages and "wieght" in result.messages


@pytest.mark.parametrize("service", [
    "example.net", RENAMED_C2, "203.0.113.0/24", RENAMED_C2 + ":8000"])
def test_a_trusted_service_s_rhythm_is_no_hit(tmp_path, iocs, service):
    trusted = tmp_path / "trusted.txt"
    trusted.write_text(service + "\n")
    path = loops(tmp_path,
                 BUILD + f"indicators:\n  allow: [{trusted}]\n")
    result = hunt(PCAPS / "attack-renamed-agent.pcap", iocs, "-c", path,
                  "--events", "alert,beacon")
    assert {e["alert"]["context"]["detector"] for e in result.behaviour} == \
        {"rat_profile"}
    beacon = beacons(result)[RENAMED, "example.net"]
    assert "trusted_service" in beacon["lowered_by"]
