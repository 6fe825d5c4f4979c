"""Which engine a place searches with, and what the environment says of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shop.config.settings import env

ROOT = Path(__file__).resolve().parents[3]
SQLITE = "shop.discovery.sqlite_engine.SqliteEngine"
NODE = "http://es:9200"
ELASTIC = "shop.discovery.elastic.engine.ElasticEngine"


def settings_in(tmp_path, shown="SEARCH_ENGINE", **environment):
    """What settings say in a process of its own."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ELASTICSEARCH_", "SEARCH_"))
    }
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from shop.config.settings import base as s; "
            f"print(repr(s.{shown}), end='')",
        ],
        env=plain | {"XIANGJI_VAR": str(tmp_path)} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


class TestTheSwitch:
    @pytest.mark.parametrize(
        ("environment", "engine"),
        [
            ({}, SQLITE),
            ({"ELASTICSEARCH_URL": NODE}, ELASTIC),
            ({"ELASTICSEARCH_URL": NODE, "SEARCH_ENGINE": "sqlite"}, SQLITE),
            ({"SEARCH_ENGINE": SQLITE}, SQLITE),
        ],
    )
    def test_elasticsearch_where_its_nodes_are_named(
        self, tmp_path, environment, engine
    ):
        assert settings_in(tmp_path, **environment).stdout == repr(engine)

    def test_without_nodes_it_stops_the_start_with_a_sentence(self, tmp_path):
        done = settings_in(tmp_path, SEARCH_ENGINE="elasticsearch")
        assert done.returncode != 0
        assert "Set ELASTICSEARCH_URL" in done.stderr

    def test_the_password_is_in_no_address(self, tmp_path):
        url = "https://elastic:geheim%40@a:9200,https://b"
        done = settings_in(tmp_path, "ELASTICSEARCH_NODES", ELASTICSEARCH_URL=url)
        assert done.stdout == repr(["https://a:9200", "https://b:9200"])
        done = settings_in(tmp_path, "ELASTICSEARCH_PASSWORD", ELASTICSEARCH_URL=url)
        assert done.stdout == repr("geheim@")

    def test_a_password_of_its_own_comes_first(self, tmp_path):
        done = settings_in(
            tmp_path,
            "ELASTICSEARCH_PASSWORD",
            ELASTICSEARCH_URL="https://elastic:old@a",
            ELASTICSEARCH_PASSWORD="new",
        )
        assert done.stdout == repr("new")


class TestNodes:
    @pytest.mark.parametrize(
        "url", ["es:9200", "ftp://es", "http://", "http://es:port", "http://es:99999"]
    )
    def test_what_is_no_address_stops_the_start(self, monkeypatch, url):
        monkeypatch.setenv("NODES", f"http://good:1,{url}")
        with pytest.raises(env.MissingSetting, match="NODES") as caught:
            env.nodes("NODES", default_port=9200)
        assert url not in str(caught.value)

    def test_an_address_may_be_an_ipv6_one_and_have_a_path(self, monkeypatch):
        monkeypatch.setenv("NODES", "http://[::1]/es/ , http://[::1]:9201")
        nodes, account = env.nodes("NODES", default_port=9200)
        assert nodes == ["http://[::1]:9200/es", "http://[::1]:9201"]
        assert account == ("", "")


def test_nobody_asks_whether_it_is_there_by_its_front_page():
    """Not every build has one: health is what `_cluster/health` says."""
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "shop/discovery/elastic").glob("*.py")
    )
    asks = re.compile(r"(?<!log)\.(info|ping)\(")
    assert asks.search("client.ping()")
    assert not asks.search(code)
