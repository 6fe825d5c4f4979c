"""The last line of defence: what looks personal does not reach a log.

Our own lines hold none of it (tests/shop/watching/test_nothing_personal.py); this is
for other people's exceptions. Names and addresses have no shape that could be found
here, so nobody may log them in the first place.
"""

import re
from typing import Any

_LARGEST_HARMLESS = 10**10

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    # PostgreSQL tells which values a constraint refused.
    (re.compile(r"DETAIL:.*?(?=\n\n|\nCONTEXT:|\Z)", re.DOTALL), "DETAIL: [left out]"),
    (re.compile(r"[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "[e-mail]"),
    # Links whose key opens somebody's page: letters and digits, 30 signs or more.
    (
        re.compile(
            r"/(?=[^/\s]*[0-9])(?=[^/\s]*[A-Za-z])[A-Za-z0-9_.:~-]{30,}"
            r"(?=[/?#\s'\")\]]|$)"
        ),
        "/[token]",
    ),
    # Resident identity numbers, bank cards and passbooks, also in groups of four.
    (
        re.compile(
            r"(?<!\d)(?:\d{17}[\dXx]|\d{15,22}|\d{4}(?:[ -]\d{4}){2,4}(?:[ -]\d{1,4})?)"
            r"(?!\d)"
        ),
        "[number]",
    ),
    (
        re.compile(r"(?<!\d)(?:\+?86[ -]?)?1\d{2}[ -]?\d{4}[ -]?\d{4}(?!\d)"),
        "[phone]",
    ),
)

# None of the shapes is found where this is not: most lines are done with it.
_WORTH_A_LOOK = re.compile(r"[@/]|\d{3}|DETAIL:")


def clean(text: str) -> str:
    """The text without phone, identity and card numbers, e-mail addresses, tokens."""
    if not _WORTH_A_LOOK.search(text):
        return text
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


def clean_value(value: Any) -> Any:
    """The same for whatever a log line may hold, down to the last list's item."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < _LARGEST_HARMLESS:
        return value
    if isinstance(value, dict):
        return {clean(str(name)): clean_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_value(item) for item in value]
    return clean(str(value))
