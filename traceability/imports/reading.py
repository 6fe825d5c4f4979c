"""From a file's bytes to lines of facts, with a finding for whatever is not right."""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from partners.statements import values
from partners.statements.sheets import Cell, Formula, Row, Sheet, Unreadable, sheets_of
from traceability.imports.columns import (
    KINDS,
    Head,
    Kind,
    find_head,
    kind_of,
    template_heads,
)
from traceability.imports.findings import Finding, about_cell, about_file
from traceability.models import Event

MOST_LINES = 2_000
_LONGEST = {"plot": 40, "crop": 30, "product": 60, "substance": 40, "note": 200}
_EVENTS = {
    **{kind: kind for kind in Event.Kind.values},
    **dict.fromkeys(("播种", "种植", "定植", "栽种"), "sow"),
    **dict.fromkeys(("管护", "修剪", "除草", "浇水", "灌溉"), "tend"),
    **dict.fromkeys(("施肥", "追肥"), "fertilise"),
    **dict.fromkeys(("打药", "喷药", "施药", "用药"), "spray"),
    **dict.fromkeys(("采收", "采摘", "收获"), "harvest"),
    **dict.fromkeys(("检测", "送检", "自检"), "test"),
    **dict.fromkeys(("包装", "装箱"), "pack"),
    **dict.fromkeys(("发出", "发货"), "ship"),
    **dict.fromkeys(("收货", "收到"), "receive"),
}


@dataclass(frozen=True)
class Line:
    """One line of one table. `facts` has the table's columns: text, whole grams, a
    day, mu as Decimal, days as int; None where an optional cell is empty."""

    kind: str
    sheet: str
    number: int
    facts: dict[str, Any]
    headings: dict[str, str]

    def finding(self, words: str, column: str = "") -> Finding:
        heading = self.headings.get(column, "")
        return Finding(words, self.sheet, self.number, heading)


@dataclass
class Reading:
    """What a file says, and everything found while reading it. Lines of which a cell
    could not be read are `broken`, with the facts of the others."""

    lines: list[Line] = field(default_factory=list)
    broken: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def of(self, kind: str) -> list[Line]:
        return [line for line in self.lines if line.kind == kind]


class _BadCell(Exception):
    def __init__(self, code: str, cell: Cell = None) -> None:
        super().__init__(code)
        self.words = about_cell(code, values.shown(cell))


def read(data: bytes, *, today: date) -> Reading:
    """What the file says. Never raises for what it holds: whatever is wrong is a
    finding. `today` gives days without a year theirs."""
    reading = Reading()
    try:
        sheets = sheets_of(data)
    except Unreadable as refusal:
        reading.findings.append(
            about_file(refusal.finding.code, refusal.finding.values)
        )
        return reading
    for sheet in sheets:
        _read_sheet(sheet, reading, today=today)
    if not reading.lines and not reading.findings:
        reading.findings.append(
            Finding(_("No table of plots, lots or events was found. Use the template."))
        )
    return reading


def _read_sheet(sheet: Sheet, reading: Reading, *, today: date) -> None:
    head = find_head(sheet.rows)
    kind = kind_of(head)
    if kind is None:
        expected = next((k for k in KINDS if k.sheet == sheet.title), None)
        if expected is not None or len(head.places) > 2:
            reading.findings.append(_lacking(sheet, head, expected))
        return
    if head.foreign_unit:
        words = _("We do not know the unit of “%(heading)s”.")
        shown = {"heading": head.foreign_unit[:30]}
        reading.findings.append(Finding(words % shown, sheet.title, head.line))
        return
    for number, row in sheet.rows:
        if number <= head.line:
            continue
        if len(reading.lines) + len(reading.findings) >= MOST_LINES:
            words = _("At most %(most)s lines at once: part the file.")
            reading.findings.append(Finding(words % {"most": MOST_LINES}, sheet.title))
            return
        _read_line(kind, head, sheet.title, number, row, reading, today=today)


def _lacking(sheet: Sheet, head: Head, kind: Kind | None) -> Finding:
    if kind is None:
        words = _("This sheet is no table of ours: use the template's headings.")
        return Finding(words, sheet.title, head.line)
    heads = dict(zip(kind.columns, template_heads(kind), strict=True))
    missing = [heads[name] for name in kind.required if name not in head.places]
    words = _("These columns are missing: %(columns)s.")
    return Finding(words % {"columns": "、".join(missing)}, sheet.title, head.line)


def _read_line(
    kind: Kind,
    head: Head,
    sheet: str,
    number: int,
    row: Row,
    reading: Reading,
    *,
    today: date,
) -> None:
    facts: dict[str, Any] = {}
    line = Line(kind.name, sheet, number, facts, head.headings)
    good = True
    for name in kind.columns:
        place = head.places.get(name)
        cell = row[place] if place is not None and place < len(row) else None
        try:
            facts[name] = _value(name, cell, head=head, today=today)
            if facts[name] is None and name in kind.required:
                raise _BadCell("missing")
        except _BadCell as bad:
            reading.findings.append(line.finding(bad.words, name))
            good = False
    (reading.lines if good else reading.broken).append(line)


def _value(name: str, cell: Cell, *, head: Head, today: date) -> Any:
    if isinstance(cell, Formula):
        raise _BadCell("formula")
    if name == "day":
        try:
            return values.read_day(cell, period=today)
        except values.BadCell as bad:
            raise _BadCell(bad.code, cell) from bad
    if name == "weight":
        return _whole(_number(cell), head.grams, cell)
    if name == "area":
        return _number(cell, places=2)
    if name == "interval":
        days = _number(cell, places=0, may_be_zero=True)
        return None if days is None else int(days)
    text = values.plain(cell)
    if name == "kind":
        return _EVENTS.get(text, text) or None
    if len(text) > _LONGEST.get(name, 60):
        raise _BadCell("text_too_long", cell)
    return text or ("" if name in ("substance", "note") else None)


def _number(
    cell: Cell, *, places: int = 3, may_be_zero: bool = False
) -> Decimal | None:
    text = re.sub(r"[,\s]|(斤|公斤|kg|亩|天)$", "", values.plain(cell))
    if not text:
        return None
    match = re.fullmatch(r"(-?)(\d+)(?:\.(\d*))?", text, re.ASCII)
    if match is None:
        raise _BadCell("number_unreadable", cell)
    if match[1]:
        raise _BadCell("number_negative", cell)
    if len(match[2].lstrip("0")) > 9:
        raise _BadCell("number_too_large", cell)
    if len((match[3] or "").rstrip("0")) > places:
        raise _BadCell("number_too_fine", cell)
    number = Decimal(f"{match[2]}.{match[3] or 0}")
    if not number and not may_be_zero:
        raise _BadCell("number_zero")
    return number


def _whole(number: Decimal | None, grams: int, cell: Cell) -> int | None:
    if number is None:
        return None
    if number * grams != (number * grams).to_integral_value():
        raise _BadCell("number_too_fine", cell)
    return int(number * grams)
