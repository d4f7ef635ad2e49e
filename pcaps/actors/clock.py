#!/usr/bin/python3
"""A time service and a client that asks it, in the packet form of RFC 5905.

    clock.py serve ADDRESS
    clock.py ask ADDRESS COUNT PERIOD_S SOURCE_ADDRESS
"""
import socket
import struct
import sys
import time

PORT = 123
SINCE_1900 = 2208988800
MODE_CLIENT, MODE_SERVER = 0x23, 0x24  # version 4


def now():
    return struct.pack(">II", int(time.time()) + SINCE_1900, 0)


def message(first, stratum, originate=bytes(8)):
    return (struct.pack(">BBBb", first, stratum, 6, -20) + bytes(12) +
            bytes(8) + originate + bytes(8) + now())


def serve(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, PORT))
        while True:
            request, client = sock.recvfrom(512)
            sock.sendto(message(MODE_SERVER, 2, request[40:48]), client)


def ask(address, count, period, source):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, PORT))
        sock.settimeout(1)
        for _ in range(int(count)):
            sock.sendto(message(MODE_CLIENT, 0), (address, PORT))
            sock.recv(512)
            time.sleep(float(period))


{"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
