"""Put into the basket, change how many, take out."""

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext as _

from partners.measures import decimal_yuan
from shop.ordering import baskets


class UnableToAdd(Exception):
    """The product cannot go into the basket; the message says why."""


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
        raise UnableToAdd(_("This is no longer on sale."))
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
