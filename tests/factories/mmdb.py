"""A city database in MaxMind's format, as small as it gets: one IPv4 network.

By the format's specification 2.0; shares no code with the reader.
"""

import struct
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

_MARK = b"\xab\xcd\xefMaxMind.com"
_BETWEEN = bytes(16)


def write_mmdb(path: Path, *, network: str, facts: dict[str, Any]) -> Path:
    """A database in which `network` has `facts`, and no other network has any."""
    there = IPv4Network(network)
    bits = [int(there.network_address) >> 31 - n & 1 for n in range(there.prefixlen)]
    count = len(bits)
    tree = b""
    for depth, bit in enumerate(bits):
        # The next node, or behind the last one the data's first byte.
        follows = depth + 1 if depth + 1 < count else count + len(_BETWEEN)
        records = (follows, count) if bit == 0 else (count, follows)
        tree += b"".join(record.to_bytes(3, "big") for record in records)
    about = {
        "node_count": bytes([6 << 5 | 4]) + count.to_bytes(4, "big"),
        "record_size": 24,
        "ip_version": 4,
        "database_type": "Test-City",
        "languages": [],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": bytes([1, 2, 1]),
        "description": {},
    }
    path.write_bytes(tree + _BETWEEN + _value(facts) + _MARK + _value(about))
    return path


def _value(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return bytes([2 << 5 | len(value)]) + value.encode()
    if isinstance(value, float):
        return bytes([3 << 5 | 8]) + struct.pack(">d", value)
    if isinstance(value, int):
        return bytes([5 << 5 | 2]) + value.to_bytes(2, "big")
    if isinstance(value, list):
        return bytes([len(value), 4]) + b"".join(map(_value, value))
    pairs = (_value(name) + _value(fact) for name, fact in value.items())
    return bytes([7 << 5 | len(value)]) + b"".join(pairs)
