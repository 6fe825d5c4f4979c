"""The index follows the market: nothing is lost, nothing is late for good."""

from unittest.mock import patch

import pytest
from django.core.management import call_command

from shop.discovery.documents import document_of
from shop.discovery.engine import Query, SearchUnavailable
from shop.discovery.engines import configured
from shop.discovery.models import Outdated
from shop.discovery.operations import index_outdated, note_outdated, rebuild_index
from shop.discovery.tokens import parse
from shop.listings.operations import change_price, change_stock, end_listing
from shop.storefront.models import ProductCard
from tests.factories.listings import NOW, listing_on_sale


def find(text, **narrowed):
    return configured().search(Query(tokens=parse(text), **narrowed))


def ids(text):
    return [hit.product_id for hit in find(text).hits]


@pytest.mark.django_db
class TestOutdated:
    def test_publishing_notes_it_in_the_same_transaction(self):
        listing = listing_on_sale()
        assert list(Outdated.objects.values_list("pk", flat=True)) == [
            listing.product_id
        ]

    def test_many_changes_are_one_row(self):
        listing = listing_on_sale()
        for packs in (100, 90, 80):
            change_stock(listing=listing, packs=packs, by=listing.assistant, at=NOW)
        assert Outdated.objects.count() == 1

    def test_indexing_settles_it(self):
        listing = listing_on_sale()
        assert index_outdated() == 1
        assert not Outdated.objects.exists()
        assert ids("冰糖橙") == [listing.product_id]
        assert index_outdated() == 0

    def test_a_price_follows(self):
        listing = listing_on_sale(price_fen=2900)
        cheap = listing_on_sale(price_fen=3000, grower=listing.farmer)
        index_outdated()
        change_price(listing=listing, price_fen=9900, by=listing.assistant, at=NOW)
        index_outdated()
        found = [hit.product_id for hit in find("冰糖橙", sort="price").hits]
        assert found == [cheap.product_id, listing.product_id]

    def test_what_is_sold_out_goes_to_the_end_and_comes_back(self):
        first = listing_on_sale()
        second = listing_on_sale(grower=first.farmer)
        change_stock(listing=second, packs=0, by=second.assistant, at=NOW)
        index_outdated()
        assert ids("冰糖橙") == [first.product_id, second.product_id]
        change_stock(listing=second, packs=5, by=second.assistant, at=NOW)
        change_stock(listing=first, packs=0, by=first.assistant, at=NOW)
        index_outdated()
        assert ids("冰糖橙") == [second.product_id, first.product_id]

    def test_what_ended_is_forgotten(self):
        listing = listing_on_sale()
        index_outdated()
        end_listing(listing=listing, by=listing.assistant, at=NOW)
        index_outdated()
        assert ids("冰糖橙") == []

    def test_what_changes_while_it_is_written_stays_noted(self):
        """Without the mark, the change in between would be deleted with the row."""
        listing = listing_on_sale()

        def put(self, documents):
            list(documents)
            note_outdated(product_ids=[listing.product_id], at=NOW)

        with patch("shop.discovery.sqlite_engine.SqliteEngine.put", put):
            index_outdated()
        assert Outdated.objects.count() == 1
        assert index_outdated() == 1

    def test_while_the_engine_is_away_everything_stays_noted(self):
        listing_on_sale()

        def put(self, documents):
            raise SearchUnavailable("away")

        with patch("shop.discovery.sqlite_engine.SqliteEngine.put", put):
            assert index_outdated() == 0
        assert Outdated.objects.count() == 1
        assert index_outdated() == 1

    def test_a_product_that_is_gone_is_forgotten(self):
        listing = listing_on_sale()
        index_outdated()
        note_outdated(product_ids=[listing.product_id, 999_999], at=NOW)
        ProductCard.objects.filter(pk=listing.product_id).update(on_sale=False)
        index_outdated()
        assert ids("冰糖橙") == []


@pytest.mark.django_db
class TestRebuild:
    def test_indexes_what_is_on_sale_and_settles_what_was_noted(self, capsys):
        listing = listing_on_sale()
        over = listing_on_sale(grower=listing.farmer)
        end_listing(listing=over, by=over.assistant, at=NOW)
        call_command("index_products", "--rebuild")
        assert "1 products" in capsys.readouterr().out
        assert ids("冰糖橙") == [listing.product_id]
        assert not Outdated.objects.exists()

    def test_what_changes_meanwhile_is_indexed_afterwards(self):
        listing = listing_on_sale()
        real = configured().rebuild

        def rebuild(self, documents):
            count = real(documents)
            end_listing(listing=listing, by=listing.assistant, at=NOW)
            return count

        with patch("shop.discovery.sqlite_engine.SqliteEngine.rebuild", rebuild):
            rebuild_index()
        assert ids("冰糖橙") == []
        assert not Outdated.objects.exists()

    def test_the_command_without_a_word_brings_up_to_date(self, capsys):
        listing_on_sale()
        call_command("index_products")
        assert "1 products" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
class TestAfterCommit:
    def test_a_published_product_is_found_at_once(self):
        listing = listing_on_sale()
        assert ids("bingtangcheng") == [listing.product_id]

    def test_nobodys_name_is_in_the_index(self):
        listing = listing_on_sale()
        document = document_of(ProductCard.objects.get(pk=listing.product_id))
        for words in (listing.farmer.called, listing.farmer.name[:2], "赵示"):
            assert words not in str(document)
