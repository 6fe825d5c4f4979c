"""Elasticsearch keeps the contract, and its names in order."""

from dataclasses import replace

import pytest

from shop.discovery.elastic import rebuilding, writing
from shop.discovery.elastic.client import NoIndex, Place
from shop.discovery.elastic.engine import ElasticEngine
from shop.discovery.elastic.schema import ProductDocument, source_of
from shop.discovery.engine import (
    DocumentsRefused,
    Gone,
    Query,
    SearchUnavailable,
)
from shop.discovery.tokens import parse
from tests.shop.discovery.cluster import engine_of_its_own, missing
from tests.shop.discovery.contract import MARKET, SearchContract, document, ids

if reason := missing():
    pytest.skip(reason, allow_module_level=True)


class TestElasticEngine(SearchContract):
    @pytest.fixture
    def engine(self):
        with engine_of_its_own() as engine:
            yield engine

    @staticmethod
    def indices(engine):
        return engine._slow.indices.get_alias(index=engine.names.all).body

    def test_keeps_what_is_searched_and_what_was_before_it(self, market):
        """Searches may still run on the last one; older ones are forgotten."""
        for _round in range(3):
            market.rebuild(MARKET)
        found = self.indices(market)
        assert len(found) == 2
        assert sum(bool(index["aliases"]) for index in found.values()) == 1

    def test_what_a_dead_rebuild_left_is_swept(self, market):
        dead = rebuilding.Rebuild(market._slow, market.names)
        dead._begin()
        # It is found as the next one, so changes go there too, harmlessly.
        market.put([document(50, "蓝莓")])
        market.rebuild([*MARKET, document(50, "蓝莓")])
        assert dead.index not in self.indices(market)
        assert market.names.next not in market._aliases()
        assert self.find(market, "蓝莓").total == 1

    def test_a_second_rebuild_takes_over_from_the_first(self, market):
        def slowly():
            yield MARKET[0]
            market.rebuild(MARKET)
            yield from MARKET[1:]

        with pytest.raises(SearchUnavailable):
            market.rebuild(slowly())
        assert set(ids(self.find(market, "黄桃"))) == {1, 2, 7}
        assert market.names.next not in market._aliases()
        assert sum(bool(each["aliases"]) for each in self.indices(market).values()) == 1

    def test_two_rebuilds_side_by_side_leave_one_whole_index(self, market):
        """The later one takes the name from the first; both wrote everything."""
        first = rebuilding.Rebuild(market._slow, market.names)
        second = rebuilding.Rebuild(market._slow, market.names)
        first._begin()
        second._begin()
        first._fill(MARKET)
        with pytest.raises(NoIndex):
            try:
                with rebuilding.translated():
                    first._move_over()
            finally:
                first._drop([first.index])
        second._fill(MARKET)
        second._move_over()
        assert self.find(market, "黄桃").total == 3

    def test_a_write_to_an_alias_that_has_moved_on_makes_no_index(self, market):
        """Without the template, a late removal would make an index of that name."""
        count = len(self.indices(market))
        writing.write(
            market._slow,
            [document(50, "蓝莓"), Gone(51, 2)],
            to=[market.names.live, market.names.next],
        )
        assert len(self.indices(market)) == count
        # Negative control: Elasticsearch does make one where nothing forbids it.
        market._slow.indices.delete_index_template(name=market.names.live)
        writing.write(
            market._slow,
            [Gone(52, 2)],
            to=[market.names.live, market.names.next],
        )
        assert market._slow.indices.exists(index=market.names.next)
        market._slow.indices.delete(index=market.names.next)

    def test_what_it_cannot_read_is_refused_and_the_others_are_written(self, market):
        bad = replace(document(51, "蓝莓"), price_fen="a lot")  # type: ignore[arg-type]
        with pytest.raises(DocumentsRefused) as caught:
            market.put([document(50, "荸荠"), bad, document(52, "荸荠")])
        assert caught.value.product_ids == {51}
        assert set(ids(self.find(market, "荸荠"))) == {50, 52}

    def test_a_rebuild_with_a_document_it_cannot_read_changes_nothing(self, market):
        bad = replace(document(51, "蓝莓"), price_fen="a lot")  # type: ignore[arg-type]
        with pytest.raises(SearchUnavailable, match="refused"):
            market.rebuild([*MARKET, bad])
        assert self.find(market, "黄桃").total == 3
        assert market.names.next not in market._aliases()

    def test_a_field_nobody_knows_is_refused(self, market):
        client = market._slow
        row = source_of(MARKET[0]) | {"surprise": 1}
        from elasticsearch import BadRequestError

        with pytest.raises(BadRequestError, match="strict"):
            client.index(index=market.names.live, document=row)

    def test_indices_are_of_the_form_the_class_describes(self, market):
        found = market._slow.indices.get_mapping(index=market.names.live)
        ((_index, about),) = found.items()
        assert about["mappings"]["properties"].keys() == (
            ProductDocument._doc_type.mapping.to_dict()["properties"].keys()
        )
        ((_index, about),) = market._slow.indices.get_settings(
            index=market.names.live
        ).items()
        assert about["settings"]["index"]["refresh_interval"] == "1s"
        assert about["settings"]["index"]["gc_deletes"] == "900s"

    def test_code_of_another_form_finds_no_index(self, market, monkeypatch):
        monkeypatch.setattr("shop.discovery.elastic.schema.FORM", 2)
        assert not market.ready()
        with pytest.raises(SearchUnavailable):
            self.find(market, "黄桃")

    def test_a_second_process_sees_the_new_index(self, market):
        other = ElasticEngine(
            market.place, prefix=market.names.prefix, patience=market.patience
        )
        assert self.find(other, "黄桃").total == 3
        market.rebuild(MARKET[:1])
        assert self.find(other, "黄桃").total == 1

    def test_shops_that_share_a_cluster_know_nothing_of_each_other(self, market):
        with engine_of_its_own() as other:
            assert not other.ready()
            other.rebuild(MARKET[:1])
            assert self.find(market, "黄桃").total == 3
            # A name that begins like another's is another name.
            near = ElasticEngine(
                market.place, prefix=f"{market.names.prefix}-products", patience=20
            )
            assert not near.ready()

    @pytest.mark.parametrize("text", ["huangtao", "黄桃 礼盒", "冰糖橙"])
    def test_most_searches_are_one_request(self, market, text):
        assert self.requests(market, text) == 1

    @pytest.mark.parametrize(
        ("text", "requests"), [("hangtao", 2), ("黄桃 蓝莓", 2), ("hangtao 蓝莓", 3)]
    )
    def test_slips_and_missing_words_take_another(self, market, text, requests):
        assert self.requests(market, text) == requests

    @staticmethod
    def requests(market, text):
        asked = []
        real = market._ask

        def ask(searches, query):
            asked.append(searches)
            return real(searches, query)

        market._ask = ask
        market.search(Query(tokens=parse(text)))
        return len(asked)

    def test_pages_with_equal_scores_join_on_every_copy(self, engine):
        """The same words always ask the same copy; others may score differently."""
        asked = []
        real = engine._asker.msearch

        def msearch(**given):
            asked.append(given["searches"][0]["preference"])
            return real(**given)

        engine.rebuild(MARKET)
        engine.__dict__["_asker"] = type("Spy", (), {"msearch": staticmethod(msearch)})
        for text in ("黄桃", "黄桃", "冰糖橙"):
            engine.search(Query(tokens=parse(text)))
        assert asked[0] == asked[1] != asked[2]


class TestAnAccount:
    def test_a_wrong_one_is_unavailable_and_never_shown(self, caplog):
        """Only a cluster with passwords refuses; none may show ours."""
        place = Place(
            nodes=engine_place().nodes, user="elastic", password="geheim-geheim"
        )
        engine = ElasticEngine(place, prefix="xiangji-test-account", patience=20)
        caplog.set_level("DEBUG")
        with pytest.raises(SearchUnavailable) as caught:
            engine.search(Query(tokens=parse("黄桃")))
        for text in (str(caught.value), repr(caught.value), repr(place), caplog.text):
            assert "geheim" not in text
            assert "ZWxhc3RpYzpnZWhlaW0" not in text  # the same in base64


def engine_place() -> Place:
    from tests.shop.discovery.cluster import place

    return place()
