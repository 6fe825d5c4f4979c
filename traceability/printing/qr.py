"""QR codes with error correction M, one by one or thousands at once.

`qrcode` makes single symbols and is the authority. For a batch we use that a symbol of
one version and mask is linear in its data bits over GF(2): `qrcode` draws one symbol
and tells what each bit changes, a table says the same of each byte, and all the others
are sums of what stands in it. All eight masks are weighed by the rules of ISO/IEC
18004, 7.8.3, as `qrcode` weighs them.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from qrcode import base, util
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET_ZONE = 4  # modules of white around the symbol, ISO/IEC 18004
_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NO_SIGN = 255
_VALUES = np.full(256, _NO_SIGN, dtype=np.int64)
_VALUES[list(_ALPHANUMERIC.encode())] = range(len(_ALPHANUMERIC))
_AT_ONCE = 256
_MASKS = 8
_MAX_BATCH_VERSION = 9  # from version 10 on the length takes more bits

Bits = NDArray[np.uint8]
# A line of modules is one number, the first module its highest bit. Lines come first:
# lines × masks × symbols, so that sums over them run through memory.
Lines = NDArray[Any]  # unsigned, 32 or 64 bits
Counts = NDArray[Any]


class Matrix(NamedTuple):
    """A symbol without its quiet zone: `side` rows, each padded to whole bytes."""

    side: int
    bits: bytes


def matrix(text: str) -> Matrix:
    """The symbol for a text, in the smallest version that holds it.

    Upper-case letters, digits and $%*+-./: take the dense alphanumeric mode.
    """
    symbol = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    symbol.add_data(util.QRData(text))
    symbol.make(fit=True)
    dark = np.array(symbol.get_matrix())
    return Matrix(len(dark), np.packbits(dark, axis=-1).tobytes())


def matrices(texts: Sequence[str]) -> Iterator[Matrix]:
    """The symbols for alphanumeric texts of one length, in order; memory stays flat.

    The same symbols as `matrix` makes, some fifty times as fast.
    Errors: ValueError for other signs, other lengths, or more than version 9 holds.
    """
    if not texts:
        return
    encoder = _encoder(len(texts[0]))
    remaining = iter(texts)
    while chunk := list(islice(remaining, _AT_ONCE)):
        rows = encoder.symbols(_data_bits(chunk, encoder.capacity))
        for bits in _packed(rows):
            yield Matrix(len(rows), bits)


def _packed(rows: Lines) -> Iterator[bytes]:
    """Each symbol's rows, from lines × symbols."""
    side, count = rows.shape
    width = -(-side // 8)
    word = rows.dtype.newbyteorder(">")
    by_symbol = np.ascontiguousarray((rows << (8 * width - side)).T, dtype=word)
    in_bytes = by_symbol.view(np.uint8).reshape(count, side, -1)
    packed = in_bytes[:, :, -width:].tobytes()
    size = side * width
    return (packed[at : at + size] for at in range(0, len(packed), size))


def _data_bits(texts: Sequence[str], capacity: int) -> Bits:
    """Mode, length, signs, terminator and padding of each text: ISO/IEC 18004, 7.4."""
    length = len(texts[0])
    if any(len(text) != length for text in texts):
        raise ValueError("texts of different lengths")
    signs = np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8)
    values = _VALUES[signs].reshape(len(texts), length)
    if values.max() == _NO_SIGN:
        raise ValueError("there is a sign that is not alphanumeric")
    even = values[:, : length - length % 2]
    parts = [
        _as_bits(np.full((len(texts), 1), 0b0010), 4),
        _as_bits(np.full((len(texts), 1), length), 9),
        _as_bits(even[:, ::2] * 45 + even[:, 1::2], 11),
        _as_bits(values[:, length - length % 2 :], 6),
    ]
    bits = np.concatenate(parts, axis=1)
    end = min(4, capacity - bits.shape[1])
    to_byte = -(bits.shape[1] + end) % 8
    bits = np.pad(bits, ((0, 0), (0, end + to_byte)))
    spare = (capacity - bits.shape[1]) // 8
    padding = np.tile(
        np.array([0xEC, 0x11] * spare, dtype=int)[:spare], (len(texts), 1)
    )
    return np.concatenate([bits, _as_bits(padding, 8)], axis=1)


