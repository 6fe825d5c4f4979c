"""Text that people type, without what the eye does not see.

Marks that turn the reading direction around make a name read as another; marks without
a width make two different names look alike, and hide words from searches. Halves of
surrogate pairs and NUL cannot be kept at all. What shows is never touched.
"""

import unicodedata

from django import forms

# Controls, format marks (zero width, direction, soft hyphens, tags), half surrogates.
_UNSEEN = {"Cc", "Cf", "Cs"}
_SPACES = {"Zs", "Zl", "Zp"}
# Letters by their category, blank by their look. Source: Unicode's list of
# default ignorable code points.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def one_line(text: str) -> str:
    """One line: every run of spaces, tabs and line ends is one space."""
    return " ".join("".join(map(_seen, text)).split())


def paragraphs(text: str) -> str:
    """Lines stay lines; empty ones at most one at a time."""
    lines = [one_line(line) for line in text.splitlines()]
    kept = [
        line
        for line, before in zip(lines, ["", *lines], strict=False)
        if line or before
    ]
    return "\n".join(kept).strip()


def _seen(sign: str) -> str:
    category = unicodedata.category(sign)
    if category in _SPACES or sign.isspace():
        return " "
    return "" if category in _UNSEEN or sign in _BLANK_LETTERS else sign


class LineField(forms.CharField):
    """A line that somebody else will read. Every free field of a form is one, or a
    ParagraphField; passwords and hidden fields are not."""

    def to_python(self, value: object) -> str | None:
        return one_line(super().to_python(value) or "") or self.empty_value


class ParagraphField(forms.CharField):
    """Lines that somebody else will read, by default in a box of three."""

    widget = forms.Textarea

    def to_python(self, value: object) -> str | None:
        return paragraphs(super().to_python(value) or "") or self.empty_value
