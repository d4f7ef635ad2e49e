"""Indicator files: formats, what is refused, what matches, reloading."""

import json
import signal

import pytest

from packets import (BEGIN_US, dns_answer, dns_query, http_get, pcap_record,
                     read_pcap, time_of, write_pcap)
from sensor import (ATTACK_HITS, CASE_IOCS, C2, PCAPS, case_iocs, found, hunt,
                    run, start_sensor, where)

ATTACK = PCAPS / "attack.pcap"
NAME_WHERE = {"dns.query", "http.host"}
ADDRESS_WHERE = {"dns.answer", "flow.dest"}


def stix_indicator(pattern, **more):
    return {"type": "indicator", "spec_version": "2.1",
            "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            "created": "2026-03-31T05:09:04.000Z",
            "modified": "2026-03-31T05:09:04.000Z",
            "pattern": pattern, "pattern_type": "stix",
            "valid_from": "2026-03-31T05:09:04Z", **more}


def stix_bundle(*objects):
    return json.dumps({"type": "bundle", "objects": list(objects),
                       "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d"})


def misp_event(*attributes):
    return json.dumps({"Event": {
        "uuid": "5bd1bd65-6ee9-4a8f-9bb5-52a4e5b8a9a1",
        "info": "a compromised package", "date": "2026-03-31",
        "Orgc": {"name": "Example CERT"},
        "Attribute": [{"type": kind, "value": value, "to_ids": to_ids}
                      for kind, value, to_ids in attributes]}})


# As the producers of these exports document them.
THREATFOX = """\
################################################################
# ThreatFox IOCs: recent additions - CSV format                 #
################################################################
#
# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware",\
"malware_alias","malware_printable","last_seen_utc","confidence_level",\
"is_compromised","reference","tags","anonymous","reporter"
"2026-03-31 05:09:04", "1485212", "sfrclak.com", "domain", "botnet_cc", \
"unknown", "None", "Unknown malware", "", "75", "False", "None", "axios", \
"0", "someone"
"""
URLHAUS = """\
################################################################
# abuse.ch URLhaus Database Dump (CSV - recent URLs only)       #
################################################################
#
# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter
"3500001","2026-03-31 05:12:10","http://sfrclak.com:8000/6202033","online",\
"2026-03-31 05:12:10","malware_download","axios",\
"https://urlhaus.abuse.ch/url/3500001/","someone"
"""
ZEEK = ("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
        "sfrclak.com\tIntel::DOMAIN\texample\ta compromised package\n"
        "142.11.206.73\tIntel::ADDR\texample\t-\n")

