"""Running egress-sensor from tests: its program, captures, and what it says."""

import collections
import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("EGRESS_BUILD", "build") / "egress-sensor"
PCAPS = ROOT / "pcaps"
BUNDLED = ROOT / "iocs" / "bundled"
# What tshark finds in the captures; pcaps/expect made it.
EXPECTED = json.loads((PCAPS / "expected.json").read_text())

# Long for a machine that is busy; whoever runs into it hangs.
RUN_S = 120

# The published indicators of the attack that attack.pcap imitates, one of
# each type, so that tests do not depend on what is bundled.
CASE_IOCS = {
    "domain": "sfrclak.com",
    "ip": "142.11.206.73",
    "url": "http://sfrclak.com:8000/6202033",
    "path": "/6202033",
    "user_agent":
        "mozilla/4.0 (compatible; msie 8.0; windows nt 5.1; trident/4.0)",
    "http_body": "packages.npm.org/product2",
}

ATTACKED = "10.20.0.11"
C2 = "142.11.206.73"
RESOLVER = "10.20.0.53"


def case_iocs(directory):
    """CASE_IOCS as a CSV feed in the directory; its path."""
    path = Path(directory) / "case.csv"
    rows = [f'{kind},"{value}",90' for kind, value in CASE_IOCS.items()]
    path.write_text("type,value,confidence\n" + "\n".join(rows) + "\n")
    return path


def by_indicator(alert):
    return alert["alert"]["context"]["detector"] == "indicator"


class Result:
    """What a run left behind."""

    def __init__(self, status, output, messages):
        self.status = status
        self.output = output
        self.messages = messages
        self.lines = output.decode().splitlines()

    @property
    def events(self):
        return [json.loads(line) for line in self.lines]

    def of_type(self, event_type):
        return [e for e in self.events if e["event_type"] == event_type]

    @property
    def alerts(self):
        """Indicators' alone; what timing and profiles say is `behaviour`."""
        return [e for e in self.of_type("alert") if by_indicator(e)]

    @property
    def behaviour(self):
        return [e for e in self.of_type("alert") if not by_indicator(e)]

    @property
    def stats(self):
        """The last stats event, flat: "flow.total" to its number."""
        event = self.of_type("stats")[-1]
        found = dict(event["metadata"]["flowints"])

        def walk(prefix, node):
            for key, value in node.items():
                if isinstance(value, dict):
                    walk(f"{prefix}{key}.", value)
                else:
                    found[prefix + key] = value

        walk("", event["stats"])
        return found


def run(*arguments, stdin=None, program=PROGRAM, env=None):
    """Run the sensor to its end; what it says on stderr is text."""
    done = subprocess.run(
        [str(program), *map(str, arguments)], input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None, env=env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=RUN_S)
    messages = done.stderr.decode()
    assert "Sanitizer" not in messages and "runtime error" not in messages, \
        messages
    assert done.returncode >= 0, f"signal {-done.returncode}: {messages}"
    return Result(done.returncode, done.stdout, messages)


def hunt(capture, iocs, *arguments):
    """A run over stored captures that must succeed."""
    result = run("-r", capture, "--iocs", iocs, *arguments)
    assert result.status == 0, result.messages
    return result


# A hit as the documents name it, without what differs from run to run.
Found = collections.namedtuple("Found", "where source destination value")


def found(event):
    context = event["alert"]["context"]
    return Found(context["indicator"]["where"], event["src_ip"],
                 event["dest_ip"], context["indicator"]["value"])


def hits(events):
    """Each indicator's fact with how often it was met, as last reported."""
    counts = {}
    for event in filter(by_indicator, events):
        counts[found(event)] = event["alert"]["context"]["count"]
    return counts


def where(events):
    return {found(event).where for event in events}


# What README.md of the captures documents of attack.pcap, for CASE_IOCS: 12
# POSTs, 11 of them by the RAT, 24 queries of which 12 (A) have an answer.  Of a
# URL and its path the URL alone is reported.
ATTACK_HITS = {
    Found("dns.query", ATTACKED, RESOLVER, "sfrclak.com"): 24,
    Found("dns.answer", ATTACKED, RESOLVER, C2): 12,
    Found("flow.dest", ATTACKED, C2, C2): 12,
    Found("http.host", ATTACKED, C2, "sfrclak.com"): 12,
    Found("http.url", ATTACKED, C2, "http://sfrclak.com:8000/6202033"): 12,
    Found("http.user_agent", ATTACKED, C2, CASE_IOCS["user_agent"]): 11,
    Found("http.request_body", ATTACKED, C2, CASE_IOCS["http_body"]): 1,
}


class Sensor:
    """A sensor that runs beside the test; its words are collected."""

    def __init__(self, *arguments, prefix=(), fed=False):
        """`prefix`: a command that runs it; `fed`: its input is the test's."""
        self.process = subprocess.Popen(
            [*prefix, str(PROGRAM), *map(str, arguments)],
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.messages = [], []
        self.readers = [
            threading.Thread(target=self.collect, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.lines),
                         (self.process.stderr, self.messages))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def collect(stream, to):
        for line in stream:
            to.append(line.decode(errors="replace").rstrip("\n"))

    @property
    def events(self):
        return [json.loads(line) for line in list(self.lines)]

    @property
    def alerts(self):
        return [e for e in self.events
                if e["event_type"] == "alert" and by_indicator(e)]

    def wait_until(self, condition, what):
        def look():
            value = condition()
            assert value or self.process.poll() is None, \
                f"ended ({self.process.returncode}) before {what}: " \
                f"{self.messages}"
            return value
        return wait_until(look, f"{what}; it said {self.messages}")

    def wait_for(self, text, times=1):
        """Until it has said `text` so often."""
        return self.wait_until(
            lambda: sum(text in m for m in list(self.messages)) >= times,
            f"{text!r}, {times} times")

    def feed(self, octets):
        self.process.stdin.write(octets)
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, number=None):
        """Ask it to end, by a signal or the end of its input; its status."""
        if number is not None:
            self.signal(number)
        elif self.process.stdin is not None:
            self.process.stdin.close()
        status = self.process.wait(RUN_S)
        for reader in self.readers:
            reader.join(10)
        said = "\n".join(self.messages)
        assert "Sanitizer" not in said and "runtime error" not in said, said
        return status

    def stop(self):
        """After a test, however it ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def start_sensor():
    """A function that starts a Sensor; what still runs at the end is ended."""
    running = []

    def start(*arguments, **options):
        running.append(Sensor(*arguments, **options))
        return running[-1]

    yield start
    for one in running:
        one.stop()
