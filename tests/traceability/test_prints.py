"""Printing: written down first, made part by part, and never twice without a reason."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from partners.files import private_storage
from partners.guards import put_up, take_down
from shop.users.models import User
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from tests.guards import guards_lifted
from tests.traceability.test_sheets import decoded
from traceability import codes, operations, queries
from traceability.guards import PRINT_AGAIN_SAYS_WHY
from traceability.models import (
    Certificate,
    LabelBatch,
    LabelPrint,
    PrintJob,
    PrintPart,
    StatusEvent,
)
from traceability.operations import UnableToPrint, prints
from traceability.printing import label_address

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.PRIVATE_ROOT = tmp_path / "private"


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten labels are many, and a file holds four of them."""
    monkeypatch.setattr(prints, "FEW", 0)
    monkeypatch.setattr(prints, "LABELS_A_FILE", 4)
    monkeypatch.setattr(prints, "ROWS_A_FILE", 4)


def printed(batch: LabelBatch, by: User, **changes: Any) -> LabelPrint:
    """The whole batch on 50×30 mm; `first` and `last` as people count, from 1 on."""
    first, last = changes.pop("first", 1), changes.pop("last", batch.count)
    facts: dict[str, Any] = {
        "batch": batch,
        "paper": "50x30",
        "first": batch.first_number + first - 1,
        "last": batch.first_number + last - 1,
        "by": by,
        "at": NOW,
    }
    return operations.print_labels(**facts | changes)


def files_of(made: LabelPrint) -> list[bytes]:
    storage = private_storage()
    return [storage.open(part.name).read() for part in made.job.parts.all()]


def codes_in(files: list[bytes]) -> list[str]:
    return [text for data in files for text in decoded(data, dpi=203.2)]


def looks_at_events(rows: "QuerySet[Any, Any]") -> int:
    """How often PostgreSQL went through the status events, on new tables."""
    plan = json.loads(rows.explain(format="json", analyze=True))
    waiting, looks = [plan[0]["Plan"]], 0
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node.get("Relation Name") == StatusEvent._meta.db_table:
            looks += node["Actual Loops"]
    return looks


def addresses(batch: LabelBatch, first: int = 1, last: int | None = None) -> list[str]:
    return [label_address(code) for code in batch.codes()[first - 1 : last]]


