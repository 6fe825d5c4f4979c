"""The one place where a status is recorded and logged."""

from datetime import datetime
from typing import Any

from partners.people import Person
from traceability import merkle
from traceability.models import LeafKind, StatusEvent
from traceability.operations.log import append_leaf


def record_status(
    *, status: str, reason: str = "", by: Person, at: datetime, **about: Any
) -> StatusEvent:
    """Record what became of lot=, certificate=, batch= or label=, and log it.

    Call it inside the transaction that made it so, as its last act. The reason is for
    our own pages; the log names a label only by its hash. Errors: IntegrityError
    where the thing has this status already.
    """
    event = StatusEvent.objects.create(
        status=status, reason=reason.strip(), happened_at=at, recorded_by=by, **about
    )
    (kind, thing), *_others = about.items()
    name = label_hash(thing.code) if kind == "label" else thing.number
    append_leaf(
        kind=LeafKind.STATUS,
        body={"of": kind, "id": name, "status": event.status},
        at=at,
        status_event=event,
    )
    return event


def label_hash(code: str) -> str:
    """How the log speaks of a label: the hash of its leaf in its batch's tree.

    Whoever holds the package can compute it; nobody can go back from it to the code,
    whose check is keyed.
    """
    return merkle.leaf_hash(code.encode()).hex()
