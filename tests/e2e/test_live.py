"""Live capture, on cables between namespaces of the test's own."""

import collections
import os
import shutil
import signal
import tempfile

import pytest

from network import cables, may_make_networks
from packets import BEGIN_US, dns_query, write_pcap
from sensor import (ATTACK_HITS, EXPECTED, PCAPS, PROGRAM, case_iocs, hits,
                    hunt, run, start_sensor)

ATTACK = PCAPS / "attack.pcap"
PACKETS = EXPECTED["attack.pcap"]["packets"]
CLIENTS = "10.20.0.11/32"


@pytest.fixture
def iocs(tmp_path):
    return case_iocs(tmp_path)


@pytest.fixture
def listen(cables, iocs, start_sensor):
    """A function that starts a sensor at the end of so many cables."""
    Listening = collections.namedtuple("Listening", "sensor cables")

    def start(*arguments, count=1):
        laid = cables(count)
        interfaces = [a for name in laid.interfaces for a in ("-i", name)]
        sensor = start_sensor(*interfaces, "--iocs", iocs, *arguments,
                              prefix=laid.prefix)
        sensor.wait_for("capturing")
        return Listening(sensor, laid)

    return start


def alert_set(events):
    return {(e["alert"]["signature_id"], e["src_ip"], e["dest_ip"],
             e["alert"]["context"]["indicator"]["value"]) for e in events}


@pytest.fixture
def stored(iocs):
    return alert_set(hunt(ATTACK, iocs).alerts)


def wait_for_alerts(sensor, wanted):
    sensor.wait_until(lambda: alert_set(sensor.alerts) >= wanted,
                      f"{len(wanted)} alerts")


def flat(messages):
    """Statistics as they were printed: "flow.total" to its number."""
    return {name: int(value) for name, value in
            (m.split(": ") for m in messages
             if m.count(": ") == 1 and m.rsplit(" ", 1)[1].isdigit())}


@pytest.mark.parametrize("workers", ["1", "2", "3"])
def test_live_hits_are_those_of_the_stored_capture(listen, stored, workers):
    sensor, laid = listen("--workers", workers)
    laid.replay(ATTACK)
    wait_for_alerts(sensor, stored)
    assert sensor.end(signal.SIGTERM) == 0
    assert alert_set(sensor.alerts) == stored
    assert hits(sensor.alerts) == ATTACK_HITS, "each counted as often"
    assert {e["in_iface"] for e in sensor.alerts} == {"rx0"}
    assert all("pcap_filename" not in e for e in sensor.alerts)
    assert any(f"{PACKETS} packets" in m for m in sensor.messages)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_two_interfaces_with_one_direction_each_are_one_stream(
        listen, stored, tmp_path, workers):
    """As a tap delivers them."""
    sensor, laid = listen("--workers", workers, "--events", "alert,http",
                          count=2)
    laid.replay_by_direction(ATTACK, CLIENTS, tmp_path)
    wait_for_alerts(sensor, stored)
    assert sensor.end(signal.SIGTERM) == 0
    assert alert_set(sensor.alerts) == stored
    assert hits(sensor.alerts) == ATTACK_HITS
    exchanges = [e["http"] for e in sensor.events
                 if e["event_type"] == "http"]
    statuses = collections.Counter(str(h.get("status")) for h in exchanges
                                   if "http_method" in h)
    assert statuses == EXPECTED["attack.pcap"]["http_statuses"], \
        "request and response met"


def test_sigterm_drains_what_was_captured(listen, stored):
    """At once after the last packet was sent."""
    sensor, laid = listen()
    laid.replay(ATTACK)
    assert sensor.end(signal.SIGTERM) == 0
    assert alert_set(sensor.alerts) == stored


def test_sigint_does_the_same(listen, stored):
    sensor, laid = listen()
    laid.replay(ATTACK)
    assert sensor.end(signal.SIGINT) == 0
    assert alert_set(sensor.alerts) == stored


def test_fail_on_hit_counts_live_too(listen, stored):
    sensor, laid = listen("--fail-on-hit")
    laid.replay(ATTACK)
    wait_for_alerts(sensor, stored)
    assert sensor.end(signal.SIGTERM) == 3


