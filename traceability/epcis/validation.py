"""What makes an event wrong although GS1's schema takes it.

Source: EPCIS 2.0 §7.4 (event types and their fields) and CBV 2.0 §7 (words). Every
rule is a function that yields sentences; `problems` asks them all.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any

from django.utils.translation import gettext as _

from traceability.epcis.hashing import CBV, expanded
from traceability.epcis.identifiers import NotAnIdentifier, canonical
from traceability.epcis.reading import context_problems, schema_problems, words_of

# Clocks differ; what lies further ahead has not happened.
_CLOCK_SLACK = timedelta(minutes=10)
_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_MOST_QUANTITY = 1e12
_LONGEST_ID = 250
# More help nobody; every one is kept with the job that tells it.
MOST_PROBLEMS = 20
TYPES = (
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
)
_EPC_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
QUANTITY_LISTS = (
    "quantityList",
    "childQuantityList",
    "inputQuantityList",
    "outputQuantityList",
)  # Where the identifier of a thing, place or paper stands inside of a field.
_NAMED_IN = (
    *((name, "epcClass") for name in QUANTITY_LISTS),
    ("readPoint", "id"),
    ("bizLocation", "id"),
    ("bizTransactionList", "bizTransaction"),
    ("sourceList", "source"),
    ("destinationList", "destination"),
)
_PLAIN = ("parentID", "transformationID")

Event = dict[str, Any]


def problems(event: Event, *, now: datetime) -> list[str]:
    """What is wrong with an event, the first MOST_PROBLEMS of it; our rules only where
    the schema is met."""
    if event.get("type") not in list(TYPES):
        return [_("The type of an event is one of the five of EPCIS 2.0.")]
    # Shapes first: the schema knows them too, and says only that something is amiss.
    shape = chain(_SHAPES[event["type"]](event), schema_problems(event))
    found = list(islice(shape, MOST_PROBLEMS))
    if not found:
        ours = chain.from_iterable(rule(event, now) for rule in _RULES)
        found = list(islice(ours, MOST_PROBLEMS))
    return found


def moment(text: str) -> datetime | None:
    """The aware moment that the text says; None where it says none."""
    try:
        found = datetime.fromisoformat(text.upper())
        # Around the first and the last year a zone leads out of the calendar.
        if found.tzinfo is None or not 1900 <= found.year <= 9000:
            return None
    except ValueError:
        return None
    return found


def word(value: str, kind: str) -> str:
    """A word of CBV as a bare word, however it was spelled; other URIs as they are."""
    if ":" not in value:
        return value
    full = expanded(value, {"cbv": CBV})
    return full.removeprefix(f"{CBV}{kind}-")


def _context(event: Event, now: datetime) -> Iterator[str]:
    if "@context" in event:
        yield from context_problems(event)


def _times(event: Event, now: datetime) -> Iterator[str]:
    declared = event.get("errorDeclaration") or {}
    for name, text in (
        ("eventTime", event["eventTime"]),
        ("errorDeclaration/declarationTime", declared.get("declarationTime")),
    ):
        if text is None:
            continue
        found = moment(text)
        if found is None:
            yield _("%(name)s: “%(text)s” is no moment.") % {"name": name, "text": text}
        elif found > now + _CLOCK_SLACK:
            yield _("%(name)s: %(text)s has not come yet.") % {
                "name": name,
                "text": text,
            }
    offset = event["eventTimeZoneOffset"]
    if not _OFFSET.fullmatch(offset):
        yield _("eventTimeZoneOffset: “%(text)s” is no offset like +08:00.") % {
            "text": offset
        }


def _sensor_times(event: Event, now: datetime) -> Iterator[str]:
    for element in event.get("sensorElementList", ()):
        metadata = element.get("sensorMetadata") or {}
        reports = element.get("sensorReport") or ()
        for part in (metadata, *reports):
            for name in ("time", "startTime", "endTime"):
                if name in part and moment(part[name]) is None:
                    yield _("%(name)s: “%(text)s” is no moment.") % {
                        "name": f"sensorElementList/{name}",
                        "text": part[name],
                    }
        start, end = (moment(metadata.get(n, "")) for n in ("startTime", "endTime"))
        if start and end and start > end:
            yield _("sensorElementList: startTime is after endTime.")


def _words(event: Event, now: datetime) -> Iterator[str]:
    lasting = event.get("persistentDisposition") or {}
    said = [("bizStep", event.get("bizStep"), "BizStep", words_of("bizStep"))]
    said += [
        (name, value, "Disp", words_of("disposition"))
        for name, values in (
            ("disposition", [event.get("disposition")]),
            ("persistentDisposition/set", lasting.get("set") or []),
            ("persistentDisposition/unset", lasting.get("unset") or []),
        )
        for value in values
    ]
    for name, value, kind, known in said:
        if value is None:
            continue
        bare = word(value, kind)
        if len(bare) > _LONGEST_ID:
            yield _("%(name)s: it has %(most)d characters at most.") % {
                "name": name,
                "most": _LONGEST_ID,
            }
        if (bare != value or ":" not in bare) and bare not in known:
            yield _("%(name)s: CBV 2.0 has no word “%(word)s”.") % {
                "name": name,
                "word": bare,
            }
    both = set(lasting.get("set") or ()) & set(lasting.get("unset") or ())
    if both:
        yield _("persistentDisposition: “%(word)s” is set and unset at once.") % {
            "word": min(both)
        }


def _identifiers(event: Event, now: datetime) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for name, uri in identifiers(event):
        try:
            found = (name, canonical(uri))
        except NotAnIdentifier as error:
            yield f"{name}: {error}"
            continue
        if name in _EPC_LISTS and found in seen:
            yield _("%(name)s: “%(uri)s” stands twice.") % {"name": name, "uri": uri}
        seen.add(found)
    if len(event.get("eventID", "")) > _LONGEST_ID:
        yield _("%(name)s: it has %(most)d characters at most.") % {
            "name": "eventID",
            "most": _LONGEST_ID,
        }


def identifiers(event: Event) -> Iterator[tuple[str, str]]:
    """Every URI that names a thing, a place or a party, with the field it stands in."""
    for name in _PLAIN:
        if name in event:
            yield name, event[name]
    for name in _EPC_LISTS:
        yield from ((name, uri) for uri in event.get(name) or ())
    for name, key in _NAMED_IN:
        if name in event:
            inside = event[name]
            items = inside if isinstance(inside, list) else [inside]
            yield from ((name, item[key]) for item in items)


def _quantities(event: Event, now: datetime) -> Iterator[str]:
    for name in QUANTITY_LISTS:
        for element in event.get(name) or ():
            quantity = element.get("quantity")
            if quantity is None:
                if "uom" in element:
                    yield _("%(name)s: a uom without a quantity.") % {"name": name}
            elif not 0 < quantity <= _MOST_QUANTITY:
                yield _("%(name)s: a quantity is more than zero and at most 10¹².") % {
                    "name": name
                }
            elif "uom" not in element and quantity != int(quantity):
                yield _("%(name)s: what has no uom is counted, and whole.") % {
                    "name": name
                }


# The shapes are asked of what has not met the schema yet: nothing is sure of its type.


def _object(event: Event) -> Iterator[str]:
    if not _some(event, "epcList", "quantityList", "sensorElementList"):
        yield _("An ObjectEvent names objects or what a sensor measured.")
    if event.get("ilmd") and event.get("action") != "ADD":
        yield _("ilmd: only where the action is ADD.")


def _family(event: Event) -> Iterator[str]:
    action = event.get("action")
    if action in ("ADD", "DELETE") and not event.get("parentID"):
        yield _("parentID: needed where the action is ADD or DELETE.")
    children = _some(event, "childEPCs", "childQuantityList")
    if action == "ADD" and not children:
        yield _("childEPCs: ADD names what was added.")
    if action == "OBSERVE" and not children and not event.get("sensorElementList"):
        yield _("childEPCs: OBSERVE names what was seen.")
    listed = event.get("childEPCs")
    if isinstance(listed, list) and event.get("parentID") in listed:
        yield _("parentID: nothing is in itself.")


def _transaction(event: Event) -> Iterator[str]:
    if not event.get("bizTransactionList"):
        yield _("bizTransactionList: a TransactionEvent names one at least.")
    if event.get("action") != "DELETE" and not _some(event, "epcList", "quantityList"):
        yield _("epcList: ADD and OBSERVE name the objects.")


def _transformation(event: Event) -> Iterator[str]:
    if "action" in event:
        yield _("action: a TransformationEvent has none.")
    inputs = _some(event, "inputEPCList", "inputQuantityList")
    outputs = _some(event, "outputEPCList", "outputQuantityList")
    if event.get("transformationID"):
        if not inputs and not outputs:
            yield _("A part of a transformation names what went in or came out.")
    elif not (inputs and outputs):
        yield _("Without transformationID, both what went in and what came out.")


def _some(event: Event, *names: str) -> bool:
    return any(event.get(name) for name in names)


_SHAPES: dict[str, Callable[[Event], Iterator[str]]] = {
    "ObjectEvent": _object,
    "AggregationEvent": _family,
    "AssociationEvent": _family,
    "TransactionEvent": _transaction,
    "TransformationEvent": _transformation,
}
_RULES: tuple[Callable[[Event, datetime], Iterator[str]], ...] = (
    _context,
    _times,
    _sensor_times,
    _words,
    _identifiers,
    _quantities,
)
