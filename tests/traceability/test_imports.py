"""Existing records from spreadsheets: line by line, all or nothing, once."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from openpyxl import Workbook, load_workbook

from partners.organisations.models import Division, Farmer
from shop.users.models import User
from tests import races
from tests.factories.traceability import NOW, new_certificate, new_plot
from tests.races import refused
from tests.traceability.test_lot_pages import logged_in, words_of
from tests.traceability.test_quotas import new_limit
from traceability import imports, operations
from traceability.imports.columns import template_heads
from traceability.models import Event, Lot, Plot, PlotYear, RecordImport
from traceability.operations import UnableToCertify, UnableToImport

pytestmark = pytest.mark.django_db
PLOT = ["永固村", "王婶", "后坡", "柑橘", "2"]
LOT = ["A1", "永固村", "王婶", "后坡", "冰糖橙", "2026-11-10", "600"]
EVENTS = [
    ["A1", "打药", "2026-10-01", "吡虫啉", "20", "", ""],
    ["A1", "采收", "2026-11-10", "", "", "600", "清晨"],
]


def book(
    plots: Sequence[Sequence[Any]] = (PLOT,),
    lots: Sequence[Sequence[Any]] = (LOT,),
    events: Sequence[Sequence[Any]] = EVENTS,
    heads: dict[str, list[str]] | None = None,
) -> ContentFile:
    """A workbook as people send it: the template's sheets with these lines."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for kind, lines in zip(imports.KINDS, (plots, lots, events), strict=True):
        sheet = made.create_sheet(kind.sheet)
        sheet.append((heads or {}).get(kind.name) or template_heads(kind))
        for line in lines:
            sheet.append(list(line))
    out = io.BytesIO()
    made.save(out)
    return ContentFile(out.getvalue(), "账本.xlsx")


def table(*lines: Sequence[str]) -> ContentFile:
    """A CSV of plots."""
    out = io.StringIO()
    csv.writer(out).writerows([template_heads(imports.KINDS[0]), *lines])
    return ContentFile(out.getvalue().encode(), "地块.csv")


def check(file: Any, by: User) -> RecordImport:
    return operations.check_import(file=file, by=by, at=NOW)


def take(file: Any, by: User) -> RecordImport:
    checked = check(file, by)
    operations.carry_out_import(checked=checked, by=by, at=NOW)
    return checked


def wrong(file: Any, by: User) -> list[tuple[str, int | None, str]]:
    """What is found wrong, each as sheet, line and sentence; nothing is kept."""
    with pytest.raises(UnableToImport) as refusal:
        check(file, by)
    assert not RecordImport.objects.exists()
    assert not Lot.objects.exists()
    return [(one.sheet, one.line, one.words) for one in refusal.value.findings]


