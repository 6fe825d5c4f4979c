"""A transparency log as plain files: C2SP tlog-tiles and signed-note checkpoints.

Sources: c2sp.org/tlog-tiles, c2sp.org/signed-note, c2sp.org/tlog-checkpoint,
c2sp.org/tlog-proof. A folder of these files can be served by any web server and
checked by any program that knows the specifications.

Every tile follows from the entries alone, so that writing one again is harmless;
a file appears whole or not at all.
"""

import base64
import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from partners.whole_files import write_all_whole, write_whole
from traceability import merkle

WIDTH = 256
_HEIGHT = 8
_TILE_BYTES = WIDTH * merkle.HASH_BYTES
_ED25519 = b"\x01"
_LENGTH = struct.Struct(">H").pack
MAX_ENTRY_BYTES = 65_535


class LogDamaged(Exception):
    """A file of the log is missing or not what the tree needs."""


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: `root` is 32 bytes; `note` the signed text as it is published."""

    origin: str
    size: int
    root: bytes
    note: str


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """tile/0/x001/x234/067 or, for a partial tile, …067.p/112."""
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03d}")
    partial = f".p/{width}" if width < WIDTH else ""
    return f"tile/{level}/{'/'.join(parts)}{partial}"


def key_hash(name: str, public_key: bytes) -> bytes:
    """The four bytes that name a signature's key in a note."""
    text = name.encode() + b"\n" + _ED25519 + public_key
    return hashlib.sha256(text).digest()[:4]


def verifier_key(name: str, public_key: bytes) -> str:
    """The key as verifiers of signed notes take it: name+hash+base64."""
    encoded = base64.b64encode(_ED25519 + public_key).decode()
    return f"{name}+{key_hash(name, public_key).hex()}+{encoded}"


