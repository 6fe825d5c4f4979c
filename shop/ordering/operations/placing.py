"""Place an order: hold the stock, write the order, open its payment. No network."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from partners.measures import decimal_yuan, yuan
from partners.privacy import blind_index
from shop.alipay.operations import open_payment
from shop.ordering import baskets
from shop.ordering.models import LineTerms, OrderNumber, Purchase, SubOrder
from shop.ordering.operations import drafting, stock
from shop.ordering.quotes import OrderQuote, Part, quote_order

HELD_FOR = timedelta(minutes=30)
# ¥20,000,000: a column of 32 bits holds hardly more fen, and Alipay takes it.
MOST_FEN = 2_000_000_000


class UnableToPlace(Exception):
    """The order cannot be placed as it stands; the message says what to change."""


@dataclass(frozen=True)
class Delivery:
    """Whom and where to: as a parcel label needs it."""

    recipient: str
    phone: str
    division_code: str
    detail: str


def place_order(
    *,
    basket,
    delivery: Delivery,
    fresh_confirmed: bool,
    expected_total_fen: int,
    key: str,
    at: datetime,
    user=None,
    gateway=None,
):
    """Turn a basket into an order that waits for its payment.

    `key` comes with the form: sent twice for one basket, it is one order.
    `expected_total_fen` is the sum the buyer saw; another sum is refused, so that
    nobody pays a surprise.
    Errors: UnableToPlace, OutOfStock, PriceChanged; each leaves basket and stock
    as they were.
    """
    placed = _placed(key=key, basket=basket)
    if placed is not None:
        return placed
    quote = quote_order(
        items=baskets.items(basket), division_code=delivery.division_code
    )
    _check(quote=quote, fresh_confirmed=fresh_confirmed, expected=expected_total_fen)
    try:
        with transaction.atomic():
            return _write(
                quote=quote,
                basket=basket,
                delivery=delivery,
                fresh_confirmed=fresh_confirmed,
                key=key,
                at=at,
                user=user,
                gateway=gateway,
            )
    except (IntegrityError, UnableToPlace, stock.OutOfStock, stock.PriceChanged):
        # The same form may have arrived twice at once, and the other one was first.
        placed = _placed(key=key, basket=basket)
        if placed is None:
            raise
        return placed


def _placed(*, key: str, basket):
    """The order that this form has become before. Errors: UnableToPlace for a form
    that another basket was ordered with: its order is not this buyer's to see.
    """
    purchase = Purchase.objects.filter(key=key).select_related("order").first()
    if purchase is None:
        return None
    if purchase.order.basket_id != basket.pk:
        raise UnableToPlace(
            _("This page was used for another order. Please look at it again.")
        )
    return purchase.order


def _check(*, quote: OrderQuote, fresh_confirmed: bool, expected: int) -> None:
    if not quote.parts:
        raise UnableToPlace(_("The basket is empty."))
    if quote.problems:
        raise UnableToPlace(quote.problems[0])
    if quote.has_fresh and not fresh_confirmed:
        raise UnableToPlace(
            _("Please confirm that fresh produce has no seven-day return.")
        )
    if quote.total_fen is not None and quote.total_fen > MOST_FEN:
        raise UnableToPlace(
            _("One order is at most %(most)s. Please order less at once.")
            % {"most": yuan(MOST_FEN)}
        )
    if quote.total_fen != expected:
        raise UnableToPlace(
            _("The total has changed. Please look at it again before you pay.")
        )


def _write(*, quote, basket, delivery, fresh_confirmed, key, at, user, gateway):
    expires_at = at + HELD_FOR
    open_baskets = type(basket).objects.filter(pk=basket.pk, status="Open")
    if not open_baskets.update(status="Submitted", date_submitted=at):
        raise UnableToPlace(_("This basket has been ordered already."))
    everything = sorted(
        (item for part in quote.parts for item in part.items),
        key=lambda item: item.stockrecord_id,
    )
    for item in everything:
        stock.hold(
            stockrecord_id=item.stockrecord_id,
            quantity=item.quantity,
            price_fen=item.price_fen,
            title=item.title,
        )
    order = _order(
        number=next_number(at=at),
        total_fen=quote.total_fen,
        freight_fen=quote.freight_fen,
        at=at,
        user=user,
        basket=basket,
    )
    purchase = Purchase.objects.create(
        order=order,
        key=key,
        token=secrets.token_urlsafe(32),
        total_fen=quote.total_fen,
        recipient=delivery.recipient,
        phone=delivery.phone,
        phone_index=blind_index("phone", delivery.phone),
        language=get_language() or "",
        division_code=delivery.division_code,
        detail=delivery.detail,
        fresh_confirmed_at=at if fresh_confirmed else None,
        expires_at=expires_at,
    )
    drafting.forget_typed(basket=basket)
    for index, part in enumerate(quote.parts, start=1):
        _write_part(order=order, part=part, index=index)
    stock.reserve(
        order_id=order.pk,
        packs=[(item.stockrecord_id, item.quantity) for item in everything],
        expires_at=expires_at,
    )
    stock.stock_moved.send(
        sender=place_order, product_ids=[item.product_id for item in everything]
    )
    open_payment(
        order_number=order.number,
        subject=_subject(everything),
        amount_fen=quote.total_fen,
        expires_at=expires_at,
        at=at,
        gateway=gateway,
        order_path=purchase.path,
    )
    return order


def next_number(*, at: datetime) -> str:
    """A new order number: the day and a counter, never the same twice."""
    taken = OrderNumber.objects.create(taken_at=at)
    return f"{timezone.localdate(at):%y%m%d}{taken.pk:08d}"


def _order(*, number, total_fen, freight_fen, at, user, basket):
    Order = apps.get_model("order", "Order")
    total, freight = decimal_yuan(total_fen), decimal_yuan(freight_fen)
    return Order.objects.create(
        number=number,
        site_id=settings.SITE_ID,
        basket=basket,
        user=user,
        currency="CNY",
        total_incl_tax=total,
        total_excl_tax=total,
        shipping_incl_tax=freight,
        shipping_excl_tax=freight,
        status="pending",
        date_placed=at,
    )


def _write_part(*, order, part: Part, index: int) -> None:
    sub_order = SubOrder.objects.create(
        order=order,
        number=f"{order.number}-{index}",
        partner_id=part.partner_id,
        village=part.village,
        goods_fen=part.goods_fen,
        freight_fen=part.freight_fen,
    )
    Line = apps.get_model("order", "Line")
    terms = []
    for item in part.items:
        price = decimal_yuan(item.goods_fen)
        line = Line.objects.create(
            order=order,
            partner_id=item.partner_id,
            partner_sku=str(item.stockrecord_id),
            stockrecord_id=item.stockrecord_id,
            product_id=item.product_id,
            title=item.title,
            quantity=item.quantity,
            line_price_incl_tax=price,
            line_price_excl_tax=price,
            line_price_before_discounts_incl_tax=price,
            line_price_before_discounts_excl_tax=price,
            unit_price_incl_tax=decimal_yuan(item.price_fen),
            unit_price_excl_tax=decimal_yuan(item.price_fen),
            status="pending",
            num_allocated=0,
        )
        terms.append(
            LineTerms(
                line=line,
                sub_order=sub_order,
                listing=item.listing,
                price_fen=item.price_fen,
                quantity=item.quantity,
                pack_g=item.listing.parcel_g,
                supermarket_id=item.listing.supermarket_id,
                margin_bp=item.listing.margin_bp,
                platform_bp=settings.PLATFORM_FEE_BP,
            )
        )
    LineTerms.objects.bulk_create(terms)


def _subject(items: list[baskets.Item]) -> str:
    """What the buyer reads at Alipay; it takes no / = & there."""
    name = items[0].title
    if len(items) > 1:
        name = _("%(first)s and %(more)d more") % {
            "first": name,
            "more": len(items) - 1,
        }
    return "".join(" " if sign in "/=&" else sign for sign in name)[:120]


@transaction.atomic
def place_bare_order(*, amount_fen: int, at: datetime, gateway=None):
    """An order of exactly this sum without goods, opened by staff.

    For a sum that was agreed by phone; it holds no stock and sends nothing.
    Errors: UnableToPlace for a sum that nobody can pay.
    """
    if not 1 <= amount_fen <= 10_000_000_000:
        raise UnableToPlace(_("The sum must be between ¥0.01 and ¥100,000,000.00."))
    order = _order(
        number=next_number(at=at),
        total_fen=amount_fen,
        freight_fen=0,
        at=at,
        user=None,
        basket=None,
    )
    purchase = Purchase.objects.create(
        order=order,
        key=secrets.token_hex(16),
        token=secrets.token_urlsafe(32),
        total_fen=amount_fen,
        expires_at=at + HELD_FOR,
    )
    open_payment(
        order_number=order.number,
        subject=_("Order %(number)s") % {"number": order.number},
        amount_fen=amount_fen,
        expires_at=at + HELD_FOR,
        at=at,
        gateway=gateway,
        order_path=purchase.path,
    )
    return order
