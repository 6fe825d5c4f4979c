"""Is this code genuine? The order of answers is that of the design."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone

from traceability import codes
from traceability.devices import device_hash
from traceability.models import Label, Scan, StatusEvent
from traceability.queries.signed import label_as_signed

# The same device within this time is the same scan.
SAME_SCAN = timedelta(hours=24)
# A household looks a few times; a copied code is looked at by strangers.
SUSPICIOUS_SCANS_IN_A_DAY = 6
SUSPICIOUS_SCANS_EVER = 20


class State(StrEnum):
    """What a scan says, first match first."""

    TAMPERED = "tampered"
    ALTERED = "altered"
    UNKNOWN = "unknown"
    RECALLED = "recalled"
    REVOKED = "revoked"
    VOIDED = "voided"
    INACTIVE = "inactive"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    GENUINE = "genuine"
    FIRST = "first"
    AGAIN = "again"
    SUSPICIOUS = "suspicious"
    UNCHECKED = "unchecked"


GENUINE_STATES = frozenset({State.GENUINE, State.FIRST, State.AGAIN, State.SUSPICIOUS})


@dataclass(frozen=True)
class Verdict:
    """The answer to a scan.

    GENUINE means that nobody has looked before; FIRST that this very device was the
    first. `ordinal` is which scan this device's was, None where it was not counted;
    `count` is how many there were.
    """

    state: State
    code: str = ""
    label: Label | None = None
    ordinal: int | None = None
    count: int = 0
    first_at: datetime | None = None
    reason: str = ""

    @property
    def is_genuine(self) -> bool:
        """Whether the code is ours and stands, however often it was looked at."""
        return self.state in GENUINE_STATES


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
    code = codes.code_of(number)
    try:
        try:
            label = labels_with_facts().filter(pk=number).first()
        except ValueError:
            return Verdict(State.UNCHECKED, code=code)
        if label is None:
            return Verdict(State.UNKNOWN, code=code)
        return _judge_label(label, code=code, device=device, now=now)
    except DatabaseError:
        return Verdict(State.UNCHECKED, code=code)


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
    return {event.status for event in _status_events(label)}


def _status_events(label: Label) -> list[StatusEvent]:
    batch = label.batch
    about = (
        Q(label=label)
        | Q(batch=batch)
        | Q(certificate=batch.certificate_id)
        | Q(lot=batch.lot_id)
    )
    return list(StatusEvent.objects.filter(about))


def _judge_label(
    label: Label, *, code: str, device: str | None, now: datetime
) -> Verdict:
    if not label_as_signed(label):
        # Nothing of such a row is told: who changed one fact may have changed all.
        return Verdict(State.ALTERED, code=code)
    status = StatusEvent.Status
    reasons = {event.status: event.reason for event in _status_events(label)}

    def verdict(state: State, told_by: str = "") -> Verdict:
        return Verdict(state, code=code, label=label, reason=reasons.get(told_by, ""))

    for told_by, state in (
        (status.RECALLED, State.RECALLED),
        (status.REVOKED, State.REVOKED),
        (status.VOIDED, State.VOIDED),
    ):
        if told_by in reasons:
            return verdict(state, told_by)
    if label.activated_at is None:
        return verdict(State.INACTIVE)
    if status.SUPERSEDED in reasons:
        return verdict(State.SUPERSEDED, status.SUPERSEDED)
    expires_on = label.batch.expires_on
    if expires_on is not None and expires_on < timezone.localtime(now).date():
        return verdict(State.EXPIRED)
    return _judge_scans(label, code=code, device=device, now=now)


def _judge_scans(
    label: Label, *, code: str, device: str | None, now: datetime
) -> Verdict:
    ordinal = None
    if device is not None:
        ordinal = scan_of_device(label, device=device, now=now)
    if label.scan_count == 0:
        state = State.GENUINE
    elif ordinal == 1:
        state = State.FIRST
    elif _is_suspicious(label, now):
        state = State.SUSPICIOUS
    else:
        state = State.AGAIN
    return Verdict(
        state,
        code=code,
        label=label,
        ordinal=ordinal,
        count=label.scan_count,
        first_at=label.first_scanned_at,
    )


def scan_of_device(label: Label, *, device: str, now: datetime) -> int | None:
    """Which scan of the label this device's last one was, within 24 hours."""
    return (
        label.scans.filter(device=device_hash(device), scanned_at__gt=now - SAME_SCAN)
        .order_by("-ordinal")
        .values_list("ordinal", flat=True)
        .first()
    )


def _is_suspicious(label: Label, now: datetime) -> bool:
    if label.scan_count < SUSPICIOUS_SCANS_IN_A_DAY:
        return False
    if label.scan_count >= SUSPICIOUS_SCANS_EVER:
        return True
    lately = Scan.objects.filter(label=label, scanned_at__gt=now - SAME_SCAN)
    return lately.count() >= SUSPICIOUS_SCANS_IN_A_DAY


def label(code: str) -> Label | None:
    """The label with this code, however it was typed; None where there is none."""
    number = codes.number_of(code)
    if number is None:
        return None
    return labels_with_facts().filter(pk=number).first()