# A file's text, and where attack.pcap is hit by it.
FORMATS = {
    "plain": ("sfrclak.com\n", NAME_WHERE),
    "plain with comments": (
        "# Reference: https://intel.example/1\nsfrclak.com  # seen\n\n",
        NAME_WHERE),
    "plain with CR LF": ("sfrclak.com\r\n142.11.206.73\r\n",
                         NAME_WHERE | ADDRESS_WHERE),
    "plain without a last line end": ("sfrclak.com", NAME_WHERE),
    "plain with a byte order mark": ("\ufeffsfrclak.com\n", NAME_WHERE),
    "hosts file": ("127.0.0.1 localhost\n0.0.0.0 sfrclak.com\n", NAME_WHERE),
    "defanged": ("sfrclak[.]com\n142[.]11.206[.]73\n"
                 "hxxp://sfrclak[.]com:8000/6202033\n",
                 NAME_WHERE | ADDRESS_WHERE | {"http.url"}),
    "csv": ("type,value\ndomain,sfrclak.com\nip,142.11.206.73\n",
            NAME_WHERE | ADDRESS_WHERE),
    "csv with semicolons": ("value;type\nsfrclak.com;domain\n", NAME_WHERE),
    "csv by columns": ("domain,ip\nsfrclak.com,142.11.206.73\n",
                       NAME_WHERE | ADDRESS_WHERE),
    "threatfox": (THREATFOX, NAME_WHERE),
    "urlhaus": (URLHAUS, {"http.url"}),
    "zeek": (ZEEK, NAME_WHERE | ADDRESS_WHERE),
    "misp": (misp_event(("domain", "sfrclak.com", True),
                        ("ip-dst", "142.11.206.73", True)),
             NAME_WHERE | ADDRESS_WHERE),
    "misp pair": (misp_event(("domain|ip", "sfrclak.com|142.11.206.73", True)),
                  NAME_WHERE | ADDRESS_WHERE),
    "misp user-agent": (misp_event(
        ("user-agent", CASE_IOCS["user_agent"], True)), {"http.user_agent"}),
    "stix": (stix_bundle(stix_indicator(
        "[domain-name:value = 'sfrclak.com']")), NAME_WHERE),
    "stix address": (stix_bundle(stix_indicator(
        "[ipv4-addr:value = '142.11.206.73']")), ADDRESS_WHERE),
    "stix url": (stix_bundle(stix_indicator(
        "[url:value = 'http://sfrclak.com:8000/6202033']")), {"http.url"}),
    "stix alternatives": (stix_bundle(stix_indicator(
        "[domain-name:value = 'sfrclak.com' OR "
        "ipv4-addr:value = '142.11.206.73']")), NAME_WHERE | ADDRESS_WHERE),
}


def write(directory, text, name="feed.txt"):
    path = directory / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_each_format_is_known_by_its_content(tmp_path, name):
    text, expected = FORMATS[name]
    alerts = hunt(ATTACK, write(tmp_path, text)).alerts
    # A name's address is remembered, too: the SYN is in time for that.
    assert expected <= where(alerts) <= expected | {"flow.dns_memory"}


def test_a_directory_of_formats_is_one_set(tmp_path):
    feeds = tmp_path / "feeds"
    (feeds / "below").mkdir(parents=True)
    write(feeds, FORMATS["zeek"][0], "a.intel")
    write(feeds, FORMATS["urlhaus"][0], "b.csv")
    write(feeds / "below", FORMATS["misp user-agent"][0], "c.json")
    write(feeds, "What these are.\n", "README.md")
    result = hunt(ATTACK, feeds)
    assert where(result.alerts) == NAME_WHERE | ADDRESS_WHERE | {
        "http.url", "http.user_agent"}
    assert "4 indicators from 3 files" in result.messages


def test_iocs_may_be_given_several_times(tmp_path):
    result = hunt(ATTACK, write(tmp_path, "sfrclak.com\n", "a.txt"), "--iocs",
                  write(tmp_path, "142.11.206.73\n", "b.txt"))
    assert where(result.alerts) == NAME_WHERE | ADDRESS_WHERE


def test_what_a_feed_says_of_an_indicator_is_in_the_alert(tmp_path):
    campaign = {"type": "campaign", "spec_version": "2.1",
                "id": "campaign--83422c77-904c-4dc1-aff5-5c38f3a2c55c",
                "created": "2026-03-31T05:09:04.000Z",
                "modified": "2026-03-31T05:09:04.000Z", "name": "a campaign"}
    indicator = stix_indicator(
        "[domain-name:value = 'sfrclak.com']", confidence=85,
        valid_until="2027-01-01T00:00:00Z", description="what it is",
        external_references=[{"source_name": "Example CERT",
                              "url": "https://intel.example/1"}])
    link = {"type": "relationship", "spec_version": "2.1",
            "id": "relationship--44298a74-ba52-4f0c-87a3-1824e67d7fad",
            "created": "2026-03-31T05:09:04.000Z",
            "modified": "2026-03-31T05:09:04.000Z",
            "relationship_type": "indicates", "source_ref": indicator["id"],
            "target_ref": campaign["id"]}
    feed = write(tmp_path, stix_bundle(campaign, indicator, link))
    alert = hunt(ATTACK, feed).alerts[0]["alert"]
    shown = alert["context"]["indicator"]
    assert shown["value"] == "sfrclak.com"
    assert shown["source"] == "Example CERT"
    assert shown["campaign"] == "a campaign"
    assert shown["confidence"] == 85
    assert shown["description"] == "what it is"
    assert shown["valid_from"] == "2026-03-31T05:09:04.000000+0000"
    assert shown["valid_until"] == "2027-01-01T00:00:00.000000+0000"
    assert alert["references"] == ["https://intel.example/1"]


