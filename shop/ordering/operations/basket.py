"""Put into the basket, change how many, take out."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext as _

from partners.measures import decimal_yuan
from shop.ordering import baskets


class UnableToAdd(Exception):
    """The product cannot go into the basket; the message says why."""


class NotOnSale(UnableToAdd):
    """Nobody sells this any more."""


@transaction.atomic
def add_to_basket(*, basket, product_id: int, quantity: int, user=None):
    """Add packs of a product; makes the basket where there is none yet.

    Returns the basket. Nothing is held: stock is held when the order is placed.
    Errors: UnableToAdd.
    """
    if not 1 <= quantity <= baskets.MOST_PACKS:
        raise UnableToAdd(
            _("Choose between 1 and %(most)d packs.") % {"most": baskets.MOST_PACKS}
        )
    record = (
        apps.get_model("partner", "StockRecord")
        .objects.select_related("product__listing")
        .filter(product_id=product_id, product__listing__status="on_sale")
        .first()
    )
    if record is None:
        raise NotOnSale(_("This is no longer on sale."))
    Basket = apps.get_model("basket", "Basket")
    if basket is None:
        basket = Basket.objects.create(owner=user, status=Basket.OPEN)
    Line = apps.get_model("basket", "Line")
    lines = Line.objects.select_for_update().filter(basket=basket)
    line = lines.filter(product_id=product_id).first()
    wanted = quantity + (line.quantity if line else 0)
    if wanted > min(record.net_stock_level, baskets.MOST_PACKS):
        raise UnableToAdd(
            _("Only %(left)d of %(title)s are left.")
            % {"left": record.net_stock_level, "title": record.product.title}
        )
    if line:
        lines.filter(pk=line.pk).update(quantity=wanted)
        return basket
    if lines.count() >= baskets.MOST_LINES:
        raise UnableToAdd(_("The basket is full. Please order what is in it first."))
    price = decimal_yuan(int(record.price * 100))
    Line.objects.create(
        basket=basket,
        line_reference=f"{product_id}_{record.pk}",
        product_id=product_id,
        stockrecord=record,
        quantity=quantity,
        price_currency="CNY",
        price_excl_tax=price,
        price_incl_tax=price,
    )
    return basket


@dataclass(frozen=True)
class Again:
    """A basket after an order was put into it once more: how many of its products
    went in, and why the others did not, in words."""

    basket: Any
    added: int
    refusals: list[str]


@transaction.atomic
def buy_again(*, order: Any, basket: Any, user: Any = None) -> Again:
    """Put what an order had into the basket, as far as it is on sale; says of
    everything else why not. Prices are today's."""
    added, refusals = 0, []
    for line in order.lines.order_by("pk"):
        try:
            basket = add_to_basket(
                basket=basket,
                product_id=line.product_id or 0,
                quantity=line.quantity,
                user=user,
            )
            added += 1
        except NotOnSale:
            refusals.append(
                _("%(title)s is no longer on sale.") % {"title": line.title}
            )
        except UnableToAdd as error:
            refusals.append(str(error))
    return Again(basket=basket, added=added, refusals=refusals)


@transaction.atomic
def change_quantity(*, basket, line_id: int, quantity: int) -> None:
    """Set how many packs of a line are wanted; zero takes it out.

    Errors: UnableToAdd where fewer are left than wanted.
    """
    lines = apps.get_model("basket", "Line").objects.filter(basket=basket, pk=line_id)
    if quantity <= 0:
        lines.delete()
        return
    line = lines.select_related("stockrecord", "product").first()
    if line is None:
        return
    left = line.stockrecord.net_stock_level
    if quantity > min(left, baskets.MOST_PACKS):
        raise UnableToAdd(
            _("Only %(left)d of %(title)s are left.")
            % {"left": left, "title": line.product.title}
        )
    lines.update(quantity=quantity)
