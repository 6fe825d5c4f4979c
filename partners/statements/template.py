"""The table that a supermarket fills in, as a workbook and as CSV."""

import io
from datetime import date

from django.utils.translation import gettext as _

from partners.exports import csv_bytes
from partners.statements.columns import HEADINGS

_WIDTHS = {"day": 14, "product": 26, "receipt": 22}


def headings() -> list[str]:
    """The Chinese column heads, in the template's order."""
    return [words[0] for words in HEADINGS.values()]


def workbook(*, period: date) -> bytes:
    """An empty .xlsx for a month, with a second sheet that says how to fill it."""
    # Half a second that only who asks for a workbook has to wait.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.styles import Font, PatternFill  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = f"{period:%Y-%m}"
    sheet.append(headings())
    for place, name in enumerate(HEADINGS, start=1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = _WIDTHS.get(name, 12)
        head = sheet[f"{letter}1"]
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="E3EDDC")
    sheet.freeze_panes = "A2"
    notes = book.create_sheet(_("How to fill it in"))
    notes.column_dimensions["A"].width = 90
    for line in (
        _("One line for each sale, or for each product and day."),
        _("Dates like 2026-10-05, all of one month."),
        _("Sums in yuan with at most two places. Numbers, no formulas."),
        _("A return is taken off the line it belongs to."),
        _("Quantity and receipt number may be left empty."),
        _("A last line that begins with 合计 is compared with the sum of the lines."),
    ):
        notes.append([line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def comma_separated() -> bytes:
    """The same head as CSV."""
    return csv_bytes(headings(), [])
