"""What is known about lots."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.organisations.models import Assistant, Farmer
from partners.organisations.rules import is_auditor, is_inspector, is_operator
from partners.organisations.today import TodayItem
from partners.people import Person
from traceability.models import (
    Certificate,
    Event,
    LabelBatch,
    Lot,
    Plot,
    StatusEvent,
)

# What was picked longer ago has been sold or eaten: nothing to do about it today.
CERTIFY_WITHIN = timedelta(days=14)


def to_be_labelled(lots: QuerySet[Any], *, now: datetime) -> QuerySet[Any]:
    """Those of `with_certificate_to_label` that were picked lately, have a certificate
    with room for labels, and none yet."""
    since = timezone.localdate(now) - CERTIFY_WITHIN
    return lots.filter(labelled=False, to_label__isnull=False, harvest_date__gt=since)


def recalled_lately(lots: QuerySet[Any], *, now: datetime) -> QuerySet[Any]:
    """Those whose recall is news: their packages may still lie at a station."""
    lately = StatusEvent.objects.filter(
        status=StatusEvent.Status.RECALLED, happened_at__gt=now - CERTIFY_WITHIN
    )
    return lots.filter(pk__in=lately.filter(lot__isnull=False).values("lot"))


def lots_for(user: Person) -> QuerySet[Lot]:
    """The lots that a person keeps: of their villages, for the county's own of all."""
    if is_operator(user) or is_auditor(user) or is_inspector(user):
        return Lot.objects.all()
    return Lot.objects.filter(village__assistants__user=user)


def lots_today(assistant: Assistant, *, now: datetime) -> list[TodayItem]:
    """Recalls in an assistant's villages; harvests without certificate or labels."""
    today = timezone.localdate(now)
    waiting = Lot.objects.filter(
        village__in=assistant.villages.all(),
        harvest_date__lte=today,
        harvest_date__gt=today - CERTIFY_WITHIN,
        certified_g=0,
        split_g=0,
    )
    own = with_certificate_to_label(
        Lot.objects.filter(village__in=assistant.villages.all())
    )
    bare = to_be_labelled(own, now=now)
    recalled = recalled_lately(own, now=now)
    return [
        TodayItem(
            label=_("Recalled lots: put their packages aside"),
            count=recalled.count(),
            url=f"{reverse('traceability:lots')}?part=recalled",
            icon="octagon-alert",
        ),
        TodayItem(
            label=_("Lots without a certificate"),
            count=waiting.count(),
            url=reverse("traceability:lots"),
            icon="sprout",
        ),
        TodayItem(
            label=_("Lots without labels"),
            count=bare.count(),
            url=f"{reverse('traceability:lots')}?part=unlabelled",
            icon="qr-code",
        ),
    ]


def with_certificate_to_label(lots: QuerySet[Lot]) -> QuerySet[Any]:
    """The lots, each with `is_recalled`, `labelled` (has any labels) and `to_label`:
    the number of the newest certificate under which labels can be made, or None."""
    recalled = StatusEvent.objects.filter(status=StatusEvent.Status.RECALLED)
    covering = (
        Certificate.objects.filter(lot=OuterRef("pk"), status_events__isnull=True)
        .filter(balance__quantity_g__gt=F("balance__labelled_g"))
        .exclude(lot__in=recalled.filter(lot__isnull=False).values("lot"))
        .order_by("-pk")
    )
    return lots.annotate(
        is_recalled=Exists(recalled.filter(lot=OuterRef("pk"))),
        labelled=Exists(LabelBatch.objects.filter(lot=OuterRef("pk"))),
        to_label=Subquery(covering.values("number")[:1]),
    )


def plots_for(user: Person) -> QuerySet[Plot]:
    """The plots on which a person may record lots, by village and farmer."""
    plots = Plot.objects.select_related("farmer", "village").order_by(
        "village_id", "farmer_id", "name"
    )
    if is_operator(user):
        return plots
    return plots.filter(village__assistants__user=user)


def farmers_for(user: Person) -> QuerySet[Farmer]:
    """The farmers whose plots a person may register."""
    farmers = Farmer.objects.select_related("village").order_by("village_id", "called")
    if is_operator(user):
        return farmers
    return farmers.filter(village__assistants__user=user)


