"""What may happen between the sensor and its Redis, or to either of them.

Each test feeds a capture that has a hit in each packet through a pipe, breaks
something in the middle and mends it; then Redis must have the same hits as a
run in which nothing happened.  Some may be there twice: never more than the
sensor says that it has sent again.
"""

import collections
import os
import random
import shutil
import subprocess

import pytest

from conftest import wait_until
from many_hits import (HEADER, ManyHits, entries, events_in, ids, length, sink_rows)
from network import may_make_networks
from sensor import start_sensor
from servers import KEEPS, Cable, Cluster, Redis, SentinelSet, SlotMove

# One sensor writes in both modes, to sinks that know nothing of each other.
MODES = ("stream", "list")
DOWN = "down, trying again"

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None,
                                reason="no redis-server")


@pytest.fixture(scope="module")
def hits(tmp_path_factory):
    return ManyHits(tmp_path_factory.mktemp("hits"))


@pytest.fixture(scope="module")
def clean(hits):
    """The events of a clean run, by hit_id."""
    events = hits.clean_run()
    found = dict(zip(ids(events), events))
    assert len(found) == hits.count
    return found


@pytest.fixture
def server(tmp_path_factory):
    """A function that starts a Redis; all end with the test."""
    started = []

    def start(*arguments, **options):
        started.append(Redis(tmp_path_factory.mktemp("r"), *arguments,
                             **options))
        return started[-1].start()

    yield start
    for one in started:
        one.kill()


def in_both_modes(url, more=""):
    return [f"{url}?mode={mode}&key={mode}{more}" for mode in MODES]


class Watch:
    """A sensor over a pipe."""

    def __init__(self, start, hits, sinks, prefix=(), config=None):
        self.hits, self.fed = hits, 0
        outputs = [word for sink in sinks for word in ("-o", sink)]
        self.sensor = start("-c", config or hits.config(), "-r", "-", "--iocs",
                            hits.iocs, *outputs, prefix=prefix, fed=True)
        self.sensor.feed(HEADER)

    def feed(self, share):
        """Up to this share of the capture."""
        end = int(self.hits.count * share)
        self.sensor.feed(self.hits.piece(self.fed, end))
        self.fed = end

    def wait_until(self, condition, what):
        return self.sensor.wait_until(condition, what)

    def wait_for(self, text, times=1):
        return self.sensor.wait_for(text, times)

    def kill(self):
        self.sensor.process.kill()
        self.sensor.end()

    def end(self):
        """Status and what it counted, sink by sink."""
        status = self.sensor.end()
        return status, sink_rows(self.sensor.messages)

    def end_well(self):
        status, rows = self.end()
        assert status == 0, self.sensor.messages
        assert all(row["lost"] == row["pending"] == 0 for row in rows), rows
        return rows


@pytest.fixture
def watch(start_sensor, hits):
    def start(*sinks, **options):
        return Watch(start_sensor, hits, sinks, **options)
    return start


def some_arrived(client, least=1):
    return lambda: all(length(client, mode, mode) >= least for mode in MODES)


def in_redis(client):
    """Ids by mode, in the order they are there."""
    return [ids(entries(client, mode, mode)) for mode in MODES]


def repeats(found):
    return len(found) - len(set(found))


def assert_same(found, expected, row=None):
    """All of them, and repeats only as they are counted."""
    assert set(found) == set(expected)
    if row is not None:
        assert repeats(found) <= row["retried"], row


# ---- one Redis ----

class Fault(collections.namedtuple("Fault", "what says begin mend")):
    """`says`: what the sensor tells people of it."""

    def __str__(self):
        return self.what


def fail_to_save(server):
    """A snapshot cannot be renamed to what is a folder."""
    (server.directory / "dump.rdb").mkdir()
    server.set(save="3600 100000", stop_writes_on_bgsave_error="yes")
    server.client().bgsave()
    wait_until(lambda: server.refuses_writes("MISCONF"), "it refuses writes")


def save_again(server):
    (server.directory / "dump.rdb").rmdir()
    server.client().bgsave()
    wait_until(lambda: not server.refuses_writes("MISCONF"), "it takes writes")


def follow(server, *master):
    server.client().replicaof(*master)