def test_valid_from_is_no_reason_for_silence(tmp_path):
    """Published five hours after the call-out; attack.pcap is before it."""
    feed = write(tmp_path, stix_bundle(stix_indicator(
        "[domain-name:value = 'sfrclak.com']",
        valid_from="2026-06-01T00:00:00Z")))
    assert where(hunt(ATTACK, feed).alerts) >= NAME_WHERE


# attack.pcap begins 2026-03-31 00:23:50; its first query is at 00:23:51.
@pytest.mark.parametrize("until, hit", [
    ("2026-03-30T00:00:00Z", False), ("2026-03-31T00:23:51Z", False),
    ("2026-03-31T00:23:52Z", True), ("2026-12-31T00:00:00Z", True)])
def test_valid_until_counts_at_the_packet_s_time(tmp_path, until, hit):
    feed = write(tmp_path, stix_bundle(stix_indicator(
        "[domain-name:value = 'sfrclak.com']", valid_until=until,
        valid_from="2026-01-01T00:00:00Z")))
    assert ("dns.query" in where(hunt(ATTACK, feed).alerts)) == hit


def test_valid_until_of_a_csv_row_counts_too(tmp_path):
    feed = write(tmp_path, "type,value,valid_until\n"
                 "domain,sfrclak.com,2026-03-01 00:00:00\n"
                 "ip,142.11.206.73,2026-05-01 00:00:00\n")
    assert where(hunt(ATTACK, feed).alerts) == ADDRESS_WHERE


def test_what_was_revoked_is_not_matched(tmp_path):
    feed = write(tmp_path, stix_bundle(
        stix_indicator("[domain-name:value = 'sfrclak.com']", revoked=True),
        stix_indicator("[ipv4-addr:value = '142.11.206.73']",
                       id="indicator--a1b2c3d4-17d4-4cbf-938f-98ee46b3cd3f")))
    result = hunt(ATTACK, feed)
    assert where(result.alerts) == ADDRESS_WHERE
    assert "1 withdrawn" in result.messages


def test_a_newer_version_that_is_revoked_withdraws_the_older(tmp_path):
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    write(feeds, stix_bundle(stix_indicator(
        "[domain-name:value = 'sfrclak.com']")), "1.json")
    write(feeds, stix_bundle(stix_indicator(
        "[domain-name:value = 'sfrclak.com']", revoked=True,
        modified="2026-04-02T00:00:00.000Z")), "2.json")
    write(feeds, "142.11.206.73\n", "3.txt")
    assert where(hunt(ATTACK, feeds).alerts) == ADDRESS_WHERE


def test_misp_attributes_that_are_not_for_detection_are_left_out(tmp_path):
    feed = write(tmp_path, misp_event(("domain", "sfrclak.com", False),
                                      ("ip-dst", "142.11.206.73", True)))
    assert where(hunt(ATTACK, feed).alerts) == ADDRESS_WHERE


@pytest.mark.parametrize("entry, hit", [
    ("142.11.206.73", True), ("142.11.206.0/24", True),
    ("142.11.192.0/18", True), ("142.11.206.72/30", True),
    ("142.11.206.74/31", False), ("142.11.207.0/24", False),
    ("142.11.206.73:8000", True), ("142.11.206.73:8001", False)])
