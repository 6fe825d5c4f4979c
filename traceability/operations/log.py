"""Saying something in the log."""

from datetime import datetime
from typing import Any

from traceability import queries, tlog
from traceability.canonical import canonical_json, timestamp
from traceability.models import LeafKind, LogLeaf
from traceability.operations.counters import take_numbers


def append_leaf(
    *, kind: LeafKind, body: dict[str, Any], at: datetime, **about: Any
) -> LogLeaf:
    """Add a line to the log, inside the caller's transaction, as its last act.

    Until that transaction ends no other line can be added. `about` is the row the line
    is about: key=, certificate=, batch= or status_event=. `body` holds nothing
    personal. The log's clock never goes back: a line of an earlier `at` is dated like
    the one before it, so that nobody can put a line into a time that has passed.
    """
    index = take_numbers(name="log") - 1
    at = max(at, queries.logged_at(index - 1) or at)
    entry = canonical_json({"type": kind.value, "at": timestamp(at), **body})
    if len(entry.encode()) > tlog.MAX_ENTRY_BYTES:
        raise ValueError("a log entry is longer than 65,535 bytes")
    return LogLeaf.objects.create(
        index=index, kind=kind, entry=entry, appended_at=at, **about
    )
