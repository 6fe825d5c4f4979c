"""The name that an event has by its content: CBV 2.0's event hash.

Source: CBV 2.0 §8.9. The text before the hash ("pre-hash") is the event with its fields
in a fixed order, identifiers as canonical Digital Links, words as web URIs, times in
UTC with milliseconds, lists sorted, and nothing between them.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from traceability.epcis.identifiers import NotAnIdentifier, canonical

CBV = "https://ref.gs1.org/cbv/"
VOC = "https://gs1.org/voc/"
# Prefixes that GS1's own context declares.
_DECLARED = {"cbv": CBV, "gs1": VOC, "epcis": "https://ref.gs1.org/epcis/"}
_NOT_HASHED = {"@context", "type", "eventID", "recordTime", "errorDeclaration"}
_NOT_HASHED |= {"comment", "rdfs:comment", "ilmd"}
_LISTS = {
    "epcList": "epc",
    "inputEPCList": "epc",
    "childEPCs": "epc",
    "quantityList": "quantityElement",
    "childQuantityList": "quantityElement",
    "inputQuantityList": "quantityElement",
    "outputEPCList": "epc",
    "outputQuantityList": "quantityElement",
    "bizTransactionList": "",
    "sourceList": "",
    "destinationList": "",
    "sensorElementList": "sensorElement",
    "sensorReport": "sensorReport",
}
_QUANTITY = ("epcClass", "quantity", "uom")
_BEFORE_VALUE = ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod")
_FIELDS = {
    "event": (
        *("eventTime", "eventTimeZoneOffset", "certificationInfo", "epcList"),
        *("parentID", "inputEPCList", "childEPCs", "quantityList"),
        *("childQuantityList", "inputQuantityList", "outputEPCList"),
        *("outputQuantityList", "action", "transformationID", "bizStep"),
        *("disposition", "persistentDisposition", "readPoint", "bizLocation"),
        *("bizTransactionList", "sourceList", "destinationList"),
        "sensorElementList",
    ),
    "quantityElement": _QUANTITY,
    "persistentDisposition": ("set", "unset"),
    "readPoint": ("id",),
    "bizLocation": ("id",),
    "bizTransactionList": ("type", "bizTransaction"),
    "sourceList": ("type", "source"),
    "destinationList": ("type", "destination"),
    "sensorElement": ("sensorMetadata", "sensorReport"),
    "sensorMetadata": ("time", "startTime", "endTime", *_BEFORE_VALUE, "bizRules"),
    "sensorReport": (
        *("type", "exception", *_BEFORE_VALUE, "time", "microorganism"),
        *("chemicalSubstance", "value", "component", "stringValue", "booleanValue"),
        *("hexBinaryValue", "uriValue", "minValue", "maxValue", "meanValue", "sDev"),
        *("percRank", "percValue", "uom", "coordinateReferenceSystem"),
    ),
}
_ORDERED = {part: frozenset(names) for part, names in _FIELDS.items()}
# Where a bare word of CBV stands, and what is put before it.
_WORDS = {
    ("event", "bizStep"): f"{CBV}BizStep-",
    ("event", "disposition"): f"{CBV}Disp-",
    ("persistentDisposition", "set"): f"{CBV}Disp-",
    ("persistentDisposition", "unset"): f"{CBV}Disp-",
    ("bizTransactionList", "type"): f"{CBV}BTT-",
    ("sourceList", "type"): f"{CBV}SDT-",
    ("destinationList", "type"): f"{CBV}SDT-",
    ("sensorReport", "type"): VOC,
    ("sensorReport", "exception"): VOC,
    ("sensorReport", "component"): f"{CBV}Comp-",
}
_URN_WORDS = {
    "bizstep": "BizStep-",
    "disp": "Disp-",
    "btt": "BTT-",
    "sdt": "SDT-",
    "er": "ER-",
}
_TIMES = frozenset({"eventTime", "time", "startTime", "endTime"})
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,2})?")
_FRACTION = re.compile(r"\.([0-9]+)")


def event_hash(event: Mapping[str, Any], namespaces: Mapping[str, str]) -> str:
    """The event's name: ni:///sha-256;…?ver=CBV2.0."""
    text = pre_hash(event, namespaces).encode()
    return f"ni:///sha-256;{hashlib.sha256(text).hexdigest()}?ver=CBV2.0"


def pre_hash(event: Mapping[str, Any], namespaces: Mapping[str, str]) -> str:
    """The text that is hashed. `namespaces`: what the document's prefixes stand for."""
    known = {**_DECLARED, **namespaces}
    text = f"eventType={event['type']}" + _members("event", event, known)
    more = [
        item
        for name in event.keys() - _ORDERED["event"] - _NOT_HASHED
        for item in _extension(name, event[name], known)
    ]
    if ilmd := event.get("ilmd"):
        more.append("ilmd" + _extensions(ilmd, known))
    return text + "".join(sorted(more))


