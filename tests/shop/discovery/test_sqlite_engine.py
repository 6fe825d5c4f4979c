"""The embedded engine keeps the contract, and its files in order."""

import threading
from time import time

import pytest

from shop.discovery import sqlite_engine
from shop.discovery.engine import Gone, Query, SearchUnavailable
from shop.discovery.sqlite_engine import SqliteEngine
from shop.discovery.tokens import parse
from tests.shop.discovery.contract import MARKET, SearchContract, document, ids


class TestSqliteEngine(SearchContract):
    @pytest.fixture
    def engine(self, tmp_path):
        return SqliteEngine(tmp_path / "search")

    def test_files_of_another_form_count_as_no_index(self, market):
        name = (market.folder / "current").read_text()
        (market.folder / "current").write_text(name.replace("index-2-", "index-"))
        assert not market.ready()
        with pytest.raises(SearchUnavailable):
            self.find(market, "黄桃")

    def test_forgets_in_time_what_is_gone(self, market, monkeypatch):
        """Only long enough for whoever is late; the list must not grow for ever."""
        market.remove([Gone(1, 2)])
        monkeypatch.setattr(sqlite_engine, "time", lambda: time() + 2 * 900)
        market.remove([Gone(2, 2)])
        known = market._reader().execute("SELECT product_id FROM gone").fetchall()
        assert known == [(2,)]

    def test_a_broken_file_is_unavailable_and_a_rebuild_mends_it(self, engine):
        engine.rebuild(MARKET)
        for path in engine.folder.glob("index-*"):
            path.write_bytes(b"no database")
        fresh = SqliteEngine(engine.folder)
        with pytest.raises(SearchUnavailable):
            self.find(fresh, "黄桃")
        fresh.rebuild(MARKET)
        assert self.find(fresh, "黄桃").total == 3

    def test_keeps_one_file(self, market):
        for _round in range(3):
            market.rebuild(MARKET)
        assert len(list(market.folder.glob("index-*.sqlite3"))) == 1

    def test_a_second_process_sees_the_new_index(self, market):
        other = SqliteEngine(market.folder)
        assert self.find(other, "黄桃").total == 3
        market.rebuild(MARKET[:1])
        assert self.find(other, "黄桃").total == 1

    def test_writers_take_turns(self, market):
        errors = []

        def write(first):
            engine = SqliteEngine(market.folder)
            try:
                for n in range(first, first + 10):
                    engine.put([document(n, "蓝莓", crop="蓝莓")])
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=write, args=(n,)) for n in (100, 200, 300)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert self.find(market, "蓝莓").total == 30

    def test_a_writer_gives_up_while_somebody_rebuilds(self, market, monkeypatch):
        monkeypatch.setattr(sqlite_engine, "PATIENCE", 0.0)
        impatient = []

        def slowly():
            yield MARKET[0]
            try:
                SqliteEngine(market.folder).put([document(50, "蓝莓")])
            except SearchUnavailable as error:
                impatient.append(error)
            yield from MARKET[1:]

        market.rebuild(slowly())
        assert len(impatient) == 1

    def test_what_is_typed_never_reaches_the_query_language(self, market):
        """Negative control: the same text, unquoted, is an error of the language."""
        import sqlite3

        database = market._reader()
        with pytest.raises(sqlite3.Error):
            database.execute(
                "SELECT rowid FROM words WHERE words MATCH ?", ('"黄桃 OR (',)
            ).fetchall()
        assert ids(market.search(Query(tokens=parse('"黄桃 OR (')))) != []
