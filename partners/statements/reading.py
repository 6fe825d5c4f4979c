"""Read a statement's file line by line, with a finding for whatever is not right."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from partners import periods
from partners.measures import yuan
from partners.statements import values
from partners.statements.columns import Head, find_head
from partners.statements.findings import Finding
from partners.statements.lines import Line, Reading
from partners.statements.sheets import Cell, Formula, Row, Sheet, Unreadable, sheets_of

_TOTAL = re.compile(r"(本月|全月)?(合计|总计|总额|共计)|(grand )?total", re.IGNORECASE)
_SUBTOTAL = re.compile(
    r"(本日|当日|日)?小计|(本日|当日|日)合计|subtotal", re.IGNORECASE
)
_WHAT_COUNTS = ("quantity", "sales", "cost")
_PRODUCT_LIMIT = 120
_RECEIPT_LIMIT = 60
T = TypeVar("T")


def read(data: bytes, *, period: date, today: date) -> Reading:
    """What the file says about the month that `period` begins.

    Never raises for what the file holds: whatever is wrong is a finding. `today` is
    the day of filing; no sale can lie after it.
    """
    try:
        sheets = sheets_of(data)
    except Unreadable as refusal:
        return Reading(findings=[refusal.finding])
    heads = [(find_head(sheet.rows), sheet) for sheet in sheets]
    head, sheet = max(heads, key=lambda pair: len(pair[0].places))
    reader = _Reader(period=period, today=today, head=head)
    alike = sum(1 for other, _sheet in heads if len(other.places) > 1)
    if alike > 1:
        shown = {"count": alike, "value": sheet.title}
        reader.findings.append(Finding("several_sheets", values=shown))
    return reader.read(sheet)


@dataclass
class _Reader:
    """Keeps what was read so far, so that lines can be held against each other."""

    period: date
    today: date
    head: Head
    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    seen: dict[tuple[object, ...], int] = field(default_factory=dict)
    receipts: dict[tuple[str, str], int] = field(default_factory=dict)
    stated: dict[str, tuple[int, int]] = field(default_factory=dict)
    broken: bool = False

    def read(self, sheet: Sheet) -> Reading:
        self.findings += self.head.findings
        if any(finding.hard for finding in self.head.findings):
            return Reading(findings=self.findings)
        for number, row in sheet.rows:
            if number > self.head.line:
                self._read_row(number, row)
        if not self.lines and not self.broken:
            self.findings.append(Finding("no_lines"))
        self._compare_total()
        self._look_at_all()
        return Reading(self.lines, self.findings)

    def _cell(self, row: Row, column: str) -> Cell:
        place = self.head.places.get(column)
        return row[place] if place is not None and place < len(row) else None

    def _read_row(self, number: int, row: Row) -> None:
        opening = values.plain(next(cell for cell in row if cell is not None))
        if _TOTAL.match(opening):
            self._note_total(number, row)
        elif _SUBTOTAL.match(opening):
            self.findings.append(Finding("subtotal_ignored", number))
        elif sum(cell is not None for cell in row) == 1 and all(
            self._cell(row, name) is None for name in _WHAT_COUNTS
        ):
            self.findings.append(Finding("line_ignored", number))
        else:
            self._read_line(number, row)

    def _read_line(self, number: int, row: Row) -> None:
        before = len(self.findings)
        day = self._day(number, row)
        product = self._product(number, row)
        quantity = None
        sums: dict[str, int] = {}
        try:
            quantity = values.read_quantity(self._cell(row, "quantity"))
        except values.BadCell as bad:
            self.findings.append(bad.finding(number, "quantity"))
        for column in ("sales", "cost"):
            try:
                sums[column] = values.read_sum(self._cell(row, column))
            except values.BadCell as bad:
                self.findings.append(bad.finding(number, column))
        receipt = self._cell(row, "receipt")
        if isinstance(receipt, Formula):
            self.findings.append(Finding("formula", number, "receipt"))
        if len(self.findings) > before or day is None:
            self.broken = True
            return
        line = Line(
            position=number,
            day=day,
            product=product,
            quantity=quantity,
            sales_fen=sums["sales"],
            cost_fen=sums["cost"],
            receipt=values.plain(receipt)[:_RECEIPT_LIMIT],
        )
        self._compare_line(line)
        self.lines.append(line)

    def _day(self, number: int, row: Row) -> date | None:
        try:
            day = values.read_day(self._cell(row, "day"), period=self.period)
        except values.BadCell as bad:
            self.findings.append(bad.finding(number, "day"))
            return None
        shown = {"value": day.isoformat()}
        if not self.period <= day <= periods.last_day(self.period):
            shown["month"] = f"{self.period:%Y-%m}"
            self.findings.append(Finding("date_outside", number, "day", shown))
        elif day > self.today:
            self.findings.append(Finding("date_ahead", number, "day", shown))
        return day

    def _product(self, number: int, row: Row) -> str:
        cell = self._cell(row, "product")
        product = values.plain(cell)[:_PRODUCT_LIMIT]
        if isinstance(cell, Formula):
            self.findings.append(Finding("formula", number, "product"))
        elif not product:
            self.findings.append(Finding("product_missing", number, "product"))
        return product

    def _compare_line(self, line: Line) -> None:
        """Against the lines before it, and against itself."""
        first = self.seen.setdefault(line.content, line.position)
        receipt = (line.receipt, line.product)
        named = self.receipts.setdefault(receipt, line.position)
        shown: dict[str, object] = {"first": first}
        if first != line.position:
            code = "line_twice" if line.receipt else "line_alike"
            self.findings.append(Finding(code, line.position, "", shown))
        elif line.receipt and named != line.position:
            shown = {"first": named, "value": line.receipt}
            self.findings.append(
                Finding("receipt_product_twice", line.position, "receipt", shown)
            )
        if line.cost_fen > line.sales_fen:
            shown = {"sales": yuan(line.sales_fen), "cost": yuan(line.cost_fen)}
            self.findings.append(Finding("below_cost", line.position, "cost", shown))

    def _note_total(self, number: int, row: Row) -> None:
        for column in ("sales", "cost"):
            try:
                fen = values.read_sum(self._cell(row, column))
            except values.BadCell:
                continue  # a formula or nothing: we add up ourselves
            self.stated[column] = (number, fen)

    def _compare_total(self) -> None:
        if self.broken:
            return  # the sum of half the lines tells nothing
        for column, (number, stated_fen) in self.stated.items():
            sum_fen = sum(
                line.sales_fen if column == "sales" else line.cost_fen
                for line in self.lines
            )
            if sum_fen != stated_fen:
                shown = {"stated": yuan(stated_fen), "sum": yuan(sum_fen)}
                self.findings.append(Finding("total_differs", number, column, shown))

    def _look_at_all(self) -> None:
        free = sum(1 for line in self.lines if not line.cost_fen and line.sales_fen)
        bare = sum(1 for line in self.lines if not line.receipt)
        if free:
            self.findings.append(Finding("no_cost", None, "cost", {"count": free}))
        if bare:
            shown = {"count": bare}
            self.findings.append(Finding("no_receipts", None, "receipt", shown))
        if self.today <= periods.last_day(self.period):
            self.findings.append(Finding("month_not_over"))
