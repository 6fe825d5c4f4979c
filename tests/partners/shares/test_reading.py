"""Reading a statement's file: what is taken, and what is found."""

import io
import random
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from partners.statements import (
    Reading,
    fingerprint,
    read,
    sheets,
    template,
    workbooks,
)
from partners.statements.findings import SORTS, Finding
from tests.factories.sheets import HEAD, LINES, PROFIT_FEN, as_csv, as_xlsx, sale

OCTOBER = date(2026, 10, 1)
NOVEMBER_3 = date(2026, 11, 3)


def reading(data: bytes, today: date = NOVEMBER_3) -> Reading:
    return read(data, period=OCTOBER, today=today)


def codes(data: bytes, today: date = NOVEMBER_3) -> list[str]:
    return [finding.code for finding in reading(data, today).findings]


def only(data: bytes) -> Finding:
    (finding,) = reading(data).findings
    return finding


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
    def test_content_decides(self, encoding):
        found = reading(as_csv(encoding=encoding))
        assert not found.findings
        assert found.profit_fen == PROFIT_FEN
        assert found.lines[0].product == "大米 10斤装"

    def test_takes_excels_unicode_text(self):
        text = "\t".join(HEAD) + "\r\n" + "\r\n".join("\t".join(x) for x in LINES)
        assert reading(text.encode("utf-16")).profit_fen == PROFIT_FEN

    def test_takes_a_workbook(self):
        found = reading(as_xlsx())
        assert not found.findings
        assert found.lines[1].cost_fen == 52_050

    def test_whatever_the_shape_the_fingerprint_is_one(self):
        shuffled = list(LINES)
        random.Random(7).shuffle(shuffled)
        turned = [tuple(reversed(line)) for line in LINES]
        files = [
            as_csv(),
            as_csv(encoding="gbk"),
            as_csv(encoding="utf-8-sig"),
            as_csv(shuffled),
            as_csv(turned, head=tuple(reversed(HEAD))),
            as_csv().replace(b"\r\n", b"\n"),
            as_xlsx(),
            as_xlsx(shuffled),
            as_csv([*LINES, ("合计", "", "", "2110.00", "1609.80", "")]),
            as_csv([("２０２６－１０－０３", *line[1:]) for line in LINES[:1]])
            + b"\r\n".join(as_csv(LINES[1:]).split(b"\r\n")[1:]),
        ]
        prints = {fingerprint(reading(data).lines) for data in files}
        assert len(prints) == 1

    def test_another_fen_is_another_fingerprint(self):
        changed = [*LINES[:2], (*LINES[2][:4], "609.31", "XS-1003")]
        one = fingerprint(reading(as_csv()).lines)
        assert one != fingerprint(reading(as_csv(changed)).lines)

    def test_a_line_more_is_another_fingerprint(self):
        lines = reading(as_csv([sale(receipt="")])).lines
        assert fingerprint(lines) != fingerprint(lines * 2)


class TestHeadings:
    def test_takes_the_words_real_shops_use(self):
        head = ("销售日期", "品名", "销量", "销售金额（元）", "成本金额(元)", "小票号")
        assert reading(as_csv(head=head)).profit_fen == PROFIT_FEN

    def test_skips_a_title_above(self):
        data = "永固爱心超市十月销售表,,,,,\n".encode() + as_csv()
        assert reading(data).profit_fen == PROFIT_FEN

    def test_names_what_is_missing(self):
        finding = only(as_csv(head=("日期", "商品", "数量", "额", "价", "单据号")))
        assert finding.code == "missing_columns"
        assert finding.values["columns"] == ["sales", "cost"]

    def test_refuses_sums_in_ten_thousands(self):
        head = ("日期", "商品", "数量", "销售额(万元)", "成本", "单据号")
        assert codes(as_csv(head=head)) == ["column_unit"]

    def test_prefers_the_templates_word(self):
        lines = [(*line, "9999") for line in LINES]
        assert reading(as_csv(lines, head=(*HEAD, "金额"))).profit_fen == PROFIT_FEN

    def test_refuses_two_columns_that_could_be_sales(self):
        head = ("日期", "商品", "金额", "实收", "成本", "单据号")
        assert "column_twice" in codes(as_csv(head=head))

    def test_the_template_reads_as_an_empty_table(self):
        assert codes(template.workbook(period=OCTOBER)) == ["no_lines"]
        assert codes(template.comma_separated()) == ["no_lines"]


