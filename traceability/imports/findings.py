"""What is wrong with a line of a table, and where it stands."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Finding:
    """A sentence about a place in the file: sheet, line as the program shows it, and
    the column's own heading; each may be empty."""

    words: str
    sheet: str = ""
    line: int | None = None
    column: str = ""


def about_file(code: str, values: dict[str, Any]) -> Finding:
    """Why a file is not read at all, by the codes of partners.statements.sheets."""
    words = {
        "file_empty": _("The file is empty."),
        "file_too_large": _("The file is larger than %(limit)s MB."),
        "not_a_table": _("This file is not a table."),
        "old_workbook": _(
            "This is an old .xls file. Open it in WPS or Excel and save it as .xlsx."
        ),
        "web_page": _(
            "This is a web page named like a table. Open it in WPS or Excel and save "
            "it as .xlsx."
        ),
        "has_macros": _("The workbook carries programs (macros)."),
        "unsafe_workbook": _("The workbook holds parts that no table needs."),
        "unpacks_too_large": _("Unpacked, the workbook is too large."),
        "broken_workbook": _("The workbook cannot be opened."),
        "unknown_encoding": _("The text is neither UTF-8 nor GBK."),
        "too_many_lines": _(
            "The table has more than %(limit)s lines, empty ones included."
        ),
    }[code]
    return Finding(words % values)


def about_cell(code: str, value: str) -> str:
    """Why a cell is no day or number."""
    words = {
        "formula": _("This is a formula. Paste the column as values, and save."),
        "date_missing": _("The date is missing."),
        "date_unreadable": _("“%(value)s” is not a date. Write dates like 2026-10-05."),
        "missing": _("This cell is empty."),
        "text_too_long": _("“%(value)s…” is too long."),
        "number_unreadable": _("“%(value)s” is not a number."),
        "number_negative": _("“%(value)s” is negative."),
        "number_zero": _("This must be more than zero."),
        "number_too_large": _("“%(value)s” is too large."),
        "number_too_fine": _("“%(value)s” has too many places."),
    }[code]
    return words % {"value": value}