def lots_to_merge_with(lot: Lot) -> QuerySet[Lot]:
    """Other lots that may go into one with this: same crop and village, not recalled,
    something of them free. The newest, as many as a page can ask about."""
    recalled = StatusEvent.objects.filter(
        status=StatusEvent.Status.RECALLED, lot__isnull=False
    )
    return (
        Lot.objects.filter(crop=lot.crop, village=lot.village_id)
        .filter(weight_g__gt=F("split_g") + F("certified_g"))
        .exclude(pk=lot.pk)
        .exclude(pk__in=recalled.values("lot"))
        .select_related("farmer")
        .order_by("-pk")[:12]
    )


def standing_events(lot: Lot) -> QuerySet[Event]:
    """The lot's events that were not struck out, oldest first."""
    return lot.events.filter(strikes__isnull=True, struck_by__isnull=True)


def history_of(lot: Lot) -> QuerySet[Event]:
    """The standing events of the lot and of all that went into it, oldest first."""
    lots = {lot.pk} | ancestor_ids([lot.pk])
    return Event.objects.filter(
        lot__in=lots, strikes__isnull=True, struck_by__isnull=True
    ).select_related("lot__farmer")


def safe_harvest_date(*, plot: Plot, day: date) -> date | None:
    """The first day after every spray on the plot up to `day`; None without sprays.

    A spray of 26 September with an interval of 20 days allows 16 October.
    """
    return _safe_after(Event.objects.filter(lot__plot=plot), day)


def safe_harvest_date_of(*, lot: Lot, day: date) -> date | None:
    """As `safe_harvest_date`, for the plot of a lot, or of all the lots in it."""
    plots = {lot.plot_id} | {
        lot.plot_id for lot in Lot.objects.filter(pk__in=ancestor_ids([lot.pk]))
    }
    own = _safe_after(lot.events.all(), day)
    on_plots = _safe_after(Event.objects.filter(lot__plot__in=plots - {None}), day)
    return max(filter(None, (own, on_plots)), default=None)


def _safe_after(events: QuerySet[Event], day: date) -> date | None:
    sprays = events.filter(
        kind=Event.Kind.SPRAY, strikes__isnull=True, struck_by__isnull=True
    ).values_list("happened_at", "interval_days")
    days = [
        (timezone.localtime(sprayed_at).date(), interval or 0)
        for sprayed_at, interval in sprays
    ]
    return max(
        (
            sprayed_on + timedelta(days=interval)
            for sprayed_on, interval in days
            if sprayed_on <= day
        ),
        default=None,
    )


def ancestor_ids(lot_ids: Iterable[int]) -> set[int]:
    """Every lot that went into these, however far back; without themselves."""
    return _walk(lot_ids, "child_id", "parent_id")


def descendant_ids(lot_ids: Iterable[int]) -> set[int]:
    """Every lot that these went into, however far on; without themselves."""
    return _walk(lot_ids, "parent_id", "child_id")


def _walk(lot_ids: Iterable[int], here: str, there: str) -> set[int]:
    """One query, however long the way: the database goes it."""
    begun = list(lot_ids)
    if not begun:
        return set()
    marks = ", ".join(["%s"] * len(begun))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH RECURSIVE way(id) AS (
                SELECT {there} FROM traceability_lotlink WHERE {here} IN ({marks})
                UNION
                SELECT link.{there} FROM traceability_lotlink link
                JOIN way ON link.{here} = way.id)
            SELECT id FROM way""",  # noqa: S608  two columns of ours, nothing else
            begun,
        )
        return {key for (key,) in cursor.fetchall()}


def lots_with(lot: Lot) -> list[Lot]:
    """The lot and every lot that it went into, in the order of their recording."""
    affected = {lot.pk} | descendant_ids([lot.pk])
    return list(Lot.objects.filter(pk__in=affected).order_by("pk"))


def recalled_ids(lot_ids: Iterable[int]) -> set[int]:
    """Those of the lots that are recalled."""
    return set(
        StatusEvent.objects.filter(
            lot_id__in=lot_ids, status=StatusEvent.Status.RECALLED
        ).values_list("lot_id", flat=True)
    )
