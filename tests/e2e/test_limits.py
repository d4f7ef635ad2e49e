"""Under a flood: memory has a ceiling, what is forgotten is counted, and what
matters is found all the same."""

import os
import struct
import subprocess

import pytest

from packets import (ACK, BEGIN_US, Conversation, OK_EMPTY, PSH, SYN,
                     dns_answer, dns_query, pcap_header, pcap_record, tcp, udp,
                     write_pcap)
from sensor import PROGRAM, found, hunt, where

FLOOD = 200000
HOST = "evil.example.net"
SERVER = "203.0.113.80"


def flood(begin_us, count):
    """SYNs of one host to as many ports and addresses, 5 us apart, as octets.

    One frame is the pattern; only what differs is put in.
    """
    frame = bytearray(tcp("10.20.0.66", 1024, "192.0.2.1", 1, 7, 0, SYN))
    out = bytearray()
    for n in range(count):
        time_us = begin_us + n * 5
        struct.pack_into(">HH", frame, 34, 1024 + n % 60000, 1 + n // 60000)
        out += struct.pack("<IIII", time_us // 1000000, time_us % 1000000,
                           len(frame), len(frame))
        out += frame
    return bytes(out)


def records(packets):
    return b"".join(pcap_record(*packet) for packet in packets)


@pytest.fixture(scope="module")
def flooded(tmp_path_factory):
    """A look-up and a connection; the flood; the connection's request."""
    talk = Conversation("10.20.0.11", 50000, SERVER, 8000, BEGIN_US + 10000)
    request = f"POST /x HTTP/1.1\r\nHost: {HOST}:8000\r\n" \
        "Content-Length: 5\r\n\r\nhello".encode()
    octets = pcap_header()
    octets += records([(BEGIN_US, dns_query("cdn.example.org")),
                       (BEGIN_US + 1000,
                        dns_answer("cdn.example.org", SERVER))])
    octets += records(talk.handshake())
    octets += records(talk.exchange(b"GET / HTTP/1.1\r\nHost: first.example."
                                    b"org\r\n\r\n", OK_EMPTY))
    octets += flood(BEGIN_US + 1000000, FLOOD)
    talk.time_us = BEGIN_US + 3000000
    octets += records(talk.exchange(request, OK_EMPTY))
    path = tmp_path_factory.mktemp("flood") / "flood.pcap"
    path.write_bytes(octets)
    return path


@pytest.fixture
def feed(tmp_path):
    path = tmp_path / "feed.txt"
    path.write_text(f"{HOST}\n{SERVER}\n")
    return path


def config(directory, flows):
    path = directory / "config.yaml"
    path.write_text(f"limits:\n  flows: {flows}\n")
    return path


def test_a_conversation_that_spans_a_flood_is_hit(tmp_path, flooded, feed):
    result = hunt(flooded, feed, "-c", config(tmp_path, 1024), "--events",
                  "alert,stats")
    stats = result.stats
    assert {(f.where, f.destination) for f in map(found, result.alerts)} == {
        ("dns.answer", "10.20.0.53"), ("flow.dest", SERVER),
        ("http.host", SERVER)}
    assert stats["decoder.pkts"] == FLOOD + 2 + 3 + 3 + 3
    # What came did not fit, and nothing else made room.
    assert stats["flow.total"] >= FLOOD
    assert stats["flow.ended_evicted"] >= FLOOD - 1024
    assert stats["flow.total"] == sum(
        stats[f"flow.ended_{how}"]
        for how in ("closed", "timeout", "evicted", "shutdown")) + \
        stats["flow.active"]


def test_with_room_nothing_is_evicted(tmp_path, flooded, feed):
    result = hunt(flooded, feed, "-c", config(tmp_path, 300000), "--events",
                  "alert,stats")
    assert result.stats["flow.ended_evicted"] == 0
    assert result.stats["flow.total"] == FLOOD + 2
    assert "http.host" in where(result.alerts)


def peak_kib(capture, octets, fifo, *arguments):
    """The most memory that a run had over the capture's first octets.

    They come through a pipe: a mapped file's pages would count, too.
    """
    os.mkfifo(fifo)
    writer = subprocess.Popen(
        ["sh", "-c", 'head -c "$0" "$1" > "$2"', str(octets), capture, fifo])
    process = subprocess.Popen([PROGRAM, "-r", fifo, *arguments],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    writer.wait()
    fifo.unlink()
    assert process.returncode in (0, 1), "1: the last record is cut"
    return usage.ru_maxrss


@pytest.mark.plain
def test_memory_does_not_grow_with_the_flood(tmp_path, flooded, feed):
    def peak(octets):
        return peak_kib(flooded, octets, tmp_path / "fifo", "--iocs", feed,
                        "-c", config(tmp_path, 1024))

    size = flooded.stat().st_size
    assert peak(size) < peak(size // 10) + 4096


def test_forgotten_answers_are_counted(tmp_path):
    """More names than dns_memory holds; the last is still known."""
    packets, count = [], 2000
    for n in range(count):
        address = f"198.51.{100 + n // 250}.{n % 250}"
        name = f"host{n}.{HOST}" if n in (0, count - 1) else \
            f"host{n}.example.org"
        packets.append((BEGIN_US + n * 1000, dns_answer(name, address)))
    for n, address in enumerate(("198.51.100.0", "198.51.107.249")):
        packets.append((BEGIN_US + 5000000 + n, udp(
            "10.20.0.11", 6000, address, 9000, b"\0\1\2\3")))
    capture = write_pcap(tmp_path / "names.pcap", packets)
    feed = tmp_path / "feed.txt"
    feed.write_text(HOST + "\n")
    path = tmp_path / "config.yaml"
    path.write_text("limits:\n  dns_memory: 100\n")
    result = hunt(capture, feed, "-c", path, "--events", "alert,stats")
    contacted = {e["dest_ip"] for e in result.alerts
                 if found(e).where == "flow.dns_memory"}
    assert "198.51.107.249" in contacted
    assert result.stats["detect.dns_memory_evicted"] > 0


def test_facts_that_do_not_fit_are_reported_before_they_go(tmp_path):
    """Many hosts that meet one indicator: each is told at least once."""
    packets = [(BEGIN_US + n * 1000, dns_query(
        f"a.{HOST}", source=f"10.20.{n // 200}.{1 + n % 200}"))
        for n in range(1000)]
    capture = write_pcap(tmp_path / "many.pcap", packets)
    feed = tmp_path / "feed.txt"
    feed.write_text(HOST + "\n")
    path = tmp_path / "config.yaml"
    path.write_text("limits:\n  facts: 10\n")
    result = hunt(capture, feed, "-c", path, "--events", "alert,stats")
    assert len({e["src_ip"] for e in result.alerts}) == 1000
    assert result.stats["detect.facts_evicted"] == 990


def test_a_stream_that_never_ends_does_not_grow(tmp_path):
    """Data ahead of a hole, more than stream_kib and stream_mib allow."""
    talk = Conversation("10.20.0.11", 50000, SERVER, 8000)
    packets = talk.handshake()
    talk.sequence[0] += 100  # a segment that the capture lost
    for _ in range(3000):
        packets.append(talk.packet(0, PSH | ACK, b"x" * 1400))
    capture = write_pcap(tmp_path / "ahead.pcap", packets)
    feed = tmp_path / "feed.txt"
    feed.write_text(SERVER + "\n")
    path = tmp_path / "config.yaml"
    path.write_text("limits:\n  stream_mib: 1\n  stream_kib: 64\n")
    result = hunt(capture, feed, "-c", path, "--events", "alert,stats")
    assert "flow.dest" in where(result.alerts)
    assert result.stats["tcp.reassembly_memuse"] <= 1024 * 1024
    assert result.stats["tcp.gap_octets"] >= 100


def test_more_hits_than_the_summary_shows_are_counted_once(tmp_path):
    """Each fact is met twice; the table shows a hundred of them."""
    facts = 150
    listed = tmp_path / "listed.txt"
    listed.write_text("listed.example\n")
    capture = tmp_path / "many.pcap"
    write_pcap(capture, [
        (BEGIN_US + n * 1_000_000,
         dns_query("www.listed.example", source=f"10.20.7.{n % facts + 1}"))
        for n in range(2 * facts)])
    messages = hunt(capture, listed).messages
    assert f"\n{facts} hits\n" in messages
    assert f"... and {facts - 100} more\n" in messages
