"""Sinks of the whole program: files, pipes, Redis; that nothing is lost
silently, and that standard output has events only."""

import json
import os
import re
import signal
import stat
import subprocess
import threading

import pytest

from conftest import free_port, wait_until
from sensor import (ATTACK_HITS, PCAPS, PROGRAM, RUN_S, case_iocs, hits, hunt,
                    run, start_sensor)

ATTACK = PCAPS / "attack.pcap"
EVENTS = ("--events", "alert,dns,http,tls,flow")
# Sinks that fail are given up soon.
HASTE = """\
outputs:
  wait_ms: 200
  drain_ms: 200
  connect_timeout_ms: 500
  command_timeout_ms: 500
"""


@pytest.fixture
def iocs(tmp_path):
    return case_iocs(tmp_path)


@pytest.fixture
def haste(tmp_path):
    path = tmp_path / "haste.yaml"
    path.write_text(HASTE)
    return path


def read(*arguments):
    return run("-r", ATTACK, *arguments)


def test_a_file_has_the_lines_of_standard_output(iocs, tmp_path):
    path = tmp_path / "eve.json"
    expected = read("--iocs", iocs, *EVENTS)
    result = read("--iocs", iocs, *EVENTS, "-o", path)
    assert result.status == 0, result.messages
    assert result.output == b""
    assert path.read_bytes() == expected.output
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0, "not for all to see"


def test_a_file_is_appended_to(iocs, tmp_path):
    path = tmp_path / "eve.json"
    path.write_text('{"event_type":"older"}\n')
    read("--iocs", iocs, "-o", path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0] == {"event_type": "older"}
    assert hits(lines[1:]) == ATTACK_HITS


def test_each_sink_gets_every_event(iocs, tmp_path):
    paths = [tmp_path / name for name in ("a.json", "b.json")]
    result = read("--iocs", iocs, *EVENTS, "-o", "-", "-o", paths[0], "-o",
                  paths[1])
    assert result.status == 0
    assert len(result.lines) > 50
    for path in paths:
        assert path.read_bytes() == result.output


def test_standard_output_has_events_only(iocs, haste):
    """Whatever there is to say: a failing input, a failing sink, a summary."""
    result = run("-r", ATTACK, PCAPS / "README.md", "--iocs", iocs, "-c",
                 haste, "-o", "-", "-o", f"redis://127.0.0.1:{free_port()}")
    assert result.status == 1
    assert "README.md" in result.messages
    assert "redis://" in result.messages
    for line in result.output.decode().splitlines():
        assert json.loads(line)["event_type"] == "alert"


@pytest.mark.parametrize("path, reason", [
    ("/nonexistent/eve.json", "No such file or directory"),
    (".", "Is a directory"),
])
def test_a_file_that_cannot_be_written_is_an_error_that_names_it(
        iocs, tmp_path, path, reason):
    path = path if path.startswith("/") else str(tmp_path)
    result = read("--iocs", iocs, "-o", path)
    assert result.status in (1, 2)
    assert reason in result.messages
    assert path in result.messages


def test_a_full_disk_is_told_and_counted(iocs, haste):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    result = read("--iocs", iocs, "-c", haste, "-o", "/dev/full", "-o", "-")
    assert result.status == 1
    assert "No space left on device" in result.messages
    assert f"{len(result.lines)} events were LOST" in result.messages
    assert hits(result.alerts) == ATTACK_HITS, "the other sink has them all"


