"""Where captures come from: packed, piped, cut, damaged, filtered, none."""

import bz2
import gzip
import io
import lzma
import os
import shutil
import struct
import tarfile
import tempfile
import zipfile

import pytest

from packets import (BEGIN_US, RECORD_LEN, dns_query, http_get, read_pcap,
                     write_pcap)
from sensor import (ATTACK_HITS, EXPECTED, PCAPS, PROGRAM, case_iocs, found,
                    hits, hunt, run, where)

ATTACK = PCAPS / "attack.pcap"
ALL_WHERE = {f.where for f in ATTACK_HITS}


@pytest.fixture
def iocs(tmp_path):
    return case_iocs(tmp_path)


def zipped(octets):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.txt", "see the capture\n")
        archive.writestr("day/attack.pcap", octets)
    return out.getvalue()


def tarred(octets):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo("day/attack.pcap")
        member.size = len(octets)
        archive.addfile(member, io.BytesIO(octets))
    return out.getvalue()


PACKED = {
    "attack.pcap.gz": gzip.compress,
    "attack.pcap.xz": lzma.compress,
    "attack.pcap.bz2": bz2.compress,
    "attack.zip": zipped,
    "attack.tar.gz": tarred,
    "no-suffix": gzip.compress,
    "plain": bytes,
}


@pytest.mark.parametrize("name", sorted(PACKED))
def test_a_packed_capture_is_read_like_the_plain_one(tmp_path, iocs, name):
    path = tmp_path / name
    path.write_bytes(PACKED[name](ATTACK.read_bytes()))
    assert hits(hunt(path, iocs).alerts) == ATTACK_HITS


@pytest.mark.parametrize("name", sorted(PACKED))
def test_standard_input_may_be_packed_too(iocs, name):
    result = run("-r", "-", "--iocs", iocs,
                 stdin=PACKED[name](ATTACK.read_bytes()))
    assert result.status == 0, result.messages
    assert hits(result.alerts) == ATTACK_HITS


@pytest.mark.parametrize("name", ["dns.pcap.gz", "dns.pcap.zst"])
def test_the_bundled_packed_captures_are_those_that_they_pack(iocs, name):
    queries = [e for e in hunt(PCAPS / name, iocs, "--events", "dns").events
               if e["dns"]["type"] == "request"]
    assert len(queries) == EXPECTED["dns.pcap"]["dns_queries"]


def test_two_packed_members_one_in_the_other_are_unpacked(tmp_path, iocs):
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.pcap.gz", gzip.compress(ATTACK.read_bytes()))
    assert hits(hunt(path, iocs).alerts) == ATTACK_HITS


@pytest.fixture
def evidence_iocs(tmp_path):
    """evidence.zip: the renamed attack's messages, which go to this host."""
    feed = tmp_path / "evidence.txt"
    feed.write_text("example.net\n")
    return feed


def test_an_encrypted_zip_is_read_with_its_password(evidence_iocs):
    result = hunt(PCAPS / "evidence.zip", evidence_iocs, "--zip-password",
                  "infected", "--events", "alert,stats")
    assert where(result.alerts) == {"http.host"}
    assert hits(result.alerts).popitem()[1] == 11
    assert result.stats["decoder.pkts"] == \
        EXPECTED["attack-renamed-agent.pcap"]["packets"] + \
        EXPECTED["vlan.pcap"]["packets"]
    name = result.alerts[0]["pcap_filename"]
    assert name == f"{PCAPS}/evidence.zip:attack-renamed-agent.pcap"


def test_the_password_may_be_in_the_configuration(tmp_path, evidence_iocs):
    config = tmp_path / "c.yaml"
    config.write_text("capture:\n  zip_password: infected\n")
    result = hunt(PCAPS / "evidence.zip", evidence_iocs, "-c", config)
    assert where(result.alerts) == {"http.host"}


@pytest.mark.parametrize("arguments, said", [
    ((), "--zip-password"),
    (("--zip-password", "wrong"), "wrong"),
])
def test_an_encrypted_zip_without_the_right_password_is_a_failure(
        evidence_iocs, arguments, said):
    result = run("-r", PCAPS / "evidence.zip", "--iocs", evidence_iocs,
                 *arguments)
    assert result.status == 1
    assert result.output == b""
    assert "evidence.zip:attack-renamed-agent.pcap: encrypted" in \
        result.messages
    assert said in result.messages


@pytest.mark.parametrize("missing", [1, 15, 400, 5000])
def test_of_a_capture_that_is_cut_short_all_before_the_cut_is_found(
        tmp_path, iocs, missing):
    header, records = read_pcap(ATTACK)
    octets = (header + b"".join(records))[:-missing]
    left, size = 0, len(header)
    while size + len(records[left]) <= len(octets):
        size += len(records[left])
        left += 1
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(octets)
    result = run("-r", cut, "--iocs", iocs, "--events", "alert,stats")
    assert result.status == 1
    assert where(result.alerts) == ALL_WHERE
    assert result.stats["decoder.pkts"] == left
    assert f"{cut}: packet {left + 1}: " in result.messages


