"""A capture with a hit in each packet, for tests that count what arrives."""

import json
import re

from packets import BEGIN_US, dns_query, pcap_header, pcap_record
from sensor import run

HEADER = pcap_header()
SEGMENTS = 6

# Confidence of the indicators in turn, and the severity that it makes.
CONFIDENCE = (90, 70, 40)

CONFIG = """\
segments:
{segments}
detection:
  beacons: {{enabled: false}}
outputs:
  wait_ms: {wait_ms}
  connect_timeout_ms: 200
  command_timeout_ms: 300
  drain_ms: {drain_ms}
  spool: {{mib: {mib}, sync: never}}
"""


class ManyHits:
    """Names c2-NNN.example, each asked for once, by a host of its own."""

    def __init__(self, directory, count=300):
        self.directory = directory
        self.count = count
        self.iocs = directory / "iocs.csv"
        self.iocs.write_text("type,value,confidence\n" + "".join(
            f"domain,{self.name(n)},{CONFIDENCE[n % 3]}\n"
            for n in range(count)))
        self.records = [
            pcap_record(BEGIN_US + n * 1000,
                        dns_query(self.name(n), self.source(n)))
            for n in range(count)]
        # A packet without a hit: a capture must have one.
        self.quiet_piece = pcap_record(BEGIN_US, dns_query("www.example.org"))

    @staticmethod
    def name(number):
        return f"c2-{number:03}.example"

    @staticmethod
    def source(number):
        return f"10.20.{number % SEGMENTS}.{number // SEGMENTS % 250 + 1}"

    def piece(self, begin, end):
        """Packets as they follow HEADER in a pipe."""
        return b"".join(self.records[begin:end])

    def config(self, name="sensor", wait_ms=20000, drain_ms=20000, mib=16):
        path = self.directory / f"{name}.yaml"
        path.write_text(CONFIG.format(
            wait_ms=wait_ms, drain_ms=drain_ms, mib=mib,
            segments="\n".join(f"  - {{name: s{n}, networks: [10.20.{n}.0/24]}}"
                               for n in range(SEGMENTS))))
        return path

    def clean_run(self):
        """The events of a run in which nothing happens to anybody."""
        out = self.directory / "clean.json"
        done = run("-c", self.config(), "-r", "-", "--iocs", self.iocs, "-o",
                   out, stdin=HEADER + self.piece(0, self.count))
        assert done.status == 0, done.messages
        return events_in(out)


def events_in(path):
    """Of a file that may still be written; its last line may be half there."""
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text.split(b"\n")[:-1]]


def hit_id(event):
    return event["alert"]["context"]["hit_id"]


def ids(events):
    return [hit_id(event) for event in events]


# As `statistics_print_sinks` has it, one line for each sink.
ROW = re.compile(r" *(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +[\d.]+ +[\d.]+  \S")
COLUMNS = ("written", "pending", "spooled", "retried", "lost")


def sink_rows(messages):
    """What it said at its end of each sink, in the order of -o."""
    found = map(ROW.match, messages)
    return [dict(zip(COLUMNS, map(int, row.groups()))) for row in found if row]


def entries(client, mode, key):
    """Events in a stream or list of Redis, oldest first."""
    if mode == "list":
        return [json.loads(line) for line in client.lrange(key, 0, -1)]
    return [json.loads(fields[b"eve"]) for _, fields in client.xrange(key)]


def length(client, mode, key):
    return client.llen(key) if mode == "list" else client.xlen(key)