FAULTS = (
    Fault("killed and started again", "", Redis.kill, Redis.start),
    Fault("paused for longer than all time-outs", "", Redis.freeze, Redis.thaw),
    Fault("at maxmemory", "OOM", lambda s: s.set(maxmemory="1"),
          lambda s: s.set(maxmemory="0")),
    Fault("a replica for a while", "READONLY",
          lambda s: follow(s, "127.0.0.1", "1"),
          lambda s: follow(s, "NO", "ONE")),
    Fault("unable to save", "MISCONF", fail_to_save, save_again),
    Fault("short of replicas", "NOREPLICAS",
          lambda s: s.set(min_replicas_to_write="1"),
          lambda s: s.set(min_replicas_to_write="0")),
    Fault("no longer willing", "NOPERM",
          lambda s: s.client().execute_command(
              "ACL", "SETUSER", "default", "-@write"),
          lambda s: s.client().execute_command(
              "ACL", "SETUSER", "default", "+@all")),
)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_no_hit_is_lost_where_redis_is(fault, watch, server, clean):
    one = server(*KEEPS)
    sensor = watch(*in_both_modes(one.url()))
    sensor.feed(0.5)
    sensor.wait_until(some_arrived(one.client()), "it writes")
    fault.begin(one)
    sensor.feed(1)
    sensor.wait_for(DOWN, times=len(MODES))
    sensor.wait_for(fault.says)  # a slow machine may time out first
    fault.mend(one)
    rows = sensor.end_well()
    for found, row in zip(in_redis(one.client()), rows, strict=True):
        assert_same(found, clean, row)


def test_a_channel_that_pauses_loses_nothing_for_who_listens(watch, server,
                                                             clean):
    one = server()
    listener = one.client().pubsub(ignore_subscribe_messages=True)
    listener.subscribe("hits")
    wait_until(lambda: one.client().pubsub_numsub("hits")[0][1] == 1,
               "somebody listens")
    sensor = watch(one.url(rest="?mode=channel&key=hits"))
    sensor.feed(0.5)
    one.freeze()
    sensor.feed(1)
    sensor.wait_for(DOWN)
    one.thaw()
    row, = sensor.end_well()
    heard = []

    def listen():
        # None is what it says of its own subscription, too.
        while (message := listener.get_message()) is not None:
            heard.append(message["data"])
        return len(heard) == row["written"] + repeats(heard)

    wait_until(listen, "all are heard")
    assert len(set(heard)) == len(clean)
    assert repeats(heard) <= row["retried"]


def test_a_redis_that_is_still_loading_is_waited_for(watch, server, clean):
    one = server("--loading-process-events-interval-bytes", "1024",
                 "--rdbcompression", "no")
    pipeline = one.client().pipeline()
    for number in range(100):
        pipeline.set(f"filler {number}", "x" * 1024)
    pipeline.execute()
    sensor = watch(*in_both_modes(one.url()))
    sensor.feed(0.5)
    sensor.wait_until(some_arrived(one.client(), least=150), "half is there")
    one.client().save()
    one.kill()
    sensor.feed(1)
    one.launch("--key-load-delay", "20000")
    sensor.wait_for("LOADING", times=len(MODES))
    rows = sensor.end_well()
    for found, row in zip(in_redis(one.client()), rows, strict=True):
        assert_same(found, clean, row)


def test_a_password_may_change_while_the_sensor_runs(watch, server, clean,
                                                     tmp_path):
    one = server("--requirepass", "first")
    secret = tmp_path / "secret"
    secret.write_text("first\n")
    client = one.client(password="first")
    sensor = watch(*in_both_modes(one.url(), f"&password_file={secret}"))
    sensor.feed(0.5)
    sensor.wait_until(some_arrived(client), "it writes")
    client.config_set("requirepass", "second")
    client.client_kill_filter(_type="normal", skipme=True)
    sensor.feed(1)
    sensor.wait_for("WRONGPASS", times=len(MODES))
    assert not any("first" in m for m in sensor.sensor.messages)
    secret.write_text("second\n")
    rows = sensor.end_well()
    for found, row in zip(in_redis(one.client(password="second")), rows,
                          strict=True):
        assert_same(found, clean, row)


