"""Nothing is on sale without its farmer's yes."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from shop.listings import signals
from shop.listings.models import Listing
from shop.listings.operations.sale import UnableToPublish, publish
from tests.factories.listings import NOW, agreed_listing, listing_on_sale

pytestmark = pytest.mark.django_db


class TestPublish:
    def test_makes_a_product_and_a_stock_record(self):
        listing = listing_on_sale(price_fen=2900, packs=120)
        product = listing.product
        record = product.stockrecords.get()
        assert product.title == "冰糖橙 5斤装"
        assert product.slug == "bing-tang-cheng-5-jin-zhuang"
        assert [c.slug for c in product.categories.all()] == ["shui-guo"]
        assert record.price == Decimal("29.00")
        assert (record.num_in_stock, record.num_allocated) == (120, 0)
        assert record.partner.seller.farmer == listing.farmer

    def test_announces_itself_inside_the_transaction(self):
        heard = []

        def listen(sender, listing, **rest):
            heard.append(transaction.get_connection().in_atomic_block)

        signals.listing_published.connect(listen)
        try:
            listing_on_sale()
        finally:
            signals.listing_published.disconnect(listen)
        assert heard == [True]

    def test_refuses_what_was_not_agreed_to(self):
        listing = agreed_listing()
        Listing.objects.filter(pk=listing.pk).update(agreed_at=None)
        with pytest.raises(UnableToPublish):
            publish(listing=listing, at=NOW)

    def test_refuses_terms_other_than_the_agreed_ones(self):
        listing = agreed_listing()
        Listing.objects.filter(pk=listing.pk).update(agreed_terms="0" * 64)
        with pytest.raises(UnableToPublish):
            publish(listing=listing, at=NOW)


class TestTheDatabaseGuardsConsent:
    @pytest.mark.parametrize(
        "broken",
        [
            {"agreed_at": None},
            {"agreed_terms": ""},
            {"agreed_terms": "0" * 64},
            {"agreed_price_fen": None},
            {"agreed_price_fen": 2901},
            {"price_fen": 2899},
            {"product": None},
            {"terms": "1" * 64},
        ],
    )
    def test_on_sale_without_a_matching_yes_cannot_be_written(self, broken):
        listing = listing_on_sale(price_fen=2900)
        with pytest.raises(IntegrityError), transaction.atomic():
            Listing.objects.filter(pk=listing.pk).update(**broken)

    def test_a_higher_price_than_agreed_can(self):
        listing = listing_on_sale(price_fen=2900)
        assert Listing.objects.filter(pk=listing.pk).update(price_fen=3000)
