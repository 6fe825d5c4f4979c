"""Share out a completed order's money, and bring it back for a late refund."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from partners.ledger.models import Entry
from partners.ledger.operations import Line, post
from partners.ledger.queries import balance_fen
from partners.measures import apportion, yuan
from partners.organisations.models import Farmer
from shop.alipay.models import Refund
from shop.listings.terms import split_price
from shop.notices.operations import send_text
from shop.ordering.models import LineTerms, PartRefund, SubOrder
from shop.ordering.refunded import went_back
from shop.settlement.models import SettledFreight, SettledLine, Settlement, TakenBack
from shop.settlement.queries import farmer_token
from shop.settlement.signals import order_settled

FREIGHT = "freight:payable"
PLATFORM = "platform:fee"


class UnableToSettle(Exception):
    """The order cannot be settled; the message says why."""


class UnableToTakeBack(Exception):
    """More is asked back than is left of the order."""


@dataclass(frozen=True)
class Share:
    """One order line's price, split between those who earned it. Whole fen."""

    terms: LineTerms
    seller_account: str
    seller_fen: int
    margin_fen: int
    platform_fen: int


def seller_account(*, terms: LineTerms) -> str:
    """The account of whoever is paid for this line: a farmer or a cooperative."""
    seller = terms.listing.seller
    if seller.farmer_id is not None:
        return f"farmer:{seller.farmer_id}:payable"
    return f"cooperative:{seller.cooperative_id}:payable"


def share_line(*, terms: LineTerms, goods_fen: int) -> Share:
    """Split what a line brought in: grower, supermarket's margin, platform's fee.

    The parts sum to `goods_fen` exactly (largest remainder).
    """
    seller_fen, margin_fen, platform_fen = split_price(
        goods_fen, margin_bp=terms.margin_bp, platform_bp=terms.platform_bp
    )
    return Share(
        terms=terms,
        seller_account=seller_account(terms=terms),
        seller_fen=seller_fen,
        margin_fen=margin_fen,
        platform_fen=platform_fen,
    )


@transaction.atomic
def settle_order(*, order, at: datetime) -> Settlement:
    """Move a completed order's money out of escrow to those who earned it.

    What was refunded before completion is taken off what it was refunded for (a part,
    a line), else off everything in proportion, so that escrow ends at zero to the fen.
    Who sent nothing gets nothing. Settling twice returns the first.
    Errors: UnableToSettle.
    """
    done = Settlement.objects.filter(order=order).first()
    if done is not None:
        return done
    escrow = f"order:{order.number}:escrow"
    held_fen = -balance_fen(escrow)
    if order.status != "completed" or held_fen <= 0:
        raise UnableToSettle(_("Only a paid and completed order can be settled."))
    legs = _legs(order, held_fen)
    shares = [
        share_line(terms=terms, goods_fen=fen)
        for terms, fen in legs
        if isinstance(terms, LineTerms)
    ]
    freights = [(part, fen) for part, fen in legs if isinstance(part, SubOrder)]
    credits = _credits(shares=shares, freight_fen=sum(fen for _part, fen in freights))
    entry = post(
        key=f"order:{order.number}:completion",
        kind="completion",
        lines=[Line(escrow, held_fen)]
        + [Line(account, -fen) for account, fen in sorted(credits.items())],
        subject=f"order:{order.number}",
        at=at,
    )
    settlement = Settlement.objects.create(
        order=order, entry=entry, total_fen=held_fen, settled_at=at
    )
    SettledLine.objects.bulk_create(
        SettledLine(
            settlement=settlement,
            terms=share.terms,
            seller_account=share.seller_account,
            goods_fen=share.seller_fen + share.margin_fen + share.platform_fen,
            seller_fen=share.seller_fen,
            margin_fen=share.margin_fen,
            platform_fen=share.platform_fen,
        )
        for share in shares
    )
    SettledFreight.objects.bulk_create(
        SettledFreight(settlement=settlement, sub_order=part, freight_fen=fen)
        for part, fen in freights
    )
    _tell_farmers(settlement=settlement, shares=shares, at=at)
    order_settled.send(sender=Settlement, settlement=settlement, at=at)
    return settlement


def _legs(order, held_fen: int) -> list[tuple[LineTerms | SubOrder, int]]:
    """What is left for each line's goods and each part's freight, of what was sent."""
    back = went_back(order)
    sent = order.sub_orders.exclude(status=SubOrder.Status.CANCELLED)
    of: list[LineTerms | SubOrder] = []
    asked: list[int] = []
    for part in sent.order_by("pk"):
        terms = part.line_terms.select_related("listing__seller__farmer")
        own: list[LineTerms | SubOrder] = [*terms.order_by("pk"), part]
        fens = [max(0, t.goods_fen - back.lines.get(t.pk, 0)) for t in own[:-1]]
        fens.append(part.freight_fen)
        gone = min(back.parts.get(part.pk, 0), sum(fens))
        if gone:
            taken = apportion(gone, fens)
            fens = [fen - off for fen, off in zip(fens, taken, strict=True)]
        of += own
        asked += fens
    return list(zip(of, apportion(held_fen, asked), strict=True))


