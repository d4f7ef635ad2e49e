"""What docs/consumers.md shows: its programs get what the sensor writes."""

import json
import subprocess
import sys

import pytest

from conftest import wait_until
from sensor import PCAPS, ROOT, case_iocs, run

ATTACK = PCAPS / "attack.pcap"
CONSUMERS = ROOT / "docs" / "consumers"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A function that reads attack.pcap into a sink; the lines it wrote."""
    iocs = case_iocs(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))

    def to(*sinks):
        outputs = [word for sink in sinks for word in ("-o", sink)]
        result = run("-r", ATTACK, "--iocs", iocs, "-o", "-", *outputs)
        assert result.status == 0, result.messages
        assert len(result.lines) > 5
        return result.lines

    return to


class Consumer:
    """A running program; its lines go to a file."""

    def __init__(self, path, *command):
        self.path = path
        with path.open("wb") as out:
            self.process = subprocess.Popen(
                list(map(str, command)), stdout=out, stderr=subprocess.STDOUT)

    @property
    def lines(self):
        return self.path.read_text().splitlines()

    def wait_for_lines(self, count):
        def look():
            assert self.process.poll() is None, self.lines
            return len(self.lines) >= count
        wait_until(look, f"{count} lines")
        return self.lines

    def end(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def start(tmp_path):
    """A function that starts a Consumer."""
    running = []

    def run_command(*command):
        path = tmp_path / f"consumer-{len(running)}.txt"
        running.append(Consumer(path, *command))
        return running[-1]

    yield run_command
    for one in running:
        one.end()


@pytest.fixture
def consume(start):
    """A function that starts one of docs/consumers."""
    return lambda name, *arguments: start(
        sys.executable, CONSUMERS / name, *arguments)


def all_acknowledged(client, group):
    return client.xpending("egress", group)["pending"] == 0


def test_a_group_shares_a_stream(redis_server, write, consume):
    server = redis_server()
    expected = write(server.url(rest="?key=egress"))
    consumers = [consume("redis_stream.py", server.url(), "egress", "soc", name)
                 for name in ("one", "two")]
    wait_until(lambda: sum(len(c.lines) for c in consumers) >= len(expected),
               "all events are read")
    wait_until(lambda: all_acknowledged(server.client(), "soc"), "all is acknowledged")
    assert sorted(consumers[0].lines + consumers[1].lines) == sorted(expected)


def test_another_of_the_group_takes_over_from_a_crashed_one(redis_server, write, consume):
    server = redis_server()
    expected = write(server.url(rest="?key=egress"))
    client = server.client()
    client.xgroup_create("egress", "soc", id="0")
    given = client.xreadgroup("soc", "crashed", {"egress": ">"}, count=3)
    assert len(given[0][1]) == 3
    consumer = consume("redis_stream.py", server.url(), "egress", "soc", "heir", 0)
    assert consumer.wait_for_lines(len(expected)) == expected
    wait_until(lambda: all_acknowledged(client, "soc"), "all is acknowledged")


def test_a_group_drops_what_was_delivered_twice(redis_server, write, consume):
    server = redis_server()
    expected = write(server.url(rest="?key=egress"))
    assert write(server.url(rest="?key=egress")) == expected
    end = json.dumps({"event_type": "stats"})
    server.client().xadd("egress", {"eve": end})
    consumer = consume("redis_stream.py", server.url(), "egress", "soc", "one")
    assert consumer.wait_for_lines(len(expected) + 1) == expected + [end]


@pytest.mark.parametrize("program, rest", [("redis_list.py", ["one"]),
                                           ("redis_blpop.py", [])])
def test_a_list_is_read_oldest_first(redis_server, write, consume, program, rest):
    server = redis_server()
    expected = write(server.url(rest="?mode=list&key=egress"))
    consumer = consume(program, server.url(), "egress", *rest)
    found = consumer.wait_for_lines(len(expected))
    assert [json.loads(f) for f in found] == [json.loads(e) for e in expected]
    wait_until(lambda: server.client().dbsize() == 0, "nothing is left")


def test_a_list_consumer_that_crashed_begins_with_what_it_had(redis_server, write, consume):
    server = redis_server()
    expected = write(server.url(rest="?mode=list&key=egress"))
    server.client().blmove("egress", "egress:one", 5, "LEFT", "RIGHT")
    consumer = consume("redis_list.py", server.url(), "egress", "one")
    assert consumer.wait_for_lines(len(expected)) == expected


def test_a_channel_is_heard_by_redis_cli(redis_server, write, start):
    server = redis_server()
    listener = start("redis-cli", "-p", server.port, "SUBSCRIBE", "egress")
    wait_until(lambda: dict(server.client().pubsub_numsub("egress"))[b"egress"] == 1,
               "it listens")
    expected = write(server.url(rest="?mode=channel&key=egress"))
    # Three lines a message: "message", the channel, the event.
    found = listener.wait_for_lines(3 + 3 * len(expected))
    assert found[5::3] == expected