def _as_bits(values: NDArray[Any], width: int) -> Bits:
    shifts = np.arange(width - 1, -1, -1)
    bits = values[:, :, None] >> shifts & 1
    return bits.reshape(len(values), -1).astype(np.uint8)


def side(length: int) -> int:
    """How many modules wide the symbol for so many alphanumeric signs is."""
    return 17 + 4 * _version(length)


@lru_cache(maxsize=8)
def _version(length: int) -> int:
    symbol = QRCode(error_correction=ERROR_CORRECT_M)
    symbol.add_data(util.QRData("A" * length, mode=util.MODE_ALPHA_NUM))
    return int(symbol.best_fit())


@lru_cache(maxsize=8)
def _encoder(length: int) -> "_Encoder":
    version = _version(length)
    if version > _MAX_BATCH_VERSION:
        raise ValueError("too long for a batch")
    return _Encoder(version)


class _Encoder:
    """What each byte of data changes in the symbols of a version."""

    def __init__(self, version: int) -> None:
        self._version = version
        blocks = base.rs_blocks(version, ERROR_CORRECT_M)
        self.capacity = 8 * sum(block.data_count for block in blocks)
        # The reference is no row of zeros: polynomials of zero are no good divisors.
        self._reference = np.ones(self.capacity, dtype=np.uint8)
        codewords = self._codewords(self._reference)
        self._changes = _by_byte(_lines(self._toggles(codewords)))
        self._drawn = _lines(self._under_each_mask(codewords)).T
        # While weighing, `qrcode` leaves the place of the format information light.
        weighed = self._under_each_mask(codewords, weighing=True)
        self._weighed = _lines(weighed).T[:, :, None]

    def symbols(self, bits: Bits) -> Lines:
        """The rows of symbols for rows of data bits, each under its best mask:
        lines × symbols."""
        changed = np.packbits(bits ^ self._reference, axis=1)
        lines = self._changes[0][changed[:, 0]]
        for table, values in zip(self._changes[1:], changed.T[1:], strict=True):
            lines ^= table[values]
        lines = np.ascontiguousarray(lines.T)
        side = len(lines) // 2
        masked = lines[:, None] ^ self._weighed
        best = _penalties(masked[:side], masked[side:]).argmin(axis=0)
        rows: Lines = lines[:side] ^ self._drawn[:side, best]
        return rows

    def _toggles(self, codewords: Bits) -> Bits:
        """The modules that each data bit changes, as symbols."""
        where = self._where(codewords)
        changes = np.array(
            [
                self._codewords(self._reference ^ unit) ^ codewords
                for unit in np.eye(self.capacity, dtype=np.uint8)
            ]
        )
        side = 17 + 4 * self._version
        toggles: Bits = changes[:, where] * (where >= 0).astype(np.uint8)
        return toggles.reshape(self.capacity, side, side)

    def _codewords(self, bits: Bits) -> Bits:
        """Data with error correction, interleaved, as bits."""
        buffer = util.BitBuffer()
        buffer.buffer = np.packbits(bits).tolist()
        buffer.length = len(bits)
        blocks = base.rs_blocks(self._version, ERROR_CORRECT_M)
        made = util.create_bytes(buffer, blocks)
        return np.unpackbits(np.array(made, dtype=np.uint8))

    def _under_each_mask(self, codewords: Bits, *, weighing: bool = False) -> Bits:
        return np.array(
            [self._draw(codewords, mask, weighing=weighing) for mask in range(_MASKS)]
        )

    def _draw(self, codewords: Bits, mask: int, *, weighing: bool = False) -> Bits:
        symbol = QRCode(self._version, error_correction=ERROR_CORRECT_M)
        symbol.data_cache = np.packbits(codewords).tolist()
        symbol.makeImpl(weighing, mask)
        return np.array(symbol.modules, dtype=np.uint8)

    def _where(self, codewords: Bits) -> NDArray[np.int64]:
        """For each module which codeword bit it shows, -1 where none.

        Each drawing tells one binary digit of the number of every module's bit.
        """
        plain = self._draw(codewords, 0).ravel()
        numbers = np.arange(1, len(codewords) + 1)
        where = np.zeros(plain.size, dtype=np.int64)
        for digit in range(int(numbers[-1]).bit_length()):
            flipped = codewords ^ (numbers >> digit & 1).astype(np.uint8)
            shown = self._draw(flipped, 0).ravel() ^ plain
            where |= shown.astype(np.int64) << digit
        return where - 1


