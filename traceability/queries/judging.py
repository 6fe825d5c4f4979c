"""Is this code genuine? The order of answers is that of the design."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone

from traceability import codes, signing
from traceability.devices import device_hash
from traceability.models import Event, Label, LabelBatch, Scan, StatusEvent
from traceability.queries import kept
from traceability.queries.looks import Look, look_at
from traceability.queries.lots import ancestor_ids
from traceability.queries.signed import label_as_signed, signed_by_a_thief
from traceability.queries.withdrawn import published_as

# The same device within this time is the same scan.
SAME_SCAN = timedelta(hours=24)


class State(StrEnum):
    """What a scan says, first match first."""

    TAMPERED = "tampered"
    ALTERED = "altered"
    UNKNOWN = "unknown"
    RECALLED = "recalled"
    COMPROMISED = "compromised"
    REVOKED = "revoked"
    VOIDED = "voided"
    INACTIVE = "inactive"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    GENUINE = "genuine"
    OPENED = "opened"
    FIRST = "first"
    AGAIN = "again"
    SUSPICIOUS = "suspicious"
    UNCHECKED = "unchecked"


GENUINE_STATES = frozenset(
    {State.GENUINE, State.OPENED, State.FIRST, State.AGAIN, State.SUSPICIOUS}
)


@dataclass(frozen=True)
class Verdict:
    """The answer to a scan.

    GENUINE means that nobody has looked before; OPENED that this very device used the
    hidden code, FIRST that it was the first to look. `ordinal` is which scan this
    device's was, None where it was not counted; `count` is how many there were.
    `opened_at` is when the hidden code was used, by whomever; `suspicion` is why the
    county warns of the code.
    """

    state: State
    code: str = ""
    seen: Look | None = None
    facts: kept.Facts | None = None
    ordinal: int | None = None
    count: int = 0
    first_at: datetime | None = None
    opened_at: datetime | None = None
    suspicion: str = ""
    reason: str = ""

    @cached_property
    def label(self) -> Label | None:
        """The label's row; None where nothing may be told of it."""
        if self.seen is None or self.facts is None:
            return None
        return self.seen.label_in(self.facts.batch)

    @property
    def is_genuine(self) -> bool:
        """Whether the code is ours and stands, however often it was looked at."""
        return self.state in GENUINE_STATES

    @property
    def may_scratch(self) -> bool:
        """Whether a hidden code is on the package and was not used yet."""
        return (
            self.is_genuine
            and self.facts is not None
            and bool(self.facts.batch.scratch)
            and self.opened_at is None
        )


def judge(*, text: str, device: str | None, now: datetime) -> Verdict:
    """Judge a code however it was typed; writes nothing.

    What the rows say is compared with what was signed before anything else is looked
    at. A forged code is answered without asking the database. `device` is the random
    name that the scanner's browser keeps, None where it is not known yet. When the
    database cannot be asked, or what it keeps encrypted cannot be read, the state is
    UNCHECKED, never a bad word about the label.
    """
    number = codes.number_of(text)
    if number is None:
        return Verdict(State.TAMPERED)
    code = codes.as_printed(text)
    try:
        seen = look_at(number)
        if seen is None:
            return Verdict(State.UNKNOWN, code=code)
        try:
            facts = _facts_of(seen)
        except (ValueError, signing.MissingKey):
            return Verdict(State.UNCHECKED, code=code)
        if facts is None:
            # Nothing of such a row is told: who changed one fact may have changed all.
            return Verdict(State.ALTERED, code=code)
        return _judge_label(seen, facts, code=code, device=device, now=now)
    except DatabaseError:
        return Verdict(State.UNCHECKED, code=code)


def _facts_of(seen: Look) -> kept.Facts | None:
    """The facts of the label's batch, compared with what was signed; None where they
    differ. Errors: ValueError where what is kept encrypted cannot be read."""
    facts = kept.get(seen.batch_id)
    if (
        facts is not None
        and facts.marks == seen.marks
        and facts.ancestors_marks == _marks_of(facts.ancestors)
    ):
        return facts if facts.batch.holds(seen.number) else None
    # Marks first: what is added while we read makes the next scan read again.
    found = labels_with_facts().filter(pk=seen.number).first()
    if found is None or not label_as_signed(found):
        return None
    ancestors = tuple(sorted(ancestor_ids([found.batch.lot_id])))
    facts = kept.Facts(
        batch=found.batch,
        stolen_key=signed_by_a_thief(found.batch.certificate, found.batch),
        marks=seen.marks,
        ancestors=ancestors,
        ancestors_marks=_marks_of(ancestors),
    )
    kept.put(facts)
    return facts