def test_a_reader_that_leaves_ends_the_run(iocs):
    """... | head -1: no more than a pipe takes, and no hanging."""
    sensor = subprocess.Popen(
        [PROGRAM, "-r", PCAPS / "benign-hour.pcap", "--iocs", iocs, "--events",
         "all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = sensor.stdout.readline()
    sensor.stdout.close()
    assert json.loads(first)
    assert sensor.wait(RUN_S) == 1
    messages = sensor.stderr.read().decode()
    sensor.stderr.close()
    assert "its reader is gone" in messages
    assert "LOST" in messages


def test_head_in_a_shell_ends_too(iocs):
    done = subprocess.run(
        ["sh", "-c", '"$0" -r "$1" --iocs "$2" --events all | head -n 1',
         PROGRAM, PCAPS / "benign-hour.pcap", iocs],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=RUN_S)
    assert len(done.stdout.splitlines()) == 1


def test_a_slow_reader_gets_every_line(iocs):
    """More than a pipe holds: the sensor waits for it."""
    want = run("-r", PCAPS / "benign-hour.pcap", "--iocs", iocs, *EVENTS)
    sensor = subprocess.Popen(
        [PROGRAM, "-r", PCAPS / "benign-hour.pcap", "--iocs", iocs, *EVENTS],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    got = b""
    while True:
        part = os.read(sensor.stdout.fileno(), 4096)
        if not part:
            break
        got += part
        if len(got) < 100000:
            threading.Event().wait(0.002)
    sensor.stdout.close()
    assert sensor.wait(RUN_S) == 0
    assert len(want.output) > 200000
    assert got == want.output


def test_sighup_opens_a_log_file_anew(iocs, tmp_path, start_sensor):
    """As logrotate does it: rename, then the signal."""
    path, rotated = tmp_path / "eve.json", tmp_path / "eve.json.1"
    octets = ATTACK.read_bytes()
    sensor = start_sensor("-r", "-", "--iocs", iocs, *EVENTS, "-o", path,
                          fed=True)
    sensor.feed(octets[:len(octets) // 2])
    sensor.wait_until(lambda: path.exists() and path.stat().st_size > 0,
                      "the first events")
    path.rename(rotated)
    sensor.signal(signal.SIGHUP)
    sensor.wait_until(path.exists, "a new file")
    sensor.feed(octets[len(octets) // 2:])
    assert sensor.end() == 0
    assert rotated.read_bytes() and path.read_bytes()
    whole = read("--iocs", iocs, *EVENTS)

    def told(line):
        return {k: v for k, v in json.loads(line).items()
                if k != "pcap_filename"}

    got = (rotated.read_bytes() + path.read_bytes()).splitlines()
    timeless = [l for l in got if b'"event_type":"flow"' not in l]
    want = [l for l in whole.lines if '"event_type":"flow"' not in l]
    assert len(got) == len(whole.lines)
    assert list(map(told, timeless)) == list(map(told, want))


# ---- Redis ----

def as_sent(result):
    return [line.encode() for line in result.lines]


@pytest.mark.parametrize("rest", ["", "/0", "/3", "?mode=stream",
                                  "?mode=stream&key=hits"])
def test_a_stream_has_the_lines_of_standard_output(iocs, redis_server, rest):
    server = redis_server()
    result = read("--iocs", iocs, *EVENTS, "-o", "-", "-o",
                  server.url("", rest))
    assert result.status == 0, result.messages
    client = server.client(db=3 if rest == "/3" else 0)
    key = "hits" if "key" in rest else "egress-sensor"
    entries = client.xrange(key)
    assert all(set(fields) == {b"eve"} for _, fields in entries)
    assert [fields[b"eve"] for _, fields in entries] == as_sent(result)


@pytest.mark.parametrize("push", ["right", "left"])
def test_a_list_has_them_in_order(iocs, redis_server, push):
    server = redis_server()
    url = server.url("", f"/0?mode=list&key=queue&push={push}")
    result = read("--iocs", iocs, *EVENTS, "-o", "-", "-o", url)
    assert result.status == 0, result.messages
    got = server.client().lrange("queue", 0, -1)
    assert (got if push == "right" else got[::-1]) == as_sent(result)


def test_a_channel_s_subscriber_hears_them_in_order(iocs, redis_server):
    server = redis_server()
    listener = server.client().pubsub(ignore_subscribe_messages=True)
    listener.subscribe("hits")
    wait_until(lambda: server.client().pubsub_numsub("hits")[0][1] == 1,
               "the subscription")
    result = read("--iocs", iocs, *EVENTS, "-o", "-", "-o",
                  server.url("", "?mode=channel&key=hits"))
    assert result.status == 0, result.messages
    heard = []
    wait_until(lambda: heard.append(listener.get_message(timeout=1)) or
               len([m for m in heard if m]) == len(result.lines),
               "all messages")
    assert [m["data"] for m in heard if m] == as_sent(result)
    listener.close()


def test_a_password_may_have_any_character(iocs, redis_server):
    server = redis_server("--requirepass", "s3cret/@")
    result = read("--iocs", iocs, "-o", "-", "-o",
                  server.url(":s3cret%2F%40"))
    assert result.status == 0, result.messages
    entries = server.client(password="s3cret/@").xrange("egress-sensor")
    assert [fields[b"eve"] for _, fields in entries] == as_sent(result)


def test_a_unix_socket_will_do(iocs, redis_server):
    server = redis_server()
    result = read("--iocs", iocs, "-o", "-", "-o",
                  server.unix_url("?mode=list&key=queue&db=2"))
    assert result.status == 0, result.messages
    assert server.client(db=2).lrange("queue", 0, -1) == as_sent(result)


def test_a_wrong_password_is_told_without_telling_it(iocs, haste,
                                                     redis_server):
    server = redis_server("--requirepass", "right")
    result = read("--iocs", iocs, "-c", haste, "-o", server.url(":hush"))
    assert result.status == 1
    assert "hush" not in result.messages
    assert server.host_and_port in result.messages
    assert waiting(result) > 0


def lost(result):
    found = re.search(r"(\d+) events were LOST", result.messages)
    return int(found[1]) if found else 0


def waiting(result):
    found = re.search(r"(\d+) events wait for the next start", result.messages)
    return int(found[1]) if found else 0


def test_redis_that_is_down_is_told_and_what_is_lost_is_counted(iocs, haste):
    port = free_port()
    result = read("--iocs", iocs, "-c", haste, *EVENTS, "-o", "-", "-o",
                  f"redis://127.0.0.1:{port}")
    assert result.status == 1
    assert f"redis://127.0.0.1:{port}: down" in result.messages
    alerts = len(result.of_type("alert"))
    assert waiting(result) == alerts, "hits stay on disk"
    assert lost(result) == len(result.lines) - alerts
    assert hits(result.alerts) == ATTACK_HITS, "the other sink has them all"


def test_without_a_spool_hits_are_lost_too(iocs, tmp_path, state_directory):
    path = tmp_path / "memory.yaml"
    path.write_text(HASTE + "  spool: {enabled: false}\n")
    result = read("--iocs", iocs, "-c", path, *EVENTS, "-o", "-", "-o",
                  f"redis://127.0.0.1:{free_port()}")
    assert result.status == 1
    assert lost(result) == len(result.lines) and waiting(result) == 0
    assert not list(state_directory.iterdir())


def test_hits_that_stayed_are_delivered_by_the_next_run(iocs, haste,
                                                        redis_server):
    server = redis_server()
    server.kill()
    first = read("--iocs", iocs, "-c", haste, "-o", "-", "-o", server.url())
    assert first.status == 1
    count = len(first.lines)
    assert f"{count} hits stay in " in first.messages
    server.start()
    second = read("--iocs", iocs, "-o", "-", "-o", server.url())
    assert second.status == 0, second.messages
    assert f"{count} events from an earlier run" in second.messages
    entries = server.client().xrange("egress-sensor")
    assert [fields[b"eve"] for _, fields in entries] == \
        as_sent(first) + as_sent(second)


def test_a_killed_sensor_s_hits_are_delivered_by_the_next_run(
        iocs, redis_server, start_sensor):
    server = redis_server()
    server.kill()
    sensor = start_sensor("-r", "-", "--iocs", iocs, "-o", "-", "-o",
                          server.url(), fed=True)
    sensor.feed(ATTACK.read_bytes())
    sensor.wait_until(lambda: len(sensor.lines) > 5, "some hits")
    assert sensor.end(signal.SIGKILL) == -signal.SIGKILL
    server.start()
    result = read("--iocs", iocs, "-o", server.url())
    assert result.status == 0, result.messages
    entries = [fields[b"eve"].decode()
               for _, fields in server.client().xrange("egress-sensor")]
    assert entries[:len(sensor.lines)] == sensor.lines


def test_a_configured_spool_that_cannot_be_made_is_an_error(iocs, tmp_path):
    path = tmp_path / "spool.yaml"
    (tmp_path / "file").write_text("")
    path.write_text("outputs: {spool: {directory: "
                    f"'{tmp_path}/file/spool'}}}}\n")
    arguments = ("-c", path, "--iocs", iocs, "-o",
                 f"redis://127.0.0.1:{free_port()}")
    result = read(*arguments)
    assert result.status == 1
    assert "outputs.spool.directory" in result.messages
    assert "Not a directory" in result.messages
    assert run("--check", "-r", ATTACK, *arguments).status == 0
    assert read("-c", path, "--iocs", iocs).status == 0, "no sink needs it"


def test_without_a_standard_spool_hits_wait_in_memory(iocs, tmp_path,
                                                      redis_server,
                                                      monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/file")
    server = redis_server()
    result = read("--iocs", iocs, "-o", "-", "-o", server.url())
    assert result.status == 0, result.messages
    assert "wait in memory only" in result.messages
    assert server.client().xlen("egress-sensor") == len(result.lines)


def test_each_sink_gets_what_it_asks_for(iocs, tmp_path):
    paths = [tmp_path / name for name in ("dns.json", "grave.json")]
    result = read("--iocs", iocs, "--events", "alert,stats", "-o", "-",
                  "-o", f"file://{paths[0]}?events=dns",
                  "-o", f"file://{paths[1]}?severity=1")
    assert result.status == 0, result.messages

    def types(lines):
        return {json.loads(line)["event_type"] for line in lines}

    assert types(result.lines) == {"alert", "stats"}
    assert types(paths[0].read_text().splitlines()) == {"dns"}
    grave = [json.loads(line) for line in paths[1].read_text().splitlines()]
    assert [e for e in grave if e["event_type"] == "alert"] == \
        [e for e in result.of_type("alert") if e["alert"]["severity"] == 1]


def test_a_lost_event_wins_over_fail_on_hit(iocs, haste):
    result = read("--iocs", iocs, "-c", haste, "--fail-on-hit", "-o",
                  f"redis://127.0.0.1:{free_port()}")
    assert result.status == 1


def test_redis_that_comes_late_gets_everything(iocs, tmp_path, redis_server,
                                               start_sensor):
    """A stored run waits for it, for wait_ms."""
    server = redis_server()
    server.kill()
    sensor = start_sensor("-r", ATTACK, "--iocs", iocs, "-o", server.url())
    sensor.wait_for("down, trying again")
    server.start()
    assert sensor.end() == 0
    entries = [json.loads(f[b"eve"])
               for _, f in server.client().xrange("egress-sensor")]
    assert hits(entries) == ATTACK_HITS


def test_what_waits_and_what_was_written_is_in_the_statistics(iocs):
    result = hunt(ATTACK, iocs, "--events", "alert,stats")
    stats = result.stats
    assert stats["sink.lost"] == 0
    assert stats["sink.written"] + stats["sink.pending"] == \
        len(result.of_type("alert"))
    # Two profiles, and the User-Agent of a dead system.
    assert stats["detect.alert"] == len(ATTACK_HITS) + 3


def test_the_statistics_have_each_sink_by_number_and_name(iocs, tmp_path):
    path = tmp_path / "dns.json"
    result = hunt(ATTACK, iocs, "--events", "alert,stats", "-o", "-", "-o",
                  f"file://{path}?events=dns")
    stats = result.stats
    assert stats["sink.2.written"] + stats["sink.2.pending"] == \
        len(path.read_text().splitlines())
    assert stats["sink.2.filtered"] == len(result.of_type("alert"))
    assert stats["sink.1.filtered"] > 0 and stats["sink.1.lost"] == 0
    names = result.of_type("stats")[-1]["metadata"]["flowvars"]
    assert names == [{"sink.1": "standard output"},
                     {"sink.2": str(path)}]
    assert re.search(r"written .* p99 ms +sink\n", result.messages)
    assert re.search(r"^ +\d+ .*standard output$", result.messages, re.M)
