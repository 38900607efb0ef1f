# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes small MaxMind databases, as https://maxmind.github.io/MaxMind-DB/ describes them."""

import ipaddress
import struct
import time

MARKER = b"\xab\xcd\xefMaxMind.com"


def control(kind, size):
    assert size < 29 + 256 + 65536
    first = kind << 5 if kind < 8 else 0
    extended = b"" if kind < 8 else bytes([kind - 7])
    if size < 29:
        return bytes([first | size]) + extended
    if size < 29 + 256:
        return bytes([first | 29]) + extended + bytes([size - 29])
    return bytes([first | 30]) + extended + struct.pack(">H", size - 29 - 256)


class Typed(int):
    """A number of a certain type of the format."""

    def __new__(cls, kind, value):
        number = super().__new__(cls, value)
        number.kind = kind
        return number


UINT16, UINT32, UINT64 = 5, 6, 9


def encode(value):
    """Text, whole numbers, lists and dictionaries."""
    if isinstance(value, str):
        data = value.encode()
        return control(2, len(data)) + data
    if isinstance(value, int):
        data = value.to_bytes((value.bit_length() + 7) // 8, "big")
        return control(getattr(value, "kind", UINT32), len(data)) + data
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(encode(v) for v in value)
    return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())


def bits_of(network):
    """From the root of a tree of IPv6; IPv4 lies in ::/96."""
    net = ipaddress.ip_network(network)
    length = net.prefixlen + (96 if net.version == 4 else 0)
    number = int(net.network_address)
    return [number >> (127 - i) & 1 for i in range(length)]


def database(kind, entries):
    """Bytes of a database of that type; entries: {network: value}."""
    nodes = [[None, None]]
    data, offsets = b"", {}
    for network, value in entries.items():
        encoded = encode(value)
        if encoded not in offsets:
            offsets[encoded] = len(data)
            data += encoded
        bits, node = bits_of(network), 0
        for bit in bits[:-1]:
            if not isinstance(nodes[node][bit], list):
                nodes.append([None, None])
                nodes[node][bit] = [len(nodes) - 1]
            node = nodes[node][bit][0]
        nodes[node][bits[-1]] = offsets[encoded]
    count = len(nodes)

    def record(value):
        if value is None:
            return count
        return value[0] if isinstance(value, list) else count + 16 + value

    tree = b"".join(struct.pack(">II", record(left), record(right)) for left, right in nodes)
    metadata = {
        "node_count": count,
        "record_size": Typed(UINT16, 32),
        "ip_version": Typed(UINT16, 6),
        "database_type": kind,
        "languages": ["en"],
        "binary_format_major_version": Typed(UINT16, 2),
        "binary_format_minor_version": Typed(UINT16, 0),
        "build_epoch": Typed(UINT64, int(time.time())),
        "description": {"en": "made for a test"},
    }
    return tree + bytes(16) + data + MARKER + encode(metadata)


def country(name, code):
    return {"country": {"iso_code": code, "names": {"en": name}}}


def network(number, organisation):
    return {"autonomous_system_number": number, "autonomous_system_organization": organisation}
