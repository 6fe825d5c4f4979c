"""The pages that print labels: for an assistant in a field, and for the county."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shop.users.models import User
from tests.factories.traceability import NOW, english_client, new_batch
from tests.traceability.test_lot_pages import logged_in, words_of
from tests.traceability.test_prints import printed
from tests.traceability.test_sheets import decoded
from traceability import operations
from traceability.models import Certificate, LabelBatch, LabelPrint, PrintJob
from traceability.operations import prints
from traceability.printing import label_address

pytestmark = pytest.mark.django_db

# What the page sends where nothing was touched but the paper.
ALL_OF_TEN = {
    "paper": "50x30",
    "first": "1",
    "last": "10",
    "first_place": "1",
    "right": "0",
    "down": "0",
}


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.PRIVATE_ROOT = tmp_path / "private"


@pytest.fixture
def assistant(zhao: User) -> Client:
    return logged_in(zhao)


@pytest.fixture
def page(batch: LabelBatch) -> str:
    return reverse("traceability:labels_print", args=[batch.lot.number, batch.number])


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def part_of(made: LabelPrint, ordinal: int = 1) -> str:
    number = made.batch.lot.number
    return f"/assistant/lots/{number}/prints/{made.pk}/{ordinal}.{made.suffix}"


class TestPrinting:
    def test_from_the_lot_to_a_file_that_decodes(
        self, assistant: Client, batch: LabelBatch, page: str
    ) -> None:
        home = f"/assistant/lots/{batch.lot.number}/"
        assert page in assistant.get(home).content.decode()
        form = assistant.get(page)
        assert "Why again" not in words_of(form)
        answer = assistant.post(page, ALL_OF_TEN)
        made = LabelPrint.objects.get()
        assert answer["Location"] == f"{home}prints/{made.pk}/"
        shown = assistant.get(answer["Location"])
        assert "10 labels are ready" in words_of(shown)
        assert part_of(made) in shown.content.decode()
        sheet = assistant.get(part_of(made))
        assert sheet["Content-Type"] == "application/pdf"
        assert sheet["Cache-Control"] == "private, no-store"
        found = decoded(body_of(sheet), dpi=203.2)
        assert found == [label_address(code) for code in batch.codes()]
        assert "Printed once" in words_of(assistant.get(home))

    def test_the_last_paper_and_its_shift_are_remembered(
        self, assistant: Client, page: str
    ) -> None:
        some = ALL_OF_TEN | {"last": "4", "paper": "a4-3x8", "right": "-1.5"}
        assistant.post(page, some)
        form = assistant.get(page).content.decode()
        assert re.search(r'value="a4-3x8" selected', form)
        assert re.search(r'name="right" value="-1.5"', form)
        assert re.search(r'name="first" value="5"', form)

    def test_again_asks_for_a_reason_at_its_field(
        self, assistant: Client, page: str
    ) -> None:
        assistant.post(page, ALL_OF_TEN)
        answer = assistant.post(page, ALL_OF_TEN)
        assert answer.status_code == 422
        assert "Say why again." in words_of(answer)
        again = assistant.post(page, ALL_OF_TEN | {"reason": "Jammed"})
        assert again.status_code == 302
        assert "Jammed" in words_of(assistant.get(page))

    def test_a_label_may_be_named_by_its_code(
        self, assistant: Client, batch: LabelBatch, page: str
    ) -> None:
        codes = batch.codes()
        some = {"first": label_address(codes[2]), "last": codes[4].lower()}
        assistant.post(page, ALL_OF_TEN | some)
        made = LabelPrint.objects.get()
        assert (made.first_place_in_batch, made.last_place_in_batch) == (3, 5)

    @pytest.mark.parametrize(
        "nonsense",
        [
            {"paper": "a0"},
            {"paper": ""},
            {"first": ""},
            {"first": "0"},
            {"last": "11"},
            {"first": "7", "last": "6"},
            {"first": "first"},
            {"last": "9" * 30},
            {"first": "０１"},
            {"first_place": "0"},
            {"first_place": "41", "paper": "a4-4x10"},
            {"first_place": "two"},
            {"right": "5.1"},
            {"down": "-99"},
            {"down": "NaN"},
            {"right": "1e400"},
        ],
    )
    def test_nonsense_is_told_at_its_field_and_prints_nothing(
        self, assistant: Client, page: str, nonsense: dict[str, str]
    ) -> None:
        answer = assistant.post(page, ALL_OF_TEN | nonsense)
        assert answer.status_code == 422
        assert 'class="field-error"' in answer.content.decode()
        assert not LabelPrint.objects.exists()

    def test_labels_of_another_batch_are_refused(
        self, assistant: Client, certificate: Certificate, zhao: User, page: str
    ) -> None:
        other = new_batch(certificate=certificate, by=zhao)
        answer = assistant.post(page, ALL_OF_TEN | {"first": other.codes()[0]})
        assert "This is no label of this batch" in words_of(answer)

    def test_a_recalled_lot_offers_nothing(
        self, assistant: Client, batch: LabelBatch, zhao: User, page: str
    ) -> None:
        made = printed(batch, zhao)
        operations.recall_lot(lot=batch.lot, reason="农残超标", by=zhao, at=NOW)
        assert "print no labels for it" in words_of(assistant.get(page))
        assert "<form id=" not in assistant.get(page).content.decode()
        answer = assistant.get(part_of(made))
        assert answer.status_code == 302
        shown = assistant.get(answer["Location"])
        assert "print no labels for it" in words_of(shown)
        assert part_of(made) not in shown.content.decode()


class TestProgress:
    def test_a_long_print_shows_how_far_it_is_without_scripts(
        self, assistant: Client, batch: LabelBatch, zhao: User, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(prints, "FEW", 0)
        made = printed(batch, zhao)
        address = f"/assistant/lots/{batch.lot.number}/prints/{made.pk}/"
        waiting = assistant.get(address)
        assert "Waiting to begin" in words_of(waiting)
        assert 'http-equiv="refresh"' in waiting.content.decode()
        PrintJob.objects.update(written=4)
        assert "4 of 10 labels are ready" in words_of(assistant.get(address))
        operations.write_print(print_id=made.pk)
        done = assistant.get(address)
        assert 'http-equiv="refresh"' not in done.content.decode()

    def test_many_files_are_offered_one_by_one_and_packed(
        self, assistant: Client, batch: LabelBatch, zhao: User, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(prints, "LABELS_A_FILE", 4)
        made = printed(batch, zhao)
        address = f"/assistant/lots/{batch.lot.number}/prints/{made.pk}/"
        shown = assistant.get(address).content.decode()
        assert all(part_of(made, ordinal) in shown for ordinal in (1, 2, 3))
        packed = assistant.get(f"{address}all.zip")
        assert packed["Cache-Control"] == "private, no-store"
        archive = zipfile.ZipFile(io.BytesIO(body_of(packed)))
        assert archive.testzip() is None
        found = []
        for name in sorted(archive.namelist()):
            found += decoded(archive.read(name), dpi=203.2)
        assert found == [label_address(code) for code in batch.codes()]
        assert assistant.get(f"{address}all.csv").status_code == 404
        assert assistant.get(part_of(made, 4)).status_code == 404

    def test_a_table_goes_out_in_one_piece(
        self, assistant: Client, batch: LabelBatch, zhao: User, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(prints, "ROWS_A_FILE", 4)
        made = printed(batch, zhao, paper=LabelPrint.TABLE)
        address = f"/assistant/lots/{batch.lot.number}/prints/{made.pk}/"
        answer = assistant.get(f"{address}all.csv")
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Content-Disposition"].startswith("attachment")
        lines = body_of(answer).decode("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in lines[1:]] == batch.codes()
        assert lines[0].count(",") == 5
        assert "\ufeff" not in "".join(lines)

    def test_files_that_are_gone_say_so(
        self, assistant: Client, batch: LabelBatch, zhao: User
    ) -> None:
        made = printed(batch, zhao)
        operations.forget_prints(now=NOW + PrintJob.KEPT)
        answer = assistant.get(part_of(made))
        assert answer.status_code == 302
        shown = words_of(assistant.get(answer["Location"]))
        assert "The files are gone" in shown
        assert "kept for a week only" in shown


class TestWhoMay:
    def test_files_are_for_whoever_keeps_the_lot(
        self, batch: LabelBatch, zhao: User, auditor: User, stranger: User
    ) -> None:
        made = printed(batch, zhao)
        for user in (auditor, stranger):
            client = logged_in(user)
            for address in (part_of(made), part_of(made).rpartition("/")[0] + "/"):
                assert client.get(address).status_code == 403

    def test_a_print_is_found_under_its_own_lot_only(
        self, batch: LabelBatch, zhao: User, farmer_wang: Any
    ) -> None:
        from tests.factories.traceability import new_lot

        made = printed(batch, zhao)
        other = new_lot(farmer=farmer_wang, by=zhao)
        address = part_of(made).replace(batch.lot.number, other.number)
        assert logged_in(zhao).get(address).status_code == 404


class TestAudit:
    def test_the_county_sees_who_printed_again_and_why(
        self, batch: LabelBatch, zhao: User, operator: User, auditor: User
    ) -> None:
        printed(batch, zhao)
        printed(batch, zhao, first=3, last=4, reason="打印机卡纸")
        printed(batch, zhao, paper=LabelPrint.TABLE, reason="外部印刷")
        for user in (operator, auditor):
            client = logged_in(user)
            again = words_of(client.get("/backoffice/label-prints/"))
            assert "打印机卡纸" in again
            assert "Labels 3 to 4" in again
            assert "50×30 mm" in again
            everything = client.get("/backoffice/label-prints/?part=all")
            assert everything.content.decode().count('class="list-item"') == 3
            table = words_of(client.get("/backoffice/label-prints/?part=table"))
            assert "外部印刷" in table
            assert "打印机卡纸" not in table

    def test_nobody_else_sees_it(self, zhao: User, stranger: User) -> None:
        for user in (zhao, stranger):
            assert logged_in(user).get("/backoffice/label-prints/").status_code == 403
        assert english_client().get("/backoffice/label-prints/").status_code == 302
