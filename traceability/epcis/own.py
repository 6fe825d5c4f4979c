"""What our own rows say, told as EPCIS events.

Nothing is stored: an event is made from its row whenever it is asked for, and its
eventID from the row's key, so that it is the same for ever. CBV 2.0 has no words for
field work; those are ours, under our own address (CBV 2.0 §7, private vocabularies).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from partners.keys import key_in
from traceability.canonical import timestamp
from traceability.epcis.asking import Asked, Match
from traceability.epcis.models import EventKey, TradeItem
from traceability.models import Event, Lot

T = TypeVar("T", bound=Model)
_K = Event.Kind
_LINK = re.compile(r"https://id\.gs1\.org/01/([0-9]{14})(?:/10/([^/]+))?")


@dataclass(frozen=True)
class Told:
    """How a kind of event is told: CBV's words, or one of ours after "xj:"."""

    step: str
    action: str = "OBSERVE"
    disposition: str = ""


_TOLD = {
    _K.SOW: Told("xj:sowing"),
    _K.TEND: Told("xj:tending"),
    _K.FERTILISE: Told("xj:fertilising"),
    _K.SPRAY: Told("xj:spraying"),
    _K.HARVEST: Told("creating_class_instance", "ADD", "active"),
    _K.TEST: Told("inspecting"),
    _K.PACK: Told("packing", disposition="in_progress"),
    _K.SHIP: Told("shipping", disposition="in_transit"),
    _K.RECEIVE: Told("receiving", disposition="in_progress"),
}
# A lot is public when its certificate is, or that of a lot it went into.
_PUBLIC_LOTS = """
    WITH RECURSIVE public(id) AS (
        SELECT lot_id FROM traceability_certificate
        UNION
        SELECT link.parent_id FROM traceability_lotlink link
        JOIN public ON link.child_id = public.id)
    SELECT id FROM public"""


def vocabulary() -> str:
    """What "xj:" stands for."""
    return f"{settings.BASE_URL}/epcis/vocabulary/"


def event_id(event: Event) -> str:
    """The eventID of one of our rows."""
    return f"{settings.BASE_URL}/event/{event.pk}"


def class_of(number: str) -> str:
    """How a lot is named where its producer has no licensed GTIN."""
    return f"{settings.BASE_URL}/class/{quote(number, safe='')}"


def link_to(gtin: str, lot_number: str) -> str:
    """The Digital Link of a lot whose producer has a licensed GTIN."""
    return f"{settings.BASE_URL}/01/{gtin}/10/{quote(lot_number, safe='')}"


def items_of(lots: Iterable[Lot]) -> dict[int, TradeItem]:
    """Of each lot's key the GTIN that it is sold under; one query."""
    listed = list(lots)
    found: dict[tuple[int | None, str], TradeItem] = {}
    farmers = {lot.farmer_id for lot in listed} - {None}
    for item in TradeItem.objects.standing().filter(farmer__in=farmers):
        found.setdefault((item.farmer_id, item.product_name), item)
    keyed = ((lot.pk, found.get((lot.farmer_id, lot.product_name))) for lot in listed)
    return {key: item for key, item in keyed if item is not None}


def location_of(division_code: str) -> str:
    """How a place with an official code is named."""
    return f"{settings.BASE_URL}/loc/{division_code}"


def told(event: Event, item: TradeItem | None = None) -> dict[str, Any]:
    """The row as an EPCIS ObjectEvent; `item`: the GTIN its lot is sold under.

    Needs `lot` and `struck_by` at hand.
    """
    how, lot = _TOLD[Event.Kind(event.kind)], event.lot
    quantity = amount_of(lot, item, event.weight_g)
    place = {"id": location_of(lot.village_id)}
    body: dict[str, Any] = {
        "@context": [{"xj": vocabulary()}],
        "type": "ObjectEvent",
        "eventID": event_id(event),
        "eventTime": timestamp(event.happened_at),
        "eventTimeZoneOffset": "+08:00",
        "recordTime": timestamp(event.recorded_at),
        "action": how.action,
        "bizStep": step(how),
        "quantityList": [quantity],
        "readPoint": place,
        "bizLocation": place,
        "xj:lot": lot.number,
        "xj:product": lot.product_name,
    }
    if how.disposition:
        body["disposition"] = how.disposition
    if event.note:
        body["xj:note"] = event.note
    if event.kind == Event.Kind.SPRAY:
        body["xj:substance"] = event.substance
        body["xj:safetyIntervalDays"] = event.interval_days
    struck_by = getattr(event, "struck_by", None)
    if struck_by is not None:
        body["errorDeclaration"] = {
            "declarationTime": timestamp(struck_by.recorded_at),
            "reason": "incorrect_data",
            "xj:note": struck_by.note,
        }
    return body


