"""GS1's names for things: EPC URNs and Digital Links, brought to one form.

Source: GS1 EPC Tag Data Standard 2.0 (URNs), GS1 Digital Link 1.2 §4.11 (the canonical
form) and CBV 2.0's event hash, which says how far a Digital Link is cut back.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

from django.utils.translation import gettext as _
from stdnum import ean

CANONICAL = "https://id.gs1.org"
_PREFIX = re.compile(r"[0-9]{6,12}")
# What a URN may carry as serial: the escapes are of characters it may not show.
_SERIAL = re.compile(r"(?:%[0-9A-Fa-f]{2}|[!')(*+,.0-9:;=A-Za-z_-]){1,30}")
# What neither has to be escaped in a Digital Link nor is an escape.
_PLAIN = re.compile(r"[A-Za-z0-9._~';=-]*")
# The most frequent name is its own canonical form, where its check digit is right.
_ITSELF = re.compile(
    r"https://id\.gs1\.org/01/([0-9]{14})/(?:21|10)/[A-Za-z0-9._~';=-]+"
)
_FOUR_DIGITS = re.compile("[0-9]{4}")
_LONGEST = 250


class NotAnIdentifier(Exception):
    """The URI looks like one of GS1's and is none; says what is wrong with it."""


@dataclass(frozen=True)
class _Scheme:
    """How a URN of one kind becomes a Digital Link.

    `digits` of company prefix and reference stand before the check digit; 0 where
    there is none. `moved`: the first digit of the reference comes first of all.
    """

    ai: str
    digits: int = 0
    moved: bool = False
    before: str = ""
    serial: str | None = None  # what stands between key and serial


_SCHEMES = {
    "sgtin": _Scheme("01", 13, moved=True, serial="/21/"),
    "lgtin": _Scheme("01", 13, moved=True, serial="/10/"),
    "upui": _Scheme("01", 13, moved=True, serial="/235/"),
    "sscc": _Scheme("00", 17, moved=True),
    "sgln": _Scheme("414", 12, serial="/254/"),
    "pgln": _Scheme("417", 12),
    "grai": _Scheme("8003", 12, before="0", serial=""),
    "gsrn": _Scheme("8018", 17),
    "gsrnp": _Scheme("8017", 17),
    "gdti": _Scheme("253", 12, serial=""),
    "sgcn": _Scheme("255", 12, serial=""),
    "gsin": _Scheme("402", 16),
    "giai": _Scheme("8004"),
    "ginc": _Scheme("401"),
    "cpi": _Scheme("8010", serial="/8011/"),
}
# Of a Digital Link's key: its other name, and where its check digit stands.
_KEYS = {
    "00": ("sscc", 18),
    "01": ("gtin", 14),
    "253": ("gdti", 13),
    "255": ("gcn", 13),
    "401": ("ginc", 0),
    "402": ("gsin", 17),
    "414": ("gln", 13),
    "417": ("party", 13),
    "8003": ("grai", 14),
    "8004": ("giai", 0),
    "8006": ("itip", 14),
    "8010": ("cpid", 0),
    "8017": ("gsrnp", 18),
    "8018": ("gsrn", 18),
}
_BY_NAME = {name: ai for ai, (name, _at) in _KEYS.items()}
_WITH_MORE = {"253", "255", "8003", "8006"}
_QUALIFIERS = {"lot": "10", "ser": "21", "cpv": "22"}
# What may qualify a key, the finest first: only the finest is kept.
_KEPT = {"01": ("21", "235", "10"), "8006": ("21", "10"), "414": ("254",)}
_KEPT |= {"8010": ("8011",)}


@lru_cache(maxsize=8192)
def canonical(uri: str) -> str:
    """The canonical Digital Link of a GS1 identifier; other URIs as they are.

    A pattern (`urn:epc:idpat:sgtin:….*`) becomes the name of all that it stands for.
    Errors: NotAnIdentifier.
    """
    found = uri
    if len(uri) <= _LONGEST:
        itself = _ITSELF.fullmatch(uri)
        if itself and has_check_digit(itself[1]):
            return uri
        if uri.startswith(("urn:epc:id:", "urn:epc:class:", "urn:epc:idpat:")):
            found = _of_urn(uri)
        elif uri.startswith(("https://", "http://")):
            found = _of_link(uri)
    # Escaped, one sign may have become three.
    if max(len(uri), len(found)) > _LONGEST:
        raise NotAnIdentifier(
            _("An identifier has %(most)d characters at most.") % {"most": _LONGEST}
        )
    return found


def is_gs1(uri: str) -> bool:
    """Whether a canonical URI is one of GS1's own."""
    return uri.startswith(CANONICAL + "/")


@lru_cache(maxsize=4096)  # one product's number stands before many serials
def has_check_digit(number: str) -> bool:
    """Whether the last of these digits is the check digit of the others."""
    return bool(
        number.isascii()
        and number.isdigit()
        and ean.calc_check_digit(number[:-1]) == number[-1]
    )


