"""Sheets of labels as PDF, for label printers and for office printers."""

import io
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import BinaryIO

from django.conf import settings
from django.utils import translation

from traceability import codes, scratch
from traceability.models import LabelBatch
from traceability.printing import pdf, qr
from traceability.printing.layout import Layout, TooSmall, label_words
from traceability.printing.papers import PAPERS, Paper
from traceability.queries import printable_numbers

_AT_ONCE = 2_048
Millimetres = tuple[float, float]


def label_address(code: str) -> str:
    """HTTPS://HOST/T/CODE: upper case, so that QR's alphanumeric mode holds it."""
    return f"{settings.BASE_URL}/T/{code}".upper()


def offered_papers(*, scratch: bool = False) -> list[Paper]:
    """The papers whose labels hold the symbol of our address, be it long or short, and
    with `scratch` a hidden code beside it."""
    return list(_papers_for(_side(), scratch))


@lru_cache(maxsize=8)
def _papers_for(side: int, scratch: bool) -> tuple[Paper, ...]:
    offered = []
    for paper in PAPERS.values():
        try:
            Layout(paper, side=side, scratch=scratch)
        except TooSmall:
            continue
        offered.append(paper)
    return tuple(offered)


def sheet_pdf(batch: LabelBatch, *, paper: str = "50x30") -> bytes:
    """The batch's labels, ready to print. Errors: KeyError for an unknown paper."""
    out = io.BytesIO()
    numbers = printable_numbers(batch, first=batch.first_number, last=batch.last_number)
    write_sheet(batch, numbers.iterator(), paper=PAPERS[paper], out=out)
    return out.getvalue()


def write_sheet(
    batch: LabelBatch,
    numbers: Iterable[int],
    *,
    paper: Paper,
    out: BinaryIO,
    skip: int = 0,
    shift: Millimetres = (0.0, 0.0),
) -> None:
    """Write labels page by page; memory stays the same however many they are.

    The first `skip` places of the first page are left empty: labels that are gone.
    `shift` moves everything to the right and down, for printers that print askew.
    Errors: TooSmall.
    """
    document = pdf.Pdf(out, title=f"{batch.number} {batch.product_name}")
    sans = document.font("S", pdf.SANS)
    mono = document.font("M", pdf.MONO)
    layout = Layout(paper, side=_side(), scratch=bool(batch.scratch))
    # A label speaks to whoever buys the box, not to whoever prints it.
    with translation.override("zh-hans"):
        words = layout.words(label_words(batch), sans)
    form = document.add_form(words, width=paper.width, height=paper.height)
    right, down = shift
    for first, labels in paper.pages(_labels(iter(numbers)), skip=skip):
        content = []
        for position, (number, code, symbol) in enumerate(labels, first):
            x, y = paper.place(position)
            content.append(f"q 1 0 0 1 {x + right:.3f} {y - down:.3f} cm /B Do\n")
            content.append(layout.symbol(symbol))
            content.append(layout.code(code, mono))
            if batch.scratch:
                content.append(layout.hidden(scratch.scratch_code_of(number), mono))
            content.append("Q\n")
        width, height = paper.page
        document.add_page(
            "".join(content), width=width, height=height, forms={"B": form}
        )
    document.finish()


def _side() -> int:
    """How many modules wide the symbol of our addresses is."""
    return qr.side(len(label_address(codes.code_of(0))))


def _labels(numbers: Iterator[int]) -> Iterator[tuple[int, str, qr.Matrix]]:
    """Each number with its code and its symbol."""
    while some := list(islice(numbers, _AT_ONCE)):
        printed = [codes.code_of(number) for number in some]
        symbols = qr.matrices([label_address(code) for code in printed])
        yield from zip(some, printed, symbols, strict=True)