def signed_checkpoint(
    *,
    origin: str,
    size: int,
    root: bytes,
    public_key: bytes,
    sign: Callable[[bytes], bytes],
) -> Checkpoint:
    """A checkpoint whose note carries the log's own signature."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = key_hash(origin, public_key) + sign(text.encode())
    line = f"\u2014 {origin} {base64.b64encode(signature).decode()}\n"
    return Checkpoint(origin=origin, size=size, root=root, note=f"{text}\n{line}")


def read_checkpoint(note: str) -> Checkpoint:
    """What a checkpoint says; its signature is not looked at here.

    Errors: LogDamaged.
    """
    try:
        origin, size, root, blank, _signature = note.split("\n", 4)
        if blank:
            raise ValueError("extension lines are not ours")
        return Checkpoint(origin, int(size), base64.b64decode(root), note)
    except ValueError as error:
        raise LogDamaged("the checkpoint cannot be read") from error


def verify_checkpoint(checkpoint: Checkpoint, *, keys: Sequence[bytes]) -> None:
    """That one of the raw public keys signed it under its origin's name.

    Errors: LogDamaged.
    """
    text, _blank, lines = checkpoint.note.partition("\n\n")
    signed = f"{text}\n".encode()
    for line in lines.splitlines():
        try:
            dash, name, value = line.split(" ")
            signature = base64.b64decode(value, validate=True)
        except ValueError:
            continue
        for key in keys:
            named = key_hash(checkpoint.origin, key)
            mine = (dash, name) == ("\u2014", checkpoint.origin)
            if mine and signature[:4] == named and _fits(key, signature[4:], signed):
                return
    raise LogDamaged("the checkpoint is not signed by the log's key")


def _fits(key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def growth(node: merkle.Node, *, old: Checkpoint, new: Checkpoint) -> list[bytes]:
    """The proof that the log of `new`, with these nodes, begins with that of `old`.

    It is checked as its readers will. Errors: LogDamaged where files are missing,
    merkle.ProofRejected where the log has not only grown.
    """
    proof = merkle.consistency_proof(node, old=old.size, new=new.size)
    merkle.verify_consistency(
        old=old.size,
        new=new.size,
        old_root=old.root,
        new_root=new.root,
        proof=proof,
    )
    return proof


def inclusion_file(
    *, index: int, hashes: Sequence[bytes], checkpoint: Checkpoint
) -> str:
    """A self-contained proof that can be checked without us: a .tlog-proof file."""
    path = "".join(f"{base64.b64encode(item).decode()}\n" for item in hashes)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n{checkpoint.note}"


class TileFolder:
    """The log's files under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def checkpoint(self) -> Checkpoint | None:
        """What is published now; None where nothing is."""
        try:
            return read_checkpoint(
                (self.folder / "checkpoint").read_text(encoding="utf-8")
            )
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Put a file in place, whole, and on the disk before we go on."""
        write_whole(self.folder / name, [data])

    def write_all(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Put many files in place, each whole, all on the disk before we go on."""
        write_all_whole((self.folder / name, data) for name, data in files)

    def extend(self, entries: Sequence[bytes], *, size: int) -> None:
        """Add entries to the tree of `size` leaves that the folder holds.

        Errors: LogDamaged where the rightmost tiles are missing; ValueError where an
        entry is too long.
        """
        if max(map(len, entries), default=0) > MAX_ENTRY_BYTES:
            raise ValueError("an entry is longer than 65,535 bytes")
        self.write_all(self._extension(entries, size))

    def _extension(
        self, entries: Sequence[bytes], size: int
    ) -> Iterator[tuple[str, bytes]]:
        """The files that new entries make, each as soon as it is worked out."""
        yield from self._bundles(entries, size)
        row = merkle.leaf_hashes(entries)
        level, count = 0, size
        while row:
            first, held = divmod(count, WIDTH)
            row = self._row(level, first, held) + row
            for number in range(-(-len(row) // _TILE_BYTES)):
                tile = row[number * _TILE_BYTES : (number + 1) * _TILE_BYTES]
                width = len(tile) // merkle.HASH_BYTES
                yield tile_path(level, first + number, width), tile
            row = row[: len(row) // _TILE_BYTES * _TILE_BYTES]
            for _step in range(_HEIGHT):
                row = merkle.parents(row)
            level, count = level + 1, count // WIDTH

    def _bundles(
        self, entries: Sequence[bytes], size: int
    ) -> Iterator[tuple[str, bytes]]:
        first, held = divmod(size, WIDTH)
        before = self._read(tile_path("entries", first, held)) if held else b""
        start = 0
        while start < len(entries):
            taken = entries[start : start + WIDTH - held]
            packed = [
                piece for entry in taken for piece in (_LENGTH(len(entry)), entry)
            ]
            path = tile_path("entries", first, held + len(taken))
            yield path, b"".join([before, *packed])
            start, first, held, before = start + len(taken), first + 1, 0, b""

    def hashes(self, level: int, index: int, width: int) -> list[bytes]:
        """The first `width` hashes of a tile. Errors: LogDamaged."""
        row, size = self._row(level, index, width), merkle.HASH_BYTES
        return [row[at : at + size] for at in range(0, len(row), size)]

    def _row(self, level: int, index: int, width: int) -> bytes:
        """The same, one after the other."""
        if not width:
            return b""
        try:
            data = self._read(tile_path(level, index, width))
        except LogDamaged:
            data = self._read(tile_path(level, index))  # it has filled up since
        size = width * merkle.HASH_BYTES
        if len(data) < size:
            raise LogDamaged("a tile is too short")
        return data[:size]

    def node(self, size: int) -> merkle.Node:
        """A Node function for proofs in the tree of `size` leaves."""
        # Of each tile its hashes, and above them as many rows of nodes as were needed:
        # a proof needs some of every row.
        tiles: dict[tuple[int, int], list[bytes]] = {}

        def node(level: int, index: int) -> bytes:
            tile_level, inside = divmod(level, _HEIGHT)
            number, offset = divmod(index, WIDTH >> inside)
            rows = tiles.get((tile_level, number))
            if rows is None:
                held = (size >> _HEIGHT * tile_level) - number * WIDTH
                rows = [self._row(tile_level, number, min(WIDTH, held))]
                tiles[tile_level, number] = rows
            while len(rows) <= inside:
                rows.append(merkle.parents(rows[-1]))
            at = offset * merkle.HASH_BYTES
            return rows[inside][at : at + merkle.HASH_BYTES]

        return node

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError as error:
            raise LogDamaged(f"{name} is missing") from error
