"""What can be wrong with a statement, and what its sender should do about it.

A hard finding keeps the statement from being filed; a soft one is shown to the
person who approves it. A finding is kept as its code and values, so that everybody
reads it in their own language.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

COLUMN_LABELS: dict[str, Promise] = {
    "day": _("Date"),
    "product": _("Goods sold"),
    "quantity": _("Quantity"),
    "sales": _("Sales"),
    "cost": _("Cost"),
    "receipt": _("Receipt number"),
}


class Sort(NamedTuple):
    """A sort of finding: whether it blocks, what is wrong, what to do."""

    hard: bool
    wrong: Promise
    remedy: Promise


_READ_AGAIN = _("Correct the cell, save the file and choose it again.")

SORTS: dict[str, Sort] = {
    # The file as a whole.
    "file_empty": Sort(
        True, _("The file is empty."), _("Choose the file with the month's sales.")
    ),
    "file_too_large": Sort(
        True,
        _("The file is larger than %(limit)s MB."),
        _("Keep only the month's lines, without pictures, and save it again."),
    ),
    "not_a_table": Sort(
        True,
        _("This file is not a table."),
        _("Send an .xlsx or .csv file; the template shows how it should look."),
    ),
    "old_workbook": Sort(
        True,
        _("This is an old .xls file."),
        _("Open it in WPS or Excel, choose “Save as” and .xlsx, and send that."),
    ),
    "web_page": Sort(
        True,
        _("This is a web page named like a table, as some tills export it."),
        _("Open it in WPS or Excel, choose “Save as” and .xlsx, and send that."),
    ),
    "has_macros": Sort(
        True,
        _("The workbook carries programs (macros)."),
        _("Save it as .xlsx without macros."),
    ),
    "unsafe_workbook": Sort(
        True,
        _("The workbook holds parts that no statement needs."),
        _("Copy the lines into the template and send that."),
    ),
    "unpacks_too_large": Sort(
        True,
        _("Unpacked, the workbook is too large."),
        _("Keep only the month's lines, without pictures, and save it again."),
    ),
    "broken_workbook": Sort(
        True,
        _("The workbook cannot be opened."),
        _("Open it in WPS or Excel, save it again as .xlsx and send that."),
    ),
    "unknown_encoding": Sort(
        True,
        _("The text is neither UTF-8 nor GBK."),
        _("Save it as .xlsx, or as CSV in UTF-8."),
    ),
    "too_many_lines": Sort(
        True,
        _("The table has more than %(limit)s lines, empty ones included."),
        _("Send the day's sum of each product instead of every single sale."),
    ),
    "no_lines": Sort(
        True,
        _("There are no lines under the headings."),
        _("Enter the month's sales, one line each."),
    ),
    "missing_columns": Sort(
        True,
        _("These columns are missing: %(columns)s."),
        _("Name the columns as in the template; their order does not matter."),
    ),
    "column_twice": Sort(
        True,
        _("Two columns are both %(column_label)s."),
        _("Keep one of them."),
    ),
    "column_unit": Sort(
        True,
        _("The column “%(heading)s” is not in yuan."),
        _("Enter sums in yuan and name the column so."),
    ),
    # One line.
    "date_missing": Sort(
        True, _("The date is missing."), _("Enter the day of the sale.")
    ),
    "date_unreadable": Sort(
        True,
        _("“%(value)s” is not a date."),
        _("Write dates like 2026-10-05."),
    ),
    "date_outside": Sort(
        True,
        _("%(value)s is not in %(month)s."),
        _("Move the line to its own month's statement."),
    ),
    "date_ahead": Sort(
        True,
        _("%(value)s has not come yet."),
        _("File the line after that day."),
    ),
    "product_missing": Sort(
        True, _("The product is missing."), _("Enter what was sold.")
    ),
    "sum_missing": Sort(
        True,
        _("%(column_label)s is missing."),
        _("Enter the sum in yuan; 0 where there was none."),
    ),
    "sum_unreadable": Sort(True, _("“%(value)s” is not a sum of money."), _READ_AGAIN),
    "sum_negative": Sort(
        True,
        _("%(column_label)s is negative: %(value)s."),
        _("Take a return off the line it belongs to."),
    ),
    "sum_not_fen": Sort(
        True,
        _("%(column_label)s %(value)s has fractions of a fen."),
        _("Round it to two places."),
    ),
    "sum_too_large": Sort(
        True, _("%(column_label)s %(value)s is too large for one line."), _READ_AGAIN
    ),
    "quantity_unreadable": Sort(True, _("“%(value)s” is not a quantity."), _READ_AGAIN),
    "formula": Sort(
        True,
        _("%(column_label)s is a formula, not a number."),
        _("Copy the column, paste it as values, and save."),
    ),
    "line_twice": Sort(
        True,
        _("The line repeats line %(first)s, with the same receipt number."),
        _("Delete one of the two."),
    ),
    "receipt_filed_before": Sort(
        True,
        _("Receipt %(value)s was already counted in %(month)s."),
        _("Delete the line, or correct the other month's statement first."),
    ),
    "total_differs": Sort(
        True,
        _("The total of %(column_label)s says %(stated)s; the lines sum to %(sum)s."),
        _("Look for a missing or changed line, or delete the total."),
    ),
    # Odd, but allowed.
    "line_alike": Sort(
        False,
        _("The line is the same as line %(first)s; neither has a receipt number."),
        _("If it was entered twice, delete one."),
    ),
    "receipt_product_twice": Sort(
        False,
        _("Receipt %(value)s names this product in line %(first)s already."),
        _("If it was entered twice, delete one."),
    ),
    "below_cost": Sort(
        False,
        _("Sold below cost: %(sales)s for %(cost)s."),
        _("Check both sums."),
    ),
    "no_cost": Sort(
        False,
        _("%(count)s lines have no cost, so that all of the sum counts as profit."),
        _("Enter what the goods cost."),
    ),
    "no_receipts": Sort(
        False,
        _("%(count)s lines have no receipt number."),
        _("With receipt numbers the statement can be checked against the till."),
    ),
    "line_ignored": Sort(
        False,
        _("The line is only a note and was left out."),
        _("Nothing to do, unless it was meant to be a sale."),
    ),
    "subtotal_ignored": Sort(False, _("A subtotal was left out."), _("Nothing to do.")),
    "several_sheets": Sort(
        False,
        _("%(count)s sheets hold sales; only “%(value)s” was read."),
        _("If the others hold sales too, put all lines on one sheet."),
    ),
    "month_not_over": Sort(
        False,
        _("The month is not over."),
        _("Later sales have to come in a corrected statement."),
    ),
    "profit_jumps": Sort(
        False,
        _("Profit was %(before)s the month before and is %(now)s now."),
        _("Be ready to explain it."),
    ),
}


@dataclass(frozen=True)
class Finding:
    """Something about a statement. `line` is the file's line, `column` our name."""

    code: str
    line: int | None = None
    column: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def hard(self) -> bool:
        return SORTS[self.code].hard

    @property
    def column_label(self) -> str:
        return str(COLUMN_LABELS.get(self.column, ""))

    @property
    def wrong(self) -> str:
        """What is wrong, in the reader's language."""
        values = {**self.values, "column_label": self.column_label}
        if "columns" in values:
            labels = [str(COLUMN_LABELS[name]) for name in values["columns"]]
            values["columns"] = gettext(", ").join(labels)
        return str(SORTS[self.code].wrong) % values

    @property
    def remedy(self) -> str:
        """What to do about it, in the reader's language."""
        return str(SORTS[self.code].remedy)

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "line": self.line,
            "column": self.column,
            "values": self.values,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Finding":
        return cls(data["code"], data["line"], data["column"], data["values"])
