"""Hand parcels to a carrier, and follow them: everything a carrier has a say in.

Asking a carrier is three steps: write down that we ask, ask outside any
transaction, write down the answer. What a crash leaves half done is found again by
its Booking row, and the carrier knows it by its order id.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from logistics import regions
from logistics.carriers import registry
from logistics.carriers.base import (
    CarrierRefused,
    CarrierUnknown,
    Contact,
    Gateway,
    Order,
    TrackingEvent,
)
from logistics.models import Booking, Parcel, ParcelEvent
from logistics.operations.parcels import locked, note
from logistics.operations.tracking import apply_events
from logistics.signals import parcel_handed_over
from partners.organisations.models import Station

log = logging.getLogger(__name__)

# What carriers print on the waybill; they are all told the same, in their language.
CARGO = "农产品"
LEASE = timedelta(minutes=1)


class UnableToHandOver(Exception):
    """The parcel stays at the station; the message says why."""


class HandOverPending(UnableToHandOver):
    """The carrier's answer is still open; we go on asking by ourselves."""


class UnknownWaybill(Exception):
    """No parcel of ours has this waybill (yet)."""


def hand_over(
    *,
    parcel: Parcel,
    carrier: str,
    at: datetime,
    by: AbstractBaseUser | None,
    gateway: Gateway | None = None,
) -> Parcel:
    """Book a packed parcel at a carrier and hand it over; again changes nothing.

    `carrier` is a code of `registry.carriers()`; `gateway` stands in for the
    configured one. Must not be called inside a transaction, because it asks the
    carrier over the network. Sends `parcel_handed_over`.

    Errors: HandOverPending while the answer is open (asking again is safe: the
    carrier knows the order id); UnableToHandOver where the parcel is not packed, went
    to another carrier, or the carrier refuses.
    """
    try:
        asked = gateway or registry.gateway(carrier)
    except registry.UnknownCarrier as error:
        raise UnableToHandOver(_("Choose one of the carriers.")) from error
    sender = _sender(parcel, by)
    booking = _lease(parcel=parcel, carrier=carrier, at=at, by=by, gateway=asked)
    if booking.status != Booking.Status.BOOKED:
        booking = _ask(booking=booking, sender=sender, at=at, gateway=asked)
        subscribe(booking=booking, at=at, gateway=asked)
    return Parcel.objects.get(pk=booking.parcel_id)


def resume_booking(
    *, booking: Booking, at: datetime, gateway: Gateway | None = None
) -> Parcel:
    """Ask again for a booking that a crash or a lost answer left open.

    Errors: as `hand_over`.
    """
    return hand_over(
        parcel=booking.parcel,
        carrier=booking.carrier,
        at=at,
        by=booking.asked_by,
        gateway=gateway,
    )


def _lease(
    *,
    parcel: Parcel,
    carrier: str,
    at: datetime,
    by: AbstractBaseUser | None,
    gateway: Gateway,
) -> Booking:
    """The parcel's one open booking, ours to ask for until the lease ends."""
    # durable: a caller's transaction around us would stay open while we ask.
    with transaction.atomic(durable=gateway.networked):
        parcel = locked(parcel)
        booking = (
            parcel.bookings.select_for_update()
            .exclude(status=Booking.Status.REFUSED)
            .first()
        )
        if booking is None:
            _require_packed(parcel)
            return Booking.objects.create(
                parcel=parcel,
                carrier=carrier,
                opened_at=at,
                leased_until=at + LEASE,
                asked_by_id=by.pk if by is not None else None,
            )
        if booking.carrier != carrier:
            raise UnableToHandOver(
                _("%(carrier)s was already asked to take this parcel.")
                % {"carrier": registry.name(booking.carrier)}
            )
        if booking.status == Booking.Status.BOOKED:
            return booking
        _require_askable(booking, at)
        booking.leased_until = at + LEASE
        booking.save(update_fields=["leased_until"])
    return booking


def _require_packed(parcel: Parcel) -> None:
    if parcel.status != Parcel.Status.PACKED:
        raise UnableToHandOver(
            _("Only a packed parcel can be handed over. This one: %(status)s.")
            % {"status": parcel.get_status_display()}
        )


def _require_askable(booking: Booking, at: datetime) -> None:
    if booking.leased_until > at:
        raise HandOverPending(_("The carrier is being asked right now."))
    if at - booking.opened_at > Booking.SAFE_TO_ASK_AGAIN:
        raise UnableToHandOver(
            _("Nobody knows whether %(carrier)s took this parcel. Please call them.")
            % {"carrier": registry.name(booking.carrier)}
        )


def _ask(
    *, booking: Booking, sender: Contact, at: datetime, gateway: Gateway
) -> Booking:
    try:
        booked = gateway.book(_order(booking, sender))
    except CarrierRefused as error:
        _refuse(booking=booking, reason=str(error), gateway=gateway)
        raise UnableToHandOver(
            _("The carrier does not take this parcel: %(reason)s")
            % {"reason": str(error)}
        ) from error
    except CarrierUnknown as error:
        # The lease ends at once: the next try need not wait for it.
        Booking.objects.filter(pk=booking.pk).update(leased_until=at)
        log.warning("Booking %s: the carrier's answer is open", booking.pk)
        raise HandOverPending(
            _("The carrier has not answered yet. We keep asking; leave it here.")
        ) from error
    return _book(
        booking=booking,
        waybill=booked.waybill,
        task_id=booked.task_id,
        at=at,
        gateway=gateway,
    )