def _tell_farmers(*, settlement: Settlement, shares: list[Share], at: datetime) -> None:
    """A text to each grower: how much more is theirs, and where it says what for."""
    earned: defaultdict[Farmer, int] = defaultdict(int)
    for share in shares:
        if share.terms.listing.seller.farmer is not None:
            earned[share.terms.listing.seller.farmer] += share.seller_fen
    for farmer, amount_fen in earned.items():
        send_text(
            phone=farmer.phone,
            template="farmer_owed",
            params={
                "amount": yuan(amount_fen),
                "link": reverse("settlement:owed", args=[farmer_token(farmer)]),
            },
            at=at,
            key=f"settlement:{settlement.pk}:farmer:{farmer.pk}",
        )


def _credits(*, shares: list[Share], freight_fen: int) -> dict[str, int]:
    """Fen for each account that earned something."""
    found: defaultdict[str, int] = defaultdict(int)
    for share in shares:
        found[share.seller_account] += share.seller_fen
        if share.terms.supermarket_id is not None:
            found[f"supermarket:{share.terms.supermarket_id}:margin"] += (
                share.margin_fen
            )
        found[PLATFORM] += share.platform_fen
    found[FREIGHT] += freight_fen
    return {account: fen for account, fen in found.items() if fen}


@transaction.atomic
def take_back(
    *,
    settlement: Settlement,
    amount_fen: int,
    request_no: str,
    sub_order: SubOrder | None = None,
    at: datetime,
) -> TakenBack:
    """Bring part of a settled order's money back into its escrow.

    Those who earned by `sub_order` give back first, else everyone does, in proportion
    to what they still have of it, so that refunds in any order and any sizes end at
    zero everywhere. Errors: UnableToTakeBack.
    """
    settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
    earlier = settlement.taken_back.filter(request_no=request_no).first()
    if earlier is not None:
        if earlier.amount_fen != amount_fen:
            raise UnableToTakeBack(_("This refund was asked for with another sum."))
        return earlier
    left = _left_of(settlement)
    if not 0 < amount_fen <= sum(left.values()):
        raise UnableToTakeBack(_("More is asked back than is left of this order."))
    taken = _taken(amount_fen, left, _left_of_part(settlement, sub_order, left))
    number = settlement.order.number
    entry = post(
        key=f"order:{number}:back:{request_no}",
        kind="completion-reversal",
        lines=[Line(f"order:{number}:escrow", -amount_fen)]
        + [Line(account, fen) for account, fen in sorted(taken.items()) if fen],
        subject=f"order:{number}",
        at=at,
    )
    return TakenBack.objects.create(
        settlement=settlement,
        sub_order=sub_order,
        request_no=request_no,
        amount_fen=amount_fen,
        entry=entry,
    )


def _taken(
    amount_fen: int, left: dict[str, int], first: dict[str, int]
) -> dict[str, int]:
    """Who gives how much: those of `first` as far as it goes, then all."""
    taken: defaultdict[str, int] = defaultdict(int)
    for source in (first, left):
        having = {a: fen - taken[a] for a, fen in sorted(source.items())}
        having = {a: fen for a, fen in having.items() if fen > 0}
        fen = min(amount_fen - sum(taken.values()), sum(having.values()))
        if fen:
            parts = apportion(fen, list(having.values()))
            for account, part in zip(having, parts, strict=True):
                taken[account] += part
    return dict(taken)


def _left_of(settlement: Settlement) -> dict[str, int]:
    """Fen that each account still has of this order."""
    entries = [settlement.entry, *(t.entry for t in settlement.taken_back.all())]
    left = _moved(settlement, entries)
    return {account: fen for account, fen in left.items() if fen > 0}


def _left_of_part(
    settlement: Settlement, sub_order: SubOrder | None, left: dict[str, int]
) -> dict[str, int]:
    """Fen that each account still has of one part, and has at all."""
    if sub_order is None:
        return {}
    lines = settlement.lines.filter(terms__sub_order=sub_order)
    shares = [
        Share(
            line.terms,
            line.seller_account,
            line.seller_fen,
            line.margin_fen,
            line.platform_fen,
        )
        for line in lines.select_related("terms")
    ]
    freights = settlement.freights.filter(sub_order=sub_order)
    part = _credits(shares=shares, freight_fen=sum(f.freight_fen for f in freights))
    back = settlement.taken_back.filter(sub_order=sub_order).select_related("entry")
    gone = _moved(settlement, [each.entry for each in back])
    found = {a: min(fen + gone[a], left.get(a, 0)) for a, fen in part.items()}
    return {account: fen for account, fen in found.items() if fen > 0}


def _moved(settlement: Settlement, entries: list[Entry]) -> defaultdict[str, int]:
    """Fen that entries gave each account but the escrow; taken from it: negative."""
    escrow = f"order:{settlement.order.number}:escrow"
    moved: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        for line in entry.lines.select_related("account"):
            if line.account.code != escrow:
                moved[line.account.code] -= line.amount_fen
    return moved


def bring_back(*, refund: Refund, at: datetime) -> TakenBack | None:
    """Before a refund is booked: what a settled order has given away comes back.

    None where the order is not settled and its escrow still holds the money. Only
    now, because a refund that Alipay refuses must cost nobody anything.
    Errors: UnableToTakeBack.
    """
    settlement = Settlement.objects.filter(
        order__number=refund.payment.order_number
    ).first()
    if settlement is None:
        return None
    of_part = PartRefund.objects.filter(refund_id=refund.pk).first()
    return take_back(
        settlement=settlement,
        amount_fen=refund.amount_fen,
        request_no=refund.request_no,
        sub_order=of_part.sub_order if of_part else None,
        at=at,
    )
