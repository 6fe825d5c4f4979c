"""A certificate as small as a label: the form's fields, for the box itself."""

import io
import json

from django.conf import settings
from django.urls import reverse

from traceability import regulation
from traceability.models import Certificate
from traceability.printing import pdf, qr
from traceability.printing.certificate import both, told_facts
from traceability.printing.layout import SMALLEST_MODULE, TooSmall
from traceability.printing.papers import PAPERS, SMALLEST_TYPE, Paper

# Smaller ones hold the code alone: a full form would not be legible.
CERTIFICATE_PAPERS = (PAPERS["70x50"], PAPERS["100x70"])
_INSET = 2.0
_LEADING = 1.28
_STEP = 0.05


def certificate_label_pdf(certificate: Certificate, *, paper: Paper) -> bytes:
    """The certificate on one label, with promisor and contact in full, in Chinese.

    Errors: TooSmall where the form's words or its symbol would not be legible.
    """
    out = io.BytesIO()
    document = pdf.Pdf(out, title=f"{regulation.TITLE} {certificate.number}")
    form = _Form(certificate, paper, document.font("S", pdf.SANS))
    document.add_page(form.drawn(), width=paper.width, height=paper.height)
    document.finish()
    return out.getvalue()


class _Form:
    """Title and promise across the label, facts below, the symbol in the corner."""

    def __init__(self, certificate: Certificate, paper: Paper, sans: pdf.Font) -> None:
        self.certificate, self.paper, self.sans = certificate, paper, sans
        self.body = json.loads(certificate.document)
        path = reverse("traceability:certificate", args=[certificate.number])
        self.symbol = qr.matrix(f"{settings.BASE_URL}{path}")
        modules = self.symbol.side + 2 * qr.QUIET_ZONE
        room = 0.42 * paper.height
        self.module = int(room / modules / paper.dot) * paper.dot
        if self.module < SMALLEST_MODULE:
            raise TooSmall(paper.name)
        self.corner = modules * self.module

    def drawn(self) -> str:
        """As large as everything fits."""
        size = self.paper.height / 20
        while size >= SMALLEST_TYPE:
            drawing = _Drawing(self.sans, self.paper, size)
            self._promise(drawing)
            above = drawing.y
            self._facts(drawing)
            if drawing.y >= _INSET and above >= self.corner:
                return drawing.content + self._symbol()
            size -= _STEP
        raise TooSmall(self.paper.name)

    def _promise(self, to: "_Drawing") -> None:
        width = self.paper.width - 2 * _INSET
        to.title(regulation.TITLE)
        to.line(f"{_zh(regulation.PROMISE_HEADING)}：", width)
        for promise in regulation.promises(self.body["promises"]):
            to.line(_zh(promise), width, ticked=True)
        to.line(f"{_zh(regulation.BASIS_HEADING)}：", width)
        for basis in regulation.bases(self.body["basis"]):
            to.line(_zh(basis), width, ticked=True)

    def _facts(self, to: "_Drawing") -> None:
        width = self.paper.width - 2 * _INSET - self.corner
        facts = told_facts(self.certificate, self.body, disclose=True)
        for label, value in facts:
            to.line(f"{_zh(label)}：{value}", width)
        to.line(self.certificate.number, width)

    def _symbol(self) -> str:
        quiet = qr.QUIET_ZONE * self.module
        size = self.symbol.side * self.module
        x = self.paper.width - quiet - size
        return pdf.bitmap_at(self.symbol.bits, self.symbol.side, x, quiet, size)


class _Drawing:
    """Draws from the top down in one size; `y` is where the last line stands."""

    def __init__(self, sans: pdf.Font, paper: Paper, size: float) -> None:
        self.sans, self.paper, self.size = sans, paper, size
        self.content, self.y = "", paper.height - _INSET

    def title(self, text: str) -> None:
        size = self.size * 1.7
        self.y -= size
        x = (self.paper.width - self.sans.width(text, size)) / 2
        self.content += pdf.text_at("S", self.sans, text, x, self.y, size)
        self.y -= size * 0.25

    def line(self, text: str, width: float, *, ticked: bool = False) -> None:
        """Wrapped to `width`, behind a box with a tick where it was chosen."""
        indent = self.size * 1.3 if ticked else 0
        for number, row in enumerate(
            self.sans.wrapped(text, self.size, width - indent)
        ):
            self.y -= self.size * _LEADING
            if ticked and not number:
                self._tick()
            self.content += pdf.text_at(
                "S", self.sans, row, _INSET + indent, self.y, self.size
            )

    def _tick(self) -> None:
        x, y, side = _INSET, self.y - self.size * 0.08, self.size * 0.9
        self.content += (
            f"0.2 w {x:.2f} {y:.2f} {side:.2f} {side:.2f} re S 0.35 w "
            f"{x + side * 0.2:.2f} {y + side * 0.5:.2f} m "
            f"{x + side * 0.42:.2f} {y + side * 0.22:.2f} l "
            f"{x + side * 0.85:.2f} {y + side * 0.82:.2f} l S\n"
        )


def _zh(words: object) -> str:
    return both(words)[0]  # type: ignore[arg-type]
