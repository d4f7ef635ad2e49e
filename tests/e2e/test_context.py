"""What a hit says beside the fact: places, names, fingerprints, segments.

The databases are made by mmdb.py, which mmdblookup was found to read; all
addresses are those of documentation and private space.
"""

import shutil
import signal
import struct

import pytest

import mmdb
from network import cables, may_make_networks
from packets import BEGIN_US, dns_answer, dns_query, http_get, udp, write_pcap
from sensor import PCAPS, PROGRAM, hunt, run, start_sensor

HOST, RESOLVER, C2 = "10.20.0.11", "10.20.0.53", "203.0.113.80"
NAME = "c2.example.net"
SECOND = 1000000

CONFIG = """
segments:
  - {name: build, role: build-server, networks: [10.20.0.0/24]}
  - {name: dmz, role: server, networks: [192.0.2.0/24]}
"""


@pytest.fixture(name="geo")
def one_database(tmp_path):
    return mmdb.write(tmp_path / "geo.mmdb", {
        "203.0.113.0/24": mmdb.ipinfo("US", 64496, "Example Hosting"),
        "198.51.100.0/24": mmdb.ipinfo("DE", 64497, "Other"),
        "192.0.2.0/24": mmdb.ip_location_db("US"),
        "2001:db8::/32": mmdb.ip_location_db("JP")})


@pytest.fixture(name="configured")
def a_configuration(tmp_path):
    """A function that writes a configuration; its path."""
    def write(*databases, more=CONFIG):
        path = tmp_path / "sensor.yaml"
        names = ", ".join(str(d) for d in databases)
        path.write_text(f"enrichment:\n  geoip: [{names}]\n{more}")
        return path
    return write


def feed(tmp_path, *lines):
    path = tmp_path / "feed.csv"
    path.write_text("type,value\n" + "\n".join(lines) + "\n")
    return path


def contexts(result):
    return {e["alert"]["context"]["indicator"]["where"]:
            e["alert"]["context"] for e in result.alerts}


@pytest.fixture(name="capture")
def look_up_and_contact(tmp_path):
    """The name is looked up, and its address is contacted 1.2 s later."""
    return write_pcap(tmp_path / "c.pcap", [
        (BEGIN_US, dns_query(NAME)),
        (BEGIN_US + 1000, dns_answer(NAME, C2))] +
        http_get(NAME, destination=C2, time_us=BEGIN_US + 1200 * 1000))


def test_a_hit_explains_itself(tmp_path, capture, configured, geo):
    result = hunt(capture, feed(tmp_path, f"ip,{C2}"), "-c", configured(geo))
    context = contexts(result)["flow.dest"]
    assert context["geo"] == {"country": "US"}
    assert context["asn"] == {"number": 64496,
                              "organization": "Example Hosting"}
    assert context["dns"]["name"] == NAME
    # The handshake begins a millisecond after http_get's time, and the answer
    # came a millisecond after the query.
    assert context["dns"]["age_s"] == pytest.approx(1.2)
    assert (context["segment"], context["role"]) == ("build", "build-server")
    assert context["direction"] == "egress"


def test_of_who_comes_in_the_place_is_the_source_s(tmp_path, configured, geo):
    capture = write_pcap(tmp_path / "in.pcap", http_get(
        "a.example", source="198.51.100.7", destination=HOST))
    result = hunt(capture, feed(tmp_path, "ip,198.51.100.7"), "-c",
                  configured(geo))
    context = contexts(result)["flow.src"]
    assert context["geo"] == {"country": "DE"}
    assert (context["dest_segment"], context["dest_role"]) == \
        ("build", "build-server")
    assert context["direction"] == "ingress"


def test_the_first_that_knows_is_believed(tmp_path, capture, configured, geo):
    country = mmdb.write(tmp_path / "a.mmdb",
                         {"203.0.113.0/25": mmdb.geolite_country("NO")},
                         ip_version=4, record_size=28)
    number = mmdb.write(tmp_path / "b.mmdb",
                        {"203.0.113.0/24": mmdb.geolite_asn(64511, "Mine")},
                        record_size=32)
    feed_path = feed(tmp_path, f"ip,{C2}")
    result = hunt(capture, feed_path, "-c", configured(country, number, geo))
    context = contexts(result)["flow.dest"]
    assert context["geo"] == {"country": "NO"}
    assert context["asn"] == {"number": 64511, "organization": "Mine"}


