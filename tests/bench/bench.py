#!/usr/bin/python3
"""Measure the sensor against the yardstick D on stored workloads.

    bench.py [--build DIR] [--rounds N] [--packets N] [--seed N] [--json FILE]
             [--option OPTION]... [WORKLOAD...]
    bench.py [--build DIR] [--rounds N] [--packets N] [--seed N] --stages
             [KIND...]

D is the CPU time of pcap_loop over the same file.  Yardstick and sensor run in
turns, so that what disturbs the machine disturbs both, and each figure is the
median of all rounds.  CPU time is user plus system of the child, from wait4.
Workload files stay in DIR/bench/ and are used again.

With --stages it is what each stage of the sensor adds instead (stage_bench), on
each kind of workload, with everything on.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent / "e2e"))
import mmdb  # noqa: E402

# Name: what `workload` makes, how many packets by default, sensor options.
# A further bench is a further line.
WORKLOADS = {
    "egress": ("egress", 2_500_000, []),
    "mixed": ("mixed", 1_000_000, []),
    "small": ("small", 2_000_000, []),
    "egress-without-ndpi": ("egress", 2_500_000, ["-c", "{without-ndpi}"]),
    "mixed-without-ndpi": ("mixed", 1_000_000, ["-c", "{without-ndpi}"]),
    "small-without-ndpi": ("small", 2_000_000, ["-c", "{without-ndpi}"]),
    "egress-all-on": ("egress", 2_500_000, ["-c", "{all-on}"]),
    "egress-all-events": ("egress", 2_500_000, ["--events", "all"]),
    "egress-million": ("egress", 2_500_000, ["--iocs", "{million}"]),
}


# What a row is also measured against, in the same turns: two rows of one table
# were not, and a machine that others use makes more of a difference.
AGAINST = {
    "egress": "egress-without-ndpi",
    "mixed": "mixed-without-ndpi",
    "small": "small-without-ndpi",
    "egress-all-on": "egress-without-ndpi",
}


def million(build):
    """A feed of a million domains and a hundred thousand addresses, none of
    which the workloads have."""
    path = build / "bench" / "million.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        some = random.Random(1)
        with open(path, "w", encoding="ascii") as feed:
            for _ in range(1_000_000):
                feed.write(f"{some.getrandbits(60):x}.listed.example\n")
            for _ in range(100_000):
                feed.write("203." + ".".join(
                    str(some.randrange(1, 255)) for _ in range(3)) + "\n")
    return path


def without_ndpi(build):
    """A configuration that leaves nDPI out."""
    path = build / "bench" / "without-ndpi.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("enrichment:\n  ndpi: false\n", encoding="ascii")
    return path


# Of the 2,000 sites of `workload`, by how often they are asked, those that a
# policy knows; 3 % of the conversations are with others.
ALLOWED_SITES = 1800

ALL_ON = """\
enrichment: {{geoip: [{geoip}]}}
policies:
  - name: all-that-leaves
    roles: [""]
    mode: alert
    allow:
      lists: [{sites}, npm, pypi, debian, crates, golang, certificates]
      networks: [192.0.2.0/24]
      ports: [123/udp, 20000-22000/udp]
      countries: [CH]
      asns: [64511]
    deny:
      services: [tunnel, dns-over-https, dns-over-tls, tor, socks, ech]
      countries: [KP]
  - {{name: seen, roles: [""], mode: observe, allow: {{lists: [{sites}]}}}}
