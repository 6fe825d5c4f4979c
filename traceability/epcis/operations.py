"""Taking in what others tell: parties, their programs' accesses, and events."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.cleaning import one_line
from partners.organisations.models import Division
from partners.people import Person
from partners.prepared import Row, Rows
from partners.privacy import blind_index
from traceability.epcis import hashing, reading, validation
from traceability.epcis.identifiers import canonical, has_check_digit
from traceability.epcis.models import (
    Access,
    CapturedEvent,
    CaptureJob,
    EventKey,
    Party,
    TradeItem,
)
from traceability.models import Lot

# How a number of 13 digits begins that is for one shop, a refund or a coupon. Source:
# GS1 General Specifications, table of GS1 prefixes.
_NOT_LICENSED = ("02", "04", "2", "000000", "000002", "98", "99")
_PARTS = (
    ("epcList", EventKey.Part.EPC),
    ("childEPCs", EventKey.Part.EPC),
    ("inputEPCList", EventKey.Part.INPUT),
    ("outputEPCList", EventKey.Part.OUTPUT),
    ("quantityList", EventKey.Part.CLASS),
    ("childQuantityList", EventKey.Part.CLASS),
    ("inputQuantityList", EventKey.Part.INPUT_CLASS),
    ("outputQuantityList", EventKey.Part.OUTPUT_CLASS),
)
_EVENTS = Rows(
    "epcis_capturedevent",
    *("id", "job_id", "party_id", "event_id", "declares_error", "event_type"),
    *("action", "event_time", "record_time", "biz_step", "disposition"),
    *("read_point", "biz_location", "document"),
)
_KEYS = Rows("epcis_eventkey", "event_id", "part", "value")
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class UnableToRegister(Exception):
    """The party cannot be registered; the message says what to change."""


class UnableToCapture(Exception):
    """The event cannot be kept; the message says what to change."""


class CapturedAlready(UnableToCapture):
    """The party told this event before."""


@dataclass
class _Draft:
    """An event on its way in: its row after `job_id`, the things it names, or what is
    wrong."""

    event_id: str
    declares_error: bool = False
    row: Row = ()
    keys: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_known: bool = False


def register_party(
    *,
    name: str,
    reads_records_of: Division | None = None,
    by: Person,
    at: datetime,
) -> Party:
    """Register an organisation that will exchange events, or read the records of a
    place: a cooperative, an inspector's office. Errors: UnableToRegister."""
    name = one_line(name)
    if not name:
        raise UnableToRegister(_("Give the organisation's name."))
    try:
        with transaction.atomic():
            return Party.objects.create(
                name=name,
                reads_records_of=reads_records_of,
                registered_by=by,
                registered_at=at,
            )
    except IntegrityError as error:
        raise UnableToRegister(
            _("An organisation of this name is registered already.")
        ) from error


def give_access(*, party: Party, by: Person, at: datetime) -> tuple[Access, str]:
    """Give a program of the party access; the secret is told here and never again."""
    secret = f"xj_{secrets.token_urlsafe(32)}"
    access = Access.objects.create(
        party=party,
        fingerprint=fingerprint_of(secret=secret),
        hint=secret[:8],
        given_by=by,
        given_at=at,
    )
    return access, secret


def end_access(*, access: Access, at: datetime) -> None:
    """Close the door to whoever holds the secret; again is harmless."""
    Access.objects.filter(pk=access.pk, ended_at__isnull=True).update(ended_at=at)


def fingerprint_of(*, secret: str) -> str:
    """By what a secret is found again without being kept."""
    return blind_index("epcis-access", secret)


def register_trade_item(
    *, gtin: str, lot_number: str, by: Person, at: datetime
) -> TradeItem:
    """Register a licensed GTIN for what this lot is: its farmer's product.

    The number comes from the producer's licence; none is ever made here.
    Errors: UnableToRegister.
    """
    digits = "".join(gtin.split())
    if len(digits) not in (8, 12, 13, 14) or not has_check_digit(digits):
        raise UnableToRegister(
            _("This is no GTIN. Copy all its digits, the last one checks the others.")
        )
    digits = digits.zfill(14)
    if digits[1:].startswith(_NOT_LICENSED):
        raise UnableToRegister(
            _("Numbers that begin like this are for use inside one shop.")
        )
    lot = Lot.objects.filter(number=one_line(lot_number).upper()).first()
    if lot is None or lot.farmer_id is None:
        raise UnableToRegister(_("Name a lot of one farmer, by its number."))
    try:
        with transaction.atomic():
            return TradeItem.objects.create(
                gtin=digits,
                farmer_id=lot.farmer_id,
                product_name=lot.product_name,
                registered_by=by,
                registered_at=at,
            )
    except IntegrityError as error:
        raise UnableToRegister(_("This GTIN is registered already.")) from error


def end_trade_item(*, item: TradeItem, at: datetime) -> None:
    """Let a GTIN stand for nothing any more; again is harmless."""
    TradeItem.objects.filter(pk=item.pk, ended_at__isnull=True).update(ended_at=at)