def amount_of(lot: Lot, item: TradeItem | None, weight_g: int | None) -> dict[str, Any]:
    """So much of a lot, by the name under which it is known outside."""
    named = class_of(lot.number) if item is None else link_to(item.gtin, lot.number)
    amount: dict[str, Any] = {"epcClass": named}
    if weight_g is not None:
        kilograms = weight_g / 1000
        whole = int(kilograms) == kilograms
        amount |= {"quantity": int(kilograms) if whole else kilograms, "uom": "KGM"}
    return amount


def public_lots() -> RawSQL:
    """The keys of the lots that are public, as a subquery."""
    return RawSQL(_PUBLIC_LOTS, [])  # noqa: S611  a constant


def visible(*, to_staff: bool) -> QuerySet[Event]:
    """Our events that a reader may see: staff all, others what certificates tell."""
    found = Event.objects.filter(strikes__isnull=True)
    if to_staff:
        return found
    return found.filter(
        struck_by__isnull=True,
        lot_id__in=public_lots(),
    )


def matching(found: QuerySet[Event], asked: Asked) -> QuerySet[Event]:
    """Those of our events that a query asks for."""
    if asked.event_types and "ObjectEvent" not in asked.event_types:
        return found.none()
    kinds = [kind for kind, how in _TOLD.items() if is_asked(how, asked)]
    found = found.filter(kind__in=kinds)
    if asked.event_ids:
        found = found.filter(pk__in=keys_in(asked.event_ids, "event/"))
    found = at_places(found, asked, lot="lot__")
    for match in asked.matches:
        if EventKey.Part.CLASS not in match.parts:
            return found.none()
        found = found.filter(of_lots(match, lot="lot__"))
    if asked.declares_error:
        found = found.filter(struck_by__isnull=False)
    return found.filter(times(asked, happened="happened_at", recorded="recorded_at"))


def at_places(found: QuerySet[T], asked: Asked, *, lot: str) -> QuerySet[T]:
    """Those at the places that are asked for; `lot`: the way to their lot."""
    for places in (asked.read_points, asked.biz_locations):
        if places:
            start = location_of("")
            codes = [p.removeprefix(start) for p in places if p.startswith(start)]
            found = found.filter(**{f"{lot}village__in": codes})
    return found


def is_asked(how: Told, asked: Asked) -> bool:
    """Whether what is told so is among what a query asks for."""
    return (
        (not asked.actions or how.action in asked.actions)
        and (not asked.biz_steps or step(how) in asked.biz_steps)
        and (not asked.dispositions or how.disposition in asked.dispositions)
    )


def step(how: Told) -> str:
    """The business step as it is told."""
    return how.step.replace("xj:", vocabulary(), 1)


def times(asked: Asked, *, happened: str, recorded: str) -> Q:
    """The moments that are asked for, of these columns."""
    wanted = Q()
    for name, value in (
        (f"{happened}__gte", asked.happened_from),
        (f"{happened}__lt", asked.happened_before),
        (f"{recorded}__gte", asked.recorded_from),
        (f"{recorded}__lt", asked.recorded_before),
    ):
        if value is not None:
            wanted &= Q(**{name: value})
    return wanted


def keys_in(event_ids: list[str], below: str) -> list[int]:
    """The keys of our rows in eventIDs that begin with `below` our own address."""
    start = f"{settings.BASE_URL}/{below}"
    keys = (key_in(e.removeprefix(start)) for e in event_ids if e.startswith(start))
    return [key for key in keys if key is not None]


def of_lots(match: Match, *, lot: str) -> Q:
    """The lots that are meant: by our own names, or by GTIN and lot number.

    `lot`: the way to the lot, with its underscores; empty for a lot itself.
    """
    start = class_of("")
    own = [unquote(i.removeprefix(start)) for i in match.exact if i.startswith(start)]
    wanted = Q(**{f"{lot}number__in": own})
    links = [link for one in match.exact if (link := _LINK.fullmatch(one))]
    links += [link for one in match.beginnings if (link := _LINK.fullmatch(one))]
    items = {item.gtin: item for item in _standing({link[1] for link in links})}
    for link in links:
        item = items.get(link[1])
        if item is None:
            continue
        theirs = Q(
            **{
                f"{lot}farmer": item.farmer_id,
                f"{lot}product_name": item.product_name,
            }
        )
        if link[2]:
            theirs &= Q(**{f"{lot}number": unquote(link[2])})
        wanted |= theirs
    return wanted


def _standing(gtins: set[str]) -> QuerySet[TradeItem]:
    return TradeItem.objects.standing().filter(gtin__in=gtins)
