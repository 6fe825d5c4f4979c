"""Find the signed text inside an answer without ever guessing where it ends.

The signature is over the node's raw characters. The SDK looks for them with regular
expressions and takes any method's node; here the answer is read as JSON once, strictly.
"""

import json
from typing import Any


class BadAnswer(Exception):
    """Text that is no single, unambiguous JSON object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


# Numbers stay the text they came as: 12.30 must not turn into 12.3.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=str,
    parse_int=str,
    parse_constant=_no_constant,
)
_SPACE = " \t\r\n"


def members(text: str) -> dict[str, tuple[Any, str]]:
    """The outer object's members: name → (value, its raw text).

    Errors: BadAnswer where the text is not one JSON object from first character to
    last, or a name stands twice on any level.
    """
    try:
        return _members(text)
    except (ValueError, IndexError, RecursionError) as error:
        raise BadAnswer(str(error)[:100]) from error


def _members(text: str) -> dict[str, tuple[Any, str]]:
    at = _expect(text, 0, "{")
    found: dict[str, tuple[Any, str]] = {}
    while True:
        at = _expect(text, at, '"') - 1
        name, at = _DECODER.raw_decode(text, at)
        if name in found:
            raise ValueError("a name stands twice")
        at = _skip(text, _expect(text, at, ":"))
        value, end = _DECODER.raw_decode(text, at)
        found[name] = value, text[at:end]
        at = _skip(text, end)
        if text[at] != ",":
            break
        at += 1
    if _skip(text, _expect(text, at, "}")) != len(text):
        raise ValueError("something stands behind the answer")
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _expect(text: str, at: int, character: str) -> int:
    at = _skip(text, at)
    if text[at] != character:
        raise ValueError(f"no {character} where one must be")
    return at + 1
