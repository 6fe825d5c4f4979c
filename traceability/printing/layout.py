"""Where things stand on a label: symbol left, words beside it, code below."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from traceability import codes, regulation
from traceability.models import LabelBatch
from traceability.printing import pdf, qr
from traceability.printing.papers import SMALLEST_TYPE, Paper

# A module of the symbol, in millimetres: phones read 0.33, one likes 0.4 and more.
SMALLEST_MODULE = 0.33
_LARGEST_MODULE = 1.0
_WORDS_BEGIN = 0.55  # of the width, at the latest
_LEADING, _TIGHT = 1.3, 1.15
# Of the code: 20 signs and 3 hyphens, 0.6 of their size wide each, and some air.
_CODE_WIDTH = 24 * 0.6
_LARGEST_CODE = 4.0
# Below this size of the title, the words that nobody misses are left out first.
_COMFORTABLE = 3.0
_STEP = 0.1
# A title that needs a second row for a sign or two is set smaller instead.
_NOT_WORTH_A_ROW = 0.75
_DESCENDERS = 0.5
# A silver field: as high a share of the label, within what a finger scratches.
_FIELD, _LOWEST_FIELD, _HIGHEST_FIELD = 0.11, 2.8, 5.0
_CAPTION, _LARGEST_CAPTION = 0.06, 2.6


class TooSmall(Exception):
    """The label cannot hold a symbol that phones read."""


class Words(NamedTuple):
    """What stands beside the symbol, from the top: a title, facts that may not be
    missing, and a hint that may."""

    title: str
    facts: Sequence[str]
    hint: str


class Line(NamedTuple):
    """Words at a size, both ends in millimetres; `drop` is from the baseline above."""

    text: str
    size: float
    drop: float


class Layout:
    """The places on one paper's label for symbols of `side` modules.

    With `scratch` there is one for a hidden code under a silver field too.
    Errors: TooSmall.
    """

    def __init__(self, paper: Paper, *, side: int, scratch: bool = False) -> None:
        self.paper = paper
        inner = paper.width - 2 * paper.inset
        self.code_size = min(inner / _CODE_WIDTH, _LARGEST_CODE)
        self.strip = paper.inset + self.code_size + 0.6
        self.module = self._module(side)
        if self.module < SMALLEST_MODULE or self.code_size < SMALLEST_TYPE:
            raise TooSmall(paper.name)
        quiet = qr.QUIET_ZONE * self.module
        self.symbol_size = side * self.module
        self.symbol_x = self._on_dots(max(quiet, paper.inset))
        self.symbol_y = self._on_dots(
            paper.height - max(quiet, paper.inset) - self.symbol_size
        )
        self.words_x = self.symbol_x + self.symbol_size + quiet
        self.words_width = paper.width - self.words_x - paper.inset
        self.words_height = paper.height - paper.inset - self.strip - _DESCENDERS
        self.field = self.caption = 0.0
        if scratch:
            self._make_room_for_a_field()

    def _make_room_for_a_field(self) -> None:
        height = self.paper.height
        self.field = min(max(height * _FIELD, _LOWEST_FIELD), _HIGHEST_FIELD)
        self.caption = min(max(height * _CAPTION, SMALLEST_TYPE), _LARGEST_CAPTION)
        self.words_height -= self.field + 1.3 * self.caption
        # A title and four facts have to stand above it.
        if self.words_height < 5 * SMALLEST_TYPE * _TIGHT:
            raise TooSmall(self.paper.name)

    def _module(self, side: int) -> float:
        """The largest module, in whole dots, with which everything has its place."""
        paper = self.paper
        dots = int(_LARGEST_MODULE / paper.dot)
        while dots:
            module = dots * paper.dot
            quiet = qr.QUIET_ZONE * module
            needed = max(quiet, paper.inset) + side * module + quiet
            if needed <= min(paper.height - self.strip, paper.width * _WORDS_BEGIN):
                break
            dots -= 1
        return dots * paper.dot

    def symbol(self, symbol: qr.Matrix) -> str:
        """The QR symbol."""
        return pdf.bitmap_at(
            symbol.bits, symbol.side, self.symbol_x, self.symbol_y, self.symbol_size
        )

    def code(self, code: str, mono: pdf.Font) -> str:
        """The code to be read aloud and typed, in a fixed-width face."""
        text = codes.grouped(code)
        x = (self.paper.width - mono.width(text, self.code_size)) / 2
        y = self.paper.inset + 0.3
        return pdf.text_at("M", mono, text, x, y, self.code_size)

    def hidden(self, code: str, mono: pdf.Font) -> str:
        """The hidden code, in the middle of its outline: stickers slip."""
        text = codes.grouped(code)
        size = mono.fitted(text, self.field * 0.8, self.words_width * 0.86)
        x = self.words_x + (self.words_width - mono.width(text, size)) / 2
        y = self.strip + (self.field - 0.7 * size) / 2
        return pdf.text_at("M", mono, text, x, y, size)

    def words(self, words: Words, sans: pdf.Font) -> str:
        """The same on every label: as large as they all fit."""
        drawn, y = "", self.paper.height - self.paper.inset
        lowest = y - self.words_height - _DESCENDERS
        for line in self.lines(words, sans):
            y -= line.drop
            if self.field and y < lowest:
                break
            drawn += pdf.text_at("S", sans, line.text, self.words_x, y, line.size)
        return drawn + self._outline(sans) if self.field else drawn

    def _outline(self, sans: pdf.Font) -> str:
        """Where the sticker goes, and what to do with it."""
        x, y, width = self.words_x, self.strip, self.words_width
        text = _("Scratch here to check")
        size = sans.fitted(text, self.caption, width)
        above = y + self.field + 0.3 * self.caption
        return (
            pdf.text_at("S", sans, text, x, above, size)
            + f"q 0.15 w {x:.3f} {y:.3f} {width:.3f} {self.field:.3f} re S Q\n"
        )

    def lines(self, words: Words, sans: pdf.Font) -> list[Line]:
        """The words in lines, none lower than SMALLEST_TYPE where that is possible."""
        largest = min(self.paper.height / 30 * 3.4, self.words_width / 5)
        in_one_row = sans.fitted(words.title, largest, self.words_width)
        if in_one_row > max(largest * _NOT_WORTH_A_ROW, _COMFORTABLE):
            largest = in_one_row
        for spoken, smallest, leading in (
            ([*words.facts, words.hint], _COMFORTABLE, _LEADING),
            (words.facts, SMALLEST_TYPE, _LEADING),
            (words.facts, SMALLEST_TYPE, _TIGHT),
        ):
            size = max(largest, SMALLEST_TYPE)
            while size >= smallest:
                lines = self._set(words.title, spoken, sans, size, leading)
                if sum(line.drop for line in lines) <= self.words_height:
                    return lines
                size -= _STEP
        return self._set(words.title, words.facts, sans, SMALLEST_TYPE, _TIGHT, rows=1)

    def _set(
        self,
        title: str,
        spoken: Sequence[str],
        sans: pdf.Font,
        size: float,
        leading: float,
        *,
        rows: int = 2,
    ) -> list[Line]:
        width, small = self.words_width, max(size * 0.72, SMALLEST_TYPE)
        lines = [
            Line(text, sans.fitted(text, size, width), size * (leading - 0.1))
            for text in cut(sans.wrapped(title, size, width), rows)
        ]
        air = size * 0.2
        for fact in spoken:
            for text in sans.wrapped(fact, small, width):
                fitted = sans.fitted(text, small, width)
                lines.append(Line(text, fitted, small * leading + air))
                air = 0
        return lines

    def _on_dots(self, length: float) -> float:
        return round(length / self.paper.dot) * self.paper.dot


def label_words(batch: LabelBatch) -> Words:
    """Product, village, date and certificate, in the language that is active."""
    lot = batch.lot
    village = lot.village
    township = village.parent.name if village.parent is not None else ""
    return Words(
        title=batch.product_name,
        facts=(
            f"{township}{village.name}",
            _("Harvested %(date)s") % {"date": lot.harvest_date.isoformat()},
            # The regulation wants these words beside the code.
            regulation.TITLE,
            batch.certificate.number,
        ),
        hint=_("Scan to see who grew it"),
    )


def cut(lines: list[str], rows: int) -> list[str]:
    """The first lines; the last of them says that there was more."""
    if len(lines) <= rows:
        return lines
    return [*lines[: rows - 1], f"{lines[rows - 1][:-1]}…"]
