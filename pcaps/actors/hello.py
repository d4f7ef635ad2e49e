#!/usr/bin/python3
"""Send a ClientHello as browsers lay it out since 2024, then read and leave.

    hello.py ADDRESS PORT SERVER_NAME|-

The post-quantum key share (X25519MLKEM768, 1216 octets) makes it longer than
one TCP segment; as browsers shuffle the extensions, the server_name may come
after it and so be in the second segment.  Here it always does ("-": there is
none).  OpenSSL 3.0 cannot send such a hello; hence a few lines by hand, with
random octets for keys.  RFC 8446 section 4.1.2.
"""
import os
import socket
import struct
import sys

GREASE = 0x2A2A
X25519, X25519MLKEM768 = 0x001D, 0x11EC


def vec8(octets):
    return struct.pack(">B", len(octets)) + octets


def vec16(octets):
    return struct.pack(">H", len(octets)) + octets


def numbers(*values):
    return struct.pack(f">{len(values)}H", *values)


def extension(kind, octets):
    return numbers(kind) + vec16(octets)


def extensions(name, chance):
    share = numbers(GREASE) + vec16(b"\0") + \
        numbers(X25519MLKEM768) + vec16(chance(1216)) + \
        numbers(X25519) + vec16(chance(32))
    parts = [
        extension(GREASE, b""),
        extension(51, vec16(share)),
        extension(43, vec8(numbers(GREASE, 0x0304, 0x0303))),
        extension(10, vec16(numbers(GREASE, X25519MLKEM768, X25519, 23, 24))),
        extension(13, vec16(numbers(0x0403, 0x0804, 0x0401, 0x0503, 0x0805,
                                    0x0501, 0x0806, 0x0601))),
        extension(16, vec16(vec8(b"h2") + vec8(b"http/1.1"))),
        extension(65037, b"\0" + numbers(1, 1) + b"\x2f" +
                  vec16(chance(32)) + vec16(chance(176))),
        extension(45, vec8(b"\1")),
        extension(23, b""),
    ]
    if name != "-":
        parts.append(extension(0, vec16(b"\0" + vec16(name.encode()))))
    return b"".join(parts)


def client_hello(name, chance=os.urandom):
    """chance: gives as many octets as it is asked for."""
    ciphers = numbers(GREASE, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F)
    body = (numbers(0x0303) + chance(32) + vec8(chance(32)) +
            vec16(ciphers) + vec8(b"\0") + vec16(extensions(name, chance)))
    handshake = b"\1" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + vec16(handshake)


if __name__ == "__main__":
    address, port, server_name = sys.argv[1:]
    with socket.create_connection((address, int(port)), timeout=2) as server:
        server.sendall(client_hello(server_name))
        server.recv(65536)