def _sender(parcel: Parcel, by: AbstractBaseUser | None) -> Contact:
    """The station; where it has no phone of its own, whoever hands over has one."""
    station = Station.objects.get(village_id=parcel.station_code)
    # People log in by their mobile number.
    phone = station.phone or (by.get_username() if by is not None else "")
    if not phone:
        raise UnableToHandOver(
            _("%(station)s has no phone number; carriers ask for one.")
            % {"station": station.name}
        )
    return Contact(
        name=station.name,
        phone=phone,
        address=regions.postal_name(parcel.station_code) + station.address,
        region=regions.region_path(parcel.station_code),
    )


def _order(booking: Booking, sender: Contact) -> Order:
    parcel = booking.parcel
    return Order(
        order_id=booking.order_id,
        carrier=booking.carrier,
        sender=sender,
        recipient=Contact(
            name=parcel.recipient_name,
            phone=parcel.recipient_phone,
            address=regions.postal_name(parcel.division_code)
            + parcel.recipient_address,
            region=regions.region_path(parcel.division_code),
        ),
        cargo=CARGO,
        weight_g=parcel.weight_g,
    )


def _refuse(*, booking: Booking, reason: str, gateway: Gateway) -> None:
    with transaction.atomic(durable=gateway.networked):
        locked(booking.parcel)
        Booking.objects.filter(pk=booking.pk, status=Booking.Status.ASKED).update(
            status=Booking.Status.REFUSED, reason=reason[:200]
        )


def _book(
    *, booking: Booking, waybill: str, task_id: str, at: datetime, gateway: Gateway
) -> Booking:
    """The only place where a parcel becomes HANDED_OVER."""
    with transaction.atomic(durable=gateway.networked):
        parcel = locked(booking.parcel)
        booking = Booking.objects.select_for_update().get(pk=booking.pk)
        if booking.status == Booking.Status.BOOKED:
            return booking
        taken = Parcel.objects.filter(carrier=booking.carrier, waybill=waybill)
        if taken.exclude(pk=parcel.pk).exists():
            raise UnableToHandOver(
                _("The carrier gave waybill %(waybill)s to another parcel already.")
                % {"waybill": waybill}
            )
        booking.status = Booking.Status.BOOKED
        booking.waybill, booking.task_id = waybill, task_id
        booking.save(update_fields=["status", "waybill", "task_id"])
        parcel.carrier, parcel.waybill = booking.carrier, waybill
        parcel.status = Parcel.Status.HANDED_OVER
        parcel.handed_over_at = parcel.heard_at = at
        parcel.save(
            update_fields=["carrier", "waybill", "status", "handed_over_at", "heard_at"]
        )
        note(
            parcel=parcel, kind=ParcelEvent.Kind.HANDED_OVER, at=at, by=booking.asked_by
        )
        parcel_handed_over.send(sender=Parcel, parcel=parcel, at=at)
    return booking


def subscribe(
    *, booking: Booking, at: datetime, gateway: Gateway | None = None
) -> bool:
    """Have the carrier push what happens to a booked parcel; again changes nothing.

    Returns whether pushes are on. A failure costs nothing but time: `tasks` asks
    again, and `sync_parcel` polls what was never pushed.
    """
    if booking.status != Booking.Status.BOOKED or booking.subscribed_at is not None:
        return booking.subscribed_at is not None
    try:
        (gateway or registry.gateway(booking.carrier)).subscribe(
            order=_order(booking, _sender(booking.parcel, booking.asked_by)),
            waybill=booking.waybill,
        )
    except (CarrierRefused, CarrierUnknown) as error:
        log.warning("Booking %s: pushes not on: %s", booking.pk, type(error).__name__)
        return False
    Booking.objects.filter(pk=booking.pk).update(subscribed_at=at)
    return True


def record_tracking(
    *, carrier: str, waybill: str, events: Sequence[TrackingEvent], at: datetime
) -> Parcel:
    """Write down what a carrier told us; in any order, and as often as it likes.

    The parcel moves on to what its newest event says. Sends `parcel_delivered` or
    `parcel_returned` when it comes to its end, once.

    Errors: UnknownWaybill.
    """
    with transaction.atomic():
        parcel = (
            Parcel.objects.select_for_update()
            .filter(carrier=carrier, waybill=waybill)
            .exclude(waybill="")
            .first()
        )
        if parcel is None:
            raise UnknownWaybill(f"no parcel with waybill {waybill} at {carrier}")
        apply_events(parcel=parcel, events=events, at=at)
    return parcel


def sync_parcel(
    *, parcel: Parcel, at: datetime, gateway: Gateway | None = None
) -> Parcel:
    """Ask the carrier about a parcel under way that was not heard of for long.

    Asked less than `settings.CARRIER_ASK_AFTER` ago, or not under way: nothing
    happens (carriers lock out whoever asks too often). An open answer is left for
    next time. Must not be called inside a transaction.
    """
    asked = gateway or registry.gateway(parcel.carrier)
    due = Parcel.objects.under_way().filter(
        Q(asked_at__isnull=True) | Q(asked_at__lte=at - settings.CARRIER_ASK_AFTER),
        pk=parcel.pk,
    )
    with transaction.atomic(durable=asked.networked):
        ours_to_ask = due.update(asked_at=at)
    if ours_to_ask:
        try:
            events = asked.track(
                carrier=parcel.carrier,
                waybill=parcel.waybill,
                phone=parcel.recipient_phone,
            )
        except (CarrierRefused, CarrierUnknown) as error:
            log.warning("Parcel %s: not told: %s", parcel.pk, type(error).__name__)
        else:
            record_tracking(
                carrier=parcel.carrier, waybill=parcel.waybill, events=events, at=at
            )
    return Parcel.objects.get(pk=parcel.pk)
