"""Writing the whole index anew, without a gap and losing nothing that changes.

The new index is written under an alias of its own, `…-next`. Whoever changes a product
meanwhile finds that alias and writes there too; versions keep the two in order. At the
end one call moves `live` over and takes `next` away. A second rebuild takes `next` from
the first, which then gives up: its documents went into the other's index, harmlessly.
"""

import logging
from collections.abc import Iterable
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from shop.discovery.elastic.client import translated
from shop.discovery.elastic.schema import Names
from shop.discovery.elastic.writing import write
from shop.discovery.engine import Document, DocumentsRefused, SearchUnavailable

log = logging.getLogger(__name__)


class Rebuild:
    """One rebuild, in an index of a fresh name."""

    def __init__(self, client: Elasticsearch, names: Names) -> None:
        self.client = client
        self.names = names
        self.index = names.fresh()

    def run(self, documents: Iterable[Document]) -> int:
        """Write these, move over to them, and return how many.

        Errors: SearchUnavailable; then, and whatever happens to `documents`, the old
        index stays as it was.
        """
        try:
            with translated():
                self._begin()
            count = self._fill(documents)
            with translated():
                replaced = self._move_over()
        except BaseException:
            self._drop([self.index])
            raise
        # Searches may still be running on what was replaced: the next rebuild drops it.
        self._drop(self._left_behind(replaced))
        return count

    def _begin(self) -> None:
        self.client.indices.put_index_template(
            name=self.names.live, **self.names.template()
        )
        # Searched by nobody yet, so it need not be made ready for that all the time.
        self.client.indices.create(
            index=self.index, settings={"index": {"refresh_interval": "-1"}}
        )
        self.client.indices.update_aliases(
            actions=[
                _removed(self.names.next, self.names.all, must_exist=False),
                {"add": {"index": self.index, "alias": self.names.next}},
            ]
        )

    def _fill(self, documents: Iterable[Document]) -> int:
        try:
            return write(self.client, documents, to=[self.names.next])
        except DocumentsRefused as error:
            raise SearchUnavailable(str(error)) from error

    def _move_over(self) -> set[str]:
        """Let searches find the new index; returns what they found before."""
        self.client.indices.put_settings(
            index=self.index, settings={"index": {"refresh_interval": "1s"}}
        )
        self.client.indices.refresh(index=self.index)
        before = self._indices()
        self.client.indices.update_aliases(
            actions=[
                # Fails, and with it all of this, where another rebuild took it over.
                _removed(self.names.next, self.index, must_exist=True),
                _removed(self.names.live, self.names.all, must_exist=False),
                {"add": {"index": self.index, "alias": self.names.live}},
            ]
        )
        return {
            index for index, aliases in before.items() if self.names.live in aliases
        }

    def _left_behind(self, replaced: set[str]) -> list[str]:
        try:
            indices = self._indices()
        except (ApiError, TransportError):
            return []
        return [
            index
            for index, aliases in indices.items()
            if not aliases and index not in replaced
        ]

    def _indices(self) -> dict[str, set[str]]:
        """Our indices and the aliases of each."""
        reply = self.client.indices.get_alias(index=self.names.all)
        return {index: set(about["aliases"]) for index, about in reply.items()}

    def _drop(self, indices: list[str]) -> None:
        """Forget indices, or leave that to the next rebuild."""
        for index in indices:
            try:
                self.client.indices.delete(index=index, ignore_unavailable=True)
            except (ApiError, TransportError) as error:
                log.warning("index %s stays behind: %s", index, type(error).__name__)


def _removed(alias: str, index: str, *, must_exist: bool) -> dict[str, Any]:
    return {"remove": {"index": index, "alias": alias, "must_exist": must_exist}}
