"""What an agreement would give, before anything is filed."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Q, QuerySet

from partners import periods
from partners.measures import apportion
from partners.models import Agreement, Household, Pairing, Source, Supermarket
from partners.shares import share_fen


@dataclass(frozen=True)
class SharePreview:
    """What a profit would send: the sum in fen and to how many households."""

    amount_fen: int
    households: int


class Part(NamedTuple):
    """One household's part of a sum."""

    household: Household
    weight: int
    amount_fen: int


def agreement_for(
    *, supermarket: Supermarket, source: str, on: date
) -> Agreement | None:
    """The agreement that counts profit of `source` (a Source value) on a day."""
    agreements = Agreement.objects.filter(supermarket=supermarket)
    return agreements.in_force_on(on).covering(source).order_by("starts_on").last()


def pairings_in(*, agreement: Agreement, period: date) -> QuerySet[Pairing]:
    """The pairings that count in a month, in the order they were made."""
    return (
        agreement.pairings.filter(from_on__lte=periods.last_day(period))
        .filter(Q(ended_on__isnull=True) | Q(ended_on__gte=period))
        .select_related("household__village")
        .order_by("pk")
    )


def parts_of(*, agreement: Agreement, period: date, amount_fen: int) -> list[Part]:
    """Each paired household's part of a sum, by weight; the parts sum to it.

    Empty where nobody is paired in that month.
    """
    pairings = list(pairings_in(agreement=agreement, period=period))
    if not pairings:
        return []
    amounts = apportion(amount_fen, [pairing.weight for pairing in pairings])
    return [
        Part(pairing.household, pairing.weight, amount)
        for pairing, amount in zip(pairings, amounts, strict=True)
    ]


def share_preview(
    *, supermarket: Supermarket, margin_fen: int, on: date
) -> SharePreview:
    """What `margin_fen` earned on this platform on a day would send to households.

    Two queries. Nothing where no agreement counts platform orders in that month.
    """
    period = periods.first_day(on)
    agreement = agreement_for(
        supermarket=supermarket, source=Source.PLATFORM, on=period
    )
    if agreement is None:
        return SharePreview(0, 0)
    amount_fen = share_fen(
        profit_fen=margin_fen, rate_bp=agreement.rate_bp, room_fen=agreement.cap_fen
    )
    pairings = pairings_in(agreement=agreement, period=period)
    return SharePreview(amount_fen, pairings.count())
