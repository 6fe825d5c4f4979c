"""From a file's bytes to rows of plain cells: .xlsx, or text in UTF-8 or GBK.

What a file is, its content says. Nothing in it is run, no formula is computed, and
everything that could be made huge is counted first.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from partners.statements import workbooks
from partners.statements.findings import Finding

FILE_LIMIT = 5 * 1024 * 1024
ROW_LIMIT = 20_000
COLUMN_LIMIT = 40
CELL_LIMIT = 200
SHEET_LIMIT = 12


class Formula:
    """A cell that holds a formula; we do not compute, and do not trust, its value."""


Cell = str | Decimal | date | datetime | Formula | None
Row = list[Cell]


@dataclass(frozen=True)
class Sheet:
    """The rows that are not empty, each with its line in the file."""

    title: str
    rows: list[tuple[int, Row]]


class Unreadable(Exception):
    """The file is no table that we take; `finding` says why."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.finding = Finding(code, values=values)


def sheets_of(data: bytes) -> list[Sheet]:
    """The file's tables, hidden and empty ones left out; at least one.

    Errors: Unreadable.
    """
    if not data.strip():
        raise Unreadable("file_empty")
    if len(data) > FILE_LIMIT:
        raise Unreadable("file_too_large", limit=FILE_LIMIT // (1024 * 1024))
    if data.startswith(b"PK\x03\x04"):
        _require_safe_workbook(data)
        sheets = _from_workbook(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("old_workbook")
    else:
        sheets = [Sheet("", _numbered(_from_text(_decoded(data))))]
    filled = [sheet for sheet in sheets if sheet.rows]
    if not filled:
        raise Unreadable("file_empty")
    return filled


def _numbered(rows: Iterator[Row]) -> list[tuple[int, Row]]:
    kept: list[tuple[int, Row]] = []
    for number, row in enumerate(rows, start=1):
        if number > ROW_LIMIT:
            raise Unreadable("too_many_lines", limit=ROW_LIMIT)
        if any(cell is not None for cell in row):
            kept.append((number, row))
    return kept


# Text


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]  # Excel's "Unicode text"
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _require_table(text)
    # Neither: a picture or a program rather than a table in some other encoding?
    if any(byte < 9 for byte in data[:4096]):
        raise Unreadable("not_a_table")
    raise Unreadable("unknown_encoding")


def _require_table(text: str) -> str:
    if any(sign < "\t" or "\x0e" <= sign < " " for sign in text[:100_000]):
        raise Unreadable("not_a_table")
    opening = text[:2000].lstrip("\ufeff \r\n\t").lower()
    if opening.startswith(("<!doctype", "<html", "<?xml", "<table", "<script")):
        raise Unreadable("web_page")
    if opening.startswith(("%pdf", "#!", "{\\rtf")):
        raise Unreadable("not_a_table")
    return text


def _from_text(text: str) -> Iterator[Row]:
    head = text[:4000]
    delimiter = max("\t,;", key=head.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [_text_cell(cell) for cell in row[:COLUMN_LIMIT]]
    except csv.Error as error:
        raise Unreadable("not_a_table") from error


def _text_cell(text: str) -> Cell:
    text = text.strip()
    # ="00123" is how spreadsheets keep leading zeros in text.
    if text.startswith('="') and text.endswith('"') and '"' not in text[2:-1]:
        text = text[2:-1].strip()
    elif text.startswith("="):
        return Formula()
    return text[:CELL_LIMIT] or None


# Workbooks


def _require_safe_workbook(data: bytes) -> None:
    """Refuse zip bombs, programs and entity tricks before anything is parsed."""
    try:
        workbooks.require_safe(data)
    except workbooks.Unsafe as error:
        raise Unreadable(error.code) from error


def _from_workbook(data: bytes) -> list[Sheet]:
    # Half a second that only who files a workbook has to wait.
    from openpyxl import load_workbook  # noqa: PLC0415

    try:
        book = load_workbook(
            io.BytesIO(data), read_only=True, data_only=False, keep_links=False
        )
        try:
            visible = [s for s in book.worksheets if s.sheet_state == "visible"]
            return [
                Sheet(sheet.title[:CELL_LIMIT], _numbered(_workbook_rows(sheet)))
                for sheet in visible[:SHEET_LIMIT]
            ]
        finally:
            book.close()
    except Unreadable:
        raise
    except Exception as error:  # openpyxl raises whatever a broken part provokes
        raise Unreadable("broken_workbook") from error


def _workbook_rows(sheet: Any) -> Iterator[Row]:
    # The file's own word on its size is not believed: rows are counted as they come.
    sheet.reset_dimensions()
    for row in sheet.iter_rows(max_col=COLUMN_LIMIT):
        yield [_workbook_cell(cell.value, cell.data_type) for cell in row]


def _workbook_cell(value: Any, data_type: str) -> Cell:
    if value is None or isinstance(value, time | timedelta):
        return None if value is None else str(value)
    if data_type == "f":
        return Formula()
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        # Binary fractions: 0.1 + 0.2 is kept as 0.30000000000000004.
        number = Decimal(repr(value))
        return round(number, 6).normalize() if number.is_finite() else str(value)
    if isinstance(value, date):
        return value
    return str(value).strip()[:CELL_LIMIT] or None