"""


def all_on(build):
    """A configuration with all that is off by default: policies, one that
    alerts and one that observes, and countries and networks of addresses."""
    folder = (build / "bench").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    sites = folder / "sites.txt"
    sites.write_text("".join(f"h{n}.example\n" for n in range(ALLOWED_SITES)),
                     encoding="ascii")
    # As many networks as a real database has where a name leads to.
    geoip = mmdb.write(folder / "geo.mmdb", {
        **{f"198.{18 + n // 256}.{n % 256}.0/24":
           mmdb.ipinfo("US" if n % 3 else "DE", 64496 + n % 12, "Example")
           for n in range(512)},
        "203.0.113.0/24": mmdb.ipinfo("JP", 64510, "Other"),
        "2001:db8::/32": mmdb.ipinfo("SE", 64509, "Third")})
    path = folder / "all-on.yaml"
    path.write_text(ALL_ON.format(geoip=geoip, sites=sites), encoding="ascii")
    return path


# What stands for a file that is made when it is wanted.
MADE = {"{million}": million, "{without-ndpi}": without_ndpi,
        "{all-on}": all_on}


class Failed(Exception):
    pass


def measure(command):
    """(CPU seconds, largest resident set in KiB) of one run."""
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: "
                     f"exit status {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def workload_file(build, kind, seed, packets):
    path = build / "bench" / f"{kind}-{seed}-{packets}.pcap"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        subprocess.run([build / "workload", kind, str(seed), str(packets),
                        unfinished], check=True)
        unfinished.rename(path)
    return path


class Sensor:
    """The sensor as a row of WORKLOADS wants it, over one file."""

    def __init__(self, given, name, path):
        options = [str(MADE[o](given.build)) if o in MADE else o
                   for o in WORKLOADS[name][2]]
        self.run = [given.build / "egress-sensor", "-r", path, "-o",
                    os.devnull, *options, *given.option]
        # What it costs to start, indicators loaded, is no packet's cost.
        empty = given.build / "bench" / "empty.pcap"
        empty.write_bytes(path.open("rb").read(24))
        self.start = [empty if part == path else part for part in self.run]

    def measure(self):
        ours, idle = measure(self.run), measure(self.start)
        return ours[0] - idle[0], ours[1]


def bench(given, name):
    kind, packets, _ = WORKLOADS[name]
    packets = given.packets or packets
    path = workload_file(given.build, kind, given.seed, packets)
    loop = [given.build / "pcap_loop", path]
    sensor = Sensor(given, name, path)
    other = Sensor(given, AGAINST[name], path) if name in AGAINST else None
    for command in (loop, sensor.run):  # into the page cache, not counted
        measure(command)
    rounds, slower = [], []
    for _ in range(given.rounds):
        yardstick, ours = measure(loop), sensor.measure()
        rounds.append((yardstick, ours))
        if other is not None:
            slower.append(ours[0] / other.measure()[0])
    ratios = [ours[0] / yardstick[0] for yardstick, ours in rounds]
    return {
        "against": AGAINST.get(name),
        "slower": round(statistics.median(slower), 2) if slower else None,
        "workload": name, "packets": packets,
        "octets_per_packet": round((path.stat().st_size - 24) / packets - 16,
                                   1),
        "d_ns": median_ns([yardstick[0] for yardstick, _ in rounds], packets),
        "sensor_ns": median_ns([ours[0] for _, ours in rounds], packets),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_low": round(min(ratios), 2),
        "ratio_high": round(max(ratios), 2),
        "max_rss_kib": max(ours[1] for _, ours in rounds),
    }


def median_ns(seconds, packets):
    return round(statistics.median(seconds) / packets * 1e9, 1)


# Each kind of workload, and the packets that the rows above have of it.
KINDS = {kind: packets for kind, packets, _ in WORKLOADS.values()}


def stages(given, kind):
    path = workload_file(given.build, kind, given.seed,
                         given.packets or KINDS[kind])
    print(f"\n{kind}:", flush=True)
    subprocess.run([given.build / "stage_bench", "-c", all_on(given.build),
                    "-n", str(given.rounds), path], check=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--build", type=pathlib.Path,
                        default=pathlib.Path("build"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--packets", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD")
    given = parser.parse_args()
    known = KINDS if given.stages else WORKLOADS
    unknown = set(given.workloads) - set(known)
    if unknown:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    if given.stages:
        for kind in given.workloads or KINDS:
            stages(given, kind)
        return
    results = []
    print(f"{'workload':<20}{'packets':>9}{'B/packet':>9}{'D ns':>8}"
          f"{'ours ns':>9}{'ratio':>7}{'(range)':>14}{'RSS MiB':>9}")
    for name in given.workloads or WORKLOADS:
        r = bench(given, name)
        results.append(r)
        spread = f"({r['ratio_low']}-{r['ratio_high']})"
        print(f"{name:<20}{r['packets']:>9}{r['octets_per_packet']:>9}"
              f"{r['d_ns']:>8}{r['sensor_ns']:>9}{r['ratio']:>7}{spread:>14}"
              f"{r['max_rss_kib'] / 1024:>9.1f}", flush=True)
        if r["slower"]:
            print(f"{'':<20}{r['slower']} times {r['against']}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"bench.py: {error}")
