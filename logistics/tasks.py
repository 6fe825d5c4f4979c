"""Jobs that resume what a crash, a lost answer or a lost push left open."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from logistics import operations
from logistics.models import Booking, Parcel

log = logging.getLogger(__name__)

BATCH = 50


@shared_task
def resume_bookings() -> int:
    """Ask again for every booking whose answer is open; returns how many were asked.

    Bookings past `Booking.SAFE_TO_ASK_AGAIN` are left to people, because asking
    again could book twice.
    """
    now = timezone.now()
    open_ones = Booking.objects.filter(
        status=Booking.Status.ASKED,
        leased_until__lte=now,
        opened_at__gte=now - Booking.SAFE_TO_ASK_AGAIN,
    ).select_related("parcel")
    bookings = list(open_ones.order_by("leased_until")[:BATCH])
    for booking in bookings:
        try:
            operations.resume_booking(booking=booking, at=now)
        except operations.UnableToHandOver as error:
            log.warning("Booking %s: %s", booking.pk, type(error).__name__)
    return len(bookings)


@shared_task
def ask_about_quiet_parcels() -> int:
    """Turn pushes on where they are not, and ask about parcels without news.

    Returns how many parcels were asked about.
    """
    now = timezone.now()
    silent = Booking.objects.filter(
        status=Booking.Status.BOOKED,
        subscribed_at__isnull=True,
        parcel__in=Parcel.objects.under_way(),
    ).select_related("parcel")
    for booking in silent.order_by("pk")[:BATCH]:
        operations.subscribe(booking=booking, at=now)
    quiet = Parcel.objects.quiet_since(now - settings.CARRIER_ASK_AFTER)
    parcels = list(quiet.order_by("heard_at")[:BATCH])
    for parcel in parcels:
        operations.sync_parcel(parcel=parcel, at=now)
    return len(parcels)
