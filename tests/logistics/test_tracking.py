"""What carriers tell: in any order, as often as they like, believed within reason."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from logistics import operations, signals
from logistics.carriers.base import CarrierUnknown, TrackingEvent
from logistics.models import Parcel, ParcelEvent
from tests.factories.parcels import (
    CARRIER,
    NOON,
    TestCarrier,
    told,
    travelling_parcel,
)

WAY = [
    told("collected", 2),
    told("in_transit", 6),
    told("in_transit", 27, "到达长沙"),
    told("out_for_delivery", 45),
    told("delivered", 49),
]
AFTER = NOON + timedelta(hours=60)


def tell(parcel: Parcel, *events: TrackingEvent, at: Any = AFTER) -> Parcel:
    return operations.record_tracking(
        carrier=CARRIER, waybill=parcel.waybill, events=events, at=at
    )


@pytest.mark.django_db
class TestRecordTracking:
    @pytest.mark.parametrize(
        ("so_far", "status"),
        [
            (1, "in_transit"),
            (3, "in_transit"),
            (4, "out_for_delivery"),
            (5, "delivered"),
        ],
    )
    def test_moves_the_parcel_on(self, so_far: int, status: str) -> None:
        assert tell(travelling_parcel(), *WAY[:so_far]).status == status

    def test_is_announced_once_however_often_it_is_told(
        self, heard: Callable[..., list[Any]]
    ) -> None:
        news = heard("parcel_delivered")
        parcel = travelling_parcel()
        for _ in range(3):
            tell(parcel, *WAY)
        tell(parcel, told("delivered", 50, "签收,另一句话"))
        assert [said["at"] for said in news] == [WAY[-1].happened_at]
        assert parcel.events.exclude(key__in=ParcelEvent.Kind.values).count() == 6

    def test_every_order_of_arrival_ends_alike(self) -> None:
        for order in itertools.islice(itertools.permutations(WAY), 0, 120, 17):
            parcel = travelling_parcel()
            for event in order:
                tell(parcel, event)
            parcel.refresh_from_db()
            assert (parcel.status, parcel.closed_at) == (
                "delivered",
                WAY[-1].happened_at,
            )

    def test_a_late_message_does_not_take_it_back(self) -> None:
        parcel = travelling_parcel()
        tell(parcel, WAY[3])
        assert tell(parcel, WAY[1]).status == "out_for_delivery"
        tell(parcel, WAY[4])
        assert tell(parcel, told("in_transit", 59)).status == "delivered"

    def test_a_failed_delivery_is_on_the_way_again(self) -> None:
        parcel = travelling_parcel()
        tell(parcel, WAY[3], told("problem", 46))
        parcel.refresh_from_db()
        assert parcel.status == "out_for_delivery"
        assert tell(parcel, told("in_transit", 47)).status == "in_transit"

    def test_what_is_refused_comes_back(self, heard: Callable[..., list[Any]]) -> None:
        news, delivered = heard("parcel_returned"), heard("parcel_delivered")
        parcel = travelling_parcel()
        way_back = [told("refused", 46), told("returning", 47), told("returned", 55)]
        assert tell(parcel, *way_back[:2]).status == "in_transit"
        assert tell(parcel, *way_back).status == "returned"
        assert (len(news), len(delivered)) == (1, 0)

    def test_a_lost_parcel_is_found_only_where_it_arrives(self) -> None:
        parcel = travelling_parcel()
        operations.report_lost(parcel=parcel, at=AFTER, by=None)
        assert tell(parcel, WAY[2]).status == "lost"
        assert tell(parcel, WAY[4]).status == "delivered"

    def test_the_news_of_an_older_parcel_with_this_waybill_is_not_its(self) -> None:
        parcel = travelling_parcel()
        tell(parcel, told("delivered", -13))
        parcel.refresh_from_db()
        assert parcel.status == "handed_over"
        assert tell(parcel, told("collected", -2)).status == "in_transit"

    def test_the_future_is_not_believed(self) -> None:
        parcel = travelling_parcel()
        tell(parcel, told("delivered", 5), at=NOON + timedelta(hours=3))
        parcel.refresh_from_db()
        assert parcel.status == "handed_over"

    def test_a_clock_that_is_ahead_does_not_date_the_end_into_the_future(self) -> None:
        at = NOON + timedelta(hours=5)
        parcel = tell(travelling_parcel(), told("delivered", 5.5), at=at)
        assert (parcel.status, parcel.closed_at) == ("delivered", at)

    def test_our_own_steps_cannot_be_told_by_a_carrier(self) -> None:
        parcel = travelling_parcel()
        tell(parcel, told("packed", 3), told("cancelled", 3), told("x", 3))
        parcel.refresh_from_db()
        assert parcel.status == "handed_over"
        assert parcel.events.count() == 3

    @pytest.mark.parametrize(
        ("carrier", "waybill"),
        [(CARRIER, "nobody"), ("zhongtong", None), (CARRIER, "")],
    )
    def test_an_unknown_waybill_is_an_error(
        self, carrier: str, waybill: str | None
    ) -> None:
        parcel = travelling_parcel()
        with pytest.raises(operations.UnknownWaybill):
            operations.record_tracking(
                carrier=carrier,
                waybill=parcel.waybill if waybill is None else waybill,
                events=WAY,
                at=AFTER,
            )

    def test_a_receiver_that_fails_takes_the_delivery_back(self) -> None:
        def fail(**said: Any) -> None:
            raise RuntimeError("no")

        signals.parcel_delivered.connect(fail, weak=False)
        parcel = travelling_parcel()
        try:
            with pytest.raises(RuntimeError):
                tell(parcel, *WAY)
        finally:
            signals.parcel_delivered.disconnect(fail)
        parcel.refresh_from_db()
        assert parcel.status == "handed_over"
        assert parcel.events.count() == 3
        assert tell(parcel, *WAY).status == "delivered"

    def test_the_carriers_sentences_are_kept_encrypted(self) -> None:
        parcel = travelling_parcel()
        tell(parcel, told("out_for_delivery", 45, "快递员 张三 13800138000 正在派送"))
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT text FROM logistics_parcelevent")
            assert "张三" not in str(cursor.fetchall())
        assert "张三" in parcel.events.get(kind="out_for_delivery").text


class TestAnyNews(HypothesisTestCase):
    kinds = st.sampled_from(
        [
            "collected",
            "in_transit",
            "out_for_delivery",
            "problem",
            "refused",
            "returning",
            "delivered",
            "returned",
        ]
    )
    news = st.lists(st.builds(told, kinds, st.integers(1, 50)), min_size=1, max_size=8)

    @settings(max_examples=8, deadline=None)
    @given(news, st.randoms(use_true_random=False))
    def test_the_same_news_in_any_pieces_tell_the_same_until_the_end(
        self, events: list[TrackingEvent], random: Any
    ) -> None:
        ends = [event for event in events if event.kind in ("delivered", "returned")]
        if len(ends) > 1:
            events = [event for event in events if event not in ends] + ends[:1]
        whole, pieces = travelling_parcel(), travelling_parcel()
        tell(whole, *events)
        shuffled = [*events, *events[:2]]
        random.shuffle(shuffled)
        for event in shuffled:
            tell(pieces, event)
        whole.refresh_from_db()
        pieces.refresh_from_db()
        assert whole.events.count() == pieces.events.count()
        last = max(events, key=lambda event: event.happened_at)
        if not ends or last == ends[0]:
            assert whole.status == pieces.status


@pytest.mark.django_db
class TestSyncParcel:
    def test_asks_and_writes_down_what_pushes_missed(self) -> None:
        parcel = travelling_parcel()
        carrier = TestCarrier(tracking=WAY)
        synced = operations.sync_parcel(parcel=parcel, at=AFTER, gateway=carrier)
        assert (synced.status, synced.asked_at) == ("delivered", AFTER)

    def test_does_not_ask_again_too_soon_nor_about_what_has_arrived(self) -> None:
        parcel = travelling_parcel()
        carrier = TestCarrier()
        for seconds in (0, 30, 61):
            operations.sync_parcel(
                parcel=parcel, at=AFTER + timedelta(seconds=seconds), gateway=carrier
            )
        assert carrier.queries == 2
        carrier.tracking = WAY
        operations.sync_parcel(
            parcel=parcel, at=AFTER + timedelta(hours=1), gateway=carrier
        )
        operations.sync_parcel(
            parcel=parcel, at=AFTER + timedelta(hours=2), gateway=carrier
        )
        assert carrier.queries == 3

    def test_an_open_answer_changes_nothing(self) -> None:
        class Silent(TestCarrier):
            def track(self, **_: Any) -> list[TrackingEvent]:
                raise CarrierUnknown("no answer")

        parcel = operations.sync_parcel(
            parcel=travelling_parcel(), at=AFTER, gateway=Silent()
        )
        assert parcel.status == "handed_over"
