"""Network namespaces of a test's own, without a way out, and cables in them."""

import itertools
import os
import shutil
import subprocess

import pytest

_count = itertools.count()


def call(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE, timeout=60)


def why_not():
    """Why namespaces cannot be made here; None where they can."""
    for program in ("ip", "tcpreplay", "tcpprep"):
        if shutil.which(program) is None:
            return f"no {program}"
    if os.geteuid() != 0:
        return "not root: no network namespaces"
    name = f"egress-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if made.returncode != 0:
        return "no network namespaces: " + made.stderr.strip()
    entered = subprocess.run(
        ["ip", "-n", name, "link", "add", "tx0", "type", "veth", "peer",
         "name", "rx0"],
        text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    subprocess.run(["ip", "netns", "del", name], check=False)
    if entered.returncode != 0:
        return "no virtual cables: " + entered.stderr.strip()
    return None


class Cables:
    """Cables from a sender's namespace ("tx0", "tx1") to a listener's ("rx0",
    "rx1").  Nobody has an address, so nothing else is on them."""

    def __init__(self, count):
        stem = f"egress-{os.getpid()}-{next(_count)}"
        self.sender, self.listener = f"{stem}-tx", f"{stem}-rx"
        self.count = count
        for name in (self.sender, self.listener):
            call("ip", "netns", "add", name)
            call("ip", "netns", "exec", name, "sysctl", "-qw",
                 "net.ipv6.conf.all.disable_ipv6=1",
                 "net.ipv6.conf.default.disable_ipv6=1")
        for number in range(count):
            self.lay(number)

    def lay(self, number):
        call("ip", "-n", self.sender, "link", "add", f"tx{number}", "type",
             "veth", "peer", "name", f"rx{number}", "netns", self.listener)
        call("ip", "-n", self.sender, "link", "set", f"tx{number}", "up")
        self.set(number, "up")

    def set(self, number, state):
        """The listener's end "up" or "down"."""
        call("ip", "-n", self.listener, "link", "set", f"rx{number}", state)

    def cut(self, number):
        """The cable is gone, and with it the interface."""
        call("ip", "-n", self.listener, "link", "del", f"rx{number}")

    @property
    def interfaces(self):
        return [f"rx{number}" for number in range(self.count)]

    @property
    def prefix(self):
        """What runs a command where it can listen."""
        return ("ip", "netns", "exec", self.listener)

    def replay(self, capture, *arguments):
        """Sends a capture into the first cable, as fast as it goes."""
        call("ip", "netns", "exec", self.sender, "tcpreplay", "--topspeed",
             "--quiet", "--intf1=tx0", *arguments, str(capture))

    def replay_by_direction(self, capture, clients, directory):
        """What `clients` (a network) sent goes into tx0, all else into tx1,
        one packet after the other."""
        cache = f"{directory}/directions.cache"
        call("tcpprep", f"--cidr={clients}", f"--pcap={capture}",
             f"--cachefile={cache}")
        self.replay(capture, "--intf2=tx1", f"--cachefile={cache}")

    def close(self):
        for name in (self.sender, self.listener):
            subprocess.run(["ip", "netns", "del", name], check=False,
                           stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def may_make_networks():
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture
def cables(may_make_networks):
    """A function that lays so many cables."""
    laid = []

    def lay(count=1):
        laid.append(Cables(count))
        return laid[-1]

    yield lay
    for one in laid:
        one.close()
