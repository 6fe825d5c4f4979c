"""The register of certificates for inspectors: what was issued and collected, that no
number is missing, and until when each must be kept.

Rows are never deleted (the database refuses); the day is what a paper must see at
least. Source: 农业农村部令 2025 年第 4 号.
"""

import calendar
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from partners import measures
from traceability import queries, regulation
from traceability.models import Certificate, CollectedCertificate, Counter, Lot

MOST_ROWS = 20_000
_SERIAL = re.compile(r"(.+)-(\d{4})-(\d{6,})")


@dataclass(frozen=True)
class Series:
    """The numbers of one prefix and year: how many were given, and which are not
    there. Numbers begin with 1."""

    name: str
    given: int
    missing: list[str]

    @property
    def is_whole(self) -> bool:
        return not self.missing


def keep_until(day: date) -> date:
    """The first day on which a certificate of `day` need no longer be kept."""
    month = day.month - 1 + regulation.RETENTION_MONTHS
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def kept_since(today: date) -> date:
    """The first day of which certificates must still be kept today."""
    month = today.month - 1 - regulation.RETENTION_MONTHS
    year, month = today.year + month // 12, month % 12 + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def series() -> list[Series]:
    """Every series of the county, newest year first, held against its counter."""
    found: dict[str, set[int]] = {}
    for number in Certificate.objects.values_list("number", flat=True).iterator():
        if match := _SERIAL.fullmatch(number):
            found.setdefault(f"{match[1]}-{match[2]}", set()).add(int(match[3]))
    last = {name: max(serials) for name, serials in found.items()}
    counters = Counter.objects.filter(name__startswith="certificate:")
    for counter, value in counters.values_list("name", "value"):
        _kind, prefix, year = counter.split(":")
        # A number that was given and is not there is missing at the end as well.
        name = f"{prefix}-{year}"
        last[name] = max(value, last.get(name, 0))
    return [
        Series(
            name,
            last[name],
            [
                f"{name}-{serial:06d}"
                for serial in range(1, last[name] + 1)
                if serial not in found.get(name, ())
            ],
        )
        for name in sorted(last, reverse=True)
    ]


def issued(lots: QuerySet[Lot], first: date, last: date) -> QuerySet[Certificate]:
    """Certificates issued from one day to another, oldest first."""
    return (
        Certificate.objects.filter(lot__in=lots, issued_at__range=_span(first, last))
        .select_related("lot__village__station")
        .prefetch_related("status_events")
        .order_by("pk")
    )


def collected(
    lots: QuerySet[Lot], first: date, last: date
) -> QuerySet[CollectedCertificate]:
    """Certificates of others that were kept from one day to another."""
    return (
        CollectedCertificate.objects.filter(
            lot__in=lots, collected_at__range=_span(first, last)
        )
        .select_related("lot")
        .order_by("pk")
    )


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    return (
        timezone.make_aware(datetime.combine(first, time.min)),
        timezone.make_aware(datetime.combine(last, time.max)),
    )


def head() -> list[str]:
    """The heads of the table's columns, in the reader's language."""
    return [
        _("Issued or collected"),
        _("Certificate number"),
        _("Form of certificate"),
        _("Product name"),
        _("Quantity in kilograms"),
        _("Place of origin"),
        _("Promisor"),
        _("Unified social credit code"),
        _("Contact details"),
        _("Based on"),
        _("Issued at"),
        _("Lot number"),
        _("Withdrawn"),
        _("Keep at least until"),
    ]


def rows(lots: QuerySet[Lot], first: date, last: date) -> Iterator[list[str]]:
    """Every line of the table, those issued before those collected; MOST_ROWS of each
    at most."""
    for one in issued(lots, first, last)[:MOST_ROWS]:
        yield _issued_row(one)
    for kept in collected(lots, first, last)[:MOST_ROWS]:
        yield _collected_row(kept)


def _issued_row(one: Certificate) -> list[str]:
    text = json.loads(one.document)
    at = timezone.localtime(one.issued_at)
    ends = [
        f"{event.get_status_display()}: {event.reason}"
        for event in one.status_events.all()
    ]
    return [
        _("Issued"),
        one.number,
        one.get_form_display(),
        text["product"],
        measures.kilograms(one.quantity_g),
        text["origin"]["name"],
        queries.disclosed(one, "promisor"),
        text.get("uscc", ""),
        queries.disclosed(one, "contact"),
        ", ".join(str(words) for words in regulation.bases(text["basis"])),
        f"{at:%Y-%m-%d %H:%M}",
        one.lot.number,
        "; ".join(ends),
        keep_until(at.date()).isoformat(),
    ]


def _collected_row(kept: CollectedCertificate) -> list[str]:
    day = timezone.localtime(kept.collected_at).date()
    return [
        _("Collected"),
        kept.number,
        kept.get_form_display(),
        kept.product,
        measures.kilograms(kept.quantity_g),
        kept.origin,
        kept.promisor,
        "",
        kept.contact,
        "",
        kept.issued_on.isoformat(),
        kept.lot.number,
        "",
        keep_until(day).isoformat(),
    ]
