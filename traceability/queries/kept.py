"""Facts of a batch that were compared with what was signed, kept by the process.

They are kept with the marks that held before anything of them was read, and serve only
while a look at the database shows the same marks. What is true of one label, and every
status, is never kept. See docs/decisions/0160.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

from django.db import connection

from traceability.models import LabelBatch

# Rows that were changed past the program, and names that no mark tells of (a plot's,
# a station's, a grower's), are read and compared anew after this time.
KEEP_SECONDS = 60
MOST_BATCHES = 100
MOST_PAGES = 16


@dataclass(frozen=True)
class Facts:
    """A batch as it was signed, with certificate, lot and papers.

    `pages` is for what faces make of these facts: it goes when they go.
    """

    batch: LabelBatch
    marks: tuple[Any, ...]
    # Certificate or batch was signed with a key that was not ours alone any more.
    stolen_key: bool = False
    # Every lot that went into this one.
    ancestors: tuple[int, ...] = ()
    ancestors_marks: tuple[Any, ...] = ()
    pages: dict[Hashable, Any] = field(default_factory=dict)
    read_at: float = field(default_factory=monotonic)

    def keep_page(self, key: Hashable, page: Any) -> None:
        if len(self.pages) >= MOST_PAGES:
            self.pages.clear()
        self.pages[key] = page


_kept: OrderedDict[int, Facts] = OrderedDict()
_lock = Lock()


def get(batch_id: int) -> Facts | None:
    """The batch's facts where they are young enough; the caller compares marks."""
    with _lock:
        facts = _kept.get(batch_id)
        if facts is None:
            return None
        if monotonic() - facts.read_at >= KEEP_SECONDS:
            del _kept[batch_id]
            return None
        _kept.move_to_end(batch_id)
        return facts


def put(facts: Facts) -> None:
    """Keep them, but not what a transaction saw that may still be taken back."""
    if connection.in_atomic_block:
        return
    with _lock:
        _kept[facts.batch.pk] = facts
        while len(_kept) > MOST_BATCHES:
            _kept.popitem(last=False)


def clear() -> None:
    with _lock:
        _kept.clear()