def test_a_redis_that_wants_a_password_of_late_gets_it(watch, server, clean,
                                                       tmp_path):
    one = server()
    secret = tmp_path / "secret"
    sensor = watch(*in_both_modes(one.url(), f"&password_file={secret}"))
    one.client().config_set("requirepass", "late")
    sensor.feed(1)
    sensor.wait_for(DOWN, times=len(MODES))
    secret.write_text("late\n")
    sensor.end_well()
    for found in in_redis(one.client(password="late")):
        assert_same(found, clean)


def test_a_line_is_written_when_the_replica_has_it(watch, server, clean):
    master = server()
    replica = server("--replicaof", "127.0.0.1", str(master.port))
    wait_until(lambda: replica.client().info("replication")
               ["master_link_status"] == "up", "the replica follows")
    sensor = watch(*in_both_modes(master.url(), "&replicas=1&replicas_ms=200"))
    sensor.feed(0.5)
    sensor.wait_until(some_arrived(replica.client()), "the replica has some")
    replica.freeze()
    sensor.feed(1)
    sensor.wait_for("0 of 1 replicas", times=len(MODES))
    replica.thaw()
    rows = sensor.end_well()
    for found, row in zip(in_redis(replica.client()), rows, strict=True):
        assert row["written"] == len(clean)
        assert_same(found, clean, row)


# ---- several ----

def fail(sentinels, old):
    """It dies, and comes back when there is another: as its replica."""
    old.kill()
    new = sentinels.await_another_master(old)
    old.start()
    return new


def fail_over(sentinels, old):
    """It is asked to be a replica from now on, and says READONLY."""
    sentinels.sentinels[0].client().execute_command("SENTINEL", "FAILOVER",
                                                    sentinels.NAME)
    return sentinels.await_another_master(old)


@pytest.mark.parametrize("change", (fail, fail_over))
def test_a_replica_that_sentinels_promote_has_every_hit(watch, clean, change,
                                                        tmp_path_factory):
    some = SentinelSet(tmp_path_factory.mktemp("s"))
    try:
        some.start()
        old = some.master()
        sensor = watch(*in_both_modes(some.url, "&replicas=1&replicas_ms=500"))
        sensor.feed(0.5)
        sensor.wait_until(some_arrived(old.client()), "it writes")
        sensor.feed(0.75)
        new = change(some, old)
        sensor.feed(1)
        rows = sensor.end_well()
        for found, row in zip(in_redis(new.client()), rows, strict=True):
            assert_same(found, clean, row)
    finally:
        some.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    one = Cluster(tmp_path_factory.mktemp("c"))
    try:
        yield one.start()
    finally:
        one.close()


SEGMENT_KEYS = [f"s{n}" for n in range(6)]


def in_cluster(cluster, mode, stem):
    """Ids over all segments' keys."""
    found = []
    for key in (stem + segment for segment in SEGMENT_KEYS):
        for event in entries(cluster.owner(key).client(), mode, key):
            assert stem + event["alert"]["context"]["segment"] == key
            found += ids([event])
    return found


def cluster_has(cluster, mode, stem, least):
    return lambda: len(in_cluster(cluster, mode, stem)) >= least