def test_countries_and_networks_are_indicators(tmp_path, configured, geo):
    capture = write_pcap(
        tmp_path / "c.pcap",
        http_get("a.example", destination=C2, source_port=50001) +
        http_get("b.example", destination="198.51.100.7", source_port=50002,
                 time_us=BEGIN_US + SECOND) +
        # A public address, but ours by the configuration.
        http_get("c.example", destination="192.0.2.9", source_port=50003,
                 time_us=BEGIN_US + 2 * SECOND))
    result = hunt(capture, feed(tmp_path, "country,us", "asn,64497"), "-c",
                  configured(geo))
    found = {(e["alert"]["context"]["indicator"]["where"], e["dest_ip"],
              e["alert"]["context"]["indicator"]["matched"])
             for e in result.alerts}
    assert found == {("flow.dest_country", C2, "US"),
                     ("flow.dest_asn", "198.51.100.7", "AS64497")}
    # Without a database nobody is anywhere.
    silent = hunt(capture, feed(tmp_path, "country,us", "asn,64497"), "-c",
                  configured("none"))
    assert silent.alerts == []


@pytest.mark.parametrize("spoil,reason", [
    (lambda path: path.unlink(), "No such file"),
    (lambda path: path.write_bytes(path.read_bytes()[:-40]), "geo.mmdb"),
    (lambda path: path.write_bytes(b"<html>404</html>"), "geo.mmdb"),
    (lambda path: path.write_bytes(b""), "geo.mmdb")])
@pytest.mark.parametrize("checked", [True, False])
def test_a_configured_database_must_be_one(
        tmp_path, capture, configured, geo, spoil, reason, checked):
    spoil(geo)
    result = run("-c", configured(geo), "--iocs",
                 feed(tmp_path, f"ip,{C2}"),
                 *(["--check"] if checked else ["-r", capture]))
    assert result.status == 2
    assert str(geo) in result.messages and reason in result.messages


def node_to_itself(nodes):
    for node in nodes:
        node[0] = node[1] = 0


@pytest.mark.parametrize("octets", [
    mmdb.database({"203.0.113.0/24": mmdb.ip_location_db("US")},
                  tree=node_to_itself),
    mmdb.database({"203.0.113.0/24": ["a", "list"]}),
    mmdb.database({"203.0.113.0/24": {"country_code": 7, "asn": {}}}),
    mmdb.database({"203.0.113.0/24": {"country_code": "12",
                                      "asn": "AS4294967296"}})],
    ids=["a tree in circles", "a list", "wrong types", "wrong values"])
def test_what_a_database_says_wrongly_is_not_said(
        tmp_path, capture, configured, octets):
    path = tmp_path / "odd.mmdb"
    path.write_bytes(octets)
    result = hunt(capture, feed(tmp_path, f"ip,{C2}"), "-c", configured(path))
    context = contexts(result)["flow.dest"]
    assert "geo" not in context and "asn" not in context


def installed(tmp_path):
    """The program with its folder of databases beside it, as installed."""
    (tmp_path / "bin").mkdir()
    folder = tmp_path / "share" / "egress-sensor" / "geoip"
    folder.mkdir(parents=True)
    return shutil.copy(PROGRAM, tmp_path / "bin"), folder


def test_databases_are_found_and_broken_ones_left_out(tmp_path, capture, geo):
    program, folder = installed(tmp_path)
    shutil.copy(geo, folder / "some-country.mmdb")
    (folder / "some-asn.mmdb").write_bytes(b"not one")
    # It says the same as the country's, and is large.
    shutil.copy(geo, folder / "a-city.mmdb")
    result = run("-r", capture, "--iocs", feed(tmp_path, f"ip,{C2}"),
                 program=program)
    assert result.status == 0, result.messages
    assert contexts(result)["flow.dest"]["geo"] == {"country": "US"}
    assert "from 1 database\n" in result.messages
    assert "left out" in result.messages and "some-asn" in result.messages


# ---- names of hosts ----

def dhcp_request(address, name):
    """RFC 2131: a REQUEST that renews an address, with a host name."""
    fixed = struct.pack(">BBBBIHH4s4s4s4s16s64s128s", 1, 1, 6, 0, 7, 0, 0,
                        bytes(map(int, address.split("."))), bytes(4),
                        bytes(4), bytes(4), bytes.fromhex("020000000001"),
                        b"", b"")
    options = b"\x63\x82\x53\x63" + b"\x35\x01\x03" + \
        bytes([12, len(name)]) + name.encode() + b"\xff"
    return udp(address, 68, "10.20.0.1", 67, fixed + options)


