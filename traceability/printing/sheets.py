"""Sheets of labels, for roll printers of 203 dpi and for A4 paper."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from traceability import codes, regulation
from traceability.models import LabelBatch, StatusEvent
from traceability.printing import pdf, qr

# Millimetres of a dot at 203.2 dpi: modules are whole dots, so that edges are sharp.
_DOT = 0.125
_MARGIN = 1.5
_LEADING = 1.3
_AT_ONCE = 2_048


@dataclass(frozen=True)
class Paper:
    """One label's size, and how many stand on a page; all in millimetres."""

    name: str
    width: float
    height: float
    columns: int = 1
    rows: int = 1
    page_width: float = 0
    page_height: float = 0

    @property
    def page(self) -> tuple[float, float]:
        return self.page_width or self.width, self.page_height or self.height

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    def place(self, position: int) -> tuple[float, float]:
        """The lower left corner of a page's n-th label, from the top left on."""
        width, height = self.page
        row, column = divmod(position, self.columns)
        left = (width - self.columns * self.width) / 2
        top = height - (height - self.rows * self.height) / 2
        return left + column * self.width, top - (row + 1) * self.height


PAPERS = {
    paper.name: paper
    for paper in (
        Paper("40x30", 40, 30),
        Paper("50x30", 50, 30),
        Paper("60x40", 60, 40),
        Paper("a4", 50, 30, columns=4, rows=9, page_width=210, page_height=297),
    )
}


def label_address(code: str) -> str:
    """HTTPS://HOST/T/CODE: upper case, so that QR's alphanumeric mode holds it."""
    return f"{settings.BASE_URL}/T/{code}".upper()


def sheet_pdf(batch: LabelBatch, *, paper: str = "50x30") -> bytes:
    """The batch's labels, ready to print. Errors: KeyError for an unknown paper."""
    out = io.BytesIO()
    write_sheet(batch, paper=PAPERS[paper], out=out)
    return out.getvalue()


def write_sheet(batch: LabelBatch, *, paper: Paper, out: BinaryIO) -> None:
    """Write the sheet page by page; memory stays the same however long it is."""
    document = pdf.Pdf(out, title=f"{batch.number} {batch.product_name}")
    sans = document.font("S", pdf.SANS)
    mono = document.font("M", pdf.MONO)
    layout = _Layout(paper, side=qr.matrix(label_address(codes.code_of(0))).side)
    # A label speaks to whoever buys the box, not to whoever prints it.
    with translation.override("zh-hans"):
        words = layout.words(batch, sans)
    form = document.add_form(words, width=paper.width, height=paper.height)
    for labels in _pages(batch, paper):
        content = []
        for position, (code, symbol) in enumerate(labels):
            x, y = paper.place(position)
            content.append(f"q 1 0 0 1 {x:.3f} {y:.3f} cm /B Do\n")
            content.append(layout.symbol(symbol))
            content.append(layout.code(code, mono))
            content.append("Q\n")
        width, height = paper.page
        document.add_page(
            "".join(content), width=width, height=height, forms={"B": form}
        )
    document.finish()


def _pages(batch: LabelBatch, paper: Paper) -> Iterator[list[tuple[str, qr.Matrix]]]:
    labels = _labels(_printable(batch))
    while page := list(islice(labels, paper.per_page)):
        yield page


def _printable(batch: LabelBatch) -> Iterator[int]:
    """The batch's numbers without the voided ones, which must stick to nothing."""
    voided = frozenset(
        StatusEvent.objects.filter(
            label__batch=batch, status=StatusEvent.Status.VOIDED
        ).values_list("label_id", flat=True)
    )
    numbers = range(batch.first_number, batch.first_number + batch.count)
    return (number for number in numbers if number not in voided)


def _labels(numbers: Iterator[int]) -> Iterator[tuple[str, qr.Matrix]]:
    while some := list(islice(numbers, _AT_ONCE)):
        printed = [codes.code_of(number) for number in some]
        symbols = qr.matrices([label_address(code) for code in printed])
        yield from zip(printed, symbols, strict=True)


class _Layout:
    """Where things stand on a label: symbol left, words beside it, code below."""

    def __init__(self, paper: Paper, *, side: int) -> None:
        self.paper = paper
        self.code_size = (paper.width - 2 * _MARGIN) / 24 / 0.6
        self.strip = _MARGIN + self.code_size + 0.6
        room = min(paper.height - self.strip, paper.width * 0.55)
        dots = int(room / _DOT) // (side + 2 * qr.QUIET_ZONE)
        self.module = dots * _DOT
        self.symbol_size = side * self.module
        quiet = qr.QUIET_ZONE * self.module
        self.symbol_x = quiet
        self.symbol_y = _on_dots(paper.height - quiet - self.symbol_size)
        self.words_x = self.symbol_x + self.symbol_size + quiet

    def symbol(self, symbol: qr.Matrix) -> str:
        """The QR symbol."""
        return pdf.bitmap_at(
            symbol.rows, symbol.side, self.symbol_x, self.symbol_y, self.symbol_size
        )

    def code(self, code: str, mono: pdf.Font) -> str:
        """The code to be read aloud and typed, in a fixed-width face."""
        text = codes.grouped(code)
        x = (self.paper.width - mono.width(text, self.code_size)) / 2
        return pdf.text_at("M", mono, text, x, _MARGIN + 0.3, self.code_size)

    def words(self, batch: LabelBatch, sans: pdf.Font) -> str:
        """Product, village, date and certificate: the same on every label."""
        width = self.paper.width - self.words_x - _MARGIN
        big = self.paper.height / 30 * 3.4
        small = big * 0.72
        drawn, y = "", self.paper.height - _MARGIN
        for line in sans.wrapped(batch.product_name, big, width)[:2]:
            y -= big
            drawn += pdf.text_at("S", sans, line, self.words_x, y, big)
            y -= big * 0.18
        y -= small * 0.2
        for line in _small_words(batch):
            size = sans.fitted(line, small, width)
            y -= small * _LEADING
            if y > self.strip:
                drawn += pdf.text_at("S", sans, line, self.words_x, y, size)
        return drawn


def _small_words(batch: LabelBatch) -> Sequence[str]:
    lot = batch.lot
    village = lot.village
    township = village.parent.name if village.parent is not None else ""
    return (
        f"{township}{village.name}",
        _("Harvested %(date)s") % {"date": lot.harvest_date.isoformat()},
        # The regulation wants these words beside the code.
        regulation.TITLE,
        batch.certificate.number,
        _("Scan to see who grew it"),
    )


def _on_dots(length: float) -> float:
    return round(length / _DOT) * _DOT
