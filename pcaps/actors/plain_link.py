#!/usr/bin/python3
"""Turn off the offloads of an interface: plain_link.py INTERFACE

Without this a veth link carries frames of 64 KiB without checksums, which no
cable does.  (What `ethtool -K` does; see linux/ethtool.h.)
"""
import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
SET_TX_CHECKSUM, SET_SCATTER, SET_TSO, SET_GSO, SET_GRO = \
    0x17, 0x19, 0x1F, 0x24, 0x2C


def switch_off(sock, interface, command):
    value = array.array("B", struct.pack("II", command, 0))
    request = struct.pack("16sP", interface.encode(), value.buffer_info()[0])
    fcntl.ioctl(sock, SIOCETHTOOL, request)


with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    # Segmentation first: it rests on the others.
    for what in (SET_TSO, SET_GSO, SET_GRO, SET_SCATTER, SET_TX_CHECKSUM):
        switch_off(any_socket, sys.argv[1], what)
