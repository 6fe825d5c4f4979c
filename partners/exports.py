"""Tables for spreadsheets that cannot turn into programs there."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

# A cell that begins so is a formula to Excel and WPS. Source: OWASP, CSV Injection.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def safe_cell(value: object) -> str:
    """The value as text that a spreadsheet shows and does not compute.

    Whole and decimal numbers stay numbers, negative ones too.
    """
    text = str(value)
    if isinstance(value, int | Decimal):
        return text
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV in UTF-8 with the mark by which spreadsheets know it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe_cell(cell) for cell in head])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return ("\ufeff" + out.getvalue()).encode()