def test_addresses_networks_and_ports(tmp_path, entry, hit):
    alerts = hunt(ATTACK, write(tmp_path, entry + "\nother.example\n")).alerts
    contacts = {found(e) for e in alerts if found(e).where == "flow.dest"}
    assert {f.destination for f in contacts} == ({C2} if hit else set())
    for event in alerts:
        if found(event).where == "flow.dest":
            assert event["alert"]["context"]["indicator"]["matched"] == C2
            assert event["dest_port"] == 8000


def test_addresses_of_version_6_and_their_networks_match(tmp_path):
    server = "2001:db8:80::10"
    capture = PCAPS / "ipv6.pcap"
    for entry in (server, "2001:db8:80::/48",
                  server.upper()):
        alerts = hunt(capture, write(tmp_path, entry + "\n")).alerts
        assert server in {e["dest_ip"] for e in alerts
                                   if found(e).where == "flow.dest"}


# An indicator, a name in a query, whether it is hit.
NAMES = [
    ("evil.example.net", "evil.example.net", True),
    ("evil.example.net", "a.evil.example.net", True),
    ("evil.example.net", "a.b.c.evil.example.net", True),
    ("evil.example.net", "EVIL.Example.NET", True),
    ("EVIL.example.net.", "evil.example.net", True),
    ("*.evil.example.net", "a.evil.example.net", True),
    ("evil.example.net", "notevil.example.net", False),
    ("evil.example.net", "evil.example.net.example.org", False),
    ("evil.example.net", "example.net", False),
    ("evil.example.net", "evilxexample.net", False),
    ("evil.example.net", "vil.example.net", False),
    ("b\u00fccher.example.net", "xn--bcher-kva.example.net", True),
    ("xn--bcher-kva.example.net", "XN--BCHER-KVA.example.net", True),
]


@pytest.mark.parametrize("entry, name, hit", NAMES)
def test_names_match_by_whole_labels(tmp_path, entry, name, hit):
    capture = write_pcap(tmp_path / "q.pcap", [(BEGIN_US, dns_query(name))])
    alerts = hunt(capture, write(tmp_path, entry + "\n")).alerts
    assert where(alerts) == ({"dns.query"} if hit else set())


def test_a_host_is_that_name_and_none_below_it(tmp_path):
    capture = write_pcap(tmp_path / "q.pcap", [
        (BEGIN_US, dns_query("a.evil.example.net")),
        (BEGIN_US + 1, dns_query("evil.example.net", port=40001))])
    feed = write(tmp_path, "type,value\nhostname,evil.example.net\n")
    alerts = hunt(capture, feed).alerts
    assert [e["alert"]["context"]["indicator"]["matched"] for e in alerts] == \
        ["evil.example.net"]


@pytest.mark.parametrize("host", [
    "sfrclak.com", "SFRCLAK.com", "sfrclak.com.", "sfrclak.com:8000",
    "SfrClak.Com.:8000", "www.sfrclak.com"])
def test_host_fields_match_in_every_spelling(tmp_path, host):
    capture = write_pcap(tmp_path / "h.pcap", http_get(host, "/x", port=8000))
    alerts = hunt(capture, write(tmp_path, "sfrclak.com\n")).alerts
    assert where(alerts) == {"http.host"}


@pytest.mark.parametrize("host", ["notsfrclak.com", "sfrclak.com.example.org",
                                  "sfrclak.comx", "sfrclak"])
def test_host_fields_that_are_only_like_it_do_not(tmp_path, host):
    capture = write_pcap(tmp_path / "h.pcap", http_get(host))
    assert hunt(capture, write(tmp_path, "sfrclak.com\n")).output == b""


# The indicator's URL, then a request's port, Host and target.
URLS = [
    ("http://evil.example.net/a", 80, "evil.example.net", "/a", True),
    ("http://evil.example.net/a", 80, "evil.example.net", "/a/b", True),
    ("http://evil.example.net/a", 80, "evil.example.net", "/a?x=1", True),
    ("http://evil.example.net/a", 80, "evil.example.net", "/ab", False),
    ("http://evil.example.net/a", 80, "evil.example.net", "/b/a", False),
    ("http://evil.example.net/a", 80, "other.example.net", "/a", False),
    ("http://evil.example.net:8000/a", 8000, "evil.example.net:8000", "/a",
     True),
    ("http://evil.example.net:8000/a", 80, "evil.example.net", "/a", False),
    ("http://evil.example.net/A", 80, "evil.example.net", "/a", False),
    ("http://EVIL.example.net/a", 80, "evil.Example.net", "/a", True),
]


