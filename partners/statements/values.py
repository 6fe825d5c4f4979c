"""One cell, one value: dates, sums and quantities as people write them."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal

from partners.cleaning import one_line
from partners.statements.findings import Finding
from partners.statements.sheets import Cell, Formula

# ¥100 million in one line is a slip of the keyboard, not a sale.
SUM_LIMIT_FEN = 10_000_000_000
_SHOWN = 30
# Excel counts days from here (its 1900 leap year included).
_EXCEL_EPOCH = date(1899, 12, 30)


class BadCell(Exception):
    """The cell holds no such value; `finding` says why."""

    def __init__(self, code: str, value: Cell = None) -> None:
        super().__init__(code)
        self.code = code
        self.values = {} if value is None else {"value": shown(value)}

    def finding(self, line: int, column: str) -> Finding:
        return Finding(self.code, line, column, self.values)


def plain(cell: Cell) -> str:
    """The cell's text with full-width signs made plain, blanks collapsed."""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = "" if cell is None or isinstance(cell, Formula) else str(cell)
    return one_line(unicodedata.normalize("NFKC", text))


def shown(cell: Cell) -> str:
    """The cell as a finding may repeat it."""
    return plain(cell)[:_SHOWN]


def read_day(cell: Cell, *, period: date) -> date:
    """The day a cell names; “10月5日” is of the period's year. Errors: BadCell."""
    if isinstance(cell, Formula):
        raise BadCell("formula")
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = plain(cell)
    if not text:
        raise BadCell("date_missing")
    try:
        return _day_of(text, period)
    except (ValueError, OverflowError) as error:
        raise BadCell("date_unreadable", cell) from error


def _day_of(text: str, period: date) -> date:
    text = re.sub(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$", "", text)
    if match := re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(\d{1,2})[-/.月](\d{1,2})日?", text):
        return date(period.year, int(match[1]), int(match[2]))
    if match := re.fullmatch(r"(20\d{2})(\d{2})(\d{2})", text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if re.fullmatch(r"[34]\d{4}", text) or re.fullmatch(r"[34]\d{4}\.\d+", text):
        # A date whose cell is formatted as a number: 46300 is 2026-10-05.
        return _EXCEL_EPOCH + timedelta(days=int(float(text)))
    raise ValueError(text)


def read_sum(cell: Cell) -> int:
    """Whole fen of a sum in yuan, not negative. Errors: BadCell."""
    if isinstance(cell, Formula):
        raise BadCell("formula")
    text = re.sub(r"[¥￥,元\s]|^(CNY|RMB)", "", plain(cell))
    if not text or isinstance(cell, date):
        raise BadCell("sum_unreadable" if cell is not None else "sum_missing", cell)
    if match := re.fullmatch(r"\((.+)\)", text):  # accountants' minus
        text = f"-{match[1]}"
    # Spreadsheets write 1.2E+04; 1E+999999999999 is no sum and breaks Decimal.
    if not re.fullmatch(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", text):
        raise BadCell("sum_unreadable", cell)
    fen = Decimal(text) * 100
    if abs(fen) > SUM_LIMIT_FEN:
        raise BadCell("sum_too_large", cell)
    if fen < 0:
        raise BadCell("sum_negative", cell)
    if fen != fen.to_integral_value():
        raise BadCell("sum_not_fen", cell)
    return int(fen)


def read_quantity(cell: Cell) -> Decimal | None:
    """A quantity with at most three places; “5斤” is 5. Errors: BadCell."""
    if isinstance(cell, Formula):
        raise BadCell("formula")
    text = plain(cell).replace(",", "")
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,9}(?:\.\d+)?) ?[^\W\d_]{0,4}", text)
    if not match:
        raise BadCell("quantity_unreadable", cell)
    return round(Decimal(match[1]), 3)