def dhcp_ack(address):
    """The server's word that the address is the client's."""
    fixed = struct.pack(">BBBBIHH4s4s4s4s16s64s128s", 2, 1, 6, 0, 7, 0, 0,
                        bytes(map(int, address.split("."))),
                        bytes(map(int, address.split("."))), bytes(4),
                        bytes(4), bytes.fromhex("020000000001"), b"", b"")
    return udp("10.20.0.1", 67, address, 68,
               fixed + b"\x63\x82\x53\x63" + b"\x35\x01\x05\xff")


def src_host(tmp_path, configured, before):
    """What the source of a hit is called after these packets."""
    capture = write_pcap(
        tmp_path / "names.pcap", before +
        http_get(NAME, destination=C2, time_us=BEGIN_US + 60 * SECOND))
    result = hunt(capture, feed(tmp_path, f"ip,{C2}"), "-c",
                  configured("none"))
    return contexts(result)["flow.dest"].get("src_host")


def test_a_host_is_called_as_dns_has_it(tmp_path, configured):
    asked = "build-7.corp.example"
    assert src_host(tmp_path, configured, [
        (BEGIN_US, dns_query(asked, source="10.20.0.12")),
        (BEGIN_US + 1000, dns_answer(asked, HOST, to="10.20.0.12"))]) == asked


def test_dhcp_is_believed_before_dns(tmp_path, configured):
    asked = "cdn.evil.example"
    assert src_host(tmp_path, configured, [
        (BEGIN_US, dhcp_request(HOST, "build-7")),
        (BEGIN_US + 1000, dhcp_ack(HOST)),
        (BEGIN_US + 2000, dns_query(asked, source="10.20.0.12")),
        (BEGIN_US + 3000, dns_answer(asked, HOST, to="10.20.0.12"))]) == \
        "build-7"


def test_a_host_that_nobody_named_has_no_name(tmp_path, configured):
    assert src_host(tmp_path, configured, []) is None


# ---- segments ----

def flow_variables(result, event_type="flow"):
    return [{v["key"]: v["value"] for v in e["metadata"]["flowvars"]}
            for e in result.of_type(event_type)]


@pytest.mark.parametrize("source,destination,expected", [
    (HOST, C2, {"src_segment": "build", "src_role": "build-server",
                "direction": "egress"}),
    (C2, HOST, {"dest_segment": "build", "dest_role": "build-server",
                "direction": "ingress"}),
    (HOST, "192.0.2.9", {"src_segment": "build", "src_role": "build-server",
                         "dest_segment": "dmz", "dest_role": "server",
                         "direction": "internal"}),
    ("10.99.0.1", C2, {"src_segment": "internal", "direction": "egress"}),
    ("198.51.100.1", C2, {"direction": "external"})])
def test_every_event_tells_segments_and_direction(
        tmp_path, configured, source, destination, expected):
    capture = write_pcap(tmp_path / "f.pcap", http_get(
        "a.example", source=source, destination=destination))
    result = hunt(capture, feed(tmp_path, "domain,unmet.example"),
                  "--events", "flow,http", "-c", configured("none"))
    assert flow_variables(result) == [expected]
    assert flow_variables(result, "http") == [expected]


PAIRS = CONFIG + """
egress:
  - {from: build, to: dmz}
  - {from: dmz, to: external}
"""


@pytest.mark.parametrize("source,destination,direction", [
    (HOST, "192.0.2.9", "egress"), ("192.0.2.9", HOST, "ingress"),
    ("192.0.2.9", C2, "egress"), (HOST, C2, "external"),
    (HOST, "10.99.0.1", "internal")])
def test_the_configuration_says_what_is_egress(
        tmp_path, configured, source, destination, direction):
    capture = write_pcap(tmp_path / "f.pcap", http_get(
        "a.example", source=source, destination=destination))
    result = hunt(capture, feed(tmp_path, "domain,a.example"),
                  "--events", "alert,flow",
                  "-c", configured("none", more=PAIRS))
    assert [v["direction"] for v in flow_variables(result)] == [direction]
    assert contexts(result)["http.host"]["direction"] == direction


def beacon(destination):
    """Thirty requests, one a minute."""
    return [p for i in range(30) for p in http_get(
        "poll.example", destination=destination, source_port=50000 + i,
        time_us=BEGIN_US + i * 60 * SECOND)]


@pytest.mark.parametrize("more,expected", [(CONFIG, 0), (PAIRS, 1)],
                         ids=["by default", "as configured"])
def test_timing_looks_at_what_is_egress(
        tmp_path, configured, more, expected):
    capture = write_pcap(tmp_path / "b.pcap", beacon("192.0.2.9"))
    result = hunt(capture, feed(tmp_path, "domain,unmet.example"),
                  "--events", "beacon", "-c", configured("none", more=more))
    assert len(result.of_type("beacon")) == expected