@pytest.mark.parametrize("entry, port, host, target, hit", URLS)
def test_urls_match_by_host_port_and_whole_parts_of_the_path(
        tmp_path, entry, port, host, target, hit):
    capture = write_pcap(tmp_path / "h.pcap",
                         http_get(host, target, port=port))
    alerts = hunt(capture, write(tmp_path, entry + "\n")).alerts
    assert ("http.url" in where(alerts)) == hit


@pytest.mark.parametrize("target, hit", [
    ("/6202033", True), ("/6202033?x=1", True), ("/62020333", False),
    ("/v1/6202033", False), ("/620203", False)])
def test_a_path_matches_on_any_host(tmp_path, target, hit):
    capture = write_pcap(tmp_path / "h.pcap",
                         http_get("www.example.org", target))
    feed = write(tmp_path, "type,value\npath,/6202033\n")
    assert where(hunt(capture, feed).alerts) == \
        ({"http.path"} if hit else set())


@pytest.mark.parametrize("agent, hit", [
    (CASE_IOCS["user_agent"], True),
    ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)", False),
    (CASE_IOCS["user_agent"] + " x", False)])
def test_a_user_agent_matches_in_its_own_letters_only(tmp_path, agent, hit):
    capture = write_pcap(tmp_path / "h.pcap",
                         http_get("www.example.org", agent=agent))
    feed = case_iocs(tmp_path)
    assert where(hunt(capture, feed).alerts) == \
        ({"http.user_agent"} if hit else set())


def test_an_answer_with_a_listed_address_is_a_hit_of_who_asked(tmp_path):
    capture = write_pcap(tmp_path / "q.pcap", [
        (BEGIN_US, dns_query("www.example.org")),
        (BEGIN_US + 1000, dns_answer("www.example.org", C2))])
    alerts = hunt(capture, write(tmp_path, C2 + "\n")).alerts
    assert [found(e)[:2] for e in alerts] == [("dns.answer", "10.20.0.11")]


# ---- what is refused ----

# A line of a plain list, and a word of the reason.
REFUSED = [
    ("com", "top-level"), ("co.uk", "suffix"), ("10.1.2.3", "RFC 1918"),
    ("127.0.0.1:80", "this machine"), ("0.0.0.0/0", "addresses"),
    ("142.0.0.0/4", "addresses"), ("a" * 64 + ".example.net", "63 octets"),
    ("142.11.206.73:99999", "port"), ("evil..example.net", "label"),
]


@pytest.mark.parametrize("line, reason", REFUSED)
def test_a_line_that_is_refused_is_named_with_its_number(tmp_path, line,
                                                         reason):
    feed = write(tmp_path, f"# one\nsfrclak.com\n{line}\n142.11.206.73\n")
    result = hunt(ATTACK, feed)
    said = [m for m in result.messages.splitlines()
            if m.startswith(f"{feed}:3: ")]
    assert len(said) == 1 and reason in said[0], result.messages
    assert "1 rejected" in result.messages
    assert where(result.alerts) == NAME_WHERE | ADDRESS_WHERE


def test_check_reports_each_bad_line_of_each_file(tmp_path):
    first = write(tmp_path, "com\nsfrclak.com\n10.0.0.1\n", "a.txt")
    second = write(tmp_path, "type,value\ndomain,net\ncolour,blue\n", "b.csv")
    result = run("--check", "--iocs", first, "--iocs", second)
    assert result.status == 0
    for place in (f"{first}:1: ", f"{first}:3: ", f"{second}:2: ",
                  f"{second}:3: "):
        assert place in result.messages
    assert f"{first}:2: " not in result.messages


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "com\nnet\n",
                                  stix_bundle(), "type,value\n"])