def test_a_cut_before_the_first_contact_leaves_no_hit(tmp_path, iocs):
    header, records = read_pcap(ATTACK)
    cut = tmp_path / "cut.pcap"
    first = next(n for n, r in enumerate(records) if b"sfrclak" in r)
    cut.write_bytes(header + b"".join(records[:first]) + records[first][:20])
    result = run("-r", cut, "--iocs", iocs)
    assert (result.status, result.output) == (1, b"")
    assert f"packet {first + 1}: " in result.messages


def test_the_other_captures_are_read_although_one_is_cut(tmp_path, iocs):
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "a.pcap").write_bytes(ATTACK.read_bytes()[:1000])
    (tmp_path / "day" / "b.pcap").write_bytes(ATTACK.read_bytes())
    result = run("-r", tmp_path / "day", "--iocs", iocs)
    assert result.status == 1
    assert "a.pcap: packet " in result.messages
    assert where(result.alerts) == ALL_WHERE


def test_a_damaged_gzip_is_a_failure_with_the_hits_before_it(tmp_path, iocs):
    """Those in the last 64 KiB are lost: libarchive unpacks by such blocks."""
    path = tmp_path / "damaged.pcap.gz"
    path.write_bytes(gzip.compress(ATTACK.read_bytes())[:-100])
    result = run("-r", path, "--iocs", iocs)
    assert result.status == 1
    assert "damaged.pcap.gz" in result.messages
    assert "dns.query" in where(result.alerts)


@pytest.mark.parametrize("length", [0xffffffff, 0x7fffffff, 500000])
def test_a_record_with_an_impossible_length_is_named(tmp_path, iocs, length):
    header, records = read_pcap(ATTACK)
    bad = len(records) - 10  # behind all first contacts
    records[bad] = records[bad][:8] + struct.pack("<I", length) + \
        records[bad][12:]
    path = tmp_path / "corrupt.pcap"
    path.write_bytes(header + b"".join(records))
    result = run("-r", path, "--iocs", iocs)
    assert result.status == 1
    assert f"{path}: packet {bad + 1}: " in result.messages
    assert where(result.alerts) == ALL_WHERE


def test_packets_of_noise_are_counted_and_harm_nothing(tmp_path, iocs):
    header, records = read_pcap(ATTACK)
    noise = bytes((n * 37 + 11) & 0xff for n in range(60))
    mixed = []
    for n, record in enumerate(records):
        mixed.append(record)
        mixed.append(record[:8] + struct.pack("<II", 60, 60) +
                     record[RECORD_LEN:RECORD_LEN + 12] + b"\x08\x00" +
                     noise[n % 14:] + noise[:n % 14])
        mixed[-1] = mixed[-1][:RECORD_LEN + 60]
    path = tmp_path / "noise.pcap"
    path.write_bytes(header + b"".join(mixed))
    result = hunt(path, iocs, "--events", "alert,stats")
    assert hits(result.alerts) == ATTACK_HITS
    assert result.stats["decoder.pkts"] == len(mixed)


@pytest.mark.parametrize("octets", [b"", b"\xd4", b"\xd4\xc3\xb2\xa1\x02\x00"],
                         ids=["empty", "one octet", "half a header"])
@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
def test_what_is_too_short_for_a_capture_is_a_failure(tmp_path, iocs, octets,
                                                      piped):
    path = tmp_path / "short.pcap"
    path.write_bytes(octets)
    result = run("-r", "-" if piped else path, "--iocs", iocs,
                 stdin=octets if piped else None)
    assert result.status == 1
    assert result.output == b""
    assert ("-: " if piped else str(path)) in result.messages


def test_a_capture_without_packets_is_read(tmp_path, iocs):
    path = write_pcap(tmp_path / "none.pcap", [])
    result = run("-r", path, "--iocs", iocs)
    assert (result.status, result.output) == (0, b"")
    assert "0 packets" in result.messages


def test_a_path_that_is_not_there_is_a_failure(tmp_path, iocs):
    result = run("-r", tmp_path / "nothing", "--iocs", iocs)
    assert result.status == 1
    assert f"{tmp_path}/nothing: " in result.messages


def test_a_file_that_is_no_capture_is_a_failure(tmp_path, iocs):
    path = tmp_path / "notes.txt"
    path.write_text("nothing to see\n" * 100)
    result = run("-r", path, "--iocs", iocs)
    assert result.status == 1
    assert str(path) in result.messages


def test_in_a_directory_what_is_no_capture_is_skipped_and_named(tmp_path, iocs):
    day = tmp_path / "day"
    (day / "below").mkdir(parents=True)
    (day / "README.txt").write_text("hello\n")
    (day / "below" / "attack.pcap").write_bytes(ATTACK.read_bytes())
    result = hunt(day, iocs)
    assert hits(result.alerts) == ATTACK_HITS
    assert f"{day}/README.txt: " in result.messages


def test_a_directory_without_captures_is_a_failure(tmp_path, iocs):
    day = tmp_path / "day"
    day.mkdir()
    (day / "README.txt").write_text("hello\n")
    result = run("-r", day, "--iocs", iocs)
    assert result.status == 1
    assert f"{day}: no capture in it" in result.messages


