"""Elasticsearch with a password, and three nodes of which one is killed.

Starts nodes of its own (three take about two minutes to come up, and 1.5 GB):
`make test-elasticsearch-cluster`.
"""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shop.discovery.elastic.client import Place
from shop.discovery.elastic.engine import ElasticEngine
from shop.discovery.engine import Query, SearchUnavailable
from shop.discovery.tokens import parse
from tests.shop.discovery.cluster import PATIENCE
from tests.shop.discovery.contract import MARKET, document
from tools.services import elasticsearch
from tools.services.processes import (
    Running,
    Server,
    begin,
    end,
    free_port,
    reachable,
    wait,
)
from tools.services.together import FOLDER

pytestmark = pytest.mark.cluster
PEACH = Query(tokens=parse("黄桃"))
PASSWORD = "not-a-real-word"
RECOVERY_SECONDS = 120


@contextmanager
def nodes(
    *names: str, password: str = "", heap_mb: int = elasticsearch.HEAP_MB
) -> Iterator[list[tuple[Server, Running]]]:
    """These nodes, one cluster, while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="xiangji-nodes-"))
    folder.chmod(0o711)
    tree = elasticsearch.unpacked(reachable(FOLDER))
    inner = {name: free_port() for name in names}
    seeds = ",".join(f"127.0.0.1:{port}" for port in inner.values())
    begun: list[tuple[Server, Running]] = []
    try:
        for name in names:
            own = folder / name
            own.mkdir()
            together = {
                "transport.port": str(inner[name]),
                "discovery.seed_hosts": seeds,
                "cluster.initial_master_nodes": ",".join(names),
            }
            server = elasticsearch.prepare(
                folder=own,
                port=free_port(),
                tree=tree,
                password=password,
                heap_mb=heap_mb,
                options=together if len(names) > 1 else None,
            )
            begun.append((server, begin(server, folder / f"{name}.json")))
        up = [
            (server, wait(server, running, folder / f"{name}.json"))
            for name, (server, running) in zip(names, begun, strict=True)
        ]
        begun = up
        yield up
    finally:
        for _server, running in begun:
            end(running)
        shutil.rmtree(folder, ignore_errors=True)


def engine_at(*urls: str, user: str = "", password: str = "") -> ElasticEngine:
    place = Place(nodes=urls, user=user, password=password)
    return ElasticEngine(
        place, prefix="xiangji-nodes", patience=PATIENCE, visible_at_once=True
    )


def address(server: Server) -> str:
    """Where it listens, without what opens it."""
    return f"http://{server.url.rpartition('@')[2].removeprefix('http://')}"


def test_who_does_not_know_the_password_is_refused(caplog) -> None:
    with nodes("guarded", password=PASSWORD) as up:
        url = address(up[0][0])
        known = engine_at(url, user=elasticsearch.SUPERUSER, password=PASSWORD)
        known.rebuild(MARKET)
        assert known.search(PEACH).total == 3

        for stranger in (
            engine_at(url),
            engine_at(url, user=elasticsearch.SUPERUSER, password="another"),
        ):
            with pytest.raises(SearchUnavailable, match="401"):
                stranger.search(PEACH)
            with pytest.raises(SearchUnavailable, match="401"):
                stranger.put([document(99, "黄桃")])
        assert known.search(PEACH).total == 3
    assert PASSWORD not in caplog.text


def test_searches_go_on_when_one_node_of_three_is_killed() -> None:
    with nodes("one", "two", "three", heap_mb=400) as up:
        engine = engine_at(*(address(server) for server, _running in up))
        engine.rebuild(MARKET)
        _whole(engine)
        totals, failures = [], []
        stop = threading.Event()

        def search() -> None:
            while not stop.is_set():
                try:
                    totals.append(engine.search(PEACH).total)
                except SearchUnavailable as error:
                    failures.append(str(error))

        searcher = threading.Thread(target=search)
        searcher.start()
        try:
            _until(lambda: len(totals) > 50)
            os.killpg(up[0][1].processes[0][0], signal.SIGKILL)
            before = len(totals)
            _until(lambda: len(totals) > before + 300)
        finally:
            stop.set()
            searcher.join()
        assert set(totals) == {3}, "an answer is whole, or it is none"
        assert len(failures) < len(totals) / 10
        # What is left takes new products, too.
        _until(lambda: _written(engine))
        assert engine.search(PEACH).total == 4


def _whole(engine: ElasticEngine) -> None:
    """Wait until each product lies on two nodes."""
    engine._slow.cluster.health(wait_for_status="green", timeout="120s")


def _written(engine: ElasticEngine) -> bool:
    try:
        engine.put([document(99, "黄桃", crop="黄桃")])
    except SearchUnavailable:
        return False
    return True


def _until(true) -> None:
    deadline = time.monotonic() + RECOVERY_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not come back"
        time.sleep(0.1)
