"""Redis as it is run in earnest, on loopback: one that keeps what it has
acknowledged, one with Sentinels, a cluster, one behind a cable."""

import random
import socket
import subprocess

import redis

from conftest import RedisServer, wait_until
from network import call

# What Redis has acknowledged is there after kill -9, too.
KEEPS = ("--appendonly", "yes", "--appendfsync", "always")

# Where the kernel takes no port for outgoing connections from: a server that
# was killed finds its port free again, and nobody connects to himself.
# A cluster also has the port 10000 above.
PORTS = range(12000, 22000)
BUS = 10000

# Sentinels that see to it several times a second, Redis 7; elsewhere a failover
# takes some seconds.
HASTY = ("ping-period", "100", "ask-period", "100", "info-period", "200",
         "publish-period", "200", "default-down-after", "400")


# Sockets whose names say that a port is taken, also for the time in which its
# server does not run; for other processes, too.
_claims = []


def claim(port):
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0egress-test-port-{port}")
    except OSError:
        name.close()
        return False
    _claims.append(name)
    return True


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def unused_port():
    def draw():
        port = random.SystemRandom().choice(PORTS)
        return port if is_free(port) and is_free(port + BUS) and claim(port) \
            else None
    return wait_until(draw, "a free port")


class Redis(RedisServer):
    """A redis-server that may be killed and started again on its port."""

    def __init__(self, directory, *arguments, bind="127.0.0.1", prefix=()):
        super().__init__(directory, *arguments)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = unused_port()
        self.bind = bind
        self.prefix = prefix

    @property
    def host_and_port(self):
        return f"{self.bind}:{self.port}"

    def client(self, **options):
        return super().client(socket_timeout=20, **options)

    def launch(self, *more):
        """Start it, and do not wait until it answers."""
        self.process = subprocess.Popen(
            [*self.prefix, "redis-server", "--bind", self.bind,
             "--protected-mode", "no", "--port", str(self.port),
             "--unixsocket", str(self.socket), "--dir", str(self.directory),
             "--logfile", str(self.directory / "redis.log"), "--save", "",
             "--repl-diskless-sync-delay", "0", *self.arguments, *more],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        self.launch()
        wait_until(self.answers, "redis-server answers")
        return self

    def set(self, **settings):
        for name, value in settings.items():
            self.client().config_set(name.replace("_", "-"), value)

    def refuses_writes(self, code):
        """Whether it does, with an error of this code."""
        try:
            self.client().execute_command("XADD", "probe", "MAXLEN", "0", "*",
                                          "a", "b")
        except redis.exceptions.RedisError as error:
            return code in f"{type(error).__name__} {error}"
        return False


class SentinelSet:
    """A master, its replica and three Sentinels, of which two decide.

    With one replica alone, what it has is not lost in a failover; of several,
    Sentinels may take one that lacks what another has acknowledged.
    """

    NAME = "hits"

    def __init__(self, directory):
        self.servers = [Redis(directory / f"r{n}", *KEEPS) for n in range(2)]
        self.sentinels = [Redis(directory / f"s{n}") for n in range(3)]

    def start(self):
        master = self.servers[0].start()
        for replica in self.servers[1:]:
            replica.arguments += ("--replicaof", "127.0.0.1", str(master.port))
            replica.start()
        for sentinel in self.sentinels:
            self.start_sentinel(sentinel, master)
        wait_until(lambda: all(map(self.knows_all, self.sentinels)),
                   "the Sentinels know one another and the replica")
        return self

    def start_sentinel(self, sentinel, master):
        config = sentinel.directory / "sentinel.conf"
        config.write_text(
            f"bind 127.0.0.1\nport {sentinel.port}\n"
            f"unixsocket {sentinel.socket}\ndir {sentinel.directory}\n"
            f"logfile {sentinel.directory}/redis.log\n"
            f"sentinel monitor {self.NAME} 127.0.0.1 {master.port} 2\n"
            f"sentinel down-after-milliseconds {self.NAME} 400\n"
            f"sentinel failover-timeout {self.NAME} 2000\n")
        sentinel.process = subprocess.Popen(
            ["redis-server", str(config), "--sentinel"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(sentinel.answers, "a Sentinel answers")
        try:
            sentinel.client().execute_command("SENTINEL", "DEBUG", *HASTY)
        except redis.ResponseError:
            pass

    def knows_all(self, sentinel):
        state = sentinel.client().sentinel_master(self.NAME)
        return state["num-slaves"] == len(self.servers) - 1 \
            and state["num-other-sentinels"] == len(self.sentinels) - 1

    def master(self):
        """As the first Sentinel says."""
        _, port = self.sentinels[0].client().sentinel_get_master_addr_by_name(
            self.NAME)
        return next(s for s in self.servers if s.port == port)

    def await_another_master(self, than):
        """Which all Sentinels may not know of yet."""
        wait_until(lambda: self.master() is not than,
                   "the Sentinels name another")
        return self.master()

    @property
    def url(self):
        hosts = ",".join(s.host_and_port for s in self.sentinels)
        return f"redis+sentinel://{hosts}/{self.NAME}"

    def close(self):
        for server in [*self.sentinels, *self.servers]:
            server.kill()


class Cluster:
    """Three nodes, each with a third of the slots, without replicas."""

    SLOTS = 16384

    def __init__(self, directory):
        self.nodes = [Redis(directory / f"n{n}", *KEEPS,
                            "--cluster-enabled", "yes",
                            "--cluster-node-timeout", "1000")
                      for n in range(3)]

    def start(self):
        count = len(self.nodes)
        for number, node in enumerate(self.nodes):
            node.start()
            begin, end = (self.SLOTS * n // count for n in (number, number + 1))
            node.client().execute_command("CLUSTER", "ADDSLOTS",
                                          *range(begin, end))
            node.client().execute_command("CLUSTER", "SET-CONFIG-EPOCH",
                                          number + 1)
        for node in self.nodes[1:]:
            self.nodes[0].client().execute_command(
                "CLUSTER", "MEET", "127.0.0.1", node.port)
        wait_until(self.is_complete, "the cluster is complete")
        return self

    def is_complete(self):
        return all(self.has_met_all(node) for node in self.nodes)

    def has_met_all(self, node):
        state = node.client().execute_command("CLUSTER", "INFO")
        if isinstance(state, bytes):
            state = dict(line.split(":") for line in state.decode().split())
        return state["cluster_state"] == "ok" \
            and int(state["cluster_known_nodes"]) == len(self.nodes) \
            and int(state["cluster_slots_ok"]) == self.SLOTS

    def slot(self, key):
        return self.nodes[0].client().execute_command("CLUSTER", "KEYSLOT", key)

    def node_id(self, node):
        return node.client().execute_command("CLUSTER", "MYID").decode()

    def owner(self, key):
        """The node that takes the key without a word."""
        for node in self.nodes:
            try:
                node.client().execute_command("EXISTS", key)
                return node
            except redis.ResponseError as error:
                if not str(error).startswith(("MOVED", "ASK")):
                    raise
        raise AssertionError(f"nobody has {key}")

    @property
    def url(self):
        """With one of them: that one tells of the others."""
        return f"redis+cluster://{self.nodes[0].host_and_port}"

    def close(self):
        for node in self.nodes:
            node.kill()


class SlotMove:
    """A key's slot on its way to another node, as redis-cli --cluster reshard
    does it ("Redis cluster specification", Cluster live reconfiguration)."""

    def __init__(self, cluster, key):
        self.cluster, self.key = cluster, key
        self.slot = cluster.slot(key)
        self.source = cluster.owner(key)
        self.target = next(n for n in cluster.nodes if n is not self.source)

    def set_slot(self, node, what, other):
        node.client().execute_command("CLUSTER", "SETSLOT", self.slot, what,
                                      self.cluster.node_id(other))

    def begin(self):
        """The source answers ASK for keys that it does not have."""
        self.set_slot(self.target, "IMPORTING", self.source)
        self.set_slot(self.source, "MIGRATING", self.target)

    def move_key(self):
        self.source.client().execute_command(
            "MIGRATE", "127.0.0.1", self.target.port, self.key, 0, 5000)

    def end(self):
        """Everybody answers MOVED but the target."""
        for node in (self.target, self.source, *self.cluster.nodes):
            self.set_slot(node, "NODE", self.target)

    def asking(self, *command):
        """What the target says of the key while it is not its own yet."""
        client = self.target.client(single_connection_client=True)
        try:
            client.execute_command("ASKING")
            return client.execute_command(*command)
        finally:
            client.close()


class Cable:
    """Two namespaces and a cable between them: the sensor's, and that of a
    Redis (RFC 5737 addresses).  There is no way out."""

    SENSOR, SERVER = "192.0.2.1", "192.0.2.2"

    def __init__(self, stem):
        self.names = (f"{stem}-sensor", f"{stem}-redis")
        for name in self.names:
            call("ip", "netns", "add", name)
        call("ip", "-n", self.names[0], "link", "add", "cable", "type", "veth",
             "peer", "name", "cable", "netns", self.names[1])
        for name, address in zip(self.names, (self.SENSOR, self.SERVER)):
            call("ip", "-n", name, "address", "add", f"{address}/24", "dev",
                 "cable")
            call("ip", "-n", name, "link", "set", "cable", "up")

    def prefix(self, name):
        return ("ip", "netns", "exec", name)

    @property
    def sensor_prefix(self):
        return self.prefix(self.names[0])

    @property
    def server_prefix(self):
        return self.prefix(self.names[1])

    def set(self, state):
        """Redis' end "up" or "down": packets get lost, nobody is told."""
        call("ip", "-n", self.names[1], "link", "set", "cable", state)

    def close(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False,
                           stderr=subprocess.DEVNULL)
