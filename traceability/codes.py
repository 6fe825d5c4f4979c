"""Codes on labels: 20 characters that nobody can guess and anybody can type.

A code is 100 bits in Crockford's base 32, most significant first:

    generation (4) ‖ permuted number (56) ‖ check (40)

The number is permuted by an eight-round Feistel network, so that codes tell neither
how many there are nor which belong together; the check is a keyed BLAKE2b over the 60
bits before it, so that a made-up code is refused without asking the database. Both
keys come from LABEL_SECRET. The generation names the secret, so that a county can
change it and old labels stay good.
"""

import hashlib
import hmac
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings

LENGTH = 20
NUMBER_BITS = 56
MAX_NUMBER = (1 << NUMBER_BITS) - 1
GENERATION = 1

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U
_CHECK_BITS = 40
_HALF_BITS = NUMBER_BITS // 2
_HALF_MASK = (1 << _HALF_BITS) - 1
_ROUNDS = 8
_PACKED_BYTES = 13
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
# Python's int() reads base 32 as 0-9a-v; typing mistakes are mended on the way. A u is
# on no label, though int() knows one.
_TO_INT = str.maketrans(
    _ALPHABET + _ALPHABET.lower() + "ILOilou",
    "0123456789abcdefghijklmnopqrstuv" * 2 + "110110U",
    "- \t\u3000\u2010\u2011\u2012\u2013\u2014\u2212",
)
_FROM_INT = str.maketrans("0123456789abcdefghijklmnopqrstuv", _ALPHABET)
_DIGITS = frozenset("0123456789abcdefghijklmnopqrstuv")


class _Keys(NamedTuple):
    """Hashes that have their keys and wait for data: a copy of one is half the work of
    a new one."""

    check: hashlib.blake2b
    rounds: tuple[hashlib.blake2b, ...]


@lru_cache(maxsize=4)
def _keys(secret: str) -> _Keys:
    def keyed(purpose: str, size: int) -> hashlib.blake2b:
        return hashlib.blake2b(key=derived_key(secret, purpose), digest_size=size)

    return _Keys(
        check=keyed("label check", _CHECK_BITS // 8),
        rounds=tuple(keyed(f"label permutation {n}", 4) for n in range(_ROUNDS)),
    )


def derived_key(secret: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose alone: it tells nothing of the others."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).digest()


def spelled(value: int, *, length: int) -> str:
    """A number of 5 × `length` bits in Crockford's base 32; `length` is even."""
    shifts = range(5 * length - 10, -1, -10)
    return "".join([_PAIRS[value >> shift & 1023] for shift in shifts])


def _permute(number: int, rounds: tuple[hashlib.blake2b, ...]) -> int:
    left, right = number >> _HALF_BITS, number & _HALF_MASK
    for keyed in rounds:
        mixed = keyed.copy()
        mixed.update(right.to_bytes(4, "big"))
        mask = int.from_bytes(mixed.digest(), "big") & _HALF_MASK
        left, right = right, left ^ mask
    return right << _HALF_BITS | left


def _check(body: int, keyed: hashlib.blake2b) -> bytes:
    mark = keyed.copy()
    mark.update(body.to_bytes(8, "big"))
    return mark.digest()


def code_of(number: int) -> str:
    """The code of a label's number. Errors: ValueError outside 0 to 2^56 - 1."""
    if not 0 <= number <= MAX_NUMBER:
        raise ValueError(f"no label number: {number}")
    keys = _keys(settings.LABEL_SECRET)
    body = GENERATION << NUMBER_BITS | _permute(number, keys.rounds)
    mark = int.from_bytes(_check(body, keys.check), "big")
    value = body << _CHECK_BITS | mark
    return spelled(value, length=LENGTH)


def number_of(text: str) -> int | None:
    """The number behind a code however it was typed; None where it is none of ours.

    Lower case, I and L for 1, O for 0, spaces, hyphens and full-width characters are
    forgiven. Asks no database.
    """
    if len(text) > 4 * LENGTH:
        return None
    digits = _digits(text)
    if len(digits) != LENGTH or not _DIGITS.issuperset(digits):
        return None
    value = int(digits, 32)
    body = value >> _CHECK_BITS
    if body >> NUMBER_BITS != GENERATION:
        return None
    keys = _keys(settings.LABEL_SECRET)
    given = (value & (1 << _CHECK_BITS) - 1).to_bytes(_CHECK_BITS // 8, "big")
    if not hmac.compare_digest(_check(body, keys.check), given):
        return None
    return _permute(body & MAX_NUMBER, keys.rounds[::-1])


def as_printed(text: str) -> str:
    """The characters on the label, of a code of ours however it was typed."""
    return _digits(text).translate(_FROM_INT)


def packed(code: str) -> bytes:
    """The 100 bits of a code as printed, in 13 bytes."""
    return int(_digits(code), 32).to_bytes(_PACKED_BYTES, "big")


def unpacked(data: bytes) -> str:
    """The code as printed. Errors: ValueError where these are not 100 bits."""
    value = int.from_bytes(data, "big")
    if len(data) != _PACKED_BYTES or value >> 5 * LENGTH:
        raise ValueError("not the bits of a code")
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(90, -1, -10)])


def _digits(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.translate(_TO_INT)


def grouped(code: str) -> str:
    """ABCDE-FGHJK-…: as people read a code aloud."""
    return "-".join(code[i : i + 5] for i in range(0, len(code), 5))
