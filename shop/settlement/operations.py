"""Share out a completed order's money, and bring it back for a late refund."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from partners.ledger.operations import Line, post
from partners.ledger.queries import balance_fen
from partners.measures import apportion, yuan
from partners.organisations.models import Farmer
from shop.alipay.models import Refund
from shop.listings.terms import split_price
from shop.notices.operations import send_text
from shop.ordering.models import LineTerms
from shop.settlement.models import SettledLine, Settlement, TakenBack
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

    What was refunded before completion is taken off goods and freight in proportion,
    so that escrow ends at zero to the fen. Settling twice returns the first.
    Errors: UnableToSettle.
    """
    done = Settlement.objects.filter(order=order).first()
    if done is not None:
        return done
    escrow = f"order:{order.number}:escrow"
    held_fen = -balance_fen(escrow)
    if order.status != "completed" or held_fen <= 0:
        raise UnableToSettle(_("Only a paid and completed order can be settled."))
    lines = list(
        LineTerms.objects.filter(sub_order__order=order)
        .select_related("listing__seller__farmer", "sub_order")
        .order_by("pk")
    )
    parts = list(order.sub_orders.order_by("pk"))
    asked = [line.goods_fen for line in lines] + [part.freight_fen for part in parts]
    left = apportion(held_fen, asked)
    shares = [
        share_line(terms=line, goods_fen=goods_fen)
        for line, goods_fen in zip(lines, left, strict=False)
    ]
    credits = _credits(shares=shares, freight_fen=sum(left[len(lines) :]))
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
    _tell_farmers(settlement=settlement, shares=shares, at=at)
    order_settled.send(sender=Settlement, settlement=settlement, at=at)
    return settlement


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
    *, settlement: Settlement, amount_fen: int, request_no: str, at: datetime
) -> TakenBack:
    """Bring part of a settled order's money back into its escrow.

    Everyone gives back in proportion to what they still have of this order, so that
    refunds in any order and any sizes end at zero everywhere.
    Errors: UnableToTakeBack.
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
    accounts = sorted(left)
    parts = apportion(amount_fen, [left[account] for account in accounts])
    number = settlement.order.number
    entry = post(
        key=f"order:{number}:back:{request_no}",
        kind="completion-reversal",
        lines=[Line(f"order:{number}:escrow", -amount_fen)]
        + [Line(a, fen) for a, fen in zip(accounts, parts, strict=True) if fen],
        subject=f"order:{number}",
        at=at,
    )
    return TakenBack.objects.create(
        settlement=settlement,
        request_no=request_no,
        amount_fen=amount_fen,
        entry=entry,
    )


def _left_of(settlement: Settlement) -> dict[str, int]:
    """Fen that each account still has of this order."""
    escrow = f"order:{settlement.order.number}:escrow"
    left: defaultdict[str, int] = defaultdict(int)
    entries = [settlement.entry, *(t.entry for t in settlement.taken_back.all())]
    for entry in entries:
        for line in entry.lines.select_related("account"):
            if line.account.code != escrow:
                left[line.account.code] -= line.amount_fen
    return {account: fen for account, fen in left.items() if fen > 0}


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
    return take_back(
        settlement=settlement,
        amount_fen=refund.amount_fen,
        request_no=refund.request_no,
        at=at,
    )
