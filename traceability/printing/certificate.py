"""A certificate on A4, Chinese with English below, as it goes with the goods."""

import io
import json
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from partners import measures
from traceability import queries, regulation
from traceability.models import Certificate, StatusEvent
from traceability.printing import pdf, qr

_WIDTH, _HEIGHT = 210.0, 297.0
_LEFT, _RIGHT = 24.0, 186.0
_LABEL_WIDTH = 44.0
_BODY, _SMALL = 4.4, 3.0
_NUMBERS = 6
_GREY = "0.36 0.40 0.35 rg\n"
_GREEN = "0.11 0.26 0.16 rg 0.17 0.37 0.23 RG\n"
_RED = "0.72 0.11 0.11 rg\n"
_BLACK = "0 g\n"


def certificate_pdf(certificate: Certificate, *, disclose: bool) -> bytes:
    """The certificate as a PDF of one page.

    With `disclose` the promisor and the contact stand in full, for the copy that goes
    with the goods; without, as on the public page.
    """
    out = io.BytesIO()
    document = pdf.Pdf(out, title=f"{regulation.TITLE} {certificate.number}")
    page = _Page(document)
    _head(page, certificate)
    body = json.loads(certificate.document)
    _ticks(page, regulation.PROMISE_HEADING, regulation.promises(body["promises"]))
    _ticks(page, regulation.BASIS_HEADING, regulation.bases(body["basis"]))
    for label, value in told_facts(certificate, body, disclose=disclose):
        page.fact(label, value)
    _foot(page, certificate)
    document.add_page("".join(page.drawn), width=_WIDTH, height=_HEIGHT)
    document.finish()
    return out.getvalue()


class _Page:
    """Draws from the top down; `y` is where the next line begins."""

    def __init__(self, document: pdf.Pdf) -> None:
        self.sans = document.font("S", pdf.SANS)
        self.mono = document.font("M", pdf.MONO)
        self.drawn = [
            f"{_GREEN}0.8 w 14 14 182 269 re S 0.25 w 16 16 178 265 re S\n{_BLACK}"
        ]
        self.y = 262.0

    def line(self, text: str, x: float, size: float, *, colour: str = _BLACK) -> None:
        self.drawn.append(
            colour + pdf.text_at("S", self.sans, text, x, self.y, size) + _BLACK
        )

    def centred(self, text: str, size: float, *, colour: str = _BLACK) -> None:
        x = (_WIDTH - self.sans.width(text, size)) / 2
        self.line(text, x, size, colour=colour)

    def code(self, text: str, x: float, size: float) -> None:
        self.drawn.append(pdf.text_at("M", self.mono, text, x, self.y, size))

    def tick(self, x: float) -> None:
        """A box with a tick in it, as the form has it."""
        y = self.y - 0.4
        self.drawn.append(
            f"{_GREEN}0.35 w {x:.2f} {y:.2f} 3.8 3.8 re S 0.7 w "
            f"{x + 0.7:.2f} {y + 1.9:.2f} m {x + 1.6:.2f} {y + 0.8:.2f} l "
            f"{x + 3.2:.2f} {y + 3.1:.2f} l S\n{_BLACK}"
        )

    def rule(self) -> None:
        self.drawn.append(
            f"0.8 G 0.2 w {_LEFT} {self.y:.2f} m {_RIGHT} {self.y:.2f} l S 0 G\n"
        )

    def fact(self, label: Promise | str, value: str) -> None:
        """A line of the form: its name in both languages, and what stands there."""
        self.rule()
        self.y -= 6.2
        chinese, english = both(label)
        self.line(chinese, _LEFT, _BODY, colour=_GREY)
        top, width = self.y, _RIGHT - _LEFT - _LABEL_WIDTH
        for line in self.sans.wrapped(value, _BODY, width):
            self.line(line, _LEFT + _LABEL_WIDTH, _BODY)
            self.y -= 5.6
        bottom, self.y = self.y, top - 4.2
        self.line(english, _LEFT, _SMALL, colour=_GREY)
        self.y = min(bottom + 5.6, self.y) - 2.4