def test_an_empty_directory_is_a_failure(tmp_path, iocs):
    (tmp_path / "day").mkdir()
    result = run("-r", tmp_path / "day", "--iocs", iocs)
    assert result.status == 1
    assert str(tmp_path / "day") in result.messages


def test_a_file_without_permission_is_a_failure():
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        capture = shutil.copy(ATTACK, directory)
        os.chmod(capture, 0)
        feed = case_iocs(directory)
        os.chmod(feed, 0o644)
        command = [shutil.copy(PROGRAM, directory), "-r", capture, "--iocs",
                   feed]
        if os.geteuid() == 0:  # who may read everything
            command = ["setpriv", "--reuid=65534", "--regid=65534",
                       "--clear-groups", *command]
        result = run(*command[1:], program=command[0])
    assert result.status == 1
    assert f"{capture}: Permission denied" in result.messages


def test_both_link_types_of_a_pcapng_file_are_read(tmp_path):
    """Ethernet and Linux cooked; each is an interface."""
    capture = PCAPS / "two-link-types.pcapng"
    feed = tmp_path / "feed.txt"
    names = {q.split()[0] for q in EXPECTED[capture.name]["dns_questions"]}
    feed.write_text("\n".join(names) + "\n")
    result = hunt(capture, feed, "--events", "alert,stats,dns")
    assert result.stats["decoder.pkts"] == \
        EXPECTED[capture.name]["packets"]
    assert result.stats["decoder.unknown_link_type"] == 0
    numbers = [e["pcap_cnt"] for e in result.of_type("dns")]
    assert len(numbers) == EXPECTED[capture.name]["dns_queries"] + \
        EXPECTED[capture.name]["dns_answers"]
    assert {f.value for f in map(found, result.alerts)
            if f.where == "dns.query"} == names


def test_a_filter_leaves_out_what_does_not_match(iocs):
    result = hunt(ATTACK, iocs, "-f", "not port 53", "--events",
                  "alert,dns,stats")
    expected = EXPECTED["attack.pcap"]
    messages = expected["dns_queries"] + expected["dns_answers"]
    assert where(result.alerts) == ALL_WHERE - {"dns.query", "dns.answer"}
    assert result.of_type("dns") == []
    assert result.stats["capture.filtered"] == messages
    assert result.stats["decoder.pkts"] == expected["packets"] - messages


def test_a_filter_may_leave_nothing(iocs):
    result = hunt(ATTACK, iocs, "--filter", "host 192.0.2.99")
    assert result.output == b""


def test_a_filter_holds_for_both_link_types_of_a_file(iocs):
    result = hunt(PCAPS / "two-link-types.pcapng", iocs, "-f", "udp port 53",
                  "--events", "dns,stats")
    expected = EXPECTED["two-link-types.pcapng"]
    messages = expected["dns_queries"] + expected["dns_answers"]
    assert len(result.of_type("dns")) == messages
    assert result.stats["decoder.pkts"] == messages


@pytest.mark.parametrize("expression", ["port", "host 1.2.3.4.5", "foo bar"])
def test_a_bad_filter_is_a_usage_error(iocs, expression):
    result = run("-r", ATTACK, "--iocs", iocs, "-f", expression)
    assert result.status == 2
    assert "filter" in result.messages
    assert result.output == b""


def test_without_anything_to_read_it_is_a_usage_error(iocs):
    result = run("--iocs", iocs)
    assert result.status == 2
    assert "-r" in result.messages and "-i" in result.messages


def test_stored_and_live_exclude_one_another(iocs):
    result = run("-r", ATTACK, "-i", "lo", "--iocs", iocs)
    assert result.status == 2


def test_one_path_twice_is_an_overlap_and_not_two_attacks(iocs):
    """The same packets a second time are retransmissions and repeats."""
    result = run("-r", ATTACK, ATTACK, "--iocs", iocs)
    assert result.status == 0, result.messages
    assert {found(e) for e in result.alerts} == set(ATTACK_HITS)


def test_nanosecond_and_big_endian_captures_are_read(tmp_path):
    feed = tmp_path / "feed.txt"
    feed.write_text("evil.example\n")
    packets = [(BEGIN_US, dns_query("evil.example")),
               *http_get("evil.example", time_us=BEGIN_US + 1000)]
    want = hunt(write_pcap(tmp_path / "a.pcap", packets), feed).alerts
    assert where(want) == {"dns.query", "http.host"}
    for order, magic, scale in (("<", 0xa1b23c4d, 1000), (">", 0xa1b2c3d4, 1),
                                (">", 0xa1b23c4d, 1000)):
        path = tmp_path / "b.pcap"
        path.write_bytes(
            struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1) +
            b"".join(struct.pack(order + "IIII", t // 1000000,
                                 t % 1000000 * scale, len(f), len(f)) + f
                     for t, f in packets))
        got = hunt(path, feed).alerts
        assert [dict(e, pcap_filename="") for e in got] == \
            [dict(e, pcap_filename="") for e in want]