def test_sigusr1_prints_statistics(listen, stored):
    sensor, laid = listen("--events", "alert,stats")
    laid.replay(ATTACK)
    wait_for_alerts(sensor, stored)

    def ask():
        sensor.messages.clear()
        sensor.signal(signal.SIGUSR1)
        sensor.wait_for("sink.lost")
        # A worker shows its counts now and then.
        return flat(sensor.messages).get("decoder.pkts") == PACKETS
    sensor.wait_until(ask, f"{PACKETS} packets in the statistics")
    printed = flat(sensor.messages)
    assert printed["detect.alert"] == len(ATTACK_HITS) + 3
    assert printed["capture.kernel_drops"] == 0
    assert printed["decoder.decoded"] + printed["decoder.not_ip"] == PACKETS
    sensor.wait_until(
        lambda: any(e["stats"]["decoder"]["pkts"] == PACKETS
                    for e in sensor.events if e["event_type"] == "stats"),
        "a stats event that says the same")
    assert sensor.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interface_that_goes_down_and_up_is_listened_to_again(
        listen, stored, workers):
    sensor, laid = listen("--workers", workers)
    laid.set(0, "down")
    sensor.wait_for("waiting for it to come back")
    laid.set(0, "up")
    sensor.wait_for("the interface is back")
    laid.replay(ATTACK)
    wait_for_alerts(sensor, stored)
    assert sensor.end(signal.SIGTERM) == 0
    assert alert_set(sensor.alerts) == stored


def test_an_interface_that_is_gone_may_come_back(listen, stored):
    sensor, laid = listen()
    laid.cut(0)
    sensor.wait_for("waiting for it to come back")
    laid.lay(0)
    sensor.wait_for("the interface is back")
    laid.replay(ATTACK)
    wait_for_alerts(sensor, stored)
    assert sensor.end(signal.SIGTERM) == 0


def test_one_interface_down_does_not_silence_the_other(listen, stored):
    sensor, laid = listen(count=2)
    laid.set(1, "down")
    sensor.wait_for("rx1: ")
    laid.replay(ATTACK)
    wait_for_alerts(sensor, stored)
    assert sensor.end(signal.SIGTERM) == 0


def test_the_filter_holds_live(listen):
    sensor, laid = listen("-f", "port 53")
    laid.replay(ATTACK)
    wanted = {f for f in ATTACK_HITS if f.where.startswith("dns.")}
    sensor.wait_until(lambda: hits(sensor.alerts).keys() >= wanted, "DNS hits")
    assert sensor.end(signal.SIGTERM) == 0
    assert hits(sensor.alerts) == {f: ATTACK_HITS[f] for f in wanted}


def test_sighup_takes_new_indicators_live(cables, tmp_path, start_sensor):
    feed = tmp_path / "feed.txt"
    feed.write_text("other.example.net\n")
    query = write_pcap(tmp_path / "q.pcap",
                       [(BEGIN_US, dns_query("evil.example.net"))])
    laid = cables()
    sensor = start_sensor("-i", "rx0", "--iocs", feed, prefix=laid.prefix)
    sensor.wait_for("capturing")
    feed.write_text("evil.example.net\n")
    sensor.signal(signal.SIGHUP)
    sensor.wait_for("indicator", times=2)

    def look():
        laid.replay(query)
        return sensor.alerts
    sensor.wait_until(look, "a hit")
    feed.write_text("")
    sensor.signal(signal.SIGHUP)
    sensor.wait_for("the old set stays")
    assert sensor.end(signal.SIGTERM) == 0


def test_interfaces_of_the_configuration_are_captured(
        cables, tmp_path, iocs, start_sensor, stored):
    laid = cables()
    config = tmp_path / "c.yaml"
    config.write_text("capture:\n  interfaces: [rx0]\n")
    sensor = start_sensor("-c", config, "--iocs", iocs, prefix=laid.prefix)
    sensor.wait_for("capturing")
    laid.replay(ATTACK)
    wait_for_alerts(sensor, stored)
    assert sensor.end(signal.SIGTERM) == 0


def test_an_interface_that_is_not_there_is_an_error(may_make_networks, iocs):
    result = run("-i", "nosuch0", "--iocs", iocs)
    assert result.status == 1
    assert "nosuch0" in result.messages


def test_without_permission_it_says_what_is_missing(cables):
    """As nobody, in a namespace where the interface is."""
    laid = cables()
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        program = shutil.copy(PROGRAM, directory)
        feed = case_iocs(directory)
        os.chmod(feed, 0o644)
        result = run(*laid.prefix[1:], "setpriv", "--reuid=65534",
                     "--regid=65534", "--clear-groups", program, "-i", "rx0",
                     "--iocs", feed, program="ip")
    assert result.status == 1
    assert "CAP_NET_RAW" in result.messages
