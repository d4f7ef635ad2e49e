#!/usr/bin/python3
"""Measure delivery to Redis, with a server of its own in a temporary folder.

    delivery.py [--build DIR] [--rounds N] [--lines N] [--packets N] [--seed N]
                [--json FILE] [--only sink|packets]

1. sink_bench: lines a second that a Redis acknowledges, of a bare hiredis loop
   and of the sensor's formatter and sink with a spool on disk, in turns.
2. The packet path: a stored workload with some thousand hits, with no sink
   (a file, /dev/null), with Redis up, stopped (connections are refused) and
   stalled (SIGSTOP), in turns.  Elapsed is until the capture is unmapped, so
   that what is waited for and synced at the end is not in it.  CPU is user
   plus system of all of the sensor's threads, delivery included; ratios are
   to the run with no sink of the same round.
"""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import bench

ROUNDS = 5
LISTED_OF = 5  # every fifth site of the workload is an indicator
SITES = 200_000

CONFIG = """\
outputs:
  drain_ms: {drain_ms}
  spool:
    directory: "{spool}"
"""


@contextlib.contextmanager
def redis(folder):
    """A server on a socket in `folder`: its process and its URL."""
    path = folder / "redis.socket"
    command = ["redis-server", "--port", "0", "--unixsocket", path,
               "--save", "", "--appendonly", "no", "--dir", folder]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(path, server)
            yield server, f"redis+unix://{path}"
        finally:
            server.send_signal(signal.SIGCONT)
            server.kill()


def wait_for(path, server):
    for _ in range(1000):
        if path.exists():
            return
        if server.poll() is not None:
            break
        time.sleep(0.01)
    raise bench.Failed("redis-server does not start")


# --- lines a second ---

def sink(given, folder, url):
    command = [given.build / "sink_bench", "-n", str(given.lines),
               "-r", str(given.rounds), "-s", folder / "spool", url]
    shown = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                           text=True).stdout
    print(shown, flush=True)
    return shown.splitlines()


# --- the packet path ---

def listed(folder):
    path = folder / "listed.txt"
    path.write_text("".join(f"h{site}.example\n"
                            for site in range(0, SITES, LISTED_OF)))
    return path


def reading_ends(pid, options):
    """When the process unmaps its capture, which is its second option."""
    capture = str(options[1].resolve())
    seen = None
    while True:
        now = time.monotonic()
        try:
            mapped = capture in pathlib.Path(f"/proc/{pid}/maps").read_text()
        except OSError:
            mapped = False
        if mapped:
            seen = now
        elif seen is not None or has_ended(pid):
            return now
        time.sleep(0.002)


def has_ended(pid):
    return os.waitid(os.P_PID, pid,
                     os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def run_sensor(given, folder, options, output, drain_ms=0):
    """(elapsed, CPU) seconds; each run has a spool of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        config = pathlib.Path(own) / "config.yaml"
        config.write_text(CONFIG.format(spool=f"{own}/spool",
                                        drain_ms=drain_ms))
        command = [given.build / "egress-sensor", "-c", config, *options,
                   "-o", output]
        with open(os.devnull, "wb") as nowhere:
            begin = time.monotonic()
            process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
            elapsed = reading_ends(process.pid, options) - begin
            _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1: the sink could not deliver
        raise bench.Failed(f"{' '.join(map(str, command))}: "
                           f"exit status {process.returncode}")
    return elapsed, used.ru_utime + used.ru_stime


def count_hits(given, folder, options):
    path = folder / "hits.json"
    run_sensor(given, folder, options, path, drain_ms=60000)
    with open(path, "rb") as lines:
        return sum(1 for _ in lines)


def packets(given, folder, server, url):
    stored = bench.workload_file(given.build, "egress", given.seed,
                                 given.packets)
    options = ["-r", stored, "--iocs", listed(folder)]
    hits = count_hits(given, folder, options)
    refused = f"redis+unix://{folder}/nobody.socket"
    outputs = [("no sink", os.devnull), ("Redis up", url),
               ("Redis stopped", refused), ("Redis stalled", url)]
    runs = {name: [] for name, _ in outputs}
    for turn in range(given.rounds):
        # Each is first, second ... in turn, whatever that does.
        for i in range(len(outputs)):
            name, output = outputs[(turn + i) % len(outputs)]
            if name == "Redis stalled":
                server.send_signal(signal.SIGSTOP)
            runs[name].append(run_sensor(given, folder, options, output))
            server.send_signal(signal.SIGCONT)
    return show_packets(given, hits, runs)


def show_packets(given, hits, runs):
    print(f"{given.packets} packets, {hits} hits")
    print(f"{'output':<16}{'elapsed s':>10}{'ratio':>7}{'(range)':>14}"
          f"{'CPU s':>8}{'ratio':>7}{'(range)':>14}")
    results = []
    for name, pairs in runs.items():
        row = {"output": name, "packets": given.packets, "hits": hits}
        line = f"{name:<16}"
        for what, key, width in (("elapsed", 0, 10), ("cpu", 1, 8)):
            seconds = [pair[key] for pair in pairs]
            ratios = [pair[key] / base[key]
                      for pair, base in zip(pairs, runs["no sink"])]
            row[f"{what}_s"] = round(statistics.median(seconds), 3)
            row[f"{what}_ratio"] = round(statistics.median(ratios), 3)
            spread = f"({min(ratios):.2f}-{max(ratios):.2f})"
            line += (f"{row[f'{what}_s']:>{width}.3f}"
                     f"{row[f'{what}_ratio']:>7.2f}{spread:>14}")
        results.append(row)
        print(line, flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--build", type=pathlib.Path,
                        default=pathlib.Path("build"))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--lines", type=int, default=512_000)
    parser.add_argument("--packets", type=int, default=2_500_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--only", choices=("sink", "packets"))
    given = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with redis(folder) as (server, url):
            if given.only != "packets":
                results["sink"] = sink(given, folder, url)
            if given.only != "sink":
                results["packets"] = packets(given, folder, server, url)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (bench.Failed, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"delivery.py: {error}")