def namespaces_of(*contexts: Any) -> dict[str, str]:
    """The prefixes that JSON-LD contexts declare, and what they stand for."""
    found: dict[str, str] = {}
    for context in contexts:
        for one in context if isinstance(context, list) else [context]:
            for prefix, meaning in one.items() if isinstance(one, dict) else ():
                if isinstance(meaning, dict):
                    meaning = meaning.get("@id")
                if isinstance(meaning, str):
                    found[prefix] = meaning
    return found


def expanded(word: str, known: Mapping[str, str]) -> str:
    """A word's web URI: CBV's URNs and prefixed names are spelled out."""
    if word.startswith("urn:epcglobal:cbv:"):
        kind, _colon, name = word.removeprefix("urn:epcglobal:cbv:").partition(":")
        return f"{CBV}{_URN_WORDS[kind]}{name}" if kind in _URN_WORDS else word
    prefix, colon, name = word.partition(":")
    if colon and prefix in known and not name.startswith("//"):
        return known[prefix] + name
    return word


def utc_milliseconds(text: str) -> str:
    """2023-02-02T11:04:03.142Z, the fourth decimal rounded half up."""
    moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    fraction = _FRACTION.search(text)
    digits = (fraction.group(1) if fraction else "").ljust(4, "0")
    moment = moment.replace(microsecond=int(digits[:3]) * 1000)
    if digits[3] >= "5":
        moment += timedelta(milliseconds=1)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _members(part: str, value: Mapping[str, Any], known: Mapping[str, str]) -> str:
    """The fields that the standard orders, then, below the event, the extensions."""
    text = "".join(
        [_member(part, n, value[n], known) for n in _FIELDS[part] if n in value]
    )
    if part == "event" or value.keys() <= _ORDERED[part]:
        return text
    extra = {n: v for n, v in value.items() if n not in _ORDERED[part]}
    return text + _extensions(extra, known)


def _member(part: str, name: str, value: Any, known: Mapping[str, str]) -> str:
    if name in _LISTS:
        items = value if isinstance(value, list) else [value]
        child = _LISTS[name]
        kind = child or name
        texts = [
            child + _members(kind, item, known)
            if isinstance(item, dict)
            else f"{child}={_value(kind, child, item, known)}"
            for item in items
        ]
        inner = "".join(sorted(text for text in texts if text != child))
        head = "" if name == "sensorReport" else name
        return head + inner if inner else ""
    if isinstance(value, dict):
        inner = _members(name, value, known)
        return name + inner if inner else ""
    if isinstance(value, list):
        return "".join(
            sorted(f"{name}={_value(part, name, one, known)}" for one in value)
        )
    text = _value(part, name, value, known)
    return f"{name}={text}" if text else ""


def _value(part: str, name: str, value: Any, known: Mapping[str, str]) -> str:
    if name in _TIMES:
        return utc_milliseconds(value)
    before = _WORDS.get((part, name))
    if before is not None and ":" not in value:
        return before + str(value)
    return _text(value, known)


def _text(value: Any, known: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    if ":" not in text:
        return _number(text) if _NUMBER.fullmatch(text) else text
    text = expanded(text, known)
    try:
        return canonical(text)
    except NotAnIdentifier:
        return text


def _number(text: str) -> str:
    number = format(Decimal(text).normalize(), "f")
    return "0" if number == "-0" else number


def _extensions(value: Any, known: Mapping[str, str]) -> str:
    """What is not GS1's, by full names and sorted."""
    if not isinstance(value, dict):
        return "".join(_extension("", value, known))
    items: Iterable[str] = (
        item
        for name, inner in value.items()
        if name not in ("comment", "rdfs:comment")
        for item in _extension(name, inner, known)
    )
    return "".join(sorted(items))


def _extension(name: str, value: Any, known: Mapping[str, str]) -> list[str]:
    """One for each value: the elements of a list are told one by one."""
    key = _full_name(name, known)
    if isinstance(value, list):
        return [item for one in value for item in _extension(name, one, known)]
    if isinstance(value, dict):
        return [key + _extensions(value, known)]
    text = _text(value, known) if value is not None else ""
    return [f"{key}={text}" if text else key]


def _full_name(name: str, known: Mapping[str, str]) -> str:
    prefix, colon, local = name.partition(":")
    if colon and prefix in known:
        return f"{{{known[prefix]}}}{local}"
    return name
