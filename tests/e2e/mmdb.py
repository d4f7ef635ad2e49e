"""Writing databases in MaxMind's format, for tests.

After "MaxMind DB File Format Specification", version 2.0
(maxmind.github.io/MaxMind-DB): a binary tree of networks, 16 zero octets, a
section of typed values, and behind a marker the metadata, a value as well.
"""

import ipaddress
import struct
from pathlib import Path

MARKER = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = bytes(16)

TEXT, MAP, UINT16, UINT32, UINT64, ARRAY = 2, 7, 5, 6, 9, 11


def control(kind, size):
    """The octets before a value: its type and its size."""
    if size < 29:
        head, more = size, b""
    elif size < 29 + 256:
        head, more = 29, bytes([size - 29])
    else:
        head, more = 30, struct.pack(">H", size - 29 - 256)
    if kind > 7:  # an extended type has an octet of its own
        return bytes([head, kind - 7]) + more
    return bytes([kind << 5 | head]) + more


class Unsigned(int):
    """A number that is to be written as another type than UINT32."""

    kind = UINT64


class Short(Unsigned):
    kind = UINT16


def value(thing):
    if isinstance(thing, str):
        return control(TEXT, len(thing.encode())) + thing.encode()
    if isinstance(thing, dict):
        return control(MAP, len(thing)) + b"".join(
            value(k) + value(v) for k, v in thing.items())
    if isinstance(thing, list):
        return control(ARRAY, len(thing)) + b"".join(map(value, thing))
    octets = thing.to_bytes(8, "big").lstrip(b"\0")
    return control(getattr(thing, "kind", UINT32), len(octets)) + octets


def bits_of(network, ip_version):
    """A network's bits from the top; IPv4 in an IPv6 tree is below ::/96."""
    network = ipaddress.ip_network(network)
    bits = f"{int(network.network_address):0{network.max_prefixlen}b}"
    bits = bits[:network.prefixlen]
    if ip_version == 6 and network.version == 4:
        bits = "0" * 96 + bits
    return bits


def record_octets(left, right, record_size):
    if record_size == 24:
        return left.to_bytes(3, "big") + right.to_bytes(3, "big")
    if record_size == 28:
        middle = left >> 24 << 4 | right >> 24
        return (left & 0xffffff).to_bytes(3, "big") + bytes([middle]) + \
            (right & 0xffffff).to_bytes(3, "big")
    return left.to_bytes(4, "big") + right.to_bytes(4, "big")


def database(networks, ip_version=6, record_size=24, kind="Test",
             tree=None):
    """The octets of a database: network to its entry, a dict.

    `tree` is a function that may spoil the nodes before they are written.
    """
    nodes, data, offsets = [[None, None]], b"", {}
    for network, entry in networks.items():
        node, bits = 0, bits_of(network, ip_version)
        for bit in bits[:-1]:
            if nodes[node][int(bit)] is None:
                nodes.append([None, None])
                nodes[node][int(bit)] = len(nodes) - 1
            node = nodes[node][int(bit)]
        octets = value(entry)
        if octets not in offsets:
            offsets[octets] = len(data)
            data += octets
        nodes[node][int(bits[-1])] = ("data", offsets[octets])

    def number(record):
        if record is None:
            return len(nodes)
        if isinstance(record, tuple):
            return len(nodes) + len(SEPARATOR) + record[1]
        return record

    if tree is not None:
        tree(nodes)
    metadata = {
        "node_count": len(nodes), "record_size": Short(record_size),
        "ip_version": Short(ip_version), "database_type": kind,
        "languages": ["en"], "binary_format_major_version": Short(2),
        "binary_format_minor_version": Short(0),
        "build_epoch": Unsigned(1774915200), "description": {"en": kind}}
    return b"".join(
        record_octets(number(left), number(right), record_size)
        for left, right in nodes) + SEPARATOR + data + MARKER + \
        value(metadata)


def write(path, networks, **options):
    path = Path(path)
    path.write_bytes(database(networks, **options))
    return path


# The same facts as each vendor has them.
def geolite_country(country):
    return {"country": {"iso_code": country, "names": {"en": "Somewhere"}}}


def geolite_asn(number, organisation):
    return {"autonomous_system_number": number,
            "autonomous_system_organization": organisation}


def ip_location_db(country):
    return {"country_code": country}


def ipinfo(country, number, organisation):
    return {"country": "Somewhere", "country_code": country,
            "asn": f"AS{number}", "as_name": organisation}


def ipinfo_old(country):
    return {"country": country}
