"""One booking for a parcel, whatever crashes, times out, or asks twice."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction
from django.test import override_settings

from logistics import operations, signals, tasks
from logistics.carriers import registry
from logistics.carriers.base import Booked, CarrierRefused, CarrierUnknown, Order
from logistics.models import Booking, Parcel
from logistics.operations import carriage
from partners.organisations.models import Station
from tests.factories.parcels import (
    CARRIER,
    LOST,
    NOON,
    TestCarrier,
    packed_parcel,
    travelling_parcel,
)

LATER = NOON + timedelta(minutes=5)


def hand(parcel: Parcel, carrier: TestCarrier, at: Any = NOON) -> Parcel:
    return operations.hand_over(
        parcel=parcel, carrier=CARRIER, at=at, by=None, gateway=carrier
    )


@pytest.mark.django_db
class TestHandOver:
    def test_books_writes_the_waybill_and_announces_it(
        self, heard: Callable[..., list[Any]], assistant_zhao: Any
    ) -> None:
        news = heard("parcel_handed_over")
        carrier = TestCarrier()
        parcel = operations.hand_over(
            parcel=packed_parcel(),
            carrier=CARRIER,
            at=NOON,
            by=assistant_zhao.user,
            gateway=carrier,
        )
        assert parcel.status == Parcel.Status.HANDED_OVER
        assert parcel.waybill in carrier.booked.values()
        assert carrier.subscribed == [parcel.waybill]
        assert [said["at"] for said in news] == [NOON]
        assert parcel.events.get(kind="handed_over").by == assistant_zhao.user

    def test_tells_the_carrier_both_ends_completely(self) -> None:
        carrier = TestCarrier()
        hand(packed_parcel(), carrier)
        order = carrier.orders[0]
        assert order.recipient.address == "湖南省长沙市岳麓区尖山路39号2栋301"
        assert order.recipient.region == "湖南省-长沙市-岳麓区"
        assert order.sender.address == "湖南省常德市汉寿县崔家桥镇永固村村部一楼"
        assert (order.recipient.phone, order.weight_g) == ("10000000001", 2_600)

    def test_again_changes_nothing(self, heard: Callable[..., list[Any]]) -> None:
        news = heard("parcel_handed_over")
        carrier = TestCarrier()
        parcel = hand(packed_parcel(), carrier)
        assert hand(parcel, carrier, LATER).handed_over_at == NOON
        assert (len(carrier.orders), len(news)) == (1, 1)

    def test_not_before_it_is_packed(self) -> None:
        from tests.factories.parcels import new_parcel

        carrier = TestCarrier()
        with pytest.raises(operations.UnableToHandOver):
            hand(new_parcel(), carrier)
        assert not carrier.orders
        assert not Booking.objects.exists()

    def test_not_to_a_carrier_nobody_knows(self) -> None:
        with pytest.raises(operations.UnableToHandOver):
            operations.hand_over(parcel=packed_parcel(), carrier="x", at=NOON, by=None)

    def test_somebody_must_be_reachable_at_the_station(
        self, assistant_zhao: Any
    ) -> None:
        parcel, carrier = packed_parcel(), TestCarrier()
        Station.objects.update(phone="")
        with pytest.raises(operations.UnableToHandOver):
            hand(parcel, carrier)
        operations.hand_over(
            parcel=parcel,
            carrier=CARRIER,
            at=NOON,
            by=assistant_zhao.user,
            gateway=carrier,
        )
        assert carrier.orders[0].sender.phone == assistant_zhao.user.phone

    def test_a_receiver_that_fails_takes_the_hand_over_back(self) -> None:
        def fail(**said: Any) -> None:
            raise RuntimeError("no")

        signals.parcel_handed_over.connect(fail, weak=False)
        parcel, carrier = packed_parcel(), TestCarrier()
        try:
            with pytest.raises(RuntimeError):
                hand(parcel, carrier)
        finally:
            signals.parcel_handed_over.disconnect(fail)
        parcel.refresh_from_db()
        assert (parcel.status, parcel.waybill) == (Parcel.Status.PACKED, "")
        assert hand(parcel, carrier, LATER).waybill == next(
            iter(carrier.booked.values())
        )


@pytest.mark.django_db
class TestWhenTheAnswerIsOpen:
    def test_the_same_order_id_gets_the_same_waybill(self) -> None:
        parcel, carrier = packed_parcel(), TestCarrier(outcomes=[LOST])
        with pytest.raises(operations.HandOverPending):
            hand(parcel, carrier)
        parcel.refresh_from_db()
        assert parcel.status == Parcel.Status.PACKED
        assert hand(parcel, carrier, LATER).waybill
        assert len(carrier.orders) == 2
        assert len({order.order_id for order in carrier.orders}) == 1
        assert len(carrier.booked) == 1

    def test_a_crash_between_answer_and_writing_is_resumed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parcel, carrier = packed_parcel(), TestCarrier()

        def crash(**_: Any) -> None:
            raise SystemExit("kill -9")

        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(carriage, "_book", crash)
            hand(parcel, carrier)
        booking = Booking.objects.get()
        assert booking.status == Booking.Status.ASKED
        resumed = operations.resume_booking(booking=booking, at=LATER, gateway=carrier)
        assert resumed.status == Parcel.Status.HANDED_OVER
        assert len(carrier.booked) == 1

    def test_whoever_is_asking_now_is_left_alone(self) -> None:
        parcel, carrier = packed_parcel(), TestCarrier()
        Booking.objects.create(
            parcel=parcel,
            carrier=CARRIER,
            opened_at=NOON,
            leased_until=NOON + carriage.LEASE,
        )
        with pytest.raises(operations.HandOverPending):
            hand(parcel, carrier)
        assert not carrier.orders
        assert hand(parcel, carrier, NOON + carriage.LEASE).waybill

    def test_no_other_carrier_is_asked_meanwhile(self) -> None:
        parcel, carrier = packed_parcel(), TestCarrier(outcomes=[LOST])
        with pytest.raises(operations.HandOverPending):
            hand(parcel, carrier)
        with pytest.raises(operations.UnableToHandOver):
            operations.hand_over(
                parcel=parcel,
                carrier="zhongtong",
                at=LATER,
                by=None,
                gateway=carrier,
            )
        assert len(carrier.orders) == 1

    def test_after_two_days_only_people_may_ask(self) -> None:
        parcel, carrier = packed_parcel(), TestCarrier(outcomes=[LOST])
        with pytest.raises(operations.HandOverPending):
            hand(parcel, carrier)
        with pytest.raises(operations.UnableToHandOver) as refused:
            hand(parcel, carrier, NOON + timedelta(hours=47, seconds=1))
        assert not isinstance(refused.value, operations.HandOverPending)
        assert len(carrier.orders) == 1, "the carrier would book anew"
        assert hand(parcel, carrier, NOON + timedelta(hours=46)).waybill

    def test_a_refusal_is_final_and_the_next_try_another_order(self) -> None:
        parcel = packed_parcel()
        carrier = TestCarrier(outcomes=[CarrierRefused("超出服务范围")])
        with pytest.raises(operations.UnableToHandOver, match="超出服务范围"):
            hand(parcel, carrier)
        assert Booking.objects.get().reason == "超出服务范围"
        hand(parcel, carrier, LATER)
        assert len({order.order_id for order in carrier.orders}) == 2

    def test_a_waybill_given_twice_is_not_believed(self) -> None:
        first = travelling_parcel()

        class Confused(TestCarrier):
            def book(self, order: Order) -> Booked:
                return Booked(waybill=first.waybill, task_id="")

        other = packed_parcel()
        with pytest.raises(operations.UnableToHandOver, match=first.waybill):
            hand(other, Confused())
        other.refresh_from_db()
        assert other.status == Parcel.Status.PACKED

    def test_pushes_that_could_not_be_asked_for_do_not_stop_the_parcel(self) -> None:
        class Deaf(TestCarrier):
            def subscribe(self, *, order: Order, waybill: str) -> None:
                raise CarrierUnknown("busy")

        parcel = hand(packed_parcel(), Deaf())
        assert parcel.status == Parcel.Status.HANDED_OVER
        booking = Booking.objects.get()
        assert booking.subscribed_at is None
        carrier = TestCarrier()
        assert operations.subscribe(booking=booking, at=LATER, gateway=carrier)
        booking.refresh_from_db()
        assert operations.subscribe(booking=booking, at=LATER, gateway=carrier)
        assert carrier.subscribed == [parcel.waybill]


@pytest.mark.django_db(transaction=True)
class TestWithARealDatabase:
    def test_two_at_once_make_one_booking(self) -> None:
        parcel = packed_parcel()
        inside, go_on = threading.Event(), threading.Event()

        class Slow(TestCarrier):
            networked = True

            def book(self, order: Order) -> Booked:
                inside.set()
                assert go_on.wait(20)
                return super().book(order)

        carrier, outcomes = Slow(), []

        def race() -> None:
            try:
                outcomes.append(hand(parcel, carrier).waybill)
            except operations.HandOverPending:
                outcomes.append("pending")
            finally:
                close_old_connections()
                connection.close()

        first = threading.Thread(target=race)
        first.start()
        assert inside.wait(20)
        second = threading.Thread(target=race)
        second.start()
        second.join(30)
        go_on.set()
        first.join(30)
        assert outcomes == ["pending", next(iter(carrier.booked.values()))]
        assert (len(carrier.orders), Booking.objects.count()) == (1, 1)

    def test_without_the_lease_both_would_ask(self) -> None:
        """The negative control: the order id alone still keeps it one booking."""
        parcel = packed_parcel()
        carrier = TestCarrier(outcomes=[LOST])
        with pytest.raises(operations.HandOverPending):
            hand(parcel, carrier)
        assert Booking.objects.get().leased_until == NOON, "the lease was let go"
        hand(parcel, carrier, NOON)
        assert (len(carrier.orders), len(carrier.booked)) == (2, 1)

    def test_is_refused_inside_a_transaction(self) -> None:
        class Networked(TestCarrier):
            networked = True

        parcel, carrier = packed_parcel(), Networked()
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            hand(parcel, carrier)
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            operations.sync_parcel(
                parcel=travelling_parcel(), at=LATER, gateway=carrier
            )
        assert not carrier.orders
        assert not carrier.queries

    def test_the_network_is_asked_outside_every_transaction(self) -> None:
        class Watching(TestCarrier):
            networked = True
            open_transactions: list[bool] = []

            def book(self, order: Order) -> Booked:
                self.open_transactions.append(connection.in_atomic_block)
                return super().book(order)

        hand(packed_parcel(), Watching())
        assert Watching.open_transactions == [False]


@pytest.mark.django_db
class TestTasks:
    @pytest.fixture(autouse=True)
    def _carrier(self, monkeypatch: pytest.MonkeyPatch) -> TestCarrier:
        self.carrier = TestCarrier()
        monkeypatch.setattr(registry, "gateway", lambda code: self.carrier)
        return self.carrier

    def test_resume_what_was_left_open(self, time_machine_noon: Any) -> None:
        parcel = packed_parcel()
        self.carrier.outcomes = [LOST]
        with pytest.raises(operations.HandOverPending):
            hand(parcel, self.carrier)
        time_machine_noon(minutes=2)
        assert tasks.resume_bookings() == 1
        parcel.refresh_from_db()
        assert parcel.status == Parcel.Status.HANDED_OVER
        assert tasks.resume_bookings() == 0

    def test_leave_what_is_too_old_to_people(self, time_machine_noon: Any) -> None:
        self.carrier.outcomes = [LOST]
        with pytest.raises(operations.HandOverPending):
            hand(packed_parcel(), self.carrier)
        time_machine_noon(hours=48)
        assert tasks.resume_bookings() == 0

    def test_one_that_stays_open_does_not_stop_the_others(
        self, time_machine_noon: Any
    ) -> None:
        parcels = [packed_parcel(), packed_parcel()]
        self.carrier.outcomes = [LOST, LOST, LOST, ""]
        for parcel in parcels:
            with pytest.raises(operations.HandOverPending):
                hand(parcel, self.carrier)
        time_machine_noon(minutes=2)
        assert tasks.resume_bookings() == 2
        assert Parcel.objects.under_way().count() == 1

    @override_settings(CARRIER_ASK_AFTER=timedelta(hours=4))
    def test_ask_about_parcels_without_news(self, time_machine_noon: Any) -> None:
        parcel = travelling_parcel(carrier=self.carrier)
        time_machine_noon(hours=3)
        assert tasks.ask_about_quiet_parcels() == 0
        time_machine_noon(hours=5)
        assert tasks.ask_about_quiet_parcels() == 1
        assert tasks.ask_about_quiet_parcels() == 0, "just asked"
        assert self.carrier.queries == 1
        parcel.refresh_from_db()
        assert parcel.asked_at is not None

    def test_ask_for_pushes_again(self, time_machine_noon: Any) -> None:
        travelling_parcel(carrier=self.carrier)
        Booking.objects.update(subscribed_at=None)
        time_machine_noon(minutes=1)
        tasks.ask_about_quiet_parcels()
        assert Booking.objects.get().subscribed_at is not None
        assert len(self.carrier.subscribed) == 2