class TestLines:
    @pytest.mark.parametrize(
        ("changes", "code", "column"),
        [
            ({"day": ""}, "date_missing", "day"),
            ({"day": "十月五日"}, "date_unreadable", "day"),
            ({"day": "2026-10-32"}, "date_unreadable", "day"),
            ({"day": "2026-09-30"}, "date_outside", "day"),
            ({"day": "2026-11-01"}, "date_outside", "day"),
            ({"product": ""}, "product_missing", "product"),
            ({"sales": ""}, "sum_missing", "sales"),
            ({"cost": ""}, "sum_missing", "cost"),
            ({"sales": "三十"}, "sum_unreadable", "sales"),
            ({"sales": "NaN"}, "sum_unreadable", "sales"),
            ({"sales": "-30"}, "sum_negative", "sales"),
            ({"sales": "(30)"}, "sum_negative", "sales"),
            ({"cost": "18.005"}, "sum_not_fen", "cost"),
            ({"sales": "1e30"}, "sum_too_large", "sales"),
            ({"quantity": "-2"}, "quantity_unreadable", "quantity"),
            ({"quantity": "两袋"}, "quantity_unreadable", "quantity"),
            ({"sales": "=D2*2"}, "formula", "sales"),
            ({"day": "=TODAY()"}, "formula", "day"),
        ],
    )
    def test_says_where_and_what(self, changes, code, column):
        finding = only(as_csv([*LINES, sale(**changes)]))
        assert (finding.code, finding.line, finding.column) == (code, 5, column)
        assert finding.hard
        assert finding.wrong
        assert finding.remedy

    @pytest.mark.parametrize(
        "day",
        [
            "2026/10/5",
            "2026.10.05",
            "2026年10月5日",
            "10月5日",
            "20261005",
            "2026-10-05 09:12:33",
            "46300",
        ],
    )
    def test_takes_dates_as_people_write_them(self, day):
        (line,) = reading(as_csv([sale(day=day)])).lines
        assert line.day == date(2026, 10, 5)

    @pytest.mark.parametrize(
        ("text", "fen"),
        [("¥1,234.50", 123_450), ("30元", 3_000), ("３０．５", 3_050), ("0", 0)],
    )
    def test_takes_sums_as_people_write_them(self, text, fen):
        (line,) = reading(as_csv([sale(sales=text, cost="0")])).lines
        assert line.sales_fen == fen

    @pytest.mark.parametrize("text", ["1E+99999999999", "1e999", "9" * 199])
    def test_no_sum_is_made_of_a_few_letters_and_a_million_digits(self, text):
        assert only(as_csv([sale(sales=text)])).column == "sales"

    def test_a_workbooks_binary_fraction_is_no_fraction_of_a_fen(self):
        (line,) = reading(as_xlsx([sale(sales=0.1 + 0.2, cost=0.1)])).lines
        assert line.sales_fen == 30

    def test_a_workbooks_formula_is_refused(self):
        assert only(as_xlsx([sale(sales="=1+1")])).code == "formula"

    def test_keeps_the_zeros_of_a_receipt_number(self):
        (line,) = reading(as_csv([sale(receipt='="00123"')])).lines
        assert line.receipt == "00123"

    def test_quantities_may_carry_a_unit(self):
        (line,) = reading(as_csv([sale(quantity="2.5斤")])).lines
        assert line.quantity == Decimal("2.500")

    def test_no_sale_lies_ahead(self):
        found = codes(as_csv(LINES), today=date(2026, 10, 10))
        assert found == ["date_ahead", "month_not_over"]

    def test_bad_lines_do_not_hide_each_other(self):
        found = reading(as_csv([sale(day="x", sales="y", cost="-1")]))
        assert [f.column for f in found.findings] == ["day", "sales", "cost"]


class TestLinesTogether:
    def test_the_same_receipt_line_twice_blocks(self):
        finding = only(as_csv([sale(), sale()]))
        assert (finding.code, finding.line, finding.values["first"]) == (
            "line_twice",
            3,
            2,
        )

    def test_without_receipt_number_it_is_only_flagged(self):
        found = reading(as_csv([sale(receipt=""), sale(receipt="")]))
        assert [f.code for f in found.findings] == ["line_alike", "no_receipts"]
        assert not found.blocked

    def test_another_sum_on_the_same_receipt_is_flagged(self):
        assert codes(as_csv([sale(), sale(sales="31")])) == ["receipt_product_twice"]

    def test_a_right_total_says_nothing(self):
        assert not codes(as_csv([*LINES, ("合计", "", "", "2110", "1609.80", "")]))

    def test_a_wrong_total_blocks(self):
        finding = only(as_csv([*LINES, ("合计", "", "", "2111", "1609.80", "")]))
        assert (finding.code, finding.column) == ("total_differs", "sales")

    def test_a_total_by_formula_is_left_to_us(self):
        data = as_xlsx([*LINES, ("合计", None, None, "=SUM(D2:D4)", "=SUM(E2:E4)")])
        assert not codes(data)

    def test_a_note_below_is_left_out_aloud(self):
        assert codes(as_csv([*LINES, ("制表人:吴示例", "", "", "", "", "")])) == [
            "line_ignored"
        ]

    def test_a_sale_without_sums_is_no_note(self):
        found = codes(as_csv([*LINES, sale(day="", sales="", cost="")]))
        assert found == ["date_missing", "sum_missing", "sum_missing"]

    def test_a_loss_is_flagged(self):
        assert codes(as_csv([sale(cost="40")])) == ["below_cost"]

    def test_goods_without_cost_are_flagged(self):
        assert codes(as_csv([sale(cost="0")])) == ["no_cost"]


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in parts.items():
            zipped.writestr(name.replace("__", "/") + ".xml", data)
    return out.getvalue()