def _lines(symbols: Bits) -> Lines:
    """The rows of symbols and then their columns: symbols × lines."""
    side = symbols.shape[-1]
    both = np.concatenate([symbols, symbols.swapaxes(-1, -2)], axis=-2)
    word = np.uint32 if side <= 32 else np.uint64
    powers = np.array([1 << bit for bit in reversed(range(side))], dtype=word)
    lines: Lines = (both * powers).sum(axis=-1, dtype=word)
    return lines


def _by_byte(changes: Lines) -> Lines:
    """What each value of each data byte changes, from what each bit does:
    bytes × values × lines."""
    of_bits = changes.reshape(-1, 8, changes.shape[-1])
    table = np.zeros_like(of_bits[:, :1])
    for bit in range(7, -1, -1):
        table = np.concatenate([table, table ^ of_bits[:, bit, None]], axis=1)
    return table


def _penalties(rows: Lines, columns: Lines) -> Counts:
    """Lost points of symbols by ISO/IEC 18004, 7.8.3."""
    side = len(rows)
    lost = _runs(rows) + _runs(columns) + 40 * (_finders(rows) + _finders(columns))
    upright = ~(rows[:-1] ^ rows[1:])
    blocks = upright & (upright >> 1) & _alike(rows[:-1])
    lost += 3 * _count(blocks, side - 1)
    share = _count(rows, side) / side**2
    total: Counts = lost + 10 * (np.abs(share * 100 - 50) / 5).astype(np.int64)
    return total


def _alike(lines: Lines) -> Lines:
    """Where a module is as the one before it."""
    alike: Lines = ~(lines ^ (lines >> 1))
    return alike


def _count(lines: Lines, width: int) -> Counts:
    """The ones among the lowest `width` bits of each symbol's lines."""
    kept = np.bitwise_count(lines & ((1 << width) - 1))
    # At most 53 × 53 of them; narrow numbers are added many at a time.
    found: Counts = kept.sum(axis=0, dtype=np.uint16).astype(np.int64)
    return found


def _runs(lines: Lines) -> Counts:
    """Five alike in a row lose three points, each further one more."""
    width = len(lines) - 4
    alike = _alike(lines)
    five = alike & (alike >> 1)
    five &= five >> 2
    five &= (1 << width) - 1
    begins = five & ~(five << 1)
    lost: Counts = _count(five, width) + 2 * _count(begins, width)
    return lost


def _finders(lines: Lines) -> Counts:
    """How often something looks like a finder pattern with light beside it."""
    light = ~lines
    two = light & (light >> 1)
    four = two & (two >> 2)
    ring = lines & (light >> 1) & (light >> 5) & (lines >> 6)
    core = (lines >> 2) & (lines >> 3) & (lines >> 4)
    finder = ring & core
    found = (finder & (four >> 7)) | (four & (finder >> 4))
    return _count(found, len(lines) - 10)
