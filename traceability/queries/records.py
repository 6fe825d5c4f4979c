"""What an assistant, a cooperative or an inspector looks at, one part at a time.

Every part is of the lots it is given: those of a person's villages, or of a place.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from traceability.models import (
    Certificate,
    Evidence,
    Label,
    LabelBatch,
    Licence,
    Lot,
    StatusEvent,
)
from traceability.queries.lots import CERTIFY_WITHIN

# A season's certificates: what is older has been sold.
_LATELY = timedelta(days=120)
# A licence is renewed in weeks.
_RENEW_WITHIN = timedelta(days=60)
# One part in so many is little.
_LITTLE = 10


class Page(NamedTuple):
    """Some facts of a part, newest first, and the key before which the next begin."""

    items: list[dict[str, Any]]
    next_key: int | None


def today(lots: QuerySet[Lot], *, now: datetime) -> QuerySet[Any]:
    """Lots that were recorded or picked today."""
    day = timezone.localdate(now)
    start = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return lots.filter(Q(recorded_at__gte=start) | Q(harvest_date=day))


def owing_tests(lots: QuerySet[Lot], *, now: datetime) -> QuerySet[Any]:
    """Lots whose certificate in force promises a test, and no report is attached."""
    promised = Q()
    for basis in ("self_test", "commissioned_test"):
        # A quotation mark inside a text of the document is escaped there.
        promised |= Q(document__contains=f'"{basis}"')
    certificates = Certificate.objects.filter(
        promised, lot=OuterRef("pk"), status_events__isnull=True
    )
    reports = Evidence.objects.filter(lot=OuterRef("pk"), kind="test_report")
    since = timezone.localdate(now) - _LATELY
    return lots.filter(Exists(certificates), ~Exists(reports), harvest_date__gt=since)


def uncertified(lots: QuerySet[Lot], *, now: datetime) -> QuerySet[Any]:
    """Lots picked lately of which nothing is certified or moved on."""
    day = timezone.localdate(now)
    return lots.filter(
        harvest_date__lte=day,
        harvest_date__gt=day - CERTIFY_WITHIN,
        certified_g=0,
        split_g=0,
    )


def running_out(lots: QuerySet[Lot], *, now: datetime) -> QuerySet[Any]:
    """Certificates in force of this season with little or nothing left to label."""
    return Certificate.objects.filter(
        lot__in=lots,
        status_events__isnull=True,
        issued_at__gt=now - _LATELY,
        balance__labelled_g__gt=0,
        balance__quantity_g__gte=(F("balance__quantity_g") - F("balance__labelled_g"))
        * _LITTLE,
    ).select_related("lot", "balance")


def licences(lots: QuerySet[Lot], *, now: datetime) -> QuerySet[Any]:
    """Licences that run out soon, or of which little is left. They are the county's:
    whoever keeps lots sees them all."""
    day = timezone.localdate(now)
    return (
        Licence.objects.standing()
        .filter(valid_to__gte=day)
        .filter(
            Q(valid_to__lte=day + _RENEW_WITHIN)
            | Q(quantity_g__gte=(F("quantity_g") - F("used_g")) * _LITTLE)
        )
        .select_related("area")
    )


def label_stock(lots: QuerySet[Lot], *, now: datetime) -> QuerySet[Any]:
    """Label batches, each with `packed` and `voided`: how many of its labels are."""

    def counted(labels: QuerySet[Any]) -> Coalesce:
        of_batch = labels.filter(batch=OuterRef("pk")).order_by().values("batch")
        return Coalesce(Subquery(of_batch.annotate(n=Count("pk")).values("n")), 0)

    void = StatusEvent.objects.filter(
        label=OuterRef("pk"), status=StatusEvent.Status.VOIDED
    )
    return (
        LabelBatch.objects.filter(lot__in=lots)
        .select_related("lot", "certificate")
        .annotate(
            packed=counted(Label.objects.filter(activated_at__isnull=False)),
            voided=counted(
                Label.objects.filter(Exists(void), activated_at__isnull=True)
            ),
        )
    )


def _lot(lot: Lot) -> dict[str, Any]:
    return {
        "lot": lot.number,
        "product": lot.product_name,
        "crop": lot.crop,
        "village": lot.village_id,
        "harvested_on": lot.harvest_date.isoformat(),
        "weight_g": lot.weight_g,
        "certified_g": lot.certified_g,
        "free_g": lot.free_g,
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return {
        "certificate": certificate.number,
        "lot": certificate.lot.number,
        "product": certificate.lot.product_name,
        "form": certificate.form,
        "quantity_g": certificate.quantity_g,
        "left_g": certificate.balance.free_g,
        "issued_at": timezone.localtime(certificate.issued_at).isoformat(),
    }


def _licence(licence: Licence) -> dict[str, Any]:
    return {
        "mark": licence.mark,
        "number": licence.number,
        "holder": licence.holder,
        "crop": licence.crop,
        "area": licence.area_id,
        "quantity_g": licence.quantity_g,
        "left_g": licence.free_g,
        "valid_from": licence.valid_from.isoformat(),
        "valid_to": licence.valid_to.isoformat(),
    }


def _batch(batch: Any) -> dict[str, Any]:
    return {
        "batch": batch.number,
        "lot": batch.lot.number,
        "certificate": batch.certificate.number,
        "product": batch.product_name,
        "pack_g": batch.pack_g,
        "minted": batch.count,
        "packed": batch.packed,
        "voided": batch.voided,
        "left": batch.count - batch.packed - batch.voided,
        "expires_on": batch.expires_on.isoformat() if batch.expires_on else None,
    }


class Part(NamedTuple):
    """A part: its rows, and a row as facts."""

    rows: Callable[..., QuerySet[Any]]
    facts: Callable[[Any], dict[str, Any]]


PARTS = {
    "today": Part(today, _lot),
    "tests": Part(owing_tests, _lot),
    "uncertified": Part(uncertified, _lot),
    "certificates": Part(running_out, _certificate),
    "licences": Part(licences, _licence),
    "labels": Part(label_stock, _batch),
}


def page(
    part: str,
    lots: QuerySet[Lot],
    *,
    now: datetime,
    before: int | None = None,
    size: int = 50,
) -> Page:
    """One page of a part. `part` is one of PARTS."""
    rows, facts = PARTS[part]
    found = rows(lots, now=now)
    if before is not None:
        found = found.filter(pk__lt=before)
    shown = list(found.order_by("-pk")[: size + 1])
    more = shown[size - 1].pk if len(shown) > size else None
    return Page([facts(row) for row in shown[:size]], more)


def counts(lots: QuerySet[Lot], *, now: datetime) -> dict[str, int]:
    """How many there are of what waits; stock only tells."""
    return {
        name: part.rows(lots, now=now).count()
        for name, part in PARTS.items()
        if name != "labels"
    }