def workbook_with(name: str, data: bytes) -> bytes:
    """A real workbook with a part added or replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(as_xlsx())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        new.writestr(name, data)
    return out.getvalue()


class TestDisguises:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "file_empty"),
            (b"  \r\n ", "file_empty"),
            (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00" * 30, "not_a_table"),
            (b"\x7fELF\x02\x01\x01\x00" * 30, "not_a_table"),
            (b"#!/bin/sh\nrm -rf /\n", "not_a_table"),
            (b"%PDF-1.7\n1 0 obj\n", "not_a_table"),
            (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not_a_table"),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not_a_table"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_workbook"),
            (b"<html><table><tr><td>1</td></tr></table>", "web_page"),
            (b"PK\x03\x04 and nothing else", "broken_workbook"),
            ("こんにちは".encode("shift-jis") + b"\xff\xff", "unknown_encoding"),
            (archive(run=b"x"), "not_a_table"),
        ],
    )
    def test_is_refused_by_its_content(self, data, code):
        assert codes(data) == [code]

    def test_refuses_programs_in_a_workbook(self):
        assert codes(workbook_with("xl/vbaProject.bin", b"\xd0\xcf")) == ["has_macros"]

    def test_refuses_a_file_inside_a_workbook(self):
        data = workbook_with("xl/embeddings/run.exe", b"MZ")
        assert codes(data) == ["unsafe_workbook"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_refuses_entities(self, encoding):
        part = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
        data = workbook_with("xl/sharedStrings.xml", part.encode(encoding))
        assert codes(data) == ["unsafe_workbook"]

    def test_refuses_a_zip_bomb_without_unpacking_it_whole(self, monkeypatch):
        monkeypatch.setattr(workbooks, "UNPACKED_LIMIT", 1_000_000)
        bomb = workbook_with("xl/worksheets/sheet2.xml", b" " * 30_000_000)
        assert len(bomb) < 100_000
        assert codes(bomb) == ["unpacks_too_large"]

    def test_refuses_what_is_too_large(self, monkeypatch):
        monkeypatch.setattr(sheets, "FILE_LIMIT", 100)
        assert codes(as_csv()) == ["file_too_large"]

    def test_counts_rows_as_they_come(self, monkeypatch):
        monkeypatch.setattr(sheets, "ROW_LIMIT", 50)
        assert codes(as_csv([sale()] * 60)) == ["too_many_lines"]

    def test_a_row_far_below_is_no_bomb(self, monkeypatch):
        monkeypatch.setattr(sheets, "ROW_LIMIT", 1_000)
        book = Workbook()
        book.active.append(list(HEAD))
        book.active.cell(row=1_048_576, column=1, value="x")
        out = io.BytesIO()
        book.save(out)
        assert codes(out.getvalue()) == ["too_many_lines"]

    def test_reads_the_sheet_that_has_the_headings(self):
        book = Workbook()
        book.active.append(["封面"])
        sheet = book.create_sheet("十月")
        for row in (HEAD, *LINES):
            sheet.append(list(row))
        out = io.BytesIO()
        book.save(out)
        assert reading(out.getvalue()).profit_fen == PROFIT_FEN

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=300))
    def test_any_bytes_end_in_findings_and_no_error(self, data):
        found = reading(data)
        assert found.findings
        assert found.blocked

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.lists(st.text(max_size=12), max_size=7), max_size=6))
    def test_any_cells_end_in_lines_or_findings(self, rows):
        found = reading(as_csv(rows, encoding="utf-8").replace(b"\x00", b""))
        assert found.lines or found.findings


def test_every_finding_says_what_to_do():
    for sort in SORTS.values():
        assert str(sort.wrong)
        assert str(sort.remedy)
