"""The index follows the market: nothing is lost, nothing is late for good."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop.discovery import operations
from shop.discovery.documents import FIELDS, document_of
from shop.discovery.engine import (
    BLOCK,
    DocumentsRefused,
    Gone,
    Query,
    SearchUnavailable,
)
from shop.discovery.engines import configured
from shop.discovery.models import Edition, Outdated
from shop.discovery.operations import (
    REBUILDING,
    Differences,
    note_outdated,
    rebuild_index,
    reconcile_index,
)
from shop.discovery.tokens import parse
from shop.listings.operations import change_price, change_stock, end_listing
from shop.storefront.models import ProductCard
from tests.factories.listings import NOW, listing_on_sale
from tests.shop.discovery.contract import document

pytestmark = pytest.mark.usefixtures("index")


class InTheWay:
    """The configured engine, with something else in the place of some methods."""

    def __init__(self, **instead):
        self.instead = instead

    def __getattr__(self, name):
        return self.instead.get(name) or getattr(configured(), name)


def index_outdated(**given):
    return operations.index_outdated(at=timezone.now(), **given)


def away(*_):
    raise SearchUnavailable("away")


def find(text, **narrowed):
    return configured().search(Query(tokens=parse(text), **narrowed))


def ids(text):
    return [hit.product_id for hit in find(text).hits]


def numbers():
    return dict(Outdated.objects.values_list("pk", "number"))


@pytest.mark.django_db
class TestOutdated:
    def test_publishing_notes_it_in_the_same_transaction(self):
        listing = listing_on_sale()
        assert list(Outdated.objects.values_list("pk", flat=True)) == [
            listing.product_id
        ]

    def test_many_changes_are_one_row(self):
        listing = listing_on_sale()
        for price_fen in (3000, 3100, 3200):
            change_price(
                listing=listing, price_fen=price_fen, by=listing.assistant, at=NOW
            )
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

    def test_only_some_of_it_where_some_are_named(self):
        first, second = listing_on_sale(), listing_on_sale()
        rebuild_index(at=NOW)
        note_outdated(product_ids=[first.product_id, second.product_id], at=NOW)
        assert index_outdated(product_ids=[second.product_id]) == 1
        assert list(numbers()) == [first.product_id]

    def test_the_number_of_queries_does_not_grow(self):
        first = listing_on_sale()
        rebuild_index(at=NOW)
        note_outdated(product_ids=[first.product_id], at=NOW)
        with CaptureQueriesContext(connection) as few:
            index_outdated()
        many = [listing_on_sale().product_id for _more in range(8)]
        note_outdated(product_ids=many, at=NOW)
        with CaptureQueriesContext(connection) as more:
            assert index_outdated() == 8
        assert len(more) == len(few)

    def test_a_product_that_is_gone_is_forgotten(self):
        listing = listing_on_sale()
        index_outdated()
        note_outdated(product_ids=[listing.product_id, 999_999], at=NOW)
        ProductCard.objects.filter(pk=listing.product_id).update(on_sale=False)
        index_outdated()
        assert ids("冰糖橙") == []


@pytest.mark.django_db
class TestEditions:
    """Numbers only grow, so that an index can tell who is late."""

    def test_every_change_has_the_next_number(self):
        note_outdated(product_ids=[1], at=NOW)
        note_outdated(product_ids=[1, 2], at=NOW)
        assert numbers() == {1: 2, 2: 1}

    def test_they_go_on_where_they_were_after_it_is_settled(self):
        listing = listing_on_sale()
        before = numbers()[listing.product_id]
        index_outdated()
        note_outdated(product_ids=[listing.product_id], at=NOW)
        assert numbers()[listing.product_id] == before + 1

    def test_they_outlive_the_product(self):
        listing = listing_on_sale()
        ProductCard.objects.get(pk=listing.product_id).delete()
        assert Edition.objects.get(pk=listing.product_id).number == 2

    def test_they_can_be_put_above_what_an_index_holds(self):
        note_outdated(product_ids=[1, 2], at=NOW, above={1: 40})
        assert numbers() == {1: 41, 2: 1}
        note_outdated(product_ids=[1], at=NOW, above={1: 3})
        assert numbers()[1] == 42

    def test_many_at_once(self):
        note_outdated(product_ids=range(1, 1202), at=NOW)
        assert set(numbers().values()) == {1}
        assert len(numbers()) == 1201

    def test_what_changes_while_it_is_written_stays_noted(self):
        """Without the number, the change in between would go with the row."""
        listing = listing_on_sale()
        rebuild_index(at=NOW)
        note_outdated(product_ids=[listing.product_id], at=NOW)

        def put(documents):
            list(documents)
            note_outdated(product_ids=[listing.product_id], at=NOW)

        index_outdated(engine=InTheWay(put=put))
        assert Outdated.objects.count() == 1
        assert index_outdated() == 1

    def test_whoever_read_before_a_change_and_writes_after_it_is_left_out(self):
        """Two workers: the slow one has the old price, and comes last."""
        listing = listing_on_sale(price_fen=2900)
        other = listing_on_sale(price_fen=3000)
        rebuild_index(at=NOW)
        note_outdated(product_ids=[listing.product_id], at=NOW)
        slow = []
        index_outdated(engine=InTheWay(put=slow.extend))
        change_price(listing=listing, price_fen=9900, by=listing.assistant, at=NOW)
        index_outdated()
        configured().put(slow)
        order = [hit.product_id for hit in find("冰糖橙", sort="price").hits]
        assert order == [other.product_id, listing.product_id]
        # Negative control: as the newest it would have won.
        configured().put([replace(slow[0], version=slow[0].version + 9)])
        order = [hit.product_id for hit in find("冰糖橙", sort="price").hits]
        assert order == [listing.product_id, other.product_id]


@pytest.mark.django_db
class TestFollowingCards:
    def test_a_sale_that_leaves_some_needs_no_row(self):
        """Or every order would write rows, and the index what it holds already."""
        listing = listing_on_sale(packs=20)
        index_outdated()
        change_stock(listing=listing, packs=10, by=listing.assistant, at=NOW)
        card = ProductCard.objects.get(pk=listing.product_id)
        Outdated.objects.all().delete()
        card.save(update_fields=["left", "version"])
        assert not Outdated.objects.exists()
        card.save(update_fields=["left", "sold_out"])
        assert Outdated.objects.exists()

    def test_documents_tell_nothing_but_the_fields_they_name(self):
        """A field that is told and not named would change unnoticed."""
        listing = listing_on_sale()
        card = ProductCard.objects.only(*FIELDS).get(pk=listing.product_id)
        with CaptureQueriesContext(connection) as asked:
            document_of(card, version=1)
        assert len(asked) == 0


@pytest.mark.django_db
class TestAnEngineThatIsAway:
    def test_everything_stays_noted(self):
        listing_on_sale()
        rebuild_index(at=NOW)
        note_outdated(product_ids=[listing_on_sale().product_id], at=NOW)
        assert index_outdated(engine=InTheWay(put=away)) == 0
        assert Outdated.objects.count() == 1
        assert index_outdated() == 1

    def test_everything_stays_noted_where_it_does_not_even_say_whether_it_is_ready(
        self,
    ):
        listing_on_sale()
        assert index_outdated(engine=InTheWay(ready=away)) == 0
        assert Outdated.objects.count() == 1

    def test_what_it_refuses_waits_and_holds_up_nothing(self):
        bad, good = listing_on_sale(), listing_on_sale()
        rebuild_index(at=NOW)
        note_outdated(product_ids=[bad.product_id, good.product_id], at=NOW)

        def put(documents):
            documents = list(documents)
            configured().put(d for d in documents if d.product_id != bad.product_id)
            if any(d.product_id == bad.product_id for d in documents):
                raise DocumentsRefused([bad.product_id], "cannot be parsed")

        engine = InTheWay(put=put)
        assert index_outdated(engine=engine) == 2
        (row,) = Outdated.objects.all()
        assert (row.pk, row.tries) == (bad.product_id, 1)
        # Not at once again, but in a while; and at once when it changes.
        assert index_outdated(engine=engine) == 0
        later = timezone.now() + timedelta(minutes=11)
        operations.index_outdated(at=later, engine=engine)
        assert Outdated.objects.get().tries == 2
        note_outdated(product_ids=[bad.product_id], at=NOW)
        assert Outdated.objects.get().tries == 0
        assert index_outdated() == 1

    def test_the_command_says_so(self):
        with (
            patch.object(operations, "configured", lambda: InTheWay(rebuild=away)),
            pytest.raises(CommandError, match="cannot do it now"),
        ):
            call_command("index_products", "--rebuild")


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

        def rebuild(documents):
            count = configured().rebuild(documents)
            end_listing(listing=listing, by=listing.assistant, at=NOW)
            return count

        rebuild_index(at=NOW, engine=InTheWay(rebuild=rebuild))
        assert ids("冰糖橙") == []
        assert not Outdated.objects.exists()

    def test_without_an_index_the_whole_is_written_and_not_what_changed_alone(self):
        """Where the index was lost, products that nobody changes would be lost too."""
        listing = listing_on_sale()
        Outdated.objects.all().delete()
        assert index_outdated() == 1
        assert ids("冰糖橙") == [listing.product_id]

    def test_while_somebody_writes_the_whole_nobody_else_begins(self):
        listing_on_sale()
        cache.set(REBUILDING, 1, 60)
        try:
            assert index_outdated() == 0
            assert not configured().ready()
        finally:
            cache.delete(REBUILDING)
        assert index_outdated() == 1

    def test_the_number_of_queries_does_not_grow(self):
        listing_on_sale()
        with CaptureQueriesContext(connection) as few:
            rebuild_index(at=NOW)
        for _more in range(8):
            listing_on_sale()
        with CaptureQueriesContext(connection) as many:
            assert rebuild_index(at=NOW) == 9
        assert len(many) <= len(few) + 1

    def test_the_command_tells_how_it_is(self, capsys):
        listing = listing_on_sale()
        rebuild_index(at=NOW)
        note_outdated(product_ids=[listing.product_id], at=NOW)
        call_command("index_products", "--status")
        said = capsys.readouterr().out
        assert "waiting: 1, refused: 0" in said
        assert "oldest: 2026-11-23" in said
        assert "products: 1" in said

    def test_without_an_index_the_command_fails_and_still_tells_what_waits(
        self, capsys
    ):
        listing_on_sale()
        with pytest.raises(CommandError):
            call_command("index_products", "--status")
        assert "waiting: 1, refused: 0" in capsys.readouterr().out

    def test_the_command_without_a_word_brings_up_to_date(self, capsys):
        listing_on_sale()
        call_command("index_products")
        assert "1 products" in capsys.readouterr().out


@pytest.mark.django_db
class TestReconcile:
    @pytest.fixture
    def market(self):
        first, second = listing_on_sale(price_fen=2900), listing_on_sale()
        rebuild_index(at=NOW)
        return first.product_id, second.product_id

    @staticmethod
    def reconcile():
        return reconcile_index(at=timezone.now())

    def test_finds_nothing_where_they_agree_and_asks_for_no_block(self, market):
        assert reconcile_index(at=NOW, engine=InTheWay(held=away)) == Differences()
        assert not Outdated.objects.exists()

    def test_finds_what_is_missing(self, market):
        first, _second = market
        configured().remove([Gone(first, 1_000)])
        assert self.reconcile() == Differences(missing=1)
        assert list(numbers()) == [first]

    def test_finds_what_is_told_wrongly_although_the_count_agrees(self, market):
        first, _second = market
        ProductCard.objects.filter(pk=first).update(price_fen=9900)
        assert self.reconcile() == Differences(stale=1)
        assert index_outdated() == 1
        assert self.reconcile() == Differences()

    def test_finds_what_is_too_many_here_and_in_blocks_without_products(self, market):
        far = 3 * BLOCK + 5
        near = max(market) + 1
        configured().put([document(near, "蓝莓"), document(far, "蓝莓")])
        assert self.reconcile() == Differences(surplus=2)
        index_outdated()
        assert ids("蓝莓") == []
        assert self.reconcile() == Differences()

    def test_one_too_many_and_one_missing_is_no_agreement(self, market):
        first, second = market
        configured().remove([Gone(first, 1_000)])
        configured().put([document(second + 1, "蓝莓")])
        assert self.reconcile() == Differences(missing=1, surplus=1)

    def test_what_is_noted_already_is_not_noted_again(self, market):
        first, _second = market
        ProductCard.objects.filter(pk=first).update(price_fen=9900)
        note_outdated(product_ids=[first], at=NOW)
        before = numbers()
        assert self.reconcile() == Differences()
        assert numbers() == before

    def test_outdoes_an_index_that_is_ahead_of_the_database(self, market):
        """As after a database came back from a backup, and its numbers with it."""
        first, _second = market
        card = ProductCard.objects.get(pk=first)
        ahead = document_of(card, version=1_000)
        configured().put([replace(ahead, price_fen=1)])
        # Negative control: by the number that is next here, it would stay for ever.
        note_outdated(product_ids=[first], at=NOW)
        index_outdated()
        assert configured().held(first // BLOCK)[first].version == 1_000

        assert self.reconcile() == Differences(stale=1)
        index_outdated()
        assert configured().held(first // BLOCK)[first].version == 1_001
        assert self.reconcile() == Differences()

    def test_the_command_reconciles_and_indexes(self, market, capsys):
        first, _second = market
        ProductCard.objects.filter(pk=first).update(price_fen=9900)
        call_command("index_products", "--reconcile")
        said = capsys.readouterr().out
        assert "0 missing, 1 stale, 0 too many; 1 products indexed." in said


@pytest.mark.django_db(transaction=True)
class TestAfterCommit:
    def test_a_published_product_is_found_at_once(self):
        listing = listing_on_sale()
        assert ids("bingtangcheng") == [listing.product_id]

    def test_nobodys_name_is_in_the_index(self):
        listing = listing_on_sale()
        card = ProductCard.objects.get(pk=listing.product_id)
        said = str(document_of(card, version=1))
        for words in (listing.farmer.called, listing.farmer.name[:2], "赵示"):
            assert words not in said