@pytest.mark.parametrize("check", [True, False])
def test_an_empty_set_is_an_error_at_start(tmp_path, text, check):
    feed = write(tmp_path, text)
    arguments = ("--check",) if check else ("-r", ATTACK)
    result = run("--iocs", feed, *arguments)
    assert result.status == 2
    assert result.output == b""
    assert "no indicator" in result.messages


@pytest.mark.parametrize("name, text", [
    ("broken.json", '{"type": "bundle", "objects": ['),
    ("page.html", "<html><body>404 Not Found</body></html>\n"),
    ("other.json", '{"hello": "world"}'),
    ("binary.txt", "sfrclak.com\n\0\1\2\n")])
def test_a_file_that_cannot_be_read_is_an_error_at_start(tmp_path, name, text):
    good = write(tmp_path, "sfrclak.com\n", "good.txt")
    bad = write(tmp_path, text, name)
    result = run("-r", ATTACK, "--iocs", good, "--iocs", bad)
    assert result.status == 2
    assert str(bad) in result.messages
    assert result.output == b""


def test_a_path_that_is_not_there_is_an_error_at_start(tmp_path):
    result = run("-r", ATTACK, "--iocs", tmp_path / "nothing")
    assert result.status == 2
    assert str(tmp_path / "nothing") in result.messages


def test_what_a_feed_writes_cannot_move_the_terminal(tmp_path):
    feed = tmp_path / "feed.txt"
    feed.write_bytes(b"sfrclak.com\n\x1b[2Jevil\x07 .example.net x\n")
    result = run("--check", "--iocs", feed)
    assert f"{feed}:2: " in result.messages
    assert not set(result.messages) & {"\x1b", "\x07"}


# ---- reloading ----

class Stream:
    """A sensor that reads a capture from a pipe, a part at a time."""

    def __init__(self, start_sensor, feed, *arguments):
        self.sensor = start_sensor("-r", "-", "--iocs", feed, "--events",
                                   "alert,dns", *arguments, fed=True)
        header, self.records = read_pcap(ATTACK)
        self.sensor.feed(header)
        self.first_contact = first_contact(self.records)
        self.probe_us = time_of(self.records[self.first_contact - 1])
        self.probes = 0

    def part(self, begin, end=None):
        self.sensor.feed(b"".join(self.records[begin:end]))

    def probe(self, name):
        """A query for the name, and a wait for the event of it."""
        self.probes += 1
        host = f"probe{self.probes}.{name}"
        frame = dns_query(host, source="10.20.0.99", port=41000 + self.probes)
        # Before the first contact.
        self.sensor.feed(pcap_record(self.probe_us + self.probes, frame))
        self.sensor.wait_until(lambda: self.has(host, "dns"), host)

    def has(self, text, event_type="alert"):
        return any(text in line and f'"event_type":"{event_type}"' in line
                   for line in list(self.sensor.lines))

    def reload(self, said):
        self.sensor.signal(signal.SIGHUP)
        self.sensor.wait_for(said)


def first_contact(records):
    """The index of the first packet that has something of the attack."""
    return next(n for n, record in enumerate(records) if b"sfrclak" in record)


@pytest.fixture
def stream(tmp_path, start_sensor):
    """Half-way through attack.pcap, with a feed that has nothing of it."""
    feed = write(tmp_path, "other.example.net\n")
    running = Stream(start_sensor, feed)
    running.path = feed
    running.part(0, running.first_contact)
    running.probe("other.example.net")
    running.sensor.wait_until(
        lambda: running.has("probe1.other.example.net"), "the first hit")
    return running


def new_set_in_force(stream, name):
    """Probes until one is hit: a new set is taken between two packets."""
    def look():
        stream.probe(name)
        return stream.has(f".{name}")
    stream.sensor.wait_until(look, f"a hit for {name}")


