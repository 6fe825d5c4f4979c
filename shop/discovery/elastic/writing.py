"""Writing documents in bulk, and what Elasticsearch says to each of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch

from shop.discovery.elastic.client import NoIndex, Unreachable, translated
from shop.discovery.elastic.schema import source_of
from shop.discovery.engine import Document, DocumentsRefused, Gone

BULK = 500
Change = Document | Gone


@dataclass
class _Said:
    """What became of a bulk's changes."""

    refused: dict[int, str] = field(default_factory=dict)
    away: str = ""
    no_index: str = ""


def write(
    client: Elasticsearch,
    changes: Iterable[Change],
    *,
    to: Sequence[str],
    refresh: bool = False,
) -> int:
    """Write changes to each alias of `to`, the first of which must be there.

    Returns how many. A change that is not newer than what is there counts as done.
    Another alias than the first may have gone meanwhile: a rebuild has ended.
    Errors: NoIndex; Unreachable where some or all could not be written now;
    DocumentsRefused after all others are written.
    """
    count = 0
    refused: dict[int, str] = {}
    for some in _pieces(changes):
        lines = [
            line for alias in to for change in some for line in _lines(alias, change)
        ]
        with translated():
            reply = client.bulk(operations=lines, refresh=refresh or None)
        said = _read(reply["items"], first=to[0])
        if said.no_index:
            raise NoIndex(said.no_index)
        if said.away:
            raise Unreachable(said.away)
        refused |= said.refused
        count += len(some)
    if refused:
        raise DocumentsRefused(refused, next(iter(refused.values())))
    return count


def _pieces(changes: Iterable[Change]) -> Iterator[list[Change]]:
    left = iter(changes)
    while some := list(islice(left, BULK)):
        yield some


def _lines(alias: str, change: Change) -> Iterator[dict[str, Any]]:
    where = {
        "_index": alias,
        "_id": str(change.product_id),
        "version": change.version,
        "version_type": "external",
    }
    if isinstance(change, Gone):
        yield {"delete": where}
    else:
        yield {"index": where | {"require_alias": True}}
        yield source_of(change)


def _read(items: Iterable[dict[str, dict[str, Any]]], *, first: str) -> _Said:
    said = _Said()
    for item in items:
        ((_action, result),) = item.items()
        error = result.get("error")
        # A conflict: what is there is as new, or newer. A removal of nothing: 404,
        # and no error.
        if not error or result["status"] == 409:
            continue
        reason = f"{error.get('type')}: {error.get('reason')}"
        if error.get("type") == "index_not_found_exception":
            if result["_index"] == first:
                said.no_index = reason
        elif result["status"] == 429 or result["status"] >= 500:
            said.away = reason
        else:
            said.refused[int(result["_id"])] = reason
    return said