def _head(page: _Page, certificate: Certificate) -> None:
    page.centred(regulation.TITLE, 11, colour=_GREEN)
    page.y -= 7
    _chinese, english = both(regulation.TITLE_IN_WORDS)
    page.centred(english, _SMALL + 0.4, colour=_GREY)
    page.y -= 8
    page.code(certificate.number, (_WIDTH - len(certificate.number) * 3) / 2, 5)
    page.y -= 11
    if (status := _withdrawn(certificate)) is not None:
        page.centred(" ".join(both(status.label)), 7, colour=_RED)
        page.y -= 11


def _withdrawn(certificate: Certificate) -> StatusEvent.Status | None:
    """Why it must not be relied on; of several words the gravest."""
    said = set(certificate.status_events.values_list("status", flat=True))
    said |= set(certificate.lot.status_events.values_list("status", flat=True))
    gravest = ("RECALLED", "REVOKED", "SUPERSEDED")
    graver = (StatusEvent.Status[name] for name in gravest)
    return next((status for status in graver if status in said), None)


def _ticks(page: _Page, heading: Promise, promises: Sequence[Promise]) -> None:
    page.line(" ".join(both(heading)), _LEFT, 5, colour=_GREEN)
    page.y -= 7.5
    for promise in promises:
        chinese, english = both(promise)
        page.tick(_LEFT)
        for line in page.sans.wrapped(chinese, _BODY, _RIGHT - _LEFT - 7):
            page.line(line, _LEFT + 7, _BODY)
            page.y -= 4.8
        for line in page.sans.wrapped(english, _SMALL, _RIGHT - _LEFT - 7):
            page.line(line, _LEFT + 7, _SMALL, colour=_GREY)
            page.y -= 4
        page.y -= 2.6
    page.y -= 2


def told_facts(
    certificate: Certificate, body: dict[str, object], *, disclose: bool
) -> list[tuple[Promise | str, str]]:
    """The form's lines: the name of each, and what stands there, in Chinese.

    With `disclose` promisor and contact in full, without as everybody may read them.
    """
    with translation.override("zh-hans"):
        told = queries.disclosed if disclose else queries.told_in_public
        origin = body["origin"]
        values = {
            "product": str(body["product"]),
            "quantity_g": _("%(jin)s jin (%(kg)s kg)")
            % {
                "jin": measures.jin(certificate.quantity_g),
                "kg": f"{certificate.quantity_g / 1000:g}",
            },
            "origin": str(origin["name"]) if isinstance(origin, dict) else "",
            "harvest_date": str(body["harvest_date"]),
            "promisor": told(certificate, "promisor"),
            # Earlier versions of the text have neither.
            "uscc": str(body.get("uscc", "")),
            "collected": _numbers(body.get("collected")),
            "contact": told(certificate, "contact"),
            "issued_at": f"{timezone.localtime(certificate.issued_at):%Y-%m-%d %H:%M}",
        }
    return [
        (field.label, values[field.key])
        for field in regulation.FIELDS
        if values[field.key]
    ]


def _numbers(collected: object) -> str:
    """The first numbers, and how many more: the signed text has them all."""
    numbers = (
        [str(number) for number in collected] if isinstance(collected, list) else []
    )
    shown = "、".join(numbers[:_NUMBERS])
    if len(numbers) <= _NUMBERS:
        return shown
    return _("%(numbers)s and %(count)s more") % {
        "numbers": shown,
        "count": len(numbers) - _NUMBERS,
    }


def _foot(page: _Page, certificate: Certificate) -> None:
    page.rule()
    path = reverse("traceability:certificate", args=[certificate.number])
    made = qr.matrix(f"{settings.BASE_URL}{path}")
    page.drawn.append(pdf.bitmap_at(made.bits, made.side, _LEFT, 25, 28))
    chinese, english = both(regulation.SCAN_TO_CHECK)
    page.y = 48
    page.line(chinese, _LEFT + 34, _BODY)
    page.y -= 5
    page.line(english, _LEFT + 34, _SMALL, colour=_GREY)
    page.y -= 6
    for text in (
        f"SHA-256 {certificate.sha256[:32]}",
        f"        {certificate.sha256[32:]}",
        f"{certificate.algorithm} {certificate.key_id}",
    ):
        page.code(text, _LEFT + 34, 2.6)
        page.y -= 4


def both(words: Promise | str) -> tuple[str, str]:
    """Lazy words in Chinese and in English."""
    with translation.override("zh-hans"):
        chinese = str(words)
    with translation.override("en"):
        return chinese, str(words)