class TestImport:
    def test_takes_over_plots_lots_and_events(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        checked = check(book(), zhao)
        assert (checked.plots, checked.lots, checked.events) == (1, 1, 2)
        assert not Plot.objects.exists()
        operations.carry_out_import(checked=checked, by=zhao, at=NOW)
        lot = Lot.objects.get()
        assert (lot.farmer, lot.weight_g) == (farmer_wang, 300_000)
        assert lot.plot is not None
        assert lot.plot.area_mu == Decimal(2)
        assert [event.kind for event in lot.events.all()] == ["spray", "harvest"]
        assert PlotYear.objects.get().harvested_g == 300_000

    def test_reads_kilograms_by_the_heading(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        heads = template_heads(imports.KINDS[1])
        heads[-1] = "重量（公斤）"
        take(book(events=[], heads={"lots": heads}), zhao)
        assert Lot.objects.get().weight_g == 600_000

    def test_reads_a_csv_of_plots(self, farmer_wang: Farmer, zhao: User) -> None:
        take(table(PLOT), zhao)
        assert Plot.objects.get().name == "后坡"

    def test_the_template_can_be_filled_in(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        made = load_workbook(io.BytesIO(imports.workbook()))
        for sheet, line in (("地块", PLOT), ("批次", LOT)):
            made[sheet].append(line)
        out = io.BytesIO()
        made.save(out)
        take(ContentFile(out.getvalue(), "x.xlsx"), zhao)
        assert Lot.objects.count() == 1

    def test_history_may_be_old_and_is_certified_no_more(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        old = [*LOT[:5], "2001-11-10", LOT[6]]
        take(
            book(lots=[old], events=[["A1", "采收", "2001-11-10", "", "", "", ""]]),
            zhao,
        )
        lot = Lot.objects.get()
        assert lot.harvest_date == date(2001, 11, 10)
        with pytest.raises(UnableToCertify):
            new_certificate(lot=lot, by=zhao, quantity_g=1_000)

    def test_the_same_file_is_taken_once(self, farmer_wang: Farmer, zhao: User) -> None:
        first, second = check(book(), zhao), None
        data = first.file.read()
        second = check(ContentFile(data, "again.xlsx"), zhao)
        operations.carry_out_import(checked=first, by=zhao, at=NOW)
        for checked in (first, second):
            with pytest.raises(UnableToImport):
                operations.carry_out_import(checked=checked, by=zhao, at=NOW)
        with pytest.raises(UnableToImport):
            check(ContentFile(data, "x.xlsx"), zhao)
        assert Lot.objects.count() == 1

    def test_the_same_lots_in_another_file_are_found(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        take(book(), zhao)
        with pytest.raises(UnableToImport) as refusal:
            check(book(events=[]), zhao)
        assert "L2026-000001" in refusal.value.findings[0].words

    def test_what_moved_on_after_the_check_leaves_nothing_half_written(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        checked = check(book(lots=[LOT, ["A2", *LOT[1:6], "500"]]), zhao)
        new_limit(zhao, g_per_mu=200_000)
        with pytest.raises(UnableToImport) as refusal:
            operations.carry_out_import(checked=checked, by=zhao, at=NOW)
        assert [one.line for one in refusal.value.findings] == [3]
        assert not Plot.objects.exists()
        assert not Lot.objects.exists()
        checked.refresh_from_db()
        assert checked.imported_at is None


class TestFindings:
    def test_all_are_told_at_once(self, farmer_wang: Farmer, zhao: User) -> None:
        """A cell that cannot be read hides nothing else, and is told once."""
        plots = [[*PLOT[:4], "三"], ["月亮村", "王婶", "前坡", "柑橘", "1"]]
        lots = [LOT, ["A2", *LOT[1:3], "河边", *LOT[4:]]]
        events = [["A1", "飞翔", "2026-10-01"], ["A9", "打药", "昨天"]]
        found = wrong(book(plots=plots, lots=lots, events=events), zhao)
        assert [(sheet, line) for sheet, line, _words in found] == [
            ("地块", 2),  # three, in a sign
            ("地块", 3),  # no such village
            ("批次", 3),  # no such plot
            ("农事", 2),  # no such event
            ("农事", 3),  # yesterday
        ]

    def test_stand_at_their_line_and_column(
        self, farmer_wang: Farmer, zhao: User, village_luxi: Division
    ) -> None:
        found = wrong(
            book(
                plots=[
                    PLOT,
                    ["鹿溪村", *PLOT[1:]],
                    ["天上村", *PLOT[1:]],
                    ["永固村", "没有这人", *PLOT[2:]],
                ],
                lots=[LOT, LOT, [*LOT[:3], "别人的地", *LOT[4:]]],
                events=[["B9", "采收", "2026-11-10"], ["A1", "跳舞", "2026-11-10"]],
            ),
            zhao,
        )
        places = [(sheet, line) for sheet, line, _words in found]
        assert places == [
            ("地块", 3),
            ("地块", 4),
            ("地块", 5),
            ("批次", 3),
            ("批次", 4),
            ("农事", 2),
            ("农事", 3),
        ]
        said = " ".join(words for _sheet, _line, words in found)
        assert "鹿溪村" in said
        assert "天上村" in said

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            (6, "-5"),
            (6, "0"),
            (6, "1" * 30),
            (6, "很多"),
            (6, "0.0001"),
            (6, "=1+1"),
            (6, ""),
            (5, "前天"),
            (5, "2199-01-01"),
            (5, "0206-11-10"),
            (5, ""),
            (4, "橙" * 61),
            (0, ""),
        ],
    )
    def test_refuse_what_cannot_be(
        self, farmer_wang: Farmer, zhao: User, column: int, value: str
    ) -> None:
        line: list[Any] = list(LOT)
        line[column] = value
        found = wrong(book(lots=[line], events=[]), zhao)
        assert [place[:2] for place in found] == [("批次", 2)]

    def test_a_harvest_inside_a_spray_s_interval(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        late = ["A1", "打药", "2026-11-01", "吡虫啉", "20", "", ""]
        found = wrong(book(events=[late]), zhao)
        assert [place[:2] for place in found] == [("批次", 2)]
        found = wrong(book(events=[[*late[:4], "", "", ""]]), zhao)
        assert [place[:2] for place in found] == [("农事", 2)]

    def test_more_than_the_land_allows(self, farmer_wang: Farmer, zhao: User) -> None:
        new_limit(zhao)
        found = wrong(book(events=[]), zhao)
        assert "400" in found[0][2]

    def test_a_plot_that_is_registered_otherwise(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        new_plot(farmer=farmer_wang, by=zhao, name="后坡", area_mu=Decimal(5))
        assert [place[1] for place in wrong(table(PLOT), zhao)] == [2]

    def test_columns_that_are_missing_and_units_we_do_not_know(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        heads = template_heads(imports.KINDS[1])
        short = wrong(book(heads={"lots": heads[:-1]}), zhao)
        assert "重量(斤)" in short[0][2]
        heads[-1] = "重量(磅)"
        assert "磅" in wrong(book(heads={"lots": heads}), zhao)[0][2]

    def test_too_many_lines(self, farmer_wang: Farmer, zhao: User) -> None:
        lines = [PLOT] * (imports.MOST_LINES + 1)
        reading = imports.read(table(*lines).read(), today=NOW.date())
        assert len(reading.lines) == imports.MOST_LINES
        assert len(reading.findings) == 1

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"MZ\x90\x00\x03\x00\x00\x00",
            b"%PDF-1.7\n",
            b"<html><table><tr><td>1</td></tr></table>",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"PK\x03\x04broken",
            "随便,写写\n1,2\n".encode(),
            b"x" * (5 * 1024 * 1024 + 1),
        ],
    )
    def test_a_file_that_is_no_table(self, zhao: User, data: bytes) -> None:
        assert wrong(ContentFile(data, "x.xlsx"), zhao)

    def test_a_workbook_that_carries_a_program(self, zhao: User) -> None:
        data = io.BytesIO(book().read())
        with zipfile.ZipFile(data, "a") as archive:
            archive.writestr("xl/vbaProject.bin", b"program")
        found = wrong(ContentFile(data.getvalue(), "x.xlsm"), zhao)
        assert "macros" in found[0][2] or "宏" in found[0][2]


@pytest.mark.django_db(transaction=True)
class TestTwiceAtOnce:
    def test_takes_it_over_once(self, farmer_wang: Farmer, zhao: User) -> None:
        checked = check(book(), zhao)

        def act() -> None:
            operations.carry_out_import(
                checked=RecordImport.objects.get(pk=checked.pk), by=zhao, at=NOW
            )

        results = races.at_once(*[act] * 4)
        assert refused(results, UnableToImport) == 3
        assert Lot.objects.count() == 1
        assert Event.objects.count() == 2


class TestPages:
    def test_shows_what_was_read_before_the_yes(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        plots = [["永固村", "王婶", f"地{n}", "柑橘", "2"] for n in range(12)]
        checked = check(book(plots=[*plots, PLOT]), zhao)
        page = logged_in(zhao).get(f"/records/import/{checked.pk}/")
        told = " ".join(words_of(page).split())
        assert "and 3 more lines" in told
        assert "地9" in told
        assert "地10" not in told
        assert "2026-10-01 吡虫啉 20" in told
        assert "清晨" in told
        operations.carry_out_import(checked=checked, by=zhao, at=NOW)
        assert "清晨" not in words_of(logged_in(zhao).get(page.wsgi_request.path))

    def test_from_the_file_to_the_lots(self, farmer_wang: Farmer, zhao: User) -> None:
        browser = logged_in(zhao)
        answer = browser.post("/records/import/", {"file": book()})
        where = answer["Location"]
        assert "账本.xlsx" in words_of(browser.get(where))
        assert not Lot.objects.exists()
        assert browser.post(where)["Location"] == "/assistant/lots/"
        assert Lot.objects.count() == 1
        again = browser.post(where)
        assert again.status_code == 422
        assert "imported already" in words_of(again)

    def test_findings_are_told_with_their_line(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        answer = logged_in(zhao).post(
            "/records/import/", {"file": table([*PLOT[:4], "-2"])}
        )
        assert answer.status_code == 422
        told = words_of(answer)
        assert "Line 2" in told
        assert "面积(亩)" in told

    def test_nobody_confirms_another_s_file(
        self, farmer_wang: Farmer, zhao: User, operator: User
    ) -> None:
        checked = check(book(), zhao)
        answer = logged_in(operator).post(f"/records/import/{checked.pk}/")
        assert answer.status_code == 404

    @pytest.mark.parametrize("kind", ["xlsx", "plots", "lots", "events"])
    def test_gives_the_templates(self, zhao: User, kind: str) -> None:
        answer = logged_in(zhao).get(f"/records/import/template/{kind}")
        assert answer.status_code == 200
        assert answer.content
