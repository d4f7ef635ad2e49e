#!/usr/bin/python3
"""Kills the sensor and its Redis at random moments, round after round.

    torture.py [--build DIR] [--rounds N] [--seed N]

In each round a few sensors, one after the other, read a piece of a capture that
has a hit in each packet, and write to Redis and, after that, to a file.  On the
way Redis is killed, frozen or full, and the sensor is killed or ends.  Then all
is well again, and a last sensor, which finds nothing itself, delivers what the
others have left: what is in a file must be in Redis.  In half of the rounds the
whole capture is then read again: Redis must have what a clean run finds.

The last line is "N rounds, N hits, N repeats, N lost"; the status is 1 where a
hit was lost.  A seed decides the same things again; what they meet is up to the
machine.
"""
import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

MODES = ("stream", "list")
KEY = "hits"
HITS = 300
RUNS_MAX = 3
PIECES_MAX = 5
# Whether a sensor that ends waits for a Redis that may be away.
DRAIN_MS = (50, 3000)


class Victim:
    """A Redis that things happen to."""

    def __init__(self, server):
        self.server = server.start()
        self.frozen = False

    def kill(self):
        self.server.kill()
        self.frozen = False

    def freeze(self):
        if self.server.process is not None:
            self.server.freeze()
            self.frozen = True

    def fill(self):
        if self.server.process is not None and not self.frozen:
            self.server.set(maxmemory="1")

    def mend(self):
        if self.server.process is None:
            self.server.start()
        if self.frozen:
            self.server.thaw()
            self.frozen = False
        self.server.set(maxmemory="0")

    FAULTS = (kill, freeze, fill, mend, mend)


class Round:
    def __init__(self, place, hits, chance, redis):
        self.place, self.hits, self.chance, self.redis = \
            place, hits, chance, redis
        self.mode = chance.choice(MODES)
        self.url = redis.server.url(rest=f"?mode={self.mode}&key={KEY}")
        self.made = set()  # hits that have got into a file
        self.count = 0     # lines that Redis has in the end
        self.runs = 0

    def start(self, drain_ms):
        self.runs += 1
        out = self.place / f"{self.runs}.json"
        sensor = Sensor(
            "-c", self.hits.config(f"drain-{drain_ms}", drain_ms=drain_ms),
            "-r", "-", "--iocs", self.hits.iocs, "-o", self.url, "-o", out,
            fed=True)
        sensor.feed(many_hits.HEADER)
        return sensor, out

    def feed(self, sensor, begin, end):
        """In pieces; between them something happens."""
        cuts = sorted(self.chance.randint(begin, end)
                      for _ in range(self.chance.randrange(PIECES_MAX)))
        for cut in [*cuts, end]:
            sensor.feed(self.hits.piece(begin, cut))
            begin = cut
            self.chance.choice(Victim.FAULTS)(self.redis)

    def run(self):
        begin, end = sorted(self.chance.sample(range(HITS + 1), 2))
        sensor, out = self.start(self.chance.choice(DRAIN_MS))
        try:
            self.feed(sensor, begin, end)
            wanted = self.chance.randint(0, end - begin)
            sensor.wait_until(
                lambda: len(many_hits.events_in(out)) >= wanted, "hits")
            if self.chance.random() < 0.75:
                sensor.process.kill()
            self.end(sensor)
        finally:
            sensor.stop()
        self.made |= set(many_hits.ids(many_hits.events_in(out)))

    def run_to_the_end(self, octets):
        """All is well: nothing may be left, in the spool or in memory."""
        sensor, _ = self.start(60000)
        try:
            sensor.feed(octets)
            status = self.end(sensor)
            assert status == 0, (status, sensor.messages)
        finally:
            sensor.stop()

    @staticmethod
    def end(sensor):
        """Nothing is lost that the sensor knows of, either."""
        status = sensor.end()
        for row in many_hits.sink_rows(sensor.messages):
            assert row["lost"] == 0, sensor.messages
        return status

    def found(self):
        events = many_hits.entries(self.redis.server.client(), self.mode, KEY)
        self.count = len(events)
        return set(many_hits.ids(events))

    def lost(self, clean):
        """What should be in Redis at the end and is not; how many it has."""
        for _ in range(self.chance.randint(1, RUNS_MAX)):
            self.run()
        self.redis.mend()
        self.run_to_the_end(self.hits.quiet_piece)
        lost = self.made - self.found()
        if self.chance.random() < 0.5:
            self.run_to_the_end(self.hits.piece(0, HITS))
            lost |= clean - self.found()
        assert self.found() <= clean
        return lost


def play(number, seed, place, hits, clean):
    """One round in a folder of its own: lost hits, and lines in Redis."""
    chance = random.Random(f"{seed}/{number}")
    os.environ["STATE_DIRECTORY"] = str(place / "state")
    redis = Victim(servers.Redis(place / "r", *servers.KEEPS))
    try:
        one = Round(place, hits, chance, redis)
        lost = one.lost(clean)
        return lost, len(one.found()), one.count, one
    finally:
        redis.kill()


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(1 << 32))
    return parser.parse_args()


def main():
    hit_count = repeats = lost_count = 0
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        hits = many_hits.ManyHits(Path(directory), HITS)
        clean = set(many_hits.ids(hits.clean_run()))
        assert len(clean) == HITS
        for number in range(arguments.rounds):
            place = Path(directory) / f"{number}"
            place.mkdir()
            lost, found, lines, one = play(number, arguments.seed, place, hits,
                                           clean)
            hit_count += found
            repeats += lines - found
            lost_count += len(lost)
            if lost or number % 10 == 9:
                print(f"round {number + 1}: {one.mode}, {one.runs} sensors, "
                      f"{found} hits, {lines - found} repeats, {len(lost)} lost",
                      flush=True)
    print(f"{arguments.rounds} rounds, {hit_count} hits, {repeats} repeats, "
          f"{lost_count} lost")
    return 1 if lost_count or not hit_count else 0


arguments = parse()
os.environ["EGRESS_BUILD"] = str(Path(arguments.build).resolve())

# They look for the program as they are imported.
import many_hits  # noqa: E402
import servers  # noqa: E402
from sensor import Sensor  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
