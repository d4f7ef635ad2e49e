"""QUIC as both ends of a connection begin it: Initials (RFC 9000, RFC 9001,
RFC 9369) with hellos inside, for captures that are written packet by packet.

AES is here in full (FIPS 197; GCM: NIST SP 800-38D), so that nothing needs to
be installed and what seals shares nothing with the sensor, which opens.
"""
import hashlib
import hmac
import struct

import hello

VERSION_1, VERSION_2 = 0x00000001, 0x6B3343CF
UNKNOWN_VERSION = 0x1A2A3A4A  # of those that are for practice, section 15
INITIAL, ZERO_RTT, HANDSHAKE, RETRY = range(4)  # version 1's types
SALTS = {
    VERSION_1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    VERSION_2: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
}
RETRY_KEY = bytes.fromhex("be0c690b9f66575a1d766b54e368c84e")
RETRY_NONCE = bytes.fromhex("461599d35d632bf2239825bb")
LABELS = {VERSION_1: "quic", VERSION_2: "quicv2"}
DATAGRAM_MIN = 1200
TAG_LEN = 16


# ---- AES-128 ----

def times_x(octet):
    return (octet << 1 ^ (0x11B if octet & 0x80 else 0)) & 0xFF


def make_sbox():
    """Inverses in GF(2^8) by powers of 3, then the affine map."""
    powers, value = [], 1
    for _ in range(255):
        powers.append(value)
        value ^= times_x(value)
    sbox = [0x63] * 256
    for n, value in enumerate(powers):
        octet = powers[-n % 255]
        for shift in (1, 2, 3, 4):
            octet ^= (powers[-n % 255] << shift |
                      powers[-n % 255] >> 8 - shift) & 0xFF
        sbox[value] = octet ^ 0x63
    return sbox


SBOX = make_sbox()


def round_keys(key):
    words, constant = [list(key[at:at + 4]) for at in range(0, 16, 4)], 1
    while len(words) < 44:
        word = words[-1]
        if len(words) % 4 == 0:
            word = [SBOX[octet] for octet in word[1:] + word[:1]]
            word[0] ^= constant
            constant = times_x(constant)
        words.append([a ^ b for a, b in zip(words[-4], word)])
    return [sum(words[at:at + 4], []) for at in range(0, 44, 4)]


def mix(column):
    every = column[0] ^ column[1] ^ column[2] ^ column[3]
    return [octet ^ every ^ times_x(octet ^ column[(n + 1) % 4])
            for n, octet in enumerate(column)]


def aes(key, block):
    keys = round_keys(key)
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number in range(1, 11):
        state = [SBOX[state[(n + 4 * (n % 4)) % 16]] for n in range(16)]
        if number < 10:
            state = sum((mix(state[at:at + 4]) for at in range(0, 16, 4)), [])
        state = [a ^ b for a, b in zip(state, keys[number])]
    return bytes(state)


def ghash(key, *parts):
    reduction, state = 0xE1 << 120, 0
    for part in parts:
        for at in range(0, len(part), 16):
            state ^= int.from_bytes(part[at:at + 16].ljust(16, b"\0"), "big")
            factor, product = int.from_bytes(key, "big"), 0
            for bit in range(127, -1, -1):
                if state >> bit & 1:
                    product ^= factor
                factor = factor >> 1 ^ (reduction if factor & 1 else 0)
            state = product
    return state.to_bytes(16, "big")


