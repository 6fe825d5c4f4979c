"""Events for whoever asks: what parties told, and what our own rows say, as one."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from traceability.epcis import own
from traceability.epcis.asking import Asked, Match, Place
from traceability.epcis.models import (
    Access,
    CapturedEvent,
    CaptureJob,
    EventKey,
    NamedQuery,
    Party,
    TradeItem,
)
from traceability.epcis.sources import SOURCES, is_as_signed, truly_public

T = TypeVar("T", bound=Model)
_CAPTURED = 0


@dataclass(frozen=True)
class Reader:
    """Who asks: a party's program, staff of the county, or anybody."""

    party: Party | None = None
    is_staff: bool = False


@dataclass(frozen=True)
class Page:
    """Events as JSON texts, and where the next page begins; empty on the last."""

    events: list[str]
    next_token: str


@dataclass(frozen=True, eq=False)
class _Row:
    at: datetime
    source: int
    key: int
    row: Any


@dataclass(frozen=True)
class JobsPage:
    """Capture jobs, and where the next page begins; empty on the last."""

    jobs: list[CaptureJob]
    next_token: str


@dataclass(frozen=True)
class NamedPage:
    """Named queries, and where the next page begins; empty on the last."""

    queries: list[NamedQuery]
    next_token: str


class UnknownAccess(Exception):
    """The secret opens nothing (any more); says what to do."""


def party_with(*, fingerprint: str) -> Party:
    """The party whose program holds the secret. Errors: UnknownAccess."""
    access = (
        Access.objects.filter(fingerprint=fingerprint, ended_at__isnull=True)
        .select_related("party__reads_records_of")
        .first()
    )
    if access is None:
        raise UnknownAccess(
            _("We do not know this token. Ask the county for a new one.")
        )
    return access.party


def events_page(*, query: Asked, reader: Reader) -> Page:
    """One page of what the reader may see and asks for.

    A page costs at most its own length of rows from each source, whatever came before.
    """
    captured = _matching(_visible(reader), query)
    name = "event_time" if query.order_by == "eventTime" else "record_time"
    rows = _slice(captured, name, _CAPTURED, query)
    for number, source in SOURCES.items():
        name = source.happened if query.order_by == "eventTime" else source.recorded
        found = source.asked(query, reader.is_staff)
        rows += _slice(found, name, number, query)
    rows.sort(key=lambda row: (row.at, row.source, row.key), reverse=query.falling)
    shown = rows[: query.per_page]
    last = shown[-1] if len(rows) > len(shown) else None
    return Page(
        events=_texts(shown, reader),
        next_token=Place(last.at, last.source, last.key).as_token() if last else "",
    )


def jobs_of(reader: Reader) -> QuerySet[CaptureJob]:
    """The capture jobs that the reader may see, newest first."""
    if reader.is_staff:
        return CaptureJob.objects.all()
    return CaptureJob.objects.filter(party=reader.party)


def _visible(reader: Reader) -> QuerySet[CapturedEvent]:
    if reader.is_staff:
        return CapturedEvent.objects.all()
    if reader.party is None:
        return CapturedEvent.objects.none()
    return CapturedEvent.objects.filter(party=reader.party)


def _matching(found: QuerySet[CapturedEvent], query: Asked) -> QuerySet[CapturedEvent]:
    for name, values in (
        ("event_type", query.event_types),
        ("event_id", query.event_ids),
        ("action", query.actions),
        ("biz_step", query.biz_steps),
        ("disposition", query.dispositions),
        ("read_point", query.read_points),
        ("biz_location", query.biz_locations),
    ):
        if values:
            found = found.filter(**{f"{name}__in": values})
    for lookup, moment in (
        ("event_time__gte", query.happened_from),
        ("event_time__lt", query.happened_before),
        ("record_time__gte", query.recorded_from),
        ("record_time__lt", query.recorded_before),
    ):
        if moment is not None:
            found = found.filter(**{lookup: moment})
    if query.declares_error:
        found = found.filter(declares_error=True)
    for match in query.matches:
        keys = EventKey.objects.filter(part__in=match.parts)
        if match.beginnings:
            # Many may match: ask of each event in the order that is wanted anyway.
            found = found.filter(
                Exists(keys.filter(_named(match), event=OuterRef("pk")))
            )
        else:
            # Few will: begin with the identifiers.
            found = found.filter(pk__in=keys.filter(_named(match)).values("event"))
    return found


def _named(match: Match) -> Q:
    wanted = Q(value__in=match.exact)
    for beginning in match.beginnings:
        wanted |= Q(value__startswith=beginning)
    return wanted


def _slice(found: QuerySet[T], name: str, source: int, query: Asked) -> list[_Row]:
    """One row more than a page, from where the last page ended."""
    after = query.after
    if after is not None:
        beyond = "lt" if query.falling else "gt"
        same: Q = Q(**{name: after.at})
        if source == after.source:
            same &= Q(**{f"pk__{beyond}": after.key})
        elif (source > after.source) is query.falling:
            same = Q(pk__in=())
        found = found.filter(Q(**{f"{name}__{beyond}": after.at}) | same)
    sign = "-" if query.falling else ""
    rows = found.order_by(f"{sign}{name}", f"{sign}pk")[: query.per_page + 1]
    return [_Row(getattr(row, name), source, int(row.pk), row) for row in rows]


def _texts(rows: list[_Row], reader: Reader) -> list[str]:
    """The rows as JSON. For anybody but staff without what an altered row says; such a
    page is shorter."""
    lots = {row: SOURCES[row.source].lots(row.row) for row in rows if row.source}
    items = own.items_of(lot for several in lots.values() for lot in several)
    if not reader.is_staff:
        public = truly_public(several[0] for several in lots.values())
        rows = [
            row
            for row in rows
            if row.source == _CAPTURED
            or (lots[row][0].pk in public and is_as_signed(row.row))
        ]
    return [_text(row, items) for row in rows]


def _text(row: _Row, items: dict[int, TradeItem]) -> str:
    if row.source == _CAPTURED:
        document: str = row.row.document
        return document
    told = SOURCES[row.source].told(row.row, items)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def job_of(reader: Reader, job_id: str) -> CaptureJob | None:
    """The job whose address it is; None where it is none, or not for this reader."""
    try:
        key = uuid.UUID(job_id)
    except ValueError:
        return None
    return jobs_of(reader).filter(pk=key).first()


def jobs_page(*, reader: Reader, query: Asked) -> JobsPage:
    """One page of the capture jobs that the reader may see, newest first."""
    found = jobs_of(reader)
    if query.after is not None:
        after = query.after
        found = found.filter(
            Q(created_at__lt=after.at)
            | Q(created_at=after.at, id__lt=uuid.UUID(int=after.key))
        )
    jobs = list(found[: query.per_page + 1])
    shown = jobs[: query.per_page]
    last = shown[-1] if len(jobs) > len(shown) else None
    token = Place(last.created_at, _CAPTURED, last.id.int).as_token() if last else ""
    return JobsPage(shown, token)


def named_of(party: Party, name: str) -> NamedQuery | None:
    """The party's query of this name, or None."""
    return party.queries.select_related("party").filter(name=name).first()


def named_page(*, party: Party, query: Asked) -> NamedPage:
    """One page of a party's named queries, the oldest first."""
    found = party.queries.all()
    if query.after is not None:
        found = found.filter(pk__gt=query.after.key)
    rows = list(found[: query.per_page + 1])
    shown = rows[: query.per_page]
    last = shown[-1] if len(rows) > len(shown) else None
    token = Place(last.created_at, _CAPTURED, last.pk).as_token() if last else ""
    return NamedPage(shown, token)
