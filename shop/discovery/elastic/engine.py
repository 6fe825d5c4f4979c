"""Search by Elasticsearch."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from django.conf import settings
from elasticsearch import Elasticsearch
from elasticsearch_dsl import Search

from shop.discovery.breaker import Breaker, Resting
from shop.discovery.elastic import asking
from shop.discovery.elastic.client import (
    WHOLE_SECONDS,
    WRITING_SECONDS,
    NoIndex,
    Place,
    Unreachable,
    answers,
    translated,
    within,
)
from shop.discovery.elastic.rebuilding import Rebuild
from shop.discovery.elastic.schema import Names
from shop.discovery.elastic.writing import Change, write
from shop.discovery.engine import (
    BLOCK,
    Document,
    Gone,
    Held,
    Page,
    Query,
    SearchUnavailable,
    Tally,
)

T = TypeVar("T")
MOST_BUCKETS = 5_000


class ElasticEngine:
    """An index on a cluster, for any number of readers and writers.

    `patience` is how long a search may take as a whole, in seconds. With
    `visible_at_once`, every write waits until searches see it.
    """

    def __init__(
        self,
        place: Place,
        *,
        prefix: str,
        patience: float = 1.0,
        visible_at_once: bool = False,
    ) -> None:
        self.names = Names(prefix)
        self.place = place
        self.patience = patience
        self.visible_at_once = visible_at_once
        # Apart, because a cluster that is slow to write may still be quick to ask; a
        # worker can wait longer than a page for what waits in the outbox anyway.
        self.searching = Breaker(f"search.{prefix}", counts=Unreachable)
        self.writing = Breaker(
            f"index.{prefix}", counts=Unreachable, rest_seconds=30, probe_seconds=15
        )

    @classmethod
    def from_settings(cls) -> "ElasticEngine":
        place = Place(
            nodes=tuple(settings.ELASTICSEARCH_NODES),
            user=settings.ELASTICSEARCH_USER,
            password=settings.ELASTICSEARCH_PASSWORD,
            ca_file=settings.ELASTICSEARCH_CA_FILE,
        )
        return _at(
            place, settings.ELASTICSEARCH_PREFIX, settings.SEARCH_TIMEOUT_SECONDS
        )

    @cached_property
    def _asker(self) -> Elasticsearch:
        return self.place.connect(patience=self.patience)

    @cached_property
    def _writer(self) -> Elasticsearch:
        return self.place.connect(patience=WRITING_SECONDS)

    @property
    def _slow(self) -> Elasticsearch:
        return self._writer.options(request_timeout=WHOLE_SECONDS)

    # Reading

    def search(self, query: Query) -> Page:
        if not query.tokens.terms:
            return Page(hits=[], total=0)
        with _resting_is_unavailable(), self.searching.guard(), translated():
            return within(self.patience, lambda: self._search(query))

    def _search(self, query: Query) -> Page:
        """One request in most cases; a second one where a word is a slip, or where no
        product has all of the words."""
        tokens = query.tokens
        known = frozenset(term.spelled for term in tokens.terms if term.spelled)
        asked = [asking.products(query, known=known)]
        if spellings := asking.spellings(tokens):
            asked.append(spellings)
        reply, *others = self._ask(asked, query)
        if others and (really := asking.known_of(others[0])) != known:
            known = really
            (reply,) = self._ask([asking.products(query, known=known)], query)
        page = asking.page_of(reply, near=False)
        if page.townships or page.categories or len(tokens.terms) == 1:
            return page
        some = asking.products(query, known=known, near=True)
        (reply,) = self._ask([some], query)
        return asking.page_of(reply, near=True)

    def _ask(self, asked: Sequence[Search], query: Query) -> Sequence[dict[str, Any]]:
        how = {
            "index": self.names.live,
            "preference": asking.preference(query.tokens),
            "allow_partial_search_results": False,
        }
        # A node should not work on for somebody who has gone.
        limit = {"timeout": f"{int(self.patience * 1000)}ms"}
        lines = [part for each in asked for part in (how, each.to_dict() | limit)]
        return answers(self._asker.msearch(searches=lines).body)

    def tallies(self) -> Mapping[int, Tally]:
        blocks = {"histogram": {"field": "product_id", "interval": BLOCK}}
        asked = Search().extra(size=0, track_total_hits=False)
        asked.aggs.bucket(
            "blocks", "composite", size=MOST_BUCKETS, sources=[{"block": blocks}]
        ).metric("total", "sum", field="fingerprint")
        found: dict[int, Tally] = {}
        body = asked.to_dict()
        with translated():
            self._slow.indices.refresh(index=self.names.live)
            while True:
                reply = self._slow.search(index=self.names.live, **body)
                blocks = reply["aggregations"]["blocks"]
                for bucket in blocks["buckets"]:
                    found[int(bucket["key"]["block"]) // BLOCK] = Tally(
                        bucket["doc_count"], int(bucket["total"]["value"])
                    )
                if "after_key" not in blocks:
                    return found
                body["aggs"]["blocks"]["composite"]["after"] = blocks["after_key"]

    def held(self, block: int) -> Mapping[int, Held]:
        first = block * BLOCK
        asked = (
            Search()
            .filter("range", product_id={"gte": first, "lt": first + BLOCK})
            .source(False)
            .extra(size=BLOCK, version=True, docvalue_fields=["fingerprint"])
        )
        with translated():
            reply = self._slow.search(index=self.names.live, **asked.to_dict())
        return {
            int(hit["_id"]): Held(hit["fields"]["fingerprint"][0], hit["_version"])
            for hit in reply["hits"]["hits"]
        }

    def about(self) -> Mapping[str, str]:
        # Not every build has a front page, so health is asked for and nothing else.
        with translated():
            health = self._slow.cluster.health()
            count = self._slow.count(index=self.names.live)["count"]
            ((index, _aliases),) = self._slow.indices.get_alias(
                name=self.names.live
            ).items()
        return {
            "engine": "Elasticsearch",
            "cluster": f"{health['status']}, {health['number_of_nodes']} nodes",
            "index": index,
            "products": str(count),
            "searching": "rests" if self.searching.is_open() else "asks",
            "writing": "rests" if self.writing.is_open() else "asks",
        }

    # Writing

    def ready(self) -> bool:
        return self.names.live in self._guarded(self._aliases)

    def put(self, documents: Iterable[Document]) -> None:
        self._guarded(lambda: self._write(documents))

    def remove(self, gone: Iterable[Gone]) -> None:
        self._guarded(lambda: self._write(gone))

    def rebuild(self, documents: Iterable[Document]) -> int:
        return Rebuild(self._slow, self.names).run(documents)

    def _write(self, changes: Iterable[Change]) -> None:
        # Asked after the changes were read, and before they are written: a rebuild
        # that is not there yet will read them itself.
        aliases = self._aliases()
        if self.names.live not in aliases:
            raise NoIndex("There is no index yet.")
        to = [self.names.live]
        to += [self.names.next] if self.names.next in aliases else []
        write(self._writer, changes, to=to, refresh=self.visible_at_once)

    def _aliases(self) -> set[str]:
        """Which of our aliases there are."""
        with translated():
            reply = self._writer.indices.get_alias(index=self.names.all)
        return {name for index in reply.values() for name in index["aliases"]}

    def _guarded(self, act: Callable[[], T]) -> T:
        with _resting_is_unavailable(), self.writing.guard():
            return act()


@contextmanager
def _resting_is_unavailable() -> Iterator[None]:
    try:
        yield
    except Resting as error:
        raise SearchUnavailable(str(error)) from None


@lru_cache(maxsize=8)
def _at(place: Place, prefix: str, patience: float) -> ElasticEngine:
    """One engine a process, so that its connections are used again."""
    return ElasticEngine(place, prefix=prefix, patience=patience)
