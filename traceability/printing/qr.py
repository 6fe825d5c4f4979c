"""QR codes with error correction M, one by one or thousands at once.

`qrcode` makes single symbols and is the authority. For a batch we use that a symbol of
one version and mask is linear in its data bits over GF(2): `qrcode` draws one symbol
and tells what each bit changes, and a matrix product draws all the others. All eight
masks are weighed by the rules of ISO/IEC 18004, 7.8.3, as `qrcode` weighs them.
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
_VALUE = {sign: value for value, sign in enumerate(_ALPHANUMERIC)}
_AT_ONCE = 256
_MASKS = 8
_MAX_BATCH_VERSION = 9  # from version 10 on the length takes more bits

Bits = NDArray[np.uint8]
Words = NDArray[Any]  # unsigned, 32 or 64 bits
Counts = NDArray[Any]


class Matrix(NamedTuple):
    """A symbol without its quiet zone: `side` modules, each row padded to bytes."""

    side: int
    rows: list[bytes]


def matrix(text: str) -> Matrix:
    """The symbol for a text, in the smallest version that holds it.

    Upper-case letters, digits and $%*+-./: take the dense alphanumeric mode.
    """
    symbol = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    symbol.add_data(util.QRData(text))
    symbol.make(fit=True)
    return _packed(np.array(symbol.get_matrix(), dtype=np.uint8)[None])[0]


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
        yield from _packed(encoder.symbols(_data_bits(chunk, encoder.capacity)))


def _packed(symbols: Bits) -> list[Matrix]:
    side = symbols.shape[-1]
    packed = np.packbits(symbols, axis=-1)
    return [Matrix(side, [row.tobytes() for row in rows]) for rows in packed]


def _data_bits(texts: Sequence[str], capacity: int) -> Bits:
    """Mode, length, signs, terminator and padding of each text: ISO/IEC 18004, 7.4."""
    length = len(texts[0])
    if any(len(text) != length for text in texts):
        raise ValueError("texts of different lengths")
    try:
        values = np.array([[_VALUE[sign] for sign in text] for text in texts])
    except KeyError as error:
        raise ValueError(f"{error} is no alphanumeric sign") from error
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
    """What each data bit of a version changes, and the symbol it changes."""

    def __init__(self, version: int) -> None:
        self._version = version
        blocks = base.rs_blocks(version, ERROR_CORRECT_M)
        self.capacity = 8 * sum(block.data_count for block in blocks)
        # The reference is no row of zeros: polynomials of zero are no good divisors.
        self._reference = np.ones(self.capacity, dtype=np.uint8)
        codewords = self._codewords(self._reference)
        where = self._where(codewords)
        changes = np.array(
            [
                self._codewords(self._reference ^ unit) ^ codewords
                for unit in np.eye(self.capacity, dtype=np.uint8)
            ]
        )
        placed = where >= 0
        toggles = np.zeros((self.capacity, where.size), dtype=np.float32)
        toggles[:, placed] = changes[:, where[placed]]
        self._toggles = toggles
        # While weighing, `qrcode` leaves the place of the format information light.
        self._weighed = _words(
            np.array(
                [self._draw(codewords, mask, weighing=True) for mask in range(_MASKS)]
            )
        )
        self._final = np.array([self._draw(codewords, mask) for mask in range(_MASKS)])

    def symbols(self, bits: Bits) -> Bits:
        """The symbols of rows of data bits, each under its best mask."""
        changed = (bits ^ self._reference).astype(np.float32) @ self._toggles
        odd = (changed.astype(np.int32) & 1).astype(np.uint8)
        odd = odd.reshape(len(bits), *self._final.shape[1:])
        rows, columns = (
            words[:, None] ^ masks
            for words, masks in zip(_words(odd), self._weighed, strict=True)
        )
        best = _penalties(rows, columns).argmin(axis=1)
        drawn: Bits = odd ^ self._final[best]
        return drawn

    def _codewords(self, bits: Bits) -> Bits:
        """Data with error correction, interleaved, as bits."""
        buffer = util.BitBuffer()
        buffer.buffer = np.packbits(bits).tolist()
        buffer.length = len(bits)
        blocks = base.rs_blocks(self._version, ERROR_CORRECT_M)
        made = util.create_bytes(buffer, blocks)
        return np.unpackbits(np.array(made, dtype=np.uint8))

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


def _words(symbols: Bits) -> tuple[Words, Words]:
    """Rows and columns of symbols, each as one number of `side` bits."""
    side = symbols.shape[-1]
    powers = 2.0 ** np.arange(side)  # exact: at most 53 bits
    as_floats = symbols.astype(np.float64)
    word = np.uint32 if side <= 32 else np.uint64
    rows = (as_floats @ powers).astype(word)
    columns = (as_floats.swapaxes(-1, -2) @ powers).astype(word)
    return rows, columns


def _penalties(rows: Words, columns: Words) -> Counts:
    """Lost points of symbols by ISO/IEC 18004, 7.8.3; a line is one number."""
    side = rows.shape[-1]
    lost = _runs(rows) + _runs(columns) + 40 * (_finders(rows) + _finders(columns))
    upright = ~(rows[..., :-1] ^ rows[..., 1:])
    blocks = upright & (upright >> 1) & _alike(rows)[..., :-1]
    lost += 3 * _count(blocks, side - 1)
    share = _count(rows, side) / side**2
    total: Counts = lost + 10 * (np.abs(share * 100 - 50) / 5).astype(np.int64)
    return total


def _alike(lines: Words) -> Words:
    """Where a module is as the next one."""
    alike: Words = ~(lines ^ (lines >> 1))
    return alike


def _count(lines: Words, width: int) -> Counts:
    """The ones among the lowest `width` bits of each symbol's lines."""
    kept = np.bitwise_count(lines & ((1 << width) - 1))
    found: Counts = kept.sum(axis=-1, dtype=np.int64)
    return found


def _runs(lines: Words) -> Counts:
    """Five alike in a row lose three points, each further one more."""
    width = lines.shape[-1] - 4
    alike = _alike(lines)
    five = alike & (alike >> 1)
    five &= five >> 2
    five &= (1 << width) - 1
    begins = five & ~(five << 1)
    lost: Counts = _count(five, width) + 2 * _count(begins, width)
    return lost


def _finders(lines: Words) -> Counts:
    """How often something looks like a finder pattern with light beside it."""
    d = [lines >> i for i in range(11)]
    core = ~d[1] & d[4] & ~d[5] & d[6] & ~d[9]
    before = d[0] & d[2] & d[3] & ~d[7] & ~d[8] & ~d[10]
    after = ~d[0] & ~d[2] & ~d[3] & d[7] & d[8] & d[10]
    return _count(core & (before | after), lines.shape[-1] - 10)
