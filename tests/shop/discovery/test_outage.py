"""Elasticsearch gone, hanging or unwell: the market goes on, and says so."""

import threading
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.utils import timezone

from shop.discovery import operations, queries
from shop.discovery.elastic import client as client_module
from shop.discovery.elastic.client import Unreachable, within
from shop.discovery.engine import Query, SearchUnavailable
from shop.discovery.engines import configured
from shop.discovery.models import Outdated
from shop.discovery.tokens import parse
from shop.listings.operations import change_price
from shop.ordering import baskets
from shop.ordering import operations as ordering
from shop.ordering.quotes import quote_order
from tests.factories.listings import NOW, farmer, listing_on_sale, village
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.shop.discovery.outage import (
    HEAD,
    Answering,
    engine_at,
    hanging,
    refusing,
)

pytestmark = pytest.mark.once

PEACH = Query(tokens=parse("黄桃"))
# A reply that never ends, and never is silent for long.
DRIP = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"X-Elastic-Product: Elasticsearch\r\nContent-Length: 90000\r\n\r\n" + b" " * 60_000
)


@pytest.fixture(autouse=True)
def closed_breakers():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def peach():
    return listing_on_sale(crop="黄桃", grower=farmer(called="王婶", home=village()))


@pytest.fixture
def searched_at(settings):
    """Let the whole shop search at these addresses."""

    def search_at(*urls):
        settings.SEARCH_ENGINE = settings.SEARCH_ENGINES["elasticsearch"]
        settings.ELASTICSEARCH_NODES = list(urls)
        return configured()

    return search_at


def address(listing):
    return f"/p/{listing.product.slug}-{listing.product_id}/"


def sell_out(listing):
    """An order that takes all there is, so that lists change."""
    basket = ordering.add_to_basket(
        basket=None, product_id=listing.product_id, quantity=60
    )
    quote = quote_order(items=baskets.items(basket), division_code="430104000000")
    ordering.place_order(
        basket=basket,
        delivery=ordering.Delivery(
            recipient="李示例",
            phone="10012345678",
            division_code="430104000000",
            detail="示例路1号",
        ),
        fresh_confirmed=True,
        expected_total_fen=quote.total_fen,
        key="0" * 32,
        at=SOME_DAY,
    )


def without_limits(engine):
    """Negative control: nobody stops waiting, and the breaker never opens."""
    engine.patience = 3600.0
    engine.searching.failures = 10**9
    return engine