def test_sighup_takes_new_indicators_without_losing_a_packet(stream):
    write(stream.path.parent, "sfrclak.com\nthird.example.net\n")
    stream.reload("2 indicators")
    new_set_in_force(stream, "third.example.net")
    stream.part(stream.first_contact)
    assert stream.sensor.end() == 0
    counts = {f: e["alert"]["context"]["count"] for f, e in
              ((found(e), e) for e in stream.sensor.alerts)
              if f.source == "10.20.0.11"}
    assert counts == {f: n for f, n in ATTACK_HITS.items()
                      if f.value == "sfrclak.com"}
    assert any(f"{len(stream.records) + stream.probes} packets" in m
               for m in stream.sensor.messages)


def test_after_sighup_what_is_no_longer_listed_is_no_longer_hit(stream):
    write(stream.path.parent, "third.example.net\n")
    stream.sensor.signal(signal.SIGHUP)
    stream.sensor.wait_for("1 indicator", times=2)
    new_set_in_force(stream, "third.example.net")
    stream.probe("other.example.net")
    last = f"probe{stream.probes}.other.example.net"
    assert stream.sensor.end() == 0
    assert not stream.has(last)


BROKEN = {
    "empty": "",
    "nothing but comments": "# moved\n",
    "an error page": "<html><body>503</body></html>\n",
    "half a file": '{"type": "bundle", "objects": [{"type": "indi',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_set_leaves_the_old_one_in_force(stream, text):
    stream.path.write_text(text)
    stream.reload("the old set stays")
    stream.probe("other.example.net")
    last = f"probe{stream.probes}.other.example.net"
    assert stream.sensor.end() == 0
    # The same fact again: counted, and reported at the end.
    count = stream.sensor.alerts[-1]["alert"]["context"]["count"]
    assert count == stream.probes
    assert stream.has(last, "dns")


def test_a_file_that_is_gone_leaves_the_old_set_in_force(stream):
    stream.path.unlink()
    stream.reload("the old set stays")
    stream.probe("other.example.net")
    assert stream.sensor.end() == 0
    assert stream.sensor.alerts[-1]["alert"]["context"]["count"] == 2


MANY = "".join(f"host{n}.example.net\n" for n in range(10))


@pytest.mark.parametrize("accept", [False, True])
def test_a_set_that_shrank_needs_the_switch(tmp_path, start_sensor, accept):
    feed = write(tmp_path, MANY)
    config = tmp_path / "c.yaml"
    config.write_text(f"indicators:\n  accept_shrink: {str(accept).lower()}\n")
    stream = Stream(start_sensor, feed, "-c", config)
    stream.probe("host0.example.net")
    write(tmp_path, "sfrclak.com\nthird.example.net\n")
    if accept:
        stream.reload("2 indicators")
        new_set_in_force(stream, "third.example.net")
    else:
        stream.reload("the old set stays")
    stream.part(0)
    assert stream.sensor.end() == 0
    assert ("sfrclak.com" in {found(e).value for e in stream.sensor.alerts}) \
        == accept


def test_a_set_that_shrank_by_half_is_taken(tmp_path, start_sensor):
    stream = Stream(start_sensor, write(tmp_path, MANY))
    stream.probe("host0.example.net")
    write(tmp_path, "".join(MANY.splitlines(True)[:4]) + "sfrclak.com\n")
    stream.reload("5 indicators")
    new_set_in_force(stream, "sfrclak.com")
    assert stream.sensor.end() == 0


def test_signals_are_obeyed_while_packets_trickle_in(stream):
    """Not only when the input pauses, or thousands of packets later."""
    def look():
        stream.probe("third.example.net")
        if stream.probes == 10:
            stream.sensor.signal(signal.SIGUSR1)
        return any("sink.lost" in m for m in list(stream.sensor.messages))
    stream.sensor.wait_until(look, "statistics")