def _marks_of(lots: tuple[int, ...]) -> tuple[Any, ...]:
    """How many events the lots have: the way here tells of theirs too."""
    if not lots:
        return ()
    return (Event.objects.filter(lot__in=lots).count(),)


def labels_with_facts() -> QuerySet[Label]:
    """Labels with all that a scan page says about their box, in one query."""
    return Label.objects.select_related(
        "batch__certificate__key",
        "batch__certificate__leaf",
        "batch__leaf",
        "batch__lot__village__parent__parent",
        "batch__lot__village__station",
        "batch__lot__plot",
        "batch__lot__farmer",
    ).prefetch_related("batch__lot__evidence")


def statuses_of(label: Label) -> set[str]:
    """Everything that became of a label, its batch, certificate and lot."""
    return {event.status for event in _status_events(label)} | _published(label.batch)


def _published(batch: LabelBatch) -> frozenset[str]:
    """What everybody can read became of it, whatever the rows say now."""
    return published_as(batch.lot.number, batch.certificate.number, batch.number)


def _status_events(label: Label) -> list[StatusEvent]:
    batch = label.batch
    about = (
        Q(label=label)
        | Q(batch=batch)
        | Q(certificate=batch.certificate_id)
        | Q(lot=batch.lot_id)
    )
    return list(StatusEvent.objects.filter(about))


def _reasons(seen: Look, facts: kept.Facts) -> dict[str, str]:
    """By status, why: as rows say, and as was published whatever they say."""
    published = _published(facts.batch)
    if published <= seen.reasons.keys():
        return seen.reasons
    return dict.fromkeys(published, "") | seen.reasons


def _judge_label(
    seen: Look, facts: kept.Facts, *, code: str, device: str | None, now: datetime
) -> Verdict:
    status = StatusEvent.Status
    reasons = _reasons(seen, facts)

    def verdict(state: State, told_by: str = "") -> Verdict:
        reason = reasons.get(told_by, "")
        return Verdict(state, code=code, seen=seen, facts=facts, reason=reason)

    if status.RECALLED in reasons:
        return verdict(State.RECALLED, status.RECALLED)
    if facts.stolen_key:
        # Nothing of it is told: it may all be the thief's.
        return Verdict(State.COMPROMISED, code=code)
    for told_by, state in (
        (status.REVOKED, State.REVOKED),
        (status.VOIDED, State.VOIDED),
    ):
        if told_by in reasons:
            return verdict(state, told_by)
    if seen.activated_at is None:
        return verdict(State.INACTIVE)
    if status.SUPERSEDED in reasons:
        return verdict(State.SUPERSEDED, status.SUPERSEDED)
    expires_on = facts.batch.expires_on
    if expires_on is not None and expires_on < timezone.localtime(now).date():
        return verdict(State.EXPIRED)
    ordinal = None
    if device is not None and seen.scan_count:
        ordinal = scan_of_device(seen.number, device=device, now=now)
    return judge_scans(seen, facts, code=code, device=device, ordinal=ordinal)


def judge_scans(
    seen: Look,
    facts: kept.Facts,
    *,
    code: str,
    device: str | None,
    ordinal: int | None,
) -> Verdict:
    """The verdict on a label that stands: by its hidden code where that was used, else
    by how often it was looked at.

    `ordinal`: which of these scans is the asker's own.
    """
    if seen.scratched_at is not None:
        mine = device is not None and device_hash(device) == seen.scratched_by
        state = State.OPENED if mine else State.SUSPICIOUS
    elif seen.scan_count == 0:
        state = State.GENUINE
    elif ordinal == 1:
        state = State.FIRST
    elif seen.suspicion:
        state = State.SUSPICIOUS
    else:
        state = State.AGAIN
    return Verdict(
        state,
        code=code,
        seen=seen,
        facts=facts,
        ordinal=ordinal,
        count=seen.scan_count,
        first_at=seen.first_scanned_at,
        opened_at=seen.scratched_at,
        suspicion=seen.suspicion,
    )


def scan_of_device(number: int, *, device: str, now: datetime) -> int | None:
    """Which scan of the label this device's last one was, within 24 hours."""
    return (
        Scan.objects.filter(
            label=number, device=device_hash(device), scanned_at__gt=now - SAME_SCAN
        )
        .order_by("-ordinal")
        .values_list("ordinal", flat=True)
        .first()
    )


def label(code: str) -> Label | None:
    """The label with this code, however it was typed; None where there is none."""
    number = codes.number_of(code)
    if number is None:
        return None
    return labels_with_facts().filter(pk=number).first()
