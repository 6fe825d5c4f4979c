"""manage.py refresh_cards: prepare every card anew, then count the shelves."""

from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from shop.listings.models import Listing
from shop.storefront import operations


class Command(BaseCommand):
    help = "Prepare the cards of all products anew and count the shelves."

    def handle(self, *args: Any, **options: Any) -> None:
        product_ids = Listing.objects.filter(product__isnull=False).values_list(
            "product_id", flat=True
        )
        for product_id in tqdm(
            product_ids.iterator(), total=product_ids.count(), unit=" cards"
        ):
            operations.refresh_card(product_id=product_id)
        operations.recount_shelves()