@pytest.mark.parametrize("mode", MODES)
def test_a_slot_may_move_while_it_is_written(watch, hits, clean, cluster, mode):
    """ASK while it is on its way, MOVED once it is there."""
    stem = f"move-{mode}-"
    sensor = watch(f"{cluster.url}?mode={mode}&key={stem}{{segment}}")
    sensor.feed(0.25)
    sensor.wait_until(cluster_has(cluster, mode, stem, hits.count // 4),
                      "a quarter is there")
    moves = [SlotMove(cluster, stem + segment) for segment in SEGMENT_KEYS[:3]]
    size = {"list": "LLEN", "stream": "XLEN"}[mode]
    for move in moves:
        move.begin()
        sensor.feed((sensor.fed + 1) / hits.count)
        move.move_key()
        before = move.asking(size, move.key)
        sensor.feed((sensor.fed + 25) / hits.count)
        sensor.wait_until(lambda: move.asking(size, move.key) > before,
                          "the target takes more of the slot")
        move.end()
    sensor.feed(1)
    row, = sensor.end_well()
    assert_same(in_cluster(cluster, mode, stem), clean, row)


def test_a_node_of_a_cluster_may_be_killed(watch, hits, clean, cluster):
    stems = [f"kill-{mode}-" for mode in MODES]
    sensor = watch(*[f"{cluster.url}?mode={mode}&key={stem}{{segment}}"
                     for mode, stem in zip(MODES, stems)])
    sensor.feed(0.5)
    for mode, stem in zip(MODES, stems):
        sensor.wait_until(cluster_has(cluster, mode, stem, hits.count // 4),
                          "a quarter is there")
    victim = cluster.owner(stems[0] + SEGMENT_KEYS[0])
    victim.kill()
    sensor.feed(1)
    sensor.wait_for(DOWN)
    victim.start()
    rows = sensor.end_well()
    wait_until(cluster.is_complete, "the cluster is complete")
    for mode, stem, row in zip(MODES, stems, rows, strict=True):
        assert_same(in_cluster(cluster, mode, stem), clean, row)


def test_a_network_that_is_cut_and_mended(may_make_networks, watch, server,
                                          clean):
    cable = Cable(f"egress-{os.getpid()}")
    try:
        one = server(*KEEPS, bind=Cable.SERVER, prefix=cable.server_prefix)
        sensor = watch(*in_both_modes(one.url()), prefix=cable.sensor_prefix)
        sensor.feed(0.5)
        sensor.wait_until(some_arrived(one.client()), "it writes")
        cable.set("down")
        sensor.feed(1)
        sensor.wait_for(DOWN, times=len(MODES))
        cable.set("up")
        rows = sensor.end_well()
        for found, row in zip(in_redis(one.client()), rows, strict=True):
            assert_same(found, clean, row)
    finally:
        cable.close()


# ---- the sensor ----

# Where the sensor is killed; random beyond that, in `make torture`.
@pytest.mark.parametrize("seed", range(3))
def test_a_sensor_that_is_killed_and_run_again_finds_the_same(
        watch, server, clean, seed):
    chance = random.Random(seed)
    one = server()
    killed = watch(*in_both_modes(one.url()))
    share = chance.random()
    killed.feed(share)
    wanted = chance.randrange(int(share * len(clean)) + 1)
    killed.wait_until(some_arrived(one.client(), least=wanted), f"{wanted}")
    killed.kill()
    again = watch(*in_both_modes(one.url()))
    again.feed(1)
    rows = again.end_well()
    for found, row in zip(in_redis(one.client()), rows, strict=True):
        assert_same(found, clean)
        assert row["written"] >= len(clean)


@pytest.mark.parametrize("seed", range(3))
def test_a_hit_that_was_made_before_the_kill_arrives_after_it(
        watch, hits, server, clean, tmp_path, seed):
    """The file comes after Redis on the command line: what is in it is in the
    spools."""
    chance = random.Random(seed)
    one = server(*KEEPS)
    out = tmp_path / "eve.json"
    killed = watch(*in_both_modes(one.url()), out)
    if chance.random() < 0.5:
        one.freeze()
    killed.feed(chance.uniform(0.3, 1))
    wanted = chance.randrange(1, killed.fed)
    killed.wait_until(lambda: len(events_in(out)) >= wanted, f"{wanted} hits")
    killed.kill()
    one.kill()
    one.start()
    made = set(ids(events_in(out)))
    assert len(made) >= wanted
    deliver(watch, hits, in_both_modes(one.url()))
    for found in in_redis(one.client()):
        assert made <= set(found) <= set(clean)


def deliver(watch, hits, sinks, **options):
    """A run that finds nothing itself; its words."""
    again = watch(*sinks, **options)
    again.sensor.feed(hits.quiet_piece)
    again.end_well()
    return again.sensor.messages


def test_what_a_run_could_not_deliver_stays_for_the_next(watch, hits, server,
                                                         clean):
    one = server()
    one.freeze()
    first = watch(*in_both_modes(one.url()), config=hits.config(
        "short", drain_ms=100))
    first.feed(1)
    status, rows = first.end()
    assert status == 1
    assert all(row["pending"] == row["spooled"] == len(clean)
               and row["lost"] == 0 for row in rows), rows
    assert any("wait for the next start" in m for m in first.sensor.messages)
    one.thaw()
    said = deliver(watch, hits, in_both_modes(one.url()))
    assert sum("300 events from an earlier run" in m for m in said) == 2
    for found in in_redis(one.client()):
        assert_same(found, clean)


# ---- the spool ----

def left_behind(watch, one, hits, out):
    """Kills a sensor once all its hits are in the spool of a frozen Redis."""
    one.freeze()
    killed = watch(one.url(), out)
    killed.feed(1)
    killed.wait_until(lambda: len(events_in(out)) == hits.count, "all are made")
    killed.kill()
    one.thaw()


def segments_in(state_directory):
    return sorted(state_directory.glob("spool/*/*.segment"))


def flip(segment, at):
    octets = bytearray(segment.read_bytes())
    octets[at] ^= 0x20
    segment.write_bytes(octets)


def name_of(event):
    return event["alert"]["context"]["indicator"]["value"]


def test_a_damaged_octet_costs_its_line_alone(watch, hits, server, clean,
                                              state_directory, tmp_path):
    one = server()
    left_behind(watch, one, hits, tmp_path / "eve.json")
    victims = []
    for segment in segments_in(state_directory):
        octets = segment.read_bytes()
        at = octets.index(b"c2-", len(octets) // 20)
        victims.append(octets[at:at + 14].decode())
        flip(segment, at)
    assert len(victims) == 3  # one of each severity
    said = deliver(watch, hits, [one.url()])
    assert any("damaged octets were skipped" in m for m in said), said
    expected = [i for i, event in clean.items()
                if name_of(event) not in victims]
    found = ids(entries(one.client(), "stream", "egress-sensor"))
    assert len(expected) == hits.count - 3
    assert sorted(found) == sorted(expected)


def test_a_segment_that_was_cut_keeps_what_is_before_the_cut(
        watch, hits, server, clean, state_directory, tmp_path):
    one = server()
    left_behind(watch, one, hits, tmp_path / "eve.json")
    expected = set()
    for segment in segments_in(state_directory):
        octets = segment.read_bytes()
        cut = octets.rindex(b"c2-") // 2
        segment.write_bytes(octets[:cut])
        # Lines end with the only line feeds that text can have.
        whole = octets[:octets.rindex(b"}\n", 0, cut) + 2]
        expected |= {i for i in clean if i.encode() in whole}
    assert 30 < len(expected) < hits.count - 30
    said = deliver(watch, hits, [one.url()])
    assert any("damaged octets were skipped" in m for m in said), said
    found = ids(entries(one.client(), "stream", "egress-sensor"))
    assert sorted(found) == sorted(expected)


def test_what_is_no_segment_harms_nothing(watch, hits, server, clean,
                                          state_directory, tmp_path):
    one = server()
    left_behind(watch, one, hits, tmp_path / "eve.json")
    folder = segments_in(state_directory)[0].parent
    (folder / "00000001-1-000000ff.segment").write_bytes(b"rubbish" * 999)
    (folder / "00000001-2-000000ff.segment").write_bytes(b"")
    said = deliver(watch, hits, [one.url()])
    assert any("is no segment" in m for m in said), said
    found = ids(entries(one.client(), "stream", "egress-sensor"))
    assert_same(found, clean)


def severity(event):
    return event["alert"]["severity"]


@pytest.fixture(scope="module")
def flood(tmp_path_factory):
    """More of each severity than half a spool holds."""
    return ManyHits(tmp_path_factory.mktemp("flood"), 1500)


def test_a_full_spool_drops_the_lowest_severity_first_and_says_so(
        start_sensor, flood, hits, server):
    """A hit takes some 1,300 octets: 1500 are 2 MiB, of which 1 MiB is kept;
    the 500 of severity 1 have room in it."""
    one = server()
    one.freeze()
    sensor = Watch(start_sensor, flood, [one.url()], config=flood.config(
        wait_ms=0, drain_ms=100, mib=1))
    sensor.feed(1)
    status, (row,) = sensor.end()
    assert status == 1
    assert row["lost"] > 0
    assert row["lost"] + row["pending"] == flood.count
    assert any("lost: the queue is full" in m for m in sensor.sensor.messages)
    one.thaw()
    rest = Watch(start_sensor, hits, [one.url()])
    rest.sensor.feed(hits.quiet_piece)
    rest.end_well()
    kept = entries(one.client(), "stream", "egress-sensor")
    assert len({*ids(kept)}) == row["pending"]
    counts = collections.Counter(map(severity, kept))
    assert counts[1] == flood.count // 3
    # Of severity 3 only what was being written when the room ran out.
    assert counts[3] < counts[2] < counts[1], counts


def may_mount():
    try:
        return subprocess.run(
            ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"],
            stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def test_a_full_disk_keeps_hits_in_memory(watch, server, clean,
                                          state_directory):
    if not may_mount():
        pytest.skip("no file systems can be mounted")
    one = server()
    one.freeze()
    # Room for the first segments; the mount ends with the sensor.
    sensor = watch(*in_both_modes(one.url()), prefix=(
        "unshare", "-m", "sh", "-c",
        'mount -t tmpfs -o size=2m none "$0" && exec "$@"', state_directory))
    sensor.feed(1)
    sensor.wait_for("No space left on device")
    assert any("hits wait in memory" in m for m in sensor.sensor.messages)
    sensor.wait_for(DOWN, times=len(MODES))
    one.thaw()
    rows = sensor.end_well()
    for found, row in zip(in_redis(one.client()), rows, strict=True):
        assert_same(found, clean, row)


# ---- sinks and sensors beside one another ----

def test_a_redis_that_is_dead_holds_up_no_other(watch, server, clean):
    dead, alive = server(), server()
    dead.kill()
    sensor = watch(dead.url(), alive.url())
    sensor.feed(1)
    sensor.wait_until(lambda: alive.client().xlen("egress-sensor")
                      == len(clean), "the other has all")
    dead.start()
    rows = sensor.end_well()
    for one, row in zip((dead, alive), rows, strict=True):
        found = ids(entries(one.client(), "stream", "egress-sensor"))
        assert_same(found, clean, row)


def test_two_sensors_share_a_spool_folder(watch, hits, server, clean, tmp_path,
                                          state_directory):
    """What one of them leaves is for whoever comes, but not while it runs."""
    one = server()
    one.freeze()
    sensors, files = [], [tmp_path / "a.json", tmp_path / "b.json"]
    for out in files:
        sensors.append(watch(one.url(), out))
    for sensor, out in zip(sensors, files):
        sensor.feed(0.5)
        sensor.wait_until(lambda: len(events_in(out)) == sensor.fed, "its hits")
    sensors[0].kill()
    one.thaw()
    said = deliver(watch, hits, [one.url()])
    assert any("150 events from an earlier run" in m for m in said), said
    sensors[1].feed(1)
    sensors[1].end_well()
    found = ids(entries(one.client(), "stream", "egress-sensor"))
    assert set(found) == set(clean)
    # Each by each sensor: the second half by the one that lived.
    assert repeats(found) >= hits.count // 2
    assert segments_in(state_directory) == []


def test_each_sink_gets_what_it_asked_for_where_it_belongs(watch, hits, server,
                                                           clean):
    one = server()
    sensor = watch(
        one.url(rest="?key={type}-{segment}-{severity}&events=alert,dns"),
        one.url(rest="?mode=list&key=grave&severity=1"),
        one.url(rest="?mode=list&key=questions&events=dns"))
    sensor.feed(1)
    rows = sensor.end_well()
    assert [row["written"] for row in rows] == \
        [2 * hits.count, hits.count // 3, hits.count]
    expected = collections.defaultdict(list)
    for event in clean.values():
        segment = event["alert"]["context"]["segment"]
        expected[f"alert-{segment}-{severity(event)}"] += ids([event])
    client = one.client()
    streams = [key.decode() for key in client.keys("alert-*")]
    assert {key: ids(entries(client, "stream", key)) for key in streams} == \
        expected
    assert ids(entries(client, "list", "grave")) == \
        [i for i, event in clean.items() if severity(event) == 1]
    assert {event["event_type"] for event in entries(
        client, "list", "questions")} == {"dns"}
    assert sum(client.xlen(key) for key in client.keys("dns-s*")) == hits.count


def test_the_clean_run_is_what_it_should_be(clean, hits):
    """A test of the tests: each name once, and nothing else."""
    assert sorted(map(name_of, clean.values())) == \
        sorted(hits.name(n) for n in range(hits.count))
