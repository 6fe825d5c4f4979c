"""What an order costs: goods and freight by seller, before anything is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from logistics.queries import NotDelivered, quote
from partners.organisations.models import Division
from shop.ordering.baskets import Item


@dataclass(frozen=True)
class Part:
    """What one seller sends, and what its freight costs."""

    partner_id: int
    village: Division
    items: list[Item]
    freight_fen: int | None
    not_delivered: str = ""

    @property
    def goods_fen(self) -> int:
        """Goods of this seller."""
        return sum(item.goods_fen for item in self.items)


@dataclass(frozen=True)
class OrderQuote:
    """The whole order as the buyer sees it before paying."""

    parts: list[Part] = field(default_factory=list)

    @property
    def goods_fen(self) -> int:
        """All goods."""
        return sum(part.goods_fen for part in self.parts)

    @property
    def freight_fen(self) -> int | None:
        """All freight, or None while the address is not known."""
        freights = [part.freight_fen for part in self.parts]
        known = [fen for fen in freights if fen is not None]
        return sum(known) if len(known) == len(freights) else None

    @property
    def total_fen(self) -> int | None:
        """What will be paid, or None while the freight is not known."""
        freight = self.freight_fen
        return None if freight is None else self.goods_fen + freight

    @property
    def problems(self) -> list[str]:
        """Everything that stands in the way of ordering."""
        found = [item.problem for part in self.parts for item in part.items]
        found += [part.not_delivered for part in self.parts]
        return [problem for problem in found if problem]

    @property
    def has_fresh(self) -> bool:
        """Whether the seven-day return does not apply to something in it."""
        return any(item.listing.fresh for part in self.parts for item in part.items)


def quote_order(*, items: Iterable[Item], division_code: str = "") -> OrderQuote:
    """Goods and freight by seller; without an address the freight stays open."""

    def seller(item: Item) -> tuple[int, str]:
        return item.partner_id, item.village.pk

    parts = []
    for (partner_id, _village), group in groupby(sorted(items, key=seller), seller):
        goods = list(group)
        freight, refusal = None, ""
        if division_code:
            try:
                freight = _freight_fen(goods, division_code)
            except NotDelivered as error:
                refusal = str(error)
        parts.append(
            Part(
                partner_id=partner_id,
                village=goods[0].village,
                items=goods,
                freight_fen=freight,
                not_delivered=refusal,
            )
        )
    return OrderQuote(parts=parts)


def _freight_fen(items: list[Item], division_code: str) -> int:
    """One seller's freight: each template's goods travel as one parcel."""

    def template(item: Item) -> int:
        return item.freight_template.pk

    total = 0
    for _pk, group in groupby(sorted(items, key=template), template):
        goods = list(group)
        total += quote(
            template=goods[0].freight_template,
            division_code=division_code,
            weight_g=sum(item.weight_g for item in goods),
            pieces=sum(item.quantity for item in goods),
            goods_fen=sum(item.goods_fen for item in goods),
        ).fen
    return total
