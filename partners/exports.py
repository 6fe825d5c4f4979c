"""Tables for spreadsheets that cannot turn into programs there."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

# A cell that begins so is a formula to Excel and WPS. Source: OWASP, CSV Injection.
# Full-width signs are folded to these first: Chinese input methods make them, and
# spreadsheets read them as the narrow ones.
_DANGEROUS = ("=", "+", "-", "@", "|", "%")
# What XML cannot hold.
_WRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Spreadsheets step over these before they look: spaces, controls, marks unseen.
_STEPPED_OVER = {"Zs", "Zl", "Zp", "Cc", "Cf"}


def safe_cell(value: object) -> str:
    """The value as text that a spreadsheet shows and does not compute.

    Whole and decimal numbers stay numbers, negative ones too.
    """
    text = str(value)
    if isinstance(value, int | Decimal):
        return text
    return f"'{text}" if _computes(text) else text


def _computes(text: str) -> bool:
    """Whether a spreadsheet may take the text for a formula, or break a row at it."""
    if text[:1] in ("\t", "\r", "\n"):
        return True
    for sign in text:
        if unicodedata.category(sign) not in _STEPPED_OVER:
            return unicodedata.normalize("NFKC", sign).startswith(_DANGEROUS)
    return False


def workbook_bytes(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """An .xlsx of one sheet. Every cell is text, none is a formula."""
    # Half a second that only who asks for a workbook has to wait.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in (head, *rows):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=_WRITABLE.sub("", str(value)))
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV in UTF-8 with the mark by which spreadsheets know it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe_cell(cell) for cell in head])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return ("\ufeff" + out.getvalue()).encode()
