"""Merkle trees of RFC 9162, section 2: roots, proofs and their verification.

Hashes are SHA-256, 32 bytes; a leaf is hashed with 0x00 before it, a node with 0x01.
Proofs are made from a `Node` function, so that the same code works on a list in
memory and on tiles on disk. What checks a proof shares no code with what makes it.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from struct import iter_unpack

HASH_BYTES = 32
_LEAF, _NODE = hashlib.sha256(b"\x00"), hashlib.sha256(b"\x01")
EMPTY_ROOT = hashlib.sha256(b"").digest()

# node(level, i): the hash over leaves i * 2**level up to (i + 1) * 2**level.
Node = Callable[[int, int], bytes]


class ProofRejected(Exception):
    """The proof does not show what it claims."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> bytes:
    """The hashes of many leaves, one after the other."""
    return _each_hashed(_LEAF, entries)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def parents(row: bytes) -> bytes:
    """The nodes over a row of hashes: of its last one only where that has a partner."""
    both = 2 * HASH_BYTES
    pairs = iter_unpack(f"{both}s", row[: len(row) // both * both])
    return _each_hashed(_NODE, (pair for (pair,) in pairs))


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 2**n hashes, all of one level. Errors: ValueError otherwise."""
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise ValueError("needs a power of two hashes")
    row = b"".join(hashes)
    while len(row) > HASH_BYTES:
        row = parents(row)
    return row


def _each_hashed(begun: "hashlib._Hash", pieces: Iterable[bytes]) -> bytes:
    """The hashes of many pieces, each behind what `begun` took in.

    Written out, for bulk: a copy of a hash takes less than to begin one.
    """
    made = []
    for piece in pieces:
        hashed = begun.copy()
        hashed.update(piece)
        made.append(hashed.digest())
    return b"".join(made)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in memory."""
    if not leaves:
        return EMPTY_ROOT
    return _range_root(node_in(leaves), 0, len(leaves))


def node_in(leaves: Sequence[bytes]) -> Node:
    """A Node function over leaf hashes in memory."""

    def node(level: int, index: int) -> bytes:
        return perfect_root(leaves[index << level : (index + 1) << level])

    return node


def root(node: Node, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return _range_root(node, 0, size) if size else EMPTY_ROOT


def inclusion_proof(node: Node, *, index: int, size: int) -> list[bytes]:
    """The path from leaf `index` to the root of `size` leaves, sibling first.

    Errors: ValueError where there is no such leaf.
    """
    return [
        _range_root(node, start, end)
        for start, end in inclusion_ranges(index=index, size=size)
    ]


def inclusion_ranges(*, index: int, size: int) -> list[tuple[int, int]]:
    """Which leaves each hash of an inclusion proof stands for: from, up to and without.

    Errors: ValueError where there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} among {size}")
    start, end, ranges = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_proof(node: Node, *, old: int, new: int) -> list[bytes]:
    """That the tree of `new` leaves begins with the tree of `old` leaves.

    Errors: ValueError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"no proof from {old} to {new}")
    start, end, known, path = 0, new, True, []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_root(node, middle, end))
            end = middle
        else:
            path.append(_range_root(node, start, middle))
            start, known = middle, False
    if not known:
        path.append(_range_root(node, start, end))
    return path[::-1]


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """RFC 9162, 2.1.3.2. Errors: ProofRejected."""
    if not 0 <= index < size:
        raise ProofRejected("there is no such leaf")
    if any(len(item) != HASH_BYTES for item in (leaf, *proof)):
        raise ProofRejected("not a hash of 32 bytes")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise ProofRejected("the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or r != root:
        raise ProofRejected("the proof leads to another root")


def verify_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """RFC 9162, 2.1.4.2. Errors: ProofRejected."""
    if not 0 < old <= new:
        raise ProofRejected("sizes are out of order")
    if old == new:
        if proof or old_root != new_root:
            raise ProofRejected("equal sizes with different roots")
        return
    if not proof:
        raise ProofRejected("the proof is empty")
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if _climb(path, old - 1, new - 1) != (old_root, new_root):
        raise ProofRejected("the proof leads to other roots")


def _climb(path: Sequence[bytes], fn: int, sn: int) -> tuple[bytes, bytes]:
    """The old and the new root that a consistency path leads to."""
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise ProofRejected("the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofRejected("the proof is too short")
    return fr, sr


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(node: Node, start: int, end: int) -> bytes:
    count = end - start
    if not count & (count - 1):
        level = count.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range_root(node, start, middle), _range_root(node, middle, end))
