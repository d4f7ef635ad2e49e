#!/usr/bin/python3
"""Runs all tests of both builds and counts them.

    run.py --build DIR --sanitized DIR

Unit tests are the programs DIR/tests/test_*; each target of the fuzzers reads
its corpus by DIR/replay/fuzz_*; what is in tests/e2e runs DIR/egress-sensor.
Ends with "N passed, N failed"; the status is 1 where one failed or none ran.
"""
import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from pathlib import Path

HERE = Path(__file__).resolve().parent
# A test that takes so long hangs.
UNIT_S = 300
E2E_S = 1200
# Findings of a sanitizer must be seen by whoever started the program.
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=86",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}


class Outcome:
    """What one program or group came to."""

    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0
        self.text = ""  # shown in full where something failed
        self.notes = []  # shown in any case
        self.seconds = 0.0

    def line(self):
        counts = f"{self.passed} passed"
        if self.failed:
            counts += f", {self.failed} FAILED"
        if self.skipped:
            counts += f", {self.skipped} skipped"
        return f"{self.name:<44} {counts} ({self.seconds:.1f} s)"


def run(command, seconds, **more):
    """The status and all the output; a program that hangs has none."""
    environment = {**os.environ, **SANITIZERS, "PYTHONDONTWRITEBYTECODE": "1",
                   **more}
    try:
        done = subprocess.run(
            command, cwd=HERE.parent, env=environment, timeout=seconds,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as hung:
        text = (hung.output or b"").decode(errors="replace")
        return None, f"{text}\nstill running after {seconds} s"
    except OSError as error:
        return None, str(error)
    return done.returncode, done.stdout.decode(errors="replace")


def how_it_ended(status):
    if status is None:
        return "it did not end"
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"exit status {status}"


def unit(label, program):
    """A cmocka program; it may run several groups."""
    outcome = Outcome(f"{label} {program.name}")
    status, text = run([str(program)], UNIT_S, CMOCKA_MESSAGE_OUTPUT="TAP")
    skipped = len(re.findall(r"^ok \d+ .*# SKIP", text, re.M))
    outcome.passed = len(re.findall(r"^ok \d+", text, re.M)) - skipped
    outcome.failed = len(re.findall(r"^not ok \d+", text, re.M))
    outcome.skipped = skipped
    planned = sum(map(int, re.findall(r"^1\.\.(\d+)", text, re.M)))
    # A crash, a leak at the end, tests that were planned and never ran.
    if (status != 0 and outcome.failed == 0) or planned == 0:
        outcome.failed += 1
    elif planned != outcome.passed + outcome.failed + skipped:
        outcome.failed += 1
    if outcome.failed:
        outcome.text = f"{text}\n{program}: {how_it_ended(status)}, " \
            f"{planned} tests planned"
    return outcome


def replay(label, program, corpus):
    outcome = Outcome(f"{label} replay {program.name}")
    files = sorted(str(path) for path in corpus.rglob("*") if path.is_file()) \
        if corpus.is_dir() else []
    status, text = run([str(program), *files], UNIT_S)
    if files and status == 0:
        outcome.passed = 1
    else:
        outcome.failed = 1
        outcome.text = text + "\n" + (
            how_it_ended(status) if files else f"{corpus}: no files")
    return outcome


def e2e(label, build, selection):
    outcome = Outcome(f"{label} e2e")
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        status, text = run(
            [sys.executable, "-m", "pytest", "-q", "--tb=short",
             "-o", "junit_logging=no", f"--junitxml={report}",
             f"--basetemp={directory}/tests", "-m", selection,
             str(HERE / "e2e")], E2E_S, EGRESS_BUILD=str(build))
        if report.is_file():
            count_e2e(outcome, xml.parse(report))
    # 0 and 1: pytest ran what it found; with 1 some failed.
    if status not in (0, 1) or (status == 1 and outcome.failed == 0):
        outcome.failed += 1
    if outcome.failed:
        outcome.text = f"{text}\npytest: {how_it_ended(status)}"
    return outcome


def count_e2e(outcome, report):
    reasons = {}
    for case in report.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif case.find("skipped") is not None:
            outcome.skipped += 1
            reason = case.find("skipped").get("message", "")
            reasons[reason] = reasons.get(reason, 0) + 1
        else:
            outcome.passed += 1
    outcome.notes = [f"  skipped {count}: {reason}"
                     for reason, count in sorted(reasons.items())]


def timed(function, *arguments):
    begun = time.monotonic()
    outcome = function(*arguments)
    outcome.seconds = time.monotonic() - begun
    return outcome


def jobs_of(label, build, selection):
    """The long one first, so that the short ones fill the other core."""
    yield e2e, label, build, selection
    programs = sorted((build / "tests").glob("test_*"))
    for program in programs or [build / "tests" / "test_*"]:
        yield unit, label, program
    for program in sorted((build / "replay").glob("fuzz_*")):
        name = program.name.removeprefix("fuzz_")
        yield replay, label, program, HERE / "fuzz" / "corpus" / name


def show(outcome):
    print(outcome.line(), flush=True)
    if outcome.failed:
        print(outcome.text.rstrip(), flush=True)
    for note in outcome.notes:
        print(note, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--sanitized", type=Path, required=True)
    arguments = parser.parse_args()
    jobs = [*jobs_of("plain", arguments.build.resolve(), ""),
            *jobs_of("sanitized", arguments.sanitized.resolve(),
                     "not plain")]
    # Both e2e groups at the head of the queue.
    jobs.sort(key=lambda job: job[0] is not e2e)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(timed, *job) for job in jobs]
        outcomes = []
        for done in concurrent.futures.as_completed(running):
            outcomes.append(done.result())
            show(outcomes[-1])
    passed, failed, skipped = (sum(getattr(o, what) for o in outcomes)
                               for what in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed" +
          (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
