"""Rows' keys as addresses carry them: ?before=1042."""

_LONGEST = 15  # digits: what any database and any int() takes


def key_in(text: str | None) -> int | None:
    """The key that the text is; None where it is none, as nobody's page has it."""
    if text and text.isascii() and text.isdigit() and len(text) <= _LONGEST:
        return int(text)
    return None
