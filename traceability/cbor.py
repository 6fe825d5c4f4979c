"""CBOR as box codes need it, one spelling for each value: RFC 8949, 4.2.1.

Integers of 64 bits, byte and text strings, arrays, maps, tags, true, false and null.
What is not in its shortest form, or has map keys out of order, is refused: a second
spelling of one statement would be a second text under one signature. Floating point
numbers and strings of unknown length are not taken.
"""

from dataclasses import dataclass

_MAX_DEPTH = 8
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_WORDS: dict[int, bool | None] = {20: False, 21: True, 22: None}
_LIMIT = 1 << 64


class CborRejected(Exception):
    """These bytes are not one value in its deterministic encoding; says why."""


@dataclass(frozen=True)
class Tagged:
    """A value under a tag number (RFC 8949, 3.4)."""

    tag: int
    value: "Value"


Value = (
    int | bytes | str | bool | None | list["Value"] | dict["Value", "Value"] | Tagged
)


def encode(value: Value) -> bytes:
    """The bytes of a value, always the same ones.

    Errors: ValueError for an integer beyond 64 bits, TypeError for other things.
    """
    if isinstance(value, bool) or value is None:
        return bytes([_SIMPLE << 5 | {False: 20, True: 21, None: 22}[value]])
    if isinstance(value, int):
        if value < 0:
            return _head(_NEGATIVE, -1 - value)
        return _head(_UNSIGNED, value)
    if isinstance(value, bytes):
        return _head(_BYTES, len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return _head(_TEXT, len(data)) + data
    if isinstance(value, list):
        return _head(_ARRAY, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        pairs = sorted((encode(key), encode(held)) for key, held in value.items())
        return _head(_MAP, len(pairs)) + b"".join(key + held for key, held in pairs)
    if isinstance(value, Tagged):
        return _head(_TAG, value.tag) + encode(value.value)
    raise TypeError(f"{type(value).__name__} is not written as CBOR here")


def _head(major: int, argument: int) -> bytes:
    if argument >= _LIMIT or argument < 0:
        raise ValueError("an integer of more than 64 bits")
    if argument < 24:
        return bytes([major << 5 | argument])
    size = next(size for size in (1, 2, 4, 8) if argument < 1 << 8 * size)
    info = 24 + size.bit_length() - 1
    return bytes([major << 5 | info]) + argument.to_bytes(size, "big")


def decode(data: bytes) -> Value:
    """The one value that the bytes are. Errors: CborRejected."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise CborRejected("bytes are left over")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def value(self, depth: int) -> Value:
        if depth > _MAX_DEPTH:
            raise CborRejected("nested too deeply")
        first = self._take(1)[0]
        major, info = first >> 5, first & 31
        if major == _SIMPLE:
            if info not in _WORDS:
                raise CborRejected("a kind of value that is not taken")
            return _WORDS[info]
        argument = self._argument(info)
        if major == _UNSIGNED:
            return argument
        if major == _NEGATIVE:
            return -1 - argument
        if major == _BYTES:
            return self._take(argument)
        if major == _TEXT:
            return self._text(argument)
        if major == _TAG:
            return Tagged(argument, self.value(depth + 1))
        if major == _ARRAY:
            self._require(argument)
            return [self.value(depth + 1) for _item in range(argument)]
        return self._map(argument, depth)

    def _map(self, count: int, depth: int) -> Value:
        self._require(2 * count)
        found: dict[Value, Value] = {}
        before = b""
        for _pair in range(count):
            start = self.at
            key = self.value(depth + 1)
            spelled = self._data[start : self.at]
            if spelled <= before:
                raise CborRejected("map keys are out of order")
            if isinstance(key, bool) or not isinstance(key, int | str | bytes):
                raise CborRejected("a kind of map key that is not taken")
            before = spelled
            found[key] = self.value(depth + 1)
        return found

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError as error:
            raise CborRejected("a text that is not UTF-8") from error

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise CborRejected("a length that is not told")
        size = 1 << info - 24
        argument = int.from_bytes(self._take(size), "big")
        if argument < (24 if size == 1 else 1 << 4 * size):
            raise CborRejected("a number longer than it needs to be")
        return argument

    def _require(self, count: int) -> None:
        """Every item takes a byte at least: nothing is set aside for promises."""
        if count > len(self._data) - self.at:
            raise CborRejected("it ends too early")

    def _take(self, count: int) -> bytes:
        self._require(count)
        self.at += count
        return self._data[self.at - count : self.at]
