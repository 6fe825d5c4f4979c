"""Hold, sell and release stock: one guarded UPDATE each, never a read before it.

Oscar allocates without a guard and oversells (oscar 4.2.1, StockRecord.allocate).
Here the database refuses: a row changes only while enough is left, and the row
count says whether it did. Rows are taken in the order of their keys, so that two
baskets with the same products cannot wait for each other.
"""

from collections.abc import Iterable
from datetime import datetime

from django.apps import apps
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _

from partners.measures import decimal_yuan
from shop.listings.models import Listing
from shop.ordering.models import Reservation, SubOrder
from shop.ordering.signals import stock_moved


class OutOfStock(Exception):
    """Fewer packs are left than were asked for, or the price has changed."""

    def __init__(self, *, title: str, left: int) -> None:
        self.title, self.left = title, left
        super().__init__(
            _("Only %(left)d of %(title)s are left.") % {"left": left, "title": title}
            if left > 0
            else _("%(title)s has just sold out.") % {"title": title}
        )


class PriceChanged(Exception):
    """The seller changed the price after the buyer saw it."""

    def __init__(self, *, title: str) -> None:
        self.title = title
        super().__init__(
            _("The price of %(title)s has changed. Please look at it again.")
            % {"title": title}
        )


def hold(*, stockrecord_id: int, quantity: int, price_fen: int, title: str) -> None:
    """Take `quantity` packs out of what others can buy, at exactly this price.

    Must run inside the transaction that creates the order.
    Errors: OutOfStock, PriceChanged.
    """
    records = apps.get_model("partner", "StockRecord").objects
    # A join would move every condition into a subquery, which PostgreSQL answers from
    # before it waited for the row: stock and price must be asked of the row itself.
    on_sale_now = Listing.objects.on_sale().filter(product_id=OuterRef("product_id"))
    wanted = records.filter(
        Exists(on_sale_now),
        pk=stockrecord_id,
        price=decimal_yuan(price_fen),
        num_in_stock__gte=F("num_allocated") + quantity,
    )
    if wanted.update(num_allocated=F("num_allocated") + quantity):
        return
    row = records.filter(pk=stockrecord_id).first()
    left = row.net_stock_level if row is not None else 0
    on_sale = records.filter(
        pk=stockrecord_id, product__listing__status="on_sale"
    ).exists()
    if on_sale and left >= quantity:
        raise PriceChanged(title=title)
    raise OutOfStock(title=title, left=left if on_sale else 0)


def sell(*, order_id: int) -> None:
    """Turn what an order holds into what it bought: stock goes down for good."""
    _settle(order_id=order_id, state=Reservation.State.SOLD)


def release(*, order_id: int) -> None:
    """Give what an order holds back to other buyers."""
    _settle(order_id=order_id, state=Reservation.State.RELEASED)


def restock(*, sub_order: SubOrder) -> None:
    """Put what a paid but unsent part of an order bought back on sale, once."""
    records = apps.get_model("partner", "StockRecord").objects
    sold = Reservation.objects.filter(
        order_id=sub_order.order_id,
        stockrecord_id__in=sub_order.line_terms.values("line__stockrecord_id"),
        state=Reservation.State.SOLD,
    )
    moved = []
    for reservation in sold.order_by("stockrecord_id").select_related("stockrecord"):
        if not sold.filter(pk=reservation.pk).update(state=Reservation.State.RELEASED):
            continue
        records.filter(pk=reservation.stockrecord_id).update(
            num_in_stock=F("num_in_stock") + reservation.quantity
        )
        moved.append(reservation.stockrecord.product_id)
    stock_moved.send(sender=Reservation, product_ids=moved)


def _settle(*, order_id: int, state: str) -> None:
    records = apps.get_model("partner", "StockRecord").objects
    held = Reservation.objects.filter(order_id=order_id, state=Reservation.State.HELD)
    moved = []
    for reservation in held.order_by("stockrecord_id").select_related("stockrecord"):
        # Only whoever changes the state may move the stock.
        if not held.filter(pk=reservation.pk).update(state=state):
            continue
        changes = {"num_allocated": F("num_allocated") - reservation.quantity}
        if state == Reservation.State.SOLD:
            changes["num_in_stock"] = F("num_in_stock") - reservation.quantity
        records.filter(pk=reservation.stockrecord_id).update(**changes)
        moved.append(reservation.stockrecord.product_id)
    stock_moved.send(sender=Reservation, product_ids=moved)


def reserve(
    *, order_id: int, packs: Iterable[tuple[int, int]], expires_at: datetime
) -> None:
    """Write down what `hold` took: pairs of stock record and quantity."""
    Reservation.objects.bulk_create(
        Reservation(
            order_id=order_id,
            stockrecord_id=stockrecord_id,
            quantity=quantity,
            expires_at=expires_at,
        )
        for stockrecord_id, quantity in packs
    )