class Asking(threading.Thread):
    """Somebody who searches, and may be kept waiting."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act, self.outcome = act, None

    def run(self):
        try:
            self.outcome = self.act()
        except Exception as error:
            self.outcome = error


class TestHanging:
    @pytest.mark.parametrize("says", [b"", DRIP[:90], DRIP], ids=["", "head", "drip"])
    def test_a_search_ends_while_the_server_still_holds_it(self, says):
        with hanging(says) as server:
            engine = engine_at(server.url)
            assert engine.patience == 1.0
            with pytest.raises(Unreachable):
                engine.search(PEACH)
            # The server has not let go: only we can have ended it.
            assert server.begun.is_set()

    def test_without_limits_it_waits_as_long_as_the_server_likes(self):
        """Negative control: what held the search was the server."""
        with hanging() as server:
            asking = Asking(lambda: without_limits(engine_at(server.url)).search(PEACH))
            asking.start()
            assert server.begun.wait(60)
            asking.join(1.6)
            assert asking.is_alive()
        asking.join(60)
        assert isinstance(asking.outcome, Unreachable)

    def test_a_sockets_own_limit_does_not_end_a_drip(self):
        """Negative control: why a search is given a last moment as a whole."""
        with hanging(DRIP) as server:
            engine = engine_at(server.url)
            with patch("shop.discovery.elastic.engine.within", lambda _s, act: act()):
                asking = Asking(lambda: engine.search(PEACH))
                asking.start()
                assert server.begun.wait(60)
                asking.join(1.6)
                assert asking.is_alive()
        asking.join(60)

    def test_after_a_few_nobody_connects_any_more(self):
        with hanging() as server:
            engine, other = engine_at(server.url), engine_at(server.url)
            for each in (engine, other, engine):
                with pytest.raises(Unreachable):
                    each.search(PEACH)
            connections = server.connections
            for each in (engine, other):
                with pytest.raises(SearchUnavailable, match="rests"):
                    each.search(PEACH)
            assert server.connections == connections

    def test_without_the_breaker_everybody_would(self):
        """Negative control."""
        with hanging() as server:
            engine = engine_at(server.url)
            engine.searching.failures = 10**9
            for _time in range(4):
                with pytest.raises(Unreachable):
                    engine.search(PEACH)
            assert server.connections == 4

    def test_many_who_wait_do_not_pile_up(self, monkeypatch):
        monkeypatch.setattr(client_module, "_waiting", threading.Semaphore(2))
        over = threading.Event()
        for _each in range(2):
            with pytest.raises(Unreachable, match="within"):
                within(0.01, lambda: over.wait(60))
        with pytest.raises(Unreachable, match="too many"):
            within(60, lambda: None)
        over.set()


class TestRefusing:
    def test_is_unavailable_at_once(self):
        with refusing() as url, pytest.raises(Unreachable):
            engine_at(url).search(PEACH)

    def test_every_method_says_so_in_the_contracts_words(self):
        with refusing() as url:
            for act in (
                lambda: engine_at(url).ready(),
                lambda: engine_at(url).put([]),
                lambda: engine_at(url).remove([]),
                lambda: engine_at(url).rebuild([]),
                lambda: engine_at(url).tallies(),
                lambda: engine_at(url).held(0),
                lambda: engine_at("http://nobody.invalid:9200").search(PEACH),
            ):
                with pytest.raises(SearchUnavailable):
                    act()

    def test_names_no_account_in_logs_or_errors(self, caplog, settings):
        caplog.set_level("DEBUG")
        place = client_module.Place(("http://127.0.0.1:1",), "elastic", "geheim-1")
        engine = engine_at("http://127.0.0.1:1")
        engine.place = place
        with pytest.raises(SearchUnavailable) as caught:
            engine.search(PEACH)
        for text in (str(caught.value), repr(place), caplog.text):
            assert "geheim" not in text
            assert "ZWxhc3RpYzpnZWhlaW0" not in text


class TestUnwell:
    @pytest.fixture
    def server(self):
        server = Answering()
        yield server
        server.close()

    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    def test_a_cluster_that_is_not_well_is_left_to_rest(self, server, status):
        server.status, server.body = status, {"error": {"type": "x"}, "status": status}
        engine = engine_at(server.url)
        for _time in range(3):
            with pytest.raises(Unreachable):
                engine.search(PEACH)
        with pytest.raises(SearchUnavailable, match="rests"):
            engine.search(PEACH)
        # No retries: one request a search.
        assert len(server.requests) == 3

    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    def test_one_that_answers_is_asked_again(self, server, status):
        """It costs nobody a second; and it will answer once we are set right."""
        server.status, server.body = status, {"error": {"type": "x"}, "status": status}
        engine = engine_at(server.url)
        for _time in range(5):
            with pytest.raises(SearchUnavailable):
                engine.search(PEACH)
        assert not engine.searching.is_open()

    @pytest.mark.parametrize(
        "reply",
        [
            {"error": {"type": "search_phase_execution_exception"}, "status": 503},
            {"timed_out": True, "hits": {"hits": []}},
        ],
    )
    def test_half_an_answer_is_none(self, server, reply):
        server.body = {"responses": [reply, reply]}
        with pytest.raises(Unreachable):
            engine_at(server.url).search(PEACH)

    def test_a_server_that_is_no_elasticsearch_is_unavailable(self, server):
        server.body = {"responses": []}
        server.head = HEAD.replace("X-Elastic-Product: Elasticsearch\r\n", "")
        with pytest.raises(SearchUnavailable):
            engine_at(server.url).search(PEACH)

    @pytest.mark.parametrize("body", [{}, [], {"responses": []}, {"responses": [{}]}])
    def test_an_answer_that_cannot_be_read_is_none(self, server, body):
        server.body = body
        with pytest.raises(SearchUnavailable):
            engine_at(server.url).search(PEACH)

    def test_a_node_that_died_is_not_asked_again_while_others_answer(self, server):
        """Any number of nodes; which one is asked first is up to the client."""
        facet = {"found": {"buckets": []}}
        reply = {
            "hits": {"hits": [], "total": {"value": 0}},
            "aggregations": {"townships": facet, "categories": facet},
        }
        server.body = {"responses": [reply]}
        with refusing() as dead:
            engine = engine_at(dead, server.url)
            outcomes = []
            for _time in range(6):
                try:
                    engine.search(PEACH)
                    outcomes.append(True)
                except Unreachable:
                    outcomes.append(False)
        assert outcomes.count(False) <= 1
        assert not engine.searching.is_open()


@pytest.mark.django_db
class TestPages:
    def test_the_search_page_answers_while_the_server_holds_on(
        self, client, peach, searched_at
    ):
        with hanging() as server:
            searched_at(server.url)
            page = client.get("/search/?q=黄桃")
            assert server.begun.is_set()
        assert page.status_code == 200
        assert address(peach) in page.content.decode()
        assert "notice-warn" in page.content.decode()

    def test_the_search_page_answers_where_nobody_listens(
        self, client, peach, searched_at
    ):
        with refusing() as url:
            searched_at(url)
            for _time in range(5):
                page = client.get("/search/?q=黄桃")
                assert page.status_code == 200
                assert address(peach) in page.content.decode()
                assert "notice-warn" in page.content.decode()

    def test_browsing_and_buying_never_ask(
        self,
        client,
        oranges,
        hanshou,
        searched_at,
        django_capture_on_commit_callbacks,
    ):
        """Not one connection: an outage cannot be felt there."""
        load_places("430104")
        with hanging() as server:
            searched_at(server.url)
            for path in ("/", address(oranges), "/c/shui-guo/", "/calendar/"):
                assert client.get(path).status_code == 200, path
            with django_capture_on_commit_callbacks(execute=True):
                client.post(f"/basket/add/{oranges.product_id}/", {"quantity": 1})
                sell_out(oranges)
            assert client.get("/checkout/", follow=True).status_code == 200
            assert server.connections == 0
            # Negative control: the search page does ask.
            client.get("/search/?q=冰糖橙")
            assert server.connections == 1
        assert Outdated.objects.filter(pk=oranges.product_id).exists()


@pytest.mark.django_db
class TestWriting:
    def test_a_change_commits_and_waits_in_the_outbox(self, peach, searched_at):
        with refusing() as url:
            searched_at(url)
            change_price(listing=peach, price_fen=100, by=peach.assistant, at=NOW)
            assert operations.index_outdated(at=timezone.now()) == 0
        assert Outdated.objects.filter(pk=peach.product_id).exists()

    def test_jobs_do_not_wait_for_an_engine_that_hangs_again_and_again(
        self, peach, searched_at
    ):
        with (
            hanging() as server,
            patch("shop.discovery.elastic.engine.WRITING_SECONDS", 0.2),
        ):
            searched_at(server.url)
            for _time in range(8):
                assert operations.index_outdated(at=timezone.now()) == 0
            assert server.connections == 3
        assert Outdated.objects.filter(pk=peach.product_id).exists()


def test_find_raises_nothing_where_the_engine_does(db, peach):
    with refusing() as url:
        found = queries.find(queries.Search("黄桃"), engine=engine_at(url))
    assert found.by_name_only
    assert [card.product_id for card in found.cards] == [peach.product_id]