class TestPrintableNumbers:
    """Told in time that does not grow with all that ever happened."""

    def used(self, batch: LabelBatch, by: User) -> None:
        """The 2nd is on a package, the 3rd is spoilt."""
        second, third = batch.labels.all()[1:3]
        operations.pack_label(code=second.code, by=by, at=NOW)
        operations.void_label(label=third, reason="撕坏了", by=by, at=NOW)

    @pytest.mark.parametrize("most", [1, 2, 4, 7, 8, 9, 50])
    def test_leave_out_what_is_used_and_come_in_order(
        self, batch: LabelBatch, zhao: User, most: int
    ) -> None:
        self.used(batch, zhao)
        first, last = batch.first_number, batch.last_number
        free = [first, *range(first + 3, last + 1)]
        assert list(queries.printable_numbers(batch, first=first, last=last)) == free
        told = queries.next_printable_numbers(batch, first=first, last=last, most=most)
        assert told == free[:most]
        assert (
            queries.next_printable_numbers(
                batch, first=first + 1, last=first + 2, most=most
            )
            == []
        )

    @pytest.mark.only_on("postgresql", reason="only its planner trusts statistics")
    def test_look_once_at_what_happened_though_one_label_is_expected(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        self.used(batch, zhao)
        with connection.cursor() as cursor:
            # How PostgreSQL joins where it expects one row.
            for way in ("hashjoin", "mergejoin", "material"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        numbers = queries.printable_numbers(
            batch, first=batch.first_number, last=batch.last_number
        )
        assert looks_at_events(numbers) == 1
        # The negative control: asked of each label by itself, it looks as often.
        voided = StatusEvent.objects.filter(label=OuterRef("pk"), status="voided")
        assert looks_at_events(batch.labels.exclude(Exists(voided))) == batch.count


class TestPrintLabels:
    def test_few_are_there_at_once(self, batch: LabelBatch, zhao: User) -> None:
        made = printed(batch, zhao)
        assert made.job.state == "done"
        assert codes_in(files_of(made)) == addresses(batch)
        assert (made.label_count, made.reason, made.printed_by) == (10, "", zhao)
        (part,) = made.job.parts.all()
        (data,) = files_of(made)
        assert (part.size, part.sha256) == (len(data), hashlib.sha256(data).hexdigest())

    @pytest.mark.usefixtures("small_parts")
    def test_many_are_left_to_a_worker(
        self,
        batch: LabelBatch,
        zhao: User,
        django_capture_on_commit_callbacks: Callable[..., Any],
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            made = printed(batch, zhao)
            assert not made.job.parts.exists()
        made.refresh_from_db()
        assert PrintJob.objects.get().state == "done"
        assert [part.label_count for part in made.job.parts.all()] == [4, 4, 2]
        assert codes_in(files_of(made)) == addresses(batch)

    @pytest.mark.usefixtures("small_parts")
    def test_parts_end_with_whole_pages(
        self, certificate: Certificate, zhao: User
    ) -> None:
        batch = new_batch(certificate=certificate, by=zhao, count=60)
        made = printed(batch, zhao, paper="l7160", first_place=20)
        assert operations.write_print(print_id=made.pk)
        counts = [part.label_count for part in made.job.parts.all()]
        assert counts == [2, 21, 21, 16]
        pages = [len(pypdfium2.PdfDocument(data)) for data in files_of(made)]
        assert pages == [1, 1, 1, 1]

    def test_leaves_out_what_is_on_packages_or_out_of_use(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        one, two = batch.codes()[2:4]
        operations.pack_label(code=one, by=zhao, at=NOW)
        label = batch.labels.get(pk=codes.number_of(two))
        operations.void_label(label=label, reason="撕坏了", by=zhao, at=NOW)
        made = printed(batch, zhao)
        assert made.label_count == made.job.written == 8
        found = codes_in(files_of(made))
        assert label_address(one) not in found
        assert label_address(two) not in found

    @pytest.mark.usefixtures("small_parts")
    def test_leaves_out_what_was_packed_while_it_was_made(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        made = printed(batch, zhao)
        operations.pack_label(code=batch.codes()[6], by=zhao, at=NOW)
        operations.write_print(print_id=made.pk)
        found = codes_in(files_of(made))
        assert found == addresses(batch, 1, 6) + addresses(batch, 8)
        assert PrintJob.objects.get().written == 9

    def test_is_refused_where_everything_is_used(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        for code in batch.codes()[:2]:
            operations.pack_label(code=code, by=zhao, at=NOW)
        with pytest.raises(UnableToPrint, match="已贴在包装上"):
            printed(batch, zhao, last=2)
        assert not LabelPrint.objects.exists()

    @pytest.mark.parametrize("what", ["recall", "revoke", "supersede", "expire"])
    def test_is_refused_for_what_no_longer_stands(
        self, certificate: Certificate, zhao: User, what: str
    ) -> None:
        batch = new_batch(
            certificate=certificate, by=zhao, expires_on=date(2026, 11, 25)
        )
        facts: dict[str, Any] = {"reason": "示例", "by": zhao, "at": NOW}
        at = NOW
        match what:
            case "recall":
                operations.recall_lot(lot=batch.lot, **facts)
            case "revoke":
                operations.revoke_certificate(certificate=certificate, **facts)
            case "supersede":
                operations.supersede_certificate(certificate=certificate, **facts)
            case "expire":
                at = NOW + 7 * DAY
        batch.refresh_from_db()
        with pytest.raises(UnableToPrint):
            printed(batch, zhao, at=at)
        assert not LabelPrint.objects.exists()

    @pytest.mark.usefixtures("small_parts")
    def test_stops_where_the_lot_is_recalled_meanwhile(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        made = printed(batch, zhao)
        operations.recall_lot(lot=batch.lot, reason="农残超标", by=zhao, at=NOW)
        assert not operations.write_print(print_id=made.pk)
        job = PrintJob.objects.get()
        assert (job.state, job.written) == ("stopped", 0)
        assert operations.waiting_prints(now=NOW + DAY) == []

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"paper": "a0"}, "paper"),
            ({"paper": ""}, "paper"),
            ({"first": 0}, "first"),
            ({"last": 11}, "last"),
            ({"first": 5, "last": 4}, "last"),
            ({"first": -(10**15)}, "first"),
            ({"paper": "a4-4x9", "first_place": 0}, "first_place"),
            ({"paper": "a4-4x9", "first_place": 37}, "first_place"),
            ({"first_place": 2}, "first_place"),
            ({"shift_um": (5_001, 0)}, "right"),
            ({"shift_um": (0, -5_001)}, "down"),
        ],
    )
    def test_refuses_nonsense_at_its_field(
        self, batch: LabelBatch, zhao: User, changes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(UnableToPrint) as refusal:
            printed(batch, zhao, **changes)
        assert refusal.value.field == field
        assert not LabelPrint.objects.exists()

    def test_takes_the_ends_of_what_is_allowed(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        made = printed(
            batch, zhao, paper="a4-4x9", first_place=36, shift_um=(5_000, -5_000)
        )
        assert codes_in(files_of(made)) == addresses(batch)

    def test_what_could_not_be_kept_is_tried_again_by_beat(
        self, batch: LabelBatch, zhao: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_args: Any, **_options: Any) -> str:
            raise OSError("no space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("partners.files.PrivateFiles.save", full)
            made = printed(batch, zhao)
        assert PrintJob.objects.get().is_open
        later = datetime.now(tz=NOW.tzinfo) + 2 * prints.LEASE
        assert operations.waiting_prints(now=later) == [made.pk]
        assert operations.write_print(print_id=made.pk, clock=lambda: later)
        assert codes_in(files_of(made)) == addresses(batch)


class TestPrintAgain:
    def test_needs_a_reason_and_keeps_it(self, batch: LabelBatch, zhao: User) -> None:
        printed(batch, zhao, last=5)
        for first, last in ((1, 10), (5, 5), (4, 6)):
            with pytest.raises(UnableToPrint) as refusal:
                printed(batch, zhao, first=first, last=last, reason="  ")
            assert refusal.value.field == "reason"
        again = printed(batch, zhao, first=4, last=6, reason=" 卡纸 ")
        assert again.reason == "卡纸"
        assert list(LabelPrint.objects.again()) == [again]

    def test_what_was_not_printed_needs_none(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        printed(batch, zhao, last=5)
        assert printed(batch, zhao, first=6).reason == ""

    def test_the_database_refuses_it_too(self, batch: LabelBatch, zhao: User) -> None:
        facts = row_of(printed(batch, zhao, last=5))
        with pytest.raises(IntegrityError), transaction.atomic():
            LabelPrint.objects.create(**facts)
        LabelPrint.objects.create(**facts | {"reason": "卡纸"})
        beside = facts | {"first_number": facts["last_number"] + 1}
        LabelPrint.objects.create(**beside | {"last_number": batch.last_number})

    def test_without_that_guard_it_would_go_through(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        facts = row_of(printed(batch, zhao))
        with connection.cursor() as cursor:
            for statement in take_down(PRINT_AGAIN_SAYS_WHY, connection.vendor):
                cursor.execute(statement)
            LabelPrint.objects.create(**facts)
            for statement in put_up(PRINT_AGAIN_SAYS_WHY, connection.vendor):
                cursor.execute(statement)

    def test_a_print_is_of_its_own_batch(
        self, batch: LabelBatch, certificate: Certificate, zhao: User
    ) -> None:
        other = new_batch(certificate=certificate, by=zhao)
        facts = row_of(printed(batch, zhao, last=5))
        for changes in (
            {"batch": other},
            {"first_number": batch.last_number, "last_number": other.first_number},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                LabelPrint.objects.create(**facts | changes)
            with guards_lifted(connection), transaction.atomic():
                LabelPrint.objects.create(**facts | changes)
                transaction.set_rollback(True)

    def test_history_is_append_only(self, batch: LabelBatch, zhao: User) -> None:
        made = printed(batch, zhao)
        with connection.cursor() as cursor:
            for statement in (
                "UPDATE traceability_labelprint SET reason = ''",
                "DELETE FROM traceability_labelprint",
                "UPDATE traceability_printpart SET size = size",
                "DELETE FROM traceability_printpart",
            ):
                with pytest.raises(IntegrityError), transaction.atomic():
                    cursor.execute(statement)
        assert LabelPrint.objects.get() == made
        assert PrintPart.objects.exists()


def row_of(made: LabelPrint) -> dict[str, Any]:
    """Another row like it, without the operation."""
    return {
        "batch": made.batch,
        "paper": made.paper,
        "first_number": made.first_number,
        "last_number": made.last_number,
        "label_count": made.label_count,
        "printed_by": made.printed_by,
        "printed_at": NOW,
    }


@pytest.mark.usefixtures("small_parts")
class TestWritePrint:
    def test_goes_on_where_a_dead_worker_ended(
        self, batch: LabelBatch, zhao: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = printed(batch, zhao)
        real, times = prints._made, iter(range(10))

        def dying(*args: Any, **options: Any) -> bytes:
            if next(times) == 1:
                raise MemoryError
            return real(*args, **options)

        monkeypatch.setattr(prints, "_made", dying)
        with pytest.raises(MemoryError):
            operations.write_print(print_id=made.pk, clock=lambda: NOW)
        job = PrintJob.objects.get()
        assert (job.state, job.written) == ("running", 4)
        # Until the lease ends nobody else begins.
        assert not operations.write_print(print_id=made.pk, clock=lambda: NOW)
        later = NOW + prints.LEASE
        assert operations.waiting_prints(now=later) == [made.pk]
        assert operations.write_print(print_id=made.pk, clock=lambda: later)
        assert codes_in(files_of(made)) == addresses(batch)

    def test_whoever_lost_the_lease_adds_nothing(
        self, batch: LabelBatch, zhao: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = printed(batch, zhao)
        real, slow = prints._made, [True]

        def overtaken(*args: Any, **options: Any) -> bytes:
            data = real(*args, **options)
            if slow.pop() if slow else False:
                # While this one sleeps over, another takes the whole print.
                operations.write_print(
                    print_id=made.pk, clock=lambda: NOW + prints.LEASE
                )
            return data

        monkeypatch.setattr(prints, "_made", overtaken)
        operations.write_print(print_id=made.pk, clock=lambda: NOW)
        assert codes_in(files_of(made)) == addresses(batch)
        assert [part.ordinal for part in made.job.parts.all()] == [1, 2, 3]

    def test_again_changes_nothing(self, batch: LabelBatch, zhao: User) -> None:
        made = printed(batch, zhao)
        operations.write_print(print_id=made.pk)
        before = list(PrintPart.objects.values())
        operations.write_print(print_id=made.pk)
        assert list(PrintPart.objects.values()) == before


class TestForgetPrints:
    def test_removes_the_files_after_a_week_and_keeps_the_audit(
        self, batch: LabelBatch, zhao: User, settings: Any
    ) -> None:
        made = printed(batch, zhao)
        assert operations.forget_prints(now=NOW + 6 * DAY) == 0
        assert files_of(made)
        assert operations.forget_prints(now=NOW + 7 * DAY) == 1
        assert [p for p in Path(settings.PRIVATE_ROOT).rglob("*") if p.is_file()] == []
        assert PrintJob.objects.get().state == "forgotten"
        assert LabelPrint.objects.get() == made
        assert operations.forget_prints(now=NOW + 8 * DAY) == 0

    def test_removes_what_a_killed_worker_left_unnamed(
        self, batch: LabelBatch, zhao: User, settings: Any
    ) -> None:
        made = printed(batch, zhao)
        folder = Path(settings.PRIVATE_ROOT) / "label-prints" / str(made.pk)
        (folder / "0009-orphan.pdf").write_bytes(b"%PDF")
        operations.forget_prints(now=NOW + 7 * DAY)
        assert not folder.exists()

    @pytest.mark.usefixtures("small_parts")
    def test_an_unfinished_print_is_not_forgotten(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        printed(batch, zhao)
        assert operations.forget_prints(now=NOW + 30 * DAY) == 0


class TestTable:
    def test_says_all_that_a_printing_shop_needs(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        made = printed(batch, zhao, paper=LabelPrint.TABLE)
        (data,) = files_of(made)
        # The mark by which spreadsheets know UTF-8.
        assert data.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        assert len(rows) == 11
        assert [row[0] for row in rows[1:]] == batch.codes()
        code, address, product, village, day, certificate = rows[1]
        assert address == label_address(code)
        assert (product, day) == ("冰糖橙 5斤装", "2026-11-18")
        assert village.endswith("永固村")
        assert certificate == "HS-2026-000001"

    def test_computes_nothing_in_a_spreadsheet(
        self, certificate: Certificate, zhao: User
    ) -> None:
        evil = new_batch(certificate=certificate, by=zhao, product_name="=HYPERLINK(1)")
        (data,) = files_of(printed(evil, zhao, paper=LabelPrint.TABLE))
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        assert {row[2] for row in rows[1:]} == {"'=HYPERLINK(1)"}

    def test_counts_as_a_print(self, batch: LabelBatch, zhao: User) -> None:
        # Codes left the house: whoever prints them now says why.
        printed(batch, zhao, paper=LabelPrint.TABLE)
        with pytest.raises(UnableToPrint):
            printed(batch, zhao)


class TestStolenDatabase:
    def test_holds_no_printed_code(self, batch: LabelBatch, zhao: User) -> None:
        printed(batch, zhao)
        with connection.cursor() as cursor:
            for table in ("labelprint", "printjob", "printpart"):
                cursor.execute(f"SELECT * FROM traceability_{table}")
                rows = str(cursor.fetchall())
                assert not any(code in rows for code in batch.codes())


class TestOfOthers:
    def test_prints_of_one_batch_say_nothing_about_another(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        printed(batch, zhao)
        lot = new_lot(farmer=batch.lot.farmer, by=zhao)
        other = new_batch(certificate=new_certificate(lot=lot, by=zhao), by=zhao)
        assert printed(other, zhao).reason == ""
