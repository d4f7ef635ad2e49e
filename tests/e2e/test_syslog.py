"""The syslog sink against an rsyslogd, which reads RFC 5424 for itself."""

import json
import socket
import subprocess

import pytest

from conftest import free_port, wait_until
from sensor import PCAPS, case_iocs, run, start_sensor

ATTACK = PCAPS / "attack.pcap"
SCHEMES = ("syslog", "syslog+tcp")
EVENTS = ("--events", "alert,dns,http,tls,flow")

# As docs/consumers.md has it, with one more file for what the header said.
CONFIG = """\
global(workDirectory="{directory}" maxMessageSize="256k")
module(load="imtcp" maxFrameSize="262144")
module(load="imudp")
module(load="mmjsonparse")
template(name="eve" type="string" string="%msg%\\n")
template(name="header" type="list") {{
    property(name="syslogfacility-text") constant(value=" ")
    property(name="syslogseverity") constant(value=" ")
    property(name="timestamp" dateFormat="rfc3339") constant(value=" ")
    property(name="hostname") constant(value=" ")
    property(name="app-name") constant(value=" ")
    property(name="procid") constant(value=" ")
    property(name="msgid") constant(value=" ")
    property(name="structured-data") constant(value=" ")
    property(name="$!alert!severity") constant(value="\\n")
}}
ruleset(name="egress") {{
    action(type="omfile" file="{directory}/eve.json" template="eve")
    action(type="mmjsonparse" cookie="")
    action(type="omfile" file="{directory}/header.txt" template="header")
}}
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="egress")
input(type="imudp" address="127.0.0.1" port="{port}" ruleset="egress")
"""

FIELDS = ("facility", "severity", "timestamp", "hostname", "app_name",
          "procid", "msgid", "structured_data", "hit_severity")


class Rsyslog:
    """An rsyslogd of its own, on a loopback port, TCP and UDP."""

    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.process = None

    def is_listening(self):
        log = (self.directory / "log").read_text()
        assert self.process.poll() is None, log
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self):
        config = self.directory / "rsyslog.conf"
        config.write_text(CONFIG.format(directory=self.directory, port=self.port))
        with (self.directory / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["rsyslogd", "-n", "-f", str(config),
                 "-i", str(self.directory / "pid")], stdout=log, stderr=log)
        wait_until(self.is_listening, "rsyslogd listens")
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def read(self, name):
        path = self.directory / name
        return path.read_text().splitlines() if path.exists() else []

    def wait_for_lines(self, count):
        wait_until(lambda: len(self.read("eve.json")) >= count
                   and len(self.read("header.txt")) >= count, f"{count} messages")
        return self.read("eve.json")

    @property
    def headers(self):
        return [dict(zip(FIELDS, line.split(" "))) for line in self.read("header.txt")]


@pytest.fixture
def rsyslog(tmp_path_factory):
    server = Rsyslog(tmp_path_factory.mktemp("rsyslog"))
    yield server
    server.stop()


@pytest.fixture
def read_attack(tmp_path, monkeypatch):
    """A function that reads attack.pcap into a sink beside standard output."""
    iocs = case_iocs(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))

    def read(sink, *arguments):
        result = run("-r", ATTACK, "--iocs", iocs, "-o", "-", "-o", sink,
                     *arguments)
        assert result.status == 0, result.messages
        return result.lines

    return read


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_event_arrives_as_it_is_in_order(rsyslog, read_attack, scheme):
    rsyslog.start()
    expected = read_attack(f"{scheme}://127.0.0.1:{rsyslog.port}", *EVENTS)
    assert len(expected) > 50
    assert rsyslog.wait_for_lines(len(expected)) == expected


def test_the_header_says_what_the_event_is(rsyslog, read_attack):
    rsyslog.start()
    expected = [json.loads(line) for line in read_attack(
        f"syslog+tcp://127.0.0.1:{rsyslog.port}?facility=local3&app=tap-1", *EVENTS)]
    rsyslog.wait_for_lines(len(expected))
    hostname = socket.gethostname()
    for event, header in zip(expected, rsyslog.headers, strict=True):
        assert header["facility"] == "local3"
        assert header["app_name"] == "tap-1"
        assert header["hostname"] == hostname
        assert header["structured_data"] == "-"
        # dns events may be mdns in EVE; the type asked for is MSGID.
        assert event["event_type"].endswith(header["msgid"])
        # RFC 5424 table 2: 1 alert, 4 warning, 5 notice, 6 informational.
        severity = event.get("alert", {}).get("severity")
        assert header["severity"] == {1: "1", 2: "4", 3: "5", None: "6"}[severity]
        assert header["hit_severity"] == str(severity or "")
    assert {h["severity"] for h in rsyslog.headers} >= {"1", "6"}
    stamps = [h["timestamp"] for h in rsyslog.headers]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_comes_late_gets_all(rsyslog, start_sensor, tmp_path, monkeypatch, scheme):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    sensor = start_sensor("-r", ATTACK, "--iocs", case_iocs(tmp_path), "-o", "-", "-o",
                          f"{scheme}://127.0.0.1:{rsyslog.port}")
    sensor.wait_for("Connection refused")
    rsyslog.start()
    assert sensor.end() == 0, sensor.messages
    assert sensor.lines
    found = rsyslog.wait_for_lines(len(sensor.lines))
    # A datagram may be refused after the next was sent: twice, never not.
    assert sorted(set(found)) == sorted(sensor.lines)
