"""Workbooks made to keep us busy, and honest ones that are as large as they get."""

import io
import zipfile
from collections.abc import Iterable
from datetime import date

import pytest
from openpyxl import Workbook

from partners.statements import read, sheets, workbooks
from tests.bounds import little_work
from tests.factories.sheets import HEAD, as_xlsx, sale

pytestmark = pytest.mark.once

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
MANY = 2_000_000
MERGED = '<mergeCell ref="A1:B2"/>'


def codes(data: bytes) -> list[str]:
    found = read(data, period=date(2026, 10, 1), today=date(2026, 11, 3))
    return [finding.code for finding in found.findings]


def workbook_with(parts: dict[str, str | bytes], *, twice: str = "") -> bytes:
    """A real workbook with parts added or replaced; `twice` is there two times."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(as_xlsx())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, data in parts.items():
            new.writestr(name, data)
        if twice:
            new.writestr(twice, old.read(twice))
    return out.getvalue()


def sheet(rows: str) -> str:
    return f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"


def row(cells: Iterable[str]) -> str:
    texts = (f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f"<row>{''.join(texts)}</row>"


SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
TEXTS = "xl/sharedStrings.xml"
BUSY = {
    "one row of two million cells": {SHEET: sheet(f"<row>{'<c/>' * MANY}</row>")},
    "rows within a row": {SHEET: sheet(f"<row>{'<c><row/></c>' * MANY}</row>")},
    "two million styles": {
        STYLES: f"<styleSheet {MAIN}><cellXfs>{'<xf/>' * MANY}</cellXfs></styleSheet>"
    },
    "styles that call themselves a sheet": {
        STYLES: f"<worksheet {MAIN}><cellXfs>{'<xf/>' * MANY}</cellXfs></worksheet>"
    },
    "two million texts": {TEXTS: f"<sst {MAIN}>{'<si/>' * MANY}</sst>"},
    "two million rows": {SHEET: sheet("<row/>" * MANY)},
    "elements inside elements": {
        SHEET: sheet(f"<row>{'<c>' * 5000}{'</c>' * 5000}</row>")
    },
    "merged cells without end": {
        SHEET: f"<worksheet {MAIN}><sheetData/><mergeCells>"
        f"{MERGED * 200_000}</mergeCells></worksheet>"
    },
    "a prefix before every name": {
        SHEET: f'<x:worksheet xmlns:x="{MAIN[7:-1]}"><x:sheetData><x:row>'
        f"{'<x:c/>' * MANY}</x:row></x:sheetData></x:worksheet>"
    },
}


class TestBusyWorkbooks:
    @pytest.mark.parametrize("parts", BUSY.values(), ids=BUSY.keys())
    def test_are_refused_before_they_are_read(self, parts, monkeypatch):
        data = workbook_with(parts)
        assert len(data) < sheets.FILE_LIMIT
        monkeypatch.setattr(sheets, "_from_workbook", None)
        with little_work():
            assert codes(data) == ["unpacks_too_large"]

    def test_a_part_counts_whatever_it_is_called(self, monkeypatch):
        monkeypatch.setattr(workbooks, "UNPACKED_LIMIT", 1_000_000)
        for name in ("xl/worksheets/sheet9.bin", "xl/pictures/1.png", "x"):
            data = workbook_with({name: b" " * 2_000_000})
            assert codes(data) == ["unpacks_too_large"], name

    def test_document_types_are_refused_whatever_the_part_is_called(self):
        part = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
        for name in ("xl/worksheets/sheet9.bin", SHEET):
            assert codes(workbook_with({name: part})) == ["unsafe_workbook"], name

    def test_a_part_that_is_there_twice_is_refused(self):
        with pytest.warns(UserWarning, match="Duplicate"):
            data = workbook_with({}, twice=SHEET)
        assert codes(data) == ["unpacks_too_large"]

    def test_a_file_outside_is_not_fetched(self):
        part = (
            '<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd">'
            f"<worksheet {MAIN}/>"
        )
        assert codes(workbook_with({SHEET: part})) == ["unsafe_workbook"]


class TestHonestWorkbooks:
    def test_twenty_thousand_lines_are_read(self):
        lines = (sale(receipt=f"XS-{number}") for number in range(19_999))
        rows = "".join(row(cells) for cells in (HEAD, *lines))
        data = workbook_with({SHEET: sheet(rows)})
        found = read(data, period=date(2026, 10, 1), today=date(2026, 11, 3))
        assert len(found.lines) == 19_999
        assert not found.blocked

    def test_pictures_merged_cells_and_other_sheets_do_no_harm(self):
        book = Workbook()
        page = book.active
        page.append(["十月销售", None, None])
        page.merge_cells("A1:F1")
        page.append(list(HEAD))
        page.append(list(sale()))
        book.create_sheet("说明").append(["没有表头"])
        out = io.BytesIO()
        book.save(out)
        data = workbook_with_picture(out.getvalue())
        assert codes(data) == []


def workbook_with_picture(data: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as book:
        book.writestr("xl/media/image1.png", b"\x89PNG\r\n\x1a\n<not xml")
    return out.getvalue()
