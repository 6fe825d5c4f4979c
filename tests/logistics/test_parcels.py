"""Parcels are opened once, packed once, and written down for good."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.template.loader import render_to_string

from logistics import operations, queries
from logistics.models import Parcel, ParcelEvent
from logistics.operations import Recipient
from tests.factories.parcels import (
    CARRIER,
    NOON,
    TestCarrier,
    new_parcel,
    packed_parcel,
    told,
    travelling_parcel,
)

LATER = NOON + timedelta(hours=1)
pytestmark = pytest.mark.django_db


class TestOpenParcel:
    def test_opens_with_its_first_event(self) -> None:
        parcel = new_parcel()
        assert parcel.status == Parcel.Status.OPENED
        assert [event.kind for event in parcel.events.all()] == ["opened"]

    def test_the_same_reference_is_the_same_parcel(self) -> None:
        assert new_parcel(reference="A1/1") == new_parcel(reference="A1/1")
        assert ParcelEvent.objects.count() == 1

    def test_a_reference_cannot_go_to_somebody_else(self) -> None:
        new_parcel(reference="A1/1")
        with pytest.raises(operations.UnableToOpenParcel, match="A1/1"):
            new_parcel(reference="A1/1", name="张示例")

    @pytest.mark.parametrize(
        ("wrong", "value"),
        [
            ("phone", "0731-88888888"),
            ("phone", ""),
            ("name", " "),
            ("address", ""),
            ("division_code", "999999000000"),
            ("division_code", "430100000000"),  # a city is not exact enough
            ("division_code", "湖南"),
        ],
    )
    def test_refuses_a_recipient_nobody_could_find(
        self, wrong: str, value: str
    ) -> None:
        parcel = new_parcel()
        right = {
            "name": "李示例",
            "phone": "10000000001",
            "division_code": "430104000000",
            "address": "尖山路39号",
        }
        with pytest.raises(operations.UnableToOpenParcel):
            operations.open_parcel(
                reference="A2/1",
                station_code=parcel.station_code,
                recipient=Recipient(**right | {wrong: value}),
                weight_g=1,
                at=NOON,
            )
        assert not Parcel.objects.filter(reference="A2/1").exists()

    def test_refuses_a_village_without_a_station_and_no_weight(self) -> None:
        parcel = new_parcel()
        to = Recipient("李示例", "10000000001", "430104000000", "尖山路39号")
        for station, weight in (("430722999999", 1), (parcel.station_code, 0)):
            with pytest.raises(operations.UnableToOpenParcel):
                operations.open_parcel(
                    reference="A3/1",
                    station_code=station,
                    recipient=to,
                    weight_g=weight,
                    at=NOON,
                )

    def test_the_database_never_sees_who_it_is_for(self) -> None:
        parcel = new_parcel()
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM logistics_parcel WHERE id = %s", [parcel.pk])
            row = str(cursor.fetchone())
        assert not [
            secret for secret in ("李示例", "10000000001", "尖山路") if secret in row
        ]
        assert Parcel.objects.get().recipient_address == "尖山路39号2栋301"
        assert parcel.public_recipient == "李**"
        assert "李" not in str(parcel)


class TestPackParcel:
    def test_packs_once_with_its_weight(self) -> None:
        parcel = operations.pack_parcel(
            parcel=new_parcel(), at=LATER, by=None, weight_g=2_700
        )
        again = operations.pack_parcel(
            parcel=parcel, at=LATER + timedelta(hours=1), by=None, weight_g=9_999
        )
        assert (again.weight_g, again.packed_at) == (2_700, LATER)
        assert parcel.events.filter(kind="packed").count() == 1

    def test_notes_who_packed(self, assistant_zhao: Any) -> None:
        parcel = new_parcel()
        operations.pack_parcel(parcel=parcel, at=LATER, by=assistant_zhao.user)
        assert parcel.events.get(kind="packed").by == assistant_zhao.user

    def test_only_an_open_parcel_is_packed(self) -> None:
        with pytest.raises(operations.UnableToMoveParcel):
            operations.pack_parcel(parcel=travelling_parcel(), at=LATER, by=None)


class TestCancelParcel:
    def test_stops_what_has_not_left(self) -> None:
        parcel = operations.cancel_parcel(parcel=packed_parcel(), at=LATER)
        again = operations.cancel_parcel(parcel=parcel, at=LATER)
        assert (again.status, again.closed_at) == (Parcel.Status.CANCELLED, LATER)

    def test_not_what_a_carrier_has_or_may_have(self) -> None:
        with pytest.raises(operations.UnableToMoveParcel):
            operations.cancel_parcel(parcel=travelling_parcel(), at=LATER)
        asked = packed_parcel()
        with pytest.raises(operations.HandOverPending):
            operations.hand_over(
                parcel=asked,
                carrier=CARRIER,
                at=NOON,
                by=None,
                gateway=TestCarrier(outcomes=["lost"]),
            )
        with pytest.raises(operations.UnableToMoveParcel, match=r"asked|下过单"):
            operations.cancel_parcel(parcel=asked, at=LATER)


class TestReportLost:
    def test_is_announced_once(self, heard: Callable[..., list[Any]]) -> None:
        lost = heard("parcel_lost")
        parcel = travelling_parcel()
        operations.report_lost(parcel=parcel, at=LATER, by=None)
        operations.report_lost(parcel=parcel, at=LATER, by=None)
        assert [news["parcel"] for news in lost] == [parcel]

    def test_only_what_is_under_way(self) -> None:
        with pytest.raises(operations.UnableToMoveParcel):
            operations.report_lost(parcel=packed_parcel(), at=LATER, by=None)


class TestTheDatabaseGuards:
    def test_events_are_neither_changed_nor_deleted(self) -> None:
        event = new_parcel().events.get()
        for statement in (
            "UPDATE logistics_parcelevent SET kind = 'delivered' WHERE id = %s",
            "DELETE FROM logistics_parcelevent WHERE id = %s",
        ):
            with (
                pytest.raises(IntegrityError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement, [event.pk])
        assert ParcelEvent.objects.get(pk=event.pk).kind == "opened"

    def test_a_parcel_with_a_past_cannot_be_deleted(self) -> None:
        parcel = new_parcel()
        with pytest.raises(ProtectedError):
            parcel.delete()

    def test_an_event_happens_to_a_parcel_once(self) -> None:
        event = new_parcel().events.get()
        event.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            event.save(force_insert=True)

    def test_a_waybill_belongs_to_one_parcel_of_a_carrier(self) -> None:
        one, other = travelling_parcel(), travelling_parcel()
        with pytest.raises(IntegrityError), transaction.atomic():
            Parcel.objects.filter(pk=other.pk).update(waybill=one.waybill)
        Parcel.objects.filter(pk=other.pk).update(
            waybill=one.waybill, carrier="zhongtong"
        )

    @pytest.mark.parametrize(
        "wrong",
        [
            {"weight_g": 0},
            {"status": "flying"},
            {"status": "in_transit"},
            {"status": "delivered"},
            {"division_code": "430104"},
            {"station_code": "x" * 12},
        ],
    )
    def test_a_parcel_that_cannot_be(self, wrong: dict[str, Any]) -> None:
        parcel = packed_parcel()
        with pytest.raises(IntegrityError), transaction.atomic():
            Parcel.objects.filter(pk=parcel.pk).update(**wrong)


class TestTimeline:
    def test_tells_the_newest_first_in_the_readers_words(self) -> None:
        parcel = travelling_parcel()
        operations.record_tracking(
            carrier=CARRIER,
            waybill=parcel.waybill,
            events=[told("collected", 2, "已揽收"), told("delivered", 48, "本人签收")],
            at=NOON + timedelta(hours=49),
        )
        steps = queries.timeline(parcel)
        assert [step.note for step in steps] == ["本人签收", "已揽收", "", ""]
        assert [step.state for step in steps] == ["now", "", "", ""]
        page = render_to_string(
            "logistics/parts/timeline.html", {"parcel": parcel, "steps": steps}
        )
        assert "本人签收" in page
        assert parcel.waybill in page
        assert "李示例" not in page

    def test_within_one_second_goes_by_the_order_of_writing(self) -> None:
        parcel = travelling_parcel(at=NOON + timedelta(milliseconds=700))
        operations.record_tracking(
            carrier=CARRIER,
            waybill=parcel.waybill,
            events=[told("collected", 0), told("in_transit", 0)],
            at=LATER,
        )
        kinds = [event.kind for event in parcel.events.order_by("pk")][1:]
        titles = [step.title for step in queries.timeline(parcel)]
        assert titles == [str(ParcelEvent.Kind(kind).label) for kind in kinds[::-1]]