def gcm_seal(key, nonce, header, payload):
    def pad(counter):
        return aes(key, nonce + struct.pack(">I", counter))

    def xor(a, b):
        return bytes(x ^ y for x, y in zip(a, b))

    sealed = b"".join(xor(payload[at:at + 16], pad(2 + at // 16))
                      for at in range(0, len(payload), 16))
    lengths = struct.pack(">QQ", 8 * len(header), 8 * len(sealed))
    tag = ghash(aes(key, bytes(16)), header, sealed, lengths)
    return sealed + xor(tag, pad(1))


# ---- packets ----

def varint(value):
    """RFC 9000 section 16; two octets are enough here."""
    return struct.pack(">H", 0x4000 | value)


def expand(secret, label, length):
    """HKDF-Expand-Label, RFC 8446 section 7.1; one block is enough here."""
    info = struct.pack(">H", length) + hello.vec8(b"tls13 " + label.encode()) \
        + b"\0"
    return hmac.digest(secret, info + b"\1", hashlib.sha256)[:length]


def initial_keys(version, dcid, end):
    """Key, IV and header protection key of "client" or "server"."""
    secret = hmac.digest(SALTS[version], dcid, hashlib.sha256)
    secret = expand(secret, f"{end} in", 32)
    return [expand(secret, f"{LABELS[version]} {name}", length)
            for name, length in (("key", 16), ("iv", 12), ("hp", 16))]


def long_header(version, kind, dcid, scid):
    """The two lowest bits: a packet number of two octets."""
    if version == VERSION_2:
        kind = (kind + 1) % 4  # RFC 9369 section 3.2
    return struct.pack(">BI", 0xC1 | kind << 4, version) + \
        hello.vec8(dcid) + hello.vec8(scid)


def initial(end, payload, number=0, version=VERSION_1, keyed_by=b"",
            dcid=b"", scid=b"", token=b""):
    """One sealed Initial; its keys are from `keyed_by`, by default `dcid`."""
    key, iv, protection = initial_keys(version, keyed_by or dcid, end)
    header = long_header(version, INITIAL, dcid, scid) + \
        varint(len(token)) + token + varint(2 + len(payload) + TAG_LEN) + \
        struct.pack(">H", number)
    nonce = iv[:-2] + bytes((iv[-2] ^ number >> 8, iv[-1] ^ number & 0xFF))
    sealed = gcm_seal(key, nonce, header, payload)
    # The sample begins four octets behind the number's beginning.
    mask = aes(protection, sealed[2:18])
    first = header[0] ^ mask[0] & 0x0F
    return bytes([first]) + header[1:-2] + \
        bytes((header[-2] ^ mask[1], header[-1] ^ mask[2])) + sealed


def crypto(octets, offset=0):
    return b"\x06" + varint(offset) + varint(len(octets)) + octets


def initial_datagram(end, frames, **how):
    """An Initial that fills a datagram (section 14.1)."""
    bare = len(initial(end, frames, **how))
    return initial(end, frames + bytes(max(DATAGRAM_MIN - bare, 0)), **how)


def opaque(kind, dcid, scid, octets, version=VERSION_1):
    """A 0-RTT or Handshake packet, for whoever has its keys."""
    return long_header(version, kind, dcid, scid) + varint(len(octets)) + \
        octets


def retry(first_dcid, dcid, scid, token):
    """Section 17.2.5; the tag, RFC 9001 section 5.8, is of version 1."""
    packet = long_header(VERSION_1, RETRY, dcid, scid) + token
    return packet + gcm_seal(RETRY_KEY, RETRY_NONCE,
                             hello.vec8(first_dcid) + packet, b"")


def negotiation(dcid, scid, *versions):
    """Section 17.2.1."""
    return long_header(0, 0, dcid, scid) + \
        struct.pack(f">{len(versions)}I", *versions)


# ---- hellos ----

def client_hello(name, chance, alpn=b"h3", padding=0):
    """As hello.py has it, but with what QUIC needs (RFC 9001 section 8)."""
    extensions = [
        hello.extension(0, hello.vec16(b"\0" + hello.vec16(name.encode()))),
        hello.extension(16, hello.vec16(hello.vec8(alpn))),
        hello.extension(43, hello.vec8(hello.numbers(0x0304))),
        hello.extension(10, hello.vec16(hello.numbers(hello.X25519, 23))),
        hello.extension(13, hello.vec16(hello.numbers(0x0403, 0x0804))),
        hello.extension(51, hello.vec16(hello.numbers(hello.X25519) +
                                        hello.vec16(chance(32)))),
        hello.extension(57, b"\x01\x02\x67\x10\x0f\x00"),
    ]
    if padding:
        extensions.insert(0, hello.extension(21, bytes(padding)))
    body = hello.numbers(0x0303) + chance(32) + b"\0" + \
        hello.vec16(hello.numbers(0x1301, 0x1302, 0x1303)) + b"\1\0" + \
        hello.vec16(b"".join(extensions))
    return b"\1" + struct.pack(">I", len(body))[1:] + body


def server_hello(chance):
    body = hello.numbers(0x0303) + chance(32) + b"\0" + \
        hello.numbers(0x1301) + b"\0" + hello.vec16(
            hello.extension(43, hello.numbers(0x0304)) +
            hello.extension(51, hello.numbers(hello.X25519) +
                            hello.vec16(chance(32))))
    return b"\2" + struct.pack(">I", len(body))[1:] + body
