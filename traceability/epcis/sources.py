"""Where our own events come from: each kind of row that tells of one.

What happened on a plot is in `own`. Here is the rest of a lot's life: that it was made
of others (a split or a merge), that labels were made of it, that it was recalled. A
split or merge is a TransformationEvent, not an AggregationEvent: what was mixed cannot
be taken apart again (EPCIS 2.0 §7.4.6). Of labels only how many: whoever knew their
codes could print them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from traceability import queries
from traceability.canonical import timestamp
from traceability.epcis import own
from traceability.epcis.asking import Asked
from traceability.epcis.models import EventKey, TradeItem
from traceability.models import (
    Certificate,
    Event,
    Label,
    LabelBatch,
    Lot,
    LotLink,
    StatusEvent,
)

Items = dict[int, TradeItem]
_MADE = own.Told("creating_class_instance", action="", disposition="active")
_LABELS = own.Told("commissioning", action="ADD", disposition="active")
_RECALL = own.Told("holding", disposition="recalled")
P = EventKey.Part


@dataclass(frozen=True)
class Source:
    """One kind of row: when it happened and was recorded, which are asked for, which
    lots it is about, and how it is told."""

    happened: str
    recorded: str
    asked: Callable[[Asked, bool], QuerySet[Any]]
    lots: Callable[[Any], list[Lot]]
    told: Callable[[Any, Items], dict[str, Any]]


def truly_public(lots: Iterable[Lot]) -> set[int]:
    """The keys of those lots that a certificate makes public which still says what was
    signed. Whoever altered a row must not have it told as ours."""
    wanted = {lot.pk for lot in lots}
    believed: dict[int, bool] = {}

    def vouched(lot_ids: set[int]) -> set[int]:
        found = set()
        papers = Certificate.objects.filter(lot__in=lot_ids).select_related(
            "lot", "key", "leaf"
        )
        for paper in papers:
            if paper.lot_id in found:
                continue
            if paper.pk not in believed:
                believed[paper.pk] = queries.certificate_holds(paper)
            if believed[paper.pk]:
                found.add(paper.lot_id)
        return found

    public = vouched(wanted)
    for key in wanted - public:
        # Seldom: most lots have a certificate of their own.
        if vouched(queries.descendant_ids([key])):
            public.add(key)
    return public


def _field_work(asked: Asked, to_staff: bool) -> QuerySet[Event]:
    found = own.matching(own.visible(to_staff=to_staff), asked)
    return found.select_related("lot", "struck_by")


def _made_lots(asked: Asked, to_staff: bool) -> QuerySet[Lot]:
    parents = LotLink.objects.filter(child=OuterRef("pk"))
    found = Lot.objects.filter(Exists(parents))
    if not to_staff:
        found = found.filter(pk__in=own.public_lots())
    found = _of_kind(found, asked, _MADE, "TransformationEvent", "event/made/")
    found = own.at_places(found, asked, lot="")
    for match in asked.matches:
        wanted = Q(pk__in=())
        if P.OUTPUT_CLASS in match.parts:
            wanted |= own.of_lots(match, lot="")
        if P.INPUT_CLASS in match.parts:
            named = LotLink.objects.filter(own.of_lots(match, lot="parent__"))
            wanted |= Q(pk__in=named.values("child"))
        found = found.filter(wanted)
    found = found.filter(
        own.times(asked, happened="recorded_at", recorded="recorded_at")
    )
    return found.prefetch_related("parents__parent")


def _batches(asked: Asked, to_staff: bool) -> QuerySet[LabelBatch]:
    found = LabelBatch.objects.all()
    if not to_staff:
        found = found.filter(lot__in=own.public_lots())
    found = _of_kind(found, asked, _LABELS, "ObjectEvent", "event/labels/")
    found = _of_class(found, asked)
    found = found.filter(own.times(asked, happened="minted_at", recorded="minted_at"))
    return found.select_related("lot", "certificate__lot", "certificate__key", "leaf")


def _recalls(asked: Asked, to_staff: bool) -> QuerySet[StatusEvent]:
    found = StatusEvent.objects.filter(
        status=StatusEvent.Status.RECALLED, lot__isnull=False
    )
    if not to_staff:
        found = found.filter(lot__in=own.public_lots())
    found = _of_kind(found, asked, _RECALL, "ObjectEvent", "event/recall/")
    found = _of_class(found, asked)
    found = found.filter(
        own.times(asked, happened="happened_at", recorded="happened_at")
    )
    return found.select_related("lot")


def _of_kind(
    found: QuerySet[Any], asked: Asked, how: own.Told, kind: str, below: str
) -> QuerySet[Any]:
    """Those of rows that are all told in one way."""
    if asked.event_types and kind not in asked.event_types:
        return found.none()
    if not own.is_asked(how, asked) or asked.declares_error:
        return found.none()
    if asked.event_ids:
        return found.filter(pk__in=own.keys_in(asked.event_ids, below))
    return found


def _of_class(found: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    found = own.at_places(found, asked, lot="lot__")
    for match in asked.matches:
        if P.CLASS not in match.parts:
            return found.none()
        found = found.filter(own.of_lots(match, lot="lot__"))
    return found


def _tell_made(lot: Lot, items: Items) -> dict[str, Any]:
    inputs = sorted(lot.parents.all(), key=lambda link: link.parent_id)
    return _body(_MADE, "TransformationEvent", f"event/made/{lot.pk}", lot) | {
        "eventTime": timestamp(lot.recorded_at),
        "recordTime": timestamp(lot.recorded_at),
        "inputQuantityList": [
            own.amount_of(link.parent, items.get(link.parent_id), link.weight_g)
            for link in inputs
        ],
        "outputQuantityList": [own.amount_of(lot, items.get(lot.pk), lot.weight_g)],
    }


def _tell_batch(batch: LabelBatch, items: Items) -> dict[str, Any]:
    # Without a unit a quantity counts things (EPCIS 2.0 §7.3.3.3): packages.
    amount = own.amount_of(batch.lot, items.get(batch.lot_id), None)
    return _body(_LABELS, "ObjectEvent", f"event/labels/{batch.pk}", batch.lot) | {
        "eventTime": timestamp(batch.minted_at),
        "recordTime": timestamp(batch.minted_at),
        "quantityList": [amount | {"quantity": batch.count}],
        "xj:labels": batch.number,
        "xj:root": batch.root,
    }


def _tell_recall(status: StatusEvent, items: Items) -> dict[str, Any]:
    lot = status.lot
    assert lot is not None
    return _body(_RECALL, "ObjectEvent", f"event/recall/{status.pk}", lot) | {
        "eventTime": timestamp(status.happened_at),
        "recordTime": timestamp(status.happened_at),
        "quantityList": [own.amount_of(lot, items.get(lot.pk), None)],
    }


def _body(how: own.Told, kind: str, name: str, lot: Lot) -> dict[str, Any]:
    place = {"id": own.location_of(lot.village_id)}
    body: dict[str, Any] = {
        "@context": [{"xj": own.vocabulary()}],
        "type": kind,
        "eventID": f"{settings.BASE_URL}/{name}",
        "eventTimeZoneOffset": "+08:00",
        "bizStep": own.step(how),
        "disposition": how.disposition,
        "readPoint": place,
        "bizLocation": place,
        "xj:lot": lot.number,
        "xj:product": lot.product_name,
    }
    return body | ({"action": how.action} if how.action else {})


def is_as_signed(row: Model) -> bool:
    """Whether a row that was logged still says what was signed of it."""
    if not isinstance(row, LabelBatch):
        return True
    return queries.label_as_signed(Label(number=row.first_number, batch=row))


# By their number in a page's token; 0 is what partners told.
SOURCES: dict[int, Source] = {
    1: Source(
        "happened_at",
        "recorded_at",
        _field_work,
        lambda event: [event.lot],
        lambda event, items: own.told(event, items.get(event.lot_id)),
    ),
    2: Source(
        "recorded_at",
        "recorded_at",
        _made_lots,
        lambda lot: [lot, *(link.parent for link in lot.parents.all())],
        _tell_made,
    ),
    3: Source("minted_at", "minted_at", _batches, lambda row: [row.lot], _tell_batch),
    4: Source(
        "happened_at", "happened_at", _recalls, lambda row: [row.lot], _tell_recall
    ),
}