def _of_urn(uri: str) -> str:
    _urn, _epc, form, name, *rest = uri.split(":", 4)
    parts = rest[0].split(".", 2) if rest else []
    pattern = form == "idpat"
    if name == "itip" and len(parts) == 3:
        return _itip(uri, parts, pattern=pattern)
    scheme = _SCHEMES.get(name)
    if scheme is None or (form == "class") != (name == "lgtin"):
        raise NotAnIdentifier(_("“%(uri)s” is no kind of EPC we know.") % {"uri": uri})
    wanted = 2 if scheme.serial is None else 3
    if len(parts) != wanted or not _PREFIX.fullmatch(parts[0]):
        raise _malformed(uri)
    prefix, reference, *serials = parts
    key = f"{CANONICAL}/{scheme.ai}/{_key(uri, scheme, prefix, reference)}"
    if not serials or (pattern and serials[0] == "*"):
        return key
    serial = serials[0]
    if pattern or not _SERIAL.fullmatch(serial):
        raise _malformed(uri)
    if name == "sgln" and serial == "0":
        return key
    if name == "sgcn" and not serial.isdigit():
        raise _malformed(uri)
    return f"{key}{scheme.serial}{_escaped(serial)}"


def _key(uri: str, scheme: _Scheme, prefix: str, reference: str) -> str:
    if not scheme.digits:
        if not _SERIAL.fullmatch(reference):
            raise _malformed(uri)
        return prefix + _escaped(reference)
    digits = prefix + reference
    if scheme.moved:
        digits = reference[:1] + prefix + reference[1:]
    if len(digits) != scheme.digits or not digits.isdigit() or not digits.isascii():
        raise _malformed(uri)
    digits = scheme.before + digits
    return digits + str(ean.calc_check_digit(digits))


def _itip(uri: str, parts: list[str], *, pattern: bool) -> str:
    """One piece of so many: urn:epc:id:itip:PREFIX.REFERENCE.PIECE.TOTAL.SERIAL."""
    prefix, reference, rest = parts
    pieces = rest.split(".", 2)
    if len(pieces) != 3 or not all(re.fullmatch("[0-9]{2}", p) for p in pieces[:2]):
        raise _malformed(uri)
    key = _key(uri, _SCHEMES["sgtin"], prefix, reference)
    link = f"{CANONICAL}/8006/{key}{pieces[0]}{pieces[1]}"
    if pattern and pieces[2] == "*":
        return link
    if pattern or not _SERIAL.fullmatch(pieces[2]):
        raise _malformed(uri)
    return f"{link}/21/{_escaped(pieces[2])}"


def _of_link(uri: str) -> str:
    """A Digital Link anywhere becomes that of id.gs1.org; other addresses stay."""
    path = uri.split("://", 1)[1].partition("#")[0].partition("?")[0]
    _host, *segments = path.rstrip("/").split("/")
    ours = uri.startswith((CANONICAL + "/", "http://id.gs1.org/"))
    for index, segment in enumerate(segments[:-1]):
        ai = _BY_NAME.get(segment, segment)
        if ai not in _KEYS or not _FOUR_DIGITS.match(segments[index + 1]):
            continue
        value = _key_value(uri, ai, segments[index + 1], strict=ours)
        rest = segments[index + 2 :]
        if value is None or len(rest) % 2:
            break
        return f"{CANONICAL}/{ai}/{value}{_finest(ai, rest)}"
    if ours:
        raise _malformed(uri)
    return uri


def _key_value(uri: str, ai: str, value: str, *, strict: bool) -> str | None:
    """The key's value, GTINs with 14 digits; None where the address only looks so."""
    _name, check_at = _KEYS[ai]
    if not check_at:
        return _escaped(value)
    digits, more = value[:check_at], value[check_at:]
    if ai == "01" and value.isdigit() and len(value) in (8, 12, 13):
        digits = value.zfill(14)
        if not has_check_digit(digits) and not strict:
            # Eight digits in somebody's address are a date more often than a GTIN.
            return None
    whole = len(digits) == check_at and digits.isdigit() and digits.isascii()
    if not whole or (more and ai not in _WITH_MORE):
        if strict:
            raise _malformed(uri)
        return None
    if ai == "8006" and not re.fullmatch("[0-9]{4}", more):
        raise _malformed(uri)
    if not has_check_digit(digits):
        raise NotAnIdentifier(
            _("The check digit of %(number)s in “%(uri)s” is wrong.")
            % {"number": digits, "uri": uri}
        )
    return digits + _escaped(more)


def _finest(ai: str, rest: list[str]) -> str:
    pairs = {
        _QUALIFIERS.get(name, name): value
        for name, value in zip(rest[::2], rest[1::2], strict=True)
    }
    for qualifier in _KEPT.get(ai, ()):
        if qualifier in pairs:
            return f"/{qualifier}/{_escaped(pairs[qualifier])}"
    return ""


def _escaped(text: str) -> str:
    """Escaped as a Digital Link has it: the apostrophe may stand, () and ! may not."""
    if _PLAIN.fullmatch(text):
        return text
    return quote(unquote(text), safe="-._~';=")


def _malformed(uri: str) -> NotAnIdentifier:
    return NotAnIdentifier(
        _("“%(uri)s” does not have the form of a GS1 identifier.") % {"uri": uri}
    )