@pytest.mark.parametrize("more,expected", [(CONFIG, True), (PAIRS, False)],
                         ids=["by default", "as configured"])
def test_implants_are_looked_for_in_what_is_egress(
        tmp_path, configured, more, expected):
    result = hunt(PCAPS / "attack-renamed.pcap",
                  feed(tmp_path, "domain,unmet.example"),
                  "-c", configured("none", more=more))
    assert any(e["alert"]["context"]["detector"] == "rat_profile"
               for e in result.behaviour) is expected


def test_an_egress_pair_needs_segments_that_are_there(
        tmp_path, configured):
    result = run("--check", "-c", configured(
        "none", more="egress: [{from: nowhere, to: external}]\n"),
        "--iocs", feed(tmp_path, "domain,unmet.example"))
    assert result.status == 2
    assert "nowhere" in result.messages and ":3:" in result.messages


# ---- fingerprints: pcaps/tls.pcap, as tshark 4.0 has its JA3 and JA3S ----

# Packets 174 and 178, two connections by one program; packet 161, another's.
TWICE, ONCE = ("62759e6c513476f7ec45ad72aeeb6d30",
               "fbe7e189e37a07ee33706f86bc746344")
SERVERS = "15af977ce25de452b96affa2addb1036"


def test_fingerprints_are_indicators(tmp_path, configured):
    result = hunt(PCAPS / "tls.pcap", feed(
        tmp_path, f"ja3,{TWICE.upper()}", f"ja3,{'0' * 32}",
        f"ja3s,{SERVERS}"), "-c", configured("none"))
    found = {(e["alert"]["context"]["indicator"]["where"],
              e["alert"]["context"]["indicator"]["matched"])
             for e in result.alerts}
    assert found == {("tls.ja3", TWICE), ("tls.ja3s", SERVERS)}
    assert all(e["src_ip"].startswith("10.20.0.") for e in result.alerts)


def test_a_program_is_new_once(tmp_path, configured):
    result = hunt(PCAPS / "tls.pcap",
                  feed(tmp_path, f"ja3,{TWICE}", f"ja3,{ONCE}"),
                  "-c", configured("none"), "--events", "alert,tls")
    first = {}
    for event in result.of_type("tls"):
        first.setdefault(event["tls"].get("ja3", {}).get("hash"), event)
    for event in result.alerts:
        context = event["alert"]["context"]
        if context["count"] == 1:
            assert context["tls"]["new"]
            assert context["tls"]["first_seen"] == event["timestamp"]
            assert context["tls"]["ja4"] == \
                first[context["tls"]["ja3"]]["tls"]["ja4"]


# ---- live ----

def test_a_reload_takes_a_new_database_and_keeps_the_old_one_else(
        tmp_path, configured, geo, start_sensor, cables):
    """Copied to a name of its own: a file in use is replaced, not written."""
    def replace(octets):
        fresh = tmp_path / "fresh"
        fresh.write_bytes(octets)
        fresh.replace(geo)

    numbers = iter(range(60000))

    def countries():
        """After one contact more, by another source: a fact of its own."""
        n = next(numbers)
        laid.replay(write_pcap(tmp_path / "one.pcap", http_get(
            "a.example", source=f"10.20.{n >> 8}.{n & 255}",
            destination=C2)))
        return [e["alert"]["context"]["geo"]["country"]
                for e in sensor.alerts]

    laid = cables()
    sensor = start_sensor("-i", "rx0", "-c", configured(geo), "--iocs",
                          feed(tmp_path, f"ip,{C2}"), prefix=laid.prefix)
    sensor.wait_for("capturing")
    sensor.wait_until(countries, "a hit")
    replace(mmdb.database({"203.0.113.0/24": mmdb.ip_location_db("SE")}))
    sensor.signal(signal.SIGHUP)
    sensor.wait_for("countries and networks from", times=2)
    sensor.wait_until(lambda: "SE" in countries(), "the new country")
    replace(b"not a database")
    sensor.signal(signal.SIGHUP)
    sensor.wait_for("the old ones stay")
    seen = len(countries())
    sensor.wait_until(lambda: len(countries()) > seen + 3, "more hits")
    assert sensor.end(signal.SIGTERM) == 0
    told = [e["alert"]["context"]["geo"]["country"] for e in sensor.alerts]
    assert set(told) == {"US", "SE"} and told == sorted(told, reverse=True)
