"""Fixtures for tests that run programs whole: a real redis-server, binaries."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis

DEADLINE_S = 20


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Return the first true value of condition(); fail where none comes."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"not in {deadline_s} s: {what}")
        time.sleep(0.01)


def free_port():
    """A loopback port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """A redis-server of its own, on a loopback port and a unix socket.

    It keeps nothing, unless it is started with arguments that say so.
    """

    def __init__(self, directory, *arguments):
        self.directory = Path(directory)
        self.arguments = arguments
        self.port = free_port()
        self.socket = self.directory / "redis.sock"
        self.process = None

    @property
    def host_and_port(self):
        return f"127.0.0.1:{self.port}"

    def url(self, user="", rest=""):
        """redis://; `user` as in "name:password"."""
        return f"redis://{user + '@' if user else ''}{self.host_and_port}{rest}"

    def unix_url(self, rest=""):
        return f"redis+unix://{self.socket}{rest}"

    def client(self, **options):
        return redis.Redis(unix_socket_path=str(self.socket), **options)

    def answers(self):
        if self.process.poll() is not None:
            pytest.fail("redis-server ended: "
                        + (self.directory / "redis.log").read_text())
        try:
            return self.client().ping()
        except redis.AuthenticationError:
            return True
        except redis.exceptions.RedisError:
            return False

    def start(self):
        """Start it, again where it was stopped: same port, same data."""
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port),
             "--unixsocket", str(self.socket), "--dir", str(self.directory),
             "--logfile", str(self.directory / "redis.log"),
             "--save", "", *self.arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, "redis-server answers")
        return self

    def kill(self):
        """End it without a word to anybody."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self):
        """It keeps its connections and says nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture(autouse=True)
def state_directory(tmp_path_factory, monkeypatch):
    """Hits that wait for a sink wait in the test's own folder."""
    path = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("STATE_DIRECTORY", str(path))
    return path


@pytest.fixture
def redis_server(tmp_path_factory):
    """A function that starts a RedisServer with further arguments."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server")
    servers = []

    def start(*arguments):
        # Short: a unix socket's path has 107 characters at most.
        servers.append(RedisServer(tmp_path_factory.mktemp("redis"), *arguments))
        return servers[-1].start()

    yield start
    for server in servers:
        server.kill()


@pytest.fixture(scope="session")
def build():
    """Where the programs are: EGRESS_BUILD, else build."""
    root = Path(__file__).resolve().parents[2]
    return root / os.environ.get("EGRESS_BUILD", "build")
