"""The Redis sink against a real redis-server, fed by tests/tools/sink_feed.c."""

import json
import re
import signal
import socket
import subprocess
import threading

import pytest

from conftest import wait_until


def line(number, size=0):
    return json.dumps({"n": number, "p": "x" * size})


def number_of(event):
    return json.loads(event)["n"]


class Feed:
    """A running sink_feed: lines go in, reports are collected."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, *arguments], text=True,
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.reports = []
        self.reader = threading.Thread(target=self.collect, daemon=True)
        self.reader.start()

    def collect(self):
        for report in self.process.stderr:
            self.reports.append(report.rstrip("\n"))

    def put(self, lines):
        for text in lines:
            self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def wait_for(self, text):
        return wait_until(lambda: [r for r in self.reports if text in r],
                          f"a report with {text!r} in {self.reports}")

    def end(self):
        """Close the input; return (exit status, counts by name)."""
        self.process.stdin.close()
        status = self.process.wait(60)
        self.reader.join(10)
        found = re.search(r"written=(\d+) lost=(\d+) retried=(\d+) pending=(\d+)",
                          self.reports[-1])
        names = ("written", "lost", "retried", "pending")
        return status, dict(zip(names, map(int, found.groups())))


@pytest.fixture
def feed(build):
    """A function that starts a Feed; what still runs at the end is ended."""
    feeds = []

    def start(*arguments):
        feeds.append(Feed(build / "tools" / "sink_feed", *arguments))
        return feeds[-1]

    yield start
    for one in feeds:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def stream_of(client, key="egress-sensor"):
    return [fields[b"eve"] for _, fields in client.xrange(key)]


def test_a_stream_has_every_event_in_order_in_the_field_eve(redis_server, feed):
    server = redis_server()
    events = [line(n, 300) for n in range(5000)]
    one = feed(server.url())
    one.put(events)
    assert one.end() == (0, {"written": 5000, "lost": 0, "retried": 0, "pending": 0})
    entries = server.client().xrange("egress-sensor")
    assert all(list(fields) == [b"eve"] for _, fields in entries)
    assert [fields[b"eve"].decode() for _, fields in entries] == events
    assert one.reports[:-1] == []


def test_any_octets_arrive_as_they_are(redis_server, feed):
    server = redis_server()
    events = ["", "$5\r", "*3 \\r\\n %00", "\u00e9" * 1000, "x" * 2_000_000]
    one = feed(server.unix_url("?mode=list&key=odd%20key"))
    one.put(events)
    assert one.end()[0] == 0
    assert [e.decode() for e in server.client().lrange("odd key", 0, -1)] == events


def test_a_stream_is_trimmed_to_about_its_length(redis_server, feed):
    server = redis_server()
    one = feed(server.url(rest="?maxlen=1000&key=trimmed"), server.url(rest="?maxlen=0&key=whole"))
    one.put(line(n) for n in range(5000))
    assert one.end()[0] == 0
    assert 1000 <= server.client().xlen("trimmed") < 1200
    assert server.client().xlen("whole") == 5000
    assert number_of(stream_of(server.client(), "trimmed")[-1]) == 4999


def test_a_list_is_read_oldest_first(redis_server, feed):
    server = redis_server()
    one = feed(server.url(rest="/3?mode=list&key=right"),
               server.url(rest="/3?mode=list&key=left&push=left"))
    one.put(line(n) for n in range(100))
    assert one.end()[0] == 0
    client = server.client(db=3)
    assert number_of(client.lpop("right")) == 0
    assert number_of(client.rpop("left")) == 0
    assert client.llen("right") == client.llen("left") == 99
    assert server.client().dbsize() == 0


def test_a_channel_has_every_event_for_who_listens(redis_server, feed):
    server = redis_server()
    listener = server.client().pubsub(ignore_subscribe_messages=True)
    listener.subscribe("news")
    wait_until(lambda: dict(server.client().pubsub_numsub("news"))[b"news"] == 1,
               "the listener is there")
    one = feed(server.url(rest="?mode=channel&key=news"))
    one.put(line(n) for n in range(1000))
    assert one.end()[0] == 0
    numbers = []
    while len(numbers) < 1000:
        # None is what it says of its own subscription, too.
        message = wait_until(listener.get_message, "the next event")
        numbers.append(number_of(message["data"]))
    assert numbers == list(range(1000))


def test_a_single_event_does_not_wait_for_the_next(redis_server, feed):
    server = redis_server()
    one = feed(server.url())
    for n in range(3):
        one.put([line(n)])
        wait_until(lambda: server.client().xlen("egress-sensor") == n + 1,
                   "the event is there though nothing follows")
    assert one.end()[0] == 0


def test_an_acl_user_writes_where_it_may(redis_server, feed):
    server = redis_server()
    # Neither PING nor any other key.
    server.client().acl_setuser("sensor", enabled=True, passwords=["+p@ss:w/rd"],
                                keys=["allowed"], commands=["+xadd"])
    server.client().acl_setuser("default", enabled=True, passwords=["+admin"],
                                reset_passwords=True)
    one = feed(server.url("sensor:p%40ss:w%2frd", "?key=allowed"))
    one.put([line(1)])
    assert one.end()[0] == 0
    assert server.client(password="admin").xlen("allowed") == 1
    two = feed("-d", "300", server.url("sensor:p%40ss:w%2frd", "?key=forbidden"))
    two.put([line(1)])
    assert two.wait_for("down, trying again: NOPERM")
    status, counts = two.end()
    assert status == 1 and counts["lost"] == 1
    assert not any("p@ss" in report or "p%40ss" in report
                   for report in one.reports + two.reports)


def test_the_password_alone_is_for_the_default_user(redis_server, feed):
    server = redis_server("--requirepass", "s3cret")
    one = feed(server.url(":s3cret"))
    one.put([line(1)])
    assert one.end()[0] == 0
    assert server.client(password="s3cret").xlen("egress-sensor") == 1


@pytest.mark.parametrize("user, code", [("", "NOAUTH"), (":wrong-one", "WRONGPASS"),
                                        ("nobody:wrong-one", "WRONGPASS")])
def test_a_wrong_password_is_said_before_the_first_event(redis_server, feed, user, code):
    server = redis_server("--requirepass", "s3cret")
    one = feed("-d", "200", server.url(user))
    assert code in one.wait_for("down, trying again")[0]
    one.put([line(1)])
    status, counts = one.end()
    assert status == 1 and counts["lost"] == 1
    assert not any("wrong-one" in report for report in one.reports)


def test_a_password_that_is_put_right_loses_nothing(redis_server, feed):
    server = redis_server("--requirepass", "old")
    one = feed("-d", "20000", server.url(":new"))
    one.wait_for("WRONGPASS")
    one.put(line(n) for n in range(10))
    server.client(password="old").config_set("requirepass", "new")
    assert one.end()[0] == 0
    assert len(stream_of(server.client(password="new"))) == 10


def test_a_redis_that_comes_later_gets_everything(redis_server, feed):
    server = redis_server()
    server.kill()
    one = feed("-d", "20000", server.url())
    one.wait_for("down, trying again: Connection refused")
    one.put(line(n) for n in range(500))
    server.start()
    one.wait_for("up again")
    one.put(line(n) for n in range(500, 1000))
    status, counts = one.end()
    assert status == 0 and counts == {"written": 1000, "lost": 0, "retried": 0, "pending": 0}
    assert [number_of(e) for e in stream_of(server.client())] == list(range(1000))
    assert len([r for r in one.reports if "down" in r]) == 1


def test_a_redis_killed_while_writing_misses_nothing(redis_server, feed, tmp_path):
    # What it has acknowledged it still knows after its death.
    server = redis_server("--appendonly", "yes", "--appendfsync", "always")
    one = feed("-d", "20000", "-t", "5000", server.url(rest="?maxlen=0"))
    count = 60000
    writer = threading.Thread(target=lambda: one.put(line(n, 200) for n in range(count)))
    writer.start()
    client = server.client()
    for part in (5000, 20000):
        wait_until(lambda: client.exists("egress-sensor")
                   and client.xlen("egress-sensor") > part, f"{part} events")
        server.kill()
        server.start()
        client = server.client()
    writer.join()
    status, counts = one.end()
    assert status == 0
    assert counts["written"] == count and counts["lost"] == 0
    numbers = [number_of(e) for e in stream_of(client)]
    assert set(numbers) == set(range(count))
    assert len(numbers) - count <= counts["retried"]
    first_seen = list(dict.fromkeys(numbers))
    assert first_seen == sorted(first_seen)


def test_a_connection_that_was_closed_when_idle_is_made_anew_silently(redis_server, feed):
    server = redis_server()
    one = feed(server.url())
    one.put([line(0)])
    wait_until(lambda: server.client().xlen("egress-sensor") == 1, "the first event")
    server.client().client_kill_filter(_type="normal", skipme=True)
    one.put([line(1)])
    assert one.end() == (0, {"written": 2, "lost": 0, "retried": 0, "pending": 0})
    assert one.reports[:-1] == []


def test_a_key_of_another_type_is_said_and_waited_for(redis_server, feed):
    server = redis_server()
    server.client().set("egress-sensor", "text")
    one = feed("-d", "20000", server.url())
    one.put(line(n) for n in range(1000))
    one.wait_for("down, trying again: WRONGTYPE")
    server.client().delete("egress-sensor")
    one.wait_for("up again")
    status, counts = one.end()
    assert status == 0 and counts["written"] == 1000 and counts["lost"] == 0
    assert [number_of(e) for e in stream_of(server.client())] == list(range(1000))


def test_a_full_memory_is_waited_for(redis_server, feed):
    server = redis_server("--maxmemory-policy", "noeviction")
    client = server.client()
    one = feed("-d", "20000", server.url())
    one.put([line(0)])
    wait_until(lambda: client.xlen("egress-sensor") == 1, "the first event")
    client.config_set("maxmemory", "1")
    one.put(line(n) for n in range(1, 100))
    one.wait_for("down, trying again: OOM")
    client.config_set("maxmemory", "0")
    assert one.end()[0] == 0
    assert sorted(number_of(e) for e in stream_of(client)) == list(range(100))


def test_what_would_be_refused_again_is_lost_and_said(redis_server, feed):
    server = redis_server("--rename-command", "XADD", "GONE")
    one = feed(server.url())
    one.put(line(n) for n in range(10))
    status, counts = one.end()
    assert status == 1 and counts["written"] == 0 and counts["lost"] == 10
    assert any("lost: ERR unknown command" in report for report in one.reports)


def test_a_redis_that_hangs_is_given_up_and_tried_again(redis_server, feed):
    server = redis_server()
    # More than a socket takes: half a command must not begin the next connection.
    one = feed("-d", "20000", "-t", "300", server.unix_url())
    one.put([line(0)])
    wait_until(lambda: server.client().xlen("egress-sensor") == 1, "the first event")
    server.freeze()
    one.put([line(1, 1_000_000)])
    one.put(line(n) for n in range(2, 1000))
    one.wait_for("down, trying again: no reply for 300 ms")
    server.thaw()
    one.wait_for("up again")
    status, counts = one.end()
    assert status == 0 and counts["lost"] == 0
    assert set(number_of(e) for e in stream_of(server.client())) == set(range(1000))


def test_a_hanging_redis_does_not_hold_up_the_end(redis_server, feed):
    server = redis_server()
    one = feed("-d", "300", "-t", "60000", server.url())
    one.put([line(0)])
    wait_until(lambda: server.client().xlen("egress-sensor") == 1, "the first event")
    server.freeze()
    one.put(line(n) for n in range(1, 100))
    one.process.stdin.close()
    assert one.process.wait(10) == 1
    server.thaw()


def test_a_full_queue_loses_what_came_first_and_says_so(redis_server, feed):
    server = redis_server()
    server.kill()
    one = feed("-q", "100000", "-d", "20000", server.url())
    one.put(line(n, 1000) for n in range(1000))
    one.wait_for("lost: the queue is full")
    server.start()
    status, counts = one.end()
    assert status == 1
    assert counts["written"] + counts["lost"] == 1000
    assert 50 < counts["written"] < 150
    assert [number_of(e) for e in stream_of(server.client())] == \
        list(range(1000 - counts["written"], 1000))


def test_hits_push_lesser_lines_out_of_a_full_queue(redis_server, feed):
    """Nothing is taken while it is down: what is taken cannot be pushed out."""
    server = redis_server()
    server.kill()
    with socket.create_server(("127.0.0.1", server.port)) as listener:
        one = feed("-q", "100000", "-d", "20000", server.url())
        one.put(json.dumps({"n": n, "event_type": "dns", "p": "x" * 1000})
                for n in range(200))
        one.wait_for("lost: the queue is full")
        for _ in range(3):  # it has tried since, and may have taken lines
            listener.accept()[0].close()
    one.put(line(n, 1000) for n in range(200, 275))
    server.start()
    status, counts = one.end()
    assert status == 1
    assert counts["written"] + counts["lost"] == 275
    numbers = [number_of(e) for e in stream_of(server.client())]
    assert [n for n in numbers if n >= 200] == list(range(200, 275))


def test_hits_on_disk_outlive_the_process(redis_server, feed, tmp_path):
    server = redis_server()
    server.kill()
    spool = ("-s", str(tmp_path / "spool"), server.url())
    one = feed("-d", "0", *spool)
    one.put([*(line(n) for n in range(100)), json.dumps({"n": -1, "event_type": "dns"})])
    status, counts = one.end()
    assert status == 1
    assert counts == {"written": 0, "lost": 1, "retried": 0, "pending": 100}
    server.start()
    two = feed(*spool)
    two.wait_for("100 events from an earlier run")
    two.put(line(n) for n in range(100, 200))
    assert two.end() == (0, {"written": 200, "lost": 0, "retried": 0, "pending": 0})
    assert [number_of(e) for e in stream_of(server.client())] == list(range(200))


def test_a_stored_run_waits_for_a_redis_that_comes_in_time(redis_server, feed):
    server = redis_server()
    server.kill()
    one = feed("-w", "20000", "-q", "100000", "-d", "20000", server.url())
    writer = threading.Thread(target=lambda: one.put(line(n, 1000) for n in range(1000)))
    writer.start()
    one.wait_for("down")
    server.start()
    writer.join(30)
    assert not writer.is_alive()
    status, counts = one.end()
    assert status == 0 and counts["written"] == 1000
    assert len(stream_of(server.client())) == 1000


def test_a_file_beside_a_dead_redis_has_everything_at_once(redis_server, feed, tmp_path):
    server = redis_server()
    server.kill()
    one = feed("-d", "200", str(tmp_path / "eve.json"), server.url())
    one.put(line(n) for n in range(1000))
    file = tmp_path / "eve.json"
    wait_until(lambda: file.exists() and file.read_text().count("\n") == 1000,
               "the file has all")
    one.process.send_signal(signal.SIGHUP)
    status, counts = one.end()
    assert status == 1 and counts["lost"] == 1000
    assert any("eve.json written=1000 lost=0" in report for report in one.reports)
