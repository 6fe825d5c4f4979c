"""The three tables that can be imported, their columns, and the file to fill in."""

import io
import re
import unicodedata
from typing import NamedTuple

from django.utils.translation import gettext as _

from partners.statements.sheets import Cell, Row

# The first word is the template's own.
_HEADINGS: dict[str, tuple[str, ...]] = {
    "ref": ("批次编号", "编号", "批次", "批号", "lot"),
    "village": ("村", "村名", "行政村", "village"),
    "farmer": ("农户", "户主", "姓名", "种植户", "farmer"),
    "plot": ("地块", "地块名称", "地块名", "plot"),
    "crop": ("作物", "品种", "种植作物", "crop"),
    "area": ("面积", "种植面积", "area"),
    "product": ("产品", "产品名称", "品名", "product"),
    "day": ("日期", "采收日期", "时间", "date"),
    "weight": ("重量", "数量", "产量", "weight"),
    "kind": ("事项", "农事", "操作", "event"),
    "substance": ("药剂", "农药", "用药", "substance"),
    "interval": ("安全间隔期", "间隔期", "interval"),
    "note": ("说明", "备注", "note"),
}
_BY_HEADING = {word: name for name, words in _HEADINGS.items() for word in words}
# Grams of a unit in a heading: 重量(公斤).
_GRAMS = {"": 500, "斤": 500, "市斤": 500, "公斤": 1000, "千克": 1000, "kg": 1000}
_UNITS = {"area": ("", "亩"), "interval": ("", "天", "日"), "weight": tuple(_GRAMS)}
_HEAD_WITHIN = 10


class Kind(NamedTuple):
    """A table: its sheet's name, its columns, and those that must be there."""

    name: str
    sheet: str
    columns: tuple[str, ...]
    required: tuple[str, ...]


KINDS = (
    Kind(
        "plots",
        "地块",
        ("village", "farmer", "plot", "crop", "area"),
        ("village", "farmer", "plot", "crop", "area"),
    ),
    Kind(
        "lots",
        "批次",
        ("ref", "village", "farmer", "plot", "product", "day", "weight"),
        ("ref", "village", "farmer", "plot", "product", "day", "weight"),
    ),
    Kind(
        "events",
        "农事",
        ("ref", "kind", "day", "substance", "interval", "weight", "note"),
        ("ref", "kind", "day"),
    ),
)


class Head(NamedTuple):
    """The heading's line; of every column its place and its own heading; grams that a
    weight's unit has; and a unit that we do not know."""

    line: int
    places: dict[str, int]
    headings: dict[str, str]
    grams: int = 500
    foreign_unit: str = ""


def find_head(rows: list[tuple[int, Row]]) -> Head:
    """The row among the first that names the most columns we know."""
    heads = [_head(line, row) for line, row in rows[:_HEAD_WITHIN]]
    return max(heads, key=lambda head: len(head.places))


def kind_of(head: Head) -> Kind | None:
    """The table that has these columns; None where it is none of ours."""
    return next(
        (kind for kind in KINDS if set(kind.required) <= head.places.keys()), None
    )


def _head(line: int, row: Row) -> Head:
    places: dict[str, int] = {}
    headings: dict[str, str] = {}
    grams, foreign = 500, ""
    for place, cell in enumerate(row):
        heading, unit = _heading_and_unit(cell)
        name = _BY_HEADING.get(heading)
        if name is None or name in places:
            continue
        places[name], headings[name] = place, str(cell)
        if unit not in _UNITS.get(name, (unit,)):
            foreign = str(cell)
        elif name == "weight":
            grams = _GRAMS[unit]
    return Head(line, places, headings, grams, foreign)


def _heading_and_unit(cell: Cell) -> tuple[str, str]:
    """“重量（公斤）” → ("重量", "公斤")."""
    if not isinstance(cell, str):
        return "", ""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", cell)).lower()
    match = re.fullmatch(r"([^(\[/]+)[(\[/]([^)\]]+)[)\]]?", text)
    return (match[1], match[2]) if match else (text, "")


_TEMPLATE_UNITS = {"area": "(亩)", "weight": "(斤)", "interval": "(天)"}


def workbook() -> bytes:
    """The empty file: a sheet for each table, and one that says how to fill it in."""
    # Half a second that only who asks for a workbook has to wait.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415

    book = Workbook()
    book.remove(book.worksheets[0])
    for kind in KINDS:
        sheet = book.create_sheet(kind.sheet)
        sheet.append(template_heads(kind))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
    notes = book.create_sheet(_("How to fill it in"))
    notes.column_dimensions["A"].width = 90
    for line in (
        _("Plots first; leave the sheet empty where they are registered already."),
        _("Farmers by their registered name, or as the village calls them."),
        _("The lot's number is your own; the sheet of events names it again."),
        _("Dates like 2026-10-05. Numbers, no formulas."),
        _("Events: 播种、管护、施肥、打药、采收、检测、包装、发出、收货."),
        _("打药 needs what was sprayed and the safety interval in days."),
    ):
        notes.append([line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def template_heads(kind: Kind) -> list[str]:
    """The column heads of a table's template."""
    return [_HEADINGS[name][0] + _TEMPLATE_UNITS.get(name, "") for name in kind.columns]
