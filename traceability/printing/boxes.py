"""Box labels: a large symbol with all the facts, the facts in words, the code below."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import zxingcpp
from django.utils import translation
from django.utils.translation import gettext as _

from partners import measures
from traceability import boxcodes, codes, queries, regulation
from traceability.models import BoxIssue, LabelPrint
from traceability.printing import pdf, qr
from traceability.printing.layout import cut
from traceability.printing.papers import Kind, Paper

BOX_PAPERS = {
    paper.name: paper
    for paper in (
        Paper(f"{LabelPrint.BOX}100x70", Kind.ROLL, 100, 70),
        Paper(f"{LabelPrint.BOX}100x100", Kind.ROLL, 100, 100),
        Paper(f"{LabelPrint.BOX}a4", Kind.A4, 100, 70, columns=2, rows=4),
    )
}
_MARGIN = 3.0
_CODE_SIZE = 5.0
_WIDEST_SHARE = 0.55
_BIG, _SMALL, _TINY = 6.4, 3.8, 3.0  # on a label of the usual height
_USUAL_HEIGHT = 70.0
_LEADING = 1.28


def write_boxes(
    issue: BoxIssue,
    numbers: Sequence[int],
    *,
    paper: Paper,
    out: BinaryIO,
    skip: int = 0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Write the box labels of these numbers; `skip` and `shift` as `write_sheet` has
    them. All are held in memory: a part at a time. Errors: signing.MissingKey."""
    batch = issue.batch
    document = pdf.Pdf(out, title=f"{batch.number} {batch.product_name}")
    sans, mono = document.font("S", pdf.SANS), document.font("M", pdf.MONO)
    messages = queries.signed_boxes(issue, numbers)
    symbols = [symbol(boxcodes.address(message)) for message in messages]
    layout = _Layout(paper, side=symbols[0].side)
    # A label speaks to whoever gets the box, not to whoever prints it.
    with translation.override("zh-hans"):
        words = layout.words(issue, sans)
    form = document.add_form(words, width=paper.width, height=paper.height)
    labels = zip(numbers, symbols, strict=True)
    width, height = paper.page
    for first, page in paper.pages(labels, skip=skip):
        content = []
        for position, (number, matrix) in enumerate(page, first):
            x, y = paper.place(position)
            content.append(
                f"q 1 0 0 1 {x + shift[0]:.3f} {y - shift[1]:.3f} cm /B Do\n"
                f"{layout.symbol(matrix)}{layout.code(codes.code_of(number), mono)}Q\n"
            )
        document.add_page(
            "".join(content), width=width, height=height, forms={"B": form}
        )
    document.finish()


def symbol(text: str) -> qr.Matrix:
    """A large symbol with error correction M, in the smallest version that holds it.

    By zxing-cpp, which takes 3 ms where `qrcode` takes 90: see printing/qr.py for the
    small ones.
    """
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    dark = np.array(made.to_image(scale=1, add_quiet_zones=False)) == 0
    return qr.Matrix(dark.shape[0], np.packbits(dark, axis=-1).tobytes())


class _Layout:
    """Where things stand: symbol top left, words beside it, code along the foot."""

    def __init__(self, paper: Paper, *, side: int) -> None:
        self.paper = paper
        self.foot = _MARGIN + _CODE_SIZE + 1
        room = min(paper.height - self.foot, paper.width * _WIDEST_SHARE)
        module = int(room / paper.dot) // (side + 2 * qr.QUIET_ZONE) * paper.dot
        self.size = side * module
        self.quiet = qr.QUIET_ZONE * module
        top = paper.height - self.quiet - self.size
        self.bottom = round(top / paper.dot) * paper.dot
        self.scale = paper.height / _USUAL_HEIGHT
        self.words_x = 2 * self.quiet + self.size

    def symbol(self, matrix: qr.Matrix) -> str:
        """The QR symbol."""
        return pdf.bitmap_at(
            matrix.bits, matrix.side, self.quiet, self.bottom, self.size
        )

    def code(self, code: str, mono: pdf.Font) -> str:
        """The code to be read aloud and typed, in a fixed-width face."""
        text = codes.grouped(code)
        x = (self.paper.width - mono.width(text, _CODE_SIZE)) / 2
        return pdf.text_at("M", mono, text, x, _MARGIN, _CODE_SIZE)

    def words(self, issue: BoxIssue, sans: pdf.Font) -> str:
        """The facts in the symbol, the same on every label of the batch."""
        width = self.paper.width - self.words_x - _MARGIN
        drawn, y = "", self.paper.height - _MARGIN
        for text, usual, most in _words(issue):
            size = usual * self.scale
            for line in cut(sans.wrapped(text, size, width), most):
                y -= size * _LEADING
                if y > self.foot:
                    drawn += pdf.text_at("S", sans, line, self.words_x, y, size)
            y -= size * 0.18
        return drawn


def _words(issue: BoxIssue) -> Iterator[tuple[str, float, int]]:
    """What stands on the label: text, size, and in how many lines at most."""
    batch = issue.batch
    facts = queries.shared_facts(batch, issued_at=issue.issued_at)
    yield facts.product, _BIG, 2
    yield _("%(jin)s jin a box") % {"jin": measures.jin(facts.pack_g)}, _SMALL, 1
    yield facts.village, _SMALL, 3
    harvested = facts.harvested_on.isoformat()
    yield _("Harvested %(date)s") % {"date": harvested}, _SMALL, 1
    if facts.use_by is not None:
        yield _("Use by %(date)s") % {"date": facts.use_by.isoformat()}, _SMALL, 1
    # The regulation wants these words beside the code.
    yield regulation.TITLE, _SMALL, 1
    yield facts.certificate, _TINY, 1
    yield _("Lot %(number)s") % {"number": facts.lot}, _TINY, 1
    yield _("Scan to check it, also without a network"), _TINY, 2
