#!/usr/bin/python3
"""Measure the sensor against the yardstick D on stored workloads.

    bench.py [--build DIR] [--rounds N] [--packets N] [--seed N] [--json FILE]
             [--option OPTION]... [WORKLOAD...]

D is the CPU time of pcap_loop over the same file.  Yardstick and sensor run in
turns, so that what disturbs the machine disturbs both, and each figure is the
median of all rounds.  CPU time is user plus system of the child, from wait4.
Workload files stay in DIR/bench/ and are used again.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys

# Name: what `workload` makes, how many packets by default, sensor options.
# A further bench is a further line.
WORKLOADS = {
    "egress": ("egress", 2_500_000, []),
    "mixed": ("mixed", 1_000_000, []),
    "small": ("small", 2_000_000, []),
    "egress-all-events": ("egress", 2_500_000, ["--events", "all"]),
    "egress-million": ("egress", 2_500_000, ["--iocs", "{million}"]),
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


def bench(given, name):
    kind, packets, options = WORKLOADS[name]
    packets = given.packets or packets
    path = workload_file(given.build, kind, given.seed, packets)
    options = [str(million(given.build)) if o == "{million}" else o
               for o in options]
    loop = [given.build / "pcap_loop", path]
    sensor = [given.build / "egress-sensor", "-r", path, "-o", os.devnull,
              *options, *given.option]
    for command in (loop, sensor):  # into the page cache, and not counted
        measure(command)
    # What it costs to start, indicators loaded, is no packet's cost.
    empty = given.build / "bench" / "empty.pcap"
    empty.write_bytes(path.open("rb").read(24))
    start = [empty if part == path else part for part in sensor]
    rounds = []
    for _ in range(given.rounds):
        yardstick, ours, idle = measure(loop), measure(sensor), measure(start)
        rounds.append((yardstick, (ours[0] - idle[0], ours[1])))
    ratios = [ours[0] / yardstick[0] for yardstick, ours in rounds]
    return {
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


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--build", type=pathlib.Path,
                        default=pathlib.Path("build"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--packets", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD")
    given = parser.parse_args()
    unknown = set(given.workloads) - set(WORKLOADS)
    if unknown:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
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
    if given.json:
        given.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"bench.py: {error}")
