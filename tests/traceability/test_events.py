"""What happened to a lot, and the files that show it."""

import hashlib
import io
from datetime import date, timedelta
from typing import Any

import pytest
from PIL import Image

from partners import files
from shop.users.models import User
from tests.factories.traceability import NOW
from traceability import operations, queries, words
from traceability.models import Event, Evidence, Lot
from traceability.operations import UnableToAttach, UnableToRecordEvent

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def record(lot: Lot, by: User, **changes: Any) -> Event:
    facts: dict[str, Any] = {
        "lot": lot,
        "kind": "harvest",
        "happened_at": NOW,
        "by": by,
        "at": NOW,
    }
    return operations.record_event(**facts | changes)


def spray(lot: Lot, by: User, **changes: Any) -> Event:
    facts: dict[str, Any] = {
        "kind": "spray",
        "substance": "苯醚甲环唑",
        "interval_days": 20,
    }
    return record(lot, by, **facts | changes)


def picture(colour: str = "orange") -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    out.seek(0)
    return out


class TestRecordEvent:
    def test_tells_what_happened(self, lot: Lot, zhao: User) -> None:
        event = record(lot, zhao, weight_g=310_000, note="晴天采摘")
        assert words.event_title(event) in {"Harvested 620 jin", "采收620斤"}

    @pytest.mark.parametrize(
        "changes",
        [
            {"kind": "teleport"},
            {"happened_at": NOW + timedelta(hours=1)},
            {"happened_at": NOW.replace(year=1, month=1, day=1, hour=0)},
            {"happened_at": NOW.replace(year=206)},
            {"weight_g": 0},
            {"weight_g": -1},
            {"weight_g": 310_001},
            {"kind": "ship", "weight_g": 310_001},
            {"kind": "spray"},
            {"kind": "spray", "substance": "药"},
            {"kind": "spray", "substance": " ", "interval_days": 7},
            {"kind": "spray", "substance": "药", "interval_days": -1},
            {"kind": "spray", "substance": "药", "interval_days": 999},
        ],
    )
    def test_refuses_what_cannot_be(
        self, lot: Lot, zhao: User, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(UnableToRecordEvent):
            record(lot, zhao, **changes)
        assert not Event.objects.exists()

    def test_nothing_is_picked_twice(self, lot: Lot, zhao: User) -> None:
        first = record(lot, zhao, weight_g=300_000)
        with pytest.raises(UnableToRecordEvent):
            record(lot, zhao, weight_g=10_001)
        record(lot, zhao, weight_g=10_000)
        # What was struck out was not picked: the negative control.
        operations.strike_event(event=first, reason="秤不准", by=zhao, at=NOW)
        record(lot, zhao, weight_g=300_000)

    def test_the_same_is_sent_off_again_and_again(self, lot: Lot, zhao: User) -> None:
        for _time in "12":
            record(lot, zhao, kind="ship", weight_g=310_000)

    def test_refuses_a_harvest_inside_a_sprays_interval(
        self, lot: Lot, zhao: User
    ) -> None:
        spray(lot, zhao, happened_at=NOW - timedelta(days=19))
        with pytest.raises(UnableToRecordEvent, match=r"20|11月"):
            record(lot, zhao)
        assert not lot.events.filter(kind="harvest").exists()

    def test_allows_the_harvest_when_the_interval_is_over(
        self, lot: Lot, zhao: User
    ) -> None:
        spray(lot, zhao, happened_at=NOW - timedelta(days=20))
        record(lot, zhao)

    def test_a_struck_out_spray_blocks_nothing(self, lot: Lot, zhao: User) -> None:
        # The negative control of the interval: without the spray, the harvest is fine.
        event = spray(lot, zhao, happened_at=NOW - timedelta(days=1))
        operations.strike_event(event=event, reason="记错了地块", by=zhao, at=NOW)
        record(lot, zhao)

    def test_a_spray_of_the_plots_other_lot_counts(self, lot: Lot, zhao: User) -> None:
        assert lot.plot is not None
        assert lot.farmer is not None
        other = operations.record_lot(
            plot=lot.plot,
            farmer=lot.farmer,
            crop="柑橘",
            product_name="脐橙",
            harvest_date=date(2026, 12, 20),
            weight_g=1_000,
            by=zhao,
            at=NOW,
        )
        spray(other, zhao, happened_at=NOW - timedelta(days=3))
        with pytest.raises(UnableToRecordEvent):
            record(lot, zhao)

    def test_a_spray_that_becomes_known_late_is_recorded_and_stops_the_certificate(
        self, lot: Lot, zhao: User
    ) -> None:
        record(lot, zhao)
        spray(lot, zhao, happened_at=NOW - timedelta(days=5))
        with pytest.raises(operations.UnableToCertify):
            operations.issue_certificate(
                lot=lot,
                basis=["quality_control"],
                quantity_g=1_000,
                promisor="王示例",
                contact="10000000009",
                by=zhao,
                at=NOW,
            )

    def test_what_was_never_there_is_not_picked(self, lot: Lot, zhao: User) -> None:
        operations.take_off_weight(
            lot=lot, weight_g=110_000, reason="多写了", by=zhao, at=NOW
        )
        for kind in ("harvest", "ship"):
            with pytest.raises(UnableToRecordEvent):
                record(lot, zhao, kind=kind, weight_g=200_001)
            record(lot, zhao, kind=kind, weight_g=200_000)


class TestStrikeEvent:
    def test_leaves_both_on_record_and_shows_neither(
        self, lot: Lot, zhao: User
    ) -> None:
        event = record(lot, zhao)
        operations.strike_event(event=event, reason="记错了", by=zhao, at=NOW)
        assert lot.events.count() == 2
        assert not queries.standing_events(lot).exists()

    def test_happens_once_with_a_reason_and_not_to_itself(
        self, lot: Lot, zhao: User
    ) -> None:
        event = record(lot, zhao)
        with pytest.raises(UnableToRecordEvent):
            operations.strike_event(event=event, reason=" ", by=zhao, at=NOW)
        struck = operations.strike_event(event=event, reason="错", by=zhao, at=NOW)
        for again in (event, struck):
            with pytest.raises(UnableToRecordEvent):
                operations.strike_event(event=again, reason="错", by=zhao, at=NOW)


def attach(lot: Lot, by: User, **changes: Any) -> Evidence:
    facts: dict[str, Any] = {
        "lot": lot,
        "kind": "test_report",
        "title": "农残检测报告",
        "file": io.BytesIO(PDF),
        "by": by,
        "at": NOW,
    }
    return operations.attach_evidence(**facts | changes)


class TestAttachEvidence:
    def test_keeps_a_report_and_its_hash(self, lot: Lot, zhao: User) -> None:
        evidence = attach(lot, zhao)
        assert evidence.sha256 == hashlib.sha256(PDF).hexdigest()
        assert evidence.media_type == "application/pdf"
        assert evidence.image is None

    def test_the_hash_is_of_what_can_be_downloaded(self, lot: Lot, zhao: User) -> None:
        evidence = attach(lot, zhao, kind="photo", file=picture())
        kept = files.public_storage().open(evidence.file.name).read()
        assert evidence.sha256 == hashlib.sha256(kept).hexdigest()
        assert evidence.image is not None
        assert evidence.image.small.width == 40

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"MZ\x90\x00 a program",
            b"<html><script>alert(1)</script></html>",
            b"%PDF-1.4\n/JavaScript (app.alert(1))\n%%EOF",
            b"%PDF-1.4 cut off",
            b"PK\x03\x04 a zip",
        ],
    )
    def test_refuses_a_program_in_disguise(
        self, lot: Lot, zhao: User, content: bytes
    ) -> None:
        file = io.BytesIO(content)
        file.name = "报告.pdf"
        with pytest.raises(UnableToAttach):
            attach(lot, zhao, file=file)
        assert not Evidence.objects.exists()

    def test_refuses_the_same_file_twice(self, lot: Lot, zhao: User) -> None:
        attach(lot, zhao)
        with pytest.raises(UnableToAttach):
            attach(lot, zhao)

    @pytest.mark.parametrize(
        ("kind", "good", "bad"),
        [
            ("organic", "1234567890 1234567", "123"),
            ("gi_licence", "91350100M000100Y43", "91350100M000100Y44"),
            ("green_food", "GF 430722 26 0001", "GF430722260000"),
            ("green_food", "LB-18-2604180234A", "LB-18-26041802"),
        ],
    )
    def test_checks_the_number_on_a_mark(
        self, lot: Lot, zhao: User, kind: str, good: str, bad: str
    ) -> None:
        for wrong in (bad, ""):
            with pytest.raises(UnableToAttach):
                attach(lot, zhao, kind=kind, identifier=wrong)
        kept = attach(lot, zhao, kind=kind, identifier=good)
        assert kept.identifier == good.replace(" ", "").replace("-", "")

    @pytest.mark.parametrize("changes", [{"kind": "rumour"}, {"title": " "}])
    def test_wants_a_kind_and_a_title(
        self, lot: Lot, zhao: User, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(UnableToAttach):
            attach(lot, zhao, **changes)