def capture_document(
    *, party: Party, sent: reading.Sent, behaviour: str, at: datetime
) -> CaptureJob:
    """Keep a document's events, all or nothing, or what can be kept.

    One transaction with the job that tells of it: after a crash there is either both
    or nothing. An event the party told before is an error of the job.
    """
    drafts = [_draft(party, sent, event, at) for event in sent.events]
    with transaction.atomic():
        _mark_known(party, drafts)
        errors = [e for n, draft in enumerate(drafts) for e in _errors(n, draft)]
        good = [d for d in drafts if not d.problems and not d.is_known]
        if errors and behaviour == CaptureJob.Behaviour.ROLLBACK:
            good = []
        job = CaptureJob.objects.create(
            party=party,
            behaviour=behaviour,
            received=len(drafts),
            stored=len(good),
            errors=errors,
            created_at=at,
        )
        _store(good, job)
    return job


def capture_event(*, party: Party, sent: reading.Sent, at: datetime) -> CapturedEvent:
    """Keep the one event that was sent. Errors: UnableToCapture, CapturedAlready."""
    draft = _draft(party, sent, sent.events[0], at)
    if draft.problems:
        raise UnableToCapture(" ".join(draft.problems))
    with transaction.atomic():
        _mark_known(party, [draft])
        if draft.is_known:
            raise CapturedAlready(_known(draft))
        number = _store([draft], None)[0]
    return CapturedEvent.objects.get(pk=number)


def _draft(
    party: Party, sent: reading.Sent, event: dict[str, Any], at: datetime
) -> _Draft:
    problems = validation.problems(event, now=at)
    if problems:
        return _Draft(str(event.get("eventID", "")), problems=problems)
    contexts = [*sent.contexts, event.get("@context")]
    event_id = event.get("eventID") or hashing.event_hash(
        event, hashing.namespaces_of(*contexts)
    )
    known = ("@context", "eventID", "recordTime")
    body: dict[str, Any] = {k: v for k, v in event.items() if k not in known}
    # What the sender says of recordTime is not believed (EPCIS 2.0 §7.4.1.1).
    body |= {"eventID": event_id, "recordTime": _told(at)}
    if own := reading.own_context(*contexts):
        body = {"@context": own, **body}
    happened = validation.moment(event["eventTime"])
    assert happened is not None
    declares_error = "errorDeclaration" in event
    row = (
        party.pk,
        event_id,
        declares_error,
        event["type"],
        event.get("action", ""),
        happened,
        at,
        validation.word(event.get("bizStep", ""), "BizStep"),
        validation.word(event.get("disposition", ""), "Disp"),
        canonical((event.get("readPoint") or {}).get("id", "")),
        canonical((event.get("bizLocation") or {}).get("id", "")),
        _compact(body),
    )
    return _Draft(event_id, declares_error, row, list(_named(event)))


@lru_cache(maxsize=1)  # a document has one moment
def _told(at: datetime) -> str:
    recorded = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return recorded.replace("+00:00", "Z")


def _named(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The things that an event names, each once for the part it plays."""
    found = dict.fromkeys(
        (part, canonical(one["epcClass"] if isinstance(one, dict) else one))
        for name, part in _PARTS
        for one in event.get(name) or ()
    )
    if event.get("parentID"):
        found[EventKey.Part.PARENT, canonical(event["parentID"])] = None
    yield from found


def _mark_known(party: Party, drafts: list[_Draft]) -> None:
    """Mark what the party told before, or earlier in the same document."""
    # One document of a party after the other: who comes second sees the first's.
    Party.objects.select_for_update().get(pk=party.pk)
    good = [draft for draft in drafts if not draft.problems]
    known = set(
        CapturedEvent.objects.filter(
            party=party, event_id__in=[draft.event_id for draft in good]
        ).values_list("event_id", "declares_error")
    )
    for draft in good:
        name = (draft.event_id, draft.declares_error)
        draft.is_known = name in known
        known.add(name)


def _store(drafts: list[_Draft], job: CaptureJob | None) -> list[int]:
    """Keep them, and give their primary keys."""
    numbers = _EVENTS.numbers(len(drafts))
    job_id = job.pk if job else None
    several = list(zip(numbers, drafts, strict=True))
    _EVENTS.add([(number, job_id, *draft.row) for number, draft in several])
    _KEYS.add([(number, *key) for number, draft in several for key in draft.keys])
    return numbers


def _errors(number: int, draft: _Draft) -> Iterator[dict[str, Any]]:
    """What a job tells of an event that was not kept: problem documents."""
    said = f"#/epcisBody/eventList/{number}"
    if draft.is_known:
        yield {
            "type": "epcisException:ResourceAlreadyExistsException",
            "title": _("This event is here already."),
            "status": 409,
            "detail": _known(draft),
            "instance": said,
        }
    for problem in draft.problems:
        yield {
            "type": "epcisException:ValidationException",
            "title": _("This event is not right."),
            "status": 400,
            "detail": problem,
            "instance": said,
        }


def _known(draft: _Draft) -> str:
    return _("You told us the event %(event)s before.") % {"event": draft.event_id}
